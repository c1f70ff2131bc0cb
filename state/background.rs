//! A runtime of a backend's own: what waits for a store goes on there, whoever
//! calls from which thread, and whatever time it is in the caller's runtime.

use std::future::Future;
use std::io;
use std::sync::mpsc::sync_channel;

use tokio::runtime::{Builder, Runtime};

/// A runtime with a thread of its own, which ends with this.
#[derive(Debug)]
pub(crate) struct Background(Option<Runtime>);

impl Background {
    pub(crate) fn start() -> io::Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(1).thread_name("state").enable_all().build()?;
        Ok(Self(Some(runtime)))
    }

    /// Lets work go on beside everything else.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        if let Some(runtime) = &self.0 {
            runtime.spawn(work);
        }
    }

    /// Waits for the work's end; none where it panicked.
    pub(crate) fn wait<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> Option<T> {
        let (sender, receiver) = sync_channel(1);
        self.spawn(async move {
            // The caller waits for it.
            let _ = sender.send(work.await);
        });
        receiver.recv().ok()
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        // Where a caller's runtime runs, one must not wait for another.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn time_goes_on_there_while_the_callers_stands_still() -> io::Result<()> {
        let (background, before, time) = (Background::start()?, tokio::time::Instant::now(), Duration::from_millis(20));
        let began = Instant::now();
        background.wait(async move { tokio::time::sleep(time).await });
        assert!(began.elapsed() >= time);
        assert_eq!(before.elapsed(), Duration::ZERO);
        // And it ends here, where another runtime runs.
        drop(background);
        Ok(())
    }

    #[test]
    fn work_that_panics_gives_nothing_and_ends_nothing() -> io::Result<()> {
        let background = Background::start()?;
        assert_eq!(background.wait(async { assert_eq!(1, 2, "on purpose") }), None);
        assert_eq!(background.wait(async { 3 }), Some(3));
        Ok(())
    }
}
