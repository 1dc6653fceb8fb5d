//! `htgettoken` and its like against the token world: a real vault, a real OpenID provider, a real KDC; the Python originals
//! beside ours, and igwn-auth-utils as the judge of what we write.
#![allow(clippy::disallowed_methods)]

#[path = "common/lasting.rs"]
mod lasting;

#[path = "world_token_suite/agent.rs"]
mod agent;
#[path = "world_token_suite/bad_input.rs"]
mod bad_input;
#[path = "world_token_suite/beside.rs"]
mod beside;
#[path = "world_token_suite/desk.rs"]
mod desk;
#[path = "world_token_suite/originals.rs"]
mod originals;
#[path = "world_token_suite/secrets.rs"]
mod secrets;
