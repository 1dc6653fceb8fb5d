//! On macOS, the linker has to be told that Python itself has the symbols.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if cfg!(target_os = "macos") {
        println!("cargo::rustc-link-arg-cdylib=-Wl,-undefined,dynamic_lookup");
    }
}
