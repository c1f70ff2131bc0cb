//! The services that endpoints lead to:
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVpcEndpointServices.html>

use std::collections::BTreeSet;

use aws_sdk_ec2::types::ServiceDetail;
use fathuss_engine::proposal::{Objection, Proposal};
use fathuss_engine::provider::Failure;
use fathuss_model::Address;

use super::{Asked, list, objection};
use crate::call::Call;
use crate::client::Client;
use crate::fields::Fields;
use crate::gather::by_values;

const KIND: &str = "aws_vpc_endpoint";
const SERVICE: &[&str] = &["service_name", "subnet_ids"];

/// One `DescribeVpcEndpointServices` for the services of all endpoints that are new, or stand elsewhere. What this stack
/// offers itself is not there yet.
pub(super) async fn object(client: &Client, asked: Asked<'_>) -> Result<Vec<Objection>, Failure> {
    let mut wanted: Vec<(&Address, &Proposal, &str)> = Vec::new();
    for (address, proposal) in asked.changing(KIND, SERVICE) {
        let named = Fields::of(&proposal.fields).maybe_text("service_name")?;
        if let Some(named) = named.filter(|_| !proposal.refers.contains_key("service_name")) {
            wanted.push((address, proposal, named));
        }
    }
    let names: BTreeSet<String> = wanted.iter().map(|(_, _, named)| (*named).to_owned()).collect();
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let services = by_values("service-name", names, &[], async |filters, token| {
        let asking = client.ec2.describe_vpc_endpoint_services().set_filters(Some(filters)).set_next_token(token);
        let answer = client.send(Call::ec2("DescribeVpcEndpointServices"), asking.send()).await?;
        Ok((answer.service_details.unwrap_or_default(), answer.next_token))
    })
    .await?;
    let mut objections = Vec::new();
    for (address, proposal, named) in wanted {
        let of_name: Vec<&ServiceDetail> =
            services.iter().filter(|service| service.service_name() == Some(named)).collect();
        let message = against(asked, proposal, named, &of_name)?;
        objections.extend(message.map(|message| objection(address, message)));
    }
    Ok(objections)
}

/// What is wrong with an endpoint, given what goes by its service's name: one service by type.
fn against(
    asked: Asked<'_>,
    proposal: &Proposal,
    named: &str,
    services: &[&ServiceDetail],
) -> Result<Option<String>, Failure> {
    let region = asked.region;
    if services.is_empty() {
        return Ok(Some(format!("`service_name` is {named}, which {region} does not have")));
    }
    let wanted = Fields::of(&proposal.fields).maybe_text("vpc_endpoint_type")?.unwrap_or("Gateway");
    let types = |service: &ServiceDetail| -> Vec<String> {
        let types = service.service_type().iter().filter_map(|one| one.service_type());
        types.map(|one| one.as_str().to_owned()).collect()
    };
    let Some(service) = services.iter().find(|service| types(service).iter().any(|one| one == wanted)) else {
        let there: BTreeSet<String> = services.iter().flat_map(|service| types(service)).collect();
        let there = list(there.iter().map(String::as_str));
        return Ok(Some(format!("`vpc_endpoint_type` is {wanted}, which {named} does not have: it has {there}")));
    };
    let zones = service.availability_zones();
    let without: Vec<&str> = asked
        .zones_of(proposal, "subnet_ids")?
        .into_iter()
        .flatten()
        .filter(|zone| !zones.iter().any(|there| there == zone))
        .collect();
    Ok((!without.is_empty() && !zones.is_empty()).then(|| {
        let (without, zones) = (list(without), list(zones.iter().map(String::as_str)));
        format!("`subnet_ids` has a subnet in {without}, where {named} is not: it is in {zones}")
    }))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use fathuss_engine::Provider as _;
    use fathuss_engine::proposal::{Proposal, Proposals, Proposed};
    use fathuss_model::Address;
    use serde_json::json;

    use crate::asked::attributes;
    use crate::canned::Canned;

    const DESCRIBED: &str = "<serviceDetailSet><item><serviceName>com.amazonaws.us-east-1.sts</serviceName>\
        <serviceType><item><serviceType>Interface</serviceType></item></serviceType>\
        <availabilityZoneSet><item>us-east-1a</item><item>us-east-1b</item></availabilityZoneSet></item></serviceDetailSet>";

    #[tokio::test]
    async fn an_endpoint_is_of_a_type_and_stands_where_its_service_does() {
        let subnet: Address = "s.aws_subnet.main".parse().unwrap();
        let said = async |zone: &str, kind: &str| {
            let canned = Canned::new().answer("DescribeVpcEndpointServices", DESCRIBED);
            let endpoint = Proposal {
                region: "us-east-1".to_owned(),
                fields: attributes(json!({ "service_name": "com.amazonaws.us-east-1.sts", "vpc_endpoint_type": kind })),
                changes: ["service_name".to_owned()].into(),
                refers: BTreeMap::from([("subnet_ids".to_owned(), vec![subnet.clone()])]),
            };
            let stands = Proposal { fields: attributes(json!({ "availability_zone": zone })), ..Proposal::default() };
            let made =
                Proposals::from([("s.aws_vpc_endpoint.main".parse().unwrap(), endpoint), (subnet.clone(), stands)]);
            let objections = canned.aws().objections(&Proposed { made, ..Proposed::default() }).await.unwrap();
            objections.into_iter().map(|objection| objection.message).collect::<Vec<_>>()
        };
        assert_eq!(said("us-east-1b", "Interface").await, [""; 0]);
        assert_eq!(
            said("us-east-1b", "GatewayLoadBalancer").await,
            [
                "`vpc_endpoint_type` is GatewayLoadBalancer, which com.amazonaws.us-east-1.sts does not have: it has Interface"
            ]
        );
        assert_eq!(
            said("us-east-1c", "Interface").await,
            [
                "`subnet_ids` has a subnet in us-east-1c, where com.amazonaws.us-east-1.sts is not: it is in us-east-1a, \
              us-east-1b"
            ]
        );
    }
}
