//! Data and data keys, encrypted and decrypted by a key.
//!
//! What a key encrypts says by which key it is and holds the encryption context
//! with the data; the rest of it can be read by the world alone, and is no
//! protection: a world has no secrets.

use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{Key as Secret, XChaCha20Poly1305, XNonce};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::key::usable;
use super::{arn, invalid};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("Encrypt", encrypt),
    ("Decrypt", decrypt),
    ("GenerateDataKey", generate),
    ("GenerateDataKeyWithoutPlaintext", generate_hidden),
];

const DECRYPT: &str = "https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("kms.data.context", "data is decrypted with the encryption context that it was encrypted with", DECRYPT),
    Rule::new("kms.data.key", "data is decrypted by the key that encrypted it", DECRYPT),
    Rule::new("kms.data.ciphertext", "what is decrypted is what a key has encrypted", DECRYPT),
    Rule::new(
        "kms.data.algorithm",
        "a symmetric key encrypts by SYMMETRIC_DEFAULT",
        "https://docs.aws.amazon.com/kms/latest/APIReference/API_Encrypt.html",
    ),
    Rule::new(
        "kms.data.length",
        "a data key has a spec or a number of bytes",
        "https://docs.aws.amazon.com/kms/latest/APIReference/API_GenerateDataKey.html",
    ),
];

/// The first byte of what is encrypted.
const FORMAT: u8 = 1;

const ALGORITHM: &str = "SYMMETRIC_DEFAULT";

/// What is within.
#[derive(Serialize, Deserialize)]
struct Sealed {
    /// In order: the same pairs are the same context.
    context: Vec<(String, String)>,
    data: Vec<u8>,
}

/// The ARN of the key that has encrypted this.
pub(crate) fn key_of(ciphertext: &[u8]) -> Option<&str> {
    let [FORMAT, length, rest @ ..] = ciphertext else { return None };
    std::str::from_utf8(rest.get(..usize::from(*length))?).ok()
}

fn cipher(key: &str) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(Secret::from_slice(&Sha256::digest(format!("key material of {key}"))))
}

/// The id of a key's material, which is never another here.
fn material(key: &str) -> String {
    hex::encode(Sha256::digest(format!("id of the material of {key}")))
}

fn seal(tx: &mut Tx<'_>, key: &str, context: Vec<(String, String)>, data: Vec<u8>) -> Result<Vec<u8>, Refusal> {
    let nonce = bytes(tx, 24);
    let unsealed = |_| Refusal::not_simulated("kms data that can't be encrypted");
    let text = serde_json::to_vec(&Sealed { context, data }).map_err(|_| Refusal::not_simulated("kms data"))?;
    let sealed = cipher(key).encrypt(XNonce::from_slice(&nonce), text.as_slice()).map_err(unsealed)?;
    let length = u8::try_from(key.len()).map_err(|_| Refusal::not_simulated("kms keys of so long an ARN"))?;
    Ok([&[FORMAT, length], key.as_bytes(), &nonce, &sealed].concat())
}

fn unseal(key: &str, ciphertext: &[u8]) -> Option<Sealed> {
    let (nonce, sealed) = ciphertext.get(2 + key.len()..)?.split_at_checked(24)?;
    serde_json::from_slice(&cipher(key).decrypt(XNonce::from_slice(nonce), sealed).ok()?).ok()
}

fn bytes(tx: &mut Tx<'_>, count: usize) -> Vec<u8> {
    (0..count).map(|_| u8::try_from(tx.below(256)).unwrap_or_default()).collect()
}

/// The pairs of an encryption context, in order.
pub(crate) fn context(input: &Value) -> Vec<(String, String)> {
    let Value::Record(pairs) = input.get("EncryptionContext") else { return Vec::new() };
    let mut pairs: Vec<(String, String)> =
        pairs.iter().map(|(name, value)| (name.clone(), value.text().unwrap_or_default().to_owned())).collect();
    pairs.sort();
    pairs
}

fn check(tx: &Tx<'_>, input: &Input<'_>) -> Result<(), Refusal> {
    if !input.texts("GrantTokens").is_empty() || !input.texts("DryRunModifiers").is_empty() || input.has("Recipient") {
        return Err(Refusal::not_simulated("kms data with GrantTokens, DryRunModifiers or a Recipient"));
    }
    let algorithm = input.text("EncryptionAlgorithm").unwrap_or(ALGORITHM);
    tx.enforce("kms.data.algorithm", algorithm == ALGORITHM, || {
        let message = format!("The algorithm {algorithm} is incompatible with the key spec SYMMETRIC_DEFAULT.");
        Refusal::new("InvalidKeyUsageException", message)
    })
}

/// Ends a request that was to be tried only, where it would have gone well.
fn tried(input: &Input<'_>) -> Result<(), Refusal> {
    if input.flag("DryRun") {
        let message = "The request would have succeeded, but the DryRun option is set.";
        return Err(Refusal::new("DryRunOperationException", message));
    }
    Ok(())
}

fn encrypt(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    check(tx, input)?;
    let key = usable(tx, input.required("KeyId"))?;
    tried(input)?;
    let Value::Blob(data) = input.whole("Plaintext").clone() else { return Err(invalid("Plaintext is missing.")) };
    let sealed = seal(tx, &key, context(input.all()), data)?;
    Ok(record! { "CiphertextBlob" => Value::Blob(sealed), "KeyId" => key, "EncryptionAlgorithm" => ALGORITHM })
}

fn decrypt(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    check(tx, input)?;
    let Value::Blob(ciphertext) = input.whole("CiphertextBlob").clone() else {
        return Err(invalid("CiphertextBlob is missing."));
    };
    // It comes without words, as recorded.
    let wrong = || Refusal::new("InvalidCiphertextException", "");
    let given = input.text("KeyId").map(|given| usable(tx, given)).transpose()?;
    let Some(key) = key_of(&ciphertext).map(str::to_owned) else { return Err(wrong()) };
    tx.enforce("kms.data.key", given.as_ref().is_none_or(|given| *given == key), || {
        let message = "The key ID in the request does not identify a CMK that can perform this operation.";
        Refusal::new("IncorrectKeyException", message)
    })?;
    // Of a key of elsewhere nobody is told more.
    let here = key.strip_prefix(&arn(tx, "key/")).map(str::to_owned);
    let Some(id) = here else {
        let message = "The ciphertext refers to a customer master key that does not exist, does not exist in this region, \
                       or you are not allowed to access.";
        return Err(Refusal::new("AccessDeniedException", message));
    };
    usable(tx, &id)?;
    let Some(sealed) = unseal(&key, &ciphertext) else { return Err(wrong()) };
    tx.enforce("kms.data.context", sealed.context == context(input.all()), wrong)?;
    tried(input)?;
    Ok(record! {
        "KeyId" => &key,
        "Plaintext" => Value::Blob(sealed.data),
        "EncryptionAlgorithm" => ALGORITHM,
        "KeyMaterialId" => material(&key),
    })
}

fn generate(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let (key, data, sealed) = generated(tx, input)?;
    Ok(record! {
        "CiphertextBlob" => Value::Blob(sealed),
        "Plaintext" => Value::Blob(data),
        "KeyId" => &key,
        "KeyMaterialId" => material(&key),
    })
}

fn generate_hidden(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let (key, _, sealed) = generated(tx, input)?;
    Ok(record! { "CiphertextBlob" => Value::Blob(sealed), "KeyId" => &key, "KeyMaterialId" => material(&key) })
}

/// The ARN of the key, a data key and the same encrypted.
fn generated(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<(String, Vec<u8>, Vec<u8>), Refusal> {
    check(tx, input)?;
    let (spec, number) = (input.text("KeySpec"), input.integer("NumberOfBytes"));
    tx.enforce("kms.data.length", spec.is_some() != number.is_some(), || {
        invalid("Please specify either number of bytes or key spec.")
    })?;
    let length = match (number, spec) {
        (Some(number), _) => usize::try_from(number).unwrap_or_default(),
        (None, Some("AES_128")) => 16,
        (None, _) => 32,
    };
    let key = usable(tx, input.required("KeyId"))?;
    tried(input)?;
    let data = bytes(tx, length);
    let sealed = seal(tx, &key, context(input.all()), data.clone())?;
    Ok((key, data, sealed))
}
