//! Rejected rows by who rejected them, and when.

use enlist_history::{Outcome, RunDocument};

use crate::words::{count, listing, plural};

/// The rejected rows of a run. Together they are [`Outcome::rejected`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rejects {
    /// Rejected by rules of the export, before anything was sent.
    pub(crate) ours: u64,
    /// Not sent, because ActiveCampaign refused them in an earlier run.
    pub(crate) known: u64,
    /// Refused by ActiveCampaign in this run.
    pub(crate) refused: u64,
}

impl Rejects {
    /// Those of `run`, which ended with `outcome`.
    pub(crate) fn of(run: &RunDocument, outcome: &Outcome) -> Self {
        let theirs = run.rejected_by_reason.0.iter().filter(|(reason, _)| is_theirs(reason));
        let theirs = theirs.fold(0_u64, |sum, (_, rows)| sum.saturating_add(*rows)).min(outcome.rejected);
        let refused = run.plan.map_or(theirs, |plan| outcome.rejected.saturating_sub(plan.rejected));
        let known = theirs.saturating_sub(refused);
        Self { ours: outcome.rejected - refused - known, known, refused }
    }

    /// Refused by ActiveCampaign, whenever that was.
    pub(crate) fn theirs(self) -> u64 {
        self.known + self.refused
    }

    fn total(self) -> u64 {
        self.ours + self.theirs()
    }

    /// How many of `rows` they are, and who rejected them; nothing where there are none.
    pub(crate) fn sentence(self, rows: u64) -> Option<String> {
        let parts = [
            (self.ours, "rejected before sending"),
            (self.refused, "refused by ActiveCampaign"),
            (self.known, "refused by ActiveCampaign earlier"),
        ];
        let parts = parts.into_iter().filter(|(number, _)| *number > 0);
        let parts: Vec<String> = parts.map(|(number, by)| format!("{} {by}", count(number))).collect();
        let by = if self.theirs() == 0 { String::new() } else { format!(": {}", listing(&parts)) };
        let became = if self.total() == 1 { "a contact" } else { "contacts" };
        (self.total() > 0).then(|| {
            format!(
                "{} of {} did not become {became}{by}; the reasons are below.",
                count(self.total()),
                plural(rows, "row")
            )
        })
    }
}

fn is_theirs(reason: &str) -> bool {
    matches!(reason, "invalid" | "refused" | "import_failed")
}

#[cfg(test)]
mod tests {
    use enlist_history::{Plan, Tally};

    use super::*;

    fn run(planned: u64, tally: &[(&str, u64)]) -> (RunDocument, Outcome) {
        let tally: Vec<_> = tally.iter().map(|(reason, rows)| ((*reason).to_owned(), *rows)).collect();
        let outcome = Outcome { rejected: tally.iter().map(|(_, rows)| rows).sum(), ..Outcome::default() };
        let plan = Some(Plan { rejected: planned, ..Plan::default() });
        (RunDocument { plan, rejected_by_reason: Tally(tally), ..RunDocument::default() }, outcome)
    }

    #[test]
    fn a_second_run_over_the_same_rows_tells_the_same_number_of_them() {
        let tally = [("bad_email", 29), ("no_email", 12), ("refused", 4), ("invalid", 2), ("import_failed", 1)];
        let ((first, outcome), (second, _)) = (run(41, &tally), run(48, &tally));
        let (first, second) = (Rejects::of(&first, &outcome), Rejects::of(&second, &outcome));
        assert_eq!(first, Rejects { ours: 41, known: 0, refused: 7 });
        assert_eq!(second, Rejects { ours: 41, known: 7, refused: 0 });
        assert_eq!(
            [first, second].map(|rejects| rejects.sentence(5_000).unwrap()),
            [
                "48 of 5,000 rows did not become contacts: 41 rejected before sending and 7 refused by ActiveCampaign; the reasons are below.",
                "48 of 5,000 rows did not become contacts: 41 rejected before sending and 7 refused by ActiveCampaign earlier; the reasons are below.",
            ]
        );
    }

    #[test]
    fn what_was_refused_again_and_for_the_first_time_is_told_apart() {
        let (mixed, outcome) = run(12, &[("bad_email", 10), ("refused", 5)]);
        assert_eq!(Rejects::of(&mixed, &outcome), Rejects { ours: 10, known: 2, refused: 3 });
    }

    #[test]
    fn one_part_alone_is_not_listed_unless_somebody_else_refused() {
        let alone = Rejects { ours: 1, ..Rejects::default() };
        assert_eq!(alone.sentence(9).unwrap(), "1 of 9 rows did not become a contact; the reasons are below.");
        let theirs = Rejects { known: 2, ..Rejects::default() };
        assert_eq!(
            theirs.sentence(9).unwrap(),
            "2 of 9 rows did not become contacts: 2 refused by ActiveCampaign earlier; the reasons are below."
        );
        assert_eq!(Rejects::default().sentence(9), None);
    }

    #[test]
    fn numbers_that_cannot_be_still_make_the_total() {
        let (mut run, _) = run(48, &[("refused", u64::MAX)]);
        run.rejected_by_reason.0.push(("invalid".to_owned(), u64::MAX));
        let outcome = Outcome { rejected: 7, ..Outcome::default() };
        assert_eq!(Rejects::of(&run, &outcome), Rejects { known: 7, ..Rejects::default() });
    }
}
