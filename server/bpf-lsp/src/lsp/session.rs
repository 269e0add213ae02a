//! The state of one LSP session: the only writer of the analysis host.
//!
//! [`Session::see`] is called by the sequencer for every message, in wire order, and applies what
//! changes the world. It does no analysis and no I/O: both happen on the workers.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use ide::{Analysis, AnalysisHost, Change, Options, built::BuiltObjects};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::mpsc;
use tower_lsp::lsp_types::{
    DidChangeTextDocumentParams, DidCloseTextDocumentParams, DidOpenTextDocumentParams,
    MessageType, Url,
};

use super::{
    check,
    client::ClientCan,
    documents,
    headers::{ByHeader, HeaderFindings},
    outbox::{Outbox, Outgoing},
    settings::{Settings, TRUSTED},
    spelling::file_path,
    verify::Builds,
    workers::{Workers, lock},
};
use crate::project::{Disk, Project, objects::ObjectCache};

/// The URIs of open documents.
#[derive(Clone, Default, Debug)]
pub(super) struct Uris(Arc<FxHashMap<PathBuf, Url>>);

impl Uris {
    /// The URI of a file or an open document.
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
    pub(super) state: Mutex<State>,
    outbox: Outbox,
    due: mpsc::UnboundedSender<PathBuf>,
    pub(super) workers: Workers,
    /// What was read of built objects.
    pub(super) objects: ObjectCache,
    /// Programs whose object is about to be looked for.
    pub(super) looking: Mutex<FxHashSet<PathBuf>>,
    /// The disk is about to be looked at.
    pub(super) looking_at_disk: AtomicBool,
    pub(super) builds: Builds,
}

pub(super) struct State {
    pub(super) host: AnalysisHost,
    project: Project,
    /// The files of now, as the host has them.
    pub(super) disk: Arc<Disk>,
    pub(super) client: ClientCan,
    uris: Uris,
    pub(super) open: FxHashMap<PathBuf, Arc<OpenDocument>>,
    pub(super) headers: HeaderFindings,
    /// The folders of the workspace; none when the client has only files.
    pub(super) roots: Vec<PathBuf>,
    settings: Settings,
    /// The client says that the user trusts the workspace.
    trusted: bool,
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
    /// What became of the last build on save; empty before the first.
    pub(super) built: Mutex<String>,
}

/// The path under which a document is kept; documents that are no files go by their URI.
pub(super) fn path_of(uri: &Url) -> PathBuf {
    file_path(uri).unwrap_or_else(|| PathBuf::from(uri.as_str()))
}

impl Session {
    /// A session over an empty world. What it says goes to `outbox`, and the documents that are to be
    /// checked once no message waits to be read to `due`.
    pub(super) fn new(outbox: Outbox, due: mpsc::UnboundedSender<PathBuf>) -> Session {
        let mut project = Project::default();
        project.keep_stamps();
        let disk = project.environment();
        Session {
            state: Mutex::new(State {
                host: AnalysisHost::new(disk.clone()),
                project,
                disk,
                client: ClientCan::default(),
                uris: Uris::default(),
                open: FxHashMap::default(),
                headers: HeaderFindings::default(),
                roots: Vec::new(),
                settings: Settings::default(),
                trusted: false,
                initialized: false,
                last_status: None,
            }),
            outbox,
            due,
            workers: Workers::new(),
            objects: ObjectCache::default(),
            looking: Mutex::default(),
            looking_at_disk: AtomicBool::new(false),
            builds: Builds::default(),
        }
    }

    /// Puts a message to the client into the queue.
    pub(super) fn send(&self, message: Outgoing) {
        self.outbox.send(message);
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
            Arc::make_mut(&mut state.uris.0).insert(path.clone(), document.uri);
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
                tracing::warn!("a change of a document that is not open: {}", path.display());
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
            Arc::make_mut(&mut state.uris.0).remove(&path);
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

    /// [`Session::check`], after the messages that were read together with this one: a question behind an
    /// edit is not to wait for a check that has taken the core from the reader.
    fn check_soon(&self, path: PathBuf) {
        // The queue closes when the session ends.
        drop(self.due.send(path));
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
    pub(super) fn check_all(self: &Arc<Self>) {
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
    pub(super) fn refresh_pulled(&self) {
        let client = lock(&self.state).client;
        if client.pull && client.refresh_diagnostics {
            self.send(Outgoing::RefreshDiagnostics);
        }
        if client.refresh_lenses {
            self.send(Outgoing::RefreshLenses);
        }
    }

    /// Runs `send` while the document is surely open and nothing of this or a newer check has been
    /// published as its end.
    pub(super) fn if_newest(
        &self,
        path: &Path,
        document: &Arc<OpenDocument>,
        epoch: u64,
        send: impl FnOnce(),
    ) {
        let state = lock(&self.state);
        let open = state.open.get(path).is_some_and(|open| Arc::ptr_eq(open, document));
        if open && document.published.load(Ordering::SeqCst) < epoch {
            send();
        }
    }

    /// Runs `send` while the document is surely open and no newer check has been published; returns
    /// whether it did.
    pub(super) fn if_current(
        &self,
        path: &Path,
        document: &Arc<OpenDocument>,
        epoch: u64,
        send: impl FnOnce(),
    ) -> bool {
        let state = lock(&self.state);
        let open = state.open.get(path).is_some_and(|open| Arc::ptr_eq(open, document));
        let current = open && document.published.fetch_max(epoch, Ordering::SeqCst) < epoch;
        if current {
            send();
        }
        current
    }

    /// Whether a file belongs to the user: it lies in the workspace, or, when the client has named no
    /// folder, beside or below the program that it was read for.
    pub(super) fn is_of_workspace(&self, path: &Path, program: &Path) -> bool {
        let state = lock(&self.state);
        if state.roots.is_empty() {
            return program.parent().is_some_and(|folder| path.starts_with(folder));
        }
        state.roots.iter().any(|root| path.starts_with(root))
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
    /// Takes what is known of the disk as new.
    pub(super) fn renew_environment(&mut self) {
        self.disk = self.project.environment();
        self.host.apply(Change::Environment(self.disk.clone()));
    }

    /// Whether the project's own commands may be run.
    pub(super) fn may_build(&self) -> bool {
        self.trusted && self.settings.build_and_verify
    }

    fn change_roots(&mut self, params: &Value) {
        let folders = |which| folders(params.pointer(&format!("/event/{which}")));
        let removed = folders("removed");
        self.roots.retain(|root| !removed.contains(root));
        self.roots.extend(folders("added"));
    }

    fn snapshot(&self) -> Snapshot {
        Snapshot { analysis: self.host.analysis(), client: self.client, uris: self.uris.clone() }
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
