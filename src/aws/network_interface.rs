//! `aws_network_interface`: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNetworkInterface.html>

use std::collections::BTreeSet;

use async_trait::async_trait;
use aws_sdk_ec2::types::{
    self, AttributeBooleanValue, AttributeValue, Filter, NetworkInterfaceStatus, PrivateIpAddressSpecification,
    ResourceType,
};
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Progress, ReadRequest, Standing, UpdateRequest,
};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;
use fathuss_state::Identity;

use crate::call::{Call, Service};
use crate::client::Client;
use crate::differ::{Differences, once_shown};
use crate::failure::unreadable;
use crate::fields::{Fields, Observed};
use crate::gather::{Page, gather, ids, one, ours, strays};
use crate::gone::{once_accepted, waiting};
use crate::kind::{Batch, Kind};
use crate::{arn, tag};

/// The calls of `aws_network_interface`.
pub struct NetworkInterface;

const SCHEMA: &Schema = fathuss_model::aws::NetworkInterface::SCHEMA;

#[async_trait(?Send)]
impl Kind for NetworkInterface {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// One `DescribeNetworkInterfaces` for all: it answers every field.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        let wanted = ids(requests);
        let interfaces = match gather(client, &wanted, "network-interface-id", id_of, page(client)).await {
            Ok(interfaces) => interfaces,
            Err(failure) => return Batch::failed(requests, &failure),
        };
        let tags = interfaces.iter().map(|(id, interface)| (id, tag::read(interface.tag_set())));
        let strays = strays(client, SCHEMA.kind, &wanted, tags);
        let present = |request: &ReadRequest| Some(Ok(observe(client, interfaces.get(&request.identity.0)?)));
        Batch { strays, ..Batch::of(requests, present) }
    }

    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let desired = Fields::of(&request.desired.attributes);
        let tags = tag::specification(ResourceType::NetworkInterface, &request.mark, &request.desired.attributes)?;
        let groups = desired.texts("security_groups")?;
        let sending = client
            .ec2
            .create_network_interface()
            .client_token(&request.token)
            .subnet_id(desired.text("subnet_id")?)
            .set_description(desired.maybe_string("description")?.filter(|text| !text.is_empty()))
            .set_private_ip_addresses(addresses(&desired)?)
            .set_groups(Some(groups).filter(|groups| !groups.is_empty()))
            .tag_specifications(tags)
            .send();
        let answer = client.send(Call::ec2("CreateNetworkInterface").lagging(), sending).await?;
        let id = answer.network_interface.and_then(|interface| interface.network_interface_id);
        id.map(Identity).ok_or_else(|| unreadable(Service::Ec2, "CreateNetworkInterface", "NetworkInterfaceId"))
    }

    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        ours(&request.mark, page(client), id_of, |_| true).await
    }

    /// Sets what the creating call does not take, and what a change is of: one attribute in a call.
    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let id = standing.identity.0.as_str();
        let Some(interface) = one("network-interface-id", id, page(client)).await? else {
            return Ok(waiting("not visible yet"));
        };
        // The API's model lacks the state of a new one.
        if interface.status.as_ref().map(NetworkInterfaceStatus::as_str) == Some("pending") {
            return Ok(waiting("pending"));
        }
        let attributes = &standing.desired.attributes;
        let observed = observe(client, &interface);
        if set(client, id, attributes, &observed).await? {
            return Ok(waiting("setting attributes"));
        }
        Ok(once_shown(SCHEMA, attributes, observed))
    }

    async fn update(&self, client: &Client, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure> {
        // All but tags is settle's: it sets whatever differs.
        tag::update(client, &standing.identity.0, standing, change).await
    }

    /// Deleting by id can be repeated: an id is never given twice. One that is attached is refused in AWS's words: who
    /// attached it takes it off.
    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let sending = client.ec2.delete_network_interface().network_interface_id(&standing.identity.0).send();
        once_accepted(client.send(Call::ec2("DeleteNetworkInterface"), sending).await)
    }
}

/// Sets whatever differs. Whether it had to.
async fn set(client: &Client, id: &str, attributes: &Attributes, observed: &Attributes) -> Result<bool, Failure> {
    let desired = Fields::of(attributes);
    let differing = Differences::of(SCHEMA, attributes, observed);
    let modify = || client.ec2.modify_network_interface_attribute().network_interface_id(id);
    let mut due = Vec::new();
    if differing.has("description") {
        let text = desired.maybe_text("description")?.unwrap_or_default();
        due.push(modify().description(AttributeValue::builder().value(text).build()));
    }
    if differing.has("security_groups") {
        due.push(modify().set_groups(Some(desired.texts("security_groups")?)));
    }
    if differing.has("source_dest_check") {
        let check = desired.bool_or("source_dest_check", true)?;
        due.push(modify().source_dest_check(AttributeBooleanValue::builder().value(check).build()));
    }
    let mut sent = !due.is_empty();
    for sending in due {
        client.send(Call::ec2("ModifyNetworkInterfaceAttribute").lagging(), sending.send()).await?;
    }
    if differing.has("private_ips") {
        let wanted: BTreeSet<String> = desired.texts("private_ips")?.into_iter().collect();
        let there: BTreeSet<String> = Fields::of(observed).texts("private_ips")?.into_iter().collect();
        let exceeds: Vec<String> = there.difference(&wanted).cloned().collect();
        let lacks: Vec<String> = wanted.difference(&there).cloned().collect();
        // First what goes: an interface has only so many.
        if !exceeds.is_empty() {
            let sending = client
                .ec2
                .unassign_private_ip_addresses()
                .network_interface_id(id)
                .set_private_ip_addresses(Some(exceeds));
            client.send(Call::ec2("UnassignPrivateIpAddresses"), sending.send()).await?;
        }
        if !lacks.is_empty() {
            let sending =
                client.ec2.assign_private_ip_addresses().network_interface_id(id).set_private_ip_addresses(Some(lacks));
            client.send(Call::ec2("AssignPrivateIpAddresses"), sending.send()).await?;
        }
        sent = true;
    }
    Ok(sent)
}

/// The addresses of a new interface: the primary one first, of which the others say nothing.
fn addresses(desired: &Fields<'_>) -> Result<Option<Vec<PrivateIpAddressSpecification>>, Failure> {
    let mut all = desired.texts("private_ips")?;
    let primary = desired.maybe_string("private_ip")?.or(all.first().cloned());
    let Some(primary) = primary else { return Ok(None) };
    all.retain(|address| *address != primary);
    let specification = |address: String, primary: bool| {
        PrivateIpAddressSpecification::builder().private_ip_address(address).primary(primary).build()
    };
    let others = all.into_iter().map(|address| specification(address, false));
    Ok(Some(std::iter::once(specification(primary, true)).chain(others).collect()))
}

fn id_of(interface: &types::NetworkInterface) -> Option<&str> {
    interface.network_interface_id()
}

/// Pages of `DescribeNetworkInterfaces`.
pub(crate) fn page(
    client: &Client,
) -> impl AsyncFn(Vec<Filter>, Option<String>) -> Result<Page<types::NetworkInterface>, Failure> {
    async |filters, token| {
        let sending = client.ec2.describe_network_interfaces().set_filters(Some(filters)).set_next_token(token).send();
        let answer = client.send(Call::ec2("DescribeNetworkInterfaces"), sending).await?;
        Ok((answer.network_interfaces.unwrap_or_default(), answer.next_token))
    }
}

fn observe(client: &Client, interface: &types::NetworkInterface) -> Attributes {
    let id = interface.network_interface_id().unwrap_or_default();
    let owner = interface.owner_id();
    let all = interface.private_ip_addresses().iter().filter_map(|one| one.private_ip_address.clone());
    Observed::new()
        .with("subnet_id", interface.subnet_id())
        .with("description", interface.description())
        .with("private_ip", interface.private_ip_address())
        .with_list("private_ips", all)
        .with_list("security_groups", interface.groups().iter().filter_map(|group| group.group_id.clone()))
        .with("source_dest_check", interface.source_dest_check)
        .tagged(&tag::read(interface.tag_set()))
        .with("id", id)
        .with("arn", owner.map(|owner| arn::ec2(&client.region, owner, &format!("network-interface/{id}"))))
        .with("owner_id", owner)
        .with("mac_address", interface.mac_address())
        .with("private_dns_name", interface.private_dns_name())
        .finish(SCHEMA)
}

#[cfg(test)]
mod tests {
    use fathuss_engine::Provider;
    use fathuss_engine::provider::{FailureClass, Progress};
    use serde_json::json;

    use crate::asked::{make, marked, standing};
    use crate::canned::Canned;

    const AT: &str = "s.aws_network_interface.main";

    fn interface(description: &str, check: bool, addresses: &[&str]) -> String {
        let items: String = addresses
            .iter()
            .map(|address| format!("<item><privateIpAddress>{address}</privateIpAddress></item>"))
            .collect();
        format!(
            "<networkInterfaceSet><item><networkInterfaceId>eni-1</networkInterfaceId><subnetId>subnet-1</subnetId>\
             <description>{description}</description><status>available</status><ownerId>1</ownerId>\
             <privateIpAddress>{}</privateIpAddress><privateIpAddressesSet>{items}</privateIpAddressesSet>\
             <groupSet><item><groupId>sg-1</groupId></item></groupSet><sourceDestCheck>{check}</sourceDestCheck>\
             {}</item></networkInterfaceSet>",
            addresses[0],
            marked(AT)
        )
    }

    #[tokio::test]
    async fn the_primary_address_is_the_one_that_is_said_or_the_first() {
        let answer = "<networkInterface><networkInterfaceId>eni-1</networkInterfaceId></networkInterface>";
        for (primary, first, second) in [(Some("10.0.0.9"), "10.0.0.9", "10.0.0.7"), (None, "10.0.0.7", "10.0.0.9")] {
            let canned = Canned::new().answer("CreateNetworkInterface", answer);
            let desired =
                json!({ "subnet_id": "subnet-1", "private_ip": primary, "private_ips": ["10.0.0.7", "10.0.0.9"] });
            canned.aws().create(&make(AT, desired)).await.unwrap();
            let sent = canned.seen().pop().unwrap();
            let at = |index: u32| sent.get(&format!("PrivateIpAddresses.{index}.PrivateIpAddress")).map(str::to_owned);
            assert_eq!((at(1).as_deref(), at(2).as_deref()), (Some(first), Some(second)));
            assert_eq!(sent.get("PrivateIpAddresses.1.Primary"), Some("true"));
        }
    }

    #[tokio::test]
    async fn settling_sets_one_attribute_in_a_call_and_moves_addresses() {
        let canned = Canned::new()
            .answer("DescribeNetworkInterfaces", &interface("old", true, &["10.0.0.7", "10.0.0.8"]))
            .answer("DescribeNetworkInterfaces", &interface("new", false, &["10.0.0.7", "10.0.0.9"]))
            .answer("ModifyNetworkInterfaceAttribute", "<return>true</return>")
            .answer("UnassignPrivateIpAddresses", "<return>true</return>")
            .answer("AssignPrivateIpAddresses", "<return>true</return>");
        let desired = json!({ "subnet_id": "subnet-1", "description": "new", "source_dest_check": false,
                              "private_ips": ["10.0.0.7", "10.0.0.9"] });
        let (aws, standing) = (canned.aws(), standing(AT, "eni-1", desired));
        assert!(matches!(aws.settle(&standing).await, Ok(Progress::Waiting { .. })));
        assert!(matches!(aws.settle(&standing).await, Ok(Progress::Ready(_))));
        let seen = canned.seen();
        let sent: Vec<_> = seen.iter().filter(|one| !one.operation.starts_with("Describe")).collect();
        assert_eq!((sent[0].get("Description.Value"), sent[0].get("SourceDestCheck.Value")), (Some("new"), None));
        assert_eq!(sent[1].get("SourceDestCheck.Value"), Some("false"));
        assert_eq!(sent[2].get("PrivateIpAddress.1"), Some("10.0.0.8"));
        assert_eq!(sent[3].get("PrivateIpAddress.1"), Some("10.0.0.9"));
    }

    #[tokio::test]
    async fn one_that_is_attached_is_refused_in_aws_s_words() {
        let message = "Network interface 'eni-1' is currently in use.";
        let canned = Canned::new().refuse("DeleteNetworkInterface", 400, "InvalidParameterValue", message);
        let failure = canned.aws().delete(&standing(AT, "eni-1", json!({}))).await.unwrap_err();
        assert_eq!((failure.class, failure.message.as_str()), (FailureClass::Refused, message));
    }
}
