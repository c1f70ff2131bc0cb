//! `fathuss sandbox` beside serving: what is there is shown, kept in a file and brought back.

use crate::demo;
use crate::project::Project;
use crate::server::Server;

#[test]
fn a_world_is_kept_in_a_file_and_brought_back() {
    let project = Project::of(demo::network);
    project.run("apply demo --sandbox").ended(0);
    let shown = project.run("sandbox show").ended(0).stdout;
    assert!(shown.contains("ec2 in us-east-1, account "), "{shown}");
    assert!(shown.lines().any(|line| line.contains("subnet") && line.contains("available")), "{shown}");
    project.run("sandbox snapshot world.snapshot").ended(0);
    project.run("destroy demo --sandbox --yes").ended(0);
    assert_ne!(project.run("sandbox show").ended(0).stdout, shown);

    let restored = project.run("sandbox restore world.snapshot").ended(0).stdout;
    assert!(restored.contains("is that of world.snapshot"), "{restored}");
    assert_eq!(project.run("sandbox show").ended(0).stdout, shown);
    let lines = project.run("sandbox show --json").ended(0).stdout;
    assert_eq!(lines.lines().count() + 1, shown.lines().filter(|line| !line.contains(" in ")).count());
    assert!(lines.lines().all(|line| line.starts_with("{\"account\":")), "{lines}");
}

#[test]
fn a_served_world_is_shown_kept_and_brought_back_as_one_at_home() {
    let project = Project::of(demo::network);
    project.run("apply demo --sandbox").ended(0);
    let at_home = project.run("sandbox show").ended(0).stdout;
    let _server = Server::start_with(&project, "--speed 1");
    assert_eq!(project.run("sandbox show").ended(0).stdout, at_home);
    project.run("sandbox snapshot world.snapshot").ended(0);
    project.run("sandbox reset").ended(0);
    assert_eq!(project.run("sandbox show").ended(0).stdout, "0 resources.\n");
    project.run("sandbox restore world.snapshot").ended(0);
    assert_eq!(project.run("sandbox show").ended(0).stdout, at_home);
}

#[test]
fn a_world_outside_of_a_project_is_shown_kept_and_brought_back_by_its_folder() {
    let project = Project::of(demo::network);
    project.run("apply demo --sandbox").ended(0);
    let shown = project.run("sandbox show").ended(0).stdout;
    project.run("sandbox snapshot world.snapshot").ended(0);
    let elsewhere = Project::empty();
    elsewhere.write("world.snapshot", &project.read("world.snapshot"));

    for words in ["sandbox show --world there", "sandbox snapshot out.snapshot --world there"] {
        let told = elsewhere.run(words).ended(1).stderr;
        assert!(told.contains("there is no world in there"), "{told}");
    }
    let told = elsewhere.run("sandbox restore world.snapshot --world there").ended(0).stdout;
    assert_eq!(told, "The world in there is that of world.snapshot.\n");
    assert_eq!(elsewhere.run("sandbox show --world there").ended(0).stdout, shown);
    let server = Server::start_with(&elsewhere, "--world there --speed 1");
    assert_eq!(elsewhere.run("sandbox show --world there").ended(0).stdout, shown, "served too");
    drop(server);
    elsewhere.run("sandbox snapshot again.snapshot --world there").ended(0);
    assert!(elsewhere.path("again.snapshot").is_file());
}

#[test]
fn a_damaged_world_outside_of_a_project_is_not_said_to_be_the_projects() {
    let project = Project::of(demo::network);
    project.run("apply demo --sandbox").ended(0);
    project.run("sandbox snapshot world.snapshot").ended(0);
    project.run("sandbox restore world.snapshot --world there").ended(0);
    let text = project.read("there/world.jsonl");
    project.write("there/world.jsonl", &text[..text.len() / 2]);
    for words in [
        "sandbox show --world there",
        "sandbox restore world.snapshot --world there",
        "sandbox serve --world there --port 0",
    ] {
        let told = project.run(words).ended(1).stderr;
        assert!(told.contains("there/world.jsonl line") && told.contains("rm there/world.jsonl"), "{told}");
        assert!(!told.contains("sandbox reset"), "{told}");
    }
    assert_ne!(project.run("sandbox show").ended(0).stdout, "0 resources.\n");
}

#[test]
fn what_is_no_snapshot_is_refused_and_the_world_stays() {
    let project = Project::of(demo::network);
    project.run("apply demo --sandbox").ended(0);
    let before = project.run("sandbox show").ended(0).stdout;
    project.write("else.txt", "something else\n");
    project.run("sandbox snapshot whole.snapshot").ended(0);
    let whole = project.read("whole.snapshot");
    project.write("half.snapshot", &whole[..whole.len() / 2]);
    for (file, why) in [("else.txt", "line 1"), ("nowhere.txt", "can't be read"), ("half.snapshot", "it breaks off")] {
        let told = project.run(&format!("sandbox restore {file}")).ended(1).stderr;
        assert!(told.contains(file) && told.contains(why), "{told}");
        assert!(!told.contains("sandbox reset"), "{told}");
    }
    assert_eq!(project.run("sandbox show").ended(0).stdout, before);
}

#[test]
fn what_a_served_world_is_set_up_with_holds_and_shows_no_secret() {
    let project = Project::of(demo::network);
    let options = "--memory --speed instant --identity AKIAOTHER:hidden-secret:111122223333 --quota ec2.vpcs=9 \
                   --rate 2 --enforce-iam --fault throttle,service=ec2,operation=DescribeVpcs,times=1";
    let server = Server::start_with(&project, options);
    assert!(server.get("rate").contains("2.0"));
    assert!(server.get("quotas").contains("\"limit\": 9"));
    assert!(server.get("faults").contains("\"throttle\""));
    let holder = server.get("holder");
    assert!(holder.contains("AKIAOTHER:...:111122223333") && !holder.contains("hidden-secret"), "{holder}");
    let page = server.get("");
    assert!(page.contains("text/html") && page.contains("Fathuss sandbox"), "{page}");
}

#[test]
fn options_that_mean_nothing_are_refused() {
    let project = Project::of(demo::network);
    for (option, said) in [
        ("--identity key:secret", "KEY:SECRET:ACCOUNT"),
        ("--identity key:secret:12", "12 digits"),
        ("--quota ec2.vpcs", "NAME=LIMIT"),
        ("--quota ec2.clouds=1", "there is no quota ec2.clouds"),
        ("--rate 0", "above 0"),
        ("--fault flood", "no fault"),
        ("--speed soon", "--speed is a number above 0"),
    ] {
        let told = project.run(&format!("sandbox serve --memory --port 0 {option}")).ended(1).stderr;
        assert!(told.contains(said), "{option}: {told}");
    }
}
