//! `aws_iam_role_policy`: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html>

use async_trait::async_trait;
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Progress, ReadRequest, Standing, UpdateRequest,
};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;
use fathuss_state::Identity;

use crate::call::Call;
use crate::client::Client;
use crate::differ::once_shown;
use crate::failure::refused;
use crate::fields::{Fields, Observed};
use crate::gone::{once_accepted, there, waiting};
use crate::iam_account::Shown;
use crate::iam_role::{self, IamRole};
use crate::kind::{Batch, Kind};
use crate::{iam, name};

/// The calls of `aws_iam_role_policy`.
pub struct IamRolePolicy;

pub(crate) const SCHEMA: &Schema = fathuss_model::aws::IamRolePolicy::SCHEMA;

#[async_trait(?Send)]
impl Kind for IamRolePolicy {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    fn family(&self) -> &'static str {
        iam_role::FAMILY
    }

    /// The roles' own: their details have the policies inside them.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        IamRole.read(client, requests).await
    }

    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let desired = Fields::of(&request.desired.attributes);
        let (role, name) = (desired.text("role")?, name::of(SCHEMA, "name", request)?);
        put(client, role, &name, desired.text("policy")?).await?;
        Ok(identity(role, &name))
    }

    /// A policy carries no mark: one that is as it was asked for is what was asked for.
    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        let desired = &request.desired.attributes;
        let role = Fields::of(desired).text("role")?;
        let name = name::of(SCHEMA, "name", request)?;
        let found = look(client, role, &name).await?.map(|observed| once_shown(SCHEMA, desired, observed));
        Ok(match found {
            Some(Progress::Ready(_)) => Found::Ours(identity(role, &name)),
            _ => Found::Nothing,
        })
    }

    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let (role, name) = ends(&standing.identity)?;
        Ok(match look(client, role, name).await? {
            Some(observed) => once_shown(SCHEMA, &standing.desired.attributes, observed),
            None => waiting("not visible yet"),
        })
    }

    async fn update(&self, client: &Client, standing: &Standing, _: &UpdateRequest) -> Result<(), Failure> {
        let (role, name) = ends(&standing.identity)?;
        put(client, role, name, Fields::of(&standing.desired.attributes).text("policy")?).await
    }

    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let (role, name) = ends(&standing.identity)?;
        let sending = client.iam.delete_role_policy().role_name(role).policy_name(name).send();
        once_accepted(client.send(Call::iam("DeleteRolePolicy"), sending).await)
    }
}

/// Policies inside roles: those that the account's lists show, and by one `GetRolePolicy` each those that they do not.
pub(crate) async fn read(client: &Client, requests: &[ReadRequest], shown: &Shown) -> Batch {
    Batch::each(requests, async |request| {
        let (role, name) = ends(&request.identity)?;
        match shown.inline(role, name) {
            Some(document) => Ok(Some(observe(role, name, document))),
            None => look(client, role, name).await,
        }
    })
    .await
}

/// The roles that these policies are in.
pub(crate) fn roles(requests: &[ReadRequest]) -> impl Iterator<Item = &str> {
    requests.iter().filter_map(|request| ends(&request.identity).ok()).map(|(role, _)| role)
}

async fn put(client: &Client, role: &str, name: &str, document: &str) -> Result<(), Failure> {
    let putting = client.iam.put_role_policy().role_name(role).policy_name(name).policy_document(document);
    // The role was perhaps made a moment ago.
    let call = Call::iam("PutRolePolicy").unseen("NoSuchEntity", "").expects("ConcurrentModification", "");
    client.send(call, putting.send()).await.map(drop)
}

async fn look(client: &Client, role: &str, name: &str) -> Result<Option<Attributes>, Failure> {
    let sending = client.iam.get_role_policy().role_name(role).policy_name(name).send();
    let answer = there(client.send(Call::iam("GetRolePolicy"), sending).await)?;
    Ok(answer.map(|answer| observe(role, name, &answer.policy_document)))
}

/// As people type it at an import: neither name holds a colon.
fn identity(role: &str, name: &str) -> Identity {
    Identity(format!("{role}:{name}"))
}

fn ends(identity: &Identity) -> Result<(&str, &str), Failure> {
    identity.0.split_once(':').ok_or_else(|| {
        refused("InvalidIdentity", format!("`{identity}` is not a role's name, a colon and a policy's name"))
    })
}

fn observe(role: &str, name: &str, document: &str) -> Attributes {
    Observed::new()
        .with("role", role)
        .with("policy", iam::document(document))
        .with("name", name)
        .with("id", identity(role, name).0)
        .finish(SCHEMA)
}

#[cfg(test)]
mod tests {
    use fathuss_engine::Provider;
    use fathuss_engine::provider::{Attributes, Found, Observation};
    use fathuss_state::Identity;

    use crate::canned::{Canned, attributes, make, read};

    const ADDRESS: &str = "s.aws_iam_role_policy.p";
    const ANSWER: &str =
        "<RoleName>nodes</RoleName><PolicyName>logs</PolicyName><PolicyDocument>%7B%7D</PolicyDocument>";

    #[tokio::test]
    async fn a_policy_inside_a_role_reads_back_decoded_and_a_missing_one_is_absent() {
        let canned = Canned::new().result("GetRolePolicy", ANSWER).refuse_query(
            "GetRolePolicy",
            404,
            "NoSuchEntity",
            "The role policy with name logs cannot be found.",
        );
        let asked = [read(ADDRESS, "nodes:logs", Attributes::new())];
        let there = canned.aws().read(&asked).await;
        let Ok(Observation::Present(policy)) = &there.observations[0] else { panic!("{there:?}") };
        assert_eq!(
            (&policy["policy"], &policy["name"], &policy["role"]),
            (&"{}".into(), &"logs".into(), &"nodes".into())
        );
        let gone = canned.aws().read(&asked).await;
        assert_eq!(gone.observations[0], Ok(Observation::Absent));
    }

    #[tokio::test]
    async fn the_roles_details_have_the_policies_inside_them() {
        let inline = "<member><PolicyName>logs</PolicyName><PolicyDocument>%7B%7D</PolicyDocument></member>";
        let detail = |name: &str| {
            format!("<member><RoleName>{name}</RoleName><RolePolicyList>{inline}</RolePolicyList></member>")
        };
        let details: String = ["a", "b", "c", "d"].map(detail).concat();
        let answer = format!("<RoleDetailList>{details}</RoleDetailList><IsTruncated>false</IsTruncated>");
        let canned = Canned::new().result("GetAccountAuthorizationDetails", &answer);
        let asked = ["a", "b", "c", "d"]
            .map(|role| read(&format!("{ADDRESS}{role}"), &format!("{role}:logs"), Attributes::new()));
        let answer = canned.aws().read(&asked).await;
        assert!(answer.observations.iter().all(|it| matches!(it, Ok(Observation::Present(_)))), "{answer:?}");
        assert!(!canned.operations().contains(&"GetRolePolicy".to_owned()), "{:?}", canned.operations());
    }

    #[tokio::test]
    async fn one_of_the_name_with_other_words_is_not_what_was_asked_for() {
        let canned = Canned::new().result("GetRolePolicy", ANSWER);
        let wanted =
            |policy: &str| make(ADDRESS, attributes([("role", "nodes"), ("name", "logs"), ("policy", policy)]));
        let ours = canned.aws().find(&wanted("{}")).await;
        assert_eq!(ours, Ok(Found::Ours(Identity("nodes:logs".to_owned()))));
        assert_eq!(canned.aws().find(&wanted("{\"a\":1}")).await, Ok(Found::Nothing));
    }
}
