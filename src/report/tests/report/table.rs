//! Resources, outputs and schemas by name.

use fathuss_model::Datum;
use fathuss_report::table::{outputs_text, resource_text, schema_text, schemas_text};

use crate::fixture::{address, at_widths, colour, schema, snapshot, style, visible};

#[test]
fn a_resource_shows_every_attribute_in_full_and_hides_what_is_sensitive() {
    let snapshot = snapshot();
    let mut record = snapshot.resources[&address("aws_db_instance.postgres")].clone();
    record.attributes.insert("password".to_owned(), "hunter2".into());
    record.attributes.insert("note\u{1b}".to_owned(), "a\u{9b}2J".into());
    record
        .attributes
        .insert("document".to_owned(), Datum::from(format!("{{\"Statement\":[{{\"Sid\":\"{}\"}}]}}", "x".repeat(90))));
    let schema = schema("aws_db_instance");
    let sensitive: Vec<&str> = schema
        .unwrap()
        .fields
        .iter()
        .filter(|field| field.sensitive || field.write_only)
        .map(|field| field.name)
        .collect();
    assert!(!sensitive.is_empty());
    for name in sensitive {
        record.attributes.insert(name.to_owned(), "hunter2".into());
    }
    record.attributes.remove("password");
    let text = at_widths(|style| resource_text(&record, schema, style));
    assert!(!text.contains("hunter2"), "{text}");
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
    insta::assert_snapshot!(text);
}

#[test]
fn outputs_line_up() {
    insta::assert_snapshot!(outputs_text(&snapshot().outputs, &style(80)));
}

#[test]
fn a_type_shows_every_field_with_what_it_means() {
    for schema in fathuss_model::schemas() {
        let text = schema_text(schema, &style(80));
        for field in schema.fields {
            assert!(text.contains(field.name), "{}: {}", schema.kind, field.name);
        }
    }
    insta::assert_snapshot!(at_widths(|style| schema_text(schema("aws_subnet").unwrap(), style)));
    insta::assert_snapshot!("schema_in_colour", visible(&schema_text(schema("aws_nat_gateway").unwrap(), &colour(80))));
}

#[test]
fn types_are_listed_with_what_they_are() {
    let kinds = ["aws_vpc", "aws_vpc_security_group_ingress_rule", "terraform_data"];
    insta::assert_snapshot!(at_widths(|style| schemas_text(kinds.iter().filter_map(|kind| schema(kind)), style)));
}
