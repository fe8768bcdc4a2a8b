use enlist_history::{Destination, Leavers, Plan, Requests, SourceRead};

use super::*;

fn run(status: &str, outcome: Option<Outcome>) -> RunDocument {
    RunDocument {
        status: status.to_owned(),
        retryable: status == "stopped",
        source: SourceRead { rows: 1_000_000, ..SourceRead::default() },
        destination: Destination { list: 7, list_name: Some("VIP customers".into()), ..Destination::default() },
        plan: outcome.map(|_| Plan { rejected: 2_348, ..Plan::default() }),
        requests: Requests {
            bulk: outcome.map_or(0, |outcome| outcome.confirmed.div_ceil(250)),
            ..Requests::default()
        },
        outcome,
        ..RunDocument::default()
    }
}

fn sentence(status: &str, outcome: Outcome) -> String {
    of(&run(status, Some(outcome))).sentence
}

#[test]
fn all_is_said_when_everything_that_could_be_sent_arrived() {
    let all = Outcome { confirmed: 996_981, rejected: 2_348, ..Outcome::default() };
    assert_eq!(sentence("ok", all), "All 996,981 contacts arrived in VIP customers.");
    let refused = Outcome { rejected: 2_493, ..all };
    assert_eq!(sentence("ok", refused), "996,981 contacts arrived in VIP customers; ActiveCampaign refused 145.");
    let delta = Outcome { unchanged: 5, ..all };
    assert_eq!(sentence("ok", delta), "All 996,981 added or changed contacts arrived in VIP customers.");
    let one = Outcome { confirmed: 1, rejected: 0, ..all };
    assert_eq!(sentence("ok", one), "The one contact arrived in VIP customers.");
}

#[test]
fn rejected_rows_and_those_that_need_nothing_are_told_right_below() {
    let outcome = Outcome { confirmed: 10, unchanged: 5, rejected: 2_348, ..Outcome::default() };
    assert_eq!(
        of(&run("ok", Some(outcome))).more,
        [
            "5 other contacts needed nothing: they are as they were confirmed earlier.",
            "2,348 of 1,000,000 rows did not become contacts; the reasons are below."
        ]
    );
}

#[test]
fn nothing_to_do_is_a_good_end() {
    let idle = Outcome { unchanged: 1_000_000, ..Outcome::default() };
    assert_eq!(sentence("ok", idle), "Nothing to do: all 1,000,000 contacts are as confirmed earlier.");
    let part = Outcome { unchanged: 1, skipped: 999_999, ..idle };
    assert_eq!(sentence("ok", part), "Nothing to do: 1 contact is as confirmed earlier.");
    let nobody = Outcome { unchanged: 0, duplicate: 1, rejected: 9, ..idle };
    assert_eq!(sentence("ok", nobody), "Nothing to do: no row makes a contact that can be sent.");
    let empty = RunDocument { source: SourceRead::default(), ..run("ok", Some(Outcome::default())) };
    assert_eq!(of(&empty).sentence, "Nothing to do: the segment is empty.");
}

#[test]
fn only_what_activecampaign_refused_is_known_to_be_refused() {
    let outcome = Outcome { unchanged: 999_000, rejected: 400, duplicate: 600, ..Outcome::default() };
    let mut idle = run("ok", Some(outcome));
    let reasons = [("bad_email", 300), ("suppressed", 88), ("refused", 10), ("invalid", 2)];
    idle.rejected_by_reason.0 = reasons.map(|(reason, rows)| (reason.to_owned(), rows)).to_vec();
    let verdict = of(&idle);
    assert_eq!(
        verdict.sentence,
        "Nothing to do: 999,000 contacts are as confirmed earlier, and 12 are known to be refused."
    );
    assert_eq!(verdict.more, ["388 of 1,000,000 rows did not become contacts; the reasons are below."]);
}

#[test]
fn a_run_that_had_to_do_with_leavers_alone_says_what_it_did() {
    let told = |confirmed, outcome| RunDocument {
        leavers: Some(Leavers { confirmed, ..Leavers::default() }),
        requests: Requests { bulk: 1, ..Requests::default() },
        plan: Some(Plan::default()),
        ..run("ok", Some(outcome))
    };
    let nobody_else = Outcome { unchanged: 1_000_000, ..Outcome::default() };
    assert_eq!(
        of(&told(1_204, nobody_else)).sentence,
        "Nothing to add or change; 1,204 contacts that left the segment were updated in VIP customers."
    );
    let sent = told(1, Outcome { confirmed: 10, ..Outcome::default() });
    assert_eq!(of(&sent).sentence, "All 10 contacts arrived in VIP customers.");
    assert_eq!(of(&sent).more, ["1 contact that left the segment was updated too."]);
    let waiting = Some(Leavers { deferred: 7, ..Leavers::default() });
    let stopped = RunDocument { leavers: waiting, ..run("stopped", Some(Outcome::default())) };
    assert_eq!(of(&stopped).sentence, "Stopped with work left: 7 contacts wait; run the same command again.");
}

#[test]
fn every_status_has_its_sentence() {
    let half = Outcome { confirmed: 521_674, rejected: 2_348, deferred: 475_452, ..Outcome::default() };
    for (status, expected) in [
        ("rejects", "2,348 rows did not become contacts: more than this export allows."),
        ("stopped", "Stopped with work left: 475,452 contacts wait; run the same command again."),
        ("guarded", "A safety guard held this run back."),
        ("locked", "This run did not start: another run of the same export is at work."),
        ("failed", "The run failed after 521,674 contacts had arrived in VIP customers."),
        ("paused", "The run ended as “paused”."),
    ] {
        assert_eq!(sentence(status, half), expected);
    }
    assert_eq!(of(&run("guarded", None)).sentence, "Nothing was sent: a safety guard held this run back.");
    assert_eq!(of(&run("rejects", None)).sentence, "More rows were rejected than this export allows.");
    assert_eq!(of(&run("failed", None)).sentence, "The run failed; nothing was sent.");
    assert_eq!(of(&run("stopped", None)).sentence, "Stopped before the end; run the same command again.");
}

#[test]
fn to_run_again_is_advised_only_where_that_helps() {
    let stopped =
        RunDocument { retryable: false, ..run("stopped", Some(Outcome { deferred: 2, ..Outcome::default() })) };
    assert_eq!(of(&stopped).sentence, "Stopped with work left: 2 contacts wait.");
}
