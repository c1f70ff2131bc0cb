//! Which service a request means that nobody signed: a signature names it, and without one only the request itself does.

use bytes::Bytes;
use http::Request;

use crate::model::Protocol;
use crate::protocol::{self, Asked, Form};
use crate::service::Service;

/// The service's name, simulated here or not. What says nothing at all is EC2's.
pub(crate) fn of(services: &[&'static Service], request: &Request<Bytes>, form: &Form) -> String {
    let header = request.headers().get(http::header::HOST).and_then(|host| host.to_str().ok());
    let host = request.uri().host().or(header).unwrap_or_default();
    let known = by_host(services, host);
    if let Some(other) = elsewhere(host).filter(|_| known.is_none()) {
        return other.to_owned();
    }
    known
        .or_else(|| by_target(services, request))
        .or_else(|| by_version(services, form))
        .or_else(|| by_path(services, request, form))
        .or_else(|| of_buckets(services, host, request))
        .map_or("ec2", |service| service.name)
        .to_owned()
}

/// By a part of the host's name. A bucket's may stand before the service's.
fn by_host(services: &[&'static Service], host: &str) -> Option<&'static Service> {
    host.split('.').find_map(|label| services.iter().copied().find(|service| service.name == label))
}

/// The service of one of AWS's hosts: what stands before the region, if it has one.
/// <https://docs.aws.amazon.com/general/latest/gr/rande.html>
fn elsewhere(host: &str) -> Option<&str> {
    let name = host.split(':').next()?.strip_suffix(".amazonaws.com")?;
    let is_region = |label: &str| label.ends_with(|last: char| last.is_ascii_digit()) && label.contains('-');
    name.rsplit('.').find(|label| !is_region(label))
}

/// By what stands before the operation in the header that has it, or in the path of a request in CBOR.
fn by_target(services: &[&'static Service], request: &Request<Bytes>) -> Option<&'static Service> {
    let header = request.headers().get("x-amz-target").and_then(|target| target.to_str().ok());
    let of_header = header.and_then(|target| target.rsplit_once('.')).map(|(prefix, _)| prefix);
    let of_path = request.uri().path().strip_prefix("/service/").and_then(|rest| rest.split('/').next());
    let prefix = of_header.or(of_path)?;
    services.iter().copied().find(|service| (service.model)().target.as_deref() == Some(prefix))
}

/// By the version of the API, which each service that is asked in a form has of its own.
fn by_version(services: &[&'static Service], form: &Form) -> Option<&'static Service> {
    let (_, version) = (form.get("Action")?, form.get("Version")?);
    let is_form = |service: &Service| (service.model)().protocol.is_form();
    services.iter().copied().find(|service| is_form(service) && (service.model)().version == version)
}

/// What no other service has belongs to a bucket: it stands in the path, or before the host's name.
fn of_buckets(services: &[&'static Service], host: &str, request: &Request<Bytes>) -> Option<&'static Service> {
    let of_bucket = request.uri().path() != "/" || protocol::names_bucket(host);
    services.iter().copied().find(|service| of_bucket && (service.model)().hosts)
}

/// By the path of an operation.
fn by_path(services: &[&'static Service], request: &Request<Bytes>, form: &Form) -> Option<&'static Service> {
    if request.uri().path() == "/" {
        return None;
    }
    let routed = |wanted: Protocol| {
        services.iter().copied().find(|service| {
            let model = (service.model)();
            let asked = || protocol::operation(model, wanted, request, form);
            model.protocol == wanted && matches!(asked(), Asked::Operation(_))
        })
    };
    routed(Protocol::RestJson).or_else(|| routed(Protocol::RestXml))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{Method, Request};

    use crate::client::Client;

    /// The status, the content type, the header with the error's name, and the body of the answer to what nobody signed.
    async fn ask(
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &'static str,
    ) -> (u16, String, String, String) {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.header("host", "127.0.0.1:4599").body(Bytes::from_static(body.as_bytes())).unwrap();
        let answer = Client::calm().simulator.handle(request).await.unwrap();
        let header =
            |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
        let text = String::from_utf8(answer.body().to_vec()).unwrap();
        (answer.status().as_u16(), header("content-type"), header("x-amzn-errortype"), text)
    }

    // `MissingAuthenticationToken`, 403: <https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html>.
    #[tokio::test(start_paused = true)]
    async fn a_form_without_a_signature_is_refused_by_the_service_of_its_version() {
        let form = [("content-type", "application/x-www-form-urlencoded")];
        for (body, namespace) in [
            ("Action=DescribeDBInstances&Version=2014-10-31", "http://rds.amazonaws.com/doc/2014-10-31/"),
            ("Action=GetCallerIdentity&Version=2011-06-15", "https://sts.amazonaws.com/doc/2011-06-15/"),
            ("Action=ListRoles&Version=2010-05-08", "https://iam.amazonaws.com/doc/2010-05-08/"),
            ("Action=DescribeCacheClusters&Version=2015-02-02", "http://elasticache.amazonaws.com/doc/2015-02-02/"),
        ] {
            let (status, kind, _, text) = ask(Method::POST, "/", &form, body).await;
            assert_eq!((status, kind.as_str()), (403, "text/xml"), "{body}");
            assert!(text.starts_with(&format!("<ErrorResponse xmlns=\"{namespace}\">")), "{text}");
            assert!(text.contains("<Code>MissingAuthenticationToken</Code>"), "{text}");
        }
        let (status, _, _, text) = ask(Method::POST, "/", &form, "Action=DescribeVpcs&Version=2016-11-15").await;
        assert!(status == 400 && text.contains("<Response><Errors><Error><Code>MissingParameter</Code>"), "{text}");
    }

    #[tokio::test(start_paused = true)]
    async fn json_without_a_signature_is_refused_in_json() {
        let (status, _, named, text) = ask(Method::GET, "/clusters", &[], "").await;
        assert_eq!((status, named.as_str()), (403, "MissingAuthenticationTokenException"));
        assert_eq!(text, r#"{"message":"Missing Authentication Token"}"#);
        for target in ["TrentService.ListKeys", "secretsmanager.ListSecrets", "Logs_20140328.DescribeLogGroups"] {
            let headers = [("x-amz-target", target), ("content-type", "application/x-amz-json-1.1")];
            let (status, kind, _, text) = ask(Method::POST, "/", &headers, "{}").await;
            assert_eq!((status, kind.as_str()), (400, "application/x-amz-json-1.1"), "{target}");
            assert!(text.contains("MissingAuthenticationTokenException"), "{text}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn cbor_without_a_signature_is_refused_in_cbor() {
        let headers = [("smithy-protocol", "rpc-v2-cbor"), ("content-type", "application/cbor")];
        let mut request = Request::post("/service/GraniteServiceVersion20100801/operation/DescribeAlarms");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let request = request.header("host", "127.0.0.1:4599").body(Bytes::from_static(b"\xa0")).unwrap();
        let answer = Client::calm().simulator.handle(request).await.unwrap();
        assert_eq!(answer.headers()["content-type"], "application/cbor");
        assert!(answer.status().is_client_error());
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_of_a_service_that_is_not_simulated_is_told_so() {
        for (host, service) in [
            ("lambda.us-east-1.amazonaws.com", "lambda"),
            ("organizations.us-east-1.amazonaws.com", "organizations"),
            ("111122223333.dkr.ecr.eu-west-1.amazonaws.com", "ecr"),
        ] {
            let request = Request::get(format!("http://{host}/2015-03-31/functions")).body(Bytes::new()).unwrap();
            let answer = Client::calm().simulator.handle(request).await.unwrap();
            assert_eq!(answer.status(), 501, "{host}");
            let text = String::from_utf8(answer.body().to_vec()).unwrap();
            assert!(text.contains(&format!("the service {service} is not simulated")), "{text}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_path_of_no_other_service_is_a_buckets() {
        let (status, _, _, text) = ask(Method::GET, "/a-bucket/a-key", &[], "").await;
        assert!(status == 403 && text.contains("<Error><Code>AccessDenied</Code>"), "{text}");
    }
}
