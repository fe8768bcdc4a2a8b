//! Folders that Dynamics 365 Customer Insights – Data exports, and segments of its customers.
//!
//! [`Folder`] reads a folder or container with a `model.json` of the Common Data Model: names and types of the columns
//! come from there, the rows from the partitions it names, which are CSV without a header row. [`segment`] joins
//! customer profiles with segment memberships by the name of a segment, whichever sources hold the two: entities of
//! such a folder, or the Dataverse tables `msdynci_customerprofile` and `msdynci_segmentmembership` as Parquet or Delta.

mod cells;
mod entity;
mod folder;
mod matching;
mod members;
mod model;
mod moment;
mod partitions;
mod segment;

pub use entity::Entity;
pub use folder::{Folder, Options, Types, handles};
pub use matching::{SegmentOptions, Unmatched};
pub use segment::segment;
