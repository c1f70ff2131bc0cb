//! docs/calls.md is what a plan sends: operation by operation, for staging and for production.

mod sandbox;

use std::collections::{BTreeMap, BTreeSet};

use fathuss_aws::table::{KINDS, LOOKUPS};
use fathuss_engine::plan::Goal;
use fathuss_model::graph_of;
use fathuss_stacks::environment::Environment;
use fathuss_stacks::platform::platform;
use fathuss_stacks::{production, staging};
use fathuss_state::Snapshot;
use sandbox::Sandbox;

/// By operation, as the simulator counts them: `ec2.DescribeVpcs`.
type Calls = BTreeMap<String, u64>;

/// The page, read.
struct Page {
    /// By type, in the order of the page.
    managed: Vec<(String, Line)>,
    lookups: Vec<(String, Line)>,
    /// What the stacks' first plans ask beside the lookups.
    offers: Vec<Call>,
    /// Staging's resources and the calls that they take.
    staging: (usize, u64),
    /// By service, what the no-change plans of staging and production take.
    unchanged: BTreeMap<String, [u64; 2]>,
}

/// What a type takes.
#[derive(Debug)]
enum Line {
    Own(Vec<Call>),
    /// In the calls of this type.
    With(String),
}

#[derive(Debug)]
struct Call {
    /// `ec2.DescribeVpcs`.
    operation: String,
    times: Times,
}

#[derive(Debug, Clone, Copy)]
enum Times {
    Once,
    Each(u64),
    Principal,
    Zone,
}

impl Page {
    fn read() -> Self {
        let text = include_str!("../docs/calls.md");
        let (_, rest) = text.split_once("## Resource types").expect("the page has resource types");
        let (managed, rest) = rest.split_once("## Lookups").expect("the page has lookups");
        let (lookups, offers) = rest.split_once("## Offers").expect("the page has what is asked of offers");
        let offers = offers.lines().find_map(|line| line.strip_prefix("Either stack's first plan asks "));
        let offers = offers.expect("the page says what the stacks ask").trim_end_matches('.').split("; ").map(call);
        let (_, staging) = text.split_once("Staging's ").expect("the page says what staging takes");
        let (resources, staging) = staging.split_once(" resources take ").expect("and how much it is");
        let resources = resources.parse().expect("a number of resources");
        let calls = staging.split(' ').next().and_then(|calls| calls.parse().ok()).expect("a number of calls");
        let (_, stacks) = text.split_once("## The platform's stacks").expect("the page has the stacks");
        let rows = stacks.lines().skip_while(|line| !line.starts_with("|---")).skip(1);
        let unchanged = rows.take_while(|line| line.starts_with("| ")).map(by_service).collect();
        Self {
            managed: lines(managed),
            lookups: lines(lookups),
            offers: offers.collect(),
            staging: (resources, calls),
            unchanged,
        }
    }

    /// What a plan sends for what a state holds.
    fn no_change(&self, snapshot: &Snapshot) -> Calls {
        let of_kind = |kind: &str| snapshot.resources.values().filter(|it| it.address.kind() == kind).count() as u64;
        let principals: BTreeSet<(&str, &str)> = snapshot
            .resources
            .values()
            .filter(|record| record.address.kind() == "aws_eks_access_policy_association")
            .filter_map(|record| {
                let mut ends = record.identity.0.split('#');
                Some((ends.next()?, ends.next()?))
            })
            .collect();
        let zones: BTreeSet<&str> = snapshot
            .resources
            .values()
            .filter(|record| record.address.kind() == "aws_route53_record")
            .filter_map(|record| record.identity.0.split('_').next())
            .collect();
        let mut calls = Calls::from([("sts.GetCallerIdentity".to_owned(), 1)]);
        for (kind, line) in &self.managed {
            let count = of_kind(kind);
            match line {
                Line::With(other) => assert!(count == 0 || of_kind(other) > 0, "{kind} comes without {other}"),
                Line::Own(own) => {
                    for call in own.iter().filter(|_| count > 0) {
                        *calls.entry(call.operation.clone()).or_default() += match call.times {
                            Times::Once => 1,
                            Times::Each(times) => times * count,
                            Times::Principal => principals.len() as u64,
                            Times::Zone => zones.len() as u64,
                        };
                    }
                }
            }
        }
        calls
    }

    /// What a first plan sends that asks these lookups.
    fn first(&self, kinds: &[String]) -> Calls {
        let mut calls = Calls::from([("sts.GetCallerIdentity".to_owned(), 1)]);
        for kind in kinds {
            let line = self.lookups.iter().find(|(name, _)| name == kind).map(|(_, line)| line);
            let Some(Line::Own(own)) = line else { panic!("{kind}: {line:?}") };
            for call in own {
                *calls.entry(call.operation.clone()).or_default() += 1;
            }
        }
        for call in &self.offers {
            *calls.entry(call.operation.clone()).or_default() += 1;
        }
        calls
    }
}

/// A row of the table of the stacks.
fn by_service(row: &str) -> (String, [u64; 2]) {
    let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
    let number = |at: usize| cells[at].replace(',', "").parse().expect("a number of calls");
    (cells[0].to_owned(), [number(2), number(5)])
}

/// What a service is called on the page, by what it is signed for.
fn service(signed: &str) -> String {
    let name = match signed {
        "backup" => "Backup",
        "cloudfront" => "CloudFront",
        "elasticache" => "ElastiCache",
        "logs" => "CloudWatch Logs",
        "monitoring" => "CloudWatch",
        "route53" => "Route 53",
        "secretsmanager" => "Secrets Manager",
        short => return short.to_uppercase(),
    };
    name.to_owned()
}

fn lines(table: &str) -> Vec<(String, Line)> {
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.map(|row| {
        let (kind, rest) = row.split_once("` | ").expect("a type in code");
        let (calls, why) = rest.split_once(" | ").expect("three columns");
        assert!(why.trim_end_matches(" |").ends_with('.'), "{kind} gives its reason: {why}");
        let line = match calls.strip_prefix("with `") {
            Some(other) => Line::With(other.trim_end_matches('`').to_owned()),
            None => Line::Own(calls.split("; ").map(call).collect()),
        };
        (kind.to_owned(), line)
    })
    .collect()
}

/// `EC2 [DescribeVpcs](https://docs.aws.amazon.com/...) × 1`.
fn call(text: &str) -> Call {
    let (service, rest) = text.split_once(" [").expect("a service and an operation");
    let (operation, rest) = rest.split_once("](").expect("a link");
    let (link, times) = rest.split_once(") × ").expect("how many times");
    // Billing's pages have the service before the operation.
    let page = link.rsplit('/').next().unwrap_or_default().replace("API_budgets_", "API_");
    assert_eq!(page, format!("API_{operation}.html"), "{link} is {operation}'s page");
    let times = match times {
        "1" => Times::Once,
        "n" => Times::Each(1),
        "2n" => Times::Each(2),
        "p" => Times::Principal,
        "z" => Times::Zone,
        other => panic!("× {other}"),
    };
    // Calls are counted by the names that services are signed for.
    let signed = if service == "CloudWatch" { "monitoring".to_owned() } else { service.to_lowercase() };
    Call { operation: format!("{signed}.{operation}"), times }
}

fn difference(after: &Calls, before: &Calls) -> Calls {
    let more = after.iter().map(|(name, count)| (name.clone(), count - before.get(name).copied().unwrap_or(0)));
    more.filter(|(_, count)| *count > 0).collect()
}

/// Applies it, and gives the calls of the plan before anything was there and of the one after.
async fn plans(environment: &Environment) -> (Vec<String>, Calls, Snapshot, Calls) {
    let graph = graph_of("platform", |stack| platform(stack, environment)).expect("nothing is wrong with it");
    let mut sandbox = Sandbox::new(environment.account, Vec::new());
    sandbox.apply_what_is_before(environment).await;
    let asked = graph.nodes.iter().map(|node| node.address.kind().to_owned());
    let asked = asked.filter(|kind| LOOKUPS.iter().any(|lookup| lookup.schema().kind == kind)).collect();
    let plan = async |sandbox: &Sandbox| {
        let before = sandbox.simulator.calls();
        sandbox.aws.verify_account(environment.region).await.expect("the account is the one allowed");
        let prepared = sandbox.plan(&graph, Goal::Apply).await;
        (prepared.plan, difference(&sandbox.simulator.calls(), &before))
    };
    let (_, first) = plan(&sandbox).await;
    let applied = sandbox.carry_out(&graph, Goal::Apply).await;
    assert!(applied.failed.is_empty(), "{:?}", applied.failed);
    let (unchanged, again) = plan(&sandbox).await;
    assert!(unchanged.actions.is_empty(), "{:?}", unchanged.actions);
    (asked, first, sandbox.snapshot(), again)
}

#[tokio::test(start_paused = true)]
async fn a_plan_sends_what_the_page_says() {
    let page = Page::read();
    for environment in [staging::environment(), production::environment()] {
        let environment = environment.expect("its ranges are ranges");
        let (asked, first, snapshot, again) = plans(&environment).await;
        assert_eq!(first, page.first(&asked), "{}'s first plan", environment.name());
        assert_eq!(again, page.no_change(&snapshot), "{}'s no-change plan", environment.name());
        let column = usize::from(environment.is_production());
        let mut sums = BTreeMap::from([("all".to_owned(), again.values().sum::<u64>())]);
        for (operation, count) in &again {
            let (signed, _) = operation.split_once('.').expect("a service and an operation");
            *sums.entry(service(signed)).or_default() += count;
        }
        let said = page.unchanged.iter().map(|(name, columns)| (name.clone(), columns[column]));
        assert_eq!(sums, said.filter(|(_, count)| *count > 0).collect(), "{}, by service", environment.name());
        if environment.name() == "staging" {
            let made = snapshot.resources.len() - asked.len();
            assert_eq!((made, again.values().sum::<u64>()), page.staging);
        }
    }
}

#[test]
fn the_page_has_a_line_for_each_type_and_no_other() {
    let page = Page::read();
    let named = |lines: &[(String, Line)]| lines.iter().map(|(kind, _)| kind.clone()).collect::<Vec<_>>();
    let sorted = |mut kinds: Vec<String>| {
        kinds.sort();
        kinds
    };
    let managed = KINDS.iter().map(|kind| kind.schema().kind.to_owned()).collect();
    assert_eq!(sorted(named(&page.managed)), sorted(managed));
    let lookups = LOOKUPS.iter().map(|lookup| lookup.schema().kind.to_owned()).collect();
    assert_eq!(sorted(named(&page.lookups)), sorted(lookups));
}

#[test]
fn types_that_are_read_together_are_said_to_be() {
    for (kind, line) in Page::read().managed {
        let family = |kind: &str| KINDS.iter().find(|it| it.schema().kind == kind).map(|it| it.family());
        match line {
            Line::With(other) => assert_eq!(family(&kind), family(&other), "{kind} and {other}"),
            Line::Own(_) => {
                let first = KINDS.iter().find(|it| Some(it.family()) == family(&kind)).map(|it| it.schema().kind);
                assert_eq!(first, Some(kind.as_str()), "the first of the family has its calls");
            }
        }
    }
}
