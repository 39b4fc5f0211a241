//! How often somebody may ask for a link or try a code: by address, and by where they ask from.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use actix_web::HttpRequest;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::Failed;
use crate::http::problem::Fault;

/// How many links one address gets, and one peer asks for.
const LINKS: (u32, Duration) = (5, Duration::from_mins(15));
const PEERS: (u32, Duration) = (40, Duration::from_mins(15));
/// How many codes are tried for one address.
const CODES: (u32, Duration) = (10, Duration::from_hours(1));
/// How many applications one peer begins.
const BEGUN: (u32, Duration) = (30, Duration::from_hours(1));

/// Counts what is asked for, in this process.
pub struct Limits {
    links: DefaultKeyedRateLimiter<String>,
    codes: DefaultKeyedRateLimiter<String>,
    peers: DefaultKeyedRateLimiter<IpAddr>,
    begun: DefaultKeyedRateLimiter<IpAddr>,
    /// The proxy whose word about where a request comes from is taken.
    proxy: Option<IpAddr>,
}

fn quota((count, per): (u32, Duration)) -> Quota {
    let count = NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN);
    Quota::with_period(per / count.get()).unwrap_or_else(|| Quota::per_hour(count)).allow_burst(count)
}

impl Limits {
    #[must_use]
    pub fn new(proxy: Option<IpAddr>) -> Self {
        let (links, codes) = (RateLimiter::keyed(quota(LINKS)), RateLimiter::keyed(quota(CODES)));
        let (peers, begun) = (RateLimiter::keyed(quota(PEERS)), RateLimiter::keyed(quota(BEGUN)));
        Self { links, codes, peers, begun, proxy }
    }

    /// Whether a link may be sent to an address once more. Who asks is not told: the answer is the same.
    pub(super) fn link_to(&self, address: &str) -> bool {
        self.links.retain_recent();
        self.links.check_key(&address.to_lowercase()).is_ok()
    }

    /// Whether a code may be tried for an address once more, wherever it is tried from.
    pub(super) fn code_for(&self, address: &str) -> bool {
        self.codes.retain_recent();
        self.codes.check_key(&address.to_lowercase()).is_ok()
    }

    /// Lets a peer ask for a link or try a code.
    pub(super) fn peer(&self, request: &HttpRequest) -> Result<(), Failed> {
        self.peers.retain_recent();
        passed(self.peers.check_key(&self.peer_of(request)).is_ok())
    }

    /// Lets a peer begin an application.
    pub(super) fn begin(&self, request: &HttpRequest) -> Result<(), Failed> {
        self.begun.retain_recent();
        passed(self.begun.check_key(&self.peer_of(request)).is_ok())
    }

    /// Where a request comes from: what the named proxy says, or the other end of the connection.
    fn peer_of(&self, request: &HttpRequest) -> IpAddr {
        let peer = request.peer_addr().map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.ip());
        if Some(peer) != self.proxy {
            return network(peer);
        }
        let forwarded = request.headers().get_all("x-forwarded-for").last().and_then(|value| value.to_str().ok());
        network(forwarded.and_then(|value| value.rsplit(',').next()).and_then(|last| last.trim().parse().ok()).unwrap_or(peer))
    }
}

/// An address as it is counted: of the sixth version by its network, since one household has the whole of it.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::from((address.to_bits() >> 64 << 64).to_be_bytes()),
        address @ IpAddr::V4(_) => address,
    }
}

fn passed(may: bool) -> Result<(), Failed> {
    if may { Ok(()) } else { Err(Fault::TooMany.problem("this was asked for too often from where you are").into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_household_is_one_peer() {
        let of = |text: &str| network(text.parse().unwrap()).to_string();
        assert_eq!(of("192.0.2.7"), "192.0.2.7");
        assert_eq!(of("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
    }
}
