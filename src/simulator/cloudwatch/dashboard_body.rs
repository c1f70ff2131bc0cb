//! What stands on a dashboard: widgets with their places and what each shows. CloudWatch takes a body with remarks, and
//! refuses one with errors, each with the path of what it is about.

use serde_json::{Map, Value as Json, json};

use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::strict_json;
use crate::value::Value;
use crate::world::Tx;

const STRUCTURE: &str =
    "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("cloudwatch.dashboard.json", "a body is a JSON object", STRUCTURE),
    Rule::new("cloudwatch.dashboard.body", "a body has widgets, each of a kind and with what that needs", STRUCTURE),
    Rule::new(
        "cloudwatch.dashboard.widgets",
        "a dashboard has 500 widgets",
        "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html",
    ),
];

/// What is said of a body, where.
struct Said {
    path: String,
    message: String,
}

/// What CloudWatch remarks on a body that it takes.
///
/// # Errors
/// When it does not.
pub(super) fn check(tx: &Tx<'_>, text: &str) -> Result<Vec<Value>, Refusal> {
    let body = match strict_json::parse(text.as_bytes()) {
        Some(Json::Object(body)) => body,
        _ => {
            tx.enforce("cloudwatch.dashboard.json", false, || {
                Refusal::new("InvalidParameterInput", "The field DashboardBody must be a valid JSON object")
            })?;
            return Ok(Vec::new());
        }
    };
    let (mut errors, mut remarks) = (Vec::new(), Vec::new());
    whole(&body, &mut errors, &mut remarks);
    if !tx.rule("cloudwatch.dashboard.body") {
        errors.clear();
    }
    let widgets = body.get("widgets").and_then(Json::as_array).map_or(0, Vec::len);
    if widgets > 500 && tx.rule("cloudwatch.dashboard.widgets") {
        errors.push(said("/widgets", "Should NOT have more than 500 items"));
    }
    if !errors.is_empty() {
        return Err(refused(&errors));
    }
    Ok(views(&remarks))
}

/// <https://github.com/aws-samples/aws-eda-slurm-cluster/issues/116> and <https://github.com/pulumi/pulumi/issues/13059>
/// have the form and many of the words; the others are of the same form.
fn refused(errors: &[Said]) -> Refusal {
    let listed: Vec<Json> = errors.iter().map(|one| json!({ "dataPath": one.path, "message": one.message })).collect();
    let listed = serde_json::to_string_pretty(&listed).unwrap_or_default();
    let message = format!("The dashboard body is invalid, there are {} validation errors:\n{listed}", errors.len());
    Refusal::new("InvalidParameterInput", message).member("dashboardValidationMessages", views(errors))
}

fn views(said: &[Said]) -> Vec<Value> {
    said.iter().map(|one| record! { "DataPath" => &one.path, "Message" => &one.message }).collect()
}

fn said(path: &str, message: impl Into<String>) -> Said {
    Said { path: path.to_owned(), message: message.into() }
}

fn whole(body: &Map<String, Json>, errors: &mut Vec<Said>, remarks: &mut Vec<Said>) {
    match body.get("widgets") {
        None => errors.push(said("", "Should have required property 'widgets'")),
        Some(Json::Array(widgets)) => {
            for (at, one) in widgets.iter().enumerate() {
                widget(one, &format!("/widgets/{at}"), errors, remarks);
            }
        }
        Some(_) => errors.push(said("/widgets", "Should be array")),
    }
    if body.contains_key("end") && !body.contains_key("start") {
        remarks.push(said("/end", "A value for end needs one for start"));
    }
    one_of(body, "periodOverride", "", &["auto", "inherit"], errors);
    let known = ["widgets", "start", "end", "periodOverride", "variables"];
    unknown(body, &known, "", remarks);
}

const KINDS: &[&str] = &["metric", "text", "log", "alarm", "explorer", "custom", "chart"];

fn widget(one: &Json, path: &str, errors: &mut Vec<Said>, remarks: &mut Vec<Said>) {
    let Json::Object(one) = one else {
        errors.push(said(path, "Should be object"));
        return;
    };
    for (name, least, most) in [("x", 0, 23), ("y", 0, i64::MAX), ("width", 1, 24), ("height", 1, 1_000)] {
        number(one, name, path, least, most, errors);
    }
    // A place is given whole or not at all.
    if one.contains_key("x") != one.contains_key("y") {
        let lacking = if one.contains_key("x") { "y" } else { "x" };
        errors.push(said(path, format!("Should have property {lacking} when the other one is there")));
    }
    let kind = match one.get("type") {
        None => {
            errors.push(said(path, "Should have required property 'type'"));
            return;
        }
        Some(Json::String(kind)) if KINDS.contains(&kind.as_str()) => kind.as_str(),
        Some(_) => {
            errors.push(said(&format!("{path}/type"), "Should be equal to one of the allowed values"));
            return;
        }
    };
    unknown(one, &["type", "x", "y", "width", "height", "properties"], path, remarks);
    let path = format!("{path}/properties");
    let properties = match one.get("properties") {
        None => {
            let path = path.trim_end_matches("/properties");
            errors.push(said(path, "Should have required property 'properties'"));
            return;
        }
        Some(Json::Object(properties)) => properties,
        Some(_) => {
            errors.push(said(&path, "Should be object"));
            return;
        }
    };
    match kind {
        "metric" => metric(properties, &path, errors),
        "text" => {
            required(properties, &["markdown"], &path, errors);
            text(properties, "markdown", &path, errors);
            one_of(properties, "background", &path, &["solid", "transparent"], errors);
        }
        "log" => {
            required(properties, &["query"], &path, errors);
            text(properties, "query", &path, errors);
        }
        "alarm" => {
            required(properties, &["alarms"], &path, errors);
            match properties.get("alarms") {
                Some(Json::Array(alarms)) if alarms.is_empty() => {
                    errors.push(said(&format!("{path}/alarms"), "Should NOT have less than 1 items"));
                }
                Some(Json::Array(alarms)) if alarms.len() > 100 => {
                    errors.push(said(&format!("{path}/alarms"), "Should NOT have more than 100 items"));
                }
                Some(Json::Array(_)) | None => {}
                Some(_) => errors.push(said(&format!("{path}/alarms"), "Should be array")),
            }
        }
        "custom" => required(properties, &["endpoint"], &path, errors),
        _ => {}
    }
}

fn metric(properties: &Map<String, Json>, path: &str, errors: &mut Vec<Said>) {
    if !properties.contains_key("metrics") && !properties.contains_key("annotations") {
        errors.push(said(path, "Should have required property 'metrics'"));
        errors.push(said(
            path,
            "The metric widget should have specified a region and a data source or an alarm annotation",
        ));
        errors.push(said(path, "Should have required property 'annotations'"));
    } else if !properties.contains_key("region") && properties.contains_key("metrics") {
        errors.push(said(path, "Should have required property 'region'"));
    }
    match properties.get("metrics") {
        None => {}
        Some(Json::Array(metrics)) => {
            for (at, one) in metrics.iter().enumerate() {
                series(one, &format!("{path}/metrics/{at}"), errors);
            }
        }
        Some(_) => errors.push(said(&format!("{path}/metrics"), "Should be array")),
    }
    text(properties, "title", path, errors);
    text(properties, "region", path, errors);
    one_of(properties, "view", path, &["timeSeries", "singleValue", "gauge", "bar", "pie", "table"], errors);
    if properties.get("stacked").is_some_and(|stacked| !stacked.is_boolean()) {
        errors.push(said(&format!("{path}/stacked"), "Should be boolean"));
    }
    number(properties, "period", path, 1, i64::MAX, errors);
}

fn series(one: &Json, path: &str, errors: &mut Vec<Said>) {
    let message = "Field \"metrics\" has to be an array of array of strings, with an optional metricRenderer object as \
                   last element";
    let Json::Array(parts) = one else {
        errors.push(said(path, "Should be array"));
        errors.push(said(path, message));
        return;
    };
    let names = match parts.split_last() {
        None => {
            errors.push(said(path, "Should NOT have less than 1 items"));
            return;
        }
        Some((Json::Object(_), names)) => names,
        Some(_) => parts.as_slice(),
    };
    if !names.iter().all(Json::is_string) {
        errors.push(said(path, message));
    }
}

fn required(object: &Map<String, Json>, names: &[&str], path: &str, errors: &mut Vec<Said>) {
    for name in names.iter().filter(|name| !object.contains_key(**name)) {
        errors.push(said(path, format!("Should have required property '{name}'")));
    }
}

fn text(object: &Map<String, Json>, name: &str, path: &str, errors: &mut Vec<Said>) {
    if object.get(name).is_some_and(|value| !value.is_string()) {
        errors.push(said(&format!("{path}/{name}"), "Should be string"));
    }
}

fn one_of(object: &Map<String, Json>, name: &str, path: &str, known: &[&str], errors: &mut Vec<Said>) {
    let fits = |value: &Json| value.as_str().is_some_and(|value| known.contains(&value));
    if object.get(name).is_some_and(|value| !fits(value)) {
        errors.push(said(&format!("{path}/{name}"), "Should be equal to one of the allowed values"));
    }
}

fn number(object: &Map<String, Json>, name: &str, path: &str, least: i64, most: i64, errors: &mut Vec<Said>) {
    let path = format!("{path}/{name}");
    match object.get(name).map(Json::as_i64) {
        None => {}
        Some(None) => errors.push(said(&path, "Should be integer")),
        Some(Some(number)) if number < least => errors.push(said(&path, format!("Should be >= {least}"))),
        Some(Some(number)) if number > most => errors.push(said(&path, format!("Should be <= {most}"))),
        Some(Some(_)) => {}
    }
}

/// What CloudWatch does not know it leaves alone, and says so.
fn unknown(object: &Map<String, Json>, known: &[&str], path: &str, remarks: &mut Vec<Said>) {
    for name in object.keys().filter(|name| !known.contains(&name.as_str())) {
        remarks.push(said(&format!("{path}/{name}"), "Should NOT have additional properties"));
    }
}
