//! Plugins in force: the bundled ones, and those that operators drop into a directory.
//!
//! A dropped file is loaded, has to be trusted and to fit the configuration, and is only then put in force; one that
//! does not pass is refused with a sentence and what was there before goes on, also over a restart. Never executes,
//! moves or changes a dropped file; only `upload` replaces one.
//!
//! `directory` reads files → `loading` loads them (a mark of `trying` on the disk meanwhile) → `settle` decides,
//! by `trust` (`wants`, `approvals`) and the configuration → `kept` writes down what is in force → `offer`
//! lists what can be used → `follow` and `in_force` bind it in a running relay and decode what was kept
//! (`late`). `shelf` holds all of it.

mod approvals;
mod approve;
pub mod bindings;
mod bundled;
pub mod compile;
mod directory;
mod kept;
mod loading;
mod offer;
mod settle;
mod shelf;
mod state;
mod trust;
mod trying;
mod upload;
mod wants;
mod watch;

pub use approve::Approved;
pub use bundled::{Progress, load as load_bundled};
pub use directory::digest as digest_of_file;
pub use shelf::{Pending, Refused, Shelf};
pub(crate) use state::{Job, Place};
pub use upload::{UploadError, Uploaded};
pub use watch::{Watch, WatchError};
