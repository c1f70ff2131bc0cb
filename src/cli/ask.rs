//! The question before anything is changed: answered by `yes` alone, and by an interrupt with no.

use std::io::{BufRead, IsTerminal, Write};

use fathuss_engine::apply::Pace;
use tokio::sync::watch;

use crate::error::Error;
use crate::options::Output;

/// A question.
pub struct Question<'a> {
    /// What is done, in a word.
    pub verb: &'a str,
    /// The question itself.
    pub what: &'a str,
    /// The command that asks it, which with `--yes` does not.
    pub again: &'a str,
}

impl Question<'_> {
    /// Whether the answer is yes.
    ///
    /// # Errors
    /// Where nobody is there to be asked.
    pub async fn confirmed(&self, output: &Output, pace: &mut watch::Receiver<Pace>) -> Result<bool, Error> {
        let Self { verb, what, again } = self;
        if output.json || !std::io::stdin().is_terminal() {
            return Err(Error::Usage(format!(
                "nobody is there to be asked; nothing was changed\nNext: to {verb} without being asked, run\n  {again} --yes"
            )));
        }
        let mut stderr = std::io::stderr();
        write!(stderr, "{what}? Only `yes` is taken: ").and_then(|()| stderr.flush()).map_err(Error::Output)?;
        let (sender, answer) = tokio::sync::oneshot::channel();
        // A thread of its own, left behind where no answer comes: reading can't be called off.
        std::thread::spawn(move || {
            let mut answer = String::new();
            let read = std::io::stdin().lock().read_line(&mut answer).map(|_| answer);
            let _ = sender.send(read);
        });
        let answer = tokio::select! {
            answer = answer => answer.unwrap_or_else(|_| Ok(String::new())),
            () = interrupted(pace) => Ok(String::new()),
        };
        let answer = answer.map_err(|error| Error::Usage(format!("the answer can't be read: {error}")))?;
        if !answer.ends_with('\n') {
            // The cursor still stands behind the question.
            writeln!(stderr).map_err(Error::Output)?;
        }
        Ok(answer.trim() == "yes")
    }
}

/// Returns once an interrupt has come; never where none does.
pub async fn interrupted(pace: &mut watch::Receiver<Pace>) {
    if pace.wait_for(|pace| *pace != Pace::Run).await.is_err() {
        std::future::pending().await
    }
}
