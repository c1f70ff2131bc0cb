//! The envelope encryption of a cluster's secrets with a key of the customer's: given at creation or later, never
//! changed or taken back.

use super::cluster::{Cluster, find};
use super::cluster_update::{Asked, begin};
use super::{Issue, invalid};
use crate::datastore::key::{self, ManagedKey};
use crate::iam::authorization;
use crate::input::Input;
use crate::kms::key::{Key, State};
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Handler, Span};
use crate::value::Value;
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] = &[("AssociateEncryptionConfig", associate)];

/// Secrets that are there already are written anew:
/// <https://github.com/hashicorp/terraform-provider-aws/issues/19968> shows more than 24 minutes.
pub(super) const SPANS: &[Span] = &[Span::new("eks.update.encryption", 900.0, 1800.0)];

const PAGE: &str = "https://docs.aws.amazon.com/eks/latest/userguide/enable-kms.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new(
        "eks.cluster.encryption.resources",
        "what is encrypted are secrets",
        "https://docs.aws.amazon.com/eks/latest/APIReference/API_EncryptionConfig.html",
    ),
    Rule::new("eks.cluster.encryption.key", "a cluster's key is symmetric, enabled, and of the cluster's region", PAGE),
    Rule::new("eks.cluster.encryption.once", "encryption is enabled once, and its key stays", PAGE),
];

/// The ARN of the key that a request names, where it names one.
pub(super) fn asked(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Option<String>, Refusal> {
    let Some(config) = input.records("encryptionConfig").into_iter().next() else { return Ok(None) };
    let provider = config.record("provider");
    let Some(given) = provider.as_ref().and_then(|provider| provider.text("keyArn")).filter(|arn| !arn.is_empty())
    else {
        return Err(invalid("KeyArn is required"));
    };
    let sound = config.texts("resources").iter().all(|resource| *resource == "secrets");
    // No source has EKS's words for this.
    tx.enforce("eks.cluster.encryption.resources", sound, || {
        invalid("The resources for encryptionConfig are invalid. The only supported value is secrets.")
    })?;
    let rule = "eks.cluster.encryption.key";
    let shaped = given.starts_with("arn:aws:kms:") || given.starts_with("alias/");
    tx.enforce(rule, shaped, || invalid("The keyArn for encryptionConfig is invalid."))?;
    // EKS has no key of its own in an account: the name is one that no request can mean.
    let named = key::resolved(tx, given, "");
    let absent = given
        .strip_prefix(&format!("arn:aws:kms:{}:{}:key/", tx.region(), tx.account()))
        .is_some_and(|id| tx.get::<Key>(id).is_none() && !tx.rows::<ManagedKey>().any(|key| key.id == id));
    // Both answers are recorded:
    // <https://github.com/cloud-custodian/cloud-custodian/tree/main/tests/data/placebo/test_eks_associate_encryption_config_invalid_kms_key>
    tx.enforce(rule, !absent, || invalid(format!("The KeyArn in encryptionConfig provider {given} is not found.")))?;
    tx.enforce(rule, named.usable, || invalid("The keyArn for encryptionConfig is invalid."))?;
    // <https://docs.aws.amazon.com/eks/latest/userguide/enable-kms.html>; no source has the words.
    let may = authorization::has_key(tx, &super::SERVICE, &named.arn, &["kms:DescribeKey", "kms:CreateGrant"])?;
    if !may {
        return Err(invalid(format!("The principal is not authorized to use the key {}.", named.arn)));
    }
    Ok(Some(named.arn))
}

/// The configuration as requests and answers have it.
pub(super) fn view(key: &str) -> Value {
    Value::List(vec![record! { "resources" => vec!["secrets"], "provider" => record! { "keyArn" => key } }])
}

/// What is wrong with a cluster whose key can't be used any more.
/// <https://docs.aws.amazon.com/eks/latest/APIReference/API_ClusterIssue.html>
pub(super) fn issue(tx: &Tx<'_>, cluster: &Cluster) -> Option<Issue> {
    let arn = cluster.encryption.as_deref()?;
    let key = tx.get::<Key>(arn.rsplit('/').next()?);
    let (code, what) = match key.map(|key| key.state) {
        Some(State::Enabled) => return None,
        Some(State::Disabled) => ("KmsKeyDisabled", "is disabled"),
        Some(State::PendingDeletion) => ("KmsKeyMarkedForDeletion", "is marked for deletion"),
        None => ("KmsKeyNotFound", "could not be found"),
    };
    Some(Issue::new(code, format!("The KMS key {arn} of the cluster {what}."), vec![arn.to_owned()]))
}

fn associate(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let name = input.required("clusterName");
    let cluster = find(tx, name)?;
    let _ = input.text("clientRequestToken");
    tx.enforce("eks.cluster.encryption.once", cluster.encryption.is_none(), || {
        invalid("Encryption is already enabled on the cluster").member("clusterName", name)
    })?;
    let key = asked(tx, input).map_err(|refusal| refusal.member("clusterName", name))?;
    let key = key.ok_or_else(|| invalid("KeyArn is required").member("clusterName", name))?;
    let config = serde_json::json!([{ "resources": ["secrets"], "provider": { "keyArn": key } }]);
    let params = vec![("EncryptionConfig", config.to_string())];
    begin(tx, cluster, Asked { kind: "AssociateEncryptionConfig", span: "eks.update.encryption", params })
}

/// The key that an update brings.
pub(super) fn brought(config: &str) -> Option<String> {
    let config: serde_json::Value = serde_json::from_str(config).ok()?;
    config.pointer("/0/provider/keyArn")?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::client::Client;
    use crate::eks::fixture::Ground;

    fn with(key: &str) -> Value {
        json!([{ "resources": ["secrets"], "provider": { "keyArn": key } }])
    }

    async fn key(client: &Client) -> String {
        let made = client.kms("CreateKey", json!({})).await;
        made["KeyMetadata"]["Arn"].as_str().unwrap().to_owned()
    }

    #[tokio::test(start_paused = true)]
    async fn a_cluster_is_made_with_a_key_and_says_when_that_can_not_be_used_any_more() {
        let ground = Ground::calm().await;
        let client = &ground.client;
        let arn = key(client).await;
        client.kms("CreateAlias", json!({"AliasName": "alias/c", "TargetKeyId": arn})).await;
        let mut asked = ground.cluster("c");
        for bad in ["alias/absent", "11111111-2222-3333-4444-555555555555", &arn.replace("us-east-1", "us-west-2")] {
            asked["encryptionConfig"] = with(bad);
            let message = "The keyArn for encryptionConfig is invalid.";
            client.eks_refuses("POST", "/clusters", Some(asked.clone()), "InvalidParameterException", message).await;
        }
        asked["encryptionConfig"] = with("alias/c");
        client.eks("POST", "/clusters", Some(asked)).await;
        client.wait(15 * 60);
        let shown = ground.shown("c").await;
        assert_eq!(shown["encryptionConfig"], with(&arn));
        assert_eq!(shown["health"]["issues"], json!([]));
        client.kms("DisableKey", json!({"KeyId": arn})).await;
        assert_eq!(ground.shown("c").await["health"]["issues"][0]["code"], "KmsKeyDisabled");
        client.kms("ScheduleKeyDeletion", json!({"KeyId": arn, "PendingWindowInDays": 7})).await;
        assert_eq!(ground.shown("c").await["health"]["issues"][0]["code"], "KmsKeyMarkedForDeletion");
        client.wait(7 * 24 * 3600);
        assert_eq!(ground.shown("c").await["health"]["issues"][0]["code"], "KmsKeyNotFound");
    }

    #[tokio::test(start_paused = true)]
    async fn a_cluster_without_a_key_gets_one_once() {
        let ground = Ground::calm().await;
        ground.made("c").await;
        let client = &ground.client;
        let arn = key(client).await;
        let path = "/clusters/c/encryption-config/associate";
        let begun = client.eks("POST", path, Some(json!({"encryptionConfig": with(&arn)}))).await;
        assert_eq!(begun["update"]["type"], "AssociateEncryptionConfig");
        assert_eq!(ground.shown("c").await.get("encryptionConfig"), None);
        client.wait(31 * 60);
        let shown = ground.shown("c").await;
        assert_eq!((&shown["status"], &shown["encryptionConfig"]), (&json!("ACTIVE"), &with(&arn)));
        let again = Some(json!({"encryptionConfig": with(&key(client).await)}));
        let message = "Encryption is already enabled on the cluster";
        client.eks_refuses("POST", path, again, "InvalidParameterException", message).await;
    }
}
