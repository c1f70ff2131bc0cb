//! Requests of every kind through the front door: none makes the simulator panic, none that it does not wholly
//! understand succeeds, and each is answered, soon, in its service's protocol.
//!
//! Requests are made from the API tables: such as a client sends, and spoilt ones. `cargo test` runs a sample;
//! `cargo xtask fuzz SECONDS` as many as fit. What failed once is kept in `found.txt` and runs first.

mod answer;
mod choices;
mod draft;
mod kept;
mod sample;
mod sockets;
mod spoil;
#[path = "../suites/tree.rs"]
mod tree;
mod written;

use std::cell::Cell;
use std::time::{Duration, Instant};

use fathuss_simulator::model::Model;
use fathuss_simulator::protocol::{self, Asked, Form};
use fathuss_simulator::{Config, SERVICES, Simulator, Value};
use proptest::collection::vec;
use proptest::prelude::any;
use proptest::test_runner::{Config as Runs, FileFailurePersistence, TestCaseError, TestRunner};

use choices::Choices;
use draft::Draft;
use spoil::Due;

/// Cases of each property in a sample.
const SAMPLE: u32 = 600;
/// Requests that one world gets.
const LONGEST: usize = 10;
/// What no answer takes, on a machine that does much else and with a program that is not optimised.
const SOON: Duration = Duration::from_secs(5);
/// Bytes that no answer has.
const LARGE: usize = 8 << 20;

/// Runs a property on numbers, a sample of times or as long as the environment says.
fn hold(property: impl Fn(&[u16]) -> Result<(), TestCaseError>) {
    let seconds = std::env::var("FATHUSS_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
    let until = seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let found = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/found.txt");
    let mut cases = 0_u64;
    loop {
        let runs = Runs {
            cases: SAMPLE,
            failure_persistence: Some(Box::new(FileFailurePersistence::Direct(found))),
            max_shrink_iters: 4_000,
            ..Runs::default()
        };
        let mut runner = TestRunner::new(runs);
        if let Err(error) = runner.run(&vec(any::<u16>(), 0..600), |numbers| property(&numbers)) {
            panic!("{error}");
        }
        cases += u64::from(SAMPLE);
        if until.is_none_or(|until| Instant::now() >= until) {
            println!("{cases} cases");
            return;
        }
    }
}

/// A service's table and the name of one of its operations.
fn operation(choices: &mut Choices<'_>) -> (&'static Model, &'static str) {
    let model = (SERVICES[choices.below(SERVICES.len())].model)();
    let mut names: Vec<&str> = model.operations.keys().map(String::as_str).collect();
    names.sort_unstable();
    (model, names[choices.below(names.len())])
}

#[test]
fn what_a_client_sends_is_read_as_it_was_meant() {
    hold(|numbers| {
        let mut choices = Choices::of(numbers);
        let (model, name) = operation(&mut choices);
        is_read_back(model, name, &mut choices)
    });
}

/// Whether a request for an operation, with members at random, is read as what it was written of.
fn is_read_back(model: &Model, name: &str, choices: &mut Choices<'_>) -> Result<(), TestCaseError> {
    let operation = &model.operations[name];
    let Some(value) = sample::value(model, model.input(operation), choices, &[], 0) else { return Ok(()) };
    let draft = Draft::of(model, name, operation, &value);
    let request = draft.request().ok_or_else(|| TestCaseError::fail(format!("{draft:?} is no request")))?;
    let form = Form::of(&request);
    match protocol::operation(model, model.protocol, &request, &form) {
        Asked::Operation(asked) if asked == name => {}
        _ => return Err(TestCaseError::fail(format!("{name} was not found in {request:?}"))),
    }
    if let Err(refusal) = protocol::carried(model, model.protocol, operation, &request, &form) {
        return Err(TestCaseError::fail(format!("{refusal:?} to {request:?}")));
    }
    match protocol::decode(model, model.protocol, operation, &request, &form) {
        Ok(read) if sorted(&read) == sorted(&value) => Ok(()),
        other => Err(TestCaseError::fail(format!("{value:?} was read as {other:?} of {request:?}"))),
    }
}

/// Tables of the protocols that no service has to speak for this test to hold: REST with XML, and CBOR.
const OTHERS: [&str; 2] = [
    r#"{"service": "xml", "signing": "xml", "protocol": "rest-xml", "version": "1", "namespace": "", "source": "here",
        "operations": {
            "Put": {"method": "PUT", "uri": "/{Bucket}/{Key+}?put", "input": "Put"},
            "Send": {"method": "POST", "uri": "/send", "input": "Send", "root": "SendRequest"}},
        "unserved": {}, "errors": {},
        "shapes": {
            "Put": {"type": "structure", "required": ["Bucket", "Key"], "payload": "Rules", "members": {
                "Bucket": {"shape": "Text", "location": "uri"}, "Key": {"shape": "Text", "location": "uri"},
                "Since": {"shape": "Time", "location": "header", "locationName": "x-since"},
                "Names": {"shape": "Texts", "location": "header", "locationName": "x-names"},
                "Times": {"shape": "Number", "location": "querystring", "locationName": "times"},
                "Rules": {"shape": "Rules"}}},
            "Send": {"type": "structure", "members": {
                "Rule": {"shape": "Rules"}, "Id": {"shape": "Text", "location": "querystring", "locationName": "id"}}},
            "Rules": {"type": "structure", "members": {
                "On": {"shape": "Truth"}, "At": {"shape": "Time"}, "Data": {"shape": "Bytes"},
                "Flat": {"shape": "Texts", "flattened": true}, "Listed": {"shape": "Texts"},
                "Map": {"shape": "Map"}, "Inner": {"shape": "Inner"}}},
            "Inner": {"type": "structure", "required": ["Half"], "members": {"Half": {"shape": "Half"}}},
            "Map": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Number"}},
            "Texts": {"type": "list", "member": {"shape": "Text"}},
            "Text": {"type": "string", "min": 1}, "Number": {"type": "integer"}, "Half": {"type": "double"},
            "Truth": {"type": "boolean"}, "Time": {"type": "timestamp"}, "Bytes": {"type": "blob"}}}"#,
    r#"{"service": "cbor", "signing": "cbor", "protocol": "smithy-rpc-v2-cbor", "target": "Cbor", "version": "1",
        "namespace": "", "source": "here",
        "operations": {"Send": {"method": "POST", "uri": "/", "input": "Send"}}, "unserved": {}, "errors": {},
        "shapes": {
            "Send": {"type": "structure", "required": ["Name"], "members": {
                "Name": {"shape": "Text"}, "At": {"shape": "Time"}, "Data": {"shape": "Bytes"},
                "Many": {"shape": "Texts"}, "Map": {"shape": "Map"}, "Half": {"shape": "Half"}}},
            "Map": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Number"}},
            "Texts": {"type": "list", "member": {"shape": "Text"}},
            "Text": {"type": "string", "min": 1}, "Number": {"type": "integer"}, "Half": {"type": "double"},
            "Time": {"type": "timestamp"}, "Bytes": {"type": "blob"}}}"#,
];

#[test]
fn what_a_client_sends_is_read_as_it_was_meant_in_the_protocols_of_services_to_come() {
    let models: Vec<Model> = OTHERS.iter().map(|text| Model::parse(text)).collect();
    let seen = Cell::new(0_u64);
    hold(|numbers| {
        let mut choices = Choices::of(numbers);
        let model = &models[choices.below(models.len())];
        let mut names: Vec<&str> = model.operations.keys().map(String::as_str).collect();
        names.sort_unstable();
        let name = names[choices.below(names.len())];
        seen.set(seen.get() + 1);
        is_read_back(model, name, &mut choices)
    });
    assert!(seen.get() > 100);
}

#[test]
fn what_an_operation_can_answer_is_written_as_its_protocol_has_it() {
    hold(|numbers| {
        let mut choices = Choices::of(numbers);
        let (model, name) = operation(&mut choices);
        let operation = &model.operations[name];
        let Some(value) = sample::value(model, model.output(operation), &mut choices, &[], 0) else { return Ok(()) };
        let written =
            protocol::encode(model, model.protocol, name, operation, &value, "11111111-2222-4333-9444-555555555555");
        let mut written = written.map_err(|error| TestCaseError::fail(format!("{error}: {value:?}")))?;
        written.headers_mut().insert("x-fathuss-now", http::HeaderValue::from_static("now"));
        match answer::code(&written, model.protocol, operation.method == "HEAD") {
            Ok(None) => Ok(()),
            other => Err(TestCaseError::fail(format!("{other:?}: {written:?}"))),
        }
    });
}

#[test]
fn no_request_panics_or_succeeds_that_is_not_understood() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let (succeeded, refused) = (Cell::new(0_u64), Cell::new(0_u64));
    hold(|numbers| {
        let mut choices = Choices::of(numbers);
        let mut config = Config::calm(1);
        config.rules_off.insert("signature".to_owned());
        let simulator = {
            let _inside = runtime.enter();
            Simulator::open(config).map_err(|error| TestCaseError::fail(error.to_string()))?
        };
        let mut known = Vec::new();
        for _ in 0..=choices.below(LONGEST) {
            let (model, name) = operation(&mut choices);
            let operation = &model.operations[name];
            let Some(value) = sample::value(model, model.input(operation), &mut choices, &known, 0) else { continue };
            let mut draft = Draft::of(model, name, operation, &value);
            let due = spoil::spoil(&mut draft, model, operation, &value, &mut choices);
            let Some(request) = draft.request() else { continue };
            let shown = format!("{name}, {due:?}: {request:?}");
            let is_head = request.method() == http::Method::HEAD;
            let began = Instant::now();
            let answer = runtime.block_on(simulator.handle(request));
            let took = began.elapsed();
            let answer = answer.map_err(|fault| TestCaseError::fail(format!("{fault}: {shown}")))?;
            let fail = |why: String| Err(TestCaseError::fail(format!("{why}\n{shown}")));
            match answer::code(&answer, model.protocol, is_head) {
                Err(why) => return fail(why),
                Ok(None) if due == Due::Refusal => return fail(format!("it succeeded: {:?}", answer.body())),
                Ok(None) => succeeded.set(succeeded.get() + 1),
                Ok(Some(_)) => refused.set(refused.get() + 1),
            }
            if took > SOON || answer.body().len() > LARGE {
                return fail(format!("it took {took:?} and {} bytes", answer.body().len()));
            }
            note(&String::from_utf8_lossy(answer.body()), &mut known);
            if choices.once_in(4) {
                let by = jiff::SignedDuration::from_mins(i64::from(choices.next() % 60));
                simulator.advance(by).map_err(|error| TestCaseError::fail(error.to_string()))?;
            }
        }
        Ok(())
    });
    println!("{} requests succeeded, {} were refused", succeeded.get(), refused.get());
    assert!(succeeded.get() > 100 && refused.get() > 100, "nothing is tried that only ever ends one way");
}

/// Keeps the ids and ARNs that an answer names, for requests to come.
fn note(text: &str, known: &mut Vec<String>) {
    for word in text.split(['<', '>', '"']) {
        let id = word.rsplit_once("-0").is_some_and(|(kind, digits)| digits.len() == 16 && kind.len() < 24);
        if (id || word.starts_with("arn:aws")) && known.len() < 60 && !known.iter().any(|one| one == word) {
            known.push(word.to_owned());
        }
    }
}

/// The value with its members in one order, written out.
fn sorted(value: &Value) -> String {
    match value {
        Value::Record(members) => {
            let mut parts: Vec<String> =
                members.iter().map(|(name, value)| format!("{name}: {}", sorted(value))).collect();
            parts.sort();
            format!("{{{}}}", parts.join(", "))
        }
        Value::List(items) => format!("[{}]", items.iter().map(sorted).collect::<Vec<_>>().join(", ")),
        Value::Float(number) => format!("{number}"),
        other => format!("{other:?}"),
    }
}
