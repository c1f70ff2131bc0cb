//! What a state promises, seen from outside: through the contract and through
//! the file on disk.

mod agreement;
mod bad_files;
mod child;
mod full_disk;
mod journal;
mod kill;
mod lock;
mod made;
mod sample;
