//! A blocking reader behind a stream.

use std::thread;

use enlist_core::{Error, ErrorKind, SegmentBatch};
use futures::stream::{self, BoxStream, StreamExt};
use tokio::sync::mpsc;

/// Batches read ahead of the consumer: enough to keep both sides busy, few enough to keep memory flat.
const READ_AHEAD: usize = 2;

/// Runs `batches` on a thread of their own, a few batches ahead of whoever reads the stream.
///
/// The first error ends the stream. Dropping the stream ends the thread at its next batch. A panic of the reader
/// arrives as an error, so that a stream that ends without one is always whole. The thread is none of the runtime's:
/// however many sources a query reads side by side, they take no thread from those who work on the rows, and one that
/// waits for a silent pipe keeps no program from ending.
pub fn feed<I>(batches: I) -> BoxStream<'static, Result<SegmentBatch, Error>>
where
    I: Iterator<Item = Result<SegmentBatch, Error>> + Send + 'static,
{
    let (sender, receiver) = mpsc::channel(READ_AHEAD);
    let read = move || {
        for batch in batches {
            let failed = batch.is_err();
            if sender.blocking_send(batch).is_err() || failed {
                break;
            }
        }
    };
    match thread::Builder::new().name("enlist-reader".to_owned()).spawn(read) {
        Ok(reader) => stream::unfold((receiver, Some(reader)), |(mut receiver, reader)| async {
            if let Some(batch) = receiver.recv().await {
                return Some((batch, (receiver, reader)));
            }
            // The channel is closed, so the thread has come to its end.
            reader?.join().err().map(|_| (Err(broken("panicked")), (receiver, None)))
        })
        .boxed(),
        Err(cause) => {
            let error = Error::new(ErrorKind::Source, "source::unreadable", format!("no thread to read with: {cause}"));
            stream::once(async { Err(error) }).boxed()
        }
    }
}

/// Runs `work` on a thread that may block. Must be called within a tokio runtime.
///
/// # Errors
/// Those of `work`, and `bug::reader` when it panics.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|fault| broken(if fault.is_panic() { "panicked" } else { "was cancelled" }))?
}

fn broken(how: &str) -> Error {
    Error::new(ErrorKind::Bug, "bug::reader", format!("a reader {how} before the end of its segment"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use arrow::array::RecordBatch;
    use arrow::datatypes::Schema;
    use tokio::sync::oneshot;

    use super::*;

    fn batch(first_row: u64) -> Result<SegmentBatch, Error> {
        Ok(SegmentBatch { rows: RecordBatch::new_empty(Arc::new(Schema::empty())), origin: 0, first_row })
    }

    #[tokio::test]
    async fn batches_arrive_in_order_and_the_stream_ends() {
        let rows: Vec<u64> = feed((1..=100).map(batch)).map(|b| b.unwrap().first_row).collect().await;
        assert_eq!(rows, (1..=100).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn the_first_error_is_the_last_item() {
        let fault = || Err(Error::new(ErrorKind::Source, "source::damaged", "damaged"));
        let items: Vec<_> = feed((1..=9).map(move |n| if n == 3 { fault() } else { batch(n) })).collect().await;
        assert_eq!(items.len(), 3);
        assert_eq!(items[2].as_ref().unwrap_err().code(), "source::damaged");
    }

    #[tokio::test]
    async fn a_reader_that_panics_is_an_error_and_not_an_early_end() {
        let items: Vec<_> = feed((1..=9).map(|n| if n == 3 { panic!("reader") } else { batch(n) })).collect().await;
        assert_eq!(items.len(), 3);
        assert_eq!(items[2].as_ref().unwrap_err().code(), "bug::reader");
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
        let mut stream = feed((1..).map(move |n| {
            let _held = &guard;
            batch(n)
        }));
        stream.next().await.unwrap().unwrap();
        drop(stream);
        ended.await.unwrap();
    }

    #[tokio::test]
    async fn the_reader_waits_for_a_slow_consumer() {
        let read = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&read);
        let mut stream = feed((1..=1_000).map(move |n| {
            counter.store(n, Ordering::SeqCst);
            batch(n)
        }));
        for seen in 1..=1_000 {
            stream.next().await.unwrap().unwrap();
            // One batch in the reader's hands on top of those in the channel.
            assert!(read.load(Ordering::SeqCst) <= seen + READ_AHEAD as u64 + 1);
        }
    }
}
