//! What people read: GitHub's summary, Slack's message, and how bad it is.

use enlist_history::{Leavers, Outcome, Requests, RunDocument, RunError, SourceRead, Target};
use enlist_signals::{Level, github, slack};

use super::{hostile, run, with_rejects};

fn with(change: impl FnOnce(&mut RunDocument)) -> RunDocument {
    let mut run = run();
    change(&mut run);
    run
}

fn failure() -> Option<RunError> {
    let help = Some("see the settings of the account".to_owned());
    Some(RunError {
        code: "ac::auth".to_owned(),
        message: "the key was refused".to_owned(),
        help,
        ..RunError::default()
    })
}

fn stopped() -> RunDocument {
    with(|run| {
        run.status = "stopped".to_owned();
        run.outcome = Some(Outcome { confirmed: 5_000, deferred: 3_000, ..Outcome::default() });
    })
}

#[test]
fn a_run_that_did_all_of_its_work_is_ok() {
    assert_eq!(Level::of(&run()), Level::Ok);
    let briefly = with(|run| run.requests.throttled = 40);
    assert_eq!(
        Level::of(&briefly),
        Level::Ok,
        "being asked to slow down now and then is how sending at the limit works"
    );
}

#[test]
fn what_somebody_should_look_at_is_degraded() {
    let cases = [
        with_rejects(),
        stopped(),
        with(|run| run.target = Some(Target { seconds: 60, met: false, used_fraction: 14.1 })),
        with(|run| (run.source, run.outcome) = (SourceRead::default(), Some(Outcome::default()))),
        with(|run| run.requests = Requests { throttle_seconds: 84.6, ..run.requests }),
        with(|run| run.leavers = Some(Leavers { deferred: 1, ..Leavers::default() })),
        with(|run| run.leavers = Some(Leavers { rejected: 1, ..Leavers::default() })),
        with(|run| (run.status, run.error) = ("locked".to_owned(), failure())),
        with(|run| (run.status, run.outcome) = ("stopped".to_owned(), None)),
    ];
    for (case, run) in cases.iter().enumerate() {
        assert_eq!(Level::of(run), Level::Degraded, "case {case}");
    }
}

#[test]
fn an_error_or_a_guard_is_a_failure() {
    for (status, error) in
        [("failed", None), ("guarded", None), ("stopped", failure()), ("ok", failure()), ("", failure())]
    {
        let run = with(|run| (run.status, run.error) = (status.to_owned(), error));
        assert_eq!(Level::of(&run), Level::Failed, "{status}");
    }
    assert!(Level::Ok < Level::Degraded && Level::Degraded < Level::Failed);
    assert_eq!([Level::Ok, Level::Degraded, Level::Failed].map(Level::word), ["ok", "degraded", "failed"]);
}

#[test]
fn the_summary_of_a_run_is_this() {
    insta::assert_snapshot!("summary_of_rejects", github::summary(&with_rejects()));
    let failed = with(|run| {
        (run.status, run.error, run.outcome) = ("failed".to_owned(), failure(), None);
    });
    insta::assert_snapshot!("summary_of_a_failure", github::summary(&failed));
    insta::assert_snapshot!("summary_of_hostile_text", github::summary(&hostile()));
}

#[test]
fn a_mark_at_a_line_cannot_be_ended_by_its_text() {
    assert_eq!(
        github::error(Some(("a,b:c%\n.yaml", 18)), "100% wrong:\r\n::warning::x"),
        "::error file=a%2Cb%3Ac%25%0A.yaml,line=18::100%25 wrong:%0D%0A::warning::x"
    );
    assert_eq!(github::error(None, "no key"), "::error::no key");
}

#[test]
fn the_message_for_slack_is_this() {
    let text = |run: &RunDocument| slack::text(run)["text"].as_str().unwrap().to_owned();
    insta::assert_snapshot!("slack_of_rejects", text(&with_rejects()));
    insta::assert_snapshot!("slack_of_hostile_text", text(&hostile()));
    assert!(!text(&hostile()).contains('<'), "no mention, no link");
}
