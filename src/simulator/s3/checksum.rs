//! The checksums that S3 keeps of objects and of their parts.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html>

use super::object::Content;
use crate::input::Input;
use crate::protocol::{base64_encode, checksum};
use crate::refusal::Refusal;
use crate::value::Value;

/// The algorithms of checksums that S3 keeps, by the ends of their members.
pub(super) const ALGORITHMS: &[&str] = &["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"];

/// What S3 takes where a client asks for none.
pub(super) const USUAL: &str = "CRC64NVME";

/// The member that a checksum stands in, and the checksum.
pub(super) type Sum = (String, String);

/// The checksums that a structure has, which the protocol holds to the bytes that come with it.
pub(super) fn given(input: &Input<'_>) -> Vec<Sum> {
    let sum = |name: String| input.text(&name).map(|sum| (name.clone(), sum.to_owned()));
    ALGORITHMS.iter().map(|algorithm| member(algorithm)).filter_map(sum).collect()
}

/// The member that a checksum of this algorithm stands in.
pub(super) fn member(algorithm: &str) -> String {
    format!("Checksum{algorithm}")
}

/// The algorithm of a member.
pub(super) fn algorithm(member: &str) -> &str {
    member.strip_prefix("Checksum").unwrap_or(member)
}

/// A checksum of bytes.
///
/// # Errors
/// Where it is not computed here.
pub(super) fn of(algorithm: &str, bytes: &[u8]) -> Result<Sum, Refusal> {
    match checksum(algorithm, bytes) {
        Some(sum) => Ok((member(algorithm), base64_encode(&sum))),
        None => Err(Refusal::not_simulated(format!("a checksum by {algorithm} that S3 computes"))),
    }
}

/// Says checksums in an answer.
pub(super) fn tell(sums: &[Sum], composite: bool, answer: &mut Value) {
    for (member, sum) in sums {
        answer.set(member, sum.as_str());
    }
    if !sums.is_empty() {
        answer.set("ChecksumType", kind(composite));
    }
}

/// What a checksum is of.
pub(super) fn kind(composite: bool) -> &'static str {
    if composite { "COMPOSITE" } else { "FULL_OBJECT" }
}

/// The checksums of an object that is made of another's bytes: by the algorithm that is asked for, else as it had.
///
/// # Errors
/// Where one would have to be computed that is not computed here.
pub(super) fn of_copy(wanted: Option<&str>, source: &Content) -> Result<Vec<Sum>, Refusal> {
    let had = source.checksums.first().map(|(member, _)| algorithm(member));
    match (wanted.or(had), had) {
        (Some(wanted), Some(had)) if wanted == had && !source.composite => Ok(source.checksums.clone()),
        (wanted, _) => Ok(vec![of(wanted.unwrap_or(USUAL), &source.body)?]),
    }
}
