//! Secrets that a stack takes from the environment.

use fathuss_model::aws::{DbInstance, DbInstanceClass, DbSubnetGroup, Gp3, MasterPassword, Subnet, Vpc};
use fathuss_model::{Ipv4Net, Result, Secret, Stack, Subnets};

use crate::demo::ACCOUNT;
use crate::project::Project;

/// A network, and a database whose master password comes from the environment.
fn database(stack: &mut Stack) -> Result<()> {
    keeping_backups(stack, 1, 1)
}

/// The same, with backups kept for another time.
fn database_with_more_backups(stack: &mut Stack) -> Result<()> {
    keeping_backups(stack, 7, 1)
}

/// The same with the next password.
fn database_with_the_next_password(stack: &mut Stack) -> Result<()> {
    keeping_backups(stack, 7, 2)
}

fn keeping_backups(stack: &mut Stack, days: i64, version: i64) -> Result<()> {
    stack.place("us-east-1", ACCOUNT);
    let range: Ipv4Net = "10.0.0.0/16".parse()?;
    let vpc = stack.add("main", Vpc::new(range));
    let mut subnets = Vec::new();
    for (zone, position) in [("us-east-1a", 0), ("us-east-1b", 1)] {
        let subnet = Subnet::new(&vpc, range.subnet(24, position)?).availability_zone(zone);
        subnets.push(stack.add(("private", zone), subnet));
    }
    let group = stack.add("main", DbSubnetGroup::new(&subnets).name("main"));
    let password = MasterPassword::Secret(Secret::from_environment("DEMO_PASSWORD"), version);
    let database = DbInstance::postgres("17", DbInstanceClass::T3Micro)
        .identifier("main")
        .storage(Gp3::gigabytes(20))
        .subnets(&group)
        .username("demo")
        .master_password(password)
        .backup_retention_period(days)
        .skip_final_snapshot(true);
    stack.add("main", database);
    Ok(())
}

#[test]
fn a_secret_that_is_not_there_is_said_before_anything_is_made() {
    let project = Project::of(database);
    let told = project.run("apply demo --sandbox").ended(1);
    for words in
        ["DEMO_PASSWORD is not set", "aws_db_instance.main, `password_wo`", "secrets.rs:", "nothing was changed"]
    {
        assert!(told.stderr.contains(words), "{words}: {}", told.stderr);
    }
    assert_eq!(project.run("state list demo --sandbox").ended(0).stdout, "");
    let applied = project.command("apply demo --sandbox").env("DEMO_PASSWORD", "correct-horse-9").output().unwrap();
    assert!(applied.status.success(), "{}", String::from_utf8_lossy(&applied.stderr));
    project.run("apply demo --sandbox").ended(0);

    // What does not send the password does not ask for it.
    project.declare(database_with_more_backups);
    project.run("apply demo --sandbox").ended(0);
    project.declare(database_with_the_next_password);
    let told = project.run("apply demo --sandbox").ended(1);
    assert!(told.stderr.contains("DEMO_PASSWORD is not set"), "{}", told.stderr);
}
