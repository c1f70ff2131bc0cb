//! Kubernetes for the engine: objects in clusters, applied by their API servers.
//!
//! [`Kubernetes`] is the engine's [`fathuss_engine::Provider`]; [`Clusters`] says where a cluster is and with which token
//! it is entered, and is asked only once something in it is read or made: clusters come up in the same run. Nothing here
//! retries: a failure says what can be done about it, and the engine does it.

mod again;
mod argocd_application;
mod argocd_project;
mod clusters;
mod connection;
mod failure;
mod helm;
mod kind;
mod kubernetes;
mod locator;
mod manifest;
mod mark;
mod namespace;
mod project;
mod secret;
mod spec;

pub use clusters::{Clusters, Endpoint, Token};
pub use helm::Helm;
pub use kubernetes::Kubernetes;
