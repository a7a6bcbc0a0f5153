//! Holds the source tree to its own rules: who may import whom, how long a file may be, which names and words are banned,
//! that links and named files exist, and that generated files are current. It reads files and must not change any.

mod current;
mod imports;
mod links;
mod planted;
mod promises;
mod shape;
mod tree;
mod words;
