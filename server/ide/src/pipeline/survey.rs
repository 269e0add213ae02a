//! Which files are left to others, found at little cost: a tree has thousands of them for each that is not.

use std::path::Path;

use cfront::pp::reach::Reach;

use super::{Role, includes_helpers, includes_skeleton};
use crate::host::Analysis;

/// What was read of headers for [`Analysis::is_plain`]; they must not change meanwhile.
#[derive(Default)]
pub struct Survey(Reach);

impl Analysis {
    /// Whether a C file is surely of [`Role::Other`]: no BPF program and no loader, so that there is nothing
    /// to be found in it. Nothing is kept of the file. `None` when it cannot be read.
    pub fn is_plain(&self, path: &Path, survey: &Survey) -> Option<bool> {
        let document = self.document(path)?;
        if Role::of_name(path).is_some() {
            return Some(false);
        }
        let flags = self.environment.flags(path);
        let wanted = |name: &str| includes_helpers(name) || includes_skeleton(name);
        let (_, files) = self.pipelines.front_end();
        let may = survey.0.may_include(files, path, &document.text, &flags.flags, &wanted);
        if !may {
            self.environment.forget(path);
        }
        Some(!may)
    }
}

#[cfg(test)]
mod tests {
    use super::Survey;
    use crate::{pipeline::Role, test_world::world};

    /// What the survey says must hold.
    fn check(text: &str, plain: bool) {
        let world = world(text);
        let said = world.analysis.is_plain(&world.path, &Survey::default()).expect("it is there");
        let role = world.analysis.file(&world.path).expect("nobody cancels").expect("there").role;
        assert_eq!(said, plain, "{text}");
        assert!(!plain || role == Role::Other, "{text}");
    }

    #[test]
    fn roles() {
        check("//- /a.c\n$0#include <stddef.h>\nint x;\n", true);
        check("//- /a.bpf.c\n$0int x;\n", false);
        check("//- /a.h\n$0int x;\n", false);
        check("//- /a.c\n$0#include <bpf/bpf_helpers.h>\n", false);
        check("//- /a.c\n$0#include \"x.skel.h\"\n", false);
        check("//- /a.c\n$0#include \"x.skeleton.h\"\n", true);
        check("//- /a.c\n$0#include \"b.h\"\n//- /b.h\n#include \"bpf_helpers.h\"\n", false);
        check("//- /a.c\n$0#define N \"bpf_helpers.h\"\n#include N\n", false);
    }
}
