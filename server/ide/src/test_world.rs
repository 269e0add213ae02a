//! Test inputs: the files of a project in one text, with the cursor as `$0`. BPF sources lie beside
//! their loaders.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use cfront::{
    fixture::{self, Fixture},
    flags::Flags,
    session::{FileSystem, MemoryFileSystem},
    source::Text,
};

use crate::{
    Analysis, AnalysisHost, Change, Environment,
    answer::Place,
    environment::{FileFlags, FlagsFrom, ProjectFiles},
    rename::Language,
};

struct Files {
    files: MemoryFileSystem,
    fixture: Fixture,
}

impl Files {
    fn sources(&self, wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
        let paths = self.fixture.files.iter().map(|(path, _)| path);
        paths.filter(|path| wanted(&path.to_string_lossy())).cloned().collect()
    }
}

impl FileSystem for Files {
    fn read(&self, path: &Path) -> Option<Text> {
        self.files.read(path)
    }
    fn is_file(&self, path: &Path) -> bool {
        self.files.is_file(path)
    }
}

impl Environment for Files {
    fn flags(&self, _: &Path) -> Arc<FileFlags> {
        Arc::new(FileFlags { flags: Flags::default(), from: FlagsFrom::CommandLine })
    }
    fn bpf_sources(&self, loader: &Path, header: &str) -> Vec<PathBuf> {
        let stem = header.split('.').next().unwrap_or_default();
        let beside = loader.with_file_name(format!("{stem}.bpf.c"));
        let named = PathBuf::from(format!("/bpf/{stem}.bpf.c"));
        vec![beside, named, PathBuf::from(format!("/elsewhere/{stem}.bpf.c"))]
    }
    fn loaders(&self, program: &Path) -> Vec<PathBuf> {
        self.sources(|path| {
            let beside = Path::new(path).parent() == program.parent();
            path.ends_with(".c") && !path.ends_with(".bpf.c") && beside
        })
    }
    fn neighbours(&self, program: &Path) -> Vec<PathBuf> {
        self.sources(|path| path.ends_with(".c") && Path::new(path).parent() == program.parent())
    }
    fn project_files(&self, _: &Path) -> ProjectFiles {
        let files = self.sources(|path| Language::of(Path::new(path)).is_some());
        ProjectFiles { root: PathBuf::from("/"), files, cut: false }
    }
}

/// A project with a cursor.
pub(crate) struct World {
    pub(crate) analysis: Analysis,
    pub(crate) path: PathBuf,
    pub(crate) offset: u32,
}

/// The project of a fixture; the file with the cursor is open.
pub(crate) fn world(text: &str) -> World {
    let fixture = fixture::parse(text);
    let (path, offset) = fixture.cursor.clone().expect("a cursor");
    let files = fixture.file_system();
    let open = files.read(&path).expect("the cursor's file");
    let mut host = AnalysisHost::new(Arc::new(Files { files, fixture }));
    host.apply(Change::Text { path: path.as_path().into(), version: 1, text: open });
    World { analysis: host.analysis(), path, offset }
}

impl World {
    /// `a.bpf.c:3 int [total] = 1;`
    pub(crate) fn show(&self, place: &Place) -> String {
        let text = self.text(&place.path);
        let (start, end) = (place.range.start as usize, place.range.end as usize);
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[end..].find('\n').map_or(text.len(), |at| end + at);
        let number = text[..start].matches('\n').count() + 1;
        let name = place.path.file_name().unwrap_or_default().to_string_lossy();
        format!(
            "{name}:{number} {}[{}]{}",
            text[line_start..start].trim_start(),
            &text[start..end],
            &text[end..line_end]
        )
    }

    /// The text of a file.
    pub(crate) fn text(&self, path: &Path) -> Text {
        self.analysis.document(path).expect("a file").text.clone()
    }
}

/// The completion entries at the cursor that begin with what is typed, as `label | detail`.
pub(crate) fn completions(text: &str) -> String {
    let world = world(text);
    let all = world.analysis.completions(&world.path, world.offset).expect("nobody cancels");
    let text = world.text(&world.path);
    let mut all: Vec<_> = all
        .into_iter()
        .filter(|item| {
            let typed = text.get(item.replace.start as usize..world.offset as usize);
            typed.is_some_and(|typed| item.label.starts_with(typed))
        })
        .collect();
    all.sort_by(|a, b| (a.rank, &a.label).cmp(&(b.rank, &b.label)));
    let more = if all.len() > 16 { "...\n" } else { "" };
    let line = |item: &crate::answer::Completion| format!("{} | {}\n", item.label, item.detail);
    all.iter().take(16).map(line).collect::<String>() + more
}
