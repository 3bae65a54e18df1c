//! Quantities with units: read from text ("20 ms", "3 uM", "10 mg/kg"), kept as bare numbers in one base unit
//! per dimension, printed again with the unit that reads best.
//!
//! Units live at the border of the program only. Inside, a number's unit is that of its [`Dimension`]:
//!
//! | dimension | base unit | also read |
//! |---|---|---|
//! | [`Dimension::Number`], [`Dimension::Fraction`] | 1 | % |
//! | [`Dimension::CircuitTime`] | ms | us, s, min |
//! | [`Dimension::Time`] | min | ms, s, h, d, wk |
//! | [`Dimension::Rate`] | Hz | kHz, 1/s |
//! | [`Dimension::Input`] | the circuit's input unit | multiples of it |
//! | [`Dimension::Weight`], [`Dimension::InputSlope`] | input unit per Hz, 1 per input unit | bare numbers |
//! | [`Dimension::Concentration`] | nM | M, mM, uM, pM |
//! | [`Dimension::Dose`] | mg/kg | g/kg, ug/kg |
//! | [`Dimension::DoseRate`] | mg/kg/min | mg/kg/h, ug/kg/min |
//! | [`Dimension::MolarMass`] | g/mol | kg/mol |
//! | [`Dimension::VolumePerMass`] | L/kg | mL/kg, mL/g |
//! | [`Dimension::Potential`] | mV | V, uV |
//! | [`Dimension::Conductance`] | the circuit's input unit per mV (pA: nS; nA: uS) | nS, uS; bare numbers |

use std::fmt;

/// What a number measures; it fixes the base unit in which the program holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dimension {
    /// A plain number.
    Number,
    /// A share, usually 0 to 1.
    Fraction,
    /// A time of the fast circuit, in ms.
    CircuitTime,
    /// A time of the experiment, in min.
    Time,
    /// A firing rate, in Hz.
    Rate,
    /// An input to a population, in the circuit's input unit.
    Input,
    /// A synaptic weight, in input units per Hz.
    Weight,
    /// The weight of a class of synapses: in input units where it has a gate from 0 to 1, else in input units per Hz.
    GatedWeight,
    /// A steepness along the input axis, in 1 per input unit.
    InputSlope,
    /// A molar concentration, in nM.
    Concentration,
    /// An amount of drug per body mass, in mg/kg.
    Dose,
    /// An amount of drug per body mass and time, in mg/kg/min.
    DoseRate,
    /// A molar mass, in g/mol.
    MolarMass,
    /// A volume of distribution per body mass, in L/kg.
    VolumePerMass,
    /// A membrane potential, in mV.
    Potential,
    /// What turns a potential into an input, in the circuit's input unit per mV.
    Conductance,
}

/// The unit in which a circuit counts the input to its populations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InputUnit {
    /// Millivolt.
    #[default]
    Millivolt,
    /// Picoampere.
    Picoampere,
    /// Nanoampere.
    Nanoampere,
    /// No unit.
    None,
}

impl InputUnit {
    /// Every input unit, as it is written in a circuit file.
    pub const NAMES: &'static [&'static str] = &["mV", "pA", "nA", "none"];

    /// The unit of that name, if there is one.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "mV" => Some(Self::Millivolt),
            "pA" => Some(Self::Picoampere),
            "nA" => Some(Self::Nanoampere),
            "none" => Some(Self::None),
            _ => None,
        }
    }

    /// The name as written in a circuit file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Millivolt => "mV",
            Self::Picoampere => "pA",
            Self::Nanoampere => "nA",
            Self::None => "none",
        }
    }

    /// The symbol printed after a number; empty where there is no unit.
    pub fn symbol(self) -> &'static str {
        if self == Self::None { "" } else { self.name() }
    }

    fn scales(self) -> &'static [(&'static str, f64)] {
        match self {
            Self::Millivolt => &[("mV", 1.0), ("V", 1e3), ("uV", 1e-3)],
            Self::Picoampere => &[("pA", 1.0), ("nA", 1e3), ("uA", 1e6)],
            Self::Nanoampere => &[("nA", 1.0), ("pA", 1e-3), ("uA", 1e3)],
            Self::None => &[],
        }
    }
}

/// Why a text is not a quantity of the dimension asked for.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum QuantityError {
    /// There is no number at the start of the text.
    #[error("`{text}` does not start with a number")]
    NotANumber {
        /// The text read.
        text: String,
    },
    /// The number is NaN, infinite, or overflows.
    #[error("`{text}` is not a finite number")]
    NotFinite {
        /// The text read.
        text: String,
    },
    /// The unit is unknown, or of another dimension.
    #[error("the unit `{unit}` does not fit here")]
    WrongUnit {
        /// The unit read.
        unit: String,
    },
    /// A unit is needed and none was given.
    #[error("a unit is missing")]
    NoUnit,
}

impl Dimension {
    /// The units that may be written, each with the factor that brings it to the base unit; base unit first.
    fn scales(self, input: InputUnit) -> &'static [(&'static str, f64)] {
        match self {
            Self::Number => &[],
            Self::Fraction => &[("%", 0.01)],
            Self::CircuitTime => &[("ms", 1.0), ("us", 1e-3), ("s", 1e3), ("min", 6e4)],
            Self::Time => &[
                ("min", 1.0),
                ("s", 1.0 / 60.0),
                ("ms", 1.0 / 60_000.0),
                ("h", 60.0),
                ("d", 1_440.0),
                ("wk", 10_080.0),
            ],
            Self::Rate => &[("Hz", 1.0), ("kHz", 1e3), ("1/s", 1.0)],
            Self::Input => input.scales(),
            Self::Weight => match input {
                InputUnit::Millivolt => &[("mV/Hz", 1.0)],
                InputUnit::Picoampere => &[("pA/Hz", 1.0)],
                InputUnit::Nanoampere => &[("nA/Hz", 1.0)],
                InputUnit::None => &[("1/Hz", 1.0)],
            },
            Self::GatedWeight => match input {
                InputUnit::Millivolt => &[("mV", 1.0), ("mV/Hz", 1.0)],
                InputUnit::Picoampere => &[("pA", 1.0), ("pA/Hz", 1.0)],
                InputUnit::Nanoampere => &[("nA", 1.0), ("nA/Hz", 1.0)],
                InputUnit::None => &[],
            },
            Self::InputSlope => match input {
                InputUnit::Millivolt => &[("1/mV", 1.0)],
                InputUnit::Picoampere => &[("1/pA", 1.0)],
                InputUnit::Nanoampere => &[("1/nA", 1.0)],
                InputUnit::None => &[],
            },
            Self::Concentration => &[("nM", 1.0), ("uM", 1e3), ("mM", 1e6), ("M", 1e9), ("pM", 1e-3)],
            Self::Dose => &[("mg/kg", 1.0), ("g/kg", 1e3), ("ug/kg", 1e-3)],
            Self::DoseRate => &[
                ("mg/kg/min", 1.0),
                ("mg/kg/h", 1.0 / 60.0),
                ("mg/kg/d", 1.0 / 1_440.0),
                ("ug/kg/min", 1e-3),
                ("ug/kg/h", 1e-3 / 60.0),
            ],
            Self::MolarMass => &[("g/mol", 1.0), ("kg/mol", 1e3)],
            Self::VolumePerMass => &[("L/kg", 1.0), ("mL/kg", 1e-3), ("mL/g", 1.0)],
            Self::Potential => &[("mV", 1.0), ("V", 1e3), ("uV", 1e-3)],
            Self::Conductance => match input {
                InputUnit::Picoampere => &[("nS", 1.0), ("uS", 1e3)],
                InputUnit::Nanoampere => &[("uS", 1.0), ("nS", 1e-3)],
                InputUnit::Millivolt | InputUnit::None => &[],
            },
        }
    }

    /// Whether a number without a unit is understood: where the dimension has none, or the circuit's declared
    /// input unit fixes it.
    pub fn allows_bare(self, input: InputUnit) -> bool {
        let plain =
            [Self::Number, Self::Fraction, Self::Weight, Self::GatedWeight, Self::InputSlope, Self::Conductance];
        plain.contains(&self) || (self == Self::Input && input == InputUnit::None)
    }

    /// The symbol of the base unit; empty for plain numbers.
    pub fn base_symbol(self, input: InputUnit) -> &'static str {
        match self {
            Self::Number | Self::Fraction => "",
            _ => self.scales(input).first().map_or("", |(symbol, _)| symbol),
        }
    }

    /// What to write here, for an error message: "a time such as "20 ms" (ms, us, s, min)".
    pub fn expectation(self, input: InputUnit) -> String {
        let units = || self.scales(input).iter().map(|(unit, _)| *unit).collect::<Vec<_>>().join(", ");
        let (what, example) = match self {
            Self::Number => return "a number".into(),
            Self::Fraction => return "a fraction such as 0.55 (or \"55 %\")".into(),
            Self::Input if input == InputUnit::None => return "a number (this circuit's input has no unit)".into(),
            Self::InputSlope => return "a number (per input unit)".into(),
            Self::Weight => return format!("a number, in {}", self.base_symbol(input)),
            Self::GatedWeight => {
                let unit = Self::Weight.base_symbol(input);
                return format!("a number, in {} where the class has a gate, else in {unit}", input.symbol());
            }
            Self::CircuitTime => ("a time", "20 ms".to_owned()),
            Self::Time => ("a time", "10 min".to_owned()),
            Self::Rate => ("a rate", "4.2 Hz".to_owned()),
            Self::Input => ("an input", format!("1.5 {}", input.symbol())),
            Self::Concentration => ("a concentration", "2.5 uM".to_owned()),
            Self::Dose => ("a dose", "10 mg/kg".to_owned()),
            Self::DoseRate => ("a rate of infusion", "0.5 mg/kg/h".to_owned()),
            Self::MolarMass => ("a molar mass", "237.7 g/mol".to_owned()),
            Self::VolumePerMass => ("a volume per body mass", "2 L/kg".to_owned()),
            Self::Potential => ("a potential", "-70 mV".to_owned()),
            Self::Conductance if self.scales(input).is_empty() => return "a number (input units per mV)".into(),
            Self::Conductance => ("a conductance", format!("10 {}", self.base_symbol(input))),
        };
        format!("{what} such as \"{example}\" (units: {})", units())
    }

    /// Reads a number with its unit into the base unit of this dimension.
    ///
    /// # Errors
    /// [`QuantityError`] where the text has no number, a wrong or missing unit, or a number that is not finite.
    pub fn read(self, text: &str, input: InputUnit) -> Result<f64, QuantityError> {
        let trimmed = text.trim();
        let (number, unit) = split_number(trimmed);
        let value: f64 =
            number.replace('_', "").parse().map_err(|_| QuantityError::NotANumber { text: trimmed.to_owned() })?;
        if !value.is_finite() {
            return Err(QuantityError::NotFinite { text: trimmed.to_owned() });
        }
        let factor = if unit.is_empty() {
            if !self.allows_bare(input) {
                return Err(QuantityError::NoUnit);
            }
            1.0
        } else {
            self.factor(unit, input).ok_or_else(|| QuantityError::WrongUnit { unit: unit.to_owned() })?
        };
        let scaled = scale(value, factor);
        if scaled.is_finite() { Ok(scaled) } else { Err(QuantityError::NotFinite { text: trimmed.to_owned() }) }
    }

    /// The factor that brings a number in `unit` to the base unit, if the unit belongs to this dimension.
    pub fn factor(self, unit: &str, input: InputUnit) -> Option<f64> {
        let unit = unit.replace(['µ', 'μ'], "u");
        self.scales(input).iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor)
    }

    /// Prints a number held in the base unit, with that unit, so that reading gives back the same bits.
    pub fn print_exact(self, value: f64, input: InputUnit) -> String {
        match self.base_symbol(input) {
            "" => format!("{value}"),
            symbol => format!("{value} {symbol}"),
        }
    }

    /// Prints a number held in the base unit for a reader: up to `digits` significant digits, in the unit that
    /// reads best.
    pub fn print(self, value: f64, input: InputUnit, digits: usize) -> String {
        let scales = self.scales(input);
        let short = |scaled: f64| (scaled * 10.0).fract() == 0.0 && scaled.abs() >= 1.0;
        let (preferred, fits): (&[&str], &dyn Fn(f64) -> bool) = match self {
            Self::Time => (&["d", "h", "min"], &short),
            Self::Concentration => (&["nM", "uM", "mM", "pM"], &|scaled| (1.0..1000.0).contains(&scaled.abs())),
            _ => (&[], &short),
        };
        let best = preferred
            .iter()
            .filter_map(|unit| scales.iter().find(|(name, _)| name == unit))
            .find(|(_, factor)| value != 0.0 && fits(value / factor))
            .or_else(|| scales.first());
        match best {
            Some((unit, factor)) if self != Self::Fraction => {
                format!("{} {unit}", significant(value / factor, digits))
            }
            _ => significant(value, digits),
        }
    }
}

/// Multiplies by a conversion factor; divides where the factor is a whole reciprocal, so that 1 s is 1/60 min exactly
/// as often as floating point allows.
fn scale(value: f64, factor: f64) -> f64 {
    let reciprocal = 1.0 / factor;
    if factor < 1.0 && (reciprocal - reciprocal.round()).abs() < 1e-9 * reciprocal {
        value / reciprocal.round()
    } else {
        value * factor
    }
}

/// Splits "2.5 uM" into "2.5" and "uM". An `e` belongs to the number only if an exponent follows it.
fn split_number(text: &str) -> (&str, &str) {
    let bytes = text.as_bytes();
    let mut end = 0;
    while end < bytes.len() {
        let exponent = matches!(bytes[end], b'e' | b'E')
            && end > 0
            && bytes.get(end + 1).is_some_and(|next| {
                next.is_ascii_digit()
                    || (matches!(next, b'+' | b'-') && bytes.get(end + 2).is_some_and(u8::is_ascii_digit))
            });
        let sign = matches!(bytes[end], b'+' | b'-') && (end == 0 || matches!(bytes[end - 1], b'e' | b'E'));
        if !(bytes[end].is_ascii_digit() || matches!(bytes[end], b'.' | b'_') || exponent || sign) {
            break;
        }
        end += 1;
    }
    (&text[..end], text[end..].trim())
}

/// A number with at most `digits` significant digits, without trailing zeros.
pub fn significant(value: f64, digits: usize) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{value}");
    }
    let magnitude = libm::floor(libm::log10(value.abs())) as i32;
    if !(-4..9).contains(&magnitude) {
        return format!("{value:.*e}", digits.saturating_sub(1));
    }
    let decimals = (digits as i64 - 1 - i64::from(magnitude)).max(0) as usize;
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

impl fmt::Display for InputUnit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MV: InputUnit = InputUnit::Millivolt;

    #[test]
    fn quantities_are_read_into_base_units() {
        let cases = [
            (Dimension::CircuitTime, "20 ms", 20.0),
            (Dimension::CircuitTime, "0.02s", 20.0),
            (Dimension::Time, "-30 min", -30.0),
            (Dimension::Time, "7 d", 10_080.0),
            (Dimension::Time, "90 s", 1.5),
            (Dimension::Concentration, "2.5 µM", 2_500.0),
            (Dimension::Concentration, "1.5e-3 uM", 1.5),
            (Dimension::Concentration, "3 pM", 0.003),
            (Dimension::Dose, "10 mg/kg", 10.0),
            (Dimension::Input, "-11.2 mV", -11.2),
            (Dimension::Weight, "1.1", 1.1),
            (Dimension::Weight, "1.1 mV/Hz", 1.1),
            (Dimension::Fraction, "55 %", 0.55),
            (Dimension::Rate, "1e1 Hz", 10.0),
        ];
        for (dimension, text, expected) in cases {
            assert_eq!(dimension.read(text, MV), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_quantity_is_refused_with_the_reason() {
        assert!(matches!(Dimension::Time.read("ten min", MV), Err(QuantityError::NotANumber { .. })));
        assert!(matches!(Dimension::Time.read("", MV), Err(QuantityError::NotANumber { .. })));
        assert!(matches!(Dimension::Time.read("10 mV", MV), Err(QuantityError::WrongUnit { .. })));
        assert!(matches!(Dimension::Time.read("10", MV), Err(QuantityError::NoUnit)));
        assert!(matches!(Dimension::Number.read("1e999", MV), Err(QuantityError::NotFinite { .. })));
        assert!(matches!(Dimension::Concentration.read("1e308 M", MV), Err(QuantityError::NotFinite { .. })));
        assert!(matches!(Dimension::Input.read("1 pA", MV), Err(QuantityError::WrongUnit { .. })));
        assert!(matches!(Dimension::Time.read("1e min", MV), Err(QuantityError::WrongUnit { .. })));
    }

    #[test]
    fn printing_picks_the_unit_that_reads_best() {
        assert_eq!(Dimension::Time.print(10_080.0, MV, 4), "7 d");
        assert_eq!(Dimension::Time.print(45.0, MV, 4), "45 min");
        assert_eq!(Dimension::Concentration.print(2_500.0, MV, 4), "2.5 uM");
        assert_eq!(Dimension::Fraction.print(0.55, MV, 4), "0.55");
        assert_eq!(Dimension::Input.print(-11.2, MV, 4), "-11.2 mV");
    }

    proptest::proptest! {
        #[test]
        fn exact_printing_reads_back_to_the_same_bits(value in proptest::num::f64::NORMAL) {
            for dimension in [Dimension::Time, Dimension::Concentration, Dimension::Weight, Dimension::Number] {
                let text = dimension.print_exact(value, MV);
                proptest::prop_assert_eq!(dimension.read(&text, MV).map(f64::to_bits), Ok(value.to_bits()));
            }
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in ".*") {
            for dimension in [Dimension::Time, Dimension::Fraction, Dimension::Input] {
                let _ = dimension.read(&text, MV);
            }
        }
    }
}
