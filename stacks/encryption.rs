//! Keys: each kind of data has one of its own, so that whoever may read one kind may read no other.

use fathuss_model::aws::policy::{Policy, Principal, Statement};
use fathuss_model::aws::{KmsAlias, KmsKey};
use fathuss_model::{DeclarationExt, Handle, Lifecycle, Stack, actions};

/// What leaves a key to the policies of its account's IAM. Without it nobody could change the key any more:
/// <https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html>
pub fn left_to_iam(account: &str) -> Statement {
    let account = Principal::aws(format!("arn:aws:iam::{account}:root"));
    Statement::allow(actions!["kms:*"]).sid("Account").by(account).on("*")
}

/// The policy of a key that IAM's policies alone are about.
pub fn of_account(account: &str) -> Policy {
    Policy::new([left_to_iam(account)])
}

/// A key that AWS renews every year, under the alias `alias/OWNER-NAME`. Where it is lasting, no plan destroys it: what
/// it encrypted can't be read without it.
#[track_caller]
pub fn key(stack: &mut Stack, owner: &str, name: &'static str, key: KmsKey, lasting: bool) -> Handle<KmsKey> {
    let key = key.enable_key_rotation(true).lifecycle(Lifecycle::new().prevent_destroy(lasting));
    let key = stack.add(name, key);
    stack.add(name, KmsAlias::new(format!("alias/{owner}-{name}"), &key));
    key
}
