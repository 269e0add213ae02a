//! User-space C that uses skeletons: skeleton variables, control flow and the loader-side rules.
