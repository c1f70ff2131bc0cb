//! Whether policies allow an action on a resource: statements, wildcards, variables
//! and conditions, as
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>
//! has them. It knows no request and no world.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use jiff::Timestamp;
use serde_json::{Map, Value as Json};

use super::principal::{Asker, Part};

/// What a request is about, by condition key in small letters.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Context {
    values: BTreeMap<String, Vec<String>>,
    untold: BTreeSet<String>,
}

impl Context {
    /// The same with a key's value.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.add(key, value);
        self
    }

    /// Adds a value to a key.
    pub fn add(&mut self, key: &str, value: impl Into<String>) {
        self.values.entry(key.to_lowercase()).or_default().push(value.into());
    }

    /// The same with a key that has a value of which nothing is known.
    #[must_use]
    pub fn untold(mut self, key: &str) -> Self {
        self.untold.insert(key.to_lowercase());
        self
    }

    fn get(&self, key: &str) -> Option<&[String]> {
        self.values.get(&key.to_lowercase()).map(Vec::as_slice)
    }
}

/// What policies say of an action on a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// A statement allows it, and none denies it.
    Allowed,
    /// No statement allows it.
    NotAllowed,
    /// A statement denies it.
    Denied,
    /// It hangs on a condition key that is not known here.
    Unknown(String),
}

/// Judges an action on a resource by policies, each as JSON.
#[must_use]
pub fn judge(policies: &[Json], action: &str, resource: &str, context: &Context) -> Verdict {
    let all = policies.iter().flat_map(statements);
    weigh(all.filter(|statement| concerns(statement, action, resource, context)), context)
}

/// Judges an action on the role of a trust policy by who asks for it.
#[must_use]
pub fn judge_trust(policy: &Json, action: &str, asker: &Asker, context: &Context) -> Verdict {
    let meant = |statement: &&Map<String, Json>| asker.is_meant(statement) && concerns(statement, action, "", context);
    weigh(statements(policy).into_iter().filter(meant), context)
}

/// What a resource's own policy says of an action on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grant {
    /// No statement allows it.
    None,
    /// A statement denies it.
    Denied,
    /// It hangs on a condition key that is not known here.
    Unknown(String),
    /// A statement allows it to the caller's account, which leaves it to the caller's own policies.
    ToAccount,
    /// A statement allows it to the caller's role: a boundary and a session's policy still bound it.
    ToRole,
    /// A statement allows it to the caller itself, or to everyone: nothing that does not deny it bounds it.
    Direct,
}

/// Judges an action on a resource by the resource's policy and who asks.
///
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics-resource.html>
#[must_use]
pub fn judge_resource(policy: &Json, action: &str, resource: &str, asker: &Asker, context: &Context) -> Grant {
    let statements = statements(policy);
    let said_to = |asker: &Asker| {
        let meant = statements.iter().filter(|one| asker.is_meant(one) && concerns(one, action, resource, context));
        weigh(meant.copied(), context)
    };
    match said_to(asker) {
        Verdict::Denied => return Grant::Denied,
        Verdict::Unknown(key) => return Grant::Unknown(key),
        Verdict::NotAllowed => return Grant::None,
        Verdict::Allowed => {}
    }
    let allows = |part| asker.only(part).is_some_and(|asker| said_to(&asker) == Verdict::Allowed);
    if allows(Part::Itself) {
        Grant::Direct
    } else if allows(Part::Role) {
        Grant::ToRole
    } else {
        Grant::ToAccount
    }
}

/// What the statements say together that speak of a request.
fn weigh<'p>(statements: impl Iterator<Item = &'p Map<String, Json>>, context: &Context) -> Verdict {
    let mut verdict = Verdict::NotAllowed;
    let mut unknown = None;
    for statement in statements {
        let denies = statement.get("Effect").and_then(Json::as_str) == Some("Deny");
        let condition = statement.get("Condition").and_then(Json::as_object);
        if let Some(key) = condition.and_then(|condition| stranger(condition, context)) {
            unknown = Some(key);
            continue;
        }
        if !condition.is_none_or(|condition| meets(condition, context)) {
            continue;
        }
        if denies {
            return Verdict::Denied;
        }
        verdict = Verdict::Allowed;
    }
    // A statement that can't be judged might deny what another allows, or allow what no other does.
    unknown.map_or(verdict, Verdict::Unknown)
}

/// A policy's statements.
pub(crate) fn statements(policy: &Json) -> Vec<&Map<String, Json>> {
    match policy.get("Statement") {
        Some(Json::Array(several)) => several.iter().filter_map(Json::as_object).collect(),
        Some(Json::Object(one)) => vec![one],
        _ => Vec::new(),
    }
}

/// The texts of a member that is one or a list of them; numbers and truth values as policies write them.
pub(crate) fn texts(value: Option<&Json>) -> Vec<String> {
    let text = |value: &Json| match value {
        Json::String(text) => Some(text.clone()),
        Json::Bool(_) | Json::Number(_) => Some(value.to_string()),
        _ => None,
    };
    match value {
        Some(Json::Array(several)) => several.iter().filter_map(text).collect(),
        Some(one) => text(one).into_iter().collect(),
        None => Vec::new(),
    }
}

/// Whether a statement speaks of this action and this resource.
fn concerns(statement: &Map<String, Json>, action: &str, resource: &str, context: &Context) -> bool {
    let action = action.to_lowercase();
    let names = |list: Vec<String>| list.iter().any(|pattern| like(&pattern.to_lowercase(), &action));
    let about = match (statement.get("Action"), statement.get("NotAction")) {
        (Some(_), _) => names(texts(statement.get("Action"))),
        (None, Some(_)) => !names(texts(statement.get("NotAction"))),
        (None, None) => false,
    };
    let fits = |list: Vec<String>| {
        list.iter().any(|pattern| filled(pattern, context).is_some_and(|pattern| pattern.fits(resource)))
    };
    about
        && match (statement.get("Resource"), statement.get("NotResource")) {
            (Some(_), _) => fits(texts(statement.get("Resource"))),
            (None, Some(_)) => !fits(texts(statement.get("NotResource"))),
            // A trust policy has no resource: it speaks of the role that it is on.
            (None, None) => true,
        }
}

/// A pattern whose letters stand for themselves, or for anything.
#[derive(Debug, Clone, PartialEq)]
struct Pattern(Vec<Piece>);

#[derive(Debug, Clone, Copy, PartialEq)]
enum Piece {
    Letter(char),
    Any,
    Many,
}

impl Pattern {
    fn fits(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        let (mut at, mut place) = (0, 0);
        let mut star: Option<(usize, usize)> = None;
        while at < text.len() {
            match self.0.get(place) {
                Some(Piece::Many) => {
                    star = Some((place, at));
                    place += 1;
                }
                Some(Piece::Any) => (at, place) = (at + 1, place + 1),
                Some(Piece::Letter(letter)) if *letter == text[at] => (at, place) = (at + 1, place + 1),
                _ => match star {
                    Some((back, from)) => {
                        star = Some((back, from + 1));
                        (place, at) = (back + 1, from + 1);
                    }
                    None => return false,
                },
            }
        }
        self.0[place..].iter().all(|piece| *piece == Piece::Many)
    }

    fn text(&self) -> String {
        let letter = |piece: &Piece| match piece {
            Piece::Letter(letter) => *letter,
            Piece::Any => '?',
            Piece::Many => '*',
        };
        self.0.iter().map(letter).collect()
    }
}

/// Whether a text fits a pattern with `*` and `?`.
pub(crate) fn like(pattern: &str, text: &str) -> bool {
    Pattern(pattern.chars().map(wild).collect()).fits(text)
}

fn wild(letter: char) -> Piece {
    match letter {
        '*' => Piece::Many,
        '?' => Piece::Any,
        letter => Piece::Letter(letter),
    }
}

/// A pattern with its variables' values, which stand for themselves whatever they hold. None where one has no value:
/// then the element fits nothing.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html>
fn filled(pattern: &str, context: &Context) -> Option<Pattern> {
    let mut pieces = Vec::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, behind)) = after.split_once('}') else { break };
        pieces.extend(before.chars().map(wild));
        let (name, default) = match name.split_once(',') {
            Some((name, default)) => (name.trim(), Some(default.trim().trim_matches('\''))),
            None => (name.trim(), None),
        };
        let value = match name {
            "*" | "?" | "$" => name,
            name => match context.get(name) {
                Some([only]) => only.as_str(),
                // More than one value can't stand in one place.
                _ => default?,
            },
        };
        pieces.extend(value.chars().map(Piece::Letter));
        rest = behind;
    }
    pieces.extend(rest.chars().map(wild));
    Some(Pattern(pieces))
}

/// The keys beside `aws:...` and `sts:...` that a request is told with where they apply. Elsewhere AWS leaves them
/// out, too.
const TOLD: &[&str] = &[
    "ec2:createaction",
    "ec2:resourcetag",
    "elasticloadbalancing:createaction",
    "elasticloadbalancing:resourcetag",
    "iam:passedtoservice",
    "iam:permissionsboundary",
    "iam:policyarn",
    "iam:resourcetag",
    "kms:calleraccount",
    "kms:encryptioncontext:aws:s3:arn",
    "kms:encryptioncontext:secretarn",
    "kms:grantisforawsresource",
    "kms:resourcealiases",
    "kms:viaservice",
    "s3:delimiter",
    "s3:existingobjecttag",
    "s3:if-match",
    "s3:if-none-match",
    "s3:locationconstraint",
    "s3:max-keys",
    "s3:prefix",
    "s3:requestobjecttag",
    "s3:requestobjecttagkeys",
    "s3:resourceaccount",
    "s3:signatureversion",
    "s3:versionid",
    "s3:x-amz-acl",
    "s3:x-amz-copy-source",
    "s3:x-amz-metadata-directive",
    "s3:x-amz-object-ownership",
    "s3:x-amz-server-side-encryption",
    "s3:x-amz-server-side-encryption-aws-kms-key-id",
    "s3:x-amz-server-side-encryption-customer-algorithm",
    "s3:x-amz-storage-class",
    "s3:x-amz-website-redirect-location",
    "secretsmanager:blockpublicpolicy",
    "secretsmanager:description",
    "secretsmanager:forcedeletewithoutrecovery",
    "secretsmanager:kmskeyid",
    "secretsmanager:name",
    "secretsmanager:recoverywindowindays",
    "secretsmanager:resourcetag",
    "secretsmanager:secretid",
    "secretsmanager:versionid",
    "secretsmanager:versionstage",
    "sns:endpoint",
    "sns:protocol",
];

/// A condition's key of which it is not known whether AWS would give it a value.
fn stranger(condition: &Map<String, Json>, context: &Context) -> Option<String> {
    let mut keys = condition.values().filter_map(Json::as_object).flat_map(Map::keys);
    let is_known = |key: &str| {
        let name = key.to_lowercase();
        let head = name.split('/').next().unwrap_or_default();
        if context.untold.contains(&name) {
            return false;
        }
        context.get(&name).is_some()
            || name.starts_with("aws:")
            || name.starts_with("sts:")
            || TOLD.contains(&head)
            || is_of_another_provider(&name, context)
    };
    keys.find(|key| !is_known(key)).cloned()
}

/// Whether a key is a claim of an identity provider's that the request does not come from: AWS leaves those out.
fn is_of_another_provider(key: &str, context: &Context) -> bool {
    let Some((provider, _)) = key.rsplit_once(':').filter(|(provider, _)| provider.contains('.')) else { return false };
    let of_it = |known: &String| known.rsplit_once(':').is_some_and(|(head, _)| head == provider);
    !context.values.keys().any(of_it)
}

/// Whether every condition of a statement holds.
fn meets(condition: &Map<String, Json>, context: &Context) -> bool {
    condition.iter().all(|(operator, keys)| {
        let operator = Operator::read(operator);
        keys.as_object()
            .is_some_and(|keys| keys.iter().all(|(key, wanted)| operator.holds(context.get(key), wanted, context)))
    })
}

/// Which of a key's values have to fit.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Quantity {
    One,
    All,
    Some,
}

struct Operator {
    quantity: Quantity,
    if_exists: bool,
    negated: bool,
    name: String,
}

impl Operator {
    fn read(text: &str) -> Operator {
        let text = text.to_lowercase();
        let (quantity, rest) = match (text.strip_prefix("forallvalues:"), text.strip_prefix("foranyvalue:")) {
            (Some(rest), _) => (Quantity::All, rest),
            (None, Some(rest)) => (Quantity::Some, rest),
            (None, None) => (Quantity::One, text.as_str()),
        };
        let (rest, if_exists) = match rest.strip_suffix("ifexists") {
            Some(rest) => (rest, true),
            None => (rest, false),
        };
        let negated = rest.contains("not");
        Operator { quantity, if_exists, negated, name: rest.replace("not", "") }
    }

    fn holds(&self, given: Option<&[String]>, wanted: &Json, context: &Context) -> bool {
        let wanted = texts(Some(wanted));
        if self.name == "null" {
            return wanted.iter().any(|want| want.eq_ignore_ascii_case("true") == given.is_none());
        }
        let Some(given) = given.filter(|given| !given.is_empty()) else {
            return self.if_exists
                || self.quantity == Quantity::All
                || (self.negated && self.quantity == Quantity::One);
        };
        let fits = |value: &String| wanted.iter().any(|want| self.compares(value, want, context)) != self.negated;
        match self.quantity {
            Quantity::All => given.iter().all(fits),
            Quantity::One if self.negated => given.iter().all(fits),
            Quantity::One | Quantity::Some => given.iter().any(fits),
        }
    }

    fn compares(&self, given: &str, wanted: &str, context: &Context) -> bool {
        let pattern = || filled(wanted, context);
        match self.name.as_str() {
            "stringequals" => pattern().is_some_and(|pattern| pattern.text() == given),
            "stringequalsignorecase" => pattern().is_some_and(|pattern| pattern.text().eq_ignore_ascii_case(given)),
            "stringlike" => pattern().is_some_and(|pattern| pattern.fits(given)),
            "arnequals" | "arnlike" => {
                // Each of the six parts is compared for itself.
                let (wanted, given) = (wanted.splitn(6, ':'), given.splitn(6, ':').collect::<Vec<_>>());
                let wanted: Vec<_> = wanted.collect();
                let part = |(wanted, given): (&&str, &&str)| {
                    filled(wanted, context).is_some_and(|pattern| pattern.fits(given))
                };
                wanted.len() == given.len() && wanted.iter().zip(&given).all(part)
            }
            "bool" => wanted.eq_ignore_ascii_case(given),
            "binaryequals" => wanted == given,
            "ipaddress" => within(given, wanted),
            name => match (name.strip_prefix("numeric"), name.strip_prefix("date")) {
                (Some(name), _) => {
                    let number = |text: &str| text.parse::<f64>().ok();
                    ordered(name, number(given), number(wanted))
                }
                (None, Some(name)) => ordered(name, moment(given), moment(wanted)),
                (None, None) => false,
            },
        }
    }
}

fn ordered<T: PartialOrd>(name: &str, given: Option<T>, wanted: Option<T>) -> bool {
    let (Some(given), Some(wanted)) = (given, wanted) else { return false };
    match name {
        "equals" => given == wanted,
        "lessthan" => given < wanted,
        "lessthanequals" => given <= wanted,
        "greaterthan" => given > wanted,
        "greaterthanequals" => given >= wanted,
        _ => false,
    }
}

/// A date as policies write it: a moment, a day, or seconds since 1970.
fn moment(text: &str) -> Option<Timestamp> {
    if let Ok(moment) = text.parse() {
        return Some(moment);
    }
    if let Ok(seconds) = text.parse() {
        return Timestamp::from_second(seconds).ok();
    }
    let day: jiff::civil::Date = text.parse().ok()?;
    Some(day.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
}

fn within(given: &str, wanted: &str) -> bool {
    let Ok(given) = given.parse::<IpAddr>() else { return false };
    match (wanted.parse::<ipnet::IpNet>(), wanted.parse::<IpAddr>()) {
        (Ok(range), _) => range.contains(&given),
        (_, Ok(address)) => address == given,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(statements: &str, action: &str, resource: &str, context: &Context) -> Verdict {
        let policy = format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#);
        judge(&[serde_json::from_str(&policy).unwrap()], action, resource, context)
    }

    const VPC: &str = "arn:aws:ec2:us-east-1:111122223333:vpc/vpc-1";

    #[test]
    fn nothing_is_allowed_that_no_statement_allows_and_a_deny_wins() {
        let none = Context::default();
        let allow = r#"{"Effect":"Allow","Action":["ec2:Create*","EC2:describe?pcs"],"Resource":"arn:aws:ec2:*:111122223333:vpc/*"}"#;
        assert_eq!(judged(allow, "ec2:CreateVpc", VPC, &none), Verdict::Allowed);
        assert_eq!(judged(allow, "ec2:DescribeVpcs", VPC, &none), Verdict::Allowed);
        assert_eq!(judged(allow, "ec2:DeleteVpc", VPC, &none), Verdict::NotAllowed);
        let elsewhere = VPC.replace("111122223333", "999999999999");
        assert_eq!(judged(allow, "ec2:CreateVpc", &elsewhere, &none), Verdict::NotAllowed);
        let both = format!(r#"{allow},{{"Effect":"Deny","Action":"*","Resource":"*"}}"#);
        assert_eq!(judged(&both, "ec2:CreateVpc", VPC, &none), Verdict::Denied);
    }

    #[test]
    fn not_action_and_not_resource_are_all_but_what_they_name() {
        let none = Context::default();
        let power = r#"{"Effect":"Allow","NotAction":["iam:*","sts:*"],"Resource":"*"}"#;
        assert_eq!(judged(power, "ec2:CreateVpc", VPC, &none), Verdict::Allowed);
        assert_eq!(judged(power, "iam:CreateRole", "*", &none), Verdict::NotAllowed);
        let rest = format!(r#"{{"Effect":"Allow","Action":"*","NotResource":"{VPC}"}}"#);
        assert_eq!(judged(&rest, "ec2:DeleteVpc", VPC, &none), Verdict::NotAllowed);
        assert_eq!(
            judged(&rest, "ec2:DeleteVpc", "arn:aws:ec2:us-east-1:111122223333:vpc/vpc-2", &none),
            Verdict::Allowed
        );
    }

    #[test]
    fn variables_stand_for_what_the_caller_is_and_hold_no_wildcards() {
        let own = r#"{"Effect":"Allow","Action":"*","Resource":"arn:aws:iam::1:role/${aws:PrincipalTag/team}-*"}"#;
        let of = |team: &str| Context::default().with("aws:PrincipalTag/team", team);
        assert_eq!(judged(own, "iam:GetRole", "arn:aws:iam::1:role/blue-1", &of("blue")), Verdict::Allowed);
        assert_eq!(judged(own, "iam:GetRole", "arn:aws:iam::1:role/red-1", &of("blue")), Verdict::NotAllowed);
        assert_eq!(judged(own, "iam:GetRole", "arn:aws:iam::1:role/red-1", &of("*")), Verdict::NotAllowed);
        let none = Context::default();
        assert_eq!(judged(own, "iam:GetRole", "arn:aws:iam::1:role/red-1", &none), Verdict::NotAllowed);
    }

    #[test]
    fn conditions_hold_by_their_operator() {
        let context = Context::default()
            .with("aws:RequestedRegion", "eu-west-1")
            .with("aws:RequestTag/team", "Blue")
            .with("aws:TagKeys", "team")
            .with("aws:TagKeys", "cost")
            .with("aws:CurrentTime", "2026-01-05T09:00:00Z")
            .with("aws:SourceIp", "10.1.2.3")
            .with("aws:PrincipalArn", "arn:aws:iam::1:role/a/b");
        let holds = |condition: &str| {
            let statement = format!(r#"{{"Effect":"Allow","Action":"*","Resource":"*","Condition":{condition}}}"#);
            judged(&statement, "ec2:CreateVpc", "*", &context) == Verdict::Allowed
        };
        for (condition, wanted) in [
            (r#"{"StringEquals":{"aws:RequestedRegion":["us-east-1","eu-west-1"]}}"#, true),
            (r#"{"StringNotEquals":{"aws:RequestedRegion":["us-east-1","eu-west-1"]}}"#, false),
            (r#"{"StringNotEquals":{"aws:RequestTag/absent":"x"}}"#, true),
            (r#"{"StringEquals":{"aws:RequestTag/absent":"x"}}"#, false),
            (r#"{"StringEqualsIfExists":{"aws:RequestTag/absent":"x"}}"#, true),
            (r#"{"StringEquals":{"AWS:REQUESTTAG/TEAM":"blue"}}"#, false),
            (r#"{"StringEqualsIgnoreCase":{"aws:RequestTag/team":"blue"}}"#, true),
            (r#"{"StringLike":{"aws:RequestTag/team":"B?u*"}}"#, true),
            (r#"{"Null":{"aws:RequestTag/team":"false","aws:RequestTag/absent":"true"}}"#, true),
            (r#"{"Null":{"aws:RequestTag/team":true}}"#, false),
            (r#"{"ForAllValues:StringEquals":{"aws:TagKeys":["team","cost","owner"]}}"#, true),
            (r#"{"ForAllValues:StringEquals":{"aws:TagKeys":["team"]}}"#, false),
            (r#"{"ForAnyValue:StringEquals":{"aws:TagKeys":["cost"]}}"#, true),
            (r#"{"ForAnyValue:StringEquals":{"aws:TagKeys":["owner"]}}"#, false),
            (
                r#"{"DateGreaterThan":{"aws:CurrentTime":"2026-01-01"},"DateLessThan":{"aws:CurrentTime":"2026-02-01T00:00:00Z"}}"#,
                true,
            ),
            (r#"{"DateLessThan":{"aws:CurrentTime":"2026-01-05T08:00:00Z"}}"#, false),
            (r#"{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}"#, true),
            (r#"{"NotIpAddress":{"aws:SourceIp":["10.0.0.0/8"]}}"#, false),
            (r#"{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/*"}}"#, true),
            (r#"{"ArnLike":{"aws:PrincipalArn":"arn:aws:*"}}"#, false),
            (r#"{"ArnNotEquals":{"aws:PrincipalArn":"arn:aws:iam::1:role/a/b"}}"#, false),
            (r#"{"NumericLessThan":{"aws:RequestTag/team":"5"}}"#, false),
        ] {
            assert_eq!(holds(condition), wanted, "{condition}");
        }
    }

    #[test]
    fn what_hangs_on_a_key_that_nobody_here_knows_is_not_decided() {
        let none = Context::default();
        let statement = r#"{"Effect":"Allow","Action":"ec2:*","Resource":"*","Condition":{"StringEquals":{"ec2:Tenancy":"default"}}}"#;
        assert_eq!(judged(statement, "ec2:CreateVpc", VPC, &none), Verdict::Unknown("ec2:Tenancy".to_owned()));
        assert_eq!(judged(statement, "eks:CreateCluster", VPC, &none), Verdict::NotAllowed, "it does not speak of it");
    }
}
