//! The files of a kept form. They are read before anyone may store them, listed on the form's page,
//! and used when the form is submitted again, so that nobody has to choose them again.

use actix_multipart::Field;
use actix_web::HttpRequest;
use futures::TryStreamExt as _;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::form::size_text;
use super::multipart::incomplete_form;
use super::{FormData, PageError, Visitor, kept_form};
use crate::auth::kept_forms::{self, KeptFile, KeptForm, LateFile};
use crate::files::{FILE_SIZE_MAX, FILES_IN_FORM_MAX};
use crate::http::AppState;

/// The hidden field that names a kept file.
pub(super) const KEPT_FILE: &str = "kept_file";
/// The box that removes one of them.
pub(super) const DROP_FILE: &str = "drop_file";
/// The most bytes of files that are kept with one form: six photos of a phone.
const BYTES_MAX: usize = 24 * 1024 * 1024;
/// How many forms may be read into memory together.
static READERS: Semaphore = Semaphore::const_new(8);

/// The files of a form that comes too late.
#[derive(Default)]
pub(super) struct LateFiles {
    pub files: Vec<LateFile>,
    turn: Option<SemaphorePermit<'static>>,
}

impl LateFiles {
    /// Reads a file. Returns whether it is kept; otherwise it is to be chosen again.
    pub async fn read(&mut self, field: &mut Field, name: &str) -> Result<bool, PageError> {
        if self.turn.is_none() {
            self.turn = READERS.try_acquire().ok();
        }
        if name.is_empty() || self.turn.is_none() || self.files.len() == FILES_IN_FORM_MAX {
            return Ok(false);
        }
        let kept: usize = self.files.iter().map(|file| file.content.len()).sum();
        let one = usize::try_from(FILE_SIZE_MAX).unwrap_or(BYTES_MAX);
        let most = one.min(BYTES_MAX - kept);
        let mut content = Vec::new();
        while let Some(part) = field.try_next().await.map_err(incomplete_form)? {
            if content.len() + part.len() > most {
                return Ok(false);
            }
            content.extend_from_slice(&part);
        }
        if content.is_empty() {
            return Ok(false);
        }
        self.files.push(LateFile {
            field: field.name().unwrap_or_default().to_owned(),
            name: kept_form::shown_name(name),
            content,
        });
        Ok(true)
    }
}

/// The kept files that a form names, with the form that they were kept with. Those that it removes
/// are deleted.
pub(super) struct NamedFiles {
    secret: String,
    form: KeptForm,
    pub files: Vec<KeptFile>,
}

impl NamedFiles {
    pub async fn find(
        request: &HttpRequest,
        app: &AppState,
        visitor: &Visitor,
        posted: &FormData,
    ) -> Result<Option<Self>, PageError> {
        if posted.text(KEPT_FILE).is_empty() {
            return Ok(None);
        }
        let Some((secret, form)) = kept_form::kept_of(request, app, visitor, posted).await? else {
            return Ok(None);
        };
        let is_in = |name: &str, file: &KeptFile| posted.all(name).any(|id| id == file.id);
        let mut files = form.files.clone();
        files.retain(|file| is_in(KEPT_FILE, file));
        for file in files.iter().filter(|file| is_in(DROP_FILE, file)) {
            kept_forms::remove_file(&app.commands, &secret, &form, file).await?;
        }
        files.retain(|file| !is_in(DROP_FILE, file));
        Ok(Some(Self {
            secret,
            form,
            files,
        }))
    }

    /// The content of one of the files. `None` if it has expired.
    pub async fn open(
        &self,
        app: &AppState,
        file: &KeptFile,
    ) -> Result<Option<Vec<u8>>, PageError> {
        Ok(kept_forms::open_file(&app.commands, &self.secret, &self.form, file).await?)
    }

    /// Deletes one of the files, because it is stored now or cannot be.
    pub async fn remove(&self, app: &AppState, file: &KeptFile) -> Result<(), PageError> {
        Ok(kept_forms::remove_file(&app.commands, &self.secret, &self.form, file).await?)
    }
}

/// A kept file as its form shows it.
#[derive(Clone, Debug)]
pub struct ShownFile {
    pub id: String,
    /// Its name and size.
    pub name: String,
}

/// The kept files that were chosen in a field.
pub(super) fn shown_files(files: &[KeptFile], field: &str) -> Vec<ShownFile> {
    let own = files.iter().filter(|file| file.field == field);
    own.map(|file| ShownFile {
        id: file.id.clone(),
        name: format!(
            "{} ({})",
            file.name,
            size_text(u64::try_from(file.bytes).unwrap_or_default())
        ),
    })
    .collect()
}
