//! The ways in which a field can change: alone, or along with what the model says it goes with.
//!
//! The model is asked as a stack program asks it, so that nothing is sent to AWS that a user could not have sent: what
//! AWS refuses of these is what no check of the model knows.

use std::collections::{BTreeMap, BTreeSet};

use fathuss_model::check;
use fathuss_model::graph::{Graph, Node};
use fathuss_model::schema::{Field, Schema};
use fathuss_model::{Address, Expression};

use super::candidate::{candidates, whole};

/// What a node is given.
pub type Fields = BTreeMap<String, Expression>;

/// Ways that are tried: that change one field, those of them that change more, and those that take all of another node.
const ALONE: usize = 6;
const WITH_OTHERS: usize = 4;
const WHOLE: usize = 4;
/// Values of a field that are looked for companions of, and values of each companion.
const REFUSED: usize = 8;
const EACH: usize = 4;
/// How often the model is asked for the companions of a field.
const ASKED: usize = 3000;
/// First companions that a second one is looked for to.
const FIRST: usize = 40;

/// The ways to change a field of a node, the simplest first; where there are none, what is in the way.
pub fn ways(
    graph: &Graph,
    address: &Address,
    schema: &Schema,
    field: &Field,
    others: &[Node],
) -> Result<Vec<Fields>, String> {
    let at = graph.nodes.iter().position(|node| node.address == *address).expect("it is in its stack");
    let node = &graph.nodes[at];
    let mut model = Model { graph: graph.clone(), at, asked: 0 };
    let (mut found, mut refused) = (Vec::new(), Vec::new());
    for value in candidates(graph, node, field, others) {
        let fields = with(&node.fields, field.name, value.as_ref());
        match model.refuses(&fields) {
            None => found.push(fields),
            Some(why) => refused.push((fields, why)),
        }
    }
    found.truncate(ALONE);
    let why = refused.first().map(|(_, why)| format!("the model refuses it: {why}"));
    let choices = if refused.is_empty() { Vec::new() } else { choices(graph, node, schema, field, others) };
    let together = refused.into_iter().take(REFUSED).flat_map(|(fields, why)| model.complete(&fields, &why, &choices));
    found.extend(together.take(WITH_OTHERS).collect::<Vec<_>>());
    let differs = |fields: &Fields| fields.get(field.name) != node.fields.get(field.name);
    let whole = others.iter().filter_map(|other| whole(graph, node, other)).filter(differs);
    found.extend(whole.filter(|fields| model.refuses(fields).is_none()).take(WHOLE).collect::<Vec<_>>());
    if found.is_empty() { Err(why.unwrap_or_else(|| "no other value is at hand".to_owned())) } else { Ok(found) }
}

/// The fields with another value of one of them, or without it.
fn with(fields: &Fields, name: &str, value: Option<&Expression>) -> Fields {
    let mut fields = fields.clone();
    match value {
        Some(value) => fields.insert(name.to_owned(), value.clone()),
        None => fields.remove(name),
    };
    fields
}

/// A companion: a field and what it becomes.
type Choice = (&'static str, Option<Expression>);

/// What may change along with a field: first that others go, then that they are something else.
fn choices(graph: &Graph, node: &Node, schema: &Schema, field: &Field, others: &[Node]) -> Vec<Choice> {
    let along = schema.fields.iter().filter(|other| {
        other.name != field.name && (other.required || other.optional) && !other.write_only && other.name != "tags"
    });
    let along: Vec<&'static Field> = along.collect();
    let mut choices: Vec<Choice> = Vec::new();
    for other in along.iter().filter(|other| !other.required && node.fields.contains_key(other.name)) {
        choices.push((other.name, None));
    }
    for other in along {
        let values = candidates(graph, node, other, others).into_iter().flatten();
        choices.extend(values.take(EACH * 3).map(|value| (other.name, Some(value))));
    }
    choices
}

/// What a stack program is told.
struct Model {
    graph: Graph,
    at: usize,
    asked: usize,
}

impl Model {
    /// What is wrong with the stack where the node has these fields.
    fn refuses(&mut self, fields: &Fields) -> Option<String> {
        self.asked += 1;
        let before = std::mem::replace(&mut self.graph.nodes[self.at].fields, fields.clone());
        let address = &self.graph.nodes[self.at].address;
        let mut wrong = check::findings_at(&self.graph, address);
        if wrong.is_empty() {
            wrong = check::findings(&self.graph);
        }
        self.graph.nodes[self.at].fields = before;
        // Several are wrong where several companions are wanted.
        let messages: BTreeSet<String> = wrong.into_iter().map(|finding| finding.message).collect();
        (!messages.is_empty()).then(|| messages.into_iter().collect::<Vec<_>>().join("; "))
    }

    /// The fields with one companion that the model takes them with, one that goes and one that comes; or with two.
    fn complete(&mut self, fields: &Fields, why: &str, choices: &[Choice]) -> Vec<Fields> {
        self.asked = 0;
        let (mut nearer, mut gone, mut given) = (Vec::new(), None, None);
        for (name, value) in choices {
            let more = with(fields, name, value.as_ref());
            match self.refuses(&more) {
                None if value.is_none() => gone = gone.or(Some(more)),
                None => given = given.or(Some(more)),
                // Something went: it can be one of two that go together.
                Some(other) if other != why || value.is_none() => nearer.push((*name, more)),
                Some(_) => {}
            }
        }
        if gone.is_some() || given.is_some() {
            return given.into_iter().chain(gone).collect();
        }
        for (first, fields) in nearer.into_iter().take(FIRST) {
            for (name, value) in choices.iter().filter(|(name, _)| *name != first) {
                if self.asked > ASKED {
                    return Vec::new();
                }
                let more = with(&fields, name, value.as_ref());
                if self.refuses(&more).is_none() {
                    return vec![more];
                }
            }
        }
        Vec::new()
    }
}
