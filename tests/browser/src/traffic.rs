//! What a page asked the network for, from the browser's own record.

use std::collections::HashMap;

use serde_json::Value;

use crate::Browser;

/// Requests to others than `origin`, and those that failed, since it was asked last.
pub(crate) fn complaints(browser: &Browser, origin: &str) -> Vec<String> {
    let mut urls: HashMap<String, String> = HashMap::new();
    let mut complaints = Vec::new();
    for entry in browser.log("performance") {
        let text = entry["message"].as_str().expect("a message");
        let event: Value = serde_json::from_str(text).expect("an event");
        let (method, params) = (&event["message"]["method"], &event["message"]["params"]);
        let id = params["requestId"].as_str().unwrap_or_default();
        match method.as_str().unwrap_or_default() {
            // Requests of a page of this origin; the tab begins with a page of the browser's own.
            "Network.requestWillBeSent" if starts_with(&params["documentURL"], origin) => {
                let url = params["request"]["url"].as_str().unwrap_or_default();
                if !url.starts_with(origin) && !url.starts_with("data:") {
                    complaints.push(format!("asks for {url}"));
                }
                urls.insert(id.to_owned(), url.to_owned());
            }
            "Network.responseReceived" if params["response"]["status"].as_u64() >= Some(400) => {
                let status = &params["response"]["status"];
                complaints.extend(urls.get(id).map(|url| format!("{status} for {url}")));
            }
            "Network.loadingFailed" if params["canceled"] != true => {
                let (error, reason) = (&params["errorText"], &params["blockedReason"]);
                complaints.extend(urls.get(id).map(|url| format!("{url} failed: {error} {reason}")));
            }
            _ => {}
        }
    }
    complaints
}

fn starts_with(value: &Value, origin: &str) -> bool {
    value.as_str().is_some_and(|text| text.starts_with(origin))
}
