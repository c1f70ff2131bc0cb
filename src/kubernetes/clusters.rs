//! Where clusters are, and who enters them.

use std::time::Duration;

use async_trait::async_trait;
use fathuss_engine::provider::Failure;

use crate::helm::Helm;

/// Where a cluster answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// `https://...`
    pub url: String,
    /// What its certificate is signed by: base64 of a PEM text.
    pub authority: String,
    /// The name in its certificate, where it is reached at another: through a port forward.
    pub server_name: Option<String>,
    /// What it is reached through: `http://`, `https://` or `socks5://`.
    pub proxy: Option<String>,
}

/// What a cluster is entered with.
#[derive(Clone)]
pub struct Token {
    /// The bearer token. It is shown nowhere.
    pub text: String,
    /// How long it is sure to be good for.
    pub lifetime: Duration,
}

/// Knows clusters by region and name.
#[async_trait(?Send)]
pub trait Clusters {
    /// Where a cluster answers; none where there is no such cluster, or it does not answer any more.
    async fn endpoint(&self, region: &str, name: &str) -> Result<Option<Endpoint>, Failure>;

    /// A token for it, as whoever applies.
    async fn token(&self, region: &str, name: &str) -> Result<Token, Failure>;

    /// The Helm that installs charts.
    async fn helm(&self) -> Result<Helm, Failure>;

    /// Says that something in a cluster is waited for, before each look at it, or nothing any more: a clock that runs ahead
    /// of the wall's keeps its pace meanwhile, since what runs there knows no other time.
    async fn busy(&self, busy: bool) {
        let _ = busy;
    }

    /// Says that a look failed, and that none may follow: a clock that keeps its pace does so for some seconds more.
    fn lapses(&self) {}
}
