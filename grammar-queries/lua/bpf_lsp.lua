-- SPDX-License-Identifier: MIT OR Apache-2.0
--
-- The client configuration, for both ways in:
--   Neovim >= 0.11   vim.lsp.enable('bpf_lsp')        (lsp/bpf_lsp.lua returns M.config())
--   Neovim 0.10      require('bpf_lsp').start()
local M = {}

local has_config = vim.fn.has('nvim-0.11') == 1
local root_markers = { '.bpf-lsp.toml', 'compile_commands.json', 'compile_flags.txt', '.git' }

--- The folder of the project that a buffer's file belongs to.
---@param bufnr integer
---@return string
local function root_of(bufnr)
  local name = vim.api.nvim_buf_get_name(bufnr)
  return vim.fs.root(bufnr, root_markers) or vim.fs.dirname(name)
end

--- The latest of the server's own words on its state: { health, quiescent, message }, by client id.
---@type table<integer, table>
M.status = {}

local function on_status(_, params, ctx)
  local before = M.status[ctx.client_id]
  M.status[ctx.client_id] = params
  if params.health == 'error' and (params.message or '') ~= '' and (before or {}).message ~= params.message then
    vim.notify('bpf-lsp: ' .. params.message, vim.log.levels.ERROR)
  end
end

local function on_attach(_, bufnr)
  vim.api.nvim_buf_create_user_command(bufnr, 'LspBpfSkeleton', function(args)
    require('bpf_lsp.preview').open(bufnr, args.args ~= '' and args.args or 'skeleton')
  end, {
    nargs = '?',
    complete = function(lead)
      return vim.tbl_filter(function(kind)
        return vim.startswith(kind, lead)
      end, require('bpf_lsp.preview').kinds)
    end,
    desc = 'Show the skeleton, subskeleton or lskel of this BPF program beside it',
  })
  vim.api.nvim_buf_create_user_command(bufnr, 'LspBpfRename', function(args)
    require('bpf_lsp.rename').rename(args.args ~= '' and args.args or nil)
  end, { nargs = '?', desc = 'Rename what is under the cursor, on both sides of the skeleton' })
end

--- The configuration, as `vim.lsp.config` takes it.
---@return table
function M.config()
  require('bpf_lsp.rename').install()
  return {
    name = 'bpf_lsp',
    cmd = { 'bpf-lsp', '--stdio' },
    filetypes = { 'c' },
    -- All C files have this file type; the server is for some of them.
    root_dir = function(bufnr, on_dir)
      if require('bpf_lsp.detect').is_bpf(bufnr) then
        on_dir(root_of(bufnr))
      end
    end,
    settings = { ['bpf-lsp'] = vim.empty_dict() },
    on_attach = on_attach,
    on_exit = function(_, _, client_id)
      M.status[client_id] = nil
    end,
    handlers = {
      ['bpf-lsp/skeletonChanged'] = function(_, params, ctx)
        require('bpf_lsp.preview').on_changed(params, ctx)
      end,
      ['bpf-lsp/serverStatus'] = on_status,
    },
    commands = {
      -- What a click on a code lens calls.
      ['bpf-lsp.showSkeleton'] = function(command)
        local uri, kind, position = unpack(command.arguments or {})
        require('bpf_lsp.preview').open(vim.uri_to_bufnr(uri), kind or 'skeleton', position)
      end,
    },
  }
end

--- For Neovim 0.10: attaches to BPF files as they are opened, and to those that are open.
---@param overrides? table what `vim.lsp.config` would take, e.g. { cmd = {...}, settings = {...} }
function M.start(overrides)
  local config = vim.tbl_deep_extend('force', M.config(), overrides or {})
  if has_config then
    vim.lsp.config('bpf_lsp', overrides or {})
    vim.lsp.enable('bpf_lsp')
    return
  end
  local find_root = config.root_dir
  -- 0.10 asks the server's settings from here; the options are the same object.
  config.init_options = config.init_options or config.settings['bpf-lsp']
  local function attach(bufnr)
    if vim.bo[bufnr].buftype ~= '' then
      return
    end
    find_root(bufnr, function(dir)
      vim.lsp.start(vim.tbl_extend('force', config, { root_dir = dir }), { bufnr = bufnr })
    end)
  end
  vim.api.nvim_create_autocmd('FileType', {
    group = vim.api.nvim_create_augroup('bpf_lsp.start', {}),
    pattern = config.filetypes,
    callback = function(args)
      attach(args.buf)
    end,
  })
  for _, bufnr in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_is_loaded(bufnr) and vim.tbl_contains(config.filetypes, vim.bo[bufnr].filetype) then
      attach(bufnr)
    end
  end
end

return M
