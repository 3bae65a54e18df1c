//! Analyses of a circuit: where its fixed points are, whether they are stable, and what changes when something is changed.
//!
//! All go through one adapter, [`System`]: residual, Jacobian and slopes of a circuit whose numbers are fixed. A
//! [`Subject`] is such a system with its name: a circuit at rest, or as an arm of an experiment has made it at some time.

mod analysis;
mod bifurcation;
mod bounds;
pub mod continuation;
mod contour;
pub mod cycle;
pub mod explain;
pub mod fixed_points;
pub mod frequency;
mod hunt;
mod knob;
pub mod noise;
mod plane;
mod response;
mod search;
pub mod spectra;
mod subject;
mod system;
pub mod trajectory;

pub use analysis::{Analysis, BoxRange, MOST_VARIABLES, NoiseAnalysis, Request, Search, SideAnalysis, StateAnalysis};
pub use bifurcation::{Bifurcation, BifurcationError, KnobRange, Looked};
pub use cycle::{Cycle, Unrest};
pub use fixed_points::{FixedPoint, FixedPoints, Kind, fixed_points, fixed_points_within};
pub use frequency::FrequencyResponse;
pub use hunt::{Bounds, Ended, Progress};
pub use knob::{Knob, KnobError, Turned};
pub use plane::{Plane, PlanePoint, planes, telling_plane};
pub use response::{Response, sign};
pub use spectra::SimulatedSpectra;
pub use subject::{Subject, SubjectError};
pub use system::{Local, System};
pub use trajectory::{Run, Trajectory};
