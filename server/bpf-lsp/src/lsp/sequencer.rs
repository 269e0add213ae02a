//! Wire order: a service around tower-lsp's that sees every message before any handler exists.
//!
//! tower-lsp runs notification handlers concurrently, so their effects may happen in another order than
//! they came. Here the single reader applies text changes itself, in wire order, and hands each request
//! the snapshot of that moment: a request sees exactly the edits sent before it. Nothing slow happens
//! here; analysis runs on the workers.

use std::{
    borrow::Cow,
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    task::{Context, Poll},
};

use serde_json::Value;
use tokio::sync::Notify;
use tower::Service;
use tower_lsp::jsonrpc::{Error, Id, Request, Response};

use super::{
    session::{Session, Snapshot},
    spelling::{Seen, Spellings},
};

tokio::task_local! {
    /// The snapshot of the request that the current handler answers.
    static SNAPSHOT: Snapshot;
}

/// The snapshot that belongs to the request being answered; `None` outside a handler.
pub(super) fn current_snapshot() -> Option<Snapshot> {
    SNAPSHOT.try_with(Clone::clone).ok()
}

/// How the session ends: `exit` came, the input ended, or nobody reads the output.
#[derive(Default)]
pub(super) struct Exit {
    /// Notified by the `exit` notification.
    pub(super) requested: Notify,
    /// Notified at the end of input.
    pub(super) eof: Arc<Notify>,
    /// Notified when output cannot be written any more.
    pub(super) unread: Arc<Notify>,
    shutdown: AtomicU8,
}

impl Exit {
    /// The exit code the protocol wants: 0 after `shutdown`, else 1.
    pub(super) fn code(&self) -> u8 {
        1 - self.shutdown.load(Ordering::SeqCst)
    }
}

/// The wrapper.
pub(super) struct Sequencer<S> {
    inner: S,
    session: Arc<Session>,
    spellings: Spellings,
    exit: Arc<Exit>,
}

impl<S> Sequencer<S> {
    /// Wraps `inner`.
    pub(super) fn new(
        inner: S,
        session: Arc<Session>,
        spellings: Spellings,
        exit: Arc<Exit>,
    ) -> Self {
        Sequencer { inner, session, spellings, exit }
    }
}

impl<S> Service<Request> for Sequencer<S>
where
    S: Service<Request, Response = Option<Response>>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let (method, id, params) = request.into_parts();
        // Some clients send `null` where the method has no parameters; tower-lsp refuses that.
        let mut params = params.filter(|params| !params.is_null());
        let Seen { about, wanted } =
            self.spellings.receive(&self.session, &method, params.as_mut());
        match &*method {
            "shutdown" => self.exit.shutdown.store(1, Ordering::SeqCst),
            "exit" => self.exit.requested.notify_one(),
            method if wanted => {
                self.session.see(method, params.as_ref());
                self.spellings.settle(&self.session, method, params.as_ref());
            }
            _ => {}
        }
        let snapshot = self.session.snapshot();
        let answer = SNAPSHOT.scope(snapshot, self.inner.call(build(method, id.clone(), params)));
        let outbox = self.spellings.outbox.clone();
        // tower-lsp leaves a notification that was sent as a request without an answer.
        Box::pin(async move {
            let refused = || Some(Response::from_error(id?, Error::invalid_request()));
            let answer = answer.await?.or_else(refused);
            Ok(answer.map(|answer| {
                let (id, mut result) = answer.into_parts();
                if let Ok(value) = &mut result {
                    outbox.respell(value, about.as_ref());
                }
                Response::from_parts(id, result)
            }))
        })
    }
}

fn build(method: Cow<'static, str>, id: Option<Id>, params: Option<Value>) -> Request {
    let request = Request::build(method);
    let request = match params {
        Some(params) => request.params(params),
        None => request,
    };
    match id {
        Some(id) => request.id(id).finish(),
        None => request.finish(),
    }
}
