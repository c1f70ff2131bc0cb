//! State files that are no state, and states that someone holds.

use std::process::{Child, Stdio};
use std::time::Duration;

use crate::demo;
use crate::project::{Project, assert_shown, flat};
use crate::server::Server;

const STATE: &str = ".fathuss/sandbox/demo.db";
/// Every command that reads the state, and each that writes it.
const COMMANDS: &[&str] = &[
    "plan demo --sandbox",
    "apply demo --sandbox",
    "destroy demo --sandbox",
    "import demo aws_vpc.main vpc-0a1b2c3d4e5f67890 --sandbox",
    "show demo --sandbox",
    "output demo --sandbox",
    "state list demo --sandbox",
    "state show demo aws_vpc.main --sandbox",
];

/// Each command refuses this file in the same words and leaves its bytes as they are.
fn refused(project: &Project, bytes: &[u8]) -> String {
    let path = project.path(STATE);
    for beside in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(project.path(&format!("{STATE}{beside}")));
    }
    std::fs::write(&path, bytes).expect("there is room");
    let told: Vec<String> = COMMANDS.iter().map(|words| project.run(words).ended(1).stderr).collect();
    assert!(told.windows(2).all(|pair| pair[0] == pair[1]), "{told:#?}");
    assert_eq!(std::fs::read(&path).expect("it is there"), bytes, "nothing is written to what is not understood");
    told[0].clone()
}

fn applied() -> (Project, Vec<u8>) {
    let project = Project::of(demo::network);
    project.run("apply demo --sandbox").ended(0);
    let bytes = std::fs::read(project.path(STATE)).expect("there is a state");
    (project, bytes)
}

#[test]
fn a_file_that_is_no_state_is_refused_and_kept() {
    let (project, whole) = applied();
    let half = refused(&project, &whole[..whole.len() / 2]);
    let head = refused(&project, &whole[..50]);
    let garbage = refused(&project, b"\x00\x01garbage that someone wrote here by hand, for reasons of their own");
    let json = refused(&project, b"{\"version\": 4, \"terraform_version\": \"1.9\"}\n");
    let mut newer = whole.clone();
    // user_version lies at offset 60, big-endian: https://www.sqlite.org/fileformat.html
    newer[60..64].copy_from_slice(&99_u32.to_be_bytes());
    let newer = refused(&project, &newer);
    assert_shown!(project, flat(half), flat(head), flat(garbage), flat(json), flat(newer));
    std::fs::write(project.path(STATE), &whole).expect("there is room");
    project.run("plan demo --sandbox --detailed-exitcode").ended(0);
}

#[test]
fn a_state_that_may_not_be_read_is_said() {
    let project = Project::of(demo::network);
    std::fs::create_dir_all(project.path(STATE)).expect("there is room");
    let told = ["plan demo --sandbox", "apply demo --sandbox"].map(|words| flat(project.run(words).ended(1)));
    assert_shown!(project, told.join("\n"));
}

#[test]
fn a_world_that_is_damaged_is_said_and_reset_makes_a_new_one() {
    let (project, _) = applied();
    let world = ".fathuss/sandbox/world/world.jsonl";
    let text = project.read(world);
    project.write(world, &text.replacen("\"rows\"", "\"rwos\"", 1));
    let told = project.run("plan demo --sandbox").ended(1);
    let reset = project.run("sandbox reset").ended(0);
    assert_shown!(project, flat(told), reset);
    project.run("apply demo --sandbox").ended(0);
}

#[test]
fn two_runs_at_once_in_one_sandbox_are_kept_apart() {
    let project = Project::of(demo::slow);
    let mut first = project
        .command("apply demo --sandbox --speed 20")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    while !project.path(".fathuss/sandbox/demo.db-wal").exists() {
        std::thread::sleep(Duration::from_millis(20));
    }
    let second = project.run("apply demo --sandbox").ended(1);
    // What only looks is not kept waiting.
    project.run("state list demo --sandbox").ended(0);
    assert!(first.wait().expect("it ends").success());
    assert_shown!(project, flat(second));
}

/// A run that is held up: AWS has made the first subnet and keeps its answer back for 45 seconds of ours:
/// time for what others try meanwhile, on a busy machine too.
fn held_up(project: &Project, server: &Server) -> Child {
    server.faults("[{\"operation\": \"CreateSubnet\", \"fault\": {\"kind\": \"delay\", \"seconds\": 4500}}]");
    let mut command = server.seen_by(project.command("apply demo --yes"), "test");
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    while server.calls("ec2.CreateSubnet") == 0 {
        std::thread::sleep(Duration::from_millis(20));
    }
    server.faults("[]");
    child
}

#[test]
fn a_locked_state_names_its_holder_and_how_to_take_the_lock_away() {
    let project = Project::of(demo::network);
    let server = Server::start(&project, 100);
    let run = |words: &str| project.end(words, server.seen_by(project.command(words), "test"));
    let mut first = held_up(&project, &server);
    let second = run("apply demo --yes").ended(1);
    let doctor = run("doctor demo").ended(0).stdout;
    let locked = doctor.lines().find(|line| line.contains(": state:")).unwrap_or_default().to_owned();
    // Reading waits for nobody.
    run("plan demo").ended(0);
    let wrong = run("state unlock demo 1-2").ended(1);
    let id = second.stderr.split("state unlock demo ").nth(1).and_then(|rest| rest.split_whitespace().next());
    let id = id.unwrap_or_else(|| panic!("{second}")).to_owned();
    let unlocked = run(&format!("state unlock demo {id}")).ended(0).stdout;
    let again = run(&format!("state unlock demo {id}")).ended(0).stdout;
    assert!(!first.wait().expect("it ends").success(), "a run that lost its lock stops");
    assert_shown!(project, flat(second), locked, flat(wrong), flat(unlocked), again);
    // Whatever the first had begun is found again, and made once.
    run("apply demo --yes").ended(0);
    assert_eq!((server.calls("ec2.CreateVpc"), server.calls("ec2.CreateSubnet")), (1, 2));
}

#[test]
fn the_lock_of_a_dead_process_is_taken_over_and_that_is_said() {
    let project = Project::of(demo::network);
    let server = Server::start(&project, 100);
    let mut first = held_up(&project, &server);
    first.kill().expect("it runs");
    first.wait().expect("it is a child of this process");
    let words = "apply demo --yes";
    let next = project.end(words, server.seen_by(project.command(words), "test")).ended(0);
    assert!(next.stderr.starts_with("took over the lock of mia@"), "{next}");
    assert_eq!((server.calls("ec2.CreateVpc"), server.calls("ec2.CreateSubnet")), (1, 2), "{next}");
}
