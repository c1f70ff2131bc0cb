//! Whole runs of the program over states that lie on servers: `cargo xtask test backends` starts these.
#![cfg(unix)]

mod program;
#[path = "simulation/reader.rs"]
mod reader;
#[path = "simulation/staging.rs"]
#[allow(dead_code, reason = "it is the sweeps', too")]
mod staging;

use std::collections::BTreeSet;
use std::fs;
use std::time::{Duration, Instant};

use fathuss_model::program::Stacks;
use fathuss_stacks::platform::platform;
use fathuss_stacks::staging_account::staging_account;
use fathuss_state::{Keys, Place, RunId, Snapshot};
use program::{Running, Server, declare, fathuss, start};
use staging::{environment, graph, thing, updated};

const PROGRAM: &str = env!("CARGO_BIN_EXE_fathuss");
/// Who the sandbox lets in.
const KEY: (&str, &str) = ("test", "testtest");

/// A served sandbox with staging, whose state lies in PostgreSQL.
struct Site {
    folder: tempfile::TempDir,
    server: Option<Server>,
    place: Place,
    /// What the account has before staging.
    ground: BTreeSet<String>,
}

impl Site {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("there is room");
        let database = std::env::var("FATHUSS_TEST_POSTGRES").expect("`cargo xtask test backends` sets it");
        let account = environment().account;
        let stack = |name: &str| {
            let schema = format!("parts_{}_{}", std::process::id(), name.replace('-', "_"));
            let place = format!("{database}?schema={schema}");
            let entry =
                format!("[stacks.{name}]\nregion = \"us-east-1\"\naccount = \"{account}\"\nstate = \"{place}\"\n");
            (entry, place)
        };
        let ((ground, _), (entry, place)) = (stack("staging-account"), stack("staging"));
        let domain = format!("[sandbox.domains]\n\"{}\" = \"{account}\"\n", environment().domain);
        let file = ["program = [\"cat\"]\n", &ground, &entry, &domain].concat();
        fs::write(folder.path().join("fathuss.toml"), file).expect("there is room");
        declare(folder.path(), &[("staging-account", staging_account)]);
        start(fathuss(PROGRAM.as_ref(), folder.path(), "apply staging-account --sandbox")).end().well();
        let pull = "state pull staging-account --sandbox --to account.state";
        start(fathuss(PROGRAM.as_ref(), folder.path(), pull)).end().well();
        let ground = reader::compare_in(folder.path(), &Snapshot::default(), None);
        let ground = ground.iter().map(|what| thing(what).to_owned()).collect();
        let place = Place::parse(&place, folder.path()).expect("it is one");
        let mut site = Self { folder, server: None, place, ground };
        site.serve(400);
        site.run("state push staging-account account.state").end().well();
        site
    }

    /// Lets the world's time go so fast from now on.
    fn serve(&mut self, speed: u32) {
        if let Some(server) = self.server.take() {
            server.process.terminate().well();
        }
        let options = format!("--speed {speed} --identity {}:{}:{}", KEY.0, KEY.1, environment().account);
        self.server = Some(Server::start(PROGRAM.as_ref(), self.folder.path(), &options));
    }

    /// Lets the program print this stack from now on.
    fn declare(&self, stacks: Stacks<'_>) {
        declare(self.folder.path(), stacks);
    }

    fn run(&self, words: &str) -> Running {
        let server = self.server.as_ref().expect("it is served");
        let command = fathuss(PROGRAM.as_ref(), self.folder.path(), words);
        let mut command = server.seen_by(command, KEY.0);
        command.env("AWS_SECRET_ACCESS_KEY", KEY.1);
        start(command)
    }

    fn state(&self) -> Box<dyn fathuss_state::Backend> {
        self.place.look(&Keys::default()).expect("it can be read").expect("there is one")
    }

    /// Until so many runs hold a lock.
    fn wait_for(&self, holders: usize) {
        let began = Instant::now();
        while self.state().holders().expect("readable").len() < holders {
            assert!(began.elapsed() < Duration::from_secs(120), "they never hold it");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// What a reader says that knows the world and the state alone.
    fn seen(mut self) -> Vec<String> {
        self.server.take().expect("it is served").process.terminate().well();
        let snapshot = self.state().snapshot().expect("readable");
        let mut wrong = reader::compare_in(self.folder.path(), &snapshot, Some(&graph(&updated())));
        wrong.retain(|what| !self.ground.contains(thing(what)));
        wrong
    }
}

#[test]
fn runs_on_parts_of_staging_go_side_by_side_and_one_that_overlaps_waits_or_is_refused() {
    let mut site = Site::new();
    site.declare(&[("staging", |stack| platform(stack, &environment()))]);
    site.run("apply staging --yes").end().well();
    site.declare(&[("staging", |stack| platform(stack, &updated()))]);

    // Slow enough that the first run has its lock while the third asks for it.
    site.serve(30);
    let database = "apply staging --yes --only aws_db_instance.postgres";
    let both = [database, "apply staging --yes --only aws_elasticache_replication_group.redis"];
    let both = both.map(|words| site.run(words));
    site.wait_for(2);
    let refused = site.run(database).end().badly();
    let refused: Vec<&str> = refused.split_whitespace().collect();
    let refused = refused.join(" ");
    assert!(refused.contains("locked by") && refused.contains(" on aws_db_instance.postgres) since"), "{refused}");
    let all = site.run("apply staging --yes --lock-timeout 240");
    both.map(|run| run.end().well());
    all.end().well();

    let runs = site.state().history(9).expect("readable");
    let run = |number: i64| runs.iter().find(|run| run.id == RunId(number)).expect("it is kept");
    assert!(run(3).started_ms < run(2).ended_ms.expect("it has ended"), "one began before the other had ended");
    assert!(run(4).started_ms >= run(2).ended_ms.max(run(3).ended_ms).expect("both have ended"), "the last has waited");
    assert!(run(4).actions.iter().all(|action| !action.address.kind().starts_with("aws_db_instance")));
    site.run("plan staging --detailed-exitcode").end().well();
    site.run("state verify staging").end().well();
    assert_eq!(site.seen(), Vec::<String>::new());
}
