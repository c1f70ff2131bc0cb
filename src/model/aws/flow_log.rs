//! `aws_flow_log`: <https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs.html>

use super::form;
use super::{CloudwatchLogGroup, IamRole, NetworkInterface, S3Bucket, Subnet, Vpc};
use crate::check::{Findings, View};
use crate::{Arn, Computed, Id, IntoArn, Resource as _, Tags, Value, words};

words! {
    /// Which traffic a flow log tells of.
    pub enum TrafficType {
        /// What was let through.
        Accept = "ACCEPT",
        /// What was dropped.
        Reject = "REJECT",
        /// Both.
        All = "ALL",
    }
}

words! {
    /// Where a flow log is kept.
    pub enum LogDestinationType {
        /// In a log group.
        CloudWatchLogs = "cloud-watch-logs",
        /// In a bucket.
        S3 = "s3",
    }
}

words! {
    /// How a flow log's files in a bucket are written.
    pub enum FlowLogFileFormat {
        /// Lines of text.
        PlainText = "plain-text",
        /// Columns, for Athena.
        Parquet = "parquet",
    }
}

/// Who spoke with whom in a VPC, a subnet, or at a network interface. Nothing of it but its tags can change.
///
/// ```
/// # use fathuss_model::{aws::{policy::*, *}, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// # let range: Ipv4Net = "10.0.0.0/16".parse()?;
/// # let vpc = stack.add("main", Vpc::new(range));
/// # let trust = Policy::new([Statement::assume_role(Principal::service("vpc-flow-logs.amazonaws.com"))]);
/// # let role = stack.add("flow", IamRole::new(trust));
/// let group = stack.add("flow", CloudwatchLogGroup::new().retention_in_days(30));
/// stack.add("main", FlowLog::to_log_group(TrafficType::All, &group, &role).vpc_id(&vpc));
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(
    type = "aws_flow_log",
    service = "ec2",
    creation = Token,
    create_seconds = 2,
    delete_seconds = 2,
    check = check
)]
pub struct FlowLog {
    /// Which traffic it tells of.
    #[field(replace)]
    traffic_type: Value<TrafficType>,
    /// The ARN of the log group or bucket; a bucket's may have a folder behind it.
    #[field(
        replace,
        form = form::LOG_DESTINATION
    )]
    log_destination: Value<String>,
    /// Which of both it is.
    #[field(replace, default = "\"cloud-watch-logs\"")]
    log_destination_type: Option<Value<LogDestinationType>>,
    /// The role that writes to a log group; `vpc-flow-logs.amazonaws.com` has to be let assume it.
    #[field(replace)]
    iam_role_arn: Option<Value<Arn<IamRole>>>,
    /// The VPC that it is of.
    #[field(replace)]
    vpc_id: Option<Value<Id<Vpc>>>,
    /// The subnet that it is of.
    #[field(replace)]
    subnet_id: Option<Value<Id<Subnet>>>,
    /// The network interface that it is of.
    #[field(replace)]
    eni_id: Option<Value<Id<NetworkInterface>>>,
    /// The fields of its lines, each as `${name}`; AWS's own choice where none is given.
    #[field(
        replace,
        computed,
        form = form::LOG_FORMAT
    )]
    log_format: Option<Value<String>>,
    /// The seconds that are put together in one line: 60 or 600. Instances on Nitro have 60 at most anyway.
    #[field(replace, default = "600")]
    max_aggregation_interval: Option<Value<i64>>,
    /// How files in a bucket are written.
    #[field(replace, computed)]
    destination_options: Option<Value<FlowLogDestinationOptions>>,
    /// Tags.
    tags: Option<Value<Tags>>,
    /// The id.
    id: Computed<Id<FlowLog>>,
    /// The ARN.
    arn: Computed<Arn<FlowLog>>,
}

/// How a flow log's files in a bucket are written.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct FlowLogDestinationOptions {
    /// The format.
    #[field(default = "\"plain-text\"")]
    file_format: Option<Value<FlowLogFileFormat>>,
    /// Whether folders are named as Hive wants them.
    #[field(default = "false")]
    hive_compatible_partitions: Option<Value<bool>>,
    /// Whether each hour has a folder, and not each day.
    #[field(default = "false")]
    per_hour_partition: Option<Value<bool>>,
}

impl FlowLog {
    /// One that is kept in a log group, and written there by a role.
    #[must_use]
    pub fn to_log_group(
        traffic: TrafficType,
        group: impl IntoArn<CloudwatchLogGroup>,
        role: impl IntoArn<IamRole>,
    ) -> Self {
        let group: Value<Arn<CloudwatchLogGroup>> = group.into_value();
        Self::new(traffic, group).iam_role_arn(role)
    }

    /// One that is kept in a bucket.
    #[must_use]
    pub fn to_bucket(traffic: TrafficType, bucket: impl IntoArn<S3Bucket>) -> Self {
        let bucket: Value<Arn<S3Bucket>> = bucket.into_value();
        Self::new(traffic, bucket).log_destination_type(LogDestinationType::S3)
    }
}

const SUBJECTS: [&str; 3] = ["vpc_id", "subnet_id", "eni_id"];

fn check(log: &View<'_>, findings: &mut Findings<'_>) {
    super::trust::check(log, "iam_role_arn", "vpc-flow-logs", findings);
    let given = SUBJECTS.iter().filter(|subject| log.gives(subject)).count();
    if given != 1 {
        findings.refuse(format!("a flow log is of one thing, {given} given: one of {}", SUBJECTS.join(", ")));
    }
    let to_bucket = log.text("log_destination_type") == Some(LogDestinationType::S3.word());
    match (to_bucket, log.gives("iam_role_arn")) {
        (true, true) => findings.refuse("a bucket's policy says who writes there; leave `iam_role_arn` out"),
        (false, false) => findings.refuse("a flow log to a log group wants the role that writes there: `iam_role_arn`"),
        _ => {}
    }
    if !to_bucket && log.gives("destination_options") {
        findings.refuse("`destination_options` are for files in a bucket");
    }
    let declared = log.follow("log_destination");
    let (destination, is_bucket) = match (&declared, log.text("log_destination")) {
        (Some(view), _) => (view.named(), Some(view.node().address.kind() == S3Bucket::SCHEMA.kind)),
        (None, Some(text)) => (text.to_owned(), Some(text.split(':').nth(2) == Some("s3"))),
        (None, None) => (String::new(), None),
    };
    if let Some(is_bucket) = is_bucket.filter(|is_bucket| *is_bucket != to_bucket) {
        let kind = if is_bucket { LogDestinationType::S3 } else { LogDestinationType::CloudWatchLogs };
        findings.refuse(format!("{destination} is of the `log_destination_type` {}", kind.word()));
    }
    if let Some(seconds) = log.integer("max_aggregation_interval").filter(|seconds| ![60, 600].contains(seconds)) {
        findings.refuse(format!("`max_aggregation_interval` is {seconds}; AWS takes 60 and 600 seconds"));
    }
}
