//! What a replacement does to those that hold what is replaced. A replacement deletes first, and what is held may not go.

use fathuss_model::graph::{Node, Source};
use fathuss_model::schema::{Field, Hold, Schema};
use fathuss_model::{Address, Expression};
use fathuss_state::ResourceRecord;

use crate::diff::{Cause, FieldChange, Shown};
use crate::plan::PlanError;
use crate::provider::Attributes;

/// A node with what is known of it, among those decided before.
pub(crate) struct Holder<'a> {
    pub node: &'a Node,
    pub schema: &'static Schema,
    pub record: &'a ResourceRecord,
    pub observed: &'a Attributes,
    /// Whether something is replaced: by which field, and where it is declared.
    pub replaced: &'a dyn Fn(&Address) -> Option<Replaced<'a>>,
}

/// Something that is replaced.
#[derive(Clone, Copy)]
pub(crate) struct Replaced<'a> {
    /// The field that forces it.
    pub because: &'a str,
    /// Its line.
    pub source: &'a Source,
    /// What it is replaced along with, and the field of that which the program or drift changes; none where that is
    /// its own.
    pub along: Option<(&'a Address, &'a str)>,
}

/// A field that refers to something replaced.
struct Tie<'a> {
    path: String,
    to: &'a Address,
    by: Replaced<'a>,
}

impl<'a> Holder<'a> {
    /// The field that ties it to something replaced with which it is replaced, too. Where the reference is a name that
    /// stays, nothing else shows it: the new one of that name does not bring the old one's attachments back.
    pub fn goes_along(&self) -> Option<FieldChange> {
        let tie = self.ties(Hold::Along).into_iter().next()?;
        Some(FieldChange { forces_replacement: true, ..self.change(tie.path) })
    }

    /// The fields that have to take hold again.
    pub fn let_go(&self) -> impl Iterator<Item = FieldChange> {
        self.ties(Hold::Released).into_iter().map(|tie| self.change(tie.path))
    }

    /// Why something can't be replaced, where it holds on to that.
    pub fn refusal(&self) -> Option<PlanError> {
        let tie = self.ties(Hold::Firm).into_iter().next()?;
        Some(PlanError::Held {
            held: tie.to.clone(),
            held_line: tie.by.source.clone(),
            because: tie.by.because.to_owned(),
            along: tie.by.along.map(|(address, field)| (address.clone(), field.to_owned())),
            holder: self.node.address.clone(),
            holder_line: self.node.source.clone(),
            field: tie.path,
        })
    }

    fn change(&self, path: String) -> FieldChange {
        let mut steps = path.split('.');
        let top = steps.next().and_then(|name| self.observed.get(name));
        let is = steps.fold(top, |part, step| part.and_then(|part| part.at(step)));
        FieldChange {
            before: is.cloned().map_or(Shown::Absent, Shown::Value),
            after: Shown::Unknown,
            forces_replacement: false,
            cause: Cause::Dependency,
            path,
        }
    }

    /// Its fields with that hold that refer to something replaced, in the order of the schema.
    fn ties(&self, hold: Hold) -> Vec<Tie<'a>> {
        let mut ties = Vec::new();
        for field in self.schema.fields {
            if let Some(expression) = self.node.fields.get(field.name) {
                self.ties_in(field.name, field, expression, hold, &mut ties);
            }
        }
        ties
    }

    fn ties_in(&self, path: &str, field: &Field, expression: &'a Expression, hold: Hold, ties: &mut Vec<Tie<'a>>) {
        if field.hold == hold {
            let mut tied = None;
            expression.references(&mut |reference| {
                // What it begins to refer to now it does not hold yet; a change of such a field is a change already.
                let held = field.replace || self.record.depends_on.contains(&reference.address);
                if let Some(by) = (self.replaced)(&reference.address).filter(|_| held && tied.is_none()) {
                    tied = Some(Tie { path: path.to_owned(), to: &reference.address, by });
                }
            });
            ties.extend(tied);
        }
        let Some(inner) = field.ty.block() else { return };
        let blocks = match expression {
            Expression::List(items) => items.iter().collect(),
            whole => vec![whole],
        };
        for entries in blocks.into_iter().filter_map(|block| match block {
            Expression::Map(entries) => Some(entries),
            _ => None,
        }) {
            for field in inner {
                if let Some(expression) = entries.get(field.name) {
                    self.ties_in(&format!("{path}.{}", field.name), field, expression, hold, ties);
                }
            }
        }
    }
}
