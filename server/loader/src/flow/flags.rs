//! Flags of lookups and updates in per-CPU maps, as far as they are followed through variables.

use cfront::ast::{BinaryOp, Expr, ExprKind};

use super::state::Value;

/// `BPF_F_CPU` (include/uapi/linux/bpf.h)
const CPU: u64 = 8;
/// `BPF_F_ALL_CPUS`
const ALL: u64 = 16;

/// What is known of a set of flags.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct Flags {
    /// `BPF_F_CPU` is set.
    pub cpu: bool,
    /// `BPF_F_ALL_CPUS` is set.
    pub all: bool,
    /// Something was shifted into the upper half, where the number of a CPU stands.
    pub high: bool,
    /// Something else is in them that is not known.
    pub more: bool,
}

impl Flags {
    /// The flag of that name, or number.
    pub(crate) fn named(name: &str) -> Option<Flags> {
        match name {
            "BPF_F_CPU" => Some(Flags { cpu: true, ..Flags::default() }),
            "BPF_F_ALL_CPUS" => Some(Flags { all: true, ..Flags::default() }),
            _ => None,
        }
    }

    /// The flags that a constant is; `None` for other numbers.
    fn of(value: u64) -> Option<Flags> {
        (value & 0xffff_ffff & !(CPU | ALL) == 0).then_some(Flags {
            cpu: value & CPU != 0,
            all: value & ALL != 0,
            high: value >> 32 != 0,
            more: false,
        })
    }

    fn with(self, other: Flags) -> Flags {
        Flags {
            cpu: self.cpu || other.cpu,
            all: self.all || other.all,
            high: self.high || other.high,
            more: self.more || other.more,
        }
    }

    /// Whether one value is asked for; `None` where that is not known.
    pub(crate) fn one_value(self) -> Option<bool> {
        match self.cpu || self.all {
            true => Some(true),
            false => (!self.more).then_some(false),
        }
    }
}

/// `a | b`, where one of them is a set of flags.
pub(super) fn or(a: &Value, b: &Value) -> Option<Value> {
    let flags = |value: &Value| match value {
        Value::Flags(flags) => Some(*flags),
        Value::Zero => Some(Flags::default()),
        Value::Size(size) if size.cpus.is_none() => Flags::of(size.bytes),
        _ => None,
    };
    let unknown = Flags { more: true, ..Flags::default() };
    let is_flags = |value: &Value| matches!(value, Value::Flags(_));
    (is_flags(a) || is_flags(b))
        .then(|| Value::Flags(flags(a).unwrap_or(unknown).with(flags(b).unwrap_or(unknown))))
}

/// `cpu << 32`: the number of a CPU, unless it is known to be 0.
pub(super) fn shifted(op: BinaryOp, number: &Value, by: &Expr) -> Option<Value> {
    let is_half = matches!(by.kind, ExprKind::Int { value: 32, .. });
    (op == BinaryOp::Shl && is_half && *number != Value::Zero)
        .then_some(Value::Flags(Flags { high: true, ..Flags::default() }))
}
