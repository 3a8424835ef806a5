//! Behaviours of the core, by subject.
