//! Form-encoded parameters, flat as sent and as the tree that their dots make.

use indexmap::IndexMap;

/// The parameters of a query request, in order.
#[derive(Debug, Default)]
pub(crate) struct Form {
    parameters: IndexMap<String, String>,
}

/// A parameter with what hangs below it: `A.1.B=x` is three nodes.
#[derive(Debug, Default)]
pub(super) struct Node {
    pub(super) text: Option<String>,
    pub(super) below: IndexMap<String, Node>,
}

impl Form {
    /// Parses `a=b&c=d`.
    pub(crate) fn parse(text: &str) -> Form {
        let mut parameters = IndexMap::new();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            parameters.insert(form_decode(name), form_decode(value));
        }
        Form { parameters }
    }

    pub(crate) fn extend(&mut self, other: Form) {
        self.parameters.extend(other.parameters);
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }

    /// The tree of the operation's own parameters.
    pub(super) fn tree(&self) -> Node {
        let mut root = Node::default();
        for (name, value) in &self.parameters {
            // Not the operation's: what every query request has, and a presigned URL's signature.
            if name == "Action" || name == "Version" || name.starts_with("X-Amz-") {
                continue;
            }
            let mut node = &mut root;
            for part in name.split('.') {
                node = node.below.entry(part.to_owned()).or_default();
            }
            node.text = Some(value.clone());
        }
        root
    }
}

impl Node {
    /// The children under whole numbers, in their order; the rest are left over.
    pub(super) fn numbered(&self) -> (Vec<(u32, &Node)>, Vec<&str>) {
        let (mut items, mut rest) = (Vec::new(), Vec::new());
        for (name, node) in &self.below {
            match name.parse::<u32>() {
                Ok(number) => items.push((number, node)),
                Err(_) => rest.push(name.as_str()),
            }
        }
        items.sort_by_key(|(number, _)| *number);
        (items, rest)
    }
}

fn form_decode(text: &str) -> String {
    percent_decode(&text.replace('+', " "))
}

/// The text with its `%xx` resolved.
pub(crate) fn percent_decode(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}
