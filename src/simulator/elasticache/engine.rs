//! Engines and their versions, as AWS offered them at the beginning of 2026
//! (<https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/engine-versions.html>).

use crate::datastore::{invalid_combination, invalid_value, listing};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] = &[("DescribeCacheEngineVersions", describe)];

const VERSIONS_PAGE: &str = "https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/engine-versions.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("elasticache.engine.known", "the engine of a replication group is redis or valkey", VERSIONS_PAGE),
    Rule::new("elasticache.engine.version", "the version is one that the engine has", VERSIONS_PAGE),
    Rule::new(
        "elasticache.parameter_group.family",
        "a family is one of ElastiCache's",
        "https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateCacheParameterGroup.html",
    ),
];

/// A version of an engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version {
    /// `redis` or `valkey`.
    pub engine: &'static str,
    /// The version in full, as clusters show it.
    pub text: &'static str,
    /// The version as it is asked for and listed.
    pub short: &'static str,
    /// Its family of parameter groups.
    pub family: &'static str,
}

const fn version(engine: &'static str, text: &'static str, short: &'static str, family: &'static str) -> Version {
    Version { engine, text, short, family }
}

/// All versions that are offered, oldest first.
pub const VERSIONS: &[Version] = &[
    version("redis", "4.0.10", "4.0.10", "redis4.0"),
    version("redis", "5.0.6", "5.0.6", "redis5.0"),
    version("redis", "6.0.5", "6.0", "redis6.x"),
    version("redis", "6.2.6", "6.2", "redis6.x"),
    version("redis", "7.0.7", "7.0", "redis7"),
    version("redis", "7.1.0", "7.1", "redis7"),
    version("valkey", "7.2.6", "7.2", "valkey7"),
    version("valkey", "8.0.1", "8.0", "valkey8"),
    version("valkey", "8.1.0", "8.1", "valkey8"),
    version("valkey", "8.2.0", "8.2", "valkey8"),
];

impl Version {
    /// Major and minor number, to compare.
    #[must_use]
    pub fn number(self) -> (u32, u32) {
        let mut parts = self.text.split('.').map(|part| part.parse().unwrap_or(0));
        (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
    }

    /// The family's major number, by which parameters are told apart.
    #[must_use]
    pub fn major(self) -> u16 {
        u16::try_from(self.number().0).unwrap_or(0)
    }
}

/// The families that parameter groups can have, with their engine and major number.
pub const FAMILIES: &[(&str, &str, u16)] = &[
    ("redis4.0", "redis", 4),
    ("redis5.0", "redis", 5),
    ("redis6.x", "redis", 6),
    ("redis7", "redis", 7),
    ("valkey7", "valkey", 7),
    ("valkey8", "valkey", 8),
];

/// The version that runs under that text, in full, short, or as `6.x`.
#[must_use]
pub fn running(engine: &str, text: &str) -> Option<Version> {
    let prefix = text.strip_suffix(".x");
    let fits = |version: &&Version| {
        version.engine == engine
            && (version.text == text
                || version.short == text
                || prefix.is_some_and(|prefix| version.text.split('.').next() == Some(prefix)))
    };
    VERSIONS.iter().rev().find(fits).copied()
}

/// The version that a request asks for; the engine's newest where it asks for none.
pub(super) fn choose(tx: &Tx<'_>, engine: &str, text: Option<&str>) -> Result<Version, Refusal> {
    tx.enforce("elasticache.engine.known", engine == "redis" || engine == "valkey", || {
        if engine == "memcached" {
            invalid_value("Replication groups are only supported by the redis and valkey engines.")
        } else {
            invalid_value(format!("Invalid cache engine: {engine}"))
        }
    })?;
    let newest = VERSIONS.iter().rev().find(|version| version.engine == engine).copied();
    let found = text.map_or(newest, |text| running(engine, text));
    tx.enforce("elasticache.engine.version", found.is_some(), || {
        invalid_combination(format!("Cannot find version {} for {engine}", text.unwrap_or_default()))
    })?;
    found.or(newest).or(VERSIONS.last().copied()).ok_or_else(|| invalid_value("Invalid cache engine"))
}

/// Engine and major number of a family.
pub(super) fn family(tx: &Tx<'_>, family: &str) -> Result<(&'static str, u16), Refusal> {
    if family.starts_with("memcached") || ["redis2.6", "redis2.8", "redis3.2"].contains(&family) {
        return Err(Refusal::not_simulated(format!("elasticache with the parameter group family {family}")));
    }
    let found = FAMILIES.iter().find(|(name, ..)| *name == family);
    tx.enforce("elasticache.parameter_group.family", found.is_some(), || {
        invalid_value(format!("CacheParameterGroupFamily {family} is not a valid parameter group family."))
    })?;
    Ok(found.map_or(("redis", 7), |(_, engine, major)| (*engine, *major)))
}

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let (engine, text) = (input.text("Engine"), input.text("EngineVersion"));
    let (family, default) = (input.text("CacheParameterGroupFamily"), input.flag("DefaultOnly"));
    let fits = |(at, version): &(usize, &Version)| {
        let newest = VERSIONS[at + 1..].iter().all(|newer| newer.engine != version.engine);
        engine.is_none_or(|engine| version.engine == engine)
            && text.is_none_or(|text| version.short == text || version.text == text)
            && family.is_none_or(|family| version.family == family)
            && (!default || newest)
    };
    let items = VERSIONS.iter().enumerate().filter(fits).map(|(at, version)| {
        let name = if version.engine == "redis" { "Redis" } else { "Valkey" };
        let view = record! {
            "Engine" => version.engine,
            "EngineVersion" => version.short,
            "CacheParameterGroupFamily" => version.family,
            "CacheEngineDescription" => name,
            "CacheEngineVersionDescription" => format!("{} version {}", version.engine, version.text),
        };
        (format!("{at:03}"), view)
    });
    listing::paged(tx, input, "elasticache.page.size", "CacheEngineVersions", items.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_full_short_and_by_x() {
        assert_eq!(running("redis", "7.1").unwrap().text, "7.1.0");
        assert_eq!(running("redis", "6.x").unwrap().text, "6.2.6");
        assert_eq!(running("valkey", "8.0.1").unwrap().short, "8.0");
        assert!(running("redis", "8.0").is_none() && running("redis", "7").is_none());
    }
}
