//! Random BPF objects: files that hang together (sections, symbols, relocations, types, line
//! information), with damage at chosen places, so that it is met deep inside of a reader.

use btf::{
    Btf, ByteOrder, Composite, DatasecEntry, Linkage, Member, Type, TypeId, size::Aligner, writer,
};

use super::{
    Random,
    damage::{damage, word},
    elf::{File, REL, Section},
    types,
};

/// A section that the compiler writes: name, type and flags.
type Kind = (&'static str, u32, u64);

const PROGBITS: u32 = 1;
const NOBITS: u32 = 8;
/// `SHF_ALLOC | SHF_EXECINSTR`
const CODE: u64 = 6;
/// `SHF_WRITE | SHF_ALLOC`
const DATA: u64 = 3;

const KINDS: &[Kind] = &[
    ("tc", PROGBITS, CODE),
    (".maps", PROGBITS, DATA),
    (".data", PROGBITS, DATA),
    (".bss", NOBITS, DATA),
    (".rodata", PROGBITS, 2),
    (".text", PROGBITS, CODE),
    ("license", PROGBITS, DATA),
    (".struct_ops.link", PROGBITS, DATA),
    ("struct_ops/run", PROGBITS, CODE),
    ("?.struct_ops", PROGBITS, DATA),
    (".percpu", PROGBITS, DATA),
    (".ksyms", 0, 0),
    (".kconfig", 0, 0),
    (".addr_space.1", NOBITS, DATA),
    (".rodata.str1.1", PROGBITS, 0x32),
    (".data.a b", PROGBITS, DATA),
    ("version", PROGBITS, DATA),
    ("?uprobe//bin/sh:main", PROGBITS, CODE),
];

/// What a map definition may say; the last is an array of what it holds.
const MAP_MEMBERS: &[&str] = &[
    "type",
    "max_entries",
    "key",
    "value",
    "map_flags",
    "key_size",
    "value_size",
    "pinning",
    "map_extra",
    "numa_node",
    "unheard",
    "values",
];

/// The bytes of an object.
pub fn object(random: &mut Random) -> Vec<u8> {
    let order = if random.below(4) == 3 { ByteOrder::Big } else { ByteOrder::Little };
    let mut builder = Builder {
        file: File::new(order),
        btf: types::types(random, 12),
        aligner: Aligner::default(),
    };
    for _ in 0..1 + random.below(7) {
        let kind = random.pick(KINDS);
        builder.section(random, kind);
    }
    builder.relocations(random);
    builder.debug_information(random);
    let (mut bytes, parts) = builder.file.write();
    damage(random, &mut bytes, &parts, order);
    bytes
}

struct Builder {
    file: File,
    btf: Btf,
    aligner: Aligner,
}

impl Builder {
    fn section(&mut self, random: &mut Random, (name, kind, flags): Kind) {
        let number = self.file.sections.len();
        let mut section =
            Section { name: name.into(), kind, flags, align: 8, ..Section::default() };
        if flags == CODE {
            self.code(random, number, &mut section);
        } else {
            self.variables(random, number, &mut section);
        }
        // Of externs there are types and symbols alone.
        if kind != 0 {
            self.file.sections.push(section);
        }
    }

    fn code(&mut self, random: &mut Random, number: usize, section: &mut Section) {
        let proto = self.btf.add(Type::FuncProto { ret: TypeId(1), params: Vec::new() });
        for index in 0..1 + random.below(2) {
            let start = section.bytes.len() as u64;
            for _ in 0..1 + random.below(3) {
                // A load of an address, a call of a subprogram, or an end.
                let code = random.pick(&[[0x18, 0], [0x85, 0x10], [0x95, 0]]);
                section.bytes.extend_from_slice(&code);
                section.bytes.extend_from_slice(&[0; 6]);
            }
            let size = section.bytes.len() as u64 - start;
            let name = format!("f{number}_{index}");
            let linkage = Linkage::Global;
            self.btf.add(Type::Func(btf::Function { name: name.as_str().into(), proto, linkage }));
            // `STT_FUNC`, global or weak.
            let info = random.pick(&[0x12, 0x12, 0x22]);
            self.file.symbol(&name, [info, 0, number as u64, start, size]);
        }
    }

    fn variables(&mut self, random: &mut Random, number: usize, section: &mut Section) {
        let name = section.name.clone();
        let mut entries = Vec::new();
        let mut end = 0_u64;
        for index in 0..random.below(4) {
            let variable = format!("v{number}_{index}");
            let ty = self.type_of_variable(random, &name);
            let size = self.btf.size_of(ty).unwrap_or(4).min(4096);
            let align = self.aligner.align_of(&self.btf, ty).map_or(1, u64::from).clamp(1, 64);
            end = end.next_multiple_of(align);
            let linkage = match section.kind {
                0 => Linkage::Extern,
                _ if name == ".maps" && random.below(8) < 7 => Linkage::Global,
                _ => random.pick(&[Linkage::Global, Linkage::Global, Linkage::Static]),
            };
            let var = self.btf.add(Type::Var { name: variable.as_str().into(), ty, linkage });
            // clang leaves offsets of global variables to libbpf.
            let offset = if linkage == Linkage::Static { end as u32 } else { 0 };
            entries.push(DatasecEntry { ty: var, offset, size: size as u32 });
            match linkage {
                Linkage::Extern => self.file.symbol(&variable, [0x10, 0, 0, 0, 0]),
                Linkage::Global => {
                    let hidden = random.pick(&[0, 0, 2]);
                    self.file.symbol(&variable, [0x11, hidden, number as u64, end, size]);
                }
                Linkage::Static => self.file.symbol(&variable, [1, 0, number as u64, end, size]),
            }
            end += size;
        }
        section.size = end;
        if section.kind == PROGBITS {
            section.bytes = vec![random.below(256) as u8; end as usize];
        }
        if !entries.is_empty() {
            self.btf.add(Type::Datasec { name: name.as_str().into(), size: 0, entries });
        }
    }

    fn type_of_variable(&mut self, random: &mut Random, section: &str) -> TypeId {
        if section == ".maps" {
            return self.map(random, true);
        }
        if section.contains("struct_ops") {
            let proto = self.btf.add(Type::FuncProto { ret: TypeId(1), params: Vec::new() });
            let pointer = self.btf.add(Type::Ptr(proto));
            return self
                .record("ops", &[("run", pointer), ("flags", TypeId(1)), ("stop", pointer)]);
        }
        if section == ".kconfig" && random.below(4) < 3 {
            return TypeId(1);
        }
        types::reference(random, &self.btf)
    }

    /// A definition of a map, perhaps with a map in its values.
    fn map(&mut self, random: &mut Random, may_hold: bool) -> TypeId {
        let mut members = Vec::new();
        let last = if may_hold { MAP_MEMBERS.len() } else { MAP_MEMBERS.len() - 1 };
        for name in MAP_MEMBERS.iter().take(last) {
            let said = match *name {
                "type" => random.below(32) < 31,
                "max_entries" | "key" | "value" => random.below(4) < 3,
                _ => random.below(8) == 7,
            };
            if !said {
                continue;
            }
            let pointed = match *name {
                "key" | "value" => types::reference(random, &self.btf),
                "values" => {
                    let held = match random.below(4) {
                        0 => self.map(random, false),
                        1 => types::reference(random, &self.btf),
                        _ => self.btf.add(Type::FuncProto { ret: TypeId(1), params: Vec::new() }),
                    };
                    let pointer = self.btf.add(Type::Ptr(held));
                    let index = TypeId(1);
                    let values = self.btf.add(Type::Array { elem: pointer, index, len: 0 });
                    members.push((*name, values));
                    continue;
                }
                "type" => {
                    let len = random.pick(&[1, 2, 3, 12, 13, 27, 26, 33, 6, 0]);
                    self.btf.add(Type::Array { elem: TypeId(1), index: TypeId(1), len })
                }
                _ => {
                    let len = types::size(random);
                    self.btf.add(Type::Array { elem: TypeId(1), index: TypeId(1), len })
                }
            };
            members.push((*name, self.btf.add(Type::Ptr(pointed))));
        }
        let holds = members.last().is_some_and(|(name, _)| *name == "values");
        let record = self.record("", &members);
        // Room for what the values are set to.
        if holds && let Some(Type::Struct(map)) = self.btf.types.get_mut(record.0 as usize) {
            map.size += 8 * random.below(4) as u32;
        }
        record
    }

    fn record(&mut self, name: &str, members: &[(&str, TypeId)]) -> TypeId {
        let mut end = 0_u32;
        let members = members.iter().map(|&(name, ty)| {
            let offset_bits = end * 8;
            end += if name == "values" { 0 } else { 8 };
            Member { name: name.into(), ty, offset_bits, bitfield_bits: 0 }
        });
        let members = members.collect();
        self.btf.add(Type::Struct(Composite { name: name.into(), size: end, members }))
    }

    /// Relocations of each section that may have some: of any slot, to any symbol.
    fn relocations(&mut self, random: &mut Random) {
        for number in 1..self.file.sections.len() {
            let Some(of) = self.file.sections.get(number) else { continue };
            let slots = of.bytes.len() / 8;
            if slots == 0 || (of.flags != CODE && random.below(2) == 1) {
                continue;
            }
            let mut bytes = Vec::new();
            for _ in 0..random.below(4) {
                let offset = random.below(slots) as u64 * 8;
                let symbol = random.below(self.file.symbols.len()) as u64;
                bytes.extend(word(self.file.order, offset, 8));
                bytes.extend(word(self.file.order, symbol << 32 | 1, 8));
            }
            let name = format!(".rel{}", of.name);
            let info = number as u64;
            self.file.sections.push(Section {
                name,
                kind: REL,
                info,
                bytes,
                align: 8,
                entry: 16,
                ..Section::default()
            });
        }
    }

    /// `.BTF.ext`: the header and a line of the program.
    fn lines(&self, random: &mut Random, strings: usize) -> Vec<u8> {
        let mut bytes = word(self.file.order, 0xeb9f, 2);
        bytes.extend([1, 0]);
        let lines = 1 + random.below(3) as u64;
        let mut words = vec![24, 0, 0, 0, 12 + 16 * lines, 16, 1, lines];
        for line in 0..lines {
            let file = random.below(strings.max(1)) as u64;
            words.extend([line * 8, file, 0, line << 10]);
        }
        bytes.extend(words.into_iter().flat_map(|value| word(self.file.order, value, 4)));
        bytes
    }

    /// `.BTF` and `.BTF.ext`.
    fn debug_information(&mut self, random: &mut Random) {
        let types = writer::write(&self.btf, self.file.order).unwrap_or_default();
        let lines = self.lines(random, types.len() / 4);
        for (name, bytes) in [(".BTF", types), (".BTF.ext", lines)] {
            let (name, kind) = (name.into(), PROGBITS);
            self.file.sections.push(Section { name, kind, bytes, align: 4, ..Section::default() });
        }
    }
}
