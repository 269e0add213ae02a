//! Any bytes as the choices of a graph of types, and of what is damaged in its `.BTF`: the graph can be
//! asked, whatever it holds, and so can what the reader takes; and that is the same, written and read again.
#![no_main]

use bpf_lsp_tests::{
    generate::{Random, damage::damage, types},
    questions,
};
use btf::{ByteOrder, read, writer::write};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let random = &mut Random::from_bytes(bytes);
    let order = if random.below(4) == 3 { ByteOrder::Big } else { ByteOrder::Little };
    let graph = types::types(random, 48);
    questions::of_types(&graph);
    let Some(mut bytes) = write(&graph, order) else { return };
    let parts = [4..24, 24..bytes.len()];
    damage(random, &mut bytes, &parts, order);
    let Ok(found) = read(&bytes) else { return };
    questions::of_types(&found);
    let Some(again) = write(&found, order) else { return };
    assert_eq!(read(&again).expect("what was written is read").types, found.types);
});
