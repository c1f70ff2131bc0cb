//! Whether DNS leads to a hosted zone, as far as the account that has it can tell.
//!
//! No answer of AWS's says what a registrar or a zone of another account names. A zone above it in the same account does.

use aws_sdk_route53::types::HostedZone;
use fathuss_engine::provider::Failure;

use crate::client::Client;
use crate::route53::{bare, call, plain, record_sets_from};

/// The public zone that a name lies in, and what leads there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Delegation {
    /// The zone's domain.
    pub(crate) zone: String,
    /// The zone's name servers.
    pub(crate) servers: Vec<String>,
    /// The domain of the nearest zone above in the account, with the servers that it names for the zone.
    pub(crate) above: Option<(String, Vec<String>)>,
}

impl Delegation {
    /// What leads to a name, where a public zone of the account holds it.
    pub(crate) async fn of(client: &Client, name: &str) -> Result<Option<Self>, Failure> {
        let mut zones = public_zones(client).await?;
        let name = plain(name);
        zones.retain(|zone| lies_in(&name, &plain(&zone.name)));
        // The nearest first; of several of one name it can't be told which one is meant.
        zones.sort_by_key(|zone| std::cmp::Reverse(zone.name.len()));
        let Some(nearest) = zones.first() else { return Ok(None) };
        let servers = servers(client, nearest, &nearest.name).await?;
        let above = zones.iter().find(|zone| plain(&zone.name) != plain(&nearest.name));
        let above = match above {
            Some(above) => Some((plain(&above.name), self::servers(client, above, &nearest.name).await?)),
            None => None,
        };
        Ok(Some(Self { zone: plain(&nearest.name), servers, above }))
    }

    /// Why DNS can't lead to the zone, where the account itself says so.
    pub(crate) fn flaw(&self) -> Option<String> {
        let (above, named) = self.above.as_ref()?;
        let leads = self.servers.iter().any(|server| named.contains(server));
        (!leads).then(|| {
            format!(
                "{above}, a zone of the same account, does not lead to the zone {}: it needs an NS record of that name \
                 with {}",
                self.zone,
                self.servers.join(", ")
            )
        })
    }
}

fn lies_in(name: &str, domain: &str) -> bool {
    name == domain || name.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}

async fn public_zones(client: &Client) -> Result<Vec<HostedZone>, Failure> {
    let (mut found, mut marker) = (Vec::new(), None);
    loop {
        let sending = client.route53.list_hosted_zones().set_marker(marker).send();
        let answer = client.send(call("ListHostedZones"), sending).await?;
        let public = |zone: &HostedZone| !zone.config.as_ref().is_some_and(|config| config.private_zone);
        found.extend(answer.hosted_zones.into_iter().filter(public));
        marker = answer.next_marker.filter(|_| answer.is_truncated);
        if marker.is_none() {
            return Ok(found);
        }
    }
}

/// The servers that a zone names for a domain.
async fn servers(client: &Client, zone: &HostedZone, domain: &str) -> Result<Vec<String>, Failure> {
    let sets = record_sets_from(client, bare(&zone.id), domain, "NS", None, 1).await?.unwrap_or_default();
    let is_it = |set: &&aws_sdk_route53::types::ResourceRecordSet| {
        plain(&set.name) == plain(domain) && set.r#type == aws_sdk_route53::types::RrType::Ns
    };
    let records = sets.iter().filter(is_it).flat_map(|set| set.resource_records());
    Ok(records.map(|record| record.value.trim_end_matches('.').to_ascii_lowercase()).collect())
}
