//! The profiles of the members of one segment, as a source.

use std::sync::Arc;

use arrow::array::{BooleanArray, RecordBatch, RecordBatchOptions};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{Schema, SchemaRef};
use async_trait::async_trait;
use enlist_core::{Error, ErrorKind, Rows, SegmentBatch, SegmentStream, Source};
use enlist_source_files::{changed, pick};
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};

use crate::matching::{CUSTOMER, SegmentOptions, Unmatched, column};
use crate::members::{Members, fingerprint, members, texts};

/// The customers among `profiles` whose row in `memberships` names the segment called `segment`.
///
/// Each profile comes once, in the order of the profiles, with all of its columns; rows are numbered within the
/// segment. A scan reads all memberships first, and keeps 16 bytes for each member; the profiles stream. A segment that
/// is in no membership is an error rather than an empty segment, unless `options` say that it exists.
pub fn segment(
    profiles: Arc<dyn Source>,
    memberships: Arc<dyn Source>,
    options: SegmentOptions,
    segment: &str,
) -> Arc<dyn Source> {
    let name = format!("segment \"{segment}\" of {}", profiles.name());
    Arc::new(Segment { name, profiles, memberships, options, segment: segment.to_owned() })
}

struct Segment {
    /// What messages call it; also its one origin.
    name: String,
    profiles: Arc<dyn Source>,
    memberships: Arc<dyn Source>,
    options: SegmentOptions,
    segment: String,
}

#[async_trait]
impl Source for Segment {
    fn name(&self) -> &str {
        &self.name
    }

    async fn schema(&self) -> Result<SchemaRef, Error> {
        self.profiles.schema().await
    }

    async fn rows(&self) -> Result<Rows, Error> {
        Ok(Rows::Unknown)
    }

    async fn scan(&self, columns: &[String]) -> Result<SegmentStream, Error> {
        let offered = self.profiles.schema().await?;
        let picked = pick(&offered, columns, self.profiles.name())?;
        let schema =
            Arc::new(Schema::new(picked.iter().map(|at| Arc::clone(&offered.fields()[*at])).collect::<Vec<_>>()));
        let id = column(&offered, self.options.profile_id.as_deref(), &CUSTOMER, self.profiles.name())?;
        let members = members(self.memberships.as_ref(), &self.options, &self.segment).await?;
        let read = [columns, std::slice::from_ref(&id)].concat();
        let profiles = self.profiles.scan(&read).await?.batches;
        let join = Join {
            total: members.len(),
            waiting: members,
            next_row: 1,
            id,
            schema: Arc::clone(&schema),
            profiles: self.profiles.name().to_owned(),
            memberships: self.memberships.name().to_owned(),
            segment: self.segment.clone(),
            unmatched: self.options.unmatched,
        };
        Ok(SegmentStream { schema, origins: [self.name.clone()].into(), batches: join.batches(profiles) })
    }
}

/// Profiles met with members.
struct Join {
    /// The members whose profile did not come yet.
    waiting: Members,
    total: usize,
    next_row: u64,
    id: String,
    schema: SchemaRef,
    profiles: String,
    memberships: String,
    segment: String,
    unmatched: Unmatched,
}

impl Join {
    fn batches(
        self,
        profiles: BoxStream<'static, Result<SegmentBatch, Error>>,
    ) -> BoxStream<'static, Result<SegmentBatch, Error>> {
        let joined = stream::try_unfold(Some((self, profiles)), |state| async {
            let Some((mut join, mut profiles)) = state else { return Ok(None) };
            while let Some(batch) = profiles.try_next().await? {
                let found = join.members(&batch.rows)?;
                if found.rows.num_rows() > 0 {
                    return Ok(Some((found, Some((join, profiles)))));
                }
            }
            join.complete().map(|()| None)
        });
        joined.boxed()
    }

    /// The rows of members, each member once.
    fn members(&mut self, profiles: &RecordBatch) -> Result<SegmentBatch, Error> {
        let ids = texts(profiles.column_by_name(&self.id), &self.id, &self.profiles)?;
        let found: BooleanArray =
            ids.iter().map(|id| Some(id.is_some_and(|id| self.waiting.remove(&fingerprint(id))))).collect();
        let columns = self.schema.fields().iter().map(|field| profiles.column_by_name(field.name()).cloned());
        let columns = columns.collect::<Option<Vec<_>>>().ok_or_else(|| changed(&self.profiles))?;
        let options = RecordBatchOptions::new().with_row_count(Some(profiles.num_rows()));
        let rows = RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)
            .and_then(|rows| filter_record_batch(&rows, &found))
            .map_err(|_| changed(&self.profiles))?;
        let first_row = self.next_row;
        self.next_row += rows.num_rows() as u64;
        Ok(SegmentBatch { rows, origin: 0, first_row })
    }

    /// Whether every member had a profile.
    fn complete(&self) -> Result<(), Error> {
        if self.waiting.is_empty() || self.unmatched == Unmatched::LeaveOut {
            return Ok(());
        }
        let (missing, all) = (self.waiting.len(), self.total);
        let Self { segment, profiles, memberships, .. } = self;
        let message = format!(
            "{missing} of the {all} members of segment \"{segment}\" in {memberships} have no profile in {profiles}"
        );
        Err(Error::new(ErrorKind::Source, "insights::unmatched", message)
            .help("the tables are of different refreshes: export both again while no refresh runs"))
    }
}
