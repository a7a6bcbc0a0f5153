//! Adapters for one process: nothing leaves it, nothing survives it.

mod bus;
mod presence;

pub use bus::MemoryBus;
pub use presence::MemoryPresence;
