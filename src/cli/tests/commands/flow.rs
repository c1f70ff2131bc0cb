//! From nothing to a network, through an edit, and back to nothing.

use crate::demo;
use crate::project::{Project, assert_shown};
use crate::server::vpcs;

#[test]
fn a_stack_is_planned_applied_edited_and_destroyed() {
    let project = Project::of(demo::network);
    let planned = project.run("plan demo --sandbox --detailed-exitcode").ended(2);
    let applied = project.run("apply demo --sandbox").ended(0);
    let addresses = project.addresses();
    assert_eq!((addresses.len(), vpcs(&project)), (8, 1), "{addresses:?}");

    let again = project.run("apply demo --sandbox").ended(0);
    let unchanged = project.run("plan demo --sandbox --detailed-exitcode").ended(0);
    assert_shown!(project, planned, applied, again, unchanged);

    project.declare(demo::edited);
    let planned = project.run("plan demo --sandbox --detailed-exitcode").ended(2);
    let applied = project.run("apply demo --sandbox").ended(0);
    let unchanged = project.run("plan demo --sandbox --detailed-exitcode").ended(0);
    assert_eq!(project.addresses().len(), 7);
    assert_shown!(project, planned, applied, unchanged);

    let planned = project.run("plan demo --sandbox --destroy --detailed-exitcode").ended(2);
    assert_eq!(project.addresses().len(), 7, "a plan destroys nothing");
    let destroyed = project.run("destroy demo --sandbox").ended(0);
    assert_eq!(project.addresses(), Vec::<String>::new());
    let again = project.run("destroy demo --sandbox").ended(0);
    assert_shown!(project, planned, destroyed, again);
    assert_eq!(vpcs(&project), 0);
}

#[test]
fn what_shows_a_plan_in_full_never_applies() {
    let project = Project::of(demo::many);
    let full = |words: &str, command: &str| {
        let shown = project.run(words).ended(0).stdout;
        let hint = shown.lines().find(|line| line.ends_with("--full")).unwrap_or_else(|| panic!("{shown}"));
        assert!(hint.ends_with(command), "{words}: {hint}");
    };
    full("plan demo --sandbox", ": fathuss plan demo --sandbox --full");
    full("apply demo --sandbox", ": fathuss plan demo --sandbox --full");
    full("plan demo --sandbox --destroy", ": fathuss plan demo --destroy --sandbox --full");
    full("destroy demo --sandbox", ": fathuss plan demo --destroy --sandbox --full");
}

#[test]
fn a_protection_is_shown_at_its_line_or_with_how_to_take_it_from_what_has_none() {
    let project = Project::of(demo::protected);
    project.run("apply demo --sandbox").ended(0);
    let declared = project.run("destroy demo --sandbox").ended(1).stderr;
    assert!(declared.lines().any(|line| line.contains("aws_vpc.main ") && line.contains("demo.rs:")), "{declared}");
    assert!(declared.contains("Next: take `prevent_destroy` out of the stack program"), "{declared}");
    project.declare(demo::local);
    let gone = project.run("apply demo --sandbox").ended(1).stderr;
    assert!(!gone.contains("demo.rs:"), "{gone}");
    assert!(gone.contains("Next: declare it again without `prevent_destroy`, apply, then take it out"), "{gone}");
    assert_eq!(vpcs(&project), 1);
}

#[test]
fn a_protection_that_is_taken_away_is_a_change_of_the_plan() {
    let project = Project::of(demo::protected);
    project.run("apply demo --sandbox").ended(0);
    project.declare(demo::unprotected);
    let planned = project.run("plan demo --sandbox --detailed-exitcode").ended(2);
    let applied = project.run("apply demo --sandbox").ended(0);
    let unchanged = project.run("plan demo --sandbox --detailed-exitcode").ended(0);
    assert_shown!(project, planned, applied, unchanged);
    project.run("destroy demo --sandbox").ended(0);
    assert_eq!(vpcs(&project), 0);
}

#[test]
fn what_another_stack_reads_from_is_destroyed_after_it_or_on_order() {
    let project = Project::of(demo::network);
    project.add("beside", demo::beside);
    project.run("apply demo --sandbox").ended(0);
    project.run("plan demo --destroy --sandbox").ended(0);
    project.run("apply beside --sandbox").ended(0);
    for words in ["destroy demo --sandbox", "plan demo --destroy --sandbox"] {
        let refused = project.run(words).ended(1).stderr;
        assert!(refused.contains("`beside` stands and reads vpc_id of it"), "{refused}");
        assert!(refused.contains("--ignore-dependents"), "{refused}");
    }
    assert_eq!(project.addresses().len(), 8);
    project.run("plan demo --destroy --sandbox --ignore-dependents").ended(0);
    project.run("destroy beside --sandbox").ended(0);
    project.run("destroy demo --sandbox").ended(0);
    assert_eq!(vpcs(&project), 0);
}

#[test]
fn a_plan_changes_nothing() {
    let project = Project::of(demo::network);
    let first = project.run("plan demo --sandbox").ended(0).stdout;
    assert_eq!(project.run("plan demo --sandbox").ended(0).stdout, first);
    assert!(!project.path(".fathuss/sandbox/demo.db").exists(), "a plan makes no state");
}

#[test]
fn a_plan_without_reading_says_so_and_sends_nothing() {
    let project = Project::of(demo::network);
    project.run("apply demo --sandbox").ended(0);
    let plan = project.run("plan demo --sandbox --no-refresh").ended(0);
    assert_shown!(project, plan);
}

#[test]
fn reset_empties_the_sandbox() {
    let project = Project::of(demo::network);
    project.run("apply demo --sandbox").ended(0);
    let reset = project.run("sandbox reset").ended(0);
    let show = project.run("show demo --sandbox").ended(0);
    let again = project.run("sandbox reset").ended(0);
    assert_shown!(project, reset, show, again);
    project.run("plan demo --sandbox --detailed-exitcode").ended(2);
}

#[test]
fn a_stack_without_any_cloud_needs_no_call_but_the_question_who_asks() {
    let project = Project::of(demo::local);
    let applied = project.run("apply demo --sandbox").ended(0);
    assert_shown!(project, applied);
}

#[test]
fn a_speed_beyond_all_measure_is_refused() {
    let project = Project::of(demo::network);
    for words in ["apply demo --sandbox --speed 1e300", "sandbox serve --port 0 --speed inf"] {
        let told = project.run(words).ended(1);
        assert!(told.stderr.contains("--speed is 1000000 at most"), "{}", told.stderr);
    }
}
