//! Every rule that the simulator enforces has a name here, a page that says so,
//! and a switch: a conformance test holds a rule only if it fails with the rule off.

use std::collections::BTreeSet;

/// A rule of AWS's that the simulator enforces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Rule {
    /// Its stable name: service, thing, what is done, what is refused.
    pub id: &'static str,
    /// What it says, in a few words.
    pub says: &'static str,
    /// AWS's page, or the public report, that it is taken from.
    pub source: &'static str,
}

impl Rule {
    /// One line of a service's table of rules.
    #[must_use]
    pub const fn new(id: &'static str, says: &'static str, source: &'static str) -> Rule {
        Rule { id, says, source }
    }
}

/// The rules that hold for every service.
pub(crate) const RULES: &[Rule] = &[
    Rule::new(
        "signature",
        "a request carries a valid signature of a known access key, not older than 5 minutes, for S3 15",
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html",
    ),
    Rule::new(
        "region",
        "a global service's requests are signed for its home region",
        "https://docs.aws.amazon.com/general/latest/gr/iam-service.html",
    ),
    Rule::new(
        "model",
        "a request's members are those of the API, of their kinds and within their limits",
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html",
    ),
    Rule::new(
        "unread",
        "a member that the simulator would ignore is answered \"not simulated\"",
        "the simulator's own rule",
    ),
    Rule::new(
        "version",
        "a query request names the API's version",
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Query-Requests.html",
    ),
    Rule::new(
        "consistency",
        "what was just made can be missing from reads for a moment",
        "https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html",
    ),
    Rule::new(
        "throttling",
        "requests beyond a token bucket's content are refused",
        "https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html",
    ),
];

/// Which rules are known and which are off.
#[derive(Debug)]
pub(crate) struct Switches {
    known: Vec<Rule>,
    off: BTreeSet<String>,
}

impl Switches {
    /// All of these rules, without those named.
    pub(crate) fn new(known: Vec<Rule>, off: BTreeSet<String>) -> Result<Switches, String> {
        match off.iter().find(|id| !known.iter().any(|rule| rule.id == **id)) {
            Some(unknown) => Err(unknown.clone()),
            None => Ok(Switches { known, off }),
        }
    }

    pub(crate) fn known(&self) -> &[Rule] {
        &self.known
    }

    pub(crate) fn is_on(&self, id: &str) -> bool {
        debug_assert!(self.known.iter().any(|rule| rule.id == id), "rule {id} stands in no table of rules");
        !self.off.contains(id)
    }

    pub(crate) fn is_off(&self, id: &str) -> bool {
        self.off.contains(id)
    }

    /// Switches a rule; false if there is none of that name.
    pub(crate) fn switch(&mut self, id: &str, on: bool) -> bool {
        if !self.known.iter().any(|rule| rule.id == id) {
            return false;
        }
        if on {
            self.off.remove(id);
        } else {
            self.off.insert(id.to_owned());
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_a_name_of_its_own_and_the_page_of_aws_that_states_it() {
        let of_services = crate::SERVICES.iter().flat_map(|service| service.rules.iter().copied().flatten());
        let mut names = BTreeSet::new();
        for rule in RULES.iter().chain(of_services) {
            assert!(names.insert(rule.id), "{} stands twice in the tables", rule.id);
            // The one rule that is no rule of AWS's: what is not built says so.
            let own = rule.id == "unread";
            let page = rule.source.starts_with("https://docs.aws.amazon.com/") && rule.source.contains(".html");
            assert!(page || own, "{}: {}", rule.id, rule.source);
        }
    }
}
