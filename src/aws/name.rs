//! Names: the one that the program gives, or one that nothing else has.
//!
//! Where AWS demands a unique name and the program gives none, it is made from
//! the address and ends in a hash of lineage, region, address and generation,
//! so that a second region, a second state and a replacement never collide,
//! and the same request always has the same name.

use fathuss_engine::provider::{Failure, MakeRequest};
use fathuss_model::schema::Schema;
use sha2::{Digest, Sha256};

use crate::fields::Fields;

/// How many hexadecimal digits of the hash end a name.
const SUFFIX: usize = 10;
/// The longest name that is made where the schema sets no limit.
const LONGEST: usize = 63;

/// The name in `field`: as given, or made. A made name has lower-case letters, digits and single
/// hyphens and begins with a letter, which every service takes.
pub(crate) fn of(schema: &'static Schema, field: &str, request: &MakeRequest) -> Result<String, Failure> {
    if let Some(given) = Fields::of(&request.desired.attributes).maybe_text(field)? {
        return Ok(given.to_owned());
    }
    let longest = schema.field(field).and_then(|field| field.limits.max_length).unwrap_or(LONGEST).min(LONGEST);
    let mark = &request.mark;
    let digest = Sha256::digest(
        format!("{}\n{}\n{}\n{}", mark.lineage, request.region, mark.address, mark.generation).as_bytes(),
    );
    let suffix: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let address = &request.address;
    let words = format!("{}-{}-{}", address.stack(), address.name(), address.key().unwrap_or_default());
    let mut stem = plain(&words);
    stem.truncate(longest - SUFFIX - 1);
    // `plain` gives ASCII alone, and any prefix of the digest's text lies within its 64 digits.
    Ok(format!("{}-{}", stem.trim_end_matches('-'), &suffix[..SUFFIX]))
}

/// Lower-case letters and digits with single hyphens between, a letter first.
fn plain(words: &str) -> String {
    let mut plain = String::new();
    for character in words.chars().map(|character| character.to_ascii_lowercase()) {
        match character {
            'a'..='z' => plain.push(character),
            '0'..='9' if !plain.is_empty() => plain.push(character),
            _ if plain.is_empty() || plain.ends_with('-') => {}
            _ => plain.push('-'),
        }
    }
    if plain.is_empty() { "fathuss".to_owned() } else { plain }
}

#[cfg(test)]
mod tests {
    use fathuss_engine::provider::{Desired, Mark};
    use fathuss_model::Resource as _;
    use fathuss_model::aws::IamRole;

    use super::*;

    fn request(address: &str, region: &str, generation: u32) -> MakeRequest {
        let address: fathuss_model::Address = address.parse().unwrap();
        MakeRequest {
            address: address.clone(),
            region: region.to_owned(),
            account: "111122223333".to_owned(),
            mark: Mark { lineage: "lineage-1".to_owned(), address, generation },
            token: "0".repeat(64),
            desired: Desired::default(),
        }
    }

    fn name(address: &str, region: &str, generation: u32) -> String {
        of(IamRole::SCHEMA, "name", &request(address, region, generation)).unwrap()
    }

    #[test]
    fn a_made_name_is_its_own_in_every_region_and_generation_and_the_same_when_asked_again() {
        let address = "staging.aws_iam_role.nodes";
        let made = name(address, "us-east-1", 1);
        assert_eq!(made, name(address, "us-east-1", 1));
        assert!(made.starts_with("staging-nodes-"), "{made}");
        assert_ne!(made, name(address, "us-west-2", 1));
        assert_ne!(made, name(address, "us-east-1", 2));
    }

    #[test]
    fn a_made_name_fits_and_has_characters_that_every_service_takes() {
        for address in [
            "s9.aws_iam_role.a_b[\"Grüße an alle, die hier so lange Schlüssel schreiben, dass nichts passt\"]",
            "s.aws_iam_role.x[\"-\"]",
        ] {
            let made = name(address, "us-east-1", 1);
            assert!(made.len() <= 63, "{made}");
            assert!(made.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'), "{made}");
            assert!(made.starts_with(|c: char| c.is_ascii_lowercase()) && !made.contains("--"), "{made}");
        }
    }

    #[test]
    fn a_given_name_stays() {
        let mut given = request("s.aws_iam_role.x", "us-east-1", 1);
        given.desired.attributes.insert("name".to_owned(), "Mine_1".into());
        assert_eq!(of(IamRole::SCHEMA, "name", &given).unwrap(), "Mine_1");
    }
}
