//! What a world holds, told for people: every resource with its service, kind, name and state.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::{Simulator, WorldError, WorldRow};

/// A resource of the world.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Resource {
    /// The account it belongs to.
    pub account: String,
    /// The region it lies in; empty where it reaches over all of its account's.
    pub region: String,
    /// The service, e.g. `ec2`.
    pub service: String,
    /// What it is, e.g. `nat gateway`.
    pub kind: String,
    /// Its id, or its name where that is unique.
    pub id: String,
    /// Its tag `Name`, if it has one.
    pub name: Option<String>,
    /// Its state or status, if it has any.
    pub state: Option<String>,
}

/// Tables of parts that are shown with something else, or are no resources.
const PARTS: &[&str] = &[
    "backup.deleted_plan",
    "ce.tag_key",
    "cloudwatch.alarm_history",
    "ec2.tag",
    "eks.update",
    "iam.attachment",
    "iam.service_linked_role_deletion",
];

impl Simulator {
    /// Every resource of the world as it is now, in the order of account, region, service, kind and id.
    ///
    /// # Errors
    /// When what is due cannot be written, or a row cannot be shown as JSON.
    pub fn inventory(&self) -> Result<Vec<Resource>, WorldError> {
        let named: BTreeMap<(String, String, String), String> = self
            .rows("ec2.tag")?
            .into_iter()
            .filter(|row| text(&row.row, "key") == Some("Name"))
            .filter_map(|row| {
                let (id, value) = (text(&row.row, "resource")?.to_owned(), text(&row.row, "value")?.to_owned());
                Some(((row.account, row.region, id), value))
            })
            .collect();
        let mut found = Vec::new();
        for table in self.tables() {
            if table.starts_with("core.") || PARTS.contains(&table) {
                continue;
            }
            let Some((service, kind)) = table.split_once('.') else { continue };
            for WorldRow { account, region, id, row } in self.rows(table)? {
                let state = text(&row, "state").or_else(|| text(&row, "status")).map(str::to_owned);
                let name = named.get(&(account.clone(), region.clone(), id.clone())).cloned();
                // IAM's rows are found by names in small letters, and shown with the capitals they were made with.
                let written = text(&row, "name").filter(|written| written.to_lowercase() == id).map(str::to_owned);
                let id = written.unwrap_or(id);
                let (service, kind) = (service.to_owned(), kind.replace('_', " "));
                found.push(Resource { account, region, service, kind, id, name, state });
            }
        }
        found.sort();
        Ok(found)
    }
}

fn text<'r>(row: &'r Json, member: &str) -> Option<&'r str> {
    row.get(member).and_then(Json::as_str)
}

#[cfg(test)]
mod tests {
    use crate::client::Client;

    #[tokio::test(start_paused = true)]
    async fn what_is_there_is_told_with_its_name_and_state() {
        let client = Client::calm();
        let vpc = client.vpc("10.0.0.0/16").await;
        let name = [("ResourceId.1", vpc.as_str()), ("Tag.1.Key", "Name"), ("Tag.1.Value", "main")];
        client.ec2("CreateTags", &name).await;
        client.wait(5);
        let found = client.simulator.inventory().unwrap();
        let ours = found.iter().find(|one| one.id == vpc).unwrap();
        assert_eq!((ours.service.as_str(), ours.kind.as_str()), ("ec2", "vpc"));
        assert_eq!((ours.account.as_str(), ours.region.as_str()), ("000000000000", "us-east-1"));
        assert_eq!((ours.name.as_deref(), ours.state.as_deref()), (Some("main"), Some("available")));
        assert!(found.is_sorted());
        assert!(found.iter().all(|one| !["core", "tag"].contains(&one.service.as_str())));
    }
}
