//! What lives in state alone.

use std::collections::BTreeSet;

use fathuss_engine::apply::token;
use fathuss_engine::provider::{Attributes, Desired, MakeRequest, Mark, Progress};
use fathuss_engine::{Local, Provider};
use fathuss_model::Datum;

fn request(generation: u32, length: i64) -> MakeRequest {
    let address: fathuss_model::Address = "toy.random_id.cache".parse().unwrap();
    let mark = Mark { lineage: "00aa".to_owned(), address: address.clone(), generation };
    let fields = [("byte_length", Datum::Integer(length)), ("prefix", "cache-".into())];
    MakeRequest {
        address,
        region: "us-east-1".to_owned(),
        account: "111122223333".to_owned(),
        token: token(&mark, "create"),
        mark,
        desired: Desired {
            attributes: fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            ..Desired::default()
        },
    }
}

async fn made(request: &MakeRequest) -> Attributes {
    let identity = Local.create(request).await.unwrap();
    let standing = request.clone().standing(identity);
    match Local.settle(&standing).await {
        Ok(Progress::Ready(attributes)) => attributes,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_id_that_is_made_again_after_a_crash_is_the_same_and_a_replacement_s_is_another() {
    let first = made(&request(0, 8)).await;
    assert_eq!(first, made(&request(0, 8)).await);
    let mut seen = BTreeSet::from([first["hex"].as_str().unwrap().to_owned()]);
    for generation in 1..100 {
        let hex = made(&request(generation, 8)).await["hex"].as_str().unwrap().to_owned();
        assert!(seen.insert(hex), "generation {generation} has the id of an earlier one");
    }
}

#[tokio::test]
async fn an_id_s_texts_are_the_same_bytes() {
    let made = made(&request(0, 4)).await;
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    let bare = |name: &str| text(name).strip_prefix("cache-").unwrap().to_owned();
    let number = u32::from_str_radix(&bare("hex"), 16).unwrap();
    assert_eq!(bare("hex").len(), 8);
    assert_eq!(bare("dec"), number.to_string());
    assert_eq!(bare("b64_std"), bare("b64_url").replace('-', "+").replace('_', "/") + "==");
    assert_eq!(text("id"), bare("b64_url"));
}
