//! `bpf-lsp layout` and `btf`.

use std::{path::Path, process::ExitCode};

use bpf::layout::{self, Named, TypeRequest};
use btf::{Btf, TypeId};
use cfront::{sema::Global, symbol::Symbol, unit::Unit};

use super::{
    FlagArgs, LayoutFormat,
    input::Input,
    terminal::{print, print_json},
};

/// Prints the layout of an object, or of some of its types and variables.
pub(super) fn layout(
    format: LayoutFormat,
    path: &Path,
    names: &[String],
    flags: &FlagArgs,
) -> Result<ExitCode, String> {
    let input = Input::read(path, flags)?;
    let unit = input.unit().cloned();
    let object = if names.is_empty() { input.object(None) } else { input.whole_object().0 };
    let index = btf::NameIndex::new(&object.btf);
    // Types that are in no BTF: of the source alone.
    let mut graphs = Vec::new();
    for name in names {
        let graph = match layout::find(&object, &index, name) {
            Some(_) => None,
            None => Some(
                source_type(unit.as_ref(), name)
                    .ok_or_else(|| format!("{}: no type or variable `{name}`", path.display()))?,
            ),
        };
        graphs.push(graph);
    }
    let named: Vec<Named<'_>> = names
        .iter()
        .zip(&graphs)
        .filter_map(|(name, graph)| match graph {
            None => layout::find(&object, &index, name),
            Some((btf, ty, align)) => Some(Named::Type(TypeRequest {
                name: name.trim().into(),
                btf,
                ty: *ty,
                align: *align,
            })),
        })
        .collect();
    let file = path.display().to_string();
    match format {
        LayoutFormat::Json => {
            let types: Vec<_> = named
                .into_iter()
                .map(|named| match named {
                    Named::Type(request) | Named::Variable(request, ..) => request,
                })
                .collect();
            print_json(&layout::json::print(&object, &file, &types))?;
        }
        LayoutFormat::Text if named.is_empty() => {
            print(&layout::text::print_object(&object, &file))?;
        }
        LayoutFormat::Text => {
            let texts: Vec<String> =
                named.iter().map(|named| layout::text::print_named(&object, named)).collect();
            print(&texts.join("\n"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints the raw dump of the types.
pub(super) fn btf(path: &Path, flags: &FlagArgs) -> Result<ExitCode, String> {
    let (btf, may_be_inlined) = match Input::read_raw(path, flags)? {
        Ok(btf) => (btf.into(), Vec::new()),
        Err(input) => {
            let (object, may_be_inlined) = input.whole_object();
            (object.btf, may_be_inlined)
        }
    };
    let remark = |id| may_be_inlined.contains(&id).then_some("may be inlined or dropped");
    print(&btf::raw::dump_with_remarks(&btf, remark))?;
    Ok(ExitCode::SUCCESS)
}

/// A type of the source by its C name (`struct foo`, or `foo` for a tag or typedef), and its alignment.
fn source_type(unit: Option<&Unit>, name: &str) -> Option<(Btf, TypeId, Option<u64>)> {
    let unit = unit?;
    let mut words = name.split_whitespace();
    let ty = match (words.next()?, words.next(), words.next()) {
        ("struct" | "union" | "enum", Some(tag), None) => unit.tag(Symbol::intern(tag))?,
        (name, None, _) => {
            let name = Symbol::intern(name);
            match unit.ordinary(name) {
                Some(Global::Typedef(id)) => unit.typedef(id)?.to,
                _ => unit.tag(name)?,
            }
        }
        _ => return None,
    };
    unit.size_of(ty)?;
    let (btf, id) = bpf::source::type_graph(unit, ty);
    Some((btf, id, unit.align_of(ty)))
}
