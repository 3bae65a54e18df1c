//! Builds the pharmacology of a block from the specification of each lane.

use super::kinetics::Disposition;
use super::receptor::{Binding, Blocker, Desensitisation, Enhancement, Receptor, Site, SlowBinding};
use super::{CourseRates, Exposure, Ligand, Pharmacology, Release};
use crate::numeric::lanes::Row;
use crate::scenario::{self, Scenario};
use crate::signals::{Board, Hill, Relaxation, States};

/// Which concentration a course is: a ligand's, or that of one of its forms.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CourseKey {
    /// Index of the ligand.
    pub ligand: usize,
    /// The form; empty for the plain ligand.
    pub form: String,
}

/// How the scenario's species disposes of a ligand; none where it has no kinetics there.
pub fn species_disposition(scenario: &Scenario, ligand: usize) -> Option<Disposition> {
    let (_, ligand) = scenario.ligands.get_index(ligand)?;
    Some(Disposition::new(ligand.kinetics.get(&scenario.species)?, ligand))
}

/// Builds ligands, receptors and sites. Lane `i` takes its numbers from `lanes[i]`, all of one structure; the last fills
/// the lanes that are left. `forms` are the forms of ligands that any dose or bath gives.
///
/// Signals are added to the board and slow variables to the states.
pub fn build<const G: usize>(
    lanes: &[&Scenario],
    forms: &[CourseKey],
    board: &mut Board,
    states: &mut States<G>,
) -> Pharmacology<G> {
    let mut builder = Builder { lanes, board, states, exposures: Vec::new(), courses: Vec::new() };
    builder.courses(forms);
    for (index, name) in lanes[0].ligands.keys().enumerate() {
        let signal = builder.board.add(format!("concentration.{name}"));
        let exposure = builder.exposure(index, None);
        builder.exposures[exposure].signal = Some(signal);
    }
    let mut receptors = Vec::new();
    let mut sites = Vec::new();
    for (index, name) in lanes[0].receptors.keys().enumerate() {
        receptors.push(builder.receptor(name));
        for population in lanes[0].receptors[name].on.keys() {
            sites.push(builder.site(index, name, population));
        }
    }
    for name in scenario::Signal::referred_to(lanes[0]) {
        builder.signal(&name);
    }
    // Last, because what raises a release may be any signal.
    let ligands = lanes[0].ligands.keys().enumerate().map(|(index, name)| builder.ligand(index, name)).collect();
    Pharmacology { ligands, receptors, sites, courses: builder.courses, exposures: builder.exposures }
}

struct Builder<'a, const G: usize> {
    lanes: &'a [&'a Scenario],
    board: &'a mut Board,
    states: &'a mut States<G>,
    exposures: Vec<Exposure<G>>,
    courses: Vec<CourseRates<G>>,
}

impl<const G: usize> Builder<'_, G> {
    fn row(&self, pick: impl Fn(&Scenario) -> f64) -> Row<G> {
        Row::from_fn(|lane| pick(self.lanes[lane.min(self.lanes.len() - 1)]))
    }

    /// A row of one number of a binding; lanes share their structure, so the binding is there in each.
    fn binding_row(&self, receptor: &str, index: usize, pick: impl Fn(&scenario::Binding) -> f64) -> Row<G> {
        self.row(|scenario| scenario.receptors.get(receptor).and_then(|r| r.binds.get(index)).map_or(0.0, &pick))
    }

    fn site_row(
        &self,
        receptor: &str,
        population: &str,
        pick: impl Fn(&scenario::Receptor, &scenario::Site) -> f64,
    ) -> Row<G> {
        self.row(|scenario| {
            let receptor = scenario.receptors.get(receptor);
            receptor.and_then(|receptor| Some(pick(receptor, receptor.on.get(population)?))).unwrap_or(0.0)
        })
    }

    fn courses(&mut self, forms: &[CourseKey]) {
        let plain = (0..self.lanes[0].ligands.len()).map(|ligand| CourseKey { ligand, form: String::new() });
        for key in plain.chain(forms.iter().cloned()) {
            if self.courses.iter().any(|course| course.key == key) {
                continue;
            }
            let rates_of = |scenario: &Scenario| {
                species_disposition(scenario, key.ligand).map_or(Vec::new(), |disposition| disposition.rates())
            };
            let phases = rates_of(self.lanes[0]).len();
            let rates = (0..phases)
                .map(|phase| self.row(|scenario| rates_of(scenario).get(phase).copied().unwrap_or(0.0)))
                .collect();
            self.courses.push(CourseRates { key, rates });
        }
    }

    /// The exposure of a ligand as a receptor sees it, or of all its forms alike where no receptor is named.
    fn exposure(&mut self, ligand: usize, receptor: Option<&str>) -> usize {
        let potencies: Vec<(usize, Row<G>)> = self
            .courses
            .iter()
            .enumerate()
            .filter(|(_, course)| course.key.ligand == ligand)
            .map(|(index, course)| {
                let form = &course.key.form;
                let potency = |scenario: &Scenario| {
                    let (_, ligand) = scenario.ligands.get_index(ligand)?;
                    ligand.forms.get(form)?.potency.get(receptor?).copied()
                };
                (index, self.row(|scenario| potency(scenario).unwrap_or(1.0)))
            })
            .collect();
        // Numbers do not decide which exposures are one: a lane would depend on its neighbours.
        let forms = self.lanes[0].ligands.get_index(ligand).map(|(_, ligand)| &ligand.forms);
        let told_apart =
            |name: &&str| forms.is_some_and(|forms| forms.values().any(|form| form.potency.contains_key(*name)));
        let receptor = receptor.filter(told_apart).map(str::to_owned);
        let same = |other: &Exposure<G>| other.ligand == ligand && other.receptor == receptor;
        if let Some(known) = self.exposures.iter().position(same) {
            return known;
        }
        self.exposures.push(Exposure { ligand, receptor, potencies, signal: None });
        self.exposures.len() - 1
    }

    fn exposure_named(&mut self, ligand: &str, receptor: Option<&str>) -> usize {
        let index = self.lanes[0].ligands.get_index_of(ligand).unwrap_or(0);
        self.exposure(index, receptor)
    }

    /// The index of a signal that something depends on. Concentrations weighted for a receptor become signals here.
    fn signal(&mut self, name: &str) -> usize {
        if let Some(scenario::Signal::Concentration { ligand, receptor: Some(receptor) }) =
            scenario::Signal::parse(name)
        {
            let exposure = self.exposure_named(&ligand, Some(&receptor));
            if self.board.index(name).is_none() {
                let signal = Some(self.board.add(name));
                let shared = Exposure { signal, ..self.exposures[exposure].clone() };
                self.exposures.push(shared);
            }
        }
        self.board.add(name)
    }

    fn ligand(&mut self, index: usize, name: &str) -> Ligand<G> {
        let pick = |pick: &dyn Fn(&scenario::Ligand) -> f64, lanes: &Self| {
            lanes.row(|scenario| scenario.ligands.get(name).map_or(0.0, pick))
        };
        let tone = pick(&|ligand| ligand.tone.unwrap_or(0.0), self);
        let free = pick(&|ligand| ligand.free, self);
        let release = self.lanes[0].ligands.get_index(index).and_then(|(_, ligand)| ligand.release.clone());
        let release = release.map(|release| {
            let signal = self.signal(&release.by);
            let of = |get: &dyn Fn(&scenario::Release) -> f64, lanes: &Self| {
                pick(&|ligand: &scenario::Ligand| ligand.release.as_ref().map_or(0.0, get), lanes)
            };
            let relaxation = Relaxation {
                rise: of(&|release| 1.0 / release.rise, self),
                fall: of(&|release| 1.0 / release.fall, self),
            };
            Release {
                rise: Hill {
                    signal,
                    maximum: of(&|release| release.maximum, self),
                    half: of(&|release| release.ec50, self),
                    exponent: of(&|release| release.hill, self),
                },
                state: self.states.add(format!("release.{name}"), tone, relaxation.fastest()),
                relaxation,
            }
        });
        Ligand { name: name.to_owned(), free, tone, release }
    }

    fn receptor(&mut self, name: &str) -> Receptor<G> {
        let spec = self.lanes[0].receptors[name].clone();
        let of = |pick: &dyn Fn(&scenario::Receptor) -> f64, lanes: &Self| {
            lanes.row(|scenario| scenario.receptors.get(name).map_or(0.0, pick))
        };
        let tone = |pick: &dyn Fn(&scenario::Tone) -> f64, lanes: &Self| {
            of(&|receptor: &scenario::Receptor| receptor.tone.as_ref().map_or(0.0, pick), lanes)
        };
        let slope = of(&|receptor| receptor.slope, self);
        let bindings =
            spec.binds.iter().enumerate().map(|(index, binding)| self.binding(name, index, binding)).collect();
        Receptor {
            name: name.to_owned(),
            tone_ratio: tone(&|tone| tone.occupancy_ratio, self),
            tone_efficacy: tone(&|tone| tone.efficacy, self),
            bindings,
            slope: (slope != Row::splat(1.0)).then_some(slope),
        }
    }

    fn binding(&mut self, receptor: &str, index: usize, spec: &scenario::Binding) -> Binding<G> {
        let exposure = self.exposure_named(&spec.ligand, Some(receptor));
        let enhancement = spec.enhanced_by.as_ref().map(|enhancement| {
            let exposure = self.exposure_named(&enhancement.ligand, Some(receptor));
            let of = |pick: &dyn Fn(&scenario::receptor::Enhancement) -> f64| {
                self.binding_row(receptor, index, |binding| binding.enhanced_by.as_ref().map_or(0.0, pick))
            };
            Enhancement { exposure, gain: of(&|e| e.gain), dissociation: of(&|e| e.dissociation) }
        });
        let slow = spec.off_half_life.map(|_| {
            let off_rate = self.binding_row(receptor, index, |binding| {
                binding.off_half_life.map_or(0.0, |half_life| std::f64::consts::LN_2 / half_life)
            });
            let resting = self.row(|scenario| resting_occupancy(scenario, receptor, index));
            SlowBinding {
                state: self.states.add(format!("bound.{receptor}.{}", spec.ligand), resting, off_rate),
                off_rate,
            }
        });
        Binding {
            exposure,
            inverse_dissociation: self.binding_row(receptor, index, |binding| 1.0 / binding.dissociation),
            efficacy: self.binding_row(receptor, index, |binding| binding.efficacy),
            enhancement,
            slow,
            occupancy: self.board.add(format!("occupancy.{receptor}.{}", spec.ligand)),
        }
    }

    fn site(&mut self, index: usize, receptor: &str, population: &str) -> Site<G> {
        let spec = self.lanes[0].receptors[receptor].clone();
        let blockers: Vec<Blocker<G>> = spec
            .blocked_by
            .iter()
            .enumerate()
            .map(|(blocker, spec)| self.blocker(receptor, population, blocker, spec))
            .collect();
        let activation = self.board.add(format!("activation.{receptor}.{population}"));
        let block = (!blockers.is_empty()).then(|| self.board.add(format!("block.{receptor}.{population}")));
        let gates: Vec<(usize, Row<G>)> = spec.on[population]
            .desensitisation_gate
            .keys()
            .map(|name| {
                let weight = |_: &scenario::Receptor, site: &scenario::Site| {
                    site.desensitisation_gate.get(name).copied().unwrap_or(0.0)
                };
                (self.signal(name), self.site_row(receptor, population, weight))
            })
            .collect();
        let desensitisation = spec.desensitisation.as_ref().map(|_| {
            let of = |pick: &dyn Fn(&scenario::Desensitisation) -> f64| {
                self.site_row(receptor, population, |receptor, _| receptor.desensitisation.as_ref().map_or(0.0, pick))
            };
            let (onset, recovery) = (of(&|d| 1.0 / d.onset), of(&|d| 1.0 / d.recovery));
            let name = format!("desensitisation.{receptor}.{population}");
            let fastest = Row::from_fn(|lane| onset.get(lane) + recovery.get(lane));
            let state = self.states.add(name.clone(), Row::ZERO, fastest);
            Desensitisation { state, onset, recovery, gates, signal: self.board.add(name) }
        });
        Site { receptor: index, population: population.to_owned(), blockers, desensitisation, activation, block }
    }

    fn blocker(&mut self, receptor: &str, population: &str, index: usize, spec: &scenario::Blocker) -> Blocker<G> {
        let exposure = self.exposure_named(&spec.ligand, Some(receptor));
        let of = |pick: &dyn Fn(&scenario::Blocker) -> f64| {
            self.site_row(receptor, population, |receptor, _| receptor.blocked_by.get(index).map_or(0.0, pick))
        };
        let hill = of(&|blocker| blocker.hill);
        Blocker {
            exposure,
            inverse_ic50: of(&|blocker| blocker.ic50.of(population).map_or(0.0, |ic50| 1.0 / ic50)),
            hill: (hill != Row::splat(1.0)).then_some(hill),
        }
    }
}

/// The occupancy at rest of a ligand with a slow off-rate: that of equilibrium at its tone.
fn resting_occupancy(scenario: &Scenario, receptor: &str, index: usize) -> f64 {
    let Some(receptor) = scenario.receptors.get(receptor) else { return 0.0 };
    let ratio = |binding: &scenario::Binding| {
        let ligand = scenario.ligands.get(&binding.ligand);
        ligand.map_or(0.0, |ligand| ligand.tone.unwrap_or(0.0) * ligand.free / binding.dissociation)
    };
    let tone = receptor.tone.as_ref().map_or(0.0, |tone| tone.occupancy_ratio);
    let bound: f64 = 1.0 + tone + receptor.binds.iter().map(ratio).sum::<f64>();
    receptor.binds.get(index).map_or(0.0, |binding| ratio(binding) / bound)
}
