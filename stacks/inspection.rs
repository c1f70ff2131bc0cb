//! How the tests look at a graph: nodes by type, values by path, and evaluation with stand-ins for what AWS will give.

use fathuss_model::graph::{Graph, Node};
use fathuss_model::{Datum, EvaluationError, Expression, OutputReference, Partial, Reference, Result, Scope, graph_of};

use crate::environment::Environment;
use crate::platform::platform;
use crate::{production, staging};

/// Staging as it is.
pub fn staging() -> Graph {
    of(&staging::environment())
}

/// Production as it is.
pub fn production() -> Graph {
    of(&production::environment())
}

/// Both, for what must hold for each.
pub fn both() -> [Graph; 2] {
    [staging(), production()]
}

/// The platform of an environment.
pub fn of(env: &Result<Environment>) -> Graph {
    let env = env.as_ref().unwrap();
    graph_of(env.name(), |stack| platform(stack, env)).unwrap_or_else(|findings| panic!("{findings:#?}"))
}

/// All nodes of a type.
pub fn nodes<'a>(graph: &'a Graph, kind: &str) -> Vec<&'a Node> {
    let nodes: Vec<&Node> = graph.nodes.iter().filter(|node| node.address.kind() == kind).collect();
    assert!(!nodes.is_empty(), "there is no {kind}");
    nodes
}

/// The node of a type and name.
pub fn node<'a>(graph: &'a Graph, kind: &str, name: &str) -> &'a Node {
    nodes(graph, kind).into_iter().find(|node| node.address.name() == name).unwrap()
}

/// A value that the program wrote in place, at a dotted path.
pub fn literal(node: &Node, path: &str) -> Option<Datum> {
    value(node, path).filter(|datum| !datum.is_null())
}

/// What a field evaluates to, where references stand for `<address.attribute>`.
pub fn value(node: &Node, path: &str) -> Option<Datum> {
    let (field, rest) = path.split_once('.').map_or((path, None), |(field, rest)| (field, Some(rest)));
    let whole = node.fields.get(field)?.evaluate(&StandIns).unwrap();
    let whole = whole.into_known()?;
    match rest {
        None => Some(whole),
        Some(rest) => whole.at(rest).cloned(),
    }
}

/// The addresses that a field refers to.
pub fn refers_to(node: &Node, field: &str) -> Vec<String> {
    let mut addresses = Vec::new();
    if let Some(expression) = node.fields.get(field) {
        expression.references(&mut |reference| addresses.push(reference.address.local()));
    }
    addresses
}

/// The attribute that a field refers to.
pub fn attribute(node: &Node, field: &str) -> Option<String> {
    match node.fields.get(field)? {
        Expression::Reference(reference) => Some(format!("{}.{}", reference.address.local(), reference.attribute)),
        _ => None,
    }
}

struct StandIns;

impl Scope for StandIns {
    fn attribute(&self, reference: &Reference) -> std::result::Result<Partial, EvaluationError> {
        let text = format!("<{}.{}>", reference.address.local(), reference.attribute);
        Ok(Partial::Known(text.into()))
    }

    fn output(&self, reference: &OutputReference) -> std::result::Result<Partial, EvaluationError> {
        Ok(Partial::Known(format!("<{}.{}>", reference.stack, reference.name).into()))
    }
}
