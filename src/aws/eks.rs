//! What EKS's types share: identities of two parts, tags, health, and updates that take a while.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_eks::types::{Update, UpdateStatus};
use fathuss_engine::provider::{Failure, FailureClass, Progress, Standing, UpdateRequest};
use fathuss_state::Identity;

use crate::call::{Call, Service};
use crate::client::Client;
use crate::failure::refused;
use crate::fields::Fields;
use crate::gone::waiting;
use crate::mark::{self, TagChange};

/// As EKS takes tags.
pub(crate) fn written(tags: BTreeMap<String, String>) -> HashMap<String, String> {
    tags.into_iter().collect()
}

/// As EKS answers tags.
pub(crate) fn read(tags: Option<&HashMap<String, String>>) -> BTreeMap<String, String> {
    tags.into_iter().flatten().map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// Sends what an update changes in the tags, if it changes them; `arn_field` has the ARN.
pub(crate) async fn update_tags(
    client: &Client,
    arn_field: &str,
    standing: &Standing,
    change: &UpdateRequest,
) -> Result<(), Failure> {
    let Some(arn) = Fields::of(&change.before).maybe_text(arn_field)? else { return Ok(()) };
    let Some(TagChange { set, gone }) = mark::tag_change(standing, change)? else { return Ok(()) };
    let sending = client.eks.tag_resource().resource_arn(arn).set_tags(Some(written(set))).send();
    client.send(Call::eks("TagResource"), sending).await?;
    if !gone.is_empty() {
        let sending = client.eks.untag_resource().resource_arn(arn).set_tag_keys(Some(gone)).send();
        client.send(Call::eks("UntagResource"), sending).await?;
    }
    Ok(())
}

/// A cluster's name and what is named inside it, as people type them at an import.
pub(crate) fn identity(cluster: &str, name: &str) -> Identity {
    Identity(format!("{cluster}:{name}"))
}

/// The two parts: a cluster's name holds no colon.
pub(crate) fn parts(identity: &Identity) -> Result<(&str, &str), Failure> {
    identity.0.split_once(':').ok_or_else(|| {
        refused("InvalidIdentity", format!("`{identity}` is not a cluster's name, a colon and what is in the cluster"))
    })
}

/// A call that names a role: one that was made a moment ago is unknown to EKS at first, or can't be assumed yet.
pub(crate) fn with_role(call: Call) -> Call {
    const YOUNG: [&str; 9] = [
        "does not exist",
        "could not be assumed",
        "could not be found",
        "cannot be assumed",
        "trust relationships of",
        "role params",
        "cannot be found",
        "EKS Managed Policies",
        "invalid principal",
    ];
    YOUNG.into_iter().fold(call, |call, words| call.unseen("InvalidParameterException", words))
}

/// A change while another one runs: EKS does one at a time.
pub(crate) fn one_at_a_time(call: Call) -> Call {
    // What a read did not show yet is done by then: the next look sees it.
    call.expects("ResourceInUseException", "").expects("InvalidParameterException", "already at the desired")
}

/// The token of one change: the operation's, and the change's own name, since an operation may take several calls.
pub(crate) fn token(standing: &Standing, change: &str) -> String {
    // EKS states no limit; 64 characters are what EC2 takes.
    let mut token = standing.token.clone();
    token.truncate(40);
    format!("{token}-{change}")
}

/// A creation that names what is there already, and was not this one: EKS would have answered the same token with success.
pub(crate) fn taken(failure: Failure, identity: &str) -> Failure {
    if failure.code != "ResourceInUseException" || !failure.message.contains("already") {
        return failure;
    }
    let hint = format!(
        "it exists and is not managed by this state: give another name, or take it over by `fathuss import` with its import id `{identity}`"
    );
    Failure { hint: Some(hint), ..failure }
}

/// How a change goes. The same token answers with the same update, so one that failed is not begun again.
pub(crate) fn progress(operation: &str, update: Option<Update>) -> Result<Progress, Failure> {
    let Some(update) = update else { return Ok(waiting("UPDATING")) };
    match update.status {
        Some(UpdateStatus::Failed | UpdateStatus::Cancelled) => {
            let reasons = update.errors.unwrap_or_default().into_iter().map(|error| {
                let code = error.error_code.map(|code| code.as_str().to_owned()).unwrap_or_default();
                issue(&code, error.error_message.as_deref(), error.resource_ids.unwrap_or_default())
            });
            let code = update.status.as_ref().map_or("Failed", UpdateStatus::as_str);
            Err(Failure {
                class: FailureClass::Refused,
                service: Service::Eks.name().to_owned(),
                operation: operation.to_owned(),
                code: format!("Update{code}"),
                message: said(reasons, "EKS gives no reason"),
                request_id: None,
                hint: None,
            })
        }
        Some(UpdateStatus::InProgress) | Some(_) | None => Ok(waiting("UPDATING")),
    }
}

/// One health issue in a line.
pub(crate) fn issue(code: &str, message: Option<&str>, resources: Vec<String>) -> String {
    let mut text = code.to_owned();
    if let Some(message) = message {
        text = format!("{text}: {message}");
    }
    if !resources.is_empty() {
        text = format!("{text} ({})", resources.join(", "));
    }
    text
}

/// Issues in a line, or what stands for none.
pub(crate) fn said(issues: impl IntoIterator<Item = String>, none: &str) -> String {
    let issues: Vec<String> = issues.into_iter().collect();
    if issues.is_empty() { none.to_owned() } else { issues.join("; ") }
}

#[cfg(test)]
mod tests {
    use fathuss_engine::Provider;
    use fathuss_engine::diff::diff;
    use fathuss_engine::provider::{Attributes, FailureClass, Found, Observation, Progress, UpdateRequest};
    use fathuss_model::aws::{EksCluster, EksNodeGroup};
    use fathuss_model::{Datum, Lifecycle, Partial, Resource as _};
    use fathuss_state::Identity;
    use serde_json::{Value, json};

    use crate::canned::{Canned, make, read, standing};

    fn attributes(value: Value) -> Attributes {
        serde_json::from_value(value).unwrap()
    }

    fn changes(
        schema: &'static fathuss_model::schema::Schema,
        wanted: &Attributes,
        observed: &Attributes,
    ) -> Vec<String> {
        let wanted = wanted.iter().map(|(name, value)| (name.clone(), Partial::Known(value.clone()))).collect();
        let changes = diff(schema, &wanted, observed, observed, &Lifecycle::default());
        changes.into_iter().map(|change| change.path).collect()
    }

    fn cluster() -> Attributes {
        attributes(json!({
            "name": "main", "role_arn": "arn:aws:iam::1:role/control", "version": "1.33",
            "vpc_config": {
                "subnet_ids": ["subnet-b", "subnet-a"], "endpoint_private_access": true,
                "public_access_cidrs": ["203.0.113.0/24"],
            },
            "access_config": {"authentication_mode": "API", "bootstrap_cluster_creator_admin_permissions": false},
            "enabled_cluster_log_types": ["audit", "api"],
            "tags": {"Project": "Fathuss"},
        }))
    }

    fn described(status: &str, logs: &[&str]) -> Value {
        json!({"cluster": {
            "name": "main", "arn": "arn:aws:eks:us-east-1:1:cluster/main", "roleArn": "arn:aws:iam::1:role/control",
            "version": "1.33", "status": status, "endpoint": "https://x", "createdAt": 1_767_225_600.5,
            "resourcesVpcConfig": {
                "subnetIds": ["subnet-a", "subnet-b"], "securityGroupIds": [], "endpointPublicAccess": true,
                "endpointPrivateAccess": true, "publicAccessCidrs": ["203.0.113.0/24"],
                "clusterSecurityGroupId": "sg-1", "vpcId": "vpc-1",
            },
            "accessConfig": {"authenticationMode": "API"},
            "kubernetesNetworkConfig": {"serviceIpv4Cidr": "172.20.0.0/16", "ipFamily": "ipv4"},
            "logging": {"clusterLogging": [{"types": logs, "enabled": true}, {"types": ["scheduler"], "enabled": false}]},
            "identity": {"oidc": {"issuer": "https://oidc.eks/id/1"}}, "certificateAuthority": {"data": "LS0t"},
            "upgradePolicy": {"supportType": "EXTENDED"}, "platformVersion": "eks.1",
            "health": {"issues": [{"code": "AccessDenied", "message": "EKS can't make network interfaces", "resourceIds": ["subnet-a"]}]},
            "tags": {
                "Project": "Fathuss", "fathuss:lineage": "lineage-1", "fathuss:address": "s.aws_eks_cluster.main",
                "fathuss:generation": "1",
            },
        }})
    }

    const CLUSTER: &str = "s.aws_eks_cluster.main";
    const DESCRIBE: &str = "GET /clusters/main";

    fn encrypted(key: &str) -> Attributes {
        let mut wanted = cluster();
        let config = json!({ "provider": { "key_arn": key }, "resources": ["secrets"] });
        wanted.extend(attributes(json!({ "encryption_config": config })));
        wanted
    }

    #[tokio::test]
    async fn a_key_is_given_to_a_cluster_in_place_and_another_one_replaces_it() {
        let associate = "POST /clusters/main/encryption-config/associate";
        let begun = json!({"update": {"id": "u-1", "status": "InProgress", "type": "AssociateEncryptionConfig"}});
        let canned =
            Canned::new().json(DESCRIBE, 200, &described("ACTIVE", &["api", "audit"])).json(associate, 200, &begun);
        let settled = canned.aws().settle(&standing(CLUSTER, "main", encrypted("key-1"))).await;
        assert!(matches!(settled, Ok(Progress::Waiting { .. })), "{settled:?}");
        let sent: Value = serde_json::from_str(canned.seen()[1].get("body").unwrap()).unwrap();
        let config = json!([{ "provider": { "keyArn": "key-1" }, "resources": ["secrets"] }]);
        assert_eq!(sent["encryptionConfig"], config);
        let forced = |before: &Attributes, after: &Attributes| {
            let wanted = after.iter().map(|(name, value)| (name.clone(), Partial::Known(value.clone()))).collect();
            let changes = diff(EksCluster::SCHEMA, &wanted, before, before, &Lifecycle::default());
            let of_it = changes.iter().filter(|change| change.path.starts_with("encryption_config"));
            of_it.map(|change| (change.path.clone(), change.forces_replacement)).collect::<Vec<_>>()
        };
        let given = vec![("encryption_config".to_owned(), false)];
        assert_eq!(forced(&cluster(), &encrypted("key-1")), given);
        let other = vec![("encryption_config.provider.key_arn".to_owned(), true)];
        assert_eq!(forced(&encrypted("key-1"), &encrypted("key-2")), other);
        assert_eq!(forced(&encrypted("key-1"), &cluster()), []);
    }

    #[tokio::test]
    async fn a_cluster_that_nobody_touched_shows_no_change() {
        let canned = Canned::new().json(DESCRIBE, 200, &described("ACTIVE", &["api", "audit"]));
        let answer = canned.aws().read(&[read(CLUSTER, "main", Attributes::new())]).await;
        let Ok(Observation::Present(observed)) = &answer.observations[0] else { panic!("{answer:?}") };
        assert_eq!(changes(EksCluster::SCHEMA, &cluster(), observed), Vec::<String>::new());
        let at = |path: &str| Datum::Map(observed.clone()).at(path).cloned();
        assert_eq!(at("identity.oidc.issuer"), Some("https://oidc.eks/id/1".into()));
        assert_eq!(at("certificate_authority.data"), Some("LS0t".into()));
        assert_eq!(at("access_config.bootstrap_cluster_creator_admin_permissions"), None, "AWS never says");
        assert_eq!(canned.operations(), [DESCRIBE]);
    }

    #[tokio::test]
    async fn a_cluster_is_created_with_its_token_and_mark() {
        let canned = Canned::new().json("POST /clusters", 200, &described("CREATING", &[]));
        let made = canned.aws().create(&make(CLUSTER, cluster())).await;
        assert_eq!(made, Ok(Identity("main".to_owned())));
        let body: Value = serde_json::from_str(canned.seen()[0].get("body").unwrap()).unwrap();
        assert_eq!(body["clientRequestToken"], "f".repeat(64));
        assert_eq!(body["accessConfig"]["bootstrapClusterCreatorAdminPermissions"], false);
        assert_eq!(body["tags"]["fathuss:address"], CLUSTER);
        assert_eq!(body["resourcesVpcConfig"]["endpointPublicAccess"], true);
        assert_eq!(body["logging"]["clusterLogging"][0], json!({"types": ["api", "audit"], "enabled": true}));
    }

    #[tokio::test]
    async fn a_role_that_cannot_be_assumed_yet_is_waited_for_and_a_taken_name_is_explained() {
        let refuse = |code: &str, message: &str| {
            let body = json!({"__type": code, "message": message});
            Canned::new().json("POST /clusters", 400, &body).aws()
        };
        let young = refuse("InvalidParameterException", "roleArn, arn:aws:iam::1:role/control, does not exist");
        assert_eq!(young.create(&make(CLUSTER, cluster())).await.unwrap_err().class, FailureClass::Unseen);
        let zones = refuse("InvalidParameterException", "Subnets specified must be in at least two different AZs");
        assert_eq!(zones.create(&make(CLUSTER, cluster())).await.unwrap_err().class, FailureClass::Refused);
        let taken = refuse("ResourceInUseException", "Cluster already exists with name: main");
        let taken = taken.create(&make(CLUSTER, cluster())).await.unwrap_err();
        assert_eq!(taken.class, FailureClass::Refused);
        assert!(taken.hint.unwrap().contains("import id `main`"));
    }

    #[tokio::test]
    async fn changes_of_a_cluster_go_one_after_the_other_and_end() {
        let updating = json!({"update": {"id": "u-1", "status": "InProgress"}});
        let canned = Canned::new()
            .json(DESCRIBE, 200, &described("ACTIVE", &["scheduler"]))
            .json(DESCRIBE, 200, &described("UPDATING", &["scheduler"]))
            .json(DESCRIBE, 200, &described("ACTIVE", &["audit", "api"]))
            .json("POST /clusters/main/update-config", 200, &updating);
        let aws = canned.aws();
        let standing = standing(CLUSTER, "main", cluster());
        assert!(matches!(aws.settle(&standing).await, Ok(Progress::Waiting { .. })));
        assert!(matches!(aws.settle(&standing).await, Ok(Progress::Waiting { .. })));
        assert!(matches!(aws.settle(&standing).await, Ok(Progress::Ready(_))));
        let sent: Vec<_> = canned.seen().into_iter().filter(|seen| seen.operation.starts_with("POST")).collect();
        assert_eq!(sent.len(), 1);
        let body: Value = serde_json::from_str(sent[0].get("body").unwrap()).unwrap();
        assert_eq!(
            body["logging"]["clusterLogging"][1]["types"],
            json!(["authenticator", "controllerManager", "scheduler"])
        );
        assert!(body.get("resourcesVpcConfig").is_none());
    }

    #[tokio::test]
    async fn a_change_that_failed_is_told_and_not_begun_again() {
        let failed = json!({"update": {"id": "u-1", "status": "Failed", "errors": [
            {"errorCode": "SubnetNotFound", "errorMessage": "no such subnet", "resourceIds": ["subnet-a"]}]}});
        let canned = Canned::new().json(DESCRIBE, 200, &described("ACTIVE", &[])).json(
            "POST /clusters/main/update-config",
            200,
            &failed,
        );
        let failure = canned.aws().settle(&standing(CLUSTER, "main", cluster())).await.unwrap_err();
        assert_eq!((failure.class, failure.code.as_str()), (FailureClass::Refused, "UpdateFailed"));
        assert_eq!(failure.message, "SubnetNotFound: no such subnet (subnet-a)");
    }

    #[tokio::test]
    async fn a_cluster_that_failed_is_broken_in_the_words_of_eks() {
        let canned = Canned::new().json(DESCRIBE, 200, &described("FAILED", &[]));
        let failure = canned.aws().settle(&standing(CLUSTER, "main", cluster())).await.unwrap_err();
        assert_eq!(failure.class, FailureClass::Broken);
        assert_eq!(failure.message, "AccessDenied: EKS can't make network interfaces (subnet-a)");
    }

    #[tokio::test]
    async fn a_cluster_with_node_groups_is_not_gone_yet() {
        let busy = json!({"__type": "ResourceInUseException", "message": "Cluster has nodegroups attached", "nodegroupName": "n"});
        let canned =
            Canned::new().json(DESCRIBE, 200, &described("ACTIVE", &[])).json("DELETE /clusters/main", 409, &busy);
        let failure = canned.aws().delete(&standing(CLUSTER, "main", cluster())).await.unwrap_err();
        assert_eq!(failure.class, FailureClass::NotYet);
        let missing = json!({"__type": "ResourceNotFoundException", "message": "No cluster found for name: main."});
        let gone = Canned::new()
            .json(DESCRIBE, 404, &missing)
            .result("DescribeLoadBalancers", "<LoadBalancers/>")
            .result("DescribeTargetGroups", "<TargetGroups/>")
            .answer("DescribeVolumes", "<volumeSet/>")
            .answer("DescribeNetworkInterfaces", "<networkInterfaceSet/>")
            .answer("DescribeSecurityGroups", "<securityGroupInfo/>");
        assert_eq!(gone.aws().delete(&standing(CLUSTER, "main", cluster())).await, Ok(Progress::Gone));
    }

    const GROUP: &str = "s.aws_eks_node_group.general";

    fn group() -> Attributes {
        attributes(json!({
            "cluster_name": "main", "node_role_arn": "arn:aws:iam::1:role/nodes", "subnet_ids": ["subnet-a"],
            "node_group_name": "general", "scaling_config": {"min_size": 4, "desired_size": 2, "max_size": 10},
            "instance_types": ["t3.medium"], "labels": {"workload": "general"},
            "taint": [{"key": "spot", "effect": "NO_SCHEDULE", "value": "true"}],
            "launch_template": {"id": "lt-1", "version": "2"},
        }))
    }

    fn described_group(min: i64, version: &str, status: &str) -> Value {
        json!({"nodegroup": {
            "nodegroupName": "general", "clusterName": "main", "version": "1.33", "releaseVersion": "1.33.1-1",
            "nodegroupArn": "arn:aws:eks:us-east-1:1:nodegroup/main/general/1", "status": status,
            "capacityType": "ON_DEMAND", "amiType": "AL2023_x86_64_STANDARD", "instanceTypes": ["t3.medium"],
            "scalingConfig": {"minSize": min, "desiredSize": 3, "maxSize": 10}, "subnets": ["subnet-a"],
            "nodeRole": "arn:aws:iam::1:role/nodes", "labels": {"workload": "general"},
            "taints": [{"key": "spot", "effect": "NO_SCHEDULE", "value": "true"}],
            "launchTemplate": {"id": "lt-1", "name": "t", "version": version}, "updateConfig": {"maxUnavailable": 1},
            "resources": {"autoScalingGroups": [{"name": "eks-general-1"}]}, "diskSize": 20,
            "health": {"issues": [{"code": "NodeCreationFailure", "message": "Instances failed to join", "resourceIds": ["i-1"]}]},
            "tags": {},
        }})
    }

    const DESCRIBE_GROUP: &str = "GET /clusters/main/node-groups/general";

    #[tokio::test]
    async fn how_many_nodes_run_is_the_autoscalers_and_bounds_move_them_only_inside() {
        let updating = json!({"update": {"id": "u-1", "status": "InProgress"}});
        let canned = Canned::new()
            .json(DESCRIBE_GROUP, 200, &described_group(1, "2", "ACTIVE"))
            .json(DESCRIBE_GROUP, 200, &described_group(4, "1", "ACTIVE"))
            .json(DESCRIBE_GROUP, 200, &described_group(4, "2", "ACTIVE"))
            .json("POST /clusters/main/node-groups/general/update-config", 200, &updating)
            .json("POST /clusters/main/node-groups/general/update-version", 200, &updating);
        let aws = canned.aws();
        let standing = standing(GROUP, "main:general", group());
        assert!(matches!(aws.settle(&standing).await, Ok(Progress::Waiting { .. })));
        let body: Value = serde_json::from_str(canned.seen()[1].get("body").unwrap()).unwrap();
        assert_eq!(body["scalingConfig"], json!({"minSize": 4, "maxSize": 10, "desiredSize": 4}));
        assert!(body.get("labels").is_none() && body.get("taints").is_none());
        assert!(matches!(aws.settle(&standing).await, Ok(Progress::Waiting { .. })));
        let body: Value = serde_json::from_str(canned.seen()[3].get("body").unwrap()).unwrap();
        assert_eq!(body["launchTemplate"], json!({"id": "lt-1", "version": "2"}));
        let Ok(Progress::Ready(observed)) = aws.settle(&standing).await else { panic!() };
        assert_eq!(changes(EksNodeGroup::SCHEMA, &group(), &observed), Vec::<String>::new());
    }

    #[tokio::test]
    async fn a_node_group_that_failed_is_broken_in_the_words_of_eks() {
        let canned = Canned::new().json(DESCRIBE_GROUP, 200, &described_group(4, "2", "CREATE_FAILED"));
        let failure = canned.aws().settle(&standing(GROUP, "main:general", group())).await.unwrap_err();
        assert_eq!(failure.class, FailureClass::Broken);
        assert_eq!(failure.message, "NodeCreationFailure: Instances failed to join (i-1)");
    }

    #[tokio::test]
    async fn labels_and_taints_change_by_what_differs() {
        let mut wanted = group();
        wanted.insert("labels".to_owned(), attributes(json!({"tier": "one"})).into());
        wanted.insert("taint".to_owned(), Datum::List(vec![]));
        let updating = json!({"update": {"id": "u-1", "status": "InProgress"}});
        let canned = Canned::new().json("POST /clusters/main/node-groups/general/update-config", 200, &updating).json(
            DESCRIBE_GROUP,
            200,
            &described_group(4, "2", "ACTIVE"),
        );
        let aws = canned.aws();
        let Ok(Progress::Waiting { .. }) = aws.settle(&standing(GROUP, "main:general", wanted)).await else { panic!() };
        let body: Value = serde_json::from_str(canned.seen()[1].get("body").unwrap()).unwrap();
        assert_eq!(body["labels"], json!({"addOrUpdateLabels": {"tier": "one"}, "removeLabels": ["workload"]}));
        assert_eq!(body["taints"]["removeTaints"][0]["key"], "spot");
        assert!(body.get("scalingConfig").is_none());
    }

    #[tokio::test]
    async fn an_addon_without_a_version_follows_eks() {
        let described = json!({"addon": {
            "addonName": "coredns", "clusterName": "main", "addonVersion": "v1.12-eksbuild.9", "status": "ACTIVE",
            "addonArn": "arn:aws:eks:us-east-1:1:addon/main/coredns/1", "tags": {},
        }});
        let canned = Canned::new().json("GET /clusters/main/addons/coredns", 200, &described);
        let wanted = attributes(json!({"cluster_name": "main", "addon_name": "coredns"}));
        let settled = canned.aws().settle(&standing("s.aws_eks_addon.dns", "main:coredns", wanted)).await;
        let Ok(Progress::Ready(observed)) = settled else { panic!("{settled:?}") };
        assert_eq!(observed["addon_version"], "v1.12-eksbuild.9".into());
        assert!(!observed.contains_key("resolve_conflicts_on_create"), "what was given stays what was given");
    }

    #[tokio::test]
    async fn policies_of_one_principal_are_one_call() {
        let (view, edit) =
            ("arn:aws:eks::aws:cluster-access-policy/View", "arn:aws:eks::aws:cluster-access-policy/Edit");
        let principal = "arn:aws:iam::1:role/ci";
        let path = "GET /clusters/main/access-entries/arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fci/access-policies";
        let listed = json!({"clusterName": "main", "principalArn": principal, "associatedAccessPolicies": [
            {"policyArn": view, "accessScope": {"type": "namespace", "namespaces": ["b", "a"]}, "associatedAt": 1_767_225_600}]});
        let canned = Canned::new().json(path, 200, &listed);
        let kind = "s.aws_eks_access_policy_association";
        let answer = canned
            .aws()
            .read(&[
                read(&format!("{kind}.v"), &format!("main#{principal}#{view}"), Attributes::new()),
                read(&format!("{kind}.e"), &format!("main#{principal}#{edit}"), Attributes::new()),
            ])
            .await;
        assert_eq!(canned.operations(), [path]);
        let Ok(Observation::Present(there)) = &answer.observations[0] else { panic!("{answer:?}") };
        assert_eq!(there["access_scope"].to_string(), r#"{"namespaces":["a","b"],"type":"namespace"}"#);
        assert_eq!(answer.observations[1], Ok(Observation::Absent));
    }

    #[tokio::test]
    async fn an_access_entry_of_the_clusters_creator_is_foreign() {
        let entry =
            json!({"accessEntry": {"clusterName": "main", "principalArn": "arn:aws:iam::1:role/ci", "tags": {}}});
        let path = "GET /clusters/main/access-entries/arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fci";
        let canned = Canned::new().json(path, 200, &entry);
        let wanted = attributes(json!({"cluster_name": "main", "principal_arn": "arn:aws:iam::1:role/ci"}));
        let found = canned.aws().find(&make("s.aws_eks_access_entry.ci", wanted)).await;
        assert_eq!(found, Ok(Found::Foreign(Identity("main:arn:aws:iam::1:role/ci".to_owned()))));
    }

    #[tokio::test]
    async fn an_update_of_tags_alone_sends_nothing_else() {
        let canned = Canned::new()
            .json("POST /tags/arn%3Aaws%3Aeks%3Aus-east-1%3A1%3Acluster%2Fmain", 200, &json!({}))
            .json("DELETE /tags/arn%3Aaws%3Aeks%3Aus-east-1%3A1%3Acluster%2Fmain", 200, &json!({}))
            .json(DESCRIBE, 200, &described("ACTIVE", &["api", "audit"]));
        let aws = canned.aws();
        let answer = aws.read(&[read(CLUSTER, "main", Attributes::new())]).await;
        let Ok(Observation::Present(before)) = answer.observations[0].clone() else { panic!() };
        let mut wanted = cluster();
        wanted.insert("tags".to_owned(), attributes(json!({"Team": "x"})).into());
        let change = UpdateRequest { before, changed: vec!["tags".to_owned()] };
        aws.update(&standing(CLUSTER, "main", wanted), &change).await.unwrap();
        let seen = canned.seen();
        assert_eq!(seen.len(), 3);
        let set: Value = serde_json::from_str(seen[1].get("body").unwrap()).unwrap();
        assert_eq!(set["tags"]["Team"], "x");
        assert_eq!(set["tags"]["fathuss:generation"], "1");
    }
}
