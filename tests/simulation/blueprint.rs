//! A stack as plain data, drawn from a seed: what `declare` writes with the typed API.
//!
//! Items refer to each other by key. What must be the only one of its kind (ranges,
//! ports, destinations, names) is drawn from counters that never go back, so that no
//! later version of a stack asks for what an earlier one still holds.

use std::collections::{BTreeMap, BTreeSet};

use fathuss_model::aws::TrafficType;
use fathuss_model::schema::Field;
use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

/// Names an item, in every version of its stack.
pub type Key = u32;

/// An item with its tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    pub key: Key,
    /// Where it stands, of [`REGIONS`].
    pub region: usize,
    pub tags: BTreeMap<String, String>,
    pub thing: Thing,
}

/// What an item is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Thing {
    Data {
        input: i64,
        trigger: i64,
    },
    RandomId {
        kept_for: i64,
    },
    Zones,
    /// One of few packages where it is minimal.
    Image {
        minimal: bool,
    },
    Caller,
    /// A question that has no more than its type.
    Question {
        kind: &'static str,
    },
    Vpc {
        net: u8,
        hostnames: bool,
    },
    Subnet {
        vpc: Key,
        index: u8,
        zone: usize,
        public: bool,
    },
    InternetGateway {
        vpc: Key,
    },
    Eip,
    NatGateway {
        subnet: Key,
        address: Option<(Key, Key)>,
    },
    RouteTable {
        vpc: Key,
    },
    Route {
        table: Key,
        destination: u16,
        target: RouteTarget,
    },
    Association {
        subnet: Key,
        table: Key,
    },
    DefaultGroup {
        vpc: Key,
    },
    Group {
        vpc: Key,
        wording: u32,
    },
    /// One with subnets is an interface endpoint, one without is for the routes of tables.
    Endpoint {
        vpc: Key,
        service: &'static str,
        tables: Vec<Key>,
        subnets: Vec<Key>,
        groups: Vec<Key>,
        /// Whether one way alone leads out of it.
        guarded: bool,
    },
    Acl {
        vpc: Key,
        subnets: Vec<Key>,
        rules: u32,
    },
    DefaultAcl {
        vpc: Key,
        rules: u32,
    },
    DefaultTable {
        vpc: Key,
        internet: Option<Key>,
        destination: u16,
    },
    Interface {
        subnet: Key,
        groups: Vec<Key>,
        wording: u32,
        checked: bool,
        /// The last part of its address, where it is not AWS's choice.
        fixed: Option<u8>,
    },
    FlowLog {
        of: Key,
        traffic: TrafficType,
        kept: Kept,
        minute: bool,
        /// Whether files in a bucket are for Athena.
        columns: bool,
    },
    Rule {
        group: Key,
        egress: bool,
        port: i64,
        width: i64,
        udp: bool,
        peer: Peer,
        note: Option<u32>,
    },
    Role {
        trust: &'static str,
        wording: u32,
        path: u32,
        hours: i64,
        name: Option<u32>,
        boundary: Option<Key>,
    },
    Policy {
        action: u32,
        wording: u32,
        path: u32,
    },
    PolicyAttachment {
        role: Key,
        policy: PolicyOf,
    },
    /// A policy inside a role.
    InlinePolicy {
        role: Key,
        action: u32,
        name: Option<u32>,
    },
    Profile {
        role: Key,
        path: u32,
        name: Option<u32>,
    },
    Issuer {
        number: u32,
        clients: u8,
    },
    Template {
        size: i64,
        profile: Option<Key>,
        groups: Vec<Key>,
    },
    Instance {
        subnet: Key,
        image: Key,
        groups: Vec<Key>,
        profile: Option<Key>,
        large: bool,
        root: i64,
        script: u32,
    },
    Volume {
        zone: usize,
        size: i64,
        gp3: bool,
        encrypted_with: Option<Key>,
    },
    VolumeAttachment {
        volume: Key,
        instance: Key,
        letter: u8,
    },
    Cluster {
        role: Key,
        permits: Vec<Key>,
        subnets: Vec<Key>,
        groups: Vec<Key>,
        private: bool,
        name: u32,
        encrypted_with: Option<Key>,
        /// Whether the config map says who may enter, too.
        mapped: bool,
        /// Whether it is one version behind.
        older: bool,
    },
    /// The Auto Scaling group behind a node group, looked up.
    ScalingGroup {
        nodes: Key,
    },
    /// What scales it: each node group's has one.
    ScalingPolicy {
        nodes: Key,
        how: Scaling,
        by: i64,
        name: Option<u32>,
    },
    NodeGroup {
        cluster: Key,
        role: Key,
        permits: Vec<Key>,
        subnets: Vec<Key>,
        template: Option<Key>,
        most: i64,
        labels: u32,
        /// Whether its nodes stay a version behind.
        behind: bool,
    },
    Addon {
        cluster: Key,
        which: &'static str,
        nodes: Option<Key>,
        role: Option<Key>,
        /// Which of its versions and of its settings it has; AWS's own where it is nought.
        version: u8,
        settings: u8,
    },
    AccessEntry {
        cluster: Key,
        role: Key,
        groups: u8,
    },
    AccessPolicy {
        entry: Key,
        cluster: Key,
        role: Key,
        view: bool,
        namespaces: u8,
    },
    Fargate {
        cluster: Key,
        role: Key,
        subnets: Vec<Key>,
        name: u32,
        labelled: bool,
    },
    PodIdentity {
        cluster: Key,
        role: Key,
        account: u32,
        tagless: bool,
    },
    Bucket {
        name: Option<u32>,
    },
    /// Copies go from one bucket to another; both keep versions.
    Replication {
        bucket: Key,
        destination: Key,
        versions: [Key; 2],
        role: Key,
        priority: i64,
        deletions: bool,
        encrypted_with: Option<Key>,
    },
    /// What is set on a bucket.
    BucketSetting {
        bucket: Key,
        setting: Setting,
    },
    DbSubnets {
        subnets: Vec<Key>,
        wording: u32,
    },
    DbParameters {
        duration: i64,
        wording: u32,
    },
    Database {
        subnets: Key,
        parameters: Option<Key>,
        groups: Vec<Key>,
        storage: i64,
        days: i64,
        managed: bool,
        large: bool,
        user: u32,
        encrypted_with: Option<Key>,
        /// Whether it is a major version behind.
        older: bool,
        /// With more operations a second than its size has, which AWS takes from 400 GiB on.
        fast: bool,
    },
    Replica {
        source: Key,
        large: bool,
    },
    DbSnapshot {
        database: Key,
        name: u32,
    },
    DbOptions {
        wording: u32,
        rotations: i64,
        narrow: bool,
        /// Whether it is MariaDB's.
        maria: bool,
    },
    /// In another region than its database.
    CopiedBackups {
        database: Key,
        days: i64,
        encrypted_with: Key,
    },
    CacheSubnets {
        subnets: Vec<Key>,
        wording: u32,
    },
    /// One of the name `default`, or of its own.
    CacheUser {
        name: u32,
        usual: bool,
        access: u32,
        password: bool,
    },
    CacheUsers {
        users: Vec<Key>,
        name: u32,
    },
    CacheParameters {
        policy: u8,
        wording: u32,
        /// Whether they are Valkey's.
        valkey: bool,
    },
    Cache {
        subnets: Key,
        parameters: Key,
        groups: Vec<Key>,
        users: Option<Key>,
        replicas: i64,
        days: i64,
        wording: u32,
        encrypted_with: Option<Key>,
        /// Whether its keys are on one shard alone, out of cluster mode, at an earlier version and with AWS's settings.
        plain: bool,
        /// Whether clients may do without TLS.
        lenient: bool,
    },
    EncryptionKey {
        wording: u32,
        rotated: bool,
        /// Whether its policy is its own, which lets logs be encrypted with it.
        logs: bool,
        /// What nothing is encrypted with can be switched off.
        idle: bool,
        on: bool,
    },
    HostedZone {
        vpcs: Vec<Key>,
        wording: u32,
        name: u32,
    },
    Record {
        zone: Key,
        name: u32,
        value: u32,
        kind: RecordKind,
        /// The record of addresses that an alias stands for.
        of: Option<Key>,
    },
    Certificate {
        zone: Key,
        name: u32,
        /// Whether it is for all names below, too.
        wild: bool,
        /// Whether its key is of an elliptic curve.
        curve: bool,
    },
    /// The record that a certificate asks for.
    Proof {
        zone: Key,
        certificate: Key,
    },
    Issued {
        certificate: Key,
        proof: Key,
    },
    AccessControl {
        wording: u32,
        name: Option<u32>,
    },
    Distribution {
        bucket: Key,
        control: Key,
        wording: u32,
        /// Whether it answers.
        on: bool,
        /// Whether a path has a behaviour of its own.
        split: bool,
        /// Whether one country alone gets nothing.
        closed: bool,
        /// The certificate of its own, once it is issued.
        shown: Option<Key>,
        /// What says that a bucket takes ACLs, where its logs go there.
        logs: Option<Key>,
    },
    Alias {
        target: Key,
        name: u32,
    },
    LogGroup {
        /// Of [`RETENTIONS`].
        retention: usize,
        infrequent: bool,
        name: Option<u32>,
        /// A key whose policy lets logs be encrypted with it.
        encrypted_with: Option<Key>,
    },
    Secret {
        wording: u32,
        guarded: bool,
        /// Whether its deletion can be taken back.
        kept: bool,
        name: Option<u32>,
    },
    SecretVersion {
        secret: Key,
        value: i64,
    },
    Topic {
        wording: u32,
        /// Whether messages are signed with SHA-256.
        strong: bool,
        /// Whether messages keep their order; nothing else here takes those of such a topic.
        ordered: bool,
        /// How often delivery is tried again; as often as AWS says where it is nought.
        retries: u8,
        name: Option<u32>,
    },
    TopicPolicy {
        topic: Key,
        wording: u32,
    },
    Subscription {
        topic: Key,
        /// Whether someone has to agree to it.
        mail: bool,
        /// Whether it is a server then, and no mail.
        web: bool,
        endpoint: u32,
        /// What is let through; everything where it is nought.
        filter: u32,
        raw: bool,
        /// The stream that is written to with this role, where it is no queue.
        stream: Option<Key>,
        /// Whether what can't be delivered goes to a queue.
        redriven: bool,
    },
    Alarm {
        topics: Vec<Key>,
        threshold: u32,
        /// Whether it is on what is reckoned from a metric.
        reckoned: bool,
        /// Whether that is a band of what is usual.
        banded: bool,
        /// Whether topics are told when all is well again, and when nothing is known.
        told: bool,
        name: Option<u32>,
    },
    Dashboard {
        wording: u32,
        name: Option<u32>,
    },
    Vault {
        name: Option<u32>,
        encrypted_with: Option<Key>,
    },
    BackupPlan {
        vault: Key,
        /// Where backups are copied.
        copy: Option<Key>,
        days: i64,
        name: u32,
    },
    Budget {
        name: Option<u32>,
        amount: i32,
        threshold: i32,
        topic: Option<Key>,
    },
    /// What costs are told apart by: the key of a tag that things here have, or one that nothing has.
    CostTag {
        known: bool,
        number: u32,
        active: bool,
    },
    Selection {
        plan: Key,
        role: Key,
        name: u32,
        /// Whether by tags beside ARNs.
        tagged: bool,
    },
}

/// For how many days log groups here keep events.
pub const RETENTIONS: &[i64] = &[0, 1, 30, 365];

/// What is set on a bucket: each of them once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    Versioning { suspended: bool },
    Encryption { bucket_key: bool },
    Access { open: u8 },
    Policy { wording: u32 },
    Ownership { writer: bool },
    Lifecycle { days: i64, rules: u8 },
}

impl Setting {
    /// Terraform's name of the type.
    pub fn kind(self) -> &'static str {
        match self {
            Setting::Versioning { .. } => "aws_s3_bucket_versioning",
            Setting::Encryption { .. } => "aws_s3_bucket_server_side_encryption_configuration",
            Setting::Access { .. } => "aws_s3_bucket_public_access_block",
            Setting::Policy { .. } => "aws_s3_bucket_policy",
            Setting::Ownership { .. } => "aws_s3_bucket_ownership_controls",
            Setting::Lifecycle { .. } => "aws_s3_bucket_lifecycle_configuration",
        }
    }
}

/// Where a flow log is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    Group { group: Key, role: Key },
    Bucket(Key),
}

/// Where a route leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouteTarget {
    Internet(Key),
    Nat(Key),
}

/// The other end of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    Range(u16),
    Group(Key),
}

/// A policy that a role is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyOf {
    Stack(Key),
    Aws(&'static str),
}

/// What becomes of an item when what it refers to is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grip {
    /// It is replaced with it.
    Along,
    /// It changes in place, and the other can go before.
    Free,
    /// It can't be without, and AWS does not let the other go before: nobody can do that.
    Firm,
}

impl Thing {
    /// Terraform's name of the type.
    pub fn kind(&self) -> &'static str {
        match self {
            Thing::Data { .. } => "terraform_data",
            Thing::RandomId { .. } => "random_id",
            Thing::Zones => "aws_availability_zones",
            Thing::Image { .. } => "aws_ami",
            Thing::Caller => "aws_caller_identity",
            Thing::Question { kind } => kind,
            Thing::Vpc { .. } => "aws_vpc",
            Thing::Subnet { .. } => "aws_subnet",
            Thing::InternetGateway { .. } => "aws_internet_gateway",
            Thing::Eip => "aws_eip",
            Thing::NatGateway { .. } => "aws_nat_gateway",
            Thing::RouteTable { .. } => "aws_route_table",
            Thing::Route { .. } => "aws_route",
            Thing::Association { .. } => "aws_route_table_association",
            Thing::DefaultGroup { .. } => "aws_default_security_group",
            Thing::Group { .. } => "aws_security_group",
            Thing::Endpoint { .. } => "aws_vpc_endpoint",
            Thing::Acl { .. } => "aws_network_acl",
            Thing::DefaultAcl { .. } => "aws_default_network_acl",
            Thing::DefaultTable { .. } => "aws_default_route_table",
            Thing::Interface { .. } => "aws_network_interface",
            Thing::FlowLog { .. } => "aws_flow_log",
            Thing::Rule { egress: false, .. } => "aws_vpc_security_group_ingress_rule",
            Thing::Rule { egress: true, .. } => "aws_vpc_security_group_egress_rule",
            Thing::Role { .. } => "aws_iam_role",
            Thing::Policy { .. } => "aws_iam_policy",
            Thing::PolicyAttachment { .. } => "aws_iam_role_policy_attachment",
            Thing::InlinePolicy { .. } => "aws_iam_role_policy",
            Thing::Profile { .. } => "aws_iam_instance_profile",
            Thing::Issuer { .. } => "aws_iam_openid_connect_provider",
            Thing::Template { .. } => "aws_launch_template",
            Thing::Instance { .. } => "aws_instance",
            Thing::Volume { .. } => "aws_ebs_volume",
            Thing::VolumeAttachment { .. } => "aws_volume_attachment",
            Thing::Cluster { .. } => "aws_eks_cluster",
            Thing::NodeGroup { .. } => "aws_eks_node_group",
            Thing::ScalingGroup { .. } => "aws_autoscaling_group",
            Thing::ScalingPolicy { .. } => "aws_autoscaling_policy",
            Thing::Addon { .. } => "aws_eks_addon",
            Thing::AccessEntry { .. } => "aws_eks_access_entry",
            Thing::AccessPolicy { .. } => "aws_eks_access_policy_association",
            Thing::Fargate { .. } => "aws_eks_fargate_profile",
            Thing::PodIdentity { .. } => "aws_eks_pod_identity_association",
            Thing::Bucket { .. } => "aws_s3_bucket",
            Thing::Replication { .. } => "aws_s3_bucket_replication_configuration",
            Thing::BucketSetting { setting, .. } => setting.kind(),
            Thing::DbSubnets { .. } => "aws_db_subnet_group",
            Thing::DbParameters { .. } => "aws_db_parameter_group",
            Thing::Database { .. } | Thing::Replica { .. } => "aws_db_instance",
            Thing::DbSnapshot { .. } => "aws_db_snapshot",
            Thing::DbOptions { .. } => "aws_db_option_group",
            Thing::CopiedBackups { .. } => "aws_db_instance_automated_backups_replication",
            Thing::CacheSubnets { .. } => "aws_elasticache_subnet_group",
            Thing::CacheUser { .. } => "aws_elasticache_user",
            Thing::CacheUsers { .. } => "aws_elasticache_user_group",
            Thing::CacheParameters { .. } => "aws_elasticache_parameter_group",
            Thing::Cache { .. } => "aws_elasticache_replication_group",
            Thing::EncryptionKey { .. } => "aws_kms_key",
            Thing::Alias { .. } => "aws_kms_alias",
            Thing::HostedZone { .. } => "aws_route53_zone",
            Thing::Record { .. } | Thing::Proof { .. } => "aws_route53_record",
            Thing::Certificate { .. } => "aws_acm_certificate",
            Thing::AccessControl { .. } => "aws_cloudfront_origin_access_control",
            Thing::Distribution { .. } => "aws_cloudfront_distribution",
            Thing::Issued { .. } => "aws_acm_certificate_validation",
            Thing::LogGroup { .. } => "aws_cloudwatch_log_group",
            Thing::Secret { .. } => "aws_secretsmanager_secret",
            Thing::SecretVersion { .. } => "aws_secretsmanager_secret_version",
            Thing::Topic { .. } => "aws_sns_topic",
            Thing::TopicPolicy { .. } => "aws_sns_topic_policy",
            Thing::Subscription { .. } => "aws_sns_topic_subscription",
            Thing::Alarm { .. } => "aws_cloudwatch_metric_alarm",
            Thing::Dashboard { .. } => "aws_cloudwatch_dashboard",
            Thing::Vault { .. } => "aws_backup_vault",
            Thing::BackupPlan { .. } => "aws_backup_plan",
            Thing::Selection { .. } => "aws_backup_selection",
            Thing::Budget { .. } => "aws_budgets_budget",
            Thing::CostTag { .. } => "aws_ce_cost_allocation_tag",
        }
    }

    /// What it refers to, and how.
    pub fn needs(&self) -> Vec<(Key, Grip)> {
        use Grip::{Along, Firm, Free};
        let all = |keys: &[Key], grip| keys.iter().map(|key| (*key, grip)).collect::<Vec<_>>();
        match self {
            Thing::Data { .. }
            | Thing::Zones
            | Thing::Image { .. }
            | Thing::Caller
            | Thing::Vpc { .. }
            | Thing::Eip => vec![],
            Thing::Policy { .. } | Thing::Issuer { .. } | Thing::EncryptionKey { .. } => vec![],
            Thing::Question { .. } | Thing::RandomId { .. } => vec![],
            Thing::ScalingGroup { nodes } | Thing::ScalingPolicy { nodes, .. } => vec![(*nodes, Along)],
            Thing::InlinePolicy { role, .. } => vec![(*role, Along)],
            Thing::Fargate { cluster, role, subnets, .. } => {
                let mut needs = all(subnets, Along);
                needs.extend([(*cluster, Along), (*role, Along)]);
                needs
            }
            Thing::PodIdentity { cluster, role, .. } => vec![(*cluster, Along), (*role, Free)],
            Thing::Replication { bucket, destination, versions, role, encrypted_with, .. } => {
                let mut needs = all(versions, Free);
                needs.extend(encrypted_with.iter().map(|key| (*key, Along)));
                needs.extend([(*bucket, Along), (*destination, Free), (*role, Free)]);
                needs
            }
            Thing::Volume { encrypted_with, .. } => encrypted_with.iter().map(|key| (*key, Along)).collect(),
            Thing::Alias { target, .. } => vec![(*target, Free)],
            Thing::HostedZone { vpcs, .. } => all(vpcs, Free),
            Thing::Record { zone, of, .. } => {
                let mut needs = vec![(*zone, Along)];
                needs.extend(of.iter().map(|record| (*record, Free)));
                needs
            }
            // A name of another zone is another certificate's.
            Thing::Certificate { zone, .. } => vec![(*zone, Along)],
            Thing::Proof { zone, certificate } => vec![(*zone, Along), (*certificate, Along)],
            Thing::Issued { certificate, proof } => vec![(*certificate, Along), (*proof, Along)],
            Thing::LogGroup { encrypted_with, .. } => encrypted_with.iter().map(|key| (*key, Free)).collect(),
            Thing::Secret { .. } | Thing::AccessControl { .. } => vec![],
            Thing::Distribution { bucket, control, shown, logs, .. } => {
                let mut needs = vec![(*bucket, Free), (*control, Firm)];
                needs.extend(shown.iter().map(|issued| (*issued, Firm)));
                needs.extend(logs.iter().map(|setting| (*setting, Free)));
                needs
            }
            Thing::SecretVersion { secret, .. } => vec![(*secret, Along)],
            Thing::Topic { .. } | Thing::Dashboard { .. } => vec![],
            Thing::TopicPolicy { topic, .. } => vec![(*topic, Along)],
            Thing::Subscription { topic, stream, .. } => {
                let mut needs = vec![(*topic, Along)];
                needs.extend(stream.iter().map(|role| (*role, Free)));
                needs
            }
            Thing::Alarm { topics, .. } => all(topics, Free),
            Thing::Vault { encrypted_with, .. } => encrypted_with.iter().map(|key| (*key, Along)).collect(),
            Thing::BackupPlan { vault, copy, .. } => {
                let mut needs = vec![(*vault, Free)];
                needs.extend(copy.iter().map(|key| (*key, Free)));
                needs
            }
            Thing::Selection { plan, role, .. } => vec![(*plan, Along), (*role, Along)],
            Thing::Budget { topic, .. } => topic.iter().map(|key| (*key, Free)).collect(),
            Thing::CostTag { .. } => vec![],
            Thing::DbParameters { .. } | Thing::CacheParameters { .. } | Thing::Bucket { .. } => vec![],
            Thing::BucketSetting { bucket, .. } => vec![(*bucket, Along)],
            Thing::Subnet { vpc, .. } | Thing::RouteTable { vpc } | Thing::InternetGateway { vpc } => {
                vec![(*vpc, Along)]
            }
            Thing::DefaultGroup { vpc } | Thing::Group { vpc, .. } | Thing::DefaultAcl { vpc, .. } => {
                vec![(*vpc, Along)]
            }
            Thing::DefaultTable { vpc, internet, .. } => {
                let mut needs = vec![(*vpc, Along)];
                needs.extend(internet.iter().map(|key| (*key, Free)));
                needs
            }
            Thing::Acl { vpc, subnets, .. } => {
                let mut needs = all(subnets, Free);
                needs.push((*vpc, Along));
                needs
            }
            Thing::Endpoint { vpc, tables, subnets, groups, .. } => {
                let mut needs = all(tables, Free);
                needs.extend(all(subnets, Along));
                needs.extend(all(groups, Along));
                needs.push((*vpc, Along));
                needs
            }
            Thing::Interface { subnet, groups, .. } => {
                let mut needs = all(groups, Firm);
                needs.push((*subnet, Along));
                needs
            }
            Thing::FlowLog { of, kept: Kept::Bucket(bucket), .. } => vec![(*of, Along), (*bucket, Along)],
            Thing::FlowLog { of, kept: Kept::Group { group, role }, .. } => {
                vec![(*of, Along), (*group, Along), (*role, Along)]
            }
            Thing::NatGateway { subnet, address: None } => vec![(*subnet, Along)],
            // Nothing is written of the internet gateway: the model knows.
            Thing::NatGateway { subnet, address: Some((eip, internet)) } => {
                vec![(*subnet, Along), (*eip, Along), (*internet, Free)]
            }
            Thing::Route { table, target: RouteTarget::Internet(gateway) | RouteTarget::Nat(gateway), .. } => {
                vec![(*table, Along), (*gateway, Free)]
            }
            Thing::Association { subnet, table } => vec![(*subnet, Along), (*table, Along)],
            Thing::Rule { group, peer: Peer::Group(other), .. } => vec![(*group, Along), (*other, Along)],
            Thing::Rule { group, .. } => vec![(*group, Along)],
            Thing::Role { boundary, .. } => boundary.iter().map(|key| (*key, Firm)).collect(),
            Thing::PolicyAttachment { role, policy: PolicyOf::Stack(policy) } => vec![(*role, Along), (*policy, Along)],
            Thing::PolicyAttachment { role, .. } => vec![(*role, Along)],
            Thing::Profile { role, .. } => vec![(*role, Free)],
            Thing::Template { profile, groups, .. } => {
                let mut needs = all(groups, Firm);
                needs.extend(profile.iter().map(|key| (*key, Free)));
                needs
            }
            Thing::Instance { subnet, image, groups, profile, .. } => {
                let mut needs = all(groups, Firm);
                needs.extend([(*subnet, Along), (*image, Along)]);
                needs.extend(profile.iter().map(|key| (*key, Firm)));
                needs
            }
            Thing::VolumeAttachment { volume, instance, .. } => vec![(*volume, Along), (*instance, Along)],
            Thing::Cluster { role, permits, subnets, groups, encrypted_with, .. } => {
                let mut needs = all(subnets, Firm);
                needs.extend(encrypted_with.iter().map(|key| (*key, Along)));
                needs.extend(all(groups, Firm));
                needs.extend(all(permits, Free));
                needs.push((*role, Along));
                needs
            }
            Thing::NodeGroup { cluster, role, permits, subnets, template, .. } => {
                let mut needs = all(subnets, Along);
                needs.extend(all(permits, Free));
                needs.extend([(*cluster, Along), (*role, Along)]);
                needs.extend(template.iter().map(|key| (*key, Along)));
                needs
            }
            Thing::Addon { cluster, nodes, role, .. } => {
                let mut needs = vec![(*cluster, Along)];
                needs.extend(nodes.iter().map(|key| (*key, Free)));
                needs.extend(role.iter().map(|key| (*key, Free)));
                needs
            }
            Thing::AccessEntry { cluster, role, .. } => vec![(*cluster, Along), (*role, Along)],
            Thing::AccessPolicy { entry, cluster, role, .. } => {
                vec![(*entry, Along), (*cluster, Along), (*role, Along)]
            }
            Thing::DbSubnets { subnets, .. } | Thing::CacheSubnets { subnets, .. } => all(subnets, Along),
            Thing::Database { subnets, parameters, groups, encrypted_with, .. } => {
                let mut needs = all(groups, Firm);
                needs.extend(encrypted_with.iter().map(|key| (*key, Along)));
                needs.push((*subnets, Firm));
                needs.extend(parameters.iter().map(|key| (*key, Firm)));
                needs
            }
            Thing::Replica { source, .. } => vec![(*source, Along)],
            Thing::DbSnapshot { database, .. } => vec![(*database, Along)],
            Thing::DbOptions { .. } => vec![],
            Thing::CopiedBackups { database, encrypted_with, .. } => vec![(*database, Along), (*encrypted_with, Along)],
            Thing::CacheUser { .. } => vec![],
            Thing::CacheUsers { users, .. } => all(users, Firm),
            Thing::Cache { subnets, parameters, groups, users, encrypted_with, plain, .. } => {
                let mut needs = all(groups, Firm);
                needs.extend(users.iter().map(|key| (*key, Firm)));
                needs.extend(encrypted_with.iter().map(|key| (*key, Along)));
                needs.push((*subnets, Along));
                // One without cluster mode has AWS's.
                needs.extend((!plain).then_some((*parameters, Firm)));
                needs
            }
        }
    }

    /// Whether it stands in no region.
    fn is_global(&self) -> bool {
        self.kind().starts_with("aws_iam")
            || matches!(self, Thing::Data { .. } | Thing::RandomId { .. } | Thing::Caller)
    }
}

/// How a group is scaled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scaling {
    /// By an amount.
    Simple,
    /// By amounts for distances.
    Steps,
    /// So that a metric keeps a value.
    Tracking,
}

/// What a record answers with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordKind {
    /// Addresses.
    Address,
    /// A text.
    Text,
    /// Another name.
    Name,
    /// An address, by its share.
    Weighted,
    /// What another record of the zone answers with.
    Alias,
}

/// AWS's policies that roles here are given.
pub const AWS_POLICIES: &[&str] = &[
    "AmazonEKSClusterPolicy",
    "AmazonEKSWorkerNodePolicy",
    "AmazonEKS_CNI_Policy",
    "AmazonEC2ContainerRegistryPullOnly",
    "AmazonSSMManagedInstanceCore",
    "AmazonS3ReadOnlyAccess",
];

/// What nodes have to be allowed before they join.
pub const NODE_POLICIES: &[&str] =
    &["AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryPullOnly"];

/// Addons that need no settings of their own.
pub const ADDONS: &[&str] =
    &["vpc-cni", "kube-proxy", "eks-pod-identity-agent", "coredns", "metrics-server", "aws-ebs-csi-driver"];

/// Of them, those that run as ordinary pods.
const NEEDING_NODES: &[&str] = &["coredns", "metrics-server", "aws-ebs-csi-driver"];

/// Zones used, by index.
pub const ZONES: usize = 3;

/// Where things stand: the stack's own region, and another one.
pub const REGIONS: [&str; 2] = ["us-east-1", "us-west-2"];

/// A stack, and what it has used up.
#[derive(Clone, Debug, Default)]
pub struct Blueprint {
    pub items: Vec<Item>,
    next: u32,
    /// What can be had once: an address by one gateway, a subnet by one association.
    taken: BTreeSet<String>,
    ranges: BTreeMap<Key, u8>,
}

/// The most subnets of a VPC.
const SUBNETS: u8 = 200;

impl Blueprint {
    /// A stack of about that many resources of these types.
    pub fn draw(rng: &mut ChaCha8Rng, size: usize, kinds: &[&'static str]) -> Blueprint {
        let mut blueprint = Blueprint::default();
        blueprint.grow(rng, size, kinds);
        blueprint
    }

    /// A stack that has one resource of this type, with what it needs; where it is to be wide, with others that it may
    /// refer to instead. Nothing where chance does not find any.
    #[allow(dead_code, reason = "the life of each type takes it, in a test of its own")]
    pub fn of(rng: &mut ChaCha8Rng, kind: &'static str, kinds: &[&'static str], wide: bool) -> Option<Blueprint> {
        let schema = fathuss_model::schemas().find(|schema| schema.kind == kind)?;
        let needed = fathuss_model::schemas().filter(|other| other.kind != kind && names(schema.fields, other.rust));
        let needed: Vec<&'static str> = needed.map(|other| other.kind).collect();
        let mut blueprint = Blueprint::default();
        let mut grower = Grower { blueprint: &mut blueprint, rng, kinds, region: 0, apart: wide };
        let made = (0..20).any(|_| {
            let made = grower.make(kind).is_some();
            // One call may give what is there already.
            for needed in needed.iter().filter(|_| !made || wide) {
                for _ in 0..if wide { 4 } else { 1 } {
                    grower.make(needed);
                }
            }
            made
        });
        // Others of the type, with what they need: each can have what the other has.
        for _ in 0..if wide { 3 } else { 0 } {
            grower.make(kind);
        }
        if wide && kind != "aws_internet_gateway" {
            for _ in 0..3 {
                grower.make("aws_internet_gateway");
            }
        }
        if wide {
            grower.make("aws_vpc");
            grower.beside(kind != "aws_internet_gateway");
        }
        made.then_some(blueprint)
    }

    /// Adds items until there are that many.
    pub fn grow(&mut self, rng: &mut ChaCha8Rng, size: usize, kinds: &[&'static str]) {
        let mut grower = Grower { blueprint: self, rng, kinds, region: 0, apart: false };
        for _ in 0..size * 20 {
            if grower.blueprint.items.len() >= size {
                return;
            }
            grower.region = usize::from(grower.rng.random_bool(0.15));
            let Some(kind) = kinds.choose(grower.rng).copied() else { return };
            grower.make(kind);
        }
    }

    pub fn get(&self, key: Key) -> &Thing {
        &self.items.iter().find(|item| item.key == key).expect("an item refers to items of its stack").thing
    }

    /// A number that no other item has.
    pub fn fresh(&mut self) -> u32 {
        self.next += 1;
        self.next
    }

    pub fn fresh_range(&mut self, vpc: Key) -> Option<u8> {
        let next = self.ranges.entry(vpc).or_default();
        *next = next.checked_add(1).filter(|next| *next < SUBNETS)?;
        Some(*next)
    }

    pub fn vpc_of(&self, key: Key) -> Key {
        match self.get(key) {
            Thing::Subnet { vpc, .. } | Thing::Group { vpc, .. } | Thing::RouteTable { vpc } => *vpc,
            other => unreachable!("{other:?} lies in no VPC"),
        }
    }

    /// Takes something that can be had once; false where it was taken before.
    pub fn take(&mut self, what: String) -> bool {
        self.taken.insert(what)
    }

    /// The subnets of a VPC that have no network ACL but its default one.
    pub fn subnets_without_acl(&self, vpc: Key) -> Vec<Key> {
        let mut having = BTreeSet::new();
        for item in &self.items {
            if let Thing::Acl { subnets, .. } = &item.thing {
                having.extend(subnets.iter().copied());
            }
        }
        let is_one = |item: &&Item| matches!(item.thing, Thing::Subnet { vpc: of, .. } if of == vpc);
        self.items.iter().filter(is_one).map(|item| item.key).filter(|key| !having.contains(key)).collect()
    }

    /// The route tables of a VPC that no gateway endpoint of a service ever had, which have one from now on.
    pub fn take_tables(&mut self, vpc: Key, service: &str) -> Vec<Key> {
        let is_one = |item: &&Item| matches!(item.thing, Thing::RouteTable { vpc: of } if of == vpc);
        let tables: Vec<Key> = self.items.iter().filter(is_one).map(|item| item.key).collect();
        tables.into_iter().filter(|table| self.take(format!("gateway {service} {table}"))).collect()
    }

    /// The keys of a region that things can be encrypted with.
    pub fn keys_in(&self, region: usize) -> Vec<Key> {
        let fits =
            |item: &&Item| item.region == region && matches!(item.thing, Thing::EncryptionKey { idle: false, .. });
        self.items.iter().filter(fits).map(|item| item.key).collect()
    }

    /// Whether pods on Fargate stand in a subnet, which is private then.
    pub fn has_pods(&self, subnet: Key) -> bool {
        self.items.iter().any(|item| matches!(&item.thing, Thing::Fargate { subnets, .. } if subnets.contains(&subnet)))
    }

    /// Whether copies of objects need this bucket's versions.
    pub fn is_copied(&self, versioning: Key) -> bool {
        let by =
            |item: &Item| matches!(item.thing, Thing::Replication { versions, .. } if versions.contains(&versioning));
        self.items.iter().any(by)
    }

    /// Has the subnets of a VPC give no public addresses.
    pub fn make_private(&mut self, of: Key) {
        for item in &mut self.items {
            if let Thing::Subnet { vpc, public, .. } = &mut item.thing
                && *vpc == of
            {
                *public = false;
            }
        }
    }

    /// The subnets of a VPC: one that gives no public addresses any more may have given some.
    pub fn subnets(&self, vpc: Key) -> BTreeSet<Key> {
        let is_one = |item: &&Item| matches!(item.thing, Thing::Subnet { vpc: of, .. } if of == vpc);
        self.items.iter().filter(is_one).map(|item| item.key).collect()
    }
}

fn attachment_of(role: Key, policy: PolicyOf) -> String {
    format!("attachment {role} {policy:?}")
}

struct Grower<'a> {
    blueprint: &'a mut Blueprint,
    rng: &'a mut ChaCha8Rng,
    kinds: &'a [&'static str],
    /// Where what is made stands.
    region: usize,
    /// Whether what is made is to share little with what is there.
    apart: bool,
}

/// Whether fields, or those of their blocks, hold ids, ARNs or names of a type.
fn names(fields: &[Field], rust: &str) -> bool {
    fields.iter().any(|field| {
        field.rust.contains(&format!("<{rust}>")) || field.ty.block().is_some_and(|inner| names(inner, rust))
    })
}

impl Grower<'_> {
    fn push(&mut self, thing: Thing) -> Option<Key> {
        let key = self.blueprint.fresh();
        let mut tags = BTreeMap::new();
        for tag in ["Name", "Team", "Tier"] {
            if self.rng.random_bool(0.3) {
                tags.insert(tag.to_owned(), format!("{}-{key}", tag.to_lowercase()));
            }
        }
        let region = if thing.is_global() { 0 } else { self.region };
        self.blueprint.items.push(Item { key, region, tags, thing });
        Some(key)
    }

    fn all(&self, kind: &str) -> Vec<Key> {
        let fits = |item: &&Item| item.thing.kind() == kind && (item.region == self.region || item.thing.is_global());
        self.blueprint.items.iter().filter(fits).map(|item| item.key).collect()
    }

    fn allowed(&self, kind: &str) -> bool {
        self.kinds.contains(&kind)
    }

    /// One that is there, or a new one.
    fn some(&mut self, kind: &'static str) -> Option<Key> {
        let there = self.all(kind);
        if !there.is_empty() && self.rng.random_bool(if self.apart { 0.3 } else { 0.8 }) {
            return there.choose(self.rng).copied();
        }
        self.make(kind)
    }

    /// One in the other region.
    fn make_elsewhere(&mut self, kind: &'static str) -> Option<Key> {
        self.region = 1 - self.region;
        let made = self.make(kind);
        self.region = 1 - self.region;
        made
    }

    fn role(&mut self, trust: &'static str) -> Option<Key> {
        let there: Vec<Key> = self
            .blueprint
            .items
            .iter()
            .filter(|item| matches!(item.thing, Thing::Role { trust: is, .. } if is == trust))
            .map(|item| item.key)
            .collect();
        if !there.is_empty() && self.rng.random_bool(if self.apart { 0.3 } else { 0.7 }) {
            return there.choose(self.rng).copied();
        }
        self.new_role(trust)
    }

    fn new_role(&mut self, trust: &'static str) -> Option<Key> {
        if !self.allowed("aws_iam_role") {
            return None;
        }
        let name = self.rng.random_bool(0.2).then(|| self.blueprint.fresh());
        let bounded = self.rng.random_bool(0.15) && self.allowed("aws_iam_policy");
        let boundary = if bounded { self.some("aws_iam_policy") } else { None };
        self.push(Thing::Role { trust, wording: 0, path: 0, hours: 1, name, boundary })
    }

    /// The attachments that give a role these of AWS's policies.
    fn permits(&mut self, role: Key, policies: &[&'static str]) -> Option<Vec<Key>> {
        if !self.allowed("aws_iam_role_policy_attachment") {
            return None;
        }
        let mut permits = Vec::new();
        for policy in policies {
            let thing = Thing::PolicyAttachment { role, policy: PolicyOf::Aws(policy) };
            let there = self.blueprint.items.iter().find(|item| item.thing == thing).map(|item| item.key);
            permits.push(match there {
                Some(key) => key,
                None if self.blueprint.take(attachment_of(role, PolicyOf::Aws(policy))) => self.push(thing)?,
                None => return None,
            });
        }
        Some(permits)
    }

    /// Two subnets in two zones of a VPC.
    fn pair(&mut self, vpc: Key) -> Option<Vec<Key>> {
        let mut pair = Vec::new();
        let first = self.rng.random_range(0..ZONES);
        for at in [first, (first + 1) % ZONES] {
            let there: Vec<Key> = self
                .blueprint
                .items
                .iter()
                .filter(|item| matches!(item.thing, Thing::Subnet { vpc: of, zone, .. } if of == vpc && zone == at))
                .map(|item| item.key)
                .collect();
            pair.push(match there.choose(self.rng) {
                Some(key) => *key,
                None => self.new_subnet(vpc, at)?,
            });
        }
        Some(pair)
    }

    fn new_subnet(&mut self, vpc: Key, zone: usize) -> Option<Key> {
        if !self.allowed("aws_subnet") {
            return None;
        }
        let index = self.blueprint.fresh_range(vpc)?;
        let public = self.rng.random_bool(0.3);
        self.push(Thing::Subnet { vpc, index, zone, public })
    }

    fn groups(&mut self, vpc: Key, most: usize) -> Vec<Key> {
        let there: Vec<Key> = self
            .blueprint
            .items
            .iter()
            .filter(|item| matches!(item.thing, Thing::Group { vpc: of, .. } if of == vpc))
            .map(|item| item.key)
            .collect();
        let count = self.rng.random_range(0..=most.min(there.len()));
        there.choose_multiple(self.rng, count).copied().collect()
    }

    /// A key that things are encrypted with, now and then.
    fn encryption(&mut self) -> Option<Key> {
        if !self.allowed("aws_kms_key") || !self.rng.random_bool(0.3) {
            return None;
        }
        let there = self.blueprint.keys_in(self.region);
        if !there.is_empty() && self.rng.random_bool(0.7) {
            return there.choose(self.rng).copied();
        }
        let rotated = self.rng.random_bool(0.5);
        self.push(Thing::EncryptionKey { wording: 0, rotated, logs: false, idle: false, on: true })
    }

    /// A bucket that keeps versions, and what says so.
    fn versioned(&mut self) -> Option<(Key, Key)> {
        let mut there = Vec::new();
        for item in self.blueprint.items.iter().filter(|item| item.region == self.region) {
            if let Thing::BucketSetting { bucket, setting: Setting::Versioning { suspended: false } } = item.thing {
                there.push((bucket, item.key));
            }
        }
        if !there.is_empty() && self.rng.random_bool(if self.apart { 0.3 } else { 0.7 }) {
            return there.choose(self.rng).copied();
        }
        let bucket = self.some("aws_s3_bucket")?;
        if !self.allowed("aws_s3_bucket_versioning")
            || !self.blueprint.take(format!("aws_s3_bucket_versioning {bucket}"))
        {
            return None;
        }
        let setting = Setting::Versioning { suspended: false };
        Some((bucket, self.push(Thing::BucketSetting { bucket, setting })?))
    }

    /// What says that a bucket takes ACLs.
    fn writable(&mut self) -> Option<Key> {
        let kind = "aws_s3_bucket_ownership_controls";
        let bucket = self.some("aws_s3_bucket")?;
        let free = self.allowed(kind) && self.blueprint.take(format!("{kind} {bucket}"));
        let setting = Setting::Ownership { writer: true };
        if free { self.push(Thing::BucketSetting { bucket, setting }) } else { None }
    }

    /// In every VPC a further group, a further table and, where there is to be one, a way to the internet.
    fn beside(&mut self, internet: bool) {
        for vpc in self.all("aws_vpc") {
            if self.allowed("aws_security_group") {
                self.push(Thing::Group { vpc, wording: 0 });
            }
            if self.allowed("aws_route_table") {
                self.push(Thing::RouteTable { vpc });
            }
            if internet {
                self.new_internet(vpc);
            }
        }
    }

    fn internet_of(&self, vpc: Key) -> Option<Key> {
        let mut items = self.blueprint.items.iter();
        items.find(|item| item.thing == Thing::InternetGateway { vpc }).map(|item| item.key)
    }

    fn new_internet(&mut self, vpc: Key) -> Option<Key> {
        let free = self.allowed("aws_internet_gateway") && self.blueprint.take(format!("internet {vpc}"));
        if free { self.push(Thing::InternetGateway { vpc }) } else { None }
    }

    /// An item of that type with what it needs; none where something can't be had.
    fn make(&mut self, kind: &'static str) -> Option<Key> {
        if !self.allowed(kind) {
            return None;
        }
        match kind {
            "terraform_data" => {
                let (input, trigger) = (self.rng.random_range(0..9), 0);
                self.push(Thing::Data { input, trigger })
            }
            "random_id" => self.push(Thing::RandomId { kept_for: 0 }),
            "aws_autoscaling_group" => {
                let nodes = self.some("aws_eks_node_group")?;
                self.push(Thing::ScalingGroup { nodes })
            }
            "aws_autoscaling_policy" => {
                let nodes = self.some("aws_eks_node_group")?;
                if !self.blueprint.take(format!("scaling {nodes}")) {
                    return None;
                }
                let how = *[Scaling::Simple, Scaling::Steps, Scaling::Tracking].choose(self.rng)?;
                let name = self.rng.random_bool(0.5).then(|| self.blueprint.fresh());
                self.push(Thing::ScalingPolicy { nodes, how, by: 1, name })
            }
            "aws_availability_zones" | "aws_ami" | "aws_caller_identity" => {
                let there = self.all(kind);
                if there.len() > 1 || !(there.is_empty() || self.apart && kind == "aws_ami") {
                    return there.choose(self.rng).copied();
                }
                self.push(match kind {
                    "aws_ami" => Thing::Image { minimal: !there.is_empty() },
                    "aws_caller_identity" => Thing::Caller,
                    _ => Thing::Zones,
                })
            }
            "aws_ec2_instance_type_offerings"
            | "aws_eks_addon_version"
            | "aws_rds_engine_version"
            | "aws_ssm_parameter" => {
                let there = self.all(kind).first().copied();
                there.or_else(|| self.push(Thing::Question { kind }))
            }
            "aws_vpc" => {
                // A few VPCs, so that they fill.
                let there = self.all(kind);
                let shared = if self.apart { 0.2 } else { 0.6 };
                if there.len() >= 4 + 4 * usize::from(self.apart) || (!there.is_empty() && self.rng.random_bool(shared))
                {
                    return there.choose(self.rng).copied();
                }
                let net = u8::try_from(self.blueprint.fresh() % 250).ok()?;
                let hostnames = self.rng.random_bool(0.5) || self.apart;
                self.push(Thing::Vpc { net, hostnames })
            }
            "aws_subnet" => {
                let vpc = self.some("aws_vpc")?;
                let zone = self.rng.random_range(0..ZONES);
                self.new_subnet(vpc, zone)
            }
            "aws_internet_gateway" => {
                let vpc = self.some("aws_vpc")?;
                self.new_internet(vpc)
            }
            "aws_eip" => self.push(Thing::Eip),
            "aws_nat_gateway" => {
                let subnet = self.some("aws_subnet")?;
                let vpc = self.blueprint.vpc_of(subnet);
                if self.rng.random_bool(0.3) {
                    return self.push(Thing::NatGateway { subnet, address: None });
                }
                let internet = self.internet_of(vpc).or_else(|| self.new_internet(vpc))?;
                let eip = self.make("aws_eip")?;
                self.push(Thing::NatGateway { subnet, address: Some((eip, internet)) })
            }
            "aws_route_table" => {
                let vpc = self.some("aws_vpc")?;
                self.push(Thing::RouteTable { vpc })
            }
            "aws_route" => {
                let table = self.some("aws_route_table")?;
                let target = self.route_target(table)?;
                let destination = u16::try_from(self.blueprint.fresh() % 60_000).ok()?;
                self.push(Thing::Route { table, destination, target })
            }
            "aws_route_table_association" => {
                let table = self.some("aws_route_table")?;
                let vpc = self.blueprint.vpc_of(table);
                let subnets = self.all("aws_subnet").into_iter().filter(|key| self.blueprint.vpc_of(*key) == vpc);
                let subnets: Vec<Key> = subnets.collect();
                let subnet = *subnets.choose(self.rng)?;
                let free = self.blueprint.take(format!("association {subnet}"));
                if free { self.push(Thing::Association { subnet, table }) } else { None }
            }
            "aws_default_security_group" => {
                let vpc = self.some("aws_vpc")?;
                let free = self.blueprint.take(format!("default group {vpc}"));
                if free { self.push(Thing::DefaultGroup { vpc }) } else { None }
            }
            "aws_security_group" => {
                let vpc = self.some("aws_vpc")?;
                self.push(Thing::Group { vpc, wording: 0 })
            }
            "aws_vpc_security_group_ingress_rule" | "aws_vpc_security_group_egress_rule" => {
                let group = self.some("aws_security_group")?;
                let peer = self.peer(group);
                let port = i64::from(self.blueprint.fresh() % 30_000) * 2 + 1;
                let (width, udp) = (self.rng.random_range(0..2), self.rng.random_bool(0.2));
                let egress = kind.contains("egress");
                self.push(Thing::Rule { group, egress, port, width, udp, peer, note: None })
            }
            "aws_vpc_endpoint" => {
                let vpc = self.some("aws_vpc")?;
                if self.rng.random_bool(0.5) {
                    let service = ["s3", "dynamodb"].choose(self.rng)?;
                    let tables = self.blueprint.take_tables(vpc, service);
                    let guarded = self.rng.random_bool(0.4);
                    return self.push(Thing::Endpoint {
                        vpc,
                        service,
                        tables,
                        subnets: Vec::new(),
                        groups: Vec::new(),
                        guarded,
                    });
                }
                let service = ["sts", "ecr.api", "sqs"].choose(self.rng)?;
                let subnets = self.pair(vpc)?;
                let groups = self.groups(vpc, 2);
                let guarded = self.rng.random_bool(0.4);
                self.push(Thing::Endpoint { vpc, service, tables: Vec::new(), subnets, groups, guarded })
            }
            "aws_network_acl" => {
                let vpc = self.some("aws_vpc")?;
                let free = self.blueprint.subnets_without_acl(vpc);
                let count = self.rng.random_range(0..=2.min(free.len()));
                let subnets = free.choose_multiple(self.rng, count).copied().collect();
                let rules = self.rng.random_range(0..6);
                self.push(Thing::Acl { vpc, subnets, rules })
            }
            "aws_default_network_acl" => {
                let vpc = self.some("aws_vpc")?;
                let free = self.blueprint.take(format!("default acl {vpc}"));
                let rules = self.rng.random_range(0..6);
                if free { self.push(Thing::DefaultAcl { vpc, rules }) } else { None }
            }
            "aws_default_route_table" => {
                let vpc = self.some("aws_vpc")?;
                if !self.blueprint.take(format!("default table {vpc}")) {
                    return None;
                }
                let routed = self.rng.random_bool(0.7);
                let internet = if routed { self.internet_of(vpc).or_else(|| self.new_internet(vpc)) } else { None };
                let destination = u16::try_from(self.blueprint.fresh() % 60_000).ok()?;
                self.push(Thing::DefaultTable { vpc, internet, destination })
            }
            "aws_network_interface" => {
                let subnet = self.some("aws_subnet")?;
                let groups = self.groups(self.blueprint.vpc_of(subnet), 2);
                let checked = self.rng.random_bool(0.7);
                let last = u8::try_from(100 + self.blueprint.fresh() % 100).ok()?;
                let fixed = self.rng.random_bool(0.4).then_some(last);
                let fixed = fixed.filter(|last| self.blueprint.take(format!("address {subnet} {last}")));
                self.push(Thing::Interface { subnet, groups, wording: 0, checked, fixed })
            }
            "aws_flow_log" => {
                let kind = *["aws_vpc", "aws_subnet", "aws_network_interface"].choose(self.rng)?;
                let of = self.some(kind)?;
                // AWS takes two of one thing.
                let traffic = [TrafficType::All, TrafficType::Reject];
                let traffic = traffic.into_iter().find(|it| self.blueprint.take(format!("flow log {of} {it:?}")))?;
                let kept = if self.rng.random_bool(0.7) {
                    let role = self.role("vpc-flow-logs")?;
                    Kept::Group { group: self.some("aws_cloudwatch_log_group")?, role }
                } else {
                    Kept::Bucket(self.some("aws_s3_bucket")?)
                };
                let columns = matches!(kept, Kept::Bucket(_)) && self.rng.random_bool(0.5);
                self.push(Thing::FlowLog { of, traffic, kept, minute: false, columns })
            }
            "aws_iam_role" => {
                let trust = ["ec2", "eks", "monitoring.rds", "lambda"].choose(self.rng)?;
                self.new_role(trust)
            }
            "aws_iam_policy" => self.push(Thing::Policy { action: 0, wording: 0, path: 0 }),
            "aws_iam_role_policy_attachment" => {
                let role = self.some("aws_iam_role")?;
                let policy = if self.rng.random_bool(0.5) {
                    PolicyOf::Stack(self.some("aws_iam_policy")?)
                } else {
                    PolicyOf::Aws(AWS_POLICIES.choose(self.rng)?)
                };
                let free = self.blueprint.take(attachment_of(role, policy));
                if free { self.push(Thing::PolicyAttachment { role, policy }) } else { None }
            }
            "aws_iam_role_policy" => {
                let role = self.some("aws_iam_role")?;
                let name = self.rng.random_bool(0.5).then(|| self.blueprint.fresh());
                self.push(Thing::InlinePolicy { role, action: 0, name })
            }
            "aws_iam_instance_profile" => {
                let role = self.role("ec2")?;
                let name = self.rng.random_bool(0.3).then(|| self.blueprint.fresh());
                self.push(Thing::Profile { role, path: 0, name })
            }
            "aws_iam_openid_connect_provider" => {
                let number = self.blueprint.fresh();
                self.push(Thing::Issuer { number, clients: 1 })
            }
            "aws_launch_template" => {
                let size = self.rng.random_range(20..60);
                let profiled = self.rng.random_bool(0.3);
                let profile = if profiled { self.some("aws_iam_instance_profile") } else { None };
                let vpcs = self.all("aws_vpc");
                let vpc = vpcs.choose(self.rng).copied().filter(|_| self.rng.random_bool(0.5));
                let groups = vpc.map(|vpc| self.groups(vpc, 2)).unwrap_or_default();
                self.push(Thing::Template { size, profile, groups })
            }
            "aws_instance" => {
                let subnet = self.some("aws_subnet")?;
                let image = self.make("aws_ami")?;
                let vpc = self.blueprint.vpc_of(subnet);
                let groups = self.groups(vpc, 2);
                let profiled = self.rng.random_bool(0.4);
                let profile = if profiled { self.some("aws_iam_instance_profile") } else { None };
                let root = self.rng.random_range(10..40);
                self.push(Thing::Instance { subnet, image, groups, profile, large: false, root, script: 0 })
            }
            "aws_ebs_volume" => {
                let (zone, size) = (self.rng.random_range(0..ZONES), self.rng.random_range(1..100));
                let gp3 = self.rng.random_bool(0.7);
                let encrypted_with = self.encryption();
                self.push(Thing::Volume { zone, size, gp3, encrypted_with })
            }
            "aws_volume_attachment" => {
                let instance = self.some("aws_instance")?;
                let Thing::Instance { subnet, .. } = *self.blueprint.get(instance) else { return None };
                let Thing::Subnet { zone, .. } = *self.blueprint.get(subnet) else { return None };
                let letter = (b'f'..=b'p').find(|letter| self.blueprint.take(format!("device {instance} {letter}")))?;
                if !self.allowed("aws_ebs_volume") {
                    return None;
                }
                let volume = self.push(Thing::Volume { zone, size: 8, gp3: true, encrypted_with: None })?;
                self.push(Thing::VolumeAttachment { volume, instance, letter })
            }
            "aws_eks_cluster" => {
                let there = self.all(kind);
                if there.len() >= 3 {
                    return there.choose(self.rng).copied();
                }
                let vpc = self.some("aws_vpc")?;
                let subnets = self.pair(vpc)?;
                let role = self.role("eks")?;
                let permits = self.permits(role, &["AmazonEKSClusterPolicy"])?;
                let groups = self.groups(vpc, 2);
                let (private, name) = (self.rng.random_bool(0.5), self.blueprint.fresh());
                let encrypted_with = self.encryption();
                let (mapped, older) = (self.rng.random_bool(0.3), self.rng.random_bool(0.3));
                self.push(Thing::Cluster {
                    role,
                    permits,
                    subnets,
                    groups,
                    private,
                    name,
                    encrypted_with,
                    mapped,
                    older,
                })
            }
            "aws_eks_node_group" => {
                let cluster = self.some("aws_eks_cluster")?;
                let Thing::Cluster { subnets, .. } = self.blueprint.get(cluster).clone() else { return None };
                let role = self.role("ec2")?;
                let permits = self.permits(role, NODE_POLICIES)?;
                let templated = self.rng.random_bool(0.5) && self.allowed("aws_launch_template");
                let size = self.rng.random_range(20..60);
                let template = if templated {
                    self.push(Thing::Template { size, profile: None, groups: Vec::new() })
                } else {
                    None
                };
                let most = self.rng.random_range(2..5);
                let behind = self.rng.random_bool(0.3);
                self.push(Thing::NodeGroup { cluster, role, permits, subnets, template, most, labels: 0, behind })
            }
            "aws_eks_addon" => {
                let cluster = self.some("aws_eks_cluster")?;
                let which = *ADDONS.choose(self.rng)?;
                // What runs as ordinary pods is healthy only where there are nodes.
                let mut items = self.blueprint.items.iter();
                let nodes =
                    items.find(|item| matches!(item.thing, Thing::NodeGroup { cluster: of, .. } if of == cluster));
                let nodes = nodes.map(|item| item.key).filter(|_| NEEDING_NODES.contains(&which));
                if nodes.is_none() && NEEDING_NODES.contains(&which) {
                    return None;
                }
                if !self.blueprint.take(format!("addon {cluster} {which}")) {
                    return None;
                }
                let (version, settings) = (self.rng.random_range(0..3), self.rng.random_range(0..3));
                self.push(Thing::Addon { cluster, which, nodes, role: None, version, settings })
            }
            "aws_eks_access_entry" => {
                let cluster = self.some("aws_eks_cluster")?;
                // A node group's role has an entry that EKS makes.
                let role = self.new_role("lambda")?;
                self.push(Thing::AccessEntry { cluster, role, groups: 0 })
            }
            "aws_eks_access_policy_association" => {
                let entry = self.some("aws_eks_access_entry")?;
                let Thing::AccessEntry { cluster, role, .. } = *self.blueprint.get(entry) else { return None };
                let view = self.rng.random_bool(0.5);
                if !self.blueprint.take(format!("access {entry} {view}")) {
                    return None;
                }
                self.push(Thing::AccessPolicy { entry, cluster, role, view, namespaces: 0 })
            }
            "aws_eks_fargate_profile" => {
                let cluster = self.some("aws_eks_cluster")?;
                let Thing::Cluster { subnets, .. } = self.blueprint.get(cluster).clone() else { return None };
                // A subnet that routes lead out of would be public, also while what led out of it is only going.
                let had = |what: String| self.blueprint.taken.contains(&what);
                let routed = |key: &Key| had(format!("association {key}")) && !self.blueprint.has_pods(*key);
                let vpc = self.blueprint.vpc_of(*subnets.first()?);
                let pods = |key: &Key| self.blueprint.has_pods(*key);
                let open = had(format!("default table {vpc}")) && !self.blueprint.subnets(vpc).iter().any(pods);
                let private = |key: &&Key| !matches!(self.blueprint.get(**key), Thing::Subnet { public: true, .. });
                let subnets: Vec<Key> = subnets.iter().filter(private).filter(|key| !routed(key)).copied().collect();
                if open || subnets.is_empty() {
                    return None;
                }
                // What makes a subnet public later on is no longer drawn.
                for subnet in &subnets {
                    self.blueprint.take(format!("association {subnet}"));
                }
                self.blueprint.take(format!("default table {vpc}"));
                let role = self.new_role("eks-fargate-pods")?;
                let (name, labelled) = (self.blueprint.fresh(), self.rng.random_bool(0.5));
                self.push(Thing::Fargate { cluster, role, subnets, name, labelled })
            }
            "aws_eks_pod_identity_association" => {
                let cluster = self.some("aws_eks_cluster")?;
                let role = self.role("pods.eks")?;
                let (account, tagless) = (self.blueprint.fresh(), self.rng.random_bool(0.3));
                self.push(Thing::PodIdentity { cluster, role, account, tagless })
            }
            "aws_s3_bucket_replication_configuration" => {
                let role = self.role("s3")?;
                let (bucket, version) = self.versioned()?;
                let here = self.region;
                // As a rule copies go to another region, and are encrypted with a key of it.
                if self.rng.random_bool(0.7) {
                    self.region = 1 - here;
                }
                let (other, encrypted_with) = (self.versioned(), self.encryption());
                self.region = here;
                let (destination, copied) = other.filter(|(destination, _)| *destination != bucket)?;
                if !self.blueprint.take(format!("{kind} {bucket}")) {
                    return None;
                }
                let deletions = self.rng.random_bool(0.5);
                self.push(Thing::Replication {
                    bucket,
                    destination,
                    versions: [version, copied],
                    role,
                    priority: 1,
                    deletions,
                    encrypted_with,
                })
            }
            "aws_s3_bucket" => {
                let name = self.rng.random_bool(0.3).then(|| self.blueprint.fresh());
                self.push(Thing::Bucket { name })
            }
            kind if kind.starts_with("aws_s3_bucket_") => {
                let setting = match kind {
                    "aws_s3_bucket_versioning" => Setting::Versioning { suspended: self.rng.random_bool(0.2) },
                    "aws_s3_bucket_server_side_encryption_configuration" => {
                        Setting::Encryption { bucket_key: self.rng.random_bool(0.7) }
                    }
                    "aws_s3_bucket_public_access_block" => Setting::Access { open: self.rng.random_range(0..16) },
                    "aws_s3_bucket_policy" => Setting::Policy { wording: 0 },
                    "aws_s3_bucket_ownership_controls" => Setting::Ownership { writer: self.rng.random_bool(0.5) },
                    _ => Setting::Lifecycle { days: self.rng.random_range(30..60), rules: 1 },
                };
                let bucket = self.some("aws_s3_bucket")?;
                let free = self.blueprint.take(format!("{kind} {bucket}"));
                if free { self.push(Thing::BucketSetting { bucket, setting }) } else { None }
            }
            "aws_db_subnet_group" | "aws_elasticache_subnet_group" => {
                let vpc = self.some("aws_vpc")?;
                let subnets = self.pair(vpc)?;
                let wording = 0;
                self.push(match kind {
                    "aws_db_subnet_group" => Thing::DbSubnets { subnets, wording },
                    _ => Thing::CacheSubnets { subnets, wording },
                })
            }
            "aws_db_parameter_group" => {
                let duration = self.rng.random_range(100..1000);
                self.push(Thing::DbParameters { duration, wording: 0 })
            }
            "aws_db_instance" => {
                let sources: Vec<Key> = self
                    .blueprint
                    .items
                    .iter()
                    .filter(|item| item.region == self.region)
                    .filter(|item| matches!(item.thing, Thing::Database { managed: false, days: 1.., .. }))
                    .map(|item| item.key)
                    .collect();
                if let Some(source) = sources.choose(self.rng).copied()
                    && self.rng.random_bool(0.3)
                {
                    return self.push(Thing::Replica { source, large: false });
                }
                let subnets = self.some("aws_db_subnet_group")?;
                let Thing::DbSubnets { subnets: keys, .. } = self.blueprint.get(subnets) else { return None };
                let vpc = self.blueprint.vpc_of(*keys.first()?);
                let groups = self.groups(vpc, 2);
                let set = self.rng.random_bool(0.6);
                let parameters = if set { self.some("aws_db_parameter_group") } else { None };
                let (storage, days) = (self.rng.random_range(20..50), self.rng.random_range(0..8));
                let managed = self.rng.random_bool(0.5);
                let (large, user) = (false, 0);
                let encrypted_with = self.encryption();
                let older = parameters.is_none() && self.rng.random_bool(0.5);
                let fast = self.rng.random_bool(0.3);
                let storage = if fast { storage + 400 } else { storage };
                self.push(Thing::Database {
                    subnets,
                    parameters,
                    groups,
                    storage,
                    days,
                    managed,
                    large,
                    user,
                    encrypted_with,
                    older,
                    fast,
                })
            }
            "aws_db_snapshot" => {
                let databases: Vec<Key> = self
                    .all("aws_db_instance")
                    .into_iter()
                    .filter(|key| matches!(self.blueprint.get(*key), Thing::Database { .. }))
                    .collect();
                let database = *databases.choose(self.rng)?;
                let name = self.blueprint.fresh();
                self.push(Thing::DbSnapshot { database, name })
            }
            "aws_db_option_group" => {
                let (rotations, narrow) = (self.rng.random_range(1..9), self.rng.random_bool(0.5));
                let maria = self.rng.random_bool(0.3);
                self.push(Thing::DbOptions { wording: 0, rotations, narrow, maria })
            }
            "aws_db_instance_automated_backups_replication" => {
                let fits = |item: &&Item| {
                    item.region != self.region && matches!(item.thing, Thing::Database { days: 1.., .. })
                };
                let databases: Vec<Key> = self.blueprint.items.iter().filter(fits).map(|item| item.key).collect();
                let database = match databases.choose(self.rng) {
                    Some(database) => *database,
                    None => {
                        let made = self.make_elsewhere("aws_db_instance");
                        made.filter(|key| matches!(self.blueprint.get(*key), Thing::Database { days: 1.., .. }))?
                    }
                };
                if !self.allowed("aws_kms_key") || !self.blueprint.take(format!("copied backups {database}")) {
                    return None;
                }
                if self.apart {
                    self.make_elsewhere("aws_db_instance");
                }
                // Databases here are encrypted, and a copy wants a key of its own region.
                let there = self.blueprint.keys_in(self.region);
                let encrypted_with = match there.choose(self.rng) {
                    Some(key) => *key,
                    None => self.push(Thing::EncryptionKey {
                        wording: 0,
                        rotated: false,
                        logs: false,
                        idle: false,
                        on: true,
                    })?,
                };
                let days = self.rng.random_range(1..10);
                self.push(Thing::CopiedBackups { database, days, encrypted_with })
            }
            "aws_elasticache_user" => {
                let (name, usual) = (self.blueprint.fresh(), self.rng.random_bool(0.5));
                let password = self.rng.random_bool(0.5);
                self.push(Thing::CacheUser { name, usual, access: 0, password })
            }
            "aws_elasticache_user_group" => {
                let (mut usual, mut others) = (Vec::new(), Vec::new());
                if self.apart {
                    let name = self.blueprint.fresh();
                    self.push(Thing::CacheUser { name, usual: true, access: 0, password: false });
                }
                for key in self.all("aws_elasticache_user") {
                    let Thing::CacheUser { usual: is, .. } = self.blueprint.get(key) else { continue };
                    if *is { usual.push(key) } else { others.push(key) }
                }
                let mut users = vec![*usual.choose(self.rng)?];
                users.extend(others.choose(self.rng));
                let name = self.blueprint.fresh();
                self.push(Thing::CacheUsers { users, name })
            }
            "aws_elasticache_parameter_group" => {
                let (policy, valkey) = (self.rng.random_range(0..3), self.rng.random_bool(0.3));
                self.push(Thing::CacheParameters { policy, wording: 0, valkey })
            }
            "aws_elasticache_replication_group" => {
                let subnets = self.some("aws_elasticache_subnet_group")?;
                let mut parameters = self.some("aws_elasticache_parameter_group")?;
                if matches!(self.blueprint.get(parameters), Thing::CacheParameters { valkey: true, .. }) {
                    parameters = self.push(Thing::CacheParameters { policy: 0, wording: 0, valkey: false })?;
                }
                let Thing::CacheSubnets { subnets: keys, .. } = self.blueprint.get(subnets) else { return None };
                let vpc = self.blueprint.vpc_of(*keys.first()?);
                let groups = self.groups(vpc, 2);
                let (replicas, days) = (self.rng.random_range(1..3), self.rng.random_range(0..4));
                let encrypted_with = self.encryption();
                let users = self.all("aws_elasticache_user_group").choose(self.rng).copied();
                let users = users.filter(|_| self.rng.random_bool(0.7));
                let wording = 0;
                let (plain, lenient) = (self.rng.random_bool(0.3), users.is_none() && self.rng.random_bool(0.3));
                self.push(Thing::Cache {
                    subnets,
                    parameters,
                    groups,
                    users,
                    replicas,
                    days,
                    wording,
                    encrypted_with,
                    plain,
                    lenient,
                })
            }
            "aws_kms_key" => {
                let (rotated, idle) = (self.rng.random_bool(0.5), self.rng.random_bool(0.4));
                let on = !idle || self.rng.random_bool(0.5);
                let logs = self.rng.random_bool(0.4);
                self.push(Thing::EncryptionKey { wording: 0, rotated, logs, idle, on })
            }
            "aws_kms_alias" => {
                let target = self.some("aws_kms_key")?;
                let name = self.blueprint.fresh();
                self.push(Thing::Alias { target, name })
            }
            // What it asks for people have made beforehand, and a run begins with an empty world.
            "aws_route53_zone_lookup" => None,
            "aws_route53_zone" => {
                let name = self.blueprint.fresh();
                let mut vpcs = Vec::new();
                if self.rng.random_bool(0.4) {
                    vpcs.extend(self.some("aws_vpc"));
                    let others: Vec<Key> = self.all("aws_vpc").into_iter().filter(|vpc| !vpcs.contains(vpc)).collect();
                    vpcs.extend(others.choose(self.rng).filter(|_| vpcs.len() == 1));
                }
                self.push(Thing::HostedZone { vpcs, wording: 0, name })
            }
            "aws_route53_record" => {
                let zone = self.some("aws_route53_zone")?;
                let kinds = [RecordKind::Address, RecordKind::Text, RecordKind::Name, RecordKind::Weighted];
                let (name, kind) = (self.blueprint.fresh(), *kinds.choose(self.rng)?);
                let targets = self.blueprint.items.iter().filter(|item| {
                    matches!(item.thing, Thing::Record { zone: at, kind: RecordKind::Address, .. } if at == zone)
                });
                let targets: Vec<Key> = targets.map(|item| item.key).collect();
                let of = match targets.choose(self.rng).copied() {
                    None if self.apart => {
                        let (name, kind) = (self.blueprint.fresh(), RecordKind::Address);
                        self.push(Thing::Record { zone, name, value: 0, kind, of: None })
                    }
                    target => target,
                };
                let of = of.filter(|_| self.rng.random_bool(0.4));
                let kind = if of.is_some() { RecordKind::Alias } else { kind };
                self.push(Thing::Record { zone, name, value: 0, kind, of })
            }
            "aws_cloudfront_origin_access_control" => {
                let name = self.rng.random_bool(0.5).then(|| self.blueprint.fresh());
                self.push(Thing::AccessControl { wording: 0, name })
            }
            "aws_cloudfront_distribution" => {
                let bucket = self.some("aws_s3_bucket")?;
                let control = self.some("aws_cloudfront_origin_access_control")?;
                let (on, split) = (self.rng.random_bool(0.7), self.rng.random_bool(0.5));
                let closed = self.rng.random_bool(0.3);
                let owned = self.rng.random_bool(0.3);
                let shown = if owned && self.region == 0 { self.make("aws_acm_certificate_validation") } else { None };
                let logs = if self.rng.random_bool(0.3) { self.writable() } else { None };
                self.push(Thing::Distribution { bucket, control, wording: 0, on, split, closed, shown, logs })
            }
            "aws_acm_certificate" => {
                let zone = self.public_zone()?;
                let (wild, curve) = (self.rng.random_bool(0.5), self.rng.random_bool(0.3));
                let name = self.blueprint.fresh();
                self.push(Thing::Certificate { zone, name, wild, curve })
            }
            "aws_acm_certificate_validation" => {
                let certificate = self.some("aws_acm_certificate")?;
                let Thing::Certificate { zone, .. } = *self.blueprint.get(certificate) else { return None };
                if !self.blueprint.take(format!("validation of {certificate}")) {
                    return None;
                }
                let proof = self.push(Thing::Proof { zone, certificate })?;
                self.push(Thing::Issued { certificate, proof })
            }
            "aws_cloudwatch_log_group" => {
                let name = self.rng.random_bool(0.5).then(|| self.blueprint.fresh());
                let (retention, infrequent) = (self.rng.random_range(0..RETENTIONS.len()), self.rng.random_bool(0.3));
                let keys = self.blueprint.keys_in(self.region).into_iter();
                let keys =
                    keys.filter(|key| matches!(self.blueprint.get(*key), Thing::EncryptionKey { logs: true, .. }));
                let keys: Vec<Key> = keys.collect();
                let encrypted_with = keys.choose(self.rng).copied().filter(|_| self.rng.random_bool(0.5));
                self.push(Thing::LogGroup { retention, infrequent, name, encrypted_with })
            }
            "aws_secretsmanager_secret" => {
                let name = self.rng.random_bool(0.5).then(|| self.blueprint.fresh());
                let (guarded, kept) = (self.rng.random_bool(0.3), self.rng.random_bool(0.7));
                self.push(Thing::Secret { wording: 0, guarded, kept, name })
            }
            "aws_secretsmanager_secret_version" => {
                let secret = self.some("aws_secretsmanager_secret")?;
                let free = self.blueprint.take(format!("version {secret}"));
                if free { self.push(Thing::SecretVersion { secret, value: 1 }) } else { None }
            }
            "aws_sns_topic" => {
                let name = self.rng.random_bool(0.5).then(|| self.blueprint.fresh());
                let (strong, ordered) = (self.rng.random_bool(0.5), self.rng.random_bool(0.2));
                let retries = if ordered { 0 } else { self.rng.random_range(0..3) };
                let name = if ordered { name.or_else(|| Some(self.blueprint.fresh())) } else { name };
                self.push(Thing::Topic { wording: 0, strong, ordered, retries, name })
            }
            "aws_sns_topic_policy" => {
                let topic = self.some("aws_sns_topic")?;
                let free = self.blueprint.take(format!("policy of topic {topic}"));
                if free { self.push(Thing::TopicPolicy { topic, wording: 0 }) } else { None }
            }
            "aws_sns_topic_subscription" => {
                let topic = self.topic()?;
                let (mail, endpoint) = (self.rng.random_bool(0.3), self.blueprint.fresh());
                let filter = self.rng.random_range(0..3);
                let raw = !mail && self.rng.random_bool(0.5);
                let stream = if !mail && self.rng.random_bool(0.3) { self.role("sns") } else { None };
                let redriven = !mail && self.rng.random_bool(0.4);
                let web = mail && self.rng.random_bool(0.4);
                self.push(Thing::Subscription { topic, mail, web, endpoint, filter, raw, stream, redriven })
            }
            "aws_cloudwatch_metric_alarm" => {
                let topic = if self.rng.random_bool(0.7) { self.topic() } else { None };
                let name = self.rng.random_bool(0.5).then(|| self.blueprint.fresh());
                let (threshold, reckoned) = (self.rng.random_range(0..100), self.rng.random_bool(0.3));
                let (banded, told) = (reckoned && self.rng.random_bool(0.5), self.rng.random_bool(0.5));
                self.push(Thing::Alarm { topics: topic.into_iter().collect(), threshold, reckoned, banded, told, name })
            }
            "aws_cloudwatch_dashboard" => {
                let name = self.rng.random_bool(0.5).then(|| self.blueprint.fresh());
                self.push(Thing::Dashboard { wording: 0, name })
            }
            "aws_backup_vault" => {
                let name = self.rng.random_bool(0.5).then(|| self.blueprint.fresh());
                let encrypted_with = self.encryption();
                self.push(Thing::Vault { name, encrypted_with })
            }
            "aws_backup_plan" => {
                let vault = self.some("aws_backup_vault")?;
                let others = self.all("aws_backup_vault");
                let copy = others.choose(self.rng).copied().filter(|other| *other != vault);
                let (days, name) = (self.rng.random_range(1..60), self.blueprint.fresh());
                self.push(Thing::BackupPlan { vault, copy, days, name })
            }
            "aws_budgets_budget" => {
                let topic = if self.rng.random_bool(0.5) { self.topic() } else { None };
                let name = self.rng.random_bool(0.5).then(|| self.blueprint.fresh());
                let (amount, threshold) = (self.rng.random_range(1..2000), self.rng.random_range(1..100));
                self.push(Thing::Budget { name, amount, threshold, topic })
            }
            "aws_ce_cost_allocation_tag" => {
                let (known, number) =
                    (self.rng.random_bool(if self.apart { 0.9 } else { 0.5 }), self.blueprint.fresh());
                let active = self.rng.random_bool(0.8);
                // Of a key there is one tag.
                let free = !known || self.blueprint.take("cost tag".to_owned());
                // AWS knows the keys of what there is.
                if known && self.apart {
                    self.push(Thing::Topic { wording: 0, strong: false, ordered: false, retries: 0, name: None });
                    let topic = self.blueprint.items.last_mut()?;
                    topic.tags.insert("Team".to_owned(), "known".to_owned());
                }
                if free { self.push(Thing::CostTag { known, number, active }) } else { None }
            }
            "aws_backup_selection" => {
                let plan = self.some("aws_backup_plan")?;
                let role = self.role("backup")?;
                let (name, tagged) = (self.blueprint.fresh(), self.rng.random_bool(0.5));
                self.push(Thing::Selection { plan, role, name, tagged })
            }
            other => unreachable!("no item is of type {other}"),
        }
    }

    /// A topic that anything can be sent to.
    fn topic(&mut self) -> Option<Key> {
        let topic = self.some("aws_sns_topic")?;
        match self.blueprint.get(topic) {
            Thing::Topic { ordered: true, .. } => {
                self.push(Thing::Topic { wording: 0, strong: false, ordered: false, retries: 0, name: None })
            }
            _ => Some(topic),
        }
    }

    /// A zone that anyone sees.
    fn public_zone(&mut self) -> Option<Key> {
        let is_public = |item: &&Item| matches!(&item.thing, Thing::HostedZone { vpcs, .. } if vpcs.is_empty());
        let zones: Vec<Key> = self.blueprint.items.iter().filter(is_public).map(|item| item.key).collect();
        if let Some(zone) = zones.choose(self.rng) {
            return Some(*zone);
        }
        let name = self.blueprint.fresh();
        self.push(Thing::HostedZone { vpcs: Vec::new(), wording: 0, name })
    }

    fn route_target(&mut self, table: Key) -> Option<RouteTarget> {
        let vpc = self.blueprint.vpc_of(table);
        let gateways: Vec<Key> = self
            .blueprint
            .items
            .iter()
            .filter(|item| {
                let Thing::NatGateway { subnet, .. } = item.thing else { return false };
                self.blueprint.vpc_of(subnet) == vpc
            })
            .map(|item| item.key)
            .collect();
        match gateways.choose(self.rng) {
            Some(gateway) if self.rng.random_bool(0.5) => Some(RouteTarget::Nat(*gateway)),
            _ => self.internet_of(vpc).or_else(|| self.new_internet(vpc)).map(RouteTarget::Internet),
        }
    }

    fn peer(&mut self, group: Key) -> Peer {
        let vpc = self.blueprint.vpc_of(group);
        let others: Vec<Key> =
            self.all("aws_security_group").into_iter().filter(|key| self.blueprint.vpc_of(*key) == vpc).collect();
        match others.choose(self.rng) {
            Some(other) if self.rng.random_bool(0.4) => Peer::Group(*other),
            _ => Peer::Range(u16::try_from(self.blueprint.fresh() % 60_000).unwrap_or_default()),
        }
    }
}
