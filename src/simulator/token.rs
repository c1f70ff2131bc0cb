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
pub(crate) fn once(
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
    let known = tx.get::<UsedToken>(&id).filter(|used| tx.now().duration_since(used.at) < tokens.lifetime).cloned();
    if let Some(used) = known {
        tx.enforce(tokens.rule, used.request == request, || (tokens.mismatch)(token))?;
        let _ = input.all();
        return (tokens.again)(tx, &operation, &used.answer);
    }
    let answer = handler(tx, &input)?;
    tx.put(UsedToken { id, at: tx.now(), request, answer: answer.clone() });
    Ok(answer)
}

fn fingerprint(value: &Value, token: &str) -> String {
    let mut rest = value.clone();
    rest.set(token, Value::Absent);
    rest.set("DryRun", Value::Absent);
    hex::encode(Sha256::digest(format!("{:?}", sorted(rest))))
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
