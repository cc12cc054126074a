//! Steps in virtual time, read by somebody who never goes back.

use super::scenario::Step;
use crate::model::Mono;

/// What holds now. Before its first step: the default.
#[derive(Debug)]
pub(super) struct Clock<T> {
    steps: Vec<(Mono, T)>,
    next: usize,
    is: T,
}

impl<T: Copy + Default> Clock<T> {
    /// Steps count from `begins`.
    pub(super) fn new(steps: &[Step<T>], begins: Mono) -> Self {
        Self::starting_with(T::default(), steps, begins)
    }
}

impl<T: Copy> Clock<T> {
    pub(super) fn starting_with(is: T, steps: &[Step<T>], begins: Mono) -> Self {
        let steps = steps.iter().map(|s| (begins + s.at, s.is)).collect();
        Self { steps, next: 0, is }
    }

    pub(super) fn at(&mut self, now: Mono) -> T {
        while let Some((_, is)) = self.steps.get(self.next).filter(|(at, _)| *at <= now) {
            self.is = *is;
            self.next += 1;
        }
        self.is
    }

    /// When it changes next.
    pub(super) fn changes(&self) -> Option<Mono> {
        self.steps.get(self.next).map(|(at, _)| *at)
    }
}
