//! A workspace in a temporary folder: the per-CPU example and its built object.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use serde_json::{Value, json};
use tempfile::TempDir;
use url::Url;

use crate::{binary, lsp_client::Client};

/// The object of `hits.bpf.c` as it stands in the example.
pub fn object() -> Vec<u8> {
    let path = binary::root().join("tests/testdata/hits.bpfel.obj");
    fs::read(path).expect("the object is there")
}

/// A workspace with `hits.bpf.c` in it.
pub struct Workspace(TempDir);

impl Default for Workspace {
    fn default() -> Workspace {
        let workspace = Workspace(tempfile::tempdir().expect("a temporary folder"));
        let program = binary::example().join("hits.bpf.c");
        workspace.write("hits.bpf.c", fs::read(program).expect("the example"));
        workspace
    }
}

impl Workspace {
    /// Its folder.
    pub fn root(&self) -> &Path {
        self.0.path()
    }

    /// The path of a file in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root().join(name)
    }

    /// The URI of a file in it.
    pub fn uri(&self, name: &str) -> String {
        Url::from_file_path(self.path(name)).expect("an absolute path").to_string()
    }

    /// The text of a file in it.
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("the file is there")
    }

    /// Writes a file, and the folders above it.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("folders can be made");
        fs::write(path, content).expect("the file can be written");
    }

    /// Writes the built object under that name, as if it were made an hour before or after now.
    pub fn build(&self, name: &str, when: Built) {
        self.write(name, object());
        let (now, hour) = (SystemTime::now(), Duration::from_secs(3600));
        let time = match when {
            Built::Before => now - hour,
            Built::After => now + hour,
        };
        let file = fs::File::options().write(true).open(self.path(name)).expect("just written");
        file.set_modified(time).expect("times can be set");
    }

    /// Starts a server with this workspace and options.
    pub fn start(&self, options: &Value) -> Client {
        self.start_with(options, json!({}), Value::Null)
    }

    /// Starts a server with this workspace, options, capabilities and what it gets when it asks for settings.
    pub fn start_with(&self, options: &Value, capabilities: Value, settings: Value) -> Client {
        let mut client = Client::spawn();
        client.settings = settings;
        client.initialize_with(json!({
            "capabilities": capabilities,
            "workspaceFolders": [{ "uri": self.uri(""), "name": "workspace" }],
            "initializationOptions": options,
        }));
        client
    }
}

/// When an object was built, seen from its source.
#[derive(Clone, Copy)]
pub enum Built {
    /// Before its last change.
    Before,
    /// After it.
    After,
}
