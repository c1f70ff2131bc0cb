//! Which resource of a Terraform state is which declaration of a stack.
//!
//! As someone has mapped it; and by itself where a name, what defines the thing, or being the only one leaves no choice.
//! What was matched says what others refer to, so that one match leads to the next.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use fathuss_engine::diff::same;
use fathuss_engine::run::OtherOutputs;
use fathuss_model::graph::{Graph, Node};
use fathuss_model::schema::{Creation, Field, Mode, Schema};
use fathuss_model::{Address, Datum, EvaluationError, OutputReference, Partial, Reference, Scope};
use fathuss_state::Identity;

use crate::terraform::{Resource, State};

/// What is matched, and what is left.
#[derive(Debug, Default)]
pub struct Matching {
    /// Resource and node, by their positions, in the order of the nodes.
    pub pairs: Vec<Pair>,
    /// Resources that are none of the stack's, by their positions, and why.
    pub left: Vec<(usize, Left)>,
    /// Nodes that are none of the state's, by their positions.
    pub missing: Vec<usize>,
}

/// One match.
#[derive(Clone, Debug)]
pub struct Pair {
    /// Where the resource stands in its state.
    pub resource: usize,
    /// Where the node stands in its graph.
    pub node: usize,
    /// What it is known by.
    pub identity: Identity,
    /// Why these two.
    pub because: String,
}

/// Why a resource is none of the stack's.
#[derive(Debug)]
pub enum Left {
    /// Someone said so.
    Asked,
    /// There is no such type.
    UnknownType,
    /// It waits for Terraform to delete it.
    Deposed,
    /// It is in an account or a region of which the stack has nothing.
    Elsewhere(String),
    /// What is known of it is not what one of its type is found by.
    NoIdentity,
    /// The stack declares none that is left.
    NotDeclared,
    /// The nearest differs in these fields.
    Differs(Address, Vec<&'static str>),
    /// It could be each of these.
    Several(Vec<Address>),
}

/// What someone has mapped: an address there, and the one here; none where it is left to Terraform.
#[derive(Debug, Default)]
pub struct Map(Vec<(String, Option<String>, usize)>);

impl Map {
    /// Reads lines of the form `module.net.aws_vpc.this = aws_vpc.main`, and `module.old = -` for what is left.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut lines: Vec<(String, Option<String>, usize)> = Vec::new();
        for (at, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let Some((from, to)) = line.split_once(" = ").map(|(from, to)| (from.trim(), to.trim())) else {
                return Err(format!(
                    "line {}: expected `ADDRESS IN TERRAFORM = ADDRESS`, or ` = -` for what is left there",
                    at + 1
                ));
            };
            if let Some((.., first)) = lines.iter().find(|(known, ..)| known == from) {
                return Err(format!("lines {first} and {} both map {from}", at + 1));
            }
            let to = (to != "-").then(|| to.to_owned());
            if let Some((other, _, first)) = lines.iter().find(|(_, known, _)| known.is_some() && *known == to) {
                let to = to.unwrap_or_default();
                return Err(format!("lines {first} and {}: {other} and {from} can't both be {to}", at + 1));
            }
            lines.push((from.to_owned(), to, at + 1));
        }
        Ok(Self(lines))
    }
}

/// Matches all of a state with all of a stack.
///
/// # Errors
/// Where the map names what is not there, or two of different types.
pub fn matching(
    state: &State,
    graph: &Graph,
    map: &Map,
    schema: &dyn Fn(&str) -> Option<&'static Schema>,
    outputs: &OtherOutputs,
) -> Result<Matching, String> {
    let mut work = Work {
        state,
        graph,
        outputs,
        schemas: graph.nodes.iter().map(|node| schema(node.address.kind())).collect(),
        of_node: vec![None; graph.nodes.len()],
        of_resource: vec![None; state.resources.len()],
        index: graph.nodes.iter().enumerate().map(|(at, node)| (&node.address, at)).collect(),
    };
    let mut left: BTreeMap<usize, Left> = BTreeMap::new();
    let regions = regions(graph);
    for (at, resource) in state.resources.iter().enumerate() {
        let known = schema(&resource.kind).is_some_and(|schema| schema.mode != Mode::Lookup);
        let region =
            resource.region().filter(|region| !regions.contains(region)).map(|region| format!("region {region}"));
        let account = resource.account().filter(|account| *account != graph.account);
        let elsewhere = account.map(|account| format!("account {account}")).or(region);
        if resource.deposed {
            left.insert(at, Left::Deposed);
        } else if let Some(elsewhere) = elsewhere {
            left.insert(at, Left::Elsewhere(elsewhere));
        } else if !known {
            left.insert(at, Left::UnknownType);
        } else if identity(resource).is_none() {
            left.insert(at, Left::NoIdentity);
        }
    }
    work.mapped(map, &mut left)?;
    while work.round(&left) {}
    for at in 0..state.resources.len() {
        if work.of_resource[at].is_none() && !left.contains_key(&at) {
            left.insert(at, work.reason(at));
        }
    }
    let managed = |at: &usize| work.schemas[*at].is_some_and(|schema| schema.mode != Mode::Lookup);
    let missing = (0..graph.nodes.len()).filter(|at| work.of_node[*at].is_none()).filter(managed).collect();
    Ok(Matching { pairs: work.of_node.into_iter().flatten().collect(), left: left.into_iter().collect(), missing })
}

/// What a resource is known by: what AWS's types are found by, or for what lives in a state alone its `id`.
pub fn identity(resource: &Resource) -> Option<Identity> {
    fathuss_aws::terraform_id::identity(&resource.kind, &resource.attributes)
}

struct Work<'a> {
    state: &'a State,
    graph: &'a Graph,
    outputs: &'a OtherOutputs,
    schemas: Vec<Option<&'static Schema>>,
    of_node: Vec<Option<Pair>>,
    of_resource: Vec<Option<usize>>,
    index: HashMap<&'a Address, usize>,
}

/// How a node and a resource compare in what the program gives.
#[derive(Default)]
struct Compared {
    /// Fields that define it, and agree.
    agree: Vec<&'static str>,
    /// Fields that define it, and differ.
    differ: Vec<&'static str>,
    /// Further fields that agree.
    more_agree: Vec<&'static str>,
    /// Whether further fields differ.
    more_differ: bool,
    /// Whether both have a tag `Name`, and whether it is the same.
    name_tag: Option<bool>,
}

/// The ways in which a match is found, the surest first.
#[derive(Clone, Copy)]
enum Way {
    Name,
    Defining,
    NameTag,
    Further,
    Only,
}

const WAYS: [Way; 5] = [Way::Name, Way::Defining, Way::NameTag, Way::Further, Way::Only];

impl Work<'_> {
    fn mapped(&mut self, map: &Map, left: &mut BTreeMap<usize, Left>) -> Result<(), String> {
        for (from, to, line) in &map.0 {
            let under = |address: &str| {
                address.strip_prefix(from.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
            };
            let named: Vec<usize> =
                (0..self.state.resources.len()).filter(|at| under(&self.state.resources[*at].address)).collect();
            if named.is_empty() {
                return Err(format!("line {line} maps {from}, which is not in Terraform's state"));
            }
            let Some(to) = to else {
                left.extend(named.into_iter().map(|at| (at, Left::Asked)));
                continue;
            };
            let found = named.iter().copied().find(|at| {
                let resource = &self.state.resources[*at];
                resource.address == *from && !resource.deposed
            });
            let at = found.ok_or_else(|| format!("line {line} maps {from}, which is several: map each of them"))?;
            let whole = [to.clone(), format!("{}.{to}", self.graph.stack)];
            let node = self.graph.nodes.iter().position(|node| whole.contains(&node.address.to_string()));
            let node = node.ok_or_else(|| {
                format!("line {line} maps {from} to {to}, which stack `{}` does not declare", self.graph.stack)
            })?;
            let (theirs, ours) = (&self.state.resources[at].kind, self.graph.nodes[node].address.kind());
            if theirs != ours {
                return Err(format!("line {line} maps {from} to {to}, which is another type"));
            }
            let (there, here) = (self.state.resources[at].region(), &self.graph.nodes[node].region);
            if let Some(there) = there.filter(|there| there != here) {
                return Err(format!("line {line} maps {from}, which is in {there}, to {to}, which is to be in {here}"));
            }
            // What can't be taken over at all is told where all of that is.
            if !left.contains_key(&at) {
                self.pair(at, node, "as mapped".to_owned());
            }
        }
        Ok(())
    }

    /// Matches what the first way that finds anything leaves no choice about; whether there was any.
    fn round(&mut self, left: &BTreeMap<usize, Left>) -> bool {
        let wanted: Vec<BTreeMap<&str, Datum>> = (0..self.graph.nodes.len()).map(|node| self.wanted(node)).collect();
        let free: Vec<usize> = (0..self.state.resources.len())
            .filter(|at| self.of_resource[*at].is_none() && !left.contains_key(at))
            .collect();
        let mut compared: Vec<(usize, usize, Compared)> = Vec::new();
        for &at in &free {
            let resource = &self.state.resources[at];
            for node in self.open(&resource.kind) {
                if let Some(schema) = self.schemas[node] {
                    compared.push((at, node, compare(&self.graph.nodes[node], schema, &wanted[node], resource)));
                }
            }
        }
        for way in WAYS {
            let fits: Vec<(usize, usize, String)> = compared
                .iter()
                .filter_map(|(at, node, compared)| Some((*at, *node, self.fits(way, *at, *node, compared)?)))
                .collect();
            let (mut by_resource, mut by_node) = (HashMap::<usize, u32>::new(), HashMap::<usize, u32>::new());
            for (at, node, _) in &fits {
                *by_resource.entry(*at).or_default() += 1;
                *by_node.entry(*node).or_default() += 1;
            }
            let sure: Vec<_> =
                fits.into_iter().filter(|(at, node, _)| by_resource[at] == 1 && by_node[node] == 1).collect();
            if sure.is_empty() {
                continue;
            }
            for (at, node, because) in sure {
                self.pair(at, node, because);
            }
            return true;
        }
        false
    }

    /// Why the two could be one by this way, where they could.
    fn fits(&self, way: Way, at: usize, node: usize, compared: &Compared) -> Option<String> {
        let (resource, node) = (&self.state.resources[at], &self.graph.nodes[node]);
        let listed = |fields: &[&str]| format!("same {}", fields.join(", "));
        if !compared.differ.is_empty() || resource.region().is_some_and(|region| region != node.region) {
            return None;
        }
        if let Way::Name = way {
            let same_key = resource.key.as_deref() == node.address.key();
            return (resource.name == node.address.name() && same_key).then(|| "same name".to_owned());
        }
        if compared.name_tag == Some(false) {
            return None;
        }
        match way {
            Way::Name => None,
            Way::Defining => (!compared.agree.is_empty()).then(|| listed(&compared.agree)),
            Way::NameTag => (compared.name_tag == Some(true)).then(|| "same tag Name".to_owned()),
            Way::Further => {
                let agree = [compared.agree.as_slice(), &compared.more_agree].concat();
                (!compared.more_differ && !agree.is_empty()).then(|| listed(&agree))
            }
            Way::Only => {
                let of_type = self.state.resources.iter().filter(|it| it.kind == resource.kind && !it.deposed).count();
                let declared = self.graph.nodes.iter().filter(|it| it.address.kind() == resource.kind).count();
                (of_type == 1 && declared == 1).then(|| "the only one of its type".to_owned())
            }
        }
    }

    fn pair(&mut self, resource: usize, node: usize, because: String) {
        let Some(identity) = identity(&self.state.resources[resource]) else { return };
        self.of_resource[resource] = Some(node);
        self.of_node[node] = Some(Pair { resource, node, identity, because });
    }

    /// The nodes of a type that nothing is matched with.
    fn open(&self, kind: &str) -> Vec<usize> {
        let open = |at: &usize| self.of_node[*at].is_none() && self.graph.nodes[*at].address.kind() == kind;
        (0..self.graph.nodes.len()).filter(open).collect()
    }

    fn reason(&self, at: usize) -> Left {
        let resource = &self.state.resources[at];
        let mut near: Vec<(Vec<&'static str>, usize)> = Vec::new();
        for node in self.open(&resource.kind) {
            let Some(schema) = self.schemas[node] else { continue };
            let compared = compare(&self.graph.nodes[node], schema, &self.wanted(node), resource);
            let mut differ = compared.differ;
            if resource.region().is_some_and(|region| region != self.graph.nodes[node].region) {
                differ.push("region");
            }
            near.push((differ, node));
        }
        let address = |node: usize| self.graph.nodes[node].address.clone();
        let could: Vec<Address> =
            near.iter().filter(|(differ, _)| differ.is_empty()).map(|(_, at)| address(*at)).collect();
        if !could.is_empty() {
            return Left::Several(could);
        }
        match near.into_iter().min_by_key(|(differ, _)| differ.len()) {
            Some((differ, node)) => Left::Differs(address(node), differ),
            None => Left::NotDeclared,
        }
    }

    /// What a node's fields are, as far as what is matched tells.
    fn wanted(&self, node: usize) -> BTreeMap<&str, Datum> {
        let scope = Told { work: self };
        let fields = self.graph.nodes[node].fields.iter();
        let known = fields.filter_map(|(name, expression)| {
            let datum = expression.evaluate(&scope).ok()?.into_known()?;
            (!datum.is_null()).then_some((name.as_str(), datum))
        });
        known.collect()
    }
}

fn compare(node: &Node, schema: &Schema, wanted: &BTreeMap<&str, Datum>, resource: &Resource) -> Compared {
    let mut compared = Compared::default();
    for field in schema.fields {
        let told = resource.attributes.get(field.name).filter(|told| !told.is_empty());
        let (Some(ours), Some(theirs)) = (wanted.get(field.name), told) else { continue };
        if field.name == "tags"
            || field.sensitive
            || field.write_only
            || field.instruction
            || field.ty.block().is_some()
        {
            continue;
        }
        match (field.replace || field.named, alike(field, ours, theirs)) {
            (true, true) => compared.agree.push(field.name),
            (true, false) => compared.differ.push(field.name),
            (false, true) => compared.more_agree.push(field.name),
            (false, false) => {
                let ignored = node.lifecycle.ignore_changes.iter().any(|ignored| ignored == field.name);
                compared.more_differ |= !ignored && !field.ignored_after_creation;
            }
        }
    }
    let tag = |tags: Option<&Datum>| tags.and_then(|tags| tags.at("Name")).and_then(Datum::as_str).map(str::to_owned);
    let theirs = tag(resource.attributes.get("tags_all")).or_else(|| tag(resource.attributes.get("tags")));
    if let (Some(ours), Some(theirs)) = (tag(wanted.get("tags")), theirs) {
        compared.name_tag = Some(ours == theirs);
    }
    compared
}

/// Whether two values say the same: a name does what an ARN that ends in it does, and a number what its text does.
fn alike(field: &Field, ours: &Datum, theirs: &Datum) -> bool {
    if same(field, ours, theirs) {
        return true;
    }
    let text = |datum: &Datum| match datum {
        Datum::String(text) => Some(text.clone()),
        Datum::Integer(number) => Some(number.to_string()),
        _ => None,
    };
    let (Some(ours), Some(theirs)) = (text(ours), text(theirs)) else { return false };
    let ends = |long: &str, short: &str| long.strip_suffix(short).is_some_and(|front| front.ends_with([':', '/']));
    let arn = |text: &str| text.starts_with("arn:");
    ours == theirs || (arn(&ours) && ends(&ours, &theirs)) || (arn(&theirs) && ends(&theirs, &ours))
}

/// What expressions see: what Terraform says of what is matched.
struct Told<'a> {
    work: &'a Work<'a>,
}

impl Scope for Told<'_> {
    fn attribute(&self, reference: &Reference) -> Result<Partial, EvaluationError> {
        let pair = self.work.index.get(&reference.address).and_then(|at| self.work.of_node[*at].as_ref());
        let Some(pair) = pair else { return Ok(Partial::Unknown) };
        if reference.attribute == "id" {
            return Ok(Partial::Known(Datum::String(pair.identity.0.clone())));
        }
        let mut steps = reference.attribute.split('.');
        let first = steps.next().and_then(|name| self.work.state.resources[pair.resource].attributes.get(name));
        let told = steps.try_fold(first, |value, step| value.map(|value| value.at(step)));
        let told = told.flatten().filter(|told| !told.is_empty());
        Ok(told.map_or(Partial::Unknown, |told| Partial::Known(told.clone())))
    }

    fn output(&self, reference: &OutputReference) -> Result<Partial, EvaluationError> {
        let value = self.work.outputs.get(&reference.stack).and_then(|outputs| outputs.get(&reference.name));
        Ok(value.map_or(Partial::Unknown, |value| Partial::Known(value.clone())))
    }
}

/// Two resources of a state that are one thing, whether they are matched or left though nobody asked for that: the second
/// is the one to be taken out.
pub fn claimed_twice(
    state: &State,
    graph: &Graph,
    matching: &Matching,
    schema: &dyn Fn(&str) -> Option<&'static Schema>,
) -> Option<(usize, usize)> {
    let pairs = matching.pairs.iter().map(|pair| (pair.resource, graph.nodes[pair.node].region.as_str()));
    let left = matching.left.iter().filter_map(|(at, left)| match left {
        Left::NotDeclared | Left::Differs(..) | Left::Several(_) => {
            Some((*at, state.resources[*at].region().unwrap_or(&graph.region)))
        }
        Left::Asked | Left::UnknownType | Left::Deposed | Left::Elsewhere(_) | Left::NoIdentity => None,
    });
    let mut seen: BTreeMap<(String, &str, Identity), usize> = BTreeMap::new();
    pairs.chain(left).find_map(|(at, region)| {
        let resource = &state.resources[at];
        if schema(&resource.kind).is_none_or(|schema| schema.creation == Creation::Local) {
            return None;
        }
        // A default group is a group.
        let family = resource.kind.replace("aws_default_", "aws_");
        seen.insert((family, region, identity(resource)?), at).map(|first| (first, at))
    })
}

/// The regions that a stack makes anything in.
pub fn regions(graph: &Graph) -> BTreeSet<&str> {
    graph.nodes.iter().map(|node| node.region.as_str()).chain([graph.region.as_str()]).collect()
}

/// What keeps all of a state from being a stack's: it is of another account, or of other regions alone.
pub fn elsewhere(state: &State, graph: &Graph) -> Option<String> {
    let first = |is_ours: &dyn Fn(&str) -> bool, place: fn(&Resource) -> Option<&str>| {
        let places: Vec<(&str, &Resource)> = state.resources.iter().filter_map(|it| Some((place(it)?, it))).collect();
        let (there, resource) = *places.first()?;
        (!places.iter().any(|(place, _)| is_ours(place))).then(|| (there.to_owned(), resource.address.clone()))
    };
    if let Some((there, address)) = first(&|account| account == graph.account, Resource::account) {
        return Some(format!(
            "{address} is in account {there} there, and stack `{}` is in {}",
            graph.stack, graph.account
        ));
    }
    let regions = regions(graph);
    let (there, address) = first(&|region| regions.contains(region), Resource::region)?;
    let ours = regions.into_iter().collect::<Vec<_>>().join(", ");
    Some(format!("{address} is in {there} there, and stack `{}` is in {ours}", graph.stack))
}
