//! The metrics of runs, whichever format they are written in.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use enlist_history::{RunDocument, Timeline};

use crate::text::moment;

/// A metric: its name, its meaning and its values.
pub(crate) struct Family {
    pub(crate) name: &'static str,
    pub(crate) help: &'static str,
    /// In the notation of UCUM, as OpenTelemetry has it.
    pub(crate) unit: &'static str,
    /// Whether it only grows, as more runs are given.
    pub(crate) counter: bool,
    /// Never empty.
    pub(crate) points: Vec<Point>,
}

/// One value.
pub(crate) struct Point {
    /// Names and values of labels; a value may be any text.
    pub(crate) labels: Vec<(&'static str, String)>,
    pub(crate) number: Number,
    /// The first run that it speaks of.
    pub(crate) since: DateTime<Utc>,
    /// The latest run that it speaks of.
    pub(crate) at: DateTime<Utc>,
}

/// A number, finite.
#[derive(Clone, Copy)]
pub(crate) enum Number {
    Whole(u64),
    Real(f64),
}

/// The runs of one export into one list, oldest first; never empty.
struct Series<'a> {
    labels: Vec<(&'static str, String)>,
    runs: Vec<&'a RunDocument>,
}

/// Values of one family in one series: a label that tells them apart, if there are several, and the number.
type Values = Vec<(Option<(&'static str, &'static str)>, Number)>;

/// The metrics of `runs` (oldest first). Runs that found the export locked did nothing and are left out.
pub(crate) fn families(runs: &[RunDocument]) -> Vec<Family> {
    let series = series(runs);
    let family = |name, help, unit, counter, values: fn(&Series<'_>) -> Values| {
        let points = series.iter().flat_map(|series| series.points(values(series))).collect();
        Family { name, help, unit, counter, points }
    };
    let all = [
        family("enlist_rows_total", "Rows read, by what became of them.", "{row}", true, |it| it.rows()),
        family("enlist_requests_total", "Calls to the destination, by answer.", "{request}", true, |it| it.requests()),
        family(
            "enlist_throttled_seconds_total",
            "Time during which the destination held sending back.",
            "s",
            true,
            |it| it.throttled(),
        ),
        family(
            "enlist_pending_batches",
            "Accepted imports not known to have ended, at the end of the latest run.",
            "{batch}",
            false,
            |it| it.pending(),
        ),
        family(
            "enlist_confirm_lag_seconds",
            "From half of the contacts accepted to half of them confirmed, in the latest run that sent any.",
            "s",
            false,
            |it| it.lag(),
        ),
        family(
            "enlist_last_success_timestamp_seconds",
            "When the latest run ended that did all of its work; rejected rows do not count against it.",
            "s",
            false,
            |it| it.success(),
        ),
        family("enlist_run_duration_seconds", "Length of the latest run.", "s", false, |it| it.duration()),
    ];
    all.into_iter().filter(|family| !family.points.is_empty()).collect()
}

fn series(runs: &[RunDocument]) -> Vec<Series<'_>> {
    let mut by_export: BTreeMap<_, Vec<&RunDocument>> = BTreeMap::new();
    for run in runs.iter().filter(|run| run.status != "locked") {
        let to = &run.destination;
        by_export.entry((&run.export, &to.host, to.list)).or_default().push(run);
    }
    let labels = |export: &str, host: &str, list: u64| {
        let mut labels = vec![("export", export.to_owned()), ("host", host.to_owned()), ("list", list.to_string())];
        labels.retain(|(_, value)| !value.is_empty());
        labels
    };
    by_export
        .into_iter()
        .map(|((export, host, list), runs)| Series { labels: labels(export, host, list), runs })
        .collect()
}

impl Series<'_> {
    fn points(&self, values: Values) -> Vec<Point> {
        let edge = |run: Option<&&RunDocument>, text: fn(&RunDocument) -> &str| {
            run.and_then(|run| moment(text(run))).unwrap_or(DateTime::UNIX_EPOCH)
        };
        let since = edge(self.runs.first(), |run| &run.started_at);
        let at = edge(self.runs.last(), |run| &run.finished_at);
        let point = |(label, number): (Option<(&'static str, &'static str)>, Number)| {
            let mut labels = self.labels.clone();
            labels.extend(label.map(|(name, value)| (name, value.to_owned())));
            Point { labels, number, since, at }
        };
        let finite = |number: &Number| !matches!(number, Number::Real(real) if !real.is_finite());
        values.into_iter().filter(|(_, number)| finite(number)).map(point).collect()
    }

    fn sum(&self, of: impl Fn(&RunDocument) -> u64) -> Number {
        Number::Whole(self.runs.iter().fold(0, |sum, run| of(run).saturating_add(sum)))
    }

    fn rows(&self) -> Values {
        let outcome = |run: &RunDocument| run.outcome.unwrap_or_default();
        [
            ("confirmed", self.sum(|run| outcome(run).confirmed)),
            ("unchanged", self.sum(|run| outcome(run).unchanged)),
            ("rejected", self.sum(|run| outcome(run).rejected)),
            ("duplicate", self.sum(|run| outcome(run).duplicate)),
            ("deferred", self.sum(|run| outcome(run).deferred)),
            ("skipped", self.sum(|run| outcome(run).skipped)),
        ]
        .map(|(word, number)| (Some(("outcome", word)), number))
        .into()
    }

    /// Every call is in one of the three.
    fn requests(&self) -> Values {
        let answered = |run: &RunDocument| {
            let it = &run.requests;
            it.bulk.saturating_add(it.other).saturating_sub(it.throttled).saturating_sub(it.ambiguous)
        };
        [
            ("answered", self.sum(answered)),
            ("throttled", self.sum(|run| run.requests.throttled)),
            ("ambiguous", self.sum(|run| run.requests.ambiguous)),
        ]
        .map(|(word, number)| (Some(("status", word)), number))
        .into()
    }

    fn throttled(&self) -> Values {
        vec![(None, Number::Real(self.runs.iter().map(|run| run.requests.throttle_seconds).sum()))]
    }

    fn pending(&self) -> Values {
        let timeline = self.runs.last().and_then(|run| run.timeline.as_ref());
        vec![(None, Number::Whole(timeline.and_then(|it| it.pending.last().copied()).unwrap_or(0)))]
    }

    fn lag(&self) -> Values {
        let lag = self.runs.iter().rev().find_map(|run| run.timeline.as_ref().and_then(lag));
        lag.map(|seconds| (None, Number::Whole(seconds))).into_iter().collect()
    }

    fn success(&self) -> Values {
        let ended = |run: &&&RunDocument| ["ok", "rejects"].contains(&run.status.as_str());
        let at = self.runs.iter().rev().find(ended).and_then(|run| moment(&run.finished_at));
        let seconds = at.and_then(|at| u64::try_from(at.timestamp()).ok());
        seconds.map(|seconds| (None, Number::Whole(seconds))).into_iter().collect()
    }

    fn duration(&self) -> Values {
        self.runs.last().map(|run| (None, Number::Real(run.seconds))).into_iter().collect()
    }
}

/// Seconds from half of the contacts accepted to half of them confirmed, as exact as the steps of `timeline`. Halves
/// rather than averages: contacts that are never confirmed do not weigh.
fn lag(timeline: &Timeline) -> Option<u64> {
    let half = |column: &[u64]| -> Option<u64> {
        let total: u128 = column.iter().map(|number| u128::from(*number)).sum();
        let mut sum = 0;
        let step = column.iter().position(|number| {
            sum += u128::from(*number);
            sum * 2 >= total
        });
        step.filter(|_| total > 0).and_then(|step| u64::try_from(step).ok())
    };
    let (accepted, confirmed) = (half(&timeline.accepted)?, half(&timeline.confirmed)?);
    Some(confirmed.saturating_sub(accepted).saturating_mul(timeline.step_seconds))
}
