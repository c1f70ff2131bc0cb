//! `#[derive(Resource)]`: from a struct to a builder, references and a schema.
//!
//! ```ignore
//! /// A part of a VPC's range in one availability zone.
//! #[derive(Clone, Debug, Resource)]
//! #[resource(type = "aws_subnet", service = "ec2", creation = Tag, check = check)]
//! pub struct Subnet {
//!     /// The VPC it lies in.
//!     #[field(replace)]
//!     vpc_id: Value<Id<Vpc>>,              // required: an argument of `Subnet::new`
//!     /// The zone.
//!     #[field(replace, computed)]
//!     availability_zone: Option<Value<String>>, // optional: a method of the builder
//!     /// The id.
//!     id: Computed<Id<Subnet>>,            // AWS gives it: a method of the handle
//! }
//! ```
//!
//! What a doc comment says first is the schema's `doc`, and its first code block the schema's `example`: rustdoc's
//! tests run it, and docs/resources shows it.
//!
//! On the struct: `type`, `service`, `provider`, `creation`, `mode`, `check`,
//! `waits`, `transition`, `updates_after`, `rolling`, `holds_data`, `create_seconds`, `delete_seconds`; or `block` alone for a
//! nested block. On a field: `replace`, `computed`, `set`, `json`,
//! `holds = Free | Along | Released | Firm`, `case_insensitive`, `default = "JSON"`, `sensitive`, `write_only`,
//! `ignored_after_creation`, `named`, `replace_presence`, `volatile`, `volatile = "FIELD FIELD"`,
//! `instruction`, `version_prefix`, `update_seconds`, `windowed`, `rename = "NAME"`, `min`, `max`,
//! `min_length`, `max_length`, `form = CONSTANT`, or `pattern` with `pattern_words` where no other field has it.

mod attributes;
mod expand;

use proc_macro::TokenStream;

/// Makes a resource type, or with `#[resource(block)]` a nested block, from a struct.
#[proc_macro_derive(Resource, attributes(resource, field))]
pub fn resource(input: TokenStream) -> TokenStream {
    let input = syn::parse_macro_input!(input as syn::DeriveInput);
    expand::expand(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}
