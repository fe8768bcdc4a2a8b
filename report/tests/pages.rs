//! Whole pages: what they promise to whoever opens, mails or attacks them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "../examples/made_up/mod.rs"]
mod made_up;

use enlist_history::RunDocument;
use enlist_report::{MOST_RUNS, TREND, export_page, run_page};
use made_up::{HOSTILE, hostile};

/// Every page that the examples show.
fn pages() -> Vec<String> {
    let earlier = made_up::earlier();
    let runs = [
        made_up::first_load(),
        made_up::stopped(),
        made_up::changes(),
        made_up::demo(),
        made_up::idle(),
        made_up::failed(),
    ];
    let mut pages: Vec<String> = runs.iter().map(|run| run_page(run, &earlier)).collect();
    pages.extend([run_page(&hostile(), &[hostile()]), export_page(&[hostile(), hostile()])]);
    pages.extend([export_page(&earlier), export_page(&[])]);
    pages
}

/// The attributes and texts of the element `#id`.
fn between<'a>(page: &'a str, from: &str, to: &str) -> &'a str {
    let start = page.find(from).unwrap_or_else(|| panic!("no {from}")) + from.len();
    &page[start..start + page[start..].find(to).unwrap()]
}

#[test]
fn the_page_of_a_run() {
    insta::assert_snapshot!(run_page(&made_up::first_load(), &made_up::earlier()));
}

#[test]
fn the_page_of_a_run_that_was_stopped() {
    insta::assert_snapshot!(run_page(&made_up::stopped(), &[]));
}

#[test]
fn no_text_of_a_document_becomes_markup_anywhere() {
    let odd = hostile();
    for page in [run_page(&odd, &[hostile()]), export_page(&[hostile(), hostile()])] {
        for part in ["<script>", "alert(1)</script>", "<!--&", "\u{202e}", "\u{2028}", "\u{0}", HOSTILE] {
            assert!(!page.contains(part), "{part:?} stands in the page");
        }
        assert_eq!(page.matches("<script").count(), 1, "only the data is in a script");
        assert_eq!(page.matches("</script>").count(), 1);
        assert!(page.contains("&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"), "the text itself is shown");
    }
}

/// Which of the texts of a document a page does not show cannot be told by looking for what must not be there.
#[test]
fn every_text_of_a_document_is_shown() {
    let mut run = hostile();
    let mut marks = Vec::new();
    let mut mark = |name: &str| {
        marks.push(format!("mark-{name}"));
        marks.last().unwrap().clone()
    };
    run.run_id = mark("run");
    run.export = mark("export");
    run.status = mark("status");
    run.source.name = mark("source");
    run.source.digest = Some(mark("digest"));
    run.destination.host = mark("host");
    run.destination.display_name = Some(mark("account"));
    run.destination.list_name = Some(mark("list"));
    let reason = mark("reason");
    run.rejected_by_reason.0 = vec![(reason.clone(), 1)];
    run.reject_examples[0].reason = reason;
    run.reject_examples[0].file = mark("example-file");
    run.reject_examples[0].message = mark("example-message");
    run.resumed_from = Some(mark("resumed"));
    run.rejects_file = Some(mark("rejects-file"));
    let error = run.error.as_mut().unwrap();
    error.code = mark("code");
    error.message = mark("message").replace("mark-", "Mark-");
    error.help = Some(mark("help"));
    error.stage = mark("stage");
    run.warnings = vec![mark("warning")];
    run.version = mark("version");
    let page = run_page(&run, &[]);
    let shown = page.split("<script type=").next().unwrap().to_lowercase();
    for mark in marks {
        assert!(shown.contains(&mark), "{mark}");
    }
}

#[test]
fn nothing_is_loaded_run_or_left_for_another_place() {
    for page in pages() {
        for reference in [
            "http://",
            "https://",
            "src=",
            "href=",
            "url(",
            "@import",
            "<link",
            "<iframe",
            "<img",
            " onclick",
            "javascript:",
        ] {
            assert!(!page.contains(reference), "{reference}");
        }
        assert!(
            page.contains("content=\"default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;; img-src data:")
        );
    }
}

#[test]
fn programs_find_the_document_itself() {
    let run = made_up::first_load();
    let page = run_page(&run, &[]);
    let data = between(&page, "<script type=\"application/json\" id=\"run\">", "</script>");
    assert_eq!(serde_json::from_str::<RunDocument>(data).unwrap(), reread(&run));
    let page = export_page(&made_up::earlier());
    let data = between(&page, "<script type=\"application/json\" id=\"runs\">", "</script>");
    assert_eq!(serde_json::from_str::<Vec<RunDocument>>(data).unwrap().len(), made_up::earlier().len());
    let many: Vec<RunDocument> = (0..150).map(|_| made_up::idle()).collect();
    assert!(export_page(&many).contains(&format!("The last {MOST_RUNS} runs")));
    let page = run_page(&hostile(), &[]);
    let data = between(&page, "<script type=\"application/json\" id=\"run\">", "</script>");
    assert_eq!(serde_json::from_str::<RunDocument>(data).unwrap().export, HOSTILE);
}

/// A timeline knows more while it grows than it writes down.
fn reread(run: &RunDocument) -> RunDocument {
    serde_json::from_value(serde_json::to_value(run).unwrap()).unwrap()
}

#[test]
fn a_page_is_well_formed_named_and_its_headings_are_in_order() {
    for page in pages() {
        balanced(&page);
        assert!(page.starts_with("<!doctype html>\n<html lang=\"en\">"));
        assert_eq!(page.matches("<h1>").count(), 1);
        let mut level = 0;
        for at in page.match_indices("<h").map(|(at, _)| at) {
            let Some(next) = page.as_bytes().get(at + 2).filter(|digit| digit.is_ascii_digit()) else { continue };
            let next = next - b'0';
            assert!(next <= level + 1, "h{next} after h{level}");
            level = next;
        }
        for drawing in page.split("<svg").skip(1) {
            let drawing = &drawing[..drawing.find("</svg>").unwrap()];
            let hidden = drawing.contains("aria-hidden");
            assert!(
                hidden || (drawing.contains("role=\"img\"") && drawing.contains("<title") && drawing.contains("<desc"))
            );
        }
        let mut ids: Vec<&str> = page.split(" id=\"").skip(1).map(|rest| &rest[..rest.find('"').unwrap()]).collect();
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all, "an id stands twice");
    }
}

/// Every element that is opened is closed, in order.
fn balanced(page: &str) {
    let mut open = Vec::new();
    for rest in page.split('<').skip(1).filter(|rest| !rest.starts_with('!')) {
        let name: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '/').collect();
        match name.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop().as_deref(), Some(name)),
            None if matches!(name.as_str(), "meta" | "br") => {}
            None => open.push(name),
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn every_status_has_a_page_whatever_the_run_got_to() {
    let full = made_up::demo();
    for status in ["ok", "rejects", "stopped", "guarded", "locked", "failed", "paused", ""] {
        for missing in 0..16_u8 {
            let has = |bit: u8| missing & (1 << bit) == 0;
            let run = RunDocument {
                status: status.to_owned(),
                plan: full.plan.filter(|_| has(0)),
                outcome: full.outcome.filter(|_| has(1)),
                timeline: full.timeline.clone().filter(|_| has(2)),
                target: full.target.filter(|_| has(3)),
                error: made_up::failed().error.filter(|_| has(3)),
                latency_ms: full.latency_ms.filter(|_| has(3)),
                ..full.clone()
            };
            balanced(&run_page(&run, std::slice::from_ref(&run)));
            balanced(&export_page(&[run]));
        }
    }
}

#[test]
fn numbers_that_cannot_be_are_shown_as_well_as_they_can() {
    let mut run = made_up::changes();
    run.seconds = f64::NAN;
    run.requests.throttle_seconds = f64::INFINITY;
    run.rate.requests_per_min = f64::NAN;
    run.source.rows = u64::MAX;
    run.target = Some(enlist_history::Target { seconds: 1, met: false, used_fraction: f64::NEG_INFINITY });
    run.rejected_by_reason.0 = vec![("bad_email".into(), u64::MAX), ("no_email".into(), u64::MAX)];
    if let Some(timeline) = &mut run.timeline {
        timeline.step_seconds = u64::MAX;
        timeline.accepted.iter_mut().for_each(|number| *number = u64::MAX);
        timeline.pending.truncate(1);
    }
    if let (Some(plan), Some(outcome)) = (&mut run.plan, &mut run.outcome) {
        (plan.add, plan.update, outcome.confirmed, outcome.deferred) = (u64::MAX, u64::MAX, u64::MAX, u64::MAX);
    }
    balanced(&run_page(&run, std::slice::from_ref(&run)));
    balanced(&export_page(&[run.clone(), run]));
}

/// What stands in several places of a page is the same in each.
#[test]
fn made_up_runs_do_not_contradict_themselves() {
    for run in [made_up::first_load(), made_up::stopped(), made_up::changes(), made_up::demo()] {
        let (timeline, requests) = (run.timeline.as_ref().unwrap(), &run.requests);
        let sum = |column: &[u64]| column.iter().sum::<u64>();
        assert_eq!(sum(&timeline.throttled), requests.throttled, "{}", run.run_id);
        assert_eq!(sum(&timeline.retries), requests.retries, "{}", run.run_id);
        assert_eq!(sum(&timeline.imports), requests.bulk, "{}", run.run_id);
        let told = run.leavers.map_or(0, |leavers| leavers.confirmed);
        assert_eq!(sum(&timeline.confirmed), run.outcome.unwrap().confirmed + told, "{}", run.run_id);
        let (latency, slowest) = (run.latency_ms.unwrap(), timeline.latency_ms.iter().max().copied().unwrap());
        assert!(latency.p50 <= latency.p95 && latency.p95 <= latency.p99 && latency.p99 <= slowest, "{latency:?}");
        let told = run.warnings.iter().filter(|warning| warning.starts_with("throttled"));
        assert!(told.into_iter().all(|warning| warning.starts_with(&format!("throttled {} ", requests.throttled))));
    }
}

#[test]
fn a_trend_ends_with_the_run_itself_and_holds_thirty() {
    let page = run_page(&made_up::first_load(), &made_up::earlier());
    assert!(page.contains(&format!("The last {TREND} runs, oldest on the left")));
    let bars = between(&page, "id=\"trend-rows-desc\"", "</svg>");
    assert_eq!(bars.matches("<rect").count(), 28, "two of the thirty did not get to read");
    assert!(bars.contains("class=\"column last\""));
}

#[test]
fn the_last_run_decides_on_the_page_of_an_export() {
    let runs = [made_up::first_load(), made_up::stopped()];
    let page = export_page(&runs);
    assert!(between(&page, "<h1>", "</h1>").starts_with("Stopped with work left"));
    assert!(page.contains("<p class=\"figure\">1 of 2</p>\n<p class=\"quiet\">went well</p>"));
}

#[test]
fn how_long_runs_took_is_shown_in_the_unit_that_it_is_named_after() {
    let short = |seconds| RunDocument { seconds, ..made_up::idle() };
    let page = run_page(&short(3.0), &[short(2.0)]);
    let panel = between(&page, "<h3>Duration</h3>", "</svg>");
    assert!(panel.contains("<p>3 s</p>") && panel.contains("aria-hidden=\"true\">3 s</p>"), "{panel}");
    assert!(!page.contains("Minutes"));
    let page = run_page(&short(61.0), &[short(2.0)]);
    assert!(between(&page, "<h3>Duration</h3>", "</svg>").contains("aria-hidden=\"true\">2 m</p>"));
}

#[test]
fn the_page_of_a_run_whose_process_is_gone_has_no_numbers_of_it() {
    let mut killed = made_up::failed();
    killed.error.as_mut().unwrap().code = "run::killed".to_owned();
    let page = run_page(&killed, &[]);
    assert!(between(&page, "<h1>", "</h1>").starts_with("The run was ended from outside"));
    let shown = page.split("<script type=").next().unwrap();
    for claim in ["nothing was sent", "No contact", "Contacts confirmed", "<h3>Requests</h3>", "<h3>Speed</h3>"] {
        assert!(!shown.contains(claim), "{claim}");
    }
    let page = export_page(&[made_up::stopped(), killed]);
    assert!(page.contains("<p class=\"name\">Waiting</p>\n<p class=\"figure\">–</p>"), "{page}");
}

#[test]
fn a_second_run_over_the_same_rows_shows_one_number_of_rejected_rows_everywhere() {
    let mut again = made_up::demo();
    let plan = again.plan.as_mut().unwrap();
    (plan.add, plan.unchanged, plan.rejected) = (0, 4_934, 44);
    let outcome = again.outcome.as_mut().unwrap();
    (outcome.confirmed, outcome.unchanged) = (0, 4_934);
    (again.timeline, again.requests) = (None, enlist_history::Requests::default());
    for (run, when) in [(made_up::demo(), ""), (again, " earlier")] {
        let page = run_page(&run, &[]);
        let split = format!("41 rejected before sending and 3 refused by ActiveCampaign{when}");
        assert!(page.contains(&format!("<p>44 of 5,000 rows did not become contacts: {split}; ")), "{page}");
        assert!(page.contains("<p class=\"name\">Rows rejected</p>\n<p class=\"figure\">44</p>"));
        assert!(page.contains("0.9 % of the rows read; 3 of them refused by ActiveCampaign"));
        assert!(page.contains("<p class=\"lost\">without 41 rejected before sending</p>"));
        assert!(page.contains(&format!("3 refused by ActiveCampaign{when}</p>")));
    }
}

#[test]
fn leavers_are_no_contacts_that_were_sent_twice() {
    let page = run_page(&made_up::changes(), &[]);
    assert!(!page.contains("second time"));
    assert!(page.contains("<p class=\"name\">Left the segment</p>\n<p class=\"figure\">1,204</p>"));
}
