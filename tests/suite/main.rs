//! What the product promises, proven over real sockets against the real binary; a module per promise.

mod kill;
mod talk;
