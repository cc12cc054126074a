//! What a person does with a recording: play, pause, wind. Time is an argument.

use super::player::Player;
use crate::{
    model::{Event, Mono, Snapshot, Wall},
    source::{TapeStatus, Wind, when},
};
use std::{io, sync::Arc, time::Duration};

const SPEEDS: [u32; 9] = [1, 2, 5, 10, 30, 60, 120, 300, 600];

pub(super) struct Deck {
    pub(super) player: Player,
    from: u64,
    to: u64,
    playing: bool,
    /// Into [`SPEEDS`].
    speed: usize,
    /// From when on, and from which position, it has played at this speed.
    since: (Mono, u64),
    shown: Arc<Snapshot>,
}

impl Deck {
    pub(super) fn new(player: Player, now: Mono) -> Self {
        Self {
            from: 0,
            to: player.index.times.end,
            playing: false,
            speed: 0,
            since: (now, 0),
            shown: Arc::new(player.snapshot()),
            player,
        }
    }

    pub(super) fn cut(&mut self, from: Option<&str>, to: Option<&str>) -> Result<(), String> {
        let (from, to) = when::stretch(from, to, &self.player.index.times)?;
        (self.from, self.to) = (from, to);
        self.go(from, self.since.0);
        Ok(())
    }

    fn rate(&self) -> u32 {
        SPEEDS.get(self.speed).copied().unwrap_or(1)
    }

    /// Where it is by now.
    fn advance(&mut self, now: Mono) {
        if !self.playing {
            return;
        }
        let (since, pos) = self.since;
        let played = now.since(since) * self.rate();
        let played = u64::try_from(played.as_millis()).unwrap_or(u64::MAX);
        let pos = pos.saturating_add(played);
        if pos >= self.to {
            self.playing = false;
        }
        self.show(pos);
    }

    fn show(&mut self, pos: u64) {
        let pos = pos.clamp(self.from, self.to);
        if pos != self.player.pos() {
            self.player.seek(pos);
            self.shown = Arc::new(self.player.snapshot());
        }
    }

    fn go(&mut self, pos: u64, now: Mono) {
        self.show(pos);
        self.since = (now, self.player.pos());
    }

    pub(super) fn latest(&mut self, now: Mono) -> Arc<Snapshot> {
        self.advance(now);
        Arc::clone(&self.shown)
    }

    pub(super) fn status(&self) -> TapeStatus {
        let pos = self.player.pos();
        TapeStatus {
            playing: self.playing,
            speed: self.rate(),
            position: Duration::from_millis(pos - self.from),
            length: Duration::from_millis(self.to - self.from),
        }
    }

    /// Steps stop it, so that one can look; a speed does not.
    pub(super) fn wind(&mut self, how: &Wind, now: Mono) -> Result<(), String> {
        self.advance(now);
        let pos = self.player.pos();
        let ms = |by: &Duration| u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        let to = match how {
            Wind::Toggle => {
                self.playing = !self.playing && pos < self.to;
                pos
            }
            Wind::Faster | Wind::Slower => {
                let last = SPEEDS.len() - 1;
                self.speed = if *how == Wind::Faster {
                    (self.speed + 1).min(last)
                } else {
                    self.speed.saturating_sub(1)
                };
                pos
            }
            Wind::On(by) => self.stop(pos.saturating_add(ms(by))),
            Wind::Back(by) => self.stop(pos.saturating_sub(ms(by))),
            Wind::Next | Wind::Previous => {
                let turn = self.turn(*how == Wind::Next)?;
                self.stop(turn)
            }
            Wind::Start => self.from,
            Wind::End => self.stop(self.to),
            Wind::To(text) => when::from_here(text, pos, &self.player.index.times)?,
        };
        self.go(to, now);
        Ok(())
    }

    /// Goes to a moment of the part that is played.
    pub(super) fn stand(&mut self, when: &str, now: Mono) -> Result<(), String> {
        let to = when::within(when, (self.from, self.to), &self.player.index.times)?;
        self.go(to, now);
        Ok(())
    }

    const fn stop(&mut self, pos: u64) -> u64 {
        self.playing = false;
        pos
    }

    /// The nearest transition of the part that is played.
    fn turn(&self, after: bool) -> Result<u64, String> {
        let (pos, all) = (self.player.pos(), &self.player.index.transitions);
        let found = if after {
            all.get(all.partition_point(|t| *t <= pos))
        } else {
            all.get(..all.partition_point(|t| *t < pos))
                .and_then(<[u64]>::last)
        };
        let word = if after { "after" } else { "before" };
        found
            .copied()
            .filter(|t| (self.from..=self.to).contains(t))
            .ok_or_else(|| format!("no breaker moved {word} this"))
    }

    pub(super) fn bounds(&self) -> (Wall, Wall) {
        let times = &self.player.index.times;
        (times.wall(self.from), times.wall(self.to))
    }

    pub(super) fn story(
        &mut self,
        each: impl FnMut(&Arc<Event>) -> io::Result<()>,
    ) -> io::Result<()> {
        self.player.rewind();
        self.pass(Wall(0), each)
    }

    pub(super) fn events(
        &mut self,
        mut each: impl FnMut(&Event) -> io::Result<()>,
    ) -> io::Result<()> {
        if self.from == 0 {
            // Those of the very first moment have been passed already.
            self.player.rewind();
        } else {
            self.player.seek(self.from.saturating_sub(1));
        }
        let from = self.player.index.times.wall(self.from);
        self.pass(from, |event| each(event))
    }

    fn pass(
        &mut self,
        from: Wall,
        mut each: impl FnMut(&Arc<Event>) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut said = Ok(());
        self.player.pass(self.to, |event| {
            if event.at >= from {
                said = each(event);
            }
            said.is_ok()
        });
        said
    }
}
