//! How often something is applied again while it is waited for.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

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

/// How long a controller is given to look again. One that does not by then is at no work.
const TO_LOOK: Duration = Duration::from_secs(60);

/// When this run first looked at what is waited for, and when its controller had then, by address: what that said may be
/// about what has been mended since.
#[derive(Debug, Default)]
pub(crate) struct Looks(RefCell<BTreeMap<Address, (Instant, Option<String>)>>);

impl Looks {
    /// Whether this is the run's first look. The controller's last one was then.
    pub fn is_first(&self, address: &Address, looked_at: Option<&str>) -> bool {
        let mut looks = self.0.borrow_mut();
        let is_first = !looks.contains_key(address);
        looks.entry(address.clone()).or_insert_with(|| (Instant::now(), looked_at.map(str::to_owned)));
        is_first
    }

    /// Whether the controller has not looked since, and may be about to.
    pub fn is_stale(&self, address: &Address, looked_at: Option<&str>) -> bool {
        self.0
            .borrow()
            .get(address)
            .is_some_and(|(began, first)| first.is_some() && first.as_deref() == looked_at && began.elapsed() < TO_LOOK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_controller_said_before_the_run_counts_once_it_has_looked_again() {
        let looks = Looks::default();
        let address = "shop.argocd_application.shop".parse().unwrap();
        assert!(looks.is_first(&address, Some("1:00")) && looks.is_stale(&address, Some("1:00")));
        assert!(!looks.is_first(&address, Some("1:00")) && looks.is_stale(&address, Some("1:00")));
        assert!(!looks.is_stale(&address, Some("1:01")));
        let new = "shop.argocd_application.new".parse().unwrap();
        assert!(looks.is_first(&new, None) && !looks.is_stale(&new, None), "one that was never looked at before");
    }

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
