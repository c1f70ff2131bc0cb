//! Flow logs: what a VPC, a subnet or a network interface tells a log group or a bucket of its traffic. Nothing is
//! written to either; only that it could be is looked at.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ec2::network_interface::NetworkInterface;
use crate::ec2::resource::{self, Kind, Listing, Resource};
use crate::ec2::subnet::Subnet;
use crate::ec2::tags;
use crate::ec2::vpc::Vpc;
use crate::iam::role::Role;
use crate::iam::trust::{self, Flaw};
use crate::input::Input;
use crate::logs::writer;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::s3::bucket::Bucket;
use crate::service::Handler;
use crate::value::Value;
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("CreateFlowLogs", create),
    ("DescribeFlowLogs", |tx, input| {
        let listing = Listing { ids: "FlowLogIds", answer: "FlowLogs", ids_exclude_pages: None };
        resource::describe::<FlowLog>(tx, input, listing)
    }),
    ("DeleteFlowLogs", delete),
];

const CREATE: &str = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateFlowLogs.html";
const ROLE: &str = "https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html";
const RECORDS: &str = "https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("ec2.flow_log.exists", "a resource has one flow log of one kind of traffic to a destination", CREATE),
    Rule::new("ec2.flow_log.resource", "what a flow log is of exists", CREATE),
    Rule::new("ec2.flow_log.traffic", "a flow log of a VPC, subnet or interface says which traffic", CREATE),
    Rule::new("ec2.flow_log.destination", "a flow log has one destination, of its type", CREATE),
    Rule::new("ec2.flow_log.destination.exists", "a bucket that a flow log is written to exists", CREATE),
    Rule::new("ec2.flow_log.role", "a log group is written to by a role, and a bucket by none", ROLE),
    Rule::new("ec2.flow_log.role.trust", "the service can assume the role of a flow log", ROLE),
    Rule::new("ec2.flow_log.interval", "what is put together in a line are 60 or 600 seconds", CREATE),
    Rule::new("ec2.flow_log.format", "a line's format is of fields that there are", RECORDS),
    Rule::new("ec2.flow_log.options", "options of files are for what is written to a bucket", CREATE),
    Rule::new(
        "ec2.flow_log.quota",
        "a resource has two flow logs",
        "https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html",
    ),
];

/// Who writes flow logs to log groups.
const SERVICE: &str = "vpc-flow-logs.amazonaws.com";

/// The format where none is given.
const FORMAT: &str = "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} \
                      ${packets} ${bytes} ${start} ${end} ${action} ${log-status}";

/// <https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html>
const FIELDS: &[&str] = &[
    "version",
    "account-id",
    "interface-id",
    "srcaddr",
    "dstaddr",
    "srcport",
    "dstport",
    "protocol",
    "packets",
    "bytes",
    "start",
    "end",
    "action",
    "log-status",
    "vpc-id",
    "subnet-id",
    "instance-id",
    "tcp-flags",
    "type",
    "pkt-srcaddr",
    "pkt-dstaddr",
    "region",
    "az-id",
    "sublocation-type",
    "sublocation-id",
    "pkt-src-aws-service",
    "pkt-dst-aws-service",
    "flow-direction",
    "traffic-path",
    "ecs-cluster-arn",
    "ecs-cluster-name",
    "ecs-container-instance-arn",
    "ecs-container-instance-id",
    "ecs-container-id",
    "ecs-second-container-id",
    "ecs-service-name",
    "ecs-task-definition-arn",
    "ecs-task-arn",
    "ecs-task-id",
    "reject-reason",
    "resource-id",
    "encryption-status",
];

/// A flow log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlowLog {
    /// Its id, `fl-...`.
    pub id: String,
    /// What it is of.
    pub resource: String,
    /// `ACCEPT`, `REJECT` or `ALL`.
    pub traffic: String,
    /// Where it is written to.
    pub destination: Destination,
    /// The fields of its lines.
    pub format: String,
    /// The seconds that are put together in one line.
    pub interval: i64,
    /// When it was made.
    pub created: Timestamp,
}

/// Where a flow log is written to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Destination {
    /// A log group.
    Group {
        /// Its name.
        name: String,
        /// Its ARN, where it was given by that.
        arn: Option<String>,
        /// The role that writes.
        role: String,
    },
    /// A bucket.
    Bucket {
        /// Its ARN, perhaps with a folder.
        arn: String,
        /// `plain-text` or `parquet`.
        file_format: String,
        /// Whether folders are named as Hive wants them.
        hive: bool,
        /// Whether each hour has a folder.
        hourly: bool,
    },
}

impl Destination {
    /// What is said of the last delivery; nothing where it succeeded.
    fn error(&self, tx: &Tx<'_>, id: &str) -> Option<&'static str> {
        let reaches = match self {
            Destination::Group { role, .. } => assumable(tx, role, id).is_ok(),
            Destination::Bucket { arn, .. } => bucket_of(arn).is_some_and(|name| tx.get::<Bucket>(name).is_some()),
        };
        if reaches { None } else { Some("Access error") }
    }

    fn is_same(&self, other: &Destination) -> bool {
        match (self, other) {
            (Destination::Group { name, .. }, Destination::Group { name: other, .. }) => name == other,
            (Destination::Bucket { arn, .. }, Destination::Bucket { arn: other, .. }) => arn == other,
            _ => false,
        }
    }
}

/// The name of the bucket in an ARN.
fn bucket_of(arn: &str) -> Option<&str> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", _, "s3", _, _, path] = parts[..] else { return None };
    path.split('/').next().filter(|name| !name.is_empty())
}

/// The name of the log group in an ARN.
fn group_of(arn: &str) -> Option<&str> {
    let parts: Vec<&str> = arn.splitn(7, ':').collect();
    let ["arn", _, "logs", _, _, "log-group", name] = parts[..] else { return None };
    Some(name.strip_suffix(":*").unwrap_or(name)).filter(|name| !name.is_empty())
}

impl Row for FlowLog {
    const TABLE: &'static str = "ec2.flow_log";
    fn id(&self) -> String {
        self.id.clone()
    }
}

impl Resource for FlowLog {
    const SHAPE: &'static str = "FlowLog";
    const KIND: Kind = Kind {
        prefix: "fl",
        tagged_as: "vpc-flow-log",
        not_found: "InvalidFlowLogId.NotFound",
        // No code of its own is documented.
        malformed: "InvalidParameterValue",
        one: "These flow log ids in the input list are not found: [TotalCount: 1] {}",
        several: "These flow log ids in the input list are not found: {}",
    };

    const FILTERS: &'static [&'static str] = &["deliver-log-status"];

    fn filter(&self, tx: &Tx<'_>, _: &str) -> Vec<String> {
        vec![if self.destination.error(tx, &self.id).is_some() { "FAILED" } else { "SUCCESS" }.to_owned()]
    }

    fn view(&self, tx: &Tx<'_>) -> Value {
        let error = self.destination.error(tx, &self.id);
        let (kind, arn, group, role, options) = match &self.destination {
            Destination::Group { name, arn, role } => {
                ("cloud-watch-logs", arn.as_deref(), Some(name.as_str()), Some(role.as_str()), None)
            }
            Destination::Bucket { arn, file_format, hive, hourly } => {
                let options = record! {
                    "FileFormat" => file_format,
                    "HiveCompatiblePartitions" => *hive,
                    "PerHourPartition" => *hourly,
                };
                ("s3", Some(arn.as_str()), None, None, Some(options))
            }
        };
        record! {
            "FlowLogId" => &self.id,
            "FlowLogStatus" => "ACTIVE",
            "ResourceId" => &self.resource,
            "TrafficType" => &self.traffic,
            "LogDestinationType" => kind,
            "LogDestination" => arn,
            "LogGroupName" => group,
            "DeliverLogsPermissionArn" => role,
            "DeliverLogsStatus" => if error.is_some() { "FAILED" } else { "SUCCESS" },
            "DeliverLogsErrorMessage" => error,
            "DestinationOptions" => options,
            "LogFormat" => &self.format,
            "MaxAggregationInterval" => self.interval,
            "CreationTime" => self.created,
            "Tags" => tags::of(tx, &self.id),
        }
    }
}

/// Whether a flow log is written to this log group.
#[must_use]
pub fn writes_to(tx: &Tx<'_>, group: &str) -> bool {
    tx.rows::<FlowLog>().any(|log| matches!(&log.destination, Destination::Group { name, .. } if name == group))
}

/// Removes the flow logs of what is gone.
pub(super) fn forget(tx: &mut Tx<'_>, resource: &str) {
    let ids: Vec<String> = tx.rows::<FlowLog>().filter(|log| log.resource == resource).map(Row::id).collect();
    for id in ids {
        tags::forget(tx, &id);
        tx.remove::<FlowLog>(&id);
    }
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new("InvalidParameter", message)
}

fn read_destination(tx: &Tx<'_>, input: &Input<'_>) -> Result<Destination, Refusal> {
    let kind = input.text("LogDestinationType").unwrap_or("cloud-watch-logs");
    let (arn, group) = (input.text("LogDestination"), input.text("LogGroupName"));
    let rule = "ec2.flow_log.destination";
    tx.enforce(rule, arn.is_none() || group.is_none(), || {
        invalid("Please only provide LogGroupName or only provide LogDestination.")
    })?;
    tx.enforce(rule, group.is_none() || kind == "cloud-watch-logs", || {
        invalid("LogDestination type must be cloud-watch-logs if LogGroupName is provided.")
    })?;
    if arn.is_none() && group.is_none() {
        return Err(invalid("LogDestination can't be empty if LogGroupName is not provided."));
    }
    let role = input.text("DeliverLogsPermissionArn");
    let options = input.record("DestinationOptions");
    match kind {
        "cloud-watch-logs" => {
            tx.enforce("ec2.flow_log.options", options.is_none(), || {
                // AWS's words for this are not known.
                invalid("DestinationOptions are only supported for the LogDestinationType s3.")
            })?;
            let name = group.or(arn.and_then(group_of));
            tx.enforce(rule, name.is_some(), || malformed(arn))?;
            let Some(role) = role else {
                return Err(invalid(
                    "DeliverLogsPermissionArn can't be empty if LogDestinationType is cloud-watch-logs.",
                ));
            };
            check_role(tx, role)?;
            Ok(Destination::Group {
                name: name.unwrap_or_default().to_owned(),
                arn: arn.map(|arn| arn.strip_suffix(":*").unwrap_or(arn).to_owned()),
                role: role.to_owned(),
            })
        }
        "s3" => {
            tx.enforce("ec2.flow_log.role", role.is_none(), || {
                invalid("DeliverLogsPermissionArn is not applicable for s3 delivery")
            })?;
            tx.enforce(rule, arn.is_some_and(|arn| bucket_of(arn).is_some()), || malformed(arn))?;
            let flag = |name| options.as_ref().is_some_and(|options| options.flag(name));
            let format = options.as_ref().and_then(|options| options.text("FileFormat"));
            Ok(Destination::Bucket {
                arn: arn.unwrap_or_default().to_owned(),
                file_format: format.unwrap_or("plain-text").to_owned(),
                hive: flag("HiveCompatiblePartitions"),
                hourly: flag("PerHourPartition"),
            })
        }
        other => Err(Refusal::not_simulated(format!("ec2 CreateFlowLogs to {other}"))),
    }
}

fn malformed(arn: Option<&str>) -> Refusal {
    // AWS's words for this are not known.
    invalid(format!("LogDestination: {} is not valid for the LogDestinationType.", arn.unwrap_or_default()))
}

/// The role, if flow logs may take it on for the one of that id:
/// <https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html>
fn assumable(tx: &Tx<'_>, arn: &str, id: &str) -> Result<Role, Flaw> {
    let source = format!("arn:aws:ec2:{}:{}:vpc-flow-log/{id}", tx.region(), tx.account());
    trust::role_on_behalf(tx, arn, SERVICE, &source)
}

/// An id that no flow log has: a policy that names one does not mean one that is not there yet.
const NEW: &str = "fl-00000000000000000";

fn check_role(tx: &Tx<'_>, arn: &str) -> Result<(), Refusal> {
    let found = assumable(tx, arn, NEW);
    if let (Err(Flaw::Unknown(key)), true) = (&found, tx.rule("ec2.flow_log.role.trust")) {
        return Err(trust::unknown(key));
    }
    tx.enforce("ec2.flow_log.role.trust", found.is_ok(), || {
        invalid(format!("Unable to assume given IAM role: '{arn}'"))
    })
}

fn read_format(tx: &Tx<'_>, format: &str) -> Result<(), Refusal> {
    let is_field = |word: &str| {
        let name = word.strip_prefix("${").and_then(|word| word.strip_suffix('}'));
        name.is_some_and(|name| FIELDS.contains(&name))
    };
    tx.enforce("ec2.flow_log.format", format.split(' ').all(is_field), || {
        // AWS's words for this are not known.
        invalid(format!("LogFormat: {format} has fields that are not known."))
    })
}

/// Why a flow log of this can't be made: as an item of the answer.
fn unsuccessful(tx: &Tx<'_>, kind: &str, id: &str, destination: &Destination) -> Result<Option<Refusal>, Refusal> {
    let (exists, missing) = match kind {
        "VPC" => (tx.get::<Vpc>(id).is_some(), Vpc::KIND.missing(&[id])),
        "Subnet" => (tx.get::<Subnet>(id).is_some(), Subnet::KIND.missing(&[id])),
        "NetworkInterface" => (tx.get::<NetworkInterface>(id).is_some(), NetworkInterface::KIND.missing(&[id])),
        other => return Err(Refusal::not_simulated(format!("ec2 CreateFlowLogs of the type {other}"))),
    };
    if !exists && tx.rule("ec2.flow_log.resource") {
        return Ok(Some(missing));
    }
    if let Destination::Bucket { arn, .. } = destination {
        let bucket = bucket_of(arn).unwrap_or_default();
        if tx.get::<Bucket>(bucket).is_none() && tx.rule("ec2.flow_log.destination.exists") {
            // The code is the status: so it was recorded.
            return Ok(Some(Refusal::new("400", format!("LogDestination: {bucket} does not exist"))));
        }
    }
    Ok(None)
}

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let kind = input.required("ResourceType");
    let destination = read_destination(tx, input)?;
    let Some(traffic) = input.text("TrafficType") else {
        return Err(super::missing("TrafficType"));
    };
    let format = input.text("LogFormat").unwrap_or(FORMAT);
    read_format(tx, format)?;
    let interval = input.integer("MaxAggregationInterval").unwrap_or(600);
    tx.enforce("ec2.flow_log.interval", matches!(interval, 60 | 600), || {
        invalid("Invalid Flow Log Max Aggregation Interval")
    })?;
    let (mut made, mut failed) = (Vec::new(), Vec::new());
    for resource in input.texts("ResourceIds") {
        if let Some(refusal) = unsuccessful(tx, kind, resource, &destination)? {
            let error = record! { "Code" => refusal.code.as_ref(), "Message" => refusal.message };
            failed.push(record! { "ResourceId" => resource, "Error" => error });
            continue;
        }
        let of_it = || tx.rows::<FlowLog>().filter(|log| log.resource == resource);
        let exists = of_it().any(|log| log.traffic == traffic && log.destination.is_same(&destination));
        tx.enforce("ec2.flow_log.exists", !exists, || {
            let message = "Error. There is an existing Flow Log with the same configuration and log destination.";
            Refusal::new("FlowLogAlreadyExists", message)
        })?;
        let have = of_it().count() as i64;
        tx.enforce("ec2.flow_log.quota", have < tx.quota("ec2.flow-logs-per-resource"), || {
            Refusal::new("FlowLogsLimitExceeded", "The maximum number of flow logs has been reached.")
        })?;
        let log = FlowLog {
            id: tx.new_id("fl"),
            resource: resource.to_owned(),
            traffic: traffic.to_owned(),
            destination: destination.clone(),
            format: format.to_owned(),
            interval,
            created: tx.now(),
        };
        let id = log.id.clone();
        tx.put(log);
        tags::on_create(tx, input, "vpc-flow-log", &id)?;
        made.push(id);
    }
    // The service makes a group that it does not find.
    if let (Destination::Group { name, .. }, false) = (&destination, made.is_empty()) {
        writer::begins(tx, name);
    }
    // Where none is given, AWS answers one of its own.
    let token = input.text("ClientToken").map_or_else(|| tx.uuid(), str::to_owned);
    Ok(record! { "FlowLogIds" => made, "Unsuccessful" => failed, "ClientToken" => token })
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let ids = input.texts("FlowLogIds");
    let mut failed = Vec::new();
    for id in ids {
        FlowLog::KIND.check(tx, id)?;
        if tx.get::<FlowLog>(id).is_none() {
            let refusal = FlowLog::KIND.missing(&[id]);
            let error = record! { "Code" => refusal.code.as_ref(), "Message" => refusal.message };
            failed.push(record! { "ResourceId" => id, "Error" => error });
            continue;
        }
        tags::forget(tx, id);
        tx.remove::<FlowLog>(id);
    }
    Ok(record! { "Unsuccessful" => failed })
}

#[cfg(test)]
mod tests {
    use crate::client::Client;

    const BUCKET: &str = "arn:aws:s3:::nowhere-to-be-found/flows/";

    #[tokio::test(start_paused = true)]
    async fn what_can_t_be_made_stands_in_the_answer_and_what_is_asked_wrongly_is_refused() {
        let client = Client::calm();
        let vpc = client.vpc("10.0.0.0/16").await;
        let of_vpc = [("ResourceType", "VPC"), ("ResourceId.1", vpc.as_str()), ("TrafficType", "ALL")];
        let with = |more: &[(&'static str, &'static str)]| [&of_vpc[..], more].concat();
        let to_bucket = [("LogDestinationType", "s3"), ("LogDestination", BUCKET)];
        let answer = client.ec2("CreateFlowLogs", &with(&to_bucket)).await;
        assert_eq!(answer.one("code"), "400");
        assert_eq!(answer.one("message"), "LogDestination: nowhere-to-be-found does not exist");
        let refusals: [(&[(&str, &str)], &str); 5] = [
            (&[], "LogDestination can't be empty if LogGroupName is not provided."),
            (
                &[("LogGroupName", "g"), ("LogDestination", BUCKET)],
                "Please only provide LogGroupName or only provide LogDestination.",
            ),
            (
                &[("LogGroupName", "g"), ("LogDestinationType", "s3")],
                "LogDestination type must be cloud-watch-logs if LogGroupName is provided.",
            ),
            (
                &[("LogGroupName", "g")],
                "DeliverLogsPermissionArn can't be empty if LogDestinationType is cloud-watch-logs.",
            ),
            (
                &[("LogGroupName", "g"), ("DeliverLogsPermissionArn", "arn:aws:iam::000000000000:role/none")],
                "Unable to assume given IAM role: 'arn:aws:iam::000000000000:role/none'",
            ),
        ];
        for (more, message) in refusals {
            let asked = [&of_vpc[..], more].concat();
            assert_eq!(client.refused("CreateFlowLogs", &asked, "InvalidParameter").await.message, message);
        }
        let gone = client.ec2("DeleteFlowLogs", &[("FlowLogId.1", "fl-0123456789abcdef0")]).await;
        assert_eq!(gone.one("code"), "InvalidFlowLogId.NotFound");
    }

    #[test]
    fn arns_lead_to_groups_and_buckets() {
        let group = "arn:aws:logs:us-east-1:000000000000:log-group:/flows/main";
        assert_eq!(super::group_of(group), Some("/flows/main"));
        assert_eq!(super::group_of(&format!("{group}:*")), Some("/flows/main"));
        assert_eq!(super::group_of("arn:aws:s3:::b"), None);
        assert_eq!(super::bucket_of("arn:aws:s3:::b/folder/"), Some("b"));
        assert_eq!(super::bucket_of(group), None);
    }
}
