//! One copy as a stream of batches.

use enlist_core::Error;
use futures::stream::StreamExt;
use tokio::runtime::Handle;
use tokio_postgres::{CancelToken, CopyOutStream};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::decode::Decoder;
use super::session::Session;
use crate::engine::{Column, Relation, RowStream};
use crate::pump::{self, Sink};

/// Begins to read `select`, which yields `columns`, and leaves the rest to a task of its own. The session ends with it.
///
/// # Errors
/// When the server refuses the statement.
pub(super) async fn rows(
    mut session: Session,
    select: &str,
    relation: &Relation,
    columns: &[Column],
) -> Result<RowStream, Error> {
    let place = format!("{}: {relation}", session.target.name);
    tracing::debug!(target: "enlist_source_sql", database = session.target.name, "{select}");
    let statement = format!("COPY ({select}) TO STDOUT (FORMAT binary)");
    // The server answers no sooner than it has a packet full of rows, which may be long from now.
    let mut stop = Stop::new(&session);
    let (client, driver) = session.split();
    let copy = driver.drive(client.copy_out(&statement)).await.map_err(|fault| {
        stop.is_over();
        fault.into_error(&place)
    })?;
    let decoder = Decoder::new(place.clone(), columns);
    Ok(pump::task(|sink| Reader { place, decoder, sink }.read(session, copy, stop)))
}

/// What reads, in its task.
struct Reader {
    place: String,
    decoder: Decoder,
    sink: Sink,
}

impl Reader {
    /// Reads to the end, and believes it only when the rows, the statement and the transaction all ended well.
    async fn read(mut self, mut session: Session, copy: CopyOutStream, mut stop: Stop) -> Result<(), Error> {
        let (_, driver) = session.split();
        let mut broken = None;
        driver
            .until(async {
                let mut copy = std::pin::pin!(copy);
                while let Some(bytes) = copy.next().await {
                    match bytes {
                        Ok(bytes) => self.decoder.push(&bytes)?,
                        Err(fault) => {
                            broken = Some(fault);
                            return Ok(());
                        }
                    }
                    if self.decoder.is_full() {
                        self.hand_over().await?;
                    }
                }
                Ok(())
            })
            .await?;
        if let Some(fault) = broken {
            stop.is_over();
            return Err(driver.why(fault).into_error(&self.place));
        }
        self.decoder.end()?;
        session.commit().await?;
        stop.is_over();
        if self.decoder.has_rows() { self.hand_over().await } else { Ok(()) }
    }

    async fn hand_over(&mut self) -> Result<(), Error> {
        let batch = self.decoder.take()?;
        // When nobody wants it, the task is about to be stopped.
        self.sink.put(batch).await;
        Ok(())
    }
}

/// Tells the server to stop, when dropped before the read is over: by itself it would notice no sooner than it has
/// another row to send.
struct Stop(Option<(CancelToken, MakeRustlsConnect)>);

impl Stop {
    fn new(session: &Session) -> Self {
        Self(Some((session.cancel_token(), session.target.connector.clone())))
    }

    fn is_over(&mut self) {
        self.0 = None;
    }
}

impl Drop for Stop {
    fn drop(&mut self) {
        if let (Some((token, connector)), Ok(runtime)) = (self.0.take(), Handle::try_current()) {
            runtime.spawn(async move { token.cancel_query(connector).await });
        }
    }
}
