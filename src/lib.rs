//! Disinhibit.
