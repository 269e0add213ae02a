//! Baselines: the findings that a project has already, so that only new ones are reported.
//!
//! A finding is known again by its rule, its file's name, the text of its line and its number among
//! those alike: lines may move, and folders be renamed.

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap},
    path::Path,
};

use serde::Deserialize;
use serde_json::{Value, json};

use super::{replace::replace, report::Entry};
use crate::project::files::{self, Kind};

const VERSION: u64 = 1;

/// The fingerprints of a report, in its order: 16 hexadecimal digits each.
pub(super) fn fingerprints(entries: &[Entry]) -> Vec<String> {
    let mut seen: HashMap<u64, u64> = HashMap::new();
    entries
        .iter()
        .map(|entry| {
            let name = entry.span.file.rsplit(['/', '\\']).next().unwrap_or_default();
            let words: Vec<&str> = entry.line_text.split_whitespace().collect();
            let key = hash(&[entry.rule.id, name, &words.join(" ")]);
            let number = seen.entry(key).or_default();
            *number += 1;
            format!("{:016x}", hash(&[&key.to_string(), &number.to_string()]))
        })
        .collect()
}

/// FNV-1a, 64 bits: the same in every version and on every machine.
fn hash(parts: &[&str]) -> u64 {
    let bytes = parts.iter().flat_map(|part| part.bytes().chain([0]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Writes the findings of a report as a baseline.
pub(super) fn write(path: &Path, entries: &[Entry]) -> Result<(), String> {
    let findings: Vec<Value> = entries
        .iter()
        .zip(fingerprints(entries))
        .map(|(entry, fingerprint)| {
            json!({ "fingerprint": fingerprint, "rule": entry.rule.id, "file": entry.span.file })
        })
        .collect();
    let baseline = json!({ "version": VERSION, "findings": findings });
    let text = serde_json::to_string_pretty(&baseline).map_err(|error| error.to_string())?;
    let text = text + "\n";
    replace(path, text.as_bytes()).map_err(|error| format!("{}: {error}", path.display()))
}

/// A baseline as it is written.
#[derive(Deserialize)]
struct Written<'a> {
    version: Option<u64>,
    #[serde(borrow, default)]
    findings: Vec<Known<'a>>,
}

#[derive(Deserialize)]
struct Known<'a> {
    #[serde(borrow)]
    fingerprint: Option<Cow<'a, str>>,
}

/// The findings of a report that a baseline does not know.
pub(super) fn new_ones(path: &Path, entries: Vec<Entry>) -> Result<Vec<Entry>, String> {
    let shown = path.display();
    let text = files::read_text(path, Kind::Baseline).map_err(|e| format!("{shown}: {e}"))?;
    let written: Written<'_> =
        serde_json::from_str(&text).map_err(|error| format!("{shown}: {error}"))?;
    if written.version != Some(VERSION) {
        return Err(format!("{shown}: no baseline of version {VERSION}"));
    }
    let known: BTreeSet<&str> =
        written.findings.iter().filter_map(|finding| finding.fingerprint.as_deref()).collect();
    let fingerprints = fingerprints(&entries);
    let new = entries.into_iter().zip(fingerprints);
    Ok(new.filter(|(_, f)| !known.contains(f.as_str())).map(|(entry, _)| entry).collect())
}
