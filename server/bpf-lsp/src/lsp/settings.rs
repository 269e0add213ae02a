//! The user's settings: one struct, the same shape from `initializationOptions`,
//! `workspace/configuration` and `workspace/didChangeConfiguration`.
//!
//! Keys may come nested (`{"diagnostics": {"enable": false}}`), dotted (`{"diagnostics.enable": false}`)
//! or inside a `bpf-lsp` object. What is not known is warned about and ignored, never an error.

use serde_json::Value;

use crate::project;

/// `workspaceTrusted` among the `initializationOptions`: whether the user trusts the workspace. It is no
/// setting, since a workspace can bring settings of its own.
pub(crate) const TRUSTED: &str = "workspaceTrusted";

/// Settings with their defaults.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Settings {
    /// What concerns the project on disk.
    pub(crate) project: project::Settings,
    /// `diagnostics.enable`
    pub(crate) diagnostics: bool,
    /// `diagnostics.disabled`: ids of rules that stay silent.
    pub(crate) disabled_rules: Vec<String>,
    /// `inlayHints.offsets`
    pub(crate) inlay_offsets: bool,
    /// `buildAndVerify.enable`
    pub(crate) build_and_verify: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            project: project::Settings::default(),
            diagnostics: true,
            disabled_rules: Vec::new(),
            inlay_offsets: false,
            build_and_verify: false,
        }
    }
}

impl Settings {
    /// Reads settings from JSON. Returns them with one warning for each key that is unknown or has a
    /// value of the wrong type; such keys keep their default.
    pub(crate) fn read(value: &Value) -> (Settings, Vec<String>) {
        let mut settings = Settings::default();
        let mut warnings = Vec::new();
        let value = value.get("bpf-lsp").unwrap_or(value);
        match value {
            Value::Null => {}
            Value::Object(_) => settings.read_object("", value, &mut warnings),
            _ => warnings.push("the settings are not an object".to_owned()),
        }
        (settings, warnings)
    }

    fn read_object(&mut self, prefix: &str, value: &Value, warnings: &mut Vec<String>) {
        for (key, value) in value.as_object().into_iter().flatten() {
            let key = format!("{prefix}{key}");
            let known = match key.as_str() {
                "vmlinux.path" => set_text(&mut self.project.vmlinux_path, value),
                "includePaths" => set_list(&mut self.project.include_paths, value),
                "target" => set_text(&mut self.project.target, value),
                "skeletons" => set_skeletons(&mut self.project.skeletons, value),
                "diagnostics.enable" => set_bool(&mut self.diagnostics, value),
                "diagnostics.disabled" => set_list(&mut self.disabled_rules, value),
                "inlayHints.offsets" => set_bool(&mut self.inlay_offsets, value),
                "object.path" => set_text(&mut self.project.object_path, value),
                "buildAndVerify.enable" => set_bool(&mut self.build_and_verify, value),
                // The client's own: where the server is, how it is started, what is traced.
                "server.path" | "server.extraEnv" | "trace.server" | TRUSTED => true,
                _ if value.is_object() && key.matches('.').count() < 2 => {
                    self.read_object(&format!("{key}."), value, warnings);
                    continue;
                }
                _ => {
                    warnings.push(format!("unknown setting `{key}`"));
                    continue;
                }
            };
            if !known && !value.is_null() {
                warnings.push(format!("setting `{key}` has a value of the wrong type"));
            }
        }
    }
}

fn set_text(into: &mut Option<String>, value: &Value) -> bool {
    if let Value::String(text) = value {
        *into = (!text.is_empty()).then(|| text.clone());
        return true;
    }
    false
}

fn set_bool(into: &mut bool, value: &Value) -> bool {
    if let Value::Bool(flag) = value {
        *into = *flag;
        return true;
    }
    false
}

fn set_skeletons(into: &mut Vec<(String, Vec<String>)>, value: &Value) -> bool {
    let Value::Object(headers) = value else { return false };
    let mut all = Vec::new();
    for (header, sources) in headers {
        let mut list = Vec::new();
        let one = set_text_list(&mut list, sources);
        if !one {
            return false;
        }
        all.push((header.clone(), list));
    }
    *into = all;
    true
}

/// A text, or a list of texts.
fn set_text_list(into: &mut Vec<String>, value: &Value) -> bool {
    match value {
        Value::String(text) => {
            into.push(text.clone());
            true
        }
        value => set_list(into, value),
    }
}

fn set_list(into: &mut Vec<String>, value: &Value) -> bool {
    let Value::Array(items) = value else { return false };
    let texts: Option<Vec<_>> = items.iter().map(|i| i.as_str().map(str::to_owned)).collect();
    if let Some(texts) = texts {
        *into = texts;
        return true;
    }
    false
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(value: Value, expect: Settings, warnings: &[&str]) {
        let (settings, found) = Settings::read(&value);
        assert_eq!(settings, expect);
        assert_eq!(found, warnings);
    }

    #[test]
    fn nested_dotted_and_wrapped_are_the_same() {
        let expect = Settings { inlay_offsets: true, ..Settings::default() };
        check(json!({"inlayHints": {"offsets": true}}), expect.clone(), &[]);
        check(json!({"inlayHints.offsets": true}), expect.clone(), &[]);
        check(json!({"bpf-lsp": {"inlayHints": {"offsets": true}}}), expect, &[]);
    }

    #[test]
    fn unknown_keys_and_wrong_types_warn_and_keep_defaults() {
        check(
            json!({"diagnostics": {"enable": "no", "colour": 1}, "x": 3}),
            Settings::default(),
            &[
                "unknown setting `diagnostics.colour`",
                "setting `diagnostics.enable` has a value of the wrong type",
                "unknown setting `x`",
            ],
        );
        check(json!(7), Settings::default(), &["the settings are not an object"]);
        check(json!(null), Settings::default(), &[]);
    }

    #[test]
    fn keys_of_the_client_are_known() {
        check(
            json!({"server": {"path": "/x", "extraEnv": {"A": "b"}}, "trace": {"server": "off"}}),
            Settings::default(),
            &[],
        );
    }
}
