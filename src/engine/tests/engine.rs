//! The engine against a cloud in memory: what users would notice.

mod recovery;
mod toy;

use std::collections::BTreeMap;

use fathuss_engine::apply::Pace;
use fathuss_engine::diff::Shown;
use fathuss_engine::event::Event;
use fathuss_engine::part::PartError;
use fathuss_engine::plan::{Change, Goal, Plan, PlanError};
use fathuss_engine::provider::FailureClass;
use fathuss_engine::run::RunError;
use fathuss_model::aws::policy::{Action, Policy, Principal, Statement};
use fathuss_model::aws::{
    ClusterVpcConfig, DbInstance, DbInstanceClass, DbSubnetGroup, EksAddon, EksCluster, EksNodeGroup, Gp3, IamPolicy,
    IamRole, InstanceType, InternetGateway, KmsKey, MasterPassword, ScalingConfig, Subnet, Vpc,
};
use fathuss_model::graph::Graph;
use fathuss_model::terraform::Data;
use fathuss_model::{Datum, DeclarationExt, Handle, Ipv4Net, Lifecycle, Stack, actions};
use fathuss_state::{Entry, Fault, ResourceRecord, Store};
use toy::{Bench, DEFERRED, Twist, stack};

fn net(text: &str) -> Ipv4Net {
    text.parse().expect("a range")
}

/// A VPC with a gateway and subnets.
fn network(range: &str, subnets: &[&str]) -> Graph {
    stack(|stack| {
        let vpc = stack.add("main", Vpc::new(net(range)));
        stack.add("main", InternetGateway::new(&vpc));
        for (at, subnet) in subnets.iter().enumerate() {
            stack.add(("private", format!("zone-{at}")), Subnet::new(&vpc, net(subnet)));
        }
        stack.output("vpc", vpc.id());
        Ok(())
    })
}

#[tokio::test(start_paused = true)]
async fn a_second_apply_changes_nothing() {
    let mut bench = Bench::new();
    let graph = network("10.0.0.0/16", &["10.0.0.0/24", "10.0.1.0/24"]);
    let applied = bench.apply(&graph).await;
    assert_eq!((applied.done, applied.failed.len()), (4, 0));
    let again = bench.plan(&graph, Goal::Apply).await.unwrap();
    assert!(!again.has_changes(), "{:?}", again.actions);
    assert_eq!(again.unchanged, 4);
    assert_eq!(bench.store.snapshot().unwrap().outputs["vpc"], Datum::from("aws_vpc-1"));
}

#[tokio::test(start_paused = true)]
async fn when_one_branch_fails_the_others_finish_and_dependents_are_skipped_with_the_reason() {
    let mut bench = Bench::new();
    let graph = stack(|stack| {
        let broken = stack.add("broken", Vpc::new(net("10.0.0.0/16")));
        stack.add("behind", Subnet::new(&broken, net("10.0.0.0/24")));
        let fine = stack.add("fine", Vpc::new(net("10.1.0.0/16")));
        stack.add("fine", Subnet::new(&fine, net("10.1.0.0/24")));
        Ok(())
    });
    bench.toy.twist("aws_vpc.broken", "create", Twist::Fail(FailureClass::Refused, "VpcLimitExceeded"));
    let applied = bench.apply(&graph).await;
    assert_eq!(bench.toy.addresses(), ["toy.aws_subnet.fine", "toy.aws_vpc.fine"]);
    assert_eq!(applied.failed[0].1.code, "VpcLimitExceeded");
    let skipped = bench.told.borrow().iter().find_map(|told| match &told.event {
        Event::Skipped { address, because_of, .. } => Some((address.local(), because_of.clone().map(|a| a.local()))),
        _ => None,
    });
    assert_eq!(skipped, Some(("aws_subnet.behind".to_owned(), Some("aws_vpc.broken".to_owned()))));
    let rest = bench.apply(&graph).await;
    assert_eq!((rest.done, bench.toy.addresses().len()), (2, 4));
}

#[tokio::test(start_paused = true)]
async fn a_throttled_call_is_sent_again() {
    let mut bench = Bench::new();
    for _ in 0..3 {
        bench.toy.twist("aws_vpc.main", "create", Twist::Fail(FailureClass::Throttled, "RequestLimitExceeded"));
    }
    assert!(bench.apply(&network("10.0.0.0/16", &[])).await.failed.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_changed_range_replaces_the_vpc_and_everything_in_it_in_order() {
    let mut bench = Bench::new();
    bench.apply(&network("10.0.0.0/16", &["10.0.0.0/24"])).await;
    let graph = network("10.1.0.0/16", &["10.1.0.0/24"]);
    let plan = bench.plan(&graph, Goal::Apply).await.unwrap();
    assert_eq!((plan.count(Change::Replace), plan.count(Change::Update), plan.count(Change::Create)), (3, 0, 0));
    bench.toy.log.borrow_mut().clear();
    let applied = bench.apply(&graph).await;
    assert!(applied.failed.is_empty(), "{:?}", applied.failed);
    let log = bench.toy.log.borrow().clone();
    let at =
        |what: &str| log.iter().position(|line| line == what).unwrap_or_else(|| panic!("{what} is not in {log:?}"));
    let subnet = "aws_subnet.private[\"zone-0\"]";
    assert!(at(&format!("delete {subnet}")) < at("delete aws_vpc.main"));
    assert!(at("delete aws_internet_gateway.main") < at("delete aws_vpc.main"), "it holds the VPC, and goes along");
    assert!(at("delete aws_vpc.main") < at("create aws_vpc.main"));
    assert!(at("create aws_vpc.main") < at(&format!("create {subnet}")));
    assert!(!bench.plan(&graph, Goal::Apply).await.unwrap().has_changes());
}

#[tokio::test(start_paused = true)]
async fn what_someone_changed_outside_is_put_back_and_what_someone_deleted_is_made_again() {
    let mut bench = Bench::new();
    let graph = network("10.0.0.0/16", &["10.0.0.0/24"]);
    bench.apply(&graph).await;
    bench
        .toy
        .things
        .borrow_mut()
        .get_mut("aws_vpc-1")
        .unwrap()
        .attributes
        .insert("enable_dns_hostnames".to_owned(), true.into());
    let gone = bench.toy.things.borrow().keys().find(|id| id.starts_with("aws_subnet")).cloned().unwrap();
    bench.toy.things.borrow_mut().remove(&gone);
    let plan = bench.plan(&graph, Goal::Apply).await.unwrap();
    assert_eq!((plan.count(Change::Update), plan.count(Change::Create)), (1, 1));
    assert_eq!(plan.actions[0].fields[0].cause, fathuss_engine::diff::Cause::Drift);
    assert!(bench.apply(&graph).await.failed.is_empty());
    assert!(!bench.plan(&graph, Goal::Apply).await.unwrap().has_changes());
}

#[tokio::test(start_paused = true)]
async fn a_protected_resource_is_destroyed_only_after_the_edit_was_applied() {
    let mut bench = Bench::new();
    let with = |protected: bool| {
        stack(move |stack| {
            let lifecycle = Lifecycle::new().prevent_destroy(protected);
            stack.add("main", Vpc::new(net("10.0.0.0/16")).lifecycle(lifecycle));
            Ok(())
        })
    };
    bench.apply(&with(true)).await;
    let refused = bench.plan(&with(false), Goal::Destroy).await;
    assert!(matches!(refused, Err(RunError::Plan(PlanError::Protected(_)))), "{refused:?}");
    let plan = bench.plan(&with(false), Goal::Apply).await.unwrap();
    let [taken] = &plan.protections[..] else { panic!("{:?}", plan.protections) };
    assert!(plan.has_changes() && plan.actions.is_empty() && !taken.protected);
    bench.apply(&with(false)).await;
    assert!(!bench.plan(&with(false), Goal::Apply).await.unwrap().has_changes());
    assert!(bench.run(&with(false), Goal::Destroy).await.unwrap().failed.is_empty());
    assert!(bench.toy.addresses().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_refused_destroy_names_all_that_is_protected() {
    let mut bench = Bench::new();
    let graph = stack(|stack| {
        for name in ["one", "two"] {
            let lifecycle = Lifecycle::new().prevent_destroy(true);
            stack.add(name, Vpc::new(net("10.0.0.0/16")).lifecycle(lifecycle));
        }
        stack.add("free", Vpc::new(net("10.0.0.0/16")));
        Ok(())
    });
    bench.apply(&graph).await;
    let Err(RunError::Plan(PlanError::Protected(held))) = bench.plan(&graph, Goal::Destroy).await else {
        panic!("what is protected would be destroyed")
    };
    let held: Vec<String> = held.iter().map(|held| held.address.local()).collect();
    assert_eq!(held, ["aws_vpc.one", "aws_vpc.two"]);
}

#[tokio::test(start_paused = true)]
async fn a_protection_that_the_program_gives_counts_before_it_is_applied() {
    let protected = |on: bool| {
        stack(move |stack| {
            let vpc = Vpc::new(net("10.0.0.0/16"));
            stack.add("main", vpc.lifecycle(Lifecycle::new().prevent_destroy(on)));
            Ok(())
        })
    };
    let mut bench = Bench::new();
    bench.apply(&protected(false)).await;
    let refused = bench.plan(&protected(true), Goal::Destroy).await;
    assert!(matches!(refused, Err(RunError::Plan(PlanError::Protected(_)))), "{refused:?}");
    assert!(bench.plan(&protected(false), Goal::Destroy).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_state_of_another_account_is_refused() {
    let mut bench = Bench::new();
    let graph = network("10.0.0.0/16", &[]);
    bench.apply(&graph).await;
    let mut moved = graph.clone();
    moved.account = "999988887777".to_owned();
    for node in &mut moved.nodes {
        node.account.clone_from(&moved.account);
    }
    for goal in [Goal::Apply, Goal::Destroy] {
        let refused = bench.plan(&moved, goal).await;
        assert!(matches!(refused, Err(RunError::Plan(PlanError::OtherAccount { .. }))), "{refused:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_same_input_plans_to_the_same_bytes() {
    let mut bench = Bench::new();
    bench.apply(&network("10.0.0.0/16", &["10.0.0.0/24", "10.0.1.0/24"])).await;
    let graph = network("10.1.0.0/16", &["10.1.0.0/24", "10.1.1.0/24", "10.1.2.0/24"]);
    let one = serde_json::to_string(&bench.plan(&graph, Goal::Apply).await.unwrap()).unwrap();
    for _ in 0..20 {
        assert_eq!(serde_json::to_string(&bench.plan(&graph, Goal::Apply).await.unwrap()).unwrap(), one);
    }
}

#[tokio::test(start_paused = true)]
async fn a_ring_is_refused_with_its_path() {
    let mut graph = stack(|stack| {
        stack.add("a", Data::new());
        stack.add("b", Data::new());
        Ok(())
    });
    let (a, b) = (graph.nodes[0].address.clone(), graph.nodes[1].address.clone());
    graph.nodes[0].depends_on.push(b);
    graph.nodes[1].depends_on.push(a);
    let refused = Bench::new().plan(&graph, Goal::Apply).await.unwrap_err().to_string();
    assert!(refused.contains("toy.terraform_data.a (") && refused.contains("toy.terraform_data.b ("), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn what_may_never_be_seen_is_waited_for_shorter_than_what_is_in_the_way() {
    for (class, minutes) in [(FailureClass::Unseen, 5), (FailureClass::NotYet, 20)] {
        let mut bench = Bench::new();
        for _ in 0..500 {
            bench.toy.twist("aws_vpc.main", "create", Twist::Fail(class, "InvalidPrincipal"));
        }
        let began = tokio::time::Instant::now();
        assert_eq!(bench.apply(&network("10.0.0.0/16", &[])).await.failed.len(), 1);
        let lasted = began.elapsed().as_secs();
        assert!((60 * minutes..60 * minutes + 30).contains(&lasted), "{class:?}: {lasted} s");
        assert!(bench.store.snapshot().unwrap().pending.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_row_keeps_no_field_that_is_gone() {
    let mut bench = Bench::new();
    let graph = network("10.0.0.0/16", &[]);
    bench.apply(&graph).await;
    let rows = bench.store.snapshot().unwrap().resources;
    let vpc = rows.values().find(|row| row.address.kind() == "aws_vpc").expect("it was made").clone();
    let mut stale = vpc.clone();
    stale.attributes.insert("ipv6_cidr_block_network_border_group".to_owned(), "us-east-1".into());
    bench.store.append(&[Entry::Recorded(Box::new(stale))]).unwrap();
    let plan = bench.plan(&graph, Goal::Apply).await.unwrap();
    assert_eq!(changes(&plan), []);
    bench.apply(&graph).await;
    assert_eq!(bench.store.snapshot().unwrap().resources.get(&vpc.address), Some(&vpc));
}

#[tokio::test(start_paused = true)]
async fn rows_that_say_they_need_each_other_are_destroyed_all_the_same() {
    let mut bench = Bench::new();
    let graph = network("10.0.0.0/16", &["10.0.0.0/24", "10.0.1.0/24"]);
    bench.apply(&graph).await;
    let rows = bench.store.snapshot().unwrap().resources;
    let subnets: Vec<_> = rows.values().filter(|row| row.address.kind() == "aws_subnet").cloned().collect();
    for (row, other) in [(&subnets[0], &subnets[1]), (&subnets[1], &subnets[0])] {
        let mut row = row.clone();
        row.depends_on.push(other.address.clone());
        bench.store.append(&[fathuss_state::Entry::Recorded(Box::new(row))]).unwrap();
    }
    let destroyed = bench.run(&graph, Goal::Destroy).await.expect("there is a plan");
    assert!(destroyed.failed.is_empty(), "{:?}", destroyed.failed);
    assert!(bench.toy.addresses().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_hangs_on_a_replaced_resource_by_a_name_that_stays_is_replaced_with_it() {
    use fathuss_model::aws::policy::{Policy, Principal, Statement};
    use fathuss_model::aws::{IamPolicy, IamRole, IamRolePolicyAttachment};
    let with = |path: &str| {
        stack(|stack| {
            let trust = Policy::new([Statement::assume_role(Principal::service("ec2.amazonaws.com"))]);
            let role = stack.add("worker", IamRole::new(trust).name("worker").path(path));
            stack.add("read", IamRolePolicyAttachment::new(&role, IamPolicy::of_aws("ReadOnlyAccess")));
            Ok(())
        })
    };
    let mut bench = Bench::new();
    bench.apply(&with("/")).await;
    let plan = bench.plan(&with("/teams/"), Goal::Apply).await.unwrap();
    assert_eq!((plan.count(Change::Replace), plan.count(Change::DeleteReplaced)), (2, 2));
}

/// A security group with its wording, and a launch template that may use it.
fn guarded(wording: &str, group: &str) -> Graph {
    guarded_in("10.0.0.0/16", wording, group)
}

fn guarded_in(range: &str, wording: &str, group: &str) -> Graph {
    use fathuss_model::aws::{LaunchTemplate, SecurityGroup};
    stack(|stack| {
        let vpc = stack.add("main", Vpc::new(net(range)));
        let first = stack.add("first", SecurityGroup::new(&vpc, wording));
        let second = stack.add("second", SecurityGroup::new(&vpc, "stays"));
        let chosen = if group == "first" { &first } else { &second };
        stack.add("nodes", LaunchTemplate::new().vpc_security_group_ids([chosen]));
        Ok(())
    })
}

#[tokio::test(start_paused = true)]
async fn what_something_that_stays_can_not_be_without_is_not_replaced_under_it() {
    let mut bench = Bench::new();
    bench.apply(&guarded("one", "first")).await;
    let Err(RunError::Plan(PlanError::Held { held, holder, field, because, .. })) =
        bench.plan(&guarded("two", "first"), Goal::Apply).await
    else {
        panic!("it is planned")
    };
    assert_eq!(
        (held.local().as_str(), holder.local().as_str()),
        ("aws_security_group.first", "aws_launch_template.nodes")
    );
    assert_eq!((field.as_str(), because.as_str()), ("vpc_security_group_ids", "description"));
}

#[tokio::test(start_paused = true)]
async fn a_replacement_that_is_refused_names_the_change_that_it_follows_from() {
    let mut bench = Bench::new();
    bench.apply(&guarded_in("10.0.0.0/16", "one", "first")).await;
    let refused = bench.plan(&guarded_in("10.1.0.0/16", "one", "first"), Goal::Apply).await.unwrap_err();
    let RunError::Plan(PlanError::Held { along: Some((address, field)), .. }) = &refused else {
        panic!("it names no other change: {refused:?}")
    };
    assert_eq!((address.local().as_str(), field.as_str()), ("aws_vpc.main", "cidr_block"));
    let next = "Keep `cidr_block` of toy.aws_vpc.main as it was; or destroy toy.aws_launch_template.nodes first: take it \
                out, apply, and declare it again with the change";
    assert!(refused.to_string().ends_with(next), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn what_lets_go_in_the_same_run_does_so_before_the_other_is_replaced() {
    let mut bench = Bench::new();
    bench.apply(&guarded("one", "first")).await;
    bench.toy.log.borrow_mut().clear();
    let applied = bench.apply(&guarded("two", "second")).await;
    assert!(applied.failed.is_empty(), "{:?}", applied.failed);
    let log = bench.toy.log.borrow().clone();
    let at = |what: &str| log.iter().position(|line| line == what).unwrap_or_else(|| panic!("{what} in {log:?}"));
    assert!(at("update aws_launch_template.nodes") < at("delete aws_security_group.first"));
}

#[tokio::test(start_paused = true)]
async fn what_begins_to_hold_something_as_that_is_replaced_holds_the_new_one() {
    let mut bench = Bench::new();
    bench.apply(&guarded("one", "second")).await;
    let applied = bench.apply(&guarded("two", "first")).await;
    assert!(applied.failed.is_empty(), "{:?}", applied.failed);
    assert!(!bench.plan(&guarded("two", "first"), Goal::Apply).await.unwrap().has_changes());
}

#[tokio::test(start_paused = true)]
async fn what_was_let_go_of_takes_hold_of_the_new_one_though_its_name_is_the_same() {
    use fathuss_model::aws::policy::{Policy, Principal, Statement};
    use fathuss_model::aws::{IamInstanceProfile, IamRole};
    let with = |path: &str| {
        stack(|stack| {
            let trust = Policy::new([Statement::assume_role(Principal::service("ec2.amazonaws.com"))]);
            let role = stack.add("worker", IamRole::new(trust).name("worker").path(path));
            stack.add("worker", IamInstanceProfile::new(&role).name("worker"));
            Ok(())
        })
    };
    let mut bench = Bench::new();
    bench.apply(&with("/")).await;
    let plan = bench.plan(&with("/teams/"), Goal::Apply).await.unwrap();
    assert_eq!((plan.count(Change::Replace), plan.count(Change::Update)), (1, 1));
    bench.toy.log.borrow_mut().clear();
    assert!(bench.apply(&with("/teams/")).await.failed.is_empty());
    let log = bench.toy.log.borrow().clone();
    let settled = log.iter().rposition(|line| line == "settle aws_iam_instance_profile.worker");
    assert!(settled > log.iter().position(|line| line == "create aws_iam_role.worker"), "{log:?}");
}

#[tokio::test(start_paused = true)]
async fn what_lets_go_of_something_for_what_is_made_only_after_that_is_gone_waits_for_it() {
    let mut bench = Bench::new();
    bench.apply(&guarded_in("10.0.0.0/16", "one", "first")).await;
    let graph = guarded_in("10.1.0.0/16", "one", "second");
    let plan = bench.plan(&graph, Goal::Apply).await.unwrap();
    assert_eq!(
        (plan.count(Change::DeleteReplaced), plan.count(Change::Replace), plan.count(Change::Update)),
        (3, 3, 1)
    );
    assert!(bench.apply(&graph).await.failed.is_empty());
    assert!(!bench.plan(&graph, Goal::Apply).await.unwrap().has_changes());
}

/// A cluster in two zones, with the role that nodes of it would have, and its subnets.
fn control_plane(
    stack: &mut Stack,
    make: impl FnOnce(&Handle<IamRole>, ClusterVpcConfig) -> EksCluster,
) -> (Handle<EksCluster>, Handle<IamRole>, Vec<Handle<Subnet>>) {
    let vpc = stack.add("main", Vpc::new(net("10.0.0.0/16")));
    let subnets = [("a", "10.0.0.0/24"), ("b", "10.0.1.0/24")].map(|(zone, range)| {
        let subnet = Subnet::new(&vpc, net(range)).availability_zone(format!("us-east-1{zone}"));
        stack.add(zone, subnet)
    });
    let subnets = subnets.to_vec();
    let trust = |service: &str| IamRole::new(Policy::new([Statement::assume_role(Principal::service(service))]));
    let role = stack.add("cluster", trust("eks.amazonaws.com"));
    let place = ClusterVpcConfig::new(&subnets).endpoint_private_access(true).endpoint_public_access(false);
    let cluster = stack.add("main", make(&role, place));
    (cluster, stack.add("node", trust("ec2.amazonaws.com")), subnets)
}

/// A cluster with a group of nodes, and an addon that is ready once there are some.
fn cluster(version: &str, addon_version: &str) -> Graph {
    stack(|stack| {
        let (cluster, role, subnets) =
            control_plane(stack, |role, place| EksCluster::new("main", role, place).version(version));
        let nodes = EksNodeGroup::new(&cluster, &role, &subnets, ScalingConfig::between(1, 2, 3))
            .node_group_name("main")
            .version(cluster.version());
        let nodes = stack.add("main", nodes);
        let addon = EksAddon::new(&cluster, "coredns").addon_version(addon_version);
        stack.add("coredns", addon.depends_on(&nodes));
        Ok(())
    })
}

/// <https://docs.aws.amazon.com/eks/latest/userguide/update-cluster.html>
#[tokio::test(start_paused = true)]
async fn a_cluster_is_upgraded_before_its_addons_and_those_before_its_nodes_though_they_were_made_the_other_way_round()
{
    let mut bench = Bench::new();
    assert!(bench.apply(&cluster("1.34", "v1")).await.failed.is_empty());
    let calls = |bench: &Bench, verb: &str| -> Vec<String> {
        let log = bench.toy.log.borrow();
        log.iter()
            .filter_map(|line| line.strip_prefix(verb))
            .filter(|line| line.contains("eks"))
            .map(str::to_owned)
            .collect()
    };
    let [control, nodes, addon] = ["aws_eks_cluster.main", "aws_eks_node_group.main", "aws_eks_addon.coredns"];
    assert_eq!(calls(&bench, "create "), [control, nodes, addon]);
    assert!(bench.apply(&cluster("1.35", "v2")).await.failed.is_empty());
    assert_eq!(calls(&bench, "update "), [control, addon, nodes]);
    let again = bench.plan(&cluster("1.35", "v2"), Goal::Apply).await.unwrap();
    assert!(!again.has_changes(), "{:?}", again.actions);
}

/// A cluster with groups of nodes, which are all of one kind of instance.
fn groups(cluster: &str, names: &[&str], instance: InstanceType) -> Graph {
    stack(|stack| {
        let (cluster, role, subnets) = control_plane(stack, |role, place| EksCluster::new(cluster, role, place));
        for name in names {
            let group = EksNodeGroup::new(&cluster, &role, &subnets, ScalingConfig::between(1, 2, 3));
            stack.add(*name, group.instance_types([instance]));
        }
        Ok(())
    })
}

/// What was begun with node groups since the log was empty, in order.
fn of_groups(bench: &Bench) -> Vec<String> {
    let log = bench.toy.log.borrow();
    let is_begun = |line: &&String| ["create ", "delete "].iter().any(|verb| line.starts_with(verb));
    let of_group = log.iter().filter(is_begun).filter(|line| line.contains("aws_eks_node_group"));
    of_group.map(|line| line.replace("aws_eks_node_group.", "")).collect()
}

#[tokio::test(start_paused = true)]
async fn node_groups_are_replaced_one_after_another() {
    let names = ["b", "a", "c"];
    let mut bench = Bench::new();
    assert!(bench.apply(&groups("main", &names, InstanceType::T3Medium)).await.failed.is_empty());
    bench.toy.takes.borrow_mut().insert("aws_eks_node_group".to_owned(), 180);
    bench.toy.log.borrow_mut().clear();
    let larger = groups("main", &names, InstanceType::T3Large);
    assert!(bench.apply(&larger).await.failed.is_empty());
    assert_eq!(of_groups(&bench), ["delete a", "create a", "delete b", "create b", "delete c", "create c"]);

    // One that can't be made keeps the others as they are, and so does a run that makes up for it.
    bench.toy.log.borrow_mut().clear();
    bench.toy.twist("aws_eks_node_group.a", "create", Twist::Fail(FailureClass::Refused, "NoCapacity"));
    let smaller = groups("main", &names, InstanceType::T3Small);
    assert_eq!(bench.apply(&smaller).await.failed.len(), 1);
    assert_eq!(of_groups(&bench), ["delete a", "create a"]);
    bench.toy.log.borrow_mut().clear();
    assert!(bench.apply(&smaller).await.failed.is_empty());
    assert_eq!(of_groups(&bench), ["create a", "delete b", "create b", "delete c", "create c"]);
}

#[tokio::test(start_paused = true)]
async fn node_groups_of_a_cluster_that_is_replaced_all_go_before_it() {
    let names = ["a", "b"];
    let mut bench = Bench::new();
    assert!(bench.apply(&groups("main", &names, InstanceType::T3Medium)).await.failed.is_empty());
    bench.toy.log.borrow_mut().clear();
    assert!(bench.apply(&groups("other", &names, InstanceType::T3Medium)).await.failed.is_empty());
    let mut begun = of_groups(&bench);
    assert!(begun[..2].iter().all(|call| call.starts_with("delete ")), "{begun:?}");
    begun.sort();
    assert_eq!(begun, ["create a", "create b", "delete a", "delete b"]);
}

/// <https://docs.aws.amazon.com/eks/latest/userguide/update-cluster.html>
#[tokio::test(start_paused = true)]
async fn what_aws_would_refuse_of_a_version_is_refused_in_the_plan() {
    let mut bench = Bench::new();
    bench.apply(&cluster("1.34", "v1")).await;
    for (version, words) in [("1.36", "one minor version at a time"), ("1.33", "no cluster back")] {
        let refused = bench.plan(&cluster(version, "v1"), Goal::Apply).await.unwrap_err();
        assert!(matches!(refused, RunError::Plan(PlanError::Impossible { field: "version", .. })), "{refused:?}");
        assert!(refused.to_string().contains(words), "{refused}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_cloud_does_not_offer_is_refused_at_its_line_before_anything_is_made() {
    let mut bench = Bench::new();
    let graph = network("10.0.0.0/16", &["10.0.0.0/24", "10.0.1.0/24"]);
    *bench.toy.objecting.borrow_mut() = Some(("aws_subnet", "no room"));
    bench.toy.twist("all", "objections", Twist::Fail(FailureClass::Throttled, "SlowDown"));
    let refused = bench.run(&graph, Goal::Apply).await.unwrap_err();
    let RunError::Refused { findings, .. } = refused else { panic!("{refused}") };
    let told: Vec<_> = findings.iter().map(|it| (it.address.as_ref().unwrap().local(), it.message.as_str())).collect();
    let [first, second] = ["aws_subnet.private[\"zone-0\"]", "aws_subnet.private[\"zone-1\"]"];
    assert_eq!(told, [(first.to_owned(), "no room"), (second.to_owned(), "no room")]);
    assert!(findings.iter().all(|finding| finding.source.is_some()));
    assert!(bench.toy.addresses().is_empty());
    *bench.toy.objecting.borrow_mut() = None;
    bench.apply(&graph).await;
    *bench.toy.objecting.borrow_mut() = Some(("aws_subnet", "no room any more"));
    bench.toy.log.borrow_mut().clear();
    assert!(!bench.plan(&graph, Goal::Apply).await.unwrap().has_changes());
    assert!(bench.toy.log.borrow().iter().all(|line| !line.starts_with("objections")), "what stays is not asked about");
    bench.toy.twist("all", "objections", Twist::Fail(FailureClass::Denied, "AccessDenied"));
    let plan = bench.plan(&network("10.0.0.0/16", &["10.0.2.0/24"]), Goal::Apply).await.unwrap();
    assert_eq!(plan.unasked.as_deref(), Some("Toy Call: AccessDenied: as ordered"), "it is said, and the plan goes on");
}

#[tokio::test(start_paused = true)]
async fn what_does_not_answer_goes_with_what_it_is_inside_of() {
    let mut bench = Bench::new();
    let graph = cluster("1.34", "v1");
    bench.apply(&graph).await;
    *bench.toy.dark.borrow_mut() = Some("aws_eks_cluster");
    let refused = bench.plan(&graph, Goal::Apply).await.unwrap_err();
    assert!(matches!(&refused, RunError::Refresh(error) if error.address.kind() == "aws_eks_cluster"), "{refused}");

    *bench.toy.dark.borrow_mut() = Some("aws_eks_addon");
    let plan = bench.plan(&graph, Goal::Destroy).await.unwrap();
    let at = |kind: &str| plan.actions.iter().position(|action| action.address.kind() == kind).unwrap();
    let (addon, around) = (at("aws_eks_addon"), at("aws_eks_cluster"));
    assert_eq!(plan.actions[addon].change, Change::Forget);
    assert_eq!(plan.actions[addon].goes_with.as_ref(), Some(&plan.actions[around].address));
    assert_eq!(plan.actions[addon].after, [around]);
    assert!(!plan.actions[around].after.contains(&addon));

    // As long as that is there, so is what the state knows of it.
    bench.toy.twist("aws_eks_cluster.main", "delete", Twist::Fail(FailureClass::Refused, "ResourceInUse"));
    let applied = bench.run(&graph, Goal::Destroy).await.unwrap();
    assert_eq!(applied.failed.len(), 1);
    let kept =
        |bench: &Bench| bench.store.snapshot().unwrap().resources.into_keys().map(|it| it.local()).collect::<Vec<_>>();
    assert!(kept(&bench).iter().any(|address| address.starts_with("aws_eks_addon")), "{:?}", kept(&bench));
    let applied = bench.run(&graph, Goal::Destroy).await.unwrap();
    assert!(applied.failed.is_empty(), "{:?}", applied.failed);
    assert_eq!(kept(&bench), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn what_does_not_answer_holds_nothing_back_but_itself() {
    let mut bench = Bench::new();
    bench.apply(&cluster("1.34", "v1")).await;
    let whole = bench.plan(&cluster("1.34", "v1"), Goal::Apply).await.unwrap();
    *bench.toy.dark.borrow_mut() = Some("aws_eks_addon");
    let plan = bench.plan(&cluster("1.34", "v1"), Goal::Apply).await.unwrap();
    let unread: Vec<(String, &str)> =
        plan.unread.iter().map(|unread| (unread.address.local(), unread.because.as_str())).collect();
    assert_eq!(unread, [("aws_eks_addon.coredns".to_owned(), "Toy Call: NoAnswer: as ordered")]);
    assert!(!plan.has_changes());
    assert_eq!(plan.unchanged, whole.unchanged - 1, "of what was not read nobody knows");

    let plan = bench.plan(&cluster("1.35", "v2"), Goal::Apply).await.unwrap();
    assert!(plan.actions.iter().any(|action| action.address.kind() == "aws_eks_addon"), "by what the state has");
    assert_eq!(plan.unchanged, whole.unchanged - 3);
    let applied = bench.apply(&cluster("1.35", "v1")).await;
    assert!(applied.failed.is_empty() && applied.done == 2, "{:?}", applied.failed);
}

#[tokio::test(start_paused = true)]
async fn a_plan_tells_what_becomes_of_parts_and_what_others_made() {
    let mut bench = Bench::new();
    let graph = network("10.0.0.0/16", &["10.0.0.0/24"]);
    let plan = bench.plan(&graph, Goal::Apply).await.unwrap();
    assert!(plan.actions.iter().all(|action| action.parts.len() == 1 && action.parts[0].path == "Part of it"));
    bench.apply(&graph).await;
    bench.toy.twist("all", "outlook", Twist::Fail(FailureClass::Throttled, "SlowDown"));
    let plan = bench.plan(&graph, Goal::Destroy).await.unwrap();
    let along: Vec<&str> = plan.along.iter().map(|along| along.what.as_str()).collect();
    assert_eq!(along.len(), 3);
    assert!(along.contains(&"what others made in aws_vpc.main"), "{along:?}");
    bench.toy.twist("all", "outlook", Twist::Fail(FailureClass::Denied, "AccessDenied"));
    let plan = bench.plan(&graph, Goal::Destroy).await.unwrap();
    assert_eq!(plan.unforeseen, ["Toy Call: AccessDenied: as ordered"], "it is said, and the plan goes on");
    bench.toy.log.borrow_mut().clear();
    assert!(!bench.plan(&graph, Goal::Apply).await.unwrap().has_changes());
    assert!(bench.toy.log.borrow().iter().all(|line| !line.starts_with("outlook")), "what stays is not asked about");
}

#[tokio::test(start_paused = true)]
async fn what_can_not_be_made_as_it_is_to_be_yet_is_deferred_and_finished_by_a_later_run() {
    let mut bench = Bench::new();
    let graph = stack(|stack| {
        let vpc = stack.add("main", Vpc::new(net("10.0.0.0/16")).enable_dns_hostnames(true));
        stack.add("behind", Subnet::new(&vpc, net("10.0.0.0/24")));
        Ok(())
    });
    *bench.toy.deferring.borrow_mut() = Some(("aws_vpc", "enable_dns_hostnames"));
    let applied = bench.apply(&graph).await;
    let deferred: Vec<_> = applied.deferred.iter().map(|(at, because)| (at.local(), because.as_str())).collect();
    assert_eq!(deferred, [("aws_vpc.main".to_owned(), DEFERRED)]);
    // The rest goes on, and nothing has failed.
    assert_eq!((applied.done, applied.failed.len(), applied.skipped.len()), (1, 0, 0));
    assert!(applied.outputs.is_some());
    assert!(bench.told.borrow().iter().any(|told| matches!(&told.event, Event::Deferred { .. })));
    let waiting = bench.plan(&graph, Goal::Apply).await.unwrap();
    assert!(!waiting.has_changes() && waiting.actions.is_empty(), "{:?}", waiting.actions);
    assert_eq!(waiting.deferred[0].because, DEFERRED);
    assert_eq!(waiting.deferred[0].fields[0].path, "enable_dns_hostnames");
    *bench.toy.deferring.borrow_mut() = None;
    let applied = bench.apply(&graph).await;
    assert_eq!((applied.done, applied.deferred.len()), (1, 0));
    let after = bench.plan(&graph, Goal::Apply).await.unwrap();
    assert!(!after.has_changes() && after.deferred.is_empty(), "{after:?}");
}

#[tokio::test(start_paused = true)]
async fn a_mark_that_names_another_address_is_set_in_place_and_before_anything_is_made_at_that_one() {
    let mut bench = Bench::new();
    let graph = |names: &[(&str, &str)]| {
        stack(|stack| {
            for (name, range) in names {
                stack.add(*name, Vpc::new(net(range)));
            }
            Ok(())
        })
    };
    bench.apply(&graph(&[("first", "10.0.0.0/16")])).await;
    let row = bench.store.snapshot().unwrap().resources.into_values().next().expect("there is one");
    let moved = ResourceRecord { address: "toy.aws_vpc.second".parse().unwrap(), ..row.clone() };
    bench.store.append(&[Entry::Dropped(row.address), Entry::Recorded(Box::new(moved))]).unwrap();

    let graph = graph(&[("first", "10.1.0.0/16"), ("second", "10.0.0.0/16")]);
    let plan = bench.plan(&graph, Goal::Apply).await.unwrap();
    let told: Vec<_> = plan.actions.iter().map(|it| (it.address.name(), it.change, it.after.as_slice())).collect();
    assert_eq!(told, [("second", Change::Update, &[][..]), ("first", Change::Create, &[0][..])]);
    let [field] = plan.actions[0].fields.as_slice() else { panic!("{:?}", plan.actions[0]) };
    assert_eq!(field.path, "tags.fathuss:address");
    let applied = bench.apply(&graph).await;
    assert_eq!((applied.done, applied.failed.len()), (2, 0));
    assert_eq!(bench.toy.addresses(), ["toy.aws_vpc.first", "toy.aws_vpc.second"]);
    assert_eq!(bench.store.snapshot().unwrap().resources.len(), 2);
    assert!(!bench.plan(&graph, Goal::Apply).await.unwrap().has_changes());
}

#[tokio::test(start_paused = true)]
async fn what_aws_gives_is_unknown_where_the_change_may_change_it_and_there_alone() {
    let outputs = |action: Action, team: &'static str, days: i64| {
        stack(|stack| {
            let allowed = Policy::new([Statement::allow([action]).on("*")]);
            let policy = stack.add("main", IamPolicy::new(allowed).tag("Team", team));
            stack.output("version", policy.default_version_id());
            let vpc = stack.add("main", Vpc::new(net("10.0.0.0/16")));
            let subnets = [("a", "10.0.0.0/24"), ("b", "10.0.1.0/24")].map(|(zone, range)| {
                stack.add(zone, Subnet::new(&vpc, net(range)).availability_zone(format!("us-east-1{zone}")))
            });
            let subnets = stack.add("main", DbSubnetGroup::new(subnets.to_vec()));
            let database = DbInstance::postgres("17", DbInstanceClass::T3Medium)
                .storage(Gp3::gigabytes(20))
                .subnets(&subnets)
                .username("fathuss")
                .master_password(MasterPassword::ManagedByRds)
                .backup_retention_period(days)
                .skip_final_snapshot(true);
            let database = stack.add("main", database);
            stack.output("secret", database.master_user_secret_arn());
            stack.output("parameters", database.parameter_apply_status());
            Ok(())
        })
    };
    let [get, put] = [actions!["s3:GetObject"], actions!["s3:PutObject"]].map(|[action]| action);
    let mut bench = Bench::new();
    bench.apply(&outputs(get, "a", 7)).await;
    for (changed, unknown) in [
        (outputs(get, "b", 7), &[][..]),
        (outputs(put, "a", 7), &["version"][..]),
        (outputs(get, "a", 14), &["parameters"][..]),
    ] {
        let plan = bench.plan(&changed, Goal::Apply).await.unwrap();
        assert!(plan.outputs.values().all(|output| output.after == Shown::Unknown), "{:?}", plan.outputs);
        assert_eq!(plan.outputs.keys().collect::<Vec<_>>(), unknown);
    }
}

#[tokio::test(start_paused = true)]
async fn what_has_become_what_the_program_wants_and_is_known_by_another_identity_is_recorded_by_that() {
    let mut bench = Bench::new();
    let vpc = |known: Option<&'static str>| {
        stack(|stack| {
            let vpc = Vpc::new(net("10.0.0.0/16"));
            stack.add("main", known.into_iter().fold(vpc, |vpc, known| vpc.tag("KnownAs", known)));
            Ok(())
        })
    };
    bench.apply(&vpc(None)).await;
    // A change that was cut off, and that the read right after it did not show.
    for thing in bench.toy.things.borrow_mut().values_mut() {
        thing.attributes.insert("tags".to_owned(), Datum::from(BTreeMap::from([("KnownAs".to_owned(), "vpc-2")])));
    }
    let graph = vpc(Some("vpc-2"));
    assert!(!bench.plan(&graph, Goal::Apply).await.unwrap().has_changes());
    bench.apply(&graph).await;
    let snapshot = bench.store.snapshot().unwrap();
    assert_eq!(snapshot.resources.values().map(|record| record.identity.0.as_str()).collect::<Vec<_>>(), ["vpc-2"]);
}

fn changes(plan: &Plan) -> Vec<(String, Change)> {
    plan.actions.iter().map(|action| (action.address.local(), action.change)).collect()
}

#[tokio::test(start_paused = true)]
async fn a_run_on_a_part_changes_that_alone_and_leaves_outputs_and_drift_of_the_rest() {
    let mut bench = Bench::new();
    bench.apply(&network("10.0.0.0/16", &["10.0.0.0/24"])).await;
    let wider = stack(|stack| {
        let vpc = stack.add("main", Vpc::new(net("10.0.0.0/16")).tag("Owner", "net"));
        let gateway = stack.add("main", InternetGateway::new(&vpc).tag("Owner", "net"));
        for (at, subnet) in ["10.0.0.0/24", "10.0.1.0/24"].into_iter().enumerate() {
            stack.add(("private", format!("zone-{at}")), Subnet::new(&vpc, net(subnet)));
        }
        stack.output("gateway", gateway.id());
        Ok(())
    });
    bench.only = vec!["aws_internet_gateway.main"];
    let Err(RunError::Part(PartError::Needs(needs))) = bench.plan(&wider, Goal::Apply).await else { panic!("planned") };
    assert_eq!(
        needs.iter().map(|(address, what)| (address.local(), *what)).collect::<Vec<_>>(),
        [("aws_vpc.main".to_owned(), "update")]
    );

    bench.only.push("aws_vpc.main");
    let plan = bench.plan(&wider, Goal::Apply).await.unwrap();
    let names = ["aws_vpc.main", "aws_internet_gateway.main"].map(|name| (name.to_owned(), Change::Update));
    assert_eq!((changes(&plan), plan.unchanged, plan.only.len()), (names.into(), 0, 2));
    assert_eq!(plan.outputs.keys().collect::<Vec<_>>(), ["gateway"], "that of the VPC goes with a run on everything");
    bench.apply(&wider).await;
    let outputs = bench.store.snapshot().unwrap().outputs;
    assert_eq!(outputs.keys().collect::<Vec<_>>(), ["gateway", "vpc"]);

    bench.only.clear();
    let rest = bench.plan(&wider, Goal::Apply).await.unwrap();
    assert_eq!(changes(&rest), [("aws_subnet.private[\"zone-1\"]".to_owned(), Change::Create)]);
}

#[tokio::test(start_paused = true)]
async fn a_run_on_a_part_deletes_nothing_that_others_need() {
    let mut bench = Bench::new();
    let graph = network("10.0.0.0/16", &["10.0.0.0/24"]);
    bench.apply(&graph).await;
    bench.only = vec!["aws_vpc.main"];
    let error = bench.plan(&graph, Goal::Destroy).await.expect_err("a subnet is in it");
    let RunError::Part(error @ PartError::Needed(_)) = error else { panic!("{error}") };
    let missing: Vec<String> = error.missing().into_iter().map(|address| address.local()).collect();
    assert_eq!(missing, ["aws_internet_gateway.main", "aws_subnet.private[\"zone-0\"]"]);

    bench.only = vec!["aws_subnet.private[\"zone-0\"]"];
    bench.run(&graph, Goal::Destroy).await.expect("nothing needs it");
    let left: Vec<String> = bench.store.snapshot().unwrap().resources.keys().map(|address| address.local()).collect();
    assert_eq!(left, ["aws_internet_gateway.main", "aws_vpc.main"]);
}
