//! Drawn screens.
