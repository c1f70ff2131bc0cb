//! `aws_acm_certificate_validation`: <https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html>
//!
//! Nothing is made: what AWS has of it is whether the certificate is issued. Before it waits for that, it holds the records
//! to what AWS asks for, and the zone to what the account knows of its delegation.

use async_trait::async_trait;
use aws_sdk_acm::types::{CertificateDetail, CertificateStatus, ResourceRecord};
use fathuss_engine::provider::{
    Attributes, Failure, FailureClass, Found, MakeRequest, Observation, Progress, ReadRequest, Standing, UpdateRequest,
};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;
use fathuss_state::Identity;

use crate::acm_certificate::{AcmCertificate, FAMILY, described};
use crate::call::Service;
use crate::client::Client;
use crate::delegation::Delegation;
use crate::failure::{broken, refused};
use crate::fields::{Fields, Observed};
use crate::gone::waiting;
use crate::kind::{Batch, Kind};
use crate::route53::plain;

/// The calls of `aws_acm_certificate_validation`.
pub struct AcmCertificateValidation;

const SCHEMA: &Schema = fathuss_model::aws::AcmCertificateValidation::SCHEMA;

#[async_trait(?Send)]
impl Kind for AcmCertificateValidation {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    fn family(&self) -> &'static str {
        FAMILY
    }

    /// No call of its own: the certificate's answer says whether it is issued.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        AcmCertificate.read(client, requests).await
    }

    /// Looks whether waiting can end well, and sends nothing that makes anything.
    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let desired = Fields::of(&request.desired.attributes);
        let arn = desired.text("certificate_arn")?;
        let Some(certificate) = described(client, arn).await? else {
            let message = format!("there is no certificate {arn} yet");
            return Err(Failure { class: FailureClass::NotYet, ..refused("NoCertificate", message) });
        };
        if let Some(failure) = hopeless(&certificate, arn) {
            return Err(Failure { class: FailureClass::Refused, ..failure });
        }
        let records = asked(&certificate);
        complete(&records, &desired.texts("validation_record_fqdns")?)?;
        if certificate.status != Some(CertificateStatus::Issued) {
            for record in &records {
                let delegation = match Delegation::of(client, &record.name).await {
                    // Who may not list zones waits for what comes.
                    Err(failure) if failure.class == FailureClass::Denied => None,
                    found => found?,
                };
                if let Some(flaw) = delegation.and_then(|delegation| delegation.flaw()) {
                    return Err(refused("NotDelegated", flaw));
                }
            }
        }
        Ok(Identity(arn.to_owned()))
    }

    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        let arn = Fields::of(&request.desired.attributes).text("certificate_arn")?;
        let there = described(client, arn).await?;
        Ok(there.map_or(Found::Nothing, |_| Found::Ours(Identity(arn.to_owned()))))
    }

    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let arn = standing.identity.0.as_str();
        let Some(certificate) = described(client, arn).await? else { return Ok(waiting("not visible yet")) };
        if let Some(failure) = hopeless(&certificate, arn) {
            return Err(failure);
        }
        Ok(match observed(&certificate, arn, &standing.desired.attributes) {
            Observation::Present(attributes) => Progress::Ready(attributes),
            Observation::Absent => waiting(certificate.status.as_ref().map_or("unknown", CertificateStatus::as_str)),
        })
    }

    async fn advice(&self, client: &Client, standing: &Standing) -> Option<String> {
        let certificate = described(client, &standing.identity.0).await.ok()??;
        let mut advice = Vec::new();
        for record in asked(&certificate) {
            let said = match Delegation::of(client, &record.name).await.ok()? {
                Some(Delegation { zone, servers, .. }) => format!(
                    "AWS does not see {}: where {zone} is registered, or in the zone above, these have to be named: {}",
                    plain(&record.name),
                    servers.join(", ")
                ),
                None => format!(
                    "AWS does not see {}: no public zone of this account holds it; it is a CNAME of {}",
                    plain(&record.name),
                    record.value
                ),
            };
            advice.push(said);
        }
        Some(format!("{}; the next run goes on waiting", advice.join("; ")))
    }

    /// Each field that could change is another validation.
    async fn update(&self, _: &Client, _: &Standing, _: &UpdateRequest) -> Result<(), Failure> {
        Ok(())
    }

    /// A certificate stays issued.
    async fn delete(&self, _: &Client, _: &Standing) -> Result<Progress, Failure> {
        Ok(Progress::Gone)
    }
}

/// What a certificate says of its validation: that it is there once the certificate is issued.
pub(crate) fn observed(certificate: &CertificateDetail, arn: &str, given: &Attributes) -> Observation {
    if matches!(certificate.status, None | Some(CertificateStatus::PendingValidation)) {
        return Observation::Absent;
    }
    let names = Fields::of(given).texts("validation_record_fqdns").unwrap_or_default();
    let attributes = Observed::new()
        .with("certificate_arn", arn)
        .with_list("validation_record_fqdns", names)
        .with("id", arn)
        .finish(SCHEMA);
    Observation::Present(attributes)
}

/// Why a certificate will never be issued.
fn hopeless(certificate: &CertificateDetail, arn: &str) -> Option<Failure> {
    let why = match certificate.status.as_ref()? {
        CertificateStatus::Failed => {
            let reason = certificate.failure_reason.as_ref().map_or("it gives no reason", |reason| reason.as_str());
            format!("AWS could not issue {arn}: {reason}")
        }
        CertificateStatus::ValidationTimedOut => {
            format!("AWS waited 72 hours for the records of {arn} and has given up")
        }
        _ => return None,
    };
    let code = certificate.status.as_ref().map_or("Failed", CertificateStatus::as_str);
    let hint =
        format!("delete it with `aws acm delete-certificate --certificate-arn {arn}`; the next plan asks for it anew");
    Some(Failure { hint: Some(hint), ..broken(Service::Acm, code, &why) })
}

/// The records that AWS asks for, each once.
fn asked(certificate: &CertificateDetail) -> Vec<ResourceRecord> {
    let mut records: Vec<ResourceRecord> = Vec::new();
    for record in certificate.domain_validation_options().iter().filter_map(|domain| domain.resource_record.as_ref()) {
        if !records.contains(record) {
            records.push(record.clone());
        }
    }
    records
}

/// Refuses names that are given and lack some that AWS asks for.
fn complete(asked: &[ResourceRecord], given: &[String]) -> Result<(), Failure> {
    let given: Vec<String> = given.iter().map(|name| plain(name)).collect();
    let missing: Vec<String> =
        asked.iter().map(|record| plain(&record.name)).filter(|name| !given.contains(name)).collect();
    if given.is_empty() || missing.is_empty() {
        return Ok(());
    }
    let message = format!("`validation_record_fqdns` lacks what AWS asks for: {}", missing.join(", "));
    Err(refused("MissingRecords", message))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use fathuss_engine::Provider;
    use fathuss_engine::provider::{FailureClass, Observation, Progress};
    use serde_json::{Value, json};

    use crate::asked::{make, read, standing};
    use crate::canned::Canned;

    const AT: &str = "s.aws_acm_certificate_validation.main";
    const ARN: &str = "arn:aws:acm:us-east-1:111122223333:certificate/1234abcd-12ab-34cd-56ef-1234567890ab";
    const ZONES: &str = "GET /2013-04-01/hostedzone";

    fn certificate(status: &str) -> Value {
        json!({ "Certificate": {
            "CertificateArn": ARN, "DomainName": "a.main.test", "Status": status, "FailureReason": "CAA_ERROR",
            "DomainValidationOptions": [{
                "DomainName": "a.main.test",
                "ResourceRecord": { "Name": "_1.a.main.test.", "Type": "CNAME", "Value": "_2.acm-validations.aws." },
            }],
        }})
    }

    fn wanted(names: &[&str]) -> Value {
        json!({ "certificate_arn": ARN, "validation_record_fqdns": names })
    }

    fn zone(id: &str, name: &str, private: bool) -> String {
        format!(
            "<HostedZone><Id>/hostedzone/{id}</Id><Name>{name}.</Name><CallerReference>r</CallerReference><Config>\
             <PrivateZone>{private}</PrivateZone></Config></HostedZone>"
        )
    }

    fn zones(zones: &[String]) -> String {
        format!(
            "<ListHostedZonesResponse><HostedZones>{}</HostedZones><IsTruncated>false</IsTruncated><MaxItems>100\
             </MaxItems></ListHostedZonesResponse>",
            zones.concat()
        )
    }

    fn servers(name: &str, servers: &[&str]) -> String {
        let values: String =
            servers.iter().map(|value| format!("<ResourceRecord><Value>{value}.</Value></ResourceRecord>")).collect();
        let set = format!(
            "<ResourceRecordSet><Name>{name}.</Name><Type>NS</Type><TTL>900</TTL><ResourceRecords>{values}\
             </ResourceRecords></ResourceRecordSet>"
        );
        let set = if servers.is_empty() { String::new() } else { set };
        format!(
            "<ListResourceRecordSetsResponse><ResourceRecordSets>{set}</ResourceRecordSets><IsTruncated>false\
             </IsTruncated><MaxItems>1</MaxItems></ListResourceRecordSetsResponse>"
        )
    }

    /// A certificate that waits, in a zone of the account below another one that names these servers for it.
    fn below(named: &[&str]) -> Arc<Canned> {
        let all = [zone("Z1", "main.test", false), zone("Z2", "a.main.test", false), zone("Z3", "a.main.test", true)];
        Canned::new()
            .json("DescribeCertificate", 200, &certificate("PENDING_VALIDATION"))
            .xml(ZONES, 200, &zones(&all))
            .xml("GET /2013-04-01/hostedzone/Z2/rrset", 200, &servers("a.main.test", &["ns-1.test", "ns-2.test"]))
            .xml("GET /2013-04-01/hostedzone/Z1/rrset", 200, &servers("a.main.test", named))
    }

    #[tokio::test]
    async fn a_zone_to_which_the_one_above_does_not_lead_is_refused_before_anything_waits() {
        let request = make(AT, wanted(&["_1.a.main.test"]));
        let failure = below(&[]).aws().create(&request).await.unwrap_err();
        assert_eq!((failure.class, failure.code.as_str()), (FailureClass::Refused, "NotDelegated"));
        assert!(failure.message.contains("ns-1.test, ns-2.test"), "{}", failure.message);
        assert!(below(&["ns-9.test"]).aws().create(&request).await.is_err(), "others lead elsewhere");
        assert_eq!(below(&["ns-2.test"]).aws().create(&request).await.unwrap().0, ARN);
    }

    #[tokio::test]
    async fn names_that_lack_one_that_aws_asks_for_are_refused() {
        let canned = Canned::new().json("DescribeCertificate", 200, &certificate("PENDING_VALIDATION"));
        let failure = canned.aws().create(&make(AT, wanted(&["_9.a.main.test"]))).await.unwrap_err();
        assert_eq!(failure.code, "MissingRecords");
        assert!(failure.message.ends_with("_1.a.main.test"), "{}", failure.message);
    }

    #[tokio::test]
    async fn it_is_there_once_the_certificate_is_issued() {
        let canned = Canned::new()
            .json("DescribeCertificate", 200, &certificate("PENDING_VALIDATION"))
            .json("DescribeCertificate", 200, &certificate("PENDING_VALIDATION"))
            .json("DescribeCertificate", 200, &certificate("ISSUED"));
        let (aws, standing) = (canned.aws(), standing(AT, ARN, wanted(&["_1.a.main.test"])));
        assert_eq!(aws.read(&[read(AT, ARN)]).await.observations[0], Ok(Observation::Absent));
        let waiting = Progress::Waiting { state: "PENDING_VALIDATION".to_owned() };
        assert_eq!(aws.settle(&standing).await, Ok(waiting));
        let Ok(Progress::Ready(attributes)) = aws.settle(&standing).await else { panic!("it is issued") };
        assert_eq!(attributes["certificate_arn"], ARN.into());
        assert_eq!(aws.delete(&standing).await, Ok(Progress::Gone));
    }

    #[tokio::test]
    async fn one_that_is_never_issued_is_told_with_its_reason_and_what_to_do() {
        let canned = Canned::new().json("DescribeCertificate", 200, &certificate("FAILED"));
        let failure = canned.aws().settle(&standing(AT, ARN, wanted(&[]))).await.unwrap_err();
        assert_eq!((failure.class, failure.code.as_str()), (FailureClass::Broken, "FAILED"));
        assert!(failure.message.contains("CAA_ERROR") && failure.hint.unwrap().contains("delete-certificate"));
    }

    #[tokio::test]
    async fn whoever_has_waited_long_is_told_which_servers_to_name() {
        let advice = below(&["ns-2.test"]).aws().advice(&standing(AT, ARN, wanted(&[]))).await.unwrap();
        assert!(advice.contains("_1.a.main.test") && advice.contains("ns-1.test, ns-2.test"), "{advice}");
    }
}
