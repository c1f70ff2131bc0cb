//! What a state promises, seen from outside: through the contract and through
//! the file on disk.

mod journal;

mod made;
