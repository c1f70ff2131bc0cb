//! What a machine in a subnet needs before it can reach the internet, and be reached from there.
//!
//! No field of the machine refers to any of it, and AWS wants it all the same: an internet gateway can't leave a VPC
//! that has public addresses in use, and what a machine fetches at its first start it fetches once.

use std::collections::HashSet;

use super::subnet::vpc_of;
use crate::check::View;

/// The associations of a subnet with a route table, and that table's routes; of a subnet that has none, the table that
/// came with its VPC.
pub(super) fn routes<'a>(subnet: &View<'a>) -> Vec<View<'a>> {
    let mut found = subnet.referring("aws_route_table_association", "subnet_id");
    if found.is_empty()
        && let Some(vpc) = vpc_of(subnet)
    {
        return vpc.referring("aws_default_route_table", "default_route_table_id");
    }
    let tables: Vec<View<'a>> = found.iter().filter_map(|association| association.follow("route_table_id")).collect();
    for table in tables {
        found.extend(table.referring("aws_route", "route_table_id"));
    }
    found
}

/// The internet gateway of a subnet's VPC.
pub(super) fn internet<'a>(subnet: &View<'a>) -> Vec<View<'a>> {
    vpc_of(subnet).map(|vpc| vpc.referring("aws_internet_gateway", "vpc_id")).unwrap_or_default()
}

/// All that a machine in these subnets waits for. With a public address, given to it or by the subnet where it is
/// given none, that is the internet gateway too.
pub(super) fn machine<'a>(subnets: &[View<'a>], public: Option<bool>) -> Vec<View<'a>> {
    let mut all = Vec::new();
    for subnet in subnets {
        all.extend(routes(subnet));
        if public.or(subnet.truth("map_public_ip_on_launch")).unwrap_or_default() {
            all.extend(internet(subnet));
        }
    }
    // Subnets share tables, and a VPC has one gateway.
    let mut seen = HashSet::new();
    all.retain(|view| seen.insert(&view.node().address));
    all
}
