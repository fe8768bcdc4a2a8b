//! Which contacts of a segment a run may send.

use std::collections::{BTreeMap, BTreeSet};

use crate::Place;

/// What a run is limited to, besides what changed. The rest of the segment is counted as skipped.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Most contacts to send.
    pub limit: Option<u64>,
    /// Only contacts that the destination refused before, and the rows at these places (rows by origin).
    pub rejects: Option<BTreeMap<String, BTreeSet<u64>>>,
    /// The places, once the origins of the segment are known.
    pub(crate) places: BTreeSet<Place>,
}

impl Selection {
    /// Whether every contact may be sent: only then can be told who left.
    pub fn is_all(&self) -> bool {
        self.limit.is_none() && self.rejects.is_none()
    }

    /// Finds the origins of the places.
    pub(crate) fn locate(&mut self, origins: &[String]) {
        let Some(rejects) = &self.rejects else { return };
        let located = (0_u32..).zip(origins).filter_map(|(origin, name)| Some((origin, rejects.get(name)?)));
        self.places = located.flat_map(|(origin, rows)| rows.iter().map(move |&row| Place { origin, row })).collect();
    }

    /// Whether one more contact may be sent after `sent`.
    pub(crate) fn has_room(&self, sent: u64) -> bool {
        self.limit.is_none_or(|limit| sent < limit)
    }

    /// Whether values that are known to be refused are sent again.
    pub(crate) fn retries_refused(&self) -> bool {
        self.rejects.is_some()
    }

    /// Whether a contact at `place` may be sent; `refused` when the destination refused its last value.
    pub(crate) fn takes(&self, refused: bool, place: Place) -> bool {
        self.rejects.is_none() || refused || self.places.contains(&place)
    }
}
