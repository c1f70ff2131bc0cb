//! The next version of a stack: tags, sizes, rules, what is gone, what is new, what has to be replaced.

use std::collections::BTreeSet;

use rand::Rng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand_chacha::ChaCha8Rng;

use super::blueprint::{Blueprint, Grip, Key, Peer, RETENTIONS, RouteTarget, Scaling, Setting, Thing};

/// The next version of a stack.
pub struct Next {
    /// What can be done.
    pub blueprint: Blueprint,
    /// What can't: a replacement of something that something else can't be without.
    pub refused: Option<Refused>,
}

/// A version that AWS would not let come about.
pub struct Refused {
    pub blueprint: Blueprint,
    /// Who holds what.
    pub held: BTreeSet<(Key, Key)>,
}

/// Changes about a third of a stack.
pub fn next_version(blueprint: &Blueprint, rng: &mut ChaCha8Rng, kinds: &[&'static str]) -> Next {
    let mut next = blueprint.clone();
    let size = next.items.len();
    for _ in 0..rng.random_range(0..=size / 12 + 1) {
        remove(&mut next, rng);
    }
    let keys: Vec<Key> = next.items.iter().map(|item| item.key).collect();
    let (mut replaced, mut refused) = (BTreeSet::new(), None);
    for key in keys {
        if rng.random_bool(0.15) {
            retag(&mut next, key, rng);
        }
        if rng.random_bool(0.25) {
            edit(&mut next, key, rng);
        }
        if rng.random_bool(0.08) {
            let mut trial = next.clone();
            replace(&mut trial, key);
            let all = &replaced | &BTreeSet::from([key]);
            if trial.get(key) == next.get(key) {
                continue;
            }
            let held = held(blueprint, &trial, &all);
            if held.is_empty() {
                (next, replaced) = (trial, all);
            } else {
                refused.get_or_insert(Refused { blueprint: trial, held });
            }
        }
    }
    let grown = next.items.len() + rng.random_range(0..=size / 6 + 1);
    next.grow(rng, grown.min(200), kinds);
    // What is new in place of what went with a gateway would have a public address before AWS lets go of it.
    for item in &blueprint.items {
        if let Thing::InternetGateway { vpc } = item.thing
            && next.items.iter().all(|other| other.key != item.key)
        {
            next.make_private(vpc);
        }
    }
    Next { blueprint: next, refused }
}

/// Who of those that stay holds on to what is replaced, where these items change as only a replacement can.
fn held(before: &Blueprint, after: &Blueprint, replaced: &BTreeSet<Key>) -> BTreeSet<(Key, Key)> {
    let mut all = replaced.clone();
    let ties = |grip: Grip, all: &BTreeSet<Key>| -> BTreeSet<(Key, Key)> {
        let stays = |key: &Key| !all.contains(key);
        let held = after.items.iter().filter(|item| stays(&item.key)).flat_map(|item| {
            let had = before.items.iter().find(|other| other.key == item.key).map(|other| other.thing.needs());
            let needs = item.thing.needs().into_iter();
            needs.filter(move |need| had.as_ref().is_some_and(|had| had.contains(need))).map(|need| (item.key, need))
        });
        held.filter(|(_, (needed, how))| *how == grip && all.contains(needed))
            .map(|(key, (needed, _))| (key, needed))
            .collect()
    };
    loop {
        let along = ties(Grip::Along, &all);
        if along.is_empty() {
            return ties(Grip::Firm, &all);
        }
        all.extend(along.into_iter().map(|(key, _)| key));
    }
}

/// Takes an item out, with everything that refers to it.
fn remove(blueprint: &mut Blueprint, rng: &mut ChaCha8Rng) {
    let mut keys: Vec<Key> = blueprint.items.iter().map(|item| item.key).collect();
    keys.shuffle(rng);
    // What much depends on is seldom taken out of a stack.
    let Some(key) = keys.into_iter().find(|key| gone_with(blueprint, *key).len() <= 1 + blueprint.items.len() / 8)
    else {
        return;
    };
    let gone = gone_with(blueprint, key);
    blueprint.items.retain(|item| !gone.contains(&item.key));
}

fn gone_with(blueprint: &Blueprint, key: Key) -> BTreeSet<Key> {
    // AWS keeps an internet gateway as long as a machine in its VPC may have a public address.
    let addresses = match blueprint.get(key) {
        Thing::InternetGateway { vpc } => blueprint.subnets(*vpc),
        _ => BTreeSet::new(),
    };
    let mut gone = BTreeSet::from([key]);
    loop {
        let before = gone.len();
        for item in &blueprint.items {
            let needs = item.thing.needs();
            if needs.iter().any(|(needed, _)| gone.contains(needed) || addresses.contains(needed)) {
                gone.insert(item.key);
            }
        }
        if gone.len() == before {
            return gone;
        }
    }
}

fn retag(blueprint: &mut Blueprint, key: Key, rng: &mut ChaCha8Rng) {
    let number = blueprint.fresh();
    let Some(item) = blueprint.items.iter_mut().find(|item| item.key == key) else { return };
    match rng.random_range(0..3) {
        0 => {
            item.tags.insert("Team".to_owned(), format!("team-{number}"));
        }
        1 => {
            item.tags.insert(format!("Added{}", number % 5), "yes".to_owned());
        }
        _ => {
            item.tags.pop_first();
        }
    }
}

/// Changes what AWS changes in place.
fn edit(blueprint: &mut Blueprint, key: Key, rng: &mut ChaCha8Rng) {
    let number = blueprint.fresh();
    let retargeted = retarget(blueprint, key, rng);
    let keys = blueprint.items.iter().find(|item| item.key == key).map(|item| blueprint.keys_in(item.region));
    let encryption = keys.unwrap_or_default().choose(rng).copied();
    let more = match blueprint.get(key).clone() {
        Thing::Endpoint { vpc, service, .. } => blueprint.take_tables(vpc, service),
        Thing::Acl { vpc, .. } => blueprint.subnets_without_acl(vpc),
        _ => Vec::new(),
    };
    let (copied, private) = (blueprint.is_copied(key), blueprint.has_pods(key));
    let Some(item) = blueprint.items.iter_mut().find(|item| item.key == key) else { return };
    if let Some(Retarget::Groups(others)) = retargeted {
        if let Thing::Instance { groups, .. }
        | Thing::Template { groups, .. }
        | Thing::Database { groups, .. }
        | Thing::Endpoint { groups, .. }
        | Thing::Interface { groups, .. } = &mut item.thing
        {
            *groups = others;
        }
        return;
    }
    match &mut item.thing {
        Thing::Data { input, .. } => *input += 1,
        Thing::Vpc { hostnames, .. } => *hostnames = !*hostnames,
        Thing::Subnet { public, .. } => *public = !*public && !private,
        Thing::Rule { note, port, .. } => match rng.random_range(0..2) {
            0 => *note = Some(number),
            _ => *port = i64::from(number % 30_000) * 2 + 1,
        },
        Thing::Role { wording, hours, .. } => match rng.random_range(0..2) {
            0 => *wording = number,
            _ => *hours = *hours % 12 + 1,
        },
        Thing::Policy { action, .. } | Thing::InlinePolicy { action, .. } => *action += 1,
        Thing::PodIdentity { tagless, .. } => *tagless = !*tagless,
        Thing::Replication { priority, deletions, .. } => match rng.random_range(0..2) {
            0 => *priority += 1,
            _ => *deletions = !*deletions,
        },
        Thing::Issuer { clients, .. } => *clients = *clients % 3 + 1,
        Thing::Template { size, .. } => *size += 1,
        Thing::Instance { large, script, .. } => match rng.random_range(0..2) {
            0 => *large = !*large,
            _ => *script = number,
        },
        Thing::Volume { size, .. } => *size += 5,
        // An interface endpoint leaves a subnet, a gateway endpoint a table for others.
        Thing::Endpoint { subnets, .. } if !subnets.is_empty() => subnets.truncate(1),
        Thing::Endpoint { tables, .. } => {
            tables.pop();
            tables.extend(more);
        }
        Thing::Acl { rules, subnets, .. } => match rng.random_range(0..2) {
            0 => *rules += 1,
            _ => {
                subnets.pop();
                subnets.extend(more.into_iter().take(2));
            }
        },
        Thing::DefaultAcl { rules, .. } => *rules += 1,
        Thing::DefaultTable { destination, .. } => *destination = u16::try_from(number % 60_000).unwrap_or_default(),
        Thing::Interface { wording, checked, .. } => match rng.random_range(0..2) {
            0 => *wording = number,
            _ => *checked = !*checked,
        },
        Thing::Cluster { private, encrypted_with, .. } => match rng.random_range(0..3) {
            // A cluster takes a key once, and keeps it.
            0 if encrypted_with.is_none() => *encrypted_with = encryption,
            _ => *private = !*private,
        },
        Thing::EncryptionKey { wording, rotated, idle, on, .. } => match rng.random_range(0..3) {
            0 => *wording = number,
            1 if *idle => *on = !*on,
            _ => *rotated = !*rotated,
        },
        Thing::HostedZone { wording, .. } => *wording = number,
        Thing::Record { value, .. } => *value = number,
        // Of a certificate its tags alone change in place.
        Thing::AccessControl { wording, .. } => *wording = number,
        Thing::Distribution { wording, on, split, .. } => match rng.random_range(0..3) {
            0 => *wording = number,
            1 => *on = !*on,
            _ => *split = !*split,
        },
        Thing::Alias { target, .. } => *target = encryption.unwrap_or(*target),
        Thing::NodeGroup { most, labels, .. } => match rng.random_range(0..2) {
            0 => *most += 1,
            _ => *labels = number,
        },
        Thing::ScalingPolicy { how, by, .. } => match rng.random_range(0..2) {
            0 => *by += 1,
            _ => {
                *how = match how {
                    Scaling::Simple => Scaling::Steps,
                    Scaling::Steps => Scaling::Tracking,
                    Scaling::Tracking => Scaling::Simple,
                }
            }
        },
        Thing::AccessEntry { groups, .. } => *groups = (*groups + 1) % 3,
        Thing::AccessPolicy { namespaces, .. } => *namespaces = (*namespaces + 1) % 3,
        Thing::BucketSetting { setting, .. } => match setting {
            Setting::Versioning { suspended } => *suspended = !*suspended && !copied,
            Setting::Encryption { bucket_key } => *bucket_key = !*bucket_key,
            Setting::Access { open } => *open = (*open + 1) % 16,
            Setting::Policy { wording } => *wording = number,
            Setting::Ownership { writer } => *writer = !*writer,
            Setting::Lifecycle { days, rules } => match rng.random_range(0..2) {
                0 => *days += 1,
                _ => *rules = *rules % 3 + 1,
            },
        },
        Thing::DbSubnets { wording, .. } => *wording = number,
        Thing::DbParameters { duration, .. } => *duration += 1,
        Thing::Database { storage, days, large, .. } => match rng.random_range(0..3) {
            // Storage that grew can't grow again for hours, and grows by a tenth at least.
            0 => *storage += 20 + *storage / 10,
            1 if *days > 0 => *days += 1,
            _ => *large = !*large,
        },
        Thing::Replica { large, .. } => *large = !*large,
        Thing::DbOptions { rotations, narrow, .. } => match rng.random_range(0..2) {
            0 => *rotations = *rotations % 9 + 1,
            _ => *narrow = !*narrow,
        },
        Thing::CacheSubnets { wording, .. } => *wording = number,
        Thing::CacheUser { access, .. } => *access += 1,
        // The first one is the default user.
        Thing::CacheUsers { users, .. } => users.truncate(1),
        Thing::CacheParameters { policy, .. } => *policy += 1,
        Thing::Cache { days, wording, .. } => match rng.random_range(0..2) {
            0 => *days += 1,
            _ => *wording = number,
        },
        Thing::LogGroup { retention, .. } => *retention = (*retention + 1) % RETENTIONS.len(),
        Thing::Secret { wording, guarded, .. } => match rng.random_range(0..2) {
            0 => *wording = number,
            _ => *guarded = !*guarded,
        },
        Thing::SecretVersion { value, .. } => *value += 1,
        Thing::Topic { wording, strong, .. } => match rng.random_range(0..2) {
            0 => *wording = number,
            _ => *strong = !*strong,
        },
        Thing::TopicPolicy { wording, .. } | Thing::Dashboard { wording, .. } => *wording = number,
        Thing::Subscription { filter, mail, raw, .. } => match rng.random_range(0..2) {
            0 if !*mail => *raw = !*raw,
            _ => *filter = (*filter + 1) % 3,
        },
        Thing::Alarm { threshold, reckoned, .. } => match rng.random_range(0..2) {
            0 => *threshold += 1,
            _ => *reckoned = !*reckoned,
        },
        Thing::Budget { amount, threshold, .. } => match rng.random_range(0..2) {
            0 => *amount += 1,
            _ => *threshold += 1,
        },
        Thing::CostTag { active, .. } => *active = !*active,
        Thing::BackupPlan { days, name, .. } => match rng.random_range(0..3) {
            0 => *name = number,
            _ => *days += 1,
        },
        Thing::Route { target, .. } => {
            if let Some(Retarget::Route(other)) = retargeted {
                *target = other;
            }
        }
        Thing::Association { table, .. } => {
            if let Some(Retarget::Key(other)) = retargeted {
                *table = other;
            }
        }
        _ => {}
    }
}

enum Retarget {
    Route(RouteTarget),
    Key(Key),
    Groups(Vec<Key>),
}

/// Other security groups of the VPC that a thing stands in.
fn regroup(blueprint: &Blueprint, key: Key, rng: &mut ChaCha8Rng) -> Option<Retarget> {
    let vpc = match blueprint.get(key) {
        Thing::Instance { subnet, .. } | Thing::Interface { subnet, .. } => blueprint.vpc_of(*subnet),
        Thing::Endpoint { vpc, subnets, .. } if !subnets.is_empty() => *vpc,
        Thing::Template { groups, .. } => blueprint.vpc_of(*groups.first()?),
        Thing::Database { subnets, .. } => match blueprint.get(*subnets) {
            Thing::DbSubnets { subnets, .. } => blueprint.vpc_of(*subnets.first()?),
            _ => return None,
        },
        _ => return None,
    };
    let groups = blueprint.items.iter().filter(|item| matches!(item.thing, Thing::Group { vpc: of, .. } if of == vpc));
    let groups: Vec<Key> = groups.map(|item| item.key).collect();
    Some(Retarget::Groups(groups.choose_multiple(rng, 1).copied().collect()))
}

/// Another target of the same VPC, for what AWS moves in place.
fn retarget(blueprint: &Blueprint, key: Key, rng: &mut ChaCha8Rng) -> Option<Retarget> {
    if rng.random_bool(0.5)
        && let Some(groups) = regroup(blueprint, key, rng)
    {
        return Some(groups);
    }
    let vpc = match blueprint.get(key) {
        Thing::Route { table, .. } | Thing::Association { table, .. } => blueprint.vpc_of(*table),
        _ => return None,
    };
    let route = matches!(blueprint.get(key), Thing::Route { .. });
    let others: Vec<Retarget> = blueprint
        .items
        .iter()
        .filter_map(|item| match item.thing {
            Thing::NatGateway { subnet, .. } if route && blueprint.vpc_of(subnet) == vpc => {
                Some(Retarget::Route(RouteTarget::Nat(item.key)))
            }
            Thing::InternetGateway { vpc: of } if route && of == vpc => {
                Some(Retarget::Route(RouteTarget::Internet(item.key)))
            }
            Thing::RouteTable { vpc: of } if !route && of == vpc => Some(Retarget::Key(item.key)),
            _ => None,
        })
        .collect();
    let at = rng.random_range(0..others.len().max(1));
    others.into_iter().nth(at)
}

/// Changes what AWS can't change in place.
fn replace(blueprint: &mut Blueprint, key: Key) {
    let number = blueprint.fresh();
    let range = match blueprint.get(key) {
        Thing::Subnet { vpc, .. } => blueprint.fresh_range(*vpc),
        _ => None,
    };
    let Some(item) = blueprint.items.iter_mut().find(|item| item.key == key) else { return };
    match &mut item.thing {
        Thing::Data { trigger, .. } => *trigger += 1,
        Thing::RandomId { kept_for } => *kept_for += 1,
        Thing::ScalingPolicy { name, .. } => *name = Some(number),
        Thing::Vpc { net, .. } => *net = u8::try_from(number % 250).unwrap_or_default(),
        Thing::Subnet { index, .. } => *index = range.unwrap_or(*index),
        Thing::Route { destination, .. } => *destination = u16::try_from(number % 60_000).unwrap_or_default(),
        Thing::Group { wording, .. } => *wording = number,
        Thing::Rule { peer, .. } => *peer = Peer::Range(u16::try_from(number % 60_000).unwrap_or_default()),
        Thing::Role { path, .. } | Thing::Profile { path, .. } => *path = number,
        Thing::Policy { wording, .. } => *wording = number,
        Thing::Issuer { number: url, .. } => *url = number,
        Thing::Instance { root, .. } => *root += 1,
        Thing::Cluster { name, .. }
        | Thing::Alias { name, .. }
        | Thing::HostedZone { name, .. }
        | Thing::Certificate { name, .. }
        | Thing::Record { name, .. } => *name = number,
        Thing::Bucket { name } | Thing::InlinePolicy { name, .. } => *name = Some(number),
        Thing::PodIdentity { account, .. } => *account = number,
        Thing::CacheUser { name, .. } | Thing::CacheUsers { name, .. } => *name = number,
        Thing::Fargate { labelled, .. } => *labelled = !*labelled,
        Thing::Database { user, .. } => *user = number,
        Thing::FlowLog { minute, .. } => *minute = !*minute,
        Thing::LogGroup { infrequent, .. } => *infrequent = !*infrequent,
        Thing::Secret { name, .. } | Thing::Topic { name, .. } => *name = Some(number),
        Thing::AccessControl { name, .. } => *name = Some(number),
        Thing::Alarm { name, .. } | Thing::Dashboard { name, .. } => *name = Some(number),
        Thing::Subscription { endpoint, .. } => *endpoint = number,
        Thing::DbParameters { wording, .. }
        | Thing::DbOptions { wording, .. }
        | Thing::CacheParameters { wording, .. } => *wording = number,
        Thing::DbSnapshot { name, .. } => *name = number,
        Thing::CopiedBackups { days, .. } => *days = *days % 35 + 1,
        Thing::Vault { name, .. } | Thing::Budget { name, .. } => *name = Some(number),
        Thing::Selection { name, tagged, .. } => (*name, *tagged) = (number, !*tagged),
        _ => {}
    }
}
