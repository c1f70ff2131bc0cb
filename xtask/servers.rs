//! The servers that the step `backends` tests against: two that speak S3, and PostgreSQL.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::cache;

const VERSITYGW: &str = "1.8.0";

/// The bucket on both object stores.
const BUCKET: &str = "states";

/// What the object stores let in. Nothing else knows these servers.
const KEY: (&str, &str) = ("test", "testtest");

/// How long a server may take to listen.
const PATIENCE: Duration = Duration::from_secs(60);

/// Servers on ports of their own, until this is dropped.
pub struct Servers {
    versitygw: Server,
    /// Where the first of them has the bucket's objects.
    objects: PathBuf,
    moto: Server,
    postgres: Postgres,
}

impl Servers {
    /// Starts them with nothing in them; what they need is installed, or what is missing is said.
    pub fn start(root: &Path, folder: &Path) -> Result<Self, String> {
        let written = |error: std::io::Error| format!("{}: {error}", folder.display());
        if folder.exists() {
            fs::remove_dir_all(folder).map_err(written)?;
        }
        // To this one, a bucket is a folder.
        let objects = folder.join("objects").join(BUCKET);
        fs::create_dir_all(&objects).map_err(written)?;
        let postgres = Postgres::start()?;

        let gateway = "github.com/versity/versitygw/cmd/versitygw";
        let mut versitygw = Command::new(cache::go_tool("versitygw", gateway, VERSITYGW)?);
        let port = free_port()?;
        versitygw.args(["--quiet", "--port", &format!("127.0.0.1:{port}"), "posix"]).arg(folder.join("objects"));
        versitygw.env("ROOT_ACCESS_KEY", KEY.0).env("ROOT_SECRET_KEY", KEY.1);
        let versitygw = Server::start("versitygw", versitygw, port, folder)?;

        let python = cache::python(&root.join("tests/conformance/requirements.txt"))?;
        let port = free_port()?;
        let mut moto = Command::new(python);
        moto.args(["-m", "moto.server", "-H", "127.0.0.1", "-p", &port.to_string()]);
        let moto = Server::start("moto", moto, port, folder)?;
        moto.put(BUCKET)?;
        Ok(Self { versitygw, objects, moto, postgres })
    }

    /// Where they are, for the tests.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        vec![
            ("FATHUSS_TEST_OBJECTS", self.objects.display().to_string()),
            ("FATHUSS_TEST_VERSITYGW", format!("http://127.0.0.1:{}", self.versitygw.port)),
            ("FATHUSS_TEST_MOTO", format!("http://127.0.0.1:{}", self.moto.port)),
            ("FATHUSS_TEST_POSTGRES", format!("postgres://mia@127.0.0.1:{}/states", self.postgres.port)),
            ("AWS_ACCESS_KEY_ID", KEY.0.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", KEY.1.to_owned()),
            ("PATH", std::env::join_paths(self.postgres.path()).unwrap_or_default().to_string_lossy().into_owned()),
        ]
    }
}

/// A process that listens.
struct Server {
    process: Child,
    port: u16,
}

impl Server {
    fn start(name: &str, mut command: Command, port: u16, folder: &Path) -> Result<Self, String> {
        let path = folder.join(format!("{name}.log"));
        let log = fs::File::create(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let errors = log.try_clone().map_err(|error| format!("{}: {error}", path.display()))?;
        command.stdin(Stdio::null()).stdout(log).stderr(errors);
        let process = command.spawn().map_err(|error| format!("{name}: {error}"))?;
        let mut server = Self { process, port };
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = server.process.try_wait().is_ok_and(|status| status.is_some());
            if ended || began.elapsed() > PATIENCE {
                return Err(format!("{name} does not listen; see {}", path.display()));
            }
            sleep(Duration::from_millis(50));
        }
        Ok(server)
    }

    /// Puts something that needs no body and no signature.
    fn put(&self, path: &str) -> Result<(), String> {
        let failed = |error: std::io::Error| format!("PUT /{path}: {error}");
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).map_err(failed)?;
        let request =
            format!("PUT /{path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).map_err(failed)?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).map_err(failed)?;
        if answer.split(' ').nth(1) == Some("200") { Ok(()) } else { Err(format!("PUT /{path}: {answer}")) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A database server in a folder of its own. It does not run as root, so root runs it as `postgres`.
struct Postgres {
    programs: PathBuf,
    folder: PathBuf,
    port: u16,
}

impl Postgres {
    fn start() -> Result<Self, String> {
        let programs = match programs() {
            Some(programs) => programs,
            None => install()?,
        };
        let port = free_port()?;
        let made = output(unprivileged("mktemp").args(["-d", "-t", "fathuss-postgres.XXXXXX"]))?;
        let server = Self { programs, folder: PathBuf::from(made.trim()), port };
        let data = server.folder.join("data");
        let initdb = ["--username=mia", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"];
        output(server.program("initdb").args(initdb).arg("-D").arg(&data))?;
        let options = format!("-p {port} -c listen_addresses=127.0.0.1 -c fsync=off -k {}", server.folder.display());
        let log = server.folder.join("log");
        // What it prints would keep a pipe open for as long as the server runs.
        let start = ["start", "--wait", "--silent", "-o", &options];
        cache::run(server.program("pg_ctl").args(start).arg("-D").arg(&data).arg("-l").arg(&log))?;
        let create =
            ["-q", "-h", "127.0.0.1", "-p", &port.to_string(), "-U", "mia", "-d", "postgres"].map(str::to_owned);
        output(server.program("psql").args(create).args(["-c", "CREATE DATABASE states"]))?;
        Ok(server)
    }

    fn program(&self, name: &str) -> Command {
        let path = self.programs.join(name);
        unprivileged(if path.exists() { path.to_string_lossy().into_owned() } else { name.to_owned() }.as_str())
    }

    /// Where programs are, its own first.
    fn path(&self) -> Vec<PathBuf> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::iter::once(self.programs.clone()).chain(std::env::split_paths(&path)).collect()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let data = self.folder.join("data");
        // What is left of it lies in a folder for what may go.
        let _ = self.program("pg_ctl").args(["stop", "--mode=immediate", "--silent", "-D"]).arg(data).status();
        let _ = unprivileged("rm").arg("-rf").arg(&self.folder).status();
    }
}

/// The folder of the server's programs; Debian has them in none of `PATH`.
fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<PathBuf> = debian.map(|version| version.path().join("bin")).collect();
    versions.sort();
    versions.into_iter().rev().chain(std::env::split_paths(&path)).find(|folder| folder.join("initdb").exists())
}

fn install() -> Result<PathBuf, String> {
    let missing = "PostgreSQL is missing: install Debian's package postgresql, or another that puts `initdb` into PATH";
    install_package("postgresql", missing)?;
    programs().ok_or_else(|| missing.to_owned())
}

/// Sees to it that Redis is there, which Argo CD keeps what it has rendered in.
pub fn redis() -> Result<(), String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    if std::env::split_paths(&path).any(|folder| folder.join("redis-server").is_file()) {
        return Ok(());
    }
    install_package(
        "redis-server",
        "Redis is missing: install Debian's package redis-server, or another that puts it into PATH",
    )
}

/// Installs Debian's package where this is root and has the means; otherwise says what is missing.
fn install_package(name: &str, missing: &str) -> Result<(), String> {
    if !is_root() {
        return Err(missing.to_owned());
    }
    let apt = |words: &[&str]| {
        let mut command = Command::new("apt-get");
        output(command.args(words).env("DEBIAN_FRONTEND", "noninteractive"))
    };
    let package = ["install", "--yes", "--no-install-recommends", name];
    // Lists that are old, or none, name packages that are not there.
    apt(&package)
        .or_else(|_| apt(&["update"]).and_then(|_| apt(&package)))
        .map(|_| ())
        .map_err(|why| format!("{missing} ({why})"))
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

/// A command as somebody who is not root.
fn unprivileged(program: &str) -> Command {
    let root = is_root();
    let mut command = Command::new(if root { "runuser" } else { program });
    if root {
        command.args(["-u", "postgres", "--", program]);
    }
    // A folder that this user may not read would be complained about.
    command.current_dir("/");
    command
}

fn output(command: &mut Command) -> Result<String, String> {
    let words = format!("{command:?}");
    let output = command.output().map_err(|error| format!("{words}: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(format!("{words}: {}{}", output.status, String::from_utf8_lossy(&output.stderr)))
}

fn free_port() -> Result<u16, String> {
    let listener = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    listener.map(|address| address.port()).map_err(|error| format!("no port is free: {error}"))
}
