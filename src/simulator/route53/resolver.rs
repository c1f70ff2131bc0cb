//! What DNS answers to anyone: the records of public hosted zones, whichever account has them, as far as the zones are
//! delegated.
//!
//! That a registrar names the servers of a zone with no other above it in this world can't be told and is taken for
//! granted. A zone below another one is delegated by NS records in the one above that name its servers.

use super::name::{Name, lies_in};
use super::record::{Kept, RecordSet};
use super::zone::Zone;
use crate::world::Tx;

/// The values that DNS answers for a name and a type, without the dots at their ends; none where nothing is answered.
#[must_use]
pub fn answers(tx: &Tx<'_>, name: &str, kind: &str) -> Vec<String> {
    let Ok(name) = Name::parse(name) else { return Vec::new() };
    let asked = authorities(tx, name.text());
    // A name may be delegated on to servers that are none of this world's.
    let below = |zone: &&Zone| parents(name.text()).take_while(|parent| *parent != zone.name).count();
    let elsewhere = asked.first().is_some_and(|zone| {
        let between = parents(name.text()).take(below(zone));
        std::iter::once(name.text())
            .chain(between)
            .any(|at| at != zone.name && !values(tx, &asked, at, "NS").is_empty())
    });
    if elsewhere { Vec::new() } else { values(tx, &asked, name.text(), kind) }
}

/// The zones whose servers are asked for a name. There may be several of one domain, of which a registrar names one; which
/// can't be told.
fn authorities<'t>(tx: &'t Tx<'_>, name: &str) -> Vec<&'t Zone> {
    let mut zones: Vec<&Zone> =
        tx.everywhere::<Zone>().filter(|zone| !zone.private && lies_in(name, &zone.name)).collect();
    zones.sort_by_key(|zone| zone.name.len());
    let mut asked: Vec<&Zone> = Vec::new();
    for (at, same) in zones.chunk_by(|one, other| one.name == other.name).enumerate() {
        if at == 0 {
            asked = same.to_vec();
            continue;
        }
        let named = values(tx, &asked, &same[0].name, "NS");
        if !named.is_empty() {
            asked = same.iter().copied().filter(|zone| zone.servers.iter().any(|one| named.contains(one))).collect();
        }
    }
    asked
}

/// The domains above a name, the nearest first.
fn parents(name: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(name.split_once('.').map(|(_, rest)| rest), |name| name.split_once('.').map(|(_, rest)| rest))
        .filter(|parent| !parent.is_empty())
}

/// The values of the records of a name and a type that every server of these zones has by now.
fn values(tx: &Tx<'_>, zones: &[&Zone], name: &str, kind: &str) -> Vec<String> {
    let is_asked = |set: &&RecordSet| {
        set.name == name && set.kind == kind && set.since <= tx.now() && zones.iter().any(|zone| zone.id == set.zone)
    };
    let own = |set: &RecordSet| match &set.kept {
        Kept::Values { values, .. } => values.clone(),
        Kept::Alias { .. } => Vec::new(),
    };
    let found = tx.everywhere::<RecordSet>().filter(is_asked).flat_map(own);
    found.map(|value| value.trim_end_matches('.').to_ascii_lowercase()).collect()
}
