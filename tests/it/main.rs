//! Tests of the whole, in one binary: each file here is one subject.
//!
//! Nothing in here sleeps, needs the network beyond loopback, or depends on another test.

mod api;
mod audit;
mod author;
mod backup;
mod bad_input;
mod bench;
mod bundled;
mod config;
mod config_files;
mod config_history;
mod damage;
mod delivery;
mod demo;
mod doctor;
mod events;
mod first_steps;
mod frozen;
mod full_disk;
mod harness;
mod inbound;
mod journal;
mod listeners;
mod logs;
mod managed;
mod managed_secrets;
mod metrics;
mod outbound;
mod packaging;
mod plugins;
mod printing;
mod rebuild;
mod reload;
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
mod traces;
