//! A real report as a picture of a terminal.

use fathuss_report::{Expected, PlanView, plan_text, terminal_svg};

use crate::fixture::{colour, every_change, schema};

#[test]
fn a_plan_is_drawn_line_by_line() {
    let plan = every_change();
    let expected = Expected::of(&plan, &Default::default(), &schema);
    let text = plan_text(&plan, &PlanView { expected: Some(&expected), ..PlanView::default() }, &colour(100));
    let svg = terminal_svg("fathuss plan staging", &text);
    let rows: std::collections::BTreeSet<&str> =
        svg.split(" y=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let lines = text.lines().filter(|line| !line.is_empty()).count();
    // Two more are the frame's and the title's.
    assert_eq!(rows.len(), lines + 2, "{svg}");
    assert!(svg.contains(">± </text>") || svg.contains(">±</text>"), "{svg}");
    insta::assert_snapshot!(svg.split_once("</style>").unwrap().1.lines().take(24).collect::<Vec<_>>().join("\n"));
}
