//! Verifies grid proxy certificates (RFC 3820) and the VOMS attribute certificates in them (RFC
//! 5755).
//!
//! Start with [`verifier::VomsVerifier`]. This crate uses no network, environment, home directory
//! or clock: the caller passes in files, directories and the time.
//!
//! "RFC" cites the IETF's documents, "GFD" the Open Grid Forum's, and "spec" the repository's
//! `docs/spec`.
#![deny(unsafe_code)]
#![warn(missing_docs)]

pub mod ac;
pub mod chain;
mod codes;
pub mod credential;
pub mod crypto;
pub mod files;
pub mod mapping;
#[cfg(fuzzing)]
pub mod meter;
pub mod openssl_types;
pub mod pki;
pub mod policy;
pub mod proxy;
mod report;
#[cfg(feature = "serde")]
mod serialize;
mod time;
pub mod trust;
pub mod verifier;
pub mod vo;
mod work;

/// The examples in the README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
