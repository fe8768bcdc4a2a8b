//! Applies the contacts of an import to the account.

use super::payload::{Entry, Payload};
use super::validate::is_deliverable;
use crate::account::{Account, Status, fold};
use crate::record::Report;
use crate::settings::Settings;
use crate::switches::{EmptyText, OverLimit, SuccessIds, Unsubscribed};

/// What became of the contacts of an import.
#[derive(Debug, Default)]
pub(crate) struct Applied {
    /// Ids, as the settings say which.
    pub(crate) success: Vec<u32>,
    /// Emails as they were sent.
    pub(crate) failure: Vec<Box<str>>,
}

/// Applies the first `most` contacts of a body that passed the first check.
pub(crate) fn apply(
    account: &mut Account,
    settings: &Settings,
    report: &mut Report,
    body: &[u8],
    most: usize,
    time: u32,
) -> Applied {
    let mut applied = Applied::default();
    let Some(payload) = Payload::parse(body) else {
        return applied;
    };
    for entry in payload.contacts.iter().take(most) {
        let Some(email) = &entry.email else { continue };
        let folded = fold(email.as_str());
        let known = account.find(&folded);
        if let Some(refusal) = refusal(account, settings, entry, &folded, known) {
            report.count(refusal);
            applied.failure.push(email.as_str().into());
            continue;
        }
        let id = known.unwrap_or_else(|| account.create(&folded, time));
        if known.is_some() {
            report.updated += 1;
        } else {
            report.created += 1;
        }
        if known.is_none() || settings.success_ids == SuccessIds::Applied {
            applied.success.push(id);
        }
        let automated = !payload.excludes_automations(entry);
        report.automations += u64::from(automated);
        write(account, settings, report, entry, id, automated);
    }
    applied
}

/// Why a contact is not applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Format,
    Bounced,
    Excluded,
    Unsubscribed,
    UnknownList,
    OverLimit,
    Chosen,
}

fn refusal(
    account: &Account,
    settings: &Settings,
    entry: &Entry<'_>,
    folded: &str,
    known: Option<u32>,
) -> Option<Refusal> {
    if !is_deliverable(folded) {
        return Some(Refusal::Format);
    }
    if !account.bounced.is_empty() && account.bounced.contains(folded) {
        return Some(Refusal::Bounced);
    }
    if account.is_excluded(folded, |list| entry.subscribe.iter().any(|wanted| wanted.listid.0 == list)) {
        return Some(Refusal::Excluded);
    }
    let mut lists = entry.subscribe.iter().chain(&entry.unsubscribe);
    if lists.any(|wanted| !account.lists.contains_key(&wanted.listid.0)) {
        return Some(Refusal::UnknownList);
    }
    if settings.fails(folded) {
        return Some(Refusal::Chosen);
    }
    match known.and_then(|id| account.row(id)) {
        Some(row) if settings.unsubscribed == Unsubscribed::Fail => {
            let refused = |list| row.status(list) == Some(Status::Unsubscribed);
            entry.subscribe.iter().any(|wanted| refused(wanted.listid.0)).then_some(Refusal::Unsubscribed)
        }
        Some(_) => None,
        None => is_full(account, settings).then_some(Refusal::OverLimit),
    }
}

/// Whether one more contact is not allowed.
pub(crate) fn is_full(account: &Account, settings: &Settings) -> bool {
    let most = settings.subscriber_limit.and_then(|most| usize::try_from(most).ok());
    settings.over_limit == OverLimit::Fail && most.is_some_and(|most| account.len() >= most)
}

fn write(account: &mut Account, settings: &Settings, report: &mut Report, entry: &Entry<'_>, id: u32, automated: bool) {
    let tags: Vec<u32> = entry.tags.iter().map(|tag| account.tag(tag.as_str())).collect();
    let values: Vec<(u32, &str)> = entry
        .fields
        .iter()
        .filter_map(|field| Some((field.id?.0, field.value.as_ref()?.as_str())))
        .filter(|(id, _)| {
            let known = account.fields.contains_key(id);
            report.unknown_fields += u64::from(!known);
            known
        })
        .collect();
    let Some(row) = account.row_mut(id) else { return };
    let written = |text: &str| !text.is_empty() || settings.empty_text == EmptyText::Overwrite;
    let places = [
        (&mut row.first_name, &entry.first_name),
        (&mut row.last_name, &entry.last_name),
        (&mut row.phone, &entry.phone),
    ];
    for (place, text) in places {
        if let Some(text) = text.as_ref().filter(|text| written(text.as_str())) {
            *place = text.as_str().into();
        }
    }
    if row.fields.is_empty() {
        row.fields.reserve_exact(values.len());
    }
    for (field, value) in values {
        if written(value) {
            row.set_field(field, value);
        }
    }
    for tag in tags {
        row.add_tag(tag);
    }
    row.automations += u32::from(automated);
    if row.lists.is_empty() {
        row.lists.reserve_exact(entry.subscribe.len());
    }
    for wanted in &entry.subscribe {
        let list = wanted.listid.0;
        // An import never subscribes those who left.
        if account.row(id).and_then(|row| row.status(list)) != Some(Status::Unsubscribed) {
            account.join(id, list, Status::Active);
        }
    }
    for wanted in &entry.unsubscribe {
        account.join(id, wanted.listid.0, Status::Unsubscribed);
    }
}
