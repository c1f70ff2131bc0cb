//! The keys and certificates of one simulated cluster: its authority, what the API server shows, the
//! administrator's client certificate, and the key that signs service-account tokens. Made once, kept in the
//! cluster's folder, readable by its owner alone.

use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType,
};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::Error;

/// The address that the service `kubernetes` has in every cluster: the first of [`SERVICES`].
const SERVICE_ADDRESS: Ipv4Addr = Ipv4Addr::new(172, 20, 0, 1);

/// The addresses of services: what EKS chooses when a VPC's own are in 10.0.0.0/8.
pub(crate) const SERVICES: &str = "172.20.0.0/16";

/// The folder of a cluster's keys, with all of them in it.
#[derive(Debug, Clone)]
pub(crate) struct Certificates {
    folder: PathBuf,
}

impl Certificates {
    /// Finds the keys in `folder`, or makes them where one is missing.
    pub(crate) fn in_folder(folder: PathBuf, cluster: &str) -> Result<Self, Error> {
        let all = Self { folder };
        let files = [
            all.authority(),
            all.authority_key(),
            all.server(),
            all.server_key(),
            all.admin(),
            all.admin_key(),
            all.service_accounts(),
            all.service_accounts_key(),
        ];
        if !files.iter().all(|file| file.exists()) {
            all.make(cluster)?;
        }
        Ok(all)
    }

    pub(crate) fn authority(&self) -> PathBuf {
        self.folder.join("authority.pem")
    }
    pub(crate) fn authority_key(&self) -> PathBuf {
        self.folder.join("authority-key.pem")
    }
    pub(crate) fn server(&self) -> PathBuf {
        self.folder.join("server.pem")
    }
    pub(crate) fn server_key(&self) -> PathBuf {
        self.folder.join("server-key.pem")
    }
    pub(crate) fn admin(&self) -> PathBuf {
        self.folder.join("admin.pem")
    }
    pub(crate) fn admin_key(&self) -> PathBuf {
        self.folder.join("admin-key.pem")
    }
    pub(crate) fn service_accounts(&self) -> PathBuf {
        self.folder.join("service-accounts.pem")
    }
    pub(crate) fn service_accounts_key(&self) -> PathBuf {
        self.folder.join("service-accounts-key.pem")
    }

    fn make(&self, cluster: &str) -> Result<(), Error> {
        create_private_folder(&self.folder)?;
        let pems =
            self.sign(cluster).map_err(|error| Error::Keys { folder: self.folder.clone(), why: error.to_string() })?;
        for (path, pem) in pems {
            write_private(&path, &pem)?;
        }
        Ok(())
    }

    fn sign(&self, cluster: &str) -> Result<[(PathBuf, String); 8], rcgen::Error> {
        let authority = CertifiedIssuer::self_signed(authority(&format!("{cluster} authority")), KeyPair::generate()?)?;

        let mut server = server("kube-apiserver");
        for name in [
            "localhost",
            "kubernetes",
            "kubernetes.default",
            "kubernetes.default.svc",
            "kubernetes.default.svc.cluster.local",
        ] {
            server.subject_alt_names.push(SanType::DnsName(name.try_into()?));
        }
        for address in [Ipv4Addr::LOCALHOST, SERVICE_ADDRESS] {
            server.subject_alt_names.push(SanType::IpAddress(IpAddr::V4(address)));
        }
        let (server, server_key) = signed(server, &authority)?;

        let mut admin = named("fathuss", Some("system:masters"));
        admin.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let (admin, admin_key) = signed(admin, &authority)?;

        let service_accounts = KeyPair::generate()?;
        Ok([
            (self.authority(), authority.pem()),
            (self.authority_key(), authority.key().serialize_pem()),
            (self.server(), server),
            (self.server_key(), server_key),
            (self.admin(), admin),
            (self.admin_key(), admin_key),
            (self.service_accounts(), service_accounts.public_key_pem()),
            (self.service_accounts_key(), service_accounts.serialize_pem()),
        ])
    }
}

/// Writes a file that only its owner may read.
pub(crate) fn write_private(path: &Path, content: &str) -> Result<(), Error> {
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .map_err(Error::file(path))?;
    file.write_all(content.as_bytes()).map_err(Error::file(path))
}

/// Makes a folder that only its owner may enter, or makes an older one so.
pub(crate) fn create_private_folder(folder: &Path) -> Result<(), Error> {
    std::fs::create_dir_all(folder).map_err(Error::file(folder))?;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700)).map_err(Error::file(folder))
}

/// What signs others' certificates.
pub(crate) fn authority(common_name: &str) -> CertificateParams {
    let mut authority = named(common_name, None);
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.key_usages =
        vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
    authority
}

/// What a server shows. It has no names yet by which clients reach it.
pub(crate) fn server(common_name: &str) -> CertificateParams {
    let mut server = named(common_name, None);
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    server
}

/// Speaks TLS with this certificate, to clients that show none.
pub(crate) fn acceptor(
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
) -> Result<TlsAcceptor, tokio_rustls::rustls::Error> {
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(vec![certificate], key))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn named(common_name: &str, organization: Option<&str>) -> CertificateParams {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name.push(DnType::CommonName, common_name);
    if let Some(organization) = organization {
        parameters.distinguished_name.push(DnType::OrganizationName, organization);
    }
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters
}

fn signed(parameters: CertificateParams, authority: &Issuer<'_, KeyPair>) -> Result<(String, String), rcgen::Error> {
    let key = KeyPair::generate()?;
    Ok((parameters.signed_by(&key, authority)?.pem(), key.serialize_pem()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_made_once_and_only_their_owner_may_read_them() {
        let folder = std::env::temp_dir().join(format!("fathuss-certificates-{}", std::process::id()));
        let first = Certificates::in_folder(folder.clone(), "shop").unwrap();
        let authority = std::fs::read_to_string(first.authority()).unwrap();
        assert_eq!(std::fs::metadata(first.admin_key()).unwrap().permissions().mode() & 0o777, 0o600);

        let second = Certificates::in_folder(folder.clone(), "shop").unwrap();
        assert_eq!(std::fs::read_to_string(second.authority()).unwrap(), authority);
        std::fs::remove_dir_all(folder).unwrap();
    }
}
