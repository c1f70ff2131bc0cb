//! `aws_iam_openid_connect_provider`: <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc.html>

use crate::{Arn, Computed, Id, Tags, Value};

/// An issuer of identity tokens that trust policies may name, for instance a cluster's for its service accounts.
#[derive(Clone, Debug, crate::Resource)]
#[resource(
    type = "aws_iam_openid_connect_provider",
    service = "iam",
    creation = Name,
    create_seconds = 2,
    delete_seconds = 1
)]
pub struct IamOpenidConnectProvider {
    /// The issuer's URL with `https://`, unique in the account; IAM gives it back without.
    #[field(
        replace,
        max_length = 255,
        pattern = r"https://.+",
        pattern_words = "an issuer's URL begins with https://"
    )]
    url: Value<String>,
    /// The audiences that tokens may be for; `sts.amazonaws.com` for a cluster's service accounts.
    #[field(set, max_length = 100)]
    client_id_list: Value<Vec<String>>,
    /// SHA-1 thumbprints of the issuer's certificate authority; IAM finds them itself where none are given.
    #[field(
        set,
        computed,
        max_length = 5,
        pattern = "[0-9a-fA-F]{40}",
        pattern_words = "a thumbprint is 40 hexadecimal digits"
    )]
    thumbprint_list: Option<Value<Vec<String>>>,
    /// Tags.
    tags: Option<Value<Tags>>,
    /// The ARN, by which IAM knows it.
    id: Computed<Id<IamOpenidConnectProvider>>,
    /// The ARN.
    arn: Computed<Arn<IamOpenidConnectProvider>>,
}
