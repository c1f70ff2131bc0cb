//! ElastiCache's versions and families of parameters:
//! <https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_DescribeCacheEngineVersions.html>

use std::collections::BTreeSet;

use aws_sdk_elasticache::types::CacheEngineVersion;
use fathuss_engine::proposal::Objection;
use fathuss_engine::provider::Failure;

use super::{Asked, is_of, list, objection};
use crate::call::Call;
use crate::client::Client;
use crate::fields::Fields;
use crate::gather::every;

/// One `DescribeCacheEngineVersions`, where a group of either kind is new or gets another version.
pub(super) async fn object(client: &Client, asked: Asked<'_>) -> Result<Vec<Objection>, Failure> {
    let groups: Vec<_> = asked.changing("aws_elasticache_replication_group", &["engine", "engine_version"]).collect();
    let parameters: Vec<_> = asked.changing("aws_elasticache_parameter_group", &["family"]).collect();
    if groups.is_empty() && parameters.is_empty() {
        return Ok(Vec::new());
    }
    let offered = versions(client).await?;
    let mut objections = Vec::new();
    for (address, proposal) in groups {
        let fields = Fields::of(&proposal.fields);
        let engine = fields.maybe_text("engine")?.unwrap_or("redis");
        // With another engine comes a version of that, unless one is given.
        let version = fields.maybe_text("engine_version")?.filter(|_| proposal.changes(&["engine_version"]));
        let Some(version) = version else { continue };
        let of_engine = offered.iter().filter(|offered| offered.engine() == Some(engine));
        let versions: Vec<&str> = of_engine.filter_map(CacheEngineVersion::engine_version).collect();
        // ElastiCache lists 7.1 and takes 7.1.0, too.
        if !versions.iter().any(|offered| is_of(offered, version) || is_of(version, offered)) {
            let has = list(versions);
            let message =
                format!("`engine_version` is {version}, which ElastiCache does not offer of {engine}: it offers {has}");
            objections.push(objection(address, message));
        }
    }
    let families: BTreeSet<&str> =
        offered.iter().filter_map(CacheEngineVersion::cache_parameter_group_family).collect();
    for (address, proposal) in parameters {
        let Some(family) = Fields::of(&proposal.fields).maybe_text("family")? else { continue };
        if !families.contains(family) {
            let has = list(families.iter().copied());
            objections.push(objection(
                address,
                format!("`family` is {family}, which ElastiCache does not have: it has {has}"),
            ));
        }
    }
    Ok(objections)
}

async fn versions(client: &Client) -> Result<Vec<CacheEngineVersion>, Failure> {
    every(async |marker| {
        let asking = client.elasticache.describe_cache_engine_versions().set_marker(marker);
        let answer = client.send(Call::elasticache("DescribeCacheEngineVersions"), asking.send()).await?;
        Ok((answer.cache_engine_versions.unwrap_or_default(), answer.marker))
    })
    .await
}
