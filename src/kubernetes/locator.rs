//! How an object is found: cluster, version, kind, namespace and name.

use fathuss_engine::provider::Failure;
use fathuss_state::Identity;
use kube::core::GroupVersionKind;
use serde_json::Value as Json;

use crate::failure::refused;

/// Where an object is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Locator {
    /// The cluster's name.
    pub cluster: String,
    /// `v1`, `apps/v1`
    pub api_version: String,
    /// `ConfigMap`
    pub kind: String,
    /// None where its kind has none.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
}

impl Locator {
    /// Of an object of Kubernetes's own core.
    pub fn core(cluster: &str, kind: &str, namespace: Option<&str>, name: &str) -> Self {
        Self {
            cluster: cluster.to_owned(),
            api_version: "v1".to_owned(),
            kind: kind.to_owned(),
            namespace: namespace.map(str::to_owned),
            name: name.to_owned(),
        }
    }

    /// Of a kind whose identities are cluster, namespace and name.
    pub fn in_namespace(identity: &Identity, api_version: &str, kind: &str) -> Result<Self, Failure> {
        let parts: Vec<&str> = identity.0.split('/').collect();
        let [cluster, namespace, name] = parts[..] else {
            return Err(refused("InvalidIdentity", format!("{} is not CLUSTER/NAMESPACE/NAME", identity.0)));
        };
        Ok(Self { api_version: api_version.to_owned(), ..Self::core(cluster, kind, Some(namespace), name) })
    }

    /// Cluster, namespace and name, where its kind is known: `main/shop/cart`, `main/shop`.
    pub fn short(&self) -> Identity {
        let parts = [Some(&self.cluster), self.namespace.as_ref(), Some(&self.name)];
        Identity(parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join("/"))
    }

    /// Of an object in a cluster.
    pub fn of(cluster: &str, object: &Json) -> Result<Self, Failure> {
        let text = |path: &str| object.pointer(path).and_then(Json::as_str).filter(|text| !text.is_empty());
        let needed = |path: &str| {
            let what = path[1..].replace('/', ".");
            text(path)
                .map(str::to_owned)
                .ok_or_else(|| refused("InvalidManifest", format!("the manifest has no {what}")))
        };
        Ok(Self {
            cluster: cluster.to_owned(),
            api_version: needed("/apiVersion")?,
            kind: needed("/kind")?,
            namespace: text("/metadata/namespace").map(str::to_owned),
            name: needed("/metadata/name")?,
        })
    }

    /// The identity of any object: `main/apps/v1/Deployment/shop/cart`.
    pub fn identity(&self) -> Identity {
        let Self { cluster, api_version, kind, namespace, name } = self;
        let parts = [Some(cluster), Some(api_version), Some(kind), namespace.as_ref(), Some(name)];
        Identity(parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join("/"))
    }

    /// Reads it again. Kinds begin with a capital letter, which nothing before them does in its place.
    pub fn parse(identity: &Identity) -> Result<Self, Failure> {
        let unreadable = || {
            refused(
                "InvalidIdentity",
                format!(
                    "{} is not CLUSTER/VERSION/KIND/NAMESPACE/NAME, as main/apps/v1/Deployment/shop/cart is",
                    identity.0
                ),
            )
        };
        let parts: Vec<&str> = identity.0.split('/').collect();
        let is_kind = |part: &&str| part.starts_with(|first: char| first.is_ascii_uppercase());
        let at = parts.iter().skip(2).position(is_kind).ok_or_else(unreadable)? + 2;
        let (namespace, name) = match parts[at + 1..] {
            [name] => (None, name),
            [namespace, name] => (Some(namespace.to_owned()), name),
            _ => return Err(unreadable()),
        };
        Ok(Self {
            cluster: parts[0].to_owned(),
            api_version: parts[1..at].join("/"),
            kind: parts[at].to_owned(),
            namespace,
            name: name.to_owned(),
        })
    }

    /// The kind in its group and version.
    pub fn gvk(&self) -> GroupVersionKind {
        let (group, version) = self.api_version.split_once('/').unwrap_or(("", &self.api_version));
        GroupVersionKind::gvk(group, version, &self.kind)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn identities_are_read_as_they_are_written() {
        for (object, text) in [
            (
                json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "shop" } }),
                "Main/v1/Namespace/shop",
            ),
            (
                json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "cart", "namespace": "shop" } }),
                "Main/apps/v1/Deployment/shop/cart",
            ),
        ] {
            let locator = Locator::of("Main", &object).unwrap();
            assert_eq!(locator.identity().0, text);
            assert_eq!(Locator::parse(&locator.identity()).unwrap(), locator);
        }
        for text in ["", "main", "main/v1/namespace/shop", "main/v1/Pod/a/b/c"] {
            assert!(Locator::parse(&Identity(text.to_owned())).is_err(), "{text}");
        }
    }
}
