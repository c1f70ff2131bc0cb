//! `aws_cloudfront_origin_access_control`:
//! <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html>

use crate::{Computed, Id, Value, words};

words! {
    /// What an access control's origins are.
    pub enum OriginType {
        /// A function's URL.
        Lambda = "lambda",
        /// A channel of MediaPackage.
        MediaPackageV2 = "mediapackagev2",
        /// A container of MediaStore.
        MediaStore = "mediastore",
        /// A bucket.
        S3 = "s3",
    }
}

words! {
    /// Which requests to an origin are signed.
    pub enum SigningBehavior {
        /// All.
        Always = "always",
        /// None: whatever the origin is, it has to be open.
        Never = "never",
        /// Those that the viewer has not signed.
        NoOverride = "no-override",
    }
}

words! {
    /// How requests to an origin are signed.
    pub enum SigningProtocol {
        /// By Signature Version 4.
        SigV4 = "sigv4",
    }
}

/// How a distribution shows an origin who it is, so that the origin can be closed to all others.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// let control = CloudfrontOriginAccessControl::new(OriginType::S3, SigningBehavior::Always, SigningProtocol::SigV4);
/// stack.add("assets", control);
/// # Ok(())
/// # }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(
    type = "aws_cloudfront_origin_access_control",
    service = "cloudfront",
    creation = Name,
    create_seconds = 1,
    delete_seconds = 1
)]
pub struct CloudfrontOriginAccessControl {
    /// What its origins are.
    origin_access_control_origin_type: Value<OriginType>,
    /// Which requests are signed.
    signing_behavior: Value<SigningBehavior>,
    /// How they are signed.
    signing_protocol: Value<SigningProtocol>,
    /// The name, unique in the account.
    #[field(replace, computed, named, min_length = 1, max_length = 64)]
    name: Option<Value<String>>,
    /// What it is for.
    #[field(default = "\"\"", max_length = 256)]
    description: Option<Value<String>>,
    /// The id.
    id: Computed<Id<CloudfrontOriginAccessControl>>,
}

impl CloudfrontOriginAccessControl {
    /// All requests to a bucket are signed.
    #[must_use]
    pub fn s3() -> Self {
        Self::new(OriginType::S3, SigningBehavior::Always, SigningProtocol::SigV4)
    }
}
