//! What the server says of its own accord.
//!
//! Workers and the reader put messages into an unbounded queue; one task hands them to the transport in
//! that order. Requests to the client run in tasks of their own that nobody drops before the reply:
//! tower-lsp 0.20 panics when a reply comes for a request whose future is gone.

use std::sync::Arc;

use btf::shown;
use tokio::sync::mpsc;
use tower_lsp::{
    Client,
    lsp_types::{
        self as lsp, ConfigurationItem, MessageType, PublishDiagnosticsParams, notification,
    },
};

use super::{
    ext::{ServerStatus, ServerStatusParams, SkeletonChanged, SkeletonChangedParams},
    session::Session,
};

/// A message to the client.
#[derive(Debug)]
pub(super) enum Outgoing {
    /// `textDocument/publishDiagnostics`
    Publish(PublishDiagnosticsParams),
    /// `bpf-lsp/skeletonChanged`
    SkeletonChanged(SkeletonChangedParams),
    /// `bpf-lsp/serverStatus`
    Status(ServerStatusParams),
    /// `window/logMessage`
    Log(MessageType, String),
    /// `workspace/configuration`; the reply becomes the settings.
    AskSettings,
    /// `client/registerCapability`
    Register(Vec<lsp::Registration>),
    /// `workspace/diagnostic/refresh`
    RefreshDiagnostics,
    /// `workspace/codeLens/refresh`
    RefreshLenses,
    /// `workspace/inlayHint/refresh`
    RefreshHints,
}

/// Sends what comes out of the queue until it closes.
pub(super) async fn run(
    client: Client,
    session: Arc<Session>,
    mut queue: mpsc::UnboundedReceiver<Outgoing>,
) {
    while let Some(message) = queue.recv().await {
        match message {
            Outgoing::Publish(params) => {
                client.send_notification::<notification::PublishDiagnostics>(params).await;
            }
            Outgoing::SkeletonChanged(params) => {
                client.send_notification::<SkeletonChanged>(params).await;
            }
            // Names of files and what compilers say can hold anything.
            Outgoing::Status(mut params) => {
                params.message = shown::line(&params.message).into_owned();
                client.send_notification::<ServerStatus>(params).await;
            }
            Outgoing::Log(kind, text) => client.log_message(kind, shown::lines(&text)).await,
            request => drop(tokio::spawn(ask(client.clone(), session.clone(), request))),
        }
    }
}

async fn ask(client: Client, session: Arc<Session>, request: Outgoing) {
    let result = match request {
        Outgoing::AskSettings => {
            let item = ConfigurationItem { scope_uri: None, section: Some("bpf-lsp".to_owned()) };
            match client.configuration(vec![item]).await {
                Ok(values) => {
                    if let Some(value) = values.first().filter(|v| !v.is_null()) {
                        session.set_settings(value);
                    }
                    Ok(())
                }
                Err(error) => Err(error),
            }
        }
        Outgoing::Register(registrations) => client.register_capability(registrations).await,
        Outgoing::RefreshDiagnostics => client.workspace_diagnostic_refresh().await,
        Outgoing::RefreshLenses => client.code_lens_refresh().await,
        Outgoing::RefreshHints => client.inlay_hint_refresh().await,
        _ => Ok(()),
    };
    if let Err(error) = result {
        tracing::warn!("the client refused a request: {error}");
    }
}
