//! `fathuss.toml`: each stack's program, state, region and the one account it may touch.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use fathuss_cluster::outside::Repository;
use fathuss_simulator::Domain;
use fathuss_state::{Bucket, Place, Recipients, Retention, StateError};
use serde::Deserialize;

use crate::error::Error;
use crate::home::Home;
use crate::sandbox::{self, Ground};

/// The file's name.
pub const FILE: &str = "fathuss.toml";

/// A project: a folder with a `fathuss.toml`.
#[derive(Debug)]
pub struct Project {
    /// The folder.
    pub root: PathBuf,
    file: File,
}

/// A stack of a project.
#[derive(Clone, Debug)]
pub struct StackEntry {
    /// Its name.
    pub name: String,
    /// The program that prints its graph; the stack's name is its last argument.
    pub program: Vec<String>,
    /// Where its state lies, and for whom it is encrypted.
    pub state: Home,
    /// Where the store of its state puts copies of it.
    pub replica: Option<Bucket>,
    /// Its region.
    pub region: String,
    /// The one account that it may touch.
    pub account: String,
    /// How long the history of its state is kept.
    pub history: Retention,
    /// How its clusters are reached.
    pub clusters: Route,
}

/// How the clusters of a stack are reached, where their endpoints can't be reached from here.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// A proxy: `http://`, `https://` or `socks5://`.
    pub proxy: Option<String>,
    /// A port forward's end here: `https://127.0.0.1:8443`.
    pub address: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// The program of every stack that names none.
    program: Option<Vec<String>>,
    #[serde(default)]
    stacks: BTreeMap<String, Entry>,
    #[serde(default)]
    sandbox: Sandbox,
    /// A repository or registry of charts that takes the place of all others.
    helm_mirror: Option<String>,
}

/// What the sandbox has from the start.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sandbox {
    /// Domains that people have registered and delegated, each with the account that has its zone.
    #[serde(default)]
    domains: BTreeMap<String, String>,
    /// Accounts, each with the role that whoever applies there has taken, as GitHub's workflows do in AWS.
    #[serde(default)]
    callers: BTreeMap<String, String>,
    /// Repositories of Git that are this project's folder to the sandbox's clusters, each with its branches.
    #[serde(default)]
    repositories: BTreeMap<String, Vec<String>>,
    /// Whether charts of others are stand-ins that do nothing: those that the platform has. Otherwise they are fetched.
    #[serde(default)]
    stand_ins: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    program: Option<Vec<String>>,
    state: Option<String>,
    replica: Option<String>,
    region: String,
    account: String,
    #[serde(default)]
    history: History,
    encryption: Option<Encryption>,
    #[serde(default)]
    clusters: Route,
}

/// For whom a state is encrypted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Encryption {
    #[serde(default)]
    age: Vec<AgeKey>,
    #[serde(default)]
    kms: Vec<KmsKey>,
}

/// A recipient of age's, found right where it is written.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
struct AgeKey(String);

impl TryFrom<String> for AgeKey {
    type Error = String;

    fn try_from(key: String) -> Result<Self, String> {
        Recipients::check_age(&key)?;
        Ok(Self(key))
    }
}

/// A key of AWS KMS, found right where it is written.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
struct KmsKey(String);

impl TryFrom<String> for KmsKey {
    type Error = String;

    fn try_from(key: String) -> Result<Self, String> {
        Recipients::check_kms(&key)?;
        Ok(Self(key))
    }
}

/// How long the history of a state is kept, whichever is longer.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct History {
    runs: Option<NonZeroU32>,
    days: Option<u32>,
}

impl Project {
    /// The project that a folder lies in.
    pub fn find(from: &Path) -> Result<Self, Error> {
        let root = from.ancestors().find(|folder| folder.join(FILE).is_file()).ok_or(Error::NoProject)?;
        let path = root.join(FILE);
        let text = std::fs::read_to_string(&path).map_err(|reason| Error::File {
            path: path.clone(),
            doing: "read",
            reason,
        })?;
        let file: File = toml::from_str(&text)
            .map_err(|error| Error::Project { path: path.clone(), reason: unreadable(&error, &text) })?;
        let project = Self { root: root.to_owned(), file };
        project.check(&path)?;
        Ok(project)
    }

    fn check(&self, path: &Path) -> Result<(), Error> {
        let wrong = |reason: String| Err(Error::Project { path: path.to_owned(), reason });
        if self.file.stacks.is_empty() {
            return wrong("it names no stack; add a table [stacks.NAME] with region and account".to_owned());
        }
        for (name, entry) in &self.file.stacks {
            if !is_account(&entry.account) {
                return wrong(format!("stacks.{name}.account is `{}`; an account has 12 digits", entry.account));
            }
            if entry.program.as_ref().or(self.file.program.as_ref()).is_none_or(Vec::is_empty) {
                return wrong(format!("stacks.{name} has no program, and there is none for all stacks"));
            }
        }
        let mut places: Vec<(Place, &str)> = Vec::new();
        for name in self.names() {
            let place = self.place(name).map_err(|error| Error::Project {
                path: path.to_owned(),
                reason: format!("stacks.{name}.state: {error}"),
            })?;
            self.replica(name).map_err(|error| Error::Project {
                path: path.to_owned(),
                reason: format!("stacks.{name}.replica: {error}"),
            })?;
            if let Some((_, other)) = places.iter().find(|(known, _)| known.to_string() == place.to_string()) {
                return wrong(format!("stacks.{name} and stacks.{other} have the same state, {place}"));
            }
            self.recipients(name).map_err(|reason| Error::Project {
                path: path.to_owned(),
                reason: format!("stacks.{name}.encryption: {reason}"),
            })?;
            places.push((place, name));
        }
        for (name, account) in &self.file.sandbox.domains {
            if !is_account(account) {
                return wrong(format!("sandbox.domains.\"{name}\" is `{account}`; an account has 12 digits"));
            }
            if let Err(flaw) = Domain::new(name, account) {
                return wrong(format!("sandbox.domains names `{name}`: {flaw}"));
            }
        }
        for (url, branches) in &self.file.sandbox.repositories {
            if !url.starts_with("https://") || branches.is_empty() {
                return wrong(format!(
                    "sandbox.repositories.\"{url}\" is a list of branches, by an address that begins with https://"
                ));
            }
        }
        for (name, entry) in &self.file.stacks {
            let Route { proxy, address } = &entry.clusters;
            let is_of = |given: &Option<String>, schemes: &[&str]| {
                given.as_deref().is_none_or(|given| schemes.iter().any(|scheme| given.starts_with(scheme)))
            };
            if !is_of(proxy, &["http://", "https://", "socks5://"]) {
                return wrong(format!("stacks.{name}.clusters.proxy begins with http://, https:// or socks5://"));
            }
            if !is_of(address, &["https://"]) {
                return wrong(format!(
                    "stacks.{name}.clusters.address begins with https://, as https://127.0.0.1:8443"
                ));
            }
        }
        for (account, role) in &self.file.sandbox.callers {
            if !is_account(account) {
                return wrong(format!("sandbox.callers names `{account}`; an account has 12 digits"));
            }
            if role.is_empty() || role.contains([':', '/']) {
                return wrong(format!("sandbox.callers.\"{account}\" is `{role}`; it is the name of a role"));
            }
        }
        if let Some(mirror) = self.helm_mirror()
            && !["https://", "http://", "oci://"].iter().any(|scheme| mirror.starts_with(scheme))
        {
            return wrong(format!("helm_mirror is `{mirror}`; it begins with https:// or oci://"));
        }
        Ok(())
    }

    /// The stack of that name.
    pub fn stack(&self, name: &str) -> Result<StackEntry, Error> {
        let entry = self.file.stacks.get(name).ok_or_else(|| Error::NoStack {
            name: name.to_owned(),
            known: self.file.stacks.keys().cloned().collect(),
        })?;
        let program = entry.program.clone().or_else(|| self.file.program.clone()).unwrap_or_default();
        Ok(StackEntry {
            name: name.to_owned(),
            program,
            state: Home {
                place: self.place(name)?,
                // Each was read when the file was.
                recipients: self.recipients(name).unwrap_or_default(),
            },
            replica: self.replica(name)?,
            region: entry.region.clone(),
            account: entry.account.clone(),
            history: entry.history.retention(),
            clusters: entry.clusters.clone(),
        })
    }

    /// Where the state of the stack of that name lies.
    fn place(&self, name: &str) -> Result<Place, StateError> {
        let written = self.file.stacks.get(name).and_then(|entry| entry.state.clone());
        Place::parse(&written.unwrap_or_else(|| format!(".fathuss/{name}.db")), &self.root)
    }

    /// Where copies arrive of the state of the stack of that name.
    fn replica(&self, name: &str) -> Result<Option<Bucket>, StateError> {
        let Some(text) = self.file.stacks.get(name).and_then(|entry| entry.replica.as_deref()) else { return Ok(None) };
        let unfit =
            |place: &Place, reason: &str| StateError::Unfit { place: place.to_string(), reason: reason.to_owned() };
        let replica = Place::parse(text, &self.root)?;
        let Place::S3(bucket) = &replica else { return Err(unfit(&replica, "a replica is in s3://")) };
        match self.place(name)? {
            Place::S3(state) if state.name != bucket.name => Ok(Some(bucket.clone())),
            Place::S3(_) => Err(unfit(&replica, "it is in the bucket of the state itself, and is lost with it")),
            _ => Err(unfit(&replica, "the store has to copy it there, and the state is not in s3://")),
        }
    }

    /// Where the state of the stack of that name lies in the sandbox. Keys of KMS are in AWS, and are not asked for it.
    pub fn sandbox_state(&self, name: &str) -> Home {
        let place = Place::File(self.sandbox().join(format!("{name}.db")));
        Home { place, recipients: self.recipients(name).unwrap_or_default().and_then(Recipients::without_kms) }
    }

    /// For whom the state of the stack of that name is encrypted.
    fn recipients(&self, name: &str) -> Result<Option<Recipients>, String> {
        let written = self.file.stacks.get(name).and_then(|entry| entry.encryption.as_ref());
        let Some(Encryption { age, kms }) = written else { return Ok(None) };
        let age: Vec<String> = age.iter().map(|AgeKey(key)| key.clone()).collect();
        let kms: Vec<String> = kms.iter().map(|KmsKey(key)| key.clone()).collect();
        Recipients::new(&age, &kms).map(Some)
    }

    /// The names of all stacks.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.file.stacks.keys().map(String::as_str)
    }

    /// The accounts of all stacks.
    pub fn accounts(&self) -> BTreeSet<&str> {
        self.file.stacks.values().map(|entry| entry.account.as_str()).collect()
    }

    /// What the sandbox has from the start.
    pub fn ground(&self) -> Ground {
        let Sandbox { domains, callers, .. } = &self.file.sandbox;
        // Each was read when the file was.
        let domains = domains.iter().filter_map(|(name, account)| Domain::new(name, account).ok()).collect();
        let callers = callers.iter().map(|(account, role)| sandbox::caller(account, role)).collect();
        Ground { domains, callers }
    }

    /// What of the internet is played to the sandbox's clusters: repositories of Git, and whether charts are.
    pub fn outside(&self) -> (Vec<Repository>, bool) {
        let Sandbox { repositories, stand_ins, .. } = &self.file.sandbox;
        let served = repositories.iter().map(|(url, branches)| Repository {
            url: url.clone(),
            folder: self.root.clone(),
            branches: branches.clone(),
        });
        (served.collect(), *stand_ins)
    }

    /// The variables that make programs see it, once it is there, as JSON.
    pub fn outside_variables(&self) -> PathBuf {
        self.sandbox().join("outside/environment.json")
    }

    /// The repository or registry that all charts come from.
    pub fn helm_mirror(&self) -> Option<&str> {
        self.file.helm_mirror.as_deref()
    }

    /// Where everything of the sandbox lies.
    pub fn sandbox(&self) -> PathBuf {
        self.root.join(".fathuss/sandbox")
    }
}

impl History {
    fn retention(&self) -> Retention {
        let usual = Retention::default();
        Retention { runs: self.runs.map_or(usual.runs, NonZeroU32::get), days: self.days.unwrap_or(usual.days) }
    }
}

/// What is wrong with the file. A line with a private key is named and not shown.
fn unreadable(error: &toml::de::Error, text: &str) -> String {
    match error.span() {
        Some(span) if text.contains("AGE-SECRET-KEY-") => {
            let line = text.get(..span.start).map_or(1, |before| before.matches('\n').count() + 1);
            format!("line {line}: {}", error.message())
        }
        _ => error.to_string(),
    }
}

/// Whether this is an AWS account's number.
pub fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}
