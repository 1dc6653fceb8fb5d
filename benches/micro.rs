//! What each step costs by itself, by divan (median and spread of many samples, each of as many
//! runs as the clock's precision wants). `cargo bench --bench micro`

mod setting;

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use divan::Bencher;
use setting::Setting;
use voms::pki::key::{KeyKind, PrivateKey};

static TWO: LazyLock<Setting> = LazyLock::new(|| setting(2));
static HUNDRED: LazyLock<Setting> = LazyLock::new(|| setting(100));

fn setting(fqans: usize) -> Setting {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("micro-{fqans}"));
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir(&directory).unwrap();
    Setting::create(&directory, fqans)
}

fn with(fqans: usize) -> &'static Setting {
    if fqans == 2 { &TWO } else { &HUNDRED }
}

#[divan::bench(args = [2, 100])]
fn decode_ac(bencher: Bencher<'_, '_>, fqans: usize) {
    let setting = with(fqans);
    bencher.bench(|| setting.decode_ac());
}

#[divan::bench(args = [2, 100])]
fn verify_ac(bencher: Bencher<'_, '_>, fqans: usize) {
    let setting = with(fqans);
    bencher.bench(|| setting.verify_ac());
}

#[divan::bench]
fn parse_chain(bencher: Bencher<'_, '_>) {
    bencher.bench(|| TWO.parse_chain());
}

#[divan::bench]
fn verify_chain(bencher: Bencher<'_, '_>) {
    bencher.bench(|| TWO.verify_chain());
}

#[divan::bench]
fn issue_proxy(bencher: Bencher<'_, '_>) {
    bencher.bench(|| TWO.issue_proxy());
}

/// The time of one varies by several times: the mean says more than the median.
#[divan::bench(args = ["RSA 2048", "EC P-256"], sample_count = 200, sample_size = 1)]
fn generate_key(bencher: Bencher<'_, '_>, kind: &str) {
    let kind = if kind == "EC P-256" {
        KeyKind::P256
    } else {
        KeyKind::Rsa(2048)
    };
    bencher.bench(|| PrivateKey::generate(kind).unwrap());
}

fn main() {
    divan::main();
}
