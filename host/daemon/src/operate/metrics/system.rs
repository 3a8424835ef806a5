//! Metrics of the process, with the standard names, and of the disk.

use tocsin_core::time::Timestamp;

use super::metric::{Metric, Value, counter, gauge};
use crate::runtime::process::{Room, Usage};

pub(super) fn all(usage: &Usage, room: Option<Room>, started_at: Timestamp) -> Vec<Metric> {
    vec![
        gauge(
            "tocsin_disk_free_bytes",
            "Bytes that the relay may still write on the disk of its state directory.",
        )
        .may_be(room.map(|room| room.free_bytes)),
        gauge("tocsin_disk_size_bytes", "Bytes of the disk of the state directory.")
            .may_be(room.map(|room| room.size_bytes)),
        counter("process_cpu_seconds_total", "Processor time of the process.")
            .is(Value::Real(usage.cpu.as_secs_f64())),
        gauge("process_resident_memory_bytes", "Resident memory of the process.")
            .may_be(usage.resident_bytes),
        gauge("process_virtual_memory_bytes", "Virtual memory of the process.").may_be(usage.virtual_bytes),
        gauge("process_threads", "Threads of the process.").may_be(usage.threads),
        gauge("process_open_fds", "Files that the process has open, sockets included.")
            .may_be(usage.open_files),
        gauge("process_max_fds", "Files that the process may have open.").may_be(usage.open_files_max),
        gauge("process_start_time_seconds", "When the relay was started.").is(started_at),
    ]
}
