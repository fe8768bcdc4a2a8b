//! Text of others on our screens.

/// `text` with everything that could steer a terminal or turn its text around shown instead of obeyed.
pub fn clean(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    for c in text.chars() {
        if steers(c) { cleaned.extend(c.escape_unicode()) } else { cleaned.push(c) }
    }
    cleaned
}

/// Controls (C0, DEL, C1), line and paragraph separators, bidi controls (Unicode Bidi_Control), invisible marks.
fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn nothing_steers_the_terminal() {
        for (text, cleaned) in [
            ("Kunden für Ärzte 日本", "Kunden für Ärzte 日本"),
            ("a\x1b[2Jb", "a\\u{1b}[2Jb"),
            ("a\nb\tc\r", "a\\u{a}b\\u{9}c\\u{d}"),
            ("\u{202e}evil\u{2066}", "\\u{202e}evil\\u{2066}"),
            ("\u{9b}31m\u{7f}", "\\u{9b}31m\\u{7f}"),
            ("a\u{feff}b", "a\\u{feff}b"),
        ] {
            assert_eq!(clean(text), cleaned);
        }
    }
}
