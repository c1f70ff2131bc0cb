//! What a caller brings to each decision: its policies, what bounds them, and what is told of it; and the decision, as
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html> has it.

use serde_json::{Value as Json, json};

use super::ask::{Ask, Guard};
use crate::iam::attachment::Attachment;
use crate::iam::caller;
use crate::iam::evaluation::{Context, Grant, Verdict, judge, judge_resource};
use crate::iam::managed_document;
use crate::iam::policy::Policy;
use crate::iam::principal::{Asker, Part};
use crate::iam::role::Role;
use crate::iam::role_policy::RolePolicy;
use crate::iam::trust::reached;
use crate::world::{Row, Tx};

/// Why a caller may not do what it asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Denial {
    /// It hangs on what is not known here.
    Unknown(String),
    /// A policy denies it, or none allows it.
    Not(By),
}

/// What denies, or does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// No policy of this kind allows it.
    Silence(Kind),
    /// A policy of this kind denies it.
    Deny(Kind),
}

/// A kind of policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Identity,
    Resource,
    Boundary,
    Session,
}

impl By {
    pub(super) fn is_of_resource(self) -> bool {
        matches!(self, By::Silence(Kind::Resource) | By::Deny(Kind::Resource))
    }

    /// Why, as refusals end:
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html>.
    pub(super) fn why(self, action: &str) -> String {
        let (kind, article) = match self {
            By::Silence(kind) | By::Deny(kind) => match kind {
                Kind::Identity => ("identity-based policy", "an"),
                Kind::Resource => ("resource-based policy", "a"),
                Kind::Boundary => ("permissions boundary", "a"),
                Kind::Session => ("session policy", "a"),
            },
        };
        match self {
            By::Silence(_) => format!("because no {kind} allows the {action} action"),
            By::Deny(_) => format!("with an explicit deny in {article} {kind}"),
        }
    }
}

/// What a caller brings.
#[derive(Debug)]
pub(super) struct Standing {
    policies: Vec<Json>,
    /// The ARNs of those of AWS's policies whose content is not known here.
    unread: Vec<String>,
    /// A boundary, or its ARN where its content is not known here.
    boundary: Option<Result<Json, String>>,
    session: Option<Json>,
    root: bool,
    /// The caller's account.
    home: String,
    asker: Asker,
    context: Context,
}

impl Standing {
    /// What the caller brings, looked up in its own account.
    pub(super) fn of(tx: &Tx<'_>) -> Standing {
        let (asker, context) = (caller::asker(tx), caller::context(tx));
        let all = || json!({ "Statement": { "Effect": "Allow", "Action": "*", "Resource": "*" } });
        let mut standing = Standing {
            policies: Vec::new(),
            unread: Vec::new(),
            boundary: None,
            session: None,
            root: caller::is_root(tx),
            home: tx.principal().account.clone(),
            asker,
            context,
        };
        if caller::kind(tx) != caller::Kind::Session {
            standing.policies.push(all());
            return standing;
        }
        standing.session = caller::session_policy(tx);
        // A session of a role that is gone has no permissions left.
        if let Some(role) = caller::role(tx) {
            (standing.policies, standing.unread) = policies(tx, role);
            let boundary = role.boundary.as_ref();
            standing.boundary = boundary.map(|arn| managed(tx, arn).ok_or_else(|| arn.clone()));
        }
        standing
    }

    /// What a role of this account brings where a service does something as it.
    pub(super) fn of_role(tx: &Tx<'_>, role: &Role) -> Standing {
        let home = tx.account().to_owned();
        let names = vec![role.arn.clone(), role.role_id.clone()];
        let (policies, unread) = policies(tx, role);
        let mut context = caller::request(tx)
            .with("aws:PrincipalAccount", &home)
            .with("aws:PrincipalArn", &role.arn)
            .with("aws:PrincipalIsAWSService", "false")
            .with("aws:PrincipalType", "AssumedRole");
        for (key, value) in &role.tags {
            context.add(&format!("aws:PrincipalTag/{key}"), value);
        }
        Standing {
            policies,
            unread,
            boundary: role.boundary.as_ref().map(|arn| managed(tx, arn).ok_or_else(|| arn.clone())),
            session: None,
            root: false,
            asker: Asker::of_account(&home, [(Part::Role, names)]),
            home,
            context,
        }
    }

    /// Decides about an action.
    ///
    /// # Errors
    /// Why the caller may not.
    pub(super) fn judge(&self, ask: &Ask) -> Result<(), Denial> {
        let owner = ask.owner.as_deref().unwrap_or(&self.home);
        let about = ask.told.iter().fold(self.context.clone(), |about, (key, value)| about.with(key, value));
        let about = about.with("aws:ResourceAccount", owner);
        let own = judge(&self.policies, &ask.action, &ask.resource, &about);
        let bounds = self.bounds(ask, &about);
        let grant = self.granted(ask, &about);
        if own == Verdict::Denied {
            return Err(Denial::Not(By::Deny(Kind::Identity)));
        }
        if let Some((kind, _)) = bounds.iter().find(|(_, verdict)| *verdict == Verdict::Denied) {
            return Err(Denial::Not(By::Deny(*kind)));
        }
        let foreign = ask.is_foreign_to(&self.home);
        match &grant {
            Grant::Denied if !self.opens_own(ask, foreign) => return Err(Denial::Not(By::Deny(Kind::Resource))),
            Grant::Unknown(key) => {
                return Err(Denial::Unknown(format!("a resource-based policy with the condition key {key}")));
            }
            Grant::None if foreign || matches!(ask.guard, Guard::Key(_)) => {
                return Err(Denial::Not(By::Silence(Kind::Resource)));
            }
            Grant::Direct if !foreign => return Ok(()),
            _ => {}
        }
        if foreign || grant != Grant::ToRole {
            self.allowed(own)?;
        }
        for (kind, verdict) in bounds {
            match verdict {
                Verdict::Allowed => {}
                Verdict::Unknown(key) => return Err(Denial::Unknown(format!("a policy with {key}"))),
                Verdict::NotAllowed | Verdict::Denied => return Err(Denial::Not(By::Silence(kind))),
            }
        }
        Ok(())
    }

    /// Whether the caller's own policies allow it.
    fn allowed(&self, own: Verdict) -> Result<(), Denial> {
        match own {
            Verdict::Allowed => Ok(()),
            Verdict::Unknown(key) => Err(Denial::Unknown(format!("a policy with the condition key {key}"))),
            Verdict::NotAllowed | Verdict::Denied => match self.unread.first() {
                Some(unread) => Err(Denial::Unknown(unread.clone())),
                None => Err(Denial::Not(By::Silence(Kind::Identity))),
            },
        }
    }

    /// What the boundary and the session's policy say.
    fn bounds(&self, ask: &Ask, about: &Context) -> Vec<(Kind, Verdict)> {
        let said = |policy: &Json| judge(std::slice::from_ref(policy), &ask.action, &ask.resource, about);
        let boundary = self.boundary.as_ref().map(|boundary| match boundary {
            Ok(policy) => (Kind::Boundary, keyed(said(policy), "the condition key ")),
            Err(arn) => (Kind::Boundary, Verdict::Unknown(format!("the content of {arn}"))),
        });
        let session = self.session.as_ref().map(|policy| (Kind::Session, keyed(said(policy), "the condition key ")));
        boundary.into_iter().chain(session).collect()
    }

    /// What the resource's own policy says.
    fn granted(&self, ask: &Ask, about: &Context) -> Grant {
        let said = |policy: &str| match serde_json::from_str::<Json>(policy) {
            Ok(policy) => judge_resource(&policy, &ask.action, &ask.resource, &self.asker, about),
            Err(_) => Grant::None,
        };
        match &ask.guard {
            Guard::Absent | Guard::Policy(None) => Grant::None,
            Guard::Open => Grant::Direct,
            Guard::Policy(Some(policy)) | Guard::Key(policy) => said(policy),
            Guard::Restricted(policy) => match said(policy) {
                Grant::Denied => Grant::Denied,
                _ if ask.is_foreign_to(&self.home) => Grant::None,
                grant => grant,
            },
        }
    }

    /// Whether the root user of a bucket's account sees to its policy, which nothing keeps it from:
    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketPolicy.html>.
    fn opens_own(&self, ask: &Ask, foreign: bool) -> bool {
        let to_policy = ["s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"];
        self.root && !foreign && to_policy.contains(&ask.action.as_str())
    }
}

/// The same, with what an unknown key is.
fn keyed(verdict: Verdict, what: &str) -> Verdict {
    match verdict {
        Verdict::Unknown(key) => Verdict::Unknown(format!("{what}{key}")),
        verdict => verdict,
    }
}

/// A role's policies, and the ARNs of those of AWS's whose content is not known here.
fn policies(tx: &Tx<'_>, role: &Role) -> (Vec<Json>, Vec<String>) {
    let (mut read, mut unread) = (Vec::new(), Vec::new());
    let inline = RolePolicy::ids_of(&role.name);
    for policy in tx.rows_under::<RolePolicy>(&inline) {
        if reached::<RolePolicy>(tx, &policy.id()).is_some() {
            read.extend(serde_json::from_str::<Json>(&policy.document));
        }
    }
    let attached = Attachment::ids_of(&role.name);
    for attachment in tx.rows_under::<Attachment>(&attached) {
        if reached::<Attachment>(tx, &attachment.id()).is_none() {
            continue;
        }
        match managed(tx, &attachment.policy) {
            Some(policy) => read.push(policy),
            None => unread.push(attachment.policy.clone()),
        }
    }
    (read, unread)
}

/// A managed policy's document: of the account's own the version in force, of AWS's what is known here.
fn managed(tx: &Tx<'_>, arn: &str) -> Option<Json> {
    if let Some((_, path)) = arn.split_once("iam::aws:policy/") {
        return managed_document::document(path.rsplit('/').next()?);
    }
    let policy = tx.rows::<Policy>().find(|policy| policy.arn == arn)?;
    let version = policy.versions.iter().find(|version| version.id == policy.default)?;
    serde_json::from_str(&version.document).ok()
}
