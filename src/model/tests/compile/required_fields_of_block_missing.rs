//! How many nodes, without the most.

use fathuss_model::aws::ScalingConfig;

fn main() {
    let _ = ScalingConfig::new(1, 2);
}
