-- SPDX-License-Identifier: MIT OR Apache-2.0
--
-- bpf-lsp in a real Neovim, through the project's own runtime folder:
--   nvim --clean --headless -l nvim_check.lua RUNTIME_FOLDER WORKSPACE SERVER
-- WORKSPACE is a copy of tests/examples/percpu. Prints a line per check and `N passed, N failed` at the end.
local runtime, workspace, server = unpack(_G.arg)
local harness = dofile(vim.fs.dirname(debug.getinfo(1, 'S').source:sub(2)) .. '/nvim_harness.lua')
local check, await, lines_of, go_to, timeout =
  harness.check, harness.await, harness.lines_of, harness.go_to, harness.timeout

local function open(name)
  vim.cmd.edit(vim.fn.fnameescape(workspace .. '/' .. name))
  return vim.api.nvim_get_current_buf()
end

local function preview()
  for _, win in ipairs(vim.api.nvim_tabpage_list_wins(0)) do
    local bufnr = vim.api.nvim_win_get_buf(win)
    if vim.startswith(vim.api.nvim_buf_get_name(bufnr), 'bpf-lsp://') then
      return bufnr, win
    end
  end
end

local function preview_text()
  local bufnr = preview()
  return bufnr and table.concat(lines_of(bufnr), '\n') or ''
end

--- How often the server has published diagnostics, by URI, to a Neovim that does not ask for them.
local published = vim.defaulttable(function()
  return 0
end)
local on_publish = vim.lsp.handlers['textDocument/publishDiagnostics']
vim.lsp.handlers['textDocument/publishDiagnostics'] = function(err, params, ...)
  published[params.uri] = published[params.uri] + 1
  return on_publish(err, params, ...)
end

harness.start(runtime, server)

local program = open('hits.bpf.c')
check('attaches to a BPF program', function()
  await('the client', function()
    local client = vim.lsp.get_clients({ bufnr = program })[1]
    return client and client.initialized
  end)
end)

check('stays away from plain C', function()
  vim.fn.writefile({ '#include <stdio.h>', 'int main(void) { return 0; }' }, workspace .. '/plain.c')
  local plain = open('plain.c')
  assert(vim.bo[plain].filetype == 'c')
  vim.wait(200)
  assert(#vim.lsp.get_clients({ bufnr = plain }) == 0)
end)

check('hover shows the layout of a variable', function()
  vim.api.nvim_set_current_buf(program)
  go_to('by_size[SIZE')
  vim.lsp.buf.hover()
  local text = await('the float', function()
    for _, win in ipairs(vim.api.nvim_list_wins()) do
      if vim.api.nvim_win_get_config(win).relative ~= '' then
        local shown = table.concat(lines_of(vim.api.nvim_win_get_buf(win)), '\n')
        vim.api.nvim_win_close(win, true)
        return shown
      end
    end
  end)
  for _, fact in ipairs({ '%.percpu', '48', '24' }) do
    assert(text:find(fact), ('no %s in: %s'):format(fact, text))
  end
end)

check('the preview opens beside the program, and the focus stays', function()
  go_to('by_size[SIZE')
  vim.cmd('LspBpfSkeleton')
  await('the preview', function()
    return preview_text():find('struct hits__percpu {', 1, true) and preview_text():find('__u32 by_size', 1, true)
  end)
  assert(vim.api.nvim_get_current_buf() == program)
  local bufnr = preview()
  assert(vim.bo[bufnr].modifiable == false)
end)

check('the preview shows what is under the cursor', function()
  local bufnr, win = preview()
  local row = vim.api.nvim_win_get_cursor(win)[1]
  local line = vim.api.nvim_buf_get_lines(bufnr, row - 1, row, false)[1]
  assert(line:find('by_size', 1, true), line)
end)

check('the preview follows the cursor', function()
  go_to('counting SEC')
  vim.api.nvim_exec_autocmds('CursorMoved', { buffer = program })
  await('the line', function()
    local bufnr, win = preview()
    local row = vim.api.nvim_win_get_cursor(win)[1]
    return vim.api.nvim_buf_get_lines(bufnr, row - 1, row, false)[1]:find('_Bool counting;', 1, true)
  end)
end)

check('from a member of the preview to the source', function()
  local bufnr, win = preview()
  local source = vim.api.nvim_get_current_win()
  vim.api.nvim_set_current_win(win)
  for row, line in ipairs(lines_of(bufnr)) do
    if line:find('sample_every;', 1, true) then
      vim.api.nvim_win_set_cursor(win, { row, 0 })
    end
  end
  vim.api.nvim_feedkeys('gd', 'xt', false)
  await('the source', function()
    return vim.api.nvim_get_current_win() == source and vim.api.nvim_get_current_line():find('sample_every = 64', 1, true)
  end)
end)

check('the preview follows an edit', function()
  go_to('int last_error SEC')
  local row = vim.api.nvim_win_get_cursor(0)[1]
  vim.api.nvim_buf_set_lines(program, row, row, false, { '__u64 typed_now SEC(".percpu") = 0;' })
  await('the new member', function()
    return preview_text():find('__u64 typed_now;', 1, true)
  end)
  vim.api.nvim_buf_set_lines(program, row, row + 1, false, {})
  await('the member to go', function()
    return not preview_text():find('typed_now', 1, true)
  end)
end)

check('a code lens opens the preview of its section', function()
  vim.api.nvim_buf_delete(preview(), { force = true })
  local client = vim.lsp.get_clients({ bufnr = program })[1]
  local answer = vim.lsp.buf_request_sync(program, 'textDocument/codeLens', {
    textDocument = { uri = vim.uri_from_bufnr(program) },
  }, timeout)
  for _, lens in ipairs(assert(answer and answer[client.id].result, 'no code lenses')) do
    if lens.command and lens.command.title:find('percpu', 1, true) then
      assert(client.commands[lens.command.command], lens.command.command)(lens.command, { bufnr = program, client_id = client.id })
      await('the preview', function()
        return preview_text():find('struct hits__percpu {', 1, true)
      end)
      return
    end
  end
  error('no lens about .percpu: ' .. vim.inspect(answer))
end)

check('the kinds of preview', function()
  vim.api.nvim_buf_delete(preview(), { force = true })
  assert(vim.deep_equal(vim.fn.getcompletion('LspBpfSkeleton ', 'cmdline'), { 'skeleton', 'subskeleton', 'lskel' }))
end)

--- Lines of a file that end in "expect: RULE", as "line rule".
local function expected(bufnr)
  local result = {}
  for number, line in ipairs(lines_of(bufnr)) do
    local rule = line:match('expect: ([%w-]+)$')
    if rule then
      result[#result + 1] = number .. ' ' .. rule
    end
  end
  return result
end

for _, name in ipairs({ 'oops.c', 'oops.bpf.c' }) do
  check('diagnostics of ' .. name .. ' stand where the comments expect them', function()
    local bufnr = open(name)
    local want, got = expected(bufnr), nil
    assert(#want > 0)
    pcall(await, 'diagnostics', function()
      got = {}
      for _, d in ipairs(vim.diagnostic.get(bufnr)) do
        got[#got + 1] = (d.lnum + 1) .. ' ' .. tostring(d.code)
      end
      table.sort(got, function(a, b)
        return tonumber(a:match('%d+')) < tonumber(b:match('%d+'))
      end)
      return vim.deep_equal(want, got)
    end)
    assert(vim.deep_equal(want, got), 'expected ' .. vim.inspect(want) .. ' got ' .. vim.inspect(got))
  end)
end

check('a right program and a right loader have no diagnostics', function()
  for _, name in ipairs({ 'hits.bpf.c', 'hits.c' }) do
    local bufnr = open(name)
    local client = await('the client', function()
      local found = vim.lsp.get_clients({ bufnr = bufnr })[1]
      return found and found.initialized and found
    end)
    if client.server_capabilities.diagnosticProvider then
      local report = await('an answer', function()
        -- Short, and again: a Neovim that asks by itself cancels the questions before its own.
        local answer = vim.lsp.buf_request_sync(bufnr, 'textDocument/diagnostic', {
          textDocument = { uri = vim.uri_from_bufnr(bufnr) },
        }, 1000)
        return answer and answer[client.id] and answer[client.id].result
      end)
      assert(report.kind == 'full' and #report.items == 0, vim.inspect(report))
    else
      await('the published list', function()
        return published[vim.uri_from_bufnr(bufnr)] > 0
      end)
    end
    assert(#vim.diagnostic.get(bufnr) == 0)
  end
end)

check('the queries load over those of Neovim', function()
  for _, name in ipairs({ 'highlights', 'locals', 'tags', 'sections', 'maps', 'programs' }) do
    assert(vim.treesitter.query.get('c', name), name)
  end
  local query = vim.treesitter.query.get('c', 'highlights')
  local root = vim.treesitter.get_parser(program, 'c'):parse()[1]:root()
  local seen = {}
  for id, node in query:iter_captures(root, program) do
    seen[query.captures[id] .. ' ' .. vim.treesitter.get_node_text(node, program)] = true
  end
  for _, capture in ipairs({ 'attribute SEC', 'string.special .percpu', 'function.builtin bpf_ktime_get_ns', 'keyword.return return' }) do
    assert(seen[capture], capture)
  end
end)

check('the server ends with the editor', function()
  for _, client in ipairs(vim.lsp.get_clients()) do
    if vim.fn.has('nvim-0.11') == 1 then
      client:stop()
    else
      client.stop()
    end
  end
  assert(vim.wait(5000, function()
    return #vim.lsp.get_clients() == 0
  end, 20))
end)

harness.finish()
