//! Form-encoded parameters, flat as sent and as the tree that their dots make.

use std::borrow::Cow;

use bytes::Bytes;
use http::Request;
use indexmap::IndexMap;

/// Names with more parts than this are no API's: the deepest here have ten.
const DEEPEST: usize = 32;

/// The parameters of a query request, in order.
#[derive(Debug, Default)]
pub struct Form {
    parameters: IndexMap<String, String>,
    flaw: Option<String>,
}

/// A parameter with what hangs below it: `A.1.B=x` is three nodes.
#[derive(Debug, Default)]
pub(super) struct Node {
    pub(super) text: Option<String>,
    pub(super) below: IndexMap<String, Node>,
}

impl Form {
    /// The parameters in a request's address and, where that is a form, its body.
    #[must_use]
    pub fn of(request: &Request<Bytes>) -> Form {
        let mut form = Form::default();
        form.read(request.uri().query().unwrap_or_default());
        let kind = request.headers().get(http::header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        if kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded")) {
            let text = String::from_utf8_lossy(request.body());
            if matches!(text, Cow::Owned(_)) {
                form.blame(|| "The request's body is not UTF-8.".to_owned());
            }
            form.read(&text);
        }
        form
    }

    /// Adds the parameters of `a=b&c=d`.
    fn read(&mut self, text: &str) {
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (Some(name), Some(value)) = (form_decode(name), form_decode(value)) else {
                self.blame(|| format!("The parameter {name} is not UTF-8."));
                continue;
            };
            if name.split('.').count() > DEEPEST {
                self.blame(|| "The name of a parameter has too many parts.".to_owned());
            } else if self.parameters.contains_key(&name) {
                self.blame(|| format!("The parameter {name} is there more than once."));
            } else {
                self.parameters.insert(name, value);
            }
        }
    }

    fn blame(&mut self, why: impl FnOnce() -> String) {
        if self.flaw.is_none() {
            self.flaw = Some(why());
        }
    }

    /// What no reading of the parameters could mean.
    pub(super) fn flaw(&self) -> Option<&str> {
        self.flaw.as_deref()
    }

    /// The parameter of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
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
            // As they are written: `+1`, `01` and `0` number nothing.
            let number = name.parse::<u32>().ok().filter(|number| *number > 0 && number.to_string() == *name);
            match number {
                Some(number) => items.push((number, node)),
                None => rest.push(name.as_str()),
            }
        }
        items.sort_by_key(|(number, _)| *number);
        (items, rest)
    }
}

fn form_decode(text: &str) -> Option<String> {
    decoded(&text.replace('+', " "))
}

/// The text with its `%xx` resolved; none where that is no UTF-8.
pub(super) fn decoded(text: &str) -> Option<String> {
    percent_encoding::percent_decode_str(text).decode_utf8().ok().map(Cow::into_owned)
}

/// The text with its `%xx` resolved, and a mark for what is no UTF-8.
pub(crate) fn percent_decode(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}
