//! Rate limits, counted in memory by each process.
//!
//! # Limits
//!
//! | Name | Counted for | Counts |
//! |---|---|---|
//! | `links` | e-mail address | sign-in links that are mailed |
//! | `codes` | e-mail address | sign-in codes that are tried |
//! | `peers` | IP address | requests for links, and codes that are tried |
//! | `begun` | IP address | applications that visitors begin |
//! | `forms` | session | forms by people without a role |
//! | `senders` | IP address | forms by people without a role, signed in or not |
//! | `staff` | session | forms by staff |
//! | `api` | person | requests to the API |
//! | `writes` | person | forms and commands by people without a role |
//! | `started` | person | groups and applications that someone without a role starts |
//! | `changes` | person | commands by which someone without a role has mails sent to others |
//!
//! # Algorithm
//!
//! The generic cell rate algorithm (crate `governor`): a quota of `40/15m` allows bursts of 40,
//! and regains one every 22.5 seconds.
//!
//! # Headers
//!
//! Responses of the API state the remaining quota in `RateLimit` and `RateLimit-Policy`
//! (draft-ietf-httpapi-ratelimit-headers). A rejected request gets 429 with `Retry-After`.

use std::hash::Hash;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{HttpMessage as _, HttpRequest};
use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::problem::{ErrorCode, Problem};
use super::quotas::Quotas;
use crate::domain::{
    ApplicationCommand, AssetCommand, BarrierCommand, Command, GatheringCommand, GrantCommand,
    GroupCommand, IntroductionCommand, PersonCommand, PersonId,
};
use crate::views::Reader;

/// One limit, counted by key; `None` if it is off. The number counts calls, for [`CLEANUP_EVERY`].
struct KeyedLimit<K: Hash + Eq + Clone>(Option<KeyedCounter<K>>, AtomicUsize);

struct KeyedCounter<K: Hash + Eq + Clone> {
    limiter: DefaultKeyedRateLimiter<K, StateInformationMiddleware>,
    count: u32,
    window: Duration,
}

/// The remaining quota of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RemainingQuota {
    count: u32,
    window: Duration,
    remaining: u32,
    /// The seconds until the full quota is available again. If nothing is left, the seconds until
    /// the next request is allowed.
    reset_after: u64,
}

impl<K: Hash + Eq + Clone> KeyedLimit<K> {
    fn new(quotas: &Quotas, name: &str) -> Self {
        let counter = quotas.get(name).map(|(count, per)| {
            let quota =
                Quota::with_period(per / count.get()).unwrap_or_else(|| Quota::per_hour(count));
            let limiter = RateLimiter::keyed(quota.allow_burst(count))
                .with_middleware::<StateInformationMiddleware>();
            KeyedCounter {
                limiter,
                count: count.get(),
                window: per,
            }
        });
        Self(counter, AtomicUsize::new(1))
    }

    /// Counts one, or returns how long to wait.
    fn check(&self, key: &K) -> Result<(), Duration> {
        self.check_remaining(key).1
    }

    /// The same, with the remaining quota; `None` if the limit is off.
    fn check_remaining(&self, key: &K) -> (Option<RemainingQuota>, Result<(), Duration>) {
        let Some(KeyedCounter {
            limiter,
            count,
            window: per,
        }) = &self.0
        else {
            return (None, Ok(()));
        };
        if self
            .1
            .fetch_add(1, Ordering::Relaxed)
            .is_multiple_of(CLEANUP_EVERY)
        {
            limiter.retain_recent();
        }
        let (count, per) = (*count, *per);
        match limiter.check_key(key) {
            Ok(state) => {
                let left = state.remaining_burst_capacity().min(count);
                let wait = (per.as_secs() * u64::from(count - left)).div_ceil(u64::from(count));
                (
                    Some(RemainingQuota {
                        count,
                        window: per,
                        remaining: left,
                        reset_after: wait,
                    }),
                    Ok(()),
                )
            }
            Err(until) => {
                let wait = until.wait_time_from(DefaultClock::default().now());
                (
                    Some(RemainingQuota {
                        count,
                        window: per,
                        remaining: 0,
                        reset_after: retry_after_seconds(wait),
                    }),
                    Err(wait),
                )
            }
        }
    }
}

/// The wait in whole seconds, rounded up.
fn retry_after_seconds(wait: Duration) -> u64 {
    wait.as_secs() + 1
}

/// Middleware that adds the remaining quota to the response of a request that was counted.
pub(super) async fn add_rate_limit_headers(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
    const LIMIT: HeaderName = HeaderName::from_static("ratelimit");
    let mut answer = next.call(request).await?;
    let counted = answer
        .request()
        .extensions()
        .get::<RemainingQuota>()
        .copied();
    if let Some(RemainingQuota {
        count,
        window: per,
        remaining: left,
        reset_after: wait,
    }) = counted
    {
        let policy = format!("\"default\";q={count};w={}", per.as_secs());
        let limit = format!("\"default\";r={left};t={wait}");
        for (name, value) in [(POLICY, policy), (LIMIT, limit)] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                answer.headers_mut().insert(name, value);
            }
        }
    }
    Ok(answer)
}

/// After this many calls of a limit, keys with a full quota are removed.
const CLEANUP_EVERY: usize = 1000;

/// All limits of this process.
pub struct RateLimits {
    links_by_email: KeyedLimit<String>,
    codes_by_email: KeyedLimit<String>,
    sign_ins_by_ip: KeyedLimit<IpAddr>,
    applications_by_ip: KeyedLimit<IpAddr>,
    forms_by_session: KeyedLimit<String>,
    forms_by_ip: KeyedLimit<IpAddr>,
    staff_forms_by_session: KeyedLimit<String>,
    api_by_person: KeyedLimit<PersonId>,
    writes_by_person: KeyedLimit<PersonId>,
    starts_by_person: KeyedLimit<PersonId>,
    changes_by_person: KeyedLimit<PersonId>,
    /// The reverse proxy whose `X-Forwarded-For` is trusted.
    proxy: Option<IpAddr>,
}

impl RateLimits {
    #[must_use]
    pub fn new(quotas: &Quotas, proxy: Option<IpAddr>) -> Self {
        Self {
            links_by_email: KeyedLimit::new(quotas, "links"),
            codes_by_email: KeyedLimit::new(quotas, "codes"),
            sign_ins_by_ip: KeyedLimit::new(quotas, "peers"),
            applications_by_ip: KeyedLimit::new(quotas, "begun"),
            forms_by_session: KeyedLimit::new(quotas, "forms"),
            forms_by_ip: KeyedLimit::new(quotas, "senders"),
            staff_forms_by_session: KeyedLimit::new(quotas, "staff"),
            api_by_person: KeyedLimit::new(quotas, "api"),
            writes_by_person: KeyedLimit::new(quotas, "writes"),
            starts_by_person: KeyedLimit::new(quotas, "started"),
            changes_by_person: KeyedLimit::new(quotas, "changes"),
            proxy,
        }
    }

    /// Whether another sign-in link may be mailed to an address. The caller must respond the same
    /// in both cases, so as not to reveal who has asked.
    pub(super) fn allow_link(&self, address: &str) -> bool {
        self.links_by_email.check(&address.to_lowercase()).is_ok()
    }

    /// Whether another code may be tried for an address, from any IP address.
    pub(super) fn allow_code(&self, address: &str) -> bool {
        self.codes_by_email.check(&address.to_lowercase()).is_ok()
    }

    /// Counts a request for a link, or a code that is tried, by IP address.
    pub(super) fn check_sign_in(&self, request: &HttpRequest) -> Result<(), Problem> {
        self.sign_ins_by_ip
            .check(&self.client_ip(request))
            .map_err(|wait| {
                too_many(
                    "we had many requests from your network in a short time",
                    wait,
                )
            })
    }

    /// Counts an application that a visitor begins, by IP address.
    pub(super) fn check_application_start(&self, request: &HttpRequest) -> Result<(), Problem> {
        self.applications_by_ip
            .check(&self.client_ip(request))
            .map_err(|wait| {
                too_many(
                    "we had many requests from your network in a short time",
                    wait,
                )
            })
    }

    /// Counts a form: for staff by session; for others by IP address, and if they are signed in by
    /// session and person.
    pub(super) fn check_form(
        &self,
        request: &HttpRequest,
        session: Option<(&str, &Reader)>,
    ) -> Result<(), Problem> {
        let staff = session.is_some_and(|(_, reader)| !reader.roles.is_empty());
        if !staff {
            self.forms_by_ip
                .check(&self.client_ip(request))
                .map_err(too_often)?;
        }
        let Some((session, reader)) = session else {
            return Ok(());
        };
        let by_session = if staff {
            &self.staff_forms_by_session
        } else {
            &self.forms_by_session
        };
        by_session.check(&session.to_owned()).map_err(too_often)?;
        self.check_write(reader)
    }

    /// Counts a form or a write by the API, for people without a role.
    pub(super) fn check_write(&self, reader: &Reader) -> Result<(), Problem> {
        if reader.granted_roles.is_empty() {
            self.writes_by_person
                .check(&reader.person)
                .map_err(too_often)
        } else {
            Ok(())
        }
    }

    /// Counts a request to the API, and returns the remaining quota for the headers.
    pub(super) fn ask(&self, person: PersonId) -> (Option<RemainingQuota>, Result<(), Problem>) {
        let (left, counted) = self.api_by_person.check_remaining(&person);
        (
            left,
            counted.map_err(|wait| too_many("your programs have sent too many requests", wait)),
        )
    }

    /// Counts commands of people without a role that start a group or application, or have mails
    /// sent to others. Anyone with a mailbox can sign in, so both are limited to what one person
    /// needs.
    pub(super) fn check_command(&self, reader: &Reader, command: &Command) -> Result<(), Problem> {
        if !reader.granted_roles.is_empty() {
            return Ok(());
        }
        let pass = |limit: &KeyedLimit<PersonId>, detail| {
            limit
                .check(&reader.person)
                .map_err(|wait| too_many(detail, wait))
        };
        match command {
            Command::Group(_, GroupCommand::Register(_))
            | Command::Application(_, ApplicationCommand::Start(_)) => pass(
                &self.starts_by_person,
                "you have started many groups and applications today. Please continue tomorrow, or \
                    phone us",
            ),
            Command::Group(
                _,
                GroupCommand::AddMember(_)
                | GroupCommand::RemoveMember(_)
                | GroupCommand::ProvidePayee(_),
            ) => pass(
                &self.changes_by_person,
                "you have changed members or bank details many times, and we write to your group \
                    each time",
            ),
            Command::Person(_, PersonCommand::ChangeContact(_)) => pass(
                &self.changes_by_person,
                "you have changed contact details many times, and we write about it each time",
            ),
            Command::Grant(_, GrantCommand::SendNews(_)) => pass(
                &self.changes_by_person,
                "you have sent news many times, and we write to your group each time",
            ),
            _ => match said_of_movement(command) {
                Some(detail) => pass(&self.changes_by_person, detail),
                None => Ok(()),
            },
        }
    }

    /// The client's IP address: the last entry of `X-Forwarded-For` if the connection comes from
    /// the trusted proxy, otherwise the other end of the connection.
    fn client_ip(&self, request: &HttpRequest) -> IpAddr {
        let peer = request
            .peer_addr()
            .map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.ip());
        if Some(peer.to_canonical()) != self.proxy.map(|proxy| proxy.to_canonical()) {
            return network(peer);
        }
        let forwarded = request
            .headers()
            .get_all("x-forwarded-for")
            .last()
            .and_then(|value| value.to_str().ok());
        network(
            forwarded
                .and_then(|value| value.rsplit(',').next())
                .and_then(|last| last.trim().parse().ok())
                .unwrap_or(peer),
        )
    }
}

/// The address to count by. IPv6 addresses are reduced to their /64 network, because one household
/// has all of it.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::from((address.to_bits() >> 64 << 64).to_be_bytes()),
        address @ IpAddr::V4(_) => address,
    }
}

fn too_often(wait: Duration) -> Problem {
    too_many("we had many forms from you in a short time", wait)
}

fn too_many(detail: &str, wait: Duration) -> Problem {
    ErrorCode::TooMany.problem(detail).with_retry_after(wait)
}

/// What somebody without a role reads who does too much around gatherings, introductions, the
/// directory, barriers and pledges; `None` if the command is not counted.
fn said_of_movement(command: &Command) -> Option<&'static str> {
    let detail = match command {
        Command::Gathering(_, GatheringCommand::SignUp(_) | GatheringCommand::StepDown(_)) => {
            "you have signed up or stepped down many times. Please continue later, or \
                        phone us"
        }
        Command::Introduction(_, IntroductionCommand::Ask(_)) => {
            "you have asked to be introduced many times. Please continue later, or phone us"
        }
        Command::Gathering(
            _,
            GatheringCommand::OfferLead(_)
            | GatheringCommand::MoveSession(_)
            | GatheringCommand::CancelSession(_)
            | GatheringCommand::AskForHand(_),
        ) => {
            "you have changed gatherings or asked for a hand many times, and we write to \
                    people each time"
        }
        Command::Asset(
            _,
            AssetCommand::Propose(_)
            | AssetCommand::Pause(_)
            | AssetCommand::Resume(_)
            | AssetCommand::RecordExchange(_),
        ) => "you have changed this entry many times. Please continue later, or phone us",
        Command::Barrier(_, BarrierCommand::Raise(_))
        | Command::Person(
            _,
            PersonCommand::Pledge(_) | PersonCommand::KeepPledge(_) | PersonCommand::DropPledge(_),
        ) => "you have told us many things today. Please continue later, or phone us",
        Command::Barrier(_, BarrierCommand::RecordAnswer(_)) => {
            "you have answered many times, and we write to people each time"
        }
        _ => return None,
    };
    Some(detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::GatheringId;
    use crate::domain::gathering::AskForHand;
    use crate::domain::personal_data::PersonalInput;
    use crate::domain::role::Roles;

    #[test]
    fn one_household_is_one_peer() {
        let of = |text: &str| network(text.parse().unwrap()).to_string();
        assert_eq!(of("192.0.2.7"), "192.0.2.7");
        assert_eq!(of("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
    }

    #[test]
    fn what_is_configured_takes_the_place_of_what_is_usual() {
        let limits = |text: &str| RateLimits::new(&text.parse().unwrap(), None);
        let of = |limits: &RateLimits| {
            (0..9)
                .filter(|_| limits.allow_link("a@example.org"))
                .count()
        };
        assert_eq!(
            [
                limits(""),
                limits("links=7/1h"),
                limits("links=off,api=1/1s")
            ]
            .map(|limits| of(&limits)),
            [5, 7, 9]
        );
        for wrong in [
            "links",
            "links=",
            "links=x/1h",
            "links=0/1h",
            "links=1/0h",
            "links=1/1d",
            "shoes=1/1h",
            "links=1/",
            "links=1/é",
        ] {
            assert!(wrong.parse::<Quotas>().is_err(), "{wrong}");
        }
    }

    /// Each time all officers get a mail.
    #[test]
    fn a_lead_asks_for_a_hand_a_few_times_only() {
        let limits = RateLimits::new(&"changes=2/1h".parse().unwrap(), None);
        let lead = PersonId(uuid::Uuid::nil());
        let reader = Reader {
            person: lead,
            roles: Roles::new(),
            granted_roles: Roles::new(),
        };
        let words = PersonalInput::Open("Tea".to_owned());
        let asked = GatheringCommand::AskForHand(AskForHand { lead, words });
        let asked = Command::Gathering(GatheringId(uuid::Uuid::nil()), asked);
        let taken = [(); 3].map(|()| limits.check_command(&reader, &asked).is_ok());
        assert_eq!(taken, [true, true, false]);
    }

    #[test]
    fn how_long_to_wait_is_said() {
        let person = PersonId(uuid::Uuid::nil());
        let limits = RateLimits::new(&"api=2/1m".parse().unwrap(), None);
        let says = |left: Option<RemainingQuota>| {
            left.map(|left| (left.count, left.remaining, left.reset_after))
        };
        assert_eq!(says(limits.ask(person).0), Some((2, 1, 30)));
        assert!(limits.ask(person).1.is_ok());
        let (left, refused) = limits.ask(person);
        let wait = refused.unwrap_err().retry_after().unwrap();
        assert!(
            (1..=30).contains(&wait) && says(left) == Some((2, 0, wait)),
            "{wait} {left:?}"
        );
        assert_eq!(
            RateLimits::new(&"api=off".parse().unwrap(), None)
                .ask(person)
                .0,
            None
        );
    }
}
