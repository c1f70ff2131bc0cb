//! Address ranges as EC2 takes them: brought to their canonical form, and refused in its own words.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::refusal::Refusal;

/// An IPv4 range with its host bits cleared.
///
/// # Errors
/// When the text is no range.
pub fn parse(text: &str, parameter: &str) -> Result<Ipv4Net, Refusal> {
    text.parse::<Ipv4Net>()
        .map(|range| range.trunc())
        .map_err(|_| super::invalid_value(text, parameter, "This is not a valid CIDR block."))
}

/// An IPv6 range with its host bits cleared.
///
/// # Errors
/// When the text is no range.
pub fn parse_v6(text: &str, parameter: &str) -> Result<Ipv6Net, Refusal> {
    text.parse::<Ipv6Net>()
        .map(|range| range.trunc())
        .map_err(|_| super::invalid_value(text, parameter, "This is not a valid IPv6 CIDR block."))
}

/// Whether two ranges have an address in common.
#[must_use]
pub fn overlap(left: Ipv4Net, right: Ipv4Net) -> bool {
    left.contains(&right) || right.contains(&left)
}

/// Whether a range is a part of another, which is given as text, or all of it.
#[must_use]
pub fn lies_in(range: &Ipv4Net, outer: &str) -> bool {
    outer.parse::<Ipv4Net>().is_ok_and(|outer| outer.contains(range))
}

/// A route's destination or a rule's peer in its canonical form.
///
/// # Errors
/// When the text is no range of either kind.
pub fn canonical(text: &str, parameter: &str) -> Result<String, Refusal> {
    match text.parse::<IpNet>() {
        Ok(range) => Ok(range.trunc().to_string()),
        Err(_) => Err(super::invalid_value(text, parameter, "This is not a valid CIDR block.")),
    }
}
