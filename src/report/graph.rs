//! The graph of a stack: for Graphviz, for Mermaid, and as a picture ([`svg`]).
//!
//! Deterministic. With a plan, its changes are marked by symbol and colour.

mod layout;
mod picture;

use std::collections::HashMap;
use std::fmt::Write;

use fathuss_engine::plan::{Change, Plan};
use fathuss_model::Address;
use fathuss_model::graph::{Graph, Node};

pub use picture::svg;

use crate::style::Style;

/// For Graphviz; with a plan, its changes are marked.
#[must_use]
pub fn dot(graph: &Graph, plan: Option<&Plan>) -> String {
    let changes = plan.map(marks).unwrap_or_default();
    // Writing to a String does not fail, here and below.
    let mut out =
        format!("digraph {:?} {{\n  rankdir=LR;\n  node [shape=box, fontname=\"sans-serif\"];\n", graph.stack);
    for (group, nodes) in groups(graph) {
        let _ = writeln!(out, "  subgraph \"cluster_{group}\" {{\n    label={group:?};");
        for node in nodes {
            let name = node.address.local();
            match changes.get(&node.address) {
                Some(change) => {
                    let label = format!("{} {name}", mark_of(*change));
                    let colour = dot_colour(*change);
                    let _ = writeln!(out, "    {name:?} [label={label:?}, color=\"{colour}\", penwidth=2];");
                }
                None => {
                    let _ = writeln!(out, "    {name:?};");
                }
            }
        }
        out.push_str("  }\n");
    }
    for (node, needs) in edges(graph) {
        let _ = writeln!(out, "  {:?} -> {:?};", node.local(), needs.local());
    }
    out.push_str("}\n");
    out
}

/// For Markdown; with a plan, its changes are marked.
#[must_use]
pub fn mermaid(graph: &Graph, plan: Option<&Plan>) -> String {
    let changes = plan.map(marks).unwrap_or_default();
    let ids: HashMap<&Address, usize> = graph.nodes.iter().enumerate().map(|(at, node)| (&node.address, at)).collect();
    let mut out = "flowchart LR\n".to_owned();
    let mut classes: Vec<(Change, usize)> = Vec::new();
    for (group, nodes) in groups(graph) {
        let _ = writeln!(out, "  subgraph {group}");
        for node in nodes {
            let id = ids[&node.address];
            let name = node.address.local().replace('"', "'");
            let label = match changes.get(&node.address) {
                Some(change) => {
                    classes.push((*change, id));
                    format!("{} {name}", mark_of(*change))
                }
                None => name,
            };
            let _ = writeln!(out, "    n{id}[\"{label}\"]");
        }
        out.push_str("  end\n");
    }
    for (node, needs) in edges(graph) {
        if let (Some(node), Some(needs)) = (ids.get(node), ids.get(needs)) {
            let _ = writeln!(out, "  n{node} --> n{needs}");
        }
    }
    for (change, id) in classes {
        let _ = writeln!(out, "  style n{id} stroke:{},stroke-width:2px", dot_colour(change));
    }
    out
}

fn dot_colour(change: Change) -> &'static str {
    match change {
        Change::Read => "#0969da",
        Change::Create => "#1a7f37",
        Change::Update => "#9a6700",
        Change::Replace | Change::DeleteReplaced => "#8250df",
        Change::Delete | Change::Forget => "#cf222e",
    }
}

/// The symbol of a change.
fn mark_of(change: Change) -> &'static str {
    Style { width: 80, colour: false, unicode: true }.mark(change)
}

/// What a plan does at each address, a replacement as one.
fn marks(plan: &Plan) -> HashMap<&Address, Change> {
    let actions = plan.actions.iter().filter(|action| action.change != Change::DeleteReplaced);
    actions.map(|action| (&action.address, action.change)).collect()
}

/// The nodes by the file that declares them, in the order of the first of each.
fn groups(graph: &Graph) -> Vec<(&str, Vec<&Node>)> {
    let mut groups: Vec<(&str, Vec<&Node>)> = Vec::new();
    for node in &graph.nodes {
        match groups.iter_mut().find(|(group, _)| *group == node.group()) {
            Some((_, nodes)) => nodes.push(node),
            None => groups.push((node.group(), vec![node])),
        }
    }
    groups
}

/// Every node with each node that it needs, once.
fn edges(graph: &Graph) -> Vec<(&Address, &Address)> {
    let mut edges = Vec::new();
    for node in &graph.nodes {
        let mut needs: Vec<&Address> = node.depends_on.iter().collect();
        for expression in node.fields.values() {
            expression.references(&mut |reference| needs.push(&reference.address));
        }
        needs.sort();
        needs.dedup();
        edges.extend(needs.into_iter().map(|needed| (&node.address, needed)));
    }
    edges
}

#[cfg(test)]
mod tests {
    use fathuss_model::aws::{Subnet, Vpc};
    use fathuss_model::{Ipv4Net, graph_of};

    use super::*;

    fn network() -> Graph {
        let net = |text: &str| text.parse::<Ipv4Net>().expect("a range");
        graph_of("demo", |stack| {
            stack.place("us-east-1", "111122223333");
            let vpc = stack.add("main", Vpc::new(net("10.0.0.0/16")));
            stack.add(("private", "a"), Subnet::new(&vpc, net("10.0.0.0/24")));
            Ok(())
        })
        .expect("nothing is wrong with it")
    }

    #[test]
    fn each_form_holds_every_node_and_edge() {
        let graph = network();
        assert!(
            dot(&graph, None).contains(r#""aws_subnet.private[\"a\"]" -> "aws_vpc.main";"#),
            "{}",
            dot(&graph, None)
        );
        assert!(mermaid(&graph, None).contains("n1 --> n0"), "{}", mermaid(&graph, None));
        let svg = svg(&graph, None);
        assert_eq!((svg.matches("<g class=\"node").count(), svg.matches("<path class=\"edge\"").count()), (2, 1));
    }
}
