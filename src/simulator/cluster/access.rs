//! The groups that EKS access policies stand for. The sandbox's authenticator puts who has an access entry into
//! the groups of its policies, and these bindings give the groups what the policies grant.

use futures::future::try_join_all;
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding};
use kube::api::{Patch, PatchParams};
use kube::{Api, Client};
use serde_json::json;

use crate::Error;

/// An access policy, and the ClusterRole with the same rights.
/// <https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html>
const POLICIES: [(&str, &str); 5] = [
    ("AmazonEKSClusterAdminPolicy", "cluster-admin"),
    ("AmazonEKSAdminPolicy", "admin"),
    ("AmazonEKSEditPolicy", "edit"),
    ("AmazonEKSViewPolicy", "view"),
    ("AmazonEKSAdminViewPolicy", ADMIN_VIEW),
];

/// The one role that Kubernetes does not come with: to see everything, secrets included.
const ADMIN_VIEW: &str = "eks-access-policy:admin-view";

/// Binds the groups; what is bound already stays as it is. The roles `admin`, `edit` and `view` are empty until
/// a controller has put them together: see [`are_roles_complete`].
pub(crate) async fn bind_policies(client: &Client) -> Result<(), Error> {
    let parameters = PatchParams::apply("fathuss").force();
    let roles = Api::<ClusterRole>::all(client.clone());
    let bindings = Api::<ClusterRoleBinding>::all(client.clone());
    let role = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": ADMIN_VIEW},
        "rules": [
            {"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list", "watch"]},
            {"nonResourceURLs": ["*"], "verbs": ["get"]},
        ],
    });
    roles
        .patch(ADMIN_VIEW, &parameters, &Patch::Apply(&role))
        .await
        .map_err(Error::kubernetes(format!("the role {ADMIN_VIEW}")))?;
    let bind = POLICIES.map(|(policy, role)| {
        let (bindings, parameters) = (&bindings, &parameters);
        async move {
            let group = format!("eks-access-policy:{policy}");
            let binding = json!({
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": "ClusterRoleBinding",
                "metadata": {"name": group},
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
                "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": group}],
            });
            let patched = bindings.patch(&group, parameters, &Patch::Apply(&binding)).await;
            patched.map_err(Error::kubernetes(format!("the binding of {group}")))
        }
    });
    try_join_all(bind).await?;
    Ok(())
}

/// Whether the controllers have put the aggregated roles together.
pub(crate) async fn are_roles_complete(client: &Client) -> Result<bool, Error> {
    let roles = Api::<ClusterRole>::all(client.clone());
    let found = try_join_all(["admin", "edit", "view"].map(|name| roles.get_opt(name)));
    let found = found.await.map_err(Error::kubernetes("the roles that access policies grant"))?;
    let is_complete = |role: ClusterRole| {
        role.rules.is_some_and(|rules| rules.iter().any(|rule| rule.verbs.iter().any(|verb| verb == "list")))
    };
    Ok(found.into_iter().all(|role| role.is_some_and(is_complete)))
}
