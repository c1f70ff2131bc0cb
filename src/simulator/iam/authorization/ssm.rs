//! Systems Manager's actions: on each parameter or path that is named, else on all.
//!
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html>

use super::ask::{Ask, held, pairs, requested};
use crate::ssm::parameter::Parameter;
use crate::value::Value;
use crate::world::Tx;

pub(super) fn asks(tx: &Tx<'_>, operation: &str, input: &Value) -> Vec<Ask> {
    let single = ["Name", "Path", "ResourceId"].iter().filter_map(|member| input.get(member).text());
    let named: Vec<&str> = single.chain(input.get("Names").list().iter().filter_map(Value::text)).collect();
    let action = format!("ssm:{operation}");
    let given = requested(input.get(if operation == "RemoveTagsFromResource" { "TagKeys" } else { "Tags" }));
    if named.is_empty() {
        return vec![Ask::new(action, "*")];
    }
    let on = |name: &str| {
        let bare = name.trim_start_matches('/');
        let arn = format!("arn:aws:ssm:{}:{}:parameter/{bare}", tx.region(), tx.account());
        let tags = tx.get::<Parameter>(name).map(|parameter| held(pairs(&parameter.tags))).unwrap_or_default();
        Ask::new(&action, arn).told(tags).told(given.clone())
    };
    let asks: Vec<Ask> = named.into_iter().map(on).collect();
    let tag = asks.first().filter(|_| operation == "PutParameter" && !given.is_empty());
    let tag = tag.map(|ask| Ask { action: "ssm:AddTagsToResource".to_owned(), ..ask.clone() });
    asks.into_iter().chain(tag).collect()
}
