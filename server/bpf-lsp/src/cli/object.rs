//! `bpf-lsp skeleton`, `layout` and `btf`.

use std::{path::Path, process::ExitCode};

use bpf::layout::{self, Named};
use ide::answer::SkeletonKind;

use super::{FlagArgs, LayoutFormat, input::Input, print};

/// Prints the declaration part of a skeleton header.
pub(super) fn skeleton(
    kind: SkeletonKind,
    name: Option<&str>,
    path: &Path,
    flags: &FlagArgs,
) -> Result<ExitCode, String> {
    let object = Input::read(path, flags)?.object(name);
    let kind = match kind {
        SkeletonKind::Skeleton => bpf::skeleton::SkeletonKind::Skeleton,
        SkeletonKind::Subskeleton => bpf::skeleton::SkeletonKind::Subskeleton,
        SkeletonKind::LightSkeleton => bpf::skeleton::SkeletonKind::Light,
    };
    let preview = bpf::skeleton::preview(&object, kind);
    print(&preview.text)?;
    match preview.note {
        Some(note) if preview.text.is_empty() => Err(format!("{}: {note}", path.display())),
        Some(note) => {
            eprintln!("bpf-lsp: {}: {note}", path.display());
            Ok(ExitCode::SUCCESS)
        }
        None => Ok(ExitCode::SUCCESS),
    }
}

/// Prints the layout of an object, or of some of its types and variables.
pub(super) fn layout(
    format: LayoutFormat,
    path: &Path,
    names: &[String],
    flags: &FlagArgs,
) -> Result<ExitCode, String> {
    let object = Input::read(path, flags)?.object(None);
    let index = btf::NameIndex::new(&object.btf);
    let mut named = Vec::new();
    for name in names {
        let found = layout::find(&object, &index, name)
            .ok_or_else(|| format!("{}: no type or variable `{name}`", path.display()))?;
        named.push(found);
    }
    let file = path.display().to_string();
    let text = match format {
        LayoutFormat::Json => {
            let types: Vec<_> = named
                .into_iter()
                .map(|named| match named {
                    Named::Type(request) | Named::Variable(request, ..) => request,
                })
                .collect();
            layout::json::print(&object, &file, &types)
        }
        LayoutFormat::Text if named.is_empty() => layout::text::print_object(&object, &file),
        LayoutFormat::Text => {
            let texts: Vec<String> =
                named.iter().map(|named| layout::text::print_named(&object, named)).collect();
            texts.join("\n")
        }
    };
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// Prints the raw dump of the types.
pub(super) fn btf(path: &Path, flags: &FlagArgs) -> Result<ExitCode, String> {
    let btf = match Input::read_raw(path, flags)? {
        Ok(btf) => btf,
        Err(input) => input.object(None).btf,
    };
    print(&btf::raw::dump(&btf))?;
    Ok(ExitCode::SUCCESS)
}
