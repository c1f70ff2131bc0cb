//! Service-linked roles: services make them with their first resource in an account, and they stay there.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create-service-linked-role.html>

use fathuss_engine::provider::Survivor;

/// The role of a service, which stays when what it was made with goes.
pub(crate) fn left(name: &str) -> Survivor {
    Survivor::new(
        format!("role {name}"),
        "AWS made it for its own service, and all of that service in the account works through it",
    )
    .shared()
}
