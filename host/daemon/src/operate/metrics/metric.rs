//! Metrics as values, and their text format.
//!
//! Independent of what is measured.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet, prometheus_text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;
use tocsin_core::histogram::Distribution;
use tocsin_core::time::Timestamp;

/// Microseconds per second.
const SECOND_US: f64 = 1_000_000.0;
/// The suffix of every counter's name, which the encoder adds.
const TOTAL: &str = "_total";

/// A metric with its samples.
#[derive(Debug)]
pub(super) struct Metric {
    name: &'static str,
    help: &'static str,
    kind: MetricType,
    samples: Vec<(Labels, Value)>,
}

/// Names and values of labels.
type Labels = Vec<(&'static str, String)>;

/// The value of a sample.
#[derive(Debug)]
pub(super) enum Value {
    Whole(u64),
    Real(f64),
    /// With the divisor that converts a bound to the base unit.
    Histogram(Distribution, f64),
}

impl Value {
    /// Seconds.
    pub(super) fn microseconds(us: u64) -> Self {
        Self::Real(us as f64 / SECOND_US)
    }

    /// A histogram of seconds.
    pub(super) const fn times(us: Distribution) -> Self {
        Self::Histogram(us, SECOND_US)
    }

    /// A histogram of numbers.
    pub(super) const fn numbers(numbers: Distribution) -> Self {
        Self::Histogram(numbers, 1.0)
    }
}

impl From<u64> for Value {
    fn from(value: u64) -> Self {
        Self::Whole(value)
    }
}

impl From<usize> for Value {
    fn from(value: usize) -> Self {
        Self::Whole(value as u64)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Whole(value.into())
    }
}

/// Seconds since 1970.
impl From<Timestamp> for Value {
    fn from(at: Timestamp) -> Self {
        Self::Real(at.micros() as f64 / SECOND_US)
    }
}

/// A counter, which only grows. Its name ends with `_total`.
pub(super) fn counter(name: &'static str, help: &'static str) -> Metric {
    Metric { name, help, kind: MetricType::Counter, samples: Vec::new() }
}

/// A gauge, which goes up and down.
pub(super) fn gauge(name: &'static str, help: &'static str) -> Metric {
    Metric { name, help, kind: MetricType::Gauge, samples: Vec::new() }
}

/// A histogram.
pub(super) fn histogram(name: &'static str, help: &'static str) -> Metric {
    Metric { name, help, kind: MetricType::Histogram, samples: Vec::new() }
}

impl Metric {
    /// With a sample that has no label.
    pub(super) fn is(self, value: impl Into<Value>) -> Self {
        self.of(&[], value)
    }

    /// With a sample that has no label, if there is a value.
    pub(super) fn may_be(self, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.is(value),
            None => self,
        }
    }

    /// With a sample that has these labels.
    pub(super) fn of(mut self, labels: &[(&'static str, &str)], value: impl Into<Value>) -> Self {
        self.add(labels, value);
        self
    }

    /// Adds a sample that has these labels.
    pub(super) fn add(&mut self, labels: &[(&'static str, &str)], value: impl Into<Value>) {
        let labels = labels.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        self.samples.push((labels, value.into()));
    }

    fn encode(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let name = self.name.strip_suffix(TOTAL).unwrap_or(self.name);
        let mut encoder = encoder.encode_descriptor(name, self.help, None, self.kind)?;
        for (labels, value) in &self.samples {
            write(encoder.encode_family(labels)?, self.kind, value)?;
        }
        Ok(())
    }
}

fn write(mut encoder: MetricEncoder<'_>, kind: MetricType, value: &Value) -> fmt::Result {
    match (value, kind) {
        (Value::Whole(value), MetricType::Counter) => {
            encoder.encode_counter::<NoLabelSet, _, f64>(value, None)
        }
        (Value::Real(value), MetricType::Counter) => {
            encoder.encode_counter::<NoLabelSet, _, f64>(value, None)
        }
        (Value::Whole(value), _) => encoder.encode_gauge(value),
        (Value::Real(value), _) => encoder.encode_gauge(value),
        (Value::Histogram(found, unit), _) => {
            let buckets: Vec<(f64, u64)> =
                found.buckets.iter().map(|(bound, count)| (*bound as f64 / unit, *count)).collect();
            encoder.encode_histogram::<NoLabelSet>(found.sum as f64 / unit, found.count, &buckets, None)
        }
    }
}

/// All metrics of one answer.
#[derive(Debug)]
struct All(Vec<Metric>);

impl Collector for All {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|metric| metric.encode(&mut encoder))
    }
}

/// The text of `metrics`.
///
/// # Errors
/// Writing to memory fails, which does not happen.
pub(super) fn text(metrics: Vec<Metric>) -> Result<String, fmt::Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(All(metrics)));
    let mut text = String::new();
    prometheus_text::encode(&mut text, &registry)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_written_with_help_labels_and_base_units() {
        let took = Distribution { buckets: vec![(500, 1), (1_000_000, 2)], count: 4, sum: 2_500_000 };
        let metrics = vec![
            counter("tocsin_requests_total", "Requests.").of(&[("source", "hook")], 3usize),
            gauge("tocsin_ready", "Whether it is ready.").is(true),
            gauge("tocsin_age_seconds", "An age.").may_be(None::<u64>),
            histogram("tocsin_call_seconds", "Calls.").is(Value::times(took)),
        ];
        let written = "\
            # HELP tocsin_requests_total Requests.\n\
            # TYPE tocsin_requests_total counter\n\
            tocsin_requests_total{source=\"hook\"} 3\n\
            # HELP tocsin_ready Whether it is ready.\n\
            # TYPE tocsin_ready gauge\n\
            tocsin_ready 1\n\
            # HELP tocsin_age_seconds An age.\n\
            # TYPE tocsin_age_seconds gauge\n\
            # HELP tocsin_call_seconds Calls.\n\
            # TYPE tocsin_call_seconds histogram\n\
            tocsin_call_seconds_bucket{le=\"0.0005\"} 1\n\
            tocsin_call_seconds_bucket{le=\"1\"} 3\n\
            tocsin_call_seconds_bucket{le=\"+Inf\"} 4\n\
            tocsin_call_seconds_sum 2.5\n\
            tocsin_call_seconds_count 4\n";
        assert_eq!(text(metrics).unwrap(), written);
    }
}
