//! One spelling for a value: what is hashed instead of the bytes that came.

use serde_json::Value;
use sha2::{Digest, Sha256};

pub(super) type Hash = [u8; 32];

/// Collects what a hash is made of. Every piece carries its kind and its length, so two different lists of pieces
/// never spell the same bytes.
pub(super) struct Canon(Vec<u8>);

impl Canon {
    /// `purpose` keeps hashes made for different ends apart.
    pub(super) fn new(purpose: &str) -> Self {
        let mut canon = Self(Vec::with_capacity(512));
        canon.text(purpose);
        canon
    }

    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        self.piece(b's', text.as_bytes())
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.piece(b'b', bytes)
    }

    pub(super) fn count(&mut self, n: usize) -> &mut Self {
        self.0.push(b'n');
        self.0.extend(n.to_le_bytes());
        self
    }

    pub(super) fn optional(&mut self, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.text(text),
            None => self.null(),
        }
    }

    pub(super) fn number(&mut self, number: Option<f64>) -> &mut Self {
        match number {
            // Minus zero is zero.
            Some(number) => self.piece(b'f', &(number + 0.0).to_bits().to_le_bytes()),
            None => self.null(),
        }
    }

    /// JSON without its accidents: neither white space nor the order of keys.
    pub(super) fn json(&mut self, value: &Value) -> &mut Self {
        match value {
            Value::Null => self.null(),
            Value::Bool(b) => self.piece(b't', &[u8::from(*b)]),
            Value::Number(n) => self.piece(b'd', n.to_string().as_bytes()),
            Value::String(s) => self.text(s),
            Value::Array(items) => {
                self.0.push(b'a');
                self.count(items.len());
                for item in items {
                    self.json(item);
                }
                self
            }
            Value::Object(fields) => self.fields(fields.iter().map(|(k, v)| (k.as_str(), v))),
        }
    }

    pub(super) fn fields<'a>(
        &mut self,
        fields: impl Iterator<Item = (&'a str, &'a Value)>,
    ) -> &mut Self {
        let mut fields: Vec<_> = fields.collect();
        fields.sort_unstable_by_key(|&(name, _)| name);
        self.0.push(b'o');
        self.count(fields.len());
        for (name, value) in fields {
            self.text(name).json(value);
        }
        self
    }

    pub(super) fn hash(&self) -> Hash {
        Sha256::digest(&self.0).into()
    }

    fn null(&mut self) -> &mut Self {
        self.0.push(b'-');
        self
    }

    fn piece(&mut self, kind: u8, bytes: &[u8]) -> &mut Self {
        self.0.push(kind);
        self.0.extend(bytes.len().to_le_bytes());
        self.0.extend(bytes);
        self
    }
}
