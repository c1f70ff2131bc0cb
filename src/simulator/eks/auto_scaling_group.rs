//! The Auto Scaling groups behind node groups: EKS makes them, and they launch the nodes.

use serde::{Deserialize, Serialize};

use super::tags::Tags;
use crate::world::Row;

/// An Auto Scaling group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AutoScalingGroup {
    /// Its name, `eks-<node group>-<uuid>`.
    pub name: String,
    /// The fewest instances.
    pub min: i64,
    /// The most.
    pub max: i64,
    /// How many there are to be.
    pub desired: i64,
    /// Where they stand.
    pub subnets: Vec<String>,
    /// Their ids.
    pub instances: Vec<String>,
    /// Its tags, which are not the node group's.
    pub tags: Tags,
}

impl Row for AutoScalingGroup {
    const TABLE: &'static str = "autoscaling.group";
    fn id(&self) -> String {
        self.name.clone()
    }
}
