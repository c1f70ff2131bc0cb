//! `aws_flow_log`: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateFlowLogs.html>

use async_trait::async_trait;
use aws_sdk_ec2::types::{
    self, DestinationFileFormat, DestinationOptionsRequest, Filter, FlowLogsResourceType, LogDestinationType,
    ResourceType, TrafficType,
};
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Progress, ReadRequest, Standing, UpdateRequest,
};
use fathuss_model::schema::Schema;
use fathuss_model::{Datum, Resource};
use fathuss_state::Identity;

use crate::call::{Call, Service};
use crate::client::Client;
use crate::differ::once_shown;
use crate::failure::{not_done, refused, unreadable};
use crate::fields::{Fields, Observed};
use crate::gather::{Page, gather, ids, one, ours, strays};
use crate::gone::{once_accepted, waiting};
use crate::kind::{Batch, Kind};
use crate::{arn, tag};

/// The calls of `aws_flow_log`.
pub struct FlowLog;

const SCHEMA: &Schema = fathuss_model::aws::FlowLog::SCHEMA;

/// The fields that say what a log is of, with what EC2 calls that, and what its ids begin with.
const SUBJECTS: [(&str, FlowLogsResourceType, &str); 3] = [
    ("vpc_id", FlowLogsResourceType::Vpc, "vpc-"),
    ("subnet_id", FlowLogsResourceType::Subnet, "subnet-"),
    ("eni_id", FlowLogsResourceType::NetworkInterface, "eni-"),
];

#[async_trait(?Send)]
impl Kind for FlowLog {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// One `DescribeFlowLogs` for all: it answers every field but the owner in the ARN, which never changes.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        let wanted = ids(requests);
        let logs = match gather(client, &wanted, "flow-log-id", id_of, page(client)).await {
            Ok(logs) => logs,
            Err(failure) => return Batch::failed(requests, &failure),
        };
        let strays = strays(client, SCHEMA.kind, &wanted, logs.iter().map(|(id, log)| (id, tag::read(log.tags()))));
        let present = |request: &ReadRequest| {
            let id = &request.identity.0;
            let built = client.account.as_deref().map(|account| arn_of(client, account, id));
            let arn = request.recorded.get("arn").cloned().or(built.map(Datum::from)).unwrap_or_default();
            Some(Ok(observe(logs.get(id)?, arn)))
        };
        Batch { strays, ..Batch::of(requests, present) }
    }

    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let desired = Fields::of(&request.desired.attributes);
        let tags = tag::specification(ResourceType::VpcFlowLog, &request.mark, &request.desired.attributes)?;
        let subject = SUBJECTS.iter().find(|(field, ..)| desired.has(field));
        let Some((field, kind, _)) = subject else {
            return Err(refused("MissingField", "a flow log is of a VPC, a subnet or a network interface".to_owned()));
        };
        // The role, and what the log is of, may have been made a moment ago.
        let call = Call::ec2("CreateFlowLogs").lagging().unseen("InvalidParameter", "Unable to assume given IAM role");
        let sending = client
            .ec2
            .create_flow_logs()
            .client_token(&request.token)
            .resource_ids(desired.text(field)?)
            .resource_type(kind.clone())
            .traffic_type(TrafficType::from(desired.text("traffic_type")?))
            .set_log_destination_type(desired.maybe_text("log_destination_type")?.map(LogDestinationType::from))
            .log_destination(desired.text("log_destination")?)
            .set_deliver_logs_permission_arn(desired.maybe_string("iam_role_arn")?)
            .set_log_format(desired.maybe_string("log_format")?)
            .set_max_aggregation_interval(desired.maybe_i32("max_aggregation_interval")?)
            .set_destination_options(options(&desired)?)
            .tag_specifications(tags)
            .send();
        let answer = client.send(call.clone(), sending).await?;
        if let Some(failure) = not_done(&call, answer.unsuccessful()) {
            return Err(failure);
        }
        let id = answer.flow_log_ids.unwrap_or_default().into_iter().next();
        id.map(Identity).ok_or_else(|| unreadable(Service::Ec2, "CreateFlowLogs", "FlowLogId"))
    }

    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        ours(&request.mark, page(client), id_of, |_| true).await
    }

    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let id = &standing.identity.0;
        let Some(log) = one("flow-log-id", id, page(client)).await? else { return Ok(waiting("not visible yet")) };
        if let Some(state) = log.flow_log_status().filter(|state| *state != "ACTIVE") {
            return Ok(waiting(state));
        }
        let observed = observe(&log, arn_of(client, &standing.account, id).into());
        Ok(once_shown(SCHEMA, &standing.desired.attributes, observed))
    }

    async fn update(&self, client: &Client, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure> {
        tag::update(client, &standing.identity.0, standing, change).await
    }

    /// Deleting by id can be repeated: an id is never given twice.
    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let call = Call::ec2("DeleteFlowLogs");
        let sending = client.ec2.delete_flow_logs().flow_log_ids(&standing.identity.0).send();
        let answer = client.send(call.clone(), sending).await;
        once_accepted(answer.and_then(|answer| not_done(&call, answer.unsuccessful()).map_or(Ok(()), Err)))
    }
}

fn options(desired: &Fields<'_>) -> Result<Option<DestinationOptionsRequest>, Failure> {
    let Some(options) = desired.block("destination_options")? else { return Ok(None) };
    let request = DestinationOptionsRequest::builder()
        .set_file_format(options.maybe_text("file_format")?.map(DestinationFileFormat::from))
        .set_hive_compatible_partitions(options.maybe_bool("hive_compatible_partitions")?)
        .set_per_hour_partition(options.maybe_bool("per_hour_partition")?)
        .build();
    Ok(Some(request))
}

fn arn_of(client: &Client, account: &str, id: &str) -> String {
    arn::ec2(&client.region, account, &format!("vpc-flow-log/{id}"))
}

fn id_of(log: &types::FlowLog) -> Option<&str> {
    log.flow_log_id()
}

fn page(client: &Client) -> impl AsyncFn(Vec<Filter>, Option<String>) -> Result<Page<types::FlowLog>, Failure> {
    async |filters, token| {
        let sending = client.ec2.describe_flow_logs().set_filter(Some(filters)).set_next_token(token).send();
        let answer = client.send(Call::ec2("DescribeFlowLogs"), sending).await?;
        Ok((answer.flow_logs.unwrap_or_default(), answer.next_token))
    }
}

fn observe(log: &types::FlowLog, arn: Datum) -> Attributes {
    let subject = log.resource_id().unwrap_or_default();
    let mut observed = Observed::new();
    if let Some((field, ..)) = SUBJECTS.iter().find(|(.., start)| subject.starts_with(start)) {
        observed = observed.with(field, subject);
    }
    let to_bucket = log.log_destination_type == Some(LogDestinationType::S3);
    let mut options = Observed::new();
    if let Some(given) = log.destination_options.as_ref().filter(|_| to_bucket) {
        options = options
            .with("file_format", given.file_format.as_ref().map(DestinationFileFormat::as_str))
            .with("hive_compatible_partitions", given.hive_compatible_partitions)
            .with("per_hour_partition", given.per_hour_partition);
    }
    observed
        .with("traffic_type", log.traffic_type.as_ref().map(TrafficType::as_str))
        .with("log_destination_type", log.log_destination_type.as_ref().map(LogDestinationType::as_str))
        .with("log_destination", log.log_destination().map(|arn| arn.strip_suffix(":*").unwrap_or(arn)))
        .with("iam_role_arn", log.deliver_logs_permission_arn())
        .with("log_format", log.log_format())
        .with("max_aggregation_interval", log.max_aggregation_interval)
        .with_block("destination_options", options)
        .tagged(&tag::read(log.tags()))
        .with("id", log.flow_log_id())
        .with("arn", arn)
        .finish(SCHEMA)
}

#[cfg(test)]
mod tests {
    use fathuss_engine::Provider;
    use fathuss_engine::provider::{FailureClass, Observation, Progress};
    use fathuss_model::Datum;
    use serde_json::json;

    use crate::asked::{make, marked, read, standing};
    use crate::canned::Canned;

    const AT: &str = "s.aws_flow_log.main";
    const GROUP: &str = "arn:aws:logs:us-east-1:111122223333:log-group:flows";
    const ROLE: &str = "arn:aws:iam::111122223333:role/flows";

    fn desired() -> serde_json::Value {
        json!({ "vpc_id": "vpc-1", "traffic_type": "ALL", "log_destination": GROUP, "iam_role_arn": ROLE })
    }

    fn log(state: &str) -> String {
        format!(
            "<flowLogSet><item><flowLogId>fl-1</flowLogId><flowLogStatus>{state}</flowLogStatus>\
             <resourceId>vpc-1</resourceId><trafficType>ALL</trafficType><logDestination>{GROUP}:*</logDestination>\
             <logDestinationType>cloud-watch-logs</logDestinationType><logGroupName>flows</logGroupName>\
             <deliverLogsPermissionArn>{ROLE}</deliverLogsPermissionArn><logFormat>${{version}}</logFormat>\
             <maxAggregationInterval>600</maxAggregationInterval>{}</item></flowLogSet>",
            marked(AT)
        )
    }

    fn item(code: &str, message: &str) -> String {
        format!(
            "<unsuccessful><item><resourceId>vpc-1</resourceId><error><code>{code}</code>\
             <message>{message}</message></error></item></unsuccessful>"
        )
    }

    #[tokio::test]
    async fn what_the_answer_s_items_refuse_is_refused() {
        let refusals = [
            ("InvalidVpcId.NotFound", "The vpc ID 'vpc-1' does not exist", FailureClass::Unseen),
            ("400", "LogDestination: flows does not exist", FailureClass::Refused),
        ];
        for (code, message, class) in refusals {
            let canned = Canned::new().answer("CreateFlowLogs", &item(code, message));
            let failure = canned.aws().create(&make(AT, desired())).await.unwrap_err();
            assert_eq!((failure.class, failure.code.as_str(), failure.message.as_str()), (class, code, message));
        }
    }

    #[tokio::test]
    async fn a_role_that_was_made_a_moment_ago_is_waited_for() {
        let message = format!("Unable to assume given IAM role: '{ROLE}'");
        let canned = Canned::new()
            .refuse("CreateFlowLogs", 400, "InvalidParameter", &message)
            .answer("CreateFlowLogs", "<flowLogIdSet><item>fl-1</item></flowLogIdSet>");
        let (aws, request) = (canned.aws(), make(AT, desired()));
        assert_eq!(aws.create(&request).await.unwrap_err().class, FailureClass::Unseen);
        assert_eq!(aws.create(&request).await.unwrap().0, "fl-1");
        let sent = canned.seen().pop().unwrap();
        assert_eq!((sent.get("ResourceType"), sent.get("ResourceId.1")), (Some("VPC"), Some("vpc-1")));
        assert_eq!(sent.get("ClientToken"), Some(request.token.as_str()));
    }

    #[tokio::test]
    async fn a_group_s_arn_is_read_without_what_stands_for_its_streams() {
        let canned = Canned::new().answer("DescribeFlowLogs", &log("ACTIVE"));
        let answer = canned.aws().read(&[read(AT, "fl-1")]).await;
        let Ok(Observation::Present(observed)) = &answer.observations[0] else { panic!("absent") };
        let text = |field: &str| observed.get(field).and_then(Datum::as_str);
        assert_eq!((text("log_destination"), text("vpc_id"), text("subnet_id")), (Some(GROUP), Some("vpc-1"), None));
        let progress = canned.aws().settle(&standing(AT, "fl-1", desired())).await.unwrap();
        assert!(matches!(progress, Progress::Ready(_)), "{progress:?}");
    }

    #[tokio::test]
    async fn one_that_is_gone_is_gone_however_aws_says_it() {
        let standing = standing(AT, "fl-1", desired());
        let said = Canned::new().refuse("DeleteFlowLogs", 400, "InvalidFlowLogId.NotFound", "not found");
        let listed = Canned::new().answer("DeleteFlowLogs", &item("InvalidFlowLogId.NotFound", "not found"));
        for canned in [said, listed] {
            assert_eq!(canned.aws().delete(&standing).await, Ok(Progress::Gone));
        }
        let canned = Canned::new().answer("DeleteFlowLogs", &item("InternalError", "why"));
        assert_eq!(canned.aws().delete(&standing).await.unwrap_err().class, FailureClass::Ambiguous);
    }
}
