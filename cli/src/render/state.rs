//! The screen of `state show`.

use std::path::Path;

use enlist_core::{Holder, Holding};

use super::{Ink, Style, clean, count, plural};

/// What is remembered, export by export.
pub fn holdings(
    folder: &Path,
    holdings: &[Holding],
    holders: &[Holder],
    erased: u64,
    runs: u64,
    style: &Style,
) -> String {
    let mut lines =
        vec![format!("{}: keyed hashes of contacts and of their values", clean(&folder.display().to_string()))];
    for (it, holder) in holdings.iter().zip(holders) {
        let scope = &it.scope;
        let name = style.paint(Ink::Bold, clean(&scope.export));
        lines.push(format!("{name} → list {} at {}", scope.list, clean(&scope.account)));
        let mut parts = vec![format!("{} confirmed", count(it.confirmed)), format!("{} rejected", count(it.rejected))];
        let more = [(it.dirty, "to be sent again"), (it.left, "not in the segment any more"), (it.late, "late values")];
        parts
            .extend(more.into_iter().filter(|(number, _)| *number > 0).map(|(n, what)| format!("{} {what}", count(n))));
        lines.push(format!("  {}", parts.join(", ")));
        if it.open > 0 {
            lines.push(format!("  {} whose end is not known; the next run finds out", plural(it.open, "request")));
        }
        if it.emails > 0 {
            lines.push(format!(
                "  {} kept, because this export tells contacts that they left",
                plural(it.emails, "email")
            ));
        }
        if let Holder::Alive(words) = holder {
            lines.push(format!("  being run by {}", clean(words)));
        }
    }
    if erased > 0 {
        let people = if erased == 1 { "person is".to_owned() } else { "people are".to_owned() };
        lines.push(format!("{} {people} erased and never sent again", count(erased)));
    }
    lines.push(format!("{} in the history", plural(runs, "run")));
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use enlist_core::Scope;
    use insta::assert_snapshot;

    use super::*;

    #[test]
    fn what_is_remembered() {
        let scope = |export: &str| Scope { export: export.to_owned(), account: "acme.api-us1.com".to_owned(), list: 7 };
        let plain = Holding {
            scope: scope("vip"),
            confirmed: 996_981,
            rejected: 145,
            dirty: 0,
            left: 0,
            late: 0,
            open: 0,
            emails: 0,
        };
        let all =
            Holding { scope: scope("gold"), dirty: 250, left: 12, late: 250, open: 1, emails: 9_000, ..plain.clone() };
        let holders = [Holder::Nobody, Holder::Alive("pid 7 on etl-3 since 10:02 (run r_1)".to_owned())];
        assert_snapshot!(holdings(Path::new(".enlist"), &[plain, all], &holders, 2, 31, &Style::PLAIN));
    }
}
