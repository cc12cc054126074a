//! The callers: closed loops over kept connections, with a reader of answers that does no more than find their end.

use crate::{
    Result,
    request::{EVENTS, Shape},
};
use breakerbox::clock;
use bytes::Bytes;
use hdrhistogram::Histogram;
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::{JoinSet, LocalSet},
};

/// No answer on loopback takes this long; one that does fails the run.
const PATIENCE: Duration = Duration::from_secs(10);

/// Latencies of many requests, in nanoseconds.
#[derive(Debug)]
pub(crate) struct Sample {
    pub(crate) latency: Histogram<u32>,
    pub(crate) took: Duration,
}

impl Default for Sample {
    fn default() -> Self {
        Self {
            latency: Histogram::new_with_max(60_000_000_000, 3).expect("bounds of a histogram"),
            took: Duration::ZERO,
        }
    }
}

impl Sample {
    pub(crate) fn add(&mut self, other: &Self) -> Result<()> {
        self.latency.add(&other.latency)?;
        self.took += other.took;
        Ok(())
    }

    pub(crate) fn n(&self) -> u64 {
        self.latency.len()
    }
}

/// Sends one shape of request for a while.
pub(crate) async fn drive(addr: SocketAddr, shape: Shape, during: Duration) -> Result<Sample> {
    let mut sample = Sample::default();
    let request = shape.request();
    let started = clock::now();
    let deadline = started + during;
    LocalSet::new()
        .run_until(async {
            let mut callers = JoinSet::new();
            for _ in 0..shape.connections() {
                let request = request.clone();
                callers.spawn_local(async move {
                    let mut caller = Caller::connect(addr).await?;
                    let mut latency = Sample::default().latency;
                    while clock::now() < deadline {
                        let took = tokio::time::timeout(PATIENCE, caller.ask(shape, &request));
                        latency.saturating_record(nanos(took.await??));
                    }
                    Ok::<_, Box<dyn std::error::Error>>(latency)
                });
            }
            while let Some(done) = callers.join_next().await {
                sample.latency.add(done??)?;
            }
            Ok::<_, Box<dyn std::error::Error>>(())
        })
        .await?;
    sample.took = clock::now().since(started);
    Ok(sample)
}

/// Streams that stay open as long as this is kept.
pub(crate) async fn hold(addr: SocketAddr, streams: usize) -> Result<Vec<Caller>> {
    let request = Shape::Held.request();
    let mut held = Vec::with_capacity(streams);
    for _ in 0..streams {
        let mut caller = Caller::connect(addr).await?;
        caller.stream.write_all(&request).await?;
        tokio::time::timeout(PATIENCE, caller.first()).await??;
        held.push(caller);
    }
    Ok(held)
}

fn nanos(d: Duration) -> u64 {
    u64::try_from(d.as_nanos()).unwrap_or(u64::MAX)
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Caller {
    stream: TcpStream,
    buf: Vec<u8>,
    /// The first answer of a connection is looked at closely; the others only for status and end.
    seen: bool,
}

impl Caller {
    async fn connect(addr: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(addr).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buf: Vec::with_capacity(16 * 1024),
            seen: false,
        })
    }

    /// One request and its answer; the time to its first or its last byte, as the shape wants.
    async fn ask(&mut self, shape: Shape, request: &Bytes) -> Result<Duration> {
        let sent = clock::now();
        self.stream.write_all(request).await?;
        let body = self.first().await?;
        let first = clock::now().since(sent);
        let length = content_length(self.head(body));
        while !is_whole(&self.buf, body, length) {
            self.more().await?;
        }
        if !std::mem::replace(&mut self.seen, true) {
            check(shape, self.buf.get(body..).unwrap_or_default())?;
        }
        Ok(if shape.timed_to_first() {
            first
        } else {
            clock::now().since(sent)
        })
    }

    /// Reads the head and the first bytes of the body; says where it starts.
    async fn first(&mut self) -> Result<usize> {
        self.buf.clear();
        loop {
            self.more().await?;
            if let Some(head) = memchr::memmem::find(&self.buf, b"\r\n\r\n")
                && self.buf.len() > head + 4
            {
                if self.buf.starts_with(b"HTTP/1.1 200 ") {
                    return Ok(head + 4);
                }
                return Err(format!("answered {}", String::from_utf8_lossy(&self.buf)).into());
            }
        }
    }

    fn head(&self, body: usize) -> &[u8] {
        self.buf.get(..body).unwrap_or_default()
    }

    async fn more(&mut self) -> Result<()> {
        if self.stream.read_buf(&mut self.buf).await? == 0 {
            return Err("the connection was closed".into());
        }
        Ok(())
    }
}

/// The length in a head; none for a chunked body.
pub(crate) fn content_length(head: &[u8]) -> Option<usize> {
    let mut lines = head.split(|&b| b == b'\n');
    let value = lines.find_map(|line| {
        let (name, value) = line.split_at_checked(15)?;
        name.eq_ignore_ascii_case(b"content-length:")
            .then_some(value)
    })?;
    std::str::from_utf8(value).ok()?.trim().parse().ok()
}

/// Requests are not pipelined, so a last chunk at the end of what came is the end.
fn is_whole(buf: &[u8], body: usize, length: Option<usize>) -> bool {
    match length {
        Some(length) => buf.len() >= body + length,
        None => buf.ends_with(b"\r\n0\r\n\r\n"),
    }
}

/// A fast wrong answer is worth nothing.
fn check(shape: Shape, body: &[u8]) -> Result<()> {
    let right = if shape.streams() {
        memchr::memmem::find_iter(body, b"data: ").count() == EVENTS
            && memchr::memmem::find(body, b"data: [DONE]\n\n").is_some()
    } else {
        memchr::memmem::find(body, b"\"total_tokens\":600}").is_some()
    };
    if right {
        return Ok(());
    }
    Err(format!("a {} answer is not what the upstream said", shape.word()).into())
}
