//! What a resource type is: its fields and their semantics, declared once.
//!
//! The schema drives the checks while the stack program runs, the diff, the
//! documentation, import and the tests. `#[derive(Resource)]` makes it from the
//! struct; nothing else states these facts.

use regex_lite::Regex;
use serde::Serialize;

use crate::check::{Check, Waits};
use crate::transition::Transition;

/// The field by which changes are made at once that would wait for a maintenance window.
pub const AT_ONCE: &str = "apply_immediately";
/// The field that has what waits for the maintenance window, by name.
pub const PENDING: &str = "pending_modified_values";

/// A resource type or a lookup.
#[derive(Debug, Serialize)]
pub struct Schema {
    /// Terraform's name of the type, for instance `aws_subnet`.
    pub kind: &'static str,
    /// What a stack program calls it, for instance `Subnet`.
    pub rust: &'static str,
    /// The provider that makes it: the part before the first `_` of most types.
    pub provider: &'static str,
    /// The service that answers for it, for instance `ec2`; rate limits are counted per service.
    pub service: &'static str,
    /// One sentence on what it is.
    pub doc: &'static str,
    /// How a stack declares one: what a reader is to see of the code block in its doc comment, which is a test.
    pub example: &'static str,
    /// What kind of node it is.
    pub mode: Mode,
    /// How a creation is kept from happening twice.
    pub creation: Creation,
    /// Whether a deletion destroys what can't be had back.
    pub holds_data: bool,
    /// How long AWS usually takes to create it, in seconds; what the schedule starts from before it has learned.
    pub create_seconds: u32,
    /// How long AWS usually takes to delete it, in seconds.
    pub delete_seconds: u32,
    /// The fields, in the order of the struct.
    pub fields: &'static [Field],
    /// The checks of one declaration against itself and what it refers to.
    #[serde(skip)]
    pub check: Option<Check>,
    /// What it waits for beyond what its fields refer to: declarations that stand beside it.
    #[serde(skip)]
    pub waits: Option<Waits>,
    /// What it can't become in place.
    #[serde(skip)]
    pub transition: Option<Transition>,
    /// The types whose updates come before its own, where both belong to the same resource: software in a cluster
    /// before the nodes.
    pub updates_after: &'static [&'static str],
    /// Whether those that are replaced in one run go one after another, as far as nothing else orders them: the old one
    /// of the next goes when the new one before it is there.
    pub rolling: bool,
}

/// What kind of node a type is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Something that is made, changed and deleted.
    Managed,
    /// A question whose answer is pinned in state; gives values, never structure.
    Lookup,
    /// Something that AWS makes with its parent and that can only be taken over and changed.
    Adopted,
}

/// The ways to create once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Creation {
    /// The call takes a client token.
    Token,
    /// Tags are set by the creating call, and things can be found by tag.
    Tag,
    /// The name is unique within account and region.
    Name,
    /// A relation, identified by its ends.
    Relation,
    /// The call overwrites what has the name.
    Upsert,
    /// Nothing is created outside the state.
    Local,
}

/// A field and its semantics.
#[derive(Debug, Serialize)]
pub struct Field {
    /// Terraform's name of the attribute.
    pub name: &'static str,
    /// What a stack program calls its type, for instance `Id<Vpc>`.
    pub rust: &'static str,
    /// What a stack program calls it, in the builder and of the handle: its name, but for Rust's own words.
    pub method: &'static str,
    /// The words that it may be, or that are in it, where these are a closed set.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub variants: &'static [Variant],
    /// What it holds.
    pub ty: Type,
    /// What it is, with its unit.
    pub doc: &'static str,
    /// Whether the program must give it.
    pub required: bool,
    /// Whether AWS gives it; with `optional`, where the program does not.
    pub computed: bool,
    /// Whether the program may give it.
    pub optional: bool,
    /// Whether a change forces a replacement.
    pub replace: bool,
    /// What becomes of the resource when what the field refers to is replaced.
    pub hold: Hold,
    /// Whether a list's order means nothing.
    pub set: bool,
    /// Whether a text is JSON, compared as a document.
    pub json: bool,
    /// Whether a text is compared without regard to case.
    pub case_insensitive: bool,
    /// What AWS takes where nothing is given, as JSON text.
    pub default: Option<&'static str>,
    /// Whether it is hidden in plans and reports.
    pub sensitive: bool,
    /// Whether AWS never gives it back: kept out of state, sent at creation and when
    /// the field of its name with `_version` behind it changes.
    pub write_only: bool,
    /// Whether it is somebody else's after creation: drift in it is no change.
    pub ignored_after_creation: bool,
    /// What an update in place may change it with, though nobody set it: a version that counts up.
    pub volatile: Volatile,
    /// Whether it is the resource's own name: made with a suffix where none is given, within these limits.
    pub named: bool,
    /// Whether giving it where it was not given, or the other way round, forces a replacement; another value does not.
    pub replace_presence: bool,
    /// Whether it says how to act, not what to be: AWS does not know it, a change of it alone is no call.
    pub instruction: bool,
    /// Whether a version that is given covers all that begin with its parts: `17` covers `17.6`.
    pub version_prefix: bool,
    /// How long AWS usually takes to change it in place, in seconds.
    pub update_seconds: u32,
    /// Whether AWS changes it in the maintenance window, unless [`AT_ONCE`] is true.
    pub windowed: bool,
    /// Bounds on what may be given.
    pub limits: Limits,
}

/// Which changes in place may change what AWS gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Volatile {
    /// None does.
    No,
    /// Any may, but for one of tags alone.
    Any,
    /// One of these fields may.
    With(&'static [&'static str]),
}

impl Volatile {
    /// Whether a change of a field may change it.
    #[must_use]
    pub fn may_change_with(self, field: &str) -> bool {
        match self {
            Self::No => false,
            Self::Any => field != "tags",
            Self::With(fields) => fields.contains(&field),
        }
    }
}

/// What becomes of a resource when what one of its fields refers to is replaced: the old one is deleted before the new
/// one is made, and AWS may keep what is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Hold {
    /// It stays as it is until the new one is there, and is changed then: AWS lets the old one go.
    Free,
    /// It is replaced along. So is whatever a change of the field replaces.
    Along,
    /// The delete of the old one lets go of it first; it takes hold of the new one, which may have the same name.
    Released,
    /// It can't be without, and AWS does not let the old one go or leaves this broken: the plan is refused.
    Firm,
}

/// Bounds that a literal is held against while the stack program runs.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Limits {
    /// Shortest text, in characters, or list, in elements; of a list the elements' own length is not bounded.
    pub min_length: Option<usize>,
    /// Longest text, in characters, or list, in elements.
    pub max_length: Option<usize>,
    /// Smallest number.
    pub min: Option<i64>,
    /// Largest number.
    pub max: Option<i64>,
    /// The form of a text, or of each text of a list.
    pub form: Option<&'static Form>,
}

/// The form of a text: said once, and had by each field of that kind.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Form {
    /// A regular expression that a text must match from end to end.
    pub pattern: &'static str,
    /// What is taken, in words.
    pub words: &'static str,
    /// Some texts of this form.
    pub examples: &'static [&'static str],
    /// What no pattern can tell.
    #[serde(skip)]
    pub also: Option<fn(&str) -> bool>,
}

impl Form {
    /// A form by its pattern.
    #[must_use]
    pub const fn new(pattern: &'static str, words: &'static str, examples: &'static [&'static str]) -> Self {
        Self { pattern, words, examples, also: None }
    }

    /// The same, where a text must hold to more than the pattern.
    #[must_use]
    pub const fn and(self, also: fn(&str) -> bool) -> Self {
        Self { also: Some(also), ..self }
    }

    /// Whether a text has it.
    #[must_use]
    pub fn fits(&self, text: &str) -> bool {
        let matches = Regex::new(&format!("^(?:{})$", self.pattern)).is_ok_and(|regex| regex.is_match(text));
        matches && self.also.is_none_or(|also| also(text))
    }
}

impl Limits {
    /// The bounds of a list's elements: all but the lengths, which are the list's.
    #[must_use]
    pub const fn of_elements(self) -> Self {
        Self { min_length: None, max_length: None, ..self }
    }
}

/// What a field holds.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Type {
    /// True or false.
    Bool,
    /// A whole number.
    Integer,
    /// Text.
    String,
    /// One of a closed set of words.
    Word(&'static [&'static str]),
    /// An IPv4 range without host bits, for instance `10.0.0.0/16`.
    Cidr,
    /// A secret.
    Secret,
    /// A list of one type.
    List(&'static Type),
    /// A map from texts to one type.
    Map(&'static Type),
    /// Named fields.
    Block(&'static [Field]),
    /// Anything.
    Any,
}

impl Type {
    /// The fields of a block, or of the blocks in a list or map.
    #[must_use]
    pub fn block(&self) -> Option<&'static [Field]> {
        match self {
            Type::Block(fields) => Some(fields),
            Type::List(inner) | Type::Map(inner) => inner.block(),
            _ => None,
        }
    }
}

/// A word of a closed set.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Variant {
    /// What a stack program calls it, for instance `OnDemand`.
    pub rust: &'static str,
    /// The word that AWS knows it by.
    pub word: &'static str,
    /// What it means.
    pub doc: &'static str,
}

impl Field {
    /// Whether AWS tells it of no resource, or at its creation alone: state keeps what was given.
    #[must_use]
    pub const fn is_untold(&self) -> bool {
        self.instruction || self.ignored_after_creation
    }

    /// The field whose change sends this one again, where it is kept from state.
    #[must_use]
    pub fn version(&self) -> Option<String> {
        self.write_only.then(|| format!("{}_version", self.name))
    }
}

impl Schema {
    /// The field of that name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// Whether instances stand in a region: the others are the same wherever their stack stands.
    #[must_use]
    pub fn is_regional(&self) -> bool {
        !["budgets", "ce", "cloudfront", "iam", "local", "route53", "sts"].contains(&self.service)
    }

    /// Whether instances carry tags. Those of a lookup are what it asks for.
    #[must_use]
    pub fn has_tags(&self) -> bool {
        self.mode != Mode::Lookup && self.field("tags").is_some()
    }

    /// Whether a dotted attribute can be referred to.
    #[must_use]
    pub fn has_attribute(&self, path: &str) -> bool {
        let mut steps = path.split('.');
        let Some(field) = steps.next().and_then(|name| self.field(name)) else {
            return false;
        };
        let mut ty = &field.ty;
        for step in steps {
            ty = match ty {
                Type::Block(fields) => match fields.iter().find(|field| field.name == step) {
                    Some(field) => &field.ty,
                    None => return false,
                },
                Type::List(inner) if step.parse::<usize>().is_ok() => inner,
                Type::Map(inner) => inner,
                Type::Any => return true,
                _ => return false,
            };
        }
        true
    }
}
