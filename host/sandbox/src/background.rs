//! Threads that give way to those that answer requests. Never fails: where the system refuses it, a thread computes as
//! others do.

use thread_priority::{
    NormalThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy, set_thread_priority_and_policy,
    thread_native_id,
};

use crate::limits::SLOW_NICE;

/// From now on this thread, and each that it starts, computes only while a processor has nothing else to do.
pub(crate) fn idle() {
    let idle = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
    if set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, idle).is_err() {
        lower();
    }
}

/// From now on this thread, and each that it starts, gets less of a processor than others do.
pub(crate) fn lower() {
    let _ = rustix::process::nice(SLOW_NICE);
}
