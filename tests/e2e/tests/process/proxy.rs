//! An HTTP/1.1 proxy between the binary and the simulator: it records every call, and holds one where a test says.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// The import call, as it begins in [`Call::line`].
pub const IMPORT: &str = "POST /api/3/import/bulk_import";

/// The question about an import.
pub const OUTCOME: &str = "GET /api/3/import/info";

/// The question about everything under way.
pub const BACKLOG: &str = "GET /api/3/import/bulk_import";

/// Time between two imports of an account: 99 a minute.
pub const SLOT: Duration = Duration::from_millis(606);

/// How long a test waits for a call before it gives up: far longer than anything takes.
const PATIENCE: Duration = Duration::from_secs(100);

/// A call as the proxy saw it.
#[derive(Clone, Debug)]
pub struct Call {
    /// Method and path.
    pub line: String,
    /// What was sent.
    pub body: Vec<u8>,
    /// When its connection was made.
    pub connected: Instant,
    /// When all of it had arrived.
    pub arrived: Instant,
    /// When the answer had been handed to the binary.
    pub answered: Option<Instant>,
}

impl Call {
    /// Whether it is the call that `line` begins with.
    pub fn is(&self, line: &str) -> bool {
        self.line.starts_with(line)
    }

    /// The contacts of an import: email and everything that is sent of it.
    pub fn contacts(&self) -> Vec<(String, String)> {
        let body: Value = serde_json::from_slice(&self.body).unwrap();
        let contacts = body["contacts"].as_array().unwrap().iter();
        contacts.map(|contact| (contact["email"].as_str().unwrap().to_owned(), contact.to_string())).collect()
    }

    /// Whether nobody had an answer to it at `then`.
    pub fn is_open(&self, then: Instant) -> bool {
        self.answered.is_none_or(|answered| answered > then)
    }
}

/// Checks that `imports` kept their distance. On a busy machine one may arrive late and those after it seem early: two
/// slots are allowed for that, and a burst of four still shows.
#[track_caller]
pub fn assert_spaced(imports: &[Call]) {
    for count in 5..=imports.len() {
        for window in imports.windows(count) {
            let span = window[count - 1].arrived - window[0].arrived;
            let slots = u32::try_from(count - 3).unwrap();
            assert!(span >= SLOT * slots, "{count} imports within {span:?}");
        }
    }
}

/// A point on a call's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The head is here, the body is not.
    Begun,
    /// All is here; the simulator knows nothing of it.
    Arrived,
    /// The simulator has answered; the binary has not heard it.
    Done,
    /// The binary has the answer.
    Answered,
}

/// A call that will be held, or is.
struct Gate {
    moment: Moment,
    line: &'static str,
    /// Calls of this kind still to come before the one that is meant.
    before: usize,
    reached: bool,
    /// Whether the call may go on; `false` ends its connection.
    goes_on: Option<bool>,
}

#[derive(Default)]
struct Seen {
    calls: Vec<Call>,
    gate: Option<Gate>,
    closed: bool,
}

struct Shared {
    upstream: String,
    seen: Mutex<Seen>,
    changed: Condvar,
}

/// Stands before the simulator at an address of its own, for as long as it is not dropped.
pub struct Proxy {
    port: u16,
    shared: Arc<Shared>,
}

impl Proxy {
    /// A proxy before `upstream` (host and port).
    pub fn before(upstream: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared { upstream, seen: Mutex::default(), changed: Condvar::new() });
        let served = Arc::clone(&shared);
        thread::spawn(move || {
            for client in listener.incoming() {
                if served.seen().closed {
                    return;
                }
                let (client, shared) = (client.unwrap(), Arc::clone(&served));
                // A side that goes away in the middle is what these tests are about.
                thread::spawn(move || shared.carry(&client));
            }
        });
        Self { port, shared }
    }

    /// Where the binary finds it.
    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// All calls so far, in the order of their arrival.
    pub fn calls(&self) -> Vec<Call> {
        self.shared.seen().calls.clone()
    }

    /// The imports so far.
    pub fn imports(&self) -> Vec<Call> {
        self.calls().into_iter().filter(|call| call.is(IMPORT)).collect()
    }

    /// Holds the `nth` call (from 1, counted from here on) that begins with `line`, at `moment`.
    pub fn hold(&self, moment: Moment, line: &'static str, nth: usize) {
        let gate = Gate { moment, line, before: nth - 1, reached: false, goes_on: None };
        self.shared.seen().gate = Some(gate);
    }

    /// Waits until the call is there that is to be held.
    pub fn wait_held(&self) {
        self.shared.wait(|seen| seen.gate.as_ref().is_some_and(|gate| gate.reached), "the call to hold");
    }

    /// Waits until `count` imports have arrived in all.
    pub fn wait_imports(&self, count: usize) {
        let enough = |seen: &Seen| seen.calls.iter().filter(|call| call.is(IMPORT)).count() >= count;
        self.shared.wait(enough, "enough imports");
    }

    /// Waits until `count` imports have been answered in all.
    pub fn wait_answered(&self, count: usize) {
        let answered = |call: &&Call| call.is(IMPORT) && call.answered.is_some();
        self.shared.wait(|seen| seen.calls.iter().filter(answered).count() >= count, "enough answers");
    }

    /// Lets the held call go on.
    pub fn release(&self) {
        self.decide(true);
    }

    /// Ends the connection of the held call: nothing more of it reaches either side.
    pub fn cut(&self) {
        self.decide(false);
    }

    fn decide(&self, goes_on: bool) {
        if let Some(gate) = &mut self.shared.seen().gate {
            gate.goes_on = Some(goes_on);
        }
        self.shared.changed.notify_all();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.seen().closed = true;
        self.shared.changed.notify_all();
        // Wakes the listener, so that it sees that it is over.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

impl Shared {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap()
    }

    fn wait(&self, until: impl Fn(&Seen) -> bool, what: &str) {
        let (_seen, waited) = self.changed.wait_timeout_while(self.seen(), PATIENCE, |seen| !until(seen)).unwrap();
        assert!(!waited.timed_out(), "{what} never came");
    }

    /// Carries the calls of one connection until either side ends it.
    fn carry(&self, client: &TcpStream) -> io::Result<()> {
        let connected = Instant::now();
        let upstream = TcpStream::connect(&self.upstream)?;
        client.set_nodelay(true)?;
        upstream.set_nodelay(true)?;
        let (mut asks, mut answers) = (BufReader::new(client), BufReader::new(&upstream));
        while let Ok(()) = self.exchange(connected, (&mut asks, client), (&mut answers, &upstream)) {}
        let _ = upstream.shutdown(Shutdown::Both);
        client.shutdown(Shutdown::Both)
    }

    fn exchange(
        &self,
        connected: Instant,
        (asks, mut client): (&mut impl BufRead, &TcpStream),
        (answers, mut upstream): (&mut impl BufRead, &TcpStream),
    ) -> io::Result<()> {
        let head = head(asks)?;
        let line = head.split(" HTTP/").next().unwrap_or_default().to_owned();
        self.pass(Moment::Begun, &line)?;
        let body = body(asks, &head)?;
        let at = {
            let mut seen = self.seen();
            let (line, body) = (line.clone(), body.clone());
            seen.calls.push(Call { line, body, connected, arrived: Instant::now(), answered: None });
            self.changed.notify_all();
            seen.calls.len() - 1
        };
        self.pass(Moment::Arrived, &line)?;
        upstream.write_all(&[head.as_bytes(), &body].concat())?;
        let (head, body) = answer(answers)?;
        self.pass(Moment::Done, &line)?;
        client.write_all(&[head.as_bytes(), &body].concat())?;
        self.seen().calls[at].answered = Some(Instant::now());
        self.changed.notify_all();
        self.pass(Moment::Answered, &line)
    }

    /// Waits here when this is the call to be held.
    fn pass(&self, moment: Moment, line: &str) -> io::Result<()> {
        let mut seen = self.seen();
        let waiting = |gate: &&mut Gate| !gate.reached && gate.moment == moment && line.starts_with(gate.line);
        let Some(gate) = seen.gate.as_mut().filter(waiting) else { return Ok(()) };
        if gate.before > 0 {
            gate.before -= 1;
            return Ok(());
        }
        gate.reached = true;
        self.changed.notify_all();
        let held = |seen: &mut Seen| !seen.closed && seen.gate.as_ref().is_some_and(|gate| gate.goes_on.is_none());
        let seen = self.changed.wait_while(seen, held).unwrap();
        match &seen.gate {
            Some(gate) if gate.goes_on == Some(true) => Ok(()),
            _ => Err(io::ErrorKind::ConnectionAborted.into()),
        }
    }
}

fn answer(from: &mut impl BufRead) -> io::Result<(String, Vec<u8>)> {
    let head = head(from)?;
    let body = body(from, &head)?;
    Ok((head, body))
}

/// Everything up to and with the empty line.
fn head(from: &mut impl BufRead) -> io::Result<String> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if from.read_line(&mut head)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(head)
}

/// As many bytes as the head announces; neither side sends chunks.
fn body(from: &mut impl BufRead, head: &str) -> io::Result<Vec<u8>> {
    let lines = head.lines().filter_map(|line| line.split_once(':'));
    let mut length =
        lines.filter(|(name, _)| name.eq_ignore_ascii_case("content-length")).map(|(_, value)| value.trim());
    let length = length.next().map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    from.read_exact(&mut body)?;
    Ok(body)
}
