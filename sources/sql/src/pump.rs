//! A reader that runs beside whoever takes its rows.

use arrow::array::RecordBatch;
use enlist_core::{Error, ErrorKind};
use futures::stream::{self, StreamExt};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

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
    rows(Reader { batches, work: tokio::spawn(read(Sink(sender))) })
}

/// The rows of `read`, which runs on a thread that may block. Dropping the stream ends it at its next batch. Must be
/// called within a tokio runtime.
pub(crate) fn thread(read: impl FnOnce(&Sink) -> Result<(), Error> + Send + 'static) -> RowStream {
    let (sender, batches) = mpsc::channel(READ_AHEAD);
    rows(Reader { batches, work: tokio::task::spawn_blocking(move || read(&Sink(sender))) })
}

struct Reader {
    batches: mpsc::Receiver<RecordBatch>,
    work: JoinHandle<Result<(), Error>>,
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.work.abort();
    }
}

/// The batches, and then how the reader ended: only one that came to its end without an error ends the stream.
fn rows(reader: Reader) -> RowStream {
    stream::unfold(Some(reader), |reader| async {
        let mut reader = reader?;
        if let Some(batch) = reader.batches.recv().await {
            return Some((Ok(batch), Some(reader)));
        }
        let error = match (&mut reader.work).await {
            Ok(ended) => ended.err()?,
            Err(fault) => broken(&fault),
        };
        Some((Err(error), None))
    })
    .boxed()
}

fn broken(fault: &tokio::task::JoinError) -> Error {
    let how = if fault.is_panic() { "panicked" } else { "was cancelled" };
    Error::new(ErrorKind::Bug, "bug::reader", format!("a reader {how} before the end of its segment"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use arrow::array::RecordBatchOptions;
    use arrow::datatypes::Schema;
    use tokio::sync::oneshot;

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
