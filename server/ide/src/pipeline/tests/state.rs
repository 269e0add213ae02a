//! All that is told of a file, as text: what the state after edits is compared by.

use std::path::Path;

use cfront::source::FileId;

use crate::{Analysis, AnalysisHost, Cancellable, answer::SkeletonKind};

const KINDS: [SkeletonKind; 3] =
    [SkeletonKind::Skeleton, SkeletonKind::Subskeleton, SkeletonKind::LightSkeleton];

/// So many places of a file are hovered over.
const PLACES: usize = 5;

/// All that is told of a file.
pub(super) fn state_of(host: &AnalysisHost, path: &Path) -> String {
    state_in(&host.analysis(), path).expect("nobody cancels")
}

/// The same of a snapshot: of a program the model with every place and byte, previews, layouts and the whole
/// dump; of each file its role, findings, notes, status, lenses, hints, and hovers at some places.
pub(super) fn state_in(analysis: &Analysis, path: &Path) -> Cancellable<String> {
    let Some(file) = analysis.file(path)? else { return Ok("no file".to_owned()) };
    let complete = file.preprocessed.complete;
    let mut state = format!("{:?} {complete} {:?}\n", file.role, file.flags.from);
    if let Some(source) = file.source() {
        let dump = format!("{:#?}\n{:#?}\n", source.object, source.refusals);
        // Files are numbered as they are met, which an edit of an include may change.
        let (session, _) = analysis.pipelines.front_end();
        let named = |line: &str| {
            let number = line.trim().strip_prefix("file: ")?.trim_end_matches(',').parse().ok()?;
            Some(format!("file: {}\n", session.path(FileId(number)).display()))
        };
        state.extend(dump.lines().map(|line| named(line).unwrap_or_else(|| format!("{line}\n"))));
        state += &bpf::layout::json::print(&source.object, &path.to_string_lossy(), &[]);
        let (whole, may_be_inlined) = bpf::source::build_whole(&file.unit, "main");
        state += &btf::raw::dump(&whole.object.btf);
        state += &format!("{may_be_inlined:?}\n");
    }
    for kind in KINDS {
        if let Some(skeleton) = analysis.skeleton(path, kind, None)? {
            state += &skeleton.text;
            state += &format!("{:?} {} {:?}\n", skeleton.note, skeleton.complete, skeleton.hints);
        }
    }
    let mut findings = analysis.findings_with_headers(path)?;
    // By number of the file; within one the order counts.
    findings.sort_by(|(a, _), (b, _)| a.path.cmp(&b.path));
    for (place, finding) in findings {
        state += &format!("{}: {finding:#?}\n", place.path.display());
    }
    state += &format!("{:?}\n", analysis.status(path)?);
    state += &format!("{:?}\n", analysis.code_lenses(path)?);
    let size = file.text.len() as u32;
    state += &format!("{:?}\n", analysis.inlay_hints(path, 0..size)?);
    let names = file.text.match_indices(['0', '1', 's', '>']).map(|(at, _)| at as u32);
    let names: Vec<u32> = names.collect();
    for offset in names.iter().step_by(names.len() / PLACES + 1) {
        state += &format!("{offset}: {:?}\n", analysis.hover(path, *offset)?);
    }
    Ok(state)
}

/// The first lines in which two states differ.
pub(super) fn difference(now: &str, fresh: &str) -> Option<String> {
    let mut lines = now.lines().zip(fresh.lines()).enumerate();
    let (at, (a, b)) = lines.find(|(_, (a, b))| a != b).or_else(|| {
        (now.len() != fresh.len()).then_some((0, ("one is longer", "than the other")))
    })?;
    Some(format!("line {at}:\n  now   {a}\n  fresh {b}"))
}
