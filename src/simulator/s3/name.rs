//! What a bucket may be called.

use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::world::Tx;

pub(super) const RULES: &[Rule] = &[Rule::new(
    "s3.bucket.name",
    "a bucket's name follows the naming rules",
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html",
)];

/// Refuses a name that no bucket can have.
///
/// # Errors
/// `InvalidBucketName`.
pub(super) fn check(tx: &Tx<'_>, name: &str) -> Result<(), Refusal> {
    tx.enforce("s3.bucket.name", is_sound(name), || {
        Refusal::new("InvalidBucketName", "The specified bucket is not valid.").member("BucketName", name)
    })
}

fn is_sound(name: &str) -> bool {
    let ends = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    (3..=63).contains(&name.len())
        && name.chars().all(|letter| ends(letter) || letter == '-' || letter == '.')
        && name.starts_with(ends)
        && name.ends_with(ends)
        // Each label between the dots begins and ends so too.
        && ["..", ".-", "-."].iter().all(|pair| !name.contains(pair))
        && name.parse::<std::net::Ipv4Addr>().is_err()
        && !["xn--", "sthree-", "amzn-s3-demo-"].iter().any(|start| name.starts_with(start))
        && !["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3", "-an"].iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_published_rules() {
        for sound in ["abc", "a.b-c.1", "staging-grader-cache", &"a".repeat(63)] {
            assert!(is_sound(sound), "{sound}");
        }
        let long = "a".repeat(64);
        for unsound in [
            "ab",
            &long,
            "Abc",
            "a_b",
            "-ab",
            "ab-",
            "a..b",
            "a.-bc",
            "ab-.c",
            "192.168.5.4",
            "xn--abc",
            "sthree-a",
            "abc-s3alias",
        ] {
            assert!(!is_sound(unsound), "{unsound}");
        }
    }
}
