//! What the server says of its own accord.
//!
//! Workers and the reader put messages into an unbounded queue; one task hands them to the transport in
//! that order. Requests to the client run in tasks of their own that nobody drops before the reply:
//! tower-lsp 0.20 panics when a reply comes for a request whose future is gone.

use std::{
    marker::PhantomData,
    sync::{Arc, Mutex},
};

use btf::shown;
use serde_json::Value;
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
    spelling::Spelled,
    workers::lock,
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

/// Where messages to the client are put, each with the spelling of URIs at that moment.
#[derive(Clone)]
pub(super) struct Outbox {
    queue: mpsc::UnboundedSender<(Outgoing, Spelled)>,
    spelled: Arc<Mutex<Spelled>>,
}

/// The other end of an [`Outbox`].
pub(super) type Queue = mpsc::UnboundedReceiver<(Outgoing, Spelled)>;

impl Outbox {
    /// An empty one.
    pub(super) fn new() -> (Outbox, Queue) {
        let (queue, messages) = mpsc::unbounded_channel();
        (Outbox { queue, spelled: Arc::default() }, messages)
    }

    /// Puts a message into the queue.
    pub(super) fn send(&self, message: Outgoing) {
        self.send_spelled(message, self.spelled());
    }

    /// [`Outbox::send`], with URIs spelled in that way.
    pub(super) fn send_spelled(&self, message: Outgoing, spelled: Spelled) {
        // The queue closes when the session ends; then nobody wants the message.
        drop(self.queue.send((message, spelled)));
    }

    /// How URIs are spelled now.
    pub(super) fn spelled(&self) -> Spelled {
        lock(&self.spelled).clone()
    }

    /// Lets one of our URIs be spelled as the client does from now on; as inside when there is no such spelling.
    pub(super) fn spell(&self, ours: &str, client: Option<&str>) {
        let mut spelled = lock(&self.spelled);
        *spelled = spelled.with(ours, client);
    }
}

/// Sends what comes out of the queue until it closes.
pub(super) async fn run(client: Client, session: Arc<Session>, mut queue: Queue) {
    while let Some((message, spelled)) = queue.recv().await {
        match message {
            Outgoing::Publish(params) => {
                tell::<notification::PublishDiagnostics>(&client, params, &spelled).await;
            }
            Outgoing::SkeletonChanged(params) => {
                tell::<SkeletonChanged>(&client, params, &spelled).await;
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

/// Sends a notification that has URIs in it.
async fn tell<N: notification::Notification>(
    client: &Client,
    params: N::Params,
    spelled: &Spelled,
) {
    if spelled.is_empty() {
        return client.send_notification::<N>(params).await;
    }
    match serde_json::to_value(params) {
        Ok(mut params) => {
            spelled.respell(&mut params);
            client.send_notification::<Respelled<N>>(params).await;
        }
        Err(error) => tracing::error!("{} cannot be written: {error}", N::METHOD),
    }
}

/// A notification whose URIs need not be in the form of [`lsp::Url`].
struct Respelled<N>(PhantomData<N>);

impl<N: notification::Notification> notification::Notification for Respelled<N> {
    type Params = Value;
    const METHOD: &'static str = N::METHOD;
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
