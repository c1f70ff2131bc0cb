//! `aws_iam_role_policy_attachment`: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachRolePolicy.html>

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Progress, ReadRequest, Standing, UpdateRequest,
};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;
use fathuss_state::Identity;
use futures::future::join_all;

use crate::call::Call;
use crate::client::Client;
use crate::failure::refused;
use crate::fields::{Fields, Observed};
use crate::gone::{once_accepted, there, waiting};
use crate::iam_account::Shown;
use crate::iam_role::{self, IamRole};
use crate::kind::{Batch, Kind};

/// The calls of `aws_iam_role_policy_attachment`.
pub struct IamRolePolicyAttachment;

pub(crate) const SCHEMA: &Schema = fathuss_model::aws::IamRolePolicyAttachment::SCHEMA;

#[async_trait(?Send)]
impl Kind for IamRolePolicyAttachment {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    fn family(&self) -> &'static str {
        iam_role::FAMILY
    }

    /// The roles' own: their lists have what is attached to them.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        IamRole.read(client, requests).await
    }

    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let (role, policy) = wanted(request)?;
        let mut call = Call::iam("AttachRolePolicy")
            .unseen("NoSuchEntity", "role with name")
            .expects("ConcurrentModification", "");
        if !policy.contains("::aws:policy/") {
            // A policy of the account may have been made a moment ago; AWS's own are there or are not.
            call = call.unseen("NoSuchEntity", "");
        }
        client.send(call, client.iam.attach_role_policy().role_name(role).policy_arn(policy).send()).await?;
        Ok(identity(role, policy))
    }

    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        let (role, policy) = wanted(request)?;
        let is_there = attached(client, role).await?.contains(policy);
        Ok(if is_there { Found::Ours(identity(role, policy)) } else { Found::Nothing })
    }

    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let (role, policy) = ends(&standing.identity)?;
        let is_there = attached(client, role).await?.contains(policy);
        Ok(if is_there { Progress::Ready(observe(role, policy)) } else { waiting("not visible yet") })
    }

    /// Both ends replace it: nothing changes in place.
    async fn update(&self, _: &Client, _: &Standing, _: &UpdateRequest) -> Result<(), Failure> {
        Ok(())
    }

    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let (role, policy) = ends(&standing.identity)?;
        let sending = client.iam.detach_role_policy().role_name(role).policy_arn(policy).send();
        once_accepted(client.send(Call::iam("DetachRolePolicy"), sending).await)
    }
}

/// The roles that attachments are of.
pub(crate) fn roles(requests: &[ReadRequest]) -> BTreeSet<&str> {
    requests.iter().filter_map(|request| ends(&request.identity).ok()).map(|(role, _)| role).collect()
}

/// Attachments: those that the account's lists show, and by one `ListAttachedRolePolicies` for each role those that
/// they do not. The other way round, `ListEntitiesForPolicy` would be one call for each policy, and answers with
/// everything that AWS's own policies are attached to.
pub(crate) async fn read(client: &Client, requests: &[ReadRequest], shown: &Shown) -> Batch {
    let unseen = requests.iter().filter_map(|request| ends(&request.identity).ok());
    let unseen: BTreeSet<&str> = unseen.filter(|(role, policy)| !shown.has(role, policy)).map(|it| it.0).collect();
    let attached = join_all(unseen.iter().map(|role| attached(client, role))).await;
    let attached: BTreeMap<&str, _> = unseen.into_iter().zip(attached).collect();
    Batch::of(requests, |request| {
        let (role, policy) = match ends(&request.identity) {
            Ok(ends) => ends,
            Err(failure) => return Some(Err(failure)),
        };
        if shown.has(role, policy) {
            return Some(Ok(observe(role, policy)));
        }
        match attached.get(role)? {
            Ok(policies) => policies.contains(policy).then(|| Ok(observe(role, policy))),
            Err(failure) => Some(Err(failure.clone())),
        }
    })
}

fn wanted(request: &MakeRequest) -> Result<(&str, &str), Failure> {
    let desired = Fields::of(&request.desired.attributes);
    Ok((desired.text("role")?, desired.text("policy_arn")?))
}

/// As people type it at an import: a role's name holds no slash.
fn identity(role: &str, policy: &str) -> Identity {
    Identity(format!("{role}/{policy}"))
}

fn ends(identity: &Identity) -> Result<(&str, &str), Failure> {
    identity.0.split_once('/').ok_or_else(|| {
        refused("InvalidIdentity", format!("`{identity}` is not a role's name, a slash and a policy's ARN"))
    })
}

/// The ARNs of the policies that a role has; none of a role that is gone.
async fn attached(client: &Client, role: &str) -> Result<BTreeSet<String>, Failure> {
    let mut policies = BTreeSet::new();
    let mut marker = None;
    loop {
        let listing = client.iam.list_attached_role_policies().role_name(role).set_marker(marker);
        let Some(answer) = there(client.send(Call::iam("ListAttachedRolePolicies"), listing.send()).await)? else {
            return Ok(policies);
        };
        policies
            .extend(answer.attached_policies.unwrap_or_default().into_iter().filter_map(|policy| policy.policy_arn));
        if !answer.is_truncated || answer.marker.is_none() {
            return Ok(policies);
        }
        marker = answer.marker;
    }
}

fn observe(role: &str, policy: &str) -> Attributes {
    Observed::new().with("role", role).with("policy_arn", policy).with("id", identity(role, policy).0).finish(SCHEMA)
}
