//! `aws_cloudfront_distribution`: <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/distribution-overview.html>

use super::form;
use super::{AcmCertificate, CloudfrontOriginAccessControl};
use crate::check::{Findings, Part, View};
use crate::value::{IntoArn, IntoId, IntoPlain};
use crate::{Arn, Computed, Datum, Id, Tags, Value, words};

words! {
    /// From where viewers are answered.
    pub enum PriceClass {
        /// North America, Europe and Israel.
        Class100 = "PriceClass_100",
        /// Everywhere but South America, Australia and New Zealand.
        Class200 = "PriceClass_200",
        /// Everywhere.
        All = "PriceClass_All",
    }
}

words! {
    /// The newest version of HTTP that viewers may speak.
    pub enum HttpVersion {
        /// 1.1.
        Http11 = "http1.1",
        /// 2.
        Http2 = "http2",
        /// 2 and 3.
        Http2And3 = "http2and3",
        /// 3.
        Http3 = "http3",
    }
}

words! {
    /// Which protocols viewers may ask by.
    pub enum ViewerProtocolPolicy {
        /// HTTP and HTTPS.
        AllowAll = "allow-all",
        /// HTTPS alone.
        HttpsOnly = "https-only",
        /// HTTPS; who asks by HTTP is sent there.
        RedirectToHttps = "redirect-to-https",
    }
}

words! {
    /// A method of HTTP.
    pub enum HttpMethod {
        /// DELETE.
        Delete = "DELETE",
        /// GET.
        Get = "GET",
        /// HEAD.
        Head = "HEAD",
        /// OPTIONS.
        Options = "OPTIONS",
        /// PATCH.
        Patch = "PATCH",
        /// POST.
        Post = "POST",
        /// PUT.
        Put = "PUT",
    }
}

words! {
    /// Which countries a list of them is of.
    pub enum GeoRestrictionType {
        /// Those that get nothing.
        Blacklist = "blacklist",
        /// None.
        None = "none",
        /// Those that alone get something.
        Whitelist = "whitelist",
    }
}

words! {
    /// How a certificate of one's own is shown.
    pub enum SslSupportMethod {
        /// To viewers that say which name they ask for, as all do by now.
        SniOnly = "sni-only",
    }
}

words! {
    /// The least version of TLS, and the ciphers that go with it.
    pub enum MinimumProtocolVersion {
        /// TLS 1.2, with the ciphers of 2018.
        Tls12Of2018 = "TLSv1.2_2018",
        /// TLS 1.2, with the ciphers of 2019.
        Tls12Of2019 = "TLSv1.2_2019",
        /// TLS 1.2, with the ciphers of 2021.
        Tls12Of2021 = "TLSv1.2_2021",
        /// TLS 1.2, with the ciphers of 2025.
        Tls12Of2025 = "TLSv1.2_2025",
        /// TLS 1.3, with the ciphers of 2025.
        Tls13Of2025 = "TLSv1.3_2025",
    }
}

words! {
    /// By which protocol an origin of one's own is asked.
    pub enum OriginProtocolPolicy {
        /// HTTP.
        HttpOnly = "http-only",
        /// HTTPS.
        HttpsOnly = "https-only",
        /// The one that the viewer asks by.
        MatchViewer = "match-viewer",
    }
}

/// The policies that AWS gives to all, for what is cached:
/// <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html>
pub mod cache_policy {
    /// What origins say may be cached is, compressed, under its path alone.
    pub const CACHING_OPTIMIZED: &str = "658327ea-f89d-4fab-a63d-7e88639e58f6";
    /// Nothing is.
    pub const CACHING_DISABLED: &str = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad";
}

/// The policies that AWS gives to all, for the headers that are added to answers:
/// <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-response-headers-policies.html>
pub mod response_headers_policy {
    /// Those that tell browsers to be careful: HSTS, no sniffing, no frames of others, and the like.
    pub const SECURITY_HEADERS: &str = "67f7725c-6f97-4210-82d7-5512b31e9d03";
}

/// What answers viewers from places near them, and asks origins for what is not there. It is switched off before it is
/// deleted, which takes minutes each.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// # let bucket = stack.add("assets", S3Bucket::new());
/// # let control = CloudfrontOriginAccessControl::new(OriginType::S3, SigningBehavior::Always, SigningProtocol::SigV4);
/// # let control = stack.add("assets", control);
/// let origin = DistributionOrigin::bucket("assets", bucket.bucket_regional_domain_name(), &control);
/// let distribution = CloudfrontDistribution::new(
///     [origin],
///     DefaultCacheBehavior::files_of("assets"),
///     Restrictions::none(),
///     ViewerCertificate::of_cloudfront(),
///     true,
/// );
/// stack.add("assets", distribution.default_root_object("index.html"));
/// # Ok(())
/// # }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(
    type = "aws_cloudfront_distribution",
    service = "cloudfront",
    creation = Token,
    create_seconds = 240,
    delete_seconds = 270,
    check = check
)]
pub struct CloudfrontDistribution {
    /// What it asks.
    #[field(min_length = 1, max_length = 100, update_seconds = 225)]
    origin: Value<Vec<DistributionOrigin>>,
    /// How it answers where no other behaviour says it.
    #[field(update_seconds = 225)]
    default_cache_behavior: Value<DefaultCacheBehavior>,
    /// Who gets nothing.
    #[field(update_seconds = 225)]
    restrictions: Value<Restrictions>,
    /// The certificate that it shows.
    #[field(update_seconds = 225)]
    viewer_certificate: Value<ViewerCertificate>,
    /// Whether it answers.
    #[field(update_seconds = 225)]
    enabled: Value<bool>,
    /// The names that it answers for beside its own.
    #[field(set, default = "[]", max_length = 100, update_seconds = 225)]
    aliases: Option<Value<Vec<String>>>,
    /// What it is for.
    #[field(default = "\"\"", max_length = 128, update_seconds = 225)]
    comment: Option<Value<String>>,
    /// What is answered where no path is asked for.
    #[field(default = "\"\"", max_length = 255, update_seconds = 225)]
    default_root_object: Option<Value<String>>,
    /// How it answers for paths of a pattern, the first that fits.
    #[field(default = "[]", max_length = 75, update_seconds = 225)]
    ordered_cache_behavior: Option<Value<Vec<OrderedCacheBehavior>>>,
    /// What is answered in the place of an origin's errors.
    #[field(default = "[]", update_seconds = 225)]
    custom_error_response: Option<Value<Vec<CustomErrorResponse>>>,
    /// Where its logs go.
    #[field(update_seconds = 225)]
    logging_config: Option<Value<LoggingConfig>>,
    /// From where viewers are answered.
    #[field(default = "\"PriceClass_All\"", update_seconds = 225)]
    price_class: Option<Value<PriceClass>>,
    /// The newest version of HTTP.
    #[field(default = "\"http2\"", update_seconds = 225)]
    http_version: Option<Value<HttpVersion>>,
    /// Whether it has IPv6 addresses, too.
    #[field(default = "false", update_seconds = 225)]
    is_ipv6_enabled: Option<Value<bool>>,
    /// The ARN of a global web ACL.
    #[field(
        pattern = r"arn:aws[a-z-]*:wafv2:us-east-1:\d{12}:global/webacl/.+",
        pattern_words = "a global web ACL is named by its ARN, in us-east-1",
        update_seconds = 225
    )]
    web_acl_id: Option<Value<String>>,
    /// Tags.
    tags: Option<Value<Tags>>,
    /// The id.
    id: Computed<Id<CloudfrontDistribution>>,
    /// The ARN.
    arn: Computed<Arn<CloudfrontDistribution>>,
    /// The name that it is reached by.
    domain_name: Computed<String>,
    /// The zone that this name is in, as an alias record wants it.
    hosted_zone_id: Computed<String>,
    /// `Deployed` once every place has it.
    status: Computed<String>,
}

/// What a distribution asks.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct DistributionOrigin {
    /// Its host: a bucket's regional domain, or one's own.
    domain_name: Value<String>,
    /// What the distribution knows it by.
    #[field(min_length = 1, max_length = 128)]
    origin_id: Value<String>,
    /// What stands before each path.
    #[field(default = "\"\"", max_length = 255)]
    origin_path: Option<Value<String>>,
    /// How it is shown who asks.
    #[field(holds = Firm)]
    origin_access_control_id: Option<Value<Id<CloudfrontOriginAccessControl>>>,
    /// How often it is tried.
    #[field(default = "3", min = 1, max = 3)]
    connection_attempts: Option<Value<i64>>,
    /// Seconds for each try.
    #[field(default = "10", min = 1, max = 10)]
    connection_timeout: Option<Value<i64>>,
    /// How it is asked, where it is no bucket.
    custom_origin_config: Option<Value<CustomOriginConfig>>,
}

/// How an origin of one's own is asked.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct CustomOriginConfig {
    /// The port for HTTP.
    #[field(min = 80, max = 65_535)]
    http_port: Value<i64>,
    /// The port for HTTPS.
    #[field(min = 80, max = 65_535)]
    https_port: Value<i64>,
    /// By which protocol.
    origin_protocol_policy: Value<OriginProtocolPolicy>,
    /// Which versions of TLS it may speak, as `TLSv1.2`.
    #[field(set, form = form::ORIGIN_TLS)]
    origin_ssl_protocols: Value<Vec<String>>,
    /// Seconds for which an answer is waited for.
    #[field(default = "30", min = 1, max = 120)]
    origin_read_timeout: Option<Value<i64>>,
    /// Seconds for which a connection is kept.
    #[field(default = "5", min = 1, max = 120)]
    origin_keepalive_timeout: Option<Value<i64>>,
}

/// How a distribution answers.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct DefaultCacheBehavior {
    /// The origin.
    target_origin_id: Value<String>,
    /// Which protocols viewers may ask by.
    viewer_protocol_policy: Value<ViewerProtocolPolicy>,
    /// Which methods they may.
    #[field(set)]
    allowed_methods: Value<Vec<HttpMethod>>,
    /// Of them, those whose answers are cached.
    #[field(set)]
    cached_methods: Value<Vec<HttpMethod>>,
    /// The policy for what is cached, see [`cache_policy`].
    #[field(form = form::DISTRIBUTION_POLICY)]
    cache_policy_id: Value<String>,
    /// Whether what can be compressed is.
    #[field(default = "false")]
    compress: Option<Value<bool>>,
    /// The policy for what origins are told.
    #[field(form = form::DISTRIBUTION_POLICY)]
    origin_request_policy_id: Option<Value<String>>,
    /// The policy for what answers have added.
    #[field(form = form::DISTRIBUTION_POLICY)]
    response_headers_policy_id: Option<Value<String>>,
}

/// How a distribution answers for paths of a pattern.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct OrderedCacheBehavior {
    /// The pattern, as `/images/*`.
    #[field(min_length = 1, max_length = 255)]
    path_pattern: Value<String>,
    /// The origin.
    target_origin_id: Value<String>,
    /// Which protocols viewers may ask by.
    viewer_protocol_policy: Value<ViewerProtocolPolicy>,
    /// Which methods they may.
    #[field(set)]
    allowed_methods: Value<Vec<HttpMethod>>,
    /// Of them, those whose answers are cached.
    #[field(set)]
    cached_methods: Value<Vec<HttpMethod>>,
    /// The policy for what is cached, see [`cache_policy`].
    #[field(form = form::DISTRIBUTION_POLICY)]
    cache_policy_id: Value<String>,
    /// Whether what can be compressed is.
    #[field(default = "false")]
    compress: Option<Value<bool>>,
    /// The policy for what origins are told.
    #[field(form = form::DISTRIBUTION_POLICY)]
    origin_request_policy_id: Option<Value<String>>,
    /// The policy for what answers have added.
    #[field(form = form::DISTRIBUTION_POLICY)]
    response_headers_policy_id: Option<Value<String>>,
}

/// What is answered in the place of an error.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct CustomErrorResponse {
    /// The origin's code.
    #[field(min = 400, max = 504)]
    error_code: Value<i64>,
    /// The code that viewers get.
    #[field(min = 200, max = 504)]
    response_code: Option<Value<i64>>,
    /// The page that they get.
    response_page_path: Option<Value<String>>,
    /// Seconds for which the error is cached at least.
    #[field(default = "10", min = 0)]
    error_caching_min_ttl: Option<Value<i64>>,
}

/// Where a distribution's logs go.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct LoggingConfig {
    /// The bucket's domain, as `logs.s3.amazonaws.com`. It has to take ACLs.
    #[field(form = form::BUCKET_DOMAIN)]
    bucket: Value<String>,
    /// Whether they hold cookies.
    #[field(default = "false")]
    include_cookies: Option<Value<bool>>,
    /// What stands before their names.
    #[field(default = "\"\"", max_length = 256)]
    prefix: Option<Value<String>>,
}

/// Who gets nothing.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct Restrictions {
    /// By country.
    geo_restriction: Value<GeoRestriction>,
}

/// Which countries get nothing.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct GeoRestriction {
    /// What the list is of.
    restriction_type: Value<GeoRestrictionType>,
    /// Countries, by two capitals.
    #[field(set, default = "[]", form = form::COUNTRY)]
    locations: Option<Value<Vec<String>>>,
}

/// The certificate that a distribution shows.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct ViewerCertificate {
    /// Whether it is CloudFront's own, for its own name alone.
    #[field(default = "false")]
    cloudfront_default_certificate: Option<Value<bool>>,
    /// One of us-east-1 that is issued and names all aliases.
    #[field(holds = Firm, form = form::DISTRIBUTION_CERTIFICATE)]
    acm_certificate_arn: Option<Value<Arn<AcmCertificate>>>,
    /// How it is shown.
    #[field(computed)]
    ssl_support_method: Option<Value<SslSupportMethod>>,
    /// The least version of TLS.
    #[field(computed)]
    minimum_protocol_version: Option<Value<MinimumProtocolVersion>>,
}

impl DistributionOrigin {
    /// A bucket that lets this distribution in alone.
    #[must_use]
    pub fn bucket(
        id: &str,
        regional_domain: impl IntoPlain<String>,
        control: impl IntoId<CloudfrontOriginAccessControl>,
    ) -> Self {
        Self::new(regional_domain, id.to_owned()).origin_access_control_id(control)
    }
}

impl DefaultCacheBehavior {
    /// Files: read alone, over HTTPS, compressed and cached as long as their origin says.
    #[must_use]
    pub fn files_of(origin: &str) -> Self {
        let methods = [HttpMethod::Get, HttpMethod::Head];
        Self::new(
            origin.to_owned(),
            ViewerProtocolPolicy::RedirectToHttps,
            methods,
            methods,
            cache_policy::CACHING_OPTIMIZED.to_owned(),
        )
        .compress(true)
    }
}

impl ViewerCertificate {
    /// CloudFront's own.
    #[must_use]
    pub fn of_cloudfront() -> Self {
        Self::new().cloudfront_default_certificate(true)
    }

    /// One of Certificate Manager's, over TLS 1.2 at least.
    #[must_use]
    pub fn of_acm(certificate: impl IntoArn<AcmCertificate>) -> Self {
        Self::new()
            .acm_certificate_arn(certificate)
            .ssl_support_method(SslSupportMethod::SniOnly)
            .minimum_protocol_version(MinimumProtocolVersion::Tls12Of2021)
    }
}

impl Restrictions {
    /// Everyone gets something.
    #[must_use]
    pub fn none() -> Self {
        Self::new(GeoRestriction::new(GeoRestrictionType::None))
    }
}

fn check(distribution: &View<'_>, findings: &mut Findings<'_>) {
    let origins = distribution.part("origin").map(Part::items).unwrap_or_default();
    let ids: Vec<&str> = origins.iter().filter_map(|origin| origin.text("origin_id")).collect();
    for (at, id) in ids.iter().enumerate() {
        if ids[..at].contains(id) {
            findings.refuse(format!("`origin_id` {id} is there twice"));
        }
    }
    for origin in &origins {
        if origin.at("custom_origin_config").is_none()
            && let Some(domain) = origin.text("domain_name")
            && !(domain.contains(".s3.") && domain.ends_with(".amazonaws.com"))
        {
            findings.refuse(format!("{domain} is no bucket's regional domain, and there is no `custom_origin_config`"));
        }
        let path = origin.text("origin_path").unwrap_or_default();
        if !path.is_empty() && (!path.starts_with('/') || path.ends_with('/')) {
            findings.refuse(format!("`origin_path` {path}: it begins with a slash and does not end with one"));
        }
    }
    let usual = distribution.part("default_cache_behavior");
    let ordered = distribution.part("ordered_cache_behavior").map(Part::items).unwrap_or_default();
    let all_known = ids.len() == origins.len();
    for behavior in usual.iter().chain(&ordered) {
        if let Some(target) = behavior.text("target_origin_id")
            && all_known
            && !ids.contains(&target)
        {
            findings.refuse(format!("`target_origin_id` {target} is none of its origins: {}", ids.join(", ")));
        }
    }
    if distribution.text("default_root_object").is_some_and(|root| root.starts_with('/')) {
        findings.refuse("`default_root_object` has no slash before it");
    }
    let own = distribution.gives("viewer_certificate.acm_certificate_arn");
    let usual = distribution.truth("viewer_certificate.cloudfront_default_certificate").unwrap_or_default();
    if own == usual {
        findings.refuse(
            "a distribution shows CloudFront's certificate (`cloudfront_default_certificate`) or one of \
             `acm_certificate_arn`",
        );
    } else if own && !distribution.gives("viewer_certificate.ssl_support_method") {
        findings.refuse("`acm_certificate_arn` wants an `ssl_support_method`");
    }
    // <https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_ViewerCertificate.html>
    for field in ["minimum_protocol_version", "ssl_support_method"] {
        if usual && distribution.gives(&format!("viewer_certificate.{field}")) {
            findings.refuse(format!(
                "`{field}` goes with `acm_certificate_arn`: CloudFront's own certificate is shown from TLSv1 on, \
                 whatever is asked for"
            ));
        }
    }
    let aliases = distribution.part("aliases").map(Part::items).unwrap_or_default();
    if !own && !aliases.is_empty() {
        findings.refuse("`aliases` want a certificate that names them, by `acm_certificate_arn`");
    }
    check_certificate(distribution, &aliases, findings);
    let kind = distribution.text("restrictions.geo_restriction.restriction_type");
    let places = distribution.part("restrictions.geo_restriction.locations").map(Part::items).unwrap_or_default();
    if kind.is_some_and(|kind| (kind == "none") != places.is_empty()) {
        findings.refuse("`locations` are given where `restriction_type` is a list of them, and not where it is none");
    }
    for error in distribution.part("custom_error_response").map(Part::items).unwrap_or_default() {
        if error.at("response_code").is_some() != error.at("response_page_path").is_some() {
            findings.refuse("`response_code` and `response_page_path` come together");
        }
    }
}

/// Where a certificate lies, and what it names:
/// <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cnames-and-https-requirements.html>
fn check_certificate(distribution: &View<'_>, aliases: &[Part<'_>], findings: &mut Findings<'_>) {
    let Some(mut certificate) = distribution.follow("viewer_certificate.acm_certificate_arn") else { return };
    if certificate.node().address.kind() == "aws_acm_certificate_validation" {
        let Some(validated) = certificate.follow("certificate_arn") else { return };
        certificate = validated;
    }
    let region = &certificate.node().region;
    if certificate.node().address.kind() != "aws_acm_certificate" || region.starts_with("cn-") {
        return;
    }
    if region != "us-east-1" {
        findings.refuse(format!(
            "{} lies in {region}, and CloudFront shows certificates of us-east-1: `.region(\"us-east-1\")`",
            certificate.named()
        ));
    }
    let text = |part: &Part<'_>| part.literal().and_then(Datum::as_str).map(str::to_ascii_lowercase);
    let others = certificate.part("subject_alternative_names");
    if others.is_some_and(|others| others.items().is_empty() && others.literal().is_none()) {
        return;
    }
    let others = others.map(Part::items).unwrap_or_default();
    let names = certificate.part("domain_name").iter().chain(&others).map(text).collect::<Option<Vec<_>>>();
    let Some(names) = names.filter(|names| !names.is_empty()) else { return };
    for alias in aliases.iter().filter_map(text) {
        // A `*` stands for one label.
        let above = alias.split_once('.').map(|(_, rest)| format!("*.{rest}"));
        if !names.iter().any(|name| *name == alias || Some(name) == above.as_ref()) {
            findings.refuse(format!("{} names {}, and not {alias}", certificate.named(), names.join(", ")));
        }
    }
}
