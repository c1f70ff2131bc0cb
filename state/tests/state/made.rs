//! Records to write, and a file to write them to.

use std::path::Path;

use fathuss_state::{Backend, Sqlite};

use crate::promise::Bench;
pub use crate::promise::made::*;

/// The state at this path, made if need be, under this process's lock.
pub fn locked(path: &Path) -> Sqlite {
    let mut state = Sqlite::open_as(path, "5eed", NOW_MS).expect("a state");
    state.lock(&holder("lock-1"), NOW_MS).expect("a free lock");
    state
}

/// A file in a folder of its own.
pub struct File(tempfile::TempDir);

impl File {
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self) -> std::path::PathBuf {
        self.0.path().join("deep/er/state")
    }
}

impl Bench for File {
    fn open(&self) -> Box<dyn Backend> {
        Box::new(Sqlite::open_as(&self.path(), "5eed", NOW_MS).expect("a state"))
    }

    fn look(&self) -> Option<Box<dyn Backend>> {
        Some(Box::new(Sqlite::look(&self.path()).expect("whole")?))
    }

    fn place(&self) -> String {
        self.path().display().to_string()
    }

    fn another(&self) -> Box<dyn Bench> {
        Box::new(Self::new())
    }

    fn cases(&self) -> u32 {
        48
    }
}

/// A state that is sealed before anything is in it.
pub struct SealedFile(File);

impl SealedFile {
    pub fn new() -> Self {
        Self(File::new())
    }
}

impl Bench for SealedFile {
    fn open(&self) -> Box<dyn Backend> {
        loop {
            let mut state = Sqlite::open_with(&self.0.path(), Some("5eed"), &mias_keys(), NOW_MS).expect("a state");
            if state.seal().expect("readable").is_some() {
                return Box::new(state);
            }
            let mine = format!("seal-{:?}", std::thread::current().id());
            if state.lock(&holder(&mine), NOW_MS).is_ok() && state.seal().expect("readable").is_none() {
                state.reseal(Some(&mia())).expect("sealed");
            }
        }
    }

    fn look(&self) -> Option<Box<dyn Backend>> {
        Some(Box::new(Sqlite::look_with(&self.0.path(), &mias_keys()).expect("whole")?))
    }

    fn place(&self) -> String {
        self.0.place()
    }

    fn another(&self) -> Box<dyn Bench> {
        Box::new(Self::new())
    }

    fn cases(&self) -> u32 {
        12
    }
}
