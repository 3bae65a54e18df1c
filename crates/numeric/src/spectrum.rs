//! Power spectra of evenly sampled series, one-sided, in the series' unit squared per Hz: their integral over frequency is
//! the variance.

use super::linear::Complex;
use std::f64::consts::{PI, TAU};

/// A one-sided power spectral density.
#[derive(Clone, Debug, PartialEq)]
pub struct Spectrum {
    /// Frequencies in Hz, from 0 to half the sampling rate.
    pub frequencies_hz: Vec<f64>,
    /// Density at each, in the series' unit squared per Hz.
    pub density: Vec<f64>,
}

impl Spectrum {
    /// The frequency above 0 at which the density is highest, refined by a parabola through the logarithms of its
    /// neighbours; none where the density is nowhere above 0.
    pub fn peak(&self) -> Option<f64> {
        let inner = 1..self.density.len();
        let best = inner.max_by(|one, other| self.density[*one].total_cmp(&self.density[*other]))?;
        if self.density[best] <= 0.0 {
            return None;
        }
        let spacing = self.frequencies_hz[1];
        let neighbours = (self.density.get(best - 1), self.density.get(best + 1));
        let (Some(before), Some(after)) = neighbours else { return Some(self.frequencies_hz[best]) };
        let [before, here, after] = [*before, self.density[best], *after].map(libm::log);
        let bend = before - 2.0 * here + after;
        let shift = if best > 1 && bend < 0.0 && bend.is_finite() { 0.5 * (before - after) / bend } else { 0.0 };
        Some(self.frequencies_hz[best] + shift.clamp(-0.5, 0.5) * spacing)
    }
}

/// Welch's estimate (1967, doi:10.1109/TAU.1967.1161901): the mean periodogram of segments of `length` samples (a power of
/// 2) that overlap by half, each freed of its mean and tapered by a Hann window. A series shorter than a segment is one
/// segment, filled up with zeros.
pub fn welch(series: &[f64], interval_s: f64, length: usize) -> Spectrum {
    let length = length.next_power_of_two().max(2);
    let taken = length.min(series.len());
    let taper = hann(taken);
    let segments = (0..).map(|segment| segment * (length / 2)).take_while(|start| start + taken <= series.len());
    let mut density = vec![0.0; length / 2 + 1];
    let mut count = 0.0;
    for start in segments {
        add_periodogram(&series[start..start + taken], &taper, interval_s, &mut density);
        count += 1.0;
    }
    density.iter_mut().for_each(|value| *value /= count);
    spectrum(density, length, interval_s)
}

/// Welch's estimate of a series of which no more than a segment is held at a time.
#[derive(Clone, Debug)]
pub struct Welch {
    interval_s: f64,
    taper: Vec<f64>,
    segment: Vec<f64>,
    density: Vec<f64>,
    segments: u64,
}

impl Welch {
    /// An estimate from segments of `length` samples (a power of 2) that are `interval_s` apart.
    pub fn new(length: usize, interval_s: f64) -> Self {
        let length = length.next_power_of_two().max(2);
        Self {
            interval_s,
            taper: hann(length),
            segment: Vec::with_capacity(length),
            density: vec![0.0; length / 2 + 1],
            segments: 0,
        }
    }

    /// Adds a sample.
    pub fn push(&mut self, sample: f64) {
        self.segment.push(sample);
        if self.segment.len() == self.taper.len() {
            add_periodogram(&self.segment, &self.taper, self.interval_s, &mut self.density);
            self.segments += 1;
            self.segment.drain(..self.taper.len() / 2);
        }
    }

    /// The mean of the periodograms of the segments that are full; none where none is.
    pub fn spectrum(&self) -> Option<Spectrum> {
        let count = self.segments as f64;
        let mean = self.density.iter().map(|value| value / count).collect();
        (self.segments > 0).then(|| spectrum(mean, self.taper.len(), self.interval_s))
    }
}

fn hann(length: usize) -> Vec<f64> {
    (0..length).map(|index| 0.5 - 0.5 * libm::cos(TAU * (index as f64 + 0.5) / length as f64)).collect()
}

/// Thomson's multitaper estimate (1982, doi:10.1109/PROC.1982.12433) with `tapers` sine tapers (Riedel & Sidorenko 1995,
/// doi:10.1109/78.365298), which need no eigenvalue problem and bias little.
pub fn multitaper(series: &[f64], interval_s: f64, tapers: usize) -> Spectrum {
    let count = series.len();
    let length = count.next_power_of_two().max(2);
    let mut density = vec![0.0; length / 2 + 1];
    for order in 1..=tapers.max(1) {
        let wave = |index: usize| libm::sin(PI * order as f64 * (index + 1) as f64 / (count + 1) as f64);
        let taper: Vec<f64> = (0..count).map(wave).collect();
        add_periodogram(series, &taper, interval_s, &mut density);
    }
    density.iter_mut().for_each(|value| *value /= tapers.max(1) as f64);
    spectrum(density, length, interval_s)
}

fn spectrum(density: Vec<f64>, length: usize, interval_s: f64) -> Spectrum {
    let spacing = 1.0 / (length as f64 * interval_s);
    Spectrum { frequencies_hz: (0..density.len()).map(|index| index as f64 * spacing).collect(), density }
}

/// Adds the one-sided periodogram of a tapered segment.
fn add_periodogram(segment: &[f64], taper: &[f64], interval_s: f64, density: &mut [f64]) {
    let length = 2 * (density.len() - 1);
    let mean = segment.iter().sum::<f64>() / segment.len() as f64;
    let power: f64 = taper.iter().map(|weight| weight * weight).sum();
    let mut values = vec![Complex { re: 0.0, im: 0.0 }; length];
    for (value, (sample, weight)) in values.iter_mut().zip(segment.iter().zip(taper)) {
        value.re = (sample - mean) * weight;
    }
    fourier_transform(&mut values);
    for (index, (sum, value)) in density.iter_mut().zip(&values).enumerate() {
        let sides = if index == 0 || index == length / 2 { 1.0 } else { 2.0 };
        *sum += sides * interval_s * (value.re * value.re + value.im * value.im) / power;
    }
}

/// The discrete Fourier transform of a power of 2 of values, in place (Cooley & Tukey 1965,
/// doi:10.1090/S0025-5718-1965-0178586-1). It is ours because libraries choose their instructions, and so their last bits,
/// by the machine.
fn fourier_transform(values: &mut [Complex]) {
    let count = values.len();
    let digits = count.trailing_zeros();
    for index in 0..count {
        let mirrored = index.reverse_bits() >> (usize::BITS - digits);
        if index < mirrored {
            values.swap(index, mirrored);
        }
    }
    let turns: Vec<(f64, f64)> = (0..count / 2)
        .map(|index| -TAU * index as f64 / count as f64)
        .map(|angle| (libm::cos(angle), libm::sin(angle)))
        .collect();
    let mut half = 1;
    while half < count {
        for block in values.chunks_exact_mut(2 * half) {
            let (low, high) = block.split_at_mut(half);
            for (index, (one, other)) in low.iter_mut().zip(high).enumerate() {
                let (cosine, sine) = turns[index * (count / (2 * half))];
                let turned = (other.re * cosine - other.im * sine, other.re * sine + other.im * cosine);
                (other.re, other.im) = (one.re - turned.0, one.im - turned.1);
                (one.re, one.im) = (one.re + turned.0, one.im + turned.1);
            }
        }
        half *= 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::philox::{hash, unit};
    use crate::quantile::normal_quantile;

    fn noise(count: u64) -> Vec<f64> {
        (0..count).map(|index| normal_quantile(unit(hash(3, index)))).collect()
    }

    #[test]
    fn the_transform_is_the_sum_that_defines_it() {
        let series = noise(32);
        let mut values: Vec<Complex> = series.chunks(2).map(|pair| Complex { re: pair[0], im: pair[1] }).collect();
        let given = values.clone();
        fourier_transform(&mut values);
        for (frequency, value) in values.iter().enumerate() {
            let sum = given.iter().enumerate().fold((0.0, 0.0), |(re, im), (time, sample)| {
                let angle = -TAU * (frequency * time) as f64 / 16.0;
                let (cosine, sine) = (libm::cos(angle), libm::sin(angle));
                (re + sample.re * cosine - sample.im * sine, im + sample.re * sine + sample.im * cosine)
            });
            approx::assert_relative_eq!(value.re, sum.0, epsilon = 1e-12);
            approx::assert_relative_eq!(value.im, sum.1, epsilon = 1e-12);
        }
    }

    #[test]
    fn white_noise_is_flat_and_integrates_to_its_variance() {
        let series = noise(1 << 16);
        for spectrum in [welch(&series, 0.001, 256), multitaper(&series, 0.001, 20)] {
            let spacing = spectrum.frequencies_hz[1];
            let total: f64 = spectrum.density.iter().sum::<f64>() * spacing;
            assert!((total - 1.0).abs() < 0.02, "{total}");
            assert_eq!(*spectrum.frequencies_hz.last().unwrap(), 500.0);
            let low: f64 = spectrum.density[1..spectrum.density.len() / 2].iter().sum::<f64>() * spacing;
            assert!((low - 0.5).abs() < 0.02, "{low}");
        }
    }

    #[test]
    fn a_series_that_comes_by_and_by_has_the_same_spectrum() {
        let series = noise(1_000);
        let mut running = Welch::new(128, 0.01);
        assert_eq!(running.spectrum(), None);
        series.iter().for_each(|sample| running.push(*sample));
        assert_eq!(running.spectrum(), Some(welch(&series, 0.01, 128)));
    }

    #[test]
    fn a_short_series_has_a_spectrum_too_and_silence_no_peak() {
        assert_eq!(welch(&[1.0; 10], 0.1, 64).peak(), None);
        let tone: Vec<f64> = (0..50).map(|index| libm::sin(TAU * 0.2 * f64::from(index))).collect();
        approx::assert_relative_eq!(welch(&tone, 1.0, 64).peak().unwrap(), 0.2, max_relative = 0.02);
    }
}
