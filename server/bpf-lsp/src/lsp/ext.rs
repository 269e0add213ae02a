//! Requests and notifications of our own; documented for clients in `PROTOCOL.md`.

use serde::{Deserialize, Serialize};
use tower_lsp::lsp_types::{Position, Url, notification::Notification};

/// Parameters of the request `bpf-lsp/skeleton`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct SkeletonParams {
    /// The BPF source.
    pub(super) uri: Url,
    /// `skeleton` (default), `subskeleton` or `lskel`.
    #[serde(default)]
    pub(super) kind: Option<String>,
    /// The cursor in the source.
    #[serde(default)]
    pub(super) position: Option<Position>,
}

/// Answer to `bpf-lsp/skeleton`.
#[derive(Clone, Debug, Serialize)]
pub(super) struct SkeletonResult {
    /// Object name.
    pub(super) name: String,
    /// Declaration part of the header.
    pub(super) text: String,
    /// Line of `text` that declares what stands at the position.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) line: Option<u32>,
    /// Whether nothing is missing.
    pub(super) complete: bool,
    /// What the user should know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) note: Option<String>,
    /// Remarks on lines of `text`.
    pub(super) hints: Vec<SkeletonHint>,
}

/// A remark on a line of a skeleton.
#[derive(Clone, Debug, Serialize)]
pub(super) struct SkeletonHint {
    /// Line of the text.
    pub(super) line: u32,
    /// Text.
    pub(super) text: String,
}

/// Parameters of the request `bpf-lsp/skeletonDefinition`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct SkeletonDefinitionParams {
    /// The BPF source.
    pub(super) uri: Url,
    /// `skeleton` (default), `subskeleton` or `lskel`.
    #[serde(default)]
    pub(super) kind: Option<String>,
    /// The cursor in the skeleton's text.
    pub(super) position: Position,
}

/// Parameters of the notification `bpf-lsp/workspaceTrust`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct WorkspaceTrustParams {
    /// Whether the user trusts the workspace.
    pub(super) trusted: bool,
}

/// Parameters of the notification `bpf-lsp/skeletonChanged`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct SkeletonChangedParams {
    /// The BPF source.
    pub(super) uri: Url,
    /// The version of its text that the new skeleton belongs to.
    pub(super) version: i32,
}

/// `bpf-lsp/skeletonChanged`: a preview of that source is out of date.
pub(super) enum SkeletonChanged {}

impl Notification for SkeletonChanged {
    type Params = SkeletonChangedParams;
    const METHOD: &'static str = "bpf-lsp/skeletonChanged";
}

/// Parameters of the notification `bpf-lsp/serverStatus`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct ServerStatusParams {
    /// `ok`, `warning` or `error`.
    pub(super) health: String,
    /// Whether no analysis runs or waits.
    pub(super) quiescent: bool,
    /// One line for a status item.
    pub(super) message: String,
}

/// `bpf-lsp/serverStatus`
pub(super) enum ServerStatus {}

impl Notification for ServerStatus {
    type Params = ServerStatusParams;
    const METHOD: &'static str = "bpf-lsp/serverStatus";
}
