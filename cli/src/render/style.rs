//! Whether a stream takes colours and Unicode, and text made for it.

use crate::args::ColorChoice;

/// The colours screens use.
#[derive(Clone, Copy, Debug)]
pub enum Ink {
    /// Stands out.
    Bold,
    /// Stands back.
    Dim,
    /// Failure.
    Red,
    /// Success.
    Green,
    /// Warning.
    Yellow,
    /// Help.
    Cyan,
}

impl Ink {
    /// The number of Select Graphic Rendition (ECMA-48 §8.3.117).
    fn number(self) -> u8 {
        match self {
            Self::Bold => 1,
            Self::Dim => 2,
            Self::Red => 31,
            Self::Green => 32,
            Self::Yellow => 33,
            Self::Cyan => 36,
        }
    }
}

/// What a stream takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Colours.
    pub color: bool,
    /// Characters beyond ASCII.
    pub unicode: bool,
}

impl Style {
    /// Unicode without colours.
    #[cfg(test)]
    pub const PLAIN: Self = Self { color: false, unicode: true };

    /// Decides by the choice of the user, the stream and the environment (no-color.org, bixense.com/clicolors).
    pub fn detect(choice: ColorChoice, is_terminal: bool, variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
        let color = match choice {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto if set("NO_COLOR") => false,
            ColorChoice::Auto if variable("CLICOLOR_FORCE").is_some_and(|value| !value.is_empty() && value != "0") => {
                true
            }
            ColorChoice::Auto => is_terminal && variable("TERM").is_none_or(|term| term != "dumb"),
        };
        // POSIX: the first of these that is set and not empty decides.
        let locale =
            ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(|name| variable(name).filter(|v| !v.is_empty()));
        let unicode = locale.is_some_and(|locale| locale.to_ascii_lowercase().replace('-', "").contains("utf8"));
        Self { color, unicode }
    }

    /// `text` in a colour, where there are colours.
    pub fn paint(&self, ink: Ink, text: impl AsRef<str>) -> String {
        let text = text.as_ref();
        if self.color && !text.is_empty() { format!("\x1b[{}m{text}\x1b[0m", ink.number()) } else { text.to_owned() }
    }

    /// A whole screen as the stream takes it.
    pub fn finish(&self, screen: &str) -> String {
        if self.unicode || screen.is_ascii() {
            return screen.to_owned();
        }
        let mut ascii = String::with_capacity(screen.len());
        for c in screen.chars() {
            match c {
                _ if c.is_ascii() => ascii.push(c),
                '→' => ascii.push_str("->"),
                '↔' => ascii.push_str("<->"),
                '»' => ascii.push('>'),
                '—' | '·' => ascii.push('-'),
                '≈' => ascii.push('~'),
                '…' => ascii.push_str("..."),
                '✓' => ascii.push_str("ok"),
                '✗' => ascii.push('x'),
                '│' => ascii.push('|'),
                '┌' | '─' => ascii.push('-'),
                '█' => ascii.push('#'),
                '░' => ascii.push('.'),
                other => ascii.extend(other.escape_unicode()),
            }
        }
        ascii
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_decides_about_colours() {
        use ColorChoice::{Always, Auto, Never};
        for (choice, terminal, variables, color) in [
            (Auto, true, vec![("TERM", "xterm")], true),
            (Auto, true, vec![("TERM", "dumb")], false),
            (Auto, true, vec![("NO_COLOR", "1")], false),
            (Auto, true, vec![("NO_COLOR", "")], true),
            (Auto, false, vec![], false),
            (Auto, false, vec![("CLICOLOR_FORCE", "1")], true),
            (Auto, false, vec![("CLICOLOR_FORCE", "0")], false),
            (Auto, false, vec![("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], false),
            (Always, false, vec![("NO_COLOR", "1")], true),
            (Never, true, vec![("CLICOLOR_FORCE", "1")], false),
        ] {
            let variable =
                |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
            assert_eq!(Style::detect(choice, terminal, variable).color, color, "{choice:?} {terminal} {variables:?}");
        }
    }

    #[test]
    fn the_locale_decides_about_unicode() {
        for (variables, unicode) in [
            (vec![("LANG", "fi_FI.UTF-8")], true),
            (vec![("LANG", "C.utf8")], true),
            (vec![("LC_ALL", "C"), ("LANG", "fi_FI.UTF-8")], false),
            (vec![("LC_ALL", ""), ("LANG", "fi_FI.UTF-8")], true),
            (vec![], false),
        ] {
            let variable =
                |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
            assert_eq!(Style::detect(ColorChoice::Auto, true, variable).unicode, unicode, "{variables:?}");
        }
    }

    #[test]
    fn nothing_beyond_ascii_reaches_a_stream_without_unicode() {
        let style = Style { color: false, unicode: false };
        assert_eq!(style.finish("a → b — ≈ 1 ✓ ö"), "a -> b - ~ 1 ok \\u{f6}");
        assert_eq!(Style::PLAIN.finish("a → ö"), "a → ö");
    }
}
