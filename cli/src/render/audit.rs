//! The screen of `audit`.

use enlist_core::{Audit, Classes, FindingKind};

use super::{Ink, Style, clean, count, plural, time};

/// What an audit found.
pub fn screen(export: &str, audit: &Audit, style: &Style) -> String {
    let to = &audit.destination;
    let heading = format!(
        "{} ↔ list {} \"{}\" at {}: {} read in {}",
        clean(export),
        to.list,
        clean(&to.list_name),
        clean(&to.host),
        plural(audit.listed, "contact"),
        time(audit.elapsed)
    );
    let mut lines = vec![style.paint(Ink::Bold, heading)];
    lines.extend(classes(&audit.classes, style));
    if audit.changed_generation {
        lines.push("  mapping, key or settings changed since the last run: nothing counts as confirmed".to_owned());
    }
    lines.push(style.paint(Ink::Bold, verdict(&audit.classes)));
    lines.join("\n") + "\n"
}

fn classes(it: &Classes, style: &Style) -> Vec<String> {
    let rows = [
        ('=', Ink::Green, it.agree, "agree", "on the list as confirmed, with the values of the segment"),
        ('!', Ink::Red, it.missing, "missing", "confirmed, and not on the list"),
        ('!', Ink::Red, it.unsubscribed, "unsubscribed", "confirmed, and unsubscribed since"),
        ('!', Ink::Red, it.unconfirmed, "unconfirmed", "waiting for the person to confirm"),
        ('!', Ink::Red, it.bounced, "bounced", "the address bounced since"),
        ('!', Ink::Red, it.different, "different", "on the list with other values"),
        ('~', Ink::Yellow, it.pending, "pending", "the next run sends them"),
        (' ', Ink::Dim, it.refused, "refused", "known to be refused"),
        (' ', Ink::Dim, it.left, "left", "not in the segment any more, still subscribed"),
        (' ', Ink::Dim, it.unknown, "unknown", "put on the list by others"),
        (' ', Ink::Dim, it.gone, "gone", "neither in the segment nor subscribed"),
    ];
    let width = rows.iter().map(|row| count(row.2).len()).max().unwrap_or(0);
    let shown = rows.into_iter().filter(|row| row.2 > 0 || row.3 == "agree");
    let line = |(sign, ink, number, name, note): (char, Ink, u64, &str, &str)| {
        let (sign, note) = (style.paint(ink, sign.to_string()), style.paint(Ink::Dim, note));
        format!("  {sign} {name:<13} {:>width$}   {note}", count(number))
    };
    shown.map(line).collect()
}

fn verdict(it: &Classes) -> String {
    if it.findings() + it.agree + it.refused + it.left == 0 && it.pending > 0 {
        return "Nothing was confirmed yet: there is nothing to compare.".to_owned();
    }
    if it.findings() == 0 {
        return "The list is as it was confirmed.".to_owned();
    }
    let parts = FindingKind::ALL.into_iter().map(|kind| (it.of(kind), kind.name())).filter(|(number, _)| *number > 0);
    let parts: Vec<String> = parts.map(|(number, name)| format!("{} {name}", count(number))).collect();
    format!("{}: {}.", plural(it.findings(), "finding"), parts.join(", "))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use enlist_core::{Calls, Destination, Summary};
    use insta::assert_snapshot;

    use super::*;

    fn audit(classes: Classes) -> Audit {
        Audit {
            destination: Destination {
                host: "acme.api-us1.com".to_owned(),
                list: 7,
                list_name: "VIP customers".to_owned(),
                fields: Vec::new(),
                unknown_tags: Vec::new(),
                headroom: None,
            },
            segment: Summary::default(),
            classes,
            listed: 996_981,
            pages: 9_970,
            calls: Calls::default(),
            changed_generation: false,
            elapsed: Duration::from_secs(2_220),
        }
    }

    #[test]
    fn a_list_as_it_was_confirmed_and_one_that_is_not() {
        let sound = Classes { agree: 996_981, ..Classes::default() };
        assert_snapshot!(screen("vip", &audit(sound), &Style::PLAIN));
        let found = Classes {
            missing: 2,
            unsubscribed: 131,
            unconfirmed: 1,
            bounced: 14,
            different: 3,
            pending: 40,
            refused: 5,
            left: 12,
            unknown: 1_200,
            gone: 7,
            ..sound
        };
        let changed = Audit { changed_generation: true, ..audit(found) };
        assert_snapshot!(screen("vip", &changed, &Style::PLAIN));
    }
}
