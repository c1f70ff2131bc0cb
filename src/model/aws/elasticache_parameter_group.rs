//! `aws_elasticache_parameter_group`: <https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/ParameterGroups.html>

use super::form;
use crate::{Arn, Computed, Id, Tags, Value};

/// The settings of caches of one engine version family.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// let parameters = ElasticacheParameterGroup::new("redis7").parameter([
///     CacheParameter::new("cluster-enabled", "yes"),
///     CacheParameter::new("maxmemory-policy", "allkeys-lru"),
/// ]);
/// stack.add("redis", parameters);
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(
    type = "aws_elasticache_parameter_group",
    service = "elasticache",
    creation = Name,
    create_seconds = 3,
    delete_seconds = 2
)]
pub struct ElasticacheParameterGroup {
    /// The engine and its major version, for instance `redis7`.
    #[field(replace, form = form::CACHE_FAMILY)]
    family: Value<String>,
    /// The name, unique in account and region.
    #[field(
        replace,
        computed,
        named,
        min_length = 1,
        max_length = 255,
        form = form::SMALL_NAME
    )]
    name: Option<Value<String>>,
    /// What it is for; AWS can't change it.
    #[field(replace, default = "\"Managed by Fathuss\"", min_length = 1, max_length = 255)]
    description: Option<Value<String>>,
    /// The parameters that differ from the family's defaults.
    #[field(set, default = "[]")]
    parameter: Option<Value<Vec<CacheParameter>>>,
    /// Tags.
    tags: Option<Value<Tags>>,
    /// The name.
    id: Computed<Id<ElasticacheParameterGroup>>,
    /// The ARN.
    arn: Computed<Arn<ElasticacheParameterGroup>>,
}

/// A parameter that differs from the family's default.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct CacheParameter {
    /// Its name.
    name: Value<String>,
    /// Its value.
    value: Value<String>,
}
