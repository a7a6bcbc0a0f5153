//! What every adapter of a port promises: one suite per port, run against each adapter.
//!
//! A further adapter is one more module in `promises!` and one more way to make a `World`.

mod accounts;
mod additions;
mod alike;
mod copy;
mod direct;
mod log;
mod logins;
mod memory;
mod messages;
mod outbox;
#[path = "../../../../tests/support/postgres.rs"]
mod postgres;
mod property;
mod restart;
mod rooms;
mod search;
mod server;
mod world;

/// Runs each promise, an async function that takes a `World`, against every adapter of `Store`.
macro_rules! promises {
    ($($promise:ident)*) => {
        mod in_a_file {
            $(#[tokio::test] async fn $promise() { super::$promise(crate::world::World::in_a_file().await).await })*
        }
        mod in_memory {
            $(#[tokio::test] async fn $promise() { super::$promise(crate::world::World::in_memory().await).await })*
        }
        mod in_postgres {
            $(#[tokio::test] async fn $promise() { super::$promise(crate::world::World::in_postgres().await).await })*
        }
    };
}
pub(crate) use promises;

/// The same for what only a store can promise that outlives its process.
macro_rules! lasting {
    ($($promise:ident)*) => {
        mod in_a_file {
            $(#[tokio::test] async fn $promise() { super::$promise(crate::world::World::in_a_file().await).await })*
        }
        mod in_postgres {
            $(#[tokio::test] async fn $promise() { super::$promise(crate::world::World::in_postgres().await).await })*
        }
    };
}
pub(crate) use lasting;
