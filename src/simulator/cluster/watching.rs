//! Waiting for objects to change. What plays a part of AWS looks at everything of a kind, does what is missing,
//! and looks again when one of them has changed: nothing is lost by a watch that broke.

use std::fmt::Debug;
use std::time::Duration;

use futures::StreamExt as _;
use kube::Api;
use kube::api::{WatchEvent, WatchParams};
use serde::de::DeserializeOwned;

use crate::aws::Refused;

/// How long to wait before the next try when the API server did not answer.
pub(crate) const PAUSE: Duration = Duration::from_millis(500);

/// How long to wait after AWS refused something.
const AGAIN: Duration = Duration::from_secs(2);

/// What AWS refused last of what a controller asks for, each told once.
#[derive(Default)]
pub(crate) struct Refusals {
    told: String,
}

impl Refusals {
    /// Whether something was refused: then it is told, unless it was before, and waited for.
    pub(crate) async fn paused(&mut self, refused: Option<Refused>, tell: &(impl Fn(&str) + Sync)) -> bool {
        let Some(Refused(why)) = refused else {
            self.told.clear();
            return false;
        };
        if why != self.told {
            tell(&why);
            self.told = why;
        }
        tokio::time::sleep(AGAIN).await;
        true
    }
}

/// Everything is looked at again after this time, changed or not. An API server's watches end by themselves
/// after 5 minutes or more.
const AT_LATEST: u32 = 60;

/// Returns when an object has changed since `version`, or after a minute, or when it can't be known.
pub(crate) async fn change<K>(api: &Api<K>, version: Option<&str>)
where
    K: Clone + Debug + DeserializeOwned + Send + 'static,
{
    let parameters = WatchParams::default().timeout(AT_LATEST).disable_bookmarks();
    let Ok(events) = api.watch(&parameters, version.unwrap_or("0")).await else {
        return tokio::time::sleep(PAUSE).await;
    };
    let mut events = std::pin::pin!(events);
    match events.next().await {
        Some(Ok(WatchEvent::Added(_) | WatchEvent::Modified(_) | WatchEvent::Deleted(_))) | None => {}
        Some(Ok(WatchEvent::Bookmark(_) | WatchEvent::Error(_)) | Err(_)) => tokio::time::sleep(PAUSE).await,
    }
}

/// Takes this refusal for what was wanted: 404 where something was to go, 409 where it was to be there.
pub(crate) fn accept<T>(code: u16, result: Result<T, kube::Error>) -> Result<(), kube::Error> {
    match result {
        Err(kube::Error::Api(status)) if status.code == code => Ok(()),
        other => other.map(drop),
    }
}
