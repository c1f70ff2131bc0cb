//! Where a classic load balancer stands: one subnet in each of its zones, with an interface, as the others do.

use super::load_balancer::LoadBalancer;
use crate::elasticloadbalancing::load_balancer::Type;
use crate::elasticloadbalancing::network::{self, Plug, Site};
use crate::elasticloadbalancing::{invalid, unfit};
use crate::input::Input;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::world::Tx;

pub(super) const RULES: &[Rule] = &[Rule::new(
    "elasticloadbalancing.classic.subnets",
    "a classic load balancer is asked for in subnets or in zones",
    "https://docs.aws.amazon.com/elasticloadbalancing/2012-06-01/APIReference/API_CreateLoadBalancer.html",
)];

/// Where a request wants a load balancer.
///
/// # Errors
/// When it can't stand there.
pub(super) fn site(tx: &Tx<'_>, input: &Input<'_>, internal: bool) -> Result<Site, Refusal> {
    let (subnets, zones) = (input.texts("Subnets"), input.texts("AvailabilityZones"));
    let rule = "elasticloadbalancing.classic.subnets";
    // <https://github.com/hashicorp/terraform-provider-aws/issues/12635>
    tx.enforce(rule, subnets.is_empty() || zones.is_empty(), || {
        invalid("Only one of SubnetIds or AvailabilityZones may be specified")
    })?;
    // <https://github.com/kubernetes-sigs/cluster-api-provider-aws/issues/1423>
    tx.enforce(rule, !subnets.is_empty() || !zones.is_empty(), || {
        invalid("Either AvailabilityZones or SubnetIds must be specified")
    })?;
    if subnets.is_empty() {
        return Err(Refusal::not_simulated("elasticloadbalancing of classic load balancers by their zones"));
    }
    // <https://github.com/hashicorp/terraform-aws-vault/issues/65>
    let (vpc, places) =
        network::places(tx, &subnets, true, "ELB cannot be attached to multiple subnets in the same AZ.")?;
    network::reached(tx, &vpc, internal)?;
    // <https://github.com/kubernetes/cloud-provider-aws/issues/78>
    let foreign = |group: &str| unfit(format!("Security group \"{group}\" does not belong to VPC \"{vpc}\""));
    let groups = network::groups(tx, &input.texts("SecurityGroups"), Type::Application, &vpc, foreign)?;
    Ok(Site { vpc, places, groups })
}

/// Puts a load balancer's interfaces into its subnets: those of an application load balancer are like them.
///
/// # Errors
/// When a subnet has no address left.
pub(super) fn plug_in(tx: &mut Tx<'_>, balancer: &mut LoadBalancer) -> Result<(), Refusal> {
    let (id, internal) = (balancer.name.clone(), balancer.is_internal());
    let plug = Plug { id: &id, kind: Type::Application, groups: &balancer.groups, internal };
    plug.into_places(tx, &mut balancer.places)
}

/// Lets a load balancer's interfaces go, all after a while.
pub(super) fn unplug(tx: &mut Tx<'_>, balancer: &LoadBalancer) {
    network::unplug(tx, &balancer.name, &balancer.places);
}
