//! Progress as plain lines, and as JSON.

use fathuss_engine::event::{Event, Told};
use fathuss_engine::plan::Change;
use fathuss_engine::provider::Failure;
use fathuss_report::{Plain, event_json};

use crate::failure::quota;
use crate::fixture::{address, style};

pub fn a_run() -> Vec<Told> {
    let cluster = || address("aws_eks_cluster.main");
    let group = || address("aws_eks_node_group.grader");
    let begin = 1_700_000_000_000;
    [
        (0, Event::Started { actions: 4, expected_ms: 870_000 }),
        (0, Event::Recovered { address: address("aws_vpc.main"), what: "found vpc-0abc and adopted it".to_owned() }),
        (10, Event::Begun { address: cluster(), change: Change::Create, expected_ms: 540_000, path_ms: 870_000 }),
        (900, Event::Identified { address: cluster(), identity: "staging-fathuss".to_owned() }),
        (1_000, Event::Waiting { address: cluster(), state: "CREATING".to_owned() }),
        (30_000, Event::Waiting { address: cluster(), state: "CREATING".to_owned() }),
        (541_000, Event::Done { address: cluster(), change: Change::Create, took_ms: 540_990 }),
        (541_001, Event::Begun { address: group(), change: Change::Create, expected_ms: 150_000, path_ms: 330_000 }),
        (542_000, Event::Retrying { address: group(), failure: quota(), in_ms: 1500 }),
        (
            544_000,
            Event::Failed {
                address: group(),
                source: None,
                change: Change::Create,
                failure: quota(),
                left: String::new(),
            },
        ),
        (
            544_001,
            Event::Skipped {
                address: address("aws_eks_addon.coredns"),
                change: Change::Create,
                because_of: Some(group()),
            },
        ),
        (544_002, Event::Draining { running: 1 }),
        (3_700_000, Event::Finished { done: 1, failed: 1, skipped: 1, interrupted: 1, took_ms: 3_700_000 }),
    ]
    .map(|(at, event)| Told { at_ms: begin + at, event })
    .into()
}

#[test]
fn each_event_worth_reading_is_one_line() {
    let mut plain = Plain::new();
    let lines: Vec<String> = a_run().iter().filter_map(|told| plain.line(told, &style(80))).collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn a_silence_is_broken_by_what_is_under_way() {
    let mut plain = Plain::new();
    assert_eq!(plain.still(0, &style(80)), None, "nothing is");
    let begun = |at: u64, local: &str| Told {
        at_ms: at,
        event: Event::Begun { address: address(local), change: Change::Create, expected_ms: 0, path_ms: 0 },
    };
    let main = || address("aws_vpc.main");
    for at in 0..5 {
        plain.line(&begun(1_000, &format!("aws_subnet.zone[\"{at}\"]")), &style(80));
    }
    plain.line(&begun(1_000, "aws_vpc.main"), &style(80));
    plain.line(
        &Told { at_ms: 2_000, event: Event::Waiting { address: main(), state: "pending".to_owned() } },
        &style(80),
    );
    let still = plain.still(92_000, &style(80)).unwrap();
    let named = r#"aws_subnet.zone["0"], aws_subnet.zone["1"], aws_subnet.zone["2"], 3 more"#;
    assert_eq!(still.trim(), format!("1:31  still under way: {named}"));
    for at in 0..5 {
        let done =
            Event::Done { address: address(&format!("aws_subnet.zone[\"{at}\"]")), change: Change::Create, took_ms: 1 };
        plain.line(&Told { at_ms: 93_000, event: done }, &style(80));
    }
    assert!(plain.still(99_000, &style(80)).unwrap().ends_with("still under way: aws_vpc.main (pending)"));
    plain.line(
        &Told { at_ms: 99_000, event: Event::Done { address: main(), change: Change::Create, took_ms: 1 } },
        &style(80),
    );
    assert_eq!(plain.still(99_000, &style(80)), None);
}

#[test]
fn a_call_that_goes_on_failing_in_the_same_way_is_told_twice_a_minute() {
    let mut plain = Plain::new();
    let mut told = |seconds: u64, code: &str| {
        let failure = Failure { code: code.to_owned(), ..quota() };
        let event = Event::Retrying { address: address("aws_subnet.database"), failure, in_ms: 2_000 };
        plain.line(&Told { at_ms: seconds * 1_000, event }, &style(80)).is_some()
    };
    assert!(told(0, "DependencyViolation"));
    assert!(!told(2, "DependencyViolation") && !told(29, "DependencyViolation"));
    assert!(told(30, "DependencyViolation"));
    assert!(!told(32, "DependencyViolation"));
    assert!(told(34, "Throttling") && told(36, "DependencyViolation"));
}

#[test]
fn what_is_deferred_is_said_with_the_reason_and_told_to_programs() {
    let because = "AWS does not know it yet".to_owned();
    let told = Told {
        at_ms: 1_000,
        event: Event::Deferred { address: address("aws_vpc.main"), change: Change::Update, because },
    };
    let line = Plain::new().line(&told, &style(80)).unwrap();
    assert!(line.ends_with("deferred, because AWS does not know it yet"), "{line}");
    let json = event_json(&told).unwrap();
    assert!(
        json.contains(r#""event":"deferred""#) && json.contains(r#""because":"AWS does not know it yet""#),
        "{json}"
    );
}

#[test]
fn each_event_is_one_json_object() {
    let lines: Vec<String> = a_run().iter().map(|told| event_json(told).unwrap()).collect();
    assert!(lines.iter().all(|line| !line.contains('\n')));
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn recovery_has_lines_of_its_own_and_the_actions_a_time_of_their_own() {
    let gateway = || address("aws_nat_gateway.main");
    let begin = 1_700_000_000_000;
    let events = [
        (0, Event::Recovering { address: gateway(), change: Change::Create, expected_ms: 120_000 }),
        (1_000, Event::Waiting { address: gateway(), state: "pending".to_owned() }),
        (20_000, Event::Draining { running: 1 }),
        (90_000, Event::Recovered { address: gateway(), what: "nat-0abc had been created and is adopted".to_owned() }),
        (99_000, Event::Started { actions: 1, expected_ms: 2_000 }),
        (235_000, Event::Draining { running: 1 }),
    ];
    let mut plain = Plain::new();
    let lines = events.map(|(at, event)| plain.lines(&Told { at_ms: begin + at, event }, &style(60)).join("\n"));
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn no_line_above_the_bars_is_wider_than_the_terminal() {
    for width in [40, 60, 80] {
        let mut plain = Plain::new();
        for told in a_run() {
            let (whole, broken) = (Plain::new().line(&told, &style(width)), plain.lines(&told, &style(width)));
            assert!(broken.iter().all(|line| line.chars().count() <= width), "{width}: {broken:#?}");
            let words = |text: &str| text.split_whitespace().skip(1).collect::<String>();
            if !broken.is_empty() {
                assert_eq!(words(&broken.join(" ")), words(&whole.unwrap()), "nothing is left out");
            }
        }
    }
}
