-- SPDX-License-Identifier: MIT OR Apache-2.0
--
-- For Neovim >= 0.11: vim.lsp.enable('bpf_lsp')
---@type vim.lsp.Config
return require('bpf_lsp').config()
