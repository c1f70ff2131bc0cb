//! `aws_cloudwatch_dashboard`: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Dashboards.html>

use crate::{Arn, Computed, Id, Json, Value};

/// Widgets that show metrics; an account has it once, whatever the region.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// fn key(text: &str) -> Expression {
///     Expression::Literal(text.into())
/// }
/// fn one(value: impl IntoValue<String>) -> Document {
///     Document::Value(Box::new(value.into_value().into_expression()))
/// }
/// let properties = Document::Object(vec![(key("markdown"), one("What to do when an alarm rings: ..."))]);
/// let widget = Document::Object(vec![(key("type"), one("text")), (key("properties"), properties)]);
/// let body = Document::Object(vec![(key("widgets"), Document::Array(vec![widget]))]);
/// stack.add("main", CloudwatchDashboard::new(json(body)));
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(type = "aws_cloudwatch_dashboard", service = "cloudwatch", creation = Name, create_seconds = 1, delete_seconds = 1)]
pub struct CloudwatchDashboard {
    /// The name, unique in the account.
    #[field(
        replace,
        computed,
        named,
        min_length = 1,
        max_length = 255,
        pattern = r"[A-Za-z0-9_-]+",
        pattern_words = "letters, digits, - and _ are taken"
    )]
    dashboard_name: Option<Value<String>>,
    /// The widgets, as
    /// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html> has them.
    #[field(json)]
    dashboard_body: Value<Json>,
    /// The name.
    id: Computed<Id<CloudwatchDashboard>>,
    /// The ARN.
    dashboard_arn: Computed<Arn<CloudwatchDashboard>>,
}
