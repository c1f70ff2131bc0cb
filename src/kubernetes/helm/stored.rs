//! A release as Helm keeps it, in a Secret per revision: <https://helm.sh/docs/topics/kubernetes_apis/>

use std::io::{Read as _, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fathuss_engine::provider::{Failure, Mark};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};

use crate::failure::refused;
use crate::mark::{ADDRESS, GENERATION, LINEAGE};

/// The label that says what a release's folder held, beside the mark's.
const CONTENT: &str = "fathuss.com/content";

/// One revision of a release.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    secret: Json,
    release: Json,
}

impl Stored {
    /// Reads it.
    pub fn read(secret: Json) -> Result<Self, Failure> {
        let unreadable = |why: &str| {
            let name = secret["metadata"]["name"].as_str().unwrap_or_default();
            refused("UnreadableRelease", format!("what Helm keeps in the secret {name} can't be read: {why}"))
        };
        let text = secret["data"]["release"].as_str().ok_or_else(|| unreadable("it has no release"))?;
        let once = STANDARD.decode(text).map_err(|error| unreadable(&error.to_string()))?;
        let twice = STANDARD.decode(once).map_err(|error| unreadable(&error.to_string()))?;
        let mut plain = Vec::new();
        GzDecoder::new(&twice[..]).read_to_end(&mut plain).map_err(|error| unreadable(&error.to_string()))?;
        let release = serde_json::from_slice(&plain).map_err(|error| unreadable(&error.to_string()))?;
        Ok(Self { secret, release })
    }

    pub fn secret_name(&self) -> &str {
        self.secret["metadata"]["name"].as_str().unwrap_or_default()
    }

    pub fn status(&self) -> &str {
        self.release["info"]["status"].as_str().unwrap_or_default()
    }

    /// Whether a run of Helm's has not come to its end.
    pub fn is_pending(&self) -> bool {
        self.status().starts_with("pending-")
    }

    pub fn revision(&self) -> i64 {
        self.release["version"].as_i64().unwrap_or_default()
    }

    /// When it was installed, which no upgrade changes.
    pub fn first_deployed(&self) -> Option<&str> {
        self.release["info"]["first_deployed"].as_str()
    }

    pub fn chart(&self) -> &str {
        self.release["chart"]["metadata"]["name"].as_str().unwrap_or_default()
    }

    pub fn version(&self) -> &str {
        self.release["chart"]["metadata"]["version"].as_str().unwrap_or_default()
    }

    /// The values that were given.
    pub fn values(&self) -> Json {
        match &self.release["config"] {
            Json::Object(values) if !values.is_empty() => Json::Object(values.clone()),
            _ => Json::Null,
        }
    }

    /// What was made, hooks apart: documents of YAML.
    pub fn manifest(&self) -> &str {
        self.release["manifest"].as_str().unwrap_or_default()
    }

    fn label(&self, name: &str) -> Option<&str> {
        self.secret["metadata"]["labels"][name].as_str()
    }

    /// What its chart's folder held.
    pub fn content(&self) -> Option<&str> {
        self.label(CONTENT)
    }

    /// The lineage of its mark, and its address as a label can hold it.
    pub fn mark(&self) -> Option<(&str, &str)> {
        self.label(LINEAGE).zip(self.label(ADDRESS))
    }

    /// Whether it carries this mark, of whichever generation.
    pub fn is_of(&self, mark: &Mark) -> bool {
        self.mark() == Some((mark.lineage.as_str(), label_of(&mark.address.to_string()).as_str()))
    }

    /// What makes of one that is pending one that failed, which Helm upgrades.
    pub fn unlocked(&self) -> Result<Json, Failure> {
        let mut release = self.release.clone();
        release["info"]["status"] = json!("failed");
        release["info"]["description"] = json!(format!("{} and went no further", self.status()));
        let mut packer = GzEncoder::new(Vec::new(), Compression::best());
        let packed = packer.write_all(release.to_string().as_bytes()).and_then(|()| packer.finish());
        let packed = packed.map_err(|error| refused("UnreadableRelease", error.to_string()))?;
        let data = STANDARD.encode(STANDARD.encode(packed));
        // Helm's writing to it meanwhile makes this fail.
        let version = &self.secret["metadata"]["resourceVersion"];
        Ok(json!({
            "metadata": { "labels": { "status": "failed" }, "resourceVersion": version },
            "data": { "release": data },
        }))
    }
}

/// The labels that an installation is given.
pub(super) fn labels(mark: &Mark, content: Option<&str>) -> String {
    let address = label_of(&mark.address.to_string());
    let Mark { lineage, generation, .. } = mark;
    // One that is left out would stay as it was.
    let content = content.unwrap_or("none");
    format!("{LINEAGE}={lineage},{ADDRESS}={address},{GENERATION}={generation},{CONTENT}={content}")
}

/// An address as a label can hold it, which knows few characters and 63 of them.
pub(super) fn label_of(address: &str) -> String {
    short(Sha256::digest(address.as_bytes()).as_slice())
}

/// What is told of a digest.
pub(super) fn short(digest: &[u8]) -> String {
    digest.iter().take(20).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(status: &str) -> Stored {
        let release = json!({ "version": 3, "info": { "status": status }, "config": {}, "chart": { "metadata": { "name": "shop", "version": "1.0.0" } } });
        let secret = json!({ "metadata": { "name": "sh.helm.release.v1.shop.v3", "resourceVersion": "7" } });
        Stored { secret, release }
    }

    #[test]
    fn what_was_unlocked_reads_as_failed() {
        let pending = stored("pending-upgrade");
        assert!(pending.is_pending());
        let patch = pending.unlocked().unwrap();
        assert_eq!(patch["metadata"]["resourceVersion"], "7");
        let mut secret = pending.secret.clone();
        secret["data"] = patch["data"].clone();
        let read = Stored::read(secret).unwrap();
        assert_eq!((read.status(), read.revision(), read.chart(), read.version()), ("failed", 3, "shop", "1.0.0"));
        assert_eq!(read.release["info"]["description"], "pending-upgrade and went no further");
        assert_eq!(read.values(), Json::Null);
    }

    #[test]
    fn what_is_no_release_is_said_to_be_none() {
        for data in [json!({}), json!({ "release": "%" }), json!({ "release": STANDARD.encode("aGk=") })] {
            let secret = json!({ "metadata": { "name": "shop" }, "data": data });
            assert!(Stored::read(secret).unwrap_err().message.contains("shop"));
        }
    }
}
