//! Fixtures of the loader-side rules.

mod after_load;
mod lifecycle;
mod names;
mod near_misses;
