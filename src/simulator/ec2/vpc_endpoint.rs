//! VPC endpoints: gateway endpoints, which routes lead to, and interface endpoints, which stand in subnets.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::ec2::resource::{self, Kind, Listing, Resource, done};
use crate::ec2::security_group::{self, SecurityGroup};
use crate::ec2::tags;
use crate::ec2::vpc::Vpc;
use crate::ec2::vpc_endpoint_network::{self as network, Place, invalid};
use crate::ec2::vpc_endpoint_service::{self, EndpointService};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Handler, Span, Transition};
use crate::strict_json;
use crate::value::Value;
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("CreateVpcEndpoint", create),
    ("DescribeVpcEndpoints", |tx, input| {
        let listing = Listing { ids: "VpcEndpointIds", answer: "VpcEndpoints", ids_exclude_pages: None };
        resource::describe::<VpcEndpoint>(tx, input, listing)
    }),
    ("ModifyVpcEndpoint", modify),
    ("DeleteVpcEndpoints", delete),
];

pub(super) const SPANS: &[Span] = &[
    Span::new("ec2.vpc_endpoint.create", 60.0, 180.0),
    Span::new("ec2.vpc_endpoint.modify", 20.0, 60.0),
    Span::new("ec2.vpc_endpoint.delete", 60.0, 240.0),
    Span::new("ec2.vpc_endpoint.delete_gateway", 2.0, 10.0),
];

pub(super) const TRANSITIONS: &[(&str, Transition)] = &[
    ("ec2.vpc_endpoint.available", |tx, pending| {
        tx.change::<VpcEndpoint>(&pending.subject, |endpoint| endpoint.state = "available".to_owned());
    }),
    ("ec2.vpc_endpoint.deleted", |tx, pending| {
        network::clear(tx, &pending.subject);
        tags::forget(tx, &pending.subject);
        tx.remove::<VpcEndpoint>(&pending.subject);
    }),
];

const CREATE: &str = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpcEndpoint.html";
const POLICY: &str = "https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html";
const QUOTAS: &str = "https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-limits-endpoints.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("ec2.vpc_endpoint.type", "an endpoint is of a type that its service has", CREATE),
    Rule::new("ec2.vpc_endpoint.parameters", "what is given fits the endpoint's type", CREATE),
    Rule::new("ec2.vpc_endpoint.policy", "an endpoint's policy is a policy document", POLICY),
    Rule::new("ec2.vpc_endpoint.policy.length", "an endpoint's policy has at most 20,480 characters", QUOTAS),
    Rule::new("ec2.vpc_endpoint.quota.gateway", "a region has 20 gateway endpoints", QUOTAS),
    Rule::new("ec2.vpc_endpoint.quota.interface", "a VPC has 50 interface endpoints", QUOTAS),
    Rule::new(
        "ec2.vpc_endpoint.modify.member",
        "only what an endpoint has is taken from it",
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyVpcEndpoint.html",
    ),
];

/// A VPC endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VpcEndpoint {
    /// Its id, `vpce-...`.
    pub id: String,
    /// `Gateway` or `Interface`.
    pub kind: String,
    /// The VPC.
    pub vpc: String,
    /// The service's name.
    pub service: String,
    /// `pending`, `available` or `deleting`.
    pub state: String,
    /// What may be done through it.
    pub policy: String,
    /// The route tables that lead to it.
    pub route_tables: Vec<String>,
    /// The subnets that it stands in.
    pub places: Vec<Place>,
    /// The security groups of its interfaces.
    pub groups: Vec<String>,
    /// Whether the service's own names lead to it.
    pub private_dns: bool,
    /// The hosted zone of those names.
    pub private_zone: String,
    /// Whether they do so for inbound resolvers alone; none where the service has no such choice.
    pub for_resolvers: Option<bool>,
    /// Which records its names have.
    pub record_type: String,
    /// What tells its names from other endpoints'.
    pub label: String,
    /// When it was made.
    pub created: Timestamp,
}

impl Row for VpcEndpoint {
    const TABLE: &'static str = "ec2.vpc_endpoint";
    fn id(&self) -> String {
        self.id.clone()
    }
}

impl Resource for VpcEndpoint {
    const SHAPE: &'static str = "VpcEndpoint";
    const KIND: Kind = Kind {
        prefix: "vpce",
        tagged_as: "vpc-endpoint",
        not_found: "InvalidVpcEndpointId.NotFound",
        malformed: "InvalidVpcEndpointId.Malformed",
        one: "The Vpc Endpoint Id '{}' does not exist",
        several: "The Vpc Endpoint Ids '{}' do not exist",
    };

    const FILTERS: &'static [&'static str] = &["vpc-endpoint-state"];

    fn filter(&self, _: &Tx<'_>, _: &str) -> Vec<String> {
        vec![self.state.clone()]
    }

    fn view(&self, tx: &Tx<'_>) -> Value {
        let group = |id: &String| {
            record! { "GroupId" => id, "GroupName" => tx.get::<SecurityGroup>(id).map(|group| group.name.as_str()) }
        };
        let of_places = |part: fn(&Place) -> &String| self.places.iter().map(part).collect::<Vec<_>>();
        record! {
            "VpcEndpointId" => &self.id,
            "VpcEndpointType" => &self.kind,
            "VpcId" => &self.vpc,
            "ServiceName" => &self.service,
            "ServiceRegion" => tx.region(),
            "State" => &self.state,
            "PolicyDocument" => &self.policy,
            "RouteTableIds" => &self.route_tables,
            "SubnetIds" => of_places(|place| &place.subnet),
            "Groups" => self.groups.iter().map(group).collect::<Vec<_>>(),
            "IpAddressType" => "ipv4",
            "DnsOptions" => record! {
                "DnsRecordIpType" => &self.record_type,
                "PrivateDnsOnlyForInboundResolverEndpoint" => self.for_resolvers,
            },
            "PrivateDnsEnabled" => self.private_dns,
            "RequesterManaged" => false,
            "NetworkInterfaceIds" => of_places(|place| &place.interface),
            "DnsEntries" => network::names(tx, self),
            "CreationTimestamp" => self.created,
            "OwnerId" => tx.account(),
            "Tags" => tags::of(tx, &self.id),
        }
    }
}

/// Full access, as AWS writes it for either type.
fn default_policy(kind: &str) -> String {
    if kind == "Gateway" {
        r#"{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#
    } else {
        "{\n  \"Statement\": [\n    {\n      \"Action\": \"*\", \n      \"Effect\": \"Allow\", \n      \
         \"Principal\": \"*\", \n      \"Resource\": \"*\"\n    }\n  ]\n}"
    }
    .to_owned()
}

fn check_policy(tx: &Tx<'_>, text: &str) -> Result<(), Refusal> {
    let within = text.chars().count() <= 20_480;
    tx.enforce("ec2.vpc_endpoint.policy.length", within, || {
        // AWS documents the length and not what it says of more.
        Refusal::new("InvalidPolicyDocument", "The policy document has more than 20480 characters.")
    })?;
    let document = strict_json::parse(text.as_bytes()).unwrap_or_default();
    let of = |statement: &Json, names: [&str; 2]| names.iter().any(|name| statement.get(name).is_some());
    let sound = |statement: &Json| {
        matches!(statement.get("Effect").and_then(Json::as_str), Some("Allow" | "Deny"))
            && of(statement, ["Action", "NotAction"])
            && of(statement, ["Resource", "NotResource"])
            && of(statement, ["Principal", "NotPrincipal"])
    };
    let holds = match document.get("Statement") {
        Some(Json::Array(statements)) => !statements.is_empty() && statements.iter().all(sound),
        Some(statement) => sound(statement),
        None => false,
    };
    tx.enforce("ec2.vpc_endpoint.policy", holds, || {
        Refusal::new("InvalidPolicyDocument", "The specified policy document is not a valid JSON policy document.")
    })
}

/// Refuses members of the other type.
fn check_parameters(tx: &Tx<'_>, input: &Input<'_>, kind: &str) -> Result<(), Refusal> {
    let given = |names: &[&str]| names.iter().any(|name| input.has(name));
    let rule = "ec2.vpc_endpoint.parameters";
    if kind == "Interface" {
        let tables = given(&["RouteTableIds", "AddRouteTableIds", "RemoveRouteTableIds"]);
        return tx
            .enforce(rule, !tables, || invalid("Route table IDs are only supported for Gateway type VPC Endpoint."));
    }
    let subnets = given(&["SubnetIds", "AddSubnetIds", "RemoveSubnetIds", "SubnetConfigurations"]);
    tx.enforce(rule, !subnets, || {
        invalid("Subnet IDs are only supported for Interface and GatewayLoadBalancer type VPC Endpoints.")
    })?;
    let groups = given(&["SecurityGroupIds", "AddSecurityGroupIds", "RemoveSecurityGroupIds"]);
    tx.enforce(rule, !groups, || invalid("Security group IDs are only supported for Interface type VPC Endpoints."))?;
    tx.enforce(rule, !input.flag("PrivateDnsEnabled"), || {
        invalid("Private DNS is only supported for Interface type VPC Endpoints.")
    })
}

/// Reads the options of an endpoint's names into it.
fn read_dns(tx: &Tx<'_>, input: &Input<'_>, endpoint: &mut VpcEndpoint, service: &str) -> Result<(), Refusal> {
    if input.text("IpAddressType").is_some_and(|kind| kind != "ipv4") {
        return Err(Refusal::not_simulated(format!("ec2 {} with IPv6", tx.operation())));
    }
    let Some(options) = input.record("DnsOptions") else { return Ok(()) };
    match options.text("DnsRecordIpType") {
        None => {}
        Some(kind @ ("ipv4" | "service-defined")) => endpoint.record_type = kind.to_owned(),
        Some(_) => return Err(Refusal::not_simulated(format!("ec2 {} with IPv6", tx.operation()))),
    }
    if let Some(alone) = options.bool("PrivateDnsOnlyForInboundResolverEndpoint") {
        let rule = "ec2.vpc_endpoint.parameters";
        tx.enforce(rule, endpoint.kind == "Interface", || {
            invalid(
                "DnsOptions PrivateDnsOnlyForInboundResolverEndpoint is applicable only to Interface VPC Endpoints.",
            )
        })?;
        tx.enforce(rule, service == "s3", || {
            invalid("PrivateDnsOnlyForInboundResolverEndpoint not supported for this service.")
        })?;
        endpoint.for_resolvers = Some(alone);
    }
    Ok(())
}

/// The service that a request names, as endpoints of that type lead to it.
fn read_service(tx: &Tx<'_>, name: &str, kind: &str) -> Result<EndpointService, Refusal> {
    let named: Vec<EndpointService> =
        vpc_endpoint_service::services(tx.region()).into_iter().filter(|service| service.name == name).collect();
    let types = named.iter().map(|service| service.kind).collect::<Vec<_>>().join(", ");
    if named.is_empty() {
        return Err(vpc_endpoint_service::absent(name));
    }
    let found = named.iter().find(|service| service.kind == kind).cloned();
    tx.enforce("ec2.vpc_endpoint.type", found.is_some(), || {
        invalid(format!("Endpoint type ({kind}) does not match available service types ([{types}])."))
    })?;
    named.into_iter().next().map_or_else(|| Err(vpc_endpoint_service::absent(name)), |first| Ok(found.unwrap_or(first)))
}

/// The subnets of a request, each with the address that it asks for there.
fn read_subnets(input: &Input<'_>, member: &str) -> Vec<(String, Option<String>)> {
    let mut subnets: Vec<(String, Option<String>)> =
        input.texts(member).into_iter().map(|id| (id.to_owned(), None)).collect();
    for configuration in input.records("SubnetConfigurations") {
        let (id, address) = (configuration.text("SubnetId"), configuration.text("Ipv4").map(str::to_owned));
        let id = id.unwrap_or_default();
        match subnets.iter_mut().find(|(known, _)| known == id) {
            Some(known) => known.1 = address,
            None => subnets.push((id.to_owned(), address)),
        }
    }
    subnets
}

fn check_quota(tx: &Tx<'_>, kind: &str, vpc: &str) -> Result<(), Refusal> {
    let (rule, quota) = match kind {
        "Gateway" => ("ec2.vpc_endpoint.quota.gateway", "ec2.gateway-endpoints"),
        _ => ("ec2.vpc_endpoint.quota.interface", "ec2.interface-endpoints-per-vpc"),
    };
    let counts = |one: &&VpcEndpoint| one.kind == kind && (kind == "Gateway" || one.vpc == vpc);
    let have = tx.rows::<VpcEndpoint>().filter(counts).count() as i64;
    tx.enforce(rule, have < tx.quota(quota), || {
        Refusal::new("VpcEndpointLimitExceeded", "The maximum number of VPC endpoints has been reached.")
    })
}

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let kind = input.text("VpcEndpointType").unwrap_or("Gateway");
    if !matches!(kind, "Gateway" | "Interface") {
        return Err(Refusal::not_simulated(format!("ec2 CreateVpcEndpoint of the type {kind}")));
    }
    let vpc: Vpc = resource::find(tx, input.required("VpcId"))?;
    let Some(name) = input.text("ServiceName") else {
        return Err(super::missing("ServiceName"));
    };
    if input.text("ServiceRegion").is_some_and(|region| region != tx.region()) {
        return Err(Refusal::not_simulated("ec2 CreateVpcEndpoint to a service of another region"));
    }
    let service = read_service(tx, name, kind)?;
    check_parameters(tx, input, kind)?;
    check_quota(tx, kind, &vpc.id)?;
    if let Some(policy) = input.text("PolicyDocument") {
        check_policy(tx, policy)?;
    }
    let interface = kind == "Interface";
    let mut endpoint = VpcEndpoint {
        id: tx.new_id("vpce"),
        kind: kind.to_owned(),
        vpc: vpc.id,
        service: service.name.clone(),
        state: if interface { "pending" } else { "available" }.to_owned(),
        policy: input.text("PolicyDocument").map_or_else(|| default_policy(kind), str::to_owned),
        route_tables: Vec::new(),
        places: Vec::new(),
        groups: Vec::new(),
        private_dns: false,
        private_zone: format!("Z{}", tx.capitals(20)),
        for_resolvers: None,
        record_type: if interface { "ipv4" } else { "service-defined" }.to_owned(),
        label: tx.capitals(8).to_lowercase(),
        created: tx.now(),
    };
    read_dns(tx, input, &mut endpoint, service.service)?;
    network::route(tx, &mut endpoint, &input.texts("RouteTableIds"))?;
    if interface {
        // By default a service is called by its own name. S3's needs more than that, and is asked for.
        let usual = !service.private_names.is_empty() && service.service != "s3";
        if input.bool("PrivateDnsEnabled").unwrap_or(usual) {
            network::name_privately(tx, &mut endpoint, &service)?;
        }
        let mut groups: Vec<String> = input.texts("SecurityGroupIds").into_iter().map(str::to_owned).collect();
        if groups.is_empty() {
            groups.extend(security_group::default_of(tx, &endpoint.vpc));
        }
        network::regroup(tx, &mut endpoint, groups)?;
        network::plug_in(tx, &mut endpoint, &read_subnets(input, "SubnetIds"))?;
    }
    let id = endpoint.id.clone();
    tx.put(endpoint);
    tags::on_create(tx, input, "vpc-endpoint", &id)?;
    if interface {
        tx.transition("ec2.vpc_endpoint.create", "ec2.vpc_endpoint.available", &id);
    }
    Ok(record! {
        "VpcEndpoint" => resource::find::<VpcEndpoint>(tx, &id)?.view(tx),
        "ClientToken" => input.text("ClientToken"),
    })
}

fn modify(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut endpoint: VpcEndpoint = resource::find(tx, input.required("VpcEndpointId"))?;
    if endpoint.state == "deleting" {
        return Err(VpcEndpoint::KIND.missing(&[&endpoint.id]));
    }
    check_parameters(tx, input, &endpoint.kind)?;
    let service = read_service(tx, &endpoint.service, &endpoint.kind)?;
    if let Some(policy) = input.text("PolicyDocument") {
        check_policy(tx, policy)?;
        endpoint.policy = policy.to_owned();
    }
    if input.flag("ResetPolicy") {
        endpoint.policy = default_policy(&endpoint.kind);
    }
    read_dns(tx, input, &mut endpoint, service.service)?;
    let removed = |member: &str, held: &[String]| {
        let ids = input.texts(member);
        let stranger = ids.iter().find(|id| !held.iter().any(|known| known == *id));
        tx.enforce("ec2.vpc_endpoint.modify.member", stranger.is_none(), || {
            // AWS's words for this are not known.
            invalid(format!("{} is not associated with {}.", stranger.copied().unwrap_or_default(), endpoint.id))
        })?;
        Ok(ids.into_iter().map(str::to_owned).collect::<Vec<String>>())
    };
    let tables = removed("RemoveRouteTableIds", &endpoint.route_tables)?;
    let held: Vec<String> = endpoint.places.iter().map(|place| place.subnet.clone()).collect();
    let subnets = removed("RemoveSubnetIds", &held)?;
    let groups = removed("RemoveSecurityGroupIds", &endpoint.groups)?;
    network::unroute(tx, &mut endpoint, &tables);
    network::route(tx, &mut endpoint, &input.texts("AddRouteTableIds"))?;
    if endpoint.kind == "Interface" {
        let wanted = input.bool("PrivateDnsEnabled").unwrap_or(endpoint.private_dns);
        if !wanted {
            endpoint.private_dns = false;
        } else if !endpoint.private_dns || input.has("DnsOptions") {
            network::name_privately(tx, &mut endpoint, &service)?;
        }
        let mut kept: Vec<String> = endpoint.groups.iter().filter(|id| !groups.contains(id)).cloned().collect();
        for added in input.texts("AddSecurityGroupIds") {
            if !kept.iter().any(|known| known == added) {
                kept.push(added.to_owned());
            }
        }
        network::regroup(tx, &mut endpoint, kept)?;
        let gone: Vec<&str> = subnets.iter().map(String::as_str).collect();
        network::unplug(tx, &mut endpoint, &gone);
        let added = read_subnets(input, "AddSubnetIds");
        network::plug_in(tx, &mut endpoint, &added)?;
        if !(added.is_empty() && subnets.is_empty()) && endpoint.state == "available" {
            endpoint.state = "pending".to_owned();
            tx.transition("ec2.vpc_endpoint.modify", "ec2.vpc_endpoint.available", &endpoint.id);
        }
    }
    tx.put(endpoint);
    Ok(done())
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut unsuccessful = Vec::new();
    for id in input.texts("VpcEndpointIds") {
        VpcEndpoint::KIND.check(tx, id)?;
        let Some(mut endpoint) = tx.get::<VpcEndpoint>(id).cloned() else {
            // Here it goes by another code than where endpoints are described.
            let error = VpcEndpoint::KIND.missing(&[id]);
            let error = record! { "Code" => "InvalidVpcEndpoint.NotFound", "Message" => error.message };
            unsuccessful.push(record! { "ResourceId" => id, "Error" => error });
            continue;
        };
        if endpoint.state == "deleting" {
            continue;
        }
        tx.cancel("ec2.vpc_endpoint", id);
        endpoint.state = "deleting".to_owned();
        let tables = endpoint.route_tables.clone();
        network::unroute(tx, &mut endpoint, &tables);
        let span =
            if endpoint.kind == "Gateway" { "ec2.vpc_endpoint.delete_gateway" } else { "ec2.vpc_endpoint.delete" };
        tx.put(endpoint);
        tx.transition(span, "ec2.vpc_endpoint.deleted", id);
    }
    Ok(record! { "Unsuccessful" => unsuccessful })
}

#[cfg(test)]
mod tests {
    use crate::client::Client;

    const S3: &str = "com.amazonaws.us-east-1.s3";
    const SQS: &str = "com.amazonaws.us-east-1.sqs";

    async fn state(client: &Client, id: &str) -> String {
        client.ec2("DescribeVpcEndpoints", &[("VpcEndpointId.1", id)]).await.one("state")
    }

    #[tokio::test(start_paused = true)]
    async fn a_gateway_endpoint_is_a_route_of_its_tables_which_it_alone_takes_away() {
        let client = Client::calm();
        let vpc = client.vpc("10.0.0.0/16").await;
        let table = client.ec2("CreateRouteTable", &[("VpcId", &vpc)]).await.one("routeTableId");
        let asked = [("VpcId", vpc.as_str()), ("ServiceName", S3), ("RouteTableId.1", &table)];
        let id = client.ec2("CreateVpcEndpoint", &asked).await.one("vpcEndpointId");
        let tables = [("RouteTableId.1", table.as_str())];
        let shown = client.ec2("DescribeRouteTables", &tables).await;
        assert_eq!(shown.all("gatewayId"), ["local".to_owned(), id.clone()]);
        assert_eq!(shown.one("destinationPrefixListId"), "pl-63a5400a");
        let route = [("RouteTableId", table.as_str()), ("DestinationPrefixListId", "pl-63a5400a")];
        let refused = client.refused("DeleteRoute", &route, "InvalidParameterValue").await;
        assert!(refused.message.starts_with("cannot remove VPC endpoint route pl-63a5400a"), "{}", refused.message);
        let refused = client.refused("CreateVpcEndpoint", &asked, "RouteAlreadyExists").await;
        let message = format!("route table {table} already has a route with destination-prefix-list-id pl-63a5400a");
        assert_eq!(refused.message, message);
        client.refused("DeleteVpc", &[("VpcId", &vpc)], "DependencyViolation").await;
        client.ec2("DeleteVpcEndpoints", &[("VpcEndpointId.1", &id)]).await;
        assert_eq!(client.ec2("DescribeRouteTables", &tables).await.all("gatewayId"), ["local"]);
        client.wait(30);
        client.refused("DescribeVpcEndpoints", &[("VpcEndpointId.1", &id)], "InvalidVpcEndpointId.NotFound").await;
        client.ec2("DeleteRouteTable", &[("RouteTableId", &table)]).await;
        client.ec2("DeleteVpc", &[("VpcId", &vpc)]).await;
    }

    #[tokio::test(start_paused = true)]
    async fn an_interface_endpoint_stands_in_its_subnets_until_some_time_after_its_end() {
        let client = Client::calm();
        let vpc = client.vpc("10.0.0.0/16").await;
        let subnet = client.subnet(&vpc, "10.0.0.0/24", "us-east-1a").await;
        let other = client.subnet(&vpc, "10.0.1.0/24", "us-east-1b").await;
        client.ec2("ModifyVpcAttribute", &[("VpcId", &vpc), ("EnableDnsHostnames.Value", "true")]).await;
        let asked = [
            ("VpcEndpointType", "Interface"),
            ("VpcId", vpc.as_str()),
            ("ServiceName", SQS),
            ("SubnetId.1", subnet.as_str()),
        ];
        let made = client.ec2("CreateVpcEndpoint", &asked).await;
        let id = made.one("vpcEndpointId");
        let private = "sqs.us-east-1.amazonaws.com".to_owned();
        assert!(made.one("state") == "pending" && made.all("dnsName").contains(&private), "{}", made.text);
        let refused = client.refused("CreateVpcEndpoint", &asked, "InvalidParameter").await;
        assert!(refused.message.contains("conflicting DNS domain for sqs.us-east-1.amazonaws.com"));
        client.wait(300);
        assert_eq!(state(&client, &id).await, "available");
        let of_endpoint = [("Filter.1.Name", "interface-type"), ("Filter.1.Value.1", "vpc_endpoint")];
        let interfaces = client.ec2("DescribeNetworkInterfaces", &of_endpoint).await;
        assert_eq!(interfaces.one("description"), format!("VPC Endpoint Interface {id}"));
        client.refused("DeleteSubnet", &[("SubnetId", &subnet)], "DependencyViolation").await;

        let change = [("VpcEndpointId", id.as_str()), ("AddSubnetId.1", &other), ("RemoveSubnetId.1", &subnet)];
        client.ec2("ModifyVpcEndpoint", &change).await;
        assert_eq!(state(&client, &id).await, "pending");
        client.wait(120);
        assert_eq!(state(&client, &id).await, "available");
        client.ec2("DeleteSubnet", &[("SubnetId", &subnet)]).await;
        client.ec2("DeleteVpcEndpoints", &[("VpcEndpointId.1", &id)]).await;
        assert_eq!(state(&client, &id).await, "deleting");
        client.refused("DeleteSubnet", &[("SubnetId", &other)], "DependencyViolation").await;
        client.wait(400);
        client.ec2("DeleteSubnet", &[("SubnetId", &other)]).await;
        client.ec2("DeleteVpc", &[("VpcId", &vpc)]).await;
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_not_built_says_so_and_what_is_not_there_stands_in_the_answer() {
        let client = Client::calm();
        let vpc = client.vpc("10.0.0.0/16").await;
        let asked = [("VpcEndpointType", "GatewayLoadBalancer"), ("VpcId", vpc.as_str()), ("ServiceName", SQS)];
        client.refused("CreateVpcEndpoint", &asked, "NotSimulated").await;
        let absent = [("VpcEndpointId.1", "vpce-0123456789abcdef0")];
        let answer = client.ec2("DeleteVpcEndpoints", &absent).await;
        assert_eq!(answer.one("code"), "InvalidVpcEndpoint.NotFound");
        let found = client.ec2("DescribeVpcEndpointServices", &[("ServiceName.1", S3)]).await;
        assert_eq!(found.all("serviceId").len(), 2);
    }
}
