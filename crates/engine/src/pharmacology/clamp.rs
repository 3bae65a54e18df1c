//! Concentrations held at chosen numbers, with what follows them at its equilibrium.

use super::Pharmacology;
use crate::numeric::lanes::{Lanes, Row, Simd};

impl<const G: usize> Pharmacology<G> {
    /// Puts free concentrations (ligand by index, nM) in the place of those that were computed.
    #[inline(always)]
    pub fn clamp(&self, concentrations: &[(usize, f64)], exposures: &mut [Row<G>], signals: &mut [Row<G>]) {
        for (exposure, row) in self.exposures.iter().zip(exposures) {
            if let Some((_, value)) = concentrations.iter().find(|(ligand, _)| *ligand == exposure.ligand) {
                *row = Row::splat(*value);
                if let Some(signal) = exposure.signal {
                    signals[signal] = *row;
                }
            }
        }
    }

    /// Puts what clamped ligands release, and what they bind slowly, to where it would come to rest.
    #[inline(always)]
    pub fn settle_on<S: Simd>(
        &self,
        simd: S,
        concentrations: &[(usize, f64)],
        exposures: &[Row<G>],
        (signals, rest): (&[Row<G>], &[Row<G>]),
        states: &mut [Row<G>],
    ) {
        let one = Lanes::splat(simd, 1.0);
        let clamped = |ligand: usize| concentrations.iter().any(|(known, _)| *known == ligand);
        for ligand in &self.ligands {
            let Some(release) = &ligand.release else { continue };
            let by = |exposure: &&super::Exposure<G>| exposure.signal == Some(release.rise.signal);
            if self.exposures.iter().find(by).is_some_and(|exposure| clamped(exposure.ligand)) {
                let tone = Lanes::load(simd, &ligand.tone);
                release.target(simd, tone, signals, rest).store(&mut states[release.state]);
            }
        }
        for receptor in &self.receptors {
            let mut bound = one + Lanes::load(simd, &receptor.tone_ratio);
            let mut left = one;
            let follows = |exposure: usize| clamped(self.exposures[exposure].ligand);
            for binding in &receptor.bindings {
                match &binding.slow {
                    Some(slow) if !follows(binding.exposure) => left = left - Lanes::load(simd, &states[slow.state]),
                    _ => bound = bound + binding.ratio(simd, exposures),
                }
            }
            for binding in receptor.bindings.iter().filter(|binding| follows(binding.exposure)) {
                if let Some(slow) = &binding.slow {
                    (binding.ratio(simd, exposures) * left / bound).store(&mut states[slow.state]);
                }
            }
        }
    }
}
