//! What VOMS puts into proxy certificates and attribute certificates (GFD.182, and what servers do
//! beyond it).

pub mod ac_seq;
pub mod certs;
pub mod fqans;
pub mod generic_attributes;
