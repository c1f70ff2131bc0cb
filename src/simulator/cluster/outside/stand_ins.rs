//! Stand-ins for others' charts, as their repositories have them: the charts of charts/, with the versions of
//! helm/platform/versions.yaml and the custom resource definitions of their makers.

use std::collections::BTreeMap;
use std::io::Write as _;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::{Error, Part, Programs, Progress};

/// Files by their address, `HOST/PATH`.
pub(super) type Files = BTreeMap<String, Bytes>;

/// A folder of charts/, in which `Chart.yaml` has no version.
struct Chart {
    /// Its key in versions.yaml.
    key: &'static str,
    about: &'static str,
    objects: &'static str,
}

macro_rules! chart {
    ($key:literal) => {
        Chart {
            key: $key,
            about: include_str!(concat!("../charts/", $key, "/Chart.yaml")),
            objects: include_str!(concat!("../charts/", $key, "/templates/objects.yaml")),
        }
    };
}

static CHARTS: [Chart; 13] = [
    chart!("argo-cd"),
    chart!("argo-rollouts"),
    chart!("aws-load-balancer-controller"),
    chart!("cluster-autoscaler"),
    chart!("external-dns"),
    chart!("external-secrets"),
    chart!("istio-base"),
    chart!("istio-cni"),
    chart!("istio-gateway"),
    chart!("istiod"),
    chart!("kube-prometheus-stack"),
    chart!("loki"),
    chart!("sentry"),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Version {
    repository: String,
    chart: String,
    version: String,
}

/// All files of all repositories.
pub(super) async fn files(programs: &Programs, progress: impl FnMut(Progress)) -> Result<Files, Error> {
    programs.build(Part::Definitions, progress).await?;
    let versions = versions()?;
    let mut files = Files::new();
    let mut indices = BTreeMap::<&str, Map<String, Value>>::new();
    for chart in &CHARTS {
        let defect = || Error::Defect { why: format!("versions.yaml has no {}", chart.key) };
        let Version { repository, chart: name, version } = versions.get(chart.key).ok_or_else(defect)?;
        let package = chart.package(name, version, programs)?;
        let file = format!("{name}-{version}.tgz");
        let entry = json!([{
            "apiVersion": "v2",
            "name": name,
            "version": version,
            "urls": [file],
            "digest": Sha256::digest(&package).iter().map(|byte| format!("{byte:02x}")).collect::<String>(),
        }]);
        let place = repository.trim_start_matches("https://").trim_end_matches('/');
        indices.entry(place).or_default().insert(name.clone(), entry);
        files.insert(format!("{place}/{file}"), package);
    }
    for (place, entries) in indices {
        let index = json!({"apiVersion": "v1", "entries": entries});
        files.insert(format!("{place}/index.yaml"), index.to_string().into());
    }
    Ok(files)
}

fn versions() -> Result<BTreeMap<String, Version>, Error> {
    serde_saphyr::from_str(include_str!("../../../../helm/platform/versions.yaml"))
        .map_err(|error| Error::Defect { why: error.to_string() })
}

impl Chart {
    fn package(&self, name: &str, version: &str, programs: &Programs) -> Result<Bytes, Error> {
        let mut archive = Archive::default();
        archive.add(&format!("{name}/Chart.yaml"), format!("{}version: {version}\n", self.about).as_bytes());
        archive.add(&format!("{name}/templates/objects.yaml"), self.objects.as_bytes());
        for path in programs.chart_crds(self.key)? {
            let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let content = std::fs::read_to_string(&path).map_err(Error::file(&path))?;
            let used: Vec<&str> = content.split("\n---").filter(|one| is_used(one)).collect();
            if !used.is_empty() {
                archive.add(&format!("{name}/crds/{file}"), used.join("\n---").as_bytes());
            }
        }
        archive.finish().map_err(|error| Error::Defect { why: error.to_string() })
    }
}

/// The definitions that something of the platform is of. Of each that comes or changes Argo CD reads what the API server can
/// do anew, which takes seconds: with all that the charts have, minutes.
const USED: [&str; 19] = [
    "alertmanagerconfigs.monitoring.coreos.com",
    "analysisruns.argoproj.io",
    "analysistemplates.argoproj.io",
    "applications.argoproj.io",
    "appprojects.argoproj.io",
    "authorizationpolicies.security.istio.io",
    "clusteranalysistemplates.argoproj.io",
    "clustersecretstores.external-secrets.io",
    "destinationrules.networking.istio.io",
    "experiments.argoproj.io",
    "externalsecrets.external-secrets.io",
    "gateways.networking.istio.io",
    "peerauthentications.security.istio.io",
    "podmonitors.monitoring.coreos.com",
    "prometheusrules.monitoring.coreos.com",
    "rollouts.argoproj.io",
    "secretstores.external-secrets.io",
    "servicemonitors.monitoring.coreos.com",
    "virtualservices.networking.istio.io",
];

fn is_used(definition: &str) -> bool {
    let name = definition.lines().find_map(|line| line.strip_prefix("  name: "));
    name.is_some_and(|name| USED.contains(&name.trim()))
}

/// A tar archive of plain files, in the form that POSIX calls ustar.
#[derive(Default)]
struct Archive(Vec<u8>);

/// The unit of which an archive is made, in bytes.
const BLOCK: usize = 512;

impl Archive {
    fn add(&mut self, path: &str, content: &[u8]) {
        let mut header = [0; BLOCK];
        let mut put = |at: usize, text: &str| header[at..at + text.len()].copy_from_slice(text.as_bytes());
        put(0, path);
        put(100, "0000644");
        put(108, "0000000");
        put(116, "0000000");
        put(124, &format!("{:011o}", content.len()));
        put(136, "00000000000");
        // The sum is that of a header which has blanks in its place.
        put(148, "        ");
        put(156, "0");
        put(257, "ustar");
        put(263, "00");
        let sum: u32 = header.iter().copied().map(u32::from).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());

        self.0.extend(header);
        self.0.extend(content);
        self.0.resize(self.0.len().next_multiple_of(BLOCK), 0);
    }

    fn finish(mut self) -> std::io::Result<Bytes> {
        self.0.extend([0; 2 * BLOCK]);
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(&self.0)?;
        Ok(packed.finish()?.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_of_others_charts_has_a_stand_in() {
        let versions = versions().unwrap();
        assert!(versions.keys().map(String::as_str).eq(CHARTS.iter().map(|chart| chart.key)));
        for chart in &CHARTS {
            let name = format!("\nname: {}\n", versions[chart.key].chart);
            assert!(chart.about.contains(&name), "{}", chart.key);
        }
    }
}
