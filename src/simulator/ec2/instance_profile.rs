//! Associations of instances with IAM's instance profiles.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ec2::instance::Instance;
use crate::ec2::resource::{self, Listing};
use crate::ec2::{invalid_value, missing};
use crate::iam::instance_profile::InstanceProfile;
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Handler, Span, Transition};
use crate::value::Value;
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("AssociateIamInstanceProfile", associate),
    ("ReplaceIamInstanceProfileAssociation", replace),
    ("DisassociateIamInstanceProfile", disassociate),
    ("DescribeIamInstanceProfileAssociations", describe),
];

pub(super) const SPANS: &[Span] = &[Span::new("ec2.instance_profile.associate", 2.0, 15.0)];

pub(super) const TRANSITIONS: &[(&str, Transition)] = &[("ec2.instance_profile.associated", |tx, pending| {
    tx.change::<Instance>(&pending.subject, |instance| {
        if let Some(profile) = instance.profile.as_mut() {
            profile.state = "associated".to_owned();
        }
    });
})];

pub(super) const RULES: &[Rule] = &[
    Rule::new(
        "ec2.instance_profile.exists",
        "an instance's profile exists, and has reached EC2",
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IamInstanceProfileSpecification.html",
    ),
    Rule::new(
        "ec2.instance_profile.single",
        "an instance has one profile",
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateIamInstanceProfile.html",
    ),
];

/// An instance's association with a profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileAssociation {
    /// Its id, `iip-assoc-...`.
    pub id: String,
    /// The profile's ARN.
    pub arn: String,
    /// The profile's unique id.
    pub profile_id: String,
    /// `associating` or `associated`.
    pub state: String,
    /// Since when.
    pub since: Timestamp,
}

impl ProfileAssociation {
    /// What an instance shows of it.
    #[must_use]
    pub fn profile_view(&self) -> Value {
        record! { "Arn" => &self.arn, "Id" => &self.profile_id }
    }

    fn view(&self, instance: &str) -> Value {
        record! {
            "AssociationId" => &self.id,
            "InstanceId" => instance,
            "IamInstanceProfile" => self.profile_view(),
            "State" => &self.state,
            "Timestamp" => self.since,
        }
    }
}

/// A new association with the profile that a specification names, by ARN or name.
///
/// # Errors
/// When it names none, or one that does not exist or has not reached EC2 yet.
pub(super) fn specified(tx: &mut Tx<'_>, specification: &Input<'_>) -> Result<ProfileAssociation, Refusal> {
    let (arn, name) = (specification.text("Arn"), specification.text("Name"));
    let (given, parameter, why, wanted) = match (arn, name) {
        (Some(arn), None) => {
            (arn, "iamInstanceProfile.arn", "Invalid IAM Instance Profile ARN", arn.rsplit('/').next().unwrap_or(arn))
        }
        (None, Some(name)) => (name, "iamInstanceProfile.name", "Invalid IAM Instance Profile name", name),
        (Some(_), Some(_)) => {
            let message = "The parameter 'iamInstanceProfile.name' may not be used in combination with \
                           'iamInstanceProfile.arn'";
            return Err(Refusal::new("InvalidParameterCombination", message));
        }
        (None, None) => return Err(missing("iamInstanceProfile")),
    };
    let found = find(tx, wanted).filter(|(known, _)| arn.is_none_or(|arn| arn == known));
    tx.enforce("ec2.instance_profile.exists", found.is_some(), || invalid_value(given, parameter, why))?;
    let (arn, profile_id) = found.unwrap_or_else(|| {
        (format!("arn:aws:iam::{}:instance-profile/{wanted}", tx.account()), "AIPAUNKNOWN".to_owned())
    });
    let id = tx.new_id("iip-assoc");
    Ok(ProfileAssociation { id, arn, profile_id, state: "associating".to_owned(), since: tx.now() })
}

/// ARN and unique id of a profile that has reached EC2.
fn find(tx: &Tx<'_>, name: &str) -> Option<(String, String)> {
    let profile = tx.propagated::<InstanceProfile>(&name.to_lowercase())?;
    Some((profile.arn.clone(), profile.profile_id.clone()))
}

fn instance_of(tx: &Tx<'_>, association: &str) -> Result<Instance, Refusal> {
    let is_it = |instance: &&Instance| instance.profile.as_ref().is_some_and(|profile| profile.id == association);
    tx.rows::<Instance>().find(is_it).cloned().ok_or_else(|| {
        let message = format!("An invalid association-id of '{association}' was given");
        Refusal::new("InvalidAssociationID.NotFound", message)
    })
}

fn associate(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let instance: Instance = resource::find(tx, input.required("InstanceId"))?;
    if !matches!(instance.state.as_str(), "running" | "stopped") {
        let message = format!("The instance '{}' is not in the 'running' or 'stopped' states.", instance.id);
        return Err(Refusal::new("IncorrectInstanceState", message));
    }
    let Some(specification) = input.record("IamInstanceProfile") else { return Err(missing("iamInstanceProfile")) };
    tx.enforce("ec2.instance_profile.single", instance.profile.is_none(), || {
        let message = format!("There is an existing association for instance {}", instance.id);
        Refusal::new("IncorrectState", message)
    })?;
    give(tx, &instance.id, &specification)
}

fn give(tx: &mut Tx<'_>, instance: &str, specification: &Input<'_>) -> Result<Value, Refusal> {
    let association = specified(tx, specification)?;
    let view = association.view(instance);
    tx.change::<Instance>(instance, |instance| instance.profile = Some(association));
    tx.transition("ec2.instance_profile.associate", "ec2.instance_profile.associated", instance);
    Ok(record! { "IamInstanceProfileAssociation" => view })
}

fn replace(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let instance = instance_of(tx, input.required("AssociationId"))?;
    let Some(specification) = input.record("IamInstanceProfile") else { return Err(missing("iamInstanceProfile")) };
    give(tx, &instance.id, &specification)
}

fn disassociate(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let instance = instance_of(tx, input.required("AssociationId"))?;
    let Some(mut association) = instance.profile.clone() else { return Err(missing("associationId")) };
    association.state = "disassociating".to_owned();
    tx.cancel("ec2.instance_profile.associated", &instance.id);
    tx.change::<Instance>(&instance.id, |instance| instance.profile = None);
    Ok(record! { "IamInstanceProfileAssociation" => association.view(&instance.id) })
}

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let ids = input.texts("AssociationIds");
    for id in &ids {
        instance_of(tx, id)?;
    }
    let filters = resource::known_filters(tx, input, &["instance-id", "state"])?;
    let mut items = Vec::new();
    for instance in tx.rows::<Instance>() {
        let Some(profile) = &instance.profile else { continue };
        let fits = filters.iter().all(|filter| match filter.name.as_str() {
            "instance-id" => filter.fits(std::slice::from_ref(&instance.id)),
            _ => filter.fits(std::slice::from_ref(&profile.state)),
        });
        if fits && (ids.is_empty() || ids.contains(&profile.id.as_str())) {
            items.push((profile.id.clone(), profile.view(&instance.id)));
        }
    }
    let listing = Listing { ids: "AssociationIds", answer: "IamInstanceProfileAssociations", ids_exclude_pages: None };
    resource::paged(tx, input, items, listing)
}

#[cfg(test)]
mod tests {
    use crate::client::Client;
    use crate::{Config, Simulator};

    #[tokio::test(start_paused = true)]
    async fn a_profile_reaches_ec2_seconds_after_iam_has_it() {
        let client = Client::of(Simulator::open(Config { throttling: false, ..Config::new(2) }).unwrap());
        let filter =
            [("Owner.1", "amazon"), ("Filter.1.Name", "name"), ("Filter.1.Value.1", "al2023-ami-2023*-x86_64")];
        let image = client.ec2("DescribeImages", &filter).await.one("imageId");
        let mut late = 0;
        for number in 0..6 {
            let name = format!("profile-{number}");
            client.query("iam", "2010-05-08", "CreateInstanceProfile", &[("InstanceProfileName", &name)]).await;
            let launch = [
                ("ImageId", image.as_str()),
                ("InstanceType", "t3.micro"),
                ("MinCount", "1"),
                ("MaxCount", "1"),
                ("IamInstanceProfile.Name", &name),
            ];
            late += usize::from(client.try_ec2("RunInstances", &launch).await.code == "InvalidParameterValue");
            client.wait(16);
            let made = client.ec2("RunInstances", &launch).await;
            assert!(made.one("arn").ends_with(&name), "{}", made.text);
        }
        assert!(late > 0, "half of them are late");
    }

    #[tokio::test(start_paused = true)]
    async fn an_instance_has_one_profile_at_a_time() {
        let client = Client::calm();
        let filter =
            [("Owner.1", "amazon"), ("Filter.1.Name", "name"), ("Filter.1.Value.1", "al2023-ami-2023*-x86_64")];
        let image = client.ec2("DescribeImages", &filter).await.one("imageId");
        for name in ["one", "two"] {
            client.query("iam", "2010-05-08", "CreateInstanceProfile", &[("InstanceProfileName", name)]).await;
        }
        let launch = [("ImageId", image.as_str()), ("InstanceType", "t3.micro"), ("MinCount", "1"), ("MaxCount", "1")];
        let instance = client.ec2("RunInstances", &launch).await.one("instanceId");
        client.wait(60);
        let give = |name| [("InstanceId", instance.as_str()), ("IamInstanceProfile.Name", name)];
        let association = client.ec2("AssociateIamInstanceProfile", &give("one")).await.one("associationId");
        client.refused("AssociateIamInstanceProfile", &give("two"), "IncorrectState").await;
        let replace = [("AssociationId", association.as_str()), ("IamInstanceProfile.Name", "two")];
        let fresh = client.ec2("ReplaceIamInstanceProfileAssociation", &replace).await;
        assert!(fresh.one("arn").ends_with("/two") && fresh.one("state") == "associating");
        client.wait(30);
        let shown = client.ec2("DescribeIamInstanceProfileAssociations", &[]).await;
        assert_eq!(shown.all("state"), ["associated"]);
    }
}
