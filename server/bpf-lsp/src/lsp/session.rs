//! The state of one LSP session: the only writer of the analysis host.
//!
//! [`Session::see`] is called by the sequencer for every message, in wire order, and applies what
//! changes the world. It does no analysis and no I/O: both happen on the workers.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use ide::{Analysis, AnalysisHost, Change, Options};
use rustc_hash::FxHashMap;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::mpsc;
use tower_lsp::lsp_types::{
    DidChangeTextDocumentParams, DidChangeWatchedFilesParams, DidCloseTextDocumentParams,
    DidOpenTextDocumentParams, DidSaveTextDocumentParams, MessageType, PublishDiagnosticsParams,
    Url,
};

use super::{
    check,
    client::ClientCan,
    documents,
    outbox::Outgoing,
    settings::Settings,
    workers::{Workers, lock},
};
use crate::project::Project;

/// The client's spelling of the URIs of open documents.
#[derive(Clone, Default, Debug)]
pub(super) struct Uris(Arc<FxHashMap<PathBuf, Url>>);

impl Uris {
    /// The URI of a file: the client's own for open documents.
    pub(super) fn uri(&self, path: &Path) -> Option<Url> {
        self.0.get(path).cloned().or_else(|| Url::from_file_path(path).ok())
    }
}

/// What a handler works with: the world as it was when its request was read.
#[derive(Clone)]
pub(super) struct Snapshot {
    pub(super) analysis: Analysis,
    pub(super) client: ClientCan,
    pub(super) uris: Uris,
}

/// The session.
pub(super) struct Session {
    state: Mutex<State>,
    outbox: mpsc::UnboundedSender<Outgoing>,
    pub(super) workers: Workers,
}

struct State {
    host: AnalysisHost,
    project: Project,
    client: ClientCan,
    uris: Uris,
    open: FxHashMap<PathBuf, Arc<OpenDocument>>,
    settings: Settings,
    initialized: bool,
    last_status: Option<(bool, ide::answer::Status)>,
}

/// What the checks of an open document share.
#[derive(Debug, Default)]
pub(super) struct OpenDocument {
    /// Number of the newest check that was asked for.
    pub(super) epoch: AtomicU64,
    /// Number of the newest check that was published.
    pub(super) published: AtomicU64,
    /// Checks in a row that gave up because the text moved on.
    pub(super) given_up: AtomicU64,
    /// Fingerprint of the skeleton that was last told of.
    pub(super) skeleton: AtomicU64,
}

/// The path under which a document is kept; documents that are no files go by their URI.
pub(super) fn path_of(uri: &Url) -> PathBuf {
    uri.to_file_path().unwrap_or_else(|()| PathBuf::from(uri.as_str()))
}

impl Session {
    /// A session over an empty world.
    pub(super) fn new(outbox: mpsc::UnboundedSender<Outgoing>) -> Session {
        let project = Project::default();
        Session {
            state: Mutex::new(State {
                host: AnalysisHost::new(project.environment()),
                project,
                client: ClientCan::default(),
                uris: Uris::default(),
                open: FxHashMap::default(),
                settings: Settings::default(),
                initialized: false,
                last_status: None,
            }),
            outbox,
            workers: Workers::new(),
        }
    }

    /// Puts a message to the client into the queue.
    pub(super) fn send(&self, message: Outgoing) {
        // The queue closes when the session ends; then nobody wants the message.
        drop(self.outbox.send(message));
    }

    /// The world of now.
    pub(super) fn snapshot(&self) -> Snapshot {
        lock(&self.state).snapshot()
    }

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
            "workspace/didChangeConfiguration" => self.did_change_configuration(params),
            _ => {}
        }
    }

    fn with<'a, T: Deserialize<'a>>(self: &Arc<Self>, params: &'a Value, then: fn(&Arc<Self>, T)) {
        match T::deserialize(params) {
            Ok(params) => then(self, params),
            Err(error) => tracing::warn!("a notification that cannot be read: {error}"),
        }
    }

    fn initialize(&self, params: &Value) {
        let mut state = lock(&self.state);
        if state.initialized {
            return;
        }
        state.initialized = true;
        state.client = ClientCan::read(params);
        if let Some(options) = params.get("initializationOptions").filter(|v| !v.is_null()) {
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
        }
    }

    fn read_settings(&self, state: &mut State, value: &Value) {
        let (settings, warnings) = Settings::read(value);
        for warning in warnings {
            tracing::warn!("{warning}");
            self.send(Outgoing::Log(MessageType::WARNING, format!("bpf-lsp: {warning}")));
        }
        state.project.set_settings(&settings);
        state.host.apply(Change::Options(Options {
            diagnostics: settings.diagnostics,
            disabled_rules: settings.disabled_rules.clone(),
            inlay_offsets: settings.inlay_offsets,
        }));
        let environment = state.project.environment();
        state.host.apply(Change::Environment(environment));
        state.settings = settings;
    }

    fn did_open(self: &Arc<Self>, params: DidOpenTextDocumentParams) {
        let document = params.text_document;
        let path = path_of(&document.uri);
        {
            let mut state = lock(&self.state);
            Arc::make_mut(&mut state.uris.0).insert(path.clone(), document.uri);
            state.open.entry(path.clone()).or_default();
            state.host.apply(Change::Text {
                path: path.as_path().into(),
                version: document.version,
                text: document.text.into(),
            });
        }
        self.workers.open(&path);
        self.check(&path);
    }

    fn did_change(self: &Arc<Self>, params: DidChangeTextDocumentParams) {
        let path = path_of(&params.text_document.uri);
        {
            let mut state = lock(&self.state);
            let Some(old) = state.host.analysis().open_document(&path) else {
                tracing::warn!("a change of a document that is not open: {}", path.display());
                return;
            };
            let version = params.text_document.version;
            if version <= old.version {
                // Wire order is the truth; the number is only told back to the client.
                tracing::warn!("version {version} follows {} in {}", old.version, path.display());
            }
            let encoding = state.client.encoding;
            let text = documents::apply(&old.text, params.content_changes, encoding);
            state.host.apply(Change::Text {
                path: path.as_path().into(),
                version,
                text: text.into(),
            });
        }
        self.check(&path);
    }

    fn did_close(self: &Arc<Self>, params: DidCloseTextDocumentParams) {
        let uri = params.text_document.uri;
        let path = path_of(&uri);
        {
            let mut state = lock(&self.state);
            if state.open.remove(&path).is_none() {
                return;
            }
            Arc::make_mut(&mut state.uris.0).remove(&path);
            state.host.apply(Change::Closed(path.as_path().into()));
            if !state.client.pull {
                // Under the lock: no check of the document can publish after this.
                self.send(Outgoing::Publish(PublishDiagnosticsParams {
                    uri,
                    diagnostics: Vec::new(),
                    version: None,
                }));
            }
        }
        self.workers.close(&path);
        self.check_dependents(&path);
    }

    fn did_save(self: &Arc<Self>, params: DidSaveTextDocumentParams) {
        // For clients that watch no files.
        self.disk_changed(vec![path_of(&params.text_document.uri)]);
    }

    fn did_change_watched_files(self: &Arc<Self>, params: DidChangeWatchedFilesParams) {
        self.disk_changed(params.changes.iter().map(|change| path_of(&change.uri)).collect());
    }

    fn disk_changed(self: &Arc<Self>, mut paths: Vec<PathBuf>) {
        {
            let mut state = lock(&self.state);
            // An open document hides its file.
            paths.retain(|path| !state.open.contains_key(path));
            if paths.is_empty() {
                return;
            }
            // A header that appears may also change the guess of the flags.
            let source = |path: &PathBuf| path.extension().is_some_and(|e| e == "c");
            if !paths.iter().all(source) {
                let environment = state.project.environment();
                state.host.apply(Change::Environment(environment));
            }
            state.host.apply(Change::Disk(paths));
        }
        self.check_all();
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

    /// Asks for a check of an open document on its newest text; one that waits is replaced, one that
    /// runs gives up at its next stage.
    pub(super) fn check(self: &Arc<Self>, path: &Path) {
        let (snapshot, document) = {
            let state = lock(&self.state);
            let Some(document) = state.open.get(path).cloned() else { return };
            (state.snapshot(), document)
        };
        let epoch = document.epoch.fetch_add(1, Ordering::SeqCst) + 1;
        let (session, path) = (self.clone(), path.to_owned());
        let job_path = path.clone();
        self.workers.check(
            &path,
            Box::new(move || check::run(&session, snapshot, &job_path, &document, epoch)),
        );
    }

    /// Checks all open documents anew.
    fn check_all(self: &Arc<Self>) {
        let open: Vec<PathBuf> = lock(&self.state).open.keys().cloned().collect();
        for path in open {
            self.check(&path);
        }
        self.refresh_pulled();
    }

    /// Checks the open documents whose answers read `changed`.
    pub(super) fn check_dependents(self: &Arc<Self>, changed: &Path) {
        let (analysis, open) = {
            let state = lock(&self.state);
            let open: Vec<PathBuf> = state.open.keys().cloned().collect();
            (state.host.analysis(), open)
        };
        let mut any = false;
        for path in open.iter().filter(|path| path.as_path() != changed) {
            if analysis.depends_on(path, changed) {
                self.check(path);
                any = true;
            }
        }
        if any {
            self.refresh_pulled();
        }
    }

    /// Tells a client that pulls that what it pulled before may be old.
    fn refresh_pulled(&self) {
        let client = lock(&self.state).client;
        if client.pull && client.refresh_diagnostics {
            self.send(Outgoing::RefreshDiagnostics);
        }
        if client.refresh_lenses {
            self.send(Outgoing::RefreshLenses);
        }
    }

    /// Runs `send` while the document is surely open and no newer check has been published.
    pub(super) fn if_current(
        &self,
        path: &Path,
        document: &Arc<OpenDocument>,
        epoch: u64,
        send: impl FnOnce(),
    ) {
        let state = lock(&self.state);
        let open = state.open.get(path).is_some_and(|open| Arc::ptr_eq(open, document));
        if open && document.published.fetch_max(epoch, Ordering::SeqCst) < epoch {
            send();
        }
    }

    /// Tells the status when it is another than the last one told.
    pub(super) fn tell_status(&self, quiescent: bool, status: ide::answer::Status) {
        let mut state = lock(&self.state);
        let new = Some((quiescent, status));
        if state.last_status != new {
            state.last_status.clone_from(&new);
            if let Some((quiescent, status)) = new {
                self.send(Outgoing::Status(super::ext::ServerStatusParams {
                    health: if status.warning { "warning" } else { "ok" }.to_owned(),
                    quiescent,
                    message: status.message,
                }));
            }
        }
    }
}

impl State {
    fn snapshot(&self) -> Snapshot {
        Snapshot { analysis: self.host.analysis(), client: self.client, uris: self.uris.clone() }
    }
}
