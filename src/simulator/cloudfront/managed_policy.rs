//! The policies that AWS gives to all, by their ids:
//! <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html> and the pages
//! beside it.

use jiff::Timestamp;

use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] = &[("GetCachePolicy", get)];

pub(super) const RULES: &[Rule] = &[Rule::new(
    "cloudfront.policy.exists",
    "the policies that a behaviour names exist",
    "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DefaultCacheBehavior.html",
)];

/// What is cached, by its id: name, and seconds at least, usually and at most.
const CACHE: &[(&str, &str, [i64; 3], bool)] = &[
    ("658327ea-f89d-4fab-a63d-7e88639e58f6", "Managed-CachingOptimized", [1, 86_400, 31_536_000], true),
    (
        "b2884449-e4de-46a7-ac36-70bc7f1ddd6d",
        "Managed-CachingOptimizedForUncompressedObjects",
        [1, 86_400, 31_536_000],
        false,
    ),
    ("4135ea2d-6df8-44a3-9df3-4b5a84be39ad", "Managed-CachingDisabled", [0, 0, 0], false),
];

/// What an origin is asked with, and what is put into answers.
const REQUEST: &[&str] = &[
    "216adef6-5c7f-47e4-b989-5492eafa07d3",
    "33f36d7e-f396-46d9-90e0-52428a34d9dc",
    "59781a5b-3903-41f3-afcb-af62929ccde1",
    "775133bc-15f2-49f9-abea-afb2e0bf67d2",
    "88a5eaf4-2fd4-4709-b370-b4c650ea3fcf",
    "acba4595-bd28-49b8-b9fe-13317c0390fa",
    "b689b0a8-53d0-40ab-baf2-68738e2966ac",
];
const RESPONSE: &[&str] = &[
    "5cc3b908-e619-4b99-88e5-2cf7f45965bd",
    "60669652-455b-4ae9-85a4-c4c02393f86c",
    "67f7725c-6f97-4210-82d7-5512b31e9d03",
    "e61eb60c-9c35-4d20-a928-2b84e02af89c",
    "eaab4381-ed33-4a86-88ca-d9558dc6cd63",
];

/// Refuses the id of a policy that is not there.
///
/// # Errors
/// `NoSuchCachePolicy` and the like.
pub(super) fn exists(tx: &Tx<'_>, member: &str, id: &str) -> Result<(), Refusal> {
    let (known, code, what) = match member {
        "CachePolicyId" => (CACHE.iter().any(|(known, ..)| *known == id), "NoSuchCachePolicy", "cache policy"),
        "OriginRequestPolicyId" => (REQUEST.contains(&id), "NoSuchOriginRequestPolicy", "origin request policy"),
        _ => (RESPONSE.contains(&id), "NoSuchResponseHeadersPolicy", "response headers policy"),
    };
    tx.enforce("cloudfront.policy.exists", known, || {
        Refusal::new(code, format!("The specified {what} does not exist."))
    })
}

fn get(_tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let id = input.required("Id");
    let Some((id, name, [least, usual, most], packed)) = CACHE.iter().find(|(known, ..)| *known == id) else {
        return Err(Refusal::new("NoSuchCachePolicy", "The specified cache policy does not exist."));
    };
    let config = record! {
        "Comment" => "",
        "Name" => *name,
        "DefaultTTL" => *usual,
        "MaxTTL" => *most,
        "MinTTL" => *least,
        "ParametersInCacheKeyAndForwardedToOrigin" => record! {
            "EnableAcceptEncodingGzip" => *packed,
            "EnableAcceptEncodingBrotli" => *packed,
            "HeadersConfig" => record! { "HeaderBehavior" => "none" },
            "CookiesConfig" => record! { "CookieBehavior" => "none" },
            "QueryStringsConfig" => record! { "QueryStringBehavior" => "none" },
        },
    };
    Ok(record! {
        "CachePolicy" => record! {
            "Id" => *id,
            "LastModifiedTime" => Timestamp::UNIX_EPOCH,
            "CachePolicyConfig" => config,
        },
        "ETag" => "E23ZP02F085DFQ",
    })
}
