//! One line on how a file is seen, for status items.

use std::path::Path;

use crate::{
    answer::Status,
    environment::FlagsFrom,
    host::{Analysis, Cancellable},
    pipeline::Role,
};

impl Analysis {
    /// How a file is seen: what is missing, or where its flags come from.
    ///
    /// # Errors
    ///
    /// When nobody wants the answer any more.
    pub fn status(&self, path: &Path) -> Cancellable<Status> {
        let Some(file) = self.file(path)? else { return Ok(Status::default()) };
        if file.role != Role::Bpf {
            return Ok(Status::default());
        }
        let mut includes = file.preprocessed.includes.iter();
        if let Some(missing) = includes.find(|include| include.resolved.is_none()) {
            let message = format!("{} not found", missing.path);
            return Ok(Status { warning: true, message });
        }
        if file.preprocessed.uses_stand_in() {
            let message = "libbpf's headers not found, using built-in ones".to_owned();
            return Ok(Status { warning: true, message });
        }
        if let Some(warning) = self.environment.project_file(path).warnings.first() {
            let message = format!("{}: {warning}", crate::project_file::NAME);
            return Ok(Status { warning: true, message });
        }
        let message = match &file.flags.from {
            FlagsFrom::Guessed(_) => "no compile flags found, guessed".to_owned(),
            from => from.to_string(),
        };
        Ok(Status { warning: false, message })
    }
}
