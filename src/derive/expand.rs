//! Writes the code for one struct.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};
use syn::{Data, DeriveInput, Fields, GenericArgument, PathArguments, Type};

use crate::attributes::{FieldAttributes, ResourceAttributes, doc, example};

/// How a field stands to the program.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Required,
    Optional,
    Computed,
}

struct Field<'a> {
    ident: &'a Ident,
    name: String,
    doc: String,
    role: Role,
    inner: &'a Type,
    attributes: FieldAttributes,
}

pub fn expand(input: &DeriveInput) -> syn::Result<TokenStream> {
    let attributes = ResourceAttributes::read(&input.attrs)?;
    let fields = fields(input)?;
    let builder = builder(&input.ident, &fields);
    let rest = if attributes.block { block(&input.ident, &fields) } else { resource(input, &attributes, &fields)? };
    Ok(quote! { #builder #rest })
}

fn fields(input: &DeriveInput) -> syn::Result<Vec<Field<'_>>> {
    let Data::Struct(data) = &input.data else {
        return Err(syn::Error::new_spanned(input, "a resource is a struct with named fields"));
    };
    let Fields::Named(named) = &data.fields else {
        return Err(syn::Error::new_spanned(input, "a resource is a struct with named fields"));
    };
    named.named.iter().map(field).collect()
}

fn field(field: &syn::Field) -> syn::Result<Field<'_>> {
    let ident = field.ident.as_ref().ok_or_else(|| syn::Error::new_spanned(field, "a field has a name"))?;
    let attributes = FieldAttributes::read(&field.attrs)?;
    let (role, inner) = match generic(&field.ty) {
        Some((name, inner)) if name == "Value" => (Role::Required, inner),
        Some((name, inner)) if name == "Computed" => (Role::Computed, inner),
        Some((name, inner)) if name == "Option" => match generic(inner) {
            Some((name, inner)) if name == "Value" => (Role::Optional, inner),
            _ => return Err(shape(field)),
        },
        _ => return Err(shape(field)),
    };
    let name = match &attributes.rename {
        Some(name) => name.value(),
        None => ident.to_string().trim_start_matches("r#").to_owned(),
    };
    let read = Field { ident, name, doc: doc(&field.attrs), role, inner, attributes };
    match (read.refers() && role != Role::Computed, read.attributes.replace, &read.attributes.holds) {
        (true, false, None) => Err(syn::Error::new_spanned(
            &field.ty,
            "a reference that changes in place says what becomes of its resource when what it refers to is replaced: \
             `holds = Free`, `Along`, `Released` or `Firm`",
        )),
        (_, true, Some(holds)) => Err(syn::Error::new_spanned(holds, "what is `replace` is replaced along anyway")),
        _ => Ok(read),
    }
}

impl Field<'_> {
    /// Whether it holds the id, ARN or name of another resource, or a list of them.
    fn refers(&self) -> bool {
        let element = match generic(self.inner) {
            Some((outer, element)) if outer == "Vec" => element,
            _ => self.inner,
        };
        generic(element).is_some_and(|(outer, _)| ["Id", "Arn", "Name"].contains(&outer.as_str()))
    }
}

fn shape(field: &syn::Field) -> syn::Error {
    syn::Error::new_spanned(
        &field.ty,
        "a field is `Value<T>` (required), `Option<Value<T>>` (optional) or `Computed<T>` (given by AWS)",
    )
}

/// The last segment's name and its one type argument.
fn generic(ty: &Type) -> Option<(String, &Type)> {
    let Type::Path(path) = ty else { return None };
    let segment = path.path.segments.last()?;
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
    match arguments.args.first()? {
        GenericArgument::Type(inner) => Some((segment.ident.to_string(), inner)),
        _ => None,
    }
}

/// The trait that what is given for a field must have: the narrowest, since its error is the clearest.
fn wanted(inner: &Type) -> TokenStream {
    let Type::Path(path) = inner else { return quote! { ::fathuss_model::IntoValue<#inner> } };
    let outer = path.path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
    match (outer.as_str(), generic(inner)) {
        ("Id", Some((_, resource))) => quote! { ::fathuss_model::IntoId<#resource> },
        ("Arn", Some((_, resource))) => quote! { ::fathuss_model::IntoArn<#resource> },
        ("Name", Some((_, resource))) => quote! { ::fathuss_model::IntoNameOf<#resource> },
        ("Vec", Some((_, element))) => quote! { ::fathuss_model::IntoList<#element> },
        ("Ipv4Net", None) => quote! { ::fathuss_model::IntoRange },
        ("Json", None) => quote! { ::fathuss_model::IntoJson },
        ("Secret", None) => quote! { ::fathuss_model::IntoSecret },
        ("bool" | "i64" | "String" | "SecretVersion", None) => quote! { ::fathuss_model::IntoPlain<#inner> },
        ("Datum" | "Tags", None) | (_, Some(_)) => quote! { ::fathuss_model::IntoValue<#inner> },
        (_, None) => quote! { ::fathuss_model::IntoChoice<#inner> },
    }
}

/// `new` with the required fields, and a method per optional one.
fn builder(name: &Ident, fields: &[Field<'_>]) -> TokenStream {
    let required: Vec<_> = fields.iter().filter(|field| field.role == Role::Required).collect();
    let parameters = required.iter().map(|field| {
        let (ident, wanted) = (field.ident, wanted(field.inner));
        quote! { #ident: impl #wanted }
    });
    let initial = fields.iter().map(|field| {
        let ident = field.ident;
        match field.role {
            Role::Required => quote! { #ident: ::fathuss_model::IntoValue::into_value(#ident) },
            Role::Optional => quote! { #ident: ::core::option::Option::None },
            Role::Computed => quote! { #ident: ::core::default::Default::default() },
        }
    });
    let setters = fields.iter().filter(|field| field.role == Role::Optional).map(|field| {
        let (ident, wanted, doc) = (field.ident, wanted(field.inner), &field.doc);
        let tag = (field.name == "tags").then(|| {
            quote! {
                /// One more tag.
                #[must_use]
                pub fn tag(
                    mut self,
                    key: impl ::core::convert::Into<::std::string::String>,
                    value: impl ::fathuss_model::IntoValue<::std::string::String>,
                ) -> Self {
                    self.#ident = ::core::option::Option::Some(::fathuss_model::schema_support::with_tag(
                        self.#ident.take(),
                        key.into(),
                        value.into_value(),
                    ));
                    self
                }
            }
        });
        quote! {
            #[doc = #doc]
            #[must_use]
            pub fn #ident(mut self, #ident: impl #wanted) -> Self {
                self.#ident = ::core::option::Option::Some(::fathuss_model::IntoValue::into_value(#ident));
                self
            }
            #tag
        }
    });
    let new_doc = match required.as_slice() {
        [] => format!("A `{name}` with nothing given."),
        required => {
            let names: Vec<String> = required.iter().map(|field| format!("`{}`", field.name)).collect();
            format!("A `{name}` with what it must have: {}.", names.join(", "))
        }
    };
    let default = required.is_empty().then(|| {
        quote! {
            impl ::core::default::Default for #name {
                fn default() -> Self {
                    Self::new()
                }
            }
        }
    });
    quote! {
        impl #name {
            #[doc = #new_doc]
            #[must_use]
            #[allow(clippy::too_many_arguments)]
            pub fn new(#(#parameters),*) -> Self {
                Self { #(#initial),* }
            }
            #(#setters)*
        }
        #default
    }
}

fn into_fields(fields: &[Field<'_>]) -> TokenStream {
    let inserts = fields.iter().map(|field| {
        let (ident, name) = (field.ident, &field.name);
        match field.role {
            Role::Required => quote! {
                fields.insert(#name.to_owned(), self.#ident.into_expression());
            },
            Role::Optional => quote! {
                if let ::core::option::Option::Some(value) = self.#ident {
                    fields.insert(#name.to_owned(), value.into_expression());
                }
            },
            // Read so that the struct may hold it for its type alone.
            Role::Computed => quote! { let _ = &self.#ident; },
        }
    });
    quote! {
        let mut fields = ::std::collections::BTreeMap::new();
        #(#inserts)*
        fields
    }
}

fn schema_fields(fields: &[Field<'_>]) -> TokenStream {
    let rows = fields.iter().map(|field| {
        let Field { name, doc, inner, role, attributes: at, .. } = field;
        let required = *role == Role::Required;
        let optional = *role == Role::Optional;
        let computed = *role == Role::Computed || at.computed;
        let FieldAttributes { replace, set, json, case_insensitive, sensitive, write_only, .. } = at;
        let FieldAttributes { named, replace_presence, instruction, version_prefix, windowed, .. } = at;
        let update_seconds = at.update_seconds.as_ref().map_or_else(|| quote! { 1 }, |seconds| quote! { #seconds });
        let (rust, method) = (spelled(inner), field.ident.to_string());
        let ignored = at.ignored_after_creation;
        let volatile = volatile(at);
        let along = if *replace { "Along" } else { "Free" };
        let hold = at.holds.clone().unwrap_or_else(|| Ident::new(along, Span::call_site()));
        let default = option(at.default.as_ref());
        let min_length = option(at.min_length.as_ref());
        let max_length = option(at.max_length.as_ref());
        let min = option(at.min.as_ref());
        let max = option(at.max.as_ref());
        let form = option(form(at).as_ref());
        quote! {
            ::fathuss_model::schema::Field {
                name: #name,
                rust: #rust,
                method: #method,
                variants: <#inner as ::fathuss_model::Typed>::VARIANTS,
                ty: <#inner as ::fathuss_model::Typed>::TYPE,
                doc: #doc,
                required: #required,
                computed: #computed,
                optional: #optional,
                replace: #replace,
                hold: ::fathuss_model::schema::Hold::#hold,
                set: #set,
                json: #json,
                case_insensitive: #case_insensitive,
                default: #default,
                sensitive: #sensitive,
                write_only: #write_only,
                ignored_after_creation: #ignored,
                volatile: #volatile,
                named: #named,
                replace_presence: #replace_presence,
                instruction: #instruction,
                version_prefix: #version_prefix,
                update_seconds: #update_seconds,
                windowed: #windowed,
                limits: ::fathuss_model::schema::Limits {
                    min_length: #min_length,
                    max_length: #max_length,
                    min: #min,
                    max: #max,
                    form: #form,
                },
            }
        }
    });
    quote! { &[#(#rows),*] }
}

fn volatile(at: &FieldAttributes) -> TokenStream {
    match &at.volatile_with {
        None if at.volatile => quote! { ::fathuss_model::schema::Volatile::Any },
        None => quote! { ::fathuss_model::schema::Volatile::No },
        Some(with) => {
            let with = with.value();
            let with = with.split(' ');
            quote! { ::fathuss_model::schema::Volatile::With(&[#(#with),*]) }
        }
    }
}

/// The form that a field names, or the one that it alone has.
fn form(at: &FieldAttributes) -> Option<TokenStream> {
    if let Some(form) = &at.form {
        return Some(quote! { &#form });
    }
    let pattern = at.pattern.as_ref()?;
    let words = &at.pattern_words;
    Some(quote! {
        &::fathuss_model::schema::Form {
            pattern: #pattern,
            words: #words,
            examples: &[],
            also: ::core::option::Option::None,
        }
    })
}

/// A type as a program spells it.
fn spelled(ty: &Type) -> String {
    quote! { #ty }.to_string().replace(' ', "").replace(',', ", ")
}

fn option(value: Option<&impl quote::ToTokens>) -> TokenStream {
    match value {
        Some(value) => quote! { ::core::option::Option::Some(#value) },
        None => quote! { ::core::option::Option::None },
    }
}

fn block(name: &Ident, fields: &[Field<'_>]) -> TokenStream {
    let rows = schema_fields(fields);
    let into = into_fields(fields);
    quote! {
        impl ::fathuss_model::Typed for #name {
            const TYPE: ::fathuss_model::schema::Type = ::fathuss_model::schema::Type::Block(#rows);
        }

        impl ::fathuss_model::IntoValue<#name> for #name {
            fn into_value(self) -> ::fathuss_model::Value<#name> {
                let fields = { #into };
                ::fathuss_model::schema_support::block(fields)
            }
        }
    }
}

fn resource(input: &DeriveInput, attributes: &ResourceAttributes, fields: &[Field<'_>]) -> syn::Result<TokenStream> {
    let name = &input.ident;
    let missing = |what: &str| syn::Error::new_spanned(input, format!("#[resource({what} = ...)] is missing"));
    let kind = attributes.kind.as_ref().ok_or_else(|| missing("type"))?;
    let service = attributes.service.as_ref().ok_or_else(|| missing("service"))?;
    let provider = attributes.provider.as_ref().map_or_else(|| quote! { "aws" }, |provider| quote! { #provider });
    let mode = attributes.mode.clone().unwrap_or_else(|| Ident::new("Managed", Span::call_site()));
    let creation = attributes.creation.clone().unwrap_or_else(|| Ident::new("Local", Span::call_site()));
    let check = option(attributes.check.as_ref().map(|check| quote! { #check }).as_ref());
    let waits = option(attributes.waits.as_ref().map(|waits| quote! { #waits }).as_ref());
    let transition = option(attributes.transition.as_ref().map(|transition| quote! { #transition }).as_ref());
    let updates_after = attributes.updates_after.iter();
    let (holds_data, rolling) = (attributes.holds_data, attributes.rolling);
    let create_seconds = attributes.create_seconds.as_ref().map_or_else(|| quote! { 1 }, |seconds| quote! { #seconds });
    let delete_seconds = attributes.delete_seconds.as_ref().map_or_else(|| quote! { 1 }, |seconds| quote! { #seconds });
    let (rust, type_doc, example) = (name.to_string(), doc(&input.attrs), example(&input.attrs));
    let rows = schema_fields(fields);
    let into = into_fields(fields);
    let accessors = fields.iter().filter(|field| !field.attributes.write_only).map(|field| accessor(name, field));
    let references = fields.iter().filter_map(|field| reference(name, field));
    Ok(quote! {
        impl ::fathuss_model::Resource for #name {
            const SCHEMA: &'static ::fathuss_model::schema::Schema = &::fathuss_model::schema::Schema {
                kind: #kind,
                rust: #rust,
                provider: #provider,
                service: #service,
                doc: #type_doc,
                example: #example,
                mode: ::fathuss_model::schema::Mode::#mode,
                creation: ::fathuss_model::schema::Creation::#creation,
                holds_data: #holds_data,
                create_seconds: #create_seconds,
                delete_seconds: #delete_seconds,
                fields: #rows,
                check: #check,
                waits: #waits,
                transition: #transition,
                updates_after: &[#(#updates_after),*],
                rolling: #rolling,
            };

            fn into_fields(self) -> ::std::collections::BTreeMap<::std::string::String, ::fathuss_model::Expression> {
                #into
            }
        }

        impl ::fathuss_model::Handle<#name> {
            #(#accessors)*
        }

        #(#references)*
    })
}

/// The type that a reference to the field has.
fn referred(name: &Ident, field: &Field<'_>) -> TokenStream {
    let inner = field.inner;
    if field.attributes.named {
        quote! { ::fathuss_model::Name<#name> }
    } else {
        quote! { #inner }
    }
}

fn accessor(name: &Ident, field: &Field<'_>) -> TokenStream {
    let (ident, attribute, doc) = (field.ident, &field.name, &field.doc);
    let referred = referred(name, field);
    quote! {
        #[doc = #doc]
        #[must_use]
        pub fn #ident(&self) -> ::fathuss_model::Value<#referred> {
            self.attribute(#attribute)
        }
    }
}

/// `&handle` stands for its id, its ARN or its name, wherever one of its type is wanted.
fn reference(name: &Ident, field: &Field<'_>) -> Option<TokenStream> {
    let wanted = match (field.role, field.name.as_str()) {
        _ if field.attributes.named => "Name",
        (Role::Computed, "id") => "Id",
        (Role::Computed, "arn") => "Arn",
        _ => return None,
    };
    if wanted != "Name" && generic(field.inner).is_none_or(|(outer, _)| outer != wanted) {
        return None;
    }
    let wanted = format_ident!("{wanted}");
    let attribute = &field.name;
    Some(quote! {
        impl ::fathuss_model::IntoValue<::fathuss_model::#wanted<#name>> for &::fathuss_model::Handle<#name> {
            fn into_value(self) -> ::fathuss_model::Value<::fathuss_model::#wanted<#name>> {
                self.attribute(#attribute)
            }
        }

        impl ::fathuss_model::IntoValue<::fathuss_model::#wanted<#name>> for ::fathuss_model::Handle<#name> {
            fn into_value(self) -> ::fathuss_model::Value<::fathuss_model::#wanted<#name>> {
                self.attribute(#attribute)
            }
        }
    })
}
