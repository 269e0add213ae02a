//! The laws of clang and LLVM that the model follows: each decision names the one it rests on, and doubt
//! carries it ([`crate::certainty::Certainty`]), so that a reader can be told why something is not certain.
//!
//! Each law has cases of its name in `laws/`: what clang makes of a few lines of C.

#[cfg(test)]
mod tests;

/// Something that clang or LLVM does, as far as the model needs it.
#[derive(Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Law {
    /// Its name, in lower case with hyphens.
    pub id: &'static str,
    /// Where clang or LLVM 19 does it: file and function.
    pub source: &'static str,
    /// What it does, in one sentence.
    pub says: &'static str,
}

/// All of them.
pub static LAWS: &[&Law] = &[
    &EMISSION_ORDER,
    &EVALUATION_ORDER,
    &DEAD_ARMS,
    &CONSTANT_FOLDING,
    &USED_PROTOTYPES,
    &INITIALISER_TYPES,
    &SYMBOL_NAMES,
    &STRING_LITERALS,
    &LOCAL_CONSTANTS,
    &SECTIONS,
    &MERGEABLE_SECTIONS,
    &TYPE_ALIGNMENT,
    &ACCESS_ALIGNMENT,
    &DEAD_GLOBALS,
    &STORE_FORWARDING,
    &ONE_STORED_VALUE,
    &CONSTANT_GLOBALS,
    &CONSTANT_READS,
    &SRA,
    &SROA,
    &MEMORY_TRANSFERS,
    &COPIED_CONSTANTS,
    &CONSTANT_MERGE,
    &DEAD_STORES,
    &LOOP_UNROLLING,
    &INLINING,
    &VALUE_PROPAGATION,
    &INCOMPLETE_TYPES,
];

/// In which order clang generates globals.
pub static EMISSION_ORDER: Law = Law {
    id: "emission-order",
    source: "clang/lib/CodeGen/CodeGenModule.cpp: EmitGlobal, EmitTentativeDefinition, EmitDeferred",
    says: "what is external and has an initialiser or body is emitted where the parser passes it, tentative \
           definitions at the end of the unit, static ones behind those in the order of their first use",
};

/// In which order a body's references are generated.
pub static EVALUATION_ORDER: Law = Law {
    id: "evaluation-order",
    source: "clang/lib/CodeGen/CGExprScalar.cpp: VisitBinAssign; CGStmt.cpp: EmitForStmt",
    says: "the right side of a scalar assignment is generated before the left, the step of a `for` behind its \
           body, and an initialiser list in the order of members",
};

/// Which code is not generated at all.
pub static DEAD_ARMS: Law = Law {
    id: "dead-arms",
    source: "clang/lib/CodeGen/CodeGenFunction.cpp: ConstantFoldsToSimpleInteger, ContainsLabel",
    says: "no code is generated for the other arm of a constant condition, nor behind a jump, unless a label \
           leads there",
};

/// What the front end folds.
pub static CONSTANT_FOLDING: Law = Law {
    id: "constant-folding",
    source: "clang/lib/AST/ExprConstant.cpp: EvaluateAsRValue",
    says: "reads of `const` scalars with a constant initialiser are that constant, and refer to no variable",
};

/// What `-g` refers to.
pub static USED_PROTOTYPES: Law = Law {
    id: "used-prototypes",
    source: "clang/lib/Sema/Sema.cpp: ActOnEndOfTranslationUnit; clang/lib/CodeGen/CGDebugInfo.cpp: EmitFunctionDecl",
    says: "with debug info, a function that is declared before it is defined and used is described by its \
           declaration at the end of the unit, which refers to it",
};

/// When a variable is created anew.
pub static INITIALISER_TYPES: Law = Law {
    id: "initialiser-types",
    source: "clang/lib/CodeGen/CodeGenModule.cpp: EmitGlobalVarDefinition",
    says: "a variable that was created by a reference is created anew at its definition where its initialiser \
           has another type in LLVM",
};

/// How symbols are told apart.
pub static SYMBOL_NAMES: Law = Law {
    id: "symbol-names",
    source: "llvm/lib/IR/ValueSymbolTable.cpp: makeUniqueName",
    says: "a name that is taken gets a number, by one counter for the whole module",
};

/// What becomes of string literals.
pub static STRING_LITERALS: Law = Law {
    id: "string-literals",
    source: "clang/lib/CodeGen/CodeGenModule.cpp: GetAddrOfConstantStringFromLiteral",
    says: "a string literal that is used as a pointer is a private constant, and equal ones are one",
};

/// What local aggregates are copied from.
pub static LOCAL_CONSTANTS: Law = Law {
    id: "local-constants",
    source: "clang/lib/CodeGen/CGDecl.cpp: emitStoresForConstant, shouldUseBZeroPlusStoresToInitialize",
    says: "a local aggregate with a constant initialiser is copied from a private constant, unless a memset \
           and a few stores make it",
};

/// Which section a variable goes to.
pub static SECTIONS: Law = Law {
    id: "sections",
    source: "llvm/lib/CodeGen/TargetLoweringObjectFileImpl.cpp: SelectSectionForGlobal",
    says: "a variable goes to the section it names, or by its type and first value to .rodata, .bss or .data",
};

/// Which constants the linker may merge.
pub static MERGEABLE_SECTIONS: Law = Law {
    id: "mergeable-sections",
    source: "llvm/lib/Target/TargetLoweringObjectFile.cpp: getKindForGlobal",
    says: "a constant whose address does not matter goes to a section for its size (4, 8, 16 or 32 bytes), \
           or for texts where it ends in its only zero",
};

/// How a variable is aligned by its type.
pub static TYPE_ALIGNMENT: Law = Law {
    id: "type-alignment",
    source: "llvm/lib/IR/DataLayout.cpp: getAlignment; llvm/lib/CodeGen/AsmPrinter/AsmPrinter.cpp: getGVAlignment",
    says: "outside of sections of the user's own, a variable is aligned at least as its type is in LLVM",
};

/// How a variable is aligned by what reads and writes it.
pub static ACCESS_ALIGNMENT: Law = Law {
    id: "access-alignment",
    source: "llvm/lib/Transforms/InstCombine/InstCombineLoadStoreAlloca.cpp: visitLoadInst, visitStoreInst",
    says: "a variable is aligned as the number prefers that is loaded from its start or stored there",
};

/// Which variables go.
pub static DEAD_GLOBALS: Law = Law {
    id: "dead-globals",
    source: "llvm/lib/Transforms/IPO/GlobalOpt.cpp: processInternalGlobal; GlobalDCE.cpp",
    says: "a static variable that no code reads is gone with the stores to it; one whose address leaves the \
           code that is seen stays",
};

/// Which values are not loaded again.
pub static STORE_FORWARDING: Law = Law {
    id: "store-forwarding",
    source: "llvm/lib/Transforms/Scalar/GVN.cpp: processLoad; EarlyCSE.cpp",
    says: "what was just stored is not loaded again: a static variable that each function writes before it \
           reads it may be only written, and is gone then",
};

/// Which variables become truth values.
pub static ONE_STORED_VALUE: Law = Law {
    id: "one-stored-value",
    source: "llvm/lib/Transforms/IPO/GlobalOpt.cpp: TryToShrinkGlobalToBoolean",
    says: "a static number that takes one value besides its first becomes a truth value of one byte, and one \
           that takes none is its first value",
};

/// Which variables become constants.
pub static CONSTANT_GLOBALS: Law = Law {
    id: "constant-globals",
    source: "llvm/lib/Transforms/IPO/GlobalOpt.cpp: processInternalGlobal (MarkedConstant, unnamed_addr)",
    says: "a static aggregate that is only read is a constant, whatever its type says, and may be merged",
};

/// Which reads of constants are folded.
pub static CONSTANT_READS: Law = Law {
    id: "constant-reads",
    source: "llvm/lib/Analysis/ConstantFolding.cpp: ConstantFoldLoadFromConst",
    says: "a number that is read from a constant at a constant place is put into the code",
};

/// How global aggregates are split.
pub static SRA: Law = Law {
    id: "sra",
    source: "llvm/lib/Transforms/IPO/GlobalOpt.cpp: SRAGlobal",
    says: "a static aggregate of which only constant parts are read and written is replaced by a variable for \
           each part that is left",
};

/// How local aggregates are taken apart.
pub static SROA: Law = Law {
    id: "sroa",
    source: "llvm/lib/Transforms/Scalar/SROA.cpp: runOnAlloca",
    says: "a local aggregate whose address stays in the function is taken apart into its members",
};

/// Which copies are one load and one store.
pub static MEMORY_TRANSFERS: Law = Law {
    id: "memory-transfers",
    source: "llvm/lib/Transforms/InstCombine/InstCombineCalls.cpp: SimplifyAnyMemTransfer, SimplifyAnyMemSet",
    says: "a copy of 1, 2, 4 or 8 bytes is one load and one store, and a comparison of one byte is no call",
};

/// Which locals are the constants that they are copied from.
pub static COPIED_CONSTANTS: Law = Law {
    id: "copied-constants",
    source: "llvm/lib/Transforms/InstCombine/InstCombineLoadStoreAlloca.cpp: visitAllocaInst",
    says: "a local that is copied from a constant and then only read is that constant itself",
};

/// Which constants are one.
pub static CONSTANT_MERGE: Law = Law {
    id: "constant-merge",
    source: "llvm/lib/Transforms/IPO/ConstantMerge.cpp: mergeConstants",
    says: "private constants with equal bytes are one, in the place of the last",
};

/// Which values of locals nobody sees.
pub static DEAD_STORES: Law = Law {
    id: "dead-stores",
    source: "llvm/lib/Transforms/Utils/PromoteMemoryToRegister.cpp: rename",
    says: "a value of a local that is replaced before anyone looks at it is gone",
};

/// Which loops are unrolled.
pub static LOOP_UNROLLING: Law = Law {
    id: "loop-unrolling",
    source: "llvm/lib/Transforms/Scalar/LoopUnrollPass.cpp: shouldFullUnroll, analyzeLoopUnrollCost",
    says: "a loop that runs a known number of times is unrolled where that costs few instructions: what it \
           indexes by its counter is then at constant places",
};

/// Which calls are inlined.
pub static INLINING: Law = Law {
    id: "inlining",
    source: "llvm/lib/Analysis/InlineCost.cpp: getInlineCost; llvm/lib/Transforms/IPO/AlwaysInliner.cpp",
    says: "a call of a static function is inlined where the function is small: what it does with the address \
           of a variable is then done by its caller, and else the address leaves it",
};

/// Which conditions and indices turn out to be constant.
pub static VALUE_PROPAGATION: Law = Law {
    id: "value-propagation",
    source: "llvm/lib/Transforms/IPO/SCCP.cpp; llvm/lib/Transforms/Scalar/CorrelatedValuePropagation.cpp",
    says: "a condition or an index that is computed from constants alone, through locals and arguments, is \
           constant itself: code that can never run is gone",
};

/// What is not known of types.
pub static INCOMPLETE_TYPES: Law = Law {
    id: "incomplete-types",
    source: "clang/lib/Sema/Sema.cpp: ActOnEndOfTranslationUnit",
    says: "a variable takes as many bytes as its type, which is not complete or could not be read",
};
