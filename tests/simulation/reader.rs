//! Looks at the world from outside: the tables of the simulator and the state, never a mark.
//!
//! What a customer has made is told from what AWS puts there by itself by AWS's own
//! rules: default VPCs and their parts, main route tables, what EKS makes for a
//! cluster. Everything else has to be in the state exactly once, and the other way round.

use std::collections::{BTreeMap, BTreeSet};

use fathuss_model::Address;
use fathuss_model::graph::Graph;
use fathuss_simulator::{Simulator, WorldRow};
use fathuss_state::{ResourceRecord, Snapshot};
use serde_json::Value;

/// A thing in the world: its type and how users of AWS call it.
type Thing = (String, String);

/// The same of a project's served or own world, with nothing running.
#[allow(dead_code, reason = "those take it whose sandbox is a process")]
pub fn compare_in(project: &std::path::Path, snapshot: &Snapshot, graph: Option<&Graph>) -> Vec<String> {
    let world = Some(project.join(".fathuss/sandbox/world"));
    let config = fathuss_simulator::Config { world, ..fathuss_simulator::Config::new(1) };
    let simulator = Simulator::open(config).expect("nobody holds the world");
    compare(&simulator, snapshot, graph).expect("the world can be read")
}

/// What is wrong: nothing, where state and world say the same, and the state is what the graph declares.
pub fn compare(simulator: &Simulator, snapshot: &Snapshot, graph: Option<&Graph>) -> Result<Vec<String>, String> {
    let world = World::read(simulator)?;
    let mut wrong = Vec::new();
    let mut recorded: BTreeMap<Thing, Vec<&Address>> = BTreeMap::new();
    for record in snapshot.resources.values().filter(|record| is_in_the_world(record)) {
        let thing = (record.address.kind().to_owned(), record.identity.0.clone());
        recorded.entry(thing).or_default().push(&record.address);
    }
    for (thing, addresses) in &recorded {
        if addresses.len() > 1 {
            wrong.push(format!("{} {} is in the state twice: {addresses:?}", thing.0, thing.1));
        }
        if !world.made.contains(thing) && !world.can_be_taken_over.contains(thing) {
            wrong.push(format!("lost: {} says {} is there, and it is not", addresses[0], thing.1));
        }
    }
    let mut alike: BTreeMap<&str, usize> = BTreeMap::new();
    for record in snapshot.resources.values() {
        *alike.entry(record.address.kind()).or_default() += 1;
    }
    for thing in world.made.iter().filter(|thing| !recorded.contains_key(*thing)) {
        let declared = alike.get(thing.0.as_str()).copied().unwrap_or_default();
        wrong.push(format!("orphan: {} {} is in no state ({declared} of its type are)", thing.0, thing.1));
    }
    wrong.extend(world.loose_ends);
    if !snapshot.pending.is_empty() {
        let left: Vec<String> = snapshot.pending.iter().map(|pending| pending.begun.address.to_string()).collect();
        wrong.push(format!("operations have not settled: {}", left.join(", ")));
    }
    let declared: BTreeSet<&Address> = graph.into_iter().flat_map(|graph| &graph.nodes).map(|n| &n.address).collect();
    let known: BTreeSet<&Address> = snapshot.resources.keys().collect();
    for address in declared.difference(&known) {
        wrong.push(format!("{address} is declared and not in the state"));
    }
    for address in known.difference(&declared) {
        wrong.push(format!("{address} is in the state and not declared"));
    }
    Ok(wrong)
}

/// Lookups' answers, `random_id` and `terraform_data` live in the state alone.
fn is_in_the_world(record: &ResourceRecord) -> bool {
    // That a certificate is issued is nothing beside the certificate.
    let lookups = [
        "aws_acm_certificate_validation",
        "aws_ami",
        "aws_autoscaling_group",
        "aws_availability_zones",
        "aws_caller_identity",
        "aws_ec2_instance_type_offerings",
        "aws_eks_addon_version",
        "aws_rds_engine_version",
        "aws_route53_zone_lookup",
        "aws_ssm_parameter",
    ];
    // A key that AWS does not know yet is in the state until it does.
    let unheard = record.address.kind() == "aws_ce_cost_allocation_tag" && !record.attributes.contains_key("type");
    let local = ["random_id", "terraform_data"].contains(&record.address.kind());
    !unheard && !local && !lookups.contains(&record.address.kind())
}

#[derive(Default)]
struct World {
    /// What a customer made.
    made: BTreeSet<Thing>,
    /// What AWS made and a customer may take over.
    can_be_taken_over: BTreeSet<Thing>,
    /// What refers to things that are gone.
    loose_ends: Vec<String>,
}

impl World {
    fn read(simulator: &Simulator) -> Result<Self, String> {
        let rows = |table: &str| simulator.rows(table).map_err(|error| error.to_string());
        let mut world = Self::default();
        world.network(&rows)?;
        world.firewall(&rows)?;
        world.compute(&rows)?;
        world.identity(&rows)?;
        world.cluster(&rows)?;
        world.data(&rows)?;
        world.keys(&rows)?;
        world.kept(&rows)?;
        world.objects(&rows)?;
        world.alarms(&rows)?;
        world.backups(&rows)?;
        world.costs(&rows)?;
        Ok(world)
    }

    fn add(&mut self, kind: &str, identity: impl Into<String>) {
        self.made.insert((kind.to_owned(), identity.into()));
    }

    /// Topics, who is told what is sent to them, alarms and dashboards.
    fn alarms(&mut self, rows: &Rows<'_>) -> Result<(), String> {
        let arn = |row: &WorldRow| format!("arn:aws:sns:{}:{}:{}", row.region, row.account, row.id);
        for topic in rows("sns.topic")? {
            self.add("aws_sns_topic", arn(&topic));
            // What a delete puts back is no policy of a stack's.
            let policy = topic.row["attributes"]["Policy"].as_str();
            if policy.is_some_and(|policy| !policy.contains("__default_policy_ID")) {
                self.add("aws_sns_topic_policy", arn(&topic));
            }
        }
        for subscription in rows("sns.subscription")? {
            let (kind, identity) = ("aws_sns_topic_subscription", arn(&subscription));
            // What nobody has agreed to can't be deleted.
            if subscription.row["state"] == "pending" {
                self.can_be_taken_over.insert((kind.to_owned(), identity));
            } else {
                self.add(kind, identity);
            }
        }
        let mut of_policies = BTreeSet::new();
        for policy in rows("autoscaling.policy")? {
            let alarms = policy.row["alarms"].as_array().map(Vec::as_slice).unwrap_or_default();
            of_policies.extend(alarms.iter().filter_map(|name| name.as_str()).map(str::to_owned));
            self.add("aws_autoscaling_policy", policy.id);
        }
        for alarm in rows("cloudwatch.alarm")?.into_iter().filter(|alarm| !of_policies.contains(&alarm.id)) {
            self.add("aws_cloudwatch_metric_alarm", alarm.id);
        }
        for dashboard in rows("cloudwatch.dashboard")? {
            self.add("aws_cloudwatch_dashboard", dashboard.id);
        }
        Ok(())
    }

    /// Vaults, plans and what they back up.
    fn backups(&mut self, rows: &Rows<'_>) -> Result<(), String> {
        for vault in rows("backup.vault")? {
            self.add("aws_backup_vault", vault.id);
        }
        for plan in rows("backup.plan")? {
            self.add("aws_backup_plan", plan.id);
        }
        for selection in rows("backup.selection")? {
            self.add("aws_backup_selection", selection.id.replace('/', "|"));
        }
        Ok(())
    }

    /// Budgets, and what costs are told apart by.
    fn costs(&mut self, rows: &Rows<'_>) -> Result<(), String> {
        for budget in rows("budgets.budget")? {
            self.add("aws_budgets_budget", format!("{}:{}", budget.account, budget.id));
        }
        for key in rows("ce.tag_key")? {
            let kind = "aws_ce_cost_allocation_tag";
            // AWS makes a tag of each key that anything is tagged with.
            if key.row["active"] == true {
                self.add(kind, key.id);
            } else {
                self.can_be_taken_over.insert((kind.to_owned(), key.id));
            }
        }
        Ok(())
    }

    /// Logs and secrets.
    fn kept(&mut self, rows: &Rows<'_>) -> Result<(), String> {
        for group in rows("logs.group")? {
            // Services make those that begin so, and enhanced monitoring one, and leave them.
            let kind = "aws_cloudwatch_log_group";
            if group.id.starts_with("/aws/") || group.id == "RDSOSMetrics" {
                self.can_be_taken_over.insert((kind.to_owned(), group.id));
            } else {
                self.add(kind, group.id);
            }
        }
        // A secret that waits for its end is nobody's any more.
        for secret in rows("secretsmanager.secret")?.iter().filter(|secret| secret.row["deletion"].is_null()) {
            let arn = secret.row["arn"].as_str().unwrap_or_default();
            self.add("aws_secretsmanager_secret", arn);
            let versions = secret.row["versions"].as_array().map(Vec::as_slice).unwrap_or_default();
            let has = |version: &&Value, label: &str| {
                version["stages"].as_array().is_some_and(|stages| stages.iter().any(|it| it == label))
            };
            // What no stack has any more stays current until there is another.
            for version in versions.iter().filter(|version| has(version, "AWSCURRENT")) {
                let identity = format!("{arn}|{}", version["id"].as_str().unwrap_or_default());
                self.can_be_taken_over.insert(("aws_secretsmanager_secret_version".to_owned(), identity));
            }
        }
        Ok(())
    }

    fn network(&mut self, rows: &Rows<'_>) -> Result<(), String> {
        let mut own = BTreeSet::new();
        for vpc in rows("ec2.vpc")?.iter().filter(|vpc| vpc.row["is_default"] != true) {
            self.add("aws_vpc", &vpc.id);
            own.insert(vpc.id.clone());
        }
        let mut subnets = BTreeSet::new();
        for subnet in rows("ec2.subnet")? {
            if subnet.row["default_for_zone"] != true {
                self.add("aws_subnet", &subnet.id);
            }
            subnets.insert(subnet.id);
        }
        for gateway in rows("ec2.internet_gateway")? {
            let vpc = gateway.row["vpc"].as_str();
            // A default VPC comes with one.
            if vpc.is_none_or(|vpc| own.contains(vpc)) {
                self.add("aws_internet_gateway", &gateway.id);
            }
        }
        for address in rows("ec2.address")? {
            self.add("aws_eip", &address.id);
        }
        for gateway in rows("ec2.nat_gateway")?.iter().filter(|gateway| gateway.row["state"] != "deleted") {
            self.add("aws_nat_gateway", &gateway.id);
        }
        for table in rows("ec2.route_table")? {
            let associations = list(&table.row["associations"]);
            let is_main = associations.iter().any(|association| association["subnet"].is_null());
            if is_main {
                self.can_be_taken_over.insert(("aws_default_route_table".to_owned(), table.id.clone()));
            } else {
                self.add("aws_route_table", &table.id);
            }
            for subnet in associations.iter().filter_map(|association| association["subnet"].as_str()) {
                self.add("aws_route_table_association", format!("{subnet}/{}", table.id));
            }
            // The routes of the table that came with a VPC are in place there; those of endpoints are put there by them.
            let own = !is_main && table.row["vpc"].as_str().is_some_and(|vpc| own.contains(vpc));
            let made = |route: &&Value| route["origin"] == "CreateRoute" && route["target"]["vpc_endpoint"].is_null();
            for route in list(&table.row["routes"]).iter().filter(|route| own && made(route)) {
                self.add("aws_route", format!("{}_{}", table.id, text(&route["destination"])));
            }
        }
        for endpoint in rows("ec2.vpc_endpoint")?.iter().filter(|endpoint| endpoint.row["state"] != "deleting") {
            self.add("aws_vpc_endpoint", &endpoint.id);
        }
        for log in rows("ec2.flow_log")? {
            self.add("aws_flow_log", &log.id);
        }
        for interface in rows("ec2.network_interface")? {
            // What is made with something else, by a machine or a service, is attached to that from its beginning.
            if interface.row["attachment"].is_null() && interface.row["requester"].is_null() {
                self.add("aws_network_interface", &interface.id);
            }
            if !subnets.contains(text(&interface.row["subnet"])) {
                self.loose_ends.push(format!("{} stands in a subnet that is gone", interface.id));
            }
        }
        Ok(())
    }

    fn firewall(&mut self, rows: &Rows<'_>) -> Result<(), String> {
        let of_clusters = security_groups_of_clusters(rows)?;
        let mut own = BTreeSet::new();
        for group in rows("ec2.security_group")? {
            if group.row["name"] == "default" {
                self.can_be_taken_over.insert(("aws_default_security_group".to_owned(), group.id));
            } else if !of_clusters.contains(&group.id) {
                self.add("aws_security_group", &group.id);
                own.insert(group.id);
            }
        }
        for acl in rows("ec2.network_acl")? {
            if acl.row["is_default"] == true {
                self.can_be_taken_over.insert(("aws_default_network_acl".to_owned(), acl.id));
            } else {
                self.add("aws_network_acl", &acl.id);
            }
        }
        for rule in rows("ec2.security_group_rule")? {
            if own.contains(text(&rule.row["group"])) {
                let egress = rule.row["egress"] == true;
                let direction = if egress { "egress" } else { "ingress" };
                self.add(&format!("aws_vpc_security_group_{direction}_rule"), &rule.id);
            }
        }
        Ok(())
    }

    fn compute(&mut self, rows: &Rows<'_>) -> Result<(), String> {
        let mut roots = BTreeMap::new();
        let nodes = nodes(rows)?;
        for instance in rows("ec2.instance")?.iter().filter(|instance| instance.row["state"] != "terminated") {
            // What EC2 shuts down for good is going, and its root volume with it; nobody can keep it.
            if instance.row["state"] != "shutting-down" && !nodes.contains(&instance.id) {
                self.add("aws_instance", &instance.id);
            }
            roots.insert(instance.id.clone(), text(&instance.row["root_device"]).to_owned());
        }
        for volume in rows("ec2.volume")? {
            let attachment = &volume.row["attachment"];
            let (instance, device) = (text(&attachment["instance"]), text(&attachment["device"]));
            // An instance brings its root volume, and takes it away.
            if roots.get(instance).is_some_and(|root| root == device) {
                continue;
            }
            self.add("aws_ebs_volume", &volume.id);
            if !attachment.is_null() && attachment["state"] != "detached" {
                self.add("aws_volume_attachment", format!("{device}:{}:{instance}", volume.id));
            }
        }
        for template in rows("ec2.launch_template")? {
            // EKS makes one for each node group, and names it so.
            if !text(&template.row["name"]).starts_with("eks-") {
                self.add("aws_launch_template", &template.id);
            }
        }
        Ok(())
    }

    fn identity(&mut self, rows: &Rows<'_>) -> Result<(), String> {
        let mut own = BTreeSet::new();
        for role in rows("iam.role")?.iter().filter(|role| role.row["linked_to"].is_null()) {
            self.add("aws_iam_role", text(&role.row["name"]));
            own.insert(text(&role.row["name"]).to_owned());
        }
        for policy in rows("iam.policy")? {
            self.add("aws_iam_policy", text(&policy.row["arn"]));
        }
        for attachment in rows("iam.attachment")? {
            let role = text(&attachment.row["role"]);
            if own.contains(role) {
                let policy = text(&attachment.row["policy"]);
                self.add("aws_iam_role_policy_attachment", format!("{role}/{policy}"));
            }
        }
        for profile in rows("iam.instance_profile")? {
            let name = text(&profile.row["name"]);
            // EKS makes one for each node group, and names it so.
            if !name.starts_with("eks-") {
                self.add("aws_iam_instance_profile", name);
            }
        }
        for provider in rows("iam.oidc_provider")? {
            self.add("aws_iam_openid_connect_provider", text(&provider.row["arn"]));
        }
        for policy in rows("iam.role_policy")? {
            self.add("aws_iam_role_policy", format!("{}:{}", text(&policy.row["role"]), text(&policy.row["name"])));
        }
        Ok(())
    }

    fn cluster(&mut self, rows: &Rows<'_>) -> Result<(), String> {
        for cluster in rows("eks.cluster")? {
            self.add("aws_eks_cluster", text(&cluster.row["name"]));
        }
        for group in rows("eks.node_group")? {
            let (cluster, name) = (text(&group.row["cluster"]), text(&group.row["name"]));
            self.add("aws_eks_node_group", format!("{cluster}:{name}"));
        }
        for addon in rows("eks.addon")? {
            let (cluster, name) = (text(&addon.row["cluster"]), text(&addon.row["name"]));
            self.add("aws_eks_addon", format!("{cluster}:{name}"));
        }
        for profile in rows("eks.fargate_profile")? {
            let (cluster, name) = (text(&profile.row["cluster"]), text(&profile.row["name"]));
            self.add("aws_eks_fargate_profile", format!("{cluster}:{name}"));
        }
        for association in rows("eks.pod_identity_association")? {
            let row = &association.row;
            self.add("aws_eks_pod_identity_association", format!("{}:{}", text(&row["cluster"]), text(&row["id"])));
        }
        let mut own = BTreeSet::new();
        // EKS makes the entries of nodes' roles itself.
        for entry in rows("eks.access_entry")?.iter().filter(|entry| entry.row["kind"] == "STANDARD") {
            let ends = format!("{}:{}", text(&entry.row["cluster"]), text(&entry.row["principal"]));
            self.add("aws_eks_access_entry", ends.as_str());
            own.insert(ends);
        }
        for association in rows("eks.access_policy_association")? {
            let row = &association.row;
            let (cluster, principal) = (text(&row["cluster"]), text(&row["principal"]));
            if own.contains(&format!("{cluster}:{principal}")) {
                let policy = text(&row["policy"]);
                self.add("aws_eks_access_policy_association", format!("{cluster}#{principal}#{policy}"));
            }
        }
        Ok(())
    }

    fn keys(&mut self, rows: &Rows<'_>) -> Result<(), String> {
        // A key that waits for its end is nobody's any more.
        for key in rows("kms.key")?.iter().filter(|key| key.row["state"] != "PendingDeletion") {
            self.add("aws_kms_key", &key.id);
        }
        for alias in rows("kms.alias")? {
            self.add("aws_kms_alias", &alias.id);
        }
        for zone in rows("route53.zone")? {
            self.add("aws_route53_zone", &zone.id);
        }
        for distribution in rows("cloudfront.distribution")? {
            self.add("aws_cloudfront_distribution", &distribution.id);
        }
        for control in rows("cloudfront.control")? {
            self.add("aws_cloudfront_origin_access_control", &control.id);
        }
        for certificate in rows("acm.certificate")? {
            let WorldRow { region, account, id, .. } = &certificate;
            self.add("aws_acm_certificate", format!("arn:aws:acm:{region}:{account}:certificate/{id}"));
        }
        // What each zone has of its own is nobody's.
        for record in rows("route53.record")?.iter().filter(|it| !["NS", "SOA"].contains(&text(&it.row["kind"]))) {
            let row = &record.row;
            let (zone, name, kind) = (text(&row["zone"]), text(&row["name"]), text(&row["kind"]));
            let set = row["set"].as_str().map(|set| format!("_{set}")).unwrap_or_default();
            self.add("aws_route53_record", format!("{zone}_{}_{kind}{set}", name.trim_end_matches('.')));
        }
        Ok(())
    }

    /// Buckets, and what is set on them. What a new bucket has, and what a setting leaves behind, may be anybody's.
    fn objects(&mut self, rows: &Rows<'_>) -> Result<(), String> {
        for bucket in rows("s3.bucket")? {
            self.add("aws_s3_bucket", &bucket.id);
            let row = &bucket.row;
            let access = &row["public_access_block"];
            let closed = ["acls", "ignored_acls", "policy", "restricted"].iter().all(|name| access[name] == true);
            let settings = [
                ("versioning", !row["versioning"].is_null(), row["versioning"] == "Suspended"),
                ("server_side_encryption_configuration", true, row["encryption"]["algorithm"] == "AES256"),
                ("public_access_block", !access.is_null(), closed),
                ("policy", !row["policy"].is_null(), false),
                ("ownership_controls", !row["ownership"].is_null(), row["ownership"] == "BucketOwnerEnforced"),
                ("lifecycle_configuration", !row["lifecycle"].is_null(), false),
                ("replication_configuration", !row["replication"].is_null(), false),
            ];
            for (name, there, anybodys) in settings {
                let kind = format!("aws_s3_bucket_{name}");
                if there && anybodys {
                    self.can_be_taken_over.insert((kind, bucket.id.clone()));
                } else if there {
                    self.add(&kind, &bucket.id);
                }
            }
        }
        Ok(())
    }

    fn data(&mut self, rows: &Rows<'_>) -> Result<(), String> {
        let tables = [
            ("rds.subnet_group", "aws_db_subnet_group"),
            ("rds.parameter_group", "aws_db_parameter_group"),
            ("rds.instance", "aws_db_instance"),
            ("elasticache.subnet_group", "aws_elasticache_subnet_group"),
            ("elasticache.parameter_group", "aws_elasticache_parameter_group"),
            ("elasticache.replication_group", "aws_elasticache_replication_group"),
        ];
        for (table, kind) in tables {
            // An account has groups of defaults from the beginning.
            for row in rows(table)?.iter().filter(|row| row.id != "default" && !row.id.starts_with("default.")) {
                self.add(kind, &row.id);
            }
        }
        for row in rows("elasticache.snapshot")?.iter().filter(|row| row.row["source"] == "manual") {
            self.loose_ends.push(format!("the snapshot {} was asked for by nobody", row.id));
        }
        for row in rows("rds.snapshot")?.iter().filter(|row| row.row["kind"] == "manual") {
            self.add("aws_db_snapshot", &row.id);
        }
        for row in rows("elasticache.user")?.iter().filter(|row| row.id != "default") {
            self.add("aws_elasticache_user", &row.id);
        }
        for row in rows("elasticache.user_group")? {
            self.add("aws_elasticache_user_group", &row.id);
        }
        for row in rows("rds.option_group")?.iter().filter(|row| !row.id.starts_with("default:")) {
            self.add("aws_db_option_group", &row.id);
        }
        // What copying left behind goes by itself.
        for row in rows("rds.replicated_backup")?.iter().filter(|row| row.row["stopped"].is_null()) {
            let arn = format!("arn:aws:rds:{}:{}:auto-backup:{}", row.region, row.account, text(&row.row["name"]));
            self.add("aws_db_instance_automated_backups_replication", arn);
        }
        for row in rows("rds.retained_backup")? {
            self.loose_ends.push(format!("the backup {} should have gone with its instance", row.id));
        }
        let instances = rows("rds.instance")?;
        for secret in rows("secretsmanager.managed_secret")? {
            if !instances.iter().any(|instance| instance.row["secret"] == secret.id.as_str()) {
                self.loose_ends.push(format!("the secret {} is no instance's", secret.id));
            }
        }
        Ok(())
    }
}

type Rows<'a> = dyn Fn(&str) -> Result<Vec<WorldRow>, String> + 'a;

fn security_groups_of_clusters(rows: &Rows<'_>) -> Result<BTreeSet<String>, String> {
    let group = |cluster: WorldRow| cluster.row["security_group"].as_str().map(str::to_owned);
    Ok(rows("eks.cluster")?.into_iter().filter_map(group).collect())
}

/// The instances of node groups.
fn nodes(rows: &Rows<'_>) -> Result<BTreeSet<String>, String> {
    let groups = rows("autoscaling.group")?;
    let instances = groups.iter().flat_map(|group| list(&group.row["instances"]));
    Ok(instances.map(|instance| text(instance).to_owned()).collect())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}
