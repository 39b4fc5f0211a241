//! The reader's part of the desk's header and navigation: their name, and how much waits for them
//! in each room.
//!
//! Both are cached in memory for [`KEPT_MAX`] for each person, so that they do not slow down every
//! page. To read them again costs the name and, for each role, one or two counts over indexes of
//! waiting records. An action of the reader drops the cached values, so that the next page counts
//! again.

use std::num::NonZeroUsize;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use lru::LruCache;

use super::dashboard::count_by_room;
use super::{DeskRequest, setup};
use crate::domain::{PersonId, Roles};
use crate::http::AppState;
use crate::http::pages::layout::DeskHeader;
use crate::http::pages::{PageError, Visitor};
use crate::views::Reader;

/// How long a cached header is used.
const KEPT_MAX: Duration = Duration::from_secs(20);
/// The largest number of headers in the cache.
const PEOPLE_MAX: NonZeroUsize = NonZeroUsize::new(256).expect("it is not zero");

static HEADERS: LazyLock<Mutex<LruCache<String, KeptHeader>>> =
    LazyLock::new(|| Mutex::new(LruCache::new(PEOPLE_MAX)));

struct KeptHeader {
    roles: Roles,
    read_at: Instant,
    header: DeskHeader,
}

fn key_of(app: &AppState, person: PersonId) -> String {
    format!("{} {person}", app.commands.organisation().0)
}

/// The header of the reader's pages.
pub(super) async fn header_of(request: &DeskRequest<'_>) -> Result<DeskHeader, PageError> {
    let reader = &request.signed.reader;
    if let Some(header) = find_kept(request.app, reader) {
        return Ok(header);
    }
    let header = DeskHeader::new(own_name(request).await?, count_by_room(request).await?)
        .with_setup(setup::is_wanted(request).await?);
    let kept = KeptHeader {
        roles: reader.roles.clone(),
        read_at: Instant::now(),
        header: header.clone(),
    };
    HEADERS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .put(key_of(request.app, reader.person), kept);
    Ok(header)
}

/// The cached header of the visitor, for a page that must not read more. Empty without one.
pub(in crate::http::pages) fn kept_header(app: &AppState, visitor: &Visitor) -> DeskHeader {
    let signed = visitor.signed_in.as_ref();
    signed
        .and_then(|signed| find_kept(app, &signed.reader))
        .unwrap_or_default()
}

fn find_kept(app: &AppState, reader: &Reader) -> Option<DeskHeader> {
    let mut headers = HEADERS.lock().unwrap_or_else(PoisonError::into_inner);
    headers
        .get(&key_of(app, reader.person))
        .filter(|kept| kept.roles == reader.roles && kept.read_at.elapsed() < KEPT_MAX)
        .map(|kept| kept.header.clone())
}

/// Drops the cached header of a person who acted.
pub(in crate::http::pages) fn forget_header(app: &AppState, person: PersonId) {
    HEADERS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .pop(&key_of(app, person));
}

/// The reader's own name, which everyone may see.
async fn own_name(request: &DeskRequest<'_>) -> Result<String, PageError> {
    let reader = &request.signed.reader;
    let views = &request.app.views;
    let rows = views.people(vec![reader.person.to_string()]).await?;
    let seen = views.decrypt_people(reader, rows).await?;
    Ok(seen
        .into_iter()
        .find_map(|person| person.name)
        .unwrap_or_default())
}
