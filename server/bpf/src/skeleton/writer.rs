//! The growing text of a header, with the places of its members.

use super::{Holder, Preview, PreviewMember, SkeletonKind};
use crate::object::Object;
use smol_str::SmolStr;
use std::fmt::{Arguments, Write};

/// Longest text that is made: only a damaged object asks for more.
const MAX_BYTES: usize = 32 << 20;

pub(super) struct Writer<'a> {
    pub(super) object: &'a Object,
    pub(super) kind: SkeletonKind,
    preview: Preview,
    /// Lines written so far.
    lines: u32,
    counted: usize,
}

impl<'a> Writer<'a> {
    pub(super) fn new(object: &'a Object, kind: SkeletonKind) -> Self {
        Writer { object, kind, preview: Preview::default(), lines: 0, counted: 0 }
    }

    /// Appends text and a newline.
    pub(super) fn line(&mut self, text: Arguments<'_>) {
        let _ = writeln!(self.preview.text, "{text}");
    }

    /// Appends the declaration of a member, and a newline.
    pub(super) fn member(
        &mut self,
        holder: Holder,
        name: SmolStr,
        object_name: &SmolStr,
        section: &SmolStr,
        declaration: &str,
    ) {
        let line = self.current_line();
        self.line(format_args!("{declaration}"));
        let last_line = self.current_line().saturating_sub(1);
        self.preview.members.push(PreviewMember {
            holder,
            name,
            object_name: object_name.clone(),
            section: section.clone(),
            line,
            last_line,
        });
    }

    /// Says that bpftool stops here with an error.
    pub(super) fn fails(&mut self, why: String) {
        self.line(format_args!("/* bpftool stops here: {why} */"));
        self.preview.note.get_or_insert(why);
    }

    /// Whether the text is longer than any real one; says so once it is.
    pub(super) fn is_full(&mut self) -> bool {
        let full = self.preview.text.len() > MAX_BYTES;
        if full {
            self.fails("the header would be too long".into());
        }
        full
    }

    pub(super) fn finish(self) -> Preview {
        self.preview
    }

    fn current_line(&mut self) -> u32 {
        let new = self.preview.text.as_bytes().get(self.counted..).unwrap_or_default();
        self.lines += new.iter().filter(|b| **b == b'\n').count() as u32;
        self.counted = self.preview.text.len();
        self.lines
    }
}
