//! Guards: judged before the first byte leaves.

use crate::{Error, ErrorKind, Headroom, Summary};

/// Bounds a plan must keep. Shares are fractions: 0.01 is 1 %.
#[derive(Clone, Debug, PartialEq)]
pub struct Guards {
    /// Most of the known contacts that may be updated or leave.
    pub max_change: Option<f64>,
    /// Most of the rows that may be rejected.
    pub max_rejects: Option<f64>,
    /// Fewest rows the segment must have.
    pub min_rows: u64,
    /// Most contacts that may be added.
    pub max_adds: Option<u64>,
    /// Most of the known contacts that may be told that they left. A full run and a change of the mapping are judged too.
    pub max_leave: Option<f64>,
    /// Guards that are not judged in this run.
    pub allow: Vec<Guard>,
}

impl Default for Guards {
    fn default() -> Self {
        Self {
            max_change: Some(0.3),
            max_rejects: Some(0.01),
            min_rows: 1,
            max_adds: None,
            max_leave: Some(0.1),
            allow: Vec::new(),
        }
    }
}

/// The name of a guard, as `--allow` takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Guard {
    /// Too many of the known contacts would change.
    MaxChange,
    /// Too many rows are rejected.
    MaxRejects,
    /// The segment has too few rows.
    MinRows,
    /// Too many contacts would be added.
    MaxAdds,
    /// Too many contacts would be told that they left.
    MaxLeave,
    /// The account has no room for the contacts to be added.
    ContactLimit,
}

impl Guard {
    /// Every guard.
    pub const ALL: [Self; 6] =
        [Self::MaxChange, Self::MaxRejects, Self::MinRows, Self::MaxAdds, Self::MaxLeave, Self::ContactLimit];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::MaxChange => "max_change",
            Self::MaxRejects => "max_rejects",
            Self::MinRows => "min_rows",
            Self::MaxAdds => "max_adds",
            Self::MaxLeave => "max_leave",
            Self::ContactLimit => "contact_limit",
        }
    }

    /// The guard of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|guard| guard.name() == name)
    }
}

impl Guards {
    /// What the plan breaks, most telling first. Each error names how to allow it.
    pub fn judge(&self, plan: &Summary, headroom: Option<Headroom>) -> Vec<Error> {
        let broken = [
            (Guard::MinRows, self.too_few(plan)),
            (Guard::MaxRejects, self.too_many_rejects(plan)),
            (Guard::MaxChange, self.too_much_change(plan)),
            (Guard::MaxAdds, self.too_many_adds(plan)),
            (Guard::MaxLeave, self.too_many_leavers(plan)),
            (Guard::ContactLimit, no_room(plan, headroom)),
        ];
        let judged = broken.into_iter().filter(|(guard, _)| !self.allow.contains(guard));
        judged.filter_map(|(guard, broken)| broken.map(|(message, help)| stopped(guard, message, help))).collect()
    }

    fn too_few(&self, plan: &Summary) -> Option<(String, &'static str)> {
        let message = match (plan.read, plan.known) {
            (read, _) if read >= self.min_rows => return None,
            (0, 0) => "the segment is empty".into(),
            (0, known) => format!("the segment is empty; {known} contacts are known from earlier runs"),
            (read, _) => format!("the segment has {read} rows, fewer than min_rows ({})", self.min_rows),
        };
        Some((message, "check the source"))
    }

    fn too_many_rejects(&self, plan: &Summary) -> Option<(String, &'static str)> {
        let max = self.max_rejects?;
        let rejected = plan.faulty_total();
        exceeds(rejected, plan.read, max).then(|| {
            let message =
                format!("{rejected} of {} rows are rejected, more than max_rejects ({})", plan.read, percent(max));
            (message, "look at the reasons and fix the source, or raise guards.max_rejects")
        })
    }

    fn too_much_change(&self, plan: &Summary) -> Option<(String, &'static str)> {
        let max = self.max_change?;
        // What is only sent again to find out what became of it is no change, or a run could not be continued.
        let update = plan.update.saturating_sub(plan.resend);
        let changed = update + plan.leave;
        exceeds(changed, plan.known, max).then(|| {
            let message = format!(
                "{} of {} known contacts would be updated and {} leave, more than max_change ({})",
                update,
                plan.known,
                plan.leave,
                percent(max)
            );
            (message, "check that the source and the mapping are what you expect")
        })
    }

    fn too_many_leavers(&self, plan: &Summary) -> Option<(String, &'static str)> {
        let max = self.max_leave?;
        let tell = plan.leavers.tell.saturating_sub(plan.leavers.resend);
        let whole = plan.known.max(tell);
        exceeds(tell, whole, max).then(|| {
            let message = format!(
                "{tell} of {whole} known contacts would be told that they left, more than max_leave ({})",
                percent(max)
            );
            (message, "check that the source is whole; what is told cannot always be taken back")
        })
    }

    fn too_many_adds(&self, plan: &Summary) -> Option<(String, &'static str)> {
        let max = self.max_adds?;
        (plan.add > max).then(|| {
            let message = format!("{} contacts would be added, more than max_adds ({max})", plan.add);
            (message, "check the source, or raise guards.max_adds")
        })
    }
}

fn no_room(plan: &Summary, headroom: Option<Headroom>) -> Option<(String, &'static str)> {
    let room = headroom.map(|headroom| headroom.limit.saturating_sub(headroom.used))?;
    (plan.add > room).then(|| {
        let message =
            format!("this run would create up to {} contacts, {room} are left in the account's plan", plan.add);
        (message, "raise the contact limit of the account or narrow the segment")
    })
}

/// Whether `part` is more than `share` of `whole`. Nothing of nothing exceeds no share.
fn exceeds(part: u64, whole: u64, share: f64) -> bool {
    whole > 0 && part as f64 > share * whole as f64
}

fn percent(share: f64) -> String {
    format!("{} %", (share * 1e4).round() / 1e2)
}

fn stopped(guard: Guard, message: String, help: &str) -> Error {
    let name = guard.name();
    Error::new(ErrorKind::Guard, format!("guard::{name}"), message)
        .help(format!("{help}, or allow it once: --allow {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Reason;

    fn codes(guards: &Guards, plan: &Summary, headroom: Option<Headroom>) -> Vec<String> {
        guards.judge(plan, headroom).iter().map(|error| error.code().to_owned()).collect()
    }

    #[test]
    fn an_ordinary_plan_passes() {
        let plan =
            Summary { read: 1_000, add: 20, update: 300, unchanged: 670, known: 1_000, leave: 0, ..Summary::default() };
        assert!(codes(&Guards::default(), &plan, Some(Headroom { limit: 100, used: 80 })).is_empty());
    }

    #[test]
    fn each_guard_stops_what_it_names_and_can_be_allowed() {
        let rejected = [(Reason::BadEmail, 11)].into();
        let leavers = crate::LeaverSummary { tell: 101, ..Default::default() };
        let plan = Summary { read: 999, add: 5, update: 301, known: 1_000, rejected, leavers, ..Summary::default() };
        let mut guards = Guards { min_rows: 1_000, max_adds: Some(4), ..Guards::default() };
        let headroom = Some(Headroom { limit: 10, used: 6 });
        let all = [
            "guard::min_rows",
            "guard::max_rejects",
            "guard::max_change",
            "guard::max_adds",
            "guard::max_leave",
            "guard::contact_limit",
        ];
        assert_eq!(codes(&guards, &plan, headroom), all);
        guards.allow = Guard::ALL.to_vec();
        assert!(codes(&guards, &plan, headroom).is_empty());
    }

    #[test]
    fn people_who_are_meant_to_be_left_out_are_no_rejects_to_worry_about() {
        let plan = Summary { read: 100, rejected: [(Reason::Suppressed, 60)].into(), ..Summary::default() };
        assert!(codes(&Guards::default(), &plan, None).is_empty());
    }

    #[test]
    fn an_empty_segment_stops_even_without_history() {
        assert_eq!(codes(&Guards::default(), &Summary::default(), None), ["guard::min_rows"]);
    }

    #[test]
    fn contacts_that_are_only_sent_again_after_a_crash_do_not_count_as_changed() {
        let plan = Summary { read: 250, update: 250, resend: 250, known: 250, ..Summary::default() };
        assert!(codes(&Guards::default(), &plan, None).is_empty());
        let plan = Summary { resend: 100, ..plan };
        assert_eq!(codes(&Guards::default(), &plan, None), ["guard::max_change"]);
    }

    #[test]
    fn the_first_load_is_no_change() {
        let plan = Summary { read: 10, add: 10, ..Summary::default() };
        assert!(codes(&Guards::default(), &plan, None).is_empty());
    }
}
