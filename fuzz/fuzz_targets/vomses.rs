//! Every vomses entry that is read can be found by its names, and written out is read as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use voms_client::vomses::{Vomses, VomsesEntry};
use voms_proxy_fuzz::file;

fuzz_target!(|data: &[u8]| {
    let vomses = load(data);
    vomses
        .problems()
        .iter()
        .for_each(|problem| drop(problem.to_string()));
    for entry in vomses.entries() {
        assert!(vomses.find(&entry.alias).contains(&entry));
        assert!(!vomses.find(&entry.vo).is_empty());
        // Names are compared in their first 64 characters.
        assert!(vomses.similar(&entry.alias).is_some());
    }
    let text: String = vomses.entries().iter().map(line).collect();
    assert_eq!(load(text.as_bytes()).entries(), vomses.entries());
});

fn load(text: &[u8]) -> Vomses {
    Vomses::load(&[file("vomses", text)])
}

fn line(entry: &VomsesEntry) -> String {
    let VomsesEntry {
        alias,
        host,
        port,
        dn,
        vo,
        ..
    } = entry;
    format!("\"{alias}\" \"{host}\" \"{port}\" \"{dn}\" \"{vo}\"\n")
}
