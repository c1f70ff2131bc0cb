//! What a VPC endpoint has in its VPC: routes of a gateway endpoint; network interfaces and names of an interface
//! endpoint.

use serde::{Deserialize, Serialize};

use crate::ec2::network_interface::{self, NetworkInterface, Wanted};
use crate::ec2::resource;
use crate::ec2::route_table::{Route, RouteTable, Target};
use crate::ec2::subnet::Subnet;
use crate::ec2::vpc::Vpc;
use crate::ec2::vpc_endpoint::VpcEndpoint;
use crate::ec2::vpc_endpoint_service::{self, EndpointService};
use crate::ec2::{prefix_list, security_group};
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Span, Transition};
use crate::value::Value;
use crate::world::Tx;

/// The account of AWS's that an endpoint's interface shows as its requester:
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/requester-managed-eni.html>.
const REQUESTER: &str = "727180483921";

const GATEWAY: &str = "https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html";
const INTERFACE: &str = "https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html";
const DNS: &str = "https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-access-aws-services.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("ec2.vpc_endpoint.route.exists", "a route table has one gateway endpoint per service", GATEWAY),
    Rule::new("ec2.vpc_endpoint.network", "route tables, subnets and groups are of the endpoint's VPC", GATEWAY),
    Rule::new("ec2.vpc_endpoint.zone", "an interface endpoint has one subnet in a zone", INTERFACE),
    Rule::new("ec2.vpc_endpoint.groups", "an interface endpoint has at least one security group", INTERFACE),
    Rule::new("ec2.vpc_endpoint.dns.vpc", "private names need a VPC with DNS support and DNS hostnames", DNS),
    Rule::new("ec2.vpc_endpoint.dns.conflict", "a private name leads to one endpoint of a VPC", DNS),
    Rule::new("ec2.vpc_endpoint.dns.service", "only what has a private name is called by it", DNS),
    Rule::new(
        "ec2.vpc_endpoint.dns.s3",
        "private names of S3 for resolvers alone need a gateway endpoint beside",
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/privatelink-interface-endpoints.html",
    ),
];

/// How long an endpoint's interface outlives its place in it.
pub(super) const SPANS: &[Span] = &[Span::new("ec2.vpc_endpoint.release", 5.0, 45.0)];

pub(super) const TRANSITIONS: &[(&str, Transition)] =
    &[("ec2.vpc_endpoint.released", |tx, pending| network_interface::remove(tx, &pending.subject))];

/// A subnet of an interface endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The subnet's id.
    pub subnet: String,
    /// The subnet's zone.
    pub zone: String,
    /// The network interface in it.
    pub interface: String,
}

/// The refusal of a parameter of an endpoint, as these operations have it.
pub(super) fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new("InvalidParameter", message)
}

// ---- gateway endpoints

/// Gives route tables the route to an endpoint.
///
/// # Errors
/// When a table is not there, of another VPC, or has such a route already.
pub(super) fn route(tx: &mut Tx<'_>, endpoint: &mut VpcEndpoint, tables: &[&str]) -> Result<(), Refusal> {
    let service = vpc_endpoint_service::services(tx.region()).into_iter().find(|one| one.name == endpoint.service);
    let list = service.and_then(|one| prefix_list::of_service(tx, one.service)).map(|list| list.id).unwrap_or_default();
    for id in tables {
        let table: RouteTable = resource::find(tx, id)?;
        tx.enforce("ec2.vpc_endpoint.network", table.vpc == endpoint.vpc, || {
            // AWS's words for this are not known.
            invalid(format!("Route table {id} and VPC endpoint belong to different networks."))
        })?;
        let taken = table.routes.iter().any(|route| route.destination == list);
        tx.enforce("ec2.vpc_endpoint.route.exists", !taken, || {
            let message = format!("route table {id} already has a route with destination-prefix-list-id {list}");
            Refusal::new("RouteAlreadyExists", message)
        })?;
        let route = Route {
            destination: list.clone(),
            target: Target::VpcEndpoint(endpoint.id.clone()),
            origin: "CreateRoute".to_owned(),
        };
        tx.change::<RouteTable>(id, |table| {
            table.routes.retain(|known| known.destination != route.destination);
            table.routes.push(route);
        });
        endpoint.route_tables.retain(|known| known != id);
        endpoint.route_tables.push((*id).to_owned());
    }
    Ok(())
}

/// Takes an endpoint's route out of route tables.
pub(super) fn unroute(tx: &mut Tx<'_>, endpoint: &mut VpcEndpoint, tables: &[String]) {
    for id in tables {
        let target = Target::VpcEndpoint(endpoint.id.clone());
        tx.change::<RouteTable>(id, |table| table.routes.retain(|route| route.target != target));
        endpoint.route_tables.retain(|known| known != id);
    }
}

/// Takes a route table that is deleted off the endpoints that it leads to.
pub(super) fn forget_table(tx: &mut Tx<'_>, table: &RouteTable) {
    for route in &table.routes {
        if let Target::VpcEndpoint(endpoint) = &route.target {
            tx.change::<VpcEndpoint>(endpoint, |endpoint| endpoint.route_tables.retain(|id| *id != table.id));
        }
    }
}

// ---- interface endpoints

/// Puts an interface of an endpoint into subnets, each with the address that is asked for.
///
/// # Errors
/// When a subnet is not there, of another VPC, in a zone that has one already, or full.
pub(super) fn plug_in(
    tx: &mut Tx<'_>,
    endpoint: &mut VpcEndpoint,
    subnets: &[(String, Option<String>)],
) -> Result<(), Refusal> {
    for (id, address) in subnets {
        let subnet: Subnet = resource::find(tx, id)?;
        tx.enforce("ec2.vpc_endpoint.network", subnet.vpc == endpoint.vpc, || {
            // AWS's words for this are not known.
            invalid(format!("Subnet {id} and VPC endpoint belong to different networks."))
        })?;
        let there = endpoint.places.iter().find(|place| place.zone == subnet.zone);
        tx.enforce("ec2.vpc_endpoint.zone", there.is_none(), || {
            let known = there.map_or("", |place| place.subnet.as_str());
            let message = format!("Found another VPC endpoint subnet in the availability zone of {known}");
            Refusal::new("DuplicateSubnetsInSameZone", message)
        })?;
        let wanted = Wanted {
            subnet: id,
            groups: endpoint.groups.clone(),
            description: &format!("VPC Endpoint Interface {}", endpoint.id),
            kind: "vpc_endpoint",
            requester: Some(REQUESTER),
            private_ip: address.as_deref(),
        };
        let interface = network_interface::make(tx, wanted)?;
        network_interface::attach_to_service(tx, &interface, network_interface::Behind::Network);
        endpoint.places.push(Place { subnet: id.clone(), zone: subnet.zone, interface });
    }
    Ok(())
}

/// Takes an endpoint out of subnets. Its interfaces stay for a while.
pub(super) fn unplug(tx: &mut Tx<'_>, endpoint: &mut VpcEndpoint, subnets: &[&str]) {
    let (gone, kept): (Vec<Place>, Vec<Place>) =
        std::mem::take(&mut endpoint.places).into_iter().partition(|place| subnets.contains(&place.subnet.as_str()));
    endpoint.places = kept;
    for place in gone {
        tx.transition("ec2.vpc_endpoint.release", "ec2.vpc_endpoint.released", &place.interface);
    }
}

/// Gives an endpoint and its interfaces these security groups.
///
/// # Errors
/// When a group is not there or of another VPC, or there would be none.
pub(super) fn regroup(tx: &mut Tx<'_>, endpoint: &mut VpcEndpoint, groups: Vec<String>) -> Result<(), Refusal> {
    let ids: Vec<&str> = groups.iter().map(String::as_str).collect();
    security_group::check(tx, &ids, &endpoint.vpc)?;
    tx.enforce("ec2.vpc_endpoint.groups", !groups.is_empty(), || {
        // AWS's words for this are not known.
        invalid("An Interface VPC Endpoint must always have at least one Security Group.")
    })?;
    for place in &endpoint.places {
        tx.change::<NetworkInterface>(&place.interface, |interface| interface.groups.clone_from(&groups));
    }
    endpoint.groups = groups;
    Ok(())
}

/// Lets a service's own names lead to an endpoint.
///
/// # Errors
/// When the service or the VPC can't have such names; see the rules.
pub(super) fn name_privately(
    tx: &Tx<'_>,
    endpoint: &mut VpcEndpoint,
    service: &EndpointService,
) -> Result<(), Refusal> {
    endpoint.private_dns = true;
    if service.service == "s3" {
        endpoint.for_resolvers.get_or_insert(true);
    }
    let Some(name) = service.private_names.first() else {
        return tx.enforce("ec2.vpc_endpoint.dns.service", false, || {
            let name = &service.name;
            invalid(format!(
                "Private DNS can't be enabled because the service {name} does not provide a private DNS name."
            ))
        });
    };
    let vpc = &endpoint.vpc;
    let named = tx.get::<Vpc>(vpc).is_some_and(|vpc| vpc.dns_support && vpc.dns_hostnames);
    tx.enforce("ec2.vpc_endpoint.dns.vpc", named, || {
        invalid(format!(
            "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true for \
             {vpc}"
        ))
    })?;
    let others = || tx.rows::<VpcEndpoint>().filter(|one| one.vpc == *vpc && one.id != endpoint.id);
    let conflict = others().any(|one| one.service == service.name && one.private_dns && one.state != "deleting");
    tx.enforce("ec2.vpc_endpoint.dns.conflict", !conflict, || {
        invalid(format!(
            "private-dns-enabled cannot be set because there is already a conflicting DNS domain for {name} in the VPC \
             {vpc}"
        ))
    })?;
    if endpoint.for_resolvers == Some(true) {
        let beside = others().any(|one| one.kind == "Gateway" && one.service == service.name);
        tx.enforce("ec2.vpc_endpoint.dns.s3", beside, || {
            invalid(format!(
                "To set PrivateDnsOnlyForInboundResolverEndpoint to true, the VPC {vpc} must have a Gateway endpoint \
                 for the service."
            ))
        })?;
    }
    Ok(())
}

/// The hosted zones that hold endpoints' names in a region; all but two are the simulator's own.
fn hosted_zone(region: &str) -> String {
    match region {
        "us-east-1" => "Z7HUB22UULQXV".to_owned(),
        "us-west-2" => "Z1YSA3EXCYUU9Z".to_owned(),
        other => format!("Z{}", other.replace('-', "").to_uppercase()),
    }
}

/// An endpoint's names: of all of it, of each of its zones, and the private ones.
pub(super) fn names(tx: &Tx<'_>, endpoint: &VpcEndpoint) -> Vec<Value> {
    let services = vpc_endpoint_service::services(tx.region());
    let is_it = |one: &&EndpointService| one.name == endpoint.service && one.kind == endpoint.kind;
    let Some(service) = services.iter().find(is_it).filter(|service| service.kind == "Interface") else {
        return Vec::new();
    };
    let zone = hosted_zone(tx.region());
    // S3's names have a bucket's before them.
    let star = if service.service == "s3" { "*." } else { "" };
    let start = format!("{star}{}-{}", endpoint.id, endpoint.label);
    let own = std::iter::once(format!("{start}.{}", service.base))
        .chain(endpoint.places.iter().map(|place| format!("{start}-{}.{}", place.zone, service.base)))
        .map(|name| record! { "DnsName" => name, "HostedZoneId" => &zone });
    // The zone of the private names is made while the endpoint is pending.
    let private_zone = if endpoint.state == "pending" { "ZONEIDPENDING" } else { endpoint.private_zone.as_str() };
    let private = service.private_names.iter().filter(|_| endpoint.private_dns);
    own.chain(private.map(|name| record! { "DnsName" => name, "HostedZoneId" => private_zone })).collect()
}

/// Whether anything of a VPC's endpoints is still there.
#[must_use]
pub(super) fn any_in(tx: &Tx<'_>, vpc: &str) -> bool {
    tx.rows::<VpcEndpoint>().any(|endpoint| endpoint.vpc == vpc)
}

/// Removes the interfaces of an endpoint whose time has come.
pub(super) fn clear(tx: &mut Tx<'_>, id: &str) {
    let Some(endpoint) = tx.get::<VpcEndpoint>(id).cloned() else { return };
    for place in &endpoint.places {
        network_interface::remove(tx, &place.interface);
    }
}
