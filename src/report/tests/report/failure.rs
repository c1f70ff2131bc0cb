//! Errors, findings and the closing summary.

use std::collections::BTreeMap;
use std::time::Duration;

use fathuss_engine::event::{Event, Told};
use fathuss_engine::plan::{Change, PlanError};
use fathuss_engine::protection::Protected;
use fathuss_engine::provider::{CallCounts, Failure, FailureClass};
use fathuss_engine::run::RunError;
use fathuss_model::graph::Finding;
use fathuss_report::{FailedAction, RunView, Tally, Trouble, findings_text, run_json};
use fathuss_state::{Holder, Origin, StateError};

use crate::fixture::{address, at_widths, colour, source, visible};

pub fn quota() -> Failure {
    Failure {
        class: FailureClass::Refused,
        service: "EKS".to_owned(),
        operation: "CreateNodegroup".to_owned(),
        code: "ResourceLimitExceededException".to_owned(),
        message: "maximum of 30 nodegroups for cluster staging-fathuss".to_owned(),
        request_id: Some("5c6f1f6a-9b1e-4f0f-8a3c-0a7f5b1c29d1".to_owned()),
        hint: Some("raise the quota \"Managed node groups per cluster\" (L-6D54EA21) or remove a group".to_owned()),
    }
}

fn failed() -> FailedAction {
    FailedAction {
        address: address("aws_eks_node_group.grader"),
        source: source("cluster", 72),
        change: Change::Create,
        failure: quota(),
        left: "nothing was created".to_owned(),
        skipped: vec![address("kubernetes_namespace.grader"), address("helm_release.argo_cd")],
    }
}

#[test]
fn a_refusal_says_who_what_why_what_is_left_and_what_next() {
    let trouble = Trouble::of_action(&failed(), "fathuss apply staging");
    insta::assert_snapshot!(at_widths(|style| trouble.text(style)));
    insta::assert_snapshot!("refusal_in_colour", visible(&trouble.text(&colour(80))));
}

#[test]
fn every_class_of_failure_has_its_own_words() {
    let classes = [
        FailureClass::Throttled,
        FailureClass::Ambiguous,
        FailureClass::NotYet,
        FailureClass::Refused,
        FailureClass::Broken,
        FailureClass::Denied,
    ];
    let texts = classes.map(|class| {
        let failure = Failure { class, hint: None, ..quota() };
        Trouble::of_failure("aws_eks_node_group.grader", &failure, Some("fathuss apply staging"))
            .text(&crate::fixture::style(80))
    });
    insta::assert_snapshot!(texts.join("\n"));
}

#[test]
fn what_aws_says_can_not_move_the_cursor() {
    let failure =
        Failure { message: "\u{1b}[2J\u{1b}]0;owned\u{7}no".to_owned(), code: "\u{9b}2J".to_owned(), ..quota() };
    let text = Trouble::of_failure("x", &failure, None).text(&crate::fixture::style(80));
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
}

#[test]
fn findings_stand_at_their_lines() {
    let findings = [
        Finding {
            address: Some(address("aws_subnet.private[\"us-east-1b\"]")),
            source: source("network", 34),
            message: "10.1.0.0/20 does not lie in 10.0.0.0/16, the range of aws_vpc.main (stacks/network.rs:11)"
                .to_owned(),
        },
        Finding { address: None, source: None, message: "the stack function panicked: no zone".to_owned() },
    ];
    insta::assert_snapshot!(at_widths(|style| findings_text("staging", &findings, style)));
}

#[test]
fn why_a_run_could_not_go_on_is_said_with_the_next_command() {
    let holder = Holder {
        id: "b1946ac9".to_owned(),
        who: "ada@workstation".to_owned(),
        pid: 4711,
        command: "fathuss apply staging".to_owned(),
        since_ms: 0,
        origin: Origin::default(),
        part: None,
    };
    let postgres = Protected {
        address: address("aws_db_instance.postgres"),
        source: source("data", 82),
        how: "replaced, because `engine` changes".to_owned(),
    };
    let old =
        Protected { address: address("aws_ebs_volume.old_clickhouse"), source: None, how: "destroyed".to_owned() };
    let errors = [
        RunError::State(StateError::Locked { holder: Box::new(holder), since: "12 minutes ago".to_owned() }),
        RunError::State(StateError::Damaged {
            path: "state/staging.db".to_owned(),
            reason: "it ends early".to_owned(),
        }),
        RunError::Plan(PlanError::Protected(vec![postgres.clone()])),
        RunError::Plan(PlanError::Protected(vec![old.clone()])),
        RunError::Plan(PlanError::Protected(vec![old, postgres])),
        RunError::Plan(PlanError::Held {
            held: address("aws_security_group.database"),
            held_line: source("firewall", 34).unwrap(),
            because: "vpc_id".to_owned(),
            along: Some((address("aws_vpc.main"), "cidr_block".to_owned())),
            holder: address("aws_db_instance.postgres"),
            holder_line: source("data", 82).unwrap(),
            field: "vpc_security_group_ids".to_owned(),
        }),
        RunError::Plan(PlanError::Held {
            held: address("aws_security_group.database"),
            held_line: source("firewall", 34).unwrap(),
            because: "description".to_owned(),
            along: None,
            holder: address("aws_db_instance.postgres"),
            holder_line: source("data", 82).unwrap(),
            field: "vpc_security_group_ids".to_owned(),
        }),
        RunError::Recovery { address: address("aws_vpc.main"), failure: Box::new(quota()) },
    ];
    let texts = errors.map(|error| Trouble::of_run(&error, "fathuss apply staging").text(&crate::fixture::style(80)));
    insta::assert_snapshot!(texts.join("\n"));
}

fn told(event: Event) -> Told {
    Told { at_ms: 0, event }
}

fn done(local: &str, change: Change) -> Told {
    told(Event::Done { address: address(local), change, took_ms: 1000 })
}

fn finished(done: usize, failed: usize, skipped: usize, interrupted: usize) -> Told {
    told(Event::Finished { done, failed, skipped, interrupted, took_ms: 852_000 })
}

fn view() -> RunView<'static> {
    RunView {
        stack: "staging",
        calls: CallCounts {
            operations: BTreeMap::from([
                (("ec2".to_owned(), "CreateVpc".to_owned()), 1),
                (("ec2".to_owned(), "DescribeVpcs".to_owned()), 1200),
                (("eks".to_owned(), "DescribeCluster".to_owned()), 31),
            ]),
            throttled: 2,
        },
        wall: Duration::from_millis(1_240),
        simulated: true,
        again: "fathuss apply staging",
        next: Some("fathuss output staging"),
        failures_shown: false,
    }
}

#[test]
fn a_run_is_summed_up_for_programs_too() {
    let mut tally = Tally::default();
    for told in [done("aws_vpc.main", Change::Create), done("aws_subnet.a", Change::Create), finished(2, 0, 0, 0)] {
        tally.take(&told);
    }
    insta::assert_snapshot!(run_json(&tally, &view()).unwrap(), @r#"{"format":"fathuss-run","version":1,"stack":"staging","done":{"create":2},"failed":0,"not_started":0,"interrupted":0,"took_ms":852000,"simulated":true,"wall_ms":1240,"calls":{"ec2":1201,"eks":31},"throttled":2}"#);
}

#[test]
fn a_clean_run_is_summed_up() {
    let mut tally = Tally::default();
    for told in [
        done("aws_vpc.main", Change::Create),
        done("aws_subnet.a", Change::Create),
        done("aws_db_instance.postgres", Change::DeleteReplaced),
        done("aws_db_instance.postgres", Change::Replace),
        finished(4, 0, 0, 0),
    ] {
        tally.take(&told);
    }
    assert!(tally.is_clean());
    insta::assert_snapshot!(at_widths(|style| tally.text(&view(), style)));
}

#[test]
fn what_is_deferred_is_no_failure_and_is_told_with_the_reason() {
    let mut tally = Tally::default();
    let (address, because) = (address("aws_ce_cost_allocation_tag.service"), "AWS does not know it yet".to_owned());
    tally.take(&done("aws_vpc.main", Change::Create));
    tally.take(&told(Event::Deferred { address, change: Change::Create, because }));
    tally.take(&finished(1, 0, 0, 0));
    assert!(tally.is_clean());
    let text = tally.text(&view(), &crate::fixture::style(80));
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("1 created, 1 deferred"), "{text}");
    assert!(
        text.contains("aws_ce_cost_allocation_tag.service is deferred, because AWS does not know it yet"),
        "{text}"
    );
    let json: serde_json::Value = serde_json::from_str(&run_json(&tally, &view()).unwrap()).unwrap();
    assert_eq!(json["deferred"]["aws_ce_cost_allocation_tag.service"], "AWS does not know it yet");
}

#[test]
fn a_run_with_a_failure_says_what_was_not_started_because_of_it() {
    let FailedAction { address: at, source, change, failure, left, skipped } = failed();
    let mut tally = Tally::default();
    tally.take(&done("aws_vpc.main", Change::Create));
    tally.take(&told(Event::Failed { address: at.clone(), source, change, failure, left }));
    for address in skipped {
        tally.take(&told(Event::Skipped { address, change: Change::Create, because_of: Some(at.clone()) }));
    }
    tally.take(&finished(1, 1, 2, 0));
    assert!(!tally.is_clean());
    insta::assert_snapshot!(at_widths(|style| tally.text(&view(), style)));
}

#[test]
fn what_was_destroyed_and_could_not_be_made_again_is_told() {
    let FailedAction { address: at, source, failure, left, .. } = failed();
    let mut tally = Tally::default();
    tally.take(&done("aws_db_instance.postgres", Change::DeleteReplaced));
    tally.take(&told(Event::Failed { address: at, source, change: Change::Replace, failure, left }));
    tally.take(&finished(1, 1, 0, 0));
    let text = tally.text(&view(), &crate::fixture::style(80));
    assert!(text.contains("staging not all done: 1 destroyed to be replaced, 1 failed"), "{text}");
}

#[test]
fn an_interrupted_run_says_how_to_go_on() {
    let mut tally = Tally::default();
    tally.take(&done("aws_vpc.main", Change::Create));
    tally.take(&told(Event::Skipped { address: address("aws_subnet.a"), change: Change::Create, because_of: None }));
    tally.take(&finished(1, 0, 1, 2));
    insta::assert_snapshot!(tally.text(&view(), &crate::fixture::style(80)));
}
