//! What a sweep did: runs, calls, virtual time, faults by kind, and how often each type was made.

use std::collections::BTreeMap;

use fathuss_model::graph::Graph;
use fathuss_simulator::Simulator;
use fathuss_state::Fault;

use super::network::Network;

/// Counts over many runs.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    pub runs: u64,
    pub attempts: u64,
    pub calls: u64,
    pub looks: u64,
    pub nodes: u64,
    pub recovered: u64,
    pub adopted: u64,
    pub refused: u64,
    pub virtual_seconds: f64,
    pub faults: BTreeMap<String, u64>,
    pub made: BTreeMap<String, u64>,
}

impl Tally {
    pub fn finished(&mut self, simulator: &Simulator, graphs: &[Graph]) {
        self.runs += 1;
        self.nodes += graphs.iter().map(|graph| graph.nodes.len() as u64).sum::<u64>();
        let began = simulator.log().first().map(|call| call.at);
        self.virtual_seconds += began.map_or(0.0, |began| simulator.now().duration_since(began).as_secs_f64());
        for call in simulator.log() {
            let code = call.code.as_deref().unwrap_or_default();
            if code.contains("Throttl") || code.contains("LimitExceeded") && code.contains("Request") {
                self.fault("throttled");
            } else if call.status.is_some_and(|status| status >= 500) {
                self.fault("failure of the service");
            }
        }
    }

    pub fn attempt(&mut self, network: &Network, died: Option<Fault>) {
        self.attempts += 1;
        self.calls += network.sent();
        for (name, count) in network.faults() {
            *self.faults.entry(name.to_owned()).or_default() += count;
        }
        if let Some(fault) = died {
            self.fault(match fault {
                Fault::Refused => "state refused a write",
                Fault::Full => "state refused all writes from one on",
                Fault::InDoubt => "the answer to a write was lost",
                Fault::CrashBefore => "death before a write",
                Fault::CrashAfter => "death after a write",
            });
        }
    }

    pub fn fault(&mut self, name: &str) {
        *self.faults.entry(name.to_owned()).or_default() += 1;
    }

    pub fn made(&mut self, kinds: &[String]) {
        for kind in kinds {
            *self.made.entry(kind.clone()).or_default() += 1;
        }
    }

    pub fn recovered(&mut self, count: usize) {
        self.recovered += count as u64;
    }

    pub fn adopted(&mut self, count: usize) {
        self.adopted += count as u64;
    }

    pub fn refused(&mut self) {
        self.refused += 1;
    }

    pub fn looked(&mut self) {
        self.looks += 1;
    }

    pub fn add(&mut self, other: &Tally) {
        self.runs += other.runs;
        self.attempts += other.attempts;
        self.calls += other.calls;
        self.looks += other.looks;
        self.nodes += other.nodes;
        self.recovered += other.recovered;
        self.adopted += other.adopted;
        self.refused += other.refused;
        self.virtual_seconds += other.virtual_seconds;
        for (name, count) in &other.faults {
            *self.faults.entry(name.clone()).or_default() += count;
        }
        for (name, count) in &other.made {
            *self.made.entry(name.clone()).or_default() += count;
        }
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(
            f,
            "{} runs, {} attempts, {} nodes declared, {} calls, {:.0} h of virtual time, {} looks from outside",
            self.runs,
            self.attempts,
            self.nodes,
            self.calls,
            self.virtual_seconds / 3600.0,
            self.looks
        )?;
        writeln!(
            f,
            "operations recovered: {}, strays adopted: {}, versions refused: {}",
            self.recovered, self.adopted, self.refused
        )?;
        writeln!(f, "faults, and what others did:")?;
        for (name, count) in &self.faults {
            writeln!(f, "  {count:>9} {name}")?;
        }
        writeln!(f, "made or asked, by type:")?;
        for (name, count) in &self.made {
            writeln!(f, "  {count:>9} {name}")?;
        }
        Ok(())
    }
}
