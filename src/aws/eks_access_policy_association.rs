//! `aws_eks_access_policy_association`: <https://docs.aws.amazon.com/eks/latest/APIReference/API_AssociateAccessPolicy.html>

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use aws_sdk_eks::types::{self, AccessScope};
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Progress, ReadRequest, Standing, UpdateRequest,
};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;
use fathuss_state::Identity;
use futures::future::join_all;

use crate::call::Call;
use crate::client::Client;
use crate::differ::Differences;
use crate::failure::refused;
use crate::fields::{Fields, Observed, instant};
use crate::gone::{once_accepted, there, waiting};
use crate::kind::{Batch, Kind};

/// The calls of `aws_eks_access_policy_association`.
pub struct EksAccessPolicyAssociation;

const SCHEMA: &Schema = fathuss_model::aws::EksAccessPolicyAssociation::SCHEMA;

#[async_trait(?Send)]
impl Kind for EksAccessPolicyAssociation {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// One `ListAssociatedAccessPolicies` for each principal of a cluster, however many policies
    /// it has: the call takes one principal.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        let principals: BTreeSet<(&str, &str)> = requests
            .iter()
            .filter_map(|request| Ends::of(&request.identity).ok())
            .map(|ends| (ends.cluster, ends.principal))
            .collect();
        let listed = join_all(principals.iter().map(|(cluster, principal)| listed(client, cluster, principal))).await;
        let listed: BTreeMap<(&str, &str), _> = principals.into_iter().zip(listed).collect();
        Batch::of(requests, |request| {
            let ends = match Ends::of(&request.identity) {
                Ok(ends) => ends,
                Err(failure) => return Some(Err(failure)),
            };
            match listed.get(&(ends.cluster, ends.principal))? {
                Ok(policies) => policies.get(ends.policy).map(|policy| Ok(observe(&ends, policy))),
                Err(failure) => Some(Err(failure.clone())),
            }
        })
    }

    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let ends = Ends::wanted(request)?;
        associate(client, &ends, &Fields::of(&request.desired.attributes)).await?;
        Ok(ends.identity())
    }

    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        let ends = Ends::wanted(request)?;
        let policies = listed(client, ends.cluster, ends.principal).await?;
        Ok(if policies.contains_key(ends.policy) { Found::Ours(ends.identity()) } else { Found::Nothing })
    }

    /// Associates again where the scope differs: what stood there before may reach less far or further.
    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let ends = Ends::of(&standing.identity)?;
        let policies = listed(client, ends.cluster, ends.principal).await?;
        let Some(policy) = policies.get(ends.policy) else { return Ok(waiting("not visible yet")) };
        let observed = observe(&ends, policy);
        if Differences::of(SCHEMA, &standing.desired.attributes, &observed).has("access_scope") {
            associate(client, &ends, &Fields::of(&standing.desired.attributes)).await?;
            return Ok(waiting("changing the scope"));
        }
        Ok(Progress::Ready(observed))
    }

    /// The scope is settle's: it associates again where it differs.
    async fn update(&self, _: &Client, _: &Standing, _: &UpdateRequest) -> Result<(), Failure> {
        Ok(())
    }

    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let ends = Ends::of(&standing.identity)?;
        let removing = client.eks.disassociate_access_policy().cluster_name(ends.cluster);
        let sending = removing.principal_arn(ends.principal).policy_arn(ends.policy).send();
        once_accepted(client.send(Call::eks("DisassociateAccessPolicy"), sending).await)
    }
}

/// What a relation is known by.
struct Ends<'a> {
    cluster: &'a str,
    principal: &'a str,
    policy: &'a str,
}

impl<'a> Ends<'a> {
    /// From what people type at an import: none of the three holds a `#`.
    fn of(identity: &'a Identity) -> Result<Self, Failure> {
        let mut ends = identity.0.split('#');
        match (ends.next(), ends.next(), ends.next(), ends.next()) {
            (Some(cluster), Some(principal), Some(policy), None) => Ok(Self { cluster, principal, policy }),
            _ => Err(refused(
                "InvalidIdentity",
                format!("`{identity}` is not a cluster's name, a principal's and a policy's ARN with # between"),
            )),
        }
    }

    fn wanted(request: &'a MakeRequest) -> Result<Self, Failure> {
        let desired = Fields::of(&request.desired.attributes);
        Ok(Self {
            cluster: desired.text("cluster_name")?,
            principal: desired.text("principal_arn")?,
            policy: desired.text("policy_arn")?,
        })
    }

    fn identity(&self) -> Identity {
        Identity(format!("{}#{}#{}", self.cluster, self.principal, self.policy))
    }
}

async fn associate(client: &Client, ends: &Ends<'_>, desired: &Fields<'_>) -> Result<(), Failure> {
    let mut scope = AccessScope::builder();
    if let Some(wanted) = desired.block("access_scope")? {
        let namespaces = wanted.texts("namespaces")?;
        scope = scope
            .set_type(wanted.maybe_text("type")?.map(Into::into))
            .set_namespaces((!namespaces.is_empty()).then_some(namespaces));
    }
    let associating = client.eks.associate_access_policy().cluster_name(ends.cluster).principal_arn(ends.principal);
    let sending = associating.policy_arn(ends.policy).access_scope(scope.build()).send();
    // The entry may have been made a moment ago.
    client.send(Call::eks("AssociateAccessPolicy").lagging(), sending).await?;
    Ok(())
}

/// What a principal has, by policy; nothing where its entry or the cluster is gone.
async fn listed(
    client: &Client,
    cluster: &str,
    principal: &str,
) -> Result<BTreeMap<String, types::AssociatedAccessPolicy>, Failure> {
    let mut policies = BTreeMap::new();
    let mut token = None;
    loop {
        let listing = client.eks.list_associated_access_policies().cluster_name(cluster).principal_arn(principal);
        let sending = listing.set_next_token(token).send();
        let Some(answer) = there(client.send(Call::eks("ListAssociatedAccessPolicies"), sending).await)? else {
            return Ok(policies);
        };
        let page = answer.associated_access_policies.unwrap_or_default().into_iter();
        policies.extend(page.filter_map(|policy| Some((policy.policy_arn.clone()?, policy))));
        match answer.next_token {
            Some(next) if !next.is_empty() => token = Some(next),
            _ => return Ok(policies),
        }
    }
}

fn observe(ends: &Ends<'_>, policy: &types::AssociatedAccessPolicy) -> Attributes {
    let scope = policy.access_scope().map(|scope| {
        Observed::new()
            .with("type", scope.r#type().map(types::AccessScopeType::as_str))
            .with_list("namespaces", scope.namespaces().iter().cloned())
    });
    Observed::new()
        .with("cluster_name", ends.cluster)
        .with("principal_arn", ends.principal)
        .with("policy_arn", ends.policy)
        .with_block("access_scope", scope.unwrap_or_default())
        .with("id", ends.identity().0)
        .with("associated_at", instant(policy.associated_at()))
        .finish(SCHEMA)
}
