-- SPDX-License-Identifier: MIT OR Apache-2.0
--
-- Renames in a real Neovim with clangd attached beside bpf-lsp, and before it:
--   nvim --clean --headless -l nvim_rename.lua RUNTIME_FOLDER WORKSPACE SERVER CLANGD
-- WORKSPACE is an empty folder. Prints a line per check and `N passed, N failed` at the end.
local runtime, workspace, server, clangd = unpack(_G.arg)
local harness = dofile(vim.fs.dirname(debug.getinfo(1, 'S').source:sub(2)) .. '/nvim_harness.lua')
local check, await, go_to = harness.check, harness.await, harness.go_to

local function write(name, text)
  vim.fn.writefile(vim.split(text, '\n', { plain = true }), workspace .. '/' .. name)
end

local program_text = [[
#define SEC(name) __attribute__((section(name), used))
int calls_seen;
SEC("xdp") int prog(void *ctx)
{
	int own = 1;
	calls_seen += own;
	return own;
}]]
local loader_text = [[
#include "count.skel.h"
int main(void)
{
	struct count *skel = count__open();
	return skel->bss->calls_seen;
}]]

-- What mappings made before the client is set up hold; with `grn` it is the usual one.
local early = vim.lsp.buf.rename

write('count.bpf.c', program_text)
write('count.c', loader_text)

-- clangd is the older client: Neovim asks it first.
vim.api.nvim_create_autocmd('FileType', {
  pattern = 'c',
  callback = function(args)
    vim.lsp.start({ name = 'clangd', cmd = { clangd, '--log=error' }, root_dir = workspace }, { bufnr = args.buf })
  end,
})
vim.cmd('filetype plugin indent on')
vim.cmd.edit(vim.fn.fnameescape(workspace .. '/count.bpf.c'))
local program = vim.api.nvim_get_current_buf()

local function client(name)
  local found = vim.lsp.get_clients({ bufnr = program, name = name })[1]
  return found and found.initialized and found
end

await('clangd', function()
  return client('clangd')
end)
harness.start(runtime, server)
await('bpf-lsp', function()
  return client('bpf_lsp')
end)
assert(client('clangd').id < client('bpf_lsp').id)

local notes = {}
---@diagnostic disable-next-line: duplicate-set-field
vim.notify = function(message)
  notes[#notes + 1] = message
end

local function text_of(name)
  local bufnr = vim.fn.bufadd(workspace .. '/' .. name)
  vim.fn.bufload(bufnr)
  return table.concat(harness.lines_of(bufnr), '\n')
end

--- Both files with a name in the place of another.
local function renamed(old, new)
  return program_text:gsub(old, new), loader_text:gsub(old, new)
end

--- Waits for both texts, and that they stay so: a second client may be asked after the first.
local function await_texts(program_wanted, loader_wanted)
  local function there()
    return text_of('count.bpf.c') == program_wanted and text_of('count.c') == loader_wanted
  end
  if not pcall(await, 'the texts', there) then
    error(text_of('count.bpf.c') .. '\n' .. text_of('count.c') .. '\n' .. vim.inspect(notes))
  end
  vim.wait(300)
  assert(there(), text_of('count.bpf.c') .. '\n' .. text_of('count.c'))
end

local function reset()
  harness.timeout = 10000
  notes = {}
  vim.api.nvim_set_current_buf(program)
  for name, text in pairs({ ['count.bpf.c'] = program_text, ['count.c'] = loader_text }) do
    local bufnr = vim.fn.bufadd(workspace .. '/' .. name)
    vim.fn.bufload(bufnr)
    vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, vim.split(text, '\n', { plain = true }))
  end
end

check('a name of both sides is renamed on both', function()
  reset()
  go_to('calls_seen;')
  vim.lsp.buf.rename('calls_made')
  await_texts(renamed('calls_seen', 'calls_made'))
end)

check('the new name is asked for once', function()
  reset()
  go_to('calls_seen +=')
  local asked = 0
  local input = vim.ui.input
  ---@diagnostic disable-next-line: duplicate-set-field
  vim.ui.input = function(opts, done)
    asked = asked + 1
    assert(opts.default == 'calls_seen', vim.inspect(opts))
    done('calls_made')
  end
  if vim.fn.has('nvim-0.11') == 1 then
    vim.api.nvim_feedkeys('grn', 'xt', false)
  else
    vim.lsp.buf.rename()
  end
  await_texts(renamed('calls_seen', 'calls_made'))
  vim.ui.input = input
  assert(asked == 1, asked)
end)

check('a name that only C knows is left to clangd', function()
  reset()
  go_to('own = 1')
  vim.lsp.buf.rename('mine')
  await_texts(program_text:gsub('own', 'mine'), loader_text)
end)

check('a refusal ends the rename, with its reason', function()
  reset()
  write('main.cpp', '#include "count.skel.h"')
  go_to('calls_seen;')
  vim.lsp.buf.rename('calls_made')
  await('the reason', function()
    return #notes > 0
  end)
  await_texts(program_text, loader_text)
  assert(notes[1]:find('main.cpp:1 includes the skeleton', 1, true), vim.inspect(notes))
  vim.fn.delete(workspace .. '/main.cpp')
end)

check('the command does the same', function()
  reset()
  go_to('calls_seen;')
  vim.cmd('LspBpfRename calls_made')
  await_texts(renamed('calls_seen', 'calls_made'))
end)

check('a choice of clients stays the caller\'s', function()
  reset()
  go_to('calls_seen;')
  vim.lsp.buf.rename('calls_made', { name = 'clangd' })
  await_texts(program_text:gsub('calls_seen', 'calls_made'), loader_text)
end)

-- What the wrapper is there for: without it clangd renames one side.
check('the switch leaves Neovim as it was', function()
  for _, rename in ipairs({ vim.lsp.buf.rename, early }) do
    reset()
    vim.g.bpf_lsp_rename = false
    go_to('calls_seen;')
    rename('calls_made')
    await('an edit', function()
      return text_of('count.bpf.c') == (program_text:gsub('calls_seen', 'calls_made'))
    end)
    vim.wait(300)
    assert(text_of('count.c') == loader_text)
  end
  vim.g.bpf_lsp_rename = nil
end)

for _, found in ipairs(vim.lsp.get_clients()) do
  if vim.fn.has('nvim-0.11') == 1 then
    found:stop(true)
  else
    found.stop(true)
  end
end
harness.finish()
