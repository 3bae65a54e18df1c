//! What a figure of replicates says of them.

use super::sweep::SweepTable;

impl SweepTable<'_> {
    /// The most rows of one point and arm.
    fn replicates(&self) -> usize {
        let most = |arm: &str| {
            let rows = self.rows_of(arm);
            rows.chunk_by(|one, other| self.point(*one) == self.point(*other)).map(<[usize]>::len).max()
        };
        self.arms().into_iter().filter_map(most).max().unwrap_or(0)
    }

    /// That means are drawn, and over how many replicates; empty where there are none.
    pub(super) fn averaged(&self) -> String {
        match self.replicates() {
            0 | 1 => String::new(),
            count => format!("mean of {count} replicates"),
        }
    }

    /// The same, with what is drawn around the means: bands, or bars where the axis has words.
    pub(super) fn averaged_between(&self, ends: &str) -> String {
        let averaged = self.averaged();
        if averaged.is_empty() { averaged } else { format!("{averaged}; {ends} from the smallest to the largest") }
    }
}

/// What is not empty, parted by semicolons.
pub(super) fn joined(parts: impl IntoIterator<Item = String>) -> String {
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ")
}
