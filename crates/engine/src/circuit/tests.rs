//! Every mechanism at once: the analytic Jacobian against finite differences, and the numbers of a lane against those of
//! its neighbours.

use super::equations::{Linearised, residual_and_jacobian, residuals, still_outputs};
use super::{Rows, Shape, build};
use crate::numeric::lanes::{Level, Row, dispatch, tokens};
use crate::scenario::{
    Adaptation, Afferents, Circuit, Dendrite, DendriticEvent, Divided, Division, Divisors, Form, Gate, GateKind,
    Modulation, ModulationSite, Population, Refractory, SecondInput, ShortTermPlasticity, Sources, Synapses, Transfer,
    Weights,
};
use indexmap::IndexMap;

fn from(entries: &[(&str, f64)]) -> IndexMap<String, f64> {
    entries.iter().map(|(name, weight)| ((*name).to_owned(), *weight)).collect()
}

fn through(classes: &[(&str, &[(&str, f64)])]) -> IndexMap<String, Sources> {
    classes.iter().map(|(class, entries)| ((*class).to_owned(), Sources { from: from(entries) })).collect()
}

fn classes() -> IndexMap<String, Synapses> {
    let gate = |kind, tau, gain| Some(Gate { kind, tau, gain });
    let plastic = |facilitation, depression, normalised| {
        Some(ShortTermPlasticity { utilisation: 0.3, facilitation, depression, normalised })
    };
    let modulation = |at, f: &str, k: f64| {
        Some(Modulation { at, f: f.to_owned(), parameters: [("k".to_owned(), k)].into_iter().collect() })
    };
    [
        ("nmda", Synapses { gate: gate(GateKind::Saturating, 60.0, 0.641), ..Synapses::default() }),
        ("gaba", Synapses { gate: gate(GateKind::FirstOrder, 5.0, 2.0), delay: Some(3.0), ..Synapses::default() }),
        ("ampa", Synapses { gate: gate(GateKind::Filter, 2.0, 1.0), ..Synapses::default() }),
        ("fading", Synapses { plasticity: plastic(None, Some(200.0), false), ..Synapses::default() }),
        (
            "rising",
            Synapses {
                plasticity: plastic(Some(300.0), Some(150.0), true),
                gate: gate(GateKind::Saturating, 40.0, 0.5),
                delay: Some(7.5),
                modulation: None,
            },
        ),
        (
            "shared",
            Synapses {
                gate: gate(GateKind::Saturating, 30.0, 0.4),
                modulation: modulation(
                    ModulationSite::Release,
                    "resources.fading.source / (1 + (rate.C / k)^2) + cos(gate.nmda.A)",
                    9.0,
                ),
                ..Synapses::default()
            },
        ),
        (
            "shunted",
            Synapses {
                delay: Some(2.0),
                modulation: modulation(ModulationSite::Release, "exp(-rate.source / k) * voltage.B", 8.0),
                ..Synapses::default()
            },
        ),
        (
            "voltage-dependent",
            Synapses {
                gate: gate(GateKind::FirstOrder, 20.0, 0.3),
                delay: Some(5.0),
                plasticity: plastic(Some(100.0), None, false),
                modulation: modulation(
                    ModulationSite::Weight,
                    "logistic((rate.target - k) / 4) + sin(adaptation.C) + utilisation.\"voltage-dependent\".source",
                    5.0,
                ),
            },
        ),
        ("growing", Synapses { plasticity: plastic(Some(400.0), None, true), delay: Some(4.0), ..Synapses::default() }),
    ]
    .into_iter()
    .map(|(name, synapses)| (name.to_owned(), synapses))
    .collect()
}

/// Populations of all forms, with all mechanisms, joined by all classes.
fn everything() -> Circuit {
    let softplus = Transfer::Softplus { gain: 1.5, threshold: 2.0, width: 2.0, maximum: None };
    let population = |form, drive| Population {
        form,
        tau: if form == Form::Algebraic { 0.0 } else { 12.0 },
        transfer: softplus.clone(),
        drive: Some(drive),
        ..Population::default()
    };
    let event = |width| Some(DendriticEvent { size: 3.0, threshold: 2.5, width });
    let dendrite = |maximum, width| {
        Some(Dendrite { drive: 2.0, soma_leak: 0.3, dendrite_leak: 0.4, maximum, event: event(width) })
    };
    let mut soma = population(Form::Rate, 6.0);
    soma.dendrite = dendrite(None, Some(1.5));
    soma.adaptation = Some(Adaptation { strength: 0.2, tau: 90.0 });
    soma.refractory = Some(Refractory { k: 1.0, r: 0.01 });
    soma.division = Some(Division { of: Divided::Output });
    let mut voltage = population(Form::Voltage, 7.0);
    voltage.division = Some(Division { of: Divided::Input });
    voltage.dendrite = dendrite(Some(40.0), None);
    let mut algebraic = population(Form::Algebraic, 5.0);
    algebraic.adaptation = Some(Adaptation { strength: 0.1, tau: 70.0 });
    let mut floored = population(Form::Rate, 4.0);
    floored.refractory = Some(Refractory { k: 1.0, r: 0.02 });
    floored.transfer = Transfer::Expression {
        f: "softplus((x - theta) / 2) * (2 + sin(y / 3))".into(),
        parameters: [("theta".to_owned(), 1.0)].into_iter().collect(),
        maximum: Some(100.0),
    };
    floored.second = Some(SecondInput { drive: 0.5 });
    floored.floor = Some(0.0);
    floored.division = Some(Division { of: Divided::Input });
    let weights = |own: &[(&str, f64)], classes: &[(&str, &[(&str, f64)])]| Weights {
        from: from(own),
        through: through(classes),
        ..Weights::default()
    };
    let mut onto_a =
        weights(&[("A", 0.2), ("D", -0.3)], &[("nmda", &[("A", 2.0), ("C", 1.5)]), ("gaba", &[("B", -1.0)])]);
    onto_a.dendrite = Afferents { from: from(&[("B", -0.2)]), through: through(&[("rising", &[("A", 4.0)])]) };
    onto_a.divisive = Divisors { from: from(&[("D", 0.02)]), through: through(&[("ampa", &[("B", 0.01)])]) };
    let mut onto_b = weights(&[("A", 0.3)], &[("fading", &[("C", 0.4)]), ("ampa", &[("A", 0.2), ("B", -0.3)])]);
    onto_b.dendrite.from = from(&[("C", 0.1)]);
    onto_b.divisive.from = from(&[("A", 0.03)]);
    onto_a.dendrite.through.extend(through(&[("voltage-dependent", &[("D", 0.4)])]));
    onto_a.through.extend(through(&[("shared", &[("B", 1.5), ("D", -0.7)]), ("voltage-dependent", &[("B", 0.6)])]));
    let onto_c = weights(&[("A", 0.25), ("B", -0.1)], &[("growing", &[("C", 0.2)]), ("rising", &[("B", -2.0)])]);
    let mut onto_d = weights(&[("C", 0.3)], &[("nmda", &[("A", 1.0)])]);
    onto_d.through.extend(through(&[("shunted", &[("A", 0.2), ("C", 0.1)]), ("voltage-dependent", &[("D", -0.3)])]));
    onto_d.second = Afferents {
        from: from(&[("B", -0.2), ("C", 0.1)]),
        through: through(&[("voltage-dependent", &[("A", 0.6)]), ("shared", &[("D", 1.0)])]),
    };
    onto_d.divisive.through = through(&[("rising", &[("A", 0.5)])]);
    let populations = [("A", soma), ("B", voltage), ("C", algebraic), ("D", floored)];
    Circuit {
        populations: populations.into_iter().map(|(name, population)| (name.to_owned(), population)).collect(),
        synapses: classes(),
        onto: [("A", onto_a), ("B", onto_b), ("C", onto_c), ("D", onto_d)]
            .into_iter()
            .map(|(name, weights)| (name.to_owned(), weights))
            .collect(),
        ..Circuit::default()
    }
}

fn residual_at(shape: &Shape<1>, rows: &Rows<1>, state: &[Row<1>], level: Level) -> Vec<f64> {
    let mut outputs = vec![Row::ZERO; shape.outputs()];
    let mut residual = vec![Row::ZERO; shape.variables()];
    dispatch!(level, simd => {
        still_outputs(simd, (shape, rows), state, &mut outputs);
        residuals(simd, (shape, rows), &outputs, state, &mut residual);
    });
    residual.iter().map(|row| row.get(2)).collect()
}

/// A state somewhere, away from kinks.
fn somewhere(shape: &Shape<1>) -> Vec<Row<1>> {
    let value = |index: usize| {
        if index < shape.size() { 6.0 + index as f64 } else { 0.2 + 0.05 * ((index * 7) % 11) as f64 }
    };
    (0..shape.variables()).map(|index| Row::splat(value(index))).collect()
}

#[test]
fn the_jacobian_is_that_of_the_residuals() {
    let circuit = everything();
    let (shape, rows) = build::<1>(&[&circuit]);
    assert!(shape.variables() > 15, "{:?}", shape.variable_names());
    let state = somewhere(&shape);
    let n = shape.variables();
    for (name, level) in tokens() {
        let mut work = Linearised::new(&shape);
        dispatch!(level, simd => residual_and_jacobian(simd, &shape, &rows, &state, &mut work));
        for (one, other) in residual_at(&shape, &rows, &state, level).iter().zip(&work.residual) {
            approx::assert_relative_eq!(*one, other.get(2), max_relative = 1e-13);
        }
        let mut nonzero = 0;
        for column in 0..n {
            let step = 1e-5;
            let moved = |by: f64| {
                let mut state = state.clone();
                state[column] = Row::splat(state[column].get(0) + by);
                residual_at(&shape, &rows, &state, level)
            };
            let (up, down) = (moved(step), moved(-step));
            for row in 0..n {
                let difference = (up[row] - down[row]) / (2.0 * step);
                let entry = work.jacobian[row * n + column].get(2);
                let names = shape.variable_names();
                assert!(
                    (difference - entry).abs() < 2e-7 * entry.abs().max(1.0),
                    "{name}: d {} / d {}: {difference} {entry}",
                    names[row],
                    names[column]
                );
                nonzero += usize::from(entry != 0.0 && row != column);
            }
        }
        assert!(nonzero > 65, "only {nonzero} entries were put to the test");
    }
}

#[test]
fn what_passes_a_delay_is_part_of_the_jacobian() {
    let circuit = everything();
    let (shape, rows) = build::<1>(&[&circuit]);
    let state = somewhere(&shape);
    let jacobian = |rows: &Rows<1>| {
        let mut work = Linearised::new(&shape);
        dispatch!(Level::new(), simd => residual_and_jacobian(simd, &shape, rows, &state, &mut work));
        work
    };
    let whole = jacobian(&rows);
    // Without the weights of delayed channels, what is left is what does not pass a delay.
    let mut cut = rows.clone();
    for (connection, weight) in shape.connections.iter().zip(&mut cut.weight) {
        let channel = shape.channel_of(connection.output).map(|index| &shape.channels[index]);
        if channel.is_some_and(|channel| channel.delayed.is_some()) {
            *weight = Row::ZERO;
        }
    }
    // The targets' slopes change with their input; those of linear ones do not.
    let n = shape.variables();
    let block = n * n;
    assert_eq!(shape.delays() * block, whole.through_delay.len());
    let rest = jacobian(&cut);
    let linear = 1;
    for column in 0..n {
        let through: f64 =
            (0..shape.delays()).map(|delay| whole.through_delay[delay * block + linear * n + column].get(0)).sum();
        let left = rest.jacobian[linear * n + column].get(0);
        approx::assert_abs_diff_eq!(whole.jacobian[linear * n + column].get(0), left + through, epsilon = 1e-12);
    }
    assert!(whole.through_delay.iter().any(|row| row.get(0) != 0.0));
}
