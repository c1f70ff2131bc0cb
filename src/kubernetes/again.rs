//! How often something is applied again while it is waited for.

use std::cell::RefCell;
use std::collections::BTreeMap;

use fathuss_model::Address;

/// As often as that: after it, others are at work on it too, or what is wanted is never what comes of it.
pub(crate) const AGAIN: u32 = 5;

/// Counts, by address.
#[derive(Debug, Default)]
pub(crate) struct Again(RefCell<BTreeMap<Address, u32>>);

impl Again {
    /// Counts one more, and says whether it may be; after the last one it counts anew.
    pub fn may_be(&self, address: &Address) -> bool {
        let mut counts = self.0.borrow_mut();
        let count = counts.entry(address.clone()).or_default();
        *count += 1;
        let may_be = *count <= AGAIN;
        if !may_be {
            counts.remove(address);
        }
        may_be
    }

    /// It is as it is to be.
    pub fn is_well(&self, address: &Address) {
        self.0.borrow_mut().remove(address);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_is_as_it_is_to_be_is_given_up_and_another_run_begins_anew() {
        let again = Again::default();
        let [one, other] = ["one", "other"].map(|name| format!("shop.kubernetes_manifest.{name}").parse().unwrap());
        let tries = || (0..6).map(|_| again.may_be(&one)).collect::<Vec<bool>>();
        assert_eq!(tries(), [true, true, true, true, true, false]);
        assert!(again.may_be(&other));
        assert_eq!(tries(), [true, true, true, true, true, false], "after it was given up");
        assert!(again.may_be(&one));
        again.is_well(&one);
        assert_eq!(tries(), [true, true, true, true, true, false], "after it was well");
    }
}
