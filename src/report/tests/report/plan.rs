//! Plans as text.

use std::time::{Duration, Instant};

use fathuss_engine::diff::{Cause, FieldChange, Shown};
use fathuss_engine::plan::{Change, Goal, PlannedDeferral, PlannedUnread};
use fathuss_report::{Expected, PlanView, Reading, plan_text};
use unicode_width::UnicodeWidthStr;

use crate::fixture::{
    WIDTHS, action, address, at_widths, colour, every_change, first_apply, plan_of, schema, snapshot, source, staging,
    style, visible,
};

fn read() -> Option<Reading> {
    Some(Reading { calls: 41, took: Duration::from_millis(912) })
}

#[test]
fn every_kind_of_change_reads_well_at_each_width() {
    let (plan, snapshot) = (every_change(), snapshot());
    let expected = Expected::of(&plan, &snapshot.durations_ms, &schema);
    let view = PlanView {
        expected: Some(&expected),
        snapshot: Some(&snapshot),
        read: read(),
        next: Some("fathuss apply staging".to_owned()),
        ..PlanView::default()
    };
    insta::assert_snapshot!(at_widths(|style| plan_text(&plan, &view, style)));
    insta::assert_snapshot!("every_change_in_colour", visible(&plan_text(&plan, &view, &colour(80))));
    let ascii = fathuss_report::Style::bare(80);
    let text = plan_text(&plan, &view, &ascii);
    assert!(text.is_ascii(), "{text}");
    let full = PlanView { full: true, ..view };
    insta::assert_snapshot!("every_change_in_full", plan_text(&plan, &full, &style(80)));
}

#[test]
fn what_is_deferred_is_shown_with_its_line_and_the_reason_and_is_no_change() {
    let mut plan = plan_of(Vec::new());
    plan.deferred.push(PlannedDeferral {
        address: address("aws_ce_cost_allocation_tag.service"),
        source: source("account", 31).unwrap(),
        fields: vec![field("status")],
        because: "AWS does not know it yet".to_owned(),
    });
    let text = plan_text(&plan, &PlanView { read: read(), ..PlanView::default() }, &style(80));
    assert!(text.contains("aws_ce_cost_allocation_tag.service   stacks/account.rs:31"), "{text}");
    assert!(text.contains("status: not yet, because AWS does not know it yet"), "{text}");
    assert!(!plan.has_changes() && text.contains("No changes"), "{text}");
}

#[test]
fn what_could_not_be_read_is_named_with_the_reason_and_what_to_do() {
    let mut plan = plan_of(Vec::new());
    plan.unread = ["kubernetes_namespace.shop", "helm_release.shop"]
        .map(|local| PlannedUnread {
            address: address(local),
            because: format!("kubernetes Get: Forbidden: {local}"),
            hint: Some("give who applies an `EksAccessEntry` in this cluster".to_owned()),
        })
        .to_vec();
    let text = plan_text(&plan, &PlanView { read: read(), ..PlanView::default() }, &style(80));
    let lines = "  could not be read, and is planned as the state has it
  ! kubernetes Get: Forbidden: kubernetes_namespace.shop
      kubernetes_namespace.shop, helm_release.shop
      Next: give who applies an `EksAccessEntry` in this cluster
";
    assert!(text.contains(lines), "{text}");
    let closing = "No changes are known: 90 resources are as the program declares, and 2 could not\nbe read.";
    assert!(!plan.has_changes() && text.contains(closing), "{text}");
}

fn field(path: &str) -> FieldChange {
    FieldChange {
        path: path.to_owned(),
        before: Shown::Value("Inactive".into()),
        after: Shown::Value("Active".into()),
        forces_replacement: false,
        cause: Cause::Program,
    }
}

#[test]
fn what_was_deleted_outside_is_no_ordinary_create() {
    let create = |name: &str| action(name, source("network", 11), "network", Change::Create);
    let plan = plan_of(vec![create("aws_vpc.main"), create("aws_vpc.second")]);
    let snapshot = snapshot();
    let view = PlanView { snapshot: Some(&snapshot), ..PlanView::default() };
    let text = plan_text(&plan, &view, &style(80));
    let noted =
        |name: &str| text.lines().any(|line| line.contains(name) && line.ends_with("deleted outside, made again"));
    assert!(noted("aws_vpc.main") && !noted("aws_vpc.second"), "{text}");
}

#[test]
fn the_first_apply_of_staging_reads_well() {
    let graph = staging();
    let plan = first_apply(&graph);
    let expected = Expected::of(&plan, &Default::default(), &schema);
    let view = PlanView {
        expected: Some(&expected),
        graph: Some(&graph),
        read: read(),
        see_all: Some("fathuss plan staging --full".to_owned()),
        ..PlanView::default()
    };
    insta::assert_snapshot!(plan_text(&plan, &view, &style(100)));
}

#[test]
fn nothing_to_do_is_one_sentence() {
    let mut plan = plan_of(Vec::new());
    let view = PlanView { read: read(), ..PlanView::default() };
    let apply = plan_text(&plan, &view, &style(80));
    plan.goal = Goal::Destroy;
    let destroy = plan_text(&plan, &view, &style(80));
    insta::assert_snapshot!(format!("{apply}{destroy}"));
}

#[test]
fn no_line_but_a_long_address_alone_is_wider_than_the_terminal() {
    let graph = staging();
    let snapshot = snapshot();
    for (plan, graph) in [(every_change(), None), (first_apply(&graph), Some(&graph))] {
        let expected = Expected::of(&plan, &Default::default(), &schema);
        let view = PlanView {
            expected: Some(&expected),
            snapshot: Some(&snapshot),
            graph,
            read: read(),
            ..PlanView::default()
        };
        for width in WIDTHS {
            for line in plan_text(&plan, &view, &style(width)).lines() {
                // An address is never cut: it is there to be copied.
                let is_one_word = line.split_whitespace().filter(|word| word.len() > 1).count() == 1;
                assert!(line.width() <= width || is_one_word, "{} columns of {width}: {line}", line.width());
            }
        }
    }
}

#[test]
fn nothing_from_outside_reaches_the_terminal_as_a_control() {
    let plan = every_change();
    let text = plan_text(&plan, &PlanView::default(), &style(80));
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
    assert!(text.contains("\\u{1b}[31mOwner"), "{text}");
}

#[test]
fn a_secret_is_never_shown() {
    let plan = every_change();
    for full in [false, true] {
        let text = plan_text(&plan, &PlanView { full, ..PlanView::default() }, &style(80));
        assert!(text.contains("(sensitive) → (sensitive)"), "{text}");
    }
}

#[test]
fn ten_thousand_actions_are_summed_up_and_the_dangerous_ones_stay_visible() {
    let mut actions: Vec<_> = (0..10_000)
        .map(|at| action(&format!("terraform_data.row[\"{at}\"]"), source("big", 5), "big", Change::Create))
        .collect();
    actions[9_876].change = Change::Replace;
    actions[9_876].destroys_data = true;
    let plan = plan_of(actions);
    let expected = Expected::of(&plan, &Default::default(), &schema);
    let view = PlanView {
        expected: Some(&expected),
        see_all: Some("fathuss plan staging --full".to_owned()),
        ..PlanView::default()
    };
    let began = Instant::now();
    let text = plan_text(&plan, &view, &style(80));
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    assert!(text.lines().count() < 50, "{}", text.lines().count());
    insta::assert_snapshot!(text);
    let all = plan_text(&plan, &PlanView { full: true, ..view }, &style(80));
    assert!(all.lines().count() > 10_000);
}
