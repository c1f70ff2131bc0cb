//! `aws_iam_policy`: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html>

use async_trait::async_trait;
use aws_sdk_iam::types;
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Progress, ReadRequest, Standing, UpdateRequest,
};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;
use fathuss_state::Identity;

use crate::call::{Call, Service};
use crate::client::Client;
use crate::differ::once_shown;
use crate::failure::unreadable;
use crate::fields::{Fields, Observed};
use crate::gone::{once_accepted, there, waiting};
use crate::kind::{Batch, Kind};
use crate::mark::TagChange;
use crate::{arn, iam, mark, name};

/// The calls of `aws_iam_policy`.
pub struct IamPolicy;

const SCHEMA: &Schema = fathuss_model::aws::IamPolicy::SCHEMA;

/// How many versions of a policy IAM keeps.
const VERSIONS: usize = 5;

#[async_trait(?Send)]
impl Kind for IamPolicy {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// One `GetPolicy` for each: no other call answers tags, and none takes several ARNs. One
    /// `GetPolicyVersion` for each whose default version is another than at the last read: a
    /// version never changes, so the document of the same version of the same policy is known.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        Batch::each(requests, |request| look(client, &request.identity.0, Some(&request.recorded))).await
    }

    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let desired = Fields::of(&request.desired.attributes);
        let sending = client
            .iam
            .create_policy()
            .policy_name(name::of(SCHEMA, "name", request)?)
            .policy_document(desired.text("policy")?)
            .set_description(desired.maybe_string("description")?)
            .set_path(desired.maybe_string("path")?)
            .set_tags(Some(iam::written(mark::tags_with(&request.mark, &request.desired.attributes)?)?))
            .send();
        let call = Call::iam("CreatePolicy").expects("ConcurrentModification", "");
        let answer = client.send(call, sending).await?;
        let arn = answer.policy.and_then(|policy| policy.arn);
        arn.map(Identity).ok_or_else(|| unreadable(Service::Iam, "CreatePolicy", "Arn"))
    }

    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        let path = Fields::of(&request.desired.attributes).maybe_text("path")?.unwrap_or("/");
        let name = name::of(SCHEMA, "name", request)?;
        let arn = arn::iam(&request.region, &request.account, &format!("policy{path}{name}"));
        let found = policy(client, &arn).await?;
        Ok(mark::owner(&request.mark, found.map(|policy| (arn, iam::read(policy.tags())))))
    }

    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        Ok(match look(client, &standing.identity.0, None).await? {
            Some(observed) => once_shown(SCHEMA, &standing.desired.attributes, observed),
            None => waiting("not visible yet"),
        })
    }

    async fn update(&self, client: &Client, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure> {
        let arn = standing.identity.0.as_str();
        let desired = Fields::of(&standing.desired.attributes);
        if change.changed.iter().any(|field| field == "policy") {
            let mut old = old_versions(client, arn).await?.unwrap_or_default();
            if old.len() + 1 >= VERSIONS
                && let Some(oldest) = old.pop()
            {
                delete_version(client, arn, &oldest).await?;
            }
            let creating = client.iam.create_policy_version().policy_arn(arn).set_as_default(true);
            let sending = creating.policy_document(desired.text("policy")?).send();
            // The list of versions may have been from before an earlier change.
            client.send(Call::iam("CreatePolicyVersion").expects("LimitExceeded", ""), sending).await?;
        }
        if let Some(TagChange { set, gone }) = mark::tag_change(standing, change)? {
            let sending = client.iam.tag_policy().policy_arn(arn).set_tags(Some(iam::written(set)?)).send();
            client.send(Call::iam("TagPolicy"), sending).await?;
            if !gone.is_empty() {
                let sending = client.iam.untag_policy().policy_arn(arn).set_tag_keys(Some(gone)).send();
                client.send(Call::iam("UntagPolicy"), sending).await?;
            }
        }
        Ok(())
    }

    /// All versions but the default one go first: IAM refuses to delete a policy that has others.
    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let arn = standing.identity.0.as_str();
        let Some(old) = old_versions(client, arn).await? else { return Ok(Progress::Gone) };
        for version in &old {
            delete_version(client, arn, version).await?;
        }
        let sending = client.iam.delete_policy().policy_arn(arn).send();
        once_accepted(client.send(Call::iam("DeletePolicy"), sending).await)
    }
}

async fn policy(client: &Client, arn: &str) -> Result<Option<types::Policy>, Failure> {
    let answer = there(client.send(Call::iam("GetPolicy"), client.iam.get_policy().policy_arn(arn).send()).await)?;
    Ok(answer.and_then(|answer| answer.policy))
}

/// The policy with the document of its default version; `known` is what an earlier look saw.
async fn look(client: &Client, arn: &str, known: Option<&Attributes>) -> Result<Option<Attributes>, Failure> {
    let Some(policy) = policy(client, arn).await? else { return Ok(None) };
    if let Some(document) = known.and_then(|known| known_document(&policy, known)) {
        return Ok(Some(observe(&policy, document)));
    }
    let Some(version) = policy.default_version_id() else {
        return Err(unreadable(Service::Iam, "GetPolicy", "DefaultVersionId"));
    };
    let sending = client.iam.get_policy_version().policy_arn(arn).version_id(version).send();
    // The policy is there: a version that is not seen yet is no proof that it is gone.
    let answer = client.send(Call::iam("GetPolicyVersion").unseen("NoSuchEntity", ""), sending).await?;
    let document = answer.policy_version.and_then(|version| version.document);
    let document = document.ok_or_else(|| unreadable(Service::Iam, "GetPolicyVersion", "Document"))?;
    Ok(Some(observe(&policy, iam::document(&document))))
}

/// The document, where it is the same version of the same policy as before.
fn known_document(policy: &types::Policy, known: &Attributes) -> Option<String> {
    let known = Fields::of(known);
    let same = |name: &str, is: Option<&str>| is.is_some() && known.maybe_text(name).ok().flatten() == is;
    let unchanged = same("policy_id", policy.policy_id()) && same("default_version_id", policy.default_version_id());
    if unchanged { known.maybe_string("policy").ok().flatten() } else { None }
}

/// The versions that are not the default one, the newest first; nothing where the policy is gone.
async fn old_versions(client: &Client, arn: &str) -> Result<Option<Vec<String>>, Failure> {
    // Five versions at most: never more than a page.
    let sending = client.iam.list_policy_versions().policy_arn(arn).send();
    let Some(answer) = there(client.send(Call::iam("ListPolicyVersions"), sending).await)? else { return Ok(None) };
    let mut versions: Vec<_> = answer.versions.unwrap_or_default();
    versions.retain(|version| !version.is_default_version);
    // Versions count up: v2 before v10.
    let number = |id: &Option<String>| id.as_deref().and_then(|id| id.trim_start_matches('v').parse::<u64>().ok());
    versions.sort_by_key(|version| std::cmp::Reverse(number(&version.version_id)));
    Ok(Some(versions.into_iter().filter_map(|version| version.version_id).collect()))
}

async fn delete_version(client: &Client, arn: &str, version: &str) -> Result<(), Failure> {
    let sending = client.iam.delete_policy_version().policy_arn(arn).version_id(version).send();
    there(client.send(Call::iam("DeletePolicyVersion"), sending).await)?;
    Ok(())
}

fn observe(policy: &types::Policy, document: String) -> Attributes {
    Observed::new()
        .with("policy", document)
        .with("name", policy.policy_name.clone())
        .with("description", policy.description.clone().filter(|text| !text.is_empty()))
        .with("path", policy.path.clone())
        .tagged(&iam::read(policy.tags()))
        .with("id", policy.arn.clone())
        .with("arn", policy.arn.clone())
        .with("policy_id", policy.policy_id.clone())
        .with("default_version_id", policy.default_version_id.clone())
        .finish(SCHEMA)
}
