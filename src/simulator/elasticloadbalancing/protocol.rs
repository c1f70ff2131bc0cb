//! The protocols that each type of load balancer listens by and that its target groups have.

use super::load_balancer::Type;
use super::{invalid, target_group::TargetGroup};
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::world::Tx;

const LISTENER: &str = "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateListener.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new(
        "elasticloadbalancing.listener.protocol",
        "application load balancers listen by HTTP and HTTPS, network ones by TCP, TLS and UDP",
        LISTENER,
    ),
    Rule::new(
        "elasticloadbalancing.listener.target",
        "a listener forwards to target groups of a protocol that goes with its own",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-target-groups.html",
    ),
];

// In the order in which refusals have them: <https://github.com/alphagov/gsp/pull/351>,
// <https://github.com/pulumi/pulumi-aws/issues/1193>
const APPLICATION: &[&str] = &["HTTP", "HTTPS"];
const NETWORK: &[&str] = &["TLS", "TCP", "TCP_UDP", "UDP"];

/// What of this is not simulated.
pub(super) fn simulated(protocol: &str) -> Result<(), Refusal> {
    match protocol {
        "GENEVE" | "QUIC" | "TCP_QUIC" => Err(Refusal::not_simulated(format!("elasticloadbalancing by {protocol}"))),
        _ => Ok(()),
    }
}

/// Refuses a protocol by which a load balancer of that type does not listen.
pub(super) fn listens(tx: &Tx<'_>, kind: Type, protocol: &str) -> Result<(), Refusal> {
    simulated(protocol)?;
    let known = match kind {
        Type::Application => APPLICATION,
        Type::Network => NETWORK,
    };
    tx.enforce("elasticloadbalancing.listener.protocol", known.contains(&protocol), || {
        invalid(format!("Listener protocol '{protocol}' must be one of '{}'", known.join(", ")))
    })
}

/// Whether what listens by this protocol needs a certificate.
pub(super) fn is_secure(protocol: &str) -> bool {
    matches!(protocol, "HTTPS" | "TLS")
}

/// Refuses a target group that a listener of this protocol can't forward to.
pub(super) fn forwards(tx: &Tx<'_>, protocol: &str, group: &TargetGroup) -> Result<(), Refusal> {
    let fits = match protocol {
        "HTTP" | "HTTPS" => APPLICATION.contains(&group.protocol.as_str()),
        "TLS" => matches!(group.protocol.as_str(), "TCP" | "TLS"),
        other => group.protocol == other || (other == "TCP" && group.protocol == "TCP_UDP"),
    };
    // The code is declared; no source has the words.
    tx.enforce("elasticloadbalancing.listener.target", fits, || {
        let message = format!(
            "Listener protocol '{protocol}' is not supported with a target group with the \
                               protocol '{}'",
            group.protocol
        );
        Refusal::new("IncompatibleProtocols", message)
    })
}
