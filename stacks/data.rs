//! The data stores: PostgreSQL, Redis and ClickHouse.

use fathuss_model::aws::policy::{Policy, Principal, Statement};
use fathuss_model::aws::{
    Ami, CacheNodeType, CacheParameter, DbInstance, DbInstanceClass, DbParameter, DbParameterGroup, DbSubnetGroup,
    EbsVolume, ElasticacheParameterGroup, ElasticacheReplicationGroup, ElasticacheSubnetGroup, Gp3, IamInstanceProfile,
    IamPolicy, IamRolePolicyAttachment, Instance, InstanceType, MasterPassword, MetadataOptions, RestoreToPointInTime,
    RootBlockDevice, SecretsmanagerSecret, SecretsmanagerSecretVersion, TransitEncryptionMode, VolumeAttachment,
};
use fathuss_model::{DeclarationExt, Handle, IntoValue, Lifecycle, Secret, Stack, Value, actions, template};

use crate::environment::{EbsSnapshot, Environment, PostgresSource, RedisSource};
use crate::firewall::Firewall;
use crate::network::Network;

/// What others build on.
#[derive(Debug)]
pub struct Data {
    /// PostgreSQL.
    pub postgres: Handle<DbInstance>,
    /// Redis.
    pub redis: Handle<ElasticacheReplicationGroup>,
    /// ClickHouse's server.
    pub clickhouse: Handle<Instance>,
    /// The volume of its data.
    pub clickhouse_data: Handle<EbsVolume>,
}

/// The three stores, each behind its own security group.
pub fn data(stack: &mut Stack, env: &Environment, network: &Network, firewall: &Firewall) -> Data {
    let postgres = postgres(stack, env, network, firewall);
    let redis = redis(stack, env, network, firewall);
    let (clickhouse, clickhouse_data) = clickhouse(stack, env, network, firewall);
    Data { postgres, redis, clickhouse, clickhouse_data }
}

/// PostgreSQL on RDS: encrypted, TLS alone, IAM tokens accepted, its minor versions upgraded by AWS.
fn postgres(stack: &mut Stack, env: &Environment, network: &Network, firewall: &Firewall) -> Handle<DbInstance> {
    env.tag_all(stack, "postgres");
    let subnets = stack.add("postgres", DbSubnetGroup::new(&network.database));
    let parameters = DbParameterGroup::new("postgres17").parameter([
        DbParameter::at_once("log_statement", "ddl"),
        DbParameter::at_once("log_min_duration_statement", "1000"),
        DbParameter::at_once("rds.force_ssl", "1"),
    ]);
    let parameters = stack.add("postgres", parameters);

    // <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Monitoring.OS.Enabling.html#USER_Monitoring.OS.confused-deputy>
    let trust = env.trust("monitoring.rds.amazonaws.com", &env.arn("rds", "db:*"));
    let monitoring = stack.add("postgres_monitoring", env.role(stack, trust));
    let policy = IamPolicy::of_aws("service-role/AmazonRDSEnhancedMonitoringRole");
    let permitted = stack.add("postgres_monitoring", IamRolePolicyAttachment::new(&monitoring, policy));

    let password = if env.keeps_the_password_of_postgres() {
        let (_, password) = generated(stack, env, "postgres", env.postgres.password);
        MasterPassword::KeptBy(password)
    } else {
        MasterPassword::ManagedByRds
    };
    let instance = DbInstance::postgres("17", DbInstanceClass::T3Medium)
        .storage(Gp3::gigabytes(20).growing_to(100))
        .subnets(&subnets)
        .security_group(&firewall.database)
        .parameters(&parameters)
        .db_name("fathuss")
        .username("fathuss")
        .master_password(password)
        .iam_database_authentication_enabled(true)
        .multi_az(env.postgres.standby)
        .backup_retention_period(env.postgres.backup_days)
        .backup_window("03:00-04:00")
        .maintenance_window("sun:04:00-sun:05:00")
        .copy_tags_to_snapshot(true)
        .enhanced_monitoring(60, &monitoring)
        .performance_insights_enabled(true)
        .performance_insights_retention_period(7)
        .deletion_protection(env.is_production());
    let instance = if env.is_production() {
        instance.final_snapshot_identifier(format!("{}-postgres-final", env.name()))
    } else {
        instance.skip_final_snapshot(true)
    };
    let instance = match &env.begins.postgres {
        Some(PostgresSource::Snapshot(snapshot)) => instance.snapshot_identifier(snapshot),
        Some(PostgresSource::Backups(arn)) => {
            instance.restore_to_point_in_time(RestoreToPointInTime::latest_of_backups(arn))
        }
        None => instance,
    };
    let lifecycle = Lifecycle::new().prevent_destroy(env.is_production());
    let primary = stack.add("postgres", instance.lifecycle(lifecycle).depends_on(&permitted));

    if env.postgres.read_replica {
        let replica = DbInstance::replica_of(&primary, DbInstanceClass::T3Medium)
            .security_group(&firewall.database)
            .parameters(&parameters)
            .iam_database_authentication_enabled(true)
            .copy_tags_to_snapshot(true)
            .enhanced_monitoring(60, &monitoring)
            .performance_insights_enabled(true)
            .performance_insights_retention_period(7)
            // The primary has backups; and a replica does not grow with it by itself.
            .backup_retention_period(0)
            .max_allocated_storage(100)
            .skip_final_snapshot(true);
        stack.add("postgres_replica", replica.depends_on(&permitted));
    }
    primary
}

/// Redis in cluster mode, encrypted at rest and on the way.
fn redis(
    stack: &mut Stack,
    env: &Environment,
    network: &Network,
    firewall: &Firewall,
) -> Handle<ElasticacheReplicationGroup> {
    env.tag_all(stack, "redis");
    let subnets = stack.add("redis", ElasticacheSubnetGroup::new(&network.database));
    let parameters = ElasticacheParameterGroup::new("redis7").parameter([
        CacheParameter::new("cluster-enabled", "yes"),
        CacheParameter::new("maxmemory-policy", "allkeys-lru"),
    ]);
    let parameters = stack.add("redis", parameters);
    let layout = env.redis;
    let group = ElasticacheReplicationGroup::redis_cluster(
        "Sessions, queues and leaderboards",
        "7.1",
        CacheNodeType::T4gSmall,
        layout.shards,
        layout.replicas,
    )
    .multi_az_enabled(layout.multi_az)
    .transit_encryption_mode(TransitEncryptionMode::Required)
    .subnets(&subnets)
    .security_group(&firewall.redis)
    .parameters(&parameters)
    .snapshot_retention_limit(layout.snapshot_days)
    .snapshot_window("04:00-05:00")
    .maintenance_window("sun:05:00-sun:06:00");
    let group = if env.is_production() {
        group.final_snapshot_identifier(format!("{}-redis-final", env.name()))
    } else {
        group
    };
    let group = match &env.begins.redis {
        Some(RedisSource::Snapshot(snapshot)) => group.snapshot_name(snapshot),
        Some(RedisSource::Objects(files)) => group.snapshot_arns(files),
        None => group,
    };
    stack.add("redis", group.lifecycle(Lifecycle::new().prevent_destroy(env.is_production())))
}

/// A password by chance, which Secrets Manager alone keeps.
fn generated(
    stack: &mut Stack,
    env: &Environment,
    of: &'static str,
    version: i64,
) -> (Handle<SecretsmanagerSecret>, Handle<SecretsmanagerSecretVersion>) {
    let secret = SecretsmanagerSecret::new()
        .name(format!("{}/{of}", env.name()))
        .description(format!("The password of {of}"))
        // A secret that can be had back keeps its name: staging is built anew at once. Who reads it knows it by that,
        // since another of the name has another ARN.
        .recovery_window_in_days(if env.is_production() { 30 } else { 0 })
        .lifecycle(Lifecycle::new().prevent_destroy(env.is_production()));
    let secret = stack.add(of, secret);
    let version = SecretsmanagerSecretVersion::new(&secret, Secret::generated(32)).secret_string_wo_version(version);
    let version = stack.add(of, version);
    (secret, version)
}

/// ClickHouse on one server; its data on a volume that outlives it.
fn clickhouse(
    stack: &mut Stack,
    env: &Environment,
    network: &Network,
    firewall: &Firewall,
) -> (Handle<Instance>, Handle<EbsVolume>) {
    env.tag_all(stack, "clickhouse");
    let name = format!("{}-clickhouse", env.name());
    let image = stack.add("amazon_linux", Ami::amazon_linux_2023("x86_64"));

    let trust = Policy::new([Statement::assume_role(Principal::service("ec2.amazonaws.com"))]);
    let role = env.role(stack, trust).description("What ClickHouse's server acts with");
    let role = stack.add("clickhouse", role);
    // People reach the server through Systems Manager: there is no SSH.
    let policy = IamPolicy::of_aws("AmazonSSMManagedInstanceCore");
    let permitted = stack.add("clickhouse", IamRolePolicyAttachment::new(&role, policy));
    let (secret, password) = generated(stack, env, "clickhouse", env.clickhouse.password);
    let reads = Policy::new([Statement::allow(actions!["secretsmanager:GetSecretValue"]).on(secret.arn())]);
    let reads = stack.add("clickhouse", IamPolicy::new(reads));
    let reads = stack.add(("clickhouse", "secret"), IamRolePolicyAttachment::new(&role, &reads));
    let profile = stack.add("clickhouse", IamInstanceProfile::new(&role));

    let zone = env.zones.first();
    let volume = EbsVolume::encrypted_gp3(zone.name(), 100).tag("Name", format!("{name}-data"));
    let volume = match &env.begins.clickhouse {
        Some(EbsSnapshot(snapshot)) => volume.snapshot_id(snapshot),
        None => volume,
    };
    let volume = volume.lifecycle(Lifecycle::new().prevent_destroy(env.is_production()));
    let volume = stack.add("clickhouse_data", volume);

    let server = Instance::new(&image, InstanceType::T3Medium, &network.private[0])
        .security_group(&firewall.clickhouse)
        .iam_instance_profile(&profile)
        .metadata_options(MetadataOptions::v2_only())
        .root_block_device(RootBlockDevice::encrypted_gp3(20).tags(env.tags("clickhouse")))
        .user_data_base64(start_up(env, volume.id().into_value(), secret.name().into_value()).base64())
        // What is done at a first start is done by a new server alone; its data stays on its volume.
        .user_data_replace_on_change(true)
        .tag("Name", name);
    // The server reads its password before it starts, and again every five minutes.
    let server = server.depends_on(&permitted).depends_on(&reads).depends_on(&password);
    let server = stack.add("clickhouse", server);
    stack.add("clickhouse_data", VolumeAttachment::new("/dev/sdf", &volume, &server));
    (server, volume)
}

/// What cloud-init does at the server's first start; between two @ stands the name of what goes there.
fn start_up(env: &Environment, volume: Value<String>, secret: Value<String>) -> Value<String> {
    let parts = include_str!("clickhouse.yaml").split('@').map(|part| match part {
        "volume" => volume.clone(),
        "secret" => secret.clone(),
        "region" => env.region.into_value(),
        text => text.into_value(),
    });
    template(parts)
}

#[cfg(test)]
mod tests {
    use fathuss_model::{Expression, SecretSource};

    use crate::inspection::{both, literal, node, nodes, production, refers_to, staging, value};

    #[test]
    fn all_that_is_kept_is_encrypted() {
        for graph in both() {
            for instance in nodes(&graph, "aws_db_instance") {
                assert_eq!(literal(instance, "storage_encrypted"), Some(true.into()), "{}", instance.address);
            }
            for group in nodes(&graph, "aws_elasticache_replication_group") {
                assert_eq!(literal(group, "at_rest_encryption_enabled"), Some(true.into()));
                assert_eq!(literal(group, "transit_encryption_enabled"), Some(true.into()));
            }
            for volume in nodes(&graph, "aws_ebs_volume") {
                assert_eq!(literal(volume, "encrypted"), Some(true.into()));
            }
            for instance in nodes(&graph, "aws_instance") {
                assert_eq!(literal(instance, "root_block_device.encrypted"), Some(true.into()));
                assert_eq!(literal(instance, "metadata_options.http_tokens"), Some("required".into()));
            }
        }
    }

    #[test]
    fn nothing_that_is_kept_can_be_reached_from_outside() {
        for graph in both() {
            for instance in nodes(&graph, "aws_db_instance") {
                assert!(!instance.fields.contains_key("publicly_accessible"));
            }
            for group in ["aws_db_subnet_group", "aws_elasticache_subnet_group"] {
                for group in nodes(&graph, group) {
                    let subnets = refers_to(group, "subnet_ids");
                    assert!(subnets.iter().all(|subnet| subnet.starts_with("aws_subnet.database")), "{subnets:?}");
                }
            }
            let server = node(&graph, "aws_instance", "clickhouse");
            assert_eq!(refers_to(server, "subnet_id"), ["aws_subnet.private[\"us-east-1a\"]"]);
        }
    }

    #[test]
    fn in_staging_rds_keeps_the_password() {
        let graph = staging();
        let postgres = node(&graph, "aws_db_instance", "postgres");
        assert_eq!(literal(postgres, "manage_master_user_password"), Some(true.into()));
        assert!(!postgres.fields.contains_key("password_wo"));
    }

    #[test]
    fn in_production_the_password_is_drawn_and_kept_in_secrets_manager_alone() {
        let graph = production();
        let version = node(&graph, "aws_secretsmanager_secret_version", "postgres");
        let drawn = Expression::Secret(SecretSource::Generated(32));
        assert_eq!(version.fields.get("secret_string_wo"), Some(&drawn));
        let postgres = node(&graph, "aws_db_instance", "postgres");
        assert!(matches!(postgres.fields.get("password_wo"), Some(Expression::Secret(SecretSource::Kept(_)))));
        assert_eq!(refers_to(postgres, "password_wo"), [version.address.local()]);
        let follows = refers_to(postgres, "password_wo_version");
        assert_eq!(follows, [version.address.local()], "one is not drawn anew without the other");
        assert_eq!(refers_to(node(&graph, "aws_db_instance", "postgres_replica"), "replicate_source_db").len(), 1);
    }

    #[test]
    fn production_s_data_outlives_a_mistake() {
        let graph = production();
        for (kind, name) in [
            ("aws_db_instance", "postgres"),
            ("aws_elasticache_replication_group", "redis"),
            ("aws_ebs_volume", "clickhouse_data"),
        ] {
            assert!(node(&graph, kind, name).lifecycle.prevent_destroy, "{kind}");
        }
        let postgres = node(&graph, "aws_db_instance", "postgres");
        assert_eq!(literal(postgres, "deletion_protection"), Some(true.into()));
        assert_eq!(literal(postgres, "final_snapshot_identifier"), Some("production-postgres-final".into()));
        assert_eq!(literal(postgres, "backup_retention_period"), Some(30.into()));
    }

    #[test]
    fn staging_can_be_destroyed_at_any_time() {
        let graph = staging();
        assert!(graph.nodes.iter().all(|node| !node.lifecycle.prevent_destroy));
        assert_eq!(literal(node(&graph, "aws_db_instance", "postgres"), "skip_final_snapshot"), Some(true.into()));
    }

    #[test]
    fn redis_runs_in_cluster_mode_with_failover() {
        for (graph, shards, replicas) in [(staging(), 1, 1), (production(), 2, 2)] {
            let redis = node(&graph, "aws_elasticache_replication_group", "redis");
            assert_eq!(literal(redis, "cluster_mode"), Some("enabled".into()));
            assert_eq!(literal(redis, "automatic_failover_enabled"), Some(true.into()));
            assert_eq!(literal(redis, "num_node_groups"), Some(shards.into()));
            assert_eq!(literal(redis, "replicas_per_node_group"), Some(replicas.into()));
        }
    }

    #[test]
    fn clickhouse_s_volume_outlives_its_server() {
        for graph in both() {
            let attachment = node(&graph, "aws_volume_attachment", "clickhouse_data");
            assert_eq!(refers_to(attachment, "volume_id"), ["aws_ebs_volume.clickhouse_data"]);
            let volume = node(&graph, "aws_ebs_volume", "clickhouse_data");
            let server = node(&graph, "aws_instance", "clickhouse").address.local();
            assert!(volume.fields.keys().all(|field| !refers_to(volume, field).contains(&server)));
        }
    }

    #[test]
    fn clickhouse_s_start_up_names_its_volume_and_fits() {
        let graph = staging();
        let start_up = value(node(&graph, "aws_instance", "clickhouse"), "user_data_base64").unwrap();
        let start_up = start_up.as_str().unwrap();
        assert!(start_up.starts_with("I2Nsb3VkLWNvbmZpZ"), "it is base64 of #cloud-config");
        // 16 KiB before base64.
        assert!(start_up.len() < 16 * 1024 * 4 / 3);
        assert_eq!(
            refers_to(node(&graph, "aws_instance", "clickhouse"), "user_data_base64"),
            ["aws_ebs_volume.clickhouse_data", "aws_secretsmanager_secret.clickhouse"]
        );
    }

    #[test]
    fn clickhouse_reads_its_one_secret_and_no_other() {
        for graph in both() {
            let policy = value(node(&graph, "aws_iam_policy", "clickhouse"), "policy").unwrap();
            let secret = "<aws_secretsmanager_secret.clickhouse.arn>";
            assert_eq!(
                policy.as_str().unwrap(),
                format!(
                    r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"{secret}"}}]}}"#
                )
            );
            let server = node(&graph, "aws_instance", "clickhouse");
            let waits = |kind: &str| server.depends_on.iter().any(|address| address.kind() == kind);
            assert!(waits("aws_secretsmanager_secret_version"), "the secret has its value before it is read");
            let mut known_by = Vec::new();
            server.fields["user_data_base64"].references(&mut |reference| {
                if reference.address.kind() == "aws_secretsmanager_secret" {
                    known_by.push(reference.attribute.clone());
                }
            });
            assert_eq!(known_by, ["name"], "another secret of the name is read, too");
        }
    }
}
