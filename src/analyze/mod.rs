//! Analyses of a circuit: where its fixed points are, whether they are stable, and what changes when something is changed.
//!
//! All go through one adapter, [`System`]: residual, Jacobian and slopes of a circuit whose numbers are fixed. A
//! [`Subject`] is such a system with its name: a circuit at rest, or as an arm of an experiment has made it at some time.

mod analysis;
mod response;
mod subject;
mod system;

pub use analysis::{Analysis, StateAnalysis};
pub use response::{Response, sign};
pub use subject::{Subject, SubjectError};
pub use system::{Local, System};
