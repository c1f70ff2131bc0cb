//! RDS' versions and classes:
//! <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBEngineVersions.html>,
//! <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeOrderableDBInstanceOptions.html>

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_rds::types::{DbEngineVersion, OrderableDbInstanceOption};
use fathuss_engine::proposal::Objection;
use fathuss_engine::provider::Failure;
use fathuss_model::Address;
use futures::future::try_join_all;

use super::{Asked, is_of, list, objection};
use crate::call::Call;
use crate::client::Client;
use crate::fields::Fields;
use crate::gather::every;

/// A database that is new, or gets another version, class or storage.
struct Wanted<'a> {
    address: &'a Address,
    engine: &'a str,
    version: Option<&'a str>,
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
        all.push(Wanted { address, engine, version, class, storage });
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
        try_join_all(engines.iter().map(async |engine| {
            let versions = versions(client, Some(engine), None).await?;
            Ok::<_, Failure>((*engine, versions.into_iter().filter_map(|it| it.engine_version).collect::<Vec<_>>()))
        })),
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
        let message = against_version(wanted, versions).or_else(|| against_class(wanted, options?, asked.region));
        objections.extend(message.map(|message| objection(wanted.address, message)));
    }
    for (address, family) in families.into_iter().filter(|(_, family)| known.get(family) == Some(&false)) {
        objections.push(objection(address, format!("`family` is {family}, and RDS has no engine of that family")));
    }
    Ok(objections)
}

fn against_version(wanted: &Wanted<'_>, offered: &[String]) -> Option<String> {
    let (engine, version) = (wanted.engine, wanted.version?);
    if offered.iter().any(|offered| is_of(offered, version)) {
        return None;
    }
    // The line that it is of, or else all lines.
    let line = version.split('.').next().unwrap_or(version);
    let near: Vec<&str> = offered.iter().map(String::as_str).filter(|offered| is_of(offered, line)).collect();
    let has = if near.is_empty() {
        let lines: BTreeSet<&str> = offered.iter().filter_map(|offered| offered.split('.').next()).collect();
        list(lines)
    } else {
        list(near)
    };
    Some(format!("`engine_version` is {version}, which RDS does not offer of {engine}: it offers {has}"))
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

    /// What is said of a new database where RDS offers db.t3.medium with 16.3 and gp2, and with 17.4 and both gp2 and gp3.
    async fn said(fields: Value) -> Vec<String> {
        let version = |text: &str| format!("<DBEngineVersion><EngineVersion>{text}</EngineVersion></DBEngineVersion>");
        let option = |version: &str, storage: &str| {
            format!(
                "<OrderableDBInstanceOption><EngineVersion>{version}</EngineVersion><StorageType>{storage}</StorageType>\
                 </OrderableDBInstanceOption>"
            )
        };
        let versions = [version("15.7"), version("16.3"), version("17.4")].concat();
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
}
