//! OpenID Connect identity providers: what binds a cluster's service accounts to roles.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::listing::listed;
use super::tags::{self, Tags};
use super::{missing, quota};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::{Reach, Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("CreateOpenIDConnectProvider", create),
    ("GetOpenIDConnectProvider", get),
    ("DeleteOpenIDConnectProvider", delete),
    ("ListOpenIDConnectProviders", list),
    ("UpdateOpenIDConnectProviderThumbprint", update_thumbprints),
    ("AddClientIDToOpenIDConnectProvider", add_client),
    ("RemoveClientIDFromOpenIDConnectProvider", remove_client),
    ("TagOpenIDConnectProvider", tag),
    ("UntagOpenIDConnectProvider", untag),
    ("ListOpenIDConnectProviderTags", list_tags),
];

const CREATE: &str = "https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("iam.oidc_provider.url", "a provider's URL begins with https:// and has no query", CREATE),
    Rule::new("iam.oidc_provider.url.taken", "an account has one provider for a URL", CREATE),
    Rule::new("iam.oidc_provider.thumbprints", "a provider has one to five thumbprints of hexadecimal digits", CREATE),
    Rule::new(
        "iam.oidc_provider.quota",
        "an account has at most 100 OpenID Connect providers with 100 clients each",
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html",
    ),
];

/// An OpenID Connect provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OidcProvider {
    /// Its URL without the scheme.
    pub url: String,
    /// Its ARN.
    pub arn: String,
    /// The clients, which tokens name as their audience.
    pub clients: Vec<String>,
    /// The thumbprints of its certificates.
    pub thumbprints: Vec<String>,
    /// When it was made.
    pub created: Timestamp,
    /// Its tags.
    pub tags: Tags,
}

impl Row for OidcProvider {
    const TABLE: &'static str = "iam.oidc_provider";
    const REACH: Reach = Reach::Account;
    fn id(&self) -> String {
        self.arn.clone()
    }
}

/// The provider of that ARN.
///
/// # Errors
/// When there is none.
pub fn find(tx: &Tx<'_>, arn: &str) -> Result<OidcProvider, Refusal> {
    tx.get::<OidcProvider>(arn)
        .cloned()
        .ok_or_else(|| missing(format!("OpenIDConnect Provider not found for arn {arn}")))
}

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let given = input.required("Url");
    let url = given.strip_prefix("https://").unwrap_or_default().trim_end_matches('/');
    let sound = !url.is_empty()
        && !url.contains(['?', '#', ' ', ':'])
        && url.split('/').next().is_some_and(|host| host.contains('.'));
    tx.enforce("iam.oidc_provider.url", sound, || {
        Refusal::new("ValidationError", "Invalid Open ID Connect Provider URL")
    })?;
    let arn = format!("arn:aws:iam::{}:oidc-provider/{url}", tx.account());
    tx.enforce("iam.oidc_provider.url.taken", tx.get::<OidcProvider>(&arn).is_none(), || {
        Refusal::new("EntityAlreadyExists", format!("Provider with url {given} already exists."))
    })?;
    let limit = tx.quota("iam.oidc_providers");
    let have = i64::try_from(tx.rows::<OidcProvider>().count()).unwrap_or(i64::MAX);
    tx.enforce("iam.oidc_provider.quota", have < limit, || quota("OpenIDConnectProvidersPerAccount", limit))?;
    let mut thumbprints = thumbprints(tx, input)?;
    if thumbprints.is_empty() {
        // IAM fetches the top certificate of the chain itself.
        thumbprints.push(thumbprint(url));
    }
    let clients: Vec<String> = input.texts("ClientIDList").into_iter().map(str::to_owned).collect();
    enough_clients(tx, clients.len())?;
    let tags = tags::read(tx, input)?;
    let answer = record! { "OpenIDConnectProviderArn" => &arn, "Tags" => tags::view_if_any(&tags) };
    tx.put(OidcProvider { url: url.to_owned(), arn, clients, thumbprints, created: tx.now(), tags });
    Ok(answer)
}

/// The thumbprint that IAM finds at a URL: the same for every path of a host.
#[must_use]
pub fn thumbprint(url: &str) -> String {
    let host = url.split('/').next().unwrap_or_default();
    hex::encode(&Sha256::digest(format!("certificate of {host}"))[..20])
}

fn thumbprints(tx: &Tx<'_>, input: &Input<'_>) -> Result<Vec<String>, Refusal> {
    let given = input.texts("ThumbprintList");
    tx.enforce("iam.oidc_provider.thumbprints", given.len() <= 5, || {
        Refusal::new("InvalidInput", "Thumbprint list must contain fewer than 5 entries.")
    })?;
    for one in &given {
        tx.enforce("iam.oidc_provider.thumbprints", one.bytes().all(|digit| digit.is_ascii_hexdigit()), || {
            Refusal::new("ValidationError", format!("Invalid thumbprint: {one}"))
        })?;
    }
    Ok(given.into_iter().map(str::to_lowercase).collect())
}

fn enough_clients(tx: &Tx<'_>, count: usize) -> Result<(), Refusal> {
    let limit = tx.quota("iam.oidc_clients");
    let fits = i64::try_from(count).unwrap_or(i64::MAX) <= limit;
    tx.enforce("iam.oidc_provider.quota", fits, || quota("ClientIdsPerOpenIdConnectProvider", limit))
}

fn get(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let provider = find(tx, input.required("OpenIDConnectProviderArn"))?;
    Ok(record! {
        "Url" => &provider.url,
        "ClientIDList" => &provider.clients,
        "ThumbprintList" => &provider.thumbprints,
        "CreateDate" => provider.created,
        "Tags" => tags::view(&provider.tags),
    })
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    // Deleting what is not there is no error.
    tx.remove::<OidcProvider>(input.required("OpenIDConnectProviderArn"));
    Ok(Value::Record(Record::new()))
}

fn list(tx: &mut Tx<'_>, _input: &Input<'_>) -> Result<Value, Refusal> {
    let items: Vec<Value> = tx.rows::<OidcProvider>().map(|provider| record! { "Arn" => &provider.arn }).collect();
    Ok(record! { "OpenIDConnectProviderList" => Value::List(items) })
}

fn update_thumbprints(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut provider = find(tx, input.required("OpenIDConnectProviderArn"))?;
    provider.thumbprints = thumbprints(tx, input)?;
    tx.enforce("iam.oidc_provider.thumbprints", !provider.thumbprints.is_empty(), || {
        Refusal::new("InvalidInput", "Thumbprint list must contain at least one entry.")
    })?;
    tx.put(provider);
    Ok(Value::Record(Record::new()))
}

fn add_client(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut provider = find(tx, input.required("OpenIDConnectProviderArn"))?;
    let client = input.required("ClientID");
    if !provider.clients.iter().any(|known| known == client) {
        provider.clients.push(client.to_owned());
    }
    enough_clients(tx, provider.clients.len())?;
    tx.put(provider);
    Ok(Value::Record(Record::new()))
}

fn remove_client(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut provider = find(tx, input.required("OpenIDConnectProviderArn"))?;
    let client = input.required("ClientID");
    provider.clients.retain(|known| known != client);
    tx.put(provider);
    Ok(Value::Record(Record::new()))
}

fn tag(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut provider = find(tx, input.required("OpenIDConnectProviderArn"))?;
    provider.tags = tags::added(tx, input, provider.tags)?;
    tx.put(provider);
    Ok(Value::Record(Record::new()))
}

fn untag(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut provider = find(tx, input.required("OpenIDConnectProviderArn"))?;
    provider.tags = tags::left(input, provider.tags);
    tx.put(provider);
    Ok(Value::Record(Record::new()))
}

fn list_tags(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let provider = find(tx, input.required("OpenIDConnectProviderArn"))?;
    listed(tx, input, "Tags", tags::items(&provider.tags))
}

#[cfg(test)]
mod tests {
    use crate::client::Client;

    #[tokio::test(start_paused = true)]
    async fn a_provider_is_found_by_its_url_and_deleting_it_twice_is_no_error() {
        let client = Client::calm();
        let url = "https://oidc.eks.us-east-1.amazonaws.com/id/ABCDEF";
        let create = [("Url", url), ("ClientIDList.member.1", "sts.amazonaws.com")];
        let arn = client.iam("CreateOpenIDConnectProvider", &create).await.one("OpenIDConnectProviderArn");
        assert_eq!(arn, "arn:aws:iam::000000000000:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/ABCDEF");
        client
            .iam_refuses(
                "CreateOpenIDConnectProvider",
                &create,
                "EntityAlreadyExists",
                &format!("Provider with url {url} already exists."),
            )
            .await;
        let named = [("OpenIDConnectProviderArn", arn.as_str())];
        let shown = client.iam("GetOpenIDConnectProvider", &named).await;
        assert_eq!(shown.one("Url"), url.trim_start_matches("https://"));
        // The thumbprint is IAM's own finding, and the only other item.
        let members = shown.all("member");
        assert_eq!((members.len(), members[0].as_str(), members[1].len()), (2, "sts.amazonaws.com", 40));
        for _ in 0..2 {
            client.iam("DeleteOpenIDConnectProvider", &named).await;
        }
        client
            .iam_refuses(
                "GetOpenIDConnectProvider",
                &named,
                "NoSuchEntity",
                &format!("OpenIDConnect Provider not found for arn {arn}"),
            )
            .await;
        client
            .iam_refuses(
                "CreateOpenIDConnectProvider",
                &[("Url", "http://example.com")],
                "ValidationError",
                "Invalid Open ID Connect Provider URL",
            )
            .await;
        assert!(client.simulator.switch("iam.oidc_provider.url.taken", false));
        client.iam("CreateOpenIDConnectProvider", &create).await;
        client.iam("CreateOpenIDConnectProvider", &create).await;
    }
}
