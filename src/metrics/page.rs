//! One scrape, as text: what is put on it by the table's names comes out in Prometheus's text format 0.0.4.

use super::{
    histogram::Histogram,
    names::{Metric, Type},
};
use indexmap::IndexMap;
use prometheus::{
    TextEncoder,
    proto::{self, Bucket, LabelPair, MetricFamily, MetricType},
};

#[derive(Debug, Default)]
pub(super) struct Page {
    /// By name. In the order in which they were first put here: all samples of a metric have to stand together.
    families: IndexMap<&'static str, MetricFamily>,
}

impl Page {
    /// One sample; `values` are those of the metric's labels, in their order.
    pub(super) fn put(&mut self, metric: &Metric, values: &[&str], value: f64) {
        let mut sample = labelled(metric, values);
        match metric.is {
            Type::Counter => {
                let mut counter = proto::Counter::default();
                counter.set_value(value);
                sample.set_counter(counter);
            }
            Type::Gauge => {
                let mut gauge = proto::Gauge::default();
                gauge.set_value(value);
                sample.set_gauge(gauge);
            }
            Type::Histogram => debug_assert!(false, "{} takes a histogram", metric.name),
        }
        self.add(metric, sample);
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "the text format has floats only; exact up to 2^53"
    )]
    pub(super) fn count(&mut self, metric: &Metric, values: &[&str], n: u64) {
        self.put(metric, values, n as f64);
    }

    /// So many, counted in parts of which `parts` are one.
    #[expect(clippy::cast_precision_loss, reason = "as above")]
    pub(super) fn scaled(&mut self, metric: &Metric, values: &[&str], n: u64, parts: u32) {
        self.put(metric, values, n as f64 / f64::from(parts));
    }

    pub(super) fn is(&mut self, metric: &Metric, values: &[&str], yes: bool) {
        self.put(metric, values, f64::from(u8::from(yes)));
    }

    pub(super) fn histogram(&mut self, metric: &Metric, values: &[&str], of: &Histogram) {
        let buckets = of.cumulative().map(|(bound, n)| {
            let mut bucket = Bucket::default();
            bucket.set_upper_bound(bound);
            bucket.set_cumulative_count(n);
            bucket
        });
        let mut histogram = proto::Histogram::default();
        histogram.set_bucket(buckets.collect());
        histogram.set_sample_count(of.count());
        histogram.set_sample_sum(of.sum());
        let mut sample = labelled(metric, values);
        sample.set_histogram(histogram);
        self.add(metric, sample);
    }

    fn add(&mut self, metric: &Metric, sample: proto::Metric) {
        let family = self.families.entry(metric.name).or_insert_with(|| {
            let mut family = MetricFamily::default();
            family.set_name(metric.name.to_owned());
            family.set_help(metric.help.to_owned());
            family.set_field_type(match metric.is {
                Type::Counter => MetricType::COUNTER,
                Type::Gauge => MetricType::GAUGE,
                Type::Histogram => MetricType::HISTOGRAM,
            });
            family
        });
        family.mut_metric().push(sample);
    }

    pub(super) fn text(self) -> String {
        let families: Vec<_> = self.families.into_values().collect();
        TextEncoder::new()
            .encode_to_string(&families)
            .expect("every family has a name and a sample, and a String takes all")
    }
}

fn labelled(metric: &Metric, values: &[&str]) -> proto::Metric {
    debug_assert_eq!(metric.labels.len(), values.len(), "{}", metric.name);
    let pairs = metric.labels.iter().zip(values).map(|(name, value)| {
        let mut pair = LabelPair::default();
        pair.set_name((*name).to_owned());
        pair.set_value((*value).to_owned());
        pair
    });
    proto::Metric::from_label(pairs.collect())
}
