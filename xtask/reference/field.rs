//! What a field says in a row of a table: its type in words, what holds where it is left out, what a change of it does,
//! and what it is.

use fathuss_model::schema::{Field, Hold, Limits, Schema, Type};

use super::life::duration;

/// Where a type's words may lead to: the page they stand on, and those of all types.
#[derive(Clone, Copy)]
pub struct Pages<'a> {
    /// The type whose page it is.
    pub here: &'a str,
    /// Every type.
    pub all: &'a [&'a Schema],
}

impl Pages<'_> {
    /// A type by its name in Rust, with a link where it has another page.
    fn named(self, rust: &str) -> String {
        match self.all.iter().find(|schema| schema.rust == rust && schema.kind != self.here) {
            Some(schema) => format!("[`{rust}`]({}.md)", schema.kind),
            None => format!("`{rust}`"),
        }
    }
}

/// The type in words, with links to the page of what it refers to and to the block or the words on this page.
pub fn type_in_words(field: &Field, pages: Pages<'_>) -> String {
    if field.json {
        return "JSON document".to_owned();
    }
    match parts(field.rust) {
        ("Vec", element) => format!("{} of {}", if field.set { "set" } else { "list" }, in_words(element, true, pages)),
        _ => in_words(field.rust, false, pages),
    }
}

fn in_words(rust: &str, several: bool, pages: Pages<'_>) -> String {
    let (head, argument) = parts(rust);
    let plural = |what: &str| if several { format!("{what}s") } else { what.to_owned() };
    let of = |what: &str| format!("{} of {}", plural(what), pages.named(last(argument)));
    match head {
        "bool" => "bool".to_owned(),
        "i64" => plural("whole number"),
        "Decimal" => plural("number"),
        "String" => "text".to_owned(),
        "Json" => plural("JSON document"),
        "Ipv4Net" => plural("IPv4 range"),
        "Secret" => plural("secret"),
        "SecretVersion" => "whole number".to_owned(),
        "Datum" => "anything".to_owned(),
        "Tags" => "map of text".to_owned(),
        "Id" => of("id"),
        "Arn" => of("ARN"),
        "Name" => of("name"),
        "Vec" => format!("list of {}", in_words(argument, true, pages)),
        "BTreeMap" => format!("map of {}", in_words(argument, true, pages)),
        own => format!("[`{own}`](#{})", own.to_lowercase()),
    }
}

/// A type's name, and the last of its arguments.
fn parts(rust: &str) -> (&str, &str) {
    let (head, arguments) = match rust.split_once('<') {
        Some((head, rest)) => (head, rest.strip_suffix('>').unwrap_or(rest)),
        None => (rust, ""),
    };
    // A map's keys are always texts.
    (last(head), arguments.strip_prefix("String, ").unwrap_or(arguments))
}

fn last(path: &str) -> &str {
    path.rsplit("::").next().unwrap_or(path)
}

/// The block's or the words' own name, whatever they are in a list or map of.
pub fn own_name(rust: &str) -> &str {
    match parts(rust) {
        ("Vec" | "BTreeMap", argument) => own_name(argument),
        (head, _) => head,
    }
}

/// Whether the program says it; what it may not say comes from AWS.
pub fn is_given(field: &Field) -> bool {
    field.required || field.optional
}

/// What holds where the program says nothing.
pub fn left_out(field: &Field) -> String {
    match field.default {
        _ if field.required => "**required**".to_owned(),
        Some("[]" | "{}") => "none".to_owned(),
        Some("\"\"") => "empty".to_owned(),
        Some(default) => format!("`{}`", default.trim_matches('"')),
        None if !field.optional => "given by AWS".to_owned(),
        None if field.named => "a name is made".to_owned(),
        None if field.computed => "AWS's choice".to_owned(),
        None => "nothing".to_owned(),
    }
}

/// What a change of the field does, among these beside it.
pub fn change(field: &Field, beside: &[Field]) -> String {
    if !is_given(field) {
        return "–".to_owned();
    }
    let resent = beside.iter().find(|other| other.version().as_deref() == Some(field.name));
    if let Some(resent) = resent {
        return format!("sends `{}` again", resent.name);
    }
    if let Some(version) = field.version() {
        return format!("sent when `{version}` changes");
    }
    if field.replace {
        return "**replaces**".to_owned();
    }
    if field.ignored_after_creation {
        return "none: counts at creation alone".to_owned();
    }
    if field.instruction {
        return "no call: says how to act".to_owned();
    }
    let mut said = "in place".to_owned();
    if field.replace_presence {
        said += "; giving it or not **replaces**";
    }
    said += match field.hold {
        Hold::Along => "; **replaced** along with what it refers to",
        Hold::Firm => "; keeps what it refers to from being replaced",
        Hold::Free | Hold::Released => "",
    };
    said
}

/// What the field is, within which bounds.
pub fn meaning(field: &Field) -> String {
    let mut said = vec![field.doc.to_owned()];
    if field.method != field.name {
        said.push(format!("In Rust `{}`.", field.method));
    }
    if is_given(field) {
        said.extend(bounds(&field.limits, &field.ty));
        let flags = [
            (field.version_prefix, "Covers every version that begins with it."),
            (field.case_insensitive, "Upper and lower case are the same."),
            (field.windowed, "A change waits for the maintenance window unless `apply_immediately` is true."),
        ];
        said.extend(flags.iter().filter(|(holds, _)| *holds).map(|(_, words)| (*words).to_owned()));
    }
    if field.update_seconds > 1 {
        said.push(format!("A change takes {}.", duration(field.update_seconds)));
    }
    if field.write_only {
        said.push("Write-only: it is sent, and stands in no plan, log or state.".to_owned());
    } else if field.sensitive {
        said.push("Hidden in plans and reports.".to_owned());
    }
    cell(&said.join(" "))
}

/// The bounds as a sentence.
fn bounds(limits: &Limits, ty: &Type) -> Option<String> {
    let unit =
        if matches!(ty, Type::List(_) | Type::Map(_)) { ("element", "elements") } else { ("character", "characters") };
    let length = between(limits.min_length.map(separated), limits.max_length.map(separated)).map(|length| {
        let one = length == "1" || length.ends_with(" 1");
        format!("{length} {}", if one { unit.0 } else { unit.1 })
    });
    let number = between(limits.min.map(separated), limits.max.map(separated));
    let said: Vec<String> =
        [length, number, limits.form.map(|form| form.words.to_owned())].into_iter().flatten().collect();
    let said = said.join("; ");
    let mut letters = said.chars();
    letters.next().map(|first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}

fn between(least: Option<String>, most: Option<String>) -> Option<String> {
    match (least, most) {
        (Some(least), Some(most)) if least == most => Some(least),
        (Some(least), Some(most)) => Some(format!("{least} to {most}")),
        (Some(least), None) => Some(format!("at least {least}")),
        (None, Some(most)) => Some(format!("at most {most}")),
        (None, None) => None,
    }
}

/// A number with a comma between its thousands.
fn separated(number: impl ToString) -> String {
    let digits = number.to_string();
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits.as_str()), |digits| ("-", digits));
    let mut said = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 && digits.len() > 4 {
            said.push(',');
        }
        said.push(digit);
    }
    format!("{sign}{said}")
}

/// Text as it stands in a table's cell: nothing in it but code and addresses means anything to Markdown.
pub fn cell(text: &str) -> String {
    let text = &unlinked(text);
    let mut said = String::new();
    for (at, part) in text.split('`').enumerate() {
        let is_code = at % 2 == 1;
        if at > 0 {
            said.push('`');
        }
        for (at, letter) in part.char_indices() {
            let is_markup = match letter {
                '|' => true,
                '<' => !is_code && !part[at..].starts_with("<http"),
                '*' | '_' | '[' | ']' | '$' | '\\' => !is_code && !is_in_address(&part[..at]),
                _ => false,
            };
            if is_markup {
                said.push('\\');
            }
            said.push(letter);
        }
    }
    said
}

/// The text with rustdoc's links as code, without the modules that lead to what is meant.
pub fn unlinked(text: &str) -> String {
    let mut said = String::new();
    let mut rest = text;
    while let Some((before, (path, behind))) =
        rest.split_once("[`").and_then(|(before, rest)| Some((before, rest.split_once("`]")?)))
    {
        let is_module = |step: &&str| step.starts_with(|first: char| first.is_ascii_lowercase());
        let steps: Vec<&str> = path.split("::").skip_while(is_module).collect();
        let shown = if steps.is_empty() { path.to_owned() } else { steps.join("::") };
        said += &format!("{before}`{shown}`");
        rest = behind;
    }
    said + rest
}

fn is_in_address(before: &str) -> bool {
    before.rfind("<http").is_some_and(|start| !before[start..].contains('>'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(kind: &str, name: &str) -> (&'static Field, &'static Schema) {
        let schema = fathuss_model::schema_of(kind).unwrap();
        (schema.field(name).unwrap(), schema)
    }

    fn words(kind: &str, name: &str) -> String {
        let all: Vec<&Schema> = fathuss_model::schemas().collect();
        type_in_words(field(kind, name).0, Pages { here: kind, all: &all })
    }

    #[test]
    fn a_type_is_said_with_links_to_what_it_refers_to() {
        assert_eq!(words("aws_subnet", "vpc_id"), "id of [`Vpc`](aws_vpc.md)");
        assert_eq!(words("aws_db_subnet_group", "subnet_ids"), "set of ids of [`Subnet`](aws_subnet.md)");
        assert_eq!(words("aws_subnet", "id"), "id of `Subnet`");
        assert_eq!(words("aws_eks_node_group", "taint"), "set of [`Taint`](#taint)");
        assert_eq!(words("aws_eks_node_group", "labels"), "map of text");
        assert_eq!(words("aws_iam_policy", "policy"), "JSON document");
    }

    #[test]
    fn what_a_change_does_is_said_for_each_kind_of_field() {
        let said = |kind: &str, name: &str| {
            let (field, schema) = field(kind, name);
            change(field, schema.fields)
        };
        assert_eq!(said("aws_subnet", "cidr_block"), "**replaces**");
        assert_eq!(said("aws_subnet", "tags"), "in place");
        assert_eq!(said("aws_subnet", "id"), "–");
        assert_eq!(said("aws_db_instance", "apply_immediately"), "no call: says how to act");
        assert_eq!(said("aws_db_instance", "password_wo"), "sent when `password_wo_version` changes");
        assert_eq!(said("aws_db_instance", "password_wo_version"), "sends `password_wo` again");
        assert_eq!(said("aws_db_instance", "snapshot_identifier"), "none: counts at creation alone");
        assert_eq!(
            said("aws_db_instance", "vpc_security_group_ids"),
            "in place; keeps what it refers to from being replaced"
        );
    }

    #[test]
    fn bounds_are_sentences_and_numbers_can_be_read() {
        const WHOLE: fathuss_model::schema::Form = fathuss_model::schema::Form::new("", "whole days", &[]);
        let said = |least, most, words| {
            let limits = Limits { min: least, max: most, form: words, ..Limits::default() };
            bounds(&limits, &Type::Integer)
        };
        assert_eq!(said(Some(20), Some(65_536), None).as_deref(), Some("20 to 65,536."));
        assert_eq!(said(None, Some(3653), Some(&WHOLE)).as_deref(), Some("At most 3653; whole days."));
        assert_eq!(said(None, None, None), None);
        let limits = Limits { min_length: Some(1), max_length: Some(1), ..Limits::default() };
        assert_eq!(bounds(&limits, &Type::String).as_deref(), Some("1 character."));
    }

    #[test]
    fn a_cell_shows_what_is_written() {
        assert_eq!(cell("a|b and *_ in `c|d_*`"), r"a\|b and \*\_ in `c\|d_*`");
        assert_eq!(cell(r"all but : and \."), r"all but : and \\.");
        assert_eq!(cell("see [`super::policy::Policy`], [`Value::base64`]"), "see `Policy`, `Value::base64`");
        assert_eq!(cell("see <https://a.test/b_c> x_y"), r"see <https://a.test/b_c> x\_y");
    }
}
