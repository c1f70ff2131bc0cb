//! The simulator's own paths, beside AWS's:
//!
//! | path | |
//! |---|---|
//! | `GET /_fathuss/health` | that it serves |
//! | `GET /_fathuss/clock`, `POST` `{"advance_seconds": n}` | the world's time |
//! | `GET /_fathuss/holder` | the process that has the world open |
//! | `GET /_fathuss/durations` | every duration drawn |
//! | `GET /_fathuss/rules`, `PUT` `{"id": "..", "on": false}` | the rules and their switches |
//! | `GET /_fathuss/faults`, `PUT` a list of [`FaultRule`], `DELETE` | the faults on order |
//! | `GET /_fathuss/calls` | counts by operation |
//! | `GET /_fathuss/log` | the last calls |
//! | `GET /_fathuss/world`, `GET /_fathuss/world/TABLE` | the tables' names, a table's rows |
//! | `GET /_fathuss/inventory` | every resource with its state |
//! | `GET /_fathuss/` | the same as a page for people |
//! | `GET /_fathuss/quotas`, `PUT` `{"name": "..", "limit": n}` | quotas with AWS's defaults and the limits that were set; without a limit it is AWS's again |
//! | `GET /_fathuss/regions` | the regions that there are |
//! | `GET /_fathuss/rate`, `PUT` `{"factor": x}` | what the token buckets' sizes and rates are multiplied by |
//! | `GET /_fathuss/snapshot`, `PUT` what it gave | the whole world, to be restored here or elsewhere |
//! | `POST /_fathuss/reset` | empties the world |

use std::path::Path;

use bytes::Bytes;
use http::header::{HOST, ORIGIN};
use http::{Method, Request, Response};
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::protocol::response;
use crate::quota::{self, QUOTAS};
use crate::{FaultRule, Simulator, WorldError};

/// As far as the clock is moved at once: ten years, after which a world is another one anyway.
const FARTHEST: SignedDuration = SignedDuration::from_hours(24 * 3_653);

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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Quota {
    name: String,
    limit: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rate {
    factor: f64,
}

/// What went wrong, with its HTTP status.
type Answer = Result<Json, (u16, String)>;

pub(crate) fn answer(simulator: &Simulator, path: &str, request: &Request<Bytes>) -> Response<Bytes> {
    if let Err(why) = from_here(request) {
        let mut answer = told(Err((403, why)));
        simulator.stamp(&mut answer);
        return answer;
    }
    let written = match path {
        "" if request.method() == Method::GET => {
            Some((crate::inventory_page::page(simulator), "text/html; charset=utf-8"))
        }
        "snapshot" if request.method() == Method::GET => Some((simulator.snapshot(), "application/jsonl")),
        _ => None,
    };
    let mut answer = match written {
        Some((Ok(text), kind)) => response(200, kind, text),
        Some((Err(error), _)) => told(Err((500, error.to_string()))),
        None => told(route(simulator, path, request)),
    };
    simulator.stamp(&mut answer);
    answer
}

/// Refuses what a web page of elsewhere sends: its browser says the page's origin, and where the page's name was made to
/// lead here (DNS rebinding), the host is that name. Clients that are no browsers send no origin.
fn from_here(request: &Request<Bytes>) -> Result<(), String> {
    let text = |name| request.headers().get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    // In this process there can be neither.
    let host = text(HOST).or_else(|| request.uri().authority().map(ToString::to_string));
    if let Some(host) = &host
        && !is_address(host)
    {
        return Err(format!(
            "the simulator's own paths are asked for by its address or as localhost, not as {host}: a name can be made \
             to lead here by any web page"
        ));
    }
    match (text(ORIGIN), host) {
        (None, _) => Ok(()),
        (Some(origin), Some(host)) if origin.eq_ignore_ascii_case(&format!("http://{host}")) => Ok(()),
        (Some(origin), _) => Err(format!("the simulator's own paths are not for web pages of elsewhere ({origin})")),
    }
}

/// Whether a host, with its port or without, is an address or the loopback's name, and so can be no other's.
fn is_address(host: &str) -> bool {
    let Ok(authority) = host.parse::<http::uri::Authority>() else { return false };
    let name = authority.host().trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost") || name.parse::<std::net::IpAddr>().is_ok()
}

fn told(answer: Answer) -> Response<Bytes> {
    let (status, body) = match answer {
        Ok(body) => (200, body),
        Err((status, error)) => (status, json!({ "error": error })),
    };
    response(status, "application/json", format!("{body:#}\n"))
}

fn route(simulator: &Simulator, path: &str, request: &Request<Bytes>) -> Answer {
    let method = request.method();
    match path {
        "health" if method == Method::GET => Ok(json!({ "status": "ok" })),
        "clock" if method == Method::GET => Ok(json!({ "now": simulator.now() })),
        "clock" if method == Method::POST => {
            let advance: Advance = body(request)?;
            let by =
                SignedDuration::try_from_secs_f64(advance.advance_seconds).map_err(|error| (400, error.to_string()))?;
            if by.is_negative() {
                return Err((400, "time goes forward only".to_owned()));
            }
            if by > FARTHEST {
                return Err((400, format!("at most {} days at once", FARTHEST.as_secs() / 86_400)));
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
            rules.iter().try_for_each(FaultRule::check).map_err(|error| (400, error))?;
            simulator.set_faults(rules);
            Ok(json!(simulator.faults()))
        }
        "faults" if method == Method::DELETE => {
            simulator.set_faults(Vec::new());
            Ok(json!(simulator.faults()))
        }
        "calls" if method == Method::GET => Ok(json!(simulator.calls())),
        "log" if method == Method::GET => Ok(json!(simulator.log())),
        "inventory" if method == Method::GET => {
            Ok(json!(simulator.inventory().map_err(|error| (500, error.to_string()))?))
        }
        "quotas" if method == Method::GET => {
            let set = simulator.quotas();
            let shown = |quota: &quota::Quota| {
                let set = set.get(quota.name);
                json!({ "name": quota.name, "says": quota.says, "default": quota.default, "limit": set })
            };
            Ok(QUOTAS.iter().map(shown).collect())
        }
        "quotas" if method == Method::PUT => {
            let quota: Quota = body(request)?;
            if quota.limit.is_some_and(|limit| limit < 0) {
                return Err((400, "a quota's limit is a number from 0".to_owned()));
            }
            if simulator.set_quota(&quota.name, quota.limit) {
                Ok(json!({ "name": quota.name, "limit": quota.limit }))
            } else {
                Err((404, format!("there is no quota {}", quota.name)))
            }
        }
        "regions" if method == Method::GET => Ok(json!(crate::ec2::zone::regions().collect::<Vec<_>>())),
        "rate" if method == Method::GET => Ok(json!({ "factor": simulator.rate() })),
        "rate" if method == Method::PUT => {
            let rate: Rate = body(request)?;
            if !rate.factor.is_finite() || rate.factor <= 0.0 {
                return Err((400, "the factor is a number above 0".to_owned()));
            }
            simulator.set_rate(rate.factor);
            Ok(json!({ "factor": simulator.rate() }))
        }
        "snapshot" if method == Method::PUT => {
            let text = std::str::from_utf8(request.body()).map_err(|error| (400, error.to_string()))?;
            simulator.restore(Path::new("the snapshot"), text).map_err(|error| match error {
                WorldError::Unreadable { .. } => (400, error.to_string()),
                error => (500, error.to_string()),
            })?;
            Ok(json!({ "now": simulator.now() }))
        }
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

#[cfg(test)]
mod tests {
    use crate::client::Client;

    #[tokio::test(start_paused = true)]
    async fn what_no_fault_or_quota_can_be_is_refused_and_changes_nothing() {
        let client = Client::calm();
        let put = async |path: &str, text: String| {
            let request = http::Request::builder().method("PUT").uri(format!("http://localhost/_fathuss/{path}"));
            let answer = client.simulator.handle(request.body(bytes::Bytes::from(text)).unwrap()).await.unwrap();
            (answer.status().as_u16(), String::from_utf8(answer.body().to_vec()).unwrap())
        };
        let reset = r#""fault":{"kind":"reset"}"#;
        for (rule, why) in [
            (r#""fault":{"kind":"delay","seconds":1e300}"#.to_owned(), "delay takes seconds"),
            (r#""fault":{"kind":"delay","seconds":-1}"#.to_owned(), "delay takes seconds"),
            (r#""fault":{"kind":"unavailable","status":200}"#.to_owned(), "from 500 to 599"),
            (r#""fault":{"kind":"refuse","code":"X","message":"","status":99}"#.to_owned(), "from 400 to 599"),
            (r#""fault":{"kind":"refuse","code":"X","message":"","status":200}"#.to_owned(), "from 400 to 599"),
            (format!(r#""probability":7,{reset}"#), "probability is from 0 to 1"),
            (format!(r#""service":"ec3",{reset}"#), "there is no service"),
        ] {
            let (status, text) = put("faults", format!("[{{{rule}}}]")).await;
            assert!(status == 400 && text.contains(why), "{rule}: {status} {text}");
        }
        assert_eq!(client.simulator.faults(), []);
        let (status, text) = put("quotas", r#"{"name":"ec2.vpcs","limit":-5}"#.to_owned()).await;
        assert!(status == 400 && text.contains("a number from 0"), "{status} {text}");
        assert!(client.simulator.quotas().is_empty());
        assert_eq!(put("faults", format!(r#"[{{"service":"ec2",{reset}}}]"#)).await.0, 200);
        assert_eq!(put("quotas", r#"{"name":"ec2.vpcs","limit":0}"#.to_owned()).await.0, 200);
    }

    #[tokio::test(start_paused = true)]
    async fn a_web_page_of_elsewhere_changes_and_reads_nothing() {
        let client = Client::calm();
        client.vpc("10.0.0.0/16").await;
        let ask = async |method: &str, path: &str, headers: &[(&str, &str)]| {
            let mut request = http::Request::builder().method(method).uri(format!("/_fathuss/{path}"));
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let answer = client.simulator.handle(request.body(bytes::Bytes::new()).unwrap()).await.unwrap();
            answer.status().as_u16()
        };
        for headers in [
            &[("host", "127.0.0.1:4599"), ("origin", "https://example.com")][..],
            &[("host", "127.0.0.1:4599"), ("origin", "null")],
            &[("host", "127.0.0.1:4599"), ("origin", "http://127.0.0.1:8080")],
            &[("host", "example.com:4599"), ("origin", "http://example.com:4599")],
            &[("host", "example.com:4599")],
            &[("host", "localhost.example.com")],
        ] {
            assert_eq!(ask("POST", "reset", headers).await, 403, "{headers:?}");
            assert_eq!(ask("GET", "snapshot", headers).await, 403, "{headers:?}");
        }
        assert_eq!(client.ec2("DescribeVpcs", &[]).await.all("vpcId").len(), 2, "nothing was reset");
        for headers in [
            &[("host", "127.0.0.1:4599")][..],
            &[("host", "[::1]:4599")],
            &[("host", "localhost:4599"), ("origin", "http://localhost:4599")],
        ] {
            assert_eq!(ask("GET", "", headers).await, 200, "{headers:?}");
        }
        assert_eq!(ask("POST", "reset", &[("host", "127.0.0.1:4599")]).await, 200);
    }

    #[tokio::test(start_paused = true)]
    async fn each_quota_is_shown_with_its_default_and_with_what_was_set() {
        let client = Client::calm();
        assert!(client.simulator.set_quota("ec2.vpcs", Some(9)));
        let request = http::Request::get("http://localhost/_fathuss/quotas").body(bytes::Bytes::new()).unwrap();
        let answer = client.simulator.handle(request).await.unwrap();
        let quotas: Vec<serde_json::Value> = serde_json::from_slice(answer.body()).unwrap();
        let named = |name: &str| quotas.iter().find(|quota| quota["name"] == name).unwrap();
        assert_eq!((&named("ec2.vpcs")["default"], &named("ec2.vpcs")["limit"]), (&5.into(), &9.into()));
        assert_eq!((&named("eks.clusters")["default"], &named("eks.clusters")["limit"]), (&100.into(), &().into()));
        assert!(quotas.iter().all(|quota| quota["default"].as_i64() > Some(0)));
    }
}
