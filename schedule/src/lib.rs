#![doc = include_str!("../README.md")]

mod error;
mod runner;
mod timetable;
mod zone;

pub use error::ScheduleError;
pub use runner::{Entry, Event, Options, Start, run_all};
pub use timetable::Timetable;
