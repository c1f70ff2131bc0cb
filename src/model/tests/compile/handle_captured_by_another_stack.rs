//! A stack function that captures what another one made: stacks are plain functions.

use fathuss_model::aws::{InternetGateway, Vpc};
use fathuss_model::program::run;
use fathuss_model::{Handle, Stack};

fn both(vpc: Handle<Vpc>) {
    let edge = move |stack: &mut Stack| {
        stack.add("main", InternetGateway::new(&vpc));
        Ok(())
    };
    let _ = run(&[("edge", edge)], &[], &mut Vec::new());
}

fn main() {}
