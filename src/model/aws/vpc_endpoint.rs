//! `aws_vpc_endpoint`: <https://docs.aws.amazon.com/vpc/latest/privatelink/what-is-privatelink.html>

use super::policy_check::{self, Kind};
use super::subnet::{check_groups, vpc_of};
use super::{RouteTable, SecurityGroup, Subnet, Vpc};
use crate::check::{Findings, View};
use crate::{Arn, Computed, Id, IntoId, IntoList, IntoPlain, Json, Tags, Value, words};

words! {
    /// How a VPC endpoint is reached.
    pub enum VpcEndpointType {
        /// By routes: S3 and DynamoDB, for nothing.
        Gateway = "Gateway",
        /// By network interfaces in subnets, paid by the hour.
        Interface = "Interface",
    }
}

words! {
    /// The addresses of an interface endpoint.
    pub enum EndpointIpAddressType {
        /// IPv4 alone.
        Ipv4 = "ipv4",
        /// IPv6 alone.
        Ipv6 = "ipv6",
        /// Both.
        Dualstack = "dualstack",
    }
}

words! {
    /// The records that an endpoint's names have.
    pub enum DnsRecordIpType {
        /// IPv4 alone.
        Ipv4 = "ipv4",
        /// IPv6 alone.
        Ipv6 = "ipv6",
        /// Both.
        Dualstack = "dualstack",
        /// What the service says.
        ServiceDefined = "service-defined",
    }
}

/// A way from a VPC to a service of AWS that leaves the internet out.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// # let range: Ipv4Net = "10.0.0.0/16".parse()?;
/// # let vpc = stack.add("main", Vpc::new(range).enable_dns_hostnames(true));
/// # let subnet = stack.add("private", Subnet::new(&vpc, range.subnet(24, 0)?).availability_zone("us-east-1a"));
/// # let table = stack.add("private", RouteTable::new(&vpc));
/// # let https = stack.add("endpoints", SecurityGroup::new(&vpc, "Services of AWS"));
/// // By routes, free of charge: S3 and DynamoDB alone.
/// stack.add("s3", VpcEndpoint::gateway(&vpc, "com.amazonaws.us-east-1.s3", [&table]));
/// // By an address in each subnet, under the service's own name.
/// let sts = VpcEndpoint::interface(&vpc, "com.amazonaws.us-east-1.sts", [&subnet]);
/// stack.add("sts", sts.security_group_ids([&https]));
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(
    type = "aws_vpc_endpoint",
    service = "ec2",
    creation = Token,
    create_seconds = 60,
    delete_seconds = 90,
    check = check
)]
pub struct VpcEndpoint {
    /// The VPC.
    #[field(replace)]
    vpc_id: Value<Id<Vpc>>,
    /// The service, for instance `com.amazonaws.us-east-1.s3`.
    #[field(replace, min_length = 1)]
    service_name: Value<String>,
    /// How it is reached.
    #[field(replace, default = "\"Gateway\"")]
    vpc_endpoint_type: Option<Value<VpcEndpointType>>,
    /// The route tables that lead to a gateway endpoint: it puts its route there, and takes it away.
    #[field(set, default = "[]", holds = Free)]
    route_table_ids: Option<Value<Vec<Id<RouteTable>>>>,
    /// The subnets that an interface endpoint stands in, one in a zone.
    #[field(set, default = "[]", holds = Along, update_seconds = 40)]
    subnet_ids: Option<Value<Vec<Id<Subnet>>>>,
    /// The security groups of an interface endpoint; the VPC's default one where none is given.
    #[field(set, computed, holds = Along)]
    security_group_ids: Option<Value<Vec<Id<SecurityGroup>>>>,
    /// Whether the service's own names lead to an interface endpoint; wants DNS support and DNS hostnames of the VPC.
    #[field(default = "false", update_seconds = 40)]
    private_dns_enabled: Option<Value<bool>>,
    /// What may be done through it, see [`super::policy::Policy`]; everything where none is given.
    #[field(json, computed)]
    policy: Option<Value<Json>>,
    /// The addresses of an interface endpoint.
    #[field(computed, update_seconds = 40)]
    ip_address_type: Option<Value<EndpointIpAddressType>>,
    /// How its names are answered.
    #[field(computed)]
    dns_options: Option<Value<EndpointDnsOptions>>,
    /// Tags.
    tags: Option<Value<Tags>>,
    /// The id.
    id: Computed<Id<VpcEndpoint>>,
    /// The ARN.
    arn: Computed<Arn<VpcEndpoint>>,
    /// The account that owns it.
    owner_id: Computed<String>,
    /// The prefix list of a gateway endpoint's service, for rules of security groups.
    prefix_list_id: Computed<String>,
    /// The names of an interface endpoint.
    #[field(volatile)]
    dns_entry: Computed<Vec<EndpointDnsEntry>>,
    /// The network interfaces of an interface endpoint.
    #[field(volatile, set)]
    network_interface_ids: Computed<Vec<String>>,
    /// Whether a service made it for itself.
    requester_managed: Computed<bool>,
    /// `available` once it can be used.
    state: Computed<String>,
}

/// How an endpoint's names are answered.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct EndpointDnsOptions {
    /// Which records they have.
    #[field(computed)]
    dns_record_ip_type: Option<Value<DnsRecordIpType>>,
    /// Whether S3's own names lead to it for inbound resolvers alone, and for all else to a gateway endpoint.
    #[field(computed)]
    private_dns_only_for_inbound_resolver_endpoint: Option<Value<bool>>,
}

/// A name of an interface endpoint.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct EndpointDnsEntry {
    /// The name.
    dns_name: Computed<String>,
    /// The hosted zone that it lies in.
    hosted_zone_id: Computed<String>,
}

impl VpcEndpoint {
    /// A gateway endpoint with the route tables that lead to it.
    #[must_use]
    pub fn gateway(
        vpc: impl IntoId<Vpc>,
        service: impl IntoPlain<String>,
        tables: impl IntoList<Id<RouteTable>>,
    ) -> Self {
        Self::new(vpc, service).route_table_ids(tables)
    }

    /// An interface endpoint in these subnets, which the service's own names lead to.
    #[must_use]
    pub fn interface(
        vpc: impl IntoId<Vpc>,
        service: impl IntoPlain<String>,
        subnets: impl IntoList<Id<Subnet>>,
    ) -> Self {
        Self::new(vpc, service)
            .vpc_endpoint_type(VpcEndpointType::Interface)
            .subnet_ids(subnets)
            .private_dns_enabled(true)
    }
}

/// The services that gateway endpoints lead to: <https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html>
const GATEWAYS: [&str; 3] = ["s3", "dynamodb", "s3express"];

fn check(endpoint: &View<'_>, findings: &mut Findings<'_>) {
    let interface = endpoint.text("vpc_endpoint_type") == Some(VpcEndpointType::Interface.word());
    let gives = |field: &str| match endpoint.part(field) {
        Some(part) => part.literal().is_none_or(|given| given.as_list().is_none_or(|items| !items.is_empty())),
        None => false,
    };
    if interface && gives("route_table_ids") {
        findings.refuse("routes lead to gateway endpoints alone; an interface endpoint takes `subnet_ids`");
    }
    for field in ["subnet_ids", "security_group_ids"].into_iter().filter(|field| !interface && gives(field)) {
        findings.refuse(format!(
            "`{field}` is for interface endpoints; this one is a gateway endpoint, which takes `route_table_ids`"
        ));
    }
    let private = endpoint.truth("private_dns_enabled") == Some(true);
    if private && !interface {
        findings.refuse("`private_dns_enabled` is for interface endpoints; a gateway endpoint is reached by routes");
    }
    check_service(endpoint, interface, findings);
    policy_check::check(endpoint, "policy", Kind::Resource, findings);
    let Some(vpc) = vpc_of(endpoint) else { return };
    check_groups(endpoint, "security_group_ids", &vpc, findings);
    check_groups(endpoint, "subnet_ids", &vpc, findings);
    check_groups(endpoint, "route_table_ids", &vpc, findings);
    check_zones(endpoint, findings);
    if private && (vpc.truth("enable_dns_hostnames") != Some(true) || vpc.truth("enable_dns_support") == Some(false)) {
        findings.refuse(format!(
            "`private_dns_enabled` wants `enable_dns_hostnames` and `enable_dns_support` of {}",
            vpc.named()
        ));
    }
    check_beside(endpoint, private, findings);
}

/// Refuses a service of another region, and one that the endpoint's type does not lead to.
fn check_service(endpoint: &View<'_>, interface: bool, findings: &mut Findings<'_>) {
    let Some(name) = endpoint.text("service_name") else { return };
    let Some((region, service)) = name.strip_prefix("com.amazonaws.").and_then(|rest| rest.split_once('.')) else {
        return;
    };
    let own = &endpoint.node().region;
    // Services that accounts offer each other are called `com.amazonaws.vpce.REGION.vpce-svc-ID`.
    if region != "vpce" && region != own {
        findings.refuse(format!("{name} is a service of {region}; the endpoint stands in {own}"));
    }
    if !interface && !GATEWAYS.contains(&service) {
        findings.refuse(format!(
            "no gateway endpoint leads to {name}: they are for {}; `VpcEndpoint::interface` is for the others",
            GATEWAYS.join(", ")
        ));
    }
}

fn check_zones(endpoint: &View<'_>, findings: &mut Findings<'_>) {
    let subnets = endpoint.follow_all("subnet_ids").unwrap_or_default();
    for (at, subnet) in subnets.iter().enumerate() {
        let Some(zone) = subnet.text("availability_zone") else { continue };
        if let Some(other) = subnets[..at].iter().find(|other| other.text("availability_zone") == Some(zone)) {
            findings.refuse(format!(
                "an endpoint has one subnet in a zone: {} and {} both lie in {zone}",
                other.named(),
                subnet.named()
            ));
        }
    }
}

/// Refuses what two endpoints of one service in one VPC can't both have: a private name, or a route table.
fn check_beside(endpoint: &View<'_>, private: bool, findings: &mut Findings<'_>) {
    let service = endpoint.text("service_name");
    let tables = endpoint.follow_all("route_table_ids").unwrap_or_default();
    for other in endpoint.earlier_siblings_in("vpc_id") {
        if service.is_none() || other.text("service_name") != service {
            continue;
        }
        if private && other.truth("private_dns_enabled") == Some(true) {
            findings.refuse(format!("the service's own names lead to {} already", other.named()));
        }
        let taken = other.follow_all("route_table_ids").unwrap_or_default();
        for table in &tables {
            if taken.iter().any(|one| one.node().address == table.node().address) {
                findings.refuse(format!("{} leads to {} already", table.named(), other.named()));
            }
        }
    }
}
