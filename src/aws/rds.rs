//! What RDS's types share: tags, which are known by ARN.

use std::collections::BTreeMap;

use aws_sdk_rds::types::Tag;
use fathuss_engine::provider::{Failure, Standing, UpdateRequest};

use crate::call::Call;
use crate::client::Client;
use crate::fields::Fields;
use crate::mark::{self, TagChange};

/// As RDS takes tags.
pub(crate) fn written(tags: BTreeMap<String, String>) -> Vec<Tag> {
    tags.into_iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

/// As RDS answers tags.
pub(crate) fn read(tags: &[Tag]) -> BTreeMap<String, String> {
    tags.iter().filter_map(|tag| Some((tag.key.clone()?, tag.value.clone().unwrap_or_default()))).collect()
}

/// The tags of what only this call has them of.
pub(crate) async fn tags_of(client: &Client, arn: Option<&str>) -> Result<BTreeMap<String, String>, Failure> {
    let sending = client.rds.list_tags_for_resource().set_resource_name(arn.map(str::to_owned)).send();
    let answer = client.send(Call::rds("ListTagsForResource").lagging(), sending).await?;
    Ok(read(answer.tag_list()))
}

/// Sends what an update changes in the tags, if it changes them.
pub(crate) async fn update_tags(client: &Client, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure> {
    update_tags_of(client, "arn", standing, change).await
}

/// The same for a type that calls its ARN otherwise.
pub(crate) async fn update_tags_of(
    client: &Client,
    arn: &str,
    standing: &Standing,
    change: &UpdateRequest,
) -> Result<(), Failure> {
    let Some(TagChange { set, gone }) = mark::tag_change(standing, change)? else { return Ok(()) };
    let arn = Fields::of(&change.before).text(arn)?;
    let sending = client.rds.add_tags_to_resource().resource_name(arn).set_tags(Some(written(set))).send();
    client.send(Call::rds("AddTagsToResource"), sending).await?;
    if !gone.is_empty() {
        let sending = client.rds.remove_tags_from_resource().resource_name(arn).set_tag_keys(Some(gone)).send();
        client.send(Call::rds("RemoveTagsFromResource"), sending).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use fathuss_engine::Provider;
    use fathuss_engine::provider::{Attributes, FailureClass, Found, Observation, Progress, SecretText, UpdateRequest};
    use fathuss_state::Identity;
    use serde_json::{Value, json};

    use crate::canned::{Canned, make, read, standing};

    fn attributes(value: Value) -> Attributes {
        serde_json::from_value(value).unwrap()
    }

    fn instance() -> Attributes {
        attributes(json!({
            "identifier": "main", "engine": "postgres", "instance_class": "db.t3.medium", "engine_version": "17",
            "allocated_storage": 20, "max_allocated_storage": 100, "storage_type": "gp3", "storage_encrypted": true,
            "username": "fathuss", "manage_master_user_password": true, "maintenance_window": "Sun:04:00-sun:05:00",
            "vpc_security_group_ids": ["sg-1"], "backup_retention_period": 7, "skip_final_snapshot": false,
            "final_snapshot_identifier": "main-last", "apply_immediately": true, "deletion_protection": false,
        }))
    }

    fn described(status: &str, more: &str) -> String {
        format!(
            "<DBInstances><DBInstance><DBInstanceIdentifier>main</DBInstanceIdentifier><Engine>postgres</Engine>\
             <DBInstanceStatus>{status}</DBInstanceStatus><DBInstanceClass>db.t3.medium</DBInstanceClass>\
             <EngineVersion>17.6</EngineVersion><AllocatedStorage>30</AllocatedStorage>\
             <MaxAllocatedStorage>100</MaxAllocatedStorage><StorageType>gp3</StorageType><Iops>3000</Iops>\
             <StorageEncrypted>true</StorageEncrypted><MasterUsername>fathuss</MasterUsername>\
             <MasterUserSecret><SecretArn>arn:s</SecretArn><SecretStatus>active</SecretStatus></MasterUserSecret>\
             <Endpoint><Address>main.x.rds</Address><Port>5432</Port></Endpoint>\
             <PreferredMaintenanceWindow>sun:04:00-sun:05:00</PreferredMaintenanceWindow>\
             <VpcSecurityGroups><VpcSecurityGroupMembership><VpcSecurityGroupId>sg-1</VpcSecurityGroupId>\
             <Status>active</Status></VpcSecurityGroupMembership><VpcSecurityGroupMembership>\
             <VpcSecurityGroupId>sg-old</VpcSecurityGroupId><Status>removing</Status></VpcSecurityGroupMembership>\
             </VpcSecurityGroups><BackupRetentionPeriod>7</BackupRetentionPeriod>\
             <AutoMinorVersionUpgrade>true</AutoMinorVersionUpgrade><DBInstanceArn>arn:db</DBInstanceArn>\
             <TagList><Tag><Key>fathuss:lineage</Key><Value>lineage-1</Value></Tag><Tag><Key>fathuss:address</Key>\
             <Value>s.aws_db_instance.main</Value></Tag><Tag><Key>fathuss:generation</Key><Value>1</Value></Tag></TagList>\
             {more}</DBInstance></DBInstances>"
        )
    }

    const ADDRESS: &str = "s.aws_db_instance.main";

    #[tokio::test]
    async fn a_minor_upgrade_and_storage_that_grew_by_itself_are_no_change() {
        let canned = Canned::new().result("DescribeDBInstances", &described("available", ""));
        let settled = canned.aws().settle(&standing(ADDRESS, "main", instance())).await;
        let Ok(Progress::Ready(observed)) = settled else { panic!("{settled:?}") };
        assert_eq!(observed["engine_version_actual"], "17.6".into());
        assert_eq!(observed["allocated_storage"], 20.into());
        assert_eq!(observed["endpoint"], "main.x.rds:5432".into());
        assert_eq!(observed["vpc_security_group_ids"].to_string(), "[\"sg-1\"]");
        assert!(!observed.contains_key("final_snapshot_identifier"), "no answer holds it: the engine keeps it");
        assert_eq!(canned.operations(), ["DescribeDBInstances"]);
    }

    #[tokio::test]
    async fn what_differs_is_sent_once_and_waited_for() {
        let mut wanted = instance();
        wanted.insert("backup_retention_period".to_owned(), 30.into());
        let pending =
            "<PendingModifiedValues><BackupRetentionPeriod>30</BackupRetentionPeriod></PendingModifiedValues>";
        let canned = Canned::new()
            .result("DescribeDBInstances", &described("available", ""))
            .result("DescribeDBInstances", &described("available", pending))
            .result("ModifyDBInstance", "");
        let aws = canned.aws();
        let standing = standing(ADDRESS, "main", wanted);
        assert!(matches!(aws.settle(&standing).await, Ok(Progress::Waiting { .. })));
        assert!(matches!(aws.settle(&standing).await, Ok(Progress::Waiting { .. })), "pending is not done");
        let modify = &canned.seen()[1];
        let sent: Vec<&str> = modify.parameters.keys().map(String::as_str).collect();
        assert_eq!(sent, ["Action", "ApplyImmediately", "BackupRetentionPeriod", "DBInstanceIdentifier", "Version"]);
        assert_eq!(canned.operations().iter().filter(|operation| *operation == "ModifyDBInstance").count(), 1);
    }

    #[tokio::test]
    async fn what_waits_for_the_maintenance_window_is_shown_as_pending_and_not_sent_again() {
        let mut wanted = instance();
        wanted.insert("apply_immediately".to_owned(), false.into());
        wanted.insert("instance_class".to_owned(), "db.t3.large".into());
        let pending = "<PendingModifiedValues><DBInstanceClass>db.t3.large</DBInstanceClass></PendingModifiedValues>";
        let canned = Canned::new().result("DescribeDBInstances", &described("available", pending));
        let aws = canned.aws();
        let mut standing = standing(ADDRESS, "main", wanted.clone());
        let settled = aws.settle(&standing).await;
        let Ok(Progress::Ready(observed)) = settled else { panic!("{settled:?}") };
        assert_eq!(observed["instance_class"], "db.t3.large".into(), "RDS has taken the change");
        assert_eq!(observed["pending_modified_values"].to_string(), r#"{"instance_class":"db.t3.large"}"#);
        assert_eq!(observed["maintenance_window"], "sun:04:00-sun:05:00".into());
        let Observation::Present(before) =
            aws.read(&[read(ADDRESS, "main", wanted)]).await.observations[0].clone().unwrap()
        else {
            panic!()
        };
        assert_eq!(before, observed, "the next plan sees the same");
        let change = UpdateRequest { before, changed: vec!["instance_class".to_owned()] };
        aws.update(&standing, &change).await.unwrap();
        assert!(canned.operations().iter().all(|operation| operation == "DescribeDBInstances"));

        let canned = Canned::new()
            .result("DescribeDBInstances", &described("available", pending))
            .result("ModifyDBInstance", "");
        standing.desired.attributes.insert("apply_immediately".to_owned(), true.into());
        canned.aws().update(&standing, &change).await.unwrap();
        let seen = canned.seen();
        let modify = seen.iter().find(|seen| seen.operation == "ModifyDBInstance").expect("it is to be made at once");
        assert_eq!(
            (modify.get("DBInstanceClass"), modify.get("ApplyImmediately")),
            (Some("db.t3.large"), Some("true"))
        );
    }

    #[tokio::test]
    async fn a_password_is_sent_when_its_version_changes_and_shown_nowhere() {
        let mut wanted = instance();
        wanted.insert("manage_master_user_password".to_owned(), true.into());
        let mut standing = standing(ADDRESS, "main", wanted.clone());
        standing.desired.secrets.insert("password_wo".to_owned(), SecretText::new("hunter2!".to_owned()));
        let canned =
            Canned::new().result("ModifyDBInstance", "").result("DescribeDBInstances", &described("available", ""));
        let aws = canned.aws();
        let Observation::Present(before) =
            aws.read(&[read(ADDRESS, "main", wanted)]).await.observations[0].clone().unwrap()
        else {
            panic!()
        };
        let change = UpdateRequest { before, changed: vec!["password_wo_version".to_owned()] };
        aws.update(&standing, &change).await.unwrap();
        assert_eq!(canned.seen()[1].get("MasterUserPassword"), Some("hunter2!"));
        assert!(!format!("{standing:?}").contains("hunter2"));
    }

    /// A restored instance, whose tag says that it has the password of its snapshot.
    fn restored() -> String {
        let tag = "<TagList><Tag><Key>fathuss:password</Key><Value>of the snapshot</Value></Tag>";
        described("available", "").replace("<TagList>", tag)
    }

    #[tokio::test]
    async fn what_begins_as_a_snapshot_has_its_own_password_before_it_is_ready() {
        let mut wanted = instance();
        wanted.insert("snapshot_identifier".to_owned(), "left".into());
        wanted.insert("password_wo_version".to_owned(), "1".into());
        let password = || SecretText::new("hunter2!".to_owned());
        let mut request = make(ADDRESS, wanted.clone());
        request.desired.secrets.insert("password_wo".to_owned(), password());
        let canned = Canned::new()
            .result(
                "RestoreDBInstanceFromDBSnapshot",
                "<DBInstance><DBInstanceIdentifier>main</DBInstanceIdentifier></DBInstance>",
            )
            .result("DescribeDBInstances", &restored())
            .result("DescribeDBInstances", &described("available", ""))
            .result("ModifyDBInstance", "")
            .result("RemoveTagsFromResource", "");
        let aws = canned.aws();
        aws.create(&request).await.unwrap();
        let mut standing = standing(ADDRESS, "main", wanted);
        standing.desired.secrets.insert("password_wo".to_owned(), password());
        assert_eq!(aws.settle(&standing).await, Ok(Progress::Waiting { state: "modifying".to_owned() }));
        let Ok(Progress::Ready(observed)) = aws.settle(&standing).await else { panic!("it has its password") };
        assert!(!observed.contains_key("password_wo_version"), "what was given last");
        let seen = canned.seen();
        let of = |operation: &str| seen.iter().filter(|seen| seen.operation == operation).collect::<Vec<_>>();
        let tags = format!("{:?}", of("RestoreDBInstanceFromDBSnapshot")[0].parameters);
        assert!(tags.contains("fathuss:password") && !tags.contains("hunter2"), "{tags}");
        let [modify] = of("ModifyDBInstance")[..] else { panic!("once") };
        assert_eq!(modify.get("MasterUserPassword"), Some("hunter2!"));
        assert_eq!(of("RemoveTagsFromResource")[0].get("TagKeys.member.1"), Some("fathuss:password"));
    }

    #[tokio::test]
    async fn a_password_that_a_crash_kept_from_being_sent_is_planned() {
        let mut wanted = instance();
        wanted.insert("password_wo_version".to_owned(), "1".into());
        let canned = Canned::new()
            .result("DescribeDBInstances", &restored())
            .result("ModifyDBInstance", "")
            .result("RemoveTagsFromResource", "");
        let aws = canned.aws();
        // A later run knows no secret while it finishes what the last one began.
        let mut standing = standing(ADDRESS, "main", wanted.clone());
        let Ok(Progress::Ready(before)) = aws.settle(&standing).await else { panic!("it is left to the next plan") };
        assert_eq!(before["password_wo_version"], "the snapshot's".into(), "another than is given");
        standing.desired.secrets.insert("password_wo".to_owned(), SecretText::new("hunter2!".to_owned()));
        let change = UpdateRequest { before, changed: vec!["password_wo_version".to_owned()] };
        aws.update(&standing, &change).await.unwrap();
        assert_eq!(canned.operations()[1..], ["ModifyDBInstance", "RemoveTagsFromResource"]);
    }

    #[tokio::test]
    async fn an_instance_of_ours_that_no_state_knows_is_reported() {
        let canned = Canned::new().result("DescribeDBInstances", &described("available", "")).refuse_query(
            "DescribeDBInstances",
            404,
            "DBInstanceNotFound",
            "DBInstance other not found.",
        );
        let answer = canned.aws().read(&[read("s.aws_db_instance.other", "other", Attributes::new())]).await;
        assert_eq!(answer.observations[0], Ok(Observation::Absent));
        assert_eq!(answer.strays[0].address, ADDRESS);
        assert_eq!(canned.seen()[0].get("DBInstanceIdentifier"), None);
        assert_eq!(canned.seen()[1].get("DBInstanceIdentifier"), Some("other"), "absence is asked for by name");
    }

    #[tokio::test]
    async fn a_deletion_asks_for_the_last_snapshot_and_waits() {
        let canned = Canned::new()
            .result("DescribeDBInstances", &described("available", ""))
            .result("DescribeDBInstances", &described("deleting", ""))
            .refuse_query("DescribeDBInstances", 404, "DBInstanceNotFound", "DBInstance main not found.")
            .result("DeleteDBInstance", "");
        let aws = canned.aws();
        let standing = standing(ADDRESS, "main", instance());
        assert!(matches!(aws.delete(&standing).await, Ok(Progress::Waiting { .. })));
        let delete = canned.seen()[1].clone();
        assert_eq!(delete.get("FinalDBSnapshotIdentifier"), Some("main-last"));
        assert_eq!(delete.get("SkipFinalSnapshot"), Some("false"));
        assert!(matches!(aws.delete(&standing).await, Ok(Progress::Waiting { .. })));
        assert_eq!(aws.delete(&standing).await, Ok(Progress::Gone));
        assert_eq!(canned.operations().iter().filter(|operation| *operation == "DeleteDBInstance").count(), 1);
        let left = aws.survivors("aws_db_instance", &instance());
        assert_eq!(
            left.iter().map(|it| it.what.as_str()).collect::<Vec<_>>(),
            ["DB snapshot main-last", "role AWSServiceRoleForRDS"]
        );
    }

    #[tokio::test]
    async fn a_protected_instance_says_what_to_apply_first() {
        let message = "Cannot delete protected DB Instance, please disable deletion protection and try again.";
        let canned = Canned::new()
            .result("DescribeDBInstances", &described("available", "<DeletionProtection>true</DeletionProtection>"))
            .refuse_query("DeleteDBInstance", 400, "InvalidParameterCombination", message);
        let failure = canned.aws().delete(&standing(ADDRESS, "main", instance())).await.unwrap_err();
        assert_eq!(failure.class, FailureClass::Refused);
        assert_eq!(failure.hint.as_deref(), Some("set deletion_protection to false and apply that first"));
    }

    #[tokio::test]
    async fn a_failed_instance_is_broken_and_goes_without_a_snapshot() {
        let canned = Canned::new()
            .result("DescribeDBInstances", &described("incompatible-network", ""))
            .result("DeleteDBInstance", "");
        let aws = canned.aws();
        let standing = standing(ADDRESS, "main", instance());
        assert_eq!(aws.settle(&standing).await.unwrap_err().class, FailureClass::Broken);
        aws.delete(&standing).await.unwrap();
        assert_eq!(canned.seen()[2].get("SkipFinalSnapshot"), Some("true"));
    }

    #[tokio::test]
    async fn a_monitoring_role_that_rds_cannot_use_yet_is_waited_for() {
        let message =
            "IAM role ARN value is invalid or does not include the required permissions for: ENHANCED_MONITORING";
        let canned = Canned::new().refuse_query("CreateDBInstance", 400, "InvalidParameterValue", message);
        let failure = canned.aws().create(&make(ADDRESS, instance())).await.unwrap_err();
        assert_eq!(failure.class, FailureClass::Unseen);
        let request = &canned.seen()[0];
        assert_eq!(request.get("EngineVersion"), Some("17"));
        assert_eq!(request.get("ManageMasterUserPassword"), Some("true"));
        assert_eq!(request.get("MasterUserPassword"), None);
    }

    #[tokio::test]
    async fn a_replica_and_a_restored_instance_are_made_by_their_own_calls() {
        let made = "<DBInstance><DBInstanceIdentifier>main</DBInstanceIdentifier></DBInstance>";
        for (field, operation) in [
            ("replicate_source_db", "CreateDBInstanceReadReplica"),
            ("snapshot_identifier", "RestoreDBInstanceFromDBSnapshot"),
        ] {
            let canned = Canned::new().result(operation, made);
            let mut wanted = instance();
            wanted.insert(field.to_owned(), "origin".into());
            assert_eq!(canned.aws().create(&make(ADDRESS, wanted)).await, Ok(Identity("main".to_owned())));
            assert_eq!(canned.operations(), [operation]);
        }
    }

    const GROUP: &str = "<DBParameterGroups><DBParameterGroup><DBParameterGroupName>pg</DBParameterGroupName>\
        <DBParameterGroupFamily>postgres17</DBParameterGroupFamily><Description>Managed by Fathuss</Description>\
        <DBParameterGroupArn>arn:pg</DBParameterGroupArn></DBParameterGroup></DBParameterGroups>";

    fn parameters(pairs: &[(&str, &str, &str)]) -> String {
        let one = |(name, value, method): &(&str, &str, &str)| {
            format!(
                "<Parameter><ParameterName>{name}</ParameterName><ParameterValue>{value}</ParameterValue>\
                 <ApplyMethod>{method}</ApplyMethod><Source>user</Source></Parameter>"
            )
        };
        format!("<Parameters>{}</Parameters>", pairs.iter().map(one).collect::<String>())
    }

    #[tokio::test]
    async fn a_parameter_group_gets_what_differs_in_calls_of_twenty() {
        let many: Vec<Value> = (0..21).map(|n| json!({"name": format!("p{n:02}"), "value": "1"})).collect();
        let wanted = attributes(
            json!({"name": "pg", "family": "postgres17", "description": "Managed by Fathuss", "parameter": many}),
        );
        let all: Vec<(String, &str, &str)> = (0..21).map(|n| (format!("p{n:02}"), "1", "immediate")).collect();
        let all: Vec<(&str, &str, &str)> =
            all.iter().map(|(name, value, method)| (name.as_str(), *value, *method)).collect();
        let canned = Canned::new()
            .result("DescribeDBParameterGroups", GROUP)
            .result("ListTagsForResource", "<TagList/>")
            .result("DescribeDBParameters", &parameters(&[("p00", "1", "immediate"), ("old", "1", "pending-reboot")]))
            .result("DescribeDBParameters", &parameters(&[("p01", "0", "pending-reboot")]))
            .result("DescribeDBParameters", &parameters(&all))
            .result("ModifyDBParameterGroup", "")
            .result("ResetDBParameterGroup", "");
        let settled = canned.aws().settle(&standing("s.aws_db_parameter_group.pg", "pg", wanted)).await;
        assert!(matches!(settled, Ok(Progress::Ready(_))), "{settled:?}");
        let seen = canned.seen();
        let modified: Vec<_> = seen.iter().filter(|seen| seen.operation == "ModifyDBParameterGroup").collect();
        assert_eq!(modified.len(), 1, "p00 is as it should be, twenty are left");
        assert_eq!(modified[0].get("Parameters.Parameter.20.ParameterName"), Some("p20"));
        let reset: Vec<_> = seen.iter().filter(|seen| seen.operation == "ResetDBParameterGroup").collect();
        assert_eq!(reset[0].get("Parameters.Parameter.1.ParameterName"), Some("old"));
        assert_eq!(reset[0].get("Parameters.Parameter.1.ApplyMethod"), Some("pending-reboot"));
        assert_eq!(seen[1].get("Source").or(seen[2].get("Source")), Some("user"));
    }

    #[tokio::test]
    async fn a_parameter_that_is_as_given_by_default_is_there_whenever_it_was_to_take_effect() {
        let canned = Canned::new()
            .result("DescribeDBParameterGroups", GROUP)
            .result("ListTagsForResource", "<TagList/>")
            .result("DescribeDBParameters", "<Parameters/>")
            .result("DescribeDBParameters", &parameters(&[("p00", "1", "pending-reboot"), ("p01", "1", "immediate")]));
        let wanted = attributes(json!({"name": "pg", "family": "postgres17", "description": "Managed by Fathuss",
            "parameter": [{"name": "p00", "value": "1", "apply_method": "immediate"}]}));
        let settled = canned.aws().settle(&standing("s.aws_db_parameter_group.pg", "pg", wanted)).await;
        assert!(matches!(settled, Ok(Progress::Ready(_))), "{settled:?}");
        assert!(canned.operations().iter().all(|operation| operation != "ModifyDBParameterGroup"));
    }

    #[tokio::test]
    async fn many_subnet_groups_are_one_description_and_a_single_one_is_asked_by_name() {
        let group = |name: &str| {
            format!(
                "<DBSubnetGroup><DBSubnetGroupName>{name}</DBSubnetGroupName><DBSubnetGroupArn>arn:{name}</DBSubnetGroupArn>\
                 <Subnets><Subnet><SubnetIdentifier>subnet-b</SubnetIdentifier></Subnet><Subnet>\
                 <SubnetIdentifier>subnet-a</SubnetIdentifier></Subnet></Subnets></DBSubnetGroup>"
            )
        };
        let listed = format!("<DBSubnetGroups>{}{}</DBSubnetGroups>", group("a"), group("b"));
        let canned =
            Canned::new().result("DescribeDBSubnetGroups", &listed).result("ListTagsForResource", "<TagList/>");
        let kind = "s.aws_db_subnet_group";
        let both =
            [read(&format!("{kind}.a"), "a", Attributes::new()), read(&format!("{kind}.b"), "b", Attributes::new())];
        let answer = canned.aws().read(&both).await;
        let Ok(Observation::Present(first)) = &answer.observations[0] else { panic!("{answer:?}") };
        assert_eq!(first["subnet_ids"].to_string(), r#"["subnet-a","subnet-b"]"#);
        assert_eq!(canned.operations(), ["DescribeDBSubnetGroups", "ListTagsForResource", "ListTagsForResource"]);
        let found = canned.aws().find(&make("s.aws_db_subnet_group.a", attributes(json!({"name": "a"})))).await;
        assert_eq!(found, Ok(Found::Foreign(Identity("a".to_owned()))));
        assert_eq!(canned.seen()[3].get("DBSubnetGroupName"), Some("a"));
    }
}
