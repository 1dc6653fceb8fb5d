//! Linker options for the executables.
#![allow(clippy::disallowed_methods)] // Cargo speaks to build scripts by the environment.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // Most of the roughly 28,000 relocations applied at each start are in OpenSSL's tables. Packed,
    // they take 9 kB instead of 0.7 MB. glibc supports this (DT_RELR) from 2.36 on, and programs
    // built here require the glibc of this machine.
    if is_native_glibc() && glibc().is_some_and(|version| version >= (2, 36)) {
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
    // A panic that aborts unwinds nothing, but the compiler writes the tables for it, 0.3 MB.
    if is_native_glibc() && is("PROFILE", "release") {
        let script = Path::new(&env::var_os("OUT_DIR").unwrap_or_default()).join("no-unwinding.ld");
        if fs::write(&script, NO_UNWINDING).is_ok() {
            println!("cargo:rustc-link-arg-bins=-Wl,-T,{}", script.display());
            println!("cargo:rustc-link-arg-bins=-Wl,--no-eh-frame-hdr");
        }
    }
}

/// Added to the linker's own script.
const NO_UNWINDING: &str = "\
SECTIONS { /DISCARD/ : { *(.eh_frame) *(.gcc_except_table .gcc_except_table.*) } }
INSERT AFTER .text;
";

fn is(name: &str, value: &str) -> bool {
    env::var(name).is_ok_and(|found| found == value)
}

fn is_native_glibc() -> bool {
    is("CARGO_CFG_TARGET_OS", "linux")
        && is("CARGO_CFG_TARGET_ENV", "gnu")
        && env::var("HOST") == env::var("TARGET")
}

fn glibc() -> Option<(u32, u32)> {
    let output = Command::new("getconf")
        .arg("GNU_LIBC_VERSION")
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let (major, minor) = text.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
