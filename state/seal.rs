//! Sealing: what makes a state unreadable for all but its recipients.
//!
//! A state that is sealed has a data key, which is wrapped for each of its
//! recipients and kept with it, in an [`Envelope`]. Each text of the state is
//! sealed by that key on its own and bound to the state, to the kind of thing
//! that it is and to its place, so that one can't be put where another was. All
//! backends go through [`Seal::close`] and [`Seal::open`].

mod age;
mod kms;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::StateError;

/// What a sealed text begins with; no JSON does.
const PREFIX: &str = "sealed:";

/// For whom a state is sealed: each of them opens it alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipients {
    /// The owners of these age keys: `age1…`, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    age: Vec<String>,
    /// Who may decrypt with these keys of AWS KMS: ARNs, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    kms: Vec<String>,
}

/// A key that seals a state.
type DataKey = Zeroizing<[u8; 32]>;

/// What a command can open states with. Keys of AWS KMS are asked with the credentials of who runs it.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    identities: Vec<age::Identity>,
    /// Where identities were looked for and what was found there, in words.
    looked: String,
}

/// How a state is to be sealed.
#[derive(Clone, Debug)]
pub enum Sealing {
    /// Not at all.
    Plain,
    /// By a data key of its own, for these.
    For(Recipients),
    /// As a copy of it in another place is: nobody is asked, so that it can be done where a recipient's key is gone.
    As(Seal),
}

impl Sealing {
    /// For these, by a data key of its own; none makes it plain.
    #[must_use]
    pub fn of(recipients: Option<&Recipients>) -> Self {
        recipients.map_or(Self::Plain, |recipients| Self::For(recipients.clone()))
    }

    /// For whom it is then.
    pub(crate) fn recipients(&self) -> Option<&Recipients> {
        match self {
            Self::Plain => None,
            Self::For(recipients) => Some(recipients),
            Self::As(seal) => Some(seal.recipients()),
        }
    }
}

/// A data key, wrapped, as it lies in a state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Envelope {
    /// Names the data key.
    id: String,
    recipients: Recipients,
    /// The data key as an age file, for all recipients of age: base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    age: Option<String>,
    /// The data key as each key of KMS has encrypted it: base64.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    kms: BTreeMap<String, String>,
    /// Earlier data keys, by their ids, each sealed by this one: history that is not sealed anew stays readable.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    older: BTreeMap<String, String>,
}

/// What seals and opens the texts of one state.
#[derive(Clone)]
pub struct Seal {
    lineage: String,
    envelope: Arc<Envelope>,
    /// By their ids.
    keys: Arc<BTreeMap<String, DataKey>>,
}

/// What a wrapped data key is bound to.
struct Bound<'a> {
    lineage: &'a str,
    id: &'a str,
    /// A sum over the recipients: nobody is added to them beside the key's owner.
    recipients: String,
}

impl<'a> Bound<'a> {
    fn of(lineage: &'a str, id: &'a str, recipients: &Recipients) -> Self {
        Self { lineage, id, recipients: hex::encode(Sha256::digest(recipients.to_string())) }
    }
}

impl Recipients {
    /// Those of these age keys and keys of KMS.
    ///
    /// # Errors
    /// What is wrong with one of them; it is not repeated where it may be a secret.
    pub fn new(age: &[String], kms: &[String]) -> Result<Self, String> {
        if age.is_empty() && kms.is_empty() {
            return Err("it names no recipient; nobody could read the state".to_owned());
        }
        age.iter().try_for_each(|key| Self::check_age(key))?;
        kms.iter().try_for_each(|key| Self::check_kms(key))?;
        let sorted = |keys: &[String]| {
            let mut keys = keys.to_vec();
            keys.sort();
            keys.dedup();
            keys
        };
        Ok(Self { age: sorted(age), kms: sorted(kms) })
    }

    /// Whether this is a key of age that can read.
    ///
    /// # Errors
    /// What is wrong with it; it is not repeated.
    pub fn check_age(key: &str) -> Result<(), String> {
        age::Recipient::parse(key).map(drop)
    }

    /// Whether this is the ARN of a key of KMS.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check_kms(key: &str) -> Result<(), String> {
        kms::region(key).map(drop)
    }

    /// Whether there are some of age.
    #[must_use]
    pub const fn has_age(&self) -> bool {
        !self.age.is_empty()
    }

    /// Those of age alone; none where there are none.
    #[must_use]
    pub fn without_kms(self) -> Option<Self> {
        let Self { age, .. } = self;
        (!age.is_empty()).then_some(Self { age, kms: Vec::new() })
    }
}

impl fmt::Display for Recipients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all: Vec<&str> = self.age.iter().chain(&self.kms).map(String::as_str).collect();
        write!(f, "{}", all.join(", "))
    }
}

impl Keys {
    /// With the identities of an age file, which was found at this place.
    ///
    /// # Errors
    /// What is wrong with its text.
    pub fn with_identities(text: &str, found: &str) -> Result<Self, String> {
        let identities = age::Identity::parse_file(text)?;
        if identities.is_empty() {
            return Err("no line of it is one: AGE-SECRET-KEY-1…".to_owned());
        }
        Ok(Self { identities, looked: format!("the identity in {found}") })
    }

    /// Without an identity, which was looked for at these places.
    #[must_use]
    pub fn without_identities(looked: &str) -> Self {
        Self { identities: Vec::new(), looked: format!("there is no identity in {looked}") }
    }

    /// Whether these recipients leave out whoever has these keys: why, in words. What KMS says shows when it is asked.
    #[must_use]
    pub fn left_out(&self, recipients: &Recipients) -> Option<String> {
        if !recipients.kms.is_empty()
            || self.identities.iter().any(|identity| recipients.age.contains(&identity.recipient()))
        {
            return None;
        }
        Some(match self.identities.is_empty() {
            true => self.looked.clone(),
            false => format!("{} is of none of them", self.looked),
        })
    }

    /// The data key of an envelope; in words, why it can't be had.
    async fn unwrap(&self, bound: &Bound<'_>, envelope: &Envelope) -> Result<DataKey, Refused> {
        let mut why = Vec::new();
        if let Some(wrapped) = &envelope.age {
            let wrapped = STANDARD.decode(wrapped).map_err(|error| Refused::Damaged(error.to_string()))?;
            match age::unwrap(&wrapped, &self.identities, bound).map_err(Refused::Damaged)? {
                Some(key) => return Ok(key),
                None if self.identities.is_empty() && self.looked.is_empty() => {
                    why.push("no identity was given".to_owned());
                }
                None if self.identities.is_empty() => why.push(self.looked.clone()),
                None => why.push(format!("{} is of none of them", self.looked)),
            }
        }
        for (arn, wrapped) in &envelope.kms {
            let wrapped = STANDARD.decode(wrapped).map_err(|error| Refused::Damaged(error.to_string()))?;
            match kms::decrypt(arn, wrapped, bound).await {
                Ok(key) => return Ok(key),
                Err(reason) => why.push(format!("{arn}: {reason}")),
            }
        }
        Err(Refused::Closed(why.join("; ")))
    }
}

/// Why a data key can't be had.
enum Refused {
    /// Nothing here opens it.
    Closed(String),
    /// It is not as it was written.
    Damaged(String),
}

impl Seal {
    /// A seal of a state with a data key of its own, for these recipients, of whom one has these keys; what the seal
    /// before has closed stays readable.
    ///
    /// # Errors
    /// Where it can't be wrapped for one of them, or nobody here could open it then.
    pub(crate) async fn new(
        lineage: &str,
        recipients: &Recipients,
        before: Option<&Self>,
        keys: &Keys,
    ) -> Result<Self, String> {
        let id = format!("{:016x}", rand::random::<u64>());
        let key = Zeroizing::new(rand::random::<[u8; 32]>());
        let bound = Bound::of(lineage, &id, recipients);
        let mut envelope = Envelope {
            id: id.clone(),
            recipients: recipients.clone(),
            age: None,
            kms: BTreeMap::new(),
            older: BTreeMap::new(),
        };
        if !recipients.age.is_empty() {
            envelope.age = Some(STANDARD.encode(age::wrap(&key, &recipients.age, &bound)?));
        }
        for arn in &recipients.kms {
            let wrapped = kms::encrypt(arn, &key, &bound).await.map_err(|reason| format!("{arn}: {reason}"))?;
            envelope.kms.insert(arn.clone(), STANDARD.encode(wrapped));
        }
        match keys.unwrap(&bound, &envelope).await {
            Ok(opened) if opened == key => {}
            Ok(_) => return Err("what was wrapped is not what is unwrapped".to_owned()),
            Err(Refused::Closed(reason) | Refused::Damaged(reason)) => {
                return Err(format!("nobody here could read it then: {reason}"));
            }
        }
        let mut known = BTreeMap::from([(id, key)]);
        let mut seal =
            Self { lineage: lineage.to_owned(), envelope: Arc::new(envelope.clone()), keys: Arc::new(known.clone()) };
        if let Some(before) = before {
            let sealed = |(id, key): (&String, &DataKey)| {
                let text = Zeroizing::new(STANDARD.encode(**key));
                Ok((id.clone(), seal.close("key", id, &text)?))
            };
            let older = before.keys.iter().map(sealed).collect::<Result<_, String>>()?;
            known.extend(before.keys.iter().map(|(id, key)| (id.clone(), key.clone())));
            seal = Self { envelope: Arc::new(Envelope { older, ..envelope }), keys: Arc::new(known), ..seal };
        }
        Ok(seal)
    }

    /// The seal of the state of this lineage at this place, by what lies in it.
    ///
    /// # Errors
    /// [`StateError::Sealed`] where none of the keys opens it.
    pub(crate) async fn unwrap(
        place: &str,
        lineage: &str,
        envelope: &Envelope,
        keys: &Keys,
    ) -> Result<Self, StateError> {
        let damaged =
            |reason: &str| StateError::Damaged { path: place.to_owned(), reason: format!("its wrapped key: {reason}") };
        let bound = Bound::of(lineage, &envelope.id, &envelope.recipients);
        let key = keys.unwrap(&bound, envelope).await.map_err(|refused| match refused {
            Refused::Damaged(reason) => damaged(&reason),
            Refused::Closed(reason) => {
                StateError::Sealed { path: place.to_owned(), recipients: Box::new(envelope.recipients.clone()), reason }
            }
        })?;
        let mut known = BTreeMap::from([(envelope.id.clone(), key)]);
        let seal =
            Self { lineage: lineage.to_owned(), envelope: Arc::new(envelope.clone()), keys: Arc::new(known.clone()) };
        for (id, sealed) in &envelope.older {
            let text = Zeroizing::new(seal.open("key", id, sealed).map_err(|reason| damaged(&reason))?);
            known.insert(id.clone(), data_key(&text).ok_or_else(|| damaged("an earlier one says no key"))?);
        }
        Ok(Self { keys: Arc::new(known), ..seal })
    }

    /// One whose data keys are known.
    pub(crate) fn with_keys(
        lineage: &str,
        envelope: &Envelope,
        keys: &BTreeMap<String, String>,
    ) -> Result<Self, String> {
        let known = keys.iter().map(|(id, text)| {
            let key = data_key(text).ok_or("one of its earlier keys is none")?;
            Ok((id.clone(), key))
        });
        let keys = known.collect::<Result<_, String>>()?;
        Ok(Self { lineage: lineage.to_owned(), envelope: Arc::new(envelope.clone()), keys: Arc::new(keys) })
    }

    /// Its data keys, as [`with_keys`](Self::with_keys) takes them.
    pub(crate) fn keys_in_plain(&self) -> BTreeMap<String, String> {
        self.keys.iter().map(|(id, key)| (id.clone(), STANDARD.encode(**key))).collect()
    }

    /// For whom it is.
    #[must_use]
    pub fn recipients(&self) -> &Recipients {
        &self.envelope.recipients
    }

    /// What lies in the state.
    pub(crate) fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// A text sealed: of this kind, at this place.
    pub(crate) fn close(&self, kind: &str, key: &str, text: &str) -> Result<String, String> {
        let id = &self.envelope.id;
        let data_key = self.keys.get(id).ok_or("its key is gone")?;
        let nonce = rand::random::<[u8; 24]>();
        let payload = Payload { msg: text.as_bytes(), aad: &self.bound(id, kind, key) };
        let cipher = XChaCha20Poly1305::new(Key::from_slice(&**data_key));
        let sealed = cipher.encrypt(XNonce::from_slice(&nonce), payload).map_err(|error| error.to_string())?;
        Ok(format!("{PREFIX}{id}:{}", STANDARD.encode([nonce.as_slice(), &sealed].concat())))
    }

    /// A sealed text opened, which has to be of this kind and of this place.
    pub(crate) fn open(&self, kind: &str, key: &str, sealed: &str) -> Result<String, String> {
        let rest = sealed
            .strip_prefix(PREFIX)
            .ok_or("it is not sealed, in a state that is: something else than fathuss wrote it")?;
        let (id, text) = rest.split_once(':').ok_or("it is no sealed text")?;
        let data_key = self
            .keys
            .get(id)
            .ok_or("it is sealed by another key: the state was sealed anew since this command began; run it again")?;
        let bytes = STANDARD.decode(text).map_err(|_| DAMAGED)?;
        let (nonce, sealed) = bytes.split_at_checked(24).ok_or(DAMAGED)?;
        let payload = Payload { msg: sealed, aad: &self.bound(id, kind, key) };
        let cipher = XChaCha20Poly1305::new(Key::from_slice(&**data_key));
        let plain = cipher.decrypt(XNonce::from_slice(nonce), payload).map_err(|_| DAMAGED)?;
        String::from_utf8(plain).map_err(|_| DAMAGED.to_owned())
    }

    /// What a sealed text is bound to. No part can run into the next: each has its length before it.
    fn bound(&self, id: &str, kind: &str, key: &str) -> Vec<u8> {
        let parts = [&self.lineage, id, kind, key];
        parts.iter().flat_map(|part| (part.len() as u64).to_be_bytes().into_iter().chain(part.bytes())).collect()
    }
}

/// What opens a state as often as it is read, and asks for the data key once.
#[derive(Debug, Default)]
pub(crate) struct Opener {
    pub(crate) keys: Keys,
    known: Mutex<Option<Seal>>,
}

impl Opener {
    pub(crate) fn new(keys: &Keys) -> Self {
        Self { keys: keys.clone(), known: Mutex::default() }
    }

    /// The seal of the state of this lineage at this place.
    pub(crate) async fn open(&self, place: &str, lineage: &str, envelope: &Envelope) -> Result<Seal, StateError> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(seal) = known.filter(|seal| seal.lineage == lineage && seal.envelope() == envelope) {
            return Ok(seal);
        }
        let seal = Seal::unwrap(place, lineage, envelope, &self.keys).await?;
        self.learn(&seal);
        Ok(seal)
    }

    /// Another seal of the state, where it is to have one.
    pub(crate) async fn another(
        &self,
        place: &str,
        lineage: &str,
        sealing: &Sealing,
        before: Option<&Seal>,
    ) -> Result<Option<Seal>, StateError> {
        let seal = match sealing {
            Sealing::Plain => return Ok(None),
            Sealing::For(recipients) => Seal::new(lineage, recipients, before, &self.keys).await,
            Sealing::As(seal) if seal.lineage == lineage && before.is_none() => Ok(seal.clone()),
            Sealing::As(_) => Err("the seal is of another state, or this one has had one of its own".to_owned()),
        };
        let seal = seal.map_err(|reason| StateError::Storage { path: place.to_owned(), doing: "encrypted", reason })?;
        self.learn(&seal);
        Ok(Some(seal))
    }

    fn learn(&self, seal: &Seal) {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(seal.clone());
    }
}

const DAMAGED: &str = "what is sealed there is damaged, or belongs elsewhere";

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seal").field("envelope", &self.envelope).finish_non_exhaustive()
    }
}

/// A text as it is to lie there: sealed where the state is.
pub(crate) fn close(seal: Option<&Seal>, kind: &str, key: &str, text: String) -> Result<String, String> {
    match seal {
        Some(seal) => seal.close(kind, key, &text),
        None => Ok(text),
    }
}

/// A text as it was before it was written.
pub(crate) fn open(seal: Option<&Seal>, kind: &str, key: &str, text: String) -> Result<String, String> {
    match seal {
        Some(seal) => seal.open(kind, key, &text),
        None if text.starts_with(PREFIX) => Err("it is sealed, in a state that is not".to_owned()),
        None => Ok(text),
    }
}

fn data_key(text: &str) -> Option<DataKey> {
    let bytes = Zeroizing::new(STANDARD.decode(text).ok()?);
    <[u8; 32]>::try_from(bytes.as_slice()).ok().map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Test keys of nobody's: the first identity belongs to the recipient.
    const IDENTITY: &str = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";
    const OTHER: &str = "age1zwlyl6h27gzv0lfntr7fcqrjrzqazap8sy5zylkxwneh7llf0dksu37mwt";

    fn keys() -> Keys {
        Keys::with_identities(IDENTITY, "a test").expect("an identity")
    }

    fn recipient() -> String {
        keys().identities[0].recipient()
    }

    fn waits<T>(work: impl Future<Output = T>) -> T {
        futures::executor::block_on(work)
    }

    fn seal(lineage: &str, before: Option<&Seal>) -> Result<Seal, String> {
        let recipients = Recipients::new(&[recipient(), OTHER.to_owned()], &[])?;
        waits(Seal::new(lineage, &recipients, before, &keys()))
    }

    #[test]
    fn a_sealed_text_opens_where_it_was_closed_and_nowhere_else() -> Result<(), String> {
        let seal = seal("5eed", None)?;
        let sealed = seal.close("resources", "staging.aws_vpc.main", "{}")?;
        assert!(!sealed.contains("{}") && sealed.starts_with(PREFIX));
        assert_ne!(sealed, seal.close("resources", "staging.aws_vpc.main", "{}")?);
        assert_eq!(seal.open("resources", "staging.aws_vpc.main", &sealed)?, "{}");
        for (kind, key) in [
            ("resources", "staging.aws_vpc.other"),
            ("revisions", "staging.aws_vpc.main"),
            ("resourcess", "taging.aws_vpc.main"),
        ] {
            assert_eq!(seal.open(kind, key, &sealed), Err(DAMAGED.to_owned()));
        }
        let elsewhere = Seal { lineage: "other".to_owned(), ..seal.clone() };
        assert_eq!(elsewhere.open("resources", "staging.aws_vpc.main", &sealed), Err(DAMAGED.to_owned()));
        assert!(seal.open("resources", "staging.aws_vpc.main", "{}").is_err(), "plain text in a sealed state");
        Ok(())
    }

    #[test]
    fn a_seal_that_follows_another_opens_what_that_one_closed_and_not_the_other_way_round() -> Result<(), String> {
        let first = seal("5eed", None)?;
        let second = seal("5eed", Some(&first))?;
        let before = first.close("segment", "1", "then")?;
        assert_eq!(second.open("segment", "1", &before)?, "then");
        let after = second.close("segment", "2", "now")?;
        assert!(first.open("segment", "2", &after).is_err());
        assert_eq!(open(None, "segment", "1", before), Err("it is sealed, in a state that is not".to_owned()));
        let found = waits(Seal::unwrap("it", "5eed", second.envelope(), &keys())).expect("this identity opens it");
        assert_eq!(found.open("segment", "1", &first.close("segment", "1", "then")?)?, "then");
        Ok(())
    }

    #[test]
    fn an_envelope_of_another_state_or_with_a_recipient_more_is_damaged() -> Result<(), String> {
        let seal = seal("5eed", None)?;
        let mut envelope = seal.envelope().clone();
        let told = |lineage: &str, envelope: &Envelope| {
            waits(Seal::unwrap("it", lineage, envelope, &keys())).expect_err("not as it was").to_string()
        };
        assert!(told("other", &envelope).contains("it is another state's"));
        envelope.recipients.kms.push("arn:aws:kms:eu-west-1:111122223333:key/1".to_owned());
        assert!(told("5eed", &envelope).contains("its recipients were changed"));
        let nobody = waits(Seal::unwrap("it", "5eed", seal.envelope(), &Keys::default())).expect_err("no identity");
        assert!(matches!(nobody, StateError::Sealed { .. }), "{nobody}");
        Ok(())
    }

    #[test]
    fn nobody_seals_a_state_that_could_not_be_read_then() {
        let recipients = Recipients::new(&[OTHER.to_owned()], &[]).expect("a recipient");
        let told = waits(Seal::new("5eed", &recipients, None, &keys())).expect_err("not this identity's");
        assert_eq!(told, "nobody here could read it then: the identity in a test is of none of them");
    }

    #[test]
    fn what_is_no_recipient_is_refused_and_a_secret_is_not_repeated() {
        for (age, expected) in [
            (IDENTITY, "it is a private key"),
            ("age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwk", "it is no age recipient"),
            ("ssh-ed25519 AAAA", "those of X25519 alone"),
            ("", "it is no age recipient"),
        ] {
            let told = Recipients::new(&[age.to_owned()], &[]).expect_err(age);
            assert!(told.contains(expected) && !told.contains("GFPYYSJZ"), "{told}");
        }
        assert!(Recipients::new(&[], &[]).is_err());
    }
}
