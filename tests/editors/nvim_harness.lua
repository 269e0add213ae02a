-- SPDX-License-Identifier: MIT OR Apache-2.0
--
-- What the checks in Neovim share: `dofile` it for a table.
local M = { timeout = 30000 }

local counts = { passed = 0, failed = 0 }

--- Runs a check; an error in it is a failure of the check, not the end of the script.
function M.check(what, fn)
  local done, detail = xpcall(fn, debug.traceback)
  counts[done and 'passed' or 'failed'] = counts[done and 'passed' or 'failed'] + 1
  io.stdout:write(done and 'ok   ' or 'FAIL ', what, not done and ': ' .. detail or '', '\n')
end

function M.await(what, fn)
  local found
  vim.wait(M.timeout, function()
    found = fn()
    return found
  end, 20)
  return found or error('waited in vain for ' .. what)
end

function M.lines_of(bufnr)
  return vim.api.nvim_buf_get_lines(bufnr, 0, -1, false)
end

--- Puts the cursor on the first occurrence of text.
function M.go_to(text)
  for number, line in ipairs(M.lines_of(0)) do
    local start = line:find(text, 1, true)
    if start then
      vim.api.nvim_win_set_cursor(0, { number, start - 1 })
      return
    end
  end
  error('no such text: ' .. text)
end

--- Starts the client of a runtime folder, as users do.
function M.start(runtime, server)
  vim.opt.swapfile = false
  vim.opt.hidden = true
  vim.opt.columns = 160
  vim.opt.runtimepath:append(runtime)
  vim.cmd('filetype plugin indent on')
  io.stdout:write('Neovim ', tostring(vim.version()), '\n')
  local override = { cmd = { server, '--stdio' } }
  if vim.fn.has('nvim-0.11') == 1 then
    vim.lsp.config('bpf_lsp', override)
    vim.lsp.enable('bpf_lsp')
  else
    require('bpf_lsp').start(override)
  end
end

--- Says how many checks passed, with the log when some did not, and ends Neovim.
function M.finish()
  if counts.failed > 0 then
    local path = vim.fs.joinpath(vim.fn.stdpath('state'), 'lsp.log')
    for _, line in ipairs(vim.fn.filereadable(path) == 1 and vim.fn.readfile(path, '', -40) or {}) do
      io.stdout:write('log  ', line:sub(1, 400), '\n')
    end
  end
  io.stdout:write(('%d passed, %d failed\n'):format(counts.passed, counts.failed))
  os.exit(counts.failed == 0 and 0 or 1)
end

return M
