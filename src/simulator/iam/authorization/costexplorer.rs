//! Cost Explorer's actions: on no resource of its own. Its refusals call one by the operation, for instance
//! `arn:aws:ce:us-east-1:111122223333:/GetCostAndUsage`; no page of AWS's says so, reports of its refusals show it.
//!
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscostexplorerservice.html>

use super::ask::Ask;
use crate::world::Tx;

pub(super) fn asks(tx: &Tx<'_>, operation: &str) -> Vec<Ask> {
    let arn = format!("arn:aws:ce:us-east-1:{}:/{operation}", tx.account());
    vec![Ask::new(format!("ce:{operation}"), arn)]
}
