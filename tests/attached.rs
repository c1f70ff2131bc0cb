//! One process writes a sandbox's world; others work in it over HTTP, on its time and under their own accounts.
#![cfg(unix)]

mod program;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use fathuss_model::aws::policy::{Policy, Principal, Statement};
use fathuss_model::aws::{Eip, IamRole, InternetGateway, NatGateway, Route, RouteTable, Subnet, Vpc};
use fathuss_model::program::{Outcome, Stacks, run};
use fathuss_model::{DeclarationExt, Ipv4Net, Result, Stack};

use crate::program::{Ended, Running, Server, fathuss, start, wait_for};

const STACKS: Stacks<'_> = &[("one", one), ("two", two)];
const ONE: &str = "111122223333";
const TWO: &str = "444455556666";

fn one(stack: &mut Stack) -> Result<()> {
    stack.place("us-east-1", ONE);
    network(stack)
}

fn two(stack: &mut Stack) -> Result<()> {
    stack.place("eu-west-1", TWO);
    network(stack)
}

/// A NAT gateway takes some minutes of the world's time.
fn network(stack: &mut Stack) -> Result<()> {
    let vpc = stack.add("main", Vpc::new("10.0.0.0/16".parse::<Ipv4Net>()?));
    let internet = stack.add("main", InternetGateway::new(&vpc));
    let table = stack.add("public", RouteTable::new(&vpc));
    stack.add("internet", Route::to_internet(&table, &internet));
    let subnet = stack.add("public", Subnet::new(&vpc, "10.0.0.0/24".parse::<Ipv4Net>()?));
    let address = stack.add("nat", Eip::new());
    stack.add("main", NatGateway::public(&subnet, &address).depends_on(&internet));
    // IAM is one for all regions.
    let trust = Policy::new([Statement::assume_role(Principal::service("ec2.amazonaws.com"))]);
    stack.add("server", IamRole::new(trust));
    Ok(())
}

/// A project with both stacks, whose program prints a file.
struct Project(tempfile::TempDir);

impl Project {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("there is room");
        for (name, _) in STACKS {
            let mut graph = Vec::new();
            assert_eq!(run(STACKS, &[(*name).to_owned()], &mut graph).unwrap(), Outcome::Printed);
            std::fs::write(folder.path().join(name), graph).unwrap();
        }
        let file = format!(
            "program = [\"cat\"]\n[stacks.one]\nregion = \"us-east-1\"\naccount = \"{ONE}\"\n[stacks.two]\nregion = \"eu-west-1\"\naccount = \"{TWO}\"\n"
        );
        std::fs::write(folder.path().join("fathuss.toml"), file).unwrap();
        Self(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn command(&self, words: &str) -> Command {
        fathuss(Path::new(env!("CARGO_BIN_EXE_fathuss")), self.path(), words)
    }

    fn start(&self, words: &str) -> Running {
        start(self.command(words))
    }

    fn run(&self, words: &str) -> Ended {
        self.start(words).end()
    }

    fn serve(&self, options: &str) -> Server {
        Server::start(Path::new(env!("CARGO_BIN_EXE_fathuss")), self.path(), options)
    }

    fn holder(&self) -> std::path::PathBuf {
        self.path().join(".fathuss/sandbox/world/world.holder")
    }

    /// An apply that keeps the sandbox's world to itself for as long as a NAT gateway takes.
    fn busy(&self) -> Running {
        let busy = self.start("apply one --sandbox --speed 1");
        wait_for(&self.holder());
        busy
    }
}

fn accounts_of(server: &Server, table: &str) -> Vec<String> {
    let rows = server.ask(&format!("world/{table}"));
    rows.as_array().unwrap().iter().map(|row| row["account"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn two_applies_at_once_work_in_the_world_that_a_third_process_serves_each_in_its_own_account() {
    let project = Project::new();
    let server = project.serve("--speed 600");
    let began = Instant::now();
    let both = [project.start("apply one --sandbox"), project.start("apply two --sandbox")];
    for (applied, name) in both.into_iter().zip(["one", "two"]) {
        let said = applied.end().well();
        assert!(said.contains(&format!("✓ {name} done: 8 created")) && said.contains(" simulated, "), "{said}");
    }
    assert!(began.elapsed() < Duration::from_secs(40), "minutes of the world's take {:?}", began.elapsed());
    assert_eq!(accounts_of(&server, "ec2.nat_gateway"), [ONE, TWO]);
    assert!(server.ask("calls")["ec2.CreateNatGateway"] == 2);
    assert!(project.run("plan two --sandbox").well().contains("No changes: 8 resources"));

    server.process.terminate().well();
    assert!(!project.holder().exists(), "who has served says no longer that it does");
    assert!(project.run("plan one --sandbox").well().contains("No changes: 8 resources"));
}

#[test]
fn a_run_that_is_pointed_at_a_sandbox_by_the_environment_alone_goes_at_its_speed() {
    let project = Project::new();
    let server = project.serve("--memory --speed 600");
    let began = Instant::now();
    let apply = server.seen_by(project.command("apply one --yes"), ONE);
    let said = start(apply).end().well();
    assert!(began.elapsed() < Duration::from_secs(40), "it took {:?}\n{said}", began.elapsed());
    assert!(
        said.contains("✓ one done: 8 created") && said.contains(" min ") && said.contains(" simulated, "),
        "{said}"
    );
    assert!(project.path().join(".fathuss/one.db").exists(), "its state is not the sandbox's");
    assert!(!project.path().join(".fathuss/sandbox").exists(), "the world lives in memory");
    let plan = server.seen_by(project.command("plan one"), ONE);
    assert!(start(plan).end().well().contains("No changes: 8 resources"));
}

#[test]
fn another_accounts_key_is_refused_with_the_keys_that_are_right() {
    let project = Project::new();
    let server = project.serve("--memory");
    let refused = start(server.seen_by(project.command("plan one"), TWO)).end().badly();
    let words = refused.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains(&format!("export AWS_ACCESS_KEY_ID={ONE} AWS_SECRET_ACCESS_KEY=test")), "{refused}");
    assert_eq!(server.ask("calls"), serde_json::json!({ "sts.GetCallerIdentity": 1 }), "nothing else is asked");
}

#[test]
fn a_world_that_a_process_keeps_to_itself_is_refused_with_who_that_is() {
    let project = Project::new();
    let busy = project.busy();
    for words in ["plan two --sandbox", "sandbox reset", "sandbox serve --port 0"] {
        let refused = project.run(words).badly();
        let holder = format!("process {} (`fathuss apply one --sandbox --speed 1`)", busy.pid());
        assert!(refused.contains(&holder) && refused.contains("Next: "), "{words}: {refused}");
    }
}

#[test]
fn what_killed_processes_left_behind_is_no_obstacle() {
    let project = Project::new();
    project.busy().kill();
    assert!(project.holder().exists());
    assert!(project.run("plan two --sandbox").well().contains("8 to create"));
    assert!(!project.holder().exists());
    project.serve("").process.kill();
    assert!(project.holder().exists());
    let said = project.run("plan two --sandbox").well();
    assert!(said.contains("8 to create") && !project.holder().exists(), "{said}");
}

#[test]
fn a_world_is_served_once_and_its_server_named_to_the_second() {
    let project = Project::new();
    let server = project.serve("");
    let refused = project.run("sandbox serve --port 0").badly();
    assert!(refused.contains(&format!("process {}", server.process.pid())), "{refused}");
    assert!(refused.contains(&format!("http://{}", server.address)), "{refused}");
}

#[test]
fn the_speed_of_a_served_world_is_its_servers() {
    let project = Project::new();
    let _server = project.serve("--speed 60");
    let refused = project.run("plan one --sandbox --speed 30").badly();
    assert!(refused.contains("whose time goes at 60, not at 30"), "{refused}");
    project.run("plan one --sandbox --speed 60").well();
}

#[test]
fn reset_beside_a_server_empties_the_world_that_it_goes_on_serving() {
    let project = Project::new();
    let server = project.serve("--speed 600");
    project.run("apply one --sandbox").well();
    assert!(accounts_of(&server, "ec2.nat_gateway").contains(&ONE.to_owned()));
    project.run("sandbox reset").well();
    assert!(accounts_of(&server, "ec2.nat_gateway").is_empty());
    assert!(project.run("plan one --sandbox").well().contains("8 to create"));
    project.run("apply one --sandbox").well();
}

#[test]
fn reset_takes_nothing_from_a_run_that_is_under_way() {
    let project = Project::new();
    let server = project.serve("--speed 1");
    let busy = project.start("apply one --sandbox");
    let began = Instant::now();
    while server.ask("world/ec2.nat_gateway") == serde_json::json!([]) {
        assert!(began.elapsed() < Duration::from_secs(60), "the apply does not get to its NAT gateway");
        std::thread::sleep(Duration::from_millis(20));
    }
    let refused = project.run("sandbox reset").badly();
    let words = refused.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains(&format!("process {}", busy.pid())), "{refused}");
    assert_eq!(accounts_of(&server, "ec2.nat_gateway"), [ONE]);
}
