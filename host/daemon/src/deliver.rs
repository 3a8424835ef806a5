//! What is owed is sent, until there is a verdict.
//!
//! `dispatch` claims what is due → `attempt` has the plugin write the request (`markup`) and sends it → `judgement` asks
//! whose fault a refusal is (`probe`) → `outcome` is the entry that records it. Never answers a sender.

pub mod attempt;
pub mod dispatch;
mod judgement;
mod markup;
pub mod outcome;
pub mod probe;
mod verdicts;
