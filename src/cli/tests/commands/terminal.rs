//! A terminal for the program: a pseudo-terminal of a size, and what is to be seen on it.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use pty_process::Size;
use pty_process::blocking::{self, Pty};

use crate::project::{FATHUSS, Project};

/// No test waits longer than this for something that it knows will come.
const PATIENCE: Duration = Duration::from_secs(60);

/// The height of the terminal.
const LINES: u16 = 24;

/// More lines than anything here prints: nothing scrolls away.
const TALL: u16 = 4000;

/// The program on a terminal.
pub struct Terminal {
    child: Child,
    keys: Pty,
    output: Receiver<Vec<u8>>,
    /// Everything that was printed, as it came.
    pub bytes: Vec<u8>,
    screen: vt100::Parser,
    columns: u16,
}

impl Terminal {
    /// Runs `fathuss` with these words on a terminal of 24 lines.
    pub fn run(project: &Project, words: &str, columns: u16) -> Self {
        Self::run_with(project, words, columns, &[])
    }

    /// The same, with more in the environment.
    pub fn run_with(project: &Project, words: &str, columns: u16, more: &[(&str, &str)]) -> Self {
        let (keys, other_end) = blocking::open().expect("there is a pseudo-terminal to be had");
        keys.resize(Size::new(LINES, columns)).expect("it has a size");
        let command = blocking::Command::new(FATHUSS).args(words.split_whitespace()).current_dir(project.root());
        let command = command.env_clear().envs(project.environment()).env("TERM", "xterm-256color");
        let child = command.envs(more.iter().copied()).spawn(other_end).expect("the program starts");
        let mut reading = std::fs::File::from(
            std::os::fd::AsFd::as_fd(&keys).try_clone_to_owned().expect("a terminal can be read twice"),
        );
        let (sender, output) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 8192];
            // Linux says "input/output error" where the last program has left the terminal.
            while let Ok(length @ 1..) = reading.read(&mut buffer) {
                if sender.send(buffer[..length].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self { child, keys, output, bytes: Vec::new(), screen: parser(LINES, columns), columns }
    }

    /// Presses keys.
    pub fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("the terminal takes keys");
    }

    /// The process on it.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until this has been printed.
    #[track_caller]
    pub fn wait_for(&mut self, text: &str) {
        self.wait_until(text, |terminal| terminal.text().contains(text));
    }

    /// Waits until one line of the screen has all of these words.
    #[track_caller]
    pub fn wait_for_line(&mut self, words: &[&str]) {
        self.wait_until(&words.join(" "), |terminal| {
            terminal.screen.screen().rows(0, terminal.columns).any(|row| words.iter().all(|word| row.contains(word)))
        });
    }

    #[track_caller]
    fn wait_until(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        let until = Instant::now() + PATIENCE;
        while !holds(self) {
            match self.output.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(bytes) => self.take(&bytes),
                Err(error) => panic!("{what:?} did not come ({error}):\n{}", self.text()),
            }
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        self.screen.process(bytes);
        self.bytes.extend(bytes);
    }

    /// Waits until the program has ended.
    #[track_caller]
    pub fn end(&mut self) -> ExitStatus {
        let until = Instant::now() + PATIENCE;
        loop {
            match self.output.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(bytes) => self.take(&bytes),
                Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => break,
                Err(error) => panic!("the program does not end ({error}):\n{}", self.text()),
            }
        }
        self.child.wait().expect("it is a child of this process")
    }

    /// Everything that was printed, without its looks.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let mut rest = self.bytes.iter().copied().peekable();
        let mut plain = Vec::new();
        while let Some(byte) = rest.next() {
            match byte {
                0x1b => {
                    rest.next_if_eq(&b'[');
                    while rest.next().is_some_and(|byte| !(0x40..=0x7e).contains(&byte)) {}
                }
                b'\r' => {}
                byte => plain.push(byte),
            }
        }
        text.push_str(&String::from_utf8_lossy(&plain));
        text
    }

    /// What is left to be seen, line by line, as a person would scroll through it.
    pub fn seen(&self) -> Vec<String> {
        let parser = self.parsed();
        let mut lines: Vec<String> =
            parser.screen().rows(0, self.columns).map(|row| row.trim_end().to_owned()).collect();
        while lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
        lines
    }

    /// The lines that did not fit, each as the terminal broke it.
    pub fn wrapped(&self) -> Vec<String> {
        let parser = self.parsed();
        let rows: Vec<String> = parser.screen().rows(0, self.columns).collect();
        (0..TALL).filter(|row| parser.screen().row_wrapped(*row)).map(|row| rows[usize::from(row)].clone()).collect()
    }

    fn parsed(&self) -> vt100::Parser {
        let mut parser = parser(TALL, self.columns);
        parser.process(&self.bytes);
        parser
    }
}

fn parser(lines: u16, columns: u16) -> vt100::Parser {
    let size = |number| NonZeroU16::new(number).expect("a terminal has a size");
    vt100::Parser::new(size(lines), size(columns), 0)
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a signal, as `kill` does.
pub fn signal(pid: u32, name: &str) {
    let status = Command::new("kill").args([format!("-{name}"), pid.to_string()]).status().expect("there is kill");
    assert!(status.success(), "kill -{name} {pid}: {status}");
}
