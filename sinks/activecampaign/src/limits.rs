//! What ActiveCampaign documents about quantities. Each constant names its page and the day it was last read.

use std::time::Duration;

use enlist_core::{Lane, Limits, Quota};

/// Most contacts of one import, and most bytes of its body ("399,999 bytes or less").
/// Source: developers.activecampaign.com/reference/bulk-import-contacts, read 2026-11-22.
pub(crate) const REQUEST: Limits = Limits { contacts: 250, bytes: 399_999 };

/// Calls allowed per window.
///
/// Imports: 100 a minute with two or more contacts, 20 a minute with one.
/// Source: developers.activecampaign.com/reference/bulk-import-contacts, read 2026-11-22.
/// Everything else: 5 a second for the whole account.
/// Source: developers.activecampaign.com/reference/rate-limits, read 2026-11-22.
pub const QUOTAS: [Quota; 3] = [
    Quota { lane: Lane::Bulk, count: 100, window: Duration::from_secs(60) },
    Quota { lane: Lane::Single, count: 20, window: Duration::from_secs(60) },
    Quota { lane: Lane::General, count: 5, window: Duration::from_secs(1) },
];

/// Most items of one page of a listing; asking for more is answered with this many.
/// Source: developers.activecampaign.com/reference/list-all-contacts, read 2026-11-22.
pub(crate) const PAGE: usize = 100;

/// Domains of ActiveCampaign's API hosts. Accounts may have other hosts: those need `allow_host`.
/// Source: developers.activecampaign.com/reference/url, read 2026-11-22.
pub(crate) const DOMAINS: [&str; 2] = ["api-us1.com", "activehosted.com"];

/// Ours: most bytes read of an answer. The largest real answers (a page of 100 fields with their options) stay
/// far below.
pub(crate) const ANSWER_BYTES: usize = 1024 * 1024;

/// Ours: the same for a page of contacts. A hundred with a hundred filled fields each, of some 450 bytes, make 4.5 MB.
pub(crate) const CONTACTS_BYTES: usize = 8 * 1024 * 1024;

/// Ours: most pages read of one listing, so that a listing without end cannot hold up a run.
pub(crate) const PAGES: usize = 200;

/// Ours: whole time of a call, from connecting to the last byte of the answer.
pub(crate) const CALL_TIMEOUT: Duration = Duration::from_secs(60);

/// Ours: time to connect, including the TLS handshake.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
