//! A report as a picture: for each thing that was measured a row per contender, a line from the smallest value to the
//! largest and a dot at the median. It is read in light and in dark.

use std::fmt::Write;

use anyhow::{Context, Result};

use crate::{
    report::{OURS, Report, Row, Unit},
    table::amount,
};

/// All lengths in CSS pixels of a picture that is shown at its own size.
const WIDTH: f64 = 760.0;
/// Names stand to the left of this, values to the right of the other.
const LEFT: f64 = 190.0;
const RIGHT: f64 = 640.0;
const ROW: f64 = 26.0;
const TITLE: f64 = 34.0;
const AXIS: f64 = 34.0;

/// From here on a linear scale hides the smaller ones.
const LOGARITHMIC: f64 = 20.0;

const STYLE: &str = "text{font:14px system-ui,sans-serif;fill:#1d1c1a}.title{font-weight:600}\
.tick{font-size:12px;fill:#5b5852}.grid{stroke:#d6d3cc}.line{stroke:#85817a;stroke-width:3;stroke-linecap:round}\
.dot{fill:#5b5852}.ours .line{stroke:#1a63c0}.ours .dot{fill:#1a63c0}.ours text{font-weight:600}\
@media(prefers-color-scheme:dark){text{fill:#eceae6}.tick{fill:#aaa69e}.grid{stroke:#45433f}\
.line{stroke:#8f8b84}.dot{fill:#c9c5bd}.ours .line{stroke:#7db2ff}.ours .dot{fill:#7db2ff}}";

/// The whole picture.
pub fn picture(report: &Report) -> Result<String> {
    let rows = report.rows()?;
    let panels: Vec<&[Row<'_>]> = rows.chunk_by(|a, b| a.case == b.case && a.metric == b.metric).collect();
    let mut body = String::new();
    let mut top = 0.0;
    for panel in &panels {
        top = draw(&mut body, panel, top)?;
    }
    let height = top;
    let title = escaped(&report.plan.title);
    let words = escaped(&described(&rows));
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
         height=\"{height}\" role=\"img\" aria-labelledby=\"title desc\">\n<title id=\"title\">{title}</title>\n\
         <desc id=\"desc\">{words}</desc>\n<style>{STYLE}</style>\n{body}</svg>\n"
    ))
}

/// Every row in words, for who does not see it.
fn described(rows: &[Row<'_>]) -> String {
    let words = rows.iter().map(|row| {
        let value = |value| amount(value, row.metric.unit);
        format!(
            "{}, {}, {}: median {}, from {} to {}.",
            row.case,
            row.metric.label,
            row.contender.label,
            value(row.values.median),
            value(row.values.min),
            value(row.values.max)
        )
    });
    words.collect::<Vec<_>>().join(" ")
}

/// One panel below `top`; gives its bottom.
fn draw(body: &mut String, panel: &[Row<'_>], top: f64) -> Result<f64> {
    let first = panel.first().context("an empty panel")?;
    let scale = Scale::of(panel);
    let bottom = top + TITLE + ROW * f64::from(u32::try_from(panel.len())?);
    let title = escaped(&format!("{}: {}", first.case, first.metric.label));
    writeln!(body, "<text class=\"title\" x=\"8\" y=\"{}\">{title}</text>", at(top + 22.0))?;
    for tick in scale.ticks() {
        let (x, from, to) = (at(scale.x(tick)), at(top + TITLE), at(bottom));
        writeln!(body, "<path class=\"grid\" d=\"M{x} {from}V{to}\"/>")?;
        let label = tick_label(tick, first);
        let y = at(bottom + 15.0);
        writeln!(body, "<text class=\"tick\" x=\"{x}\" y=\"{y}\" text-anchor=\"middle\">{label}</text>")?;
    }
    let mut y = top + TITLE - ROW / 2.0;
    for row in panel {
        y += ROW;
        let (line, text) = (at(y), at(y + 5.0));
        let [median, min, max] =
            [row.values.median, row.values.min, row.values.max].map(|value| at(scale.x(value)));
        let class = if row.contender.name == OURS { " class=\"ours\"" } else { "" };
        let label = escaped(&row.contender.label);
        let value = escaped(&amount(row.values.median, row.metric.unit));
        writeln!(
            body,
            "<g{class}><text x=\"{}\" y=\"{text}\" text-anchor=\"end\">{label}</text>\
             <path class=\"line\" d=\"M{min} {line}H{max}\"/><circle class=\"dot\" cx=\"{median}\" cy=\"{line}\" \
             r=\"6\"/><text x=\"{}\" y=\"{text}\">{value}</text></g>",
            at(LEFT - 12.0),
            at(RIGHT + 16.0)
        )?;
    }
    Ok(bottom + AXIS)
}

/// From values to places.
enum Scale {
    /// From nothing to this.
    Linear { to: f64 },
    /// Between two powers of ten, given as their exponents.
    Logarithmic { from: f64, to: f64 },
}

impl Scale {
    fn of(panel: &[Row<'_>]) -> Self {
        let min = panel.iter().map(|row| row.values.min).fold(f64::INFINITY, f64::min);
        let max = panel.iter().map(|row| row.values.max).fold(0.0, f64::max);
        let may_be_nothing = panel.iter().any(|row| row.metric.unit.may_be_nothing());
        // Even where nothing went wrong there is a scale.
        let max = if may_be_nothing { max.max(4.0) } else { max };
        if max / min >= LOGARITHMIC && !may_be_nothing {
            Self::Logarithmic { from: min.log10().floor(), to: max.log10().ceil() }
        } else {
            let step = step(max);
            Self::Linear { to: (max / step).ceil() * step }
        }
    }

    fn x(&self, value: f64) -> f64 {
        let share = match self {
            Self::Linear { to } => value / to,
            Self::Logarithmic { from, to } => (value.log10() - from) / (to - from),
        };
        LEFT + share * (RIGHT - LEFT)
    }

    fn ticks(&self) -> Vec<f64> {
        let mut ticks = Vec::new();
        match self {
            Self::Linear { to } => {
                let step = step(*to);
                let mut tick = 0.0;
                while tick <= to * 1.001 {
                    ticks.push(tick);
                    tick += step;
                }
            }
            Self::Logarithmic { from, to } => {
                let mut exponent = *from;
                while exponent <= *to {
                    ticks.push(10_f64.powf(exponent));
                    exponent += 1.0;
                }
            }
        }
        ticks
    }
}

/// 1, 2 or 5 times a power of ten, so that there are three to six steps up to `max`.
fn step(max: f64) -> f64 {
    let power = 10_f64.powf(max.log10().floor());
    match max / power {
        lead if lead < 1.5 => power / 4.0,
        lead if lead < 3.0 => power / 2.0,
        lead if lead < 6.0 => power,
        _ => power * 2.0,
    }
}

fn tick_label(tick: f64, row: &Row<'_>) -> String {
    let label = amount(tick, row.metric.unit);
    if row.metric.unit == Unit::Speed {
        return label.replace(".0 ", " ");
    }
    label.replace(".0 ", " ").replace("/s", "")
}

/// A place, to a tenth of a pixel.
fn at(place: f64) -> String {
    let text = format!("{place:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::sample;

    #[test]
    fn a_picture_shows_every_row_in_its_place() {
        let linear = picture(&sample(&[[10.0, 12.0, 100.0, 100.0, 12.0, 10.0]])).unwrap();
        // 100 ms is at the end of a scale that begins with nothing.
        assert!(linear.contains(">0 ms<") && linear.contains(">100 ms<"), "{linear}");
        assert!(linear.contains("cx=\"640\""), "{linear}");
        assert!(linear.contains("one, time, a peer: median 100 ms, from 100 ms to 100 ms."), "{linear}");
        // From 10 to 1,000 the limit is at the beginning, and 100 would be in the middle.
        let logarithmic = picture(&sample(&[[10.0, 100.0, 1000.0, 1000.0, 100.0, 10.0]])).unwrap();
        assert!(logarithmic.contains("cx=\"190\"") && logarithmic.contains("cx=\"415\""), "{logarithmic}");
        assert_eq!(logarithmic.matches("<circle").count(), 3);
    }

    #[test]
    fn nothing_has_a_place_on_the_scale() {
        let mut report = sample(&[[0.0; 6]]);
        report.plan.metrics[0].unit = Unit::Faults;
        let none = picture(&report).unwrap();
        assert_eq!(none.matches("cx=\"190\"").count(), 3, "{none}");
        assert!(none.contains(">4<") && !none.contains("NaN"), "{none}");
    }

    #[test]
    fn what_a_label_says_is_no_markup() {
        assert_eq!(escaped("a <b> & c"), "a &lt;b&gt; &amp; c");
    }

    #[test]
    fn steps_are_round() {
        let steps = [1.0, 2.0, 4.9, 7.0, 240.0].map(|max| at(step(max) * 100.0));
        assert_eq!(steps, ["25", "50", "100", "200", "5000"]);
    }
}
