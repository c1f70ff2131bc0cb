//! What the AWS Load Balancer Controller does for a cluster, as far as the cluster can see it: a Service of type
//! LoadBalancer and an Ingress of class `alb` get the DNS name of a load balancer.

use std::convert::Infallible;
use std::fmt::Debug;

use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::networking::v1::Ingress;
use kube::api::{ListParams, Patch, PatchParams};
use kube::core::NamespaceResourceScope;
use kube::{Api, Client, Resource, ResourceExt as _};
use serde::de::DeserializeOwned;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::watching::{self, accept};

/// Gives addresses, in the region that their names tell, until it is dropped.
pub async fn tend(client: Client, region: String) -> Infallible {
    let services = Api::<Service>::all(client.clone());
    let ingresses = Api::<Ingress>::all(client.clone());
    loop {
        let service_version = address(&client, &services, |service| wanted_by_service(service, &region)).await;
        let ingress_version = address(&client, &ingresses, |ingress| wanted_by_ingress(ingress, &region)).await;
        let (Ok(service_version), Ok(ingress_version)) = (service_version, ingress_version) else {
            tokio::time::sleep(watching::PAUSE).await;
            continue;
        };
        let service = std::pin::pin!(watching::change(&services, service_version.as_deref()));
        let ingress = std::pin::pin!(watching::change(&ingresses, ingress_version.as_deref()));
        futures::future::select(service, ingress).await;
    }
}

/// Gives those of a kind the names that they lack; the version of the list that was acted on.
async fn address<K>(
    client: &Client,
    all: &Api<K>,
    wanted: impl Fn(&K) -> Option<String>,
) -> Result<Option<String>, kube::Error>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned,
{
    let listed = all.list(&ListParams::default()).await?;
    for one in &listed {
        let Some(hostname) = wanted(one) else { continue };
        let namespaced = Api::<K>::namespaced(client.clone(), &one.namespace().unwrap_or_default());
        let patch = json!({"status": {"loadBalancer": {"ingress": [{"hostname": hostname}]}}});
        accept(404, namespaced.patch_status(&one.name_any(), &PatchParams::default(), &Patch::Merge(&patch)).await)?;
    }
    Ok(listed.metadata.resource_version)
}

/// The DNS name that a Service lacks, if it wants one.
fn wanted_by_service(service: &Service, region: &str) -> Option<String> {
    let spec = service.spec.as_ref()?;
    let addressed = service
        .status
        .as_ref()
        .and_then(|status| status.load_balancer.as_ref())
        .is_some_and(|balancer| balancer.ingress.as_ref().is_some_and(|addresses| !addresses.is_empty()));
    if spec.type_.as_deref() != Some("LoadBalancer") || addressed || service.metadata.deletion_timestamp.is_some() {
        return None;
    }
    let uid = service.uid()?;
    // A class, or a type in an annotation, asks for a network load balancer. Its names begin with the Service's.
    let annotations = service.annotations();
    let network = spec.load_balancer_class.is_some()
        || annotations.contains_key("service.beta.kubernetes.io/aws-load-balancer-type");
    if network {
        let name = named(service.namespace().as_deref(), &service.name_any(), &uid);
        return Some(format!("{name}-{}.elb.{region}.amazonaws.com", digits(&uid, 16)));
    }
    let name: String = format!("a{}", uid.replace('-', "")).chars().take(32).collect();
    Some(format!("{name}-{}.{region}.elb.amazonaws.com", digits(&uid, 10)))
}

/// The DNS name that an Ingress lacks, if it wants one.
fn wanted_by_ingress(ingress: &Ingress, region: &str) -> Option<String> {
    let class = ingress.spec.as_ref().and_then(|spec| spec.ingress_class_name.as_deref());
    let class = class.or_else(|| ingress.annotations().get("kubernetes.io/ingress.class").map(String::as_str));
    let addressed = ingress
        .status
        .as_ref()
        .and_then(|status| status.load_balancer.as_ref())
        .is_some_and(|balancer| balancer.ingress.as_ref().is_some_and(|addresses| !addresses.is_empty()));
    if class != Some("alb") || addressed || ingress.metadata.deletion_timestamp.is_some() {
        return None;
    }
    let uid = ingress.uid()?;
    let name = named(ingress.namespace().as_deref(), &ingress.name_any(), &uid);
    Some(format!("{name}-{}.{region}.elb.amazonaws.com", digits(&uid, 9)))
}

/// `k8s-NAMESPACE-NAME-HASH`, each cut as the controller cuts it.
fn named(namespace: Option<&str>, name: &str, uid: &str) -> String {
    let short = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).take(8).collect::<String>();
    let hash: String = Sha256::digest(uid)[..5].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("k8s-{}-{}-{hash}", short(namespace.unwrap_or_default()), short(name))
}

/// Digits that follow from an object's uid.
fn digits(uid: &str, count: usize) -> String {
    Sha256::digest(uid).iter().map(|byte| char::from(b'0' + byte % 10)).take(count).collect()
}
