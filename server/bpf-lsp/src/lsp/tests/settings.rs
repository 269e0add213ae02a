//! The settings that the VS Code extension declares are those that the server reads.

use serde_json::{Map, Value, json};

use crate::{lsp::settings::Settings, project};

fn declared() -> Map<String, Value> {
    let package = include_str!("../../../../../vscode-ext/package.json");
    let package: Value = serde_json::from_str(package).unwrap();
    let properties = &package["contributes"]["configuration"]["properties"];
    let settings = properties.as_object().unwrap().iter();
    let settings = settings.map(|(key, value)| (key["bpf-lsp.".len()..].to_owned(), value.clone()));
    settings.collect()
}

/// Settings with one of the project's.
fn of_project(set: impl FnOnce(&mut project::Settings)) -> Settings {
    let mut settings = Settings::default();
    set(&mut settings.project);
    settings
}

/// A value that differs from the default, and what it becomes.
fn other(key: &str) -> (Value, Settings) {
    let default = Settings::default();
    let texts = || vec!["a".to_owned(), "b".to_owned()];
    match key {
        "vmlinux.path" => {
            (json!("/v"), of_project(|project| project.vmlinux_path = Some("/v".to_owned())))
        }
        "includePaths" => {
            (json!(["a", "b"]), of_project(|project| project.include_paths = texts()))
        }
        "target" => {
            (json!("bpfeb"), of_project(|project| project.target = Some("bpfeb".to_owned())))
        }
        "skeletons" => {
            let one = ("one.skel.h".to_owned(), vec!["a".to_owned()]);
            let both = ("two.skel.h".to_owned(), texts());
            let value = json!({ "one.skel.h": "a", "two.skel.h": ["a", "b"] });
            (value, of_project(|project| project.skeletons = vec![one, both]))
        }
        "diagnostics.enable" => (json!(false), Settings { diagnostics: false, ..default }),
        "diagnostics.disabled" => {
            (json!(["a", "b"]), Settings { disabled_rules: texts(), ..default })
        }
        "inlayHints.offsets" => (json!(true), Settings { inlay_offsets: true, ..default }),
        "object.path" => {
            let path = Some("out/{name}.o".to_owned());
            (json!("out/{name}.o"), of_project(|project| project.object_path = path))
        }
        "buildAndVerify.enable" => (json!(true), Settings { build_and_verify: true, ..default }),
        // The client's own.
        "server.path" | "trace.server" => (json!("x"), default),
        "server.extraEnv" => (json!({ "A": "b" }), default),
        _ => panic!("the server does not know {key}"),
    }
}

fn nested(key: &str, value: &Value) -> Value {
    key.rsplit('.').fold(value.clone(), |value, part| json!({ part: value }))
}

#[test]
fn every_declared_setting_is_read() {
    for (key, property) in declared() {
        let (value, expected) = other(&key);
        for value in [
            json!({ &key: value }),
            nested(&key, &value),
            json!({ "bpf-lsp": nested(&key, &value) }),
        ] {
            assert_eq!(Settings::read(&value), (expected.clone(), Vec::new()), "{value}");
        }
        // The declared default is the server's, and `null` is no value.
        for value in [&property["default"], &Value::Null] {
            let read = Settings::read(&json!({ &key: value }));
            assert_eq!(read, (Settings::default(), Vec::new()), "{key}: {value}");
        }
    }
}

#[test]
fn a_wrong_type_is_warned_of_and_leaves_the_default() {
    for (key, _) in declared() {
        if key.starts_with("server.") || key.starts_with("trace.") {
            continue;
        }
        for wrong in [json!(1), json!([1]), json!({ "a": 1 })] {
            let read = Settings::read(&json!({ &key: wrong }));
            let warning = format!("setting `{key}` has a value of the wrong type");
            assert_eq!(read, (Settings::default(), vec![warning]), "{key}: {wrong}");
        }
    }
    // An empty text is none.
    for key in ["vmlinux.path", "target", "object.path"] {
        assert_eq!(Settings::read(&json!({ key: "" })), (Settings::default(), Vec::new()));
    }
}

/// No setting lies deeper than two names: what does is not looked for in it.
#[test]
fn names_end_at_three() {
    let (_, warnings) = Settings::read(&json!({ "a": { "b": { "c": { "d": true } } } }));
    assert_eq!(warnings, ["unknown setting `a.b.c`"]);
}
