//! A policy where a role is wanted.

use fathuss_model::aws::{ClusterVpcConfig, EksCluster, IamPolicy};
use fathuss_model::{Handle, Stack};

fn cluster(stack: &mut Stack, policy: &Handle<IamPolicy>, place: ClusterVpcConfig) {
    stack.add("main", EksCluster::new("main", policy, place));
}

fn main() {}
