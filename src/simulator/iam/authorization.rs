//! Whether a caller may do what it asks for: which actions on which resources a
//! request is, what its policies say of them, and the refusal in AWS's words.
//!
//! Actions, resources and condition keys are those of
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/>. The caller
//! is a session of a role; access keys of the configuration are administrators.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashSet};

use serde_json::Value as Json;

use super::attachment::Attachment;
use super::caller;
use super::evaluation::{Context, Verdict, judge};
use super::instance_profile::InstanceProfile;
use super::managed_document;
use super::policy::Policy;
use super::role::Role;
use super::role_policy::RolePolicy;
use super::trust::{judged, reached, role_name};
use crate::autoscaling::group;
use crate::ec2::launch_template;
use crate::ec2::tags::Tag;
use crate::input::Input;
use crate::kms::{self, alias::Alias};
use crate::refusal::Refusal;
use crate::service::Service;
use crate::value::Value;
use crate::world::{Row, Tx};

/// What needs no permission.
const FREE: &[(&str, &str)] =
    &[("sts", "GetCallerIdentity"), ("sts", "GetSessionToken"), ("sts", "AssumeRoleWithWebIdentity")];

/// An action on a resource, with what is told of it besides what holds for the whole request.
#[derive(Debug, Clone, PartialEq)]
struct Ask {
    action: String,
    resource: String,
    told: Vec<(String, String)>,
}

impl Ask {
    fn new(action: impl Into<String>, resource: impl Into<String>) -> Ask {
        Ask { action: action.into(), resource: resource.into(), told: Vec::new() }
    }

    fn told(mut self, told: impl IntoIterator<Item = (String, String)>) -> Ask {
        self.told.extend(told);
        self
    }
}

/// Refuses a request that its caller's policies do not allow.
///
/// # Errors
/// The service's refusal; "not simulated" where it hangs on what is not known here.
pub(crate) fn authorize(tx: &Tx<'_>, asked: &Service, operation: &str, input: &Value) -> Result<(), Refusal> {
    let service = asked.name;
    let is_session = tx.principal().access_key.starts_with("ASIA") && caller::role_name(tx).is_some();
    if !is_session {
        return Ok(());
    }
    if FREE.contains(&(service, operation)) {
        return Ok(());
    }
    // A session of a role that is gone has no permissions left.
    let role = caller::role(tx);
    let (policies, unread) = role.map_or_else(Default::default, |role| policies(tx, role));
    let boundary = role.and_then(|role| role.boundary.as_deref()).map(|arn| managed(tx, arn).ok_or(arn));
    let session = caller::session_policy(tx).map(Ok::<_, &str>);
    let context = caller::context(tx);
    for ask in asks(tx, service, operation, input) {
        let about = ask.told.iter().fold(context.clone(), |about, (key, value)| about.with(key, value));
        let unknown = |what: &str| Refusal::not_simulated(format!("whether {what} allows {}", ask.action));
        let refused = |verdict: &Verdict, by: &str| refusal(tx, asked.manners.denied, &ask, verdict, by);
        match judge(&policies, &ask.action, &ask.resource, &about) {
            Verdict::Allowed => {}
            Verdict::Unknown(key) => return Err(unknown(&format!("a policy with the condition key {key}"))),
            Verdict::NotAllowed if service == "sts" && role.is_some() && is_named(tx, &ask, &about) => continue,
            Verdict::NotAllowed if !unread.is_empty() => return Err(unknown(&unread[0])),
            verdict => return Err(refused(&verdict, "identity-based policy")),
        }
        for (policy, what, by) in
            [(&boundary, "a boundary", "permissions boundary"), (&session, "a session policy", "session policy")]
        {
            match policy {
                None => {}
                Some(Err(arn)) => return Err(unknown(arn)),
                Some(Ok(policy)) => match judge(std::slice::from_ref(policy), &ask.action, &ask.resource, &about) {
                    Verdict::Allowed => {}
                    Verdict::Unknown(key) => return Err(unknown(&format!("{what} with the condition key {key}"))),
                    verdict => return Err(refused(&verdict, by)),
                },
            }
        }
    }
    Ok(())
}

/// A role's policies, and the ARNs of those of AWS's whose content is not known here.
fn policies(tx: &Tx<'_>, role: &Role) -> (Vec<Json>, Vec<String>) {
    let (mut read, mut unread) = (Vec::new(), Vec::new());
    let inline = RolePolicy::ids_of(&role.name);
    for policy in tx.rows_under::<RolePolicy>(&inline) {
        if reached::<RolePolicy>(tx, &policy.id()).is_some() {
            read.extend(serde_json::from_str::<Json>(&policy.document));
        }
    }
    let attached = Attachment::ids_of(&role.name);
    for attachment in tx.rows_under::<Attachment>(&attached) {
        if reached::<Attachment>(tx, &attachment.id()).is_none() {
            continue;
        }
        match managed(tx, &attachment.policy) {
            Some(policy) => read.push(policy),
            None => unread.push(attachment.policy.clone()),
        }
    }
    (read, unread)
}

/// A managed policy's document: of the account's own the version in force, of AWS's what is known here.
fn managed(tx: &Tx<'_>, arn: &str) -> Option<Json> {
    if let Some((_, path)) = arn.split_once("iam::aws:policy/") {
        return managed_document::document(path.rsplit('/').next()?);
    }
    let policy = tx.rows::<Policy>().find(|policy| policy.arn == arn)?;
    let version = policy.versions.iter().find(|version| version.id == policy.default)?;
    serde_json::from_str(&version.document).ok()
}

/// Whether a role of this account trusts the caller alone, and not all of the account: then the trust policy is
/// enough. What it hangs on that is not known here is said when the role is assumed.
fn is_named(tx: &Tx<'_>, ask: &Ask, about: &Context) -> bool {
    let role = role_name(&ask.resource).and_then(|name| tx.get::<Role>(&Role::id_of(name)));
    let Some(role) = role.filter(|role| role.arn == ask.resource) else { return false };
    let verdict = judged(role, &ask.action, &caller::asker(tx).alone(), about);
    matches!(verdict, Verdict::Allowed | Verdict::Unknown(_))
}

fn refusal(tx: &Tx<'_>, denied: fn(String) -> Refusal, ask: &Ask, verdict: &Verdict, by: &str) -> Refusal {
    let Ask { action, resource, .. } = ask;
    let why = match verdict {
        Verdict::Denied if !by.starts_with('i') => format!("with an explicit deny in a {by}"),
        Verdict::Denied => format!("with an explicit deny in an {by}"),
        _ => format!("because no {by} allows the {action} action"),
    };
    let message =
        format!("User: {} is not authorized to perform: {action} on resource: {resource} {why}", tx.principal().arn);
    denied(message)
}

/// The actions that a request is.
fn asks(tx: &Tx<'_>, service: &str, operation: &str, input: &Value) -> Vec<Ask> {
    let mut asks = match service {
        "acm" => acm(operation, input),
        "autoscaling" => autoscaling(tx, operation, input),
        "cloudfront" => cloudfront(tx, operation, input),
        "ec2" => ec2(tx, operation, input),
        "eks" => eks(tx, operation, input),
        "iam" => iam(tx, operation, input),
        "kms" => kms(tx, operation, input),
        "monitoring" => cloudwatch(tx, operation, input),
        "sns" => sns(tx, operation, input),
        "route53" => route53(operation, input),
        "ssm" => ssm(tx, operation, input),
        "sts" => sts(tx, operation, input),
        _ => datastore(tx, service, operation, input),
    };
    asks.extend(passed(tx, service, operation, input));
    asks
}

fn sts(tx: &Tx<'_>, operation: &str, input: &Value) -> Vec<Ask> {
    let told = [("RoleSessionName", "sts:RoleSessionName"), ("ExternalId", "sts:ExternalId")];
    let told =
        told.into_iter().filter_map(|(member, key)| Some((key.to_owned(), input.get(member).text()?.to_owned())));
    let transitive = input.get("TransitiveTagKeys");
    let inherited = caller::inherited(tx);
    let mut told: Vec<_> = told.chain(requested(input.get("Tags"))).collect();
    told.extend(inherited.iter().flat_map(|(key, value)| request_tag(key, value)));
    let ask = Ask::new(format!("sts:{operation}"), input.get("RoleArn").text().unwrap_or("*")).told(told);
    let tags = !input.get("Tags").list().is_empty() || !transitive.list().is_empty() || !inherited.is_empty();
    let tag = (operation == "AssumeRole" && tags).then(|| Ask { action: "sts:TagSession".to_owned(), ..ask.clone() });
    std::iter::once(ask).chain(tag).collect()
}

// ---- tags

/// The tags that a request gives, as condition keys.
fn requested(tags: &Value) -> Vec<(String, String)> {
    let mut pairs: Vec<(&str, &str)> = Vec::new();
    match tags {
        Value::List(items) => pairs.extend(items.iter().filter_map(|tag| {
            Some((tag.get("Key").text().or(tag.text())?, tag.get("Value").text().unwrap_or_default()))
        })),
        Value::Record(entries) => {
            pairs.extend(entries.iter().map(|(key, value)| (key.as_str(), value.text().unwrap_or_default())));
        }
        _ => {}
    }
    pairs.into_iter().flat_map(|(key, value)| request_tag(key, value)).collect()
}

/// A tag that a request gives, as condition keys.
pub(crate) fn request_tag(key: &str, value: &str) -> [(String, String); 2] {
    [(format!("aws:RequestTag/{key}"), value.to_owned()), ("aws:TagKeys".to_owned(), key.to_owned())]
}

/// The tags of a row, as condition keys. Services keep them as a map or as pairs.
fn tagged(tx: &Tx<'_>, table: &str, id: &str) -> Vec<(String, String)> {
    let key = |key: &str, value: &str| (format!("aws:ResourceTag/{key}"), value.to_owned());
    match row(tx, table, id).as_ref().and_then(|row| row.get("tags")) {
        Some(Json::Object(tags)) => {
            tags.iter().map(|(name, value)| key(name, value.as_str().unwrap_or_default())).collect()
        }
        Some(Json::Array(tags)) => {
            tags.iter().filter_map(|pair| Some(key(pair.get(0)?.as_str()?, pair.get(1)?.as_str()?))).collect()
        }
        _ => Vec::new(),
    }
}

fn row(tx: &Tx<'_>, table: &str, id: &str) -> Option<Json> {
    let mut scope = tx.scope().clone();
    if table.starts_with("iam.") || table == "cloudwatch.dashboard" {
        scope.region.clear();
    }
    tx.state().tables.named(table)?.change(table, &scope, id).ok()?.row
}

// ---- roles that are passed

/// `iam:PassRole` for each role that a request hands to a service.
fn passed(tx: &Tx<'_>, service: &str, operation: &str, input: &Value) -> Vec<Ask> {
    let mut roles: Vec<(String, &str)> = Vec::new();
    let mut pass = |member: &Value, to| roles.extend(member.text().map(|arn| (arn.to_owned(), to)));
    match service {
        "ec2" => {
            pass(input.get("DeliverLogsPermissionArn"), "vpc-flow-logs.amazonaws.com");
            let of_template = template(tx, input).map(|data| data.get("IamInstanceProfile"));
            let own = Some(input.get("IamInstanceProfile")).filter(|own| !matches!(own, Value::Absent));
            let profile = own.or(of_template).unwrap_or(&Value::Absent);
            let name = profile.get("Name").text().or_else(|| profile.get("Arn").text()?.rsplit('/').next());
            let profile = name.and_then(|name| tx.get::<InstanceProfile>(&name.to_lowercase()));
            let role = profile.and_then(|profile| profile.role.as_deref());
            let arn = role.and_then(|role| tx.get::<Role>(&Role::id_of(role))).map(|role| role.arn.clone());
            roles.extend(arn.map(|arn| (arn, "ec2.amazonaws.com")));
        }
        "eks" => {
            let pods = operation.contains("PodIdentity");
            pass(input.get("roleArn"), if pods { "pods.eks.amazonaws.com" } else { "eks.amazonaws.com" });
            pass(input.get("nodeRole"), "eks.amazonaws.com");
            pass(input.get("serviceAccountRoleArn"), "eks.amazonaws.com");
            pass(input.get("podExecutionRoleArn"), "eks-fargate-pods.amazonaws.com");
            for association in input.get("podIdentityAssociations").list() {
                pass(association.get("roleArn"), "pods.eks.amazonaws.com");
            }
        }
        "rds" => pass(input.get("MonitoringRoleArn"), "monitoring.rds.amazonaws.com"),
        "s3" => pass(input.get("ReplicationConfiguration").get("Role"), "s3.amazonaws.com"),
        "iam" if operation == "AddRoleToInstanceProfile" => {
            let arn = role_arn(tx, input.get("RoleName").text().unwrap_or_default());
            roles.push((arn, "ec2.amazonaws.com"));
        }
        _ => {}
    }
    let ask = |(arn, to): (String, &str)| {
        let tags = tagged(tx, "iam.role", &Role::id_of(role_name(&arn).unwrap_or_default()));
        Ask::new("iam:PassRole", arn).told([("iam:PassedToService".to_owned(), to.to_owned())]).told(tags)
    };
    roles.into_iter().map(ask).collect()
}

// ---- EC2

/// What the launch template says that a request launches by; none where it names none that is there, which is
/// refused later and launches nothing.
fn template<'t>(tx: &'t Tx<'_>, input: &Value) -> Option<&'t Value> {
    let read = RefCell::new(HashSet::new());
    let named = Input::new(input.get("LaunchTemplate"), &read);
    let template = launch_template::named(tx, &named).ok()?;
    launch_template::version(tx, &template, named.text("Version")).ok().map(|version| &version.data)
}

/// What an id's prefix is called in an ARN.
const EC2_TYPES: &[(&str, &str)] = &[
    ("acl", "network-acl"),
    ("ami", "image"),
    ("dopt", "dhcp-options"),
    ("eipalloc", "elastic-ip"),
    ("eni", "network-interface"),
    ("fl", "vpc-flow-log"),
    ("i", "instance"),
    ("igw", "internet-gateway"),
    ("lt", "launch-template"),
    ("nat", "natgateway"),
    ("rtb", "route-table"),
    ("sg", "security-group"),
    ("sgr", "security-group-rule"),
    ("snap", "snapshot"),
    ("subnet", "subnet"),
    ("vol", "volume"),
    ("vpc", "vpc"),
    ("vpce", "vpc-endpoint"),
];

/// What an operation makes, as ARNs call it.
const EC2_MADE: &[(&str, &[&str])] = &[
    ("AllocateAddress", &["elastic-ip"]),
    ("CreateFlowLogs", &["vpc-flow-log"]),
    ("CreateInternetGateway", &["internet-gateway"]),
    ("CreateLaunchTemplate", &["launch-template"]),
    ("CreateNatGateway", &["natgateway"]),
    ("CreateNetworkAcl", &["network-acl"]),
    ("CreateNetworkInterface", &["network-interface"]),
    ("CreateRouteTable", &["route-table"]),
    ("CreateSecurityGroup", &["security-group"]),
    ("CreateSubnet", &["subnet"]),
    ("CreateVolume", &["volume"]),
    ("CreateVpc", &["vpc"]),
    ("CreateVpcEndpoint", &["vpc-endpoint"]),
    ("RunInstances", &["instance", "network-interface", "volume"]),
];

fn ec2(tx: &Tx<'_>, operation: &str, input: &Value) -> Vec<Ask> {
    let action = format!("ec2:{operation}");
    if operation.starts_with("Describe") {
        return vec![Ask::new(action, "*")];
    }
    let arn = |kind: &str, id: &str| {
        let account = if kind == "image" || kind == "snapshot" { "" } else { tx.account() };
        format!("arn:aws:ec2:{}:{account}:{kind}/{id}", tx.region())
    };
    let made = EC2_MADE.iter().find(|(name, _)| *name == operation).map_or(&[][..], |(_, kinds)| kinds);
    let specifications = input.get("TagSpecifications").list();
    let tags_of = |kind: &str| {
        let of_kind = specifications.iter().filter(|one| one.get("ResourceType").text() == Some(kind));
        of_kind.flat_map(|one| requested(one.get("Tags"))).collect::<Vec<_>>()
    };
    let mut asks = Vec::new();
    for kind in made {
        let mut ask = Ask::new(&action, arn(kind, "*")).told(tags_of(kind));
        if let Some(size) = input.get("InstanceType").text().filter(|_| *kind == "instance") {
            ask = ask.told([("ec2:InstanceType".to_owned(), size.to_owned())]);
        }
        asks.push(ask);
    }
    // Of routes and rules, the table or group that they are in is asked for alone.
    let narrowed = match operation {
        "CreateRoute" | "ReplaceRoute" | "DeleteRoute" => Some("RouteTableId"),
        name if name.starts_with("Authorize") || name.starts_with("Revoke") => Some("GroupId"),
        _ => None,
    };
    let mut ids = Vec::new();
    match narrowed {
        Some(member) => collect(input.get(member), &mut ids),
        None => collect(input, &mut ids),
    }
    ids.sort_unstable();
    ids.dedup();
    for (kind, id) in ids {
        let prefix = format!("{id}/");
        let tags: Vec<_> = tx.rows_under::<Tag>(&prefix).map(|tag| (tag.key.clone(), tag.value.clone())).collect();
        let keys = |(key, value): (String, String)| {
            [(format!("aws:ResourceTag/{key}"), value.clone()), (format!("ec2:ResourceTag/{key}"), value)]
        };
        let own = match operation {
            "CreateTags" | "DeleteTags" => requested(input.get("Tags")),
            _ => Vec::new(),
        };
        asks.push(Ask::new(&action, arn(kind, id)).told(tags.into_iter().flat_map(keys)).told(own));
    }
    for specification in specifications {
        let kind = specification.get("ResourceType").text().unwrap_or_default();
        let by = ("ec2:CreateAction".to_owned(), operation.to_owned());
        asks.push(Ask::new("ec2:CreateTags", arn(kind, "*")).told(requested(specification.get("Tags"))).told([by]));
    }
    if asks.is_empty() {
        asks.push(Ask::new(action, "*"));
    }
    asks
}

/// The ids in a request, with what each is of. Tags hold no ids, whatever they say.
fn collect<'v>(value: &'v Value, ids: &mut Vec<(&'static str, &'v str)>) {
    match value {
        Value::Text(text) => {
            let prefix =
                text.split_once('-').map(|(prefix, rest)| (prefix, rest.bytes().all(|b| b.is_ascii_hexdigit())));
            let kind = prefix.and_then(|(prefix, sound)| EC2_TYPES.iter().find(|(name, _)| sound && *name == prefix));
            ids.extend(kind.map(|(_, kind)| (*kind, text.as_str())));
        }
        Value::List(items) => items.iter().for_each(|item| collect(item, ids)),
        Value::Record(members) => members
            .iter()
            .filter(|(name, _)| !["Tags", "TagSpecifications", "ClientToken", "Description"].contains(&name.as_str()))
            .for_each(|(_, member)| collect(member, ids)),
        _ => {}
    }
}

// ---- EKS

fn eks(tx: &Tx<'_>, operation: &str, input: &Value) -> Vec<Ask> {
    let action = format!("eks:{operation}");
    let text = |member: &str| input.get(member).text();
    let arn = |rest: String| format!("arn:aws:eks:{}:{}:{rest}", tx.region(), tx.account());
    let cluster = text("clusterName").or_else(|| text("name").filter(|_| operation.contains("Cluster")));
    let of_row = |table: &str, id: String, otherwise: String| {
        let arn = row(tx, table, &id).and_then(|row| Some(row.get("arn")?.as_str()?.to_owned()));
        (arn.unwrap_or(otherwise), tagged(tx, table, &id))
    };
    // What is made is asked for as a part of its cluster.
    let part = cluster.filter(|_| !operation.starts_with("Create") && !operation.starts_with("List"));
    let (resource, tags) = match (part, text("nodegroupName"), text("addonName"), text("principalArn")) {
        (Some(cluster), Some(group), _, _) => {
            of_row("eks.node_group", format!("{cluster}/{group}"), arn(format!("nodegroup/{cluster}/{group}/*")))
        }
        (Some(cluster), None, Some(addon), _) => {
            of_row("eks.addon", format!("{cluster}/{addon}"), arn(format!("addon/{cluster}/{addon}/*")))
        }
        (Some(cluster), None, None, Some(principal)) => {
            of_row("eks.access_entry", format!("{cluster}/{principal}"), arn(format!("access-entry/{cluster}/*")))
        }
        _ => match (cluster, text("resourceArn")) {
            (Some(cluster), _) => (arn(format!("cluster/{cluster}")), tagged(tx, "eks.cluster", cluster)),
            (None, Some(arn)) => (arn.to_owned(), Vec::new()),
            (None, None) => ("*".to_owned(), Vec::new()),
        },
    };
    let given = requested(input.get(if operation == "UntagResource" { "tagKeys" } else { "tags" }));
    let mut asks = vec![Ask::new(action, &resource).told(tags).told(given.clone())];
    if operation.starts_with("Create") && !given.is_empty() {
        asks.push(Ask::new("eks:TagResource", resource).told(given));
    }
    asks
}

// ---- IAM

fn role_arn(tx: &Tx<'_>, name: &str) -> String {
    let role = tx.get::<Role>(&Role::id_of(name)).map(|role| role.arn.clone());
    role.unwrap_or_else(|| format!("arn:aws:iam::{}:role/{name}", tx.account()))
}

fn iam(tx: &Tx<'_>, operation: &str, input: &Value) -> Vec<Ask> {
    let text = |member: &str| input.get(member).text();
    let arn = |kind: &str, name: &str| {
        let path = text("Path").unwrap_or("/");
        format!("arn:aws:iam::{}:{kind}{path}{name}", tx.account())
    };
    let (resource, tags) = match operation {
        "CreateRole" => (arn("role", text("RoleName").unwrap_or_default()), Vec::new()),
        "CreatePolicy" => (arn("policy", text("PolicyName").unwrap_or_default()), Vec::new()),
        "CreateInstanceProfile" => {
            (arn("instance-profile", text("InstanceProfileName").unwrap_or_default()), Vec::new())
        }
        "CreateOpenIDConnectProvider" => {
            let url = text("Url").unwrap_or_default();
            (arn("oidc-provider", url.strip_prefix("https://").unwrap_or(url)), Vec::new())
        }
        "CreateServiceLinkedRole" => {
            let service = text("AWSServiceName").unwrap_or_default();
            (format!("arn:aws:iam::{}:role/aws-service-role/{service}/*", tx.account()), Vec::new())
        }
        "ListRoles" => (arn("role", ""), Vec::new()),
        "ListPolicies" => (arn("policy", ""), Vec::new()),
        "ListInstanceProfiles" => (arn("instance-profile", ""), Vec::new()),
        _ => match (text("InstanceProfileName"), text("RoleName"), text("PolicyArn"), text("OpenIDConnectProviderArn"))
        {
            (Some(name), ..) => {
                let id = name.to_lowercase();
                let profile = tx.get::<InstanceProfile>(&id).map(|profile| profile.arn.clone());
                let resource = profile.unwrap_or_else(|| arn("instance-profile", name));
                (resource, tagged(tx, "iam.instance_profile", &id))
            }
            (None, Some(name), ..) => (role_arn(tx, name), tagged(tx, "iam.role", &Role::id_of(name))),
            (None, None, Some(policy), _) => (policy.to_owned(), Vec::new()),
            (None, None, None, Some(provider)) => (provider.to_owned(), Vec::new()),
            (None, None, None, None) => ("*".to_owned(), Vec::new()),
        },
    };
    let given = requested(input.get(if operation.starts_with("Untag") { "TagKeys" } else { "Tags" }));
    let mut ask = Ask::new(format!("iam:{operation}"), &resource).told(tags).told(given.clone());
    if let Some(policy) = text("PolicyArn").filter(|_| text("RoleName").is_some()) {
        ask = ask.told([("iam:PolicyARN".to_owned(), policy.to_owned())]);
    }
    let boundary = text("PermissionsBoundary").map(str::to_owned).or_else(|| {
        tx.get::<Role>(&Role::id_of(text("RoleName").unwrap_or_default())).and_then(|role| role.boundary.clone())
    });
    ask = ask.told(boundary.map(|boundary| ("iam:PermissionsBoundary".to_owned(), boundary)));
    let mut asks = vec![ask];
    if let Some(kind) = operation.strip_prefix("Create").filter(|_| !given.is_empty()) {
        asks.push(Ask::new(format!("iam:Tag{kind}"), resource).told(given));
    }
    asks
}

// ---- Certificate Manager

/// The action is asked for on the certificate that the request names, else on all.
///
/// <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscertificatemanager.html>
fn acm(operation: &str, input: &Value) -> Vec<Ask> {
    let given = requested(input.get("Tags"));
    let resource = input.get("CertificateArn").text().unwrap_or("*");
    let mut asks = vec![Ask::new(format!("acm:{operation}"), resource).told(given.clone())];
    if operation == "RequestCertificate" && !given.is_empty() {
        asks.push(Ask::new("acm:AddTagsToCertificate", "*").told(given));
    }
    asks
}

// ---- CloudFront

/// The action is asked for on the distribution or the access control that the request names, else on all. One that is
/// made with tags asks for both.
///
/// <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudfront.html>
fn cloudfront(tx: &Tx<'_>, operation: &str, input: &Value) -> Vec<Ask> {
    let kind = if operation.contains("OriginAccessControl") {
        "origin-access-control"
    } else if operation.contains("CachePolicy") {
        "cache-policy"
    } else {
        "distribution"
    };
    let named = input.get("Id").text().map(|id| format!("arn:aws:cloudfront::{}:{kind}/{id}", tx.account()));
    let resource = input.get("Resource").text().map(str::to_owned).or(named).unwrap_or_else(|| "*".to_owned());
    let tags = input.get("DistributionConfigWithTags").get("Tags").get("Items");
    let given = requested(if tags.is_absent() { input.get("Tags").get("Items") } else { tags });
    let mut asks = vec![Ask::new(format!("cloudfront:{}", operation.trim_end_matches("WithTags")), &resource)];
    if operation == "CreateDistributionWithTags" {
        asks.push(Ask::new("cloudfront:TagResource", resource));
    }
    asks.into_iter().map(|ask| ask.told(given.clone())).collect()
}

// ---- KMS

/// The action is asked for on the key, and for aliases on the alias as well.
///
/// A key policy that names the account leaves the rest to the identity's policies, and that is what keys are made with;
/// what a key policy says besides is not judged here.
fn kms(tx: &Tx<'_>, operation: &str, input: &Value) -> Vec<Ask> {
    let action = format!("kms:{operation}");
    let given = requested_of_keys(operation, input);
    let mut asks = Vec::new();
    if let Some(name) = input.get("AliasName").text() {
        asks.push(Ask::new(&action, kms::arn(tx, name)));
        let key = tx.get::<Alias>(name).map(|alias| alias.target.as_str());
        // Of an alias that is moved, the key that it leaves is asked for as well.
        asks.extend(key.map(|key| on_key(tx, &action, key)));
    }
    if let Some(key) = input.get("TargetKeyId").text().or_else(|| input.get("KeyId").text()) {
        asks.push(on_key(tx, &action, key).told(given.clone()));
    }
    if asks.is_empty() {
        asks.push(Ask::new(action, "*").told(given.clone()));
    }
    if operation == "CreateKey" && !given.is_empty() {
        asks.push(Ask::new("kms:TagResource", kms::arn(tx, "key/*")).told(given));
    }
    asks
}

/// An action on a key that a request names by id, by ARN or by an alias.
fn on_key(tx: &Tx<'_>, action: &str, given: &str) -> Ask {
    let name = given.rsplit_once(':').map_or(given, |(_, rest)| rest);
    let id = tx.get::<Alias>(name).map_or_else(|| name.strip_prefix("key/").unwrap_or(name), |alias| &alias.target);
    let tags = tagged(tx, "kms.key", id);
    let aliases = tx.rows::<Alias>().filter(|alias| alias.target == id);
    let named = aliases.map(|alias| ("kms:ResourceAliases".to_owned(), alias.name.clone())).collect::<Vec<_>>();
    Ask::new(action, kms::arn(tx, &format!("key/{id}"))).told(tags).told(named)
}

/// The tags that a request of KMS gives or takes: its members have names of their own.
fn requested_of_keys(operation: &str, input: &Value) -> Vec<(String, String)> {
    if operation == "UntagResource" {
        return requested(input.get("TagKeys"));
    }
    let tags = input.get("Tags").list().iter();
    let keys = tags.filter_map(|tag| {
        let (key, value) = (tag.get("TagKey").text()?, tag.get("TagValue").text().unwrap_or_default());
        Some([(format!("aws:RequestTag/{key}"), value.to_owned()), ("aws:TagKeys".to_owned(), key.to_owned())])
    });
    keys.flatten().collect()
}

// ---- CloudWatch

/// The action is asked for on each alarm or dashboard that is named, and on all of them where none is.
fn cloudwatch(tx: &Tx<'_>, operation: &str, input: &Value) -> Vec<Ask> {
    let alarm = |name: &str| {
        let arn = format!("arn:aws:cloudwatch:{}:{}:alarm:{name}", tx.region(), tx.account());
        (arn, tagged(tx, "cloudwatch.alarm", name))
    };
    let dashboard = |name: &str| {
        let arn = format!("arn:aws:cloudwatch::{}:dashboard/{name}", tx.account());
        (arn, tagged(tx, "cloudwatch.dashboard", name))
    };
    let texts = |member: &str| input.get(member).list().iter().filter_map(Value::text).collect::<Vec<_>>();
    let mut named: Vec<(String, Vec<(String, String)>)> = Vec::new();
    named.extend(input.get("AlarmName").text().map(alarm));
    named.extend(texts("AlarmNames").into_iter().map(alarm));
    named.extend(input.get("DashboardName").text().map(dashboard));
    named.extend(texts("DashboardNames").into_iter().map(dashboard));
    named.extend(input.get("ResourceARN").text().map(|arn| match arn.split_once(":dashboard/") {
        Some((_, name)) => dashboard(name),
        None => (arn.to_owned(), tagged(tx, "cloudwatch.alarm", arn.rsplit(':').next().unwrap_or_default())),
    }));
    if named.is_empty() {
        named.push(if operation == "DescribeAlarms" { alarm("*") } else { ("*".to_owned(), Vec::new()) });
    }
    let given = requested(input.get(if operation == "UntagResource" { "TagKeys" } else { "Tags" }));
    let action = format!("cloudwatch:{operation}");
    let ask = |(arn, tags): (String, Vec<(String, String)>)| Ask::new(&action, arn).told(tags).told(given.clone());
    let mut asks: Vec<Ask> = named.into_iter().map(ask).collect();
    if operation.starts_with("Put") && !given.is_empty() {
        asks.push(Ask::new("cloudwatch:TagResource", asks[0].resource.clone()).told(given));
    }
    asks
}

// ---- SNS

/// The action is asked for on the topic; what names a subscription alone has no resource. SNS writes its name in
/// capitals: <https://github.com/ansible-collections/community.aws/pull/972>.
fn sns(tx: &Tx<'_>, operation: &str, input: &Value) -> Vec<Ask> {
    let text = |member: &str| input.get(member).text();
    let made = text("Name").map(|name| format!("arn:aws:sns:{}:{}:{name}", tx.region(), tx.account()));
    let named = text("TopicArn").or_else(|| text("TargetArn")).or_else(|| text("ResourceArn"));
    let resource = made.or_else(|| named.map(str::to_owned)).unwrap_or_else(|| "*".to_owned());
    let tags = tagged(tx, "sns.topic", resource.rsplit(':').next().unwrap_or_default());
    let given = requested(input.get(if operation == "UntagResource" { "TagKeys" } else { "Tags" }));
    let about = [("Protocol", "sns:Protocol"), ("Endpoint", "sns:Endpoint")];
    let about = about.into_iter().filter_map(|(member, key)| Some((key.to_owned(), text(member)?.to_owned())));
    let mut asks = vec![Ask::new(format!("SNS:{operation}"), &resource).told(tags).told(given.clone()).told(about)];
    if operation == "CreateTopic" && !given.is_empty() {
        asks.push(Ask::new("SNS:TagResource", resource).told(given));
    }
    asks
}

// ---- Route 53

/// The action is asked for on the zone or the change that the request names, else on all. Who gives a VPC to a zone has
/// to be allowed to see VPCs.
///
/// <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonroute53.html>
fn route53(operation: &str, input: &Value) -> Vec<Ask> {
    let kind = match operation {
        "GetChange" => "change",
        _ => input.get("ResourceType").text().unwrap_or("hostedzone"),
    };
    let named = ["HostedZoneId", "Id", "ResourceId"].iter().filter_map(|member| input.get(member).text());
    let many = input.get("ResourceIds").list().iter().filter_map(Value::text);
    let bare = |id: &str| id.rsplit('/').next().unwrap_or(id).to_owned();
    // Of a list a zone's id says where it begins.
    let of_one = operation != "ListHostedZonesByName";
    let found = named.chain(many).filter(|_| of_one).map(|id| format!("arn:aws:route53:::{kind}/{}", bare(id)));
    let action = format!("route53:{operation}");
    let mut asks: Vec<Ask> = found.map(|arn| Ask::new(&action, arn)).collect();
    if asks.is_empty() {
        asks.push(Ask::new(action, "*"));
    }
    let associates = ["CreateHostedZone", "AssociateVPCWithHostedZone"].contains(&operation);
    if associates && !input.get("VPC").is_absent() {
        asks.push(Ask::new("ec2:DescribeVpcs", "*"));
    }
    asks
}

// ---- Systems Manager

/// The action is asked for on each parameter or path that is named, else on all.
///
/// <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html>
fn ssm(tx: &Tx<'_>, operation: &str, input: &Value) -> Vec<Ask> {
    let single = ["Name", "Path", "ResourceId"].iter().filter_map(|member| input.get(member).text());
    let named: Vec<&str> = single.chain(input.get("Names").list().iter().filter_map(Value::text)).collect();
    let action = format!("ssm:{operation}");
    let arn = |name: &str| {
        let name = name.trim_start_matches('/');
        format!("arn:aws:ssm:{}:{}:parameter/{name}", tx.region(), tx.account())
    };
    if named.is_empty() {
        return vec![Ask::new(action, "*")];
    }
    named.into_iter().map(|name| Ask::new(&action, arn(name)).told(tagged(tx, "ssm.parameter", name))).collect()
}

// ---- Auto Scaling

/// What describes is asked for on all, the rest on the group.
///
/// <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2autoscaling.html>
fn autoscaling(tx: &Tx<'_>, operation: &str, input: &Value) -> Vec<Ask> {
    let action = format!("autoscaling:{operation}");
    let tagged_groups = input.get("Tags").list().iter().map(|tag| tag.get("ResourceId"));
    let named = std::iter::once(input.get("AutoScalingGroupName")).chain(tagged_groups).filter_map(Value::text);
    let groups: BTreeSet<&str> = named.filter(|_| !operation.starts_with("Describe")).collect();
    if groups.is_empty() {
        return vec![Ask::new(action, "*")];
    }
    let ask = |name| Ask::new(&action, group::arn(tx, name)).told(tagged(tx, "autoscaling.group", name));
    groups.into_iter().map(ask).collect()
}

// ---- RDS and ElastiCache

/// The members that name a resource: its kind in ARNs, and its table.
const DATASTORE_NAMES: &[(&str, &str, &str, &str)] = &[
    ("rds", "DBInstanceIdentifier", "db", "rds.instance"),
    ("rds", "SourceDBInstanceIdentifier", "db", "rds.instance"),
    ("rds", "DBParameterGroupName", "pg", "rds.parameter_group"),
    ("rds", "DBSnapshotIdentifier", "snapshot", "rds.snapshot"),
    ("rds", "DBSubnetGroupName", "subgrp", "rds.subnet_group"),
    ("elasticache", "CacheClusterId", "cluster", "elasticache.replication_group"),
    ("elasticache", "CacheParameterGroupName", "parametergroup", "elasticache.parameter_group"),
    ("elasticache", "CacheSubnetGroupName", "subnetgroup", "elasticache.subnet_group"),
    ("elasticache", "ReplicationGroupId", "replicationgroup", "elasticache.replication_group"),
    ("elasticache", "SnapshotName", "snapshot", "elasticache.snapshot"),
];

/// What an operation lists that names nothing.
const DATASTORE_LISTS: &[(&str, &str)] = &[
    ("DescribeCacheClusters", "cluster"),
    ("DescribeCacheParameterGroups", "parametergroup"),
    ("DescribeCacheSubnetGroups", "subnetgroup"),
    ("DescribeDBInstances", "db"),
    ("DescribeDBParameterGroups", "pg"),
    ("DescribeDBSnapshots", "snapshot"),
    ("DescribeDBSubnetGroups", "subgrp"),
    ("DescribeReplicationGroups", "replicationgroup"),
    ("DescribeSnapshots", "snapshot"),
];

fn datastore(tx: &Tx<'_>, service: &str, operation: &str, input: &Value) -> Vec<Ask> {
    let action = format!("{service}:{operation}");
    let arn = |kind: &str, name: &str| format!("arn:aws:{service}:{}:{}:{kind}:{name}", tx.region(), tx.account());
    let given = requested(input.get(if operation.starts_with("Remove") { "TagKeys" } else { "Tags" }));
    let mut asks = Vec::new();
    for (of, member, kind, table) in DATASTORE_NAMES {
        let Some(name) = input.get(member).text().filter(|_| *of == service) else { continue };
        let name = name.to_lowercase();
        asks.push(Ask::new(&action, arn(kind, &name)).told(tagged(tx, table, &name)).told(given.clone()));
    }
    if let Some(resource) = input.get("ResourceName").text() {
        asks.push(Ask::new(&action, resource).told(given.clone()));
    }
    if asks.is_empty() {
        let kind = DATASTORE_LISTS.iter().find(|(name, _)| *name == operation).map(|(_, kind)| *kind);
        asks.push(Ask::new(&action, kind.map_or_else(|| "*".to_owned(), |kind| arn(kind, "*"))));
    }
    if operation.starts_with("Create") && !given.is_empty() {
        let made = asks[0].resource.clone();
        asks.push(Ask::new(format!("{service}:AddTagsToResource"), made).told(given));
    }
    asks
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use crate::client::{Answer, Client};
    use crate::signature::tests::sign;
    use crate::{Config, Simulator};

    const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"000000000000"},"Action":"sts:AssumeRole"}]}"#;

    /// A world that enforces policies, and the keys of a session of a role with these statements.
    struct Session {
        admin: Client,
        key: String,
        secret: String,
        token: String,
    }

    impl Session {
        async fn of(statements: &str) -> Session {
            let admin = Client::of(Simulator::open(Config { enforce_iam: true, ..Config::calm(7) }).unwrap());
            let role = [("RoleName", "builder"), ("AssumeRolePolicyDocument", TRUST)];
            let tags = [("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "blue")];
            let arn = admin.iam("CreateRole", &[&role[..], &tags[..]].concat()).await.one("Arn");
            let document = format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#);
            let policy = [("RoleName", "builder"), ("PolicyName", "p"), ("PolicyDocument", document.as_str())];
            admin.iam("PutRolePolicy", &policy).await;
            let asked = [("RoleArn", arn.as_str()), ("RoleSessionName", "session")];
            let keys = admin.query("sts", "2011-06-15", "AssumeRole", &asked).await;
            let [key, secret, token] = ["AccessKeyId", "SecretAccessKey", "SessionToken"].map(|name| keys.one(name));
            Session { admin, key, secret, token }
        }

        async fn send(&self, service: &str, mut request: http::Request<Bytes>) -> Answer {
            request.headers_mut().remove("authorization");
            request.headers_mut().insert("x-amz-security-token", self.token.parse().unwrap());
            let now = self.admin.simulator.now();
            sign(&mut request, &self.key, &self.secret, "us-east-1", service, now);
            self.admin.send(request).await.unwrap()
        }

        async fn ec2(&self, action: &str, parameters: &[(&str, &str)]) -> Answer {
            self.send("ec2", self.admin.query_request("ec2", "2016-11-15", action, parameters)).await
        }

        async fn iam(&self, action: &str, parameters: &[(&str, &str)]) -> Answer {
            self.send("iam", self.admin.query_request("iam", "2010-05-08", action, parameters)).await
        }
    }

    const ME: &str = "arn:aws:sts::000000000000:assumed-role/builder/session";

    #[tokio::test(start_paused = true)]
    async fn a_session_that_was_given_a_policy_stays_within_it() {
        let mut session = Session::of(r#"{"Effect":"Allow","Action":"ec2:*","Resource":"*"}"#).await;
        let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ec2:DescribeVpcs","iam:*"],"Resource":"*"}]}"#;
        let arn = "arn:aws:iam::000000000000:role/builder";
        let asked = [("RoleArn", arn), ("RoleSessionName", "session"), ("Policy", policy)];
        let keys = session.admin.query("sts", "2011-06-15", "AssumeRole", &asked).await;
        [session.key, session.secret, session.token] =
            ["AccessKeyId", "SecretAccessKey", "SessionToken"].map(|name| keys.one(name));
        assert_eq!(session.ec2("DescribeVpcs", &[]).await.status, 200);
        let refused = session.ec2("DescribeSubnets", &[]).await;
        let why = "because no session policy allows the ec2:DescribeSubnets action";
        assert!(refused.code == "UnauthorizedOperation" && refused.message.ends_with(why), "{}", refused.message);
        // It gives nothing that the role does not.
        assert_eq!(session.iam("ListRoles", &[]).await.code, "AccessDenied");
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_may_do_what_its_role_allows_and_is_refused_the_rest_in_each_services_words() {
        let session =
            Session::of(r#"{"Effect":"Allow","Action":["ec2:DescribeVpcs","ec2:CreateVpc"],"Resource":"*"}"#).await;
        assert_eq!(session.ec2("DescribeVpcs", &[]).await.status, 200);
        assert_eq!(session.ec2("CreateVpc", &[("CidrBlock", "10.0.0.0/16")]).await.status, 200);
        let refused = session.ec2("DescribeSubnets", &[]).await;
        assert_eq!((refused.status, refused.code.as_str()), (403, "UnauthorizedOperation"));
        let message = format!(
            "You are not authorized to perform this operation. User: {ME} is not authorized to perform: \
             ec2:DescribeSubnets because no identity-based policy allows the ec2:DescribeSubnets action"
        );
        assert_eq!(refused.message, message);
        let refused = session.iam("GetRole", &[("RoleName", "builder")]).await;
        assert_eq!((refused.status, refused.code.as_str()), (403, "AccessDenied"));
        let message = format!(
            "User: {ME} is not authorized to perform: iam:GetRole on resource: arn:aws:iam::000000000000:role/builder \
             because no identity-based policy allows the iam:GetRole action"
        );
        assert_eq!(refused.message, message);
        let request = session.admin.query_request("rds", "2014-10-31", "DescribeDBInstances", &[]);
        let refused = session.send("rds", request).await;
        assert_eq!((refused.status, refused.code.as_str()), (403, "AccessDenied"));
        assert!(
            refused.message.contains("rds:DescribeDBInstances on resource: arn:aws:rds:us-east-1:000000000000:db:*")
        );
        for (service, target, operation) in [
            ("kms", "TrentService", "ListKeys"),
            ("secretsmanager", "secretsmanager", "ListSecrets"),
            ("logs", "Logs_20140328", "DescribeLogGroups"),
        ] {
            let request = session.admin.json_request(service, target, operation, &serde_json::json!({}));
            let refused = session.send(service, request).await;
            assert_eq!((refused.status, refused.code.as_str()), (400, "AccessDeniedException"), "{service}");
        }
        for (service, version, operation, code) in [
            ("sns", "2010-03-31", "ListTopics", "AuthorizationError"),
            ("monitoring", "2010-08-01", "DescribeAlarms", "AccessDenied"),
        ] {
            let refused = session.send(service, session.admin.query_request(service, version, operation, &[])).await;
            assert_eq!((refused.status, refused.code.as_str()), (403, code), "{service}");
        }
        assert_eq!(session.admin.ec2("DescribeSubnets", &[]).await.status, 200, "an administrator may do everything");
    }

    #[tokio::test(start_paused = true)]
    async fn tags_on_creation_need_a_permission_of_their_own_and_can_be_asked_for() {
        let session = Session::of(
            r#"{"Effect":"Allow","Action":"ec2:CreateVpc","Resource":"*"},
               {"Effect":"Allow","Action":"ec2:CreateTags","Resource":"*","Condition":{
                   "StringEquals":{"ec2:CreateAction":"CreateVpc","aws:RequestTag/team":"${aws:PrincipalTag/team}"}}},
               {"Effect":"Allow","Action":"ec2:DeleteVpc","Resource":"*","Condition":{
                   "StringEquals":{"aws:ResourceTag/team":"blue"}}}"#,
        )
        .await;
        let tagged = |value| {
            [
                ("CidrBlock", "10.0.0.0/16"),
                ("TagSpecification.1.ResourceType", "vpc"),
                ("TagSpecification.1.Tag.1.Key", "team"),
                ("TagSpecification.1.Tag.1.Value", value),
            ]
        };
        let refused = session.ec2("CreateVpc", &tagged("red")).await;
        assert_eq!(refused.code, "UnauthorizedOperation");
        assert!(refused.message.contains("ec2:CreateTags on resource: arn:aws:ec2:us-east-1:000000000000:vpc/*"));
        let vpcs = session.admin.ec2("DescribeVpcs", &[]).await.all("vpcId");
        assert_eq!(vpcs.len(), 1, "what is refused makes nothing");
        let ours = session.ec2("CreateVpc", &tagged("blue")).await.one("vpcId");
        let plain = session.ec2("CreateVpc", &[("CidrBlock", "10.1.0.0/16")]).await.one("vpcId");
        assert_eq!(session.ec2("DeleteVpc", &[("VpcId", &plain)]).await.code, "UnauthorizedOperation");
        assert_eq!(session.ec2("DeleteVpc", &[("VpcId", &ours)]).await.status, 200);
    }

    #[tokio::test(start_paused = true)]
    async fn a_role_is_passed_only_by_whom_may_and_a_boundary_bounds() {
        let session = Session::of(
            r#"{"Effect":"Allow","Action":["iam:*InstanceProfile*"],"Resource":"*"},
               {"Effect":"Allow","Action":"iam:GetRole","Resource":"*"}"#,
        )
        .await;
        assert_eq!(session.iam("CreateInstanceProfile", &[("InstanceProfileName", "p")]).await.status, 200);
        let add = [("InstanceProfileName", "p"), ("RoleName", "builder")];
        let refused = session.iam("AddRoleToInstanceProfile", &add).await;
        assert!(refused.message.contains("iam:PassRole on resource: arn:aws:iam::000000000000:role/builder"));
        assert_eq!(session.iam("GetRole", &[("RoleName", "builder")]).await.status, 200);
        let document = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ec2:*","Resource":"*"}]}"#;
        let made = session.admin.iam("CreatePolicy", &[("PolicyName", "b"), ("PolicyDocument", document)]).await;
        let bound = [("RoleName", "builder"), ("PermissionsBoundary", &made.one("Arn"))];
        session.admin.iam("PutRolePermissionsBoundary", &bound).await;
        let refused = session.iam("GetRole", &[("RoleName", "builder")]).await;
        assert!(
            refused.message.ends_with("because no permissions boundary allows the iam:GetRole action"),
            "{}",
            refused.message
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_launch_templates_role_is_passed_by_whom_launches_by_it() {
        let session = Session::of(r#"{"Effect":"Allow","Action":"ec2:*","Resource":"*"}"#).await;
        let role = session.admin.role("node", "ec2.amazonaws.com").await;
        session.admin.iam("CreateInstanceProfile", &[("InstanceProfileName", "nodes")]).await;
        session.admin.iam("AddRoleToInstanceProfile", &[("InstanceProfileName", "nodes"), ("RoleName", "node")]).await;
        let plain = [("Owner.1", "amazon"), ("Filter.1.Name", "name"), ("Filter.1.Value.1", "al2023-ami-2023*-x86_64")];
        let image = session.admin.ec2("DescribeImages", &plain).await.one("imageId");
        let create = [
            ("LaunchTemplateName", "nodes"),
            ("LaunchTemplateData.ImageId", image.as_str()),
            ("LaunchTemplateData.InstanceType", "t3.large"),
            ("LaunchTemplateData.IamInstanceProfile.Name", "nodes"),
        ];
        session.admin.ec2("CreateLaunchTemplate", &create).await;
        let run = [("LaunchTemplate.LaunchTemplateName", "nodes"), ("MinCount", "1"), ("MaxCount", "1")];
        let refused = session.ec2("RunInstances", &run).await;
        assert_eq!(refused.code, "UnauthorizedOperation", "{}", refused.text);
        assert!(refused.message.contains(&format!("iam:PassRole on resource: {role}")), "{}", refused.message);
        assert_eq!(session.admin.ec2("RunInstances", &run).await.status, 200);
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_is_asked_for_by_its_arn_whatever_a_request_calls_it_and_an_alias_with_its_key() {
        let session = Session::of(
            r#"{"Effect":"Allow","Action":["kms:CreateKey","kms:ListKeys"],"Resource":"*"},
               {"Effect":"Allow","Action":"kms:TagResource","Resource":"*","Condition":{
                   "StringEquals":{"aws:RequestTag/team":"blue"}}},
               {"Effect":"Allow","Action":["kms:DescribeKey","kms:DisableKey","kms:CreateAlias"],
                   "Resource":"arn:aws:kms:us-east-1:000000000000:key/*","Condition":{
                   "StringEquals":{"aws:ResourceTag/team":"blue"}}},
               {"Effect":"Allow","Action":"kms:CreateAlias",
                   "Resource":"arn:aws:kms:us-east-1:000000000000:alias/blue/*"}"#,
        )
        .await;
        let ask = async |operation: &str, body: serde_json::Value| {
            session.send("kms", session.admin.json_request("kms", "TrentService", operation, &body)).await
        };
        let tagged = |team| serde_json::json!({"Tags": [{"TagKey": "team", "TagValue": team}]});
        let refused = ask("CreateKey", tagged("red")).await;
        assert_eq!((refused.status, refused.code.as_str()), (400, "AccessDeniedException"), "{}", refused.text);
        assert!(refused.message.contains("kms:TagResource on resource: arn:aws:kms:us-east-1:000000000000:key/*"));
        let id = |answer: &Answer| answer.json()["KeyMetadata"]["KeyId"].as_str().unwrap().to_owned();
        let (blue, plain) =
            (id(&ask("CreateKey", tagged("blue")).await), id(&ask("CreateKey", serde_json::json!({})).await));
        let refused = ask("DescribeKey", serde_json::json!({"KeyId": plain})).await;
        let message = format!(
            "User: {ME} is not authorized to perform: kms:DescribeKey on resource: \
             arn:aws:kms:us-east-1:000000000000:key/{plain} because no identity-based policy allows the \
             kms:DescribeKey action"
        );
        assert_eq!(refused.message, message);
        let alias = |name: &str, key: &str| serde_json::json!({"AliasName": name, "TargetKeyId": key});
        assert_eq!(ask("CreateAlias", alias("alias/red/a", &blue)).await.code, "AccessDeniedException");
        assert_eq!(ask("CreateAlias", alias("alias/blue/a", &plain)).await.code, "AccessDeniedException");
        assert_eq!(ask("CreateAlias", alias("alias/blue/a", &blue)).await.status, 200);
        assert_eq!(ask("DescribeKey", serde_json::json!({"KeyId": "alias/blue/a"})).await.status, 200);
        let by_arn = format!("arn:aws:kms:us-east-1:000000000000:key/{blue}");
        assert_eq!(ask("DisableKey", serde_json::json!({"KeyId": by_arn})).await.status, 200);
        assert_eq!(ask("ListKeys", serde_json::json!({})).await.status, 200);
        assert_eq!(ask("ListAliases", serde_json::json!({})).await.code, "AccessDeniedException");
    }

    #[tokio::test(start_paused = true)]
    async fn an_explicit_deny_wins_over_a_managed_policy_and_what_is_not_known_is_said() {
        let session = Session::of(r#"{"Effect":"Deny","Action":"ec2:DeleteVpc","Resource":"*"}"#).await;
        let attach = async |name: &str| {
            let arn = format!("arn:aws:iam::aws:policy/{name}");
            session.admin.iam("AttachRolePolicy", &[("RoleName", "builder"), ("PolicyArn", &arn)]).await;
        };
        attach("SecurityAudit").await;
        assert_eq!(session.ec2("DescribeVpcs", &[]).await.code, "NotSimulated");
        attach("AdministratorAccess").await;
        let vpc = session.ec2("DescribeVpcs", &[]).await.one("vpcId");
        let refused = session.ec2("DeleteVpc", &[("VpcId", &vpc)]).await;
        let message = format!(
            "You are not authorized to perform this operation. User: {ME} is not authorized to perform: ec2:DeleteVpc \
             on resource: arn:aws:ec2:us-east-1:000000000000:vpc/{vpc} with an explicit deny in an identity-based policy"
        );
        assert_eq!(refused.message, message);
    }

    #[tokio::test(start_paused = true)]
    async fn a_role_that_trusts_the_account_is_assumed_by_whom_a_policy_allows_it() {
        let session = Session::of(r#"{"Effect":"Allow","Action":"ec2:*","Resource":"*"}"#).await;
        let account = [("RoleName", "open"), ("AssumeRolePolicyDocument", TRUST)];
        let open = session.admin.iam("CreateRole", &account).await.one("Arn");
        let named = TRUST.replace("\"000000000000\"", "\"arn:aws:iam::000000000000:role/builder\"");
        let by_name = [("RoleName", "named"), ("AssumeRolePolicyDocument", named.as_str())];
        let named = session.admin.iam("CreateRole", &by_name).await.one("Arn");
        let assume = async |arn: &str| {
            let parameters = [("RoleArn", arn), ("RoleSessionName", "next")];
            session.send("sts", session.admin.query_request("sts", "2011-06-15", "AssumeRole", &parameters)).await
        };
        assert_eq!(assume(&open).await.code, "AccessDenied");
        assert_eq!(assume(&named).await.status, 200);
    }

    #[test]
    fn zones_and_changes_are_named_by_their_arns_and_lists_are_of_all() {
        use crate::record;
        let asked = |operation: &str, input: crate::Value| {
            let asks = super::route53(operation, &input);
            asks.into_iter().map(|ask| format!("{} {}", ask.action, ask.resource)).collect::<Vec<_>>()
        };
        let get = asked("GetHostedZone", record! { "Id" => "/hostedzone/Z1" });
        assert_eq!(get, ["route53:GetHostedZone arn:aws:route53:::hostedzone/Z1"]);
        let change = asked("GetChange", record! { "Id" => "C1" });
        assert_eq!(change, ["route53:GetChange arn:aws:route53:::change/C1"]);
        let tags = record! { "ResourceType" => "hostedzone", "ResourceIds" => vec!["Z1", "Z2"] };
        assert_eq!(asked("ListTagsForResources", tags).len(), 2);
        let listed = asked("ListHostedZonesByName", record! { "DNSName" => "a.test", "HostedZoneId" => "Z1" });
        assert_eq!(listed, ["route53:ListHostedZonesByName *"]);
        let made = asked("CreateHostedZone", record! { "VPC" => record! { "VPCId" => "vpc-1" } });
        assert_eq!(made, ["route53:CreateHostedZone *", "ec2:DescribeVpcs *"]);
    }
}
