//! Several readers of one list: each takes a span of ids. Pure.

use crate::{Error, ErrorKind, Page};

/// Ids that a span must hold to be shared with another reader: a page or more for both.
const WORTH_SHARING: u64 = 1_000;

/// Ids above `after`, up to and with `until` where it has an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    after: u64,
    until: Option<u64>,
}

/// The spans of a list. Together they hold every id: the last one has no end, so that nobody is missed whatever the
/// highest id is said to be.
#[derive(Debug)]
pub(super) struct Spans {
    spans: Vec<Span>,
    highest: u64,
}

impl Spans {
    /// One span with all ids, about `highest` of them.
    pub(super) fn new(highest: u64) -> Self {
        Self { spans: vec![Span { after: 0, until: None }], highest }
    }

    /// The id after which the next page of a span begins.
    pub(super) fn after(&self, span: usize) -> u64 {
        self.spans[span].after
    }

    /// Halves the widest span; returns the upper half, unless that is too little to share.
    pub(super) fn share(&mut self) -> Option<usize> {
        let width = |span: &Span| span.until.unwrap_or(self.highest).saturating_sub(span.after);
        let widest = (0..self.spans.len()).max_by_key(|&at| width(&self.spans[at]))?;
        let (span, width) = (self.spans[widest], width(&self.spans[widest]));
        if width < WORTH_SHARING {
            return None;
        }
        let middle = span.after + width / 2;
        self.spans[widest].until = Some(middle);
        self.spans.push(Span { after: middle, until: span.until });
        Some(self.spans.len() - 1)
    }

    /// Takes the members of a span's next page, less those that another span holds. Returns whether more follow.
    ///
    /// # Errors
    /// When the page is not in the order of ids, or does not go on: contacts would be missed, or the end never come.
    pub(super) fn take(&mut self, span: usize, page: &mut Page) -> Result<bool, Error> {
        let span = &mut self.spans[span];
        let ids = page.members.iter().map(|member| member.id);
        let next = page.next.unwrap_or(u64::MAX);
        let in_order = ids.clone().is_sorted() && ids.clone().all(|id| id > span.after && id <= next);
        if !in_order || next <= span.after {
            return Err(out_of_order());
        }
        if let Some(until) = span.until {
            page.members.retain(|member| member.id <= until);
        }
        let more = page.next.is_some() && span.until.is_none_or(|until| next < until);
        span.after = if more { next } else { u64::MAX };
        Ok(more)
    }
}

fn out_of_order() -> Error {
    Error::new(
        ErrorKind::Destination,
        "destination::listing",
        "the destination does not list contacts in the order that was asked for, so the list cannot be read whole",
    )
    .help("run the same command again; if it stays so, report it")
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;
    use crate::{Member, Membership};

    fn page(ids: &[u64], next: Option<u64>) -> Page {
        let member = |&id| Member { id, email: String::new(), standing: Membership::Subscribed, record: Bytes::new() };
        Page { members: ids.iter().map(member).collect(), next }
    }

    proptest! {
        #[test]
        fn every_id_is_read_once_however_many_share_and_whatever_the_highest_is_said_to_be(
            ids in prop::collection::btree_set(1_u64..20_000, 0..300),
            size in 1_usize..40,
            highest in prop_oneof![Just(0), Just(1), 0_u64..40_000, Just(u64::MAX)],
            turns in prop::collection::vec(any::<prop::sample::Index>(), 1..50),
        ) {
            let mut spans = Spans::new(highest);
            let mut open = vec![0];
            let mut read = Vec::new();
            let mut calls = 0;
            while !open.is_empty() {
                while open.len() < 4 && let Some(span) = spans.share() {
                    open.push(span);
                }
                let at = turns[calls % turns.len()].index(open.len());
                let after = spans.after(open[at]);
                let found: Vec<u64> = ids.iter().copied().filter(|&id| id > after).take(size).collect();
                let mut page = page(&found, found.last().copied());
                let more = spans.take(open[at], &mut page).unwrap();
                read.extend(page.members.iter().map(|member| member.id));
                if !more {
                    open.swap_remove(at);
                }
                calls += 1;
                prop_assert!(calls < 2_000, "no end");
            }
            read.sort_unstable();
            prop_assert_eq!(read, ids.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_page_that_does_not_go_on_or_is_out_of_order_ends_the_reading() {
        for (ids, next) in [
            (&[5, 6][..], Some(4)),
            (&[5, 6], Some(5)),
            (&[4, 5], Some(5)),
            (&[6, 5], Some(6)),
            (&[], Some(4)),
            (&[], Some(0)),
            (&[3], None),
        ] {
            let mut spans = Spans::new(0);
            assert!(spans.take(0, &mut page(&[1, 4], Some(4))).unwrap());
            let error = spans.take(0, &mut page(ids, next)).unwrap_err();
            assert_eq!((error.kind(), error.code()), (ErrorKind::Destination, "destination::listing"), "{ids:?}");
        }
    }

    #[test]
    fn a_contact_that_is_told_twice_is_no_trouble() {
        assert!(Spans::new(0).take(0, &mut page(&[1, 1, 2], Some(2))).unwrap());
    }
}
