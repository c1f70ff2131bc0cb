//! A cluster's endpoint and keys, which are known before anything of it runs: DescribeCluster answers with
//! them at once, and they stay the same when the sandbox is started again.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use sha2::{Digest as _, Sha256};

use crate::Error;
use crate::certificates::{Certificates, create_private_folder, write_private};

/// Where the API servers of simulated clusters listen: below the ports that Linux hands out for outgoing
/// connections (32768 and up), so that a stopped cluster's port is not taken by chance.
const PORTS: std::ops::RangeInclusive<u16> = 20_000..=29_999;

/// How long a control plane whose daemon was killed may take to free its port.
const ENDING: Duration = Duration::from_secs(4);

/// A cluster's endpoint, authority and keys. Nothing runs yet: [`ControlPlane::start`](crate::ControlPlane::start)
/// does that.
#[derive(Debug, Clone)]
pub struct Reserved {
    /// Where the API server will answer: `https://127.0.0.1:PORT`.
    pub endpoint: String,
    /// The certificate of the authority that signed the API server's, in PEM. EKS gives it in base64.
    pub certificate_authority_pem: String,
    pub(crate) name: String,
    pub(crate) folder: PathBuf,
    pub(crate) port: u16,
    pub(crate) certificates: Certificates,
}

impl Reserved {
    /// Finds the endpoint and keys of a cluster in its folder, or makes them. Takes milliseconds, but where a
    /// control plane in this folder is about to end: then up to 4 s. Call it before a cluster is started, not
    /// while it runs: its port would be found taken and another one chosen.
    ///
    /// # Errors
    /// When the folder can't be written or no port is free.
    pub fn in_folder(folder: impl Into<PathBuf>, name: &str) -> Result<Self, Error> {
        let folder = folder.into();
        // Whoever may enter it reaches etcd, which asks for no password.
        create_private_folder(&folder)?;
        Self::at_port(folder, name, port)
    }

    /// The endpoint and keys of a cluster that another process runs.
    ///
    /// # Errors
    /// When there are none in this folder.
    pub fn of_another(folder: impl Into<PathBuf>, name: &str) -> Result<Self, Error> {
        Self::at_port(folder.into(), name, |folder| {
            let file = folder.join("port");
            let text = std::fs::read_to_string(&file).map_err(Error::file(&file))?;
            let unreadable = |_| std::io::Error::new(std::io::ErrorKind::InvalidData, "it holds no port");
            text.trim().parse().map_err(unreadable).map_err(Error::file(file))
        })
    }

    fn at_port(folder: PathBuf, name: &str, port: impl Fn(&Path) -> Result<u16, Error>) -> Result<Self, Error> {
        let folder = std::path::absolute(&folder).map_err(Error::file(&folder))?;
        let certificates = Certificates::in_folder(folder.join("keys"), name)?;
        let authority = certificates.authority();
        let certificate_authority_pem = std::fs::read_to_string(&authority).map_err(Error::file(authority))?;
        let port = port(&folder)?;
        Ok(Self {
            endpoint: format!("https://127.0.0.1:{port}"),
            certificate_authority_pem,
            name: name.to_owned(),
            folder,
            port,
            certificates,
        })
    }

    /// A kubeconfig with the administrator's certificate in it, for the daemon's own use: whoever reads it may
    /// do everything in the cluster.
    ///
    /// # Errors
    /// When the keys can't be read.
    pub fn admin_kubeconfig(&self) -> Result<String, Error> {
        let encoded = |path: PathBuf| {
            let bytes = std::fs::read(&path).map_err(Error::file(path))?;
            Ok::<_, Error>(base64::engine::general_purpose::STANDARD.encode(bytes))
        };
        let config = serde_json::json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": self.name, "cluster": {
                "server": self.endpoint,
                "certificate-authority-data": encoded(self.certificates.authority())?,
            }}],
            "users": [{"name": "admin", "user": {
                "client-certificate-data": encoded(self.certificates.admin())?,
                "client-key-data": encoded(self.certificates.admin_key())?,
            }}],
            "contexts": [{"name": self.name, "context": {"cluster": self.name, "user": "admin"}}],
            "current-context": self.name,
        });
        Ok(config.to_string())
    }

    /// The folder of the cluster's data, keys and logs.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

/// The port that was written down, or the first free one from a place that the folder's name decides.
fn port(folder: &Path) -> Result<u16, Error> {
    let file = folder.join("port");
    if let Some(port) = std::fs::read_to_string(&file).ok().and_then(|text| text.trim().parse().ok())
        && is_free_soon(port)
    {
        return Ok(port);
    }
    let [port] = free_ports(folder)?;
    write_private(&file, &port.to_string())?;
    Ok(port)
}

/// Ports that are free now, from a place in the range that the folder's name decides.
pub(crate) fn free_ports<const COUNT: usize>(folder: &Path) -> Result<[u16; COUNT], Error> {
    let (first, last) = (*PORTS.start(), *PORTS.end());
    let count = last - first + 1;
    let digest = Sha256::digest(folder.as_os_str().as_encoded_bytes());
    let begin = u16::from_be_bytes([digest[0], digest[1]]) % count;
    let free = (0..count).map(|step| first + (begin + step) % count).filter(|port| is_free(*port));
    free.take(COUNT).collect::<Vec<_>>().try_into().map_err(|_| Error::NoPort { first, last })
}

fn is_free_soon(port: u16) -> bool {
    let pause = Duration::from_millis(100);
    let tries = ENDING.as_millis() / pause.as_millis();
    is_free(port)
        || (0..tries).any(|_| {
            std::thread::sleep(pause);
            is_free(port)
        })
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("fathuss-reserved-{name}-{}", std::process::id()))
    }

    #[test]
    fn an_endpoint_stays_the_same_until_its_port_is_taken() {
        let folder = folder("port");
        let first = Reserved::in_folder(&folder, "shop").unwrap();
        let second = Reserved::in_folder(&folder, "shop").unwrap();
        assert_eq!(first.endpoint, second.endpoint);

        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, first.port)).unwrap();
        let third = Reserved::in_folder(&folder, "shop").unwrap();
        assert_ne!(first.endpoint, third.endpoint);
        assert_eq!(first.certificate_authority_pem, third.certificate_authority_pem);
        drop(taken);
        std::fs::remove_dir_all(folder).unwrap();
    }
}
