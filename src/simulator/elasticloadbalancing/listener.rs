//! Listeners: at which ports a load balancer is asked, by which protocol, and what it does then.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::action::{self, Action};
use super::arn::{self, Kind};
use super::load_balancer::{self, LoadBalancer, Type};
use super::{invalid, paged, protocol, tags};
use crate::acm::certificate::Certificate;
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("CreateListener", create), ("DeleteListener", delete), ("DescribeListeners", describe)];

const CREATE: &str = "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateListener.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("elasticloadbalancing.listener.given", "a listener has a protocol and a port", CREATE),
    Rule::new("elasticloadbalancing.listener.port", "a load balancer listens once at a port", CREATE),
    Rule::new(
        "elasticloadbalancing.listener.quota",
        "a load balancer has 50 listeners",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html",
    ),
    Rule::new(
        "elasticloadbalancing.listener.certificate",
        "a listener by HTTPS or TLS has one certificate by default, and no other has any",
        CREATE,
    ),
    Rule::new("elasticloadbalancing.listener.certificate.exists", "a listener's certificate has been issued", CREATE),
    Rule::new(
        "elasticloadbalancing.listener.policy",
        "a security policy is one that there is",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html",
    ),
    Rule::new(
        "elasticloadbalancing.listener.alpn",
        "an ALPN policy is one that there is, and of a listener by TLS",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-listeners.html",
    ),
    Rule::new(
        "elasticloadbalancing.listener.selection",
        "listeners are described by their load balancer or by ARNs",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeListeners.html",
    ),
];

/// A listener.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listener {
    /// The id of its load balancer.
    pub balancer: String,
    /// What tells it from the others there.
    pub suffix: String,
    /// Its protocol.
    pub protocol: String,
    /// Its port.
    pub port: i64,
    /// The ARN of its certificate.
    pub certificate: Option<String>,
    /// Its security policy.
    pub policy: Option<String>,
    /// Its ALPN policy.
    pub alpn: Option<String>,
    /// What it does.
    pub action: Action,
    /// Its tags.
    pub tags: Vec<(String, String)>,
}

impl Row for Listener {
    const TABLE: &'static str = "elasticloadbalancing.listener";
    fn id(&self) -> String {
        format!("{}/{}", self.balancer, self.suffix)
    }
}

impl Listener {
    fn view(&self, tx: &Tx<'_>) -> Value {
        let certificates = self.certificate.as_ref().map(|arn| vec![record! { "CertificateArn" => arn }]);
        record! {
            "ListenerArn" => arn::of(tx, Kind::Listener, &self.id()),
            "LoadBalancerArn" => arn::of(tx, Kind::LoadBalancer, &self.balancer),
            "Port" => self.port,
            "Protocol" => &self.protocol,
            "Certificates" => certificates.map(Value::from),
            "SslPolicy" => self.policy.clone(),
            "DefaultActions" => vec![self.action.view()],
            "AlpnPolicy" => self.alpn.as_ref().map(|policy| vec![policy.clone()]),
        }
    }
}

/// The policy of those that name none: <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html>
const USUAL_POLICY: &str = "ELBSecurityPolicy-2016-08";

const POLICIES: &[&str] = &[
    USUAL_POLICY,
    "ELBSecurityPolicy-FS-1-1-2019-08",
    "ELBSecurityPolicy-FS-1-2-2019-08",
    "ELBSecurityPolicy-FS-1-2-Res-2019-08",
    "ELBSecurityPolicy-FS-1-2-Res-2020-10",
    "ELBSecurityPolicy-FS-2018-06",
    "ELBSecurityPolicy-TLS-1-0-2015-04",
    "ELBSecurityPolicy-TLS-1-1-2017-01",
    "ELBSecurityPolicy-TLS-1-2-2017-01",
    "ELBSecurityPolicy-TLS-1-2-Ext-2018-06",
    "ELBSecurityPolicy-TLS13-1-0-2021-06",
    "ELBSecurityPolicy-TLS13-1-1-2021-06",
    "ELBSecurityPolicy-TLS13-1-2-2021-06",
    "ELBSecurityPolicy-TLS13-1-2-Ext1-2021-06",
    "ELBSecurityPolicy-TLS13-1-2-Ext2-2021-06",
    "ELBSecurityPolicy-TLS13-1-2-Res-2021-06",
    "ELBSecurityPolicy-TLS13-1-3-2021-06",
];

const ALPN: &[&str] = &["HTTP1Only", "HTTP2Only", "HTTP2Optional", "HTTP2Preferred", "None"];

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let balancer = load_balancer::find(tx, input)?;
    let (protocol, port) = (input.text("Protocol"), input.integer("Port"));
    let rule = "elasticloadbalancing.listener.given";
    // No source has the words of these.
    tx.enforce(rule, protocol.is_some(), || invalid("A listener protocol must be specified"))?;
    tx.enforce(rule, port.is_some(), || invalid("A listener port must be specified"))?;
    let usual = match balancer.kind {
        Type::Application => "HTTP",
        Type::Network => "TCP",
    };
    let (protocol, port) = (protocol.unwrap_or(usual), port.unwrap_or(80));
    protocol::listens(tx, balancer.kind, protocol)?;
    let taken = balancer.listeners(tx).any(|listener| listener.port == port);
    tx.enforce("elasticloadbalancing.listener.port", !taken, || {
        let arn = balancer.arn(tx);
        let message = format!("A listener already exists on this port for this load balancer '{arn}'");
        Refusal::new("DuplicateListener", message)
    })?;
    let have = i64::try_from(balancer.listeners(tx).count()).unwrap_or(i64::MAX);
    // The code is declared; no source has the words.
    tx.enforce(
        "elasticloadbalancing.listener.quota",
        have < tx.quota("elasticloadbalancing.listeners-per-load-balancer"),
        || Refusal::new("TooManyListeners", "The maximum number of listeners has been reached"),
    )?;
    let certificate = certificate(tx, input, protocol)?;
    let policy = policy(tx, input, protocol)?;
    let alpn = alpn(tx, input, protocol)?;
    let action = action::read(tx, input, &balancer, protocol)?;
    let listener = Listener {
        balancer: balancer.id(),
        suffix: tx.hex(16),
        protocol: protocol.to_owned(),
        port,
        certificate,
        policy,
        alpn,
        action,
        tags: tags::read(tx, input)?,
    };
    let view = listener.view(tx);
    tx.put(listener);
    Ok(record! { "Listeners" => vec![view] })
}

/// The ARN of the certificate that a request gives.
fn certificate(tx: &Tx<'_>, input: &Input<'_>, protocol: &str) -> Result<Option<String>, Refusal> {
    let rule = "elasticloadbalancing.listener.certificate";
    let given = input.records("Certificates");
    let secure = protocol::is_secure(protocol);
    // No source has the words of these.
    tx.enforce(rule, secure || given.is_empty(), || {
        invalid(format!("A certificate cannot be specified for {protocol} listeners"))
    })?;
    tx.enforce(rule, !secure || !given.is_empty(), || {
        Refusal::new("CertificateNotFound", format!("A certificate must be specified for {protocol} listeners"))
    })?;
    tx.enforce(rule, given.len() <= 1, || {
        Refusal::new("TooManyCertificates", "Up to one certificate can be specified, the default certificate")
    })?;
    let Some(arn) = given.first().and_then(|one| one.text("CertificateArn")) else { return Ok(None) };
    tx.enforce("elasticloadbalancing.listener.certificate.exists", is_issued(tx, arn), || {
        Refusal::new("CertificateNotFound", format!("Certificate ARN '{arn}' is not valid"))
    })?;
    Ok(Some(arn.to_owned()))
}

/// Whether this is the ARN of a certificate that has been issued.
pub(super) fn is_issued(tx: &Tx<'_>, arn: &str) -> bool {
    let id = arn.rsplit('/').next().unwrap_or_default();
    let found = tx.get::<Certificate>(id).filter(|_| arn.starts_with("arn:aws:acm:"));
    found.is_some_and(|certificate| certificate.issued.is_some())
}

/// The security policy of a listener by this protocol, where it has one.
fn policy(tx: &Tx<'_>, input: &Input<'_>, protocol: &str) -> Result<Option<String>, Refusal> {
    let rule = "elasticloadbalancing.listener.policy";
    let given = input.text("SslPolicy");
    let secure = protocol::is_secure(protocol);
    // No source has the words of these.
    tx.enforce(rule, secure || given.is_none(), || {
        invalid(format!("An SSL policy cannot be specified for {protocol} listeners"))
    })?;
    tx.enforce(rule, given.is_none_or(|policy| POLICIES.contains(&policy)), || {
        Refusal::new("SSLPolicyNotFound", format!("SSL policy '{}' not found", given.unwrap_or_default()))
    })?;
    Ok(secure.then(|| given.unwrap_or(USUAL_POLICY).to_owned()))
}

fn alpn(tx: &Tx<'_>, input: &Input<'_>, protocol: &str) -> Result<Option<String>, Refusal> {
    let rule = "elasticloadbalancing.listener.alpn";
    let given = input.texts("AlpnPolicy");
    // No source has the words of these.
    tx.enforce(rule, given.is_empty() || (protocol == "TLS" && given.len() == 1), || {
        invalid("One ALPN policy can be specified, for TLS listeners")
    })?;
    let unknown = given.iter().find(|policy| !ALPN.contains(policy));
    tx.enforce(rule, unknown.is_none(), || {
        Refusal::new("ALPNPolicyNotFound", format!("ALPN policy '{}' not found", unknown.unwrap_or(&"")))
    })?;
    Ok(given.first().map(|policy| (*policy).to_owned()))
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let id = arn::id(tx, Kind::Listener, input.required("ListenerArn"))?;
    tx.remove::<Listener>(id).map(|_| Value::Record(Record::new())).ok_or_else(|| Kind::Listener.missing())
}

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let arns = input.texts("ListenerArns");
    let of_balancer = input.has("LoadBalancerArn");
    // No source has the words.
    tx.enforce("elasticloadbalancing.listener.selection", of_balancer == arns.is_empty(), || {
        invalid("You must specify either listener ARNs or a load balancer ARN")
    })?;
    let mut wanted: Vec<&Listener> = Vec::new();
    for given in &arns {
        let id = arn::id(tx, Kind::Listener, given)?;
        wanted.push(tx.get::<Listener>(id).ok_or_else(|| Kind::Listener.missing())?);
    }
    if of_balancer {
        let balancer: LoadBalancer = load_balancer::find(tx, input)?;
        wanted.extend(balancer.listeners(tx));
    }
    let items: BTreeMap<String, Value> = wanted.iter().map(|listener| (listener.id(), listener.view(tx))).collect();
    paged(tx, input, "Listeners", items.into_iter().collect())
}
