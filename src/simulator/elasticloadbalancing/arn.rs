//! The ARNs of load balancers, listeners and target groups: their kind, and what tells one from the others.

use super::invalid;
use crate::refusal::Refusal;
use crate::world::Tx;

/// What an ARN is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    LoadBalancer,
    Listener,
    TargetGroup,
}

impl Kind {
    const ALL: [Kind; 3] = [Kind::LoadBalancer, Kind::Listener, Kind::TargetGroup];

    /// What stands before the id.
    fn segment(self) -> &'static str {
        match self {
            Kind::LoadBalancer => "loadbalancer",
            Kind::Listener => "listener",
            Kind::TargetGroup => "targetgroup",
        }
    }

    /// What it is called.
    pub(super) fn what(self) -> &'static str {
        match self {
            Kind::LoadBalancer => "load balancer",
            Kind::Listener => "listener",
            Kind::TargetGroup => "target group",
        }
    }

    /// How many parts its id has.
    fn parts(self) -> usize {
        match self {
            Kind::LoadBalancer => 3,
            Kind::Listener => 4,
            Kind::TargetGroup => 2,
        }
    }

    /// The refusal of one that is not there.
    pub(super) fn missing(self) -> Refusal {
        let code = match self {
            Kind::LoadBalancer => "LoadBalancerNotFound",
            Kind::Listener => "ListenerNotFound",
            Kind::TargetGroup => "TargetGroupNotFound",
        };
        Refusal::new(code, format!("One or more {}s not found", self.what()))
    }
}

/// The ARN of something with that id.
pub(super) fn of(tx: &Tx<'_>, kind: Kind, id: &str) -> String {
    arn(tx, &format!("{}/{id}", kind.segment()))
}

/// An ARN of the account and region that ends so.
pub(crate) fn arn(tx: &Tx<'_>, rest: &str) -> String {
    format!("arn:aws:elasticloadbalancing:{}:{}:{rest}", tx.region(), tx.account())
}

/// The kind and the id in an ARN of the account and region; none where it is no such ARN.
pub(super) fn read<'g>(tx: &Tx<'_>, given: &'g str) -> Option<(Kind, &'g str)> {
    let rest = given.strip_prefix(&arn(tx, ""))?;
    let (segment, id) = rest.split_once('/')?;
    let kind = Kind::ALL.into_iter().find(|kind| kind.segment() == segment)?;
    (id.split('/').count() == kind.parts()).then_some((kind, id))
}

/// The id in an ARN of that kind.
///
/// # Errors
/// When it is none.
pub(super) fn id<'g>(tx: &Tx<'_>, kind: Kind, given: &'g str) -> Result<&'g str, Refusal> {
    let found = read(tx, given).filter(|(other, _)| *other == kind);
    tx.enforce("elasticloadbalancing.arn.form", found.is_some(), || {
        invalid(format!("'{given}' is not a valid {} ARN", kind.what()))
    })?;
    Ok(found.map_or(given, |(_, id)| id))
}
