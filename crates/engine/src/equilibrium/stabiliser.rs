//! What would make an unstable state stable, of a few things tried: changes of all excitatory or inhibitory weights, or of
//! all delays, at the same rates.

use super::stability::Linearisation;
use crate::circuit::entries::still_outputs;
use crate::circuit::{Rows, Shape};
use crate::numeric::lanes::Row;
use crate::scenario::Compartment;

/// By how much each is changed, as a share.
const CHANGE: f64 = 0.1;

/// A change that moves the leading eigenvalue to the left.
#[derive(Clone, Debug, PartialEq)]
pub struct Stabiliser {
    /// What is changed.
    what: &'static str,
    /// The largest real part of the eigenvalues then, 1/s.
    leading_per_s: f64,
}

impl std::fmt::Display for Stabiliser {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { what, leading_per_s } = self;
        write!(formatter, "at the same rates, {what} by 10 % would bring it to {leading_per_s:+.4} per s")
    }
}

/// The change that brings the leading eigenvalue down most, of those tried; none where none does.
pub fn stabilisers(shape: &Shape<1>, rows: &Rows<1>, state: &[Row<1>]) -> Option<Stabiliser> {
    let leading = |rows: &Rows<1>| {
        let values = Linearisation::new(shape, rows, state).ok()?.eigenvalues_per_s();
        values.last().map(|value| value.re)
    };
    let now = leading(rows)?;
    let mut outputs = vec![Row::ZERO; shape.outputs()];
    still_outputs((shape, rows), state, &mut outputs);
    // Weights onto somata, whose drives then keep the inputs, and so the rates, as they are.
    let scaled = |excitatory: bool, factor: f64| {
        let mut rows = rows.clone();
        for (index, connection) in shape.connections.iter().enumerate() {
            let weight = rows.weight[index].get(0);
            if connection.compartment == Compartment::Soma && (weight > 0.0) == excitatory {
                rows.weight[index] = Row::splat(factor * weight);
                let drive = &mut rows.populations[connection.target].drive;
                *drive = Row::splat((1.0 - factor).mul_add(weight * outputs[connection.output].get(0), drive.get(0)));
            }
        }
        rows
    };
    let delayed = |factor: f64| {
        let mut rows = rows.clone();
        for channel in &mut rows.channels {
            channel.delay = Row::splat(factor * channel.delay.get(0));
        }
        rows
    };
    let tried = [
        ("weakening all excitatory weights", scaled(true, 1.0 - CHANGE)),
        ("strengthening all excitatory weights", scaled(true, 1.0 + CHANGE)),
        ("weakening all inhibitory weights", scaled(false, 1.0 - CHANGE)),
        ("strengthening all inhibitory weights", scaled(false, 1.0 + CHANGE)),
        ("shortening all delays", delayed(1.0 - CHANGE)),
    ];
    let moved = tried.into_iter().filter_map(|(what, rows)| {
        Some(Stabiliser { what, leading_per_s: leading(&rows)? }).filter(|found| found.leading_per_s < now)
    });
    moved.min_by(|one, other| one.leading_per_s.total_cmp(&other.leading_per_s))
}
