//! Emails: see `bodies/email.rs`.
#![no_main]

use enlist_core::normalise_email;

#[path = "../bodies/email.rs"]
mod email;

libfuzzer_sys::fuzz_target!(|data: &[u8]| email::body(data));
