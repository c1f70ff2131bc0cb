//! The program `fathuss`, run in a project of a test's own, with an end to every wait.
#![allow(dead_code, reason = "each test takes what it needs")]

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use fathuss_model::program::{Outcome, Stacks};

/// Longer than anything here takes on a busy machine, builds included; what waits longer is stuck.
const PATIENCE: Duration = Duration::from_secs(300);

/// The program with these words, in this folder, and with nothing of this machine's AWS settings.
pub fn fathuss(program: &Path, folder: &Path, words: &str) -> Command {
    let mut command = Command::new(program);
    command.args(words.split_whitespace()).current_dir(folder).stdin(Stdio::null());
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("AWS_")) {
        command.env_remove(name);
    }
    let nowhere = folder.join("no-such-file");
    command.env("AWS_CONFIG_FILE", &nowhere).env("AWS_SHARED_CREDENTIALS_FILE", nowhere);
    command.env("AWS_EC2_METADATA_DISABLED", "true");
    command
}

/// Lets a stack program that prints files print these stacks from now on.
pub fn declare(folder: &Path, stacks: Stacks<'_>) {
    for (name, _) in stacks {
        let mut text = Vec::new();
        let printed = fathuss_model::program::run(stacks, &[(*name).to_owned()], &mut text).expect("it can be printed");
        assert_eq!(printed, Outcome::Printed, "{name}");
        std::fs::write(folder.join(name), text).expect("there is room");
    }
}

/// Starts it with its output kept.
pub fn start(mut command: Command) -> Running {
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    Running(Some(child))
}

/// Starts it with its output in a file.
pub fn start_into(mut command: Command, file: &File) -> Running {
    let [out, err] = [(); 2].map(|()| file.try_clone().expect("it is open"));
    Running(Some(command.stdout(out).stderr(err).spawn().expect("the program starts")))
}

/// A process that ends with the test.
pub struct Running(Option<Child>);

impl Running {
    /// Its number.
    pub fn pid(&self) -> u32 {
        self.0.as_ref().expect("it has not been waited for").id()
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.0.as_mut().expect("it has not been waited for").try_wait().expect("it can be waited for")
    }

    /// Waits for its end.
    pub fn end(self) -> Ended {
        let (ended, in_time) = self.end_by(Instant::now() + PATIENCE, Duration::ZERO);
        assert!(in_time, "it did not end within {PATIENCE:?}");
        Ended(ended)
    }

    /// Waits for its end until `end`; then tells it to finish what is under way, gives it this much longer, and ends
    /// it. Tells whether it ended by itself.
    pub fn end_by(mut self, end: Instant, grace: Duration) -> (Output, bool) {
        let mut child = self.0.take().expect("it has not been waited for");
        let (mut out, mut err) = (child.stdout.take(), child.stderr.take());
        // Both are read to their end while it runs, so that it never waits for a reader.
        let read = |pipe: Option<&mut dyn Read>| {
            let mut text = Vec::new();
            pipe.map(|pipe| pipe.read_to_end(&mut text));
            text
        };
        std::thread::scope(|scope| {
            let err = scope.spawn(|| read(err.as_mut().map(|pipe| pipe as &mut dyn Read)));
            let out = scope.spawn(|| read(out.as_mut().map(|pipe| pipe as &mut dyn Read)));
            let ended = wait(&mut child, end);
            let in_time = ended.is_some();
            let status = ended.unwrap_or_else(|| {
                signal(&child, "INT");
                let status = wait(&mut child, Instant::now() + grace);
                status.unwrap_or_else(|| {
                    let _ = child.kill();
                    child.wait().expect("it has ended")
                })
            });
            let (stdout, stderr) = (out.join().expect("it is read"), err.join().expect("it is read"));
            (Output { status, stdout, stderr }, in_time)
        })
    }

    /// Asks it to end, as a supervisor does, and waits for it.
    pub fn terminate(self) -> Ended {
        signal(self.0.as_ref().expect("it has not been waited for"), "TERM");
        self.end()
    }

    /// Ends it without asking.
    pub fn kill(self) {
        self.kill_alive();
    }

    /// Ends it without asking, and tells whether it had not ended by itself.
    pub fn kill_alive(mut self) -> bool {
        let mut child = self.0.take().expect("it has not been waited for");
        let alive = child.try_wait().expect("it can be waited for").is_none();
        child.kill().expect("it can be killed");
        child.wait().expect("it has ended");
        alive
    }
}

/// Waits for its end until then.
fn wait(child: &mut Child, end: Instant) -> Option<ExitStatus> {
    loop {
        if let Some(status) = child.try_wait().expect("it can be waited for") {
            return Some(status);
        }
        if Instant::now() >= end {
            return None;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Sends it a signal, by name. One that has just ended gets none.
fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args(["-s", name, &child.id().to_string()]).status();
    sent.expect("there is a program `kill`");
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A run that is over.
pub struct Ended(Output);

impl Ended {
    /// Standard output of a run that went well.
    pub fn well(self) -> String {
        let (out, err) = self.texts();
        assert!(self.0.status.success(), "{}\n{out}\n{err}", self.0.status);
        out
    }

    /// Standard error of a run that failed by saying so.
    pub fn badly(self) -> String {
        let (out, err) = self.texts();
        assert_eq!(self.0.status.code(), Some(1), "{out}\n{err}");
        err
    }

    /// What it printed, however it ended.
    pub fn said(&self) -> String {
        let (out, err) = self.texts();
        format!("{out}\n{err}")
    }

    fn texts(&self) -> (String, String) {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (text(&self.0.stdout), text(&self.0.stderr))
    }
}

/// A served sandbox.
pub struct Server {
    /// Its process.
    pub process: Running,
    /// Its address, `127.0.0.1:PORT`.
    pub address: String,
    /// Kept, so that it can go on writing.
    _out: BufReader<ChildStdout>,
}

impl Server {
    /// Serves in this folder with these options, at a free port.
    pub fn start(program: &Path, folder: &Path, options: &str) -> Self {
        let mut process = start(fathuss(program, folder, &format!("sandbox serve --port 0 {options}")));
        let out = process.0.as_mut().and_then(|child| child.stdout.take()).expect("its output is kept");
        let (mut line, mut out) = (String::new(), BufReader::new(out));
        out.read_line(&mut line).expect("it can be read");
        let Some((_, address)) = line.trim_end().split_once("http://") else {
            panic!("it does not say where it listens: {line:?} {}", process.end().badly());
        };
        Self { address: address.to_owned(), process, _out: out }
    }

    /// What one of the simulator's own paths answers.
    pub fn ask(&self, path: &str) -> serde_json::Value {
        ask(&self.address, path)
    }

    /// The environment in which AWS's clients talk to it, for an account.
    pub fn seen_by(&self, mut command: Command, account: &str) -> Command {
        command.env("AWS_ENDPOINT_URL", format!("http://{}", self.address));
        command.env("AWS_ACCESS_KEY_ID", account).env("AWS_SECRET_ACCESS_KEY", "test");
        command
    }
}

/// What a simulator at this address says of itself.
pub fn ask(address: &str, path: &str) -> serde_json::Value {
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("it is above zero");
    let request = format!("GET /_fathuss/{path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("it takes a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    let (_, body) = answer.split_once("\r\n\r\n").expect("it has a body");
    serde_json::from_str(body).expect("it is JSON")
}

/// Waits until a file is there.
pub fn wait_for(path: &Path) -> PathBuf {
    let began = Instant::now();
    while !path.exists() {
        assert!(began.elapsed() < PATIENCE, "{} does not appear", path.display());
        std::thread::sleep(Duration::from_millis(5));
    }
    path.to_owned()
}
