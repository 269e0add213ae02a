//! The command line: the same answers as in the editor, for scripts and CI.
//!
//! What it says goes through [`terminal`].

#![warn(clippy::print_stdout, clippy::print_stderr)]

mod baseline;
mod check;
mod explain;
mod input;
mod object;
mod replace;
mod report;
mod sarif;
mod skeleton;
mod sources;
mod terminal;

use std::{ffi::OsString, path::PathBuf, process::ExitCode};

use bpf::skeleton::SkeletonKind;
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::project::build::process;

/// Language server and checker for BPF C and its skeletons.
#[derive(Parser, Debug)]
#[command(name = "bpf-lsp", version, about, max_term_width = 100)]
struct Cli {
    /// Speak the Language Server Protocol on stdin and stdout (the default without arguments)
    #[arg(long)]
    stdio: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Report mistakes in BPF programs and their loaders
    ///
    /// Exit code: 0 if nothing was found, 1 if something was, 2 if something could not be checked.
    Check {
        /// Output format
        #[arg(long, value_enum, default_value_t)]
        format: ReportFormat,
        /// Also compare each program with the object built from it, if there is one
        #[arg(long)]
        objects: bool,
        #[command(flatten)]
        baseline: check::Baseline,
        /// Files, and folders to search for C files
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
        #[command(flatten)]
        flags: FlagArgs,
    },
    /// Print the declarations of the skeleton header, or all of it
    Skeleton {
        /// The kind of header
        #[arg(long, value_enum, default_value_t)]
        kind: Kind,
        /// Object name; by default it comes from the file name
        #[arg(long)]
        name: Option<String>,
        /// Print a header that a loader can be built with (FILE must be an object)
        #[arg(long)]
        full: bool,
        /// Loader program for a full light skeleton, as libbpf's `bpf_object__gen_loader` makes it
        #[arg(long, num_args = 2, value_names = ["DATA", "INSNS"], requires = "full")]
        loader: Option<Vec<PathBuf>>,
        /// BPF source or object
        file: PathBuf,
        #[command(flatten)]
        flags: FlagArgs,
    },
    /// Print all sections with their variables, or the layout of single types and variables
    Layout {
        /// Output format
        #[arg(long, value_enum, default_value_t)]
        format: LayoutFormat,
        /// BPF source or object
        file: PathBuf,
        /// Types (`struct foo` or `foo`) or variables
        names: Vec<String>,
        #[command(flatten)]
        flags: FlagArgs,
    },
    /// Dump types as `bpftool btf dump file FILE format raw` does
    Btf {
        /// BPF source or object
        file: PathBuf,
        #[command(flatten)]
        flags: FlagArgs,
    },
    /// Explain a rule
    Explain {
        /// Id of the rule; all ids are listed without one
        rule: Option<String>,
    },
    /// Becomes a compiler that ends with the server
    #[command(name = process::COMPILE, hide = true)]
    Compile {
        server: u32,
        compiler: OsString,
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Ends a compiler when the server has ended
    #[command(name = process::WATCH, hide = true)]
    Watch { group: u32, folder: PathBuf },
}

/// Where compiler flags come from.
#[derive(Args, Debug, Default)]
struct FlagArgs {
    /// Folder with the compile_commands.json to use
    #[arg(short = 'p', value_name = "DIR")]
    database: Option<PathBuf>,
    /// Compiler flags for all files
    #[arg(last = true, value_name = "FLAGS")]
    arguments: Vec<String>,
}

#[derive(Clone, Copy, ValueEnum, Debug, Default, PartialEq)]
enum ReportFormat {
    /// One line per finding
    #[default]
    Text,
    /// An array of objects
    Json,
    /// SARIF 2.1.0
    Sarif,
}

#[derive(Clone, Copy, ValueEnum, Debug, Default, PartialEq)]
enum LayoutFormat {
    /// For reading
    #[default]
    Text,
    /// One object
    Json,
}

#[derive(Clone, Copy, ValueEnum, Debug, Default)]
enum Kind {
    #[default]
    Skeleton,
    Subskeleton,
    Lskel,
}

impl From<Kind> for SkeletonKind {
    fn from(kind: Kind) -> SkeletonKind {
        match kind {
            Kind::Skeleton => SkeletonKind::Skeleton,
            Kind::Subskeleton => SkeletonKind::Subskeleton,
            Kind::Lskel => SkeletonKind::Light,
        }
    }
}

/// Runs the program with the process's arguments.
pub fn run() -> ExitCode {
    run_with(std::env::args_os())
}

/// Runs the program with some arguments, the first of them its name. What it says goes to the process's
/// output; wrong arguments end the process.
pub fn run_with(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = Cli::try_parse_from(arguments).unwrap_or_else(|error| terminal::end_with(&error));
    let result = match cli.command {
        None => return serve(),
        Some(Command::Check { format, objects, baseline, paths, flags }) => {
            check::run(format, objects, &baseline, &paths, &flags)
        }
        Some(Command::Skeleton { kind, name, full: false, loader: _, file, flags }) => {
            skeleton::declared(kind.into(), name.as_deref(), &file, &flags)
        }
        Some(Command::Skeleton { kind, name, full: true, loader, file, flags: _ }) => {
            skeleton::full(kind.into(), name.as_deref(), loader.as_deref(), &file)
        }
        Some(Command::Layout { format, file, names, flags }) => {
            object::layout(format, &file, &names, &flags)
        }
        Some(Command::Btf { file, flags }) => object::btf(&file, &flags),
        Some(Command::Explain { rule }) => explain::run(rule.as_deref()),
        Some(Command::Compile { server, compiler, arguments }) => {
            process::become_compiler(server, &compiler, &arguments)
        }
        Some(Command::Watch { group, folder }) => process::watch(group, &folder),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            terminal::note(&error);
            ExitCode::from(2)
        }
    }
}

fn serve() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::try_from_env("BPF_LSP_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        .with_writer(|| terminal::LogLines(std::io::stderr()))
        // It would panic where nobody reads stderr any more.
        .log_internal_errors(false)
        .init();
    match crate::lsp::serve_stdio() {
        // Workers may still be busy with questions that nobody waits for.
        Ok(code) => std::process::exit(code.into()),
        Err(error) => {
            terminal::note(&format!("cannot start: {error}"));
            ExitCode::from(2)
        }
    }
}
