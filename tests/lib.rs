//! What crosses packages: invariants, simulation, regions, conformance. See docs/architecture.md.

/// The Rust of docs/simulator.md, compiled and run as it stands there.
#[cfg(doctest)]
#[doc = include_str!("../docs/simulator.md")]
pub struct SimulatorGuide;
