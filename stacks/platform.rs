//! The platform: what every environment consists of, put together from the modules.

use fathuss_model::aws::{EksCluster, Subnet, Vpc};
use fathuss_model::{Handle, Id, IntoValue, Result, Stack, Value};

use crate::environment::Environment;
use crate::{cluster, data, firewall, network};

/// Network, cluster and data stores of an environment, and their outputs.
pub fn platform(stack: &mut Stack, env: &Environment) -> Result<()> {
    stack.place(env.region, env.account);

    let network = network::network(stack, env)?;
    let firewall = firewall::firewall(stack, env, &network);
    let cluster = cluster::cluster(stack, env, &network);
    firewall::admit(stack, env, &firewall, &cluster.cluster);
    let data = data::data(stack, env, &network, &firewall);

    outputs_of_network(stack, &network.vpc, &network.private);
    outputs_of_cluster(stack, &cluster.cluster);
    stack.output("database_endpoint", data.postgres.endpoint());
    if !env.postgres.read_replica {
        stack.output("database_secret", data.postgres.master_user_secret_arn());
    }
    stack.output("redis_endpoint", data.redis.configuration_endpoint_address());
    stack.output("clickhouse_address", data.clickhouse.private_ip());
    Ok(())
}

fn outputs_of_network(stack: &mut Stack, vpc: &Handle<Vpc>, private: &[Handle<Subnet>]) {
    stack.output("vpc_id", vpc.id());
    let subnets: Value<Vec<Id<Subnet>>> = private.into_value();
    stack.output("private_subnet_ids", subnets);
}

fn outputs_of_cluster(stack: &mut Stack, cluster: &Handle<EksCluster>) {
    stack.output("cluster_name", cluster.name());
    stack.output("cluster_endpoint", cluster.endpoint());
    stack.output("cluster_certificate_authority", cluster.certificate_authority_data());
}
