//! Where and for how long `analyze` looks for fixed points: `--box` and `--seconds`.

use super::AnalyzeArguments;
use crate::analyze::{BoxRange, MOST_VARIABLES};
use crate::units::{Dimension, InputUnit};

/// After how many seconds a search is cut off unless otherwise asked. Searches in ordinary circuits take less than one.
const SECONDS: f64 = 60.0;
/// The longest that may be asked for: a day.
const MOST_SECONDS: f64 = 86_400.0;

/// The ranges that are asked for.
pub(super) fn boxes(arguments: &AnalyzeArguments, input: InputUnit) -> Result<Vec<BoxRange>, String> {
    arguments.r#box.iter().map(|text| range(text, input)).collect()
}

/// The same where there are more variables than frequency responses are computed of: each start takes the cube of them.
const SECONDS_OF_MANY: f64 = 10.0;

/// After how many seconds a search in a circuit of some populations is cut off.
pub(super) fn seconds(arguments: &AnalyzeArguments, populations: usize) -> Result<f64, String> {
    let usual = if populations > MOST_VARIABLES { SECONDS_OF_MANY } else { SECONDS };
    let seconds = arguments.seconds.unwrap_or(usual);
    if seconds > 0.0 && seconds <= MOST_SECONDS {
        Ok(seconds)
    } else {
        Err(format!("--seconds: `{seconds}` is out of range; expected more than 0 s and at most a day, {MOST_SECONDS}"))
    }
}

/// A range such as `E=0..50Hz`, `0..200` or `V=-80..-40 mV`.
fn range(text: &str, input: InputUnit) -> Result<BoxRange, String> {
    let (name, ends) = match text.rsplit_once('=') {
        Some((name, ends)) => (Some(name.trim()), ends),
        None => (None, text),
    };
    let parts = || {
        let (low, high) = ends.split_once("..")?;
        let (high_value, potential) = value(high.trim(), input)?;
        let low = low.trim();
        // A unit that stands once is that of both ends.
        let unit = high.trim().trim_start_matches(|letter: char| !letter.is_alphabetic() || "eE".contains(letter));
        let low = if low.parse::<f64>().is_ok() { format!("{low} {unit}") } else { low.to_owned() };
        let (low_value, of_potential) = value(low.trim(), input)?;
        (potential == of_potential).then(|| BoxRange {
            population: name.map(str::to_owned),
            low: low_value,
            high: high_value,
            potential,
        })
    };
    let expected = "expected one such as --box Pyr=0..50Hz, or --box 0..200Hz for all populations";
    let range = parts().filter(|range| range.population.as_deref() != Some(""));
    range.ok_or_else(|| format!("--box: `{text}` is not a range; {expected}"))
}

/// A number with its unit, and whether it is a potential; a bare number is a rate in Hz.
fn value(text: &str, input: InputUnit) -> Option<(f64, bool)> {
    let bare = text.parse().ok().filter(|value: &f64| value.is_finite());
    bare.or_else(|| Dimension::Rate.read(text, input).ok())
        .map(|value| (value, false))
        .or_else(|| Dimension::Input.read(text, input).ok().map(|value| (value, true)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_have_one_unit_or_two_and_may_be_negative() {
        let read =
            |text: &str| range(text, InputUnit::Millivolt).map(|it| (it.population, it.low, it.high, it.potential));
        let of = |name: &str| Some(name.to_owned());
        assert_eq!(read("E=0..50Hz"), Ok((of("E"), 0.0, 50.0, false)));
        assert_eq!(read("0..200 Hz"), Ok((None, 0.0, 200.0, false)));
        assert_eq!(read("0..1kHz"), Ok((None, 0.0, 1000.0, false)));
        assert_eq!(read("E[3] = -5 .. 5"), Ok((of("E[3]"), -5.0, 5.0, false)));
        assert_eq!(read("V=-80..-40mV"), Ok((of("V"), -80.0, -40.0, true)));
        assert_eq!(read("V=-80 mV..-40 mV"), Ok((of("V"), -80.0, -40.0, true)));
        assert_eq!(read("E=1e2..1e3"), Ok((of("E"), 100.0, 1000.0, false)));
        for wrong in ["E", "E=5", "E=a..b", "E=0..5 furlongs", "E=-80mV..5Hz", "=0..5", "E=0..inf", ""] {
            assert!(read(wrong).unwrap_err().contains("is not a range"), "{wrong}");
        }
    }
}
