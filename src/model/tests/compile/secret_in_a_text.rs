//! A secret where a text is wanted, for all to read.

use fathuss_model::aws::LaunchTemplate;
use fathuss_model::{Secret, Stack};

fn nodes(stack: &mut Stack) {
    stack.add("main", LaunchTemplate::new().user_data(Secret::from_environment("TOKEN")));
}

fn main() {}
