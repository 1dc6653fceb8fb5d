//! The commands against a real VOMS server, with the C++, Java and ARC clients and OpenSSL as
//! judges.
//!
//! Every row of a table is run once; the test of the table and the one that writes all rows to
//! `table.md` share what was seen. A row that cannot be judged by somebody says so, and the
//! inability itself is asserted.

// Each suite needs a part of it.
#[allow(dead_code)]
#[path = "common/daemons.rs"]
mod daemons;
#[path = "common/lasting.rs"]
mod lasting;

#[path = "world_suite/callers.rs"]
mod callers;
#[path = "world_suite/condor.rs"]
mod condor;
#[path = "world_suite/credentials.rs"]
mod credentials;
#[path = "world_suite/desk.rs"]
mod desk;
#[path = "world_suite/dirac.rs"]
mod dirac;
#[path = "world_suite/interop.rs"]
mod interop;
#[path = "world_suite/judges.rs"]
mod judges;
#[path = "world_suite/members.rs"]
mod members;
#[path = "world_suite/newcomer.rs"]
mod newcomer;
#[path = "world_suite/options.rs"]
mod options;
#[path = "world_suite/python.rs"]
mod python;
#[path = "world_suite/receiving.rs"]
mod receiving;
#[path = "world_suite/refusals.rs"]
mod refusals;
#[path = "world_suite/rows.rs"]
mod rows;
#[path = "world_suite/servers.rs"]
mod servers;
#[path = "world_suite/surroundings.rs"]
mod surroundings;

/// The rows of all tables, for people to read.
#[test]
fn every_row_is_written_to_the_table() {
    let all = [
        members::seen(),
        options::seen(),
        refusals::seen(),
        servers::seen(),
    ];
    let mut table = String::from(
        "| kind of user or fault | what we print | exit | info2 | info3 |\n|---|---|---|---|---|\n",
    );
    for row in all.into_iter().flatten() {
        table.push_str(&row.markdown());
    }
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("table.md");
    std::fs::write(&path, table).unwrap();
}
