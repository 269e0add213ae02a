//! The C front end: bytes to tokens, macros, plain C, syntax and items, and from items to BTF.
