//! Classic load balancers: made, described and deleted with their listeners.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::listener::{self, Listener};
use super::{named, network};
use crate::ec2::security_group::SecurityGroup;
use crate::elasticloadbalancing::load_balancer::{Type, hosted_zone, numbered_name};
use crate::elasticloadbalancing::network::Place;
use crate::elasticloadbalancing::{paged, tags};
use crate::iam::service_linked_role;
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("CreateLoadBalancer", create), ("DeleteLoadBalancer", delete), ("DescribeLoadBalancers", describe)];

const CREATE: &str =
    "https://docs.aws.amazon.com/elasticloadbalancing/2012-06-01/APIReference/API_CreateLoadBalancer.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new(
        "elasticloadbalancing.classic.name.unique",
        "a classic load balancer is made again with the settings that it has",
        CREATE,
    ),
    Rule::new("elasticloadbalancing.classic.scheme", "a scheme is internal or internet-facing", CREATE),
    Rule::new(
        "elasticloadbalancing.classic.quota",
        "a region has 20 classic load balancers",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/elb-limits.html",
    ),
];

/// A classic load balancer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoadBalancer {
    /// Its name.
    pub name: String,
    /// `internet-facing` or `internal`.
    pub scheme: String,
    /// Its VPC.
    pub vpc: String,
    /// The subnets that it stands in.
    pub places: Vec<Place>,
    /// Its security groups.
    pub groups: Vec<String>,
    /// Its listeners.
    pub listeners: Vec<Listener>,
    /// Its name in DNS.
    pub dns_name: String,
    /// When it was made.
    pub created: Timestamp,
    /// Its tags.
    pub tags: Vec<(String, String)>,
}

impl Row for LoadBalancer {
    const TABLE: &'static str = "elasticloadbalancing.classic_load_balancer";
    fn id(&self) -> String {
        self.name.clone()
    }
}

impl LoadBalancer {
    /// Whether it has private addresses alone.
    pub(super) fn is_internal(&self) -> bool {
        self.scheme == "internal"
    }

    /// What a request that makes it again has to have, tags aside.
    fn settings(&self) -> impl PartialEq {
        let mut subnets: Vec<_> = self.places.iter().map(|place| place.subnet.clone()).collect();
        let (mut groups, mut listeners) = (self.groups.clone(), self.listeners.clone());
        subnets.sort();
        groups.sort();
        listeners.sort();
        (self.scheme.clone(), subnets, groups, listeners)
    }

    fn sorted_tags(&self) -> Vec<(String, String)> {
        let mut tags = self.tags.clone();
        tags.sort();
        tags
    }

    fn view(&self, tx: &Tx<'_>) -> Value {
        let of_places = |of: fn(&Place) -> &String| self.places.iter().map(of).cloned().collect::<Vec<String>>();
        let policies: Vec<&str> = self.listeners.iter().filter_map(Listener::policy).take(1).collect();
        let source = self.groups.first().and_then(|id| tx.get::<SecurityGroup>(id));
        record! {
            "LoadBalancerName" => &self.name,
            "DNSName" => &self.dns_name,
            // An internal one has none.
            "CanonicalHostedZoneName" => (!self.is_internal()).then(|| self.dns_name.clone()),
            "CanonicalHostedZoneNameID" => hosted_zone(Type::Application, tx.region()),
            "ListenerDescriptions" => Value::List(self.listeners.iter().map(Listener::view).collect()),
            "Policies" => record! {
                "AppCookieStickinessPolicies" => Value::List(Vec::new()),
                "LBCookieStickinessPolicies" => Value::List(Vec::new()),
                "OtherPolicies" => Value::List(policies.into_iter().map(Value::from).collect()),
            },
            "BackendServerDescriptions" => Value::List(Vec::new()),
            "AvailabilityZones" => of_places(|place| &place.zone),
            "Subnets" => of_places(|place| &place.subnet),
            "VPCId" => &self.vpc,
            "Instances" => Value::List(Vec::new()),
            "HealthCheck" => self.listeners.first().map(Listener::health_check),
            "SourceSecurityGroup" => source.map(|group| record! {
                "OwnerAlias" => tx.account(),
                "GroupName" => &group.name,
            }),
            "SecurityGroups" => self.groups.clone(),
            "CreatedTime" => self.created,
            "Scheme" => &self.scheme,
        }
    }
}

/// The load balancer of that name.
///
/// # Errors
/// When there is none.
pub(super) fn find<'t>(tx: &'t Tx<'_>, name: &str) -> Result<&'t LoadBalancer, Refusal> {
    named(tx, name)?;
    // <https://github.com/saltstack/salt/issues/35730>
    tx.get::<LoadBalancer>(name)
        .ok_or_else(|| Refusal::new("LoadBalancerNotFound", format!("There is no ACTIVE Load Balancer named '{name}'")))
}

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let name = input.required("LoadBalancerName");
    named(tx, name)?;
    let scheme = input.text("Scheme").unwrap_or("internet-facing");
    // The code is declared; no source has the words.
    tx.enforce("elasticloadbalancing.classic.scheme", matches!(scheme, "internal" | "internet-facing"), || {
        Refusal::new("InvalidScheme", format!("The scheme '{scheme}' is not valid"))
    })?;
    let listeners = listener::read(tx, input)?;
    let tags = tags::read(tx, input)?;
    let site = network::site(tx, input, scheme == "internal")?;
    let mut balancer = LoadBalancer {
        name: name.to_owned(),
        scheme: scheme.to_owned(),
        vpc: site.vpc,
        places: site.places,
        groups: site.groups,
        listeners,
        dns_name: String::new(),
        created: tx.now(),
        tags,
    };
    if let Some(known) = tx.get::<LoadBalancer>(name) {
        let rule = "elasticloadbalancing.classic.name.unique";
        // <https://github.com/ansible/ansible/issues/29965> has the words for tags; the others are like them.
        let differs = |what: &str| {
            let message =
                format!("Load Balancer named {name} already exists and it is configured with different {what}.");
            Refusal::new("DuplicateLoadBalancerName", message)
        };
        tx.enforce(rule, known.settings() == balancer.settings(), || differs("parameters"))?;
        tx.enforce(rule, known.sorted_tags() == balancer.sorted_tags(), || differs("tags"))?;
        return Ok(record! { "DNSName" => &known.dns_name });
    }
    let have = i64::try_from(tx.rows::<LoadBalancer>().count()).unwrap_or(i64::MAX);
    // <https://github.com/kserve/kserve/issues/2179>
    tx.enforce(
        "elasticloadbalancing.classic.quota",
        have < tx.quota("elasticloadbalancing.classic-load-balancers"),
        || Refusal::new("TooManyLoadBalancers", format!("Exceeded quota of account {}", tx.account())),
    )?;
    service_linked_role::ensure(tx, "elasticloadbalancing.amazonaws.com");
    balancer.dns_name = numbered_name(tx, name, balancer.is_internal());
    network::plug_in(tx, &mut balancer)?;
    let dns_name = balancer.dns_name.clone();
    tx.put(balancer);
    Ok(record! { "DNSName" => dns_name })
}

/// What is not there is deleted, too.
fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let name = input.required("LoadBalancerName");
    named(tx, name)?;
    if let Some(balancer) = tx.remove::<LoadBalancer>(name) {
        network::unplug(tx, &balancer);
    }
    Ok(Value::Record(Record::new()))
}

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut wanted: BTreeMap<String, Value> = BTreeMap::new();
    let names = input.texts("LoadBalancerNames");
    for name in &names {
        wanted.insert((*name).to_owned(), find(tx, name)?.view(tx));
    }
    if names.is_empty() {
        wanted.extend(tx.rows::<LoadBalancer>().map(|known| (known.id(), known.view(tx))));
    }
    paged(tx, input, "LoadBalancerDescriptions", wanted.into_iter().collect())
}
