//! Parameters that are asked for by what they are: under a path, or by filters.

use super::parameter::Parameter;
use super::{invalid, paged, public_parameter};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] = &[("GetParametersByPath", by_path), ("DescribeParameters", describe)];

const FILTER: &str = "https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_ParameterStringFilter.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new(
        "ssm.path",
        "a path begins with /",
        "https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParametersByPath.html",
    ),
    Rule::new("ssm.filter.key", "parameters under a path are filtered by type and key alone", FILTER),
    Rule::new("ssm.filter.option", "a filter compares as its key can be compared", FILTER),
];

/// Whether a name stands below a path: right below it, or anywhere.
fn is_under(name: &str, path: &str, deep: bool) -> bool {
    let start = format!("{}/", path.trim_end_matches('/'));
    name.strip_prefix(&start).is_some_and(|rest| !rest.is_empty() && (deep || !rest.contains('/')))
}

fn by_path(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let path = input.required("Path");
    tx.enforce("ssm.path", path.starts_with('/'), || {
        invalid(
            "The parameter doesn't meet the parameter name requirements. The parameter name must begin with a forward \
             slash \"/\".",
        )
    })?;
    let (deep, decrypted) = (input.flag("Recursive"), input.flag("WithDecryption"));
    let filters = filters(tx, input, &["Type", "KeyId"])?;
    let own = tx.rows::<Parameter>().filter(|one| is_under(&one.name, path, deep));
    let own = own.filter(|one| filters.iter().all(|filter| filter.takes(one)));
    let mut items: Vec<(String, Value)> =
        own.filter_map(|one| Some((one.name.clone(), one.shown(tx, None, decrypted)?.view()))).collect();
    if filters.is_empty() {
        let public = public_parameter::under(tx, path).into_iter();
        items.extend(public.filter(|one| is_under(&one.name, path, deep)).map(|one| (one.name.clone(), one.view())));
        if items.is_empty() {
            public_parameter::listed(path)?;
        }
    }
    paged(tx, input, "Parameters", 10, items)
}

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut filters = filters(tx, input, &["Name", "Type", "KeyId", "Path", "Tier", "DataType", "tag"])?;
    // The older kind of filters, which begin with what is given.
    for filter in input.records("Filters") {
        filters.push(Filter {
            key: filter.required("Key").to_owned(),
            option: "BeginsWith".to_owned(),
            values: filter.texts("Values").into_iter().map(str::to_owned).collect(),
        });
    }
    let view = |one: &Parameter| {
        record! {
            "Name" => &one.name,
            "ARN" => one.arn(tx),
            "Type" => &one.kind,
            "KeyId" => &one.key,
            "LastModifiedDate" => one.modified,
            "LastModifiedUser" => &one.modified_by,
            "Description" => &one.description,
            "AllowedPattern" => &one.pattern,
            "Version" => one.versions.last().map(|last| last.number),
            "Tier" => &one.tier,
            "Policies" => Vec::<Value>::new(),
            "DataType" => "text",
        }
    };
    let own = tx.rows::<Parameter>().filter(|one| filters.iter().all(|filter| filter.takes(one)));
    let items = own.map(|one| (one.name.clone(), view(one))).collect();
    paged(tx, input, "Parameters", 50, items)
}

/// What a parameter has to be.
struct Filter {
    key: String,
    option: String,
    values: Vec<String>,
}

impl Filter {
    fn takes(&self, one: &Parameter) -> bool {
        let text = |text: &str| {
            self.values.iter().any(|value| match self.option.as_str() {
                "BeginsWith" => text.starts_with(value.as_str()),
                "Contains" => text.contains(value.as_str()),
                _ => text == value,
            })
        };
        match self.key.as_str() {
            "Name" => text(&one.name),
            "Type" => text(&one.kind),
            "Tier" => text(&one.tier),
            "DataType" => text("text"),
            "KeyId" => one.key.as_deref().is_some_and(text),
            "Path" => self.values.iter().any(|path| is_under(&one.name, path, self.option == "Recursive")),
            key => {
                let key = key.strip_prefix("tag:").unwrap_or(key);
                let tag = one.tags.iter().find(|(known, _)| known == key);
                tag.is_some_and(|(_, value)| self.values.is_empty() || text(value))
            }
        }
    }
}

fn filters(tx: &Tx<'_>, input: &Input<'_>, keys: &[&str]) -> Result<Vec<Filter>, Refusal> {
    let mut filters = Vec::new();
    for filter in input.records("ParameterFilters") {
        let key = filter.required("Key");
        let kind = if key.starts_with("tag:") { "tag" } else { key };
        if kind == "Label" {
            return Err(Refusal::not_simulated("a filter on labels"));
        }
        // No source has the words of either.
        tx.enforce("ssm.filter.key", keys.contains(&kind), || {
            Refusal::new("InvalidFilterKey", format!("The following filter key is not valid: {key}."))
        })?;
        let usual = if key == "Path" { "OneLevel" } else { "Equals" };
        let option = filter.text("Option").unwrap_or(usual);
        let options: &[&str] = match kind {
            "Name" => &["Equals", "BeginsWith", "Contains"],
            "Path" => &["OneLevel", "Recursive"],
            "tag" => &["Equals"],
            _ => &["Equals", "BeginsWith"],
        };
        tx.enforce("ssm.filter.option", options.contains(&option), || {
            Refusal::new("InvalidFilterOption", format!("The following filter option is not valid: {option}."))
        })?;
        filters.push(Filter {
            key: key.to_owned(),
            option: option.to_owned(),
            values: filter.texts("Values").into_iter().map(str::to_owned).collect(),
        });
    }
    Ok(filters)
}
