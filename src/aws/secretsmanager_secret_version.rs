//! `aws_secretsmanager_secret_version`: <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html>
//!
//! A version's id is the token of the request that made it. Another value is another version: an update puts one, and
//! the resource is that one from then on.

use async_trait::async_trait;
use aws_sdk_secretsmanager::operation::describe_secret::DescribeSecretOutput;
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Progress, ReadRequest, SecretText, Standing, UpdateRequest,
};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;
use fathuss_state::Identity;

use crate::call::Call;
use crate::client::Client;
use crate::differ::once_shown;
use crate::failure::refused;
use crate::fields::{Fields, Observed};
use crate::gone::waiting;
use crate::kind::{Batch, Kind};
use crate::secretsmanager::{FAMILY, alive, labelled, stages};
use crate::secretsmanager_secret::SecretsmanagerSecret;

/// The calls of `aws_secretsmanager_secret_version`.
pub struct SecretsmanagerSecretVersion;

const SCHEMA: &Schema = fathuss_model::aws::SecretsmanagerSecretVersion::SCHEMA;

/// The label of the version that readers get who ask for none; it is moved to another version, never taken away.
const CURRENT: &str = "AWSCURRENT";

/// A version's two parts; its identity is `ARN|VERSION`.
struct Parts<'a> {
    secret: &'a str,
    version: &'a str,
}

impl<'a> Parts<'a> {
    fn of(identity: &'a Identity) -> Result<Self, Failure> {
        let parts = identity.0.split_once('|').map(|(secret, version)| Self { secret, version });
        parts.ok_or_else(|| refused("InvalidIdentity", format!("`{identity}` is no version: expected ARN|VERSION")))
    }
}

#[async_trait(?Send)]
impl Kind for SecretsmanagerSecretVersion {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    fn family(&self) -> &'static str {
        FAMILY
    }

    /// No call of its own: the secret's answer holds it. The value is never read.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        SecretsmanagerSecret.read(client, requests).await
    }

    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let desired = Fields::of(&request.desired.attributes);
        let secret = desired.text("secret_id")?;
        put(client, secret, &request.token, &desired, request.desired.secrets.get("secret_string_wo")).await?;
        Ok(Identity(format!("{secret}|{}", request.token)))
    }

    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        let secret = Fields::of(&request.desired.attributes).text("secret_id")?;
        let found = alive(client, secret).await?.filter(|found| !stages(found, &request.token).is_empty());
        let identity = || Identity(format!("{secret}|{}", request.token));
        Ok(found.map_or(Found::Nothing, |_| Found::Ours(identity())))
    }

    /// Moves the labels that others have.
    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let parts = Parts::of(&standing.identity)?;
        let Some(secret) = alive(client, parts.secret).await? else { return Ok(waiting("not visible yet")) };
        // What an update has put has its token for an id.
        let updated = !stages(&secret, &standing.token).is_empty();
        let version = if updated { standing.token.as_str() } else { parts.version };
        let has = stages(&secret, version);
        if has.is_empty() {
            return Ok(waiting("not visible yet"));
        }
        let wanted = Fields::of(&standing.desired.attributes).texts("version_stages")?;
        let missing: Vec<&String> = wanted.iter().filter(|stage| !has.contains(*stage)).collect();
        for stage in &missing {
            relabel(client, parts.secret, stage, labelled(&secret, stage), Some(version)).await?;
        }
        // With AWSCURRENT goes AWSPREVIOUS, by itself: what the others have now, another look tells.
        if !missing.is_empty() {
            return Ok(waiting("moving labels"));
        }
        for stage in has.iter().filter(|stage| !wanted.contains(stage) && *stage != CURRENT) {
            relabel(client, parts.secret, stage, Some(version.to_owned()), None).await?;
        }
        if has.iter().any(|stage| !wanted.contains(stage) && stage == CURRENT) {
            let message = format!("{CURRENT} can't be taken from a version: give it to another one");
            return Err(refused("InvalidField", message));
        }
        if has.iter().any(|stage| !wanted.contains(stage)) {
            return Ok(waiting("moving labels"));
        }
        let identity = Identity(format!("{}|{version}", parts.secret));
        Ok(match observe(&secret, &identity) {
            Some(observed) => once_shown(SCHEMA, &standing.desired.attributes, observed),
            None => waiting("not visible yet"),
        })
    }

    async fn update(&self, client: &Client, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure> {
        if !change.changed.iter().any(|field| field.starts_with("secret_string_wo")) {
            return Ok(());
        }
        let secret = Parts::of(&standing.identity)?.secret;
        let desired = Fields::of(&standing.desired.attributes);
        put(client, secret, &standing.token, &desired, standing.desired.secrets.get("secret_string_wo")).await
    }

    /// Takes its labels away, so that AWS forgets it. The current one keeps its label, and goes with its secret.
    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let parts = Parts::of(&standing.identity)?;
        let Some(secret) = alive(client, parts.secret).await? else { return Ok(Progress::Gone) };
        let mut others = stages(&secret, parts.version);
        others.remove(CURRENT);
        if others.is_empty() {
            return Ok(Progress::Gone);
        }
        for stage in &others {
            relabel(client, parts.secret, stage, Some(parts.version.to_owned()), None).await?;
        }
        Ok(waiting("taking labels away"))
    }

    async fn reveal(&self, client: &Client, identity: &Identity) -> Result<SecretText, Failure> {
        let parts = Parts::of(identity)?;
        let sending = client.secrets.get_secret_value().secret_id(parts.secret).version_id(parts.version).send();
        let answer = client.send(Call::secrets("GetSecretValue").lagging(), sending).await?;
        let text = answer.secret_string().ok_or_else(|| refused("NoText", format!("`{identity}` holds bytes")))?;
        Ok(SecretText::new(text.to_owned()))
    }

    fn identity(&self, attributes: &Attributes) -> Option<Identity> {
        Fields::of(attributes).maybe_string("id").ok().flatten().map(Identity)
    }
}

async fn put(
    client: &Client,
    secret: &str,
    token: &str,
    desired: &Fields<'_>,
    value: Option<&SecretText>,
) -> Result<(), Failure> {
    let value = value.ok_or_else(|| refused("MissingField", "secret_string_wo is needed and not given".to_owned()))?;
    let sending = client
        .secrets
        .put_secret_value()
        .secret_id(secret)
        .client_request_token(token)
        .secret_string(value.reveal())
        .set_version_stages(Some(desired.texts("version_stages")?))
        .send();
    client.send(Call::secrets("PutSecretValue").lagging(), sending).await.map(drop)
}

async fn relabel(
    client: &Client,
    secret: &str,
    stage: &str,
    from: Option<String>,
    to: Option<&str>,
) -> Result<(), Failure> {
    let sending = client
        .secrets
        .update_secret_version_stage()
        .secret_id(secret)
        .version_stage(stage)
        .set_remove_from_version_id(from)
        .set_move_to_version_id(to.map(str::to_owned))
        .send();
    client.send(Call::secrets("UpdateSecretVersionStage"), sending).await.map(drop)
}

/// What a secret's description says of a version; nothing where it has no label, and is as good as gone.
pub(crate) fn observe(secret: &DescribeSecretOutput, identity: &Identity) -> Option<Attributes> {
    let parts = Parts::of(identity).ok()?;
    let stages = stages(secret, parts.version);
    if stages.is_empty() {
        return None;
    }
    let attributes = Observed::new()
        .with("secret_id", parts.secret)
        .with_list("version_stages", stages)
        .with("id", identity.0.as_str())
        .with("arn", parts.secret)
        .with("version_id", parts.version)
        .finish(SCHEMA);
    Some(attributes)
}
