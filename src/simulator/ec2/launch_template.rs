//! Launch templates and their versions.

use std::cell::RefCell;
use std::collections::HashSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ec2::instance::{Instance, MetadataOptions};
use crate::ec2::resource::{self, Kind, Listing, Resource};
use crate::ec2::volume::Volume;
use crate::ec2::{block_device, run_instances, tags};
use crate::input::Input;
use crate::protocol::base64_decode;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("CreateLaunchTemplate", create),
    ("CreateLaunchTemplateVersion", create_version),
    ("DeleteLaunchTemplate", delete),
    ("DeleteLaunchTemplateVersions", delete_versions),
    ("DescribeLaunchTemplates", describe),
    ("DescribeLaunchTemplateVersions", describe_versions),
    ("ModifyLaunchTemplate", modify),
    ("GetLaunchTemplateData", data_of_instance),
];

const PAGE: &str = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplate.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("ec2.launch_template.name.unique", "a template's name is used once in a region", PAGE),
    Rule::new("ec2.launch_template.name.form", "a template's name has the form that AWS demands", PAGE),
    Rule::new("ec2.launch_template.user_data", "user data is base64", PAGE),
    Rule::new(
        "ec2.launch_template.version",
        "a version that is named exists",
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyLaunchTemplate.html",
    ),
    Rule::new(
        "ec2.launch_template.identity",
        "a template is named by its id or its name, not both",
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyLaunchTemplate.html",
    ),
];

/// A launch template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LaunchTemplate {
    /// Its id, `lt-...`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// When it was made.
    pub created: Timestamp,
    /// Who made it.
    pub created_by: String,
    /// The version that is used where none is named.
    pub default_version: i64,
    /// The highest version so far.
    pub latest_version: i64,
}

/// A version of a launch template.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LaunchTemplateVersion {
    /// The template's id.
    pub template: String,
    /// Its number.
    pub number: i64,
    /// What it is for.
    pub description: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// Who made it.
    pub created_by: String,
    /// What instances are launched with, in the API's own names.
    pub data: Value,
}

impl Row for LaunchTemplate {
    const TABLE: &'static str = "ec2.launch_template";
    fn id(&self) -> String {
        self.id.clone()
    }
    fn key(&self) -> Option<&str> {
        Some(&self.name)
    }
}

impl Row for LaunchTemplateVersion {
    const TABLE: &'static str = "ec2.launch_template_version";
    fn id(&self) -> String {
        LaunchTemplateVersion::id_of(&self.template, self.number)
    }
}

impl LaunchTemplateVersion {
    /// What the version of that number is found by.
    #[must_use]
    pub fn id_of(template: &str, number: i64) -> String {
        format!("{template}/{number:08}")
    }
}

/// The refusal of a template that is not there.
#[must_use]
pub fn absent(id: &str) -> Refusal {
    LaunchTemplate::KIND.missing(&[id])
}

impl Resource for LaunchTemplate {
    const SHAPE: &'static str = "LaunchTemplate";
    const KIND: Kind = Kind {
        prefix: "lt",
        tagged_as: "launch-template",
        not_found: "InvalidLaunchTemplateId.NotFound",
        malformed: "InvalidLaunchTemplateId.Malformed",
        one: "The specified launch template, with template ID {}, does not exist.",
        several: "At least one of the launch templates specified in the request does not exist.",
    };

    const FILTERS: &'static [&'static str] = &["create-time", "launch-template-name"];

    fn filter(&self, _: &Tx<'_>, name: &str) -> Vec<String> {
        match name {
            "create-time" => vec![self.created.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()],
            "launch-template-name" => vec![self.name.clone()],
            _ => Vec::new(),
        }
    }

    fn view(&self, tx: &Tx<'_>) -> Value {
        record! {
            "LaunchTemplateId" => &self.id,
            "LaunchTemplateName" => &self.name,
            "CreateTime" => self.created,
            "CreatedBy" => &self.created_by,
            "DefaultVersionNumber" => self.default_version,
            "LatestVersionNumber" => self.latest_version,
            "Tags" => tags::of(tx, &self.id),
            "Operator" => record! { "Managed" => false },
        }
    }
}

impl LaunchTemplateVersion {
    fn view(&self, template: &LaunchTemplate) -> Value {
        record! {
            "LaunchTemplateId" => &template.id,
            "LaunchTemplateName" => &template.name,
            "VersionNumber" => self.number,
            "VersionDescription" => self.description.clone(),
            "CreateTime" => self.created,
            "CreatedBy" => &self.created_by,
            "DefaultVersion" => self.number == template.default_version,
            "LaunchTemplateData" => &self.data,
            "Operator" => record! { "Managed" => false },
        }
    }
}

/// The template that a request names by id or name.
///
/// # Errors
/// When it names none, both ways, or one that does not exist.
pub fn named(tx: &Tx<'_>, input: &Input<'_>) -> Result<LaunchTemplate, Refusal> {
    match (input.text("LaunchTemplateId"), input.text("LaunchTemplateName")) {
        (Some(id), None) => resource::find(tx, id),
        (None, Some(name)) => by_name(tx, name).cloned().ok_or_else(|| {
            let message = format!("The specified launch template, with template name {name}, does not exist.");
            Refusal::new("InvalidLaunchTemplateName.NotFoundException", message)
        }),
        (Some(id), Some(_)) => {
            tx.enforce("ec2.launch_template.identity", false, || {
                let verb =
                    if tx.operation().starts_with("Modify") { "modify the template" } else { "identify the template" };
                let message = format!("Either provide launch template ID or launch template name to {verb}.");
                Refusal::new("InvalidParameterCombination", message)
            })?;
            resource::find(tx, id)
        }
        (None, None) => {
            let message = "Either the launch template ID or the launch template name must be specified.";
            Err(Refusal::new("MissingParameter", message))
        }
    }
}

fn by_name<'t>(tx: &'t Tx<'_>, name: &'t str) -> Option<&'t LaunchTemplate> {
    tx.keyed::<LaunchTemplate>(name).next()
}

/// The version that a text names: a number, `$Latest`, `$Default`, or nothing for the default.
///
/// # Errors
/// When there is no such version.
pub fn version<'t>(
    tx: &'t Tx<'_>,
    template: &LaunchTemplate,
    named: Option<&str>,
) -> Result<&'t LaunchTemplateVersion, Refusal> {
    let number = match named {
        None | Some("$Default") => Some(template.default_version),
        Some("$Latest") => Some(template.latest_version),
        Some(text) => text.parse().ok(),
    };
    let key = number.map(|number| LaunchTemplateVersion::id_of(&template.id, number));
    key.and_then(|key| tx.get::<LaunchTemplateVersion>(&key)).ok_or_else(|| {
        let message = format!(
            "Could not find the specified version {} for the launch template with ID {}.",
            named.unwrap_or("$Default"),
            template.id
        );
        Refusal::new("InvalidLaunchTemplateId.VersionNotFound", message)
    })
}

fn check_data(tx: &Tx<'_>, data: &Value) -> Result<(), Refusal> {
    if matches!(data, Value::Record(members) if members.is_empty()) {
        return Err(super::missing("LaunchTemplateData"));
    }
    let encoded = data.get("UserData").text().is_none_or(|text| base64_decode(text).is_some());
    tx.enforce("ec2.launch_template.user_data", encoded, || {
        Refusal::new("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data.")
    })
}

/// What of a template's data no instance can be launched with: AWS makes the template all the same, and says so in the
/// answer. What depends on an image, a subnet or a type that the data does not name shows at the launch alone.
fn warning(tx: &Tx<'_>, data: &Value) -> Value {
    let read = RefCell::new(HashSet::new());
    let input = Input::new(data, &read);
    let credits = || match input.record("CreditSpecification").and_then(|one| one.text("CpuCredits")) {
        Some(credits) => run_instances::check_credits(tx, credits),
        None => Ok(()),
    };
    let metadata = || match input.record("MetadataOptions") {
        Some(options) => MetadataOptions::fresh().set(tx, &options),
        None => Ok(()),
    };
    let tags = || tags::specified(tx, &input, run_instances::TAGGED).map(|_| ());
    let checks = [block_device::check_alone(tx, &input), credits(), metadata(), tags()];
    let shown = |refusal: Refusal| record! { "Code" => refusal.code.as_ref(), "Message" => refusal.message };
    let errors: Vec<Value> = checks.into_iter().filter_map(Result::err).map(shown).collect();
    if errors.is_empty() {
        Value::Absent
    } else {
        record! { "Errors" => errors }
    }
}

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let name = input.required("LaunchTemplateName");
    let letters = |letter: char| letter.is_ascii_alphanumeric() || "()./-_".contains(letter);
    let fits = (3..=128).contains(&name.chars().count()) && name.chars().all(letters);
    tx.enforce("ec2.launch_template.name.form", fits, || {
        let message = "A launch template name must be between 3 and 128 characters, and may contain letters, numbers, \
                       and the following characters: - ( ) . / _.";
        Refusal::new("InvalidLaunchTemplateName.MalformedException", message)
    })?;
    tx.enforce("ec2.launch_template.name.unique", by_name(tx, name).is_none(), || {
        Refusal::new("InvalidLaunchTemplateName.AlreadyExistsException", "Launch template name already in use.")
    })?;
    let data = input.whole("LaunchTemplateData");
    check_data(tx, data)?;
    let created_by = tx.principal().arn.clone();
    let id = make(tx, name, input.text("VersionDescription"), data.clone(), created_by);
    tags::on_create(tx, input, "launch-template", &id)?;
    Ok(record! {
        "LaunchTemplate" => resource::find::<LaunchTemplate>(tx, &id)?.view(tx),
        "Warning" => warning(tx, data),
    })
}

/// Makes a template with its first version: for users, and for services in their customers' accounts.
pub fn make(tx: &mut Tx<'_>, name: &str, description: Option<&str>, data: Value, created_by: String) -> String {
    let id = tx.new_id("lt");
    let template = LaunchTemplate {
        id: id.clone(),
        name: name.to_owned(),
        created: tx.now(),
        created_by: created_by.clone(),
        default_version: 1,
        latest_version: 0,
    };
    tx.put(template.clone());
    add_version(tx, &template, description, data, created_by);
    id
}

/// Adds a version to a template.
pub fn add_version(
    tx: &mut Tx<'_>,
    template: &LaunchTemplate,
    description: Option<&str>,
    data: Value,
    created_by: String,
) -> LaunchTemplateVersion {
    let number = template.latest_version + 1;
    let made = LaunchTemplateVersion {
        template: template.id.clone(),
        number,
        description: description.map(str::to_owned),
        created: tx.now(),
        created_by,
        data,
    };
    tx.put(made.clone());
    tx.change::<LaunchTemplate>(&template.id, |template| template.latest_version = number);
    made
}

/// Removes a template with its versions.
pub fn remove(tx: &mut Tx<'_>, id: &str) {
    for version in versions_of(tx, id) {
        tx.remove::<LaunchTemplateVersion>(&version.id());
    }
    tags::forget(tx, id);
    tx.remove::<LaunchTemplate>(id);
}

fn create_version(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let template = named(tx, input)?;
    let given = input.whole("LaunchTemplateData");
    check_data(tx, given)?;
    let mut data = match input.text("SourceVersion") {
        Some(source) => version(tx, &template, Some(source))?.data.clone(),
        None => record! {},
    };
    if let Value::Record(members) = given {
        for (name, value) in members {
            data.set(name, value);
        }
    }
    let by = tx.principal().arn.clone();
    let made = add_version(tx, &template, input.text("VersionDescription"), data, by);
    let (view, warning) = (made.view(&template), warning(tx, &made.data));
    Ok(record! { "LaunchTemplateVersion" => view, "Warning" => warning })
}

fn versions_of(tx: &Tx<'_>, template: &str) -> Vec<LaunchTemplateVersion> {
    tx.rows_under::<LaunchTemplateVersion>(&format!("{template}/")).cloned().collect()
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let template = named(tx, input)?;
    let view = template.view(tx);
    remove(tx, &template.id);
    Ok(record! { "LaunchTemplate" => view })
}

fn delete_versions(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let template = named(tx, input)?;
    let (mut gone, mut kept) = (Vec::new(), Vec::new());
    for text in input.texts("Versions") {
        let number = text.parse::<i64>().unwrap_or_default();
        let view = |error: Option<(&str, String)>| {
            record! {
                "LaunchTemplateId" => &template.id,
                "LaunchTemplateName" => &template.name,
                "VersionNumber" => number,
                "ResponseError" => error.map(|(code, message)| record! { "Code" => code, "Message" => message }),
            }
        };
        if number == template.default_version {
            let message = format!("Cannot delete the default version {number} of launch template {}.", template.id);
            kept.push(view(Some(("unexpectedError", message))));
        } else if tx.remove::<LaunchTemplateVersion>(&LaunchTemplateVersion::id_of(&template.id, number)).is_some() {
            gone.push(view(None));
        } else {
            let message = format!("Launch template version {text} does not exist.");
            kept.push(view(Some(("launchTemplateVersionDoesNotExist", message))));
        }
    }
    Ok(record! {
        "SuccessfullyDeletedLaunchTemplateVersions" => gone,
        "UnsuccessfullyDeletedLaunchTemplateVersions" => kept,
    })
}

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let _ = input.flag("IncludeManagedResources");
    let names = input.texts("LaunchTemplateNames");
    let known = names.iter().all(|name| by_name(tx, name).is_some());
    tx.enforce("ec2.id.exists", known, || {
        let message = "At least one of the launch templates specified in the request does not exist.";
        Refusal::new("InvalidLaunchTemplateName.NotFoundException", message)
    })?;
    let mut rows = resource::select::<LaunchTemplate>(tx, input, "LaunchTemplateIds")?;
    rows.retain(|template| names.is_empty() || names.contains(&template.name.as_str()));
    let items = rows.iter().map(|row| (row.id.clone(), row.view(tx))).collect();
    let listing = Listing { ids: "LaunchTemplateIds", answer: "LaunchTemplates", ids_exclude_pages: None };
    resource::paged(tx, input, items, listing)
}

fn describe_versions(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let _ = input.flag("IncludeManagedResources");
    let aliased = |one: &LaunchTemplateVersion| {
        one.data.get("ImageId").text().is_some_and(|image| image.starts_with("resolve:ssm:"))
    };
    if input.flag("ResolveAlias") && tx.rows::<LaunchTemplateVersion>().any(aliased) {
        return Err(Refusal::not_simulated("ec2 DescribeLaunchTemplateVersions with ResolveAlias"));
    }
    let listing = Listing { ids: "", answer: "LaunchTemplateVersions", ids_exclude_pages: None };
    let wanted = input.texts("Versions");
    if !input.has("LaunchTemplateId") && !input.has("LaunchTemplateName") {
        let code = if wanted.is_empty() { "MissingParameter" } else { "InvalidParameterValue" };
        if wanted.is_empty() || wanted.iter().any(|text| !text.starts_with('$')) {
            let message = "To describe the launch template data for all your launch templates, for ‘--versions’ specify \
                           ‘$Latest’, ‘$Default’, or both, and omit ‘--launch-template-id’, ‘--launch-template-name’, \
                           and version numbers. To describe the launch template data for a specific launch template, \
                           specify ‘--launch-template-id’ or ‘--launch-template-name’, and for ‘--versions’ specify one \
                           or more of the following values: ";
            return Err(Refusal::new(code, message));
        }
        let mut items = Vec::new();
        for template in tx.rows::<LaunchTemplate>() {
            for text in &wanted {
                let found = version(tx, template, Some(text))?;
                items.push((format!("{} {text}", found.id()), found.view(template)));
            }
        }
        return resource::paged(tx, input, items, listing);
    }
    let template = named(tx, input)?;
    let mut chosen = if wanted.is_empty() {
        versions_of(tx, &template.id)
    } else {
        let found: Result<Vec<_>, _> = wanted.iter().map(|text| version(tx, &template, Some(text)).cloned()).collect();
        found?
    };
    let bound = |name: &str| match input.text(name).map(str::parse::<i64>) {
        Some(Ok(number)) => Ok(Some(number)),
        Some(Err(_)) => {
            let given = input.text(name).unwrap_or_default();
            Err(super::invalid_value(given, &crate::protocol::lower_camel(name), "It must be a version's number."))
        }
        None => Ok(None),
    };
    let (least, most) = (bound("MinVersion")?, bound("MaxVersion")?);
    chosen.retain(|one| least.is_none_or(|least| one.number >= least) && most.is_none_or(|most| one.number <= most));
    let filters = resource::known_filters(tx, input, &["image-id", "instance-type", "is-default-version"])?;
    chosen.retain(|one| {
        filters.iter().all(|filter| {
            let value = match filter.name.as_str() {
                "image-id" => one.data.get("ImageId").text().map(str::to_owned),
                "instance-type" => one.data.get("InstanceType").text().map(str::to_owned),
                _ => Some((one.number == template.default_version).to_string()),
            };
            filter.fits(&value.into_iter().collect::<Vec<_>>())
        })
    });
    let items = chosen.iter().map(|one| (one.id(), one.view(&template))).collect();
    resource::paged(tx, input, items, listing)
}

fn modify(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let template = named(tx, input)?;
    if let Some(text) = input.text("DefaultVersion") {
        let found = version(tx, &template, Some(text)).map(|found| found.number).ok();
        tx.enforce("ec2.launch_template.version", found.is_some(), || {
            let message = format!("The launch template version {text} is not found for the specified launch template.");
            Refusal::new("InvalidLaunchTemplateId.VersionNotFound", message)
        })?;
        tx.change::<LaunchTemplate>(&template.id, |template| {
            template.default_version = found.unwrap_or(template.default_version);
        });
    }
    Ok(record! { "LaunchTemplate" => resource::find::<LaunchTemplate>(tx, &template.id)?.view(tx) })
}

/// The data of a template from which an instance like this one is launched.
fn data_of_instance(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let instance: Instance = resource::find(tx, input.required("InstanceId"))?;
    let view = instance.view(tx);
    let of = |name: &str| view.get(name).clone();
    let devices = view.get("BlockDeviceMappings").list().iter().map(|device| {
        let ebs = device.get("Ebs");
        let volume = tx.get::<Volume>(ebs.get("VolumeId").text().unwrap_or_default());
        record! {
            "DeviceName" => device.get("DeviceName"),
            "Ebs" => record! {
                "DeleteOnTermination" => ebs.get("DeleteOnTermination"),
                "Encrypted" => volume.map(|volume| volume.encrypted),
                "Iops" => volume.and_then(|volume| volume.iops),
                "KmsKeyId" => volume.and_then(|volume| volume.kms_key.clone()),
                "SnapshotId" => volume.map(|volume| volume.snapshot.clone()),
                "Throughput" => volume.and_then(|volume| volume.throughput),
                "VolumeSize" => volume.map(|volume| volume.size),
                "VolumeType" => volume.map(|volume| volume.kind.clone()),
            },
        }
    });
    let interfaces = instance.interfaces(tx).into_iter().map(|interface| {
        let attachment = interface.attachment.as_ref();
        record! {
            "AssociatePublicIpAddress" => interface.public_ip.is_some(),
            "DeleteOnTermination" => attachment.map(|one| one.delete_on_termination),
            "Description" => &interface.description,
            "DeviceIndex" => attachment.map(|one| one.device_index),
            "Groups" => &interface.groups,
            "InterfaceType" => &interface.kind,
            "NetworkCardIndex" => 0_i64,
            "PrivateIpAddresses" => vec![record! { "Primary" => true, "PrivateIpAddress" => &interface.private_ip }],
            "SubnetId" => &interface.subnet,
        }
    });
    let (devices, interfaces): (Vec<Value>, Vec<Value>) = (devices.collect(), interfaces.collect());
    let metadata = &instance.metadata;
    let data = record! {
        "BlockDeviceMappings" => devices,
        "CapacityReservationSpecification" => of("CapacityReservationSpecification"),
        "CpuOptions" => of("CpuOptions"),
        "CreditSpecification" => instance.credits.as_ref().map(|credits| record! { "CpuCredits" => credits }),
        "DisableApiStop" => instance.disable_stop,
        "DisableApiTermination" => instance.disable_termination,
        "EbsOptimized" => instance.ebs_optimized,
        "EnclaveOptions" => of("EnclaveOptions"),
        "HibernationOptions" => of("HibernationOptions"),
        "IamInstanceProfile" => instance.profile.as_ref().map(|profile| record! { "Arn" => &profile.arn }),
        "ImageId" => &instance.image,
        "InstanceInitiatedShutdownBehavior" => &instance.on_shutdown,
        "InstanceType" => &instance.kind,
        "MaintenanceOptions" => record! { "AutoRecovery" => &instance.auto_recovery },
        "MetadataOptions" => record! {
            "HttpEndpoint" => &metadata.endpoint,
            "HttpProtocolIpv6" => &metadata.ipv6,
            "HttpPutResponseHopLimit" => metadata.hop_limit,
            "HttpTokens" => &metadata.tokens,
            "InstanceMetadataTags" => &metadata.tags,
        },
        "Monitoring" => record! { "Enabled" => instance.monitoring },
        "NetworkInterfaces" => interfaces,
        "Placement" => record! {
            "AvailabilityZone" => &instance.zone,
            "GroupName" => "",
            "Tenancy" => &instance.tenancy,
        },
        "PrivateDnsNameOptions" => of("PrivateDnsNameOptions"),
        "TagSpecifications" => view.get("Tags").list().first().map(|_| {
            vec![record! { "ResourceType" => "instance", "Tags" => view.get("Tags") }]
        }),
        "UserData" => instance.user_data.clone(),
    };
    Ok(record! { "LaunchTemplateData" => data })
}
