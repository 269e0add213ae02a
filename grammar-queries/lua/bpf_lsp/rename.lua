-- SPDX-License-Identifier: MIT OR Apache-2.0
--
-- Renames beside another server. `vim.lsp.buf.rename()` asks the clients of a buffer one after the other, the
-- oldest first: clangd takes every name of a BPF program, and leaves the loader with the old one. So for names
-- of both sides only bpf-lsp is asked, also when it refuses, and for all others only the other clients.
local M = {}

local clients = require('bpf_lsp.client')

--- `vim.lsp.buf.rename` as it was before `M.install`.
local original

local function say(message)
  vim.notify('bpf-lsp: ' .. message, vim.log.levels.WARN)
end

--- Where the user is: an answer that comes when he is elsewhere is for nobody.
local function place()
  return {
    vim.api.nvim_get_current_win(),
    vim.api.nvim_get_current_buf(),
    vim.api.nvim_win_get_cursor(0),
    vim.b.changedtick,
  }
end

--- Renames what is under the cursor, as `vim.lsp.buf.rename` does, with the client whose name it is. A choice of
--- clients (`opts.filter`, `opts.name`) stays the caller's.
---@param new_name? string asked for when nil
---@param opts? table as `vim.lsp.buf.rename` takes them
function M.rename(new_name, opts)
  opts = opts or {}
  local rename = original or vim.lsp.buf.rename
  local bufnr = (opts.bufnr or 0) == 0 and vim.api.nvim_get_current_buf() or opts.bufnr
  local ours = clients.of(bufnr)
  local others = vim.iter(vim.lsp.get_clients({ bufnr = bufnr, method = 'textDocument/rename' })):any(function(client)
    return not ours or client.id ~= ours.id
  end)
  if not ours or not others or opts.filter or opts.name or bufnr ~= vim.api.nvim_get_current_buf() then
    return rename(new_name, opts)
  end
  local function with(wanted)
    rename(new_name, vim.tbl_extend('force', opts, { filter = wanted }))
  end
  local asked_at = place()
  local params = vim.lsp.util.make_position_params(0, ours.offset_encoding)
  local sent = clients.request(ours, 'textDocument/prepareRename', params, bufnr, function(err, result)
    if not vim.deep_equal(asked_at, place()) then
      say('the cursor moved before the name was known; nothing is renamed')
    elseif result and result ~= vim.NIL then
      with(function(client)
        return client.id == ours.id
      end)
    elseif err and type(err.data) == 'table' and err.data.ours == false then
      with(function(client)
        return client.id ~= ours.id
      end)
    else
      say(err and err.message or 'nothing to rename')
    end
  end)
  if not sent then
    say('the server does not answer; nothing is renamed')
  end
end

--- Makes `vim.lsp.buf.rename`, and with it the default mapping `grn`, ask the right client in buffers that
--- bpf-lsp is attached to. `vim.g.bpf_lsp_rename = false` leaves it as it was, at any time.
function M.install()
  if original then
    return
  end
  original = vim.lsp.buf.rename
  ---@diagnostic disable-next-line: duplicate-set-field
  vim.lsp.buf.rename = function(new_name, opts)
    if vim.g.bpf_lsp_rename == false then
      return original(new_name, opts)
    end
    return M.rename(new_name, opts)
  end
end

return M
