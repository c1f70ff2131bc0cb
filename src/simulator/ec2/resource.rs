//! What every EC2 resource has in common: ids that are checked in two ways, and
//! a Describe operation with ids, filters and pages.

use crate::ec2::filters::{self, Filter};
use crate::input::Input;
use crate::pagination::page;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::value::{Record, Value};
use crate::world::{Row, Tx};

pub(super) const RULES: &[Rule] = &[
    Rule::new(
        "ec2.id.malformed",
        "an id of another kind or form is refused before it is looked for",
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html",
    ),
    Rule::new(
        "ec2.id.exists",
        "describing an id that does not exist is an error, not an empty list",
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html",
    ),
    Rule::new(
        "ec2.page.ids",
        "MaxResults and ids exclude each other where AWS says so",
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html",
    ),
    Rule::new(
        "ec2.page.size",
        "a page's size is within its operation's bounds, also where only the documentation says them",
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeTags.html",
    ),
    Rule::new(
        "ec2.filter.name",
        "an unknown filter is refused",
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Filter.html",
    ),
];

/// A kind of resource: how its ids look, and what is said of one that is not there.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// What its ids begin with.
    pub prefix: &'static str,
    /// The name in tag specifications, e.g. `natgateway`.
    pub tagged_as: &'static str,
    /// The error code of an id that does not exist.
    pub not_found: &'static str,
    /// The error code of an id that can't be one.
    pub malformed: &'static str,
    /// What is said of one that does not exist.
    pub one: &'static str,
    /// What is said of several.
    pub several: &'static str,
}

impl Kind {
    /// The refusal of ids that do not exist; `{}` in the kind's sentences stands for them.
    #[must_use]
    pub fn missing(&self, ids: &[&str]) -> Refusal {
        let sentence = if ids.len() == 1 { self.one } else { self.several };
        Refusal::new(self.not_found, sentence.replace("{}", &ids.join(", ")))
    }

    /// Refuses an id that is not of this kind's form.
    ///
    /// # Errors
    /// The kind's `Malformed` refusal.
    pub fn check(&self, tx: &Tx<'_>, id: &str) -> Result<(), Refusal> {
        let digits = id.strip_prefix(self.prefix).and_then(|rest| rest.strip_prefix('-'));
        let fits = digits.is_some_and(|digits| {
            matches!(digits.len(), 8 | 17) && digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
        });
        tx.enforce("ec2.id.malformed", fits, || {
            Refusal::new(self.malformed, format!("Invalid id: \"{id}\" (expecting \"{}-...\")", self.prefix))
        })
    }
}

/// A resource that is described by ids, filters and pages.
pub trait Resource: Row {
    /// What the API's model calls it.
    const SHAPE: &'static str;
    /// Its kind.
    const KIND: Kind;
    /// The filters that its Describe operation has, besides those on tags and those that are named as what they
    /// select is shown (`filters::shown`).
    const FILTERS: &'static [&'static str];
    /// The values that one of [`Self::FILTERS`] compares.
    fn filter(&self, tx: &Tx<'_>, name: &str) -> Vec<String>;
    /// What Describe shows.
    fn view(&self, tx: &Tx<'_>) -> Value;
}

/// The resource of that id, which a request names.
///
/// # Errors
/// When the id is malformed or nothing has it.
pub fn find<R: Resource>(tx: &Tx<'_>, id: &str) -> Result<R, Refusal> {
    R::KIND.check(tx, id)?;
    tx.get::<R>(id).cloned().ok_or_else(|| R::KIND.missing(&[id]))
}

/// The names that a Describe operation has for its parts.
#[derive(Debug, Clone, Copy)]
pub struct Listing {
    /// The request's member with the ids.
    pub ids: &'static str,
    /// The answer's member with the resources.
    pub answer: &'static str,
    /// Where AWS refuses ids together with MaxResults: what its message calls the ids.
    pub ids_exclude_pages: Option<&'static str>,
}

/// Answers a Describe operation.
///
/// # Errors
/// When an id, a filter or the paging is wrong.
pub fn describe<R: Resource>(tx: &mut Tx<'_>, input: &Input<'_>, listing: Listing) -> Result<Value, Refusal> {
    let rows = select::<R>(tx, input, listing.ids)?;
    let items = rows.iter().map(|row| (row.id(), row.view(tx))).collect();
    paged(tx, input, items, listing)
}

/// The rows that a request's ids and filters choose.
///
/// # Errors
/// When an id or a filter is wrong.
pub fn select<R: Resource>(tx: &Tx<'_>, input: &Input<'_>, ids: &str) -> Result<Vec<R>, Refusal> {
    let ids = input.texts(ids);
    for id in &ids {
        R::KIND.check(tx, id)?;
    }
    let absent: Vec<&str> = ids.iter().copied().filter(|id| tx.get::<R>(id).is_none()).collect();
    tx.enforce("ec2.id.exists", absent.is_empty(), || R::KIND.missing(&absent))?;
    let documented = filters::documented(tx);
    let paths: Vec<(&String, Vec<&str>)> = documented
        .iter()
        .filter(|name| !R::FILTERS.contains(&name.as_str()))
        .filter_map(|name| Some((name, filters::path(R::SHAPE, name)?)))
        .collect();
    let names: Vec<&str> = R::FILTERS.iter().copied().chain(paths.iter().map(|(name, _)| name.as_str())).collect();
    let filters = known_filters(tx, input, &names)?;
    let values = |row: &R, id: &str, name: &str| {
        let shown = paths.iter().find(|(known, _)| *known == name).map(|(_, path)| filters::shown(&row.view(tx), path));
        filters::tag_values(tx, id, name).or(shown).unwrap_or_else(|| row.filter(tx, name))
    };
    let chosen = tx.rows::<R>().filter(|row| {
        let id = row.id();
        let fits = |filter: &Filter| filter.fits(&values(row, &id, &filter.name));
        (ids.is_empty() || ids.contains(&id.as_str())) && filters.iter().all(fits)
    });
    Ok(chosen.cloned().collect())
}

/// A request's filters, all of them on tags or of these names.
///
/// # Errors
/// When one is not.
pub fn known_filters(tx: &Tx<'_>, input: &Input<'_>, names: &[&str]) -> Result<Vec<Filter>, Refusal> {
    let mut filters = filters::read(tx, input)?;
    let known = |name: &str| name.starts_with("tag:") || name == "tag-key" || names.contains(&name);
    let built = |filter: &&Filter| known(&filter.name) || !filters::documented(tx).contains(&filter.name);
    if let Some(filter) = filters.iter().find(|filter| !built(filter)) {
        return Err(Refusal::not_simulated(format!("ec2 {} with the filter {}", tx.operation(), filter.name)));
    }
    if let Some(filter) = filters.iter().find(|filter| !known(&filter.name)) {
        tx.enforce("ec2.filter.name", false, || filters::unknown(&filter.name))?;
    }
    filters.retain(|filter| known(&filter.name));
    Ok(filters)
}

/// The least and most of `MaxResults` where the API's model does not say it, which is checked before.
fn page_bounds(operation: &str) -> (i64, i64) {
    match operation {
        "DescribeInstances"
        | "DescribeInstanceStatus"
        | "DescribeSnapshots"
        | "DescribeTags"
        | "DescribeVolumeStatus"
        | "DescribeVolumes" => (5, 1000),
        "DescribeImages" => (1, 1000),
        "DescribeLaunchTemplateVersions" => (1, 200),
        "DescribeVolumesModifications" => (1, 500),
        _ => (1, i64::MAX),
    }
}

/// Cuts a list into the page that a request asks for.
///
/// # Errors
/// When the token is of no page, or ids and pages exclude each other.
pub fn paged(tx: &Tx<'_>, input: &Input<'_>, items: Vec<(String, Value)>, listing: Listing) -> Result<Value, Refusal> {
    let size = input.integer("MaxResults");
    let token = input.text("NextToken").filter(|token| !token.is_empty());
    if let (Some(name), true) = (listing.ids_exclude_pages, size.is_some() && input.has(listing.ids)) {
        tx.enforce("ec2.page.ids", false, || {
            let message = format!("The parameter {name} cannot be used with the parameter maxResults");
            Refusal::new("InvalidParameterCombination", message)
        })?;
    }
    let (least, most) = page_bounds(tx.operation());
    if let Some(size) = size {
        let refuse = |rest: String| super::invalid_value(size, "maxResults", &rest);
        tx.enforce("ec2.page.size", size >= least, || refuse(format!("Expecting a value greater than {least}.")))?;
        tx.enforce("ec2.page.size", size <= most, || refuse(format!("Expecting a value less than {most}.")))?;
    }
    let size = size.and_then(|size| usize::try_from(size).ok());
    // A token goes on with what was asked, and with nothing else: another question's is none of this one's. How large the
    // pages are is no part of the question.
    let question = input.besides(&["DryRun", "MaxResults", "NextToken"]);
    let page = match page(&format!("{} of {question:?}", crate::pagination::asked(tx)), items, token, size) {
        Ok(page) => page,
        Err(_) => {
            let message = format!("The token '{}' is invalid", token.unwrap_or_default());
            return Err(Refusal::new("InvalidNextToken", message));
        }
    };
    let mut answer = Record::new();
    answer.insert(listing.answer.to_owned(), Value::List(page.items));
    if let Some(next) = page.next {
        answer.insert("NextToken".to_owned(), Value::Text(next));
    }
    Ok(Value::Record(answer))
}

/// Refuses a modification of no attribute, or of several at once. The attributes go by their names on the wire, in
/// their order, each with whether it was given; what is given and not simulated is left to say so.
///
/// # Errors
/// In the words of most Modify operations.
pub fn one_attribute(tx: &Tx<'_>, input: &Input<'_>, rule: &str, given: &[(&str, bool)]) -> Result<(), Refusal> {
    let names: Vec<&str> = given.iter().filter(|(_, given)| *given).map(|(name, _)| *name).collect();
    let others = || input.unread().iter().any(|name| name != "DryRun");
    tx.enforce(rule, !names.is_empty() || others(), || {
        Refusal::new("InvalidParameterCombination", "No attributes specified.")
    })?;
    tx.enforce(rule, names.len() <= 1, || {
        let message = format!("Fields for multiple attribute types specified: {}", names.join(", "));
        Refusal::new("InvalidParameterCombination", message)
    })
}

/// `{"Return": true}`, which many operations answer.
#[must_use]
pub fn done() -> Value {
    crate::record! { "Return" => true }
}

/// An operation without an answer's shape.
#[must_use]
pub fn nothing() -> Value {
    Value::Record(Record::new())
}

#[cfg(test)]
mod tests {
    use crate::client::Client;

    // "Pagination continues from the end of the items returned by the previous request":
    // <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSubnets.html>, and what `InvalidNextToken` is has
    // <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>.
    #[tokio::test(start_paused = true)]
    async fn a_token_goes_on_with_the_question_that_gave_it() {
        let client = Client::calm();
        let vpc = client.vpc("10.0.0.0/16").await;
        for third in 0..7 {
            client.subnet(&vpc, &format!("10.0.{third}.0/24"), "us-east-1a").await;
        }
        let question = [("Filter.1.Name", "vpc-id"), ("Filter.1.Value.1", vpc.as_str())];
        let ask = async |question: &[(&str, &str)], more: &[(&str, &str)]| {
            client.try_ec2("DescribeSubnets", &[question, more].concat()).await
        };
        let first = ask(&question, &[("MaxResults", "5")]).await;
        let token = first.one("nextToken");
        let another = [("Filter.1.Name", "state"), ("Filter.1.Value.1", "available")];
        for other in [&another[..], &[]] {
            let refused = ask(other, &[("MaxResults", "5"), ("NextToken", &token)]).await;
            assert_eq!((refused.status, refused.code.as_str()), (400, "InvalidNextToken"), "{other:?}");
        }
        for size in [&[("MaxResults", "5")][..], &[("MaxResults", "6")], &[]] {
            let rest = ask(&question, &[size, &[("NextToken", token.as_str())]].concat()).await;
            assert_eq!(rest.all("subnetId").len(), 2, "{size:?}: {}", rest.text);
        }
    }
}
