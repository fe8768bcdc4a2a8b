//! Which servers are trusted, against a TLS server whose certificate is made by the test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use enlist_sink_activecampaign::{HttpSettings, HttpTransport, Transport, TransportError};
use http::Request;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

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

/// A self-signed certificate of 127.0.0.1, and its key.
fn certificate() -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
    let random = SystemRandom::new();
    let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, key.as_ref(), &random).unwrap();
    let ecdsa_sha256 = der(SEQUENCE, &[&der(OBJECT, &[b"\x2a\x86\x48\xce\x3d\x04\x03\x02"])]);
    let common_name = der(SEQUENCE, &[&der(OBJECT, &[b"\x55\x04\x03"]), &der(UTF8, &[b"loopback"])]);
    let name = der(SEQUENCE, &[&der(SET, &[&common_name])]);
    let validity = der(SEQUENCE, &[&der(UTC_TIME, &[b"200101000000Z"]), &der(UTC_TIME, &[b"491231235959Z"])]);
    let p256 = [der(OBJECT, &[b"\x2a\x86\x48\xce\x3d\x02\x01"]), der(OBJECT, &[b"\x2a\x86\x48\xce\x3d\x03\x01\x07"])];
    let public = der(BIT_STRING, &[&[0], pair.public_key().as_ref()]);
    let subject_key = der(SEQUENCE, &[&der(SEQUENCE, &[&p256.concat()]), &public]);
    let alternative = der(SEQUENCE, &[&der(0x87, &[&[127, 0, 0, 1]])]);
    let extension = der(SEQUENCE, &[&der(OBJECT, &[b"\x55\x1d\x11"]), &der(OCTET_STRING, &[&alternative])]);
    let version = der(0xa0, &[&der(INTEGER, &[&[2]])]);
    let serial = der(INTEGER, &[&[1]]);
    let extensions = der(0xa3, &[&der(SEQUENCE, &[&extension])]);
    let body = der(SEQUENCE, &[&version, &serial, &ecdsa_sha256, &name, &validity, &name, &subject_key, &extensions]);
    let signature = der(BIT_STRING, &[&[0], pair.sign(&random, &body).unwrap().as_ref()]);
    let key = PrivatePkcs8KeyDer::from(key.as_ref().to_vec());
    (der(SEQUENCE, &[&body, &ecdsa_sha256, &signature]).into(), key.into())
}

/// Answers one HTTPS request on its own thread; returns the port and the certificate.
fn serve() -> (u16, CertificateDer<'static>) {
    let (certificate, key) = certificate();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (socket, _) = listener.accept().unwrap();
        let mut stream = StreamOwned::new(ServerConnection::new(Arc::new(config)).unwrap(), socket);
        let mut buffer = [0; 4096];
        if stream.read(&mut buffer).is_ok_and(|read| read > 0) {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}");
        }
    });
    (port, certificate)
}

async fn call(port: u16, ca_file: Option<PathBuf>) -> Result<http::Response<Bytes>, TransportError> {
    // The system's certificates are used as well, as they are for a real host.
    let settings = HttpSettings { ca_file, ..HttpSettings::default() };
    let request = Request::get(format!("https://127.0.0.1:{port}/api/3/users/me"));
    HttpTransport::new(&settings).unwrap().call(request.body(Bytes::new()).unwrap()).await
}

#[tokio::test]
async fn a_self_signed_certificate_is_not_trusted() {
    let (port, _) = serve();
    let result = call(port, None).await;
    assert!(matches!(result, Err(TransportError::Untrusted(_))), "{result:?}");
}

#[tokio::test]
async fn a_certificate_of_the_ca_file_is_trusted() {
    let (port, certificate) = serve();
    let path = std::env::temp_dir().join(format!("enlist-trusted-{}.pem", std::process::id()));
    std::fs::write(&path, pem(&certificate)).unwrap();
    let result = call(port, Some(path.clone())).await;
    let _ = std::fs::remove_file(path);
    assert_eq!(&result.unwrap().body()[..], b"{}");
}

fn pem(certificate: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in certificate.chunks(3) {
        let word = chunk.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let digit = DIGITS[(word >> (18 - 6 * place) & 63) as usize];
            text.push(if place > chunk.len() { '=' } else { char::from(digit) });
        }
    }
    format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
}
