//! The commands against what stands for INDIGO IAM's VOMS-AA, behind a real nginx, with the C++,
//! Java and ARC clients and OpenSSL as judges.
//!
//! Desk, judges and rows are those of the tests against the `voms` daemon, and find this world
//! under the same name.

#[path = "common/daemons.rs"]
mod daemons;
#[path = "common/lasting.rs"]
mod lasting;

// Each suite needs a part of these.
#[allow(dead_code)]
#[path = "world_suite/desk.rs"]
mod desk;
#[allow(dead_code)]
#[path = "world_suite/judges.rs"]
mod judges;
#[allow(dead_code)]
#[path = "world_suite/rows.rs"]
mod rows;

#[path = "world_iam_suite/commands.rs"]
mod commands;
#[path = "world_iam_suite/failover.rs"]
mod failover;
#[path = "world_iam_suite/granted.rs"]
mod granted;
#[path = "world_iam_suite/peers.rs"]
mod peers;
#[path = "world_iam_suite/refused.rs"]
mod refused;
#[path = "world_iam_suite/requests.rs"]
mod requests;
#[path = "world_iam_suite/surroundings.rs"]
mod surroundings;
#[path = "world_iam_suite/trust.rs"]
mod trust;
