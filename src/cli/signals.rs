//! Signals: the first interrupt drains, the second one or a termination stops.

use std::sync::mpsc;

use fathuss_engine::apply::Pace;
use tokio::sync::watch;

/// Listens from when this returns; the receiver says whether to go on.
pub fn listen() -> watch::Receiver<Pace> {
    let (sender, receiver) = watch::channel(Pace::Run);
    let (ready, listening) = mpsc::channel();
    // A thread of its own: virtual time must not depend on when a signal comes.
    std::thread::spawn(move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        runtime.block_on(follow(&sender, ready));
    });
    // An error says that the thread could not listen and has ended: then a signal ends the process, as it always does.
    let _ = listening.recv();
    receiver
}

/// Waits until this process is told to end.
#[cfg(unix)]
pub async fn end() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        },
        Err(_) => _ = tokio::signal::ctrl_c().await,
    }
}

/// Waits until this process is told to end.
#[cfg(not(unix))]
pub async fn end() {
    _ = tokio::signal::ctrl_c().await;
}

#[cfg(unix)]
async fn follow(sender: &watch::Sender<Pace>, ready: mpsc::Sender<()>) {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return;
    };
    // A closed terminal is no reason to lose anything: the run goes on, what it prints goes nowhere.
    let _hangup = signal(SignalKind::hangup());
    let _ = ready.send(());
    loop {
        let next = tokio::select! {
            Some(()) = interrupt.recv() => match *sender.borrow() {
                Pace::Run => Pace::Drain,
                Pace::Drain | Pace::Stop => Pace::Stop,
            },
            Some(()) = terminate.recv() => Pace::Stop,
        };
        if sender.send(next).is_err() {
            return;
        }
    }
}

#[cfg(not(unix))]
async fn follow(sender: &watch::Sender<Pace>, ready: mpsc::Sender<()>) {
    let _ = ready.send(());
    while tokio::signal::ctrl_c().await.is_ok() {
        let next = if *sender.borrow() == Pace::Run { Pace::Drain } else { Pace::Stop };
        if sender.send(next).is_err() {
            return;
        }
    }
}
