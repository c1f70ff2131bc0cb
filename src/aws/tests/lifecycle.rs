//! The life of each type against the simulator, in this process and in virtual time: made, found,
//! read without a difference, changed in place, taken away.
//!
//! What runs here is what the engine would do, without its state: a call, and
//! steps until one says that it is done.

use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use bytes::Bytes;
use fathuss_aws::{Aws, Config, Reply, Transport, TransportFault};
use fathuss_engine::diff::{default_of, diff};
use fathuss_engine::provider::{
    Attributes, Desired, Failure, FailureClass, Found, LookupRequest, MakeRequest, Mark, Observation, Progress,
    ReadRequest, SecretText, Standing, UpdateRequest,
};
use fathuss_engine::{Clock, Provider};
use fathuss_model::{Address, Datum, Lifecycle, Partial};
use fathuss_simulator::Simulator;
use fathuss_state::Identity;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

const ACCOUNT: &str = "000000000000";

/// A world and the provider that acts on it.
struct World {
    aws: Aws,
    simulator: Simulator,
}

impl World {
    fn new() -> Self {
        // AWS's limits and lags: what was made a moment ago is not seen by every read.
        let simulator = Simulator::open(fathuss_simulator::Config::new(11)).unwrap();
        let told = simulator.clone();
        let now = Arc::new(move || SystemTime::UNIX_EPOCH + since_1970(&told));
        let credentials = Credentials::new("test", "test", None, None, "test");
        let config = Config::new(credentials, Rc::new(Virtual(simulator.clone())))
            .transport(Arc::new(InProcess(simulator.clone())), now)
            .account(ACCOUNT)
            .lineage("lineage-1");
        Self { aws: Aws::new(config), simulator }
    }

    /// Asks AWS as somebody else does, for what is of no type of ours. The answer's status and text.
    async fn ask(&self, service: &str, version: &str, action: &str, given: &[(&str, &str)]) -> (u16, String) {
        let mut body = format!("Action={action}&Version={version}");
        for (name, value) in given {
            body.push_str(&format!("&{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)));
        }
        let host = format!("{service}.us-east-1.amazonaws.com");
        let url = format!("https://{host}/");
        let headers = [("host", host.as_str()), ("content-type", "application/x-www-form-urlencoded")];
        let identity = Credentials::new("test", "test", None, None, "test").into();
        let signed = v4::SigningParams::builder()
            .identity(&identity)
            .region("us-east-1")
            .name(service)
            .time(SystemTime::UNIX_EPOCH + since_1970(&self.simulator))
            .settings(SigningSettings::default())
            .build()
            .unwrap();
        let signable =
            SignableRequest::new("POST", &url, headers.into_iter(), SignableBody::Bytes(body.as_bytes())).unwrap();
        let (instructions, _) = sign(signable, &signed.into()).unwrap().into_parts();
        let mut request = http::Request::post(&url);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let mut request = request.body(Bytes::from(body.clone())).unwrap();
        instructions.apply_to_request_http1x(&mut request);
        let answer = self.simulator.handle(request).await.unwrap();
        (answer.status().as_u16(), String::from_utf8(answer.body().to_vec()).unwrap())
    }

    /// Makes it and waits until it is usable; holds that it is found, reads the same twice, and shows no difference.
    async fn make(&self, address: &str, desired: Value) -> Standing {
        let (request, standing) = self.make_unfound(address, desired).await;
        let found = self.until(address, || self.aws.find(&request)).await;
        assert_eq!(found, Found::Ours(standing.identity.clone()), "{address}");
        standing
    }

    /// `make` for what a search doesn't find yet.
    async fn make_unfound(&self, address: &str, desired: Value) -> (MakeRequest, Standing) {
        let request = self.request(address, desired);
        let identity = self.until(address, || self.aws.create(&request)).await;
        let standing = request.clone().standing(identity);
        let settled = self.settle(&standing).await;
        assert_eq!(self.differences(&standing, &settled), Vec::<String>::new(), "{address} differs once made");
        let read = self.read(&standing).await.unwrap();
        assert_eq!(read, settled, "{address} reads otherwise than it settled");
        (request, standing)
    }

    /// Changes it in place; holds that nothing differs afterwards.
    async fn change(&self, standing: &Standing, changes: Value) -> Standing {
        let before = self.read(standing).await.unwrap();
        let mut changed = standing.clone();
        let Value::Object(changes) = changes else { panic!("changes are an object") };
        for (name, value) in changes {
            changed.desired.attributes.insert(name, serde_json::from_value(value).unwrap());
        }
        changed.token = "e".repeat(64);
        let paths = self.differences(&changed, &before);
        assert!(!paths.is_empty(), "{}: nothing to change", standing.address);
        let mut names: Vec<String> =
            paths.iter().map(|path| path.split(['.', ' ']).next().unwrap().to_owned()).collect();
        names.dedup();
        let request = UpdateRequest { before, changed: names };
        self.until(&standing.address.to_string(), || self.aws.update(&changed, &request)).await;
        let settled = self.settle(&changed).await;
        let left = self.differences(&changed, &settled);
        assert_eq!(left, Vec::<String>::new(), "{} differs once changed", standing.address);
        changed
    }

    /// Takes it away; holds that it is gone and that taking it away again is no failure.
    async fn destroy(&self, standing: &Standing) {
        let address = standing.address.to_string();
        loop {
            match self.until(&address, || self.aws.delete(standing)).await {
                Progress::Gone => break,
                Progress::Waiting { .. } => tokio::time::sleep(Duration::from_secs(10)).await,
                Progress::Ready(_) | Progress::Deferred { .. } => panic!("{address}: a delete is never ready"),
            }
        }
        assert_eq!(self.read(standing).await, None, "{address}");
        assert_eq!(self.until(&address, || self.aws.delete(standing)).await, Progress::Gone);
    }

    async fn settle(&self, standing: &Standing) -> Attributes {
        let address = standing.address.to_string();
        let mut last = String::new();
        for _ in 0..400 {
            match self.until(&address, || self.aws.settle(standing)).await {
                Progress::Ready(attributes) => return attributes,
                Progress::Waiting { state } => last = state,
                Progress::Gone => panic!("{address} is gone"),
                Progress::Deferred { because, .. } => panic!("{address} is deferred: {because}"),
            }
            tokio::time::sleep(Duration::from_secs(10)).await;
        }
        panic!("{address} never settles: {last}");
    }

    async fn read(&self, standing: &Standing) -> Option<Attributes> {
        let request = ReadRequest {
            address: standing.address.clone(),
            region: standing.region.clone(),
            identity: standing.identity.clone(),
            recorded: standing.desired.attributes.clone(),
        };
        let observation = self
            .until(&standing.address.to_string(), || async {
                let mut answer = self.aws.read(std::slice::from_ref(&request)).await;
                answer.observations.remove(0)
            })
            .await;
        match observation {
            Observation::Present(attributes) => Some(attributes),
            Observation::Absent => None,
        }
    }

    /// Calls until it is not too early any more.
    async fn until<T, F: Future<Output = Result<T, Failure>>>(&self, address: &str, call: impl Fn() -> F) -> T {
        for _ in 0..60 {
            match call().await {
                Ok(answer) => return answer,
                Err(failure) if matches!(failure.class, FailureClass::NotYet | FailureClass::Throttled) => {
                    tokio::time::sleep(Duration::from_secs(15)).await;
                }
                Err(failure) => panic!("{address}: {failure} {:?}", failure.hint),
            }
        }
        panic!("{address}: never ready to be called");
    }

    /// A request as the engine makes it, defaults filled in.
    fn request(&self, address: &str, desired: Value) -> MakeRequest {
        let address: Address = address.parse().unwrap();
        let mut attributes: Attributes = serde_json::from_value(desired).unwrap();
        for field in self.aws.schema(address.kind()).unwrap().fields {
            if field.default.is_some() && !attributes.contains_key(field.name) {
                attributes.insert(field.name.to_owned(), default_of(field));
            }
        }
        MakeRequest {
            region: "us-east-1".to_owned(),
            account: ACCOUNT.to_owned(),
            mark: Mark { lineage: "lineage-1".to_owned(), address: address.clone(), generation: 1 },
            token: address.to_string().bytes().map(|byte| format!("{byte:02x}")).collect::<String>().repeat(4)[..64]
                .to_owned(),
            address,
            desired: Desired { attributes, ..Desired::default() },
        }
    }

    /// What a plan would show; what no answer holds is as it was given.
    fn differences(&self, standing: &Standing, observed: &Attributes) -> Vec<String> {
        let schema = self.aws.schema(standing.address.kind()).unwrap();
        let desired = &standing.desired.attributes;
        let mut observed = observed.clone();
        for field in schema.fields.iter().filter(|field| field.instruction || field.ignored_after_creation) {
            if let Some(given) = desired.get(field.name) {
                observed.insert(field.name.to_owned(), given.clone());
            }
        }
        let wanted = desired.iter().map(|(name, value)| (name.clone(), Partial::Known(value.clone()))).collect();
        let changes = diff(schema, &wanted, &observed, &observed, &Lifecycle::default());
        changes.into_iter().map(|change| format!("{} {:?} -> {:?}", change.path, change.before, change.after)).collect()
    }
}

fn since_1970(simulator: &Simulator) -> Duration {
    Duration::from_millis(u64::try_from(simulator.now().as_millisecond()).unwrap())
}

/// The world's clock.
struct Virtual(Simulator);

#[async_trait(?Send)]
impl Clock for Virtual {
    fn now(&self) -> Duration {
        since_1970(&self.0)
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// The simulator as the transport.
struct InProcess(Simulator);

impl std::fmt::Debug for InProcess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InProcess")
    }
}

impl Transport for InProcess {
    fn send(&self, request: http::Request<Bytes>) -> Reply {
        let simulator = self.0.clone();
        Box::pin(
            async move { simulator.handle(request).await.map_err(|fault| TransportFault::Reset(format!("{fault:?}"))) },
        )
    }
}

fn trust(service: &str) -> String {
    json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}]})
    .to_string()
}

fn allow(action: &str) -> String {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}).to_string()
}

#[tokio::test(start_paused = true)]
async fn a_role_with_its_policy_and_profile_lives_and_goes() {
    let world = World::new();
    let role = world
        .make(
            "s.aws_iam_role.nodes",
            json!({"assume_role_policy": trust("ec2.amazonaws.com"), "description": "nodes", "tags": {"Tier": "one"}}),
        )
        .await;
    let name = role.identity.0.clone();
    assert!(name.starts_with("s-nodes-"), "a name is made: {name}");
    let role = world
        .change(
            &role,
            json!({"assume_role_policy": trust("eks.amazonaws.com"), "description": "others",
                "max_session_duration": 7200, "tags": {"Team": "two"}}),
        )
        .await;

    let policy =
        world.make("s.aws_iam_policy.reader", json!({"name": "reader", "policy": allow("s3:GetObject")})).await;
    let mut newest = policy.clone();
    for action in ["s3:a", "s3:b", "s3:c", "s3:d", "s3:e", "s3:f"] {
        newest = world.change(&newest, json!({"policy": allow(action)})).await;
    }

    let ends = json!({"role": name, "policy_arn": policy.identity.0});
    let attached = world.make("s.aws_iam_role_policy_attachment.reader", ends).await;
    let profile = world.make("s.aws_iam_instance_profile.nodes", json!({"role": name, "path": "/of/nodes/"})).await;
    let profile = world.change(&profile, json!({"tags": {"Tier": "one"}})).await;

    let busy = world.aws.delete(&role).await.unwrap_err();
    assert_eq!(busy.class, FailureClass::NotYet, "{busy}");
    world.destroy(&profile).await;
    world.destroy(&attached).await;
    world.destroy(&newest).await;
    world.destroy(&role).await;
}

#[tokio::test(start_paused = true)]
async fn an_issuer_of_identity_tokens_lives_and_goes() {
    let world = World::new();
    let issuer =
        json!({"url": "https://oidc.eks.us-east-1.amazonaws.com/id/ABC", "client_id_list": ["sts.amazonaws.com"]});
    let provider = world.make("s.aws_iam_openid_connect_provider.cluster", issuer).await;
    assert!(provider.identity.0.ends_with(":oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/ABC"));
    let clients = json!({"client_id_list": ["other", "sts.amazonaws.com"], "tags": {"Team": "x"}});
    let provider = world.change(&provider, clients).await;
    world.destroy(&provider).await;
}

#[tokio::test(start_paused = true)]
async fn a_role_of_someone_else_is_not_taken_over() {
    let world = World::new();
    let wanted = json!({"name": "nodes", "assume_role_policy": trust("ec2.amazonaws.com")});
    world.make("s.aws_iam_role.nodes", wanted.clone()).await;
    let other = world.request("s.aws_iam_role.other", wanted);
    let refused = world.aws.create(&other).await.unwrap_err();
    assert_eq!((refused.class, refused.code.as_str()), (FailureClass::Refused, "EntityAlreadyExists"));
    assert_eq!(world.aws.find(&other).await, Ok(Found::Foreign(Identity("nodes".to_owned()))));
}

/// A VPC with one subnet in each of two zones, and a security group: their ids.
async fn network(world: &World) -> (Vec<String>, String) {
    let vpc = world.make("s.aws_vpc.main", json!({"cidr_block": "10.0.0.0/16"})).await;
    let mut subnets = Vec::new();
    for (key, cidr, zone) in [("a", "10.0.0.0/24", "us-east-1a"), ("b", "10.0.1.0/24", "us-east-1b")] {
        let address = format!("s.aws_subnet.private[\"{key}\"]");
        let subnet = json!({"vpc_id": vpc.identity.0, "cidr_block": cidr, "availability_zone": zone});
        subnets.push(world.make(&address, subnet).await.identity.0);
    }
    let group = text(&world.read(&vpc).await.unwrap(), "default_security_group_id");
    (subnets, group)
}

fn text(attributes: &Attributes, path: &str) -> String {
    let value = Datum::Map(attributes.clone());
    value.at(path).and_then(Datum::as_str).unwrap_or_else(|| panic!("no {path}")).to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_database_with_its_groups_lives_and_goes() {
    let world = World::new();
    let (subnets, group) = network(&world).await;
    let subnet_group = world.make("s.aws_db_subnet_group.data", json!({"subnet_ids": subnets})).await;
    let subnet_group = world.change(&subnet_group, json!({"description": "data", "tags": {"Tier": "data"}})).await;
    let parameters = world
        .make(
            "s.aws_db_parameter_group.postgres",
            json!({"name": "pg", "family": "postgres17", "parameter": [
                {"name": "log_statement", "value": "ddl"}, {"name": "rds.force_ssl", "value": "1"}]}),
        )
        .await;
    let parameters = world
        .change(&parameters, json!({"parameter": [{"name": "log_min_duration_statement", "value": "1000"}]}))
        .await;
    // Its default, which RDS does not call set.
    let parameters =
        world.change(&parameters, json!({"parameter": [{"name": "checkpoint_timeout", "value": "300"}]})).await;
    let database = world
        .make(
            "s.aws_db_instance.main",
            json!({
                "identifier": "main", "engine": "postgres", "engine_version": "17", "instance_class": "db.t3.medium",
                "allocated_storage": 20, "max_allocated_storage": 100, "storage_type": "gp3",
                "storage_encrypted": true, "username": "fathuss", "manage_master_user_password": true,
                "db_subnet_group_name": subnet_group.identity.0, "parameter_group_name": "pg",
                "vpc_security_group_ids": [group], "backup_window": "03:00-04:00",
                "maintenance_window": "sun:04:00-sun:05:00", "backup_retention_period": 7,
                "apply_immediately": true, "final_snapshot_identifier": "main-last", "deletion_protection": true,
                "iam_database_authentication_enabled": true, "tags": {"Tier": "data"},
            }),
        )
        .await;
    let observed = world.read(&database).await.unwrap();
    assert!(text(&observed, "endpoint").ends_with(":5432"));
    assert!(text(&observed, "engine_version_actual").starts_with("17."));
    text(&observed, "master_user_secret.secret_arn");

    let protected = world.aws.delete(&database).await.unwrap_err();
    assert_eq!(protected.hint.as_deref(), Some("set deletion_protection to false and apply that first"));
    let busy = world.aws.delete(&parameters).await.unwrap_err();
    assert_eq!(busy.class, FailureClass::NotYet, "{busy}");
    let database = world
        .change(
            &database,
            json!({"instance_class": "db.t3.large", "backup_retention_period": 14, "deletion_protection": false,
                "tags": {"Team": "x"}}),
        )
        .await;
    world.destroy(&database).await;
    world.destroy(&parameters).await;
    world.destroy(&subnet_group).await;
}

#[tokio::test(start_paused = true)]
async fn a_cache_with_its_groups_lives_and_goes() {
    let world = World::new();
    let (subnets, group) = network(&world).await;
    let subnet_group = world.make("s.aws_elasticache_subnet_group.redis", json!({"subnet_ids": subnets})).await;
    let subnet_group = world.change(&subnet_group, json!({"description": "caches"})).await;
    let parameters = world
        .make(
            "s.aws_elasticache_parameter_group.redis",
            json!({"family": "redis7", "parameter": [
                {"name": "maxmemory-policy", "value": "allkeys-lru"}, {"name": "cluster-enabled", "value": "yes"}]}),
        )
        .await;
    // Their defaults, which ElastiCache does not call set.
    let defaults = json!([{"name": "maxmemory-policy", "value": "volatile-lru"}, {"name": "databases", "value": "16"},
        {"name": "cluster-enabled", "value": "yes"}]);
    let parameters = world.change(&parameters, json!({"parameter": defaults})).await;
    let cache = world
        .make(
            "s.aws_elasticache_replication_group.redis",
            json!({
                "description": "cache", "node_type": "cache.t4g.small", "engine": "redis", "engine_version": "7.1",
                "num_node_groups": 1, "replicas_per_node_group": 1, "cluster_mode": "enabled",
                "automatic_failover_enabled": true, "at_rest_encryption_enabled": true,
                "transit_encryption_enabled": true, "parameter_group_name": parameters.identity.0,
                "subnet_group_name": subnet_group.identity.0, "security_group_ids": [group],
                "maintenance_window": "sun:05:00-sun:06:00", "snapshot_window": "04:00-05:00",
                "snapshot_retention_limit": 1, "apply_immediately": true,
            }),
        )
        .await;
    let observed = world.read(&cache).await.unwrap();
    text(&observed, "configuration_endpoint_address");
    let busy = world.aws.delete(&subnet_group).await.unwrap_err();
    assert_eq!(busy.class, FailureClass::NotYet, "{busy}");
    let cache = world
        .change(&cache, json!({"description": "others", "snapshot_retention_limit": 3, "tags": {"Team": "x"}}))
        .await;
    let more = json!({"num_node_groups": 2, "replicas_per_node_group": 2, "node_type": "cache.t4g.medium"});
    let cache = world.change(&cache, more).await;
    let fewer = json!({"num_node_groups": 1, "replicas_per_node_group": 1, "auto_minor_version_upgrade": false});
    let cache = world.change(&cache, fewer).await;
    world.destroy(&cache).await;
    world.destroy(&parameters).await;
    world.destroy(&subnet_group).await;
}

#[tokio::test(start_paused = true)]
async fn snapshots_of_a_cache_without_cluster_mode_are_turned_on_and_off() {
    let world = World::new();
    let (subnets, _) = network(&world).await;
    let subnet_group = world.make("s.aws_elasticache_subnet_group.redis", json!({"subnet_ids": subnets})).await;
    let cache = world
        .make(
            "s.aws_elasticache_replication_group.redis",
            json!({
                "description": "cache", "node_type": "cache.t4g.small", "engine": "redis", "engine_version": "7.1",
                "num_node_groups": 1, "replicas_per_node_group": 1, "at_rest_encryption_enabled": true,
                "transit_encryption_enabled": true, "subnet_group_name": subnet_group.identity.0,
                "snapshot_retention_limit": 0, "apply_immediately": true,
            }),
        )
        .await;
    let cache = world.change(&cache, json!({"snapshot_retention_limit": 3})).await;
    let cache = world.change(&cache, json!({"snapshot_retention_limit": 0})).await;
    world.destroy(&cache).await;
    world.destroy(&subnet_group).await;
}

#[tokio::test(start_paused = true)]
async fn a_cluster_with_nodes_addons_and_entries_lives_and_goes() {
    let world = World::new();
    let (subnets, _) = network(&world).await;
    let control = json!({"assume_role_policy": trust("eks.amazonaws.com")});
    let control = world.make("s.aws_iam_role.control", control).await;
    let nodes = world.make("s.aws_iam_role.nodes", json!({"assume_role_policy": trust("ec2.amazonaws.com")})).await;
    for (key, role, policy) in [
        ("control", &control, "AmazonEKSClusterPolicy"),
        ("nodes", &nodes, "AmazonEKSWorkerNodePolicy"),
        ("cni", &nodes, "AmazonEKS_CNI_Policy"),
        ("images", &nodes, "AmazonEC2ContainerRegistryReadOnly"),
    ] {
        let ends = json!({"role": role.identity.0, "policy_arn": format!("arn:aws:iam::aws:policy/{policy}")});
        world.make(&format!("s.aws_iam_role_policy_attachment.{key}"), ends).await;
    }
    let arn_of = |name: &str| format!("arn:aws:iam::{ACCOUNT}:role/{name}");
    let cluster = world
        .make(
            "s.aws_eks_cluster.main",
            json!({
                "name": "main", "role_arn": arn_of(&control.identity.0), "version": "1.33",
                "vpc_config": {"subnet_ids": subnets, "endpoint_private_access": true,
                    "public_access_cidrs": ["203.0.113.0/24"]},
                "access_config": {"authentication_mode": "API", "bootstrap_cluster_creator_admin_permissions": false},
                "bootstrap_self_managed_addons": false,
            }),
        )
        .await;
    let observed = world.read(&cluster).await.unwrap();
    assert!(text(&observed, "identity.oidc.issuer").starts_with("https://"));
    text(&observed, "certificate_authority.data");
    let cluster = world
        .change(
            &cluster,
            json!({
                "vpc_config": {"subnet_ids": subnets, "endpoint_private_access": true,
                    "public_access_cidrs": ["198.51.100.0/24"]},
                "enabled_cluster_log_types": ["api", "audit"], "tags": {"Team": "x"},
            }),
        )
        .await;

    // Without its network addon no node joins.
    let addon = world.make("s.aws_eks_addon.cni", json!({"cluster_name": "main", "addon_name": "vpc-cni"})).await;
    let addon = world.change(&addon, json!({"tags": {"Team": "x"}})).await;

    let group = world
        .make(
            "s.aws_eks_node_group.general",
            json!({
                "cluster_name": "main", "node_role_arn": arn_of(&nodes.identity.0), "subnet_ids": subnets,
                "scaling_config": {"min_size": 1, "desired_size": 2, "max_size": 3},
                "instance_types": ["t3.medium"], "labels": {"workload": "general"},
                "taint": [{"key": "spot", "effect": "NO_SCHEDULE", "value": "true"}],
            }),
        )
        .await;
    let group = world
        .change(
            &group,
            json!({"scaling_config": {"min_size": 3, "desired_size": 2, "max_size": 5}, "labels": {"tier": "one"},
                "taint": [], "tags": {"Team": "x"}}),
        )
        .await;
    let ci = world.make("s.aws_iam_role.ci", json!({"assume_role_policy": trust("ec2.amazonaws.com")})).await;
    let ci = arn_of(&ci.identity.0);
    let entry = json!({"cluster_name": "main", "principal_arn": ci});
    let entry = world.make("s.aws_eks_access_entry.ci", entry).await;
    let entry = world.change(&entry, json!({"kubernetes_groups": ["viewers"], "tags": {"Team": "x"}})).await;
    let policy = world
        .make(
            "s.aws_eks_access_policy_association.ci",
            json!({"cluster_name": "main", "principal_arn": ci,
                "policy_arn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy",
                "access_scope": {"type": "cluster"}}),
        )
        .await;
    let scope = json!({"access_scope": {"type": "namespace", "namespaces": ["b", "a"]}});
    let policy = world.change(&policy, scope).await;

    let cluster = world.change(&cluster, json!({"version": "1.34", "tags": {"Team": "y"}})).await;
    let group = world.change(&group, json!({"version": "1.34"})).await;

    let busy = world.aws.delete(&cluster).await.unwrap_err();
    assert_eq!(busy.class, FailureClass::NotYet, "{busy}");
    for standing in [policy, entry, addon, group, cluster] {
        world.destroy(&standing).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_cluster_takes_along_the_classic_load_balancer_that_its_controller_left() {
    let world = World::new();
    let (subnets, _) = network(&world).await;
    let control = json!({"assume_role_policy": trust("eks.amazonaws.com")});
    let control = world.make("s.aws_iam_role.control", control).await;
    let ends = json!({"role": control.identity.0, "policy_arn": "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"});
    world.make("s.aws_iam_role_policy_attachment.control", ends).await;
    let cluster = json!({
        "name": "main", "role_arn": format!("arn:aws:iam::{ACCOUNT}:role/{}", control.identity.0), "version": "1.33",
        "vpc_config": {"subnet_ids": subnets}, "bootstrap_self_managed_addons": false,
    });
    let cluster = world.make("s.aws_eks_cluster.main", cluster).await;

    let ec2 = async |action: &str, given: &[(&str, &str)]| world.ask("ec2", "2016-11-15", action, given).await.1;
    let element = |text: &str, name: &str| {
        let found = text.split(&format!("<{name}>")).nth(1).and_then(|rest| rest.split('<').next());
        found.unwrap_or_else(|| panic!("no {name} in {text}")).to_owned()
    };
    let vpc = element(&ec2("DescribeSubnets", &[("SubnetId.1", &subnets[0])]).await, "vpcId");
    let group = [
        ("GroupName", "k8s-elb-a1"),
        ("GroupDescription", "of a Service"),
        ("VpcId", vpc.as_str()),
        ("TagSpecification.1.ResourceType", "security-group"),
        ("TagSpecification.1.Tag.1.Key", "kubernetes.io/cluster/main"),
        ("TagSpecification.1.Tag.1.Value", "owned"),
    ];
    let group = element(&ec2("CreateSecurityGroup", &group).await, "groupId");
    tokio::time::sleep(Duration::from_secs(10)).await;
    let classic = async |action: &str, given: &[(&str, &str)]| {
        let (status, text) = world.ask("elasticloadbalancing", "2012-06-01", action, given).await;
        assert_eq!(status, 200, "{action}: {text}");
        text
    };
    for (name, key, value) in
        [("a1", "kubernetes.io/service-name", "shop/door"), ("a2", "fathuss:lineage", "lineage-2")]
    {
        let balancer = [
            ("LoadBalancerName", name),
            ("Scheme", "internal"),
            ("Subnets.member.1", subnets[0].as_str()),
            ("Subnets.member.2", subnets[1].as_str()),
            ("Listeners.member.1.Protocol", "tcp"),
            ("Listeners.member.1.LoadBalancerPort", "80"),
            ("Listeners.member.1.InstancePort", "31080"),
            ("Tags.member.1.Key", "kubernetes.io/cluster/main"),
            ("Tags.member.1.Value", "owned"),
            ("Tags.member.2.Key", key),
            ("Tags.member.2.Value", value),
        ];
        let of_group = [("SecurityGroups.member.1", group.as_str())];
        classic("CreateLoadBalancer", &[&balancer[..], if name == "a1" { &of_group } else { &[] }].concat()).await;
    }

    world.destroy(&cluster).await;
    let left = classic("DescribeLoadBalancers", &[]).await;
    assert!(!left.contains("<LoadBalancerName>a1<") && left.contains("<LoadBalancerName>a2<"), "{left}");
    let gone = ec2("DescribeSecurityGroups", &[("GroupId.1", &group)]).await;
    assert!(gone.contains("InvalidGroup.NotFound"), "{gone}");
}

#[tokio::test(start_paused = true)]
async fn a_network_lives_and_goes() {
    let world = World::new();
    let vpc = world.make("s.aws_vpc.main", json!({"cidr_block": "10.0.0.0/16", "enable_dns_hostnames": true})).await;
    let vpc = world.change(&vpc, json!({"enable_dns_hostnames": false, "tags": {"Team": "x"}})).await;
    let at = |standing: &Standing| standing.identity.0.clone();

    let default = world.make("s.aws_default_security_group.main", json!({"vpc_id": at(&vpc)})).await;
    let rule = json!([{"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": ["10.0.0.0/16"]}]);
    let default = world.change(&default, json!({"ingress": rule})).await;
    let default = world.change(&default, json!({"ingress": []})).await;

    let internet = world.make("s.aws_internet_gateway.main", json!({"vpc_id": at(&vpc)})).await;
    let public = json!({"vpc_id": at(&vpc), "cidr_block": "10.0.0.0/24", "availability_zone": "us-east-1a",
        "map_public_ip_on_launch": true});
    let public = world.make("s.aws_subnet.public", public).await;
    let private = json!({"vpc_id": at(&vpc), "cidr_block": "10.0.1.0/24", "availability_zone": "us-east-1a"});
    let private = world.make("s.aws_subnet.private", private).await;
    let private = world.change(&private, json!({"tags": {"Tier": "private"}})).await;

    let address = world.make("s.aws_eip.nat", json!({"tags": {"Team": "x"}})).await;
    let gateway = json!({"subnet_id": at(&public), "allocation_id": at(&address)});
    let gateway = world.make("s.aws_nat_gateway.main", gateway).await;

    let outside = world.make("s.aws_route_table.public", json!({"vpc_id": at(&vpc)})).await;
    let inside = world.make("s.aws_route_table.private", json!({"vpc_id": at(&vpc)})).await;
    let inside = world.change(&inside, json!({"tags": {"Team": "x"}})).await;
    let route = json!({"route_table_id": at(&outside), "destination_cidr_block": "0.0.0.0/0",
        "gateway_id": at(&internet)});
    let out = world.make("s.aws_route.public", route).await;
    let route = json!({"route_table_id": at(&inside), "destination_cidr_block": "0.0.0.0/0",
        "nat_gateway_id": at(&gateway)});
    let through = world.make("s.aws_route.private", route).await;
    // A private subnet that becomes a public one, and back.
    let association = json!({"subnet_id": at(&private), "route_table_id": at(&outside)});
    let association = world.make("s.aws_route_table_association.private", association).await;
    let association = world.change(&association, json!({"route_table_id": at(&inside)})).await;
    let moved = world.aws.identity("aws_route_table_association", &world.read(&association).await.unwrap());
    assert_eq!(moved, Some(Identity(format!("{}/{}", at(&private), at(&inside)))));

    let group = json!({"vpc_id": at(&vpc), "description": "what may reach the database"});
    let group = world.make("s.aws_security_group.database", group).await;
    let group = world.change(&group, json!({"tags": {"Team": "x"}})).await;
    let rule = json!({"security_group_id": at(&group), "ip_protocol": "tcp", "from_port": 5432, "to_port": 5432,
        "referenced_security_group_id": at(&group)});
    let ingress = world.make("s.aws_vpc_security_group_ingress_rule.database", rule).await;
    let ingress = world.change(&ingress, json!({"from_port": 5433, "to_port": 5433, "description": "moved"})).await;
    let rule = json!({"security_group_id": at(&group), "ip_protocol": "-1", "cidr_ipv4": "0.0.0.0/0"});
    let egress = world.make("s.aws_vpc_security_group_egress_rule.all", rule).await;

    let busy = world.aws.delete(&vpc).await.unwrap_err();
    assert_eq!(busy.class, FailureClass::NotYet, "{busy}");
    for standing in [
        egress,
        ingress,
        group,
        association,
        through,
        out,
        inside,
        outside,
        gateway,
        address,
        private,
        public,
        internet,
    ] {
        world.destroy(&standing).await;
    }
    assert_eq!(world.aws.delete(&default).await, Ok(Progress::Gone), "it goes with its VPC");
    world.destroy(&vpc).await;
}

#[tokio::test(start_paused = true)]
async fn a_machine_with_a_volume_lives_and_goes() {
    let world = World::new();
    let (subnets, group) = network(&world).await;
    let image = LookupRequest {
        address: "s.aws_ami.linux".parse().unwrap(),
        region: "us-east-1".to_owned(),
        desired: serde_json::from_value(json!({"owners": ["amazon"], "most_recent": true,
            "filter": [{"name": "name", "values": ["al2023-ami-2023.*-kernel-6.1-x86_64"]}]}))
        .unwrap(),
    };
    let image = text(&world.aws.lookup(&image).await.unwrap(), "id");
    let options =
        |hops: u8| json!({"http_endpoint": "enabled", "http_tokens": "required", "http_put_response_hop_limit": hops});

    let template = json!({"name": "nodes", "image_id": image, "instance_type": "t3.medium",
        "vpc_security_group_ids": [group], "metadata_options": options(1), "monitoring": {"enabled": true},
        "block_device_mappings": [{"device_name": "/dev/xvda",
            "ebs": {"volume_type": "gp3", "volume_size": 30, "encrypted": true, "delete_on_termination": true}}],
        "tag_specifications": [{"resource_type": "instance", "tags": {"Team": "x"}}]});
    let template = world.make("s.aws_launch_template.nodes", template).await;
    let template = world.change(&template, json!({"instance_type": "t3.large", "tags": {"Team": "x"}})).await;
    let observed = world.read(&template).await.unwrap();
    assert_eq!((&observed["latest_version"], &observed["default_version"]), (&2.into(), &2.into()));

    let machine = json!({"ami": image, "instance_type": "t3.medium", "subnet_id": subnets[0],
        "vpc_security_group_ids": [group], "user_data_base64": "aGVsbG8=", "metadata_options": options(1),
        "root_block_device": {"volume_type": "gp3", "volume_size": 20, "encrypted": true, "tags": {"Of": "root"}}});
    let machine = world.make("s.aws_instance.clickhouse", machine).await;
    let machine = world.change(&machine, json!({"tags": {"Team": "x"}, "metadata_options": options(2)})).await;
    let machine = world.change(&machine, json!({"instance_type": "t3.large", "user_data_base64": "YWdhaW4="})).await;
    assert_eq!(text(&world.read(&machine).await.unwrap(), "instance_state"), "running");

    let volume = json!({"availability_zone": "us-east-1a", "size": 20, "type": "gp3", "encrypted": true});
    let volume = world.make("s.aws_ebs_volume.data", volume).await;
    let ends = json!({"device_name": "/dev/sdf", "volume_id": volume.identity.0, "instance_id": machine.identity.0});
    let attachment = world.make("s.aws_volume_attachment.data", ends).await;
    let volume = world.change(&volume, json!({"size": 40, "tags": {"Team": "x"}})).await;

    for standing in [attachment, volume, machine, template] {
        world.destroy(&standing).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_log_group_lives_and_goes() {
    let world = World::new();
    let group = world.make("s.aws_cloudwatch_log_group.app", json!({ "name": "/app", "retention_in_days": 30 })).await;
    let changes = json!({ "retention_in_days": 0, "deletion_protection_enabled": true, "tags": { "Team": "a" } });
    let group = world.change(&group, changes).await;
    let protected = world.aws.delete(&group).await.unwrap_err();
    assert_eq!((protected.class, protected.code.as_str()), (FailureClass::Refused, "ValidationException"));
    let group = world.change(&group, json!({ "deletion_protection_enabled": false })).await;
    world.destroy(&group).await;
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_was_deleted_is_had_back_as_it_is_wanted_now() {
    let world = World::new();
    let address = "s.aws_secretsmanager_secret.token";
    let first = json!({
        "name": "app/token", "description": "first", "tags": { "Team": "a" }, "policy": allow_to("lambda.amazonaws.com"),
    });
    let secret = world.make(address, first).await;
    let secret = world.change(&secret, json!({ "description": "changed", "tags": { "Team": "b" } })).await;
    world.destroy(&secret).await;
    let again = world.make(address, json!({ "name": "app/token", "description": "second" })).await;
    assert_eq!(again.identity, secret.identity, "it is the same secret");
    let at_once = world.change(&again, json!({ "recovery_window_in_days": 0, "description": "third" })).await;
    world.destroy(&at_once).await;
    let new = world.make(address, json!({ "name": "app/token" })).await;
    assert_ne!(new.identity, secret.identity, "nothing was left of it");
}

#[tokio::test(start_paused = true)]
async fn a_secret_of_someone_else_that_waits_for_its_end_is_left_to_them() {
    let world = World::new();
    let theirs = world.make("s.aws_secretsmanager_secret.theirs", json!({ "name": "app/token" })).await;
    world.destroy(&theirs).await;
    let request = world.request("s.aws_secretsmanager_secret.ours", json!({ "name": "app/token" }));
    let failure = world.aws.create(&request).await.unwrap_err();
    assert_eq!((failure.class, failure.code.as_str()), (FailureClass::Refused, "InvalidRequestException"));
    assert!(failure.hint.unwrap().contains("restore-secret"));
}

#[tokio::test(start_paused = true)]
async fn another_value_of_a_secret_is_another_version() {
    let world = World::new();
    let secret = world.make("s.aws_secretsmanager_secret.token", json!({ "name": "app/token" })).await;
    let desired = json!({ "secret_id": secret.identity.0, "version_stages": ["AWSCURRENT"] });
    let mut request = world.request("s.aws_secretsmanager_secret_version.token", desired);
    let value = SecretText::new("one".to_owned());
    request.desired.secrets.insert("secret_string_wo".to_owned(), value);
    let identity = world.aws.create(&request).await.unwrap();
    let mut version = request.clone().standing(identity.clone());
    let before = world.settle(&version).await;
    assert_eq!(world.aws.find(&request).await.unwrap(), Found::Ours(identity.clone()));
    version.desired.secrets.insert("secret_string_wo".to_owned(), SecretText::new("two".to_owned()));
    version.token = "f".repeat(64);
    let change = UpdateRequest { before, changed: vec!["secret_string_wo_version".to_owned()] };
    world.aws.update(&version, &change).await.unwrap();
    let after = world.settle(&version).await;
    let kind = "aws_secretsmanager_secret_version";
    let now = world.aws.identity(kind, &after).unwrap();
    assert_ne!(now, identity);
    let shown = format!("{after:?}");
    assert!(!shown.contains("two") && !shown.contains("secret_string_wo"), "{shown}");
    version.identity = now;
    assert_eq!(world.read(&version).await.unwrap(), after);
}

#[tokio::test(start_paused = true)]
async fn a_topic_with_its_policy_and_subscriptions_lives_and_goes() {
    let world = World::new();
    let topic = json!({ "name": "alarms", "display_name": "Alarms", "tags": { "Team": "a" } });
    let topic = world.make("s.aws_sns_topic.alarms", topic).await;
    let arn = topic.identity.0.clone();
    let changes = json!({ "display_name": "All alarms", "signature_version": 2, "tags": { "Team": "b" } });
    let topic = world.change(&topic, changes).await;
    let topic = world.change(&topic, json!({ "display_name": "", "signature_version": 1 })).await;

    let document = |service: &str| {
        let statement =
            json!({ "Effect": "Allow", "Principal": { "Service": service }, "Action": "SNS:Publish", "Resource": arn });
        json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
    };
    let policy = json!({ "arn": arn, "policy": document("cloudwatch.amazonaws.com") });
    let policy = world.make("s.aws_sns_topic_policy.alarms", policy).await;
    let policy = world.change(&policy, json!({ "policy": document("budgets.amazonaws.com") })).await;

    let queue = "arn:aws:sqs:us-east-1:111122223333:alarms";
    let filter = |kind: &str| json!({ "kind": [kind] }).to_string();
    let by_queue = json!({ "topic_arn": arn, "protocol": "sqs", "endpoint": queue, "filter_policy": filter("a") });
    let by_queue = world.make("s.aws_sns_topic_subscription.queue", by_queue).await;
    let changes = json!({ "filter_policy": filter("b"), "raw_message_delivery": true });
    let by_queue = world.change(&by_queue, changes).await;
    let by_mail = json!({ "topic_arn": arn, "protocol": "email", "endpoint": "someone@example.com" });
    let (request, by_mail) = world.make_unfound("s.aws_sns_topic_subscription.mail", by_mail).await;
    // It is listed without its ARN, and answered with it when it is asked for again.
    assert_eq!(world.aws.find(&request).await, Ok(Found::Nothing));
    assert_eq!(world.aws.create(&request).await, Ok(by_mail.identity.clone()));
    assert_eq!(world.read(&by_mail).await.unwrap()["pending_confirmation"], true.into());

    world.destroy(&by_queue).await;
    world.destroy(&policy).await;
    // Nobody can delete what nobody has agreed to, until the topic goes.
    assert_eq!(world.aws.delete(&by_mail).await, Ok(Progress::Gone));
    assert!(world.read(&by_mail).await.is_some());
    world.destroy(&topic).await;
    assert!(world.read(&by_mail).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn an_alarm_and_a_dashboard_live_and_go() {
    let world = World::new();
    let topic = "arn:aws:sns:us-east-1:111122223333:alarms";
    let alarm = json!({
        "alarm_name": "load", "comparison_operator": "GreaterThanThreshold", "evaluation_periods": 3, "threshold": "0.5",
        "metric_name": "CPUUtilization", "namespace": "AWS/EC2", "period": 60, "statistic": "Average",
        "dimensions": { "InstanceId": "i-1" }, "alarm_actions": [topic], "tags": { "Team": "a" },
    });
    let alarm = world.make("s.aws_cloudwatch_metric_alarm.load", alarm).await;
    let changes = json!({ "threshold": "80", "treat_missing_data": "breaching", "tags": { "Team": "b" } });
    let alarm = world.change(&alarm, changes).await;
    let other = world.request("s.aws_cloudwatch_metric_alarm.other", json!({ "alarm_name": "load" }));
    assert_eq!(world.aws.create(&other).await.unwrap_err().code, "AlarmExists");

    let body = |text: &str| json!({ "widgets": [{ "type": "text", "properties": { "markdown": text } }] }).to_string();
    let dashboard = json!({ "dashboard_name": "all", "dashboard_body": body("one") });
    let dashboard = world.make("s.aws_cloudwatch_dashboard.all", dashboard).await;
    let dashboard = world.change(&dashboard, json!({ "dashboard_body": body("two") })).await;
    let other = json!({ "dashboard_name": "all", "dashboard_body": body("three") });
    let other = world.request("s.aws_cloudwatch_dashboard.other", other);
    assert_eq!(world.aws.create(&other).await.unwrap_err().code, "DashboardExists");
    for standing in [alarm, dashboard] {
        world.destroy(&standing).await;
    }
}

/// A policy of a secret that lets a service read it.
fn allow_to(service: &str) -> String {
    let statement = json!({
        "Effect": "Allow", "Principal": { "Service": service }, "Action": "secretsmanager:GetSecretValue", "Resource": "*",
    });
    json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
}
