//! One action of a run, by calls that the journal knows of before they are sent.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use fathuss_model::graph::Node;
use fathuss_model::schema::{Field, Schema};
use fathuss_model::{Address, Datum, Expression, Partial, SecretSource};
use fathuss_state::{Action, Begun, Entry, Identity, OperationId, Pending, ResourceRecord, Settled, Snapshot};

use super::{ApplyScope, Run, needed, now_ms, to_record, token, with_defaults};
use crate::diff::diff;
use crate::plan::{Change, MARK, PlannedAction};
use crate::provider::{
    Attributes, Desired, Failure, FailureClass, Found, LookupRequest, MakeRequest, Mark, Observation, Provider,
    SecretText, Standing, UpdateRequest,
};
use crate::recover::look_again;
use crate::schedule::{deadline, patience};
use crate::step::{Ended, Step, UNFINISHED, is_refused, look};

impl<'a> Run<'a> {
    /// Looks for what an earlier run may have made there, where recovery could not; whether there is anything.
    pub(super) async fn looked_again(&self, at: usize, action: &PlannedAction) -> Result<bool, Ended> {
        let address = &action.address;
        let is_left = |pending: &&Pending| pending.begun.address == *address && pending.begun.action == Action::Create;
        let pending = self.job.snapshot.pending.iter().find(is_left);
        let Some(pending) = pending.filter(|_| action.change != Change::Forget) else { return Ok(false) };
        let (provider, _) = self.provider(address.kind())?;
        let step = self.step(address, self.expected[at]);
        let row = look_again(pending, self.job.snapshot, &step, provider.as_ref()).await?;
        let is_there = row.is_some();
        self.found.borrow_mut().insert(address.clone(), row);
        Ok(is_there)
    }

    pub(super) async fn read(&self, action: &PlannedAction) -> Result<(), Ended> {
        let node = self.node(action)?;
        let (provider, schema) = self.provider(node.address.kind())?;
        let desired = self.desired(node, schema)?;
        let mut attributes = match self.job.lookups.get(&node.address) {
            Some(answer) => answer.clone(),
            None => {
                let request = LookupRequest {
                    address: node.address.clone(),
                    region: node.region.clone(),
                    desired: desired.clone(),
                };
                let step = self.step(&node.address, Duration::from_secs(1));
                step.repeat(|| provider.lookup(&request)).await?
            }
        };
        attributes.extend(desired);
        let record = ResourceRecord {
            address: node.address.clone(),
            region: node.region.clone(),
            account: node.account.clone(),
            identity: Identity(attributes.get("id").and_then(Datum::as_str).unwrap_or_default().to_owned()),
            attributes: attributes.clone(),
            generation: 0,
            depends_on: Vec::new(),
            prevent_destroy: false,
            unsettled: false,
        };
        self.journal.write(Entry::Recorded(Box::new(record))).await.map_err(Ended::Journal)?;
        self.attributes.borrow_mut().insert(node.address.clone(), attributes);
        Ok(())
    }

    /// Gives why it is deferred, where it is.
    pub(super) async fn create(&self, at: usize, action: &PlannedAction) -> Result<Option<String>, Ended> {
        let node = self.node(action)?;
        let (provider, schema) = self.provider(node.address.kind())?;
        let attributes = self.desired(node, schema)?;
        let mut desired = Desired { attributes, secrets: self.secrets(node, schema, |_| true).await? };
        with_defaults(schema, &mut desired.attributes);
        let generation = self.generation(&node.address);
        let mark = Mark { lineage: self.job.snapshot.lineage.clone(), address: node.address.clone(), generation };
        let operation = self.operation(at);
        let request = MakeRequest {
            address: node.address.clone(),
            region: node.region.clone(),
            account: node.account.clone(),
            token: token(&mark, "create"),
            mark,
            desired,
        };
        let step = self.step(&node.address, self.expected[at]);
        step.write(Entry::Begun(Box::new(self.begun(
            node,
            operation,
            Action::Create,
            generation,
            &request.token,
            None,
            &request.desired,
        ))))
        .await?;
        let found = match self.around.looks_first {
            true => step.repeat(|| provider.find(&request)).await?,
            false => Found::Nothing,
        };
        let identity = match found {
            Found::Ours(identity) => step.identified(operation, identity).await?,
            Found::Nothing | Found::Foreign(_) => step.create(provider.as_ref(), schema, operation, &request).await?,
        };
        let standing = request.standing(identity);
        let settlement = step.settle(provider.as_ref(), &standing, UNFINISHED).await?;
        self.settled(node, operation, &standing, settlement.attributes).await?;
        Ok(settlement.deferred)
    }

    /// Gives why it is deferred, where it is.
    pub(super) async fn update(&self, at: usize, action: &PlannedAction) -> Result<Option<String>, Ended> {
        let node = self.node(action)?;
        let (provider, schema) = self.provider(node.address.kind())?;
        let record = &self.record(&node.address)?;
        let before = self.attributes.borrow().get(&node.address).cloned().unwrap_or_else(|| record.attributes.clone());
        let mut desired = Desired { attributes: self.desired(node, schema)?, secrets: BTreeMap::new() };
        let wanted =
            desired.attributes.iter().map(|(name, value)| (name.clone(), Partial::Known(value.clone()))).collect();
        let changes = diff(schema, &wanted, &record.attributes, &before, &node.lifecycle);
        let mut changed: Vec<String> =
            changes.iter().map(|change| change.path.split('.').next().unwrap_or_default().to_owned()).collect();
        // The mark is set with the tags; no field of the program says what it is.
        if action.fields.iter().any(|field| field.path == MARK) {
            changed.push("tags".to_owned());
        }
        // Whether its secrets arrived is not known.
        if record.unsettled {
            changed.extend(schema.fields.iter().filter_map(Field::version));
        }
        changed.dedup();
        // A secret that is not sent is asked of nobody: it may be gone.
        desired.secrets = self.secrets(node, schema, |version| changed.iter().any(|field| field == version)).await?;
        with_defaults(schema, &mut desired.attributes);
        // A drift that is to be ignored is left alone by the provider, too.
        for ignored in &node.lifecycle.ignore_changes {
            desired.attributes.remove(ignored);
            desired.attributes.extend(before.get(ignored).map(|value| (ignored.clone(), value.clone())));
        }
        if changes.iter().any(|change| change.forces_replacement) {
            return Err(refused(
                "NeedsReplacement",
                "a value that is known only now forces a replacement: run apply again to see it in a plan",
            ));
        }
        let operation = self.operation(at);
        let mark = Mark {
            lineage: self.job.snapshot.lineage.clone(),
            address: node.address.clone(),
            generation: record.generation,
        };
        let standing = Standing {
            address: node.address.clone(),
            region: record.region.clone(),
            account: record.account.clone(),
            token: token(&mark, &format!("update {}", operation.0)),
            mark,
            identity: record.identity.clone(),
            desired,
        };
        let step = self.step(&node.address, self.expected[at]);
        let begun = self.begun(
            node,
            operation,
            Action::Update,
            record.generation,
            &standing.token,
            Some(&record.identity),
            &standing.desired,
        );
        step.write(Entry::Begun(Box::new(begun))).await?;
        if !changed.is_empty() {
            let request = UpdateRequest { before: before.clone(), changed };
            let updated = step.in_call(step.repeat(|| provider.update(&standing, &request))).await;
            if let Err(ended) = updated {
                // Nothing is lost with the operation: the next refresh reads what is.
                if let Ended::Failed { failure, .. } = ended {
                    let attributes = to_record(schema, &record.attributes, before);
                    let row = ResourceRecord { attributes, ..record.clone() };
                    let outcome = Settled::Present(Box::new(row));
                    step.write(Entry::Settled { operation, outcome }).await?;
                    return Err(Ended::Failed {
                        failure,
                        left: "It stays as it was, or is changed in part; the next plan reads it.".to_owned(),
                    });
                }
                return Err(ended);
            }
        }
        let left = "It is there, changed in part or in whole; the next plan reads it.";
        let settlement = step.settle(provider.as_ref(), &standing, left).await?;
        self.settled(node, operation, &standing, settlement.attributes).await?;
        Ok(settlement.deferred)
    }

    pub(super) async fn delete(&self, at: usize, action: &PlannedAction) -> Result<(), Ended> {
        let address = &action.address;
        let record = &self.record(address)?;
        let (provider, _) = self.provider(address.kind())?;
        let attributes = self.attributes.borrow().get(address).cloned().unwrap_or_else(|| record.attributes.clone());
        let mark = Mark {
            lineage: self.job.snapshot.lineage.clone(),
            address: address.clone(),
            generation: record.generation,
        };
        let operation = self.operation(at);
        let begun = Begun {
            operation,
            address: address.clone(),
            action: Action::Delete,
            region: record.region.clone(),
            account: record.account.clone(),
            generation: record.generation,
            token: token(&mark, "delete"),
            identity: Some(record.identity.clone()),
            request: attributes.clone(),
            depends_on: record.depends_on.clone(),
            prevent_destroy: false,
            at_ms: now_ms(self.around.clock.as_ref()),
        };
        let standing = Standing {
            address: address.clone(),
            region: record.region.clone(),
            account: record.account.clone(),
            token: begun.token.clone(),
            mark,
            identity: record.identity.clone(),
            desired: Desired { attributes, secrets: BTreeMap::new() },
        };
        let step = self.step(address, self.expected[at]);
        step.write(Entry::Begun(Box::new(begun))).await?;
        match step.delete(provider.as_ref(), &standing).await {
            Ok(()) => {
                step.write(Entry::Settled { operation, outcome: Settled::Absent }).await?;
                self.attributes.borrow_mut().remove(address);
                Ok(())
            }
            Err(Ended::Failed { failure, left }) if is_refused(&failure) || failure.class == FailureClass::Denied => {
                // Where that can't be told, recovery sees to it.
                let Ok(Observation::Present(observed)) = step.in_call(look(provider.as_ref(), &standing)).await else {
                    return Err(Ended::Failed { failure, left });
                };
                let (_, schema) = self.provider(address.kind())?;
                let attributes = to_record(schema, &standing.desired.attributes, observed);
                let row = ResourceRecord { attributes, ..record.clone() };
                step.write(Entry::Settled { operation, outcome: Settled::Present(Box::new(row)) }).await?;
                let left = "It is still there; the next plan decides about it anew.".to_owned();
                Err(Ended::Failed { failure, left })
            }
            Err(ended) => Err(ended),
        }
    }

    async fn settled(
        &self,
        node: &Node,
        operation: OperationId,
        standing: &Standing,
        attributes: Attributes,
    ) -> Result<(), Ended> {
        let (provider, schema) = self.provider(node.address.kind())?;
        let attributes = to_record(schema, &standing.desired.attributes, attributes);
        let identity = provider.identity(node.address.kind(), &attributes);
        let row = ResourceRecord {
            address: node.address.clone(),
            region: standing.region.clone(),
            account: standing.account.clone(),
            identity: identity.unwrap_or_else(|| standing.identity.clone()),
            attributes,
            generation: standing.mark.generation,
            depends_on: needed(node),
            prevent_destroy: node.lifecycle.prevent_destroy,
            unsettled: false,
        };
        let attributes = row.attributes.clone();
        let outcome = Settled::Present(Box::new(row));
        self.journal.write(Entry::Settled { operation, outcome }).await.map_err(Ended::Journal)?;
        self.attributes.borrow_mut().insert(node.address.clone(), attributes);
        Ok(())
    }

    #[allow(clippy::too_many_arguments)]
    fn begun(
        &self,
        node: &Node,
        operation: OperationId,
        action: Action,
        generation: u32,
        token: &str,
        identity: Option<&Identity>,
        desired: &Desired,
    ) -> Begun {
        Begun {
            operation,
            address: node.address.clone(),
            action,
            region: node.region.clone(),
            account: node.account.clone(),
            generation,
            token: token.to_owned(),
            identity: identity.cloned(),
            request: desired.attributes.clone(),
            depends_on: needed(node),
            prevent_destroy: node.lifecycle.prevent_destroy,
            at_ms: now_ms(self.around.clock.as_ref()),
        }
    }

    fn generation(&self, address: &Address) -> u32 {
        let Snapshot { generations, resources, pending, .. } = self.job.snapshot;
        let refused = generations.get(address).copied().unwrap_or_default();
        let replaced = resources.get(address).map_or(0, |record| record.generation + 1);
        let mut earlier = pending.iter().map(|pending| &pending.begun).filter(|begun| begun.address == *address);
        let made_nothing = earlier.next().map_or(0, |begun| begun.generation + 1);
        refused.max(replaced).max(made_nothing)
    }

    fn operation(&self, at: usize) -> OperationId {
        OperationId(self.job.first_operation.0 + i64::try_from(at).unwrap_or(i64::MAX - self.job.first_operation.0))
    }

    fn node(&self, action: &PlannedAction) -> Result<&'a Node, Ended> {
        let missing = || refused("NotInGraph", "the plan and the graph do not belong together");
        self.nodes.get(&action.address).copied().ok_or_else(missing)
    }

    fn record(&self, address: &Address) -> Result<ResourceRecord, Ended> {
        let missing = || refused("NotInState", "the plan and the state do not belong together");
        let found = self.found.borrow().get(address).cloned().flatten();
        found.or_else(|| self.job.snapshot.resources.get(address).cloned()).ok_or_else(missing)
    }

    fn provider(&self, kind: &str) -> Result<(Rc<dyn Provider>, &'static Schema), Ended> {
        let provider = (self.around.provider)(kind);
        let found = provider.and_then(|provider| provider.schema(kind).map(|schema| (provider, schema)));
        found.ok_or_else(|| refused("NoProvider", "this release has no provider for the type"))
    }

    fn step<'s>(&'s self, address: &'s Address, expected: Duration) -> Step<'s> {
        let provider = (self.around.provider)(address.kind());
        let schema = provider.as_ref().and_then(|provider| provider.schema(address.kind()));
        Step {
            address,
            expected,
            longest: deadline(expected, schema),
            longest_pause: provider.map_or(Duration::MAX, |provider| provider.longest_pause()),
            clock: self.around.clock.as_ref(),
            journal: self.journal,
            listener: self.around.listener,
            pace: self.around.pace.clone(),
            salt: self.around.salt,
            not_yet: patience(FailureClass::NotYet),
            calling: &self.calling,
        }
    }

    /// What a node is to be, its secrets left out.
    fn desired(&self, node: &Node, schema: &'static Schema) -> Result<Attributes, Ended> {
        let mut desired = Attributes::default();
        for (name, expression) in &node.fields {
            match self.value(name, expression)? {
                Partial::Known(datum) => {
                    desired.insert(name.clone(), datum);
                }
                Partial::Secret(_) => {}
                Partial::Unknown | Partial::List(_) | Partial::Map(_) => {
                    return Err(refused("NoValue", &format!("`{name}` of {} is not known even now", schema.kind)));
                }
            }
        }
        Ok(desired)
    }

    /// The texts of the secrets that are sent, each by the field whose change sends it again.
    async fn secrets(
        &self,
        node: &Node,
        schema: &'static Schema,
        is_sent: impl Fn(&str) -> bool,
    ) -> Result<BTreeMap<String, SecretText>, Ended> {
        let mut secrets = BTreeMap::new();
        for field in schema.fields.iter().filter(|field| field.version().is_some_and(|version| is_sent(&version))) {
            let Some(expression) = node.fields.get(field.name) else { continue };
            if let Partial::Secret(source) = self.value(field.name, expression)? {
                secrets.insert(field.name.to_owned(), self.secret(node, field.name, &source).await?);
            }
        }
        Ok(secrets)
    }

    fn value(&self, field: &str, expression: &Expression) -> Result<Partial, Ended> {
        let scope = ApplyScope { attributes: &self.attributes.borrow(), outputs: self.job.outputs };
        expression.evaluate(&scope).map_err(|reason| refused("NoValue", &format!("`{field}`: {reason}")))
    }

    /// A secret's text: from outside, or from the resource that keeps it.
    async fn secret(&self, node: &Node, field: &str, source: &SecretSource) -> Result<SecretText, Ended> {
        let SecretSource::Kept(reference) = source else {
            let text = (self.around.secrets)(source);
            return text.map_err(|reason| refused("NoSecret", &format!("`{field}`: {reason}")));
        };
        let keeper = &reference.address;
        let identity = self.value(field, &Expression::Reference(reference.clone()))?.into_known();
        let identity = identity.as_ref().and_then(Datum::as_str).map(|text| Identity(text.to_owned()));
        let identity = identity.ok_or_else(|| refused("NoSecret", &format!("`{field}`: {keeper} is not there")))?;
        let (provider, _) = self.provider(keeper.kind())?;
        let region = self.nodes.get(keeper).map_or(&node.region, |keeper| &keeper.region);
        let step = self.step(&node.address, Duration::from_secs(1));
        step.repeat(|| provider.reveal(keeper.kind(), region, &identity)).await
    }
}

fn refused(code: &str, message: &str) -> Ended {
    Ended::Failed {
        failure: Failure::of_engine(FailureClass::Refused, code, message),
        left: "Nothing was sent.".to_owned(),
    }
}
