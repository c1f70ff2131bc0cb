//! `aws_rds_engine_version`: <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBEngineVersions.html>

use async_trait::async_trait;
use aws_sdk_rds::types::{DbEngineVersion, UpgradeTarget};
use fathuss_engine::provider::{Attributes, Failure, LookupRequest};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;

use crate::call::Call;
use crate::client::Client;
use crate::failure::refused;
use crate::fields::{Fields, Observed};
use crate::gather::every;
use crate::kind::Lookup;

/// The call of `aws_rds_engine_version`.
pub struct RdsEngineVersion;

const SCHEMA: &Schema = fathuss_model::aws::RdsEngineVersion::SCHEMA;

#[async_trait(?Send)]
impl Lookup for RdsEngineVersion {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// All that fit, page by page; the newest where that is asked for, or the only one.
    async fn lookup(&self, client: &Client, request: &LookupRequest) -> Result<Attributes, Failure> {
        let fields = Fields::of(&request.desired);
        let engine = fields.text("engine")?;
        let versions = every(async |marker| {
            let asking = client
                .rds
                .describe_db_engine_versions()
                .engine(engine)
                .set_engine_version(fields.maybe_string("version")?)
                .set_db_parameter_group_family(fields.maybe_string("parameter_group_family")?)
                .set_default_only(fields.maybe_bool("default_only")?)
                .set_marker(marker);
            let answer = client.send(Call::rds("DescribeDBEngineVersions"), asking.send()).await?;
            Ok((answer.db_engine_versions.unwrap_or_default(), answer.marker))
        })
        .await?;
        if versions.len() > 1 && !fields.bool_or("latest", false)? {
            let message = format!(
                "{} versions fit: give the whole `version`, or take the newest with `latest`, or RDS's own with \
                 `default_only`",
                versions.len()
            );
            return Err(refused("SeveralVersions", message));
        }
        let newest = versions.into_iter().max_by_key(|version| steps(version.engine_version.as_deref()));
        let Some(version) = newest else {
            return Err(refused("NoVersion", format!("RDS offers no version of {engine} that fits")));
        };
        Ok(observe(version))
    }
}

/// A version as its numbers: 16.10 is later than 16.9.
pub(crate) fn steps(version: Option<&str>) -> Vec<u32> {
    version.unwrap_or_default().split('.').map(|step| step.parse().unwrap_or_default()).collect()
}

fn observe(version: DbEngineVersion) -> Attributes {
    let targets = version.valid_upgrade_target.unwrap_or_default();
    let named = |wanted: &dyn Fn(&UpgradeTarget) -> bool| -> Vec<String> {
        targets.iter().filter(|target| wanted(target)).filter_map(|target| target.engine_version.clone()).collect()
    };
    let major = |target: &UpgradeTarget| target.is_major_version_upgrade == Some(true);
    Observed::new()
        .with("id", version.engine_version.clone())
        .with("version_actual", version.engine_version)
        .with("version_description", version.db_engine_version_description)
        .with("engine_description", version.db_engine_description)
        .with("parameter_group_family", version.db_parameter_group_family)
        .with("status", version.status)
        .with_list("exportable_log_types", version.exportable_log_types.unwrap_or_default())
        .with_list("valid_upgrade_targets", named(&|_| true))
        .with_list("valid_minor_targets", named(&|target| !major(target)))
        .with_list("valid_major_targets", named(&major))
        .finish(SCHEMA)
}

#[cfg(test)]
mod tests {
    use super::steps;

    #[test]
    fn versions_are_compared_by_their_numbers() {
        assert!(steps(Some("16.10")) > steps(Some("16.9")));
        assert!(steps(Some("17.2")) > steps(Some("16.11")));
    }
}
