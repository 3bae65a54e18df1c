//! Receptors over lanes: from concentrations to occupancy, and from occupancy to activation.

use crate::numeric::functions::pow;
use crate::numeric::lanes::{Lanes, Row, Simd};

/// A receptor's binding site.
#[derive(Clone, Debug)]
pub struct Receptor<const G: usize> {
    /// Its name.
    pub name: String,
    /// C/K of the constant endogenous agonist.
    pub tone_ratio: Row<G>,
    /// Efficacy of the constant endogenous agonist.
    pub tone_efficacy: Row<G>,
    /// Ligands that compete for the site.
    pub bindings: Vec<Binding<G>>,
    /// Steepness of the transducer; none where it is 1 in every lane.
    pub slope: Option<Row<G>>,
}

/// A ligand at a binding site.
#[derive(Clone, Debug)]
pub struct Binding<const G: usize> {
    /// Which exposure gives its concentration.
    pub exposure: usize,
    /// 1/K, per nM.
    pub inverse_dissociation: Row<G>,
    /// Efficacy in the operational model.
    pub efficacy: Row<G>,
    /// What enhances the efficacy.
    pub enhancement: Option<Enhancement<G>>,
    /// Where binding is slower than equilibrium.
    pub slow: Option<SlowBinding<G>>,
    /// Index of the occupancy among the signals.
    pub occupancy: usize,
}

/// An allosteric enhancer: efficacy times `1 + gain C/(C + K)`.
#[derive(Clone, Debug)]
pub struct Enhancement<const G: usize> {
    /// Which exposure gives the enhancer's concentration.
    pub exposure: usize,
    /// Largest relative rise.
    pub gain: Row<G>,
    /// Concentration of half the rise, nM.
    pub dissociation: Row<G>,
}

/// Binding with its own kinetics: `d rho/dt = k_off (C/K free - rho)`, `free` the share of receptors that nothing binds.
#[derive(Clone, Debug)]
pub struct SlowBinding<const G: usize> {
    /// Index of the occupancy among the states.
    pub state: usize,
    /// Rate of unbinding, per min.
    pub off_rate: Row<G>,
}

/// What binding yields at one moment.
pub struct Bound<S: Simd, const G: usize> {
    /// `sum_j efficacy_j occupancy_j`: the stimulus before availability and desensitisation.
    pub stimulus: Lanes<S, G>,
    /// The share of receptors that nothing binds.
    pub free: Lanes<S, G>,
}

impl<const G: usize> Receptor<G> {
    /// Competitive binding (Gaddum 1937, doi:10.1113/jphysiol.1937.sp003447) of the fast ligands and the tone to what
    /// the slow ones leave, given all concentrations in nM. Writes each ligand's occupancy among the signals.
    #[inline(always)]
    pub fn bind<S: Simd>(
        &self,
        simd: S,
        exposures: &[Row<G>],
        states: &[Row<G>],
        signals: &mut [Row<G>],
    ) -> Bound<S, G> {
        let one = Lanes::splat(simd, 1.0);
        let tone = Lanes::load(simd, &self.tone_ratio);
        let mut bound = one + tone;
        let mut left = one;
        for binding in &self.bindings {
            match &binding.slow {
                Some(slow) => left = left - Lanes::load(simd, &states[slow.state]),
                None => bound = bound + binding.ratio(simd, exposures),
            }
        }
        let free = left / bound;
        let mut stimulus = tone * free * Lanes::load(simd, &self.tone_efficacy);
        for binding in &self.bindings {
            let occupancy = match &binding.slow {
                Some(slow) => Lanes::load(simd, &states[slow.state]),
                None => binding.ratio(simd, exposures) * free,
            };
            occupancy.store(&mut signals[binding.occupancy]);
            stimulus = occupancy.mul_add(binding.enhanced_efficacy(simd, exposures), stimulus);
        }
        Bound { stimulus, free }
    }

    /// `S^n / (1 + S^n)` (Black & Leff 1983, doi:10.1098/rspb.1983.0093).
    #[inline(always)]
    pub fn transduce<S: Simd>(&self, simd: S, stimulus: Lanes<S, G>) -> Lanes<S, G> {
        let one = Lanes::splat(simd, 1.0);
        let raised = match &self.slope {
            None => stimulus,
            Some(slope) => pow(simd, stimulus, Lanes::load(simd, slope)),
        };
        raised / (one + raised)
    }
}

impl<const G: usize> Binding<G> {
    /// C/K.
    #[inline(always)]
    pub fn ratio<S: Simd>(&self, simd: S, exposures: &[Row<G>]) -> Lanes<S, G> {
        Lanes::load(simd, &exposures[self.exposure]) * Lanes::load(simd, &self.inverse_dissociation)
    }

    #[inline(always)]
    fn enhanced_efficacy<S: Simd>(&self, simd: S, exposures: &[Row<G>]) -> Lanes<S, G> {
        let efficacy = Lanes::load(simd, &self.efficacy);
        match &self.enhancement {
            None => efficacy,
            Some(enhancement) => {
                let concentration = Lanes::load(simd, &exposures[enhancement.exposure]);
                let share = concentration / (concentration + Lanes::load(simd, &enhancement.dissociation));
                efficacy * Lanes::load(simd, &enhancement.gain).mul_add(share, Lanes::splat(simd, 1.0))
            }
        }
    }
}

/// A receptor on the cells of one population.
#[derive(Clone, Debug)]
pub struct Site<const G: usize> {
    /// Which receptor.
    pub receptor: usize,
    /// Which population, by name.
    pub population: String,
    /// Channel blockers, with the IC50 of these cells.
    pub blockers: Vec<Blocker<G>>,
    /// Desensitisation.
    pub desensitisation: Option<Desensitisation<G>>,
    /// Index of the activation among the signals.
    pub activation: usize,
    /// Index of the channel block among the signals, where there are blockers.
    pub block: Option<usize>,
}

/// A channel blocker on one population's cells.
#[derive(Clone, Debug)]
pub struct Blocker<const G: usize> {
    /// Which exposure gives its concentration.
    pub exposure: usize,
    /// 1/IC50, per nM.
    pub inverse_ic50: Row<G>,
    /// Steepness; none where it is 1 in every lane.
    pub hill: Option<Row<G>>,
}

/// `dz/dt = gate max(0, A - A_rest) (1 - z) / onset - z / recovery`.
#[derive(Clone, Debug)]
pub struct Desensitisation<const G: usize> {
    /// Index of z among the states.
    pub state: usize,
    /// 1/onset, per min.
    pub onset: Row<G>,
    /// 1/recovery, per min.
    pub recovery: Row<G>,
    /// Signals that gate the onset, with their weights: factor `1 - g (1 - signal / resting signal)` for each.
    pub gates: Vec<(usize, Row<G>)>,
    /// Index of z among the signals.
    pub signal: usize,
}

/// Below this a resting signal counts as absent, and does not gate.
const SMALLEST_GATING_REST: f64 = 1e-9;

impl<const G: usize> Site<G> {
    /// Activation of the site, its channel block and desensitisation, written among the signals.
    #[inline(always)]
    pub fn activate<S: Simd>(
        &self,
        simd: S,
        receptor: &Receptor<G>,
        bound: &Bound<S, G>,
        available: &Row<G>,
        moment: &mut Moment<'_, G>,
    ) {
        let one = Lanes::splat(simd, 1.0);
        let mut stimulus = Lanes::load(simd, available) * bound.stimulus;
        if let Some(desensitisation) = &self.desensitisation {
            let lost = Lanes::load(simd, &moment.states[desensitisation.state]);
            lost.store(&mut moment.signals[desensitisation.signal]);
            stimulus = stimulus * (one - lost);
        }
        let mut activation = receptor.transduce(simd, stimulus);
        if let Some(block) = self.block {
            let blocked = self.channel_block(simd, moment.exposures);
            blocked.store(&mut moment.signals[block]);
            activation = activation * (one - blocked);
        }
        activation.store(&mut moment.signals[self.activation]);
    }

    /// `X^h/(1 + X^h)`, X the sum over blockers of C/IC50; h is their Hill coefficient, or the mean of theirs by their
    /// shares of X.
    #[inline(always)]
    fn channel_block<S: Simd>(&self, simd: S, exposures: &[Row<G>]) -> Lanes<S, G> {
        let (zero, one) = (Lanes::splat(simd, 0.0), Lanes::splat(simd, 1.0));
        let mut sum = zero;
        for blocker in &self.blockers {
            sum = sum + blocker.ratio(simd, exposures);
        }
        if self.blockers.iter().any(|blocker| blocker.hill.is_some()) {
            let first = self.blockers[0].hill(simd);
            // Counted from the first, the mean of equal coefficients is exactly that.
            let mut excess = zero;
            for blocker in &self.blockers[1..] {
                excess = excess + (blocker.hill(simd) - first) * blocker.ratio(simd, exposures);
            }
            let present = sum.gt(zero);
            let hill = first + present.select(excess / present.select(sum, one), zero);
            sum = pow(simd, sum, hill);
        }
        sum / (one + sum)
    }
}

impl<const G: usize> Blocker<G> {
    /// C/IC50.
    #[inline(always)]
    fn ratio<S: Simd>(&self, simd: S, exposures: &[Row<G>]) -> Lanes<S, G> {
        Lanes::load(simd, &exposures[self.exposure]) * Lanes::load(simd, &self.inverse_ic50)
    }

    #[inline(always)]
    fn hill<S: Simd>(&self, simd: S) -> Lanes<S, G> {
        match &self.hill {
            Some(hill) => Lanes::load(simd, hill),
            None => Lanes::splat(simd, 1.0),
        }
    }
}

impl<const G: usize> Desensitisation<G> {
    /// dz/dt per min, given the signals now and at rest.
    #[inline(always)]
    pub fn derivative<S: Simd>(
        &self,
        simd: S,
        activation: usize,
        states: &[Row<G>],
        signals: &[Row<G>],
        rest: &[Row<G>],
    ) -> Lanes<S, G> {
        let zero = Lanes::splat(simd, 0.0);
        let one = Lanes::splat(simd, 1.0);
        let departure = Lanes::load(simd, &signals[activation]) - Lanes::load(simd, &rest[activation]);
        let mut onset = Lanes::load(simd, &self.onset) * departure.max(zero);
        for (signal, weight) in &self.gates {
            let resting = Lanes::load(simd, &rest[*signal]);
            let ratio = Lanes::load(simd, &signals[*signal]) / resting;
            let ratio = resting.gt(Lanes::splat(simd, SMALLEST_GATING_REST)).select(ratio, one);
            onset = onset * (one - Lanes::load(simd, weight) * (one - ratio)).max(zero);
        }
        let lost = Lanes::load(simd, &states[self.state]);
        onset * (one - lost) - Lanes::load(simd, &self.recovery) * lost
    }
}

/// What a site reads and writes at one moment.
pub struct Moment<'a, const G: usize> {
    /// Concentrations as seen by receptors, nM.
    pub exposures: &'a [Row<G>],
    /// Slow states.
    pub states: &'a [Row<G>],
    /// All signals.
    pub signals: &'a mut [Row<G>],
}
