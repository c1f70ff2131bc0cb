//! The API tables under `models/`: which operations a service has, what their
//! requests and answers look like, and which errors they declare.
//!
//! The files are made by `xtask/models.py` from a pinned botocore. Each is
//! parsed once, when its service is first called.

use std::collections::HashMap;
use std::sync::{LazyLock, OnceLock};

use indexmap::IndexMap;
use regex::Regex;
use serde::Deserialize;

/// One service's API.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// The service's name, e.g. `ec2`.
    pub service: String,
    /// The name in a signature's credential scope.
    pub signing: String,
    /// The wire protocol.
    pub protocol: Protocol,
    /// The protocols that it speaks beside that one.
    #[serde(default)]
    pub also: Vec<Protocol>,
    /// What stands before an operation's name where a header or a path has it.
    pub target: Option<String>,
    /// The version of the JSON that it speaks, where the operation's name is in a header.
    pub json: Option<String>,
    /// Whether an error also says, in a header, what it was called in the query protocol.
    #[serde(default)]
    pub query_errors: bool,
    /// Whether the first part of a path may stand before the host's name, as S3's buckets do.
    #[serde(default)]
    pub hosts: bool,
    /// Whether an error in XML stands without an envelope.
    #[serde(default)]
    pub bare_errors: bool,
    /// The API's version, which query protocols demand as `Version`.
    pub version: String,
    /// The XML namespace of query answers.
    pub namespace: String,
    /// Where the table comes from.
    pub source: String,
    /// The operations served.
    pub operations: HashMap<String, Operation>,
    /// The operations that AWS has and this table leaves out: names, with method and path.
    pub unserved: HashMap<String, String>,
    /// HTTP status by error code on the wire.
    pub errors: HashMap<String, u16>,
    /// The shapes of errors that are not called as their codes are.
    #[serde(default)]
    pub named: HashMap<String, String>,
    /// The shapes by name.
    pub shapes: HashMap<String, Shape>,
}

/// How a service speaks over HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Protocol {
    /// Form-encoded requests, XML answers, EC2's own naming.
    #[serde(rename = "ec2")]
    Ec2Query,
    /// Form-encoded requests, XML answers in a result wrapper.
    #[serde(rename = "query")]
    AwsQuery,
    /// Methods and paths, JSON bodies.
    #[serde(rename = "rest-json")]
    RestJson,
    /// Methods and paths, XML bodies.
    #[serde(rename = "rest-xml")]
    RestXml,
    /// The operation in a header, JSON bodies.
    #[serde(rename = "json")]
    AwsJson,
    /// The operation in the path, CBOR bodies.
    #[serde(rename = "smithy-rpc-v2-cbor")]
    RpcCbor,
}

/// One operation.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operation {
    /// The HTTP method.
    pub method: String,
    /// The path, with `{member}` for what stands in it.
    pub uri: String,
    /// The status of a success, where it is not 200.
    pub status: Option<u16>,
    /// The request's shape.
    pub input: Option<String>,
    /// The answer's shape.
    pub output: Option<String>,
    /// The XML element around an answer.
    pub wrapper: Option<String>,
    /// The XML element around a request's members, where it is not the request's shape.
    pub root: Option<String>,
    /// Whether an answer's one member is the XML itself.
    #[serde(default)]
    pub unwrapped: bool,
    /// Whether a request says a checksum of its body.
    #[serde(default)]
    pub checksum: bool,
    /// How the answer is paged.
    pub page: Option<Page>,
    /// Whether it is called without a signature.
    #[serde(default)]
    pub unsigned: bool,
    /// The filters that its documentation lists, but for those on tags.
    #[serde(default)]
    pub filters: Vec<String>,
}

/// The members that page an operation's answers.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Page {
    /// The request's member with the token.
    pub input_token: String,
    /// The answer's member with the next token.
    pub output_token: Option<String>,
    /// The request's member with the page's size.
    pub limit_key: Option<String>,
}

/// A shape: what a value may look like.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shape {
    /// Its kind.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// The members that must be there.
    #[serde(default)]
    pub required: Vec<String>,
    /// A structure's members.
    #[serde(default)]
    pub members: IndexMap<String, Member>,
    /// A list's items.
    pub member: Option<Member>,
    /// A map's keys.
    pub key: Option<Member>,
    /// A map's values.
    pub value: Option<Member>,
    /// The values that a string may have.
    #[serde(default, rename = "enum")]
    pub values: Vec<String>,
    /// The least number, length or count.
    pub min: Option<f64>,
    /// The greatest number, length or count.
    pub max: Option<f64>,
    /// What a string must match, as a whole.
    pub pattern: Option<String>,
    /// Whether a list has no element of its own around its items.
    #[serde(default)]
    pub flattened: bool,
    /// Whether its values are kept out of messages.
    #[serde(default)]
    pub sensitive: bool,
    /// How a timestamp is written.
    #[serde(rename = "timestampFormat")]
    pub timestamp_format: Option<TimestampFormat>,
    /// The member that is the whole body.
    pub payload: Option<String>,
    /// The XML element that it is where it is a whole body.
    #[serde(rename = "locationName")]
    pub location_name: Option<String>,
    /// Whether just one of a structure's members is there.
    #[serde(default)]
    pub union: bool,
    /// Whether a list or map may hold nulls.
    #[serde(default)]
    pub sparse: bool,
    /// The content type of a payload that is not JSON.
    #[serde(rename = "mediaType")]
    pub media_type: Option<String>,
    /// The XML namespace of the element, where it stands at the top of an answer.
    #[serde(rename = "xmlNamespace")]
    pub xml_namespace: Option<XmlNamespace>,
    #[serde(skip)]
    compiled: OnceLock<Option<Regex>>,
}

/// A reference to a shape, with its place on the wire.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Member {
    /// The shape's name.
    pub shape: String,
    /// Its name on the wire, where it differs.
    pub location_name: Option<String>,
    /// Its name in a query request, where it differs.
    pub query_name: Option<String>,
    /// `uri`, `querystring`, `header`, `headers` (all with a prefix), `statusCode` or, where there is none, the
    /// body.
    pub location: Option<String>,
    /// Whether a list's items stand without an element around them.
    #[serde(default)]
    pub flattened: bool,
    /// How a timestamp is written.
    pub timestamp_format: Option<TimestampFormat>,
    /// Whether clients fill it with a random token.
    #[serde(default)]
    pub idempotency_token: bool,
    /// The XML namespace that its element declares.
    pub xml_namespace: Option<XmlNamespace>,
    /// Whether it is an attribute of its structure's element.
    #[serde(default)]
    pub xml_attribute: bool,
}

/// How a timestamp is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum TimestampFormat {
    /// `1985-04-12T23:20:50Z`.
    #[serde(rename = "iso8601")]
    Iso8601,
    /// `Tue, 29 Apr 2014 18:30:38 GMT`.
    #[serde(rename = "rfc822")]
    Rfc822,
    /// Seconds since 1970 began.
    #[serde(rename = "unixTimestamp")]
    UnixTimestamp,
}

/// A namespace that an XML element declares.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct XmlNamespace {
    /// The namespace.
    pub uri: String,
    /// The prefix it is declared for; none where it is the default one.
    pub prefix: Option<String>,
}

/// The kinds of shapes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Named members.
    Structure,
    /// Items in order.
    List,
    /// Keys with values.
    Map,
    /// Text.
    String,
    /// A truth value.
    Boolean,
    /// An 8-bit integer.
    Byte,
    /// A 16-bit integer.
    Short,
    /// A 32-bit integer.
    Integer,
    /// A 64-bit integer.
    Long,
    /// A number.
    Float,
    /// A number.
    Double,
    /// Bytes.
    Blob,
    /// A moment.
    Timestamp,
    /// Any JSON.
    Document,
}

impl Model {
    /// A table of nothing: of a service of which only the protocol is known.
    pub(crate) fn blank(protocol: Protocol) -> Model {
        Model {
            service: String::new(),
            signing: String::new(),
            protocol,
            also: Vec::new(),
            target: None,
            json: None,
            query_errors: false,
            hosts: false,
            bare_errors: false,
            version: String::new(),
            namespace: String::new(),
            source: String::new(),
            operations: HashMap::new(),
            unserved: HashMap::new(),
            errors: HashMap::new(),
            named: HashMap::new(),
            shapes: HashMap::new(),
        }
    }

    /// Parses a table that this package carries.
    ///
    /// # Panics
    /// When the table is not what the generator writes; a test parses each of them.
    #[must_use]
    pub fn parse(text: &str) -> Model {
        match serde_json::from_str(text) {
            Ok(model) => model,
            // The tables are part of this package and each is parsed by a test.
            Err(error) => panic!("a table under models/ does not parse: {error}"),
        }
    }

    /// The shape of that name.
    ///
    /// # Panics
    /// When a table refers to a shape that it lacks; a test follows every reference.
    #[must_use]
    pub fn shape(&self, name: &str) -> &Shape {
        match self.shapes.get(name) {
            Some(shape) => shape,
            None => panic!("the table of {} has no shape {name}", self.service),
        }
    }
}

impl Model {
    /// The shape of an error that the service declares.
    #[must_use]
    pub fn error_shape(&self, code: &str) -> Option<&Shape> {
        self.shapes.get(self.error_name(code)).filter(|_| self.errors.contains_key(code))
    }

    /// What the shape of an error is called, for the protocols that name it so.
    #[must_use]
    pub fn error_name<'a>(&'a self, code: &'a str) -> &'a str {
        self.named.get(code).map_or(code, String::as_str)
    }

    /// What the member is called that an error's message stands in.
    #[must_use]
    pub fn message_name(&self, code: &str) -> &str {
        let members = self.error_shape(code).map(|shape| shape.members.keys());
        let named = members.and_then(|mut names| names.find(|name| name.eq_ignore_ascii_case("message")));
        named.map_or("message", String::as_str)
    }

    /// The shape of an operation's request.
    #[must_use]
    pub fn input(&self, operation: &Operation) -> &Shape {
        match &operation.input {
            Some(name) => self.shape(name),
            None => Shape::nothing(),
        }
    }

    /// The shape of an operation's answer.
    #[must_use]
    pub fn output(&self, operation: &Operation) -> &Shape {
        match &operation.output {
            Some(name) => self.shape(name),
            None => Shape::nothing(),
        }
    }
}

impl Shape {
    /// A structure without members: what an operation reads or answers whose table names nothing.
    fn nothing() -> &'static Shape {
        static NOTHING: LazyLock<Shape> = LazyLock::new(|| Shape {
            sensitive: false,
            kind: Kind::Structure,
            required: Vec::new(),
            members: IndexMap::new(),
            member: None,
            key: None,
            value: None,
            values: Vec::new(),
            min: None,
            max: None,
            pattern: None,
            flattened: false,
            timestamp_format: None,
            payload: None,
            location_name: None,
            union: false,
            sparse: false,
            media_type: None,
            xml_namespace: None,
            compiled: OnceLock::new(),
        });
        &NOTHING
    }

    /// Whether the text matches the shape's pattern as a whole.
    pub fn matches(&self, text: &str) -> bool {
        let Some(pattern) = &self.pattern else {
            return true;
        };
        let compiled = self.compiled.get_or_init(|| whole(pattern).ok());
        compiled.as_ref().is_none_or(|regex| regex.is_match(text))
    }
}

/// A pattern that a text has to match as a whole. Java, whose patterns they are, writes the characters beyond 16 bits as
/// pairs of surrogates, which are no characters here.
fn whole(pattern: &str) -> Result<Regex, regex::Error> {
    let pattern = pattern.replace(r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010FFFF");
    Regex::new(&format!(r"\A(?:{pattern})\z"))
}

impl Protocol {
    /// Whether its answers, and so all that they repeat of requests, are XML.
    #[must_use]
    pub fn is_xml(self) -> bool {
        matches!(self, Protocol::Ec2Query | Protocol::AwsQuery | Protocol::RestXml)
    }

    /// Whether its requests are forms, which say the API's version.
    #[must_use]
    pub fn is_form(self) -> bool {
        matches!(self, Protocol::Ec2Query | Protocol::AwsQuery)
    }
}

impl Kind {
    /// What it is called in a refusal.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Kind::Structure => "structure",
            Kind::List => "list",
            Kind::Map => "map",
            Kind::String => "string",
            Kind::Boolean => "boolean",
            Kind::Byte | Kind::Short | Kind::Integer | Kind::Long => "integer",
            Kind::Float | Kind::Double => "number",
            Kind::Blob => "base64 text",
            Kind::Timestamp => "timestamp",
            Kind::Document => "document",
        }
    }
}

impl Member {
    /// The name in an ec2Query request: EC2 has its own rule for capitals.
    #[must_use]
    pub fn ec2_query_name(&self, name: &str) -> String {
        if let Some(query) = &self.query_name {
            return query.clone();
        }
        let mut letters = self.wire_name(name).chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + letters.as_str())
    }

    /// Whether it stands in the body of an answer, which has no path and no query.
    #[must_use]
    pub fn is_in_body(&self) -> bool {
        self.location.as_deref().is_none_or(|place| place == "uri" || place == "querystring")
    }

    /// The name on the wire of every other protocol.
    #[must_use]
    pub fn wire_name<'a>(&'a self, name: &'a str) -> &'a str {
        self.location_name.as_deref().unwrap_or(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_parses_is_closed_and_its_patterns_compile() {
        for text in [
            include_str!("models/ec2.json"),
            include_str!("models/eks.json"),
            include_str!("models/rds.json"),
            include_str!("models/elasticache.json"),
            include_str!("models/iam.json"),
            include_str!("models/sts.json"),
            include_str!("models/kms.json"),
            include_str!("models/s3.json"),
            include_str!("models/cloudwatch.json"),
            include_str!("models/logs.json"),
            include_str!("models/secretsmanager.json"),
            include_str!("models/sns.json"),
            include_str!("models/route53.json"),
            include_str!("models/backup.json"),
            include_str!("models/budgets.json"),
            include_str!("models/ce.json"),
            include_str!("models/ssm.json"),
            include_str!("models/autoscaling.json"),
            include_str!("models/elb.json"),
            include_str!("models/elbv2.json"),
        ] {
            let model = Model::parse(text);
            let mut names: Vec<&str> = Vec::new();
            for operation in model.operations.values() {
                names.extend(operation.input.as_deref());
                names.extend(operation.output.as_deref());
            }
            for (name, shape) in &model.shapes {
                names.extend(shape.members.values().map(|member| member.shape.as_str()));
                names.extend([&shape.member, &shape.key, &shape.value].into_iter().flatten().map(|m| m.shape.as_str()));
                if let Some(pattern) = &shape.pattern {
                    assert!(whole(pattern).is_ok(), "{}: {name}: {pattern}", model.service);
                }
            }
            for name in names {
                assert!(model.shapes.contains_key(name), "{} lacks {name}", model.service);
            }
        }
    }
}
