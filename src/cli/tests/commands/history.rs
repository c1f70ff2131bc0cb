//! What a state was after earlier runs, what changed since, who did it and from which commit.

use std::process::Command;

use crate::demo;
use crate::project::{Project, assert_shown};

/// The network as it is made, edited and destroyed: runs 1, 2 and 3.
fn lived() -> Project {
    let project = Project::of(demo::network);
    project.run("apply demo --sandbox").ended(0);
    project.declare(demo::edited);
    project.run("apply demo --sandbox").ended(0);
    project.run("destroy demo --sandbox").ended(0);
    project
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn a_state_is_shown_as_it_was_after_a_run() {
    let project = Project::of(demo::network);
    project.run("apply demo --sandbox").ended(0);
    let first = project.run("show demo --sandbox").ended(0).stdout;
    let vpc = project.run("state show demo aws_vpc.main --sandbox").ended(0).stdout;
    project.declare(demo::edited);
    project.run("apply demo --sandbox").ended(0);
    let second = project.run("show demo --sandbox").ended(0).stdout;
    assert_ne!(first, second);
    assert_eq!(project.run("state show demo --sandbox").ended(0).stdout, second);
    assert_eq!(project.run("state show demo --at 1 --sandbox").ended(0).stdout, first);
    assert_eq!(project.run("state show demo --at 2 --sandbox").ended(0).stdout, second);
    assert_eq!(project.run("state show demo aws_vpc.main --at 1 --sandbox").ended(0).stdout, vpc);
    let document = json(&project.run("state show demo --at 1 --sandbox --json").ended(0).stdout);
    assert_eq!(document["resources"].as_array().map(Vec::len), Some(8));
    assert!(document["outputs"]["vpc_id"].is_string());
    let error = project.run("state show demo --at 7 --sandbox").ended(1).stderr;
    assert!(error.contains("after run 7 is not kept; its history has runs 1 to 2"), "{error}");
}

#[test]
fn what_differs_between_two_runs_is_shown_by_field() {
    let project = lived();
    let edited = project.run("state diff demo 1 2 --sandbox").ended(0);
    let backwards = project.run("state diff demo 2 1 --sandbox").ended(0);
    let since = project.run("state diff demo 2 --sandbox").ended(0);
    let same = project.run("state diff demo 3 --sandbox").ended(0);
    assert_shown!(project, edited, backwards, since, same);
    let document = json(&project.run("state diff demo 1 2 --sandbox --json").ended(0).stdout);
    let difference = &document["difference"];
    assert_eq!(difference["removed"][0]["address"], "demo.aws_route.internet");
    let changed = difference["changed"].as_array().expect("a list");
    let vpc = changed.iter().find(|one| one["address"] == "demo.aws_vpc.main").expect("the tag");
    assert_eq!(vpc["fields"]["tags"]["after"]["value"]["Name"], "main");
}

#[test]
fn a_run_tells_its_plan_and_what_it_did() {
    let project = lived();
    let run = project.run("state history demo 2 --sandbox").ended(0).stdout;
    // Moments differ from run to run, and take the first line.
    let rest: Vec<&str> = run.lines().skip(1).collect();
    assert_shown!(project, rest.join("\n"));
    let document = json(&project.run("state history demo 1 --sandbox --json").ended(0).stdout);
    assert_eq!(document["actions"].as_array().map(Vec::len), Some(8));
    assert_eq!(document["actions"][0]["change"], "create");
    assert_eq!(document["entries"].as_array().map(Vec::len), Some(24), "begun, identified and settled, each");
    let error = project.run("state history demo 9 --sandbox").ended(1).stderr;
    assert!(error.contains("demo has no run 9 in its history"), "{error}");
}

#[test]
fn a_run_keeps_the_commit_of_the_checkout_and_whether_that_was_all_of_it() {
    let project = Project::of(demo::network);
    let git = |words: &str| {
        let mut git = Command::new("git");
        git.args(words.split_whitespace()).current_dir(project.root()).env("HOME", project.path("home"));
        for (name, value) in [("NAME", "mia"), ("EMAIL", "mia@example.com")] {
            git.env(format!("GIT_AUTHOR_{name}"), value).env(format!("GIT_COMMITTER_{name}"), value);
        }
        let output = git.output().expect("there is git");
        assert!(output.status.success(), "git {words}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text").trim().to_owned()
    };
    git("init --quiet");
    git("add fathuss.toml stack.sh demo.json");
    git("commit --quiet --message first");
    let commit = git("rev-parse HEAD");
    project.run("apply demo --sandbox").ended(0);
    project.declare(demo::edited);
    let ci = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_ACTOR", "octocat"),
        ("GITHUB_SERVER_URL", "https://github.com"),
        ("GITHUB_REPOSITORY", "acme/platform"),
        ("GITHUB_RUN_ID", "7"),
    ];
    let mut apply = project.command("apply demo --sandbox");
    project
        .end("apply", {
            apply.envs(ci);
            apply
        })
        .ended(0);

    let runs = json(&project.run("state history demo --sandbox --json").ended(0).stdout);
    assert_eq!(runs[1]["origin"], serde_json::json!({ "commit": commit, "dirty": false }));
    let url = "https://github.com/acme/platform/actions/runs/7";
    assert_eq!(runs[0]["origin"], serde_json::json!({ "commit": commit, "dirty": true, "url": url }));
    assert!(runs[0]["holder"].as_str().is_some_and(|who| who.starts_with("octocat@")), "{runs}");
    let shown = project.run("state history demo --sandbox").ended(0).stdout;
    let lines: Vec<&str> = shown.lines().collect();
    let short = &commit[..12];
    assert!(lines[1].contains(&format!(" at {short} and changes to it: ")), "{shown}");
    assert!(lines[3].ends_with(&format!(" at {short}: 8 created")), "{shown}");
    assert!(project.run("state history demo 2 --sandbox").ended(0).stdout.contains(url));
}

#[test]
fn the_log_is_verified_and_says_where_it_breaks() {
    let project = Project::of(demo::network);
    let none = project.run("state verify demo --sandbox").ended(1).stderr;
    assert!(none.contains("demo has no state yet"), "{none}");
    let project = lived();
    let whole = project.run("state verify demo --sandbox").ended(0).stdout;
    assert!(whole.starts_with("The audit log of demo is whole, and the state is what it says.\n"), "{whole}");
    assert!(whole.contains("Its last entry is 3, `destroy` (run 3) by mia@"), "{whole}");
    let document = json(&project.run("state verify demo --sandbox --entries --json").ended(0).stdout);
    assert_eq!((&document["whole"], &document["count"]), (&true.into(), &3.into()));
    assert_eq!(document["entries"][2]["hash"], document["last"]["hash"]);
    assert!(whole.contains(document["last"]["hash"].as_str().expect("text")), "{whole}");
    let entries = project.run("state verify demo --sandbox --entries").ended(0).stdout;
    assert!(entries.contains("`apply`, run 2: applied"), "{entries}");

    // As an editor of the file would, who hides who did it.
    let file = project.path(".fathuss/sandbox/demo.db");
    let mut bytes = std::fs::read(&file).expect("a file");
    let entry = br#"{"number":2,"command":"apply","run":2,"outcome":"applied","who":"mia@"#;
    let at = bytes.windows(entry.len()).position(|part| part == entry).expect("the entry");
    bytes[at + entry.len() - 3] = b'o';
    std::fs::write(&file, bytes).expect("written");
    let broken = project.run("state verify demo --sandbox").ended(1).stderr;
    assert!(broken.contains("breaks at entry 2, `apply` (run 2) by moa@"), "{broken}");
    assert!(broken.contains("it is not as it was written"), "{broken}");
    let document = json(&project.run("state verify demo --sandbox --json").ended(1).stdout);
    assert_eq!((&document["whole"], &document["broken"]["entry"]), (&false.into(), &2.into()));
}

#[test]
fn history_is_kept_as_long_as_the_project_says() {
    let project = lived();
    let file = project.read("fathuss.toml");
    let kept = "[stacks.demo]\nhistory = { runs = 2, days = 0 }";
    project.write("fathuss.toml", &file.replace("[stacks.demo]", kept));
    project.declare(demo::network);
    project.run("apply demo --sandbox").ended(0);
    let runs = json(&project.run("state history demo --sandbox --json").ended(0).stdout);
    let numbers: Vec<i64> = runs.as_array().expect("a list").iter().filter_map(|run| run["run"].as_i64()).collect();
    assert_eq!(numbers, [4, 3, 2], "the two before this run, and this one");
    let whole = project.run("state verify demo --sandbox").ended(0).stdout;
    assert!(whole.contains("Its entries up to 1 are kept no more.\n"), "{whole}");
    project.run("state show demo --at 2 --sandbox").ended(0);
    project.run("state show demo --at 1 --sandbox").ended(1);
    project.write("fathuss.toml", &file.replace("[stacks.demo]", "[stacks.demo]\nhistory = { runs = 0 }"));
    let refused = project.run("state history demo --sandbox").ended(1).stderr;
    assert!(refused.contains("nonzero"), "{refused}");
}
