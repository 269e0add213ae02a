//! Any bytes as a main file, and as a header that it includes twice: lexer and preprocessor end.
#![no_main]

mod common;

use common::on_bench;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    on_bench(|bench| {
        // A folder of its own: the session has read the header of the input before.
        let folder = bench.folder();
        bench.write(&format!("{folder}/self.h"), &text);
        let main = format!("{folder}/main.bpf.c");
        let twice = format!("#include \"self.h\"\n#include \"self.h\"\nint after;\n{text}");
        for main_text in [&*text, twice.as_str()] {
            let unit = bench.preprocess(&main, main_text);
            for chunk in &unit.chunks {
                for token in chunk.tokens().iter().take(2000) {
                    unit.written(token.loc);
                    unit.spelling(token.loc);
                    unit.expansion_stack(token.loc);
                }
            }
        }
    });
});
