//! The protocol layer. All types of tower-lsp stay in this folder.
//!
//! tower-lsp 0.20 loses the order of notifications, blocks at four slow requests, does not end on
//! `exit` and more; each trap has its cure here and its test in `tests/tests/`:
//!
//! - [`sequencer`]: wire order, snapshots, `exit`;
//! - [`stdio`] and [`frames`]: end of input, slow readers and ones that are gone, broken messages;
//! - [`delivery`]: late replies;
//! - [`spelling`] and [`uris`]: URIs that the client does not spell as we do;
//! - [`workers`]: nothing slow in a handler, panics, hangs in the log.

mod builds;
mod capabilities;
mod check;
mod client;
mod convert;
mod delivery;
mod disk;
mod documents;
mod events;
mod ext;
mod findings;
mod frames;
mod header_findings;
mod headers;
mod objects;
mod outbox;
#[cfg(unix)]
mod pipe;
mod sequencer;
mod server;
mod session;
mod settings;
mod spelling;
mod stdio;
#[cfg(test)]
mod tests;
mod uris;
mod verify;
mod workers;

use std::{sync::Arc, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::mpsc,
};
use tower_lsp::LspService;

/// How long the end of a session waits for answers on their way, for the client to read them, and for what the
/// client sent before it went.
const GRACE: Duration = Duration::from_secs(1);

/// Requests that may wait for an answer at the same time before the reader waits.
const CONCURRENT_REQUESTS: usize = 256;

/// Serves one session; returns the exit code of the protocol: 0 after `shutdown`, else 1.
pub async fn serve<I, O>(input: I, output: O) -> u8
where
    I: AsyncRead + Unpin,
    O: AsyncWrite + Unpin + Send + 'static,
{
    serve_with(input, output, |_| {}).await
}

/// [`serve`], with a look at the session before it begins, for tests.
async fn serve_with<I, O>(input: I, output: O, look: impl FnOnce(&Arc<session::Session>)) -> u8
where
    I: AsyncRead + Unpin,
    O: AsyncWrite + Unpin + Send + 'static,
{
    let (outbox, queue) = outbox::Outbox::new();
    let (due, mut checks) = mpsc::unbounded_channel();
    let session = Arc::new(session::Session::new(outbox.clone(), due));
    look(&session);
    let checked = session.clone();
    // A task of its own: it has its turn when the transport has taken all that was read.
    let checks = tokio::spawn(async move {
        while let Some(path) = checks.recv().await {
            checked.check(&path);
        }
    });
    let exit = Arc::new(sequencer::Exit::default());
    let (pump, written) = stdio::Pump::start(output, exit.unread.clone());

    let backend_session = session.clone();
    let outbox_session = session.clone();
    let (service, socket) = LspService::build(move |client| {
        tokio::spawn(delivery::run(client, outbox_session, queue));
        server::Server::new(backend_session)
    })
    .custom_method("bpf-lsp/skeleton", server::Server::skeleton)
    .custom_method("bpf-lsp/skeletonDefinition", server::Server::skeleton_definition)
    .custom_method("bpf-lsp/workspaceTrust", server::Server::workspace_trust)
    .finish();
    let spellings = spelling::Spellings::new(outbox);
    let service = sequencer::Sequencer::new(service, session.clone(), spellings, exit.clone());
    let input = stdio::Intake::new(input, exit.eof.clone(), &pump);
    let transport = tower_lsp::Server::new(input, pump, socket)
        .concurrency_level(CONCURRENT_REQUESTS)
        .serve(service);
    let patience = async {
        exit.eof.notified().await;
        tokio::time::sleep(GRACE).await;
    };
    // The transport is dropped at the end of the block, and the pump with it.
    {
        tokio::pin!(transport);
        tokio::select! {
            () = &mut transport => {}
            () = exit.requested.notified() => {
                // The reply to `shutdown` may still be on its way to the pump.
                let _ = tokio::time::timeout(GRACE / 10, &mut transport).await;
            }
            () = patience => {}
            () = exit.unread.notified() => {
                // What was sent before is still read: `shutdown` may be among it.
                let _ = tokio::time::timeout(GRACE, &mut transport).await;
            }
        }
    }
    session.builds.stop();
    checks.abort();
    // A client that no longer reads must not keep the process alive.
    let _ = tokio::time::timeout(GRACE, written).await;
    exit.code()
}

/// Serves stdin and stdout until the session ends; returns the exit code.
///
/// One thread reads, decodes, and writes: analysis is the workers' business, and each thread between the
/// pipe and a worker would have to be woken on the way of an answer.
///
/// # Errors
///
/// When the runtime cannot be started.
pub fn serve_stdio() -> std::io::Result<u8> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    // Inside of the runtime: the pipes are registered with it.
    let code = runtime.block_on(async { serve(stdin(), stdout()).await });
    // Where stdin is read by a thread, the read cannot be interrupted, so it is not waited for.
    runtime.shutdown_background();
    Ok(code)
}

/// An end of the process's pipes.
type Input = Box<dyn AsyncRead + Unpin>;
type Output = Box<dyn AsyncWrite + Unpin + Send>;

fn stdin() -> Input {
    #[cfg(unix)]
    if let Ok(pipe) = pipe::Pipe::reading(std::io::stdin()) {
        return Box::new(pipe);
    }
    Box::new(tokio::io::stdin())
}

fn stdout() -> Output {
    #[cfg(unix)]
    if let Ok(pipe) = pipe::Pipe::writing(std::io::stdout()) {
        return Box::new(pipe);
    }
    Box::new(tokio::io::stdout())
}
