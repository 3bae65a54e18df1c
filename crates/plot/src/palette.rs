//! Colours and line styles that stay with a name across figures: arms, populations, and substances (ligands and
//! receptors) each have a palette of their own, safe for colour-blind readers (Okabe & Ito; Tol).

use super::canvas::Dash;

/// A colour, 8 bits each of red, green and blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Color(pub u8, pub u8, pub u8);

impl Color {
    /// Paper.
    pub const WHITE: Self = Self(255, 255, 255);
    /// Text and axes.
    pub const INK: Self = Self(38, 38, 38);
    /// Secondary text.
    pub const SOFT: Self = Self(105, 105, 105);
    /// Reference lines, leaders.
    pub const FAINT: Self = Self(178, 178, 178);
    /// Row bands and separators.
    pub const WASH: Self = Self(243, 243, 243);

    /// The colour thinned with white: 0 leaves white, 1 the full colour.
    #[must_use]
    pub fn tint(self, strength: f64) -> Self {
        let strength = if strength.is_finite() { strength.clamp(0.0, 1.0) } else { 0.0 };
        let mix = |channel: u8| (255.0 - strength * (255.0 - f64::from(channel))).round() as u8;
        Self(mix(self.0), mix(self.1), mix(self.2))
    }

    /// White or dark, whichever reads better on this colour.
    #[must_use]
    pub fn contrast(self) -> Self {
        let light = 0.299 * f64::from(self.0) + 0.587 * f64::from(self.1) + 0.114 * f64::from(self.2);
        if light > 140.0 { Self::INK } else { Self::WHITE }
    }
}

/// Samples, at equal distances, of the map viridis (van der Walt & Smith 2015, in the public domain): its lightness rises
/// evenly, and colour-blind readers see it so.
const VIRIDIS: [Color; 9] = [
    Color(68, 1, 84),
    Color(71, 45, 123),
    Color(59, 82, 139),
    Color(44, 114, 142),
    Color(33, 145, 140),
    Color(40, 174, 128),
    Color(94, 201, 98),
    Color(173, 220, 48),
    Color(253, 231, 37),
];

/// A colour for a share between 0 and 1, dark to light.
pub(super) fn ramp(share: f64) -> Color {
    let place = share.clamp(0.0, 1.0) * (VIRIDIS.len() - 1) as f64;
    let index = (place as usize).min(VIRIDIS.len() - 2);
    let (one, other, part) = (VIRIDIS[index], VIRIDIS[index + 1], place - index as f64);
    let mix = |one: u8, other: u8| (f64::from(one) + part * (f64::from(other) - f64::from(one))).round() as u8;
    Color(mix(one.0, other.0), mix(one.1, other.1), mix(one.2, other.2))
}

/// Whether a population excites or inhibits its targets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Drawn as a triangle, edges with arrow-heads.
    Excitatory,
    /// Drawn as a circle, edges with flat ends.
    Inhibitory,
}

const ARMS: [Color; 10] = [
    Color(70, 70, 70),
    Color(213, 94, 0),
    Color(0, 114, 178),
    Color(0, 158, 115),
    Color(204, 121, 167),
    Color(230, 159, 0),
    Color(86, 180, 233),
    Color(120, 70, 160),
    Color(140, 86, 60),
    Color(90, 110, 30),
];
const EXCITATORY: [Color; 4] = [Color(170, 51, 85), Color(204, 102, 119), Color(191, 148, 48), Color(120, 60, 40)];
const INHIBITORY: [Color; 6] = [
    Color(51, 34, 136),
    Color(30, 140, 130),
    Color(128, 128, 40),
    Color(90, 160, 215),
    Color(17, 119, 51),
    Color(150, 75, 160),
];
const SUBSTANCES: [Color; 7] = [
    Color(0, 119, 187),
    Color(238, 119, 51),
    Color(0, 153, 136),
    Color(204, 51, 17),
    Color(120, 94, 240),
    Color(51, 187, 238),
    Color(120, 120, 120),
];
/// Shares of the colour map for the first and the last of ordered arms: light enough to differ, dark enough for paper.
const LIGHTEST: f64 = 0.86;
const DARKEST: f64 = 0.04;
const DASHES: [Dash; 4] = [Dash::Solid, Dash::Dashed, Dash::Dotted, Dash::Mixed];

/// Which colour belongs to which name. Give every figure of a report the same theme and a name keeps its colour
/// even where a figure shows only a part. Names that the theme does not know are added in order of appearance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Theme {
    arms: Vec<String>,
    /// Series of arms with an order of their own, such as doses: each from its lowest to its highest.
    series: Vec<Vec<String>>,
    populations: Vec<(String, Role)>,
    substances: Vec<String>,
}

impl Theme {
    /// A theme that knows these arms (the reference arm first: it is drawn in grey), populations and substances.
    pub fn new<A, P, S>(arms: A, populations: P, substances: S) -> Self
    where
        A: IntoIterator<Item: Into<String>>,
        P: IntoIterator<Item = (String, Role)>,
        S: IntoIterator<Item: Into<String>>,
    {
        let mut theme = Self::default();
        arms.into_iter().for_each(|name| theme.learn_arm(&name.into()));
        populations.into_iter().for_each(|(name, role)| theme.learn_population(&name, role));
        substances.into_iter().for_each(|name| theme.learn_substance(&name.into()));
        theme
    }

    /// Gives arms that have an order of their own, such as doses, colours that have one: light to dark, from the first to the
    /// last.
    pub fn order_arms(&mut self, names: Vec<String>) {
        self.series.push(names);
    }

    pub(super) fn learn_arm(&mut self, name: &str) {
        if !self.arms.iter().any(|known| known == name) {
            self.arms.push(name.to_owned());
        }
    }

    pub(super) fn learn_population(&mut self, name: &str, role: Role) {
        if !self.populations.iter().any(|(known, _)| known == name) {
            self.populations.push((name.to_owned(), role));
        }
    }

    pub(super) fn learn_substance(&mut self, name: &str) {
        if !self.substances.iter().any(|known| known == name) {
            self.substances.push(name.to_owned());
        }
    }

    /// Colour and dash of an arm.
    pub(super) fn arm(&self, name: &str) -> (Color, Dash) {
        let place = |(nth, series): (usize, &Vec<String>)| {
            let rank = series.iter().position(|known| known == name)?;
            Some((rank as f64 / (series.len().max(2) - 1) as f64, Self::dash(nth)))
        };
        if let Some((share, dash)) = self.series.iter().enumerate().find_map(place) {
            return (ramp(LIGHTEST + share * (DARKEST - LIGHTEST)), dash);
        }
        let series = |known: &&String| !self.series.iter().flatten().any(|one| one == *known);
        let k = self.arms.iter().filter(series).position(|known| known == name).unwrap_or(0);
        (ARMS[k % ARMS.len()], DASHES[k / ARMS.len() % DASHES.len()])
    }

    /// Colour of a population: warm for excitatory ones, cool for inhibitory ones.
    pub fn population(&self, name: &str) -> Color {
        let Some(at) = self.populations.iter().position(|(known, _)| known == name) else {
            return Color::SOFT;
        };
        let role = self.populations[at].1;
        let rank = self.populations[..at].iter().filter(|(_, other)| *other == role).count();
        match role {
            Role::Excitatory => EXCITATORY[rank % EXCITATORY.len()],
            Role::Inhibitory => INHIBITORY[rank % INHIBITORY.len()],
        }
    }

    /// Colour of a ligand or receptor.
    pub fn substance(&self, name: &str) -> Color {
        let k = self.substances.iter().position(|known| known == name).unwrap_or(SUBSTANCES.len() - 1);
        SUBSTANCES[k % SUBSTANCES.len()]
    }

    /// The k-th line style: solid, dashed, dotted, dash-dotted, and again.
    pub(super) fn dash(k: usize) -> Dash {
        DASHES[k % DASHES.len()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_colour_when_others_are_learnt() {
        let mut theme = Theme::new(["a", "b"], [("x".to_owned(), Role::Inhibitory)], ["l"]);
        let before = (theme.arm("b"), theme.population("x"));
        theme.learn_arm("c");
        theme.learn_arm("b");
        theme.learn_population("y", Role::Inhibitory);
        assert_eq!((theme.arm("b"), theme.population("x")), before);
        assert_ne!(theme.arm("c"), theme.arm("b"));
    }

    #[test]
    fn thirty_arms_have_thirty_styles() {
        let names: Vec<String> = (0..30).map(|k| k.to_string()).collect();
        let theme = Theme::new(names.clone(), [], Vec::<String>::new());
        for a in 0..30 {
            for b in 0..a {
                assert_ne!(theme.arm(&names[a]), theme.arm(&names[b]));
            }
        }
    }

    #[test]
    fn ordered_arms_grow_darker_and_the_others_keep_their_colours() {
        let mut theme = Theme::new(["control", "low", "middle", "high", "other"], [], Vec::<String>::new());
        let control = theme.arm("control");
        theme.order_arms(["low", "middle", "high"].map(str::to_owned).to_vec());
        let light = |name: &str| {
            let Color(red, green, blue) = theme.arm(name).0;
            0.299 * f64::from(red) + 0.587 * f64::from(green) + 0.114 * f64::from(blue)
        };
        assert!(light("low") > light("middle") + 30.0 && light("middle") > light("high") + 30.0);
        assert_eq!((theme.arm("control"), theme.arm("other").0), (control, ARMS[1]));
    }

    #[test]
    fn tints_toward_white() {
        assert_eq!(Color(0, 0, 0).tint(0.0), Color::WHITE);
        assert_eq!(Color(10, 20, 30).tint(1.0), Color(10, 20, 30));
        assert_eq!(Color(10, 20, 30).tint(f64::NAN), Color::WHITE);
    }
}
