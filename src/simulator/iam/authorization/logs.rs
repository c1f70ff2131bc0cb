//! CloudWatch Logs' actions: on the log group. All but those on tags name it with a part for streams that is empty:
//! <https://github.com/hashicorp/terraform-provider-aws/issues/8804>.
//!
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html>

use super::ask::{Ask, held, pairs, requested};
use crate::logs::group::LogGroup;
use crate::value::Value;
use crate::world::Tx;

pub(super) fn asks(tx: &Tx<'_>, operation: &str, input: &Value) -> Vec<Ask> {
    let text = |member: &str| input.get(member).text();
    let action = format!("logs:{operation}");
    let given = match operation {
        "UntagResource" => requested(input.get("tagKeys")),
        _ => requested(input.get("tags")),
    };
    if let Some(arn) = text("resourceArn") {
        let group = arn.rsplit(":log-group:").next().unwrap_or_default();
        return vec![Ask::new(action, arn).told(tags(tx, group)).told(given)];
    }
    let named = ["logGroupName", "logGroupIdentifier", "resourceIdentifier"].iter().find_map(|member| text(member));
    // Which groups a list is of is asked for on all of them.
    let name = named.filter(|_| operation != "DescribeLogGroups").unwrap_or_default();
    let name = name.rsplit(":log-group:").next().unwrap_or_default().trim_end_matches(":*");
    let arn = format!("arn:aws:logs:{}:{}:log-group:{name}:log-stream:", tx.region(), tx.account());
    let mut asks = vec![Ask::new(action, &arn).told(tags(tx, name)).told(given.clone())];
    if operation == "CreateLogGroup" && !given.is_empty() {
        // <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html>, "tags".
        asks.push(Ask::new("logs:TagResource", arn).told(given));
    }
    asks
}

fn tags(tx: &Tx<'_>, name: &str) -> Vec<(String, String)> {
    tx.get::<LogGroup>(name).map(|group| held(pairs(&group.tags))).unwrap_or_default()
}
