//! Linker options for the executables, for builds that ask for them.
#![allow(clippy::disallowed_methods)] // Cargo speaks to build scripts by the environment.

use std::env;
use std::fs;
use std::path::Path;

/// What a build may ask for, separated by commas. Without it, the executable runs wherever the
/// linker's defaults let it.
const REQUEST: &str = "VOMS_PROXY_LINK";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed={REQUEST}");
    let requested = env::var(REQUEST).unwrap_or_default();
    for request in requested.split(',').filter(|request| !request.is_empty()) {
        match request {
            // Most of the roughly 28,000 relocations applied at each start are in OpenSSL's
            // tables. Packed (DT_RELR), they take 9 kB instead of 0.7 MB, and need glibc 2.36.
            "packed-relocations" => link("-z,pack-relative-relocs"),
            // A panic that aborts unwinds nothing, but the compiler writes the tables for it,
            // 0.3 MB, or 0.8 MB where it does so for C too. Linkers of GNU and LLVM can leave them out.
            "no-unwinding" => drop_unwinding_tables(),
            other => println!("cargo:warning={REQUEST} knows no {other}"),
        }
    }
}

fn drop_unwinding_tables() {
    let script = Path::new(&env::var_os("OUT_DIR").unwrap_or_default()).join("no-unwinding.ld");
    if fs::write(&script, NO_UNWINDING).is_ok() {
        link(&format!("-T,{}", script.display()));
        link("--no-eh-frame-hdr");
    }
}

fn link(words: &str) {
    println!("cargo:rustc-link-arg-bins=-Wl,{words}");
}

/// Added to the linker's own script.
const NO_UNWINDING: &str = "\
SECTIONS { /DISCARD/ : { *(.eh_frame) *(.gcc_except_table .gcc_except_table.*) } }
INSERT AFTER .text;
";
