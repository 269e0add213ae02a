//! Rules about programs: their sections, what they are given, and what they call.

mod helpers;
mod licenses;
mod percpu_arguments;
mod printk;
mod sections;
mod struct_ops;
mod tracing;

use super::context::Family;

pub(super) static FAMILIES: &[&Family] = &[
    &sections::FAMILY,
    &licenses::FAMILY,
    &helpers::FAMILY,
    &percpu_arguments::FAMILY,
    &printk::FAMILY,
    &tracing::FAMILY,
    &struct_ops::FAMILY,
];
