//! RDS through the wire, with the tests' own client.

use crate::client::{Answer, Client};

/// A world with a VPC of two zones, a subnet group `data`, a security group and a parameter group `pg17`.
struct Rds {
    client: Client,
    vpc: String,
    subnets: Vec<String>,
    firewall: String,
}

impl Rds {
    async fn call(&self, action: &str, parameters: &[(&str, &str)]) -> Answer {
        self.client.query("rds", "2014-10-31", action, parameters).await
    }

    async fn ok(&self, action: &str, parameters: &[(&str, &str)]) -> Answer {
        let answer = self.call(action, parameters).await;
        assert_eq!(answer.status, 200, "{action}: {}", answer.text);
        answer
    }

    /// Expects a refusal with this code, status and a message with this part, and success with the rule off.
    async fn refuses(&self, rule: &str, action: &str, parameters: &[(&str, &str)], expected: (&str, u16, &str)) {
        let answer = self.call(action, parameters).await;
        let (code, status, part) = expected;
        assert_eq!((answer.code.as_str(), answer.status), (code, status), "{action}: {}", answer.text);
        assert!(answer.message.contains(part), "{}", answer.message);
        assert!(self.client.simulator.switch(rule, false), "no rule {rule}");
        let open = self.call(action, parameters).await;
        assert_ne!((open.code, open.message), (answer.code, answer.message), "{rule} off changes nothing");
        assert!(self.client.simulator.switch(rule, true));
    }

    async fn new() -> Rds {
        Rds::of(Client::calm()).await
    }

    async fn of(client: Client) -> Rds {
        let vpc = client.vpc("10.0.0.0/16").await;
        let mut subnets = Vec::new();
        for (at, zone) in ["us-east-1a", "us-east-1b"].iter().enumerate() {
            subnets.push(client.subnet(&vpc, &format!("10.0.{at}.0/24"), zone).await);
        }
        let parameters = [("GroupName", "db"), ("GroupDescription", "db"), ("VpcId", vpc.as_str())];
        let firewall = client.ec2("CreateSecurityGroup", &parameters).await.one("groupId");
        let rds = Rds { client, vpc, subnets, firewall };
        let group = [
            ("DBSubnetGroupName", "data"),
            ("DBSubnetGroupDescription", "d"),
            ("SubnetIds.SubnetIdentifier.1", rds.subnets[0].as_str()),
            ("SubnetIds.SubnetIdentifier.2", rds.subnets[1].as_str()),
        ];
        rds.ok("CreateDBSubnetGroup", &group).await;
        let group = [("DBParameterGroupName", "pg17"), ("DBParameterGroupFamily", "postgres17"), ("Description", "d")];
        rds.ok("CreateDBParameterGroup", &group).await;
        rds
    }

    /// What a request for an instance holds, with these members instead or besides; an empty value leaves one out.
    fn wanted<'a>(&'a self, id: &'a str, other: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let mut all = vec![
            ("DBInstanceIdentifier", id),
            ("Engine", "postgres"),
            ("EngineVersion", "17"),
            ("DBInstanceClass", "db.t3.medium"),
            ("AllocatedStorage", "20"),
            ("StorageType", "gp3"),
            ("StorageEncrypted", "true"),
            ("MasterUsername", "owner"),
            ("MasterUserPassword", "long-enough"),
            ("DBSubnetGroupName", "data"),
            ("DBParameterGroupName", "pg17"),
            ("VpcSecurityGroupIds.VpcSecurityGroupId.1", self.firewall.as_str()),
            ("BackupRetentionPeriod", "7"),
            ("PreferredBackupWindow", "03:00-04:00"),
            ("PreferredMaintenanceWindow", "sun:04:00-sun:05:00"),
        ];
        all.retain(|(name, _)| other.iter().all(|(another, _)| name != another));
        all.extend(other.iter().filter(|(_, value)| !value.is_empty()));
        all
    }

    async fn instance(&self, id: &str, other: &[(&str, &str)]) {
        self.ok("CreateDBInstance", &self.wanted(id, other)).await;
        self.client.wait(1800);
    }

    async fn shown(&self, id: &str) -> Answer {
        self.ok("DescribeDBInstances", &[("DBInstanceIdentifier", id)]).await
    }

    async fn status(&self, id: &str) -> String {
        self.shown(id).await.one("DBInstanceStatus")
    }
}

const COMBINATION: &str = "InvalidParameterCombination";
const VALUE: &str = "InvalidParameterValue";

#[tokio::test]
async fn an_instance_comes_is_seen_in_its_subnets_and_goes() {
    let rds = Rds::new().await;
    let managed = [("MasterUserPassword", ""), ("ManageMasterUserPassword", "true")];
    let made = rds.ok("CreateDBInstance", &rds.wanted("Main", &managed)).await;
    assert_eq!((made.one("DBInstanceIdentifier"), made.one("DBInstanceStatus")), ("main".into(), "creating".into()));
    assert_eq!(made.one("EngineVersion"), "17.7");
    assert!(!made.text.contains("<Endpoint>"), "no endpoint before it is made");
    assert!(made.one("SecretArn").starts_with("arn:aws:secretsmanager:us-east-1:000000000000:secret:rds!db-"));
    rds.client.wait(200);
    assert_eq!(rds.status("main").await, "creating");
    let mut seen = Vec::new();
    for _ in 0..60 {
        let status = rds.status("main").await;
        if seen.last() != Some(&status) {
            seen.push(status);
        }
        rds.client.wait(20);
    }
    assert_eq!(seen, ["creating", "backing-up", "available"]);
    let shown = rds.shown("main").await;
    assert!(
        shown.one("Address").starts_with("main.c") && shown.one("Address").ends_with(".us-east-1.rds.amazonaws.com")
    );
    assert_eq!(shown.one("SecretStatus"), "active");
    assert_eq!((shown.one("Iops"), shown.one("StorageThroughput")), ("3000".into(), "125".into()));
    let filter = [("Filter.1.Name", "description"), ("Filter.1.Value.1", "RDSNetworkInterface")];
    let interface = rds.client.ec2("DescribeNetworkInterfaces", &filter).await;
    assert_eq!(interface.all("networkInterfaceId").len(), 1);
    let stands = interface.one("subnetId");
    rds.client.refused("DeleteSubnet", &[("SubnetId", &stands)], "DependencyViolation").await;
    rds.client.refused("DeleteSecurityGroup", &[("GroupId", &rds.firewall)], "DependencyViolation").await;
    let snapshots = rds.ok("DescribeDBSnapshots", &[("SnapshotType", "automated")]).await;
    assert!(snapshots.one("DBSnapshotIdentifier").starts_with("rds:main-"));

    let gone = rds.ok("DeleteDBInstance", &[("DBInstanceIdentifier", "main"), ("SkipFinalSnapshot", "true")]).await;
    assert_eq!(gone.one("DBInstanceStatus"), "deleting");
    for _ in 0..130 {
        rds.client.wait(5);
        if rds.call("DescribeDBInstances", &[("DBInstanceIdentifier", "main")]).await.status == 404 {
            break;
        }
    }
    // Its interface goes after it.
    rds.client.refused("DeleteSubnet", &[("SubnetId", &stands)], "DependencyViolation").await;
    rds.client.wait(60);
    let answer = rds.call("DescribeDBInstances", &[("DBInstanceIdentifier", "main")]).await;
    assert_eq!((answer.code.as_str(), answer.status), ("DBInstanceNotFound", 404));
    assert_eq!(answer.message, "DBInstance main not found.");
    rds.client.ec2("DeleteSubnet", &[("SubnetId", &stands)]).await;
    assert!(rds.client.simulator.rows("secretsmanager.managed_secret").unwrap().is_empty());
    assert!(rds.ok("DescribeDBSnapshots", &[]).await.all("DBSnapshotIdentifier").is_empty());
}

#[tokio::test]
async fn subnet_groups_are_checked() {
    let rds = Rds::new().await;
    let (first, second) = (rds.subnets[0].as_str(), rds.subnets[1].as_str());
    let group = |name: &'static str, subnets: &[&str]| -> Vec<(String, String)> {
        let mut all = vec![("DBSubnetGroupName".to_owned(), name.to_owned())];
        all.push(("DBSubnetGroupDescription".to_owned(), "d".to_owned()));
        let ids = subnets.iter().enumerate();
        all.extend(ids.map(|(at, id)| (format!("SubnetIds.SubnetIdentifier.{}", at + 1), (*id).to_owned())));
        all
    };
    let twin = rds.client.subnet(&rds.vpc, "10.0.7.0/24", "us-east-1a").await;
    let other = rds.client.vpc("10.1.0.0/16").await;
    let foreign = rds.client.subnet(&other, "10.1.0.0/24", "us-east-1c").await;
    let absent = "subnet-00000000000000000";
    let cases = [
        (
            "rds.subnet_group.zones",
            group("a", &[first, &twin]),
            "DBSubnetGroupDoesNotCoverEnoughAZs",
            "Current AZ coverage: us-east-1a. Add subnets to cover at least 2 AZs.",
        ),
        ("rds.subnet_group.one_vpc", group("b", &[first, &foreign]), "InvalidSubnet", "are not in the same VPC"),
        (
            "rds.subnet_group.subnets",
            group("c", &[first, second, absent]),
            VALUE,
            "Some input subnets in :[subnet-00000000000000000] are invalid.",
        ),
        (
            "rds.subnet_group.exists",
            group("Data", &[first, second]),
            "DBSubnetGroupAlreadyExists",
            "The DB subnet group 'data' already exists.",
        ),
        ("rds.subnet_group.name", group("default", &[first, second]), VALUE, "default"),
        ("rds.subnet_group.name", group("a/b", &[first, second]), VALUE, "DBSubnetGroupName"),
    ];
    for (rule, parameters, code, message) in cases {
        let parameters: Vec<(&str, &str)> =
            parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        rds.refuses(rule, "CreateDBSubnetGroup", &parameters, (code, 400, message)).await;
    }
    let missing = rds.call("DescribeDBSubnetGroups", &[("DBSubnetGroupName", "none")]).await;
    assert_eq!((missing.code.as_str(), missing.status), ("DBSubnetGroupNotFoundFault", 404));

    rds.instance("main", &[("AvailabilityZone", "us-east-1a")]).await;
    let without = [
        ("DBSubnetGroupName", "data"),
        ("SubnetIds.SubnetIdentifier.1", twin.as_str()),
        ("SubnetIds.SubnetIdentifier.2", second),
    ];
    let expected = ("SubnetAlreadyInUse", 400, first);
    rds.refuses("rds.subnet_group.modify.in_use", "ModifyDBSubnetGroup", &without, expected).await;
    let message =
        "Cannot delete the subnet group 'data' because at least one database instance: main is still using it.";
    let expected = ("InvalidDBSubnetGroupStateFault", 400, message);
    rds.refuses("rds.subnet_group.delete.in_use", "DeleteDBSubnetGroup", &[("DBSubnetGroupName", "data")], expected)
        .await;
}

#[tokio::test]
async fn parameters_are_set_shown_by_source_and_reset() {
    let rds = Rds::new().await;
    let set = |name: &'static str, value: &'static str, method: &'static str| {
        [
            ("DBParameterGroupName", "pg17"),
            ("Parameters.Parameter.1.ParameterName", name),
            ("Parameters.Parameter.1.ParameterValue", value),
            ("Parameters.Parameter.1.ApplyMethod", method),
        ]
    };
    let modify = "ModifyDBParameterGroup";
    rds.instance("main", &[]).await;
    rds.ok(modify, &set("log_statement", "ddl", "immediate")).await;
    assert_eq!(rds.shown("main").await.one("ParameterApplyStatus"), "applying");
    rds.client.wait(60);
    assert_eq!(rds.shown("main").await.one("ParameterApplyStatus"), "in-sync");
    rds.ok(modify, &set("max_connections", "200", "pending-reboot")).await;
    assert_eq!(rds.shown("main").await.one("ParameterApplyStatus"), "pending-reboot");
    let user = [("DBParameterGroupName", "pg17"), ("Source", "user")];
    let shown = rds.ok("DescribeDBParameters", &user).await;
    assert_eq!(shown.all("ParameterName"), ["log_statement", "max_connections"]);
    assert_eq!(shown.all("ApplyType"), ["dynamic", "static"]);
    rds.ok(modify, &set("log_destination", "stderr", "immediate")).await;
    let shown = rds.ok("DescribeDBParameters", &user).await;
    assert_eq!(shown.all("ParameterName"), ["log_statement", "max_connections"], "the default's value is the system's");
    rds.ok("RebootDBInstance", &[("DBInstanceIdentifier", "main")]).await;
    assert_eq!(rds.status("main").await, "rebooting");
    rds.client.wait(300);
    assert_eq!(rds.shown("main").await.one("ParameterApplyStatus"), "in-sync");

    let expected = (COMBINATION, 400, "cannot use immediate apply method for static parameter");
    rds.refuses("rds.parameter.apply_method", modify, &set("max_connections", "300", "immediate"), expected).await;
    let expected = (VALUE, 400, "Could not find parameter with name: no_such");
    rds.refuses("rds.parameter.exists", modify, &set("no_such", "1", "immediate"), expected).await;
    let expected = (VALUE, 400, "Invalid parameter value: 7 for: rds.force_ssl allowed values are: 0,1");
    rds.refuses("rds.parameter.value", modify, &set("rds.force_ssl", "7", "immediate"), expected).await;
    let expected = (VALUE, 400, "The parameter fsync cannot be modified.");
    rds.refuses("rds.parameter.modifiable", modify, &set("fsync", "0", "pending-reboot"), expected).await;
    let mut default = set("log_statement", "ddl", "immediate");
    default[0].1 = "default.postgres17";
    let expected = (VALUE, 400, "Cannot modify a default parameter group.");
    rds.refuses("rds.parameter_group.default", modify, &default, expected).await;

    let reset = [("DBParameterGroupName", "pg17"), ("ResetAllParameters", "true")];
    rds.ok("ResetDBParameterGroup", &reset).await;
    assert!(rds.ok("DescribeDBParameters", &user).await.all("ParameterName").is_empty());
    let expected = (
        "InvalidDBParameterGroupState",
        400,
        "One or more database instances are still members of this parameter group pg17",
    );
    let named = [("DBParameterGroupName", "pg17")];
    rds.refuses("rds.parameter_group.delete.in_use", "DeleteDBParameterGroup", &named, expected).await;
    let missing = rds.call("DescribeDBParameters", &[("DBParameterGroupName", "none")]).await;
    assert_eq!((missing.code.as_str(), missing.status), ("DBParameterGroupNotFound", 404));
    assert_eq!(missing.message, "DBParameterGroup not found: none");
    let again = [("DBParameterGroupName", "PG17"), ("DBParameterGroupFamily", "postgres17"), ("Description", "d")];
    let expected = ("DBParameterGroupAlreadyExists", 400, "Parameter group pg17 already exists");
    // pg17 is gone since the rule was off: make it again first.
    rds.ok("CreateDBParameterGroup", &again).await;
    rds.refuses("rds.parameter_group.exists", "CreateDBParameterGroup", &again, expected).await;
    let odd = [("DBParameterGroupName", "odd"), ("DBParameterGroupFamily", "postgres99"), ("Description", "d")];
    let expected = (VALUE, 400, "ParameterGroupFamily postgres99 is not a valid parameter group family");
    rds.refuses("rds.parameter_group.family", "CreateDBParameterGroup", &odd, expected).await;
}

#[tokio::test]
async fn parameters_come_in_pages() {
    let rds = Rds::new().await;
    let mut names = Vec::new();
    let mut marker = String::new();
    loop {
        let mut parameters = vec![("DBParameterGroupFamily", "postgres17"), ("MaxRecords", "50")];
        if !marker.is_empty() {
            parameters.push(("Marker", marker.as_str()));
        }
        let page = rds.ok("DescribeEngineDefaultParameters", &parameters).await;
        names.extend(page.all("ParameterName"));
        match page.all("Marker").first() {
            Some(next) => marker.clone_from(next),
            None => break,
        }
    }
    assert!(names.len() > 200 && names.is_sorted());
    let few = [("DBParameterGroupFamily", "postgres17"), ("MaxRecords", "5")];
    let expected = (VALUE, 400, "Invalid value 5 for MaxRecords. Must be between 20 and 100");
    rds.refuses("rds.page.size", "DescribeEngineDefaultParameters", &few, expected).await;
}

#[tokio::test]
async fn what_does_not_fit_is_refused_at_creation() {
    let rds = Rds::new().await;
    let other = rds.client.vpc("10.1.0.0/16").await;
    let foreign = [("GroupName", "f"), ("GroupDescription", "f"), ("VpcId", other.as_str())];
    let foreign = rds.client.ec2("CreateSecurityGroup", &foreign).await.one("groupId");
    let untrusting = rds.client.role("web", "ec2.amazonaws.com").await;
    let group15 = [("DBParameterGroupName", "pg15"), ("DBParameterGroupFamily", "postgres15"), ("Description", "d")];
    rds.ok("CreateDBParameterGroup", &group15).await;
    let member = "VpcSecurityGroupIds.VpcSecurityGroupId.1";
    let ecr = "The parameter MasterUserPassword is not a valid password";
    type Case<'a> = (&'a str, Vec<(&'a str, &'a str)>, (&'a str, u16, &'a str));
    let cases: Vec<Case<'_>> = vec![
        (
            "rds.instance.identifier",
            vec![("DBInstanceIdentifier", "a--b")],
            (VALUE, 400, "The parameter DBInstanceIdentifier is not a valid identifier."),
        ),
        ("rds.engine.known", vec![("Engine", "oracle9")], (VALUE, 400, "Invalid DB engine")),
        (
            "rds.engine.version",
            vec![("EngineVersion", "17.99")],
            (COMBINATION, 400, "Cannot find version 17.99 for postgres"),
        ),
        (
            "rds.class.known",
            vec![("DBInstanceClass", "db.x9.large")],
            (VALUE, 400, "Invalid DB Instance class: db.x9.large"),
        ),
        (
            "rds.class.supported",
            vec![("DBInstanceClass", "db.t2.micro")],
            (COMBINATION, 400, "DBInstanceClass=db.t2.micro, Engine=postgres, EngineVersion=17.7"),
        ),
        (
            "rds.instance.username",
            vec![("MasterUsername", "admin")],
            (VALUE, 400, "MasterUsername admin cannot be used as it is a reserved word used by the engine"),
        ),
        ("rds.instance.db_name", vec![("DBName", "1st")], (VALUE, 400, "DBName must begin with a letter")),
        (
            "rds.password.form",
            vec![("MasterUserPassword", "short")],
            (VALUE, 400, "because it is shorter than 8 characters."),
        ),
        ("rds.password.form", vec![("MasterUserPassword", "with/slash@")], (VALUE, 400, ecr)),
        (
            "rds.password.required",
            vec![("MasterUserPassword", "")],
            (VALUE, 400, "The parameter MasterUserPassword must be provided"),
        ),
        (
            "rds.password.managed",
            vec![("ManageMasterUserPassword", "true")],
            (COMBINATION, 400, "ManageMasterUserPassword"),
        ),
        (
            "rds.storage.size",
            vec![("AllocatedStorage", "19")],
            (COMBINATION, 400, "Invalid storage size for engine name postgres and storage type gp3: 19"),
        ),
        ("rds.storage.type", vec![("StorageType", "gp9")], (VALUE, 400, "gp9")),
        (
            "rds.storage.iops",
            vec![("Iops", "4000")],
            (
                COMBINATION,
                400,
                "You can't specify IOPS or storage throughput for engine postgres and a storage size less than 400.",
            ),
        ),
        (
            "rds.storage.autoscaling",
            vec![("MaxAllocatedStorage", "20")],
            (COMBINATION, 400, "Max storage size must be greater than storage size"),
        ),
        ("rds.storage.autoscaling", vec![("MaxAllocatedStorage", "21")], (COMBINATION, 400, "at least 10 percent")),
        (
            "rds.window.overlap",
            vec![("PreferredBackupWindow", "03:30-04:30")],
            (VALUE, 400, "The backup window and maintenance window must not overlap."),
        ),
        ("rds.window.length", vec![("PreferredBackupWindow", "03:00-03:20")], (VALUE, 400, "30 minutes")),
        (
            "rds.window.form",
            vec![("PreferredMaintenanceWindow", "sunday")],
            (VALUE, 400, "Invalid maintenance window format"),
        ),
        (
            "rds.backup.retention",
            vec![("BackupRetentionPeriod", "36")],
            (VALUE, 400, "Invalid backup retention period: 36."),
        ),
        ("rds.port", vec![("Port", "80")], (VALUE, 400, "80")),
        (
            "rds.instance.parameter_group",
            vec![("DBParameterGroupName", "pg15")],
            (
                COMBINATION,
                400,
                "The parameter group pg15 with DBParameterGroupFamily postgres15 can't be used for this instance.",
            ),
        ),
        (
            "rds.security_group",
            vec![(member, "sg-00000000000000000")],
            (VALUE, 400, "Invalid security group , groupId= sg-00000000000000000"),
        ),
        (
            "rds.security_group",
            vec![(member, &foreign)],
            (COMBINATION, 400, "The DB instance and EC2 security group are in different VPCs."),
        ),
        (
            "rds.instance.zone",
            vec![("AvailabilityZone", "us-east-1a"), ("MultiAZ", "true")],
            (COMBINATION, 400, "Multi-AZ"),
        ),
        (
            "rds.instance.zone",
            vec![("AvailabilityZone", "us-east-1f")],
            ("InvalidVPCNetworkStateFault", 400, "us-east-1f"),
        ),
        (
            "rds.instance.kms",
            vec![("KmsKeyId", "alias/aws/rds"), ("StorageEncrypted", "false")],
            (COMBINATION, 400, "KMS"),
        ),
        (
            "rds.kms.exists",
            vec![("KmsKeyId", "11111111-2222-3333-4444-555555555555")],
            ("KMSKeyNotAccessibleFault", 400, "11111111"),
        ),
        ("rds.monitoring.interval", vec![("MonitoringInterval", "7")], (VALUE, 400, "7")),
        (
            "rds.monitoring.role",
            vec![("MonitoringInterval", "60")],
            (COMBINATION, 400, "A MonitoringRoleARN value is required"),
        ),
        (
            "rds.monitoring.role.exists",
            vec![("MonitoringInterval", "60"), ("MonitoringRoleArn", &untrusting)],
            (VALUE, 400, "ENHANCED_MONITORING"),
        ),
        (
            "rds.insights.retention",
            vec![("EnablePerformanceInsights", "true"), ("PerformanceInsightsRetentionPeriod", "8")],
            (VALUE, 400, "Invalid Performance Insights retention period."),
        ),
        (
            "rds.insights.off",
            vec![("PerformanceInsightsRetentionPeriod", "7")],
            (COMBINATION, 400, "Performance Insights"),
        ),
        ("rds.log_export", vec![("EnableCloudwatchLogsExports.member.1", "audit")], (COMBINATION, 400, "audit")),
        (
            "rds.certificate_authority",
            vec![("CACertificateIdentifier", "rds-ca-2015")],
            ("CertificateNotFound", 404, "rds-ca-2015"),
        ),
        ("rds.tags", vec![("Tags.Tag.1.Key", "aws:x"), ("Tags.Tag.1.Value", "y")], (VALUE, 400, "aws:")),
    ];
    for (at, (rule, other, expected)) in cases.iter().enumerate() {
        let id = format!("case{at}");
        rds.refuses(rule, "CreateDBInstance", &rds.wanted(&id, other), *expected).await;
    }
    rds.client.wait(3600);
    rds.instance("main", &[]).await;
    let expected = ("DBInstanceAlreadyExists", 400, "DB instance already exists");
    rds.refuses("rds.instance.exists", "CreateDBInstance", &rds.wanted("MAIN", &[]), expected).await;
    for (member, code, status) in [
        ("DBSubnetGroupName", "DBSubnetGroupNotFoundFault", 404),
        ("DBParameterGroupName", "DBParameterGroupNotFound", 404),
    ] {
        let answer = rds.call("CreateDBInstance", &rds.wanted("x", &[(member, "none")])).await;
        assert_eq!((answer.code.as_str(), answer.status), (code, status), "{}", answer.text);
    }
    let elsewhere = rds.call("CreateDBInstance", &rds.wanted("x", &[("Engine", "mysql")])).await;
    assert_eq!((elsewhere.code.as_str(), elsewhere.status), ("NotSimulated", 501));
}

#[tokio::test]
async fn a_trusting_role_may_monitor() {
    let rds = Rds::new().await;
    let role = rds.client.role("monitor", "monitoring.rds.amazonaws.com").await;
    rds.instance("main", &[("MonitoringInterval", "60"), ("MonitoringRoleArn", &role)]).await;
    let shown = rds.shown("main").await;
    assert_eq!((shown.one("MonitoringInterval"), shown.one("MonitoringRoleArn")), ("60".into(), role));
    let linked = [("RoleName", "AWSServiceRoleForRDS")];
    assert!(rds.client.iam("GetRole", &linked).await.one("Path").contains("rds.amazonaws.com"));
}

// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Monitoring.OS.Enabling.html#USER_Monitoring.OS.confused-deputy>
#[tokio::test]
async fn a_role_monitors_the_instances_that_it_trusts_it_for() {
    let rds = Rds::new().await;
    let of = |name: &str| format!("arn:aws:rds:us-east-1:000000000000:db:{name}");
    let role = async |name: &str, source: &str| {
        let trust = format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"Service":"monitoring.rds.amazonaws.com"}},"Action":"sts:AssumeRole","Condition":{{"StringEquals":{{"aws:SourceAccount":"000000000000"}},"ArnLike":{{"aws:SourceArn":"{source}"}}}}}}]}}"#
        );
        let parameters = [("RoleName", name), ("AssumeRolePolicyDocument", trust.as_str())];
        rds.client.iam("CreateRole", &parameters).await.one("Arn")
    };
    let (all, other) = (role("all", &of("*")).await, role("other", &of("other")).await);
    rds.instance("main", &[("MonitoringInterval", "60"), ("MonitoringRoleArn", &all)]).await;
    let change = [("DBInstanceIdentifier", "main"), ("MonitoringInterval", "30"), ("MonitoringRoleArn", &other)];
    let refused = ("InvalidParameterValue", 400, "ENHANCED_MONITORING");
    rds.refuses("rds.monitoring.role.exists", "ModifyDBInstance", &change, refused).await;
}

#[tokio::test]
async fn a_change_at_once_is_pending_then_modifying_then_done() {
    let rds = Rds::new().await;
    rds.instance("main", &[]).await;
    let change = |name: &'static str, value: &'static str| {
        [("DBInstanceIdentifier", "main"), ("ApplyImmediately", "true"), (name, value)]
    };
    let modify = "ModifyDBInstance";
    let answer = rds.ok(modify, &change("DBInstanceClass", "db.t3.large")).await;
    assert_eq!(answer.one("DBInstanceStatus"), "available");
    assert_eq!(answer.all("DBInstanceClass"), ["db.t3.medium", "db.t3.large"], "what it is, and what is pending");
    rds.client.wait(30);
    assert_eq!(rds.status("main").await, "modifying");
    let busy = ("InvalidDBInstanceState", 400, "Database instance is not in available state.");
    rds.refuses("rds.instance.modify.state", modify, &change("CopyTagsToSnapshot", "true"), busy).await;
    let stop = [("DBInstanceIdentifier", "main")];
    let busy =
        ("InvalidDBInstanceState", 400, "Instance cannot currently reboot due to an in-progress management operation.");
    assert_eq!(rds.call("RebootDBInstance", &stop).await.message, busy.2);
    let busy = rds.call("StopDBInstance", &stop).await;
    assert_eq!(busy.message, "Instance main is not in available state.");
    rds.client.wait(1200);
    let shown = rds.shown("main").await;
    assert_eq!(
        (shown.one("DBInstanceStatus"), shown.all("DBInstanceClass")),
        ("available".into(), vec!["db.t3.large".into()])
    );

    // Storage grows, is optimized, and grows no further meanwhile.
    rds.ok(modify, &change("AllocatedStorage", "40")).await;
    rds.client.wait(360);
    let shown = rds.shown("main").await;
    assert_eq!(
        (shown.one("DBInstanceStatus"), shown.one("AllocatedStorage")),
        ("storage-optimization".into(), "40".into())
    );
    let message = "You can't currently modify the storage of this DB instance because the previous storage change is being optimized.";
    let rule = "rds.instance.modify.storage.optimizing";
    rds.refuses(rule, modify, &change("AllocatedStorage", "60"), (COMBINATION, 400, message)).await;
    rds.client.wait(8 * 3600);
    assert_eq!(rds.shown("main").await.one("AllocatedStorage"), "60", "the rule was off");
    rds.client.wait(8 * 3600);
    let rule = "rds.instance.modify.storage.tenth";
    rds.refuses(rule, modify, &change("AllocatedStorage", "61"), (COMBINATION, 400, "10 percent")).await;
    rds.client.wait(8 * 3600);
    let rule = "rds.instance.modify.storage.shrink";
    let answer = rds.call(modify, &change("AllocatedStorage", "20")).await;
    assert_eq!(answer.code, COMBINATION, "{}", answer.text);
    rds.refuses(
        rule,
        modify,
        &change("AllocatedStorage", "20"),
        (COMBINATION, 400, "less than the current storage size"),
    )
    .await;
}

#[tokio::test]
async fn a_change_without_haste_waits_for_the_maintenance_window() {
    let rds = Rds::new().await;
    rds.instance("main", &[]).await;
    let change = [("DBInstanceIdentifier", "main"), ("MultiAZ", "true")];
    rds.ok("ModifyDBInstance", &change).await;
    rds.client.wait(3600);
    let shown = rds.shown("main").await;
    assert_eq!(
        (shown.one("DBInstanceStatus"), shown.all("MultiAZ")),
        ("available".into(), vec!["true".into(), "false".into()])
    );
    rds.client.wait(7 * 24 * 3600);
    let shown = rds.shown("main").await;
    assert_eq!(shown.all("MultiAZ"), ["true"]);
    assert!(!shown.one("SecondaryAvailabilityZone").is_empty());
    let filter = [("Filter.1.Name", "requester-id"), ("Filter.1.Value.1", "amazon-rds")];
    assert_eq!(rds.client.ec2("DescribeNetworkInterfaces", &filter).await.all("networkInterfaceId").len(), 2);

    let failover = [("DBInstanceIdentifier", "main"), ("ForceFailover", "true")];
    let before = shown.one("SecondaryAvailabilityZone");
    assert_eq!(rds.ok("RebootDBInstance", &failover).await.one("AvailabilityZone"), before);
    rds.client.wait(300);
    rds.ok("ModifyDBInstance", &[("DBInstanceIdentifier", "main"), ("MultiAZ", "false"), ("ApplyImmediately", "true")])
        .await;
    rds.client.wait(1200);
    let rule = "rds.instance.reboot.failover";
    rds.refuses(rule, "RebootDBInstance", &failover, (COMBINATION, 400, "force failover")).await;
}

#[tokio::test]
async fn a_change_at_once_takes_along_what_waited_for_the_window() {
    let rds = Rds::new().await;
    rds.instance("main", &[]).await;
    rds.ok("ModifyDBInstance", &[("DBInstanceIdentifier", "main"), ("MultiAZ", "true")]).await;
    rds.client.wait(3600);
    assert_eq!(rds.shown("main").await.all("MultiAZ"), ["true", "false"]);
    let again = [("DBInstanceIdentifier", "main"), ("MultiAZ", "true"), ("ApplyImmediately", "true")];
    rds.ok("ModifyDBInstance", &again).await;
    rds.client.wait(3600);
    assert_eq!(rds.shown("main").await.all("MultiAZ"), ["true"]);
}

#[tokio::test]
async fn a_password_waits_for_no_window_and_leaves_what_does_waiting() {
    let rds = Rds::new().await;
    rds.instance("main", &[]).await;
    let change = [("DBInstanceIdentifier", "main"), ("MultiAZ", "true"), ("MasterUserPassword", "another-one")];
    let answer = rds.ok("ModifyDBInstance", &change).await;
    let pending = |answer: &Answer| answer.text.split("</PendingModifiedValues>").next().unwrap().to_owned();
    assert!(pending(&answer).contains("<MasterUserPassword>****</MasterUserPassword>"), "{}", answer.text);
    rds.client.wait(25);
    assert_eq!(rds.status("main").await, "resetting-master-credentials");
    rds.client.wait(1200);
    let shown = rds.shown("main").await;
    assert_eq!(shown.one("DBInstanceStatus"), "available");
    assert_eq!(shown.all("MultiAZ"), ["true", "false"], "it waits, and is not made");
    assert!(!shown.text.contains("<MasterUserPassword>"), "{}", shown.text);
    rds.client.wait(8 * 24 * 3600);
    assert_eq!(rds.shown("main").await.all("MultiAZ"), ["true"], "the window has passed");
}

#[tokio::test]
async fn a_password_that_is_to_be_changed_at_once_takes_along_what_waits() {
    let rds = Rds::new().await;
    rds.instance("main", &[]).await;
    rds.ok("ModifyDBInstance", &[("DBInstanceIdentifier", "main"), ("MultiAZ", "true")]).await;
    let change =
        [("DBInstanceIdentifier", "main"), ("MasterUserPassword", "another-one"), ("ApplyImmediately", "true")];
    rds.ok("ModifyDBInstance", &change).await;
    rds.client.wait(3600);
    let shown = rds.shown("main").await;
    assert_eq!(shown.all("MultiAZ"), ["true"]);
    assert!(!shown.text.contains("<MasterUserPassword>"), "{}", shown.text);
}

#[tokio::test]
async fn a_newest_minor_version_goes_to_the_next_major_version_of_the_same_release() {
    let rds = Rds::new().await;
    rds.instance("main", &[]).await;
    let running = [("Engine", "postgres"), ("EngineVersion", "17.7")];
    assert_eq!(rds.ok("DescribeDBEngineVersions", &running).await.all("EngineVersion"), ["17.7", "18.1"]);
    let upgrade = [
        ("DBInstanceIdentifier", "main"),
        ("EngineVersion", "18"),
        ("AllowMajorVersionUpgrade", "true"),
        ("DBParameterGroupName", "default.postgres18"),
        ("ApplyImmediately", "true"),
    ];
    rds.ok("ModifyDBInstance", &upgrade).await;
    rds.client.wait(1800);
    let shown = rds.shown("main").await;
    assert_eq!((shown.one("DBInstanceStatus"), shown.one("EngineVersion")), ("available".into(), "18.1".into()));
    assert_eq!(shown.one("DBParameterGroupName"), "default.postgres18");
}

#[tokio::test]
async fn versions_go_up_along_their_paths() {
    let rds = Rds::new().await;
    rds.instance("main", &[("EngineVersion", "16.6"), ("DBParameterGroupName", "")]).await;
    let to = |version: &'static str| {
        [("DBInstanceIdentifier", "main"), ("ApplyImmediately", "true"), ("EngineVersion", version)]
    };
    let modify = "ModifyDBInstance";
    let answer = rds.call(modify, &to("17.7")).await;
    assert_eq!(
        answer.message,
        "The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version."
    );
    let path = (COMBINATION, 400, "Cannot upgrade postgres from 16.6 to 15.15");
    let allowed = [&to("15.15")[..], &[("AllowMajorVersionUpgrade", "true")]].concat();
    let answer = rds.call(modify, &allowed).await;
    assert_eq!((answer.code.as_str(), answer.message.as_str()), (path.0, path.2));
    let allowed = [&to("17")[..], &[("AllowMajorVersionUpgrade", "true")]].concat();
    rds.ok(modify, &allowed).await;
    rds.client.wait(30);
    assert_eq!(rds.status("main").await, "upgrading");
    rds.client.wait(1800);
    let shown = rds.shown("main").await;
    assert_eq!(
        (shown.one("EngineVersion"), shown.one("DBParameterGroupName")),
        ("17.7".into(), "default.postgres17".into())
    );
    // What it has already, and the major version it has, change nothing.
    assert!(!rds.ok(modify, &to("17")).await.text.contains("<PendingModifiedValues><EngineVersion>"));
    rds.refuses(
        "rds.instance.modify.version.path",
        modify,
        &[&to("16.11")[..], &[("AllowMajorVersionUpgrade", "true")]].concat(),
        (COMBINATION, 400, "Cannot upgrade"),
    )
    .await;
}

#[tokio::test]
async fn a_major_upgrade_is_allowed_explicitly() {
    let rds = Rds::new().await;
    rds.instance("main", &[("EngineVersion", "16.6"), ("DBParameterGroupName", "")]).await;
    let to = [("DBInstanceIdentifier", "main"), ("EngineVersion", "17.7")];
    let rule = "rds.instance.modify.version.major";
    rds.refuses(rule, "ModifyDBInstance", &to, (COMBINATION, 400, "AllowMajorVersionUpgrade")).await;
}

#[tokio::test]
async fn settings_change_without_a_window() {
    let rds = Rds::new().await;
    rds.instance("main", &[]).await;
    let change = [
        ("DBInstanceIdentifier", "main"),
        ("DBParameterGroupName", "default.postgres17"),
        ("PreferredBackupWindow", "01:00-02:00"),
        ("DeletionProtection", "true"),
        ("MaxAllocatedStorage", "100"),
        ("BackupRetentionPeriod", "8"),
        ("CloudwatchLogsExportConfiguration.EnableLogTypes.member.1", "postgresql"),
    ];
    rds.ok("ModifyDBInstance", &change).await;
    assert_eq!(rds.status("main").await, "modifying");
    rds.client.wait(300);
    let shown = rds.shown("main").await;
    assert_eq!(
        (shown.one("DBInstanceStatus"), shown.one("ParameterApplyStatus")),
        ("available".into(), "pending-reboot".into())
    );
    assert_eq!(
        (shown.one("PreferredBackupWindow"), shown.one("MaxAllocatedStorage")),
        ("01:00-02:00".into(), "100".into())
    );
    assert_eq!(
        (shown.one("BackupRetentionPeriod"), shown.one("EnabledCloudwatchLogsExports")),
        ("8".into(), "<member>postgresql</member>".into())
    );

    let message = "Cannot delete protected DB Instance, please disable deletion protection and try again.";
    let delete = [("DBInstanceIdentifier", "main"), ("SkipFinalSnapshot", "true")];
    rds.refuses("rds.instance.delete.protection", "DeleteDBInstance", &delete, (COMBINATION, 400, message)).await;
}

#[tokio::test]
async fn moving_within_the_vpc_is_refused() {
    let rds = Rds::new().await;
    rds.instance("main", &[]).await;
    let group = [
        ("DBSubnetGroupName", "twin"),
        ("DBSubnetGroupDescription", "d"),
        ("SubnetIds.SubnetIdentifier.1", rds.subnets[0].as_str()),
        ("SubnetIds.SubnetIdentifier.2", rds.subnets[1].as_str()),
    ];
    rds.ok("CreateDBSubnetGroup", &group).await;
    let change = [("DBInstanceIdentifier", "main"), ("DBSubnetGroupName", "twin")];
    let message = "You cannot move DB instance main to subnet group twin. The specified DB subnet group and DB instance are in the same VPC. Choose a DB subnet group in different VPC than the specified DB instance and try again.";
    let expected = ("InvalidVPCNetworkStateFault", 400, message);
    rds.refuses("rds.instance.modify.subnet_group", "ModifyDBInstance", &change, expected).await;
}

#[tokio::test]
async fn a_last_snapshot_is_named_or_skipped() {
    let rds = Rds::new().await;
    rds.ok("CreateDBInstance", &rds.wanted("young", &[])).await;
    let named = |id: &'static str| [("DBInstanceIdentifier", id), ("FinalDBSnapshotIdentifier", "last")];
    let delete = "DeleteDBInstance";
    let answer = rds.call(delete, &named("young")).await;
    assert_eq!(answer.code, "InvalidDBInstanceState");
    assert_eq!(answer.message, "Instance young is currently creating - a final snapshot cannot be taken.");
    rds.instance("main", &[]).await;
    let bare = [("DBInstanceIdentifier", "main")];
    let both = [&named("main")[..], &[("SkipFinalSnapshot", "true")]].concat();
    let answer = rds.call(delete, &both).await;
    assert_eq!(answer.code, COMBINATION);
    let answer = rds.call(delete, &bare).await;
    assert_eq!(answer.message, "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.");
    let snapshot = [("DBInstanceIdentifier", "main"), ("DBSnapshotIdentifier", "last")];
    assert_eq!(rds.ok("CreateDBSnapshot", &snapshot).await.one("Status"), "creating");
    assert_eq!(rds.status("main").await, "backing-up");
    let busy =
        rds.call("CreateDBSnapshot", &[("DBInstanceIdentifier", "main"), ("DBSnapshotIdentifier", "other")]).await;
    assert_eq!(
        busy.message,
        "Cannot create a snapshot because the database instance main is not currently in the available state."
    );
    let early = rds.call("DeleteDBSnapshot", &[("DBSnapshotIdentifier", "last")]).await;
    assert_eq!((early.code.as_str(), early.status), ("InvalidDBSnapshotState", 400));
    rds.client.wait(300);
    assert_eq!(rds.status("main").await, "available");
    let message = "Cannot create the snapshot because a snapshot with the identifier last already exists.";
    let expected = ("DBSnapshotAlreadyExists", 400, message);
    rds.refuses("rds.snapshot.exists", "CreateDBSnapshot", &snapshot, expected).await;
    rds.client.wait(300);
    let answer = rds.call(delete, &named("main")).await;
    assert_eq!((answer.code.as_str(), answer.message.as_str()), ("DBSnapshotAlreadyExists", message));
    let final_one =
        [("DBInstanceIdentifier", "main"), ("FinalDBSnapshotIdentifier", "end"), ("DeleteAutomatedBackups", "false")];
    rds.ok(delete, &final_one).await;
    let again = ("InvalidDBInstanceState", 400, "already being deleted");
    let skip = [("DBInstanceIdentifier", "main"), ("SkipFinalSnapshot", "true")];
    let answer = rds.call(delete, &skip).await;
    assert_eq!((answer.code.as_str(), answer.status), (again.0, again.1));
    assert!(answer.message.contains(again.2), "{}", answer.message);
    rds.client.wait(1800);
    let kept = rds.ok("DescribeDBInstanceAutomatedBackups", &[("DBInstanceIdentifier", "main")]).await;
    assert!(kept.all("Status").contains(&"retained".to_owned()), "{}", kept.text);
    let manual = rds.ok("DescribeDBSnapshots", &[("SnapshotType", "manual")]).await;
    assert_eq!(manual.all("DBSnapshotIdentifier"), ["end", "last"]);
    let automated =
        rds.ok("DescribeDBSnapshots", &[("SnapshotType", "automated"), ("DBInstanceIdentifier", "main")]).await;
    let name = automated.one("DBSnapshotIdentifier");
    let expected = ("InvalidDBSnapshotState", 400, "Only manual snapshots may be deleted.");
    rds.refuses("rds.snapshot.delete.manual", "DeleteDBSnapshot", &[("DBSnapshotIdentifier", &name)], expected).await;
    assert_eq!(rds.ok("DeleteDBSnapshot", &[("DBSnapshotIdentifier", "end")]).await.one("Status"), "deleted");
}

#[tokio::test]
async fn deletion_rules_hold_alone() {
    let rds = Rds::new().await;
    rds.instance("main", &[]).await;
    let bare = [("DBInstanceIdentifier", "main")];
    let message = "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.";
    rds.refuses("rds.instance.delete.final_snapshot", "DeleteDBInstance", &bare, (COMBINATION, 400, message)).await;
    rds.ok("CreateDBInstance", &rds.wanted("young", &[])).await;
    let named = [("DBInstanceIdentifier", "young"), ("FinalDBSnapshotIdentifier", "last")];
    let skip = [("DBInstanceIdentifier", "young"), ("SkipFinalSnapshot", "true")];
    let rule = "rds.instance.delete.final_snapshot.state";
    let expected = ("InvalidDBInstanceState", 400, "a final snapshot cannot be taken");
    rds.refuses(rule, "DeleteDBInstance", &named, expected).await;
    let expected = ("InvalidDBInstanceState", 400, "already being deleted");
    rds.refuses("rds.instance.delete.state", "DeleteDBInstance", &skip, expected).await;
}

#[tokio::test]
async fn replicas_follow_their_source_and_stand_alone_without_it() {
    let rds = Rds::new().await;
    rds.instance("main", &[]).await;
    let replica = [
        ("DBInstanceIdentifier", "copy"),
        ("SourceDBInstanceIdentifier", "main"),
        ("VpcSecurityGroupIds.VpcSecurityGroupId.1", rds.firewall.as_str()),
    ];
    let made = rds.ok("CreateDBInstanceReadReplica", &replica).await;
    assert_eq!(made.one("ReadReplicaSourceDBInstanceIdentifier"), "main");
    rds.client.wait(1800);
    assert_eq!(rds.status("copy").await, "available");
    assert_eq!(rds.shown("main").await.one("ReadReplicaDBInstanceIdentifier"), "copy");

    let off = [("DBInstanceIdentifier", "main"), ("BackupRetentionPeriod", "0")];
    let rule = "rds.instance.modify.retention.replicas";
    rds.refuses(rule, "ModifyDBInstance", &off, ("InvalidDBInstanceState", 400, "read replicas")).await;
    let stop = |id| [("DBInstanceIdentifier", id)];
    let expected = ("InvalidDBInstanceState", 400, "Cannot stop or start a read replica instance");
    let answer = rds.call("StopDBInstance", &stop("copy")).await;
    assert_eq!((answer.code.as_str(), answer.message.as_str()), (expected.0, expected.2));
    let password = [("DBInstanceIdentifier", "copy"), ("MasterUserPassword", "another-one")];
    let expected = (COMBINATION, 400, "Cannot change master user password on an RDS postgres Read Replica");
    rds.refuses("rds.instance.modify.replica", "ModifyDBInstance", &password, expected).await;
    rds.client.wait(600);
    let last = [("DBInstanceIdentifier", "copy"), ("FinalDBSnapshotIdentifier", "last")];
    let expected =
        (COMBINATION, 400, "FinalDBSnapshotIdentifier can not be specified when deleting a replica instance");
    let answer = rds.call("DeleteDBInstance", &last).await;
    assert_eq!((answer.code.as_str(), answer.message.as_str()), (expected.0, expected.2));

    rds.ok("DeleteDBInstance", &[("DBInstanceIdentifier", "main"), ("SkipFinalSnapshot", "true")]).await;
    rds.client.wait(1200);
    assert!(!rds.shown("copy").await.text.contains("ReadReplicaSourceDBInstanceIdentifier"));
    let rule = "rds.replica.promote";
    rds.refuses(rule, "PromoteReadReplica", &stop("copy"), ("InvalidDBInstanceState", 400, "not a read replica")).await;
}

#[tokio::test]
async fn some_sources_have_no_replicas() {
    let rds = Rds::new().await;
    let managed = [("MasterUserPassword", ""), ("ManageMasterUserPassword", "true")];
    rds.instance("managed", &managed).await;
    rds.instance("fleeting", &[("BackupRetentionPeriod", "0")]).await;
    let of = |source: &'static str| [("DBInstanceIdentifier", "copy"), ("SourceDBInstanceIdentifier", source)];
    let operation = "CreateDBInstanceReadReplica";
    let message = "Creating read replicas for source instance with engine postgres where ManageMasterUserPassword is enabled is not supported.";
    let answer = rds.call(operation, &of("managed")).await;
    assert_eq!((answer.code.as_str(), answer.message.as_str()), (VALUE, message));
    let expected = ("InvalidDBInstanceState", 400, "Automated backups are not enabled for this database instance.");
    let answer = rds.call(operation, &of("fleeting")).await;
    assert_eq!(answer.code, expected.0);
    rds.refuses("rds.replica.source_backups", operation, &of("fleeting"), expected).await;
    let other = [("DBInstanceIdentifier", "other"), ("SourceDBInstanceIdentifier", "managed")];
    rds.refuses("rds.replica.managed_password", operation, &other, (VALUE, 400, message)).await;
    let third = [("DBInstanceIdentifier", "third"), ("SourceDBInstanceIdentifier", "none")];
    let none = rds.call(operation, &third).await;
    assert_eq!((none.code.as_str(), none.status), ("DBInstanceNotFound", 404));
}

#[tokio::test]
async fn an_instance_stops_and_starts_again() {
    let rds = Rds::new().await;
    rds.instance("main", &[]).await;
    let it = [("DBInstanceIdentifier", "main")];
    let expected = ("InvalidDBInstanceState", 400, "Instance main is not stopped, cannot be started.");
    let answer = rds.call("StartDBInstance", &it).await;
    assert_eq!((answer.code.as_str(), answer.message.as_str()), (expected.0, expected.2));
    assert_eq!(rds.ok("StopDBInstance", &it).await.one("DBInstanceStatus"), "stopping");
    rds.client.wait(900);
    assert_eq!(rds.status("main").await, "stopped");
    assert_eq!(rds.ok("StartDBInstance", &it).await.one("DBInstanceStatus"), "starting");
    rds.client.wait(900);
    assert_eq!(rds.status("main").await, "available");
    rds.ok("StopDBInstance", &it).await;
    rds.client.wait(8 * 24 * 3600);
    assert_eq!(rds.status("main").await, "available", "after seven days it starts by itself");
    rds.refuses("rds.instance.start.state", "StartDBInstance", &it, expected).await;
}

#[tokio::test]
async fn managed_passwords_are_turned_on_rotated_and_off() {
    let rds = Rds::new().await;
    rds.instance("main", &[]).await;
    let change = |more: &[(&'static str, &'static str)]| [&[("DBInstanceIdentifier", "main")][..], more].concat();
    let modify = "ModifyDBInstance";
    let rule = "rds.instance.modify.managed_password";
    let answer = rds.call(modify, &change(&[("RotateMasterUserPassword", "true")])).await;
    assert_eq!(answer.code, COMBINATION);
    rds.ok(modify, &change(&[("ManageMasterUserPassword", "true")])).await;
    rds.client.wait(300);
    assert_eq!(rds.shown("main").await.one("SecretStatus"), "active");
    rds.ok(modify, &change(&[("RotateMasterUserPassword", "true")])).await;
    assert_eq!(rds.shown("main").await.one("SecretStatus"), "rotating");
    rds.client.wait(300);
    let off = change(&[("ManageMasterUserPassword", "false")]);
    let message = "MasterUserPassword must be provided when ManageMasterUserPassword is set to false.";
    let answer = rds.call(modify, &off).await;
    assert_eq!(answer.message, message);
    rds.ok(modify, &change(&[("ManageMasterUserPassword", "false"), ("MasterUserPassword", "own-again")])).await;
    rds.client.wait(300);
    assert!(!rds.shown("main").await.text.contains("<MasterUserSecret>"));
    rds.refuses(rule, modify, &off, (COMBINATION, 400, message)).await;
}

#[tokio::test]
async fn a_renamed_instance_keeps_its_own_id() {
    let rds = Rds::new().await;
    rds.instance("main", &[]).await;
    let own = rds.shown("main").await.one("DbiResourceId");
    let rename =
        [("DBInstanceIdentifier", "main"), ("NewDBInstanceIdentifier", "Renamed"), ("ApplyImmediately", "true")];
    rds.ok("ModifyDBInstance", &rename).await;
    rds.client.wait(600);
    assert_eq!(rds.call("DescribeDBInstances", &[("DBInstanceIdentifier", "main")]).await.status, 404);
    let shown = rds.shown("renamed").await;
    assert_eq!((shown.one("DbiResourceId"), shown.one("DBInstanceStatus")), (own, "available".into()));
}

#[tokio::test]
async fn tags_are_kept_by_arn() {
    let rds = Rds::new().await;
    rds.instance("main", &[("Tags.Tag.1.Key", "Service"), ("Tags.Tag.1.Value", "grader")]).await;
    for name in ["db:main", "subgrp:data", "pg:pg17"] {
        let arn = format!("arn:aws:rds:us-east-1:000000000000:{name}");
        let added = [("ResourceName", arn.as_str()), ("Tags.Tag.1.Key", "Team"), ("Tags.Tag.1.Value", "core")];
        rds.ok("AddTagsToResource", &added).await;
        let listed = rds.ok("ListTagsForResource", &[("ResourceName", &arn)]).await;
        assert!(listed.all("Key").contains(&"Team".to_owned()), "{}", listed.text);
        rds.ok("RemoveTagsFromResource", &[("ResourceName", &arn), ("TagKeys.member.1", "Team")]).await;
        let listed = rds.ok("ListTagsForResource", &[("ResourceName", &arn)]).await;
        assert!(!listed.all("Key").contains(&"Team".to_owned()));
    }
    assert_eq!(rds.shown("main").await.all("Key"), ["Service"]);
    let gone = rds.call("ListTagsForResource", &[("ResourceName", "arn:aws:rds:us-east-1:000000000000:db:none")]).await;
    assert_eq!((gone.code.as_str(), gone.status), ("DBInstanceNotFound", 404));
    let odd = rds.call("ListTagsForResource", &[("ResourceName", "arn:aws:rds:us-west-2:000000000000:db:main")]).await;
    assert_eq!(odd.code, VALUE);
}

#[tokio::test]
async fn versions_and_options_are_listed() {
    let rds = Rds::new().await;
    let newest = [("Engine", "postgres"), ("EngineVersion", "17"), ("DefaultOnly", "true")];
    assert_eq!(rds.ok("DescribeDBEngineVersions", &newest).await.one("EngineVersion"), "17.7");
    let of = [("Engine", "postgres"), ("EngineVersion", "16.10")];
    let shown = rds.ok("DescribeDBEngineVersions", &of).await;
    assert_eq!(shown.all("EngineVersion"), ["16.10", "16.11", "17.6", "17.7", "18.1"], "itself and where it can go");
    let options = [("Engine", "postgres"), ("EngineVersion", "17.7"), ("DBInstanceClass", "db.t3.medium")];
    let options = rds.ok("DescribeOrderableDBInstanceOptions", &options).await;
    assert_eq!(options.all("StorageType"), ["gp2", "gp3", "io1", "io2"]);
    rds.instance("main", &[]).await;
    let none = rds.ok("DescribePendingMaintenanceActions", &[]).await;
    assert!(none.all("ResourceIdentifier").is_empty());
    let filter = [("Filters.Filter.1.Name", "colour"), ("Filters.Filter.1.Values.Value.1", "red")];
    let expected = (VALUE, 400, "Unrecognized filter name: colour");
    rds.refuses("rds.filter.name", "DescribeDBInstances", &filter, expected).await;
    let filter = [("Filters.Filter.1.Name", "db-instance-id"), ("Filters.Filter.1.Values.Value.1", "main")];
    assert_eq!(rds.ok("DescribeDBInstances", &filter).await.all("DBInstanceIdentifier"), ["main"]);
}

#[tokio::test]
async fn states_names_and_limits_are_held_alone() {
    let rds = Rds::new().await;
    rds.instance("main", &[]).await;
    rds.instance("prov", &[("StorageType", "io1"), ("AllocatedStorage", "100"), ("Iops", "1000")]).await;
    let copy =
        |id: &'static str, source: &'static str| [("DBInstanceIdentifier", id), ("SourceDBInstanceIdentifier", source)];
    rds.ok("CreateDBInstanceReadReplica", &copy("copy", "main")).await;
    rds.client.wait(1800);
    let it = |id: &'static str| [("DBInstanceIdentifier", id)];
    let state = "InvalidDBInstanceState";
    let with = |id: &'static str, more: &[(&'static str, &'static str)]| [&it(id)[..], more].concat();
    let small = [&copy("tiny", "main")[..], &[("AllocatedStorage", "20"), ("StorageType", "gp2")]].concat();
    assert_eq!(rds.call("CreateDBInstanceReadReplica", &small).await.status, 200);
    let odd = [("ResourceName", "arn:aws:rds:us-west-2:000000000000:db:main")];
    assert!(
        rds.call("ListTagsForResource", &odd).await.message.contains("does not match an RDS resource in this region")
    );
    let none = [("DBParameterGroupName", "pg17"), ("Source", "nobody")];
    let bad_name = [("DBParameterGroupName", "a_b"), ("DBParameterGroupFamily", "postgres17"), ("Description", "d")];
    let cases = [
        ("rds.instance.stop.replica", "StopDBInstance", with("main", &[]), (state, 400, "read replicas")),
        (
            "rds.instance.modify.storage.iops",
            "ModifyDBInstance",
            with("prov", &[("AllocatedStorage", "120"), ("ApplyImmediately", "true")]),
            (COMBINATION, 400, "You must specify both the storage size and iops"),
        ),
        (
            "rds.instance.delete.final_snapshot.replica",
            "DeleteDBInstance",
            with("copy", &[("FinalDBSnapshotIdentifier", "last")]),
            (COMBINATION, 400, "replica instance"),
        ),
        ("rds.snapshot.type", "DescribeDBSnapshots", vec![("SnapshotType", "odd")], (VALUE, 400, "odd")),
        (
            "rds.snapshot.identifier",
            "CreateDBSnapshot",
            with("main", &[("DBSnapshotIdentifier", "a_b")]),
            (VALUE, 400, "identifier"),
        ),
        ("rds.parameter.source", "DescribeDBParameters", none.to_vec(), (VALUE, 400, "nobody")),
        ("rds.parameter_group.name", "CreateDBParameterGroup", bad_name.to_vec(), (VALUE, 400, "identifier")),
    ];
    for (rule, action, parameters, expected) in cases {
        rds.refuses(rule, action, &parameters, expected).await;
        rds.client.wait(1800);
    }
    let reboot = (
        "Instance cannot currently reboot due to an in-progress management operation.",
        "Instance prov is not in available state.",
    );
    rds.ok("RebootDBInstance", &it("prov")).await;
    rds.refuses("rds.instance.reboot.state", "RebootDBInstance", &it("prov"), (state, 400, reboot.0)).await;
    rds.refuses("rds.instance.stop.state", "StopDBInstance", &it("prov"), (state, 400, reboot.1)).await;
}

#[tokio::test]
async fn accounts_have_quotas() {
    let quotas =
        [("rds.instances", 1), ("rds.subnet-groups", 1), ("rds.parameter-groups", 1), ("rds.manual-snapshots", 1)];
    let quotas = quotas.iter().map(|(name, number)| ((*name).to_owned(), *number)).collect();
    let config = crate::Config { quotas, ..crate::Config::calm(7) };
    let rds = Rds::of(Client::of(crate::Simulator::open(config).unwrap())).await;
    rds.instance("main", &[]).await;
    let expected = ("InstanceQuotaExceeded", 400, "quota");
    rds.refuses("rds.instance.quota", "CreateDBInstance", &rds.wanted("more", &[]), expected).await;
    let group = [("DBParameterGroupName", "more"), ("DBParameterGroupFamily", "postgres17"), ("Description", "d")];
    let expected = ("DBParameterGroupQuotaExceeded", 400, "parameter groups");
    rds.refuses("rds.parameter_group.quota", "CreateDBParameterGroup", &group, expected).await;
    let group = [
        ("DBSubnetGroupName", "more"),
        ("DBSubnetGroupDescription", "d"),
        ("SubnetIds.SubnetIdentifier.1", rds.subnets[0].as_str()),
        ("SubnetIds.SubnetIdentifier.2", rds.subnets[1].as_str()),
    ];
    let expected = ("DBSubnetGroupQuotaExceeded", 400, "quota");
    rds.refuses("rds.subnet_group.quota", "CreateDBSubnetGroup", &group, expected).await;
    let one = |name: &'static str| [("DBInstanceIdentifier", "main"), ("DBSnapshotIdentifier", name)];
    rds.ok("CreateDBSnapshot", &one("a")).await;
    let early = ("InvalidDBSnapshotState", 400, "available");
    rds.client.wait(300);
    let expected = ("SnapshotQuotaExceeded", 400, "1");
    rds.refuses("rds.snapshot.quota", "CreateDBSnapshot", &one("b"), expected).await;
    rds.refuses("rds.snapshot.delete.state", "DeleteDBSnapshot", &[("DBSnapshotIdentifier", "b")], early).await;
}
