use std::net::SocketAddr;

use enlist_simulator::{Faults, Settings, Simulator};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::contacts;

async fn served(faults: Faults) -> (Simulator, SocketAddr) {
    let sim = Simulator::new(Settings { faults, ..Settings::prompt() });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = sim.clone();
    tokio::spawn(async move { server.serve(listener).await });
    (sim, address)
}

/// Everything the server writes until the connection ends.
async fn import(address: SocketAddr) -> String {
    let body = contacts("c", 2).to_string();
    let head = format!(
        "POST /api/3/import/bulk_import HTTP/1.1\r\nHost: sim\r\nApi-Token: demo-token\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A reset is one of the ways in which a connection ends.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn an_import_over_a_socket_reaches_the_account() {
    let (sim, address) = served(Faults::default()).await;
    let answer = import(address).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("content-type: application/json\r\n") && answer.contains("\"batchId\":"), "{answer}");
    assert_eq!(sim.len(), 2);
}

#[tokio::test]
async fn cuts_are_broken_connections() {
    for (faults, applied) in
        [(Faults { cut_before: 1.0, ..Faults::default() }, 0), (Faults { cut_after: 1.0, ..Faults::default() }, 2)]
    {
        let (sim, address) = served(faults).await;
        assert_eq!(import(address).await, "");
        assert_eq!(sim.len(), applied);
    }
}

#[tokio::test]
async fn a_truncated_answer_is_shorter_than_it_says() {
    let (sim, address) = served(Faults { truncated: 1.0, ..Faults::default() }).await;
    let answer = import(address).await;
    let (head, body) = answer.split_once("\r\n\r\n").expect("a whole head");
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    assert!(body.len() < length.parse().unwrap(), "{} of {length}", body.len());
    assert_eq!(sim.len(), 2);
}
