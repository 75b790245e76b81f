//! A report for people: a table in Markdown, and its place in BENCHMARKS.md.

use std::{fmt::Write, fs, path::Path};

use anyhow::{Context, Result};

use crate::{
    report::{Bound, Report, Row, Unit},
    statistics::Spread,
    svg,
};

/// The table, and a sentence about what it was measured on.
pub fn table(report: &Report) -> Result<String> {
    let mut text = String::new();
    let mut last = None;
    for row in report.rows()? {
        let part = (row.case, &row.metric.name);
        if last != Some(part) {
            let above = if last.is_some() { "\n" } else { "" };
            writeln!(
                text,
                "{above}| {}: {} | median | from | to | Snaproom {} | target |",
                row.case,
                row.metric.label,
                verb(row.metric.unit)
            )?;
            writeln!(text, "|---|---:|---:|---:|---|---|")?;
            last = Some(part);
        }
        let unit = row.metric.unit;
        let Spread { median, min, max, .. } = row.values;
        let ratio = row.ours_over_this.map(|ratio| compared(&ratio, unit)).unwrap_or_default();
        let [median, min, max] = [median, min, max].map(|value| amount(value, unit));
        writeln!(text, "| {} | {median} | {min} | {max} | {ratio} | {} |", row.contender.label, goals(&row))?;
    }
    write!(text, "\n{}", on_what(report))?;
    Ok(text)
}

/// Replaces what an earlier run left: NAME.json and NAME.svg in docs/benchmarks, and the table in BENCHMARKS.md.
pub fn publish(root: &Path, report: &Report) -> Result<()> {
    let (folder, name) = (root.join("docs/benchmarks"), &report.plan.name);
    fs::create_dir_all(&folder)?;
    fs::write(folder.join(format!("{name}.json")), report.to_json()?)?;
    fs::write(folder.join(format!("{name}.svg")), svg::picture(report)?)?;
    let page = root.join("BENCHMARKS.md");
    let text = fs::read_to_string(&page).context("cannot read BENCHMARKS.md")?;
    fs::write(page, replaced(&text, name, &table(report)?)?)?;
    Ok(())
}

/// What an earlier run left in docs/benchmarks; none of a bench that was not published yet.
pub fn published(root: &Path, name: &str) -> Result<Option<Report>> {
    let file = root.join(format!("docs/benchmarks/{name}.json"));
    if !file.try_exists()? {
        return Ok(None);
    }
    let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    Ok(Some(serde_json::from_str(&text).with_context(|| format!("{} is no report", file.display()))?))
}

/// The page with another table between the bench's two markers.
fn replaced(page: &str, name: &str, table: &str) -> Result<String> {
    let (begin, end) = (format!("<!-- {name}: begin -->\n"), format!("<!-- {name}: end -->"));
    let missing = || format!("BENCHMARKS.md has no place for {name}: {begin}{end}");
    let (before, rest) = page.split_once(&begin).with_context(missing)?;
    let (_, after) = rest.split_once(&end).with_context(missing)?;
    Ok(format!("{before}{begin}{table}\n{end}{after}"))
}

fn on_what(report: &Report) -> String {
    let blocks = report.cases.iter().map(|case| case.blocks.len());
    let (least, most) = (blocks.clone().min().unwrap_or_default(), blocks.max().unwrap_or_default());
    let blocks = if least == most { least.to_string() } else { format!("{least} to {most}") };
    let thrown: usize = report.cases.iter().map(|case| case.thrown_away).sum();
    let s = if most == 1 { "" } else { "s" };
    format!("{blocks} block{s} each, {thrown} thrown away. {}.", report.machine.describe())
}

fn verb(unit: Unit) -> &'static str {
    match unit {
        Unit::Milliseconds | Unit::Bytes => "takes",
        Unit::Rate | Unit::Speed | Unit::Count => "manages",
        Unit::Faults | Unit::Lost => "has",
    }
}

/// What ours takes of another's time, and from where to where block by block.
fn compared(ratio: &Spread, unit: Unit) -> String {
    let Spread { median, min, max, .. } = *ratio;
    match unit {
        Unit::Milliseconds | Unit::Lost if median < 1.0 => {
            let [middle, from, to] = [median, max, min].map(|ratio| times(1.0 / ratio));
            format!("{middle} sooner ({from} to {to})")
        }
        Unit::Milliseconds | Unit::Lost => {
            format!("{} its time ({} to {})", times(median), times(min), times(max))
        }
        Unit::Bytes if median < 1.0 => {
            let [middle, from, to] = [median, max, min].map(|ratio| times(1.0 / ratio));
            format!("{middle} less ({from} to {to})")
        }
        Unit::Bytes => format!("{} its bytes", times(median)),
        Unit::Speed => format!("{} its speed ({} to {})", times(median), times(min), times(max)),
        Unit::Rate | Unit::Count | Unit::Faults => {
            format!("{} as many ({} to {})", times(median), times(min), times(max))
        }
    }
}

fn goals(row: &Row<'_>) -> String {
    let words = row.goals.iter().map(|(bound, met)| {
        let met = if *met { "met" } else { "**missed**" };
        match bound {
            Bound::Steady { .. } => {
                let theirs = row.values.steadiness();
                format!("as steady as its {theirs:.2} (smallest ÷ median): {met}")
            }
            _ => format!("{}: {met}", wanted(bound, row.metric.unit)),
        }
    });
    words.collect::<Vec<_>>().join("; ")
}

fn wanted(bound: &Bound, unit: Unit) -> String {
    match bound {
        Bound::AtMost { times: one, .. } if (*one - 1.0).abs() < f64::EPSILON => "no later".to_owned(),
        Bound::AtMost { times: most, .. } => format!("at most {most}× its time"),
        Bound::Sooner { times: least, .. } if unit == Unit::Bytes => format!("at least {least}× less"),
        Bound::Sooner { times: least, .. } => format!("at least {least}× sooner"),
        Bound::AtLeast { times: least, .. } if unit == Unit::Speed => {
            format!("at least {least}× its speed")
        }
        Bound::AtLeast { times: least, .. } => format!("at least {least}× as many"),
        Bound::Steady { .. } => "as steady".to_owned(),
        Bound::Value { at_most } if *at_most <= 0.0 => "none".to_owned(),
        Bound::Value { at_most } => format!("at most {}", amount(*at_most, unit)),
    }
}

/// A value with its unit, in as many digits as mean something.
pub fn amount(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Milliseconds | Unit::Lost if value < 100.0 => format!("{value:.1} ms"),
        Unit::Milliseconds | Unit::Lost => format!("{} ms", grouped(value)),
        Unit::Bytes if value < 9_999.5 => format!("{} bytes", grouped(value)),
        Unit::Bytes if value >= 9_999_500.0 => format!("{:.1} MB", value / 1e6),
        Unit::Bytes => format!("{:.1} kB", value / 1000.0),
        Unit::Speed => format!("{:.1} MB/s", value / 1e6),
        Unit::Rate => format!("{}/s", grouped(value)),
        Unit::Count | Unit::Faults => grouped(value),
    }
}

/// A ratio with its sign.
fn times(ratio: f64) -> String {
    if ratio < 9.95 { format!("{ratio:.2}×") } else { format!("{}×", grouped(ratio)) }
}

/// A whole number with commas.
fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        BENCHES,
        report::{LIMIT, at_least, less, tests::sample},
    };

    #[test]
    fn a_table_says_who_took_how_long_and_what_was_wanted() {
        let report =
            sample(&[[10.0, 12.0, 1500.0, 1500.0, 12.0, 10.0], [10.0, 16.0, 80.0, 80.0, 16.0, 10.0]]);
        let expected = "\
| one: time | median | from | to | Snaproom takes | target |
|---|---:|---:|---:|---|---|
| the limit | 10.0 ms | 10.0 ms | 10.0 ms | 1.40× its time (1.20× to 1.60×) | at most 1.5× its time: met |
| ours | 14.0 ms | 12.0 ms | 16.0 ms |  | at most 20.0 ms: met |
| a peer | 790 ms | 80.0 ms | 1,500 ms | 9.62× sooner (5.00× to 125×) | at least 10× sooner: **missed** |

2 blocks each, 2 thrown away. 2 × A Processor, 8 GiB, Linux 6.1, Chrome 1, commit abc, 2026-01-02.";
        assert_eq!(table(&report).unwrap(), expected);
    }

    #[test]
    fn what_is_counted_is_better_when_there_is_more_of_it() {
        let ratio = |median| Spread { median, min: median / 2.0, max: median * 2.0, n: 3 };
        assert_eq!(compared(&ratio(4.0), Unit::Rate), "4.00× as many (2.00× to 8.00×)");
        assert_eq!(compared(&ratio(0.5), Unit::Count), "0.50× as many (0.25× to 1.00×)");
        assert_eq!(compared(&ratio(0.05), Unit::Bytes), "20× less (10× to 40×)");
        assert_eq!(wanted(&at_least(0.4, LIMIT), Unit::Rate), "at least 0.4× as many");
        assert_eq!(wanted(&less(15.0, "peer"), Unit::Bytes), "at least 15× less");
        assert_eq!(wanted(&at_least(0.85, LIMIT), Unit::Speed), "at least 0.85× its speed");
        assert_eq!(amount(38_260.4, Unit::Rate), "38,260/s");
        assert_eq!(amount(21_340_000.0, Unit::Speed), "21.3 MB/s");
        assert_eq!(amount(83_000_000.0, Unit::Bytes), "83.0 MB");
    }

    #[test]
    fn where_nothing_went_wrong_there_is_no_ratio() {
        let mut report = sample(&[[2.0, 0.0, 1.0, 1.0, 0.0, 3.0]]);
        report.plan.metrics[0].unit = Unit::Faults;
        report.plan.goals.retain(|goal| matches!(goal.bound, Bound::Value { .. }));
        report.plan.goals[0].bound = Bound::Value { at_most: 0.0 };
        let table = table(&report).unwrap();
        assert!(table.contains("| the limit | 2 | 2 | 3 |  |  |"), "{table}");
        assert!(table.contains("| ours | 0 | 0 | 0 |  | none: met |"), "{table}");
        assert_eq!(amount(0.0, Unit::Lost), "0.0 ms");
    }

    #[test]
    fn a_published_table_takes_the_place_of_the_last_one() {
        let page = "Words.\n<!-- a: begin -->\nold\n<!-- a: end -->\nMore.\n";
        let new = replaced(page, "a", "new").unwrap();
        assert_eq!(new, "Words.\n<!-- a: begin -->\nnew\n<!-- a: end -->\nMore.\n");
        assert!(replaced(page, "b", "new").is_err());
    }

    #[test]
    fn what_is_published_is_what_the_json_gives() {
        let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
        let read = |path: &str| fs::read_to_string(root.join(path)).unwrap_or_else(|_| panic!("no {path}"));
        let page = read("BENCHMARKS.md");
        for name in BENCHES {
            let Some(report) = published(root, name).unwrap() else {
                let empty = format!("<!-- {name}: begin -->\n<!-- {name}: end -->\n");
                assert!(page.contains(&empty), "{name} has a table, and no measurement behind it");
                continue;
            };
            let again = "run `cargo xtask bench --draw`";
            assert_eq!(report.plan.name, name);
            let json = read(&format!("docs/benchmarks/{name}.json"));
            assert!(report.to_json().unwrap() == json, "{name}.json was changed by hand; {again}");
            let svg = read(&format!("docs/benchmarks/{name}.svg"));
            assert!(svg::picture(&report).unwrap() == svg, "{name}.svg is not what its JSON gives; {again}");
            let table = table(&report).unwrap();
            assert!(
                replaced(&page, name, &table).unwrap() == page,
                "the table of {name} is another; {again}"
            );
            assert!(
                page.contains(&format!("docs/benchmarks/{name}.svg")),
                "the picture of {name} is not shown"
            );
        }
    }
}
