//! What libbpf's functions on maps do to images and maps of an object: move them, replace them, leave
//! them out; and which values such functions give back.

use bpf::object::{Map, MapKind, SectionKind};
use btf::size::round_up;
use cfront::{
    ast::{Expr, ExprKind},
    symbol::Symbol,
};

use super::{
    expressions::Evaluated,
    image::section_by_field,
    interpret::Analysis,
    sizes::{Cpus, Size, certain_section},
    state::{Object, Phase, Replaced, Site, State, Value},
};
use crate::skeletons::HeaderKind;

/// Page sizes of the hosts that libbpf runs on, in bytes.
const PAGE_SIZES: [u64; 3] = [4 << 10, 16 << 10, 64 << 10];

/// A call of a function outside the file.
#[derive(Clone, Copy)]
pub(super) struct Call<'c> {
    pub(super) name: &'c str,
    pub(super) values: &'c [Value],
    pub(super) args: &'c [Expr],
    /// Its number, see [`Analysis::calls`].
    pub(super) number: u32,
    pub(super) discarded: bool,
}

impl Analysis<'_> {
    /// The ways out of a function of libbpf that changes maps; `None` for other functions.
    pub(super) fn map_effect(&self, call: Call<'_>, state: &State) -> Option<Evaluated> {
        let Some(Value::Map(site, map)) = call.values.first() else { return None };
        let change: &dyn Fn(&mut State) = match call.name {
            "bpf_map__set_value_size" => {
                if !self.moves(*site, *map, call.values.get(1), state) {
                    return None;
                }
                &|state| move_image(state, *site, *map, call.number)
            }
            "bpf_map__reuse_fd" => {
                &|state| replace(state, *site, *map, Some((Replaced::Reused, call.number)))
            }
            "bpf_map__set_pin_path" => {
                let pinned = call.values.get(1) != Some(&Value::Zero);
                let how = pinned.then_some((Replaced::Pinned, call.number));
                &move |state| replace(state, *site, *map, how)
            }
            "bpf_map__set_autocreate" => {
                let off = call.values.get(1).is_none_or(|v| v.truth() != Some(true));
                &move |state| {
                    if let Some(object) = state.objects.get_mut(site) {
                        if off {
                            object.uncreated.insert(*map, call.number);
                        } else {
                            object.uncreated.remove(map);
                        }
                    }
                }
            }
            _ => return None,
        };
        let mut done = state.clone();
        change(&mut done);
        if call.discarded {
            return Some(vec![(done, Value::Unknown)]);
        }
        Some(vec![(done, Value::Zero), (state.clone(), Value::Negative)])
    }

    /// Whether a change of a map's value size certainly moves the image of its section.
    fn moves(&self, site: Site, map: Symbol, size: Option<&Value>, state: &State) -> bool {
        if state.phase(site) != Phase::Open {
            return false;
        }
        let Some(object) = self.model(site, state) else { return false };
        let Some(section) = certain_section(object, map.as_str()) else { return false };
        let old = section.size;
        match size {
            Some(Value::Size(new)) if new.cpus.is_none() => PAGE_SIZES.iter().all(|page| {
                // The old size of a per-CPU image is not rounded, the new one is.
                if section.kind == bpf::object::SectionKind::Percpu {
                    old != round_up(new.bytes, *page)
                } else {
                    round_up(old, *page) != round_up(new.bytes, *page)
                }
            }),
            _ => section.kind == bpf::object::SectionKind::Percpu && old % PAGE_SIZES[0] != 0,
        }
    }

    /// The value of a function of libbpf or libc that matters here; `None` for others.
    pub(super) fn library_value(&self, call: Call<'_>, state: &State) -> Option<Value> {
        let first = call.values.first();
        Some(match (call.name, first) {
            ("bpf_map__fd", Some(Value::Map(site, map))) => Value::MapFd(*site, *map),
            ("bpf_map__initial_value", Some(Value::Map(site, map))) => {
                let object = self.model(*site, state)?;
                let internal = self.map_of(*site, state, *map)?.kind;
                let shown =
                    matches!(internal, MapKind::Internal(kind) if kind != SectionKind::Kconfig);
                section_by_field(object, map.as_str()).filter(|_| shown)?;
                Value::Image(*site, *map)
            }
            ("bpf_map__value_size", Some(Value::Map(site, map))) => {
                let object = self.model(*site, state)?;
                let resized = state.objects.get(site)?.moved.contains_key(map);
                let section = certain_section(object, map.as_str()).filter(|_| !resized)?;
                Size::of(section.size).value()
            }
            ("bpf_object__find_map_by_name", Some(Value::Object(site))) => {
                Value::Map(*site, self.named_map(*site, state, call.args.get(1)?)?)
            }
            ("bpf_object__find_map_fd_by_name", Some(Value::Object(site))) => {
                Value::MapFd(*site, self.named_map(*site, state, call.args.get(1)?)?)
            }
            ("bpf_object__find_program_by_name", Some(Value::Object(site))) => {
                let name = text(call.args.get(1)?)?;
                let object = self.model(*site, state)?;
                object.programs.iter().find(|p| p.name == name)?;
                Value::Program(*site, Symbol::intern(name))
            }
            ("libbpf_num_possible_cpus", _) => Value::Size(Size::count(Cpus::Possible)),
            ("get_nprocs", _) => Value::Size(Size::count(Cpus::Online)),
            ("sysconf", _) if is_online(call.args.first()?) => {
                Value::Size(Size::count(Cpus::Online))
            }
            ("malloc" | "alloca" | "__builtin_alloca", Some(Value::Size(size))) => {
                Value::Buffer(*size)
            }
            _ => return None,
        })
    }

    fn map_of(&self, site: Site, state: &State, ident: Symbol) -> Option<&Map> {
        let object = self.model(site, state)?;
        object.maps.iter().find(|map| map.ident().is_some_and(|name| name == ident.as_str()))
    }

    /// The member of the map that libbpf finds by a name.
    fn named_map(&self, site: Site, state: &State, name: &Expr) -> Option<Symbol> {
        let name = text(name)?;
        let object = self.model(site, state)?;
        let map = object
            .maps
            .iter()
            .find(|map| map.name == name || name.starts_with('.') && map.section == name)?;
        Some(Symbol::intern(&map.ident()?))
    }

    /// Loading moves an arena. Only the skeleton's own load function then reads the pointers again.
    pub(super) fn load_moves(&self, state: &mut State, site: Site, number: u32, own: bool) {
        let Some(object) = self.model(site, state) else { return };
        let arenas: Vec<Symbol> = object
            .sections
            .iter()
            .filter(|section| section.kind == SectionKind::Arena)
            .filter_map(|section| bpf::section::datasec_ident(&section.name))
            .map(|ident| Symbol::intern(&ident))
            .collect();
        let skeleton = state.objects.get(&site).and_then(|o| self.skeletons.get(o.skeleton));
        if skeleton.is_none_or(|s| s.kind != HeaderKind::Skeleton) {
            return;
        }
        for arena in arenas {
            move_image(state, site, arena, number);
        }
        if own && let Some(object) = state.objects.get_mut(&site) {
            object.moved.clear();
        }
    }
}

/// The image of a section is elsewhere from now on: pointers to it lead nowhere, those of the
/// skeleton and of its subskeletons included.
fn move_image(state: &mut State, site: Site, section: Symbol, call: u32) {
    for value in state.values.values_mut() {
        match value {
            Value::Image(at, which) if *at == site && *which == section => {
                *value = Value::Stale(site, section, Symbol::EMPTY, call);
            }
            Value::ImageMember(at, which, member) if *at == site && *which == section => {
                *value = Value::Stale(site, section, *member, call);
            }
            _ => {}
        }
    }
    for (at, object) in state.objects.iter_mut() {
        if *at == site || object.parent == Some(site) {
            object.moved.insert(section, call);
        }
    }
}

fn replace(state: &mut State, site: Site, map: Symbol, how: Option<(Replaced, u32)>) {
    let Some(object) = state.objects.get_mut(&site) else { return };
    match how {
        Some(how) => object.replaced.insert(map, how),
        None => object.replaced.remove(&map),
    };
}

impl Object {
    /// Why what is written to the image of a map reaches nobody, and the call that made it so.
    pub(crate) fn unconnected(&self, map: Symbol) -> Option<(Replaced, u32)> {
        let after = matches!(self.phase, Phase::Prepared | Phase::Loaded | Phase::Attached);
        self.replaced.get(&map).copied().filter(|(how, _)| *how == Replaced::Reused || after)
    }
}

fn text(expr: &Expr) -> Option<&str> {
    match &expr.kind {
        ExprKind::Str { bytes, width: 1 } => std::str::from_utf8(bytes).ok(),
        ExprKind::Paren(inner) => text(inner),
        _ => None,
    }
}

/// `_SC_NPROCESSORS_ONLN`, by its name: its number is the library's.
fn is_online(expr: &Expr) -> bool {
    matches!(&expr.kind, ExprKind::Ident(name) if name.name.as_str() == "_SC_NPROCESSORS_ONLN")
}
