use std::time::Duration;

use insta::assert_snapshot;

use super::super::model::{Counts, Objection, Read, Target, Work};
use super::*;

fn plan() -> PlanView {
    PlanView {
        target: Target {
            export: "vip_customers".into(),
            host: "acme.api-us1.com".into(),
            list: 7,
            list_name: Some("VIP customers".into()),
            ..Target::default()
        },
        read: Read {
            source: "lake".into(),
            rows: 1_000_000,
            files: Some(48),
            bytes: Some(212_000_000),
            time: Duration::from_millis(2_100),
            ..Read::default()
        },
        counts: Counts {
            add: 12_480,
            update: 31_207,
            unchanged: 952_913,
            leave: 1_930,
            rejected: 2_874,
            duplicate: 526,
            ..Counts::default()
        },
        last_run: Some(("r_7f3".into(), Duration::from_secs(6 * 3_600))),
        rejected_by_reason: vec![("bad_email".into(), 2_172), ("no_email".into(), 702), ("too_large".into(), 0)],
        work: Work {
            requests: 175,
            contacts_per_request: 250,
            largest: 61_000,
            time: Duration::from_secs(105),
            limit_per_minute: 100,
        },
        deadline: Some(Duration::from_secs(5_400)),
        headroom: Some((100_000, 96_320)),
        ..PlanView::default()
    }
}

#[test]
fn changes_since_the_last_run() {
    let mut plan = plan();
    plan.objections.push(Objection {
        guard: "contact_limit".into(),
        message: "this run would exceed the contact limit".into(),
        help: "raise the limit in Billing, narrow the segment, or allow it: --allow contact_limit".into(),
    });
    assert_snapshot!(screen(&plan, &Style::PLAIN));
}

#[test]
fn a_first_load() {
    let mut plan = plan();
    plan.counts = Counts { add: 4_937, rejected: 41, duplicate: 22, ..Counts::default() };
    plan.read = Read { source: "people".into(), rows: 5_000, files: Some(1), ..Read::default() };
    plan.rejected_by_reason = vec![("bad_email".into(), 24), ("no_email".into(), 17)];
    plan.work = Work { requests: 20, time: Duration::from_secs(12), ..plan.work };
    (plan.first_load, plan.headroom, plan.deadline) = (true, None, None);
    assert_snapshot!(screen(&plan, &Style::PLAIN));
}

#[test]
fn nothing_to_send_with_automations_on() {
    let mut plan = plan();
    plan.counts = Counts { unchanged: 1_000_000, ..Counts::default() };
    plan.work = Work::default();
    (plan.automations, plan.headroom) = (true, None);
    plan.warnings.push("312 outstanding imports are not from this tool".into());
    assert_snapshot!(screen(&plan, &Style::PLAIN));
}

#[test]
fn a_stream_with_colours_but_without_unicode() {
    let style = Style { color: true, unicode: false };
    let shown = style.finish(&screen(&plan(), &style));
    assert!(shown.is_ascii());
    assert_snapshot!(shown.replace('\x1b', "ESC"));
}

#[test]
fn foreign_names_cannot_steer_the_terminal() {
    let mut plan = plan();
    plan.target.list_name = Some("VIP\x1b[2J\u{202e}".into());
    plan.read.source.push_str("Ti\ner");
    assert_snapshot!(screen(&plan, &Style::PLAIN).lines().take(5).collect::<Vec<_>>().join("\n"));
}
