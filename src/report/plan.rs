//! A plan as text: what would be done, in the order of the stack program's
//! files, with the line of Rust beside each address.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::time::Duration;

use fathuss_engine::diff::{Cause, Shown};
use fathuss_engine::plan::{Change, Goal, Plan, PlannedAction, PlannedUnread};
use fathuss_engine::proposal::Along;
use fathuss_model::graph::{Graph, Node, Source};
use fathuss_model::{Address, Datum, Expression};
use fathuss_state::Snapshot;
use unicode_width::UnicodeWidthStr;

use crate::change::{Fields, TAGS, fields, output, parts};
use crate::duration::{about, exact};
use crate::expectation::Expected;
use crate::line::{Line, count, plural, wrap};
use crate::style::{Style, Tone, to_do};
use crate::value::one_line;

/// Past this many actions a plan is shown in part.
const MANY: usize = 400;
/// Past this many actions, what AWS gives to something new goes without saying.
const SOME: usize = 20;
/// How many actions of a group are shown past [`MANY`].
const SHOWN_OF_GROUP: usize = 25;

/// What is known around a plan.
#[derive(Clone, Default)]
pub struct PlanView<'a> {
    /// How long it is expected to take.
    pub expected: Option<&'a Expected>,
    /// The state that it was made from: for the identities of what is there.
    pub snapshot: Option<&'a Snapshot>,
    /// The graph that it was made from: for what an unknown value will come from.
    pub graph: Option<&'a Graph>,
    /// What reading took: calls and time; none where nothing was read.
    pub read: Option<Reading>,
    /// Whether everything is shown at its full length.
    pub full: bool,
    /// The command that shows everything.
    pub see_all: Option<String>,
    /// The command that does it.
    pub next: Option<String>,
}

/// What reading took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// How many calls.
    pub calls: u64,
    /// How long.
    pub took: Duration,
}

/// A plan as a person reads it.
#[must_use]
pub fn plan_text(plan: &Plan, view: &PlanView<'_>, style: &Style) -> String {
    let mut page = Page { plan, view, style, out: String::new() };
    page.header();
    if plan.has_changes() || plan.actions.iter().any(is_listed) {
        page.groups();
    }
    page.lookups();
    page.outputs();
    page.unread();
    page.unfinished();
    page.protections();
    page.deferred();
    page.remarks();
    page.along();
    page.survivors();
    page.strays();
    page.closing();
    page.out
}

/// The closing sentence of a plan: counts, expected time and what most of it goes to.
#[must_use]
pub fn plan_sentence(plan: &Plan, expected: Option<&Expected>) -> String {
    let counted = |change: Change, always: bool| {
        let number = plan.count(change);
        (always || number > 0).then(|| format!("{} to {}", count(number), to_do(change)))
    };
    let mut parts = Vec::new();
    if plan.goal == Goal::Apply {
        parts.extend(counted(Change::Create, true));
        parts.extend(counted(Change::Update, true));
        parts.extend(counted(Change::Replace, true));
    }
    parts.extend(counted(Change::Delete, true));
    parts.extend(counted(Change::Read, false));
    parts.extend(counted(Change::Forget, false));
    let mut sentence = format!("{}.", parts.join(", "));
    if let Some(expected) = expected
        && let Some(dominant) = expected.dominant(plan)
    {
        let total = expected.total();
        sentence.push_str(&format!(" About {}", about(total)));
        if plan.actions.len() > 1 && total > Duration::from_secs(10) {
            sentence.push_str(&format!(", of which {} {}", dominant.address.local(), about(dominant.takes)));
        }
        sentence.push('.');
    }
    sentence
}

struct Page<'a> {
    plan: &'a Plan,
    view: &'a PlanView<'a>,
    style: &'a Style,
    out: String,
}

/// Where the columns of the action lines begin.
struct Columns {
    name: usize,
    source: Option<usize>,
}

impl<'a> Page<'a> {
    fn line(&mut self, line: &Line) {
        line.write(self.style, &mut self.out);
    }

    fn gap(&mut self) {
        self.out.push('\n');
    }

    /// Whether what new things have in common, and what AWS gives them, goes without saying.
    fn brief(&self) -> bool {
        !self.view.full && self.plan.actions.len() > SOME
    }

    fn header(&mut self) {
        let dot = format!(" {} ", self.style.marks().dot);
        let mut parts = vec![self.plan.region.clone(), format!("account {}", self.plan.account)];
        parts.push(match self.view.read {
            Some(Reading { calls, took }) => {
                format!(
                    "read {}, {}",
                    plural(usize::try_from(calls).unwrap_or(usize::MAX), "call", "calls"),
                    exact(took)
                )
            }
            None => "not read: as the state has it".to_owned(),
        });
        let mut line = Line::default().with(Tone::Strong, &self.plan.stack);
        if self.plan.goal == Goal::Destroy {
            line = line.with(Tone::Faint, &dot).with(Tone::Danger, "destroy");
        }
        for part in parts {
            if line.width() + dot.width() + part.width() > self.style.columns() {
                self.line(&line);
                line = Line::at(2).with(Tone::Faint, part);
            } else {
                line = line.with(Tone::Faint, &dot).with(Tone::Faint, part);
            }
        }
        self.line(&line);
        self.only();
    }

    /// What the plan is about, where that is a part.
    fn only(&mut self) {
        let only = &self.plan.only;
        let Some(first) = only.first() else { return };
        let more = if only.len() > 1 { format!(" and {} more", count(only.len() - 1)) } else { String::new() };
        for part in wrap(&format!("only {}{more}; the rest is left alone", first.local()), self.style.columns() - 2) {
            self.line(&Line::at(2).with(Tone::Faint, part));
        }
    }

    fn groups(&mut self) {
        let mut order: Vec<&str> = Vec::new();
        let mut groups: HashMap<&str, Vec<usize>> = HashMap::new();
        for (at, action) in self.plan.actions.iter().enumerate().filter(|(_, action)| is_listed(action)) {
            let group = groups.entry(action.group.as_str()).or_insert_with(|| {
                order.push(&action.group);
                Vec::new()
            });
            group.push(at);
        }
        // What no file declares any more comes last.
        order.sort_by_key(|group| groups[group].iter().all(|&at| self.plan.actions[at].source.is_none()));
        let listed: usize = groups.values().map(Vec::len).sum();
        let mut shown: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        let mut hidden: HashMap<&str, Vec<usize>> = HashMap::new();
        for (group, mut positions) in groups {
            if !self.view.full && listed > MANY && positions.len() > SHOWN_OF_GROUP {
                positions.sort_by_key(|&at| (severity(&self.plan.actions[at]), at));
                hidden.insert(group, positions.split_off(SHOWN_OF_GROUP));
            }
            positions.sort_by_cached_key(|&at| {
                let action = &self.plan.actions[at];
                (action.source.clone(), action.address.clone())
            });
            shown.insert(group, positions);
        }
        let columns = self.columns(shown.values().flatten().copied());
        let context = Context::of(self.plan, self.view, self.brief(), shown.values().flatten().copied());
        if !context.shared.is_empty() {
            self.gap();
            let head = Line::at(2).with(Tone::Strong, "shared tags").plain("  ");
            let tags: Vec<String> = context
                .shared
                .iter()
                .map(|(name, value)| format!("{name}: {}", one_line(value, Some(40), self.style)))
                .collect();
            self.wrapped(head, 4, &tags.join(", "));
        }
        for group in order {
            self.gap();
            self.line(&Line::at(2).with(Tone::Strong, group));
            for &at in &shown[group] {
                self.action(at, &columns, &context);
            }
            if let Some(hidden) = hidden.get(group) {
                self.hidden(hidden, &columns);
            }
        }
    }

    fn columns(&self, shown: impl Iterator<Item = usize> + Clone) -> Columns {
        let actions = || shown.clone().map(|at| &self.plan.actions[at]);
        let mark = actions().map(|action| self.style.mark(action.change).width()).max().unwrap_or(1);
        let name = 2 + mark + 1;
        let sources = actions().filter_map(|action| action.source.as_ref());
        let source_width = sources.map(|source| source.to_string().width()).max().unwrap_or(0);
        let limit = self.style.columns().saturating_sub(name + 3 + source_width);
        // The widest address that leaves room for the line beside it; longer ones have it below.
        let widest = actions().map(|action| action.address.local().width()).filter(|width| *width <= limit).max();
        Columns { name, source: widest.filter(|_| source_width > 0).map(|widest| name + widest + 3) }
    }

    fn action(&mut self, at: usize, columns: &Columns, context: &Context<'_>) {
        let action = &self.plan.actions[at];
        let tone = Tone::of(action.change);
        let mut line = Line::at(2)
            .with(tone, self.style.mark(action.change))
            .to(columns.name)
            .with(Tone::Strong, action.address.local());
        let mut besides: Vec<(Tone, String)> = Vec::new();
        if let Some(source) = &action.source {
            besides.push((Tone::Faint, source.to_string()));
        }
        besides.extend(note(action, context.records.contains_key(&action.address)));
        if matches!(action.change, Change::Update | Change::Replace | Change::Delete)
            && let Some(record) = context.records.get(&action.address)
        {
            besides.push((Tone::Faint, record.to_string()));
        }
        let below = columns.name + 2;
        let mut begins = columns.source.filter(|&source| line.width() + 1 < source);
        for (tone, text) in besides {
            let column = begins.take().unwrap_or(line.width() + 3);
            let fits = column + text.width() <= self.style.columns() && line.width() != 0;
            if fits {
                line = line.to(column).with(tone, text);
            } else {
                self.line(&line);
                line = Line::at(below).with(tone, text);
            }
        }
        self.line(&line);
        let shown = Fields {
            node: context.nodes.get(&action.address).copied(),
            renewed: &context.renewed,
            full: self.view.full,
            brief: self.brief(),
            shared: &context.shared,
            column: below,
        };
        fields(action, &shown, self.style, &mut self.out);
        parts(action, &shown, self.style, &mut self.out);
        self.dependents(at, columns, context);
    }

    fn dependents(&mut self, at: usize, columns: &Columns, context: &Context<'_>) {
        if self.plan.actions[at].change != Change::Replace {
            return;
        }
        let dependents = context.dependents(self.plan, at);
        if dependents.is_empty() {
            return;
        }
        let verb = if dependents.len() == 1 { "dependent follows" } else { "dependents follow" };
        let head = Line::at(columns.name)
            .with(Tone::Replace, self.style.marks().follows)
            .plain(format!(" {} {verb}: ", count(dependents.len())));
        let names: Vec<String> = dependents.iter().map(|&at| self.plan.actions[at].address.local()).collect();
        let room = self.style.columns().saturating_sub(head.width()).max(20);
        let column = head.width().min(columns.name + 4);
        if self.view.full {
            self.wrapped(head, column, &names.join(", "));
            return;
        }
        let mut text = names[0].clone();
        let mut named = 1;
        for name in &names[1..] {
            if text.width() + name.width() + 7 > room {
                break;
            }
            text.push_str(&format!(", {name}"));
            named += 1;
        }
        if named < names.len() {
            text.push_str(&format!(", {}", self.style.marks().cut));
        }
        self.wrapped(head, column, &text);
    }

    /// Words behind the beginning of a line, and below it from a column on.
    fn wrapped(&mut self, head: Line, column: usize, words: &str) {
        let room = self.style.columns().saturating_sub(column).max(20);
        let first = self.style.columns().saturating_sub(head.width()).max(1);
        // The first line may have less room than the others: its words are found with its own width.
        let mut lines = wrap(words, first);
        let begins =
            if lines.first().is_some_and(|line| line.width() <= first) { lines.remove(0) } else { String::new() };
        let rest = words.split_whitespace().skip(begins.split_whitespace().count()).collect::<Vec<_>>().join(" ");
        self.line(&head.plain(begins));
        for line in wrap(&rest, room) {
            self.line(&Line::at(column).plain(line));
        }
    }

    fn hidden(&mut self, hidden: &[usize], columns: &Columns) {
        let mut kinds: BTreeMap<(Change, &str), usize> = BTreeMap::new();
        for &at in hidden {
            let action = &self.plan.actions[at];
            *kinds.entry((action.change, action.address.kind())).or_default() += 1;
        }
        let kinds: Vec<String> = kinds
            .into_iter()
            .map(|((change, kind), number)| format!("{} to {} of {kind}", count(number), to_do(change)))
            .collect();
        let head =
            Line::at(columns.name).plain(format!("{} and {} more: ", self.style.marks().cut, count(hidden.len())));
        self.wrapped(head, columns.name + 2, &kinds.join(", "));
        if let Some(see_all) = &self.view.see_all {
            let line = Line::at(columns.name + 2).with(Tone::Faint, "all of them: ").with(Tone::Hint, see_all);
            self.line(&line);
        }
    }

    fn lookups(&mut self) {
        let answered: Vec<String> = self
            .plan
            .actions
            .iter()
            .filter(|action| action.change == Change::Read && !is_listed(action))
            .map(|action| action.address.local())
            .collect();
        if answered.is_empty() {
            return;
        }
        self.gap();
        let head = Line::at(2)
            .with(Tone::Hint, "?")
            .plain(format!(" {} asked, to be pinned: ", plural(answered.len(), "lookup", "lookups")));
        self.wrapped(head, 4, &answered.join(", "));
    }

    fn outputs(&mut self) {
        if self.plan.outputs.is_empty() {
            return;
        }
        self.gap();
        self.line(&Line::at(2).with(Tone::Strong, "outputs"));
        let widest = self.plan.outputs.keys().map(|name| name.width()).max().unwrap_or(0).min(28);
        for (name, change) in &self.plan.outputs {
            output(name, change, widest, self.view.full, self.style, &mut self.out);
        }
    }

    /// What was not read, by what can be done about it: each answer names its resource, and one stands for all.
    fn unread(&mut self) {
        if self.plan.unread.is_empty() {
            return;
        }
        self.gap();
        self.line(&Line::at(2).with(Tone::Strong, "could not be read, and is planned as the state has it"));
        let mut by_hint: BTreeMap<Option<&str>, Vec<&PlannedUnread>> = BTreeMap::new();
        for one in &self.plan.unread {
            by_hint.entry(one.hint.as_deref()).or_default().push(one);
        }
        for (hint, unread) in by_hint {
            self.wrapped(Line::at(2).with(Tone::Change, "!").plain(" "), 6, &unread[0].because);
            let names: Vec<String> = unread.iter().map(|one| one.address.local()).collect();
            self.wrapped(Line::at(6), 6, &names.join(", "));
            if let Some(hint) = hint {
                self.wrapped(Line::at(6).with(Tone::Hint, "Next: "), 6, hint);
            }
        }
    }

    fn unfinished(&mut self) {
        if self.plan.unfinished.is_empty() {
            return;
        }
        self.gap();
        self.line(&Line::at(2).with(Tone::Strong, "begun by an earlier run, and finished first"));
        for address in &self.plan.unfinished {
            self.line(&Line::at(2).with(Tone::Change, "*").plain(" ").plain(address.local()));
        }
    }

    /// What the lines below are about, with its line of Rust.
    fn subject(&mut self, address: &Address, source: &Source) {
        let head = Line::at(2).with(Tone::Change, self.style.marks().dot).plain(" ");
        let line = head.with(Tone::Strong, address.local()).plain("   ");
        self.line(&line.with(Tone::Faint, source.to_string()));
    }

    fn protections(&mut self) {
        if self.plan.protections.is_empty() {
            return;
        }
        self.gap();
        self.line(&Line::at(2).with(Tone::Strong, "protection, in the state alone"));
        for protection in &self.plan.protections {
            let (tone, becomes) = match protection.protected {
                true => (Tone::Add, "protected from now on"),
                false => (Tone::Danger, "protected no more: a later plan may destroy it"),
            };
            self.subject(&protection.address, &protection.source);
            self.line(&Line::at(6).with(tone, becomes));
        }
    }

    fn deferred(&mut self) {
        if self.plan.deferred.is_empty() {
            return;
        }
        self.gap();
        self.line(&Line::at(2).with(Tone::Strong, "deferred"));
        for deferral in &self.plan.deferred {
            self.subject(&deferral.address, &deferral.source);
            let fields: Vec<&str> = deferral.fields.iter().map(|field| field.path.as_str()).collect();
            self.wrapped(Line::at(6), 6, &format!("{}: not yet, because {}", fields.join(", "), deferral.because));
        }
    }

    fn remarks(&mut self) {
        if self.plan.remarks.is_empty() && self.plan.unasked.is_none() && self.plan.unforeseen.is_empty() {
            return;
        }
        self.gap();
        self.line(&Line::at(2).with(Tone::Strong, "to know"));
        for remark in &self.plan.remarks {
            self.subject(&remark.address, &remark.source);
            for sentence in &remark.sentences {
                self.wrapped(Line::at(6), 6, sentence);
            }
        }
        if let Some(why) = &self.plan.unasked {
            let words = format!(
                "Whether all of this is offered could not be asked, and what is not is refused only as it is made. {why}"
            );
            self.wrapped(Line::at(2).with(Tone::Change, "!").plain(" "), 6, &words);
        }
        for why in &self.plan.unforeseen {
            let words = format!(
                "What becomes of the parts of releases, and what others made in what goes, could not be asked. {why}"
            );
            self.wrapped(Line::at(2).with(Tone::Change, "!").plain(" "), 6, &words);
        }
    }

    fn along(&mut self) {
        let along = &self.plan.along;
        if along.is_empty() {
            return;
        }
        self.gap();
        self.line(&Line::at(2).with(Tone::Strong, "made by others, goes along"));
        let mut by_address: BTreeMap<&Address, Vec<&Along>> = BTreeMap::new();
        for one in along {
            by_address.entry(&one.address).or_default().push(one);
        }
        for (address, mut along) in by_address {
            // What a reader must not miss comes first.
            along.sort_by_key(|one| !one.destroys_data);
            for one in along {
                let head = Line::at(2).with(Tone::Destroy, self.style.mark(Change::Delete)).plain(" ");
                let note = format!("with {}", address.local());
                let line = head.clone().with(Tone::Strong, &one.what).plain("   ").with(Tone::Faint, &note);
                if line.width() <= self.style.columns() {
                    self.line(&line);
                } else {
                    self.wrapped(head, 4, &format!("{}, {note}", one.what));
                }
                if one.destroys_data {
                    self.line(&Line::at(6).with(Tone::Danger, "DESTROYS DATA"));
                }
            }
        }
    }

    fn survivors(&mut self) {
        if self.plan.survivors.is_empty() {
            return;
        }
        self.gap();
        self.line(&Line::at(2).with(Tone::Strong, "stays behind"));
        for left in &self.plan.survivors {
            let survivor = &left.survivor;
            let head = Line::at(2).with(Tone::Change, "!").plain(" ").with(Tone::Strong, &survivor.what);
            self.line(&head);
            let expiry = match &survivor.expiry {
                Some(expiry) => format!("goes by itself {expiry}"),
                None => "until someone deletes it".to_owned(),
            };
            let words = format!("of {}: {}; {expiry}", left.address.local(), survivor.reason);
            self.wrapped(Line::at(6), 6, &words);
        }
    }

    fn strays(&mut self) {
        if self.plan.strays.is_empty() {
            return;
        }
        self.gap();
        self.line(&Line::at(2).with(Tone::Strong, "carries this state's mark and is in no state"));
        for stray in &self.plan.strays {
            self.wrapped(Line::at(2).with(Tone::Change, "!").plain(" "), 6, stray);
        }
    }

    fn closing(&mut self) {
        self.gap();
        if !self.plan.has_changes() {
            let words = self.nothing();
            self.wrapped(Line::default(), 0, &words);
            return;
        }
        let data: Vec<String> = self
            .plan
            .actions
            .iter()
            .filter(|action| action.destroys_data && action.change != Change::DeleteReplaced)
            .map(|action| action.address.local())
            .collect();
        if !data.is_empty() {
            let head = Line::default().with(Tone::Danger, "! DESTROYS DATA of ");
            // All of them, however many: nobody is to lose what was not named.
            self.wrapped(head, 2, &data.join(", "));
        }
        let mut sentence = plan_sentence(self.plan, self.view.expected);
        if !self.plan.actions.iter().any(PlannedAction::is_change) {
            let of_state = [
                (self.plan.outputs.len(), ["output changes", "outputs change"]),
                (self.plan.protections.len(), ["protection changes", "protections change"]),
            ];
            let of_state = of_state.into_iter().filter(|(number, _)| *number > 0);
            let of_state: Vec<String> = of_state.map(|(number, [one, many])| plural(number, one, many)).collect();
            if !of_state.is_empty() {
                sentence = format!("{} in the state, nothing else.", of_state.join(" and "));
            }
        }
        self.wrapped(Line::default(), 2, &sentence);
        let is_short = self.brief() && self.plan.count(Change::Create) > 0;
        if let Some(see_all) = self.view.see_all.as_ref().filter(|_| is_short) {
            let head = Line::default().with(Tone::Faint, "With every field: ").with(Tone::Hint, see_all);
            self.line(&head);
        }
        if let Some(next) = &self.view.next {
            self.line(&Line::default().with(Tone::Faint, "Next: ").with(Tone::Hint, next));
        }
    }

    fn nothing(&self) -> String {
        let plan = self.plan;
        let forgotten = plan.count(Change::Forget);
        let forgotten = match forgotten {
            0 => String::new(),
            number => format!(" {} taken out of the state.", plural(number, "row is", "rows are")),
        };
        match plan.goal {
            Goal::Destroy => format!("Nothing to destroy: the state of {} is empty.{forgotten}", plan.stack),
            Goal::Apply => format!(
                "{}: {} {} as the program declares{}.{forgotten}",
                if plan.unread.is_empty() { "No changes" } else { "No changes are known" },
                match plan.unchanged {
                    0 => format!("stack {}", plan.stack),
                    number => plural(number, "resource", "resources"),
                },
                if plan.unchanged > 1 { "are" } else { "is" },
                match plan.unread.len() {
                    0 => String::new(),
                    unread => format!(", and {} could not be read", count(unread)),
                },
            ),
        }
    }
}

/// Whether an action has a line of its own: a replaced one's delete is part of the replacement, an answered lookup is counted.
fn is_listed(action: &PlannedAction) -> bool {
    match action.change {
        Change::DeleteReplaced => false,
        Change::Read => !action.fields.is_empty(),
        Change::Create | Change::Replace | Change::Update | Change::Delete | Change::Forget => true,
    }
}

/// What a reader must not miss comes first: 0.
fn severity(action: &PlannedAction) -> u8 {
    match action.change {
        _ if action.destroys_data => 0,
        Change::Replace | Change::DeleteReplaced => 1,
        Change::Delete => 2,
        Change::Update => 3,
        Change::Create => 4,
        Change::Forget => 5,
        Change::Read => 6,
    }
}

/// What is out of the ordinary about an action, in words. `recorded`: whether state has it.
fn note(action: &PlannedAction, recorded: bool) -> Option<(Tone, String)> {
    if let Some(around) = &action.goes_with {
        return Some((Tone::Destroy, format!("can't be asked, goes with {}", around.local())));
    }
    let all = |cause: Cause| !action.fields.is_empty() && action.fields.iter().all(|field| field.cause == cause);
    let text = match action.change {
        Change::Replace if action.destroys_data => return Some((Tone::Danger, "replaced: DESTROYS DATA".to_owned())),
        Change::Delete if action.destroys_data => return Some((Tone::Danger, "destroyed: DESTROYS DATA".to_owned())),
        Change::Replace => return Some((Tone::Replace, "replaced".to_owned())),
        Change::Delete => return Some((Tone::Destroy, "destroyed".to_owned())),
        Change::Update if action.fields.is_empty() => "begun earlier, goes on",
        Change::Update if all(Cause::Drift) => "changed outside, set back",
        Change::Update if all(Cause::Dependency) => "follows what it refers to",
        Change::Create if recorded => "deleted outside, made again",
        Change::Forget => "answer forgotten",
        Change::Read => "asked while applying",
        Change::Update | Change::Create | Change::DeleteReplaced => return None,
    };
    Some((Tone::Faint, text.to_owned()))
}

/// What is looked up while writing, made once.
struct Context<'a> {
    records: HashMap<&'a Address, &'a str>,
    nodes: HashMap<&'a Address, &'a Node>,
    /// What is made or made again: references to it are unknown until then.
    renewed: HashSet<&'a Address>,
    followers: Vec<Vec<usize>>,
    /// Tags that everything new carries.
    shared: BTreeMap<&'a str, &'a Datum>,
}

/// The tags that everything new carries with the same value, of all that carries tags at all.
fn shared_tags(plan: &Plan) -> BTreeMap<&str, &Datum> {
    let tags = plan.actions.iter().filter(|action| action.change == Change::Create).filter_map(|action| {
        action.fields.iter().find(|field| field.path == TAGS).and_then(|field| match &field.after {
            Shown::Value(Datum::Map(tags)) => Some(tags),
            _ => None,
        })
    });
    let mut tags = tags.peekable();
    let Some(first) = tags.next() else { return BTreeMap::new() };
    // What is on one thing alone is not shared.
    if tags.peek().is_none() {
        return BTreeMap::new();
    }
    let mut shared: BTreeMap<&str, &Datum> = first.iter().map(|(name, value)| (name.as_str(), value)).collect();
    for tags in tags {
        shared.retain(|name, value| tags.get(*name) == Some(*value));
    }
    shared
}

impl<'a> Context<'a> {
    fn of(plan: &'a Plan, view: &'a PlanView<'a>, brief: bool, shown: impl Iterator<Item = usize>) -> Self {
        let shown: HashSet<&Address> = shown.map(|at| &plan.actions[at].address).collect();
        let records = view.snapshot.iter().flat_map(|snapshot| snapshot.resources.values());
        let nodes = view.graph.iter().flat_map(|graph| &graph.nodes);
        let mut followers = Vec::new();
        if plan.actions.iter().any(|action| action.change == Change::Replace) {
            followers = vec![Vec::new(); plan.actions.len()];
            for (at, action) in plan.actions.iter().enumerate() {
                for &first in &action.after {
                    followers[first].push(at);
                }
            }
        }
        Self {
            records: records
                .filter(|record| shown.contains(&record.address))
                .map(|record| (&record.address, record.identity.0.as_str()))
                .collect(),
            nodes: nodes.filter(|node| shown.contains(&node.address)).map(|node| (&node.address, node)).collect(),
            renewed: plan
                .actions
                .iter()
                .filter(|action| action.change == Change::Replace)
                .map(|action| &action.address)
                .collect(),
            followers,
            shared: if brief { shared_tags(plan) } else { BTreeMap::new() },
        }
    }

    /// What changes because a resource is replaced: everything behind it with a field that follows.
    fn dependents(&self, plan: &Plan, at: usize) -> Vec<usize> {
        let mut seen = HashSet::from([at]);
        let mut queue = VecDeque::from([at]);
        let mut dependents = Vec::new();
        while let Some(at) = queue.pop_front() {
            for &next in &self.followers[at] {
                if !seen.insert(next) {
                    continue;
                }
                let action = &plan.actions[next];
                let follows = matches!(action.change, Change::Update | Change::Replace)
                    && action.fields.iter().any(|field| field.cause == Cause::Dependency);
                if follows {
                    dependents.push(next);
                    queue.push_back(next);
                }
            }
        }
        dependents.sort_unstable();
        dependents
    }
}

/// The first reference inside an expression, as people write it.
pub(crate) fn comes_from(expression: &Expression) -> Option<(&Address, String)> {
    let mut first = None;
    expression.references(&mut |reference| {
        first.get_or_insert((&reference.address, format!("{}.{}", reference.address.local(), reference.attribute)));
    });
    first
}
