//! Whether a caller may do what it asks for: which actions on which resources a request is, what the caller's policies
//! and the resources' own say of them, and the refusal in AWS's words.
//!
//! Actions, resources and condition keys are those of
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/>, one file per service. Within an account all
//! this holds where policies are enforced; what another account has is let out by its own policy alone.

mod acm;
mod ask;
mod autoscaling;
mod backup;
mod budgets;
mod cloudfront;
mod cloudwatch;
mod costexplorer;
mod ec2;
mod eks;
mod elasticache;
mod elasticloadbalancing;
mod iam;
mod kms;
mod logs;
mod passed;
mod rds;
mod route53;
mod s3;
mod secretsmanager;
mod sns;
mod ssm;
mod standing;
mod store;
mod sts;
#[cfg(test)]
mod tests;

pub(crate) use ask::request_tag;
use ask::{Ask, Shown};
use standing::{By, Denial, Standing};

use super::caller;
use super::role::Role;
use crate::refusal::{NOT_SIMULATED, Refusal};
use crate::rules::Rule;
use crate::s3::bucket::Bucket;
use crate::service::Service;
use crate::value::Value;
use crate::world::Tx;

pub(super) const RULES: &[Rule] = &[Rule::new(
    "iam.other_account",
    "what another account has is used by whom its own policy and the caller's both allow it",
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html",
)];

/// Refuses a request that its caller's policies, and those of what it names, do not allow. It goes on in the account of
/// what it names.
///
/// # Errors
/// The service's refusal; "not simulated" where it hangs on what is not known here.
pub(crate) fn authorize(tx: &mut Tx<'_>, asked: &Service, operation: &str, input: &Value) -> Result<(), Refusal> {
    if caller::kind(tx) == caller::Kind::Nobody {
        return Ok(());
    }
    let home = tx.principal().account.clone();
    let abroad = owner(tx, asked.name, operation, input).filter(|owner| *owner != home);
    let judged = tx.is_judged();
    if !judged && abroad.is_none() && !s3::copies(asked.name, operation) {
        return Ok(());
    }
    let mut asks = tx.in_account(abroad.as_ref().unwrap_or(&home), |tx| {
        let asks = asks(tx, asked.name, operation, input)?;
        Ok::<_, Refusal>(asks.into_iter().filter(|ask| judged || ask.is_foreign_to(&home)).collect::<Vec<_>>())
    })?;
    if judged {
        asks.extend(passed::asks(tx, asked.name, operation, input));
    }
    let standing = Standing::of(tx);
    for ask in &asks {
        refuse(tx, asked, &standing, ask)?;
    }
    if let Some(account) = abroad {
        tx.enter(account);
    }
    Ok(())
}

/// Refuses to delete an object, one of several that a request names.
///
/// # Errors
/// Where its caller may not.
pub(crate) fn may_delete_object(
    tx: &mut Tx<'_>,
    asked: &Service,
    bucket: &Bucket,
    key: &str,
    version: Option<&str>,
) -> Result<(), Refusal> {
    let ask = s3::deletion(tx, bucket, key, version);
    further(tx, asked, &ask)
}

/// What a service asks of a KMS key in its caller's name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeyUse<'a> {
    /// The action, e.g. `kms:Decrypt`.
    pub(crate) action: &'a str,
    /// The key's ARN.
    pub(crate) key: &'a str,
    /// What the service says that it is for.
    pub(crate) context: Option<(&'a str, &'a str)>,
}

/// Refuses to use a key through a service.
///
/// # Errors
/// Where the caller may not use the key.
pub(crate) fn may_use_key(tx: &mut Tx<'_>, asked: &Service, used: KeyUse<'_>) -> Result<(), Refusal> {
    let owner = ask::account_of(used.key).map_or_else(|| tx.account().to_owned(), str::to_owned);
    let ask = tx.in_account(&owner, |tx| kms::through(tx, asked.name, used.action, used.key, used.context));
    further(tx, asked, &ask)
}

/// Whether a caller may do all of this with a key, so that a service that makes something with it may.
///
/// # Errors
/// "Not simulated", where it hangs on what is not known here.
pub(crate) fn has_key(tx: &mut Tx<'_>, asked: &Service, key: &str, actions: &[&str]) -> Result<bool, Refusal> {
    for action in actions {
        match may_use_key(tx, asked, KeyUse { action, key, context: None }) {
            Err(refusal) if refusal.code == NOT_SIMULATED => return Err(refusal),
            Err(_) => return Ok(false),
            Ok(()) => {}
        }
    }
    Ok(true)
}

/// What S3 does as a role that copies an object.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Replicating<'a> {
    /// The bucket of the object.
    pub(crate) bucket: &'a Bucket,
    /// The bucket of the copy.
    pub(crate) target: &'a Bucket,
    /// The object's key.
    pub(crate) key: &'a str,
    /// The version's id.
    pub(crate) version: &'a str,
    /// What it does there, e.g. `ReplicateObject`.
    pub(crate) writes: &'a [&'a str],
    /// What it does with KMS's keys, each at one of the buckets.
    pub(crate) keys: &'a [(&'a Bucket, KeyUse<'a>)],
}

/// Whether a role may do something that a service does as it. What hangs on what is not known here is let through.
pub(crate) fn role_may(tx: &Tx<'_>, role: &Role, action: &str, resource: &str) -> bool {
    !matches!(Standing::of_role(tx, role).judge(&Ask::new(action, resource)), Err(Denial::Not(_)))
}

/// Whether a role may do all that copying an object takes. What hangs on what is not known here is let through.
pub(crate) fn may_replicate(tx: &mut Tx<'_>, role: &Role, copied: &Replicating<'_>) -> bool {
    let mut asks = s3::replication(tx, copied);
    for (bucket, used) in copied.keys {
        let owner = ask::account_of(used.key).unwrap_or(&bucket.account).to_owned();
        let through = |tx: &mut Tx<'_>| kms::through(tx, "s3", used.action, used.key, used.context);
        asks.push(tx.in_account(&owner, |tx| tx.in_region(&bucket.region, through)));
    }
    let standing = Standing::of_role(tx, role);
    asks.iter().all(|ask| !matches!(standing.judge(ask), Err(Denial::Not(_))))
}

/// Refuses what a request turns out to ask for while it is served.
fn further(tx: &mut Tx<'_>, asked: &Service, ask: &Ask) -> Result<(), Refusal> {
    let home = tx.principal().account.clone();
    if caller::kind(tx) == caller::Kind::Nobody || !tx.is_judged() && !ask.is_foreign_to(&home) {
        return Ok(());
    }
    let standing = tx.in_account(&home, |tx| Standing::of(tx));
    refuse(tx, asked, &standing, ask)
}

fn refuse(tx: &Tx<'_>, asked: &Service, standing: &Standing, ask: &Ask) -> Result<(), Refusal> {
    let home = &tx.principal().account;
    let Err(denial) = standing.judge(ask) else { return Ok(()) };
    let by = match denial {
        Denial::Unknown(what) => {
            return Err(Refusal::not_simulated(format!("whether {what} allows {}", ask.action)));
        }
        Denial::Not(by) => by,
    };
    let message = words(tx, ask, by);
    if ask.is_foreign_to(home) {
        let rule = match ask.action.split(':').next() {
            Some("s3") => "s3.bucket.owner",
            Some("SNS") => "sns.arn.account",
            _ => "iam.other_account",
        };
        return tx.enforce(rule, false, || (asked.manners.denied)(message));
    }
    Err((asked.manners.denied)(message))
}

const HIDDEN: &str = "because the resource does not exist in this Region, no resource-based policies allow access, or a \
                      resource-based policy explicitly denies access";

/// What a refusal says.
fn words(tx: &Tx<'_>, ask: &Ask, by: By) -> String {
    let Ask { action, resource, .. } = ask;
    let caller = &tx.principal().arn;
    let foreign = ask.is_foreign_to(&tx.principal().account);
    // <https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html>
    if foreign && action.starts_with("s3:") {
        return "Access Denied".to_owned();
    }
    let hides = foreign && action.starts_with("kms:") && by.is_of_resource();
    let place = match &ask.shown {
        // Of a key of another account no one is told whether it is there:
        // <https://github.com/sqlxpert/aws-rcp-s3-require-encryption-kms> has the words.
        _ if hides => " on this resource".to_owned(),
        Shown::Key if action == "kms:Decrypt" => " on the resource associated with this ciphertext".to_owned(),
        Shown::Key => " on this resource".to_owned(),
        Shown::Nothing => String::new(),
        Shown::Given(name) => format!(" on resource: {name}"),
        // S3 alone quotes it.
        Shown::Resource if action.starts_with("s3:") => format!(" on resource: \"{resource}\""),
        Shown::Resource => format!(" on resource: {resource}"),
    };
    let why = if hides { HIDDEN.to_owned() } else { by.why(action) };
    format!("User: {caller} is not authorized to perform: {action}{place} {why}")
}

/// The account of what a request names, where another account's can be named.
fn owner(tx: &Tx<'_>, service: &str, operation: &str, input: &Value) -> Option<String> {
    match service {
        "kms" => kms::owner(input).map(str::to_owned),
        "s3" => s3::owner(tx, operation, input),
        "secretsmanager" => secretsmanager::owner(input).map(str::to_owned),
        "sns" => sns::owner(input).map(str::to_owned),
        _ => None,
    }
}

/// The actions that a request is.
fn asks(tx: &Tx<'_>, service: &str, operation: &str, input: &Value) -> Result<Vec<Ask>, Refusal> {
    Ok(match service {
        "acm" => acm::asks(operation, input),
        "autoscaling" => autoscaling::asks(tx, operation, input),
        "backup" => backup::asks(tx, operation, input),
        "budgets" => budgets::asks(tx, operation, input),
        "ce" => costexplorer::asks(tx, operation),
        "cloudfront" => cloudfront::asks(tx, operation, input),
        "ec2" => ec2::asks(tx, operation, input),
        "eks" => eks::asks(tx, operation, input),
        "elasticache" => elasticache::asks(tx, operation, input),
        "elasticloadbalancing" => elasticloadbalancing::asks(tx, operation, input),
        "iam" => iam::asks(tx, operation, input),
        "kms" => kms::asks(tx, operation, input),
        "logs" => logs::asks(tx, operation, input),
        "monitoring" => cloudwatch::asks(tx, operation, input),
        "rds" => rds::asks(tx, operation, input),
        "route53" => route53::asks(operation, input),
        "s3" => s3::asks(tx, operation, input)?,
        "secretsmanager" => secretsmanager::asks(tx, operation, input),
        "sns" => sns::asks(tx, operation, input),
        "ssm" => ssm::asks(tx, operation, input),
        "sts" => sts::asks(tx, operation, input),
        other => return Err(Refusal::not_simulated(format!("which actions {other} {operation} asks for"))),
    })
}
