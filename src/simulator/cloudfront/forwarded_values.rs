//! What a behaviour without a cache policy says itself: what of a request its origin gets, by which an answer is kept,
//! and for how long. It is the form of older clients, which CloudFront keeps.

use super::configuration::named;
use super::invalid;
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::value::Value;
use crate::world::Tx;

const VALUES: &str = "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_ForwardedValues.html";
const COOKIES: &str = "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CookiePreference.html";
const TIMES: &str = "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DefaultCacheBehavior.html";
const LIMITS: &str = "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("cloudfront.forwarded.beside", "a behaviour with a cache policy says nothing of this itself", TIMES),
    Rule::new(
        "cloudfront.forwarded.cookies",
        "cookies are named where they are forwarded by name, and there alone",
        COOKIES,
    ),
    Rule::new("cloudfront.forwarded.query", "parameters of a query are named where queries are forwarded", VALUES),
    Rule::new(
        "cloudfront.forwarded.headers",
        "an origin of S3's gets neither all headers nor its host's name from viewers",
        "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/header-caching.html",
    ),
    Rule::new("cloudfront.forwarded.quota", "a behaviour names 10 cookies, 10 headers and 10 parameters", LIMITS),
    Rule::new(
        "cloudfront.forwarded.times",
        "the least time that an answer is kept is not above the usual one, nor that above the longest",
        TIMES,
    ),
];

/// Seconds that an answer is usually kept, and at most.
const USUAL: i64 = 86_400;
const MOST: i64 = 31_536_000;

/// The members that a cache policy stands for.
const MEMBERS: &[&str] = &["ForwardedValues", "MinTTL", "DefaultTTL", "MaxTTL"];

/// Refuses what a cache policy says already.
///
/// # Errors
/// `InvalidArgument`.
pub(super) fn none(tx: &Tx<'_>, input: &Input<'_>) -> Result<(), Refusal> {
    for member in MEMBERS {
        tx.enforce("cloudfront.forwarded.beside", !input.has(member), || {
            invalid(format!(
                "The parameter {member} cannot be used when a cache policy is associated to the cache behavior."
            ))
        })?;
    }
    Ok(())
}

/// What a behaviour says, in the form of answers: what is forwarded, and the least, usual and most seconds. `of_s3` says
/// whether its origin is one of S3's.
///
/// # Errors
/// What CloudFront refuses of it.
pub(super) fn read(
    tx: &Tx<'_>,
    behavior: &Input<'_>,
    values: &Input<'_>,
    of_s3: bool,
) -> Result<Vec<(&'static str, Value)>, Refusal> {
    let headers = list(tx, values, "Headers", "TooManyHeadersInForwardedValues")?;
    let fits = !headers.iter().any(|name| *name == "*" || name.eq_ignore_ascii_case("host"));
    tx.enforce("cloudfront.forwarded.headers", !of_s3 || fits, || {
        Refusal::new("InvalidHeadersForS3Origin", "The headers specified are not valid for an Amazon S3 origin.")
    })?;
    let query = values.flag("QueryString");
    let parameters = list(tx, values, "QueryStringCacheKeys", "TooManyQueryStringParameters")?;
    tx.enforce("cloudfront.forwarded.query", query || parameters.is_empty(), || {
        Refusal::new("InvalidQueryStringParameters", "The query string parameters specified are not valid.")
    })?;
    let forwarded = record! {
        "QueryString" => query,
        "Cookies" => cookies(tx, values)?,
        "Headers" => counted(&headers),
        "QueryStringCacheKeys" => counted(&parameters),
    };
    let [least, usual, most] = times(tx, behavior, headers.contains(&"*"))?;
    Ok(vec![
        ("ForwardedValues", forwarded),
        ("MinTTL", least.into()),
        ("DefaultTTL", usual.into()),
        ("MaxTTL", most.into()),
    ])
}

fn cookies(tx: &Tx<'_>, values: &Input<'_>) -> Result<Value, Refusal> {
    let cookies = values.record("Cookies");
    let forward = cookies.as_ref().map(|cookies| cookies.required("Forward")).unwrap_or_default();
    let names = match &cookies {
        Some(cookies) => list(tx, cookies, "WhitelistedNames", "TooManyCookieNamesInWhiteList")?,
        None => Vec::new(),
    };
    tx.enforce("cloudfront.forwarded.cookies", (forward == "whitelist") != names.is_empty(), || {
        let message = "Your request contains forward cookies option which doesn't match with the expectation for the \
                       whitelisted list of cookie names. Either list of cookie names has been specified when not \
                       allowed or list of cookie names is missing when expected.";
        Refusal::new("InvalidForwardCookies", message)
    })?;
    Ok(record! {
        "Forward" => forward,
        "WhitelistedNames" => Some(counted(&names)).filter(|_| !names.is_empty()),
    })
}

/// The least, usual and most seconds that an answer is kept.
fn times(tx: &Tx<'_>, behavior: &Input<'_>, all_headers: bool) -> Result<[i64; 3], Refusal> {
    let least = behavior.integer("MinTTL");
    // What is left out is as long as it has to be beside what is given.
    let usual = behavior.integer("DefaultTTL").unwrap_or_else(|| USUAL.max(least.unwrap_or_default()));
    let most = behavior.integer("MaxTTL").unwrap_or_else(|| MOST.max(usual));
    tx.enforce("cloudfront.forwarded.times", least.is_some(), || invalid("The parameter MinTTL is required."))?;
    let least = least.unwrap_or_default();
    // No source has the words.
    tx.enforce("cloudfront.forwarded.times", !all_headers || least == 0, || {
        invalid("The parameter MinTTL must be 0 where all headers are forwarded.")
    })?;
    tx.enforce("cloudfront.forwarded.times", 0 <= least && least <= usual && usual <= most, || {
        Refusal::new("InvalidTTLOrder", "The TTL order specified is not valid.")
    })?;
    Ok([least, usual, most])
}

fn list<'a>(tx: &Tx<'_>, input: &Input<'a>, member: &str, too_many: &'static str) -> Result<Vec<&'a str>, Refusal> {
    let names = named(tx, input, member)?;
    let most = tx.quota("cloudfront.forwarded-per-behavior");
    tx.enforce("cloudfront.forwarded.quota", i64::try_from(names.len()).is_ok_and(|have| have <= most), || {
        let what = match member {
            "Headers" => "too many headers in forwarded values.",
            "QueryStringCacheKeys" => "too many query string parameters.",
            _ => "more cookie names in the whitelist than are allowed per cache behavior.",
        };
        Refusal::new(too_many, format!("Your request contains {what}"))
    })?;
    Ok(names)
}

fn counted(names: &[&str]) -> Value {
    super::configuration::quantity(names.iter().map(|name| Value::from(*name)).collect())
}
