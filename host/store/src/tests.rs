//! Behaviours of the store, by subject. Faults are injected, never waited for.

mod disk;
mod memory;
mod samples;
mod story;
mod workload;

mod auditing;
mod backup;
mod counting;
mod crash;
mod dictionaries;
mod digest;
mod failing;
mod following;
mod forgetting;
mod format;
mod holding;
mod kept;
mod logging;
mod lost;
mod measuring;
mod opening;
mod queries;
mod reading;
mod rebuilding;
mod records;
mod retention;
mod set_aside;
mod upgrading;
mod verifying;
mod whole;
mod writing;
