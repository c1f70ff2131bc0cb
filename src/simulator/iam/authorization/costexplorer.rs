//! Cost Explorer's actions: on no resource of its own, which its refusals call by the operation:
//! `arn:aws:ce:us-east-1:<account>:/GetCostAndUsage` stands in many that others had.
//!
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscostexplorerservice.html>

use super::ask::Ask;
use crate::world::Tx;

pub(super) fn asks(tx: &Tx<'_>, operation: &str) -> Vec<Ask> {
    let arn = format!("arn:aws:ce:us-east-1:{}:/{operation}", tx.account());
    vec![Ask::new(format!("ce:{operation}"), arn)]
}
