//! What people read, at several widths, as snapshots.

mod failure;
mod fixture;
mod plain;
mod plan;
