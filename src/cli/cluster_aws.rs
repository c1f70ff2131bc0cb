//! What the controllers of a cluster make in the sandbox's AWS: each call is one that the real ones send, as the
//! account's administrator and without leaving this process.

use std::collections::BTreeMap;

use fathuss_cluster::aws::{Answer, Aws, Listener, LoadBalancer, Refused, Stack, Volume};
use fathuss_simulator::value::Value;
use fathuss_simulator::{Asker, ClusterId, LiveCluster, Simulator, record};
use jiff::SignedDuration;
use tokio::sync::watch;

/// A cluster's AWS.
pub struct ClusterAws {
    simulator: Simulator,
    id: ClusterId,
    cluster: watch::Receiver<LiveCluster>,
}

const ELB: &str = "elasticloadbalancing";

/// Which cluster something of the AWS Load Balancer Controller's is of.
const CLUSTER: &str = "elbv2.k8s.aws/cluster";

/// What something is that is of no stack.
const RESOURCE: &str = "elbv2.k8s.aws/resource";

/// Where the load balancers of a cluster are known by, as clients of its nodes.
const BACKEND: &str = "backend-sg";

type Made<T> = Result<T, Refusal>;

/// What AWS refused, by code and words.
struct Refusal {
    code: String,
    message: String,
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Refused(format!("{}: {}", refusal.code, refusal.message))
    }
}

fn refusal(code: &str, message: impl Into<String>) -> Refusal {
    Refusal { code: code.to_owned(), message: message.into() }
}

/// Takes these refusals for what was wanted.
fn unless<T>(outcome: Made<T>, codes: &[&str]) -> Made<Option<T>> {
    match outcome {
        Err(refusal) if codes.contains(&refusal.code.as_str()) => Ok(None),
        other => other.map(Some),
    }
}

fn text(value: &Value, member: &str) -> String {
    value.get(member).text().unwrap_or_default().to_owned()
}

fn texts(texts: &[String]) -> Value {
    Value::from(texts)
}

fn tagged(tags: &[(String, String)]) -> Value {
    Value::List(tags.iter().map(|(key, value)| record! { "Key" => key, "Value" => value }).collect())
}

fn specified(kind: &str, tags: &[(String, String)]) -> Value {
    Value::List(vec![record! { "ResourceType" => kind, "Tags" => tagged(tags) }])
}

fn filters(filters: &[(&str, &str)]) -> Value {
    let one = |(name, value): &(&str, &str)| record! { "Name" => *name, "Values" => vec![*value] };
    Value::List(filters.iter().map(one).collect())
}

fn first(value: &Value, member: &str) -> Value {
    value.get(member).list().first().cloned().unwrap_or(Value::Absent)
}

impl ClusterAws {
    /// That of a cluster.
    pub fn new(simulator: Simulator, cluster: watch::Receiver<LiveCluster>) -> Self {
        let id = cluster.borrow().id.clone();
        Self { simulator, id, cluster }
    }

    fn ask(&self, service: &str, operation: &str, input: &Value) -> Made<Value> {
        let asker = Asker { account: &self.id.account, region: &self.id.region };
        let answer = self.simulator.ask(asker, service, operation, input);
        answer.map_err(|refused| Refusal { code: refused.code.into_owned(), message: refused.message })
    }

    fn ec2(&self, operation: &str, input: &Value) -> Made<Value> {
        self.ask("ec2", operation, input)
    }

    fn elb(&self, operation: &str, input: &Value) -> Made<Value> {
        self.ask(ELB, operation, input)
    }

    /// The cluster's VPC.
    fn vpc(&self) -> Made<String> {
        let shown = self.ask("eks", "DescribeCluster", &record! { "name" => &self.id.name })?;
        Ok(text(shown.get("cluster").get("resourcesVpcConfig"), "vpcId"))
    }

    /// The tags of what is of a stack.
    fn tags(&self, stack: &Stack, resource: &str, beside: &[(String, String)]) -> Vec<(String, String)> {
        let mut tags = self.marks(stack);
        tags.push((format!("{}/resource", stack.prefix), resource.to_owned()));
        tags.extend(beside.iter().filter(|(key, _)| !key.contains("k8s.aws/")).cloned());
        tags
    }

    /// Those by which it is found again.
    fn marks(&self, stack: &Stack) -> Vec<(String, String)> {
        vec![(CLUSTER.to_owned(), self.id.name.clone()), (format!("{}/stack", stack.prefix), stack.name.clone())]
    }

    fn balance(&self, wanted: &LoadBalancer) -> Made<String> {
        let vpc = self.vpc()?;
        let balancer = match self.balancer(wanted)? {
            Some(known) => known,
            None => self.create_balancer(wanted, &vpc)?,
        };
        let arn = text(&balancer, "LoadBalancerArn");
        self.listen(wanted, &arn, &vpc)?;
        Ok(text(&balancer, "DNSName"))
    }

    /// The load balancer of that name, if it is there and this stack's.
    fn balancer(&self, wanted: &LoadBalancer) -> Made<Option<Value>> {
        let named = record! { "Names" => vec![wanted.name.as_str()] };
        let Some(shown) = unless(self.elb("DescribeLoadBalancers", &named), &["LoadBalancerNotFound"])? else {
            return Ok(None);
        };
        let balancer = first(&shown, "LoadBalancers");
        let ours = self.of_stack(vec![text(&balancer, "LoadBalancerArn")], &wanted.stack)?;
        Ok((!ours.is_empty()).then_some(balancer))
    }

    fn create_balancer(&self, wanted: &LoadBalancer, vpc: &str) -> Made<Value> {
        let subnets = if wanted.subnets.is_empty() { self.subnets(wanted, vpc)? } else { wanted.subnets.clone() };
        let groups = if wanted.security_groups.is_empty() {
            vec![self.managed_group(wanted, vpc)?, self.backend_group(vpc)?]
        } else {
            wanted.security_groups.clone()
        };
        let created = self.elb(
            "CreateLoadBalancer",
            &record! {
                "Name" => &wanted.name,
                "Type" => if wanted.is_application { "application" } else { "network" },
                "Scheme" => if wanted.is_internal { "internal" } else { "internet-facing" },
                "Subnets" => texts(&subnets),
                "SecurityGroups" => texts(&groups),
                "IpAddressType" => "ipv4",
                "Tags" => tagged(&self.tags(&wanted.stack, "LoadBalancer", &wanted.tags)),
            },
        )?;
        let balancer = first(&created, "LoadBalancers");
        if !wanted.attributes.is_empty() {
            let arn = text(&balancer, "LoadBalancerArn");
            let attributes = record! { "LoadBalancerArn" => arn, "Attributes" => tagged(&wanted.attributes) };
            self.elb("ModifyLoadBalancerAttributes", &attributes)?;
        }
        Ok(balancer)
    }

    /// The subnets of the VPC that are marked for such a load balancer, one in each zone; where none is, those from which
    /// the internet is reached, or is not. <https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/deploy/subnet_discovery/>
    fn subnets(&self, wanted: &LoadBalancer, vpc: &str) -> Made<Vec<String>> {
        let role = if wanted.is_internal { "internal-elb" } else { "elb" };
        let shown = self.ec2("DescribeSubnets", &record! { "Filters" => filters(&[("vpc-id", vpc)]) })?;
        let all = shown.get("Subnets").list();
        let is_marked = |subnet: &&Value| {
            let key = format!("kubernetes.io/role/{role}");
            subnet
                .get("Tags")
                .list()
                .iter()
                .any(|tag| text(tag, "Key") == key && matches!(tag.get("Value").text(), Some("" | "1")))
        };
        let mut fitting: Vec<&Value> = all.iter().filter(is_marked).collect();
        if fitting.is_empty() {
            let public = self.public_subnets(vpc)?;
            let is_public = |subnet: &&Value| public(&text(subnet, "SubnetId"));
            fitting = all.iter().filter(|subnet| is_public(subnet) != wanted.is_internal).collect();
        }
        let mut by_zone: BTreeMap<String, String> = BTreeMap::new();
        for subnet in fitting {
            let (zone, id) = (text(subnet, "AvailabilityZone"), text(subnet, "SubnetId"));
            let known = by_zone.entry(zone).or_insert_with(|| id.clone());
            if id < *known {
                *known = id;
            }
        }
        let least = if wanted.is_application { 2 } else { 1 };
        if by_zone.len() < least {
            let message = format!("unable to resolve at least {least} subnet(s) of {vpc} for {}", wanted.stack.name);
            return Err(refusal("FailedBuildModel", message));
        }
        Ok(by_zone.into_values().collect())
    }

    /// Whether a subnet of a VPC has a route to an internet gateway.
    fn public_subnets(&self, vpc: &str) -> Made<impl Fn(&str) -> bool> {
        let shown = self.ec2("DescribeRouteTables", &record! { "Filters" => filters(&[("vpc-id", vpc)]) })?;
        let mut main = false;
        let mut known: BTreeMap<String, bool> = BTreeMap::new();
        for table in shown.get("RouteTables").list() {
            let routes = table.get("Routes").list();
            let is_public = routes.iter().any(|route| text(route, "GatewayId").starts_with("igw-"));
            for association in table.get("Associations").list() {
                match association.get("SubnetId").text() {
                    Some(subnet) => drop(known.insert(subnet.to_owned(), is_public)),
                    None => main = is_public,
                }
            }
        }
        Ok(move |subnet: &str| known.get(subnet).copied().unwrap_or(main))
    }

    /// The group that lets a load balancer's clients in.
    fn managed_group(&self, wanted: &LoadBalancer, vpc: &str) -> Made<String> {
        let tags = self.tags(&wanted.stack, "ManagedLBSecurityGroup", &wanted.tags);
        let description = "[k8s] Managed SecurityGroup for LoadBalancer";
        let (group, is_new) = self.group(&wanted.managed_group, description, vpc, &tags)?;
        if is_new {
            for listener in &wanted.listeners {
                let protocol = if listener.protocol == "UDP" { "udp" } else { "tcp" };
                let ranges = wanted.sources.iter().map(|source| record! { "CidrIp" => source });
                let permission = record! {
                    "IpProtocol" => protocol,
                    "FromPort" => listener.port,
                    "ToPort" => listener.port,
                    "IpRanges" => Value::List(ranges.collect()),
                };
                let input = record! { "GroupId" => &group, "IpPermissions" => vec![permission] };
                self.ec2("AuthorizeSecurityGroupIngress", &input)?;
            }
        }
        Ok(group)
    }

    /// Where the world keeps the wall's pace for the cluster, and only AWS's own time is waited for: as much of it passes
    /// as in a second of the usual pace.
    fn hurry(&self) {
        let usual = self.simulator.usual_speed();
        if self.simulator.speed() < usual {
            // A world that can't be written says so to the next call.
            let _ = self.simulator.advance(SignedDuration::try_from_secs_f64(usual).unwrap_or_default());
        }
    }

    /// The group that all load balancers of a cluster have in common.
    fn backend_group(&self, vpc: &str) -> Made<String> {
        let tags = [(CLUSTER.to_owned(), self.id.name.clone()), (RESOURCE.to_owned(), BACKEND.to_owned())];
        let name = format!("k8s-traffic-{}", self.id.name);
        Ok(self.group(&name, "[k8s] Shared Backend SecurityGroup for LoadBalancer", vpc, &tags)?.0)
    }

    /// The group of that name in a VPC, and whether it was made for that.
    fn group(&self, name: &str, description: &str, vpc: &str, tags: &[(String, String)]) -> Made<(String, bool)> {
        let named = record! { "Filters" => filters(&[("vpc-id", vpc), ("group-name", name)]) };
        let known = first(&self.ec2("DescribeSecurityGroups", &named)?, "SecurityGroups");
        if let Some(id) = known.get("GroupId").text() {
            return Ok((id.to_owned(), false));
        }
        let input = record! {
            "GroupName" => name,
            "Description" => description,
            "VpcId" => vpc,
            "TagSpecifications" => specified("security-group", tags),
        };
        Ok((text(&self.ec2("CreateSecurityGroup", &input)?, "GroupId"), true))
    }

    /// Makes the listeners that a load balancer lacks, with what they forward to.
    fn listen(&self, wanted: &LoadBalancer, arn: &str, vpc: &str) -> Made<()> {
        let shown = self.elb("DescribeListeners", &record! { "LoadBalancerArn" => arn })?;
        let ports: Vec<i64> =
            shown.get("Listeners").list().iter().filter_map(|listener| listener.get("Port").integer()).collect();
        for listener in wanted.listeners.iter().filter(|listener| !ports.contains(&i64::from(listener.port))) {
            let action = self.action(wanted, listener, vpc)?;
            let certificate = listener.certificate.as_ref().map(|arn| vec![record! { "CertificateArn" => arn }]);
            let resource = listener.port.to_string();
            let input = record! {
                "LoadBalancerArn" => arn,
                "Port" => listener.port,
                "Protocol" => &listener.protocol,
                "Certificates" => certificate,
                "SslPolicy" => listener.policy.clone(),
                "DefaultActions" => vec![action],
                "Tags" => tagged(&self.tags(&wanted.stack, &resource, &wanted.tags)),
            };
            self.elb("CreateListener", &input)?;
        }
        Ok(())
    }

    fn action(&self, wanted: &LoadBalancer, listener: &Listener, vpc: &str) -> Made<Value> {
        let Some(target) = &listener.target else {
            let answer = record! { "StatusCode" => "404", "ContentType" => "text/plain" };
            return Ok(record! { "Type" => "fixed-response", "FixedResponseConfig" => answer });
        };
        let input = record! {
            "Name" => &target.name,
            "Protocol" => &target.protocol,
            "Port" => target.port,
            "VpcId" => vpc,
            "TargetType" => &target.target,
            "Tags" => tagged(&self.tags(&wanted.stack, &target.resource, &wanted.tags)),
        };
        let made = first(&self.elb("CreateTargetGroup", &input)?, "TargetGroups");
        Ok(record! { "Type" => "forward", "TargetGroupArn" => text(&made, "TargetGroupArn") })
    }

    /// Those of these ARNs that are of a stack.
    fn of_stack(&self, arns: Vec<String>, stack: &Stack) -> Made<Vec<String>> {
        let marks = self.marks(stack);
        self.with(arns, |tags| marks.iter().all(|mark| tags.contains(mark)))
    }

    /// Those whose tags fit.
    fn with(&self, arns: Vec<String>, fits: impl Fn(&[(String, String)]) -> bool) -> Made<Vec<String>> {
        let mut found = Vec::new();
        // The tags of so many are described at once.
        for some in arns.chunks(20) {
            let shown = self.elb("DescribeTags", &record! { "ResourceArns" => texts(some) })?;
            for one in shown.get("TagDescriptions").list() {
                let tags = one.get("Tags").list().iter().map(|tag| (text(tag, "Key"), text(tag, "Value")));
                if fits(&tags.collect::<Vec<_>>()) {
                    found.push(text(one, "ResourceArn"));
                }
            }
        }
        Ok(found)
    }

    /// The ARNs of everything of a kind, page after page.
    fn all(&self, operation: &str, member: &str, arn: &str) -> Made<Vec<String>> {
        let mut found = Vec::new();
        let mut marker = Value::Absent;
        loop {
            let shown = self.elb(operation, &record! { "Marker" => marker })?;
            found.extend(shown.get(member).list().iter().map(|one| text(one, arn)));
            marker = shown.get("NextMarker").clone();
            if marker.is_absent() {
                return Ok(found);
            }
        }
    }

    fn unbalance(&self, stack: &Stack) -> Made<()> {
        let balancers = self.all("DescribeLoadBalancers", "LoadBalancers", "LoadBalancerArn")?;
        let of_stack = self.of_stack(balancers.clone(), stack)?;
        for arn in &of_stack {
            self.elb("DeleteLoadBalancer", &record! { "LoadBalancerArn" => arn })?;
        }
        let groups = self.all("DescribeTargetGroups", "TargetGroups", "TargetGroupArn")?;
        for arn in self.of_stack(groups, stack)? {
            self.elb("DeleteTargetGroup", &record! { "TargetGroupArn" => arn })?;
        }
        let marks = self.marks(stack);
        self.delete_groups(&marks)?;
        // The last one takes what they have in common with it.
        let others = balancers.into_iter().filter(|arn| !of_stack.contains(arn)).collect();
        let of_cluster = (CLUSTER.to_owned(), self.id.name.clone());
        if self.with(others, |tags| tags.contains(&of_cluster))?.is_empty() {
            self.delete_groups(&[of_cluster, (RESOURCE.to_owned(), BACKEND.to_owned())])?;
        }
        Ok(())
    }

    /// Deletes the security groups with these tags.
    fn delete_groups(&self, marks: &[(String, String)]) -> Made<()> {
        let tags: Vec<(String, &str)> =
            marks.iter().map(|(key, value)| (format!("tag:{key}"), value.as_str())).collect();
        let tags: Vec<(&str, &str)> = tags.iter().map(|(key, value)| (key.as_str(), *value)).collect();
        let shown = self.ec2("DescribeSecurityGroups", &record! { "Filters" => filters(&tags) })?;
        for group in shown.get("SecurityGroups").list() {
            let input = record! { "GroupId" => text(group, "GroupId") };
            unless(self.ec2("DeleteSecurityGroup", &input), &["InvalidGroup.NotFound"])?;
        }
        Ok(())
    }

    fn create_volume(&self, wanted: &Volume) -> Made<String> {
        let input = record! {
            "AvailabilityZone" => &wanted.zone,
            "Size" => wanted.gibibytes,
            "VolumeType" => &wanted.kind,
            "Iops" => wanted.iops,
            "Throughput" => wanted.throughput,
            "Encrypted" => wanted.encrypted,
            "KmsKeyId" => wanted.key.clone(),
            "ClientToken" => &wanted.name,
            "TagSpecifications" => specified("volume", &wanted.tags),
        };
        Ok(text(&self.ec2("CreateVolume", &input)?, "VolumeId"))
    }

    /// The volume, if it is there.
    fn volume(&self, id: &str) -> Made<Option<Value>> {
        let gone = ["InvalidVolume.NotFound", "InvalidVolumeID.Malformed", "InvalidParameterValue"];
        let shown = unless(self.ec2("DescribeVolumes", &record! { "VolumeIds" => vec![id] }), &gone)?;
        Ok(shown.map(|shown| first(&shown, "Volumes")).filter(|volume| !volume.is_absent()))
    }

    /// The machine that is a node.
    fn machine(&self, node: &str) -> Option<String> {
        let cluster = self.cluster.borrow();
        cluster.nodes.iter().find(|one| one.name == node).map(|one| one.instance.clone())
    }

    fn attach(&self, id: &str, node: &str) -> Made<()> {
        let Some(machine) = self.machine(node) else {
            return Err(refusal("NotFound", format!("no machine is the node {node}")));
        };
        let Some(volume) = self.volume(id)? else {
            return Err(refusal("InvalidVolume.NotFound", format!("The volume '{id}' does not exist.")));
        };
        let attachments = volume.get("Attachments").list();
        if attachments.iter().any(|one| text(one, "InstanceId") == machine) {
            return Ok(());
        }
        let input = record! { "VolumeId" => id, "InstanceId" => &machine, "Device" => self.device(&machine)? };
        self.ec2("AttachVolume", &input).map(drop)
    }

    /// A name that no volume of a machine has yet, of those that the driver gives.
    fn device(&self, machine: &str) -> Made<String> {
        let attached = record! { "Filters" => filters(&[("attachment.instance-id", machine)]) };
        let shown = self.ec2("DescribeVolumes", &attached)?;
        let taken: Vec<String> = shown
            .get("Volumes")
            .list()
            .iter()
            .flat_map(|volume| volume.get("Attachments").list())
            .map(|one| text(one, "Device"))
            .collect();
        let letters = || 'a'..='z';
        let mut names = letters().flat_map(|first| letters().map(move |second| format!("/dev/xvd{first}{second}")));
        names
            .find(|name| !taken.contains(name))
            .ok_or_else(|| refusal("AttachmentLimitExceeded", format!("{machine} has no name left for a volume")))
    }

    fn detach(&self, id: &str, node: &str) -> Made<()> {
        let Some(volume) = self.volume(id)? else { return Ok(()) };
        let attachments = volume.get("Attachments").list();
        let machine = self.machine(node);
        let is_it = |one: &&Value| machine.as_ref().is_none_or(|machine| text(one, "InstanceId") == *machine);
        let Some(attachment) = attachments.iter().find(is_it) else { return Ok(()) };
        let input = record! { "VolumeId" => id, "InstanceId" => text(attachment, "InstanceId") };
        unless(self.ec2("DetachVolume", &input), &["IncorrectState", "InvalidAttachment.NotFound"]).map(drop)
    }
}

impl Aws for ClusterAws {
    fn make_load_balancer<'a>(&'a self, wanted: &'a LoadBalancer) -> Answer<'a, String> {
        Box::pin(async move { Ok(self.balance(wanted)?) })
    }

    fn remove_load_balancer<'a>(&'a self, stack: &'a Stack) -> Answer<'a, ()> {
        Box::pin(async move {
            let removed = self.unbalance(stack);
            if removed.as_ref().is_err_and(|refusal| refusal.code == "DependencyViolation") {
                self.hurry();
            }
            Ok(removed?)
        })
    }

    fn make_volume<'a>(&'a self, wanted: &'a Volume) -> Answer<'a, String> {
        Box::pin(async move { Ok(self.create_volume(wanted)?) })
    }

    fn delete_volume<'a>(&'a self, id: &'a str) -> Answer<'a, ()> {
        Box::pin(async move {
            if self.volume(id)?.is_some() {
                unless(self.ec2("DeleteVolume", &record! { "VolumeId" => id }), &["InvalidVolume.NotFound"])?;
            }
            Ok(())
        })
    }

    fn attach_volume<'a>(&'a self, id: &'a str, node: &'a str) -> Answer<'a, ()> {
        Box::pin(async move { Ok(self.attach(id, node)?) })
    }

    fn detach_volume<'a>(&'a self, id: &'a str, node: &'a str) -> Answer<'a, ()> {
        Box::pin(async move { Ok(self.detach(id, node)?) })
    }
}

#[cfg(test)]
mod tests {
    use fathuss_cluster::aws::TargetGroup;
    use fathuss_simulator::Config;

    use super::*;

    const ACCOUNT: &str = "000000000000";

    /// A cluster in a VPC that the internet reaches, and its AWS.
    struct Ground {
        simulator: Simulator,
        aws: ClusterAws,
        _cluster: watch::Sender<LiveCluster>,
    }

    fn must(simulator: &Simulator, service: &str, operation: &str, input: &Value) -> Value {
        let asker = Asker { account: ACCOUNT, region: "eu-central-1" };
        simulator.ask(asker, service, operation, input).unwrap_or_else(|refusal| panic!("{operation}: {refusal:?}"))
    }

    impl Ground {
        fn new() -> Ground {
            let simulator = Simulator::open(Config { instant: true, ..Config::calm(7) }).expect("it is in memory");
            let ask = |service: &str, operation: &str, input: Value| must(&simulator, service, operation, &input);
            let vpc = text(ask("ec2", "CreateVpc", record! { "CidrBlock" => "10.0.0.0/16" }).get("Vpc"), "VpcId");
            let subnets: Vec<String> = ["a", "b"]
                .iter()
                .enumerate()
                .map(|(at, zone)| {
                    let tags = [("kubernetes.io/role/elb".to_owned(), "1".to_owned())];
                    let input = record! {
                        "VpcId" => &vpc,
                        "CidrBlock" => format!("10.0.{at}.0/24"),
                        "AvailabilityZone" => format!("eu-central-1{zone}"),
                        "TagSpecifications" => specified("subnet", &tags),
                    };
                    text(ask("ec2", "CreateSubnet", input).get("Subnet"), "SubnetId")
                })
                .collect();
            let gateway = ask("ec2", "CreateInternetGateway", record! {});
            let gateway = text(gateway.get("InternetGateway"), "InternetGatewayId");
            ask("ec2", "AttachInternetGateway", record! { "InternetGatewayId" => gateway, "VpcId" => &vpc });
            let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"eks.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
            let role =
                ask("iam", "CreateRole", record! { "RoleName" => "cluster", "AssumeRolePolicyDocument" => trust });
            let policy = "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy";
            ask("iam", "AttachRolePolicy", record! { "RoleName" => "cluster", "PolicyArn" => policy });
            let input = record! {
                "name" => "main",
                "roleArn" => text(role.get("Role"), "Arn"),
                "resourcesVpcConfig" => record! { "subnetIds" => texts(&subnets) },
            };
            ask("eks", "CreateCluster", input);
            let id = ClusterId {
                account: ACCOUNT.to_owned(),
                region: "eu-central-1".to_owned(),
                name: "main".to_owned(),
                key: String::new(),
            };
            let live = LiveCluster {
                id,
                version: String::new(),
                addons: Vec::new(),
                prefix_delegation: false,
                nodes: Vec::new(),
            };
            let (sender, receiver) = watch::channel(live);
            Ground { aws: ClusterAws::new(simulator.clone(), receiver), simulator, _cluster: sender }
        }

        fn shown(&self, service: &str, operation: &str, member: &str) -> Vec<Value> {
            must(&self.simulator, service, operation, &record! {}).get(member).list().to_vec()
        }
    }

    fn wanted() -> LoadBalancer {
        LoadBalancer {
            stack: Stack { prefix: "service.k8s.aws", name: "default/shop".to_owned() },
            name: "k8s-default-shop-0123456789".to_owned(),
            is_application: false,
            is_internal: false,
            subnets: Vec::new(),
            security_groups: Vec::new(),
            managed_group: "k8s-default-shop-9876543210".to_owned(),
            sources: vec!["0.0.0.0/0".to_owned()],
            attributes: vec![("load_balancing.cross_zone.enabled".to_owned(), "true".to_owned())],
            tags: vec![("Project".to_owned(), "Shop".to_owned())],
            listeners: vec![Listener {
                port: 80,
                protocol: "TCP".to_owned(),
                certificate: None,
                policy: None,
                target: Some(TargetGroup {
                    name: "k8s-default-shop-1111111111".to_owned(),
                    resource: "default/shop:80".to_owned(),
                    protocol: "TCP".to_owned(),
                    port: 8080,
                    target: "ip".to_owned(),
                }),
            }],
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_load_balancer_is_made_once_with_all_that_it_has_and_removed_with_it() {
        let ground = Ground::new();
        let hostname = ground.aws.make_load_balancer(&wanted()).await.expect("there is room");
        assert!(hostname.starts_with("k8s-default-shop-0123456789-"), "{hostname}");
        assert!(hostname.ends_with(".elb.eu-central-1.amazonaws.com"), "{hostname}");
        assert_eq!(ground.aws.make_load_balancer(&wanted()).await.expect("it is there"), hostname);
        let balancers = ground.shown(ELB, "DescribeLoadBalancers", "LoadBalancers");
        assert_eq!(balancers.len(), 1);
        assert_eq!(balancers[0].get("AvailabilityZones").list().len(), 2);
        assert_eq!(balancers[0].get("SecurityGroups").list().len(), 2);
        assert_eq!(ground.shown(ELB, "DescribeTargetGroups", "TargetGroups").len(), 1);
        let arn = text(&balancers[0], "LoadBalancerArn");
        let tags = must(&ground.simulator, ELB, "DescribeTags", &record! { "ResourceArns" => vec![arn] });
        let tags: Vec<(String, String)> = first(&tags, "TagDescriptions")
            .get("Tags")
            .list()
            .iter()
            .map(|tag| (text(tag, "Key"), text(tag, "Value")))
            .collect();
        let tag = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let own = [
            tag("elbv2.k8s.aws/cluster", "main"),
            tag("service.k8s.aws/stack", "default/shop"),
            tag("service.k8s.aws/resource", "LoadBalancer"),
            tag("Project", "Shop"),
        ];
        assert_eq!(tags, own);

        ground.aws.remove_load_balancer(&wanted().stack).await.expect("nothing else uses it");
        assert!(ground.shown(ELB, "DescribeLoadBalancers", "LoadBalancers").is_empty());
        assert!(ground.shown(ELB, "DescribeTargetGroups", "TargetGroups").is_empty());
        let groups = ground.shown("ec2", "DescribeSecurityGroups", "SecurityGroups");
        assert!(groups.iter().all(|group| !text(group, "GroupName").starts_with("k8s-")), "{groups:?}");
        ground.aws.remove_load_balancer(&wanted().stack).await.expect("what is gone is not missed");
    }

    #[tokio::test(start_paused = true)]
    async fn a_volume_is_made_once_and_deleted_once() {
        let ground = Ground::new();
        let wanted = Volume {
            name: "pvc-00000000-0000-4000-a000-000000000000".to_owned(),
            zone: "eu-central-1a".to_owned(),
            gibibytes: 8,
            kind: "gp3".to_owned(),
            iops: None,
            throughput: None,
            encrypted: true,
            key: None,
            tags: vec![("kubernetes.io/cluster/main".to_owned(), "owned".to_owned())],
        };
        let id = ground.aws.make_volume(&wanted).await.expect("there is room");
        assert_eq!(ground.aws.make_volume(&wanted).await.expect("it is there"), id);
        let volumes = ground.shown("ec2", "DescribeVolumes", "Volumes");
        assert_eq!((volumes.len(), volumes[0].get("Encrypted").bool()), (1, Some(true)));
        ground.aws.delete_volume(&id).await.expect("nothing uses it");
        ground.aws.delete_volume(&id).await.expect("what is gone is not missed");
        ground.aws.detach_volume(&id, "node").await.expect("nor attached");
        let absent = ground.aws.attach_volume(&id, "node").await.expect_err("no machine is that node");
        assert_eq!(absent.to_string(), "NotFound: no machine is the node node");
    }
}
