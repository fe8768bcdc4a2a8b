//! Which servers are believed, for drivers that take a configuration of rustls.

use std::path::Path;
use std::sync::Arc;

use enlist_core::{Error, ErrorKind};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use crate::settings::Tls;

/// A configuration that believes a server as far as `tls` says, by the certificates in `ca_file` or by those of the
/// system.
///
/// # Errors
/// `sql::ca_file` (configuration) when the file cannot be read or holds no certificate.
pub(crate) fn configuration(database: &str, tls: Tls, ca_file: Option<&Path>) -> Result<ClientConfig, Error> {
    let provider = Arc::new(ring::default_provider());
    let unusable = |why: String| Error::new(ErrorKind::Config, "sql::tls_mode", format!("{database}: TLS: {why}"));
    let verifier: Arc<dyn ServerCertVerifier> = match tls {
        Tls::Disable | Tls::Require => Arc::new(Anybody(Arc::clone(&provider))),
        Tls::VerifyCa | Tls::VerifyFull => {
            let roots = Arc::new(roots(database, ca_file)?);
            let verifier = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider))
                .build()
                .map_err(|fault| unusable(fault.to_string()))?;
            if tls == Tls::VerifyCa { Arc::new(AnyName(verifier)) } else { verifier }
        }
    };
    let configuration = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|fault| unusable(fault.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    Ok(configuration)
}

/// The certificates that are trusted.
fn roots(database: &str, ca_file: Option<&Path>) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    let Some(path) = ca_file else {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            return Err(unreadable(database, "the system has no trusted certificates"));
        }
        return Ok(roots);
    };
    let file = path.display();
    let certificates =
        CertificateDer::pem_file_iter(path).map_err(|fault| unreadable(database, &format!("{file}: {fault}")))?;
    for certificate in certificates {
        let added = certificate
            .map_err(|fault| fault.to_string())
            .and_then(|certificate| roots.add(certificate).map_err(|fault| fault.to_string()));
        added.map_err(|fault| unreadable(database, &format!("{file}: {fault}")))?;
    }
    if roots.is_empty() {
        return Err(unreadable(database, &format!("{file} holds no certificate")));
    }
    Ok(roots)
}

fn unreadable(database: &str, why: &str) -> Error {
    Error::new(ErrorKind::Config, "sql::ca_file", format!("{database}: {why}"))
        .help("ca_file is a file of certificates in PEM form: -----BEGIN CERTIFICATE-----")
}

/// Believes every certificate; that the server holds its key is still checked.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _server: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// Believes a trusted certificate whatever host it names.
#[derive(Debug)]
struct AnyName(Arc<WebPkiServerVerifier>);

impl ServerCertVerifier for AnyName {
    fn verify_server_cert(
        &self,
        server: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        // The chain is judged before the name is.
        match self.0.verify_server_cert(server, intermediates, name, ocsp, now) {
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            judged => judged,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}
