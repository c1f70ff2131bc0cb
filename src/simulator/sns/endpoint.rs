//! Where subscriptions deliver: the protocols, and what an endpoint of each looks like.

use super::invalid;
use super::topic::Topic;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::world::Tx;

const SUBSCRIBE: &str = "https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("sns.endpoint.protocol", "a protocol is one that SNS delivers by", SUBSCRIBE),
    Rule::new("sns.endpoint.form", "an endpoint is of its protocol's form", SUBSCRIBE),
    Rule::new(
        "sns.endpoint.fifo",
        "FIFO topics deliver to queues, and FIFO queues take from FIFO topics",
        "https://docs.aws.amazon.com/sns/latest/dg/fifo-message-delivery.html",
    ),
];

const PROTOCOLS: &[&str] = &["application", "email", "email-json", "firehose", "http", "https", "lambda", "sms", "sqs"];

/// Whether who has the endpoint is asked before anything is delivered.
pub(super) fn is_asked(protocol: &str) -> bool {
    matches!(protocol, "http" | "https" | "email" | "email-json")
}

/// Refuses an endpoint that its protocol can't reach, or that the topic can't have.
///
/// # Errors
/// In that case.
pub(super) fn check(tx: &Tx<'_>, topic: &Topic, protocol: &str, endpoint: &str) -> Result<(), Refusal> {
    tx.enforce("sns.endpoint.protocol", PROTOCOLS.contains(&protocol), || {
        invalid(format!("Amazon SNS does not support this protocol string: {protocol}"))
    })?;
    let (sound, why) = match protocol {
        "sqs" => (is_arn(endpoint, "sqs", 6), invalid("SQS endpoint ARN")),
        // No source has the words for functions and streams; they are those for queues.
        "lambda" => {
            let named = is_arn(endpoint, "lambda", 7) && endpoint.split(':').nth(5) == Some("function");
            (named, invalid("Lambda endpoint ARN"))
        }
        "firehose" => {
            let named = is_arn(endpoint, "firehose", 6) && endpoint.contains(":deliverystream/");
            (named, invalid("Firehose endpoint ARN"))
        }
        "sms" => (is_number(endpoint), Refusal::new("InvalidParameter", format!("Invalid SMS endpoint: {endpoint}"))),
        // Endpoints of applications are not simulated, so none is there.
        "application" => (false, invalid("Endpoint Reason: Endpoint does not exist for endpoint")),
        // <https://github.com/serverless/serverless/issues/3183> has the words for addresses.
        "email" | "email-json" => (is_address(endpoint), invalid("Email address")),
        _ => {
            // <https://github.com/aws-amplify/amplify-cli/issues/3026> has the words.
            let sound = endpoint.strip_prefix(protocol).and_then(|rest| rest.strip_prefix("://"));
            let sound = sound.is_some_and(|host| !host.is_empty() && !host.contains(char::is_whitespace));
            (sound, invalid("Endpoint must match the specified protocol"))
        }
    };
    tx.enforce("sns.endpoint.form", sound, || why)?;
    let rule = "sns.endpoint.fifo";
    // <https://github.com/hashicorp/terraform-provider-aws/issues/38441> has the words.
    tx.enforce(rule, !topic.is_fifo() || protocol == "sqs", || invalid(format!("Invalid protocol type: {protocol}")))?;
    tx.enforce(rule, topic.is_fifo() || protocol != "sqs" || !endpoint.ends_with(".fifo"), || {
        invalid("Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics")
    })
}

/// Whether it is an ARN of a service, of at least so many parts, none of them empty.
pub(super) fn is_arn(text: &str, service: &str, parts: usize) -> bool {
    let pieces: Vec<&str> = text.split(':').collect();
    pieces.len() >= parts
        && pieces[..3] == ["arn", "aws", service]
        && pieces.iter().all(|piece| !piece.is_empty())
        && pieces[4].len() == 12
        && pieces[4].bytes().all(|digit| digit.is_ascii_digit())
}

/// A number in E.164, which may have single spaces, hyphens, dots and slashes between its digits.
pub(super) fn is_number(text: &str) -> bool {
    let rest = text.strip_prefix('+').unwrap_or(text);
    let digits = rest.bytes().filter(u8::is_ascii_digit).count();
    let between = |letter: char| matches!(letter, '-' | '.' | '/' | ' ');
    let edges = rest.starts_with(between) || rest.ends_with(between);
    let letters: Vec<char> = rest.chars().collect();
    let twice = letters.windows(2).any(|pair| between(pair[0]) && between(pair[1]));
    (1..=20).contains(&digits)
        && !edges
        && !twice
        && letters.iter().all(|letter| letter.is_ascii_digit() || between(*letter))
}

fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    !local.is_empty() && domain.contains('.') && !text.contains(char::is_whitespace) && text.len() <= 320
}
