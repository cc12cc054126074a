//! What a gateway costs before it does anything: the time until it serves, its memory, and that of a stream.

use crate::{
    Result,
    contender::{Contender, Kind},
    load,
    request::Shape,
};
use breakerbox::clock;
use std::{net::SocketAddr, time::Duration};

/// How long what a start allocates may take to settle.
const SETTLE: Duration = Duration::from_millis(300);

#[derive(Debug)]
pub(crate) struct Start {
    /// From the start of the process to the first answer; the median.
    pub(crate) ready: Duration,
    pub(crate) idle_kib: u32,
    pub(crate) loaded_kib: u32,
    pub(crate) per_stream_kib: f64,
}

pub(crate) async fn start(
    kind: Kind,
    upstream: SocketAddr,
    starts: usize,
    streams: usize,
) -> Result<Start> {
    let mut ready = Vec::with_capacity(starts);
    for _ in 0..starts {
        let began = clock::now();
        let _contender = Contender::start(kind, upstream).await?;
        ready.push(clock::now().since(began));
    }
    ready.sort_unstable();
    let contender = Contender::start(kind, upstream).await?;
    tokio::time::sleep(SETTLE).await;
    let idle_kib = contender.rss_kib()?;
    load::drive(contender.addr, Shape::Single, SETTLE).await?;
    let before = contender.rss_kib()?;
    let held = load::hold(contender.addr, streams).await?;
    let with = contender.rss_kib()?;
    drop(held);
    load::drive(contender.addr, Shape::Plain, SETTLE).await?;
    let n = u32::try_from(streams)?;
    Ok(Start {
        ready: ready.get(starts / 2).copied().unwrap_or_default(),
        idle_kib,
        loaded_kib: contender.rss_kib()?,
        per_stream_kib: f64::from(with.saturating_sub(before)) / f64::from(n),
    })
}
