//! EC2: networks, addresses, instances and volumes, one file per resource.
//!
//! Other services look at its rows directly (`tx.get::<ec2::subnet::Subnet>(id)`),
//! and make network interfaces with [`network_interface::make`].

pub mod address;
mod block_device;
pub mod cidr;
mod classic_link;
pub mod dhcp_options;
pub mod filters;
pub mod flow_log;
pub mod image;
pub mod instance;
pub mod instance_attribute;
pub mod instance_lifecycle;
pub mod instance_profile;
pub mod instance_type;
pub mod internet_gateway;
pub mod launch_template;
pub mod nat_gateway;
pub mod nat_gateway_address;
pub mod network_acl;
pub mod network_acl_entry;
pub mod network_interface;
pub mod network_interface_address;
pub mod prefix_list;
pub mod resource;
pub mod route_table;
pub mod run_instances;
pub mod security_group;
pub mod security_group_rule;
pub mod snapshot;
pub mod subnet;
pub mod tags;
mod throttling;
pub mod volume;
pub mod volume_modification;
pub mod vpc;
pub mod vpc_cidr_block;
pub mod vpc_endpoint;
pub mod vpc_endpoint_network;
pub mod vpc_endpoint_service;
pub mod zone;

use std::sync::OnceLock;

use jiff::SignedDuration;

use crate::ec2::resource::{Kind, Resource};
use crate::model::Model;
use crate::protocol::{self, Flaw, Violation};
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Manners, Service, Tokens};
use crate::signature::AuthFlaw;
use crate::world::{Tables, Tx};

/// The service.
pub static SERVICE: Service = Service {
    name: "ec2",
    model,
    operations: &[
        address::OPERATIONS,
        classic_link::OPERATIONS,
        dhcp_options::OPERATIONS,
        flow_log::OPERATIONS,
        image::OPERATIONS,
        instance::OPERATIONS,
        instance_attribute::OPERATIONS,
        instance_lifecycle::OPERATIONS,
        instance_profile::OPERATIONS,
        instance_type::OPERATIONS,
        internet_gateway::OPERATIONS,
        launch_template::OPERATIONS,
        nat_gateway::OPERATIONS,
        nat_gateway_address::OPERATIONS,
        network_acl::OPERATIONS,
        network_acl_entry::OPERATIONS,
        network_interface::OPERATIONS,
        network_interface_address::OPERATIONS,
        prefix_list::OPERATIONS,
        route_table::OPERATIONS,
        run_instances::OPERATIONS,
        security_group::OPERATIONS,
        security_group_rule::OPERATIONS,
        subnet::OPERATIONS,
        tags::OPERATIONS,
        snapshot::OPERATIONS,
        volume::OPERATIONS,
        volume_modification::OPERATIONS,
        vpc::OPERATIONS,
        vpc_cidr_block::OPERATIONS,
        vpc_endpoint::OPERATIONS,
        vpc_endpoint_service::OPERATIONS,
        zone::OPERATIONS,
    ],
    transitions: &[
        instance_attribute::TRANSITIONS,
        instance_lifecycle::TRANSITIONS,
        network_interface::TRANSITIONS,
        instance_profile::TRANSITIONS,
        nat_gateway::TRANSITIONS,
        nat_gateway_address::TRANSITIONS,
        subnet::TRANSITIONS,
        snapshot::TRANSITIONS,
        volume::TRANSITIONS,
        volume_modification::TRANSITIONS,
        vpc::TRANSITIONS,
        vpc_cidr_block::TRANSITIONS,
        vpc_endpoint::TRANSITIONS,
        vpc_endpoint_network::TRANSITIONS,
    ],
    spans: &[
        instance_attribute::SPANS,
        instance_lifecycle::SPANS,
        network_interface::SPANS,
        instance_profile::SPANS,
        nat_gateway::SPANS,
        nat_gateway_address::SPANS,
        subnet::SPANS,
        snapshot::SPANS,
        volume::SPANS,
        volume_modification::SPANS,
        vpc::SPANS,
        vpc_cidr_block::SPANS,
        vpc_endpoint::SPANS,
        vpc_endpoint_network::SPANS,
    ],
    rules: &[
        RULES,
        address::RULES,
        block_device::RULES,
        dhcp_options::RULES,
        filters::RULES,
        flow_log::RULES,
        instance_attribute::RULES,
        instance_lifecycle::RULES,
        instance_profile::RULES,
        internet_gateway::RULES,
        launch_template::RULES,
        nat_gateway::RULES,
        nat_gateway_address::RULES,
        network_acl::RULES,
        network_acl_entry::RULES,
        network_interface::RULES,
        network_interface_address::RULES,
        resource::RULES,
        route_table::RULES,
        run_instances::RULES,
        security_group::RULES,
        security_group_rule::RULES,
        subnet::RULES,
        tags::RULES,
        snapshot::RULES,
        volume::RULES,
        volume_modification::RULES,
        vpc::RULES,
        vpc_cidr_block::RULES,
        vpc_endpoint::RULES,
        vpc_endpoint_network::RULES,
        vpc_endpoint_service::RULES,
    ],
    tables,
    furnish,
    manners: Manners {
        before_violations: |_, _, _| Ok(()),
        violations,
        unknown_operation: |name| {
            Refusal::new("InvalidAction", format!("The action {name} is not valid for this web service."))
        },
        throttled: |_| Refusal::new("RequestLimitExceeded", "Request limit exceeded.").status(503),
        unavailable: |status| match status {
            503 => Refusal::new("Unavailable", "The service is unavailable. Please try again shortly.").status(503),
            status => Refusal::new("InternalError", "An internal error has occurred").status(status),
        },
        unauthenticated,
        open: |_, _| None,
        beside: |_, _, _| {},
        denied,
        elsewhere: &[],
        versions: VERSIONS,
        bucket: throttling::bucket,
        resources: throttling::resources,
        home: None,
        tokens: Some(Tokens {
            members: &["ClientToken"],
            check: token,
            // "At least 24 hours after the termination of the instance"; of other tokens the page says nothing, and they
            // are remembered for a day.
            lifetime: SignedDuration::from_hours(24),
            holds: |tx, operation, answer| operation == "RunInstances" && run_instances::is_left(tx, answer),
            rule: "ec2.token.mismatch",
            mismatch: |_| {
                let message = "Arguments on this idempotent request are inconsistent with arguments used in previous \
                               request(s).";
                Refusal::new("IdempotentParameterMismatch", message)
            },
            again: |tx, operation, answer| match operation {
                "RunInstances" => run_instances::again(tx, answer),
                _ => Ok(answer.clone()),
            },
        }),
    },
};

/// The dates of the API before this one, of <https://docs.aws.amazon.com/AWSEC2/latest/DeveloperGuide/DocumentHistory.html>
/// and the document histories before it. Their clients are served as those of today.
const VERSIONS: &[&str] = &[
    "2006-06-26",
    "2006-10-01",
    "2007-01-03",
    "2007-01-19",
    "2007-03-01",
    "2007-08-29",
    "2008-02-01",
    "2008-05-05",
    "2008-08-08",
    "2008-12-01",
    "2009-03-01",
    "2009-04-04",
    "2009-07-15",
    "2009-08-15",
    "2009-10-31",
    "2009-11-30",
    "2010-06-15",
    "2010-08-31",
    "2010-11-15",
    "2011-01-01",
    "2011-02-28",
    "2011-05-15",
    "2011-07-15",
    "2011-11-01",
    "2011-12-01",
    "2011-12-15",
    "2012-03-01",
    "2012-04-01",
    "2012-05-01",
    "2012-06-01",
    "2012-06-15",
    "2012-07-20",
    "2012-08-15",
    "2012-10-01",
    "2012-12-01",
    "2013-02-01",
    "2013-06-15",
    "2013-07-15",
    "2013-08-15",
    "2013-10-01",
    "2013-10-15",
    "2014-02-01",
    "2014-05-01",
    "2014-06-15",
    "2014-09-01",
    "2014-10-01",
    "2015-03-01",
    "2015-04-15",
    "2015-10-01",
    "2016-04-01",
    "2016-09-15",
];

const IDEMPOTENCY: &str = "https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html";

const RULES: &[Rule] = &[
    Rule::new("ec2.token.mismatch", "a client token used before with other parameters is refused", IDEMPOTENCY),
    Rule::new(
        "ec2.token.length",
        "a client token is ASCII, of 64 letters at most, a launch template's of 128",
        IDEMPOTENCY,
    ),
];

fn token(tx: &Tx<'_>, token: &str) -> Result<(), Refusal> {
    let longest = if tx.operation().contains("LaunchTemplate") { 128 } else { 64 };
    tx.enforce("ec2.token.length", token.is_ascii() && token.len() <= longest, || {
        invalid_value(token, "clientToken", &format!("It must have at most {longest} ASCII characters."))
    })
}

fn model() -> &'static Model {
    static MODEL: OnceLock<Model> = OnceLock::new();
    MODEL.get_or_init(|| Model::parse(include_str!("models/ec2.json")))
}

fn tables(tables: &mut Tables) {
    tables.add::<address::Address>();
    tables.add::<dhcp_options::DhcpOptions>();
    tables.add::<flow_log::FlowLog>();
    tables.add::<instance::Instance>();
    tables.add::<internet_gateway::InternetGateway>();
    tables.add::<launch_template::LaunchTemplate>();
    tables.add::<launch_template::LaunchTemplateVersion>();
    tables.add::<nat_gateway::NatGateway>();
    tables.add::<network_acl::NetworkAcl>();
    tables.add::<network_interface::NetworkInterface>();
    tables.add::<route_table::RouteTable>();
    tables.add::<security_group::SecurityGroup>();
    tables.add::<security_group_rule::SecurityGroupRule>();
    tables.add::<snapshot::Snapshot>();
    tables.add::<subnet::Subnet>();
    tables.add::<tags::Tag>();
    tables.add::<volume::Volume>();
    tables.add::<vpc::Vpc>();
    tables.add::<vpc_endpoint::VpcEndpoint>();
}

/// An account begins with a default VPC in each region.
fn furnish(tx: &mut Tx<'_>) {
    if zone::zones(tx.region()).is_empty() {
        return;
    }
    dhcp_options::furnish(tx);
    vpc::furnish(tx);
}

/// The words are those of <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>. Where an action
/// has no resource, EC2 names none; where it has one, the same stands there once more, encoded.
fn denied(message: String) -> Refusal {
    let plain = message.replacen(" on resource: * ", " ", 1);
    let encoded = if plain.contains(" on resource: ") {
        let encoded = protocol::base64_encode(message.as_bytes()).replace('+', "-").replace('/', "_");
        format!(". Encoded authorization failure message: {}", encoded.trim_end_matches('='))
    } else {
        String::new()
    };
    let message = format!("You are not authorized to perform this operation. {plain}{encoded}");
    Refusal::new("UnauthorizedOperation", message).status(403)
}

fn violations(violations: &[Violation]) -> Refusal {
    // EC2 reports one at a time.
    let Some(first) = violations.first() else {
        return Refusal::new("InvalidParameterValue", "");
    };
    let name = parameter_name(&first.wire);
    let given = first.given.as_deref().unwrap_or_default();
    let invalid = |rest: String| {
        Refusal::new("InvalidParameterValue", format!("Value ({given}) for parameter {name} is invalid. {rest}"))
    };
    match &first.flaw {
        // What is to be tagged goes by the list's own name, not by the wire's.
        Flaw::Missing if name == "resourceId" => missing("resourceIdSet"),
        Flaw::Missing => missing(&name),
        Flaw::Unknown => Refusal::new("UnknownParameter", format!("The parameter {} is not recognized", first.wire)),
        Flaw::NotA(kind) => invalid(format!("Expected a {kind}.")),
        Flaw::Mistyped(words) => invalid(words.clone()),
        // What is asked of a type is answered by the types; what is launched, by the parameter.
        Flaw::NotOneOf(_) if first.path.starts_with("InstanceTypes.") => Refusal::new(
            "InvalidInstanceType",
            format!("The following supplied instance types do not exist: [{given}]"),
        ),
        // <https://github.com/getmoto/moto/issues/1695> has the words, with a capital.
        Flaw::NotOneOf(_) if first.path == "InstanceType" => {
            Refusal::new("InvalidParameterValue", format!("Invalid value '{given}' for InstanceType."))
        }
        // A VPC's tenancy is not every one that an instance has.
        Flaw::NotOneOf(_) if first.path == "InstanceTenancy" => vpc::tenancy_refusal(given),
        Flaw::NotOneOf(values) if values.len() <= 20 => invalid(format!("Valid values are: {}.", values.join(", "))),
        Flaw::NotOneOf(_) => Refusal::new("InvalidParameterValue", format!("Invalid value '{given}' for {name}.")),
        Flaw::Pattern(pattern) => invalid(format!("It does not match the pattern {pattern}.")),
        Flaw::TooShort(least) => invalid(format!("It must not be shorter than {least}.")),
        Flaw::TooLong(most) => invalid(format!("It must not be longer than {most}.")),
        Flaw::TooSmall(least) => invalid(format!("Expecting a value greater than {least}.")),
        Flaw::TooLarge(most) => invalid(format!("Expecting a value less than {most}.")),
    }
}

/// The refusal of a VPC or a subnet without a range of IPv4: <https://github.com/cloudposse/terraform-aws-vpc/issues/118>
fn no_range() -> Refusal {
    Refusal::new("MissingParameter", "Either 'cidrBlock' or 'ipv4IpamPoolId' should be provided.")
}

/// The refusal of a request that lacks a parameter, named as EC2 names it.
#[must_use]
pub fn missing(name: &str) -> Refusal {
    Refusal::new("MissingParameter", format!("The request must contain the parameter {name}"))
}

/// The refusal of a value.
#[must_use]
pub fn invalid_value(given: impl std::fmt::Display, name: &str, why: &str) -> Refusal {
    Refusal::new(
        "InvalidParameterValue",
        format!("Value ({given}) for parameter {name} is invalid. {why}").trim_end().to_owned(),
    )
}

/// EC2's messages call `TagSpecification.1.ResourceType` `tagSpecification.1.resourceType`.
fn parameter_name(wire: &str) -> String {
    crate::protocol::lower_camel(wire)
}

fn unauthenticated(flaw: &AuthFlaw) -> Refusal {
    match flaw {
        AuthFlaw::Missing => missing("AWSAccessKeyId"),
        AuthFlaw::Header(_) | AuthFlaw::Lacks(_) | AuthFlaw::OfS3(_) => {
            Refusal::new("IncompleteSignature", flaw.form())
        }
        AuthFlaw::UnknownKey | AuthFlaw::ForeignToken | AuthFlaw::WrongSignature => {
            Refusal::new("AuthFailure", "AWS was not able to validate the provided access credentials").status(401)
        }
        AuthFlaw::Expired { signed, .. } => {
            let stamp = signed.strftime("%Y-%m-%dT%H:%M:%S.000Z");
            Refusal::new("RequestExpired", format!("Request has expired. Timestamp date is {stamp}."))
        }
        AuthFlaw::ExpiredToken => Refusal::new("RequestExpired", "Request has expired."),
    }
}

/// The tag specification's name for what an id belongs to.
///
/// # Errors
/// When nothing has that id, or such a thing takes no tags.
fn taggable(tx: &Tx<'_>, id: &str) -> Result<&'static str, Refusal> {
    fn look<R: Resource>(tx: &Tx<'_>, id: &str) -> Result<(), Refusal> {
        tx.enforce("ec2.tags.resource", tx.get::<R>(id).is_some(), || R::KIND.missing(&[id]))
    }
    type Look = fn(&Tx<'_>, &str) -> Result<(), Refusal>;
    const KINDS: &[(Kind, Look)] = &[
        (address::Address::KIND, look::<address::Address>),
        (dhcp_options::DhcpOptions::KIND, look::<dhcp_options::DhcpOptions>),
        (flow_log::FlowLog::KIND, look::<flow_log::FlowLog>),
        (instance::Instance::KIND, look::<instance::Instance>),
        (internet_gateway::InternetGateway::KIND, look::<internet_gateway::InternetGateway>),
        (launch_template::LaunchTemplate::KIND, look::<launch_template::LaunchTemplate>),
        (nat_gateway::NatGateway::KIND, look::<nat_gateway::NatGateway>),
        (network_acl::NetworkAcl::KIND, look::<network_acl::NetworkAcl>),
        (network_interface::NetworkInterface::KIND, look::<network_interface::NetworkInterface>),
        (route_table::RouteTable::KIND, look::<route_table::RouteTable>),
        (security_group::SecurityGroup::KIND, look::<security_group::SecurityGroup>),
        (security_group_rule::SecurityGroupRule::KIND, look::<security_group_rule::SecurityGroupRule>),
        (snapshot::Snapshot::KIND, look::<snapshot::Snapshot>),
        (subnet::Subnet::KIND, look::<subnet::Subnet>),
        (volume::Volume::KIND, look::<volume::Volume>),
        (vpc::Vpc::KIND, look::<vpc::Vpc>),
        (vpc_endpoint::VpcEndpoint::KIND, look::<vpc_endpoint::VpcEndpoint>),
    ];
    let prefix = id.rsplit_once('-').map_or("", |(prefix, _)| prefix);
    if prefix == "ami" {
        let exists = image::find(tx, id).is_some();
        return tx.enforce("ec2.tags.resource", exists, || image::KIND.missing(&[id])).map(|()| image::KIND.tagged_as);
    }
    match KINDS.iter().find(|(kind, _)| kind.prefix == prefix) {
        Some((kind, look)) => look(tx, id).map(|()| kind.tagged_as),
        None => Err(Refusal::new("InvalidID", format!("The ID '{id}' is not valid"))),
    }
}
