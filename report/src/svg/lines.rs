//! Lines over time that hold their value for a step.

use super::axis::Axis;
use super::{HEIGHT, WIDTH, at, length};
use crate::html::{Html, tag};

/// A value from one time to another; nothing where nothing is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Step {
    /// Seconds.
    pub(crate) from: u64,
    /// Seconds.
    pub(crate) to: u64,
    /// What holds meanwhile.
    pub(crate) value: Option<f64>,
}

/// The outline of `steps` over `seconds`.
pub(crate) fn line(class: &'static str, steps: &[Step], seconds: u64, axis: &Axis) -> Html {
    tag("path").class(class).attr("d", path(steps, seconds, axis, false)).into()
}

/// The same, with a ground down to the axis.
pub(crate) fn area(class: &'static str, steps: &[Step], seconds: u64, axis: &Axis) -> Html {
    let ground = tag("path").class("ground").attr("d", path(steps, seconds, axis, true));
    let outline = tag("path").class("outline").attr("d", path(steps, seconds, axis, false));
    tag("g").class(class).with(ground).with(outline).into()
}

/// A limit across the drawing.
pub(crate) fn limit(number: u64, axis: &Axis) -> Html {
    tag("path").class("limit").attr("d", format!("M0 {}H{WIDTH}", at(axis.y(length(number))))).into()
}

/// A ground behind some times.
pub(crate) fn ground(class: &'static str, spans: impl IntoIterator<Item = (u64, u64)>, seconds: u64) -> Html {
    let path: String = spans
        .into_iter()
        .map(|(from, to)| {
            format!("M{} 0H{}V{HEIGHT}H{}Z", at(x(from, seconds)), at(x(to, seconds)), at(x(from, seconds)))
        })
        .collect();
    if path.is_empty() { Html::default() } else { tag("path").class(class).attr("d", path).into() }
}

/// The place of a time in the box.
pub(crate) fn x(second: u64, seconds: u64) -> f64 {
    length(second) / length(seconds.max(1)) * WIDTH
}

fn path(steps: &[Step], seconds: u64, axis: &Axis, closed: bool) -> String {
    let mut path = String::new();
    for known in steps.chunk_by(|a, b| a.value.is_some() == b.value.is_some()) {
        let mut pen = String::new();
        for step in known {
            let Some(value) = step.value else { continue };
            let (from, to, y) = (at(x(step.from, seconds)), at(x(step.to, seconds)), at(axis.y(value)));
            match (pen.is_empty(), closed) {
                (true, true) => pen.push_str(&format!("M{from} {HEIGHT}V{y}H{to}")),
                (true, false) => pen.push_str(&format!("M{from} {y}H{to}")),
                (false, _) => pen.push_str(&format!("V{y}H{to}")),
            }
        }
        if closed && !pen.is_empty() {
            pen.push_str(&format!("V{HEIGHT}Z"));
        }
        path.push_str(&pen);
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps() -> Vec<Step> {
        let step = |from, value| Step { from, to: from + 10, value };
        vec![step(0, Some(10.0)), step(10, Some(5.0)), step(20, None), step(30, Some(0.0))]
    }

    #[test]
    fn a_line_holds_its_value_and_breaks_where_nothing_is_known() {
        let axis = Axis::up_to(10);
        assert_eq!(path(&steps(), 40, &axis, false), "M0 0H250V50H500M750 100H1000");
    }

    #[test]
    fn an_area_stands_on_the_axis() {
        let axis = Axis::up_to(10);
        assert_eq!(path(&steps(), 40, &axis, true), "M0 100V0H250V50H500V100ZM750 100V100H1000V100Z");
    }
}
