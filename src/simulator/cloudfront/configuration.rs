//! What a distribution is to be: read member by member, held to CloudFront's rules, and kept in the form of answers, in
//! which nothing that has a default is left out.

use super::distribution::Distribution;
use super::origin_access_control::OriginAccessControl;
use super::origin_access_identity::OriginAccessIdentity;
use super::{certificate, forwarded_values, invalid, managed_policy};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::s3::bucket::Bucket;
use crate::value::Value;
use crate::world::Tx;

const CONFIG: &str = "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DistributionConfig.html";
const OWN_ORIGIN: &str = "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CustomOriginConfig.html";
const ORIGIN: &str = "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_Origin.html";
const BEHAVIOR: &str = "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DefaultCacheBehavior.html";
const LIMITS: &str = "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("cloudfront.quantity", "a list has as many items as it says", CONFIG),
    Rule::new("cloudfront.alias.elsewhere", "a name is the alias of one distribution, whoever has it", CONFIG),
    Rule::new("cloudfront.alias.quota", "a distribution has 100 aliases", LIMITS),
    Rule::new("cloudfront.root", "the default root object is a name without a slash before it", CONFIG),
    Rule::new("cloudfront.origin.kind", "an origin is one of S3's or one of one's own", ORIGIN),
    Rule::new("cloudfront.origin.id", "a distribution has origins, each with an id of its own", ORIGIN),
    Rule::new("cloudfront.origin.bucket", "an origin of S3's is named by a bucket's domain", ORIGIN),
    Rule::new("cloudfront.origin.path", "a path begins with a slash and does not end with one", ORIGIN),
    Rule::new("cloudfront.origin.name", "an origin of one's own is named by a host's name", ORIGIN),
    Rule::new(
        "cloudfront.origin.port",
        "an origin of one's own is asked at 80, 443, or from 1024 on",
        "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesOrigin.html",
    ),
    Rule::new("cloudfront.origin.timeout", "an origin of one's own is waited for 1 to 120 seconds", OWN_ORIGIN),
    Rule::new("cloudfront.origin.tries", "an origin is tried 1 to 3 times, for 1 to 10 seconds each", ORIGIN),
    Rule::new("cloudfront.origin.control", "an origin's access control exists and is for origins of its kind", ORIGIN),
    Rule::new("cloudfront.origin.identity", "an origin's access identity exists", ORIGIN),
    Rule::new("cloudfront.behavior.origin", "a behaviour is for an origin of the distribution", BEHAVIOR),
    Rule::new("cloudfront.behavior.methods", "methods are allowed and cached in the sets that there are", BEHAVIOR),
    Rule::new("cloudfront.behavior.policy", "a behaviour names a cache policy, or says what is forwarded", BEHAVIOR),
    Rule::new("cloudfront.behavior.path", "a path pattern is of one behaviour", CONFIG),
    Rule::new(
        "cloudfront.error.code",
        "an answer's code is one that can be answered for",
        "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CustomErrorResponse.html",
    ),
    Rule::new(
        "cloudfront.logging",
        "logs go to a bucket that is there and takes ACLs",
        "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging-legacy-s3.html",
    ),
    Rule::new(
        "cloudfront.geo",
        "a restriction names countries by their codes, and none where there is no restriction",
        "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_GeoRestriction.html",
    ),
    Rule::new("cloudfront.acl", "a web ACL is named by the ARN of a global one", CONFIG),
];

/// The configuration of a request, for a new distribution or the one of that id.
///
/// # Errors
/// What CloudFront refuses of it.
pub(super) fn read(tx: &mut Tx<'_>, input: &Input<'_>, own: Option<&str>) -> Result<Value, Refusal> {
    let aliases = named(tx, input, "Aliases")?;
    let names: Vec<String> = aliases.iter().map(|alias| alias.to_ascii_lowercase()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    free(tx, &names, own)?;
    let root = input.text("DefaultRootObject").unwrap_or_default();
    tx.enforce("cloudfront.root", root.len() <= 255 && !root.starts_with('/'), || {
        let message = "The default root object file name is too big or contains an invalid character.";
        Refusal::new("InvalidDefaultRootObject", message)
    })?;
    let origins = origins(tx, input)?;
    none_of(input, "OriginGroups")?;
    let usual = input.record("DefaultCacheBehavior");
    let usual = usual.as_ref().map(|usual| behavior(tx, usual, &origins)).transpose()?;
    let mut behaviors: Vec<Value> = Vec::new();
    for one in items(tx, input, "CacheBehaviors")? {
        let path = one.required("PathPattern");
        let is_new = behaviors.iter().all(|other| other.get("PathPattern").text() != Some(path));
        // No source has the words.
        tx.enforce("cloudfront.behavior.path", is_new && !path.is_empty(), || {
            invalid(format!("The parameter PathPattern is empty, or there twice: {path}"))
        })?;
        let mut read = behavior(tx, &one, &origins)?;
        read.set("PathPattern", path);
        behaviors.push(read);
    }
    let mut errors: Vec<Value> = Vec::new();
    for one in items(tx, input, "CustomErrorResponses")? {
        errors.push(error_response(tx, &one)?);
    }
    let logging = logging(tx, input)?;
    let shown = certificate::read(tx, input, &names)?;
    let restrictions = restrictions(tx, input)?;
    let acl = input.text("WebACLId").unwrap_or_default();
    let sound = acl.is_empty() || (acl.starts_with("arn:aws:wafv2:us-east-1:") && acl.contains(":global/webacl/"));
    tx.enforce("cloudfront.acl", sound, || Refusal::new("InvalidWebACLId", "The web ACL ID specified is not valid."))?;
    for member in ["Staging", "ContinuousDeploymentPolicyId"] {
        if input.flag(member) || input.text(member).is_some_and(|text| !text.is_empty()) {
            return Err(Refusal::not_simulated(format!("cloudfront DistributionConfig.{member}")));
        }
    }
    Ok(record! {
        "CallerReference" => input.required("CallerReference"),
        "Aliases" => quantity(names.iter().map(|name| Value::from(*name)).collect()),
        "DefaultRootObject" => root,
        "Origins" => quantity(origins),
        "OriginGroups" => quantity(Vec::new()),
        "DefaultCacheBehavior" => usual,
        "CacheBehaviors" => quantity(behaviors),
        "CustomErrorResponses" => quantity(errors),
        "Comment" => input.text("Comment").unwrap_or_default(),
        "Logging" => logging,
        "PriceClass" => input.text("PriceClass").unwrap_or("PriceClass_All"),
        "Enabled" => input.flag("Enabled"),
        "ViewerCertificate" => shown,
        "Restrictions" => restrictions,
        "WebACLId" => acl,
        "HttpVersion" => input.text("HttpVersion").unwrap_or("http2"),
        "IsIPV6Enabled" => input.flag("IsIPV6Enabled"),
        "ContinuousDeploymentPolicyId" => "",
        "Staging" => false,
    })
}

/// Items with how many they are; none are left out.
pub(super) fn quantity(items: Vec<Value>) -> Value {
    record! {
        "Quantity" => i64::try_from(items.len()).unwrap_or(i64::MAX),
        "Items" => Some(items).filter(|items| !items.is_empty()),
    }
}

fn counted(tx: &Tx<'_>, list: &Input<'_>, have: usize) -> Result<(), Refusal> {
    let says = list.integer("Quantity").unwrap_or_default();
    tx.enforce("cloudfront.quantity", usize::try_from(says) == Ok(have), || {
        Refusal::new("InconsistentQuantities", "The value of Quantity and the size of Items don't match.")
    })
}

/// The structures of a list that says how many it has.
fn items<'a>(tx: &Tx<'_>, input: &Input<'a>, name: &str) -> Result<Vec<Input<'a>>, Refusal> {
    let Some(list) = input.record(name) else { return Ok(Vec::new()) };
    let items = list.records("Items");
    counted(tx, &list, items.len())?;
    Ok(items)
}

/// The texts of a list that says how many it has.
pub(super) fn named<'a>(tx: &Tx<'_>, input: &Input<'a>, name: &str) -> Result<Vec<&'a str>, Refusal> {
    let Some(list) = input.record(name) else { return Ok(Vec::new()) };
    let items = list.texts("Items");
    counted(tx, &list, items.len())?;
    Ok(items)
}

/// Takes a list that has nothing.
fn none_of(input: &Input<'_>, name: &str) -> Result<(), Refusal> {
    let Some(list) = input.record(name) else { return Ok(()) };
    let on = list.flag("Enabled") || list.integer("Quantity").is_some_and(|quantity| quantity > 0);
    if on || !list.records("Items").is_empty() {
        return Err(Refusal::not_simulated(format!("cloudfront {name} of a distribution")));
    }
    Ok(())
}

/// Refuses aliases that another distribution has.
fn free(tx: &Tx<'_>, names: &[&str], own: Option<&str>) -> Result<(), Refusal> {
    let others = tx.everywhere::<Distribution>().filter(|other| Some(other.id.as_str()) != own);
    let taken = others.flat_map(Distribution::aliases).any(|alias| names.contains(&alias));
    tx.enforce("cloudfront.alias.elsewhere", !taken, || {
        let message = "One or more of the CNAMEs you provided are already associated with a different resource.";
        Refusal::new("CNAMEAlreadyExists", message)
    })?;
    let most = tx.quota("cloudfront.aliases-per-distribution");
    tx.enforce("cloudfront.alias.quota", i64::try_from(names.len()).is_ok_and(|have| have <= most), || {
        let message = "Your request contains more CNAMEs than are allowed per distribution.";
        Refusal::new("TooManyDistributionCNAMEs", message)
    })
}

fn origins(tx: &Tx<'_>, input: &Input<'_>) -> Result<Vec<Value>, Refusal> {
    let mut found: Vec<Value> = Vec::new();
    for one in items(tx, input, "Origins")? {
        let id = one.required("Id");
        let is_new = found.iter().all(|other| other.get("Id").text() != Some(id));
        // No source has the words.
        tx.enforce("cloudfront.origin.id", is_new && !id.is_empty(), || {
            invalid(format!("The parameter Origin Id is empty, or there twice: {id}"))
        })?;
        found.push(origin(tx, &one)?);
    }
    tx.enforce("cloudfront.origin.id", !found.is_empty(), || invalid("The parameter Origins is required."))?;
    Ok(found)
}

fn origin(tx: &Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let (of_s3, custom) = (input.record("S3OriginConfig"), input.record("CustomOriginConfig"));
    // No source has the words.
    tx.enforce("cloudfront.origin.kind", of_s3.is_some() != custom.is_some(), || {
        let message = "Exactly one of S3OriginConfig and CustomOriginConfig must be specified for an origin.";
        Refusal::new("InvalidOrigin", message)
    })?;
    let domain = input.required("DomainName");
    let bucket = domain.split_once(".s3.").or_else(|| domain.split_once(".s3-"));
    let is_bucket = bucket.is_some_and(|(name, rest)| !name.is_empty() && rest.ends_with("amazonaws.com"));
    tx.enforce("cloudfront.origin.bucket", of_s3.is_none() || is_bucket, || {
        invalid("The parameter Origin DomainName does not refer to a valid S3 bucket.")
    })?;
    let path = input.text("OriginPath").unwrap_or_default();
    tx.enforce("cloudfront.origin.path", path.is_empty() || (path.starts_with('/') && !path.ends_with('/')), || {
        invalid("The parameter OriginPath is not valid: it begins with a slash and does not end with one.")
    })?;
    let identity = of_s3.as_ref().and_then(|of_s3| of_s3.text("OriginAccessIdentity")).unwrap_or_default();
    let control = input.text("OriginAccessControlId").unwrap_or_default();
    tx.enforce("cloudfront.origin.control", control.is_empty() || identity.is_empty(), || {
        let message =
            "An origin cannot contain both an origin access control (OAC) and an origin access identity (OAI).";
        Refusal::new("IllegalOriginAccessConfiguration", message)
    })?;
    let exists = tx.rows::<OriginAccessIdentity>().any(|known| known.name() == identity);
    tx.enforce("cloudfront.origin.identity", identity.is_empty() || exists, || {
        let message = "The specified origin access identity does not exist or is not valid.";
        Refusal::new("InvalidOriginAccessIdentity", message)
    })?;
    let known = tx.get::<OriginAccessControl>(control);
    tx.enforce("cloudfront.origin.control", control.is_empty() || known.is_some(), || {
        Refusal::new("InvalidOriginAccessControl", "The origin access control is not valid.")
    })?;
    let fits = known.is_none_or(|known| known.origin != "s3" || of_s3.is_some());
    tx.enforce("cloudfront.origin.control", fits, || {
        let message = "An origin access control is associated with an origin whose domain name is not supported.";
        Refusal::new("InvalidDomainNameForOriginAccessControl", message)
    })?;
    let tries = (input.integer("ConnectionAttempts").unwrap_or(3), input.integer("ConnectionTimeout").unwrap_or(10));
    tx.enforce("cloudfront.origin.tries", (1..=3).contains(&tries.0) && (1..=10).contains(&tries.1), || {
        invalid("The parameter ConnectionAttempts has to be from 1 to 3, and ConnectionTimeout from 1 to 10.")
    })?;
    let mut headers: Vec<Value> = Vec::new();
    for one in items(tx, input, "CustomHeaders")? {
        headers.push(record! {
            "HeaderName" => one.required("HeaderName"),
            "HeaderValue" => one.text("HeaderValue").unwrap_or_default(),
        });
    }
    if input.record("OriginShield").is_some_and(|shield| shield.flag("Enabled")) {
        return Err(Refusal::not_simulated("cloudfront Origin Shield"));
    }
    Ok(record! {
        "Id" => input.required("Id"),
        "DomainName" => domain,
        "OriginPath" => path,
        "CustomHeaders" => quantity(headers),
        "S3OriginConfig" => of_s3.is_some().then(|| record! { "OriginAccessIdentity" => identity }),
        "CustomOriginConfig" => custom.as_ref().map(|custom| own_origin(tx, custom, domain)).transpose()?,
        "ConnectionAttempts" => tries.0,
        "ConnectionTimeout" => tries.1,
        "OriginShield" => record! { "Enabled" => false },
        "OriginAccessControlId" => control,
    })
}

fn own_origin(tx: &Tx<'_>, input: &Input<'_>, domain: &str) -> Result<Value, Refusal> {
    tx.enforce("cloudfront.origin.name", !domain.contains(':'), || {
        invalid("The parameter origin name cannot contain a colon.")
    })?;
    tx.enforce("cloudfront.origin.name", domain.parse::<std::net::IpAddr>().is_err(), || {
        invalid("The parameter origin name cannot be an IP address.")
    })?;
    let letters = domain.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'));
    // No source has the words for these.
    tx.enforce("cloudfront.origin.name", letters && domain.contains('.'), || {
        invalid("The parameter origin name is not a domain name.")
    })?;
    for member in ["HTTPPort", "HTTPSPort"] {
        let port = input.integer(member).unwrap_or_default();
        tx.enforce("cloudfront.origin.port", matches!(port, 80 | 443 | 1024..=65_535), || {
            invalid(format!("The parameter {member} is not valid: it is 80, 443, or from 1024 to 65535."))
        })?;
    }
    let waits = [
        ("OriginReadTimeout", "InvalidOriginReadTimeout", "read"),
        ("OriginKeepaliveTimeout", "InvalidOriginKeepaliveTimeout", "keep alive"),
    ];
    for (member, code, kind) in waits {
        let seconds = input.integer(member);
        tx.enforce("cloudfront.origin.timeout", seconds.is_none_or(|it| (1..=120).contains(&it)), || {
            Refusal::new(code, format!("The {kind} timeout specified for the origin is not valid."))
        })?;
    }
    let protocols = named(tx, input, "OriginSslProtocols")?;
    let protocols = if protocols.is_empty() { vec!["TLSv1", "SSLv3"] } else { protocols };
    Ok(record! {
        "HTTPPort" => input.integer("HTTPPort"),
        "HTTPSPort" => input.integer("HTTPSPort"),
        "OriginProtocolPolicy" => input.text("OriginProtocolPolicy"),
        "OriginSslProtocols" => quantity(protocols.into_iter().map(Value::from).collect()),
        "OriginReadTimeout" => input.integer("OriginReadTimeout").unwrap_or(30),
        "OriginKeepaliveTimeout" => input.integer("OriginKeepaliveTimeout").unwrap_or(5),
    })
}

/// The sets of methods that can be allowed, and those that can be cached.
const ALLOWED: &[&[&str]] =
    &[&["HEAD", "GET"], &["HEAD", "GET", "OPTIONS"], &["HEAD", "DELETE", "POST", "GET", "OPTIONS", "PUT", "PATCH"]];

fn methods(tx: &Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let same = |set: &[&str], given: &[&str]| set.len() == given.len() && set.iter().all(|one| given.contains(one));
    let allowed = input.record("AllowedMethods");
    let given = named(tx, input, "AllowedMethods")?;
    let given = if allowed.is_some() { given } else { ALLOWED[0].to_vec() };
    let cached = allowed.as_ref().map(|allowed| named(tx, allowed, "CachedMethods")).transpose()?.unwrap_or_default();
    let cached = if cached.is_empty() { ALLOWED[0].to_vec() } else { cached };
    let sound = ALLOWED.iter().any(|set| same(set, &given))
        && ALLOWED[..2].iter().any(|set| same(set, &cached))
        && cached.iter().all(|method| given.contains(method));
    // No source has the words.
    tx.enforce("cloudfront.behavior.methods", sound, || {
        invalid("The parameter AllowedMethods or CachedMethods contains a set of methods that is not supported.")
    })?;
    let mut view = quantity(given.into_iter().map(Value::from).collect());
    view.set("CachedMethods", quantity(cached.into_iter().map(Value::from).collect()));
    Ok(view)
}

fn behavior(tx: &Tx<'_>, input: &Input<'_>, origins: &[Value]) -> Result<Value, Refusal> {
    let target = input.required("TargetOriginId");
    let origin = origins.iter().find(|origin| origin.get("Id").text() == Some(target));
    tx.enforce("cloudfront.behavior.origin", origin.is_some(), || {
        Refusal::new("NoSuchOrigin", "One or more of your origins or origin groups do not exist.")
    })?;
    for member in ["TrustedSigners", "TrustedKeyGroups", "LambdaFunctionAssociations", "FunctionAssociations"] {
        none_of(input, member)?;
    }
    let flagged = input.flag("SmoothStreaming") || input.record("GrpcConfig").is_some_and(|grpc| grpc.flag("Enabled"));
    let texts = ["FieldLevelEncryptionId", "RealtimeLogConfigArn"].map(|member| input.text(member).unwrap_or_default());
    if flagged || texts.iter().any(|text| !text.is_empty()) {
        return Err(Refusal::not_simulated("cloudfront: what this behaviour wants besides its policies"));
    }
    let cache = input.text("CachePolicyId").filter(|id| !id.is_empty());
    let values = input.record("ForwardedValues");
    tx.enforce("cloudfront.behavior.policy", cache.is_some() || values.is_some(), || {
        invalid("The parameter ForwardedValues is required.")
    })?;
    let forwarded = match values.filter(|_| cache.is_none()) {
        Some(values) => {
            let of_s3 = origin.is_some_and(|origin| !origin.get("S3OriginConfig").is_absent());
            forwarded_values::read(tx, input, &values, of_s3)?
        }
        None => {
            forwarded_values::none(tx, input)?;
            Vec::new()
        }
    };
    let asks = input.text("OriginRequestPolicyId").is_some_and(|id| !id.is_empty());
    // No source has the words.
    tx.enforce("cloudfront.behavior.policy", cache.is_some() || !asks, || {
        invalid("The parameter OriginRequestPolicyId cannot be used without a cache policy.")
    })?;
    let mut policies: Vec<(&str, &str)> = Vec::new();
    for member in ["CachePolicyId", "OriginRequestPolicyId", "ResponseHeadersPolicyId"] {
        if let Some(id) = input.text(member).filter(|id| !id.is_empty()) {
            managed_policy::exists(tx, member, id)?;
            policies.push((member, id));
        }
    }
    let nobody = || record! { "Enabled" => false, "Quantity" => 0_i64 };
    let mut view = record! {
        "TargetOriginId" => target,
        "TrustedSigners" => nobody(),
        "TrustedKeyGroups" => nobody(),
        "ViewerProtocolPolicy" => input.text("ViewerProtocolPolicy"),
        "AllowedMethods" => methods(tx, input)?,
        "SmoothStreaming" => false,
        "Compress" => input.flag("Compress"),
        "LambdaFunctionAssociations" => quantity(Vec::new()),
        "FunctionAssociations" => quantity(Vec::new()),
        "FieldLevelEncryptionId" => "",
        "GrpcConfig" => record! { "Enabled" => false },
    };
    for (member, id) in policies {
        view.set(member, id);
    }
    for (member, value) in forwarded {
        view.set(member, value);
    }
    Ok(view)
}

/// The codes that another answer can stand for:
/// <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/GeneratingCustomErrorResponses.html>
const CODES: &[i64] = &[400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504];

fn error_response(tx: &Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let code = input.integer("ErrorCode").unwrap_or_default();
    tx.enforce("cloudfront.error.code", CODES.contains(&code), || {
        Refusal::new("InvalidErrorCode", "An invalid error code was specified.")
    })?;
    let (page, answer) = (input.text("ResponsePagePath"), input.text("ResponseCode"));
    let page = page.filter(|page| !page.is_empty());
    let answer = answer.filter(|answer| !answer.is_empty());
    let known = answer.is_none_or(|text| text == "200" || text.parse().is_ok_and(|code| CODES.contains(&code)));
    tx.enforce("cloudfront.error.code", page.is_some() == answer.is_some() && known, || {
        Refusal::new("InvalidResponseCode", "A response code is not valid.")
    })?;
    Ok(record! {
        "ErrorCode" => code,
        "ResponsePagePath" => page.unwrap_or_default(),
        "ResponseCode" => answer.unwrap_or_default(),
        "ErrorCachingMinTTL" => input.integer("ErrorCachingMinTTL").unwrap_or(10),
    })
}

fn logging(tx: &Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let given = input.record("Logging");
    let text = |name: &str| given.as_ref().and_then(|given| given.text(name)).unwrap_or_default();
    let flag = |name: &str| given.as_ref().is_some_and(|given| given.flag(name));
    let (on, cookies, bucket, prefix) = (flag("Enabled"), flag("IncludeCookies"), text("Bucket"), text("Prefix"));
    let name = bucket.split(".s3.").next().unwrap_or_default();
    let kept = tx.get::<Bucket>(name).filter(|_| bucket.contains(".s3."));
    tx.enforce("cloudfront.logging", !on || kept.is_some(), || {
        invalid("The parameter Logging Bucket does not refer to a valid S3 bucket.")
    })?;
    let takes = kept.is_none_or(|kept| kept.ownership.as_deref().is_some_and(|owner| owner != "BucketOwnerEnforced"));
    tx.enforce("cloudfront.logging", !on || takes, || {
        let message = "The S3 bucket that you specified for CloudFront logs does not enable ACL access: ";
        invalid(format!("{message}{bucket}"))
    })?;
    Ok(record! { "Enabled" => on, "IncludeCookies" => cookies, "Bucket" => bucket, "Prefix" => prefix })
}

/// The countries of ISO 3166-1.
const COUNTRIES: &[&str] = &[
    "AD", "AE", "AF", "AG", "AI", "AL", "AM", "AO", "AQ", "AR", "AS", "AT", "AU", "AW", "AX", "AZ", "BA", "BB", "BD",
    "BE", "BF", "BG", "BH", "BI", "BJ", "BL", "BM", "BN", "BO", "BQ", "BR", "BS", "BT", "BV", "BW", "BY", "BZ", "CA",
    "CC", "CD", "CF", "CG", "CH", "CI", "CK", "CL", "CM", "CN", "CO", "CR", "CU", "CV", "CW", "CX", "CY", "CZ", "DE",
    "DJ", "DK", "DM", "DO", "DZ", "EC", "EE", "EG", "EH", "ER", "ES", "ET", "FI", "FJ", "FK", "FM", "FO", "FR", "GA",
    "GB", "GD", "GE", "GF", "GG", "GH", "GI", "GL", "GM", "GN", "GP", "GQ", "GR", "GS", "GT", "GU", "GW", "GY", "HK",
    "HM", "HN", "HR", "HT", "HU", "ID", "IE", "IL", "IM", "IN", "IO", "IQ", "IR", "IS", "IT", "JE", "JM", "JO", "JP",
    "KE", "KG", "KH", "KI", "KM", "KN", "KP", "KR", "KW", "KY", "KZ", "LA", "LB", "LC", "LI", "LK", "LR", "LS", "LT",
    "LU", "LV", "LY", "MA", "MC", "MD", "ME", "MF", "MG", "MH", "MK", "ML", "MM", "MN", "MO", "MP", "MQ", "MR", "MS",
    "MT", "MU", "MV", "MW", "MX", "MY", "MZ", "NA", "NC", "NE", "NF", "NG", "NI", "NL", "NO", "NP", "NR", "NU", "NZ",
    "OM", "PA", "PE", "PF", "PG", "PH", "PK", "PL", "PM", "PN", "PR", "PS", "PT", "PW", "PY", "QA", "RE", "RO", "RS",
    "RU", "RW", "SA", "SB", "SC", "SD", "SE", "SG", "SH", "SI", "SJ", "SK", "SL", "SM", "SN", "SO", "SR", "SS", "ST",
    "SV", "SX", "SY", "SZ", "TC", "TD", "TF", "TG", "TH", "TJ", "TK", "TL", "TM", "TN", "TO", "TR", "TT", "TV", "TW",
    "TZ", "UA", "UG", "UM", "US", "UY", "UZ", "VA", "VC", "VE", "VG", "VI", "VN", "VU", "WF", "WS", "YE", "YT", "ZA",
    "ZM", "ZW",
];

fn restrictions(tx: &Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let geo = input.record("Restrictions").and_then(|given| given.record("GeoRestriction"));
    let kind = geo.as_ref().and_then(|geo| geo.text("RestrictionType")).unwrap_or("none");
    let places = geo.as_ref().map(|geo| geo.texts("Items")).unwrap_or_default();
    if let Some(geo) = &geo {
        counted(tx, geo, places.len())?;
    }
    tx.enforce("cloudfront.geo", (kind == "none") == places.is_empty(), || {
        Refusal::new("InvalidGeoRestrictionParameter", "The specified geo restriction parameter is not valid.")
    })?;
    tx.enforce("cloudfront.geo", places.iter().all(|place| COUNTRIES.contains(place)), || {
        Refusal::new("InvalidLocationCode", "The location code specified is not valid.")
    })?;
    let mut view = record! { "RestrictionType" => kind };
    let listed = quantity(places.into_iter().map(Value::from).collect());
    view.set("Quantity", listed.get("Quantity"));
    view.set("Items", listed.get("Items"));
    Ok(record! { "GeoRestriction" => view })
}
