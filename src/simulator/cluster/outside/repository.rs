//! A folder as a Git repository. Its branches are one commit without parents, author or time of its own, so that
//! the same content is the same commit wherever and whenever it is asked for. Git itself speaks with the client:
//! <https://git-scm.com/docs/http-protocol>.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_ENCODING};
use http::{HeaderValue, Method, Request, StatusCode, Uri};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tokio::sync::Mutex;

use super::Repository;
use super::proxy::{Answer, content, text};
use crate::{Error, Programs};

/// How often the folder is looked at: a client asks for the branches several times in a row.
const LOOK: Duration = Duration::from_secs(1);

/// A repository, and where Git keeps its objects.
#[derive(Debug)]
pub(super) struct Served {
    pub(super) host: String,
    path: String,
    repository: Repository,
    bare: PathBuf,
    git: PathBuf,
    programs: Programs,
    /// When the folder was looked at last, and the commit that it was. Held while it is: Git does not let two look at
    /// once.
    looked: Mutex<Option<(Instant, String)>>,
}

impl Served {
    pub(super) fn new(mut repository: Repository, folder: &Path, programs: &Programs) -> Result<Self, Error> {
        let hint = "Install it: the project's folder is given to Argo CD by it";
        let what = "Argo CD of a simulated cluster";
        let git = programs.find("git").ok_or(Error::NoProgram { what, program: "git", hint })?;
        let wrong =
            |why: &str| Error::Outside { doing: format!("the repository {}", repository.url), why: why.to_owned() };
        let url: Uri = repository.url.parse().map_err(|_| wrong("this is no address"))?;
        let host = url.host().ok_or_else(|| wrong("its address has no host: https://HOST/PATH"))?.to_owned();
        if repository.branches.is_empty() {
            return Err(wrong("it has no branch"));
        }
        repository.folder = std::path::absolute(&repository.folder).map_err(Error::file(&repository.folder))?;
        let path = without_git(url.path().trim_end_matches('/')).to_owned();
        let bare = folder.join(format!("{host}{path}.git"));
        // What a Git that was killed left: nobody else works in it.
        let _ = std::fs::remove_file(bare.join("index.lock"));
        Ok(Self { host, path, repository, bare, git, programs: programs.clone(), looked: Mutex::default() })
    }

    /// What comes after the repository's own address.
    pub(super) fn rest<'a>(&self, host: &str, path: &'a str) -> Option<&'a str> {
        let rest = path.strip_prefix(self.path.as_str()).filter(|_| host == self.host)?;
        let rest = rest.strip_prefix(".git").unwrap_or(rest);
        rest.starts_with('/').then_some(rest)
    }

    pub(super) async fn answer(self: &Arc<Self>, rest: &str, request: Request<Incoming>) -> Answer {
        let upload_pack = request.uri().query().is_some_and(|query| query.contains("service=git-upload-pack"));
        let answered = match (request.method(), rest) {
            (&Method::GET, "/info/refs") if upload_pack => self.advertise(&request).await,
            (&Method::POST, "/git-upload-pack") => self.upload(request).await,
            _ => return text(StatusCode::FORBIDDEN, "this repository can be fetched from, and nothing else"),
        };
        let mut answer = answered.unwrap_or_else(|error| text(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()));
        answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        answer
    }

    /// The commit that the folder is now.
    pub(super) async fn head(self: &Arc<Self>) -> Result<String, Error> {
        // Who goes away does not end it: a Git that is killed leaves its lock.
        let this = Arc::clone(self);
        let looked = tokio::spawn(async move { this.look().await }).await;
        looked.map_err(|error| Error::Defect { why: error.to_string() })?
    }

    async fn advertise(self: &Arc<Self>, request: &Request<Incoming>) -> Result<Answer, Error> {
        self.head().await?;
        let refs = self.upload_pack(&["--advertise-refs"], protocol(request), &[]).await?;
        let body = [b"001e# service=git-upload-pack\n0000", refs.as_slice()].concat();
        Ok(content(StatusCode::OK, "application/x-git-upload-pack-advertisement", body.into()))
    }

    async fn upload(&self, request: Request<Incoming>) -> Result<Answer, Error> {
        let broken = |why: String| Error::Outside { doing: "reading what Git asks for".to_owned(), why };
        let protocol = protocol(&request);
        let is_packed = request.headers().get(CONTENT_ENCODING).is_some_and(|encoding| encoding == "gzip");
        let body = request.into_body().collect().await.map_err(|error| broken(error.to_string()))?.to_bytes();
        let body = if is_packed { unpacked(&body).map_err(|error| broken(error.to_string()))? } else { body };
        let pack = self.upload_pack(&[], protocol, &body).await?;
        Ok(content(StatusCode::OK, "application/x-git-upload-pack-result", pack.into()))
    }

    /// Makes the branches what the folder is now, and gives the commit.
    async fn look(&self) -> Result<String, Error> {
        let mut looked = self.looked.lock().await;
        if let Some((_, commit)) = looked.as_ref().filter(|(at, _)| at.elapsed() < LOOK) {
            return Ok(commit.clone());
        }
        let branches = &self.repository.branches;
        let info = self.bare.join("info");
        std::fs::create_dir_all(&info).map_err(Error::file(&info))?;
        if !self.bare.join("HEAD").exists() {
            self.git(&["init", "--quiet", "--bare"]).await?;
            self.git(&["symbolic-ref", "HEAD", &format!("refs/heads/{}", branches[0])]).await?;
        }
        // The sandbox's own data, this repository among it, where the project does not ignore it itself.
        let exclude = info.join("exclude");
        std::fs::write(&exclude, ".fathuss/\n").map_err(Error::file(&exclude))?;

        let folder = self.repository.folder.display().to_string();
        self.git(&["--work-tree", &folder, "add", "--all"]).await?;
        let tree = self.git(&["write-tree"]).await?;
        let commit = self.git(&["commit-tree", tree.trim(), "-m", "The folder as it is"]).await?;
        for branch in branches {
            self.git(&["update-ref", &format!("refs/heads/{branch}"), commit.trim()]).await?;
        }
        *looked = Some((Instant::now(), commit.trim().to_owned()));
        Ok(commit.trim().to_owned())
    }

    async fn git(&self, arguments: &[&str]) -> Result<String, Error> {
        let mut command = self.command(&self.repository.folder);
        command.arg("--git-dir").arg(&self.bare).args(arguments);
        Ok(String::from_utf8_lossy(&self.run(command, &[]).await?).into_owned())
    }

    async fn upload_pack(&self, arguments: &[&str], protocol: Option<String>, input: &[u8]) -> Result<Vec<u8>, Error> {
        let mut command = self.command(&self.bare);
        // A commit that was a branch's a moment ago may still be wanted.
        command.args(["-c", "uploadpack.allowAnySHA1InWant=true", "upload-pack", "--stateless-rpc"]);
        command.args(arguments).arg(&self.bare).envs(protocol.map(|protocol| ("GIT_PROTOCOL", protocol)));
        self.run(command, input).await
    }

    /// Git, without anything that a person has configured for it.
    fn command(&self, folder: &Path) -> Command {
        let mut command = Command::new(&self.git);
        command.current_dir(folder).env_clear().env("PATH", self.programs.path()).env("HOME", &self.bare);
        command.env("LC_ALL", "C").env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_NAME"), "fathuss").env(format!("GIT_{who}_EMAIL"), "fathuss@localhost");
            command.env(format!("GIT_{who}_DATE"), "2000-01-01T00:00:00Z");
        }
        command
    }

    async fn run(&self, mut command: Command, input: &[u8]) -> Result<Vec<u8>, Error> {
        let failed = |why: String| Error::Outside {
            doing: format!("{} as a Git repository", self.repository.folder.display()),
            why,
        };
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().map_err(|error| failed(error.to_string()))?;
        let stdin = child.stdin.take();
        let write = async {
            if let Some(mut stdin) = stdin {
                // Where Git does not read it to its end, it says why.
                let _ = stdin.write_all(input).await;
            }
        };
        let (output, ()) = tokio::join!(child.wait_with_output(), write);
        let output = output.map_err(|error| failed(error.to_string()))?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
    }
}

fn protocol(request: &Request<Incoming>) -> Option<String> {
    request.headers().get("git-protocol")?.to_str().ok().map(str::to_owned)
}

fn without_git(path: &str) -> &str {
    path.strip_suffix(".git").unwrap_or(path)
}

fn unpacked(body: &[u8]) -> std::io::Result<Bytes> {
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(body).read_to_end(&mut plain)?;
    Ok(plain.into())
}
