//! What calls do to objects: generated functions, libbpf, functions of the same file, and others.

use std::hash::{Hash, Hasher};

use cfront::{
    ast::{Expr, ExprKind},
    sema::Resolution,
    symbol::Symbol,
};
use rustc_hash::FxHasher;

use super::{
    expressions::Evaluated,
    interpret::{Analysis, Frame, SiteKey},
    observe::{Access, At, Event},
    state::{Phase, State, Value},
};

/// What a generated or libbpf function does to the object it is given.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Effect {
    /// Makes an object; NULL on failure.
    Open(Phase),
    /// Moves the object on; an error leaves it failed.
    Advance(Phase),
    /// Ends its life.
    Destroy,
    /// Nothing that matters here.
    Nothing,
}

impl Analysis<'_> {
    /// Evaluates a call.
    pub(super) fn call(
        &mut self,
        expr: &Expr,
        callee: &Expr,
        args: &[Expr],
        frame: &mut Frame,
        state: State,
    ) -> Evaluated {
        let name = callee_name(callee);
        let at = At::new(frame.item, expr.span);
        let mut ways = vec![(state, Vec::new())];
        if name.is_none() {
            ways = ways
                .into_iter()
                .flat_map(|(state, values)| {
                    let states = self.eval(callee, frame, state);
                    states.into_iter().map(move |(state, _)| (state, values.clone()))
                })
                .collect();
        }
        for arg in args {
            let mut next = Vec::new();
            for (state, values) in ways {
                for (state, value) in self.eval(arg, frame, state) {
                    let mut values: Vec<Value> = values.clone();
                    values.push(value);
                    next.push((state, values));
                }
            }
            ways = next;
        }
        let mut out = Vec::new();
        for (state, values) in ways {
            if let Some(callee) = name {
                let event = Event::Call { callee, values: &values, args, at };
                self.tell(&event, &state);
            }
            out.extend(self.effects(name, callee, values, at, frame, state));
        }
        out.sort();
        out.dedup();
        out
    }

    fn effects(
        &mut self,
        name: Option<Symbol>,
        callee: &Expr,
        values: Vec<Value>,
        at: At,
        frame: &mut Frame,
        mut state: State,
    ) -> Evaluated {
        let Some(name) = name else {
            values.iter().for_each(|value| state.escape(value));
            return vec![(state, Value::Unknown)];
        };
        if let Some(done) = self.known_effect(name, &values, at, frame, &state) {
            return done;
        }
        for (index, value) in values.iter().enumerate() {
            if let Value::ImageMember(site, section, member) = value
                && written_argument(name.as_str()) == Some(index)
            {
                let access = Access::Write;
                let event =
                    Event::Image { site: *site, section: *section, member: *member, access, at };
                self.tell(&event, &state);
            }
        }
        // A pointer to the whole image, given to a function that writes there.
        if let Some(index) = written_argument(name.as_str())
            && let Some(Value::Image(site, section)) = values.get(index)
        {
            let event = Event::Image {
                site: *site,
                section: *section,
                member: Symbol::EMPTY,
                access: Access::Write,
                at,
            };
            self.tell(&event, &state);
        }
        if let Some(value) = tested_pointer(name.as_str(), values.first()) {
            return vec![(state, value)];
        }
        if let ExprKind::Ident(ident) = &strip(callee).kind
            && let Resolution::Function(function) = frame.scope.resolve(self.unit, *ident)
            && function.definition.is_some()
        {
            let mut hasher = FxHasher::default();
            (frame.chain, at).hash(&mut hasher);
            let chain = hasher.finish();
            let stack = frame.stack.clone();
            let run = self.run_function(
                &function,
                values.clone(),
                state.clone(),
                frame.activation + 1,
                chain,
                stack,
            );
            if let Some(ways) = run {
                return ways;
            }
        }
        if !is_harmless(name.as_str()) {
            values.iter().for_each(|value| state.escape(value));
        } else {
            // A harmless function may still fill what it gets the address of.
            for value in &values {
                if let Value::Address(path) = value {
                    state.forget(path);
                }
            }
        }
        vec![(state, Value::Unknown)]
    }

    /// Effects of functions with a known contract; `None` for others.
    fn known_effect(
        &mut self,
        name: Symbol,
        values: &[Value],
        at: At,
        frame: &Frame,
        state: &State,
    ) -> Option<Evaluated> {
        let (effect, skeleton) = self.effect_of(name)?;
        let since = self.call_number(at);
        let subject = values.first().and_then(Value::site);
        Some(match effect {
            Effect::Open(phase) => {
                let site = self.site(SiteKey::Call(at, frame.chain));
                let mut opened = state.clone();
                self.renew(&mut opened, site, skeleton?, phase, Some(since));
                vec![(opened, Value::Skeleton(site)), (state.clone(), Value::Zero)]
            }
            Effect::Advance(phase) => {
                let mut done = state.clone();
                let mut failed = state.clone();
                if let Some(site) = subject {
                    done.advance(site, phase, Some(since));
                    if phase != Phase::Attached {
                        failed.advance(site, Phase::Failed, Some(since));
                    }
                }
                vec![(done, Value::Zero), (failed, Value::Negative)]
            }
            Effect::Destroy => {
                let mut done = state.clone();
                if let Some(site) = subject {
                    done.advance(site, Phase::Destroyed, Some(since));
                }
                vec![(done, Value::Unknown)]
            }
            Effect::Nothing => vec![(state.clone(), Value::Unknown)],
        })
    }

    fn effect_of(&self, name: Symbol) -> Option<(Effect, Option<usize>)> {
        let text = name.as_str();
        match text {
            "bpf_object__load" => return Some((Effect::Advance(Phase::Loaded), None)),
            "bpf_object__prepare" => return Some((Effect::Advance(Phase::Prepared), None)),
            "bpf_object__load_skeleton" | "bpf_object__attach_skeleton" => return None,
            _ => {}
        }
        let (prefix, verb) = text.rsplit_once("__")?;
        let skeleton = self.skeletons.iter().position(|s| s.name.as_str() == prefix)?;
        let effect = match verb {
            "open" | "open_opts" => Effect::Open(Phase::Open),
            "open_and_load" => Effect::Open(Phase::Loaded),
            "load" => Effect::Advance(Phase::Loaded),
            "attach" => Effect::Advance(Phase::Attached),
            "destroy" => Effect::Destroy,
            "detach" | "elf_bytes" => Effect::Nothing,
            _ => return None,
        };
        Some((effect, Some(skeleton)))
    }
}

/// The name of the function called, when it is called by name.
pub(crate) fn callee_name(callee: &Expr) -> Option<Symbol> {
    match &strip(callee).kind {
        ExprKind::Ident(name) => Some(name.name),
        _ => None,
    }
}

fn strip(expr: &Expr) -> &Expr {
    match &expr.kind {
        ExprKind::Paren(inner) => strip(inner),
        _ => expr,
    }
}

/// Index of the argument whose target a library function writes to, in every successful call.
pub(crate) fn written_argument(name: &str) -> Option<usize> {
    let name = name.strip_prefix("__builtin_").unwrap_or(name);
    Some(match name {
        "memcpy" | "memmove" | "memset" | "strcpy" | "strncpy" | "strcat" | "strncat"
        | "sprintf" | "snprintf" | "vsnprintf" | "vsprintf" | "bzero" | "strlcpy"
        | "libbpf_strlcpy" | "stpcpy" | "__memcpy_chk" | "__memset_chk" | "__strcpy_chk"
        | "__strncpy_chk" => 0,
        _ => return None,
    })
}

/// `libbpf_get_error(ptr)` is 0 for a pointer that is one.
fn tested_pointer(name: &str, value: Option<&Value>) -> Option<Value> {
    if name != "libbpf_get_error" && name != "IS_ERR" && name != "IS_ERR_OR_NULL" {
        return None;
    }
    Some(match value?.truth() {
        Some(true) => Value::Zero,
        Some(false) => Value::Negative,
        None => Value::Unknown,
    })
}

/// Functions that take objects, maps or programs and do not change how far the object has come.
fn is_harmless(name: &str) -> bool {
    const PREFIXES: [&str; 12] = [
        "bpf_map",
        "bpf_program__",
        "bpf_link__",
        "bpf_prog_",
        "bpf_obj_",
        "bpf_btf_",
        "btf__",
        "libbpf_",
        "ring_buffer__",
        "user_ring_buffer__",
        "perf_buffer__",
        "bpf_iter_",
    ];
    const NAMES: [&str; 40] = [
        "printf",
        "fprintf",
        "dprintf",
        "snprintf",
        "sprintf",
        "vfprintf",
        "puts",
        "perror",
        "memcpy",
        "memmove",
        "memset",
        "memcmp",
        "strcmp",
        "strncmp",
        "strcpy",
        "strncpy",
        "strlen",
        "strstr",
        "strerror",
        "free",
        "close",
        "exit",
        "usleep",
        "sleep",
        "signal",
        "sigaction",
        "pthread_create",
        "pthread_join",
        "bpf_object__name",
        "bpf_object__find_map_by_name",
        "bpf_object__find_map_fd_by_name",
        "bpf_object__find_program_by_name",
        "bpf_object__btf",
        "bpf_object__next_map",
        "bpf_object__next_program",
        "bpf_object__kversion",
        "bpf_object__set_kversion",
        "bpf_object__token_fd",
        "bpf_object__pin_maps",
        "bpf_object__unpin_maps",
    ];
    let bare = name.strip_prefix("__builtin_").unwrap_or(name);
    NAMES.contains(&bare) && name != "pthread_create"
        || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}
