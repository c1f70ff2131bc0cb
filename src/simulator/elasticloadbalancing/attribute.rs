//! Attributes of load balancers: what each type has, its usual value, and what it can be.

use super::load_balancer::{LoadBalancer, Type, find};
use super::{invalid, unfit};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("DescribeLoadBalancerAttributes", describe), ("ModifyLoadBalancerAttributes", modify)];

const PAGE: &str =
    "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_LoadBalancerAttribute.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("elasticloadbalancing.attribute.key", "an attribute is one that there is", PAGE),
    Rule::new("elasticloadbalancing.attribute.type", "an attribute is one of its load balancer's type", PAGE),
    Rule::new("elasticloadbalancing.attribute.value", "an attribute has a value that it can have", PAGE),
    Rule::new("elasticloadbalancing.attribute.twice", "an attribute is given once", PAGE),
];

/// What an attribute can be.
enum Form {
    Flag,
    Number(i64, i64),
    OneOf(&'static [&'static str]),
    Text,
}

/// What has an attribute.
#[derive(PartialEq)]
enum Of {
    All,
    Only(Type),
}

struct Attribute {
    key: &'static str,
    of: Of,
    usual: &'static str,
    form: Form,
}

const fn of(key: &'static str, of: Of, usual: &'static str, form: Form) -> Attribute {
    Attribute { key, of, usual, form }
}

const PROTECTION: &str = "deletion_protection.enabled";
const APPLICATION: Of = Of::Only(Type::Application);
const NETWORK: Of = Of::Only(Type::Network);

const ATTRIBUTES: &[Attribute] = &[
    of("access_logs.s3.bucket", Of::All, "", Form::Text),
    of("access_logs.s3.enabled", Of::All, "false", Form::Flag),
    of("access_logs.s3.prefix", Of::All, "", Form::Text),
    of("client_keep_alive.seconds", APPLICATION, "3600", Form::Number(60, 604_800)),
    of("connection_logs.s3.bucket", APPLICATION, "", Form::Text),
    of("connection_logs.s3.enabled", APPLICATION, "false", Form::Flag),
    of("connection_logs.s3.prefix", APPLICATION, "", Form::Text),
    of(PROTECTION, Of::All, "false", Form::Flag),
    of(
        "dns_record.client_routing_policy",
        NETWORK,
        "any_availability_zone",
        Form::OneOf(&["any_availability_zone", "availability_zone_affinity", "partial_availability_zone_affinity"]),
    ),
    of("idle_timeout.timeout_seconds", APPLICATION, "60", Form::Number(1, 4000)),
    of("load_balancing.cross_zone.enabled", Of::All, "", Form::Flag),
    of(
        "routing.http.desync_mitigation_mode",
        APPLICATION,
        "defensive",
        Form::OneOf(&["monitor", "defensive", "strictest"]),
    ),
    of("routing.http.drop_invalid_header_fields.enabled", APPLICATION, "false", Form::Flag),
    of("routing.http.preserve_host_header.enabled", APPLICATION, "false", Form::Flag),
    of("routing.http.x_amzn_tls_version_and_cipher_suite.enabled", APPLICATION, "false", Form::Flag),
    of("routing.http.xff_client_port.enabled", APPLICATION, "false", Form::Flag),
    of(
        "routing.http.xff_header_processing.mode",
        APPLICATION,
        "append",
        Form::OneOf(&["append", "preserve", "remove"]),
    ),
    of("routing.http2.enabled", APPLICATION, "true", Form::Flag),
    of("waf.fail_open.enabled", APPLICATION, "false", Form::Flag),
    of("zonal_shift.config.enabled", Of::All, "false", Form::Flag),
];

impl Attribute {
    fn is_of(&self, kind: Type) -> bool {
        self.of == Of::All || self.of == Of::Only(kind)
    }

    /// Its value where none was set: over zones application load balancers balance anyway.
    fn usual(&self, kind: Type) -> &'static str {
        match (self.key, kind) {
            ("load_balancing.cross_zone.enabled", Type::Application) => "true",
            ("load_balancing.cross_zone.enabled", Type::Network) => "false",
            _ => self.usual,
        }
    }

    fn can_be(&self, value: &str) -> bool {
        match self.form {
            Form::Flag => matches!(value, "true" | "false"),
            Form::Number(least, most) => value.parse().is_ok_and(|number| (least..=most).contains(&number)),
            Form::OneOf(known) => known.contains(&value),
            Form::Text => true,
        }
    }
}

/// Whether it may not be deleted.
pub(super) fn is_protected(balancer: &LoadBalancer) -> bool {
    balancer.attributes.get(PROTECTION).is_some_and(|value| value == "true")
}

fn view(balancer: &LoadBalancer) -> Value {
    let own = ATTRIBUTES.iter().filter(|attribute| attribute.is_of(balancer.kind));
    let views = own.map(|attribute| {
        let set = balancer.attributes.get(attribute.key).map(String::as_str);
        record! { "Key" => attribute.key, "Value" => set.unwrap_or(attribute.usual(balancer.kind)) }
    });
    record! { "Attributes" => Value::List(views.collect()) }
}

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    Ok(view(&find(tx, input)?))
}

fn modify(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut balancer = find(tx, input)?;
    let mut given: Vec<&str> = Vec::new();
    for one in input.records("Attributes") {
        let (key, value) = (one.required("Key"), one.required("Value"));
        // No source has the words.
        tx.enforce("elasticloadbalancing.attribute.twice", !given.contains(&key), || {
            invalid(format!("Load balancer attribute key '{key}' cannot be specified more than once"))
        })?;
        given.push(key);
        let known = ATTRIBUTES.iter().find(|attribute| attribute.key == key);
        // The words of this and the next stand in Terraform's provider, internal/service/elbv2/load_balancer.go.
        tx.enforce("elasticloadbalancing.attribute.key", known.is_some(), || {
            invalid(format!("Load balancer attribute key '{key}' is not recognized"))
        })?;
        let Some(attribute) = known else { continue };
        tx.enforce("elasticloadbalancing.attribute.type", attribute.is_of(balancer.kind), || {
            unfit(format!(
                "Load balancer attribute key '{key}' is not supported on load balancers with type '{}'",
                balancer.kind.word()
            ))
        })?;
        // No source has the words.
        tx.enforce("elasticloadbalancing.attribute.value", attribute.can_be(value), || {
            invalid(format!("Load balancer attribute value '{value}' is not valid for the key '{key}'"))
        })?;
        if key.ends_with("_logs.s3.enabled") && value == "true" {
            return Err(Refusal::not_simulated("elasticloadbalancing with logs"));
        }
        balancer.attributes.insert(key.to_owned(), value.to_owned());
    }
    let answer = view(&balancer);
    tx.put(balancer);
    Ok(answer)
}
