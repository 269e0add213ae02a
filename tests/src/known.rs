//! Differences from clang that are known, each with its cause.

use std::{collections::BTreeMap, path::Path};

/// A table with a program, what differs (the word before the first `:`), and the cause.
#[derive(Debug, Default)]
pub struct KnownDifferences {
    causes: BTreeMap<(String, String), String>,
}

impl KnownDifferences {
    /// Reads a tab-separated file; lines that begin with `#` are comments.
    pub fn read(path: &Path) -> Result<KnownDifferences, String> {
        let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
        let mut causes = BTreeMap::new();
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let [program, what, cause] = line.split('\t').collect::<Vec<_>>()[..] else {
                return Err(format!("{}: not three columns: {line}", path.display()));
            };
            causes.insert((program.to_owned(), what.to_owned()), cause.to_owned());
        }
        Ok(KnownDifferences { causes })
    }

    /// The cause of a difference as ` [cause]`, when it is listed.
    pub fn cause(&self, program: &str, difference: &str) -> Option<String> {
        let program = program.strip_prefix("progs__").unwrap_or(program);
        let what = difference.split(':').next().unwrap_or(difference);
        let cause = self.causes.get(&(program.to_owned(), what.to_owned()))?;
        Some(format!(" [{cause}]"))
    }
}
