//! What a state promises, seen from outside: through the contract and through
//! the file on disk.

#[macro_use]
#[path = "../promise/mod.rs"]
mod promise;

mod bad_files;
mod child;
mod encryption;
mod full_disk;
mod kill;
mod lock;
mod made;
mod memory;
mod sample;

/// What every backend promises, of the file.
mod file {
    promises!(crate::made::File::new());
}

/// What every backend promises, of a file that is sealed.
mod sealed_file {
    promises!(crate::made::SealedFile::new());
}
