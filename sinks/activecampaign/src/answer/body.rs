//! Lenient reading of JSON: keys change their case and spacing, numbers come as strings.

use serde_json::Value;

/// The object or array in a body; `None` for everything else. Nesting beyond `serde_json`'s limit is "else".
pub(super) fn parse(body: &[u8]) -> Option<Value> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    serde_json::from_slice(body).ok().filter(|json: &Value| json.is_object() || json.is_array())
}

/// Whether two keys are the same but for case, spaces and underscores.
pub(super) fn same_key(left: &str, right: &str) -> bool {
    let letters = |key: &str| {
        let kept = key.chars().filter(|c| c.is_alphanumeric());
        kept.map(|c| c.to_ascii_lowercase()).collect::<String>()
    };
    letters(left) == letters(right)
}

/// The value under `key`, in whatever way the key is written.
pub(crate) fn member<'a>(json: &'a Value, key: &str) -> Option<&'a Value> {
    let map = json.as_object()?;
    map.get(key).or_else(|| map.iter().find(|(other, _)| same_key(other, key)).map(|(_, value)| value))
}

/// A whole number, written as a number or as text.
pub(crate) fn number(json: &Value) -> Option<u64> {
    match json {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// The items of a list. PHP writes a list with gaps as an object, whose values are meant.
pub(crate) fn items(json: &Value) -> Vec<&Value> {
    match json {
        Value::Array(items) => items.iter().collect(),
        Value::Object(map) => map.values().collect(),
        _ => Vec::new(),
    }
}

/// Whether the answer says `success: 0` in one of its forms.
pub(super) fn says_failure(json: &Value) -> bool {
    match member(json, "success") {
        Some(Value::Bool(success)) => !success,
        Some(Value::Number(count)) => count.as_f64() == Some(0.0),
        Some(Value::String(text)) => matches!(text.trim(), "0" | "false"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_key_is_found_however_it_is_written() {
        for key in ["failureReasons", "failure Reasons", "FailureReasons", "failure_reasons"] {
            assert_eq!(member(&json!({ key: 1 }), "failureReasons"), Some(&json!(1)), "{key}");
        }
        assert_eq!(member(&json!({"failure": 1}), "failureReasons"), None);
        assert_eq!(member(&json!([1]), "0"), None);
    }

    #[test]
    fn failure_is_said_in_four_forms() {
        for failure in [json!(0), json!("0"), json!(false), json!("false")] {
            assert!(says_failure(&json!({ "Success": failure })));
        }
        for other in [json!(1), json!(5), json!("1"), json!(true), json!([]), json!(["1"]), json!(null)] {
            assert!(!says_failure(&json!({ "success": other })), "{other}");
        }
        assert!(!says_failure(&json!({})));
    }

    #[test]
    fn nesting_without_end_is_not_json() {
        assert_eq!(parse("[".repeat(500_000).as_bytes()), None);
        let nested = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        assert_eq!(parse(nested.as_bytes()), None);
        assert_eq!(parse(b"\xef\xbb\xbf{}"), Some(json!({})));
        assert_eq!(parse(b"\"text\""), None);
    }

    #[test]
    fn numbers_come_as_numbers_or_text() {
        assert_eq!(number(&json!("333")), Some(333));
        assert_eq!(number(&json!(333)), Some(333));
        for other in [json!(-1), json!("-1"), json!(1.5), json!(null), json!("1e3"), json!("x")] {
            assert_eq!(number(&other), None, "{other}");
        }
    }
}
