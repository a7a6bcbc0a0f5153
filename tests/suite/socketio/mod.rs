//! Socket.IO as a way into the native protocol, and with the events of guideops: by the clients that exist, and packet
//! by packet.

mod clients;
mod faults;
mod guideops;
mod packets;
mod polling;
mod random;
