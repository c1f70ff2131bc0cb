//! Taking over what is there.

use fathuss_model::aws::{Eip, Subnet, Vpc};
use fathuss_model::terraform::Data;
use fathuss_model::{Result, Stack};
use serde_json::Value;

use crate::demo;
use crate::project::{Project, assert_shown, flat};

const STATE: &str = ".fathuss/sandbox/demo.db";

/// A VPC and its subnet, a public address, and a note that is nowhere else.
fn small(stack: &mut Stack) -> Result<()> {
    stack.place("us-east-1", demo::ACCOUNT);
    let vpc = stack.add("main", Vpc::new("10.0.0.0/16".parse::<fathuss_model::Ipv4Net>()?).enable_dns_hostnames(true));
    stack.add("one", Subnet::new(&vpc, "10.0.1.0/24".parse::<fathuss_model::Ipv4Net>()?));
    stack.add("out", Eip::new().tag("Use", "nat"));
    stack.add("note", Data::new());
    Ok(())
}

/// The same with another setting and another tag.
fn otherwise(stack: &mut Stack) -> Result<()> {
    stack.place("us-east-1", demo::ACCOUNT);
    let vpc = stack.add("main", Vpc::new("10.0.0.0/16".parse::<fathuss_model::Ipv4Net>()?));
    stack.add("one", Subnet::new(&vpc, "10.0.2.0/24".parse::<fathuss_model::Ipv4Net>()?));
    stack.add("out", Eip::new().tag("Use", "vpn"));
    stack.add("note", Data::new());
    Ok(())
}

/// The sandbox has what [`small`] declares and no state knows it any more. Gives the ids.
fn forgotten() -> (Project, [String; 3]) {
    let project = Project::of(small);
    project.run("apply demo --sandbox").ended(0);
    let id = |address: &str| {
        let shown = project.run(&format!("state show demo {address} --sandbox --json")).ended(0);
        let row: Value = serde_json::from_str(&shown.stdout).expect("it is JSON");
        row["identity"].as_str().expect("it has one").to_owned()
    };
    let ids = [id("aws_vpc.main"), id("aws_subnet.one"), id("aws_eip.out")];
    (project, ids)
}

/// Puts a state without any row in the place of the stack's own, of the same lineage or of another.
fn forget(project: &Project, lineage: bool) {
    use fathuss_state::{Backend, Entry, Holder, Origin, Sqlite, Store};
    let path = project.path(STATE);
    if !lineage {
        for beside in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(project.path(&format!("{STATE}{beside}")));
        }
        return;
    }
    let mut store = Sqlite::open(&path, 1).expect("it opens");
    let holder = Holder {
        id: "test".to_owned(),
        who: "test".to_owned(),
        pid: std::process::id(),
        command: "test".to_owned(),
        since_ms: 1,
        origin: Origin::default(),
        part: None,
    };
    store.lock(&holder, 1).expect("nobody has it");
    let addresses: Vec<_> = store.snapshot().expect("it is read").resources.into_keys().collect();
    store.append(&addresses.into_iter().map(Entry::Dropped).collect::<Vec<_>>()).expect("it is written");
    store.release().expect("it is held");
}

#[test]
fn what_is_there_is_taken_over_and_planned_quietly() {
    let (project, [vpc, subnet, address]) = forgotten();
    forget(&project, true);
    let first = project.run(&format!("import demo aws_subnet.one {subnet} --sandbox")).ended(0);
    assert!(flat(&first).contains("It refers to aws_vpc.main, which the state does not have"), "{first}");
    let second = project.run(&format!("import demo demo.aws_vpc.main {vpc} --sandbox")).ended(0);
    let third = project.run(&format!("import demo aws_eip.out {address} --sandbox")).ended(0);
    for quiet in [&second, &third] {
        assert!(quiet.stdout.contains("The next plan has nothing to change of it."), "{quiet}");
    }
    let plan = project.run("plan demo --sandbox --json").ended(0).stdout;
    let plan: Value = serde_json::from_str(&plan).expect("it is JSON");
    let actions = plan["actions"].as_array().expect("it is a list");
    assert!(actions.iter().all(|action| action["address"] == "demo.terraform_data.note"), "{actions:#?}");
    project.run("apply demo --sandbox").ended(0);
    project.run("destroy demo --sandbox").ended(0);
}

#[test]
fn what_the_program_wants_otherwise_is_shown_at_once() {
    let (project, [vpc, subnet, address]) = forgotten();
    forget(&project, true);
    project.declare(otherwise);
    let vpc = project.run(&format!("import demo aws_vpc.main {vpc} --sandbox")).ended(0);
    let subnet = project.run(&format!("import demo aws_subnet.one {subnet} --sandbox")).ended(0);
    let address = project.run(&format!("import demo aws_eip.out {address} --sandbox --json")).ended(0);
    let told: Value = serde_json::from_str(&address.stdout).expect("it is JSON");
    assert_eq!(told["imported"], "demo.aws_eip.out");
    assert_eq!(told["plan"]["actions"][0]["change"], "update");
    assert_eq!(told["plan"]["actions"][0]["fields"][0]["path"], "tags.Use");
    for (run, words) in [(&vpc, "enable_dns_hostnames"), (&subnet, "cidr_block")] {
        assert!(run.stdout.contains("The next plan would do this about it:"), "{run}");
        assert!(run.stdout.contains(words), "{run}");
    }
    project.run("apply demo --sandbox").ended(0);
    project.run("plan demo --sandbox --detailed-exitcode").ended(0);
}

#[test]
fn what_is_another_states_is_left_to_it() {
    let (project, [vpc, ..]) = forgotten();
    forget(&project, false);
    let refused = project.run(&format!("import demo aws_vpc.main {vpc} --sandbox")).ended(1);
    let text = flat(&refused);
    assert!(text.contains("carries the mark of another state") && text.contains("demo.aws_vpc.main"), "{refused}");
    assert!(project.addresses().is_empty());
}

#[test]
fn what_can_not_be_imported_is_said_and_nothing_is_written() {
    let (project, [vpc, subnet, address]) = forgotten();
    let run = |words: &str| project.run(words).ended(1);
    let in_state = run(&format!("import demo aws_vpc.main {vpc} --sandbox"));
    forget(&project, true);
    let runs = [
        in_state,
        run("import demo aws_vpc.mian vpc-0a1b2c3d4e5f67890 --sandbox"),
        run("import demo terraform_data.note note --sandbox"),
        run(&format!("import demo aws_vpc.main {subnet} --sandbox")),
        run("import demo aws_vpc.main vpc-0a1b2c3d4e5f67890 --sandbox"),
        run(&format!("import demo aws_eip.in {address} --sandbox")),
    ];
    assert!(project.addresses().is_empty());
    assert_shown!(project, runs.map(|run| run.to_string()).join("\n"));
}
