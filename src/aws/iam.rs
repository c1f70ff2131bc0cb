//! What IAM's types share: tags, documents, and what is not there yet.

use std::collections::BTreeMap;

use aws_sdk_iam::types::Tag;
use fathuss_engine::provider::Failure;
use percent_encoding::percent_decode_str;

use crate::failure::refused;

/// As IAM takes tags.
pub(crate) fn written(tags: BTreeMap<String, String>) -> Result<Vec<Tag>, Failure> {
    tags.into_iter()
        .map(|(key, value)| {
            let tag = Tag::builder().key(key).value(value).build();
            tag.map_err(|error| refused("InvalidField", error.to_string()))
        })
        .collect()
}

/// As IAM answers tags.
pub(crate) fn read(tags: &[Tag]) -> BTreeMap<String, String> {
    tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect()
}

/// A policy document, which IAM answers percent-encoded.
pub(crate) fn document(encoded: &str) -> String {
    percent_decode_str(encoded).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use fathuss_engine::Provider;
    use fathuss_engine::provider::{Attributes, FailureClass, Found, Observation, Progress, UpdateRequest};
    use fathuss_state::Identity;

    use crate::canned::{Canned, attributes, make, read, standing};

    const ROLE: &str = "<Path>/</Path><RoleName>nodes</RoleName><RoleId>AROA1</RoleId>\
        <Arn>arn:aws:iam::111122223333:role/nodes</Arn><CreateDate>2026-01-01T00:00:00Z</CreateDate>\
        <AssumeRolePolicyDocument>%7B%22Statement%22%3A%20%22a%2Bb%22%7D</AssumeRolePolicyDocument>\
        <MaxSessionDuration>3600</MaxSessionDuration>";
    const TAGS: &str = "<Tags><member><Key>fathuss:lineage</Key><Value>lineage-1</Value></member>\
        <member><Key>fathuss:address</Key><Value>s.aws_iam_role.nodes</Value></member>\
        <member><Key>fathuss:generation</Key><Value>1</Value></member>\
        <member><Key>Project</Key><Value>Fathuss</Value></member></Tags>";
    const POLICY: &str = "<Policy><PolicyName>reader</PolicyName><PolicyId>ANPA1</PolicyId>\
        <Arn>arn:aws:iam::111122223333:policy/reader</Arn><Path>/</Path><DefaultVersionId>v7</DefaultVersionId>\
        </Policy>";

    #[tokio::test]
    async fn a_role_reads_back_decoded_and_without_the_mark() {
        let canned = Canned::new().result("GetRole", &format!("<Role>{ROLE}{TAGS}</Role>"));
        let answer = canned.aws().read(&[read("s.aws_iam_role.nodes", "nodes", Attributes::new())]).await;
        let Ok(Observation::Present(role)) = &answer.observations[0] else { panic!("{answer:?}") };
        assert_eq!(role["assume_role_policy"], "{\"Statement\": \"a+b\"}".into());
        assert_eq!(role["tags"].to_string(), "{\"Project\":\"Fathuss\"}");
        assert_eq!(role["create_date"], "2026-01-01T00:00:00Z".into());
        assert_eq!(role["path"], "/".into());
        assert!(!role.contains_key("description"));
    }

    #[tokio::test]
    async fn a_role_of_another_owner_is_foreign_and_a_missing_one_is_nothing() {
        let wanted = make("s.aws_iam_role.nodes", attributes([("name", "nodes"), ("assume_role_policy", "{}")]));
        let foreign = Canned::new().result("GetRole", &format!("<Role>{ROLE}</Role>"));
        assert_eq!(foreign.aws().find(&wanted).await, Ok(Found::Foreign(Identity("nodes".to_owned()))));
        let ours = Canned::new().result("GetRole", &format!("<Role>{ROLE}{TAGS}</Role>"));
        assert_eq!(ours.aws().find(&wanted).await, Ok(Found::Ours(Identity("nodes".to_owned()))));
        let nothing =
            Canned::new().refuse_query("GetRole", 404, "NoSuchEntity", "The role with name nodes cannot be found.");
        assert_eq!(nothing.aws().find(&wanted).await, Ok(Found::Nothing));
    }

    #[tokio::test]
    async fn a_trust_policy_that_names_what_was_just_made_is_tried_again() {
        let wanted = make("s.aws_iam_role.nodes", attributes([("name", "nodes"), ("assume_role_policy", "{}")]));
        let lagging =
            Canned::new().refuse_query("CreateRole", 400, "MalformedPolicyDocument", "Invalid principal in policy");
        assert_eq!(lagging.aws().create(&wanted).await.unwrap_err().class, FailureClass::Unseen);
        let wrong = Canned::new().refuse_query(
            "CreateRole",
            400,
            "MalformedPolicyDocument",
            "This policy contains invalid Json",
        );
        assert_eq!(wrong.aws().create(&wanted).await.unwrap_err().class, FailureClass::Refused);
        let seen = &wrong.seen()[0];
        assert_eq!(seen.get("Tags.member.1.Key"), Some("fathuss:address"));
    }

    #[tokio::test]
    async fn the_document_of_a_policy_version_is_read_once() {
        let document = "<PolicyVersion><Document>%7B%7D</Document></PolicyVersion>";
        let canned = Canned::new().result("GetPolicy", POLICY).result("GetPolicyVersion", document);
        let arn = "arn:aws:iam::111122223333:policy/reader";
        let first = canned.aws().read(&[read("s.aws_iam_policy.reader", arn, Attributes::new())]).await;
        let Ok(Observation::Present(policy)) = &first.observations[0] else { panic!("{first:?}") };
        assert_eq!(policy["policy"], "{}".into());
        let again = canned.aws().read(&[read("s.aws_iam_policy.reader", arn, policy.clone())]).await;
        assert_eq!(again.observations[0], Ok(Observation::Present(policy.clone())));
        assert_eq!(canned.operations(), ["GetPolicy", "GetPolicyVersion", "GetPolicy"]);
        let mut replaced = policy.clone();
        replaced.insert("policy_id".to_owned(), "ANPA0".into());
        canned.aws().read(&[read("s.aws_iam_policy.reader", arn, replaced)]).await;
        assert_eq!(canned.operations().last().unwrap(), "GetPolicyVersion", "another policy of the name is read anew");
    }

    #[tokio::test]
    async fn a_sixth_version_of_a_policy_makes_room_for_itself() {
        let version = |id: &str, default: bool| {
            format!("<member><VersionId>{id}</VersionId><IsDefaultVersion>{default}</IsDefaultVersion></member>")
        };
        let versions: String = [("v9", false), ("v10", true), ("v2", false), ("v7", false), ("v8", false)]
            .map(|(id, default)| version(id, default))
            .concat();
        let canned = Canned::new()
            .result("ListPolicyVersions", &format!("<Versions>{versions}</Versions>"))
            .result("DeletePolicyVersion", "")
            .result("CreatePolicyVersion", "");
        let arn = "arn:aws:iam::111122223333:policy/reader";
        let standing = standing("s.aws_iam_policy.reader", arn, attributes([("policy", "{\"a\":1}")]));
        let change = UpdateRequest { before: Attributes::new(), changed: vec!["policy".to_owned()] };
        canned.aws().update(&standing, &change).await.unwrap();
        assert_eq!(canned.operations(), ["ListPolicyVersions", "DeletePolicyVersion", "CreatePolicyVersion"]);
        assert_eq!(canned.seen()[1].get("VersionId"), Some("v2"));
        assert_eq!(canned.seen()[2].get("SetAsDefault"), Some("true"));
    }

    #[tokio::test]
    async fn attachments_of_one_role_are_one_call_and_a_missing_one_is_absent() {
        let listed = "<AttachedPolicies><member><PolicyArn>arn:aws:iam::aws:policy/A</PolicyArn></member></AttachedPolicies><IsTruncated>false</IsTruncated>";
        let canned = Canned::new().result("ListAttachedRolePolicies", listed);
        let kind = "s.aws_iam_role_policy_attachment";
        let answer = canned
            .aws()
            .read(&[
                read(&format!("{kind}.a"), "nodes/arn:aws:iam::aws:policy/A", Attributes::new()),
                read(&format!("{kind}.b"), "nodes/arn:aws:iam::aws:policy/B", Attributes::new()),
            ])
            .await;
        assert_eq!(canned.operations().len(), 1);
        let Ok(Observation::Present(there)) = &answer.observations[0] else { panic!("{answer:?}") };
        assert_eq!(there["policy_arn"], "arn:aws:iam::aws:policy/A".into());
        assert_eq!(answer.observations[1], Ok(Observation::Absent));
    }

    #[tokio::test]
    async fn a_policy_of_aws_that_is_not_there_is_refused_and_one_of_ours_is_waited_for() {
        let message = "Policy arn:aws:iam::1:policy/x does not exist or is not attachable.";
        let canned = Canned::new().refuse_query("AttachRolePolicy", 404, "NoSuchEntity", message);
        let attach = |policy: &str| {
            make("s.aws_iam_role_policy_attachment.a", attributes([("role", "nodes"), ("policy_arn", policy)]))
        };
        let typo = canned.aws().create(&attach("arn:aws:iam::aws:policy/Typo")).await.unwrap_err();
        assert_eq!(typo.class, FailureClass::Refused);
        let fresh = canned.aws().create(&attach("arn:aws:iam::1:policy/x")).await.unwrap_err();
        assert_eq!(fresh.class, FailureClass::Unseen);
    }

    #[tokio::test]
    async fn an_instance_profile_gets_its_role_after_it_was_made() {
        let profile = |roles: &str| {
            format!(
                "<InstanceProfile><Path>/</Path><InstanceProfileName>p</InstanceProfileName><InstanceProfileId>AIPA1</InstanceProfileId><Arn>arn:aws:iam::1:instance-profile/p</Arn><CreateDate>2026-01-01T00:00:00Z</CreateDate><Roles>{roles}</Roles></InstanceProfile>"
            )
        };
        let held = profile(&format!("<member>{ROLE}</member>"));
        let canned = Canned::new()
            .result("GetInstanceProfile", &profile(""))
            .result("GetInstanceProfile", &held)
            .result("AddRoleToInstanceProfile", "");
        let standing = standing("s.aws_iam_instance_profile.p", "p", attributes([("role", "nodes")]));
        let Ok(Progress::Ready(observed)) = canned.aws().settle(&standing).await else { panic!() };
        assert_eq!(observed["role"], "nodes".into());
        assert_eq!(canned.operations(), ["GetInstanceProfile", "AddRoleToInstanceProfile", "GetInstanceProfile"]);
        canned.aws().settle(&standing).await.unwrap();
        assert_eq!(canned.operations().len(), 4, "a role that is in is not put in again");
    }

    #[tokio::test]
    async fn a_role_in_use_is_not_gone_yet_and_a_missing_one_is_gone() {
        let standing = standing("s.aws_iam_role.nodes", "nodes", Attributes::new());
        let busy = Canned::new().refuse_query(
            "DeleteRole",
            409,
            "DeleteConflict",
            "Cannot delete entity, must detach all policies first.",
        );
        let busy = busy.result("ListInstanceProfilesForRole", "<InstanceProfiles/><IsTruncated>false</IsTruncated>");
        assert_eq!(busy.aws().delete(&standing).await.unwrap_err().class, FailureClass::NotYet);
        let gone =
            Canned::new().refuse_query("DeleteRole", 404, "NoSuchEntity", "The role with name nodes cannot be found.");
        assert_eq!(gone.aws().delete(&standing).await, Ok(Progress::Gone));
    }

    #[tokio::test]
    async fn a_role_leaves_the_instance_profiles_that_hold_it_before_it_goes() {
        let profile = "<InstanceProfiles><member><Path>/</Path><InstanceProfileName>servers</InstanceProfileName>\
            <InstanceProfileId>AIPA1</InstanceProfileId><Arn>arn:aws:iam::1:instance-profile/servers</Arn>\
            <CreateDate>2026-01-01T00:00:00Z</CreateDate><Roles/></member></InstanceProfiles>\
            <IsTruncated>false</IsTruncated>";
        let conflict = "Cannot delete entity, must remove roles from instance profile first.";
        let canned = Canned::new()
            .refuse_query("DeleteRole", 409, "DeleteConflict", conflict)
            .result("DeleteRole", "")
            .result("ListInstanceProfilesForRole", profile)
            .result("RemoveRoleFromInstanceProfile", "");
        let standing = standing("s.aws_iam_role.nodes", "nodes", Attributes::new());
        assert_eq!(canned.aws().delete(&standing).await, Ok(Progress::Gone));
        let expected = ["DeleteRole", "ListInstanceProfilesForRole", "RemoveRoleFromInstanceProfile", "DeleteRole"];
        assert_eq!(canned.operations(), expected);
        assert_eq!(canned.seen()[2].get("InstanceProfileName"), Some("servers"));
    }

    #[tokio::test]
    async fn an_issuer_reads_back_with_its_scheme() {
        let provider = "<Url>oidc.eks/id/1</Url><ClientIDList><member>sts.amazonaws.com</member></ClientIDList>";
        let canned = Canned::new().result("GetOpenIDConnectProvider", provider);
        let arn = "arn:aws:iam::1:oidc-provider/oidc.eks/id/1";
        let answer = canned.aws().read(&[read("s.aws_iam_openid_connect_provider.c", arn, Attributes::new())]).await;
        let Ok(Observation::Present(observed)) = &answer.observations[0] else { panic!("{answer:?}") };
        assert_eq!(observed["url"], "https://oidc.eks/id/1".into());
    }
}
