//! Stack programs that print no graph, or one that can't be planned.

use fathuss_model::aws::{Subnet, Vpc};
use fathuss_model::{Ipv4Net, Stack, Subnets};

use crate::demo;
use crate::project::{Project, assert_shown};

const PLAN: &str = "plan demo --sandbox";

#[test]
fn a_program_that_prints_no_graph_is_said_with_what_it_printed() {
    let project = Project::of(demo::network);
    let mut told = Vec::new();
    for script in [
        "exit 3",
        "echo 'no such table' >&2; exit 1",
        "echo hello",
        "true",
        "echo '{}'",
        "echo '{\"format\": \"terraform\", \"version\": 1}'",
        "echo '{\"format\": \"fathuss-graph\", \"version\": 2, \"stacks\": [], \"news\": true}'",
        "cat demo.json; echo done",
        "head -c 500 demo.json",
        "printf '\\033[2Jhello'",
        "printf '\\377\\376'",
        "kill -SEGV $$",
        "echo '{\"format\": \"fathuss-graph\", \"version\": 1, \"stacks\": [\"demo\"]}'",
        // It printed a graph, and then said that it failed: which of them is true can't be told.
        "cat demo.json; exit 4",
    ] {
        project.program(script);
        told.push(format!("== {script}\n{}", project.run(PLAN).ended(1)));
    }
    assert_shown!(project, told.join("\n"));
}

#[test]
fn a_program_that_is_not_there_or_not_allowed_to_run_is_said() {
    let project = Project::of(demo::network);
    let manifest = project.read("fathuss.toml");
    let mut told = Vec::new();
    for program in ["[\"./missing\"]", "[\"./fathuss.toml\"]", "[]"] {
        project.write("fathuss.toml", &manifest.replace("[\"sh\", \"stack.sh\"]", program));
        told.push(project.run(PLAN).ended(1).to_string());
    }
    assert_shown!(project, told.join("\n"));
}

#[test]
fn what_is_refused_is_shown_at_its_line() {
    let project = Project::of(demo::network);
    project.declare(|stack: &mut Stack| {
        stack.place("us-east-1", demo::ACCOUNT);
        let range: Ipv4Net = "10.0.0.0/16".parse()?;
        let vpc = stack.add("main", Vpc::new(range));
        stack.add("main", Vpc::new(range));
        stack.add("far", Subnet::new(&vpc, "192.168.0.0/24".parse::<Ipv4Net>()?));
        stack.add("a b", Vpc::new(range));
        Ok(())
    });
    let several = project.run(PLAN).ended(1);
    project.declare(|stack: &mut Stack| {
        stack.place("us-east-1", demo::ACCOUNT);
        let range: Ipv4Net = "10.0.0.0/33".parse()?;
        stack.add("main", Vpc::new(range));
        Ok(())
    });
    let failed = project.run(PLAN).ended(1);
    project.declare(|stack: &mut Stack| {
        stack.place("us-east-1", demo::ACCOUNT);
        let range: Ipv4Net = "10.0.0.0/16".parse()?;
        range.subnet(8, 0)?;
        Ok(())
    });
    let no_room = project.run(PLAN).ended(1);
    project.declare(|stack: &mut Stack| {
        stack.place("us-east-1", demo::ACCOUNT);
        let zones: Vec<&str> = Vec::new();
        stack.add("main", Vpc::new(zones[0].parse::<Ipv4Net>()?));
        Ok(())
    });
    let panicked = project.run(PLAN).ended(1);
    assert_shown!(project, several, failed, no_room, panicked);
}

#[test]
fn a_ring_is_shown_with_its_path() {
    let project = Project::of(demo::network);
    let line = project.read("demo.json");
    // Typed handles can't make one; a graph that something else printed can.
    let ring = line.replacen("\"fields\":{", "\"depends_on\":[\"demo.aws_route_table.public\"],\"fields\":{", 1);
    assert_ne!(ring, line);
    project.write("demo.json", &ring);
    let told = project.run(PLAN).ended(1);
    let twice = {
        let at = line.find("{\"address\":\"demo.aws_vpc.main\"").expect("the VPC is in it");
        let end = at + line[at..].find(",{\"address\"").expect("something follows it");
        project.write("demo.json", &format!("{},{}{}", &line[..end], &line[at..end], &line[end..]));
        project.run(PLAN).ended(1)
    };
    project.write("demo.json", &line.replace("aws_internet_gateway", "aws_moon"));
    let unknown = project.run(PLAN).ended(1);
    assert_shown!(project, told, twice, unknown);
}

#[test]
fn a_stack_that_stands_elsewhere_than_the_project_says_is_not_touched() {
    let project = Project::of(demo::network);
    let manifest = project.read("fathuss.toml");
    let told: Vec<String> = [("us-east-1", "us-west-2"), (demo::ACCOUNT, "444455556666")]
        .iter()
        .map(|(is, other)| {
            project.write("fathuss.toml", &manifest.replace(is, other));
            project.run(PLAN).ended(1).to_string()
        })
        .collect();
    assert!(!project.path(".fathuss").exists());
    assert_shown!(project, told.join("\n"));
}

#[test]
fn a_project_file_with_a_mistake_is_shown_with_its_line() {
    let project = Project::empty();
    let mut told = Vec::new();
    for text in [
        "",
        "program = [\"true\"]\n[stacks.demo]\nregion = \"us-east-1\"\naccount = 111122223333\n",
        "program = [\"true\"]\n[stacks.demo]\nregion = \"us-east-1\"\naccount = \"1111\"\n",
        "program = [\"true\"]\n[stacks.demo]\nregion = \"us-east-1\"\naccount = \"111122223333\"\nregoin = \"x\"\n",
        "program = [\"true\"\n",
        "[stacks.demo]\nregion = \"us-east-1\"\naccount = \"111122223333\"\n",
        "program = [\"true\"]\n[stacks.demo]\naccount = \"111122223333\"\n",
        "program = [\"true\"]\n[stacks.demo]\nregion = \"us-east-1\"\naccount = \"111122223333\"\n[sandbox.domains]\n\"shop..test\" = \"111122223333\"\n",
        "program = [\"true\"]\n[stacks.demo]\nregion = \"us-east-1\"\naccount = \"111122223333\"\n[sandbox.domains]\n\"shop.test\" = \"me\"\n",
    ] {
        project.write("fathuss.toml", text);
        told.push(project.run(PLAN).ended(1).to_string());
    }
    assert_shown!(project, told.join("\n"));
}

#[test]
fn a_bad_program_costs_an_applied_stack_nothing() {
    let project = Project::of(demo::network);
    project.run("apply demo --sandbox").ended(0);
    let before = project.run("show demo --sandbox").ended(0).stdout;
    project.program("echo hello");
    for words in ["apply demo --sandbox", "destroy demo --sandbox"] {
        project.run(words).ended(1);
    }
    assert_eq!(project.run("show demo --sandbox").ended(0).stdout, before);
}
