//! Address ranges as EC2 takes them: brought to their canonical form, and refused in its own words.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::refusal::Refusal;

/// An IPv4 range with its host bits cleared.
///
/// # Errors
/// When the text is no range.
pub fn parse(text: &str, parameter: &str) -> Result<Ipv4Net, Refusal> {
    parts::<Ipv4Addr>(text)
        .and_then(|(address, length)| Ipv4Net::new(address, length).ok())
        .map(|range| range.trunc())
        .ok_or_else(|| super::invalid_value(text, parameter, "This is not a valid CIDR block."))
}

/// An IPv6 range with its host bits cleared.
///
/// # Errors
/// When the text is no range.
pub fn parse_v6(text: &str, parameter: &str) -> Result<Ipv6Net, Refusal> {
    parts::<Ipv6Addr>(text)
        .and_then(|(address, length)| Ipv6Net::new(address, length).ok())
        .map(|range| range.trunc())
        .ok_or_else(|| super::invalid_value(text, parameter, "This is not a valid IPv6 CIDR block."))
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
    parts::<IpAddr>(text)
        .and_then(|(address, length)| IpNet::new(address, length).ok())
        .map(|range| range.trunc().to_string())
        .ok_or_else(|| super::invalid_value(text, parameter, "This is not a valid CIDR block."))
}

/// The address and the length of a prefix. Neither has a digit that says nothing: whether `010` is ten or eight is a
/// matter of opinion, and EC2 has none.
fn parts<A: FromStr>(text: &str) -> Option<(A, u8)> {
    let (address, length) = text.split_once('/')?;
    let plain = length.bytes().all(|digit| digit.is_ascii_digit()) && (length == "0" || !length.starts_with('0'));
    // The standard library's addresses have no leading zeros.
    Some((address.parse().ok()?, length.parse().ok().filter(|_| plain)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    // The examples of <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpc.html> write each number as
    // itself, and `InvalidParameterValue` is what does not.
    #[test]
    fn a_range_is_written_in_one_way() {
        for text in ["0.0.0.0/0", "10.0.0.0/8", "10.0.0.5/16", "192.168.255.0/32"] {
            assert!(parse(text, "cidrBlock").is_ok(), "{text}");
        }
        for text in
            ["010.0.0.0/16", "10.00.0.0/16", "10.0.0.0/08", "10.0.0.0/+8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0", ""]
        {
            let refusal = parse(text, "cidrBlock").unwrap_err();
            let said = format!("Value ({text}) for parameter cidrBlock is invalid. This is not a valid CIDR block.");
            assert_eq!((refusal.code.as_ref(), refusal.message), ("InvalidParameterValue", said));
            assert!(canonical(text, "cidrIp").is_err(), "{text}");
        }
        assert_eq!(canonical("::/0", "cidrIp").unwrap(), "::/0");
        assert!(parse_v6("2001:db8::/032", "ipv6CidrBlock").is_err());
        assert!(parse_v6("2001:db8::/32", "ipv6CidrBlock").is_ok());
    }
}
