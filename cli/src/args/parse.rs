//! Values as typed.

/// A name and a value around `=`.
pub fn parse_pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() && !value.trim().is_empty() => {
            Ok((name.trim().to_owned(), value.trim().to_owned()))
        }
        _ => Err("write NAME=VALUE".to_owned()),
    }
}

/// The name of a person, as it is put on record.
pub fn parse_person(text: &str) -> Result<String, String> {
    let name = text.trim();
    if name.contains(char::is_control) {
        return Err("write a name without control characters".to_owned());
    }
    let sound = (1..=100).contains(&name.chars().count());
    if sound { Ok(name.to_owned()) } else { Err("write a name of at most 100 characters".to_owned()) }
}

/// `on` or `off`.
pub fn parse_switch(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("write on or off".to_owned()),
    }
}
