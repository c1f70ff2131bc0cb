//! `--only`: a part of a stack.

use crate::demo;
use crate::project::{Project, assert_shown};
use crate::server::vpcs;

#[test]
fn a_part_is_planned_applied_and_destroyed_alone() {
    let project = Project::of(demo::network);
    let waits = project.run("plan demo --sandbox --only aws_subnet.public").ended(1);
    let first = project.run("apply demo --sandbox --only aws_vpc.*").ended(0);
    assert_eq!((project.addresses(), vpcs(&project)), (vec!["aws_vpc.main".to_owned()], 1));
    let planned = project.run("plan demo --sandbox --only aws_subnet.public --detailed-exitcode").ended(2);
    let applied = project.run("apply demo --sandbox --only aws_subnet.public").ended(0);
    let unchanged = project.run("plan demo --sandbox --only aws_subnet.public --detailed-exitcode").ended(0);
    let needed = project.run("destroy demo --sandbox --only aws_vpc.main").ended(1);
    let unknown = project.run("plan demo --sandbox --only aws_subnet.publi").ended(1);
    let wrong = project.run("plan demo --sandbox --only subnet").ended(1);
    assert_shown!(project, waits, first, planned, applied, unchanged, needed, unknown, wrong);

    project.run("apply demo --sandbox").ended(0);
    let addresses = project.addresses().len();
    project.run("destroy demo --sandbox --only aws_internet_gateway.main --only aws_route_table.*").ended(1);
    assert_eq!(project.addresses().len(), addresses, "what needs them is not among them");
    project.run("destroy demo --sandbox").ended(0);
}
