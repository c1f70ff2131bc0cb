//! Reading things that have a name with few calls: one list of all, and by name what it did not show.
//!
//! The services that know their things by name take one name or none in a
//! describing call, never several: a list of everything is one call for up to a
//! hundred things, and a single one is asked for by its name. Absence is
//! believed only when asked for by name.

use std::collections::{BTreeMap, BTreeSet};

use fathuss_engine::provider::Failure;

use crate::gather::{Page, every};
use crate::gone::there;

/// What to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    /// The one of this name.
    Named(String),
    /// All, from this marker on.
    All(Option<String>),
}

/// What was asked for and is there, by name; with `everything`, also what was not asked for.
pub(crate) async fn by_name<T>(
    wanted: &BTreeSet<String>,
    everything: bool,
    name_of: impl Fn(&T) -> Option<&str>,
    page: impl AsyncFn(Which) -> Result<Page<T>, Failure>,
) -> Result<BTreeMap<String, T>, Failure> {
    let mut found = BTreeMap::new();
    let keep = |items: Vec<T>, found: &mut BTreeMap<String, T>| {
        for item in items {
            if let Some(name) = name_of(&item).map(str::to_owned) {
                found.insert(name, item);
            }
        }
    };
    if everything || wanted.len() > 1 {
        keep(all(&page).await?, &mut found);
    }
    for name in wanted {
        if !found.contains_key(name)
            && let Some((items, _)) = there(page(Which::Named(name.clone())).await)?
        {
            keep(items, &mut found);
        }
    }
    Ok(found)
}

/// All that there are.
pub(crate) async fn all<T>(page: &impl AsyncFn(Which) -> Result<Page<T>, Failure>) -> Result<Vec<T>, Failure> {
    every(async |marker| page(Which::All(marker)).await).await
}

/// The one of this name.
pub(crate) async fn one<T>(
    name: &str,
    page: impl AsyncFn(Which) -> Result<Page<T>, Failure>,
) -> Result<Option<T>, Failure> {
    let answer = there(page(Which::Named(name.to_owned())).await)?;
    Ok(answer.and_then(|(items, _)| items.into_iter().next()))
}

impl Which {
    /// The parameters of a describing call: a name or a marker, or neither.
    pub(crate) fn parameters(self) -> (Option<String>, Option<String>) {
        match self {
            Self::Named(name) => (Some(name), None),
            Self::All(marker) => (None, marker),
        }
    }
}
