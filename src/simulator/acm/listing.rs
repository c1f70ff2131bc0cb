//! The list of a region's certificates.

use super::certificate::{Certificate, State};
use super::invalid;
use crate::input::Input;
use crate::pagination;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] = &[("ListCertificates", list)];

const PAGE: &str = "https://docs.aws.amazon.com/acm/latest/APIReference/API_ListCertificates.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("acm.list.order", "what is sorted is sorted by something and in some direction", PAGE),
    Rule::new("acm.list.token", "a page's token is one of the operation's", PAGE),
];

/// What is listed where a request names no algorithms:
/// <https://docs.aws.amazon.com/acm/latest/APIReference/API_Filters.html>
const USUAL: &[&str] = &["RSA_1024", "RSA_2048"];

fn list(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let states = input.texts("CertificateStatuses");
    let includes = input.record("Includes");
    let texts = |member: &str| includes.as_ref().map(|includes| includes.texts(member)).unwrap_or_default();
    let (algorithms, usages, extended) = (texts("keyTypes"), texts("keyUsage"), texts("extendedKeyUsage"));
    let export = includes.as_ref().and_then(|includes| includes.text("exportOption"));
    let managed = includes.as_ref().and_then(|includes| includes.text("managedBy"));
    let (by, order) = (input.text("SortBy"), input.text("SortOrder"));
    // No source has the words.
    tx.enforce("acm.list.order", by.is_some() == order.is_some(), || {
        invalid("SortBy and SortOrder have to be specified together.")
    })?;
    let wanted = |certificate: &&Certificate| {
        let issued = certificate.state != State::PendingValidation && certificate.issued.is_some();
        let has = |wanted: &[&str], kept: &[&str]| {
            wanted.is_empty() || (issued && wanted.iter().any(|one| *one == "ANY" || kept.contains(one)))
        };
        (states.is_empty() || states.contains(&certificate.state.word()))
            && (if algorithms.is_empty() { USUAL } else { &algorithms }).contains(&certificate.algorithm.as_str())
            && has(&usages, Certificate::USAGES)
            && has(&extended, Certificate::EXTENDED_USAGES)
            && export.is_none_or(|export| export == "DISABLED")
            && managed.is_none()
    };
    let key = |certificate: &Certificate| {
        let millis = u64::try_from(certificate.created.as_millisecond()).unwrap_or(0);
        let millis = if order == Some("ASCENDING") { millis } else { u64::MAX - millis };
        format!("{millis:020}-{}", certificate.id)
    };
    let items: Vec<(String, Value)> = tx
        .rows::<Certificate>()
        .filter(wanted)
        .map(|certificate| (key(certificate), certificate.summary(tx)))
        .collect();
    let size = usize::try_from(input.integer("MaxItems").unwrap_or(1000)).ok();
    let token = input.text("NextToken").filter(|_| tx.rule("acm.list.token"));
    let page = pagination::page(&crate::pagination::asked(tx), items, token, size)
        .map_err(|_| invalid("Invalid NextToken"))?;
    Ok(record! { "CertificateSummaryList" => page.items, "NextToken" => page.next })
}
