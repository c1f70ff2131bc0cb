//! The mark: three tags that everything made carries from its creation on.
//!
//! They let a thing be found again that no state knows of. They are stripped
//! from what is read back, as AWS's own tags are, so they never show in a plan.

use std::collections::BTreeMap;

use fathuss_engine::provider::{Attributes, Carried, Failure, Found, Mark, Standing, UpdateRequest};
use fathuss_model::{Address, Datum};
use fathuss_state::Identity;

use crate::fields::Fields;

/// The tag that holds the state's lineage.
pub const LINEAGE: &str = "fathuss:lineage";
/// The tag that holds the address.
pub const ADDRESS: &str = "fathuss:address";
/// The tag that holds the generation.
pub const GENERATION: &str = "fathuss:generation";

/// The tag of a database that has the password of the snapshot that it was restored from, and not yet the one that it is to
/// have: no call that restores takes one, and no answer tells which it is.
pub const PASSWORD: &str = "fathuss:password";

/// The longest value of a tag, in characters.
const LONGEST: usize = 256;

/// A mark as it was read from tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marked {
    /// The lineage.
    pub lineage: String,
    /// The address, as its function writes it.
    pub address: String,
    /// The generation.
    pub generation: u32,
}

impl Marked {
    /// The mark among these tags, if they hold one.
    #[must_use]
    pub fn among(tags: &BTreeMap<String, String>) -> Option<Self> {
        Some(Self {
            lineage: tags.get(LINEAGE)?.clone(),
            address: tags.get(ADDRESS)?.clone(),
            generation: tags.get(GENERATION)?.parse().ok()?,
        })
    }

    /// Whether it is what this resource is marked with, whichever generation.
    #[must_use]
    pub fn is(&self, mark: &Mark) -> bool {
        self.lineage == mark.lineage && self.address == address(&mark.address)
    }

    /// The address as people write it.
    #[must_use]
    pub fn readable(&self) -> String {
        readable(&self.address)
    }
}

/// Whether the mark among these tags is of a resource of this type.
#[must_use]
pub fn is_of(tags: &BTreeMap<String, String>, kind: &str) -> bool {
    tags.get(ADDRESS).and_then(|address| address.split('.').nth(1)) == Some(kind)
}

/// The mark's own tags.
#[must_use]
pub fn tags(mark: &Mark) -> BTreeMap<String, String> {
    BTreeMap::from([
        (LINEAGE.to_owned(), mark.lineage.clone()),
        (ADDRESS.to_owned(), address(&mark.address)),
        (GENERATION.to_owned(), mark.generation.to_string()),
    ])
}

/// All tags that the creating call sets: the resource's own and the mark's.
pub fn tags_with(mark: &Mark, desired: &Attributes) -> Result<BTreeMap<String, String>, Failure> {
    let mut all = Fields::of(desired).map("tags")?;
    all.extend(tags(mark));
    Ok(all)
}

/// What an update does to tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TagChange {
    /// These are set: the resource's own and the mark.
    pub(crate) set: BTreeMap<String, String>,
    /// These are taken off.
    pub(crate) gone: Vec<String>,
}

/// What an update does to the tags, if it changes them. The mark is set again with them.
pub(crate) fn tag_change(standing: &Standing, change: &UpdateRequest) -> Result<Option<TagChange>, Failure> {
    if !change.changed.iter().any(|field| field == "tags") {
        return Ok(None);
    }
    let set = tags_with(&standing.mark, &standing.desired.attributes)?;
    let before = Fields::of(&change.before).map("tags")?;
    let gone = before.into_keys().filter(|key| !set.contains_key(key)).collect();
    Ok(Some(TagChange { set, gone }))
}

/// Whose it is that has the name: its import id and tags, if it is there.
pub(crate) fn owner(mark: &Mark, found: Option<(String, BTreeMap<String, String>)>) -> Found {
    let Some((id, tags)) = found else { return Found::Nothing };
    let ours = Marked::among(&tags).is_some_and(|marked| marked.is(mark));
    if ours { Found::Ours(Identity(id)) } else { Found::Foreign(Identity(id)) }
}

/// The resource's own tags: without the mark's and without AWS's.
#[must_use]
pub fn stripped(tags: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let ours = |key: &str| [LINEAGE, ADDRESS, GENERATION, PASSWORD].contains(&key);
    tags.iter()
        .filter(|(key, _)| !ours(key) && !key.starts_with("aws:"))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// The resource's own tags as an attribute: nothing where there are none.
#[must_use]
pub fn attribute(tags: &BTreeMap<String, String>) -> Datum {
    let own = stripped(tags);
    if own.is_empty() { Datum::Null } else { own.into() }
}

/// Where attributes carry the mark between the type that reads it and the provider: no schema has such a field.
pub(crate) const CARRIED: &str = "fathuss:mark";

/// The mark among these tags as an attribute; nothing where there is none.
pub(crate) fn carried(tags: &BTreeMap<String, String>) -> Datum {
    let Some(marked) = Marked::among(tags) else { return Datum::Null };
    Datum::List(vec![marked.lineage.as_str().into(), marked.address.into()])
}

/// Takes the mark out of attributes that were read. What a long address is cut to is no other address than its own.
pub(crate) fn take(attributes: &mut Attributes, asked: &Address) -> Option<Carried> {
    let Datum::List(parts) = attributes.remove(CARRIED)? else { return None };
    let [lineage, tag] = parts.as_slice() else { return None };
    let (lineage, tag) = (lineage.as_str()?.to_owned(), tag.as_str()?);
    let address = if tag == address(asked) { asked.to_string() } else { readable(tag) };
    Some(Carried { lineage, address })
}

/// An address in the characters that every service takes in a tag's value
/// (IAM and RDS: letters, digits, space and `_.:/=+-@`): the key follows a `/`,
/// any other byte is `@` and two digits.
#[must_use]
pub fn address(address: &Address) -> String {
    let mut text = format!("{}.{}.{}", address.stack(), address.kind(), address.name());
    if let Some(key) = address.key() {
        text.push('/');
        for byte in key.bytes() {
            if byte.is_ascii_alphanumeric() || b"_.:/=+-".contains(&byte) {
                text.push(char::from(byte));
            } else {
                text.push_str(&format!("@{byte:02x}"));
            }
        }
    }
    if text.len() <= LONGEST {
        return text;
    }
    let digest = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    // Everything before is ASCII, so any cut is at a character.
    format!("{}@@{digest:016x}", &text[..LONGEST - 18])
}

/// The address as people write it, from a tag.
fn readable(tag: &str) -> String {
    let Some((path, key)) = tag.split_once('/') else { return tag.to_owned() };
    let mut bytes = Vec::new();
    let mut rest = key.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'@' {
            bytes.push(byte);
            continue;
        }
        let digits: Vec<u8> = rest.by_ref().take(2).collect();
        match std::str::from_utf8(&digits).ok().and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => bytes.push(byte),
            None => return tag.to_owned(),
        }
    }
    format!("{path}[\"{}\"]", String::from_utf8_lossy(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_reads_back_from_its_tag() {
        for text in ["staging.aws_vpc.main", "s.aws_route.private[\"0.0.0.0/0\"]", "s.a.b[\"Grüße an @ alle!\"]"] {
            let written = address(&text.parse().unwrap());
            assert!(written.chars().all(|c| c.is_ascii_alphanumeric() || "_.:/=+-@".contains(c)), "{written}");
            assert_eq!(readable(&written), text);
        }
    }

    #[test]
    fn a_long_address_fits_and_stays_its_own() {
        let long = |end: &str| format!("s.aws_vpc.{}[\"{}{end}\"]", "n".repeat(128), "é".repeat(60)).parse().unwrap();
        let (one, other) = (address(&long("1")), address(&long("2")));
        assert_eq!(one.len(), LONGEST);
        assert_ne!(one, other);
    }

    #[test]
    fn a_mark_that_was_cut_is_its_own_address_s_and_of_no_other() {
        let long = |end: &str| format!("s.aws_vpc.{}[\"{}{end}\"]", "n".repeat(128), "é".repeat(60)).parse().unwrap();
        let (one, other): (Address, Address) = (long("1"), long("2"));
        let mark = Mark { lineage: "l".to_owned(), address: one.clone(), generation: 0 };
        let read = |asked: &Address| {
            let mut attributes = Attributes::from([(CARRIED.to_owned(), carried(&tags(&mark)))]);
            take(&mut attributes, asked).map(|carried| carried.address)
        };
        assert_eq!(read(&one), Some(one.to_string()));
        assert_ne!(read(&other), Some(other.to_string()));
        assert_eq!(fathuss_engine::plan::MARK, format!("tags.{ADDRESS}"), "what a plan calls it");
    }

    #[test]
    fn neither_the_mark_nor_what_aws_adds_is_read_back() {
        let mark = Mark { lineage: "l".to_owned(), address: "s.a.b".parse().unwrap(), generation: 3 };
        let mut all = tags(&mark);
        assert_eq!(Marked::among(&all).map(|found| (found.is(&mark), found.generation)), Some((true, 3)));
        all.insert("aws:autoscaling:groupName".to_owned(), "g".to_owned());
        assert_eq!(attribute(&all), Datum::Null);
        all.insert("Project".to_owned(), "Fathuss".to_owned());
        assert_eq!(stripped(&all), BTreeMap::from([("Project".to_owned(), "Fathuss".to_owned())]));
    }
}
