//! `aws_secretsmanager_secret`: <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html>

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_secretsmanager::operation::describe_secret::DescribeSecretOutput;
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Observation, Progress, ReadRequest, Standing, Survivor, UpdateRequest,
};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;
use fathuss_state::Identity;
use futures::future::join_all;

use crate::call::{Call, Service};
use crate::client::Client;
use crate::differ::{Differences, once_shown};
use crate::failure::unreadable;
use crate::fields::{Fields, Observed};
use crate::gone::{there, waiting};
use crate::kind::{Batch, Kind};
use crate::mark::{Marked, TagChange};
use crate::secretsmanager::{FAMILY, alive, described, tags, written};
use crate::{mark, name, secretsmanager_secret_version};

/// The calls of `aws_secretsmanager_secret`.
pub struct SecretsmanagerSecret;

const SCHEMA: &Schema = fathuss_model::aws::SecretsmanagerSecret::SCHEMA;

/// Days in which a deletion can be taken back, where the program says none.
const WINDOW: i64 = 30;

#[async_trait(?Send)]
impl Kind for SecretsmanagerSecret {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    fn family(&self) -> &'static str {
        FAMILY
    }

    /// `DescribeSecret` for each secret, which answers for its versions too, and `GetResourcePolicy` for each that is
    /// declared: `ListSecrets` has all but the policy, and may miss what changed in the last five minutes
    /// (<https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ListSecrets.html>).
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        let arn = |request: &ReadRequest| match request.identity.0.split_once('|') {
            Some((arn, _)) => arn.to_owned(),
            None => request.identity.0.clone(),
        };
        let mut arns: Vec<String> = requests.iter().map(arn).collect();
        arns.sort();
        arns.dedup();
        let looked = join_all(arns.iter().map(|arn| alive(client, arn))).await;
        let secrets: HashMap<String, Result<Option<DescribeSecretOutput>, Failure>> =
            arns.into_iter().zip(looked).collect();
        let observed = requests.iter().map(async |request| {
            let secret = match secrets.get(&arn(request)) {
                Some(Ok(Some(secret))) => secret,
                Some(Err(failure)) => return Err(failure.clone()),
                Some(Ok(None)) | None => return Ok(Observation::Absent),
            };
            let seen = if request.address.kind() == SCHEMA.kind {
                look(client, secret).await?
            } else {
                secretsmanager_secret_version::observe(secret, &request.identity)
            };
            Ok(seen.map_or(Observation::Absent, Observation::Present))
        });
        Batch { observations: join_all(observed).await, strays: Vec::new() }
    }

    /// A secret of that name that carries our mark and waits for its end is had back instead: its name stays taken
    /// until then. `settle` makes of it what is wanted.
    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let desired = Fields::of(&request.desired.attributes);
        let name = name::of(SCHEMA, "name", request)?;
        let sending = client
            .secrets
            .create_secret()
            .name(&name)
            .set_description(desired.maybe_string("description")?)
            .set_kms_key_id(desired.maybe_string("kms_key_id")?)
            .set_tags(Some(written(mark::tags_with(&request.mark, &request.desired.attributes)?)))
            // The SDK gives one where none is: this one says the same at each try.
            .client_request_token(&request.token)
            .send();
        let refusal = match client.send(Call::secrets("CreateSecret"), sending).await {
            Ok(answer) => {
                let arn = answer.arn.map(Identity);
                return arn.ok_or_else(|| unreadable(Service::SecretsManager, "CreateSecret", "ARN"));
            }
            Err(failure) if failure.message.contains("already scheduled for deletion") => failure,
            Err(failure) => return Err(failure),
        };
        let Some(pending) = described(client, &name).await? else { return Err(refusal) };
        let ours = Marked::among(&tags(&pending)).is_some_and(|marked| marked.is(&request.mark));
        let Some(arn) = pending.arn.filter(|_| ours) else {
            let hint = "it is another's, and its name stays taken: wait, give another name, or have it back with \
                        `aws secretsmanager restore-secret`";
            return Err(Failure { hint: Some(hint.to_owned()), ..refusal });
        };
        // One that was deleted by force is gone in a moment, and the name is free then.
        let call = Call::secrets("RestoreSecret").lagging().expects("InvalidRequestException", "marked for deletion");
        client.send(call, client.secrets.restore_secret().secret_id(&arn).send()).await?;
        Ok(Identity(arn))
    }

    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        let name = name::of(SCHEMA, "name", request)?;
        let Some(secret) = alive(client, &name).await? else { return Ok(Found::Nothing) };
        let arn = secret.arn.clone().unwrap_or(name);
        Ok(mark::owner(&request.mark, Some((arn, tags(&secret)))))
    }

    /// Sets the policy, and all else that differs in a secret that was had back.
    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let arn = standing.identity.0.as_str();
        let Some(secret) = alive(client, arn).await? else { return Ok(waiting("not visible yet")) };
        let Some(observed) = look(client, &secret).await? else { return Ok(waiting("not visible yet")) };
        let desired = Fields::of(&standing.desired.attributes);
        let differing = Differences::of(SCHEMA, &standing.desired.attributes, &observed);
        let mut sent = false;
        if differing.any(&["description", "kms_key_id"]) {
            let sending = client
                .secrets
                .update_secret()
                .secret_id(arn)
                .description(desired.maybe_text("description")?.unwrap_or_default())
                .kms_key_id(desired.maybe_text("kms_key_id")?.unwrap_or_default())
                .send();
            client.send(Call::secrets("UpdateSecret"), sending).await?;
            sent = true;
        }
        if differing.has("policy") {
            match desired.maybe_text("policy")? {
                Some(policy) => {
                    let sending = client.secrets.put_resource_policy().secret_id(arn).resource_policy(policy).send();
                    // A role that it names was perhaps made a moment ago.
                    let call = Call::secrets("PutResourcePolicy");
                    let call = call.unseen("MalformedPolicyDocumentException", "principal");
                    client.send(call, sending).await?;
                }
                None => {
                    let sending = client.secrets.delete_resource_policy().secret_id(arn).send();
                    client.send(Call::secrets("DeleteResourcePolicy"), sending).await?;
                }
            }
            sent = true;
        }
        let all = mark::tags_with(&standing.mark, &standing.desired.attributes)?;
        let has = tags(&secret);
        let lacks = all.iter().any(|(key, value)| has.get(key) != Some(value));
        // One that was had back still has those that it was deleted with.
        let gone: Vec<String> = mark::stripped(&has).into_keys().filter(|key| !all.contains_key(key)).collect();
        if lacks || !gone.is_empty() {
            retag(client, arn, TagChange { set: all, gone }).await?;
            sent = true;
        }
        if sent {
            return Ok(waiting("setting what differs"));
        }
        Ok(once_shown(SCHEMA, &standing.desired.attributes, observed))
    }

    /// The tags alone: `settle` sets all else.
    async fn update(&self, client: &Client, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure> {
        match mark::tag_change(standing, change)? {
            Some(change) => retag(client, &standing.identity.0, change).await,
            None => Ok(()),
        }
    }

    /// One that waits for its end counts as gone, and its survivor says until when. One that is deleted at once is
    /// waited for: its name is taken until it is gone.
    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let arn = standing.identity.0.as_str();
        let days = window(&standing.desired.attributes)?;
        let Some(secret) = described(client, arn).await? else { return Ok(Progress::Gone) };
        if secret.deleted_date.is_some() {
            return Ok(if days > 0 { Progress::Gone } else { waiting("deleting") });
        }
        let deleting = client.secrets.delete_secret().secret_id(arn);
        let deleting = match days {
            0 => deleting.force_delete_without_recovery(true),
            days => deleting.recovery_window_in_days(days),
        };
        there(client.send(Call::secrets("DeleteSecret"), deleting.send()).await)?;
        Ok(waiting("scheduling the deletion"))
    }

    fn survivors(&self, attributes: &Attributes) -> Vec<Survivor> {
        let name = Fields::of(attributes).maybe_text("name").ok().flatten().unwrap_or_default();
        let days = window(attributes).unwrap_or(WINDOW);
        let survivor = Survivor::new(
            format!("secret {name}"),
            "AWS deletes it after a time in which that can be taken back: `recovery_window_in_days`",
        )
        .expiry(format!("in {days} days"));
        if days > 0 { vec![survivor] } else { Vec::new() }
    }
}

fn window(attributes: &Attributes) -> Result<i64, Failure> {
    Ok(Fields::of(attributes).maybe_integer("recovery_window_in_days")?.unwrap_or(WINDOW))
}

async fn retag(client: &Client, arn: &str, TagChange { set, gone }: TagChange) -> Result<(), Failure> {
    let sending = client.secrets.tag_resource().secret_id(arn).set_tags(Some(written(set))).send();
    client.send(Call::secrets("TagResource"), sending).await?;
    if !gone.is_empty() {
        let sending = client.secrets.untag_resource().secret_id(arn).set_tag_keys(Some(gone)).send();
        client.send(Call::secrets("UntagResource"), sending).await?;
    }
    Ok(())
}

/// What a secret is; nothing where it has gone since it was described.
async fn look(client: &Client, secret: &DescribeSecretOutput) -> Result<Option<Attributes>, Failure> {
    let Some(arn) = secret.arn.clone() else {
        return Err(unreadable(Service::SecretsManager, "DescribeSecret", "ARN"));
    };
    let sending = client.secrets.get_resource_policy().secret_id(&arn).send();
    let call = Call::secrets("GetResourcePolicy").expects("InvalidRequestException", "marked for deletion");
    let Some(policy) = there(client.send(call, sending).await)? else { return Ok(None) };
    let attributes = Observed::new()
        .with("name", secret.name.clone())
        .with("description", secret.description.clone().filter(|text| !text.is_empty()))
        .with("kms_key_id", secret.kms_key_id.clone())
        .with("policy", policy.resource_policy)
        .tagged(&tags(secret))
        .with("id", arn.clone())
        .with("arn", arn)
        .finish(SCHEMA);
    Ok(Some(attributes))
}
