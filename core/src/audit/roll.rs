//! Reading the list back: page by page, paced, and staged by key like the segment.

use std::path::Path;

use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};
use tokio::sync::watch;

use super::spans::Spans;
use crate::delivery::{backoff, out_of_reach};
use crate::plan::{Partitions, Stage, Staged};
use crate::{
    Clock, Error, Hasher, Key, Lane, Member, Membership, Pacer, Page, Place, Progress, SendError, Sink, normalise_email,
};

/// Pages asked for at the same time. A page waits for the one before it, so one reader alone would be held up by the
/// latency of its answers: four keep the rate of 4.5 calls a second up to 0.9 s.
const READERS: usize = 4;

/// Faults of one page in a row before the destination counts as out of reach, about three minutes later.
const ATTEMPTS: u32 = 10;

/// Reads one list.
pub(super) struct Roll<'a> {
    pub(super) sink: &'a dyn Sink,
    pub(super) pacer: &'a Pacer,
    pub(super) clock: Clock,
    pub(super) hasher: &'a Hasher,
    pub(super) progress: &'a watch::Sender<Progress>,
}

/// A list that was read.
pub(super) struct List {
    /// Its contacts: the place's origin is the [`code`] of the standing, its row the id, the payload the record.
    pub(super) members: Partitions,
    pub(super) listed: u64,
    pub(super) pages: u64,
}

impl Roll<'_> {
    /// Reads all contacts of the list, and stages them in `folder`.
    pub(super) async fn read(&self, folder: &Path) -> Result<List, Error> {
        let highest = self.ask(|| self.sink.newest_member()).await?;
        let mut spans = Spans::new(highest.unwrap_or_default());
        let mut stage = Stage::create(folder)?;
        let (mut listed, mut pages) = (0, 0);
        let mut reading = FuturesUnordered::new();
        let mut ready = vec![0];
        loop {
            while let Some(span) = ready.pop() {
                let after = spans.after(span);
                reading.push(async move { (span, self.ask(|| self.sink.members(after)).await) });
                if reading.len() < READERS && ready.is_empty() {
                    ready.extend(spans.share());
                }
            }
            let Some((span, page)) = reading.next().await else { break };
            let mut page = page?;
            pages += 1;
            // One that has come to its end takes half of what another has left.
            if spans.take(span, &mut page)? {
                ready.push(span)
            } else {
                ready.extend(spans.share())
            }
            listed += page.members.len() as u64;
            stage = self.stage(stage, page).await?;
            self.progress.send_modify(|progress| progress.listed = listed);
        }
        let members = crate::cpu::run(move || stage.finish()).await??;
        Ok(List { members, listed, pages })
    }

    async fn stage(&self, mut stage: Stage, page: Page) -> Result<Stage, Error> {
        let hasher = self.hasher.clone();
        crate::cpu::run(move || {
            let rows: Vec<_> = page.members.iter().map(|member| staged(&hasher, member)).collect();
            stage.push(Staged::of(&rows)?)?;
            Ok(stage)
        })
        .await?
    }

    /// One answer, however many attempts it takes.
    async fn ask<'b, T>(&self, call: impl Fn() -> BoxFuture<'b, Result<T, SendError>>) -> Result<T, Error> {
        let (mut attempts, mut faults) = (0_u32, 0);
        loop {
            self.pacer.turn(Lane::General).await?;
            self.progress.send_modify(|progress| {
                progress.calls.other += 1;
                progress.calls.retries += u64::from(attempts > 0);
            });
            attempts = attempts.saturating_add(1);
            match call().await {
                Ok(answer) => {
                    self.pacer.success(Lane::General)?;
                    return Ok(answer);
                }
                Err(SendError::Fatal(error)) => return Err(error),
                Err(SendError::Throttled { retry_after }) => {
                    self.progress.send_modify(|progress| progress.calls.throttled += 1);
                    // The next turn waits for the end of the hold by itself.
                    self.pacer.hold(Lane::General, retry_after)?;
                }
                Err(cause) => {
                    faults += 1;
                    let in_doubt = matches!(cause, SendError::InDoubt(_));
                    self.progress.send_modify(|progress| progress.calls.in_doubt += u64::from(in_doubt));
                    if faults >= ATTEMPTS {
                        return Err(out_of_reach(self.sink.account(), cause));
                    }
                    self.clock.sleep(backoff(faults, 1.0)).await;
                }
            }
        }
    }
}

/// A member as it is staged.
fn staged<'a>(hasher: &Hasher, member: &'a Member) -> (Key, Place, &'a [u8]) {
    (key(hasher, member), Place { origin: code(member.standing), row: member.id }, &member.record)
}

/// The key the segment would have the contact under. An address that no row can have is a stranger's, who must only
/// not be taken for another.
fn key(hasher: &Hasher, member: &Member) -> Key {
    match normalise_email(&member.email) {
        Ok(email) => hasher.key(&email),
        Err(_) if member.email.trim().is_empty() => hasher.key(&format!("#{}", member.id)),
        Err(_) => hasher.key(&member.email.trim().to_lowercase()),
    }
}

/// A standing as a number; the lowest is that of a contact that is on the list.
pub(super) fn code(standing: Membership) -> u32 {
    match standing {
        Membership::Subscribed => 0,
        Membership::Unconfirmed => 1,
        Membership::Bounced => 2,
        Membership::Unsubscribed => 3,
        Membership::Other(number) => 4 + u32::from(number),
    }
}

/// The standing of a [`code`].
pub(super) fn membership(code: u32) -> Membership {
    match code {
        0 => Membership::Subscribed,
        1 => Membership::Unconfirmed,
        2 => Membership::Bounced,
        3 => Membership::Unsubscribed,
        other => Membership::Other(u8::try_from(other - 4).unwrap_or(u8::MAX)),
    }
}
