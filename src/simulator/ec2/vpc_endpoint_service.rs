//! The services that VPC endpoints lead to: AWS's own ones in a region. Those that accounts offer each other, behind
//! load balancers, are not simulated.

use sha2::{Digest, Sha256};

use crate::ec2::resource::{self, Listing};
use crate::ec2::zone;
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] = &[("DescribeVpcEndpointServices", describe)];

pub(super) const RULES: &[Rule] = &[Rule::new(
    "ec2.vpc_endpoint.service",
    "a service that is named exists in the region",
    "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVpcEndpointServices.html",
)];

/// The services that have gateway endpoints: <https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html>.
const GATEWAYS: &[&str] = &["dynamodb", "s3"];

/// The services that have interface endpoints, with the private names of each, `{}` standing for the region:
/// <https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html>, in part.
const INTERFACES: &[(&str, &[&str])] = &[
    ("acm-pca", &["acm-pca.{}.amazonaws.com"]),
    ("athena", &["athena.{}.amazonaws.com"]),
    ("autoscaling", &["autoscaling.{}.amazonaws.com"]),
    ("backup", &["backup.{}.amazonaws.com"]),
    ("cloudformation", &["cloudformation.{}.amazonaws.com"]),
    ("cloudtrail", &["cloudtrail.{}.amazonaws.com"]),
    ("config", &["config.{}.amazonaws.com"]),
    ("dynamodb", &[]),
    ("ebs", &["ebs.{}.amazonaws.com"]),
    ("ec2", &["ec2.{}.amazonaws.com"]),
    ("ec2messages", &["ec2messages.{}.amazonaws.com"]),
    ("ecr.api", &["api.ecr.{}.amazonaws.com"]),
    ("ecr.dkr", &["*.dkr.ecr.{}.amazonaws.com"]),
    ("ecs", &["ecs.{}.amazonaws.com"]),
    ("ecs-agent", &["ecs-a.{}.amazonaws.com"]),
    ("ecs-telemetry", &["ecs-t.{}.amazonaws.com"]),
    ("eks", &["eks.{}.amazonaws.com"]),
    ("eks-auth", &["eks-auth.{}.api.aws"]),
    ("elasticache", &["elasticache.{}.amazonaws.com"]),
    ("elasticfilesystem", &["elasticfilesystem.{}.amazonaws.com"]),
    ("elasticloadbalancing", &["elasticloadbalancing.{}.amazonaws.com"]),
    ("events", &["events.{}.amazonaws.com"]),
    ("execute-api", &["*.execute-api.{}.amazonaws.com"]),
    ("glue", &["glue.{}.amazonaws.com"]),
    ("kinesis-firehose", &["firehose.{}.amazonaws.com"]),
    ("kinesis-streams", &["kinesis.{}.amazonaws.com"]),
    ("kms", &["kms.{}.amazonaws.com"]),
    ("lambda", &["lambda.{}.amazonaws.com"]),
    ("logs", &["logs.{}.amazonaws.com"]),
    ("monitoring", &["monitoring.{}.amazonaws.com"]),
    ("rds", &["rds.{}.amazonaws.com"]),
    ("s3", &["s3.{}.amazonaws.com", "*.s3.{}.amazonaws.com", "*.s3-accesspoint.{}.amazonaws.com"]),
    ("secretsmanager", &["secretsmanager.{}.amazonaws.com"]),
    ("sns", &["sns.{}.amazonaws.com"]),
    ("sqs", &["sqs.{}.amazonaws.com"]),
    ("ssm", &["ssm.{}.amazonaws.com"]),
    ("ssmmessages", &["ssmmessages.{}.amazonaws.com"]),
    ("states", &["states.{}.amazonaws.com"]),
    ("sts", &["sts.{}.amazonaws.com"]),
    ("xray", &["xray.{}.amazonaws.com"]),
];

/// A service in a region, as endpoints of one type lead to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointService {
    /// Its name, e.g. `com.amazonaws.us-east-1.ecr.api`.
    pub name: String,
    /// Its part of that name.
    pub service: &'static str,
    /// `Gateway` or `Interface`.
    pub kind: &'static str,
    /// The name under which its endpoints get theirs.
    pub base: String,
    /// The names that it has within a VPC with private DNS.
    pub private_names: Vec<String>,
}

/// The services of a region, by name. S3 and DynamoDB are there once for each type.
#[must_use]
pub fn services(region: &str) -> Vec<EndpointService> {
    if zone::zones(region).is_empty() {
        return Vec::new();
    }
    let name = |service: &str| format!("com.amazonaws.{region}.{service}");
    let gateways = GATEWAYS.iter().map(|service| EndpointService {
        name: name(service),
        service,
        kind: "Gateway",
        base: format!("{service}.{region}.amazonaws.com"),
        private_names: Vec::new(),
    });
    let interfaces = INTERFACES.iter().map(|(service, names)| {
        let reversed = service.rsplit('.').collect::<Vec<_>>().join(".");
        EndpointService {
            name: name(service),
            service,
            kind: "Interface",
            base: format!("{reversed}.{region}.vpce.amazonaws.com"),
            private_names: names.iter().map(|name| name.replace("{}", region)).collect(),
        }
    });
    let mut services: Vec<EndpointService> = gateways.chain(interfaces).collect();
    services.sort_by(|one, other| (&one.name, one.kind).cmp(&(&other.name, other.kind)));
    services
}

/// The refusal of a service that is not there.
#[must_use]
pub fn absent(name: &str) -> Refusal {
    Refusal::new("InvalidServiceName", format!("The Vpc Endpoint Service '{name}' does not exist"))
}

impl EndpointService {
    fn view(&self, tx: &Tx<'_>) -> Value {
        let digest = hex::encode(Sha256::digest(format!("{} {}", self.name, self.kind)));
        let zones = zone::zones(tx.region());
        let first = self.private_names.first();
        let private: Vec<Value> = self.private_names.iter().map(|name| record! { "PrivateDnsName" => name }).collect();
        record! {
            "ServiceName" => &self.name,
            "ServiceId" => format!("vpce-svc-0{}", &digest[..16]),
            "ServiceType" => vec![record! { "ServiceType" => self.kind }],
            "ServiceRegion" => tx.region(),
            "AvailabilityZoneIds" => zones.iter().map(|zone| zone.id.clone()).collect::<Vec<_>>(),
            "AvailabilityZones" => zones.iter().map(|zone| zone.name.clone()).collect::<Vec<_>>(),
            "Owner" => "amazon",
            "BaseEndpointDnsNames" => vec![self.base.clone()],
            "PrivateDnsName" => first,
            "PrivateDnsNames" => first.map(|_| private),
            "PrivateDnsNameVerificationState" => first.map(|_| "verified"),
            "VpcEndpointPolicySupported" => true,
            "AcceptanceRequired" => false,
            "ManagesVpcEndpoints" => false,
            "SupportedIpAddressTypes" => vec!["ipv4"],
            "Tags" => Value::List(Vec::new()),
        }
    }
}

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    if let Some(other) = input.texts("ServiceRegions").into_iter().find(|region| *region != tx.region()) {
        return Err(Refusal::not_simulated(format!("ec2 DescribeVpcEndpointServices of another region, {other},")));
    }
    let mut chosen = services(tx.region());
    let named = input.texts("ServiceNames");
    if let Some(wrong) = named.iter().find(|name| chosen.iter().all(|service| service.name != **name)) {
        tx.enforce("ec2.vpc_endpoint.service", false, || absent(wrong))?;
    }
    chosen.retain(|service| named.is_empty() || named.contains(&service.name.as_str()));
    let names = ["owner", "service-name", "service-region", "service-type", "supported-ip-address-types"];
    for filter in resource::known_filters(tx, input, &names)? {
        let region = tx.region();
        chosen.retain(|service| {
            let value = match filter.name.as_str() {
                "owner" => "amazon",
                "service-name" => &service.name,
                "service-region" => region,
                "service-type" => service.kind,
                "supported-ip-address-types" => "ipv4",
                // Nobody tags what is AWS's.
                _ => return false,
            };
            filter.fits(&[value.to_owned()])
        });
    }
    let items = chosen.iter().map(|one| (format!("{} {}", one.name, one.kind), one.view(tx))).collect();
    let listing = Listing { ids: "", answer: "ServiceDetails", ids_exclude_pages: None };
    let mut answer = resource::paged(tx, input, items, listing)?;
    let mut names: Vec<String> = Vec::new();
    for name in answer.get("ServiceDetails").list().iter().filter_map(|one| one.get("ServiceName").text()) {
        if names.last().is_none_or(|last| last != name) {
            names.push(name.to_owned());
        }
    }
    answer.set("ServiceNames", names);
    Ok(answer)
}
