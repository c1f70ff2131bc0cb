//! Other values for a field: from other stacks that have the type, and from its schema.

use std::collections::BTreeMap;

use fathuss_model::graph::{Graph, Node};
use fathuss_model::schema::{Field, Type};
use fathuss_model::{Address, Datum, Document, Expression, Reference, SecretSource};

/// How many changed values of each field of a block.
const OF_EACH: usize = 16;

/// Other values for a field of a node; nothing stands for leaving it out. `others` are nodes of the same type in other
/// stacks, the nearest at hand first.
pub fn candidates(graph: &Graph, node: &Node, field: &Field, others: &[Node]) -> Vec<Option<Expression>> {
    let now = node.fields.get(field.name).filter(|now| !is_null(now));
    let mut found: Vec<Option<Expression>> = Vec::new();
    let usual = field.default.and_then(|text| serde_json::from_str::<Datum>(text).ok()).map(Expression::Literal);
    let usual = usual.filter(|usual| matches!(usual, Expression::Literal(Datum::List(items)) if !items.is_empty()));
    if let Some(now) = now.or(usual.as_ref()) {
        found.extend(variants(graph, node, field, now).into_iter().map(Some));
    }
    let mut elsewhere = Vec::new();
    let alike = |other: &&Node| other.address.kind() == node.address.kind() && other.address != node.address;
    // What those beside it have is taken; what is near that need not be.
    let beside = graph.nodes.iter().filter(alike).filter_map(|other| other.fields.get(field.name));
    let beside = beside.filter(|value| matches!(value, Expression::Literal(_)));
    let near: Vec<Expression> = beside.flat_map(|value| variants(graph, node, field, value)).collect();
    for other in graph.nodes.iter().filter(alike).chain(others) {
        let value = other.fields.get(field.name).filter(|value| !is_null(value));
        let value = match value {
            Some(value) => match at_home(graph, node, value) {
                Some(value) => Some(value),
                None => continue,
            },
            None => None,
        };
        if value.as_ref() != now && !elsewhere.contains(&value) {
            elsewhere.extend(value.iter().flat_map(|value| moved(graph, node, value)).map(Some));
            elsewhere.push(value);
        }
    }
    // What others have is sure to be meant seriously; what the schema suggests is simpler.
    let mut rest = found.split_off(found.len().min(2)).into_iter();
    let mut elsewhere = elsewhere.into_iter();
    loop {
        let (one, other) = (elsewhere.next(), rest.next());
        if one.is_none() && other.is_none() {
            break;
        }
        found.extend(one.into_iter().chain(other));
    }
    found.extend(near.into_iter().map(Some));
    if now.is_none() {
        found.extend(scratch(graph, node, field, &field.ty).into_iter().map(Some));
    } else if !field.required {
        found.push(None);
    }
    let mut once = Vec::new();
    found.retain(|value| {
        let new = !once.contains(value);
        once.push(value.clone());
        new && value.as_ref() != now
    });
    found
}

/// All fields of another one of the type, as this stack can have them: for a field that goes with others.
pub fn whole(graph: &Graph, node: &Node, other: &Node) -> Option<BTreeMap<String, Expression>> {
    let fields = other.fields.iter().map(|(name, value)| Some((name.clone(), at_home(graph, node, value)?)));
    fields.collect()
}

fn is_null(value: &Expression) -> bool {
    matches!(value, Expression::Literal(Datum::Null))
}

/// A value of another stack with references to what this one has in the place of those; nothing where it has none.
fn at_home(graph: &Graph, node: &Node, value: &Expression) -> Option<Expression> {
    let mut moved: BTreeMap<String, String> = BTreeMap::new();
    let mut whole = true;
    value.references(&mut |reference| {
        let here = |other: &Node| other.address == reference.address;
        let alike = |other: &Node| other.address.kind() == reference.address.kind() && other.address != node.address;
        let found = graph.nodes.iter().find(|other| here(other)).or_else(|| graph.nodes.iter().find(|it| alike(it)));
        match found.filter(|other| other.region == node.region) {
            Some(found) => {
                moved.insert(reference.address.to_string(), found.address.to_string());
            }
            None => whole = false,
        }
    });
    if !whole {
        return None;
    }
    let mut json = serde_json::to_value(value).ok()?;
    replace(&mut json, &moved);
    serde_json::from_value(json).ok()
}

fn replace(json: &mut serde_json::Value, moved: &BTreeMap<String, String>) {
    match json {
        serde_json::Value::String(text) => {
            if let Some(new) = moved.get(text) {
                text.clone_from(new);
            }
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(|item| replace(item, moved)),
        serde_json::Value::Object(entries) => entries.values_mut().for_each(|value| replace(value, moved)),
        _ => {}
    }
}

/// Values near the one that is given.
fn variants(graph: &Graph, node: &Node, field: &Field, now: &Expression) -> Vec<Expression> {
    match (&field.ty, now) {
        (_, Expression::Reference(reference)) => alike(graph, node, &reference.address)
            .map(|other| {
                let mut reference = reference.clone();
                reference.address = other.address.clone();
                Expression::Reference(reference)
            })
            .collect(),
        (Type::Secret, Expression::Secret(_)) => vec![other_secret()],
        (Type::List(inner), Expression::List(items)) => list(graph, node, field, inner, items),
        (Type::List(inner), Expression::Literal(Datum::List(items))) => {
            let items: Vec<Expression> = items.iter().cloned().map(Expression::Literal).collect();
            list(graph, node, field, inner, &items)
        }
        (Type::Map(inner), Expression::Map(entries)) => map(inner, entries),
        (Type::Map(inner), Expression::Literal(Datum::Map(entries))) => map(inner, &literals(entries)),
        (Type::Block(fields), Expression::Map(entries)) => block(graph, node, fields, entries),
        (Type::Block(fields), Expression::Literal(Datum::Map(entries))) => {
            block(graph, node, fields, &literals(entries))
        }
        (_, Expression::Json(document)) => {
            let mut found: Vec<Expression> = renamed(document).map(Expression::Json).into_iter().collect();
            found.extend(moved(graph, node, now));
            found
        }
        (_, Expression::Literal(datum)) => {
            let mut found = others_of(field, &field.ty, datum);
            found.extend(addresses(graph, field));
            found.into_iter().map(Expression::Literal).collect()
        }
        _ => Vec::new(),
    }
}

/// Others of a type where one is that a node refers to.
fn alike<'g>(graph: &'g Graph, node: &'g Node, from: &'g Address) -> impl Iterator<Item = &'g Node> {
    let region = graph.nodes.iter().find(|other| other.address == *from).map_or(&node.region, |target| &target.region);
    graph.nodes.iter().filter(move |other| {
        let (address, there) = (&other.address, &other.region == region);
        address.kind() == from.kind() && address != from && *address != node.address && there
    })
}

/// A value with each of its references to another node of the same type.
fn moved(graph: &Graph, node: &Node, value: &Expression) -> Vec<Expression> {
    let mut found = Vec::new();
    value.references(&mut |reference| {
        let from = &reference.address;
        for other in alike(graph, node, from) {
            let Ok(mut json) = serde_json::to_value(value) else { continue };
            replace(&mut json, &BTreeMap::from([(from.to_string(), other.address.to_string())]));
            found.extend(serde_json::from_value(json));
        }
    });
    found
}

/// Addresses in the ranges that there are, for a field that holds some.
fn addresses(graph: &Graph, field: &Field) -> Vec<Datum> {
    if !field.limits.form.is_some_and(|form| form.fits("10.0.0.10") && !form.fits("ten")) {
        return Vec::new();
    }
    let ranges = graph.nodes.iter().filter_map(|node| node.fields.get("cidr_block")?.literal()?.as_str());
    let ranges = ranges.filter_map(|range| range.split_once(".0/24"));
    ranges.map(|(start, _)| format!("{start}.77").into()).collect()
}

fn literals(entries: &BTreeMap<String, Datum>) -> BTreeMap<String, Expression> {
    entries.iter().map(|(name, value)| (name.clone(), Expression::Literal(value.clone()))).collect()
}

/// The list with another element, with one fewer and with one more.
fn list(graph: &Graph, node: &Node, field: &Field, inner: &'static Type, items: &[Expression]) -> Vec<Expression> {
    let element = Field { ty: shallow(inner), limits: field.limits.of_elements(), ..copy(field) };
    let mut found = Vec::new();
    if let Some(last) = items.last() {
        for variant in variants(graph, node, &element, last) {
            if items.contains(&variant) {
                continue;
            }
            let mut more = items.to_vec();
            more.push(variant.clone());
            let mut other = items[..items.len() - 1].to_vec();
            other.push(variant);
            found.push(together(other));
            found.push(together(more));
        }
    }
    if items.len() > 1 {
        found.insert(0, together(items[..items.len() - 1].to_vec()));
    }
    if items.is_empty() {
        found.extend(scratch(graph, node, &element, inner).into_iter().map(|item| together(vec![item])));
    }
    found
}

/// A list of literals is a literal, as the model writes it.
fn together(items: Vec<Expression>) -> Expression {
    let literal = |item: &Expression| match item {
        Expression::Literal(datum) => Some(datum.clone()),
        _ => None,
    };
    match items.iter().map(literal).collect::<Option<Vec<Datum>>>() {
        Some(items) => Expression::Literal(Datum::List(items)),
        None => Expression::List(items),
    }
}

fn map(inner: &Type, entries: &BTreeMap<String, Expression>) -> Vec<Expression> {
    if !matches!(inner, Type::String | Type::Any) {
        return Vec::new();
    }
    let mut more = entries.clone();
    more.insert("Added".to_owned(), Expression::Literal("yes".into()));
    let mut found = vec![named(more)];
    if entries.len() > 1 {
        let mut fewer = entries.clone();
        fewer.pop_first();
        found.push(named(fewer));
    }
    found
}

/// A map of literals is a literal, as the model writes it.
fn named(entries: BTreeMap<String, Expression>) -> Expression {
    let literal = |(name, value): (&String, &Expression)| match value {
        Expression::Literal(datum) => Some((name.clone(), datum.clone())),
        _ => None,
    };
    match entries.iter().map(literal).collect::<Option<BTreeMap<String, Datum>>>() {
        Some(entries) => Expression::Literal(Datum::Map(entries)),
        None => Expression::Map(entries),
    }
}

/// The block with one of its fields changed, given or taken away, and then with two of them.
fn block(graph: &Graph, node: &Node, fields: &[Field], entries: &BTreeMap<String, Expression>) -> Vec<Expression> {
    let mut found = Vec::new();
    let mut changes: Vec<(&str, Vec<Option<Expression>>)> = Vec::new();
    for field in fields.iter().filter(|field| field.required || field.optional) {
        let now = entries.get(field.name).filter(|now| !is_null(now));
        let values = match now {
            Some(now) => variants(graph, node, field, now),
            None => scratch(graph, node, field, &field.ty),
        };
        let gone = (now.is_some() && !field.required).then_some(None);
        let values = values.into_iter().take(OF_EACH).map(Some).chain(gone);
        changes.push((field.name, values.collect()));
    }
    let with = |entries: &BTreeMap<String, Expression>, name: &str, value: &Option<Expression>| {
        let mut entries = entries.clone();
        match value {
            Some(value) => entries.insert(name.to_owned(), value.clone()),
            None => entries.remove(name),
        };
        entries
    };
    // One of each first: what refers to others has many.
    for at in 0..OF_EACH {
        let here = changes.iter().filter_map(|(name, values)| Some((name, values.get(at)?)));
        found.extend(here.map(|(name, value)| named(with(entries, name, value))));
    }
    for (at, (name, values)) in changes.iter().enumerate() {
        for value in values.iter().take(2) {
            let first = with(entries, name, value);
            for (other, values) in &changes[at + 1..] {
                found.extend(values.iter().take(2).map(|value| named(with(&first, other, value))));
            }
        }
    }
    found
}

/// Other values than a literal one.
fn others_of(field: &Field, ty: &Type, now: &Datum) -> Vec<Datum> {
    match (ty, now) {
        (Type::Bool, Datum::Bool(now)) => vec![Datum::Bool(!now)],
        (Type::Integer, Datum::Integer(now)) => {
            let fits = |number: &i64| {
                field.limits.min.is_none_or(|min| *number >= min) && field.limits.max.is_none_or(|max| *number <= max)
            };
            let mut near = vec![now + 1, now - 1, now * 2, now + 10, now + 60, now / 2, now / 10];
            near.extend(sizes(field));
            near.into_iter().filter(|number| number != now).filter(fits).map(Datum::Integer).collect()
        }
        (Type::Word(words), Datum::String(now)) => {
            words.iter().filter(|word| *word != now).map(|word| Datum::from(*word)).collect()
        }
        (Type::Cidr, Datum::String(now)) => ranges(now),
        (Type::String | Type::Any, Datum::String(now)) if field.json => {
            let Ok(mut document) = serde_json::from_str::<serde_json::Value>(now) else { return Vec::new() };
            let statement = document.get_mut("Statement").and_then(|it| it.get_mut(0));
            match statement.and_then(serde_json::Value::as_object_mut) {
                Some(statement) => {
                    statement.insert("Sid".to_owned(), "Another".into());
                }
                None => reword(&mut document),
            }
            vec![document.to_string().into()]
        }
        (Type::String | Type::Any, Datum::String(now)) => {
            if !field.variants.is_empty() {
                let others = field.variants.iter().filter(|variant| variant.word != now);
                return others.map(|variant| variant.word.into()).collect();
            }
            let form = field.limits.form;
            let mut found: Vec<Datum> =
                form.map(|form| form.examples).unwrap_or_default().iter().map(|it| (*it).into()).collect();
            found.extend(texts(now));
            found.retain(|text| form.is_none_or(|form| text.as_str().is_some_and(|text| form.fits(text))));
            found
        }
        _ => Vec::new(),
    }
}

/// Numbers of several sizes, from the least one on.
fn sizes(field: &Field) -> Vec<i64> {
    let least = field.limits.min.unwrap_or(1).max(1);
    [1, 4, 20, 100].map(|times| least * times).to_vec()
}

/// A document that says something else where it says anything.
fn reword(document: &mut serde_json::Value) {
    match document {
        serde_json::Value::String(text) => text.push('x'),
        serde_json::Value::Number(number) => *number = (number.as_i64().unwrap_or_default() + 1).into(),
        serde_json::Value::Array(items) => items.iter_mut().take(1).for_each(reword),
        serde_json::Value::Object(entries) => {
            // What a thing is stands first as a rule, and what it says behind.
            if let Some((_, value)) = entries.iter_mut().last() {
                reword(value);
            }
        }
        serde_json::Value::Null | serde_json::Value::Bool(_) => {}
    }
}

/// A policy document whose first statement has another name.
fn renamed(document: &Document) -> Option<Document> {
    let Document::Object(entries) = document else {
        let Document::Array(items) = document else { return None };
        let mut items = items.clone();
        *items.first_mut()? = renamed(&items[0])?;
        return Some(Document::Array(items));
    };
    let is = |key: &Expression, name: &str| *key == Expression::Literal(name.into());
    let mut entries = entries.clone();
    if entries.iter().any(|(key, _)| is(key, "Effect")) {
        entries.retain(|(key, _)| !is(key, "Sid"));
        let name = Document::Value(Box::new(Expression::Literal("Another".into())));
        entries.push((Expression::Literal("Sid".into()), name));
        return Some(Document::Object(entries));
    }
    let (_, statement) = entries.iter_mut().find(|(key, _)| is(key, "Statement"))?;
    *statement = renamed(statement)?;
    Some(Document::Object(entries))
}

/// Ranges as large as this one, near it.
fn ranges(now: &str) -> Vec<Datum> {
    let Some((address, length)) = now.split_once('/') else { return Vec::new() };
    let octets: Vec<u8> = address.split('.').filter_map(|octet| octet.parse().ok()).collect();
    let [first, second, third, fourth] = octets[..] else { return Vec::new() };
    let near = [
        (first, second, third.wrapping_add(16), fourth),
        (first, second, third.wrapping_add(64), fourth),
        (first, second.wrapping_add(7), third, fourth),
    ];
    near.into_iter().map(|(a, b, c, d)| format!("{a}.{b}.{c}.{d}/{length}").into()).collect()
}

/// Texts that look like this one.
fn texts(now: &str) -> Vec<Datum> {
    let counted = now.rfind(|letter: char| letter.is_ascii_digit()).map(|at| {
        let digit = now[at..].chars().next().and_then(|digit| digit.to_digit(10)).unwrap_or_default();
        format!("{}{}{}", &now[..at], (digit + 1) % 10, &now[at + 1..])
    });
    let appended = if now.ends_with('/') { format!("{now}x/") } else { format!("{now}x") };
    let put_in = now.char_indices().nth(1).map(|(at, _)| format!("{}x{}", &now[..at], &now[at..]));
    [counted, Some(appended), put_in].into_iter().flatten().map(Datum::from).collect()
}

fn other_secret() -> Expression {
    Expression::Secret(SecretSource::Environment("ANOTHER".to_owned()))
}

/// Values for a field that has none.
fn scratch(graph: &Graph, node: &Node, field: &Field, ty: &Type) -> Vec<Expression> {
    let default = field.default.and_then(|text| serde_json::from_str::<Datum>(text).ok());
    let literal = |values: Vec<Datum>| -> Vec<Expression> {
        values.into_iter().filter(|value| Some(value) != default.as_ref()).map(Expression::Literal).collect()
    };
    match ty {
        Type::Bool => literal(vec![Datum::Bool(true), Datum::Bool(false)]),
        Type::Integer => {
            let known = default.as_ref().and_then(Datum::as_integer);
            let mut numbers = Vec::new();
            if let Some(known) = known {
                numbers.extend([known + 1, known - 1, known * 2]);
            }
            numbers.extend(field.limits.min.map(|min| min.max(1)));
            numbers.extend(field.limits.max);
            numbers.extend([1, 7, 30, 60, 100]);
            numbers.extend(sizes(field));
            let fits = |number: &i64| {
                field.limits.min.is_none_or(|min| *number >= min) && field.limits.max.is_none_or(|max| *number <= max)
            };
            literal(numbers.into_iter().filter(fits).map(Datum::Integer).collect())
        }
        Type::Word(words) => literal(words.iter().map(|word| Datum::from(*word)).collect()),
        Type::String if !field.variants.is_empty() => {
            literal(field.variants.iter().map(|variant| variant.word.into()).collect())
        }
        Type::String | Type::Any => text_for(graph, node, field),
        Type::Cidr => literal(vec!["10.77.0.0/16".into(), "10.77.3.0/24".into()]),
        Type::Map(Type::String | Type::Any) => {
            vec![Expression::Literal(Datum::Map(BTreeMap::from([("Added".to_owned(), "yes".into())])))]
        }
        Type::List(inner) => {
            let element = Field { ty: shallow(inner), limits: field.limits.of_elements(), ..copy(field) };
            scratch(graph, node, &element, inner).into_iter().map(|item| together(vec![item])).collect()
        }
        Type::Block(fields) => {
            let mut needed = BTreeMap::new();
            for inner in fields.iter().filter(|inner| inner.required) {
                let Some(value) = scratch(graph, node, inner, &inner.ty).into_iter().next() else { return Vec::new() };
                needed.insert(inner.name.to_owned(), value);
            }
            let mut found = Vec::new();
            if !needed.is_empty() {
                found.push(named(needed.clone()));
            }
            let optional = fields.iter().filter(|inner| inner.optional);
            let optional = optional
                .filter_map(|inner| Some((inner.name, scratch(graph, node, inner, &inner.ty).into_iter().next()?)));
            let optional: Vec<(&str, Expression)> = optional.collect();
            let and = |entries: &BTreeMap<String, Expression>, (name, value): &(&str, Expression)| {
                let mut entries = entries.clone();
                entries.insert((*name).to_owned(), value.clone());
                entries
            };
            found.extend(optional.iter().map(|one| named(and(&needed, one))));
            // What is said in two fields at least.
            for (at, one) in optional.iter().enumerate() {
                let first = and(&needed, one);
                found.extend(optional[at + 1..].iter().map(|other| named(and(&first, other))));
            }
            found
        }
        Type::Secret => vec![other_secret()],
        Type::Map(_) => Vec::new(),
    }
}

/// A text for a field: what of this stack it may name, by what its type in a program says, and words.
fn text_for(graph: &Graph, node: &Node, field: &Field) -> Vec<Expression> {
    let mut found = Vec::new();
    let refers = |wrapper: &str| field.rust.split(wrapper).nth(1).and_then(|rest| rest.split('>').next());
    for (wrapper, attribute) in [("Id<", "id"), ("Arn<", "arn"), ("Name<", "name")] {
        let Some(rust) = refers(wrapper) else { continue };
        let Some(schema) = fathuss_model::schemas().find(|schema| schema.rust == rust) else { continue };
        let alike = |other: &&Node| {
            other.address.kind() == schema.kind && other.address != node.address && other.region == node.region
        };
        if schema.field(attribute).is_some() {
            found.extend(graph.nodes.iter().filter(alike).map(|other| reference(&other.address, attribute)));
        }
    }
    if ["Id<", "Arn<", "Name<"].into_iter().any(|wrapper| field.rust.contains(wrapper)) {
        return found;
    }
    if let Some(form) = field.limits.form.filter(|form| !form.examples.is_empty()) {
        let examples = form.examples.iter().map(|example| (*example).into());
        found.extend(examples.chain(addresses(graph, field)).map(Expression::Literal));
        return found;
    }
    let words = ["other", "mon:03:00-mon:04:00", "03:00-04:00"];
    found.extend(words.into_iter().map(|word| Expression::Literal(word.into())));
    found
}

fn reference(address: &Address, attribute: &str) -> Expression {
    Expression::Reference(Reference { address: address.clone(), attribute: attribute.to_owned() })
}

/// The same field, to be given another type.
fn copy(field: &Field) -> Field {
    Field { ty: Type::Any, ..*field }
}

/// A type as a value of its own.
fn shallow(ty: &'static Type) -> Type {
    match ty {
        Type::Bool => Type::Bool,
        Type::Integer => Type::Integer,
        Type::String => Type::String,
        Type::Word(words) => Type::Word(words),
        Type::Cidr => Type::Cidr,
        Type::Secret => Type::Secret,
        Type::List(inner) => Type::List(inner),
        Type::Map(inner) => Type::Map(inner),
        Type::Block(fields) => Type::Block(fields),
        Type::Any => Type::Any,
    }
}
