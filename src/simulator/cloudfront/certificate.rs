//! Which certificate a distribution shows: CloudFront's own, or one of Certificate Manager's that names its aliases.

use super::distribution::Distribution;
use crate::acm::certificate::{Certificate, State};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::value::Value;
use crate::world::Tx;

const PAGE: &str =
    "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cnames-and-https-requirements.html";
const NAMES: &str = "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/CNAMEs.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("cloudfront.certificate.usable", "a certificate is one of us-east-1 that is issued", PAGE),
    Rule::new("cloudfront.certificate.kind", "a certificate of one's own says how it is shown", PAGE),
    Rule::new("cloudfront.certificate.names", "a certificate names all aliases", NAMES),
];

fn refused(message: &str) -> Refusal {
    Refusal::new("InvalidViewerCertificate", message)
}

/// What a distribution shows, in the form of answers.
///
/// # Errors
/// `InvalidViewerCertificate`
pub(super) fn read(tx: &mut Tx<'_>, input: &Input<'_>, aliases: &[&str]) -> Result<Value, Refusal> {
    let given = input.record("ViewerCertificate");
    let text = |name: &str| given.as_ref().and_then(|given| given.text(name));
    if text("IAMCertificateId").is_some_and(|id| !id.is_empty()) {
        return Err(Refusal::not_simulated("cloudfront with a certificate of IAM's"));
    }
    // What answers say of older clients' members says nothing in a request.
    let _ = (text("Certificate"), text("CertificateSource"));
    let (own, method, least) = (text("ACMCertificateArn"), text("SSLSupportMethod"), text("MinimumProtocolVersion"));
    let usual = given.as_ref().is_some_and(|given| given.flag("CloudFrontDefaultCertificate"));
    let Some(arn) = own.filter(|arn| !arn.is_empty()) else {
        tx.enforce("cloudfront.certificate.names", aliases.is_empty(), || {
            refused(
                "To add an alternate domain name (CNAME) to a CloudFront distribution, you must attach a trusted \
                 certificate that validates your authorization to use the domain name. For more details, see: \
                 https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/CNAMEs.html#alternate-domain-names-requirements",
            )
        })?;
        return Ok(record! {
            "CloudFrontDefaultCertificate" => true,
            "SSLSupportMethod" => "vip",
            "MinimumProtocolVersion" => "TLSv1",
            "CertificateSource" => "cloudfront",
        });
    };
    // No source has the words of this.
    tx.enforce("cloudfront.certificate.kind", !usual && method.is_some(), || {
        refused("A certificate of your own needs an SSLSupportMethod, and can't stand beside CloudFront's default.")
    })?;
    if method.is_some_and(|method| method != "sni-only") {
        return Err(Refusal::not_simulated("cloudfront with dedicated IP addresses"));
    }
    let found = arn.strip_prefix(&format!("arn:aws:acm:us-east-1:{}:certificate/", tx.account())).map(str::to_owned);
    let names = found.and_then(|id| {
        tx.in_region("us-east-1", |tx| tx.get::<Certificate>(&id).filter(|it| it.state == State::Issued).cloned())
    });
    tx.enforce("cloudfront.certificate.usable", names.is_some(), || {
        refused(
            "The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't valid, or doesn't include a \
             valid certificate chain.",
        )
    })?;
    let covered = |alias: &&str| {
        let domains = names.iter().flat_map(|certificate| &certificate.domains);
        let above = alias.split_once('.').map(|(_, rest)| format!("*.{rest}"));
        domains.map(|domain| domain.name.as_str()).any(|name| name == *alias || Some(name) == above.as_deref())
    };
    tx.enforce("cloudfront.certificate.names", names.is_none() || aliases.iter().all(covered), || {
        refused(
            "The certificate that is attached to your distribution doesn't cover the alternate domain name (CNAME) that \
             you're trying to add. For more details, see: \
             https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/CNAMEs.html#alternate-domain-names-requirements",
        )
    })?;
    Ok(record! {
        "CloudFrontDefaultCertificate" => false,
        "ACMCertificateArn" => arn,
        "SSLSupportMethod" => method,
        "MinimumProtocolVersion" => least.unwrap_or("TLSv1"),
        "Certificate" => arn,
        "CertificateSource" => "acm",
    })
}

/// The ARNs of the distributions that show a certificate.
#[must_use]
pub fn users(tx: &Tx<'_>, certificate: &str) -> Vec<String> {
    let shows = |distribution: &&Distribution| {
        distribution.config.get("ViewerCertificate").get("ACMCertificateArn").text() == Some(certificate)
    };
    tx.rows::<Distribution>().filter(shows).map(|distribution| distribution.arn(tx)).collect()
}
