//! `aws_cloudwatch_dashboard`: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Dashboards.html>

use crate::{Arn, Computed, Id, Json, Value};

/// Widgets that show metrics; an account has it once, whatever the region.
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
