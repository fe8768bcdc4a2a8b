//! A real browser for tests of pages: [`Browser`] drives Chromium, [`inspect`] looks at a page the way people with
//! different screens do.
//!
//! Both are Debian's packages `chromium` and `chromium-driver`. Without them a test fails and says so. Screenshots are
//! kept in the folder that `ENLIST_TEST_SCREENSHOTS` names, and otherwise not at all.
#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used, reason = "these are tests, kept in a library")]

mod base64;
mod browser;
mod driver;
mod http;
mod inspect;
mod traffic;

pub use browser::{Browser, Look};
pub use http::{Answer, request};
pub use inspect::inspect;
