//! Domains that people had registered before anyone asks, each with the public hosted zone that the registrar makes for it:
//! <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/domain-register.html>. One below another is delegated by it.

use super::name::{Name, lies_in};
use super::record::{Kept, RecordSet};
use super::zone::{self, Reference, Zone};
use crate::world::Tx;

/// A domain, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain {
    name: Name,
    account: String,
}

/// For how many seconds others remember which servers a domain has.
const REMEMBERED: i64 = 172_800;

impl Domain {
    /// A domain, for instance `shop.test`, and the account that has its zone: 12 digits.
    ///
    /// # Errors
    /// What is wrong with the name.
    pub fn new(name: &str, account: &str) -> Result<Domain, String> {
        let read = Name::parse(name)?;
        if !read.text().trim_end_matches('.').contains('.') {
            return Err(format!("{name} is a top-level domain, which nobody registers"));
        }
        Ok(Domain { name: read, account: account.to_owned() })
    }

    /// The account that has its zone.
    #[must_use]
    pub fn account(&self) -> &str {
        &self.account
    }

    /// The nearest domain above it, of those that are registered.
    pub(crate) fn above<'d>(&self, domains: &'d [Domain]) -> Option<&'d Domain> {
        let others = domains.iter().filter(|other| other.name != self.name);
        let above = others.filter(|other| lies_in(self.name.text(), other.name.text()));
        above.max_by_key(|other| other.name.text().len())
    }

    /// Makes its zone in the account of this transaction, if it never had one; says whether.
    pub(crate) fn register(&self, tx: &mut Tx<'_>) -> bool {
        let reference = format!("registrar:{}", self.name.text());
        // One that was deleted since stays deleted.
        if tx.get::<Reference>(&reference).is_some() {
            return false;
        }
        let comment = "HostedZone created by Route53 Registrar".to_owned();
        let zone = zone::made(tx, self.name.text().to_owned(), reference, Some(comment), None);
        tx.put(zone);
        true
    }

    /// The servers of its zone, which is in the account of this transaction.
    pub(crate) fn servers(&self, tx: &Tx<'_>) -> Option<Vec<String>> {
        self.zone(tx).map(|zone| zone.servers.clone())
    }

    /// Lets its zone, which is in the account of this transaction, lead to the servers of a domain below it.
    pub(crate) fn delegate(&self, tx: &mut Tx<'_>, below: &Domain, servers: &[String]) {
        let Some(zone) = self.zone(tx).map(|zone| zone.id.clone()) else { return };
        let values = servers.iter().map(|server| format!("{server}.")).collect();
        let (name, kind, since) = (below.name.text().to_owned(), "NS".to_owned(), tx.now());
        let kept = Kept::Values { ttl: REMEMBERED, values };
        tx.put(RecordSet { zone, name, kind, set: None, weight: None, kept, since });
    }

    fn zone<'t>(&self, tx: &'t Tx<'_>) -> Option<&'t Zone> {
        tx.rows::<Zone>().find(|zone| zone.reference == format!("registrar:{}", self.name.text()))
    }
}

#[cfg(test)]
mod tests {
    use super::Domain;
    use crate::client::Client;
    use crate::route53::resolver;
    use crate::{Config, Simulator};

    fn world(domains: &[(&str, &str)]) -> Client {
        let domains = domains.iter().map(|(name, account)| Domain::new(name, account).unwrap()).collect();
        Client::of(Simulator::open(Config { domains, ..Config::calm(7) }).unwrap())
    }

    /// What DNS answers of servers for a name.
    async fn servers(client: &Client, name: &str) -> Vec<String> {
        client.simulator.lock().by_hand("000000000000", |tx| resolver::answers(tx, name, "NS")).unwrap()
    }

    #[tokio::test]
    async fn a_domain_has_a_zone_in_its_account_and_the_one_above_leads_to_it() {
        let client = world(&[("staging.shop.test", "111122223333"), ("shop.test", "000000000000")]);
        assert_eq!(servers(&client, "shop.test").await.len(), 4);
        assert_eq!(servers(&client, "staging.shop.test").await.len(), 4);
        let listed = client.rest("route53", "GET", "/2013-04-01/hostedzone", None).await;
        assert!(listed.text.contains("<Name>shop.test.</Name>"), "{}", listed.text);
        assert!(!listed.text.contains("staging"), "the other account has it: {}", listed.text);
    }

    #[tokio::test]
    async fn an_emptied_world_has_its_domains_again() {
        let client = world(&[("shop.test", "000000000000")]);
        client.simulator.reset().unwrap();
        assert_eq!(servers(&client, "shop.test").await.len(), 4);
    }

    #[test]
    fn what_is_no_domain_is_refused() {
        assert!(Domain::new("test", "000000000000").unwrap_err().contains("top-level"));
        assert!(Domain::new("a..test", "000000000000").is_err());
    }
}
