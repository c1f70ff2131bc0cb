//! `fathuss init` makes a project that stands alone: it needs this binary and Cargo, and no checkout of Fathuss.

mod program;

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::program::{Ended, fathuss, start};

/// The program, away from where it was built, and an empty folder beside it.
struct Away {
    folder: tempfile::TempDir,
    program: PathBuf,
}

impl Away {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("there is room");
        let program = folder.path().join("fathuss");
        // By another process: a copy that this one has open for writing, even for a moment, is inherited by what its
        // other threads start, and a program that anyone has open for writing can't be run.
        let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_fathuss")).arg(&program).status();
        assert!(copied.is_ok_and(|status| status.success()), "it can be copied");
        Self { folder, program }
    }

    fn path(&self, inside: &str) -> PathBuf {
        self.folder.path().join(inside)
    }

    fn run(&self, folder: &str, words: &str) -> Ended {
        start(self.command(folder, words)).end()
    }

    /// Cargo takes what this workspace has downloaded, and builds where it finds it built the next time.
    fn command(&self, folder: &str, words: &str) -> Command {
        let mut command = fathuss(&self.program, &self.path(folder), words);
        command.env("CARGO_NET_OFFLINE", "true");
        command.env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("init"));
        command
    }
}

/// Every file below a folder, with its text.
fn files(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push((path.clone(), std::fs::read_to_string(&path).unwrap()));
        }
    }
    found
}

fn lock(text: &str) -> Vec<(String, String)> {
    let lock: toml::Table = toml::from_str(text).unwrap();
    let packages = lock["package"].as_array().unwrap().iter();
    packages.map(|one| (one["name"].as_str().unwrap().to_owned(), one["version"].to_string())).collect()
}

#[test]
fn a_new_project_plans_and_applies_in_the_sandbox_without_the_checkout() {
    let away = Away::new();
    away.run("", "init my-stacks").well();
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
    let made = files(&away.path("my-stacks"));
    let named: Vec<_> = made.iter().filter(|(_, text)| text.contains(checkout.to_str().unwrap())).collect();
    assert!(named.is_empty(), "{named:?}");
    assert!(!made.iter().any(|(_, text)| text.contains("workspace = true")), "nothing inherits");

    let locked = std::fs::read_to_string(away.path("my-stacks/Cargo.lock")).unwrap();
    let plan = away.run("my-stacks", "plan demo --sandbox").well();
    assert!(plan.contains("8 to create"), "{plan}");
    assert!(plan.contains("network.rs:"), "what it declares is shown at its lines: {plan}");
    let after = std::fs::read_to_string(away.path("my-stacks/Cargo.lock")).unwrap();
    let changed: Vec<_> = locked.lines().zip(after.lines()).filter(|(before, after)| before != after).collect();
    assert!(locked == after, "Cargo found something to add or to take away, first at {:?}", changed.first());
    let workspace = lock(&std::fs::read_to_string(checkout.join("Cargo.lock")).unwrap());
    let strange: Vec<_> = lock(&locked).into_iter().filter(|one| !workspace.contains(one)).collect();
    assert_eq!(strange, [("my-stacks".to_owned(), "\"0.1.0\"".to_owned())]);

    away.run("my-stacks", "apply demo --sandbox").well();
    assert!(away.run("my-stacks", "plan demo --sandbox").well().contains("No changes"));
}

#[test]
fn a_folder_with_something_in_it_is_left_alone() {
    let away = Away::new();
    let refused = away.run("", "init .").badly();
    assert!(refused.contains("is not empty; nothing was written"), "{refused}");
    assert_eq!(std::fs::read_dir(away.folder.path()).unwrap().count(), 1, "the program alone");
}

#[test]
fn a_developer_names_the_package_to_use_instead() {
    let away = Away::new();
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("../model").canonicalize().unwrap();
    away.run("", &format!("init mine --model {}", model.display())).well();
    assert!(!away.path("mine/vendor").exists());
    let manifest = std::fs::read_to_string(away.path("mine/Cargo.toml")).unwrap();
    assert!(manifest.contains(&format!("path = \"{}\"", model.display())), "{manifest}");
    let refused = away.run("", "init other --model nowhere").badly();
    assert!(refused.contains("the package fathuss-model is not at nowhere"), "{refused}");
}
