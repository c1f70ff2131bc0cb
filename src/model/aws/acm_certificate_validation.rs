//! `aws_acm_certificate_validation`: <https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html>

use super::AcmCertificate;
use crate::check::{Findings, Part, View};
use crate::{Arn, Computed, Id, Value};

/// That a certificate is issued: what uses one refers to this, and so waits until it can be used.
///
/// AWS makes nothing of it. It begins when the records are there, and ends when AWS has seen them, which wants the zone's
/// name servers to be named where the domain is registered.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// # let zone = stack.add("main", Route53Zone::new("shop.test"));
/// let certificate = stack.add("shop", AcmCertificate::new("shop.test"));
/// stack.add("certificate", certificate.validation_record(&zone, 0));
/// // It waits for the record by itself.
/// let issued = stack.add("shop", AcmCertificateValidation::new(&certificate));
/// // What refers to this is not begun before the certificate can be used.
/// stack.output("certificate", issued.certificate_arn());
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(
    type = "aws_acm_certificate_validation",
    service = "acm",
    creation = Relation,
    create_seconds = 240,
    check = check,
    waits = waits
)]
pub struct AcmCertificateValidation {
    /// The certificate.
    #[field(replace)]
    certificate_arn: Value<Arn<AcmCertificate>>,
    /// The names of the records that show it, each of which is held to what AWS asks for.
    #[field(replace, set)]
    validation_record_fqdns: Option<Value<Vec<String>>>,
    /// The certificate's ARN.
    id: Computed<Id<AcmCertificateValidation>>,
}

/// The records that are made of what the certificate asks for.
fn waits<'a>(validation: &View<'a>) -> Vec<View<'a>> {
    let certificate = validation.follow("certificate_arn");
    certificate.map(|certificate| certificate.referring("aws_route53_record", "name")).unwrap_or_default()
}

fn check(validation: &View<'_>, findings: &mut Findings<'_>) {
    let names = validation.part("validation_record_fqdns").map(Part::items).unwrap_or_default();
    let own = validation.follow("certificate_arn");
    for record in names.iter().filter_map(|name| validation.referred(*name)) {
        let (Some(own), Some(asks)) = (&own, record.follow("name")) else { continue };
        if asks.node().address.kind() == own.node().address.kind() && asks.node().address != own.node().address {
            findings.refuse(format!("{} is what {} asks for, and not {}", record.named(), asks.named(), own.named()));
        }
    }
    for name in names.into_iter().filter_map(|name| name.literal()?.as_str()) {
        if !name.starts_with('_') {
            findings.refuse(format!("{name} is no name of a record that AWS asks for: those begin with _"));
        }
    }
}
