//! One connection within one read-only transaction.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use enlist_core::Error;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::types::ToSql;
use tokio_postgres::{CancelToken, Client, Connection, Row, Socket, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::fault::{self, Fault};
use super::literal;
use super::target::{CONNECT, Target};

/// Settings of every transaction. Zones, dates and numbers must read the same whatever the role's own settings are; a
/// scan must begin at the first page even if another one is under way. Limits that were set for the role stay in force,
/// but a lock is not waited for without end. What functions of
/// a view have to say is not for a log: it may quote a cell.
const SETTINGS: &str = "SET LOCAL timezone = 'UTC'; \
    SET LOCAL datestyle = 'ISO, MDY'; \
    SET LOCAL intervalstyle = 'postgres'; \
    SET LOCAL extra_float_digits = 3; \
    SET LOCAL bytea_output = 'hex'; \
    SET LOCAL standard_conforming_strings = on; \
    SET LOCAL synchronize_seqscans = off; \
    SET LOCAL client_min_messages = 'error'; \
    SET LOCAL lock_timeout = '30s'";

type Wire = Connection<Socket, <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream>;

/// One connection within one read-only transaction that sees one state of the data. Dropping it ends both.
pub(super) struct Session {
    pub(super) target: Target,
    client: Client,
    wire: Driver,
}

impl Session {
    /// Connects and begins; with the state of the data that another transaction exported as `snapshot`, if there is one.
    ///
    /// # Errors
    /// When the server cannot be reached, says nothing for too long, or refuses.
    pub(super) async fn begin(target: &Target, snapshot: Option<&str>) -> Result<Self, Error> {
        let begun = tokio::time::timeout(CONNECT, Self::begin_in_time(target, snapshot));
        begun.await.unwrap_or_else(|_| Err(fault::silent(target)))
    }

    async fn begin_in_time(target: &Target, snapshot: Option<&str>) -> Result<Self, Error> {
        let connected = target.config.connect(target.connector.clone()).await;
        let (client, wire) = connected.map_err(|fault| fault::connecting(target, &fault))?;
        let wire = Driver { wire: Some(Box::new(wire)), ended: None };
        let mut session = Self { target: target.clone(), client, wire };
        let snapshot = snapshot.map(|id| format!("SET TRANSACTION SNAPSHOT {}; ", literal(id))).unwrap_or_default();
        let begin = format!("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {snapshot}{SETTINGS}");
        session.execute(&begin).await.map_err(|fault| fault.into_error(&session.target.name))?;
        Ok(session)
    }

    /// Runs statements that give no rows.
    pub(super) async fn execute(&mut self, sql: &str) -> Result<(), Fault> {
        let Self { client, wire, .. } = self;
        wire.drive(client.batch_execute(sql)).await
    }

    /// Has the server check one statement and tell its columns.
    pub(super) async fn prepare(&mut self, sql: &str) -> Result<Statement, Fault> {
        let Self { client, wire, .. } = self;
        wire.drive(client.prepare(sql)).await
    }

    /// The rows of a small result.
    pub(super) async fn query(&mut self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, Fault> {
        let Self { client, wire, .. } = self;
        wire.drive(client.query(sql, values)).await
    }

    /// The client, and what moves the bytes while something waits for it.
    pub(super) fn split(&mut self) -> (&Client, &mut Driver) {
        (&self.client, &mut self.wire)
    }

    /// What stops the statement that runs.
    pub(super) fn cancel_token(&self) -> CancelToken {
        self.client.cancel_token()
    }

    /// Ends the transaction and makes sure that nothing in it failed: a commit of a failed transaction is no error to
    /// the server, a SELECT within it is.
    ///
    /// # Errors
    /// When anything failed that had not been told.
    pub(super) async fn commit(&mut self) -> Result<(), Error> {
        self.execute("SELECT 1; COMMIT").await.map_err(|fault| fault.into_error(&self.target.name))
    }
}

/// Moves bytes between the server and whatever waits for them, in the task that waits: a hand-over between two tasks
/// for each packet would cost more than decoding it.
pub(super) struct Driver {
    wire: Option<Box<Wire>>,
    /// Why the connection ended, which says more than "closed".
    ended: Option<tokio_postgres::Error>,
}

impl Driver {
    /// Runs `work`, which speaks to the server.
    pub(super) async fn drive<T>(
        &mut self,
        work: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, Fault> {
        self.until(work).await.map_err(|fault| self.why(fault))
    }

    /// What lies behind a fault: of "closed", why.
    pub(super) fn why(&mut self, fault: tokio_postgres::Error) -> Fault {
        Fault::new(if fault.is_closed() { self.ended.take().unwrap_or(fault) } else { fault })
    }

    /// As [`drive`](Self::drive), for work with errors of its own.
    pub(super) async fn until<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        poll_fn(|cx| {
            if let Poll::Ready(done) = work.as_mut().poll(cx) {
                return Poll::Ready(done);
            }
            self.poll(cx);
            // What arrived may be all that it waited for.
            work.as_mut().poll(cx)
        })
        .await
    }

    fn poll(&mut self, cx: &mut Context<'_>) {
        if let Some(wire) = &mut self.wire
            && let Poll::Ready(ended) = Pin::new(wire).poll(cx)
        {
            self.ended = ended.err();
            // Dropping it tells everybody who waits for an answer.
            self.wire = None;
        }
    }
}
