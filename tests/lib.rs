//! What crosses packages: invariants, simulation, end to end. See docs/architecture.md.
