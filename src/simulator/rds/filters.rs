//! Filters of RDS's Describe operations.

use crate::datastore::invalid_value;
use crate::input::Input;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::world::Tx;

const FILTER: &str = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_Filter.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("rds.filter.name", "an unknown filter is refused", FILTER),
    Rule::new("rds.filter.values", "a filter has values", FILTER),
];

/// A request's filters: name and the values of which one has to fit.
///
/// # Errors
/// When one is none of these names, or has no values.
pub(super) fn read<'a>(
    tx: &Tx<'_>,
    input: &Input<'a>,
    names: &[&str],
) -> Result<Vec<(&'a str, Vec<&'a str>)>, Refusal> {
    let mut filters = Vec::new();
    for filter in input.records("Filters") {
        let (name, values) = (filter.required("Name"), filter.texts("Values"));
        let documented = (super::SERVICE.model)().operations.get(tx.operation()).map_or(&[][..], |one| &one.filters);
        if !names.contains(&name) && documented.iter().any(|known| known == name) {
            return Err(Refusal::not_simulated(format!("rds {} with the filter {name}", tx.operation())));
        }
        tx.enforce("rds.filter.name", names.contains(&name), || {
            invalid_value(format!("Unrecognized filter name: {name}"))
        })?;
        // In which words RDS says so no one has published.
        tx.enforce("rds.filter.values", !values.is_empty() && !values.contains(&""), || {
            invalid_value(format!("The filter {name} must have values that are not blank."))
        })?;
        filters.push((name, values));
    }
    Ok(filters)
}
