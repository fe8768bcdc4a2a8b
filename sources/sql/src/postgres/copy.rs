//! One copy as a stream of batches.

use enlist_core::{Error, ErrorKind};
use futures::stream::StreamExt;
use tokio::runtime::Handle;
use tokio_postgres::{CancelToken, CopyOutStream};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::decode::Decoder;
use super::session::Session;
use super::{from, identifier, types};
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
    unchanged(&mut session, relation, columns, &place).await?;
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

/// Makes sure that the columns are what they were when they were described: the bytes of a copy do not say what they are,
/// and those of a date look like those of a number.
async fn unchanged(session: &mut Session, relation: &Relation, columns: &[Column], place: &str) -> Result<(), Error> {
    if columns.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = columns.iter().map(|column| identifier(&column.name)).collect();
    let select = format!("SELECT {} FROM {}", names.join(", "), from(relation));
    let statement = session.prepare(&select).await.map_err(|fault| fault.into_error(place))?;
    let found = statement.columns().iter().map(|it| types::column(it.name(), it.type_(), it.type_modifier()));
    match columns.iter().zip(found).find(|(column, found)| *column != found) {
        None => Ok(()),
        Some((column, _)) => Err(Error::new(
            ErrorKind::Source,
            "source::column_changed",
            format!("{place}: column \"{}\" is of another type than when it was looked at", column.name),
        )
        .help("run again when nobody alters the table")),
    }
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
