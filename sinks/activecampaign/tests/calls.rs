//! The sink's calls, against an account in memory.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use enlist_core::{
    Error, ErrorKind, FieldKind, Headroom, JobId, JobState, Lane, Receipt, Request, SendError, Sink, Turn,
};
use enlist_sink_activecampaign::{ActiveCampaign, Settings, Transport, TransportError};
use serde_json::{Value, json};

const KEY: &str = "c4n4ry-key-of-the-account";

/// An account that answers from `routes` and remembers what it was asked.
#[derive(Default)]
struct Account {
    fields: usize,
    total: bool,
    overrides: Vec<(&'static str, u16, Value)>,
    calls: Mutex<Vec<http::Request<Bytes>>>,
}

impl Account {
    fn answer(&self, path: &str, query: &str) -> (u16, Value) {
        if let Some((_, status, body)) = self.overrides.iter().find(|(route, ..)| path == *route) {
            return (*status, body.clone());
        }
        match path {
            "/api/3/users/me" => (200, json!({"user": {"username": "ada"}})),
            "/api/3/lists/7" => (200, json!({"list": {"id": "7", "name": "Customers"}})),
            "/api/3/lists" => (
                200,
                json!({"lists": (1..=12).map(|id| json!({"id": id.to_string(), "name": format!("List {id}")})).collect::<Vec<_>>()}),
            ),
            "/api/3/fields" => (200, self.fields_page(query)),
            "/api/3/tags" if query.contains("eq%5D=vip+%26+co&") => {
                (200, json!({"tags": [{"id": "1", "tag": "vip & co"}], "meta": {"total": "1"}}))
            }
            "/api/3/tags" => (200, json!({"tags": [{"id": "2", "tag": "NEW"}], "meta": {"total": "1"}})),
            "/api/3/settings/account" => (200, json!({"subscriber_limit": "500", "subscriber_total": 20})),
            _ => (404, json!({"message": "no route"})),
        }
    }

    fn fields_page(&self, query: &str) -> Value {
        let number =
            |key: &str| -> usize { query.split('&').find_map(|pair| pair.strip_prefix(key)).unwrap().parse().unwrap() };
        let page = number("offset=")..self.fields.min(number("offset=") + number("limit=").min(100));
        let fields: Vec<_> = page.map(|at| json!({"id": (at + 1).to_string(), "title": format!("Field {at}"), "type": "date", "perstag": "F"})).collect();
        if self.total {
            json!({"fields": fields, "fieldOptions": [], "meta": {"total": self.fields.to_string()}})
        } else {
            json!({"fields": fields, "fieldOptions": []})
        }
    }

    fn paths(&self) -> Vec<String> {
        self.calls.lock().unwrap().iter().map(|call| call.uri().path_and_query().unwrap().to_string()).collect()
    }
}

#[async_trait]
impl Transport for Account {
    async fn call(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        let (status, body) = self.answer(request.uri().path(), request.uri().query().unwrap_or_default());
        self.calls.lock().unwrap().push(request);
        Ok(http::Response::builder().status(status).body(body.to_string().into()).unwrap())
    }
}

/// Counts turns.
#[derive(Default)]
struct Turns(Mutex<Vec<Lane>>);

#[async_trait]
impl Turn for Turns {
    async fn turn(&self, lane: Lane) -> Result<(), Error> {
        self.0.lock().unwrap().push(lane);
        Ok(())
    }
}

struct NoTurn;

#[async_trait]
impl Turn for NoTurn {
    async fn turn(&self, _: Lane) -> Result<(), Error> {
        Err(Error::new(ErrorKind::State, "state::gate", "the gate cannot be read"))
    }
}

fn settings(tags: &[&str]) -> Settings {
    Settings {
        host: "acme.api-us1.com".into(),
        allow_host: false,
        key: KEY.to_owned().into(),
        list: 7,
        tags: tags.iter().map(ToString::to_string).collect(),
        automations: false,
        ca_file: None,
    }
}

fn sink(account: Account, tags: &[&str]) -> (ActiveCampaign, Arc<Account>) {
    let account = Arc::new(account);
    (ActiveCampaign::new(settings(tags), account.clone()).unwrap(), account)
}

fn with(route: &'static str, status: u16, body: Value) -> Account {
    Account { overrides: vec![(route, status, body)], ..Account::default() }
}

async fn checked(account: Account) -> Result<enlist_core::Destination, SendError> {
    sink(account, &[]).0.check(&Turns::default()).await
}

fn fatal<T>(result: Result<T, SendError>) -> Error {
    match result {
        Err(SendError::Fatal(error)) => error,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("no error"),
    }
}

#[tokio::test]
async fn a_check_reads_the_account_one_turn_a_call() {
    let account = Account { fields: 2, ..Account::default() };
    let (sink, account) = sink(account, &["vip & co", "new"]);
    let turns = Turns::default();
    let found = sink.check(&turns).await.unwrap();
    assert_eq!((found.host.as_str(), found.list, found.list_name.as_str()), ("acme.api-us1.com", 7, "Customers"));
    assert_eq!(
        found.fields.iter().map(|f| (f.id, f.kind)).collect::<Vec<_>>(),
        [(1, FieldKind::Date), (2, FieldKind::Date)]
    );
    assert_eq!(found.unknown_tags, ["new"], "a tag of another case is another tag");
    assert_eq!(found.headroom, Some(Headroom { limit: 500, used: 20 }));
    let paths = account.paths();
    assert_eq!(*turns.0.lock().unwrap(), vec![Lane::General; paths.len()]);
    assert_eq!(paths[0], "/api/3/users/me");
    assert_eq!(paths.len(), 6);
}

#[tokio::test]
async fn all_fields_are_read_however_many_and_whether_or_not_a_total_is_told() {
    for (fields, total, pages) in
        [(0, false, 1), (99, false, 1), (100, false, 2), (100, true, 1), (101, false, 2), (250, true, 3)]
    {
        let (sink, account) = sink(Account { fields, total, ..Account::default() }, &[]);
        let found = sink.check(&Turns::default()).await.unwrap();
        assert_eq!(
            found.fields.iter().map(|field| field.id).collect::<Vec<_>>(),
            (1..=fields as u64).collect::<Vec<_>>()
        );
        assert_eq!(account.paths().iter().filter(|path| path.contains("/fields?")).count(), pages, "{fields} {total}");
        assert!(!account.paths().iter().any(|path| path.contains("/tags")), "no tags are configured");
    }
}

#[tokio::test]
async fn a_listing_without_end_ends_in_doubt() {
    let page: Vec<Value> = (0..100).map(|id| json!({"id": id, "type": "text"})).collect();
    let result = checked(with("/api/3/fields", 200, json!({"fields": page}))).await;
    assert!(matches!(result, Err(SendError::InDoubt(_))), "{result:?}");
}

#[tokio::test]
async fn a_missing_list_is_answered_with_the_lists_there_are() {
    let error =
        fatal(checked(with("/api/3/lists/7", 404, json!({"message": "No Result found for _List with id 7"}))).await);
    assert_eq!(
        (error.kind(), error.code(), error.to_string().as_str()),
        (ErrorKind::Destination, "ac::list_missing", "list 7 not found")
    );
    let help = error.help_text().unwrap();
    assert!(help.starts_with("lists you can use: 1 \"List 1\", 2 \"List 2\""), "{help}");
    assert!(help.ends_with("10 \"List 10\", …"), "{help}");
}

#[tokio::test]
async fn a_missing_permission_is_named() {
    let refusal = json!({"errors": [{"status": 403, "title": "Forbidden", "detail": "You do not have permission to view lists."}]});
    for (route, action) in [("/api/3/lists/7", "view lists"), ("/api/3/fields", "view custom fields")] {
        let error = fatal(checked(with(route, 403, refusal.clone())).await);
        assert_eq!((error.kind(), error.code()), (ErrorKind::Access, "ac::permission"));
        assert!(error.to_string().contains(action), "{error}");
    }
    let denied = checked(with("/api/3/fields", 403, json!({}))).await;
    assert!(matches!(denied, Err(SendError::Denied(_))), "a refusal without words may be a passing fault: {denied:?}");
}

#[tokio::test]
async fn a_wrong_key_is_denied_before_anything_else_is_asked() {
    for status in [401, 403] {
        let (sink, account) = sink(with("/api/3/users/me", status, json!({"message": "no permission"})), &[]);
        assert!(matches!(sink.check(&Turns::default()).await, Err(SendError::Denied(_))));
        assert!(matches!(sink.probe().await, Err(SendError::Denied(_))));
        assert_eq!(account.paths(), ["/api/3/users/me"; 2]);
    }
}

#[tokio::test]
async fn a_success_that_names_no_user_proves_nothing() {
    assert!(matches!(checked(with("/api/3/users/me", 200, json!({"ok": true}))).await, Err(SendError::InDoubt(_))));
    assert!(sink(Account::default(), &[]).0.probe().await.is_ok());
}

#[tokio::test]
async fn headroom_is_for_administrators_only() {
    for status in [403, 404] {
        let found = checked(with("/api/3/settings/account", status, json!({"message": "Forbidden"}))).await.unwrap();
        assert_eq!(found.headroom, None, "{status}");
    }
    let throttled = checked(with("/api/3/settings/account", 429, json!({}))).await;
    assert!(matches!(throttled, Err(SendError::Throttled { .. })));
}

#[tokio::test]
async fn without_a_turn_nothing_is_called() {
    let (sink, account) = sink(Account::default(), &[]);
    assert_eq!(fatal(sink.check(&NoTurn).await).code(), "state::gate");
    assert!(account.paths().is_empty());
}

#[tokio::test]
async fn a_request_is_posted_as_it_is_for_both_lanes() {
    for lane in [Lane::Bulk, Lane::Single] {
        let account = with("/api/3/import/bulk_import", 200, json!({"success": 1, "batchId": "b-1"}));
        let (sink, account) = sink(account, &[]);
        let body = Bytes::from_static(b"{\"contacts\":[]}");
        let request = Request { lane, body: body.clone(), contacts: 1 };
        assert_eq!(sink.send(&request).await, Ok(Receipt::Queued(JobId("b-1".into()))));
        let calls = account.calls.lock().unwrap();
        assert_eq!(calls.len(), 1);
        assert_eq!(calls[0].method(), http::Method::POST);
        assert_eq!(calls[0].uri(), "https://acme.api-us1.com/api/3/import/bulk_import");
        assert_eq!(calls[0].headers()["content-type"], "application/json");
        assert_eq!(calls[0].body(), &body);
    }
}

#[tokio::test]
async fn a_job_and_the_backlog_are_asked_for_once() {
    let (sink, account) = sink(
        Account {
            overrides: vec![
                ("/api/3/import/info", 200, json!({"status": "completed", "failure": ["x@example.com"]})),
                ("/api/3/import/bulk_import", 200, json!({"outstanding": [{"batches": "3"}]})),
            ],
            ..Account::default()
        },
        &[],
    );
    let state = sink.outcome(&JobId("b 1&x=2".into())).await;
    assert_eq!(state, Ok(JobState::Finished { refused: vec!["x@example.com".into()] }));
    assert_eq!(sink.backlog().await, Ok(3));
    assert_eq!(account.paths(), ["/api/3/import/info?batchId=b+1%26x%3D2", "/api/3/import/bulk_import"]);
}

#[tokio::test]
async fn the_key_is_in_one_header_and_nowhere_else() {
    let (sink, account) = sink(Account::default(), &[]);
    sink.probe().await.unwrap();
    let calls = account.calls.lock().unwrap();
    assert_eq!(calls[0].headers()["api-token"], KEY);
    let shown = format!("{sink:?} {:?} {} {:?}", *calls, sink.identity(), settings(&[]));
    assert!(!shown.contains("c4n4ry"), "{shown}");
}

#[test]
fn the_identity_changes_with_the_key_and_with_automations() {
    let identity = |key: &str, automations| {
        let settings = Settings { key: key.to_owned().into(), automations, ..settings(&[]) };
        ActiveCampaign::new(settings, Arc::new(Account::default())).unwrap().identity()
    };
    assert_eq!(identity("k", false), identity(" k\n", false));
    assert_ne!(identity("k", false), identity("l", false));
    assert_ne!(identity("k", false), identity("k", true));
    assert_eq!(identity("k", true).len(), "automations=on key=".len() + 8);
}

#[tokio::test]
async fn a_body_that_is_not_understood_is_named_by_its_hash() {
    let refusal = json!({"success": 0, "failureReasons": ["Invalid or unparsable json"]});
    let (sink, _) = sink(with("/api/3/import/bulk_import", 400, refusal), &[]);
    let send = async |body: &'static str| {
        let request = Request { lane: Lane::Bulk, body: Bytes::from_static(body.as_bytes()), contacts: 2 };
        match sink.send(&request).await {
            Err(SendError::Malformed(text)) => text,
            other => panic!("{other:?}"),
        }
    };
    let (one, other) = (send("{\"contacts\":[]}").await, send("{\"contacts\":{}}").await);
    assert!(one.starts_with("400: Invalid or unparsable json (body ") && one.ends_with(", 15 bytes)"), "{one}");
    assert_ne!(one, other, "the report of a defect tells bodies apart");
}
