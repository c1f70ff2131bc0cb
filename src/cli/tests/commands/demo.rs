//! The stacks that the tests plan and apply. Their lines are in the snapshots.

use fathuss_model::aws::{Eip, InternetGateway, NatGateway, Route, RouteTable, RouteTableAssociation, Subnet, Vpc};
use fathuss_model::terraform::Data;
use fathuss_model::{DeclarationExt, Id, Ipv4Net, Lifecycle, Output, Result, Stack, Subnets};

pub const ACCOUNT: &str = "111122223333";

fn place(stack: &mut Stack) -> Result<Ipv4Net> {
    stack.place("us-east-1", ACCOUNT);
    stack.default_tag("Project", "demo");
    Ok("10.0.0.0/16".parse()?)
}

/// A VPC with a public subnet in each of two zones.
pub fn network(stack: &mut Stack) -> Result<()> {
    let range = place(stack)?;
    let vpc = stack.add("main", Vpc::new(range).enable_dns_hostnames(true));
    let internet = stack.add("main", InternetGateway::new(&vpc));
    let table = stack.add("public", RouteTable::new(&vpc));
    stack.add("internet", Route::to_internet(&table, &internet));
    for (zone, position) in [("us-east-1a", 0), ("us-east-1b", 1)] {
        let subnet = Subnet::new(&vpc, range.subnet(24, position)?).availability_zone(zone);
        let subnet = stack.add(("public", zone), subnet);
        stack.add(("public", zone), RouteTableAssociation::new(&subnet, &table));
    }
    stack.output("vpc_id", vpc.id());
    Ok(())
}

/// The network after an edit: a tag on the VPC, another range for one subnet, and no route any more.
pub fn edited(stack: &mut Stack) -> Result<()> {
    let range = place(stack)?;
    let vpc = stack.add("main", Vpc::new(range).enable_dns_hostnames(true).tag("Name", "main"));
    stack.add("main", InternetGateway::new(&vpc));
    let table = stack.add("public", RouteTable::new(&vpc));
    for (zone, position) in [("us-east-1a", 0), ("us-east-1b", 7)] {
        let subnet = Subnet::new(&vpc, range.subnet(24, position)?).availability_zone(zone);
        let subnet = stack.add(("public", zone), subnet);
        stack.add(("public", zone), RouteTableAssociation::new(&subnet, &table));
    }
    stack.output("vpc_id", vpc.id());
    stack.output("table_id", table.id());
    Ok(())
}

/// Something that takes minutes of the sandbox's time, and something that waits for it.
pub fn slow(stack: &mut Stack) -> Result<()> {
    let range = place(stack)?;
    let vpc = stack.add("main", Vpc::new(range));
    let internet = stack.add("main", InternetGateway::new(&vpc));
    let subnet = stack.add("public", Subnet::new(&vpc, range.subnet(24, 0)?));
    let address = stack.add("nat", Eip::new());
    let gateway = stack.add("main", NatGateway::public(&subnet, &address).depends_on(&internet));
    let table = stack.add("private", RouteTable::new(&vpc));
    stack.add("out", Route::through_nat(&table, &gateway));
    Ok(())
}

/// No cloud at all: it lives in state alone.
pub fn local(stack: &mut Stack) -> Result<()> {
    place(stack)?;
    stack.add("note", Data::new());
    Ok(())
}

/// Enough of it that no small file holds its state.
pub fn many(stack: &mut Stack) -> Result<()> {
    place(stack)?;
    for number in 0..2000 {
        stack.add(("note", number), Data::new());
    }
    Ok(())
}

/// A route table in the network of `demo`.
pub fn beside(stack: &mut Stack) -> Result<()> {
    place(stack)?;
    let vpc = stack.read(&Output::<Id<Vpc>>::new("demo", "vpc_id"));
    stack.add("beside", RouteTable::new(vpc));
    Ok(())
}

/// A VPC that must not be destroyed.
pub fn protected(stack: &mut Stack) -> Result<()> {
    let range = place(stack)?;
    stack.add("main", Vpc::new(range).lifecycle(Lifecycle::new().prevent_destroy(true)));
    Ok(())
}

/// The same VPC, which may be destroyed.
pub fn unprotected(stack: &mut Stack) -> Result<()> {
    let range = place(stack)?;
    stack.add("main", Vpc::new(range));
    Ok(())
}
