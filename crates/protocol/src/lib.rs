//! The contract: what is said on the wire under `/api/v1`; serde types and nothing else.
//!
//! Ids are UUIDs as strings, times are RFC 3339 in UTC with milliseconds, fields are snake_case.
//! Fields may be added at any time: readers ignore what they do not know.

pub mod error;
pub mod live;
pub mod rest;
pub mod shapes;

/// Counts additions to the protocol; the answer of `GET /api/v1/server` carries it.
pub const FEATURE_LEVEL: u32 = 1;
