//! What tests do in a browser.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::{env, fs, thread};

use serde_json::{Value, json};

use crate::base64;
use crate::driver::Driver;

/// A browser with one tab. Another test of the same process may use it afterwards.
#[derive(Debug)]
pub struct Browser {
    /// There until it is dropped.
    driver: Option<Driver>,
}

/// Browsers that nobody uses: starting one takes longer than most tests. They end with the process.
static IDLE: Mutex<Vec<Driver>> = Mutex::new(Vec::new());

/// How a page is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Width of the screen in CSS pixels.
    pub width: u32,
    /// Whether the reader prefers dark pages.
    pub dark: bool,
}

/// Where a screen is that of a phone: the page's own idea of its width counts, as it does there.
const PHONE: u32 = 600;

impl Browser {
    /// A browser at an empty page, as wide as a desk, by day.
    ///
    /// # Panics
    /// When it is not installed or does not start.
    #[expect(clippy::new_without_default, reason = "it starts processes")]
    pub fn new() -> Self {
        let idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let browser = Self { driver: Some(idle.unwrap_or_else(Driver::start)) };
        browser.open("about:blank");
        browser.look(Look { width: 1280, dark: false });
        // What happened before is nothing to this test.
        for log in ["browser", "performance"] {
            browser.log(log);
        }
        browser
    }

    /// Opens an address and waits until it is loaded.
    pub fn open(&self, url: &str) {
        self.tell("url", &json!({ "url": url }));
    }

    /// What a function body in JavaScript returns. Arguments are in `arguments`.
    pub fn run(&self, script: &str, arguments: &[Value]) -> Value {
        self.tell("execute/sync", &json!({ "script": script, "args": arguments }))
    }

    /// Waits until a function body in JavaScript returns something that is true, and returns it.
    ///
    /// # Panics
    /// After some seconds without, with the text of the page.
    pub fn wait(&self, script: &str, arguments: &[Value]) -> Value {
        let patient = format!(
            "const done = arguments[arguments.length - 1];
             const test = function () {{ {script} }};
             const look = () => {{ const value = test.apply(null, arguments); value ? done(value) : setTimeout(look, 30); }};
             look();"
        );
        self.driver().tell("execute/async", &json!({ "script": patient, "args": arguments })).unwrap_or_else(|error| {
            let text = self.run("return document.body.innerText", &[]);
            panic!("not on the page: {script} {arguments:?}\n{error}\nThe page says: {}", text.as_str().unwrap_or(""))
        })
    }

    /// Waits until an element shows a text among others.
    pub fn wait_for_text(&self, selector: &str, text: &str) {
        let shown =
            "return [...document.querySelectorAll(arguments[0])].some((e) => e.innerText.includes(arguments[1]))";
        self.wait(shown, &[selector.into(), text.into()]);
    }

    /// Clicks on an element, which has to be where a person can click on it.
    pub fn click(&self, selector: &str) {
        let element = self.element(selector);
        self.tell(&format!("element/{element}/click"), &json!({}));
    }

    /// Presses keys in an element.
    pub fn press(&self, selector: &str, keys: &str) {
        let element = self.element(selector);
        self.tell(&format!("element/{element}/value"), &json!({ "text": keys }));
    }

    fn element(&self, selector: &str) -> String {
        let found = self.tell("element", &json!({ "using": "css selector", "value": selector }));
        let id = found.as_object().and_then(|found| found.values().next()).and_then(Value::as_str);
        id.expect("an element").to_owned()
    }

    /// Looks at the page on another screen.
    pub fn look(&self, look: Look) {
        let Look { width, dark } = look;
        let screen = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < PHONE });
        self.devtools("Emulation.setDeviceMetricsOverride", &screen);
        let scheme = if dark { "dark" } else { "light" };
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.devtools("Emulation.setEmulatedMedia", &media);
        // Until the page is laid out for it. A phone makes a page smaller that is too wide.
        let wide = "return Math.abs(innerWidth * visualViewport.scale - arguments[0]) <= 2";
        self.wait(wide, &[width.into()]);
    }

    /// The page as a PDF.
    pub fn print(&self) -> Vec<u8> {
        let printed = self.devtools("Page.printToPDF", &json!({ "printBackground": false }));
        base64::decode(printed["data"].as_str().expect("a document"))
    }

    /// Whether somebody wants to see pictures: `ENLIST_TEST_SCREENSHOTS` is set.
    pub(crate) fn is_watched() -> bool {
        env::var_os("ENLIST_TEST_SCREENSHOTS").is_some()
    }

    /// Takes a picture of the whole page and keeps it as `name`.png in `ENLIST_TEST_SCREENSHOTS`, if that is set.
    pub fn photograph(&self, name: &str) -> Vec<u8> {
        let whole = json!({ "format": "png", "captureBeyondViewport": true });
        let picture = self.devtools("Page.captureScreenshot", &whole);
        let picture = base64::decode(picture["data"].as_str().expect("a picture"));
        if let Some(folder) = env::var_os("ENLIST_TEST_SCREENSHOTS") {
            fs::create_dir_all(&folder).expect("a folder for screenshots");
            fs::write(Path::new(&folder).join(format!("{name}.png")), &picture).expect("a screenshot is kept");
        }
        picture
    }

    /// The entries of a log since it was read last.
    pub(crate) fn log(&self, which: &str) -> Vec<Value> {
        match self.tell("se/log", &json!({ "type": which })) {
            Value::Array(entries) => entries,
            other => panic!("no log: {other}"),
        }
    }

    fn driver(&self) -> &Driver {
        self.driver.as_ref().expect("it is not dropped")
    }

    fn devtools(&self, command: &str, params: &Value) -> Value {
        self.tell("goog/cdp/execute", &json!({ "cmd": command, "params": params }))
    }

    fn tell(&self, what: &str, body: &Value) -> Value {
        self.driver().tell(what, body).unwrap_or_else(|error| panic!("{what} {body}: {error}"))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if let Some(driver) = self.driver.take()
            && !thread::panicking()
        {
            IDLE.lock().unwrap_or_else(PoisonError::into_inner).push(driver);
        }
    }
}
