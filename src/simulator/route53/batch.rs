//! Batches of changes: all of one are made, or none.

use super::name::{Name, lies_in};
use super::record::{Kept, RecordSet};
use super::zone::{Zone, find};
use super::{alias, change, value};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[("ChangeResourceRecordSets", change_sets)];

const CHANGE: &str = "https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html";
const SET: &str = "https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecordSet.html";
const LIMITS: &str = "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html";
const CNAME: &str = "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html#CNAMEFormat";

pub(super) const RULES: &[Rule] = &[
    Rule::new("route53.batch.one-of", "a record set has values with a TTL, or is an alias", SET),
    Rule::new("route53.batch.identifier", "a weight and an identifier come together", SET),
    Rule::new("route53.batch.records", "a batch has 1,000 values, those of an UPSERT counted twice", LIMITS),
    Rule::new(
        "route53.batch.characters",
        "a batch's values have 32,000 characters, those of an UPSERT counted twice",
        LIMITS,
    ),
    Rule::new("route53.batch.zone", "a record set lies in its zone", CHANGE),
    Rule::new("route53.batch.exists", "what is created is not there, and what is deleted is", CHANGE),
    Rule::new("route53.batch.values", "what is deleted is as the request says", CHANGE),
    Rule::new("route53.batch.apex", "a zone keeps its NS and its one SOA, and has no CNAME of its own name", CNAME),
    Rule::new("route53.batch.cname", "beside a CNAME there is no other record set of its name", CNAME),
    Rule::new("route53.batch.policy", "record sets of one name and type are all weighted, or one that is not", SET),
    Rule::new("route53.batch.ttl", "weighted record sets of one name and type have one TTL", SET),
    Rule::new("route53.batch.weighted", "there are 100 weighted record sets of a name and type", SET),
    Rule::new("route53.batch.wildcard", "NS records are of no wildcard", SET),
    Rule::new("route53.batch.quota", "a zone has 10,000 record sets", LIMITS),
];

/// What is done to a record set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Create,
    Upsert,
    Delete,
}

/// One change of a batch.
struct Wanted {
    action: Action,
    set: RecordSet,
    /// What is wrong with its names, in Route 53's words.
    flaws: Vec<String>,
}

/// The flaws that were found, as far as their rules are on.
struct Flaws<'a, 'w> {
    tx: &'a Tx<'w>,
    found: Vec<String>,
}

impl Flaws<'_, '_> {
    fn unless(&mut self, rule: &str, holds: bool, says: impl FnOnce() -> String) {
        if !holds && self.tx.rule(rule) {
            let says = says();
            if !self.found.contains(&says) {
                self.found.push(says);
            }
        }
    }
}

fn change_sets(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut zone = find(tx, input.required("HostedZoneId"))?.clone();
    let batch = input.record("ChangeBatch");
    let comment = batch.as_ref().and_then(|batch| batch.text("Comment"));
    let mut wanted = Vec::new();
    for given in batch.as_ref().map(|batch| batch.records("Changes")).unwrap_or_default() {
        wanted.push(read(tx, &zone, &given)?);
    }
    let under = RecordSet::ids_of(&zone.id);
    let before: Vec<RecordSet> = tx.rows_under::<RecordSet>(&under).cloned().collect();
    let after = judged(tx, &zone, &before, &wanted)?;
    zone.occupy(tx)?;
    let (view, synced) = change::begin(tx, &zone.id, comment);
    for gone in before.iter().filter(|set| !after.iter().any(|left| left.id() == set.id())) {
        tx.remove::<RecordSet>(&gone.id());
    }
    for set in after {
        let is_new = before.iter().find(|known| known.id() == set.id()).is_none_or(|known| known.kept != set.kept);
        let touched = wanted.iter().any(|one| one.set.id() == set.id());
        if touched {
            let since = if is_new { synced } else { set.since };
            tx.put(RecordSet { since, ..set });
        }
    }
    tx.put(zone);
    Ok(record! { "ChangeInfo" => view })
}

/// Reads one change.
///
/// # Errors
/// `InvalidInput` where its members do not go together.
fn read(tx: &Tx<'_>, zone: &Zone, given: &Input<'_>) -> Result<Wanted, Refusal> {
    let action = given.required("Action");
    let Some(set) = given.record("ResourceRecordSet") else {
        return Err(Refusal::new("InvalidInput", "Invalid XML ; a change has a ResourceRecordSet."));
    };
    let (name, kind) = (set.required("Name"), set.required("Type"));
    let (identifier, weight, ttl) = (set.text("SetIdentifier"), set.integer("Weight"), set.integer("TTL"));
    let values: Option<Vec<String>> = set
        .has("ResourceRecords")
        .then(|| set.records("ResourceRecords").iter().map(|one| one.required("Value").to_owned()).collect());
    let target = set.record("AliasTarget");
    let place = format!("[Action={action}, Name={name}, Type={kind}, SetIdentifier={}]", identifier.unwrap_or("null"));
    let refused =
        |message: String| Refusal::new("InvalidInput", format!("Invalid request: {message} in Change with {place}"));
    let (own, aliased) = (ttl.is_some() && values.is_some(), target.is_some());
    let found = if aliased && (ttl.is_some() || values.is_some()) { "more than one" } else { "none" };
    let one = (own != aliased) && !(aliased && (ttl.is_some() || values.is_some()));
    tx.enforce("route53.batch.one-of", one, || {
        refused(format!(
            "Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId], but \
             found {found}"
        ))
    })?;
    tx.enforce("route53.batch.identifier", weight.is_none() || identifier.is_some(), || {
        refused("Missing field 'SetIdentifier'".to_owned())
    })?;
    // The other policies are not simulated: a request with one is told so.
    let others = ["Region", "Failover", "GeoLocation", "MultiValueAnswer", "GeoProximityLocation", "CidrRoutingConfig"];
    let other = others.iter().any(|policy| set.has(policy));
    tx.enforce("route53.batch.identifier", identifier.is_none() || weight.is_some() || other, || {
        refused(
            "Expected exactly one of [Weight, Region, Failover, GeoLocation, MultiValueAnswer, GeoProximityLocation, or \
             CidrRoutingConfig], but found none"
                .to_owned(),
        )
    })?;
    let mut flaws = Vec::new();
    let mut named = |text: &str| match Name::parse(text) {
        Ok(name) => name.text().to_owned(),
        Err(flaw) => {
            flaws.push(flaw);
            text.to_owned()
        }
    };
    let name = named(name);
    let kept = match target {
        Some(target) => Kept::Alias {
            zone: target.required("HostedZoneId").trim_start_matches("/hostedzone/").to_owned(),
            name: named(target.required("DNSName")),
            evaluate: target.flag("EvaluateTargetHealth"),
        },
        None => Kept::Values { ttl: ttl.unwrap_or_default(), values: values.unwrap_or_default() },
    };
    let action = match action {
        "CREATE" => Action::Create,
        "UPSERT" => Action::Upsert,
        _ => Action::Delete,
    };
    let set = RecordSet {
        zone: zone.id.clone(),
        name,
        kind: kind.to_owned(),
        set: identifier.map(str::to_owned),
        weight,
        kept,
        since: tx.now(),
    };
    Ok(Wanted { action, set, flaws })
}

/// The record sets of a zone after a batch.
///
/// # Errors
/// `InvalidChangeBatch` with everything that is wrong with it.
fn judged(tx: &Tx<'_>, zone: &Zone, before: &[RecordSet], wanted: &[Wanted]) -> Result<Vec<RecordSet>, Refusal> {
    let mut flaws = Flaws { tx, found: Vec::new() };
    let (mut records, mut characters) = (0, 0);
    for one in wanted {
        let times = if one.action == Action::Upsert { 2 } else { 1 };
        // An alias counts as one value.
        let (count, length) = match &one.set.kept {
            Kept::Values { values, .. } => (values.len(), values.iter().map(|value| value.chars().count()).sum()),
            Kept::Alias { .. } => (1, 0),
        };
        (records, characters) = (records + times * count, characters + times * length);
    }
    flaws.unless("route53.batch.records", records <= 1000, || "Number of records limit of 1000 exceeded.".to_owned());
    flaws.unless("route53.batch.characters", characters <= 32_000, || {
        "Number of characters limit of 32000 exceeded.".to_owned()
    });
    let mut sets = before.to_vec();
    for one in wanted {
        apply(&mut flaws, zone, one, &mut sets);
    }
    for one in wanted.iter().filter(|one| one.action != Action::Delete) {
        if sets.iter().any(|set| set.id() == one.set.id()) {
            together(&mut flaws, zone, &one.set, &sets);
        }
    }
    whole(&mut flaws, zone, &sets);
    if flaws.found.is_empty() {
        return Ok(sets);
    }
    Err(Refusal::new("InvalidChangeBatch", format!("[{}]", flaws.found.join(", "))))
}

/// Makes one change to the record sets, where it can be made.
fn apply(flaws: &mut Flaws<'_, '_>, zone: &Zone, one: &Wanted, sets: &mut Vec<RecordSet>) {
    let Wanted { action, set, flaws: of_names } = one;
    for flaw in of_names {
        flaws.unless("route53.name", false, || flaw.clone());
    }
    flaws.unless("route53.batch.zone", lies_in(&set.name, &zone.name) || !of_names.is_empty(), || {
        format!("RRSet with DNS name {} is not permitted in zone {}", set.name, zone.name)
    });
    let identified = set.set.as_ref().map(|set| format!(", set-identifier='{set}'")).unwrap_or_default();
    let named = format!("[name='{}', type='{}'{identified}]", set.name, set.kind);
    let at = sets.iter().position(|known| known.id() == set.id());
    match (action, at) {
        (Action::Delete, None) => flaws.unless("route53.batch.exists", false, || {
            format!("Tried to delete resource record set {named} but it was not found")
        }),
        (Action::Delete, Some(at)) => {
            flaws.unless("route53.batch.values", sets[at].is(set), || {
                format!("Tried to delete resource record set {named} but the values provided do not match the current values")
            });
            sets.remove(at);
        }
        (Action::Create, Some(_)) => flaws.unless("route53.batch.exists", false, || {
            format!("Tried to create resource record set {named} but it already exists")
        }),
        (Action::Create | Action::Upsert, _) => {
            if let Some(at) = at {
                sets.remove(at);
            }
            values(flaws, set);
            sets.push(set.clone());
        }
    }
}

/// What a record set's values are held to.
fn values(flaws: &mut Flaws<'_, '_>, set: &RecordSet) {
    let Kept::Values { values, .. } = &set.kept else { return };
    flaws.unless("route53.value.count", values.len() <= 400, || {
        "Cannot have more than 400 records in a RRSet.".to_owned()
    });
    // No report shows the words of this one.
    flaws.unless("route53.value.single", values.len() == 1 || !["CNAME", "SOA"].contains(&set.kind.as_str()), || {
        format!("RRSet of type {} with DNS name {} has more than one Resource Record", set.kind, set.name)
    });
    for (at, value) in values.iter().enumerate() {
        flaws.unless("route53.value.twice", !values[..at].contains(value), || {
            format!("Duplicate Resource Record: '{value}'")
        });
        let flaw = value::flaw(&set.kind, value);
        flaws.unless("route53.value.syntax", flaw.is_none(), || flaw.clone().unwrap_or_default());
    }
}

/// What a new record set is held to among the others of its zone.
fn together(flaws: &mut Flaws<'_, '_>, zone: &Zone, set: &RecordSet, sets: &[RecordSet]) {
    let (name, kind) = (&set.name, &set.kind);
    for (rule, says) in alias::flaws(zone, set, sets) {
        flaws.unless(rule, false, || says);
    }
    let apex = *name == zone.name;
    flaws.unless("route53.batch.apex", !(apex && kind == "CNAME"), || {
        format!("RRSet of type CNAME with DNS name {name} is not permitted at apex in zone {}", zone.name)
    });
    flaws.unless("route53.batch.wildcard", kind != "NS" || !name.starts_with("\\052."), || {
        format!("RRSet of type NS with DNS name {name} is not permitted as a wildcard in zone {}", zone.name)
    });
    let others = || sets.iter().filter(|other| other.name == *name && other.kind != *kind);
    if kind == "CNAME" {
        flaws.unless("route53.batch.cname", apex || others().next().is_none(), || {
            format!(
                "RRSet of type CNAME with DNS name {name} is not permitted as it conflicts with other records with the \
                 same DNS name in zone {}",
                zone.name
            )
        });
    }
    flaws.unless("route53.batch.cname", !others().any(|other| other.kind == "CNAME"), || {
        // The two spaces are AWS's.
        format!(
            "RRSet of type {kind} with DNS name {name} is not permitted because a conflicting RRSet of type  CNAME with \
             the same DNS name already exists in zone {}",
            zone.name
        )
    });
    let beside: Vec<&RecordSet> = sets.iter().filter(|other| other.beside(set) && other.id() != set.id()).collect();
    match &set.set {
        None => flaws.unless("route53.batch.policy", beside.is_empty(), || {
            format!("RRSet with DNS name {name}, type {kind} cannot be created as other RRSets exist with the same name and type.")
        }),
        Some(identifier) => {
            let named = format!("RRSet with DNS name {name}, type {kind}, SetIdentifier {identifier}");
            flaws.unless("route53.batch.policy", beside.iter().all(|other| other.set.is_some()), || {
                format!("{named} cannot be created as a non-weighted set exists with the same name and type.")
            });
            let ttl = |set: &RecordSet| match &set.kept {
                Kept::Values { ttl, .. } => Some(*ttl),
                Kept::Alias { .. } => None,
            };
            let one = beside.iter().all(|other| ttl(other).is_none() || ttl(set).is_none() || ttl(other) == ttl(set));
            flaws.unless("route53.batch.ttl", one, || {
                format!("{named} cannot be created as weighted sets must contain the same TTL.")
            });
            flaws.unless("route53.batch.weighted", beside.len() < 100, || {
                format!("Exceeded limit on number of weighted RRSets for {name}, type {kind} in this zone.")
            });
        }
    }
}

/// What a zone is held to when a batch is through.
fn whole(flaws: &mut Flaws<'_, '_>, zone: &Zone, sets: &[RecordSet]) {
    let of_apex = |kind: &str| sets.iter().any(|set| set.kind == kind && set.name == zone.name);
    let one_soa = of_apex("SOA") && sets.iter().filter(|set| set.kind == "SOA").count() == 1;
    flaws.unless("route53.batch.apex", one_soa, || "A HostedZone must contain exactly one SOA record.".to_owned());
    flaws.unless("route53.batch.apex", of_apex("NS"), || {
        "A HostedZone must contain at least one NS record for the zone itself.".to_owned()
    });
    let most = flaws.tx.quota("route53.records-per-zone");
    flaws.unless("route53.batch.quota", i64::try_from(sets.len()).is_ok_and(|have| have <= most), || {
        format!("Number of records in the hosted zone exceeds its limit of {most}.")
    });
}
