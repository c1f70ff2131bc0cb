//! A password read back from a handle.

use fathuss_model::aws::DbInstance;
use fathuss_model::{Handle, Stack};

fn data(stack: &mut Stack, database: &Handle<DbInstance>) {
    stack.output("password", database.password_wo());
}

fn main() {}
