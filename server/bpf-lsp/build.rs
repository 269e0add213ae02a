//! How the binary is linked.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let target = |key: &str| std::env::var(key).unwrap_or_default();
    // Where an executable may lie anywhere, the loader writes each pointer of its tables (grammar,
    // facts: 25 000) at every start, and so copies 600 kB page by page. At a fixed place the tables
    // are used as they lie in the file: 0.35 of the 0.75 ms that `bpf-lsp --version` takes beyond
    // `/bin/true`. Stack, heap and libraries still lie at random places.
    if target("CARGO_CFG_TARGET_OS") == "linux" && target("CARGO_CFG_TARGET_ENV") == "gnu" {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}
