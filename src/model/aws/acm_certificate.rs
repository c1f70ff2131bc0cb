//! `aws_acm_certificate`: <https://docs.aws.amazon.com/acm/latest/userguide/acm-public-certificates.html>

use super::route53_name::flaw;
use super::{RecordType, Route53Record, Route53Zone};
use crate::check::{Findings, Part, View};
use crate::value::IntoId;
use crate::{Arn, Computed, Handle, Id, Tags, Value, words};

words! {
    /// How it is shown that a domain is one's own.
    pub enum ValidationMethod {
        /// By a record in its zone, which AWS looks for again at each renewal.
        Dns = "DNS",
    }
}

words! {
    /// A key's algorithm.
    pub enum KeyAlgorithm {
        /// RSA of 2048 bits.
        Rsa2048 = "RSA_2048",
        /// ECDSA on P-256.
        EcPrime256v1 = "EC_prime256v1",
        /// ECDSA on P-384.
        EcSecp384r1 = "EC_secp384r1",
    }
}

/// A public certificate. It is there once it is asked for, and can be used once an
/// [`super::AcmCertificateValidation`] has seen it issued.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// # let zone = stack.add("main", Route53Zone::new("shop.test"));
/// let certificate = AcmCertificate::new("shop.test").subject_alternative_names(["www.shop.test"]);
/// // A change makes another one before this one goes: something uses it.
/// let certificate = certificate.lifecycle(Lifecycle::new().create_before_destroy(true));
/// let certificate = stack.add("shop", certificate);
/// // By these records AWS sees that the names are one's own, now and at each renewal.
/// for (position, name) in ["shop", "www"].into_iter().enumerate() {
///     stack.add(("certificate", name), certificate.validation_record(&zone, position));
/// }
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(
    type = "aws_acm_certificate",
    service = "acm",
    creation = Token,
    create_seconds = 6,
    delete_seconds = 2,
    check = check
)]
pub struct AcmCertificate {
    /// Its own name, with a `*` for its first label or without.
    #[field(replace, min_length = 1, max_length = 64)]
    domain_name: Value<String>,
    /// Its other names.
    #[field(replace, set, default = "[]", max_length = 99)]
    subject_alternative_names: Option<Value<Vec<String>>>,
    /// How it is shown that the domains are one's own.
    #[field(replace, default = "\"DNS\"")]
    validation_method: Option<Value<ValidationMethod>>,
    /// The algorithm of its key.
    #[field(replace, default = "\"RSA_2048\"")]
    key_algorithm: Option<Value<KeyAlgorithm>>,
    /// Tags.
    tags: Option<Value<Tags>>,
    /// The ARN.
    id: Computed<Id<AcmCertificate>>,
    /// The ARN.
    arn: Computed<Arn<AcmCertificate>>,
    /// The records that show that the domains are one's own: that of its own name first, those of its other names in
    /// alphabetical order. A name with a `*` has that of the name without.
    domain_validation_options: Computed<Vec<DomainValidationOption>>,
    /// `ISSUED` where it can be used.
    status: Computed<String>,
}

/// The record that shows that a domain is one's own.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct DomainValidationOption {
    /// The name of the certificate.
    domain_name: Computed<String>,
    /// The record's name.
    resource_record_name: Computed<String>,
    /// The record's type.
    resource_record_type: Computed<RecordType>,
    /// The record's value.
    resource_record_value: Computed<String>,
}

/// Seconds for which others remember a record that is there for AWS alone.
const REMEMBERED: i64 = 300;

impl Handle<AcmCertificate> {
    /// The record that shows that the name at a position is one's own: 0 is its own name, the others follow in
    /// alphabetical order.
    #[must_use]
    pub fn validation_record(&self, zone: impl IntoId<Route53Zone>, position: usize) -> Route53Record {
        let of = |part: &str| format!("domain_validation_options.{position}.resource_record_{part}");
        let record = Route53Record::new(zone, self.attribute::<String>(&of("name")), RecordType::Cname);
        record.ttl(REMEMBERED).records([self.attribute::<String>(&of("value"))])
    }
}

fn check(certificate: &View<'_>, findings: &mut Findings<'_>) {
    let own = certificate.text("domain_name");
    let others = certificate.part("subject_alternative_names").map(Part::items).unwrap_or_default();
    let others = others.into_iter().filter_map(|name| name.literal()?.as_str()).collect::<Vec<_>>();
    for name in own.iter().chain(&others) {
        let domain = name.strip_prefix("*.").unwrap_or(name);
        if domain.contains('*') {
            findings.refuse(format!("{name}: a `*` stands for the whole first label, and for it alone"));
        } else if !domain.contains('.') || domain.ends_with('.') {
            findings.refuse(format!("{name}: a certificate is for a whole domain, without a dot at its end"));
        } else if let Some(flaw) = flaw(domain) {
            findings.refuse(format!("{name} {flaw}"));
        } else if !domain
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte))
        {
            findings.refuse(format!("{name}: small letters, digits, - and . are taken"));
        } else if domain.split('.').any(|label| label.starts_with('-') || label.ends_with('-')) {
            findings.refuse(format!("{name}: a label neither begins nor ends with -"));
        }
    }
    if let Some(twice) = others.iter().find(|name| own == Some(**name)) {
        findings.refuse(format!("{twice} is the certificate's own name, which is no other one of its names"));
    }
}
