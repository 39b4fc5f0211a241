//! The configured quotas of the rate limits.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

/// The name and default quota of each limit.
const DEFAULT_QUOTAS: [(&str, &str); 11] = [
    ("links", "5/15m"),
    ("peers", "40/15m"),
    ("codes", "10/1h"),
    ("begun", "30/1h"),
    ("forms", "240/10m"),
    ("senders", "1200/10m"),
    ("staff", "3000/10m"),
    ("api", "6000/1m"),
    ("writes", "240/10m"),
    ("started", "20/24h"),
    ("changes", "20/1h"),
];

/// The configured quota of each limit, parsed from a text such as `peers=100/15m,api=off`. Limits
/// that it leaves out have their default.
#[derive(Clone, Debug)]
pub struct Quotas(BTreeMap<&'static str, Option<(NonZeroU32, Duration)>>);

impl Default for Quotas {
    fn default() -> Self {
        Self(
            DEFAULT_QUOTAS
                .iter()
                .map(|(name, usual)| (*name, parse_quota(usual).unwrap_or_default()))
                .collect(),
        )
    }
}

impl Quotas {
    /// The count and the time of a limit; `None` if it is off.
    pub(super) fn get(&self, name: &str) -> Option<(NonZeroU32, Duration)> {
        self.0.get(name).copied().flatten()
    }
}

impl FromStr for Quotas {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut quotas = Self::default();
        for given in text
            .split(',')
            .map(str::trim)
            .filter(|given| !given.is_empty())
        {
            let (name, quota) = given
                .split_once('=')
                .ok_or_else(|| format!("{given}: this is NAME=COUNT/TIME"))?;
            let known = DEFAULT_QUOTAS.iter().find(|(known, _)| *known == name);
            let (name, _) = known.ok_or_else(|| {
                format!(
                    "{name} is none of {}",
                    DEFAULT_QUOTAS.map(|(name, _)| name).join(", ")
                )
            })?;
            let quota = parse_quota(quota)
                .ok_or_else(|| format!("{given}: say such as 40/15m, 6000/1m, 10/1h, or off"))?;
            quotas.0.insert(name, quota);
        }
        Ok(quotas)
    }
}

/// Parses a quota: a count and a time, or `off`.
#[expect(
    clippy::option_option,
    reason = "what cannot be read, and what is switched off"
)]
fn parse_quota(text: &str) -> Option<Option<(NonZeroU32, Duration)>> {
    if text == "off" {
        return Some(None);
    }
    let (count, time) = text.split_once('/')?;
    let units = [("s", 1), ("m", 60), ("h", 3600)];
    let (number, seconds) = units
        .iter()
        .find_map(|(unit, seconds)| Some((time.strip_suffix(unit)?, *seconds)))?;
    let time = number
        .parse::<u64>()
        .ok()
        .filter(|number| *number > 0)?
        .checked_mul(seconds)?;
    Some(Some((count.parse().ok()?, Duration::from_secs(time))))
}
