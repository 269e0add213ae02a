//! Scores the answers about torn texts against those about the whole text.
//!
//!     score_torn CORPUS_DIR [--every N] [--only TEXT] [--verbose]
//!
//! Programs of the corpus and the examples are torn as editors leave them while someone types, and
//! stripped of their headers. Of each torn text it is asked what was asked of the whole one: hovers and
//! definitions of the names around the tear, the outline, completions at the cursor, findings. Prints for
//! each kind of tear how many answers are as they were; exit code 1 when fewer are left than [`LEAST`] says.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use bpf_lsp_tests::{
    binary, environment,
    torn::{Tear, Torn},
    units::{self, Command},
};
use cfront::{flags::Flags, session::FileSystem, source::Text, token::TokenKind};
use ide::{
    Analysis, AnalysisHost, Cancellable, Change, Environment,
    environment::{FileFlags, FlagsFrom},
};

/// Names asked about for each tear, as near to it as there are.
const NEAR: usize = 10;
/// And names anywhere.
const FAR: usize = 4;

/// The corpus with the flags of its commands.
struct Corpus {
    flags: HashMap<PathBuf, Arc<FileFlags>>,
}

impl FileSystem for Corpus {
    fn read(&self, path: &Path) -> Option<Text> {
        environment::Disk.read(path)
    }

    fn is_file(&self, path: &Path) -> bool {
        path.is_file()
    }
}

impl Environment for Corpus {
    fn flags(&self, path: &Path) -> Arc<FileFlags> {
        self.flags.get(path).cloned().unwrap_or_else(|| environment::Disk.flags(path))
    }

    fn bpf_sources(&self, loader: &Path, header: &str) -> Vec<PathBuf> {
        environment::Disk.bpf_sources(loader, header)
    }

    fn loaders(&self, _: &Path) -> Vec<PathBuf> {
        Vec::new()
    }
}

/// How many of the whole text's answers are left, and how many came that it does not give.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Tally {
    asked: usize,
    same: usize,
    invented: usize,
}

impl Tally {
    fn compare<T: Ord>(&mut self, whole: &BTreeSet<T>, torn: &BTreeSet<T>) {
        self.asked += whole.len();
        self.same += whole.intersection(torn).count();
        self.invented += torn.difference(whole).count();
    }
}

type Tallies = BTreeMap<(&'static str, &'static str), Tally>;

struct Program {
    path: Arc<Path>,
    text: String,
    host: AnalysisHost,
    version: i32,
}

impl Program {
    fn set(&mut self, text: &str) -> Analysis {
        self.version += 1;
        let (path, version) = (self.path.clone(), self.version);
        self.host.apply(Change::Text { path, version, text: text.into() });
        self.host.analysis()
    }
}

fn main() -> ExitCode {
    let mut corpus = None;
    let mut only = None;
    let mut every = 1;
    let mut verbose = false;
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--every" => every = args.next().and_then(|n| n.parse().ok()).unwrap_or(1),
            "--only" => only = args.next(),
            "--verbose" => verbose = true,
            _ => corpus = Some(PathBuf::from(arg)),
        }
    }
    let Some(corpus) = corpus else {
        eprintln!("usage: score_torn CORPUS_DIR [--every N] [--only TEXT] [--verbose]");
        return ExitCode::from(2);
    };
    let commands = match units::commands(&corpus) {
        Ok(commands) => commands,
        Err(e) => {
            eprintln!("{}: {e}", corpus.display());
            return ExitCode::from(2);
        }
    };
    let chosen = commands.into_iter().step_by(every);
    let mut flags = HashMap::new();
    let mut files = Vec::new();
    for Command { file, directory, arguments, .. } in chosen {
        let read = Flags::parse(&arguments, &directory);
        flags.insert(
            file.clone(),
            Arc::new(FileFlags { flags: read, from: FlagsFrom::CommandLine }),
        );
        files.push(file);
    }
    files.extend(
        ["hits.bpf.c", "oops.bpf.c", "hits.c", "oops.c"].map(|f| binary::example().join(f)),
    );
    files.retain(|file| {
        only.as_ref().is_none_or(|only| file.to_string_lossy().contains(only.as_str()))
    });
    let environment = Arc::new(Corpus { flags });
    let mut tallies = Tallies::default();
    for (seed, file) in files.iter().enumerate() {
        if score(&environment, file, seed, verbose, &mut tallies).is_err() {
            eprintln!("{}: gave up", file.display());
        }
    }
    report(&tallies)
}

/// Of a hundred answers of each kind, how many at least are as they were. A reader by way of a
/// tree-sitter tree, which this one replaced, left 96, 91, 84, 87 and 92 of them: in a function with a torn
/// declaration it told more findings, and it invented nearly twice as many.
const LEAST: [(&str, usize); 5] =
    [("completion", 96), ("definition", 91), ("findings", 81), ("hover", 88), ("outline", 92)];

fn report(tallies: &Tallies) -> ExitCode {
    let mut sums: BTreeMap<&str, Tally> = BTreeMap::new();
    println!("{:<46} {:>6} {:>8} {:>9}", "", "asked", "same", "invented");
    for ((kind, question), tally) in tallies {
        let sum = sums.entry(question).or_default();
        sum.asked += tally.asked;
        sum.same += tally.same;
        sum.invented += tally.invented;
        line(&format!("{kind}: {question}"), *tally);
    }
    let mut code = ExitCode::SUCCESS;
    for (question, least) in LEAST {
        let sum = sums.get(question).copied().unwrap_or_default();
        line(question, sum);
        if sum.same * 100 < sum.asked * least {
            println!("fewer than {least} of 100");
            code = ExitCode::FAILURE;
        }
    }
    code
}

fn line(name: &str, tally: Tally) {
    println!("{name:<46} {:>6} {:>8} {:>9}", tally.asked, tally.same, tally.invented);
}

/// A name of the whole text, with the answers about it.
struct Asked {
    offset: usize,
    hover: Option<String>,
    definition: BTreeSet<(PathBuf, u32)>,
}

fn score(
    environment: &Arc<Corpus>,
    file: &Path,
    seed: usize,
    verbose: bool,
    tallies: &mut Tallies,
) -> Cancellable<()> {
    let Ok(text) = std::fs::read_to_string(file) else { return Ok(()) };
    let host = AnalysisHost::new(environment.clone());
    let mut program = Program { path: file.into(), text: text.clone(), host, version: 0 };
    let mut torn = Torn::new(&text, seed + 1);
    let whole = program.set(&text);
    let path = program.path.clone();
    let mut asked = Vec::new();
    for piece in torn.pieces.iter().filter(|piece| piece.kind == TokenKind::Ident) {
        let offset = piece.range.start;
        let hover = whole.hover(&path, offset as u32)?.map(|h| h.markdown.into_string());
        let definition = definitions(&whole, &path, offset)?;
        if hover.is_some() || !definition.is_empty() {
            asked.push(Asked { offset, hover, definition });
        }
    }
    let outline = outline(&whole, &path)?;
    let findings = findings(&whole, &path)?;
    let mut tears = torn.tears();
    tears.extend(torn.headerless());
    for tear in tears {
        let wanted = match (tear.cursor, tear.same_prefix) {
            (Some(_), true) => Some(completions(&program.set(&text), &path, tear.cut.start)?),
            _ => None,
        };
        let mut mistakes = Vec::new();
        let analysis = program.set(&tear.text);
        for asked in near(&asked, &tear, tear.cursor.is_none()) {
            let Some(at) = tear.map(asked.offset) else { continue };
            if let Some(whole) = &asked.hover {
                let hover = analysis.hover(&path, at as u32)?.map(|h| h.markdown.into_string());
                let tally = tallies.entry((tear.kind, "hover")).or_default();
                tally.asked += 1;
                tally.same += usize::from(hover.as_ref() == Some(whole));
                if hover.as_ref() != Some(whole) {
                    mistakes
                        .push(format!("hover {}: {hover:?}", name_at(&program.text, asked.offset)));
                }
            }
            if !asked.definition.is_empty() {
                let moved = |(file, at): &(PathBuf, u32)| {
                    let own = file.as_path() == path.as_ref();
                    let at = if own { tear.map(*at as usize)? as u32 } else { *at };
                    Some((file.clone(), at))
                };
                let whole: BTreeSet<_> = asked.definition.iter().filter_map(moved).collect();
                let torn = definitions(&analysis, &path, at)?;
                tallies.entry((tear.kind, "definition")).or_default().compare(&whole, &torn);
                if whole != torn {
                    mistakes.push(format!(
                        "definition {}: {torn:?}",
                        name_at(&program.text, asked.offset)
                    ));
                }
            }
        }
        let symbols = self::outline(&analysis, &path)?;
        tallies.entry((tear.kind, "outline")).or_default().compare(&outline, &symbols);
        if outline != symbols {
            let lost: Vec<_> = outline.difference(&symbols).collect();
            let new: Vec<_> = symbols.difference(&outline).collect();
            mistakes.push(format!("outline: lost {lost:?}, new {new:?}"));
        }
        let moved =
            |(rule, at): &(String, u32)| Some((rule.clone(), tear.map(*at as usize)? as u32));
        let whole: BTreeSet<_> = findings.iter().filter_map(moved).collect();
        let found = self::findings(&analysis, &path)?;
        tallies.entry((tear.kind, "findings")).or_default().compare(&whole, &found);
        if whole != found {
            let lost: Vec<_> = whole.difference(&found).collect();
            let new: Vec<_> = found.difference(&whole).collect();
            mistakes.push(format!("findings: lost {lost:?}, new {new:?}"));
        }
        if let (Some(cursor), Some(wanted)) = (tear.cursor, wanted) {
            let labels = completions(&analysis, &path, cursor)?;
            tallies.entry((tear.kind, "completion")).or_default().compare(&wanted, &labels);
            if wanted != labels {
                mistakes.push(format!("completion: {} of {}", labels.len(), wanted.len()));
            }
        }
        if verbose && !mistakes.is_empty() {
            let (from, to) =
                (tear.cut.start.saturating_sub(60), tear.cut.start + tear.inserted + 30);
            let around =
                String::from_utf8_lossy(&tear.text.as_bytes()[from..to.min(tear.text.len())]);
            println!("{} {}\n>>>{around}<<<", file.display(), tear.kind);
            for mistake in mistakes {
                println!("    {mistake}");
            }
        }
    }
    Ok(())
}

fn name_at(text: &str, offset: usize) -> &str {
    let rest = &text[offset..];
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    &rest[..end]
}

/// The names to ask about: around the tear, and some in the whole file.
fn near<'a>(asked: &'a [Asked], tear: &Tear, all: bool) -> Vec<&'a Asked> {
    let at = asked.partition_point(|asked| asked.offset < tear.cut.start);
    let (from, to) = (at.saturating_sub(NEAR), (at + NEAR).min(asked.len()));
    let far = if all { asked.len().div_ceil(100) } else { asked.len().div_ceil(FAR) };
    let mut near: Vec<&Asked> = asked.iter().step_by(far.max(1)).collect();
    near.extend(asked.get(from..to).unwrap_or(&[]));
    near
}

fn definitions(
    analysis: &Analysis,
    path: &Path,
    offset: usize,
) -> Cancellable<BTreeSet<(PathBuf, u32)>> {
    let places = analysis.definition(path, offset as u32)?;
    Ok(places.into_iter().map(|place| (place.path.to_path_buf(), place.range.start)).collect())
}

fn outline(analysis: &Analysis, path: &Path) -> Cancellable<BTreeSet<(String, String)>> {
    let symbols = analysis.document_symbols(path)?;
    Ok(symbols
        .into_iter()
        .map(|symbol| (symbol.name, format!("{:?} {}", symbol.kind, symbol.detail)))
        .collect())
}

fn findings(analysis: &Analysis, path: &Path) -> Cancellable<BTreeSet<(String, u32)>> {
    let found = analysis.findings(path)?;
    Ok(found.into_iter().map(|finding| (finding.rule.id.to_owned(), finding.range.start)).collect())
}

fn completions(analysis: &Analysis, path: &Path, offset: usize) -> Cancellable<BTreeSet<String>> {
    let found = analysis.completions(path, offset as u32)?;
    Ok(found.into_iter().map(|completion| completion.label).collect())
}
