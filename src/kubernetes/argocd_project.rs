//! `argocd_project`: <https://argo-cd.readthedocs.io/en/stable/operator-manual/project-specification/>

use fathuss_engine::provider::{Attributes, Failure};
use fathuss_model::Resource;
use fathuss_model::kubernetes::ArgocdProject;
use fathuss_model::schema::{Field, Schema};
use fathuss_state::Identity;
use serde_json::{Value as Json, json};

use crate::kind::{Kind, metadata, observed_metadata, observed_place, text};
use crate::locator::Locator;
use crate::spec;

const VERSION: &str = "argoproj.io/v1alpha1";
const KIND: &str = "AppProject";

/// The calls of `argocd_project`.
pub(crate) struct Project;

/// What permits something, and what restricts it, where the stack may give nothing.
const BOUNDS: &[&str] = &[
    "cluster_resource_whitelist",
    "namespace_resource_whitelist",
    "namespace_resource_blacklist",
    "roles",
    "source_namespaces",
    "destination_service_accounts",
];

/// The fields of its spec.
fn spec_fields() -> impl Iterator<Item = &'static Field> {
    const OTHERS: [&str; 3] = ["description", "source_repos", "destinations"];
    let is_of_spec = |field: &&Field| OTHERS.contains(&field.name) || BOUNDS.contains(&field.name);
    ArgocdProject::SCHEMA.fields.iter().filter(is_of_spec)
}

impl Kind for Project {
    fn schema(&self) -> &'static Schema {
        ArgocdProject::SCHEMA
    }

    fn object(&self, fields: &Attributes) -> Result<Json, Failure> {
        let metadata = metadata(fields, Some(text(fields, "namespace")?))?;
        let spec = spec::written(spec_fields(), fields)?;
        Ok(json!({ "apiVersion": VERSION, "kind": KIND, "metadata": metadata, "spec": spec }))
    }

    fn bounds(&self) -> &'static [&'static str] {
        BOUNDS
    }

    fn locate(&self, identity: &Identity) -> Result<Locator, Failure> {
        Locator::in_namespace(identity, VERSION, KIND)
    }

    fn fields(&self, live: &Json, recorded: &Attributes, _: bool) -> Attributes {
        let mut fields = spec::observed(spec_fields(), self.bounds(), &live["spec"], recorded);
        observed_place(live, &mut fields);
        observed_metadata(live, recorded, &mut fields);
        fields
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::tests::{attributes, changes};

    fn wanted() -> Attributes {
        attributes(&json!({
            "cluster_name": "main",
            "namespace": "argocd",
            "name": "shop",
            "source_repos": ["https://git.example.com/shop.git"],
            "destinations": [{ "namespace": "shop", "server": "https://kubernetes.default.svc" }],
            "namespace_resource_blacklist": [{ "group": "", "kind": "ResourceQuota" }],
            "roles": [{ "name": "deployer", "policies": ["p, proj:shop:deployer, applications, sync, shop/*, allow"] }],
        }))
    }

    #[test]
    fn the_object_is_argo_cd_s() {
        let object = Project.object(&wanted()).unwrap();
        assert_eq!(object["metadata"], json!({ "name": "shop", "namespace": "argocd" }));
        let spec = json!({
            "sourceRepos": ["https://git.example.com/shop.git"],
            "destinations": [{ "namespace": "shop", "server": "https://kubernetes.default.svc" }],
            "namespaceResourceBlacklist": [{ "group": "", "kind": "ResourceQuota" }],
            "roles": [{ "name": "deployer", "policies": ["p, proj:shop:deployer, applications, sync, shop/*, allow"] }],
        });
        assert_eq!(object["spec"], spec);
    }

    #[test]
    fn what_was_applied_is_read_as_it_was_wanted_and_what_restricts_it_further_stays() {
        let mut live = Project.object(&wanted()).unwrap();
        live["metadata"]["uid"] = json!("1");
        live["spec"]["syncWindows"] = json!([{ "kind": "deny" }]);
        live["spec"]["clusterResourceWhitelist"] = json!([]);
        live["status"] = json!({});
        assert_eq!(changes(&Project, &wanted(), &live, &wanted()), Vec::<String>::new());
        live["spec"]["sourceRepos"] = json!(["*"]);
        assert_eq!(changes(&Project, &wanted(), &live, &wanted()), ["source_repos"]);
    }

    #[test]
    fn what_others_permit_beyond_the_stack_is_taken_away() {
        let object = Project.object(&wanted()).unwrap();
        let mut live = object.clone();
        live["spec"]["clusterResourceWhitelist"] = json!([{ "group": "*", "kind": "*" }]);
        live["spec"]["sourceNamespaces"] = json!(["*"]);
        live["spec"]["destinationServiceAccounts"] =
            json!([{ "server": "*", "namespace": "*", "defaultServiceAccount": "argocd:root" }]);
        live["spec"]["syncWindows"] = json!([{ "kind": "deny" }]);
        let changed = changes(&Project, &wanted(), &live, &wanted());
        assert_eq!(changed, ["cluster_resource_whitelist", "source_namespaces", "destination_service_accounts"]);
        let patch = spec::beyond(Project.bounds(), &object["spec"], &live["spec"]);
        let taken = json!({
            "clusterResourceWhitelist": null,
            "sourceNamespaces": null,
            "destinationServiceAccounts": null,
        });
        assert_eq!(patch, Some(taken));
        assert_eq!(spec::beyond(Project.bounds(), &object["spec"], &object["spec"]), None);
        let imported = Project.fields(&live, &Attributes::new(), true);
        assert!(imported.contains_key("cluster_resource_whitelist"), "an import takes all over: {imported:?}");
    }
}
