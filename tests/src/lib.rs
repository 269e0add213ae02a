//! Black box tests; see `tests/` in this folder.
