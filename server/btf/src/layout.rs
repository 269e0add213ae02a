//! Record layout: where clang puts the members of a struct or union for `-target bpf`.
//!
//! BPF uses the Itanium rules for C records (clang `ItaniumRecordLayoutBuilder`), with bit-fields
//! aligned by their declared type. Both byte orders give the same sizes and the same bit offsets:
//! clang writes offsets into BTF counted from the start of the record in declaration order also for
//! `bpfeb` (`CGDebugInfo::createBitFieldType` undoes the reversal of big-endian storage units), so
//! [`RecordLayout::offsets_bits`] is what a BTF member holds on either target.

/// What is said about the record as a whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RecordAttrs {
    /// `__attribute__((packed))` on the record.
    pub packed: bool,
    /// The largest `__attribute__((aligned(N)))` on the record, in bytes.
    pub aligned: Option<u64>,
    /// The value of `#pragma pack(N)` in force where the record is defined, in bytes.
    pub pragma_pack: Option<u32>,
}

/// One field declarator of a record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FieldInput {
    /// Size of the declared type in bytes; of a flexible array 0 is taken whatever is given.
    pub size: u64,
    /// Alignment of the declared type in bytes, `aligned` on its typedef or tag included.
    pub align: u64,
    /// Width in bits when the field is a bit-field; 0 for the aligning `int : 0`.
    pub bitfield: Option<u32>,
    /// Whether it has a name. Matters to bit-fields only: an anonymous struct or union counts as
    /// any other member.
    pub named: bool,
    /// `__attribute__((packed))` on the field itself.
    pub packed: bool,
    /// The largest `__attribute__((aligned(N)))` on the field itself, in bytes.
    pub aligned: Option<u64>,
    /// An array without a bound (`T x[]`).
    pub flexible: bool,
}

impl FieldInput {
    /// An ordinary named field without attributes; size and alignment in bytes.
    pub fn plain(size: u64, align: u64) -> Self {
        FieldInput {
            size,
            align,
            bitfield: None,
            named: true,
            packed: false,
            aligned: None,
            flexible: false,
        }
    }

    /// A named bit-field of `width` bits in a declared type of `size` bytes, aligned to its size.
    pub fn bits(size: u64, width: u32) -> Self {
        FieldInput { bitfield: Some(width), ..FieldInput::plain(size, size) }
    }
}

/// The outcome of [`lay_out`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecordLayout {
    /// Size in bytes, tail padding included.
    pub size: u64,
    /// Alignment in bytes, at least 1.
    pub align: u64,
    /// Offset in bits of every input field, in input order (unnamed bit-fields too).
    pub offsets_bits: Vec<u64>,
}

/// Lays out a struct, or a union when `is_union`.
///
/// `None` when a size or offset in bits does not fit 64 bits. An alignment of 0 is read as 1.
pub fn lay_out(is_union: bool, attrs: &RecordAttrs, fields: &[FieldInput]) -> Option<RecordLayout> {
    let mut builder = Builder {
        is_union,
        packed: attrs.packed,
        max_field_align: match attrs.pragma_pack {
            Some(n) if n > 0 => Some(u64::from(n).checked_mul(8)?),
            _ => None,
        },
        data_bits: 0,
        unfilled_bits: 0,
        align_bits: to_bits_align(attrs.aligned.unwrap_or(1))?,
        offsets_bits: Vec::with_capacity(fields.len()),
    };
    for field in fields {
        match field.bitfield {
            Some(width) => builder.bit_field(field, u64::from(width))?,
            None => builder.field(field)?,
        }
    }
    let size_bits = align_up(builder.data_bits, builder.align_bits)?;
    Some(RecordLayout {
        size: size_bits / 8,
        align: builder.align_bits / 8,
        offsets_bits: builder.offsets_bits,
    })
}

/// State while the fields are placed; all quantities in bits.
struct Builder {
    is_union: bool,
    packed: bool,
    max_field_align: Option<u64>,
    /// End of the data so far, always a multiple of 8.
    data_bits: u64,
    /// Bits of the last byte that the last bit-field left free.
    unfilled_bits: u64,
    align_bits: u64,
    offsets_bits: Vec<u64>,
}

impl Builder {
    fn field(&mut self, field: &FieldInput) -> Option<()> {
        self.unfilled_bits = 0;
        let size = if field.flexible { 0 } else { field.size.checked_mul(8)? };
        let packed = self.packed || field.packed;
        let natural = if packed { 8 } else { to_bits_align(field.align)? };
        let mut align = natural.max(to_bits_align(field.aligned.unwrap_or(1))?);
        // `#pragma pack` wins over `aligned` on the field.
        if let Some(max) = self.max_field_align {
            align = align.min(max);
        }
        let offset = if self.is_union { 0 } else { align_up(self.data_bits, align)? };
        self.offsets_bits.push(offset);
        let end = offset.checked_add(size)?;
        self.data_bits = if self.is_union { self.data_bits.max(end) } else { end };
        self.align_bits = self.align_bits.max(align);
        Some(())
    }

    fn bit_field(&mut self, field: &FieldInput, width: u64) -> Option<()> {
        let storage = field.size.checked_mul(8)?;
        let packed = self.packed || field.packed;
        let explicit = match field.aligned {
            Some(bytes) => Some(to_bits_align(bytes)?),
            None => None,
        };
        let declared = to_bits_align(field.align)?;
        let align = match self.max_field_align {
            // `#pragma pack` caps the declared alignment and makes `packed` say nothing more: a
            // packed bit-field asks its record for alignment again.
            Some(max) if width != 0 => declared.max(explicit.unwrap_or(1)).min(max),
            // A zero-width bit-field aligns by its type even in a packed record.
            _ if packed && width != 0 => explicit.unwrap_or(1),
            _ => declared.max(explicit.unwrap_or(1)),
        };
        let mut offset = if self.is_union { 0 } else { self.data_bits - self.unfilled_bits };
        // Under `#pragma pack` bit-fields are laid end to end, whatever unit they straddle.
        let may_pad = self.max_field_align.is_none();
        let straddles = (offset % align).checked_add(width)? > storage;
        if width == 0 || (may_pad && straddles) {
            offset = align_up(offset, align)?;
        } else if let Some(explicit) = explicit
            && self.max_field_align.is_none_or(|max| explicit <= max)
        {
            offset = align_up(offset, explicit)?;
        }
        self.offsets_bits.push(offset);
        let end = offset.checked_add(width)?;
        let end_byte = align_up(end, 8)?;
        if self.is_union {
            self.data_bits = self.data_bits.max(end_byte);
        } else {
            self.data_bits = end_byte;
            self.unfilled_bits = end_byte - end;
        }
        // Unnamed bit-fields place others but ask no alignment of the record.
        if field.named {
            self.align_bits = self.align_bits.max(align);
        }
        Some(())
    }
}

fn to_bits_align(bytes: u64) -> Option<u64> {
    bytes.max(1).checked_mul(8)
}

/// `value` rounded up to a multiple of `align` (not 0).
fn align_up(value: u64, align: u64) -> Option<u64> {
    value.checked_next_multiple_of(align)
}

#[cfg(test)]
mod tests;
