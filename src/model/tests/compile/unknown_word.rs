//! A word that EC2 does not know.

use fathuss_model::aws::{Tenancy, Vpc};
use fathuss_model::{Ipv4Net, Stack};

fn network(stack: &mut Stack, range: Ipv4Net) {
    stack.add("main", Vpc::new(range).instance_tenancy(Tenancy::Shared));
}

fn main() {}
