//! Where a cluster's API server is, and the token that it is entered with.
//!
//! A token is a request to STS, signed ahead and not sent: <https://github.com/kubernetes-sigs/aws-iam-authenticator#api-authorization-from-outside-a-cluster>.

use std::time::Duration;

use aws_credential_types::provider::ProvideCredentials as _;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fathuss_engine::provider::Failure;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::arn::domain;
use crate::aws::Aws;
use crate::call::Call;
use crate::failure::refused;
use crate::gone::there;

/// A cluster's API server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiServer {
    /// `https://...`
    pub url: String,
    /// What its certificate is signed by: base64 of a PEM text.
    pub authority: String,
}

/// How long a token is sure to be good for: STS takes it for a quarter of an hour.
pub const TOKEN_LIFETIME: Duration = Duration::from_secs(10 * 60);

/// The longest that the authenticator takes a token for.
const SIGNED_FOR: Duration = Duration::from_secs(15 * 60);

impl Aws {
    /// The API server of a cluster; none where there is no such cluster, or nothing answers for it yet or any more.
    pub async fn api_server(&self, region: &str, name: &str) -> Result<Option<ApiServer>, Failure> {
        let client = self.client(region);
        let asked = client.eks.describe_cluster().name(name).send();
        let Some(answer) = there(client.send(Call::eks("DescribeCluster"), asked).await)? else { return Ok(None) };
        let Some(cluster) = answer.cluster else { return Ok(None) };
        let authority = cluster.certificate_authority.and_then(|authority| authority.data);
        Ok(cluster.endpoint.zip(authority).map(|(url, authority)| ApiServer { url, authority }))
    }

    /// A bearer token for a cluster, good for [`TOKEN_LIFETIME`].
    pub async fn cluster_token(&self, region: &str, name: &str) -> Result<String, Failure> {
        let unsigned = |error: String| refused("NoToken", format!("no token for {name} can be signed: {error}"));
        let credentials = self.config().credentials().ok_or_else(|| unsigned("there are no credentials".to_owned()))?;
        let credentials = credentials.provide_credentials().await.map_err(|error| unsigned(error.to_string()))?;
        let identity: Identity = credentials.into();
        let mut settings = SigningSettings::default();
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(SIGNED_FOR);
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(region)
            .name("sts")
            .time(self.config().now())
            .settings(settings)
            .build()
            .map_err(|error| unsigned(error.to_string()))?;
        let domain = domain(region);
        let mut url = format!("https://sts.{region}.{domain}/?Action=GetCallerIdentity&Version=2011-06-15");
        let headers = [("x-k8s-aws-id", name)].into_iter();
        let request = SignableRequest::new("GET", url.as_str(), headers, SignableBody::Bytes(&[]))
            .map_err(|error| unsigned(error.to_string()))?;
        let (instructions, _) =
            sign(request, &parameters.into()).map_err(|error| unsigned(error.to_string()))?.into_parts();
        for (parameter, value) in instructions.params() {
            url.push_str(&format!("&{parameter}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)));
        }
        Ok(format!("k8s-aws-v1.{}", URL_SAFE_NO_PAD.encode(url)))
    }
}
