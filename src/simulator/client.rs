//! The tests' own client: it signs and speaks each protocol through [`Simulator::handle`],
//! with nothing of the simulator's decoding in it.

use bytes::Bytes;
use http::{Request, Response};
use jiff::SignedDuration;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::signature::tests::sign;
use crate::{Config, Fault, Simulator};

/// A client of one region, with the access key `test`.
pub(crate) struct Client {
    pub(crate) simulator: Simulator,
    pub(crate) region: &'static str,
}

/// An answer as text, and what it says when it is a refusal.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) text: String,
    pub(crate) code: String,
    pub(crate) message: String,
}

impl Client {
    /// A client of a world in memory without lags and limits.
    pub(crate) fn calm() -> Client {
        Client::of(Simulator::open(Config::calm(7)).unwrap())
    }

    pub(crate) fn of(simulator: Simulator) -> Client {
        Client { simulator, region: "us-east-1" }
    }

    /// Calls EC2 and expects a success.
    pub(crate) async fn ec2(&self, action: &str, parameters: &[(&str, &str)]) -> Answer {
        let answer = self.try_ec2(action, parameters).await;
        assert_eq!(answer.status, 200, "{action}: {}", answer.text);
        answer
    }

    pub(crate) async fn try_ec2(&self, action: &str, parameters: &[(&str, &str)]) -> Answer {
        self.query("ec2", "2016-11-15", action, parameters).await
    }

    /// Expects EC2's refusal with this code.
    pub(crate) async fn refused(&self, action: &str, parameters: &[(&str, &str)], code: &str) -> Answer {
        let answer = self.try_ec2(action, parameters).await;
        assert_eq!(answer.code, code, "{action}: {}", answer.text);
        answer
    }

    /// Calls IAM and expects a success.
    pub(crate) async fn iam(&self, action: &str, parameters: &[(&str, &str)]) -> Answer {
        let answer = self.query("iam", "2010-05-08", action, parameters).await;
        assert_eq!(answer.status, 200, "{action}: {}", answer.text);
        answer
    }

    /// Expects IAM's refusal with this code and message.
    pub(crate) async fn iam_refuses(&self, action: &str, parameters: &[(&str, &str)], code: &str, message: &str) {
        let answer = self.query("iam", "2010-05-08", action, parameters).await;
        assert_eq!((answer.code.as_str(), answer.message.as_str()), (code, message), "{action}: {}", answer.text);
    }

    /// Makes a role that a service may assume, and gives its ARN.
    pub(crate) async fn role(&self, name: &str, service: &str) -> String {
        let trust = format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"Service":"{service}"}},"Action":"sts:AssumeRole"}}]}}"#
        );
        let parameters = [("RoleName", name), ("AssumeRolePolicyDocument", trust.as_str())];
        self.iam("CreateRole", &parameters).await.one("Arn")
    }

    /// Calls EKS and expects a success.
    pub(crate) async fn eks(&self, method: &str, path: &str, body: Option<serde_json::Value>) -> serde_json::Value {
        let answer = self.rest("eks", method, path, body).await;
        assert_eq!(answer.status, 200, "{method} {path}: {}", answer.text);
        answer.json()
    }

    /// Expects EKS's refusal with this code and message.
    pub(crate) async fn eks_refuses(
        &self,
        method: &str,
        path: &str,
        body: Option<serde_json::Value>,
        code: &str,
        message: &str,
    ) {
        let answer = self.rest("eks", method, path, body).await;
        assert_eq!(
            (answer.code.as_str(), answer.message.as_str()),
            (code, message),
            "{method} {path}: {}",
            answer.text
        );
    }

    /// Calls a service that speaks a query protocol.
    pub(crate) async fn query(
        &self,
        service: &str,
        version: &str,
        action: &str,
        parameters: &[(&str, &str)],
    ) -> Answer {
        self.send(self.query_request(service, version, action, parameters)).await.unwrap()
    }

    pub(crate) fn query_request(
        &self,
        service: &str,
        version: &str,
        action: &str,
        parameters: &[(&str, &str)],
    ) -> Request<Bytes> {
        let all = [("Action", action), ("Version", version)];
        let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let body: Vec<String> = all
            .iter()
            .chain(parameters)
            .map(|(name, value)| format!("{}={}", encode(name).replace("%2E", "."), encode(value)))
            .collect();
        let mut request = Request::builder()
            .method("POST")
            .uri(format!("http://{service}.{}.amazonaws.com/", self.region))
            .header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
            .body(Bytes::from(body.join("&")))
            .unwrap();
        sign(&mut request, "test", "test", self.region, service, self.simulator.now());
        request
    }

    /// Calls a service that speaks REST with JSON; the path is encoded already.
    #[allow(dead_code)]
    pub(crate) async fn rest(
        &self,
        service: &str,
        method: &str,
        path: &str,
        body: Option<serde_json::Value>,
    ) -> Answer {
        let body = body.map_or_else(Bytes::new, |body| Bytes::from(body.to_string()));
        let mut request = Request::builder()
            .method(method)
            .uri(format!("http://{service}.{}.amazonaws.com{path}", self.region))
            .header("content-type", "application/json")
            .body(body)
            .unwrap();
        sign(&mut request, "test", "test", self.region, service, self.simulator.now());
        self.send(request).await.unwrap()
    }

    /// Calls a service that speaks JSON with the operation in a header, and expects a success.
    pub(crate) async fn kms(&self, operation: &str, body: serde_json::Value) -> serde_json::Value {
        let answer = self.send(self.json_request("kms", "TrentService", operation, &body)).await.unwrap();
        assert_eq!(answer.status, 200, "{operation}: {}", answer.text);
        // What answers nothing has no body.
        if answer.text.is_empty() { serde_json::Value::Null } else { answer.json() }
    }

    pub(crate) fn json_request(
        &self,
        service: &str,
        target: &str,
        operation: &str,
        body: &serde_json::Value,
    ) -> Request<Bytes> {
        let mut request = Request::builder()
            .method("POST")
            .uri(format!("http://{service}.{}.amazonaws.com/", self.region))
            .header("content-type", "application/x-amz-json-1.1")
            .header("x-amz-target", format!("{target}.{operation}"))
            .body(Bytes::from(body.to_string()))
            .unwrap();
        sign(&mut request, "test", "test", self.region, service, self.simulator.now());
        request
    }

    pub(crate) async fn send(&self, request: Request<Bytes>) -> Result<Answer, Fault> {
        self.simulator.handle(request).await.map(Answer::of)
    }

    /// Lets the world's time pass.
    pub(crate) fn wait(&self, seconds: i64) {
        self.simulator.advance(SignedDuration::from_secs(seconds)).unwrap();
    }

    /// Makes a VPC and gives its id.
    pub(crate) async fn vpc(&self, cidr: &str) -> String {
        self.ec2("CreateVpc", &[("CidrBlock", cidr)]).await.one("vpcId")
    }

    /// Makes a subnet and gives its id.
    pub(crate) async fn subnet(&self, vpc: &str, cidr: &str, zone: &str) -> String {
        let parameters = [("VpcId", vpc), ("CidrBlock", cidr), ("AvailabilityZone", zone)];
        self.ec2("CreateSubnet", &parameters).await.one("subnetId")
    }
}

impl Answer {
    fn of(response: Response<Bytes>) -> Answer {
        let status = response.status().as_u16();
        let header = response.headers().get("x-amzn-errortype").map(|value| value.to_str().unwrap().to_owned());
        let text = String::from_utf8(response.into_body().to_vec()).unwrap();
        let of_json = || {
            let body: serde_json::Value = serde_json::from_str(&text).unwrap();
            let member =
                |names: &[&str]| names.iter().find_map(|name| body[name].as_str()).unwrap_or_default().to_owned();
            // Services write it small or with a capital.
            (member(&["__type"]), member(&["message", "Message"]))
        };
        let (code, message) = match header {
            Some(code) => (code, of_json().1),
            None if status >= 400 && text.starts_with('{') => of_json(),
            None if status >= 400 => {
                (first(&text, "Code").unwrap_or_default(), first(&text, "Message").unwrap_or_default())
            }
            None => (String::new(), String::new()),
        };
        Answer { status, text, code, message }
    }

    /// The text of the first element of that name.
    pub(crate) fn one(&self, element: &str) -> String {
        first(&self.text, element).unwrap_or_else(|| panic!("no {element} in {}", self.text))
    }

    /// The texts of all elements of that name.
    pub(crate) fn all(&self, element: &str) -> Vec<String> {
        let (open, close) = (format!("<{element}>"), format!("</{element}>"));
        let parts = self.text.split(open.as_str()).skip(1);
        parts.map(|part| part.split(close.as_str()).next().unwrap_or_default().to_owned()).collect()
    }

    /// The body of a JSON answer.
    #[allow(dead_code)]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.text).unwrap()
    }
}

fn first(text: &str, element: &str) -> Option<String> {
    let (_, rest) = text.split_once(&format!("<{element}>"))?;
    let (inner, _) = rest.split_once(&format!("</{element}>"))?;
    Some(inner.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
}
