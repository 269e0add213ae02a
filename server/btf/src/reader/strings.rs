//! The string part: NUL-terminated names, referred to by offset.

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::{ReadError, TypeProblem};
use crate::shown;

/// Names by offset. Each offset is copied once; a budget bounds what overlapping names may add up
/// to (a thousand offsets into one long string would otherwise cost a thousand copies of it).
pub(super) struct Strings<'a> {
    bytes: &'a [u8],
    known: FxHashMap<u32, SmolStr>,
    budget: usize,
}

/// How many times the size of the string part its names may take. Linkers share suffixes at most.
const OVERLAP_FACTOR: usize = 8;
/// What small string parts may use on top of that, in bytes.
const OVERLAP_SLACK: usize = 1 << 16;

impl<'a> Strings<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Result<Self, ReadError> {
        if bytes.first() != Some(&0) || bytes.last() != Some(&0) {
            return Err(ReadError::BadStrings);
        }
        Ok(Strings {
            bytes,
            known: FxHashMap::default(),
            budget: bytes.len().saturating_mul(OVERLAP_FACTOR).saturating_add(OVERLAP_SLACK),
        })
    }

    /// The name at that offset; bytes that are not UTF-8 become U+FFFD. Control characters, which no name
    /// in C has, are escaped: names end up in texts of many lines.
    pub(super) fn get(&mut self, offset: u32) -> Result<SmolStr, TypeProblem> {
        if offset == 0 {
            return Ok(SmolStr::default());
        }
        if let Some(name) = self.known.get(&offset) {
            return Ok(name.clone());
        }
        let outside = TypeProblem::NameOutside(offset);
        let tail = self.bytes.get(offset as usize..).ok_or(outside)?;
        let window = tail.get(..self.budget).unwrap_or(tail);
        let Some(len) = window.iter().position(|&byte| byte == 0) else {
            // The part ends with NUL, so only the budget or an offset at its end can end here.
            return Err(if tail.is_empty() { outside } else { TypeProblem::TooManyNames });
        };
        self.budget -= len;
        let name = String::from_utf8_lossy(window.get(..len).unwrap_or_default());
        let name = match name.contains(char::is_control) {
            false => SmolStr::from(name),
            true => SmolStr::from(shown::line(&name)),
        };
        self.known.insert(offset, name.clone());
        Ok(name)
    }
}
