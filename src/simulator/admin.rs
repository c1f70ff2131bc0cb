//! The simulator's own paths, beside AWS's:
//!
//! | path | |
//! |---|---|
//! | `GET /_fathuss/clock`, `POST` `{"advance_seconds": n}` | the world's time |
//! | `GET /_fathuss/holder` | the process that has the world open |
//! | `GET /_fathuss/durations` | every duration drawn |
//! | `GET /_fathuss/rules`, `PUT` `{"id": "..", "on": false}` | the rules and their switches |
//! | `GET /_fathuss/faults`, `PUT` a list of [`FaultRule`] | the faults on order |
//! | `GET /_fathuss/calls` | counts by operation |
//! | `GET /_fathuss/log` | the last calls |
//! | `GET /_fathuss/world`, `GET /_fathuss/world/TABLE` | the tables' names, a table's rows |
//! | `POST /_fathuss/reset` | empties the world |

use bytes::Bytes;
use http::{Method, Request, Response};
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::protocol::response;
use crate::{FaultRule, Simulator};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_seconds: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Switch {
    id: String,
    on: bool,
}

/// What went wrong, with its HTTP status.
type Answer = Result<Json, (u16, String)>;

pub(crate) fn answer(simulator: &Simulator, path: &str, request: &Request<Bytes>) -> Response<Bytes> {
    let (status, body) = match route(simulator, path, request) {
        Ok(body) => (200, body),
        Err((status, error)) => (status, json!({ "error": error })),
    };
    let mut answer = response(status, "application/json", format!("{body:#}\n"));
    simulator.stamp(&mut answer);
    answer
}

fn route(simulator: &Simulator, path: &str, request: &Request<Bytes>) -> Answer {
    let method = request.method();
    match path {
        "clock" if method == Method::GET => Ok(json!({ "now": simulator.now() })),
        "clock" if method == Method::POST => {
            let advance: Advance = body(request)?;
            let by =
                SignedDuration::try_from_secs_f64(advance.advance_seconds).map_err(|error| (400, error.to_string()))?;
            if by.is_negative() {
                return Err((400, "time goes forward only".to_owned()));
            }
            Ok(json!({ "now": simulator.advance(by).map_err(|error| (500, error.to_string()))? }))
        }
        "holder" if method == Method::GET => Ok(json!(simulator.holder())),
        "durations" if method == Method::GET => Ok(json!(simulator.durations())),
        "rules" if method == Method::GET => Ok(simulator
            .rules()
            .into_iter()
            .map(|(rule, on)| json!({ "id": rule.id, "says": rule.says, "source": rule.source, "on": on }))
            .collect()),
        "rules" if method == Method::PUT => {
            let switch: Switch = body(request)?;
            if simulator.switch(&switch.id, switch.on) {
                Ok(json!({ "id": switch.id, "on": switch.on }))
            } else {
                Err((404, format!("there is no rule {}", switch.id)))
            }
        }
        "faults" if method == Method::GET => Ok(json!(simulator.faults())),
        "faults" if method == Method::PUT => {
            let rules: Vec<FaultRule> = body(request)?;
            simulator.set_faults(rules);
            Ok(json!(simulator.faults()))
        }
        "calls" if method == Method::GET => Ok(json!(simulator.calls())),
        "log" if method == Method::GET => Ok(json!(simulator.log())),
        "world" if method == Method::GET => Ok(json!(simulator.tables())),
        "reset" if method == Method::POST => {
            simulator.reset().map_err(|error| (500, error.to_string()))?;
            Ok(json!({ "now": simulator.now() }))
        }
        _ => match path.strip_prefix("world/") {
            Some(table) if method == Method::GET && simulator.tables().contains(&table) => {
                Ok(json!(simulator.rows(table).map_err(|error| (500, error.to_string()))?))
            }
            _ => Err((404, format!("there is no {method} /_fathuss/{path}"))),
        },
    }
}

fn body<T: serde::de::DeserializeOwned>(request: &Request<Bytes>) -> Result<T, (u16, String)> {
    serde_json::from_slice(request.body()).map_err(|error| (400, error.to_string()))
}
