//! Whom S3 tells what happens to a bucket's objects: nobody here. A configuration is held to what S3 refuses, and one
//! that S3 would take is answered not simulated.

use super::bucket::{find, nothing};
use crate::input::Input;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("GetBucketNotificationConfiguration", get), ("PutBucketNotificationConfiguration", put)];

const PUT: &str = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("s3.notification.arn", "who is notified is named by an ARN", PUT),
    Rule::new("s3.notification.destination", "who is notified is there", PUT),
    Rule::new("s3.notification.filter", "a filter's rule has a name and a value", PUT),
];

/// The kinds of destinations: the list of each, its member with the ARN, and that member's element.
const KINDS: &[(&str, &str, &str)] = &[
    ("TopicConfigurations", "TopicArn", "Topic"),
    ("QueueConfigurations", "QueueArn", "Queue"),
    ("LambdaFunctionConfigurations", "LambdaFunctionArn", "CloudFunction"),
];

fn get(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    find(tx, input)?;
    Ok(Value::Record(Record::new()))
}

fn put(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    find(tx, input)?;
    // Where nobody is notified, no destination is looked at.
    let unseen = input.flag("SkipDestinationValidation");
    let configuration = input.record("NotificationConfiguration");
    let Some(configuration) = configuration.filter(|configuration| !configuration.besides(&[]).is_empty()) else {
        return Ok(nothing());
    };
    for (list, member, element) in KINDS {
        for destination in configuration.records(list) {
            check(tx, &destination, element, destination.required(member), unseen)?;
        }
    }
    Err(Refusal::not_simulated("what S3 notifies others of"))
}

fn check(tx: &Tx<'_>, of: &Input<'_>, element: &str, arn: &str, unseen: bool) -> Result<(), Refusal> {
    let rules = of.record("Filter").and_then(|filter| filter.record("Key")).map(|key| key.records("FilterRules"));
    let whole = rules.unwrap_or_default().iter().all(|rule| rule.has("Name") && rule.has("Value"));
    tx.enforce("s3.notification.filter", whole, || {
        let message = "The XML you provided was not well-formed or did not validate against our published schema";
        Refusal::new("MalformedXML", message)
    })?;
    tx.enforce("s3.notification.arn", arn.starts_with("arn:") && arn.split(':').count() >= 6, || {
        Refusal::new("InvalidArgument", "The ARN could not be parsed")
            .member("ArgumentName", element)
            .member("ArgumentValue", arn)
    })?;
    // There are no functions here.
    let absent = element == "CloudFunction" && !unseen;
    tx.enforce("s3.notification.destination", !absent, || {
        Refusal::new("InvalidArgument", "Unable to validate the following destination configurations")
            .member("ArgumentName1", format!("{arn}, null"))
            .member("ArgumentValue1", format!("Not authorized to invoke function [{arn}]"))
    })
}
