//! Reading: the segment is read once, at full speed, and its contacts are staged.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use super::Summary;
use super::stage::{Partitions, Stage, Staged, Staging};
use crate::{BoundMapping, Error, ErrorKind, Key, Observer, Reason, Rejects, SegmentStream, cpu};
use futures::{StreamExt, TryStreamExt};

/// Batches that are mapped at the same time.
const MAPPERS: usize = 2;

/// How rows become staged contacts.
#[derive(Clone)]
pub(crate) struct Reader {
    pub(crate) mapping: Arc<BoundMapping>,
    pub(crate) staging: Staging,
}

/// A segment that was read.
pub(crate) struct Segment {
    /// Its contacts.
    pub(crate) partitions: Partitions,
    /// Who is in the segment although the row was rejected: nobody of them left.
    pub(crate) rejected: HashSet<Key>,
}

impl Reader {
    /// Stages all rows of `segment` in `folder`; every row ends up staged or in `rejects`.
    pub(crate) async fn read(
        &self,
        segment: SegmentStream,
        folder: &Path,
        observer: &mut Observer,
        summary: &mut Summary,
    ) -> Result<Segment, Error> {
        let mut rejected = HashSet::new();
        let mut stage = Stage::create(folder)?;
        let mapped = segment.batches.map(|batch| {
            let reader = self.clone();
            async move {
                let batch = batch?;
                let rows = batch.rows.num_rows() as u64;
                let (staged, rejects) = cpu::run(move || reader.map(&batch)).await??;
                Ok::<_, Error>((rows, staged, rejects))
            }
        });
        let mut mapped = std::pin::pin!(mapped.buffered(MAPPERS));
        while let Some((rows, staged, mut refused)) = mapped.try_next().await? {
            if *observer.stop.borrow() {
                return Err(stopped());
            }
            summary.read += rows;
            count(&refused, summary);
            rejected.extend(refused.iter().filter_map(|reject| reject.key));
            // Whoever is suppressed may have been erased: the file says where the row is, and not who.
            refused
                .iter_mut()
                .filter(|reject| reject.reason == Reason::Suppressed)
                .for_each(|reject| reject.key = None);
            if !refused.is_empty() {
                observer.rejects.write(&segment.origins, &refused)?;
            }
            stage = cpu::run(move || stage.push(staged).map(|()| stage)).await??;
            observer.progress.send_modify(|progress| {
                progress.read = summary.read;
                progress.rejected = summary.rejected_total();
            });
        }
        let partitions = cpu::run(move || stage.finish()).await??;
        Ok(Segment { partitions, rejected })
    }

    fn map(&self, batch: &crate::SegmentBatch) -> Result<(Staged, Rejects), Error> {
        Staged::encode(self.mapping.map(batch)?, &self.staging)
    }
}

fn count(rejects: &Rejects, summary: &mut Summary) {
    rejects.iter().for_each(|reject| summary.reject(reject.reason));
}

fn stopped() -> Error {
    Error::new(ErrorKind::Interrupted, "run::stopped", "stopped by a signal before anything was sent")
        .help("run the same command again")
}
