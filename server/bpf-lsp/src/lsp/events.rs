//! What the client tells, in wire order: [`Session::see`] is called by the sequencer for every message and applies
//! what changes the world. It does no analysis and no I/O: both happen on the workers.

use std::{path::PathBuf, sync::Arc};

use ide::{Change, Options, built::BuiltObjects};
use serde::Deserialize;
use serde_json::Value;
use tower_lsp::lsp_types::{
    DidChangeTextDocumentParams, DidCloseTextDocumentParams, DidOpenTextDocumentParams,
    MessageType, Url,
};

use super::{
    client::ClientCan,
    documents,
    header_findings::ByHeader,
    outbox::Outgoing,
    session::{Session, State},
    settings::{Settings, TRUSTED},
    uris::path_of,
    workers::lock,
};

impl Session {
    /// Sees a message, before any handler. Called in wire order, by the reader alone.
    pub(super) fn see(self: &Arc<Self>, method: &str, params: Option<&Value>) {
        let Some(params) = params else { return };
        match method {
            "initialize" => self.initialize(params),
            _ if !lock(&self.state).initialized => {}
            "textDocument/didOpen" => self.with(params, Self::did_open),
            "textDocument/didChange" => self.with(params, Self::did_change),
            "textDocument/didClose" => self.with(params, Self::did_close),
            "textDocument/didSave" => self.with(params, Self::did_save),
            "workspace/didChangeWatchedFiles" => self.with(params, Self::did_change_watched_files),
            "workspace/didChangeWorkspaceFolders" => lock(&self.state).change_roots(params),
            "bpf-lsp/workspaceTrust" => {
                let trusted = params.get("trusted") == Some(&Value::Bool(true));
                lock(&self.state).trusted = trusted;
                if !trusted {
                    self.builds.cancel_all();
                }
            }
            "workspace/didChangeConfiguration" => self.did_change_configuration(params),
            _ => {}
        }
    }

    fn with<'a, T: Deserialize<'a>>(self: &Arc<Self>, params: &'a Value, then: fn(&Arc<Self>, T)) {
        match T::deserialize(params) {
            Ok(params) => then(self, params),
            Err(error) => tracing::warn!("unreadable notification: {error}"),
        }
    }

    fn initialize(&self, params: &Value) {
        let mut state = lock(&self.state);
        if state.initialized {
            return;
        }
        state.initialized = true;
        state.client = ClientCan::read(params);
        state.roots = initial_roots(params);
        if let Some(options) = params.get("initializationOptions").filter(|v| !v.is_null()) {
            // From here only: settings may come from the workspace itself.
            state.trusted = options.get(TRUSTED) == Some(&Value::Bool(true));
            self.read_settings(&mut state, options);
        }
    }

    /// Settings from any source; takes effect at once.
    pub(super) fn set_settings(self: &Arc<Self>, value: &Value) {
        let changed = {
            let mut state = lock(&self.state);
            let before = state.settings.clone();
            self.read_settings(&mut state, value);
            let changed = state.settings != before;
            if changed && state.client.refresh_hints {
                self.send(Outgoing::RefreshHints);
            }
            changed
        };
        if changed {
            self.check_all();
            self.look_for_all_objects();
        }
    }

    fn read_settings(&self, state: &mut State, value: &Value) {
        let (settings, warnings) = Settings::read(value);
        for warning in warnings {
            tracing::warn!("{warning}");
            self.send(Outgoing::Log(MessageType::WARNING, format!("bpf-lsp: {warning}")));
        }
        // What was computed, or is being computed, stays right.
        if settings == state.settings {
            return;
        }
        state.project.set_settings(settings.project.clone());
        state.host.apply(Change::Options(Options {
            diagnostics: settings.diagnostics,
            disabled_rules: settings.disabled_rules.clone(),
            inlay_offsets: settings.inlay_offsets,
        }));
        state.renew_environment();
        state.settings = settings;
    }

    fn did_open(self: &Arc<Self>, params: DidOpenTextDocumentParams) {
        let document = params.text_document;
        let path = path_of(&document.uri);
        {
            let mut state = lock(&self.state);
            self.header_opened(&state, &path, document.uri.clone());
            state.uris.opened(path.clone(), document.uri);
            state.open.entry(path.clone()).or_default();
            state.host.apply(Change::Text {
                path: path.as_path().into(),
                version: document.version,
                text: document.text.into(),
            });
        }
        self.workers.open(&path);
        self.check_soon(path);
        self.look_at_disk();
    }

    fn did_change(self: &Arc<Self>, params: DidChangeTextDocumentParams) {
        let path = path_of(&params.text_document.uri);
        {
            let mut state = lock(&self.state);
            let Some(old) = state.host.analysis().open_document(&path) else {
                tracing::warn!("change to a document that is not open: {}", path.display());
                return;
            };
            let version = params.text_document.version;
            if version <= old.version {
                // Wire order is the truth; the number is only told back to the client.
                tracing::warn!("version {version} follows {} in {}", old.version, path.display());
            }
            let encoding = state.client.encoding;
            let new = documents::apply(&old, version, params.content_changes, encoding);
            state.host.apply(Change::Document(new));
        }
        self.check_soon(path);
    }

    fn did_close(self: &Arc<Self>, params: DidCloseTextDocumentParams) {
        let uri = params.text_document.uri;
        let path = path_of(&uri);
        {
            let mut state = lock(&self.state);
            if state.open.remove(&path).is_none() {
                return;
            }
            state.uris.closed(&path);
            state.host.apply(Change::Closed(path.as_path().into()));
            let program = path.as_path().into();
            state.host.apply(Change::Objects { program, objects: BuiltObjects::default() });
            // Under the lock: no check of the document can publish after this.
            self.header_closed(&state, &path, uri);
        }
        self.builds.cancel(&path);
        self.set_header_findings(&path, ByHeader::default());
        self.workers.close(&path);
        self.check_dependents(&path);
    }

    fn did_change_configuration(self: &Arc<Self>, params: &Value) {
        let settings = params.get("settings").unwrap_or(&Value::Null);
        let ours = settings.get("bpf-lsp").unwrap_or(settings);
        if ours.as_object().is_some_and(|o| !o.is_empty()) {
            self.set_settings(ours);
        } else if lock(&self.state).client.configuration {
            self.send(Outgoing::AskSettings);
        }
    }
}

impl State {
    fn change_roots(&mut self, params: &Value) {
        let folders = |which| folders(params.pointer(&format!("/event/{which}")));
        let removed = folders("removed");
        self.roots.retain(|root| !removed.contains(root));
        self.roots.extend(folders("added"));
    }
}

/// The folders of the workspace, as `initialize` names them.
fn initial_roots(params: &Value) -> Vec<PathBuf> {
    let roots = folders(params.get("workspaceFolders"));
    if roots.is_empty() {
        let root = params.get("rootUri").and_then(folder);
        return root.into_iter().collect();
    }
    roots
}

/// The paths of an array of `WorkspaceFolder`.
fn folders(list: Option<&Value>) -> Vec<PathBuf> {
    let list = list.and_then(Value::as_array).into_iter().flatten();
    list.filter_map(|item| folder(item.get("uri")?)).collect()
}

fn folder(uri: &Value) -> Option<PathBuf> {
    uri.as_str()?.parse::<Url>().ok()?.to_file_path().ok()
}
