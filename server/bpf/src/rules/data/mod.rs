//! Rules about variables and the sections that they are put in.

mod constants;
mod percpu_data;
mod percpu_sections;
mod percpu_toolchain;
mod variables;

use super::context::Family;

pub(super) static FAMILIES: &[&Family] = &[
    &percpu_sections::FAMILY,
    &percpu_data::FAMILY,
    &percpu_toolchain::FAMILY,
    &variables::FAMILY,
    &constants::FAMILY,
];
