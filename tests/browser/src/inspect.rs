//! What is asked of every page.

use serde_json::Value;

use crate::{Browser, Look, traffic};

/// A phone, a tablet, a desk.
const WIDTHS: [u32; 3] = [360, 768, 1280];

/// Where a picture is taken in any case.
const PAINTED: [(u32, bool); 2] = [(360, true), (1280, false)];

/// Fewer bytes are a picture of nothing.
const PICTURE: usize = 5_000;

/// Looks at the page that is open: on three screens, by day and by night, and printed. `name` is that of its
/// screenshots, `origin` how the addresses begin that it may ask for.
///
/// # Panics
/// With everything that is wrong: what sticks out, what cannot be read, what has no name; messages in the console,
/// violations of its policy among them; requests that failed or went elsewhere.
pub fn inspect(browser: &Browser, name: &str, origin: &str) {
    let mut complaints = Vec::new();
    for width in WIDTHS {
        for dark in [false, true] {
            let time = if dark { "night" } else { "day" };
            browser.look(Look { width, dark });
            let found = browser.run(include_str!("inspect.js"), &[]);
            let found = found.as_array().expect("complaints").iter().filter_map(Value::as_str);
            complaints.extend(found.map(|complaint| format!("{width} by {time}: {complaint}")));
            // Pictures take most of the time: without somebody to see them, two show that the page is painted.
            if Browser::is_watched() || PAINTED.contains(&(width, dark)) {
                let picture = browser.photograph(&format!("{name}-{width}-{time}"));
                let is_picture = picture.starts_with(b"\x89PNG") && picture.len() > PICTURE;
                complaints.extend((!is_picture).then(|| format!("{width} by {time}: not painted")));
            }
        }
    }
    if !browser.print().starts_with(b"%PDF-") {
        complaints.push("it cannot be printed".to_owned());
    }
    browser.look(Look { width: 1280, dark: false });
    let messages = browser.log("browser").into_iter();
    complaints.extend(messages.map(|entry| format!("{} in the console: {}", entry["level"], entry["message"])));
    complaints.extend(traffic::complaints(browser, origin));
    assert!(complaints.is_empty(), "{name}:\n{}", complaints.join("\n"));
}
