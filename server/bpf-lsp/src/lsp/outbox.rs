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

/// Where messages to the client are put.
#[derive(Clone)]
pub(super) struct Outbox {
    queue: mpsc::UnboundedSender<Entry>,
    spelled: Arc<Mutex<Spelled>>,
}

/// A message, and its parameters where the client spells the URIs in them in another way.
type Entry = (Outgoing, Option<Value>);

/// The other end of an [`Outbox`].
pub(super) type Queue = mpsc::UnboundedReceiver<Entry>;

impl Outbox {
    /// An empty one.
    pub(super) fn new() -> (Outbox, Queue) {
        let (queue, messages) = mpsc::unbounded_channel();
        (Outbox { queue, spelled: Arc::default() }, messages)
    }

    /// Puts a message into the queue, with URIs spelled as the client does now.
    pub(super) fn send(&self, message: Outgoing) {
        self.put(message, &lock(&self.spelled));
    }

    /// [`Outbox::send`], with one of our URIs spelled in another way than now.
    pub(super) fn send_as(&self, ours: &str, client: &str, message: Outgoing) {
        lock(&self.spelled).spelled_as(ours, client, |spelled| self.put(message, spelled));
    }

    fn put(&self, message: Outgoing, spelled: &Spelled) {
        let params = match &message {
            Outgoing::Publish(params) => spelled.respelled(params),
            Outgoing::SkeletonChanged(params) => spelled.respelled(params),
            _ => None,
        };
        // The queue closes when the session ends; then nobody wants the message.
        drop(self.queue.send((message, params)));
    }

    /// Lets one of our URIs be spelled as the client does from now on; as inside when there is no such spelling.
    pub(super) fn spell(&self, ours: &str, client: Option<&str>) {
        lock(&self.spelled).spell(ours, client);
    }

    /// Spells the URIs of an answer as the client does, that of what it asked `about` as it did then.
    pub(super) fn respell(&self, answer: &mut Value, about: Option<&(String, String)>) {
        let mut spelled = lock(&self.spelled);
        match about {
            Some((ours, client)) => {
                spelled.spelled_as(ours, client, |spelled| spelled.respell(answer))
            }
            None => spelled.respell(answer),
        }
    }
}

/// Sends what comes out of the queue until it closes.
pub(super) async fn run(client: Client, session: Arc<Session>, mut queue: Queue) {
    while let Some((message, respelled)) = queue.recv().await {
        match message {
            Outgoing::Publish(params) => {
                tell::<notification::PublishDiagnostics>(&client, params, respelled).await;
            }
            Outgoing::SkeletonChanged(params) => {
                tell::<SkeletonChanged>(&client, params, respelled).await;
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

async fn tell<N: notification::Notification>(
    client: &Client,
    params: N::Params,
    respelled: Option<Value>,
) {
    match respelled {
        Some(params) => client.send_notification::<Respelled<N>>(params).await,
        None => client.send_notification::<N>(params).await,
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
