//! A small cluster with something in it.
#![allow(dead_code, reason = "each test takes what it needs")]

use fathuss_model::aws::policy::{Policy, Principal, Statement};
use fathuss_model::aws::{
    AccessConfig, AccessPolicy, AccessScope, AuthenticationMode, ClusterVpcConfig, EksAccessEntry,
    EksAccessPolicyAssociation, EksCluster, EksNodeGroup, IamPolicy, IamRole, IamRolePolicyAttachment, InstanceType,
    InternetGateway, Route, RouteTable, RouteTableAssociation, ScalingConfig, Subnet, Taint, TaintEffect, Vpc,
};
use fathuss_model::kubernetes::{
    ApplicationDestination, ApplicationSource, ArgocdApplication, HelmRelease, KubernetesManifest, KubernetesNamespace,
    KubernetesSecret,
};
use fathuss_model::{Arn, DeclarationExt, Document, Handle, Name, Result, Secret, Stack, Subnets as _, document, json};

fn role(
    stack: &mut Stack,
    name: &str,
    service: &str,
    policies: &[&'static str],
) -> (Handle<IamRole>, Vec<Handle<IamRolePolicyAttachment>>) {
    let trust = Policy::new([Statement::assume_role(Principal::service(service))]);
    let role = stack.add(name, IamRole::new(trust).name(name));
    let attach = |policy: &&'static str| {
        stack.add((name, *policy), IamRolePolicyAttachment::new(&role, IamPolicy::of_aws(policy)))
    };
    let attached = policies.iter().map(attach).collect();
    (role, attached)
}

/// A network, a cluster with two nodes that a taint keeps, and a namespace with an object and a secret.
pub fn cluster(stack: &mut Stack) -> Result<()> {
    small(stack).map(drop)
}

/// The same with a chart of its own folder in it, with these values.
fn released(stack: &mut Stack, values: Document, chart: &str) -> Result<()> {
    let (cluster, shop) = small(stack)?;
    install(stack, (&cluster, &shop), values, chart);
    Ok(())
}

fn install(
    stack: &mut Stack,
    (cluster, shop): (&Handle<EksCluster>, &Handle<KubernetesNamespace>),
    values: Document,
    chart: &str,
) {
    let release = HelmRelease::new(cluster, shop, "cart", chart).values(json(values)).timeout_seconds(60);
    stack.add("cart", release);
}

/// With two replicas.
pub fn two(stack: &mut Stack) -> Result<()> {
    released(stack, document!({ "replicas": 2 }), "./chart")
}

/// With two, of an archive; and a secret of a kind that is never without its value.
pub fn archived(stack: &mut Stack) -> Result<()> {
    let (cluster, shop) = small(stack)?;
    install(stack, (&cluster, &shop), document!({ "replicas": 2, "greeting": "hello" }), "./chart.tgz");
    let key = KubernetesSecret::new(&cluster, &shop, "ssh", "ssh-privatekey", Secret::generated(24));
    stack.add("ssh", key.r#type("kubernetes.io/ssh-auth").value_wo_version(1));
    Ok(())
}

/// With three.
pub fn three(stack: &mut Stack) -> Result<()> {
    released(stack, document!({ "replicas": 3, "greeting": "welcome" }), "./chart")
}

/// With what its schema does not take.
pub fn many(stack: &mut Stack) -> Result<()> {
    released(stack, document!({ "replicas": "many" }), "./chart")
}

/// Of a folder that is not there.
pub fn elsewhere(stack: &mut Stack) -> Result<()> {
    released(stack, document!({}), "./elsewhere")
}

/// With a manifest whose kind has no such field, one of a kind that nobody defines, and one that others have made.
pub fn mistaken(stack: &mut Stack) -> Result<()> {
    let (cluster, _) = small(stack)?;
    let metadata = |name: &str| document!({ "name": (name.to_owned()), "namespace": "shop" });
    let misspelt =
        document!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": (metadata("misspelt")), "dataa": {} });
    stack.add("misspelt", KubernetesManifest::new(&cluster, json(misspelt)));
    let lamp = document!({ "apiVersion": "shop.example.com/v1", "kind": "Lamp", "metadata": (metadata("lamp")) });
    stack.add("lamp", KubernetesManifest::new(&cluster, json(lamp)));
    let theirs = document!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": (metadata("theirs")) });
    stack.add("theirs", KubernetesManifest::new(&cluster, json(theirs)));
    Ok(())
}

/// With an Application that no Argo CD ever looks at.
pub fn waiting(stack: &mut Stack) -> Result<()> {
    let (cluster, shop) = small(stack)?;
    let definition = document!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": { "name": "applications.argoproj.io" },
        "spec": {
            "group": "argoproj.io",
            "scope": "Namespaced",
            "names": { "kind": "Application", "plural": "applications" },
            "versions": [{
                "name": "v1alpha1",
                "served": true,
                "storage": true,
                "schema": {
                    "openAPIV3Schema": { "type": "object", "x-kubernetes-preserve-unknown-fields": true },
                },
            }],
        },
    });
    let definition = stack.add("applications", KubernetesManifest::new(&cluster, json(definition)));
    let source = ApplicationSource::new("https://git.example.com/shop.git", "main").path("shop");
    let (project, place) = (Name::existing("default"), ApplicationDestination::new(&shop));
    let application = ArgocdApplication::new(&cluster, &shop, "cart", project, source, place).cascade(false);
    stack.add("cart", application.depends_on(&definition));
    Ok(())
}

/// The small one, which lets nobody in whom the stack gives no entry.
pub fn shut(stack: &mut Stack) -> Result<()> {
    within(stack, false).map(drop)
}

/// The same, and who applies has an entry.
pub fn entered(stack: &mut Stack) -> Result<()> {
    let (cluster, _) = within(stack, false)?;
    enter(stack, &cluster);
    Ok(())
}

/// The shut one, with one object more.
pub fn shut_with_more(stack: &mut Stack) -> Result<()> {
    let (cluster, _) = within(stack, false)?;
    more(stack, &cluster);
    Ok(())
}

/// The entered one, with one object more.
pub fn entered_with_more(stack: &mut Stack) -> Result<()> {
    let (cluster, _) = within(stack, false)?;
    more(stack, &cluster);
    enter(stack, &cluster);
    Ok(())
}

fn enter(stack: &mut Stack, cluster: &Handle<EksCluster>) {
    let who = Arn::existing("arn:aws:iam::111122223333:user/administrator");
    let entry = stack.add("own", EksAccessEntry::new(cluster, who));
    let (policy, scope) = (AccessPolicy::ClusterAdmin, AccessScope::cluster());
    stack.add("own", EksAccessPolicyAssociation::new(cluster, entry.principal_arn(), policy, scope));
}

fn more(stack: &mut Stack, cluster: &Handle<EksCluster>) {
    let metadata = document!({ "name": "more", "namespace": "shop" });
    let more = document!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": (metadata) });
    stack.add("more", KubernetesManifest::new(cluster, json(more)));
}

fn small(stack: &mut Stack) -> Result<(Handle<EksCluster>, Handle<KubernetesNamespace>)> {
    within(stack, true)
}

/// Who makes the cluster may enter it, or nobody.
fn within(stack: &mut Stack, maker_enters: bool) -> Result<(Handle<EksCluster>, Handle<KubernetesNamespace>)> {
    stack.place("us-east-1", "111122223333");
    let range: fathuss_model::Ipv4Net = "10.0.0.0/16".parse()?;
    let vpc = stack.add("main", Vpc::new(range));
    let gateway = stack.add("main", InternetGateway::new(&vpc));
    let table = stack.add("main", RouteTable::new(&vpc));
    stack.add("internet", Route::to_internet(&table, &gateway));
    let mut subnets = Vec::new();
    for (at, zone) in (0..).zip(["us-east-1a", "us-east-1b"]) {
        let subnet = Subnet::new(&vpc, range.subnet(24, at)?).availability_zone(zone).map_public_ip_on_launch(true);
        let subnet = stack.add(("main", zone), subnet);
        stack.add(("main", zone), RouteTableAssociation::new(&subnet, &table));
        subnets.push(subnet);
    }
    let (role_of_cluster, attached) = role(stack, "cluster", "eks.amazonaws.com", &["AmazonEKSClusterPolicy"]);
    let access = AccessConfig::new()
        .authentication_mode(AuthenticationMode::Api)
        .bootstrap_cluster_creator_admin_permissions(maker_enters);
    let cluster = EksCluster::new("main", &role_of_cluster, ClusterVpcConfig::new(&subnets))
        .version("1.35")
        .access_config(access);
    let cluster = stack.add("main", cluster.depends_on_all(&attached));
    let policies = ["AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryReadOnly", "AmazonEKS_CNI_Policy"];
    let (role_of_nodes, attached) = role(stack, "nodes", "ec2.amazonaws.com", &policies);
    let nodes = EksNodeGroup::new(&cluster, &role_of_nodes, &subnets, ScalingConfig::between(1, 2, 3))
        .node_group_name("grader")
        .instance_types([InstanceType::T3Medium])
        .labels([("dedicated", "grader")])
        .taint([Taint::new("dedicated", TaintEffect::NoSchedule).value("grader")]);
    stack.add("grader", nodes.depends_on_all(&attached));

    let labels = [("pod-security.kubernetes.io/enforce", "restricted")];
    let shop = stack.add("shop", KubernetesNamespace::new(&cluster, "shop").labels(labels));
    let place = document!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": { "name": "place", "namespace": "shop" },
        "data": { "vpc": (vpc.id()), "region": "us-east-1" },
    });
    stack.add("place", KubernetesManifest::new(&cluster, json(place)));
    let key = KubernetesSecret::new(&cluster, &shop, "key", "key", Secret::generated(24)).value_wo_version(1);
    stack.add("key", key);
    Ok((cluster, shop))
}
