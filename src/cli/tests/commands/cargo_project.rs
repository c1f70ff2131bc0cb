//! A project that `fathuss init` makes, compiled by Cargo as a new user would.

use std::path::Path;
use std::process::Command;

use crate::project::{Project, Ran, assert_shown};

/// `fathuss` in a real Rust project: it needs Cargo's own environment.
struct Made {
    project: Project,
}

impl Made {
    fn run(&self, words: &str) -> Ran {
        let mut command = Command::new(crate::project::FATHUSS);
        command.args(words.split_whitespace()).current_dir(self.project.path("made")).env("NO_COLOR", "1");
        // Kept from one run of the tests to the next: the model is compiled once.
        command.env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("made"));
        command.env("LC_ALL", "C.UTF-8").env_remove("RUST_BACKTRACE").stdin(std::process::Stdio::null());
        self.project.end(words, command)
    }

    fn edit(&self, file: &str, from: &str, to: &str) {
        let file = format!("made/{file}");
        let text = self.project.read(&file);
        assert!(text.contains(from), "{file} has no {from}");
        self.project.write(&file, &text.replacen(from, to, 1));
    }
}

#[test]
fn a_new_project_plans_at_once_and_each_mistake_is_shown_at_its_line() {
    let project = Project::empty();
    let init = project.run("init made").ended(0);
    let occupied = project.run("init made").ended(1);
    let made = Made { project };
    let planned = made.run("plan demo --sandbox --detailed-exitcode").ended(2);
    made.run("apply demo --sandbox").ended(0);
    made.run("plan demo --sandbox --detailed-exitcode").ended(0);
    assert_shown!(made.project, init, occupied, planned);

    made.edit("network.rs", "enable_dns_hostnames(true)", "enable_dns_hostnames(true).tag(\"Name\", \"main\")");
    let edited = made.run("plan demo --sandbox --detailed-exitcode").ended(2);
    assert_shown!(made.project, edited);

    made.edit("network.rs", "Subnet::new(&vpc, range)", "Subnet::new(&internet, range)");
    let mistyped = made.run("plan demo --sandbox").ended(1);
    let lines: Vec<&str> = mistyped.stderr.lines().collect();
    assert!(lines.iter().any(|line| line.contains("--> network.rs:")), "{mistyped}");
    assert!(mistyped.stderr.contains("Vpc") && mistyped.stderr.contains("InternetGateway"), "{mistyped}");
    assert_shown!(made.project, lines.iter().rev().take(3).rev().copied().collect::<Vec<_>>().join("\n"));

    made.edit("network.rs", "Subnet::new(&internet, range)", "Subnet::new(&vpc, range)");
    made.edit("network.rs", "let vpc = ", "if zones.len() > 1 { panic!(\"too many zones\") }\n    let vpc = ");
    let panicked = made.run("plan demo --sandbox").ended(1);
    made.edit("network.rs", "panic!(\"too many zones\")", "\"10.0.0.0/99\".parse::<Ipv4Net>()?;");
    let failed = made.run("plan demo --sandbox").ended(1);
    assert_shown!(made.project, panicked, failed);

    made.edit("network.rs", "\"10.0.0.0/99\".parse::<Ipv4Net>()?;", "");
    made.run("destroy demo --sandbox").ended(0);
}

#[test]
fn a_project_is_made_in_an_empty_folder_alone_and_in_a_git_repository() {
    let project = Project::empty();
    std::fs::create_dir_all(project.path("repository/.git")).expect("there is room");
    let here = project.end("init", {
        let mut command = project.command("init");
        command.current_dir(project.path("repository"));
        command
    });
    let nowhere = project.run("init other --model /nowhere").ended(1);
    assert!(!project.path("other/Cargo.toml").exists());
    assert_shown!(project, here.ended(0), nowhere);
    for file in ["Cargo.toml", "Cargo.lock", "fathuss.toml", "main.rs", "network.rs", ".gitignore"] {
        assert!(project.path("repository").join(file).exists(), "{file}");
    }
}
