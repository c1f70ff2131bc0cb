//! Policy documents: what IAM accepts, in which words it refuses the rest, and how it shows them.

use std::sync::LazyLock;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use regex::Regex;
use serde_json::{Map, Value as Json};

use super::quota;
use super::role::Role;
use super::service_principal;
use crate::cloudfront::origin_access_identity::OriginAccessIdentity;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::strict_json;
use crate::world::Tx;

const GRAMMAR: &str = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("iam.document.json", "a policy is JSON that names each member once", GRAMMAR),
    Rule::new("iam.document.grammar", "a policy follows the grammar of policies", GRAMMAR),
    Rule::new(
        "iam.document.version",
        "an identity's policy is of version 2012-10-17",
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html",
    ),
    Rule::new(
        "iam.document.sid",
        "statement ids are alphanumeric and unique in their policy",
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_sid.html",
    ),
    Rule::new(
        "iam.document.action",
        "an action names its service",
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html",
    ),
    Rule::new(
        "iam.document.condition",
        "what a condition compares with dates are dates",
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html",
    ),
    Rule::new(
        "iam.document.resource",
        "a resource is * or an ARN as its service has them",
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html",
    ),
    Rule::new(
        "iam.document.principal",
        "an identity's policy has no principal, and a trust policy has one that can exist",
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html",
    ),
    Rule::new(
        "iam.document.size",
        "policies have limits, counted without white space",
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html",
    ),
    Rule::new(
        "iam.document.trust",
        "a trust policy speaks of STS's actions and of no resource",
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_update-role-trust-policy.html",
    ),
];

const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The document as IAM's answers hold it.
#[must_use]
pub fn encode(document: &str) -> String {
    utf8_percent_encode(document, ENCODED).to_string()
}

/// How much of a quota a document takes.
#[must_use]
pub fn size(document: &str) -> usize {
    document.chars().filter(|letter| !letter.is_whitespace()).count()
}

/// Refuses a document that is too large.
///
/// # Errors
/// In that case.
pub fn within(tx: &Tx<'_>, document: &str, name: &str, limit: i64) -> Result<(), Refusal> {
    let fits = i64::try_from(size(document)).unwrap_or(i64::MAX) <= limit;
    tx.enforce("iam.document.size", fits, || quota(name, limit))
}

fn malformed(why: impl Into<String>) -> Refusal {
    Refusal::new("MalformedPolicyDocument", why.into())
}

const SYNTAX: &str = "Syntax errors in policy.";

/// Checks a policy of an identity.
///
/// # Errors
/// `MalformedPolicyDocument`.
pub fn identity(tx: &Tx<'_>, text: &str) -> Result<String, Refusal> {
    let Some(policy) = strict_json::parse(text.as_bytes()) else {
        tx.enforce("iam.document.json", false, || malformed(SYNTAX))?;
        return Ok(text.to_owned());
    };
    let statements = statements(&policy, &["Version", "Id", "Statement"]);
    let Some(statements) = statements else {
        tx.enforce("iam.document.grammar", false, || malformed(SYNTAX))?;
        return Ok(text.to_owned());
    };
    let principal = statements.iter().any(|one| one.contains_key("Principal") || one.contains_key("NotPrincipal"));
    tx.enforce("iam.document.principal", !principal, || malformed("Policy document should not specify a principal."))?;
    let sound = statements.iter().all(|one| {
        let known = [
            "Sid",
            "Effect",
            "Action",
            "NotAction",
            "Resource",
            "NotResource",
            "Condition",
            "Principal",
            "NotPrincipal",
        ];
        one.keys().all(|key| known.contains(&key.as_str()))
            && matches!(one.get("Effect").and_then(Json::as_str), Some("Allow" | "Deny"))
            && !(one.contains_key("Action") && one.contains_key("NotAction"))
            && !(one.contains_key("Resource") && one.contains_key("NotResource"))
            && ["Action", "NotAction", "Resource", "NotResource"].iter().all(|key| one.get(*key).is_none_or(is_text))
            && one.get("Condition").is_none_or(is_condition)
    });
    tx.enforce("iam.document.grammar", sound, || malformed(SYNTAX))?;
    let version = policy.get("Version").and_then(Json::as_str);
    tx.enforce("iam.document.version", version == Some("2012-10-17"), || {
        malformed("Policy document must be version 2012-10-17 or greater.")
    })?;
    let dated = statements.iter().all(|one| one.get("Condition").is_none_or(has_dates));
    tx.enforce("iam.document.condition", dated, || malformed(PARSING))?;
    sids(tx, &statements)?;
    for statement in &statements {
        let actions = texts(statement, "Action").or_else(|| texts(statement, "NotAction")).unwrap_or_default();
        tx.enforce("iam.document.grammar", !actions.is_empty(), || {
            malformed("Policy statement must contain actions.")
        })?;
        let resources = texts(statement, "Resource").or_else(|| texts(statement, "NotResource")).unwrap_or_default();
        tx.enforce("iam.document.grammar", !resources.is_empty(), || {
            malformed("Policy statement must contain resources.")
        })?;
        for resource in resources {
            tx.enforce("iam.document.resource", resource_flaw(resource).is_none(), || {
                malformed(resource_flaw(resource).unwrap_or_default())
            })?;
        }
        for action in actions {
            tx.enforce("iam.document.action", action_flaw(action).is_none(), || {
                malformed(action_flaw(action).unwrap_or_default())
            })?;
        }
    }
    Ok(text.to_owned())
}

/// Checks a role's trust policy, and gives it as IAM keeps it.
///
/// # Errors
/// `MalformedPolicyDocument`.
pub fn trust(tx: &Tx<'_>, text: &str) -> Result<String, Refusal> {
    within(tx, text, "ACLSizePerRole", tx.quota("iam.trust_policy"))?;
    let mut policy = match strict_json::parse(text.as_bytes()) {
        Some(policy @ Json::Object(_)) => policy,
        _ => {
            tx.enforce("iam.document.json", false, || malformed("This policy contains invalid Json"))?;
            return Ok(text.to_owned());
        }
    };
    let Some(statements) = statements(&policy, &["Version", "Id", "Statement"]) else {
        let flaw = match policy
            .as_object()
            .and_then(|top| top.keys().find(|key| !["Version", "Id", "Statement"].contains(&key.as_str())))
        {
            Some(unknown) => format!("Unknown field {unknown}"),
            None if policy.get("Statement").is_none() => "Missing required field Statement".to_owned(),
            None => SYNTAX.to_owned(),
        };
        tx.enforce("iam.document.grammar", false, || malformed(flaw))?;
        return Ok(text.to_owned());
    };
    for statement in &statements {
        trust_statement(tx, statement)?;
    }
    sids(tx, &statements)?;
    drop(statements);
    Ok(if name_roots(&mut policy) { policy.to_string() } else { text.to_owned() })
}

fn trust_statement(tx: &Tx<'_>, statement: &Map<String, Json>) -> Result<(), Refusal> {
    let grammar = |holds: bool, why: &str| tx.enforce("iam.document.grammar", holds, || malformed(why));
    for field in ["Resource", "NotResource"] {
        let absent = !statement.contains_key(field);
        tx.enforce("iam.document.trust", absent, || malformed(format!("Has prohibited field {field}")))?;
    }
    let known =
        ["Sid", "Effect", "Action", "NotAction", "Principal", "NotPrincipal", "Condition", "Resource", "NotResource"];
    if let Some(unknown) = statement.keys().find(|key| !known.contains(&key.as_str())) {
        grammar(false, &format!("Unknown field {unknown}"))?;
    }
    match statement.get("Effect").and_then(Json::as_str) {
        Some("Allow" | "Deny") => {}
        Some(other) => grammar(false, &format!("Invalid effect: {other}"))?,
        None => grammar(false, "Missing required field Effect")?,
    }
    let actions = texts(statement, "Action").or_else(|| texts(statement, "NotAction"));
    grammar(actions.as_ref().is_some_and(|actions| !actions.is_empty()), "Missing required field Action")?;
    for action in actions.unwrap_or_default() {
        let of_sts = action == "*" || action.to_lowercase().starts_with("sts:");
        tx.enforce("iam.document.trust", of_sts, || {
            malformed("AssumeRole policy may only specify STS AssumeRole actions.")
        })?;
    }
    if let Some(condition) = statement.get("Condition") {
        grammar(is_condition(condition), SYNTAX)?;
    }
    let principal = statement.get("Principal").or_else(|| statement.get("NotPrincipal"));
    let Some(principal) = principal else {
        return tx.enforce("iam.document.principal", false, || malformed("Missing required field Principal"));
    };
    match principal {
        Json::String(any) if any == "*" => Ok(()),
        Json::Object(kinds) if !kinds.is_empty() => {
            for kind in kinds.keys() {
                for name in texts(kinds, kind).unwrap_or_default() {
                    tx.enforce("iam.document.principal", can_be(tx, kind, name), || {
                        // AWS writes the kinds of principals in this way.
                        let kind = if kind == "AWS" { "AWS".to_owned() } else { kind.to_uppercase() };
                        malformed(format!("Invalid principal in policy: \"{kind}\":\"{name}\""))
                    })?;
                }
            }
            Ok(())
        }
        _ => tx.enforce("iam.document.principal", false, || malformed("Missing required field Principal")),
    }
}

/// Why a policy of a resource is none; each service has its own words for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResourceFlaw {
    /// It does not follow the grammar.
    Grammar,
    /// A principal that can't be.
    Principal,
}

/// The statements of a policy that belongs to a resource: a key, a bucket, a secret, a topic.
///
/// # Errors
/// When it is no such policy.
pub fn resource(tx: &Tx<'_>, text: &str) -> Result<Vec<Map<String, Json>>, ResourceFlaw> {
    let policy = strict_json::parse(text.as_bytes()).ok_or(ResourceFlaw::Grammar)?;
    let found = statements(&policy, &["Version", "Id", "Statement"]).ok_or(ResourceFlaw::Grammar)?;
    let known =
        ["Sid", "Effect", "Action", "NotAction", "Principal", "NotPrincipal", "Condition", "Resource", "NotResource"];
    for one in &found {
        let either = |left: &str, right: &str| one.contains_key(left) != one.contains_key(right);
        let sound = one.keys().all(|key| known.contains(&key.as_str()))
            && matches!(one.get("Effect").and_then(Json::as_str), Some("Allow" | "Deny"))
            && either("Action", "NotAction")
            && either("Resource", "NotResource")
            && ["Action", "NotAction", "Resource", "NotResource"].iter().all(|key| one.get(*key).is_none_or(is_text))
            && one.get("Condition").is_none_or(is_condition);
        if !sound {
            return Err(ResourceFlaw::Grammar);
        }
        match one.get("Principal").or_else(|| one.get("NotPrincipal")) {
            Some(Json::String(any)) if any == "*" => {}
            Some(Json::Object(kinds)) if !kinds.is_empty() => {
                for kind in kinds.keys() {
                    let names = texts(kinds, kind).ok_or(ResourceFlaw::Grammar)?;
                    if !names.iter().all(|name| can_be(tx, kind, name)) {
                        return Err(ResourceFlaw::Principal);
                    }
                }
            }
            _ => return Err(ResourceFlaw::Grammar),
        }
    }
    Ok(found.into_iter().cloned().collect())
}

/// Whether a principal of a trust policy can exist; roles and users of the same account have to.
fn can_be(tx: &Tx<'_>, kind: &str, name: &str) -> bool {
    match kind {
        "AWS" => {
            if name == "*" || is_account(name) {
                return true;
            }
            let unique = |prefix: &str| name.len() == 21 && name.starts_with(prefix);
            if unique("AROA") || unique("AIDA") {
                return tx.rows::<Role>().any(|role| role.role_id == name);
            }
            let parts: Vec<&str> = name.splitn(6, ':').collect();
            match parts[..] {
                ["arn", "aws", "iam", "", account, resource] if is_account(account) => {
                    match resource.strip_prefix("role/") {
                        Some(role) if account == tx.account() => {
                            let last = role.rsplit('/').next().unwrap_or_default();
                            tx.propagated::<Role>(&Role::id_of(last)).is_some_and(|role| role.arn == name)
                        }
                        Some(role) => !role.is_empty(),
                        None if resource == "root" => true,
                        // No user is made here: there are the administrators, of whom the caller may be one.
                        None if account == tx.account() => {
                            resource == "user/administrator"
                                || (name == tx.principal().arn && resource.starts_with("user/"))
                        }
                        None => resource.strip_prefix("user/").is_some_and(|user| !user.is_empty()),
                    }
                }
                ["arn", "aws", "sts", "", account, resource] if is_account(account) => {
                    resource.starts_with("assumed-role/") || resource.starts_with("federated-user/")
                }
                ["arn", "aws", "iam", "", "cloudfront", _] => {
                    tx.everywhere::<OriginAccessIdentity>().any(|identity| identity.arn() == name)
                }
                _ => false,
            }
        }
        "Service" => service_principal::exists(name),
        "Federated" => match name.strip_prefix("arn:aws:iam::") {
            Some(rest) => rest.split_once(':').is_some_and(|(account, resource)| {
                let kinds = ["oidc-provider/", "saml-provider/"];
                is_account(account)
                    && kinds.iter().any(|kind| resource.len() > kind.len() && resource.starts_with(kind))
            }),
            None => name.contains('.') && !name.contains(':') && !name.contains('/'),
        },
        "CanonicalUser" => {
            name.len() == 64 || tx.everywhere::<OriginAccessIdentity>().any(|identity| identity.user == name)
        }
        _ => false,
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|digit| digit.is_ascii_digit())
}

/// Writes accounts in principals as their roots' ARNs, as IAM keeps them; false where there are none.
fn name_roots(policy: &mut Json) -> bool {
    let mut named = false;
    let mut rename = |name: &mut Json| {
        if let Some(account) = name.as_str().filter(|text| is_account(text)) {
            *name = Json::String(format!("arn:aws:iam::{account}:root"));
            named = true;
        }
    };
    let statements = match policy.get_mut("Statement") {
        Some(Json::Array(statements)) => statements.iter_mut().collect(),
        Some(one) => vec![one],
        None => Vec::new(),
    };
    for statement in statements {
        match statement.get_mut("Principal").and_then(|principal| principal.get_mut("AWS")) {
            Some(Json::Array(names)) => names.iter_mut().for_each(&mut rename),
            Some(name) => rename(name),
            None => {}
        }
    }
    named
}

/// A policy's statements; none where its top is not as the grammar has it.
fn statements<'p>(policy: &'p Json, known: &[&str]) -> Option<Vec<&'p Map<String, Json>>> {
    let top = policy.as_object()?;
    let version = top.get("Version");
    let sound = top.keys().all(|key| known.contains(&key.as_str()))
        && version.is_none_or(|version| matches!(version.as_str(), Some("2012-10-17" | "2008-10-17")))
        && top.get("Id").is_none_or(Json::is_string);
    if !sound {
        return None;
    }
    match top.get("Statement")? {
        Json::Object(one) => Some(vec![one]),
        Json::Array(several) if !several.is_empty() => several.iter().map(Json::as_object).collect(),
        _ => None,
    }
}

fn sids(tx: &Tx<'_>, statements: &[&Map<String, Json>]) -> Result<(), Refusal> {
    let mut seen = std::collections::BTreeSet::new();
    for sid in statements.iter().filter_map(|statement| statement.get("Sid")) {
        let text = sid.as_str();
        let sound = text.is_some_and(|text| text.bytes().all(|letter| letter.is_ascii_alphanumeric()));
        tx.enforce("iam.document.sid", sound, || {
            malformed(
                "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression \
                 [0-9A-Za-z]*",
            )
        })?;
        let text = text.unwrap_or_default();
        tx.enforce("iam.document.sid", text.is_empty() || seen.insert(text), || {
            malformed("Statement IDs (SID) in a single policy must be unique.")
        })?;
    }
    Ok(())
}

fn is_text(value: &Json) -> bool {
    match value {
        Json::String(_) => true,
        Json::Array(items) => items.iter().all(Json::is_string),
        _ => false,
    }
}

/// The texts of a member that is one or a list of them.
fn texts<'p>(record: &'p Map<String, Json>, name: &str) -> Option<Vec<&'p str>> {
    match record.get(name)? {
        Json::String(one) => Some(vec![one]),
        Json::Array(several) => several.iter().map(Json::as_str).collect(),
        _ => None,
    }
}

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

/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>
fn is_condition(value: &Json) -> bool {
    let Some(operators) = value.as_object() else { return false };
    operators.iter().all(|(operator, keys)| {
        let name = operator.to_lowercase();
        let name = name.strip_prefix("forallvalues:").or_else(|| name.strip_prefix("foranyvalue:")).unwrap_or(&name);
        let name = name.strip_suffix("ifexists").unwrap_or(name);
        let scalar = |value: &Json| matches!(value, Json::String(_) | Json::Bool(_) | Json::Number(_));
        let sound = |value: &Json| scalar(value) || value.as_array().is_some_and(|items| items.iter().all(scalar));
        OPERATORS.contains(&name) && keys.as_object().is_some_and(|keys| keys.values().all(sound))
    })
}

/// Whether what a condition compares with dates are dates: of all values these are the ones that IAM is known to look at
/// when a policy is written, by <https://github.com/getmoto/moto/blob/master/tests/test_iam/test_iam_policies.py>.
fn has_dates(condition: &Json) -> bool {
    let is_date = |value: &Json| value.as_str().is_none_or(is_date);
    condition.as_object().into_iter().flatten().all(|(operator, keys)| {
        let name = operator.to_lowercase();
        let name = name.rsplit_once(':').map_or(name.as_str(), |(_, name)| name);
        let values = keys.as_object().into_iter().flat_map(Map::values);
        !name.starts_with("date")
            || values.into_iter().all(|value| match value {
                Json::Array(several) => several.iter().all(is_date),
                one => is_date(one),
            })
    })
}

/// Whether a text is a year, or seconds since 1970, or a date with or without a time in the form of ISO 8601.
fn is_date(text: &str) -> bool {
    static FORM: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let time = r"([01]?\d|2[0-3])?(:[0-5]?\d(:[0-5]?\d(\.\d{1,9})?(Z|[+-]\d{1,2}(:?\d{2})?)?)?)?Z?";
        Regex::new(&format!(r"(?i)^-?\d{{1,12}}(-(0?[1-9]|1[0-2])(-(0?[1-9]|[12]\d|3[01]))?)?(T{time})?$")).ok()
    });
    FORM.as_ref().is_none_or(|form| form.is_match(text))
}

fn action_flaw(action: &str) -> Option<String> {
    if action == "*" {
        return None;
    }
    let Some((vendor, rest)) = action.split_once(':') else {
        return Some("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.".to_owned());
    };
    if rest.contains(':') {
        return Some("Actions/Condition can contain only one colon.".to_owned());
    }
    let sound = !vendor.is_empty() && vendor.bytes().all(|letter| letter.is_ascii_alphanumeric() || letter == b'-');
    (!sound).then(|| format!("Vendor {vendor} is not valid"))
}

const PARSING: &str = "The policy failed legacy parsing";

/// What IAM has against a resource. Its words are those that
/// <https://github.com/getmoto/moto/blob/master/tests/test_iam/test_iam_policies.py> and
/// <https://github.com/versity/versitygw/tree/main/tests/integration> hold to AWS.
fn resource_flaw(resource: &str) -> Option<String> {
    if resource == "*" {
        return None;
    }
    let Some((head, rest)) = resource.split_once(':') else {
        return Some(format!("Resource {resource} must be in ARN format or \"*\"."));
    };
    let fields: Vec<&str> = rest.splitn(5, ':').collect();
    if head == "arn" && fields.len() < 5 && resource.contains("::") {
        return Some(PARSING.to_owned());
    }
    let partition = fields[0];
    // The account's own partition is the one that is simulated.
    if !["aws", "*"].contains(&partition) && !partition.contains("${") {
        let shown = |place: usize| match fields.get(place) {
            Some(&"") if fields.len() == 2 => "*",
            Some(field) => field,
            None => "*",
        };
        let shown = [shown(1), shown(2), shown(3), shown(4)].join(":");
        return Some(format!("Partition \"{partition}\" is not valid for resource \"arn:{partition}:{shown}\"."));
    }
    let Some(vendor) = fields.get(1).copied() else {
        return Some("Resource vendor must be fully qualified and cannot contain regexes.".to_owned());
    };
    if vendor != "*" && vendor.contains('*') && fields.len() > 2 {
        return Some("Resource vendor must be fully qualified and cannot contain regexes.".to_owned());
    }
    match fields[..] {
        [_, vendor, region, account, path] => scope_flaw(resource, vendor, region, account, path),
        _ if !resource.ends_with('*') => Some(PARSING.to_owned()),
        _ => None,
    }
}

/// Kinds of S3's resources that stand in a region:
/// <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html#amazons3-resources-for-iam-policies>
const REGIONAL_IN_S3: &[&str] =
    &["accesspoint/", "job/", "storage-lens/", "storage-lens-group/", "async-request/", "access-grants/"];

const PATHS_OF_IAM: &[&str] = &[
    "user/",
    "federated-user/",
    "role/",
    "group/",
    "instance-profile/",
    "mfa/",
    "server-certificate/",
    "policy/",
    "sms-mfa/",
    "saml-provider/",
    "oidc-provider/",
    "report/",
    "access-report/",
];

/// What IAM has against a region or an account in the ARN of what has none, and against what is no resource of its own.
///
/// <https://github.com/aws/aws-cdk/issues/13104> has IAM's words, <https://github.com/aws/aws-cdk/issues/22445> S3's;
/// of Route 53 the same is told. No report has words for CloudFront.
fn scope_flaw(resource: &str, vendor: &str, region: &str, account: &str, path: &str) -> Option<String> {
    match vendor {
        "iam" if !region.is_empty() => Some(format!("IAM resource {resource} cannot contain region information.")),
        "iam" => {
            let known = ["*", "root"].contains(&path)
                || path.starts_with("${")
                || PATHS_OF_IAM.iter().any(|kind| path.starts_with(kind));
            let kinds = PATHS_OF_IAM.join(", ");
            (!known).then(|| format!("IAM resource path must either be \"*\", root, or start with {kinds}."))
        }
        "s3" | "route53" if !region.is_empty() && !REGIONAL_IN_S3.iter().any(|kind| path.starts_with(kind)) => {
            Some(format!("Resource {resource} can not contain region information."))
        }
        "route53" if is_account(account) => Some(format!("Resource {resource} cannot contain an account id.")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::client::{Answer, Client};

    const TWICE: &str =
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Effect":"Allow","Action":"ec2:*","Resource":"*"}]}"#;

    #[test]
    fn what_is_compared_with_dates_is_looked_at_and_nothing_else() {
        let looked_at = |condition: &str| super::has_dates(&serde_json::from_str(condition).unwrap());
        for sound in
            ["2017-07-01T00:00:00Z", "2019-07-01t23:59:59.5+02:00", "1979", "1735689600", "2019-07", "2019-7-1"]
        {
            assert!(looked_at(&format!(r#"{{"DateLessThan":{{"aws:CurrentTime":"{sound}"}}}}"#)), "{sound}");
        }
        for unsound in ["tomorrow", "2019-13-01", "2019-07-01T25:00:00Z", "2019-07-01 00:00:00", ""] {
            let condition = format!(r#"{{"ForAnyValue:DateEqualsIfExists":{{"aws:CurrentTime":["{unsound}"]}}}}"#);
            assert!(!looked_at(&condition), "{unsound}");
        }
        assert!(looked_at(r#"{"NumericEquals":{"s3:max-keys":"many"},"Bool":{"aws:SecureTransport":"perhaps"}}"#));
    }

    async fn trusting(client: &Client, name: &str, principal: &str) -> Answer {
        let trust = format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":"{principal}"}},"Action":"sts:AssumeRole"}}]}}"#
        );
        let parameters = [("RoleName", name), ("AssumeRolePolicyDocument", trust.as_str())];
        client.query("iam", "2010-05-08", "CreateRole", &parameters).await
    }

    #[tokio::test(start_paused = true)]
    async fn a_document_that_names_a_member_twice_is_refused_wherever_one_is_given() {
        let client = Client::calm();
        client.role("r", "ec2.amazonaws.com").await;
        let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Effect":"Allow","Principal":{"AWS":"000000000000"},"Action":"sts:AssumeRole"}]}"#;
        let kept = TWICE.replace(r#""Effect":"Deny","#, "");
        let made = client.iam("CreatePolicy", &[("PolicyName", "p"), ("PolicyDocument", &kept)]).await.one("Arn");
        for (operation, parameters) in [
            ("CreateRole", [("RoleName", "other"), ("AssumeRolePolicyDocument", trust)].to_vec()),
            ("UpdateAssumeRolePolicy", [("RoleName", "r"), ("PolicyDocument", trust)].to_vec()),
            ("PutRolePolicy", [("RoleName", "r"), ("PolicyName", "p"), ("PolicyDocument", TWICE)].to_vec()),
            ("CreatePolicy", [("PolicyName", "q"), ("PolicyDocument", TWICE)].to_vec()),
            ("CreatePolicyVersion", [("PolicyArn", made.as_str()), ("PolicyDocument", TWICE)].to_vec()),
        ] {
            let refused = client.query("iam", "2010-05-08", operation, &parameters).await;
            assert_eq!((refused.status, refused.code.as_str()), (400, "MalformedPolicyDocument"), "{operation}");
        }
    }

    #[test]
    fn a_resource_is_an_arn_as_its_service_has_them() {
        for sound in [
            "*",
            "arn:aws:s3:::bucket/*",
            "arn:aws:s3:us-east-1:000000000000:accesspoint/a",
            "arn:aws:iam::*:role/*",
            "arn:aws:iam::000000000000:root",
            "arn:aws:route53:::hostedzone/*",
            "arn:aws:cloudfront::000000000000:distribution/*",
            "arn:aws:ec2:*:*:instance/*",
        ] {
            assert_eq!(super::resource_flaw(sound), None, "{sound}");
        }
        let iam = "IAM resource path must either be \"*\", root, or start with user/, federated-user/, role/, group/, \
                   instance-profile/, mfa/, server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, \
                   report/, access-report/.";
        for (resource, why) in [
            ("adf", "Resource adf must be in ARN format or \"*\"."),
            ("a:b:c:d:e:f:g:h", "Partition \"b\" is not valid for resource \"arn:b:c:d:e:f:g:h\"."),
            ("a:bsdfdsafsad", "Partition \"bsdfdsafsad\" is not valid for resource \"arn:bsdfdsafsad:*:*:*:*\"."),
            ("aws:s3:::example_bucket", "Partition \"s3\" is not valid for resource \"arn:s3:::example_bucket:*\"."),
            ("s3::example-bucket/*", "Partition \"\" is not valid for resource \"arn::example-bucket/*:*:*:*\"."),
            ("arn:aws-cn:s3:::b", "Partition \"aws-cn\" is not valid for resource \"arn:aws-cn:s3:::b\"."),
            ("arn:aws", "Resource vendor must be fully qualified and cannot contain regexes."),
            ("arn:aws:s3::example_bucket", super::PARSING),
            ("arn:awss3::example-bucket/*", super::PARSING),
            ("arn:aws:iam:us-east-1::b", "IAM resource arn:aws:iam:us-east-1::b cannot contain region information."),
            ("arn:aws:iam:::example_bucket", iam),
            ("arn:aws:s3:us-east-1::b", "Resource arn:aws:s3:us-east-1::b can not contain region information."),
            (
                "arn:aws:route53:eu-west-1::hostedzone/*",
                "Resource arn:aws:route53:eu-west-1::hostedzone/* can not contain region information.",
            ),
            (
                "arn:aws:route53::000000000000:hostedzone/*",
                "Resource arn:aws:route53::000000000000:hostedzone/* cannot contain an account id.",
            ),
        ] {
            assert_eq!(super::resource_flaw(resource).as_deref(), Some(why), "{resource}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn of_the_users_of_its_account_a_trust_policy_names_only_those_that_are_there() {
        let client = Client::calm();
        let refused = trusting(&client, "a", "arn:aws:iam::000000000000:user/x").await;
        let message = r#"Invalid principal in policy: "AWS":"arn:aws:iam::000000000000:user/x""#;
        assert_eq!((refused.code.as_str(), refused.message.as_str()), ("MalformedPolicyDocument", message));
        assert_eq!(trusting(&client, "b", "arn:aws:iam::000000000000:user/administrator").await.status, 200);
        let elsewhere = trusting(&client, "c", "arn:aws:iam::999999999999:user/x").await;
        assert_eq!(elsewhere.status, 200, "other accounts' users are not known");
    }
}
