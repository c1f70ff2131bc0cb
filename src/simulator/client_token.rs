//! Client tokens: the same request twice has one effect.

use std::cell::RefCell;
use std::collections::HashSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::input::Input;
use crate::refusal::Refusal;
use crate::service::{Handler, Tokens};
use crate::value::Value;
use crate::world::{Row, Tx};

/// A token that was used, with what it was used for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UsedToken {
    id: String,
    at: Timestamp,
    /// When it is forgotten; none while what was made holds on to it.
    #[serde(default)]
    until: Option<Timestamp>,
    /// A digest of the request's other members.
    request: String,
    answer: Value,
}

impl Row for UsedToken {
    const TABLE: &'static str = "core.token";
    fn id(&self) -> String {
        self.id.clone()
    }
}

/// Calls the handler, or gives a request that came before its first answer again.
pub(crate) fn idempotent(
    tx: &mut Tx<'_>,
    service: &str,
    tokens: Option<&Tokens>,
    value: &Value,
    read: &RefCell<HashSet<String>>,
    handler: Handler,
) -> Result<Value, Refusal> {
    let input = Input::new(value, read);
    let given =
        tokens.and_then(|tokens| tokens.members.iter().find_map(|member| Some((tokens, *member, input.text(member)?))));
    let Some((tokens, member, token)) = given.filter(|(_, _, token)| !token.is_empty()) else {
        return handler(tx, &input);
    };
    (tokens.check)(tx, token)?;
    let operation = tx.operation().to_owned();
    let id = format!("{service}/{operation}/{token}");
    let request = fingerprint(value, member);
    let known = tx.get::<UsedToken>(&id).filter(|used| used.until.is_none_or(|until| until > tx.now())).cloned();
    if let Some(used) = known {
        tx.enforce(tokens.rule, used.request == request, || (tokens.mismatch)(token))?;
        let _ = input.all();
        return (tokens.again)(tx, &operation, &used.answer);
    }
    let answer = handler(tx, &input)?;
    let until = expiry(tx, tokens, &operation, &answer);
    tx.put(UsedToken { id, at: tx.now(), until, request, answer: answer.clone() });
    if tx.count::<UsedToken>() % SWEPT == 0 {
        forget(tx, service, tokens);
    }
    Ok(answer)
}

/// A region's tokens are looked through each time that so many more are there: often enough that a world that lives
/// long does not grow with what it has forgotten.
const SWEPT: i64 = 64;

fn expiry(tx: &Tx<'_>, tokens: &Tokens, operation: &str, answer: &Value) -> Option<Timestamp> {
    let ends = || tx.now().checked_add(tokens.lifetime).unwrap_or(Timestamp::MAX);
    (!(tokens.holds)(tx, operation, answer)).then(ends)
}

/// Removes a service's tokens that are no longer remembered, and lets those end that nothing holds on to any more.
fn forget(tx: &mut Tx<'_>, service: &str, tokens: &Tokens) {
    let of_service = format!("{service}/");
    let all: Vec<UsedToken> = tx.rows_under::<UsedToken>(&of_service).cloned().collect();
    for used in all {
        match used.until {
            Some(until) if until <= tx.now() => {
                tx.remove::<UsedToken>(&used.id);
            }
            Some(_) => {}
            None => {
                let operation = used.id.split('/').nth(1).unwrap_or_default();
                if let Some(until) = expiry(tx, tokens, operation, &used.answer) {
                    tx.change::<UsedToken>(&used.id, |used| used.until = Some(until));
                }
            }
        }
    }
}

fn fingerprint(value: &Value, token: &str) -> String {
    let mut rest = value.clone();
    rest.set(token, Value::Absent);
    rest.set("DryRun", Value::Absent);
    let mut digest = Sha256::new();
    // A tree of values can be written, and a digest takes any bytes.
    let _ = serde_json::to_writer(&mut digest, &sorted(rest));
    hex::encode(digest.finalize())
}

/// The value with its members in one order: a client may send them in any.
fn sorted(value: Value) -> Value {
    match value {
        Value::Record(mut members) => {
            members.sort_keys();
            Value::Record(members.into_iter().map(|(name, value)| (name, sorted(value))).collect())
        }
        Value::List(items) => Value::List(items.into_iter().map(sorted).collect()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::fingerprint;
    use crate::client::Client;
    use crate::record;
    use crate::value::Value;

    #[test]
    fn a_request_is_known_by_its_members_in_whatever_order_without_its_token() {
        let text = r#"{"Record":{"A":{"List":[{"Integer":1}]},"B":{"Text":"x"}}}"#;
        let list = || Value::List(vec![Value::Integer(1)]);
        for request in [
            record! { "A" => list(), "B" => "x", "Token" => "one" },
            record! { "DryRun" => true, "Token" => "two", "B" => "x", "A" => list() },
        ] {
            assert_eq!(fingerprint(&request, "Token"), hex::encode(Sha256::digest(text)));
        }
        assert_ne!(fingerprint(&record! { "A" => 1 }, "Token"), fingerprint(&record! { "A" => "1" }, "Token"));
    }

    /// Volumes made with tokens of that name and number.
    async fn volumes(client: &Client, name: &str, count: usize) {
        for number in 0..count {
            let token = format!("{name}-{number}");
            let parameters = [("AvailabilityZone", "us-east-1a"), ("Size", "1"), ("ClientToken", token.as_str())];
            client.ec2("CreateVolume", &parameters).await;
        }
    }

    fn remembered(client: &Client) -> usize {
        client.simulator.rows("core.token").unwrap().len()
    }

    #[tokio::test(start_paused = true)]
    async fn tokens_are_forgotten_a_day_after_their_use() {
        let client = Client::calm();
        for day in 0..5 {
            volumes(&client, &format!("day-{day}"), 64).await;
            assert!(remembered(&client) <= 128, "{} on day {day}", remembered(&client));
            client.wait(24 * 3600);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_instances_token_is_remembered_until_a_day_after_its_end() {
        let client = Client::calm();
        let of_x86 = [("Owner.1", "amazon"), ("Filter.1.Name", "architecture"), ("Filter.1.Value.1", "x86_64")];
        let image = client.ec2("DescribeImages", &of_x86).await.one("imageId");
        let launch = [
            ("ImageId", image.as_str()),
            ("InstanceType", "t3.micro"),
            ("MinCount", "1"),
            ("MaxCount", "1"),
            ("ClientToken", "once"),
        ];
        let instance = client.ec2("RunInstances", &launch).await.one("instanceId");
        client.wait(90 * 24 * 3600);
        volumes(&client, "before", 64).await;
        assert_eq!(client.ec2("RunInstances", &launch).await.one("instanceId"), instance);
        client.ec2("TerminateInstances", &[("InstanceId.1", &instance)]).await;
        client.wait(2 * 3600);
        volumes(&client, "after", 64).await;
        client.refused("RunInstances", &launch, "IdempotentInstanceTerminated").await;
        client.wait(24 * 3600);
        assert_ne!(client.ec2("RunInstances", &launch).await.one("instanceId"), instance);
    }
}
