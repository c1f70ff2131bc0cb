//! The data stores: PostgreSQL, Redis and ClickHouse.

use fathuss_model::aws::policy::{Policy, Principal, Statement};
use fathuss_model::aws::{
    Ami, CacheNodeType, CacheParameter, DbInstance, DbInstanceClass, DbParameter, DbParameterGroup, DbSubnetGroup,
    EbsVolume, ElasticacheParameterGroup, ElasticacheReplicationGroup, ElasticacheSubnetGroup, Gp3, IamInstanceProfile,
    IamPolicy, IamRole, IamRolePolicyAttachment, Instance, InstanceType, MasterPassword, MetadataOptions,
    RootBlockDevice, VolumeAttachment,
};
use fathuss_model::{DeclarationExt, Handle, IntoValue, Lifecycle, Secret, Stack, Value, template};

use crate::environment::Environment;
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
}

/// The three stores, each behind its own security group.
pub fn data(stack: &mut Stack, env: &Environment, network: &Network, firewall: &Firewall) -> Data {
    Data {
        postgres: postgres(stack, env, network, firewall),
        redis: redis(stack, env, network, firewall),
        clickhouse: clickhouse(stack, env, network, firewall),
    }
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

    let trust = Policy::new([Statement::assume_role(Principal::service("monitoring.rds.amazonaws.com"))]);
    let monitoring = stack.add("postgres_monitoring", IamRole::new(trust));
    let policy = IamPolicy::of_aws("service-role/AmazonRDSEnhancedMonitoringRole");
    let permitted = stack.add("postgres_monitoring", IamRolePolicyAttachment::new(&monitoring, policy));

    let password = if env.postgres.read_replica {
        // RDS can't manage the password of an instance with a replica.
        MasterPassword::Secret(Secret::from_environment("FATHUSS_POSTGRES_PASSWORD"), 1)
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
    stack.add("redis", group.lifecycle(Lifecycle::new().prevent_destroy(env.is_production())))
}

/// ClickHouse on one server; its data on a volume that outlives it.
fn clickhouse(stack: &mut Stack, env: &Environment, network: &Network, firewall: &Firewall) -> Handle<Instance> {
    env.tag_all(stack, "clickhouse");
    let name = format!("{}-clickhouse", env.name());
    let image = stack.add("amazon_linux", Ami::amazon_linux_2023("x86_64"));

    let role = IamRole::new(Policy::new([Statement::assume_role(Principal::service("ec2.amazonaws.com"))]));
    let role = stack.add("clickhouse", role.description("What ClickHouse's server acts with"));
    // People reach the server through Systems Manager: there is no SSH.
    let policy = IamPolicy::of_aws("AmazonSSMManagedInstanceCore");
    let permitted = stack.add("clickhouse", IamRolePolicyAttachment::new(&role, policy));
    let profile = stack.add("clickhouse", IamInstanceProfile::new(&role));

    let zone = env.zones.first();
    let volume = EbsVolume::encrypted_gp3(zone.name(), 100).tag("Name", format!("{name}-data"));
    let volume = volume.lifecycle(Lifecycle::new().prevent_destroy(env.is_production()));
    let volume = stack.add("clickhouse_data", volume);

    let server = Instance::new(&image, InstanceType::T3Medium, &network.private[0])
        .security_group(&firewall.clickhouse)
        .iam_instance_profile(&profile)
        .metadata_options(MetadataOptions::v2_only())
        .root_block_device(RootBlockDevice::encrypted_gp3(20).tags(env.tags("clickhouse")))
        .user_data_base64(start_up(volume.id().into_value()).base64())
        .tag("Name", name);
    // It fetches its packages at its first start.
    let server = server
        .depends_on(&permitted)
        .depends_on_all(&network.way_out.routes)
        .depends_on_all(&network.way_out.associations);
    let server = stack.add("clickhouse", server);
    stack.add("clickhouse_data", VolumeAttachment::new("/dev/sdf", &volume, &server));
    server
}

/// What the server does at its first start.
fn start_up(volume: Value<String>) -> Value<String> {
    template([
        "#!/bin/bash\nset -euo pipefail\nvolume=".into_value(),
        volume,
        "\n".into_value(),
        include_str!("clickhouse.sh").into_value(),
    ])
}
