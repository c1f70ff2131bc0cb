//! What a service-linked role is needed for: the resources that its service works on with it, in every region.

use serde::{Deserialize, Serialize};

use crate::eks::auto_scaling_group::AutoScalingGroup;
use crate::eks::cluster::Cluster;
use crate::eks::fargate_profile::FargateProfile;
use crate::eks::node_group::NodeGroup;
use crate::elasticache::replication_group::ReplicationGroup;
use crate::elasticloadbalancing::classic;
use crate::elasticloadbalancing::load_balancer::LoadBalancer;
use crate::rds::instance::DbInstance;
use crate::record;
use crate::value::Value;
use crate::world::{Row, Tx};

/// A region's resources that need a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Usage {
    /// The region.
    pub region: String,
    /// The resources' ARNs, where the service tells them.
    pub resources: Vec<String>,
}

impl Usage {
    pub(super) fn view(&self) -> Value {
        let resources = Some(&self.resources).filter(|resources| !resources.is_empty());
        record! { "Region" => &self.region, "Resources" => resources.map(|it| Value::from(it.clone())) }
    }
}

/// What of the account needs the role of that service:
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAM.ServiceLinkedRoles.html>,
/// <https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/using-service-linked-roles.html>,
/// <https://docs.aws.amazon.com/eks/latest/userguide/using-service-linked-roles.html>,
/// <https://docs.aws.amazon.com/autoscaling/ec2/userguide/autoscaling-service-linked-role.html>,
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/elb-service-linked-roles.html>.
pub(super) fn of(tx: &Tx<'_>, service: &str) -> Vec<Usage> {
    let arn = |region: &str, rest: String| {
        let name = service.trim_end_matches(".amazonaws.com");
        format!("arn:aws:{name}:{region}:{}:{rest}", tx.account())
    };
    match service {
        "rds.amazonaws.com" => {
            by_region::<DbInstance>(tx, |region, one| Some(arn(region, format!("db:{}", one.identifier))))
        }
        "elasticache.amazonaws.com" => {
            by_region::<ReplicationGroup>(tx, |region, one| Some(arn(region, format!("replicationgroup:{}", one.id))))
        }
        "eks.amazonaws.com" => by_region::<Cluster>(tx, |_, one| Some(one.arn.clone())),
        "eks-fargate.amazonaws.com" => by_region::<FargateProfile>(tx, |_, one| Some(one.arn.clone())),
        "eks-nodegroup.amazonaws.com" => by_region::<NodeGroup>(tx, |_, one| Some(one.arn.clone())),
        "elasticloadbalancing.amazonaws.com" => {
            let balancer = |region: &str, id: String| Some(arn(region, format!("loadbalancer/{id}")));
            let mut all = by_region::<LoadBalancer>(tx, |region, one| balancer(region, one.id()));
            for more in by_region::<classic::load_balancer::LoadBalancer>(tx, |region, one| balancer(region, one.id()))
            {
                match all.iter_mut().find(|usage| usage.region == more.region) {
                    Some(usage) => usage.resources.extend(more.resources),
                    None => all.push(more),
                }
            }
            all
        }
        "autoscaling.amazonaws.com" => by_region::<AutoScalingGroup>(tx, |_, _| None),
        _ => Vec::new(),
    }
}

/// The regions in which the account has such rows, with what they are called.
fn by_region<T: Row>(tx: &Tx<'_>, name: impl Fn(&str, &T) -> Option<String>) -> Vec<Usage> {
    let Some(table) = tx.state().tables.of::<T>() else { return Vec::new() };
    let own = table.rows.iter().filter(|(scope, rows)| scope.account == tx.account() && !rows.is_empty());
    own.map(|(scope, rows)| {
        let resources = rows.values().filter_map(|slot| name(&scope.region, &slot.row)).collect();
        Usage { region: scope.region.clone(), resources }
    })
    .collect()
}
