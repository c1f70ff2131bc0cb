//! Route 53's actions.
//!
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonroute53.html>

use super::ask::Ask;
use crate::value::Value;

/// The action is asked for on the zone or the change that the request names, else on all. Who gives a VPC to a zone has
/// to be allowed to see VPCs.
pub(super) fn asks(operation: &str, input: &Value) -> Vec<Ask> {
    let kind = match operation {
        "GetChange" => "change",
        _ => input.get("ResourceType").text().unwrap_or("hostedzone"),
    };
    let named = ["HostedZoneId", "Id", "ResourceId"].iter().filter_map(|member| input.get(member).text());
    let many = input.get("ResourceIds").list().iter().filter_map(Value::text);
    let bare = |id: &str| id.rsplit('/').next().unwrap_or(id).to_owned();
    // Of a list a zone's id says where it begins.
    let of_one = operation != "ListHostedZonesByName";
    let found = named.chain(many).filter(|_| of_one).map(|id| format!("arn:aws:route53:::{kind}/{}", bare(id)));
    let action = format!("route53:{operation}");
    let mut asks: Vec<Ask> = found.map(|arn| Ask::new(&action, arn)).collect();
    if asks.is_empty() {
        asks.push(Ask::new(action, "*"));
    }
    let associates = ["CreateHostedZone", "AssociateVPCWithHostedZone"].contains(&operation);
    if associates && !input.get("VPC").is_absent() {
        asks.push(Ask::new("ec2:DescribeVpcs", "*"));
    }
    asks
}
