//! Faults on order: throttling, failures, lost connections, by rule and by seed.

use std::str::FromStr;

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// What happens to a request that a fault rule strikes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
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
    /// It is accepted, and what it was to make fails later, as far as the simulator can let it fail.
    CreateFailed,
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

/// The longest that an answer is held back, in world seconds: a day, which outlasts every client.
const LONGEST_DELAY: f64 = 86_400.0;

fn always() -> f64 {
    1.0
}

impl FaultRule {
    /// A rule that strikes every request.
    #[must_use]
    pub fn always(fault: FaultKind) -> FaultRule {
        FaultRule { service: None, operation: None, region: None, probability: 1.0, after: 0, times: None, fault }
    }

    /// Refuses a rule that could never be kept, however it was written.
    ///
    /// # Errors
    /// When it names no service that is served, or a number is out of its range.
    pub fn check(&self) -> Result<(), String> {
        let served = || crate::SERVICES.iter().map(|service| service.name);
        if let Some(unknown) = self.service.as_deref().filter(|name| served().all(|known| known != *name)) {
            let mut known: Vec<&str> = served().collect();
            // Two APIs may have one name.
            known.dedup();
            let known = known.join(", ");
            return Err(format!("there is no service {unknown:?}; there are {known}"));
        }
        if let Some(unknown) = self.operation.as_deref().filter(|wanted| !self.is_of_an_operation(wanted)) {
            let whose = self.service.as_deref().unwrap_or("service");
            return Err(format!("no {whose} has an operation {unknown}; a * at its end stands for anything"));
        }
        if let Some(unknown) = self.region.as_deref().filter(|region| crate::ec2::zone::zones(region).is_empty()) {
            let known = crate::ec2::zone::regions().collect::<Vec<_>>().join(", ");
            return Err(format!("there is no region {unknown}; there are {known}"));
        }
        if self.times == Some(0) {
            return Err("times is a number from 1: a fault that never strikes is none".to_owned());
        }
        if !(0.0..=1.0).contains(&self.probability) {
            return Err(format!("probability is from 0 to 1, not {}", self.probability));
        }
        match &self.fault {
            FaultKind::Unavailable { status } if !(500..=599).contains(status) => {
                Err(format!("unavailable has a status from 500 to 599, not {status}"))
            }
            FaultKind::Refuse { code, .. } if code.is_empty() => Err("refuse has a code".to_owned()),
            FaultKind::Refuse { status, .. } if !(400..=599).contains(status) => {
                Err(format!("refuse has a status from 400 to 599, not {status}"))
            }
            FaultKind::Delay { seconds } if !(0.0..=LONGEST_DELAY).contains(seconds) => {
                Err(format!("delay takes seconds from 0 to {LONGEST_DELAY}, not {seconds}"))
            }
            _ => Ok(()),
        }
    }

    /// Whether one of AWS's operations is meant, of the rule's service or of any; served here or not.
    fn is_of_an_operation(&self, wanted: &str) -> bool {
        let services = crate::SERVICES.iter().filter(|one| self.service.as_deref().is_none_or(|name| name == one.name));
        services
            .map(|service| (service.model)())
            .any(|model| model.operations.keys().chain(model.unserved.keys()).any(|name| is_meant(wanted, name)))
    }

    fn matches(&self, service: &str, operation: &str, region: &str) -> bool {
        let fits = |wanted: &Option<String>, have: &str| wanted.as_deref().is_none_or(|wanted| wanted == have);
        let operation_fits = self.operation.as_deref().is_none_or(|wanted| is_meant(wanted, operation));
        fits(&self.service, service) && fits(&self.region, region) && operation_fits
    }
}

/// Whether a name is the one that is wanted, of which a `*` at its end stands for anything.
fn is_meant(wanted: &str, name: &str) -> bool {
    wanted.strip_suffix('*').map_or(name == wanted, |start| name.starts_with(start))
}

/// The words for each kind of fault in [`FaultRule::from_str`].
const WORDS: &str = "throttle, unavailable=STATUS, refuse=CODE, delay=SECONDS, reset, answer-lost, create-failed";

impl FromStr for FaultRule {
    type Err = String;

    /// Reads a rule as a person writes it: the fault, then its conditions, e.g.
    /// `throttle,service=ec2,operation=Create*,probability=0.2` or `delay=1.5`.
    fn from_str(text: &str) -> Result<FaultRule, String> {
        fn number<T: FromStr>(name: &str, text: &str) -> Result<T, String> {
            text.parse().map_err(|_| format!("{name} is a number, not {text:?}"))
        }
        let mut parts = text.split(',');
        let kind = parts.next().unwrap_or_default();
        let fault = match kind.split_once('=').unwrap_or((kind, "")) {
            ("throttle", "") => FaultKind::Throttle,
            ("reset", "") => FaultKind::Reset,
            ("answer-lost", "") => FaultKind::AnswerLost,
            ("create-failed", "") => FaultKind::CreateFailed,
            ("unavailable", "") => FaultKind::Unavailable { status: 503 },
            ("unavailable", status) => FaultKind::Unavailable { status: number("unavailable", status)? },
            ("delay", seconds) => FaultKind::Delay { seconds: number("delay", seconds)? },
            ("refuse", code) if !code.is_empty() => {
                let message = "Refused by a fault on order.".to_owned();
                FaultKind::Refuse { code: code.to_owned(), message, status: 400 }
            }
            _ => return Err(format!("{kind:?} is no fault; there are {WORDS}")),
        };
        let mut rule = FaultRule::always(fault);
        for part in parts {
            let Some((name, value)) = part.split_once('=') else {
                return Err(format!("{part:?} is no condition of the form NAME=VALUE"));
            };
            match name {
                "service" => rule.service = Some(value.to_owned()),
                "operation" => rule.operation = Some(value.to_owned()),
                "region" => rule.region = Some(value.to_owned()),
                "probability" => rule.probability = number(name, value)?,
                "after" => rule.after = number(name, value)?,
                "times" => rule.times = Some(number(name, value)?),
                "message" | "status" => match (&mut rule.fault, name) {
                    (FaultKind::Refuse { message, .. }, "message") => value.clone_into(message),
                    (FaultKind::Refuse { status, .. }, _) => *status = number(name, value)?,
                    _ => return Err(format!("only refuse has a {name}")),
                },
                _ => {
                    let known = "service, operation, region, probability, after, times, message, status";
                    return Err(format!("{name:?} is no condition; there are {known}"));
                }
            }
        }
        rule.check()?;
        Ok(rule)
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
        is_meant(&self.table, table)
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
    fn a_rule_is_read_as_a_person_writes_it() {
        let rule: FaultRule = "throttle,service=ec2,operation=Create*,probability=0.2,after=3,times=2".parse().unwrap();
        let wanted = FaultRule {
            service: Some("ec2".into()),
            operation: Some("Create*".into()),
            probability: 0.2,
            after: 3,
            times: Some(2),
            ..FaultRule::always(FaultKind::Throttle)
        };
        assert_eq!(rule, wanted);
        let kind = |text: &str| text.parse::<FaultRule>().map(|rule| rule.fault);
        assert_eq!(kind("delay=1.5"), Ok(FaultKind::Delay { seconds: 1.5 }));
        assert_eq!(kind("unavailable"), Ok(FaultKind::Unavailable { status: 503 }));
        assert_eq!(kind("answer-lost"), Ok(FaultKind::AnswerLost));
        assert_eq!(kind("create-failed"), Ok(FaultKind::CreateFailed));
        let refuse = FaultKind::Refuse { code: "X".into(), message: "no".into(), status: 403 };
        assert_eq!(kind("refuse=X,message=no,status=403"), Ok(refuse));
        let out_of_range = [
            "delay=-1",
            "delay=1e300",
            "delay=NaN",
            "unavailable=200",
            "refuse=X,status=99",
            "reset,probability=2",
            "reset,times=0",
        ];
        for wrong in ["", "flood", "delay", "reset,often=1", "reset,service=sqs", "reset,region=us-esat-1"]
            .into_iter()
            .chain(out_of_range)
        {
            assert!(wrong.parse::<FaultRule>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_fault_has_one_spelling_on_either_way_in_and_out() {
        for word in ["answer-lost", "create-failed", "throttle", "reset"] {
            let rule: FaultRule = word.parse().unwrap();
            let written = serde_json::to_value(&rule).unwrap();
            assert_eq!(written["fault"]["kind"], word);
            assert_eq!(serde_json::from_value::<FaultRule>(written).unwrap(), rule);
        }
    }

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
