//! A store that can't hold a state is refused before there is one.

use fathuss_state::{Bucket, Keys, S3, StateError};

use crate::place::{Objects, PATIENT, address};
use crate::promise::Bench;
use crate::promise::made::NOW_MS;
use crate::proxy::{Fate, Proxy};

const SERVER: &str = "FATHUSS_TEST_VERSITYGW";

/// Takes requests whose signature does not fit, so that headers can be left out.
const LENIENT: &str = "FATHUSS_TEST_MOTO";

#[test]
fn a_store_that_ignores_conditions_is_refused_when_it_is_first_opened_to_write() {
    for (condition, told) in [("if-none-match", "If-None-Match forbids"), ("if-match", "If-Match forbids")] {
        let proxy = Proxy::before(&address(LENIENT));
        let mut objects = Objects::on(LENIENT);
        objects.bucket.endpoint = Some(proxy.url.clone());
        proxy.decide(move |request| match request.has(condition) {
            true => Fate::Unconditional,
            false => Fate::Through,
        });
        let error =
            S3::open(&objects.bucket, PATIENT, None, &Keys::default(), NOW_MS).expect_err("it can't hold a state");
        assert!(matches!(error, StateError::Unfit { .. }), "{error}");
        assert!(error.to_string().contains(told), "{error}");
        assert!(error.to_string().contains("or PostgreSQL"), "{error}");
        let error = S3::check(&objects.bucket, PATIENT).expect_err("doctor says so, too");
        assert!(matches!(error, StateError::Unfit { .. }), "{error}");
        assert!(objects.look().is_none(), "no state was made");
    }
}

#[test]
fn a_store_that_can_hold_a_state_passes_and_nothing_is_left_there() {
    for server in [SERVER, "FATHUSS_TEST_MOTO"] {
        let objects = Objects::on(server);
        S3::check(&objects.bucket, PATIENT).expect("it takes conditions");
        assert!(objects.look().is_none());
    }
}

#[test]
fn a_bucket_that_is_not_there_and_credentials_that_are_wrong_are_told_apart() {
    let objects = Objects::on(SERVER);
    let bucket = Bucket { name: "nowhere".to_owned(), ..objects.bucket.clone() };
    let error = S3::look(&bucket, PATIENT, &Keys::default()).expect_err("no bucket").to_string();
    assert!(error.contains("s3://nowhere/") && error.contains("404 NoSuchBucket"), "{error}");
    assert!(error.contains("is there such a bucket?"), "{error}");

    let bucket = Bucket { endpoint: Some("http://127.0.0.1:9".to_owned()), ..objects.bucket };
    let terms = fathuss_state::Terms { patience: std::time::Duration::from_millis(200), ..PATIENT };
    let error = S3::look(&bucket, terms, &Keys::default()).expect_err("nobody there").to_string();
    assert!(error.contains("no answer came") && error.contains("endpoint"), "{error}");
}

#[test]
fn an_object_that_something_else_changed_is_named_instead_of_believed() {
    let objects = Objects::on(SERVER);
    let mut state = crate::promise::locked(&objects);
    state.reserve_operations(1).expect("reserved");
    state.append(&[crate::promise::made::begin(1, "a")]).expect("legal");
    drop(state);
    let proxy = Proxy::before(&address(SERVER));
    let mut through = objects.clone();
    through.bucket.endpoint = Some(proxy.url.clone());
    // A segment that is gone.
    proxy.decide(|request| if request.target.contains("0000000002.json") { Fate::Refused(404) } else { Fate::Through });
    let error = S3::look(&through.bucket, PATIENT, &Keys::default()).expect_err("damaged");
    assert!(matches!(error, StateError::Damaged { .. }), "{error}");
    assert!(error.to_string().contains("/journal/0000000001/0000000002.json is damaged"), "{error}");
}
