//! The world's upkeep: what is due happens, an account finds what AWS puts there, every change is durable before its
//! answer goes out, and the whole is kept, brought back or emptied.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::Timestamp;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use crate::front::Core;
use crate::world::{Chance, Journal, Line, Pending, Principal, Reach, Row, Scope, State, Tx, WorldError};

/// That this account has in this region (or everywhere) what AWS puts there by itself.
#[derive(Debug, Clone, Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Furnished {
    service: String,
}

impl Row for Furnished {
    const TABLE: &'static str = "core.furnished";
    fn id(&self) -> String {
        self.service.clone()
    }
}

impl Core {
    /// Applies every transition that is due, each at its own moment.
    pub(crate) fn settle(&mut self, now: Timestamp) -> Result<(), WorldError> {
        loop {
            let world = Scope { account: String::new(), region: String::new() };
            let first = self.state.tables.of::<Pending>().and_then(|table| table.rows.get(&world)?.values().next());
            let Some(pending) = first.map(|slot| slot.row.clone()).filter(|pending| pending.due <= now) else {
                return Ok(());
            };
            let transition = self.services.iter().find_map(|service| service.transition(&pending.kind));
            let scope = Scope { account: pending.account.clone(), region: pending.region.clone() };
            let principal = Principal::root(&pending.account);
            let mut tx = Tx::begin(&mut self.state, scope, pending.due, principal, &pending.kind, false);
            tx.remove::<Pending>(&pending.id());
            debug_assert!(transition.is_some(), "{} stands in no table of transitions", pending.kind);
            if let Some(transition) = transition {
                transition(&mut tx, &pending);
            }
            commit(tx, &mut self.journal)?;
        }
    }

    /// Makes what an account has in a region before its first request there.
    pub(crate) fn furnish(&mut self, scope: &Scope, now: Timestamp, principal: &Principal) -> Result<(), WorldError> {
        let home = scope.of(Reach::Region);
        let done = self.state.tables.of::<Furnished>().and_then(|table| table.rows.get(&home)).map_or(0, BTreeMap::len);
        let names: BTreeSet<&str> = self.services.iter().map(|service| service.name).collect();
        if done == names.len() {
            return Ok(());
        }
        let mut tx = Tx::begin(&mut self.state, scope.clone(), now, principal.clone(), "furnish", false);
        // Two APIs may have one name.
        let missing: Vec<_> =
            self.services.iter().filter(|service| tx.get::<Furnished>(service.name).is_none()).collect();
        for service in missing {
            (service.furnish)(&mut tx);
            tx.put(Furnished { service: service.name.to_owned() });
        }
        tx.all_visible();
        commit(tx, &mut self.journal)
    }

    /// Writes the journal anew with one line for everything.
    pub(crate) fn compact(&mut self) -> Result<(), WorldError> {
        let line = self.whole()?;
        self.journal.as_mut().map_or(Ok(()), |journal| journal.rewrite(line))
    }

    /// Notes what time it is: a world that is opened again goes on from there.
    pub(crate) fn note_time(&mut self) -> Result<(), WorldError> {
        let line = line(&self.state, self.clock.now(), Vec::new());
        self.journal.as_mut().map_or(Ok(()), |journal| journal.append(line))
    }

    /// The whole world as one line.
    pub(crate) fn whole(&self) -> Result<Line, WorldError> {
        let mut rows = Vec::new();
        for name in self.state.tables.names().collect::<Vec<_>>() {
            if let Some(table) = self.state.tables.named(name) {
                rows.extend(table.all(name)?);
            }
        }
        Ok(line(&self.state, self.clock.last(), rows))
    }

    /// Takes the place of the world with that of these lines. Where they can't be read, the world stays.
    pub(crate) fn restore(&mut self, path: &Path, lines: Vec<Line>) -> Result<(), WorldError> {
        let Some(at) = lines.last().map(|line| line.at) else {
            let why = "there is no world in it".to_owned();
            return Err(WorldError::Unreadable { path: path.to_owned(), line: 1, why });
        };
        let before = self.whole()?;
        self.state.tables.clear();
        if let Err(error) = self.state.load(path, lines) {
            self.state.tables.clear();
            // It was read from these tables just now.
            self.state.load(path, vec![before])?;
            return Err(error);
        }
        self.clock.set(at);
        self.begin_anew()
    }

    /// Empties the world; time goes on, and chance begins again.
    pub(crate) fn reset(&mut self) -> Result<(), WorldError> {
        self.state.tables.clear();
        self.state.chance = Chance::new(self.state.chance.seed, 0);
        self.state.sequence = 0;
        self.begin_anew()?;
        self.register_domains()
    }

    /// Lets the world have the domains that it is to have from the start.
    pub(crate) fn register_domains(&mut self) -> Result<(), WorldError> {
        let domains = self.domains.clone();
        let mut made = Vec::new();
        for domain in &domains {
            if self.by_hand(domain.account(), |tx| domain.register(tx))? {
                made.push(domain);
            }
        }
        for domain in &domains {
            let Some(above) = domain.above(&domains).filter(|above| made.contains(above) || made.contains(&domain))
            else {
                continue;
            };
            if let Some(servers) = self.by_hand(domain.account(), |tx| domain.servers(tx))? {
                self.by_hand(above.account(), |tx| above.delegate(tx, domain, &servers))?;
            }
        }
        Ok(())
    }

    /// A change in an account that no client asks for.
    pub(crate) fn by_hand<T>(&mut self, account: &str, change: impl FnOnce(&mut Tx<'_>) -> T) -> Result<T, WorldError> {
        let scope = Scope { account: account.to_owned(), region: String::new() };
        let now = self.clock.now();
        let mut tx = Tx::begin(&mut self.state, scope, now, Principal::root(account), "by hand", false);
        let made = change(&mut tx);
        tx.all_visible();
        commit(tx, &mut self.journal)?;
        Ok(made)
    }

    /// Forgets what was asked of the world before, and keeps the one that there is now.
    fn begin_anew(&mut self) -> Result<(), WorldError> {
        self.request_ids = request_ids(&self.state);
        self.buckets.clear();
        self.calls.clear();
        self.log.clear();
        self.compact()
    }
}

fn line(state: &State, at: Timestamp, rows: Vec<crate::world::Change>) -> Line {
    Line {
        number: 0,
        at,
        seed: state.chance.seed,
        drawn: state.chance.drawn(),
        sequence: state.sequence,
        reopened: state.reopened,
        rows,
    }
}

/// Where the ids of requests come from: other numbers each time that a world is opened.
pub(crate) fn request_ids(state: &State) -> ChaCha8Rng {
    let mut numbers = ChaCha8Rng::seed_from_u64(!state.chance.seed);
    numbers.set_stream(state.reopened);
    numbers
}

/// Makes a transaction durable, or undoes it.
pub(crate) fn commit(tx: Tx<'_>, journal: &mut Option<Journal>) -> Result<(), WorldError> {
    if let Some(journal) = journal.as_mut().filter(|_| !tx.changes().is_empty()) {
        let line = line(tx.state(), tx.now(), tx.written()?);
        journal.append(line)?;
    }
    tx.keep();
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::client::Client;
    use crate::{Config, Simulator, WorldError};

    #[tokio::test(start_paused = true)]
    async fn a_seed_repeats_a_world() {
        let run = async || {
            let client = Client::calm();
            let vpc = client.vpc("10.0.0.0/16").await;
            client.subnet(&vpc, "10.0.0.0/24", "us-east-1a").await;
            client.wait(10);
            (client.ec2("DescribeSubnets", &[]).await.text, client.simulator.durations())
        };
        assert_eq!(run().await, run().await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_world_survives_its_process_and_drops_a_torn_line() {
        let folder = tempfile::tempdir().unwrap();
        let open = || Simulator::open(Config { world: Some(folder.path().to_owned()), ..Config::calm(5) });
        let client = Client::of(open().unwrap());
        let vpc = client.vpc("10.0.0.0/16").await;
        let holder = match open() {
            Err(WorldError::Locked { holder, .. }) => holder,
            _ => panic!("a second opening must be refused"),
        };
        assert_eq!(holder, Some(client.simulator.holder()));
        client.wait(5);
        let before = client.ec2("DescribeVpcs", &[("VpcId.1", &vpc)]).await.one("vpcSet");
        let left = client.simulator.now();
        drop(client);
        assert!(!folder.path().join("world.holder").exists());

        let file = folder.path().join("world.jsonl");
        let mut text = std::fs::read_to_string(&file).unwrap();
        text.push_str("{\"at\":\"2026-01-05T09:00:0");
        std::fs::write(&file, text).unwrap();
        let client = Client::of(open().unwrap());
        assert!(client.simulator.now() >= left - jiff::SignedDuration::from_secs(5));
        assert_eq!(client.ec2("DescribeVpcs", &[("VpcId.1", &vpc)]).await.one("vpcSet"), before);
        client.ec2("DeleteVpc", &[("VpcId", &vpc)]).await;
        client.simulator.reset().unwrap();
        assert_eq!(client.ec2("DescribeVpcs", &[]).await.all("isDefault"), ["true"]);
        drop(client);

        for (format, said) in [(3, "its format is 3"), (1, "made by an older version")] {
            std::fs::write(&file, format!("{{\"fathuss_world\":{format}}}\n")).unwrap();
            match open() {
                Err(error @ WorldError::Unreadable { .. }) => assert!(error.to_string().contains(said), "{error}"),
                _ => panic!("another format must be refused"),
            };
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_snapshot_brings_a_world_back_with_its_time_and_what_was_under_way() {
        let client = Client::calm();
        let vpc = client.vpc("10.0.0.0/16").await;
        let subnet = client.subnet(&vpc, "10.0.0.0/24", "us-east-1a").await;
        let gateway = [("SubnetId", subnet.as_str()), ("ConnectivityType", "private")];
        let gateway = client.ec2("CreateNatGateway", &gateway).await.one("natGatewayId");
        let (then, snapshot) = (client.simulator.now(), client.simulator.snapshot().unwrap());
        client.wait(7200);
        client.ec2("DeleteNatGateway", &[("NatGatewayId", &gateway)]).await;

        let state = async |client: &Client| {
            client.ec2("DescribeNatGateways", &[("NatGatewayId.1", &gateway)]).await.one("state")
        };
        let other = Client::of(Simulator::open(Config::calm(99)).unwrap());
        for restored in [&client, &other] {
            restored.simulator.restore("a".as_ref(), &snapshot).unwrap();
            assert_eq!(restored.simulator.now(), then);
            assert_eq!(state(restored).await, "pending");
            restored.wait(150);
            assert_eq!(state(restored).await, "available");
        }
        assert_eq!(client.simulator.snapshot().unwrap().len(), other.simulator.snapshot().unwrap().len());

        let torn = snapshot.replace("ec2.vpc\"", "ec2.void\"");
        let half = &snapshot[..snapshot.len() / 2];
        for (text, said) in [
            (torn.as_str(), "there is no table ec2.void"),
            (half, "it breaks off here"),
            (&snapshot[..snapshot.len() - 1], "it breaks off here"),
            (&snapshot[..10], "it breaks off in its first line"),
            ("{}\n", "fathuss_world"),
            ("", "no world"),
        ] {
            let error = client.simulator.restore("it".as_ref(), text).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
            assert_eq!(state(&client).await, "available", "the world stays");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_instant_world_makes_everything_at_once() {
        let client = Client::of(Simulator::open(Config { instant: true, ..Config::calm(7) }).unwrap());
        let vpc = client.vpc("10.0.0.0/16").await;
        let subnet = client.subnet(&vpc, "10.0.0.0/24", "us-east-1a").await;
        let gateway = [("SubnetId", subnet.as_str()), ("ConnectivityType", "private")];
        let gateway = client.ec2("CreateNatGateway", &gateway).await.one("natGatewayId");
        let shown = client.ec2("DescribeNatGateways", &[("NatGatewayId.1", &gateway)]).await;
        assert_eq!(shown.one("state"), "available");
    }

    #[tokio::test(start_paused = true)]
    async fn a_world_whose_lines_are_not_all_there_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let open = || {
            let world = Some(folder.path().to_owned());
            Simulator::open(Config { world, ..Config::calm(1) })
        };
        let client = Client::of(open().unwrap());
        for range in ["10.0.0.0/16", "10.1.0.0/16", "10.2.0.0/16"] {
            client.vpc(range).await;
        }
        drop(client);
        let file = folder.path().join("world.jsonl");
        let whole = std::fs::read_to_string(&file).unwrap();
        let lines: Vec<&str> = whole.split_inclusive('\n').collect();
        assert!(lines.len() > 4, "{}", lines.len());
        let refused = |text: String, at: usize| {
            std::fs::write(&file, text).unwrap();
            match open() {
                Err(WorldError::Unreadable { line, why, .. }) => assert_eq!(line, at, "{why}"),
                Err(error) => panic!("{error}"),
                Ok(_) => panic!("a damaged world must be refused"),
            }
        };
        refused([&lines[..2], &lines[3..]].concat().concat(), 3);
        refused([&lines[..2], &[lines[3], lines[2]], &lines[4..]].concat().concat(), 3);
        refused(lines[..3].concat(), 3);
        refused(lines[..1].concat(), 1);
        // A line that was written and not yet counted, as a process leaves it that ends between the two.
        let last = lines.len() - 1;
        let uncounted = whole.replacen(&format!("\"lines\":{last}"), &format!("\"lines\":{}", last - 1), 1);
        assert_ne!(uncounted, whole);
        std::fs::write(&file, uncounted).unwrap();
        let client = Client::of(open().unwrap());
        assert_eq!(client.ec2("DescribeVpcs", &[]).await.all("vpcId").len(), 4);
    }

    #[tokio::test(start_paused = true)]
    async fn no_request_id_comes_twice_in_one_world() {
        let folder = tempfile::tempdir().unwrap();
        let mut seen = std::collections::HashSet::new();
        for opening in 0..4 {
            let world = Some(folder.path().to_owned());
            let client = Client::of(Simulator::open(Config { world, ..Config::calm(1) }).unwrap());
            for _ in 0..3 {
                client.ec2("DescribeVpcs", &[]).await;
            }
            for call in client.simulator.log() {
                assert!(seen.insert(call.request_id.clone()), "{} in opening {opening}", call.request_id);
            }
        }
        assert_eq!(seen.len(), 12);
    }
}
