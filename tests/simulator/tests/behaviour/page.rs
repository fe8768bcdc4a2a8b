//! The page at `/` and its JSON below `/sim/`.

use std::net::SocketAddr;
use std::time::Duration;

use enlist_simulator::{Faults, Settings, Simulator, Status};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::{contacts, import};

const JSON: (&str, &str) = ("Content-Type", "application/json");

async fn served(settings: Settings) -> (Simulator, SocketAddr) {
    let sim = Simulator::new(settings);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = sim.clone();
    tokio::spawn(async move { server.serve(listener).await });
    (sim, address)
}

/// Status, head in lower case, and body of the answer to a request with exactly these headers.
async fn ask(to: SocketAddr, line: &str, headers: &[(&str, &str)], body: &str) -> (u16, String, String) {
    let mut head: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    head.push_str(&format!("Content-Length: {}\r\nConnection: close\r\n", body.len()));
    let mut stream = TcpStream::connect(to).await.unwrap();
    stream.write_all(format!("{line} HTTP/1.1\r\n{head}\r\n{body}").as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").expect("a whole head");
    (head[9..12].parse().unwrap(), head.to_lowercase(), body.to_owned())
}

async fn get(to: SocketAddr, path: &str) -> (u16, String, String) {
    ask(to, &format!("GET {path}"), &[("Host", &to.to_string())], "").await
}

async fn get_json(to: SocketAddr, path: &str) -> Value {
    let (status, _, body) = get(to, path).await;
    assert_eq!(status, 200, "{body}");
    serde_json::from_str(&body).unwrap()
}

/// As the page itself does it.
async fn post(to: SocketAddr, path: &str, body: &Value) -> (u16, String) {
    let headers = [("Host", &*to.to_string()), ("Origin", &*format!("http://{to}")), JSON];
    let (status, _, answer) = ask(to, &format!("POST {path}"), &headers, &body.to_string()).await;
    (status, answer)
}

#[tokio::test]
async fn the_page_and_its_parts_come_from_this_server_alone() {
    let (_, address) = served(Settings::prompt()).await;
    for (path, kind) in [
        ("/", "text/html"),
        ("/sim/page.css", "text/css"),
        ("/sim/page.js", "text/javascript"),
        ("/sim/icon.svg", "image/svg+xml"),
    ] {
        let (status, head, body) = get(address, path).await;
        assert_eq!(status, 200, "{path}");
        assert!(head.contains(&format!("content-type: {kind}")), "{path}: {head}");
        for policy in
            ["content-security-policy: default-src 'none'; script-src 'self';", "x-content-type-options: nosniff"]
        {
            assert!(head.contains(policy), "{path}: {head}");
        }
        assert!(!head.contains("access-control"), "{path}: {head}");
        let own = body.replace("http://www.w3.org/2000/svg", "");
        assert!(!own.contains("http:") && !own.contains("https:") && !own.contains("//cdn"), "{path} asks others");
        for markup in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "style=", "onclick="] {
            assert!(!body.contains(markup), "{path} has {markup}");
        }
    }
    assert_eq!(get(address, "/sim/other").await.0, 404);
}

#[tokio::test]
async fn the_page_meets_no_fault_and_leaves_no_trace_in_the_account() {
    let faults = Faults { cut_before: 1.0, ..Faults::default() };
    let (sim, address) = served(Settings { faults, ..Settings::prompt() }).await;
    sim.revoke();
    for _ in 0..10 {
        get_json(address, "/sim/state").await;
        get_json(address, "/sim/contacts").await;
    }
    assert_eq!(sim.records(), []);
    assert_eq!(sim.report().throttled_general, 0);
}

#[tokio::test]
async fn a_host_that_is_not_this_machine_gets_nothing() {
    let (sim, address) = served(Settings::prompt()).await;
    sim.subscribe("ada@example.com", 1);
    let port = address.port();
    let foreign = ["rebound.example.com".to_owned(), format!("rebound.example.com:{port}"), format!("10.0.0.1:{port}")];
    for host in &foreign {
        for path in ["/", "/sim/state", "/sim/contacts", "/sim/page.js", "/sim/other"] {
            let (status, _, body) = ask(address, &format!("GET {path}"), &[("Host", host)], "").await;
            assert_eq!(status, 403, "{host} {path}");
            assert!(!body.contains("ada@"), "{host} {path}");
        }
        let headers = [("Host", &**host), ("Origin", &*format!("http://{host}")), JSON];
        let (status, ..) = ask(address, "POST /sim/key", &headers, r#"{"revoked":true}"#).await;
        assert_eq!(status, 403, "{host}");
    }
    let twice = [("Host", "localhost"), ("Host", "rebound.example.com")];
    assert_ne!(ask(address, "GET /sim/state", &twice, "").await.0, 200);
    for host in ["localhost".to_owned(), format!("localhost:{port}"), format!("[::1]:{port}")] {
        assert_eq!(ask(address, "GET /sim/state", &[("Host", &host)], "").await.0, 200, "{host}");
    }
}

#[tokio::test]
async fn a_button_of_another_site_does_nothing() {
    let (sim, address) = served(Settings::prompt()).await;
    sim.subscribe("ada@example.com", 1);
    let (own, port) = (address.to_string(), address.port());
    let host = ("Host", &*own);
    let foreign = [
        "null".to_owned(),
        "http://example.com".to_owned(),
        format!("https://{own}"),
        format!("http://localhost:{port}"),
        "http://127.0.0.1:1".to_owned(),
        format!("http://{own}.example.com"),
    ];
    let buttons = [
        ("/sim/key", r#"{"revoked":true}"#),
        ("/sim/reset", "{}"),
        ("/sim/delete-list", r#"{"list":1}"#),
        ("/sim/faults", r#"{"throttle":1}"#),
    ];
    for (path, body) in buttons {
        for origin in &foreign {
            let (status, ..) = ask(address, &format!("POST {path}"), &[host, ("Origin", origin), JSON], body).await;
            assert_eq!(status, 403, "{path} from {origin}");
        }
        // What a form of any site can send without asking first.
        for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"] {
            let (status, ..) = ask(address, &format!("POST {path}"), &[host, ("Content-Type", kind)], body).await;
            assert_eq!(status, 415, "{path} as {kind}");
        }
        assert_eq!(ask(address, &format!("POST {path}"), &[host], body).await.0, 415, "{path}");
        assert_eq!(ask(address, &format!("GET {path}"), &[host], "").await.0, 405, "{path}");
    }
    // And no answer to the question whether it may.
    let asked = [host, ("Origin", "http://example.com"), ("Access-Control-Request-Method", "POST")];
    let (status, head, _) = ask(address, "OPTIONS /sim/key", &asked, "").await;
    assert!(status >= 400 && !head.contains("access-control"), "{head}");
    assert_eq!((sim.len(), sim.members(1, Status::Active)), (1, 1));
    let state = get_json(address, "/sim/state").await;
    assert_eq!((&state["revoked"], &state["faults"]["throttle"]), (&json!(false), &json!(0.0)));
}

#[tokio::test]
async fn faults_are_set_one_by_one_and_only_to_shares() {
    let (sim, address) = served(Settings::prompt()).await;
    assert_eq!(post(address, "/sim/faults", &json!({ "slow": 0.25, "slow_by": 2.5, "scope": "general" })).await.0, 200);
    assert_eq!(post(address, "/sim/faults", &json!({ "throttle": 1, "scope": "all" })).await.0, 200);
    for (bad, word) in [
        (json!({ "throttle": 1.01 }), "from 0 to 1"),
        (json!({ "html": -0.5 }), "from 0 to 1"),
        (json!({ "slow_by": -1 }), "negative"),
        (json!({ "weather": 1 }), "unknown field `weather`"),
        (json!({ "scope": "some" }), "unknown variant"),
        (json!({ "slow": "often" }), "expected f64"),
    ] {
        let (status, reason) = post(address, "/sim/faults", &bad).await;
        assert_eq!(status, 422, "{bad}");
        assert!(reason.contains(word), "{bad}: {reason}");
    }
    let faults = &get_json(address, "/sim/state").await["faults"];
    assert_eq!((&faults["throttle"], &faults["slow"]), (&json!(1.0), &json!(0.25)));
    assert_eq!((&faults["slow_by"], &faults["scope"], &faults["html"]), (&json!(2.5), &json!("all"), &json!(0.0)));
    let (status, answer) = crate::post(&sim, crate::IMPORT, &contacts("c", 2)).await;
    assert_eq!((status, &answer["message"]), (400, &json!("Rate limit exceeded.")));
    assert_eq!(get_json(address, "/sim/state").await["report"]["throttled_by_chance"], 1);
}

#[tokio::test]
async fn the_state_shows_lists_imports_and_calls_against_their_limits() {
    let prompt = Settings::prompt();
    let mut processing = prompt.processing.clone();
    processing.delay = Duration::from_secs(3_600);
    let (sim, address) = served(prompt).await;
    sim.bounce("c1@example.com");
    import(&sim, &contacts("c", 3)).await;
    sim.change(|settings| settings.processing = processing);
    let waiting = import(&sim, &contacts("d", 2)).await;
    import(&sim, &contacts("e", 1)).await;
    for _ in 0..6 {
        crate::get(&sim, "/api/3/lists").await;
    }

    let state = get_json(address, "/sim/state").await;
    let demo = &state["lists"][0];
    assert_eq!((&demo["name"], &demo["active"]), (&json!("Demo list"), &json!(2)));
    let (pending, ended) = (&state["imports"]["pending"], &state["imports"]["ended"]);
    assert_eq!((&pending[0]["id"], &pending[0]["state"]), (&json!(waiting), &json!("waiting")));
    assert_eq!((pending.as_array().unwrap().len(), ended.as_array().unwrap().len()), (2, 1));
    assert_eq!((&ended[0]["state"], &ended[0]["refused"]), (&json!("completed"), &json!(1)));
    assert_eq!((&state["imports"]["pending_total"], &state["imports"]["pending_contacts"]), (&json!(2), &json!(3)));
    let rate = |place: usize| (state["rates"][place]["limit"].clone(), state["rates"][place]["now"].clone());
    assert_eq!((rate(0), rate(1)), ((json!(100), json!(3)), (json!(20), json!(1))));
    assert_eq!(rate(2).0, 5);
    let throttled = state["rates"][2]["throttled"].as_array().unwrap().iter().filter_map(Value::as_u64).sum::<u64>();
    assert_eq!(json!(throttled), state["report"]["throttled_general"]);
}

#[tokio::test]
async fn contacts_are_found_by_a_part_of_their_email_page_by_page() {
    let (sim, address) = served(Settings::prompt()).await;
    import(&sim, &contacts("c", 30)).await;
    let entry = json!({
        "email": "Ada@example.com", "first_name": "Ada", "last_name": "<b>L</b>", "tags": ["vip"],
        "fields": [{ "id": 7, "value": "London" }], "subscribe": [{ "listid": 7 }],
    });
    import(&sim, &json!({ "contacts": [entry, { "email": "other@example.com" }] })).await;
    sim.remove_list(7);

    let found = get_json(address, "/sim/contacts?search=ADA%40&limit=5").await;
    assert_eq!(found["total"], 1);
    let ada = &found["contacts"][0];
    assert_eq!((&ada["email"], &ada["last_name"]), (&json!("ada@example.com"), &json!("<b>L</b>")));
    assert_eq!(ada["lists"], json!([{ "id": 7, "name": null, "status": "active" }]));
    assert_eq!((&ada["tags"], &ada["fields"]), (&json!(["vip"]), &json!([{ "title": "City", "value": "London" }])));
    let last = get_json(address, "/sim/contacts?search=&limit=10&offset=30").await;
    assert_eq!((&last["total"], &last["contacts"][1]["email"]), (&json!(32), &json!("c0@example.com")));
    assert_eq!(get_json(address, "/sim/contacts?limit=1000").await["contacts"].as_array().unwrap().len(), 32);
    assert_eq!(get(address, "/sim/contacts?limit=-1").await.0, 400);
}

#[tokio::test]
async fn the_key_is_revoked_and_given_back() {
    let (sim, address) = served(Settings::prompt()).await;
    for (revoked, status) in [(true, 403), (false, 200)] {
        assert_eq!(post(address, "/sim/key", &json!({ "revoked": revoked })).await.0, 200);
        assert_eq!(crate::get(&sim, "/api/3/lists").await.0, status);
        assert_eq!(get_json(address, "/sim/state").await["revoked"], revoked);
    }
}

#[tokio::test]
async fn a_reset_takes_contacts_and_imports_and_puts_back_what_was_deleted() {
    let (sim, address) = served(Settings::prompt()).await;
    sim.add_list(42, "Made for an export");
    sim.bounce("bounced@example.com");
    import(&sim, &contacts("c", 3)).await;
    assert_eq!(post(address, "/sim/delete-list", &json!({ "list": 1 })).await.0, 200);
    let (status, answer) = crate::get(&sim, "/api/3/lists/1").await;
    assert_eq!(status, 404, "{answer}");
    sim.change(|settings| settings.processing.delay = Duration::from_secs(3_600));
    import(&sim, &contacts("d", 3)).await;

    assert_eq!(post(address, "/sim/reset", &json!({})).await.0, 200);
    assert_eq!((sim.len(), sim.backlog()), (0, 0));
    sim.change(|settings| settings.processing.delay = Duration::ZERO);
    let entries = json!([
        { "email": "bounced@example.com", "subscribe": [{ "listid": 1 }] },
        { "email": "ada@example.com", "subscribe": [{ "listid": 1 }, { "listid": 42 }] },
    ]);
    import(&sim, &json!({ "contacts": entries })).await;
    assert_eq!((sim.members(1, Status::Active), sim.members(42, Status::Active), sim.len()), (1, 1, 1));
}
