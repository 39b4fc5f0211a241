//! Saved views of lists: filters, order and columns under a name, for one person or for the office.
//!
//! They are rows of a table and not events: they hold nothing of the programme, only how someone
//! looks at it, and nobody needs to know later what they were.

use jiff::Timestamp;
use uuid::Uuid;

use super::{Reader, ViewError, Views};
use crate::domain::Role;
use crate::store::saved_views as stored;
pub use crate::store::saved_views::SavedViewRow;

/// The longest name of a view, in characters.
pub const VIEW_NAME_MAX: usize = 60;
/// The longest query of a view, in characters.
const VIEW_QUERY_MAX: usize = 2000;

/// A view to save.
#[derive(Clone, Copy, Debug)]
pub struct NewSavedView<'a> {
    pub list: &'a str,
    pub name: &'a str,
    pub query: &'a str,
    /// Everyone in the office sees it.
    pub shared: bool,
}

/// Why a view is not saved or removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SavedViewRefusal {
    #[error("Enter a name for this view, up to 60 characters")]
    Name,
    #[error("This list has too many filters to be saved")]
    Query,
    #[error("Only officers and administrators can share a view with colleagues")]
    NotForOffice,
    #[error("A colleague has already shared a view with this name. Choose another name")]
    NameTaken,
    #[error("Only the person who saved this view can delete it")]
    NotOwner,
}

impl SavedViewRow {
    /// Whether everyone in the office sees it.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.audience == stored::OFFICE
    }

    /// Whether the reader may remove it: the person who saved it, and administrators a shared one.
    #[must_use]
    pub fn may_be_removed_by(&self, reader: &Reader) -> bool {
        self.owner == reader.person.to_string()
            || (self.is_shared() && reader.roles.contains(&Role::Administrator))
    }
}

impl Reader {
    /// Whether the reader may save views for everyone in the office.
    #[must_use]
    pub fn may_share_views(&self) -> bool {
        self.roles.contains(&Role::Officer) || self.roles.contains(&Role::Administrator)
    }
}

impl Views {
    /// The saved views of a list that the reader sees.
    pub async fn saved_views(
        &self,
        reader: &Reader,
        list: &str,
    ) -> Result<Vec<SavedViewRow>, ViewError> {
        let (store, organisation) = (self.log.store(), self.log.organisation());
        let person = reader.person.to_string();
        Ok(stored::of_list(store, organisation, list, &person).await?)
    }

    /// Saves a view, or replaces the reader's own one of the same name.
    pub async fn save_view(
        &self,
        reader: &Reader,
        new: NewSavedView<'_>,
        (id, now): (Uuid, Timestamp),
    ) -> Result<Result<(), SavedViewRefusal>, ViewError> {
        let name = new.name.trim();
        if name.is_empty() || name.chars().count() > VIEW_NAME_MAX {
            return Ok(Err(SavedViewRefusal::Name));
        }
        if new.query.chars().count() > VIEW_QUERY_MAX {
            return Ok(Err(SavedViewRefusal::Query));
        }
        if new.shared && !reader.may_share_views() {
            return Ok(Err(SavedViewRefusal::NotForOffice));
        }
        let owner = reader.person.to_string();
        let view = SavedViewRow {
            id: id.to_string(),
            list: new.list.to_owned(),
            name: name.to_owned(),
            query: new.query.to_owned(),
            audience: if new.shared {
                stored::OFFICE.to_owned()
            } else {
                owner.clone()
            },
            owner,
        };
        let (store, organisation) = (self.log.store(), self.log.organisation());
        let saved = stored::save(store, organisation, &view, now.as_microsecond()).await?;
        Ok(if saved {
            Ok(())
        } else {
            Err(SavedViewRefusal::NameTaken)
        })
    }

    /// Removes a view, and returns it. The view of another person counts as unknown.
    pub async fn remove_view(
        &self,
        reader: &Reader,
        id: &str,
    ) -> Result<Result<SavedViewRow, SavedViewRefusal>, ViewError> {
        let (store, organisation) = (self.log.store(), self.log.organisation());
        let view = stored::find(store, organisation, id)
            .await?
            .ok_or(ViewError::NotFound)?;
        if !view.may_be_removed_by(reader) {
            return if view.is_shared() {
                Ok(Err(SavedViewRefusal::NotOwner))
            } else {
                Err(ViewError::NotFound)
            };
        }
        stored::remove(store, organisation, id).await?;
        Ok(Ok(view))
    }
}
