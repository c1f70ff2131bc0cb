//! What every schema must hold to, so that what reads them can rely on it.

use std::collections::BTreeSet;

use fathuss_model::schema::{Creation, Field, Mode, Schema, Type, Volatile};
use fathuss_model::{Datum, schemas};

/// Every field with the path to it, nested ones too.
fn fields(schema: &'static Schema) -> Vec<(String, &'static Field)> {
    fn walk(path: &str, fields: &'static [Field], found: &mut Vec<(String, &'static Field)>) {
        for field in fields {
            let path = format!("{path}.{}", field.name);
            match &field.ty {
                Type::Block(inner) | Type::List(Type::Block(inner)) => walk(&path, inner, found),
                _ => {}
            }
            found.push((path, field));
        }
    }
    let mut found = Vec::new();
    walk(schema.kind, schema.fields, &mut found);
    found
}

fn fits(datum: &Datum, ty: &Type) -> bool {
    match (ty, datum) {
        (Type::Word(words), Datum::String(text)) => words.contains(&text.as_str()),
        (Type::List(inner), Datum::List(items)) => items.iter().all(|item| fits(item, inner)),
        (Type::Map(inner), Datum::Map(entries)) => entries.values().all(|value| fits(value, inner)),
        (Type::Bool, Datum::Bool(_))
        | (Type::Integer, Datum::Integer(_))
        | (Type::String | Type::Cidr, Datum::String(_))
        | (Type::Any, _) => true,
        _ => false,
    }
}

#[test]
fn every_type_of_the_platform_is_there_once() {
    let kinds: Vec<&str> = schemas().map(|schema| schema.kind).collect();
    let unique: BTreeSet<&str> = kinds.iter().copied().collect();
    assert_eq!(unique.len(), kinds.len(), "{kinds:?}");
    assert_eq!(schemas().filter(|schema| schema.mode == Mode::Lookup).count(), 9);
    assert_eq!(kinds.len(), 82 + 9 + 2);
}

#[test]
fn everything_is_documented_with_a_sentence() {
    for schema in schemas() {
        assert!(schema.doc.ends_with('.'), "{}: {:?}", schema.kind, schema.doc);
        for (path, field) in fields(schema) {
            assert!(field.doc.ends_with('.'), "{path}: {:?}", field.doc);
        }
    }
}

#[test]
fn every_type_has_an_example_that_declares_one() {
    for schema in schemas() {
        let declares = format!("{}::", schema.rust);
        let mut words = schema.example.split(|letter: char| !letter.is_alphanumeric() && letter != ':');
        assert!(
            words.any(|word| word.starts_with(&declares)),
            "{kind}: its page in docs/resources has no example. Add one to the doc comment of `struct {rust}`, behind \
             its first sentence: a code block between lines of ``` that builds a stack with `graph_of`, as \
             src/model/aws/subnet.rs has it, and declares one by `{declares}new(...)` or the like in lines that do not \
             begin with `#`. Then run `cargo xtask docs`.",
            kind = schema.kind,
            rust = schema.rust,
        );
        assert!(!schema.example.contains("graph_of"), "{}: hide what only makes it compile with `# `", schema.kind);
    }
}

#[test]
fn every_default_is_a_value_of_its_type() {
    for schema in schemas() {
        for (path, field) in fields(schema) {
            let Some(default) = field.default else { continue };
            let datum: Datum = serde_json::from_str(default).unwrap_or_else(|error| panic!("{path}: {error}"));
            assert!(fits(&datum, &field.ty), "{path}: {default}");
            assert!(
                field.optional && !field.computed,
                "{path}: a default is for what may be left out and AWS leaves so"
            );
        }
    }
}

#[test]
fn every_form_has_a_pattern_says_what_it_wants_and_fits_its_examples() {
    for schema in schemas() {
        for (path, field) in fields(schema) {
            let Some(form) = field.limits.form else { continue };
            assert!(regex_lite::Regex::new(&format!("^(?:{})$", form.pattern)).is_ok(), "{path}: {}", form.pattern);
            assert!(!form.words.is_empty(), "{path}");
            for example in form.examples {
                assert!(form.fits(example), "{path}: {example} is no example of it");
            }
        }
    }
}

#[test]
fn every_resource_has_an_id_and_lookups_and_relations_hold_no_data() {
    for schema in schemas() {
        let id = schema.field("id").unwrap_or_else(|| panic!("{} has no id", schema.kind));
        assert!(id.computed && !id.optional, "{}", schema.kind);
        if schema.holds_data {
            assert_eq!(schema.mode, Mode::Managed, "{}", schema.kind);
            assert!(schema.has_tags(), "{}", schema.kind);
        }
        if schema.creation == Creation::Tag {
            assert!(schema.has_tags(), "{}: what is found by its tags has some", schema.kind);
        }
    }
}

#[test]
fn what_is_created_by_name_has_a_name_or_an_address_of_its_own() {
    for schema in schemas().filter(|schema| schema.creation == Creation::Name) {
        let named = schema.fields.iter().filter(|field| field.named).count();
        // An identity provider is known by its URL, a manifest by what stands in it.
        let expected = usize::from(!["aws_iam_openid_connect_provider", "kubernetes_manifest"].contains(&schema.kind));
        assert_eq!(named, expected, "{}", schema.kind);
    }
}

#[test]
fn a_relation_s_ends_are_what_replaces_it() {
    for schema in schemas().filter(|schema| schema.creation == Creation::Relation) {
        let ends = schema.fields.iter().filter(|field| field.replace);
        // What tells the records of one name and type apart is given where there are several. How copies of backups are
        // kept, and which records a certificate's validation is held to, is said once, and is no end.
        const FREE: [(&str, &str); 4] = [
            ("aws_acm_certificate_validation", "validation_record_fqdns"),
            ("aws_route53_record", "set_identifier"),
            ("aws_db_instance_automated_backups_replication", "kms_key_id"),
            ("aws_db_instance_automated_backups_replication", "retention_period"),
        ];
        let needed = |name: &str| !FREE.contains(&(schema.kind, name));
        let required = ends.clone().all(|end| end.required || !needed(end.name));
        assert!(ends.clone().any(|end| end.required) && required, "{}", schema.kind);
    }
}

#[test]
fn flags_do_not_contradict_each_other() {
    for schema in schemas() {
        for (path, field) in fields(schema) {
            assert!(field.required || field.optional || field.computed, "{path}");
            assert!(!(field.required && (field.optional || field.computed)), "{path}");
            assert!(!(field.replace && (field.ignored_after_creation || field.instruction)), "{path}");
            assert!(!(field.replace && field.replace_presence), "{path}");
            let by_aws = field.computed && !field.optional;
            assert!(field.volatile == Volatile::No || by_aws, "{path}: the program may not give it");
            if let Volatile::With(with) = field.volatile {
                assert!(with.iter().all(|one| schema.field(one).is_some()), "{path}: {with:?}");
            }
            assert!(!field.set || matches!(field.ty, Type::List(_)), "{path}");
            if field.write_only {
                let version = schema.field(&format!("{}_version", field.name));
                assert!(version.is_some_and(|version| version.instruction), "{path} has no version field");
                assert!(field.sensitive, "{path}");
            }
        }
    }
}
