use insta::assert_snapshot;

use super::*;
use crate::args::{Cli, ProgressKind};

fn title() -> Title {
    Title { run: "r_8a1".into(), export: "vip_customers".into(), list: 7, list_name: Some("VIP customers".into()) }
}

fn half_way() -> Progress {
    Progress {
        phase: "send",
        read: 1_000_000,
        requests_total: 3_989,
        accepted: 2_104,
        confirmed: 521_674,
        contacts_total: 997_126,
        refused: 76,
        rejected: 2_348,
        pending: 17,
        retries: 3,
        throttled: 0,
        rate_per_minute: 99.94,
        limit_per_minute: 100,
        elapsed: Duration::from_secs(1_263),
        left: Some(Duration::from_secs(1_132)),
        deadline: Some(Duration::from_secs(5_400)),
    }
}

#[test]
fn the_block_half_way() {
    assert_snapshot!(block::render(&title(), &half_way(), &Style::PLAIN));
}

#[test]
fn the_block_before_anything_is_known() {
    let start = Progress { phase: "read", limit_per_minute: 100, ..Progress::default() };
    assert_snapshot!(block::render(&title(), &start, &Style::PLAIN));
}

#[test]
fn the_line_half_way() {
    assert_snapshot!(line::render(&title(), &half_way(), "2026-11-22T10:21:03Z"));
}

#[test]
fn a_value_with_spaces_stays_one_value() {
    let title = Title { export: "vip \"customers\"\n".into(), ..title() };
    let line = line::render(&title, &Progress { phase: "read", ..Progress::default() }, "t");
    assert!(line.contains(r#"export="vip \"customers\"\n" "#), "{line}");
}

#[tokio::test(start_paused = true)]
async fn lines_come_at_the_start_in_between_and_at_the_end() {
    let (sender, receiver) = watch::channel(Progress { phase: "read", ..Progress::default() });
    let run = async move {
        tokio::time::sleep(Duration::from_secs(70)).await;
        let _ = sender.send(half_way());
    };
    let mut stream = Vec::new();
    let title = title();
    tokio::join!(run, show_lines(&title, Duration::from_secs(30), receiver, &mut stream));
    let text = String::from_utf8(stream).unwrap();
    let phases: Vec<_> =
        text.lines().filter_map(|line| line.split(' ').find(|word| word.starts_with("phase="))).collect();
    assert_eq!(phases, ["phase=read", "phase=read", "phase=read", "phase=send"]);
}

#[test]
fn a_block_is_for_terminals() {
    use clap::Parser;
    let global = Cli::try_parse_from(["enlist", "demo"]).unwrap().global;
    let every = global.progress_every;
    let quiet = Global { quiet: true, ..global.clone() };
    let none = Global { progress: ProgressKind::None, ..global.clone() };
    assert_eq!(Display::choose(&global, true, &Style::PLAIN), Display::Block);
    assert_eq!(Display::choose(&global, false, &Style::PLAIN), Display::Lines(every));
    assert_eq!(Display::choose(&quiet, true, &Style::PLAIN), Display::Nothing);
    assert_eq!(Display::choose(&none, true, &Style::PLAIN), Display::Nothing);
}

#[test]
fn a_line_of_json_comes_with_the_start_a_phase_an_answer_too_many_and_time() {
    let mut events = Events::every(Duration::from_secs(30));
    let mut kinds = Vec::new();
    for (seconds, phase, throttled) in [
        (0, "read", 0),
        (1, "read", 0),
        (2, "send", 0),
        (2, "send", 3),
        (4, "send", 4),
        (5, "send", 4),
        (34, "send", 4),
    ] {
        let now = Progress { phase, throttled, elapsed: Duration::from_secs(seconds), ..half_way() };
        kinds.push(events.next(&title(), &now).map(|event| serde_json::to_value(event).unwrap()["type"].clone()));
    }
    let expected = [Some("run_started"), None, Some("phase"), None, Some("throttled"), None, Some("progress")];
    assert_eq!(kinds, expected.map(|kind| kind.map(serde_json::Value::from)));
}

#[test]
fn a_line_of_json_begins_with_its_type_and_holds_the_numbers_of_the_run() {
    let name = title();
    let event = Events::every(Duration::ZERO).next(&name, &half_way());
    let line = serde_json::to_string(&event).unwrap();
    assert!(line.starts_with(r#"{"type":"run_started","schema":"enlist.event/1","at":"2"#), "{line}");
    let value: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!((&value["accepted"], &value["requests"]), (&2_104.into(), &3_989.into()));
    assert_eq!((&value["confirmed"], &value["seconds_left"]), (&521_674.into(), &1_132.into()));
}
