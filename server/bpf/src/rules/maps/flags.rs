//! Which flags a map type needs and refuses: `map-flags`.

use super::{
    super::context::{Check, Context, Family},
    definition::short_name,
};
use crate::{
    diagnostic::{Diagnostic, Severity},
    facts::map_types,
    rule::{self, Rule, Scope},
};

static FLAGS: Rule = Rule {
    id: "map-flags",
    severity: Severity::Error,
    title: "the map type needs or refuses a flag",
    happens: "The kernel refuses to create the map (-EINVAL, for LRU maps with `BPF_F_NO_PREALLOC` \
              -ENOTSUPP), so the object does not load.",
    why: "Some types demand a flag: LPM tries and local storage `BPF_F_NO_PREALLOC`, arenas \
          `BPF_F_MMAPABLE`. Each type refuses flags that it has no use for, and no map can be read-only and \
          write-only for programs at once.",
    fix: "Add the flag to `map_flags`, or take it out.",
    quick_fix: false,
    scope: Scope::Declaration,
    since: "0.1.0",
};

pub(super) static FAMILY: Family = rule::Family { rules: &[&FLAGS], check: Check::object(check) };

fn check(cx: Context<'_>, found: &mut Vec<Diagnostic>) {
    for map in cx.maps() {
        let Some((def, row)) = map.judged() else { continue };
        let flags = def.map_flags.unwrap_or(0);
        let set: Vec<&str> = map_types::FLAGS
            .iter()
            .filter(|(_, bit)| flags & bit != 0)
            .map(|(name, _)| *name)
            .collect();
        let (kind, name) = (short_name(row), &map.name);
        let mut messages = Vec::new();
        for missing in row.required_flags.iter().filter(|flag| !set.contains(flag)) {
            if def.map_flags.is_none() && map.is_open(cx.unit, cx.usage) {
                continue;
            }
            messages.push(format!(
                "{kind} maps need `{missing}`, which `{name}` does not set: creating it fails with -EINVAL"
            ));
        }
        for refused in &set {
            let known = *refused == "BPF_F_TOKEN_FD" || row.allowed_flags.contains(refused);
            if known || row.required_flags.contains(refused) {
                continue;
            }
            let lru = kind.starts_with("LRU") && *refused == "BPF_F_NO_PREALLOC";
            let errno = if lru { "-ENOTSUPP" } else { "-EINVAL" };
            messages.push(format!(
                "{kind} maps refuse `{refused}`, which `{name}` sets: creating it fails with {errno}"
            ));
        }
        if set.contains(&"BPF_F_RDONLY_PROG") && set.contains(&"BPF_F_WRONLY_PROG") {
            messages.push(format!(
                "`{name}` sets both `BPF_F_RDONLY_PROG` and `BPF_F_WRONLY_PROG`: creating it fails with \
                 -EINVAL"
            ));
        }
        if !messages.is_empty() && !cx.usage.sets_map(map.variable.as_str()) {
            found.extend(messages.into_iter().map(|text| Diagnostic::new(&FLAGS, map.at, text)));
        }
    }
}
