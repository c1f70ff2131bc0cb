//! The actions of a bucket's policy: those on buckets and those on objects.
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html>

use crate::iam::evaluation::like;

/// What is done with a bucket.
const OF_BUCKETS: &[&str] = &[
    "createbucket",
    "createbucketmetadatatableconfiguration",
    "deletebucket",
    "deletebucketmetadatatableconfiguration",
    "deletebucketpolicy",
    "deletebucketwebsite",
    "getaccelerateconfiguration",
    "getanalyticsconfiguration",
    "getbucketabac",
    "getbucketacl",
    "getbucketcors",
    "getbucketlocation",
    "getbucketlogging",
    "getbucketmetadatatableconfiguration",
    "getbucketnotification",
    "getbucketobjectlockconfiguration",
    "getbucketownershipcontrols",
    "getbucketpolicy",
    "getbucketpolicystatus",
    "getbucketpublicaccessblock",
    "getbucketrequestpayment",
    "getbuckettagging",
    "getbucketversioning",
    "getbucketwebsite",
    "getencryptionconfiguration",
    "getintelligenttieringconfiguration",
    "getinventoryconfiguration",
    "getlifecycleconfiguration",
    "getmetricsconfiguration",
    "getreplicationconfiguration",
    "listbucket",
    "listbucketmultipartuploads",
    "listbucketversions",
    "listtagsforresource",
    "pausereplication",
    "putaccelerateconfiguration",
    "putanalyticsconfiguration",
    "putbucketabac",
    "putbucketacl",
    "putbucketcors",
    "putbucketlogging",
    "putbucketnotification",
    "putbucketobjectlockconfiguration",
    "putbucketownershipcontrols",
    "putbucketpolicy",
    "putbucketpublicaccessblock",
    "putbucketrequestpayment",
    "putbuckettagging",
    "putbucketversioning",
    "putbucketwebsite",
    "putencryptionconfiguration",
    "putintelligenttieringconfiguration",
    "putinventoryconfiguration",
    "putlifecycleconfiguration",
    "putmetricsconfiguration",
    "putreplicationconfiguration",
    "tagresource",
    "untagresource",
    "updatebucketmetadataannotationtableconfiguration",
    "updatebucketmetadatainventorytableconfiguration",
    "updatebucketmetadatajournaltableconfiguration",
];

/// What is done with an object.
const OF_OBJECTS: &[&str] = &[
    "abortmultipartupload",
    "bypassgovernanceretention",
    "deleteobject",
    "deleteobjectannotation",
    "deleteobjecttagging",
    "deleteobjectversion",
    "deleteobjectversionannotation",
    "deleteobjectversiontagging",
    "getobject",
    "getobjectacl",
    "getobjectannotation",
    "getobjectattributes",
    "getobjectlegalhold",
    "getobjectretention",
    "getobjecttagging",
    "getobjecttorrent",
    "getobjectversion",
    "getobjectversionacl",
    "getobjectversionannotation",
    "getobjectversionannotationforreplication",
    "getobjectversionattributes",
    "getobjectversionforreplication",
    "getobjectversiontagging",
    "getobjectversiontorrent",
    "initiatereplication",
    "listmultipartuploadparts",
    "listobjectannotations",
    "listobjectversionannotations",
    "objectowneroverridetobucketowner",
    "putobject",
    "putobjectacl",
    "putobjectannotation",
    "putobjectlegalhold",
    "putobjectretention",
    "putobjecttagging",
    "putobjectversionacl",
    "putobjectversionannotation",
    "putobjectversiontagging",
    "replicatedelete",
    "replicateobject",
    "replicateobjectannotation",
    "replicatetags",
    "restoreobject",
    "updateobjectencryption",
];

/// What a policy's action, with its wildcards, can be done with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reach {
    pub(super) buckets: bool,
    pub(super) objects: bool,
}

impl Reach {
    /// What an action as a policy has it reaches; none where it is no action on a bucket or in one.
    pub(super) fn of(action: &str) -> Option<Reach> {
        let action = action.to_ascii_lowercase();
        let name = if action == "*" { "*" } else { action.strip_prefix("s3:")? };
        let any = |all: &[&str]| all.iter().any(|one| like(name, one));
        let reach = Reach { buckets: any(OF_BUCKETS), objects: any(OF_OBJECTS) };
        (reach.buckets || reach.objects).then_some(reach)
    }
}

#[cfg(test)]
mod tests {
    use super::Reach;

    #[test]
    fn an_action_reaches_buckets_or_objects_or_both() {
        let reach = |action| Reach::of(action).map(|reach| (reach.buckets, reach.objects));
        assert_eq!(reach("s3:ListBucket"), Some((true, false)));
        assert_eq!(reach("S3:getObject"), Some((false, true)));
        assert_eq!(reach("s3:Get*"), Some((true, true)));
        assert_eq!(reach("*"), Some((true, true)));
        assert_eq!(reach("s3:Nope"), None);
        assert_eq!(reach("s3:ListAllMyBuckets"), None);
        assert_eq!(reach("ec2:RunInstances"), None);
    }
}
