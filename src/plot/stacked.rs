//! Figures below each other as one.

use super::canvas::{Figure, Item, LARGEST, Point};

impl Figure {
    /// Figures below each other, their left edges in line; the title is that of the whole.
    #[must_use]
    pub fn stacked(title: &str, figures: Vec<Self>) -> Self {
        let mut whole = Self { title: title.to_owned(), width: 16, height: 0, items: Vec::new() };
        for figure in figures {
            let down = f64::from(whole.height);
            whole.width = whole.width.max(figure.width);
            whole.height = (whole.height + figure.height).min(LARGEST as u32);
            whole.items.extend(figure.items.into_iter().map(|item| item.moved_down(down)));
        }
        whole.height = whole.height.max(16);
        whole
    }
}

impl Item {
    fn moved_down(self, by: f64) -> Self {
        let moved = |(x, y): Point| (x, y + by);
        match self {
            Self::Line(points, color, width) => Self::Line(points.into_iter().map(moved).collect(), color, width),
            Self::Polygon(points, color) => Self::Polygon(points.into_iter().map(moved).collect(), color),
            Self::Disc(center, radius, color) => Self::Disc(moved(center), radius, color),
            Self::Text { text, at, style, upright } => Self::Text { text, at: moved(at), style, upright },
        }
    }
}
