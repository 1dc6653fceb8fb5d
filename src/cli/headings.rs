//! The headings below which help and man pages list the options that not everybody needs.

pub const KIND: &str = "KIND OF PROXY";
pub const TRUST: &str = "TRUST";
pub const ACCOUNT: &str = "ACCOUNT AT A SITE";
pub const SCRIPTS: &str = "SCRIPTS AND SERVERS";
pub const COMPATIBILITY: &str = "COMPATIBILITY";
pub const VALUES: &str = "SINGLE VALUES";
pub const ATTRIBUTES: &str = "ATTRIBUTES, VO BY VO";
pub const CHECKS: &str = "CHECKS";
pub const LOGIN: &str = "LOGIN AND VAULT TOKEN";

/// As they follow each other; what everybody needs comes before them, without a heading.
pub const ORDER: [&str; 9] = [
    VALUES,
    ATTRIBUTES,
    CHECKS,
    KIND,
    LOGIN,
    TRUST,
    ACCOUNT,
    SCRIPTS,
    COMPATIBILITY,
];
