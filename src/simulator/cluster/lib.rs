//! Real Kubernetes behind the endpoints of the sandbox's clusters: etcd, API server, controllers and scheduler
//! built from Go modules of our own, with kwok in the place of machines, and what a cluster on AWS has around
//! it (node groups, load balancers, volumes, access policies). No container is ever run.
//!
//! - [`Programs`] builds and finds the programs.
//! - [`Reserved`] is a cluster's endpoint and keys, there before anything runs.
//! - [`ControlPlane`] is a running cluster. It ends with the process that holds it.
//! - [`nodes`], [`load_balancers`], [`volumes`] and [`metrics`] play the parts of AWS inside of it,
//!   [`external_secrets`] that of the operator of its name. What two of them make outside of it they ask [`aws`] for.
//! - [`argo`] runs the real Argo CD and Argo Rollouts beside it, and [`controllers`] does so for as long as the
//!   cluster has what their charts make; [`applications`] has Argo CD look at what is new in a repository, and at
//!   what it is not told of.
//! - [`outside`] plays the part of the internet for them.

mod access;
pub mod applications;
pub mod argo;
pub mod aws;
mod certificates;
mod control_plane;
pub mod controllers;
mod error;
pub mod external_secrets;
mod keeper;
pub mod load_balancers;
pub mod metrics;
pub mod nodes;
pub mod outside;
mod programs;
mod reserved;
pub mod volumes;
mod watching;

pub use control_plane::{Beside, ControlPlane, Options};
pub use error::Error;
pub use programs::{Part, Program, Programs, Progress, Step, find};
pub use reserved::Reserved;
