//! The door `guideops`: the tutorial chat's and GuideOps' routes.
//!
//! `names` (numbers of people, names of rooms), `session` (who is asking) and `shapes` (people, rooms and messages as
//! JSON) are what its REST routes and its Socket.IO share.

pub mod names;
pub mod session;
pub mod shapes;
pub mod socketio;
