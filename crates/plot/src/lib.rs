//! Figures: data in, SVG and PNG out. Nothing here reads files or simulates, and nothing here knows a name.
//!
//! One file per kind of figure: [`RatesFigure`], [`CourseFigure`], [`ArmsFigure`], [`PharmacologyFigure`], [`CircuitFigure`],
//! of sweeps [`HeatMapFigure`], [`SweptFigure`], [`ParallelFigure`], [`BarFigure`] and [`IsobologramFigure`], of findings
//! [`VerdictFigure`], of analyses [`MatrixFigure`], [`EigenvalueFigure`], [`CurvesFigure`], [`SharesFigure`],
//! [`PhasePlaneFigure`], [`SideBySideFigure`], [`BifurcationFigure`] and [`TwoKnobsFigure`]. Each takes plain data and a [`Theme`], which keeps the
//! colour of a name the same across figures, and gives a [`Figure`].
//! Any data can be drawn: what is not finite leaves a gap.

mod arms;
mod axis;
mod bars;
mod bifurcation;
mod canvas;
mod circuit;
mod circuit_layout;
mod circuit_legend;
mod circuit_matrix;
mod course;
mod curves;
mod eigenvalues;
mod font;
mod geometry;
mod heat_map;
mod isobole;
mod labels;
mod lines;
mod matrix;
mod palette;
mod panel;
mod parallel;
mod pharmacology;
mod phase_plane;
mod rates;
mod render;
mod shares;
mod side_by_side;
mod swept;
mod ticks;
mod timeline;
mod two_knobs;
mod verdicts;

pub use arms::{ArmRates, ArmsFigure, IndexTable};
pub use axis::{TimeUnit, duration, time_unit};
pub use bars::{Bar, BarFigure, BarGroup, BarPanel};
pub use bifurcation::{BifurcationFigure, BifurcationPanel, CycleRun, NamedPoint, StateRun};
pub use canvas::{Figure, Label};
pub use circuit::{Badge, CircuitFigure, Connection, ConnectionNote, Ends, Node};
pub use course::{CourseFigure, CourseRow};
pub use curves::{Curve, CurveColor, CurvePanel, CurvesFigure};
pub use eigenvalues::{EigenvalueFigure, EigenvalueSet};
pub use geometry::Rect;
pub use heat_map::{HeatMapFigure, HeatPanel, SweptAxis};
pub use isobole::{Isobole, IsobolePanel, IsobologramFigure};
pub use matrix::{MatrixFigure, MatrixPanel};
pub use palette::{Color, Role, Theme};
pub use parallel::{ParallelFigure, ParallelLine, ParallelPanel};
pub use pharmacology::{Activation, ArmPharmacology, Concentration, ConcentrationScale, Occupancy, PharmacologyFigure};
pub use phase_plane::{PhaseAxes, PhasePanel, PhasePlaneFigure, PhasePoint};
pub use rates::{ArmTrace, Observed, Population, RatesFigure};
pub use render::{EncodeError, PNG_SCALE};
pub use shares::{SharePanel, ShareRow, SharesFigure, Source};
pub use side_by_side::{SideBySideFigure, SideColumn};
pub use swept::{FittedCurve, SweptCurve, SweptFigure, SweptPanel};
pub use timeline::{Dose, Span, SpanKind};
pub use two_knobs::{KnobCurve, TwoKnobsFigure, TwoKnobsPanel};
pub use verdicts::{CheckMark, Mark, VerdictCell, VerdictFigure, VerdictRow};
