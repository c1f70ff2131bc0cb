//! The graph as a picture and for other programs.

use std::time::{Duration, Instant};

use fathuss_engine::plan::{Change, Plan};
use fathuss_model::graph::Graph;
use fathuss_report::graph::{dot, mermaid, svg};

use crate::fixture::{action, address, first_apply, plan_of, staging};

/// Three nodes of staging with one change each, and one that is declared no more.
fn small() -> (Graph, Plan) {
    let mut graph = staging();
    let wanted = ["aws_vpc.main", "aws_subnet.private[\"us-east-1a\"]", "aws_subnet.private[\"us-east-1b\"]"];
    graph.nodes.retain(|node| wanted.contains(&node.address.local().as_str()));
    let changes = [Change::Update, Change::Create, Change::Replace];
    let mut actions: Vec<_> =
        wanted.iter().zip(changes).map(|(local, change)| action(local, None, "network", change)).collect();
    actions.push(action("aws_eip.old", None, "no longer declared", Change::Delete));
    (graph, plan_of(actions))
}

#[test]
fn a_plans_changes_are_marked_in_every_form() {
    let (graph, plan) = small();
    insta::assert_snapshot!("graph_dot", dot(&graph, Some(&plan)));
    insta::assert_snapshot!("graph_mermaid", mermaid(&graph, Some(&plan)));
    let svg = svg(&graph, Some(&plan));
    let body = svg.split_once("</style>").unwrap().1;
    insta::assert_snapshot!("graph_svg", body);
}

#[test]
fn the_picture_of_staging_names_every_resource_once_and_is_the_same_each_time() {
    let graph = staging();
    let plan = first_apply(&graph);
    let picture = svg(&graph, Some(&plan));
    assert_eq!(picture, svg(&graph, Some(&plan)));
    let titles: String = picture.split("<title>").skip(1).filter_map(|rest| rest.split("</title>").next()).collect();
    for node in &graph.nodes {
        let name = node.address.local().replace('"', "&quot;");
        assert!(titles.contains(&name), "{name}");
    }
    let boxes = picture.matches("class=\"box\"").count();
    assert!(boxes < graph.nodes.len(), "{boxes}");
}

#[test]
fn no_box_of_staging_covers_another() {
    let picture = svg(&staging(), None);
    let number = |text: &str, name: &str| -> f64 {
        text.split_once(&format!(" {name}=\"")).unwrap().1.split('"').next().unwrap().parse().unwrap()
    };
    let boxes: Vec<(f64, f64, f64, f64)> = picture
        .split("<rect class=\"box\"")
        .skip(1)
        .map(|text| (number(text, "x"), number(text, "y"), number(text, "width"), number(text, "height")))
        .collect();
    for (at, one) in boxes.iter().enumerate() {
        for other in &boxes[at + 1..] {
            let apart = one.0 + one.2 <= other.0
                || other.0 + other.2 <= one.0
                || one.1 + one.3 <= other.1
                || other.1 + other.3 <= one.1;
            assert!(apart, "{one:?} covers {other:?}");
        }
    }
}

#[test]
fn ten_thousand_resources_are_drawn_in_time() {
    let mut graph = staging();
    let node = graph.nodes[1].clone();
    graph.nodes = (0..10_000)
        .map(|at| {
            let mut node = node.clone();
            node.address = address(&format!("terraform_data.row{at}"));
            node.depends_on =
                if at % 10 == 0 { Vec::new() } else { vec![address(&format!("terraform_data.row{}", at - 1))] };
            node.fields.clear();
            node
        })
        .collect();
    let began = Instant::now();
    assert_eq!(svg(&graph, None).matches("class=\"box\"").count(), 10_000);
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}
