//! Addresses of a state that move to others, and such that a state forgets.

use fathuss_model::aws::policy::{Policy, Principal, Statement};
use fathuss_model::aws::{Eip, IamRole, Subnet, Vpc};
use fathuss_model::{Ipv4Net, Result, Stack, Subnets};
use serde_json::Value;

use crate::demo;
use crate::project::{Project, Ran, assert_shown, flat};
use crate::server::Server;

/// A VPC with two subnets and a role whose name is made of its address.
fn declared(stack: &mut Stack, vpc_name: &str, subnets: &str, role: &str) -> Result<()> {
    stack.place("us-east-1", demo::ACCOUNT);
    let range: Ipv4Net = "10.0.0.0/16".parse()?;
    let vpc = stack.add(vpc_name, Vpc::new(range));
    for (key, position) in [("a", 0), ("b", 1)] {
        stack.add((subnets, key), Subnet::new(&vpc, range.subnet(24, position)?));
    }
    let trust = Policy::new([Statement::assume_role(Principal::service("ec2.amazonaws.com"))]);
    stack.add(role, IamRole::new(trust));
    Ok(())
}

fn before(stack: &mut Stack) -> Result<()> {
    declared(stack, "old-net", "old-private", "old-worker")
}

fn after(stack: &mut Stack) -> Result<()> {
    declared(stack, "net", "private", "worker")
}

/// The same, and something new where the VPC stood.
fn after_and_more(stack: &mut Stack) -> Result<()> {
    after(stack)?;
    stack.add("old-net", Vpc::new("10.9.0.0/16".parse::<Ipv4Net>()?));
    Ok(())
}

fn addresses(stack: &mut Stack) -> Result<()> {
    stack.place("us-east-1", demo::ACCOUNT);
    stack.add("out", Eip::new());
    stack.add("in", Eip::new());
    Ok(())
}

fn one_address(stack: &mut Stack) -> Result<()> {
    stack.place("us-east-1", demo::ACCOUNT);
    stack.add("in", Eip::new());
    Ok(())
}

fn plan(project: &Project) -> Value {
    serde_json::from_str(&project.run("plan demo --sandbox --json").ended(0).stdout).expect("it is JSON")
}

/// What a plan does, with the fields that change.
fn actions(plan: &Value) -> Vec<(String, String, Vec<String>)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let fields =
        |action: &Value| action["fields"].as_array().into_iter().flatten().map(|it| text(&it["path"])).collect();
    let all = plan["actions"].as_array().expect("it is a list").iter();
    all.map(|action| (text(&action["address"]), text(&action["change"]), fields(action))).collect()
}

fn role_name(project: &Project, address: &str) -> Value {
    let row = project.run(&format!("state show demo {address} --sandbox --json")).ended(0).stdout;
    serde_json::from_str::<Value>(&row).expect("it is JSON")["attributes"]["name"].clone()
}

#[test]
fn what_moves_stays_as_it_is_and_its_mark_follows_in_place() {
    let project = Project::of(before);
    project.run("apply demo --sandbox").ended(0);
    let name = role_name(&project, "aws_iam_role.old-worker");
    let moved = project.run("state move demo *.old-* *.* --sandbox").ended(0);
    assert_eq!(project.addresses().len(), 4, "{moved}");
    assert_eq!(role_name(&project, "aws_iam_role.worker"), name);
    project.declare(after);
    let planned = plan(&project);
    let done = actions(&planned);
    assert_eq!(done.len(), 4, "{done:?}");
    assert!(
        done.iter().all(|(_, change, fields)| change == "update" && *fields == ["tags.fathuss:address"]),
        "{done:?}"
    );
    assert_eq!(planned["strays"], serde_json::json!([]));
    project.run("apply demo --sandbox").ended(0);
    project.run("plan demo --sandbox --detailed-exitcode").ended(0);
    assert_eq!(role_name(&project, "aws_iam_role.worker"), name);
    let history = project.run("state history demo --sandbox").ended(0).stdout;
    assert!(history.contains("move     moved") && history.contains(": 4 moved"), "{history}");
    assert_shown!(project, moved);
}

#[test]
fn what_is_made_where_something_stood_is_another_thing() {
    let project = Project::of(before);
    project.run("apply demo --sandbox").ended(0);
    for (from, to) in [
        ("aws_vpc.old-net", "aws_vpc.net"),
        ("aws_subnet.old-private", "aws_subnet.private"),
        ("aws_iam_role.old-worker", "demo.aws_iam_role.worker"),
    ] {
        project.run(&format!("state move demo {from} {to} --sandbox")).ended(0);
    }
    project.declare(after_and_more);
    let planned = plan(&project);
    let done = actions(&planned);
    let at = |address: &str| done.iter().position(|(it, ..)| *it == address).expect("it is planned");
    assert_eq!(done[at("demo.aws_vpc.old-net")].1, "create");
    assert!(at("demo.aws_vpc.net") < at("demo.aws_vpc.old-net"), "the mark is set first: {done:?}");
    project.run("apply demo --sandbox").ended(0);
    let id = |address: &str| {
        let row = project.run(&format!("state show demo {address} --sandbox --json")).ended(0).stdout;
        serde_json::from_str::<Value>(&row).expect("it is JSON")["identity"].clone()
    };
    assert_ne!(id("aws_vpc.net"), id("aws_vpc.old-net"));
    project.run("plan demo --sandbox --detailed-exitcode").ended(0);
    project.run("destroy demo --sandbox").ended(0);
}

#[test]
fn what_can_not_move_is_said_and_nothing_is_written() {
    let project = Project::of(before);
    project.run("apply demo --sandbox").ended(0);
    let before = project.run("show demo --sandbox --json").ended(0).stdout;
    let run = |words: &str| project.run(&format!("state move demo {words} --sandbox")).ended(1);
    let runs = [
        run("aws_vpc.none aws_vpc.net"),
        run("aws_subnet.old-private[\"a\"] aws_subnet.old-private[\"b\"]"),
        run("aws_subnet.old-private aws_subnet.one[\"a\"]"),
        run("aws_vpc.old-net aws_subnet.net"),
        run("aws_vpc.old-net other.aws_vpc.net"),
        run("aws_vpc.old-net net"),
        run("aws_vpc.old-net aws_vpc.1st"),
    ];
    assert_eq!(project.run("show demo --sandbox --json").ended(0).stdout, before);
    assert_shown!(project, runs.map(|run| run.to_string()).join("\n"));
}

#[test]
fn what_a_state_forgets_stays_in_aws_and_is_found_again_by_its_mark() {
    let project = Project::of(before);
    project.run("apply demo --sandbox").ended(0);
    let held = project.run("state forget demo aws_vpc.old-net --sandbox").ended(1);
    assert_eq!(project.addresses().len(), 4);
    let forgotten = project.run("state forget demo aws_subnet.old-private[\"a\"] --sandbox").ended(0);
    assert_eq!(project.addresses().len(), 3);
    assert_eq!(plan(&project)["strays"].as_array().map(Vec::len), Some(1));
    let history = project.run("state history demo --sandbox").ended(0).stdout;
    assert!(history.contains("forget   forgotten") && history.contains(": 1 forgotten"), "{history}");
    // What is declared still is taken over, and nothing is made twice.
    let again = project.run("apply demo --sandbox").ended(0);
    assert_eq!(project.addresses().len(), 4, "{again}");
    project.run("plan demo --sandbox --detailed-exitcode").ended(0);
    project.run("destroy demo --sandbox").ended(0);
    assert_shown!(project, held, forgotten);
}

#[test]
fn all_that_hangs_together_is_forgotten_at_once() {
    let project = Project::of(before);
    project.run("apply demo --sandbox").ended(0);
    project.run("state forget demo aws_vpc.old-net aws_subnet.old-private --sandbox").ended(0);
    assert_eq!(project.addresses(), ["aws_iam_role.old-worker"]);
    project.run("state forget demo *.* --sandbox").ended(0);
    assert!(project.addresses().is_empty());
}

#[test]
fn a_part_of_what_hangs_together_is_forgotten_where_that_is_asked_for() {
    let project = Project::of(before);
    project.run("apply demo --sandbox").ended(0);
    let told = project.run("state forget demo aws_vpc.old-net --leave-dependents --sandbox --json").ended(0);
    let told: Value = serde_json::from_str(&told.stdout).expect("it is JSON");
    assert_eq!(told["forgotten"][0]["address"], "demo.aws_vpc.old-net");
    let subnet = project.run("state show demo aws_subnet.old-private[\"a\"] --sandbox --json").ended(0).stdout;
    assert_eq!(serde_json::from_str::<Value>(&subnet).expect("it is JSON")["depends_on"], serde_json::json!([]));
}

#[test]
fn a_state_of_aws_forgets_only_when_someone_says_yes() {
    let project = Project::of(addresses);
    let server = Server::start(&project, 100);
    let run = |words: &str| project.end(words, server.seen_by(project.command(words), "test"));
    run("apply demo --yes").ended(0);
    let asked: Ran = run("state forget demo aws_eip.out").ended(1);
    assert!(flat(&asked).contains("nobody is there to be asked; nothing was changed"), "{asked}");
    assert!(run("state list demo").ended(0).stdout.contains("aws_eip.out"));
    run("state forget demo aws_eip.out --yes").ended(0);
    assert_eq!(run("state list demo").ended(0).stdout, "aws_eip.in\n");
    project.declare(one_address);
    let left = run("plan demo").ended(0);
    assert!(flat(&left).contains("carries this state's mark and is in no state"), "{left}");
    assert_eq!(server.calls("ec2.ReleaseAddress"), 0);
}
