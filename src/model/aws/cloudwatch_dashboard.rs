//! `aws_cloudwatch_dashboard`: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Dashboards.html>

use crate::check::{Findings, Part, View};
use crate::document::Shape;
use crate::{Arn, Computed, Document, Expression, Id, Json, Value};

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
#[resource(type = "aws_cloudwatch_dashboard", service = "cloudwatch", creation = Name, create_seconds = 1, delete_seconds = 1, check = check)]
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

/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html>
const MOST: usize = 500;

fn check(dashboard: &View<'_>, findings: &mut Findings<'_>) {
    let Some(Part::Expression(Expression::Json(body))) = dashboard.part("dashboard_body") else { return };
    if [Shape::List, Shape::Scalar].contains(&body.shape()) {
        findings.refuse("`dashboard_body` is an object with `widgets`");
    }
    let Some(entries) = body.entries() else { return };
    match entries.iter().find(|(key, _)| *key == "widgets").map(|(_, widgets)| *widgets) {
        None => findings.refuse("`dashboard_body` has `widgets`"),
        Some(Document::Array(widgets)) => {
            if widgets.len() > MOST {
                findings.refuse(format!("a dashboard has {MOST} widgets at most, and here are {}", widgets.len()));
            }
            for (at, widget) in widgets.iter().enumerate() {
                check_widget(at, widget, findings);
            }
        }
        Some(other) if [Shape::Object, Shape::Scalar].contains(&other.shape()) => {
            findings.refuse("`widgets` of `dashboard_body` is a list");
        }
        Some(_) => {}
    }
}

fn check_widget(at: usize, widget: &Document, findings: &mut Findings<'_>) {
    if [Shape::List, Shape::Scalar].contains(&widget.shape()) {
        findings.refuse(format!("the widget at {at} of `dashboard_body` is an object with `type` and `properties`"));
    }
    let Some(entries) = widget.entries() else { return };
    for member in ["type", "properties"] {
        if !entries.iter().any(|(key, _)| *key == member) {
            findings.refuse(format!("the widget at {at} of `dashboard_body` has `{member}`"));
        }
    }
}
