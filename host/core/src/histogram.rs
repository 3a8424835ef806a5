//! A histogram that any thread can add values to, without a lock or an allocation.
//!
//! The caller measures; the histogram reads no clock. The daemon formats the snapshots.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Counts of values by bucket, and their sum.
#[derive(Debug)]
pub struct Histogram {
    /// Upper bounds in ascending order. A value that equals a bound is in its bucket.
    bounds: &'static [u64],
    /// A counter for each bound, and one for values above all bounds.
    counts: Box<[AtomicU64]>,
    sum: AtomicU64,
}

/// A snapshot of a histogram.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Distribution {
    /// Each bound with the count of its own bucket, not cumulative.
    pub buckets: Vec<(u64, u64)>,
    /// The count of all values, including those above all bounds.
    pub count: u64,
    /// The sum of all values.
    pub sum: u64,
}

impl Histogram {
    /// An empty histogram with these upper bounds, in ascending order.
    pub fn new(bounds: &'static [u64]) -> Self {
        debug_assert!(bounds.is_sorted(), "{bounds:?}");
        let counts = (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect();
        Self { bounds, counts, sum: AtomicU64::new(0) }
    }

    /// Counts `value`.
    pub fn observe(&self, value: u64) {
        let bucket = self.bounds.partition_point(|bound| *bound < value);
        self.counts[bucket].fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(value, Ordering::Relaxed);
    }

    /// Counts a duration, in microseconds.
    pub fn observe_time(&self, took: Duration) {
        self.observe(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }

    /// A snapshot. The sum may lack a value that another thread is counting.
    pub fn read(&self) -> Distribution {
        let counts: Vec<u64> = self.counts.iter().map(|count| count.load(Ordering::Relaxed)).collect();
        Distribution {
            count: counts.iter().sum(),
            buckets: self.bounds.iter().copied().zip(counts).collect(),
            sum: self.sum.load(Ordering::Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_counted_in_the_bucket_of_the_smallest_bound_that_is_not_below_it() {
        let histogram = Histogram::new(&[1, 10, 100]);
        for value in [0, 1, 2, 10, 11, 101, 5000] {
            histogram.observe(value);
        }
        let read = histogram.read();
        assert_eq!(read.buckets, [(1, 2), (10, 2), (100, 1)]);
        assert_eq!((read.count, read.sum), (7, 5125));
    }
}
