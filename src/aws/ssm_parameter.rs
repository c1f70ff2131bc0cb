//! `aws_ssm_parameter`: <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html>

use async_trait::async_trait;
use aws_sdk_ssm::types::ParameterType;
use fathuss_engine::provider::{Attributes, Failure, LookupRequest};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;

use crate::call::{Call, Service};
use crate::client::Client;
use crate::failure::refused;
use crate::fields::{Fields, Observed};
use crate::gone::there;
use crate::kind::Lookup;

/// The call of `aws_ssm_parameter`.
pub struct SsmParameter;

const SCHEMA: &Schema = fathuss_model::aws::SsmParameter::SCHEMA;

#[async_trait(?Send)]
impl Lookup for SsmParameter {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// Never decrypted: what is secret does not come into this program's hands.
    async fn lookup(&self, client: &Client, request: &LookupRequest) -> Result<Attributes, Failure> {
        let name = Fields::of(&request.desired).text("name")?;
        let sending = client.ssm.get_parameter().name(name).with_decryption(false).send();
        let answer = there(client.send(Call::new(Service::Ssm, "GetParameter"), sending).await)?;
        let Some(parameter) = answer.and_then(|answer| answer.parameter) else {
            let hint = "put it there first, for instance with `aws ssm put-parameter`";
            return Err(Failure {
                hint: Some(hint.to_owned()),
                ..refused("NoParameter", format!("there is no parameter {name} in {}", client.region))
            });
        };
        if parameter.r#type == Some(ParameterType::SecureString) {
            let hint = "keep it in Secrets Manager, whose values stay out of plans and state";
            return Err(Failure {
                hint: Some(hint.to_owned()),
                ..refused("SecureParameter", format!("{name} is a SecureString, and a lookup's answer is no secret"))
            });
        }
        Ok(Observed::new()
            .with("id", name)
            .with("arn", parameter.arn)
            .with("type", parameter.r#type.map(|kind| kind.as_str().to_owned()))
            .with("value", parameter.value)
            .with("version", parameter.version)
            .finish(SCHEMA))
    }
}

#[cfg(test)]
mod tests {
    use fathuss_engine::Provider;
    use fathuss_engine::provider::LookupRequest;
    use serde_json::{Value, json};

    use crate::asked::attributes;
    use crate::canned::Canned;

    fn asking() -> LookupRequest {
        LookupRequest {
            address: "s.aws_ssm_parameter.image".parse().unwrap(),
            region: "us-east-1".to_owned(),
            desired: attributes(json!({ "name": "/images/newest" })),
        }
    }

    fn shown(kind: &str, value: &str) -> Value {
        json!({ "Parameter": { "Name": "/images/newest", "Type": kind, "Value": value, "Version": 3, "ARN": "arn:p" } })
    }

    #[tokio::test]
    async fn a_parameter_is_asked_for_without_being_decrypted() {
        let canned = Canned::new().json("GetParameter", 200, &shown("String", "ami-1"));
        let answer = canned.aws().lookup(&asking()).await.unwrap();
        assert_eq!((&answer["value"], &answer["version"]), (&"ami-1".into(), &3.into()));
        let body: Value = serde_json::from_str(canned.seen()[0].get("body").unwrap()).unwrap();
        assert_eq!(body["WithDecryption"], false);
    }

    #[tokio::test]
    async fn a_secret_is_refused_and_not_shown() {
        let canned = Canned::new().json("GetParameter", 200, &shown("SecureString", "hunter2"));
        let failure = canned.aws().lookup(&asking()).await.unwrap_err();
        assert_eq!(failure.code, "SecureParameter");
        assert!(!format!("{failure:?}").contains("hunter2"));
    }

    #[tokio::test]
    async fn what_is_not_there_is_said_with_what_to_do() {
        let canned = Canned::new().json("GetParameter", 400, &json!({ "__type": "ParameterNotFound" }));
        let failure = canned.aws().lookup(&asking()).await.unwrap_err();
        assert_eq!(failure.code, "NoParameter");
        assert!(failure.hint.is_some());
    }
}
