//! `fathuss sandbox serve`, and the program pointed at it as it would be at AWS.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::demo::ACCOUNT;
use crate::project::Project;

/// A served simulator, ended with this.
pub struct Server {
    child: Child,
    /// What it said when it began.
    pub greeting: String,
    /// Host and port.
    pub address: String,
    /// Open as long as it runs: it ends where nobody can read what it says.
    _output: BufReader<ChildStdout>,
}

impl Server {
    /// Serves a world in memory whose time goes so much faster.
    pub fn start(project: &Project, speed: u32) -> Self {
        Self::start_with(project, &format!("--memory --speed {speed} --account {ACCOUNT}"))
    }

    /// Serves with these options, on a free port.
    pub fn start_with(project: &Project, options: &str) -> Self {
        let mut command = project.command(&format!("sandbox serve --port 0 {options}"));
        let mut child = command.stdout(Stdio::piped()).spawn().expect("it starts");
        let mut output = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut greeting = String::new();
        while !greeting.contains("AWS CLI") {
            let length = output.read_line(&mut greeting).expect("it is text");
            assert!(length > 0, "it ended after {greeting:?}");
        }
        let rest = greeting.split("http://").nth(1).unwrap_or_else(|| panic!("no address in {greeting}"));
        let address = rest.split_whitespace().next().expect("it goes on").to_owned();
        Self { child, greeting, address, _output: output }
    }

    /// Lets the program see the server as AWS, with this access key.
    pub fn seen_by(&self, mut command: Command, key: &str) -> Command {
        command
            .env("AWS_ENDPOINT_URL", format!("http://{}", self.address))
            .env("AWS_ACCESS_KEY_ID", key)
            .env("AWS_SECRET_ACCESS_KEY", "test");
        command
    }

    /// Sets what goes wrong from now on: a JSON list of fault rules.
    pub fn faults(&self, rules: &str) {
        let answer = self.ask("PUT", "faults", rules);
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    /// How often an operation was called.
    pub fn calls(&self, operation: &str) -> u64 {
        let answer = self.ask("GET", "calls", "");
        let (_, counts) = answer.split_once(&format!("\"{operation}\": ")).unwrap_or_default();
        counts.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap_or(0)
    }

    /// The rows of a table, as JSON.
    pub fn rows(&self, table: &str) -> String {
        self.ask("GET", &format!("world/{table}"), "")
    }

    /// What stands at one of the simulator's own paths.
    pub fn get(&self, path: &str) -> String {
        self.ask("GET", path, "")
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        let length = body.len();
        write!(
            stream,
            "{method} /_fathuss/{path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}",
            self.address
        )
        .expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        answer
    }

    /// Its process.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself, as one test asks it to.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How many VPCs of ours there are in the sandbox, whatever the state says: its world is served, and asked.
pub fn vpcs(project: &Project) -> usize {
    let world = project.path(".fathuss/sandbox/world").display().to_string();
    let server = Server::start_with(project, &format!("--world {world}"));
    let rows = server.rows("ec2.vpc");
    assert!(rows.contains("\"172.31.0.0/16\""), "AWS's own VPC is there: {rows}");
    rows.matches("\"10.0.0.0/16\"").count()
}
