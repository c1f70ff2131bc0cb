//! Names that users give, as RDS and ElastiCache take them: lower-cased, letters,
//! digits and single hyphens.

use super::invalid_value;
use crate::refusal::Refusal;
use crate::world::Tx;

/// The name as it is kept.
///
/// # Errors
/// When the rule is on and the name is empty, too long or of another form.
pub fn read(tx: &Tx<'_>, rule: &str, parameter: &str, given: &str, longest: usize) -> Result<String, Refusal> {
    tx.enforce(rule, !given.is_empty(), || {
        invalid_value(format!("The parameter {parameter} must be provided and must not be blank."))
    })?;
    tx.enforce(rule, is_identifier(given), || {
        invalid_value(format!(
            "The parameter {parameter} is not a valid identifier. Identifiers must begin with a letter; must contain \
             only ASCII letters, digits, and hyphens; and must not end with a hyphen or contain two consecutive hyphens."
        ))
    })?;
    tx.enforce(rule, given.len() <= longest, || {
        invalid_value(format!("The parameter {parameter} must not be longer than {longest} characters."))
    })?;
    Ok(given.to_ascii_lowercase())
}

fn is_identifier(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !text.ends_with('-')
        && !text.contains("--")
}

#[cfg(test)]
mod tests {
    use super::is_identifier;

    #[test]
    fn hyphens_stand_alone_and_inside() {
        assert!(is_identifier("a") && is_identifier("Main-db-2"));
        assert!(["", "1a", "a-", "a--b", "a_b", "a.b", "ä"].iter().all(|text| !is_identifier(text)));
    }
}
