//! Requests attribute certificates from the servers of a VO.
//!
//! [`VomsClient`] is async and needs a tokio runtime with its I/O and time drivers enabled. The
//! feature `blocking` adds a client for threads without a runtime, in the module `blocking`.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

#[cfg(feature = "blocking")]
pub mod blocking;
mod claimed_time;
mod client;
mod codes;
mod event;
mod failure;
mod http;
pub mod net;
mod options;
mod probe;
mod query;
pub mod refusal;
mod reply;
pub mod request;
pub mod response;
pub mod spec;
mod survey;
pub mod vomses;
mod xml;

pub use self::claimed_time::claimed_time;
pub use self::client::VomsClient;
pub use self::event::{Event, Protocol};
pub use self::failure::{Attempt, ClientError, Failure};
pub use self::http::HttpFailure;
pub use self::options::RequestOptions;
pub use self::probe::{Probe, probe_server};
pub use self::reply::AcReply;
pub use self::survey::Survey;

/// Compiles the examples of the README.
#[cfg(all(doctest, feature = "blocking"))]
#[doc = include_str!("../README.md")]
struct Readme;
