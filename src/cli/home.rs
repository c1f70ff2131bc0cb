//! Where a stack's state lies, and who reads it: as `fathuss.toml` says, and with the identity of who runs this.

use std::fmt;
use std::path::PathBuf;

use fathuss_state::{Backend, Keys, Place, Recipients, Snapshot, StateError};

use crate::error::Error;

/// Names the file that has the age identity of who runs this.
const IDENTITY_FILE: &str = "FATHUSS_AGE_IDENTITY_FILE";

/// Where a stack's state lies and for whom it is encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    /// Where it lies.
    pub place: Place,
    /// For whom `fathuss.toml` wants it encrypted; none where it is to be plain.
    pub recipients: Option<Recipients>,
}

impl Home {
    /// A place whose state is to be plain.
    pub fn plain(place: Place) -> Self {
        Self { place, recipients: None }
    }

    /// The same for a state in another place.
    pub fn at(&self, place: Place) -> Self {
        Self { place, ..self.clone() }
    }

    /// Whether who runs this can read the state of this stack once it is encrypted as `fathuss.toml` says.
    pub fn check_reader(&self, stack: &str) -> Result<(), Error> {
        let Some(wanted) = &self.recipients else { return Ok(()) };
        match keys().left_out(wanted) {
            None => Ok(()),
            Some(why) => Err(Error::Usage(format!(
                "the state of {stack} is to be encrypted for {wanted}, and you could not read it then: {why}; nothing was changed\nNext: put your identity into ~/.config/fathuss/identity.txt, or name its file in FATHUSS_AGE_IDENTITY_FILE"
            ))),
        }
    }

    /// Opens the state to write; makes it, with this lineage or one of its own, where there is none.
    pub fn open(&self, lineage: Option<&str>, now_ms: i64) -> Result<Box<dyn Backend>, StateError> {
        self.place.open(lineage, &keys(), now_ms)
    }

    /// Opens the state to read; none where there is none.
    pub fn look(&self) -> Result<Option<Box<dyn Backend>>, StateError> {
        self.place.look(&keys())
    }

    /// All of the state at one moment; none where there is none.
    pub fn read(&self) -> Result<Option<Snapshot>, StateError> {
        self.look()?.map(|state| state.snapshot()).transpose()
    }
}

impl fmt::Display for Home {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.place.fmt(f)
    }
}

/// What states can be opened with here.
pub fn keys() -> Keys {
    let named = std::env::var_os(IDENTITY_FILE).filter(|path| !path.is_empty()).map(PathBuf::from);
    let (path, from) = match (named, std::env::home_dir()) {
        (Some(path), _) => (path, " (FATHUSS_AGE_IDENTITY_FILE)"),
        (None, Some(home)) => (home.join(".config/fathuss/identity.txt"), ""),
        (None, None) => {
            return Keys::without_identities("~/.config/fathuss/identity.txt: there is no home folder");
        }
    };
    let shown = format!("{}{from}", path.display());
    match std::fs::read_to_string(&path) {
        Ok(text) => match Keys::with_identities(&text, &shown) {
            Ok(keys) => keys,
            Err(reason) => Keys::without_identities(&format!("{shown}: {reason}")),
        },
        Err(error) => Keys::without_identities(&format!("{shown}: {error}")),
    }
}
