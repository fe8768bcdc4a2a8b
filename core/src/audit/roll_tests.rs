//! A list that is read back from a destination with faults, in virtual time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arrow::array::BinaryArray;
use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::watch;

use super::roll::{List, Roll};
use crate::plan::PARTITIONS;
use crate::{
    Clock, ContactBatch, Destination, Encode, Envelope, Error, ErrorKind, Hasher, JobId, JobState, Lane, Limits,
    Member, Membership, MemoryPaceStore, Pacer, Page, Quota, Receipt, Request, SendError, Sink, Turn,
};

type Mishap = fn(u64) -> Option<Result<Page, SendError>>;

/// A list of contacts with every third id, `size` to a page.
struct Listing {
    contacts: u64,
    size: usize,
    latency: Duration,
    newest: Option<u64>,
    /// What happens in place of the answer to the call of this number, counted from 0.
    mishap: Mishap,
    calls: Mutex<Vec<u64>>,
}

impl Listing {
    fn of(contacts: u64) -> Self {
        let latency = Duration::from_millis(600);
        Self { contacts, size: 100, latency, newest: Some(3 * contacts), mishap: |_| None, calls: Mutex::default() }
    }

    fn page(&self, after: u64) -> Page {
        let ids = (after / 3 + 1..=self.contacts).map(|n| 3 * n).take(self.size);
        let member = |id| Member {
            id,
            email: format!("P{id}@Example.com"),
            standing: Membership::Subscribed,
            record: Bytes::from(id.to_string()),
        };
        let members: Vec<Member> = ids.map(member).collect();
        Page { next: members.last().map(|member| member.id), members }
    }
}

struct Nothing;

impl Encode for Nothing {
    fn encode(&self, _: &ContactBatch) -> Result<BinaryArray, Error> {
        Ok(BinaryArray::from_iter_values(Vec::<&[u8]>::new()))
    }

    fn envelope(&self) -> Envelope {
        Envelope { open: Bytes::new(), separator: Bytes::new(), close: Bytes::new() }
    }

    fn lane(&self, _: usize) -> Lane {
        Lane::Bulk
    }
}

#[async_trait]
impl Sink for Listing {
    fn account(&self) -> &str {
        "acme.example.com"
    }

    fn list(&self) -> u64 {
        1
    }

    fn identity(&self) -> String {
        String::new()
    }

    fn limits(&self) -> Limits {
        Limits { contacts: 1, bytes: 1 }
    }

    fn quotas(&self) -> Vec<Quota> {
        vec![Quota { lane: Lane::General, count: 5, window: Duration::from_secs(1) }]
    }

    fn encoder(&self) -> Arc<dyn Encode> {
        Arc::new(Nothing)
    }

    async fn check(&self, _: &dyn Turn) -> Result<Destination, SendError> {
        Err(SendError::TooLarge)
    }

    async fn probe(&self) -> Result<(), SendError> {
        Ok(())
    }

    async fn send(&self, _: &Request) -> Result<Receipt, SendError> {
        Ok(Receipt::Done)
    }

    async fn outcome(&self, _: &JobId) -> Result<JobState, SendError> {
        Ok(JobState::Unknown)
    }

    async fn backlog(&self) -> Result<u64, SendError> {
        Ok(0)
    }

    async fn members(&self, after: u64) -> Result<Page, SendError> {
        let number = {
            let mut calls = self.calls.lock().unwrap();
            calls.push(after);
            calls.len() as u64 - 1
        };
        tokio::time::sleep(self.latency).await;
        (self.mishap)(number).unwrap_or_else(|| Ok(self.page(after)))
    }

    async fn newest_member(&self) -> Result<Option<u64>, SendError> {
        Ok(self.newest)
    }
}

/// Reads a list, and how long it took.
async fn read(sink: &Listing) -> (Result<List, Error>, crate::Calls, Duration) {
    let folder = tempfile::tempdir().unwrap();
    let pacer = Pacer::new(Box::new(MemoryPaceStore::new()), sink.quotas());
    let (clock, hasher, progress) = (Clock::start(), Hasher::new([1; 32]), watch::Sender::default());
    let roll = Roll { sink, pacer: &pacer, clock, hasher: &hasher, progress: &progress };
    let list = crate::on_one_thread(roll.read(folder.path())).await;
    let calls = progress.borrow().calls.clone();
    (list, calls, clock.elapsed())
}

/// Every contact of `sink` is there once, under its normalised address.
fn assert_whole(sink: &Listing, list: &List) {
    let mut found = BTreeMap::new();
    for partition in 0..PARTITIONS {
        let staged = list.members.read(partition).unwrap();
        for row in 0..staged.len() {
            let id = staged.place(row).row;
            assert_eq!(staged.key(row), Hasher::new([1; 32]).key(&format!("p{id}@example.com")));
            assert_eq!(staged.payload(row), id.to_string().as_bytes());
            *found.entry(id).or_insert(0) += 1;
        }
    }
    assert_eq!(found, (1..=sink.contacts).map(|n| (3 * n, 1)).collect());
    assert_eq!(list.listed, sink.contacts);
}

#[tokio::test(start_paused = true)]
async fn slow_answers_do_not_lower_the_rate() {
    let sink = Listing::of(10_000);
    let (list, calls, time) = read(&sink).await;
    let list = list.unwrap();
    assert_whole(&sink, &list);
    assert!(calls.other <= 120, "{} calls for 100 pages", calls.other);
    // 4.5 calls a second; one reader alone would need 60 s and more.
    assert!(time < Duration::from_secs(30), "{time:?}");
}

#[tokio::test(start_paused = true)]
async fn the_whole_list_is_read_whatever_its_size_and_whatever_its_highest_id_is_said_to_be() {
    for contacts in [0, 1, 99, 100, 101, 1_234] {
        for newest in [None, Some(0), Some(3), Some(3 * contacts), Some(u64::MAX)] {
            let sink = Listing { newest, ..Listing::of(contacts) };
            assert_whole(&sink, &read(&sink).await.0.unwrap());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn throttles_and_faults_are_waited_out_and_counted() {
    let mishap: Mishap = |call| {
        Some(Err(match call {
            2 => SendError::Throttled { retry_after: Some(Duration::from_secs(3)) },
            4 => SendError::Throttled { retry_after: None },
            5 => SendError::InDoubt("502".into()),
            6 => SendError::Undelivered("no route".into()),
            7 => SendError::Denied("403".into()),
            _ => return None,
        }))
    };
    let sink = Listing { mishap, ..Listing::of(2_000) };
    let (list, calls, _) = read(&sink).await;
    assert_whole(&sink, &list.unwrap());
    assert_eq!((calls.throttled, calls.in_doubt, calls.retries), (2, 1, 5));
}

#[tokio::test(start_paused = true)]
async fn faults_without_end_are_told_as_what_they_are() {
    let denied: Mishap = |_| Some(Err(SendError::Denied("403".into())));
    let lost: Mishap = |_| Some(Err(SendError::InDoubt("502".into())));
    let gone: Mishap =
        |_| Some(Err(SendError::Fatal(Error::new(ErrorKind::Destination, "destination::gone", "the list is gone"))));
    for (mishap, code) in [(denied, "access::key"), (lost, "network::unreachable"), (gone, "destination::gone")] {
        let sink = Listing { mishap, ..Listing::of(500) };
        let (list, _, time) = read(&sink).await;
        assert_eq!(list.err().unwrap().code(), code);
        assert!(time < Duration::from_secs(600), "{time:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_that_does_not_go_on_ends_the_reading_at_once() {
    let again: Mishap = |call| (call > 2).then(|| Ok(Listing::of(100).page(0)));
    let sink = Listing { mishap: again, ..Listing::of(5_000) };
    let (list, calls, _) = read(&sink).await;
    assert_eq!(list.err().unwrap().code(), "destination::listing");
    assert!(calls.other < 12, "{} calls", calls.other);
}
