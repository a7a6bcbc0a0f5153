//! A map in many pieces, each behind its own lock, so that rooms and people do not wait for each other.
//!
//! Architecture invariant: nothing awaits under these locks. Rooms are locked before people, people before sessions.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash};
use std::sync::{Mutex, PoisonError};

const SHARDS: usize = 64;

/// One piece of the map.
pub(crate) type Shard<K, V> = HashMap<K, V>;

/// The map.
pub(crate) struct Shards<K, V> {
    pieces: Box<[Mutex<Shard<K, V>>]>,
    hasher: RandomState,
}

impl<K: Hash + Eq, V> Shards<K, V> {
    pub(crate) fn new() -> Self {
        Self {
            pieces: (0..SHARDS).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
        }
    }

    /// Works on the piece that holds the key.
    pub(crate) fn with<R>(&self, key: &K, work: impl FnOnce(&mut Shard<K, V>) -> R) -> R {
        let piece = self.hasher.hash_one(key) as usize % SHARDS;
        // A panic elsewhere ended one task; the piece itself is still whole.
        work(&mut self.pieces[piece].lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Works on every piece, one after the other.
    pub(crate) fn each(&self, mut work: impl FnMut(&mut Shard<K, V>)) {
        for piece in &self.pieces {
            work(&mut piece.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }
}
