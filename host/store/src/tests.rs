//! Behaviours of the store, by subject.
