//! The mark: annotations that everything made carries from its creation on; a release of Helm's has labels of these names.

use fathuss_engine::provider::{Carried, Mark};
use serde_json::{Map, Value as Json};

/// What holds the state's lineage.
pub(crate) const LINEAGE: &str = "fathuss.com/lineage";
/// What holds the address.
pub(crate) const ADDRESS: &str = "fathuss.com/address";
/// What holds the generation.
pub(crate) const GENERATION: &str = "fathuss.com/generation";

/// Whether a name of an annotation is the mark's.
pub(crate) fn is_own(annotation: &str) -> bool {
    [LINEAGE, ADDRESS, GENERATION].contains(&annotation)
}

/// Puts the mark on an object.
pub(crate) fn put(object: &mut Json, mark: &Mark) {
    annotate(object, LINEAGE, &mark.lineage);
    annotate(object, ADDRESS, &mark.address.to_string());
    annotate(object, GENERATION, &mark.generation.to_string());
}

/// Puts the mark of what is there on an object that is to be compared with it.
pub(crate) fn keep(object: &mut Json, live: &Json) {
    for name in [LINEAGE, ADDRESS, GENERATION] {
        if let Some(text) = live["metadata"]["annotations"][name].as_str() {
            annotate(object, name, text);
        }
    }
}

fn annotate(object: &mut Json, name: &str, text: &str) {
    let annotations = &mut object["metadata"]["annotations"];
    if !annotations.is_object() {
        *annotations = Json::Object(Map::new());
    }
    annotations[name] = Json::String(text.to_owned());
}

/// The mark that an object carries.
pub(crate) fn of(live: &Json) -> Option<Carried> {
    let text = |name: &str| live["metadata"]["annotations"][name].as_str().map(str::to_owned);
    Some(Carried { lineage: text(LINEAGE)?, address: text(ADDRESS)? })
}

/// Whether an object carries this mark, of whichever generation.
pub(crate) fn is(live: &Json, mark: &Mark) -> bool {
    of(live).is_some_and(|carried| carried.lineage == mark.lineage && carried.address == mark.address.to_string())
}
