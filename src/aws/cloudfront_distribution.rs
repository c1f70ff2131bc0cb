//! `aws_cloudfront_distribution`: <https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateDistribution.html>

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_cloudfront::operation::get_distribution::GetDistributionOutput;
use aws_sdk_cloudfront::types::{
    Aliases, AllowedMethods, CacheBehavior, CacheBehaviors, CachedMethods, CustomErrorResponse, CustomErrorResponses,
    CustomOriginConfig, DefaultCacheBehavior, Distribution, DistributionConfig, DistributionConfigWithTags,
    GeoRestriction, GeoRestrictionType, HttpVersion, LoggingConfig, Method, MinimumProtocolVersion, Origin,
    OriginProtocolPolicy, OriginSslProtocols, Origins, PriceClass, Restrictions, S3OriginConfig, SslProtocol,
    SslSupportMethod, Tag, TagKeys, Tags, ViewerCertificate, ViewerProtocolPolicy,
};
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Progress, ReadRequest, Standing, UpdateRequest,
};
use fathuss_model::schema::Schema;
use fathuss_model::{Datum, Resource};
use fathuss_state::Identity;
use futures::future::try_join;

use crate::call::Service;
use crate::client::Client;
use crate::cloudfront::{call, invalid, on_version, there};
use crate::differ::once_shown;
use crate::failure::unreadable;
use crate::fields::{Fields, Observed};
use crate::gone::waiting;
use crate::kind::{Batch, Kind};
use crate::mark::{self, Marked, TagChange};

/// The calls of `aws_cloudfront_distribution`.
pub struct CloudfrontDistribution;

const SCHEMA: &Schema = fathuss_model::aws::CloudfrontDistribution::SCHEMA;

/// The zone of every distribution's name: <https://docs.aws.amazon.com/general/latest/gr/cf_region.html>
const ZONE: &str = "Z2FDTNDATAQYW2";

#[async_trait(?Send)]
impl Kind for CloudfrontDistribution {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// `GetDistribution` and `ListTagsForResource` for each: the list has neither logging nor the root object, and no
    /// call answers the tags of several.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        Batch::each(requests, |request| async {
            let Some((found, tags)) = look(client, &request.identity.0).await? else { return Ok(None) };
            Ok(Some(observe(&found, &tags, &request.recorded)))
        })
        .await
    }

    /// The caller reference is the token: a second request with it is refused, and the distribution that the first one
    /// made carries our mark.
    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let desired = &request.desired.attributes;
        let tags = written(mark::tags_with(&request.mark, desired)?)?;
        let with_tags = DistributionConfigWithTags::builder()
            .distribution_config(configuration(&request.token, desired)?)
            .tags(Tags::builder().set_items(Some(tags)).build())
            .build();
        let sending = client.cloudfront.create_distribution_with_tags().distribution_config_with_tags(with_tags).send();
        match client.send(call("CreateDistributionWithTags"), sending).await {
            Ok(answer) => {
                let id = answer.distribution.map(|distribution| distribution.id);
                id.map(Identity).ok_or_else(|| unreadable(Service::CloudFront, "CreateDistributionWithTags", "Id"))
            }
            Err(failure) if failure.code == "DistributionAlreadyExists" => match ours(client, request).await? {
                Some(identity) => Ok(identity),
                None => Err(failure),
            },
            Err(failure) => Err(failure),
        }
    }

    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        Ok(ours(client, request).await?.map_or(Found::Nothing, Found::Ours))
    }

    /// Usable once every place has it.
    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let Some((found, tags)) = look(client, &standing.identity.0).await? else {
            return Ok(waiting("not visible yet"));
        };
        if found.status != "Deployed" {
            return Ok(waiting(&found.status));
        }
        let desired = &standing.desired.attributes;
        Ok(once_shown(SCHEMA, desired, observe(&found, &tags, desired)))
    }

    async fn update(&self, client: &Client, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure> {
        let (id, desired) = (standing.identity.0.as_str(), &standing.desired.attributes);
        let Some(there) = get(client, id).await? else { return Ok(()) };
        if change.changed.iter().any(|field| field != "tags") {
            put(client, id, &there, desired).await?;
        }
        if let Some(TagChange { set, gone }) = mark::tag_change(standing, change)? {
            let arn = distribution(&there)?.arn.as_str();
            let tags = Tags::builder().set_items(Some(written(set)?)).build();
            let sending = client.cloudfront.tag_resource().resource(arn).tags(tags).send();
            client.send(call("TagResource"), sending).await?;
            if !gone.is_empty() {
                let keys = TagKeys::builder().set_items(Some(gone)).build();
                let sending = client.cloudfront.untag_resource().resource(arn).tag_keys(keys).send();
                client.send(call("UntagResource"), sending).await?;
            }
        }
        Ok(())
    }

    /// Switched off first, which every place has to know before it can go.
    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let id = standing.identity.0.as_str();
        let Some(there) = get(client, id).await? else { return Ok(Progress::Gone) };
        let found = distribution(&there)?;
        let enabled = found.distribution_config.as_ref().is_some_and(|config| config.enabled);
        if enabled {
            let mut config = found.distribution_config.clone();
            if let Some(config) = &mut config {
                config.enabled = false;
            }
            let sending = client
                .cloudfront
                .update_distribution()
                .id(id)
                .set_if_match(there.e_tag.clone())
                .set_distribution_config(config)
                .send();
            crate::cloudfront::there(client.send(on_version("UpdateDistribution"), sending).await)?;
            return Ok(waiting("switching off"));
        }
        if found.status != "Deployed" {
            return Ok(waiting(&found.status));
        }
        let sending = client.cloudfront.delete_distribution().id(id).set_if_match(there.e_tag.clone()).send();
        crate::cloudfront::there(client.send(on_version("DeleteDistribution"), sending).await)?;
        Ok(waiting("deleting"))
    }
}

async fn get(client: &Client, id: &str) -> Result<Option<GetDistributionOutput>, Failure> {
    let sending = client.cloudfront.get_distribution().id(id).send();
    there(client.send(call("GetDistribution"), sending).await)
}

fn distribution(answer: &GetDistributionOutput) -> Result<&Distribution, Failure> {
    answer.distribution.as_ref().ok_or_else(|| unreadable(Service::CloudFront, "GetDistribution", "Distribution"))
}

async fn tags(client: &Client, arn: &str) -> Result<Option<BTreeMap<String, String>>, Failure> {
    let sending = client.cloudfront.list_tags_for_resource().resource(arn).send();
    let answer = there(client.send(call("ListTagsForResource"), sending).await)?;
    let read = |tag: &Tag| (tag.key.clone(), tag.value.clone().unwrap_or_default());
    Ok(answer
        .map(|answer| answer.tags.as_ref().map(|tags| tags.items().iter().map(read).collect()).unwrap_or_default()))
}

/// The distribution with its tags, if it is there.
async fn look(client: &Client, id: &str) -> Result<Option<(Distribution, BTreeMap<String, String>)>, Failure> {
    let arn = format!("arn:aws:cloudfront::{}:distribution/{id}", client.account.as_deref().unwrap_or_default());
    if client.account.is_some() {
        // The ARN is known beforehand: both are asked at once.
        let (there, tags) = try_join(get(client, id), tags(client, &arn)).await?;
        let Some(there) = there else { return Ok(None) };
        return Ok(Some((distribution(&there)?.clone(), tags.unwrap_or_default())));
    }
    let Some(there) = get(client, id).await? else { return Ok(None) };
    let found = distribution(&there)?.clone();
    let tags = tags(client, &found.arn).await?.unwrap_or_default();
    Ok(Some((found, tags)))
}

/// What an earlier request made, by its mark among all distributions.
async fn ours(client: &Client, request: &MakeRequest) -> Result<Option<Identity>, Failure> {
    let mut marker = None;
    loop {
        let sending = client.cloudfront.list_distributions().set_marker(marker).send();
        let answer = client.send(call("ListDistributions"), sending).await?;
        let Some(page) = answer.distribution_list else { return Ok(None) };
        for one in page.items.unwrap_or_default() {
            let tags = tags(client, &one.arn).await?.unwrap_or_default();
            let is_it = Marked::among(&tags)
                .is_some_and(|marked| marked.is(&request.mark) && marked.generation == request.mark.generation);
            if is_it {
                return Ok(Some(Identity(one.id)));
            }
        }
        marker = page.next_marker.filter(|_| page.is_truncated);
        if marker.is_none() {
            return Ok(None);
        }
    }
}

async fn put(client: &Client, id: &str, there: &GetDistributionOutput, desired: &Attributes) -> Result<(), Failure> {
    let config = distribution(there)?.distribution_config.as_ref();
    let reference = config.map(|config| config.caller_reference.as_str()).unwrap_or_default();
    let sending = client
        .cloudfront
        .update_distribution()
        .id(id)
        .set_if_match(there.e_tag.clone())
        .distribution_config(configuration(reference, desired)?)
        .send();
    client.send(on_version("UpdateDistribution").unseen("InvalidViewerCertificate", "doesn't exist"), sending).await?;
    Ok(())
}

fn count<T>(items: &[T]) -> i32 {
    i32::try_from(items.len()).unwrap_or(i32::MAX)
}

fn configuration(reference: &str, desired: &Attributes) -> Result<DistributionConfig, Failure> {
    let fields = Fields::of(desired);
    let origins: Vec<Origin> = fields.blocks("origin")?.iter().map(origin).collect::<Result<_, _>>()?;
    let origins = Origins::builder().quantity(count(&origins)).set_items(Some(origins)).build().map_err(invalid)?;
    let aliases = fields.texts("aliases")?;
    let aliases = Aliases::builder().quantity(count(&aliases)).set_items(some(aliases)).build().map_err(invalid)?;
    let ordered: Vec<CacheBehavior> =
        fields.blocks("ordered_cache_behavior")?.iter().map(behavior).collect::<Result<_, _>>()?;
    let ordered =
        CacheBehaviors::builder().quantity(count(&ordered)).set_items(some(ordered)).build().map_err(invalid)?;
    let errors: Vec<CustomErrorResponse> =
        fields.blocks("custom_error_response")?.iter().map(error_response).collect::<Result<_, _>>()?;
    let errors =
        CustomErrorResponses::builder().quantity(count(&errors)).set_items(some(errors)).build().map_err(invalid)?;
    let usual = fields.block("default_cache_behavior")?.map(|usual| default_behavior(&usual)).transpose()?;
    let logging = fields.block("logging_config")?;
    let text = |name: &str| -> Result<String, Failure> {
        let given = logging.as_ref().map(|logging| logging.maybe_string(name)).transpose()?.flatten();
        Ok(given.unwrap_or_default())
    };
    let cookies = logging.as_ref().map(|logging| logging.bool_or("include_cookies", false)).transpose()?;
    let logs = LoggingConfig::builder()
        .enabled(logging.is_some())
        .include_cookies(cookies.unwrap_or_default())
        .bucket(text("bucket")?)
        .prefix(text("prefix")?)
        .build();
    DistributionConfig::builder()
        .caller_reference(reference)
        .aliases(aliases)
        .default_root_object(fields.maybe_text("default_root_object")?.unwrap_or_default())
        .origins(origins)
        .set_default_cache_behavior(usual)
        .cache_behaviors(ordered)
        .custom_error_responses(errors)
        .comment(fields.maybe_text("comment")?.unwrap_or_default())
        .logging(logs)
        .price_class(PriceClass::from(fields.maybe_text("price_class")?.unwrap_or("PriceClass_All")))
        .enabled(fields.bool_or("enabled", true)?)
        .set_viewer_certificate(fields.block("viewer_certificate")?.map(|shown| certificate(&shown)).transpose()?)
        .set_restrictions(fields.block("restrictions")?.map(|given| restrictions(&given)).transpose()?)
        .web_acl_id(fields.maybe_text("web_acl_id")?.unwrap_or_default())
        .http_version(HttpVersion::from(fields.maybe_text("http_version")?.unwrap_or("http2")))
        .is_ipv6_enabled(fields.bool_or("is_ipv6_enabled", false)?)
        .build()
        .map_err(invalid)
}

fn some<T>(items: Vec<T>) -> Option<Vec<T>> {
    Some(items).filter(|items| !items.is_empty())
}

fn origin(fields: &Fields<'_>) -> Result<Origin, Failure> {
    let custom = fields.block("custom_origin_config")?;
    let of_s3 = custom.is_none().then(|| S3OriginConfig::builder().origin_access_identity("").build());
    Origin::builder()
        .id(fields.text("origin_id")?)
        .domain_name(fields.text("domain_name")?)
        .origin_path(fields.maybe_text("origin_path")?.unwrap_or_default())
        .set_s3_origin_config(of_s3)
        .set_custom_origin_config(custom.map(|custom| custom_origin(&custom)).transpose()?)
        .set_connection_attempts(fields.maybe_i32("connection_attempts")?)
        .set_connection_timeout(fields.maybe_i32("connection_timeout")?)
        .origin_access_control_id(fields.maybe_text("origin_access_control_id")?.unwrap_or_default())
        .build()
        .map_err(invalid)
}

fn custom_origin(fields: &Fields<'_>) -> Result<CustomOriginConfig, Failure> {
    let protocols: Vec<SslProtocol> =
        fields.texts("origin_ssl_protocols")?.iter().map(|name| SslProtocol::from(name.as_str())).collect();
    let protocols = OriginSslProtocols::builder()
        .quantity(count(&protocols))
        .set_items(Some(protocols))
        .build()
        .map_err(invalid)?;
    CustomOriginConfig::builder()
        .set_http_port(fields.maybe_i32("http_port")?)
        .set_https_port(fields.maybe_i32("https_port")?)
        .origin_protocol_policy(OriginProtocolPolicy::from(fields.text("origin_protocol_policy")?))
        .origin_ssl_protocols(protocols)
        .set_origin_read_timeout(fields.maybe_i32("origin_read_timeout")?)
        .set_origin_keepalive_timeout(fields.maybe_i32("origin_keepalive_timeout")?)
        .build()
        .map_err(invalid)
}

fn methods(fields: &Fields<'_>) -> Result<AllowedMethods, Failure> {
    let listed = |name: &str| -> Result<Vec<Method>, Failure> {
        Ok(fields.texts(name)?.iter().map(|method| Method::from(method.as_str())).collect())
    };
    let (allowed, cached) = (listed("allowed_methods")?, listed("cached_methods")?);
    let cached = CachedMethods::builder().quantity(count(&cached)).set_items(Some(cached)).build().map_err(invalid)?;
    let allowed = AllowedMethods::builder().quantity(count(&allowed)).set_items(Some(allowed)).cached_methods(cached);
    allowed.build().map_err(invalid)
}

fn default_behavior(fields: &Fields<'_>) -> Result<DefaultCacheBehavior, Failure> {
    DefaultCacheBehavior::builder()
        .target_origin_id(fields.text("target_origin_id")?)
        .viewer_protocol_policy(ViewerProtocolPolicy::from(fields.text("viewer_protocol_policy")?))
        .allowed_methods(methods(fields)?)
        .compress(fields.bool_or("compress", false)?)
        .set_cache_policy_id(fields.maybe_string("cache_policy_id")?)
        .set_origin_request_policy_id(fields.maybe_string("origin_request_policy_id")?)
        .set_response_headers_policy_id(fields.maybe_string("response_headers_policy_id")?)
        .build()
        .map_err(invalid)
}

fn behavior(fields: &Fields<'_>) -> Result<CacheBehavior, Failure> {
    CacheBehavior::builder()
        .path_pattern(fields.text("path_pattern")?)
        .target_origin_id(fields.text("target_origin_id")?)
        .viewer_protocol_policy(ViewerProtocolPolicy::from(fields.text("viewer_protocol_policy")?))
        .allowed_methods(methods(fields)?)
        .compress(fields.bool_or("compress", false)?)
        .set_cache_policy_id(fields.maybe_string("cache_policy_id")?)
        .set_origin_request_policy_id(fields.maybe_string("origin_request_policy_id")?)
        .set_response_headers_policy_id(fields.maybe_string("response_headers_policy_id")?)
        .build()
        .map_err(invalid)
}

fn error_response(fields: &Fields<'_>) -> Result<CustomErrorResponse, Failure> {
    CustomErrorResponse::builder()
        .set_error_code(fields.maybe_i32("error_code")?)
        .set_response_code(fields.maybe_integer("response_code")?.map(|code| code.to_string()))
        .set_response_page_path(fields.maybe_string("response_page_path")?)
        .set_error_caching_min_ttl(fields.maybe_integer("error_caching_min_ttl")?)
        .build()
        .map_err(invalid)
}

fn restrictions(fields: &Fields<'_>) -> Result<Restrictions, Failure> {
    let Some(geo) = fields.block("geo_restriction")? else { return Ok(Restrictions::builder().build()) };
    let places = geo.texts("locations")?;
    let geo = GeoRestriction::builder()
        .restriction_type(GeoRestrictionType::from(geo.text("restriction_type")?))
        .quantity(count(&places))
        .set_items(some(places))
        .build()
        .map_err(invalid)?;
    Ok(Restrictions::builder().geo_restriction(geo).build())
}

fn certificate(fields: &Fields<'_>) -> Result<ViewerCertificate, Failure> {
    let own = fields.maybe_string("acm_certificate_arn")?;
    let usual = own.is_none();
    let method = fields.maybe_text("ssl_support_method")?.filter(|_| !usual);
    let least = fields.maybe_text("minimum_protocol_version")?.filter(|_| !usual);
    Ok(ViewerCertificate::builder()
        .cloud_front_default_certificate(usual)
        .set_acm_certificate_arn(own)
        .set_ssl_support_method(method.map(SslSupportMethod::from))
        .set_minimum_protocol_version(least.map(MinimumProtocolVersion::from))
        .build())
}

fn tag(key: String, value: String) -> Result<Tag, Failure> {
    Tag::builder().key(key).value(value).build().map_err(invalid)
}

fn written(tags: BTreeMap<String, String>) -> Result<Vec<Tag>, Failure> {
    tags.into_iter().map(|(key, value)| tag(key, value)).collect()
}

/// A text, where there is one.
fn filled(text: Option<&String>) -> Option<String> {
    text.filter(|text| !text.is_empty()).cloned()
}

/// Puts blocks in the order in which they were given, known by one of their fields: AWS says nothing of theirs.
fn in_order<T>(
    mut items: Vec<T>,
    given: &Attributes,
    list: &str,
    of: impl Fn(&Datum) -> Option<String>,
    key: impl Fn(&T) -> String,
) -> Vec<T> {
    let wanted: Vec<String> = given.get(list).and_then(Datum::as_list).into_iter().flatten().filter_map(of).collect();
    items.sort_by_key(|item| {
        let key = key(item);
        (wanted.iter().position(|one| *one == key).unwrap_or(usize::MAX), key)
    });
    items
}

fn observe(found: &Distribution, tags: &BTreeMap<String, String>, given: &Attributes) -> Attributes {
    let known = Observed::new()
        .with("id", found.id.as_str())
        .with("arn", found.arn.as_str())
        .with("domain_name", found.domain_name.as_str())
        .with("hosted_zone_id", ZONE)
        .with("status", found.status.as_str())
        .tagged(tags);
    let Some(config) = &found.distribution_config else { return known.finish(SCHEMA) };
    let origins = config.origins.as_ref().map(|origins| origins.items.clone()).unwrap_or_default();
    let id = |origin: &Datum| origin.as_map()?.get("origin_id")?.as_str().map(str::to_owned);
    let origins = in_order(origins, given, "origin", id, |origin| origin.id.clone());
    let errors = config.custom_error_responses.as_ref().map(|errors| errors.items().to_vec()).unwrap_or_default();
    let code = |error: &Datum| error.as_map()?.get("error_code")?.as_integer().map(|code| code.to_string());
    let errors = in_order(errors, given, "custom_error_response", code, |error| error.error_code.to_string());
    let usual = config.default_cache_behavior.as_ref().map_or_else(Observed::new, |usual| {
        observed_behavior(
            &usual.target_origin_id,
            usual.viewer_protocol_policy.as_str(),
            usual.allowed_methods.as_ref(),
            usual.compress,
            [&usual.cache_policy_id, &usual.origin_request_policy_id, &usual.response_headers_policy_id],
        )
    });
    let ordered = config.cache_behaviors.as_ref().map(|ordered| ordered.items().to_vec()).unwrap_or_default();
    let ordered = ordered.iter().map(|one| {
        observed_behavior(
            &one.target_origin_id,
            one.viewer_protocol_policy.as_str(),
            one.allowed_methods.as_ref(),
            one.compress,
            [&one.cache_policy_id, &one.origin_request_policy_id, &one.response_headers_policy_id],
        )
        .with("path_pattern", one.path_pattern.as_str())
        .into_datum()
    });
    let logging = config.logging.as_ref().filter(|logging| logging.enabled).map_or_else(Observed::new, |logging| {
        Observed::new()
            .with("bucket", logging.bucket.as_str())
            .with("include_cookies", logging.include_cookies)
            .with("prefix", logging.prefix.as_str())
    });
    let geo = config.restrictions.as_ref().and_then(|restrictions| restrictions.geo_restriction.as_ref());
    let geo = geo.map_or_else(Observed::new, |geo| {
        Observed::new()
            .with("restriction_type", geo.restriction_type.as_str())
            .with_list("locations", geo.items().iter().map(String::as_str))
    });
    let shown = config.viewer_certificate.as_ref().map_or_else(Observed::new, |shown| {
        Observed::new()
            .with("cloudfront_default_certificate", shown.cloud_front_default_certificate.unwrap_or_default())
            .with("acm_certificate_arn", filled(shown.acm_certificate_arn.as_ref()))
            .with("ssl_support_method", shown.ssl_support_method.as_ref().map(|it| it.as_str().to_owned()))
            .with("minimum_protocol_version", shown.minimum_protocol_version.as_ref().map(|it| it.as_str().to_owned()))
    });
    known
        .with_list("origin", origins.iter().map(observed_origin))
        .with_block("default_cache_behavior", usual)
        .with_list("ordered_cache_behavior", ordered)
        .with_list("custom_error_response", errors.iter().map(observed_error))
        .with_block("logging_config", logging)
        .with_block("restrictions", Observed::new().with_block("geo_restriction", geo))
        .with_block("viewer_certificate", shown)
        .with("enabled", config.enabled)
        .with_list("aliases", config.aliases.iter().flat_map(|aliases| aliases.items()).map(String::as_str))
        .with("comment", config.comment.as_str())
        .with("default_root_object", config.default_root_object.clone().unwrap_or_default())
        .with("price_class", config.price_class.as_ref().map(|class| class.as_str().to_owned()))
        .with("http_version", config.http_version.as_ref().map(|version| version.as_str().to_owned()))
        .with("is_ipv6_enabled", config.is_ipv6_enabled)
        .with("web_acl_id", filled(config.web_acl_id.as_ref()))
        .finish(SCHEMA)
}

fn observed_origin(origin: &Origin) -> Datum {
    let custom = origin.custom_origin_config.as_ref().map_or_else(Observed::new, |custom| {
        let protocols = custom.origin_ssl_protocols.iter().flat_map(|protocols| &protocols.items);
        Observed::new()
            .with("http_port", i64::from(custom.http_port))
            .with("https_port", i64::from(custom.https_port))
            .with("origin_protocol_policy", custom.origin_protocol_policy.as_str())
            .with_list("origin_ssl_protocols", protocols.map(SslProtocol::as_str))
            .with("origin_read_timeout", custom.origin_read_timeout.map(i64::from))
            .with("origin_keepalive_timeout", custom.origin_keepalive_timeout.map(i64::from))
    });
    Observed::new()
        .with("domain_name", origin.domain_name.as_str())
        .with("origin_id", origin.id.as_str())
        .with("origin_path", origin.origin_path.clone().unwrap_or_default())
        .with("origin_access_control_id", filled(origin.origin_access_control_id.as_ref()))
        .with("connection_attempts", origin.connection_attempts.map(i64::from))
        .with("connection_timeout", origin.connection_timeout.map(i64::from))
        .with_block("custom_origin_config", custom)
        .into_datum()
}

fn observed_behavior(
    target: &str,
    protocol: &str,
    methods: Option<&AllowedMethods>,
    compress: Option<bool>,
    [cache, request, response]: [&Option<String>; 3],
) -> Observed {
    let cached = methods.and_then(|methods| methods.cached_methods.as_ref());
    Observed::new()
        .with("target_origin_id", target)
        .with("viewer_protocol_policy", protocol)
        .with_list("allowed_methods", methods.iter().flat_map(|methods| &methods.items).map(Method::as_str))
        .with_list("cached_methods", cached.iter().flat_map(|cached| &cached.items).map(Method::as_str))
        .with("compress", compress)
        .with("cache_policy_id", filled(cache.as_ref()))
        .with("origin_request_policy_id", filled(request.as_ref()))
        .with("response_headers_policy_id", filled(response.as_ref()))
}

fn observed_error(error: &CustomErrorResponse) -> Datum {
    let code = filled(error.response_code.as_ref()).and_then(|code| code.parse::<i64>().ok());
    Observed::new()
        .with("error_code", i64::from(error.error_code))
        .with("response_code", code)
        .with("response_page_path", filled(error.response_page_path.as_ref()))
        .with("error_caching_min_ttl", error.error_caching_min_ttl)
        .into_datum()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use fathuss_engine::Provider;
    use fathuss_engine::provider::{FailureClass, Observation, Progress};
    use serde_json::{Value, json};

    use crate::asked::{make, read, standing};
    use crate::canned::Canned;
    use crate::mark;

    const AT: &str = "s.aws_cloudfront_distribution.main";
    const ONE: &str = "GET /2020-05-31/distribution/E1";
    const ALL: &str = "GET /2020-05-31/distribution";
    const TAGS: &str = "GET /2020-05-31/tagging";
    const MAKE: &str = "POST /2020-05-31/distribution";
    const CHANGE: &str = "PUT /2020-05-31/distribution/E1/config";
    const GO: &str = "DELETE /2020-05-31/distribution/E1";

    fn distribution(status: &str, enabled: bool) -> String {
        let origin = |id: &str| {
            format!(
                "<Origin><Id>{id}</Id><DomainName>{id}.s3.us-east-1.amazonaws.com</DomainName><OriginPath></OriginPath>\
                 <S3OriginConfig><OriginAccessIdentity></OriginAccessIdentity></S3OriginConfig></Origin>"
            )
        };
        format!(
            "<Distribution><Id>E1</Id><ARN>arn:aws:cloudfront::111122223333:distribution/E1</ARN><Status>{status}</Status>\
             <LastModifiedTime>2026-01-05T09:00:00.000Z</LastModifiedTime><InProgressInvalidationBatches>0\
             </InProgressInvalidationBatches><DomainName>d1.cloudfront.net</DomainName><DistributionConfig>\
             <CallerReference>r</CallerReference><Origins><Quantity>2</Quantity><Items>{}{}</Items></Origins>\
             <DefaultCacheBehavior><TargetOriginId>a</TargetOriginId><ViewerProtocolPolicy>https-only\
             </ViewerProtocolPolicy></DefaultCacheBehavior><Comment></Comment><Enabled>{enabled}</Enabled>\
             </DistributionConfig></Distribution>",
            origin("a"),
            origin("b")
        )
    }

    fn tagged() -> String {
        let tags: String = mark::tags(&make(AT, json!({})).mark)
            .into_iter()
            .map(|(key, value)| format!("<Tag><Key>{key}</Key><Value>{value}</Value></Tag>"))
            .collect();
        format!("<Tags><Items>{tags}</Items></Tags>")
    }

    fn refusal(code: &str) -> String {
        format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>says AWS</Message></Error>\
             <RequestId>r-2</RequestId></ErrorResponse>"
        )
    }

    fn wanted() -> Value {
        let behavior = json!({
            "target_origin_id": "a", "viewer_protocol_policy": "https-only", "allowed_methods": ["GET", "HEAD"],
            "cached_methods": ["GET", "HEAD"], "cache_policy_id": "p",
        });
        json!({
            "origin": [
                { "origin_id": "b", "domain_name": "b.s3.us-east-1.amazonaws.com" },
                { "origin_id": "a", "domain_name": "a.s3.us-east-1.amazonaws.com" },
            ],
            "default_cache_behavior": behavior,
            "restrictions": { "geo_restriction": { "restriction_type": "none" } },
            "viewer_certificate": { "cloudfront_default_certificate": true },
            "enabled": true,
        })
    }

    fn waiting(state: &str) -> Progress {
        Progress::Waiting { state: state.to_owned() }
    }

    #[tokio::test]
    async fn origins_are_read_in_the_order_that_they_were_given_in() {
        let canned = Canned::new().xml(ONE, 200, &distribution("Deployed", true)).xml(TAGS, 200, &tagged());
        let mut request = read(AT, "E1");
        request.recorded = crate::asked::attributes(wanted());
        let answer = canned.aws().read(&[request]).await;
        let Ok(Observation::Present(attributes)) = &answer.observations[0] else { panic!("{answer:?}") };
        let origins = serde_json::to_value(&attributes["origin"]).unwrap();
        assert_eq!((&origins[0]["origin_id"], &origins[1]["origin_id"]), (&json!("b"), &json!("a")));
        let gone = Canned::new().xml(ONE, 404, &refusal("NoSuchDistribution"));
        assert_eq!(gone.aws().read(&[read(AT, "E1")]).await.observations[0], Ok(Observation::Absent));
    }

    #[tokio::test]
    async fn a_reference_that_was_used_names_what_carries_our_mark() {
        let item = "<DistributionSummary><Id>E1</Id><ARN>arn:aws:cloudfront::111122223333:distribution/E1</ARN>\
                    </DistributionSummary>";
        let listed = format!(
            "<DistributionList><Marker></Marker><MaxItems>100</MaxItems><IsTruncated>false</IsTruncated><Quantity>1\
             </Quantity><Items>{item}</Items></DistributionList>"
        );
        let canned = Canned::new().xml(MAKE, 409, &refusal("DistributionAlreadyExists")).xml(ALL, 200, &listed).xml(
            TAGS,
            200,
            &tagged(),
        );
        assert_eq!(canned.aws().create(&make(AT, wanted())).await.unwrap().0, "E1");
        let body = canned.seen()[0].get("body").unwrap().to_owned();
        assert!(body.contains(&format!("<CallerReference>{}</CallerReference>", "f".repeat(64))), "{body}");
    }

    fn deleting(status: &str, enabled: bool) -> Arc<Canned> {
        Canned::new().xml(ONE, 200, &distribution(status, enabled))
    }

    #[tokio::test]
    async fn one_is_switched_off_everywhere_before_it_goes() {
        let standing = standing(AT, "E1", wanted());
        let on = deleting("Deployed", true).xml(CHANGE, 200, &distribution("InProgress", false));
        assert_eq!(on.aws().delete(&standing).await, Ok(waiting("switching off")));
        let sent = on.seen().into_iter().find(|seen| seen.operation == CHANGE).unwrap();
        assert!(sent.get("body").unwrap().contains("<Enabled>false</Enabled>"));
        let off = deleting("InProgress", false);
        assert_eq!(off.aws().delete(&standing).await, Ok(waiting("InProgress")));
        let everywhere = deleting("Deployed", false).xml(GO, 204, "");
        assert_eq!(everywhere.aws().delete(&standing).await, Ok(waiting("deleting")));
        let changed = deleting("Deployed", false).xml(GO, 412, &refusal("PreconditionFailed"));
        assert_eq!(changed.aws().delete(&standing).await.unwrap_err().class, FailureClass::NotYet);
    }
}
