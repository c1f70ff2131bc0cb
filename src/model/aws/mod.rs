//! AWS's resource types, one file each: the typed struct is the schema.

mod subnet;
mod vpc;

pub use subnet::Subnet;
pub use vpc::{Tenancy, Vpc};

use crate::Resource;
use crate::schema::Schema;

/// One line per type.
pub const SCHEMAS: &[&Schema] = &[Vpc::SCHEMA, Subnet::SCHEMA];
