//! The services that a trust policy can name
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-services>).
//!
//! AWS refuses a name of no service, and has no page that lists them. `service_principals.txt` has those that AWS's
//! managed policies, service-linked roles and API models name.

const NAMES: &str = include_str!("service_principals.txt");

/// Names under Amazon's own domain.
const OF_AMAZON: &[&str] = &["alexa-appkit", "alexa-connectedhome"];

/// Whether a principal is a service's: of everywhere (`logs.amazonaws.com`) or of a region
/// (`logs.us-east-1.amazonaws.com`).
pub(super) fn exists(principal: &str) -> bool {
    if let Some(name) = principal.strip_suffix(".amazon.com") {
        return OF_AMAZON.contains(&name);
    }
    let Some(name) = principal.strip_suffix(".amazonaws.com") else { return false };
    let global = match name.rsplit_once('.') {
        Some((service, region)) if is_region(region) => service,
        _ => name,
    };
    let is_listed = |name: &str| NAMES.lines().any(|line| line == name);
    // Services have parts with principals of their own, more than are listed: `export.rds`.
    let is_part = global.rsplit_once('.').is_some_and(|(part, service)| is_word(part) && is_listed(service));
    is_listed(global) || is_part
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|letter| matches!(letter, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.'))
}

/// `us-east-1`, `us-gov-west-1`.
fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let number = |part: &str| part.len() == 1 && part.bytes().all(|digit| digit.is_ascii_digit());
    parts.len() >= 3
        && parts.first().is_some_and(|first| first.len() == 2)
        && parts.last().is_some_and(|last| number(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_their_parts_and_their_regions_are_told_from_what_is_none() {
        for name in [
            "ec2.amazonaws.com",
            "pods.eks.amazonaws.com",
            "export.rds.amazonaws.com",
            "logs.us-east-1.amazonaws.com",
            "delivery.logs.amazonaws.com",
            "alexa-appkit.amazon.com",
        ] {
            assert!(exists(name), "{name}");
        }
        for name in
            ["ec3.amazonaws.com", "amazonaws.com", ".amazonaws.com", "us-east-1.amazonaws.com", "ec2", "ec2.amazon.com"]
        {
            assert!(!exists(name), "{name}");
        }
    }

    #[test]
    fn the_list_is_in_order_and_names_each_once() {
        assert!(NAMES.lines().collect::<Vec<_>>().is_sorted_by(|one, next| one < next));
    }
}
