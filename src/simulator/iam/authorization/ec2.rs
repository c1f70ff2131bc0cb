//! EC2's actions: asked for on everything that a request names by its id, and on what it makes.
//!
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html>

use super::ask::{Ask, requested};
use crate::ec2::tags::Tag;
use crate::value::Value;
use crate::world::Tx;

/// What an id's prefix is called in an ARN.
const EC2_TYPES: &[(&str, &str)] = &[
    ("acl", "network-acl"),
    ("ami", "image"),
    ("dopt", "dhcp-options"),
    ("eipalloc", "elastic-ip"),
    ("eni", "network-interface"),
    ("fl", "vpc-flow-log"),
    ("i", "instance"),
    ("igw", "internet-gateway"),
    ("lt", "launch-template"),
    ("nat", "natgateway"),
    ("rtb", "route-table"),
    ("sg", "security-group"),
    ("sgr", "security-group-rule"),
    ("snap", "snapshot"),
    ("subnet", "subnet"),
    ("vol", "volume"),
    ("vpc", "vpc"),
    ("vpce", "vpc-endpoint"),
];

/// What an operation makes, as ARNs call it.
const EC2_MADE: &[(&str, &[&str])] = &[
    ("AllocateAddress", &["elastic-ip"]),
    ("CreateFlowLogs", &["vpc-flow-log"]),
    ("CreateInternetGateway", &["internet-gateway"]),
    ("CreateLaunchTemplate", &["launch-template"]),
    ("CreateNatGateway", &["natgateway"]),
    ("CreateNetworkAcl", &["network-acl"]),
    ("CreateNetworkInterface", &["network-interface"]),
    ("CreateRouteTable", &["route-table"]),
    ("CreateSecurityGroup", &["security-group"]),
    ("CreateSnapshot", &["snapshot"]),
    ("CreateSubnet", &["subnet"]),
    ("CreateVolume", &["volume"]),
    ("CreateVpc", &["vpc"]),
    ("CreateVpcEndpoint", &["vpc-endpoint"]),
    ("RunInstances", &["instance", "network-interface", "volume"]),
];

pub(super) fn asks(tx: &Tx<'_>, operation: &str, input: &Value) -> Vec<Ask> {
    let action = format!("ec2:{operation}");
    if operation.starts_with("Describe") {
        return vec![Ask::new(action, "*")];
    }
    let arn = |kind: &str, id: &str| {
        let account = if kind == "image" || kind == "snapshot" { "" } else { tx.account() };
        format!("arn:aws:ec2:{}:{account}:{kind}/{id}", tx.region())
    };
    let made = EC2_MADE.iter().find(|(name, _)| *name == operation).map_or(&[][..], |(_, kinds)| kinds);
    let specifications = input.get("TagSpecifications").list();
    let tags_of = |kind: &str| {
        let of_kind = specifications.iter().filter(|one| one.get("ResourceType").text() == Some(kind));
        of_kind.flat_map(|one| requested(one.get("Tags"))).collect::<Vec<_>>()
    };
    let mut asks = Vec::new();
    for kind in made {
        let mut ask = Ask::new(&action, arn(kind, "*")).told(tags_of(kind));
        if let Some(size) = input.get("InstanceType").text().filter(|_| *kind == "instance") {
            ask = ask.told([("ec2:InstanceType".to_owned(), size.to_owned())]);
        }
        asks.push(ask);
    }
    // Of routes and rules, the table or group that they are in is asked for alone.
    let narrowed = match operation {
        "CreateRoute" | "ReplaceRoute" | "DeleteRoute" => Some("RouteTableId"),
        name if name.starts_with("Authorize") || name.starts_with("Revoke") => Some("GroupId"),
        _ => None,
    };
    let mut ids = Vec::new();
    match narrowed {
        Some(member) => collect(input.get(member), &mut ids),
        None => collect(input, &mut ids),
    }
    ids.sort_unstable();
    ids.dedup();
    for (kind, id) in ids {
        let prefix = format!("{id}/");
        let tags: Vec<_> = tx.rows_under::<Tag>(&prefix).map(|tag| (tag.key.clone(), tag.value.clone())).collect();
        let keys = |(key, value): (String, String)| {
            [(format!("aws:ResourceTag/{key}"), value.clone()), (format!("ec2:ResourceTag/{key}"), value)]
        };
        let own = match operation {
            "CreateTags" | "DeleteTags" => requested(input.get("Tags")),
            _ => Vec::new(),
        };
        asks.push(Ask::new(&action, arn(kind, id)).told(tags.into_iter().flat_map(keys)).told(own));
    }
    for specification in specifications {
        let kind = specification.get("ResourceType").text().unwrap_or_default();
        let by = ("ec2:CreateAction".to_owned(), operation.to_owned());
        asks.push(Ask::new("ec2:CreateTags", arn(kind, "*")).told(requested(specification.get("Tags"))).told([by]));
    }
    if asks.is_empty() {
        asks.push(Ask::new(action, "*"));
    }
    asks
}

/// The ids in a request, with what each is of. Tags hold no ids, whatever they say.
fn collect<'v>(value: &'v Value, ids: &mut Vec<(&'static str, &'v str)>) {
    match value {
        Value::Text(text) => {
            let prefix =
                text.split_once('-').map(|(prefix, rest)| (prefix, rest.bytes().all(|b| b.is_ascii_hexdigit())));
            let kind = prefix.and_then(|(prefix, sound)| EC2_TYPES.iter().find(|(name, _)| sound && *name == prefix));
            ids.extend(kind.map(|(_, kind)| (*kind, text.as_str())));
        }
        Value::List(items) => items.iter().for_each(|item| collect(item, ids)),
        Value::Record(members) => members
            .iter()
            .filter(|(name, _)| !["Tags", "TagSpecifications", "ClientToken", "Description"].contains(&name.as_str()))
            .for_each(|(_, member)| collect(member, ids)),
        _ => {}
    }
}
