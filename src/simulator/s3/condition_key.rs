//! The condition keys that a bucket's policy may name.

/// The keys that all services have, without `aws:`:
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html>. What ends in a slash has a
/// tag's key behind it.
const GLOBAL: &[&str] = &[
    "assumedroot",
    "calledvia",
    "calledviafirst",
    "calledvialast",
    "chatbotsourcearn",
    "currenttime",
    "ec2instancesourceprivateipv4",
    "ec2instancesourcevpc",
    "epochtime",
    "federatedprovider",
    "multifactorauthage",
    "multifactorauthpresent",
    "principalaccount",
    "principalarn",
    "principalisawsservice",
    "principalorgid",
    "principalorgpaths",
    "principalservicename",
    "principalservicenameslist",
    "principaltag/",
    "principaltype",
    "referer",
    "requestedregion",
    "requesttag/",
    "resourceaccount",
    "resourceorgid",
    "resourceorgpaths",
    "resourcetag/",
    "securetransport",
    "sourceaccount",
    "sourcearn",
    "sourceidentity",
    "sourceip",
    "sourceorgid",
    "sourceorgpaths",
    "sourcevpc",
    "sourcevpcarn",
    "sourcevpce",
    "tagkeys",
    "tokenissuetime",
    "useragent",
    "userid",
    "username",
    "viaawsservice",
    "vpceaccount",
    "vpceorgid",
    "vpceorgpaths",
    "vpcsourceip",
];

/// S3's own, without `s3:`: <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html>.
const OWN: &[&str] = &[
    "accessgrantsinstancearn",
    "accesspointnetworkorigin",
    "accesspointtag/",
    "authtype",
    "buckettag/",
    "dataaccesspointaccount",
    "dataaccesspointarn",
    "delimiter",
    "destinationregion",
    "existingjoboperation",
    "existingjobpriority",
    "existingobjecttag/",
    "if-match",
    "if-none-match",
    "inventoryaccessibleoptionalfields",
    "isreplicationpauserequest",
    "jobsuspendedcause",
    "locationconstraint",
    "max-keys",
    "object-lock-legal-hold",
    "object-lock-mode",
    "object-lock-remaining-retention-days",
    "object-lock-retain-until-date",
    "objectcreationoperation",
    "prefix",
    "requestjoboperation",
    "requestjobpriority",
    "requestobjecttag/",
    "requestobjecttagkeys",
    "resourceaccount",
    "signatureage",
    "signatureversion",
    "tlsversion",
    "versionid",
    "x-amz-acl",
    "x-amz-content-sha256",
    "x-amz-copy-source",
    "x-amz-grant-full-control",
    "x-amz-grant-read",
    "x-amz-grant-read-acp",
    "x-amz-grant-write",
    "x-amz-grant-write-acp",
    "x-amz-metadata-directive",
    "x-amz-object-ownership",
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-server-side-encryption-customer-algorithm",
    "x-amz-storage-class",
    "x-amz-website-redirect-location",
];

/// Whether there is such a key; those of other services pass, which no table here has.
pub(super) fn is_known(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    let Some((service, name)) = key.split_once(':') else { return false };
    let known = match service {
        "aws" => GLOBAL,
        "s3" => OWN,
        _ => return true,
    };
    known
        .iter()
        .any(|one| if one.ends_with('/') { name.len() > one.len() && name.starts_with(one) } else { name == *one })
}

#[cfg(test)]
mod tests {
    use super::is_known;

    #[test]
    fn keys_are_known_in_any_case_and_tags_by_what_stands_before_them() {
        for key in
            ["aws:SecureTransport", "AWS:sourceip", "s3:prefix", "aws:PrincipalTag/team", "s3:ExistingObjectTag/a"]
        {
            assert!(is_known(key), "{key}");
        }
        for key in ["aws:Secure", "s3:nothing", "aws:PrincipalTag/", "aws:PrincipalTag", "prefix", ""] {
            assert!(!is_known(key), "{key}");
        }
    }
}
