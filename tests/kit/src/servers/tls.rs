//! A throw-away authority and a certificate of it, made by `openssl`.

use std::fs;
use std::path::Path;

use super::process::{find, run, unprivileged, words};

/// The authority's certificate.
pub(super) const AUTHORITY: &str = "ca.pem";
/// The server's certificate, for 127.0.0.1 and localhost.
pub(super) const CERTIFICATE: &str = "server.pem";
/// The key that goes with it.
pub(super) const KEY: &str = "server.key";

const CONFIG: &str = "\
[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[server]
basicConstraints = CA:FALSE
subjectAltName = IP:127.0.0.1, DNS:localhost
";

/// Puts [`AUTHORITY`], [`CERTIFICATE`] and [`KEY`] into `folder`, as the user whom servers run as.
pub(super) fn make(folder: &Path) {
    fs::write(folder.join("openssl.cnf"), CONFIG).expect("the folder takes files");
    let openssl = |arguments: Vec<String>| {
        let mut command = unprivileged(&find("openssl", &[], "openssl"));
        command.extend(arguments);
        run(folder, &command);
    };
    let key = |name: &str, subject: &str| {
        let mut request =
            words(["req", "-config", "openssl.cnf", "-newkey", "ec", "-nodes", "-keyout", name, "-subj", subject]);
        request.extend(words(["-pkeyopt", "ec_paramgen_curve:prime256v1"]));
        request
    };
    let authority = words(["-x509", "-extensions", "authority", "-days", "2", "-out", AUTHORITY]);
    openssl([key("ca.key", "/CN=test authority"), authority].concat());
    openssl([key(KEY, "/CN=test server"), words(["-out", "server.csr"])].concat());
    let sign = words(["x509", "-req", "-in", "server.csr", "-CA", AUTHORITY, "-CAkey", "ca.key", "-CAcreateserial"]);
    let extend = words(["-extfile", "openssl.cnf", "-extensions", "server", "-days", "2", "-out", CERTIFICATE]);
    openssl([sign, extend].concat());
}
