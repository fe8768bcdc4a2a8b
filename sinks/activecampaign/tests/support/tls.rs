//! HTTPS servers whose certificates are made by the test, for tests of several packages.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// What a self-signed certificate says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Certificate {
    /// 127.0.0.1, valid until 2049.
    Good,
    /// 127.0.0.1, valid until 2021.
    Expired,
    /// Another host, valid until 2049.
    OfAnotherHost,
}

/// A connection after its handshake.
pub(crate) type Stream = StreamOwned<ServerConnection, TcpStream>;

/// A server on a thread of its own.
pub(crate) struct TlsServer {
    pub(crate) port: u16,
    certificate: CertificateDer<'static>,
    connections: Arc<AtomicUsize>,
    requests: Arc<AtomicUsize>,
}

impl TlsServer {
    /// Answers every HTTPS request with an empty object.
    pub(crate) fn start(certificate: Certificate) -> Self {
        Self::serve(certificate, &[], |stream, asked| {
            let mut buffer = [0; 4096];
            if stream.read(&mut buffer).is_ok_and(|read| read > 0) {
                asked.fetch_add(1, Ordering::SeqCst);
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}");
            }
        })
    }

    /// Speaks `protocols`. `answer` has each connection until it returns, and counts what is asked on it.
    pub(crate) fn serve(
        certificate: Certificate,
        protocols: &[&[u8]],
        answer: impl Fn(&mut Stream, &AtomicUsize) + Send + 'static,
    ) -> Self {
        let (certificate, key) = make(certificate);
        let mut config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], key)
            .unwrap();
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (connections, requests): (Arc<AtomicUsize>, Arc<AtomicUsize>) = Default::default();
        let (came, asked) = (Arc::clone(&connections), Arc::clone(&requests));
        std::thread::spawn(move || {
            while let Ok((socket, _)) = listener.accept() {
                came.fetch_add(1, Ordering::SeqCst);
                let mut stream = StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), socket);
                answer(&mut stream, &asked);
            }
        });
        Self { port, certificate, connections, requests }
    }

    /// Connections that were made.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Requests that were read after a handshake.
    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    /// The certificate in PEM form.
    pub(crate) fn pem(&self) -> String {
        const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut text = String::new();
        for chunk in self.certificate.chunks(3) {
            let word = chunk.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
            for place in 0..4 {
                let digit = DIGITS[(word >> (18 - 6 * place) & 63) as usize];
                text.push(if place > chunk.len() { '=' } else { char::from(digit) });
            }
        }
        format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
    }
}

/// One DER element.
fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    let head = match content.len() {
        0..128 => vec![tag, length[1]],
        128..256 => vec![tag, 0x81, length[1]],
        _ => vec![tag, 0x82, length[0], length[1]],
    };
    [head, content].concat()
}

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const OBJECT: u8 = 0x06;
const UTF8: u8 = 0x0c;
const SET: u8 = 0x31;
const UTC_TIME: u8 = 0x17;
const DNS_NAME: u8 = 0x82;
const IP_ADDRESS: u8 = 0x87;

/// A self-signed certificate and its key.
fn make(certificate: Certificate) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
    let random = SystemRandom::new();
    let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, key.as_ref(), &random).unwrap();
    let until: &[u8] = if certificate == Certificate::Expired { b"210101000000Z" } else { b"491231235959Z" };
    let host = match certificate {
        Certificate::OfAnotherHost => der(DNS_NAME, &[b"other.example.com"]),
        Certificate::Good | Certificate::Expired => der(IP_ADDRESS, &[&[127, 0, 0, 1]]),
    };
    let ecdsa_sha256 = der(SEQUENCE, &[&der(OBJECT, &[b"\x2a\x86\x48\xce\x3d\x04\x03\x02"])]);
    let common_name = der(SEQUENCE, &[&der(OBJECT, &[b"\x55\x04\x03"]), &der(UTF8, &[b"loopback"])]);
    let name = der(SEQUENCE, &[&der(SET, &[&common_name])]);
    let validity = der(SEQUENCE, &[&der(UTC_TIME, &[b"200101000000Z"]), &der(UTC_TIME, &[until])]);
    let p256 = [der(OBJECT, &[b"\x2a\x86\x48\xce\x3d\x02\x01"]), der(OBJECT, &[b"\x2a\x86\x48\xce\x3d\x03\x01\x07"])];
    let public = der(BIT_STRING, &[&[0], pair.public_key().as_ref()]);
    let subject_key = der(SEQUENCE, &[&der(SEQUENCE, &[&p256.concat()]), &public]);
    let alternative = der(SEQUENCE, &[&host]);
    let extension = der(SEQUENCE, &[&der(OBJECT, &[b"\x55\x1d\x11"]), &der(OCTET_STRING, &[&alternative])]);
    let version = der(0xa0, &[&der(INTEGER, &[&[2]])]);
    let serial = der(INTEGER, &[&[1]]);
    let extensions = der(0xa3, &[&der(SEQUENCE, &[&extension])]);
    let body = der(SEQUENCE, &[&version, &serial, &ecdsa_sha256, &name, &validity, &name, &subject_key, &extensions]);
    let signature = der(BIT_STRING, &[&[0], pair.sign(&random, &body).unwrap().as_ref()]);
    let key = PrivatePkcs8KeyDer::from(key.as_ref().to_vec());
    (der(SEQUENCE, &[&body, &ecdsa_sha256, &signature]).into(), key.into())
}
