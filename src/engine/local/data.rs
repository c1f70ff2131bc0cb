//! `terraform_data`: what it is given is what it has.

use fathuss_model::schema::Schema;
use fathuss_model::terraform::Data;
use fathuss_model::{Datum, Resource};
use fathuss_state::Identity;

use super::Kind;
use crate::provider::{Attributes, Failure, MakeRequest, Standing};

/// `terraform_data`.
pub(super) struct TerraformData;

impl Kind for TerraformData {
    fn schema(&self) -> &'static Schema {
        Data::SCHEMA
    }

    fn create(&self, request: &MakeRequest) -> Result<Identity, Failure> {
        Ok(Identity(request.token.chars().take(32).collect()))
    }

    fn attributes(&self, standing: &Standing) -> Result<Attributes, Failure> {
        let mut attributes = standing.desired.attributes.clone();
        attributes.insert("id".to_owned(), Datum::String(standing.identity.0.clone()));
        if let Some(input) = attributes.get("input").cloned() {
            attributes.insert("output".to_owned(), input);
        }
        Ok(attributes)
    }
}
