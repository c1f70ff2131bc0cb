//! RDS' versions and classes:
//! <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBEngineVersions.html>,
//! <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeOrderableDBInstanceOptions.html>

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_rds::types::{DbEngineVersion, OrderableDbInstanceOption, UpgradeTarget};
use fathuss_engine::proposal::Objection;
use fathuss_engine::provider::Failure;
use fathuss_model::Address;
use futures::future::try_join_all;

use super::{Asked, is_of, list, objection};
use crate::call::Call;
use crate::client::Client;
use crate::fields::Fields;
use crate::gather::every;
use crate::rds_engine_version::steps;

/// A database that is new, or gets another version, class or storage.
struct Wanted<'a> {
    address: &'a Address,
    engine: &'a str,
    version: Option<&'a str>,
    /// The version that runs, where the database stands.
    runs: Option<&'a str>,
    class: Option<&'a str>,
    storage: Option<&'a str>,
}

/// One `DescribeDBEngineVersions` for each engine, and one `DescribeOrderableDBInstanceOptions` for each engine and
/// class; one more `DescribeDBEngineVersions` for each family of parameters.
pub(super) async fn object(client: &Client, asked: Asked<'_>) -> Result<Vec<Objection>, Failure> {
    let mut all = Vec::new();
    let fields = &["engine", "engine_version", "instance_class", "storage_type"];
    for (address, proposal) in asked.changing("aws_db_instance", fields) {
        let given = Fields::of(&proposal.fields);
        // A replica's engine is its source's, and what is restored has its snapshot's.
        let Some(engine) = given.maybe_text("engine")? else { continue };
        let [version, class, storage] = ["engine_version", "instance_class", "storage_type"];
        let version = given.maybe_text(version)?.filter(|_| proposal.changes(&[version]));
        let (class, storage) = (given.maybe_text(class)?, given.maybe_text(storage)?);
        let runs = given.maybe_text("engine_version_actual")?;
        all.push(Wanted { address, engine, version, runs, class, storage });
    }
    let mut families = Vec::new();
    for (address, proposal) in asked.changing("aws_db_parameter_group", &["family"]) {
        if let Some(family) = Fields::of(&proposal.fields).maybe_text("family")? {
            families.push((address, family));
        }
    }
    let engines: BTreeSet<&str> = all.iter().filter(|wanted| wanted.version.is_some()).map(|it| it.engine).collect();
    let classes: BTreeSet<_> = all.iter().filter_map(|wanted| Some((wanted.engine, wanted.class?))).collect();
    let distinct: BTreeSet<&str> = families.iter().map(|(_, family)| *family).collect();
    let (versions, options, known) = futures::try_join!(
        try_join_all(
            engines
                .iter()
                .map(async |engine| { Ok::<_, Failure>((*engine, versions(client, Some(engine), None).await?)) })
        ),
        try_join_all(classes.iter().map(async |of| Ok::<_, Failure>((*of, options(client, of.0, of.1).await?)))),
        try_join_all(distinct.iter().map(async |family| {
            Ok::<_, Failure>((*family, !versions(client, None, Some(family)).await?.is_empty()))
        })),
    )?;
    let (versions, options): (BTreeMap<_, _>, BTreeMap<_, _>) =
        (versions.into_iter().collect(), options.into_iter().collect());
    let known: BTreeMap<&str, bool> = known.into_iter().collect();
    let mut objections = Vec::new();
    for wanted in &all {
        let versions = versions.get(wanted.engine).map(Vec::as_slice).unwrap_or_default();
        let options = wanted.class.and_then(|class| options.get(&(wanted.engine, class)));
        let message = against_version(wanted, versions)
            .or_else(|| against_upgrade(wanted, versions))
            .or_else(|| against_class(wanted, options?, asked.region));
        objections.extend(message.map(|message| objection(wanted.address, message)));
    }
    for (address, family) in families.into_iter().filter(|(_, family)| known.get(family) == Some(&false)) {
        objections.push(objection(address, format!("`family` is {family}, and RDS has no engine of that family")));
    }
    Ok(objections)
}

fn against_version(wanted: &Wanted<'_>, offered: &[DbEngineVersion]) -> Option<String> {
    let (engine, version) = (wanted.engine, wanted.version?);
    let offered = || offered.iter().filter_map(DbEngineVersion::engine_version);
    if offered().any(|offered| is_of(offered, version)) {
        return None;
    }
    // The line that it is of, or else all lines.
    let line = version.split('.').next().unwrap_or(version);
    let near: Vec<&str> = offered().filter(|offered| is_of(offered, line)).collect();
    let has = if near.is_empty() {
        let lines: BTreeSet<&str> = offered().filter_map(|offered| offered.split('.').next()).collect();
        list(lines)
    } else {
        list(near)
    };
    Some(format!("`engine_version` is {version}, which RDS does not offer of {engine}: it offers {has}"))
}

/// A database that stands goes to another version only where RDS upgrades the one that runs to that:
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_UpgradeDBInstance.PostgreSQL.UpgradeVersion.html>
fn against_upgrade(wanted: &Wanted<'_>, offered: &[DbEngineVersion]) -> Option<String> {
    let (engine, version, runs) = (wanted.engine, wanted.version?, wanted.runs?);
    let versions = offered.iter().filter_map(DbEngineVersion::engine_version);
    let target = versions.filter(|offered| is_of(offered, version)).max_by_key(|offered| steps(Some(offered)))?;
    // Where RDS no longer lists the version that runs, nothing is known of where it can go.
    let from = offered.iter().find(|offered| offered.engine_version() == Some(runs))?;
    let targets: Vec<&str> = from.valid_upgrade_target().iter().filter_map(UpgradeTarget::engine_version).collect();
    if target == runs || targets.contains(&target) {
        return None;
    }
    let newest = if target == version { String::new() } else { format!(", the newest of which is {target}") };
    let there = list(targets);
    Some(format!(
        "`engine_version` is {version}{newest}, and RDS does not upgrade {engine} {runs} to that: from there it offers \
         {there}"
    ))
}

fn against_class(wanted: &Wanted<'_>, options: &[OrderableDbInstanceOption], region: &str) -> Option<String> {
    let (engine, class) = (wanted.engine, wanted.class?);
    if options.is_empty() {
        return Some(format!("`instance_class` is {class}, which RDS does not offer for {engine} in {region}"));
    }
    let version = |option: &&OrderableDbInstanceOption| {
        wanted.version.is_none_or(|version| option.engine_version().is_some_and(|offered| is_of(offered, version)))
    };
    if !options.iter().any(|option| version(&option)) {
        let version = wanted.version?;
        return Some(format!("`instance_class` is {class}, which RDS does not offer for {engine} {version}"));
    }
    let storage = wanted.storage?;
    let kinds: BTreeSet<&str> =
        options.iter().filter(version).filter_map(OrderableDbInstanceOption::storage_type).collect();
    let there = list(kinds.iter().copied());
    (!kinds.contains(storage))
        .then(|| format!("`storage_type` is {storage}, which RDS does not offer for {class}: it offers {there}"))
}

async fn versions(
    client: &Client,
    engine: Option<&str>,
    family: Option<&str>,
) -> Result<Vec<DbEngineVersion>, Failure> {
    every(async |marker| {
        let asking = client
            .rds
            .describe_db_engine_versions()
            .set_engine(engine.map(str::to_owned))
            .set_db_parameter_group_family(family.map(str::to_owned))
            .set_marker(marker);
        let answer = client.send(Call::rds("DescribeDBEngineVersions"), asking.send()).await?;
        Ok((answer.db_engine_versions.unwrap_or_default(), answer.marker))
    })
    .await
}

async fn options(client: &Client, engine: &str, class: &str) -> Result<Vec<OrderableDbInstanceOption>, Failure> {
    every(async |marker| {
        let asking = client
            .rds
            .describe_orderable_db_instance_options()
            .engine(engine)
            .db_instance_class(class)
            .set_marker(marker);
        let answer = client.send(Call::rds("DescribeOrderableDBInstanceOptions"), asking.send()).await?;
        Ok((answer.orderable_db_instance_options.unwrap_or_default(), answer.marker))
    })
    .await
}

#[cfg(test)]
mod tests {
    use fathuss_engine::Provider as _;
    use fathuss_engine::proposal::{Proposal, Proposals, Proposed};
    use serde_json::{Value, json};

    use crate::asked::attributes;
    use crate::canned::Canned;

    /// What is said of a database where RDS offers db.t3.medium with 16.3 and gp2, and with 17.4 and both gp2 and gp3, and
    /// upgrades 15.7 to 16.3 alone.
    async fn said(fields: Value) -> Vec<String> {
        let version = |text: &str, targets: &str| {
            format!(
                "<DBEngineVersion><EngineVersion>{text}</EngineVersion><ValidUpgradeTarget>{targets}</ValidUpgradeTarget>\
                 </DBEngineVersion>"
            )
        };
        let target = "<UpgradeTarget><EngineVersion>16.3</EngineVersion></UpgradeTarget>";
        let option = |version: &str, storage: &str| {
            format!(
                "<OrderableDBInstanceOption><EngineVersion>{version}</EngineVersion><StorageType>{storage}</StorageType>\
                 </OrderableDBInstanceOption>"
            )
        };
        let versions = [version("15.7", target), version("16.3", ""), version("17.4", "")].concat();
        let options = [option("16.3", "gp2"), option("17.4", "gp2"), option("17.4", "gp3")].concat();
        let class = fields["instance_class"] == "db.t3.medium";
        let options = if class { options } else { String::new() };
        let canned = Canned::new()
            .result("DescribeDBEngineVersions", &format!("<DBEngineVersions>{versions}</DBEngineVersions>"))
            .result(
                "DescribeOrderableDBInstanceOptions",
                &format!("<OrderableDBInstanceOptions>{options}</OrderableDBInstanceOptions>"),
            );
        let fields = attributes(fields);
        let changes = fields.keys().cloned().collect();
        let proposal = Proposal { region: "us-east-1".to_owned(), fields, changes, ..Proposal::default() };
        let made = Proposals::from([("s.aws_db_instance.main".parse().unwrap(), proposal)]);
        let objections = canned.aws().objections(&Proposed { made, ..Proposed::default() }).await.unwrap();
        objections.into_iter().map(|objection| objection.message).collect()
    }

    #[tokio::test]
    async fn classes_and_storage_are_held_to_what_the_version_has() {
        let with = |version: &str, class: &str, storage: &str| json!({ "engine": "postgres", "engine_version": version, "instance_class": class, "storage_type": storage });
        assert_eq!(said(with("17", "db.t3.medium", "gp3")).await, [""; 0]);
        assert_eq!(
            said(with("17", "db.m1.small", "gp3")).await,
            ["`instance_class` is db.m1.small, which RDS does not offer for postgres in us-east-1"]
        );
        assert_eq!(
            said(with("15.7", "db.t3.medium", "gp2")).await,
            ["`instance_class` is db.t3.medium, which RDS does not offer for postgres 15.7"]
        );
        assert_eq!(
            said(with("16.3", "db.t3.medium", "gp3")).await,
            ["`storage_type` is gp3, which RDS does not offer for db.t3.medium: it offers gp2"]
        );
        assert_eq!(
            said(with("1", "db.t3.medium", "gp3")).await,
            ["`engine_version` is 1, which RDS does not offer of postgres: it offers 15, 16, 17"]
        );
    }

    #[tokio::test]
    async fn a_database_goes_only_where_its_version_is_upgraded_to() {
        let from = |runs: &str, version: &str| json!({ "engine": "postgres", "engine_version": version, "engine_version_actual": runs });
        for (runs, version) in [("15.7", "16.3"), ("15.7", "16"), ("17.4", "17"), ("14.2", "17.4")] {
            assert_eq!(said(from(runs, version)).await, [""; 0], "{runs} to {version}");
        }
        assert_eq!(
            said(from("15.7", "17")).await,
            [
                "`engine_version` is 17, the newest of which is 17.4, and RDS does not upgrade postgres 15.7 to that: from \
              there it offers 16.3"
            ]
        );
        assert_eq!(
            said(from("16.3", "17.4")).await,
            ["`engine_version` is 17.4, and RDS does not upgrade postgres 16.3 to that: from there it offers none"]
        );
    }
}
