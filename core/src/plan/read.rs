//! Reading: the segment is read once, at full speed, and its contacts are staged.

use std::path::Path;
use std::sync::Arc;

use super::stage::{Partitions, Stage, Staged};
use super::{Hasher, Summary};
use crate::{BoundMapping, Encode, Error, ErrorKind, Limits, Observer, Rejects, SegmentStream, cpu};
use futures::{StreamExt, TryStreamExt};

/// Batches that are mapped at the same time.
const MAPPERS: usize = 2;

/// How rows become staged contacts.
#[derive(Clone)]
pub(crate) struct Reader {
    pub(crate) mapping: Arc<BoundMapping>,
    pub(crate) encoder: Arc<dyn Encode>,
    pub(crate) limits: Limits,
    pub(crate) hasher: Hasher,
}

impl Reader {
    /// Stages all rows of `segment` in `folder`; every row ends up staged or in `rejects`.
    pub(crate) async fn read(
        &self,
        segment: SegmentStream,
        folder: &Path,
        observer: &mut Observer,
        summary: &mut Summary,
    ) -> Result<Partitions, Error> {
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
        while let Some((rows, staged, refused)) = mapped.try_next().await? {
            if *observer.stop.borrow() {
                return Err(stopped());
            }
            summary.read += rows;
            count(&refused, summary);
            if !refused.is_empty() {
                observer.rejects.write(&segment.origins, &refused)?;
            }
            stage = cpu::run(move || stage.push(staged).map(|()| stage)).await??;
            observer.progress.send_modify(|progress| {
                progress.read = summary.read;
                progress.rejected = summary.rejected_total();
            });
        }
        cpu::run(move || stage.finish()).await?
    }

    fn map(&self, batch: &crate::SegmentBatch) -> Result<(Staged, Rejects), Error> {
        Staged::encode(self.mapping.map(batch)?, &*self.encoder, self.limits, &self.hasher)
    }
}

fn count(rejects: &Rejects, summary: &mut Summary) {
    rejects.iter().for_each(|reject| summary.reject(reject.reason));
}

fn stopped() -> Error {
    Error::new(ErrorKind::Interrupted, "run::stopped", "stopped by a signal before anything was sent")
        .help("run the same command again")
}
