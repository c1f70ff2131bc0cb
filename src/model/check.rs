//! Checks of values while the stack program runs.
//!
//! What types can't show is refused here, at the line that declared it: the
//! bounds of each field from its schema, and the checks a type brings along,
//! which may follow references to what is declared beside it.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use ipnet::Ipv4Net;

use crate::address::Address;
use crate::datum::Datum;
use crate::expression::Expression;
use crate::graph::{Finding, Graph, Node};
use crate::schema::{Creation, Field, Limits, Schema, Type};

/// A check of one declaration against itself and what it refers to.
pub type Check = fn(&View<'_>, &mut Findings<'_>);

/// What a declaration waits for though no field refers to it, among what is declared beside it.
pub type Waits = for<'a> fn(&View<'a>) -> Vec<View<'a>>;

/// A node among its neighbours.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    node: &'a Node,
    among: &'a Neighbours<'a>,
}

/// The nodes of a stack, by address and by type.
#[derive(Debug)]
pub(crate) struct Neighbours<'a> {
    nodes: &'a [Node],
    index: &'a HashMap<Address, usize>,
    kinds: HashMap<&'a str, Vec<usize>>,
    /// By type and field, then by what the field names; made when first asked for.
    families: RefCell<HashMap<(&'a str, String), Family<'a>>>,
    /// The same, told apart by a text further.
    twins: RefCell<HashMap<(&'a str, String, Trait), Twins<'a>>>,
}

/// Nodes of one type, in the order declared, by what one of their fields names.
type Family<'a> = Rc<HashMap<Parent<'a>, Vec<usize>>>;

/// The same, by what one of their fields names and a text.
type Twins<'a> = Rc<HashMap<(Parent<'a>, String), Vec<usize>>>;

/// What tells nodes apart, as a text; none where it is not known.
type Trait = fn(&View<'_>) -> Option<String>;

/// What several nodes have in common that name it in a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Parent<'a> {
    /// A node of the same stack.
    Node(&'a Address),
    /// What no stack here makes, as one region of an account knows it.
    Existing { name: &'a str, region: &'a str, account: &'a str },
}

impl<'a> Parent<'a> {
    fn of(node: &'a Node, field: &str) -> Option<Self> {
        match node.fields.get(field)? {
            Expression::Reference(reference) => Some(Self::Node(&reference.address)),
            Expression::Literal(name) => {
                Some(Self::Existing { name: name.as_str()?, region: &node.region, account: &node.account })
            }
            _ => None,
        }
    }
}

/// A field, or a part of one, as far as it was written in place.
#[derive(Clone, Copy, Debug)]
pub enum Part<'a> {
    /// Not fully known: it holds references.
    Expression(&'a Expression),
    /// Known.
    Datum(&'a Datum),
    /// The fields of a declaration.
    Fields(&'a BTreeMap<String, Expression>),
}

/// Where the checks of one node put what they find.
#[derive(Debug)]
pub struct Findings<'a> {
    node: &'a Node,
    found: &'a mut Vec<Finding>,
}

impl<'a> Neighbours<'a> {
    pub(crate) fn new(nodes: &'a [Node], index: &'a HashMap<Address, usize>) -> Self {
        let mut kinds: HashMap<&str, Vec<usize>> = HashMap::new();
        for (at, node) in nodes.iter().enumerate() {
            kinds.entry(node.address.kind()).or_default().push(at);
        }
        Self { nodes, index, kinds, families: RefCell::default(), twins: RefCell::default() }
    }

    fn of_kind(&self, kind: &str) -> &[usize] {
        self.kinds.get(kind).map(Vec::as_slice).unwrap_or_default()
    }

    fn family(&self, kind: &'a str, field: &str) -> Family<'a> {
        let mut families = self.families.borrow_mut();
        let family = families.entry((kind, field.to_owned())).or_insert_with(|| {
            let mut family: HashMap<Parent<'a>, Vec<usize>> = HashMap::new();
            for &at in self.of_kind(kind) {
                if let Some(parent) = Parent::of(&self.nodes[at], field) {
                    family.entry(parent).or_default().push(at);
                }
            }
            Rc::new(family)
        });
        Rc::clone(family)
    }

    fn twins(&'a self, kind: &'a str, field: &str, by: Trait) -> Twins<'a> {
        let key = (kind, field.to_owned(), by);
        if let Some(known) = self.twins.borrow().get(&key) {
            return Rc::clone(known);
        }
        let mut twins: HashMap<(Parent<'a>, String), Vec<usize>> = HashMap::new();
        for &at in self.of_kind(kind) {
            let node = &self.nodes[at];
            if let Some(pair) = Parent::of(node, field).zip(by(&View { node, among: self })) {
                twins.entry(pair).or_default().push(at);
            }
        }
        Rc::clone(self.twins.borrow_mut().entry(key).or_insert(Rc::new(twins)))
    }
}

impl<'a> Part<'a> {
    fn of(expression: &'a Expression) -> Self {
        match expression {
            Expression::Literal(datum) => Self::Datum(datum),
            other => Self::Expression(other),
        }
    }

    /// What stands at a dotted path of block fields and map keys.
    #[must_use]
    pub fn at(self, path: &str) -> Option<Self> {
        path.split('.').try_fold(self, |part, step| match part {
            Self::Expression(Expression::Map(entries)) | Self::Fields(entries) => entries.get(step).map(Self::of),
            Self::Datum(Datum::Map(entries)) => entries.get(step).map(Self::Datum),
            _ => None,
        })
    }

    /// The elements, where it is a list.
    #[must_use]
    pub fn items(self) -> Vec<Self> {
        match self {
            Self::Expression(Expression::List(items)) => items.iter().map(Self::of).collect(),
            Self::Datum(Datum::List(items)) => items.iter().map(Self::Datum).collect(),
            _ => Vec::new(),
        }
    }

    /// The entries, where it is a map or a block.
    #[must_use]
    pub fn entries(self) -> Vec<(&'a str, Self)> {
        match self {
            Self::Expression(Expression::Map(entries)) | Self::Fields(entries) => {
                entries.iter().map(|(name, value)| (name.as_str(), Self::of(value))).collect()
            }
            Self::Datum(Datum::Map(entries)) => {
                entries.iter().map(|(name, value)| (name.as_str(), Self::Datum(value))).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The value, where all of it is known.
    #[must_use]
    pub fn literal(self) -> Option<&'a Datum> {
        match self {
            Self::Datum(datum) => Some(datum),
            Self::Expression(_) | Self::Fields(_) => None,
        }
    }

    /// The text at a path, where it is known.
    #[must_use]
    pub fn text(self, path: &str) -> Option<&'a str> {
        self.at(path)?.literal()?.as_str()
    }

    /// The number at a path, where it is known.
    #[must_use]
    pub fn integer(self, path: &str) -> Option<i64> {
        self.at(path)?.literal()?.as_integer()
    }
}

impl<'a> View<'a> {
    pub(crate) fn new(node: &'a Node, among: &'a Neighbours<'a>) -> Self {
        Self { node, among }
    }

    /// The node itself.
    #[must_use]
    pub fn node(&self) -> &'a Node {
        self.node
    }

    /// The node in words: its address within the stack, and its line.
    #[must_use]
    pub fn named(&self) -> String {
        format!("{} ({})", self.node.address.local(), self.node.source)
    }

    /// All fields as one part.
    #[must_use]
    pub fn whole(&self) -> Part<'a> {
        Part::Fields(&self.node.fields)
    }

    /// A field as it was given; dotted inside blocks.
    #[must_use]
    pub fn part(&self, field: &str) -> Option<Part<'a>> {
        self.whole().at(field)
    }

    /// Whether a field was given; dotted inside blocks.
    #[must_use]
    pub fn gives(&self, field: &str) -> bool {
        self.part(field).is_some()
    }

    /// A field's value, where it was written in place.
    #[must_use]
    pub fn literal(&self, field: &str) -> Option<&'a Datum> {
        self.part(field)?.literal()
    }

    /// A field's text, where it was written in place.
    #[must_use]
    pub fn text(&self, field: &str) -> Option<&'a str> {
        self.literal(field).and_then(Datum::as_str)
    }

    /// A field's number, where it was written in place.
    #[must_use]
    pub fn integer(&self, field: &str) -> Option<i64> {
        self.literal(field).and_then(Datum::as_integer)
    }

    /// A field's truth value, where it was written in place.
    #[must_use]
    pub fn truth(&self, field: &str) -> Option<bool> {
        self.literal(field).and_then(Datum::as_bool)
    }

    /// A field's range, where it was written in place and is one.
    #[must_use]
    pub fn cidr(&self, field: &str) -> Option<Ipv4Net> {
        self.text(field)?.parse().ok()
    }

    /// The node that a field refers to.
    #[must_use]
    pub fn follow(&self, field: &str) -> Option<View<'a>> {
        self.referred(self.part(field)?)
    }

    /// The node that a part of a field refers to.
    #[must_use]
    pub fn referred(&self, part: Part<'a>) -> Option<View<'a>> {
        match part {
            Part::Expression(expression) => self.target(expression),
            Part::Datum(_) | Part::Fields(_) => None,
        }
    }

    /// The nodes that a list refers to, where all of its elements are references.
    #[must_use]
    pub fn follow_all(&self, field: &str) -> Option<Vec<View<'a>>> {
        match self.part(field)? {
            Part::Expression(Expression::List(items)) => items.iter().map(|item| self.target(item)).collect(),
            _ => None,
        }
    }

    /// Every other node of the same type, in the order declared, that stands before this one.
    pub fn earlier_siblings(&self) -> impl Iterator<Item = View<'a>> + use<'a> {
        let View { node, among } = *self;
        let siblings = among.of_kind(node.address.kind()).iter().map(|at| &among.nodes[*at]);
        siblings.take_while(move |other| other.address != node.address).map(move |node| View { node, among })
    }

    /// Every other node of the same type that stands before this one and names the same in a field.
    #[must_use]
    pub fn earlier_siblings_in(&self, field: &str) -> Vec<View<'a>> {
        let own = &self.node.address;
        self.beside_in(self.node.address.kind(), field)
            .into_iter()
            .take_while(|other| other.node.address != *own)
            .collect()
    }

    /// Those of them that one text more is the same of: found at once, however many there are.
    #[must_use]
    pub fn earlier_twins_in(&self, field: &str, by: Trait) -> Vec<View<'a>> {
        let View { node, among } = *self;
        let (Some(parent), Some(text)) = (Parent::of(node, field), by(self)) else { return Vec::new() };
        let twins = among.twins(node.address.kind(), field, by);
        let found = twins.get(&(parent, text)).map(Vec::as_slice).unwrap_or_default();
        let found = found.iter().map(|&at| &among.nodes[at]);
        found.take_while(|other| other.address != node.address).map(|node| View { node, among }).collect()
    }

    /// Every node of a type that names the same in a field as this one does.
    #[must_use]
    pub fn beside_in(&self, kind: &'a str, field: &str) -> Vec<View<'a>> {
        let View { node, among } = *self;
        let Some(parent) = Parent::of(node, field) else { return Vec::new() };
        let family = among.family(kind, field);
        let found = family.get(&parent).map(Vec::as_slice).unwrap_or_default();
        found.iter().map(|&at| View { node: &among.nodes[at], among }).collect()
    }

    /// Every node of a type.
    #[must_use]
    pub fn beside(&self, kind: &'static str) -> Vec<View<'a>> {
        let among = self.among;
        among.of_kind(kind).iter().map(|&at| View { node: &among.nodes[at], among }).collect()
    }

    /// Every node of a type that refers to this one in a field.
    #[must_use]
    pub fn referring(&self, kind: &'static str, field: &str) -> Vec<View<'a>> {
        let View { node, among } = *self;
        let family = among.family(kind, field);
        let found = family.get(&Parent::Node(&node.address)).map(Vec::as_slice).unwrap_or_default();
        found.iter().map(|&at| View { node: &among.nodes[at], among }).collect()
    }

    fn target(&self, expression: &Expression) -> Option<View<'a>> {
        let Expression::Reference(reference) = expression else { return None };
        let at = *self.among.index.get(&reference.address)?;
        Some(View { node: self.among.nodes.get(at)?, among: self.among })
    }
}

impl<'a> Findings<'a> {
    pub(crate) fn new(node: &'a Node, found: &'a mut Vec<Finding>) -> Self {
        Self { node, found }
    }

    /// Refuses the declaration: what is wrong, and what would be right.
    pub fn refuse(&mut self, message: impl Into<String>) {
        self.found.push(Finding {
            address: Some(self.node.address.clone()),
            source: Some(self.node.source.clone()),
            message: message.into(),
        });
    }
}

/// What is wrong with a graph: what its stack program was told, had it declared these nodes.
#[must_use]
pub fn findings(graph: &Graph) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Some((schemas, index)) = known(graph) {
        nodes(&graph.nodes, &schemas, &index, &mut found);
    }
    found
}

/// The same of one node alone, as far as it is its own matter: what two can't both have is not.
#[must_use]
pub fn findings_at(graph: &Graph, address: &Address) -> Vec<Finding> {
    let mut found = Vec::new();
    let Some((schemas, index)) = known(graph) else { return found };
    if let Some(&at) = index.get(address) {
        let among = Neighbours::new(&graph.nodes, &index);
        node(&View::new(&graph.nodes[at], &among), schemas[at], &mut Findings::new(&graph.nodes[at], &mut found));
    }
    found
}

/// The schemas of a graph's nodes, and where each node stands.
fn known(graph: &Graph) -> Option<(Vec<&'static Schema>, HashMap<Address, usize>)> {
    let all: HashMap<&str, &'static Schema> = crate::schemas().map(|schema| (schema.kind, schema)).collect();
    let schemas: Option<_> = graph.nodes.iter().map(|node| all.get(node.address.kind()).copied()).collect();
    let index = graph.nodes.iter().enumerate().map(|(at, node)| (node.address.clone(), at)).collect();
    Some((schemas?, index))
}

/// Runs the checks of all nodes.
pub(crate) fn nodes(
    nodes: &[Node],
    schemas: &[&'static Schema],
    index: &HashMap<Address, usize>,
    found: &mut Vec<Finding>,
) {
    let among = Neighbours::new(nodes, index);
    let mut claims: HashMap<String, &Node> = HashMap::new();
    for (own, schema) in nodes.iter().zip(schemas) {
        let mut findings = Findings::new(own, found);
        if let Some(first) = claim(schema, own).and_then(|claim| claims.insert(claim, own)) {
            let first = format!("{} ({})", first.address.local(), first.source);
            findings.refuse(format!("{first} has the same name or stands for the same; AWS has room for one"));
        }
        node(&View::new(own, &among), schema, &mut findings);
    }
}

/// Runs the checks of one node.
fn node(view: &View<'_>, schema: &'static Schema, findings: &mut Findings<'_>) {
    bounds(schema, findings);
    if schema.field("tags").is_some() {
        tags(findings);
    }
    for name in &view.node.lifecycle.ignore_changes {
        if schema.field(name).is_none() {
            findings.refuse(format!("ignore_changes names `{name}`, which {} does not have", schema.kind));
        }
    }
    if let Some(check) = schema.check {
        check(view, findings);
    }
}

/// Holds the literals of a declaration against the bounds in its schema.
fn bounds(schema: &Schema, findings: &mut Findings<'_>) {
    let node = findings.node;
    for (name, expression) in &node.fields {
        if let Some(field) = schema.field(name) {
            field_bounds(name, field, expression, findings);
        }
    }
}

/// How many tags a resource may have in AWS, and how many of them the engine's own marks are.
const TAGS: usize = 50;
const MARKS: usize = 3;

/// Holds tags to AWS's limits: <https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html>
fn tags(findings: &mut Findings<'_>) {
    let Some(tags) = findings.node.fields.get("tags").map(Part::of) else { return };
    let entries: Vec<(&String, Option<&str>)> = match tags {
        Part::Expression(Expression::Map(entries)) => {
            entries.iter().map(|(key, value)| (key, value.literal().and_then(Datum::as_str))).collect()
        }
        Part::Datum(Datum::Map(entries)) => entries.iter().map(|(key, value)| (key, value.as_str())).collect(),
        _ => return,
    };
    if entries.len() > TAGS - MARKS {
        let (given, most) = (entries.len(), TAGS - MARKS);
        findings.refuse(format!("{given} tags are too many: AWS takes {TAGS}, {MARKS} are Fathuss's marks, so {most}"));
    }
    for (key, value) in entries {
        if key.is_empty() || key.chars().count() > 128 {
            findings.refuse(format!("tag key {key:?}: 1 to 128 characters are taken"));
        }
        let reserved = ["aws:", "fathuss:"].into_iter().find(|prefix| key.to_lowercase().starts_with(prefix));
        if let Some(prefix) = reserved {
            findings.refuse(format!("tag key {key:?}: keys that begin with {prefix} are reserved"));
        }
        for text in [Some(key.as_str()), value].into_iter().flatten() {
            if let Some(odd) = text.chars().find(|c| !(c.is_alphanumeric() || " _.:/=+-@".contains(*c))) {
                findings
                    .refuse(format!("tag {key:?}: {odd:?} is refused; letters, digits, spaces and _.:/=+-@ are taken"));
            }
        }
        if value.is_some_and(|value| value.chars().count() > 256) {
            findings.refuse(format!("tag {key:?}: a value has 256 characters at most"));
        }
    }
}

/// What must be the only one of its kind: a name of one's own, or the ends of a relation.
fn claim(schema: &Schema, node: &Node) -> Option<String> {
    let ends: Vec<&Expression> = match schema.creation {
        Creation::Name | Creation::Token => {
            let name = schema.fields.iter().find(|field| field.named)?.name;
            // A node group's name is unique in its cluster only, an object's in its namespace; their own checks say so.
            let alone = schema.kind != "aws_eks_node_group" && schema.provider != "kubernetes";
            vec![node.fields.get(name).filter(|name| alone && name.literal().is_some())?]
        }
        Creation::Relation | Creation::Upsert => schema
            .fields
            .iter()
            .filter(|field| field.replace)
            .map(|field| node.fields.get(field.name))
            .collect::<Option<_>>()?,
        Creation::Tag | Creation::Local => return None,
    };
    let ends = serde_json::to_string(&ends).ok()?;
    Some(format!("{} {} {ends}", schema.kind, node.region))
}

/// The bounds of a field: those that it has, and the form of the ids or ARNs that its type stands for.
fn limits_of(field: &Field) -> Limits {
    let form = field.limits.form.or_else(|| crate::aws::form_of_type(field.rust));
    Limits { form, ..field.limits }
}

fn field_bounds(path: &str, field: &Field, expression: &Expression, findings: &mut Findings<'_>) {
    let limits = limits_of(field);
    let length = match expression {
        Expression::List(items) => Some(items.len()),
        Expression::Literal(Datum::List(items)) => Some(items.len()),
        _ => None,
    };
    if let Some(length) = length {
        list_bounds(path, &limits, length, findings);
    }
    match expression {
        Expression::Literal(datum) => literal_bounds(path, &field.ty, &limits, datum, findings),
        Expression::Map(entries) => {
            if let Type::Block(fields) = &field.ty {
                for inner in *fields {
                    if let Some(value) = entries.get(inner.name) {
                        field_bounds(&format!("{path}.{}", inner.name), inner, value, findings);
                    }
                }
            }
        }
        Expression::List(items) => {
            for item in items {
                match (&field.ty, item) {
                    (Type::List(Type::Block(fields)), Expression::Map(entries)) => {
                        for inner in *fields {
                            if let Some(value) = entries.get(inner.name) {
                                field_bounds(&format!("{path}.{}", inner.name), inner, value, findings);
                            }
                        }
                    }
                    (Type::List(inner), Expression::Literal(datum)) => {
                        literal_bounds(path, inner, &limits.of_elements(), datum, findings);
                    }
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

fn list_bounds(path: &str, limits: &Limits, length: usize, findings: &mut Findings<'_>) {
    if let Some(min) = limits.min_length.filter(|min| length < *min) {
        findings.refuse(format!("`{path}` wants at least {min} elements, {length} given"));
    }
    if let Some(max) = limits.max_length.filter(|max| length > *max) {
        findings.refuse(format!("`{path}` takes at most {max} elements, {length} given"));
    }
}

fn literal_bounds(path: &str, ty: &Type, limits: &Limits, datum: &Datum, findings: &mut Findings<'_>) {
    match (ty, datum) {
        (Type::Block(fields), Datum::Map(entries)) => {
            for inner in *fields {
                if let Some(value) = entries.get(inner.name) {
                    let path = format!("{path}.{}", inner.name);
                    literal_bounds(&path, &inner.ty, &limits_of(inner), value, findings);
                    if let Datum::List(items) = value {
                        list_bounds(&path, &inner.limits, items.len(), findings);
                    }
                }
            }
        }
        (Type::List(inner), Datum::List(items)) => {
            let limits = limits.of_elements();
            items.iter().for_each(|item| literal_bounds(path, inner, &limits, item, findings));
        }
        (_, Datum::Integer(number)) => {
            if let Some(min) = limits.min.filter(|min| number < min) {
                findings.refuse(format!("`{path}` is {number}; the smallest that AWS takes is {min}"));
            }
            if let Some(max) = limits.max.filter(|max| number > max) {
                findings.refuse(format!("`{path}` is {number}; the largest that AWS takes is {max}"));
            }
        }
        (Type::Cidr, Datum::String(text)) => {
            let range = text.parse::<Ipv4Net>().ok();
            if let Some(range) = range.filter(|range| range.trunc() != *range) {
                findings.refuse(format!("`{path}`: {range} has host bits; the range is {}", range.trunc()));
            }
        }
        (_, Datum::String(text)) => text_bounds(path, limits, text, findings),
        _ => {}
    }
}

fn text_bounds(path: &str, limits: &Limits, text: &str, findings: &mut Findings<'_>) {
    let length = text.chars().count();
    if let Some(min) = limits.min_length.filter(|min| length < *min) {
        findings.refuse(format!("`{path}` is {text:?}: {length} characters, at least {min} wanted"));
    }
    if let Some(max) = limits.max_length.filter(|max| length > *max) {
        findings.refuse(format!("`{path}` is {text:?}: {length} characters, at most {max} taken"));
    }
    if let Some(form) = limits.form.filter(|form| !form.fits(text)) {
        findings.refuse(format!("`{path}` is {text:?}: {}", form.words));
    }
}
