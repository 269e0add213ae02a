//! The programs that the server starts: which they are, under strace, and that none outlives it.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, SystemTime},
};

use bpf_lsp_tests::{
    binary,
    lsp_client::{Client, HANG},
    workspace::{Workspace, object},
};
use serde_json::{Value, json};

const PROGRAM: &str = "hits.bpf.c";

fn on() -> Value {
    json!({ "buildAndVerify": { "enable": true }, "workspaceTrusted": true })
}

/// A database with one command, for a program of that folder.
fn database(folder: &Path, arguments: &[&str]) -> String {
    let mut all = arguments.to_vec();
    all.extend(["-c", PROGRAM, "-o", "hits.bpf.o"]);
    json!([{ "directory": folder, "file": folder.join(PROGRAM), "arguments": all }]).to_string()
}

/// Starts the server through another program, in a workspace of these folders.
fn start(mut through: Command, folders: &[&Path], options: &Value) -> Client {
    through.arg(binary::path()).arg("--stdio");
    let mut client = Client::spawn_by(&mut through);
    let uri = |folder: &Path| url::Url::from_file_path(folder).unwrap();
    let folders: Vec<Value> =
        folders.iter().map(|folder| json!({ "uri": uri(folder), "name": "workspace" })).collect();
    client.initialize_with(json!({
        "capabilities": {}, "workspaceFolders": folders, "initializationOptions": options,
    }));
    client
}

/// Opens and saves the program of a folder; the log says what became of it, where anything is said.
fn save(client: &mut Client, folder: &Path) {
    let path = folder.join(PROGRAM);
    let uri = url::Url::from_file_path(&path).unwrap().to_string();
    client.open(&uri, &fs::read_to_string(path).unwrap());
    client.diagnostics(&uri, 1);
    client.save(&uri);
}

fn log(client: &mut Client) -> String {
    let log = client.until(|m| m["method"] == "window/logMessage");
    log["params"]["message"].as_str().unwrap().to_owned()
}

mod traced {
    use super::*;

    /// A place with a program in `in/`, and beside it in `out/` what would run there if it were asked.
    struct Hostile(Workspace);

    impl Hostile {
        fn new() -> Hostile {
            let place = Workspace::default();
            place.write(&format!("in/{PROGRAM}"), place.read(PROGRAM));
            place.write("out/cc", "#!/bin/sh\nexit 1\n");
            Command::new("chmod").args(["+x"]).arg(place.path("out/cc")).status().unwrap();
            // What the server reads of a project says nothing of the programs that it runs.
            place.write("out/Makefile", "X := $(shell touch made)\nall:\n\ttouch made\n");
            place.write("out/.bpf-lsp.toml", "[toolchain]\nclang = \"$(touch made)\"\n");
            symlink(place.path("out/Makefile"), place.path("in/Makefile")).unwrap();
            symlink(place.path("out/.bpf-lsp.toml"), place.path("in/.bpf-lsp.toml")).unwrap();
            Hostile(place)
        }

        fn inside(&self) -> PathBuf {
            self.0.path("in")
        }

        /// Saves the program in a session under strace, and compares the programs that ran. `said` is
        /// what the log has to say.
        fn check(&self, folders: &[&Path], options: &Value, said: Option<&str>, ran: &[&str]) {
            let trace = self.0.path("trace.txt");
            let mut strace = Command::new("strace");
            strace.args(["-f", "-qq", "-s", "4096", "-e", "trace=execve,execveat", "-o"]);
            strace.arg(&trace);
            let mut client = start(strace, folders, options);
            save(&mut client, &self.inside());
            if let Some(said) = said {
                let log = log(&mut client);
                assert!(log.contains(said), "{log}");
            }
            assert_eq!(client.shut_down(), Some(0));
            let trace = fs::read_to_string(trace).unwrap();
            let programs: Vec<&str> = trace
                .lines()
                .filter(|line| line.contains("exec") && !line.contains("resumed"))
                .filter_map(|line| line.split('"').nth(1))
                .collect();
            let own = binary::path().to_str().unwrap();
            let expected: Vec<&str> = [own].iter().chain(ran).copied().collect();
            assert_eq!(programs.len(), expected.len(), "{trace}");
            assert!(expected.iter().all(|program| programs.contains(program)), "{trace}");
            assert!(!self.0.path("in/made").exists());
        }

        /// Nothing runs but the server; the log says what lies elsewhere.
        fn check_refused(&self, what: &str) {
            let said = format!("{what} lies outside the workspace");
            self.check(&[&self.inside()], &on(), Some(&said), &[]);
        }
    }

    /// Whether programs can be traced here; where not, the test says that it was skipped.
    fn can_trace() -> bool {
        let runs = Command::new("strace").args(["-o", "/dev/null", "true"]).status();
        let can = runs.is_ok_and(|status| status.success());
        if !can {
            eprintln!("SKIPPED: strace is missing or may not trace (tests/tools/setup trace)");
        }
        can
    }

    #[test]
    fn what_the_workspace_names_runs() {
        if !can_trace() {
            return;
        }
        let place = Hostile::new();
        let folder = place.inside();
        // Its options are not those of our own program.
        let command = database(&folder, &["/bin/false", "--help", "--", "-V"]);
        place.0.write("in/compile_commands.json", command);
        let own = "/proc/self/exe";
        let ran = ["/bin/false", own, own];
        place.check(&[&folder], &on(), Some("not built on save: the compiler failed"), &ran);
    }

    #[test]
    fn a_database_above_the_workspace_chooses_nothing() {
        if !can_trace() {
            return;
        }
        let place = Hostile::new();
        let text = database(&place.inside(), &["/bin/false"]);
        place.0.write("compile_commands.json", &text);
        place.check_refused("/compile_commands.json");
        // Nor does one in the build folder above it.
        fs::remove_file(place.0.path("compile_commands.json")).unwrap();
        place.0.write("build/compile_commands.json", &text);
        place.check_refused("/build/compile_commands.json");
    }

    #[test]
    fn what_links_lead_to_chooses_nothing() {
        if !can_trace() {
            return;
        }
        let place = Hostile::new();
        let inside = place.inside();
        place.0.write("out/compile_commands.json", database(&inside, &["/bin/false"]));
        let json = inside.join("compile_commands.json");
        symlink(place.0.path("out/compile_commands.json"), &json).unwrap();
        place.check_refused("/in/compile_commands.json");
        fs::remove_file(&json).unwrap();
        symlink(place.0.path("out/cc"), inside.join("cc")).unwrap();
        place.0.write("in/compile_commands.json", database(&inside, &["./cc"]));
        place.check_refused("/in/./cc");
        // A folder that the command runs in, and a file that its arguments come from.
        place.0.write("out/args", "-O2");
        symlink(place.0.path("out/args"), inside.join("args")).unwrap();
        place.0.write("in/compile_commands.json", database(&inside, &["/bin/false", "@args"]));
        place.check_refused("/in/args");
        let elsewhere = database(&inside, &["/bin/false"]).replace(
            &format!("\"directory\":\"{}\"", inside.display()),
            "\"directory\":\"../out\"",
        );
        place.0.write("in/compile_commands.json", elsewhere);
        place.check_refused("/out");
    }

    #[test]
    fn a_compiler_beside_the_workspace_does_not_run() {
        if !can_trace() {
            return;
        }
        let place = Hostile::new();
        let text = database(&place.inside(), &["../out/cc"]);
        place.0.write("in/compile_commands.json", text);
        place.check_refused("/in/../out/cc");
    }

    #[test]
    fn nothing_runs_without_trust_or_a_folder() {
        if !can_trace() {
            return;
        }
        let place = Hostile::new();
        let folder = place.inside();
        place.0.write("in/compile_commands.json", database(&folder, &["/bin/false"]));
        let untrusted = json!({ "buildAndVerify": { "enable": true } });
        place.check(&[&folder], &untrusted, None, &[]);
        place.check(&[], &on(), Some("no folder is open"), &[]);
    }
}

mod ends {
    use super::*;

    /// A workspace whose compiler starts two that stay, and tells their numbers.
    struct Stays {
        workspace: Workspace,
        temporary: tempfile::TempDir,
    }

    impl Stays {
        fn new() -> Stays {
            let workspace = Workspace::default();
            workspace.write(
                "cc.sh",
                "sleep 10000 &\necho $! >fourth\nsh -c 'sleep 10000 & echo $! >third; wait' &\necho $! >second\n\
                 while ! test -s third; do sleep 0.01; done\necho $$ >first\nsleep 10000\n",
            );
            let text = database(workspace.root(), &["/bin/sh", "cc.sh"]);
            workspace.write("compile_commands.json", text);
            Stays { workspace, temporary: tempfile::tempdir().unwrap() }
        }

        /// A session whose compiler runs, and the numbers of what it started.
        fn start(&self) -> (Client, Vec<u32>) {
            let mut env = Command::new("env");
            // Whoever runs the tests may ignore some (`nohup`), and what is started inherits that.
            env.arg("--default-signal");
            env.arg(format!("TMPDIR={}", self.temporary.path().display()));
            let mut client = start(env, &[self.workspace.root()], &on());
            save(&mut client, self.workspace.root());
            let read = |name: &str| {
                let path = self.workspace.path(name);
                until(name, || fs::read_to_string(&path).is_ok_and(|text| text.ends_with('\n')));
                fs::read_to_string(path).unwrap().trim().parse().unwrap()
            };
            // The first is written last.
            let numbers = ["first", "second", "third", "fourth"].map(read).to_vec();
            assert!(numbers.iter().all(|number| runs(*number)));
            assert_eq!(self.folders(), 1);
            (client, numbers)
        }

        fn folders(&self) -> usize {
            fs::read_dir(self.temporary.path()).unwrap().count()
        }

        fn check_all_ends(&self, numbers: &[u32]) {
            until("the compiler ends", || !numbers.iter().any(|number| runs(*number)));
            until("the folder is removed", || self.folders() == 0);
        }
    }

    /// Whether a process runs; one that has ended and that nobody has waited for does not.
    fn runs(number: u32) -> bool {
        let stat = fs::read_to_string(format!("/proc/{number}/stat")).unwrap_or_default();
        let state = stat.rsplit(") ").next().and_then(|rest| rest.chars().next());
        state.is_some_and(|state| !matches!(state, 'Z' | 'X'))
    }

    fn until(what: &str, holds: impl Fn() -> bool) {
        let begin = std::time::Instant::now();
        while !holds() {
            assert!(begin.elapsed() < HANG, "never: {what}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn kill(signal: &str, number: u32) {
        let number = number.to_string();
        assert!(Command::new("kill").args(["-s", signal, &number]).status().unwrap().success());
    }

    fn children(number: u32) -> Vec<u32> {
        let tasks = fs::read_dir(format!("/proc/{number}/task")).unwrap().flatten();
        let texts = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
        texts
            .flat_map(|t| t.split(' ').filter_map(|n| n.parse().ok()).collect::<Vec<_>>())
            .collect()
    }

    #[test]
    fn signals_to_the_server_end_the_compiler_and_remove_its_folder() {
        use std::os::unix::process::ExitStatusExt;
        for (signal, number) in [("TERM", 15), ("HUP", 1), ("INT", 2), ("QUIT", 3), ("KILL", 9)] {
            let stays = Stays::new();
            let (mut client, numbers) = stays.start();
            kill(signal, client.id());
            assert_eq!(client.wait_status().signal(), Some(number), "{signal}");
            stays.check_all_ends(&numbers);
        }
    }

    #[test]
    fn the_compiler_ends_where_server_and_watcher_are_killed_at_once() {
        let stays = Stays::new();
        let (mut client, numbers) = stays.start();
        let watcher: Vec<u32> =
            children(client.id()).into_iter().filter(|child| *child != numbers[0]).collect();
        let [watcher] = watcher[..] else { panic!("{watcher:?}") };
        kill("STOP", watcher);
        kill("KILL", client.id());
        client.wait_status();
        until("the compiler ends", || !runs(numbers[0]));
        assert_eq!(stays.folders(), 1);
        kill("KILL", watcher);
        for number in &numbers[1..] {
            kill("KILL", *number);
        }
        // Much later another server builds.
        let folder = fs::read_dir(stays.temporary.path()).unwrap().next().unwrap().unwrap().path();
        let long_ago = SystemTime::now() - Duration::from_secs(24 * 3600);
        fs::File::open(&folder).unwrap().set_modified(long_ago).unwrap();
        for file in ["first", "second", "third", "fourth"] {
            fs::remove_file(stays.workspace.path(file)).unwrap();
        }
        let (mut client, numbers) = stays.start();
        assert!(!folder.exists());
        assert_eq!(client.shut_down(), Some(0));
        stays.check_all_ends(&numbers);
    }

    #[test]
    fn the_end_of_the_session_ends_the_compiler() {
        let stays = Stays::new();
        let (mut client, numbers) = stays.start();
        assert_eq!(client.shut_down(), Some(0));
        stays.check_all_ends(&numbers);
        // So does the end of its input, which editors that die leave behind.
        let stays = Stays::new();
        let (mut client, numbers) = stays.start();
        client.stdin = None;
        client.wait();
        stays.check_all_ends(&numbers);
    }

    #[test]
    fn what_a_compiler_leaves_behind_ends_with_it() {
        let stays = Stays::new();
        stays.workspace.write("object", object());
        stays.workspace.write(
            "cc.sh",
            "sleep 10000 &\necho $! >first\nfor a; do\n  test \"$o\" && out=$a; o=\n  test \"$a\" = -o && o=1\n\
             done\ncat object >\"$out\"\n",
        );
        let mut env = Command::new("env");
        env.arg(format!("TMPDIR={}", stays.temporary.path().display()));
        let mut client = start(env, &[stays.workspace.root()], &on());
        save(&mut client, stays.workspace.root());
        assert_eq!(log(&mut client), "bpf-lsp: hits.bpf.c: built on save");
        let number: u32 = stays.workspace.read("first").trim().parse().unwrap();
        stays.check_all_ends(&[number]);
    }

    #[test]
    fn a_compiler_that_nobody_waits_for_ends_with_all_it_started() {
        let stays = Stays::new();
        let (mut client, numbers) = stays.start();
        let uri = stays.workspace.uri(PROGRAM);
        client.notify("textDocument/didClose", json!({ "textDocument": { "uri": uri } }));
        stays.check_all_ends(&numbers);
        // So does one in a workspace that is trusted no more.
        let stays = Stays::new();
        let (mut client, numbers) = stays.start();
        client.notify("bpf-lsp/workspaceTrust", json!({ "trusted": false }));
        stays.check_all_ends(&numbers);
    }

    #[test]
    fn the_watcher_removes_nothing_that_is_not_a_builds() {
        let folder = tempfile::tempdir().unwrap();
        let mut watcher = Command::new(binary::path());
        watcher.args(["internal-watch", "999999"]).arg(folder.path());
        let status = watcher.stdin(std::process::Stdio::null()).status().unwrap();
        assert!(status.success());
        assert!(folder.path().exists());
    }
}
