//! What other systems need to run exports, and what shells, readers and editors need to know of the command line.

mod calendar;
mod job;
mod quote;
mod recipe;
mod reference;
mod template;
#[cfg(test)]
mod tests;

pub use job::Job;
pub use recipe::recipe;
pub use reference::{completions, man_page, man_pages, schema};
