//! What people read, at several widths, as snapshots.

mod failure;
mod fixture;
mod graph;
mod plain;
mod plan;
mod table;
mod terminal;
