//! What the server offers, and what it asks the client to tell it of.

use ide::lines::Encoding;
use serde_json::json;
use tower_lsp::lsp_types as lsp;

use super::client::ClientCan;
use crate::project::watched;

/// The answer to `initialize`.
pub(super) fn initialize_result(client: ClientCan) -> lsp::InitializeResult {
    lsp::InitializeResult {
        server_info: Some(lsp::ServerInfo {
            name: "bpf-lsp".to_owned(),
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        }),
        capabilities: lsp::ServerCapabilities {
            position_encoding: Some(match client.encoding {
                Encoding::Utf8 => lsp::PositionEncodingKind::UTF8,
                Encoding::Utf16 => lsp::PositionEncodingKind::UTF16,
            }),
            text_document_sync: Some(lsp::TextDocumentSyncCapability::Options(
                lsp::TextDocumentSyncOptions {
                    open_close: Some(true),
                    change: Some(lsp::TextDocumentSyncKind::INCREMENTAL),
                    save: Some(lsp::TextDocumentSyncSaveOptions::Supported(true)),
                    ..lsp::TextDocumentSyncOptions::default()
                },
            )),
            hover_provider: Some(lsp::HoverProviderCapability::Simple(true)),
            document_symbol_provider: Some(lsp::OneOf::Left(true)),
            declaration_provider: Some(lsp::DeclarationCapability::Simple(true)),
            definition_provider: Some(lsp::OneOf::Left(true)),
            references_provider: Some(lsp::OneOf::Left(true)),
            document_highlight_provider: Some(lsp::OneOf::Left(true)),
            rename_provider: Some(match client.prepare_rename {
                true => lsp::OneOf::Right(lsp::RenameOptions {
                    prepare_provider: Some(true),
                    work_done_progress_options: lsp::WorkDoneProgressOptions::default(),
                }),
                false => lsp::OneOf::Left(true),
            }),
            completion_provider: Some(lsp::CompletionOptions {
                trigger_characters: Some(["\"", ".", ">", "/", "("].map(str::to_owned).to_vec()),
                resolve_provider: Some(false),
                ..lsp::CompletionOptions::default()
            }),
            code_lens_provider: Some(lsp::CodeLensOptions { resolve_provider: Some(false) }),
            inlay_hint_provider: Some(lsp::OneOf::Left(true)),
            code_action_provider: Some(lsp::CodeActionProviderCapability::Options(
                lsp::CodeActionOptions {
                    code_action_kinds: Some(vec![lsp::CodeActionKind::QUICKFIX]),
                    ..lsp::CodeActionOptions::default()
                },
            )),
            // One model a session: who pulls is not pushed to.
            diagnostic_provider: client.pull.then(|| {
                lsp::DiagnosticServerCapabilities::Options(lsp::DiagnosticOptions {
                    identifier: Some("bpf-lsp".to_owned()),
                    inter_file_dependencies: true,
                    workspace_diagnostics: false,
                    ..lsp::DiagnosticOptions::default()
                })
            }),
            experimental: Some(json!({ "skeleton": true, "serverStatus": true })),
            ..lsp::ServerCapabilities::default()
        },
    }
}

/// Registrations after `initialized`: files on disk whose change may change an answer, and configuration.
pub(super) fn registrations(client: ClientCan) -> Vec<lsp::Registration> {
    let mut registrations = Vec::new();
    if client.watch_files {
        let watchers: Vec<_> =
            watched::globs().map(|glob| json!({ "globPattern": glob })).collect();
        registrations.push(lsp::Registration {
            id: "bpf-lsp/watched-files".to_owned(),
            method: "workspace/didChangeWatchedFiles".to_owned(),
            register_options: Some(json!({ "watchers": watchers })),
        });
    }
    if client.register_configuration {
        registrations.push(lsp::Registration {
            id: "bpf-lsp/configuration".to_owned(),
            method: "workspace/didChangeConfiguration".to_owned(),
            register_options: Some(json!({ "section": "bpf-lsp" })),
        });
    }
    registrations
}
