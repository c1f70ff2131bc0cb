//! Reading many of EC2's things with few calls: by our tag, then by id what that did not show.
//!
//! A list filtered by tag proves presence, never absence (a tag may have been
//! taken off), so what it lacks is asked for by id; a filter, unlike an id
//! parameter, does not refuse the whole call for one that is gone.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::Filter;
use fathuss_engine::provider::{Failure, Found, Mark, ReadRequest, Stray};
use fathuss_state::Identity;

use crate::client::Client;
use crate::mark::{self, Marked};

/// How many values EC2 takes in one filter.
const VALUES: usize = 200;

/// One page of an answer, and the token of the next.
pub(crate) type Page<T> = (Vec<T>, Option<String>);

/// What carries our mark and what was asked for, by id.
pub(crate) async fn gather<T>(
    client: &Client,
    wanted: &BTreeSet<String>,
    id_filter: &str,
    id_of: impl Fn(&T) -> Option<&str>,
    page: impl AsyncFn(Vec<Filter>, Option<String>) -> Result<Page<T>, Failure>,
) -> Result<BTreeMap<String, T>, Failure> {
    let mut all = match &client.lineage {
        Some(lineage) => pages(&[lineage_filter(lineage)], &page).await?,
        None => Vec::new(),
    };
    let shown: BTreeSet<&str> = all.iter().filter_map(&id_of).collect();
    let missing: Vec<String> = wanted.iter().filter(|id| !shown.contains(id.as_str())).cloned().collect();
    all.extend(by_values(id_filter, missing, &[], &page).await?);
    Ok(all.into_iter().filter_map(|item| Some((id_of(&item)?.to_owned(), item))).collect())
}

/// The one that has this id, if it is there.
pub(crate) async fn one<T>(
    id_filter: &str,
    id: &str,
    page: impl AsyncFn(Vec<Filter>, Option<String>) -> Result<Page<T>, Failure>,
) -> Result<Option<T>, Failure> {
    Ok(pages(&[filter(id_filter, [id.to_owned()])], &page).await?.pop())
}

/// What an earlier creation of the same request made, by its mark; `lives` tells what is there from what is going.
pub(crate) async fn ours<T>(
    mark: &Mark,
    page: impl AsyncFn(Vec<Filter>, Option<String>) -> Result<Page<T>, Failure>,
    id_of: impl Fn(&T) -> Option<&str>,
    lives: impl Fn(&T) -> bool,
) -> Result<Found, Failure> {
    let all = pages(&mark_filters(mark), &page).await?;
    Ok(match all.iter().filter(|item| lives(item)).filter_map(id_of).min() {
        Some(id) => Found::Ours(Identity(id.to_owned())),
        None => Found::Nothing,
    })
}

/// Everything that the values of one filter show, in as many calls as its limits demand.
pub(crate) async fn by_values<T>(
    name: &str,
    values: impl IntoIterator<Item = String>,
    more: &[Filter],
    page: impl AsyncFn(Vec<Filter>, Option<String>) -> Result<Page<T>, Failure>,
) -> Result<Vec<T>, Failure> {
    let values: Vec<String> = values.into_iter().collect();
    let mut all = Vec::new();
    for values in values.chunks(VALUES) {
        let mut filters = vec![filter(name, values.iter().cloned())];
        filters.extend_from_slice(more);
        all.extend(pages(&filters, &page).await?);
    }
    Ok(all)
}

/// Every page of one question.
pub(crate) async fn pages<T>(
    filters: &[Filter],
    page: &impl AsyncFn(Vec<Filter>, Option<String>) -> Result<Page<T>, Failure>,
) -> Result<Vec<T>, Failure> {
    every(async |token| page(filters.to_vec(), token).await).await
}

/// Every page, from the first on; an empty token is none.
pub(crate) async fn every<T>(
    page: impl AsyncFn(Option<String>) -> Result<Page<T>, Failure>,
) -> Result<Vec<T>, Failure> {
    let mut all = Vec::new();
    let mut token = None;
    loop {
        let (items, next) = page(token).await?;
        all.extend(items);
        match next {
            Some(next) if !next.is_empty() => token = Some(next),
            _ => return Ok(all),
        }
    }
}

/// A filter.
pub(crate) fn filter(name: &str, values: impl IntoIterator<Item = String>) -> Filter {
    Filter::builder().name(name).set_values(Some(values.into_iter().collect())).build()
}

/// What belongs to a state.
pub(crate) fn lineage_filter(lineage: &str) -> Filter {
    filter(&format!("tag:{}", mark::LINEAGE), [lineage.to_owned()])
}

/// What one making of one resource has left.
pub(crate) fn mark_filters(wanted: &Mark) -> Vec<Filter> {
    mark::tags(wanted).into_iter().map(|(key, value)| filter(&format!("tag:{key}"), [value])).collect()
}

/// The ids that the requests name.
pub(crate) fn ids(requests: &[ReadRequest]) -> BTreeSet<String> {
    requests.iter().map(|request| request.identity.0.clone()).collect()
}

/// What carries our mark among what was found and is none of `known`.
pub(crate) fn strays<'a>(
    client: &Client,
    kind: &str,
    known: &BTreeSet<String>,
    found: impl IntoIterator<Item = (&'a String, BTreeMap<String, String>)>,
) -> Vec<Stray> {
    let ours = |tags: &BTreeMap<String, String>| {
        Marked::among(tags).filter(|marked| Some(&marked.lineage) == client.lineage.as_ref())
    };
    found
        .into_iter()
        .filter(|(id, _)| !known.contains(*id))
        .filter_map(|(id, tags)| Some((id, ours(&tags)?)))
        .map(|(id, marked)| Stray {
            address: marked.readable(),
            kind: kind.to_owned(),
            region: client.region.clone(),
            identity: Identity(id.clone()),
        })
        .collect()
}
