//! `aws_ce_cost_allocation_tag`: <https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/cost-alloc-tags.html>

use crate::{Computed, Id, Value, words};

words! {
    /// Whether costs are told apart by a tag.
    pub enum CostAllocationTagStatus {
        /// They are.
        Active = "Active",
        /// They are not.
        Inactive = "Inactive",
    }
}

/// A tag by which costs can be told apart, in the account that pays. AWS knows a key up to a day after something was
/// first tagged with it; until then its activation is deferred. Destroying it makes it inactive.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// for key in ["Environment", "Service"] {
///     stack.add(("billing", key), CeCostAllocationTag::active(key));
/// }
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(
    type = "aws_ce_cost_allocation_tag",
    service = "ce",
    mode = Adopted,
    creation = Upsert,
    create_seconds = 1,
    delete_seconds = 1
)]
pub struct CeCostAllocationTag {
    /// The tag's key.
    #[field(replace, min_length = 1, max_length = 1024)]
    tag_key: Value<String>,
    /// Whether costs are told apart by it.
    status: Value<CostAllocationTagStatus>,
    /// The key.
    id: Computed<Id<CeCostAllocationTag>>,
    /// `UserDefined` or `AWSGenerated`; nothing while AWS does not know the key.
    r#type: Computed<String>,
}

impl CeCostAllocationTag {
    /// A tag by which costs are told apart.
    #[must_use]
    pub fn active(key: &str) -> Self {
        Self::new(key, CostAllocationTagStatus::Active)
    }
}
