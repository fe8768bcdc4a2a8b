//! Rejected rows by reason, and what to do about each.

use std::collections::HashMap;

use enlist_history::{RejectExample, RunDocument};

use crate::html::{Html, Tag, tag};
use crate::page::{Column, folded, paragraph, section as a_section, table};
use crate::words::{count, percent, plural};

/// Words for a reason.
struct Reason {
    name: &'static str,
    advice: &'static str,
}

/// Reason codes as they stand in the file of rejected rows. Codes that came later are shown as they are.
fn words(code: &str) -> Option<Reason> {
    let (name, advice) = match code {
        "no_email" => {
            ("No email address", "Fill it in where the data comes from, or leave these rows out of the segment.")
        }
        "bad_email" => {
            ("Not a valid email address", "Correct it where the data comes from; each row says which rule it breaks.")
        }
        "bad_value" => (
            "A value does not fit its field",
            "Correct the value, or convert it in the export; each row names the field.",
        ),
        "too_large" => ("Too much text for one contact", "Shorten the longest value of the row."),
        "suppressed" => {
            ("On the suppression list", "Nothing to do: the list says that these people are not to be contacted.")
        }
        "invalid" => ("Named as wrong by ActiveCampaign", "Correct the value that the message names."),
        "refused" => (
            "Refused by ActiveCampaign",
            "Look at these contacts in ActiveCampaign: most often they unsubscribed from the list, bounced, are excluded, or exceed the contacts of your plan.",
        ),
        "import_failed" => (
            "Could not be imported",
            "ActiveCampaign failed on the contact every time, alone too: look at the import there, or ask its support.",
        ),
        _ => return None,
    };
    Some(Reason { name, advice })
}

/// The rejected rows of a run.
pub(crate) fn of_run(run: &RunDocument) -> Html {
    let rejected = run.outcome.map(|outcome| outcome.rejected);
    let tally = &run.rejected_by_reason.0;
    let section = a_section("Rows that did not become contacts");
    if tally.is_empty() {
        return match rejected {
            None => Html::default(),
            Some(0) => section.with(paragraph("None: every row made a contact.")).into(),
            Some(rows) => {
                section.with(paragraph(format!("{}; the reasons are not known.", plural(rows, "row")))).into()
            }
        };
    }
    let file = run.rejects_file.as_deref().map(|file| {
        tag("p")
            .with("Every one of them is listed, without any personal data, in ")
            .with(tag("code").with(file))
            .with(".")
    });
    let total = rejected.unwrap_or(0).max(sum(tally));
    let items = tally.iter().map(|(code, number)| {
        let share = percent(*number, run.source.rows);
        item(code, *number, total, &format!("{share} of the rows read"), examples(code, &run.reject_examples))
    });
    section.with(file).with(tag("ul").class("reasons").all(items)).into()
}

/// The rejected rows of several runs together.
pub(crate) fn of_runs(runs: &[&RunDocument]) -> Html {
    let mut numbers: HashMap<&str, u64> = HashMap::new();
    for (code, number) in runs.iter().flat_map(|run| &run.rejected_by_reason.0) {
        let sum = numbers.entry(code).or_default();
        *sum = sum.saturating_add(*number);
    }
    let section = a_section("Why rows were rejected");
    let mut tally: Vec<(String, u64)> = numbers.into_iter().map(|(code, number)| (code.to_owned(), number)).collect();
    tally.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    if tally.is_empty() {
        return section.with(paragraph("No row was rejected in these runs.")).into();
    }
    let total = sum(&tally);
    let note = format!(
        "All of the last {} together. A row that stays as it is counts in each of them.",
        plural(runs.len() as u64, "run")
    );
    let items = tally.iter().map(|(code, number)| {
        item(code, *number, total, &format!("{} of all rejected", percent(*number, total)), Html::default())
    });
    section.with(paragraph(note)).with(tag("ul").class("reasons").all(items)).into()
}

fn sum(tally: &[(String, u64)]) -> u64 {
    tally.iter().fold(0, |sum, (_, number)| sum.saturating_add(*number))
}

fn item(code: &str, number: u64, total: u64, share: &str, examples: Html) -> Tag {
    let words = words(code);
    let name = words.as_ref().map_or(code, |words| words.name);
    #[expect(clippy::cast_precision_loss, reason = "a width on a screen")]
    let width = number as f64 / total.max(1) as f64 * 100.0;
    let fill = tag("span").attr("style", format!("width:{width:.2}%"));
    let head = tag("div")
        .class("reason")
        .with(tag("h3").with(name))
        .with(tag("p").with(tag("b").with(count(number))).with(" ").with(tag("small").with(share)));
    let advice = words.map_or("The message of each row says more.", |words| words.advice);
    tag("li")
        .with(head)
        .with(tag("div").class("track rejected").attr("aria-hidden", "true").with(fill))
        .with(tag("p").with(advice).with(" ").with(tag("code").with(code)))
        .with(examples)
}

fn examples(code: &str, examples: &[RejectExample]) -> Html {
    use Column::{Long, Number, Text};
    let rows: Vec<Vec<Html>> = examples
        .iter()
        .filter(|example| example.reason == code)
        .take(5)
        .map(|example| vec![example.file.as_str().into(), count(example.row).into(), example.message.as_str().into()])
        .collect();
    if rows.is_empty() {
        return Html::default();
    }
    let name = plural(rows.len() as u64, "example");
    folded(name.as_str(), table(&name, &[("file", Text), ("row", Number), ("what is wrong", Long)], rows))
}

#[cfg(test)]
mod tests {
    use enlist_history::{Outcome, SourceRead, Tally};

    use super::*;

    fn run(tally: &[(&str, u64)]) -> RunDocument {
        let tally: Vec<_> = tally.iter().map(|(code, number)| ((*code).to_owned(), *number)).collect();
        RunDocument {
            source: SourceRead { rows: 1_000, ..SourceRead::default() },
            outcome: Some(Outcome { rejected: sum(&tally), ..Outcome::default() }),
            rejected_by_reason: Tally(tally),
            ..RunDocument::default()
        }
    }

    #[test]
    fn every_known_code_has_words_and_other_codes_stand_for_themselves() {
        for code in
            ["no_email", "bad_email", "bad_value", "too_large", "suppressed", "invalid", "refused", "import_failed"]
        {
            let page = of_run(&run(&[(code, 25)])).to_string();
            assert!(page.contains(words(code).unwrap().name) && page.contains("2.5 % of the rows read"), "{page}");
        }
        assert!(of_run(&run(&[("moonlight", 1)])).to_string().contains("<h3>moonlight</h3>"));
    }

    #[test]
    fn a_reason_has_its_own_examples_and_no_more_than_five() {
        let example = |reason: &str, row| RejectExample {
            reason: reason.into(),
            file: "part-03.parquet".into(),
            row,
            message: "no dot after @".into(),
        };
        let mut run = run(&[("bad_email", 9)]);
        run.reject_examples = (18_230..18_240).map(|row| example("bad_email", row)).collect();
        run.reject_examples.push(example("no_email", 1));
        let page = of_run(&run).to_string();
        assert_eq!(page.matches("part-03.parquet").count(), 5);
        assert!(page.contains("18,234") && !page.contains("18,235"));
    }

    #[test]
    fn runs_are_summed_by_reason() {
        let (a, b) = (run(&[("bad_email", 3), ("no_email", 4)]), run(&[("bad_email", 3)]));
        let page = of_runs(&[&a, &b]).to_string();
        let (first, second) = (page.find("<b>6</b>").unwrap(), page.find("<b>4</b>").unwrap());
        assert!(first < second && page.contains("60.0 % of all rejected"), "{page}");
    }
}
