//! What the server says of its own accord: workers and the reader put messages into an unbounded queue.

use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::sync::mpsc;
use tower_lsp::lsp_types::{self as lsp, MessageType, PublishDiagnosticsParams};

use super::{
    ext::{ServerStatusParams, SkeletonChangedParams},
    uris::Spelled,
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
