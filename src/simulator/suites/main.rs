//! AWS's own protocol tests, run against the codec: `cargo xtask test protocols` prepares them and calls this.
//!
//! A request must be read as the members that the suite says, an answer or error
//! be written as the suite says, and a malformed request be refused. The one
//! argument is the file that `xtask/protocol_suites.py` writes; what is printed
//! ends with a line of counts as `cargo test` has it.

mod members;
mod tree;

use std::collections::{BTreeMap, HashMap};
use std::process::ExitCode;

use bytes::Bytes;
use fathuss_simulator::model::{Member, Model, Protocol};
use fathuss_simulator::protocol::{self, Asked, Form};
use fathuss_simulator::service::REST_MANNERS;
use fathuss_simulator::value::{Record, Value};
use fathuss_simulator::{Refusal, SERVICES};
use http::{Request, Response};
use serde::Deserialize;
use serde_json::Value as Json;

#[derive(Deserialize)]
struct Suites {
    tables: Vec<Json>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    suite: String,
    id: String,
    kind: Kind,
    table: usize,
    operation: String,
    /// Why it does not concern a server, where it does not.
    reason: Option<String>,
    request: Asking,
    members: Json,
    code: Option<String>,
    answer: Answering,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Request,
    Answer,
    Error,
    Malformed,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asking {
    method: String,
    uri: String,
    headers: HashMap<String, String>,
    body: String,
    /// Whether the body is bytes, in base64.
    bytes: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answering {
    status: Option<u16>,
    headers: HashMap<String, String>,
    forbidden: Vec<String>,
    body: Option<String>,
    media: Option<String>,
}

#[derive(Default)]
struct Count {
    cases: usize,
    passed: usize,
    left: BTreeMap<String, usize>,
}

fn main() -> ExitCode {
    let Some(path) = std::env::args().nth(1) else {
        eprintln!("run `cargo xtask test protocols`: it prepares the suites and says where they are");
        return ExitCode::FAILURE;
    };
    let suites = std::fs::read(&path).map_err(|error| error.to_string());
    let suites: Suites = match suites.and_then(|text| serde_json::from_slice(&text).map_err(|error| error.to_string()))
    {
        Ok(suites) => suites,
        Err(reason) => {
            eprintln!("{path}: {reason}");
            return ExitCode::FAILURE;
        }
    };
    if let Some(place) = typed_header() {
        println!("FAILED {place} is a header of a media type, which the cases that are not run would test");
        return ExitCode::FAILURE;
    }
    let models: Vec<Model> = suites.tables.iter().map(|table| Model::parse(&table.to_string())).collect();
    let mut counts: BTreeMap<(String, String, Kind), Count> = BTreeMap::new();
    let (mut passed, mut failed, mut left) = (0, 0, 0);
    for case in &suites.cases {
        let model = &models[case.table];
        let protocol = format!("{:?}", model.protocol);
        let count = counts.entry((case.suite.clone(), protocol, case.kind)).or_default();
        count.cases += 1;
        if let Some(reason) = &case.reason {
            *count.left.entry(reason.clone()).or_default() += 1;
            left += 1;
            continue;
        }
        match case.run(model) {
            Ok(()) => {
                count.passed += 1;
                passed += 1;
            }
            Err(why) => {
                failed += 1;
                println!("FAILED {} {} {:?} {}: {why}", case.suite, model.service, case.kind, case.id);
            }
        }
    }
    for ((suite, protocol, kind), count) in &counts {
        let aside: usize = count.left.values().sum();
        println!(
            "{suite}, {protocol}, {kind:?}: {} cases, {} run, {} passed",
            count.cases,
            count.cases - aside,
            count.passed
        );
        for (reason, number) in &count.left {
            println!("    {number} not run: {reason}");
        }
    }
    let result = if failed == 0 { "ok" } else { "FAILED" };
    println!("test result: {result}. {passed} passed; {failed} failed; {left} ignored");
    if failed == 0 && passed > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// A header that is base64 of a media type, of an operation that the simulator serves: no case of such is run. Of
/// the other things that no table has, no table can have any: `models.py` refuses to write what it does not know.
fn typed_header() -> Option<String> {
    SERVICES.iter().map(|service| (service.model)()).find_map(|model| {
        let mut members = model.shapes.values().flat_map(|shape| &shape.members);
        let typed = |member: &Member| {
            member.location.as_deref() == Some("header") && model.shape(&member.shape).media_type.is_some()
        };
        members.find(|(_, member)| typed(member)).map(|(name, _)| format!("{}'s {name}", model.service))
    })
}

impl Case {
    fn run(&self, model: &Model) -> Result<(), String> {
        match self.kind {
            Kind::Request => self.read(model),
            Kind::Malformed => self.refused(model),
            Kind::Answer => self.answered(model),
            Kind::Error => self.failed(model),
        }
    }

    fn request(&self) -> Result<Request<Bytes>, String> {
        let mut request = Request::builder().method(self.request.method.as_str()).uri(self.request.uri.as_str());
        for (name, value) in &self.request.headers {
            request = request.header(name, value);
        }
        let body = if self.request.bytes {
            protocol::base64_decode(&self.request.body).ok_or("the suite's body is no base64")?
        } else {
            self.request.body.clone().into_bytes()
        };
        request.body(Bytes::from(body)).map_err(|error| format!("{}: {error}", self.request.uri))
    }

    /// What the codec makes of the request: its members, or the refusal.
    fn asked(&self, model: &Model) -> Result<Result<Value, (Refusal, Vec<String>)>, String> {
        let request = self.request()?;
        let request = protocol::addressed(model, &request);
        let form = Form::of(&request);
        let spoken = protocol::spoken(model, &request);
        let name = match protocol::operation(model, spoken, &request, &form) {
            Asked::Operation(name) => name,
            Asked::Nothing(what) => return Ok(Err(((REST_MANNERS.unknown_operation)(&what), Vec::new()))),
        };
        if name != self.operation {
            return Err(format!("it was taken for {name}"));
        }
        let operation = &model.operations[&name];
        if let Err(refusal) = protocol::carried(model, spoken, operation, &request, &form) {
            return Ok(Err((refusal, Vec::new())));
        }
        Ok(protocol::decode(model, spoken, operation, &request, &form).map_err(|violations| {
            let places = violations.iter().map(|violation| violation.path.clone()).collect();
            ((REST_MANNERS.violations)(&violations), places)
        }))
    }

    fn read(&self, model: &Model) -> Result<(), String> {
        let found = self.asked(model)?.map_err(|(refusal, _)| format!("it was refused: {}", refusal.message))?;
        let shape = model.input(&model.operations[&self.operation]);
        let mut wanted = members::of(model, shape, &self.members)?;
        let mut found = found;
        // Of what is empty nothing goes over the wire, but in a JSON body; and `{}` is no payload or an empty one.
        for (name, member) in &shape.members {
            let silent = model.protocol.is_xml() || member.location.is_some() || shape.payload.as_ref() == Some(name);
            for value in [&mut wanted, &mut found] {
                let empty = match value.get(name) {
                    Value::List(items) => items.is_empty(),
                    Value::Record(entries) => entries.is_empty(),
                    _ => false,
                };
                if empty && silent {
                    value.set(name, Value::Absent);
                }
            }
        }
        let (found, wanted) = (members::shown(&found), members::shown(&wanted));
        if found == wanted { Ok(()) } else { Err(format!("it was read as {found}, not as {wanted}")) }
    }

    fn refused(&self, model: &Model) -> Result<(), String> {
        let (refusal, places) = match self.asked(model)? {
            Ok(value) => {
                return Err(format!(
                    "{} {} was read as {}",
                    self.request.uri,
                    self.request.body,
                    members::shown(&value)
                ));
            }
            Err(refused) => refused,
        };
        let code = self.answer.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("x-amzn-errortype"));
        let code = code.map(|(_, code)| code.as_str()).unwrap_or_default();
        if refusal.status != self.answer.status {
            return Err(format!("it was refused with {:?} {}", refusal.status, refusal.code));
        }
        if code != "ValidationException" {
            return if refusal.code == code {
                Ok(())
            } else {
                Err(format!("its code was {}, not {code}", refusal.code))
            };
        }
        // Whose constraint is broken each service says in its own words, so the member is what is compared.
        let wanted = self.answer.body.as_deref().map(serde_json::from_str::<Json>);
        let Some(Ok(wanted)) = wanted else { return Ok(()) };
        let fields = wanted["fieldList"].as_array().cloned().unwrap_or_default();
        for field in fields {
            let path = field["path"].as_str().unwrap_or_default();
            if !places.iter().any(|place| same_place(place, path)) {
                return Err(format!("{path} was not refused, but {places:?}"));
            }
        }
        Ok(())
    }

    fn answered(&self, model: &Model) -> Result<(), String> {
        let operation = &model.operations[&self.operation];
        let value = members::of(model, model.output(operation), &self.members)?;
        let id = self.answer.body.as_deref().and_then(tree::request_id);
        let id = id.or_else(|| self.answer.headers.get("X-Amzn-Requestid").cloned()).unwrap_or_else(|| "id".to_owned());
        let answer = protocol::encode(model, model.protocol, &self.operation, operation, &value, &id)
            .map_err(|error| error.to_string())?;
        self.compare(model, &answer)
    }

    fn failed(&self, model: &Model) -> Result<(), String> {
        let code = self.code.clone().ok_or("the error has no code")?;
        let shape = model.error_shape(&code).ok_or("the error has no shape")?;
        let Value::Record(mut given) = members::of(model, shape, &self.members)? else {
            return Err("no members".into());
        };
        let name = given.keys().find(|name| name.eq_ignore_ascii_case("message")).cloned();
        // A shape without one still has its message in the answer.
        let message = match name {
            Some(name) => given.shift_remove(&name).and_then(|value| value.text().map(str::to_owned)),
            None => self.answer.body.as_deref().and_then(|body| tree::text_of(body, "Message")),
        };
        let mut refusal = Refusal::new(code, message.unwrap_or_default());
        refusal.members = given.into_iter().collect::<Record>();
        let id = self.answer.body.as_deref().and_then(tree::request_id).unwrap_or_else(|| "id".to_owned());
        self.compare(model, &protocol::encode_refusal(model, model.protocol, &refusal, &id))
    }

    /// Whether an answer is what the suite says, in status, headers and what its body means.
    fn compare(&self, model: &Model, answer: &Response<Bytes>) -> Result<(), String> {
        if self.answer.status.is_some_and(|status| status != answer.status().as_u16()) {
            return Err(format!("its status was {}, not {:?}", answer.status(), self.answer.status));
        }
        for (name, wanted) in &self.answer.headers {
            let length = answer.body().len().to_string();
            // The server adds the length to every answer.
            let found = match answer.headers().get(name) {
                None if name.eq_ignore_ascii_case("content-length") => Some(length.as_str()),
                found => found.and_then(|value| value.to_str().ok()),
            };
            // XML has gone by two names, and says its characters' encoding.
            let alike = |found: &str| found == wanted || (is_xml(found) && is_xml(wanted));
            if !found.is_some_and(alike) {
                return Err(format!("its header {name} was {found:?}, not {wanted:?}"));
            }
        }
        if let Some(name) = self.answer.forbidden.iter().find(|name| answer.headers().contains_key(name.as_str())) {
            return Err(format!("it has the header {name}"));
        }
        let Some(wanted) = &self.answer.body else { return Ok(()) };
        if model.protocol == Protocol::RpcCbor {
            let wanted = protocol::base64_decode(wanted).ok_or("the suite's body is no base64")?;
            return members::alike_cbor(answer.body(), &wanted);
        }
        let body = std::str::from_utf8(answer.body()).map_err(|error| error.to_string())?;
        let alike = match model.protocol {
            Protocol::RestJson | Protocol::AwsJson | Protocol::RpcCbor => {
                let is_json = self.answer.media.as_deref().is_none_or(|media| media == "application/json");
                let read = |text: &str| serde_json::from_str::<Json>(text).ok();
                match (is_json, read(body), read(wanted)) {
                    (true, Some(found), Some(wanted)) => members::alike(&found, &members::short(wanted)),
                    _ => body == wanted,
                }
            }
            Protocol::RestXml if body == wanted => true,
            Protocol::Ec2Query | Protocol::AwsQuery | Protocol::RestXml => {
                wanted.is_empty() || tree::alike(body, wanted)?
            }
        };
        if alike { Ok(()) } else { Err(format!("its body was {body}, not {wanted}")) }
    }
}

fn is_xml(kind: &str) -> bool {
    matches!(kind.split(';').next(), Some("text/xml" | "application/xml"))
}

/// `foo.1.member.bar` and `/foo/0/bar` are one place; what stands in a map is compared to its holder.
fn same_place(ours: &str, theirs: &str) -> bool {
    let ours: Vec<&str> = ours.split('.').filter(|part| !part.is_empty() && *part != "member").collect();
    let theirs: Vec<&str> = theirs.split('/').filter(|part| !part.is_empty()).collect();
    let alike = |(ours, theirs): (&&str, &&str)| {
        let counted = |number: &str| number.parse::<usize>().ok();
        ours == theirs || matches!((counted(ours), counted(theirs)), (Some(ours), Some(theirs)) if ours == theirs + 1)
    };
    theirs.len() <= ours.len() && ours.iter().zip(&theirs).all(alike) && ours.len() - theirs.len() <= 1
}
