//! The channels of Redis on which other programs hear what is said in public rooms, as two of the originals had them.
//!
//! Each entry is published by the server that committed it, so once for all of them; what cannot be published now is
//! not kept, as Pub/Sub keeps nothing either.

use std::sync::Arc;

use backends::Redis;
use chat::ports::Store;
use gateway::dialects::channels::Channels;

/// Publishes what this process commits; never returns.
pub async fn publish(redis: Arc<Redis>, store: Arc<dyn Store>) {
    let mut committed = redis.committed();
    let mut channels = Channels::new(store);
    while let Some(entry) = committed.recv().await {
        for (channel, words) in channels.words(&entry).await {
            redis.publish(channel, words.as_bytes()).await;
        }
    }
}
