//! What the tests report on: a stored graph of the staging stack, and a plan
//! with one of every kind of change.

use std::collections::BTreeMap;

use fathuss_engine::diff::{Cause, FieldChange, Shown};
use fathuss_engine::plan::{
    Change, FORMAT, Goal, OutputChange, Plan, PlanInput, PlannedAction, PlannedSurvivor, VERSION, plan,
};
use fathuss_engine::provider::Survivor;
use fathuss_model::graph::{Graph, Printed, Source};
use fathuss_model::schema::Schema;
use fathuss_model::{Address, Datum};
use fathuss_report::Style;
use fathuss_state::{Identity, ResourceRecord, Snapshot};

/// The widths at which everything is looked at.
pub const WIDTHS: [usize; 3] = [60, 80, 120];

/// A terminal without colour.
pub fn style(width: usize) -> Style {
    Style { width, colour: false, unicode: true }
}

/// A terminal with colour.
pub fn colour(width: usize) -> Style {
    Style { width, colour: true, unicode: true }
}

/// Colour sequences as words, so that a snapshot can be read.
pub fn visible(text: &str) -> String {
    text.replace("\u{1b}[0m", "</>").replace('\u{1b}', "<").replace("<[", "<")
}

/// A text at all widths.
pub fn at_widths(of: impl Fn(&Style) -> String) -> String {
    let mut out = String::new();
    for width in WIDTHS {
        let text = of(&style(width));
        out.push_str(&format!("{:-^width$}\n{text}", format!(" {width} columns ")));
    }
    out
}

pub fn schema(kind: &str) -> Option<&'static Schema> {
    fathuss_model::schema_of(kind)
}

pub fn address(local: &str) -> Address {
    format!("staging.{local}").parse().unwrap()
}

pub fn source(file: &str, line: u32) -> Option<Source> {
    Some(Source { file: format!("stacks/{file}.rs"), line })
}

/// The staging stack as its program printed it.
pub fn staging() -> Graph {
    Printed::read(include_str!("staging.json")).unwrap().graph.unwrap()
}

/// The plan of a graph's first apply.
pub fn first_apply(graph: &Graph) -> Plan {
    let none = BTreeMap::new();
    let lookups = BTreeMap::new();
    let outputs = BTreeMap::new();
    plan(&PlanInput {
        graph,
        goal: Goal::Apply,
        schema: &schema,
        snapshot: &Snapshot::default(),
        observations: &none,
        lookups: &lookups,
        outputs: &outputs,
        strays: &[],
        marks: &BTreeMap::new(),
        edited: &|_, _| &[],
        deferral: &|_, _| None,
        remarks: &|_, _| Vec::new(),
        survivors: &|_, _| Vec::new(),
        unreached: &BTreeMap::new(),
    })
    .unwrap()
    .plan
}

fn field(path: &str, before: Shown, after: Shown) -> FieldChange {
    FieldChange { path: path.to_owned(), before, after, forces_replacement: false, cause: Cause::Program }
}

fn forced(mut field: FieldChange) -> FieldChange {
    field.forces_replacement = true;
    field
}

fn caused(mut field: FieldChange, cause: Cause) -> FieldChange {
    field.cause = cause;
    field
}

fn value(datum: impl Into<Datum>) -> Shown {
    Shown::Value(datum.into())
}

pub fn action(local: &str, source: Option<Source>, group: &str, change: Change) -> PlannedAction {
    PlannedAction {
        address: address(local),
        source,
        group: group.to_owned(),
        change,
        fields: Vec::new(),
        waits: Vec::new(),
        brought_forward: Vec::new(),
        parts: Vec::new(),
        destroys_data: false,
        goes_with: None,
        after: Vec::new(),
    }
}

pub fn plan_of(actions: Vec<PlannedAction>) -> Plan {
    Plan {
        format: FORMAT.to_owned(),
        version: VERSION,
        stack: "staging".to_owned(),
        region: "us-east-1".to_owned(),
        account: "111122223333".to_owned(),
        goal: Goal::Apply,
        only: Vec::new(),
        lineage: "0f6c2c1e".to_owned(),
        serial: 212,
        actions,
        deferred: Vec::new(),
        remarks: Vec::new(),
        protections: Vec::new(),
        unasked: None,
        unread: Vec::new(),
        unchanged: 90,
        outputs: BTreeMap::new(),
        survivors: Vec::new(),
        along: Vec::new(),
        unforeseen: Vec::new(),
        strays: Vec::new(),
        unfinished: Vec::new(),
    }
}

/// One of every kind of change.
pub fn every_change() -> Plan {
    let policy = |action: &str, second: &str| {
        format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":["{action}"],"Resource":"*"}},{{"Sid":"Logs","Effect":"{second}","Action":"logs:PutLogEvents","Resource":"arn:aws:logs:us-east-1:111122223333:log-group:/fathuss/staging:*"}}]}}"#
        )
    };
    let mut subnet = action("aws_subnet.private[\"us-east-1b\"]", source("network", 19), "network", Change::Update);
    subnet.fields = vec![
        field("tags.Tier", value("private"), value("internal")),
        caused(field("tags.\u{1b}[31mOwner", value("someone\u{7} else"), Shown::Absent), Cause::Drift),
    ];
    let mut drifted = action("aws_vpc.main", source("network", 11), "network", Change::Update);
    drifted.fields = vec![caused(field("enable_dns_hostnames", value(false), value(true)), Cause::Drift)];
    let lookup = action("aws_availability_zones.here", source("network", 8), "network", Change::Read);
    let mut role = action("aws_iam_policy.grader", source("cluster", 140), "cluster", Change::Update);
    role.fields = vec![field("policy", value(policy("s3:GetObject", "Allow")), value(policy("s3:*", "Deny")))];
    let mut launch = action("aws_launch_template.workers", source("cluster", 88), "cluster", Change::Update);
    launch.fields = vec![field(
        "user_data",
        value("#!/bin/sh\nset -e\nmount /dev/sdb /data\necho ready\nexit 0"),
        value("#!/bin/sh\nset -eu\nmount /dev/sdb /data\necho ready\nexit 0"),
    )];
    let mut old_database = action("aws_db_instance.postgres", source("data", 31), "data", Change::DeleteReplaced);
    old_database.destroys_data = true;
    let mut database = action("aws_db_instance.postgres", source("data", 31), "data", Change::Replace);
    database.destroys_data = true;
    database.after = vec![5];
    database.fields = vec![
        forced(field("storage_encrypted", value(false), value(true))),
        field("password", Shown::Sensitive, Shown::Sensitive),
        field("tags.Name", value("staging"), value("staging-postgres")),
    ];
    let mut alarm = action("aws_route.to_database[\"10.0.0.0/16\"]", source("data", 47), "data", Change::Update);
    alarm.after = vec![6];
    alarm.fields =
        vec![caused(field("destination_cidr_block", value("10.0.0.0/16"), Shown::Unknown), Cause::Dependency)];
    let mut redis = action("aws_elasticache_replication_group.redis", source("data", 58), "data", Change::Create);
    redis.fields = vec![
        field("replication_group_id", Shown::Absent, value("staging-redis")),
        field(
            "description",
            Shown::Absent,
            value("Queues and caches of the staging platform, without anything that can't be had again"),
        ),
        field("node_type", Shown::Absent, value("cache.t4g.small")),
        field("num_cache_clusters", Shown::Absent, value(2)),
        field("auth_token", Shown::Absent, Shown::Sensitive),
        field("security_group_ids", Shown::Absent, Shown::Unknown),
        field(
            "tags",
            Shown::Absent,
            value(BTreeMap::from([("Name".to_owned(), "redis"), ("fathuss:stack".to_owned(), "staging")])),
        ),
        field("arn", Shown::Absent, Shown::Unknown),
        field("primary_endpoint_address", Shown::Absent, Shown::Unknown),
        field("reader_endpoint_address", Shown::Absent, Shown::Unknown),
    ];
    let mut volume = action("aws_ebs_volume.old_clickhouse", None, "no longer declared", Change::Delete);
    volume.destroys_data = true;
    let gone = action("aws_availability_zones.old", None, "no longer declared", Change::Forget);
    let mut plan =
        plan_of(vec![lookup, drifted, subnet, role, launch, old_database, database, alarm, redis, volume, gone]);
    plan.outputs = BTreeMap::from([
        (
            "database_endpoint".to_owned(),
            OutputChange { before: value("staging.abc.us-east-1.rds.amazonaws.com:5432"), after: Shown::Unknown },
        ),
        ("redis_endpoint".to_owned(), OutputChange { before: Shown::Absent, after: Shown::Unknown }),
        ("old".to_owned(), OutputChange { before: value("gone"), after: Shown::Absent }),
    ]);
    plan.survivors = vec![PlannedSurvivor {
        address: address("aws_db_instance.postgres"),
        survivor: Survivor::new(
            "snapshot staging-postgres-final",
            "RDS takes a final snapshot before it deletes a database",
        ),
    }];
    plan.strays = vec!["aws_subnet subnet-0abc (staging.aws_subnet.lost)".to_owned()];
    plan.unfinished = vec![address("aws_nat_gateway.public[\"us-east-1a\"]")];
    plan
}

/// A state that knows some of what [`every_change`] touches.
pub fn snapshot() -> Snapshot {
    let mut snapshot = Snapshot { lineage: "0f6c2c1e".to_owned(), serial: 212, ..Snapshot::default() };
    for (local, identity) in [
        ("aws_vpc.main", "vpc-0a1b2c3d4e5f60718"),
        ("aws_subnet.private[\"us-east-1b\"]", "subnet-0123456789abcdef0"),
        ("aws_db_instance.postgres", "staging-postgres"),
        ("aws_ebs_volume.old_clickhouse", "vol-0fedcba9876543210"),
    ] {
        let address = address(local);
        snapshot.resources.insert(
            address.clone(),
            ResourceRecord {
                address,
                region: "us-east-1".to_owned(),
                account: "111122223333".to_owned(),
                identity: Identity(identity.to_owned()),
                attributes: BTreeMap::from([
                    ("arn".to_owned(), Datum::from(format!("arn:aws:ec2:us-east-1:111122223333:{identity}"))),
                    ("id".to_owned(), identity.into()),
                    ("tags".to_owned(), BTreeMap::from([("Name".to_owned(), "staging")]).into()),
                    ("policy".to_owned(), r#"{"Statement":[{"Effect":"Allow"}]}"#.into()),
                    ("zones".to_owned(), vec!["us-east-1a", "us-east-1b"].into()),
                ]),
                generation: 1,
                depends_on: Vec::new(),
                prevent_destroy: local.contains("db_instance"),
                unsettled: false,
            },
        );
    }
    snapshot.outputs = BTreeMap::from([
        ("database_endpoint".to_owned(), "staging.abc.us-east-1.rds.amazonaws.com:5432".into()),
        ("zones".to_owned(), vec!["us-east-1a", "us-east-1b"].into()),
    ]);
    snapshot
}
