//! `streamGenerateContent` without `alt=sse`: the events of a stream as the elements of one JSON array that grows.

use crate::provider::sse::{FrameTooLong, Framer};
use bytes::BytesMut;

/// Writes events as elements. Only a stream that has come to its end gets its closing bracket: an array that is left
/// open is what tells a reader that something is missing.
#[derive(Debug, Default)]
pub struct ListWriter {
    framer: Framer,
    begun: bool,
}

impl ListWriter {
    /// Takes a piece of an event stream; what is whole goes to `out`.
    pub fn feed(&mut self, chunk: &[u8], out: &mut BytesMut) -> Result<(), FrameTooLong> {
        self.framer.push(chunk);
        for frame in self.framer.by_ref() {
            let frame = frame?;
            let data = frame.data().trim_ascii();
            if data.is_empty() {
                continue;
            }
            let between: &[u8] = if self.begun { b",\r\n" } else { b"[" };
            self.begun = true;
            out.extend_from_slice(between);
            out.extend_from_slice(data);
        }
        Ok(())
    }

    pub fn finish(&self, out: &mut BytesMut) {
        out.extend_from_slice(if self.begun { b"\r\n]" } else { b"[]" });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn list(stream: &[u8], piece: usize) -> Value {
        let mut writer = ListWriter::default();
        let mut out = BytesMut::new();
        for chunk in stream.chunks(piece) {
            writer.feed(chunk, &mut out).unwrap();
        }
        writer.finish(&mut out);
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn events_become_elements_however_they_are_cut() {
        let stream = "data: {\"a\":\"h\u{e9}\"}\r\n\r\n: life\n\ndata: {\"b\":\ndata: 2}\n\n";
        for piece in 1..stream.len() {
            assert_eq!(
                list(stream.as_bytes(), piece),
                json!([{"a": "h\u{e9}"}, {"b": 2}]),
                "{piece}"
            );
        }
    }

    #[test]
    fn no_events_are_an_empty_list() {
        assert_eq!(list(b": nothing\n\n", 5), json!([]));
    }

    #[test]
    fn what_has_not_ended_is_left_open() {
        let mut out = BytesMut::new();
        let fed = ListWriter::default().feed(b"data: {}\n\ndata: {", &mut out);
        assert_eq!((fed, &out[..]), (Ok(()), b"[{}".as_slice()));
    }
}
