//! Internet gateways.

use serde::{Deserialize, Serialize};

use crate::ec2::address;
use crate::ec2::resource::{self, Kind, Listing, Resource, nothing};
use crate::ec2::tags;
use crate::ec2::vpc::Vpc;
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("CreateInternetGateway", create),
    ("AttachInternetGateway", attach),
    ("DetachInternetGateway", detach),
    ("DeleteInternetGateway", delete),
    ("DescribeInternetGateways", |tx, input| {
        let listing = Listing { ids: "InternetGatewayIds", answer: "InternetGateways", ids_exclude_pages: None };
        resource::describe::<InternetGateway>(tx, input, listing)
    }),
];

const PAGE: &str = "https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("ec2.internet_gateway.attach.taken", "a gateway is attached to one VPC", PAGE),
    Rule::new("ec2.internet_gateway.attach.second", "a VPC has one internet gateway", PAGE),
    Rule::new("ec2.internet_gateway.detach.missing", "only an attached gateway is detached", PAGE),
    Rule::new("ec2.internet_gateway.detach.mapped", "public addresses in the VPC hold its gateway", PAGE),
    Rule::new("ec2.internet_gateway.delete.dependency", "an attached gateway is not deleted", PAGE),
    Rule::new(
        "ec2.internet_gateway.quota",
        "an account has as many internet gateways as VPCs in a region",
        "https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html",
    ),
];

/// An internet gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InternetGateway {
    /// Its id, `igw-...`.
    pub id: String,
    /// The VPC it is attached to.
    pub vpc: Option<String>,
}

impl Row for InternetGateway {
    const TABLE: &'static str = "ec2.internet_gateway";
    fn id(&self) -> String {
        self.id.clone()
    }
}

impl Resource for InternetGateway {
    const SHAPE: &'static str = "InternetGateway";
    const KIND: Kind = Kind {
        prefix: "igw",
        tagged_as: "internet-gateway",
        not_found: "InvalidInternetGatewayID.NotFound",
        malformed: "InvalidInternetGatewayId.Malformed",
        one: "The internetGateway ID '{}' does not exist",
        several: "The internetGateway IDs '{}' do not exist",
    };

    const FILTERS: &'static [&'static str] =
        &["attachment.state", "attachment.vpc-id", "internet-gateway-id", "owner-id"];

    fn filter(&self, tx: &Tx<'_>, name: &str) -> Vec<String> {
        match name {
            "attachment.state" => self.vpc.iter().map(|_| "available".to_owned()).collect(),
            "attachment.vpc-id" => self.vpc.iter().cloned().collect(),
            "internet-gateway-id" => vec![self.id.clone()],
            "owner-id" => vec![tx.account().to_owned()],
            _ => Vec::new(),
        }
    }

    fn view(&self, tx: &Tx<'_>) -> Value {
        let attachment = |vpc: &String| record! { "State" => "available", "VpcId" => vpc };
        record! {
            "InternetGatewayId" => &self.id,
            "OwnerId" => tx.account(),
            "Attachments" => self.vpc.iter().map(attachment).collect::<Vec<_>>(),
            "Tags" => tags::of(tx, &self.id),
        }
    }
}

/// The gateway of a VPC.
#[must_use]
pub fn of_vpc<'t>(tx: &'t Tx<'_>, vpc: &str) -> Option<&'t InternetGateway> {
    tx.rows::<InternetGateway>().find(|gateway| gateway.vpc.as_deref() == Some(vpc))
}

/// Makes a gateway.
pub(super) fn make(tx: &mut Tx<'_>, vpc: Option<&str>) -> String {
    let id = tx.new_id("igw");
    tx.put(InternetGateway { id: id.clone(), vpc: vpc.map(str::to_owned) });
    id
}

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    // Raising the quota of VPCs raises this one with it.
    let most = tx.quota_set("ec2.internet-gateways").unwrap_or_else(|| tx.quota("ec2.vpcs"));
    tx.enforce("ec2.internet_gateway.quota", tx.count::<InternetGateway>() < most, || {
        let message = "The maximum number of internet gateways has been reached.";
        Refusal::new("InternetGatewayLimitExceeded", message)
    })?;
    let id = make(tx, None);
    tags::on_create(tx, input, "internet-gateway", &id)?;
    Ok(record! { "InternetGateway" => resource::find::<InternetGateway>(tx, &id)?.view(tx) })
}

fn attach(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let gateway: InternetGateway = resource::find(tx, input.required("InternetGatewayId"))?;
    let vpc: Vpc = resource::find(tx, input.required("VpcId"))?;
    tx.enforce("ec2.internet_gateway.attach.taken", gateway.vpc.is_none(), || {
        let holder = gateway.vpc.as_deref().unwrap_or_default();
        let message = format!("resource {} is already attached to network {holder}", gateway.id);
        Refusal::new("Resource.AlreadyAssociated", message)
    })?;
    tx.enforce("ec2.internet_gateway.attach.second", of_vpc(tx, &vpc.id).is_none(), || {
        let message = format!("Network {} already has an internet gateway attached", vpc.id);
        Refusal::new("InvalidParameterValue", message)
    })?;
    tx.change::<InternetGateway>(&gateway.id, |gateway| gateway.vpc = Some(vpc.id));
    Ok(nothing())
}

fn detach(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let gateway: InternetGateway = resource::find(tx, input.required("InternetGatewayId"))?;
    let vpc: Vpc = resource::find(tx, input.required("VpcId"))?;
    tx.enforce("ec2.internet_gateway.detach.missing", gateway.vpc.as_ref() == Some(&vpc.id), || {
        let message = format!("resource {} is not attached to network {}", gateway.id, vpc.id);
        Refusal::new("Gateway.NotAttached", message)
    })?;
    tx.enforce("ec2.internet_gateway.detach.mapped", !address::mapped_in(tx, &vpc.id), || {
        let message = format!(
            "Network {} has some mapped public address(es). Please unmap those public address(es) before detaching the \
             gateway.",
            vpc.id
        );
        Refusal::new("DependencyViolation", message)
    })?;
    tx.change::<InternetGateway>(&gateway.id, |gateway| gateway.vpc = None);
    Ok(nothing())
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let gateway: InternetGateway = resource::find(tx, input.required("InternetGatewayId"))?;
    tx.enforce("ec2.internet_gateway.delete.dependency", gateway.vpc.is_none(), || {
        let message = format!("The internetGateway '{}' has dependencies and cannot be deleted.", gateway.id);
        Refusal::new("DependencyViolation", message)
    })?;
    tags::forget(tx, &gateway.id);
    tx.remove::<InternetGateway>(&gateway.id);
    Ok(nothing())
}
