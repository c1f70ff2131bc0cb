//! An attribute that a database does not have.

use fathuss_model::aws::DbInstance;
use fathuss_model::{Handle, Stack};

fn data(stack: &mut Stack, database: &Handle<DbInstance>) {
    stack.output("database", database.hostname());
}

fn main() {}
