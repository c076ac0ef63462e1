//! What the case runner needs: reading cases, and a driver with scripted answers.

pub mod case;
pub mod driver;
