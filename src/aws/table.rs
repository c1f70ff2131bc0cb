//! The types: one line each.

use crate::kind::{Kind, Lookup};
use crate::{subnet, vpc};

/// What is made, changed and deleted, or taken over.
pub static KINDS: &[&dyn Kind] = &[&vpc::Vpc, &subnet::Subnet];

/// What is asked.
pub static LOOKUPS: &[&dyn Lookup] = &[];
