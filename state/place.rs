//! Where a state lies, as people write it: a file's path or an address.

use std::fmt;
use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;

use crate::{Backend, Keys, Postgres, S3, Sqlite, StateError, Terms};

/// Where a stack's state lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// An SQLite file.
    File(PathBuf),
    /// Objects in a bucket: `s3://BUCKET/PREFIX?region=REGION&endpoint=URL`.
    S3(Bucket),
    /// Tables in a schema of a database: `postgres://USER@HOST:PORT/DATABASE?schema=SCHEMA`.
    Postgres(Database),
}

/// A prefix of a bucket. It displays as its address, without region and endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// The bucket.
    pub name: String,
    /// What the names of the state's objects begin with, without a slash at either end; may be empty.
    pub prefix: String,
    /// The bucket's region.
    pub region: String,
    /// Where another store than AWS's answers.
    pub endpoint: Option<String>,
}

/// A schema of a PostgreSQL database. It displays as its address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Database {
    /// The address, as the client takes it: with everything but the schema.
    pub url: String,
    /// The schema that the state's tables are in.
    pub schema: String,
}

impl Place {
    /// Reads an address, or a path from this folder.
    ///
    /// # Errors
    /// [`StateError::Unfit`] where the address is wrong, or has a secret in it.
    pub fn parse(text: &str, folder: &Path) -> Result<Self, StateError> {
        match text.split_once("://") {
            None => Ok(Self::File(folder.join(text))),
            Some(("s3", rest)) => Bucket::parse(rest).map(Self::S3),
            Some(("postgres" | "postgresql", rest)) => Database::parse(rest).map(Self::Postgres),
            Some((scheme, _)) => Err(StateError::Unfit {
                place: format!("{scheme}://…"),
                reason: "a state lies in a file, in s3:// or in postgres://".to_owned(),
            }),
        }
    }

    /// Opens the state to write, with what opens it where it is sealed; makes it where there is none, with this lineage
    /// or one of its own.
    ///
    /// Writing needs the [lock](Backend::lock) too.
    pub fn open(&self, lineage: Option<&str>, keys: &Keys, now_ms: i64) -> Result<Box<dyn Backend>, StateError> {
        Ok(match self {
            Self::File(path) => Box::new(Sqlite::open_with(path, lineage, keys, now_ms)?),
            Self::S3(bucket) => Box::new(S3::open(bucket, Terms::default(), lineage, keys, now_ms)?),
            Self::Postgres(database) => Box::new(Postgres::open(database, Terms::default(), lineage, keys, now_ms)?),
        })
    }

    /// Opens the state to read: takes no lock and makes nothing; none where there is none.
    pub fn look(&self, keys: &Keys) -> Result<Option<Box<dyn Backend>>, StateError> {
        fn boxed<B: Backend + 'static>(backend: Option<B>) -> Option<Box<dyn Backend>> {
            backend.map(|backend| Box::new(backend) as Box<dyn Backend>)
        }
        Ok(match self {
            Self::File(path) => boxed(Sqlite::look_with(path, keys)?),
            Self::S3(bucket) => boxed(S3::look(bucket, Terms::default(), keys)?),
            Self::Postgres(database) => boxed(Postgres::look(database, Terms::default(), keys)?),
        })
    }

    /// Whether the place can hold a state; says what was found out. It may write, and leaves nothing.
    ///
    /// # Errors
    /// [`StateError::Unfit`] where it lacks what a state needs.
    pub fn check(&self) -> Result<&'static str, StateError> {
        match self {
            Self::File(_) => Ok("a local file"),
            Self::S3(bucket) => {
                S3::check(bucket, Terms::default()).map(|()| "writes under a condition are refused as they should be")
            }
            Self::Postgres(database) => {
                Postgres::check(database, Terms::default()).map(|()| "the database takes transactions")
            }
        }
    }
}

impl Bucket {
    fn parse(rest: &str) -> Result<Self, StateError> {
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let wrong = |reason: &str| StateError::Unfit { place: "s3://…".to_owned(), reason: reason.to_owned() };
        if path.contains('@') {
            return Err(wrong(
                "credentials do not belong into the address; they come from AWS's usual places: AWS_PROFILE, SSO, a role",
            ));
        }
        let (name, prefix) = path.split_once('/').unwrap_or((path, ""));
        if name.is_empty() {
            return Err(wrong("it names no bucket: s3://BUCKET/PREFIX?region=REGION"));
        }
        let (mut region, mut endpoint) = (None, None);
        for (key, value) in pairs(query) {
            match key.as_str() {
                "region" => region = Some(value),
                "endpoint" if value.starts_with("https://") || value.starts_with("http://") => endpoint = Some(value),
                "endpoint" => return Err(wrong("its endpoint is no https:// or http:// address")),
                _ => return Err(wrong("it takes region and endpoint, and nothing else")),
            }
        }
        // Other stores than AWS's call their one region so.
        let region = region.or_else(|| endpoint.as_ref().map(|_| "us-east-1".to_owned()));
        let region = region.ok_or_else(|| wrong("it says no region: s3://BUCKET/PREFIX?region=REGION"))?;
        Ok(Self { name: name.to_owned(), prefix: prefix.trim_matches('/').to_owned(), region, endpoint })
    }
}

impl Bucket {
    /// Its address with all that it says: as `fathuss.toml` is to name it.
    #[must_use]
    pub fn address(&self) -> String {
        let endpoint = self.endpoint.as_ref().map(|endpoint| format!("&endpoint={endpoint}")).unwrap_or_default();
        format!("{self}?region={}{endpoint}", self.region)
    }

    /// Where the state lies that was made of the copy at this place. No copy ever arrives there.
    #[must_use]
    pub fn promoted(&self) -> Self {
        let prefix = if self.prefix.is_empty() { "promoted".to_owned() } else { format!("{}/promoted", self.prefix) };
        Self { prefix, ..self.clone() }
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.name, self.prefix)
    }
}

impl Database {
    fn parse(rest: &str) -> Result<Self, StateError> {
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let wrong = |reason: &str| StateError::Unfit { place: "postgres://…".to_owned(), reason: reason.to_owned() };
        let no_password =
            || wrong("a password does not belong into the address; give it in PGPASSWORD or in ~/.pgpass");
        let (authority, database) = path.split_once('/').unwrap_or((path, ""));
        if authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':')) {
            return Err(no_password());
        }
        if database.is_empty() {
            return Err(wrong("it names no database: postgres://USER@HOST/DATABASE?schema=SCHEMA"));
        }
        let mut schema = None;
        let mut kept = Vec::new();
        for (key, value) in pairs(query) {
            match key.as_str() {
                "schema" => schema = Some(value),
                "password" => return Err(no_password()),
                _ => {}
            }
        }
        for pair in query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("schema=")) {
            kept.push(pair);
        }
        let schema = schema.ok_or_else(|| {
            wrong("it names no schema, which is what tells states in one database apart: postgres://USER@HOST/DATABASE?schema=SCHEMA")
        })?;
        let fits = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
        if schema.is_empty() || schema.len() > 63 || !schema.chars().all(fits) {
            return Err(wrong("its schema has other characters than a to z, 0 to 9 and _, or more than 63"));
        }
        let query = if kept.is_empty() { String::new() } else { format!("?{}", kept.join("&")) };
        Ok(Self { url: format!("postgres://{path}{query}"), schema })
    }
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = self.url.split('?').next().unwrap_or_default();
        write!(f, "{address}?schema={}", self.schema)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::S3(bucket) => bucket.fmt(f),
            Self::Postgres(database) => database.fmt(f),
        }
    }
}

fn pairs(query: &str) -> impl Iterator<Item = (String, String)> {
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (key.to_owned(), percent_decode_str(value).decode_utf8_lossy().into_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Place, String> {
        Place::parse(text, Path::new("/project")).map_err(|error| error.to_string())
    }

    #[test]
    fn a_path_is_a_file_of_the_project() {
        assert_eq!(parse("states/a.db"), Ok(Place::File("/project/states/a.db".into())));
    }

    #[test]
    fn a_bucket_has_a_prefix_a_region_and_maybe_an_endpoint() {
        let bucket = |endpoint: Option<&str>| Bucket {
            name: "team".to_owned(),
            prefix: "fathuss/staging".to_owned(),
            region: "eu-central-1".to_owned(),
            endpoint: endpoint.map(str::to_owned),
        };
        assert_eq!(parse("s3://team/fathuss/staging/?region=eu-central-1"), Ok(Place::S3(bucket(None))));
        let url = "s3://team/fathuss/staging?region=eu-central-1&endpoint=http%3A%2F%2F127.0.0.1%3A7070";
        assert_eq!(parse(url), Ok(Place::S3(bucket(Some("http://127.0.0.1:7070")))));
    }

    #[test]
    fn a_database_is_told_by_its_schema() {
        let place = parse("postgres://mia@db.example/states?schema=staging&sslmode=verify-full").expect("right");
        let url = "postgres://mia@db.example/states?sslmode=verify-full".to_owned();
        assert_eq!(place, Place::Postgres(Database { url, schema: "staging".to_owned() }));
        assert_eq!(place.to_string(), "postgres://mia@db.example/states?schema=staging");
    }

    #[test]
    fn what_is_wrong_is_said_without_repeating_a_secret() {
        for (text, expected) in [
            ("s3://AKIA:hush@team/a?region=eu-central-1", "credentials do not belong"),
            ("s3://team/a", "says no region"),
            ("s3://team/a?region=x&key=hush", "nothing else"),
            ("s3:///a?region=x", "names no bucket"),
            ("postgres://mia:hush@db/states?schema=a", "PGPASSWORD"),
            ("postgres://mia@db/states?schema=a&password=hush", "PGPASSWORD"),
            ("postgres://mia@db/states", "names no schema"),
            ("postgres://mia@db/states?schema=a;drop", "other characters"),
            ("postgres://mia@db?schema=a", "names no database"),
            ("gs://team/hush", "in s3:// or in postgres://"),
        ] {
            let told = parse(text).expect_err(text);
            assert!(told.contains(expected) && !told.contains("hush"), "{text}: {told}");
        }
    }
}
