//! Compiler flags that decide what the preprocessor sees.

use std::path::{Component, Path, PathBuf};

use rustc_hash::FxHashSet;

/// Byte order of the target.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Endian {
    /// `bpfel`, and `bpf` on the usual hosts
    #[default]
    Little,
    /// `bpfeb`
    Big,
}

/// What a file is compiled for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Machine {
    /// BPF, and machines that are not known here.
    #[default]
    Bpf,
    /// x86-64, System V ABI.
    X86_64,
    /// 64-bit Arm.
    Aarch64,
    /// 32-bit x86 (`-m32`), System V ABI.
    I386,
}

impl Machine {
    /// The machine of a target triple, or of its first part.
    pub fn of_target(target: &str) -> Machine {
        match target.split('-').next().unwrap_or_default() {
            "x86_64" | "amd64" => Machine::X86_64,
            "aarch64" | "arm64" => Machine::Aarch64,
            "i386" | "i486" | "i586" | "i686" | "x86" => Machine::I386,
            _ => Machine::Bpf,
        }
    }

    /// Size of a pointer and of `long` in bytes.
    pub fn word_size(self) -> u64 {
        if self == Machine::I386 { 4 } else { 8 }
    }

    /// Size of `long double` in bytes; `double` on BPF.
    pub fn long_double_size(self) -> u64 {
        match self {
            Machine::Bpf => 8,
            Machine::X86_64 | Machine::Aarch64 => 16,
            Machine::I386 => 12,
        }
    }

    /// The most that a scalar type of this size is aligned to in bytes.
    pub fn scalar_align(self, size: u64) -> u64 {
        match self {
            Machine::I386 => size.min(4),
            _ => size,
        }
    }

    /// Whether plain `char` is signed.
    pub fn signed_char(self) -> bool {
        self != Machine::Aarch64
    }
}

/// `-std=`
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Standard {
    C89,
    C94,
    C99,
    C11,
    C17,
    C23,
    C2y,
}

/// What flags say of the types themselves.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Abi {
    /// `-fsigned-char`, `-funsigned-char`; without either the machine decides.
    pub signed_char: Option<bool>,
    /// `-fshort-enums`: enums as if `packed`.
    pub short_enums: bool,
    /// `-fms-extensions`: a member without a name may be of a named record.
    pub ms_extensions: bool,
    /// `-fpack-struct=`: what `#pragma pack()` goes back to, bytes.
    pub pack: Option<u32>,
}

/// A `-D` or `-U`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum CommandLineMacro {
    /// `-DNAME`, `-DNAME=BODY`, `-D'NAME(A)=BODY'`: as written after `-D`.
    Define(String),
    /// `-UNAME`
    Undefine(String),
}

/// Flags of one translation unit. Paths are absolute and free of `.` and `..`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Flags {
    /// What the file is compiled for; BPF where the command does not say.
    pub machine: Machine,
    /// Whether the command names a target.
    pub names_target: bool,
    /// `-m32`
    pub narrow: bool,
    /// Byte order.
    pub endian: Endian,
    /// `-mcpu=v1` .. `v4`: 1 to 4.
    pub cpu: u8,
    /// `-std=`
    pub standard: Standard,
    /// Whether the standard is a GNU one (`gnu11`).
    pub gnu: bool,
    /// Types.
    pub abi: Abi,
    /// `-trigraphs`, `-fno-trigraphs`; without either the standard decides ([`Flags::trigraphs`]).
    pub trigraphs_given: Option<bool>,
    /// `--embed-dir=`
    pub embed_dirs: Vec<PathBuf>,
    /// Whether `-O1` or more was given.
    pub optimize: bool,
    /// `-iquote`
    pub quote_dirs: Vec<PathBuf>,
    /// `-I`
    pub include_dirs: Vec<PathBuf>,
    /// `-isystem`
    pub system_dirs: Vec<PathBuf>,
    /// The compiler's own folders, between `-isystem` and `-idirafter`; none with `-nostdinc`.
    pub default_dirs: Vec<PathBuf>,
    /// `-idirafter`
    pub after_dirs: Vec<PathBuf>,
    /// Whether freestanding headers (`stddef.h` ...) that no folder has come from a built-in set.
    pub builtin_headers: bool,
    /// Whether libbpf's headers and `vmlinux.h` that no folder has are stood in for.
    pub stand_ins: bool,
    /// `-D` and `-U` in order.
    pub macros: Vec<CommandLineMacro>,
    /// `-include` and `-imacros`, in order, as written.
    pub forced_includes: Vec<String>,
    /// Where the compiler runs: forced includes are looked up here first.
    pub directory: PathBuf,
}

impl Default for Flags {
    fn default() -> Flags {
        Flags {
            machine: Machine::Bpf,
            names_target: false,
            narrow: false,
            endian: Endian::Little,
            cpu: 1,
            standard: Standard::C17,
            gnu: true,
            abi: Abi::default(),
            trigraphs_given: None,
            embed_dirs: Vec::new(),
            optimize: false,
            quote_dirs: Vec::new(),
            include_dirs: Vec::new(),
            system_dirs: Vec::new(),
            default_dirs: vec!["/usr/local/include".into(), "/usr/include".into()],
            after_dirs: Vec::new(),
            builtin_headers: true,
            stand_ins: true,
            macros: Vec::new(),
            forced_includes: Vec::new(),
            directory: PathBuf::from("/"),
        }
    }
}

/// So many folders of a kind, and forced includes, are taken from a command line: each header is looked for
/// in all of them. The Linux kernel gives about ten.
const MAX_FOLDERS: usize = 1024;

/// Removes `.` and `..` from an absolute path without asking the disk.
pub fn normalize(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                if !out.pop() {
                    out.push("/");
                }
            }
            other => out.push(other),
        }
    }
    out
}

impl Flags {
    /// Reads a clang or gcc command line (the compiler's name may come first). Relative paths are
    /// taken from `directory`. What the preprocessor does not need is skipped.
    pub fn parse(args: &[String], directory: &Path) -> Flags {
        let mut flags = Flags { directory: directory.to_path_buf(), ..Flags::default() };
        let mut args = args.iter().map(String::as_str);
        while let Some(arg) = args.next() {
            flags.argument(arg, &mut args);
        }
        flags.narrowed();
        flags
    }

    /// Takes a machine for the target (the first part of a triple, `x86_64`), where the command names none
    /// itself.
    pub fn set_host(&mut self, machine: &str) {
        if !self.names_target {
            self.machine = Machine::of_target(machine);
            self.narrowed();
        }
    }

    fn narrowed(&mut self) {
        if self.narrow && self.machine == Machine::X86_64 {
            self.machine = Machine::I386;
        }
    }

    fn argument<'a>(&mut self, arg: &'a str, rest: &mut impl Iterator<Item = &'a str>) {
        if arg == "--" {
            rest.for_each(drop);
            return;
        }
        // Longer names first: `-iquote` begins with `-i`, `-isystem-after` with `-isystem`.
        const WITH_VALUE: &[&str] = &[
            "-include-pch",
            "-imacros",
            "-include",
            "-iquote",
            "-isystem-after",
            "-isystem",
            "-idirafter",
            "-iwithprefixbefore",
            "-iwithprefix",
            "-iprefix",
            "-isysroot",
            "-I",
            "-D",
            "-U",
            "--include-directory=",
            "--define-macro=",
            "--undefine-macro=",
            "--embed-dir=",
            "--embed-dir",
            "--target=",
            "-target",
        ];
        const VALUE_SKIPPED: &[&str] =
            &["-o", "-x", "-MF", "-MT", "-MQ", "-Xclang", "-mllvm", "-arch", "-T"];
        if VALUE_SKIPPED.contains(&arg) {
            rest.next();
            return;
        }
        for name in WITH_VALUE {
            let Some(joined) = arg.strip_prefix(name) else { continue };
            let value = if name.ends_with('=') || !joined.is_empty() {
                Some(if *name == "-include" { joined.trim_start_matches('=') } else { joined })
            } else {
                rest.next()
            };
            if let Some(value) = value {
                self.option(name, value);
            }
            return;
        }
        if let Some(std) = arg.strip_prefix("-std=").or_else(|| arg.strip_prefix("--std=")) {
            self.set_standard(std);
        } else if let Some(cpu) = arg.strip_prefix("-mcpu=") {
            self.cpu = match cpu {
                "v1" => 1,
                "v2" => 2,
                "v3" => 3,
                "v4" => 4,
                "generic" => 1,
                "probe" => 3,
                _ => self.cpu,
            };
        } else if let Some(bytes) = arg.strip_prefix("-fpack-struct=") {
            self.abi.pack = bytes.parse().ok().filter(|&n: &u32| n.is_power_of_two() && n <= 16);
        } else if let Some(level) = arg.strip_prefix("-O") {
            self.optimize = level != "0";
        } else {
            match arg {
                "-m32" => self.narrow = true,
                "-m64" => self.narrow = false,
                "-ansi" => self.set_standard("c89"),
                "-mlittle-endian" | "-EL" => self.endian = Endian::Little,
                "-mbig-endian" | "-EB" => self.endian = Endian::Big,
                "-nostdinc" => {
                    self.default_dirs.clear();
                }
                "-nostdlibinc" => self.default_dirs.clear(),
                "-funsigned-char" | "-fno-signed-char" => self.abi.signed_char = Some(false),
                "-fsigned-char" | "-fno-unsigned-char" => self.abi.signed_char = Some(true),
                "-fshort-enums" => self.abi.short_enums = true,
                "-fno-short-enums" => self.abi.short_enums = false,
                "-fms-extensions" => self.abi.ms_extensions = true,
                "-fno-ms-extensions" => self.abi.ms_extensions = false,
                "-fpack-struct" => self.abi.pack = Some(1),
                "-fno-pack-struct" => self.abi.pack = None,
                "-trigraphs" | "--trigraphs" | "-ftrigraphs" => self.trigraphs_given = Some(true),
                "-fno-trigraphs" => self.trigraphs_given = Some(false),
                "-nobuiltininc" => self.builtin_headers = false,
                _ => {}
            }
        }
    }

    fn option(&mut self, name: &str, value: &str) {
        let dir = || normalize(&self.directory.join(value));
        match name {
            "-I" | "--include-directory=" => {
                let dir = dir();
                if value != "-" && !self.include_dirs.contains(&dir) {
                    add(&mut self.include_dirs, dir);
                }
            }
            "-iquote" => add(&mut self.quote_dirs, dir()),
            "-isystem" => add(&mut self.system_dirs, dir()),
            "-idirafter" | "-isystem-after" => add(&mut self.after_dirs, dir()),
            "-D" | "--define-macro=" => {
                self.macros.push(CommandLineMacro::Define(value.to_owned()))
            }
            "-U" | "--undefine-macro=" => {
                self.macros.push(CommandLineMacro::Undefine(value.to_owned()))
            }
            "--embed-dir=" | "--embed-dir" => add(&mut self.embed_dirs, dir()),
            "-include" | "-imacros" => add(&mut self.forced_includes, value.to_owned()),
            "-target" | "--target=" => {
                let big = value.starts_with("bpfeb") || value.starts_with("bpf_be");
                self.endian = if big { Endian::Big } else { Endian::Little };
                self.machine = Machine::of_target(value);
                self.names_target = true;
            }
            _ => {}
        }
    }

    /// Whether trigraphs are replaced: in standards before C23 that are not GNU ones.
    pub fn trigraphs(&self) -> bool {
        self.trigraphs_given.unwrap_or(!self.gnu && self.standard < Standard::C23)
    }

    fn set_standard(&mut self, name: &str) {
        self.gnu = name.starts_with("gnu");
        self.standard = match name.trim_start_matches("gnu").trim_start_matches('c') {
            "89" | "90" | "iso9899:1990" => Standard::C89,
            "iso9899:199409" => Standard::C94,
            "99" | "9x" | "iso9899:1999" => Standard::C99,
            "11" | "1x" | "iso9899:2011" => Standard::C11,
            "17" | "18" | "iso9899:2017" | "iso9899:2018" => Standard::C17,
            "23" | "2x" | "iso9899:2024" => Standard::C23,
            "2y" => Standard::C2y,
            _ => self.standard,
        };
    }

    /// The folders searched for `"..."` after the includer's own, in order, and how many of them at
    /// the front are searched for quotes only. A folder given twice counts where clang keeps it:
    /// the later place when that is a system one and the earlier is not.
    pub(crate) fn search_dirs(&self) -> (Vec<&Path>, usize) {
        let mut seen = FxHashSet::default();
        let quoted = self.quote_dirs.iter().map(PathBuf::as_path);
        let mut dirs: Vec<&Path> = quoted.filter(|dir| seen.insert(*dir)).collect();
        let quote = dirs.len();
        let mut seen = FxHashSet::default();
        let system = self.system_dirs.iter().chain(&self.default_dirs).chain(&self.after_dirs);
        let system = system.map(PathBuf::as_path);
        let system: Vec<&Path> = system.filter(|dir| seen.insert(*dir)).collect();
        let own = self.include_dirs.iter().map(PathBuf::as_path);
        dirs.extend(own.filter(|dir| seen.insert(*dir)));
        dirs.extend(system);
        (dirs, quote)
    }
}

/// Adds to a list that has an end.
fn add<T>(list: &mut Vec<T>, one: T) {
    if list.len() < MAX_FOLDERS {
        list.push(one);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn joined_and_separate_forms() {
        let line = "clang -target bpfeb -Iinc -I ../up -isystem /s -idirafter/a -DX=1 -D Y -UZ \
                    -include pre.h -iquote q -std=gnu11 -mcpu=v3 -O2 -g -c x.bpf.c -o x.o -- no";
        let args: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        let flags = Flags::parse(&args, Path::new("/w/p"));
        let shown = format!(
            "{:?} v{} {:?} gnu={} O={}\n{:?}\n{:?} {:?}",
            flags.endian,
            flags.cpu,
            flags.standard,
            flags.gnu,
            flags.optimize,
            flags.search_dirs(),
            flags.macros,
            flags.forced_includes
        );
        expect![[r#"
            Big v3 C11 gnu=true O=true
            (["/w/p/q", "/w/p/inc", "/w/up", "/s", "/usr/local/include", "/usr/include", "/a"], 1)
            [Define("X=1"), Define("Y"), Undefine("Z")] ["pre.h"]"#]]
        .assert_eq(&shown);
    }

    #[test]
    fn more_folders_than_are_searched() {
        let kinds = ["-I", "-iquote", "-isystem", "-idirafter", "-include", "--embed-dir="];
        let args: Vec<String> =
            kinds.iter().flat_map(|kind| (0..2_000).map(move |i| format!("{kind}d{i}"))).collect();
        let flags = Flags::parse(&args, Path::new("/w"));
        let (dirs, quote) = flags.search_dirs();
        assert_eq!((flags.forced_includes.len(), flags.embed_dirs.len()), (1_024, 1_024));
        // Those of `-I` are all system folders too.
        assert_eq!((dirs.len(), quote), (2 * 1_024 + 2, 1_024));
    }

    #[test]
    fn machines() {
        let machine = |line: &str, host: &str| {
            let args: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            let mut flags = Flags::parse(&args, Path::new("/"));
            flags.set_host(host);
            flags.machine
        };
        assert_eq!(machine("gcc -c a.c", "x86_64"), Machine::X86_64);
        assert_eq!(machine("gcc -m32 -c a.c", "x86_64"), Machine::I386);
        assert_eq!(machine("clang --target=aarch64-linux-gnu -c a.c", "x86_64"), Machine::Aarch64);
        assert_eq!(machine("clang -m32 -target x86_64-linux-gnu a.c", "aarch64"), Machine::I386);
        assert_eq!(machine("clang -target bpf -c a.c", "x86_64"), Machine::Bpf);
        assert_eq!(machine("cc -c a.c", "riscv64"), Machine::Bpf);
    }
}
