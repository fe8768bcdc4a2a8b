//! Where every row went: an equation, and its bar.

use enlist_history::{Outcome, RunDocument};

use crate::html::{Html, Tag, tag};
use crate::page::{callout, paragraph, section as a_section};
use crate::words::{count, percent};

/// A term of the equation.
#[derive(Clone, Copy, Debug)]
struct Term {
    name: &'static str,
    class: &'static str,
    means: &'static str,
    number: u64,
}

/// What became of the rows; nothing when the run ended before it had read them.
pub(crate) fn section(run: &RunDocument) -> Html {
    let Some(outcome) = run.outcome else { return Html::default() };
    let terms = terms(&outcome);
    let read = run.source.rows;
    let sum = terms.iter().fold(0_u64, |sum, term| sum.saturating_add(term.number));
    let gap = (sum != read).then(|| {
        let text = format!(
            "{} rows were read, and {} are accounted for. Please report this together with the page.",
            count(read),
            count(sum)
        );
        callout("bad", "These numbers do not add up", paragraph(text))
    });
    a_section("Where every row went")
        .with(gap)
        .with(equation(read, &terms))
        .with((read > 0).then(|| bar(read, &terms)))
        .with(legend(&terms))
        .into()
}

fn terms(outcome: &Outcome) -> Vec<Term> {
    let term = |name, class, means, number| Term { name, class, means, number };
    let mut terms = vec![
        term("confirmed", "confirmed", "ActiveCampaign has them, and said so", outcome.confirmed),
        term("unchanged", "unchanged", "already there, as an earlier run left them", outcome.unchanged),
        term("rejected", "rejected", "not a usable contact, or refused by ActiveCampaign", outcome.rejected),
        term("duplicate", "duplicate", "the same email as another row", outcome.duplicate),
        term("deferred", "deferred", "left for the next run", outcome.deferred),
    ];
    if outcome.skipped > 0 {
        terms.push(term("skipped", "skipped", "left out on request", outcome.skipped));
    }
    terms
}

fn equation(read: u64, terms: &[Term]) -> Tag {
    let part = |sign: &str, number: u64, name: &str| {
        let class = if number == 0 { "term none" } else { "term" };
        let sign = tag("span").class("sign").with(sign);
        tag("span")
            .class(class)
            .with(sign)
            .with(" ")
            .with(tag("b").with(count(number)))
            .with(" ")
            .with(tag("small").with(name))
    };
    let signs = ["="].into_iter().chain(std::iter::repeat("+"));
    tag("p")
        .class("equation")
        .with(part("", read, "rows read"))
        .all(signs.zip(terms).flat_map(|(sign, term)| [Html::from(" "), part(sign, term.number, term.name).into()]))
}

fn bar(read: u64, terms: &[Term]) -> Tag {
    let there = || terms.iter().filter(|term| term.number > 0);
    let words: Vec<String> = there().map(|term| format!("{} {}", percent(term.number, read), term.name)).collect();
    let parts = there().map(|term| {
        let part = tag("span")
            .attr("class", format!("part {}", term.class))
            .attr("style", format!("flex-grow:{}", term.number));
        part.attr("title", format!("{} {}", count(term.number), term.name))
    });
    let label = format!("Of the rows read: {}", words.join(", "));
    tag("div").class("stack").attr("role", "img").attr("aria-label", label).all(parts)
}

fn legend(terms: &[Term]) -> Tag {
    let shown = terms.iter().filter(|term| term.number > 0).map(|term| {
        let swatch = tag("span").attr("class", format!("swatch {}", term.class)).attr("aria-hidden", "true");
        tag("li").with(swatch).with(tag("b").with(term.name)).with(format!(" {}", term.means))
    });
    tag("ul").class("legend").all(shown)
}

#[cfg(test)]
mod tests {
    use enlist_history::SourceRead;

    use super::*;

    fn page(rows: u64, outcome: Outcome) -> String {
        let source = SourceRead { rows, ..SourceRead::default() };
        section(&RunDocument { source, outcome: Some(outcome), ..RunDocument::default() }).to_string()
    }

    /// What the equation says without its markup.
    fn words(page: &str) -> String {
        let from = page.find("<p class=\"equation\">").unwrap();
        let equation = &page[from..from + page[from..].find("</p>").unwrap()];
        let mut inside = false;
        let text: String = equation
            .chars()
            .filter(|c| {
                inside = (inside || *c == '<') && *c != '>';
                !inside && *c != '>'
            })
            .collect();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_equation_has_every_row_on_its_right_side() {
        let outcome = Outcome { confirmed: 996_981, rejected: 2_493, duplicate: 526, ..Outcome::default() };
        let page = page(1_000_000, outcome);
        assert_eq!(
            words(&page),
            "1,000,000 rows read = 996,981 confirmed + 0 unchanged + 2,493 rejected + 526 duplicate + 0 deferred"
        );
        assert!(page.contains("99.7 % confirmed, 0.2 % rejected, &lt; 0.1 % duplicate"), "{page}");
        assert!(!page.contains("do not add up"));
    }

    #[test]
    fn rows_left_out_on_request_are_a_term_when_there_are_any() {
        let outcome = Outcome { confirmed: 1, skipped: 9, ..Outcome::default() };
        assert!(words(&page(10, outcome)).ends_with("+ 0 deferred + 9 skipped"));
    }

    #[test]
    fn numbers_that_do_not_add_up_are_said_to() {
        let page = page(11, Outcome { confirmed: 10, ..Outcome::default() });
        assert!(page.contains("do not add up") && page.contains("11 rows were read, and 10 are accounted for"));
    }

    #[test]
    fn a_run_without_an_outcome_has_no_equation() {
        assert!(section(&RunDocument::default()).to_string().is_empty());
    }
}
