//! Preprocesses files and prints how long it took: `preprocess [--tokens] FLAGS... -- FILE...`

use std::{path::Path, time::Instant};

use cfront::{
    flags::Flags,
    pp,
    session::{FileSystem, Session},
    source::Text,
};

struct Disk;

impl FileSystem for Disk {
    fn read(&self, path: &Path) -> Option<Text> {
        Some(String::from_utf8_lossy(&std::fs::read(path).ok()?).into())
    }
    fn is_file(&self, path: &Path) -> bool {
        path.is_file()
    }
}

fn resident() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = |key: &str| status.lines().find(|l| l.starts_with(key)).unwrap_or("").to_owned();
    format!("{} {}", line("VmRSS"), line("VmHWM"))
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let split = args.iter().position(|a| a == "--").unwrap_or(args.len());
    let (options, files) = args.split_at(split);
    let show = options.iter().any(|a| a == "--tokens");
    let cwd = std::env::current_dir().unwrap_or_default();
    let flags = Flags::parse(options, &cwd);
    let session = Session::new();
    for file in files.iter().skip(1) {
        let path = cwd.join(file);
        let Some(text) = Disk.read(&path) else { continue };
        for round in ["cold", "warm", "edit"] {
            let text: Text = if round == "edit" {
                format!("{text}\nint edited;\n").into()
            } else {
                text.clone()
            };
            let start = Instant::now();
            let unit = pp::preprocess(&session, &Disk, &path, text, &flags);
            let time = start.elapsed();
            println!(
                "{round} {file}: {time:?}, {} tokens, {} chunks, {} diagnostics, complete {}; {:?}",
                unit.len(),
                unit.chunks.len(),
                unit.diagnostics.len(),
                unit.complete,
                session.counters()
            );
            if show && round == "cold" {
                for d in &unit.diagnostics {
                    println!("{:?} {:?} {}", d.kind, session.path(d.range.file), d.message);
                }
                for chunk in &unit.chunks {
                    for token in chunk.tokens().iter() {
                        println!("{}", token.sym);
                    }
                }
            }
        }
    }
    println!("{}", resident());
}
