//! The certificates that the proxy shows. Its authority is made once and kept, so that whoever was told to trust it
//! goes on doing so; the key of the certificate itself is in memory alone.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use rcgen::{Issuer, KeyPair, SanType};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::Error;
use crate::certificates::{acceptor, authority, server, write_private};

#[derive(Debug)]
pub(super) struct Authority {
    folder: PathBuf,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// Finds the authority in `folder`, or makes it.
    pub(super) fn in_folder(folder: &Path) -> Result<Self, Error> {
        let refused = |error: rcgen::Error| Error::Keys { folder: folder.to_owned(), why: error.to_string() };
        let parameters = authority("fathuss outside");
        let (certificate_path, key_path) = (folder.join("authority.pem"), folder.join("authority-key.pem"));
        let key = if certificate_path.exists() && key_path.exists() {
            let key = std::fs::read_to_string(&key_path).map_err(Error::file(&key_path))?;
            KeyPair::from_pem(&key).map_err(refused)?
        } else {
            let key = KeyPair::generate().map_err(refused)?;
            write_private(&key_path, &key.serialize_pem())?;
            write_private(&certificate_path, &parameters.self_signed(&key).map_err(refused)?.pem())?;
            key
        };
        let this = Self { folder: folder.to_owned(), issuer: Issuer::new(parameters, key) };

        let certificate = std::fs::read_to_string(&certificate_path).map_err(Error::file(&certificate_path))?;
        let system = rustls_native_certs::load_native_certs().certs;
        let all = std::iter::once(certificate).chain(system.iter().map(pem)).collect::<String>();
        write_private(&this.trusted(), &all)?;
        Ok(this)
    }

    /// The file of all authorities that a client is to trust: this one and the system's, which it would not look at
    /// any more.
    pub(super) fn trusted(&self) -> PathBuf {
        self.folder.join("trusted.pem")
    }

    /// Speaks TLS as all of these hosts.
    pub(super) fn server(&self, hosts: &BTreeSet<String>) -> Result<TlsAcceptor, Error> {
        let refused = |why: String| Error::Keys { folder: self.folder.clone(), why };
        let (certificate, key) = self.sign(hosts).map_err(|error| refused(error.to_string()))?;
        acceptor(certificate, key).map_err(|error| refused(error.to_string()))
    }

    fn sign(
        &self,
        hosts: &BTreeSet<String>,
    ) -> Result<(CertificateDer<'static>, PrivateKeyDer<'static>), rcgen::Error> {
        let key = KeyPair::generate()?;
        let mut certificate = server("fathuss outside");
        for host in hosts {
            certificate.subject_alt_names.push(match host.parse() {
                Ok(address) => SanType::IpAddress(address),
                Err(_) => SanType::DnsName(host.as_str().try_into()?),
            });
        }
        let certificate = certificate.signed_by(&key, &self.issuer)?;
        Ok((certificate.der().clone(), PrivateKeyDer::Pkcs8(key.serialize_der().into())))
    }
}

fn pem(certificate: &CertificateDer<'_>) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(certificate);
    let lines = text.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line) + "\n");
    format!("-----BEGIN CERTIFICATE-----\n{}-----END CERTIFICATE-----\n", lines.collect::<String>())
}
