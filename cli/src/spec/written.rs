//! The file as written: its shape and its keys. Every scalar stays text until its variables are filled in.
//!
//! The comments of the keys are what editors show: they go into the JSON Schema. Nothing here implements `Debug`: a key
//! may be written out in the file.

use super::schema::{SWITCH, count, duration, names, one_of, share, word_of};
pub use super::shape::{Endpoints, Leavers, Many, Pairs, Shape, Text};

/// Ends of a run that somebody may want to be told of.
pub const ENDS: [&str; 3] = ["failed", "degraded", "ok"];

macro_rules! written {
    ($($(#[$doc:meta])* $name:ident { $($(#[$meta:meta])* $field:ident: $kind:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, serde::Deserialize, schemars::JsonSchema)]
        #[serde(deny_unknown_fields, rename_all = "snake_case")]
        pub struct $name { $($(#[$meta])* pub $field: $kind,)* }
    )*};
}

written! {
    /// What goes where: accounts, sources, and the exports between them.
    File {
        /// The version of the format.
        #[schemars(extend("enum" = [1, "1"]))]
        version: Text,
        /// Accounts, by name.
        #[serde(default)]
        #[schemars(extend("propertyNames" = names()))]
        connections: Pairs<Connection>,
        /// Sources that exports and their SQL refer to, by name.
        #[serde(default)]
        #[schemars(extend("propertyNames" = names()))]
        sources: Pairs<Source>,
        /// Each carries one segment into one list, by name.
        #[serde(default)]
        #[schemars(extend("propertyNames" = names()))]
        exports: Pairs<Export>,
        /// What exports have in common.
        defaults: Option<Defaults>,
        /// Where what was confirmed is remembered.
        state: Option<State>,
        /// Who is told how runs ended: a URL for every end, or a list that says of which.
        notify: Option<Endpoints>,
        /// Where metrics and lineage go.
        telemetry: Option<Telemetry>,
    }
    /// Host and key of an account.
    Connection {
        /// What people call it.
        display_name: Option<Text>,
        /// Host as in Settings → Developer; `simulator` is the one that comes with the tool.
        host: Text,
        /// The API key, as a reference: `${file:/run/secrets/ac_key}` or `${ACTIVECAMPAIGN_API_KEY}`.
        api_key: Option<Text>,
        /// A certificate authority to trust besides the usual ones, as a PEM file.
        ca_file: Option<Text>,
        /// Whether a host outside api-us1.com and activehosted.com is meant.
        #[schemars(extend("anyOf" = one_of(&SWITCH)))]
        allow_host: Option<Text>,
        /// Users of this machine who may run exports on it; none: the owner of the configuration.
        allowed_users: Option<Vec<Text>>,
    }
    /// Files, a table or a database with a name.
    Source {
        /// A file, glob, folder or URL of files.
        path: Option<Text>,
        /// What kind of files, where their name does not say.
        #[schemars(extend("anyOf" = one_of(&["parquet", "csv", "jsonl", "arrow", "avro", "delta", "customer-insights"])))]
        format: Option<Text>,
        /// Settings of an object store, by the names that the environment has for them.
        options: Option<Pairs<Text>>,
        /// Between the columns of CSV: one character.
        delimiter: Option<Text>,
        /// Whether the first line of CSV names the columns.
        #[schemars(extend("anyOf" = one_of(&SWITCH)))]
        header: Option<Text>,
        /// Names of the columns of CSV without header.
        names: Option<Vec<Text>>,
        /// The version of a Delta Lake table.
        version: Option<Text>,
        /// The time whose version of a Delta Lake table is read.
        timestamp: Option<Text>,
        /// A table of an export of Customer Insights.
        entity: Option<Text>,
        /// Whether cells of Customer Insights become what model.json says, or stay text.
        #[schemars(extend("anyOf" = one_of(&["model", "text"])))]
        types: Option<Text>,
        /// The source that holds the profiles of a segment.
        profiles: Option<Text>,
        /// The source that says which profile is in which segments.
        memberships: Option<Text>,
        /// The segment of Customer Insights.
        segment: Option<Text>,
        /// What happens to members without a profile.
        #[schemars(extend("anyOf" = one_of(&["refuse", "leave_out"])))]
        unmatched: Option<Text>,
        /// A database, without a password.
        url: Option<Text>,
        /// The password of the database, as a reference.
        password: Option<Text>,
        /// How far the database has to prove itself.
        #[schemars(extend("anyOf" = one_of(&["disable", "require", "verify-ca", "verify-full"])))]
        tls: Option<Text>,
        /// Certificates to trust, as a PEM file.
        ca_file: Option<Text>,
        /// The table or view that is the segment.
        table: Option<Text>,
        /// Reads the table in parallel.
        partition: Option<Partition>,
    }
    /// How a table is read in parallel.
    Partition {
        /// A column of whole numbers.
        by: Text,
        /// How many ranges of it, from 1 to 64.
        #[schemars(extend("anyOf" = count()))]
        parts: Text,
    }
    /// What is carried where.
    Export {
        /// Whether `run` without a name and `schedule` run it.
        #[schemars(extend("anyOf" = one_of(&SWITCH)))]
        enabled: Option<Text>,
        /// Another export, from which every key that is not given here is taken.
        extends: Option<Text>,
        /// A name of `connections`.
        connection: Option<Text>,
        /// Id of the list: the number in the address of its page.
        #[schemars(extend("anyOf" = count()))]
        list: Option<Text>,
        /// A name of `sources`, or a file, glob, folder or URL.
        source: Option<Text>,
        /// Several of these in place of `source`, which make up the segment together.
        segments: Option<Vec<Text>>,
        /// One SELECT that makes the segment.
        sql: Option<Text>,
        /// Values for `$name` in the SELECT.
        params: Option<Pairs<Text>>,
        /// Which column becomes what.
        map: Option<Map>,
        /// Which of two rows with the same email wins.
        unique_by: Option<UniqueBy>,
        /// What an empty value does to the one at ActiveCampaign.
        #[schemars(extend("anyOf" = one_of(&["keep", "clear"])))]
        empty_values: Option<Text>,
        /// Country of phone numbers without prefix, as two letters.
        phone_region: Option<Text>,
        /// Whether automations may start, which may send mail.
        #[schemars(extend("anyOf" = one_of(&SWITCH)))]
        automations: Option<Text>,
        /// What happens to contacts that left the segment.
        leavers: Option<Leavers>,
        /// That `leavers: unsubscribe` cannot be taken back by an import is understood.
        #[schemars(extend("anyOf" = one_of(&SWITCH)))]
        accept_one_way: Option<Text>,
        /// People who are never sent: a source or a list of them, whose first column holds emails or hashes of them.
        suppress: Option<Many>,
        /// What stops a run before it sends anything.
        guards: Option<Guards>,
        /// Time a run may take.
        #[schemars(extend("anyOf" = duration()))]
        deadline: Option<Text>,
        /// When `enlist schedule` runs it: five fields of cron.
        schedule: Option<Text>,
        /// The time zone of `schedule`, for example Europe/Helsinki.
        time_zone: Option<Text>,
        /// Where reject files go.
        rejects: Option<Rejects>,
        /// Who is told how its runs ended, in place of those of the whole file.
        notify: Option<Endpoints>,
    }
    /// Which column becomes what.
    Map {
        /// Column of the email.
        email: Option<Text>,
        /// Column of the first name.
        first_name: Option<Text>,
        /// Column of the last name.
        last_name: Option<Text>,
        /// Column of the phone number.
        phone: Option<Text>,
        /// Custom fields by title, tag or id, and their columns.
        #[serde(default)]
        fields: Pairs<Text>,
        /// Tags for every contact: added, never removed.
        #[serde(default)]
        tags: Vec<Text>,
    }
    /// Which of two rows with the same email wins.
    UniqueBy {
        /// The first, or the latest.
        #[schemars(extend("anyOf" = one_of(&["first", "latest"])))]
        keep: Text,
        /// The column that tells which is the latest.
        by: Option<Text>,
    }
    /// What stops a run before it sends anything.
    Guards {
        /// Most contacts updated or gone, as a share of those confirmed before.
        #[schemars(extend("anyOf" = share()))]
        max_change: Option<Text>,
        /// Most rejected rows.
        #[schemars(extend("anyOf" = share()))]
        max_rejects: Option<Text>,
        /// Fewest rows.
        #[schemars(extend("anyOf" = count()))]
        min_rows: Option<Text>,
        /// Most contacts added.
        #[schemars(extend("anyOf" = count()))]
        max_adds: Option<Text>,
        /// Most contacts told that they left, as a share of those confirmed before, for example 10%.
        max_leave: Option<Text>,
    }
    /// What exports have in common.
    Defaults {
        /// The connection of exports that name none.
        connection: Option<Text>,
        /// Who is told how runs ended, of exports that do not say so themselves.
        notify: Option<Endpoints>,
    }
    /// The state.
    State {
        /// Its folder.
        path: Text,
    }
    /// Reject files.
    Rejects {
        /// Their folder.
        path: Option<Text>,
        /// Columns of the source whose cells stand beside each rejected row, an id for example.
        columns: Option<Vec<Text>>,
        /// Days after which a run removes them.
        #[schemars(extend("anyOf" = count()))]
        keep_days: Option<Text>,
    }
    /// Who is told of which ends.
    Notify {
        /// The ends: failed, degraded (rejects, work left, slow, empty), ok.
        #[schemars(extend("items" = word_of(&ENDS)))]
        on: Vec<Text>,
        /// Where it is posted to: `https://…`, or `http://…` on this machine.
        webhook: Text,
    }
    /// Where metrics and lineage go; empty text is nowhere.
    Telemetry {
        /// A file in Prometheus' text format, for the node exporter.
        metrics_file: Option<Text>,
        /// An address to serve the same at, for example 127.0.0.1:9090.
        metrics_addr: Option<Text>,
        /// An OTLP/HTTP endpoint.
        otlp: Option<Text>,
        /// An OpenLineage endpoint.
        openlineage: Option<Text>,
    }
    /// A custom field that says that somebody left.
    Mark {
        /// Title, tag or id of the field, which is mapped too.
        field: Text,
        /// What is written to it.
        value: Text,
    }
}

impl Export {
    /// Takes every key that is not given from `other`. Maps and lists are taken whole or not at all.
    pub fn inherit(&mut self, other: &Self) {
        macro_rules! take {
            ($($key:ident)*) => {$(
                if self.$key.is_none() {
                    self.$key.clone_from(&other.$key);
                }
            )*};
        }
        // One stands in place of the other.
        if self.source.is_none() && self.segments.is_none() {
            take!(source segments);
        }
        take!(enabled connection list sql params map unique_by empty_values phone_region automations);
        // A consent is to what it was given for, and to nothing else.
        if self.leavers.is_none() {
            take!(leavers accept_one_way);
        }
        take!(suppress guards deadline schedule time_zone rejects notify);
    }
}
