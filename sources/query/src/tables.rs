//! Tables by name, and the queries over them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use datafusion::catalog::{MemoryCatalogProvider, MemorySchemaProvider, TableProvider};
use datafusion::common::{DataFusionError, TableReference};
use datafusion::execution::context::SQLOptions;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::prelude::{SessionConfig, SessionContext};
use enlist_core::{Error, ErrorKind, Source};

use crate::name::TableName;
use crate::query::Query;
use crate::table::SourceTable;
use crate::{fault, params, select};

/// Rows in a batch that a query yields.
const BATCH_ROWS: usize = 8_192;

/// What a query may use.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Bytes that sorts, joins and aggregates may hold before they spill to disk (joins fail instead).
    pub memory: usize,
    /// Where they spill to; `None` is the system's temporary folder.
    pub temporary: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { memory: 512 << 20, temporary: None }
    }
}

/// Named tables that one SELECT can read.
#[derive(Default)]
pub struct Tables {
    settings: Settings,
    tables: BTreeMap<TableName, Table>,
}

enum Table {
    Source(Arc<dyn Source>),
    Provider(Arc<dyn TableProvider>),
}

impl Tables {
    /// No tables yet.
    pub fn new(settings: Settings) -> Self {
        Self { settings, tables: BTreeMap::new() }
    }

    /// Lets queries read `source` as the table `name`, which keeps its case.
    ///
    /// # Errors
    /// `source::table_twice` (configuration) when the name is taken.
    pub fn add(&mut self, name: impl Into<TableName>, source: Arc<dyn Source>) -> Result<(), Error> {
        self.insert(name.into(), Table::Source(source))
    }

    /// As [`add`](Self::add), for a table that can do more than stream, for example push filters into a database.
    ///
    /// It must yield its rows in the same order each time, in one partition.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub fn add_provider(&mut self, name: impl Into<TableName>, provider: Arc<dyn TableProvider>) -> Result<(), Error> {
        self.insert(name.into(), Table::Provider(provider))
    }

    fn insert(&mut self, name: TableName, table: Table) -> Result<(), Error> {
        if self.tables.contains_key(&name) {
            return Err(Error::new(
                ErrorKind::Config,
                "source::table_twice",
                format!("two tables are called \"{name}\""),
            ));
        }
        self.tables.insert(name, table);
        Ok(())
    }

    /// Plans one SELECT. Identifiers are taken as written, in their case, with or without double quotes.
    ///
    /// # Errors
    /// Configuration: `query::syntax` (with line and column), `query::refused` (not one SELECT), `query::invalid`,
    /// `query::column_twice`, `source::table_missing`. Source: `source::column_missing`, and whatever a table's
    /// [`schema`](Source::schema) fails with.
    pub async fn query(&self, sql: &str) -> Result<Query, Error> {
        self.query_with(sql, &[]).await
    }

    /// As [`query`](Self::query), with values for the parameters `$name` of the statement.
    ///
    /// A value takes the type of what it is compared with (a number, a date, a time, a boolean), and is text where the
    /// statement does not tell. It never becomes part of the statement.
    ///
    /// # Errors
    /// As [`query`](Self::query), and `query::param` (configuration) for a value that its type cannot hold, a parameter
    /// without a value, and one that would have to be of two types.
    pub async fn query_with(&self, sql: &str, params: &[(String, String)]) -> Result<Query, Error> {
        let session = self.session().await?;
        let known: Vec<&TableName> = self.tables.keys().collect();
        let state = session.state();
        let statement = select::parse(&state, sql, &known)?;
        let plan =
            Box::pin(state.statement_to_plan(statement)).await.map_err(|fault| fault::planning(&fault, &known))?;
        let read_only = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
        // The parser lets some writes through as a SELECT, for example SELECT … INTO.
        read_only.verify_plan(&plan).map_err(|_| select::refused())?;
        Query::new(session, params::bind(plan, params)?)
    }

    /// A session that knows the tables and nothing else: no files by path, no catalog, no variables.
    async fn session(&self) -> Result<SessionContext, Error> {
        let disk = match &self.settings.temporary {
            Some(folder) => DiskManagerMode::Directories(vec![folder.clone()]),
            None => DiskManagerMode::OsTmpDirectory,
        };
        let runtime = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(FairSpillPool::new(self.settings.memory)))
            .with_disk_manager_builder(DiskManagerBuilder::default().with_mode(disk))
            .build_arc()
            .map_err(|fault| fault::planning(&fault, &[]))?;
        let session = SessionContext::new_with_config_rt(config(), runtime);
        for (name, table) in &self.tables {
            let provider: Arc<dyn TableProvider> = match table {
                Table::Source(source) => Arc::new(SourceTable::new(Arc::clone(source), source.schema().await?)),
                Table::Provider(provider) => Arc::clone(provider),
            };
            register(&session, name.reference(), provider).map_err(|fault| fault::planning(&fault, &[]))?;
        }
        Ok(session)
    }
}

/// Registers a table under its name, with the catalog and the schema that the name has.
fn register(
    session: &SessionContext,
    name: &TableReference,
    provider: Arc<dyn TableProvider>,
) -> Result<(), DataFusionError> {
    let default = session.state().config_options().catalog.default_catalog.clone();
    let catalog = name.catalog().unwrap_or(&default);
    if session.catalog(catalog).is_none() {
        session.register_catalog(catalog, Arc::new(MemoryCatalogProvider::new()));
    }
    if let (Some(schema), Some(catalog)) = (name.schema(), session.catalog(catalog))
        && catalog.schema(schema).is_none()
    {
        catalog.register_schema(schema, Arc::new(MemorySchemaProvider::new()))?;
    }
    session.register_table(name.clone(), provider)?;
    Ok(())
}

pub(crate) fn config() -> SessionConfig {
    // One partition: with more, rows arrive in the order in which threads finish, and row numbers (and with them
    // which of two duplicates is the first) would differ from run to run.
    let mut config = SessionConfig::new().with_target_partitions(1).with_batch_size(BATCH_ROWS);
    let options = config.options_mut();
    // Columns keep the case they have in the file.
    options.sql_parser.enable_ident_normalization = false;
    // String views pin whole buffers, which spoils the accounting of memory and makes spilling fail.
    options.sql_parser.map_string_types_to_utf8view = false;
    options.execution.parquet.schema_force_view_types = false;
    config
}
