//! The clusters of a target: where AWS says that they are, entered as whoever applies.

use std::rc::Rc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use fathuss_aws::{Aws, TOKEN_LIFETIME};
use fathuss_engine::provider::Failure;
use fathuss_kubernetes::{Clusters, Endpoint, Token};
use std::cell::Cell;

use crate::served::Served;

/// Clusters that AWS tells of, or a sandbox that another process serves.
pub struct OfAws {
    aws: Rc<Aws>,
    served: Option<Rc<Served>>,
    held: Cell<Option<Instant>>,
}

/// For how long a served sandbox's time is asked to keep the wall's pace; and after how long it is asked again.
const HOLD: Duration = Duration::from_secs(10);
const HOLD_AGAIN: Duration = Duration::from_secs(3);

impl OfAws {
    /// The clusters of an account; of a sandbox, with the process that serves it.
    pub fn new(aws: Rc<Aws>, served: Option<Rc<Served>>) -> Self {
        Self { aws, served, held: Cell::new(None) }
    }
}

#[async_trait(?Send)]
impl Clusters for OfAws {
    async fn endpoint(&self, region: &str, name: &str) -> Result<Option<Endpoint>, Failure> {
        let server = self.aws.api_server(region, name).await?;
        Ok(server.map(|server| Endpoint { url: server.url, authority: server.authority }))
    }

    async fn token(&self, region: &str, name: &str) -> Result<Token, Failure> {
        let text = self.aws.cluster_token(region, name).await?;
        Ok(Token { text, lifetime: TOKEN_LIFETIME })
    }

    async fn busy(&self, busy: bool) {
        let Some(served) = &self.served else { return };
        let due = self.held.get().is_none_or(|held| held.elapsed() > HOLD_AGAIN);
        // A sandbox that does not do it goes on at its own speed: waits are shorter then, and nothing is wrong.
        match busy {
            true if due => {
                self.held.set(Some(Instant::now()));
                let _ = served.hold(HOLD).await;
            }
            true => {}
            false => {
                self.held.set(None);
                let _ = served.hold(Duration::ZERO).await;
            }
        }
    }
}
