//! `aws_elasticache_user`: <https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Clusters.RBAC.html>

use super::CacheEngine;
use super::form;
use crate::check::{Findings, View};
use crate::{Arn, Computed, Id, Secret, SecretVersion, Tags, Value, words};

words! {
    /// How a user is known.
    pub enum CacheAuthentication {
        /// By a password.
        Password = "password",
        /// By its name alone.
        NoPasswordRequired = "no-password-required",
        /// By IAM, with a token.
        Iam = "iam",
    }
}

/// Who may log in to caches, by way of user groups, and what it may do there.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// let by_password = CacheAuthenticationMode::new(CacheAuthentication::Password);
/// let app = ElasticacheUser::new("app", "app", CacheEngine::Valkey, "on ~app:* +@read +@write", by_password)
///     .passwords_wo(Secret::from_environment("CACHE_PASSWORD"))
///     // Another number sends the password again.
///     .passwords_wo_version(1);
/// stack.add("app", app);
/// // One that shows by IAM who it is: its id is its name.
/// let by_iam = CacheAuthenticationMode::new(CacheAuthentication::Iam);
/// stack.add("worker", ElasticacheUser::new("worker", "worker", CacheEngine::Valkey, "on ~* +@all", by_iam));
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(type = "aws_elasticache_user", service = "elasticache", creation = Name, create_seconds = 5, delete_seconds = 30, check = check)]
pub struct ElasticacheUser {
    /// The id, unique in account and region.
    #[field(
        replace,
        named,
        min_length = 1,
        max_length = 40,
        form = form::SMALL_NAME
    )]
    user_id: Value<String>,
    /// What it logs in as; a group for Redis has one of the name `default`.
    #[field(replace, min_length = 1)]
    user_name: Value<String>,
    /// The engine.
    engine: Value<CacheEngine>,
    /// What it may do, in Redis's own words: `on ~app:* +@read`.
    #[field(pattern = r"(?s)(on|off)\b.*", pattern_words = "an access string begins with on or off")]
    access_string: Value<String>,
    /// How it is known.
    authentication_mode: Value<CacheAuthenticationMode>,
    /// Its password, of 16 to 128 characters.
    #[field(write_only, sensitive)]
    passwords_wo: Option<Value<Secret>>,
    /// The password's version: a change of it sends the password again. One that Secrets Manager keeps has its own.
    #[field(instruction)]
    passwords_wo_version: Option<Value<SecretVersion>>,
    /// Tags.
    tags: Option<Value<Tags>>,
    /// The id.
    id: Computed<Id<ElasticacheUser>>,
    /// The ARN.
    arn: Computed<Arn<ElasticacheUser>>,
}

/// How a user is known.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct CacheAuthenticationMode {
    /// The way.
    r#type: Value<CacheAuthentication>,
}

fn check(user: &View<'_>, findings: &mut Findings<'_>) {
    let mode = user.text("authentication_mode.type");
    let password = user.gives("passwords_wo");
    if mode == Some(CacheAuthentication::Password.word()) && !password {
        findings.refuse("a user that is known by a password has one: give `passwords_wo`");
    }
    if mode.is_some_and(|mode| mode != CacheAuthentication::Password.word()) && password {
        findings.refuse("`passwords_wo` is for users that are known by a password");
    }
    let ids = [user.text("user_id"), user.text("user_name")];
    if mode == Some(CacheAuthentication::Iam.word()) && ids[0].is_some() && ids[0] != ids[1] {
        findings.refuse("a user that is known by IAM has the same `user_id` and `user_name`");
    }
    check_access(user, findings);
    if ids[0] == Some("default") {
        findings.refuse("the user of the id `default` is AWS's own; a user of that name has another id");
    }
}

/// What a user may do, word by word: <https://valkey.io/topics/acl/>
fn check_access(user: &View<'_>, findings: &mut Findings<'_>) {
    let words = user.text("access_string").unwrap_or_default().split_whitespace();
    // Further rights stand in round brackets.
    for word in words.map(|word| word.trim_start_matches('(').trim_end_matches(')')).filter(|word| !word.is_empty()) {
        if let Some(why) = no_access(word) {
            findings.refuse(format!("`access_string` has {word:?}: {why}"));
        }
    }
}

/// Why a word is none of an access string.
fn no_access(word: &str) -> Option<&'static str> {
    let lower = word.to_ascii_lowercase();
    if let Some(category) = lower.strip_prefix("+@").or_else(|| lower.strip_prefix("-@")) {
        return (!CATEGORIES.contains(&category)).then_some("it is no category of commands, as @read and @write are");
    }
    let behind = |marks: &[char]| lower.strip_prefix(marks).map(|rest| !rest.is_empty());
    let keys = lower.strip_prefix('%').and_then(|rest| rest.split_once('~'));
    let known = match keys {
        Some((rights, _)) => !rights.is_empty() && rights.chars().all(|right| right == 'r' || right == 'w'),
        None => {
            WORDS.contains(&lower.as_str())
                || lower.starts_with("db=")
                || behind(&['+', '-']).unwrap_or_else(|| lower.starts_with(['~', '&', '>', '<', '#', '!']))
        }
    };
    (!known).then_some("keys are written as ~app:*, channels as &news, commands as +get and categories as +@read")
}

/// The words of access strings, those that Valkey has beside Redis among them.
const WORDS: [&str; 17] = [
    "on",
    "off",
    "nopass",
    "resetpass",
    "reset",
    "allkeys",
    "resetkeys",
    "allchannels",
    "resetchannels",
    "allcommands",
    "nocommands",
    "sanitize-payload",
    "skip-sanitize-payload",
    "clearselectors",
    "alldbs",
    "resetdbs",
    "nodbs",
];

/// The categories of commands, those of modules among them.
const CATEGORIES: [&str; 32] = [
    "all",
    "keyspace",
    "read",
    "write",
    "set",
    "sortedset",
    "list",
    "hash",
    "string",
    "bitmap",
    "hyperloglog",
    "geo",
    "stream",
    "pubsub",
    "admin",
    "fast",
    "slow",
    "blocking",
    "dangerous",
    "connection",
    "transaction",
    "scripting",
    "json",
    "bloom",
    "search",
    "cuckoo",
    "cms",
    "topk",
    "tdigest",
    "timeseries",
    "vectorset",
    "array",
];
