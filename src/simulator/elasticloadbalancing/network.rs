//! Where a load balancer stands: its subnets, its security groups, and the interfaces that it has there, which hold both
//! until a while after it is gone.

use serde::{Deserialize, Serialize};

use super::load_balancer::{LoadBalancer, Type};
use super::{invalid, unfit};
use crate::ec2::network_interface::{self, Behind, NetworkInterface, Wanted};
use crate::ec2::security_group::{self, SecurityGroup};
use crate::ec2::subnet::Subnet;
use crate::ec2::{address, internet_gateway};
use crate::input::Input;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Span, Transition};
use crate::world::{Row as _, Tx};

const SUBNETS: &str = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html#subnets-load-balancer";
const CREATE: &str = "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new(
        "elasticloadbalancing.subnets.given",
        "subnets are given by their ids or by mappings, not by both",
        CREATE,
    ),
    Rule::new("elasticloadbalancing.subnets.exist", "a load balancer's subnets exist", CREATE),
    Rule::new("elasticloadbalancing.subnets.vpc", "a load balancer's subnets are of one VPC", CREATE),
    Rule::new("elasticloadbalancing.subnets.zones", "a load balancer has one subnet in a zone", CREATE),
    Rule::new("elasticloadbalancing.subnets.two", "an application load balancer has subnets in two zones", SUBNETS),
    Rule::new(
        "elasticloadbalancing.subnets.free",
        "a subnet of an application or classic load balancer has eight free addresses",
        SUBNETS,
    ),
    Rule::new(
        "elasticloadbalancing.subnets.gateway",
        "the VPC of a load balancer that faces the internet has an internet gateway",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html",
    ),
    Rule::new(
        "elasticloadbalancing.subnets.address",
        "addresses are chosen for internal network load balancers, and lie free in their subnets",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_SubnetMapping.html",
    ),
    Rule::new("elasticloadbalancing.groups", "a load balancer's security groups are of its VPC", CREATE),
];

pub(super) const SPANS: &[Span] = &[Span::new("elasticloadbalancing.interface.release", 20.0, 180.0)];

pub(super) const TRANSITIONS: &[(&str, Transition)] = &[("elasticloadbalancing.interface.released", |tx, pending| {
    network_interface::remove(tx, &pending.subject);
})];

/// A subnet in which a load balancer stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The subnet.
    pub subnet: String,
    /// Its zone.
    pub zone: String,
    /// The private address that was asked for.
    pub private_ip: Option<String>,
    /// The load balancer's interface in it; empty until there is one.
    pub interface: String,
}

/// Where a load balancer is asked for.
pub(super) struct Site {
    pub(super) vpc: String,
    pub(super) places: Vec<Place>,
    pub(super) groups: Vec<String>,
}

/// The subnets of a request, with the address that is wanted in each.
fn asked<'i>(tx: &Tx<'_>, input: &Input<'i>) -> Result<Vec<(&'i str, Option<&'i str>)>, Refusal> {
    let subnets = input.texts("Subnets");
    let mappings = input.records("SubnetMappings");
    // No source has the words.
    tx.enforce("elasticloadbalancing.subnets.given", subnets.is_empty() || mappings.is_empty(), || {
        invalid("Only one of Subnets or SubnetMappings can be specified")
    })?;
    let mut asked: Vec<(&str, Option<&str>)> = subnets.into_iter().map(|subnet| (subnet, None)).collect();
    for mapping in &mappings {
        asked.push((mapping.required("SubnetId"), mapping.text("PrivateIPv4Address")));
    }
    Ok(asked)
}

/// Where a request wants a load balancer.
///
/// # Errors
/// When it can't stand there.
pub(super) fn site(tx: &Tx<'_>, input: &Input<'_>, kind: Type, internal: bool) -> Result<Site, Refusal> {
    let asked = asked(tx, input)?;
    let ids: Vec<&str> = asked.iter().map(|(id, _)| *id).collect();
    let twice = "A load balancer cannot be attached to multiple subnets in the same Availability Zone";
    let (vpc, mut places) = places(tx, &ids, kind == Type::Application, twice)?;
    for (place, (_, private_ip)) in places.iter_mut().zip(asked) {
        // No source has the words.
        let chosen = private_ip.is_none() || (kind == Type::Network && internal);
        tx.enforce("elasticloadbalancing.subnets.address", chosen, || {
            unfit("Private IPv4 addresses can be specified for internal Network Load Balancers only")
        })?;
        place.private_ip = private_ip.map(str::to_owned);
    }
    let two = kind == Type::Network || places.len() >= 2;
    tx.enforce("elasticloadbalancing.subnets.two", two, || {
        invalid("At least two subnets in two different Availability Zones must be specified")
    })?;
    // A network load balancer needs one; no source has the words.
    if places.is_empty() {
        return Err(invalid("At least one subnet must be specified"));
    }
    reached(tx, &vpc, internal)?;
    // No source has the words.
    let groups =
        groups(tx, &input.texts("SecurityGroups"), kind, &vpc, |_| unfit("One or more security groups are invalid"))?;
    Ok(Site { vpc, places, groups })
}

/// The places in these subnets, and their VPC. Those of some load balancers need room; `twice` are the words for two in
/// one zone.
///
/// # Errors
/// When no load balancer can stand in one, or not in all.
pub(super) fn places(
    tx: &Tx<'_>,
    ids: &[&str],
    needs_room: bool,
    twice: &str,
) -> Result<(String, Vec<Place>), Refusal> {
    let mut vpc = String::new();
    let mut places: Vec<Place> = Vec::new();
    for id in ids {
        let found = tx.get::<Subnet>(id);
        // <https://github.com/mozilla/fxa-dev/issues/449>
        tx.enforce("elasticloadbalancing.subnets.exist", found.is_some(), || {
            Refusal::new("SubnetNotFound", "InvalidSubnetID.NotFound")
        })?;
        let Some(subnet) = found else { continue };
        // No source has the words.
        tx.enforce("elasticloadbalancing.subnets.vpc", vpc.is_empty() || vpc == subnet.vpc, || {
            Refusal::new("InvalidSubnet", "All subnets must belong to the same VPC")
        })?;
        let taken = places.iter().any(|place| place.zone == subnet.zone);
        tx.enforce("elasticloadbalancing.subnets.zones", !taken, || unfit(twice))?;
        // <https://github.com/aws/aws-rfdk/pull/621>
        tx.enforce("elasticloadbalancing.subnets.free", !needs_room || subnet.free_addresses(tx) >= 8, || {
            let message = format!(
                "Not enough IP space available in {id}. ELB requires at least 8 free IP addresses in each subnet."
            );
            Refusal::new("InvalidSubnet", message)
        })?;
        vpc.clone_from(&subnet.vpc);
        places.push(Place {
            subnet: subnet.id.clone(),
            zone: subnet.zone.clone(),
            private_ip: None,
            interface: String::new(),
        });
    }
    Ok((vpc, places))
}

/// Refuses a load balancer that faces the internet where nothing leads from there.
pub(super) fn reached(tx: &Tx<'_>, vpc: &str, internal: bool) -> Result<(), Refusal> {
    // <https://github.com/openshift/installer/issues/1110>
    let reached = internal || internet_gateway::of_vpc(tx, vpc).is_some();
    tx.enforce("elasticloadbalancing.subnets.gateway", reached, || {
        Refusal::new("InvalidSubnet", format!("VPC {vpc} has no internet gateway"))
    })
}

/// The security groups: those that are given; where none is, an application load balancer has the VPC's default group and
/// a network one has none. `foreign` is the refusal of one of another VPC.
///
/// # Errors
/// When one is not there, or of another VPC.
pub(super) fn groups(
    tx: &Tx<'_>,
    ids: &[&str],
    kind: Type,
    vpc: &str,
    foreign: impl Fn(&str) -> Refusal,
) -> Result<Vec<String>, Refusal> {
    for id in ids {
        let group = tx.get::<SecurityGroup>(id);
        // <https://github.com/kubernetes-sigs/aws-load-balancer-controller/issues/2371>
        tx.enforce("elasticloadbalancing.groups", group.is_some(), || {
            Refusal::new("InvalidSecurityGroup", format!("The security group '{id}' does not exist"))
        })?;
        tx.enforce("elasticloadbalancing.groups", group.is_none_or(|group| group.vpc == vpc), || foreign(id))?;
    }
    if ids.is_empty() && kind == Type::Application {
        return Ok(security_group::default_of(tx, vpc).into_iter().collect());
    }
    Ok(ids.iter().map(|id| (*id).to_owned()).collect())
}

/// Puts a load balancer's interfaces into its subnets.
///
/// # Errors
/// When a subnet has no address left, or not the one that is wanted.
pub(super) fn plug_in(tx: &mut Tx<'_>, balancer: &mut LoadBalancer) -> Result<(), Refusal> {
    let (id, internal) = (balancer.id(), balancer.is_internal());
    let plug = Plug { id: &id, kind: balancer.kind, groups: &balancer.groups, internal };
    plug.into_places(tx, &mut balancer.places)
}

/// What the interfaces of a load balancer are like.
pub(super) struct Plug<'b> {
    /// What they say whose they are.
    pub(super) id: &'b str,
    /// Of which type of load balancer they look.
    pub(super) kind: Type,
    /// Their security groups.
    pub(super) groups: &'b [String],
    /// Whether they have private addresses alone.
    pub(super) internal: bool,
}

impl Plug<'_> {
    /// Puts one into each place.
    ///
    /// # Errors
    /// When a subnet has no address left, or not the one that is wanted.
    pub(super) fn into_places(self, tx: &mut Tx<'_>, places: &mut [Place]) -> Result<(), Refusal> {
        let description = format!("ELB {}", self.id);
        for place in places {
            let (interface_kind, behind) = match self.kind {
                Type::Application => ("interface", Behind::Instance("amazon-elb")),
                Type::Network => ("network_load_balancer", Behind::Network),
            };
            let wanted = Wanted {
                subnet: &place.subnet,
                groups: self.groups.to_vec(),
                description: &description,
                kind: interface_kind,
                requester: Some("amazon-elb"),
                private_ip: place.private_ip.as_deref(),
            };
            // No source has the words.
            let made = network_interface::make(tx, wanted).map_err(|refusal| {
                Refusal::new("InvalidSubnet", format!("Subnet {} cannot be used: {}", place.subnet, refusal.message))
            })?;
            network_interface::attach_to_service(tx, &made, behind);
            if !self.internal {
                let public_ip = address::new_public_ip(tx);
                tx.change::<NetworkInterface>(&made, |interface| interface.public_ip = Some(public_ip));
            }
            place.interface = made;
        }
        Ok(())
    }
}

/// Lets the interfaces of the load balancer with that id go, all after a while.
pub(super) fn unplug(tx: &mut Tx<'_>, id: &str, places: &[Place]) {
    let wait = tx.draw("elasticloadbalancing.interface.release", id);
    for place in places {
        tx.after(wait, "elasticloadbalancing.interface.released", &place.interface);
    }
}
