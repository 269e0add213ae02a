//! SARIF 2.1.0 of a report.

use std::collections::BTreeSet;

use bpf::{diagnostic::Severity, rules::registry};
use serde_json::{Value, json};
use serde_sarif::sarif::Sarif;

use super::{
    baseline,
    report::{Entry, Span},
};

/// The report as one SARIF log with one run. It goes through the typed model of the format, so what
/// is not SARIF is an error here and not with the reader.
pub(super) fn print(entries: &[Entry]) -> Result<String, String> {
    let ids: BTreeSet<&str> = entries.iter().map(|entry| entry.rule.0).collect();
    let ids: Vec<&str> = ids.into_iter().collect();
    let rules: Vec<Value> = ids
        .iter()
        .filter_map(|id| registry::find(id))
        .map(|rule| {
            json!({
                "id": rule.id.0,
                "shortDescription": { "text": rule.title },
                "fullDescription": { "text": rule.explanation },
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
            location["message"] = json!({ "text": related.message });
            location
        })
        .collect();
    let mut result = json!({
        "ruleId": entry.rule.0,
        "level": level(entry.severity),
        "message": { "text": entry.message },
        "locations": [location(&entry.span)],
    });
    if let Some(index) = ids.iter().position(|id| *id == entry.rule.0) {
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
            "artifactLocation": { "uri": uri(&span.file) },
            "region": {
                "startLine": span.line,
                "startColumn": span.utf16.0,
                "endLine": span.end_line,
                "endColumn": span.utf16.1,
            },
        },
    })
}

/// A URI reference: `file://` for absolute paths, relative ones as they are, percent-encoded.
fn uri(file: &str) -> String {
    if let Ok(url) = url::Url::from_file_path(file) {
        return url.to_string();
    }
    let Ok(base) = url::Url::parse("file:///") else { return file.to_owned() };
    base.join(&file.replace('%', "%25").replace('#', "%23").replace('?', "%3F"))
        .map_or_else(|_| file.to_owned(), |url| url.path().trim_start_matches('/').to_owned())
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Information | Severity::Hint => "note",
    }
}
