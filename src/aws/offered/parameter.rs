//! The parameters of databases and caches, and the values that each takes:
//! <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeEngineDefaultParameters.html>,
//! <https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_DescribeEngineDefaultParameters.html>

use std::collections::BTreeMap;

use fathuss_engine::proposal::Objection;
use fathuss_engine::provider::Failure;
use fathuss_model::Address;
use futures::future::{try_join, try_join_all};

use super::{Asked, objection};
use crate::call::Call;
use crate::client::Client;
use crate::fields::Fields;
use crate::gather::every;

/// A parameter as the service describes it.
#[derive(Clone, Debug, Default)]
struct Parameter {
    allowed: Option<String>,
    data_type: Option<String>,
    modifiable: Option<bool>,
}

/// The parameters of a family, by name.
type Family = BTreeMap<String, Parameter>;

/// A group that is new or gets other parameters: its family, and the values by name.
struct Wanted<'a> {
    address: &'a Address,
    family: &'a str,
    values: Vec<(&'a str, &'a str)>,
}

/// The pages of `DescribeEngineDefaultParameters` of each service, for each family whose groups get parameters.
pub(super) async fn object(client: &Client, asked: Asked<'_>) -> Result<Vec<Objection>, Failure> {
    let databases = wanted(asked, "aws_db_parameter_group")?;
    let caches = wanted(asked, "aws_elasticache_parameter_group")?;
    let (of_databases, of_caches) = try_join(
        try_join_all(families(&databases).map(async |family| Ok((family, of_database(client, family).await?)))),
        try_join_all(families(&caches).map(async |family| Ok((family, of_cache(client, family).await?)))),
    )
    .await?;
    let mut objections = Vec::new();
    for (wanted, known) in [(databases, of_databases), (caches, of_caches)] {
        let known: BTreeMap<&str, Family> = known.into_iter().collect();
        for Wanted { address, family, values } in wanted {
            // What has no parameters is no family, which is objected to where families are.
            let Some(parameters) = known.get(family).filter(|parameters| !parameters.is_empty()) else { continue };
            let against = values.into_iter().filter_map(|(name, value)| against(family, parameters, name, value));
            objections.extend(against.map(|message| objection(address, message)));
        }
    }
    Ok(objections)
}

fn wanted<'a>(asked: Asked<'a>, kind: &'a str) -> Result<Vec<Wanted<'a>>, Failure> {
    let mut all = Vec::new();
    for (address, proposal) in asked.changing(kind, &["family", "parameter"]) {
        let fields = Fields::of(&proposal.fields);
        let Some(family) = fields.maybe_text("family")? else { continue };
        let blocks = fields.blocks("parameter")?;
        let values = blocks.iter().map(|block| Ok((block.text("name")?, block.text("value")?)));
        let values = values.collect::<Result<Vec<_>, Failure>>()?;
        if !values.is_empty() {
            all.push(Wanted { address, family, values });
        }
    }
    Ok(all)
}

fn families<'a>(wanted: &[Wanted<'a>]) -> impl Iterator<Item = &'a str> {
    let mut families: Vec<&str> = wanted.iter().map(|wanted| wanted.family).collect();
    families.sort_unstable();
    families.dedup();
    families.into_iter()
}

fn against(family: &str, parameters: &Family, name: &str, value: &str) -> Option<String> {
    let Some(parameter) = parameters.get(name) else {
        return Some(format!("`parameter` sets {name}, which {family} does not have"));
    };
    if parameter.modifiable == Some(false) {
        return Some(format!("`parameter` sets {name}, which can't be changed in {family}"));
    }
    let allowed = parameter.allowed.as_deref().unwrap_or_default();
    let is_list = parameter.data_type.as_deref() == Some("list");
    let fits = match is_list {
        true => value.split(',').all(|item| takes(allowed, item.trim())),
        false => takes(allowed, value),
    };
    (!fits).then(|| format!("`parameter` sets {name} to {value}, and {family} takes {allowed}"))
}

/// Whether a value is among those that are allowed, as AWS writes them: words and ranges of numbers, with commas between
/// them. True where that can't be told: of a formula, and of what is not written so.
fn takes(allowed: &str, value: &str) -> bool {
    let is_formula = value.contains(['{', '(']);
    if allowed.is_empty() || is_formula {
        return true;
    }
    let number = value.parse::<f64>().ok();
    allowed.split(',').map(str::trim).any(|one| match (range(one), number) {
        (Some((least, most)), Some(number)) => (least..=most).contains(&number),
        // Patterns, and whatever else has no commas of its own.
        _ => one.eq_ignore_ascii_case(value) || one.contains(['[', '^', '*', '\\']),
    })
}

/// The ends of a range: `0-100`, `-1-2147483647`, `0.5-1.0`, `1-` without an end.
fn range(text: &str) -> Option<(f64, f64)> {
    let dash = text.get(1..)?.find('-')? + 1;
    let (least, most) = (&text[..dash], &text[dash + 1..]);
    Some((least.parse().ok()?, if most.is_empty() { f64::INFINITY } else { most.parse().ok()? }))
}

async fn of_database(client: &Client, family: &str) -> Result<Family, Failure> {
    let all = every(async |marker| {
        let asking =
            client.rds.describe_engine_default_parameters().db_parameter_group_family(family).set_marker(marker);
        let answer = client.send(Call::rds("DescribeEngineDefaultParameters"), asking.send()).await?;
        let page = answer.engine_defaults.unwrap_or_else(|| aws_sdk_rds::types::EngineDefaults::builder().build());
        Ok((page.parameters.unwrap_or_default(), page.marker))
    });
    let named = all.await?.into_iter().filter_map(|parameter| {
        let (allowed, data_type) = (parameter.allowed_values, parameter.data_type);
        Some((parameter.parameter_name?, Parameter { allowed, data_type, modifiable: parameter.is_modifiable }))
    });
    Ok(named.collect())
}

async fn of_cache(client: &Client, family: &str) -> Result<Family, Failure> {
    let all = every(async |marker| {
        let asking = client
            .elasticache
            .describe_engine_default_parameters()
            .cache_parameter_group_family(family)
            .set_marker(marker);
        let answer = client.send(Call::elasticache("DescribeEngineDefaultParameters"), asking.send()).await?;
        let page =
            answer.engine_defaults.unwrap_or_else(|| aws_sdk_elasticache::types::EngineDefaults::builder().build());
        Ok((page.parameters.unwrap_or_default(), page.marker))
    });
    let named = all.await?.into_iter().filter_map(|parameter| {
        let (allowed, data_type) = (parameter.allowed_values, parameter.data_type);
        Some((parameter.parameter_name?, Parameter { allowed, data_type, modifiable: parameter.is_modifiable }))
    });
    Ok(named.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_held_to_the_words_and_ranges_that_are_allowed() {
        for (allowed, value) in [
            ("0,1", "1"),
            ("1-65535", "5432"),
            ("-1-2147483647", "-1"),
            ("1-", "70000"),
            ("0.0-1.0", "0.5"),
            ("none,ddl,mod,all", "DDL"),
            ("", "anything"),
            ("16-1073741823", "{DBInstanceClassMemory/10922}"),
            ("8-8388607", "GREATEST({log(DBInstanceClassMemory/21474836480)*600},200)"),
            ("^[a-z]*$", "words"),
        ] {
            assert!(takes(allowed, value), "{allowed} takes {value}");
        }
        for (allowed, value) in
            [("0,1", "7"), ("1-65535", "0"), ("1-65535", "many"), ("-1-100", "-2"), ("none,ddl,mod,all", "some")]
        {
            assert!(!takes(allowed, value), "{allowed} does not take {value}");
        }
    }

    #[test]
    fn what_a_family_has_not_or_keeps_is_objected_to() {
        let parameter = |allowed: &str, data_type: &str, modifiable| Parameter {
            allowed: Some(allowed.to_owned()),
            data_type: Some(data_type.to_owned()),
            modifiable: Some(modifiable),
        };
        let family = Family::from([
            ("rds.force_ssl".to_owned(), parameter("0,1", "boolean", true)),
            ("shared_preload_libraries".to_owned(), parameter("pg_cron,pg_stat_statements", "list", true)),
            ("server_version".to_owned(), parameter("", "string", false)),
        ]);
        let said = |name: &str, value: &str| against("postgres17", &family, name, value);
        assert_eq!(said("rds.force_ssl", "1"), None);
        assert_eq!(said("shared_preload_libraries", "pg_cron, pg_stat_statements"), None);
        assert_eq!(
            said("rds.force_ssl", "7").as_deref(),
            Some("`parameter` sets rds.force_ssl to 7, and postgres17 takes 0,1")
        );
        assert!(said("shared_preload_libraries", "pg_cron,other").is_some());
        assert_eq!(
            said("server_version", "18").as_deref(),
            Some("`parameter` sets server_version, which can't be changed in postgres17")
        );
        assert_eq!(
            said("force_ssl", "1").as_deref(),
            Some("`parameter` sets force_ssl, which postgres17 does not have")
        );
    }
}
