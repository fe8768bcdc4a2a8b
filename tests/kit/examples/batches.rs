//! Record batches of a program, carried into a list.
//!
//! Start `enlist sim` in one terminal and this in another: `cargo run -p enlist-kit --example batches`. An argument
//! names another host than the simulator's usual one.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use enlist_core::{Batches, Clock, Export, FilePaceStore, Observer, Pacer, Scope, SqliteLedger, State, StateFolder};
use enlist_sink_activecampaign::{ActiveCampaign, Settings};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let people = RecordBatch::try_from_iter([
        ("email", Arc::new(StringArray::from(vec!["ada@example.com", "grace@example.org"])) as ArrayRef),
        ("first_name", Arc::new(StringArray::from(vec!["Ada", "Grace"]))),
    ])?;
    let sink = ActiveCampaign::over_http(Settings {
        host: std::env::args().nth(1).unwrap_or("127.0.0.1:8025".to_owned()),
        allow_host: false,
        key: "demo-token".to_owned().into(),
        list: 7,
        tags: Vec::new(),
        automations: false,
        ca_file: None,
    })?;
    // Mapped by the names of the columns, with the usual guards; every field can be set.
    let export = Export::new(Arc::new(Batches::new("people", people.schema(), vec![people])), Arc::new(sink));

    let folder = StateFolder::open(Path::new(".enlist"))?;
    let _lock = folder.lock_export("people", "r_1")?;
    let account = export.sink.account().to_owned();
    let scope = Scope { export: "people".into(), account: account.clone(), list: export.sink.list() };
    let state = State {
        ledger: Box::new(SqliteLedger::open(&folder.ledger_path(), &scope)?),
        hasher: folder.hasher(),
        pacer: Arc::new(Pacer::new(Box::new(FilePaceStore::for_account(&account)?), export.sink.quotas())),
        spool: folder.spool_dir().to_owned(),
        clock: Clock::start(),
    };
    let report = export.run(state, Observer::none()).await?;
    if let Some(error) = report.error {
        return Err(error.into());
    }
    assert_eq!(report.outcome.deferred, 0);
    Ok(())
}
