//! `aws_route53_record`: <https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html>
//!
//! A zone has one record set of a name, a type and an identifier, and refuses a second.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use aws_sdk_route53::types::{AliasTarget, ChangeAction, ResourceRecord, ResourceRecordSet, RrType};
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Observation, Progress, ReadRequest, Standing, UpdateRequest,
};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;
use fathuss_state::Identity;
use futures::future::join_all;

use crate::client::Client;
use crate::differ::{Differences, once_shown};
use crate::failure::refused;
use crate::fields::{Fields, Observed};
use crate::gone::waiting;
use crate::kind::{Batch, Kind};
use crate::route53::{change, plain, record_sets, record_sets_from, shown};

/// The calls of `aws_route53_record`.
pub struct Route53Record;

const SCHEMA: &Schema = fathuss_model::aws::Route53Record::SCHEMA;

/// What a record set is known by; its identity is `ZONE_NAME_TYPE`, with the identifier behind where it has one.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Key {
    zone: String,
    name: String,
    kind: String,
    set: Option<String>,
}

impl Key {
    fn of(identity: &Identity) -> Result<Self, Failure> {
        let invalid = || {
            let message = format!("`{identity}` is no record: expected for instance Z0123456789_www.example.com_A");
            refused("InvalidIdentity", message)
        };
        let (zone, rest) = identity.0.split_once('_').ok_or_else(invalid)?;
        // A name has underscores too, and no capitals, which types have.
        let typed = |(at, _): (usize, &str)| {
            let (kind, set) = match rest[at + 1..].split_once('_') {
                Some((kind, set)) => (kind, Some(set.to_owned())),
                None => (&rest[at + 1..], None),
            };
            RrType::values().contains(&kind).then(|| (&rest[..at], kind.to_owned(), set))
        };
        let (name, kind, set) = rest.match_indices('_').find_map(typed).ok_or_else(invalid)?;
        Ok(Self { zone: zone.to_owned(), name: plain(name), kind, set })
    }

    fn in_desired(desired: &Attributes) -> Result<Self, Failure> {
        let fields = Fields::of(desired);
        Ok(Self {
            zone: fields.text("zone_id")?.to_owned(),
            name: plain(fields.text("name")?),
            kind: fields.text("type")?.to_owned(),
            set: fields.maybe_string("set_identifier")?,
        })
    }

    fn identity(&self) -> Identity {
        let set = self.set.as_ref().map(|set| format!("_{set}")).unwrap_or_default();
        Identity(format!("{}_{}_{}{set}", self.zone, self.name, self.kind))
    }

    fn is_of(&self, set: &ResourceRecordSet) -> bool {
        plain(&set.name) == self.name && set.r#type.as_str() == self.kind && set.set_identifier == self.set
    }
}

#[async_trait(?Send)]
impl Kind for Route53Record {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// One `ListResourceRecordSets` for each zone, and one more for each further 300 of its records.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        let keys: Vec<Result<Key, Failure>> = requests.iter().map(|request| Key::of(&request.identity)).collect();
        let zones: BTreeSet<&str> = keys.iter().flatten().map(|key| key.zone.as_str()).collect();
        let listed = zones.iter().map(|zone| async move { (*zone, record_sets(client, zone).await) });
        let listed: BTreeMap<&str, Result<Option<Vec<ResourceRecordSet>>, Failure>> =
            join_all(listed).await.into_iter().collect();
        let answer = |(request, key): (&ReadRequest, &Result<Key, Failure>)| {
            let key = key.as_ref().map_err(Failure::clone)?;
            let sets = match listed.get(key.zone.as_str()) {
                Some(Ok(Some(sets))) => sets.as_slice(),
                Some(Err(failure)) => return Err(failure.clone()),
                Some(Ok(None)) | None => &[],
            };
            let found = sets.iter().find(|set| key.is_of(set));
            Ok(found.map_or(Observation::Absent, |set| Observation::Present(observe(set, key, &request.recorded))))
        };
        Batch { observations: requests.iter().zip(&keys).map(answer).collect(), strays: Vec::new() }
    }

    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let desired = &request.desired.attributes;
        let key = Key::in_desired(desired)?;
        let overwrites = Fields::of(desired).bool_or("allow_overwrite", false)?;
        let action = if overwrites { ChangeAction::Upsert } else { ChangeAction::Create };
        let made = change(client, &key.zone, vec![(action, written(desired)?)]).await;
        made.map_err(|failure| {
            let id = key.identity();
            let hint = format!("take it over by `fathuss import` with its import id `{id}`, or set `allow_overwrite`");
            let hint = failure.message.contains("it already exists").then_some(hint);
            Failure { hint: hint.or_else(|| failure.hint.clone()), ..failure }
        })?;
        Ok(key.identity())
    }

    /// A record set has no tags: one that answers the same is what was asked for.
    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        let desired = &request.desired.attributes;
        let key = Key::in_desired(desired)?;
        let Some(set) = look(client, &key).await? else { return Ok(Found::Nothing) };
        let observed = observe(&set, &key, desired);
        let differing = Differences::of(SCHEMA, desired, &observed);
        if !differing.any(&["ttl", "records", "alias", "weighted_routing_policy"]) {
            return Ok(Found::Ours(key.identity()));
        }
        // What is to be overwritten may still be as it was.
        let overwrites = Fields::of(desired).bool_or("allow_overwrite", false)?;
        Ok(if overwrites { Found::Nothing } else { Found::Foreign(key.identity()) })
    }

    /// Usable once Route 53's database has it: its name servers have it within a minute, and what must see it there looks
    /// for itself.
    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let (key, desired) = (Key::of(&standing.identity)?, &standing.desired.attributes);
        Ok(match look(client, &key).await? {
            Some(set) => once_shown(SCHEMA, desired, observe(&set, &key, desired)),
            None => waiting("not visible yet"),
        })
    }

    async fn update(&self, client: &Client, standing: &Standing, _: &UpdateRequest) -> Result<(), Failure> {
        let key = Key::of(&standing.identity)?;
        change(client, &key.zone, vec![(ChangeAction::Upsert, written(&standing.desired.attributes)?)]).await
    }

    /// Route 53 deletes a record set that is described as it is.
    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let key = Key::of(&standing.identity)?;
        let Some(set) = look(client, &key).await? else { return Ok(Progress::Gone) };
        match change(client, &key.zone, vec![(ChangeAction::Delete, set)]).await {
            Ok(()) => Ok(waiting("deleting")),
            Err(failure) if failure.code == "NoSuchHostedZone" => Ok(Progress::Gone),
            Err(failure) if failure.message.contains("but it was not found") => Ok(Progress::Gone),
            // It was changed since it was looked at.
            Err(failure) if failure.message.contains("do not match the current values") => Ok(waiting("changing")),
            Err(failure) => Err(failure),
        }
    }
}

/// The record set, if it is there.
async fn look(client: &Client, key: &Key) -> Result<Option<ResourceRecordSet>, Failure> {
    let sets = record_sets_from(client, &key.zone, &key.name, &key.kind, key.set.as_deref(), 1).await?;
    Ok(sets.unwrap_or_default().into_iter().find(|set| key.is_of(set)))
}

/// Texts stand in quotation marks at Route 53, and without them in a program.
fn is_text(kind: &str) -> bool {
    ["TXT", "SPF"].contains(&kind)
}

fn written(desired: &Attributes) -> Result<ResourceRecordSet, Failure> {
    let fields = Fields::of(desired);
    let invalid = |error: aws_sdk_route53::error::BuildError| refused("InvalidField", error.to_string());
    let kind = fields.text("type")?;
    let record = |value: String| {
        let value = if is_text(kind) { format!("\"{value}\"") } else { value };
        ResourceRecord::builder().value(value).build().map_err(invalid)
    };
    let records: Vec<ResourceRecord> = fields.texts("records")?.into_iter().map(record).collect::<Result<_, _>>()?;
    let aliased = |alias: Fields<'_>| {
        let target = AliasTarget::builder()
            .hosted_zone_id(alias.text("zone_id")?)
            .dns_name(alias.text("name")?)
            .evaluate_target_health(alias.bool_or("evaluate_target_health", false)?);
        target.build().map_err(invalid)
    };
    let weight =
        fields.block("weighted_routing_policy")?.map(|weighted| weighted.maybe_integer("weight")).transpose()?;
    ResourceRecordSet::builder()
        .name(fields.text("name")?)
        .r#type(RrType::from(kind))
        .set_ttl(fields.maybe_integer("ttl")?)
        .set_resource_records(Some(records).filter(|records| !records.is_empty()))
        .set_alias_target(fields.block("alias")?.map(aliased).transpose()?)
        .set_set_identifier(fields.maybe_string("set_identifier")?)
        .set_weight(weight.flatten())
        .build()
        .map_err(invalid)
}

/// A record set as it is, with names as they were given where they say the same.
fn observe(set: &ResourceRecordSet, key: &Key, given: &Attributes) -> Attributes {
    let fields = Fields::of(given);
    let target = fields.block("alias").ok().flatten();
    let target = target.and_then(|alias| alias.maybe_text("name").ok().flatten());
    let value = |record: &ResourceRecord| {
        let inner = record.value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        inner.filter(|_| is_text(&key.kind)).unwrap_or(&record.value).to_owned()
    };
    let alias = set.alias_target.as_ref().map_or_else(Observed::new, |alias| {
        Observed::new()
            .with("name", shown(target, &alias.dns_name))
            .with("zone_id", alias.hosted_zone_id.as_str())
            .with("evaluate_target_health", alias.evaluate_target_health)
    });
    Observed::new()
        .with("zone_id", key.zone.as_str())
        .with("name", shown(fields.maybe_text("name").ok().flatten(), &set.name))
        .with("type", set.r#type.as_str())
        .with("ttl", set.ttl)
        .with_list("records", set.resource_records().iter().map(value))
        .with_block("alias", alias)
        .with("set_identifier", set.set_identifier.clone())
        .with_block("weighted_routing_policy", Observed::new().with("weight", set.weight))
        .with("id", key.identity().0)
        .with("fqdn", key.name.as_str())
        .finish(SCHEMA)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use fathuss_engine::Provider;
    use fathuss_engine::provider::{FailureClass, Found, Observation, Progress};
    use fathuss_state::Identity;
    use serde_json::{Value, json};

    use super::Key;
    use crate::asked::{make, read, standing};
    use crate::canned::Canned;

    const AT: &str = "s.aws_route53_record.www";
    const LIST: &str = "GET /2013-04-01/hostedzone/Z1/rrset";
    const CHANGE: &str = "POST /2013-04-01/hostedzone/Z1/rrset";
    const ID: &str = "Z1_www.main.test_A";

    fn listed(sets: &str, next: Option<&str>) -> String {
        let next =
            next.map(|name| format!("<NextRecordName>{name}</NextRecordName><NextRecordType>A</NextRecordType>"));
        format!(
            "<ListResourceRecordSetsResponse><ResourceRecordSets>{sets}</ResourceRecordSets><IsTruncated>{}</IsTruncated>\
             {}<MaxItems>300</MaxItems></ListResourceRecordSetsResponse>",
            next.is_some(),
            next.unwrap_or_default()
        )
    }

    fn set(name: &str, kind: &str, value: &str) -> String {
        format!(
            "<ResourceRecordSet><Name>{name}</Name><Type>{kind}</Type><TTL>60</TTL><ResourceRecords><ResourceRecord>\
             <Value>{value}</Value></ResourceRecord></ResourceRecords></ResourceRecordSet>"
        )
    }

    fn address(value: &str) -> String {
        listed(&set("www.main.test.", "A", value), None)
    }

    const CHANGED: &str = "<ChangeResourceRecordSetsResponse><ChangeInfo><Id>/change/C1</Id><Status>PENDING</Status>\
                           <SubmittedAt>2026-01-05T09:00:00.000Z</SubmittedAt></ChangeInfo>\
                           </ChangeResourceRecordSetsResponse>";

    fn refusal(code: &str, message: &str) -> String {
        format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>\
             <RequestId>r-2</RequestId></ErrorResponse>"
        )
    }

    fn wanted(more: Value) -> Value {
        let mut wanted =
            json!({ "zone_id": "Z1", "name": "WWW.main.test.", "type": "A", "ttl": 60, "records": ["192.0.2.1"] });
        wanted.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        wanted
    }

    fn sent(canned: &Arc<Canned>) -> String {
        let seen = canned.seen();
        seen.iter().find(|seen| seen.operation.starts_with("POST")).unwrap().get("body").unwrap().to_owned()
    }

    #[test]
    fn an_identity_says_zone_name_type_and_identifier_whatever_underscores_they_have() {
        for (text, name, kind, set) in [
            (ID, "www.main.test", "A", None),
            ("Z1__x._y.main.test_CNAME", "_x._y.main.test", "CNAME", None),
            ("Z1_*.main.test_TXT_one_two", "*.main.test", "TXT", Some("one_two")),
        ] {
            let key = Key::of(&Identity(text.to_owned())).unwrap();
            assert_eq!((key.name.as_str(), key.kind.as_str(), key.set.as_deref()), (name, kind, set));
            assert_eq!(key.identity().0, text);
        }
        assert!(Key::of(&Identity("Z1_www.main.test".to_owned())).is_err());
    }

    #[tokio::test]
    async fn one_list_of_a_zone_answers_all_of_its_records_page_by_page() {
        let first = listed(&set("\\052.main.test.", "TXT", "\"a text\""), Some("www.main.test."));
        let canned = Canned::new().xml(LIST, 200, &first).xml(LIST, 200, &address("192.0.2.1"));
        let requests =
            [read(AT, ID), read("s.aws_route53_record.all", "Z1_*.main.test_TXT"), read(AT, "Z1_gone.main.test_A")];
        let answer = canned.aws().read(&requests).await;
        let Ok(Observation::Present(one)) = &answer.observations[0] else { panic!("{answer:?}") };
        assert_eq!((&one["fqdn"], &one["ttl"]), (&"www.main.test".into(), &60.into()));
        let Ok(Observation::Present(other)) = &answer.observations[1] else { panic!("{answer:?}") };
        assert_eq!(serde_json::to_value(&other["records"]).unwrap(), json!(["a text"]));
        assert_eq!(answer.observations[2], Ok(Observation::Absent));
        assert_eq!(canned.operations(), [LIST, LIST]);
    }

    #[tokio::test]
    async fn records_of_a_zone_that_is_gone_are_gone() {
        let gone = refusal("NoSuchHostedZone", "No hosted zone found with ID: Z1");
        let canned = Canned::new().xml(LIST, 404, &gone);
        assert_eq!(canned.aws().read(&[read(AT, ID)]).await.observations[0], Ok(Observation::Absent));
        assert_eq!(canned.aws().delete(&standing(AT, ID, wanted(json!({})))).await, Ok(Progress::Gone));
    }

    #[tokio::test]
    async fn a_record_is_created_unless_it_may_overwrite() {
        let canned = Canned::new().xml(CHANGE, 200, CHANGED);
        let made = canned.aws().create(&make(AT, wanted(json!({})))).await.unwrap();
        assert_eq!(made.0, ID);
        assert!(sent(&canned).contains("<Action>CREATE</Action>"), "{}", sent(&canned));
        let canned = Canned::new().xml(CHANGE, 200, CHANGED);
        canned.aws().create(&make(AT, wanted(json!({ "allow_overwrite": true })))).await.unwrap();
        assert!(sent(&canned).contains("<Action>UPSERT</Action>"), "{}", sent(&canned));
    }

    #[tokio::test]
    async fn one_that_is_there_is_refused_with_its_import_id() {
        let message = "[Tried to create resource record set [name='www.main.test.', type='A'] but it already exists]";
        let canned = Canned::new().xml(CHANGE, 400, &refusal("InvalidChangeBatch", message));
        let failure = canned.aws().create(&make(AT, wanted(json!({})))).await.unwrap_err();
        assert_eq!((failure.class, failure.message.as_str()), (FailureClass::Refused, message));
        assert!(failure.hint.unwrap().contains(ID));
    }

    #[tokio::test]
    async fn a_zone_that_is_busy_is_asked_again_more_slowly() {
        let busy =
            refusal("PriorRequestNotComplete", "The request was rejected because Route 53 was still processing.");
        let canned = Canned::new().xml(CHANGE, 400, &busy);
        let failure = canned.aws().create(&make(AT, wanted(json!({})))).await.unwrap_err();
        assert_eq!(failure.class, FailureClass::Throttled);
    }

    #[tokio::test]
    async fn what_an_earlier_request_made_is_told_by_its_values() {
        let found = |value: &str, more: Value| {
            let canned = Canned::new().xml(LIST, 200, &address(value));
            async move { canned.aws().find(&make(AT, wanted(more))).await.unwrap() }
        };
        let id = || Identity(ID.to_owned());
        assert_eq!(found("192.0.2.1", json!({})).await, Found::Ours(id()));
        assert_eq!(found("192.0.2.2", json!({})).await, Found::Foreign(id()));
        assert_eq!(found("192.0.2.2", json!({ "allow_overwrite": true })).await, Found::Nothing);
    }

    #[tokio::test]
    async fn a_record_is_deleted_as_it_is_and_not_as_it_was_wanted() {
        let canned = Canned::new().xml(LIST, 200, &address("192.0.2.9")).xml(CHANGE, 200, CHANGED);
        let progress = canned.aws().delete(&standing(AT, ID, wanted(json!({})))).await;
        assert_eq!(progress, Ok(Progress::Waiting { state: "deleting".to_owned() }));
        let body = sent(&canned);
        assert!(body.contains("<Action>DELETE</Action>") && body.contains("192.0.2.9"), "{body}");
    }

    #[tokio::test]
    async fn a_text_is_sent_in_quotation_marks_and_a_name_keeps_the_form_it_was_given_in() {
        let text = json!({ "type": "TXT", "records": ["v=spf1 -all"] });
        let canned = Canned::new().xml(CHANGE, 200, CHANGED);
        canned.aws().create(&make(AT, wanted(text.clone()))).await.unwrap();
        assert!(sent(&canned).contains("<Value>&quot;v=spf1 -all&quot;</Value>"), "{}", sent(&canned));
        let there = listed(&set("www.main.test.", "TXT", "\"v=spf1 -all\""), None);
        let canned = Canned::new().xml(LIST, 200, &there);
        let settled = canned.aws().settle(&standing(AT, "Z1_www.main.test_TXT", wanted(text))).await.unwrap();
        let Progress::Ready(attributes) = settled else { panic!("{settled:?}") };
        assert_eq!(attributes["name"], "WWW.main.test.".into());
    }
}
