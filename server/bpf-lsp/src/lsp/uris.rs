//! URIs and paths: inside, a document goes by one of each, whatever the client calls it.

use std::{
    path::{Component, Path, PathBuf},
    sync::Arc,
};

use rustc_hash::FxHashMap;
use serde::Serialize;
use serde_json::Value;
use tower_lsp::lsp_types::Url;

/// The path of a file, without `.`, `..` and empty parts. `None` for what is no file, also where the URI looks
/// like a path: `git:/src/a.c` is an older text of a file, not the file.
fn file_path(uri: &Url) -> Option<PathBuf> {
    let path = uri.to_file_path().ok().filter(|_| uri.scheme() == "file")?;
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(clean.pop()),
            part => clean.push(part),
        }
    }
    Some(clean)
}

/// The URI under which a document goes inside.
pub(super) fn canonical(uri: &str) -> Option<Url> {
    let uri = uri.parse::<Url>().ok()?;
    Some(file_path(&uri).and_then(|path| Url::from_file_path(path).ok()).unwrap_or(uri))
}

/// The path under which a document is kept; documents that are no files go by their URI.
pub(super) fn path_of(uri: &Url) -> PathBuf {
    file_path(uri).unwrap_or_else(|| PathBuf::from(uri.as_str()))
}

/// The URIs of open documents.
#[derive(Clone, Default, Debug)]
pub(super) struct Uris(Arc<FxHashMap<PathBuf, Url>>);

impl Uris {
    /// The URI of a file or an open document.
    pub(super) fn uri(&self, path: &Path) -> Option<Url> {
        self.0.get(path).cloned().or_else(|| Url::from_file_path(path).ok())
    }

    /// A document is open under that URI.
    pub(super) fn opened(&mut self, path: PathBuf, uri: Url) {
        Arc::make_mut(&mut self.0).insert(path, uri);
    }

    /// It is not open any more.
    pub(super) fn closed(&mut self, path: &Path) {
        Arc::make_mut(&mut self.0).remove(path);
    }
}

/// How the client spells the URIs of open documents that are spelled in another way inside.
#[derive(Default, Debug)]
pub(super) struct Spelled(FxHashMap<String, String>);

impl Spelled {
    /// Lets one of our URIs be spelled as the client does from now on; as inside when there is no such spelling.
    pub(super) fn spell(&mut self, ours: &str, client: Option<&str>) {
        match client.filter(|client| *client != ours) {
            Some(client) => self.0.insert(ours.to_owned(), client.to_owned()),
            None => self.0.remove(ours),
        };
    }

    /// Runs `then` while one of our URIs is spelled in another way than now.
    pub(super) fn spelled_as<T>(
        &mut self,
        ours: &str,
        client: &str,
        then: impl FnOnce(&Spelled) -> T,
    ) -> T {
        let now = self.0.get(ours).cloned();
        self.spell(ours, Some(client));
        let result = then(self);
        self.spell(ours, now.as_deref());
        result
    }

    /// Spells all URIs in a message as the client does.
    pub(super) fn respell(&self, message: &mut Value) {
        if !self.0.is_empty() {
            respell(&self.0, message);
        }
    }

    /// The parameters of a message with all URIs spelled as the client does; `None` when there is nothing to
    /// spell in another way, or they cannot be written.
    pub(super) fn respelled(&self, params: &impl Serialize) -> Option<Value> {
        let mut params = (!self.0.is_empty()).then(|| serde_json::to_value(params).ok())??;
        respell(&self.0, &mut params);
        Some(params)
    }
}

fn respell(spelled: &FxHashMap<String, String>, value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Some(client) = spelled.get(text) {
                text.clone_from(client);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| respell(spelled, item)),
        Value::Object(members) => {
            members.values_mut().for_each(|member| respell(spelled, member));
            // The edits of a rename go by URI.
            let names = members.keys().filter_map(|name| spelled.get_key_value(name));
            for (name, client) in names.collect::<Vec<_>>() {
                if let Some(member) = members.remove(name) {
                    members.insert(client.clone(), member);
                }
            }
        }
        _ => {}
    }
}
