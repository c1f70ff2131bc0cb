//! How a target group's targets are looked at, with what is usual for its protocol.

use serde::{Deserialize, Serialize};

use super::{invalid, protocol};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::value::{Record, Value};
use crate::world::Tx;

const CREATE: &str = "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("elasticloadbalancing.health_check.protocol", "targets are looked at by HTTP, HTTPS or TCP", CREATE),
    Rule::new("elasticloadbalancing.health_check.port", "the port is a number, or traffic-port", CREATE),
    Rule::new(
        "elasticloadbalancing.health_check.path",
        "a path and codes are of checks by HTTP and HTTPS, and a path begins with a slash",
        CREATE,
    ),
    Rule::new("elasticloadbalancing.health_check.timeout", "a check is over before the next one", CREATE),
    Rule::new(
        "elasticloadbalancing.health_check.enabled",
        "targets that are no functions are always looked at",
        CREATE,
    ),
];

/// How targets are looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HealthCheck {
    /// By which protocol.
    pub protocol: String,
    /// A number, or `traffic-port`.
    pub port: String,
    /// The path that is asked for.
    pub path: Option<String>,
    /// Seconds from one to the next.
    pub interval: i64,
    /// Seconds until one has failed.
    pub timeout: i64,
    /// So many in a row make a target healthy.
    pub healthy: i64,
    /// So many in a row make it unhealthy.
    pub unhealthy: i64,
    /// The codes of a healthy target, of HTTP or gRPC.
    pub codes: Option<String>,
    /// Whether those are gRPC's.
    pub grpc: bool,
}

/// The check that a request wants of a group with this protocol.
///
/// # Errors
/// When there can't be such a one.
pub(super) fn read(tx: &Tx<'_>, input: &Input<'_>, of: &str, grpc: bool) -> Result<HealthCheck, Refusal> {
    let by_request = matches!(of, "HTTP" | "HTTPS");
    let protocol = input.text("HealthCheckProtocol").unwrap_or(if by_request { "HTTP" } else { "TCP" });
    protocol::simulated(protocol)?;
    let known: &[&str] = if by_request { &["HTTP", "HTTPS"] } else { &["HTTP", "HTTPS", "TCP"] };
    // No source has the words of these.
    tx.enforce("elasticloadbalancing.health_check.protocol", known.contains(&protocol), || {
        invalid(format!("Health check protocol '{protocol}' must be one of '{}'", known.join(", ")))
    })?;
    let port = input.text("HealthCheckPort").unwrap_or("traffic-port");
    let sound = port == "traffic-port" || port.parse::<u16>().is_ok_and(|port| port > 0);
    tx.enforce("elasticloadbalancing.health_check.port", sound, || {
        invalid(format!("Health check port '{port}' must be either 'traffic-port' or in the range of 1-65535"))
    })?;
    let asks = protocol != "TCP";
    let (path, matcher) = (input.text("HealthCheckPath"), input.record("Matcher"));
    tx.enforce("elasticloadbalancing.health_check.path", asks || (path.is_none() && matcher.is_none()), || {
        invalid("Health check path and matcher are not supported for health checks with protocol 'TCP'")
    })?;
    tx.enforce("elasticloadbalancing.health_check.path", path.is_none_or(|path| path.starts_with('/')), || {
        invalid(format!("Health check path '{}' must begin with a '/' character", path.unwrap_or_default()))
    })?;
    let interval = input.integer("HealthCheckIntervalSeconds").unwrap_or(30);
    let usual = match (by_request, asks) {
        (true, _) => 5,
        (false, true) => 6,
        (false, false) => 10,
    };
    let timeout = input.integer("HealthCheckTimeoutSeconds").unwrap_or(usual);
    tx.enforce("elasticloadbalancing.health_check.timeout", timeout < interval || timeout == usual, || {
        invalid(format!("Health check interval must be greater than the timeout of {timeout} seconds"))
    })?;
    tx.enforce("elasticloadbalancing.health_check.enabled", input.bool("HealthCheckEnabled") != Some(false), || {
        invalid("Health check enabled must be true for target groups with target type 'instance', 'ip' or 'alb'")
    })?;
    let given = matcher.as_ref();
    let codes = given.and_then(|matcher| matcher.text(if grpc { "GrpcCode" } else { "HttpCode" }));
    let usual_codes = match (asks, grpc) {
        (false, _) => None,
        (true, true) => Some("12"),
        // Network load balancers take redirections for health, too.
        (true, false) if by_request => Some("200"),
        (true, false) => Some("200-399"),
    };
    let usual_path = match (asks, grpc) {
        (false, _) => None,
        (true, true) => Some("/AWS.ALB/healthcheck"),
        (true, false) => Some("/"),
    };
    Ok(HealthCheck {
        protocol: protocol.to_owned(),
        port: port.to_owned(),
        path: path.or(usual_path).map(str::to_owned),
        interval,
        timeout,
        healthy: input.integer("HealthyThresholdCount").unwrap_or(5),
        unhealthy: input.integer("UnhealthyThresholdCount").unwrap_or(2),
        codes: codes.or(usual_codes).map(str::to_owned),
        grpc,
    })
}

impl HealthCheck {
    /// As a group is described with it.
    pub(super) fn view(&self) -> Record {
        let matcher = self.codes.as_ref().map(|codes| {
            let member = if self.grpc { "GrpcCode" } else { "HttpCode" };
            record! { member => codes }
        });
        let view = record! {
            "HealthCheckProtocol" => &self.protocol,
            "HealthCheckPort" => &self.port,
            "HealthCheckEnabled" => true,
            "HealthCheckIntervalSeconds" => self.interval,
            "HealthCheckTimeoutSeconds" => self.timeout,
            "HealthyThresholdCount" => self.healthy,
            "UnhealthyThresholdCount" => self.unhealthy,
            "HealthCheckPath" => self.path.clone(),
            "Matcher" => matcher,
        };
        match view {
            Value::Record(members) => members,
            _ => Record::new(),
        }
    }
}
