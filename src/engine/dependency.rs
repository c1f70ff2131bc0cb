//! Who needs whom: the graph of a stack as indices, checked.

use std::collections::HashMap;

use fathuss_model::Address;
use fathuss_model::graph::{Graph, Node, Source};
use fathuss_model::schema::Schema;
use petgraph::graph::DiGraph;

/// The nodes of a graph with their schemas, in an order in which each stands behind what it needs.
#[derive(Debug)]
pub struct Dependencies<'a> {
    /// The nodes, as the program declared them.
    pub nodes: &'a [Node],
    /// Their schemas, by the same index.
    pub schemas: Vec<&'static Schema>,
    /// Where each address stands.
    pub index: HashMap<Address, usize>,
    /// What each node needs, directly.
    pub needs: Vec<Vec<usize>>,
    /// All nodes, each behind what it needs; among equals in the order declared.
    pub order: Vec<usize>,
}

/// Why a graph can't be planned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// No provider has the type.
    #[error("{address} ({source_line}): no provider has the type `{kind}`")]
    UnknownType {
        /// The node.
        address: Address,
        /// Its line.
        source_line: Source,
        /// The type.
        kind: String,
    },
    /// Two nodes have one address.
    #[error("{address} is declared twice: {first} and {second}")]
    Duplicate {
        /// The address.
        address: Address,
        /// One line.
        first: Source,
        /// The other.
        second: Source,
    },
    /// A field that the type does not have.
    #[error("{address} ({source_line}): `{field}` is no field of {kind}")]
    UnknownField {
        /// The node.
        address: Address,
        /// Its line.
        source_line: Source,
        /// The field.
        field: String,
        /// The type.
        kind: String,
    },
    /// A reference into nothing.
    #[error("{address} ({source_line}) refers to {target}, which is not in the stack")]
    Dangling {
        /// The node.
        address: Address,
        /// Its line.
        source_line: Source,
        /// What it refers to.
        target: Address,
    },
    /// A reference to an attribute that the type does not have.
    #[error("{address} ({source_line}) refers to `{attribute}` of {target}, which has no such attribute")]
    NoAttribute {
        /// The node.
        address: Address,
        /// Its line.
        source_line: Source,
        /// What it refers to.
        target: Address,
        /// The attribute.
        attribute: String,
    },
    /// Nodes need each other in a ring.
    #[error("these need each other in a ring:\n{}", path.iter().map(|(address, line)| format!("  {address} ({line}) needs")).collect::<Vec<_>>().join("\n") + "\n  the first again")]
    Cycle {
        /// The ring.
        path: Vec<(Address, Source)>,
    },
}

impl<'a> Dependencies<'a> {
    /// Checks a graph and orders it.
    pub fn of(graph: &'a Graph, schema: &dyn Fn(&str) -> Option<&'static Schema>) -> Result<Self, GraphError> {
        let nodes = graph.nodes.as_slice();
        let mut index = HashMap::with_capacity(nodes.len());
        let mut schemas = Vec::with_capacity(nodes.len());
        for (at, node) in nodes.iter().enumerate() {
            if let Some(first) = index.insert(node.address.clone(), at) {
                return Err(GraphError::Duplicate {
                    address: node.address.clone(),
                    first: nodes[first].source.clone(),
                    second: node.source.clone(),
                });
            }
            let kind = node.address.kind();
            schemas.push(schema(kind).ok_or_else(|| GraphError::UnknownType {
                address: node.address.clone(),
                source_line: node.source.clone(),
                kind: kind.to_owned(),
            })?);
        }
        let mut needs = Vec::with_capacity(nodes.len());
        for (node, schema) in nodes.iter().zip(&schemas) {
            needs.push(needs_of(node, schema, &index, &schemas)?);
        }
        let order = order(nodes, &needs)?;
        Ok(Self { nodes, schemas, index, needs, order })
    }

    /// Who needs each node, directly.
    #[must_use]
    pub fn needed_by(&self) -> Vec<Vec<usize>> {
        let mut needed_by = vec![Vec::new(); self.nodes.len()];
        for (at, needs) in self.needs.iter().enumerate() {
            for &need in needs {
                needed_by[need].push(at);
            }
        }
        needed_by
    }

    /// The addresses that a node needs, directly.
    #[must_use]
    pub fn addresses_needed(&self, at: usize) -> Vec<Address> {
        self.needs[at].iter().map(|&need| self.nodes[need].address.clone()).collect()
    }
}

fn needs_of(
    node: &Node,
    schema: &Schema,
    index: &HashMap<Address, usize>,
    schemas: &[&'static Schema],
) -> Result<Vec<usize>, GraphError> {
    let mut needs = Vec::new();
    let mut wrong = None;
    for (name, expression) in &node.fields {
        if schema.field(name).is_none_or(|field| !field.required && !field.optional) {
            return Err(GraphError::UnknownField {
                address: node.address.clone(),
                source_line: node.source.clone(),
                field: name.clone(),
                kind: schema.kind.to_owned(),
            });
        }
        expression.references(&mut |reference| match index.get(&reference.address) {
            None => wrong = Some((reference.address.clone(), None)),
            Some(&at) => {
                if !schemas[at].has_attribute(&reference.attribute) {
                    wrong = Some((reference.address.clone(), Some(reference.attribute.clone())));
                }
                needs.push(at);
            }
        });
    }
    for address in &node.depends_on {
        match index.get(address) {
            None => wrong = Some((address.clone(), None)),
            Some(&at) => needs.push(at),
        }
    }
    let (address, source_line) = (node.address.clone(), node.source.clone());
    match wrong {
        Some((target, None)) => return Err(GraphError::Dangling { address, source_line, target }),
        Some((target, Some(attribute))) => {
            return Err(GraphError::NoAttribute { address, source_line, target, attribute });
        }
        None => {}
    }
    needs.sort_unstable();
    needs.dedup();
    Ok(needs)
}

/// Kahn's algorithm, smallest index first, so that the order depends on the graph alone.
fn order(nodes: &[Node], needs: &[Vec<usize>]) -> Result<Vec<usize>, GraphError> {
    let mut needed_by = vec![Vec::new(); nodes.len()];
    let mut missing: Vec<usize> = needs.iter().map(Vec::len).collect();
    for (at, needs) in needs.iter().enumerate() {
        for &need in needs {
            needed_by[need].push(at);
        }
    }
    let mut ready: std::collections::BTreeSet<usize> =
        missing.iter().enumerate().filter(|(_, missing)| **missing == 0).map(|(at, _)| at).collect();
    let mut order = Vec::with_capacity(nodes.len());
    while let Some(at) = ready.pop_first() {
        order.push(at);
        for &next in &needed_by[at] {
            missing[next] -= 1;
            if missing[next] == 0 {
                ready.insert(next);
            }
        }
    }
    if order.len() == nodes.len() {
        return Ok(order);
    }
    Err(GraphError::Cycle { path: cycle(nodes, needs) })
}

/// One ring among the nodes, from where the smallest index stands.
fn cycle(nodes: &[Node], needs: &[Vec<usize>]) -> Vec<(Address, Source)> {
    let mut graph = DiGraph::<usize, ()>::with_capacity(nodes.len(), nodes.len());
    let indices: Vec<_> = (0..nodes.len()).map(|at| graph.add_node(at)).collect();
    for (at, needs) in needs.iter().enumerate() {
        for &need in needs {
            graph.add_edge(indices[at], indices[need], ());
        }
    }
    let in_ring = |component: &Vec<petgraph::graph::NodeIndex>| {
        component.len() > 1 || component.iter().any(|&node| graph.contains_edge(node, node))
    };
    let component = petgraph::algo::tarjan_scc(&graph).into_iter().find(in_ring).unwrap_or_default();
    let members: std::collections::BTreeSet<usize> = component.iter().map(|&node| graph[node]).collect();
    let Some(&first) = members.first() else { return Vec::new() };
    let mut path = vec![first];
    loop {
        let last = path[path.len() - 1];
        let Some(&next) = needs[last].iter().find(|need| members.contains(need)) else { break };
        if let Some(start) = path.iter().position(|&at| at == next) {
            path.drain(..start);
            break;
        }
        path.push(next);
    }
    path.into_iter().map(|at| (nodes[at].address.clone(), nodes[at].source.clone())).collect()
}
