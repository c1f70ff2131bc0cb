//! The stack builder: a stack function adds resources to it and gets handles.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Display;
use std::panic::Location;

use crate::address::Address;
use crate::check;
use crate::expression::{Expression, Reference, SecretSource};
use crate::graph::{Finding, Graph, Node, OutputDeclaration, Source};
use crate::resource::{Declaration, Handle, Resource};
use crate::schema::Schema;
use crate::value::{IntoValue, Output, Value, entries, map};
use crate::waits;

/// What went wrong in a stack function, in words for the person who wrote it, at the line that gave up.
#[derive(Debug)]
pub struct Error {
    message: String,
    source: Source,
}

/// What a stack function returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of these words.
    #[track_caller]
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), source: source(Location::caller()) }
    }

    pub(crate) fn into_finding(self) -> Finding {
        Finding { address: None, source: Some(self.source), message: self.message }
    }
}

impl<E: std::error::Error> From<E> for Error {
    /// `?` passes its own line on to here.
    #[track_caller]
    fn from(error: E) -> Self {
        Self::new(error.to_string())
    }
}

impl Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

/// A stack under construction.
#[derive(Debug)]
pub struct Stack {
    name: String,
    region: String,
    account: String,
    default_tags: BTreeMap<String, Expression>,
    nodes: Vec<Node>,
    schemas: Vec<&'static Schema>,
    index: HashMap<Address, usize>,
    outputs: BTreeMap<String, OutputDeclaration>,
    findings: Vec<Finding>,
}

/// The name of a resource within its stack: `"main"`, or `("private", zone)` where one declaration makes several.
pub trait IntoName {
    /// Name and key.
    fn into_name(self) -> (String, Option<String>);
}

impl IntoName for &str {
    fn into_name(self) -> (String, Option<String>) {
        (self.to_owned(), None)
    }
}

impl IntoName for String {
    fn into_name(self) -> (String, Option<String>) {
        (self, None)
    }
}

impl<K: Display> IntoName for (&str, K) {
    fn into_name(self) -> (String, Option<String>) {
        (self.0.to_owned(), Some(self.1.to_string()))
    }
}

/// The name of an output: a text for people, or an [`Output`] that other stacks read.
pub trait OutputName<T> {
    /// The name, and the stack that it says it belongs to.
    fn output_name(&self) -> (&str, Option<&str>);
}

impl<T> OutputName<T> for &str {
    fn output_name(&self) -> (&str, Option<&str>) {
        (self, None)
    }
}

impl<T> OutputName<T> for &Output<T> {
    fn output_name(&self) -> (&str, Option<&str>) {
        (self.name(), Some(self.stack()))
    }
}

impl Stack {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            region: String::new(),
            account: String::new(),
            default_tags: BTreeMap::new(),
            nodes: Vec::new(),
            schemas: Vec::new(),
            index: HashMap::new(),
            outputs: BTreeMap::new(),
            findings: Vec::new(),
        }
    }

    /// The stack's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Says where the stack stands: region, for instance `us-east-1`, and account, 12 digits. Before the first resource.
    pub fn place(&mut self, region: &str, account: &str) {
        self.region = region.to_owned();
        self.account = account.to_owned();
    }

    /// The region.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The account.
    #[must_use]
    pub fn account(&self) -> &str {
        &self.account
    }

    /// A tag for everything added from here on that takes tags; a resource's own tag of the same key wins.
    pub fn default_tag(&mut self, key: &str, value: impl IntoValue<String>) {
        self.default_tags.insert(key.to_owned(), value.into_value().into_expression());
    }

    /// Adds a resource or a lookup, and gives a handle to refer to it.
    #[track_caller]
    pub fn add<D: Declaration>(&mut self, name: impl IntoName, declaration: D) -> Handle<D::Resource> {
        let source = source(Location::caller());
        let declared = declaration.declared();
        let schema = D::Resource::SCHEMA;
        let (name, key) = name.into_name();
        let address = match Address::new(&self.name, schema.kind, &name, key.as_deref()) {
            Ok(address) => address,
            Err(error) => {
                self.findings.push(Finding { address: None, source: Some(source), message: error.to_string() });
                // The stack is refused for the finding above; the handle only lets the rest be checked too.
                return Handle::new(self.stand_in(schema.kind));
            }
        };
        if let Some(&at) = self.index.get(&address) {
            let message = format!(
                "this address is taken: {} declared it first; give one of them another name or key",
                self.nodes[at].source
            );
            self.findings.push(Finding { address: Some(address.clone()), source: Some(source), message });
            return Handle::new(address);
        }
        let mut fields = declared.resource.into_fields();
        for message in follow_kept_secrets(schema, &mut fields) {
            self.findings.push(Finding { address: Some(address.clone()), source: Some(source.clone()), message });
        }
        if schema.has_tags() && !self.default_tags.is_empty() {
            let mut tags = self.default_tags.clone();
            tags.extend(fields.remove("tags").map(entries).unwrap_or_default());
            fields.insert("tags".to_owned(), map(tags));
        }
        self.index.insert(address.clone(), self.nodes.len());
        self.schemas.push(schema);
        self.nodes.push(Node {
            address: address.clone(),
            region: declared.region.unwrap_or_else(|| self.region.clone()),
            account: self.account.clone(),
            source,
            fields,
            depends_on: declared.depends_on,
            lifecycle: declared.lifecycle,
        });
        Handle::new(address)
    }

    /// Declares an output.
    #[track_caller]
    pub fn output<T>(&mut self, name: impl OutputName<T>, value: Value<T>) {
        let source = source(Location::caller());
        let (name, stack) = name.output_name();
        if let Some(stack) = stack.filter(|stack| *stack != self.name) {
            let message = format!("output `{name}` belongs to stack `{stack}`, this is `{}`", self.name);
            self.findings.push(Finding { address: None, source: Some(source), message });
            return;
        }
        let value = value.into_expression();
        let declaration = OutputDeclaration { value, source: source.clone() };
        if let Some(first) = self.outputs.insert(name.to_owned(), declaration) {
            let message = format!("output `{name}` is taken: {} declared it first", first.source);
            self.findings.push(Finding { address: None, source: Some(source), message });
        }
    }

    /// Reads an output of another stack.
    #[must_use]
    pub fn read<T>(&self, output: &Output<T>) -> Value<T> {
        output.value()
    }

    /// References have to stay inside the stack, and name what there is.
    fn check_references(&mut self) {
        let mut found = Vec::new();
        let mut wrong = |reference: &Reference, address: Option<&Address>, source: &Source| {
            let message = match self.index.get(&reference.address) {
                None => format!(
                    "{} is not in this stack; what crosses stacks is an output: `stack.output(&OUTPUT, ...)` there, \
                     `stack.read(&OUTPUT)` here",
                    reference.address
                ),
                Some(at) if !self.schemas[*at].has_attribute(&reference.attribute) => {
                    format!("{} has no attribute `{}`", reference.address.local(), reference.attribute)
                }
                Some(_) => return,
            };
            found.push(Finding { address: address.cloned(), source: Some(source.clone()), message });
        };
        for node in &self.nodes {
            for expression in node.fields.values() {
                expression.references(&mut |reference| wrong(reference, Some(&node.address), &node.source));
            }
            for address in &node.depends_on {
                let reference = Reference { address: address.clone(), attribute: "id".to_owned() };
                wrong(&reference, Some(&node.address), &node.source);
            }
        }
        for output in self.outputs.values() {
            output.value.references(&mut |reference| wrong(reference, None, &output.source));
        }
        self.findings.extend(found);
    }

    /// Runs all checks and gives the graph, or everything that is wrong.
    pub(crate) fn finish(mut self) -> std::result::Result<Graph, Vec<Finding>> {
        self.check_place();
        // What was refused already would only be refused again for what refers to it.
        if self.findings.is_empty() {
            self.check_references();
        }
        check::nodes(&self.nodes, &self.schemas, &self.index, &mut self.findings);
        if !self.findings.is_empty() {
            return Err(self.findings);
        }
        waits::resolve(&mut self.nodes, &self.schemas, &self.index);
        Ok(Graph {
            stack: self.name,
            region: self.region,
            account: self.account,
            nodes: self.nodes,
            outputs: self.outputs,
        })
    }

    fn check_place(&mut self) {
        let account_is_one = self.account.len() == 12 && self.account.bytes().all(|byte| byte.is_ascii_digit());
        if self.region.is_empty() || !account_is_one {
            self.findings.push(Finding {
                address: None,
                source: None,
                message: format!(
                    "stack `{}` stands nowhere: call `stack.place(region, account)` first, with an account of 12 digits",
                    self.name
                ),
            });
        }
    }

    fn stand_in(&self, kind: &str) -> Address {
        let stack = if self.name.is_empty() { "stack" } else { &self.name };
        Address::new(stack, kind, "refused", None)
            .unwrap_or_else(|_| Address::new("stack", "refused", "refused", None).expect("these are three words"))
    }
}

/// Gives each secret that another resource keeps a version: that resource's own id, which another value changes.
///
/// What is wrong with the declaration comes back in words.
fn follow_kept_secrets(schema: &Schema, fields: &mut BTreeMap<String, Expression>) -> Vec<String> {
    let mut wrong = Vec::new();
    for field in schema.fields {
        let Some(version) = field.version() else { continue };
        let Some(Expression::Secret(SecretSource::Kept(keeper))) = fields.get(field.name) else { continue };
        let follows = Expression::Reference(keeper.clone());
        if fields.contains_key(&version) {
            let keeper = keeper.address.local();
            wrong.push(format!("`{}` is kept by {keeper} and follows it: take `{version}` away", field.name));
        }
        fields.insert(version, follows);
    }
    wrong
}

/// A place in a program, as graphs name it.
pub(crate) fn source(location: &Location<'_>) -> Source {
    Source { file: location.file().to_owned(), line: location.line() }
}
