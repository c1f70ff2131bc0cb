//! `aws_acm_certificate`: <https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html>

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use aws_sdk_acm::types::{CertificateDetail, DomainValidation, Filters, KeyAlgorithm, Tag, ValidationMethod};
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Observation, Progress, ReadRequest, Standing, UpdateRequest,
};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;
use fathuss_state::Identity;
use futures::future::join_all;

use crate::acm_certificate_validation;
use crate::call::{Call, Service};
use crate::client::Client;
use crate::differ::once_shown;
use crate::failure::{refused, unreadable};
use crate::fields::{Fields, Observed};
use crate::gone::{once_accepted, there, waiting};
use crate::kind::{Batch, Kind};
use crate::mark::{self, Marked, TagChange};

/// The calls of `aws_acm_certificate`.
pub struct AcmCertificate;

const SCHEMA: &Schema = fathuss_model::aws::AcmCertificate::SCHEMA;

/// Certificates and that they are issued, which one call answers.
pub(crate) const FAMILY: &str = "aws_acm_certificate";

/// How long a token may be: <https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html>
const TOKEN: usize = 32;

pub(crate) fn call(operation: &'static str) -> Call {
    Call::new(Service::Acm, operation)
}

#[async_trait(?Send)]
impl Kind for AcmCertificate {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    fn family(&self) -> &'static str {
        FAMILY
    }

    /// `DescribeCertificate` and `ListTagsForCertificate` for each: the list has no records, and no call
    /// answers several. The first one says whether it is issued, too.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        let mut arns: Vec<&str> = requests.iter().map(|request| request.identity.0.as_str()).collect();
        arns.sort_unstable();
        arns.dedup();
        let looked = join_all(arns.iter().map(|arn| described(client, arn))).await;
        let certificates: HashMap<&str, Result<Option<CertificateDetail>, Failure>> =
            arns.into_iter().zip(looked).collect();
        let observed = requests.iter().map(async |request| {
            let arn = request.identity.0.as_str();
            let certificate = match certificates.get(arn) {
                Some(Ok(Some(certificate))) => certificate,
                Some(Err(failure)) => return Err(failure.clone()),
                Some(Ok(None)) | None => return Ok(Observation::Absent),
            };
            if request.address.kind() != SCHEMA.kind {
                return Ok(acm_certificate_validation::observed(certificate, arn, &request.recorded));
            }
            Ok(match tags(client, arn).await? {
                Some(tags) => Observation::Present(observe(certificate, &tags)),
                None => Observation::Absent,
            })
        });
        Batch { observations: join_all(observed).await, strays: Vec::new() }
    }

    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let desired = Fields::of(&request.desired.attributes);
        let others = desired.texts("subject_alternative_names")?;
        let sending = client
            .acm
            .request_certificate()
            .domain_name(desired.text("domain_name")?)
            .set_subject_alternative_names(Some(others).filter(|others| !others.is_empty()))
            .validation_method(ValidationMethod::Dns)
            .set_key_algorithm(desired.maybe_text("key_algorithm")?.map(KeyAlgorithm::from))
            .idempotency_token(token(request))
            .set_tags(Some(written(mark::tags_with(&request.mark, &request.desired.attributes)?)?))
            .send();
        let answer = client.send(call("RequestCertificate"), sending).await?;
        let arn = answer.certificate_arn;
        arn.map(Identity).ok_or_else(|| unreadable(Service::Acm, "RequestCertificate", "CertificateArn"))
    }

    /// Lists the certificates of the name, and their tags: the token is forgotten after an hour.
    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        let desired = Fields::of(&request.desired.attributes);
        let name = desired.text("domain_name")?;
        let algorithm = KeyAlgorithm::from(desired.maybe_text("key_algorithm")?.unwrap_or("RSA_2048"));
        let mut token = None;
        loop {
            let sending = client
                .acm
                .list_certificates()
                .includes(Filters::builder().key_types(algorithm.clone()).build())
                .set_next_token(token)
                .send();
            let answer = client.send(call("ListCertificates"), sending).await?;
            for certificate in answer.certificate_summary_list.unwrap_or_default() {
                let named = certificate.domain_name.as_deref().is_some_and(|domain| domain.eq_ignore_ascii_case(name));
                let Some(arn) = certificate.certificate_arn.filter(|_| named) else { continue };
                let tags = tags(client, &arn).await?.unwrap_or_default();
                let ours = Marked::among(&tags)
                    .is_some_and(|marked| marked.is(&request.mark) && marked.generation == request.mark.generation);
                if ours {
                    return Ok(Found::Ours(Identity(arn)));
                }
            }
            token = answer.next_token;
            if token.is_none() {
                return Ok(Found::Nothing);
            }
        }
    }

    /// There once AWS has said which records it asks for, which takes seconds.
    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let arn = standing.identity.0.as_str();
        let Some(certificate) = described(client, arn).await? else { return Ok(waiting("not visible yet")) };
        if certificate.domain_validation_options().iter().any(|domain| domain.resource_record.is_none()) {
            return Ok(waiting("preparing its records"));
        }
        let Some(tags) = tags(client, arn).await? else { return Ok(waiting("not visible yet")) };
        Ok(once_shown(SCHEMA, &standing.desired.attributes, observe(&certificate, &tags)))
    }

    async fn update(&self, client: &Client, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure> {
        let arn = standing.identity.0.as_str();
        if let Some(TagChange { set, gone }) = mark::tag_change(standing, change)? {
            let sending =
                client.acm.add_tags_to_certificate().certificate_arn(arn).set_tags(Some(written(set)?)).send();
            client.send(call("AddTagsToCertificate"), sending).await?;
            if !gone.is_empty() {
                let gone = gone.into_iter().map(|key| tag(key, None)).collect::<Result<_, _>>()?;
                let sending =
                    client.acm.remove_tags_from_certificate().certificate_arn(arn).set_tags(Some(gone)).send();
                client.send(call("RemoveTagsFromCertificate"), sending).await?;
            }
        }
        Ok(())
    }

    /// What has used it lets go of it minutes after it is gone itself, which its refusal says.
    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let sending = client.acm.delete_certificate().certificate_arn(&standing.identity.0).send();
        once_accepted(client.send(call("DeleteCertificate"), sending).await)
    }
}

/// The certificate, if it is there.
pub(crate) async fn described(client: &Client, arn: &str) -> Result<Option<CertificateDetail>, Failure> {
    let sending = client.acm.describe_certificate().certificate_arn(arn).send();
    let answer = there(client.send(call("DescribeCertificate"), sending).await)?;
    answer
        .map(|answer| answer.certificate.ok_or_else(|| unreadable(Service::Acm, "DescribeCertificate", "Certificate")))
        .transpose()
}

async fn tags(client: &Client, arn: &str) -> Result<Option<BTreeMap<String, String>>, Failure> {
    let sending = client.acm.list_tags_for_certificate().certificate_arn(arn).send();
    let answer = there(client.send(call("ListTagsForCertificate"), sending).await)?;
    let read = |tag: Tag| (tag.key, tag.value.unwrap_or_default());
    Ok(answer.map(|answer| answer.tags.unwrap_or_default().into_iter().map(read).collect()))
}

fn observe(certificate: &CertificateDetail, tags: &BTreeMap<String, String>) -> Attributes {
    let name = certificate.domain_name.as_deref().unwrap_or_default();
    let others = certificate.subject_alternative_names().iter().filter(|other| *other != name);
    let mut domains: Vec<&DomainValidation> = certificate.domain_validation_options().iter().collect();
    domains.sort_by_key(|domain| (domain.domain_name != name, domain.domain_name.clone()));
    let domain = |domain: &&DomainValidation| {
        let record = domain.resource_record.as_ref();
        Observed::new()
            .with("domain_name", domain.domain_name.as_str())
            .with("resource_record_name", record.map(|record| record.name.clone()))
            .with("resource_record_type", record.map(|record| record.r#type.as_str().to_owned()))
            .with("resource_record_value", record.map(|record| record.value.clone()))
            .into_datum()
    };
    let method = certificate.domain_validation_options().first().and_then(|domain| domain.validation_method.as_ref());
    Observed::new()
        .with("domain_name", name)
        .with_list("subject_alternative_names", others.map(String::as_str))
        .with("validation_method", method.map(|method| method.as_str().to_owned()))
        .with("key_algorithm", certificate.key_algorithm.as_ref().map(algorithm))
        .tagged(tags)
        .with("id", certificate.certificate_arn.clone())
        .with("arn", certificate.certificate_arn.clone())
        .with_list("domain_validation_options", domains.iter().map(domain))
        .with("status", certificate.status.as_ref().map(|status| status.as_str().to_owned()))
        .finish(SCHEMA)
}

/// AWS has been seen to answer `RSA-2048` where its model says `RSA_2048`.
fn algorithm(answered: &KeyAlgorithm) -> String {
    let plain = |text: &str| text.replace('-', "_");
    let known = KeyAlgorithm::values().iter().find(|known| plain(known) == plain(answered.as_str()));
    known.map_or_else(|| answered.as_str().to_owned(), |known| (*known).to_owned())
}

fn token(request: &MakeRequest) -> &str {
    request.token.get(..TOKEN).unwrap_or(&request.token)
}

fn tag(key: String, value: Option<String>) -> Result<Tag, Failure> {
    Tag::builder().key(key).set_value(value).build().map_err(|error| refused("InvalidField", error.to_string()))
}

fn written(tags: BTreeMap<String, String>) -> Result<Vec<Tag>, Failure> {
    tags.into_iter().map(|(key, value)| tag(key, Some(value))).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use fathuss_engine::Provider;
    use fathuss_engine::provider::{FailureClass, Found, Observation, Progress};
    use fathuss_state::Identity;
    use serde_json::{Value, json};

    use crate::asked::{change, make, read, standing};
    use crate::canned::Canned;
    use crate::mark;

    const AT: &str = "s.aws_acm_certificate.main";
    const ARN: &str = "arn:aws:acm:us-east-1:111122223333:certificate/1234abcd-12ab-34cd-56ef-1234567890ab";

    fn domain(name: &str, told: bool) -> Value {
        let mut domain = json!({ "DomainName": name, "ValidationDomain": name, "ValidationMethod": "DNS" });
        if told {
            let of = name.trim_start_matches("*.");
            domain["ResourceRecord"] =
                json!({ "Name": format!("_1.{of}."), "Type": "CNAME", "Value": "_2.acm-validations.aws." });
        }
        domain
    }

    pub fn certificate(status: &str, told: bool) -> Value {
        json!({ "Certificate": {
            "CertificateArn": ARN, "DomainName": "main.test", "Status": status, "KeyAlgorithm": "RSA-2048",
            "SubjectAlternativeNames": ["main.test", "b.main.test", "*.main.test"],
            "DomainValidationOptions": [
                domain("b.main.test", told), domain("main.test", told), domain("*.main.test", told)
            ],
        }})
    }

    fn tagged() -> Value {
        let tags = mark::tags(&make(AT, json!({})).mark);
        let tags: Vec<Value> = tags.into_iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect();
        json!({ "Tags": tags })
    }

    fn wanted() -> Value {
        json!({ "domain_name": "main.test", "subject_alternative_names": ["*.main.test", "b.main.test"] })
    }

    fn body(canned: &Arc<Canned>, operation: &str) -> Value {
        let seen = canned.seen().into_iter().find(|seen| seen.operation == operation).unwrap();
        serde_json::from_str(seen.get("body").unwrap()).unwrap()
    }

    fn refusal(code: &str) -> Value {
        json!({ "__type": code, "message": "says AWS" })
    }

    #[tokio::test]
    async fn a_certificate_is_read_in_two_calls_and_whether_it_is_issued_in_none_more() {
        let canned = Canned::new().json("DescribeCertificate", 200, &certificate("ISSUED", true)).json(
            "ListTagsForCertificate",
            200,
            &tagged(),
        );
        let requests = [read(AT, ARN), read("s.aws_acm_certificate_validation.main", ARN)];
        let answer = canned.aws().read(&requests).await;
        let Ok(Observation::Present(attributes)) = &answer.observations[0] else { panic!("{answer:?}") };
        assert_eq!(attributes["key_algorithm"], "RSA_2048".into());
        let others = serde_json::to_value(&attributes["subject_alternative_names"]).unwrap();
        assert_eq!(others, json!(["*.main.test", "b.main.test"]), "its own name is none of the others");
        let domains = serde_json::to_value(&attributes["domain_validation_options"]).unwrap();
        let names: Vec<&str> =
            domains.as_array().unwrap().iter().map(|one| one["domain_name"].as_str().unwrap()).collect();
        assert_eq!(names, ["main.test", "*.main.test", "b.main.test"], "its own name is the first");
        assert!(matches!(answer.observations[1], Ok(Observation::Present(_))));
        let mut asked = canned.operations();
        asked.sort();
        assert_eq!(asked, ["DescribeCertificate", "ListTagsForCertificate"]);
        let gone = Canned::new().json("DescribeCertificate", 400, &refusal("ResourceNotFoundException"));
        assert_eq!(gone.aws().read(&[read(AT, ARN)]).await.observations[0], Ok(Observation::Absent));
    }

    #[tokio::test]
    async fn a_request_has_a_token_that_aws_takes_and_is_usable_once_its_records_are_known() {
        let canned = Canned::new()
            .json("RequestCertificate", 200, &json!({ "CertificateArn": ARN }))
            .json("DescribeCertificate", 200, &certificate("PENDING_VALIDATION", false))
            .json("DescribeCertificate", 200, &certificate("PENDING_VALIDATION", true))
            .json("ListTagsForCertificate", 200, &tagged());
        let aws = canned.aws();
        assert_eq!(aws.create(&make(AT, wanted())).await.unwrap().0, ARN);
        let sent = body(&canned, "RequestCertificate");
        assert_eq!((&sent["IdempotencyToken"], &sent["ValidationMethod"]), (&json!("f".repeat(32)), &json!("DNS")));
        let standing = standing(AT, ARN, wanted());
        let waiting = Progress::Waiting { state: "preparing its records".to_owned() };
        assert_eq!(aws.settle(&standing).await, Ok(waiting));
        assert!(matches!(aws.settle(&standing).await, Ok(Progress::Ready(_))));
    }

    #[tokio::test]
    async fn what_an_earlier_request_made_is_found_by_its_mark_among_those_of_the_name() {
        let other = format!("{ARN}-other");
        let listed = json!({ "CertificateSummaryList": [
            { "CertificateArn": other, "DomainName": "other.test" }, { "CertificateArn": ARN, "DomainName": "main.test" }
        ]});
        let canned =
            Canned::new().json("ListCertificates", 200, &listed).json("ListTagsForCertificate", 200, &tagged());
        let found = canned.aws().find(&make(AT, wanted())).await;
        assert_eq!(found, Ok(Found::Ours(Identity(ARN.to_owned()))));
        assert_eq!(canned.operations(), ["ListCertificates", "ListTagsForCertificate"]);
        assert_eq!(body(&canned, "ListCertificates"), json!({ "Includes": { "keyTypes": ["RSA_2048"] } }));
    }

    #[tokio::test]
    async fn only_what_changed_is_sent_and_a_tag_goes_whatever_its_value() {
        let canned = Canned::new().json("AddTagsToCertificate", 200, &json!({})).json(
            "RemoveTagsFromCertificate",
            200,
            &json!({}),
        );
        let before = json!({ "tags": { "Old": "x" } });
        canned.aws().update(&standing(AT, ARN, wanted()), &change(before, &["tags"])).await.unwrap();
        assert_eq!(canned.operations(), ["AddTagsToCertificate", "RemoveTagsFromCertificate"]);
        assert_eq!(body(&canned, "RemoveTagsFromCertificate")["Tags"], json!([{ "Key": "Old" }]));
    }

    #[tokio::test]
    async fn one_that_is_used_is_deleted_once_it_is_not() {
        let used = Canned::new().json("DeleteCertificate", 400, &refusal("ResourceInUseException"));
        let failure = used.aws().delete(&standing(AT, ARN, wanted())).await.unwrap_err();
        assert_eq!(failure.class, FailureClass::NotYet);
        let gone = Canned::new().json("DeleteCertificate", 400, &refusal("ResourceNotFoundException"));
        assert_eq!(gone.aws().delete(&standing(AT, ARN, wanted())).await, Ok(Progress::Gone));
    }
}
