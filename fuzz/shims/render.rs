//! The screens that the configuration needs: those of errors.

#[path = "../../cli/src/render/error.rs"]
pub mod error;
#[path = "../../cli/src/render/escape.rs"]
mod escape;
#[path = "../../cli/src/render/style.rs"]
mod style;

pub use escape::clean;
pub use style::{Ink, Style};
