//! Roles with what is attached to them, from lists of the whole account.
//!
//! `GetAccountAuthorizationDetails` has all of a role but its description and session length, and `ListRoles` has
//! those: two calls in place of two for each role. But no filter leads to our roles among an account's thousands, so
//! no more pages are read than a quarter of the calls that they may save. What they do not show is asked for by name:
//! a list proves presence, never absence. Credentials that may not read the account read role by role.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws_sdk_iam::types::{self, EntityType};
use fathuss_engine::proposal::{Objection, Proposal, Proposals};
use fathuss_engine::provider::{Failure, FailureClass};
use fathuss_model::Address;
use futures::future::try_join;

use crate::call::Call;
use crate::client::Client;
use crate::fields::Fields;

/// How many roles a page of `ListRoles` may have; those with all details come in pages of IAM's own size.
/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListRoles.html>
const PAGE: i32 = 1000;

/// How many calls by name a page has to stand for.
const WORTH: usize = 4;

/// What the lists showed, by the role's name.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    roles: BTreeMap<String, types::Role>,
    details: BTreeMap<String, types::RoleDetail>,
}

impl Shown {
    /// A role with every field that `GetRole` answers, where both lists showed the same one.
    pub(crate) fn role(&self, name: &str) -> Option<types::Role> {
        let (role, detail) = (self.roles.get(name)?, self.details.get(name)?);
        let same = detail.role_id() == Some(role.role_id());
        same.then(|| {
            let mut whole = role.clone();
            whole.permissions_boundary.clone_from(&detail.permissions_boundary);
            whole.tags.clone_from(&detail.tags);
            whole
        })
    }

    /// Whether a policy was attached to a role.
    pub(crate) fn has(&self, role: &str, policy: &str) -> bool {
        let policies = self.details.get(role).map(types::RoleDetail::attached_managed_policies).unwrap_or_default();
        policies.iter().any(|attached| attached.policy_arn() == Some(policy))
    }

    /// The document of a policy inside a role, as IAM answers it.
    pub(crate) fn inline(&self, role: &str, policy: &str) -> Option<&str> {
        let policies = self.details.get(role).map(types::RoleDetail::role_policy_list).unwrap_or_default();
        policies.iter().find(|inside| inside.policy_name() == Some(policy))?.policy_document()
    }
}

/// What the lists show of these roles, and of these with their attachments, as far as that saves calls.
pub(crate) async fn shown(
    client: &Client,
    roles: &BTreeSet<&str>,
    attached: &BTreeSet<&str>,
) -> Result<Shown, Failure> {
    let pages = (roles.len() + attached.len()) / WORTH;
    let either = roles.union(attached).copied().collect();
    match try_join(listed(client, roles, pages), details(client, &either, pages)).await {
        Ok((roles, details)) => Ok(Shown { roles, details }),
        Err(failure) if failure.class == FailureClass::Denied => Ok(Shown::default()),
        Err(failure) => Err(failure),
    }
}

/// The roles among what would be deleted that carry policies which nothing here put there: IAM refuses to delete them as
/// long as it does, and these are none of ours to take off.
pub(crate) async fn objections(client: &Client, deleted: &Proposals) -> Result<Vec<Objection>, Failure> {
    let here = |kind: &'static str| {
        let of_kind = deleted.iter().filter(move |(address, _)| address.kind() == kind);
        of_kind.filter(|(_, proposal)| proposal.region == client.region)
    };
    let text = |proposal: &Proposal, field: &str| Fields::of(&proposal.fields).maybe_string(field);
    let mut roles = BTreeMap::new();
    for (address, role) in here("aws_iam_role") {
        roles.extend(text(role, "name")?.map(|name| (name, address)));
    }
    if roles.is_empty() {
        return Ok(Vec::new());
    }
    let mut ours = BTreeSet::new();
    for (kind, field) in [("aws_iam_role_policy", "name"), ("aws_iam_role_policy_attachment", "policy_arn")] {
        for (_, policy) in here(kind) {
            ours.insert((text(policy, "role")?, text(policy, field)?));
        }
    }
    let mut foreign = foreign_policies(client, &roles, &ours).await?;
    if !foreign.is_empty() {
        // What was taken off a moment ago may be shown yet.
        client.pause(LAG).await;
        let still = foreign_policies(client, &roles, &ours).await?;
        foreign.retain(|one| still.contains(one));
    }
    let mut by_role: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (role, policy) in &foreign {
        by_role.entry(role).or_default().push(policy);
    }
    let object = |(role, policies): (&str, Vec<&str>)| {
        let message = format!(
            "others have given it {}, and IAM deletes a role without policies alone: take them off, or import them",
            policies.join(", ")
        );
        Some(Objection { address: (*roles.get(role)?).clone(), message })
    };
    Ok(by_role.into_iter().filter_map(object).collect())
}

/// How long IAM may go on showing what is gone.
const LAG: Duration = Duration::from_secs(40);

/// The policies on these roles that are none of `ours`, each as its role's name and its own name or ARN.
async fn foreign_policies(
    client: &Client,
    roles: &BTreeMap<String, &Address>,
    ours: &BTreeSet<(Option<String>, Option<String>)>,
) -> Result<BTreeSet<(String, String)>, Failure> {
    let wanted: BTreeSet<&str> = roles.keys().map(String::as_str).collect();
    let details = match details(client, &wanted, wanted.len().div_ceil(WORTH)).await {
        // Who may not list the account hears of them from the delete.
        Err(failure) if failure.class == FailureClass::Denied => return Ok(BTreeSet::new()),
        details => details?,
    };
    let mut foreign = BTreeSet::new();
    for (role, detail) in details {
        let inside = detail.role_policy_list().iter().filter_map(|policy| policy.policy_name());
        let attached = detail.attached_managed_policies().iter().filter_map(|policy| policy.policy_arn());
        let all = inside.chain(attached).map(|policy| (role.clone(), policy.to_owned()));
        foreign.extend(all.filter(|(role, policy)| !ours.contains(&(Some(role.clone()), Some(policy.clone())))));
    }
    Ok(foreign)
}

async fn listed(
    client: &Client,
    wanted: &BTreeSet<&str>,
    pages: usize,
) -> Result<BTreeMap<String, types::Role>, Failure> {
    let mut found = BTreeMap::new();
    let mut marker = None;
    for _ in 0..pages {
        if found.len() == wanted.len() {
            break;
        }
        let sending = client.iam.list_roles().max_items(PAGE).set_marker(marker).send();
        let answer = client.send(Call::iam("ListRoles"), sending).await?;
        let ours = answer.roles.into_iter().filter(|role| wanted.contains(role.role_name()));
        found.extend(ours.map(|role| (role.role_name.clone(), role)));
        marker = answer.marker.filter(|_| answer.is_truncated);
        if marker.is_none() {
            break;
        }
    }
    Ok(found)
}

async fn details(
    client: &Client,
    wanted: &BTreeSet<&str>,
    pages: usize,
) -> Result<BTreeMap<String, types::RoleDetail>, Failure> {
    let mut found = BTreeMap::new();
    let mut marker = None;
    for _ in 0..pages {
        if found.len() == wanted.len() {
            break;
        }
        let asking = client.iam.get_account_authorization_details().filter(EntityType::Role).set_marker(marker);
        let answer = client.send(Call::iam("GetAccountAuthorizationDetails"), asking.send()).await?;
        let named = answer.role_detail_list.unwrap_or_default().into_iter();
        let named = named.filter_map(|role| Some((role.role_name.clone()?, role)));
        found.extend(named.filter(|(name, _)| wanted.contains(name.as_str())));
        marker = answer.marker.filter(|_| answer.is_truncated);
        if marker.is_none() {
            break;
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use fathuss_engine::Provider;
    use fathuss_engine::provider::{Attributes, Observation, ReadRequest};

    use fathuss_engine::proposal::{Proposal, Proposals};
    use serde_json::json;

    use crate::canned::{Canned, read};

    fn listed(name: &str) -> String {
        format!(
            "<member><Path>/</Path><RoleName>{name}</RoleName><RoleId>AROA{name}</RoleId><Arn>arn:{name}</Arn>\
             <CreateDate>2026-01-01T00:00:00Z</CreateDate><AssumeRolePolicyDocument>%7B%7D</AssumeRolePolicyDocument>\
             <Description>of {name}</Description><MaxSessionDuration>7200</MaxSessionDuration></member>"
        )
    }

    fn detailed(name: &str) -> String {
        format!(
            "<member><Path>/</Path><RoleName>{name}</RoleName><RoleId>AROA{name}</RoleId><Arn>arn:{name}</Arn>\
             <AttachedManagedPolicies><member><PolicyName>p</PolicyName><PolicyArn>arn:p</PolicyArn></member>\
             </AttachedManagedPolicies><PermissionsBoundary><PermissionsBoundaryType>Policy</PermissionsBoundaryType>\
             <PermissionsBoundaryArn>arn:b</PermissionsBoundaryArn></PermissionsBoundary>\
             <Tags><member><Key>Project</Key><Value>Fathuss</Value></member></Tags></member>"
        )
    }

    fn role(name: &str) -> String {
        format!("<Role>{}</Role>", listed(name).replace("<member>", "").replace("</member>", ""))
    }

    fn roles(names: &[&str], end: &str) -> String {
        format!("<Roles>{}</Roles>{end}", names.iter().map(|name| listed(name)).collect::<String>())
    }

    fn details(names: &[&str], end: &str) -> String {
        format!("<RoleDetailList>{}</RoleDetailList>{end}", names.iter().map(|name| detailed(name)).collect::<String>())
    }

    /// A role each, with one attachment each.
    fn requests(names: &[&str]) -> Vec<ReadRequest> {
        let role = |name: &str| read(&format!("s.aws_iam_role.{name}"), name, Attributes::new());
        let attachment = |name: &str| {
            let address = format!("s.aws_iam_role_policy_attachment.{name}");
            read(&address, &format!("{name}/arn:p"), Attributes::new())
        };
        names.iter().flat_map(|name| [attachment(name), role(name)]).collect()
    }

    const LAST: &str = "<IsTruncated>false</IsTruncated>";
    const MORE: &str = "<IsTruncated>true</IsTruncated><Marker>next</Marker>";

    #[tokio::test]
    async fn two_lists_have_every_field_of_roles_and_what_is_attached() {
        let canned = Canned::new()
            .result("ListRoles", &roles(&["other", "a", "b"], LAST))
            .result("GetAccountAuthorizationDetails", &details(&["a", "b", "other"], LAST));
        let answer = canned.aws().read(&requests(&["a", "b"])).await;
        let mut operations = canned.operations();
        operations.sort();
        assert_eq!(operations, ["GetAccountAuthorizationDetails", "ListRoles"]);
        let [Ok(Observation::Present(attached)), Ok(Observation::Present(role)), ..] = answer.observations.as_slice()
        else {
            panic!("{answer:?}")
        };
        assert_eq!((&attached["role"], &attached["policy_arn"]), (&"a".into(), &"arn:p".into()));
        assert_eq!((&role["name"], &role["description"]), (&"a".into(), &"of a".into()));
        assert_eq!((&role["max_session_duration"], &role["permissions_boundary"]), (&7200.into(), &"arn:b".into()));
        assert_eq!(role["tags"].to_string(), "{\"Project\":\"Fathuss\"}");
    }

    #[tokio::test]
    async fn what_the_lists_do_not_show_is_asked_for_by_name() {
        let canned = Canned::new()
            .result("ListRoles", &roles(&["a"], LAST))
            .result("GetAccountAuthorizationDetails", &details(&["a"], LAST))
            .refuse_query("GetRole", 404, "NoSuchEntity", "The role with name b cannot be found.")
            .refuse_query("ListAttachedRolePolicies", 404, "NoSuchEntity", "The role with name b cannot be found.");
        let answer = canned.aws().read(&requests(&["a", "b"])).await;
        assert!(matches!(answer.observations[..2], [Ok(Observation::Present(_)), Ok(Observation::Present(_))]));
        assert_eq!(answer.observations[2..], [Ok(Observation::Absent), Ok(Observation::Absent)]);
        let by_name: Vec<_> =
            canned.seen().into_iter().filter_map(|it| it.get("RoleName").map(str::to_owned)).collect();
        assert_eq!(by_name, ["b", "b"]);
    }

    #[tokio::test]
    async fn an_account_of_many_pages_is_not_read_to_its_end() {
        let canned = Canned::new()
            .result("ListRoles", &roles(&["other"], MORE))
            .result("GetAccountAuthorizationDetails", &details(&["other"], MORE))
            .result("GetRole", &role("a"))
            .result("ListAttachedRolePolicies", "<AttachedPolicies/><IsTruncated>false</IsTruncated>");
        canned.aws().read(&requests(&["a", "b", "c", "d"])).await;
        let sent = |operation: &str| canned.operations().iter().filter(|it| *it == operation).count();
        assert_eq!((sent("ListRoles"), sent("GetAccountAuthorizationDetails")), (2, 2), "a quarter of eight");
        assert_eq!((sent("GetRole"), sent("ListAttachedRolePolicies")), (4, 4));
    }

    #[tokio::test]
    async fn who_may_not_list_the_account_reads_role_by_role() {
        let canned = Canned::new()
            .result("ListRoles", &roles(&["a", "b"], LAST))
            .refuse_query("GetAccountAuthorizationDetails", 403, "AccessDenied", "User is not authorized to perform")
            .result("GetRole", &role("a"))
            .result("ListAttachedRolePolicies", "<AttachedPolicies/><IsTruncated>false</IsTruncated>");
        let answer = canned.aws().read(&requests(&["a", "b"])).await;
        assert!(answer.observations.iter().all(Result::is_ok), "{answer:?}");
        assert_eq!(canned.operations().iter().filter(|it| *it == "GetRole").count(), 2);
    }

    /// What is said against deleting role `a` with this attachment, where IAM answers these lists one after another.
    async fn objected(attachment: Option<&str>, answers: &[&str]) -> (Vec<String>, usize) {
        let operation = "GetAccountAuthorizationDetails";
        let canned = answers.iter().fold(Canned::new(), |canned, answer| canned.result(operation, answer));
        let mut deleted = Proposals::new();
        let mut add = |address: &str, fields: serde_json::Value| {
            let fields = serde_json::from_value(fields).unwrap();
            let proposal = Proposal { region: "us-east-1".to_owned(), fields, ..Proposal::default() };
            deleted.insert(address.parse().unwrap(), proposal);
        };
        add("s.aws_iam_role.a", json!({ "name": "a" }));
        if let Some(policy) = attachment {
            add("s.aws_iam_role_policy_attachment.a", json!({ "role": "a", "policy_arn": policy }));
        }
        let said = super::objections(&canned.aws().client("us-east-1"), &deleted).await.unwrap();
        (said.into_iter().map(|objection| objection.message).collect(), canned.operations().len())
    }

    #[tokio::test(start_paused = true)]
    async fn what_others_have_attached_to_a_role_is_objected_to_before_anything_goes() {
        let (attached, bare) = (details(&["a"], LAST), "<RoleDetailList/><IsTruncated>false</IsTruncated>");
        assert_eq!(objected(Some("arn:p"), &[&attached]).await, (vec![], 1), "it goes with the role");
        let (said, calls) = objected(Some("arn:other"), &[&attached, &attached]).await;
        assert!(said[0].starts_with("others have given it arn:p,") && calls == 2, "{said:?}");
        assert_eq!(objected(None, &[&attached, bare]).await, (vec![], 2), "what was taken off is shown for a while");
    }
}
