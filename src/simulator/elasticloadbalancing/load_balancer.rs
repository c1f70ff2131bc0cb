//! Load balancers: made, described and deleted with their listeners.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::arn::{self, Kind};
use super::attribute;
use super::listener::Listener;
use super::network::{self, Place};
use super::{invalid, named, paged, tags};
use crate::iam::service_linked_role;
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Handler, Span, Transition};
use crate::value::{Record, Value};
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("CreateLoadBalancer", create), ("DeleteLoadBalancer", delete), ("DescribeLoadBalancers", describe)];

/// No page says how long it takes. Public logs of Terraform show from a minute and a half to four.
pub(super) const SPANS: &[Span] = &[
    Span::new("elasticloadbalancing.load_balancer.create.application", 110.0, 180.0),
    Span::new("elasticloadbalancing.load_balancer.create.network", 90.0, 200.0),
];

pub(super) const TRANSITIONS: &[(&str, Transition)] =
    &[("elasticloadbalancing.load_balancer.active", |tx, pending| {
        tx.change::<LoadBalancer>(&pending.subject, |balancer| balancer.state = State::Active);
    })];

const CREATE: &str = "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new(
        "elasticloadbalancing.load_balancer.name",
        "a name has 1 to 32 letters, digits and hyphens, none at an end, and does not begin with internal-",
        CREATE,
    ),
    Rule::new(
        "elasticloadbalancing.load_balancer.name.unique",
        "a load balancer is made again with the settings that it has",
        CREATE,
    ),
    Rule::new(
        "elasticloadbalancing.load_balancer.quota",
        "a region has 50 application and 50 network load balancers",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html",
    ),
    Rule::new(
        "elasticloadbalancing.load_balancer.protected",
        "a load balancer with deletion protection is not deleted",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeleteLoadBalancer.html",
    ),
    Rule::new(
        "elasticloadbalancing.load_balancer.selection",
        "load balancers are described by names or ARNs, not by both",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeLoadBalancers.html",
    ),
];

/// What a load balancer balances.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Type {
    /// Requests.
    Application,
    /// Connections.
    Network,
}

impl Type {
    /// As the API calls it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Type::Application => "application",
            Type::Network => "network",
        }
    }

    /// As ARNs call it.
    fn segment(self) -> &'static str {
        match self {
            Type::Application => "app",
            Type::Network => "net",
        }
    }
}

/// What has become of a load balancer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It is being set up.
    Provisioning,
    /// It is there.
    Active,
}

/// A load balancer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoadBalancer {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: Type,
    /// What tells it from others that had its name.
    pub suffix: String,
    /// `internet-facing` or `internal`.
    pub scheme: String,
    /// Its VPC.
    pub vpc: String,
    /// The subnets that it stands in.
    pub places: Vec<Place>,
    /// Its security groups.
    pub groups: Vec<String>,
    /// Its state.
    pub state: State,
    /// Its name in DNS.
    pub dns_name: String,
    /// When it was made.
    pub created: Timestamp,
    /// What was set of its attributes, by their keys.
    pub attributes: BTreeMap<String, String>,
    /// Its tags.
    pub tags: Vec<(String, String)>,
}

impl Row for LoadBalancer {
    const TABLE: &'static str = "elasticloadbalancing.load_balancer";
    fn id(&self) -> String {
        format!("{}/{}/{}", self.kind.segment(), self.name, self.suffix)
    }
}

impl LoadBalancer {
    /// Its ARN.
    #[must_use]
    pub fn arn(&self, tx: &Tx<'_>) -> String {
        arn::of(tx, Kind::LoadBalancer, &self.id())
    }

    /// Whether it has private addresses alone.
    #[must_use]
    pub fn is_internal(&self) -> bool {
        self.scheme == "internal"
    }

    /// Its listeners.
    pub(super) fn listeners<'t>(&self, tx: &'t Tx<'_>) -> impl Iterator<Item = &'t Listener> {
        let id = self.id();
        tx.rows::<Listener>().filter(move |listener| listener.balancer == id)
    }

    /// What a request that makes it again has to have.
    fn settings(&self) -> impl PartialEq {
        let mut subnets: Vec<_> =
            self.places.iter().map(|place| (place.subnet.clone(), place.private_ip.clone())).collect();
        let (mut groups, mut tags) = (self.groups.clone(), self.tags.clone());
        subnets.sort();
        groups.sort();
        tags.sort();
        (self.kind, self.scheme.clone(), subnets, groups, tags)
    }

    fn view(&self, tx: &Tx<'_>) -> Value {
        let zones = self.places.iter().map(|place| {
            let address = place.private_ip.as_ref().map(|ip| vec![record! { "PrivateIPv4Address" => ip }]);
            record! {
                "ZoneName" => &place.zone,
                "SubnetId" => &place.subnet,
                "LoadBalancerAddresses" => Value::from(address.unwrap_or_default()),
            }
        });
        let state = match self.state {
            State::Provisioning => "provisioning",
            State::Active => "active",
        };
        let groups = Some(&self.groups).filter(|groups| !groups.is_empty());
        record! {
            "LoadBalancerArn" => self.arn(tx),
            "DNSName" => &self.dns_name,
            "CanonicalHostedZoneId" => hosted_zone(self.kind, tx.region()),
            "CreatedTime" => self.created,
            "LoadBalancerName" => &self.name,
            "Scheme" => &self.scheme,
            "VpcId" => &self.vpc,
            "State" => record! { "Code" => state },
            "Type" => self.kind.word(),
            "AvailabilityZones" => Value::List(zones.collect()),
            "SecurityGroups" => groups.map(Value::from),
            "IpAddressType" => "ipv4",
        }
    }
}

/// The zones in which load balancers have their names, by region: those of application and classic ones, and of network ones.
/// <https://docs.aws.amazon.com/general/latest/gr/elb.html>
const HOSTED_ZONES: &[(&str, &str, &str)] = &[
    ("us-east-1", "Z35SXDOTRQ7X7K", "Z26RNL4JYFTOTI"),
    ("us-east-2", "Z3AADJGX6KTTL2", "ZLMOA37VPKANP"),
    ("us-west-1", "Z368ELLRRE2KJ0", "Z24FKFUX50B4VW"),
    ("us-west-2", "Z1H1FL5HABSF5", "Z18D5FSROUN65G"),
    ("ca-central-1", "ZQSVJUPU6J1EY", "Z2EPGBW3API2WT"),
    ("eu-central-1", "Z215JYRZR1TBD5", "Z3F0SRJ5LGBH90"),
    ("eu-west-1", "Z32O12XQLNTSW2", "Z2IFOLAFXWLO4F"),
    ("eu-west-2", "ZHURV8PSTC4K8", "ZD4D7Y8KGAS4G"),
    ("eu-west-3", "Z3Q77PNBQS71R4", "Z1CMS0P5QUZ6D5"),
    ("eu-north-1", "Z23TAZ6LKFMNIO", "Z1UDT6IFJ4EJM"),
    ("ap-northeast-1", "Z14GRHDCWA56QT", "Z31USIVHYNEOWT"),
    ("ap-northeast-2", "ZWKZPGTI48KDX", "ZIBE1TIR4HY56"),
    ("ap-northeast-3", "Z5LXEXXYW11ES", "Z1GWIQ4HH19I5X"),
    ("ap-southeast-1", "Z1LMS91P8CMLE5", "ZKVM4W9LS7TM"),
    ("ap-southeast-2", "Z1GM3OXH4ZPM65", "ZCT6FZBF4DROD"),
    ("ap-south-1", "ZP97RAFLXTNZK", "ZVDDRBQ08TROA"),
    ("sa-east-1", "Z2P70J7HTTTPLU", "ZTK26PT1VY4CU"),
];

/// The zone in which load balancers have their names.
pub(super) fn hosted_zone(kind: Type, region: &str) -> Option<&'static str> {
    let (_, application, network) = HOSTED_ZONES.iter().find(|(name, ..)| *name == region)?;
    Some(match kind {
        Type::Application => application,
        Type::Network => network,
    })
}

/// The load balancer that a request names by its ARN.
///
/// # Errors
/// When there is none.
pub(super) fn find(tx: &Tx<'_>, input: &Input<'_>) -> Result<LoadBalancer, Refusal> {
    let id = arn::id(tx, Kind::LoadBalancer, input.required("LoadBalancerArn"))?;
    tx.get::<LoadBalancer>(id).cloned().ok_or_else(|| Kind::LoadBalancer.missing())
}

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let name = input.required("Name");
    let kind = match input.text("Type") {
        Some("gateway") => return Err(Refusal::not_simulated("elasticloadbalancing of gateway load balancers")),
        Some("network") => Type::Network,
        _ => Type::Application,
    };
    if input.text("IpAddressType").is_some_and(|kind| kind != "ipv4") {
        return Err(Refusal::not_simulated("elasticloadbalancing with IPv6"));
    }
    named(tx, "elasticloadbalancing.load_balancer.name", "The load balancer name", name)?;
    tx.enforce("elasticloadbalancing.load_balancer.name", !name.starts_with("internal-"), || {
        invalid(format!("The load balancer name '{name}' cannot begin with 'internal-'"))
    })?;
    let scheme = input.text("Scheme").unwrap_or("internet-facing");
    let tags = tags::read(tx, input)?;
    let site = network::site(tx, input, kind, scheme == "internal")?;
    let mut balancer = LoadBalancer {
        name: name.to_owned(),
        kind,
        suffix: String::new(),
        scheme: scheme.to_owned(),
        vpc: site.vpc,
        places: site.places,
        groups: site.groups,
        state: State::Provisioning,
        dns_name: String::new(),
        created: tx.now(),
        attributes: BTreeMap::new(),
        tags,
    };
    if let Some(known) = tx.rows::<LoadBalancer>().find(|known| known.name == name) {
        let same = known.settings() == balancer.settings();
        tx.enforce("elasticloadbalancing.load_balancer.name.unique", same, || {
            let message = format!("A load balancer with the same name '{name}' exists, but with different settings");
            Refusal::new("DuplicateLoadBalancerName", message)
        })?;
        return Ok(record! { "LoadBalancers" => vec![known.view(tx)] });
    }
    let quota = match kind {
        Type::Application => "elasticloadbalancing.application-load-balancers",
        Type::Network => "elasticloadbalancing.network-load-balancers",
    };
    let have = tx.rows::<LoadBalancer>().filter(|known| known.kind == kind).count();
    // The code is declared; no source has the words.
    tx.enforce(
        "elasticloadbalancing.load_balancer.quota",
        i64::try_from(have).is_ok_and(|have| have < tx.quota(quota)),
        || Refusal::new("TooManyLoadBalancers", "The maximum number of load balancers has been reached"),
    )?;
    service_linked_role::ensure(tx, "elasticloadbalancing.amazonaws.com");
    balancer.suffix = tx.hex(16);
    balancer.dns_name = dns_name(tx, &balancer);
    network::plug_in(tx, &mut balancer)?;
    let (id, view) = (balancer.id(), balancer.view(tx));
    tx.put(balancer);
    let span = match kind {
        Type::Application => "elasticloadbalancing.load_balancer.create.application",
        Type::Network => "elasticloadbalancing.load_balancer.create.network",
    };
    tx.transition(span, "elasticloadbalancing.load_balancer.active", &id);
    Ok(record! { "LoadBalancers" => vec![view] })
}

/// The name in DNS of a load balancer with a suffix.
fn dns_name(tx: &mut Tx<'_>, balancer: &LoadBalancer) -> String {
    let name = &balancer.name;
    match balancer.kind {
        Type::Application => numbered_name(tx, name, balancer.is_internal()),
        Type::Network => format!("{name}-{}.elb.{}.amazonaws.com", balancer.suffix, tx.region()),
    }
}

/// The name in DNS of an application or a classic load balancer.
pub(super) fn numbered_name(tx: &mut Tx<'_>, name: &str, internal: bool) -> String {
    let number = 1_000_000_000 + tx.below(1_000_000_000);
    let before = if internal { "internal-" } else { "" };
    format!("{before}{name}-{number}.{}.elb.amazonaws.com", tx.region())
}

/// What is not there is deleted, too.
fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let given = input.required("LoadBalancerArn");
    let id = arn::id(tx, Kind::LoadBalancer, given)?;
    let Some(balancer) = tx.get::<LoadBalancer>(id).cloned() else { return Ok(Value::Record(Record::new())) };
    tx.enforce("elasticloadbalancing.load_balancer.protected", !attribute::is_protected(&balancer), || {
        let message = format!("Load balancer '{given}' cannot be deleted because deletion protection is enabled");
        Refusal::new("OperationNotPermitted", message)
    })?;
    let listeners: Vec<String> = balancer.listeners(tx).map(Row::id).collect();
    for listener in listeners {
        tx.remove::<Listener>(&listener);
    }
    network::unplug(tx, id, &balancer.places);
    tx.cancel("elasticloadbalancing.load_balancer", id);
    tx.remove::<LoadBalancer>(id);
    Ok(Value::Record(Record::new()))
}

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let (arns, names) = (input.texts("LoadBalancerArns"), input.texts("Names"));
    // No source has the words.
    tx.enforce("elasticloadbalancing.load_balancer.selection", arns.is_empty() || names.is_empty(), || {
        invalid("Load balancer names and load balancer ARNs cannot be specified at the same time")
    })?;
    let mut wanted = Vec::new();
    for given in &arns {
        let id = arn::id(tx, Kind::LoadBalancer, given)?;
        wanted.push(tx.get::<LoadBalancer>(id).ok_or_else(|| Kind::LoadBalancer.missing())?);
    }
    let absent: Vec<&str> =
        names.iter().copied().filter(|name| tx.rows::<LoadBalancer>().all(|known| known.name != *name)).collect();
    if !absent.is_empty() {
        let message = format!("Load balancers '[{}]' not found", absent.join(", "));
        return Err(Refusal::new("LoadBalancerNotFound", message));
    }
    if arns.is_empty() {
        wanted
            .extend(tx.rows::<LoadBalancer>().filter(|known| names.is_empty() || names.contains(&known.name.as_str())));
    }
    let items: BTreeMap<String, Value> = wanted.iter().map(|balancer| (balancer.id(), balancer.view(tx))).collect();
    paged(tx, input, "LoadBalancers", items.into_iter().collect())
}
