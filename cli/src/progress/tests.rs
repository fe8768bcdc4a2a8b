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
