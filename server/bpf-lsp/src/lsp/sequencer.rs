//! Wire order: a service around tower-lsp's that sees every message before any handler exists.
//!
//! tower-lsp runs notification handlers concurrently, so their effects may happen in another order than
//! they came. Here the single reader applies text changes itself, in wire order, and hands each request
//! the snapshot of that moment: a request sees exactly the edits sent before it. Nothing slow happens
//! here; analysis runs on the workers.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    task::{Context, Poll},
};

use tokio::sync::Notify;
use tower::Service;
use tower_lsp::jsonrpc::{Error, Request, Response};

use super::session::{Session, Snapshot};

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
    exit: Arc<Exit>,
}

impl<S> Sequencer<S> {
    /// Wraps `inner`.
    pub(super) fn new(inner: S, session: Arc<Session>, exit: Arc<Exit>) -> Self {
        Sequencer { inner, session, exit }
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
        let request = without_null(request);
        match request.method() {
            "shutdown" => self.exit.shutdown.store(1, Ordering::SeqCst),
            "exit" => self.exit.requested.notify_one(),
            method => self.session.see(method, request.params()),
        }
        let snapshot = self.session.snapshot();
        let id = request.id().cloned();
        let answer = SNAPSHOT.scope(snapshot, self.inner.call(request));
        // tower-lsp leaves a notification that was sent as a request without an answer.
        Box::pin(async move {
            let refused = || Some(Response::from_error(id?, Error::invalid_request()));
            answer.await.map(|answer| answer.or_else(refused))
        })
    }
}

/// Some clients send `"params": null` where the method has none; tower-lsp refuses that.
fn without_null(request: Request) -> Request {
    if request.params().is_none_or(|params| !params.is_null()) {
        return request;
    }
    let (method, id, _) = request.into_parts();
    let request = Request::build(method);
    match id {
        Some(id) => request.id(id).finish(),
        None => request.finish(),
    }
}
