//! What a bucket answers to browsers at its website endpoint, which is not simulated itself.

use super::bucket::{Bucket, find, nothing};
use crate::input::Input;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("GetBucketWebsite", get), ("PutBucketWebsite", put), ("DeleteBucketWebsite", delete)];

const PUT: &str = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketWebsite.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("s3.website.redirect", "a website that sends all requests elsewhere says nothing else", PUT),
    Rule::new("s3.website.index", "a website has an index document, whose name has no slash", PUT),
    Rule::new("s3.website.documents", "what is named has a name", PUT),
    Rule::new("s3.website.rules", "there are 1 to 50 routing rules", PUT),
    Rule::new("s3.website.rule", "a rule has a condition that says something, and replaces a key once", PUT),
];

/// Routing rules of a website.
const MOST_RULES: usize = 50;

fn get(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = find(tx, input)?;
    bucket.website.ok_or_else(|| {
        let message = "The specified bucket does not have a website configuration";
        Refusal::new("NoSuchWebsiteConfiguration", message).member("BucketName", &bucket.name)
    })
}

fn put(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = find(tx, input)?;
    if let Some(configuration) = input.record("WebsiteConfiguration") {
        check(tx, &configuration)?;
    }
    let website = input.whole("WebsiteConfiguration").clone();
    tx.put(Bucket { website: Some(website), ..bucket });
    Ok(nothing())
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = find(tx, input)?;
    tx.put(Bucket { website: None, ..bucket });
    Ok(nothing())
}

fn malformed() -> Refusal {
    let message = "The XML you provided was not well-formed or did not validate against our published schema";
    Refusal::new("MalformedXML", message)
}

fn check(tx: &Tx<'_>, configuration: &Input<'_>) -> Result<(), Refusal> {
    let argument = |name: &str, value: &str, message: &str| {
        Refusal::new("InvalidArgument", message).member("ArgumentName", name).member("ArgumentValue", value)
    };
    if let Some(all) = configuration.record("RedirectAllRequestsTo") {
        let others = configuration.besides(&["RedirectAllRequestsTo"]);
        tx.enforce("s3.website.redirect", others.is_empty(), || {
            let message = "RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules.";
            argument("RedirectAllRequestsTo", "not null", message)
        })?;
        return tx.enforce("s3.website.documents", !all.required("HostName").is_empty(), malformed);
    }
    let index = configuration.record("IndexDocument");
    tx.enforce("s3.website.index", index.is_some(), || {
        let message = "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty";
        argument("IndexDocument", "null", message)
    })?;
    let suffix = index.as_ref().map(|index| index.required("Suffix"));
    tx.enforce("s3.website.index", suffix.is_none_or(|it| !it.is_empty() && !it.contains('/')), || {
        argument("IndexDocument", suffix.unwrap_or_default(), "The IndexDocument Suffix is not well formed")
    })?;
    let error = configuration.record("ErrorDocument");
    tx.enforce("s3.website.documents", error.is_none_or(|it| !it.required("Key").is_empty()), malformed)?;
    let rules = configuration.records("RoutingRules");
    let some = !configuration.has("RoutingRules") || (1..=MOST_RULES).contains(&rules.len());
    tx.enforce("s3.website.rules", some, malformed)?;
    rules.iter().try_for_each(|rule| check_rule(tx, rule))
}

fn check_rule(tx: &Tx<'_>, rule: &Input<'_>) -> Result<(), Refusal> {
    let redirect = rule.record("Redirect");
    let has = |member: &str| redirect.as_ref().is_some_and(|redirect| redirect.has(member));
    tx.enforce("s3.website.rule", !(has("ReplaceKeyPrefixWith") && has("ReplaceKeyWith")), || {
        let message = "You can only define ReplaceKeyPrefix or ReplaceKey but not both.";
        Refusal::new("InvalidRequest", message)
    })?;
    let empty = rule.record("Condition").is_some_and(|condition| condition.besides(&[]).is_empty());
    tx.enforce("s3.website.rule", !empty, || {
        let message = "Condition cannot be empty. To redirect all requests without a condition, the condition element \
                       shouldn't be present.";
        Refusal::new("InvalidRequest", message)
    })
}
