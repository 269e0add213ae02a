//! The client's spelling of URIs; it meets ours here and nowhere else.
//!
//! One file has many URIs: escapes that need not be, `//`, `/../`, `file://localhost/`. Inside, a document
//! goes by one of them ([`canonical`]). What comes in is turned into that, and what goes out into the
//! spelling in which the client spoke of the document last, to the letter.
//!
//! A client may have one file open under two spellings, as two documents with texts of their own. The world
//! has one text of a file: that of the document which the client spoke of last. The other text is put
//! by until it is spoken of again.

use std::{path::Path, sync::Arc};

use ide::Document;
use rustc_hash::FxHashMap;
use serde_json::{Value, json};
use tower_lsp::lsp_types::PublishDiagnosticsParams;

use super::{
    outbox::{Outbox, Outgoing},
    session::Session,
    uris::{canonical, path_of},
    workers::lock,
};

/// The documents that the client has open, by their URI inside.
pub(super) struct Spellings {
    open: FxHashMap<String, Spelling>,
    pub(super) outbox: Outbox,
}

struct Spelling {
    /// The client's, as it spoke of the document last.
    now: String,
    /// Other spellings under which it is open, each with its text.
    put_by: Vec<(String, Arc<Document>)>,
}

/// A message as it is seen inside.
pub(super) struct Seen {
    /// The URI inside of what the message is about, and the client's, which its answer is to have.
    pub(super) about: Option<(String, String)>,
    /// The session is to see the message; else it was dealt with.
    pub(super) wanted: bool,
}

impl Spellings {
    /// Nothing is open yet; `outbox` is told how to spell.
    pub(super) fn new(outbox: Outbox) -> Spellings {
        Spellings { open: FxHashMap::default(), outbox }
    }

    /// Turns the URI that a message is about into ours, and lets the session have the text that it is about.
    pub(super) fn receive(
        &mut self,
        session: &Arc<Session>,
        method: &str,
        params: Option<&mut Value>,
    ) -> Seen {
        let as_it_is = Seen { about: None, wanted: true };
        let Some(place) = params.and_then(place_of_uri) else { return as_it_is };
        let Some(client) = place.as_str().filter(|client| !self.is_plain(client)) else {
            return as_it_is;
        };
        let Some(uri) = canonical(client) else { return as_it_is };
        let (ours, path, client) = (uri.to_string(), path_of(&uri), client.to_owned());
        *place = Value::String(ours.clone());
        let mut closed = None;
        if let Some(spelling) = self.open.get_mut(&ours) {
            let other = spelling.put_by.iter().position(|(other, _)| *other == client);
            let text = session.snapshot().analysis.open_document(&path);
            match (method, other, text) {
                ("textDocument/didClose", Some(other), _) => {
                    closed = Some(spelling.put_by.remove(other).0);
                }
                ("textDocument/didClose", None, _) => {
                    if let Some((other, its_text)) = spelling.put_by.pop() {
                        closed = Some(std::mem::replace(&mut spelling.now, other));
                        self.outbox.spell(&ours, Some(&spelling.now));
                        session.see("textDocument/didOpen", Some(&opening(&ours, &its_text)));
                    }
                }
                ("textDocument/didOpen", None, Some(text)) if spelling.now != client => {
                    let before = std::mem::replace(&mut spelling.now, client.clone());
                    spelling.put_by.push((before, text));
                }
                (_, Some(other), Some(text)) => {
                    let (other, its_text) = spelling.put_by.remove(other);
                    spelling.put_by.push((std::mem::replace(&mut spelling.now, other), text));
                    self.outbox.spell(&ours, Some(&spelling.now));
                    session.see("textDocument/didOpen", Some(&opening(&ours, &its_text)));
                }
                _ => {}
            }
            if let Some(closed) = &closed
                && !session.snapshot().client.pull
            {
                let nothing =
                    PublishDiagnosticsParams { uri, diagnostics: Vec::new(), version: None };
                self.outbox.send_as(&ours, closed, Outgoing::Publish(nothing));
            }
        } else if method == "textDocument/didOpen" {
            let spelling = Spelling { now: client.clone(), put_by: Vec::new() };
            self.open.insert(ours.clone(), spelling);
        }
        if method == "textDocument/didOpen" {
            self.outbox.spell(&ours, Some(&client));
        }
        Seen { about: Some((ours, client)), wanted: closed.is_none() }
    }

    /// Whether a document is open under that spelling alone, which is ours too; most are.
    fn is_plain(&self, client: &str) -> bool {
        let spelling = self.open.get(client);
        spelling.is_some_and(|spelling| spelling.now == client && spelling.put_by.is_empty())
    }

    /// Forgets the document that a message was about when the session does not have it open.
    pub(super) fn settle(&mut self, session: &Session, method: &str, params: Option<&Value>) {
        if !matches!(method, "textDocument/didOpen" | "textDocument/didClose") {
            return;
        }
        let uri = params.and_then(|params| params.pointer("/textDocument/uri")?.as_str());
        let Some(uri) = uri else { return };
        let path = uri.parse().ok().map(|uri| path_of(&uri));
        if path.is_none_or(|path| !is_open(session, &path)) {
            self.open.remove(uri);
            self.outbox.spell(uri, None);
        }
    }
}

fn is_open(session: &Session, path: &Path) -> bool {
    lock(&session.state).open.contains_key(path)
}

/// The place in parameters where they say which document they are about.
fn place_of_uri(params: &mut Value) -> Option<&mut Value> {
    let path = if params.get("textDocument").is_some() { "/textDocument/uri" } else { "/uri" };
    params.pointer_mut(path)
}

/// The parameters of an opening with that text.
fn opening(uri: &str, text: &Document) -> Value {
    let document =
        json!({ "uri": uri, "languageId": "c", "version": text.version, "text": &*text.text });
    json!({ "textDocument": document })
}
