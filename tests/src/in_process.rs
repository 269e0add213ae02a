//! A session of the server in this process: messages go in through its own dispatch, without pipes of
//! the system.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream},
    sync::mpsc,
    time::timeout,
};

use crate::generate::messages::{Message, Talker};

/// Only a hang takes this long.
const HANG: Duration = Duration::from_secs(60);

/// Lets a client say what it draws, at most `most` messages, and then end its session.
///
/// Returns what went wrong, in words: a question that nothing is wrong with has no answer or two, a
/// job failed, the server hangs, or ends in another way than it was told to.
pub fn converse(talker: &mut Talker, most: usize) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let (to_server, server_in) = tokio::io::duplex(1 << 16);
        let (server_out, from_server) = tokio::io::duplex(1 << 16);
        let server = tokio::spawn(bpf_lsp::lsp::serve(server_in, server_out));
        let (tell, messages) = mpsc::unbounded_channel();
        tokio::spawn(read_all(from_server, tell));
        let mut conversation = Conversation { to_server, messages, asked: Vec::new(), answered: 0 };
        timeout(HANG, conversation.run(talker, most)).await.map_err(|_| "the server hangs")??;
        // The end of input ends the transport sooner than it would by itself.
        drop(conversation.to_server);
        let code = timeout(HANG, server).await.map_err(|_| "the server does not end")?;
        match code.map_err(|error| error.to_string())? {
            0 => Ok(()),
            code => Err(format!("exit code {code}")),
        }
    })
}

struct Conversation {
    to_server: DuplexStream,
    messages: mpsc::UnboundedReceiver<Result<Value, String>>,
    /// Questions that must be answered, each with its number of answers.
    asked: Vec<(Value, usize)>,
    /// How many of them have an answer.
    answered: usize,
}

impl Conversation {
    async fn run(&mut self, talker: &mut Talker, most: usize) -> Result<(), String> {
        let params = talker.initialize();
        // The first may be broken; then the second counts.
        self.request("maybe", "initialize", params).await?;
        self.request("surely", "initialize", json!({ "capabilities": {} })).await?;
        // A client waits for that answer: what it asks before is refused.
        while self.message().await?["id"] != "surely" {}
        self.say(&json!({ "jsonrpc": "2.0", "method": "initialized", "params": {} })).await?;
        for _ in 0..most {
            if talker.is_over() {
                break;
            }
            self.tell(talker.message()).await?;
        }
        self.tell(talker.hover()).await?;
        self.request("last", "shutdown", Value::Null).await?;
        self.asked.push((json!("last"), 0));
        while self.answered < self.asked.len() {
            let message = self.message().await?;
            if message["error"]["code"] == -32603 {
                return Err(format!("a job failed: {message}"));
            }
            if message.get("method").is_some() {
                continue;
            }
            if let Some((id, count)) = self.asked.iter_mut().find(|(id, _)| *id == message["id"]) {
                *count += 1;
                self.answered += 1;
                if *count > 1 {
                    return Err(format!("{count} answers to {id}"));
                }
            }
        }
        self.say(&json!({ "jsonrpc": "2.0", "method": "exit" })).await
    }

    async fn message(&mut self) -> Result<Value, String> {
        self.messages.recv().await.ok_or("the server ended")?
    }

    async fn request(&mut self, id: &str, method: &str, params: Value) -> Result<(), String> {
        self.say(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })).await
    }

    async fn say(&mut self, message: &Value) -> Result<(), String> {
        self.tell(Message { head: None, body: message.to_string(), asks: None }).await
    }

    async fn tell(&mut self, message: Message) -> Result<(), String> {
        self.asked.extend(message.asks.map(|id| (json!(id), 0)));
        self.to_server.write_all(&message.frame()).await.map_err(|error| error.to_string())
    }
}

/// Reads to the end of the server's output.
async fn read_all(mut server: DuplexStream, tell: mpsc::UnboundedSender<Result<Value, String>>) {
    let mut bytes = Vec::new();
    while matches!(server.read_buf(&mut bytes).await, Ok(1..)) {
        while let Some(message) = first_message(&mut bytes) {
            // Nobody listens any more when the conversation failed.
            let _ = tell.send(message);
        }
    }
}

/// Takes the first whole message.
fn first_message(bytes: &mut Vec<u8>) -> Option<Result<Value, String>> {
    let head_end = bytes.windows(4).position(|w| w == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&bytes[..head_end]).into_owned();
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
    let Some(length) = length.and_then(|n| n.parse::<usize>().ok()) else {
        bytes.clear();
        return Some(Err(format!("a head without a length: {head}")));
    };
    let body = bytes.get(head_end..head_end + length)?;
    let message = serde_json::from_slice(body).map_err(|error| error.to_string());
    bytes.drain(..head_end + length);
    Some(message)
}
