//! The network between one process and the simulated account.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use enlist_core::{Clock, Fingerprint, Hasher, Intent, IntentState, Key, Lane, normalise_email};
use enlist_simulator::{Cut, Simulator};
use enlist_sink_activecampaign::{Transport, TransportError};
use fastrand::Rng;
use http::{Method, Request, Response};
use serde_json::Value;
use serde_json::de::IoRead;
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use crate::farewell::Farewells;
use crate::journal::Store;
use crate::process::{Process, Strike};
use crate::trace::Trace;

/// How long a call may take; the real transport gives up after the same time.
const CALL_TIMEOUT: Duration = Duration::from_secs(60);

/// When calls of a party left, by lane: quotas count departures, which delays on the way do not bunch.
pub(crate) type Departures = Arc<Mutex<BTreeMap<Lane, Vec<Duration>>>>;

/// Every value of every contact that left.
pub(crate) type Sent = Arc<Mutex<BTreeMap<(Key, Fingerprint), Value>>>;

/// What a process sends over, and what is checked when something leaves.
pub(crate) struct Wire {
    pub(crate) simulator: Simulator,
    pub(crate) process: Arc<Process>,
    pub(crate) store: Store,
    pub(crate) hasher: Hasher,
    pub(crate) trace: Trace,
    pub(crate) clock: Clock,
    pub(crate) departures: Departures,
    pub(crate) sent: Sent,
    pub(crate) farewells: Farewells,
    /// What stands before the emails of persons that the account has to take for one (a broken R6), or nothing.
    pub(crate) alias: Option<&'static str>,
    /// The longest time a call is on its way.
    pub(crate) way: Duration,
    pub(crate) chance: Mutex<Rng>,
}

/// What chance decides for one call.
struct Luck {
    on_the_way: Duration,
    /// Whether a call that is on its way arrives although its process died.
    survives: bool,
    /// Whether a failure is known to have happened before the call left.
    known: bool,
}

#[async_trait]
impl Transport for Wire {
    async fn call(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let name = format!("{} {}", request.method(), request.uri().path_and_query().map_or("", |path| path.as_str()));
        let strike = match self.process.step() {
            Ok(strike) => strike,
            Err(_) => return std::future::pending().await,
        };
        let luck = self.luck();
        self.trace.note(format_args!("call {name} {strike:?}"));
        match strike {
            Some(Strike::DieBefore) => {
                self.process.die();
                std::future::pending().await
            }
            Some(Strike::FailBefore) if luck.known => Err(TransportError::NotSent("simulated: not sent".into())),
            Some(Strike::FailBefore) => Err(TransportError::InDoubt("simulated: lost".into())),
            None | Some(Strike::DieAfter | Strike::FailAfter) => {
                self.leaves(&request);
                let answer = self.carry(request, luck, strike == Some(Strike::DieAfter));
                match strike {
                    None => self.receive(&name, answer).await,
                    Some(Strike::DieAfter) => {
                        self.process.die();
                        std::future::pending().await
                    }
                    _ => {
                        let _ = answer.await;
                        Err(TransportError::InDoubt("simulated: answer lost".into()))
                    }
                }
            }
        }
    }
}

impl Wire {
    fn luck(&self) -> Luck {
        let mut chance = self.chance.lock().unwrap_or_else(PoisonError::into_inner);
        Luck { on_the_way: self.way.mul_f64(chance.f64()), survives: chance.bool(), known: chance.bool() }
    }

    /// Puts a call on its way. It goes on without the process that sent it, if it is to `survive`.
    fn carry(&self, request: Request<Bytes>, luck: Luck, survive: bool) -> oneshot::Receiver<Answer> {
        let (tell, told) = oneshot::channel();
        let (simulator, process) = (self.simulator.clone(), Arc::clone(&self.process));
        let request = self.unmask(request);
        tokio::spawn(async move {
            sleep(luck.on_the_way).await;
            if !process.is_dead() || luck.survives || survive {
                // Nobody listens any more when the process died or its time was up.
                let _ = tell.send(simulator.call(request).await);
            }
        });
        told
    }

    async fn receive(&self, name: &str, answer: oneshot::Receiver<Answer>) -> Result<Response<Bytes>, TransportError> {
        let answer = match timeout(CALL_TIMEOUT, answer).await {
            Ok(Ok(answer)) => answer.map_err(|cut| TransportError::InDoubt(cut.to_string())),
            Ok(Err(_)) => Err(TransportError::InDoubt("simulated: connection closed".into())),
            Err(_) => Err(TransportError::InDoubt("simulated: time-out".into())),
        };
        match &answer {
            Ok(answer) => self.trace.note(format_args!("answer {name} {} {}", answer.status(), hash(answer.body()))),
            Err(error) => self.trace.note(format_args!("answer {name} {error}")),
        }
        answer
    }

    /// Notes a departure; an import must have an open intent on record that says the same (R1).
    fn leaves(&self, request: &Request<Bytes>) {
        let is_import = request.method() == Method::POST && request.uri().path().ends_with("/import/bulk_import");
        let (contacts, payloads): (Vec<_>, Vec<_>) =
            if is_import { contacts(request.body(), &self.hasher) } else { Vec::new() }.into_iter().unzip();
        let lane = match (is_import, contacts.len()) {
            (false, _) => Lane::General,
            (true, 1) => Lane::Single,
            (true, _) => Lane::Bulk,
        };
        let mut departures = self.departures.lock().unwrap_or_else(PoisonError::into_inner);
        departures.entry(lane).or_default().push(self.clock.elapsed());
        if !is_import {
            return;
        }
        self.trace.note(format_args!("leaves {} contacts {}", contacts.len(), hash(request.body())));
        let intents = self.store.look().intents().unwrap_or_default();
        let says = |intent: &Intent| intent.state == IntentState::Open && intent.contacts == contacts;
        if !intents.iter().any(says) {
            self.trace.wrong(format!("R1: an import of {} contacts left without its intent", contacts.len()));
        }
        let wrongs = contacts.iter().zip(&payloads);
        let wrongs = wrongs.filter_map(|(contact, payload)| self.farewells.leaves(*contact, payload));
        wrongs.for_each(|wrong| self.trace.wrong(wrong));
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).extend(contacts.into_iter().zip(payloads));
    }

    /// The request as the account gets it.
    fn unmask(&self, request: Request<Bytes>) -> Request<Bytes> {
        match self.alias {
            Some(alias) => request.map(|body| String::from_utf8_lossy(&body).replace(alias, "").into()),
            None => request,
        }
    }
}

type Answer = Result<Response<Bytes>, Cut>;

/// Who is in the body of an import, and with which value: the exact bytes of each element of `contacts`.
fn contacts(body: &[u8], hasher: &Hasher) -> Vec<((Key, Fingerprint), Value)> {
    let mut contacts = Vec::new();
    let mut at = 0;
    while let Some(start) = body[at..].iter().position(|&byte| byte == b'{').map(|start| at + start) {
        let mut values = serde_json::StreamDeserializer::<_, Value>::new(IoRead::new(&body[start..]));
        let value = values.next().and_then(Result::ok).unwrap_or(Value::Null);
        let end = start + values.byte_offset();
        if let Some(email) = value["email"].as_str().and_then(|email| normalise_email(email).ok()) {
            contacts.push(((hasher.key(&email), hasher.fingerprint(&body[start..end])), value));
            at = end;
        } else {
            at = start + 1;
        }
    }
    contacts
}

fn hash(body: &[u8]) -> String {
    blake3::hash(body).to_hex()[..12].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segment::email;

    #[test]
    fn contacts_are_read_from_a_body_byte_by_byte() {
        let hasher = Hasher::new([7; 32]);
        let person = |n: u16, more: &str| format!("{{\"email\":\"{}\"{more}}}", email(n));
        let parts = [person(1, ",\"fields\":[{\"id\":1,\"value\":\"{\"}]"), person(2, "")];
        let body = format!("{{\"contacts\":[{}],\"exclude_automations\":true}}", parts.join(","));
        let expected: Vec<_> =
            (1..).zip(&parts).map(|(n, part)| (hasher.key(&email(n)), hasher.fingerprint(part.as_bytes()))).collect();
        let found: Vec<_> = contacts(body.as_bytes(), &hasher).into_iter().map(|(contact, _)| contact).collect();
        assert_eq!(found, expected);
    }
}
