//! XML as a tree, for telling whether two texts mean the same.

use std::collections::BTreeMap;

#[derive(Debug, PartialEq)]
struct Element {
    name: String,
    attributes: BTreeMap<String, String>,
    text: String,
    below: Vec<Element>,
}

/// The request id that an answer names.
pub fn request_id(xml: &str) -> Option<String> {
    ["requestId", "RequestId", "RequestID"].iter().find_map(|name| text_of(xml, name))
}

/// The text of the first element of that name.
pub fn text_of(xml: &str, name: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    Some(rest.split_once('<')?.0.to_owned())
}

/// Whether ours is what is wanted: the same elements (members of one kind in any order, items of lists in theirs),
/// attributes and texts. A moment may be written with thousandths, as AWS's services do; the envelope may say the
/// namespace and the request's id where the suite leaves them out.
pub fn alike(ours: &str, wanted: &str) -> Result<bool, String> {
    let mut wanted = parse(wanted)?;
    // Nothing at all is what an element says that holds nothing.
    if ours.is_empty() && wanted.below.is_empty() && wanted.attributes.is_empty() && wanted.text.is_empty() {
        return Ok(true);
    }
    let mut ours = parse(ours)?;
    if wanted.attributes.is_empty() {
        ours.attributes.clear();
    }
    for envelope in ["ResponseMetadata", "requestId"] {
        if !wanted.below.iter().any(|element| element.name == envelope) {
            ours.below.retain(|element| element.name != envelope);
        }
    }
    inherit(&mut ours, None);
    inherit(&mut wanted, None);
    Ok(same(&ours, &wanted))
}

/// Takes away what an element only repeats: the namespace that it is in anyway.
fn inherit(element: &mut Element, around: Option<&str>) {
    if around.is_some() && element.attributes.get("xmlns").map(String::as_str) == around {
        element.attributes.remove("xmlns");
    }
    let here = element.attributes.get("xmlns").cloned().or_else(|| around.map(str::to_owned));
    element.below.iter_mut().for_each(|inner| inherit(inner, here.as_deref()));
}

fn same(ours: &Element, wanted: &Element) -> bool {
    let ordered = |element: &Element| {
        let mut names: Vec<(usize, &str)> =
            element.below.iter().enumerate().map(|(at, element)| (at, element.name.as_str())).collect();
        names.sort_by_key(|(at, name)| (*name, *at));
        names.into_iter().map(|(at, _)| at).collect::<Vec<_>>()
    };
    let moment = |text: &str| text.parse::<jiff::Timestamp>().ok();
    let texts =
        ours.text == wanted.text || (moment(&ours.text).is_some() && moment(&ours.text) == moment(&wanted.text));
    let pairs = ordered(ours).into_iter().zip(ordered(wanted));
    ours.name == wanted.name
        && ours.attributes == wanted.attributes
        && texts
        && ours.below.len() == wanted.below.len()
        && pairs.into_iter().all(|(left, right)| same(&ours.below[left], &wanted.below[right]))
}

fn parse(xml: &str) -> Result<Element, String> {
    let mut rest = xml.trim();
    if let Some(after) = rest.strip_prefix("<?xml") {
        rest = after.split_once("?>").ok_or("the declaration does not end")?.1.trim_start();
    }
    let (element, rest) = element(rest)?;
    if rest.trim().is_empty() { Ok(element) } else { Err(format!("{rest} follows the XML")) }
}

fn element(text: &str) -> Result<(Element, &str), String> {
    let inside = text.strip_prefix('<').ok_or_else(|| format!("no element at {text}"))?;
    let (tag, mut rest) = inside.split_once('>').ok_or("an element does not end")?;
    let (tag, empty) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
    let tag = tag.trim();
    let (name, mut attributes_text) = tag.split_once(char::is_whitespace).unwrap_or((tag, ""));
    let mut attributes = BTreeMap::new();
    while !attributes_text.trim().is_empty() {
        let (key, after) = attributes_text.trim_start().split_once("=\"").ok_or("an attribute has no value")?;
        let (value, after) = after.split_once('"').ok_or("an attribute does not end")?;
        attributes.insert(key.to_owned(), plain(value));
        attributes_text = after;
    }
    let mut made = Element { name: name.to_owned(), attributes, text: String::new(), below: Vec::new() };
    if empty {
        return Ok((made, rest));
    }
    loop {
        let at = rest.find('<').ok_or_else(|| format!("{name} is not closed"))?;
        made.text.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            rest = comment.split_once("-->").ok_or("a comment does not end")?.1;
        } else if let Some(data) = rest.strip_prefix("<![CDATA[") {
            let (data, after) = data.split_once("]]>").ok_or("character data does not end")?;
            made.text.push_str(data);
            rest = after;
        } else if let Some(close) = rest.strip_prefix("</") {
            let (closed, after) = close.split_once('>').ok_or("a closing tag does not end")?;
            if closed.trim() != name {
                return Err(format!("{closed} closes {name}"));
            }
            rest = after;
            break;
        } else {
            let (inner, after) = element(rest)?;
            made.below.push(inner);
            rest = after;
        }
    }
    made.text = if made.below.is_empty() { plain(&made.text) } else { String::new() };
    Ok((made, rest))
}

fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let Some((name, next)) = after.split_once(';') else {
            out.push('&');
            rest = after;
            continue;
        };
        let number = |digits: &str, radix| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
        let letter = match name {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            name => match name.strip_prefix("#x") {
                Some(digits) => number(digits, 16),
                None => name.strip_prefix('#').and_then(|digits| number(digits, 10)),
            },
        };
        out.extend(letter);
        rest = next;
    }
    out + rest
}
