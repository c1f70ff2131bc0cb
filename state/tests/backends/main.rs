//! What backends promise that are reached over a network, against real servers: `cargo xtask test backends`.

#[macro_use]
#[path = "../promise/mod.rs"]
mod promise;

mod answers;
#[path = "../state/child.rs"]
mod child;
mod compaction;
mod conditions;
mod encryption;
mod kill;
#[macro_use]
mod lease;
mod parts;
mod place;
mod postgresql;
mod proxy;

/// What every backend promises, of an object store on versitygw.
mod versitygw {
    promises!(crate::place::Objects::on("FATHUSS_TEST_VERSITYGW"));

    mod lease {
        leases!(crate::place::Objects::on("FATHUSS_TEST_VERSITYGW"));
    }
}

/// What every backend promises, of an object store that has a sealed state.
mod sealed {
    promises!(crate::place::Sealed(crate::place::Objects::on("FATHUSS_TEST_VERSITYGW")));
}

/// What every backend promises, of a schema in PostgreSQL that has a sealed state.
mod sealed_postgres {
    promises!(crate::place::Sealed(crate::place::Tables::on("FATHUSS_TEST_POSTGRES")));
}

/// What every backend promises, of an object store on moto.
mod moto {
    promises!(crate::place::Objects::on("FATHUSS_TEST_MOTO"));

    mod lease {
        leases!(crate::place::Objects::on("FATHUSS_TEST_MOTO"));
    }
}

/// What every backend promises, of a schema in PostgreSQL.
mod postgres {
    promises!(crate::place::Tables::on("FATHUSS_TEST_POSTGRES"));

    mod lease {
        leases!(crate::place::Tables::on("FATHUSS_TEST_POSTGRES"));
    }
}
