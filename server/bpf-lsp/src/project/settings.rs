//! What the user sets about a project.

/// Settings with their defaults: nothing is set.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Settings {
    /// `vmlinux.path`: the folder or file of the `vmlinux.h` to use.
    pub(crate) vmlinux_path: Option<String>,
    /// `includePaths`: folders searched after those of the build.
    pub(crate) include_paths: Vec<String>,
    /// `target`: `bpfel`, `bpfeb`, or an architecture for `__TARGET_ARCH_*` (`x86`, `arm64` ...).
    pub(crate) target: Option<String>,
    /// `skeletons`: the BPF sources that a skeleton header is made of, by the header's name; one or a list.
    pub(crate) skeletons: Vec<(String, Vec<String>)>,
    /// `object.path`: where built objects lie, with `{name}` for the program's name.
    pub(crate) object_path: Option<String>,
}
