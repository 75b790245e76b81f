//! What a bench measured, as it stands in NAME.json: everything that the tables and pictures show follows from it.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::{
    machine::Machine,
    statistics::{Spread, mean, rounded},
};

/// The name of the least raw JavaScript that does the same work.
pub const LIMIT: &str = "limit";
/// The name of Snaproom.
pub const OURS: &str = "ours";
/// The name of Snaproom's test build in a room that it protects like any other.
pub const PROTECTED: &str = "protected";
/// The name of Snaproom's test build in a room that it protects with nothing. The room's own name begins with it.
pub const BARE: &str = "bare";

/// One run of a bench.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// What was to be measured.
    pub plan: Plan,
    /// On what.
    pub machine: Machine,
    /// Its runs, in the plan's order.
    pub cases: Vec<Case>,
}

/// What a bench measures, of whom, and what it should come to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// One word: the command's argument and the files' name.
    pub name: String,
    /// A line for people.
    pub title: String,
    /// What differs between runs, such as a camera's size; each has browsers of its own.
    pub cases: Vec<String>,
    /// In the order of half a block: the limit, ours, the peers.
    pub contenders: Vec<Contender>,
    /// What every slot gives, in this order.
    pub metrics: Vec<Metric>,
    /// What ours should come to.
    pub goals: Vec<Goal>,
}

/// Somebody who does the work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contender {
    /// [`LIMIT`], [`OURS`], [`PROTECTED`], [`BARE`], or a peer's; where it is not Snaproom also the name of a raw page.
    pub name: String,
    /// As tables call it.
    pub label: String,
}

/// Something that is measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metric {
    /// A word for the JSON.
    pub name: String,
    /// As tables call it.
    pub label: String,
    /// Of its values.
    pub unit: Unit,
}

/// Of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Thousandths of a second; less is better.
    Milliseconds,
    /// Bytes; less is better.
    Bytes,
    /// In a second; more is better.
    Rate,
    /// Bytes in a second; more is better.
    Speed,
    /// Things; more is better.
    Count,
    /// What went wrong so many times; there may be none.
    Faults,
    /// Thousandths of a second in which something went wrong; there may be none.
    Lost,
}

impl Unit {
    /// Whether nothing is a value like any other, with which nothing can be compared as a ratio.
    pub fn may_be_nothing(self) -> bool {
        matches!(self, Self::Faults | Self::Lost)
    }
}

/// What ours should come to, in the middle of all blocks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Goal {
    /// One of the plan's.
    pub case: String,
    /// One of the plan's.
    pub metric: String,
    /// How much.
    pub bound: Bound,
}

/// How much ours may take, or has to manage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// So many times what another takes.
    AtMost {
        /// 1 or more.
        times: f64,
        /// A contender's name.
        of: String,
    },
    /// Another takes so many times as long, or as much.
    Sooner {
        /// More than 1.
        times: f64,
        /// A contender's name.
        than: String,
    },
    /// So many times what another manages, where more is better.
    AtLeast {
        /// More than 0.
        times: f64,
        /// A contender's name.
        of: String,
    },
    /// As steady as another, where more is better: the smallest value lies no further below the median.
    Steady {
        /// A contender's name.
        than: String,
    },
    /// In the metric's unit.
    Value {
        /// The most.
        at_most: f64,
    },
}

/// Everything with one set of browsers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// One of the plan's.
    pub name: String,
    /// Blocks during which others took the machine.
    pub thrown_away: usize,
    /// Those that count.
    pub blocks: Vec<Block>,
}

/// Every contender twice, there and back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Block {
    /// Share of the machine that others used during its busiest slot, from 0 to 1.
    pub elsewhere: f64,
    /// In the order of their running.
    pub slots: Vec<Slot>,
}

/// One contender does the work once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Slot {
    /// Its name.
    pub contender: String,
    /// By the metric's name.
    pub values: BTreeMap<String, f64>,
}

/// One row of a table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row<'a> {
    /// The case's name.
    pub case: &'a str,
    /// What was measured.
    pub metric: &'a Metric,
    /// Of whom.
    pub contender: &'a Contender,
    /// Over all slots that count.
    pub values: Spread,
    /// Block by block, ours over this one; nothing for ours itself, nor where there may be nothing to compare.
    pub ours_over_this: Option<Spread>,
    /// What ours should come to against this one, and whether it does.
    pub goals: Vec<(&'a Bound, bool)>,
}

impl Report {
    /// With what follows from it, for readers without this program.
    pub fn to_json(&self) -> Result<String> {
        #[derive(Serialize)]
        struct Written<'a> {
            #[serde(flatten)]
            report: &'a Report,
            summary: Vec<Summary<'a>>,
        }
        #[derive(Serialize)]
        struct Summary<'a> {
            case: &'a str,
            metric: &'a str,
            contender: &'a str,
            values: Spread,
            #[serde(skip_serializing_if = "Option::is_none")]
            ours_over_this: Option<Spread>,
            #[serde(skip_serializing_if = "Vec::is_empty")]
            goals_met: Vec<bool>,
        }
        let rows = self.rows()?;
        let summary = rows.into_iter().map(|row| Summary {
            case: row.case,
            metric: &row.metric.name,
            contender: &row.contender.name,
            values: row.values.short(),
            ours_over_this: row.ours_over_this.map(Spread::short),
            goals_met: row.goals.iter().map(|(_, met)| *met).collect(),
        });
        let mut text = serde_json::to_string_pretty(&Written { report: self, summary: summary.collect() })?;
        text.push('\n');
        Ok(text)
    }

    /// Fails where a case, a contender or a metric was not measured.
    pub fn rows(&self) -> Result<Vec<Row<'_>>> {
        let mut rows = Vec::new();
        for case in &self.cases {
            for metric in &self.plan.metrics {
                for contender in &self.plan.contenders {
                    let row = self.row(case, metric, contender);
                    rows.push(row.with_context(|| {
                        format!("{} has no {} of {}", case.name, metric.name, contender.name)
                    })?);
                }
            }
        }
        Ok(rows)
    }

    fn row<'a>(&'a self, case: &'a Case, metric: &'a Metric, contender: &'a Contender) -> Option<Row<'a>> {
        let values = case.blocks.iter().flat_map(|block| block.values(&contender.name, &metric.name));
        let ours = Spread::of(case.blocks.iter().flat_map(|block| block.values(OURS, &metric.name)))?;
        let ours_over_this = if contender.name == OURS || metric.unit.may_be_nothing() {
            None
        } else {
            let ratios = case.blocks.iter().map(|block| {
                let of = |name| mean(&block.values(name, &metric.name).collect::<Vec<_>>());
                Some(of(OURS)? / of(&contender.name)?)
            });
            Some(Spread::of(ratios.collect::<Option<Vec<f64>>>()?)?)
        };
        let goals = self.plan.goals.iter().filter(|goal| {
            let against = match &goal.bound {
                Bound::AtMost { of: name, .. }
                | Bound::AtLeast { of: name, .. }
                | Bound::Sooner { than: name, .. }
                | Bound::Steady { than: name } => name,
                Bound::Value { .. } => OURS,
            };
            goal.case == case.name && goal.metric == metric.name && against == contender.name
        });
        let values = Spread::of(values)?;
        let judged = goals.map(|goal| {
            let ratio = ours_over_this.map_or(1.0, |ratio| ratio.median);
            let met = match goal.bound {
                Bound::AtMost { times, .. } => ratio <= times,
                Bound::Sooner { times, .. } => ratio * times <= 1.0,
                Bound::AtLeast { times, .. } => ratio >= times,
                Bound::Steady { .. } => ours.steadiness() >= values.steadiness(),
                Bound::Value { at_most } => ours.median <= at_most,
            };
            (&goal.bound, met)
        });
        let goals = judged.collect();
        Some(Row { case: &case.name, metric, contender, values, ours_over_this, goals })
    }
}

impl Contender {
    /// Whether it is Snaproom's page, in whatever build.
    pub fn is_snaproom(&self) -> bool {
        [OURS, PROTECTED, BARE].contains(&self.name.as_str())
    }
}

impl Block {
    fn values<'a>(&'a self, contender: &'a str, metric: &'a str) -> impl Iterator<Item = f64> + 'a {
        let slots = self.slots.iter().filter(move |slot| slot.contender == contender);
        slots.filter_map(move |slot| slot.values.get(metric).copied())
    }
}

impl Slot {
    /// `values` are in the order of the plan's metrics.
    pub fn new(plan: &Plan, contender: &Contender, values: &[f64]) -> Self {
        let names = plan.metrics.iter().map(|metric| metric.name.clone());
        let values = names.zip(values.iter().copied().map(rounded)).collect();
        Self { contender: contender.name.clone(), values }
    }
}

impl Plan {
    /// Cases, contenders, metrics and goals come with the methods below.
    pub fn new(name: &str, title: &str) -> Self {
        let (name, title) = (name.to_owned(), title.to_owned());
        let (cases, contenders, metrics, goals) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { name, title, cases, contenders, metrics, goals }
    }

    /// With browsers of its own.
    pub fn case(mut self, name: &str) -> Self {
        self.cases.push(name.to_owned());
        self
    }

    /// In the order of half a block.
    pub fn contender(mut self, name: &str, label: &str) -> Self {
        self.contenders.push(Contender { name: name.to_owned(), label: label.to_owned() });
        self
    }

    /// What a slot gives next.
    pub fn metric(mut self, name: &str, label: &str, unit: Unit) -> Self {
        self.metrics.push(Metric { name: name.to_owned(), label: label.to_owned(), unit });
        self
    }

    /// What ours should come to.
    pub fn goal(mut self, case: &str, metric: &str, bound: Bound) -> Self {
        self.goals.push(Goal { case: case.to_owned(), metric: metric.to_owned(), bound });
        self
    }
}

/// At most so many times what another takes; 1 or more.
pub fn at_most(times: f64, of: &str) -> Bound {
    Bound::AtMost { times, of: of.to_owned() }
}

/// So many times sooner than another; more than 1.
pub fn sooner(times: f64, than: &str) -> Bound {
    Bound::Sooner { times, than: than.to_owned() }
}

/// So many times less than another takes; more than 1.
pub fn less(times: f64, than: &str) -> Bound {
    sooner(times, than)
}

/// At least so many times what another manages.
pub fn at_least(times: f64, of: &str) -> Bound {
    Bound::AtLeast { times, of: of.to_owned() }
}

/// As steady as another.
pub fn steady(than: &str) -> Bound {
    Bound::Steady { than: than.to_owned() }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// One case with these blocks of limit, ours, peer, peer, ours, limit.
    pub fn sample(blocks: &[[f64; 6]]) -> Report {
        let plan = Plan::new("sample", "A sample")
            .case("one")
            .contender(LIMIT, "the limit")
            .contender(OURS, "ours")
            .contender("peer", "a peer")
            .metric("time", "time", Unit::Milliseconds)
            .goal("one", "time", at_most(1.5, LIMIT))
            .goal("one", "time", sooner(10.0, "peer"))
            .goal("one", "time", Bound::Value { at_most: 20.0 });
        let slots = |values: &[f64; 6]| {
            let order = crate::statistics::there_and_back(&plan.contenders);
            order
                .iter()
                .zip(values)
                .map(|(contender, value)| Slot::new(&plan, contender, &[*value]))
                .collect()
        };
        let blocks = blocks.iter().map(|block| Block { elsewhere: 0.012, slots: slots(block) }).collect();
        let case = Case { name: "one".into(), thrown_away: 2, blocks };
        let machine = Machine {
            processor: "A Processor".into(),
            processors: 2,
            memory_gib: 8,
            kernel: "6.1".into(),
            browser: Some("Chrome/1".into()),
            node: None,
            commit: "abc".into(),
            date: "2026-01-02".into(),
        };
        Report { plan, machine, cases: vec![case] }
    }

    #[test]
    fn ratios_are_taken_within_a_block() {
        // The second block ran on a machine twice as slow: the times differ and the ratios do not.
        let report = sample(&[
            [10.0, 11.0, 200.0, 220.0, 13.0, 10.0],
            [20.0, 23.0, 400.0, 440.0, 25.0, 20.0],
            [10.0, 30.0, 100.0, 100.0, 30.0, 10.0],
        ]);
        let rows = report.rows().unwrap();
        let [limit, ours, peer] = rows.as_slice() else { panic!("{rows:?}") };
        assert_eq!(limit.values, Spread { median: 10.0, min: 10.0, max: 20.0, n: 6 });
        assert_eq!(limit.ours_over_this, Some(Spread { median: 1.2, min: 1.2, max: 3.0, n: 3 }));
        assert_eq!(ours.ours_over_this, None);
        let over_peer = peer.ours_over_this.unwrap();
        assert_eq!((over_peer.n, (over_peer.median * 1000.0).round(), over_peer.max), (3, 57.0, 0.3));
    }

    #[test]
    fn goals_are_judged_by_the_middle() {
        let met = |block: [f64; 6]| {
            let report = sample(&[block]);
            let rows = report.rows().unwrap();
            rows.iter().flat_map(|row| row.goals.iter().map(|(_, met)| *met)).collect::<Vec<_>>()
        };
        // At most 1.5× the limit; at most 20 ms; 10 times sooner than the peer.
        assert_eq!(met([10.0, 15.0, 150.0, 150.0, 15.0, 10.0]), [true, true, true]);
        assert_eq!(met([10.0, 16.0, 150.0, 150.0, 16.0, 10.0]), [false, true, false]);
        assert_eq!(met([20.0, 21.0, 900.0, 900.0, 21.0, 20.0]), [true, false, true]);
    }

    #[test]
    fn where_more_is_better_there_has_to_be_enough() {
        let met = |ours: f64| {
            let mut report = sample(&[[10.0, ours, 20.0, 20.0, ours, 10.0]]);
            report.plan.metrics[0].unit = Unit::Rate;
            report.plan.goals =
                vec![Goal { case: "one".into(), metric: "time".into(), bound: at_least(3.0, "peer") }];
            let rows = report.rows().unwrap();
            rows.iter().flat_map(|row| row.goals.iter().map(|(_, met)| *met)).collect::<Vec<_>>()
        };
        assert_eq!(met(60.0), [true]);
        assert_eq!(met(59.0), [false]);
    }

    #[test]
    fn who_never_falls_far_below_the_middle_is_steady() {
        let met = |ours: [f64; 2]| {
            let mut report = sample(&[
                [80.0, ours[0], 1.0, 1.0, ours[0], 100.0],
                [100.0, ours[1], 1.0, 1.0, ours[1], 100.0],
            ]);
            report.plan.metrics[0].unit = Unit::Speed;
            report.plan.goals =
                vec![Goal { case: "one".into(), metric: "time".into(), bound: steady(LIMIT) }];
            let rows = report.rows().unwrap();
            rows.iter().flat_map(|row| row.goals.iter().map(|(_, met)| *met)).collect::<Vec<_>>()
        };
        assert_eq!(met([50.0, 60.0]), [true]);
        assert_eq!(met([30.0, 60.0]), [false]);
    }

    #[test]
    fn what_was_written_is_read_again() {
        let report = sample(&[[10.123_456, 11.0, 200.0, 220.0, 13.0, 10.0]]);
        let text = report.to_json().unwrap();
        let read: Report = serde_json::from_str(&text).unwrap();
        assert_eq!(read, report);
        assert_eq!(read.to_json().unwrap(), text);
    }

    #[test]
    fn what_was_not_measured_is_no_row() {
        let mut report = sample(&[[1.0; 6]]);
        report.cases[0].blocks[0].slots.retain(|slot| slot.contender != "peer");
        assert!(report.rows().unwrap_err().to_string().contains("no time of peer"));
    }
}
