//! A state that keys of AWS KMS encrypt, in two regions: the program asks them of a sandbox as it would ask AWS.
#![cfg(unix)]

mod program;

use std::path::Path;

use fathuss_model::aws::{KmsKey, Vpc};
use fathuss_model::{Ipv4Net, Result, Stack};

use crate::program::{Running, Server, declare, fathuss, start};

const ACCOUNT: &str = "111122223333";
const STATE: &str = "states/demo.db";

fn demo(stack: &mut Stack) -> Result<()> {
    stack.place("us-east-1", ACCOUNT);
    stack.add("main", Vpc::new("10.0.0.0/16".parse::<Ipv4Net>()?));
    Ok(())
}

/// A key for states, in one region.
fn key(stack: &mut Stack, region: &str, is_enabled: bool) -> Result<()> {
    stack.place(region, ACCOUNT);
    let key = stack.add("states", KmsKey::new().is_enabled(is_enabled));
    stack.output("arn", key.arn());
    Ok(())
}

/// A project with the demo, and a key in each of two regions.
struct Project {
    folder: tempfile::TempDir,
    server: Server,
}

impl Project {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("there is room");
        std::fs::write(folder.path().join("fathuss.toml"), file("")).expect("there is room");
        declare(folder.path(), &[("demo", demo)]);
        let server = Server::start(Path::new(env!("CARGO_BIN_EXE_fathuss")), folder.path(), "--speed instant");
        let project = Self { folder, server };
        project.keys(true, true);
        project
    }

    /// Makes the keys, or changes them.
    fn keys(&self, first: bool, second: bool) {
        let first: fn(&mut Stack) -> Result<()> =
            if first { |stack| key(stack, "us-east-1", true) } else { |stack| key(stack, "us-east-1", false) };
        let second: fn(&mut Stack) -> Result<()> =
            if second { |stack| key(stack, "eu-west-1", true) } else { |stack| key(stack, "eu-west-1", false) };
        for (name, stack) in [("first", first), ("second", second)] {
            declare(self.folder.path(), &[(name, stack)]);
            self.run(&format!("apply {name} --yes")).end().well();
        }
    }

    fn wants(&self, encryption: &str) {
        std::fs::write(self.folder.path().join("fathuss.toml"), file(encryption)).expect("there is room");
    }

    fn run(&self, words: &str) -> Running {
        let command = fathuss(Path::new(env!("CARGO_BIN_EXE_fathuss")), self.folder.path(), words);
        start(self.server.seen_by(command, ACCOUNT))
    }

    fn arn(&self, stack: &str) -> String {
        self.run(&format!("output {stack} arn --raw")).end().well().trim().to_owned()
    }

    fn state(&self) -> Vec<u8> {
        std::fs::read(self.folder.path().join(STATE)).expect("there is a state")
    }
}

fn file(encryption: &str) -> String {
    let stack = |name: &str, region: &str, more: &str| {
        format!("[stacks.{name}]\nregion = \"{region}\"\naccount = \"{ACCOUNT}\"\n{more}\n")
    };
    [
        "program = [\"cat\"]\n".to_owned(),
        stack("demo", "us-east-1", &format!("state = \"{STATE}\"\n{encryption}")),
        stack("first", "us-east-1", ""),
        stack("second", "eu-west-1", ""),
    ]
    .concat()
}

/// A text without line breaks.
fn flat(text: String) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_state_is_encrypted_by_keys_of_kms_and_read_while_one_of_them_answers() {
    let project = Project::new();
    project.run("apply demo --yes").end().well();
    let vpc = project.run("state show demo aws_vpc.main").end().well();
    let vpc = vpc.split(['"', ' ', '\n']).find(|word| word.starts_with("vpc-")).expect("it has an id").to_owned();
    let says = |bytes: &[u8]| bytes.windows(vpc.len()).any(|part| part == vpc.as_bytes());
    assert!(says(&project.state()), "the test can find what is plain");

    let keys = [project.arn("first"), project.arn("second")];
    project.wants(&format!("encryption = {{ kms = [\"{}\", \"{}\"] }}", keys[0], keys[1]));
    project.run("state encrypt demo").end().well();
    assert!(!says(&project.state()));
    project.run("plan demo --detailed-exitcode").end().well();
    let doctor = project.run("doctor demo").end();
    assert!(flat(doctor.said()).contains("and readable here"));
    project.run("state verify demo").end().well();

    // A region is gone: the key of the other answers.
    project.keys(false, true);
    project.run("apply demo --yes").end().well();
    let at_rest = project.state();
    project.keys(false, false);
    let told = flat(project.run("plan demo").end().badly());
    let refused = keys.map(|arn| format!("{arn}: DisabledException: {arn} is disabled."));
    assert!(refused.iter().all(|refused| told.contains(refused)), "{told}");
    let told = flat(project.run("apply demo --yes").end().badly());
    assert!(told.contains("nothing was changed"), "{told}");
    assert_eq!(project.state(), at_rest);

    // And it comes back.
    project.keys(true, false);
    project.wants("");
    project.run("state encrypt demo --plain").end().well();
    assert!(says(&project.state()));
}

#[test]
fn a_key_that_can_not_be_used_encrypts_nothing() {
    let project = Project::new();
    project.run("apply demo --yes").end().well();
    let at_rest = project.run("state pull demo").end().well();
    let absent = format!("arn:aws:kms:us-east-1:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555");
    project.wants(&format!("encryption = {{ kms = [\"{absent}\"] }}"));
    let told = flat(project.run("apply demo --yes").end().badly());
    assert!(told.contains(&format!("{absent}: NotFoundException: Key '{absent}' does not exist")), "{told}");
    assert_eq!(project.run("state pull demo").end().well(), at_rest);
}
