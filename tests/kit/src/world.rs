//! A simulated account, a ledger that outlives runs, and exports between a segment and a list.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use enlist_core::{
    Clock, EmptyValues, Error, Export, Guards, Hasher, Keep, Leavers, Ledger, Mapping, MemoryLedger, MemoryPaceStore,
    Observer, Pacer, Plan, Report, Scope, Selection, Sink, Source, State,
};
use enlist_simulator::{Settings, Simulator};
use enlist_sink_activecampaign::ActiveCampaign;

use crate::{InProcess, People};

/// The API key the simulator takes.
pub const KEY: &str = enlist_simulator::DEFAULT_TOKEN;

/// The demo list of the simulated account.
const LIST: u64 = 1;

/// The custom field of the simulated account that is called "Tier".
const TIER: u32 = 1;

/// Everything between a segment and a simulated account, in process.
#[derive(Clone)]
pub struct World {
    /// The account.
    pub simulator: Simulator,
    /// What is remembered between runs.
    pub ledger: MemoryLedger,
    /// Bounds of every run.
    pub guards: Guards,
    /// Time of every run.
    pub deadline: Duration,
    /// Send everything.
    pub full: bool,
    /// Tags of every contact.
    pub tags: Vec<String>,
    /// What happens to contacts that left.
    pub leavers: Leavers,
    /// Which contacts a run is limited to.
    pub selection: Selection,
    /// Who is never sent.
    pub suppress: Vec<Arc<dyn Source>>,
}

impl World {
    /// A world with an account that behaves as `settings` say, and no guards.
    pub fn new(settings: Settings) -> Self {
        let scope = Scope { export: "people".into(), account: "simulator".into(), list: LIST };
        Self {
            simulator: Simulator::new(settings),
            ledger: MemoryLedger::new(scope),
            guards: Guards { max_change: None, max_rejects: None, max_leave: None, min_rows: 0, ..Guards::default() },
            deadline: Duration::from_secs(90 * 60),
            full: false,
            tags: Vec::new(),
            leavers: Leavers::Keep,
            selection: Selection::default(),
            suppress: Vec::new(),
        }
    }

    /// The sink of the account's demo list.
    ///
    /// # Errors
    /// Never for these settings.
    pub fn sink(&self) -> Result<Arc<dyn Sink>, Error> {
        let settings = enlist_sink_activecampaign::Settings {
            host: "127.0.0.1:1".into(),
            allow_host: false,
            key: KEY.to_owned().into(),
            list: LIST,
            tags: self.tags.clone(),
            automations: false,
            ca_file: None,
        };
        Ok(Arc::new(ActiveCampaign::new(settings, Arc::new(InProcess(self.simulator.clone())))?))
    }

    /// How people become contacts: every column, the tier as a custom field.
    pub fn mapping(&self) -> Mapping {
        Mapping {
            email: "email".into(),
            first_name: Some("first_name".into()),
            last_name: Some("last_name".into()),
            phone: Some("phone".into()),
            fields: vec![("Tier".into(), "tier".into())],
            tags: self.tags.clone(),
            empty_values: EmptyValues::Keep,
            phone_region: None,
            keep: Keep::First,
            leavers: self.leavers.clone(),
        }
    }

    /// The export of `source` into the list.
    ///
    /// # Errors
    /// Never for these settings.
    pub fn export(&self, source: impl Source + 'static) -> Result<Export, Error> {
        Ok(Export {
            mapping: Some(self.mapping()),
            guards: self.guards.clone(),
            full: self.full,
            selection: self.selection.clone(),
            suppress: self.suppress.clone(),
            deadline: self.deadline,
            ..Export::new(Arc::new(source), self.sink()?)
        })
    }

    /// What every run of this world remembers.
    ///
    /// # Errors
    /// Never for these settings.
    pub fn state(&self) -> Result<State, Error> {
        let ledger: Box<dyn Ledger> = Box::new(self.ledger.clone());
        let pacer = Pacer::new(Box::new(MemoryPaceStore::new()), self.sink()?.quotas());
        Ok(State {
            ledger,
            hasher: Hasher::new([7; 32]),
            pacer: Arc::new(pacer),
            spool: std::env::temp_dir(),
            clock: Clock::start(),
        })
    }

    /// How many of `people` the account holds with the values of their rows, and how many it should hold.
    pub fn landed(&self, people: &People) -> (usize, usize) {
        let mut expected = BTreeMap::new();
        for n in (0..people.rows).filter(|&n| !people.is_malformed(n)) {
            let person = people.person(n);
            expected.entry(person.email.clone()).or_insert(person);
        }
        let mut landed = 0;
        self.simulator.each_contact(|contact| {
            let as_sent = expected.get(&contact.email).is_some_and(|person| {
                let names = contact.first_name == person.first_name && contact.last_name == person.last_name;
                names && contact.phone == person.phone && contact.fields.get(&TIER) == Some(&person.tier)
            });
            landed += usize::from(as_sent);
        });
        (landed, expected.len())
    }

    /// Plans.
    ///
    /// # Errors
    /// As [`Export::plan`].
    pub async fn plan(&self, source: impl Source + 'static) -> Result<Plan, Error> {
        self.export(source)?.plan(self.state()?, Observer::none()).await
    }

    /// Runs.
    ///
    /// # Errors
    /// As [`Export::run`].
    pub async fn run(&self, source: impl Source + 'static) -> Result<Report, Error> {
        self.run_observed(source, Observer::none()).await
    }

    /// Runs under an observer.
    ///
    /// # Errors
    /// As [`Export::run`].
    pub async fn run_observed(&self, source: impl Source + 'static, observer: Observer) -> Result<Report, Error> {
        self.export(source)?.run(self.state()?, observer).await
    }
}
