//! Measuring several things in turn within one run, since figures of different runs are not
//! comparable.

#![allow(
    dead_code,
    clippy::float_arithmetic,
    reason = "each bench uses what it needs; rates and ratios"
)]

pub mod baselines;
pub mod http;
pub mod service;

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Number of rounds, and the length of each.
pub const ROUNDS: usize = 5;
pub const ROUND_LENGTH: Duration = Duration::from_secs(1);

/// One measured thing: its rate, and the 50th and 99th percentile of its latency, by round.
pub struct Measurement {
    pub name: &'static str,
    pub rates: Vec<f64>,
    p50: Vec<Duration>,
    p99: Vec<Duration>,
}

impl Measurement {
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            rates: Vec::new(),
            p50: Vec::new(),
            p99: Vec::new(),
        }
    }

    pub fn rate(&self) -> f64 {
        median(self.rates.clone())
    }

    /// Median latency, in milliseconds.
    pub fn median_latency_ms(&self) -> f64 {
        milliseconds(&self.p50)
    }

    /// Median over the rounds of the ratio of the two rates.
    pub fn ratio_to(&self, anchor: &Self) -> f64 {
        median(
            self.rates
                .iter()
                .zip(&anchor.rates)
                .map(|(own, other)| own / other)
                .collect(),
        )
    }

    pub fn show(&self, anchor: &Self) {
        println!(
            "  {:<46} {:>8.0} /s   p50 {:>7.2} ms   p99 {:>7.2} ms   {:>5.2} × {}",
            self.name,
            self.rate(),
            self.median_latency_ms(),
            milliseconds(&self.p99),
            self.ratio_to(anchor),
            anchor.name
        );
    }
}

fn milliseconds(all: &[Duration]) -> f64 {
    median(all.iter().map(Duration::as_secs_f64).collect()) * 1000.0
}

pub fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Runs one kind of work with this many concurrent callers for one round.
pub async fn run_callers<F, R>(measured: &mut Measurement, callers: usize, work: F)
where
    F: Fn(usize, u64) -> R + Clone + Send + 'static,
    R: Future<Output = ()> + Send,
{
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let until = Instant::now() + ROUND_LENGTH;
    let tasks: Vec<_> = (0..callers)
        .map(|caller| {
            let work = work.clone();
            tokio::spawn(async move {
                let mut latencies = Vec::new();
                while Instant::now() < until {
                    let begun = Instant::now();
                    work(caller, NUMBER.fetch_add(1, Ordering::Relaxed)).await;
                    latencies.push(begun.elapsed());
                }
                latencies
            })
        })
        .collect();
    let begun = Instant::now();
    let mut latencies = Vec::new();
    for task in tasks {
        latencies.extend(task.await.expect("a caller comes through"));
    }
    latencies.sort();
    #[expect(clippy::cast_precision_loss, reason = "a rate needs no more")]
    let rate = latencies.len() as f64 / begun.elapsed().as_secs_f64();
    measured.rates.push(rate);
    measured.p50.push(latencies[latencies.len() / 2]);
    measured.p99.push(latencies[latencies.len() * 99 / 100]);
}

pub fn show(title: &str, measured: &[Measurement]) {
    println!(" {title}, median of {ROUNDS} interleaved rounds of {ROUND_LENGTH:?}");
    for one in measured {
        one.show(&measured[0]);
    }
}
