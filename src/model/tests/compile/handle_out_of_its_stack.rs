//! A handle of one stack kept for another: what crosses stacks is an output.

use std::sync::OnceLock;

use fathuss_model::aws::Vpc;
use fathuss_model::{Handle, Ipv4Net, Result, Stack};

static SHARED: OnceLock<Handle<Vpc>> = OnceLock::new();

fn network(stack: &mut Stack) -> Result<()> {
    let _ = SHARED.set(stack.add("main", Vpc::new("10.0.0.0/16".parse::<Ipv4Net>()?)));
    Ok(())
}

fn main() {}
