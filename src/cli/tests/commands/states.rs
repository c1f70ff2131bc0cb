//! Where a state lies: in a file, pulled and pushed, at another place, and at an address that is wrong.

use crate::demo;
use crate::project::Project;
use crate::server::Server;

/// What was said, however its lines were broken.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_state_is_pulled_and_pushed_back_and_an_older_one_is_refused() {
    let project = Project::of(demo::network);
    project.run("apply demo --sandbox").ended(0);
    project.run("state pull demo --sandbox --to then.json").ended(0);
    project.run("state pull demo --sandbox --to then.json").ended(1);
    assert_eq!(project.run("state pull demo --sandbox").ended(0).stdout.trim(), project.read("then.json").trim());

    project.declare(demo::edited);
    project.run("apply demo --sandbox").ended(0);
    let older = words(&project.run("state push demo then.json --sandbox").ended(1).stderr);
    assert!(older.contains("it was written since"), "{older}");
    project.run("state pull demo --sandbox --to now.json").ended(0);
    let before = project.run("show demo --sandbox").ended(0).stdout;
    project.run("state push demo now.json --sandbox").ended(0);
    assert_eq!(project.run("show demo --sandbox").ended(0).stdout, before);

    project.write("changed.json", &project.read("now.json").replace("demo.aws_vpc", "demo.aws_vqc"));
    let changed = words(&project.run("state push demo changed.json --sandbox").ended(1).stderr);
    assert!(changed.contains("it does not match its checksum"), "{changed}");
    let other = Project::of(demo::network);
    other.run("apply demo --sandbox").ended(0);
    other.write("other.json", &project.read("now.json"));
    let refused = words(&other.run("state push demo other.json --sandbox").ended(1).stderr);
    assert!(refused.contains("the document is of the state"), "{refused}");
}

#[test]
fn the_history_has_each_run_the_newest_first_with_what_it_came_to() {
    let project = Project::of(demo::network);
    let none = project.run("state history demo --sandbox").ended(0).stdout;
    assert_eq!(none, "Nothing has written the state of demo yet.\n");
    project.run("apply demo --sandbox").ended(0);
    project.run("destroy demo --sandbox").ended(0);
    let all = project.run("state history demo --sandbox").ended(0).stdout;
    let lines: Vec<&str> = all.lines().collect();
    assert!(lines[0].starts_with("   2  destroy  applied "), "{all}");
    assert!(lines[1].ends_with(": 8 deleted"), "{all}");
    assert!(lines[2].starts_with("   1  apply    applied ") && lines[3].ends_with(": 8 created"), "{all}");
    let one = project.run("state history demo --sandbox --limit 1").ended(0).stdout;
    assert_eq!(one.lines().collect::<Vec<_>>(), lines[..2]);
    let document = project.run("state history demo --sandbox --json").ended(0).stdout;
    let runs: serde_json::Value = serde_json::from_str(&document).expect("it is JSON");
    assert_eq!((&runs[1]["run"], &runs[1]["summary"]["created"]), (&1.into(), &8.into()));
}

#[test]
fn a_state_that_was_brought_to_another_place_is_the_same_there() {
    let project = Project::of(demo::network);
    let server = Server::start(&project, 100);
    let run = |words: &str| project.end(words, server.seen_by(project.command(words), "test"));
    let nothing = words(&run("state migrate demo states/demo.db").ended(1).stderr);
    assert!(nothing.contains("demo has no state yet"), "{nothing}");
    run("apply demo --yes").ended(0);
    let before = run("show demo").ended(0).stdout;
    let told = run("state migrate demo states/demo.db").ended(0).stdout;
    assert!(told.contains("state = \"states/demo.db\""), "{told}");
    let here = "[stacks.demo]\nstate = \"states/demo.db\"";
    project.write("fathuss.toml", &project.read("fathuss.toml").replace("[stacks.demo]", here));
    std::fs::remove_file(project.path(".fathuss/demo.db")).expect("nobody uses it");
    assert_eq!(run("show demo").ended(0).stdout, before);
    run("apply demo --yes").ended(0);
    assert_eq!((server.calls("ec2.CreateVpc"), server.calls("ec2.CreateSubnet")), (1, 2), "nothing is made anew");
    let same = words(&run("state migrate demo states/demo.db").ended(1).stderr);
    assert!(same.contains("already"), "{same}");
}

#[test]
fn an_address_that_is_wrong_is_said_and_a_secret_in_it_is_not_repeated() {
    let project = Project::of(demo::network);
    let file = project.read("fathuss.toml");
    for (address, told) in [
        ("postgres://mia:hush@db/states?schema=demo", "PGPASSWORD"),
        ("s3://AKIA:hush@team/demo?region=us-east-1", "credentials do not belong into the address"),
        ("s3://team/demo", "it says no region"),
        ("gs://team/demo", "a state lies in a file, in s3:// or in postgres://"),
    ] {
        let here = format!("[stacks.demo]\nstate = \"{address}\"");
        project.write("fathuss.toml", &file.replace("[stacks.demo]", &here));
        let error = words(&project.run("plan demo").ended(1).stderr);
        assert!(error.contains("stacks.demo.state") && error.contains(told), "{error}");
        assert!(!error.contains("hush"), "{error}");
    }
}

#[test]
fn two_stacks_with_one_state_are_refused() {
    let project = Project::of(demo::network);
    project.add("beside", demo::beside);
    let file = project.read("fathuss.toml");
    project.write("fathuss.toml", &file.replace("[stacks.beside]", "[stacks.beside]\nstate = \".fathuss/demo.db\""));
    let error = words(&project.run("plan demo --sandbox").ended(1).stderr);
    assert!(error.contains("have the same state"), "{error}");
}
