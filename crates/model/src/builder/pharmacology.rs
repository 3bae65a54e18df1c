//! Ligands, receptors and what these do to cells.

use super::quantity::{Amount, Concentration, Duration};
use crate::scenario::{Binding, Effect, Kinetics, Ligand, Peak, Receptor, Route, Scenario, Site};

/// The species of kinetics for which none is said.
const ANY: &str = "any";

impl Ligand {
    /// A ligand that is given intraperitoneally, with the half-lives of its absorption and its elimination.
    #[must_use]
    pub fn intraperitoneal(absorption: Duration, elimination: Duration) -> Self {
        Self::absorbed(Route::Intraperitoneal, absorption, elimination)
    }

    /// A ligand that is given by a route through which it is absorbed first order.
    #[must_use]
    pub fn absorbed(route: Route, absorption: Duration, elimination: Duration) -> Self {
        Self::with(Kinetics {
            route,
            absorption_half_life: Some(absorption.in_minutes()),
            elimination_half_life: elimination.in_minutes(),
            ..Kinetics::default()
        })
    }

    /// A ligand that is given into the blood.
    #[must_use]
    pub fn intravenous(elimination: Duration) -> Self {
        Self::with(Kinetics { elimination_half_life: elimination.in_minutes(), ..Kinetics::default() })
    }

    /// An endogenous ligand that is there all the time.
    #[must_use]
    pub fn endogenous(tone: Concentration) -> Self {
        Self { tone: Some(tone.in_nm()), ..Self::default() }
    }

    fn with(kinetics: Kinetics) -> Self {
        Self { kinetics: [(ANY.to_owned(), kinetics)].into_iter().collect(), ..Self::default() }
    }

    /// Of this dose the free concentration is so much at its highest.
    #[must_use]
    pub fn peak(mut self, concentration: Concentration, dose: Amount) -> Self {
        let peak = Peak { concentration: concentration.in_nm(), dose: dose.in_mg_per_kg(), infusion: None };
        self.kinetics.values_mut().for_each(|kinetics| kinetics.peak = Some(peak.clone()));
        self
    }
}

impl Receptor {
    /// A receptor to which a ligand binds, with its dissociation constant and its efficacy tau in the operational model (Black &
    /// Leff 1983, doi:10.1098/rspb.1983.0093), 0 for an antagonist.
    #[must_use]
    pub fn binding(ligand: &str, dissociation: Concentration, efficacy: f64) -> Self {
        Self::default().and_binding(ligand, dissociation, efficacy)
    }

    /// To which a further ligand binds, competing with the others.
    #[must_use]
    pub fn and_binding(mut self, ligand: &str, dissociation: Concentration, efficacy: f64) -> Self {
        let dissociation = dissociation.in_nm();
        self.binds.push(Binding { ligand: ligand.to_owned(), dissociation, efficacy, ..Binding::default() });
        self
    }

    /// Carried by a share of the cells of a population, where its activation does this.
    #[must_use]
    pub fn on(mut self, population: &str, fraction: f64, effect: Effect) -> Self {
        let site = self.on.entry(population.to_owned()).or_default();
        *site = Site { fraction, ..std::mem::take(site) };
        site.effects.push(effect);
        self
    }
}

impl Effect {
    /// Shifts the input of the population that carries the receptor by so much, in the circuit's input unit, at full
    /// activation.
    #[must_use]
    pub fn drive(shift: f64) -> Self {
        Self { drive: Some(shift), ..Self::default() }
    }

    /// Changes all synapses that the population makes by this share at full activation: -0.4 takes 40 % away.
    #[must_use]
    pub fn output(change: f64) -> Self {
        Self { output: Some(change), ..Self::default() }
    }

    /// Changes the gain of the population's transfer function by this share at full activation.
    #[must_use]
    pub fn gain(change: f64) -> Self {
        Self { gain: Some(change), ..Self::default() }
    }
}

impl Scenario {
    /// With a ligand. Kinetics for which no species is said are those of the scenario's, whichever that is.
    #[must_use]
    pub fn ligand(mut self, name: &str, mut ligand: Ligand) -> Self {
        if let Some(kinetics) = ligand.kinetics.shift_remove(ANY) {
            ligand.kinetics.insert(self.species.clone(), kinetics);
        }
        self.ligands.insert(name.to_owned(), ligand);
        self
    }

    /// With a receptor.
    #[must_use]
    pub fn receptor(mut self, name: &str, receptor: Receptor) -> Self {
        self.receptors.insert(name.to_owned(), receptor);
        self
    }
}
