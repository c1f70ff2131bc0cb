//! A data key in a file of age's: what `age` and `rage` can open as well, where
//! Fathuss is not at hand.

use std::fmt;
use std::io::{Read, Write};
use std::str::FromStr;

use age::x25519;
use age::{DecryptError, Decryptor, Encryptor};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use super::{Bound, DataKey, data_key};

/// Who can read: a public key, `age1…`.
pub(super) struct Recipient(x25519::Recipient);

/// A private key, `AGE-SECRET-KEY-1…`.
#[derive(Clone)]
pub(super) struct Identity(x25519::Identity);

/// What an age file that wraps a data key says.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wrapped {
    lineage: String,
    id: String,
    recipients: String,
    key: String,
}

impl Drop for Wrapped {
    fn drop(&mut self) {
        self.key.zeroize();
    }
}

impl Recipient {
    /// Reads a recipient.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text.starts_with("AGE-SECRET-KEY-") {
            return Err("it is a private key, which nobody but its owner may have; `age-keygen -y` prints the recipient that belongs to it".to_owned());
        }
        if text.starts_with("ssh-") || text.starts_with("age1pq1") || text.starts_with("age1tag") {
            return Err(
                "of age's recipients, those of X25519 alone are taken: `age1` and 58 letters and digits".to_owned()
            );
        }
        x25519::Recipient::from_str(text).map(Self).map_err(|_| {
            "it is no age recipient: `age1` and 58 letters and digits, as `age-keygen` prints it".to_owned()
        })
    }
}

impl Identity {
    /// Reads the identities of a file as `age-keygen` writes it: one a line, comments after `#`.
    pub(super) fn parse_file(text: &str) -> Result<Vec<Self>, String> {
        let lines = text.lines().map(str::trim).enumerate();
        let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let identities = lines.map(|(at, line)| {
            let identity = x25519::Identity::from_str(line);
            identity.map(Self).map_err(|_| format!("line {} is no age identity: AGE-SECRET-KEY-1…", at + 1))
        });
        identities.collect()
    }

    /// The public key that belongs to it.
    pub(super) fn recipient(&self) -> String {
        self.0.to_public().to_string()
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(…)")
    }
}

/// A data key in a file that each of these recipients can open.
pub(super) fn wrap(key: &DataKey, recipients: &[String], bound: &Bound<'_>) -> Result<Vec<u8>, String> {
    let said = Wrapped {
        lineage: bound.lineage.to_owned(),
        id: bound.id.to_owned(),
        recipients: bound.recipients.clone(),
        key: STANDARD.encode(**key),
    };
    let said = Zeroizing::new(serde_json::to_vec(&said).map_err(|error| error.to_string())?);
    let recipients = recipients.iter().map(|text| Recipient::parse(text)).collect::<Result<Vec<_>, _>>()?;
    let encryptor = Encryptor::with_recipients(recipients.iter().map(|Recipient(key)| key as &dyn age::Recipient))
        .map_err(|error| error.to_string())?;
    let mut file = Vec::new();
    let mut writer = encryptor.wrap_output(&mut file).map_err(|error| error.to_string())?;
    writer.write_all(&said).and_then(|()| writer.finish().map(drop)).map_err(|error| error.to_string())?;
    Ok(file)
}

/// The data key in a file; none where it is for none of these identities.
///
/// # Errors
/// Where the file is not as it was written, or says another state's key.
pub(super) fn unwrap(file: &[u8], identities: &[Identity], bound: &Bound<'_>) -> Result<Option<DataKey>, String> {
    let decryptor = Decryptor::new(file).map_err(|error| error.to_string())?;
    let identities = identities.iter().map(|Identity(key)| key as &dyn age::Identity);
    let mut reader = match decryptor.decrypt(identities) {
        Err(DecryptError::NoMatchingKeys) => return Ok(None),
        other => other.map_err(|error| error.to_string())?,
    };
    let mut said = Zeroizing::new(Vec::new());
    reader.read_to_end(&mut said).map_err(|error| error.to_string())?;
    let said: Wrapped = serde_json::from_slice(&said).map_err(|_| "it says no key".to_owned())?;
    let is_bound = said.lineage == bound.lineage && said.id == bound.id && said.recipients == bound.recipients;
    if !is_bound {
        return Err("it is another state's, or its recipients were changed".to_owned());
    }
    data_key(&said.key).map(Some).ok_or_else(|| "it says no key".to_owned())
}
