//! The simulator's own paths, beside AWS's: `ROUTES` has them all, and docs/simulator.md says what each does.

use std::path::Path;

use bytes::Bytes;
use http::header::{HOST, ORIGIN};
use http::{Method, Request, Response};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::ec2::zone;
use crate::inventory_page;
use crate::protocol::response;
use crate::quota::{self, QUOTAS};
use crate::{ClusterId, FaultRule, Person, Simulator, WorldError};

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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Speed {
    speed: f64,
    seconds: Option<f64>,
}

/// The body of a path that takes none.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// What went wrong, with its HTTP status.
type Answer = Result<Json, (u16, String)>;

/// Answers at one of the simulator's own paths. `wall` is the time that signatures are checked against, where it is not
/// the world's.
pub(crate) fn answer(
    simulator: &Simulator,
    path: &str,
    request: &Request<Bytes>,
    wall: Option<Timestamp>,
) -> Response<Bytes> {
    let found = find(request.method(), path);
    // Kubernetes says how long it waits.
    let parameters = match found {
        Some((Act::Timed(_), _)) => None,
        _ => request.uri().query().filter(|query| !query.is_empty()),
    };
    let refused = match (from_here(request), parameters) {
        (Err(why), _) => Some((403, why)),
        (Ok(()), Some(query)) => Some((400, format!("the simulator's own paths take no parameters: {query}"))),
        (Ok(()), None) => None,
    };
    if let Some(refused) = refused {
        let mut answer = told(Err(refused));
        simulator.stamp(&mut answer);
        return answer;
    }
    let mut answer = match found {
        Some((Act::Json(act), rest)) => told(act(simulator, rest, request)),
        Some((Act::Timed(act), rest)) => told(act(simulator, rest, request, wall.unwrap_or_else(|| simulator.now()))),
        Some((Act::Text(kind, write), _)) => match write(simulator) {
            Ok(text) => response(200, kind, text),
            Err(error) => told(Err(unwell(&error))),
        },
        None => told(Err((404, format!("there is no {} /_fathuss/{path}", request.method())))),
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

/// A method of a path, which is what comes after `/_fathuss/`; `TABLE` at its end stands for a name.
type Route = (Method, &'static str, Act);

#[derive(Clone, Copy)]
enum Act {
    /// Answers with JSON, by what stands in the path in place of a name.
    Json(fn(&Simulator, &str, &Request<Bytes>) -> Answer),
    /// Likewise, with the time that signatures are checked against.
    Timed(fn(&Simulator, &str, &Request<Bytes>, Timestamp) -> Answer),
    /// Answers with a text of this type.
    Text(&'static str, fn(&Simulator) -> Result<String, WorldError>),
}

const ROUTES: &[Route] = &[
    (Method::GET, "", Act::Text("text/html; charset=utf-8", inventory_page::page)),
    (Method::GET, "health", Act::Json(|_, _, _| Ok(json!({ "status": "ok" })))),
    (Method::GET, "clock", Act::Json(|simulator, _, _| Ok(json!({ "now": simulator.now() })))),
    (Method::POST, "clock", Act::Json(advance)),
    (Method::GET, "holder", Act::Json(|simulator, _, _| Ok(json!(simulator.holder())))),
    (Method::GET, "durations", Act::Json(|simulator, _, _| Ok(json!(simulator.durations())))),
    (Method::GET, "rules", Act::Json(rules)),
    (Method::PUT, "rules", Act::Json(switch)),
    (Method::GET, "faults", Act::Json(|simulator, _, _| Ok(json!(simulator.faults())))),
    (Method::PUT, "faults", Act::Json(order)),
    (Method::DELETE, "faults", Act::Json(take_back)),
    (Method::GET, "calls", Act::Json(|simulator, _, _| Ok(json!(simulator.calls())))),
    (Method::GET, "log", Act::Json(|simulator, _, _| Ok(json!(simulator.log())))),
    (Method::GET, "inventory", Act::Json(inventory)),
    (Method::GET, "world", Act::Json(|simulator, _, _| Ok(json!(simulator.tables())))),
    (Method::GET, "world/TABLE", Act::Json(rows)),
    (Method::GET, "quotas", Act::Json(quotas)),
    (Method::PUT, "quotas", Act::Json(limit)),
    (Method::GET, "regions", Act::Json(|_, _, _| Ok(json!(zone::regions().collect::<Vec<_>>())))),
    (Method::GET, "rate", Act::Json(|simulator, _, _| Ok(json!({ "factor": simulator.rate() })))),
    (Method::PUT, "rate", Act::Json(multiply)),
    (Method::GET, "speed", Act::Json(|simulator, _, _| Ok(speeds(simulator)))),
    (Method::PUT, "speed", Act::Json(hurry)),
    (Method::POST, "tokens/TABLE", Act::Timed(review)),
    (Method::GET, "snapshot", Act::Text("application/jsonl", Simulator::snapshot)),
    (Method::PUT, "snapshot", Act::Json(restore)),
    (Method::POST, "reset", Act::Json(reset)),
];

/// What a path does, and what stands in it in place of a name.
fn find<'p>(method: &Method, path: &'p str) -> Option<(Act, &'p str)> {
    ROUTES.iter().filter(|(of, ..)| of == method).find_map(|(_, route, act)| match route.strip_suffix("TABLE") {
        Some(start) => path.strip_prefix(start).map(|name| (*act, name)),
        None => (*route == path).then_some((*act, "")),
    })
}

fn unwell(error: &WorldError) -> (u16, String) {
    (500, error.to_string())
}

fn advance(simulator: &Simulator, _: &str, request: &Request<Bytes>) -> Answer {
    let advance: Advance = body(request)?;
    let by = SignedDuration::try_from_secs_f64(advance.advance_seconds).map_err(|error| (400, error.to_string()))?;
    if by.is_negative() {
        return Err((400, "time goes forward only".to_owned()));
    }
    if by > FARTHEST {
        return Err((400, format!("at most {} days at once", FARTHEST.as_secs() / 86_400)));
    }
    Ok(json!({ "now": simulator.advance(by).map_err(|error| unwell(&error))? }))
}

fn rules(simulator: &Simulator, _: &str, _: &Request<Bytes>) -> Answer {
    let all = simulator.rules().into_iter();
    Ok(all.map(|(rule, on)| json!({ "id": rule.id, "says": rule.says, "source": rule.source, "on": on })).collect())
}

fn switch(simulator: &Simulator, _: &str, request: &Request<Bytes>) -> Answer {
    let switch: Switch = body(request)?;
    if simulator.switch(&switch.id, switch.on) {
        Ok(json!({ "id": switch.id, "on": switch.on }))
    } else {
        Err((404, format!("there is no rule {}", switch.id)))
    }
}

fn order(simulator: &Simulator, _: &str, request: &Request<Bytes>) -> Answer {
    let rules: Vec<FaultRule> = body(request)?;
    let given: Vec<Json> = body(request)?;
    rules.iter().zip(&given).try_for_each(|(rule, given)| whole(rule, given)).map_err(|error| (400, error))?;
    rules.iter().try_for_each(FaultRule::check).map_err(|error| (400, error))?;
    simulator.set_faults(rules);
    Ok(json!(simulator.faults()))
}

/// Refuses what a fault's kind does not have: of a kind without members serde reads none, and so refuses none.
fn whole(rule: &FaultRule, given: &Json) -> Result<(), String> {
    let known = json!(rule.fault);
    let given = given["fault"].as_object().into_iter().flatten();
    match given.map(|(name, _)| name).find(|name| known.get(name.as_str()).is_none()) {
        Some(unknown) => {
            let kind = known["kind"].as_str().unwrap_or_default();
            Err(format!("unknown field `{unknown}` of a fault of kind {kind}"))
        }
        None => Ok(()),
    }
}

fn take_back(simulator: &Simulator, _: &str, request: &Request<Bytes>) -> Answer {
    nothing(request)?;
    simulator.set_faults(Vec::new());
    Ok(json!(simulator.faults()))
}

fn inventory(simulator: &Simulator, _: &str, _: &Request<Bytes>) -> Answer {
    Ok(json!(simulator.inventory().map_err(|error| unwell(&error))?))
}

fn rows(simulator: &Simulator, table: &str, _: &Request<Bytes>) -> Answer {
    if !simulator.tables().contains(&table) {
        return Err((404, format!("there is no table {table}")));
    }
    Ok(json!(simulator.rows(table).map_err(|error| unwell(&error))?))
}

fn quotas(simulator: &Simulator, _: &str, _: &Request<Bytes>) -> Answer {
    let set = simulator.quotas();
    let shown = |quota: &quota::Quota| {
        let set = set.get(quota.name);
        json!({ "name": quota.name, "says": quota.says, "default": quota.default, "limit": set })
    };
    Ok(QUOTAS.iter().map(shown).collect())
}

fn limit(simulator: &Simulator, _: &str, request: &Request<Bytes>) -> Answer {
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

fn multiply(simulator: &Simulator, _: &str, request: &Request<Bytes>) -> Answer {
    let rate: Rate = body(request)?;
    if !rate.factor.is_finite() || rate.factor <= 0.0 {
        return Err((400, "the factor is a number above 0".to_owned()));
    }
    simulator.set_rate(rate.factor);
    Ok(json!({ "factor": simulator.rate() }))
}

fn hurry(simulator: &Simulator, _: &str, request: &Request<Bytes>) -> Answer {
    let speed: Speed = body(request)?;
    if !speed.speed.is_finite() || speed.speed <= 0.0 {
        return Err((400, "a speed is a number above 0".to_owned()));
    }
    let lasting = speed.seconds.map(SignedDuration::try_from_secs_f64).transpose();
    let lasting = lasting.map_err(|error| (400, error.to_string()))?;
    match simulator.set_speed(speed.speed, lasting) {
        true => Ok(speeds(simulator)),
        false => Err((409, "the time of this world has no speed".to_owned())),
    }
}

fn speeds(simulator: &Simulator) -> Json {
    json!({ "speed": simulator.speed(), "usual": simulator.usual_speed() })
}

/// Kubernetes's question whom a token speaks for, by
/// <https://kubernetes.io/docs/reference/access-authn-authz/authentication/#webhook-token-authentication>. The path has the
/// cluster: account, region, name and key.
fn review(simulator: &Simulator, path: &str, request: &Request<Bytes>, wall: Timestamp) -> Answer {
    let review: Json = body(request)?;
    let token = review["spec"]["token"].as_str().unwrap_or_default();
    let parts: Vec<String> = path.split('/').map(str::to_owned).collect();
    let [account, region, name, key] =
        <[String; 4]>::try_from(parts).map_err(|_| (404, "a cluster is ACCOUNT/REGION/NAME/KEY".to_owned()))?;
    let status = match simulator.authenticate(&ClusterId { account, region, name, key }, token, wall) {
        Ok(Person { username, uid, groups, arn }) => json!({
            "authenticated": true,
            "user": { "username": username, "uid": uid, "groups": groups, "extra": { "arn": [arn] } },
        }),
        Err(why) => json!({ "authenticated": false, "error": why }),
    };
    Ok(json!({ "apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "status": status }))
}

fn restore(simulator: &Simulator, _: &str, request: &Request<Bytes>) -> Answer {
    let text = std::str::from_utf8(request.body()).map_err(|error| (400, error.to_string()))?;
    simulator.restore(Path::new("the snapshot"), text).map_err(|error| match error {
        WorldError::Unreadable { .. } => (400, error.to_string()),
        error => unwell(&error),
    })?;
    Ok(json!({ "now": simulator.now() }))
}

fn reset(simulator: &Simulator, _: &str, request: &Request<Bytes>) -> Answer {
    nothing(request)?;
    simulator.reset().map_err(|error| unwell(&error))?;
    Ok(json!({ "now": simulator.now() }))
}

/// Refuses a body where a path takes none.
fn nothing(request: &Request<Bytes>) -> Result<(), (u16, String)> {
    if request.body().is_empty() {
        return Ok(());
    }
    let Nothing {} = body(request)?;
    Ok(())
}

fn body<T: serde::de::DeserializeOwned>(request: &Request<Bytes>) -> Result<T, (u16, String)> {
    serde_json::from_slice(request.body()).map_err(|error| (400, error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::ROUTES;
    use crate::client::Client;

    /// The paths as docs/simulator.md shows them: each with its method and the body that it takes.
    fn shown() -> Vec<(&'static str, &'static str, &'static str)> {
        let page = include_str!("../../docs/simulator.md");
        let rows = page.lines().filter(|line| line.starts_with("| `") && line.contains("/_fathuss/"));
        rows.map(|row| {
            let cells: Vec<&str> =
                row.trim_matches('|').split(" | ").map(|cell| cell.trim().trim_matches('`')).collect();
            let (method, path) = cells[0].split_once(" /_fathuss/").unwrap();
            assert!(!cells[1].is_empty(), "{row}");
            (method, path, cells[2])
        })
        .collect()
    }

    #[test]
    fn the_page_of_the_simulator_shows_each_path() {
        let there: Vec<(&str, &str)> = ROUTES.iter().map(|(method, path, _)| (method.as_str(), *path)).collect();
        let shown: Vec<(&str, &str)> = shown().into_iter().map(|(method, path, _)| (method, path)).collect();
        assert_eq!(shown, there);
    }

    #[tokio::test(start_paused = true)]
    async fn each_path_takes_the_body_that_the_page_shows() {
        let client = Client::calm();
        let ask = async |method: &str, path: &str, body: String| {
            let request = http::Request::builder().method(method).uri(format!("http://localhost/_fathuss/{path}"));
            client.simulator.handle(request.body(bytes::Bytes::from(body)).unwrap()).await.unwrap()
        };
        let snapshot = ask("GET", "snapshot", String::new()).await;
        let snapshot = String::from_utf8(snapshot.body().to_vec()).unwrap();
        for (method, path, body) in shown() {
            let body = match body {
                "a snapshot" => snapshot.clone(),
                "a TokenReview" => r#"{"spec":{"token":"k8s-aws-v1.none"}}"#.to_owned(),
                body => body.to_owned(),
            };
            let path = path.replace("world/TABLE", "world/ec2.vpc").replace("TABLE", "111122223333/us-east-1/main/1");
            let answer = ask(method, &path, body).await;
            // The time of this world is virtual.
            let expected = if (method, path.as_str()) == ("PUT", "speed") { 409 } else { 200 };
            assert_eq!(answer.status(), expected, "{method} {path}");
        }
        for (method, path) in
            [("GET", "nothing"), ("GET", "world/nothing"), ("POST", "rules"), ("PUT", "world/ec2.vpc")]
        {
            assert_eq!(ask(method, path, String::new()).await.status(), 404, "{method} {path}");
        }
    }

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
            (format!(r#""colour":"red",{reset}"#), "unknown field `colour`"),
            (r#""fault":{"kind":"reset","seconds":5}"#.to_owned(), "unknown field `seconds` of a fault of kind reset"),
            (r#""fault":{"kind":"delay","seconds":5,"colour":"red"}"#.to_owned(), "unknown field `colour`"),
        ] {
            let (status, text) = put("faults", format!("[{{{rule}}}]")).await;
            assert!(status == 400 && text.contains(why), "{rule}: {status} {text}");
        }
        assert_eq!(client.simulator.faults(), []);
        let (status, text) = put("quotas", r#"{"name":"ec2.vpcs","limit":-5}"#.to_owned()).await;
        assert!(status == 400 && text.contains("a number from 0"), "{status} {text}");
        assert!(client.simulator.quotas().is_empty());
        for (path, body) in [
            ("quotas", r#"{"name":"ec2.vpcs","limit":5,"colour":"red"}"#),
            ("rules", r#"{"id":"ec2.vpc.quota","on":false,"colour":"red"}"#),
            ("rate", r#"{"factor":2,"colour":"red"}"#),
            ("quotas?colour=red", r#"{"name":"ec2.vpcs","limit":5}"#),
        ] {
            let (status, text) = put(path, body.to_owned()).await;
            assert!(status == 400 && text.contains("colour"), "{path}: {status} {text}");
        }
        for (method, path) in [("POST", "clock"), ("POST", "reset"), ("DELETE", "faults")] {
            let request = http::Request::builder().method(method).uri(format!("http://localhost/_fathuss/{path}"));
            let request = request.body(bytes::Bytes::from_static(br#"{"advance_seconds":1,"colour":"red"}"#)).unwrap();
            assert_eq!(client.simulator.handle(request).await.unwrap().status(), 400, "{path}");
        }
        assert!(client.simulator.quotas().is_empty() && client.simulator.faults().is_empty());
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
