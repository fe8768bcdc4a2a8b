//! Markup that cannot hold text of others unescaped.
//!
//! [`Html`] is made of tags and text. What is written as markup is `&'static str`, so it stands in this crate; whatever comes
//! from a document is borrowed or owned and gets in as text or as the value of an attribute, where it is escaped.

use std::fmt::{Display, Write};

/// A piece of a page.
#[derive(Clone, Debug, Default)]
pub(crate) struct Html(String);

impl Html {
    /// Markup of this crate, as it is.
    pub(crate) fn literal(markup: &'static str) -> Self {
        Self(markup.to_owned())
    }

    /// A block of data for programs. A browser neither runs nor shows it.
    pub(crate) fn json(id: &'static str, value: &serde_json::Value) -> Self {
        let mut json = String::new();
        for c in value.to_string().chars() {
            // These stand only within strings of JSON, where an escape says the same.
            if matches!(c, '<' | '>' | '&') || steers(c) {
                let _ = write!(json, "\\u{:04x}", u32::from(c));
            } else {
                json.push(c);
            }
        }
        let mut block = tag("script").attr("type", "application/json").attr("id", id);
        block.inner = json;
        block.into()
    }
}

impl Display for Html {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for Html {
    fn from(text: &str) -> Self {
        Self(escape(text))
    }
}

impl From<String> for Html {
    fn from(text: String) -> Self {
        Self(escape(&text))
    }
}

impl<T: Into<Self>> From<Option<T>> for Html {
    fn from(piece: Option<T>) -> Self {
        piece.map(Into::into).unwrap_or_default()
    }
}

impl<T: Into<Self>> FromIterator<T> for Html {
    fn from_iter<I: IntoIterator<Item = T>>(pieces: I) -> Self {
        Self(pieces.into_iter().map(|piece| piece.into().0).collect())
    }
}

/// An element that is being written.
#[derive(Debug)]
pub(crate) struct Tag {
    name: &'static str,
    attributes: String,
    inner: String,
}

/// An element.
pub(crate) fn tag(name: &'static str) -> Tag {
    Tag { name, attributes: String::new(), inner: String::new() }
}

impl Tag {
    /// With an attribute. The name is ours, the value anybody's.
    pub(crate) fn attr(mut self, name: &'static str, value: impl Display) -> Self {
        let _ = write!(self.attributes, " {name}=\"{}\"", escape(&value.to_string()));
        self
    }

    /// With classes.
    pub(crate) fn class(self, names: &'static str) -> Self {
        self.attr("class", names)
    }

    /// With a child: text, an element or a piece of a page.
    pub(crate) fn with(mut self, child: impl Into<Html>) -> Self {
        self.inner.push_str(&child.into().0);
        self
    }

    /// With children, one after the other.
    pub(crate) fn all<T: Into<Html>>(self, children: impl IntoIterator<Item = T>) -> Self {
        self.with(children.into_iter().collect::<Html>())
    }
}

impl From<Tag> for Html {
    fn from(Tag { name, attributes, inner }: Tag) -> Self {
        // A line an element: a page that changed can be compared with the one before.
        let end =
            if matches!(name, "b" | "span" | "code" | "time" | "small" | "a" | "title" | "desc") { "" } else { "\n" };
        match name {
            "meta" | "br" => Self(format!("<{name}{attributes}>{end}")),
            _ => Self(format!("<{name}{attributes}>{inner}</{name}>{end}")),
        }
    }
}

/// `text` as it can stand between tags and between double quotes; what could turn text around or hide in it is shown as an escape.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c if steers(c) => escaped.extend(c.escape_unicode()),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Controls (C0, DEL, C1), line and paragraph separators, bidi controls (Unicode Bidi_Control), invisible marks.
fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text_between_tags_and_in_attributes() {
        let element = tag("span").attr("title", "\"><script>").with("</p>&'\u{202e}\u{0}");
        assert_eq!(
            Html::from(element).to_string(),
            "<span title=\"&quot;&gt;&lt;script&gt;\">&lt;/p&gt;&amp;&#39;\\u{202e}\\u{0}</span>"
        );
        assert_eq!(Html::from("Kunden für Ärzte 日本").to_string(), "Kunden für Ärzte 日本");
    }

    #[test]
    fn data_cannot_end_its_block_and_reads_back_the_same() {
        let value = serde_json::json!({ "</script><!--": "\u{202e}\u{2028}\u{7f}\u{9b} & \n \" \\ 日本" });
        let block = Html::json("run", &value).to_string();
        let data = block.strip_prefix("<script type=\"application/json\" id=\"run\">").unwrap();
        let data = data.strip_suffix("</script>\n").unwrap();
        assert!(!data.contains(['<', '>', '&', '\u{202e}', '\u{2028}', '\u{7f}', '\u{9b}']), "{data}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(data).unwrap(), value);
    }

    #[test]
    fn pieces_follow_each_other() {
        let list = tag("p").class("x").all(["a", "<"]).with(Some("b")).with(None::<&str>);
        assert_eq!(Html::from(list).to_string(), "<p class=\"x\">a&lt;b</p>\n");
    }
}
