//! What the values of a record set look like, by its type.
//! <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html>

use std::net::{Ipv4Addr, Ipv6Addr};

use super::name::Name;
use crate::rules::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule::new(
        "route53.value.syntax",
        "a value is of its type's form",
        "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html",
    ),
    Rule::new(
        "route53.value.single",
        "CNAME and SOA have one value",
        "https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecord.html",
    ),
    Rule::new(
        "route53.value.twice",
        "a record set has each value once",
        "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html",
    ),
    Rule::new(
        "route53.value.count",
        "a record set has 400 values at most",
        "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html",
    ),
];

/// A flaw: its name, and what it says.
type Flaw = (&'static str, &'static str);

/// What is wrong with a value, in Route 53's words. Those of texts, characters and names stand in reports
/// (<https://github.com/boto/boto3/issues/1462>, <https://github.com/binxio/cfn-ses-provider/issues/21>); no source has
/// them all, and the others follow these.
pub(super) fn flaw(kind: &str, value: &str) -> Option<String> {
    let (name, says) = checked(kind, value).err()?;
    Some(format!("Invalid Resource Record: 'FATAL problem: {name} ({says}) encountered with '{value}''"))
}

fn checked(kind: &str, value: &str) -> Result<(), Flaw> {
    let fields: Vec<&str> = value.split_ascii_whitespace().collect();
    let fits = |good: bool, flaw: Flaw| if good { Ok(()) } else { Err(flaw) };
    let is = |text: &str, most: u64| {
        text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u64>().is_ok_and(|number| number <= most)
    };
    let hex = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    match kind {
        "A" => {
            fits(value.parse::<Ipv4Addr>().is_ok(), ("ARRDATAIllegalIPv4Address", "Value is not a valid IPv4 address"))
        }
        "AAAA" => fits(
            value.parse::<Ipv6Addr>().is_ok(),
            ("AAAARRDATAIllegalIPv6Address", "Value is not a valid IPv6 address"),
        ),
        "CNAME" | "NS" | "PTR" => domain(value),
        "MX" => {
            fits(fields.len() == 2, ("MXRRDATANotTwoFields", "MX record doesn't have 2 fields"))?;
            fits(is(fields[0], 65_535), ("MXRRDATAInvalidPriority", "MX record's priority is not valid"))?;
            domain(fields[1])
        }
        "SRV" => {
            fits(fields.len() == 4, ("SRVRRDATANotFourFields", "SRV record doesn't have 4 fields"))?;
            let numbers = fields[..3].iter().all(|field| is(field, 65_535));
            fits(numbers, ("SRVRRDATAInvalidNumber", "SRV record's numbers are not valid"))?;
            domain(fields[3])
        }
        "SOA" => {
            fits(fields.len() == 7, ("SOARRDATANotSevenFields", "SOA record doesn't have 7 fields"))?;
            let numbers = fields[2..].iter().all(|field| is(field, u64::from(u32::MAX)));
            fits(numbers, ("SOARRDATAInvalidNumber", "SOA record's numbers are not valid"))?;
            domain(fields[0])?;
            domain(fields[1])
        }
        "TXT" | "SPF" => texts(value),
        "CAA" => {
            let parts: Vec<&str> = value.splitn(3, ' ').collect();
            fits(parts.len() == 3, ("CAARRDATANotThreeFields", "CAA record doesn't have 3 fields"))?;
            fits(is(parts[0], 255), ("CAARRDATAInvalidFlags", "CAA record's flags are not valid"))?;
            let tag = !parts[1].is_empty() && parts[1].bytes().all(|byte| byte.is_ascii_alphanumeric());
            fits(tag, ("CAARRDATAInvalidTag", "CAA record's tag is not valid"))?;
            texts(parts[2])
        }
        "NAPTR" => {
            let fields = fields.len() >= 6 && is(fields[0], 65_535) && is(fields[1], 65_535);
            fits(fields, ("NAPTRRRDATANotSixFields", "NAPTR record doesn't have 6 fields"))
        }
        "DS" | "TLSA" => {
            let numbers = fields.len() == 4 && fields[..3].iter().all(|field| is(field, 65_535)) && hex(fields[3]);
            fits(numbers, ("RRDATANotFourFields", "Record doesn't have 4 fields"))
        }
        "SSHFP" => {
            let numbers = fields.len() == 3 && fields[..2].iter().all(|field| is(field, 255)) && hex(fields[2]);
            fits(numbers, ("SSHFPRRDATANotThreeFields", "SSHFP record doesn't have 3 fields"))
        }
        // SVCB and HTTPS: a priority, a name or a dot, and parameters.
        _ => {
            let leads = fields.len() >= 2 && is(fields[0], 65_535);
            fits(leads, ("RRDATANotTwoFields", "Record doesn't have 2 fields"))?;
            if fields[1] == "." { Ok(()) } else { domain(fields[1]) }
        }
    }
}

fn domain(text: &str) -> Result<(), Flaw> {
    // The root stands for no name in some records.
    if text == "." {
        return Ok(());
    }
    match Name::parse(text) {
        Ok(_) => Ok(()),
        Err(said) if said.contains("DomainLabelTooLong") => Err(("DomainLabelTooLong", "Domain label is too long")),
        Err(said) if said.contains("DomainNameTooLong") => Err(("DomainNameTooLong", "Domain name is too long")),
        Err(said) if said.contains("DomainLabelEmpty") => Err(("DomainLabelEmpty", "Domain label is empty")),
        Err(said) if said.contains("DomainNameEmpty") => Err(("DomainNameEmpty", "Domain name is empty")),
        Err(_) => Err(("UnsupportedCharacter", "Value contains unsupported characters")),
    }
}

/// Texts in quotation marks, 255 characters each and 4,000 in all, which the model holds them to.
fn texts(value: &str) -> Result<(), Flaw> {
    let unquoted: Flaw = ("InvalidCharacterString", "Value should be enclosed in quotation marks");
    let mut rest = value.trim_end();
    if rest.is_empty() {
        return Err(unquoted);
    }
    while !rest.is_empty() {
        let inner = rest.strip_prefix('"').ok_or(unquoted)?;
        let (mut length, mut end, mut letters) = (0, None, inner.char_indices());
        while let Some((at, letter)) = letters.next() {
            match letter {
                '"' => {
                    end = Some(at);
                    break;
                }
                '\\' => {
                    let octal = inner[at + 1..].bytes().take(3).filter(u8::is_ascii_digit).count() == 3;
                    for _ in 0..if octal { 3 } else { 1 } {
                        letters.next();
                    }
                }
                // What is beyond ASCII stands as escapes.
                letter if !letter.is_ascii_graphic() && letter != ' ' => {
                    return Err(("UnsupportedCharacter", "Value contains unsupported characters"));
                }
                _ => {}
            }
            length += 1;
        }
        let end = end.ok_or(unquoted)?;
        if length > 255 {
            return Err(("CharacterStringTooLong", "Value is too long"));
        }
        // The next one may follow at once, as Terraform's provider writes long ones.
        rest = inner[end + 1..].trim_start();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_of_their_types_form() {
        for (kind, value) in [
            ("A", "192.0.2.1"),
            ("AAAA", "2001:db8::1"),
            ("CNAME", "_x.acm-validations.aws."),
            ("MX", "10 mail.test"),
            ("SRV", "1 10 5269 xmpp.test."),
            ("TXT", "\"v=spf1 -all\" \"more \\\"of\\\" it\""),
            ("TXT", "\"a\"\"b\""),
            ("CAA", "0 issue \"amazon.com\""),
            ("SOA", "ns.test. admin.test. 1 7200 900 1209600 86400"),
            ("HTTPS", "1 . alpn=\"h2\""),
            ("DS", "123 8 2 0a0b"),
        ] {
            assert_eq!(flaw(kind, value), None, "{kind} {value}");
        }
        let long = format!("\"{}\"", "a".repeat(256));
        for (kind, value, name) in [
            ("A", "192.0.2.256", "ARRDATAIllegalIPv4Address"),
            ("AAAA", "192.0.2.1", "AAAARRDATAIllegalIPv6Address"),
            ("CNAME", "a..test", "DomainLabelEmpty"),
            ("MX", "mail.test", "MXRRDATANotTwoFields"),
            ("SRV", "1 10 xmpp.test.", "SRVRRDATANotFourFields"),
            ("TXT", "v=spf1 -all", "InvalidCharacterString"),
            ("TXT", "\"a\" b", "InvalidCharacterString"),
            ("TXT", long.as_str(), "CharacterStringTooLong"),
            ("CAA", "256 issue \"amazon.com\"", "CAARRDATAInvalidFlags"),
        ] {
            let said = flaw(kind, value).unwrap();
            assert!(said.starts_with(&format!("Invalid Resource Record: 'FATAL problem: {name} (")), "{said}");
        }
    }
}
