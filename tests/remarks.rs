//! What waits for a maintenance window or a restart is said by the plan that asks for it, and by those after it for as long as it waits.

mod sandbox;

use fathuss_engine::plan::{Change, Goal};
use fathuss_engine::schedule::Expectations;
use fathuss_model::aws::policy::{Policy, Principal, Statement};
use fathuss_model::aws::*;
use fathuss_model::graph::Graph;
use fathuss_model::{Handle, Ipv4Net, Result, Stack, Subnets as _, graph_of};
use sandbox::Sandbox;

const ACCOUNT: &str = "111122223333";

fn subnets(stack: &mut Stack) -> Result<Vec<Handle<Subnet>>> {
    stack.place("us-east-1", ACCOUNT);
    let range: Ipv4Net = "10.0.0.0/16".parse()?;
    let vpc = stack.add("main", Vpc::new(range));
    let mut subnets = Vec::new();
    for (at, zone) in (0..).zip(["us-east-1a", "us-east-1b"]) {
        let subnet = Subnet::new(&vpc, range.subnet(24, at)?).availability_zone(zone);
        subnets.push(stack.add(("private", zone), subnet));
    }
    Ok(subnets)
}

fn database(class: DbInstanceClass, connections: &'static str, at_once: bool) -> Graph {
    graph_of("remarks", |stack| {
        let group = DbSubnetGroup::new(&subnets(stack)?);
        let group = stack.add("main", group);
        let parameters = [
            DbParameter::at_once("log_min_duration_statement", "1000"),
            DbParameter::at_restart("max_connections", connections),
        ];
        let parameters = stack.add("main", DbParameterGroup::new("postgres17").parameter(parameters));
        let instance = DbInstance::postgres("17", class)
            .storage(Gp3::gigabytes(20))
            .subnets(&group)
            .parameters(&parameters)
            .username("shop")
            .master_password(MasterPassword::ManagedByRds)
            .maintenance_window("sun:04:00-sun:05:00")
            .apply_immediately(at_once)
            .skip_final_snapshot(true);
        stack.add("main", instance);
        Ok(())
    })
    .expect("nothing is wrong with it")
}

fn cache(node: CacheNodeType) -> Graph {
    graph_of("remarks", |stack| {
        let group = ElasticacheSubnetGroup::new(&subnets(stack)?);
        let group = stack.add("main", group);
        let redis = ElasticacheReplicationGroup::redis_cluster("Sessions", "7.1", node, 1, 1).subnets(&group);
        stack.add("main", redis.maintenance_window("sun:05:00-sun:06:00"));
        Ok(())
    })
    .expect("nothing is wrong with it")
}

/// What a plan says, as `type.name: sentence`, and how many updates it has.
async fn said(sandbox: &Sandbox, graph: &Graph) -> (Vec<String>, usize) {
    let plan = sandbox.plan(graph, Goal::Apply).await.plan;
    let sentences = plan.remarks.iter().flat_map(|remark| {
        remark.sentences.iter().map(move |sentence| format!("{}: {sentence}", remark.address.local()))
    });
    (sentences.collect(), plan.count(Change::Update))
}

async fn apply(sandbox: &mut Sandbox, graph: &Graph) {
    let applied = sandbox.carry_out(graph, Goal::Apply).await;
    assert!(applied.failed.is_empty(), "{:?}", applied.failed);
}

#[tokio::test(start_paused = true)]
async fn a_class_that_changes_in_the_window_is_said_to() {
    let mut sandbox = Sandbox::new(ACCOUNT, Vec::new());
    apply(&mut sandbox, &database(DbInstanceClass::T3Medium, "200", false)).await;
    let larger = database(DbInstanceClass::T3Large, "200", false);
    let waits = "aws_db_instance.main: `instance_class` waits for the maintenance window (sun:04:00-sun:05:00), though this \
                 apply ends before: `apply_immediately(true)` makes it at once.";
    let away = "aws_db_instance.main: The instance is out of service for some minutes when its class changes: it has no \
                standby.";
    assert_eq!(said(&sandbox, &larger).await, (vec![waits.to_owned(), away.to_owned()], 1));
    let at_once = database(DbInstanceClass::T3Large, "200", true);
    assert_eq!(said(&sandbox, &at_once).await, (vec![away.to_owned()], 1));
    apply(&mut sandbox, &larger).await;
    let becomes = "aws_db_instance.main: `instance_class` becomes db.t3.large in the maintenance window \
                   (sun:04:00-sun:05:00): it was asked for before.";
    assert_eq!(said(&sandbox, &larger).await, (vec![becomes.to_owned()], 0));
}

/// How many seconds the plan's one action is expected to take.
async fn expected(sandbox: &Sandbox, graph: &Graph) -> u64 {
    let plan = sandbox.plan(graph, Goal::Apply).await.plan;
    let [action] = plan.actions.as_slice() else { panic!("{:?}", plan.actions) };
    Expectations::default().expect(action, fathuss_model::schema_of(action.address.kind())).as_secs()
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_the_window_is_expected_to_take_no_time_until_it_is_made_at_once() {
    let mut sandbox = Sandbox::new(ACCOUNT, Vec::new());
    apply(&mut sandbox, &database(DbInstanceClass::T3Medium, "200", false)).await;
    let later = database(DbInstanceClass::T3Large, "200", false);
    let at_once = database(DbInstanceClass::T3Large, "200", true);
    assert_eq!(expected(&sandbox, &later).await, 1);
    assert_eq!(expected(&sandbox, &at_once).await, 480);
    apply(&mut sandbox, &later).await;
    assert_eq!(expected(&sandbox, &at_once).await, 480, "the class was asked for before, and is changed now");
    apply(&mut sandbox, &at_once).await;
    assert!(!sandbox.plan(&at_once, Goal::Apply).await.plan.has_changes());
}

#[tokio::test(start_paused = true)]
async fn backups_that_end_or_begin_are_said_to() {
    let of = |days: i64| {
        graph_of("remarks", |stack| {
            let group = DbSubnetGroup::new(&subnets(stack)?);
            let group = stack.add("main", group);
            let instance = DbInstance::postgres("17", DbInstanceClass::T3Medium)
                .storage(Gp3::gigabytes(20))
                .subnets(&group)
                .username("shop")
                .master_password(MasterPassword::ManagedByRds)
                .maintenance_window("sun:04:00-sun:05:00")
                .backup_retention_period(days)
                .skip_final_snapshot(true);
            stack.add("main", instance);
            Ok(())
        })
        .expect("nothing is wrong with it")
    };
    let mut sandbox = Sandbox::new(ACCOUNT, Vec::new());
    apply(&mut sandbox, &of(7)).await;
    assert_eq!(said(&sandbox, &of(14)).await, (Vec::new(), 1));
    let (sentences, updates) = said(&sandbox, &of(0)).await;
    assert_eq!(updates, 1);
    let waits = "aws_db_instance.main: `backup_retention_period` waits for the maintenance window (sun:04:00-sun:05:00), \
                 though this apply ends before: `apply_immediately(true)` makes it at once.";
    let ends = "aws_db_instance.main: `backup_retention_period` of 0 ends backups and takes away those that AWS made; the \
                instance is out of service for a moment.";
    assert_eq!(sentences, [waits, ends]);
}

#[tokio::test(start_paused = true)]
async fn a_parameter_that_waits_for_a_restart_is_said_to() {
    let mut sandbox = Sandbox::new(ACCOUNT, Vec::new());
    apply(&mut sandbox, &database(DbInstanceClass::T3Medium, "200", false)).await;
    let more = database(DbInstanceClass::T3Medium, "400", false);
    let waits = "aws_db_parameter_group.main: `max_connections` takes effect once the instances that have this group \
                 restart, and nothing here restarts them: `aws rds reboot-db-instance` does.";
    assert_eq!(said(&sandbox, &more).await, (vec![waits.to_owned()], 1));
    apply(&mut sandbox, &more).await;
    sandbox.simulator.advance(jiff::SignedDuration::from_mins(10)).expect("the clock moves on");
    let pending = "aws_db_instance.main: Parameters of its group wait for a restart, and nothing here restarts it: \
                   `aws rds reboot-db-instance` does.";
    assert_eq!(said(&sandbox, &more).await, (vec![pending.to_owned()], 0));
}

#[tokio::test(start_paused = true)]
async fn nodes_that_change_in_the_window_are_said_to() {
    let mut sandbox = Sandbox::new(ACCOUNT, Vec::new());
    apply(&mut sandbox, &cache(CacheNodeType::T4gSmall)).await;
    let larger = cache(CacheNodeType::T4gMedium);
    let (sentences, updates) = said(&sandbox, &larger).await;
    assert_eq!(updates, 1);
    assert!(
        sentences[0].contains("`node_type` waits for the maintenance window (sun:05:00-sun:06:00)"),
        "{sentences:?}"
    );
    apply(&mut sandbox, &larger).await;
    let (sentences, updates) = said(&sandbox, &larger).await;
    assert_eq!(updates, 0);
    assert!(sentences[0].contains("`node_type` becomes cache.t4g.medium in the maintenance window"), "{sentences:?}");
}

fn nodes(instance: InstanceType) -> Graph {
    groups(&["general"], instance)
}

fn groups(names: &[&str], instance: InstanceType) -> Graph {
    graph_of("remarks", |stack| {
        let subnets = subnets(stack)?;
        let mut role = |name: &str, service: &str, policies: &[&str]| {
            let role = IamRole::new(Policy::new([Statement::assume_role(Principal::service(service))]));
            let role = stack.add(name, role);
            for policy in policies {
                stack.add((name, policy), IamRolePolicyAttachment::new(&role, IamPolicy::of_aws(policy)));
            }
            role
        };
        let cluster = role("cluster", "eks.amazonaws.com", &["AmazonEKSClusterPolicy"]);
        let policies = ["AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryPullOnly"];
        let nodes = role("nodes", "ec2.amazonaws.com", &policies);
        let cluster = stack.add("main", EksCluster::new("main", &cluster, ClusterVpcConfig::new(&subnets)));
        for name in names {
            let group = EksNodeGroup::new(&cluster, &nodes, &subnets, ScalingConfig::between(1, 1, 2));
            stack.add(*name, group.instance_types([instance]));
        }
        Ok(())
    })
    .expect("nothing is wrong with it")
}

#[tokio::test(start_paused = true)]
async fn nodes_that_end_before_others_join_are_said_to() {
    let mut sandbox = Sandbox::new(ACCOUNT, Vec::new());
    apply(&mut sandbox, &nodes(InstanceType::T3Medium)).await;
    let plan = sandbox.plan(&nodes(InstanceType::T3Large), Goal::Apply).await.plan;
    assert_eq!(plan.count(Change::Replace), 1);
    let [remark] = plan.remarks.as_slice() else { panic!("{:?}", plan.remarks) };
    assert_eq!(remark.address.local(), "aws_eks_node_group.general");
    assert!(remark.sentences[0].starts_with("Its nodes are drained and end before new ones join:"), "{remark:?}");
}

#[tokio::test(start_paused = true)]
async fn several_groups_are_said_to_go_one_after_another() {
    let names = ["general", "special"];
    let mut sandbox = Sandbox::new(ACCOUNT, Vec::new());
    apply(&mut sandbox, &groups(&names, InstanceType::T3Medium)).await;
    let plan = sandbox.plan(&groups(&names, InstanceType::T3Large), Goal::Apply).await.plan;
    let says = "One group after another: its nodes are drained and end before new ones join:";
    assert_eq!(plan.remarks.iter().filter(|remark| remark.sentences[0].starts_with(says)).count(), 2, "{plan:?}");
}
