//! The prefix lists that AWS manages: the ranges of its own services in a region, each under one id.
//!
//! Everybody sees the same lists and nobody changes them, so they are no rows of a world. Lists of a customer's own
//! are not simulated.

use sha2::{Digest, Sha256};

use crate::ec2::resource::{self, Kind, Listing};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::service::Handler;
use crate::value::Value;
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("DescribePrefixLists", |tx, input| describe(tx, input, PrefixList::view)),
    ("DescribeManagedPrefixLists", |tx, input| describe(tx, input, PrefixList::managed_view)),
    ("GetManagedPrefixListEntries", entries),
];

/// How prefix lists are named, and what is said of one that is not there.
pub const KIND: Kind = Kind {
    prefix: "pl",
    tagged_as: "prefix-list",
    not_found: "InvalidPrefixListID.NotFound",
    malformed: "InvalidPrefixListId.Malformed",
    one: "The prefix list ({}) does not exist.",
    several: "The prefix lists ({}) do not exist.",
};

/// The services that have a list in each region, with their ranges:
/// <https://docs.aws.amazon.com/vpc/latest/userguide/working-with-aws-managed-prefix-lists.html>.
///
/// `{}` in a name stands for the region. The ranges are those of us-east-1 in part, as
/// <https://ip-ranges.amazonaws.com/ip-ranges.json> has them; other regions have others at AWS, and these here.
const SERVICES: &[(&str, &[&str])] = &[
    ("com.amazonaws.{}.s3", &["3.5.0.0/19", "16.182.0.0/16", "18.34.0.0/19", "52.216.0.0/15", "54.231.0.0/16"]),
    ("com.amazonaws.{}.dynamodb", &["3.218.180.0/22", "52.94.0.0/22", "52.119.224.0/20"]),
    ("com.amazonaws.global.cloudfront.origin-facing", &["120.52.22.96/27", "130.176.0.0/18", "205.251.249.0/24"]),
    ("com.amazonaws.{}.ec2-instance-connect", &["18.206.107.24/29"]),
    ("com.amazonaws.{}.route53-healthchecks", &["15.177.0.0/18", "54.243.31.192/26", "107.23.255.0/26"]),
    ("com.amazonaws.{}.vpc-lattice", &["169.254.171.0/24"]),
];

/// Ids that are known from public templates, by region; the others are the simulator's own.
const KNOWN: &[(&str, &str, &str)] = &[
    ("ap-northeast-1", "s3", "pl-61a54008"),
    ("ap-northeast-2", "s3", "pl-78a54011"),
    ("ap-south-1", "s3", "pl-78a54011"),
    ("ap-southeast-1", "s3", "pl-6fa54006"),
    ("ap-southeast-2", "s3", "pl-6ca54005"),
    ("eu-central-1", "s3", "pl-6ea54007"),
    ("eu-west-1", "s3", "pl-6da54004"),
    ("sa-east-1", "s3", "pl-6aa54003"),
    ("us-east-1", "dynamodb", "pl-02cd2c6b"),
    ("us-east-1", "s3", "pl-63a5400a"),
    ("us-east-2", "s3", "pl-7ba54012"),
    ("us-west-1", "s3", "pl-6ba54002"),
    ("us-west-2", "s3", "pl-68a54001"),
];

/// A prefix list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrefixList {
    /// Its id, `pl-...`.
    pub id: String,
    /// Its name, e.g. `com.amazonaws.us-east-1.s3`.
    pub name: String,
    /// The ranges in it.
    pub ranges: &'static [&'static str],
}

/// The lists of this region, by id.
#[must_use]
pub fn lists(tx: &Tx<'_>) -> Vec<PrefixList> {
    let region = tx.region();
    let mut lists: Vec<PrefixList> = SERVICES
        .iter()
        .map(|(name, ranges)| {
            let name = name.replace("{}", region);
            let service = name.rsplit('.').next().unwrap_or_default();
            let known = KNOWN.iter().find(|(place, of, _)| *place == region && *of == service);
            let id = known.map_or_else(
                || format!("pl-{}", &hex::encode(Sha256::digest(format!("{region} {name}")))[..8]),
                |(_, _, id)| (*id).to_owned(),
            );
            PrefixList { id, name, ranges }
        })
        .collect();
    lists.sort_by(|one, other| one.id.cmp(&other.id));
    lists
}

/// The list of that id, which a request names.
///
/// # Errors
/// When the id is malformed or nothing has it.
pub fn find(tx: &Tx<'_>, id: &str) -> Result<PrefixList, Refusal> {
    KIND.check(tx, id)?;
    lists(tx).into_iter().find(|list| list.id == id).ok_or_else(|| KIND.missing(&[id]))
}

/// The list of a service in this region, e.g. of `s3`.
#[must_use]
pub fn of_service(tx: &Tx<'_>, service: &str) -> Option<PrefixList> {
    let name = format!("com.amazonaws.{}.{service}", tx.region());
    lists(tx).into_iter().find(|list| list.name == name)
}

impl PrefixList {
    fn view(&self, _: &Tx<'_>) -> Value {
        let ranges: Vec<&str> = self.ranges.to_vec();
        record! { "PrefixListId" => &self.id, "PrefixListName" => &self.name, "Cidrs" => ranges }
    }

    fn managed_view(&self, tx: &Tx<'_>) -> Value {
        record! {
            "PrefixListId" => &self.id,
            "PrefixListName" => &self.name,
            "PrefixListArn" => format!("arn:aws:ec2:{}:aws:prefix-list/{}", tx.region(), self.id),
            "AddressFamily" => "IPv4",
            "State" => "create-complete",
            "OwnerId" => "AWS",
            "Tags" => Value::List(Vec::new()),
        }
    }
}

fn describe(tx: &Tx<'_>, input: &Input<'_>, view: fn(&PrefixList, &Tx<'_>) -> Value) -> Result<Value, Refusal> {
    let mut chosen = lists(tx);
    let ids = input.texts("PrefixListIds");
    for id in &ids {
        KIND.check(tx, id)?;
    }
    let absent: Vec<&str> = ids.iter().copied().filter(|id| chosen.iter().all(|list| list.id != *id)).collect();
    tx.enforce("ec2.id.exists", absent.is_empty(), || KIND.missing(&absent))?;
    chosen.retain(|list| ids.is_empty() || ids.contains(&list.id.as_str()));
    let names: &[&str] = if tx.operation() == "DescribePrefixLists" {
        &["prefix-list-id", "prefix-list-name"]
    } else {
        &["owner-id", "prefix-list-id", "prefix-list-name"]
    };
    for filter in resource::known_filters(tx, input, names)? {
        chosen.retain(|list| {
            let value = match filter.name.as_str() {
                "owner-id" => "AWS",
                "prefix-list-id" => &list.id,
                "prefix-list-name" => &list.name,
                // Nobody tags what is AWS's.
                _ => return false,
            };
            filter.fits(&[value.to_owned()])
        });
    }
    let items = chosen.iter().map(|list| (list.id.clone(), view(list, tx))).collect();
    resource::paged(tx, input, items, Listing { ids: "PrefixListIds", answer: "PrefixLists", ids_exclude_pages: None })
}

fn entries(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let list = find(tx, input.required("PrefixListId"))?;
    let items = list.ranges.iter().map(|range| ((*range).to_owned(), record! { "Cidr" => *range })).collect();
    resource::paged(tx, input, items, Listing { ids: "", answer: "Entries", ids_exclude_pages: None })
}

#[cfg(test)]
mod tests {
    use crate::client::Client;

    #[tokio::test(start_paused = true)]
    async fn the_lists_of_s3_and_dynamodb_are_found_by_name_and_id() {
        let client = Client::calm();
        let by_name = [("Filter.1.Name", "prefix-list-name"), ("Filter.1.Value.1", "com.amazonaws.us-east-1.s3")];
        let found = client.ec2("DescribePrefixLists", &by_name).await;
        assert_eq!(found.all("prefixListId"), ["pl-63a5400a"]);
        let managed = client.ec2("DescribeManagedPrefixLists", &[("PrefixListId.1", "pl-02cd2c6b")]).await;
        assert_eq!((managed.one("ownerId"), managed.one("state")), ("AWS".into(), "create-complete".into()));
        let entries = client.ec2("GetManagedPrefixListEntries", &[("PrefixListId", "pl-63a5400a")]).await;
        assert_eq!(entries.all("cidr").len(), 5);
        let tagged = [("Filter.1.Name", "tag:Name"), ("Filter.1.Value.1", "*")];
        assert!(client.ec2("DescribeManagedPrefixLists", &tagged).await.all("prefixListId").is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_list_that_is_not_there_is_refused() {
        let client = Client::calm();
        let ask = [("PrefixListId", "pl-0721453c7ac4ec009")];
        let refused = client.refused("GetManagedPrefixListEntries", &ask, "InvalidPrefixListID.NotFound").await;
        assert_eq!(refused.message, "The prefix list (pl-0721453c7ac4ec009) does not exist.");
        let ask = [("PrefixListId.1", "s3")];
        client.refused("DescribePrefixLists", &ask, "InvalidPrefixListId.Malformed").await;
    }
}
