//! EC2 Auto Scaling, of which there are the groups that EKS makes for its node groups: they are described and tagged,
//! and policies that scale them are kept. Nothing scales by itself, since nobody knows what a group's metrics say.

pub mod group;
pub mod scaling_policy;
mod step_adjustment;
mod tags;
mod target_tracking;

use std::sync::OnceLock;

use crate::input::Input;
use crate::model::Model;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{QUERY_MANNERS, Service};
use crate::value::Value;
use crate::world::{Tables, Tx};

/// The service. AWS publishes no number of calls a second of it.
pub static SERVICE: Service = Service {
    name: "autoscaling",
    model,
    operations: &[group::OPERATIONS, scaling_policy::OPERATIONS, tags::OPERATIONS],
    transitions: &[],
    spans: &[],
    rules: &[RULES, group::RULES, scaling_policy::RULES, step_adjustment::RULES, tags::RULES, target_tracking::RULES],
    tables,
    furnish: |_| {},
    manners: QUERY_MANNERS,
};

const GROUPS: &str = "https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeAutoScalingGroups.html";

const RULES: &[Rule] = &[
    Rule::new("autoscaling.page.token", "a page's token is one of the operation's", GROUPS),
    Rule::new("autoscaling.page.size", "a page has 100 items at most", GROUPS),
    Rule::new(
        "autoscaling.filter",
        "what is listed is filtered by what the operation knows",
        "https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_Filter.html",
    ),
];

fn model() -> &'static Model {
    static MODEL: OnceLock<Model> = OnceLock::new();
    MODEL.get_or_init(|| Model::parse(include_str!("models/autoscaling.json")))
}

fn tables(tables: &mut Tables) {
    // The groups' own is EKS's, who makes them.
    tables.add::<scaling_policy::ScalingPolicy>();
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new("ValidationError", message).status(400)
}

/// One page of a list. The items come with what they are sorted by.
///
/// # Errors
/// When the token is of no page, or the page is too large.
fn paged(
    tx: &Tx<'_>,
    input: &Input<'_>,
    member: &str,
    most: i64,
    items: Vec<(String, Value)>,
) -> Result<Value, Refusal> {
    let size = input.integer("MaxRecords").unwrap_or(50);
    // No source has the words of either.
    tx.enforce("autoscaling.page.size", (1..=most).contains(&size), || {
        invalid(format!("MaxRecords must be between 1 and {most}."))
    })?;
    let token = input.text("NextToken").filter(|_| tx.rule("autoscaling.page.token"));
    let page = crate::pagination::page(&crate::pagination::asked(tx), items, token, usize::try_from(size).ok())
        .map_err(|_| Refusal::new("InvalidNextToken", "The next token is invalid."))?;
    Ok(crate::record! { member => page.items, "NextToken" => page.next })
}

/// Which of a list are meant: all of the filters, each with any of its values.
struct Filters<'i>(Vec<(&'i str, Vec<&'i str>)>);

impl<'i> Filters<'i> {
    /// The filters of a request, of which the operation knows these names, or what begins so where a name ends in a
    /// colon.
    ///
    /// # Errors
    /// When there is another one.
    fn read(tx: &Tx<'_>, input: &Input<'i>, known: &[&str]) -> Result<Self, Refusal> {
        let mut filters = Vec::new();
        for filter in input.records("Filters") {
            let name = filter.required("Name");
            let fits = |one: &&str| *one == name || (one.ends_with(':') && name.starts_with(*one));
            // No source has the words.
            tx.enforce("autoscaling.filter", known.iter().any(fits), || {
                invalid(format!("Filter type {name} is not correct. Allowed filter types are: {}", known.join(", ")))
            })?;
            filters.push((name, filter.texts("Values")));
        }
        Ok(Self(filters))
    }

    /// Whether something is meant, which says of a filter's name and one of its values whether they are its own.
    fn take(&self, is: impl Fn(&str, &str) -> bool) -> bool {
        self.0.iter().all(|(name, values)| values.iter().any(|value| is(name, value)))
    }
}
