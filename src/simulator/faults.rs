//! Faults on order: throttling, failures, lost connections, by rule and by seed.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// What happens to a request that a fault rule strikes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum FaultKind {
    /// It is refused with the service's own error for too many requests.
    Throttle,
    /// It is refused with a failure of the service's own: 500 or 503.
    Unavailable {
        /// The HTTP status.
        status: u16,
    },
    /// The connection is gone before anything happened.
    Reset,
    /// Everything happens, and the connection is gone before the answer.
    AnswerLost,
    /// It is refused with this error.
    Refuse {
        /// The code on the wire.
        code: String,
        /// The message.
        message: String,
        /// The HTTP status.
        status: u16,
    },
    /// The answer takes this much longer, in world seconds.
    Delay {
        /// How much longer.
        seconds: f64,
    },
}

/// A fault and when it strikes. A rule without conditions strikes every request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRule {
    /// Only requests to this service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Only this operation; a `*` at its end stands for anything (`Create*`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// Only requests to this region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// How often it strikes, from 0 to 1.
    #[serde(default = "always")]
    pub probability: f64,
    /// How many matching requests it lets pass first.
    #[serde(default)]
    pub after: u64,
    /// How often it strikes at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    /// What it does.
    pub fault: FaultKind,
}

fn always() -> f64 {
    1.0
}

impl FaultRule {
    /// A rule that strikes every request.
    #[must_use]
    pub fn always(fault: FaultKind) -> FaultRule {
        FaultRule { service: None, operation: None, region: None, probability: 1.0, after: 0, times: None, fault }
    }

    fn matches(&self, service: &str, operation: &str, region: &str) -> bool {
        let fits = |wanted: &Option<String>, have: &str| wanted.as_deref().is_none_or(|wanted| wanted == have);
        let operation_fits = self.operation.as_deref().is_none_or(|wanted| match wanted.strip_suffix('*') {
            Some(start) => operation.starts_with(start),
            None => operation == wanted,
        });
        fits(&self.service, service) && fits(&self.region, region) && operation_fits
    }
}

/// Tables whose new rows reads may miss for a moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lag {
    /// The table's name; a `*` at its end stands for anything (`ec2.*`).
    pub table: String,
    /// The longest that a new row stays unseen, in world seconds.
    pub max_seconds: f64,
}

impl Lag {
    pub(crate) fn covers(&self, table: &str) -> bool {
        match self.table.strip_suffix('*') {
            Some(start) => table.starts_with(start),
            None => self.table == table,
        }
    }
}

/// The rules in force with how often each has been met.
#[derive(Debug)]
pub(crate) struct Faults {
    rules: Vec<(FaultRule, u64, u64)>,
    numbers: ChaCha8Rng,
}

impl Faults {
    pub(crate) fn new(rules: Vec<FaultRule>, numbers: ChaCha8Rng) -> Faults {
        Faults { rules: rules.into_iter().map(|rule| (rule, 0, 0)).collect(), numbers }
    }

    pub(crate) fn set(&mut self, rules: Vec<FaultRule>) {
        self.rules = rules.into_iter().map(|rule| (rule, 0, 0)).collect();
    }

    pub(crate) fn rules(&self) -> Vec<FaultRule> {
        self.rules.iter().map(|(rule, _, _)| rule.clone()).collect()
    }

    /// The faults that strike this request, first rule first.
    pub(crate) fn strike(&mut self, service: &str, operation: &str, region: &str) -> Vec<FaultKind> {
        let mut struck = Vec::new();
        for (rule, met, hits) in &mut self.rules {
            if !rule.matches(service, operation, region) {
                continue;
            }
            *met += 1;
            let left = rule.times.is_none_or(|times| *hits < times);
            if *met > rule.after && left && self.numbers.random_bool(rule.probability.clamp(0.0, 1.0)) {
                *hits += 1;
                struck.push(rule.fault.clone());
            }
        }
        struck
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn a_rule_strikes_what_it_names_after_and_as_often_as_it_says() {
        let rule = FaultRule {
            service: Some("ec2".into()),
            operation: Some("Create*".into()),
            after: 1,
            times: Some(2),
            ..FaultRule::always(FaultKind::Reset)
        };
        let mut faults = Faults::new(vec![rule], ChaCha8Rng::seed_from_u64(1));
        assert!(faults.strike("ec2", "DescribeVpcs", "us-east-1").is_empty());
        assert!(faults.strike("eks", "CreateCluster", "us-east-1").is_empty());
        let hits: Vec<usize> = (0..4).map(|_| faults.strike("ec2", "CreateVpc", "us-east-1").len()).collect();
        assert_eq!(hits, [0, 1, 1, 0]);
    }
}
