#![doc = include_str!("../README.md")]

mod document;
mod shorten;
mod store;
mod timeline;

pub use document::{
    Destination, Latency, Leavers, Outcome, Plan, Rate, RejectExample, Requests, RunDocument, RunError, SCHEMA,
    SourceRead, Tally, Target, Told,
};
pub use store::{Held, History, HistoryError};
pub use timeline::{Sample, Timeline};
