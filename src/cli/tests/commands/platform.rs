//! Staging itself, from the program in `stacks/`, built by Cargo as `fathuss.toml` says.

use std::path::Path;
use std::process::Command;

use crate::project::{FATHUSS, Project, Ran};

/// The image, the zones, the hosted zone, and a version for each addon.
const LOOKUPS: usize = 9;

/// The project's own `fathuss.toml` in another folder, so that the checkout's sandbox stays as it is.
fn platform() -> Project {
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let checkout = std::fs::canonicalize(checkout).expect("it is there");
    let manifest = std::fs::read_to_string(checkout.join("fathuss.toml")).expect("it is there");
    let here = format!("\"--manifest-path\", \"{}\", \"--package\"", checkout.join("Cargo.toml").display());
    let moved = manifest.replace("\"--package\"", &here);
    assert_ne!(moved, manifest);
    let project = Project::empty();
    project.write("fathuss.toml", &moved);
    project
}

fn run(project: &Project, words: &str) -> Ran {
    let mut command = Command::new(FATHUSS);
    command.args(words.split_whitespace()).current_dir(project.root()).stdin(std::process::Stdio::null());
    command.env("LC_ALL", "C.UTF-8");
    project.end(words, command)
}

#[test]
fn staging_is_built_found_unchanged_and_destroyed() {
    let project = platform();
    // It lets in whom this one makes.
    run(&project, "apply staging-account --sandbox").ended(0);
    run(&project, "plan staging-account --sandbox --detailed-exitcode").ended(0);
    run(&project, "plan staging --sandbox --no-cluster --detailed-exitcode").ended(2);
    let applied = run(&project, "apply staging --sandbox --no-cluster").ended(0);
    let (_, made) = applied.stdout.split_once(&format!("staging done: {LOOKUPS} read, ")).expect("it says what it did");
    let made: usize = made.split_once(" created").and_then(|(made, _)| made.parse().ok()).expect("and how much");
    assert!(made > 100, "{applied}");
    assert!(run(&project, "apply staging --sandbox --no-cluster").ended(0).stdout.contains("No changes"));
    run(&project, "plan staging --sandbox --no-cluster --detailed-exitcode").ended(0);
    let listed = run(&project, "state list staging --sandbox").ended(0).stdout;
    assert_eq!(listed.lines().count(), LOOKUPS + made, "{listed}");
    assert!(listed.contains("aws_eks_cluster.main\n"), "{listed}");
    run(&project, "destroy staging --sandbox --no-cluster").ended(0);
    assert_eq!(run(&project, "state list staging --sandbox").ended(0).stdout, "");
}

#[test]
fn each_stack_of_the_platform_is_planned_and_drawn() {
    let project = platform();
    // Production's backups go to a vault of another stack, and the accounts' make those whom the environments let in.
    for stack in ["account", "staging-account", "production-dr"] {
        run(&project, &format!("apply {stack} --sandbox")).ended(0);
    }
    for stack in ["staging", "production"] {
        run(&project, &format!("plan {stack} --sandbox --detailed-exitcode")).ended(2);
        assert!(run(&project, &format!("graph {stack} --format svg")).ended(0).stdout.contains("aws_eks_cluster"));
    }
    run(&project, "doctor --sandbox").ended(0);
}

#[test]
fn what_the_account_s_costs_are_told_apart_by_is_deferred_and_the_rest_applied_and_destroyed() {
    let project = platform();
    let applied = run(&project, "apply account --sandbox").ended(0).stdout;
    assert!(applied.contains("3 deferred"), "{applied}");
    assert!(applied.contains("know the tag's key yet"), "{applied}");
    // Until AWS knows them there is nothing to do, and that is said with the reason.
    let again = run(&project, "plan account --sandbox --detailed-exitcode").ended(0).stdout;
    assert!(again.contains("No changes") && again.contains("status: not yet, because"), "{again}");
    let told = run(&project, "plan account --sandbox --json").ended(0).stdout;
    assert!(told.contains(r#""deferred""#), "{told}");
    run(&project, "destroy account --sandbox").ended(0);
    assert_eq!(run(&project, "state list account --sandbox").ended(0).stdout, "");
}

#[test]
fn the_other_region_s_stack_is_applied_and_protected() {
    let project = platform();
    run(&project, "apply production-dr --sandbox").ended(0);
    run(&project, "plan production-dr --sandbox --detailed-exitcode").ended(0);
    assert!(run(&project, "output production-dr backup_vault --raw --sandbox").ended(0).stdout.contains("us-west-2"));
    run(&project, "destroy production-dr --sandbox").ended(1);
}
