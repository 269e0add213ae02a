//! Fixtures of the loader-side rules.

mod after_load;
mod near_misses;
