//! An export: a segment, a mapping and a list, planned and run.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::delivery::{self, Delivery, Pacer, Tools, Verdicts};
use crate::plan::{Merge, Merged, Reader, Requests, Segment, Selection, Staging, Summary};
use crate::report::{Latency, Leavers, NoRejects, Outcome, Phase, Progress, RejectWriter, Report};
use crate::{
    BoundMapping, Clock, Destination, Digest, Error, ErrorKind, Guard, Guards, Hasher, Key, Ledger, Mapping, Sink,
    Source, Suppression, suppressions,
};

/// How long a run waits for imports of an earlier run before it plans around them.
const RECOVERY_GRACE: Duration = Duration::from_secs(120);

/// What is to be kept in step: one segment, one list.
#[derive(Clone)]
pub struct Export {
    /// Where the rows are.
    pub source: Arc<dyn Source>,
    /// How rows become contacts; by the names of the columns if absent.
    pub mapping: Option<Mapping>,
    /// Where the contacts go.
    pub sink: Arc<dyn Sink>,
    /// Bounds a plan must keep to be sent.
    pub guards: Guards,
    /// Send everything, also what is confirmed or known to be refused.
    pub full: bool,
    /// Which contacts a run is limited to.
    pub selection: Selection,
    /// Who is never sent: emails or hashes of them, in the only column or the one named so.
    pub suppress: Vec<Arc<dyn Source>>,
    /// Time a run may take.
    pub deadline: Duration,
}

/// What an export remembers and shares.
pub struct State {
    /// What was confirmed before.
    pub ledger: Box<dyn Ledger>,
    /// Makes the keys of this ledger.
    pub hasher: Hasher,
    /// The quotas of the account.
    pub pacer: Arc<Pacer>,
    /// Where temporary files go; some 200 bytes a contact for the time of a run.
    pub spool: PathBuf,
    /// The time, from the start of the run on.
    pub clock: Clock,
}

/// Who watches a run, and may stop it.
pub struct Observer {
    /// Told how far the run is.
    pub progress: watch::Sender<Progress>,
    /// `true` stops the run after the answers under way.
    pub stop: watch::Receiver<bool>,
    /// Told of every rejected row.
    pub rejects: Box<dyn RejectWriter>,
}

impl Observer {
    /// Watches nothing and stops nothing.
    pub fn none() -> Self {
        let (_, stop) = watch::channel(false);
        Self { progress: watch::Sender::default(), stop, rejects: Box::new(NoRejects) }
    }
}

/// What a run would do.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What the destination is.
    pub destination: Destination,
    /// The numbers.
    pub summary: Summary,
    /// What goes where, in words: a part of a contact and the column it comes from.
    pub mapping: Vec<(String, String)>,
    /// Columns that an automatic mapping left out; empty for a written one.
    pub unused: Vec<String>,
    /// Whether the mapping was made from the names of the columns.
    pub automatic: bool,
    /// Whether mapping, key or settings changed since the last run, so that everything is sent again.
    pub changed_generation: bool,
    /// The guards that would stop the run.
    pub broken: Vec<Error>,
    /// Time spent reading the segment.
    pub reading: Duration,
    /// Time spent altogether.
    pub elapsed: Duration,
}

/// A mapping that fits the source and the destination.
pub(crate) struct Bound {
    mapping: Arc<BoundMapping>,
    pub(crate) written: Mapping,
    unused: Vec<String>,
    automatic: bool,
}

/// Time a run may take unless somebody says otherwise: what the export it replaces takes at most.
const DEADLINE: Duration = Duration::from_secs(90 * 60);

impl Export {
    /// An export of `source` to `sink` with a mapping by the names of the columns, the usual guards, and 90 minutes.
    pub fn new(source: Arc<dyn Source>, sink: Arc<dyn Sink>) -> Self {
        Self {
            source,
            mapping: None,
            sink,
            guards: Guards::default(),
            full: false,
            selection: Selection::default(),
            suppress: Vec::new(),
            deadline: DEADLINE,
        }
    }

    /// Finds out what [`run`](Self::run) would do. Writes nothing to the ledger and sends no contact.
    ///
    /// # Errors
    /// When source, destination or state cannot be read, or the mapping does not fit. Broken guards are part of the
    /// plan.
    pub async fn plan(&self, state: State, mut observer: Observer) -> Result<Plan, Error> {
        let clock = state.clock;
        let destination = delivery::check_destination(&*self.sink, &state.pacer, &clock).await?;
        let bound = self.bind(&destination).await?;
        let mut summary = Summary::default();
        let begun = clock.elapsed();
        let suppression = self.suppression(state.ledger.suppressed()?, &state.hasher).await?;
        let staging = self.staging(&bound, &state.hasher, &suppression);
        let (segment, origins) = self.read(&bound, staging, &state.spool, &mut observer, &mut summary).await?;
        let reading = clock.elapsed() - begun;
        let generation = self.generation(&bound);
        let known = state.ledger.generation()?;
        let intents = state.ledger.intents()?;
        let pending = intents.iter().flat_map(|intent| intent.contacts.iter().map(|&(key, _)| key)).collect();
        observer.progress.send_modify(|progress| progress.phase = Phase::Merge);
        let hasher = state.hasher.clone();
        let merge = self.merge(&bound, generation, segment, (state.spool, &origins, hasher, suppression));
        let (merged, mut summary) = crate::cpu::run(move || merge(&*state.ledger, &pending, summary)).await??;
        count_requests(&merged, &mut summary);
        let changed_generation = known.is_some_and(|known| known != generation);
        if changed_generation {
            summary.resend = 0;
        }
        Ok(Plan {
            broken: self.guards().judge(&summary, destination.headroom),
            destination,
            summary,
            mapping: bound.mapping.describe(),
            unused: bound.unused,
            automatic: bound.automatic,
            changed_generation,
            reading,
            elapsed: clock.elapsed(),
        })
    }

    /// Brings the list up to date with the segment.
    ///
    /// # Errors
    /// When nothing could be sent at all: source, destination or state cannot be read, or the mapping does not fit.
    /// From the plan on, the report tells everything, with [`Report::error`] if the run ended early.
    pub async fn run(&self, state: State, mut observer: Observer) -> Result<Report, Error> {
        let clock = state.clock;
        let destination = delivery::check_destination(&*self.sink, &state.pacer, &clock).await?;
        let bound = self.bind(&destination).await?;
        let mut summary = Summary::default();
        let suppression = self.suppression(state.ledger.suppressed()?, &state.hasher).await?;
        let staging = self.staging(&bound, &state.hasher, &suppression);
        let (segment, origins) = self.read(&bound, staging, &state.spool, &mut observer, &mut summary).await?;

        let deadline = clock.now() + self.deadline.saturating_sub(clock.elapsed());
        let progress = observer.progress.clone();
        let generation = self.generation(&bound);
        let mut delivery = Delivery::new(Tools {
            sink: Arc::clone(&self.sink),
            pacer: state.pacer,
            clock,
            hasher: state.hasher.clone(),
            ledger: state.ledger,
            rejects: observer.rejects,
            origins: Arc::clone(&origins),
            progress: observer.progress,
            stop: observer.stop,
            deadline,
        });
        progress.send_modify(|progress| progress.phase = Phase::Recover);
        delivery.recover(deadline.min(clock.now() + RECOVERY_GRACE)).await?;

        progress.send_modify(|progress| progress.phase = Phase::Merge);
        let pending = delivery.pending_keys();
        let merge = self.merge(&bound, generation, segment, (state.spool, &origins, state.hasher, suppression));
        let (merged, mut summary) = delivery.with_ledger(move |ledger| merge(ledger, &pending, summary)).await??;
        count_requests(&merged, &mut summary);
        let recorded = delivery.reject_known(&merged.known_bad);
        if delivery.changes_generation(generation)? {
            // Another mapping is a change, whatever the reason why its contacts are sent.
            summary.resend = 0;
        }

        progress.send_modify(|progress| {
            progress.phase = Phase::Deliver;
            progress.requests = summary.requests + summary.leavers.requests;
            progress.contacts = summary.changes() + summary.leavers.tell;
            progress.rejected = summary.rejected_total();
        });
        let begun = clock.elapsed();
        let broken = self.guards().judge(&summary, destination.headroom).into_iter().next();
        let may_send = recorded.and(broken.map_or(Ok(()), Err)).and_then(|()| delivery.declare(generation));
        let noted = match may_send {
            Ok(()) => {
                let emails = bound.mapping.departure().map(|_| merged.emails);
                delivery.note(merged.left, merged.back, emails).await
            }
            Err(error) => Err(error),
        };
        noted.unwrap_or_else(|error| delivery.withhold(error));
        delivery.deliver(merged.rows).await;
        let rows = delivery.close();
        // After the rows: whoever comes matters more than whoever leaves.
        delivery.deliver(merged.leavers).await;
        let leavers = delivery.close();
        let told = bound.mapping.departure().map(|_| leavers);
        report(destination, summary, (rows, told), delivery, begun, clock)
    }

    pub(crate) async fn suppression(&self, erased: Vec<Key>, hasher: &Hasher) -> Result<Arc<Suppression>, Error> {
        suppressions::read(&self.suppress, erased, hasher).await.map(Arc::new)
    }

    pub(crate) fn staging(&self, bound: &Bound, hasher: &Hasher, suppression: &Arc<Suppression>) -> Staging {
        Staging {
            encoder: self.sink.encoder(),
            limits: self.sink.limits(),
            hasher: hasher.clone(),
            suppression: Arc::clone(suppression),
            emails: bound.mapping.departure().is_some(),
        }
    }

    /// A full resend changes every contact by intention.
    fn guards(&self) -> Guards {
        let mut guards = self.guards.clone();
        if self.full {
            guards.allow.push(Guard::MaxChange);
        }
        guards
    }

    pub(crate) async fn bind(&self, destination: &Destination) -> Result<Bound, Error> {
        let schema = self.source.schema().await?;
        let (written, unused, automatic) = match &self.mapping {
            Some(mapping) => (mapping.clone(), Vec::new(), false),
            None => {
                let found = Mapping::automatic(&schema)?;
                (found.mapping, found.unused, true)
            }
        };
        let mapping = Arc::new(written.bind(&schema, destination)?);
        Ok(Bound { mapping, written, unused, automatic })
    }

    pub(crate) async fn read(
        &self,
        bound: &Bound,
        staging: Staging,
        spool: &std::path::Path,
        observer: &mut Observer,
        summary: &mut Summary,
    ) -> Result<(Segment, Arc<[String]>), Error> {
        observer.progress.send_modify(|progress| progress.phase = Phase::Read);
        let segment = self.source.scan(&bound.written.columns()).await?;
        let origins = Arc::clone(&segment.origins);
        let reader = Reader { mapping: Arc::clone(&bound.mapping), staging };
        let segment = reader.read(segment, spool, observer, summary).await?;
        Ok((segment, origins))
    }

    /// The merge as work for a thread that may block.
    fn merge(
        &self,
        bound: &Bound,
        generation: Digest,
        segment: Segment,
        (spool, origins, hasher, suppression): (PathBuf, &[String], Hasher, Arc<Suppression>),
    ) -> impl FnOnce(&dyn Ledger, &std::collections::HashSet<crate::Key>, Summary) -> Result<(Merged, Summary), Error>
    + Send
    + 'static
    + use<> {
        let (keep, full) = (bound.written.keep.clone(), self.full);
        let (encoder, limits) = (self.sink.encoder(), self.sink.limits());
        let departure = bound.mapping.departure().cloned();
        let selection = self.selection.of(origins);
        move |ledger, pending, mut summary| {
            let merge = Merge {
                ledger,
                generation,
                keep: &keep,
                full,
                selection: &selection,
                departure: departure.as_ref(),
                suppression: &suppression,
                pending,
                encoder: &*encoder,
                hasher: &hasher,
                limits,
            };
            let merged = merge.run(&segment, &spool, &mut summary)?;
            Ok((merged, summary))
        }
    }

    /// R10: everything that changes what sending a contact means.
    pub(crate) fn generation(&self, bound: &Bound) -> Digest {
        let mut hash = blake3::Hasher::new();
        for part in [&bound.mapping.digest()[..], self.sink.identity().as_bytes(), self.sink.account().as_bytes()] {
            hash.update(&(part.len() as u64).to_le_bytes()).update(part);
        }
        hash.update(&self.sink.list().to_le_bytes());
        let mut digest = Digest::default();
        digest.copy_from_slice(&hash.finalize().as_bytes()[..16]);
        digest
    }
}

fn count_requests(merged: &Merged, summary: &mut Summary) {
    let Requests { ready, blocked } = &merged.rows;
    summary.requests = (ready.len() + blocked.len()) as u64;
    summary.blocked = (0..blocked.len()).map(|index| blocked.contacts(index) as u64).sum();
    summary.largest_request = ready.largest().max(blocked.largest());
}

fn report(
    destination: Destination,
    plan: Summary,
    (rows, told): (Verdicts, Option<Verdicts>),
    delivery: Delivery,
    begun: Duration,
    clock: Clock,
) -> Result<Report, Error> {
    let (tally, mut error) = delivery.finish();
    let mut rejected = plan.rejected.clone();
    for (reason, contacts) in &rows.rejected {
        *rejected.entry(*reason).or_default() += contacts;
    }
    let outcome = Outcome {
        read: plan.read,
        confirmed: rows.confirmed,
        unchanged: plan.unchanged,
        rejected: rejected.values().sum(),
        duplicate: plan.duplicate,
        deferred: rows.deferred,
        skipped: plan.skipped,
    };
    let leavers = told.map(|told| Leavers {
        confirmed: told.confirmed,
        unchanged: plan.leavers.told,
        rejected: told.rejected.values().sum::<u64>() + plan.leavers.refused,
        deferred: told.deferred,
        unknown: plan.leavers.unknown,
    });
    if let Err(unbalanced) = outcome.balance() {
        error = Some(unbalanced);
    }
    let left_over = outcome.deferred + leavers.map_or(0, |leavers| leavers.deferred);
    if error.is_none() && left_over > 0 {
        error = Some(unfinished(left_over));
    }
    let mut warnings = tally.warnings;
    warnings.extend(tally.trouble.filter(|_| error.is_some()).map(|cause| format!("last network fault: {cause}")));
    Ok(Report {
        destination,
        outcome,
        leavers,
        rejected,
        calls: tally.calls,
        recovered: tally.recovered,
        latency: Latency::of(tally.latency),
        elapsed: clock.elapsed(),
        delivering: clock.elapsed().saturating_sub(begun),
        warnings,
        error,
        plan,
    })
}

fn unfinished(deferred: u64) -> Error {
    Error::new(ErrorKind::Unfinished, "send::deferred", format!("{deferred} rows have no outcome yet"))
        .help("run the same command again: it finds out what became of them and sends what is left")
}
