//! What a state of Terraform or OpenTofu says, in the format that both write: version 4, as `terraform state pull` prints
//! it.
//!
//! It holds secrets in plain text, so no error here repeats a value of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use fathuss_model::Datum;
use serde_json::{Map, Value};

/// The version that is read.
const VERSION: u64 = 4;

/// A state.
#[derive(Debug)]
pub struct State {
    /// The program that wrote it last, by its version.
    pub written_by: String,
    /// Its own number.
    pub serial: u64,
    /// What it manages.
    pub resources: Vec<Resource>,
    /// How many data sources it has.
    pub data_sources: usize,
}

/// One resource.
#[derive(Debug)]
pub struct Resource {
    /// Its address there, modules in front.
    pub address: String,
    /// Its type.
    pub kind: String,
    /// The name of its block.
    pub name: String,
    /// Its key, where its block has `count` or `for_each`: a number is a text here.
    pub key: Option<String>,
    /// Whether it is to be replaced as soon as it can be.
    pub tainted: bool,
    /// Whether it is what a replacement has not deleted yet.
    pub deposed: bool,
    /// What it is.
    pub attributes: BTreeMap<String, Datum>,
}

/// Why a file is no state that can be read. Values of it are in none of these.
#[derive(Debug, PartialEq, Eq)]
pub enum StateFileError {
    /// It ends in the middle.
    CutOff {
        /// The line that it ends in.
        line: usize,
    },
    /// It is no JSON.
    NoJson {
        /// Where it stops to be some.
        line: usize,
        /// And in which column.
        column: usize,
    },
    /// It is JSON of something else.
    Other(&'static str),
    /// It is encrypted.
    Encrypted,
    /// It is of another version.
    Version(u64),
    /// A part of it is not as that version has it.
    Damaged(String),
    /// A resource is as versions before 0.12 wrote it.
    Flat(String),
}

impl fmt::Display for StateFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CutOff { line } => {
                write!(f, "it is cut off in line {line}\nNext: write it anew\n  terraform state pull > FILE")
            }
            Self::NoJson { line, column } => {
                write!(
                    f,
                    "it is no JSON from line {line}, column {column} on\nNext: give what this prints\n  terraform state pull"
                )
            }
            Self::Other(what) => write!(f, "{what}\nNext: give what this prints\n  terraform state pull"),
            Self::Encrypted => write!(
                f,
                "it is encrypted by OpenTofu, and nothing here has its key\nNext: give what this prints, where OpenTofu has the key\n  tofu state pull"
            ),
            Self::Version(version) => write!(
                f,
                "it has version {version} of the format, and this release reads version {VERSION}{}",
                match version {
                    0..VERSION => {
                        "\nNext: let Terraform 0.12 or later write it anew\n  terraform apply -refresh-only && terraform state pull"
                    }
                    _ => "\nNext: write it with a version of Terraform or OpenTofu that this release knows",
                }
            ),
            Self::Damaged(what) => write!(f, "{what}\nNext: give what this prints, as it is\n  terraform state pull"),
            Self::Flat(address) => write!(
                f,
                "{address} is written in it as Terraform before 0.12 did\nNext: let a later one write it anew\n  terraform apply -refresh-only && terraform state pull"
            ),
        }
    }
}

impl State {
    /// Reads one.
    pub fn parse(text: &[u8]) -> Result<Self, StateFileError> {
        let value: Value = serde_json::from_slice(text).map_err(|error| match error.is_eof() {
            true => StateFileError::CutOff { line: error.line() },
            false => StateFileError::NoJson { line: error.line(), column: error.column() },
        })?;
        let Value::Object(file) = value else { return Err(StateFileError::Other("it is no state of Terraform's")) };
        if file.contains_key("encrypted_data") || file.contains_key("encryption_version") {
            return Err(StateFileError::Encrypted);
        }
        if file.contains_key("format_version") {
            return Err(StateFileError::Other("it is what `terraform show -json` prints, and no state"));
        }
        let version = file.get("version").and_then(Value::as_u64);
        match version.ok_or(StateFileError::Other("it has no `version`, so it is no state of Terraform's"))? {
            VERSION => {}
            version => return Err(StateFileError::Version(version)),
        }
        let mut state = Self {
            written_by: text_of(&file, "terraform_version").unwrap_or("an unknown version").to_owned(),
            serial: file.get("serial").and_then(Value::as_u64).unwrap_or_default(),
            resources: Vec::new(),
            data_sources: 0,
        };
        let blocks = file.get("resources").and_then(Value::as_array);
        let blocks = blocks.ok_or_else(|| StateFileError::Damaged("it has no list of `resources`".to_owned()))?;
        for (at, block) in blocks.iter().enumerate() {
            state.block(at, block)?;
        }
        let mut seen = BTreeSet::new();
        if let Some(twice) = state.resources.iter().find(|it| !it.deposed && !seen.insert(&it.address)) {
            return Err(StateFileError::Damaged(format!("it has {} twice", twice.address)));
        }
        Ok(state)
    }

    fn block(&mut self, at: usize, block: &Value) -> Result<(), StateFileError> {
        let lacks = |what: &str| StateFileError::Damaged(format!("number {at} of its `resources` has no `{what}`"));
        let block = block.as_object().ok_or_else(|| lacks("type"))?;
        let text = |name: &str| text_of(block, name).ok_or_else(|| lacks(name));
        let instances = block.get("instances").and_then(Value::as_array).ok_or_else(|| lacks("instances"))?;
        if text("mode")? == "data" {
            self.data_sources += instances.len();
            return Ok(());
        }
        let (kind, name) = (text("type")?.to_owned(), text("name")?.to_owned());
        let module = text_of(block, "module").map(|module| format!("{module}.")).unwrap_or_default();
        for instance in instances {
            let instance = instance.as_object().ok_or_else(|| lacks("instances"))?;
            let (key, shown) = match instance.get("index_key") {
                None | Some(Value::Null) => (None, String::new()),
                Some(Value::String(key)) => (Some(key.clone()), format!("[\"{key}\"]")),
                Some(Value::Number(number)) => (Some(number.to_string()), format!("[{number}]")),
                Some(_) => return Err(StateFileError::Damaged(format!("a key of {module}{kind}.{name} is none"))),
            };
            let address = format!("{module}{kind}.{name}{shown}");
            let attributes = match instance.get("attributes") {
                Some(Value::Object(attributes)) => attributes.iter().map(|(name, value)| (name.clone(), datum(value))),
                _ if instance.contains_key("attributes_flat") => return Err(StateFileError::Flat(address)),
                _ => return Err(StateFileError::Damaged(format!("{address} has no `attributes` in it"))),
            };
            self.resources.push(Resource {
                attributes: attributes.collect(),
                kind: kind.clone(),
                name: name.clone(),
                key,
                tainted: text_of(instance, "status") == Some("tainted"),
                deposed: text_of(instance, "deposed").is_some_and(|deposed| !deposed.is_empty()),
                address,
            });
        }
        Ok(())
    }
}

impl Resource {
    /// The text of an attribute, where it has one.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).and_then(Datum::as_str).filter(|text| !text.is_empty())
    }

    /// The account that it says it is in.
    pub fn account(&self) -> Option<&str> {
        let is_account = |text: &&str| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
        let arn = self.text("arn").and_then(|arn| arn.split(':').nth(4));
        arn.filter(is_account).or_else(|| self.text("owner_id").filter(is_account))
    }

    /// The region that it says it is in.
    pub fn region(&self) -> Option<&str> {
        let arn = self.text("arn").filter(|arn| arn.starts_with("arn:")).and_then(|arn| arn.split(':').nth(3));
        arn.filter(|region| !region.is_empty()).or_else(|| self.text("region"))
    }
}

fn text_of<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    object.get(name).and_then(Value::as_str)
}

/// A value of theirs as one of ours. What is of any type they write with its type beside it; a number that is not whole
/// is a text here.
fn datum(value: &Value) -> Datum {
    match value {
        Value::Null => Datum::Null,
        Value::Bool(truth) => Datum::Bool(*truth),
        Value::Number(number) => number.as_i64().map_or_else(|| Datum::String(number.to_string()), Datum::Integer),
        Value::String(text) => Datum::String(text.clone()),
        Value::Array(items) => Datum::List(items.iter().map(datum).collect()),
        Value::Object(entries)
            if entries.len() == 2 && entries.contains_key("type") && entries.contains_key("value") =>
        {
            datum(&entries["value"])
        }
        Value::Object(entries) => Datum::Map(entries.iter().map(|(key, value)| (key.clone(), datum(value))).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATE: &str = r#"{
      "version": 4, "terraform_version": "1.9.5", "serial": 7, "lineage": "0a1b", "outputs": {},
      "resources": [
        { "mode": "data", "type": "aws_caller_identity", "name": "me", "provider": "p", "instances": [{ "attributes": {} }] },
        { "module": "module.net[\"a\"]", "mode": "managed", "type": "aws_subnet", "name": "private", "provider": "p", "instances": [
          { "index_key": 0, "attributes": { "id": "subnet-1", "arn": "arn:aws:ec2:us-east-1:111122223333:subnet/subnet-1" } },
          { "index_key": "x", "status": "tainted", "attributes": { "owner_id": "111122223333", "ratio": 0.5 } },
          { "index_key": "x", "deposed": "00c0ffee", "attributes": {} }
        ] },
        { "mode": "managed", "type": "terraform_data", "name": "note", "provider": "p", "instances": [
          { "attributes": { "input": { "value": "x", "type": "string" } } }
        ] }
      ], "check_results": null
    }"#;

    #[test]
    fn addresses_keys_and_what_became_of_each_are_as_terraform_has_them() {
        let state = State::parse(STATE.as_bytes()).unwrap();
        assert_eq!((state.written_by.as_str(), state.serial, state.data_sources), ("1.9.5", 7, 1));
        let seen: Vec<_> =
            state.resources.iter().map(|it| (it.address.as_str(), it.key.as_deref(), it.tainted, it.deposed)).collect();
        assert_eq!(
            seen,
            [
                ("module.net[\"a\"].aws_subnet.private[0]", Some("0"), false, false),
                ("module.net[\"a\"].aws_subnet.private[\"x\"]", Some("x"), true, false),
                ("module.net[\"a\"].aws_subnet.private[\"x\"]", Some("x"), false, true),
                ("terraform_data.note", None, false, false),
            ]
        );
        assert_eq!(
            (state.resources[0].region(), state.resources[0].account()),
            (Some("us-east-1"), Some("111122223333"))
        );
        assert_eq!((state.resources[1].region(), state.resources[1].account()), (None, Some("111122223333")));
        assert_eq!(state.resources[1].text("ratio"), Some("0.5"));
        assert_eq!(state.resources[3].text("input"), Some("x"), "what is of any type has it beside it");
    }

    #[test]
    fn whatever_is_cut_off_is_said_to_be() {
        for length in 1..STATE.len() {
            let error = State::parse(&STATE.as_bytes()[..length]).unwrap_err();
            assert!(matches!(error, StateFileError::CutOff { .. }), "{length}: {error:?}");
        }
    }

    #[test]
    fn what_is_no_such_state_is_told_apart_and_no_value_of_it_is_repeated() {
        let parse = |text: &str| State::parse(text.as_bytes()).unwrap_err();
        assert_eq!(parse("{\"version\": 3}"), StateFileError::Version(3));
        assert_eq!(parse("{\"version\": 5}"), StateFileError::Version(5));
        assert_eq!(
            parse("{\"serial\": 1, \"encrypted_data\": \"aGk=\", \"encryption_version\": \"v0\"}"),
            StateFileError::Encrypted
        );
        assert!(matches!(parse("resource \"aws_vpc\""), StateFileError::NoJson { line: 1, .. }));
        assert!(matches!(parse("{\"format_version\": \"1.0\"}"), StateFileError::Other(_)));
        assert!(matches!(parse("[]"), StateFileError::Other(_)));
        for odd in [
            "{\"version\": 4}",
            "{\"version\": 4, \"resources\": [\"hush\"]}",
            "{\"version\": 4, \"resources\": [{\"mode\": \"managed\", \"type\": \"hush\"}]}",
            "{\"version\": 4, \"resources\": [{\"mode\": \"managed\", \"type\": \"a\", \"name\": \"b\", \"instances\": [{\"index_key\": [\"hush\"]}]}]}",
            "{\"version\": 4, \"resources\": [{\"mode\": \"managed\", \"type\": \"a\", \"name\": \"b\", \"instances\": [{\"attributes\": \"hush\"}]}]}",
        ] {
            let error = parse(odd);
            assert!(matches!(error, StateFileError::Damaged(_)), "{odd}: {error:?}");
            assert!(!error.to_string().contains("hush"), "{error}");
        }
        let twice = STATE.replace("\"index_key\": 0", "\"index_key\": \"x\"");
        assert_eq!(
            parse(&twice),
            StateFileError::Damaged("it has module.net[\"a\"].aws_subnet.private[\"x\"] twice".to_owned())
        );
    }
}
