//! Checks of values while the stack program runs.
//!
//! What types can't show is refused here, at the line that declared it: the
//! bounds of each field from its schema, and the checks a type brings along,
//! which may follow references to what is declared beside it.

use std::collections::HashMap;

use ipnet::Ipv4Net;
use regex_lite::Regex;

use crate::address::Address;
use crate::datum::Datum;
use crate::expression::Expression;
use crate::graph::{Finding, Node};
use crate::schema::{Field, Limits, Schema, Type};

/// A check of one declaration against itself and what it refers to.
pub type Check = fn(&View<'_>, &mut Findings<'_>);

/// A node among its neighbours.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    node: &'a Node,
    nodes: &'a [Node],
    index: &'a HashMap<Address, usize>,
}

/// Where the checks of one node put what they find.
#[derive(Debug)]
pub struct Findings<'a> {
    node: &'a Node,
    found: &'a mut Vec<Finding>,
}

impl<'a> View<'a> {
    pub(crate) fn new(node: &'a Node, nodes: &'a [Node], index: &'a HashMap<Address, usize>) -> Self {
        Self { node, nodes, index }
    }

    /// The node itself.
    #[must_use]
    pub fn node(&self) -> &'a Node {
        self.node
    }

    /// A field's expression, where it was given; dotted inside blocks.
    #[must_use]
    pub fn expression(&self, field: &str) -> Option<&'a Expression> {
        let (first, rest) = field.split_once('.').map_or((field, None), |(first, rest)| (first, Some(rest)));
        let mut expression = self.node.fields.get(first)?;
        for step in rest.into_iter().flat_map(|rest| rest.split('.')) {
            match expression {
                Expression::Map(entries) => expression = entries.get(step)?,
                _ => return None,
            }
        }
        Some(expression)
    }

    /// A field's value, where it was written in place.
    #[must_use]
    pub fn literal(&self, field: &str) -> Option<&'a Datum> {
        if let Some(Expression::Literal(datum)) = self.expression(field) {
            return Some(datum);
        }
        let (first, rest) = field.split_once('.')?;
        self.node.fields.get(first)?.literal()?.at(rest)
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

    /// A field's text, where it was written in place.
    #[must_use]
    pub fn text(&self, field: &str) -> Option<&'a str> {
        self.literal(field).and_then(Datum::as_str)
    }

    /// A field's IPv4 range, where it was written in place.
    #[must_use]
    pub fn cidr(&self, field: &str) -> Option<Ipv4Net> {
        self.text(field)?.parse().ok()
    }

    /// The node that a field refers to.
    #[must_use]
    pub fn follow(&self, field: &str) -> Option<View<'a>> {
        self.target(self.expression(field)?)
    }

    /// The nodes that a list field's elements refer to; none where an element is no plain reference.
    #[must_use]
    pub fn follow_all(&self, field: &str) -> Option<Vec<View<'a>>> {
        match self.expression(field)? {
            Expression::List(items) => items.iter().map(|item| self.target(item)).collect(),
            _ => None,
        }
    }

    /// Every other node of the same type, in the order declared, that stands before this one.
    pub fn earlier_siblings(&self) -> impl Iterator<Item = View<'a>> + use<'a> {
        let View { node, nodes, index } = *self;
        nodes
            .iter()
            .take_while(move |other| other.address != node.address)
            .filter(move |other| other.address.kind() == node.address.kind())
            .map(move |other| View { node: other, nodes, index })
    }

    fn target(&self, expression: &Expression) -> Option<View<'a>> {
        let Expression::Reference(reference) = expression else { return None };
        let at = *self.index.get(&reference.address)?;
        Some(View { node: self.nodes.get(at)?, ..*self })
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

/// Holds the literals of a declaration against the bounds in its schema.
pub(crate) fn bounds(schema: &Schema, findings: &mut Findings<'_>) {
    let node = findings.node;
    for (name, expression) in &node.fields {
        if let Some(field) = schema.field(name) {
            field_bounds(name, field, expression, findings);
        }
    }
}

fn field_bounds(path: &str, field: &Field, expression: &Expression, findings: &mut Findings<'_>) {
    let length = match expression {
        Expression::List(items) => Some(items.len()),
        Expression::Literal(Datum::List(items)) => Some(items.len()),
        _ => None,
    };
    if let Some(length) = length {
        list_bounds(path, &field.limits, length, findings);
    }
    match expression {
        Expression::Literal(datum) => literal_bounds(path, &field.ty, &field.limits, datum, findings),
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
                        literal_bounds(path, inner, &field.limits.of_elements(), datum, findings);
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
                    literal_bounds(&path, &inner.ty, &inner.limits, value, findings);
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
    let Some(pattern) = limits.pattern else { return };
    let matches = Regex::new(&format!("^(?:{pattern})$")).is_ok_and(|regex| regex.is_match(text));
    if !matches {
        let words = limits.pattern_words.map_or_else(|| format!("it must match {pattern}"), str::to_owned);
        findings.refuse(format!("`{path}` is {text:?}: {words}"));
    }
}
