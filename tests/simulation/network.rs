//! What lies between a process and the world: latency, lost connections, and requests that
//! arrive though their sender is dead.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use fathuss_aws::{Reply, Transport, TransportFault};
use fathuss_simulator::Simulator;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tokio::sync::Notify;

/// How often connections go wrong, from 0 to 1.
#[derive(Clone, Copy, Debug, Default)]
pub struct Noise {
    /// Gone before the request arrived.
    pub reset: f64,
    /// Gone after it took effect.
    pub lost: f64,
    /// On its way for seconds.
    pub slow: f64,
}

/// At which of its calls a process dies; the first one is 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Death {
    /// Before it is sent.
    Before(u64),
    /// Once it has taken effect, before it is answered.
    #[allow(dead_code, reason = "the kill sweep takes it, in a test of its own")]
    After(u64),
}

/// The network of one process.
#[derive(Clone)]
pub struct Network {
    inner: Arc<Inner>,
}

struct Inner {
    simulator: Simulator,
    noise: Noise,
    chance: Mutex<ChaCha8Rng>,
    dead: Arc<AtomicBool>,
    sent: AtomicU64,
    death: Option<Death>,
    died: Notify,
    faults: Mutex<BTreeMap<&'static str, u64>>,
}

impl std::fmt::Debug for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Network")
    }
}

impl Network {
    /// A network whose process is dead once `dead` says so, or at one of its calls.
    pub fn new(simulator: Simulator, seed: u64, noise: Noise, dead: Arc<AtomicBool>, death: Option<Death>) -> Self {
        let chance = Mutex::new(ChaCha8Rng::seed_from_u64(seed));
        let inner = Inner {
            simulator,
            noise,
            chance,
            dead,
            sent: AtomicU64::new(0),
            death,
            died: Notify::new(),
            faults: Mutex::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Returns once the process is dead and has tried to send.
    pub async fn death(&self) {
        self.inner.died.notified().await;
    }

    /// Calls sent.
    pub fn sent(&self) -> u64 {
        self.inner.sent.load(Ordering::Relaxed)
    }

    /// Connections that went wrong, by kind.
    pub fn faults(&self) -> BTreeMap<&'static str, u64> {
        self.inner.faults.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What happens to one request.
struct Fate {
    there: Duration,
    back: Duration,
    reset: bool,
    lost: bool,
}

impl Inner {
    fn fate(&self) -> Fate {
        let mut chance = self.chance.lock().unwrap_or_else(PoisonError::into_inner);
        let reset = chance.random_bool(self.noise.reset);
        let lost = !reset && chance.random_bool(self.noise.lost);
        let slow = chance.random_bool(self.noise.slow);
        let there = if slow { chance.random_range(1_000..20_000) } else { chance.random_range(2..60) };
        let back = chance.random_range(2..60);
        drop(chance);
        for (name, struck) in [("connection reset", reset), ("answer lost", lost), ("slow request", slow)] {
            if struck {
                self.count(name);
            }
        }
        Fate { there: Duration::from_millis(there), back: Duration::from_millis(back), reset, lost }
    }

    fn count(&self, name: &'static str) {
        *self.faults.lock().unwrap_or_else(PoisonError::into_inner).entry(name).or_default() += 1;
    }

    /// The number of the next call; none where the process dies before it, or is dead.
    fn next(&self) -> Option<u64> {
        let call = self.sent.fetch_add(1, Ordering::Relaxed) + 1;
        if matches!(self.death, Some(Death::Before(at)) if call >= at) {
            self.dead.store(true, Ordering::SeqCst);
        }
        (!self.dead.load(Ordering::SeqCst)).then_some(call)
    }
}

impl Transport for Network {
    fn send(&self, request: http::Request<Bytes>) -> Reply {
        let inner = Arc::clone(&self.inner);
        let Some(call) = inner.next() else {
            inner.died.notify_one();
            return Box::pin(std::future::pending());
        };
        let fate = inner.fate();
        // A task of its own: what was sent arrives, whether or not anyone waits for the answer.
        let arrives = tokio::spawn(async move {
            tokio::time::sleep(fate.there).await;
            if fate.reset {
                return Err(TransportFault::Reset("on the way there".to_owned()));
            }
            let answer = inner.simulator.handle(request).await;
            if inner.death == Some(Death::After(call)) {
                inner.dead.store(true, Ordering::SeqCst);
                inner.died.notify_one();
                return std::future::pending().await;
            }
            tokio::time::sleep(fate.back).await;
            if fate.lost {
                return Err(TransportFault::Reset("on the way back".to_owned()));
            }
            answer.map_err(|fault| TransportFault::Reset(fault.to_string()))
        });
        Box::pin(async move {
            arrives.await.unwrap_or_else(|error| Err(TransportFault::Reset(format!("the simulator broke: {error}"))))
        })
    }
}
