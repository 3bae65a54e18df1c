//! The table of a sweep in memory: one row per run and arm, column by column.

use crate::scenario::sweep::Scale;
use disinhibit_analyze::sweep::{Engine, Row};
use indexmap::IndexSet;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// Whole numbers.
    Whole,
    /// Numbers; NaN where undefined.
    Number,
    /// Texts.
    Text,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name: a parameter's path or a readout's name.
    pub name: String,
    /// Its unit; empty where it has none.
    pub unit: String,
    /// Its short name, for figures.
    pub label: String,
    /// What it holds.
    pub kind: ColumnKind,
    /// What it is for.
    pub role: ColumnRole,
}

/// What a column is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnRole {
    /// Which run and arm, and how it ended.
    Key,
    /// An axis that moves on its own.
    Axis {
        /// Whether its values are spaced by equal ratios.
        log: bool,
    },
    /// An axis that moves with another.
    Tied,
    /// A readout.
    Readout,
}

impl ColumnRole {
    const WORDS: [(&'static str, Self); 5] = [
        ("key", Self::Key),
        ("axis", Self::Axis { log: false }),
        ("log axis", Self::Axis { log: true }),
        ("tied axis", Self::Tied),
        ("readout", Self::Readout),
    ];

    pub(super) fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, role)| *role == self).map_or("key", |(word, _)| word)
    }

    pub(super) fn named(word: &str) -> Self {
        Self::WORDS.iter().find(|(known, _)| *known == word).map_or(Self::Key, |(_, role)| *role)
    }
}

/// A cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// A whole number.
    Whole(i64),
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
}

/// Rows in memory, column by column: 8 bytes for a number, 4 for a text that other rows have too.
#[derive(Clone, Debug)]
pub struct Table {
    /// The columns.
    pub columns: Vec<Column>,
    /// Their values, for each column one for each row.
    pub(super) values: Vec<Values>,
}

/// The values of a column.
#[derive(Clone, Debug)]
pub(super) enum Values {
    Whole(Vec<i64>),
    Number(Vec<f64>),
    /// Each distinct text once, and which of them each row has.
    Text(IndexSet<String>, Vec<u32>),
}

impl Table {
    /// A table without rows.
    pub fn new(columns: &[Column]) -> Self {
        let values = |column: &Column| match column.kind {
            ColumnKind::Whole => Values::Whole(Vec::new()),
            ColumnKind::Number => Values::Number(Vec::new()),
            ColumnKind::Text => Values::Text(IndexSet::new(), Vec::new()),
        };
        Self { columns: columns.to_vec(), values: columns.iter().map(values).collect() }
    }

    /// Adds a row, a cell for each column; a cell of another kind than its column becomes 0, NaN or an empty text.
    pub fn push(&mut self, cells: Vec<Cell>) {
        for (values, cell) in self.values.iter_mut().zip(cells) {
            match values {
                Values::Whole(all) => all.push(if let Cell::Whole(whole) = cell { whole } else { 0 }),
                Values::Number(all) => all.push(if let Cell::Number(number) = cell { number } else { f64::NAN }),
                Values::Text(words, places) => {
                    let (place, _) = words.insert_full(if let Cell::Text(text) = cell { text } else { String::new() });
                    places.push(place as u32);
                }
            }
        }
    }

    /// Adds the rows of a table of the same columns.
    pub fn append(&mut self, other: Self) {
        for (values, more) in self.values.iter_mut().zip(other.values) {
            match (values, more) {
                (Values::Whole(all), Values::Whole(more)) => all.extend(more),
                (Values::Number(all), Values::Number(more)) => all.extend(more),
                (Values::Text(words, places), Values::Text(more, of_more)) => {
                    let known: Vec<u32> = more.into_iter().map(|word| words.insert_full(word).0 as u32).collect();
                    places.extend(of_more.into_iter().map(|place| known[place as usize]));
                }
                _ => {}
            }
        }
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        match self.values.first() {
            Some(Values::Whole(all)) => all.len(),
            Some(Values::Number(all)) => all.len(),
            Some(Values::Text(_, places)) => places.len(),
            None => 0,
        }
    }

    /// The cells of a row that exists.
    pub fn row(&self, row: usize) -> Vec<Cell> {
        let cell = |values: &Values| match values {
            Values::Whole(all) => Cell::Whole(all[row]),
            Values::Number(all) => Cell::Number(all[row]),
            Values::Text(words, places) => Cell::Text(words[places[row] as usize].clone()),
        };
        self.values.iter().map(cell).collect()
    }

    /// A number of a row; NaN where there is none.
    pub fn number(&self, row: usize, column: usize) -> f64 {
        match self.values.get(column) {
            Some(Values::Number(all)) => all.get(row).copied().unwrap_or(f64::NAN),
            _ => f64::NAN,
        }
    }

    /// A whole number of a row, where there is one.
    pub fn whole(&self, row: usize, column: usize) -> Option<i64> {
        match self.values.get(column)? {
            Values::Whole(all) => all.get(row).copied(),
            _ => None,
        }
    }

    /// The distinct texts of a column in the order of the rows; none where it has numbers.
    pub fn words(&self, column: usize) -> impl Iterator<Item = &str> {
        let words = match self.values.get(column) {
            Some(Values::Text(words, _)) => Some(words),
            _ => None,
        };
        words.into_iter().flatten().map(String::as_str)
    }

    /// Which of these a row has.
    pub fn place_of_word(&self, row: usize, column: usize) -> Option<usize> {
        match self.values.get(column)? {
            Values::Text(_, places) => places.get(row).map(|place| *place as usize),
            _ => None,
        }
    }
}

/// The columns of a sweep's table.
pub fn columns(engine: &Engine) -> Vec<Column> {
    let column = |name: &str, unit: &str, label: &str, kind, role| Column {
        name: name.to_owned(),
        unit: unit.to_owned(),
        label: label.to_owned(),
        kind,
        role,
    };
    let whole = |name: &str| column(name, "", name, ColumnKind::Whole, ColumnRole::Key);
    let text = |name: &str| column(name, "", name, ColumnKind::Text, ColumnRole::Key);
    let mut columns =
        vec![whole("point"), whole("replicate"), whole("stream"), text("arm"), text("status"), text("problem")];
    for (index, axis) in engine.design.axes().iter().enumerate() {
        let kind = if axis.parameter.is_some() { ColumnKind::Number } else { ColumnKind::Text };
        let log = axis.scale == Scale::Log;
        let role = if axis.group == index { ColumnRole::Axis { log } } else { ColumnRole::Tied };
        columns.push(column(&axis.path, axis.unit(), &axis.name, kind, role));
    }
    for readout in &engine.readouts {
        let kind = ColumnKind::Number;
        columns.push(column(&readout.name, readout.unit, &readout.name, kind, ColumnRole::Readout));
    }
    columns
}

/// The cells of a row, in the order of the columns.
pub fn cells(row: &Row) -> Vec<Cell> {
    let whole = |value: u64| Cell::Whole(i64::try_from(value).unwrap_or(i64::MAX));
    let mut cells = vec![whole(row.point), whole(row.replicate), whole(row.stream)];
    cells.extend([&row.arm, &row.status, &row.problem].map(|text| Cell::Text(text.clone())));
    cells.extend(row.axes.iter().map(|value| match (value.number, &value.setting) {
        (Some(number), _) => Cell::Number(number),
        (None, setting) => Cell::Text(setting.to_string()),
    }));
    cells.extend(row.readouts.iter().map(|number| Cell::Number(*number)));
    cells
}
