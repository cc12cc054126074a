//! Latencies as an interval log of `HdrHistogram` (V2), which its tools open: one histogram for each deployment and for
//! all callers, every ten seconds in which there was one.

use super::file::private;
use crate::model::{Event, Kind, Wall, series::Latency};
use hdrhistogram::{
    Histogram,
    serialization::{
        V2DeflateSerializer,
        interval_log::{IntervalLogWriterBuilder, Tag},
    },
};
use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Write},
    path::{Path, PathBuf},
    time::{Duration, UNIX_EPOCH},
};

const INTERVAL_MS: u64 = 10_000;
/// As the latencies were recorded: milliseconds, two digits, an hour at most.
const MOST_MS: u64 = 3_600_000;
const DIGITS: u8 = 2;
/// Whoever called, of whatever deployment the answer was.
const USERS: &str = "users";

pub(super) struct Latencies {
    path: PathBuf,
    /// Made with the first interval.
    file: Option<File>,
    /// Which interval is being filled.
    interval: u64,
    open: BTreeMap<String, Histogram<u64>>,
}

impl Latencies {
    pub(super) fn beside(journal: &Path) -> Self {
        Self {
            path: journal.with_extension("hlog"),
            file: None,
            interval: 0,
            open: BTreeMap::new(),
        }
    }

    pub(super) fn take(&mut self, event: &Event) -> io::Result<()> {
        let interval = event.at.0 / INTERVAL_MS;
        if interval != self.interval {
            self.write()?;
            self.interval = interval;
        }
        match &event.kind {
            Kind::Bucket(b) => {
                self.add(&b.deployment, &b.total)?;
                self.add(&format!("{}:first-token", b.deployment), &b.ttft)
            }
            Kind::Exchanges(e) => self.add(USERS, &e.total),
            _ => Ok(()),
        }
    }

    fn add(&mut self, tag: &str, latency: &Latency) -> io::Result<()> {
        if latency.is_empty() {
            return Ok(());
        }
        // Characters that a tag cannot have.
        let tag = tag.replace([',', ' ', '\r', '\n'], "_");
        let histogram = match self.open.entry(tag) {
            std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::btree_map::Entry::Vacant(entry) => {
                entry.insert(Histogram::new_with_max(MOST_MS, DIGITS).map_err(io::Error::other)?)
            }
        };
        for &(ms, n) in &latency.0 {
            histogram.saturating_record_n(ms.into(), n.into());
        }
        Ok(())
    }

    fn write(&mut self) -> io::Result<()> {
        if self.open.is_empty() {
            return Ok(());
        }
        let begun = Wall(self.interval.saturating_mul(INTERVAL_MS));
        let since_epoch = Duration::from_millis(begun.0);
        let mut log = IntervalLogWriterBuilder::new();
        if self.file.is_none() {
            log.add_comment("[Histogram log format version 1.3]")
                .add_comment("breakerbox: milliseconds to the whole answer, and to the first token")
                .with_start_time(UNIX_EPOCH + since_epoch);
        }
        let mut text = Vec::new();
        let mut serializer = V2DeflateSerializer::new();
        let mut lines = log.begin_log_with(&mut text, &mut serializer)?;
        for (tag, histogram) in std::mem::take(&mut self.open) {
            let interval = Duration::from_millis(INTERVAL_MS);
            lines
                .write_histogram(&histogram, since_epoch, interval, Tag::new(&tag))
                .map_err(|e| io::Error::other(e.to_string()))?;
        }
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(private().create(true).truncate(true).open(&self.path)?),
        };
        file.write_all(&text)
    }

    /// What there is of the last interval, and all of it on the disk.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        self.write()?;
        self.file.as_ref().map_or(Ok(()), File::sync_data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::event::{Bucket, Exchanges};
    use hdrhistogram::serialization::{
        Deserializer,
        interval_log::{IntervalLogIterator, LogEntry},
    };

    const T0: Wall = Wall(1_700_000_000_000);

    fn second(at: u64, ms: u32) -> [Event; 2] {
        let total = Latency(vec![(ms, 2)]);
        let bucket = Bucket {
            total: total.clone(),
            ..Bucket::empty("p/a model".into())
        };
        let users = Exchanges {
            total,
            ..Exchanges::default()
        };
        [Kind::Bucket(bucket), Kind::Exchanges(users)]
            .map(|kind| Event::new(1, Wall(T0.0 + at), kind))
    }

    #[test]
    fn each_deployment_has_a_histogram_for_each_ten_seconds() {
        let dir = tempfile::tempdir().unwrap();
        let mut latencies = Latencies::beside(&dir.path().join("j.jsonl"));
        for event in [second(0, 120), second(9_000, 240), second(20_000, 7)].concat() {
            latencies.take(&event).unwrap();
        }
        latencies.finish().unwrap();
        let text = std::fs::read(dir.path().join("j.hlog")).unwrap();
        let mut seen = Vec::new();
        for entry in IntervalLogIterator::new(&text) {
            match entry.unwrap() {
                LogEntry::StartTime(at) => assert_eq!(at, Duration::from_millis(T0.0)),
                LogEntry::BaseTime(_) => panic!("times are absolute"),
                LogEntry::Interval(i) => {
                    let bytes = aws_smithy_types::base64::decode(i.encoded_histogram()).unwrap();
                    let h: Histogram<u64> =
                        Deserializer::new().deserialize(&mut &bytes[..]).unwrap();
                    let tag = i.tag().unwrap().to_string();
                    let after = i.start_timestamp().as_secs() - T0.secs();
                    seen.push((tag, after, h.len(), h.max()));
                }
            }
        }
        let want = [
            ("p/a_model", 0, 4, 240),
            ("users", 0, 4, 240),
            ("p/a_model", 20, 2, 7),
            ("users", 20, 2, 7),
        ];
        let seen: Vec<_> = seen
            .iter()
            .map(|(tag, at, n, max)| (tag.as_str(), *at, *n, *max))
            .collect();
        assert_eq!(seen, want);
    }
}
