//! Domain names as Route 53 reads and writes them: labels of any bytes, the unusual ones as octal escapes.
//! <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html>

use crate::rules::Rule;

const PAGE: &str = "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html";

pub(super) const RULES: &[Rule] = &[Rule::new(
    "route53.name",
    "a name has labels of 1 to 63 bytes and 255 in all, of characters that can stand there",
    PAGE,
)];

/// A domain name: lower case, with the dot at its end, escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    text: String,
}

impl Name {
    /// Reads a name, with or without the dot at its end.
    ///
    /// # Errors
    /// What is wrong with it, in Route 53's words. Reports show those of empty names, long labels and characters
    /// (<https://github.com/hashicorp/terraform-provider-aws/issues/44947>); the others follow them.
    pub fn parse(text: &str) -> Result<Name, String> {
        let flaw =
            |code: &str, says: &str, at: &str| Err(format!("FATAL problem: {code} ({says}) encountered with '{at}'"));
        if text.is_empty() {
            return flaw("DomainNameEmpty", "Domain name is empty", text);
        }
        let whole = text.strip_suffix('.').unwrap_or(text);
        let (mut escaped, mut bytes) = (String::new(), 0);
        for label in whole.split('.') {
            let Some(read) = read(label) else {
                return flaw("UnsupportedCharacter", "Value contains unsupported characters", label);
            };
            if read.is_empty() {
                return flaw("DomainLabelEmpty", "Domain label is empty", text);
            }
            if read.len() > 63 {
                return flaw("DomainLabelTooLong", "Domain label is too long", label);
            }
            bytes += read.len() + 1;
            for byte in read {
                match byte {
                    b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => escaped.push(char::from(byte)),
                    byte => escaped.push_str(&format!("\\{byte:03o}")),
                }
            }
            escaped.push('.');
        }
        if bytes > 255 {
            return flaw("DomainNameTooLong", "Domain name is too long", text);
        }
        Ok(Name { text: escaped })
    }

    /// The name as answers have it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What names are sorted by: the labels from the last to the first.
    #[must_use]
    pub fn order(&self) -> String {
        order(&self.text)
    }
}

/// What a name of an answer is sorted by.
#[must_use]
pub fn order(text: &str) -> String {
    let labels: Vec<&str> = text.trim_end_matches('.').split('.').rev().collect();
    labels.join(".") + "."
}

/// Whether a name is the domain itself or lies under it; both as answers have them.
#[must_use]
pub fn lies_in(name: &str, domain: &str) -> bool {
    name == domain || name.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}

/// A label's bytes in lower case; none where a character can't stand there as it is.
fn read(label: &str) -> Option<Vec<u8>> {
    let (mut found, mut rest) = (Vec::new(), label.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        let octal = |digits: &[u8]| {
            let text =
                std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
            u8::from_str_radix(text, 8).ok()
        };
        let escaped = (*first == b'\\').then(|| after.get(..3).and_then(octal)).flatten();
        match escaped {
            Some(byte) => {
                found.push(byte.to_ascii_lowercase());
                rest = &after[3..];
            }
            // Spaces, control characters and what is beyond ASCII must be escaped.
            None if !first.is_ascii_graphic() => return None,
            None => {
                found.push(first.to_ascii_lowercase());
                rest = after;
            }
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_whatever_their_case_and_end_and_written_with_escapes() {
        for (given, text) in [
            ("Example.COM", "example.com."),
            ("example.com.", "example.com."),
            ("*.example.com", "\\052.example.com."),
            ("\\052.example.com", "\\052.example.com."),
            ("a\\056b.example.com", "a\\056b.example.com."),
            ("_acme-challenge.a@b.test", "_acme-challenge.a\\100b.test."),
        ] {
            assert_eq!(Name::parse(given).map(|name| name.text), Ok(text.to_owned()));
        }
    }

    #[test]
    fn what_is_no_name_is_told_with_its_flaw() {
        let long = "a".repeat(64);
        let many = vec!["a".repeat(60); 5].join(".");
        for (given, code) in [
            ("", "DomainNameEmpty"),
            ("a..test", "DomainLabelEmpty"),
            (".test", "DomainLabelEmpty"),
            ("a b.test", "UnsupportedCharacter"),
            ("ü.test", "UnsupportedCharacter"),
            (long.as_str(), "DomainLabelTooLong"),
            (many.as_str(), "DomainNameTooLong"),
        ] {
            let said = Name::parse(given).unwrap_err();
            assert!(said.starts_with(&format!("FATAL problem: {code} (")), "{said}");
        }
    }

    #[test]
    fn names_are_sorted_by_their_labels_from_the_last() {
        let mut names = ["b.test.", "test.", "a-b.test.", "x.a.test.", "a.test."];
        names.sort_by_key(|name| order(name));
        // The dot comes after the hyphen.
        assert_eq!(names, ["test.", "a-b.test.", "a.test.", "x.a.test.", "b.test."]);
        assert!(lies_in("a.test.", "test.") && lies_in("test.", "test.") && !lies_in("atest.", "test."));
    }
}
