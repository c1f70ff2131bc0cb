//! A stack's default tags go to what carries tags.

use fathuss_model::aws::{Route53Zone, Route53ZoneLookup, Vpc};
use fathuss_model::{Ipv4Net, graph_of};

#[test]
fn what_is_made_has_them_and_what_is_asked_for_is_not_asked_for_by_them() {
    let graph = graph_of("tagged", |stack| {
        stack.place("us-east-1", "111122223333");
        stack.default_tag("Project", "Fathuss");
        stack.add("main", Vpc::new("10.0.0.0/16".parse::<Ipv4Net>()?));
        stack.add("made", Route53Zone::new("shop.test"));
        stack.add("asked", Route53ZoneLookup::new("shop.test"));
        Ok(())
    })
    .unwrap();
    let tagged = graph.nodes.iter().map(|node| format!("{:?}", node.fields.get("tags")).contains("Fathuss"));
    assert_eq!(tagged.collect::<Vec<_>>(), [true, true, false]);
}
