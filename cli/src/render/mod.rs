//! What people and programs read: pure functions from plain structs to text.

mod advice;
pub mod audit;
pub mod doctor;
pub mod error;
mod escape;
pub mod json;
pub mod model;
mod number;
pub mod plan;
pub mod run;
pub mod source;
pub mod state;
pub mod status;
mod style;

pub use advice::advice;
pub use escape::clean;
pub use number::{count, plural, size, time};
pub use style::{Ink, Style};
