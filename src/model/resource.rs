//! A declaration of a resource, and the handle that the stack gives back for it.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use crate::address::Address;
use crate::expression::{Expression, Reference};
use crate::graph::Lifecycle;
use crate::schema::Schema;
use crate::value::Value;

/// A resource type: made by `#[derive(Resource)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a resource that a stack can hold",
    label = "not a resource",
    note = "a block, such as `ScalingConfig`, belongs in a field of a resource"
)]
pub trait Resource: Sized {
    /// Its fields and their semantics.
    const SCHEMA: &'static Schema;

    /// The fields that the program gave, by name.
    fn into_fields(self) -> BTreeMap<String, Expression>;
}

/// A resource that stands in a stack: gives references to its attributes.
///
/// A handle can't leave the function of its stack: stack functions are plain
/// `fn`s that return nothing, and a handle is neither `Send` nor `Sync`, so no
/// static can hold one. What another stack needs is an [`crate::Output`].
#[derive(Debug)]
pub struct Handle<R> {
    address: Address,
    of: PhantomData<fn() -> R>,
    stays: PhantomData<StaysInItsStackUseAnOutput>,
}

/// What keeps a handle out of statics and other threads.
#[derive(Debug)]
struct StaysInItsStackUseAnOutput(PhantomData<*const ()>);

impl<R> Clone for Handle<R> {
    fn clone(&self) -> Self {
        Self::new(self.address.clone())
    }
}

impl<R> Handle<R> {
    pub(crate) fn new(address: Address) -> Self {
        Self { address, of: PhantomData, stays: PhantomData }
    }

    /// Where the resource stands.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// A reference to an attribute; the derive makes a typed method for each.
    #[must_use]
    pub fn attribute<T>(&self, attribute: &str) -> Value<T> {
        Value::from_expression(Expression::Reference(Reference {
            address: self.address.clone(),
            attribute: attribute.to_owned(),
        }))
    }
}

/// A resource with what the engine is told beyond its fields.
#[derive(Debug)]
pub struct Declared<R> {
    pub(crate) resource: R,
    pub(crate) lifecycle: Lifecycle,
    pub(crate) depends_on: Vec<Address>,
    pub(crate) region: Option<String>,
}

/// A resource, with or without what the engine is told beyond its fields.
pub trait Declaration {
    /// The resource type.
    type Resource: Resource;

    /// The declaration in full.
    fn declared(self) -> Declared<Self::Resource>;
}

impl<R: Resource> Declaration for R {
    type Resource = R;

    fn declared(self) -> Declared<R> {
        Declared { resource: self, lifecycle: Lifecycle::default(), depends_on: Vec::new(), region: None }
    }
}

impl<R: Resource> Declaration for Declared<R> {
    type Resource = R;

    fn declared(self) -> Self {
        self
    }
}

/// What can be said of any declaration, after its own fields.
pub trait DeclarationExt: Declaration + Sized {
    /// How the engine may treat it.
    #[must_use]
    fn lifecycle(self, lifecycle: Lifecycle) -> Declared<Self::Resource> {
        Declared { lifecycle, ..self.declared() }
    }

    /// Waits for something that no field refers to.
    #[must_use]
    fn depends_on<R>(self, other: &Handle<R>) -> Declared<Self::Resource> {
        let mut declared = self.declared();
        declared.depends_on.push(other.address().clone());
        declared
    }

    /// Waits for several things that no field refers to.
    #[must_use]
    fn depends_on_all<'a, R: 'a>(self, others: impl IntoIterator<Item = &'a Handle<R>>) -> Declared<Self::Resource> {
        let mut declared = self.declared();
        declared.depends_on.extend(others.into_iter().map(|other| other.address().clone()));
        declared
    }

    /// Stands in another region than its stack.
    #[must_use]
    fn region(self, region: &str) -> Declared<Self::Resource> {
        Declared { region: Some(region.to_owned()), ..self.declared() }
    }
}

impl<D: Declaration> DeclarationExt for D {}
