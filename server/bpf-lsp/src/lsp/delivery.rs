//! Hands the messages of the [`outbox`](super::outbox) to the transport, in their order.
//!
//! Requests to the client run in tasks of their own that nobody drops before the reply: tower-lsp 0.20 panics
//! when a reply comes for a request whose future is gone.

use std::{marker::PhantomData, sync::Arc};

use btf::shown;
use serde_json::Value;
use tower_lsp::{
    Client,
    lsp_types::{ConfigurationItem, notification},
};

use super::{
    ext::{ServerStatus, SkeletonChanged},
    outbox::{Outgoing, Queue},
    session::Session,
};

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

/// A notification whose URIs need not be in the form of [`tower_lsp::lsp_types::Url`].
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
