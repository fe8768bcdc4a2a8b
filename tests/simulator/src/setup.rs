//! What tests prepare, change and look at.

use std::time::Duration;

use crate::Simulator;
use crate::account::{Account, Contact, Exclusion, Field, Snapshot, Status, fold};
use crate::record::{Lane, Record, Report, worst_window};
use crate::settings::Settings;

/// Set-up: at once, without quota and without record.
impl Simulator {
    /// Adds a list, or renames it.
    pub fn add_list(&self, id: u32, name: &str) {
        self.present().account.add_list(id, name);
    }

    /// Adds a custom field, or replaces it.
    pub fn add_field(&self, field: Field) {
        self.present().account.fields.insert(field.id, field);
    }

    /// Deletes a list. Contacts keep the memory of it.
    pub fn remove_list(&self, id: u32) {
        self.present().account.lists.remove(&id);
    }

    /// Deletes a custom field. Contacts keep their values.
    pub fn remove_field(&self, id: u32) {
        self.present().account.fields.remove(&id);
    }

    /// Titles of all fields.
    pub fn field_titles(&self) -> Vec<String> {
        self.state().account.fields.values().map(|field| field.title.clone()).collect()
    }

    /// Adds a tag unless it is there, and returns its id.
    pub fn add_tag(&self, name: &str) -> u32 {
        self.present().account.tag(name)
    }

    /// Excludes addresses from imports.
    pub fn exclude(&self, exclusion: Exclusion) {
        self.present().account.exclusions.push(exclusion);
    }

    /// Makes an address one that bounced, whether there is such a contact or not.
    pub fn bounce(&self, email: &str) {
        self.present().account.bounced.insert(fold(email).into());
    }

    /// Takes an address off those that bounced.
    pub fn unbounce(&self, email: &str) {
        self.present().account.bounced.remove(fold(email).as_ref() as &str);
    }

    /// Puts a contact, which is created if needed, on a list.
    pub fn subscribe(&self, email: &str, list: u32) -> u32 {
        self.put(email, list, Status::Active)
    }

    /// Makes a contact, which is created if needed, one that unsubscribed from a list.
    pub fn unsubscribe(&self, email: &str, list: u32) -> u32 {
        self.put(email, list, Status::Unsubscribed)
    }

    fn put(&self, email: &str, list: u32, status: Status) -> u32 {
        let now = self.now();
        let mut state = self.present();
        let created = state.wall.seconds(now);
        let id = state.account.find_or_create(&fold(email), created);
        state.account.join(id, list, status);
        id
    }

    /// Takes away all contacts and imports, and puts back what the [`Template`](crate::Template) has and is missing.
    /// Other lists, fields and tags, exclusions and bounced addresses stay, as do quotas and counts.
    pub fn reset(&self) {
        self.present().reset();
    }

    /// From here on every call is answered with 403, whatever its token.
    pub fn revoke(&self) {
        self.state().revoked = true;
    }

    /// Ends [`revoke`](Self::revoke).
    pub fn reinstate(&self) {
        self.state().revoked = false;
    }

    /// Changes settings at run time. Imports that are queued keep their times; a changed seed changes nothing.
    pub fn change(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.present().settings);
    }

    /// The account as a document.
    pub fn snapshot(&self) -> Snapshot {
        self.present().account.to_snapshot()
    }

    /// Replaces the account by one that was saved. Queued imports will be applied to it.
    pub fn restore(&self, snapshot: Snapshot) {
        self.present().account = Account::from_snapshot(snapshot);
    }
}

/// Looking: at once, without quota and without record. Imports that are due are applied first.
impl Simulator {
    /// Number of contacts.
    pub fn len(&self) -> usize {
        self.present().account.len()
    }

    /// Whether there are no contacts.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The contact with this email, in whatever case.
    pub fn contact(&self, email: &str) -> Option<Contact> {
        let state = self.present();
        state.account.view(state.account.find(&fold(email))?)
    }

    /// Shows every contact in the order of ids. The simulator is locked meanwhile: do not call it from `visit`.
    pub fn each_contact(&self, mut visit: impl FnMut(Contact)) {
        let state = self.present();
        state.account.rows_after(0).filter_map(|(id, _)| state.account.view(id)).for_each(&mut visit);
    }

    /// Number of contacts with this status on a list.
    pub fn members(&self, list: u32, status: Status) -> usize {
        self.present().account.lists.get(&list).map_or(0, |list| list.members[status as usize])
    }

    /// Imports that are accepted and have not ended.
    pub fn backlog(&self) -> u64 {
        self.present().importer.outstanding().values().map(|tally| tally.batches).sum()
    }

    /// Every call that arrived, in order of arrival.
    pub fn records(&self) -> Vec<Record> {
        self.state().records.clone()
    }

    /// The most import requests that arrived within any half-open window of this length, throttled or not.
    pub fn worst_window(&self, window: Duration) -> usize {
        self.worst(window, |record| record.lane != Lane::General)
    }

    /// As [`worst_window`](Self::worst_window), of the calls of one lane that used up quota.
    pub fn worst_counted(&self, lane: Lane, window: Duration) -> usize {
        self.worst(window, |record| record.lane == lane && record.counted)
    }

    fn worst(&self, window: Duration, which: impl Fn(&Record) -> bool + Copy) -> usize {
        let state = self.state();
        worst_window(state.records.iter().filter(|record| which(record)).map(|record| record.at), window)
    }

    /// All counts.
    pub fn report(&self) -> Report {
        let worst_minute = self.worst_window(Duration::from_secs(60));
        let worst_second = self.worst(Duration::from_secs(1), |record| record.lane == Lane::General);
        let state = self.present();
        Report {
            worst_minute,
            worst_second,
            resubscribed: state.account.resubscribed,
            contacts: state.account.len(),
            ..state.report.clone()
        }
    }
}
