//! What a classic load balancer listens at, and how it would speak to instances.

use serde::{Deserialize, Serialize};

use crate::elasticloadbalancing::{invalid, listener};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::value::Value;
use crate::world::Tx;

const LISTENER: &str = "https://docs.aws.amazon.com/elasticloadbalancing/2012-06-01/APIReference/API_Listener.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new(
        "elasticloadbalancing.classic.listener.given",
        "a classic load balancer has listeners",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/elb-listener-config.html",
    ),
    Rule::new(
        "elasticloadbalancing.classic.listener.protocol",
        "a listener and its instances speak HTTP, HTTPS, TCP or SSL",
        LISTENER,
    ),
    Rule::new(
        "elasticloadbalancing.classic.listener.layer",
        "a listener's instances speak HTTP or HTTPS where it does, and TCP or SSL where it does",
        LISTENER,
    ),
    Rule::new(
        "elasticloadbalancing.classic.listener.instances",
        "of two listeners with one instance port both instance protocols are secure, or neither",
        LISTENER,
    ),
    Rule::new("elasticloadbalancing.classic.listener.port", "a listener's port is one from 1 to 65535, once", LISTENER),
    Rule::new(
        "elasticloadbalancing.classic.listener.certificate",
        "a listener by HTTPS or SSL has a certificate",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/ssl-server-cert.html",
    ),
    Rule::new(
        "elasticloadbalancing.classic.listener.certificate.exists",
        "a listener's certificate has been issued",
        "https://docs.aws.amazon.com/elasticloadbalancing/2012-06-01/APIReference/API_CreateLoadBalancer.html",
    ),
];

/// The policy of secure listeners that name none:
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/elb-security-policy-table.html>
const USUAL_POLICY: &str = "ELBSecurityPolicy-2016-08";

const PROTOCOLS: &[&str] = &["HTTP", "HTTPS", "TCP", "SSL"];

/// A listener.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listener {
    /// Its port.
    pub port: i64,
    /// Its protocol.
    pub protocol: String,
    /// The port of the instances.
    pub instance_port: i64,
    /// The protocol of the instances.
    pub instance_protocol: String,
    /// The ARN of its certificate.
    pub certificate: Option<String>,
}

impl Listener {
    /// Its security policy, where it has one.
    pub(super) fn policy(&self) -> Option<&'static str> {
        is_secure(&self.protocol).then_some(USUAL_POLICY)
    }

    pub(super) fn view(&self) -> Value {
        record! {
            "Listener" => record! {
                "Protocol" => &self.protocol,
                "LoadBalancerPort" => self.port,
                "InstanceProtocol" => &self.instance_protocol,
                "InstancePort" => self.instance_port,
                "SSLCertificateId" => self.certificate.clone(),
            },
            "PolicyNames" => Value::List(self.policy().into_iter().map(Value::from).collect()),
        }
    }

    /// How instances are looked at as long as nobody says how:
    /// <https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/elb-healthchecks.html>
    pub(super) fn health_check(&self) -> Value {
        record! {
            "Target" => format!("TCP:{}", self.instance_port),
            "Interval" => 30,
            "Timeout" => 5,
            "UnhealthyThreshold" => 2,
            "HealthyThreshold" => 10,
        }
    }
}

/// The listeners of a request.
///
/// # Errors
/// When one can't be, or not beside another.
pub(super) fn read(tx: &Tx<'_>, input: &Input<'_>) -> Result<Vec<Listener>, Refusal> {
    let given = input.records("Listeners");
    // No source has the words.
    tx.enforce("elasticloadbalancing.classic.listener.given", !given.is_empty(), || {
        invalid("At least one listener must be specified")
    })?;
    let mut listeners: Vec<Listener> = Vec::new();
    for one in &given {
        let listener = one_of(tx, one)?;
        let beside = |fits: fn(&Listener, &Listener) -> bool| listeners.iter().all(|other| fits(other, &listener));
        // No source has the words of these.
        tx.enforce("elasticloadbalancing.classic.listener.port", beside(|one, other| one.port != other.port), || {
            invalid(format!("Port {} is listened at twice", listener.port))
        })?;
        let alike = beside(|one, other| {
            one.instance_port != other.instance_port
                || is_secure(&one.instance_protocol) == is_secure(&other.instance_protocol)
        });
        tx.enforce("elasticloadbalancing.classic.listener.instances", alike, || {
            invalid(format!("Instance port {} has a secure protocol and another", listener.instance_port))
        })?;
        listeners.push(listener);
    }
    Ok(listeners)
}

fn one_of(tx: &Tx<'_>, given: &Input<'_>) -> Result<Listener, Refusal> {
    let protocol = protocol(tx, given.required("Protocol"))?;
    let is_web = protocol.starts_with("HTTP");
    let instance_protocol = match given.text("InstanceProtocol") {
        Some(instances) => self::protocol(tx, instances)?,
        None => if is_web { "HTTP" } else { "TCP" }.to_owned(),
    };
    // No source has the words of this and the next.
    tx.enforce("elasticloadbalancing.classic.listener.layer", instance_protocol.starts_with("HTTP") == is_web, || {
        invalid(format!("Instances of a listener by {protocol} can't have the protocol {instance_protocol}"))
    })?;
    let port = given.integer("LoadBalancerPort").unwrap_or_default();
    tx.enforce("elasticloadbalancing.classic.listener.port", (1..=65535).contains(&port), || {
        invalid("Load balancer port must be between 1 and 65535 inclusive")
    })?;
    let instance_port = given.integer("InstancePort").unwrap_or_default();
    let certificate = certificate(tx, given, &protocol)?;
    Ok(Listener { port, protocol, instance_port, instance_protocol, certificate })
}

/// A protocol as it is kept, however it is written: Kubernetes's controller writes small letters, and is shown large ones.
/// <https://github.com/kubernetes/cloud-provider-aws/blob/master/pkg/providers/v1/aws_loadbalancer.go>
fn protocol(tx: &Tx<'_>, given: &str) -> Result<String, Refusal> {
    let kept = given.to_ascii_uppercase();
    // The code is declared; no source has the words.
    tx.enforce("elasticloadbalancing.classic.listener.protocol", PROTOCOLS.contains(&kept.as_str()), || {
        Refusal::new("UnsupportedProtocol", format!("The protocol '{given}' is not one of {}", PROTOCOLS.join(", ")))
    })?;
    Ok(kept)
}

fn is_secure(protocol: &str) -> bool {
    matches!(protocol, "HTTPS" | "SSL")
}

/// The ARN of a secure listener's certificate. Another's is dropped: <https://github.com/hashicorp/terraform/issues/3301>
fn certificate(tx: &Tx<'_>, given: &Input<'_>, protocol: &str) -> Result<Option<String>, Refusal> {
    let Some(arn) = given.text("SSLCertificateId").filter(|_| is_secure(protocol)) else {
        // <https://github.com/terraform-aws-modules/terraform-aws-elb/issues/24>
        tx.enforce("elasticloadbalancing.classic.listener.certificate", !is_secure(protocol), || {
            invalid("Secure Listeners need to specify a SSLCertificateId")
        })?;
        return Ok(None);
    };
    // <https://github.com/hashicorp/terraform/issues/2540>
    tx.enforce("elasticloadbalancing.classic.listener.certificate.exists", listener::is_issued(tx, arn), || {
        Refusal::new("CertificateNotFound", format!("Server Certificate not found for the key: {arn}"))
    })?;
    Ok(Some(arn.to_owned()))
}
