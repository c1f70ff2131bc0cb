//! What a client sees of load balancers.

use super::testing::World;
use crate::client::Answer;

const VERSION: &str = "2015-12-01";

impl World {
    async fn refused(&self, action: &str, parameters: &[(&str, &str)], code: &str, message: &str) {
        let answer = self.ask(action, parameters).await;
        assert_eq!((answer.code.as_str(), answer.message.as_str()), (code, message), "{action}: {}", answer.text);
    }

    async fn create(&self, name: &str, more: &[(&str, &str)]) -> Answer {
        let subnets = [("Subnets.member.1", self.subnets[0].as_str()), ("Subnets.member.2", self.subnets[1].as_str())];
        self.ask("CreateLoadBalancer", &[&[("Name", name)], &subnets[..], more].concat()).await
    }

    async fn balancer(&self, name: &str, more: &[(&str, &str)]) -> String {
        let answer = self.create(name, more).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.one("LoadBalancerArn")
    }

    async fn group(&self, name: &str, protocol: &str) -> String {
        let parameters = [("Name", name), ("Protocol", protocol), ("Port", "80"), ("VpcId", &self.vpc)];
        self.ok("CreateTargetGroup", &parameters).await.one("TargetGroupArn")
    }

    async fn listener(&self, balancer: &str, group: &str, protocol: &str) -> String {
        let parameters = [
            ("LoadBalancerArn", balancer),
            ("Protocol", protocol),
            ("Port", "80"),
            ("DefaultActions.member.1.Type", "forward"),
            ("DefaultActions.member.1.TargetGroupArn", group),
        ];
        self.ok("CreateListener", &parameters).await.one("ListenerArn")
    }
}

#[tokio::test(start_paused = true)]
async fn a_load_balancer_becomes_active_and_has_the_name_that_its_type_has() {
    let world = World::new(VERSION).await;
    let made = world.create("front", &[]).await;
    assert_eq!(made.one("Code"), "provisioning");
    let name = made.one("DNSName");
    assert!(name.starts_with("front-") && name.ends_with(".us-east-1.elb.amazonaws.com"), "{name}");
    assert_eq!(made.one("CanonicalHostedZoneId"), "Z35SXDOTRQ7X7K");
    let internal = world.create("back", &[("Scheme", "internal")]).await.one("DNSName");
    assert!(internal.starts_with("internal-back-"), "{internal}");
    let network = world.create("net", &[("Type", "network")]).await;
    let suffix = network.one("LoadBalancerArn").rsplit('/').next().unwrap().to_owned();
    assert_eq!(network.one("DNSName"), format!("net-{suffix}.elb.us-east-1.amazonaws.com"));
    world.client.wait(300);
    let shown = world.ok("DescribeLoadBalancers", &[]).await;
    assert_eq!(shown.all("Code"), ["active", "active", "active"]);
}

#[tokio::test(start_paused = true)]
async fn the_same_request_answers_with_what_is_there_and_another_is_refused() {
    let world = World::new(VERSION).await;
    let arn = world.balancer("front", &[]).await;
    assert_eq!(world.balancer("front", &[]).await, arn);
    let other = world.create("front", &[("Scheme", "internal")]).await;
    assert_eq!(other.code, "DuplicateLoadBalancerName");
    assert_eq!(other.message, "A load balancer with the same name 'front' exists, but with different settings");
}

#[tokio::test(start_paused = true)]
async fn a_load_balancers_interfaces_hold_its_network_until_a_while_after_it() {
    let world = World::new(VERSION).await;
    let client = &world.client;
    let group = world.security_group("front", &world.vpc).await;
    let arn = world.balancer("front", &[("SecurityGroups.member.1", &group)]).await;
    let filter = [("Filter.1.Name", "requester-id"), ("Filter.1.Value.1", "amazon-elb")];
    let shown = client.ec2("DescribeNetworkInterfaces", &filter).await;
    let id = arn.split("loadbalancer/").nth(1).unwrap();
    assert_eq!(shown.all("description"), [format!("ELB {id}"), format!("ELB {id}")]);
    assert_eq!(shown.all("requesterManaged"), ["true", "true"]);
    let interface = shown.all("networkInterfaceId")[0].clone();
    client.refused("DeleteNetworkInterface", &[("NetworkInterfaceId", &interface)], "InvalidParameterValue").await;
    let attachment = shown.all("attachmentId")[0].clone();
    client.refused("DetachNetworkInterface", &[("AttachmentId", &attachment)], "AuthFailure").await;

    let holds = async || {
        client.refused("DeleteSubnet", &[("SubnetId", &world.subnets[0])], "DependencyViolation").await;
        client.refused("DeleteSecurityGroup", &[("GroupId", &group)], "DependencyViolation").await;
    };
    holds().await;
    world.ok("DeleteLoadBalancer", &[("LoadBalancerArn", &arn)]).await;
    assert_eq!(world.ok("DescribeLoadBalancers", &[]).await.all("LoadBalancerArn").len(), 0);
    holds().await;
    client.wait(300);
    client.ec2("DeleteSubnet", &[("SubnetId", &world.subnets[0])]).await;
    client.ec2("DeleteSecurityGroup", &[("GroupId", &group)]).await;
    world.ok("DeleteLoadBalancer", &[("LoadBalancerArn", &arn)]).await;
}

#[tokio::test(start_paused = true)]
async fn deletion_protection_keeps_a_load_balancer() {
    let world = World::new(VERSION).await;
    let arn = world.balancer("front", &[]).await;
    let set = async |value: &str| {
        let attribute =
            [("Attributes.member.1.Key", "deletion_protection.enabled"), ("Attributes.member.1.Value", value)];
        world.ok("ModifyLoadBalancerAttributes", &[&[("LoadBalancerArn", arn.as_str())], &attribute[..]].concat()).await
    };
    set("true").await;
    let message = format!("Load balancer '{arn}' cannot be deleted because deletion protection is enabled");
    world.refused("DeleteLoadBalancer", &[("LoadBalancerArn", &arn)], "OperationNotPermitted", &message).await;
    set("false").await;
    world.ok("DeleteLoadBalancer", &[("LoadBalancerArn", &arn)]).await;
}

#[tokio::test(start_paused = true)]
async fn a_target_group_is_held_by_the_listener_that_forwards_to_it() {
    let world = World::new(VERSION).await;
    let balancer = world.balancer("net", &[("Type", "network")]).await;
    let group = world.group("targets", "TCP").await;
    let listener = world.listener(&balancer, &group, "TCP").await;
    let shown = world.ok("DescribeTargetGroups", &[("LoadBalancerArn", &balancer)]).await;
    assert_eq!((shown.one("TargetGroupArn"), shown.one("HealthCheckProtocol")), (group.clone(), "TCP".to_owned()));
    let message = format!("Target group '{group}' is currently in use by a listener or a rule");
    world.refused("DeleteTargetGroup", &[("TargetGroupArn", &group)], "ResourceInUse", &message).await;
    world.ok("DeleteListener", &[("ListenerArn", &listener)]).await;
    world.ok("DeleteTargetGroup", &[("TargetGroupArn", &group)]).await;
    world.ok("DeleteTargetGroup", &[("TargetGroupArn", &group)]).await;
    let message = "One or more listeners not found";
    world.refused("DeleteListener", &[("ListenerArn", &listener)], "ListenerNotFound", message).await;
}

#[tokio::test(start_paused = true)]
async fn tags_are_described_of_twenty_resources_that_are_there() {
    let world = World::new(VERSION).await;
    let arn = world.balancer("front", &[("Tags.member.1.Key", "a"), ("Tags.member.1.Value", "1")]).await;
    let tag = [("ResourceArns.member.1", arn.as_str()), ("Tags.member.1.Key", "b"), ("Tags.member.1.Value", "2")];
    world.ok("AddTags", &tag).await;
    world.ok("RemoveTags", &[("ResourceArns.member.1", &arn), ("TagKeys.member.1", "a")]).await;
    let shown = world.ok("DescribeTags", &[("ResourceArns.member.1", &arn)]).await;
    assert_eq!((shown.all("Key"), shown.all("Value")), (vec!["b".to_owned()], vec!["2".to_owned()]));
    let names: Vec<String> = (1..=21).map(|at| format!("ResourceArns.member.{at}")).collect();
    let many: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), arn.as_str())).collect();
    assert_eq!(world.ask("DescribeTags", &many).await.code, "ValidationError");
    let absent = arn.replace("/front/", "/absent/");
    let message = "One or more load balancers not found";
    world.refused("DescribeTags", &[("ResourceArns.member.1", &absent)], "LoadBalancerNotFound", message).await;
}
