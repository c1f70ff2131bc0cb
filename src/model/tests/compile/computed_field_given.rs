//! An endpoint, which AWS gives, in the program.

use fathuss_model::aws::{ClusterVpcConfig, EksCluster, IamRole};
use fathuss_model::{Handle, Stack};

fn cluster(stack: &mut Stack, role: &Handle<IamRole>, place: ClusterVpcConfig) {
    stack.add("main", EksCluster::new("main", role, place).endpoint("https://example.com"));
}

fn main() {}
