use enlist_history::{Destination, Leavers, Plan, Requests, RunError, SourceRead, Told};

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
    assert_eq!(
        verdict.more,
        [
            "400 of 1,000,000 rows did not become contacts: 388 rejected before sending and 12 refused by ActiveCampaign earlier; the reasons are below."
        ]
    );
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
    assert_eq!(of(&sent).more, ["1 contact that left the segment was updated in VIP customers."]);
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
        ("guarded", "The rest was not sent: a safety guard held this run back."),
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

#[test]
fn who_was_unsubscribed_is_not_said_to_be_updated() {
    let unsubscribed = |outcome| RunDocument {
        leavers: Some(Leavers { told: Told::Unsubscribed, confirmed: 20, ..Leavers::default() }),
        requests: Requests { bulk: 1, ..Requests::default() },
        plan: Some(Plan::default()),
        ..run("ok", Some(outcome))
    };
    let left = "20 contacts that left the segment were unsubscribed from VIP customers, which enlist cannot undo.";
    let alone = of(&unsubscribed(Outcome { unchanged: 5, ..Outcome::default() }));
    assert_eq!(alone.sentence, format!("Nothing to add or change; {left}"));
    let among_others = of(&unsubscribed(Outcome { confirmed: 10, ..Outcome::default() }));
    assert_eq!(among_others.more, [left]);
    for status in ["stopped", "failed", "rejects"] {
        let run =
            RunDocument { status: status.to_owned(), ..unsubscribed(Outcome { confirmed: 1, ..Outcome::default() }) };
        assert!(of(&run).more.contains(&left.to_owned()), "{status}");
    }
}

#[test]
fn leavers_that_were_refused_are_no_run_without_anything_to_do() {
    let refused = RunDocument {
        leavers: Some(Leavers { rejected: 3, ..Leavers::default() }),
        requests: Requests { bulk: 1, ..Requests::default() },
        ..run("ok", Some(Outcome { unchanged: 5, ..Outcome::default() }))
    };
    assert_eq!(
        of(&refused).sentence,
        "Nothing to add or change; ActiveCampaign refused 3 contacts that left the segment."
    );
}

#[test]
fn too_many_rejects_among_contacts_that_are_up_to_date_are_no_failure() {
    let outcome = Outcome { unchanged: 4_930, rejected: 48, ..Outcome::default() };
    let mut again = run("rejects", Some(outcome));
    again.source.rows = 5_000;
    again.rejected_by_reason.0 = vec![("bad_email".to_owned(), 41), ("refused".to_owned(), 7)];
    assert_eq!(
        of(&again).sentence,
        "4,930 contacts are up to date already; 48 rows did not become contacts, more than this export allows."
    );
    assert_eq!(
        of(&again).more,
        [
            "48 of 5,000 rows did not become contacts: 41 rejected before sending and 7 refused by ActiveCampaign earlier; the reasons are below."
        ]
    );
    let some = Outcome { confirmed: 10, deferred: 1, ..outcome };
    assert_eq!(sentence("rejects", some), "48 rows did not become contacts: more than this export allows.");
    let more = of(&run("rejects", Some(some))).more;
    assert_eq!(
        more[..2],
        [
            "10 contacts arrived in VIP customers; 4,930 others are up to date already.",
            "1 contact is left for the next run.",
        ]
    );
}

#[test]
fn a_run_whose_process_is_gone_claims_nothing_about_contacts() {
    for status in ["failed", "stopped"] {
        let error = Some(RunError { code: "run::killed".into(), ..RunError::default() });
        let verdict = of(&RunDocument { error, ..run(status, None) });
        assert_eq!(
            verdict.sentence,
            "The run was ended from outside (its process is gone); the next run finds out what arrived and continues."
        );
        assert!(verdict.more.is_empty(), "{:?}", verdict.more);
    }
}
