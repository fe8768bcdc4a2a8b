//! A reader that runs beside whoever takes its rows.

use arrow::array::RecordBatch;
use enlist_core::{Error, ErrorKind};
use futures::future::{BoxFuture, FutureExt};
use futures::stream::{self, StreamExt};
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;

use crate::engine::RowStream;

/// Batches read ahead of the consumer: enough to keep both sides busy, few enough to keep memory flat.
const READ_AHEAD: usize = 2;

/// Where a reader puts its batches.
pub(crate) struct Sink(mpsc::Sender<RecordBatch>);

impl Sink {
    /// Hands over a batch, as soon as there is room. False when nobody wants more.
    pub(crate) async fn put(&self, batch: RecordBatch) -> bool {
        self.0.send(batch).await.is_ok()
    }

    /// [`put`](Self::put) on a thread that may block.
    pub(crate) fn put_blocking(&self, batch: RecordBatch) -> bool {
        self.0.blocking_send(batch).is_ok()
    }
}

/// The rows of `read`, which runs as a task. Dropping the stream ends it. Must be called within a tokio runtime.
pub(crate) fn task<R, F>(read: R) -> RowStream
where
    R: FnOnce(Sink) -> F,
    F: Future<Output = Result<(), Error>> + Send + 'static,
{
    let (sender, batches) = mpsc::channel(READ_AHEAD);
    let work = tokio::spawn(read(Sink(sender)));
    let task = Some(work.abort_handle());
    let ended = work.map(|ended| ended.unwrap_or_else(|fault| Err(broken(fault.is_panic()))));
    rows(Reader { batches, ended: ended.boxed(), task })
}

/// The rows of `read`, which runs on a thread of its own. Dropping the stream ends it at its next batch. The thread is
/// none of the runtime's, so that no number of reads takes all of those.
pub(crate) fn thread(read: impl FnOnce(&Sink) -> Result<(), Error> + Send + 'static) -> RowStream {
    let (sender, batches) = mpsc::channel(READ_AHEAD);
    let (done, ended) = oneshot::channel();
    // Nobody may be waiting for how it ended.
    let work = move || drop(done.send(read(&Sink(sender))));
    let spawned = std::thread::Builder::new().name("enlist-reader".to_owned()).spawn(work);
    let ended = async move {
        match spawned {
            Ok(_) => ended.await.unwrap_or_else(|_| Err(broken(true))),
            Err(cause) => {
                let why = format!("no thread to read with: {cause}");
                Err(Error::new(ErrorKind::Source, "source::unreadable", why))
            }
        }
    };
    rows(Reader { batches, ended: ended.boxed(), task: None })
}

struct Reader {
    batches: mpsc::Receiver<RecordBatch>,
    ended: BoxFuture<'static, Result<(), Error>>,
    task: Option<AbortHandle>,
}

impl Drop for Reader {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

/// The batches, and then how the reader ended: only one that came to its end without an error ends the stream.
fn rows(reader: Reader) -> RowStream {
    stream::unfold(Some(reader), |reader| async {
        let mut reader = reader?;
        if let Some(batch) = reader.batches.recv().await {
            return Some((Ok(batch), Some(reader)));
        }
        let error = (&mut reader.ended).await.err()?;
        Some((Err(error), None))
    })
    .boxed()
}

fn broken(panicked: bool) -> Error {
    let how = if panicked { "panicked" } else { "was cancelled" };
    Error::new(ErrorKind::Bug, "bug::reader", format!("a reader {how} before the end of its segment"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use arrow::array::RecordBatchOptions;
    use arrow::datatypes::Schema;

    use super::*;

    fn batch(rows: usize) -> RecordBatch {
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(Arc::new(Schema::empty()), vec![], &options).unwrap()
    }

    async fn seen(rows: RowStream) -> Vec<Result<usize, String>> {
        let seen = rows.map(|batch| batch.map(|rows| rows.num_rows()).map_err(|error| error.code().to_owned()));
        seen.collect().await
    }

    #[tokio::test]
    async fn batches_arrive_in_order_and_the_stream_ends() {
        let task = task(async |sink| {
            for rows in 1..=9 {
                assert!(sink.put(batch(rows)).await);
            }
            Ok(())
        });
        let thread = thread(|sink| {
            assert!((1..=9).all(|rows| sink.put_blocking(batch(rows))));
            Ok(())
        });
        let all: Vec<_> = (1..=9).map(Ok).collect();
        assert_eq!((seen(task).await, seen(thread).await), (all.clone(), all));
    }

    #[tokio::test]
    async fn an_error_or_a_panic_after_some_batches_is_the_last_item() {
        let failing = thread(|sink| {
            sink.put_blocking(batch(1));
            Err(Error::new(ErrorKind::Source, "sqlite::damaged", "damaged"))
        });
        assert_eq!(seen(failing).await, [Ok(1), Err("sqlite::damaged".to_owned())]);
        let panicking = task(async |sink| {
            sink.put(batch(1)).await;
            panic!("reader")
        });
        assert_eq!(seen(panicking).await, [Ok(1), Err("bug::reader".to_owned())]);
    }

    #[tokio::test]
    async fn the_reader_waits_for_a_slow_consumer() {
        let put = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&put);
        let mut rows = thread(move |sink| {
            while sink.put_blocking(batch(1)) {
                counter.fetch_add(1, Ordering::SeqCst);
            }
            Ok(())
        });
        for taken in 1..=1_000 {
            rows.next().await.unwrap().unwrap();
            assert!(put.load(Ordering::SeqCst) <= taken + READ_AHEAD);
        }
    }

    #[tokio::test]
    async fn dropping_the_stream_ends_the_reader() {
        struct Ended(Option<oneshot::Sender<()>>);
        impl Drop for Ended {
            fn drop(&mut self) {
                self.0.take().unwrap().send(()).unwrap();
            }
        }
        let (sender, ended) = oneshot::channel();
        let guard = Ended(Some(sender));
        let mut rows = task(async |sink| {
            let _held = guard;
            sink.put(batch(1)).await;
            futures::future::pending().await
        });
        rows.next().await.unwrap().unwrap();
        drop(rows);
        ended.await.unwrap();
    }
}
