-- SPDX-License-Identifier: MIT OR Apache-2.0
--
-- The client of a buffer, whatever it is called in the configuration.
local M = {}

---@param bufnr integer
---@return vim.lsp.Client?
function M.of(bufnr)
  return vim.lsp.get_clients({ bufnr = bufnr, name = 'bpf_lsp' })[1]
    or vim.iter(vim.lsp.get_clients({ bufnr = bufnr })):find(function(client)
      return client.commands['bpf-lsp.showSkeleton'] ~= nil
    end)
end

--- Sends a request; false when the client cannot.
---@return boolean sent
function M.request(client, method, params, bufnr, handler)
  if vim.fn.has('nvim-0.11') == 1 then
    return (client:request(method, params, handler, bufnr))
  end
  return (client.request(method, params, handler, bufnr))
end

return M
