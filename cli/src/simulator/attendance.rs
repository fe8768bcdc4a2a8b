//! A simulator that is there for the length of a run, and whose it is.

use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::{Path, PathBuf};
use std::sync::{Once, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use enlist_simulator::{Field, FieldType, Settings, Simulator};
use enlist_sink_activecampaign::{HttpSettings, HttpTransport, Transport};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::{DATA, DEMO_LIST, keep, open};
use crate::failure::Failure;
use crate::output::Screen;
use crate::spec::Export;

/// Where the simulator is found unless `sim --port` says otherwise. Fixed, because what was confirmed is on record
/// for the host.
const ADDRESS: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 8025);

/// Where the demo looks for room when [`ADDRESS`] is taken, in this order, so that a second demo finds what the first
/// one had on record; then anywhere.
const SPARE: [u16; 9] = [8026, 8027, 8028, 8029, 8030, 8031, 8032, 8033, 0];

/// Time in which a simulator on this machine says that it is one.
const PATIENCE: Duration = Duration::from_secs(3);

/// Ids of fields that are made for an export, above those of the account that is there without any set-up.
const FIRST_FIELD: u32 = 1_000;

/// Where the simulator of this process is, when it keeps apart from the one at [`ADDRESS`].
static APART: OnceLock<SocketAddrV4> = OnceLock::new();

/// Where this process finds the simulator that the host `simulator` stands for.
pub fn address() -> SocketAddrV4 {
    APART.get().copied().unwrap_or(ADDRESS)
}

/// Keeps this process away from whatever answers at the usual address: it gets a simulator of its own beside it.
///
/// # Errors
/// `sim::port` when there is no room at all.
pub async fn keep_apart(screen: &Screen) -> Result<(), Failure> {
    match TcpListener::bind(ADDRESS).await {
        Ok(_) => Ok(()),
        Err(e) if e.kind() == io::ErrorKind::AddrInUse => {
            let room = room().await.map_err(|e| unusable(ADDRESS, &e))?;
            screen.warning(&format!("{ADDRESS} is taken, so this simulator of its own is at {room}"));
            APART.get_or_init(|| room);
            Ok(())
        }
        Err(e) => Err(unusable(ADDRESS, &e)),
    }
}

/// The first spare address that is free.
async fn room() -> io::Result<SocketAddrV4> {
    let mut refused = io::Error::from(io::ErrorKind::AddrInUse);
    for port in SPARE {
        match TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
            Ok(listener) => return Ok(SocketAddrV4::new(Ipv4Addr::LOCALHOST, listener.local_addr()?.port())),
            Err(e) => refused = e,
        }
    }
    Err(refused)
}

/// A simulator that is there for the length of a run.
#[derive(Debug)]
pub struct Attendance {
    own: Option<(Simulator, PathBuf, JoinHandle<()>)>,
}

impl Attendance {
    /// Serves what `export` needs: its simulator if it goes to one, and nothing otherwise.
    ///
    /// # Errors
    /// As [`begin`](Self::begin).
    pub async fn of(export: &Export, screen: &Screen) -> Result<Self, Failure> {
        if !export.connection.is_simulator() {
            return Ok(Self { own: None });
        }
        let attendance = Self::begin(&export.state.join(DATA), screen).await?;
        if let Some((simulator, ..)) = &attendance.own {
            furnish(simulator, export);
        }
        Ok(attendance)
    }

    /// Serves the account kept in `data` at [`address`], unless a simulator is served there already: then that one is
    /// used, and it is said that its account and its faults are somebody else's.
    ///
    /// # Errors
    /// As [`open`], and `sim::port` when the address cannot be used or something else answers there.
    async fn begin(data: &Path, screen: &Screen) -> Result<Self, Failure> {
        let address = address();
        let listener = match TcpListener::bind(address).await {
            Ok(listener) => listener,
            Err(e) if e.kind() == io::ErrorKind::AddrInUse => {
                met(address, screen).await?;
                return Ok(Self { own: None });
            }
            Err(e) => return Err(unusable(address, &e)),
        };
        let simulator = open(Settings::default(), Some(data))?;
        let served = simulator.clone();
        let task = tokio::spawn(async move {
            if let Err(e) = served.serve(listener).await {
                tracing::error!(error = %e, "the simulator stopped");
            }
        });
        Ok(Self { own: Some((simulator, data.to_owned(), task)) })
    }

    /// Stops serving and keeps the account.
    ///
    /// # Errors
    /// As [`keep`].
    pub async fn end(self) -> Result<(), Failure> {
        let Some((simulator, data, task)) = self.own else {
            return Ok(());
        };
        task.abort();
        // Until the task is gone its port is taken, and who comes next would take it for somebody else's simulator.
        let _ = task.await;
        keep(&simulator, &data)
    }
}

/// Looks at who is at `address` already.
async fn met(address: SocketAddrV4, screen: &Screen) -> Result<(), Failure> {
    static TOLD: Once = Once::new();
    if !answers_as_simulator(address).await {
        let failure = Failure::config("sim::port", format!("{address} is taken by something that is no simulator"));
        return Err(failure.help(
            "stop it; or serve a simulator elsewhere with enlist sim --port 0, and name its address as the host",
        ));
    }
    TOLD.call_once(|| {
        screen.warning(&format!(
            "a simulator is served at {address} already: its account and its faults are used, not those of this export"
        ));
    });
    Ok(())
}

/// Whether what answers at `address` is a simulator: its page has a state with faults.
async fn answers_as_simulator(address: SocketAddrV4) -> bool {
    let http = HttpSettings { ca_file: None, loopback: true, timeout: PATIENCE, connect_timeout: PATIENCE };
    let request = http::Request::get(format!("http://{address}/sim/state")).body(Bytes::new());
    let (Ok(transport), Ok(request)) = (HttpTransport::new(&http), request) else { return false };
    let answer = transport.call(request).await.ok().filter(|answer| answer.status().is_success());
    let state = answer.and_then(|answer| serde_json::from_slice::<Value>(answer.body()).ok());
    state.is_some_and(|state| state["faults"].is_object() && state["lists"].is_array())
}

fn unusable(address: SocketAddrV4, cause: &io::Error) -> Failure {
    Failure::config("sim::port", format!("{address}: {cause}"))
}

/// Makes the list and the fields of an export that was written for another account.
fn furnish(simulator: &Simulator, export: &Export) {
    if let Ok(list) = u32::try_from(export.list)
        && list > DEMO_LIST
    {
        simulator.add_list(list, "Simulated list");
    }
    let known = simulator.field_titles();
    for (n, (written, _)) in (FIRST_FIELD..).zip(&export.map.fields) {
        let title = written.trim_matches('%');
        if !known.iter().any(|known| known.eq_ignore_ascii_case(title)) {
            let id = title.parse().unwrap_or(n);
            simulator.add_field(Field::new(id, title, FieldType::Text, &[]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_no_simulator_is_not_taken_for_one() {
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let std::net::SocketAddr::V4(address) = silent.local_addr().unwrap() else { panic!("no address") };
        let answer = axum::Router::new().fallback(|| async { "hello" });
        let task = tokio::spawn(async move { axum::serve(silent, answer).await });
        let failure = met(address, &Screen::plain(false)).await.unwrap_err();
        assert_eq!(failure.error.code(), "sim::port");
        assert!(failure.error.to_string().contains(&address.to_string()), "{}", failure.error);
        assert!(failure.error.help_text().is_some_and(|help| help.contains("enlist sim --port 0")));
        task.abort();

        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let std::net::SocketAddr::V4(address) = listener.local_addr().unwrap() else { panic!("no address") };
        let simulator = Simulator::new(Settings::prompt());
        let task = tokio::spawn(async move { simulator.serve(listener).await });
        assert!(met(address, &Screen::plain(false)).await.is_ok());
        task.abort();
    }
}
