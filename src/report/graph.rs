//! The graph of a stack for Graphviz, for Mermaid and as a picture.
//!
//! The picture has a column per depth of dependency: what needs nothing stands
//! at the left. It is deterministic, follows the reader's light or dark theme,
//! and names each node's line of the program when pointed at.

use std::collections::HashMap;
use std::fmt::Write;

use fathuss_model::Address;
use fathuss_model::graph::{Graph, Node};

/// For Graphviz.
#[must_use]
pub fn dot(graph: &Graph) -> String {
    let mut out =
        format!("digraph {:?} {{\n  rankdir=LR;\n  node [shape=box, fontname=\"sans-serif\"];\n", graph.stack);
    for (group, nodes) in groups(graph) {
        let _ = writeln!(out, "  subgraph \"cluster_{group}\" {{\n    label={group:?};");
        for node in nodes {
            let _ = writeln!(out, "    {:?};", node.address.local());
        }
        out.push_str("  }\n");
    }
    for (node, needs) in edges(graph) {
        let _ = writeln!(out, "  {:?} -> {:?};", node.local(), needs.local());
    }
    out.push_str("}\n");
    out
}

/// For Markdown.
#[must_use]
pub fn mermaid(graph: &Graph) -> String {
    let ids: HashMap<&Address, usize> = graph.nodes.iter().enumerate().map(|(at, node)| (&node.address, at)).collect();
    let mut out = "flowchart LR\n".to_owned();
    for (group, nodes) in groups(graph) {
        let _ = writeln!(out, "  subgraph {group}");
        for node in nodes {
            let label = node.address.local().replace('"', "'");
            let _ = writeln!(out, "    n{}[\"{label}\"]", ids[&node.address]);
        }
        out.push_str("  end\n");
    }
    for (node, needs) in edges(graph) {
        if let (Some(node), Some(needs)) = (ids.get(node), ids.get(needs)) {
            let _ = writeln!(out, "  n{node} --> n{needs}");
        }
    }
    out
}

const COLUMN: usize = 330;
const ROW: usize = 26;
const BOX_WIDTH: usize = 270;
const BOX_HEIGHT: usize = 20;
const TOP: usize = 50;
const LEFT: usize = 20;

/// As a picture.
#[must_use]
pub fn svg(graph: &Graph) -> String {
    let places = places(graph);
    let columns = places.values().map(|(column, _)| column + 1).max().unwrap_or(1);
    let rows = places.values().map(|(_, row)| row + 1).max().unwrap_or(1);
    let (width, height) = (LEFT * 2 + columns * COLUMN - (COLUMN - BOX_WIDTH), TOP + rows * ROW + 20);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" font-family=\"system-ui, sans-serif\" font-size=\"11\">\n\
         <style>:root{{color-scheme:light dark}}.ground{{fill:#fff}}.name{{fill:#1b1f24}}.edge{{stroke:#8c959f;fill:none;opacity:.45}}\
         .box{{stroke:#57606a;stroke-width:.8}}.g0{{fill:#ddf4ff}}.g1{{fill:#dafbe1}}.g2{{fill:#fff8c5}}.g3{{fill:#fbefff}}.g4{{fill:#ffebe9}}.g5{{fill:#eaeef2}}\
         @media (prefers-color-scheme:dark){{.ground{{fill:#0d1117}}.name{{fill:#e6edf3}}.box{{stroke:#8b949e}}.g0{{fill:#0c2d6b}}.g1{{fill:#033a16}}.g2{{fill:#4b2900}}.g3{{fill:#3c1e70}}.g4{{fill:#67060c}}.g5{{fill:#30363d}}}}</style>\n\
         <rect class=\"ground\" width=\"{width}\" height=\"{height}\"/>\n\
         <text class=\"name\" x=\"{LEFT}\" y=\"24\" font-size=\"15\" font-weight=\"600\">{} · {} resources</text>\n",
        escape(&graph.stack),
        graph.nodes.len()
    );
    for (node, needs) in edges(graph) {
        let (Some(&to), Some(&from)) = (places.get(node), places.get(needs)) else { continue };
        let (x1, y1) = (LEFT + from.0 * COLUMN + BOX_WIDTH, TOP + from.1 * ROW + BOX_HEIGHT / 2);
        let (x2, y2) = (LEFT + to.0 * COLUMN, TOP + to.1 * ROW + BOX_HEIGHT / 2);
        let bend = (x1 + x2) / 2;
        let _ = writeln!(out, "<path class=\"edge\" d=\"M{x1} {y1}C{bend} {y1} {bend} {y2} {x2} {y2}\"/>");
    }
    let names: Vec<&str> = groups(graph).into_iter().map(|(group, _)| group).collect();
    for node in &graph.nodes {
        let Some(&(column, row)) = places.get(&node.address) else { continue };
        let (x, y) = (LEFT + column * COLUMN, TOP + row * ROW);
        let colour = names.iter().position(|name| *name == node.group()).unwrap_or_default() % 6;
        let label = node.address.local();
        let short: String = label.chars().take(44).collect();
        let short = if short == label { short } else { short + "…" };
        let _ = writeln!(
            out,
            "<g><title>{} ({})</title><rect class=\"box g{colour}\" x=\"{x}\" y=\"{y}\" width=\"{BOX_WIDTH}\" height=\"{BOX_HEIGHT}\" rx=\"4\"/><text class=\"name\" x=\"{}\" y=\"{}\">{}</text></g>",
            escape(&label),
            escape(&node.source.to_string()),
            x + 7,
            y + 14,
            escape(&short)
        );
    }
    out.push_str("</svg>\n");
    out
}

/// Column and row of each node: the column is how far it stands from what needs nothing.
fn places(graph: &Graph) -> HashMap<&Address, (usize, usize)> {
    let mut depth: HashMap<&Address, usize> = graph.nodes.iter().map(|node| (&node.address, 0)).collect();
    let edges = edges(graph);
    // A graph without rings is settled after as many rounds as it is deep; one with a ring stops all the same.
    for _ in 0..graph.nodes.len() {
        let mut settled = true;
        for (node, needs) in &edges {
            let wanted = depth.get(needs).copied().unwrap_or_default() + 1;
            if let Some(now) = depth.get_mut(node)
                && *now < wanted
                && wanted < graph.nodes.len()
            {
                *now = wanted;
                settled = false;
            }
        }
        if settled {
            break;
        }
    }
    let mut filled: HashMap<usize, usize> = HashMap::new();
    let mut places = HashMap::new();
    for (_, nodes) in groups(graph) {
        for node in nodes {
            let column = depth.get(&node.address).copied().unwrap_or_default();
            let row = filled.entry(column).or_default();
            places.insert(&node.address, (column, *row));
            *row += 1;
        }
    }
    places
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

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
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
        assert!(dot(&graph).contains(r#""aws_subnet.private[\"a\"]" -> "aws_vpc.main";"#), "{}", dot(&graph));
        assert!(mermaid(&graph).contains("n1 --> n0"), "{}", mermaid(&graph));
        let svg = svg(&graph);
        assert_eq!((svg.matches("<g>").count(), svg.matches("class=\"edge\" d=").count()), (2, 1));
    }

    #[test]
    fn what_needs_something_stands_further_right() {
        let graph = network();
        let places = places(&graph);
        assert_eq!(places[&graph.nodes[0].address], (0, 0));
        assert_eq!(places[&graph.nodes[1].address], (1, 0));
    }
}
