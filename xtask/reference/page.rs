//! A type's page: what it is, an example, its fields, and how it comes and goes.

use std::fmt::Write as _;

use fathuss_model::schema::{Field, Mode, Schema, Variant};

use super::field::{Pages, cell, change, is_given, left_out, meaning, own_name, type_in_words, unlinked};
use super::life::life;

/// The page, with AWS's own where there is one.
pub fn page(schema: &Schema, link: Option<&str>, all: &[&Schema]) -> String {
    let tables = Tables { pages: Pages { here: schema.kind, all }, is_made: schema.mode != Mode::Lookup };
    let mut page = format!("<!-- Made by `cargo xtask docs` from the type's schema. -->\n\n# {}\n\n", schema.kind);
    let link = link.map(|link| format!(" [AWS's page]({link}).")).unwrap_or_default();
    let _ = writeln!(page, "{} In Rust `{}`.{link}\n", unlinked(schema.doc), schema.rust);
    if !schema.example.is_empty() {
        let _ = writeln!(page, "```rust\n{}\n```\n", schema.example);
    }
    let (given, computed): (Vec<&Field>, Vec<&Field>) = schema.fields.iter().partition(|field| is_given(field));
    if !given.is_empty() {
        let _ = writeln!(page, "## Fields\n\n{}\n", constructor(schema.rust, schema.fields));
        page += &tables.fields(&given, schema.fields);
    }
    let _ = writeln!(page, "## {}\n", if schema.provider == "aws" { "Given by AWS" } else { "Given once it is made" });
    page += &tables.attributes(&computed);
    let _ = writeln!(page, "## How it comes and goes\n\n{}", life(schema, all));
    page += &tables.blocks(schema.fields);
    page += &words(schema.fields);
    page.truncate(page.trim_end().len());
    page + "\n"
}

/// How one is declared.
fn constructor(rust: &str, fields: &[Field]) -> String {
    let required: Vec<&str> = fields.iter().filter(|field| field.required).map(|field| field.name).collect();
    let rest = if fields.iter().any(|field| field.optional) { ", and a method for each other field" } else { "" };
    format!("`{rust}::new({})`{rest}.", required.join(", "))
}

/// The tables of a page.
struct Tables<'a> {
    pages: Pages<'a>,
    /// Whether it is made; what is only asked for is never changed.
    is_made: bool,
}

impl Tables<'_> {
    /// Fields of which the program gives some.
    fn fields(&self, rows: &[&Field], beside: &[Field]) -> String {
        let (head, rule) = if self.is_made { (" a change |", "---|") } else { ("", "") };
        let mut table = format!("| field | type | if left out |{head} what it is |\n|---|---|---|{rule}---|\n");
        for field in rows {
            let change = if self.is_made { format!(" {} |", change(field, beside)) } else { String::new() };
            let (ty, left_out) = (type_in_words(field, self.pages), left_out(field));
            let _ = writeln!(table, "| `{}` | {ty} | {left_out} |{change} {} |", field.name, meaning(field));
        }
        table + "\n"
    }

    /// Fields that AWS gives.
    fn attributes(&self, rows: &[&Field]) -> String {
        let mut table = "| attribute | type | what it is |\n|---|---|---|\n".to_owned();
        for field in rows {
            let ty = type_in_words(field, self.pages);
            let _ = writeln!(table, "| `{}` | {ty} | {} |", field.name, meaning(field));
        }
        table + "\n"
    }

    /// The blocks in fields, each once, an outer one before those in it.
    fn blocks(&self, fields: &[Field]) -> String {
        let mut found = Vec::new();
        find_blocks("", fields, &mut found);
        let mut page = String::new();
        for Block { name, paths, fields } in found {
            let head = if page.is_empty() { "## Blocks\n\n" } else { "" };
            let _ = writeln!(page, "{head}### `{name}`\n");
            let paths = paths.iter().map(|path| format!("`{path}`")).collect::<Vec<_>>().join(" and ");
            let all: Vec<&Field> = fields.iter().collect();
            if all.iter().any(|field| is_given(field)) {
                let _ = writeln!(page, "In {paths}: {}\n", constructor(name, fields));
                page += &self.fields(&all, fields);
            } else {
                let _ = writeln!(page, "In {paths}, from AWS.\n");
                page += &self.attributes(&all);
            }
        }
        page
    }
}

/// A block, and the fields that hold one.
struct Block<'a> {
    name: &'a str,
    paths: Vec<String>,
    fields: &'a [Field],
}

fn find_blocks<'a>(path: &str, fields: &'a [Field], found: &mut Vec<Block<'a>>) {
    for field in fields {
        let Some(inner) = field.ty.block() else { continue };
        let name = own_name(field.rust);
        let path = if path.is_empty() { field.name.to_owned() } else { format!("{path}.{}", field.name) };
        if let Some(known) = found.iter_mut().find(|known| known.name == name) {
            known.paths.push(path);
            continue;
        }
        found.push(Block { name, paths: vec![path.clone()], fields: inner });
        find_blocks(&path, inner, found);
    }
}

/// The closed sets of words in fields, each once.
fn words(fields: &[Field]) -> String {
    let mut found = Vec::new();
    find_words(fields, &mut found);
    let mut page = String::new();
    for (name, variants) in found {
        let head = if page.is_empty() { "## Words\n\n" } else { "" };
        let _ = writeln!(page, "{head}### `{name}`\n\n| in Rust | AWS's word | what it means |\n|---|---|---|");
        for Variant { rust, word, doc } in variants {
            let _ = writeln!(page, "| `{name}::{rust}` | `{word}` | {} |", cell(doc));
        }
        page.push('\n');
    }
    page
}

fn find_words<'a>(fields: &'a [Field], found: &mut Vec<(&'a str, &'a [Variant])>) {
    for field in fields {
        let name = own_name(field.rust);
        if !field.variants.is_empty() && !found.iter().any(|(known, _)| *known == name) {
            found.push((name, field.variants));
        }
        find_words(field.ty.block().unwrap_or_default(), found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(kind: &str) -> String {
        let schemas: Vec<&Schema> = fathuss_model::schemas().collect();
        let schema = schemas.iter().find(|schema| schema.kind == kind).unwrap();
        page(schema, Some("https://a.test"), &schemas)
    }

    #[test]
    fn a_page_shows_the_example_without_what_only_makes_it_compile() {
        let page = made("aws_subnet");
        assert!(page.contains("```rust\nlet range: Ipv4Net = \"10.0.0.0/16\".parse()?;\n"), "{page}");
        assert!(!page.contains("graph_of"), "{page}");
    }

    #[test]
    fn blocks_stand_under_their_own_headings_with_those_in_them_behind() {
        let page = made("aws_eks_cluster");
        let at = |part: &str| page.find(part).unwrap_or_else(|| panic!("{part} is not in {page}"));
        assert!(at("### `EncryptionConfig`") < at("### `EncryptionProvider`"));
        assert!(page.contains("In `encryption_config.provider`: `EncryptionProvider::new(key_arn)`.\n"), "{page}");
    }

    #[test]
    fn a_block_in_several_fields_stands_there_once_and_names_them() {
        let page = made("aws_network_acl");
        assert_eq!(page.matches("### `NetworkAclRule`").count(), 1);
        assert!(page.contains("In `ingress` and `egress`: `NetworkAclRule::new("), "{page}");
    }

    #[test]
    fn every_link_within_a_page_leads_to_a_heading_of_it() {
        for schema in fathuss_model::schemas() {
            let page = made(schema.kind);
            for link in page.split("](#").skip(1).filter_map(|rest| rest.split(')').next()) {
                let heading = format!("### `{link}`");
                assert!(page.lines().any(|line| line.to_lowercase() == heading), "{}: {link}", schema.kind);
            }
        }
    }

    #[test]
    fn no_link_of_rustdoc_s_is_left_in_a_page() {
        for schema in fathuss_model::schemas() {
            let page = made(schema.kind);
            let left = page
                .split("[`")
                .skip(1)
                .find(|rest| rest.split_once("`]").is_some_and(|(_, rest)| !rest.starts_with('(')));
            assert_eq!(left, None, "{}", schema.kind);
        }
    }

    #[test]
    fn every_row_has_a_cell_for_each_column() {
        for schema in fathuss_model::schemas() {
            let page = made(schema.kind);
            let mut columns = 0;
            for line in page.lines().filter(|line| line.is_empty() || line.starts_with('|')) {
                let cells = line.replace("\\|", "").matches('|').count();
                assert!(line.is_empty() || columns == 0 || cells == columns, "{}: {line}", schema.kind);
                columns = cells;
            }
        }
    }

    #[test]
    fn what_a_lookup_asks_is_never_changed() {
        let page = made("aws_ami");
        assert!(page.contains("Nothing is made.") && !page.contains("a change |"), "{page}");
    }
}
