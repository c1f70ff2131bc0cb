//! What is refused of a policy's document, as far as it is written in place:
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>

use super::action;
use crate::check::{Findings, View};
use crate::expression::{Document, Expression};
use crate::{Datum, Nowhere, Partial};

/// What a policy is set on, by which AWS takes more or less of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind<'a> {
    /// What an identity may do: a policy of its own.
    Managed,
    /// The same, as part of a role.
    Inline,
    /// Who may take a role.
    Trust,
    /// A bucket, by its name where that is known.
    Bucket(Option<&'a str>),
    /// A topic of SNS.
    Topic,
    /// A KMS key.
    Key,
    /// Another resource: a secret, a VPC endpoint.
    Resource,
}

/// A part of a document.
#[derive(Debug)]
enum Seen {
    /// Not known yet.
    Unknown,
    /// A text.
    Text(String),
    /// A number, a truth value, or nothing.
    Scalar,
    List(Vec<Seen>),
    Object(Object),
}

/// An object, whose names AWS takes in any letters.
#[derive(Debug, Default)]
struct Object {
    entries: Vec<(String, Seen)>,
    /// Whether there are names that are not known yet.
    open: bool,
    /// Whether it says why it is so.
    reasoned: bool,
}

impl Seen {
    fn of(document: &Document) -> Self {
        match document {
            Document::Value(expression) => match expression.evaluate(&Nowhere) {
                Ok(Partial::Known(datum)) => Self::of_datum(&datum),
                _ => Self::Unknown,
            },
            Document::Number(_) => Self::Scalar,
            Document::Array(items) => Self::List(items.iter().map(Self::of).collect()),
            Document::Object(entries) => {
                let mut object = Object::default();
                for (key, value) in entries {
                    match key.evaluate(&Nowhere) {
                        Ok(Partial::Known(Datum::String(key))) => object.entries.push((key, Self::of(value))),
                        _ => object.open = true,
                    }
                }
                Self::Object(object)
            }
            Document::Because(_, document) => match Self::of(document) {
                Self::Object(object) => Self::Object(Object { reasoned: true, ..object }),
                other => other,
            },
        }
    }

    fn of_datum(datum: &Datum) -> Self {
        match datum {
            Datum::String(text) => Self::Text(text.clone()),
            Datum::List(items) => Self::List(items.iter().map(Self::of_datum).collect()),
            Datum::Map(entries) => {
                let entries = entries.iter().map(|(key, value)| (key.clone(), Self::of_datum(value))).collect();
                Self::Object(Object { entries, ..Object::default() })
            }
            Datum::Null | Datum::Integer(_) | Datum::Bool(_) => Self::Scalar,
        }
    }

    /// The texts that it is, or has as a list, as far as they are known.
    fn texts(&self) -> Vec<&str> {
        match self {
            Self::Text(text) => vec![text],
            Self::List(items) => items.iter().flat_map(Self::texts).collect(),
            Self::Unknown | Self::Scalar | Self::Object(_) => Vec::new(),
        }
    }

    /// Whether one of its texts is so, or may be once it is known.
    fn may_be(&self, is: &impl Fn(&str) -> bool) -> bool {
        match self {
            Self::Text(text) => is(text),
            Self::List(items) => items.iter().any(|item| item.may_be(is)),
            Self::Unknown | Self::Scalar | Self::Object(_) => true,
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::List(items) => items.is_empty(),
            Self::Object(object) => object.entries.is_empty() && !object.open,
            Self::Unknown | Self::Text(_) | Self::Scalar => false,
        }
    }
}

impl Object {
    /// The last one stands where a name is there twice.
    fn get(&self, name: &str) -> Option<&Seen> {
        self.entries.iter().rev().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    fn texts(&self, name: &str) -> Vec<&str> {
        self.get(name).map(Seen::texts).unwrap_or_default()
    }

    /// A name that is none of these.
    fn stranger(&self, known: &[&str]) -> Option<&str> {
        let is_known = |name: &str| known.iter().any(|one| one.eq_ignore_ascii_case(name));
        self.entries.iter().map(|(name, _)| name.as_str()).find(|name| !is_known(name))
    }
}

/// Refuses a document that AWS would refuse, by what is known of it.
pub(super) fn check(node: &View<'_>, field: &str, kind: Kind<'_>, findings: &mut Findings<'_>) {
    let Some(Expression::Json(document)) = node.node().fields.get(field) else { return };
    let mut flaws = Vec::new();
    check_policy(&Seen::of(document), kind, &mut flaws);
    for flaw in flaws {
        findings.refuse(format!("`{field}`: {flaw}"));
    }
}

/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html>
const VERSIONS: [&str; 2] = ["2012-10-17", "2008-10-17"];

fn check_policy(policy: &Seen, kind: Kind<'_>, flaws: &mut Vec<String>) {
    let policy = match policy {
        Seen::Object(policy) => policy,
        Seen::Unknown => return,
        _ => return flaws.push("a policy is an object with `Version` and `Statement`".to_owned()),
    };
    if let Some(odd) = policy.stranger(&["Version", "Id", "Statement"]) {
        flaws.push(format!("a policy has `Version`, `Id` and `Statement`, but no `{odd}`"));
    }
    let sound = match policy.get("Version") {
        Some(Seen::Text(version)) if kind == Kind::Managed => version == VERSIONS[0],
        Some(Seen::Text(version)) => VERSIONS.contains(&version.as_str()),
        Some(_) => true,
        None => kind != Kind::Managed || policy.open,
    };
    if !sound {
        flaws.push(format!("`Version` is {:?}", VERSIONS[0]));
    }
    let statements: Vec<&Seen> = match policy.get("Statement") {
        Some(Seen::List(statements)) => statements.iter().collect(),
        Some(one) => vec![one],
        None if policy.open => return,
        None => Vec::new(),
    };
    if statements.is_empty() {
        return flaws.push("a policy has one statement at least".to_owned());
    }
    let mut sids: Vec<&str> = Vec::new();
    for (statement, number) in statements.iter().zip(1..) {
        let one = match statement {
            Seen::Object(one) => one,
            Seen::Unknown => continue,
            _ => {
                flaws.push(format!("statement {number} is no object"));
                continue;
            }
        };
        let name = match one.texts("Sid").first() {
            Some(sid) if !sid.is_empty() => format!("statement {sid:?}"),
            _ => format!("statement {number}"),
        };
        let mut say = |flaw: String| flaws.push(format!("{name} {flaw}"));
        check_statement(one, kind, &mut say);
        // What a service's own policies call their statements, IAM does not look at.
        if matches!(kind, Kind::Managed | Kind::Inline | Kind::Trust) {
            for sid in one.texts("Sid") {
                check_sid(sid, &sids, &mut say);
                sids.push(sid);
            }
        }
    }
    if kind == Kind::Key && !statements.iter().any(|statement| may_let_change(statement)) {
        flaws.push(
            "no statement allows anyone of an account kms:PutKeyPolicy: KMS takes no policy that can't be changed again"
                .to_owned(),
        );
    }
}

/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_sid.html>
fn check_sid(sid: &str, before: &[&str], say: &mut impl FnMut(String)) {
    if !sid.bytes().all(|letter| letter.is_ascii_alphanumeric()) {
        say("has a `Sid` with other than letters and digits".to_owned());
    }
    if !sid.is_empty() && before.contains(&sid) {
        say("has the `Sid` of another statement before it".to_owned());
    }
}

const ELEMENTS: &[&str] =
    &["Sid", "Effect", "Action", "NotAction", "Principal", "NotPrincipal", "Condition", "Resource", "NotResource"];

fn check_statement(one: &Object, kind: Kind<'_>, say: &mut impl FnMut(String)) {
    if let Some(odd) = one.stranger(ELEMENTS) {
        say(format!("has `{odd}`, which no statement has"));
    }
    match one.get("Effect") {
        Some(Seen::Unknown) => {}
        Some(Seen::Text(effect)) if effect == "Allow" || effect == "Deny" => {}
        Some(Seen::Text(effect)) => say(format!("has the `Effect` {effect:?}; it is Allow or Deny")),
        None if one.open => {}
        _ => say("has no `Effect`: Allow or Deny".to_owned()),
    }
    one_of("Action", "NotAction", one, say);
    for action in ["Action", "NotAction"].into_iter().flat_map(|name| one.texts(name)) {
        if let Some(flaw) = action_flaw(action, kind) {
            say(flaw);
        }
    }
    check_resources(one, kind, say);
    check_principals(one, kind, say);
    check_condition(one, say);
    let identity = matches!(kind, Kind::Managed | Kind::Inline);
    if identity && !one.reasoned && one.texts("Effect") == ["Allow"] {
        let all = |name: &str, all: &[&str]| one.texts(name).iter().any(|text| all.contains(text));
        if all("Action", &["*", "*:*"]) && all("Resource", &["*"]) {
            say("allows everything: Statement::allow_everything(\"...\") says why".to_owned());
        }
    }
}

/// Refuses a statement that has none of an element and its opposite, or both.
fn one_of(name: &str, opposite: &str, one: &Object, say: &mut impl FnMut(String)) {
    match (one.get(name), one.get(opposite)) {
        (None, None) if one.open => {}
        (None, None) => say(format!("has no `{name}`")),
        (Some(_), Some(_)) => say(format!("has `{name}` and `{opposite}`: it is one or the other")),
        (Some(given), None) | (None, Some(given)) if given.is_empty() => say(format!("has no `{name}`")),
        _ => {}
    }
}

/// The actions that a topic's policy can speak of:
/// <https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-language-api-permissions-reference.html>
const OF_TOPICS: &[&str] = &[
    "addpermission",
    "deletetopic",
    "getdataprotectionpolicy",
    "gettopicattributes",
    "listsubscriptionsbytopic",
    "listtagsforresource",
    "publish",
    "putdataprotectionpolicy",
    "receive",
    "removepermission",
    "settopicattributes",
    "subscribe",
];

fn is_all(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|letter| letter == b'*')
}

fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '$'])
}

/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html>
fn action_flaw(action: &str, kind: Kind<'_>) -> Option<String> {
    if is_all(action) {
        return (kind == Kind::Topic).then(|| "has the action `*`; a topic's policy names SNS's own".to_owned());
    }
    let Some((service, name)) = action.split_once(':') else {
        return Some(format!("has the action {action:?}, which names no service: it is written as service:Action"));
    };
    if is_pattern(service) {
        return None;
    }
    let of = |wanted: &str| service.eq_ignore_ascii_case(wanted);
    match kind {
        Kind::Trust if !of("sts") => {
            Some(format!("has the action {action:?}; a trust policy takes STS's alone, as sts:AssumeRole"))
        }
        Kind::Bucket(_) if !of("s3") => Some(format!("has the action {action:?}; a bucket's policy takes S3's alone")),
        Kind::Topic if !of("sns") => Some(format!("has the action {action:?}; a topic's policy takes SNS's alone")),
        Kind::Topic => {
            let fits = OF_TOPICS.iter().any(|known| action::fits(name.as_bytes(), known.as_bytes()));
            (!fits || is_all(name)).then(|| format!("has the action {action:?}, which is none of a topic"))
        }
        // A document that is not typed is the way to what is newer than the table of actions.
        _ => None,
    }
}

fn check_resources(one: &Object, kind: Kind<'_>, say: &mut impl FnMut(String)) {
    if kind == Kind::Trust {
        for name in ["Resource", "NotResource"].into_iter().filter(|name| one.get(name).is_some()) {
            say(format!("has `{name}`; a trust policy speaks of its role alone"));
        }
        return;
    }
    one_of("Resource", "NotResource", one, say);
    for resource in ["Resource", "NotResource"].into_iter().flat_map(|name| one.texts(name)) {
        let flaw = match kind {
            Kind::Managed | Kind::Inline => arn_flaw(resource).map(str::to_owned),
            Kind::Bucket(name) => bucket_flaw(resource, name),
            Kind::Trust | Kind::Topic | Kind::Key | Kind::Resource => None,
        };
        if let Some(flaw) = flaw {
            say(format!("has the resource {resource:?}, {flaw}"));
        }
    }
}

/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html>
fn arn_flaw(resource: &str) -> Option<&'static str> {
    const WHOLE: &str = "which is no whole ARN: it is written as arn:aws:s3:::logs";
    if is_all(resource) {
        return None;
    }
    let parts: Vec<&str> = resource.splitn(6, ':').collect();
    let (head, last) = (parts.first()?, parts.last()?);
    if *head != "arn" {
        return (parts.len() == 1 || !is_pattern(head)).then_some("which is neither `*` nor an ARN");
    }
    if parts.len() < 6 && !is_pattern(last) {
        return Some(WHOLE);
    }
    let partition = parts.get(1)?;
    if !partition.starts_with("aws") && !is_pattern(partition) {
        return Some("whose partition is none: it is aws");
    }
    let [_, _, service, region, _, _] = parts[..] else { return None };
    if service.is_empty() {
        return Some(WHOLE);
    }
    if !is_all(service) && service.contains('*') {
        return Some("whose service is a pattern: IAM takes its whole name");
    }
    (service == "iam" && !region.is_empty() && !is_pattern(region))
        .then_some("which has a region, as nothing of IAM has")
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-arn-format.html>
fn bucket_flaw(resource: &str, name: Option<&str>) -> Option<String> {
    let parts: Vec<&str> = resource.splitn(6, ':').collect();
    let ["arn", _, "s3", "", "", path] = parts[..] else {
        return Some(
            "which is neither a bucket, arn:aws:s3:::NAME, nor objects in one, arn:aws:s3:::NAME/*".to_owned(),
        );
    };
    let bucket = path.split('/').next().unwrap_or_default();
    let name = name.filter(|name| *name != bucket && !is_pattern(bucket))?;
    Some(format!("and is set on {name}"))
}

fn check_principals(one: &Object, kind: Kind<'_>, say: &mut impl FnMut(String)) {
    if matches!(kind, Kind::Managed | Kind::Inline) {
        for name in ["Principal", "NotPrincipal"].into_iter().filter(|name| one.get(name).is_some()) {
            say(format!("has `{name}`; a policy of an identity speaks of that alone"));
        }
        return;
    }
    one_of("Principal", "NotPrincipal", one, say);
    for principal in ["Principal", "NotPrincipal"].into_iter().filter_map(|name| one.get(name)) {
        let kinds = match principal {
            Seen::Object(kinds) => kinds,
            Seen::Unknown => continue,
            Seen::Text(any) if any == "*" => continue,
            Seen::List(none) if none.is_empty() => continue,
            _ => {
                say("has a principal that is neither `*` nor an object with `AWS`, `Service` or `Federated`".to_owned());
                continue;
            }
        };
        if let Some(odd) = kinds.stranger(&["AWS", "Service", "Federated", "CanonicalUser"]) {
            say(format!("has a principal of the kind `{odd}`; there are AWS, Service, Federated and CanonicalUser"));
        }
        for name in kinds.texts("AWS").into_iter().filter(|name| !is_aws_principal(name)) {
            say(format!("has the AWS principal {name:?}; it is `*`, an account, or the ARN of a role or user"));
        }
        for name in kinds.texts("Service").into_iter().filter(|name| !is_service_principal(name)) {
            say(format!("has the service principal {name:?}; it is written as ec2.amazonaws.com"));
        }
        for name in kinds.texts("Federated").into_iter().filter(|name| !is_federated_principal(name)) {
            say(format!(
                "has the federated principal {name:?}; it is a provider's ARN, or a name as accounts.google.com"
            ));
        }
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|digit| digit.is_ascii_digit())
}

/// What IAM's ARNs name that can't ask for anything.
const NO_ONE: &[&str] = &["group/", "policy/", "instance-profile/"];

/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html>
fn is_aws_principal(name: &str) -> bool {
    if name == "*" || is_account(name) || name.contains('$') {
        return true;
    }
    // The id of a role or user, as AWS shows one that is deleted.
    let is_id = |name: &str| name.bytes().all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit());
    if name.len() >= 16 && name.starts_with('A') && is_id(name) {
        return true;
    }
    let parts: Vec<&str> = name.splitn(6, ':').collect();
    let ["arn", partition, "iam" | "sts", "", account, path] = parts[..] else { return false };
    partition.starts_with("aws")
        && (is_account(account) || account == "cloudfront")
        && !path.is_empty()
        && !path.contains('*')
        && !NO_ONE.iter().any(|kind| path.starts_with(kind))
}

/// What the names of services end in, in one partition or another.
const OF_SERVICES: &[&str] = &[
    ".amazonaws.com",
    ".amazonaws.com.cn",
    ".amazonaws.eu",
    ".amazon.com",
    ".aws.internal",
    ".ic.gov",
    ".sgov.gov",
    ".adc-e.uk",
    ".csp.hci.ic.gov",
];

/// Whether a name looks like a service's, which need not exist.
fn is_service_principal(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let is_word =
        |word: &str| !word.is_empty() && word.bytes().all(|letter| letter.is_ascii_alphanumeric() || letter == b'-');
    name == "*" || (name.split('.').all(is_word) && OF_SERVICES.iter().any(|end| name.ends_with(end)))
}

fn is_federated_principal(name: &str) -> bool {
    if is_pattern(name) {
        return true;
    }
    let parts: Vec<&str> = name.splitn(6, ':').collect();
    match parts[..] {
        ["arn", partition, "iam", "", account, provider] => {
            let kinds = ["oidc-provider/", "saml-provider/"];
            partition.starts_with("aws") && is_account(account) && kinds.iter().any(|kind| provider.starts_with(kind))
        }
        _ => name.contains('.') && !name.contains([':', '/']),
    }
}

/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>
const OPERATORS: &[&str] = &[
    "stringequals",
    "stringnotequals",
    "stringequalsignorecase",
    "stringnotequalsignorecase",
    "stringlike",
    "stringnotlike",
    "numericequals",
    "numericnotequals",
    "numericlessthan",
    "numericlessthanequals",
    "numericgreaterthan",
    "numericgreaterthanequals",
    "dateequals",
    "datenotequals",
    "datelessthan",
    "datelessthanequals",
    "dategreaterthan",
    "dategreaterthanequals",
    "bool",
    "binaryequals",
    "ipaddress",
    "notipaddress",
    "arnequals",
    "arnlike",
    "arnnotequals",
    "arnnotlike",
    "null",
];

fn check_condition(one: &Object, say: &mut impl FnMut(String)) {
    let operators = match one.get("Condition") {
        Some(Seen::Object(operators)) => operators,
        None | Some(Seen::Unknown) => return,
        Some(_) => return say("has a `Condition` that is no object".to_owned()),
    };
    for (operator, keys) in &operators.entries {
        if !is_operator(operator) {
            say(format!("has the operator {operator:?}, which no condition has; StringEquals is one"));
        } else if !matches!(keys, Seen::Object(_) | Seen::Unknown) {
            say(format!("has {operator:?} without a key to look at"));
        }
    }
}

fn is_operator(operator: &str) -> bool {
    let name = operator.to_ascii_lowercase();
    let name = name.strip_prefix("forallvalues:").or_else(|| name.strip_prefix("foranyvalue:")).unwrap_or(&name);
    let name = name.strip_suffix("ifexists").unwrap_or(name);
    OPERATORS.contains(&name)
}

/// Whether a statement of a key's policy may let somebody of an account set the policy again:
/// <https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html#prevent-unmanageable-key>
fn may_let_change(statement: &Seen) -> bool {
    let Seen::Object(one) = statement else { return true };
    let denies = one.get("Effect").is_some_and(|effect| !effect.may_be(&|effect| effect == "Allow"));
    let changes = |action: &str| {
        let (service, name) = action.split_once(':').unwrap_or((action, action));
        action::fits(service.as_bytes(), b"kms") && action::fits(name.as_bytes(), b"putkeypolicy")
    };
    let acts = one.get("Action").is_none_or(|actions| actions.may_be(&changes));
    let of_an_account = match one.get("Principal") {
        Some(Seen::Object(kinds)) => kinds.open || kinds.get("AWS").is_some(),
        _ => true,
    };
    one.open || (!denies && acts && of_an_account)
}
