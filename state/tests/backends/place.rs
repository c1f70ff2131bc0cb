//! Places on the servers that `cargo xtask test backends` has started, each of which only one test knows.

use std::path::Path;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use fathuss_state::{Backend, Bucket, Database, Keys, Place, Postgres, S3, Terms};

use crate::lease::Leased;
use crate::promise::Bench;
use crate::promise::made::{NOW_MS, holder, mia, mias_keys};

/// Terms under which nothing lapses while a test runs, and nothing waits.
pub const PATIENT: Terms = Terms {
    lease: Duration::from_secs(60),
    margin: Duration::from_secs(1),
    signature: Duration::from_secs(60),
    pace: Duration::from_millis(1),
    patience: Duration::from_secs(10),
};

/// A prefix of a bucket.
#[derive(Clone, Debug)]
pub struct Objects {
    pub bucket: Bucket,
    pub terms: Terms,
    server: &'static str,
}

impl Objects {
    /// A prefix on the server at the address that this variable holds.
    pub fn on(server: &'static str) -> Self {
        let bucket = Bucket {
            name: "states".to_owned(),
            prefix: format!("a team/{}", unique()),
            region: "us-east-1".to_owned(),
            endpoint: Some(address(server)),
        };
        Self { bucket, terms: PATIENT, server }
    }

    pub fn open(&self) -> S3 {
        S3::open(&self.bucket, self.terms, Some("5eed"), &Keys::default(), NOW_MS).expect("a state")
    }
}

/// A place whose state is sealed before anything is in it.
pub struct Sealed<B>(pub B);

impl<B: Keyed> Bench for Sealed<B> {
    fn open(&self) -> Box<dyn Backend> {
        loop {
            let mut state = self.0.open_with(&mias_keys());
            if state.seal().expect("readable").is_some() {
                return state;
            }
            let mine = format!("seal-{:?}", std::thread::current().id());
            if state.lock(&holder(&mine), NOW_MS).is_ok() && state.seal().expect("readable").is_none() {
                state.reseal(Some(&mia())).expect("sealed");
            }
        }
    }

    fn look(&self) -> Option<Box<dyn Backend>> {
        self.0.look_with(&mias_keys())
    }

    fn place(&self) -> String {
        self.0.place()
    }

    fn another(&self) -> Box<dyn Bench> {
        Box::new(Self(self.0.fresh()))
    }

    fn cases(&self) -> u32 {
        2
    }
}

/// A place whose state is opened with keys.
pub trait Keyed: Bench + Sized + 'static {
    fn open_with(&self, keys: &Keys) -> Box<dyn Backend>;
    fn look_with(&self, keys: &Keys) -> Option<Box<dyn Backend>>;
    fn fresh(&self) -> Self;
}

impl Keyed for Objects {
    fn open_with(&self, keys: &Keys) -> Box<dyn Backend> {
        Box::new(S3::open(&self.bucket, self.terms, Some("5eed"), keys, NOW_MS).expect("a state"))
    }

    fn look_with(&self, keys: &Keys) -> Option<Box<dyn Backend>> {
        Some(Box::new(S3::look(&self.bucket, self.terms, keys).expect("whole")?))
    }

    fn fresh(&self) -> Self {
        Self::on(self.server)
    }
}

impl Keyed for Tables {
    fn open_with(&self, keys: &Keys) -> Box<dyn Backend> {
        Box::new(Postgres::open(&self.database, self.terms, Some("5eed"), keys, NOW_MS).expect("a state"))
    }

    fn look_with(&self, keys: &Keys) -> Option<Box<dyn Backend>> {
        Some(Box::new(Postgres::look(&self.database, self.terms, keys).expect("whole")?))
    }

    fn fresh(&self) -> Self {
        Self::on("FATHUSS_TEST_POSTGRES")
    }
}

impl Bench for Objects {
    fn open(&self) -> Box<dyn Backend> {
        Box::new(Objects::open(self))
    }

    fn look(&self) -> Option<Box<dyn Backend>> {
        Some(Box::new(S3::look(&self.bucket, self.terms, &Keys::default()).expect("whole")?))
    }

    fn place(&self) -> String {
        self.bucket.to_string()
    }

    fn another(&self) -> Box<dyn Bench> {
        Box::new(Self::on(self.server).under(self.terms))
    }

    fn cases(&self) -> u32 {
        8
    }
}

impl Leased for Objects {
    fn under(self, terms: Terms) -> Self {
        Self { terms, ..self }
    }

    fn url(&self) -> String {
        let Bucket { name, prefix, region, endpoint } = &self.bucket;
        let endpoint = endpoint.as_ref().expect("a server of this step");
        format!("s3://{name}/{prefix}?region={region}&endpoint={endpoint}")
    }
}

/// A schema of a database.
#[derive(Clone, Debug)]
pub struct Tables {
    pub database: Database,
    pub terms: Terms,
}

impl Tables {
    /// A schema on the server at the address that this variable holds.
    pub fn on(server: &str) -> Self {
        let url = format!("{}?schema={}", address(server), unique());
        match Place::parse(&url, Path::new("/")).expect("an address") {
            Place::Postgres(database) => Self { database, terms: PATIENT },
            other => panic!("{other} is no database"),
        }
    }

    pub fn open(&self) -> Postgres {
        Postgres::open(&self.database, self.terms, Some("5eed"), &Keys::default(), NOW_MS).expect("a state")
    }
}

impl Bench for Tables {
    fn open(&self) -> Box<dyn Backend> {
        Box::new(Tables::open(self))
    }

    fn look(&self) -> Option<Box<dyn Backend>> {
        Some(Box::new(Postgres::look(&self.database, self.terms, &Keys::default()).expect("whole")?))
    }

    fn place(&self) -> String {
        self.database.to_string()
    }

    fn another(&self) -> Box<dyn Bench> {
        Box::new(Self::on("FATHUSS_TEST_POSTGRES").under(self.terms))
    }

    fn cases(&self) -> u32 {
        24
    }
}

impl Leased for Tables {
    fn under(self, terms: Terms) -> Self {
        Self { terms, ..self }
    }

    fn url(&self) -> String {
        self.database.to_string()
    }
}

/// The state at this address.
pub fn open(url: &str, terms: Terms) -> Box<dyn Backend> {
    match Place::parse(url, Path::new("/")).expect("an address") {
        Place::S3(bucket) => {
            Box::new(S3::open(&bucket, terms, Some("5eed"), &Keys::default(), NOW_MS).expect("a state"))
        }
        Place::Postgres(database) => {
            Box::new(Postgres::open(&database, terms, Some("5eed"), &Keys::default(), NOW_MS).expect("a state"))
        }
        other => panic!("{other} is reached over no network"),
    }
}

/// What a variable of this step holds.
pub fn address(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| panic!("{variable} is not set: run `cargo xtask test backends`"))
}

/// A name that no test before it had.
pub fn unique() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_nanos();
    format!("t{now:x}_{}_{}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}
