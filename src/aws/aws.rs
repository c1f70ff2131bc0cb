//! [`Aws`]: the engine's provider, by the table of types.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::rc::Rc;

use async_trait::async_trait;
use fathuss_engine::Provider;
use fathuss_engine::proposal::{Objection, Outlook, Proposed};
use fathuss_engine::provider::{
    Attributes, CallCounts, Failure, FailureClass, Found, LookupRequest, MakeRequest, Observation, Progress,
    ReadAnswer, ReadRequest, SecretText, Standing, Survivor, UpdateRequest,
};
use fathuss_model::Resource as _;
use fathuss_model::aws::EksCluster;
use fathuss_model::schema::Schema;
use fathuss_model::transition::Becoming;
use fathuss_state::Identity;
use futures::future::{join_all, try_join_all, try_join5};

use crate::call::{Call, Service};
use crate::client::{Client, Config, Gate};
use crate::failure::{refused, unreadable};
use crate::kind::{Kind, Lookup};
use crate::table::{KINDS, LOOKUPS};
use crate::{
    backup_vault, deletion_protection, eks_left_by, eks_node_group, iam_account, import_id, last_snapshot,
    mapped_address, mark, offered, s3_bucket,
};

/// AWS, every region of one account.
pub struct Aws {
    config: Config,
    clients: RefCell<BTreeMap<String, Rc<Client>>>,
    gate: Rc<Gate>,
}

impl Aws {
    /// Reaches AWS as `config` says. No call is sent before one is asked for.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let gate = Rc::new(Gate::new(&config));
        Self { config, clients: RefCell::default(), gate }
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    /// The clients of a region, made when it is first asked for.
    #[must_use]
    pub fn client(&self, region: &str) -> Rc<Client> {
        let mut clients = self.clients.borrow_mut();
        let client = clients
            .entry(region.to_owned())
            .or_insert_with(|| Rc::new(Client::new(&self.config, region, Rc::clone(&self.gate))));
        Rc::clone(client)
    }

    /// Asks whose credentials these are, and refuses another account than the one allowed. Gives the account.
    ///
    /// To be called before anything is read.
    pub async fn verify_account(&self, region: &str) -> Result<String, Failure> {
        let client = self.client(region);
        let call = Call::new(Service::Sts, "GetCallerIdentity");
        let answer = client.send(call, client.sts.get_caller_identity().send()).await;
        let answer = answer.map_err(|failure| match failure.code.as_str() {
            // A region that is misspelt has no name server that knows it.
            "NoAnswer" | "TimedOut" => {
                Failure { hint: Some(format!("check the connection, and that {region} is a region of AWS")), ..failure }
            }
            _ => failure,
        })?;
        let account = answer.account.ok_or_else(|| unreadable(Service::Sts, "GetCallerIdentity", "account"))?;
        if let Some(allowed) = self.config.allowed_account().filter(|allowed| *allowed != account) {
            return Err(Failure {
                class: FailureClass::Denied,
                hint: Some("check AWS_PROFILE, or `account` in fathuss.toml".to_owned()),
                ..refused(
                    "WrongAccount",
                    format!("the credentials are for account {account}, this stack may touch {allowed} alone"),
                )
            });
        }
        Ok(account)
    }

    fn kind(address: &fathuss_model::Address) -> Result<&'static dyn Kind, Failure> {
        find_kind(address.kind()).ok_or_else(|| unknown(address.kind()))
    }
}

impl fmt::Debug for Aws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Aws").field("config", &self.config).finish_non_exhaustive()
    }
}

fn find_kind(name: &str) -> Option<&'static dyn Kind> {
    KINDS.iter().copied().find(|kind| kind.schema().kind == name)
}

fn find_lookup(name: &str) -> Option<&'static dyn Lookup> {
    LOOKUPS.iter().copied().find(|lookup| lookup.schema().kind == name)
}

fn unknown(kind: &str) -> Failure {
    refused("UnknownType", format!("this release knows no type `{kind}`"))
}

#[async_trait(?Send)]
impl Provider for Aws {
    fn schema(&self, kind: &str) -> Option<&'static Schema> {
        find_kind(kind).map(Kind::schema).or_else(|| find_lookup(kind).map(Lookup::schema))
    }

    async fn read(&self, requests: &[ReadRequest]) -> ReadAnswer {
        let mut observations: Vec<Option<Result<Observation, Failure>>> = vec![None; requests.len()];
        let mut groups: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
        for (at, request) in requests.iter().enumerate() {
            match Self::kind(&request.address) {
                Ok(kind) => groups.entry((&request.region, kind.family())).or_default().push(at),
                Err(failure) => observations[at] = Some(Err(failure)),
            }
        }
        let reads = groups.into_iter().filter_map(|((region, family), places)| {
            let reader = KINDS.iter().copied().find(|kind| kind.family() == family)?;
            let batch: Vec<ReadRequest> = places.iter().map(|at| requests[*at].clone()).collect();
            let client = self.client(region);
            Some(async move { (places, reader.read(&client, &batch).await) })
        });
        let (mut strays, mut marks) = (Vec::new(), BTreeMap::new());
        for (places, batch) in join_all(reads).await {
            strays.extend(batch.strays);
            for (at, mut observation) in places.into_iter().zip(batch.observations) {
                if let Ok(Observation::Present(attributes)) = &mut observation
                    && let Some(carried) = mark::take(attributes, &requests[at].address)
                {
                    marks.insert(requests[at].address.clone(), carried);
                }
                observations[at] = Some(observation);
            }
        }
        let unanswered = || Err(refused("Unanswered", "the read gave no answer for this resource".to_owned()));
        let observations = observations.into_iter().map(|it| it.unwrap_or_else(unanswered)).collect();
        ReadAnswer { observations, strays, marks }
    }

    async fn lookup(&self, request: &LookupRequest) -> Result<Attributes, Failure> {
        let lookup = find_lookup(request.address.kind()).ok_or_else(|| unknown(request.address.kind()))?;
        lookup.lookup(&self.client(&request.region), request).await
    }

    async fn create(&self, request: &MakeRequest) -> Result<Identity, Failure> {
        Self::kind(&request.address)?.create(&self.client(&request.region), request).await
    }

    async fn find(&self, request: &MakeRequest) -> Result<Found, Failure> {
        Self::kind(&request.address)?.find(&self.client(&request.region), request).await
    }

    async fn settle(&self, standing: &Standing) -> Result<Progress, Failure> {
        let mut progress = Self::kind(&standing.address)?.settle(&self.client(&standing.region), standing).await?;
        if let Progress::Ready(attributes) | Progress::Deferred { attributes, .. } = &mut progress {
            mark::take(attributes, &standing.address);
        }
        Ok(progress)
    }

    async fn update(&self, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure> {
        Self::kind(&standing.address)?.update(&self.client(&standing.region), standing, change).await
    }

    async fn delete(&self, standing: &Standing) -> Result<Progress, Failure> {
        Self::kind(&standing.address)?.delete(&self.client(&standing.region), standing).await
    }

    async fn advice(&self, standing: &Standing) -> Option<String> {
        Self::kind(&standing.address).ok()?.advice(&self.client(&standing.region), standing).await
    }

    async fn objections(&self, proposed: &Proposed) -> Result<Vec<Objection>, Failure> {
        let all = proposed.made.values().chain(proposed.deleted.values());
        let regions: BTreeSet<&str> = all.map(|proposal| proposal.region.as_str()).collect();
        let asked = regions.into_iter().map(async |region| {
            let client = self.client(region);
            let (offered, taken, full, others, mapped) = try_join5(
                offered::objections(&client, proposed),
                last_snapshot::objections(&client, &proposed.deleted),
                s3_bucket::objections(&client, &proposed.deleted),
                iam_account::objections(&client, &proposed.deleted),
                mapped_address::objections(&client, proposed),
            )
            .await?;
            Ok::<_, Failure>([offered, taken, full, others, mapped].concat())
        });
        let held = backup_vault::objections(&proposed.deleted)?;
        let guarded = deletion_protection::objections(&proposed.deleted)?;
        Ok(try_join_all(asked).await?.into_iter().flatten().chain(held).chain(guarded).collect())
    }

    async fn outlook(&self, proposed: &Proposed) -> Result<Outlook, Failure> {
        let clusters = proposed.deleted.iter().filter(|(address, _)| address.kind() == EksCluster::SCHEMA.kind);
        let along = clusters.map(async |(address, proposal)| {
            eks_left_by::along(&self.client(&proposal.region), address, proposal).await
        });
        let along = try_join_all(along).await?.concat();
        Ok(Outlook { along, remarks: eks_node_group::replaced(proposed), ..Outlook::default() })
    }

    fn check_identity(&self, kind: &str, identity: &Identity) -> Result<(), Failure> {
        import_id::check(kind, identity)
    }

    fn identity(&self, kind: &str, attributes: &Attributes) -> Option<Identity> {
        find_kind(kind)?.identity(attributes)
    }

    fn deferral(&self, kind: &str, attributes: &Attributes) -> Option<String> {
        find_kind(kind).and_then(|kind| kind.deferral(attributes))
    }

    fn remarks(&self, kind: &str, becoming: &Becoming<'_>) -> Vec<String> {
        find_kind(kind).map(|kind| kind.remarks(becoming)).unwrap_or_default()
    }

    fn survivors(&self, kind: &str, attributes: &Attributes) -> Vec<Survivor> {
        find_kind(kind).map(|kind| kind.survivors(attributes)).unwrap_or_default()
    }

    async fn reveal(&self, kind: &str, region: &str, identity: &Identity) -> Result<SecretText, Failure> {
        let keeper = find_kind(kind).ok_or_else(|| unknown(kind))?;
        keeper.reveal(&self.client(region), identity).await
    }

    fn calls(&self) -> CallCounts {
        self.gate.counts()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asked::{make, read};
    use crate::canned::Canned;
    use fathuss_state::{Fence, StateError};
    use serde_json::json;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    #[tokio::test]
    async fn every_call_goes_to_the_region_of_its_address() {
        let canned = Canned::new()
            .answer("CreateVpc", "<vpc><vpcId>vpc-1</vpcId></vpc>")
            .answer("DescribeSubnets", "<subnetSet/>");
        let aws = canned.aws();
        let mut request = make("s.aws_vpc.main", json!({ "cidr_block": "10.0.0.0/16" }));
        request.region = "us-west-2".to_owned();
        aws.create(&request).await.unwrap();
        let mut request = read("s.aws_subnet.a", "subnet-1");
        request.region = "us-west-2".to_owned();
        aws.read(&[request]).await;
        assert!(canned.seen().iter().all(|seen| seen.host == "ec2.us-west-2.amazonaws.com"), "{:?}", canned.seen());
    }

    #[tokio::test]
    async fn what_changes_anything_is_sent_only_while_the_state_is_this_run_s() {
        let canned = Canned::new()
            .answer("CreateVpc", "<vpc><vpcId>vpc-1</vpcId></vpc>")
            .answer("DescribeSubnets", "<subnetSet/>");
        let held = Arc::new(AtomicBool::new(true));
        let asked = Arc::clone(&held);
        let gone =
            || StateError::NotHeld { path: "s3://states/demo".to_owned(), reason: "its lease lapsed".to_owned() };
        let fence: Fence = Arc::new(move || if asked.load(Ordering::Relaxed) { Ok(()) } else { Err(gone()) });
        let aws = Aws::new(canned.config().fence(fence));
        let request = make("s.aws_vpc.main", json!({ "cidr_block": "10.0.0.0/16" }));
        aws.create(&request).await.unwrap();
        held.store(false, Ordering::Relaxed);
        let failure = aws.create(&request).await.unwrap_err();
        assert_eq!((failure.class, failure.code.as_str()), (FailureClass::Refused, "NotHeld"));
        assert!(failure.message.contains("its lease lapsed"), "{failure:?}");
        aws.read(&[read("s.aws_subnet.a", "subnet-1")]).await;
        assert_eq!(canned.operations(), ["CreateVpc", "DescribeSubnets"]);
    }

    #[tokio::test]
    async fn calls_and_throttles_are_counted() {
        let canned = Canned::new()
            .refuse("CreateVpc", 503, "RequestLimitExceeded", "Request limit exceeded.")
            .answer("CreateVpc", "<vpc><vpcId>vpc-1</vpcId></vpc>");
        let (aws, request) = (canned.aws(), make("s.aws_vpc.main", json!({ "cidr_block": "10.0.0.0/16" })));
        assert_eq!(aws.create(&request).await.unwrap_err().class, FailureClass::Throttled);
        aws.create(&request).await.unwrap();
        let counts = aws.calls();
        assert_eq!(counts.operations.get(&("EC2".to_owned(), "CreateVpc".to_owned())), Some(&2));
        assert_eq!((counts.total(), counts.throttled), (2, 1));
    }

    #[tokio::test]
    async fn another_account_than_the_one_allowed_is_refused() {
        let canned = Canned::new().result("GetCallerIdentity", "<Account>222222222222</Account>");
        let aws = Aws::new(canned.config().account("111122223333"));
        let failure = aws.verify_account("us-east-1").await.unwrap_err();
        assert_eq!((failure.class, failure.code.as_str()), (FailureClass::Denied, "WrongAccount"));
        let aws = Aws::new(canned.config().account("222222222222"));
        assert_eq!(aws.verify_account("us-east-1").await.unwrap(), "222222222222");
    }

    #[tokio::test]
    async fn a_type_that_is_not_known_is_said_and_keeps_its_place() {
        let canned = Canned::new().answer("DescribeSubnets", "<subnetSet/>");
        let answer = canned.aws().read(&[read("s.aws_moon.a", "m-1"), read("s.aws_subnet.a", "subnet-1")]).await;
        assert_eq!(answer.observations[0].as_ref().unwrap_err().code, "UnknownType");
        assert_eq!(answer.observations[1], Ok(Observation::Absent));
    }
}
