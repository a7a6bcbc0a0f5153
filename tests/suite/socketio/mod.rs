//! Socket.IO as a way into the native protocol: by the clients that exist, and packet by packet.

mod clients;
mod faults;
mod packets;
mod polling;
