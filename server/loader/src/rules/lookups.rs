//! Sizes of lookups and updates in the map of a per-CPU section: `percpu-lookup-overflow`,
//! `percpu-value-size`.
//!
//! One value has the size of the ELF section. Without `BPF_F_CPU` the kernel gives one for every possible
//! CPU, each rounded up to 8 bytes. The `bpf_map__` functions compare sizes, those with a descriptor
//! have none to compare.

use bpf::{
    diagnostic::Severity,
    object::{MapKind, SectionKind},
    rule::{self, Rule, Scope},
};
use btf::size::round_up;
use cfront::{ast::Expr, symbol::Symbol};

use super::{
    family::{Check, Family},
    find::names_in,
    judge::Judge,
    size_fixes::{self, Remedy},
    verdicts::Verdicts,
};
use crate::{
    flow::{
        observe::{At, Event},
        sizes::{Cpus, Size, certain_section, struct_size},
        state::{Phase, Site, Value},
    },
    skeletons::HeaderKind,
};

static OVERFLOW: Rule = Rule {
    id: "percpu-lookup-overflow",
    severity: Severity::Error,
    title: "the buffer is smaller than what the kernel writes",
    happens: "The kernel writes past the end of the buffer, on the stack or the heap.",
    why: "Without `BPF_F_CPU` a lookup in a per-CPU map writes one value for every possible CPU, each \
          rounded up to 8 bytes. The functions that take a file descriptor do not check the size of the \
          buffer.",
    fix: "Size the buffer by `bpf_map__value_size` and `libbpf_num_possible_cpus()`, or ask for one CPU \
          with `BPF_F_CPU`.",
    quick_fix: true,
    scope: Scope::Code,
    since: "0.1.0",
};

static VALUE_SIZE: Rule = Rule {
    id: "percpu-value-size",
    severity: Severity::Warning,
    title: "the size differs from the map's value size",
    happens: "The call fails with -EINVAL.",
    why: "The value of a per-CPU section's map has the size of the ELF section, not of the skeleton's \
          struct. The `bpf_map__` functions compare sizes; without `BPF_F_CPU` they want the values of all \
          possible CPUs.",
    fix: "Use `bpf_map__value_size(map)`.",
    quick_fix: true,
    scope: Scope::Code,
    since: "0.1.0",
};

pub(super) static FAMILY: Family =
    rule::Family { rules: &[&OVERFLOW, &VALUE_SIZE], check: Check::flow(judge) };

/// `BPF_F_CPU`, `BPF_F_ALL_CPUS`
const ONE_VALUE: i128 = 8 | 16;

fn judge(judge: Judge<'_>, event: &Event<'_>, verdicts: &mut Verdicts) {
    let Event::Call { callee, values, rooms, args, at, .. } = event else { return };
    let wrong = match values.first() {
        Some(Value::Map(site, map) | Value::MapFd(site, map)) => {
            Lookup::of(judge, *site, *map, values, rooms, args, *at)
                .and_then(|lookup| lookup.wrong(callee.as_str(), values.first()))
        }
        _ => None,
    };
    for rule in [&OVERFLOW, &VALUE_SIZE] {
        match &wrong {
            Some(wrong) if wrong.rule == rule => verdicts.guilty(rule, *at, true, || {
                let finding = judge.at(rule, *at, wrong.text.clone())?;
                Some(finding.with_fixes(size_fixes::sizes(judge.input, *at, wrong.remedy)))
            }),
            _ => verdicts.innocent(rule, *at),
        }
    }
}

/// What is wrong, and what helps.
struct Wrong {
    rule: &'static Rule,
    text: String,
    remedy: Remedy,
}

struct Lookup<'a> {
    judge: Judge<'a>,
    map: Symbol,
    values: &'a [Value],
    rooms: &'a [Option<Size>],
    args: &'a [Expr],
    at: At,
    /// Bytes of one value.
    value: u64,
    /// Bytes of the skeleton's struct.
    shown: Option<u64>,
}

impl<'a> Lookup<'a> {
    fn of(
        judge: Judge<'a>,
        site: Site,
        map: Symbol,
        values: &'a [Value],
        rooms: &'a [Option<Size>],
        args: &'a [Expr],
        at: At,
    ) -> Option<Lookup<'a>> {
        let percpu = judge.map(site, map)?.kind == MapKind::Internal(SectionKind::Percpu);
        let resized = judge.facts.resizes || judge.phase(site) == Phase::Destroyed;
        // A subskeleton's section is a part of the one of the whole object.
        if !percpu || resized || judge.kind(site) == Some(HeaderKind::Subskeleton) {
            return None;
        }
        let object = judge.model(site)?;
        let value = certain_section(object, map.as_str())?.size;
        let shown = struct_size(object, map.as_str());
        Some(Lookup { judge, map, values, rooms, args, at, value, shown })
    }

    /// Bytes of one value among those of all CPUs.
    fn stride(&self) -> u64 {
        round_up(self.value, 8)
    }

    fn room(&self, index: usize) -> Option<Size> {
        self.rooms.get(index).copied().flatten()
    }

    /// A size that is passed as an argument.
    fn size(&self, index: usize) -> Option<Size> {
        match self.values.get(index)? {
            Value::Size(size) => Some(*size),
            _ => {
                let unit = self.judge.input.unit;
                let scope = unit.scope(self.at.item)?;
                let constant = unit.constant(&scope, self.args.get(index)?)?;
                Some(Size::of(u64::try_from(constant).ok()?))
            }
        }
    }

    /// Whether the flags ask for one value; `None` when they are not known.
    fn one_value(&self, index: usize) -> Option<bool> {
        let flags = self.args.get(index)?;
        match self.values.get(index) {
            Some(Value::Zero) => return Some(false),
            Some(Value::Flags(flags)) => return flags.one_value(),
            _ => {}
        }
        if names_in(flags)
            .iter()
            .any(|name| matches!(name.as_str(), "BPF_F_CPU" | "BPF_F_ALL_CPUS"))
        {
            return Some(true);
        }
        let unit = self.judge.input.unit;
        let constant = unit.constant(&unit.scope(self.at.item)?, flags)?;
        Some(constant & ONE_VALUE != 0)
    }

    fn wrong(&self, callee: &str, first: Option<&Value>) -> Option<Wrong> {
        let by_fd = matches!(first, Some(Value::MapFd(..)));
        match callee {
            "bpf_map_lookup_elem" if by_fd => self.buffer_of_all(self.room(2)?, false),
            "bpf_map_lookup_elem_flags" if by_fd => match self.one_value(3)? {
                true => self.buffer_of_one(self.room(2)?),
                false => self.buffer_of_all(self.room(2)?, true),
            },
            "bpf_map__lookup_elem" if !by_fd => self.sized(3, 4, 5),
            "bpf_map__update_elem" if !by_fd => self.sized(3, 4, 5),
            "bpf_map__set_initial_value" if !by_fd => self.one_size(2),
            _ => None,
        }
    }

    /// A buffer for the values of all CPUs, which nobody checks.
    fn buffer_of_all(&self, room: Size, has_flags: bool) -> Option<Wrong> {
        let stride = self.stride();
        let remedy = if room.bytes >= self.value && room.cpus.is_none() && !has_flags {
            Remedy::OneCpu
        } else {
            Remedy::None
        };
        match room.cpus {
            None if room.bytes < 2 * stride => Some(Wrong {
                rule: &OVERFLOW,
                text: format!(
                    "the buffer has {} bytes, but the kernel writes {stride} for every possible CPU: with two CPUs it \
                     overflows; size it by `libbpf_num_possible_cpus()`, or pass `BPF_F_CPU` to \
                     `bpf_map_lookup_elem_flags`",
                    room.bytes
                ),
                remedy,
            }),
            Some(_) if room.bytes < stride => Some(self.too_narrow(room.bytes, "it overflows")),
            Some(Cpus::Online) => Some(self.too_few("the buffer overflows")),
            _ => None,
        }
    }

    /// A buffer for the value of one CPU, which nobody checks.
    fn buffer_of_one(&self, room: Size) -> Option<Wrong> {
        (room.cpus.is_none() && room.bytes < self.value).then(|| Wrong {
            rule: &OVERFLOW,
            text: format!(
                "the buffer has {} bytes, but a value of `{}` has {}: the section is larger than its struct in the \
                 skeleton, and the kernel writes all of it; use a buffer of `bpf_map__value_size()` bytes",
                room.bytes, self.map, self.value
            ),
            remedy: Remedy::None,
        })
    }

    fn too_narrow(&self, bytes: u64, what: &str) -> Wrong {
        Wrong {
            rule: &OVERFLOW,
            text: format!(
                "the buffer has {bytes} bytes for each CPU, but the kernel writes {} (the size of the value, rounded up \
                 to 8): {what}",
                self.stride()
            ),
            remedy: Remedy::None,
        }
    }

    fn too_few(&self, what: &str) -> Wrong {
        Wrong {
            rule: &OVERFLOW,
            text: format!(
                "the size counts the CPUs that are online, but the kernel has a value for every possible CPU: where \
                 there are more of those, {what}; use `libbpf_num_possible_cpus()`"
            ),
            remedy: Remedy::CountPossible,
        }
    }

    /// A lookup or update with a buffer, its size, and flags: libbpf compares the size.
    fn sized(&self, buffer: usize, size: usize, flags: usize) -> Option<Wrong> {
        let one = self.one_value(flags)?;
        let given = self.size(size)?;
        if one {
            if let Some(wrong) = self.one_size(size) {
                return Some(wrong);
            }
            let room = self.room(buffer)?;
            return (given.cpus.is_none() && given.bytes == self.value)
                .then(|| self.buffer_of_one(room))
                .flatten();
        }
        match given.cpus {
            None if given.bytes == self.value || Some(given.bytes) == self.shown => Some(Wrong {
                rule: &VALUE_SIZE,
                text: format!(
                    "without flags this takes a value of `{}` for every possible CPU: with the size of one it fails with \
                     -EINVAL; add `BPF_F_CPU` and the CPU, or pass a buffer for all of them",
                    self.map
                ),
                remedy: Remedy::None,
            }),
            Some(_) if given.bytes != self.stride() => {
                Some(self.too_narrow(given.bytes, "libbpf refuses the size with -EINVAL"))
            }
            Some(Cpus::Online) => Some(self.too_few("libbpf refuses the size with -EINVAL")),
            Some(Cpus::Possible) => {
                let room = self.room(buffer)?;
                (room.cpus.is_none() && room.bytes < 2 * self.stride()
                    || room.cpus.is_some() && room.bytes < self.stride())
                .then(|| self.too_narrow(room.bytes, "it overflows"))
            }
            None => None,
        }
    }

    /// The size of one value.
    fn one_size(&self, size: usize) -> Option<Wrong> {
        let given = self.size(size)?;
        (given.cpus.is_none() && given.bytes != self.value).then(|| Wrong {
            rule: &VALUE_SIZE,
            text: format!(
                "the value of `{}` has {} bytes, not {}: libbpf compares the sizes and returns -EINVAL; use \
                 `bpf_map__value_size()`",
                self.map, self.value, given.bytes
            ),
            remedy: Remedy::ValueSize(size),
        })
    }
}
