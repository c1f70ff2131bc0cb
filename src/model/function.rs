//! The pure functions an expression may use: a closed, versioned set.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use crate::datum::Datum;

/// A pure function of known values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Function {
    /// `(text, prefix)`: the text without the prefix; the text itself where it has none.
    StripPrefix,
    /// `(text, suffix)`: the text without the suffix; the text itself where it has none.
    StripSuffix,
    /// `(text)`: base64 of its UTF-8 bytes, with padding.
    Base64,
    /// `(separator, list)`: the list's texts with the separator between them.
    Join,
    /// `(text)`: in lower case.
    Lower,
    /// `(text, separator, position)`: the part at the position, from 0.
    Split,
    /// `(arn, part)`: one of partition, service, region, account, resource.
    ArnPart,
    /// `(cidr, prefix length, position)`: the subnet of that size at the position, from 0.
    CidrSubnet,
    /// `(list, position)`: the element at the position, from 0.
    Element,
}

/// A function refused its arguments.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{function:?}: {reason}")]
pub struct FunctionError {
    /// Which function.
    pub function: Function,
    /// Why.
    pub reason: String,
}

impl Function {
    /// Applies the function.
    pub fn apply(self, arguments: &[Datum]) -> Result<Datum, FunctionError> {
        self.compute(arguments).map_err(|reason| FunctionError { function: self, reason })
    }

    fn compute(self, arguments: &[Datum]) -> Result<Datum, String> {
        match (self, arguments) {
            (Self::StripPrefix, [Datum::String(text), Datum::String(prefix)]) => {
                Ok(text.strip_prefix(prefix.as_str()).unwrap_or(text).into())
            }
            (Self::StripSuffix, [Datum::String(text), Datum::String(suffix)]) => {
                Ok(text.strip_suffix(suffix.as_str()).unwrap_or(text).into())
            }
            (Self::Base64, [Datum::String(text)]) => Ok(base64(text.as_bytes()).into()),
            (Self::Join, [Datum::String(separator), Datum::List(items)]) => {
                let texts: Option<Vec<&str>> = items.iter().map(Datum::as_str).collect();
                Ok(texts.ok_or("the list holds something that is no text")?.join(separator).into())
            }
            (Self::Lower, [Datum::String(text)]) => Ok(text.to_lowercase().into()),
            (Self::Split, [Datum::String(text), Datum::String(separator), Datum::Integer(position)]) => {
                let part = usize::try_from(*position).ok().and_then(|at| text.split(separator.as_str()).nth(at));
                Ok(part.ok_or_else(|| format!("`{text}` has no part {position} at `{separator}`"))?.into())
            }
            (Self::ArnPart, [Datum::String(arn), Datum::String(part)]) => arn_part(arn, part),
            (Self::CidrSubnet, [Datum::String(cidr), Datum::Integer(length), Datum::Integer(position)]) => {
                let network: Ipv4Net = cidr.parse().map_err(|_| format!("`{cidr}` is not an IPv4 range"))?;
                let length = u8::try_from(*length).map_err(|_| "the prefix length is out of range".to_owned())?;
                let position = u32::try_from(*position).map_err(|_| "the position is out of range".to_owned())?;
                cidr_subnet(network, length, position).map(|subnet| subnet.to_string().into())
            }
            (Self::Element, [Datum::List(items), Datum::Integer(position)]) => {
                let item = usize::try_from(*position).ok().and_then(|at| items.get(at));
                item.cloned().ok_or_else(|| format!("the list has no element {position}"))
            }
            _ => Err("the arguments have the wrong number or kinds".to_owned()),
        }
    }
}

/// Subnets of a range, by size and position.
pub trait Subnets {
    /// The subnet of that prefix length at a position, counted from 0: of 10.0.0.0/16, `subnet(24, 10)` is 10.0.10.0/24.
    fn subnet(&self, length: u8, position: u32) -> Result<Ipv4Net, FunctionError>;
}

impl Subnets for Ipv4Net {
    fn subnet(&self, length: u8, position: u32) -> Result<Ipv4Net, FunctionError> {
        cidr_subnet(*self, length, position).map_err(|reason| FunctionError { function: Function::CidrSubnet, reason })
    }
}

/// The subnet of the given prefix length at a position, counted from 0.
fn cidr_subnet(network: Ipv4Net, length: u8, position: u32) -> Result<Ipv4Net, String> {
    if length < network.prefix_len() || length > 32 {
        return Err(format!("/{length} does not lie in {network}"));
    }
    let available = 1_u64 << (length - network.prefix_len());
    if u64::from(position) >= available {
        return Err(format!("{network} has {available} subnets of /{length}; there is none at position {position}"));
    }
    let size = 1_u64 << (32 - length);
    let start = u64::from(u32::from(network.network())) + u64::from(position) * size;
    let start = u32::try_from(start).map_err(|_| "the subnet lies past the end of the address space".to_owned())?;
    Ipv4Net::new(Ipv4Addr::from(start), length).map_err(|error| error.to_string())
}

fn arn_part(arn: &str, part: &str) -> Result<Datum, String> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let [_, partition, service, region, account, resource] = parts[..] else {
        return Err(format!("`{arn}` is not an ARN"));
    };
    let value = match part {
        "partition" => partition,
        "service" => service,
        "region" => region,
        "account" => account,
        "resource" => resource,
        _ => return Err(format!("an ARN has no part `{part}`")),
    };
    Ok(value.into())
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_function_computes_what_its_line_says() {
        let cases: Vec<(Function, Vec<Datum>, Datum)> = vec![
            (Function::StripPrefix, vec!["https://oidc.eks".into(), "https://".into()], "oidc.eks".into()),
            (Function::StripSuffix, vec!["a.".into(), ".".into()], "a".into()),
            (Function::Base64, vec!["#!/bin/sh".into()], "IyEvYmluL3No".into()),
            (Function::Join, vec![",".into(), vec!["a", "b"].into()], "a,b".into()),
            (Function::Lower, vec!["ABC".into()], "abc".into()),
            (Function::Split, vec!["a/b/c".into(), "/".into(), 1.into()], "b".into()),
            (Function::ArnPart, vec!["arn:aws:iam::1:role/x".into(), "resource".into()], "role/x".into()),
            (Function::CidrSubnet, vec!["10.0.0.0/16".into(), 20.into(), 3.into()], "10.0.48.0/20".into()),
            (Function::Element, vec![vec!["a", "b"].into(), 1.into()], "b".into()),
        ];
        for (function, arguments, expected) in cases {
            assert_eq!(function.apply(&arguments), Ok(expected), "{function:?}");
        }
    }

    #[test]
    fn a_subnet_that_does_not_fit_is_refused() {
        let network = Ipv4Net::new(Ipv4Addr::new(10, 0, 0, 0), 16).unwrap();
        assert!(cidr_subnet(network, 20, 16).is_err());
        assert!(cidr_subnet(network, 8, 0).is_err());
    }
}
