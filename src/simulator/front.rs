//! A request's way through the simulator, in AWS's order: who is not known gets no further than the signature; faults on
//! order strike whoever is; then each request takes its tokens, sound or not; then come the version and the model, IAM,
//! the handler's transaction, the journal, the answer.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashSet, VecDeque};

use bytes::Bytes;
use http::{Request, Response};
use jiff::Timestamp;
use rand::RngCore;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use crate::addressee;
use crate::client_token;
use crate::clock::WorldClock;
use crate::costexplorer::tag_key;
use crate::faults::{FaultKind, Faults};
use crate::iam::authorization;
use crate::identity::{Credential, Identity};
use crate::model::{Model, Operation, Protocol};
use crate::protocol::{self, Asked, Form};
use crate::refusal::{NOT_SIMULATED, Refusal};
use crate::route53::domain::Domain;
use crate::service::{Handler, Service};
use crate::signature::{self, AuthFlaw};
use crate::throttle::Buckets;
use crate::unserved_service;
use crate::upkeep::{Furnished, commit};
use crate::value::Value;
use crate::world::{Holder, Journal, Pending, Principal, Scope, State, Tx, WorldError};

/// No answer: the connection is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The connection was reset before the request had any effect.
    #[error("connection reset before the request was handled")]
    Reset,
    /// The request had its effect, and its answer was lost.
    #[error("connection reset before the answer arrived")]
    AnswerLost,
}

/// One call, for the log.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Call {
    /// The world's time.
    pub at: Timestamp,
    /// The service's name, as signed.
    pub service: String,
    /// The operation, as far as it could be told.
    pub operation: String,
    /// The region, as signed.
    pub region: String,
    /// The HTTP status of the answer; none where the connection was lost.
    pub status: Option<u16>,
    /// The error's code, if it was refused.
    pub code: Option<String>,
    /// The request's id.
    pub request_id: String,
}

/// Adds the tables that belong to no service.
pub(crate) fn tables(tables: &mut crate::world::Tables) {
    tables.add::<Pending>();
    tables.add::<crate::world::Drawn>();
    tables.add::<Furnished>();
    tables.add::<Credential>();
    tables.add::<client_token::UsedToken>();
}

/// The header with the world's time.
const NOW: &str = "x-fathuss-now";
/// The header with the seconds of the world in one of the wall's, or `instant` where nothing takes time.
const SPEED: &str = "x-fathuss-speed";

/// Calls kept in the log.
const LOGGED: usize = 100_000;

/// Everything behind the simulator's lock.
pub(crate) struct Core {
    pub(crate) services: &'static [&'static Service],
    pub(crate) state: State,
    pub(crate) clock: WorldClock,
    pub(crate) journal: Option<Journal>,
    pub(crate) faults: Faults,
    pub(crate) buckets: Buckets,
    pub(crate) throttling: bool,
    pub(crate) rate: f64,
    pub(crate) holder: Holder,
    pub(crate) enforce_iam: bool,
    pub(crate) identities: Vec<Identity>,
    pub(crate) account_secret: Option<String>,
    pub(crate) domains: Vec<Domain>,
    pub(crate) request_ids: ChaCha8Rng,
    pub(crate) calls: BTreeMap<String, u64>,
    pub(crate) log: VecDeque<Call>,
}

/// What comes of a request.
pub(crate) struct Outcome {
    pub(crate) answer: Result<Response<Bytes>, Fault>,
    /// Seconds of the wall's clock that the answer is held back.
    pub(crate) delay: f64,
}

/// A request as far as it can be read without the world, and so while another is being served.
pub(crate) struct Arrived<'r> {
    request: &'r Request<Bytes>,
    form: Form,
    claim: Result<signature::Claim, AuthFlaw>,
}

impl<'r> Arrived<'r> {
    pub(crate) fn of(request: &'r Request<Bytes>) -> Self {
        Arrived { request, form: Form::of(request), claim: signature::claim(request) }
    }
}

struct Asking<'r> {
    request: &'r Request<Bytes>,
    service: &'static Service,
    model: &'static Model,
    spoken: Protocol,
    region: String,
    operation: String,
    form: Form,
    principal: Principal,
    /// Whether what is made is to fail.
    doomed: bool,
}

impl Core {
    /// Handles a request. `signed_now` is the time that signatures are checked against, where it is not the world's.
    pub(crate) fn handle(&mut self, arrived: Arrived<'_>, signed_now: Option<Timestamp>) -> Outcome {
        let now = self.clock.now();
        let request_id = self.request_id();
        let mut call = Call {
            at: now,
            service: String::new(),
            operation: String::new(),
            region: String::new(),
            status: None,
            code: None,
            request_id: request_id.clone(),
        };
        let bodiless = arrived.request.method() == http::Method::HEAD;
        let as_json = protocol::wants_json(arrived.request);
        let mut outcome = self.settle(now).map_or_else(
            |error| Outcome { answer: Ok(broken(&error)), delay: 0.0 },
            |()| self.route(arrived, now, signed_now, &mut call),
        );
        if self.journal.as_ref().is_some_and(Journal::is_stale) {
            // What can't be written anew goes on as it is: the lines of every change are there.
            let _ = self.compact();
        }
        if let Ok(answer) = &mut outcome.answer {
            call.status = Some(answer.status().as_u16());
            if bodiless {
                // Who asks for the head alone gets no body, not even a refusal's.
                *answer.body_mut() = Bytes::new();
            } else if as_json && call.service == "sts" {
                protocol::to_json(answer);
            }
            self.stamp(now, answer);
        }
        self.note(call);
        outcome
    }

    /// Keeps a call in the log.
    pub(crate) fn note(&mut self, call: Call) {
        *self.calls.entry(format!("{}.{}", call.service, call.operation)).or_default() += 1;
        if self.log.len() == LOGGED {
            self.log.pop_front();
        }
        self.log.push_back(call);
    }

    /// Says in an answer that it comes from here, what time it is, and how fast time goes.
    pub(crate) fn stamp(&self, now: Timestamp, answer: &mut Response<Bytes>) {
        let speed = if self.state.instant { "instant".to_owned() } else { self.clock.speed().to_string() };
        for (name, text) in [(NOW, now.to_string()), (SPEED, speed)] {
            if let Ok(value) = http::HeaderValue::from_str(&text) {
                answer.headers_mut().insert(name, value);
            }
        }
    }

    /// Leads a request to its service and answers it, or says why not, in that service's words.
    fn route(
        &mut self,
        arrived: Arrived<'_>,
        now: Timestamp,
        signed_now: Option<Timestamp>,
        call: &mut Call,
    ) -> Outcome {
        let answered = |answer| Outcome { answer: Ok(answer), delay: 0.0 };
        let Arrived { request, form, claim } = arrived;
        let claim = claim.or_else(|flaw| self.unsigned(&flaw, &form).ok_or(flaw));
        let name = match &claim {
            Ok(claim) => claim.service.clone(),
            Err(_) => addressee::of(self.services, request, &form),
        };
        // Some clients sign for `Backup` where they are told another address than AWS's own.
        let mut known = self.services.iter().copied().filter(|service| service.name.eq_ignore_ascii_case(&name));
        call.service = known.clone().next().map_or_else(|| name.clone(), |service| service.name.to_owned());
        // Where two APIs have one name, the version tells which is meant.
        let is_of =
            |service: &&Service| form.get("Version").is_none_or(|one| !service.manners.elsewhere.contains(&one));
        let Some(service) = known.find(is_of) else {
            call.operation = unserved_service::operation(request, &form);
            call.code = Some(NOT_SIMULATED.to_owned());
            return answered(unserved_service::answer(request, &form, &name, &call.request_id));
        };
        let model = (service.model)();
        let size = request.body().len();
        let request = &*protocol::addressed(model, request);
        let spoken = protocol::spoken(model, request);
        let refuse = |refusal: Refusal, call: &mut Call| {
            call.code = Some(refusal.code.to_string());
            protocol::encode_refusal(model, spoken, &refusal, &call.request_id)
        };
        let asked = protocol::operation(model, spoken, request, &form);
        let known = match &asked {
            Asked::Operation(name) | Asked::Nothing(name) => name.clone(),
        };
        call.operation.clone_from(&known);
        if let Some(refusal) = protocol::too_large(model, &known, size) {
            return answered(refuse(refusal, call));
        }
        if let Some(answer) = self.open(service, request, now) {
            return answered(answer.unwrap_or_else(|refusal| refuse(refusal, call)));
        }
        let claim = match claim {
            Ok(claim) => claim,
            Err(flaw) => return answered(refuse((service.manners.unauthenticated)(&flaw), call)),
        };
        call.region.clone_from(&claim.region);
        let principal = match self.admit(service, &claim, now, signed_now.unwrap_or(now)) {
            Ok(principal) => principal,
            Err(refusal) => return answered(refuse(refusal, call)),
        };
        let struck = self.faults.strike(service.name, &known, &claim.region);
        let delay = held_back(&struck) / self.clock.speed();
        if struck.contains(&FaultKind::Reset) {
            return Outcome { answer: Err(Fault::Reset), delay };
        }
        if let Some(refusal) = refused_on_order(service, &known, &struck) {
            return Outcome { answer: Ok(refuse(refusal, call)), delay };
        }
        let region = claim.region.clone();
        let doomed = struck.contains(&FaultKind::CreateFailed);
        let asking = Asking { request, service, model, spoken, region, operation: known, form, principal, doomed };
        let mut answer = match self.serve(&asking, asked, now, &call.request_id) {
            Ok(answer) => answer,
            Err(refusal) => refuse(refusal, call),
        };
        self.beside(service, request, now, &mut answer);
        if struck.contains(&FaultKind::AnswerLost) {
            return Outcome { answer: Err(Fault::AnswerLost), delay };
        }
        Outcome { answer: Ok(answer), delay }
    }

    /// Serves what a caller asks of a service that is here.
    fn serve(
        &mut self,
        asking: &Asking<'_>,
        asked: Asked,
        now: Timestamp,
        request_id: &str,
    ) -> Result<Response<Bytes>, Refusal> {
        if let Some(refusal) = protocol::misdirected(asking.model, asking.request) {
            return Err(refusal);
        }
        let operation = known_operation(asking, asked)?;
        let Asking { request, model, spoken, form, .. } = asking;
        let (value, violations) = protocol::read(model, *spoken, operation, request, form);
        let (unknown, violations) = protocol::passed_over(model, *spoken, violations);
        self.throttle(asking, &value, now)?;
        self.sound(asking, operation)?;
        let principal = asking.principal.clone();
        let scope = Scope { account: principal.account.clone(), region: asking.region.clone() };
        if !violations.is_empty() && self.state.switches.is_on("model") {
            let tx = Tx::begin(&mut self.state, scope, now, principal, &asking.operation, true);
            (asking.service.manners.before_violations)(&tx, &value, &violations)?;
            return Err((asking.service.manners.violations)(&violations));
        }
        self.furnish(&scope, now, &principal).map_err(|error| storage(asking.service, &error))?;
        let Some(handler) = asking.service.handler(&asking.operation) else {
            return Err(Refusal::not_simulated(format!("{} {}", asking.service.name, asking.operation)));
        };
        let reading = ["Describe", "Get", "Head", "List"].iter().any(|start| asking.operation.starts_with(start));
        let mut tx = Tx::begin(&mut self.state, scope, now, principal, &asking.operation, reading);
        tx.doom(asking.doomed);
        tx.judge(self.enforce_iam);
        authorization::authorize(&mut tx, asking.service, &asking.operation, &value)?;
        let answer = handle_once(&mut tx, asking, &value, unknown, handler)?;
        if !reading {
            tag_key::note(&mut tx, &value);
        }
        let response = protocol::encode(asking.model, asking.spoken, &asking.operation, operation, &answer, request_id)
            .map_err(|error| defect(&asking.operation, &error))?;
        commit(tx, &mut self.journal).map_err(|error| storage(asking.service, &error))?;
        Ok(response)
    }

    /// Refuses what the protocol does not allow.
    fn sound(&self, asking: &Asking<'_>, operation: &Operation) -> Result<(), Refusal> {
        let Asking { request, service, model, spoken, form, .. } = asking;
        if spoken.is_form() && self.state.switches.is_on("version") {
            version(service, model, form)?;
        }
        protocol::carried(model, *spoken, operation, request, form)
    }

    /// Takes a request's tokens out of its account's buckets.
    fn throttle(&mut self, asking: &Asking<'_>, value: &Value, now: Timestamp) -> Result<(), Refusal> {
        if !self.throttling || !self.state.switches.is_on("throttling") {
            return Ok(());
        }
        let Asking { service, region, operation: name, principal, .. } = asking;
        let manners = &service.manners;
        let (buckets, account, rate) = (&mut self.buckets, &principal.account, self.rate);
        let for_request = (manners.bucket)(name, value);
        if for_request.is_some_and(|bucket| !buckets.take(account, region, &bucket, rate, now)) {
            return Err((manners.throttled)(name));
        }
        let for_things = (manners.resources)(name, value);
        if for_things.is_some_and(|(bucket, tokens)| !buckets.take_many(account, region, &bucket, tokens, rate, now)) {
            return Err((manners.throttled)(name));
        }
        Ok(())
    }

    pub(crate) fn request_id(&mut self) -> String {
        let (high, low) = (self.request_ids.next_u64(), self.request_ids.next_u64());
        let tail = low & 0xffff_ffff_ffff;
        format!("{:08x}-{:04x}-4{:03x}-9{:03x}-{tail:012x}", high >> 32, (high >> 16) & 0xffff, high & 0xfff, low >> 52)
    }
}

/// Seconds of the world's time that the faults which struck hold an answer back.
fn held_back(struck: &[FaultKind]) -> f64 {
    struck.iter().map(|fault| if let FaultKind::Delay { seconds } = fault { *seconds } else { 0.0 }).sum()
}

/// What the first of the faults that struck says in place of the service.
fn refused_on_order(service: &Service, operation: &str, struck: &[FaultKind]) -> Option<Refusal> {
    struck.iter().find_map(|fault| match fault {
        FaultKind::Throttle => Some((service.manners.throttled)(operation)),
        FaultKind::Unavailable { status } => Some((service.manners.unavailable)(*status)),
        FaultKind::Refuse { code, message, status } => {
            Some(Refusal::new(code.clone(), message.clone()).status(*status))
        }
        FaultKind::Reset | FaultKind::AnswerLost | FaultKind::CreateFailed | FaultKind::Delay { .. } => None,
    })
}

/// The operation that is asked for, where the service has it and it is served here.
fn known_operation(asking: &Asking<'_>, asked: Asked) -> Result<&'static Operation, Refusal> {
    let Asking { service, model, operation: name, .. } = asking;
    if let Asked::Nothing(what) = asked {
        return Err((service.manners.unknown_operation)(&what));
    }
    model.operations.get(name).ok_or_else(|| {
        if model.unserved.contains_key(name) {
            Refusal::not_simulated(format!("{} {name}", service.name))
        } else {
            (service.manners.unknown_operation)(name)
        }
    })
}

/// The handler's answer, or the first one where the request comes again with its token; what the handler left unread,
/// what the API's model does not have, and what was only to be tried, is refused.
fn handle_once(
    tx: &mut Tx<'_>,
    asking: &Asking<'_>,
    value: &Value,
    unknown: Vec<String>,
    handler: Handler,
) -> Result<Value, Refusal> {
    let Asking { service, model, operation: name, .. } = asking;
    let read = RefCell::new(HashSet::new());
    let dry = model.protocol == Protocol::Ec2Query && value.get("DryRun").bool() == Some(true);
    read.borrow_mut().insert("DryRun".to_owned());
    let result = client_token::idempotent(tx, service.name, service.manners.tokens.as_ref(), value, &read, handler);
    let answer = result.map_err(|refusal| match refusal.undeclared(&model.errors) {
        Some(why) => defect(name, &why),
        None => refusal,
    })?;
    if tx.is_doomed() {
        return Err(Refusal::not_simulated(format!("a failing {} {name}", service.name)));
    }
    let mut unread = crate::input::Input::new(value, &read).unread();
    unread.extend(unknown);
    if !unread.is_empty() && tx.rule("unread") {
        return Err(Refusal::not_simulated(format!("{} {name} with {}", service.name, unread.join(", "))));
    }
    if dry {
        let message = "Request would have succeeded, but DryRun flag is set.";
        return Err(Refusal::new("DryRunOperation", message).status(412));
    }
    Ok(answer)
}

/// What the simulator itself got wrong.
fn defect(operation: &str, why: &dyn std::fmt::Display) -> Refusal {
    Refusal::new("SimulatorDefect", format!("{operation}: {why}")).status(500)
}

fn version(service: &Service, model: &Model, form: &Form) -> Result<(), Refusal> {
    match form.get("Version") {
        Some(version) if version == model.version || service.manners.versions.contains(&version) => Ok(()),
        Some(version) => Err(Refusal::new(
            "NoSuchVersion",
            format!("The requested version ({version}) of service {} does not exist", model.service),
        )),
        None => Err(Refusal::new("MissingParameter", "The request must contain the parameter Version")),
    }
}

pub(crate) fn storage(service: &Service, error: &WorldError) -> Refusal {
    let mut refusal = (service.manners.unavailable)(500);
    refusal.message = format!("the simulator could not keep the effect, which is undone: {error}");
    refusal
}

fn broken(error: &WorldError) -> Response<Bytes> {
    protocol::response(500, "text/plain", format!("the simulator cannot write its world: {error}"))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use crate::client::Client;
    use crate::signature::tests::sign;
    use crate::{Config, Fault, FaultKind, FaultRule, Simulator};

    // The header is on every answer that the AWS SDKs' pages show: "x-amzn-RequestId".
    #[tokio::test(start_paused = true)]
    async fn an_answer_of_ec2_has_its_requests_id_in_its_head_as_in_its_body() {
        let client = Client::calm();
        for (action, status, element) in [("DescribeVpcs", 200, "requestId"), ("CreateVpc", 400, "RequestID")] {
            let request = client.query_request("ec2", "2016-11-15", action, &[]);
            let answer = client.simulator.handle(request).await.unwrap();
            assert_eq!(answer.status(), status, "{action}");
            let id = answer.headers()["x-amzn-requestid"].to_str().unwrap();
            let text = String::from_utf8(answer.body().to_vec()).unwrap();
            assert!(text.contains(&format!("<{element}>{id}</{element}>")), "{id}: {text}");
        }
    }

    // <https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html> and
    // <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>
    #[tokio::test(start_paused = true)]
    async fn what_is_too_large_is_refused_in_its_services_own_way() {
        let client = Client::calm();
        let large = "x".repeat(crate::protocol::LARGEST + 1);
        let role = [("RoleName", large.as_str())];
        let refused = client.query("iam", "2010-05-08", "GetRole", &role).await;
        assert_eq!((refused.status, refused.code.as_str()), (413, "RequestEntityTooLargeException"));
        let refused = client.try_ec2("DescribeVpcs", &[("VpcId.1", &large)]).await;
        assert_eq!((refused.status, refused.code.as_str()), (413, "RequestEntityTooLarge"));
        let body = serde_json::json!({ "name": large });
        let refused = client.rest("eks", "POST", "/clusters", Some(body.clone())).await;
        assert_eq!((refused.status, refused.code.as_str()), (413, "RequestEntityTooLargeException"));
        let request = client.json_request("kms", "TrentService", "CreateKey", &body);
        let refused = client.send(request).await.unwrap();
        assert_eq!((refused.status, refused.code.as_str()), (413, "RequestEntityTooLargeException"));
        let refused = client.rest("s3", "PUT", "/bucket/key", Some(body.clone())).await;
        assert_eq!((refused.status, refused.code.as_str()), (404, "NoSuchBucket"), "objects are larger");
        let object = serde_json::json!("x".repeat(crate::protocol::LARGEST_OBJECT));
        let refused = client.rest("s3", "PUT", "/bucket/key", Some(object)).await;
        assert_eq!((refused.status, refused.code.as_str()), (501, "NotSimulated"), "S3 takes far more");
        let refused = client.rest("s3", "PUT", "/bucket?tagging", Some(body)).await;
        assert_eq!((refused.status, refused.code.as_str()), (400, "MaxMessageLengthExceeded"));
    }

    #[tokio::test(start_paused = true)]
    async fn what_xml_cannot_carry_is_refused_in_xml_that_can_be_read() {
        let client = Client::calm();
        let tag = |text: &'static str| {
            [
                ("CidrBlock", "10.0.0.0/16"),
                ("TagSpecification.1.ResourceType", "vpc"),
                ("TagSpecification.1.Tag.1.Key", text),
                ("TagSpecification.1.Tag.1.Value", "x"),
            ]
        };
        client.ec2("CreateVpc", &tag("tab\tand \u{1F600}")).await;
        let refused = client.query("ec2", "2016-11-15", "CreateVpc", &tag("bad\u{1b}key")).await;
        assert_eq!(refused.status, 400, "{}", refused.text);
        assert!(refused.message.contains("bad\u{FFFD}key"), "{}", refused.text);
        assert!(!refused.text.contains('\u{1b}'));
        let role = [("RoleName", "a"), ("AssumeRolePolicyDocument", "{}"), ("Description", "\u{0}")];
        let refused = client.query("iam", "2010-05-08", "CreateRole", &role).await;
        assert_eq!((refused.status, refused.code.as_str()), (400, "ValidationError"), "{}", refused.text);
        assert!(!refused.text.contains('\u{0}'));
    }

    #[tokio::test(start_paused = true)]
    async fn what_aws_lacks_and_what_is_not_built_are_told_apart() {
        let client = Client::calm();
        client.refused("InventVpc", &[], "InvalidAction").await;
        let unbuilt = client.refused("CreateTransitGateway", &[], "NotSimulated").await;
        assert_eq!(unbuilt.status, 501);
        let elsewhere = client.query("sqs", "2012-11-05", "ListQueues", &[]).await;
        assert_eq!((elsewhere.status, elsewhere.code.as_str()), (501, "NotSimulated"));
        client.refused("DescribeVpcs", &[("Colour", "red")], "UnknownParameter").await;
        client.refused("DeleteVpc", &[], "MissingParameter").await;
        assert_eq!(client.query("ec2", "1999-01-01", "DescribeVpcs", &[]).await.code, "NoSuchVersion");
    }

    #[tokio::test(start_paused = true)]
    async fn a_method_and_path_that_aws_has_and_is_not_built_is_not_simulated() {
        let client = Client::calm();
        for (method, path, name) in [
            ("POST", "/clusters/c/capabilities", "CreateCapability"),
            ("GET", "/clusters/c/insights/i", "DescribeInsight"),
            ("POST", "/clusters/c/insights", "ListInsights"),
            ("GET", "/clusters/c/identity-provider-configs", "ListIdentityProviderConfigs"),
            ("POST", "/cluster-registrations", "RegisterCluster"),
        ] {
            let refused = client.rest("eks", method, path, None).await;
            assert_eq!((refused.status, refused.code.as_str()), (501, "NotSimulated"), "{}", refused.text);
            assert!(refused.message.contains(name), "{}", refused.message);
        }
        let invented = client.rest("eks", "POST", "/clusters/c/inventions", None).await;
        assert_eq!((invented.status, invented.code.as_str()), (404, "UnknownOperationException"), "{}", invented.text);
    }

    #[tokio::test(start_paused = true)]
    async fn faults_strike_by_rule_before_or_after_the_effect() {
        let client = Client::calm();
        let order =
            |fault| FaultRule { operation: Some("CreateVpc".into()), times: Some(1), ..FaultRule::always(fault) };
        let create = || client.query_request("ec2", "2016-11-15", "CreateVpc", &[("CidrBlock", "10.0.0.0/16")]);
        let count = async || client.ec2("DescribeVpcs", &[]).await.all("vpcId").len();
        client.simulator.set_faults(vec![order(FaultKind::Reset)]);
        assert_eq!(client.send(create()).await.unwrap_err(), Fault::Reset);
        assert_eq!(count().await, 1);
        client.simulator.set_faults(vec![order(FaultKind::AnswerLost)]);
        assert_eq!(client.send(create()).await.unwrap_err(), Fault::AnswerLost);
        assert_eq!(count().await, 2);
        client.simulator.set_faults(vec![order(FaultKind::Throttle)]);
        assert_eq!(client.send(create()).await.unwrap().code, "RequestLimitExceeded");
        client.simulator.set_faults(vec![order(FaultKind::Unavailable { status: 503 })]);
        assert_eq!(client.send(create()).await.unwrap().status, 503);
        assert_eq!(client.send(create()).await.unwrap().status, 200, "each struck once");
        assert_eq!(client.simulator.calls()["ec2.CreateVpc"], 5);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_ordered_to_fail_is_accepted_and_fails_later() {
        let client = Client::calm();
        let vpc = client.vpc("10.0.0.0/16").await;
        let subnet = client.subnet(&vpc, "10.0.0.0/24", "us-east-1a").await;
        let fails = FaultRule { times: Some(1), ..FaultRule::always(FaultKind::CreateFailed) };
        let order = |operation: &str| {
            client.simulator.set_faults(vec![FaultRule { operation: Some(operation.to_owned()), ..fails.clone() }]);
        };
        order("CreateNatGateway");
        let gateway = [("SubnetId", subnet.as_str()), ("ConnectivityType", "private")];
        let made = client.ec2("CreateNatGateway", &gateway).await;
        assert_eq!(made.one("state"), "pending");
        client.wait(150);
        let shown = client.ec2("DescribeNatGateways", &[("NatGatewayId.1", &made.one("natGatewayId"))]).await;
        assert_eq!((shown.one("state"), shown.one("failureCode")), ("failed".to_owned(), "InternalError".to_owned()));
        order("CreateVpc");
        client.refused("CreateVpc", &[("CidrBlock", "10.1.0.0/16")], "NotSimulated").await;
        client.vpc("10.1.0.0/16").await;
    }

    #[tokio::test(start_paused = true)]
    async fn buckets_run_dry_as_documented() {
        let client = Client::of(Simulator::open(Config { lags: Vec::new(), ..Config::new(7) }).unwrap());
        for _ in 0..50 {
            client.ec2("DescribeVolumes", &[]).await;
        }
        let refused = client.refused("DescribeVolumes", &[], "RequestLimitExceeded").await;
        assert_eq!((refused.status, refused.message.as_str()), (503, "Request limit exceeded."));
        client.ec2("DescribeSubnets", &[]).await;
        client.wait(1);
        client.ec2("DescribeVolumes", &[]).await;
    }

    /// <https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html>: each request takes a token.

    #[tokio::test(start_paused = true)]
    async fn what_is_refused_takes_a_token_too_and_who_is_not_known_takes_none() {
        let client = Client::of(Simulator::open(Config { lags: Vec::new(), rate: 0.01, ..Config::new(7) }).unwrap());
        let mut stranger = client.query_request("ec2", "2016-11-15", "DescribeVpcs", &[]);
        sign(&mut stranger, "test", "wrong", "us-east-1", "ec2", client.simulator.now());
        assert_eq!(client.simulator.handle(stranger).await.unwrap().status(), 401);
        let few = [("MaxResults", "3")];
        client.refused("DescribeVpcs", &few, "InvalidParameterValue").await;
        client.refused("DescribeVpcs", &few, "RequestLimitExceeded").await;
    }

    /// <https://docs.aws.amazon.com/eks/latest/APIReference/CommonErrors.html>

    #[tokio::test(start_paused = true)]
    async fn of_a_body_that_can_not_be_read_nothing_is_said_to_be_missing() {
        let client = Client::calm();
        let mut request = http::Request::post("http://eks.us-east-1.amazonaws.com/clusters")
            .header("content-type", "application/json")
            .body(Bytes::from("{\"name\": "))
            .unwrap();
        sign(&mut request, "test", "test", "us-east-1", "eks", client.simulator.now());
        let answer = client.simulator.handle(request).await.unwrap();
        let text = String::from_utf8_lossy(answer.body()).into_owned();
        assert_eq!(answer.status(), 400);
        assert_eq!(answer.headers()["x-amzn-errortype"], "SerializationException", "{text}");
        assert!(!text.contains("null"), "{text}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_fault_is_not_used_up_by_who_is_not_known() {
        let client = Client::calm();
        let once = FaultRule { times: Some(1), ..FaultRule::always(FaultKind::Throttle) };
        client.simulator.set_faults(vec![once]);
        let mut stranger = client.query_request("ec2", "2016-11-15", "DescribeVpcs", &[]);
        sign(&mut stranger, "test", "wrong", "us-east-1", "ec2", client.simulator.now());
        assert_eq!(client.simulator.handle(stranger).await.unwrap().status(), 401);
        client.refused("DescribeVpcs", &[], "RequestLimitExceeded").await;
        client.ec2("DescribeVpcs", &[]).await;
    }

    #[tokio::test(start_paused = true)]
    async fn every_version_of_ec2s_api_is_served_and_no_other_date() {
        let client = Client::calm();
        for version in ["2014-10-01", "2016-09-15", "2016-11-15"] {
            assert_eq!(client.query("ec2", version, "DescribeVpcs", &[]).await.status, 200, "{version}");
        }
        assert_eq!(client.query("ec2", "2016-09-16", "DescribeVpcs", &[]).await.code, "NoSuchVersion");
    }

    #[tokio::test(start_paused = true)]
    async fn reads_can_miss_what_was_just_made_and_writes_do_not() {
        let client = Client::of(Simulator::open(Config { throttling: false, ..Config::new(3) }).unwrap());
        let mut missed = 0;
        for number in 0..4 {
            let vpc = client.vpc(&format!("10.{number}.0.0/16")).await;
            client.subnet(&vpc, &format!("10.{number}.0.0/24"), "us-east-1a").await;
            missed +=
                usize::from(client.try_ec2("DescribeVpcs", &[("VpcId.1", &vpc)]).await.code == "InvalidVpcID.NotFound");
        }
        assert!(missed > 0, "half of what is made is late");
        client.wait(3);
        assert_eq!(client.ec2("DescribeVpcs", &[]).await.all("vpcId").len(), 5);
    }

    #[tokio::test(start_paused = true)]
    async fn a_region_that_refuses_every_call_leaves_the_others_alone() {
        let client = Client::calm();
        let refuse = FaultKind::Refuse { code: "UnauthorizedOperation".into(), message: "no".into(), status: 403 };
        client.simulator.set_faults(vec![FaultRule { region: Some("us-east-1".into()), ..FaultRule::always(refuse) }]);
        client.refused("DescribeVpcs", &[], "UnauthorizedOperation").await;
        let west = Client { simulator: client.simulator.clone(), region: "us-west-2" };
        assert_eq!(west.ec2("DescribeVpcs", &[]).await.all("isDefault"), ["true"]);
    }

    #[tokio::test(start_paused = true)]
    async fn the_simulators_own_paths_show_and_change_it() {
        let client = Client::calm();
        let ask = async |method: &str, path: &str, body: &'static str| {
            let request = http::Request::builder().method(method).uri(format!("http://localhost/_fathuss/{path}"));
            let answer = client.simulator.handle(request.body(Bytes::from(body)).unwrap()).await.unwrap();
            assert!(answer.headers().contains_key("x-fathuss-now"));
            serde_json::from_slice::<serde_json::Value>(answer.body()).unwrap()
        };
        client.vpc("10.0.0.0/16").await;
        assert_eq!(ask("GET", "calls", "").await["ec2.CreateVpc"], 1);
        assert_eq!(ask("GET", "world/ec2.vpc", "").await.as_array().unwrap().len(), 2);
        assert_eq!(ask("GET", "durations", "").await[0]["kind"], "ec2.vpc.create");
        let before = client.simulator.now();
        ask("POST", "clock", "{\"advance_seconds\": 60}").await;
        assert_eq!(client.simulator.now().duration_since(before).as_secs(), 60);
        ask("PUT", "rules", "{\"id\": \"ec2.vpc.quota\", \"on\": false}").await;
        assert!(client.simulator.rules().iter().any(|(rule, on)| rule.id == "ec2.vpc.quota" && !on));
        ask("PUT", "faults", "[{\"fault\": {\"kind\": \"throttle\"}}]").await;
        client.refused("DescribeVpcs", &[], "RequestLimitExceeded").await;
        assert!(ask("PUT", "faults", "{}").await["error"].is_string());
        assert_eq!(ask("DELETE", "faults", "").await, serde_json::json!([]));
        client.ec2("DescribeVpcs", &[]).await;
        assert_eq!(ask("GET", "health", "").await["status"], "ok");
    }

    #[tokio::test(start_paused = true)]
    async fn every_answer_tells_the_worlds_time_and_how_fast_it_goes() {
        let time = crate::Time::Scaled { wall: std::sync::Arc::new(crate::SystemClock), speed: 60.0 };
        let client = Client::of(Simulator::open(Config { time, ..Config::calm(1) }).unwrap());
        let admin = http::Request::get("http://localhost/_fathuss/clock").body(Bytes::new()).unwrap();
        for request in [client.query_request("ec2", "2016-11-15", "DescribeVpcs", &[]), admin] {
            let before = client.simulator.now();
            let answer = client.simulator.handle(request).await.unwrap();
            let header = |name| answer.headers().get(name).unwrap().to_str().unwrap();
            assert!((before..=client.simulator.now()).contains(&header("x-fathuss-now").parse().unwrap()));
            assert_eq!(header("x-fathuss-speed"), "60");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_says_so_where_nothing_takes_time() {
        let client = Client::of(Simulator::open(Config { instant: true, ..Config::calm(1) }).unwrap());
        let request = client.query_request("ec2", "2016-11-15", "DescribeVpcs", &[]);
        assert_eq!(client.simulator.handle(request).await.unwrap().headers()["x-fathuss-speed"], "instant");
    }

    // No service's page says that it refuses a member that it does not know but EC2's, and the API may have one newly.
    #[tokio::test(start_paused = true)]
    async fn a_member_that_no_table_has_is_not_simulated_where_aws_refuses_nothing() {
        let client = Client::calm();
        client.refused("DescribeVpcs", &[("Colour", "red")], "UnknownParameter").await;
        let role = [("RoleName", "r"), ("Colour", "red"), ("AssumeRolePolicyDocument", "{}")];
        let refused = client.query("iam", "2010-05-08", "CreateRole", &role).await;
        assert_eq!((refused.status, refused.code.as_str()), (400, "MalformedPolicyDocument"));
        let unknown = client.query("iam", "2010-05-08", "ListRoles", &role[1..2]).await;
        assert!(unknown.status == 501 && unknown.text.contains("iam ListRoles with Colour"), "{}", unknown.text);
        let nested = serde_json::json!({ "Tags": [{ "TagKey": "a", "TagValue": "b", "Colour": "red" }] });
        let unknown = client.send(client.json_request("kms", "TrentService", "CreateKey", &nested)).await.unwrap();
        assert!(unknown.status == 501 && unknown.text.contains("Tags.1.Colour"), "{}", unknown.text);
        let (kept, none) = (client.kms("ListKeys", serde_json::json!({})).await, serde_json::json!([]));
        assert_eq!(kept["Keys"], none, "nothing is made of it");
        let unknown = client.rest("eks", "GET", "/clusters?colour=red", None).await;
        assert_eq!((unknown.status, unknown.code.as_str()), (501, "NotSimulated"));
    }

    #[tokio::test]
    async fn sockets_serve_the_same_and_check_wall_time() {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let simulator = Simulator::open(Config::calm(1)).unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let served = simulator.clone();
        let server = tokio::spawn(async move { served.serve(listener, std::sync::Arc::new(crate::SystemClock)).await });
        let client = Client::of(simulator);
        let mut request = client.query_request("ec2", "2016-11-15", "DescribeVpcs", &[]);
        sign(&mut request, "test", "test", "us-east-1", "ec2", jiff::Timestamp::now());
        let mut text = String::from("POST / HTTP/1.1\r\nconnection: close\r\n");
        for (name, value) in request.headers() {
            text.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap()));
        }
        text.push_str(&format!("content-length: {}\r\n\r\n", request.body().len()));
        text.push_str(std::str::from_utf8(request.body()).unwrap());
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        server.abort();
        assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.contains("x-fathuss-now"), "{answer}");
    }
}
