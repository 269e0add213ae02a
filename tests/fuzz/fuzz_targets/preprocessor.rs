//! Any bytes as a main file, and as a header that it includes twice: lexer and preprocessor end.
#![no_main]

use std::path::Path;

use cfront::{
    flags::Flags,
    pp,
    session::{MemoryFileSystem, Session},
    source::Text,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let session = Session::new();
    let fs = MemoryFileSystem::default();
    fs.write(Path::new("/w/self.h"), &text);
    let flags = Flags::default();
    let main = Path::new("/w/main.bpf.c");
    let twice: Text =
        format!("#include \"self.h\"\n#include \"self.h\"\nint after;\n{text}").into();
    for main_text in [Text::from(&*text), twice] {
        let unit = pp::preprocess(&session, &fs, main, main_text, &flags);
        for chunk in &unit.chunks {
            for token in chunk.tokens().iter().take(2000) {
                unit.written(token.loc);
                unit.spelling(token.loc);
                unit.expansion_stack(token.loc);
            }
        }
    }
});
