use std::time::Duration;

use enlist_core::{Error, ErrorKind};
use insta::assert_snapshot;

use super::super::model::{Counts, Outcome, Read, Requests, Target};
use super::*;

/// A first load of a million rows.
pub fn run() -> RunView {
    RunView {
        run: "r_8a1".into(),
        named: false,
        target: Target {
            export: "vip_customers".into(),
            display_name: None,
            host: "acme.api-us1.com".into(),
            list: 7,
            list_name: Some("VIP customers".into()),
        },
        exit: Exit::Done,
        started_at: "2026-11-22T10:00:00Z".into(),
        finished_at: "2026-11-22T10:40:31Z".into(),
        time: Duration::from_millis(2_431_200),
        read: Read { source: "lake".into(), rows: 1_000_000, columns: Some(7), ..Read::default() },
        counts: Counts { add: 997_126, rejected: 2_348, duplicate: 526, ..Counts::default() },
        outcome: Outcome { confirmed: 996_981, rejected: 2_493, duplicate: 526, ..Outcome::default() },
        rejected_by_reason: vec![("bad_email".into(), 1_958), ("no_email".into(), 390), ("refused".into(), 145)],
        refused: 145,
        leavers: None,
        reject_examples: Vec::new(),
        timeline: None,
        requests: Requests { bulk: 3_992, other: 8_127, retries: 3, ambiguous: 1, ..Requests::default() },
        requests_per_minute: 98.52,
        contacts_per_minute: 24_605.6,
        limit_per_minute: 100,
        contacts_per_request: 250,
        deadline: Some(Duration::from_secs(5_400)),
        latency: Some([140, 420, 610]),
        full: false,
        rehearsal: false,
        recovery: None,
        rejects_file: Some("rejects/r_8a1.jsonl".into()),
        error: None,
        warnings: Vec::new(),
    }
}

/// A run that lost its network.
pub fn stopped() -> RunView {
    RunView {
        exit: Exit::Unfinished,
        outcome: Outcome {
            confirmed: 521_674,
            deferred: 475_452,
            rejected: 2_348,
            duplicate: 526,
            ..Outcome::default()
        },
        refused: 0,
        error: Some(Error::new(ErrorKind::Unfinished, "send::network", "no answer for 10 m").help("run it again")),
        ..run()
    }
}

#[test]
fn a_first_load() {
    assert_snapshot!(screen(&run(), &Style::PLAIN));
}

#[test]
fn nothing_to_do() {
    let idle = RunView {
        requests: Requests::default(),
        outcome: Outcome { unchanged: 1_000_000, ..Outcome::default() },
        time: Duration::from_millis(2_310),
        rejects_file: None,
        ..run()
    };
    assert_snapshot!(screen(&idle, &Style::PLAIN));
    let known_bad = RunView { outcome: Outcome { unchanged: 999_000, rejected: 1_000, ..Outcome::default() }, ..idle };
    assert_snapshot!(screen(&known_bad, &Style::PLAIN));
}

#[test]
fn contacts_that_left_and_nobody_else() {
    let leavers = enlist_history::Leavers { confirmed: 1_204, unchanged: 690, ..enlist_history::Leavers::default() };
    let told = RunView {
        outcome: Outcome { unchanged: 999_474, duplicate: 526, ..Outcome::default() },
        requests: Requests { bulk: 5, ..Requests::default() },
        refused: 0,
        leavers: Some(leavers),
        time: Duration::from_millis(9_400),
        rejects_file: None,
        ..run()
    };
    let screen = screen(&told, &Style::PLAIN);
    assert!(!screen.contains("0 confirmed") && !screen.contains("contacts/min"), "{screen}");
    assert_snapshot!(screen);
}

#[test]
fn one_of_several_exports_says_which_it_is() {
    assert_snapshot!(screen(&RunView { named: true, ..run() }, &Style::PLAIN));
    let unknown = Target { list_name: None, ..run().target };
    let screen = screen(&RunView { named: true, target: unknown, ..run() }, &Style::PLAIN);
    assert!(screen.starts_with("vip_customers → list 7\nDone in "), "{screen}");
}

#[test]
fn after_a_kill() {
    let recovery = Recovery { run: Some("r_7f0".into()), confirmed: 1_203, unclear: 2, unclear_contacts: 500 };
    assert_snapshot!(screen(&RunView { recovery: Some(recovery), ..run() }, &Style::PLAIN));
}

#[test]
fn stopped_with_work_left() {
    assert_snapshot!(screen(&stopped(), &Style::PLAIN));
}

#[test]
fn more_rejects_than_allowed() {
    let warnings = vec!["throttled 9 times in 5 min: another integration shares the limit of this account".into()];
    assert_snapshot!(screen(&RunView { exit: Exit::Rejects, warnings, ..run() }, &Style::PLAIN));
}

#[test]
fn a_rehearsal_a_full_run_that_stopped_and_leavers_say_what_they_are() {
    let said = |view: RunView| screen(&view, &Style::PLAIN);
    assert!(!said(run()).contains("rehearsal"));
    assert!(said(RunView { rehearsal: true, ..run() }).contains("nothing to ActiveCampaign"));
    assert!(said(stopped()).contains("the next run sends the 475,452 deferred"));
    let full = said(RunView { full: true, ..stopped() });
    assert!(!full.contains("the next run sends") && full.contains("--full again"), "{full}");
    let guarded = said(RunView { full: true, exit: Exit::Guard, ..stopped() });
    assert!(guarded.contains("nothing was sent") && !guarded.contains("--full again"), "{guarded}");
    let left = RunView { counts: Counts { leave: 2_001, ..run().counts }, ..run() };
    assert!(said(left).contains("2,001 contacts left the segment; kept in the list"));
    let told = enlist_history::Leavers { told: Told::Unsubscribed, confirmed: 20, ..Default::default() };
    assert!(said(RunView { leavers: Some(told), ..run() }).contains("20 unsubscribed now"));
}
