//! `random_id`: bytes made of the creation's token, which is durable before they are and which no other creation has.
//! So nothing is drawn here: a crash between making and keeping makes the same bytes again.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use fathuss_model::random::RandomId as Model;
use fathuss_model::schema::Schema;
use fathuss_model::{Datum, Resource};
use fathuss_state::Identity;
use sha2::{Digest, Sha256};

use super::{Kind, refused};
use crate::provider::{Attributes, Failure, MakeRequest, Standing};

/// `random_id`.
pub(super) struct RandomId;

impl Kind for RandomId {
    fn schema(&self) -> &'static Schema {
        Model::SCHEMA
    }

    fn create(&self, request: &MakeRequest) -> Result<Identity, Failure> {
        let length = request.desired.attributes.get("byte_length").and_then(Datum::as_integer);
        let length = length.and_then(|length| usize::try_from(length).ok());
        let length = length.ok_or_else(|| refused("InvalidField", "byte_length is not a number of bytes"))?;
        Ok(Identity(URL_SAFE_NO_PAD.encode(bytes(&request.token, length))))
    }

    fn attributes(&self, standing: &Standing) -> Result<Attributes, Failure> {
        let mut attributes = standing.desired.attributes.clone();
        let id = &standing.identity.0;
        let bytes =
            URL_SAFE_NO_PAD.decode(id).map_err(|_| refused("InvalidIdentity", "an id is base64 with `-` and `_`"))?;
        let prefix = attributes.get("prefix").and_then(Datum::as_str).unwrap_or_default().to_owned();
        for (name, text) in [
            ("b64_url", id.clone()),
            ("b64_std", STANDARD.encode(&bytes)),
            ("hex", hex::encode(&bytes)),
            ("dec", decimal(&bytes)),
        ] {
            attributes.insert(name.to_owned(), Datum::String(format!("{prefix}{text}")));
        }
        attributes.insert("id".to_owned(), Datum::String(id.clone()));
        Ok(attributes)
    }
}

/// As many bytes as are wanted, of a text that is itself a hash.
fn bytes(token: &str, length: usize) -> Vec<u8> {
    let block = |number: usize| Sha256::digest(format!("random_id\n{token}\n{number}"));
    (0..).flat_map(block).take(length).collect()
}

/// A number of any size in decimal digits, the first byte the highest.
fn decimal(bytes: &[u8]) -> String {
    // The digits, the lowest first.
    let mut digits = vec![0_u32];
    for byte in bytes {
        let mut carry = u32::from(*byte);
        for digit in &mut digits {
            let value = *digit * 256 + carry;
            (*digit, carry) = (value % 10, value / 10);
        }
        while carry > 0 {
            digits.push(carry % 10);
            carry /= 10;
        }
    }
    digits.iter().rev().filter_map(|digit| char::from_digit(*digit, 10)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_any_size_has_its_decimal_digits() {
        assert_eq!(decimal(&[0]), "0");
        assert_eq!(decimal(&[1, 0]), "256");
        assert_eq!(decimal(&[0xff; 8]), u64::MAX.to_string());
        assert_eq!(decimal(&[0xff; 16]), u128::MAX.to_string());
    }

    #[test]
    fn the_same_token_gives_the_same_bytes_and_another_one_others() {
        assert_eq!(bytes("a", 40), bytes("a", 40));
        assert_eq!(bytes("a", 40)[..4], bytes("a", 4));
        assert_ne!(bytes("a", 8), bytes("b", 8));
        assert_eq!(bytes("a", 40).len(), 40);
    }
}
