//! What everything in a stack costs at most, and a refusal of what has no known price.
//!
//! List prices in US dollars, on demand, Linux, without free tier, in `us-east-2`, as AWS's pages gave them on the
//! dates below. Pages change and tests don't notice: what comes of them is doubled.

use std::time::Duration;

use fathuss_model::graph::{Graph, Node};
use fathuss_model::{Datum, Expression};

use crate::stack::REGION;

/// One hour of a `t3.nano`: <https://aws.amazon.com/ec2/pricing/on-demand/>, 2025-11.
const T3_NANO_HOUR: f64 = 0.0052;
/// One hour of one vCPU above the baseline, which T3 instances take as they like unless told otherwise:
/// <https://aws.amazon.com/ec2/pricing/on-demand/>, unlimited mode, 2025-11.
const CREDITS_VCPU_HOUR: f64 = 0.05;
/// The vCPUs of a `t3.nano`.
const T3_NANO_VCPUS: f64 = 2.0;
/// A GiB of gp3 for a month, with the IOPS and throughput that come with it: <https://aws.amazon.com/ebs/pricing/>, 2025-11.
const GP3_GIB_MONTH: f64 = 0.08;
/// The shortest month, so that an hour costs the most.
const MONTH_HOURS: f64 = 28.0 * 24.0;
/// What no page is trusted to have told.
const MARGIN: f64 = 2.0;

/// Types without a price of their own: <https://aws.amazon.com/vpc/pricing/>, <https://aws.amazon.com/iam/faqs/>, 2025-11.
const FREE: &[&str] = &[
    "aws_ami",
    "aws_iam_instance_profile",
    "aws_iam_role",
    "aws_launch_template",
    "aws_security_group",
    "aws_subnet",
    "aws_volume_attachment",
    "aws_vpc",
    "aws_vpc_security_group_egress_rule",
    "aws_vpc_security_group_ingress_rule",
];

/// The most that a stack can cost within this time, in US dollars.
pub fn bound(graph: &Graph, longest: Duration) -> Result<f64, String> {
    let mut hourly = 0.0;
    for node in &graph.nodes {
        if node.region != REGION {
            return Err(format!("{} is in {}; prices are known for {REGION} alone", node.address, node.region));
        }
        hourly += hour_of(node)?;
    }
    Ok(hourly * longest.as_secs_f64() / 3600.0 * MARGIN)
}

/// Refuses what may cost more than the cap.
pub fn within(bound: f64, cap: f64) -> Result<f64, String> {
    if bound <= cap {
        return Ok(bound);
    }
    Err(format!("the stack may cost up to USD {bound:.4}, and the cap is USD {cap:.4}"))
}

/// An hour of one resource.
fn hour_of(node: &Node) -> Result<f64, String> {
    match node.address.kind() {
        kind if FREE.contains(&kind) => Ok(0.0),
        "aws_ebs_volume" => gp3(node, ""),
        "aws_instance" => instance(node),
        kind => Err(format!("{}: the price of {kind} is not known", node.address)),
    }
}

fn instance(node: &Node) -> Result<f64, String> {
    if given(node, "instance_type") != Some("t3.nano".into()) {
        return Err(format!("{}: the price of an instance is known for t3.nano alone", node.address));
    }
    // A public address has a price; without the field the subnet decides.
    if given(node, "associate_public_ip_address") != Some(false.into()) {
        return Err(format!("{}: `associate_public_ip_address` is not false", node.address));
    }
    if node.fields.contains_key("monitoring") {
        return Err(format!("{}: the price of detailed monitoring is not known", node.address));
    }
    Ok(T3_NANO_HOUR + T3_NANO_VCPUS * CREDITS_VCPU_HOUR + gp3(node, "root_block_device.volume_")?)
}

/// A volume whose type and size stand under names that begin so, in whichever field.
fn gp3(node: &Node, prefix: &str) -> Result<f64, String> {
    let block = prefix.split_once('.').map_or(String::new(), |(block, _)| format!("{block}."));
    let extra = ["iops", "throughput"].iter().any(|name| given(node, &format!("{block}{name}")).is_some());
    let is_gp3 = given(node, &format!("{prefix}type")) == Some("gp3".into());
    let size = given(node, &format!("{prefix}size")).and_then(|size| size.as_integer());
    match size {
        #[expect(clippy::cast_precision_loss, reason = "a volume has at most 65,536 GiB")]
        Some(size) if is_gp3 && !extra => Ok(size as f64 * GP3_GIB_MONTH / MONTH_HOURS),
        _ => Err(format!("{}: the price of a volume is known for plain gp3 of a given size alone", node.address)),
    }
}

/// What the program wrote in place at a dotted path; nothing where it is left open.
fn given(node: &Node, path: &str) -> Option<Datum> {
    let (field, rest) = path.split_once('.').map_or((path, None), |(field, rest)| (field, Some(rest)));
    let found = match (node.fields.get(field)?, rest) {
        (Expression::Literal(datum), None) => Some(datum),
        (Expression::Literal(datum), Some(rest)) => datum.at(rest),
        (Expression::Map(fields), Some(rest)) => match fields.get(rest)? {
            Expression::Literal(datum) => Some(datum),
            // It is given, though not as a number that could be read here.
            _ => return Some(Datum::Null),
        },
        _ => return Some(Datum::Null),
    };
    found.filter(|datum| !datum.is_null()).cloned()
}

#[cfg(test)]
mod tests {
    use fathuss_model::aws::{
        Ami, EbsVolume, Eip, Instance, InstanceType, NatGateway, RootBlockDevice, Subnet, VolumeType, Vpc,
    };
    use fathuss_model::{Ipv4Net, Result, Stack, graph_of};

    use super::*;
    use crate::life::Limits;
    use crate::stack;

    const HOUR: Duration = Duration::from_secs(3600);

    fn of(declare: impl FnOnce(&mut Stack) -> Result<()>) -> std::result::Result<f64, String> {
        let graph = graph_of("priced", |stack| {
            stack.place(REGION, "123456789012");
            declare(stack)
        });
        bound(&graph.unwrap(), HOUR)
    }

    fn subnet(stack: &mut Stack) -> Result<fathuss_model::Handle<Subnet>> {
        let vpc = stack.add("main", Vpc::new("10.0.0.0/16".parse::<Ipv4Net>()?));
        Ok(stack.add("main", Subnet::new(&vpc, "10.0.0.0/24".parse::<Ipv4Net>()?)))
    }

    fn instance(kind: InstanceType, root: i64) -> impl FnOnce(&mut Stack) -> Result<()> {
        move |stack| {
            let (subnet, image) = (subnet(stack)?, stack.add("image", Ami::amazon_linux_2023("x86_64")));
            let instance = Instance::new(&image, kind, &subnet).associate_public_ip_address(false);
            stack.add("main", instance.root_block_device(RootBlockDevice::encrypted_gp3(root)));
            Ok(())
        }
    }

    #[test]
    fn the_smoke_stack_costs_at_most_half_a_dollar_and_more_than_nothing() {
        for changed in [false, true] {
            let graph = stack::graph("1-1", "123456789012", changed);
            assert_eq!(Limits::REAL.longest(), Duration::from_secs(88 * 60));
            let bound = bound(&graph, Limits::REAL.longest()).unwrap();
            assert!((0.1..0.5).contains(&bound), "{bound}");
            assert_eq!(within(bound, 0.5), Ok(bound));
            assert!(within(bound, 0.05).unwrap_err().contains("the cap is USD 0.05"));
        }
    }

    #[test]
    fn a_bound_is_the_sum_of_the_hours_doubled() {
        let volume = of(|stack| {
            stack.add("data", EbsVolume::encrypted_gp3("us-east-2a", 672));
            Ok(())
        });
        assert!((volume.unwrap() - 2.0 * 0.08).abs() < 1e-9, "672 GiB for an hour are a GiB for the shortest month");
        let small = of(instance(InstanceType::T3Nano, 8)).unwrap();
        let large = of(instance(InstanceType::T3Nano, 8 + 672)).unwrap();
        assert!((small - 2.0 * (0.0052 + 2.0 * 0.05 + 8.0 * 0.08 / 672.0)).abs() < 1e-9, "{small}");
        assert!((large - small - 2.0 * 0.08).abs() < 1e-9, "a root volume counts");
    }

    #[test]
    fn what_has_no_known_price_is_refused() {
        let refused = |declare: fn(&mut Stack) -> Result<()>, words: &str| {
            let refusal = of(declare).unwrap_err();
            assert!(refusal.contains(words), "{refusal}");
        };
        refused(
            |stack| {
                let (subnet, address) = (subnet(stack)?, stack.add("nat", Eip::new()));
                stack.add("main", NatGateway::public(&subnet, &address));
                Ok(())
            },
            "the price of aws_eip is not known",
        );
        refused(|stack| instance(InstanceType::M6i2xlarge, 8)(stack), "t3.nano alone");
        refused(
            |stack| {
                let (subnet, image) = (subnet(stack)?, stack.add("image", Ami::amazon_linux_2023("x86_64")));
                let instance = Instance::new(&image, InstanceType::T3Nano, &subnet);
                stack.add("main", instance.root_block_device(RootBlockDevice::encrypted_gp3(8)));
                Ok(())
            },
            "`associate_public_ip_address` is not false",
        );
        refused(
            |stack| {
                let (subnet, image) = (subnet(stack)?, stack.add("image", Ami::amazon_linux_2023("x86_64")));
                let instance = Instance::new(&image, InstanceType::T3Nano, &subnet);
                stack.add("main", instance.associate_public_ip_address(false));
                Ok(())
            },
            "plain gp3 of a given size",
        );
        refused(
            |stack| {
                stack.add("data", EbsVolume::encrypted_gp3("us-east-2a", 8).iops(4_000));
                Ok(())
            },
            "plain gp3 of a given size",
        );
        refused(
            |stack| {
                stack.add("data", EbsVolume::new("us-east-2a").size(8).r#type(VolumeType::Io2).iops(100));
                Ok(())
            },
            "plain gp3 of a given size",
        );
        refused(
            |stack| {
                stack.place("eu-west-1", "123456789012");
                stack.add("data", EbsVolume::encrypted_gp3("eu-west-1a", 8));
                Ok(())
            },
            "prices are known for us-east-2 alone",
        );
    }
}
