//! The proof that who asks for a certificate has its domains: CNAME records that DNS answers, or an answer to a mail,
//! which nobody reads here.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::certificate::{Certificate, State, find};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::route53::resolver;
use crate::rules::Rule;
use crate::service::{Handler, Span, Transition};
use crate::value::{Record, Value};
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] = &[("ResendValidationEmail", resend)];

/// What has to stand in DNS is known "several seconds" after the request:
/// <https://docs.aws.amazon.com/acm/latest/APIReference/API_DescribeCertificate.html>. Of how long it takes to see it the
/// page says "typically takes less than 30 minutes"; reports say minutes:
/// <https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html>
pub(super) const SPANS: &[Span] =
    &[Span::new("acm.certificate.records", 2.0, 6.0), Span::new("acm.certificate.issue", 60.0, 240.0)];

pub(super) const TRANSITIONS: &[(&str, Transition)] = &[
    ("acm.certificate.asked", |tx, pending| {
        tx.change::<Certificate>(&pending.subject, |certificate| {
            certificate.domains.iter_mut().for_each(|domain| domain.told = true);
        });
    }),
    ("acm.certificate.checked", |tx, pending| check(tx, &pending.subject)),
    ("acm.certificate.issued", |tx, pending| issue(tx, &pending.subject)),
    ("acm.certificate.timed_out", |tx, pending| {
        tx.cancel("acm.certificate", &pending.subject);
        tx.change::<Certificate>(&pending.subject, |certificate| certificate.state = State::ValidationTimedOut);
    }),
];

const REQUEST: &str = "https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("acm.validation.domain", "mail goes to a name of the certificate or to a domain above it", REQUEST),
    Rule::new(
        "acm.validation.record",
        "a certificate is issued once DNS answers the records that it asks for",
        "https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html",
    ),
    Rule::new(
        "acm.validation.caa",
        "a domain's CAA records allow Amazon, where there are some",
        "https://docs.aws.amazon.com/acm/latest/userguide/setup-caa.html",
    ),
    Rule::new(
        "acm.validation.email",
        "mail is sent again for a certificate that waits for its answer",
        "https://docs.aws.amazon.com/acm/latest/APIReference/API_ResendValidationEmail.html",
    ),
];

/// How it is shown that a domain is the caller's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Method {
    /// By a record.
    Dns,
    /// By an answer to a mail.
    Email,
}

impl Method {
    /// The one of a request; mail where it says none.
    pub(super) fn of(given: Option<&str>) -> Method {
        if given == Some("DNS") { Method::Dns } else { Method::Email }
    }

    fn word(self) -> &'static str {
        match self {
            Method::Dns => "DNS",
            Method::Email => "EMAIL",
        }
    }
}

/// A name of a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Domain {
    /// The name.
    pub name: String,
    /// The domain that mail goes to.
    pub mailed: String,
    /// The name and the value of the record that shows it.
    pub record: (String, String),
    /// Whether answers tell of that record yet.
    pub told: bool,
}

/// The names of a request with what has to be shown of each.
///
/// # Errors
/// `InvalidDomainValidationOptionsException`
pub(super) fn domains(tx: &Tx<'_>, input: &Input<'_>, names: &[String]) -> Result<Vec<Domain>, Refusal> {
    let mut mailed: Vec<(String, String)> = Vec::new();
    for option in input.records("DomainValidationOptions") {
        let name = option.required("DomainName").to_ascii_lowercase();
        let domain = option.required("ValidationDomain").to_ascii_lowercase();
        let bare = name.strip_prefix("*.").unwrap_or(&name);
        let above = bare == domain || bare.ends_with(&format!(".{domain}"));
        // No source has the words.
        tx.enforce("acm.validation.domain", names.contains(&name) && above, || {
            let message = format!("{domain} is not a validation domain of {name}, a name of the certificate.");
            Refusal::new("InvalidDomainValidationOptionsException", message)
        })?;
        mailed.push((name, domain));
    }
    let domain = |name: &String| Domain {
        name: name.clone(),
        mailed: mailed.iter().find(|(known, _)| known == name).map_or_else(|| name.clone(), |(_, to)| to.clone()),
        record: asked(tx.account(), name),
        told: false,
    };
    Ok(names.iter().map(domain).collect())
}

/// The record that shows that an account has a domain: the same whenever it asks, for the domain and for all names under
/// it.
fn asked(account: &str, name: &str) -> (String, String) {
    let domain = name.strip_prefix("*.").unwrap_or(name);
    let digest = Sha256::digest(format!("{account} has {domain}"));
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let letters: String = digest.iter().take(10).map(|byte| char::from(b'a' + byte % 26)).collect();
    (format!("_{}.{domain}.", &hex[..32]), format!("_{}.{letters}.acm-validations.aws.", &hex[32..64]))
}

/// How long a certificate waits: <https://docs.aws.amazon.com/acm/latest/userguide/troubleshooting-pending.html>
const PATIENCE: SignedDuration = SignedDuration::from_hours(72);

/// Begins to look whether a certificate can be issued.
pub(super) fn begin(tx: &mut Tx<'_>, id: &str) {
    tx.transition("acm.certificate.records", "acm.certificate.asked", id);
    tx.after(SignedDuration::from_mins(1), "acm.certificate.checked", id);
    tx.after(PATIENCE, "acm.certificate.timed_out", id);
}

/// Looks, and looks again later: the longer a certificate waits already, the later.
fn check(tx: &mut Tx<'_>, id: &str) {
    let Some(mut certificate) = tx.get::<Certificate>(id).cloned() else { return };
    if !is_shown(tx, &certificate) {
        let waits = tx.now().duration_since(certificate.created);
        tx.after((waits / 20).max(SignedDuration::from_mins(1)), "acm.certificate.checked", id);
        return;
    }
    let refused = certificate.domains.iter().any(|domain| !permitted(tx, &domain.name));
    if refused && tx.rule("acm.validation.caa") {
        tx.cancel("acm.certificate", id);
        certificate.state = State::Failed;
        certificate.failure = Some("CAA_ERROR".to_owned());
        tx.put(certificate);
        return;
    }
    tx.transition("acm.certificate.issue", "acm.certificate.issued", id);
}

fn issue(tx: &mut Tx<'_>, id: &str) {
    let Some(mut certificate) = tx.get::<Certificate>(id).cloned() else { return };
    tx.cancel("acm.certificate", id);
    certificate.issue(tx);
    tx.put(certificate);
}

/// Whether all that a certificate asks for is answered.
pub(super) fn is_shown(tx: &Tx<'_>, certificate: &Certificate) -> bool {
    let answered = |domain: &Domain| {
        let (name, value) = &domain.record;
        resolver::answers(tx, name, "CNAME").iter().any(|answer| answer == value.trim_end_matches('.'))
    };
    certificate.method == Method::Dns && (!tx.rule("acm.validation.record") || certificate.domains.iter().all(answered))
}

/// Whether the CAA records nearest to a name let Amazon issue for it.
fn permitted(tx: &Tx<'_>, name: &str) -> bool {
    const AMAZON: &[&str] = &["amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com"];
    let (wild, domain) = name.strip_prefix("*.").map_or((false, name), |domain| (true, domain));
    let climbed = std::iter::successors(Some(domain), |name| name.split_once('.').map(|(_, rest)| rest));
    let nearest = climbed.map(|name| resolver::answers(tx, name, "CAA")).find(|records| !records.is_empty());
    let tagged = |tag: &str| -> Vec<String> {
        // Flags, tag and value: `0 issue "amazon.com"`.
        let parts = nearest.iter().flatten().filter_map(|record| {
            let mut parts = record.splitn(3, ' ');
            (parts.nth(1) == Some(tag)).then(|| parts.next().unwrap_or_default().trim_matches('"').to_owned())
        });
        parts.collect()
    };
    let wildcard = tagged("issuewild");
    let named = if wild && !wildcard.is_empty() { wildcard } else { tagged("issue") };
    named.is_empty() || named.iter().any(|one| AMAZON.contains(&one.split(';').next().unwrap_or_default().trim()))
}

/// What answers say of a certificate's names.
pub(super) fn views(certificate: &Certificate) -> Vec<Value> {
    let status = match certificate.state {
        State::PendingValidation => "PENDING_VALIDATION",
        State::Issued | State::Expired => "SUCCESS",
        State::ValidationTimedOut | State::Failed => "FAILED",
    };
    let mail = |domain: &Domain| {
        let boxes = ["admin", "administrator", "hostmaster", "postmaster", "webmaster"];
        let to = domain.mailed.strip_prefix("*.").unwrap_or(&domain.mailed);
        boxes.map(|name| format!("{name}@{to}")).to_vec()
    };
    let by_mail = certificate.method == Method::Email;
    let view = |domain: &Domain| {
        let (name, value) = &domain.record;
        let record = record! { "Name" => name, "Type" => "CNAME", "Value" => value };
        record! {
            "DomainName" => &domain.name,
            "ValidationEmails" => by_mail.then(|| mail(domain)),
            "ValidationDomain" => &domain.mailed,
            "ValidationStatus" => status,
            "ResourceRecord" => (domain.told && !by_mail).then_some(record),
            "ValidationMethod" => certificate.method.word(),
        }
    };
    certificate.domains.iter().map(view).collect()
}

fn resend(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut certificate = find(tx, input.required("CertificateArn"))?;
    let (name, to) = (input.required("Domain"), input.required("ValidationDomain"));
    let waits = certificate.method == Method::Email && certificate.state == State::PendingValidation;
    // No source has the words of these.
    tx.enforce("acm.validation.email", waits, || {
        let message = format!("Certificate {} does not wait for the answer to a mail.", certificate.arn(tx));
        Refusal::new("InvalidStateException", message)
    })?;
    let above = name.trim_start_matches("*.") == to || name.ends_with(&format!(".{to}"));
    let known = certificate.domains.iter().any(|domain| domain.name == name);
    tx.enforce("acm.validation.domain", known && above, || {
        let message = format!("{to} is not a validation domain of {name}, a name of the certificate.");
        Refusal::new("InvalidDomainValidationOptionsException", message)
    })?;
    for domain in certificate.domains.iter_mut().filter(|domain| domain.name == name) {
        to.clone_into(&mut domain.mailed);
    }
    tx.put(certificate);
    Ok(Value::Record(Record::new()))
}
