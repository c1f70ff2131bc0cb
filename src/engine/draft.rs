//! Actions, put in the order in which they could be done one by one.

use std::collections::{BTreeSet, HashMap};

use fathuss_model::Address;
use fathuss_model::graph::Node;
use fathuss_state::ResourceRecord;

use crate::dependency::Dependencies;
use crate::diff::{FieldChange, Shown};
use crate::plan::{Change, MARK, PlanInput, PlannedAction};

/// Actions before they are in order.
#[derive(Default)]
pub(crate) struct Draft {
    /// The actions; in order once [`Self::order`] has put them so.
    pub actions: Vec<PlannedAction>,
    makes: HashMap<Address, usize>,
    deletes: HashMap<Address, usize>,
}

impl Draft {
    /// Something that is made or changed.
    pub fn make(&mut self, node: &Node, change: Change, fields: Vec<FieldChange>, holds_data: bool) {
        self.makes.insert(node.address.clone(), self.actions.len());
        self.actions.push(PlannedAction {
            address: node.address.clone(),
            source: Some(node.source.clone()),
            group: node.group().to_owned(),
            change,
            fields,
            waits: Vec::new(),
            brought_forward: Vec::new(),
            parts: Vec::new(),
            destroys_data: holds_data && change == Change::Replace,
            goes_with: None,
            after: Vec::new(),
        });
    }

    /// What of the last that was made waits for the maintenance window, and what waits for it no longer.
    pub fn wait(&mut self, waits: Vec<String>, brought_forward: Vec<String>) {
        if let Some(action) = self.actions.last_mut() {
            (action.waits, action.brought_forward) = (waits, brought_forward);
        }
    }

    /// Something that is deleted or forgotten.
    pub fn delete(&mut self, address: &Address, node: Option<&Node>, holds_data: bool, change: Change) {
        self.deletes.insert(address.clone(), self.actions.len());
        self.actions.push(PlannedAction {
            address: address.clone(),
            source: node.map(|node| node.source.clone()),
            group: node.map_or_else(|| "no longer declared".to_owned(), |node| node.group().to_owned()),
            change,
            fields: Vec::new(),
            waits: Vec::new(),
            brought_forward: Vec::new(),
            parts: Vec::new(),
            destroys_data: holds_data,
            goes_with: None,
            after: Vec::new(),
        });
    }

    /// Something that is forgotten once what it is inside of is gone.
    pub fn forget_with(&mut self, around: &Address, address: &Address, node: Option<&Node>) {
        self.delete(address, node, false, Change::Forget);
        if let Some(action) = self.actions.last_mut() {
            action.goes_with = Some(around.clone());
        }
    }

    /// Says what comes after what, and sorts.
    pub fn order(&mut self, input: &PlanInput<'_>, dependencies: Option<&Dependencies<'_>>) {
        let mut after = vec![BTreeSet::new(); self.actions.len()];
        for (address, &make) in &self.makes {
            if let Some(dependencies) = dependencies {
                for needed in dependencies.addresses_needed(dependencies.index[address]) {
                    let first = self.makes.get(&needed).copied();
                    after[make].extend(first.filter(|&first| !self.updates_before(make, first, dependencies)));
                }
            }
            after[make].extend(self.deletes.get(address));
        }
        for (at, action) in self.actions.iter().enumerate() {
            after[at].extend(action.goes_with.as_ref().and_then(|around| self.deletes.get(around)));
        }
        // What refers to something goes, or lets go of it, before that goes.
        let mut letting_go = Vec::new();
        let stays_behind = |record: &&ResourceRecord| !input.unreached.contains_key(&record.address);
        for record in input.snapshot.resources.values().filter(stays_behind) {
            for needed in &record.depends_on {
                let Some(&delete) = self.deletes.get(needed) else { continue };
                if let Some(&first) = self.deletes.get(&record.address) {
                    after[delete].insert(first);
                } else if let Some(&make) = self.makes.get(&record.address) {
                    letting_go.push((delete, make));
                }
            }
        }
        // It can't let go before where it takes hold of something that is made only after: most often of the new one.
        for (delete, make) in letting_go {
            if !comes_after(make, delete, &after) {
                after[delete].insert(make);
            }
        }
        // What is made at an address that something else still has in its mark could be taken for that.
        for (last, first) in self.marks_to_change() {
            if !comes_after(first, last, &after) {
                after[last].insert(first);
            }
        }
        if let Some(dependencies) = dependencies {
            let updates = || (0..self.actions.len()).filter(|&at| self.actions[at].change == Change::Update);
            let schema = |at: usize| dependencies.schemas[dependencies.index[&self.actions[at].address]];
            let waiting = updates().filter(|&at| !schema(at).updates_after.is_empty());
            for (last, first) in waiting.flat_map(|last| updates().map(move |first| (last, first))) {
                if self.updates_before(first, last, dependencies) && !comes_after(first, last, &after) {
                    after[last].insert(first);
                }
            }
            for (last, first) in self.rolling(dependencies) {
                if !comes_after(first, last, &after) {
                    after[last].insert(first);
                }
            }
        }
        for (action, after) in self.actions.iter_mut().zip(after) {
            action.after = after.into_iter().collect();
        }
        self.sort();
    }

    /// What is made at an address, and the update that takes this address out of another's mark.
    fn marks_to_change(&self) -> Vec<(usize, usize)> {
        let made: HashMap<String, usize> = self.makes.iter().map(|(address, &at)| (address.to_string(), at)).collect();
        let of_one = |(at, action): (usize, &PlannedAction)| {
            let change = action.fields.iter().find(|field| field.path == MARK)?;
            let Shown::Value(before) = &change.before else { return None };
            Some((*made.get(before.as_str()?)?, at))
        };
        self.actions.iter().enumerate().filter_map(of_one).collect()
    }

    /// Of each type that rolls, the deletes of what is replaced, in the order of addresses, each with what is to be there
    /// before: all that is new, which a run that was cut short may have been replacing, and what is made in the place of
    /// the one before.
    fn rolling(&self, dependencies: &Dependencies<'_>) -> Vec<(usize, usize)> {
        let rolls = |address: &Address| dependencies.schemas[dependencies.index[address]].rolling;
        let mut made: Vec<(&Address, usize)> = self.makes.iter().map(|(address, &make)| (address, make)).collect();
        made.retain(|(address, _)| rolls(address));
        made.sort_unstable();
        let mut waits = Vec::new();
        let mut before: HashMap<&str, usize> = HashMap::new();
        for (address, make) in made.iter().copied().filter(|(_, make)| self.actions[*make].change == Change::Replace) {
            let Some(&delete) = self.deletes.get(address) else { continue };
            let of_its_type = made.iter().filter(|(other, _)| other.kind() == address.kind());
            let new = of_its_type.map(|(_, make)| *make).filter(|make| self.actions[*make].change == Change::Create);
            let last = before.insert(address.kind(), make);
            waits.extend(new.chain(last).map(|first| (delete, first)));
        }
        waits
    }

    /// Whether two actions are updates of parts of one resource, and AWS wants this one before the other, whichever
    /// was made first.
    fn updates_before(&self, first: usize, last: usize, dependencies: &Dependencies<'_>) -> bool {
        let [first, last] = [first, last].map(|at| &self.actions[at]);
        if first.change != Change::Update || last.change != Change::Update {
            return false;
        }
        let [(first, schema), (last, of_last)] = [first, last].map(|action| {
            let at = dependencies.index[&action.address];
            (&dependencies.nodes[at], dependencies.schemas[at])
        });
        let part_of_the_same = || {
            schema.fields.iter().any(|field| {
                let both = field.replace && of_last.field(field.name).is_some_and(|field| field.replace);
                both && first.fields.get(field.name).is_some_and(|parent| last.fields.get(field.name) == Some(parent))
            })
        };
        of_last.updates_after.contains(&schema.kind) && part_of_the_same()
    }

    /// Where to begin with actions that wait for each other: with a delete.
    fn first_of_ring(&self, placed: &[bool]) -> Option<usize> {
        let mut waiting = (0..placed.len()).filter(|&at| !placed[at]);
        let is_delete = |at: &usize| matches!(self.actions[*at].change, Change::Delete | Change::DeleteReplaced);
        waiting.clone().find(is_delete).or_else(|| waiting.next())
    }

    /// Puts each action behind those that come first, and rewrites the positions.
    fn sort(&mut self) {
        let count = self.actions.len();
        let mut missing: Vec<usize> = self.actions.iter().map(|action| action.after.len()).collect();
        let mut followers = vec![Vec::new(); count];
        for (at, action) in self.actions.iter().enumerate() {
            for &first in &action.after {
                followers[first].push(at);
            }
        }
        let mut ready: BTreeSet<usize> = (0..count).filter(|&at| missing[at] == 0).collect();
        let mut place = vec![0; count];
        let mut order = Vec::with_capacity(count);
        let mut placed = vec![false; count];
        while order.len() < count {
            // A ring is in what rows of different runs say of each other, and of deletes alone: AWS's word on what is in
            // the way of what counts then.
            let Some(at) = ready.pop_first().or_else(|| self.first_of_ring(&placed)) else { break };
            placed[at] = true;
            self.actions[at].after.retain(|&first| placed[first]);
            place[at] = order.len();
            order.push(at);
            for &next in &followers[at] {
                missing[next] -= 1;
                if missing[next] == 0 && !placed[next] {
                    ready.insert(next);
                }
            }
        }
        debug_assert_eq!(order.len(), count, "actions wait for each other");
        let mut actions: Vec<Option<PlannedAction>> = std::mem::take(&mut self.actions).into_iter().map(Some).collect();
        for at in order {
            if let Some(mut action) = actions[at].take() {
                action.after = action.after.iter().map(|&first| place[first]).collect();
                action.after.sort_unstable();
                self.actions.push(action);
            }
        }
    }
}

/// Whether one action waits for another, however far.
fn comes_after(one: usize, other: usize, after: &[BTreeSet<usize>]) -> bool {
    let mut left = vec![one];
    let mut seen = BTreeSet::new();
    while let Some(at) = left.pop() {
        if at == other {
            return true;
        }
        if seen.insert(at) {
            left.extend(&after[at]);
        }
    }
    false
}
