-- SPDX-License-Identifier: MIT OR Apache-2.0
--
-- The skeleton in a split beside its source. The server says when it changed; nothing here waits or polls.
local M = {}

--- The cursor of a source has to stay this long, in ms, before its previews follow it.
local cursor_rests = 150

M.kinds = { 'skeleton', 'subskeleton', 'lskel' }

---@class bpf_lsp.Preview
---@field source string URI of the BPF program
---@field kind string
---@field client_id integer
---@field asked integer number of the latest request: an older answer that comes late is dropped

---@type table<integer, bpf_lsp.Preview> by preview buffer
local previews = {}

local remarks = vim.api.nvim_create_namespace('bpf_lsp.preview')

local client_of, request = require('bpf_lsp.client').of, require('bpf_lsp.client').request

local function title(source, kind)
  local suffix = kind == 'skeleton' and 'skel' or kind == 'subskeleton' and 'subskel' or kind
  local path = vim.uri_to_fname(source):gsub('%.c$', ''):gsub('%.bpf$', '')
  return ('bpf-lsp://%s.%s.h'):format(path, suffix)
end

local function find(source, kind)
  for bufnr, preview in pairs(previews) do
    if preview.source == source and preview.kind == kind then
      return bufnr
    end
  end
end

--- Puts an answer into its buffer. The view of each window that shows it stays where it was.
local function fill(bufnr, skeleton)
  local lines = vim.split(skeleton.text:gsub('\n$', ''), '\n', { plain = true })
  local views = {}
  for _, win in ipairs(vim.fn.win_findbuf(bufnr)) do
    views[win] = vim.api.nvim_win_call(win, vim.fn.winsaveview)
    local note = skeleton.note or not skeleton.complete and 'approximate' or ''
    vim.wo[win][0].winbar = note:gsub('%%', '%%%%')
  end
  vim.bo[bufnr].modifiable = true
  vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, lines)
  vim.bo[bufnr].modifiable = false
  vim.bo[bufnr].modified = false
  vim.api.nvim_buf_clear_namespace(bufnr, remarks, 0, -1)
  for _, hint in ipairs(skeleton.hints or {}) do
    if hint.line < #lines then
      vim.api.nvim_buf_set_extmark(bufnr, remarks, hint.line, 0, { virt_text = { { hint.text, 'Comment' } } })
    end
  end
  for win, view in pairs(views) do
    vim.api.nvim_win_call(win, function()
      vim.fn.winrestview(view)
    end)
  end
end

--- Asks for the skeleton of a preview, and calls `done` with an answer that is not outdated.
local function ask(bufnr, position, done)
  local preview = previews[bufnr]
  local client = vim.lsp.get_client_by_id(preview.client_id)
  if not client then
    return
  end
  preview.asked = preview.asked + 1
  local number = preview.asked
  local params = { uri = preview.source, kind = preview.kind, position = position }
  request(client, 'bpf-lsp/skeleton', params, vim.uri_to_bufnr(preview.source), function(err, skeleton)
    if previews[bufnr] ~= preview or preview.asked ~= number or not vim.api.nvim_buf_is_valid(bufnr) then
      return
    end
    if err then
      vim.notify('bpf-lsp: ' .. err.message, vim.log.levels.ERROR)
      return
    end
    done(skeleton ~= vim.NIL and skeleton or nil)
  end)
end

--- From a member of a preview to what the source declares.
local function go_to_source(bufnr)
  local preview = previews[bufnr]
  local client = preview and vim.lsp.get_client_by_id(preview.client_id)
  if not client then
    return
  end
  local position = { line = vim.api.nvim_win_get_cursor(0)[1] - 1, character = 0 }
  local params = { uri = preview.source, kind = preview.kind, position = position }
  request(client, 'bpf-lsp/skeletonDefinition', params, vim.uri_to_bufnr(preview.source), function(_, place)
    if not place or place == vim.NIL then
      return
    end
    -- Beside the preview, where the source is shown.
    local win = vim.fn.win_findbuf(vim.uri_to_bufnr(place.uri))[1]
    if win then
      vim.api.nvim_set_current_win(win)
    end
    if vim.fn.has('nvim-0.11') == 1 then
      vim.lsp.util.show_document(place, client.offset_encoding, { focus = true })
    else
      vim.lsp.util.jump_to_location(place, client.offset_encoding, true)
    end
  end)
end

--- Keeps what the cursor of a source is on in view in the previews beside it.
local function follow(source_bufnr)
  local source = vim.uri_from_bufnr(source_bufnr)
  for bufnr, preview in pairs(previews) do
    local win = preview.source == source and vim.fn.win_findbuf(bufnr)[1]
    local client = win and vim.lsp.get_client_by_id(preview.client_id)
    if client and vim.api.nvim_get_current_buf() == source_bufnr then
      ask(bufnr, vim.lsp.util.make_position_params(0, client.offset_encoding).position, function(skeleton)
        if not skeleton then
          return
        end
        -- An answer to news of a change may have been dropped for this one.
        fill(bufnr, skeleton)
        local line = skeleton.line
        if type(line) == 'number' and vim.api.nvim_win_is_valid(win) and line < vim.api.nvim_buf_line_count(bufnr) then
          vim.api.nvim_win_set_cursor(win, { line + 1, 0 })
        end
      end)
    end
  end
end

--- Follows the cursor of a source for as long as it has a preview.
local function watch_cursor(source_bufnr)
  local group = vim.api.nvim_create_augroup('bpf_lsp.preview.' .. source_bufnr, {})
  local timer
  vim.api.nvim_create_autocmd({ 'CursorMoved', 'CursorMovedI' }, {
    group = group,
    buffer = source_bufnr,
    callback = function()
      if timer then
        vim.fn.timer_stop(timer)
      end
      timer = vim.fn.timer_start(cursor_rests, function()
        timer = nil
        if vim.api.nvim_buf_is_valid(source_bufnr) then
          follow(source_bufnr)
        end
      end)
    end,
  })
end

local function create(source, kind, client)
  local bufnr = vim.api.nvim_create_buf(false, true)
  previews[bufnr] = { source = source, kind = kind, client_id = client.id, asked = 0 }
  vim.api.nvim_buf_set_name(bufnr, title(source, kind))
  vim.bo[bufnr].bufhidden = 'wipe'
  vim.bo[bufnr].modifiable = false
  vim.bo[bufnr].filetype = 'c'
  vim.api.nvim_create_autocmd('BufWipeout', {
    buffer = bufnr,
    callback = function()
      previews[bufnr] = nil
    end,
  })
  for _, keys in ipairs({ 'gd', '<C-]>', '<CR>' }) do
    vim.keymap.set('n', keys, function()
      go_to_source(bufnr)
    end, { buffer = bufnr, desc = 'Go to the declaration in the BPF program' })
  end
  watch_cursor(vim.uri_to_bufnr(source))
  return bufnr
end

--- Shows the preview in a window beside the current one, which keeps the focus.
local function show(bufnr)
  local win = vim.fn.win_findbuf(bufnr)[1]
  if not win then
    win = vim.api.nvim_open_win(bufnr, false, { split = 'right', win = 0 })
    vim.wo[win][0].number = false
    vim.wo[win][0].relativenumber = false
    vim.wo[win][0].signcolumn = 'no'
  end
  return win
end

--- Opens the preview of a BPF program, at what stands at the position.
---@param source_bufnr integer
---@param kind string one of M.kinds
---@param position? table LSP position; default: the cursor, when the buffer is the current one
function M.open(source_bufnr, kind, position)
  if not vim.tbl_contains(M.kinds, kind) then
    vim.notify(('bpf-lsp: unknown kind "%s"; use one of %s'):format(kind, table.concat(M.kinds, ', ')), vim.log.levels.ERROR)
    return
  end
  local client = client_of(source_bufnr)
  if not client then
    vim.notify('bpf-lsp: no server is attached to this buffer', vim.log.levels.ERROR)
    return
  end
  local source = vim.uri_from_bufnr(source_bufnr)
  if not position and source_bufnr == vim.api.nvim_get_current_buf() then
    position = vim.lsp.util.make_position_params(0, client.offset_encoding).position
  end
  local bufnr = find(source, kind)
  local fresh = bufnr == nil
  bufnr = bufnr or create(source, kind, client)
  previews[bufnr].client_id = client.id
  ask(bufnr, position, function(skeleton)
    if not skeleton then
      vim.notify('bpf-lsp: nothing here to generate a ' .. kind .. ' from', vim.log.levels.WARN)
      if fresh then
        vim.api.nvim_buf_delete(bufnr, { force = true })
      end
      return
    end
    local win = show(bufnr)
    fill(bufnr, skeleton)
    local line = skeleton.line
    if type(line) == 'number' and line < vim.api.nvim_buf_line_count(bufnr) then
      vim.api.nvim_win_set_cursor(win, { line + 1, 0 })
      vim.api.nvim_win_call(win, function()
        vim.cmd.normal({ 'zz', bang = true })
      end)
    end
  end)
end

--- Handler of `bpf-lsp/skeletonChanged`.
function M.on_changed(params, ctx)
  local changed = vim.uri_to_fname(params.uri)
  for bufnr, preview in pairs(previews) do
    if vim.uri_to_fname(preview.source) == changed then
      -- After a restart the news comes from another client than the preview began with.
      preview.client_id = ctx.client_id
      ask(bufnr, nil, function(skeleton)
        if skeleton then
          fill(bufnr, skeleton)
        end
      end)
    end
  end
end

return M
