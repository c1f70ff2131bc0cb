//! Static assets: files of a bucket that nobody reaches but CloudFront, which answers for them near those who ask.

use fathuss_model::aws::policy::{Principal, Statement};
use fathuss_model::aws::{
    CloudfrontDistribution, CloudfrontOriginAccessControl, DefaultCacheBehavior, DistributionOrigin, HttpVersion,
    OriginType, PriceClass, RecordAlias, RecordType, Restrictions, Route53Record, SigningBehavior, SigningProtocol,
    ViewerCertificate, response_headers_policy,
};
use fathuss_model::{Handle, Stack, actions};

use crate::environment::Environment;
use crate::names::{self, Names};
use crate::storage::{self, Bucket, Encryption};

/// The region of the certificates that CloudFront shows:
/// <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cnames-and-https-requirements.html>
const CERTIFICATES: &str = "us-east-1";

/// The bucket, the distribution, and its names.
pub fn assets(stack: &mut Stack, env: &Environment, names: &Names) -> Handle<CloudfrontDistribution> {
    let certificate =
        if env.region == CERTIFICATES { &names.certificate } else { &names::certificate_in(stack, env, CERTIFICATES) };
    env.tag_all(stack, "assets");
    // Whoever knows the address may read them: a key of one's own would keep nothing from anyone.
    let bucket = storage::bucket(stack, env, &Bucket::new("assets", Encryption::OfS3));
    let control = CloudfrontOriginAccessControl::new(OriginType::S3, SigningBehavior::Always, SigningProtocol::SigV4)
        .name(format!("{}-assets", env.name()));
    let control = stack.add("assets", control);
    let domain = format!("static.{}", env.domain);
    let distribution = CloudfrontDistribution::new(
        [DistributionOrigin::bucket("assets", bucket.bucket_regional_domain_name(), &control)],
        DefaultCacheBehavior::files_of("assets").response_headers_policy_id(response_headers_policy::SECURITY_HEADERS),
        Restrictions::none(),
        ViewerCertificate::of_acm(certificate.certificate_arn()),
        true,
    )
    .aliases([domain.as_str()])
    .comment(format!("Static assets of {}", env.name()))
    .http_version(HttpVersion::Http2And3)
    .is_ipv6_enabled(true)
    .price_class(PriceClass::Class100);
    let distribution = stack.add("assets", distribution);

    let reads = Statement::allow(actions!["s3:GetObject"])
        .sid("CloudFront")
        .by(Principal::service("cloudfront.amazonaws.com"))
        .on(storage::objects(&bucket))
        .when("StringEquals", "AWS:SourceArn", [distribution.arn()]);
    storage::policy(stack, "assets", &bucket, [reads]);

    for (family, kind) in [("ipv4", RecordType::A), ("ipv6", RecordType::Aaaa)] {
        let alias = RecordAlias::new(distribution.domain_name(), distribution.hosted_zone_id(), false);
        let record = Route53Record::new(names.zone.zone_id(), domain.as_str(), kind).alias(alias);
        stack.add(("assets", family), record);
    }
    distribution
}

#[cfg(test)]
mod tests {
    use crate::environment::{Environment, Zones};
    use crate::inspection::{literal, node, nodes, of, production, refers_to, value};
    use crate::production;

    #[test]
    fn the_distribution_alone_reads_the_bucket() {
        let graph = production();
        let policy = value(node(&graph, "aws_s3_bucket_policy", "assets"), "policy").unwrap();
        let policy = policy.as_str().unwrap();
        assert_eq!(policy.matches(r#""Effect":"Allow""#).count(), 1);
        let condition = r#""StringEquals":{"AWS:SourceArn":"<aws_cloudfront_distribution.assets.arn>"}"#;
        assert!(policy.contains(condition), "{policy}");
        let control = node(&graph, "aws_cloudfront_origin_access_control", "assets");
        assert_eq!(literal(control, "signing_behavior"), Some("always".into()));
    }

    #[test]
    fn it_is_reached_by_tls_alone_under_our_own_name() {
        let graph = production();
        let distribution = node(&graph, "aws_cloudfront_distribution", "assets");
        let policy = literal(distribution, "default_cache_behavior.viewer_protocol_policy");
        assert_eq!(policy, Some("redirect-to-https".into()));
        assert_eq!(refers_to(distribution, "viewer_certificate"), ["aws_acm_certificate_validation.main"]);
        assert_eq!(literal(distribution, "aliases"), Some(vec!["static.fathuss.com"].into()));
        let records =
            nodes(&graph, "aws_route53_record").into_iter().filter(|record| record.address.name() == "assets");
        assert_eq!(records.count(), 2);
    }

    #[test]
    fn in_another_region_the_certificate_is_still_where_cloudfront_looks_for_it() {
        let moved = production::environment().map(|environment| Environment {
            region: "us-west-2",
            zones: Zones::new(["us-west-2a", "us-west-2b", "us-west-2c"]),
            // Copies of what stands there go elsewhere.
            recovery: None,
            ..environment
        });
        let graph = of(&moved);
        let distribution = node(&graph, "aws_cloudfront_distribution", "assets");
        assert_eq!(refers_to(distribution, "viewer_certificate"), [r#"aws_acm_certificate_validation.us-east-1"#]);
        assert_eq!(node(&graph, "aws_acm_certificate", "us-east-1").region, "us-east-1");
    }
}
