//! Rows 1 to 5, 13 and 14: getting there at all.

use std::sync::Arc;
use std::time::Duration;

use enlist_core::{Error, Export, Observer, Report, SendError, Sink};
use enlist_kit::{People, World};
use enlist_sink_activecampaign::{ActiveCampaign, HttpSettings, HttpTransport};
use tokio::net::TcpListener;

use super::server::{Reply, Server, Then};
use super::tls::{Certificate, TlsServer};
use super::wire::{Fate, Wire, answer, settings};
use super::{HOUR, HTML, MINUTE, SECOND, assert_landed, assert_whole, binary, code_of, ended, quick};

/// A sink whose calls go over the real network.
fn sink(host: &str, http: &HttpSettings) -> Arc<dyn Sink> {
    Arc::new(ActiveCampaign::new(settings(host, 1), Arc::new(HttpTransport::new(http).unwrap())).unwrap())
}

/// A run over the real network.
async fn run_at(host: &str, http: &HttpSettings) -> Result<Report, Error> {
    let world = World::new(quick());
    let export = Export { sink: sink(host, http), ..world.export(People::clean(20).source()).unwrap() };
    export.run(world.state().unwrap(), Observer::none()).await
}

fn loopback() -> HttpSettings {
    HttpSettings { loopback: true, ..HttpSettings::default() }
}

/// A port of loopback at which nobody listens.
async fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
}

#[tokio::test(start_paused = true)]
async fn fault_01_a_host_without_an_address_is_tried_three_times_and_nothing_is_sent() {
    let world = World::new(quick());
    let wire = Wire::new(&world, |_| Fate::NotSent);
    let error = wire.run(&world, People::clean(20).source()).await.unwrap_err();
    assert_eq!((code_of(&error), error.code(), wire.calls().len()), (5, "network::unreachable", 3));
    assert!(error.to_string().contains("127.0.0.1:1") && error.to_string().contains("cannot be resolved"), "{error}");
    assert!(error.help_text().unwrap().contains("check the host name"));
    assert_eq!(world.simulator.records().len(), 0);
}

#[test]
fn fault_01_the_message_names_the_host_that_has_no_address() {
    let ended = binary::run("acme.enlist.invalid", "    allow_host: true\n", &[]);
    let words = ["acme.enlist.invalid", "cannot be resolved", "check the host name", "nothing was sent"];
    binary::assert_says(&ended, 5, "network::unreachable", &words);
}

#[tokio::test(start_paused = true)]
async fn fault_02_a_name_that_stops_resolving_in_mid_run_defers_the_rest() {
    let mut world = World::new(quick());
    world.deadline = 10 * MINUTE;
    let people = People::clean(20_000);
    let wire = Wire::new(&world, |call| if call.at < 40 * SECOND { Fate::Pass } else { Fate::NotSent });
    let report = wire.run(&world, people.source()).await.unwrap();
    let (code, error) = ended(&report);
    assert_eq!((code, error.code()), (5, "send::deadline"));
    assert!(report.outcome.confirmed > 5_000 && report.outcome.deferred > 5_000, "{:?}", report.outcome);
    assert_eq!(report.calls.in_doubt, 0, "what did not leave is in no doubt");
    let mut fresh: Vec<_> = wire.imports().into_iter().filter(|call| call.at >= 40 * SECOND).map(|c| c.body).collect();
    fresh.sort_unstable();
    fresh.dedup();
    assert!(fresh.len() <= 32, "{} requests were started into a dead network", fresh.len());

    world.deadline = HOUR;
    assert_whole(&world.run(people.source()).await.unwrap());
    assert_landed(&world, &people);
}

#[tokio::test]
async fn fault_03_a_refused_connection_or_a_reset_handshake_is_tried_again_and_exits_with_5() {
    let reset = Server::always(Reply::new("", Then::Reset)).await;
    let (refused, handshake) =
        (format!("127.0.0.1:{}", closed_port().await), format!("https://127.0.0.1:{}", reset.port));
    let http = loopback();
    let (one, other) = tokio::join!(run_at(&refused, &http), run_at(&handshake, &http));
    for error in [one.unwrap_err(), other.unwrap_err()] {
        assert_eq!((code_of(&error), error.code()), (5, "network::unreachable"), "{error}");
    }
    assert_eq!(reset.requests().len(), 3);
    assert!(reset.requests().iter().all(|bytes| !bytes.contains("Token")), "no key in clear text");
    for host in [&refused, &handshake] {
        let probe = sink(host, &http).probe().await;
        assert!(matches!(probe, Err(SendError::Undelivered(_))), "certainly not sent: {probe:?}");
    }
}

#[tokio::test]
async fn fault_04_a_certificate_that_is_not_trusted_stops_at_once_and_the_key_is_not_sent() {
    for (certificate, named, words) in [
        (Certificate::Good, false, "UnknownIssuer"),
        (Certificate::Expired, true, "expired"),
        (Certificate::OfAnotherHost, true, "not valid for name"),
    ] {
        let server = TlsServer::start(certificate);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        std::fs::write(&path, server.pem()).unwrap();
        let http = HttpSettings { ca_file: named.then_some(path), ..HttpSettings::default() };
        let error = run_at(&format!("https://127.0.0.1:{}", server.port), &http).await.unwrap_err();
        assert_eq!((code_of(&error), error.code()), (4, "ac::certificate"), "{certificate:?}");
        let message = error.to_string();
        assert!(message.contains("certificate of the host is not trusted") && message.contains(words), "{message}");
        assert!(error.help_text().unwrap().contains("ca_file"));
        assert_eq!((server.connections(), server.requests()), (1, 0), "{certificate:?}");
    }
}

#[test]
fn fault_04_nothing_in_the_configuration_turns_the_check_off() {
    for key in ["insecure", "verify", "tls_verify", "skip_verify", "accept_invalid_certs"] {
        let ended = binary::run("acme.api-us1.com", &format!("    {key}: true\n"), &[]);
        binary::assert_says(&ended, 2, "config::unknown_key", &[key, "ca_file"]);
    }
}

#[tokio::test(start_paused = true)]
async fn fault_05_a_request_that_did_not_leave_goes_again_and_is_in_no_doubt() {
    let world = World::new(quick());
    let people = People::clean(5_000);
    let wire = Wire::importing(&world, |call| if call.nth % 3 == 0 { Fate::NotSent } else { Fate::Pass });
    let report = wire.run(&world, people.source()).await.unwrap();
    assert_whole(&report);
    assert_landed(&world, &people);
    assert_eq!((report.calls.in_doubt, world.simulator.report().queued_batches), (0, 20));
    assert_eq!(report.calls.retries, report.calls.imports - 20);
    // Nothing is left in doubt: another value may go at once.
    let next = People { changed_every: 2, edition: 1, ..people };
    assert_eq!(world.run(next.source()).await.unwrap().plan.blocked, 0);
}

#[tokio::test]
async fn fault_13_a_redirect_to_another_host_is_refused_and_the_key_stays() {
    let other = Server::always(Reply::answer("200 OK", "", "{}")).await;
    for status in ["301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"] {
        let to = format!("Location: http://localhost:{}/api/3/users/me\r\n", other.port);
        let server = Server::always(Reply::answer(status, &to, HTML)).await;
        let error = run_at(&format!("127.0.0.1:{}", server.port), &loopback()).await.unwrap_err();
        assert_eq!((code_of(&error), error.code()), (4, "ac::redirect"), "{status}");
        assert_eq!(error.to_string(), "unexpected redirect to localhost");
        assert_eq!((server.requests().len(), other.requests().len()), (1, 0), "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn fault_13_a_redirect_in_mid_run_ends_it_and_defers_the_rest() {
    let world = World::new(quick());
    let wire = Wire::importing(&world, |call| match call.nth {
        5 => Fate::Answered(answer(302, &["Location: https://login.example.com/"], HTML)),
        _ => Fate::Pass,
    });
    let report = wire.run(&world, People::clean(5_000).source()).await.unwrap();
    let (code, error) = ended(&report);
    assert_eq!((code, error.to_string().as_str()), (4, "unexpected redirect to login.example.com"));
    assert_eq!((wire.imports().len(), report.outcome.rejected), (5, 0));
    assert_whole(&world.run(People::clean(5_000).source()).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fault_14_a_proxy_that_wants_a_login_is_named_and_never_sees_the_key() {
    let proxy = Server::always(Reply::answer("407 Proxy Authentication Required", "", HTML)).await;
    let address = format!("http://127.0.0.1:{}", proxy.port);
    let ended = binary::run("acme.api-us1.com", "", &[("HTTPS_PROXY", &address)]);
    binary::assert_says(&ended, 4, "ac::proxy", &["407", "HTTPS_PROXY"]);
    let requests = proxy.requests();
    assert!(requests[0].starts_with("CONNECT acme.api-us1.com:443"), "{requests:?}");
    assert!(requests.iter().all(|request| !request.contains("canary")), "{requests:?}");
}

#[tokio::test(start_paused = true)]
async fn fault_14_a_captive_portal_is_no_account() {
    let world = World::new(quick());
    let portal = Wire::new(&world, |_| Fate::Answered(answer(200, &["Content-Type: text/html"], HTML)));
    let error = portal.run(&world, People::clean(20).source()).await.unwrap_err();
    assert_eq!((code_of(&error), error.code(), portal.calls().len()), (5, "network::unreachable", 3));
    assert!(error.to_string().contains("cannot understand") && !error.to_string().contains("sign in"), "{error}");

    // In mid-run it is an answer that decides nothing.
    let people = People::clean(5_000);
    let portal = Wire::new(&world, |call| match call.at {
        at if at > 5 * SECOND && at < 5 * SECOND + 2 * MINUTE => Fate::Answered(answer(200, &[], HTML)),
        _ => Fate::Pass,
    });
    let report = portal.run(&world, people.source()).await.unwrap();
    assert_whole(&report);
    assert!(report.calls.in_doubt > 0 && report.elapsed > Duration::from_secs(120));
    assert_landed(&world, &people);
}
