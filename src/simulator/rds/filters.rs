//! Filters of RDS's Describe operations.

use crate::datastore::invalid_value;
use crate::input::Input;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::world::Tx;

pub(super) const RULES: &[Rule] = &[Rule::new(
    "rds.filter.name",
    "an unknown filter is refused",
    "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_Filter.html",
)];

/// A request's filters: name and the values of which one has to fit.
///
/// # Errors
/// When one is none of these names.
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
        filters.push((name, values));
    }
    Ok(filters)
}
