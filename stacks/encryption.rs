//! Keys: each kind of data has one of its own, so that whoever may read one kind may read no other.

use fathuss_model::aws::{KmsAlias, KmsKey};
use fathuss_model::{DeclarationExt, Handle, Lifecycle, Stack};

/// A key that AWS renews every year, under the alias `alias/OWNER-NAME`. Where it is lasting, no plan destroys it: what
/// it encrypted can't be read without it.
#[track_caller]
pub fn key(stack: &mut Stack, owner: &str, name: &'static str, key: KmsKey, lasting: bool) -> Handle<KmsKey> {
    let key = key.enable_key_rotation(true).lifecycle(Lifecycle::new().prevent_destroy(lasting));
    let key = stack.add(name, key);
    stack.add(name, KmsAlias::new(format!("alias/{owner}-{name}"), &key));
    key
}
