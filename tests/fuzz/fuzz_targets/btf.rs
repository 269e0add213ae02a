//! Any bytes as a `.BTF` section: refused, or printed in every way and written again.
#![no_main]

use btf::{CDumper, Detail, compare::first_difference, dump_c, pahole, raw, reader, writer};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(btf) = reader::read(bytes) else { return };
    raw::dump(&btf);
    let mut unique = CDumper::new(&btf);
    let mut plain = CDumper::with_plain_names(&btf);
    // Each question is bounded; a thousand types are enough of them.
    for (id, _) in btf.iter().take(1000) {
        unique.type_decl(id, "x", 1, false);
        plain.dump_definition(id);
        dump_c::type_name(&btf, id);
        btf.size_of(id);
        btf.align_of(id);
        pahole::describe(&btf, id);
        let same = first_difference((&btf, id), (&btf, id), Detail::Types);
        assert!(same.is_none(), "a type differs from itself");
    }
    for order in [reader::ByteOrder::Little, reader::ByteOrder::Big] {
        if let Some(bytes) = writer::write(&btf, order) {
            reader::read(&bytes).expect("what was written is read");
        }
    }
});
