//! What the other tests rely on: that trouble is seen.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};

use enlist_browser_tests::{Browser, inspect};

/// A page with something wrong of each kind.
const POOR: &str = r##"<!doctype html><html><head><meta name="viewport" content="width=device-width">
<meta http-equiv="content-security-policy" content="style-src 'unsafe-inline'; media-src 'none'"><style>body { background: #fff }</style></head><body>
<p id="same" style="color: #aaa">pale</p><p id="same">twice</p>
<p style="width: 2000px">wide</p>
<button></button>
<img src="missing.png"><img src="http://127.0.0.1:1/elsewhere.png"><video src="forbidden.mp4"></video>
<script>console.error("spoken")</script>
</body></html>"##;

#[test]
fn everything_that_troubles_a_reader_is_seen() {
    let (browser, folder) = (Browser::new(), tempfile::tempdir().unwrap());
    let file = folder.path().join("poor.html");
    fs::write(&file, POOR).unwrap();
    browser.open(&format!("file://{}", file.display()));
    let seen = catch_unwind(AssertUnwindSafe(|| inspect(&browser, "poor", "file://"))).expect_err("trouble");
    let seen = seen.downcast_ref::<String>().unwrap();
    for trouble in [
        "360 by day: the page is 20",
        "1280 by night: the page is 20",
        "“wide”: sticks out",
        "“pale”: contrast 2.3",
        "by night: bright at night",
        "no title",
        "0 headings of the page",
        "no language",
        "button. “”: has no name",
        "two elements are #same",
        "spoken",
        "missing.png failed",
        "asks for http://127.0.0.1:1/elsewhere.png",
        "violates the following Content Security Policy directive",
    ] {
        assert!(seen.contains(trouble), "{trouble} is not among:\n{seen}");
    }
    assert!(!seen.contains("by day: bright at night") && !seen.contains("“twice”: contrast"), "{seen}");
}
