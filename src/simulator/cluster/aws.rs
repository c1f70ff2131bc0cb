//! What the controllers in a cluster ask of AWS. They play the parts of the AWS Load Balancer Controller and of the EBS
//! CSI driver, and say what those would have; whoever keeps the cluster makes it, and answers for AWS.

use futures::future::BoxFuture;

/// What AWS answers, in its own words where it refuses.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, Refused>>;

/// That AWS did not do it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub String);

/// AWS, as the controllers of one cluster know it. Everything may be asked for again: what is there is found.
pub trait Aws: Send + Sync + 'static {
    /// Makes a load balancer with what belongs to it; its name in DNS.
    fn make_load_balancer<'a>(&'a self, wanted: &'a LoadBalancer) -> Answer<'a, String>;

    /// Takes everything of a stack away. Refused as long as something of it is still in use.
    fn remove_load_balancer<'a>(&'a self, stack: &'a Stack) -> Answer<'a, ()>;

    /// Makes a volume; its id.
    fn make_volume<'a>(&'a self, wanted: &'a Volume) -> Answer<'a, String>;

    /// Deletes a volume, if it is there.
    fn delete_volume<'a>(&'a self, id: &'a str) -> Answer<'a, ()>;

    /// Attaches a volume to the machine that is the node of that name, if it isn't yet.
    fn attach_volume<'a>(&'a self, id: &'a str, node: &'a str) -> Answer<'a, ()>;

    /// Detaches a volume from that machine, if it is there and attached to it.
    fn detach_volume<'a>(&'a self, id: &'a str, node: &'a str) -> Answer<'a, ()>;
}

/// What a load balancer was made for, as its tags tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stack {
    /// What the tags' keys begin with: `service.k8s.aws` or `ingress.k8s.aws`.
    pub prefix: &'static str,
    /// `NAMESPACE/NAME`, or the name of a group of Ingresses.
    pub name: String,
}

/// A load balancer that a controller wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadBalancer {
    /// What it is for.
    pub stack: Stack,
    /// Its name.
    pub name: String,
    /// Whether it balances requests, not connections.
    pub is_application: bool,
    /// Whether it faces its network alone.
    pub is_internal: bool,
    /// Its subnets, where they are named.
    pub subnets: Vec<String>,
    /// Its security groups, where they are named.
    pub security_groups: Vec<String>,
    /// The name of the group that is made for it where none is.
    pub managed_group: String,
    /// From where that group lets clients in.
    pub sources: Vec<String>,
    /// What is set of its attributes.
    pub attributes: Vec<(String, String)>,
    /// Tags beside the controller's own.
    pub tags: Vec<(String, String)>,
    /// Its listeners.
    pub listeners: Vec<Listener>,
}

/// A listener of a load balancer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// Its port.
    pub port: i32,
    /// Its protocol.
    pub protocol: String,
    /// Its certificate's ARN.
    pub certificate: Option<String>,
    /// Its security policy.
    pub policy: Option<String>,
    /// Where it forwards to; nowhere, where rules of their own would say so.
    pub target: Option<TargetGroup>,
}

/// A target group of a listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetGroup {
    /// Its name.
    pub name: String,
    /// What it is in its stack: `NAMESPACE/NAME:PORT`.
    pub resource: String,
    /// Its protocol.
    pub protocol: String,
    /// The port of its targets.
    pub port: i32,
    /// `ip` or `instance`.
    pub target: String,
}

/// A volume that a controller wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Volume {
    /// The name of its PersistentVolume: the same name is the same volume.
    pub name: String,
    /// Its zone.
    pub zone: String,
    /// Its size.
    pub gibibytes: i64,
    /// `gp3` and so on.
    pub kind: String,
    /// Operations a second, where they are chosen.
    pub iops: Option<i64>,
    /// MiB a second, where they are chosen.
    pub throughput: Option<i64>,
    /// Whether it is encrypted.
    pub encrypted: bool,
    /// By which key.
    pub key: Option<String>,
    /// Its tags.
    pub tags: Vec<(String, String)>,
}
