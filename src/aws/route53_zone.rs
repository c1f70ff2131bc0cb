//! `aws_route53_zone`: <https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateHostedZone.html>

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_route53::operation::get_hosted_zone::GetHostedZoneOutput;
use aws_sdk_route53::types::{
    ChangeAction, HostedZone, HostedZoneConfig, ResourceRecordSet, RrType, Tag, TagResourceType, Vpc, VpcRegion,
};
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Observation, Progress, ReadRequest, Standing, UpdateRequest,
};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;
use fathuss_state::Identity;
use futures::future::join_all;

use crate::arn::partition;
use crate::call::Service;
use crate::client::Client;
use crate::differ::once_shown;
use crate::failure::unreadable;
use crate::fields::{Fields, Observed};
use crate::gone::waiting;
use crate::kind::{Batch, Kind};
use crate::mark::{self, TagChange};
use crate::route53::{bare, call, change, in_zone, plain, record_sets, record_sets_from, shown};

/// The calls of `aws_route53_zone`.
pub struct Route53Zone;

const SCHEMA: &Schema = fathuss_model::aws::Route53Zone::SCHEMA;

/// How many zones one call answers the tags of, and how many tags one takes.
/// <https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListTagsForResources.html>
const AT_ONCE: usize = 10;

/// How many record sets one batch deletes, well within 1,000 values and 32,000 characters:
/// <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html>
const BATCH: usize = 100;

/// A VPC: its region and its id.
type Seen = (String, String);

#[async_trait(?Send)]
impl Kind for Route53Zone {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// `GetHostedZone` for each: the list has no VPCs. `ListResourceRecordSets` for each, from its NS record on: a private
    /// zone's servers and the primary one are in no other answer. One `ListTagsForResources` for each ten that are there.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        let looked = join_all(requests.iter().map(|request| zone(client, &request.identity.0))).await;
        let there: Vec<String> = looked.iter().flatten().flatten().map(|zone| zone.id().to_owned()).collect();
        let tags = match tags(client, &there).await {
            Ok(tags) => tags,
            Err(failure) => return Batch::failed(requests, &failure),
        };
        let observed = requests.iter().zip(looked).map(|(request, looked)| {
            let Some(zone) = looked? else { return Ok(Observation::Absent) };
            let tags = tags.get(zone.id()).cloned().unwrap_or_default();
            Ok(Observation::Present(observe(&zone, &tags, &request.recorded, client)))
        });
        Batch { observations: observed.collect(), strays: Vec::new() }
    }

    /// The caller reference is the token: a second request with it is refused, and the zone that the first one made has
    /// it.
    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let desired = Fields::of(&request.desired.attributes);
        let first = seen_by(client, &request.desired.attributes)?.into_iter().next();
        let config = HostedZoneConfig::builder()
            .set_comment(desired.maybe_string("comment")?.filter(|text| !text.is_empty()))
            .private_zone(first.is_some())
            .build();
        let sending = client
            .route53
            .create_hosted_zone()
            .name(desired.text("name")?)
            .caller_reference(&request.token)
            .hosted_zone_config(config)
            .set_vpc(first.as_ref().map(vpc))
            .send();
        // The VPC was perhaps made a moment ago.
        match client.send(call("CreateHostedZone").unseen("InvalidVPCId", ""), sending).await {
            Ok(answer) => {
                let id = answer.hosted_zone.map(|zone| zone.id);
                let id = id.ok_or_else(|| unreadable(Service::Route53, "CreateHostedZone", "Id"))?;
                Ok(Identity(bare(&id).to_owned()))
            }
            Err(failure) if failure.code == "HostedZoneAlreadyExists" => {
                by_reference(client, &request.token).await?.ok_or(failure)
            }
            Err(failure) => Err(failure),
        }
    }

    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        Ok(by_reference(client, &request.token).await?.map_or(Found::Nothing, Found::Ours))
    }

    /// Sets what the creating call does not take: tags, the mark among them, and further VPCs.
    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let (id, desired) = (standing.identity.0.as_str(), &standing.desired.attributes);
        let Some(there) = zone(client, id).await? else { return Ok(waiting("not visible yet")) };
        let tags = tags(client, &[id.to_owned()]).await?.remove(id).unwrap_or_default();
        let mut missing = mark::tags_with(&standing.mark, desired)?;
        missing.retain(|key, value| tags.get(key) != Some(value));
        if !missing.is_empty() {
            tag(client, id, missing, &[]).await?;
            return Ok(waiting("setting tags"));
        }
        let (want, have) = (seen_by(client, desired)?, &there.vpcs);
        if let Some(new) = want.iter().find(|vpc| !have.contains(vpc)) {
            let sending = client.route53.associate_vpc_with_hosted_zone().hosted_zone_id(id).vpc(vpc(new)).send();
            client.send(call("AssociateVPCWithHostedZone").unseen("InvalidVPCId", ""), sending).await?;
            return Ok(waiting("associating a VPC"));
        }
        if let Some(old) = have.iter().find(|vpc| !want.contains(vpc)) {
            let sending = client.route53.disassociate_vpc_from_hosted_zone().hosted_zone_id(id).vpc(vpc(old)).send();
            client.send(call("DisassociateVPCFromHostedZone"), sending).await?;
            return Ok(waiting("disassociating a VPC"));
        }
        Ok(once_shown(SCHEMA, desired, observe(&there, &tags, desired, client)))
    }

    /// VPCs change in the steps that follow.
    async fn update(&self, client: &Client, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure> {
        let id = standing.identity.0.as_str();
        if change.changed.iter().any(|field| field == "comment") {
            let comment = Fields::of(&standing.desired.attributes).maybe_string("comment")?;
            let sending = client.route53.update_hosted_zone_comment().id(id).set_comment(comment).send();
            client.send(call("UpdateHostedZoneComment"), sending).await?;
        }
        if let Some(TagChange { set, gone }) = mark::tag_change(standing, change)? {
            tag(client, id, set, &gone).await?;
        }
        Ok(())
    }

    /// A zone that is to go with what is in it is emptied before, a batch at a time.
    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let id = standing.identity.0.as_str();
        let sending = client.route53.delete_hosted_zone().id(id).send();
        match client.send(call("DeleteHostedZone"), sending).await {
            Ok(_) => Ok(Progress::Gone),
            Err(failure) if failure.code == "NoSuchHostedZone" => Ok(Progress::Gone),
            Err(failure) if failure.code == "HostedZoneNotEmpty" => {
                if Fields::of(&standing.desired.attributes).bool_or("force_destroy", false)? {
                    empty(client, id).await?;
                    return Ok(waiting("deleting records"));
                }
                let hint = "delete its records, or set `force_destroy` and apply that first, which deletes them";
                Err(Failure { hint: Some(hint.to_owned()), ..failure })
            }
            Err(failure) => Err(failure),
        }
    }
}

/// A zone as two calls answer it.
pub(crate) struct Answered {
    zone: HostedZone,
    vpcs: Vec<Seen>,
    servers: Vec<String>,
    primary: Option<String>,
}

impl Answered {
    fn id(&self) -> &str {
        bare(&self.zone.id)
    }
}

/// The zone, if it is there.
pub(crate) async fn zone(client: &Client, id: &str) -> Result<Option<Answered>, Failure> {
    let sending = client.route53.get_hosted_zone().id(id).send();
    let Some(answer) = in_zone(client.send(call("GetHostedZone"), sending).await)? else { return Ok(None) };
    let GetHostedZoneOutput { hosted_zone: Some(zone), vpcs, .. } = answer else {
        return Err(unreadable(Service::Route53, "GetHostedZone", "HostedZone"));
    };
    let seen = |vpc: Vpc| {
        let region = vpc.vpc_region.map(|region| region.as_str().to_owned());
        (region.unwrap_or_default(), vpc.vpc_id.unwrap_or_default())
    };
    let vpcs = vpcs.unwrap_or_default().into_iter().map(seen).collect();
    // Beside NS and SOA a name can have PTR records, which stand between.
    let Some(own) = record_sets_from(client, id, &zone.name, "NS", None, 3).await? else { return Ok(None) };
    let values = |kind: RrType| {
        let of_zone = own.iter().find(|set| set.r#type == kind && plain(&set.name) == plain(&zone.name));
        let records = of_zone.map(ResourceRecordSet::resource_records).unwrap_or_default();
        records.iter().map(|record| record.value.trim_end_matches('.').to_owned()).collect::<Vec<_>>()
    };
    let mut servers = values(RrType::Ns);
    servers.sort();
    let authority = values(RrType::Soa);
    let primary = authority.first().and_then(|soa| soa.split(' ').next());
    let primary = primary.map(|server| server.trim_end_matches('.').to_owned());
    Ok(Some(Answered { zone, vpcs, servers, primary }))
}

/// What the two calls and its tags say of a zone; its name as it was given, where that says the same.
pub(crate) fn described(
    there: &Answered,
    tags: &BTreeMap<String, String>,
    given: &Attributes,
    client: &Client,
) -> Observed {
    let id = there.id();
    let name = Fields::of(given).maybe_text("name").ok().flatten();
    Observed::new()
        .with("name", shown(name, &there.zone.name))
        .with("comment", there.zone.config.as_ref().and_then(|config| config.comment.clone()))
        .tagged(tags)
        .with("id", id)
        .with("zone_id", id)
        .with("arn", format!("arn:{}:route53:::hostedzone/{id}", partition(&client.region)))
        .with_list("name_servers", there.servers.iter().map(String::as_str))
        .with("primary_name_server", there.primary.clone())
}

fn observe(there: &Answered, tags: &BTreeMap<String, String>, given: &Attributes, client: &Client) -> Attributes {
    let block = |(region, id): &Seen| {
        Observed::new().with("vpc_id", id.as_str()).with("vpc_region", region.as_str()).into_datum()
    };
    described(there, tags, given, client).with_list("vpc", there.vpcs.iter().map(block)).finish(SCHEMA)
}

/// The VPCs that a zone is to have.
fn seen_by(client: &Client, desired: &Attributes) -> Result<Vec<Seen>, Failure> {
    let seen = |block: Fields<'_>| {
        let region = block.maybe_string("vpc_region")?.unwrap_or_else(|| client.region.clone());
        Ok((region, block.text("vpc_id")?.to_owned()))
    };
    Fields::of(desired).blocks("vpc")?.into_iter().map(seen).collect()
}

fn vpc((region, id): &Seen) -> Vpc {
    Vpc::builder().vpc_region(VpcRegion::from(region.as_str())).vpc_id(id).build()
}

/// The zone that a caller reference made, among all of the account.
async fn by_reference(client: &Client, reference: &str) -> Result<Option<Identity>, Failure> {
    let mut marker = None;
    loop {
        let sending = client.route53.list_hosted_zones().set_marker(marker).send();
        let answer = client.send(call("ListHostedZones"), sending).await?;
        if let Some(zone) = answer.hosted_zones.iter().find(|zone| zone.caller_reference == reference) {
            return Ok(Some(Identity(bare(&zone.id).to_owned())));
        }
        marker = answer.next_marker.filter(|_| answer.is_truncated);
        if marker.is_none() {
            return Ok(None);
        }
    }
}

/// The tags of zones that are there, by id.
pub(crate) async fn tags(
    client: &Client,
    zones: &[String],
) -> Result<BTreeMap<String, BTreeMap<String, String>>, Failure> {
    let mut found = BTreeMap::new();
    for some in zones.chunks(AT_ONCE) {
        let sending = client
            .route53
            .list_tags_for_resources()
            .resource_type(TagResourceType::Hostedzone)
            .set_resource_ids(Some(some.to_vec()))
            .send();
        let answer = client.send(call("ListTagsForResources"), sending).await?;
        for set in answer.resource_tag_sets {
            let tags = set.tags.unwrap_or_default().into_iter();
            let tags = tags.filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default()))).collect();
            found.insert(set.resource_id.unwrap_or_default(), tags);
        }
    }
    Ok(found)
}

/// Sets tags and takes others off, ten at a time.
async fn tag(client: &Client, id: &str, set: BTreeMap<String, String>, gone: &[String]) -> Result<(), Failure> {
    let set: Vec<Tag> = set.into_iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect();
    let (mut added, mut removed) = (set.chunks(AT_ONCE), gone.chunks(AT_ONCE));
    loop {
        let (some, others) = (added.next(), removed.next());
        if some.is_none() && others.is_none() {
            return Ok(());
        }
        let sending = client
            .route53
            .change_tags_for_resource()
            .resource_type(TagResourceType::Hostedzone)
            .resource_id(id)
            .set_add_tags(some.map(<[Tag]>::to_vec))
            .set_remove_tag_keys(others.map(<[String]>::to_vec))
            .send();
        client.send(call("ChangeTagsForResource"), sending).await?;
    }
}

/// Deletes a batch of the records that are not the zone's own.
async fn empty(client: &Client, id: &str) -> Result<(), Failure> {
    let sending = client.route53.get_hosted_zone().id(id).send();
    let zone = in_zone(client.send(call("GetHostedZone"), sending).await)?.and_then(|answer| answer.hosted_zone);
    let Some((zone, sets)) = zone.zip(record_sets(client, id).await?) else { return Ok(()) };
    let own = |set: &ResourceRecordSet| {
        matches!(set.r#type, RrType::Ns | RrType::Soa) && plain(&set.name) == plain(&zone.name)
    };
    let mut going: Vec<_> = sets.into_iter().filter(|set| !own(set)).collect();
    // An alias goes before what it stands for.
    going.sort_by_key(|set| set.alias_target.is_none());
    let going: Vec<_> = going.into_iter().take(BATCH).map(|set| (ChangeAction::Delete, set)).collect();
    if going.is_empty() { Ok(()) } else { change(client, id, going).await }
}

/// The ids of the zones of a name, public or private.
pub(crate) async fn named(client: &Client, name: &str, private: bool) -> Result<Vec<String>, Failure> {
    let (mut found, mut from, mut after) = (Vec::new(), Some(name.to_owned()), None);
    loop {
        let sending = client.route53.list_hosted_zones_by_name().set_dns_name(from).set_hosted_zone_id(after).send();
        let answer = client.send(call("ListHostedZonesByName"), sending).await?;
        let is_named = |zone: &&HostedZone| plain(&zone.name) == plain(name);
        let is_meant = |zone: &&HostedZone| zone.config.as_ref().is_some_and(|config| config.private_zone) == private;
        let fitting = answer.hosted_zones.iter().filter(is_named).filter(is_meant);
        found.extend(fitting.map(|zone| bare(&zone.id).to_owned()));
        // Those of one name stand together, at the beginning.
        if !answer.is_truncated || !answer.hosted_zones.iter().all(|zone| is_named(&zone)) {
            return Ok(found);
        }
        (from, after) = (answer.next_dns_name, answer.next_hosted_zone_id);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use fathuss_engine::Provider;
    use fathuss_engine::provider::{LookupRequest, Observation, Progress};
    use fathuss_state::Identity;
    use serde_json::{Value, json};

    use crate::asked::{attributes, make, read, standing};
    use crate::canned::Canned;
    use crate::mark;

    const AT: &str = "s.aws_route53_zone.main";
    const GET: &str = "GET /2013-04-01/hostedzone/Z1";
    const RECORDS: &str = "GET /2013-04-01/hostedzone/Z1/rrset";
    const TAGS: &str = "POST /2013-04-01/tags/hostedzone";
    const TAG: &str = "POST /2013-04-01/tags/hostedzone/Z1";
    const MAKE: &str = "POST /2013-04-01/hostedzone";
    const ALL: &str = "GET /2013-04-01/hostedzone";

    fn zone(private: bool) -> String {
        format!(
            "<HostedZone><Id>/hostedzone/Z1</Id><Name>main.test.</Name><CallerReference>{}</CallerReference><Config>\
             <Comment>why</Comment><PrivateZone>{private}</PrivateZone></Config></HostedZone>",
            "f".repeat(64)
        )
    }

    fn got(vpcs: &[&str]) -> String {
        let vpcs: String =
            vpcs.iter().map(|vpc| format!("<VPC><VPCRegion>us-east-1</VPCRegion><VPCId>{vpc}</VPCId></VPC>")).collect();
        let seen = if vpcs.is_empty() { String::new() } else { format!("<VPCs>{vpcs}</VPCs>") };
        format!("<GetHostedZoneResponse>{}{seen}</GetHostedZoneResponse>", zone(!vpcs.is_empty()))
    }

    fn own_records() -> String {
        let set = |kind: &str, values: &[&str]| {
            let values: String =
                values.iter().map(|value| format!("<ResourceRecord><Value>{value}</Value></ResourceRecord>")).collect();
            format!(
                "<ResourceRecordSet><Name>main.test.</Name><Type>{kind}</Type><TTL>900</TTL><ResourceRecords>{values}\
                 </ResourceRecords></ResourceRecordSet>"
            )
        };
        format!(
            "<ListResourceRecordSetsResponse><ResourceRecordSets>{}{}</ResourceRecordSets><IsTruncated>false</IsTruncated>\
             <MaxItems>3</MaxItems></ListResourceRecordSetsResponse>",
            set("NS", &["ns-2.awsdns-00.net.", "ns-1.awsdns-00.com."]),
            set("SOA", &["ns-1.awsdns-00.com. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"]),
        )
    }

    fn tagged(more: &[(&str, &str)]) -> String {
        let mark = mark::tags(&make(AT, json!({})).mark);
        let all = mark.iter().map(|(key, value)| (key.as_str(), value.as_str())).chain(more.iter().copied());
        let tags: String =
            all.map(|(key, value)| format!("<Tag><Key>{key}</Key><Value>{value}</Value></Tag>")).collect();
        format!(
            "<ListTagsForResourcesResponse><ResourceTagSets><ResourceTagSet><ResourceType>hostedzone</ResourceType>\
             <ResourceId>Z1</ResourceId><Tags>{tags}</Tags></ResourceTagSet></ResourceTagSets></ListTagsForResourcesResponse>"
        )
    }

    fn refusal(code: &str) -> String {
        format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>no</Message></Error>\
             <RequestId>r-2</RequestId></ErrorResponse>"
        )
    }

    fn there(vpcs: &[&str]) -> Arc<Canned> {
        Canned::new().xml(GET, 200, &got(vpcs)).xml(RECORDS, 200, &own_records()).xml(TAGS, 200, &tagged(&[]))
    }

    fn listed() -> String {
        format!(
            "<ListHostedZonesResponse><HostedZones>{}</HostedZones><Marker></Marker><IsTruncated>false</IsTruncated>\
             <MaxItems>100</MaxItems></ListHostedZonesResponse>",
            zone(false)
        )
    }

    fn body(canned: &Arc<Canned>, operation: &str) -> String {
        let seen = canned.seen();
        seen.iter().find(|seen| seen.operation == operation).unwrap().get("body").unwrap().to_owned()
    }

    fn wanted(more: Value) -> Value {
        let mut wanted = json!({ "name": "main.test", "comment": "why" });
        wanted.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        wanted
    }

    #[tokio::test]
    async fn a_zone_is_read_with_its_servers_and_without_its_mark() {
        let canned = there(&[]);
        let answer = canned.aws().read(&[read(AT, "Z1")]).await;
        let Ok(Observation::Present(zone)) = &answer.observations[0] else { panic!("{answer:?}") };
        let servers = json!(["ns-1.awsdns-00.com", "ns-2.awsdns-00.net"]);
        assert_eq!(serde_json::to_value(&zone["name_servers"]).unwrap(), servers);
        assert_eq!(zone["primary_name_server"], "ns-1.awsdns-00.com".into());
        assert_eq!(zone["arn"], "arn:aws:route53:::hostedzone/Z1".into());
        assert!(!zone.contains_key("tags") && !zone.contains_key("vpc"));
        assert_eq!(canned.operations(), [GET, RECORDS, TAGS]);
        assert!(canned.seen().iter().all(|seen| seen.host == "route53.amazonaws.com"), "{:?}", canned.seen());
        let gone = Canned::new().xml(GET, 404, &refusal("NoSuchHostedZone"));
        assert_eq!(gone.aws().read(&[read(AT, "Z1")]).await.observations[0], Ok(Observation::Absent));
        assert_eq!(gone.operations(), [GET]);
    }

    #[tokio::test]
    async fn a_second_request_with_the_token_finds_what_the_first_one_made() {
        let canned = Canned::new().xml(MAKE, 409, &refusal("HostedZoneAlreadyExists")).xml(ALL, 200, &listed());
        let made = canned.aws().create(&make(AT, wanted(json!({})))).await;
        assert_eq!(made, Ok(Identity("Z1".to_owned())));
        assert!(body(&canned, MAKE).contains(&"f".repeat(64)));
    }

    #[tokio::test]
    async fn what_the_creating_call_does_not_take_is_set_step_by_step() {
        let vpcs = json!({ "vpc": [{ "vpc_id": "vpc-1" }, { "vpc_id": "vpc-2" }] });
        let untagged = "<ListTagsForResourcesResponse><ResourceTagSets/></ListTagsForResourcesResponse>";
        let canned = Canned::new()
            .xml(GET, 200, &got(&["vpc-1"]))
            .xml(RECORDS, 200, &own_records())
            .xml(TAGS, 200, untagged)
            .xml(TAG, 200, "<ChangeTagsForResourceResponse/>");
        let waits = |state: &str| Ok(Progress::Waiting { state: state.to_owned() });
        let standing = standing(AT, "Z1", wanted(vpcs));
        assert_eq!(canned.aws().settle(&standing).await, waits("setting tags"));
        assert!(body(&canned, TAG).contains("fathuss:lineage"));

        let associate = "POST /2013-04-01/hostedzone/Z1/associatevpc";
        let changed = "<AssociateVPCWithHostedZoneResponse><ChangeInfo><Id>/change/C1</Id><Status>PENDING</Status>\
                       <SubmittedAt>2026-01-05T09:00:00Z</SubmittedAt></ChangeInfo></AssociateVPCWithHostedZoneResponse>";
        let canned = there(&["vpc-1"]).xml(associate, 200, changed);
        assert_eq!(canned.aws().settle(&standing).await, waits("associating a VPC"));
        assert!(body(&canned, associate).contains("vpc-2"));
        let canned = there(&["vpc-1", "vpc-2"]);
        assert!(matches!(canned.aws().settle(&standing).await, Ok(Progress::Ready(_))));
    }

    #[tokio::test]
    async fn a_zone_with_records_is_kept_unless_it_is_to_be_forced() {
        let delete = "DELETE /2013-04-01/hostedzone/Z1";
        let canned = Canned::new().xml(delete, 400, &refusal("HostedZoneNotEmpty"));
        let failure = canned.aws().delete(&standing(AT, "Z1", wanted(json!({})))).await.unwrap_err();
        assert!(failure.hint.unwrap().contains("force_destroy"));
        let canned = there(&[]).xml(delete, 400, &refusal("HostedZoneNotEmpty"));
        let forced = standing(AT, "Z1", wanted(json!({ "force_destroy": true })));
        assert_eq!(canned.aws().delete(&forced).await, Ok(Progress::Waiting { state: "deleting records".to_owned() }));
        assert_eq!(canned.operations(), [delete, GET, RECORDS], "its own records are not deleted");
    }

    #[tokio::test]
    async fn a_lookup_takes_the_only_zone_of_a_name_that_has_the_tags() {
        let by_name = "GET /2013-04-01/hostedzonesbyname";
        let named = format!(
            "<ListHostedZonesByNameResponse><HostedZones>{}{}</HostedZones><IsTruncated>false</IsTruncated>\
             <MaxItems>100</MaxItems></ListHostedZonesByNameResponse>",
            zone(false),
            zone(true).replace("Z1", "Z2")
        );
        let lookup = |desired: Value| LookupRequest {
            address: "s.aws_route53_zone_lookup.main".parse().unwrap(),
            region: "us-west-2".to_owned(),
            desired: attributes(desired),
        };
        let canned = there(&[]).xml(by_name, 200, &named);
        let found = canned.aws().lookup(&lookup(json!({ "name": "main.test" }))).await.unwrap();
        assert_eq!((&found["id"], &found["private_zone"]), (&"Z1".into(), &false.into()));
        assert_eq!(canned.operations(), [by_name, GET, RECORDS]);
        let canned = there(&[]).xml(by_name, 200, &named);
        let tagged = lookup(json!({ "name": "main.test", "tags": { "Use": "other" } }));
        let failure = canned.aws().lookup(&tagged).await.unwrap_err();
        assert_eq!(failure.code, "NoZone");
        assert!(failure.message.contains("with these tags"), "{}", failure.message);
    }
}
