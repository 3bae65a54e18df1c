//! The bifurcation diagram of a subject over a knob, and its map over two.

use super::analysis::Search;
use super::continuation::{CornerKind, Diagram, Options, SpecialCurve, Start, special_curves};
use super::fixed_points::fixed_points_within;
use super::hunt::{Bounds, Progress};
use super::knob::{Knob, Turned};
use super::subject::Subject;
use serde::Serialize;

/// Special points over two knobs that are nearer to each other than this share of the ranges are one.
const SAME_CORNER: f64 = 1e-4;

/// A knob with its range.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct KnobRange {
    /// Its path.
    pub knob: String,
    /// The unit of its values; empty where they have none.
    pub unit: String,
    /// Lowest and highest value.
    pub range: [f64; 2],
    /// Whether values are spread by ratios.
    pub log: bool,
    /// The value that the subject has.
    pub present: Option<f64>,
}

/// A bifurcation diagram of one subject. Where connections are delayed, fixed points, their stability and Hopf points
/// are followed, but no cycles: these would be orbits of an equation with delays. Drives are held: nothing is calibrated anew while the knob turns, and an arm's
/// drugs, stress and adaptation stay as they are at its moment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bifurcation {
    /// The subject: a circuit or an arm.
    pub name: String,
    /// The populations, in the order of the observed rates.
    pub populations: Vec<String>,
    /// The index of the population of most interest.
    pub main_population: usize,
    /// The knob.
    pub knob: KnobRange,
    /// Where fixed points were looked for, from which branches are traced; a branch that passes none of these values of the knob,
    /// and crosses no other, is not found.
    pub looked: Vec<Looked>,
    /// Branches and cycles over it.
    #[serde(flatten)]
    pub diagram: Diagram,
    /// A second knob.
    pub second: Option<KnobRange>,
    /// Folds and Hopf points over both.
    pub curves: Vec<SpecialCurve>,
}

/// A search for fixed points at one value of a knob.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Looked {
    /// The knob's value.
    pub knob: f64,
    /// How many were found.
    pub found: usize,
    /// How they were looked for.
    #[serde(flatten)]
    pub search: Search,
}

/// Why there is no map over two knobs.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum BifurcationError {
    /// The second knob stands outside of its range.
    #[error(
        "`{knob}` stands at {present} {unit}, outside of its range: there the folds and Hopf points of the first knob are \
         taken up"
    )]
    SecondOutside {
        /// The second knob.
        knob: String,
        /// Where it stands.
        present: f64,
        /// Its unit.
        unit: String,
    },
    /// Where the second knob stands is not known.
    #[error("`{knob}` has no present value, at which the folds and Hopf points of the first knob could be taken up")]
    SecondUnknown {
        /// The second knob.
        knob: String,
    },
}

impl Bifurcation {
    /// Follows a subject's fixed points over a knob, and its folds and Hopf points over a second one if there is one. Each
    /// knob's options hold its range.
    ///
    /// # Errors
    /// [`BifurcationError`] where the second knob's range does not hold its present value.
    pub fn new(
        subject: &Subject,
        first: &(Knob, Options),
        second: Option<&(Knob, Options)>,
    ) -> Result<Self, BifurcationError> {
        Self::within(subject, first, second, &Bounds::default())
    }

    /// The same, with branches from the fixed points that lie within bounds.
    ///
    /// # Errors
    /// [`BifurcationError`] where the second knob's range does not hold its present value.
    pub fn within(
        subject: &Subject,
        first: &(Knob, Options),
        second: Option<&(Knob, Options)>,
        bounds: &Bounds,
    ) -> Result<Self, BifurcationError> {
        Self::watched(subject, first, second, bounds, &mut |_, _| ())
    }

    /// The same; `watch` is told how far each search for fixed points is, and at which value of the first knob it searches.
    ///
    /// # Errors
    /// [`BifurcationError`] where the second knob's range does not hold its present value.
    pub fn watched(
        subject: &Subject,
        first: &(Knob, Options),
        second: Option<&(Knob, Options)>,
        bounds: &Bounds,
        watch: &mut dyn FnMut(f64, &Progress),
    ) -> Result<Self, BifurcationError> {
        let mut family = Turned::new(subject, vec![first.clone()]);
        let present = first.0.present(subject);
        let delayed = subject.system.shape.delays() > 0;
        let options = if delayed { first.1.without_cycles() } else { first.1 };
        let share = present.map(|present| options.share(present)).filter(|share| (0.0..=1.0).contains(share));
        let (starts, looked) = starts(subject, &mut family, (&options, share), bounds, watch);
        let diagram = Diagram::trace(&family, &starts, &options);
        let curves = match second {
            None => Vec::new(),
            Some(second) => {
                let share = second_share(subject, second)?;
                let both = Turned::new(subject, vec![first.clone(), second.clone()]);
                special_curves(&both, &diagram.special(), share, [&first.1, &second.1])
            }
        };
        Ok(Self {
            name: subject.name.clone(),
            populations: subject.system.populations(),
            main_population: subject.system.main_population(),
            knob: KnobRange::new(first, present),
            second: second.map(|second| KnobRange::new(second, second.0.present(subject))),
            looked,
            diagram,
            curves,
        })
    }
}

impl Bifurcation {
    /// Cusps and Bogdanov-Takens points over both knobs. One of the latter lies on a curve of folds and on one of Hopf
    /// points, and is named once.
    pub fn corners(&self) -> Vec<(CornerKind, [f64; 2])> {
        let ranges =
            [Some(&self.knob), self.second.as_ref()].map(|knob| knob.map_or(1.0, |knob| knob.range[1] - knob.range[0]));
        let mut corners: Vec<(CornerKind, [f64; 2])> = Vec::new();
        for (kind, point) in self.curves.iter().flat_map(|curve| &curve.corners) {
            let same = |(known, at): &(CornerKind, [f64; 2])| {
                known == kind && [0, 1].iter().all(|k| (at[*k] - point.knobs[*k]).abs() < SAME_CORNER * ranges[*k])
            };
            if !corners.iter().any(same) {
                corners.push((*kind, point.knobs));
            }
        }
        corners
    }
}

impl KnobRange {
    fn new((knob, options): &(Knob, Options), present: Option<f64>) -> Self {
        let settings = options.settings();
        Self {
            knob: knob.path().to_owned(),
            unit: knob.unit().to_owned(),
            range: [settings.p_min, settings.p_max],
            log: settings.log,
            present,
        }
    }
}

fn second_share(subject: &Subject, (knob, options): &(Knob, Options)) -> Result<f64, BifurcationError> {
    let path = knob.path().to_owned();
    let Some(present) = knob.present(subject) else {
        return Err(BifurcationError::SecondUnknown { knob: path });
    };
    let share = options.share(present);
    if (0.0..=1.0).contains(&share) {
        Ok(share)
    } else {
        Err(BifurcationError::SecondOutside { knob: path, present, unit: knob.unit().to_owned() })
    }
}

/// Fixed points from which branches are traced: the subject's own state, and all that are found at the ends of the range and
/// where the knob stands, so that branches that reach neither end are found by their states.
fn starts(
    subject: &Subject,
    family: &mut Turned<'_>,
    (options, present): (&Options, Option<f64>),
    bounds: &Bounds,
    watch: &mut dyn FnMut(f64, &Progress),
) -> (Vec<Start>, Vec<Looked>) {
    let mut starts = Vec::new();
    if let (Some(state), Some(share)) = (&subject.state, present) {
        starts.push(Start { state: state.clone(), share });
    }
    let mut looked = Vec::new();
    for share in searched_at(present) {
        if let Some(system) = family.system(&[share]) {
            let near: Vec<Vec<f64>> = subject.state.iter().cloned().collect();
            let knob = options.value(share);
            let found = fixed_points_within(&system, bounds, &near, &mut |progress| watch(knob, progress));
            found.points.iter().for_each(|point| family.reach(&point.rates));
            let search = Search::of(&found, system.circuit().input_unit);
            looked.push(Looked { knob, found: found.points.len(), search });
            starts.extend(found.points.into_iter().map(|point| Start { state: point.variables, share }));
        }
    }
    (starts, looked)
}

/// The shares of the knob's range at which all fixed points are looked for.
fn searched_at(present: Option<f64>) -> Vec<f64> {
    let inside = present.filter(|share| (0.0..1.0).contains(share) && *share > 0.0);
    [0.0, 1.0].into_iter().chain(inside).collect()
}
