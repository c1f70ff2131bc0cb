//! What requests that create or change a node group have in common: settings with their rules.

use super::cluster::Cluster;
use super::node_group::{Replacing, Scaling, Taint, Template};
use super::tags::Tags;
use super::{invalid, nodes, version};
use crate::ec2::instance_type;
use crate::ec2::launch_template::{self, LaunchTemplate, LaunchTemplateVersion};
use crate::input::Input;
use crate::refusal::Refusal;
use crate::value::Value;
use crate::world::Tx;

/// The sizes that a request asks for; what it leaves out stays as it was.
pub(super) fn scaling(tx: &Tx<'_>, input: &Input<'_>, was: Option<Scaling>) -> Result<Scaling, Refusal> {
    let given = input.record("scalingConfig");
    let of = |name: &str| given.as_ref().and_then(|config| config.integer(name));
    let was = was.unwrap_or_else(|| {
        let (min, max) = (of("minSize").unwrap_or(1), of("maxSize"));
        let desired = of("desiredSize").unwrap_or(2.max(min)).min(max.unwrap_or(i64::MAX));
        Scaling { min, max: max.unwrap_or(desired.max(2)), desired }
    });
    let scaling = Scaling {
        min: of("minSize").unwrap_or(was.min),
        max: of("maxSize").unwrap_or(was.max),
        desired: of("desiredSize").unwrap_or(was.desired),
    };
    tx.enforce("eks.node_group.scaling", scaling.min <= scaling.max, || {
        invalid(format!("Minimum capacity {} can't be greater than maximum size {}", scaling.min, scaling.max))
    })?;
    tx.enforce("eks.node_group.scaling", scaling.min <= scaling.desired, || {
        invalid(format!("Minimum capacity {} can't be greater than desired size {}", scaling.min, scaling.desired))
    })?;
    tx.enforce("eks.node_group.scaling", scaling.desired <= scaling.max, || {
        invalid(format!("Desired capacity {} can't be greater than max size {}", scaling.desired, scaling.max))
    })?;
    Ok(scaling)
}

/// The launch template that a request names, and its version.
pub(super) fn template(tx: &Tx<'_>, given: &Input<'_>) -> Result<(Template, LaunchTemplateVersion), Refusal> {
    let (id, name) = (given.text("id"), given.text("name"));
    let found = match (id, name) {
        (Some(id), None) => tx.get::<LaunchTemplate>(id),
        (None, Some(name)) => tx.rows::<LaunchTemplate>().find(|template| template.name == name),
        _ => return Err(invalid("You must specify either the launch template ID or the launch template name.")),
    };
    let Some(template) = found else {
        let message = match (id, name) {
            (Some(id), _) => format!("The specified launch template, with template ID {id}, does not exist."),
            (_, name) => {
                let name = name.unwrap_or_default();
                format!("The specified launch template, with template name {name}, does not exist.")
            }
        };
        return Err(invalid(message));
    };
    let version =
        launch_template::version(tx, template, given.text("version")).map_err(|refusal| invalid(refusal.message))?;
    let named = Template { id: template.id.clone(), name: template.name.clone(), version: version.number.to_string() };
    Ok((named, version.clone()))
}

/// What a launch template and a request say of the nodes.
pub(super) struct Said {
    pub(super) types: Vec<String>,
    pub(super) image: Option<String>,
    twice: Option<&'static str>,
}

impl Said {
    pub(super) fn of(data: Option<&Value>, input: &Input<'_>) -> Said {
        let types: Vec<String> = input.texts("instanceTypes").into_iter().map(str::to_owned).collect();
        let Some(data) = data else {
            let types = if types.is_empty() { vec!["t3.medium".to_owned()] } else { types };
            return Said { types, image: None, twice: None };
        };
        let has = |name: &str| !data.get(name).is_absent();
        let image = data.get("ImageId").text().map(str::to_owned);
        let twice = if input.has("diskSize") {
            Some("Disk size must be specified within the launch template.")
        } else if input.has("remoteAccess") {
            Some("Remote access configuration cannot be specified with a launch template.")
        } else if has("InstanceType") && !types.is_empty() {
            Some("Cannot specify instance types in launch template and API request")
        } else if image.is_some() && input.has("releaseVersion") {
            Some("You cannot specify the field releaseVersion when using custom AMIs.")
        } else if image.is_some() && input.has("version") {
            Some("You cannot specify the field version when using custom AMIs.")
        } else if image.is_some() && input.text("amiType").is_some_and(|kind| kind != "CUSTOM") {
            Some(
                "You cannot specify an AMI Type other than CUSTOM, when specifying an image id in your launch template.",
            )
        } else if has("IamInstanceProfile") {
            Some("IAM instance profile cannot be specified in the launch template.")
        } else if has("InstanceMarketOptions") {
            Some("Instance market options cannot be specified in the launch template.")
        } else if data.get("NetworkInterfaces").list().iter().any(|one| one.get("SubnetId").text().is_some()) {
            Some("Subnets cannot be specified in the launch template.")
        } else {
            None
        };
        let types = if types.is_empty() && !has("InstanceType") { vec!["t3.medium".to_owned()] } else { types };
        Said { types, image, twice }
    }

    pub(super) fn check(&self, tx: &Tx<'_>) -> Result<(), Refusal> {
        tx.enforce("eks.node_group.template", self.twice.is_none(), || invalid(self.twice.unwrap_or_default()))
    }

    pub(super) fn ami_type(&self, input: &Input<'_>) -> String {
        let usual = if self.image.is_some() { "CUSTOM" } else { "AL2023_x86_64_STANDARD" };
        input.text("amiType").unwrap_or(usual).to_owned()
    }
}

pub(super) fn check_types(tx: &Tx<'_>, types: &[String], ami_type: &str) -> Result<(), Refusal> {
    let unknown: Vec<&str> =
        types.iter().filter(|name| instance_type::find(name).is_none()).map(String::as_str).collect();
    tx.enforce("eks.node_group.instance_types", unknown.is_empty(), || {
        invalid(format!("The following supplied instance types do not exist: [{}]", unknown.join(", ")))
    })?;
    let Some(architecture) = nodes::architecture(ami_type) else { return Ok(()) };
    let unfit: Vec<&str> = types
        .iter()
        .filter(|name| instance_type::find(name).is_some_and(|kind| kind.architecture != architecture))
        .map(String::as_str)
        .collect();
    tx.enforce("eks.node_group.instance_types", unfit.is_empty(), || {
        invalid(format!("[{}] is not a valid instance type for requested amiType {ami_type}", unfit.join(", ")))
    })
}

/// Refuses a Kubernetes version that nodes of a cluster can't have.
pub(super) fn check_version(tx: &Tx<'_>, cluster: &Cluster, wanted: &str) -> Result<(), Refusal> {
    let minor = |name: &str| version::find(name).map(|version| version.minor);
    let fits = minor(wanted)
        .zip(minor(&cluster.version))
        .is_some_and(|(nodes, cluster)| nodes <= cluster && nodes + 3 >= cluster);
    tx.enforce("eks.node_group.version", fits, || {
        invalid(format!(
            "Requested Nodegroup version {wanted} is not compatible with the cluster's version {}.",
            cluster.version
        ))
    })
}

/// A request's labels.
pub(super) fn labels(tx: &Tx<'_>, given: &Value) -> Result<Tags, Refusal> {
    let mut labels = Tags::new();
    let Value::Record(given) = given else { return Ok(labels) };
    for (key, value) in given {
        let prefix = key.split_once('/').map_or("", |(prefix, _)| prefix);
        let reserved = ["kubernetes.io", "k8s.io", "eks.amazonaws.com"];
        let free = !reserved.iter().any(|one| prefix == *one || prefix.ends_with(&format!(".{one}")));
        tx.enforce("eks.node_group.labels", free, || {
            invalid("Label cannot contain reserved prefixes [kubernetes.io/, k8s.io/, eks.amazonaws.com/]")
        })?;
        let value = value.text().unwrap_or_default();
        tx.enforce("eks.node_group.labels", is_key(key), || no_word(key))?;
        tx.enforce("eks.node_group.labels", is_word(value), || no_word(value))?;
        labels.insert(key.clone(), value.to_owned());
    }
    Ok(labels)
}

/// A node group has at most so many labels, those that it had before among them.
pub(super) fn check_labels(tx: &Tx<'_>, labels: &Tags) -> Result<(), Refusal> {
    tx.enforce("eks.node_group.labels", labels.len() <= 50, || invalid("The number of labels exceeds the limit of 50."))
}

/// What EKS says of a key or value that Kubernetes does not take
/// (<https://github.com/aws-controllers-k8s/community/issues/2208>).
fn no_word(given: &str) -> Refusal {
    invalid(format!(
        "Invalid value: {given} : field must consist of alphanumeric characters, '-', '_' or '.', and must start and end \
         with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is \
         '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
    ))
}

fn is_word(text: &str) -> bool {
    let ends = |letter: Option<u8>| letter.is_some_and(|letter| letter.is_ascii_alphanumeric());
    ends(text.bytes().next())
        && ends(text.bytes().last())
        && text.bytes().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, b'-' | b'_' | b'.'))
}

/// A key has a word, and may have a domain before it.
fn is_key(text: &str) -> bool {
    match text.split_once('/') {
        None => is_word(text),
        Some((domain, name)) => {
            let is_part = |part: &str| {
                let inner = part.bytes().all(|letter| matches!(letter, b'a'..=b'z' | b'0'..=b'9' | b'-'));
                !part.is_empty() && inner && !part.starts_with('-') && !part.ends_with('-')
            };
            domain.split('.').all(is_part) && is_word(name)
        }
    }
}

/// The size of the nodes' disk. Its least is 1 GiB as that of any volume; in which words EKS refuses less no one has
/// published.
pub(super) fn disk(tx: &Tx<'_>, input: &Input<'_>) -> Result<i64, Refusal> {
    let size = input.integer("diskSize").unwrap_or(20);
    tx.enforce("eks.node_group.disk", size >= 1, || {
        invalid(format!("The disk size {size} is invalid. It must be at least 1 GiB."))
    })?;
    Ok(size)
}

/// A request's taints.
pub(super) fn taints(tx: &Tx<'_>, given: &[Input<'_>]) -> Result<Vec<Taint>, Refusal> {
    let mut taints: Vec<Taint> = Vec::new();
    for one in given {
        let taint = Taint {
            key: one.required("key").to_owned(),
            value: one.text("value").filter(|value| !value.is_empty()).map(str::to_owned),
            effect: one.required("effect").to_owned(),
        };
        tx.enforce("eks.node_group.taints", is_key(&taint.key), || no_word(&taint.key))?;
        let value = taint.value.as_deref().unwrap_or_default();
        tx.enforce("eks.node_group.taints", value.is_empty() || is_word(value), || no_word(value))?;
        let again = taints.iter().any(|known| known.key == taint.key && known.effect == taint.effect);
        tx.enforce("eks.node_group.taints", !again, || {
            invalid(format!("Duplicate taint with key {} and effect {}.", taint.key, taint.effect))
        })?;
        taints.push(taint);
    }
    tx.enforce("eks.node_group.taints", taints.len() <= 50, || {
        invalid("The number of taints exceeds the limit of 50.")
    })?;
    Ok(taints)
}

/// How a request wants nodes replaced.
pub(super) fn replacing(tx: &Tx<'_>, input: &Input<'_>) -> Result<Replacing, Refusal> {
    let given = input.record("updateConfig");
    let of = |name: &str| given.as_ref().and_then(|config| config.integer(name));
    let (number, percentage) = (of("maxUnavailable"), of("maxUnavailablePercentage"));
    tx.enforce("eks.node_group.update_config", number.is_none() || percentage.is_none(), || {
        invalid("You can't specify both maxUnavailable and maxUnavailablePercentage.")
    })?;
    tx.enforce("eks.node_group.update_config", number.is_none_or(|number| number <= 100), || {
        invalid("maxUnavailable can't be greater than 100.")
    })?;
    let number = if percentage.is_none() { number.or(Some(1)) } else { None };
    let strategy = given.as_ref().and_then(|config| config.text("updateStrategy")).map(str::to_owned);
    Ok(Replacing { number, percentage, strategy })
}
