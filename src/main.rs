//! The `disinhibit` program.
fn main() {}
