//! What there is once in staging's account: who acts there. It is applied before staging is.

use fathuss_model::{Result, Stack};

use crate::access::{self, Access};

/// The account.
pub const ACCOUNT: &str = "111122223333";
/// What staging refers to.
pub static ACCESS: Access = Access::of("staging-account");
/// IAM is in no region; this is where it is asked.
const REGION: &str = "us-east-1";

/// The stack.
pub fn staging_account(stack: &mut Stack) -> Result<()> {
    stack.place(REGION, ACCOUNT);
    for (key, value) in [("Project", "Fathuss"), ("Environment", "staging"), ("ManagedBy", "fathuss")] {
        stack.default_tag(key, value);
    }
    access::access(stack, &ACCESS, ACCOUNT, "staging");
    Ok(())
}
