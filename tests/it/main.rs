//! Tests of the whole, in one binary: each file here is one subject.
//!
//! Nothing in here sleeps, needs the network beyond loopback, or depends on another test.

mod backup;
mod bad_input;
mod bench;
mod bundled;
mod config;
mod damage;
mod delivery;
mod demo;
mod frozen;
mod full_disk;
mod harness;
mod inbound;
mod journal;
mod metrics;
mod outbound;
mod plugins;
mod printing;
mod rebuild;
mod restart;
mod retention;
mod road;
mod samples;
mod sandbox;
mod senders;
mod status;
mod storms;
mod systemd;
mod tidy;
