//! SARIF 2.1.0 of a report.

use std::{
    collections::BTreeSet,
    path::{Component, Path},
};

use bpf::{diagnostic::Severity, rule::Rule};
use ide::rules;
use serde_json::{Value, json};
use serde_sarif::sarif::Sarif;
use url::Url;

use super::{
    baseline,
    report::{Entry, Span},
};

/// The report as one SARIF log with one run. It goes through the typed model of the format, so what
/// is not SARIF is an error here and not with the reader.
pub(super) fn print(entries: &[Entry]) -> Result<String, String> {
    let broken: BTreeSet<&Rule> = entries.iter().map(|entry| entry.rule).collect();
    let ids: Vec<&str> = broken.iter().map(|rule| rule.id).collect();
    let rules: Vec<Value> = broken
        .iter()
        .map(|rule| {
            json!({
                "id": rule.id,
                "shortDescription": { "text": rule.title },
                "fullDescription": { "text": format!("{} {}", rule.happens, rule.why) },
                "help": { "text": rule.fix },
                "helpUri": rules::page_url(rule),
                "defaultConfiguration": { "level": level(rule.severity) },
            })
        })
        .collect();
    let results: Vec<Value> = entries
        .iter()
        .zip(baseline::fingerprints(entries))
        .map(|(entry, fingerprint)| {
            let mut result = result(entry, &ids);
            result["partialFingerprints"] = json!({ "lineText/v1": fingerprint });
            result
        })
        .collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "bpf-lsp",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "originalUriBaseIds": bases(),
            "columnKind": "utf16CodeUnits",
            "results": results,
        }],
    });
    let log: Sarif = serde_json::from_value(log).map_err(|error| error.to_string())?;
    let text = serde_json::to_string_pretty(&log).map_err(|error| error.to_string())?;
    Ok(text + "\n")
}

fn result(entry: &Entry, ids: &[&str]) -> Value {
    let related: Vec<Value> = entry
        .related
        .iter()
        .enumerate()
        .map(|(n, related)| {
            let mut location = location(&related.span);
            location["id"] = json!(n);
            location["message"] = message(&related.message);
            location
        })
        .collect();
    let mut result = json!({
        "ruleId": entry.rule.id,
        "level": level(entry.severity),
        "message": message(&entry.message),
        "locations": [location(&entry.span)],
    });
    if let Some(index) = ids.iter().position(|id| *id == entry.rule.id) {
        result["ruleIndex"] = json!(index);
    }
    if !related.is_empty() {
        result["relatedLocations"] = json!(related);
    }
    result
}

fn location(span: &Span) -> Value {
    json!({
        "physicalLocation": {
            "artifactLocation": artifact(&span.path),
            "region": {
                "startLine": span.line,
                "startColumn": span.utf16.0,
                "endLine": span.end_line,
                "endColumn": span.utf16.1,
            },
        },
    })
}

/// Where a file is: `file://` for absolute paths; relative ones are those of the folder that the check
/// ran in. Whatever bytes its name has, the URI is that of the file.
fn artifact(path: &Path) -> Value {
    if let Ok(url) = Url::from_file_path(path) {
        return json!({ "uri": url.as_str() });
    }
    let mut uri = String::new();
    for part in path.components() {
        let Component::Normal(name) = part else { continue };
        if !uri.is_empty() {
            uri.push('/');
        }
        for byte in name.as_encoded_bytes() {
            match byte {
                b'-' | b'.' | b'_' | b'~' => uri.push(char::from(*byte)),
                byte if byte.is_ascii_alphanumeric() => uri.push(char::from(*byte)),
                byte => uri.push_str(&format!("%{byte:02X}")),
            }
        }
    }
    json!({ "uri": uri, "uriBaseId": BASE })
}

/// The folder that relative URIs are of, by the name that CodeQL gives it.
const BASE: &str = "%SRCROOT%";

fn bases() -> Value {
    let here = std::env::current_dir().ok().and_then(|here| Url::from_directory_path(here).ok());
    here.map_or_else(|| json!({}), |here| json!({ BASE: { "uri": here.as_str() } }))
}

/// A message. Brackets before a parenthesis would be a link (SARIF 2.1.0, section 3.11.6).
fn message(text: &str) -> Value {
    if !text.contains("](") {
        return json!({ "text": text });
    }
    json!({ "text": text.replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]") })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Information | Severity::Hint => "note",
    }
}
