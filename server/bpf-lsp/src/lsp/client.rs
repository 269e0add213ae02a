//! What the client can do, as far as it matters here.

use ide::lines::Encoding;
use serde_json::Value;

/// The client's capabilities.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct ClientCan {
    /// Units of columns: UTF-8 when the client offers it (bytes, as we count inside), else UTF-16.
    pub(super) encoding: Encoding,
    /// Pulls diagnostics (`textDocument/diagnostic`): then none are pushed.
    pub(super) pull: bool,
    /// Can be told to pull again.
    pub(super) refresh_diagnostics: bool,
    /// Can be told to ask again for code lenses.
    pub(super) refresh_lenses: bool,
    /// Can be told to ask again for inlay hints.
    pub(super) refresh_hints: bool,
    /// Knows snippets in completions.
    pub(super) snippets: bool,
    /// Takes workspace edits with the versions of documents.
    pub(super) document_changes: bool,
    /// Asks before a rename.
    pub(super) prepare_rename: bool,
    /// Answers `workspace/configuration`.
    pub(super) configuration: bool,
    /// Watches files for us.
    pub(super) watch_files: bool,
    /// Takes registrations for configuration changes.
    pub(super) register_configuration: bool,
}

impl ClientCan {
    /// Reads the parameters of `initialize`. Raw JSON, because the library's type calls one member
    /// `workspace.diagnostic` that the protocol calls `workspace.diagnostics`.
    pub(super) fn read(initialize: &Value) -> ClientCan {
        let at = |path: &str| initialize.pointer(&format!("/capabilities/{path}"));
        let can = |path: &str| at(path).and_then(Value::as_bool).unwrap_or(false);
        let utf8 = at("general/positionEncodings")
            .and_then(Value::as_array)
            .is_some_and(|kinds| kinds.iter().any(|kind| kind == "utf-8"));
        ClientCan {
            encoding: if utf8 { Encoding::Utf8 } else { Encoding::Utf16 },
            pull: at("textDocument/diagnostic").is_some_and(Value::is_object),
            refresh_diagnostics: can("workspace/diagnostics/refreshSupport")
                || can("workspace/diagnostic/refreshSupport"),
            refresh_lenses: can("workspace/codeLens/refreshSupport"),
            refresh_hints: can("workspace/inlayHint/refreshSupport"),
            snippets: can("textDocument/completion/completionItem/snippetSupport"),
            document_changes: can("workspace/workspaceEdit/documentChanges"),
            prepare_rename: can("textDocument/rename/prepareSupport"),
            configuration: can("workspace/configuration"),
            watch_files: can("workspace/didChangeWatchedFiles/dynamicRegistration"),
            register_configuration: can("workspace/didChangeConfiguration/dynamicRegistration"),
        }
    }
}
