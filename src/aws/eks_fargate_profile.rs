//! `aws_eks_fargate_profile`: <https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateFargateProfile.html>

use async_trait::async_trait;
use aws_sdk_eks::types::{FargateProfile, FargateProfileSelector, FargateProfileStatus};
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Progress, ReadRequest, Standing, Survivor, UpdateRequest,
};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;
use fathuss_state::Identity;

use crate::call::{Call, Service};
use crate::client::Client;
use crate::differ::once_shown;
use crate::failure::broken;
use crate::fields::{Fields, Observed};
use crate::gone::{there, waiting};
use crate::kind::{Batch, Kind};
use crate::{eks, mark, service_linked_role};

/// The calls of `aws_eks_fargate_profile`.
pub struct EksFargateProfile;

const SCHEMA: &Schema = fathuss_model::aws::EksFargateProfile::SCHEMA;

#[async_trait(?Send)]
impl Kind for EksFargateProfile {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// One `DescribeFargateProfile` for each: lists answer names alone, and no call takes several.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        Batch::each(requests, async |request| {
            Ok(profile(client, &request.identity).await?.map(|profile| observe(&profile)))
        })
        .await
    }

    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let desired = Fields::of(&request.desired.attributes);
        let (cluster, name) = (desired.text("cluster_name")?, desired.text("fargate_profile_name")?);
        let identity = eks::identity(cluster, name);
        let mut selectors = Vec::new();
        for selector in desired.blocks("selector")? {
            let labels = selector.map("labels")?;
            let built = FargateProfileSelector::builder().namespace(selector.text("namespace")?);
            selectors.push(built.set_labels(Some(labels.into_iter().collect()).filter(empty_not)).build());
        }
        let sending = client
            .eks
            .create_fargate_profile()
            .client_request_token(&request.token)
            .cluster_name(cluster)
            .fargate_profile_name(name)
            .pod_execution_role_arn(desired.text("pod_execution_role_arn")?)
            .set_subnets(Some(desired.texts("subnet_ids")?))
            .set_selectors(Some(selectors))
            .set_tags(Some(eks::written(mark::tags_with(&request.mark, &request.desired.attributes)?)))
            .send();
        // A cluster's profiles are made one after the other, and the role was perhaps made a moment ago.
        let call = eks::with_role(Call::eks("CreateFargateProfile"))
            .unseen("InvalidParameterException", "Misconfigured PodExecutionRole")
            .expects("ResourceInUseException", "currently has Fargate profile");
        client.send(call, sending).await.map_err(|failure| eks::taken(failure, &identity.0))?;
        Ok(identity)
    }

    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        let desired = Fields::of(&request.desired.attributes);
        let identity = eks::identity(desired.text("cluster_name")?, desired.text("fargate_profile_name")?);
        let found = profile(client, &identity).await?;
        Ok(mark::owner(&request.mark, found.map(|profile| (identity.0, eks::read(profile.tags())))))
    }

    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let Some(profile) = profile(client, &standing.identity).await? else { return Ok(waiting("not visible yet")) };
        match &profile.status {
            Some(FargateProfileStatus::Active) => {
                Ok(once_shown(SCHEMA, &standing.desired.attributes, observe(&profile)))
            }
            Some(FargateProfileStatus::CreateFailed) => Err(broken(Service::Eks, "CREATE_FAILED", &health(&profile))),
            status => Ok(waiting(status.as_ref().map_or("CREATING", FargateProfileStatus::as_str))),
        }
    }

    /// All but its tags replaces it.
    async fn update(&self, client: &Client, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure> {
        eks::update_tags(client, "arn", standing, change).await
    }

    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let Some(profile) = profile(client, &standing.identity).await? else { return Ok(Progress::Gone) };
        if profile.status == Some(FargateProfileStatus::Deleting) {
            return Ok(waiting("DELETING"));
        }
        let (cluster, name) = eks::parts(&standing.identity)?;
        let sending = client.eks.delete_fargate_profile().cluster_name(cluster).fargate_profile_name(name).send();
        let answer = client.send(eks::one_at_a_time(Call::eks("DeleteFargateProfile")), sending).await;
        Ok(if there(answer)?.is_some() { waiting("DELETING") } else { Progress::Gone })
    }

    fn survivors(&self, _attributes: &Attributes) -> Vec<Survivor> {
        vec![service_linked_role::left("AWSServiceRoleForAmazonEKSForFargate")]
    }
}

fn empty_not(labels: &std::collections::HashMap<String, String>) -> bool {
    !labels.is_empty()
}

async fn profile(client: &Client, identity: &Identity) -> Result<Option<FargateProfile>, Failure> {
    let (cluster, name) = eks::parts(identity)?;
    let sending = client.eks.describe_fargate_profile().cluster_name(cluster).fargate_profile_name(name).send();
    let answer = there(client.send(Call::eks("DescribeFargateProfile"), sending).await)?;
    Ok(answer.and_then(|answer| answer.fargate_profile))
}

fn health(profile: &FargateProfile) -> String {
    let issues = profile.health().map(|health| health.issues()).unwrap_or_default().iter().map(|issue| {
        let code = issue.code().map(|code| code.as_str()).unwrap_or_default();
        eks::issue(code, issue.message(), issue.resource_ids().to_vec())
    });
    eks::said(issues, "EKS gives no reason")
}

fn observe(profile: &FargateProfile) -> Attributes {
    let identity = match (profile.cluster_name(), profile.fargate_profile_name()) {
        (Some(cluster), Some(name)) => Some(eks::identity(cluster, name).0),
        _ => None,
    };
    let selectors = profile.selectors().iter().map(|selector| {
        let labels = eks::read(selector.labels());
        let labels = if labels.is_empty() { fathuss_model::Datum::Null } else { labels.into() };
        Observed::new().with("namespace", selector.namespace.clone()).with("labels", labels).into_datum()
    });
    Observed::new()
        .with("cluster_name", profile.cluster_name.clone())
        .with("fargate_profile_name", profile.fargate_profile_name.clone())
        .with("pod_execution_role_arn", profile.pod_execution_role_arn.clone())
        .with_list("subnet_ids", profile.subnets().iter().cloned())
        .with_list("selector", selectors)
        .tagged(&eks::read(profile.tags()))
        .with("id", identity)
        .with("arn", profile.fargate_profile_arn.clone())
        .with("status", profile.status().map(|status| status.as_str().to_owned()))
        .finish(SCHEMA)
}

#[cfg(test)]
mod tests {
    use fathuss_engine::Provider;
    use fathuss_engine::provider::{Attributes, FailureClass, Progress};
    use serde_json::{Value, json};

    use crate::canned::{Canned, make, standing};

    const ADDRESS: &str = "s.aws_eks_fargate_profile.apps";
    const PATH: &str = "/clusters/main/fargate-profiles";

    fn wanted() -> Attributes {
        serde_json::from_value(json!({
            "cluster_name": "main", "fargate_profile_name": "apps", "pod_execution_role_arn": "arn:aws:iam::1:role/pods",
            "subnet_ids": ["subnet-a"], "selector": [{"namespace": "apps"}],
        }))
        .unwrap()
    }

    fn described(status: &str) -> Value {
        json!({"fargateProfile": {
            "clusterName": "main", "fargateProfileName": "apps", "podExecutionRoleArn": "arn:aws:iam::1:role/pods",
            "subnets": ["subnet-a"], "selectors": [{"namespace": "apps"}], "status": status,
        }})
    }

    #[tokio::test]
    async fn a_profile_waits_for_another_one_and_then_for_itself() {
        let busy = "Cannot create Fargate Profile apps because cluster main currently has Fargate profile dns in status \
                    CREATING";
        let refusal = json!({"__type": "ResourceInUseException", "message": busy});
        let canned = Canned::new()
            .json(&format!("POST {PATH}"), 409, &refusal)
            .json(&format!("GET {PATH}/apps"), 200, &described("CREATING"))
            .json(&format!("GET {PATH}/apps"), 200, &described("ACTIVE"));
        let aws = canned.aws();
        assert_eq!(aws.create(&make(ADDRESS, wanted())).await.unwrap_err().class, FailureClass::NotYet);
        let standing = standing(ADDRESS, "main:apps", wanted());
        assert_eq!(aws.settle(&standing).await, Ok(Progress::Waiting { state: "CREATING".to_owned() }));
        assert!(matches!(aws.settle(&standing).await, Ok(Progress::Ready(_))));
    }
}
