//! What the services beside the machines refuse: each at the line that declared it.

mod refusing;

use fathuss_model::aws::*;
use fathuss_model::{Arn, DeclarationExt, Document, Handle, Id, Stack, Value, document, json};
use refusing::{accepted, refused};

fn role() -> Value<Arn<IamRole>> {
    Arn::existing("arn:aws:iam::111122223333:role/some")
}

const FAR_KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const NEAR_KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

#[test]
fn names_of_buckets_that_s3_keeps_or_that_are_no_hosts() {
    for (name, says) in [
        ("files.-old", "a dot beside a hyphen"),
        ("files-.old", "a dot beside a hyphen"),
        ("files..old", "two dots beside each other"),
        ("192.168.5.4", "looks like an address"),
        ("xn--files", "begins with xn--"),
        ("sthree-files", "begins with sthree-"),
        ("amzn-s3-demo-files", "begins with amzn-s3-demo-"),
        ("files-s3alias", "ends in -s3alias"),
        ("files--ol-s3", "ends in --ol-s3"),
        ("files.mrap", "ends in .mrap"),
        ("files--x-s3", "ends in --x-s3"),
        ("files--table-s3", "ends in --table-s3"),
    ] {
        refused(says, |stack| {
            stack.add("files", S3Bucket::new().bucket(name));
            line!() - 1
        });
    }
    accepted(|stack| {
        stack.add("files", S3Bucket::new().bucket("a.b-c--d.1"));
    });
}

#[test]
fn rules_of_a_lifecycle_that_are_for_no_object() {
    let rule = |filter: LifecycleFilterAnd, expiration: LifecycleExpiration| {
        LifecycleRule::new("old", RuleStatus::Enabled).filter(LifecycleFilter::new().and(filter)).expiration(expiration)
    };
    let sizes =
        |least: i64, most: i64| LifecycleFilterAnd::new().object_size_greater_than(least).object_size_less_than(most);
    for (least, most) in [(500, 100), (100, 100)] {
        refused(&format!("larger than {least} bytes and smaller than {most}: for none"), |stack| {
            let bucket = stack.add("files", S3Bucket::new());
            let rule = rule(sizes(least, most), LifecycleExpiration::new().days(30));
            stack.add("files", S3BucketLifecycleConfiguration::new(&bucket, [rule]));
            line!() - 1
        });
    }
    let tagged = || LifecycleFilterAnd::new().prefix("logs/").tags([("tier", "cold")]);
    refused("old removes marks of deletion, which have no tags", |stack| {
        let bucket = stack.add("files", S3Bucket::new());
        let rule = rule(tagged(), LifecycleExpiration::new().expired_object_delete_marker(true));
        stack.add("files", S3BucketLifecycleConfiguration::new(&bucket, [rule]));
        line!() - 1
    });
    accepted(|stack| {
        let bucket = stack.add("files", S3Bucket::new());
        let sized = rule(sizes(100, 101), LifecycleExpiration::new().expired_object_delete_marker(true));
        let tagged = LifecycleRule::new("tagged", RuleStatus::Enabled)
            .filter(LifecycleFilter::new().and(tagged()))
            .expiration(LifecycleExpiration::new().days(30));
        stack.add("files", S3BucketLifecycleConfiguration::new(&bucket, [sized, tagged]));
    });
}

fn bucket(stack: &mut Stack, name: &str, versioned: bool) -> Handle<S3Bucket> {
    let bucket = stack.add(name, S3Bucket::new());
    if versioned {
        let enabled = VersioningConfiguration::new(VersioningStatus::Enabled);
        stack.add(name, S3BucketVersioning::new(&bucket, enabled));
    }
    bucket
}

fn copies(from: &Handle<S3Bucket>, to: Value<Arn<S3Bucket>>) -> S3BucketReplicationConfiguration {
    let deletions = DeleteMarkerReplication::new(RuleStatus::Disabled);
    let rule = ReplicationRule::new("all", 1, RuleStatus::Enabled, deletions, ReplicationDestination::new(to));
    S3BucketReplicationConfiguration::new(from, role(), [rule])
}

#[test]
fn copies_of_what_keeps_no_versions() {
    for (from_kept, to_kept, says) in [(false, true, "aws_s3_bucket.from ("), (true, false, "aws_s3_bucket.to (")] {
        refused(says, |stack| {
            let (from, to) = (bucket(stack, "from", from_kept), bucket(stack, "to", to_kept));
            stack.add("copies", copies(&from, to.arn()));
            line!() - 1
        });
    }
    refused("keeps no versions, which both ends must: give it an `S3BucketVersioning`", |stack| {
        let from = bucket(stack, "from", false);
        stack.add("copies", copies(&from, Arn::existing("arn:aws:s3:::elsewhere")));
        line!() - 1
    });
    accepted(|stack| {
        let from = bucket(stack, "from", true);
        stack.add("copies", copies(&from, Arn::existing("arn:aws:s3:::elsewhere")));
    });
    // One of these may be what makes the other one keep versions.
    accepted(|stack| {
        let from = bucket(stack, "from", false);
        let enabled = VersioningConfiguration::new(VersioningStatus::Enabled);
        stack.add("named", S3BucketVersioning::new(Id::existing("by-its-name"), enabled));
        stack.add("copies", copies(&from, Arn::existing("arn:aws:s3:::elsewhere")));
    });
}

fn several(queries: Vec<MetricQuery>) -> CloudwatchMetricAlarm {
    CloudwatchMetricAlarm::new(ComparisonOperator::GreaterThanThreshold, 1).threshold(1).metric_query(queries)
}

fn query(id: &str, period: i64) -> MetricQuery {
    MetricQuery::new(id).metric(QueriedMetric::new("Errors", period, "Sum").namespace("Shop"))
}

fn reckoned(id: &str, expression: &str) -> MetricQuery {
    MetricQuery::new(id).expression(expression)
}

#[test]
fn queries_of_an_alarm_that_cloudwatch_refuses() {
    for (says, queries) in [
        ("0 have `return_data(true)`", vec![query("m1", 60)]),
        ("2 have `return_data(true)`", vec![query("m1", 60).return_data(true), query("m2", 60).return_data(true)]),
        ("names m1 twice", vec![query("m1", 60).return_data(true), query("m1", 60)]),
        (
            "speaks of m2, and the queries are e1, m1",
            vec![reckoned("e1", "m1 / m2").return_data(true), query("m1", 60)],
        ),
        ("the `period` of m1 is 45", vec![query("m1", 45).return_data(true)]),
        ("the `period` of e1 is 90", vec![reckoned("e1", "m1").period(90).return_data(true), query("m1", 60)]),
        ("e1 has either `metric` or `expression`", vec![MetricQuery::new("e1").return_data(true)]),
        ("the `stat` of m1 is Median", {
            vec![
                MetricQuery::new("m1")
                    .metric(QueriedMetric::new("Errors", 60, "Median").namespace("Shop"))
                    .return_data(true),
            ]
        }),
        ("the dimension \"Host\" has a value", {
            let metric = QueriedMetric::new("Errors", 60, "Sum").namespace("Shop").dimensions([("Host", "")]);
            vec![MetricQuery::new("m1").metric(metric).return_data(true)]
        }),
    ] {
        refused(says, |stack| {
            stack.add("odd", several(queries));
            line!() - 1
        });
    }
    for expression in [
        "IF(m1 > 0 AND m2 > 1.5e3, m1, FILL(m2, REPEAT))",
        "100*(m1/MAX([m1,m2]))",
        "SUM(METRICS('errors')) + m1",
        "SELECT AVG(load) FROM shop",
        "(m1 && m2) || m1 == -1",
    ] {
        accepted(|stack| {
            stack.add(
                "known",
                several(vec![reckoned("e1", expression).return_data(true), query("m1", 5), query("m2", 30)]),
            );
        });
    }
    accepted(|stack| {
        let band = CloudwatchMetricAlarm::new(ComparisonOperator::GreaterThanUpperThreshold, 1)
            .threshold_metric_id("band")
            .metric_query([
                query("m1", 60).return_data(true),
                reckoned("band", "ANOMALY_DETECTION_BAND(m1, 2)").return_data(true),
            ]);
        stack.add("band", band);
    });
    refused("`threshold_metric_id` is other, and the queries are m1, band", |stack| {
        let band = CloudwatchMetricAlarm::new(ComparisonOperator::GreaterThanUpperThreshold, 1)
            .threshold_metric_id("other")
            .metric_query([query("m1", 60), reckoned("band", "ANOMALY_DETECTION_BAND(m1, 2)").return_data(true)]);
        stack.add("band", band);
        line!() - 1
    });
}

fn alarm() -> CloudwatchMetricAlarm {
    CloudwatchMetricAlarm::new(ComparisonOperator::GreaterThanThreshold, 1)
        .namespace("AWS/RDS")
        .metric_name("CPUUtilization")
        .statistic(Statistic::Average)
        .period(60)
        .threshold(80)
}

#[test]
fn dimensions_and_actions_of_an_alarm_that_are_none() {
    refused("the dimension \"DBInstanceIdentifier\" has a value", |stack| {
        stack.add("odd", alarm().dimensions([("DBInstanceIdentifier", "")]));
        line!() - 1
    });
    refused("a dimension has a name", |stack| {
        stack.add("odd", alarm().dimensions([("", "postgres")]));
        line!() - 1
    });
    refused("`period` is 10, 20, 30 or a multiple of 60", |stack| {
        stack.add("odd", alarm().period(45));
        line!() - 1
    });
    refused("an alarm does nothing of sqs, but of aiops, automate", |stack| {
        stack.add("odd", alarm().alarm_actions(["arn:aws:sqs:us-east-1:111122223333:alarms"]));
        line!() - 1
    });
    refused("which lies in eu-west-1", |stack| {
        stack.add("odd", alarm().ok_actions(["arn:aws:sns:eu-west-1:111122223333:alarms"]));
        line!() - 1
    });
    refused("is a topic of eu-west-1, and an alarm of us-east-1 tells those of us-east-1", |stack| {
        let topic = stack.add("far", SnsTopic::new().region("eu-west-1"));
        stack.add("odd", alarm().alarm_actions([topic.arn()]));
        line!() - 1
    });
    accepted(|stack| {
        let topic = stack.add("near", SnsTopic::new());
        stack.add("stack", alarm().alarm_actions([topic.arn()]));
        let does = [
            "arn:aws:ssm-incidents::111122223333:responseplan/one",
            "arn:aws:lambda:us-east-1:111122223333:function:f",
        ];
        stack.add("texts", alarm().alarm_actions(does).dimensions([("DBInstanceIdentifier", "postgres")]));
    });
}

fn dashboard(body: Document) -> CloudwatchDashboard {
    CloudwatchDashboard::new(json(body))
}

#[test]
fn a_dashboard_whose_widgets_are_none() {
    for (says, body) in [
        ("`widgets` of `dashboard_body` is a list", document!({ "widgets": {} })),
        ("`widgets` of `dashboard_body` is a list", document!({ "widgets": "none" })),
        ("`dashboard_body` has `widgets`", document!({ "start": "-PT3H" })),
        ("`dashboard_body` is an object", document!([])),
        ("the widget at 0 of `dashboard_body` is an object", document!({ "widgets": ["text"] })),
        ("the widget at 0 of `dashboard_body` has `type`", document!({ "widgets": [{ "properties": {} }] })),
        ("the widget at 0 of `dashboard_body` has `properties`", document!({ "widgets": [{ "type": "text" }] })),
    ] {
        refused(says, |stack| {
            stack.add("main", dashboard(body));
            line!() - 1
        });
    }
    accepted(|stack| {
        let text = document!({ "type": "text", "properties": { "markdown": "What to do" } });
        stack.add("main", dashboard(document!({ "widgets": [(text)] })));
        stack.add("none", dashboard(document!({ "widgets": [] })));
    });
}

fn daily() -> BackupRule {
    BackupRule::new("daily", Id::existing("backups"))
}

#[test]
fn schedules_that_are_none() {
    for (schedule, says) in [
        ("cron(0 25 * * ? *)", "the hours can't be `25`; it goes from 0 to 23"),
        ("cron(60 2 * * ? *)", "the minutes can't be `60`"),
        ("cron(0 2 32 * ? *)", "the day of the month can't be `32`"),
        ("cron(0 2 * 13 ? *)", "the month can't be `13`"),
        ("cron(0 2 ? * 8 *)", "the day of the week can't be `8`"),
        ("cron(0 2 ? * MON#6 *)", "the day of the week can't be `MON#6`"),
        ("cron(0 2 * * ? 1969)", "the year can't be `1969`"),
        ("cron(? 2 * * ? *)", "the minutes can't be `?`"),
        ("cron(0/0 2 * * ? *)", "the minutes can't be `0/0`"),
        ("cron(0 2 * * * *)", "one is `?`"),
        ("cron(0 2 ? * ? *)", "one is `?`"),
        ("cron(0/15 * * * ? *)", "an hour at least lies between two backups"),
        ("rate(1 day)", "a schedule is cron(...) of six fields"),
    ] {
        refused(says, |stack| {
            stack.add("main", BackupPlan::new("main", [daily().schedule(schedule)]));
            line!() - 1
        });
    }
    // AWS's own examples, and what their page says beside them.
    for schedule in [
        "cron(0 10 * * ? *)",
        "cron(15 12 * * ? *)",
        "cron(0 18 ? * MON-FRI *)",
        "cron(0 8 1 * ? *)",
        "cron(0 8 ? * 2#1 *)",
        "cron(0 8 3W * ? *)",
        "cron(0 8 L * ? *)",
        "cron(0 8 ? * 6L 2026-2030)",
        "cron(0 0/6 ? jan,JUL fri-mon *)",
        "cron(0 5 ? * * *)",
    ] {
        accepted(|stack| {
            stack.add("main", BackupPlan::new("main", [daily().schedule(schedule)]));
        });
    }
}

#[test]
fn a_time_zone_that_is_none() {
    for zone in ["Mars/Olympus", "europe/berlin", "+02:00", "Europe/"] {
        refused("a time zone is written as Europe/Berlin or UTC", |stack| {
            stack.add("main", BackupPlan::new("main", [daily().schedule_expression_timezone(zone)]));
            line!() - 1
        });
    }
    for zone in
        ["Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+5", "UTC", "EST5EDT", "America/Port-au-Prince"]
    {
        accepted(|stack| {
            stack.add("main", BackupPlan::new("main", [daily().schedule_expression_timezone(zone)]));
        });
    }
}

fn above(percent: i32, of: BudgetNotificationType) -> BudgetNotification {
    BudgetNotification::above_percent(percent, of).subscriber_email_addresses(["billing@shop.test"])
}

#[test]
fn budgets_that_tell_twice_or_foresee_a_day_or_know_no_filter() {
    use BudgetNotificationType::{Actual, Forecasted};
    let budget = |unit| BudgetsBudget::new(BudgetType::Cost, 10, "USD", unit);
    refused("two notifications are the same", |stack| {
        let others = above(80, Actual).subscriber_email_addresses(["others@shop.test"]);
        stack.add("main", budget(BudgetTimeUnit::Monthly).notification([above(80, Actual), others]));
        line!() - 1
    });
    refused("a daily budget foresees nothing", |stack| {
        stack.add("main", budget(BudgetTimeUnit::Daily).notification([above(80, Forecasted)]));
        line!() - 1
    });
    refused("costs are told apart by", |stack| {
        let filter = BudgetCostFilter::new("Colour", ["red"]);
        stack.add("main", budget(BudgetTimeUnit::Monthly).cost_filter([filter]));
        line!() - 1
    });
    accepted(|stack| {
        let told = [above(80, Actual), above(80, Forecasted), above(100, Actual)];
        stack.add("monthly", budget(BudgetTimeUnit::Monthly).notification(told));
        stack.add("daily", budget(BudgetTimeUnit::Daily).notification([above(80, Actual)]));
        let names = [
            "AZ",
            "BillingEntity",
            "CostCategory",
            "InstanceType",
            "InvoicingEntity",
            "LegalEntityName",
            "LinkedAccount",
            "Operation",
            "PurchaseType",
            "RecordType",
            "Region",
            "Service",
            "TagKeyValue",
            "UsageType",
            "UsageTypeGroup",
        ];
        stack.add(
            "all",
            budget(BudgetTimeUnit::Monthly).cost_filter(names.map(|name| BudgetCostFilter::new(name, ["one"]))),
        );
    });
}

const FILES: &str = "files.s3.us-east-1.amazonaws.com";

fn distribution(shown: ViewerCertificate) -> CloudfrontDistribution {
    let origin = DistributionOrigin::new(FILES, "files");
    CloudfrontDistribution::new([origin], DefaultCacheBehavior::files_of("files"), Restrictions::none(), shown, true)
}

#[test]
fn certificates_that_cloudfront_does_not_show() {
    let arn =
        |region: &str| format!("arn:aws:acm:{region}:111122223333:certificate/12345678-1234-1234-1234-123456789012");
    for text in [arn("eu-west-1"), "arn:aws:iam::111122223333:server-certificate/one".to_owned(), "one".to_owned()] {
        refused("a certificate is named by its ARN, in us-east-1", |stack| {
            stack.add("main", distribution(ViewerCertificate::of_acm(Arn::existing(&text))));
            line!() - 1
        });
    }
    refused("lies in eu-west-1, and CloudFront shows certificates of us-east-1", |stack| {
        let certificate = stack.add("main", AcmCertificate::new("main.test").region("eu-west-1"));
        stack.add("main", distribution(ViewerCertificate::of_acm(&certificate)));
        line!() - 1
    });
    for alias in ["www.other.test", "a.b.main.test", "*.main.test"] {
        refused(&format!("names www.main.test, *.static.main.test, main.test, and not {alias}"), |stack| {
            let certificate = AcmCertificate::new("www.main.test");
            let certificate = certificate.subject_alternative_names(["*.static.main.test", "main.test"]);
            let certificate = stack.add("main", certificate);
            let issued = stack.add("main", AcmCertificateValidation::new(&certificate));
            let shown = ViewerCertificate::of_acm(issued.certificate_arn());
            stack.add("main", distribution(shown).aliases([alias]));
            line!() - 1
        });
    }
    accepted(|stack| {
        let certificate =
            stack.add("main", AcmCertificate::new("*.main.test").subject_alternative_names(["main.test"]));
        let shown = || ViewerCertificate::of_acm(&certificate);
        stack.add("main", distribution(shown()).aliases(["www.main.test", "Main.test", "*.main.test"]));
        stack.add(
            "other",
            distribution(ViewerCertificate::of_acm(Arn::existing(&arn("us-east-1")))).aliases(["any.test"]),
        );
    });
}

#[test]
fn policies_and_versions_of_tls_that_cloudfront_does_not_know() {
    refused("a policy is named by its id", |stack| {
        let behavior = DefaultCacheBehavior::files_of("files").response_headers_policy_id("SecurityHeaders");
        let origin = DistributionOrigin::new(FILES, "files");
        let shown = ViewerCertificate::of_cloudfront();
        stack.add("main", CloudfrontDistribution::new([origin], behavior, Restrictions::none(), shown, true));
        line!() - 1
    });
    refused("a version is SSLv3, TLSv1, TLSv1.1 or TLSv1.2", |stack| {
        let asked = CustomOriginConfig::new(80, 443, OriginProtocolPolicy::HttpsOnly, ["TLSv1.4"]);
        let origin = DistributionOrigin::new("app.main.test", "app").custom_origin_config(asked);
        let (behavior, shown) = (DefaultCacheBehavior::files_of("app"), ViewerCertificate::of_cloudfront());
        stack.add("main", CloudfrontDistribution::new([origin], behavior, Restrictions::none(), shown, true));
        line!() - 1
    });
}

fn record(zone: &Handle<Route53Zone>, name: &str, kind: RecordType, value: &str) -> Route53Record {
    Route53Record::new(zone, name, kind).ttl(60).records([value.to_owned()])
}

#[test]
fn a_cname_that_is_not_alone() {
    for (first, first_value, then, then_value) in [
        (RecordType::A, "192.0.2.1", RecordType::Cname, "other.test"),
        (RecordType::Cname, "other.test", RecordType::Txt, "words"),
    ] {
        refused("a CNAME is the only record of its name", |stack| {
            let zone = stack.add("main", Route53Zone::new("main.test"));
            stack.add("first", record(&zone, "www.main.test", first, first_value));
            stack.add("then", record(&zone, "WWW.main.test.", then, then_value));
            line!() - 1
        });
        refused("a CNAME is the only record of its name", |stack| {
            let zone = || Id::<Route53Zone>::existing("Z0123456789ABCDEFGHIJ");
            stack.add("first", Route53Record::new(zone(), "www.main.test", first).ttl(60).records([first_value]));
            stack.add("then", Route53Record::new(zone(), "www.main.test", then).ttl(60).records([then_value]));
            line!() - 1
        });
    }
    accepted(|stack| {
        let zone = stack.add("main", Route53Zone::new("main.test"));
        stack.add("name", record(&zone, "www.main.test", RecordType::Cname, "other.test"));
        stack.add("other", record(&zone, "web.main.test", RecordType::A, "192.0.2.1"));
        stack.add("text", record(&zone, "web.main.test", RecordType::Txt, "words"));
        let again = stack.add("again", Route53Zone::new("main.test").comment("another one"));
        stack.add("elsewhere", record(&again, "www.main.test", RecordType::A, "192.0.2.1"));
    });
}

#[test]
fn values_of_records_that_are_none() {
    for (kind, value, says) in [
        (RecordType::Mx, "mail.test", "no priority with a name"),
        (RecordType::Mx, "high mail.test", "no priority with a name"),
        (RecordType::Mx, "65536 mail.test", "no priority with a name"),
        (RecordType::Mx, "10 mail..test", "no priority with a name"),
        (RecordType::Srv, "1 10 xmpp.test", "no priority, weight and port with a name"),
        (RecordType::Srv, "1 10 high xmpp.test", "no priority, weight and port with a name"),
        (RecordType::Caa, "0 issue amazon.com", "not of the form FLAGS TAG \"VALUE\""),
        (RecordType::Caa, "256 issue \"amazon.com\"", "not of the form FLAGS TAG \"VALUE\""),
        (RecordType::Caa, "issue \"amazon.com\"", "not of the form FLAGS TAG \"VALUE\""),
        (RecordType::Aaaa, "192.0.2.1", "no IPv6 address"),
        (RecordType::Ns, "ns..test", "no name"),
    ] {
        refused(says, |stack| {
            let zone = stack.add("main", Route53Zone::new("main.test"));
            stack.add("odd", record(&zone, "www.main.test", kind, value));
            line!() - 1
        });
    }
    accepted(|stack| {
        let zone = stack.add("main", Route53Zone::new("main.test"));
        stack.add("mail", record(&zone, "main.test", RecordType::Mx, "10 mail.test."));
        stack.add("no_mail", record(&zone, "no.main.test", RecordType::Mx, "0 ."));
        stack.add("chat", record(&zone, "_xmpp._tcp.main.test", RecordType::Srv, "1 10 5269 xmpp.test."));
        stack.add("issuer", record(&zone, "main.test", RecordType::Caa, "0 issuewild \"ca.test; policy=ev\""));
        stack.add("nobody", record(&zone, "no.main.test", RecordType::Caa, "0 issue \";\""));
    });
}

#[test]
fn subscriptions_of_a_topic_in_order_and_filters_that_are_none() {
    use SubscriptionProtocol::{Email, Sqs};
    let ordered = |stack: &mut Stack| stack.add("ordered", SnsTopic::new().name("orders.fifo").fifo_topic(true));
    refused("a FIFO topic is delivered to queues alone, and not by email", |stack| {
        let topic = ordered(stack);
        stack.add("mail", SnsTopicSubscription::new(&topic, Email, "on-call@shop.test"));
        line!() - 1
    });
    let queue = "arn:aws:sqs:us-east-1:111122223333:orders.fifo";
    refused("is a FIFO queue, which FIFO topics alone are delivered to", |stack| {
        let topic = stack.add("usual", SnsTopic::new());
        stack.add("queue", SnsTopicSubscription::new(&topic, Sqs, queue));
        line!() - 1
    });
    for (says, filter) in [
        ("has a list of what is let through for kind", document!({ "kind": "order" })),
        ("lets nothing through for kind", document!({ "kind": [] })),
        ("has keys within order, which a filter on attributes has not", document!({ "order": { "kind": ["new"] } })),
        ("`filter_policy` is an object", document!(["order"])),
        ("has a list of what is let through for kind", document!({ "$or": [{ "kind": 1 }, { "size": [1] }] })),
    ] {
        refused(says, |stack| {
            let topic = stack.add("usual", SnsTopic::new());
            let mail = SnsTopicSubscription::new(&topic, Email, "on-call@shop.test");
            stack.add("mail", mail.filter_policy(json(filter)));
            line!() - 1
        });
    }
    accepted(|stack| {
        let topic = ordered(stack);
        let plain = SnsTopicSubscription::new(&topic, Sqs, "arn:aws:sqs:us-east-1:111122223333:orders");
        stack.add("plain", plain.filter_policy(json(document!({ "kind": ["new", { "prefix": "re" }] }))));
        let within = SnsTopicSubscription::new(&topic, Sqs, queue).filter_policy_scope(FilterPolicyScope::MessageBody);
        stack.add("ordered", within.filter_policy(json(document!({ "order": { "kind": ["new"] } }))));
    });
}

#[test]
fn keys_that_are_none_or_lie_elsewhere() {
    refused("a key is named by its ARN or id, or by an alias", |stack| {
        stack.add("odd", SnsTopic::new().kms_master_key_id("hello"));
        line!() - 1
    });
    refused("a key is named by its ARN or id, or by an alias", |stack| {
        stack.add("odd", SecretsmanagerSecret::new().kms_key_id("hello"));
        line!() - 1
    });
    refused("a key is named by its ARN, which is what AWS shows of it", |stack| {
        stack.add("odd", CloudwatchLogGroup::new().kms_key_id("hello"));
        line!() - 1
    });
    refused("a key is named by its ARN, which is what AWS shows of it", |stack| {
        stack.add("odd", BackupVault::new().kms_key_arn("hello"));
        line!() - 1
    });
    refused("a key is named by its ARN or id, or by an alias", |stack| {
        let files = stack.add("files", S3Bucket::new());
        let default = EncryptionByDefault::new(SseAlgorithm::Kms).kms_master_key_id("hello");
        let rule = EncryptionRule::new(default);
        stack.add("odd", S3BucketServerSideEncryptionConfiguration::new(&files, [rule]));
        line!() - 1
    });
    refused("`kms_key_id` is a key of eu-west-1, and one of us-east-1 is wanted", |stack| {
        stack.add("odd", CloudwatchLogGroup::new().kms_key_id(FAR_KEY));
        line!() - 1
    });
    refused("`kms_key_id` is a key of eu-west-1, and one of us-east-1 is wanted", |stack| {
        stack.add("odd", EbsVolume::encrypted_gp3("us-east-1a", 8).kms_key_id(FAR_KEY));
        line!() - 1
    });
    refused("is a key of eu-west-1, and `kms_key_id` wants one of us-east-1", |stack| {
        let key = stack.add("far", KmsKey::new().region("eu-west-1"));
        stack.add("odd", CloudwatchLogGroup::new().kms_key_id(&key));
        line!() - 1
    });
    accepted(|stack| {
        let key = stack.add("near", KmsKey::new());
        stack.add("one", CloudwatchLogGroup::new().kms_key_id(&key));
        stack.add("other", CloudwatchLogGroup::new().kms_key_id(NEAR_KEY));
        stack.add("topic", SnsTopic::new().kms_master_key_id("alias/aws/sns"));
        stack.add("by_id", SecretsmanagerSecret::new().kms_key_id("1234abcd-12ab-34cd-56ef-1234567890ab"));
        let far = stack.add("far", KmsKey::new().region("eu-west-1"));
        stack.add("far", CloudwatchLogGroup::new().kms_key_id(&far).region("eu-west-1"));
    });
}

#[test]
fn a_text_that_is_no_arn() {
    refused("`topic_arn` is \"hello\": an ARN is written as arn:", |stack| {
        let mail = SnsTopicSubscription::new(Arn::existing("hello"), SubscriptionProtocol::Email, "on-call@shop.test");
        stack.add("mail", mail);
        line!() - 1
    });
    refused("`notification.subscriber_sns_topic_arns` is \"arn:aws:sns\": an ARN is written as arn:", |stack| {
        let told = BudgetNotification::above_percent(80, BudgetNotificationType::Actual);
        let told = told.subscriber_sns_topic_arns([Arn::<SnsTopic>::existing("arn:aws:sns")]);
        stack.add("main", BudgetsBudget::dollars_a_month(10).notification([told]));
        line!() - 1
    });
}

#[test]
fn a_certificate_for_a_name_with_a_hyphen_at_an_end() {
    for name in ["-www.main.test", "*.www-.main.test"] {
        refused("a label neither begins nor ends with -", |stack| {
            stack.add("main", AcmCertificate::new(name));
            line!() - 1
        });
    }
    accepted(|stack| {
        stack.add("main", AcmCertificate::new("*.w-w--w.main.test"));
    });
}
