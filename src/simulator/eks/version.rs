//! The Kubernetes versions that EKS has, with the dates between which each is supported.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::listing::listed;
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::service::Handler;
use crate::value::Value;
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] = &[("DescribeClusterVersions", describe)];

/// A Kubernetes version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version {
    /// Its minor number: 35 for 1.35.
    pub minor: u8,
    /// Its newest patch.
    pub patch: u8,
    /// EKS's own version of it.
    pub platform: u8,
    released: Date,
    standard_until: Date,
    extended_until: Date,
}

const fn of(minor: u8, patch: u8, platform: u8, released: Date, standard: Date, extended: Date) -> Version {
    Version { minor, patch, platform, released, standard_until: standard, extended_until: extended }
}

const fn day(year: i16, month: i8, day: i8) -> Date {
    Date::constant(year, month, day)
}

/// <https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html>, of early 2026, newest first, with the
/// patches that Kubernetes had by then (<https://kubernetes.io/releases/patch-releases/>).
pub static ALL: &[Version] = &[
    of(35, 0, 3, day(2026, 1, 27), day(2027, 3, 27), day(2028, 3, 27)),
    of(34, 3, 12, day(2025, 10, 2), day(2026, 12, 2), day(2027, 12, 2)),
    of(33, 7, 26, day(2025, 5, 29), day(2026, 7, 29), day(2027, 7, 29)),
    of(32, 11, 33, day(2025, 1, 23), day(2026, 3, 23), day(2027, 3, 23)),
    of(31, 14, 49, day(2024, 9, 26), day(2025, 11, 26), day(2026, 11, 26)),
    of(30, 14, 57, day(2024, 5, 23), day(2025, 7, 23), day(2026, 7, 23)),
    of(29, 15, 60, day(2024, 1, 23), day(2025, 3, 23), day(2026, 3, 23)),
];

/// The version of a cluster for which none is asked: the newest there is.
#[must_use]
pub fn default(tx: &Tx<'_>) -> Option<&'static Version> {
    ALL.iter().find(|version| version.is_offered(tx))
}

impl Version {
    /// `1.35`
    #[must_use]
    pub fn name(&self) -> String {
        format!("1.{}", self.minor)
    }

    /// `eks.3`
    #[must_use]
    pub fn platform_version(&self) -> String {
        format!("eks.{}", self.platform)
    }

    /// Whether clusters of it are made already, and still.
    #[must_use]
    pub fn is_offered(&self, tx: &Tx<'_>) -> bool {
        self.is_released(tx) && tx.now() < midnight(self.extended_until)
    }

    fn is_released(&self, tx: &Tx<'_>) -> bool {
        midnight(self.released) <= tx.now()
    }

    fn support(&self, tx: &Tx<'_>) -> (&'static str, &'static str) {
        if tx.now() < midnight(self.standard_until) {
            ("standard-support", "STANDARD_SUPPORT")
        } else if self.is_offered(tx) {
            ("extended-support", "EXTENDED_SUPPORT")
        } else {
            ("unsupported", "UNSUPPORTED")
        }
    }

    fn view(&self, tx: &Tx<'_>) -> Value {
        let (status, version_status) = self.support(tx);
        record! {
            "clusterVersion" => self.name(),
            "clusterType" => "eks",
            "defaultPlatformVersion" => self.platform_version(),
            "defaultVersion" => default(tx) == Some(self),
            "releaseDate" => midnight(self.released),
            "endOfStandardSupportDate" => midnight(self.standard_until),
            "endOfExtendedSupportDate" => midnight(self.extended_until),
            "status" => status,
            "versionStatus" => version_status,
            "kubernetesPatchVersion" => format!("1.{}.{}", self.minor, self.patch),
        }
    }
}

fn midnight(day: Date) -> Timestamp {
    day.to_zoned(TimeZone::UTC).map_or(Timestamp::UNIX_EPOCH, |zoned| zoned.timestamp())
}

/// The version of that name, if EKS knows it.
#[must_use]
pub fn find(name: &str) -> Option<&'static Version> {
    ALL.iter().find(|version| version.name() == name)
}

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let wanted = input.texts("clusterVersions");
    let every = input.flag("includeAll");
    let (status, version_status) = (input.text("status"), input.text("versionStatus"));
    let default_only = input.flag("defaultOnly");
    let kind = input.text("clusterType");
    let fits = |version: &&Version| {
        let support = version.support(tx);
        version.is_released(tx)
            && (wanted.is_empty() || wanted.contains(&version.name().as_str()))
            && (every || !wanted.is_empty() || status == Some("unsupported") || version.is_offered(tx))
            && status.is_none_or(|status| status == support.0)
            && version_status.is_none_or(|status| status == support.1)
            && (!default_only || default(tx) == Some(*version))
            && kind.is_none_or(|kind| kind == "eks")
    };
    // The newest comes first.
    let items =
        ALL.iter().filter(fits).map(|version| (format!("{:03}", 100 - version.minor), version.view(tx))).collect();
    listed(tx, input, "clusterVersions", items)
}

#[cfg(test)]
mod tests {
    use crate::client::Client;
    use crate::{Config, Simulator};

    #[tokio::test(start_paused = true)]
    async fn no_version_is_offered_before_its_release() {
        let start = "2026-01-05T09:00:00Z".parse().unwrap();
        let client = Client::of(Simulator::open(Config { start, ..Config::calm(1) }).unwrap());
        let newest = async || {
            let versions = client.eks("GET", "/cluster-versions?defaultOnly=true", None).await;
            versions["clusterVersions"][0]["clusterVersion"].clone()
        };
        assert_eq!(newest().await, "1.34");
        let named = client.eks("GET", "/cluster-versions?clusterVersions=1.35", None).await;
        assert_eq!(named["clusterVersions"].as_array().map(Vec::len), Some(0));
        let nodes = [("Owner.1", "amazon"), ("Filter.1.Name", "name"), ("Filter.1.Value.1", "*-1.35-*")];
        assert!(client.ec2("DescribeImages", &nodes).await.all("imageId").is_empty());
        client.wait(30 * 24 * 3600);
        assert_eq!(newest().await, "1.35");
        assert_eq!(client.ec2("DescribeImages", &nodes).await.all("imageId").len(), 2, "one of each architecture");
    }

    #[tokio::test(start_paused = true)]
    async fn versions_age_with_the_world() {
        let client = Client::calm();
        let path = "/cluster-versions?status=standard-support";
        let of = |answer: serde_json::Value| {
            let versions = answer["clusterVersions"].as_array().unwrap().clone();
            versions.iter().map(|one| one["clusterVersion"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(of(client.eks("GET", path, None).await), ["1.35", "1.34", "1.33", "1.32"]);
        client.wait(120 * 24 * 3600);
        assert_eq!(of(client.eks("GET", path, None).await), ["1.35", "1.34", "1.33"]);
        assert_eq!(of(client.eks("GET", "/cluster-versions?defaultOnly=true", None).await), ["1.35"]);
        client.wait(300 * 24 * 3600);
        let offered = of(client.eks("GET", "/cluster-versions", None).await);
        assert!(!offered.contains(&"1.30".to_owned()), "{offered:?}");
        let every = of(client.eks("GET", "/cluster-versions?includeAll=true", None).await);
        assert!(every.contains(&"1.30".to_owned()), "{every:?}");
    }
}
