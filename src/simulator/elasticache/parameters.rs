//! Parameters of Redis OSS and Valkey, as ElastiCache's families have them
//! (<https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/ParameterGroups.Engine.html>).

use crate::datastore::parameter::Effect::{Dynamic, Fixed, Static};
use crate::datastore::parameter::Kind::{Float, Integer, Text};
use crate::datastore::parameter::{Definition, Effect, Kind};

const fn p(name: &'static str, default: &'static str, effect: Effect, kind: Kind, allowed: &'static str) -> Definition {
    Definition::new(name, default, effect, kind, allowed)
}

/// Redis's switches are texts in ElastiCache.
const YES: &str = "yes,no";
const COUNT: &str = "0-2147483647";
const POLICIES: &str =
    "volatile-lru,allkeys-lru,volatile-lfu,allkeys-lfu,volatile-random,allkeys-random,volatile-ttl,noeviction";
const SIZE: &str = "0-";

pub(super) const PARAMETERS: &[Definition] = &[
    p("acllog-max-len", "128", Dynamic, Integer, "1-10000").within(6, u16::MAX),
    p("active-defrag-cycle-max", "75", Dynamic, Integer, "1-75").within(5, u16::MAX),
    p("active-defrag-cycle-min", "5", Dynamic, Integer, "1-75").within(5, u16::MAX),
    p("active-defrag-ignore-bytes", "104857600", Dynamic, Integer, "1048576-").within(5, u16::MAX),
    p("active-defrag-max-scan-fields", "1000", Dynamic, Integer, "1-1000000").within(5, u16::MAX),
    p("active-defrag-threshold-lower", "10", Dynamic, Integer, "1-100").within(5, u16::MAX),
    p("active-defrag-threshold-upper", "100", Dynamic, Integer, "1-100").within(5, u16::MAX),
    p("active-expire-effort", "1", Dynamic, Integer, "1-10").within(6, u16::MAX),
    p("activedefrag", "no", Dynamic, Text, YES).within(5, u16::MAX),
    p("activerehashing", "yes", Static, Text, YES),
    p("appendfsync", "everysec", Fixed, Text, "always,everysec,no"),
    p("appendonly", "no", Fixed, Text, YES),
    p("client-output-buffer-limit-normal-hard-limit", "0", Dynamic, Integer, SIZE),
    p("client-output-buffer-limit-normal-soft-limit", "0", Dynamic, Integer, SIZE),
    p("client-output-buffer-limit-normal-soft-seconds", "0", Dynamic, Integer, SIZE),
    p("client-output-buffer-limit-pubsub-hard-limit", "33554432", Dynamic, Integer, SIZE),
    p("client-output-buffer-limit-pubsub-soft-limit", "8388608", Dynamic, Integer, SIZE),
    p("client-output-buffer-limit-pubsub-soft-seconds", "60", Dynamic, Integer, SIZE),
    p("client-output-buffer-limit-replica-soft-seconds", "60", Fixed, Integer, SIZE).within(5, u16::MAX),
    p("client-query-buffer-limit", "1073741824", Dynamic, Integer, "1048576-1073741824").within(5, u16::MAX),
    p("close-on-replica-write", "yes", Dynamic, Text, YES).within(5, u16::MAX),
    p("close-on-slave-write", "yes", Dynamic, Text, YES).within(0, 4),
    p("cluster-allow-pubsubshard-when-down", "yes", Fixed, Text, YES).within(7, u16::MAX),
    p("cluster-allow-reads-when-down", "no", Dynamic, Text, YES).within(6, u16::MAX),
    p("cluster-enabled", "no", Static, Text, YES),
    p("cluster-preferred-endpoint-type", "tls-dynamic", Fixed, Text, "ip,tls-dynamic").within(7, u16::MAX),
    p("cluster-require-full-coverage", "no", Dynamic, Text, YES).within(4, u16::MAX),
    p("databases", "16", Static, Integer, "1-1200000"),
    p("dynamic-hz", "yes", Fixed, Text, YES).within(5, u16::MAX),
    p("hash-max-listpack-entries", "512", Dynamic, Integer, SIZE).within(7, u16::MAX),
    p("hash-max-listpack-value", "64", Dynamic, Integer, SIZE).within(7, u16::MAX),
    p("hash-max-ziplist-entries", "512", Dynamic, Integer, SIZE).within(0, 6),
    p("hash-max-ziplist-value", "64", Dynamic, Integer, SIZE).within(0, 6),
    p("hll-sparse-max-bytes", "3000", Dynamic, Integer, "1-16000"),
    p("latency-tracking", "no", Dynamic, Text, YES).within(7, u16::MAX),
    p("lazyfree-lazy-eviction", "no", Dynamic, Text, YES),
    p("lazyfree-lazy-expire", "no", Dynamic, Text, YES),
    p("lazyfree-lazy-server-del", "no", Dynamic, Text, YES),
    p("lazyfree-lazy-user-del", "no", Dynamic, Text, YES).within(6, u16::MAX),
    p("lfu-decay-time", "1", Dynamic, Integer, COUNT),
    p("lfu-log-factor", "10", Dynamic, Integer, "1-"),
    p("list-compress-depth", "0", Dynamic, Integer, SIZE),
    p("list-max-listpack-size", "-2", Static, Integer, "-5--1,1-65536").within(7, u16::MAX),
    p("list-max-ziplist-size", "-2", Static, Integer, "-5--1,1-65536").within(0, 6),
    p("lua-replicate-commands", "yes", Dynamic, Text, YES).within(0, 6),
    p("lua-time-limit", "5000", Fixed, Integer, "5000"),
    p("maxclients", "65000", Fixed, Integer, "1-65000"),
    p("maxmemory-policy", "volatile-lru", Dynamic, Text, POLICIES),
    p("maxmemory-samples", "3", Dynamic, Integer, "1-"),
    p("min-replicas-max-lag", "10", Dynamic, Integer, SIZE).within(5, u16::MAX),
    p("min-replicas-to-write", "0", Dynamic, Integer, SIZE).within(5, u16::MAX),
    p("min-slaves-max-lag", "10", Dynamic, Integer, SIZE).within(0, 4),
    p("min-slaves-to-write", "0", Dynamic, Integer, SIZE).within(0, 4),
    p("notify-keyspace-events", "", Dynamic, Text, ""),
    p("proto-max-bulk-len", "536870912", Dynamic, Integer, "1048576-536870912").within(5, u16::MAX),
    p("rename-commands", "", Static, Text, "").within(5, u16::MAX),
    p("repl-backlog-size", "1048576", Dynamic, Integer, "16384-"),
    p("repl-backlog-ttl", "3600", Fixed, Integer, SIZE),
    p("repl-timeout", "60", Fixed, Integer, "11-"),
    p("replica-allow-chaining", "no", Fixed, Text, YES).within(5, u16::MAX),
    p("replica-ignore-maxmemory", "yes", Fixed, Text, YES).within(5, u16::MAX),
    p("replica-lazy-flush", "no", Fixed, Text, YES).within(5, u16::MAX),
    p("reserved-memory-percent", "25", Dynamic, Float, "0-100"),
    p("set-max-intset-entries", "512", Dynamic, Integer, SIZE),
    p("slave-allow-chaining", "no", Fixed, Text, YES).within(0, 4),
    p("slowlog-log-slower-than", "10000", Dynamic, Integer, "-1-"),
    p("slowlog-max-len", "128", Dynamic, Integer, SIZE),
    p("stream-node-max-bytes", "4096", Dynamic, Integer, SIZE).within(5, u16::MAX),
    p("stream-node-max-entries", "100", Dynamic, Integer, SIZE).within(5, u16::MAX),
    p("tcp-keepalive", "300", Dynamic, Integer, SIZE),
    p("timeout", "0", Dynamic, Integer, "0,20-"),
    p("tracking-table-max-keys", "1000000", Dynamic, Integer, "1-100000000").within(6, u16::MAX),
    p("zset-max-listpack-entries", "128", Dynamic, Integer, SIZE).within(7, u16::MAX),
    p("zset-max-listpack-value", "64", Dynamic, Integer, SIZE).within(7, u16::MAX),
    p("zset-max-ziplist-entries", "128", Dynamic, Integer, SIZE).within(0, 6),
    p("zset-max-ziplist-value", "64", Dynamic, Integer, SIZE).within(0, 6),
    // Memory is reserved in bytes where it is not in percent.
    p("reserved-memory", "0", Dynamic, Integer, SIZE).within(0, 4),
];

/// The parameters of a major version, by name.
pub(super) fn of(major: u16) -> impl Iterator<Item = &'static Definition> {
    PARAMETERS.iter().filter(move |parameter| (parameter.since..=parameter.until).contains(&major))
}

/// One parameter of a major version.
pub(super) fn named(major: u16, name: &str) -> Option<&'static Definition> {
    of(major).find(|parameter| parameter.name == name)
}

/// Whether a parameter may have this value: ranges may be open, and several with commas between.
pub(super) fn takes(definition: &Definition, value: &str) -> bool {
    if definition.kind != Integer {
        return definition.takes(value);
    }
    let Ok(number) = value.parse::<i64>() else { return false };
    definition.allowed.is_empty() || definition.allowed.split(',').any(|range| covers(range, number))
}

fn covers(range: &str, number: i64) -> bool {
    let split = range.get(1..).and_then(|rest| rest.find('-')).map(|at| range.split_at(at + 1));
    match split {
        None => range.parse() == Ok(number),
        Some((least, most)) => {
            let most = &most[1..];
            least.parse().is_ok_and(|least: i64| number >= least)
                && (most.is_empty() || most.parse().is_ok_and(|most: i64| number <= most))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_version_has_each_name_once_and_defaults_are_allowed() {
        for major in 4..=8 {
            let mut seen = BTreeSet::new();
            for parameter in of(major) {
                assert!(seen.insert(parameter.name), "{} twice in {major}", parameter.name);
                let fits = parameter.default.is_empty() || takes(parameter, parameter.default);
                assert!(fits, "{} = {}", parameter.name, parameter.default);
            }
        }
    }

    #[test]
    fn ranges_may_be_open_negative_and_several() {
        let timeout = named(7, "timeout").unwrap();
        assert!(takes(timeout, "0") && takes(timeout, "20") && takes(timeout, "99999"));
        assert!(!takes(timeout, "19") && !takes(timeout, "-1") && !takes(timeout, "x"));
        let list = named(7, "list-max-listpack-size").unwrap();
        assert!(takes(list, "-5") && takes(list, "1") && !takes(list, "0") && !takes(list, "-6"));
    }
}
