//! Behaviours of the store, by subject. Faults are injected, never waited for.

mod disk;
mod samples;
mod workload;

mod crash;
mod failing;
