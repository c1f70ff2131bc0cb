//! What a resource waits for though no field refers to it: each type says it in its schema, and it is resolved here,
//! once all of a stack is declared.

use std::collections::{BTreeSet, HashMap};

use crate::address::Address;
use crate::check::{Neighbours, View};
use crate::graph::Node;
use crate::schema::Schema;

/// Adds to each node's `depends_on` what its type waits for. What waits for the node itself is left out: the
/// program's own order counts.
pub(crate) fn resolve(nodes: &mut [Node], schemas: &[&'static Schema], index: &HashMap<Address, usize>) {
    let mut needs: Vec<BTreeSet<usize>> = nodes.iter().map(|node| needed(node, index)).collect();
    let mut added: Vec<(usize, usize)> = Vec::new();
    let among = Neighbours::new(nodes, index);
    for (at, (node, schema)) in nodes.iter().zip(schemas).enumerate() {
        let Some(waits) = schema.waits else { continue };
        for other in waits(&View::new(node, &among)) {
            let Some(&other) = index.get(&other.node().address) else { continue };
            if !needs[at].contains(&other) && !reaches(other, at, &needs) {
                needs[at].insert(other);
                added.push((at, other));
            }
        }
    }
    for (at, other) in added {
        let address = nodes[other].address.clone();
        nodes[at].depends_on.push(address);
    }
}

fn needed(node: &Node, index: &HashMap<Address, usize>) -> BTreeSet<usize> {
    let mut needed: BTreeSet<usize> =
        node.depends_on.iter().filter_map(|address| index.get(address)).copied().collect();
    for expression in node.fields.values() {
        expression.references(&mut |reference| needed.extend(index.get(&reference.address)));
    }
    needed
}

/// Whether `from` is or needs `to`, however far.
fn reaches(from: usize, to: usize, needs: &[BTreeSet<usize>]) -> bool {
    let mut left = vec![from];
    let mut seen = BTreeSet::new();
    while let Some(at) = left.pop() {
        if at == to {
            return true;
        }
        if seen.insert(at) {
            left.extend(&needs[at]);
        }
    }
    false
}
