//! S3: buckets with what is set on them and the objects in them, one file per thing. Names of buckets are unique over
//! all accounts; each bucket belongs to one account and one region. Refusals without a source of their own have the
//! codes and words of AWS's answers in <https://github.com/localstack/localstack/tree/main/tests/aws/services/s3>.

mod acceleration;
mod access_control_list;
mod body;
mod browser;
pub mod bucket;
pub(crate) mod bucket_policy;
mod checksum;
mod condition;
mod condition_key;
mod copy;
mod cors;
mod customer_key;
mod deletion;
mod description;
mod encryption;
mod lifecycle;
mod listing;
mod logging;
mod name;
mod notification;
pub mod object;
mod object_lock;
mod object_tags;
mod ownership;
mod payment;
mod policy_action;
mod public_access_block;
mod range;
mod reading;
mod replica;
mod replication;
mod tags;
mod unauthenticated;
mod upload;
mod upload_completion;
mod upload_part;
mod versioning;
mod website;
mod words;

use std::sync::OnceLock;

use crate::model::Model;
use crate::protocol::{Flaw, Violation};
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Manners, QUERY_MANNERS, Service};
use crate::value::Value;
use crate::world::{Tables, Tx};

/// The service.
pub static SERVICE: Service = Service {
    name: "s3",
    model,
    operations: &[
        acceleration::OPERATIONS,
        access_control_list::OPERATIONS,
        bucket::OPERATIONS,
        bucket_policy::OPERATIONS,
        copy::OPERATIONS,
        cors::OPERATIONS,
        deletion::OPERATIONS,
        encryption::OPERATIONS,
        lifecycle::OPERATIONS,
        listing::OPERATIONS,
        logging::OPERATIONS,
        notification::OPERATIONS,
        object::OPERATIONS,
        object_lock::OPERATIONS,
        object_tags::OPERATIONS,
        ownership::OPERATIONS,
        payment::OPERATIONS,
        public_access_block::OPERATIONS,
        reading::OPERATIONS,
        replication::OPERATIONS,
        tags::OPERATIONS,
        upload::OPERATIONS,
        upload_completion::OPERATIONS,
        upload_part::OPERATIONS,
        versioning::OPERATIONS,
        website::OPERATIONS,
    ],
    transitions: &[replica::TRANSITIONS],
    spans: &[bucket::SPANS, replica::SPANS],
    rules: &[
        RULES,
        acceleration::RULES,
        access_control_list::RULES,
        bucket::RULES,
        bucket_policy::RULES,
        condition::RULES,
        copy::RULES,
        cors::RULES,
        customer_key::RULES,
        deletion::RULES,
        description::RULES,
        encryption::RULES,
        lifecycle::RULES,
        listing::RULES,
        logging::RULES,
        name::RULES,
        notification::RULES,
        object::RULES,
        object_tags::RULES,
        ownership::RULES,
        range::RULES,
        reading::RULES,
        replica::RULES,
        replication::RULES,
        tags::RULES,
        upload::RULES,
        upload_completion::RULES,
        upload_part::RULES,
        versioning::RULES,
        website::RULES,
    ],
    tables,
    furnish: |_| {},
    manners: Manners {
        before_violations,
        violations,
        unknown_operation,
        throttled,
        unavailable,
        unauthenticated: unauthenticated::refusal,
        open: browser::answer,
        beside: cors::tell,
        ..QUERY_MANNERS
    },
};

const RULES: &[Rule] = &[Rule::new(
    "s3.page.token",
    "a page's token is one of the operation's",
    "https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html",
)];

fn model() -> &'static Model {
    static MODEL: OnceLock<Model> = OnceLock::new();
    MODEL.get_or_init(|| Model::parse(include_str!("models/s3.json")))
}

fn tables(tables: &mut Tables) {
    tables.add::<bucket::Bucket>();
    tables.add::<bucket::Released>();
    tables.add::<object::Version>();
    tables.add::<upload::Upload>();
    tables.add::<upload_part::Part>();
}

/// S3 looks for the bucket before it reads a body, and at a new bucket's region before its name: AWS's recorded answers.
fn before_violations(tx: &Tx<'_>, request: &Value, violations: &[Violation]) -> Result<(), Refusal> {
    let Some(first) = violations.first() else { return Ok(()) };
    if tx.operation() == "CreateBucket" {
        let first_region = first.path == LOCATION && first.given.as_deref() == Some(bucket::FIRST);
        let misplaced = first_region && tx.region() != bucket::FIRST;
        return if misplaced { bucket::placed(tx, Some(bucket::FIRST)).map(drop) } else { Ok(()) };
    }
    match request.get("Bucket").text() {
        Some(name) if is_in_body(first) => bucket::owned(tx, name, request.get("ExpectedBucketOwner").text()).map(drop),
        _ => Ok(()),
    }
}

/// The member that says a new bucket's region.
const LOCATION: &str = "CreateBucketConfiguration.LocationConstraint";

fn is_in_body(violation: &Violation) -> bool {
    violation.path.contains('.') || matches!(violation.flaw, Flaw::NotA("XML document of the operation's"))
}

/// What does not fit the API model: <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>
fn violations(violations: &[Violation]) -> Refusal {
    let malformed = || {
        let message = "The XML you provided was not well-formed or did not validate against our published schema";
        Refusal::new("MalformedXML", message).status(400)
    };
    let Some(first) = violations.first() else { return malformed() };
    if first.path == LOCATION && matches!(first.flaw, Flaw::NotOneOf(_)) {
        let message = "The specified location-constraint is not valid";
        return Refusal::new("InvalidLocationConstraint", message).status(400);
    }
    // The name of a filter's rule, of what S3 notifies others of.
    if first.path.contains(".FilterRules.") && matches!(first.flaw, Flaw::NotOneOf(_)) {
        return Refusal::new("InvalidArgument", "filter rule name must be either prefix or suffix").status(400);
    }
    if is_in_body(first) {
        return malformed();
    }
    words::of(first)
}

/// What is asked for begins with its method.
fn unknown_operation(what: &str) -> Refusal {
    Refusal::new("MethodNotAllowed", "The specified method is not allowed against this resource.")
        .status(405)
        .member("Method", what.split(' ').next().unwrap_or(what))
}

fn throttled(_: &str) -> Refusal {
    Refusal::new("SlowDown", "Please reduce your request rate.").status(503)
}

fn unavailable(status: u16) -> Refusal {
    match status {
        503 => Refusal::new("ServiceUnavailable", "Service is unable to handle request.").status(503),
        status => Refusal::new("InternalError", "We encountered an internal error. Please try again.").status(status),
    }
}
