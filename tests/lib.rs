//! What crosses packages: invariants, simulation, regions, conformance. See docs/architecture.md.
