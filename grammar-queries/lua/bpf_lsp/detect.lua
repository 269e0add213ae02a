-- SPDX-License-Identifier: MIT OR Apache-2.0
--
-- Which C files the server is for: BPF programs, and loaders that include a skeleton.
local M = {}

local head_lines = 200

local function is_ours(header)
  local base = header:match('[^/]+$') or header
  return base == 'vmlinux.h'
    or base == 'bpf_helpers.h'
    or base:match('%.skel%.h$')
    or base:match('%.lskel%.h$')
    or base:match('%.subskel%.h$')
end

---@param bufnr integer
---@return boolean
function M.is_bpf(bufnr)
  if vim.bo[bufnr].buftype ~= '' then
    return false
  end
  local name = vim.api.nvim_buf_get_name(bufnr)
  if name:match('%.bpf%.[ch]$') then
    return true
  end
  for _, line in ipairs(vim.api.nvim_buf_get_lines(bufnr, 0, head_lines, false)) do
    local header = line:match('^%s*#%s*include%s*[<"]([^>"]+)[>"]')
    if header and is_ours(header) then
      return true
    end
  end
  return false
end

return M
