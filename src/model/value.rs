//! Typed values: what a field of a declaration accepts, and what a handle gives.
//!
//! A [`Value<T>`] is an expression that evaluates to a `T`. Which Rust types can
//! stand for it is the trait [`IntoValue`]: a reference to the wrong kind of
//! thing, a bare text for a secret or an unknown word does not compile.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use ipnet::Ipv4Net;

use crate::datum::Datum;
use crate::expression::{Call, Document, Expression, OutputReference, SecretSource};
use crate::function::Function;
use crate::schema::{Type, Variant};

/// An expression that evaluates to a `T`.
#[derive(Debug)]
pub struct Value<T: ?Sized> {
    expression: Expression,
    of: PhantomData<fn() -> Box<T>>,
}

impl<T: ?Sized> Clone for Value<T> {
    fn clone(&self) -> Self {
        Self::from_expression(self.expression.clone())
    }
}

/// An attribute that AWS gives: it can be referred to, never set.
#[derive(Debug)]
pub struct Computed<T>(PhantomData<fn() -> T>);

impl<T> Clone for Computed<T> {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl<T> Default for Computed<T> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

/// The id of a resource of type `R`, for instance `vpc-0a1b…`.
#[derive(Debug)]
pub struct Id<R>(PhantomData<fn() -> R>);

/// The ARN of a resource of type `R`.
#[derive(Debug)]
pub struct Arn<R>(PhantomData<fn() -> R>);

/// The name of a resource of type `R`.
#[derive(Debug)]
pub struct Name<R>(PhantomData<fn() -> R>);

/// A text that no plan, log or report shows; made by [`Secret::from_environment`], [`Secret::from_file`] or
/// [`Secret::generated`], or what a resource keeps.
#[derive(Debug)]
pub struct Secret(());

/// Which of its values a secret has: a number, counted up to have the next value sent.
#[derive(Debug)]
pub struct SecretVersion(());

/// A text that is a JSON document.
#[derive(Debug)]
pub struct Json(());

/// Tags by key.
pub type Tags = BTreeMap<String, String>;

/// What a `T` is in a schema.
pub trait Typed {
    /// Its type there.
    const TYPE: Type;
    /// The words that it may be, or that are in it, where these are a closed set.
    const VARIANTS: &'static [Variant] = &[];
}

/// What can stand where a `T` is wanted.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't stand where `{T}` is wanted",
    label = "this is not `{T}`",
    note = "a field takes a value of its Rust type, or another resource's attribute of that type, such as `vpc.arn()`"
)]
pub trait IntoValue<T: ?Sized> {
    /// The value that it stands for.
    fn into_value(self) -> Value<T>;
}

/// What can stand where the id of an `R` is wanted; says so in the field's own words where something can't.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a handle of the `{R}` that this field wants",
    label = "not a handle of `{R}`",
    note = "pass the handle that `stack.add(\"...\", {R}::new(...))` returned, as `&handle`",
    note = "for one that no stack here makes: `Id::existing(\"...\")`; for one of another stack: an `Output<Id<{R}>>`"
)]
pub trait IntoId<R>: IntoValue<Id<R>> {}

/// What can stand where the ARN of an `R` is wanted.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a handle of the `{R}` whose ARN this field wants",
    label = "not a handle of `{R}`",
    note = "pass the handle that `stack.add(\"...\", {R}::new(...))` returned, as `&handle`",
    note = "for one that no stack here makes: `Arn::existing(\"...\")`; for one of another stack: an `Output<Arn<{R}>>`"
)]
pub trait IntoArn<R>: IntoValue<Arn<R>> {}

/// What can stand where the name of an `R` is wanted.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a handle of the `{R}` whose name this field wants",
    label = "not a handle of `{R}`",
    note = "pass the handle that `stack.add(\"...\", {R}::new(...))` returned, as `&handle`",
    note = "for one that no stack here makes: `Name::existing(\"...\")`; for one of another stack: an `Output<Name<{R}>>`"
)]
pub trait IntoNameOf<R>: IntoValue<Name<R>> {}

/// What can stand where a list is wanted.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a list of `{T}`, which this field wants",
    label = "not a list of `{T}`",
    note = "a list is written in place, `[&one, &other]`, or is a `Vec`, `&many`; each element must fit"
)]
pub trait IntoList<T>: IntoValue<Vec<T>> {}

/// What can stand where a text, a number or a truth value is wanted.
#[diagnostic::on_unimplemented(
    message = "this field wants `{T}`, and `{Self}` is not one",
    label = "this is not `{T}`",
    note = "it takes a value of that Rust type, or another resource's attribute of that type, such as `subnet.availability_zone()`"
)]
pub trait IntoPlain<T>: IntoValue<T> {}

/// What can stand where a secret is wanted.
#[diagnostic::on_unimplemented(
    message = "this field wants a secret, and `{Self}` is not one: a program and its graph can be read by others",
    label = "this is no secret",
    note = "say where it is to be had at apply: `Secret::from_environment(\"NAME\")` or `Secret::from_file(\"PATH\")`"
)]
pub trait IntoSecret: IntoValue<Secret> {}

/// What can stand where an IPv4 range is wanted.
#[diagnostic::on_unimplemented(
    message = "this field wants an IPv4 range, and `{Self}` is not one",
    label = "this is no range",
    note = "a range is read from a text before: `\"10.0.0.0/16\".parse::<Ipv4Net>()?`"
)]
pub trait IntoRange: IntoValue<Ipv4Net> {}

/// What can stand where a JSON document is wanted.
#[diagnostic::on_unimplemented(
    message = "this field wants a JSON document, and `{Self}` is not one",
    label = "this is no document",
    note = "IAM's documents are made by `policy::Policy::new([...])`, others by `json(Document::...)`"
)]
pub trait IntoJson: IntoValue<Json> {}

/// What can stand where a word of a closed set or a block is wanted.
#[diagnostic::on_unimplemented(
    message = "this field wants `{T}`, and `{Self}` is not one",
    label = "this is not `{T}`",
    note = "where `{T}` is a set of words, write one of its variants; where it is a block, `{T}::new(...)`"
)]
pub trait IntoChoice<T>: IntoValue<T> {}

// Each of them is `IntoValue` by another name, which the compiler then explains in the words above.
#[diagnostic::do_not_recommend]
impl<R, V: IntoValue<Id<R>>> IntoId<R> for V {}
#[diagnostic::do_not_recommend]
impl<R, V: IntoValue<Arn<R>>> IntoArn<R> for V {}
#[diagnostic::do_not_recommend]
impl<R, V: IntoValue<Name<R>>> IntoNameOf<R> for V {}
#[diagnostic::do_not_recommend]
impl<T, V: IntoValue<Vec<T>>> IntoList<T> for V {}
#[diagnostic::do_not_recommend]
impl<V: IntoValue<Secret>> IntoSecret for V {}
#[diagnostic::do_not_recommend]
impl<V: IntoValue<Ipv4Net>> IntoRange for V {}
#[diagnostic::do_not_recommend]
impl<V: IntoValue<Json>> IntoJson for V {}
#[diagnostic::do_not_recommend]
impl<T, V: IntoValue<T>> IntoChoice<T> for V {}
#[diagnostic::do_not_recommend]
impl<T, V: IntoValue<T>> IntoPlain<T> for V {}

impl<T: ?Sized> Value<T> {
    /// Takes an expression for a `T`. For generated code and tests: the caller answers for the type.
    #[must_use]
    pub fn from_expression(expression: Expression) -> Self {
        Self { expression, of: PhantomData }
    }

    /// The expression.
    #[must_use]
    pub fn expression(&self) -> &Expression {
        &self.expression
    }

    /// The expression itself.
    #[must_use]
    pub fn into_expression(self) -> Expression {
        self.expression
    }

    fn call(function: Function, arguments: Vec<Expression>) -> Self {
        Self::from_expression(Expression::Call(Call { function, arguments }))
    }
}

fn literal<T: ?Sized>(datum: impl Into<Datum>) -> Value<T> {
    Value::from_expression(Expression::Literal(datum.into()))
}

impl Value<String> {
    /// The text without a prefix.
    #[must_use]
    pub fn strip_prefix(self, prefix: &str) -> Self {
        Self::call(Function::StripPrefix, vec![self.expression, Expression::Literal(prefix.into())])
    }

    /// Base64 of the text, as user data wants it.
    #[must_use]
    pub fn base64(self) -> Self {
        Self::call(Function::Base64, vec![self.expression])
    }

    /// The text in lower case.
    #[must_use]
    pub fn lower(self) -> Self {
        Self::call(Function::Lower, vec![self.expression])
    }

    /// The part at a position, from 0, of the text split at a separator.
    #[must_use]
    pub fn split(self, separator: &str, position: i64) -> Self {
        Self::call(
            Function::Split,
            vec![self.expression, Expression::Literal(separator.into()), Expression::Literal(position.into())],
        )
    }
}

impl Value<Vec<String>> {
    /// The texts with a separator between them.
    #[must_use]
    pub fn join(self, separator: &str) -> Value<String> {
        Value::call(Function::Join, vec![Expression::Literal(separator.into()), self.expression])
    }
}

impl<T> Value<Vec<T>> {
    /// The element at a position, from 0.
    #[must_use]
    pub fn element(self, position: i64) -> Value<T> {
        Value::call(Function::Element, vec![self.expression, Expression::Literal(position.into())])
    }
}

impl<R> Value<Arn<R>> {
    /// One part of the ARN: partition, service, region, account or resource.
    #[must_use]
    pub fn part(self, part: &str) -> Value<String> {
        Value::call(Function::ArnPart, vec![self.expression, Expression::Literal(part.into())])
    }
}

impl<R> Id<R> {
    /// The id of something that no stack of this program makes.
    #[must_use]
    pub fn existing(id: &str) -> Value<Self> {
        literal(id)
    }
}

impl<R> Arn<R> {
    /// The ARN of something that no stack of this program makes.
    #[must_use]
    pub fn existing(arn: &str) -> Value<Self> {
        literal(arn)
    }
}

impl<R> Name<R> {
    /// The name of something that no stack of this program makes.
    #[must_use]
    pub fn existing(name: &str) -> Value<Self> {
        literal(name)
    }
}

impl Secret {
    /// The value of an environment variable of the process that applies.
    #[must_use]
    pub fn from_environment(name: &str) -> Value<Self> {
        Value::from_expression(Expression::Secret(SecretSource::Environment(name.to_owned())))
    }

    /// The content of a file that the process that applies can read, without its last line break.
    #[must_use]
    pub fn from_file(path: &str) -> Value<Self> {
        Value::from_expression(Expression::Secret(SecretSource::File(path.to_owned())))
    }

    /// So many letters and digits by chance. They are drawn when they are sent, and kept by whom they are sent to alone:
    /// give them to a [`crate::aws::SecretsmanagerSecretVersion`], and what that
    /// keeps to everyone else.
    #[must_use]
    pub fn generated(length: u16) -> Value<Self> {
        Value::from_expression(Expression::Secret(SecretSource::Generated(length)))
    }
}

/// Texts and values one behind the other: `text(["arn:aws:s3:::", &bucket.name(), "/*"])` with the parts as values.
#[must_use]
pub fn template(parts: impl IntoIterator<Item = Value<String>>) -> Value<String> {
    Value::from_expression(Expression::Template(parts.into_iter().map(Value::into_expression).collect()))
}

/// A JSON text made from a document that may hold references.
#[must_use]
pub fn json(document: Document) -> Value<Json> {
    Value::from_expression(Expression::Json(document))
}

/// An output of a stack, by name and type: how one stack refers to what another made.
///
/// Declared once as a constant, set with [`crate::Stack::output`] in the stack
/// that makes it and read with [`crate::Stack::read`] in the one that needs it.
#[derive(Debug)]
pub struct Output<T> {
    stack: &'static str,
    name: &'static str,
    of: PhantomData<fn() -> T>,
}

impl<T> Output<T> {
    /// An output of the stack of that name.
    #[must_use]
    pub const fn new(stack: &'static str, name: &'static str) -> Self {
        Self { stack, name, of: PhantomData }
    }

    /// The output's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The stack that makes it.
    #[must_use]
    pub const fn stack(&self) -> &'static str {
        self.stack
    }

    pub(crate) fn value(&self) -> Value<T> {
        Value::from_expression(Expression::Output(OutputReference {
            stack: self.stack.to_owned(),
            name: self.name.to_owned(),
        }))
    }
}

impl<T: ?Sized> IntoValue<T> for Value<T> {
    fn into_value(self) -> Value<T> {
        self
    }
}

impl<T: ?Sized> IntoValue<T> for &Value<T> {
    fn into_value(self) -> Value<T> {
        self.clone()
    }
}

macro_rules! scalars {
    ($($from:ty => $to:ty),* $(,)?) => {$(
        impl IntoValue<$to> for $from {
            fn into_value(self) -> Value<$to> {
                literal(self)
            }
        }
    )*};
}

scalars! {
    bool => bool,
    i64 => i64,
    i32 => i64,
    &str => String,
    String => String,
    bool => Datum,
    i64 => Datum,
    i32 => Datum,
    &str => Datum,
    String => Datum,
    Datum => Datum,
}

impl IntoValue<String> for &String {
    fn into_value(self) -> Value<String> {
        literal(self.as_str())
    }
}

impl IntoValue<SecretVersion> for i64 {
    fn into_value(self) -> Value<SecretVersion> {
        literal(self.to_string())
    }
}

impl IntoValue<SecretVersion> for i32 {
    fn into_value(self) -> Value<SecretVersion> {
        i64::from(self).into_value()
    }
}

impl IntoValue<Ipv4Net> for Ipv4Net {
    fn into_value(self) -> Value<Ipv4Net> {
        literal(self.to_string())
    }
}

impl IntoValue<Ipv4Net> for &Ipv4Net {
    fn into_value(self) -> Value<Ipv4Net> {
        literal(self.to_string())
    }
}

macro_rules! texts {
    ($($of:ident),*) => {$(
        impl<R> IntoValue<String> for Value<$of<R>> {
            fn into_value(self) -> Value<String> {
                Value::from_expression(self.expression)
            }
        }
        impl<R> Typed for $of<R> {
            const TYPE: Type = Type::String;
        }
    )*};
}

texts!(Id, Arn, Name);

impl IntoValue<String> for Value<Json> {
    fn into_value(self) -> Value<String> {
        Value::from_expression(self.expression)
    }
}

/// A number as decimal text.
impl IntoValue<String> for Value<i64> {
    fn into_value(self) -> Value<String> {
        Value::from_expression(Expression::Template(vec![self.expression]))
    }
}

fn list<T>(items: impl IntoIterator<Item = Value<T>>) -> Value<Vec<T>> {
    let items: Vec<Expression> = items.into_iter().map(Value::into_expression).collect();
    if items.iter().all(|item| matches!(item, Expression::Literal(_))) {
        let known = items.into_iter().filter_map(|item| match item {
            Expression::Literal(datum) => Some(datum),
            _ => None,
        });
        return literal(known.collect::<Vec<Datum>>());
    }
    Value::from_expression(Expression::List(items))
}

impl<T, V: IntoValue<T>> IntoValue<Vec<T>> for Vec<V> {
    fn into_value(self) -> Value<Vec<T>> {
        list(self.into_iter().map(IntoValue::into_value))
    }
}

impl<T, V: IntoValue<T>, const N: usize> IntoValue<Vec<T>> for [V; N] {
    fn into_value(self) -> Value<Vec<T>> {
        list(self.into_iter().map(IntoValue::into_value))
    }
}

impl<'a, T, V> IntoValue<Vec<T>> for &'a [V]
where
    &'a V: IntoValue<T>,
{
    fn into_value(self) -> Value<Vec<T>> {
        list(self.iter().map(IntoValue::into_value))
    }
}

impl<'a, T, V> IntoValue<Vec<T>> for &'a Vec<V>
where
    &'a V: IntoValue<T>,
{
    fn into_value(self) -> Value<Vec<T>> {
        list(self.iter().map(IntoValue::into_value))
    }
}

/// A list with one more element, where it was written in place.
pub(crate) fn pushed<T>(given: Option<Value<Vec<T>>>, item: Value<T>) -> Value<Vec<T>> {
    let mut items = match given.map(Value::into_expression) {
        Some(Expression::List(items)) => items,
        Some(Expression::Literal(Datum::List(items))) => items.into_iter().map(Expression::Literal).collect(),
        _ => Vec::new(),
    };
    items.push(item.into_expression());
    list(items.into_iter().map(Value::from_expression))
}

/// A map from literal keys; values may be references.
pub(crate) fn map(entries: BTreeMap<String, Expression>) -> Expression {
    if entries.values().all(|value| matches!(value, Expression::Literal(_))) {
        let known = entries.into_iter().filter_map(|(key, value)| match value {
            Expression::Literal(datum) => Some((key, datum)),
            _ => None,
        });
        return Expression::Literal(Datum::Map(known.collect()));
    }
    Expression::Map(entries)
}

/// The entries of a map expression that was written in place.
pub(crate) fn entries(expression: Expression) -> BTreeMap<String, Expression> {
    match expression {
        Expression::Map(entries) => entries,
        Expression::Literal(Datum::Map(entries)) => {
            entries.into_iter().map(|(key, value)| (key, Expression::Literal(value))).collect()
        }
        _ => BTreeMap::new(),
    }
}

impl<K: Into<String>, T, V: IntoValue<T>, const N: usize> IntoValue<BTreeMap<String, T>> for [(K, V); N] {
    fn into_value(self) -> Value<BTreeMap<String, T>> {
        let entries = self.into_iter().map(|(key, value)| (key.into(), value.into_value().into_expression()));
        Value::from_expression(map(entries.collect()))
    }
}

impl<T, V: IntoValue<T>> IntoValue<BTreeMap<String, T>> for BTreeMap<String, V> {
    fn into_value(self) -> Value<BTreeMap<String, T>> {
        let entries = self.into_iter().map(|(key, value)| (key, value.into_value().into_expression()));
        Value::from_expression(map(entries.collect()))
    }
}

macro_rules! typed {
    ($($of:ty => $ty:expr),* $(,)?) => {$(
        impl Typed for $of {
            const TYPE: Type = $ty;
        }
    )*};
}

typed! {
    bool => Type::Bool,
    i64 => Type::Integer,
    String => Type::String,
    Json => Type::String,
    Ipv4Net => Type::Cidr,
    Secret => Type::Secret,
    SecretVersion => Type::String,
    Datum => Type::Any,
}

impl<T: Typed> Typed for Vec<T> {
    const TYPE: Type = Type::List(&T::TYPE);
    const VARIANTS: &'static [Variant] = T::VARIANTS;
}

impl<T: Typed> Typed for BTreeMap<String, T> {
    const TYPE: Type = Type::Map(&T::TYPE);
    const VARIANTS: &'static [Variant] = T::VARIANTS;
}

/// Declares a closed set of words: an enum whose variants stand for the texts that AWS knows.
#[macro_export]
macro_rules! words {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[doc = $doc:literal])* $variant:ident = $word:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name {
            $($(#[doc = $doc])* $variant),*
        }

        impl $name {
            /// The word that AWS knows it by.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),*
                }
            }
        }

        impl $crate::IntoValue<$name> for $name {
            fn into_value(self) -> $crate::Value<$name> {
                $crate::Value::from_expression($crate::Expression::Literal(self.word().into()))
            }
        }

        impl $crate::IntoValue<$name> for &$name {
            fn into_value(self) -> $crate::Value<$name> {
                $crate::IntoValue::into_value(*self)
            }
        }

        impl $crate::Typed for $name {
            const TYPE: $crate::schema::Type = $crate::schema::Type::Word(&[$($word),*]);
            const VARIANTS: &'static [$crate::schema::Variant] = &[$($crate::schema::Variant {
                rust: stringify!($variant),
                word: $word,
                doc: concat!($($doc),*).trim_ascii(),
            }),*];
        }
    };
}
