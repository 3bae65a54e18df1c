//! Axes: the map from values to pixels, and ticks at round values (linear, decades, time in a fitting unit).

/// How values are spread along an axis.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Linear,
    Log,
    Time,
}

/// An axis from one pixel to another.
#[derive(Clone)]
pub(super) struct Axis {
    kind: Kind,
    low: f64,
    high: f64,
    from: f64,
    to: f64,
    /// What is written at 0, 1 and so on, in place of numbers.
    words: Vec<String>,
}

/// A tick: its value and what is written there.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    pub value: f64,
    pub text: String,
}

/// A unit of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimeUnit {
    /// How many minutes it has.
    pub minutes: f64,
    /// Its short name.
    pub name: &'static str,
}

/// The unit that suits a span in minutes: from ms to d.
pub fn time_unit(span: f64) -> TimeUnit {
    let (minutes, name) = if span < 0.05 {
        (1.0 / 60_000.0, "ms")
    } else if span < 3.0 {
        (1.0 / 60.0, "s")
    } else if span <= 300.0 {
        (1.0, "min")
    } else if span <= 4320.0 {
        (60.0, "h")
    } else {
        (1440.0, "d")
    };
    TimeUnit { minutes, name }
}

/// A range that holds finite numbers and has a length.
fn sound(low: f64, high: f64) -> (f64, f64) {
    let (low, high) = if low.is_finite() && high.is_finite() { (low, high) } else { (0.0, 1.0) };
    let (low, high) = (low.min(high).clamp(-1e100, 1e100), low.max(high).clamp(-1e100, 1e100));
    if high - low > 1e-9 * high.abs().max(low.abs()).max(1e-290) {
        (low, high)
    } else if low == 0.0 {
        (0.0, 1.0)
    } else {
        (low - 0.5 * low.abs(), high + 0.5 * high.abs())
    }
}

/// The ends of finite values, if there are any.
pub(super) fn range(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    values.into_iter().filter(|v| v.is_finite()).fold(None, |ends, v| match ends {
        None => Some((v, v)),
        Some((low, high)) => Some((f64::min(low, v), f64::max(high, v))),
    })
}

impl Axis {
    /// A linear axis that ends where the data do.
    pub(super) fn linear((low, high): (f64, f64), from: f64, to: f64) -> Self {
        let (low, high) = sound(low, high);
        Self { kind: Kind::Linear, low, high, from, to, words: Vec::new() }
    }

    /// A linear axis with some room above the data; it starts at zero unless the data lie far from it.
    pub(super) fn from_zero(ends: Option<(f64, f64)>, from: f64, to: f64) -> Self {
        let (low, high) = ends.unwrap_or((0.0, 1.0));
        let (low, high) = if Self::reaches_zero(Some((low, high))) { (0.0, high) } else { (low, high) };
        let (low, high) = sound(low, high);
        let margin = 0.06 * (high - low);
        let low = if low == 0.0 { 0.0 } else { low - margin };
        Self { kind: Kind::Linear, low, high: high + margin, from, to, words: Vec::new() }
    }

    /// Whether an axis of such values starts at zero: they do not lie far from it.
    pub(super) fn reaches_zero(ends: Option<(f64, f64)>) -> bool {
        ends.is_some_and(|(low, high)| low >= 0.0 && low < 0.5 * high)
    }

    /// A linear axis with some room above the data that starts at zero wherever they lie above it.
    pub(super) fn with_zero(ends: Option<(f64, f64)>, from: f64, to: f64) -> Self {
        Self::from_zero(ends.map(|(low, high)| (low.min(0.0), high.max(0.0))), from, to)
    }

    /// A logarithmic axis over at most `decades` below the largest value.
    pub(super) fn log(ends: Option<(f64, f64)>, decades: f64, from: f64, to: f64) -> Self {
        let (low, high) = ends.filter(|ends| ends.1 > 0.0).unwrap_or((0.1, 1.0));
        let high = high.clamp(1e-100, 1e100) * 1.3;
        let low = low.max(high / libm::pow(10.0, decades)) / 1.3;
        let low = if low < high / 3.0 { low } else { high / 10.0 };
        Self { kind: Kind::Log, low, high, from, to, words: Vec::new() }
    }

    /// A logarithmic axis that ends exactly there; both ends above 0.
    pub(super) fn exact_log((low, high): (f64, f64), from: f64, to: f64) -> Self {
        let (low, high) = (low.max(1e-100), high.clamp(1e-99, 1e100));
        let high = if high > low { high } else { 2.0 * low };
        Self { kind: Kind::Log, low, high, from, to, words: Vec::new() }
    }

    /// A time axis, in minutes.
    pub(super) fn time((low, high): (f64, f64), from: f64, to: f64) -> Self {
        let (low, high) = sound(low, high);
        Self { kind: Kind::Time, low, high, from, to, words: Vec::new() }
    }

    /// The same with words written at 0, 1 and so on; numbers where there are none.
    pub(super) fn with_words(self, words: &[String]) -> Self {
        Self { words: words.to_vec(), ..self }
    }

    /// Pixels between neighbouring words; none where numbers are written.
    pub(super) fn word_room(&self) -> Option<f64> {
        (!self.words.is_empty()).then(|| (self.at(1.0) - self.at(0.0)).abs())
    }

    /// Lowest and highest value.
    pub(super) fn ends(&self) -> (f64, f64) {
        (self.low, self.high)
    }

    /// Pixel of a value; what a logarithmic axis cannot show lies beyond its lower end.
    pub(super) fn at(&self, value: f64) -> f64 {
        let share = match self.kind {
            Kind::Linear | Kind::Time => (value - self.low) / (self.high - self.low),
            Kind::Log if value.is_nan() => f64::NAN,
            Kind::Log => {
                let value = value.max(self.low / 10.0);
                libm::log(value / self.low) / libm::log(self.high / self.low)
            }
        };
        let share = if share.is_nan() { share } else { share.clamp(-1e4, 1e4) };
        self.from + share * (self.to - self.from)
    }

    /// Ticks at round values, about `wanted` of them.
    pub(super) fn ticks(&self, wanted: usize) -> Vec<Tick> {
        if !self.words.is_empty() {
            let tick = |(place, word): (usize, &String)| Tick { value: place as f64, text: word.clone() };
            let shown = |tick: &Tick| tick.value >= self.low && tick.value <= self.high;
            return self.words.iter().enumerate().map(tick).filter(shown).collect();
        }
        let wanted = wanted.max(2) as f64;
        match self.kind {
            Kind::Linear => linear_ticks(self.low, self.high, round_step((self.high - self.low) / wanted), 1.0),
            Kind::Log => self.decades(wanted),
            Kind::Time => {
                let unit = time_unit(self.high - self.low);
                let raw = (self.high - self.low) / unit.minutes / wanted;
                linear_ticks(self.low, self.high, time_step(raw, unit), unit.minutes)
            }
        }
    }

    fn decades(&self, wanted: f64) -> Vec<Tick> {
        let lowest = libm::log10(self.low).ceil() as i32;
        let highest = libm::log10(self.high).floor() as i32;
        let every = (f64::from(highest - lowest + 1) / wanted).ceil().max(1.0) as usize;
        let ticks: Vec<Tick> = (lowest..=highest)
            .rev()
            .step_by(every)
            .map(|exponent| {
                let value = libm::pow(10.0, f64::from(exponent));
                Tick { value, text: if exponent.abs() < 4 { plain(value, -exponent) } else { power(exponent) } }
            })
            .collect();
        if ticks.len() > 1 {
            return ticks;
        }
        // Less than a decade or so: 1, 2 and 5 times the powers of ten.
        let fine: Vec<Tick> = (lowest - 1..=highest + 1)
            .flat_map(|exponent| [1.0, 2.0, 5.0].map(|factor| factor * libm::pow(10.0, f64::from(exponent))))
            .filter(|value| *value >= self.low && *value <= self.high)
            .map(|value| Tick { value, text: short(value) })
            .collect();
        if fine.is_empty() { vec![Tick { value: self.high, text: short(self.high) }] } else { fine }
    }
}

/// 1, 2 or 5 times a power of ten, at least `raw`.
fn round_step(raw: f64) -> f64 {
    let power = libm::pow(10.0, libm::log10(raw).floor());
    let factor = [1.0, 2.0, 5.0].into_iter().find(|f| f * power >= raw * 0.999).unwrap_or(10.0);
    factor * power
}

/// A step that clocks and calendars know, in the unit.
fn time_step(raw: f64, unit: TimeUnit) -> f64 {
    let steps: &[f64] = match unit.name {
        "ms" => &[1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0],
        "s" | "min" => &[1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0, 60.0, 120.0],
        "h" => &[1.0, 2.0, 3.0, 6.0, 12.0, 24.0],
        _ => &[1.0, 2.0, 3.0, 7.0, 14.0, 28.0],
    };
    let known = steps.iter().copied().find(|step| *step >= raw * 0.999);
    if raw < 0.6 { round_step(raw) } else { known.unwrap_or_else(|| round_step(raw)) }
}

/// Multiples of `step * unit` in a range, written in the unit.
fn linear_ticks(low: f64, high: f64, step: f64, unit: f64) -> Vec<Tick> {
    let slack = 1e-6 * step;
    let first = ((low / unit - slack) / step).ceil();
    let last = ((high / unit + slack) / step).floor();
    if !(first.is_finite() && last.is_finite() && last - first < 100.0) {
        return Vec::new();
    }
    let digits = (-libm::log10(step) - 1e-9).ceil() as i32;
    let exponential = step >= 1e6 || digits > 6;
    let count = (last - first).max(-1.0) as i64;
    (0..=count)
        .map(|k| {
            let value = (first + k as f64) * step;
            let text = if exponential { short(value) } else { plain(value, digits) };
            Tick { value: value * unit, text }
        })
        .collect()
}

/// A number with so many digits behind the point and a true minus sign.
pub(super) fn plain(value: f64, digits: i32) -> String {
    let digits = digits.clamp(0, 12) as usize;
    let text = format!("{value:.digits$}");
    let zero = text.bytes().all(|b| matches!(b, b'-' | b'0' | b'.'));
    if zero { text.trim_start_matches('-').to_owned() } else { text.replace('-', "−") }
}

/// A number of about three significant digits.
pub(super) fn short(value: f64) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let size = value.abs();
    if size == 0.0 {
        return "0".to_owned();
    }
    if !(1e-3..1e6).contains(&size) {
        return format!("{value:.1e}").replace('-', "−");
    }
    let digits = 2 - libm::log10(size).floor() as i32;
    let text = plain(value, digits);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

fn power(exponent: i32) -> String {
    let digits = "⁰¹²³⁴⁵⁶⁷⁸⁹";
    let raised = |c: char| match c.to_digit(10) {
        Some(d) => digits.chars().nth(d as usize).unwrap_or(c),
        None => '⁻',
    };
    format!("10{}", exponent.to_string().chars().map(raised).collect::<String>())
}

/// A duration or time in minutes, in the unit that suits it ("250 ms", "20 min", "24 h", "7 d").
pub fn duration(minutes: f64) -> String {
    let size = minutes.abs();
    let unit = if size >= 2880.0 {
        time_unit(1e9)
    } else if size >= 120.0 {
        time_unit(1e3)
    } else if size >= 1.0 || size == 0.0 {
        time_unit(10.0)
    } else if size >= 1.0 / 60.0 {
        time_unit(1.0)
    } else {
        time_unit(0.0)
    };
    format!("{} {}", short(minutes / unit.minutes), unit.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(axis: &Axis, wanted: usize) -> Vec<String> {
        axis.ticks(wanted).into_iter().map(|tick| tick.text).collect()
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(texts(&Axis::linear((0.0, 8.3), 0.0, 1.0), 4), ["0", "5"]);
        assert_eq!(texts(&Axis::linear((0.0, 8.3), 0.0, 1.0), 5), ["0", "2", "4", "6", "8"]);
        assert_eq!(texts(&Axis::linear((-0.1, 0.21), 0.0, 1.0), 3), ["0.0", "0.2"]);
    }

    #[test]
    fn times_are_in_the_unit_of_their_span() {
        assert_eq!(texts(&Axis::time((-30.0, 120.0), 0.0, 1.0), 5), ["−30", "0", "30", "60", "90", "120"]);
        assert_eq!(
            texts(&Axis::time((0.0, 10_080.0), 0.0, 1.0), 8),
            ["0", "1", "2", "3", "4", "5", "6", "7"].map(String::from)[..]
                .iter()
                .step_by(1)
                .map(String::as_str)
                .collect::<Vec<_>>()
        );
        assert_eq!(texts(&Axis::time((0.0, 1440.0), 0.0, 1.0), 5), ["0", "6", "12", "18", "24"]);
        assert_eq!(duration(1440.0), "24 h");
        assert_eq!(duration(-1.0), "−1 min");
        assert_eq!(duration(10_080.0), "7 d");
        assert_eq!(duration(0.25 / 60.0), "250 ms");
        assert_eq!(texts(&Axis::time((-0.001, 0.004), 0.0, 1.0), 6), ["−50", "0", "50", "100", "150", "200"]);
    }

    #[test]
    fn decades() {
        let axis = Axis::log(Some((0.02, 300.0)), 5.0, 0.0, 1.0);
        assert_eq!(texts(&axis, 6), ["100", "10", "1", "0.1"]);
        assert!(axis.at(0.0).is_finite());
        assert!(axis.at(10.0) > axis.at(1.0));
        assert_eq!(power(-12), "10⁻¹²");
    }

    #[test]
    fn strange_ranges_have_places() {
        for ends in [(0.0, 0.0), (f64::NAN, 1.0), (5.0, 5.0), (1e300, -1e300), (1e-300, 2e-300)] {
            let axis = Axis::linear(ends, 0.0, 100.0);
            assert!(axis.at(axis.ends().0).is_finite(), "{ends:?}");
            assert!(axis.ticks(4).len() < 50);
        }
    }
}
