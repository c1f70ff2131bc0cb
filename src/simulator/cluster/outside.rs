//! The internet, as far as a simulated cluster asks it for something: a proxy that stands for the project's own
//! Git repository and for the repositories of others' charts, under their real addresses. What is declared in a
//! cluster names the same addresses in the sandbox as on AWS.
//!
//! Whoever is to see it is started with [`Outside::environment`]. Hosts that it does not stand for are reached as
//! they are.

mod authority;
mod proxy;
mod repository;
mod stand_ins;

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::future::try_join_all;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::certificates::create_private_folder;
use crate::{Error, Programs, Progress};
use authority::Authority;
use proxy::Near;
use repository::Served;

/// A Git repository whose content is a folder's, as it is when somebody asks, but for what `.gitignore` in it names.
/// It can be fetched from, with and without `.git` at its address's end, and not be pushed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// Its address: `https://HOST/PATH`.
    pub url: String,
    /// The folder. It need not be a checkout.
    pub folder: PathBuf,
    /// Its branches, which are all the same. The first is what `HEAD` is.
    pub branches: Vec<String>,
}

/// The running proxy. It ends when this is dropped.
#[derive(Debug)]
pub struct Outside {
    address: SocketAddr,
    repositories: Vec<Arc<Served>>,
    authority: Authority,
    task: JoinHandle<()>,
}

impl Outside {
    /// Starts the proxy, which keeps its certificates and Git's objects in `folder`. With `stand_ins` it stands for
    /// the chart repositories of helm/platform/versions.yaml too, with charts whose workloads do nothing.
    ///
    /// # Errors
    /// When `git` is not on PATH, an address is none, the folder can't be written, or the definitions of the
    /// charts can't be fetched.
    pub async fn start(
        folder: &Path,
        repositories: Vec<Repository>,
        stand_ins: bool,
        programs: &Programs,
        progress: impl FnMut(Progress),
    ) -> Result<Self, Error> {
        let folder = std::path::absolute(folder).map_err(Error::file(folder))?;
        create_private_folder(&folder)?;
        let files = if stand_ins { stand_ins::files(programs, progress).await? } else { stand_ins::Files::new() };
        let mut served = Vec::new();
        for repository in repositories {
            served.push(Arc::new(Served::new(repository, &folder.join("repositories"), programs)?));
        }

        let of_files = files.keys().filter_map(|address| address.split('/').next()).map(str::to_owned);
        let hosts = of_files.chain(served.iter().map(|served| served.host.clone())).collect::<BTreeSet<_>>();
        let authority = Authority::in_folder(&folder)?;
        let tls = authority.server(&hosts)?;

        let doing = || "listening as a proxy on 127.0.0.1".to_owned();
        let failed = |error: std::io::Error| Error::Outside { doing: doing(), why: error.to_string() };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let near = Near { hosts, files, repositories: served.clone(), tls };
        let task = tokio::spawn(proxy::serve(listener, Arc::new(near)));
        Ok(Self { address, repositories: served, authority, task })
    }

    /// The commits that its repositories are now, in their order.
    ///
    /// # Errors
    /// When a folder can't be read, or Git does not take it.
    pub async fn heads(&self) -> Result<Vec<String>, Error> {
        try_join_all(self.repositories.iter().map(Served::head)).await
    }

    /// The variables that make a program see it: Git, Helm, and what is written in Go. They name all that is
    /// trusted, the system's own authorities among it.
    #[must_use]
    pub fn environment(&self) -> Vec<(String, String)> {
        let proxy = format!("http://{}", self.address);
        let trusted = self.authority.trusted().display().to_string();
        let near = "127.0.0.1,localhost,::1";
        let variables = [
            ("HTTPS_PROXY", proxy.as_str()),
            ("https_proxy", &proxy),
            ("HTTP_PROXY", &proxy),
            ("http_proxy", &proxy),
            ("NO_PROXY", near),
            ("no_proxy", near),
            ("SSL_CERT_FILE", &trusted),
            ("GIT_SSL_CAINFO", &trusted),
        ];
        variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        self.task.abort();
    }
}
