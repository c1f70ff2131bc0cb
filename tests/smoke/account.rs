//! The account as AWS's own lists show it, by the run's tag: no state, no schema and no read of Fathuss is asked.

use std::rc::Rc;
use std::time::Duration;

use async_trait::async_trait;
use aws_credential_types::Credentials;
use aws_sdk_ec2::types::{Filter, InstanceStateName};
use fathuss_aws::{Aws, Client, Config};
use fathuss_engine::Clock;

use crate::life::Limits;
use crate::stack::{REGION, TAG};

/// An account to look into.
pub struct Account {
    runtime: tokio::runtime::Runtime,
    config: Config,
}

impl Account {
    /// The account of this environment's credentials.
    pub fn real() -> Self {
        let runtime = runtime();
        let config = runtime.block_on(Config::from_environment(None, Rc::new(Wall)));
        Self { runtime, config }
    }

    /// An account of a served sandbox.
    pub fn simulated(url: &str, account: &str) -> Self {
        let credentials = Credentials::from_keys(account, "test", None);
        Self { runtime: runtime(), config: Config::new(credentials, Rc::new(Wall)).endpoint(url) }
    }

    /// What carries the run's tag: `kind id`.
    pub fn seen(&self, run: &str) -> Result<Vec<String>, String> {
        let aws = Aws::new(self.config.clone());
        let client = aws.client(REGION);
        self.runtime.block_on(async {
            let mut found = in_ec2(&client, run).await?;
            found.extend(in_iam(&client, run).await?);
            Ok(found)
        })
    }

    /// What still carries the run's tag once lists have had the time to notice that it went.
    pub fn left(&self, run: &str) -> Result<Vec<String>, String> {
        let end = std::time::Instant::now() + Limits::REAL.look;
        loop {
            let left = self.seen(run)?;
            if left.is_empty() || std::time::Instant::now() >= end {
                return Ok(left);
            }
            std::thread::sleep(Duration::from_secs(1));
        }
    }
}

async fn in_ec2(client: &Client, run: &str) -> Result<Vec<String>, String> {
    let by = |name: &str, value: &str| Filter::builder().name(name).values(value).build();
    let mut pages =
        client.ec2.describe_tags().filters(by("key", TAG)).filters(by("value", run)).into_paginator().items().send();
    let mut found = Vec::new();
    while let Some(tag) = pages.next().await {
        let tag = tag.map_err(told)?;
        let kind = tag.resource_type().map(|kind| kind.as_str().to_owned()).unwrap_or_default();
        found.push((kind, tag.resource_id().unwrap_or_default().to_owned()));
    }
    // A terminated instance keeps its tags for about an hour, and costs nothing.
    let mut ended = Vec::new();
    let mut pages =
        client.ec2.describe_instances().filters(by(&format!("tag:{TAG}"), run)).into_paginator().items().send();
    while let Some(reservation) = pages.next().await {
        for instance in reservation.map_err(told)?.instances() {
            let state = instance.state().and_then(|state| state.name());
            if state == Some(&InstanceStateName::Terminated) {
                ended.extend(instance.instance_id().map(str::to_owned));
            }
        }
    }
    found.retain(|(_, id)| !ended.contains(id));
    Ok(found.into_iter().map(|(kind, id)| format!("{kind} {id}")).collect())
}

/// IAM's lists take no filter by tag: each role and profile is asked for its own.
async fn in_iam(client: &Client, run: &str) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    let mut roles = client.iam.list_roles().into_paginator().items().send();
    while let Some(role) = roles.next().await {
        let name = role.map_err(told)?.role_name;
        // One that went in between is not left.
        let Ok(tags) = client.iam.list_role_tags().role_name(&name).send().await else { continue };
        if tags.tags().iter().any(|tag| tag.key() == TAG && tag.value() == run) {
            found.push(format!("role {name}"));
        }
    }
    let mut profiles = client.iam.list_instance_profiles().into_paginator().items().send();
    while let Some(profile) = profiles.next().await {
        let name = profile.map_err(told)?.instance_profile_name;
        let tags = client.iam.list_instance_profile_tags().instance_profile_name(&name).send().await;
        let Ok(tags) = tags else { continue };
        if tags.tags().iter().any(|tag| tag.key() == TAG && tag.value() == run) {
            found.push(format!("instance-profile {name}"));
        }
    }
    Ok(found)
}

fn told(error: impl std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(&format!(": {inner}"));
        cause = inner.source();
    }
    text
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("the runtime starts")
}

/// Nothing here waits on a limit: the clock is asked for by the client's construction alone.
struct Wall;

#[async_trait(?Send)]
impl Clock for Wall {
    fn now(&self) -> Duration {
        std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap_or_default()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}
