//! The next version of a stack: tags, sizes, rules, what is gone, what is new, what has to be replaced.

use std::collections::BTreeSet;

use rand::Rng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::blueprint::{Blueprint, Grip, Key, Peer, RouteTarget, Thing};

/// Changes about a third of a stack.
pub fn next_version(blueprint: &Blueprint, rng: &mut ChaCha8Rng, kinds: &[&'static str]) -> Blueprint {
    let mut next = blueprint.clone();
    let size = next.items.len();
    for _ in 0..rng.random_range(0..=size / 12 + 1) {
        remove(&mut next, rng);
    }
    let keys: Vec<Key> = next.items.iter().map(|item| item.key).collect();
    for key in keys {
        if rng.random_bool(0.15) {
            retag(&mut next, key, rng);
        }
        if rng.random_bool(0.25) {
            edit(&mut next, key, rng);
        }
        if rng.random_bool(0.08) && can_be_replaced(&next, key, &mut BTreeSet::new()) {
            replace(&mut next, key);
        }
    }
    let grown = next.items.len() + rng.random_range(0..=size / 6 + 1);
    next.grow(rng, grown.min(200), kinds);
    next
}

/// Takes an item out, with everything that refers to it.
fn remove(blueprint: &mut Blueprint, rng: &mut ChaCha8Rng) {
    let mut keys: Vec<Key> = blueprint.items.iter().map(|item| item.key).collect();
    keys.shuffle(rng);
    // What much depends on is seldom taken out of a stack.
    let fits = |key: &Key| {
        gone_with(blueprint, *key).len() <= 1 + blueprint.items.len() / 8 && !is_held_by_addresses(blueprint, *key)
    };
    let Some(key) = keys.into_iter().find(fits) else { return };
    let gone = gone_with(blueprint, key);
    blueprint.items.retain(|item| !gone.contains(&item.key));
}

/// Whether AWS keeps an internet gateway because something in the VPC may have a public address.
fn is_held_by_addresses(blueprint: &Blueprint, key: Key) -> bool {
    let Thing::InternetGateway { vpc } = blueprint.get(key) else { return false };
    blueprint.items.iter().any(|item| matches!(item.thing, Thing::Subnet { vpc: of, public: true, .. } if of == *vpc))
}

fn gone_with(blueprint: &Blueprint, key: Key) -> BTreeSet<Key> {
    let mut gone = BTreeSet::from([key]);
    loop {
        let before = gone.len();
        for item in &blueprint.items {
            if item.thing.needs().iter().any(|(needed, _)| gone.contains(needed)) {
                gone.insert(item.key);
            }
        }
        if gone.len() == before {
            return gone;
        }
    }
}

/// Whether AWS would let it go before its replacement is there: nothing that stays holds on to it.
fn can_be_replaced(blueprint: &Blueprint, key: Key, seen: &mut BTreeSet<Key>) -> bool {
    if !seen.insert(key) {
        return true;
    }
    blueprint.dependents(key).all(|(item, grip)| match grip {
        Grip::Firm => can_be_replaced(blueprint, item.key, seen),
        Grip::Loose => false,
        Grip::Free => true,
    })
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
    let Some(item) = blueprint.items.iter_mut().find(|item| item.key == key) else { return };
    match &mut item.thing {
        Thing::Data { input, .. } => *input += 1,
        Thing::Vpc { hostnames, .. } => *hostnames = !*hostnames,
        Thing::Subnet { public, .. } => *public = !*public,
        Thing::Rule { note, port, .. } => match rng.random_range(0..2) {
            0 => *note = Some(number),
            _ => *port = i64::from(number % 30_000) * 2 + 1,
        },
        Thing::Role { wording, hours, .. } => match rng.random_range(0..2) {
            0 => *wording = number,
            _ => *hours = *hours % 12 + 1,
        },
        Thing::Policy { action, .. } => *action += 1,
        Thing::Issuer { clients, .. } => *clients = *clients % 3 + 1,
        Thing::Template { size, .. } => *size += 1,
        Thing::Instance { large, script, .. } => match rng.random_range(0..2) {
            0 => *large = !*large,
            _ => *script = number,
        },
        Thing::Volume { size, .. } => *size += 5,
        Thing::Cluster { private, .. } => *private = !*private,
        Thing::NodeGroup { most, labels, .. } => match rng.random_range(0..2) {
            0 => *most += 1,
            _ => *labels = number,
        },
        Thing::AccessEntry { groups, .. } => *groups = (*groups + 1) % 3,
        Thing::AccessPolicy { namespaces, .. } => *namespaces = (*namespaces + 1) % 3,
        Thing::DbSubnets { wording, .. } => *wording = number,
        Thing::DbParameters { duration, .. } => *duration += 1,
        Thing::Database { storage, days, large, .. } => match rng.random_range(0..3) {
            // Storage that grew can't grow again for hours, and grows by a tenth at least.
            0 => *storage += 20,
            1 if *days > 0 => *days += 1,
            _ => *large = !*large,
        },
        Thing::Replica { large, .. } => *large = !*large,
        Thing::CacheSubnets { wording, .. } => *wording = number,
        Thing::CacheParameters { policy, .. } => *policy += 1,
        Thing::Cache { days, wording, .. } => match rng.random_range(0..2) {
            0 => *days += 1,
            _ => *wording = number,
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
}

/// Another target of the same VPC, for what AWS moves in place.
fn retarget(blueprint: &Blueprint, key: Key, rng: &mut ChaCha8Rng) -> Option<Retarget> {
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
        Thing::Vpc { net, .. } => *net = u8::try_from(number % 250).unwrap_or_default(),
        Thing::Subnet { index, .. } => *index = range.unwrap_or(*index),
        Thing::Route { destination, .. } => *destination = u16::try_from(number % 60_000).unwrap_or_default(),
        Thing::Group { wording, .. } => *wording = number,
        Thing::Rule { peer, .. } => *peer = Peer::Range(u16::try_from(number % 60_000).unwrap_or_default()),
        Thing::Role { path, .. } => *path = number,
        Thing::Policy { wording, .. } => *wording = number,
        Thing::Issuer { number: url, .. } => *url = number,
        Thing::Instance { root, .. } => *root += 1,
        Thing::Cluster { name, .. } => *name = number,
        Thing::DbParameters { wording, .. } | Thing::CacheParameters { wording, .. } => *wording = number,
        _ => {}
    }
}
