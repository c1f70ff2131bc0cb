//! How what a type declares comes and goes: how it is made once, how long that takes, what waits, what goes with it.

use fathuss_model::schema::{Creation, Mode, Schema};

/// A list of what there is to say.
pub fn life(schema: &Schema, all: &[&Schema]) -> String {
    let mut facts = vec![origin(schema)];
    if schema.mode == Mode::Managed && schema.creation != Creation::Local {
        let (made, deleted) = (duration(schema.create_seconds), duration(schema.delete_seconds));
        facts.push(format!("AWS usually takes {made} to make it and {deleted} to delete it."));
    }
    if schema.holds_data {
        let protected = "`.lifecycle(Lifecycle::new().prevent_destroy(true))`";
        facts.push(format!("**A delete destroys data.** {protected} refuses every plan that would do so."));
    }
    if schema.waits.is_some() {
        facts.push(
            "Beyond what its fields refer to, it waits by itself for what AWS wants to be there first.".to_owned(),
        );
    }
    if schema.transition.is_some() {
        facts.push("There are changes that AWS does not make. The plan refuses them and says what to do.".to_owned());
    }
    let before: Vec<String> = schema.updates_after.iter().map(|kind| linked(kind, all)).collect();
    if !before.is_empty() {
        let before = before.join(" and ");
        facts.push(format!("Where both belong to the same resource, updates of {before} come before its own."));
    }
    if schema.rolling {
        facts.push(
            "Those that are replaced in one run go one after another: the old one of the next goes when the new one \
             before it is there."
                .to_owned(),
        );
    }
    facts.iter().fold(String::new(), |list, fact| list + "- " + fact + "\n")
}

fn linked(kind: &str, all: &[&Schema]) -> String {
    if all.iter().any(|schema| schema.kind == kind) { format!("[{kind}]({kind}.md)") } else { format!("`{kind}`") }
}

fn origin(schema: &Schema) -> String {
    match (schema.mode, schema.creation) {
        (Mode::Lookup, _) => {
            "Nothing is made. AWS is asked once, and the answer is pinned in state until a field changes."
        }
        (Mode::Adopted, _) => {
            "AWS makes it with its parent. An apply takes it over; a destroy lets it go, and it is deleted with its \
             parent."
        }
        (Mode::Managed, Creation::Token) => {
            "Made once: the creating call carries a token, by which AWS knows it when it is sent again."
        }
        (Mode::Managed, Creation::Tag) => {
            "Made once: the creating call sets tags, by which it is looked for before the call is sent again."
        }
        (Mode::Managed, Creation::Name) => {
            // An identity provider has no name of its own: what replaces it stands for it.
            let fields = || schema.fields.iter();
            let name = fields().find(|field| field.named).or_else(|| fields().find(|field| field.replace));
            let name = name.map_or("id", |field| field.name);
            return format!(
                "Made once: its `{name}` is unique. What has it and was not made by this stack is left alone; the \
                 apply says so."
            );
        }
        (Mode::Managed, Creation::Relation) => {
            let ends: Vec<String> =
                schema.fields.iter().filter(|field| field.replace).map(|field| format!("`{}`", field.name)).collect();
            return format!("Made once: it is known by its {}.", ends.join(", "));
        }
        (Mode::Managed, Creation::Upsert) => {
            "Its call writes over what is there: sent twice it does no harm, and what someone else wrote is gone."
        }
        (Mode::Managed, Creation::Local) => "It lives in state alone: no call makes it.",
    }
    .to_owned()
}

/// About how long something takes.
pub fn duration(seconds: u32) -> String {
    match seconds {
        0..=1 => "a second".to_owned(),
        2..120 => format!("about {seconds} seconds"),
        _ => format!("about {} minutes", (seconds + 30) / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(kind: &str) -> String {
        let all: Vec<&Schema> = fathuss_model::schemas().collect();
        life(all.iter().find(|schema| schema.kind == kind).unwrap(), &all)
    }

    #[test]
    fn what_destroys_data_says_so() {
        assert!(said("aws_db_instance").contains("**A delete destroys data.**"));
        assert!(!said("aws_subnet").contains("destroys data"));
    }

    #[test]
    fn what_is_made_once_says_by_what_it_is_known() {
        assert!(said("aws_db_instance").contains("its `identifier` is unique"));
        assert!(said("aws_iam_openid_connect_provider").contains("its `url` is unique"));
        assert!(said("aws_route").contains("known by its `route_table_id`, `destination_cidr_block`."));
    }

    #[test]
    fn durations_are_said_in_seconds_and_minutes() {
        let said = [1, 2, 105, 120, 570].map(duration);
        assert_eq!(said, ["a second", "about 2 seconds", "about 105 seconds", "about 2 minutes", "about 10 minutes"]);
    }
}
