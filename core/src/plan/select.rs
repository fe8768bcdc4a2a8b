//! Which contacts of a segment a run may send.

use std::collections::{BTreeMap, BTreeSet};

use crate::Place;

/// What a run is limited to, besides what changed. The rest of the segment is counted as skipped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Most contacts to send.
    pub limit: Option<u64>,
    /// Only contacts that the destination refused before, and the rows at these places (rows by origin).
    pub rejects: Option<BTreeMap<String, BTreeSet<u64>>>,
}

impl Selection {
    /// The same for a segment with these origins.
    pub(crate) fn of(&self, origins: &[String]) -> Selected {
        let places = self.rejects.as_ref().map(|rejects| {
            let located = (0_u32..).zip(origins).filter_map(|(origin, name)| Some((origin, rejects.get(name)?)));
            located.flat_map(|(origin, rows)| rows.iter().map(move |&row| Place { origin, row })).collect()
        });
        Selected { limit: self.limit, places }
    }
}

/// A [`Selection`] whose origins have been found.
#[derive(Debug, Default)]
pub(crate) struct Selected {
    limit: Option<u64>,
    places: Option<BTreeSet<Place>>,
}

impl Selected {
    /// Whether every contact may be sent: only then can be told who left.
    pub(crate) fn is_all(&self) -> bool {
        self.limit.is_none() && self.places.is_none()
    }

    /// Whether one more contact may be sent after `sent`.
    pub(crate) fn has_room(&self, sent: u64) -> bool {
        self.limit.is_none_or(|limit| sent < limit)
    }

    /// Whether values that are known to be refused are sent again.
    pub(crate) fn retries_refused(&self) -> bool {
        self.places.is_some()
    }

    /// Whether a contact at `place` may be sent; `refused` when the destination refused its last value.
    pub(crate) fn takes(&self, refused: bool, place: Place) -> bool {
        self.places.as_ref().is_none_or(|places| refused || places.contains(&place))
    }
}
