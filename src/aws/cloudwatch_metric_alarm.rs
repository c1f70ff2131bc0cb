//! `aws_cloudwatch_metric_alarm`: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html>

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use aws_sdk_cloudwatch::operation::put_metric_alarm::builders::PutMetricAlarmFluentBuilder;
use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricAlarm, MetricDataQuery, MetricStat, StandardUnit, Tag};
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Progress, ReadRequest, Standing, UpdateRequest,
};
use fathuss_model::schema::Schema;
use fathuss_model::{Datum, Decimal, Resource};
use fathuss_state::Identity;

use crate::call::{Call, Service};
use crate::client::Client;
use crate::differ::once_shown;
use crate::failure::{refused, unreadable};
use crate::fields::{Fields, Observed};
use crate::gone::{once_accepted, there, waiting};
use crate::kind::{Batch, Kind};
use crate::mark::TagChange;
use crate::{mark, name};

/// The calls of `aws_cloudwatch_metric_alarm`.
pub struct CloudwatchMetricAlarm;

const SCHEMA: &Schema = fathuss_model::aws::CloudwatchMetricAlarm::SCHEMA;

/// How many alarms one call is asked for, and answers.
const PAGE: usize = 100;

#[async_trait(?Send)]
impl Kind for CloudwatchMetricAlarm {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// One `DescribeAlarms` for a hundred, by their names. One `ListTagsForResource` for each: the description has no
    /// tags, and the call takes one ARN.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        let mut found = HashMap::new();
        for some in requests.chunks(PAGE) {
            let names = some.iter().map(|request| request.identity.0.clone()).collect();
            match alarms(client, names).await {
                Ok(alarms) => found.extend(alarms),
                Err(failure) => return Batch::failed(requests, &failure),
            }
        }
        Batch::each(requests, |request| look(client, found.get(&request.identity.0))).await
    }

    /// The call overwrites what has the name, so what has it is looked at before.
    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        if let Found::Foreign(Identity(name)) = self.find(client, request).await? {
            return Err(refused("AlarmExists", format!("there is an alarm {name} that this state does not manage")));
        }
        let name = name::of(SCHEMA, "alarm_name", request)?;
        let tags = mark::tags_with(&request.mark, &request.desired.attributes)?;
        let sending = put(client, &name, &request.desired.attributes)?.set_tags(Some(written(tags))).send();
        client.send(Call::cloudwatch("PutMetricAlarm"), sending).await?;
        Ok(Identity(name))
    }

    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        let name = name::of(SCHEMA, "alarm_name", request)?;
        let Some(alarm) = alarms(client, vec![name.clone()]).await?.remove(&name) else { return Ok(Found::Nothing) };
        let tags = tags(client, &arn(&alarm)?).await?;
        Ok(mark::owner(&request.mark, tags.map(|tags| (name, tags))))
    }

    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let name = standing.identity.0.as_str();
        let found = alarms(client, vec![name.to_owned()]).await?.remove(name);
        Ok(match look(client, found.as_ref()).await? {
            Some(observed) => once_shown(SCHEMA, &standing.desired.attributes, observed),
            None => waiting("not visible yet"),
        })
    }

    /// All but the tags in one call, which says all of an alarm anew.
    async fn update(&self, client: &Client, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure> {
        let name = standing.identity.0.as_str();
        if change.changed.iter().any(|field| field != "tags") {
            let sending = put(client, name, &standing.desired.attributes)?.send();
            client.send(Call::cloudwatch("PutMetricAlarm"), sending).await?;
        }
        let Some(TagChange { set, gone }) = mark::tag_change(standing, change)? else { return Ok(()) };
        let Some(alarm) = alarms(client, vec![name.to_owned()]).await?.remove(name) else { return Ok(()) };
        let arn = arn(&alarm)?;
        let sending = client.cloudwatch.tag_resource().resource_arn(&arn).set_tags(Some(written(set))).send();
        client.send(Call::cloudwatch("TagResource"), sending).await?;
        if !gone.is_empty() {
            let sending = client.cloudwatch.untag_resource().resource_arn(&arn).set_tag_keys(Some(gone)).send();
            client.send(Call::cloudwatch("UntagResource"), sending).await?;
        }
        Ok(())
    }

    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let sending = client.cloudwatch.delete_alarms().alarm_names(&standing.identity.0).send();
        once_accepted(client.send(Call::cloudwatch("DeleteAlarms"), sending).await)
    }
}

/// All that an alarm is asked to be.
fn put(client: &Client, name: &str, attributes: &Attributes) -> Result<PutMetricAlarmFluentBuilder, Failure> {
    let desired = Fields::of(attributes);
    let threshold = desired.maybe_text("threshold")?.map(number).transpose()?;
    let queries = desired.blocks("metric_query")?.iter().map(query).collect::<Result<Vec<_>, _>>()?;
    Ok(client
        .cloudwatch
        .put_metric_alarm()
        .alarm_name(name)
        .set_alarm_description(desired.maybe_string("alarm_description")?)
        .actions_enabled(desired.bool_or("actions_enabled", true)?)
        .set_alarm_actions(Some(desired.texts("alarm_actions")?))
        .set_ok_actions(Some(desired.texts("ok_actions")?))
        .set_insufficient_data_actions(Some(desired.texts("insufficient_data_actions")?))
        .comparison_operator(desired.text("comparison_operator")?.into())
        .set_evaluation_periods(desired.maybe_i32("evaluation_periods")?)
        .set_datapoints_to_alarm(desired.maybe_i32("datapoints_to_alarm")?)
        .set_metric_name(desired.maybe_string("metric_name")?)
        .set_namespace(desired.maybe_string("namespace")?)
        .set_dimensions(given(dimensions(desired.map("dimensions")?)))
        .set_period(desired.maybe_i32("period")?)
        .set_statistic(desired.maybe_text("statistic")?.map(Into::into))
        .set_extended_statistic(desired.maybe_string("extended_statistic")?)
        .set_unit(desired.maybe_text("unit")?.map(StandardUnit::from))
        .set_threshold(threshold)
        .set_threshold_metric_id(desired.maybe_string("threshold_metric_id")?)
        .set_metrics(given(queries))
        .set_treat_missing_data(desired.maybe_string("treat_missing_data")?)
        .set_evaluate_low_sample_count_percentile(desired.maybe_string("evaluate_low_sample_count_percentiles")?))
}

fn given<T>(items: Vec<T>) -> Option<Vec<T>> {
    Some(items).filter(|items| !items.is_empty())
}

fn number(text: &str) -> Result<f64, Failure> {
    text.parse().map_err(|_| refused("InvalidField", "threshold is not a number".to_owned()))
}

fn dimensions(pairs: BTreeMap<String, String>) -> Vec<Dimension> {
    pairs.into_iter().map(|(name, value)| Dimension::builder().name(name).value(value).build()).collect()
}

fn query(query: &Fields<'_>) -> Result<MetricDataQuery, Failure> {
    let metric = query.block("metric")?.map(|metric| stat(&metric)).transpose()?;
    Ok(MetricDataQuery::builder()
        .id(query.text("id")?)
        .set_account_id(query.maybe_string("account_id")?)
        .set_expression(query.maybe_string("expression")?)
        .set_label(query.maybe_string("label")?)
        .set_metric_stat(metric)
        .set_period(query.maybe_i32("period")?)
        .return_data(query.bool_or("return_data", false)?)
        .build())
}

fn stat(metric: &Fields<'_>) -> Result<MetricStat, Failure> {
    let named = Metric::builder()
        .metric_name(metric.text("metric_name")?)
        .set_namespace(metric.maybe_string("namespace")?)
        .set_dimensions(given(dimensions(metric.map("dimensions")?)))
        .build();
    Ok(MetricStat::builder()
        .metric(named)
        .set_period(metric.maybe_i32("period")?)
        .stat(metric.text("stat")?)
        .set_unit(metric.maybe_text("unit")?.map(StandardUnit::from))
        .build())
}

/// Of the alarms of these names those that are there, at most [`PAGE`].
async fn alarms(client: &Client, names: Vec<String>) -> Result<HashMap<String, MetricAlarm>, Failure> {
    let (mut found, mut token) = (HashMap::new(), None);
    loop {
        // As many records as names: a page has fifty where nothing is said.
        let describing = client.cloudwatch.describe_alarms().set_alarm_names(Some(names.clone())).max_records(100);
        let answer = client.send(Call::cloudwatch("DescribeAlarms"), describing.set_next_token(token).send()).await?;
        let alarms = answer.metric_alarms.unwrap_or_default().into_iter();
        found.extend(alarms.filter_map(|alarm| Some((alarm.alarm_name.clone()?, alarm))));
        token = answer.next_token;
        if token.is_none() {
            return Ok(found);
        }
    }
}

fn arn(alarm: &MetricAlarm) -> Result<String, Failure> {
    alarm.alarm_arn.clone().ok_or_else(|| unreadable(Service::CloudWatch, "DescribeAlarms", "AlarmArn"))
}

fn written(tags: BTreeMap<String, String>) -> Vec<Tag> {
    tags.into_iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

/// The tags; none where the alarm is gone.
async fn tags(client: &Client, arn: &str) -> Result<Option<BTreeMap<String, String>>, Failure> {
    let sending = client.cloudwatch.list_tags_for_resource().resource_arn(arn).send();
    let answer = there(client.send(Call::cloudwatch("ListTagsForResource"), sending).await)?;
    let pair = |tag: Tag| Some((tag.key?, tag.value.unwrap_or_default()));
    Ok(answer.map(|answer| answer.tags.unwrap_or_default().into_iter().filter_map(pair).collect()))
}

async fn look(client: &Client, alarm: Option<&MetricAlarm>) -> Result<Option<Attributes>, Failure> {
    let Some(alarm) = alarm else { return Ok(None) };
    let arn = arn(alarm)?;
    let Some(tags) = tags(client, &arn).await? else { return Ok(None) };
    Ok(Some(observe(alarm, arn, &tags)))
}

fn pairs(dimensions: &[Dimension]) -> Datum {
    let pairs: BTreeMap<String, String> =
        dimensions.iter().filter_map(|one| Some((one.name.clone()?, one.value.clone()?))).collect();
    if pairs.is_empty() { Datum::Null } else { pairs.into() }
}

fn observe(alarm: &MetricAlarm, arn: String, tags: &BTreeMap<String, String>) -> Attributes {
    Observed::new()
        .with("alarm_name", alarm.alarm_name.clone())
        .with("alarm_description", alarm.alarm_description.clone().filter(|text| !text.is_empty()))
        .with("comparison_operator", alarm.comparison_operator.as_ref().map(|word| word.as_str().to_owned()))
        .with("evaluation_periods", alarm.evaluation_periods.map(i64::from))
        .with("datapoints_to_alarm", alarm.datapoints_to_alarm.map(i64::from))
        .with("metric_name", alarm.metric_name.clone())
        .with("namespace", alarm.namespace.clone())
        .with("dimensions", pairs(alarm.dimensions()))
        .with("period", alarm.period.map(i64::from))
        .with("statistic", alarm.statistic.as_ref().map(|word| word.as_str().to_owned()))
        .with("extended_statistic", alarm.extended_statistic.clone())
        .with("unit", alarm.unit.as_ref().map(|word| word.as_str().to_owned()))
        .with("threshold", alarm.threshold.map(Decimal::text))
        .with("threshold_metric_id", alarm.threshold_metric_id.clone())
        .with_list("metric_query", alarm.metrics().iter().map(observe_query))
        .with("treat_missing_data", alarm.treat_missing_data.clone())
        .with("evaluate_low_sample_count_percentiles", alarm.evaluate_low_sample_count_percentile.clone())
        .with("actions_enabled", alarm.actions_enabled)
        .with_list("alarm_actions", alarm.alarm_actions().iter().cloned())
        .with_list("ok_actions", alarm.ok_actions().iter().cloned())
        .with_list("insufficient_data_actions", alarm.insufficient_data_actions().iter().cloned())
        .tagged(tags)
        .with("id", alarm.alarm_name.clone())
        .with("arn", arn)
        .finish(SCHEMA)
}

fn observe_query(query: &MetricDataQuery) -> Datum {
    let metric = query.metric_stat().map(|stat| {
        let metric = stat.metric();
        Observed::new()
            .with("metric_name", metric.and_then(|metric| metric.metric_name.clone()))
            .with("namespace", metric.and_then(|metric| metric.namespace.clone()))
            .with("dimensions", metric.map_or(Datum::Null, |metric| pairs(metric.dimensions())))
            .with("period", stat.period.map(i64::from))
            .with("stat", stat.stat.clone())
            .with("unit", stat.unit.as_ref().map(|word| word.as_str().to_owned()))
    });
    Observed::new()
        .with("id", query.id.clone())
        .with("account_id", query.account_id.clone())
        .with("expression", query.expression.clone())
        .with("label", query.label.clone())
        .with_block("metric", metric.unwrap_or_default())
        .with("period", query.period.map(i64::from))
        // What says nothing counts.
        .with("return_data", query.return_data.unwrap_or(true))
        .into_datum()
}
