//! CloudFront's actions.
//!
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudfront.html>

use super::ask::{Ask, requested};
use crate::value::Value;
use crate::world::Tx;

/// The action is asked for on the distribution, the access control or the identity that the request names, else on all. One that is
/// made with tags asks for both.
pub(super) fn asks(tx: &Tx<'_>, operation: &str, input: &Value) -> Vec<Ask> {
    let kind = if operation.contains("OriginAccessControl") {
        "origin-access-control"
    } else if operation.contains("OriginAccessIdentit") {
        "origin-access-identity"
    } else if operation.contains("CachePolicy") {
        "cache-policy"
    } else {
        "distribution"
    };
    let named = input.get("Id").text().map(|id| format!("arn:aws:cloudfront::{}:{kind}/{id}", tx.account()));
    let resource = input.get("Resource").text().map(str::to_owned).or(named).unwrap_or_else(|| "*".to_owned());
    let tags = input.get("DistributionConfigWithTags").get("Tags").get("Items");
    let given = requested(if tags.is_absent() { input.get("Tags").get("Items") } else { tags });
    let mut asks = vec![Ask::new(format!("cloudfront:{}", operation.trim_end_matches("WithTags")), &resource)];
    if operation == "CreateDistributionWithTags" {
        asks.push(Ask::new("cloudfront:TagResource", resource));
    }
    asks.into_iter().map(|ask| ask.told(given.clone())).collect()
}
