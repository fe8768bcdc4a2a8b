//! The page of the simulator, served as `enlist sim` serves it.

use std::time::Duration;

use enlist_browser_tests::{Answer, Browser, inspect, request};
use enlist_simulator::{DEFAULT_TOKEN, Settings, Simulator};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// A name that is markup wherever it is not set as text.
const HOSTILE: &str = "<img src=x onerror=\"document.title='taken'\">";

/// A simulator and its page in a browser.
struct World {
    browser: Browser,
    simulator: Simulator,
    port: u16,
    runtime: Runtime,
}

impl World {
    /// An import is done as soon as it is accepted.
    fn new() -> Self {
        let runtime = Runtime::new().unwrap();
        let simulator = Simulator::new(Settings::prompt());
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        let served = simulator.clone();
        runtime.spawn(async move { served.serve(listener).await });
        let browser = Browser::new();
        browser.open(&format!("http://127.0.0.1:{port}/"));
        Self { browser, simulator, port, runtime }
    }

    fn call(&self, line: &str, body: &Value) -> Answer {
        request(self.port, line, &[("Api-Token", DEFAULT_TOKEN)], &body.to_string()).unwrap()
    }

    fn import(&self, contacts: &Value) {
        let answer = self.call("POST /api/3/import/bulk_import", &json!({ "contacts": contacts }));
        assert_eq!(answer.status, 200, "{}", answer.body);
    }

    /// Imports are accepted, and begin in an hour.
    fn delay(&self) {
        self.simulator.change(|settings| settings.processing.delay = Duration::from_secs(3_600));
    }

    fn inspect(&self, name: &str) {
        inspect(&self.browser, name, &format!("http://127.0.0.1:{}/", self.port));
    }

    fn has(&self, selector: &str, text: &str) {
        self.browser.wait_for_text(selector, text);
    }
}

/// People of a list, numbered from 0.
fn people(count: usize, list: u32) -> Value {
    let person = |n| json!({ "email": format!("person{n}@example.com"), "subscribe": [{ "listid": list }] });
    (0..count).map(person).collect()
}

#[test]
fn an_account_reads_well_everywhere_with_and_without_contents() {
    let world = World::new();
    world.has("#no-contacts", "The account has no contacts.");
    world.has("#lists", "VIP customers");
    world.inspect("simulator-empty");

    world.simulator.bounce("person3@example.com");
    world.simulator.unsubscribe("gone@example.com", 1);
    world.import(&people(120, 1));
    world.import(
        &json!([ada(), { "email": format!("{}@example.com", "long".repeat(15)), "phone": "+44 20 7946 0000" }]),
    );
    world.delay();
    for _ in 0..14 {
        world.import(&people(250, 7));
    }
    assert!((0..1_000).any(|_| world.call("GET /api/3/lists", &Value::Null).status == 429));
    world.has("#no-pending", "… and 2 more");
    world.has("#throttled", "by the limits");
    world.has("#contacts", "ada@example.com");
    world.inspect("simulator");
}

fn ada() -> Value {
    json!({
        "email": "ada@example.com", "first_name": "Ada", "last_name": "Lovelace", "tags": ["vip", "newsletter"],
        "fields": [{ "id": 1, "value": "Gold" }, { "id": 7, "value": "London" }],
        "subscribe": [{ "listid": 1 }, { "listid": 7 }],
    })
}

#[test]
fn lists_contacts_and_imports_appear_as_they_happen() {
    let world = World::new();
    world.has("#lists tr[data-key='1']", "Demo list");
    world.has("#no-ended", "None.");

    world.simulator.bounce("person7@example.com");
    world.import(&people(30, 1));
    world.has("#lists tr[data-key='1'] td:nth-child(3)", "29");
    world.has("#contacts-total", "29");
    world.has("#ended tr", "completed");
    world.has("#ended tr td:nth-child(4)", "1");
    world.has("#rates figure:first-child .now", "1 of 100 in a minute");

    world.delay();
    world.import(&people(2, 7));
    world.has("#pending tr", "waiting");
    world.has("#pending-total", "1 import with 2 contacts");

    world.has("#range", "1 to 25 of 29");
    world.browser.click("#older");
    world.has("#range", "26 to 29 of 29");
    world.browser.press("#search", "SON12");
    world.browser.wait("return document.querySelectorAll('#contacts li').length === 1", &[]);
    world.has("#contacts", "person12@example.com");
}

#[test]
fn a_fault_button_changes_the_next_call_and_says_so() {
    let world = World::new();
    world.has("#faults", "Throttle");
    let lists = || world.call("GET /api/3/lists", &Value::Null).status;
    assert_eq!(lists(), 200);

    world.browser.click("button[aria-label='Throttle: always']");
    world.has("#said", "Every call is throttled.");
    assert_eq!(lists(), 429);
    world.has("#throttled", "1 call by a fault");

    world.browser.click("#calm");
    world.has("#said", "No call meets a fault.");
    assert_eq!(lists(), 200);

    // By keyboard, one hundredth further from nothing.
    world.browser.press("#server_error", "\u{e014}");
    world.has("#said", "1 % of the calls are answered with a server error.");
    world.browser.press("#server_error", "\u{e010}");
    world.has("#said", "Every call is answered with a server error.");
    assert!(lists() >= 500);
    world.browser.click("#calm");
    world.has("#said", "No call meets a fault.");

    world.browser.click("#revoke");
    world.has("#said", "The key is revoked");
    assert_eq!(lists(), 403);
    world.browser.click("#revoke");
    world.has("#said", "The key is valid again.");
    assert_eq!(lists(), 200);
    world.inspect("simulator-said");
}

#[test]
fn what_cannot_be_undone_is_done_at_the_second_click() {
    let world = World::new();
    world.import(&people(3, 1));
    world.has("#contacts-total", "3");

    world.browser.click("button[aria-label='Delete list 7']");
    world.has("#lists", "Really?");
    assert_eq!(world.call("GET /api/3/lists/7", &Value::Null).status, 200);
    world.browser.click("button[aria-label='Delete list 7']");
    world.has("#said", "List 7 is deleted.");
    assert_eq!(world.call("GET /api/3/lists/7", &Value::Null).status, 404);

    world.browser.click("#reset");
    world.has("#reset", "Really reset?");
    assert_eq!(world.simulator.len(), 3);
    world.browser.click("#reset");
    world.has("#said", "The account is reset");
    world.has("#lists", "VIP customers");
    world.has("#no-contacts", "The account has no contacts.");
    assert!(world.simulator.is_empty());
}

#[test]
fn names_that_are_markup_are_shown_as_text() {
    let world = World::new();
    world.simulator.add_list(9, HOSTILE);
    world.import(&json!([
        {
            "email": "mallory@example.com", "first_name": HOSTILE, "last_name": "</li><script>document.title='taken'</script>",
            "tags": [HOSTILE], "fields": [{ "id": 7, "value": HOSTILE }], "subscribe": [{ "listid": 9 }],
        },
        { "email": "other@example.com" },
    ]));
    for place in ["#lists", "#contacts li > div:first-child", "#contacts .marks", "#contacts .fields"] {
        world.has(place, HOSTILE);
    }
    let taken = "return document.images.length + document.scripts.length - 1 + (document.title === 'taken')";
    assert_eq!(world.browser.run(taken, &[]), json!(0));
    world.inspect("simulator-hostile");
}

#[test]
fn a_simulator_that_is_gone_is_missed() {
    let World { browser, port, runtime, .. } = World::new();
    browser.wait_for_text("#summary", &format!("127.0.0.1:{port}, up for"));
    runtime.shutdown_background();
    browser.wait_for_text("#gone", "The simulator does not answer.");
}
