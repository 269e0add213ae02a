//! The handlers: each posts a job to the worker of its document and awaits the answer, nothing else.
//!
//! Text synchronisation is not here: the sequencer applies it in wire order.

use std::sync::Arc;

use btf::shown;
use ide::{Cancellable, Document, NoRename, answer::SkeletonKind};
use serde_json::json;
use tokio::sync::oneshot;
use tower_lsp::{
    LanguageServer,
    jsonrpc::{Error, ErrorCode, Result},
    lsp_types::{
        self as lsp, Url,
        request::{GotoDeclarationParams, GotoDeclarationResponse},
    },
};

use super::{
    capabilities, convert,
    ext::{
        SkeletonDefinitionParams, SkeletonHint, SkeletonParams, SkeletonResult,
        WorkspaceTrustParams,
    },
    findings,
    outbox::Outgoing,
    sequencer::current_snapshot,
    session::{Session, Snapshot},
    uris::path_of,
    workers::Lane,
};

/// The backend of tower-lsp.
pub(super) struct Server {
    session: Arc<Session>,
}

/// What a job of a handler gets.
struct Question {
    snapshot: Snapshot,
    document: Arc<Document>,
}

impl Question {
    fn offset(&self, at: lsp::Position) -> u32 {
        convert::offset(&self.document, at, self.snapshot.client.encoding)
    }

    fn range(&self, bytes: &std::ops::Range<u32>) -> lsp::Range {
        convert::range(&self.document, bytes, self.snapshot.client.encoding)
    }

    fn places(&self) -> convert::Places<'_> {
        convert::Places {
            analysis: &self.snapshot.analysis,
            encoding: self.snapshot.client.encoding,
            uris: &self.snapshot.uris,
        }
    }
}

impl Server {
    /// A backend of that session.
    pub(super) fn new(session: Arc<Session>) -> Server {
        Server { session }
    }

    /// Answers a question about a document on its worker, with the snapshot of the moment the request
    /// was read. The default value when there is no such document.
    async fn ask<T: Default + Send + 'static>(
        &self,
        uri: &Url,
        what: &'static str,
        answer: impl FnOnce(&Question) -> Cancellable<T> + Send + 'static,
    ) -> Result<T> {
        self.ask_in(Lane::Quick, uri, what, answer).await
    }

    /// The same for what clients ask of their own accord after each edit: whoever looks at the cursor
    /// does not wait for it.
    async fn ask_patiently<T: Default + Send + 'static>(
        &self,
        uri: &Url,
        what: &'static str,
        answer: impl FnOnce(&Question) -> Cancellable<T> + Send + 'static,
    ) -> Result<T> {
        self.ask_in(Lane::Patient, uri, what, answer).await
    }

    async fn ask_in<T: Default + Send + 'static>(
        &self,
        lane: Lane,
        uri: &Url,
        what: &'static str,
        answer: impl FnOnce(&Question) -> Cancellable<T> + Send + 'static,
    ) -> Result<T> {
        let mut snapshot = current_snapshot().unwrap_or_else(|| self.session.snapshot());
        let path = path_of(uri);
        let worker_path = path.clone();
        let (reply, replied) = oneshot::channel::<Cancellable<T>>();
        let reply = Arc::new(std::sync::Mutex::new(Some(reply)));
        let asker = Arc::downgrade(&reply);
        let gone = move || {
            asker.upgrade().is_none_or(|reply| {
                super::workers::lock(&reply).as_ref().is_none_or(oneshot::Sender::is_closed)
            })
        };
        snapshot.analysis = snapshot.analysis.cancelled_by(Arc::new(gone.clone()));
        let job = move || {
            if gone() {
                return;
            }
            let result = match snapshot.analysis.document(&path) {
                Some(document) => answer(&Question { snapshot, document }),
                None => Ok(T::default()),
            };
            if let Some(reply) = super::workers::lock(&reply).take() {
                // Nobody waits when the request was cancelled meanwhile.
                drop(reply.send(result));
            }
        };
        self.session.workers.ask(&worker_path, lane, what, Box::new(job));
        match replied.await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(ide::Cancelled)) => Err(Error::request_cancelled()),
            Err(_) => Err(Error {
                code: ErrorCode::InternalError,
                message: format!("{what} failed; see the server's log").into(),
                data: None,
            }),
        }
    }

    /// The notification `bpf-lsp/workspaceTrust`; applied by the sequencer.
    pub(super) async fn workspace_trust(&self, _: WorkspaceTrustParams) {}

    /// The request `bpf-lsp/skeleton`.
    pub(super) async fn skeleton(&self, params: SkeletonParams) -> Result<Option<SkeletonResult>> {
        let kind = skeleton_kind(params.kind.as_deref())?;
        self.ask(&params.uri, "skeleton", move |q| {
            let offset = params.position.map(|at| q.offset(at));
            let skeleton = q.snapshot.analysis.skeleton(&q.document.path, kind, offset)?;
            Ok(skeleton.map(|s| SkeletonResult {
                name: s.name,
                text: shown::lines(&s.text).into_owned(),
                line: s.line,
                complete: s.complete,
                note: s.note.map(|note| shown::line(&note).into_owned()),
                hints: (s.hints.into_iter())
                    .map(|hint| SkeletonHint {
                        line: hint.line,
                        text: shown::line(&hint.text).into_owned(),
                    })
                    .collect(),
            }))
        })
        .await
    }

    /// The request `bpf-lsp/skeletonDefinition`.
    pub(super) async fn skeleton_definition(
        &self,
        params: SkeletonDefinitionParams,
    ) -> Result<Option<lsp::Location>> {
        let kind = skeleton_kind(params.kind.as_deref())?;
        self.ask(&params.uri, "skeletonDefinition", move |q| {
            let (analysis, line) = (&q.snapshot.analysis, params.position.line);
            let place = analysis.skeleton_definition(&q.document.path, kind, line)?;
            Ok(place.and_then(|place| q.places().location(&place)))
        })
        .await
    }
}

/// The protocol's `RequestFailed`: the request was right, and there is a reason for no answer. The data
/// say whether the name is one of both sides, which another server would break.
fn refused(none: NoRename) -> Error {
    let message = shown::line(&none.reason).into_owned().into();
    let data = Some(json!({ "ours": none.ours }));
    Error { code: ErrorCode::ServerError(-32803), message, data }
}

fn skeleton_kind(name: Option<&str>) -> Result<SkeletonKind> {
    let Some(name) = name else { return Ok(SkeletonKind::Skeleton) };
    SkeletonKind::parse(name).ok_or_else(|| {
        Error::invalid_params(format!("unknown kind `{name}`: skeleton, subskeleton or lskel"))
    })
}

#[tower_lsp::async_trait]
impl LanguageServer for Server {
    async fn initialize(&self, _: lsp::InitializeParams) -> Result<lsp::InitializeResult> {
        let client = current_snapshot().unwrap_or_else(|| self.session.snapshot()).client;
        Ok(capabilities::initialize_result(client))
    }

    async fn initialized(&self, _: lsp::InitializedParams) {
        let client = self.session.snapshot().client;
        let registrations = capabilities::registrations(client);
        if !registrations.is_empty() {
            self.session.send(Outgoing::Register(registrations));
        }
        if client.configuration {
            self.session.send(Outgoing::AskSettings);
        }
    }

    async fn shutdown(&self) -> Result<()> {
        Ok(())
    }

    // Applied by the sequencer already. Said here so that tower-lsp does not log them as unknown.
    async fn did_open(&self, _: lsp::DidOpenTextDocumentParams) {}
    async fn did_change(&self, _: lsp::DidChangeTextDocumentParams) {}
    async fn did_close(&self, _: lsp::DidCloseTextDocumentParams) {}
    async fn did_save(&self, _: lsp::DidSaveTextDocumentParams) {}
    async fn did_change_watched_files(&self, _: lsp::DidChangeWatchedFilesParams) {}
    async fn did_change_configuration(&self, _: lsp::DidChangeConfigurationParams) {}
    async fn did_change_workspace_folders(&self, _: lsp::DidChangeWorkspaceFoldersParams) {}

    async fn hover(&self, params: lsp::HoverParams) -> Result<Option<lsp::Hover>> {
        let at = params.text_document_position_params;
        self.ask(&at.text_document.uri, "hover", move |q| {
            let offset = q.offset(at.position);
            let hover = q.snapshot.analysis.hover(&q.document.path, offset)?;
            Ok(hover.map(|hover| lsp::Hover {
                range: Some(q.range(&hover.range)),
                contents: lsp::HoverContents::Markup(lsp::MarkupContent {
                    kind: lsp::MarkupKind::Markdown,
                    value: hover.markdown.into_string(),
                }),
            }))
        })
        .await
    }

    async fn completion(
        &self,
        params: lsp::CompletionParams,
    ) -> Result<Option<lsp::CompletionResponse>> {
        let at = params.text_document_position;
        self.ask(&at.text_document.uri, "completion", move |q| {
            let offset = q.offset(at.position);
            let items = q.snapshot.analysis.completions(&q.document.path, offset)?;
            let client = q.snapshot.client;
            let items = items.into_iter().map(|item| {
                convert::completion(&q.document, item, client.encoding, client.snippets)
            });
            Ok(Some(lsp::CompletionResponse::Array(items.collect())))
        })
        .await
    }

    async fn document_symbol(
        &self,
        params: lsp::DocumentSymbolParams,
    ) -> Result<Option<lsp::DocumentSymbolResponse>> {
        self.ask_patiently(&params.text_document.uri, "documentSymbol", |q| {
            let symbols = q.snapshot.analysis.document_symbols(&q.document.path)?;
            let encoding = q.snapshot.client.encoding;
            let symbols = symbols.iter().map(|s| convert::symbol(&q.document, s, encoding));
            Ok(Some(lsp::DocumentSymbolResponse::Nested(symbols.collect())))
        })
        .await
    }

    async fn goto_definition(
        &self,
        params: lsp::GotoDefinitionParams,
    ) -> Result<Option<lsp::GotoDefinitionResponse>> {
        let at = params.text_document_position_params;
        self.ask(&at.text_document.uri, "definition", move |q| {
            let offset = q.offset(at.position);
            let targets = q.snapshot.analysis.definition(&q.document.path, offset)?;
            let places = q.places();
            let targets: Vec<_> = targets.iter().filter_map(|t| places.location(t)).collect();
            Ok((!targets.is_empty()).then_some(lsp::GotoDefinitionResponse::Array(targets)))
        })
        .await
    }

    async fn goto_declaration(
        &self,
        params: GotoDeclarationParams,
    ) -> Result<Option<GotoDeclarationResponse>> {
        let at = params.text_document_position_params;
        self.ask(&at.text_document.uri, "declaration", move |q| {
            let offset = q.offset(at.position);
            let targets = q.snapshot.analysis.declaration(&q.document.path, offset)?;
            let places = q.places();
            let targets: Vec<_> = targets.iter().filter_map(|t| places.location(t)).collect();
            Ok((!targets.is_empty()).then_some(GotoDeclarationResponse::Array(targets)))
        })
        .await
    }

    async fn references(&self, params: lsp::ReferenceParams) -> Result<Option<Vec<lsp::Location>>> {
        let at = params.text_document_position;
        let declaration = params.context.include_declaration;
        self.ask(&at.text_document.uri, "references", move |q| {
            let offset = q.offset(at.position);
            let found = q.snapshot.analysis.references(&q.document.path, offset, declaration)?;
            let places = q.places();
            let found: Vec<_> = found.iter().filter_map(|place| places.location(place)).collect();
            Ok((!found.is_empty()).then_some(found))
        })
        .await
    }

    async fn document_highlight(
        &self,
        params: lsp::DocumentHighlightParams,
    ) -> Result<Option<Vec<lsp::DocumentHighlight>>> {
        let at = params.text_document_position_params;
        self.ask(&at.text_document.uri, "documentHighlight", move |q| {
            let offset = q.offset(at.position);
            let found = q.snapshot.analysis.document_highlights(&q.document.path, offset)?;
            let found: Vec<_> = found
                .iter()
                .map(|highlight| lsp::DocumentHighlight {
                    range: q.range(&highlight.range),
                    kind: highlight.writes.then_some(lsp::DocumentHighlightKind::WRITE),
                })
                .collect();
            Ok((!found.is_empty()).then_some(found))
        })
        .await
    }

    async fn prepare_rename(
        &self,
        at: lsp::TextDocumentPositionParams,
    ) -> Result<Option<lsp::PrepareRenameResponse>> {
        let found = self
            .ask(&at.text_document.uri, "prepareRename", move |q| {
                let offset = q.offset(at.position);
                let found = q.snapshot.analysis.prepare_rename(&q.document.path, offset)?;
                Ok(Some(found.map(|(bytes, placeholder)| (q.range(&bytes), placeholder))))
            })
            .await?;
        let Some(found) = found else { return Ok(None) };
        let (range, placeholder) = found.map_err(refused)?;
        Ok(Some(lsp::PrepareRenameResponse::RangeWithPlaceholder { range, placeholder }))
    }

    async fn rename(&self, params: lsp::RenameParams) -> Result<Option<lsp::WorkspaceEdit>> {
        let (at, new) = (params.text_document_position, params.new_name);
        let edit = self
            .ask(&at.text_document.uri, "rename", move |q| {
                let offset = q.offset(at.position);
                let found = q.snapshot.analysis.rename(&q.document.path, offset, &new)?;
                let versions = q.snapshot.client.document_changes;
                Ok(Some(found.and_then(|files| {
                    let edit = q.places().workspace_edit(files, versions);
                    let gone =
                        || NoRename { reason: "a file no longer exists".to_owned(), ours: true };
                    edit.ok_or_else(gone)
                })))
            })
            .await?;
        edit.transpose().map_err(refused)
    }

    async fn code_lens(&self, params: lsp::CodeLensParams) -> Result<Option<Vec<lsp::CodeLens>>> {
        let uri = params.text_document.uri.clone();
        self.ask_patiently(&params.text_document.uri, "codeLens", move |q| {
            let lenses = q.snapshot.analysis.code_lenses(&q.document.path)?;
            let encoding = q.snapshot.client.encoding;
            let lenses = lenses.iter().map(|l| convert::lens(&q.document, &uri, l, encoding));
            Ok(Some(lenses.collect()))
        })
        .await
    }

    async fn inlay_hint(
        &self,
        params: lsp::InlayHintParams,
    ) -> Result<Option<Vec<lsp::InlayHint>>> {
        self.ask_patiently(&params.text_document.uri, "inlayHint", move |q| {
            let range = q.offset(params.range.start)..q.offset(params.range.end);
            let hints = q.snapshot.analysis.inlay_hints(&q.document.path, range)?;
            let encoding = q.snapshot.client.encoding;
            let hints = hints.iter().map(|h| convert::inlay_hint(&q.document, h, encoding));
            Ok(Some(hints.collect()))
        })
        .await
    }

    async fn code_action(
        &self,
        params: lsp::CodeActionParams,
    ) -> Result<Option<lsp::CodeActionResponse>> {
        if let Some(only) = &params.context.only
            && !only.iter().any(|kind| kind.as_str() == "quickfix" || kind.as_str().is_empty())
        {
            return Ok(None);
        }
        self.ask_patiently(&params.text_document.uri, "codeAction", move |q| {
            let (start, end) = (q.offset(params.range.start), q.offset(params.range.end));
            let places = q.places();
            let findings = q.snapshot.analysis.findings(&q.document.path)?;
            let touched = findings.iter().filter(|f| f.range.start <= end && start <= f.range.end);
            let actions = touched.flat_map(|f| places.fixes(&q.document, f));
            Ok(Some(actions.map(lsp::CodeActionOrCommand::CodeAction).collect()))
        })
        .await
    }

    async fn diagnostic(
        &self,
        params: lsp::DocumentDiagnosticParams,
    ) -> Result<lsp::DocumentDiagnosticReportResult> {
        let session = self.session.clone();
        let items = self
            .ask_patiently(&params.text_document.uri, "diagnostic", move |q| {
                findings::diagnostics(&session, &q.snapshot, &q.document.path)
            })
            .await
            .map_err(|mut error| {
                if error.code == ErrorCode::RequestCancelled {
                    // Without it clients do not ask again.
                    error.data = Some(json!({ "retriggerRequest": true }));
                }
                error
            })?;
        let report = lsp::RelatedFullDocumentDiagnosticReport {
            related_documents: None,
            full_document_diagnostic_report: lsp::FullDocumentDiagnosticReport {
                result_id: None,
                items,
            },
        };
        Ok(lsp::DocumentDiagnosticReport::Full(report).into())
    }
}
