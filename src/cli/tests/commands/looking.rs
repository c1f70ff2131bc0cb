//! What shows and changes nothing: the state, the graph, the types, and whether all is there.

use crate::demo;
use crate::project::{Project, assert_shown};

#[test]
fn the_state_is_shown_without_asking_aws() {
    let project = Project::of(demo::network);
    let before = project.run("show demo --sandbox").ended(0);
    project.run("apply demo --sandbox").ended(0);
    assert_shown!(
        project,
        before,
        project.run("show demo --sandbox").ended(0),
        project.run("state list demo --sandbox").ended(0),
        project.run("state show demo aws_vpc.main --sandbox").ended(0),
    );
}

#[test]
fn an_address_may_be_given_as_any_command_prints_it() {
    let project = Project::of(demo::network);
    project.run("apply demo --sandbox").ended(0);
    for address in project.addresses() {
        for address in [address.clone(), format!("demo.{address}")] {
            let shown = project.command("state show demo --sandbox").arg(&address).output().expect("it runs");
            assert!(shown.status.success(), "{address}: {}", String::from_utf8_lossy(&shown.stderr));
        }
    }
}

#[test]
fn outputs_are_printed_for_people_and_raw_for_scripts() {
    let project = Project::of(demo::network);
    let before = project.run("output demo --sandbox").ended(0);
    project.run("apply demo --sandbox").ended(0);
    assert_shown!(
        project,
        before,
        project.run("output demo --sandbox").ended(0),
        project.run("output demo vpc_id --sandbox").ended(0),
        project.run("output demo vpc_id --raw --sandbox").ended(0),
        project.run("output demo vpc --sandbox").ended(1),
    );
}

#[test]
fn what_is_not_there_is_said_with_what_is() {
    let project = Project::of(demo::network);
    project.run("apply demo --sandbox").ended(0);
    assert_shown!(
        project,
        project.run("state show demo aws_vpc.other --sandbox").ended(1),
        project.run("state show demo nonsense --sandbox").ended(1),
        project.run("plan production --sandbox").ended(1),
        project.run("schema aws_moon").ended(1),
        Project::empty().run("plan demo --sandbox").ended(1),
    );
}

#[test]
fn the_graph_is_written_for_graphviz_and_mermaid_and_drawn() {
    let project = Project::of(demo::network);
    let svg = project.run("graph demo --format svg").ended(0).stdout;
    assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"), "{svg}");
    assert!(svg.contains("aws_vpc.main") && svg.contains("aws_subnet.public"), "{svg}");
    assert_shown!(project, project.run("graph demo").ended(0), project.run("graph demo --format mermaid").ended(0));
}

#[test]
fn a_folder_below_the_project_is_in_it() {
    let project = Project::of(demo::network);
    std::fs::create_dir(project.path("below")).expect("there is room");
    let output = project.command("graph demo").current_dir(project.path("below")).output().expect("it runs");
    assert_eq!(String::from_utf8_lossy(&output.stdout), project.run("graph demo").ended(0).stdout);
}

#[test]
fn the_doctor_finds_a_healthy_project_well() {
    let project = Project::of(demo::network);
    let before = project.run("doctor --sandbox").ended(0);
    project.run("apply demo --sandbox").ended(0);
    let after = project.run("doctor demo --sandbox").ended(0);
    let cargo = |text: String| text.lines().filter(|line| !line.contains(" cargo: ")).collect::<Vec<_>>().join("\n");
    assert!(before.stdout.starts_with("ok      cargo: cargo 1."), "{before}");
    assert_shown!(project, cargo(before.to_string()), cargo(after.to_string()));
}

#[test]
fn the_doctor_says_all_that_is_missing_and_fails() {
    let project = Project::of(demo::network);
    project.program("exit 3");
    project.write(".fathuss/demo.db", "nonsense");
    let sick = project.run("doctor").ended(1);
    assert_shown!(project, sick.stdout.lines().skip(1).collect::<Vec<_>>().join("\n"), sick.stderr);
}

#[test]
fn types_are_listed_and_one_is_shown_in_full() {
    let project = Project::empty();
    let listed = project.run("schema").ended(0);
    assert!(listed.stdout.lines().filter(|line| line.starts_with("aws_")).count() > 30, "{listed}");
    assert_shown!(project, project.run("schema aws_internet_gateway").ended(0));
}
