//! A declaration where its handle is wanted.

use fathuss_model::aws::{InternetGateway, Vpc};
use fathuss_model::{Ipv4Net, Stack};

fn network(stack: &mut Stack, range: Ipv4Net) {
    stack.add("main", InternetGateway::new(Vpc::new(range)));
}

fn main() {}
