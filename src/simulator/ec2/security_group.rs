//! Security groups.

use serde::{Deserialize, Serialize};

use crate::ec2::network_interface::NetworkInterface;
use crate::ec2::resource::{self, Kind, Listing, Resource};
use crate::ec2::security_group_rule::{self, Peer, SecurityGroupRule};
use crate::ec2::vpc::{self, Vpc};
use crate::ec2::{filters, invalid_value, tags};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("CreateSecurityGroup", create),
    ("DeleteSecurityGroup", delete),
    ("DescribeSecurityGroupReferences", describe_references),
    ("DescribeSecurityGroups", describe),
    ("DescribeStaleSecurityGroups", describe_stale),
    ("GetSecurityGroupsForVpc", for_vpc),
];

const PAGE: &str = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new(
        "ec2.security_group.quota",
        "a region has 2,500 security groups",
        "https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html",
    ),
    Rule::new("ec2.security_group.name.unique", "a name is used once in a VPC", PAGE),
    Rule::new("ec2.security_group.name.form", "a name has the form that AWS demands and is not reserved", PAGE),
    Rule::new("ec2.security_group.description", "a description has the form that AWS demands", PAGE),
    Rule::new(
        "ec2.security_group.delete.default",
        "the default group of a VPC stays",
        "https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html",
    ),
    Rule::new(
        "ec2.security_group.delete.dependency",
        "a group that an interface or another group's rule uses is not deleted",
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteSecurityGroup.html",
    ),
];

/// A security group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecurityGroup {
    /// Its id, `sg-...`.
    pub id: String,
    /// Its name, unique in its VPC.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The VPC.
    pub vpc: String,
}

impl Row for SecurityGroup {
    const TABLE: &'static str = "ec2.security_group";
    fn id(&self) -> String {
        self.id.clone()
    }
}

impl Resource for SecurityGroup {
    const SHAPE: &'static str = "SecurityGroup";
    const KIND: Kind = Kind {
        prefix: "sg",
        tagged_as: "security-group",
        not_found: "InvalidGroup.NotFound",
        malformed: "InvalidGroupId.Malformed",
        one: "The security group '{}' does not exist",
        several: "The security groups '{}' do not exist",
    };

    const FILTERS: &'static [&'static str] = &[
        "description",
        "egress.ip-permission.cidr",
        "egress.ip-permission.from-port",
        "egress.ip-permission.group-id",
        "egress.ip-permission.protocol",
        "egress.ip-permission.to-port",
        "group-id",
        "group-name",
        "ip-permission.cidr",
        "ip-permission.from-port",
        "ip-permission.group-id",
        "ip-permission.protocol",
        "ip-permission.to-port",
        "owner-id",
        "vpc-id",
    ];

    fn filter(&self, tx: &Tx<'_>, name: &str) -> Vec<String> {
        let (egress, part) = match name.strip_prefix("egress.ip-permission.") {
            Some(part) => (true, Some(part)),
            None => (false, name.strip_prefix("ip-permission.")),
        };
        if let Some(part) = part {
            let rules = tx.rows::<SecurityGroupRule>().filter(|rule| rule.group == self.id && rule.egress == egress);
            return rules.filter_map(|rule| rule.part(part)).collect();
        }
        vec![match name {
            "description" => self.description.clone(),
            "group-id" => self.id.clone(),
            "group-name" => self.name.clone(),
            "owner-id" => tx.account().to_owned(),
            "vpc-id" => self.vpc.clone(),
            _ => return Vec::new(),
        }]
    }

    fn view(&self, tx: &Tx<'_>) -> Value {
        record! {
            "GroupId" => &self.id,
            "GroupName" => &self.name,
            "Description" => &self.description,
            "OwnerId" => tx.account(),
            "VpcId" => &self.vpc,
            "SecurityGroupArn" => self.arn(tx),
            "IpPermissions" => security_group_rule::permissions(tx, &self.id, false),
            "IpPermissionsEgress" => security_group_rule::permissions(tx, &self.id, true),
            "Tags" => tags::of(tx, &self.id),
        }
    }
}

impl SecurityGroup {
    fn arn(&self, tx: &Tx<'_>) -> String {
        format!("arn:aws:ec2:{}:{}:security-group/{}", tx.region(), tx.account(), self.id)
    }
}

/// Makes a group with the rule that lets everything out.
///
/// Other services make groups of their own with it, as EKS does for each cluster.
pub fn make(tx: &mut Tx<'_>, vpc: &str, name: &str, description: &str) -> String {
    let id = tx.new_id("sg");
    tx.put(SecurityGroup {
        id: id.clone(),
        name: name.to_owned(),
        description: description.to_owned(),
        vpc: vpc.to_owned(),
    });
    security_group_rule::make(tx, &id, true, "-1", None, Peer::Cidr("0.0.0.0/0".to_owned()), None);
    born_together(tx, &id);
    id
}

/// A group is never answered without the rules that it was born with.
fn born_together(tx: &mut Tx<'_>, id: &str) {
    let rules: Vec<String> = tx.rows::<SecurityGroupRule>().filter(|rule| rule.group == id).map(Row::id).collect();
    tx.shows_with::<SecurityGroupRule, SecurityGroup>(&rules, id);
}

/// Makes a new VPC's default group: its members may talk with each other.
pub(super) fn make_default(tx: &mut Tx<'_>, vpc: &str) {
    let id = make(tx, vpc, "default", "default VPC security group");
    let itself = Peer::Group(id.clone());
    security_group_rule::make(tx, &id, false, "-1", None, itself, None);
    born_together(tx, &id);
}

/// Removes a VPC's groups with the VPC.
pub(super) fn forget(tx: &mut Tx<'_>, vpc: &str) {
    let ids: Vec<String> = tx.rows::<SecurityGroup>().filter(|group| group.vpc == vpc).map(Row::id).collect();
    for id in ids {
        remove(tx, &id);
    }
}

/// Removes a group with its rules.
pub fn remove(tx: &mut Tx<'_>, id: &str) {
    let rules: Vec<String> = tx.rows::<SecurityGroupRule>().filter(|rule| rule.group == id).map(Row::id).collect();
    for rule in rules {
        tags::forget(tx, &rule);
        tx.remove::<SecurityGroupRule>(&rule);
    }
    tags::forget(tx, id);
    tx.remove::<SecurityGroup>(id);
}

/// The groups of these ids, all of which have to be of this VPC.
///
/// # Errors
/// When one does not exist or belongs to another VPC.
pub fn check(tx: &Tx<'_>, ids: &[&str], vpc: &str) -> Result<Vec<String>, Refusal> {
    for id in ids {
        let group: SecurityGroup = resource::find(tx, id)?;
        if group.vpc != vpc {
            let message = format!("Security group {id} and subnet belong to different networks.");
            return Err(Refusal::new("InvalidParameter", message));
        }
    }
    Ok(ids.iter().map(|id| (*id).to_owned()).collect())
}

/// The VPC's default group.
#[must_use]
pub fn default_of(tx: &Tx<'_>, vpc: &str) -> Option<String> {
    tx.rows::<SecurityGroup>().find(|group| group.vpc == vpc && group.name == "default").map(Row::id)
}

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let (name, description) = (input.required("GroupName"), input.required("Description"));
    let vpc = match input.text("VpcId") {
        Some(id) => resource::find::<Vpc>(tx, id)?,
        None => vpc::default(tx).cloned().ok_or_else(|| {
            Refusal::new(
                "VPCIdNotSpecified",
                "No default VPC for this user. GroupName is only supported for EC2-Classic and default VPC.",
            )
        })?,
    };
    let form = "ec2.security_group.name.form";
    tx.enforce(form, is_description(name) && !name.is_empty(), || {
        invalid_value(name, "GroupName", "Character sets beyond ASCII are not supported.")
    })?;
    tx.enforce(form, !name.starts_with("sg-"), || {
        invalid_value(name, "GroupName", "Group names may not be in the format sg-*.")
    })?;
    tx.enforce(form, !name.eq_ignore_ascii_case("default"), || {
        Refusal::new("InvalidParameterValue", format!("Cannot use reserved security group name: {name}"))
    })?;
    tx.enforce("ec2.security_group.description", is_description(description) && !description.is_empty(), || {
        invalid_value(description, "GroupDescription", "Character sets beyond ASCII are not supported.")
    })?;
    tx.enforce("ec2.security_group.quota", tx.count::<SecurityGroup>() < tx.quota("ec2.security-groups"), || {
        Refusal::new("SecurityGroupLimitExceeded", "The maximum number of security groups has been reached.")
    })?;
    let taken = tx.rows::<SecurityGroup>().any(|group| group.vpc == vpc.id && group.name == name);
    tx.enforce("ec2.security_group.name.unique", !taken, || {
        let message = format!("The security group '{name}' already exists for VPC '{}'", vpc.id);
        Refusal::new("InvalidGroup.Duplicate", message)
    })?;
    let id = make(tx, &vpc.id, name, description);
    tags::on_create(tx, input, "security-group", &id)?;
    let group: SecurityGroup = resource::find(tx, &id)?;
    Ok(record! { "GroupId" => &id, "SecurityGroupArn" => group.arn(tx), "Tags" => tags::of(tx, &id) })
}

/// Whether a text has the length and the characters that groups' names and descriptions and those of their rules have.
pub(super) fn is_description(text: &str) -> bool {
    text.chars().count() <= 255
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(letter))
}

/// The group that a request names by id, or by name in the default VPC.
///
/// # Errors
/// When it names none, or one that does not exist.
pub(super) fn named(tx: &Tx<'_>, input: &Input<'_>) -> Result<SecurityGroup, Refusal> {
    let (id, name) = (input.text("GroupId"), input.text("GroupName"));
    match (id, name) {
        (Some(_), Some(_)) => {
            let message = "The parameter groupName cannot be used with the parameter groupId";
            Err(Refusal::new("InvalidParameterCombination", message))
        }
        (Some(id), None) => resource::find(tx, id),
        (None, Some(name)) => {
            let Some(vpc) = vpc::default(tx) else {
                let message =
                    "No default VPC for this user. GroupName is only supported for EC2-Classic and default VPC.";
                return Err(Refusal::new("VPCIdNotSpecified", message));
            };
            let found = tx.rows::<SecurityGroup>().find(|group| group.vpc == vpc.id && group.name == name);
            found.cloned().ok_or_else(|| SecurityGroup::KIND.missing(&[name]))
        }
        (None, None) => {
            Err(Refusal::new("MissingParameter", "The request must contain the parameter groupName or groupId"))
        }
    }
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let group = named(tx, input)?;
    let id = group.id.as_str();
    tx.enforce("ec2.security_group.delete.default", group.name != "default", || {
        let message = format!("the specified group: \"{id}\" name: \"default\" cannot be deleted by a user");
        Refusal::new("CannotDelete", message)
    })?;
    let in_use = tx.rows::<NetworkInterface>().any(|interface| interface.groups.iter().any(|used| used == id))
        || tx.rows::<SecurityGroupRule>().any(|rule| rule.group != id && rule.peer == Peer::Group(id.to_owned()));
    tx.enforce("ec2.security_group.delete.dependency", !in_use, || {
        Refusal::new("DependencyViolation", format!("resource {id} has a dependent object"))
    })?;
    remove(tx, id);
    Ok(record! { "Return" => true, "GroupId" => id })
}

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let listing = Listing { ids: "GroupIds", answer: "SecurityGroups", ids_exclude_pages: Some("groupIds") };
    let names = input.texts("GroupNames");
    let mut rows = resource::select::<SecurityGroup>(tx, input, "GroupIds")?;
    if !names.is_empty() {
        let default = vpc::default(tx).map(|vpc| vpc.id.clone());
        rows.retain(|group| names.contains(&group.name.as_str()) && Some(&group.vpc) == default.as_ref());
        let absent: Vec<&str> =
            names.iter().copied().filter(|name| rows.iter().all(|group| group.name != *name)).collect();
        tx.enforce("ec2.id.exists", absent.is_empty(), || SecurityGroup::KIND.missing(&absent))?;
    }
    let items = rows.iter().map(|row| (row.id.clone(), row.view(tx))).collect();
    resource::paged(tx, input, items, listing)
}

/// Groups are referred to over peerings and transit gateways, and stale when those are gone. There are none of either
/// here, so no group of another VPC refers to one of these.
fn describe_references(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    for id in input.texts("GroupId") {
        resource::find::<SecurityGroup>(tx, id)?;
    }
    Ok(record! { "SecurityGroupReferenceSet" => Value::List(Vec::new()) })
}

fn describe_stale(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    resource::find::<Vpc>(tx, input.required("VpcId"))?;
    let listing = Listing { ids: "", answer: "StaleSecurityGroupSet", ids_exclude_pages: None };
    resource::paged(tx, input, Vec::new(), listing)
}

fn for_vpc(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let vpc: Vpc = resource::find(tx, input.required("VpcId"))?;
    let filters =
        resource::known_filters(tx, input, &["description", "group-id", "group-name", "owner-id", "primary-vpc-id"])?;
    let fits = |group: &SecurityGroup| {
        filters.iter().all(|filter| {
            let name = if filter.name == "primary-vpc-id" { "vpc-id" } else { &filter.name };
            let tagged = filters::tag_values(tx, &group.id, name);
            filter.fits(&tagged.unwrap_or_else(|| group.filter(tx, name)))
        })
    };
    let items = tx
        .rows::<SecurityGroup>()
        .filter(|group| group.vpc == vpc.id && fits(group))
        .map(|group| {
            let view = record! {
                "GroupId" => &group.id,
                "GroupName" => &group.name,
                "Description" => &group.description,
                "OwnerId" => tx.account(),
                "PrimaryVpcId" => &group.vpc,
                "Tags" => tags::of(tx, &group.id),
            };
            (group.id.clone(), view)
        })
        .collect();
    resource::paged(tx, input, items, Listing { ids: "", answer: "SecurityGroupForVpcs", ids_exclude_pages: None })
}

#[cfg(test)]
mod tests {
    use crate::client::Client;

    async fn group(client: &Client, vpc: &str, name: &str) -> String {
        let parameters = [("GroupName", name), ("GroupDescription", "for a test"), ("VpcId", vpc)];
        client.ec2("CreateSecurityGroup", &parameters).await.one("groupId")
    }

    #[tokio::test(start_paused = true)]
    async fn a_group_begins_with_the_rule_that_lets_everything_out() {
        let client = Client::calm();
        let vpc = client.vpc("10.0.0.0/16").await;
        let group = group(&client, &vpc, "web").await;
        let rules = [("Filter.1.Name", "group-id"), ("Filter.1.Value.1", group.as_str())];
        let shown = client.ec2("DescribeSecurityGroupRules", &rules).await;
        assert_eq!((shown.all("isEgress"), shown.one("cidrIpv4")), (vec!["true".to_owned()], "0.0.0.0/0".into()));
        let all = [
            ("GroupId", group.as_str()),
            ("IpPermissions.1.IpProtocol", "-1"),
            ("IpPermissions.1.IpRanges.1.CidrIp", "0.0.0.0/0"),
        ];
        client.ec2("RevokeSecurityGroupEgress", &all).await;
        client.refused("RevokeSecurityGroupEgress", &all, "InvalidPermission.NotFound").await;
        assert!(client.ec2("DescribeSecurityGroupRules", &rules).await.all("isEgress").is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn rules_are_checked_and_never_doubled() {
        let client = Client::calm();
        let vpc = client.vpc("10.0.0.0/16").await;
        let group = group(&client, &vpc, "db").await;
        let rule = [
            ("GroupId", group.as_str()),
            ("IpPermissions.1.IpProtocol", "tcp"),
            ("IpPermissions.1.FromPort", "5432"),
            ("IpPermissions.1.ToPort", "5432"),
            ("IpPermissions.1.IpRanges.1.CidrIp", "10.0.0.0/16"),
        ];
        let made = client.ec2("AuthorizeSecurityGroupIngress", &rule).await;
        let refused = client.refused("AuthorizeSecurityGroupIngress", &rule, "InvalidPermission.Duplicate").await;
        let said =
            "the specified rule \"peer: 10.0.0.0/16, TCP, from port: 5432, to port: 5432, ALLOW\" already exists";
        assert_eq!(refused.message, said);
        let missing = [rule[0], rule[1], rule[4]];
        client.refused("AuthorizeSecurityGroupIngress", &missing, "InvalidParameterValue").await;
        let turned = [rule[0], rule[1], ("IpPermissions.1.FromPort", "9"), ("IpPermissions.1.ToPort", "8"), rule[4]];
        client.refused("AuthorizeSecurityGroupIngress", &turned, "InvalidParameterValue").await;
        let id = made.one("securityGroupRuleId");
        let modify = [
            ("GroupId", group.as_str()),
            ("SecurityGroupRule.1.SecurityGroupRuleId", id.as_str()),
            ("SecurityGroupRule.1.SecurityGroupRule.IpProtocol", "tcp"),
            ("SecurityGroupRule.1.SecurityGroupRule.FromPort", "5433"),
            ("SecurityGroupRule.1.SecurityGroupRule.ToPort", "5433"),
            ("SecurityGroupRule.1.SecurityGroupRule.CidrIpv4", "10.0.0.0/16"),
        ];
        client.ec2("ModifySecurityGroupRules", &modify).await;
        let shown = client.ec2("DescribeSecurityGroupRules", &[("SecurityGroupRuleId.1", &id)]).await;
        assert_eq!(shown.one("fromPort"), "5433");
        client.refused("ModifySecurityGroupRules", &modify[..5], "MissingParameter").await;
    }

    #[tokio::test(start_paused = true)]
    async fn groups_in_use_and_default_groups_stay() {
        let client = Client::calm();
        let vpc = client.vpc("10.0.0.0/16").await;
        let (one, two) = (group(&client, &vpc, "one").await, group(&client, &vpc, "two").await);
        let rule = [
            ("GroupId", two.as_str()),
            ("IpPermissions.1.IpProtocol", "tcp"),
            ("IpPermissions.1.FromPort", "1"),
            ("IpPermissions.1.ToPort", "1"),
            ("IpPermissions.1.Groups.1.GroupId", one.as_str()),
        ];
        client.ec2("AuthorizeSecurityGroupIngress", &rule).await;
        let refused = client.refused("DeleteSecurityGroup", &[("GroupId", &one)], "DependencyViolation").await;
        assert_eq!(refused.message, format!("resource {one} has a dependent object"));
        client.ec2("DeleteSecurityGroup", &[("GroupId", &two)]).await;
        client.ec2("DeleteSecurityGroup", &[("GroupId", &one)]).await;
        let defaults = [
            ("Filter.1.Name", "group-name"),
            ("Filter.1.Value.1", "default"),
            ("Filter.2.Name", "vpc-id"),
            ("Filter.2.Value.1", vpc.as_str()),
        ];
        let default = client.ec2("DescribeSecurityGroups", &defaults).await.one("groupId");
        client.refused("DeleteSecurityGroup", &[("GroupId", &default)], "CannotDelete").await;
        let again = [("GroupName", "default"), ("GroupDescription", "x"), ("VpcId", vpc.as_str())];
        client.refused("CreateSecurityGroup", &again, "InvalidParameterValue").await;
    }
}
