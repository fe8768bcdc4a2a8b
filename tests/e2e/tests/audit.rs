//! Audits of a simulated account, in virtual time.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::time::Duration;

use enlist_core::{Audit, Classes, Error, ErrorKind, Finding, FindingKind, NoRejects, Observer, Progress};
use enlist_kit::{KEY, People, World};
use enlist_simulator::{Latency, Settings, Simulator, Throttle};
use tokio::sync::watch;

/// The demo list of the simulated account, and another one.
const LIST: u32 = 1;
const OTHER: u32 = 2;

fn account() -> Settings {
    Settings { bulk_latency: Latency::Fixed(0.15), latency: Latency::Fixed(0.15), ..Settings::default() }
}

async fn observed(world: &World, people: &People, observer: Observer) -> Result<(Audit, Vec<Finding>), Error> {
    let mut findings = Vec::new();
    let export = world.export(people.source()).unwrap();
    let mut take = |origins: &[String], finding: &Finding| {
        assert_eq!(origins[finding.place.origin as usize], "people");
        findings.push(finding.clone());
        Ok(())
    };
    let audit = export.audit(world.state().unwrap(), observer, &mut take).await?;
    findings.sort_by_key(|finding| finding.place);
    Ok((audit, findings))
}

async fn audit(world: &World, people: &People) -> (Audit, Vec<Finding>) {
    observed(world, people, Observer::none()).await.unwrap()
}

/// As [`audit`], begun again where the check before it meets its third fault.
async fn persistent(world: &World, people: &People) -> (Audit, Vec<Finding>) {
    for _ in 0..20 {
        match observed(world, people, Observer::none()).await {
            Ok(found) => return found,
            Err(error) => assert_eq!(error.code(), "network::unreachable"),
        }
    }
    panic!("the account is never in reach")
}

/// One call of somebody else's.
async fn call(simulator: &Simulator, method: &str, path: &str, body: &str) {
    let request = http::Request::builder().method(method).uri(format!("http://127.0.0.1/api/3{path}"));
    let request = request.header("Api-Token", KEY).body(body.to_owned().into()).unwrap();
    // They keep to the quota of their own accord: five calls a second.
    tokio::time::sleep(Duration::from_millis(250)).await;
    let answer = simulator.call(request).await.unwrap();
    assert!(answer.status().is_success(), "{method} {path}: {answer:?}");
}

#[tokio::test(start_paused = true)]
async fn a_list_that_nobody_touched_agrees_and_costs_its_pages() {
    let world = World::new(account());
    let people = People::dirty(1_000);
    assert_eq!(world.run(people.source()).await.unwrap().error, None);
    let writes = world.ledger.writes();
    let imports = world.simulator.report().bulk_requests;

    let (audit, findings) = audit(&world, &people).await;
    assert_eq!(audit.classes, Classes { agree: 970, ..Classes::default() });
    assert_eq!((audit.segment.read, audit.segment.rejected_total(), audit.segment.duplicate), (1_000, 10, 20));
    assert_eq!((findings.len(), audit.listed, audit.changed_generation), (0, 970, false));
    assert!((10..=16).contains(&audit.pages) && audit.calls.other == audit.pages + 1, "{} pages", audit.pages);
    assert_eq!((world.ledger.writes(), world.simulator.report().bulk_requests), (writes, imports));
}

#[tokio::test(start_paused = true)]
async fn what_others_changed_is_found_and_nothing_else() {
    for throttle in [Throttle::BadRequest, Throttle::TooManyRequests, Throttle::Unavailable] {
        let world = World::new(Settings { throttle, ..account() });
        let mut people = People { changed_every: 100, ..People::clean(1_000) };
        assert_eq!(world.run(people.source()).await.unwrap().error, None);
        let simulator = &world.simulator;
        let email = |n| people.person(n).email;
        let id = |n| simulator.contact(&email(n)).map(|contact| contact.id.into());

        let deleted = simulator.contact(&email(10)).unwrap().id;
        call(simulator, "DELETE", &format!("/contacts/{deleted}"), "{}").await;
        simulator.unsubscribe(&email(20), LIST);
        simulator.bounce(&email(30));
        let renamed = format!(r#"{{"contact":{{"email":"{}","firstName":"Else"}}}}"#, email(40));
        call(simulator, "POST", "/contact/sync", &renamed).await;
        let value = r#"[{"field":"1","value":"Copper"}]"#;
        let changed = format!(r#"{{"contact":{{"email":"{}","fieldValues":{value}}}}}"#, email(50).to_uppercase());
        call(simulator, "POST", "/contact/sync", &changed).await;
        simulator.subscribe("stranger@example.com", LIST);
        simulator.unsubscribe("former@example.com", LIST);
        simulator.add_list(OTHER, "Other");
        simulator.subscribe("elsewhere@example.com", OTHER);
        simulator.change(|settings| {
            settings.faults.throttle = 0.15;
            settings.faults.server_error = 0.05;
            settings.faults.html = 0.05;
            settings.faults.forbidden = 0.02;
            settings.faults.cut_after = 0.05;
            settings.faults.truncated = 0.05;
        });

        // Ten people have another tier today, and the last five are not in the segment any more.
        let ids = [id(20), id(30), id(40), id(50)];
        (people.edition, people.rows) = (1, 995);
        let (audit, findings) = persistent(&world, &people).await;
        let expected = Classes {
            agree: 995 - 10 - 5,
            missing: 1,
            unsubscribed: 1,
            bounced: 1,
            different: 2,
            pending: 10,
            left: 5,
            unknown: 1,
            gone: 1,
            ..Classes::default()
        };
        assert_eq!((audit.classes, audit.listed), (expected, 1_001));
        let found: Vec<_> = findings.iter().map(|f| (f.place.row - 1, f.kind, f.contact, f.parts.join(","))).collect();
        let none = String::new;
        assert_eq!(
            found,
            [
                (10, FindingKind::Missing, None, none()),
                (20, FindingKind::Unsubscribed, ids[0], none()),
                (30, FindingKind::Bounced, ids[1], none()),
                (40, FindingKind::Different, ids[2], "first_name".into()),
                (50, FindingKind::Different, ids[3], "Tier".into()),
            ]
        );
        assert!(audit.calls.throttled > 0 && audit.calls.in_doubt > 0, "{:?}", audit.calls);
    }
}

#[tokio::test(start_paused = true)]
async fn before_the_first_run_and_after_another_mapping_everything_is_pending() {
    let world = World::new(account());
    let people = People::clean(300);
    let (before, findings) = audit(&world, &people).await;
    assert_eq!((before.classes, findings.len()), (Classes { pending: 300, ..Classes::default() }, 0));
    assert!(!before.changed_generation);

    world.run(people.source()).await.unwrap();
    let world = World { tags: vec!["customers".into()], ..world };
    let (after, _) = audit(&world, &people).await;
    assert_eq!((after.classes, after.changed_generation), (Classes { pending: 300, ..Classes::default() }, true));
}

#[tokio::test(start_paused = true)]
async fn those_whom_the_account_refused_are_no_findings() {
    let world = World::new(account());
    let people = People::clean(100);
    for n in 0..7 {
        world.simulator.unsubscribe(&people.person(n).email, LIST);
    }
    world.run(people.source()).await.unwrap();
    let (audit, _) = audit(&world, &people).await;
    assert_eq!(audit.classes, Classes { agree: 93, refused: 7, ..Classes::default() });
}

#[tokio::test(start_paused = true)]
async fn a_large_list_is_read_at_the_full_rate_and_no_faster() {
    let world = World::new(Settings { latency: Latency::Fixed(0.8), ..account() });
    let people = People::clean(20_000);
    world.run(people.source()).await.unwrap();
    let (audit, _) = audit(&world, &people).await;
    assert_eq!(audit.classes.agree, 20_000);
    // 200 pages at 4.5 a second; a page after the other would take 160 s.
    assert!(audit.elapsed < Duration::from_secs(60), "{:?}", audit.elapsed);
    assert!(world.simulator.report().worst_second <= 5);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_and_a_stop_end_the_reading() {
    let mut world = World::new(account());
    let people = People::clean(20_000);
    world.run(people.source()).await.unwrap();

    let (told, stop) = watch::channel(false);
    let progress = watch::Sender::new(Progress::default());
    let mut seen = progress.subscribe();
    let observer = Observer { progress, stop, rejects: Box::new(NoRejects) };
    let stopping = async {
        seen.wait_for(|progress| progress.listed > 3_000).await.unwrap();
        told.send(true).unwrap();
    };
    let (stopped, ()) = tokio::join!(observed(&world, &people, observer), stopping);
    let error = stopped.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Interrupted, "run::stopped"));
    assert!(seen.borrow().listed < 20_000);

    world.deadline = Duration::from_secs(10);
    let error = observed(&world, &people, Observer::none()).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Unfinished, "audit::deadline"));
}

#[tokio::test(start_paused = true)]
async fn a_finding_that_cannot_be_kept_ends_the_audit() {
    let world = World::new(account());
    let people = People::clean(50);
    world.run(people.source()).await.unwrap();
    world.simulator.unsubscribe(&people.person(3).email, LIST);
    let mut take = |_: &[String], _: &Finding| Err(Error::new(ErrorKind::State, "state::full", "no space"));
    let export = world.export(people.source()).unwrap();
    let error = export.audit(world.state().unwrap(), Observer::none(), &mut take).await.unwrap_err();
    assert_eq!(error.code(), "state::full");
}
