//! Engines and their versions, as AWS offered them at the beginning of 2026.

use jiff::civil::Date;
use sha2::{Digest, Sha256};

use super::filters;
use crate::datastore::{invalid_combination, invalid_value, listing};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("DescribeCertificates", describe_certificates),
    ("DescribeDBEngineVersions", describe),
    ("DescribeDBMajorEngineVersions", describe_major),
];

pub(super) const RULES: &[Rule] = &[
    Rule::new(
        "rds.engine.known",
        "the engine is one that RDS has",
        "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html",
    ),
    Rule::new(
        "rds.engine.version",
        "the version is one that RDS has",
        "https://docs.aws.amazon.com/AmazonRDS/latest/PostgreSQLReleaseNotes/postgresql-versions.html",
    ),
    Rule::new(
        "rds.parameter_group.family",
        "a family is one of an engine's major versions",
        "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBParameterGroup.html",
    ),
];

/// A version of PostgreSQL, and when RDS began to offer it
/// (<https://docs.aws.amazon.com/AmazonRDS/latest/PostgreSQLReleaseNotes/postgresql-release-calendar.html>).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// The major version.
    pub major: u16,
    /// The minor version.
    pub minor: u16,
    /// Since when it is offered.
    pub offered: Date,
}

const fn version(major: u16, minor: u16, year: i16, month: i8, day: i8) -> Version {
    Version { major, minor, offered: Date::constant(year, month, day) }
}

/// All versions that are offered, oldest first.
pub const VERSIONS: &[Version] = &[
    version(14, 15, 2024, 11, 25),
    version(14, 17, 2025, 2, 20),
    version(14, 18, 2025, 5, 12),
    version(14, 19, 2025, 8, 21),
    version(14, 20, 2025, 11, 17),
    version(15, 10, 2024, 11, 25),
    version(15, 12, 2025, 2, 20),
    version(15, 13, 2025, 5, 12),
    version(15, 14, 2025, 8, 21),
    version(15, 15, 2025, 11, 17),
    version(16, 6, 2024, 11, 25),
    version(16, 8, 2025, 2, 20),
    version(16, 9, 2025, 5, 12),
    version(16, 10, 2025, 8, 21),
    version(16, 11, 2025, 11, 17),
    version(17, 2, 2024, 11, 25),
    version(17, 4, 2025, 2, 20),
    version(17, 5, 2025, 5, 12),
    version(17, 6, 2025, 8, 21),
    version(17, 7, 2025, 11, 17),
    version(18, 1, 2025, 11, 14),
];

/// The version of an instance whose request names none.
const DEFAULT: (u16, u16) = (17, 6);

/// Engines that RDS has, of which this simulator has not built the rest.
const ELSEWHERE: &[&str] = &[
    "aurora-mysql",
    "aurora-postgresql",
    "custom-oracle-ee",
    "custom-oracle-se2",
    "custom-sqlserver-ee",
    "custom-sqlserver-se",
    "custom-sqlserver-web",
    "db2-ae",
    "db2-se",
    "mariadb",
    "mysql",
    "oracle-ee",
    "oracle-ee-cdb",
    "oracle-se2",
    "oracle-se2-cdb",
    "sqlserver-ee",
    "sqlserver-ex",
    "sqlserver-se",
    "sqlserver-web",
];

const AUTHORITIES: &[&str] = &["rds-ca-ecc384-g1", "rds-ca-rsa4096-g1", "rds-ca-rsa2048-g1"];

impl Version {
    /// `17.6`.
    #[must_use]
    pub fn text(self) -> String {
        format!("{}.{}", self.major, self.minor)
    }

    /// `postgres17`.
    #[must_use]
    pub fn family(self) -> String {
        format!("postgres{}", self.major)
    }

    /// Where it can be upgraded to: a newer minor version, or one of a newer major version from the same release of
    /// PostgreSQL's or a later one.
    pub fn targets(self) -> impl Iterator<Item = Version> {
        let newer = move |target: &Version| {
            (target.major == self.major && target.minor > self.minor)
                || (target.major > self.major && target.release() >= self.release())
        };
        VERSIONS.iter().copied().filter(newer)
    }

    /// The quarter in which PostgreSQL released it, together with one of each other major version
    /// (<https://www.postgresql.org/developer/roadmap/>). RDS begins to offer those of one release some days apart.
    fn release(self) -> (i16, i8) {
        (self.offered.year(), (self.offered.month() - 1) / 3)
    }

    fn view(self, tx: &Tx<'_>) -> Value {
        let targets: Vec<Value> = self
            .targets()
            .map(|target| {
                record! {
                    "Engine" => "postgres",
                    "EngineVersion" => target.text(),
                    "Description" => format!("PostgreSQL {}", target.text()),
                    "AutoUpgrade" => target.major == self.major && newest(target.major) == Some(target),
                    "IsMajorVersionUpgrade" => target.major != self.major,
                }
            })
            .collect();
        let features: Vec<&str> = if self.major >= 14 { vec!["Lambda", "s3Export", "s3Import"] } else { Vec::new() };
        record! {
            "Engine" => "postgres",
            "MajorEngineVersion" => self.major.to_string(),
            "EngineVersion" => self.text(),
            "DBParameterGroupFamily" => self.family(),
            "DBEngineDescription" => "PostgreSQL",
            "DBEngineVersionDescription" => format!("PostgreSQL {}-R1", self.text()),
            "DBEngineVersionArn" => format!("arn:aws:rds:{}::engine-version:postgres/{}", tx.region(), self.text()),
            "ValidUpgradeTarget" => targets,
            "ExportableLogTypes" => vec!["iam-db-auth-error", "postgresql", "upgrade"],
            "SupportsLogExportsToCloudwatchLogs" => true,
            "SupportsReadReplica" => true,
            "SupportedFeatureNames" => features,
            "Status" => "available",
            "SupportsParallelQuery" => false,
            "SupportsGlobalDatabases" => false,
            "SupportsBabelfish" => false,
            "SupportsLimitlessDatabase" => false,
            "SupportsLocalWriteForwarding" => false,
            "SupportsIntegrations" => self.major >= 16,
            "SupportsCertificateRotationWithoutRestart" => true,
            "SupportedCACertificateIdentifiers" => AUTHORITIES.to_vec(),
        }
    }
}

/// A major version's newest minor one.
#[must_use]
pub fn newest(major: u16) -> Option<Version> {
    VERSIONS.iter().copied().filter(|version| version.major == major).max()
}

/// The version of that text, `17.6` or `17`.
#[must_use]
pub fn named(text: &str) -> Option<Version> {
    match text.split_once('.') {
        Some(_) => VERSIONS.iter().copied().find(|version| version.text() == text),
        None => newest(text.parse().ok()?),
    }
}

/// Whether this is a certificate authority of RDS's.
#[must_use]
pub fn is_authority(name: &str) -> bool {
    AUTHORITIES.contains(&name)
}

/// Refuses an engine that RDS does not have, and says so of one that is not simulated.
pub(super) fn check(tx: &Tx<'_>, engine: &str) -> Result<(), Refusal> {
    if ELSEWHERE.contains(&engine) {
        return Err(Refusal::not_simulated(format!("rds with the engine {engine}")));
    }
    tx.enforce("rds.engine.known", engine == "postgres", || invalid_value("Invalid DB engine"))
}

/// The version that a request asks for; the default where it asks for none.
pub(super) fn choose(tx: &Tx<'_>, text: Option<&str>) -> Result<Version, Refusal> {
    let found = match text {
        Some(text) => named(text),
        None => VERSIONS.iter().copied().find(|version| (version.major, version.minor) == DEFAULT),
    };
    tx.enforce("rds.engine.version", found.is_some(), || {
        invalid_combination(format!("Cannot find version {} for postgres", text.unwrap_or_default()))
    })?;
    found.or(newest(DEFAULT.0)).ok_or_else(|| invalid_combination("Cannot find upgrade path"))
}

/// The major version of a family that is simulated.
pub(super) fn family(tx: &Tx<'_>, family: &str) -> Result<u16, Refusal> {
    let engine = family.trim_end_matches(|letter: char| letter.is_ascii_digit() || letter == '.' || letter == '-');
    if ELSEWHERE.contains(&engine) {
        return Err(Refusal::not_simulated(format!("rds with the parameter group family {family}")));
    }
    let major = family.strip_prefix("postgres").and_then(|text| text.parse::<u16>().ok());
    let known = major.filter(|major| newest(*major).is_some());
    tx.enforce("rds.parameter_group.family", known.is_some(), || {
        invalid_value(format!("ParameterGroupFamily {family} is not a valid parameter group family"))
    })?;
    Ok(known.unwrap_or(DEFAULT.0))
}

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let filters =
        filters::read(tx, input, &["db-parameter-group-family", "engine", "engine-mode", "engine-version", "status"])?;
    let engine = input.text("Engine");
    if let Some(engine) = engine {
        check(tx, engine)?;
    }
    let (version, family) = (input.text("EngineVersion"), input.text("DBParameterGroupFamily"));
    let only_default = input.flag("DefaultOnly");
    // These change what other engines show.
    let _ = (input.flag("ListSupportedCharacterSets"), input.flag("ListSupportedTimezones"), input.flag("IncludeAll"));
    // With a major version alone, the newest of it is the default.
    let default = match version.or(family.and_then(|family| family.strip_prefix("postgres"))) {
        Some(text) => named(text.split('.').next().unwrap_or(text)),
        None => VERSIONS.iter().copied().find(|version| (version.major, version.minor) == DEFAULT),
    };
    let fits = |candidate: &&Version| {
        let text = candidate.text();
        version.is_none_or(|wanted| text == wanted || candidate.major.to_string() == wanted)
            && family.is_none_or(|wanted| candidate.family() == wanted)
            && (!only_default || Some(**candidate) == default)
            && filters.iter().all(|(name, values)| {
                let value = match *name {
                    "db-parameter-group-family" => candidate.family(),
                    "engine" => "postgres".to_owned(),
                    "engine-version" => text.clone(),
                    "status" => "available".to_owned(),
                    _ => "provisioned".to_owned(),
                };
                values.contains(&value.as_str())
            })
    };
    let items = VERSIONS
        .iter()
        .filter(fits)
        .map(|version| (format!("{:05}.{:05}", version.major, version.minor), version.view(tx)))
        .collect();
    listing::paged(tx, input, "rds.page.size", "DBEngineVersions", items)
}

/// The certificate authorities, with how long each is valid
/// (<https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html>).
fn describe_certificates(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    filters::read(tx, input, &[])?;
    let wanted = input.text("CertificateIdentifier");
    let known = wanted.is_none_or(is_authority);
    tx.enforce("rds.certificate_authority", known, || {
        Refusal::new("CertificateNotFound", format!("Certificate not found: {}", wanted.unwrap_or_default()))
    })?;
    let items = AUTHORITIES
        .iter()
        .filter(|name| wanted.is_none_or(|wanted| wanted == **name))
        .map(|name| {
            let view = record! {
                "CertificateIdentifier" => *name,
                "CertificateType" => "CA",
                "Thumbprint" => hex::encode(&Sha256::digest(format!("{name} {}", tx.region()))[..20]),
                "ValidFrom" => moment(2021, 5, 25),
                "ValidTill" => if *name == "rds-ca-rsa2048-g1" { moment(2061, 5, 25) } else { moment(2121, 5, 25) },
                "CertificateArn" => format!("arn:aws:rds:{}::cert:{name}", tx.region()),
                "CustomerOverride" => false,
            };
            ((*name).to_owned(), view)
        })
        .collect();
    let mut page = listing::paged(tx, input, "rds.page.size", "Certificates", items)?;
    page.set("DefaultCertificateForNewLaunches", "rds-ca-rsa2048-g1");
    Ok(page)
}

fn moment(year: i16, month: i8, day: i8) -> Value {
    let midnight = Date::constant(year, month, day).to_zoned(jiff::tz::TimeZone::UTC);
    midnight.map_or(Value::Absent, |midnight| Value::from(midnight.timestamp()))
}

/// Major versions with the ends of their support
/// (<https://docs.aws.amazon.com/AmazonRDS/latest/PostgreSQLReleaseNotes/postgresql-release-calendar.html>).
fn describe_major(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    if let Some(engine) = input.text("Engine") {
        check(tx, engine)?;
    }
    let wanted = input.text("MajorEngineVersion");
    let mut majors: Vec<u16> = VERSIONS.iter().map(|version| version.major).collect();
    majors.dedup();
    let items = majors
        .into_iter()
        .filter(|major| wanted.is_none_or(|wanted| wanted == major.to_string()))
        .map(|major| {
            // PostgreSQL 14 came in 2022, each next major version a year later; standard support ends with the
            // community's after some five years, extended support three years on.
            let since = 2008 + i16::try_from(major).unwrap_or(0);
            let cycle = |name: &str, from: Value, to: Value| {
                record! {
                    "LifecycleSupportName" => name,
                    "LifecycleSupportStartDate" => from,
                    "LifecycleSupportEndDate" => to,
                }
            };
            let view = record! {
                "Engine" => "postgres",
                "MajorEngineVersion" => major.to_string(),
                "SupportedEngineLifecycles" => vec![
                    cycle("open-source-rds-standard-support", moment(since, 2, 27), moment(since + 5, 2, 28)),
                    cycle("open-source-rds-extended-support", moment(since + 5, 3, 1), moment(since + 8, 2, 28)),
                ],
            };
            (format!("{major:04}"), view)
        })
        .collect();
    listing::paged(tx, input, "rds.page.size", "DBMajorEngineVersions", items)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_major_version_means_its_newest_minor_one() {
        assert_eq!(named("17").unwrap().text(), "17.7");
        assert_eq!(named("16.6").unwrap().text(), "16.6");
        assert!(named("17.99").is_none() && named("9").is_none() && named("x").is_none());
        assert!(VERSIONS.is_sorted());
        assert!(VERSIONS.iter().any(|version| (version.major, version.minor) == DEFAULT));
    }

    #[test]
    fn upgrades_go_up_and_never_to_what_was_released_earlier() {
        let targets = |from: &str| named(from).unwrap().targets().map(Version::text).collect::<Vec<_>>();
        assert_eq!(targets("16.10"), ["16.11", "17.6", "17.7", "18.1"]);
        assert_eq!(targets("16.11"), ["17.7", "18.1"]);
        assert_eq!(targets("17.7"), ["18.1"], "RDS offered it three days before, of the same release");
        assert_eq!(targets("18.1"), [""; 0]);
    }
}
