//! What a domain name may look like.
//! <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html>

/// What is wrong with a name, to stand behind its field's name.
pub(super) fn flaw(name: &str) -> Option<&'static str> {
    let whole = name.strip_suffix('.').unwrap_or(name);
    if whole.len() > 254 {
        return Some("is longer than 255 bytes");
    }
    let label = |label: &str| {
        if label.is_empty() {
            Some("has an empty label")
        } else if label.len() > 63 && !label.contains('\\') {
            Some("has a label of more than 63 bytes")
        } else if !label.bytes().all(|byte| byte.is_ascii_graphic()) {
            Some("has a character that has to be written as an escape, for instance \\040 for a space")
        } else {
            None
        }
    };
    whole.split('.').find_map(label)
}

/// Whether a domain lies under a top-level domain.
pub(super) fn is_under_top(name: &str) -> bool {
    name.trim_end_matches('.').contains('.')
}

/// Whether a name is a domain itself or lies under it, whatever their case and end.
pub(super) fn lies_in(name: &str, domain: &str) -> bool {
    let plain = |text: &str| text.trim_end_matches('.').to_ascii_lowercase();
    let (name, domain) = (plain(name), plain(domain));
    name == domain || name.strip_suffix(&domain).is_some_and(|rest| rest.ends_with('.'))
}
