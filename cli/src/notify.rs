//! Telling another system how a run ended. Whatever comes of it, the run stays what it was.

use std::time::Duration;

use bytes::Bytes;
use enlist_sink_activecampaign::{HttpSettings, HttpTransport, Transport};
use http::header::CONTENT_TYPE;
use serde::Serialize;

use crate::output::Screen;
use crate::spec::{Endpoint, Export};

/// Time for all of it. The run is over: nobody waits longer for somebody who may not be there.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Posts `document` where `export` wants it, and warns when that fails.
pub async fn tell(export: &Export, document: &impl Serialize, screen: &Screen) {
    let Some(endpoint) = &export.notify else { return };
    let http = HttpSettings {
        ca_file: export.connection.ca_file.clone(),
        loopback: endpoint.is_loopback(),
        timeout: TIMEOUT,
        connect_timeout: TIMEOUT,
    };
    if let Err(cause) = post(endpoint, document, &http).await {
        screen.warning(&format!("{} was not told how the run of {} ended: {cause}", endpoint.host(), export.name));
    }
}

/// One attempt, without a key and without following a redirect. A cause names no part of the URL.
async fn post(endpoint: &Endpoint, document: &impl Serialize, http: &HttpSettings) -> Result<(), String> {
    let body = serde_json::to_vec(document).map_err(|e| e.to_string())?;
    let request = http::Request::post(endpoint.url()).header(CONTENT_TYPE, "application/json").body(Bytes::from(body));
    let transport = HttpTransport::new(http).map_err(|e| e.to_string())?;
    let answer = transport.call(request.map_err(|e| e.to_string())?).await.map_err(|e| e.to_string())?;
    match answer.status() {
        status if status.is_success() => Ok(()),
        status => Err(format!("the answer was {}", status.as_u16())),
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn fault_78_an_endpoint_that_never_answers_is_left_after_its_time() {
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/s3cret", silent.local_addr().unwrap());
        let time = Duration::from_millis(50);
        let http = HttpSettings { ca_file: None, loopback: true, timeout: time, connect_timeout: time };
        let cause = post(&Endpoint::parse(&url).unwrap(), &"document", &http).await.unwrap_err();
        assert!(cause.contains("timed out") && !cause.contains("s3cret"), "{cause}");
    }
}
