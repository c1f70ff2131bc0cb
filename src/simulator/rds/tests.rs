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
        let client = Client::calm();
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
