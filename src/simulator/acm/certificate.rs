//! Certificates: asked for, shown, changed, renewed while they are used, and deleted.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::validation::{self, Domain, Method};
use super::{invalid, tags};
use crate::cloudfront;
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Handler, Transition};
use crate::value::{Record, Value};
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("RequestCertificate", request),
    ("DescribeCertificate", describe),
    ("UpdateCertificateOptions", set_options),
    ("DeleteCertificate", delete),
];

pub(super) const TRANSITIONS: &[(&str, Transition)] = &[
    ("acm.certificate.renewed", |tx, pending| renew(tx, &pending.subject)),
    ("acm.certificate.expired", |tx, pending| {
        tx.change::<Certificate>(&pending.subject, |certificate| certificate.state = State::Expired);
    }),
];

const REQUEST: &str = "https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html";
const LIMITS: &str = "https://docs.aws.amazon.com/acm/latest/userguide/acm-limits.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("acm.certificate.name", "a name is a domain, with a * for its first label or without", REQUEST),
    Rule::new("acm.certificate.first", "the first name has at most 64 characters", REQUEST),
    Rule::new(
        "acm.certificate.algorithm",
        "AWS issues certificates of RSA_2048, EC_prime256v1 and EC_secp384r1",
        "https://docs.aws.amazon.com/acm/latest/userguide/acm-certificate-characteristics.html",
    ),
    Rule::new("acm.certificate.names", "a certificate has ten names", LIMITS),
    Rule::new("acm.certificate.quota", "an account has 2,500 certificates in a region", LIMITS),
    Rule::new(
        "acm.certificate.used",
        "a certificate that something shows is not deleted",
        "https://docs.aws.amazon.com/acm/latest/APIReference/API_DeleteCertificate.html",
    ),
    Rule::new(
        "acm.certificate.arn",
        "a certificate is named by an ARN of its account and region",
        "https://docs.aws.amazon.com/acm/latest/APIReference/API_DescribeCertificate.html",
    ),
];

/// The state of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// Who asked has not shown yet that it has the domains.
    PendingValidation,
    /// It can be used.
    Issued,
    /// Nobody showed it within three days.
    ValidationTimedOut,
    /// It can't be issued.
    Failed,
    /// Its time is over.
    Expired,
}

impl State {
    /// AWS's word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            State::PendingValidation => "PENDING_VALIDATION",
            State::Issued => "ISSUED",
            State::ValidationTimedOut => "VALIDATION_TIMED_OUT",
            State::Failed => "FAILED",
            State::Expired => "EXPIRED",
        }
    }
}

/// A public certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// The last part of its ARN.
    pub id: String,
    /// Its names, each once, its own first, with what has to be shown of each.
    pub domains: Vec<Domain>,
    /// How that is shown.
    pub method: Method,
    /// The algorithm of its key.
    pub algorithm: String,
    /// Its state.
    pub state: State,
    /// Why it has failed.
    pub failure: Option<String>,
    /// When it was asked for.
    pub created: Timestamp,
    /// When it was issued first.
    pub issued: Option<Timestamp>,
    /// From when until when it holds, and its number.
    pub valid: Option<(Timestamp, Timestamp, String)>,
    /// When it was renewed last.
    pub renewed: Option<Timestamp>,
    /// What the request was named by.
    pub token: Option<String>,
    /// Its tags.
    pub tags: Vec<(String, String)>,
}

impl Row for Certificate {
    const TABLE: &'static str = "acm.certificate";
    fn id(&self) -> String {
        self.id.clone()
    }
}

/// How long a certificate holds: <https://docs.aws.amazon.com/acm/latest/userguide/acm-certificate-characteristics.html>
const DAYS: i64 = 198;

/// How long before its end one is renewed: <https://docs.aws.amazon.com/acm/latest/userguide/managed-renewal.html>
const RENEWED: i64 = 45;

/// How long a token is remembered: <https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html>
const REMEMBERED: SignedDuration = SignedDuration::from_hours(1);

impl Certificate {
    /// What its key may be used for.
    pub(super) const USAGES: &'static [&'static str] = &["DIGITAL_SIGNATURE", "KEY_ENCIPHERMENT"];
    /// What it may be shown for.
    pub(super) const EXTENDED_USAGES: &'static [&'static str] = &["TLS_WEB_SERVER_AUTHENTICATION"];

    /// Its ARN.
    #[must_use]
    pub fn arn(&self, tx: &Tx<'_>) -> String {
        format!("arn:aws:acm:{}:{}:certificate/{}", tx.region(), tx.account(), self.id)
    }

    /// Its own name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.domains.first().map_or("", |domain| domain.name.as_str())
    }

    fn names(&self) -> Vec<&str> {
        self.domains.iter().map(|domain| domain.name.as_str()).collect()
    }

    /// Issues it, or issues it anew.
    pub(super) fn issue(&mut self, tx: &mut Tx<'_>) {
        let hours = |days: i64| SignedDuration::from_hours(24 * days);
        let (from, until) = (tx.now(), tx.now().checked_add(hours(DAYS)).unwrap_or(Timestamp::MAX));
        let pairs: Vec<String> = (0..16).map(|_| tx.hex(2)).collect();
        self.state = State::Issued;
        self.issued = self.issued.or(Some(from));
        self.valid = Some((from, until, pairs.join(":")));
        tx.after(hours(DAYS - RENEWED), "acm.certificate.renewed", &self.id);
        tx.after(hours(DAYS), "acm.certificate.expired", &self.id);
    }

    /// The ARNs of what uses it.
    fn users(&self, tx: &Tx<'_>) -> Vec<String> {
        cloudfront::certificate::users(tx, &self.arn(tx))
    }

    fn eligible(&self, used: bool) -> &'static str {
        if self.state == State::Issued && used { "ELIGIBLE" } else { "INELIGIBLE" }
    }

    fn view(&self, tx: &Tx<'_>) -> Value {
        let users = self.users(tx);
        let issued = self.valid.is_some();
        let usages = |names: &[&str]| names.iter().map(|name| record! { "Name" => *name }).collect::<Vec<_>>();
        let extended = Self::EXTENDED_USAGES
            .iter()
            .map(|name| record! { "Name" => *name, "OID" => "1.3.6.1.5.5.7.3.1" })
            .collect::<Vec<_>>();
        let signature = match self.algorithm.as_str() {
            "EC_prime256v1" => "SHA256WITHECDSA",
            "EC_secp384r1" => "SHA384WITHECDSA",
            _ => "SHA256WITHRSA",
        };
        let renewal = self.renewed.map(|at| {
            record! {
                "RenewalStatus" => "SUCCESS",
                "DomainValidationOptions" => validation::views(self),
                "UpdatedAt" => at,
            }
        });
        record! {
            "CertificateArn" => self.arn(tx),
            "DomainName" => self.name(),
            "SubjectAlternativeNames" => self.names(),
            "DomainValidationOptions" => validation::views(self),
            "Serial" => self.valid.as_ref().map(|(_, _, serial)| serial.as_str()),
            "Subject" => format!("CN={}", self.name()),
            "Issuer" => "Amazon",
            "CreatedAt" => self.created,
            "IssuedAt" => self.issued,
            "Status" => self.state.word(),
            "NotBefore" => self.valid.as_ref().map(|(from, _, _)| *from),
            "NotAfter" => self.valid.as_ref().map(|(_, until, _)| *until),
            // Answers of AWS have been seen to write it with hyphens; its model does not.
            "KeyAlgorithm" => &self.algorithm,
            "SignatureAlgorithm" => signature,
            "InUseBy" => &users,
            "FailureReason" => self.failure.as_deref(),
            "Type" => "AMAZON_ISSUED",
            "RenewalSummary" => renewal,
            "KeyUsages" => if issued { usages(Self::USAGES) } else { Vec::new() },
            "ExtendedKeyUsages" => if issued { extended } else { Vec::new() },
            "RenewalEligibility" => self.eligible(!users.is_empty()),
            "Options" => record! {
                "CertificateTransparencyLoggingPreference" => "ENABLED",
                "Export" => "DISABLED",
            },
        }
    }

    /// What the list says of it.
    pub(super) fn summary(&self, tx: &Tx<'_>) -> Value {
        let used = !self.users(tx).is_empty();
        let issued = self.valid.is_some();
        record! {
            "CertificateArn" => self.arn(tx),
            "DomainName" => self.name(),
            "SubjectAlternativeNameSummaries" => self.names(),
            "HasAdditionalSubjectAlternativeNames" => false,
            "Status" => self.state.word(),
            "Type" => "AMAZON_ISSUED",
            "KeyAlgorithm" => &self.algorithm,
            "KeyUsages" => if issued { Self::USAGES.to_vec() } else { Vec::new() },
            "ExtendedKeyUsages" => if issued { Self::EXTENDED_USAGES.to_vec() } else { Vec::new() },
            "ExportOption" => "DISABLED",
            "InUse" => used,
            "RenewalEligibility" => self.eligible(used),
            "NotBefore" => self.valid.as_ref().map(|(from, _, _)| *from),
            "NotAfter" => self.valid.as_ref().map(|(_, until, _)| *until),
            "CreatedAt" => self.created,
            "IssuedAt" => self.issued,
        }
    }
}

/// The certificate of that ARN.
///
/// # Errors
/// `ResourceNotFoundException`, `InvalidArnException`.
pub(super) fn find(tx: &Tx<'_>, arn: &str) -> Result<Certificate, Refusal> {
    let resource = arn.splitn(6, ':').nth(5).unwrap_or_default();
    let id = resource.strip_prefix("certificate/").filter(|id| !id.contains('/'));
    let missing = || Refusal::new("ResourceNotFoundException", format!("Could not find certificate {arn}."));
    tx.enforce("acm.certificate.arn", id.is_some(), || {
        Refusal::new("InvalidArnException", format!("Invalid certificate ARN: {arn}"))
    })?;
    let found = tx.get::<Certificate>(id.unwrap_or(resource)).cloned().ok_or_else(missing)?;
    tx.enforce("acm.certificate.arn", found.arn(tx) == arn, missing)?;
    Ok(found)
}

fn request(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    if input.has("CertificateAuthorityArn") {
        return Err(Refusal::not_simulated("acm RequestCertificate of a private certificate authority"));
    }
    if input.has("ManagedBy") || input.text("ValidationMethod") == Some("HTTP") {
        return Err(Refusal::not_simulated("acm RequestCertificate for CloudFront's own use"));
    }
    let token = input.text("IdempotencyToken");
    // Nothing else is compared: <https://github.com/hashicorp/terraform-provider-aws/pull/6666>
    let again = tx.rows::<Certificate>().find(|known| {
        known.token.is_some() && known.token.as_deref() == token && tx.now().duration_since(known.created) < REMEMBERED
    });
    if let Some(again) = again {
        let _ = input.all();
        return Ok(record! { "CertificateArn" => again.arn(tx) });
    }
    let given = std::iter::once(input.required("DomainName")).chain(input.texts("SubjectAlternativeNames"));
    let mut names: Vec<String> = Vec::new();
    for (at, name) in given.enumerate() {
        named(tx, at, name)?;
        let name = name.to_ascii_lowercase();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let most = tx.quota("acm.names-per-certificate");
    tx.enforce("acm.certificate.names", i64::try_from(names.len()).is_ok_and(|have| have <= most), || {
        // <https://github.com/hashicorp/terraform-provider-aws/issues/37723>
        Refusal::new("LimitExceededException", "Certificate has too many domains.")
    })?;
    let algorithm = input.text("KeyAlgorithm").unwrap_or("RSA_2048");
    let issued = ["RSA_2048", "EC_prime256v1", "EC_secp384r1"].contains(&algorithm);
    tx.enforce("acm.certificate.algorithm", issued, || {
        // No source has the words.
        invalid(format!("The key algorithm {algorithm} is not supported for public certificates."))
    })?;
    options(input)?;
    let method = Method::of(input.text("ValidationMethod"));
    let domains = validation::domains(tx, input, &names)?;
    let tags = tags::read(tx, input)?;
    let most = tx.quota("acm.certificates");
    tx.enforce("acm.certificate.quota", tx.count::<Certificate>() < most, || {
        // No source has the words of this one; those of the yearly quota are in
        // <https://github.com/hashicorp/terraform-provider-aws/issues/14025>.
        Refusal::new("LimitExceededException", format!("Error: you have reached your limit of {most} certificates."))
    })?;
    let certificate = Certificate {
        id: tx.uuid(),
        domains,
        method,
        algorithm: algorithm.to_owned(),
        state: State::PendingValidation,
        failure: None,
        created: tx.now(),
        issued: None,
        valid: None,
        renewed: None,
        token: token.map(str::to_owned),
        tags,
    };
    validation::begin(tx, &certificate.id);
    let arn = certificate.arn(tx);
    tx.put(certificate);
    Ok(record! { "CertificateArn" => arn })
}

/// Reads the options of a request. Every certificate stands in public logs by now: that one does not is "no longer
/// available", and what is answered to it is in no source.
fn options(input: &Input<'_>) -> Result<(), Refusal> {
    let Some(options) = input.record("Options") else { return Ok(()) };
    if options.text("CertificateTransparencyLoggingPreference") == Some("DISABLED") {
        return Err(Refusal::not_simulated("acm: a certificate that stands in no public log"));
    }
    if options.text("Export") == Some("ENABLED") {
        return Err(Refusal::not_simulated("acm: a certificate that can be exported"));
    }
    Ok(())
}

/// Refuses what is no domain's name; the place of a name is that in the certificate.
fn named(tx: &Tx<'_>, place: usize, name: &str) -> Result<(), Refusal> {
    let label = |label: &str| {
        let sound = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        (1..=63).contains(&label.len()) && label.bytes().all(sound) && !label.starts_with('-') && !label.ends_with('-')
    };
    let domain = name.strip_prefix("*.").unwrap_or(name);
    let sound = domain.contains('.') && domain.split('.').all(label);
    tx.enforce("acm.certificate.name", sound, || {
        let member = match place {
            0 => "domainName".to_owned(),
            place => format!("subjectAlternativeNames.{place}.member"),
        };
        invalid(format!(
            "1 validation error detected: Value '{name}' at '{member}' failed to satisfy constraint: Member must satisfy \
             regular expression pattern: ^(\\*\\.)?(((?!-)[A-Za-z0-9-]{{0,62}}[A-Za-z0-9])\\.)+((?!-)[A-Za-z0-9-]\
             {{1,62}}[A-Za-z0-9])$"
        ))
    })?;
    // No source has the words.
    tx.enforce("acm.certificate.first", place > 0 || name.len() <= 64, || {
        invalid("The first domain name can't exceed 64 characters.")
    })
}

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let certificate = find(tx, input.required("CertificateArn"))?;
    Ok(record! { "Certificate" => certificate.view(tx) })
}

fn set_options(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    find(tx, input.required("CertificateArn"))?;
    options(input)?;
    Ok(Value::Record(Record::new()))
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let certificate = find(tx, input.required("CertificateArn"))?;
    tx.enforce("acm.certificate.used", certificate.users(tx).is_empty(), || {
        let message = format!("Certificate {} in account {} is in use.", certificate.arn(tx), tx.account());
        Refusal::new("ResourceInUseException", message)
    })?;
    tx.cancel("acm.certificate", &certificate.id);
    tx.remove::<Certificate>(&certificate.id);
    Ok(Value::Record(Record::new()))
}

/// Renews what is used and whose domains can still be shown to be its owner's; any other one ends.
fn renew(tx: &mut Tx<'_>, id: &str) {
    let Some(mut certificate) = tx.get::<Certificate>(id).cloned() else { return };
    let used = !certificate.users(tx).is_empty();
    if certificate.state == State::Issued && used && validation::is_shown(tx, &certificate) {
        tx.cancel("acm.certificate", id);
        certificate.issue(tx);
        certificate.renewed = Some(tx.now());
        tx.put(certificate);
    }
}
