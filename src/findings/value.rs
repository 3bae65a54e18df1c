//! The number that a check is about, from the summary of a run.

use crate::readouts::Summary;
use crate::scenario::Scenario;
use crate::scenario::declare::Choice;
use crate::scenario::finding::{Check, Expression, Reference, Rule};
use crate::scenario::readout::Readout;
use crate::sweep::synergy::bliss;
use crate::sweep::value;
use std::fmt::Write;

/// A number with its unit.
pub(super) struct Measured {
    /// None where an arm has no such number or a quotient is not finite.
    pub value: Option<f64>,
    pub unit: String,
}

/// Measures what a check asks for.
pub(super) fn of(check: &Check, summary: &Summary, scenario: &Scenario) -> Measured {
    let run = Run { summary, scenario };
    let first = match &check.beyond {
        None => run.measure(&check.value),
        Some(beyond) => {
            let alone = |arm: &String| run.measure(&Expression { arm: arm.clone(), ..check.value.clone() });
            let alone: Option<Vec<f64>> = beyond.arms.iter().map(alone).collect();
            run.measure(&check.value).zip(alone).map(|(together, alone)| match beyond.rule {
                Rule::Bliss => together - bliss(&alone),
                Rule::Sum => together - alone.iter().sum::<f64>(),
            })
        }
    };
    let value = match &check.than {
        None => first,
        Some(than) => first.zip(run.measure(than)).map(|(value, than)| value - than),
    };
    Measured { value: value.filter(|value| value.is_finite()), unit: run.unit(&check.value) }
}

struct Run<'a> {
    summary: &'a Summary,
    scenario: &'a Scenario,
}

impl Run<'_> {
    fn measure(&self, expression: &Expression) -> Option<f64> {
        let refer = |reference: &Reference| {
            let (arm, readout) = expression.referred(reference);
            self.readout(arm, readout)
        };
        let base = expression.minus.as_ref().map_or(Some(0.0), refer)?;
        let mut value = self.readout(&expression.arm, &expression.readout)? - base;
        if let Some(whole) = &expression.share_of {
            value /= refer(whole)? - base;
        }
        if let Some(over) = &expression.over {
            value /= refer(over)?;
        }
        value.is_finite().then_some(value)
    }

    fn readout(&self, arm: &str, name: &str) -> Option<f64> {
        let readout = Readout::chosen(&[name.to_owned()], self.scenario).ok()?.into_iter().next()?;
        let arm = self.summary.arms.iter().find(|known| known.name == arm)?;
        Some(value(&readout, arm, self.scenario)).filter(|value| value.is_finite())
    }

    fn unit(&self, expression: &Expression) -> String {
        if expression.over.is_some() || expression.share_of.is_some() {
            return String::new();
        }
        let readout = Readout::chosen(std::slice::from_ref(&expression.readout), self.scenario);
        readout.ok().and_then(|found| found.first().map(|readout| readout.unit.to_owned())).unwrap_or_default()
    }
}

/// What a check measures, as a formula over `readout [arm]`.
pub(super) fn in_words(check: &Check) -> String {
    let mut text = expression(&check.value);
    if let Some(than) = &check.than {
        let _ = write!(text, " - ({})", expression(than));
    }
    if let Some(beyond) = &check.beyond {
        let _ = write!(text, " beyond {} of [{}]", beyond.rule.word(), beyond.arms.join("], ["));
    }
    text
}

fn expression(expression: &Expression) -> String {
    let place = |(arm, readout): (&str, &str)| format!("{readout} [{arm}]");
    let mut text = place((&expression.arm, &expression.readout));
    let base = expression.minus.as_ref().map(|reference| place(expression.referred(reference)));
    if let Some(base) = &base {
        text = format!("{text} - {base}");
    }
    let bracketed = |text: &str| if base.is_some() { format!("({text})") } else { text.to_owned() };
    if let Some(whole) = &expression.share_of {
        let whole = place(expression.referred(whole));
        let whole = base.as_ref().map_or(whole.clone(), |base| format!("({whole} - {base})"));
        return format!("{} / {whole}", bracketed(&text));
    }
    match &expression.over {
        Some(over) => format!("{} / {}", bracketed(&text), place(expression.referred(over))),
        None => text,
    }
}
