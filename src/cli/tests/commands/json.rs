//! `--json`: one object a line on each command that shows something, with the facts in it.

use serde_json::Value;

use crate::demo;
use crate::project::{Project, Ran};

/// Each line of standard output, which must be a JSON object of its own.
#[track_caller]
fn objects(ran: &Ran) -> Vec<Value> {
    let parse = |line: &str| {
        let value: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}\n{ran}"));
        assert!(value.is_object(), "{line}");
        value
    };
    ran.stdout.lines().map(parse).collect()
}

#[track_caller]
fn object(ran: &Ran) -> Value {
    let mut objects = objects(ran);
    assert_eq!(objects.len(), 1, "{ran}");
    objects.remove(0)
}

/// What failed, in standard error's one object.
#[track_caller]
fn error(ran: &Ran) -> Value {
    let value: Value = serde_json::from_str(&ran.stderr).unwrap_or_else(|error| panic!("{error}: {ran}"));
    assert_eq!(ran.stdout, "", "{ran}");
    value
}

#[test]
fn a_plan_is_one_document() {
    let project = Project::of(demo::network);
    let plan = object(&project.run("plan demo --sandbox --json").ended(0));
    assert_eq!(plan["stack"], "demo");
    assert_eq!(plan["actions"].as_array().map(Vec::len), Some(8), "{plan:#}");
    let vpc = plan["actions"].as_array().into_iter().flatten().find(|action| action["address"] == "demo.aws_vpc.main");
    let vpc = vpc.expect("the VPC is planned");
    assert_eq!((&vpc["change"], &vpc["source"]["line"].is_u64()), (&Value::from("create"), &true), "{vpc:#}");
    project.run("plan demo --sandbox --json --detailed-exitcode").ended(2);
}

#[test]
fn an_apply_is_its_plan_and_then_an_object_for_each_event() {
    let project = Project::of(demo::network);
    let applied = project.run("apply demo --sandbox --json").ended(0);
    assert_eq!(applied.stderr, "");
    let objects = objects(&applied);
    let (run, events) = objects[1..].split_last().expect("there is more than the plan");
    let events: Vec<&Value> = events.iter().map(|line| &line["told"]).collect();
    assert_eq!((&run["format"], &run["done"]["create"]), (&"fathuss-run".into(), &8.into()));
    assert_eq!(objects[0]["actions"].as_array().map(Vec::len), Some(8));
    assert_eq!(events[0]["event"], "started");
    assert_eq!(events.iter().filter(|event| event["event"] == "done").count(), 8);
    let last = events[events.len() - 1];
    assert_eq!((&last["event"], &last["done"], &last["failed"]), (&"finished".into(), &8.into(), &0.into()));
    let again = objects_of(&project, "apply demo --sandbox --json");
    assert_eq!(again.len(), 1);
    assert_eq!(again[0]["actions"], Value::Array(Vec::new()));
}

#[track_caller]
fn objects_of(project: &Project, words: &str) -> Vec<Value> {
    objects(&project.run(words).ended(0))
}

#[test]
fn the_state_is_one_object_a_line() {
    let project = Project::of(demo::network);
    project.run("apply demo --sandbox").ended(0);
    let listed = objects_of(&project, "state list demo --sandbox --json");
    assert_eq!(listed.len(), 8);
    assert!(listed.iter().all(|row| row["region"] == "us-east-1" && row["identity"].is_string()));

    let all = object(&project.run("show demo --sandbox --json").ended(0));
    assert_eq!((all["resources"].as_array().map(Vec::len), &all["stack"]), (Some(8), &"demo".into()));
    let vpc = object(&project.run("state show demo aws_vpc.main --sandbox --json").ended(0));
    assert_eq!(vpc["attributes"]["cidr_block"], "10.0.0.0/16");
    let outputs = object(&project.run("output demo --sandbox --json").ended(0));
    assert_eq!(outputs["vpc_id"], vpc["identity"]);
    let one = project.run("output demo vpc_id --sandbox --json").ended(0);
    assert_eq!(serde_json::from_str::<Value>(&one.stdout).expect("it is JSON"), vpc["identity"]);
}

#[test]
fn types_are_one_object_a_line() {
    let project = Project::empty();
    let all = objects_of(&project, "schema --json");
    assert!(all.len() > 30 && all.iter().all(|schema| schema["kind"].is_string()));
    let one = object(&project.run("schema aws_vpc --json").ended(0));
    assert!(one["fields"].as_array().is_some_and(|fields| fields.iter().any(|field| field["name"] == "cidr_block")));
}

#[test]
fn the_graph_is_the_document_that_the_program_printed() {
    let project = Project::of(demo::network);
    let graph = object(&project.run("graph demo --json").ended(0));
    assert_eq!(graph["nodes"].as_array().map(Vec::len), Some(8));
    assert_eq!(graph["stack"], "demo");
}

#[test]
fn the_doctor_gives_an_object_for_each_check() {
    let project = Project::of(demo::network);
    let checks = objects_of(&project, "doctor --sandbox --json");
    let names: Vec<&str> = checks.iter().filter_map(|check| check["check"].as_str()).collect();
    assert_eq!(names, ["cargo", "project", "demo: stack program", "demo: state", "demo: AWS"]);
    assert!(checks.iter().all(|check| check["ok"] == true));
}

#[test]
fn what_only_says_that_it_is_done_says_so_in_a_message() {
    let project = Project::empty();
    let made = object(&project.run("init made --json").ended(0));
    assert!(made["message"].as_str().is_some_and(|text| text.contains("fathuss plan demo --sandbox")), "{made}");
    let project = Project::of(demo::local);
    assert_eq!(object(&project.run("sandbox reset --json").ended(0))["message"], "The sandbox is empty.");
}

#[test]
fn a_failure_is_one_object_on_standard_error() {
    let project = Project::of(demo::network);
    let missing = error(&project.run("plan other --sandbox --json").ended(1));
    assert!(missing["error"].as_str().is_some_and(|text| text.contains("no stack `other`")), "{missing}");

    project.declare(|stack| {
        stack.place("us-east-1", demo::ACCOUNT);
        stack.add("main", fathuss_model::aws::Vpc::new("10.0.0.0/8".parse::<fathuss_model::Ipv4Net>()?));
        Ok(())
    });
    let refused = error(&project.run("plan demo --sandbox --json").ended(1));
    let finding = &refused["findings"][0];
    assert_eq!(finding["address"], "demo.aws_vpc.main", "{refused:#}");
    assert!(finding["source"]["line"].is_u64(), "{refused:#}");

    let nothing = error(&project.run("nonsense --json").ended(1));
    assert!(nothing["error"].as_str().is_some_and(|text| text.contains("nonsense")), "{nothing}");
}
