//! A cluster where a VPC is wanted.

use fathuss_model::aws::{EksCluster, Subnet};
use fathuss_model::{Handle, Ipv4Net, Stack};

fn network(stack: &mut Stack, cluster: &Handle<EksCluster>, range: Ipv4Net) {
    stack.add("private", Subnet::new(cluster, range));
}

fn main() {}
