//! Which service a request means that nobody signed: a signature names it, and without one only the request itself does.

use bytes::Bytes;
use http::Request;

use crate::model::Protocol;
use crate::protocol::{self, Asked, Form};
use crate::service::Service;

/// The service's name. What says nothing at all is EC2's.
pub(crate) fn of(services: &[&'static Service], request: &Request<Bytes>, form: &Form) -> &'static str {
    by_host(services, request)
        .or_else(|| by_target(services, request))
        .or_else(|| by_version(services, form))
        .or_else(|| by_path(services, request, form))
        .map_or("ec2", |service| service.name)
}

/// By a part of the host's name. A bucket's may stand before the service's.
fn by_host(services: &[&'static Service], request: &Request<Bytes>) -> Option<&'static Service> {
    let header = request.headers().get(http::header::HOST).and_then(|host| host.to_str().ok());
    let host = request.uri().host().or(header).unwrap_or_default();
    host.split('.').find_map(|label| services.iter().copied().find(|service| service.name == label))
}

/// By what stands before the operation in the header that has it.
fn by_target(services: &[&'static Service], request: &Request<Bytes>) -> Option<&'static Service> {
    let target = request.headers().get("x-amz-target")?.to_str().ok()?;
    let (prefix, _) = target.rsplit_once('.')?;
    services.iter().copied().find(|service| (service.model)().target.as_deref() == Some(prefix))
}

/// By the version of the API, which each service that is asked in a form has of its own.
fn by_version(services: &[&'static Service], form: &Form) -> Option<&'static Service> {
    let (_, version) = (form.get("Action")?, form.get("Version")?);
    let is_form = |service: &Service| (service.model)().protocol.is_form();
    services.iter().copied().find(|service| is_form(service) && (service.model)().version == version)
}

/// By the path: a service's own, else a bucket's.
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
    async fn a_path_of_no_other_service_is_a_buckets() {
        let (status, _, _, text) = ask(Method::GET, "/a-bucket/a-key", &[], "").await;
        assert!(status == 403 && text.contains("<Error><Code>AccessDenied</Code>"), "{text}");
    }
}
