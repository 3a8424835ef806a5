//! A request comes in and is on the disk when its sender reads the answer.
//!
//! `requests` gives a request its id and logs it → `ingest` (`client_address`, `credentials`, `shown`) proves the sender,
//! reads the body (`content_encoding`) and answers → `decode` has the plugin read it as text (`charset`) →
//! `understood` bounds what it said → commit → `reply`, `confirm`. `late` decodes what was kept for want of a plugin.
//! Never waits for a destination.

pub mod charset;
pub(crate) mod client_address;
mod confirm;
pub mod content_encoding;
pub(crate) mod credentials;
pub mod decode;
pub mod ingest;
pub mod late;
mod reply;
pub mod requests;
mod shown;
mod understood;
