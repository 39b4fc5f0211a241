//! Pseudorandom numbers, so that a test with the same seed is the same on every machine.

use std::time::Duration;

/// Pseudorandom numbers, the same for the same seed (`xorshift64*`).
pub struct SeededRandom {
    seed: u64,
    state: u64,
}

impl SeededRandom {
    pub fn new(seed: u64) -> Self {
        // The factor spreads small seeds. The state 0 would stay 0.
        let state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        assert_ne!(state, 0, "a seed other than 0");
        Self { seed, state }
    }

    /// With the seed in `MICROGRANTS_SEED`, otherwise with a random one.
    pub fn from_environment() -> Self {
        let given = std::env::var("MICROGRANTS_SEED")
            .ok()
            .and_then(|seed| seed.parse().ok());
        Self::new(given.unwrap_or_else(|| uuid::Uuid::new_v4().as_u64_pair().0))
    }

    /// The seed that repeats these numbers.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    pub fn below(&mut self, most: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        let mixed = self.state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(mixed).expect("31 bits") % most
    }

    pub fn one_in(&mut self, chances: usize) -> bool {
        self.below(chances) == 0
    }

    pub fn choose<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }

    /// One of these, or none if there are none.
    pub fn take_one<T>(&mut self, mut all: Vec<T>) -> Option<T> {
        (!all.is_empty()).then(|| all.swap_remove(self.below(all.len())))
    }

    /// A length of time below this one.
    pub fn pause(&mut self, most: Duration) -> Duration {
        let most = usize::try_from(most.as_micros()).expect("a short time");
        Duration::from_micros(self.below(most) as u64)
    }
}
