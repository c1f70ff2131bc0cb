//! What a client sees of classic load balancers.

use crate::client::Answer;
use crate::elasticloadbalancing::testing::World;

const VERSION: &str = "2012-06-01";

impl World {
    /// One that could be made but for what is said of it, of which nothing stands for a parameter that is left out.
    async fn classic(&self, name: &str, more: &[(&str, &str)]) -> Answer {
        let mut parameters = vec![
            ("LoadBalancerName", name),
            ("Subnets.member.1", self.subnets[0].as_str()),
            ("Subnets.member.2", self.subnets[1].as_str()),
            ("Listeners.member.1.Protocol", "tcp"),
            ("Listeners.member.1.LoadBalancerPort", "80"),
            ("Listeners.member.1.InstancePort", "31080"),
        ];
        parameters.retain(|(known, _)| more.iter().all(|(other, _)| other != known));
        parameters.extend(more.iter().filter(|(_, value)| !value.is_empty()));
        self.ask("CreateLoadBalancer", &parameters).await
    }

    async fn refuses(&self, more: &[(&str, &str)], status: u16, code: &str, message: &str) {
        let answer = self.classic("door", more).await;
        let told = (answer.status, answer.code.as_str(), answer.message.as_str());
        assert_eq!(told, (status, code, message), "{more:?}: {}", answer.text);
    }
}

#[tokio::test(start_paused = true)]
async fn a_load_balancer_is_shown_as_it_was_asked_for() {
    let world = World::new(VERSION).await;
    let group = world.security_group("k8s-elb-door", &world.vpc).await;
    let name = world.classic("door", &[("SecurityGroups.member.1", &group)]).await.one("DNSName");
    assert!(name.starts_with("door-") && name.ends_with(".us-east-1.elb.amazonaws.com"), "{name}");
    let shown = world.ok("DescribeLoadBalancers", &[("LoadBalancerNames.member.1", "door")]).await;
    for (member, value) in [
        ("LoadBalancerName", "door"),
        ("DNSName", &name),
        ("CanonicalHostedZoneName", &name),
        ("CanonicalHostedZoneNameID", "Z35SXDOTRQ7X7K"),
        ("Protocol", "TCP"),
        ("LoadBalancerPort", "80"),
        ("InstanceProtocol", "TCP"),
        ("InstancePort", "31080"),
        ("Target", "TCP:31080"),
        ("VPCId", &world.vpc),
        ("OwnerAlias", "000000000000"),
        ("GroupName", "k8s-elb-door"),
        ("Scheme", "internet-facing"),
    ] {
        assert_eq!(shown.one(member), value, "{member}");
    }
    for value in [&world.subnets[0], &world.subnets[1], &group, &"us-east-1a".to_owned(), &"us-east-1b".to_owned()] {
        assert!(shown.text.contains(&format!("<member>{value}</member>")), "{value}: {}", shown.text);
    }
    let internal = world.classic("back", &[("Scheme", "internal")]).await.one("DNSName");
    assert!(internal.starts_with("internal-back-"), "{internal}");
}

#[tokio::test(start_paused = true)]
async fn the_other_api_does_not_know_it_and_may_use_its_name() {
    let world = World::new(VERSION).await;
    world.classic("door", &[]).await.one("DNSName");
    let newer = async |action: &str, parameters: &[(&str, &str)]| {
        world.client.query("elasticloadbalancing", "2015-12-01", action, parameters).await
    };
    assert_eq!(newer("DescribeLoadBalancers", &[]).await.all("LoadBalancerName"), [""; 0]);
    let subnets = [("Subnets.member.1", world.subnets[0].as_str()), ("Subnets.member.2", world.subnets[1].as_str())];
    let made = newer("CreateLoadBalancer", &[&[("Name", "door")], &subnets[..]].concat()).await;
    assert_eq!(made.status, 200, "{}", made.text);
    assert_eq!(world.ok("DescribeLoadBalancers", &[]).await.all("LoadBalancerName"), ["door"]);
}

#[tokio::test(start_paused = true)]
async fn the_same_request_answers_with_what_is_there_and_another_is_refused() {
    let world = World::new(VERSION).await;
    let tag = [("Tags.member.1.Key", "a"), ("Tags.member.1.Value", "1")];
    let name = world.classic("door", &tag).await.one("DNSName");
    assert_eq!(world.classic("door", &tag).await.one("DNSName"), name);
    let message =
        |what: &str| format!("Load Balancer named door already exists and it is configured with different {what}.");
    let code = "DuplicateLoadBalancerName";
    world.refuses(&[&tag[..], &[("Scheme", "internal")]].concat(), 400, code, &message("parameters")).await;
    let port = [("Listeners.member.1.LoadBalancerPort", "81")];
    world.refuses(&[&tag[..], &port[..]].concat(), 400, code, &message("parameters")).await;
    world.refuses(&[], 400, code, &message("tags")).await;
}

#[tokio::test(start_paused = true)]
async fn its_interfaces_hold_its_network_until_a_while_after_it() {
    let world = World::new(VERSION).await;
    let client = &world.client;
    let group = world.security_group("k8s-elb-door", &world.vpc).await;
    world.classic("door", &[("SecurityGroups.member.1", &group)]).await.one("DNSName");
    let filter = [("Filter.1.Name", "requester-id"), ("Filter.1.Value.1", "amazon-elb")];
    let shown = client.ec2("DescribeNetworkInterfaces", &filter).await;
    assert_eq!(shown.all("description"), ["ELB door", "ELB door"]);
    assert_eq!(shown.all("requesterManaged"), ["true", "true"]);
    let interface = shown.all("networkInterfaceId")[0].clone();
    client.refused("DeleteNetworkInterface", &[("NetworkInterfaceId", &interface)], "InvalidParameterValue").await;

    let holds = async || {
        client.refused("DeleteSubnet", &[("SubnetId", &world.subnets[0])], "DependencyViolation").await;
        client.refused("DeleteSecurityGroup", &[("GroupId", &group)], "DependencyViolation").await;
    };
    holds().await;
    world.ok("DeleteLoadBalancer", &[("LoadBalancerName", "door")]).await;
    assert_eq!(world.ok("DescribeLoadBalancers", &[]).await.all("LoadBalancerName"), [""; 0]);
    holds().await;
    client.wait(300);
    client.ec2("DeleteSubnet", &[("SubnetId", &world.subnets[0])]).await;
    client.ec2("DeleteSecurityGroup", &[("GroupId", &group)]).await;
}

#[tokio::test(start_paused = true)]
async fn one_that_is_not_there_is_deleted_and_not_described() {
    let world = World::new(VERSION).await;
    world.ok("DeleteLoadBalancer", &[("LoadBalancerName", "door")]).await;
    let tag = ("Tags.member.1.Key", "a");
    for (action, more) in
        [("DescribeLoadBalancers", &[][..]), ("DescribeTags", &[]), ("AddTags", &[tag]), ("RemoveTags", &[tag])]
    {
        let answer = world.ask(action, &[&[("LoadBalancerNames.member.1", "door")], more].concat()).await;
        let told = (answer.status, answer.code.as_str(), answer.message.as_str());
        assert_eq!(told, (400, "LoadBalancerNotFound", "There is no ACTIVE Load Balancer named 'door'"), "{action}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_name_has_up_to_32_letters_digits_and_hyphens_within() {
    let world = World::new(VERSION).await;
    let long = "a".repeat(33);
    for (name, message) in [
        (long.as_str(), "LoadBalancer name cannot be longer than 32 characters"),
        ("a.b", "LoadBalancer name cannot contain characters that are not letters, or digits or the dash."),
        ("-a", "LoadBalancer name cannot begin or end with a dash"),
        ("a-", "LoadBalancer name cannot begin or end with a dash"),
    ] {
        let answer = world.classic(name, &[]).await;
        assert_eq!((answer.code.as_str(), answer.message.as_str()), ("ValidationError", message), "{name}");
        let answer = world.ask("DeleteLoadBalancer", &[("LoadBalancerName", name)]).await;
        assert_eq!((answer.code.as_str(), answer.message.as_str()), ("ValidationError", message), "{name}");
    }
    world.classic(&"a".repeat(32), &[]).await.one("DNSName");
    world.classic("a", &[]).await.one("DNSName");
}

#[tokio::test(start_paused = true)]
async fn a_listener_speaks_a_protocol_and_one_of_its_layer_to_instances() {
    let world = World::new(VERSION).await;
    let listener =
        |protocol, more: &[(&'static str, &'static str)]| [&[("Listeners.member.1.Protocol", protocol)], more].concat();
    let udp = world.classic("door", &listener("udp", &[])).await;
    assert_eq!((udp.status, udp.code.as_str()), (400, "UnsupportedProtocol"));
    let instances = "Listeners.member.1.InstanceProtocol";
    assert_eq!(world.classic("door", &listener("tcp", &[(instances, "http")])).await.code, "ValidationError");
    assert_eq!(world.classic("door", &listener("http", &[(instances, "ssl")])).await.code, "ValidationError");
    for port in ["0", "65536"] {
        let port = world.classic("door", &[("Listeners.member.1.LoadBalancerPort", port)]).await;
        assert_eq!(port.code, "ValidationError");
    }
    let second = |port, protocol| {
        [
            ("Listeners.member.2.Protocol", "tcp"),
            ("Listeners.member.2.LoadBalancerPort", port),
            ("Listeners.member.2.InstancePort", "31080"),
            ("Listeners.member.2.InstanceProtocol", protocol),
        ]
    };
    assert_eq!(world.classic("door", &second("80", "tcp")).await.code, "ValidationError", "a port twice");
    assert_eq!(world.classic("door", &second("81", "ssl")).await.code, "ValidationError", "secure and not");
    world.classic("door", &second("81", "tcp")).await.one("DNSName");
    world.classic("web", &listener("http", &[])).await.one("DNSName");
    let shown = world.ok("DescribeLoadBalancers", &[("LoadBalancerNames.member.1", "web")]).await;
    assert_eq!(shown.one("InstanceProtocol"), "HTTP");
}

#[tokio::test(start_paused = true)]
async fn a_secure_listener_has_a_certificate_that_there_is() {
    let world = World::new(VERSION).await;
    let secure = ("Listeners.member.1.Protocol", "https");
    let message = "Secure Listeners need to specify a SSLCertificateId";
    world.refuses(&[secure], 400, "ValidationError", message).await;
    let absent = "arn:aws:iam::000000000000:server-certificate/absent";
    let named = ("Listeners.member.1.SSLCertificateId", absent);
    let message = format!("Server Certificate not found for the key: {absent}");
    world.refuses(&[secure, named], 400, "CertificateNotFound", &message).await;
    world.classic("door", &[named]).await.one("DNSName");
    let shown = world.ok("DescribeLoadBalancers", &[]).await;
    assert_eq!(shown.all("SSLCertificateId"), [""; 0], "another's is dropped");
}

#[tokio::test(start_paused = true)]
async fn it_stands_in_one_subnet_of_a_zone_that_the_internet_reaches() {
    let world = World::new(VERSION).await;
    let second = "Subnets.member.2";
    let none = [("Subnets.member.1", ""), (second, "")];
    let (zone, invalid) = (("AvailabilityZones.member.1", "us-east-1a"), "ValidationError");
    world.refuses(&none, 400, invalid, "Either AvailabilityZones or SubnetIds must be specified").await;
    world.refuses(&[zone], 400, invalid, "Only one of SubnetIds or AvailabilityZones may be specified").await;
    let by_zone = world.classic("door", &[&none[..], &[zone]].concat()).await;
    assert_eq!((by_zone.status, by_zone.code.as_str()), (501, "NotSimulated"));
    let absent = [(second, "subnet-0123456789abcdef0")];
    world.refuses(&absent, 400, "SubnetNotFound", "InvalidSubnetID.NotFound").await;
    let message = "ELB cannot be attached to multiple subnets in the same AZ.";
    let twice = [("Subnets.member.3", world.subnets[2].as_str())];
    world.refuses(&twice, 409, "InvalidConfigurationRequest", message).await;
    world.refuses(&[("Scheme", "public")], 400, "InvalidScheme", "The scheme 'public' is not valid").await;
    let group = "sg-0123456789abcdef0";
    let message = format!("The security group '{group}' does not exist");
    world.refuses(&[("SecurityGroups.member.1", group)], 400, "InvalidSecurityGroup", &message).await;

    let client = &world.client;
    let other = client.vpc("10.1.0.0/16").await;
    let inside = client.subnet(&other, "10.1.0.0/24", "us-east-1a").await;
    let there = [("Subnets.member.1", inside.as_str()), (second, "")];
    let message = format!("VPC {other} has no internet gateway");
    world.refuses(&there, 400, "InvalidSubnet", &message).await;
    let foreign = world.security_group("foreign", &other).await;
    let message = format!("Security group \"{foreign}\" does not belong to VPC \"{}\"", world.vpc);
    world.refuses(&[("SecurityGroups.member.1", &foreign)], 409, "InvalidConfigurationRequest", &message).await;
    let internal = world.classic("inside", &[&there[..], &[("Scheme", "internal")]].concat()).await;
    assert_eq!(internal.status, 200, "one subnet is enough: {}", internal.text);
}

#[tokio::test(start_paused = true)]
async fn a_region_has_twenty() {
    let world = World::new(VERSION).await;
    for number in 0..20 {
        world.classic(&format!("door-{number}"), &[]).await.one("DNSName");
    }
    world.refuses(&[], 400, "TooManyLoadBalancers", "Exceeded quota of account 000000000000").await;
    world.classic("door-7", &[]).await.one("DNSName");
}

#[tokio::test(start_paused = true)]
async fn tags_are_changed_of_one_and_described_of_twenty() {
    let world = World::new(VERSION).await;
    let twice = [("Tags.member.1.Key", "a"), ("Tags.member.2.Key", "a")];
    assert_eq!(world.classic("door", &twice).await.code, "DuplicateTagKeys");
    let keys: Vec<String> = (1..=51).map(|at| format!("Tags.member.{at}.Key")).collect();
    let many: Vec<(&str, &str)> = keys.iter().map(|key| (key.as_str(), key.as_str())).collect();
    assert_eq!(world.classic("door", &many).await.code, "TooManyTags");
    let (key, value) = ("Tags.member.1.Key", "Tags.member.1.Value");
    world.classic("door", &[(key, "kubernetes.io/cluster/main"), (value, "owned")]).await.one("DNSName");
    let door = ("LoadBalancerNames.member.1", "door");
    world.ok("AddTags", &[door, (key, "b"), (value, "1")]).await;
    world.ok("AddTags", &[door, (key, "b"), (value, "2")]).await;
    let shown = world.ok("DescribeTags", &[door]).await;
    assert_eq!(shown.all("LoadBalancerName"), ["door"]);
    assert_eq!(shown.all("Key"), ["kubernetes.io/cluster/main", "b"]);
    assert_eq!(shown.all("Value"), ["owned", "2"]);
    world.ok("RemoveTags", &[door, (key, "b")]).await;
    world.ok("RemoveTags", &[door, (key, "b")]).await;
    assert_eq!(world.ok("DescribeTags", &[door]).await.all("Key"), ["kubernetes.io/cluster/main"]);
    let two = [door, ("LoadBalancerNames.member.2", "door"), (key, "b")];
    assert_eq!(world.ask("AddTags", &two).await.code, "ValidationError");
    let names: Vec<String> = (1..=21).map(|at| format!("LoadBalancerNames.member.{at}")).collect();
    let many: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "door")).collect();
    assert_eq!(world.ask("DescribeTags", &many).await.code, "ValidationError");
}

#[tokio::test(start_paused = true)]
async fn pages_follow_each_other_and_a_marker_of_none_is_refused() {
    let world = World::new(VERSION).await;
    for name in ["a", "b", "c"] {
        world.classic(name, &[]).await.one("DNSName");
    }
    let first = world.ok("DescribeLoadBalancers", &[("PageSize", "2")]).await;
    assert_eq!(first.all("LoadBalancerName"), ["a", "b"]);
    let rest = world.ok("DescribeLoadBalancers", &[("Marker", &first.one("NextMarker"))]).await;
    assert_eq!((rest.all("LoadBalancerName"), rest.all("NextMarker").len()), (vec!["c".to_owned()], 0));
    assert_eq!(world.ask("DescribeLoadBalancers", &[("Marker", "none")]).await.code, "ValidationError");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_simulated_says_so_and_what_is_no_operation_too() {
    let world = World::new(VERSION).await;
    for action in ["DescribeInstanceHealth", "CreateLoadBalancerListeners", "DescribeLoadBalancerAttributes"] {
        let answer = world.ask(action, &[]).await;
        assert_eq!((answer.status, answer.code.as_str()), (501, "NotSimulated"), "{action}: {}", answer.text);
    }
    assert_eq!(world.ask("DescribeTargetGroups", &[]).await.code, "InvalidAction", "it is of the other API");
}
