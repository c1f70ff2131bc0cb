//! What gives addresses to a cluster: a Service of type LoadBalancer and an Ingress of class `alb` get a load balancer.
//!
//! Most are the AWS Load Balancer Controller's, and made and removed while its Deployment has a pod that is available:
//! network load balancers for Services that ask for it by class or annotation, application load balancers for
//! Ingresses. What is theirs has the controller's finalizer, and stays where the controller is gone before it.
//! Names and tags are the controller's: <https://github.com/kubernetes-sigs/aws-load-balancer-controller>, `pkg/service`,
//! `pkg/ingress` and `pkg/deploy/tracking`. It is made once: changes of a Service that has its address reach nothing.
//!
//! A Service without a class is Kubernetes' own: it gets the name of a classic load balancer, which is nowhere else.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt::Debug;
use std::sync::Arc;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{LoadBalancerStatus, Service, ServicePort};
use k8s_openapi::api::networking::v1::{Ingress, IngressLoadBalancerStatus};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use kube::api::{ListParams, Patch, PatchParams};
use kube::core::NamespaceResourceScope;
use kube::{Api, Client, Resource, ResourceExt as _};
use serde::de::DeserializeOwned;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::aws::{Aws, Listener, LoadBalancer, Refused, Stack, TargetGroup};
use crate::watching::{self, Refusals, accept};

/// By this its objects are known, in whatever namespace it was installed.
const CONTROLLER: &str = "app.kubernetes.io/name=aws-load-balancer-controller";

/// The class of Services that it balances.
const SERVICE_CLASS: &str = "service.k8s.aws/nlb";

const OF_SERVICES: &str = "service.k8s.aws";
const OF_INGRESSES: &str = "ingress.k8s.aws";

/// What it puts on a Service, and on an Ingress that is in no group, to clean up first.
const SERVICE_FINALIZER: &str = "service.k8s.aws/resources";
const INGRESS_FINALIZER: &str = "ingress.k8s.aws/resources";

/// How the annotations of Services and Ingresses begin.
const SERVICE: &str = "service.beta.kubernetes.io/aws-load-balancer-";
const INGRESS: &str = "alb.ingress.kubernetes.io/";

/// Whose cluster it is that the controllers are in.
#[derive(Clone)]
pub struct Place {
    /// The cluster's name.
    pub cluster: String,
    /// Its region.
    pub region: String,
    /// AWS, as it answers there.
    pub aws: Arc<dyn Aws>,
}

/// Gives addresses until it is dropped. What AWS refuses is told.
pub async fn tend(client: Client, place: Place, tell: impl Fn(&str) + Send + Sync) -> Infallible {
    let controller = Controller::new(client, place);
    let mut refusals = Refusals::default();
    loop {
        let Ok(seen) = controller.act().await else {
            tokio::time::sleep(watching::PAUSE).await;
            continue;
        };
        if refusals.paused(seen.refused, &tell).await {
            continue;
        }
        let services = std::pin::pin!(watching::change(&controller.services, seen.services.as_deref()));
        let ingresses = std::pin::pin!(watching::change(&controller.ingresses, seen.ingresses.as_deref()));
        let deployments = std::pin::pin!(watching::change(&controller.deployments, seen.deployments.as_deref()));
        let either = futures::future::select(services, ingresses);
        futures::future::select(either, deployments).await;
    }
}

struct Controller {
    client: Client,
    place: Place,
    services: Api<Service>,
    ingresses: Api<Ingress>,
    deployments: Api<Deployment>,
}

/// The versions of the lists that were acted on, and what AWS refused last.
struct Seen {
    services: Option<String>,
    ingresses: Option<String>,
    deployments: Option<String>,
    refused: Option<Refused>,
}

/// Why something could not be done.
enum Failed {
    Kubernetes(kube::Error),
    Aws(Refused),
}

impl From<kube::Error> for Failed {
    fn from(error: kube::Error) -> Self {
        Self::Kubernetes(error)
    }
}

impl From<Refused> for Failed {
    fn from(refused: Refused) -> Self {
        Self::Aws(refused)
    }
}

impl Controller {
    fn new(client: Client, place: Place) -> Self {
        let services = Api::all(client.clone());
        let ingresses = Api::all(client.clone());
        let deployments = Api::all(client.clone());
        Self { client, place, services, ingresses, deployments }
    }

    async fn act(&self) -> Result<Seen, kube::Error> {
        let all = ListParams::default();
        let deployments = self.deployments.list(&all.clone().labels(CONTROLLER)).await?;
        let is_there = deployments.iter().any(is_available);
        let services = self.services.list(&all).await?;
        let ingresses = self.ingresses.list(&all).await?;
        let mut refused = None;
        let mut note = |outcome: Result<(), Failed>| match outcome {
            Err(Failed::Kubernetes(error)) => Err(error),
            Err(Failed::Aws(why)) => {
                refused = Some(why);
                Ok(())
            }
            Ok(()) => Ok(()),
        };
        for service in &services {
            if let Some(hostname) = classic(service, &self.place.region) {
                self.address(service, &hostname).await?;
            } else if is_there {
                note(self.service(service).await)?;
            }
        }
        if is_there {
            let groups = grouped(&ingresses.items);
            for (group, members) in groups {
                note(self.ingresses(&group, &members).await)?;
            }
        }
        Ok(Seen {
            services: services.metadata.resource_version,
            ingresses: ingresses.metadata.resource_version,
            deployments: deployments.metadata.resource_version,
            refused,
        })
    }

    /// Gives a Service its load balancer, or takes it away with the Service.
    async fn service(&self, service: &Service) -> Result<(), Failed> {
        let held = service.finalizers().iter().any(|one| one == SERVICE_FINALIZER);
        let wanted = is_network(service) && service.metadata.deletion_timestamp.is_none();
        if wanted {
            if !held {
                self.hold(service, SERVICE_FINALIZER).await?;
            }
            if !is_addressed(service.status.as_ref().and_then(|status| status.load_balancer.as_ref())) {
                let Some(balancer) = for_service(service, &self.place.cluster) else { return Ok(()) };
                let hostname = self.place.aws.make_load_balancer(&balancer).await?;
                self.address(service, &hostname).await?;
            }
        } else if held {
            let stack = Stack { prefix: OF_SERVICES, name: name_of(service) };
            self.place.aws.remove_load_balancer(&stack).await?;
            if service.metadata.deletion_timestamp.is_none() {
                self.set_addresses(service, serde_json::Value::Null).await?;
            }
            self.release(service, SERVICE_FINALIZER).await?;
        }
        Ok(())
    }

    /// Gives the Ingresses of a group their load balancer, or takes it away with the last of them.
    async fn ingresses(&self, group: &Group, members: &[&Ingress]) -> Result<(), Failed> {
        let finalizer = group.finalizer();
        let is_held = |ingress: &Ingress| ingress.finalizers().contains(&finalizer);
        let (live, gone): (Vec<&Ingress>, Vec<&Ingress>) =
            members.iter().partition(|one| is_application(one) && one.metadata.deletion_timestamp.is_none());
        for ingress in live.iter().filter(|ingress| !is_held(ingress)) {
            self.hold(*ingress, &finalizer).await?;
        }
        let addressed = |ingress: &&&Ingress| {
            let status = ingress.status.as_ref().and_then(|status| status.load_balancer.as_ref());
            status.is_some_and(|status: &IngressLoadBalancerStatus| {
                status.ingress.as_ref().is_some_and(|addresses| !addresses.is_empty())
            })
        };
        if live.iter().any(|ingress| !addressed(&ingress)) {
            let balancer = for_ingresses(group, &live, &self.place.cluster);
            let hostname = self.place.aws.make_load_balancer(&balancer).await?;
            for ingress in live.iter().filter(|ingress| !addressed(ingress)) {
                self.address(*ingress, &hostname).await?;
            }
        }
        let left: Vec<&&Ingress> = gone.iter().filter(|ingress| is_held(ingress)).collect();
        if live.is_empty() && !left.is_empty() {
            let stack = Stack { prefix: OF_INGRESSES, name: group.name.clone() };
            self.place.aws.remove_load_balancer(&stack).await?;
        }
        for ingress in left {
            self.release(*ingress, &finalizer).await?;
        }
        Ok(())
    }

    /// Says where something can be reached.
    async fn address<K>(&self, object: &K, hostname: &str) -> Result<(), kube::Error>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned,
    {
        self.set_addresses(object, json!([{"hostname": hostname}])).await
    }

    async fn set_addresses<K>(&self, object: &K, addresses: serde_json::Value) -> Result<(), kube::Error>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned,
    {
        let patch = Patch::Merge(json!({"status": {"loadBalancer": {"ingress": addresses}}}));
        let patched = self.of(object).patch_status(&object.name_any(), &PatchParams::default(), &patch).await;
        accept(404, patched)
    }

    /// Keeps something from going before its load balancer has.
    async fn hold<K>(&self, object: &K, finalizer: &str) -> Result<(), kube::Error>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned,
    {
        let finalizers: Vec<&str> = object.finalizers().iter().map(String::as_str).chain([finalizer]).collect();
        self.set_finalizers(object, &finalizers).await
    }

    /// Lets it go.
    async fn release<K>(&self, object: &K, finalizer: &str) -> Result<(), kube::Error>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned,
    {
        let finalizers: Vec<&str> =
            object.finalizers().iter().map(String::as_str).filter(|one| *one != finalizer).collect();
        self.set_finalizers(object, &finalizers).await
    }

    /// Only as what was seen: where it has changed since, it is looked at again.
    async fn set_finalizers<K>(&self, object: &K, finalizers: &[&str]) -> Result<(), kube::Error>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned,
    {
        let patch = json!({"metadata": {"finalizers": finalizers, "resourceVersion": object.resource_version()}});
        let patched = self.of(object).patch(&object.name_any(), &PatchParams::default(), &Patch::Merge(&patch)).await;
        accept(404, patched)
    }

    fn of<K>(&self, object: &K) -> Api<K>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    {
        Api::namespaced(self.client.clone(), &object.namespace().unwrap_or_default())
    }
}

fn is_available(deployment: &Deployment) -> bool {
    let available = deployment.status.as_ref().and_then(|status| status.available_replicas).unwrap_or_default();
    available > 0 && deployment.metadata.deletion_timestamp.is_none()
}

fn is_addressed(status: Option<&LoadBalancerStatus>) -> bool {
    status.is_some_and(|status| status.ingress.as_ref().is_some_and(|addresses| !addresses.is_empty()))
}

fn is_balanced(service: &Service) -> bool {
    service.spec.as_ref().is_some_and(|spec| spec.type_.as_deref() == Some("LoadBalancer"))
}

/// Whether the AWS Load Balancer Controller balances a Service.
fn is_network(service: &Service) -> bool {
    let class = service.spec.as_ref().and_then(|spec| spec.load_balancer_class.as_deref());
    let asked = annotation(service, SERVICE, "type").is_some_and(|kind| matches!(kind, "external" | "nlb-ip"));
    is_balanced(service) && class.map_or(asked, |class| class == SERVICE_CLASS)
}

/// Whether the controller balances an Ingress.
fn is_application(ingress: &Ingress) -> bool {
    let class = ingress.spec.as_ref().and_then(|spec| spec.ingress_class_name.as_deref());
    class.or_else(|| ingress.annotations().get("kubernetes.io/ingress.class").map(String::as_str)) == Some("alb")
}

/// The name of the classic load balancer that a Service lacks, if Kubernetes itself makes it one.
fn classic(service: &Service, region: &str) -> Option<String> {
    let has_class = service.spec.as_ref().is_some_and(|spec| spec.load_balancer_class.is_some());
    let addressed = is_addressed(service.status.as_ref().and_then(|status| status.load_balancer.as_ref()));
    let gone = service.metadata.deletion_timestamp.is_some();
    if !is_balanced(service) || has_class || is_network(service) || addressed || gone {
        return None;
    }
    let uid = service.uid()?;
    let digits = |count| -> String {
        Sha256::digest(&uid).iter().map(|byte| char::from(b'0' + byte % 10)).take(count).collect()
    };
    let name: String = format!("a{}", uid.replace('-', "")).chars().take(32).collect();
    if annotation(service, SERVICE, "type") == Some("nlb") {
        return Some(format!("{name}-{}.elb.{region}.amazonaws.com", digits(16)));
    }
    Some(format!("{name}-{}.{region}.elb.amazonaws.com", digits(10)))
}

fn annotation<'o, K: Resource>(object: &'o K, prefix: &str, name: &str) -> Option<&'o str> {
    object.annotations().get(&format!("{prefix}{name}")).map(String::as_str)
}

/// The items of an annotation that is a list.
fn listed(text: Option<&str>) -> Vec<String> {
    let items = text.into_iter().flat_map(|text| text.split(',')).map(str::trim);
    items.filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

/// The pairs of an annotation that is a list of them.
fn pairs(text: Option<&str>) -> Vec<(String, String)> {
    let items = listed(text).into_iter();
    items.filter_map(|item| item.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned()))).collect()
}

fn name_of<K: Resource>(object: &K) -> String {
    format!("{}/{}", object.namespace().unwrap_or_default(), object.name_any())
}

/// `k8s-NAMESPACE-NAME-HASH`, each cut as the controller cuts it.
fn named<K: Resource>(object: &K, hashed: &[&str]) -> String {
    let short = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).take(8).collect::<String>();
    let (namespace, name) = (object.namespace().unwrap_or_default(), object.name_any());
    format!("k8s-{}-{}-{}", short(&namespace), short(&name), hash(hashed))
}

fn hash(parts: &[&str]) -> String {
    Sha256::digest(parts.concat())[..5].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The load balancer of a Service.
fn for_service(service: &Service, cluster: &str) -> Option<LoadBalancer> {
    let of = |name: &str| annotation(service, SERVICE, name);
    let (uid, spec) = (service.uid()?, service.spec.as_ref()?);
    let is_internal = match of("scheme") {
        Some(scheme) => scheme != "internet-facing",
        None => of("internal") != Some("false"),
    };
    let scheme = if is_internal { "internal" } else { "internet-facing" };
    let (namespace, name) = (service.namespace().unwrap_or_default(), service.name_any());
    let sources = match &spec.load_balancer_source_ranges {
        Some(ranges) if !ranges.is_empty() => ranges.clone(),
        _ => vec!["0.0.0.0/0".to_owned()],
    };
    let by_ip = of("type") == Some("nlb-ip") || of("nlb-target-type") == Some("ip");
    let ports = spec.ports.iter().flatten();
    Some(LoadBalancer {
        stack: Stack { prefix: OF_SERVICES, name: name_of(service) },
        name: of("name").map_or_else(|| named(service, &[cluster, &uid, scheme]), str::to_owned),
        is_application: false,
        is_internal,
        subnets: listed(of("subnets")),
        security_groups: listed(of("security-groups")),
        managed_group: named(service, &[cluster, &name, &namespace, &uid]),
        sources,
        attributes: pairs(of("attributes")),
        tags: pairs(of("additional-resource-tags")),
        listeners: ports.map(|port| listener(service, port, cluster, &uid, by_ip)).collect(),
    })
}

fn listener(service: &Service, port: &ServicePort, cluster: &str, uid: &str, by_ip: bool) -> Listener {
    let of = |name: &str| annotation(service, SERVICE, name);
    let transport = port.protocol.as_deref().unwrap_or("TCP");
    let secured = listed(of("ssl-ports"));
    let is_secured = |name: &str| secured.is_empty() || secured.iter().any(|one| one == "*" || one == name);
    let certificate = listed(of("ssl-cert")).into_iter().next().filter(|_| {
        transport == "TCP" && (is_secured(&port.port.to_string()) || port.name.as_deref().is_some_and(is_secured))
    });
    let protocol = if certificate.is_some() { "TLS" } else { transport };
    let behind = if certificate.is_some() && of("backend-protocol") == Some("ssl") { "TLS" } else { transport };
    let target_port = match (&port.target_port, by_ip) {
        (Some(IntOrString::Int(number)), true) => *number,
        // What the pods call a port differs from one to the other.
        (Some(IntOrString::String(_)), true) => 1,
        (None, true) => port.port,
        (_, false) => port.node_port.unwrap_or(1),
    };
    let target = if by_ip { "ip" } else { "instance" };
    let hashed = [cluster, uid, &target_port.to_string(), target, behind, "TCP", "10"];
    Listener {
        port: port.port,
        protocol: protocol.to_owned(),
        policy: certificate.as_ref().and_then(|_| of("ssl-negotiation-policy")).map(str::to_owned),
        certificate,
        target: Some(TargetGroup {
            name: named(service, &hashed),
            resource: format!("{}:{}", name_of(service), port.port),
            protocol: behind.to_owned(),
            port: target_port,
            target: target.to_owned(),
        }),
    }
}

/// Ingresses that have one load balancer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Group {
    /// The group's name, or the namespace and name of the one that is in none.
    name: String,
    is_explicit: bool,
}

impl Group {
    fn of(ingress: &Ingress) -> Group {
        match annotation(ingress, INGRESS, "group.name") {
            Some(name) => Group { name: name.to_owned(), is_explicit: true },
            None => Group { name: name_of(ingress), is_explicit: false },
        }
    }

    fn finalizer(&self) -> String {
        if self.is_explicit { format!("group.{OF_INGRESSES}/{}", self.name) } else { INGRESS_FINALIZER.to_owned() }
    }

    /// A name of theirs.
    fn named(&self, hashed: &[&str]) -> String {
        let sound =
            |text: &str, most: usize| text.chars().filter(char::is_ascii_alphanumeric).take(most).collect::<String>();
        match self.name.split_once('/') {
            Some((namespace, name)) if !self.is_explicit => {
                format!("k8s-{}-{}-{}", sound(namespace, 8), sound(name, 8), hash(hashed))
            }
            _ => format!("k8s-{}-{}", sound(&self.name, 17), hash(hashed)),
        }
    }
}

/// The Ingresses that are the controller's, or were.
fn grouped(ingresses: &[Ingress]) -> BTreeMap<Group, Vec<&Ingress>> {
    let mut groups: BTreeMap<Group, Vec<&Ingress>> = BTreeMap::new();
    for ingress in ingresses {
        let group = Group::of(ingress);
        if is_application(ingress) || ingress.finalizers().contains(&group.finalizer()) {
            groups.entry(group).or_default().push(ingress);
        }
    }
    groups
}

/// The load balancer of a group of Ingresses. Its rules are not made: it answers whatever comes.
fn for_ingresses(group: &Group, members: &[&Ingress], cluster: &str) -> LoadBalancer {
    let of = |name: &str| members.iter().find_map(|ingress| annotation(*ingress, INGRESS, name));
    let is_internal = of("scheme") != Some("internet-facing");
    let scheme = if is_internal { "internal" } else { "internet-facing" };
    let certificate = listed(of("certificate-arn")).into_iter().next();
    let usual = if certificate.is_some() { r#"[{"HTTPS":443}]"# } else { r#"[{"HTTP":80}]"# };
    let ports: Vec<BTreeMap<String, i32>> =
        serde_json::from_str(of("listen-ports").unwrap_or(usual)).unwrap_or_default();
    let listeners = ports.into_iter().flatten().map(|(protocol, port)| Listener {
        port,
        certificate: certificate.clone().filter(|_| protocol == "HTTPS"),
        policy: of("ssl-policy").filter(|_| protocol == "HTTPS").map(str::to_owned),
        protocol,
        target: None,
    });
    let sources = listed(of("inbound-cidrs"));
    LoadBalancer {
        stack: Stack { prefix: OF_INGRESSES, name: group.name.clone() },
        name: of("load-balancer-name").map_or_else(|| group.named(&[cluster, &group.name, scheme]), str::to_owned),
        is_application: true,
        is_internal,
        subnets: listed(of("subnets")),
        security_groups: listed(of("security-groups")),
        managed_group: group.named(&[cluster, &group.name]),
        sources: if sources.is_empty() { vec!["0.0.0.0/0".to_owned()] } else { sources },
        attributes: pairs(of("load-balancer-attributes")),
        tags: pairs(of("tags")),
        listeners: listeners.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(annotations: serde_json::Value, spec: serde_json::Value) -> Service {
        serde_json::from_value(json!({
            "metadata": {"name": "istio-gateway", "namespace": "istio-ingress", "uid": "1", "annotations": annotations},
            "spec": spec,
        }))
        .unwrap()
    }

    fn ports() -> serde_json::Value {
        json!([{"name": "http", "port": 80, "targetPort": 8080}, {"name": "https", "port": 443, "targetPort": 8443}])
    }

    #[test]
    fn a_service_says_by_its_annotations_what_its_load_balancer_is() {
        let annotations = json!({
            "service.beta.kubernetes.io/aws-load-balancer-type": "external",
            "service.beta.kubernetes.io/aws-load-balancer-nlb-target-type": "ip",
            "service.beta.kubernetes.io/aws-load-balancer-scheme": "internet-facing",
            "service.beta.kubernetes.io/aws-load-balancer-ssl-cert": "arn:of:a:certificate",
            "service.beta.kubernetes.io/aws-load-balancer-ssl-ports": "443",
            "service.beta.kubernetes.io/aws-load-balancer-attributes": "load_balancing.cross_zone.enabled=true",
            "service.beta.kubernetes.io/aws-load-balancer-additional-resource-tags": "A=1,B=2",
        });
        let service = service(annotations, json!({"type": "LoadBalancer", "ports": ports()}));
        assert!(is_network(&service));
        let balancer = for_service(&service, "main").unwrap();
        assert!(balancer.name.starts_with("k8s-istioing-istiogat-"), "{}", balancer.name);
        assert_eq!(balancer.name.len(), "k8s-istioing-istiogat-".len() + 10);
        assert!(!balancer.is_internal && !balancer.is_application);
        assert_eq!(balancer.stack, Stack { prefix: OF_SERVICES, name: "istio-ingress/istio-gateway".to_owned() });
        assert_eq!(balancer.tags, [("A".to_owned(), "1".to_owned()), ("B".to_owned(), "2".to_owned())]);
        let listeners: Vec<(i32, &str, bool)> = balancer
            .listeners
            .iter()
            .map(|listener| (listener.port, listener.protocol.as_str(), listener.certificate.is_some()))
            .collect();
        assert_eq!(listeners, [(80, "TCP", false), (443, "TLS", true)]);
        let targets: Vec<&TargetGroup> = balancer.listeners.iter().filter_map(|one| one.target.as_ref()).collect();
        assert_eq!((targets[0].port, targets[0].target.as_str()), (8080, "ip"));
        assert_eq!(targets[1].resource, "istio-ingress/istio-gateway:443");
        assert_ne!(targets[0].name, targets[1].name);
    }

    #[test]
    fn a_service_is_the_controllers_by_its_class_or_its_type_and_kubernetes_own_without() {
        let own = service(json!({}), json!({"type": "LoadBalancer", "ports": ports()}));
        assert!(!is_network(&own));
        let hostname = classic(&own, "eu-central-1").unwrap();
        assert!(hostname.ends_with(".eu-central-1.elb.amazonaws.com"), "{hostname}");
        let classed = json!({"type": "LoadBalancer", "loadBalancerClass": "service.k8s.aws/nlb", "ports": ports()});
        let classed = service(json!({}), classed);
        assert!(is_network(&classed) && classic(&classed, "eu-central-1").is_none());
        assert!(for_service(&classed, "main").unwrap().is_internal, "as the controller has it where nothing is said");
        let others = json!({"type": "LoadBalancer", "loadBalancerClass": "example.com/other", "ports": ports()});
        let others = service(json!({}), others);
        assert!(!is_network(&others) && classic(&others, "eu-central-1").is_none());
        let inside = service(json!({}), json!({"type": "ClusterIP", "ports": ports()}));
        assert!(!is_network(&inside) && classic(&inside, "eu-central-1").is_none());
    }

    #[test]
    fn ingresses_of_a_group_have_one_load_balancer() {
        let ingress = |name: &str, annotations: serde_json::Value| -> Ingress {
            serde_json::from_value(json!({
                "metadata": {"name": name, "namespace": "web", "uid": name, "annotations": annotations},
                "spec": {"ingressClassName": "alb"},
            }))
            .unwrap()
        };
        let shared = json!({"alb.ingress.kubernetes.io/group.name": "shared"});
        let all = [ingress("a", shared.clone()), ingress("b", shared), ingress("c", json!({}))];
        let groups = grouped(&all);
        let sizes: Vec<(&str, usize)> =
            groups.iter().map(|(group, members)| (group.name.as_str(), members.len())).collect();
        assert_eq!(sizes, [("shared", 2), ("web/c", 1)]);
        let names: Vec<String> =
            groups.iter().map(|(group, members)| for_ingresses(group, members, "main").name).collect();
        assert!(names[0].starts_with("k8s-shared-") && names[1].starts_with("k8s-web-c-"), "{names:?}");
    }
}
