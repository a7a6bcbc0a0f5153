//! What the hub promises, shown with a real log in memory and a bus that misbehaves.

mod chaos;
mod listener;
mod resuming;
mod rules;
mod world;
