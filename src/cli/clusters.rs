//! The clusters of a target: where AWS says that they are, entered as whoever applies.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use fathuss_aws::{Aws, TOKEN_LIFETIME};
use fathuss_engine::provider::{Failure, FailureClass};
use fathuss_kubernetes::{Clusters, Endpoint, Token};

use crate::served::Served;

/// Clusters that AWS tells of, or a sandbox that another process serves.
pub struct OfAws {
    aws: Rc<Aws>,
    simulated: bool,
    served: Option<Rc<Served>>,
    held: Cell<Option<Instant>>,
}

/// Where the API servers of a sandbox are.
const HERE: &str = "https://127.0.0.1:";

/// For how long a served sandbox's time is asked to keep the wall's pace; and after how long it is asked again.
const HOLD: Duration = Duration::from_secs(10);
const HOLD_AGAIN: Duration = Duration::from_secs(3);

impl OfAws {
    /// The clusters of an account; of a sandbox, with the process that serves it, where one does.
    pub fn new(aws: Rc<Aws>, simulated: bool, served: Option<Rc<Served>>) -> Self {
        Self { aws, simulated, served, held: Cell::new(None) }
    }
}

#[async_trait(?Send)]
impl Clusters for OfAws {
    async fn endpoint(&self, region: &str, name: &str) -> Result<Option<Endpoint>, Failure> {
        let server = self.aws.api_server(region, name).await?;
        // AWS's own name for it: what a sandbox makes up is not to be looked for in the world outside.
        if self.simulated && server.as_ref().is_some_and(|server| !server.url.starts_with(HERE)) {
            return Err(Failure {
                class: FailureClass::Refused,
                service: "kubernetes".to_owned(),
                operation: String::new(),
                code: "NoApiServer".to_owned(),
                message: format!("nothing answers for the cluster {name}: the sandbox runs no Kubernetes here"),
                request_id: None,
                hint: Some("serve the sandbox with its clusters: `fathuss sandbox up`".to_owned()),
            });
        }
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
