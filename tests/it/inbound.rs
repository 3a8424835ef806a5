//! What comes in: requests of real senders, what becomes of them, and what operators see of it.

mod field;
mod tried;
