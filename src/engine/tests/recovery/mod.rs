//! What a run that died, was stopped or could not end leaves, and what the next one makes of it.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_create_whose_answer_is_lost_is_adopted_and_not_repeated() {
    let mut bench = Bench::new();
    let graph = network("10.0.0.0/16", &[]);
    bench.toy.twist("aws_vpc.main", "create", Twist::AnswerLost);
    let applied = bench.apply(&graph).await;
    assert!(applied.failed.is_empty());
    let vpcs = bench.toy.addresses().iter().filter(|address| address.contains("aws_vpc")).count();
    assert_eq!(vpcs, 1);
}

#[tokio::test(start_paused = true)]
async fn a_crash_at_any_write_loses_nothing_and_duplicates_nothing() {
    let graph = network("10.0.0.0/16", &["10.0.0.0/24", "10.0.1.0/24"]);
    let mut crashes = 0;
    for fault in [Fault::CrashBefore, Fault::CrashAfter, Fault::Refused, Fault::Full, Fault::InDoubt] {
        for at in 1..40 {
            let mut bench = Bench::new();
            bench.store.fail_at(at, fault);
            let first = bench.run(&graph, Goal::Apply).await;
            let whole = first.is_ok_and(|applied| applied.journal_error.is_none());
            crashes += usize::from(!whole);
            bench.store.restart();
            let applied = bench.apply(&graph).await;
            assert!(applied.failed.is_empty(), "{fault:?} at {at}: {:?}", applied.failed);
            assert_eq!(bench.toy.addresses().len(), 4, "{fault:?} at {at}: {:?}", bench.toy.addresses());
            assert!(!bench.plan(&graph, Goal::Apply).await.unwrap().has_changes(), "{fault:?} at {at}");
            let destroyed = bench.run(&graph, Goal::Destroy).await.unwrap();
            assert!(destroyed.failed.is_empty());
            assert!(bench.toy.addresses().is_empty(), "{fault:?} at {at}");
        }
    }
    assert!(crashes > 10, "the faults must have struck: {crashes}");
}

#[tokio::test(start_paused = true)]
async fn a_stop_while_something_is_being_made_is_resumed_by_the_next_run() {
    let mut bench = Bench::new();
    bench.toy.takes.borrow_mut().insert("aws_vpc".to_owned(), 600);
    let graph = network("10.0.0.0/16", &["10.0.0.0/24"]);
    let pace = bench.pace.clone();
    tokio::spawn(async move {
        tokio::time::sleep(std::time::Duration::from_secs(100)).await;
        pace.send_replace(Pace::Stop);
    });
    let applied = bench.apply(&graph).await;
    assert_eq!(applied.interrupted.len(), 1);
    assert_eq!(bench.store.snapshot().unwrap().pending.len(), 1);
    bench.pace.send_replace(Pace::Run);
    let applied = bench.apply(&graph).await;
    assert!(applied.failed.is_empty());
    assert_eq!(bench.toy.addresses().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_change_that_no_read_tells_of_is_made_again_where_it_did_not_come_to_its_end() {
    for call in ["update", "settle"] {
        let mut bench = Bench::new();
        let key = |days: i64| {
            stack(move |stack| {
                stack.add("main", KmsKey::new().deletion_window_in_days(days));
                Ok(())
            })
        };
        bench.apply(&key(30)).await;
        bench.toy.twist("aws_kms_key.main", call, Twist::Fail(FailureClass::Refused, "LimitExceeded"));
        assert_eq!(bench.apply(&key(7)).await.failed.len(), 1);
        bench.toy.log.borrow_mut().clear();
        assert_eq!(bench.apply(&key(7)).await.done, 1, "after a failed {call}");
        assert!(bench.toy.log.borrow().contains(&"update aws_kms_key.main".to_owned()), "{:?}", bench.toy.log);
        assert!(!bench.plan(&key(7), Goal::Apply).await.unwrap().has_changes());
    }
}

#[tokio::test(start_paused = true)]
async fn a_first_interrupt_finishes_what_is_under_way_and_starts_nothing() {
    let mut bench = Bench::new();
    bench.toy.takes.borrow_mut().insert("aws_vpc".to_owned(), 600);
    let graph = network("10.0.0.0/16", &["10.0.0.0/24"]);
    let pace = bench.pace.clone();
    tokio::spawn(async move {
        tokio::time::sleep(std::time::Duration::from_secs(100)).await;
        pace.send_replace(Pace::Drain);
    });
    let applied = bench.apply(&graph).await;
    assert_eq!((applied.done, applied.skipped.len(), applied.interrupted.len()), (1, 2, 0));
    assert!(bench.store.snapshot().unwrap().pending.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_first_interrupt_ends_what_is_refused_again_and_again() {
    let mut bench = Bench::new();
    for _ in 0..100 {
        bench.toy.twist("aws_vpc.main", "create", Twist::Fail(FailureClass::NotYet, "NoSuchKind"));
    }
    let pace = bench.pace.clone();
    tokio::spawn(async move {
        tokio::time::sleep(std::time::Duration::from_secs(100)).await;
        pace.send_replace(Pace::Drain);
    });
    let began = tokio::time::Instant::now();
    let applied = bench.apply(&network("10.0.0.0/16", &[])).await;
    assert_eq!((applied.failed.len(), applied.skipped.len()), (1, 1));
    assert!(began.elapsed().as_secs() < 130, "{:?}", began.elapsed());
    assert!(bench.store.snapshot().unwrap().pending.is_empty());
}

#[tokio::test(start_paused = true)]
async fn something_that_failed_while_being_made_is_taken_away_and_made_again() {
    let mut bench = Bench::new();
    let graph = network("10.0.0.0/16", &[]);
    bench.toy.twist("aws_vpc.main", "settle", Twist::Fail(FailureClass::Broken, "Failed"));
    let first = bench.apply(&graph).await;
    assert_eq!(first.failed.len(), 1);
    bench.toy.twist("aws_vpc.main", "settle", Twist::Fail(FailureClass::Broken, "Failed"));
    let second = bench.apply(&graph).await;
    assert!(second.failed.is_empty(), "{:?}", second.failed);
    assert_eq!(bench.toy.addresses(), ["toy.aws_internet_gateway.main", "toy.aws_vpc.main"]);
}

#[tokio::test(start_paused = true)]
async fn what_was_made_stays_when_a_later_run_may_not_look_at_it() {
    let mut bench = Bench::new();
    let graph = network("10.0.0.0/16", &[]);
    bench.toy.twist("aws_vpc.main", "settle", Twist::Fail(FailureClass::Denied, "AccessDenied"));
    bench.apply(&graph).await;
    bench.toy.twist("aws_vpc.main", "settle", Twist::Fail(FailureClass::Denied, "AccessDenied"));
    let Err(RunError::Recovery { failure, .. }) = bench.run(&graph, Goal::Apply).await else {
        panic!("it goes on without having finished what was begun")
    };
    assert_eq!(failure.code, "AccessDenied");
    assert_eq!(bench.toy.addresses(), ["toy.aws_vpc.main"]);
    assert_eq!(bench.store.snapshot().unwrap().pending.len(), 1, "the next run goes on with it");
    assert!(bench.apply(&graph).await.failed.is_empty());
    assert!(bench.toy.log.borrow().iter().all(|call| !call.contains("delete")), "{:?}", bench.toy.log);
}

#[tokio::test(start_paused = true)]
async fn what_is_protected_stays_even_where_its_making_failed() {
    let mut bench = Bench::new();
    let graph = stack(|stack| {
        stack.add("main", Vpc::new(net("10.0.0.0/16")).lifecycle(Lifecycle::new().prevent_destroy(true)));
        Ok(())
    });
    for _ in 0..2 {
        bench.toy.twist("aws_vpc.main", "settle", Twist::Fail(FailureClass::Broken, "Failed"));
    }
    bench.apply(&graph).await;
    bench.apply(&graph).await;
    assert_eq!(bench.toy.addresses(), ["toy.aws_vpc.main"]);
    assert!(bench.toy.log.borrow().iter().all(|call| !call.contains("delete")), "{:?}", bench.toy.log);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_was_sent_long_after_its_operation_began_and_arrives_after_the_crash_is_adopted() {
    let mut bench = Bench::new();
    let graph = network("10.0.0.0/16", &[]);
    for _ in 0..14 {
        bench.toy.twist("aws_vpc.main", "create", Twist::Fail(FailureClass::Throttled, "RequestLimitExceeded"));
    }
    bench.toy.twist("aws_vpc.main", "create", Twist::Late(59));
    // The process dies without a word while its request is under way.
    let died = tokio::time::timeout(std::time::Duration::from_secs(195), bench.run(&graph, Goal::Apply)).await;
    assert!(died.is_err() && bench.toy.addresses().len() == 1, "the request was sent");
    bench.store.restart();
    assert!(bench.apply(&graph).await.failed.is_empty());
    assert_eq!(bench.toy.addresses(), ["toy.aws_internet_gateway.main", "toy.aws_vpc.main"]);
}

#[tokio::test(start_paused = true)]
async fn a_delete_that_something_of_the_same_state_is_in_the_way_of_is_left_to_the_plan() {
    let mut bench = Bench::new();
    let with = |gateway: bool| {
        stack(move |stack| {
            let vpc = stack.add("main", Vpc::new(net("10.0.0.0/16")));
            stack.add("zone", Subnet::new(&vpc, net("10.0.0.0/24")));
            if gateway {
                stack.add("main", InternetGateway::new(&vpc));
            }
            Ok(())
        })
    };
    bench.apply(&with(true)).await;
    let (gateway, subnet) = ("aws_internet_gateway.main".to_owned(), "aws_subnet.zone".to_owned());
    bench.toy.in_the_way.borrow_mut().insert(gateway, subnet);
    let died = tokio::time::timeout(std::time::Duration::from_secs(60), bench.run(&with(false), Goal::Apply)).await;
    assert!(died.is_err(), "the subnet stays, so the gateway can't go");
    bench.store.restart();
    assert_eq!(bench.store.snapshot().unwrap().pending.len(), 1);
    let destroyed = bench.run(&with(false), Goal::Destroy).await.expect("recovery lets the plan go on");
    assert!(destroyed.failed.is_empty(), "{:?}", destroyed.failed);
    assert!(bench.toy.addresses().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_delete_that_is_refused_for_good_is_decided_about_anew() {
    for class in [FailureClass::Denied, FailureClass::Refused] {
        let mut bench = Bench::new();
        let graph = network("10.0.0.0/16", &[]);
        bench.apply(&graph).await;
        bench.toy.twist("aws_internet_gateway.main", "delete", Twist::Fail(class, "AccessDenied"));
        let destroyed = bench.run(&graph, Goal::Destroy).await.expect("the run ends");
        assert_eq!((destroyed.failed.len(), destroyed.skipped.len()), (1, 1));
        assert!(bench.store.snapshot().unwrap().pending.is_empty());
        assert!(!bench.plan(&graph, Goal::Apply).await.unwrap().has_changes());
        bench.apply(&graph).await;
        assert_eq!(bench.toy.addresses(), ["toy.aws_internet_gateway.main", "toy.aws_vpc.main"]);
        let deletes = bench.toy.log.borrow().iter().filter(|call| call.contains("delete")).count();
        assert_eq!(deletes, 1, "{:?}", bench.toy.log);
    }
}

#[tokio::test(start_paused = true)]
async fn a_creation_whose_rest_is_refused_locks_nothing() {
    for class in [FailureClass::Refused, FailureClass::NotYet] {
        for goal in [Goal::Apply, Goal::Destroy] {
            let mut bench = Bench::new();
            let graph = network("10.0.0.0/16", &[]);
            for _ in 0..500 {
                bench.toy.twist("aws_vpc.main", "settle", Twist::Fail(class, "InvalidParameter"));
            }
            assert_eq!(bench.apply(&graph).await.failed.len(), 1);
            assert_eq!(bench.store.snapshot().unwrap().pending.len(), 1);
            // The program is another one by now, or is to go.
            let other = network("10.1.0.0/16", &["10.1.0.0/24"]);
            let ended = bench.run(&other, goal).await.expect("recovery lets the plan go on");
            assert!(bench.store.snapshot().unwrap().pending.len() <= 1);
            bench.toy.twists.borrow_mut().clear();
            let ended = if ended.failed.is_empty() { ended } else { bench.run(&other, goal).await.unwrap() };
            assert!(ended.failed.is_empty(), "{class:?} {goal:?}: {:?}", ended.failed);
            let expected = if goal == Goal::Destroy { 0 } else { 3 };
            assert_eq!(bench.toy.addresses().len(), expected, "{class:?} {goal:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_protected_by_now_is_not_deleted_though_its_delete_had_begun() {
    let mut bench = Bench::new();
    let with = |gateway: Option<bool>| {
        stack(move |stack| {
            let vpc = stack.add("main", Vpc::new(net("10.0.0.0/16")));
            stack.add("zone", Subnet::new(&vpc, net("10.0.0.0/24")));
            if let Some(protected) = gateway {
                let lifecycle = Lifecycle::new().prevent_destroy(protected);
                stack.add("main", InternetGateway::new(&vpc).lifecycle(lifecycle));
            }
            Ok(())
        })
    };
    bench.apply(&with(Some(false))).await;
    let (gateway, subnet) = ("aws_internet_gateway.main".to_owned(), "aws_subnet.zone".to_owned());
    bench.toy.in_the_way.borrow_mut().insert(gateway, subnet);
    let died = tokio::time::timeout(std::time::Duration::from_secs(60), bench.run(&with(None), Goal::Apply)).await;
    assert!(died.is_err(), "the subnet stays, so the gateway can't go");
    bench.toy.in_the_way.borrow_mut().clear();
    bench.store.restart();
    assert_eq!(bench.store.snapshot().unwrap().pending.len(), 1);
    bench.apply(&with(Some(true))).await;
    assert!(bench.store.snapshot().unwrap().pending.is_empty());
    assert_eq!(bench.toy.addresses().len(), 3);
    let created = bench.toy.log.borrow().iter().filter(|call| call.contains("create")).count();
    assert_eq!(created, 3, "{:?}", bench.toy.log);
}

#[tokio::test(start_paused = true)]
async fn what_was_made_and_is_gone_before_the_next_run_is_made_again() {
    let mut bench = Bench::new();
    bench.toy.takes.borrow_mut().insert("aws_vpc".to_owned(), 600);
    let graph = network("10.0.0.0/16", &["10.0.0.0/24"]);
    let pace = bench.pace.clone();
    tokio::spawn(async move {
        tokio::time::sleep(std::time::Duration::from_secs(100)).await;
        pace.send_replace(Pace::Stop);
    });
    bench.apply(&graph).await;
    bench.pace.send_replace(Pace::Run);
    bench.toy.things.borrow_mut().clear();
    let applied = bench.apply(&graph).await;
    assert!(applied.failed.is_empty(), "{:?}", applied.failed);
    assert_eq!(bench.toy.addresses().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn what_an_earlier_run_left_under_way_is_finished_by_a_run_on_that_part_alone() {
    let mut bench = Bench::new();
    let graph = network("10.0.0.0/16", &["10.0.0.0/24"]);
    // Its writes: the run, its numbers, and what begins first.
    bench.store.fail_at(4, Fault::CrashBefore);
    assert!(bench.apply(&graph).await.journal_error.is_some(), "it crashes");
    bench.store.restart();
    assert_eq!(bench.store.snapshot().unwrap().pending.len(), 1);
    bench.only = vec!["aws_internet_gateway.main"];
    let error = bench.run(&graph, Goal::Apply).await.expect_err("the VPC is under way");
    assert!(error.to_string().contains("aws_vpc.main (under way since an earlier run)"), "{error}");
    assert_eq!(bench.store.snapshot().unwrap().pending.len(), 1);
    bench.only.push("aws_vpc.main");
    bench.apply(&graph).await;
    let snapshot = bench.store.snapshot().unwrap();
    assert_eq!((snapshot.pending.len(), snapshot.resources.len()), (0, 2));
}

/// A run that was cut off as the VPC was under way, and would have been for ten minutes.
async fn cut_off(bench: &mut Bench, graph: &Graph) {
    bench.toy.pliable.set(true);
    bench.toy.takes.borrow_mut().insert("aws_vpc".to_owned(), 600);
    let died = tokio::time::timeout(std::time::Duration::from_secs(60), bench.run(graph, Goal::Apply)).await;
    assert!(died.is_err(), "the VPC is under way");
    bench.store.restart();
    assert_eq!(bench.store.snapshot().unwrap().pending.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_may_change_while_it_is_under_way_is_waited_for_by_the_plan() {
    let mut bench = Bench::new();
    let graph = network("10.0.0.0/16", &["10.0.0.0/24"]);
    cut_off(&mut bench, &graph).await;
    let began = tokio::time::Instant::now();
    let applied = bench.apply(&graph).await;
    assert!(applied.failed.is_empty(), "{:?}", applied.failed);
    assert_eq!(applied.done, 3, "the VPC goes on, and what waits for it is made");
    assert!(began.elapsed() > std::time::Duration::from_secs(500), "it was waited for");
    let log = bench.toy.log.borrow().clone();
    assert!(log.iter().all(|call| !call.starts_with("update")), "{log:?}");
    let snapshot = bench.store.snapshot().unwrap();
    assert!(snapshot.resources.values().all(|record| !record.unsettled));
    assert!(!bench.plan(&graph, Goal::Apply).await.unwrap().has_changes());
}

#[tokio::test(start_paused = true)]
async fn what_may_change_while_it_is_under_way_is_waited_for_until_a_run_has_seen_its_end() {
    let mut bench = Bench::new();
    let graph = network("10.0.0.0/16", &["10.0.0.0/24"]);
    cut_off(&mut bench, &graph).await;
    // Cut off in the same place again: the plan of the third run still has it.
    let died = tokio::time::timeout(std::time::Duration::from_secs(60), bench.run(&graph, Goal::Apply)).await;
    assert!(died.is_err());
    bench.store.restart();
    assert_eq!(bench.apply(&graph).await.done, 3);
}

#[tokio::test(start_paused = true)]
async fn what_may_change_while_it_is_under_way_holds_no_other_program_back() {
    for goal in [Goal::Apply, Goal::Destroy] {
        let mut bench = Bench::new();
        cut_off(&mut bench, &network("10.0.0.0/16", &["10.0.0.0/24"])).await;
        let began = tokio::time::Instant::now();
        let ended = bench.run(&stack(|_| Ok(())), goal).await.expect("it is planned");
        assert!(ended.failed.is_empty(), "{goal:?}: {:?}", ended.failed);
        assert!(bench.toy.addresses().is_empty(), "{goal:?}");
        assert!(began.elapsed() < std::time::Duration::from_secs(5), "{goal:?}: nothing is waited for");
    }
}

#[tokio::test(start_paused = true)]
async fn what_does_not_answer_and_is_under_way_is_left_to_the_plan_as_it_was_asked_for() {
    let mut bench = Bench::new();
    cut_off(&mut bench, &network("10.0.0.0/16", &[])).await;
    *bench.toy.dark.borrow_mut() = Some("aws_vpc");
    let error = bench.run(&network("10.0.0.0/16", &[]), Goal::Apply).await.expect_err("the plan can't read it");
    assert!(matches!(error, RunError::Refresh(_)), "{error}");
    let snapshot = bench.store.snapshot().unwrap();
    assert!(snapshot.pending.is_empty() && snapshot.resources.values().all(|record| record.unsettled));
    *bench.toy.dark.borrow_mut() = None;
    assert_eq!(bench.apply(&network("10.0.0.0/16", &[])).await.done, 2);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_comes_about_at_once_or_never_is_not_looked_for_again_and_again() {
    let mut bench = Bench::new();
    bench.toy.pliable.set(true);
    for _ in 0..500 {
        bench.toy.twist("aws_vpc.main", "create", Twist::Fail(FailureClass::NotYet, "NoSuchKind"));
    }
    let graph = network("10.0.0.0/16", &[]);
    let died = tokio::time::timeout(std::time::Duration::from_secs(60), bench.run(&graph, Goal::Apply)).await;
    assert!(died.is_err());
    bench.store.restart();
    let began = tokio::time::Instant::now();
    bench.run(&stack(|_| Ok(())), Goal::Apply).await.expect("nothing is there");
    assert!(began.elapsed() < std::time::Duration::from_secs(5), "{:?}", began.elapsed());
    assert!(bench.store.snapshot().unwrap().pending.is_empty());
}

/// A run that died as it was making the addon, which can't be looked at from then on; its VPC is another one by now.
async fn locked_out(bench: &mut Bench, twist: Twist) {
    bench.toy.pliable.set(true);
    bench.toy.twist("aws_eks_addon.coredns", "create", twist);
    let died =
        tokio::time::timeout(std::time::Duration::from_secs(60), bench.run(&cluster("1.34", "v1"), Goal::Apply)).await;
    assert!(died.is_err(), "the addon is under way");
    bench.store.restart();
    *bench.toy.dark.borrow_mut() = Some("aws_eks_addon");
}

#[tokio::test(start_paused = true)]
async fn what_can_not_be_looked_at_is_left_and_the_rest_goes_on() {
    let mut bench = Bench::new();
    locked_out(&mut bench, Twist::Late(0)).await;
    let began = tokio::time::Instant::now();
    let applied = bench.apply(&cluster("1.35", "v1")).await;
    let failed: Vec<String> = applied.failed.iter().map(|(address, _)| address.local()).collect();
    assert_eq!((failed, applied.done), (vec!["aws_eks_addon.coredns".to_owned()], 2), "the upgrade went on");
    assert_eq!(applied.left.len(), 1);
    assert!(began.elapsed() < std::time::Duration::from_secs(7 * 60), "{:?}", began.elapsed());
    assert_eq!(bench.store.snapshot().unwrap().pending.len(), 1, "it stays in the journal");

    *bench.toy.dark.borrow_mut() = None;
    let applied = bench.apply(&cluster("1.35", "v1")).await;
    assert!(applied.failed.is_empty() && applied.left.is_empty(), "{:?}", applied.failed);
    assert!(!bench.plan(&cluster("1.35", "v1"), Goal::Apply).await.unwrap().has_changes());
    let creates = bench.toy.log.borrow().iter().filter(|call| *call == "create aws_eks_addon.coredns").count();
    assert_eq!(creates, 1, "it was adopted");
}

#[tokio::test(start_paused = true)]
async fn what_can_be_looked_at_in_the_midst_of_the_run_is_finished_there() {
    let made = Twist::Late(0);
    let not_made = Twist::Late(u64::MAX / 2);
    for (twist, creates) in [(made, 1), (not_made, 2)] {
        let mut bench = Bench::new();
        locked_out(&mut bench, twist).await;
        let toy = bench.toy.clone();
        let opens = async {
            tokio::time::sleep(std::time::Duration::from_secs(60)).await;
            *toy.dark.borrow_mut() = None;
        };
        let graph = cluster("1.34", "v2");
        let (applied, ()) = tokio::join!(bench.apply(&graph), opens);
        assert!(applied.failed.is_empty() && applied.left.is_empty(), "{:?}", applied.failed);
        let calls = bench.toy.log.borrow().iter().filter(|call| *call == "create aws_eks_addon.coredns").count();
        assert_eq!(calls, creates);
        let snapshot = bench.store.snapshot().unwrap();
        assert!(snapshot.pending.is_empty());
        let addon = snapshot.resources.values().find(|row| row.address.kind() == "aws_eks_addon").unwrap();
        assert_eq!((addon.generation, addon.unsettled), (creates as u32 - 1, false));
        assert_eq!(addon.attributes["addon_version"], "v2".into());
        assert!(!bench.plan(&graph, Goal::Apply).await.unwrap().has_changes());
    }
}

#[tokio::test(start_paused = true)]
async fn what_can_not_be_looked_at_goes_with_what_it_is_inside_of() {
    let mut bench = Bench::new();
    locked_out(&mut bench, Twist::Late(0)).await;
    let toy = bench.toy.clone();
    // With the cluster, the addon and whoever could be asked about it.
    let goes = async {
        while toy.addresses().iter().any(|address| address.contains("aws_eks_cluster")) {
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        }
        toy.things.borrow_mut().retain(|_, thing| !thing.address.contains("aws_eks_addon"));
        *toy.dark.borrow_mut() = None;
    };
    let graph = cluster("1.34", "v1");
    let (applied, ()) = tokio::join!(bench.run(&graph, Goal::Destroy), goes);
    let applied = applied.unwrap();
    assert!(applied.failed.is_empty() && applied.left.is_empty(), "{:?}", applied.failed);
    let snapshot = bench.store.snapshot().unwrap();
    assert!(snapshot.pending.is_empty() && snapshot.resources.is_empty());
}
