//! NAT gateways.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::ec2::address::{self, Address};
use crate::ec2::network_interface::{self, NetworkInterface, Wanted};
use crate::ec2::resource::{self, Kind, Listing, Resource};
use crate::ec2::subnet::Subnet;
use crate::ec2::{internet_gateway, nat_gateway_address, tags};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Handler, Span, Transition};
use crate::value::Value;
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("CreateNatGateway", create),
    ("DeleteNatGateway", delete),
    ("DescribeNatGateways", |tx, input| {
        let listing = Listing { ids: "NatGatewayIds", answer: "NatGateways", ids_exclude_pages: None };
        resource::describe::<NatGateway>(tx, input, listing)
    }),
];

pub(super) const SPANS: &[Span] = &[
    Span::new("ec2.nat_gateway.create", 90.0, 120.0),
    Span::new("ec2.nat_gateway.fail", 5.0, 20.0),
    Span::new("ec2.nat_gateway.delete", 45.0, 75.0),
];

pub(super) const TRANSITIONS: &[(&str, Transition)] = &[
    ("ec2.nat_gateway.available", |tx, pending| {
        tx.change::<NatGateway>(&pending.subject, |gateway| {
            gateway.state = "available".to_owned();
            gateway.secondary.iter_mut().for_each(|one| one.status = "succeeded".to_owned());
        });
    }),
    ("ec2.nat_gateway.failed", |tx, pending| {
        let now = tx.now();
        tx.change::<NatGateway>(&pending.subject, |gateway| {
            gateway.state = "failed".to_owned();
            gateway.deleted = Some(now);
        });
        tx.after(SHOWN_AFTERWARDS, "ec2.nat_gateway.gone", &pending.subject);
    }),
    ("ec2.nat_gateway.deleted", |tx, pending| {
        let now = tx.now();
        if let Some(interface) = tx.get::<NatGateway>(&pending.subject).and_then(|gateway| gateway.interface.clone()) {
            network_interface::remove(tx, &interface);
        }
        tx.change::<NatGateway>(&pending.subject, |gateway| {
            gateway.state = "deleted".to_owned();
            gateway.deleted = Some(now);
        });
        tx.after(SHOWN_AFTERWARDS, "ec2.nat_gateway.gone", &pending.subject);
    }),
    ("ec2.nat_gateway.gone", |tx, pending| {
        tags::forget(tx, &pending.subject);
        tx.remove::<NatGateway>(&pending.subject);
    }),
];

/// How long a deleted or failed gateway is still shown.
const SHOWN_AFTERWARDS: SignedDuration = SignedDuration::from_hours(1);

/// The account of AWS's that the interface of a gateway shows as its requester, as it was seen in Ireland.
const REQUESTER: &str = "036872051663";

const PAGE: &str = "https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html";

const CREATE: &str = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNatGateway.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("ec2.nat_gateway.address.taken", "a gateway on an address in use is accepted, and fails", PAGE),
    Rule::new("ec2.nat_gateway.gateway", "a public gateway in a VPC without an internet gateway fails", PAGE),
    Rule::new(
        "ec2.nat_gateway.quota",
        "a zone has 5 NAT gateways, those that failed or are gone aside",
        "https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html",
    ),
    Rule::new("ec2.nat_gateway.allocation", "a public gateway needs an address, a private one has none", CREATE),
];

/// A NAT gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NatGateway {
    /// Its id, `nat-...`.
    pub id: String,
    /// The subnet it lies in.
    pub subnet: String,
    /// The VPC.
    pub vpc: String,
    /// `pending`, `failed`, `available`, `deleting` or `deleted`.
    pub state: String,
    /// Whether it leads to the internet.
    pub public: bool,
    /// The address's allocation.
    pub allocation: Option<String>,
    /// The address.
    pub public_ip: Option<String>,
    /// The address's association.
    pub association: Option<String>,
    /// Its network interface.
    pub interface: Option<String>,
    /// Its private address.
    pub private_ip: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// When it was deleted, or failed.
    pub deleted: Option<Timestamp>,
    /// Why it failed: code and message.
    pub failure: Option<(String, String)>,
    /// Its addresses beside the first.
    #[serde(default)]
    pub secondary: Vec<SecondaryAddress>,
}

/// An address that a gateway has beside its first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecondaryAddress {
    /// The private address.
    pub private_ip: String,
    /// The Elastic IP address's allocation; none at a private gateway.
    pub allocation: Option<String>,
    /// The Elastic IP address.
    pub public_ip: Option<String>,
    /// The Elastic IP address's association.
    pub association: Option<String>,
    /// `assigning`, `associating`, `succeeded`, `disassociating` or `unassigning`.
    pub status: String,
}

impl NatGateway {
    fn secondary_views(&self) -> impl Iterator<Item = Value> {
        self.secondary.iter().map(|one| {
            record! {
                "AllocationId" => one.allocation.clone(),
                "AssociationId" => one.association.clone(),
                "NetworkInterfaceId" => self.interface.clone(),
                "PrivateIp" => &one.private_ip,
                "PublicIp" => one.public_ip.clone(),
                "IsPrimary" => false,
                "Status" => &one.status,
            }
        })
    }
}

impl Row for NatGateway {
    const TABLE: &'static str = "ec2.nat_gateway";
    fn id(&self) -> String {
        self.id.clone()
    }
}

impl Resource for NatGateway {
    const SHAPE: &'static str = "NatGateway";
    const KIND: Kind = Kind {
        prefix: "nat",
        tagged_as: "natgateway",
        not_found: "NatGatewayNotFound",
        malformed: "NatGatewayMalformed",
        one: "The Nat Gateway {} was not found",
        several: "The Nat Gateways {} were not found",
    };

    const FILTERS: &'static [&'static str] = &["nat-gateway-id", "state", "subnet-id", "vpc-id"];

    fn filter(&self, _: &Tx<'_>, name: &str) -> Vec<String> {
        vec![match name {
            "nat-gateway-id" => self.id.clone(),
            "state" => self.state.clone(),
            "subnet-id" => self.subnet.clone(),
            "vpc-id" => self.vpc.clone(),
            _ => return Vec::new(),
        }]
    }

    fn view(&self, tx: &Tx<'_>) -> Value {
        let status = match self.state.as_str() {
            "pending" => "associating",
            "failed" => "failed",
            "deleting" | "deleted" => "disassociating",
            _ => "succeeded",
        };
        let address = record! {
            "AllocationId" => self.allocation.clone(),
            "AssociationId" => self.association.clone(),
            "NetworkInterfaceId" => self.interface.clone(),
            "PrivateIp" => self.private_ip.clone(),
            "PublicIp" => self.public_ip.clone(),
            "IsPrimary" => true,
            "Status" => status,
        };
        record! {
            "NatGatewayId" => &self.id,
            "SubnetId" => &self.subnet,
            "VpcId" => &self.vpc,
            "State" => &self.state,
            "ConnectivityType" => if self.public { "public" } else { "private" },
            "CreateTime" => self.created,
            "DeleteTime" => self.deleted,
            "FailureCode" => self.failure.as_ref().map(|(code, _)| code.as_str()),
            "FailureMessage" => self.failure.as_ref().map(|(_, message)| message.as_str()),
            "NatGatewayAddresses" => std::iter::once(address).chain(self.secondary_views()).collect::<Vec<_>>(),
            "Tags" => tags::of(tx, &self.id),
        }
    }
}

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    if input.text("AvailabilityMode").is_some_and(|mode| mode != "zonal") {
        return Err(Refusal::not_simulated("ec2 CreateNatGateway with a regional gateway"));
    }
    let Some(subnet) = input.text("SubnetId") else {
        return Err(super::missing("SubnetId"));
    };
    let subnet: Subnet = resource::find(tx, subnet)?;
    let public = input.text("ConnectivityType") != Some("private");
    let allocation = input.text("AllocationId");
    tx.enforce("ec2.nat_gateway.allocation", !public || allocation.is_some(), || super::missing("AllocationId"))?;
    tx.enforce("ec2.nat_gateway.allocation", public || allocation.is_none(), || {
        Refusal::new("InvalidParameterCombination", "allocationId is for public NAT gateways only.")
    })?;
    let address: Option<Address> = allocation.map(|id| resource::find(tx, id)).transpose()?;
    let here = |gateway: &&NatGateway| {
        matches!(gateway.state.as_str(), "pending" | "available" | "deleting")
            && tx.get::<Subnet>(&gateway.subnet).is_some_and(|other| other.zone == subnet.zone)
    };
    let have = tx.rows::<NatGateway>().filter(here).count() as i64;
    tx.enforce("ec2.nat_gateway.quota", have < tx.quota("ec2.nat-gateways-per-zone"), || {
        Refusal::new("NatGatewayLimitExceeded", "The maximum number of NAT Gateways has been reached.")
    })?;
    let id = tx.new_id("nat");
    let taken = address.as_ref().is_some_and(|address| address.association.is_some());
    let failure = if taken && tx.rule("ec2.nat_gateway.address.taken") {
        let message = format!("Elastic IP address [{}] is already associated", allocation.unwrap_or_default());
        Some(("Resource.AlreadyAssociated".to_owned(), message))
    } else if public && internet_gateway::of_vpc(tx, &subnet.vpc).is_none() && tx.rule("ec2.nat_gateway.gateway") {
        let message = format!("Network {} has no Internet gateway attached", subnet.vpc);
        Some(("Gateway.NotAttached".to_owned(), message))
    } else if tx.fails() {
        let interface = tx.new_id("eni");
        let message = format!(
            "Network interface {interface}, created and used internally by this NAT gateway is in an invalid state. \
             Please try again."
        );
        Some(("InternalError".to_owned(), message))
    } else {
        None
    };
    let (mut interface, mut private_ip, mut association) = (None, None, None);
    if failure.is_none() {
        let made = network_interface::make(
            tx,
            Wanted {
                subnet: &subnet.id,
                groups: Vec::new(),
                description: &format!("Interface for NAT Gateway {id}"),
                kind: "nat_gateway",
                requester: Some(REQUESTER),
                private_ip: input.text("PrivateIpAddress"),
            },
        )?;
        network_interface::attach_to_service(tx, &made, network_interface::Behind::Network);
        private_ip = tx.get::<NetworkInterface>(&made).map(|row| row.private_ip.clone());
        if let (Some(address), Some(ip)) = (&address, &private_ip) {
            association = Some(address::link(tx, &address.id, &made, ip));
        }
        interface = Some(made);
    } else {
        let _ = input.text("PrivateIpAddress");
    }
    tx.put(NatGateway {
        id: id.clone(),
        subnet: subnet.id,
        vpc: subnet.vpc,
        state: "pending".to_owned(),
        public,
        allocation: address.as_ref().map(|address| address.id.clone()),
        public_ip: address.map(|address| address.public_ip),
        association,
        interface,
        private_ip,
        created: tx.now(),
        deleted: None,
        failure: failure.clone(),
        secondary: Vec::new(),
    });
    tags::on_create(tx, input, "natgateway", &id)?;
    nat_gateway_address::at_creation(tx, input, &id)?;
    if failure.is_some() {
        tx.transition("ec2.nat_gateway.fail", "ec2.nat_gateway.failed", &id);
    } else {
        tx.transition("ec2.nat_gateway.create", "ec2.nat_gateway.available", &id);
    }
    let mut view = resource::find::<NatGateway>(tx, &id)?.view(tx);
    // What it fails for shows when it fails.
    view.set("FailureCode", Value::Absent);
    view.set("FailureMessage", Value::Absent);
    Ok(record! { "NatGateway" => view, "ClientToken" => input.text("ClientToken") })
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let gateway: NatGateway = resource::find(tx, input.required("NatGatewayId"))?;
    match gateway.state.as_str() {
        "deleted" => return Err(NatGateway::KIND.missing(&[&gateway.id])),
        "deleting" => {}
        _ => {
            tx.cancel("ec2.nat_gateway", &gateway.id);
            tx.change::<NatGateway>(&gateway.id, |gateway| gateway.state = "deleting".to_owned());
            tx.transition("ec2.nat_gateway.delete", "ec2.nat_gateway.deleted", &gateway.id);
        }
    }
    Ok(record! { "NatGatewayId" => &gateway.id })
}

#[cfg(test)]
mod tests {
    use crate::client::Client;

    async fn network(client: &Client) -> (String, String, String) {
        let vpc = client.vpc("10.0.0.0/16").await;
        let subnet = client.subnet(&vpc, "10.0.0.0/24", "us-east-1a").await;
        let gateway = client.ec2("CreateInternetGateway", &[]).await.one("internetGatewayId");
        client.ec2("AttachInternetGateway", &[("InternetGatewayId", &gateway), ("VpcId", &vpc)]).await;
        (vpc, subnet, gateway)
    }

    async fn state(client: &Client, id: &str) -> String {
        client.ec2("DescribeNatGateways", &[("NatGatewayId.1", id)]).await.one("state")
    }

    #[tokio::test(start_paused = true)]
    async fn a_gateway_takes_minutes_and_holds_its_subnet_its_address_and_the_internet_gateway() {
        let client = Client::calm();
        let (vpc, subnet, gateway) = network(&client).await;
        let address = client.ec2("AllocateAddress", &[("Domain", "vpc")]).await.one("allocationId");
        let parameters = [("SubnetId", subnet.as_str()), ("AllocationId", &address)];
        let nat = client.ec2("CreateNatGateway", &parameters).await.one("natGatewayId");
        assert_eq!(state(&client, &nat).await, "pending");
        client.wait(160);
        assert_eq!(state(&client, &nat).await, "available");
        let drawn = client.simulator.durations();
        let drawn = drawn.iter().find(|one| one.kind == "ec2.nat_gateway.create").unwrap();
        assert!(drawn.subject == nat && (72.0..=156.0).contains(&drawn.seconds), "{drawn:?}");

        client.refused("DeleteSubnet", &[("SubnetId", &subnet)], "DependencyViolation").await;
        client.refused("ReleaseAddress", &[("AllocationId", &address)], "InvalidIPAddress.InUse").await;
        let detach = [("InternetGatewayId", gateway.as_str()), ("VpcId", &vpc)];
        let refused = client.refused("DetachInternetGateway", &detach, "DependencyViolation").await;
        assert!(refused.message.contains("has some mapped public address(es)"), "{}", refused.message);

        client.ec2("DeleteNatGateway", &[("NatGatewayId", &nat)]).await;
        assert_eq!(state(&client, &nat).await, "deleting");
        client.refused("DeleteSubnet", &[("SubnetId", &subnet)], "DependencyViolation").await;
        client.wait(100);
        assert_eq!(state(&client, &nat).await, "deleted");
        client.ec2("DeleteSubnet", &[("SubnetId", &subnet)]).await;
        client.ec2("ReleaseAddress", &[("AllocationId", &address)]).await;
        client.ec2("DetachInternetGateway", &detach).await;
        client.wait(3700);
        client.refused("DescribeNatGateways", &[("NatGatewayId.1", &nat)], "NatGatewayNotFound").await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_gateway_on_an_address_in_use_is_accepted_and_fails() {
        let client = Client::calm();
        let (_, subnet, _) = network(&client).await;
        let address = client.ec2("AllocateAddress", &[]).await.one("allocationId");
        let parameters = [("SubnetId", subnet.as_str()), ("AllocationId", &address)];
        client.ec2("CreateNatGateway", &parameters).await;
        let second = client.ec2("CreateNatGateway", &parameters).await.one("natGatewayId");
        assert_eq!(state(&client, &second).await, "pending");
        client.wait(60);
        let shown = client.ec2("DescribeNatGateways", &[("NatGatewayId.1", &second)]).await;
        assert_eq!(
            (shown.one("state"), shown.one("failureCode")),
            ("failed".into(), "Resource.AlreadyAssociated".into())
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_token_makes_one_gateway() {
        let client = Client::calm();
        let (_, subnet, _) = network(&client).await;
        let address = client.ec2("AllocateAddress", &[]).await.one("allocationId");
        let parameters = [("SubnetId", subnet.as_str()), ("AllocationId", &address), ("ClientToken", "once")];
        let first = client.ec2("CreateNatGateway", &parameters).await.one("natGatewayId");
        assert_eq!(client.ec2("CreateNatGateway", &parameters).await.one("natGatewayId"), first);
        let other = [("SubnetId", subnet.as_str()), ("ConnectivityType", "private"), ("ClientToken", "once")];
        client.refused("CreateNatGateway", &other, "IdempotentParameterMismatch").await;
        assert_eq!(client.ec2("DescribeNatGateways", &[]).await.all("natGatewayId"), [first]);
    }
}
