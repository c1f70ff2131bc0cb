//! What is refused of that which is in clusters: each at the line that declared it.

mod refusing;

use fathuss_model::aws::EksCluster;
use fathuss_model::kubernetes::{HelmRelease, KubernetesManifest};
use fathuss_model::{Document, Name, Value, document, json};
use refusing::{accepted, refused};

fn cluster() -> Value<Name<EksCluster>> {
    Name::existing("main")
}

fn secret(held: Document) -> KubernetesManifest {
    let metadata = document!({ "name": "door", "namespace": "shop" });
    let mut entries = document!({ "apiVersion": "v1", "kind": "Secret", "metadata": (metadata) });
    entries = entries.merge(held);
    KubernetesManifest::new(cluster(), json(entries))
}

#[test]
fn a_secret_whose_value_is_written_in_the_program() {
    for held in [document!({ "stringData": { "key": "open" } }), document!({ "data": { "key": "b3Blbg==" } })] {
        refused("the value of `key` would stand in the program, in plans and in the state", |stack| {
            stack.add("door", secret(held));
            line!() - 1
        });
    }
    accepted(|stack| {
        stack.add("token", secret(document!({ "type": "kubernetes.io/service-account-token" })));
    });
}

#[test]
fn what_is_no_single_object_and_an_address_with_a_password() {
    refused("a `List` is no object of its own: declare each of its items", |stack| {
        let list = document!({ "apiVersion": "v1", "kind": "List", "metadata": { "name": "all" }, "items": [] });
        stack.add("all", KubernetesManifest::new(cluster(), json(list)));
        line!() - 1
    });
    let release = |address: &str| {
        let release = HelmRelease::new(cluster(), Name::existing("shop"), "cart", "cart").version("1.0.0");
        release.repository(address)
    };
    refused("`repository` has a name or password in it", |stack| {
        stack.add("cart", release("https://somebody:password@charts.example.com/stable"));
        line!() - 1
    });
    accepted(|stack| {
        stack.add("cart", release("https://charts.example.com/a@b"));
    });
}

#[test]
fn numbers_of_every_kind_are_taken_from_a_file_of_values() {
    let values = Document::yaml("{ rate: 0.01, whole: 1.0, many: 12345678901234567890, few: 3, more: 1e10 }");
    let values = values.expect("it is YAML").merge(document!({ "share": 0.5, "limit": null }));
    let metadata = document!({ "name": "rates", "namespace": "shop" });
    let object = document!({ "apiVersion": "v1", "kind": "Rates", "metadata": (metadata), "spec": (values) });
    let graph = fathuss_model::graph_of("test", |stack| {
        stack.place("us-east-1", "111122223333");
        stack.add("rates", KubernetesManifest::new(cluster(), json(object)));
        Ok(())
    });
    let graph = graph.expect("nothing is wrong with it");
    let text = serde_json::to_string(&graph).expect("it is JSON");
    assert_eq!(serde_json::from_str::<fathuss_model::graph::Graph>(&text).expect("it is a graph"), graph);
    let manifest = &graph.nodes[0].fields["manifest"];
    let known = manifest.evaluate(&fathuss_model::Nowhere).expect("it has a value").into_known();
    let known = known.as_ref().and_then(fathuss_model::Datum::as_str).expect("it is known");
    let spec = &serde_json::from_str::<serde_json::Value>(known).expect("it is JSON")["spec"];
    let (rate, many) = (&spec["rate"], &spec["many"]);
    assert_eq!((rate.as_f64(), many.as_u64()), (Some(0.01), Some(12_345_678_901_234_567_890)));
    assert_eq!((spec["whole"].as_f64(), spec["few"].as_i64()), (Some(1.0), Some(3)));
    assert!(spec.get("limit").is_some_and(serde_json::Value::is_null), "by it Helm leaves out a chart's own value");
    assert_eq!((spec["more"].as_f64(), spec["share"].as_f64()), (Some(1e10), Some(0.5)));
}
