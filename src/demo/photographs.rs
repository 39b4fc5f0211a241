//! The pictures and papers of the demonstration. They are stored like the uploads of a group:
//! pictures are re-encoded in the sandbox, and all are encrypted under the group's key.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::LazyLock;

use bytes::Bytes;

use super::SeedError;
use super::papers::DemoPaper;
use crate::commands::{Caller, CommandRequest, Commands, IdempotencyKey};
use crate::domain::file::{FileDigest, FilePurpose, KeepFile};
use crate::domain::text::Line;
use crate::domain::{Actor, Command, Event, GroupCommand, GroupEvent, GroupId};
use crate::files::{FileError, FileStore, StoredFile, UploadContext};
use crate::sandbox::Sandbox;

macro_rules! pictures {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_bytes!(concat!("../../seeds/photographs/", $name, ".jpg")))),+]
    };
}

/// The pictures that are part of the program, drawn by `scripts/draw`.
const PICTURES: &[(&str, &[u8])] = pictures!(
    "allotment",
    "bench",
    "bread",
    "bus",
    "choir",
    "cinema",
    "clay",
    "coats",
    "dance",
    "games",
    "kitchen",
    "lanterns",
    "letters",
    "quilt",
    "repair",
    "soup",
    "street",
    "walk",
);

/// What each picture shows, by its name.
static SHOWN: LazyLock<BTreeMap<String, Line>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../seeds/photographs/alt.json"))
        .expect("the descriptions of the pictures are whole")
});

/// What a picture shows, for people who cannot see it.
pub(super) fn shown_by(name: &str) -> Option<Line> {
    SHOWN.get(name).cloned()
}

/// The names of the pictures.
#[cfg(test)]
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    PICTURES.iter().map(|(name, _)| *name)
}

/// Stores pictures for groups, each once.
pub(super) struct Album<'a> {
    commands: &'a Commands,
    files: &'a FileStore,
    sandbox: &'a Sandbox,
    kept: HashMap<(GroupId, String), FileDigest>,
}

impl<'a> Album<'a> {
    pub(super) fn new(commands: &'a Commands, files: &'a FileStore, sandbox: &'a Sandbox) -> Self {
        Self {
            commands,
            files,
            sandbox,
            kept: HashMap::new(),
        }
    }

    /// Adds pictures to the group's files. One that an earlier run added is not added again.
    pub(super) async fn keep(
        &mut self,
        by: Actor,
        group: GroupId,
        names: &[String],
    ) -> Result<BTreeSet<FileDigest>, SeedError> {
        let mut files = BTreeSet::new();
        for name in names {
            let key = (group, name.clone());
            let file = match self.kept.get(&key) {
                Some(file) => file.clone(),
                None => self.keep_one(by, group, name).await?,
            };
            self.kept.insert(key, file.clone());
            files.insert(file);
        }
        Ok(files)
    }

    async fn keep_one(
        &self,
        by: Actor,
        group: GroupId,
        name: &str,
    ) -> Result<FileDigest, SeedError> {
        let (_, bytes) = PICTURES
            .iter()
            .find(|(known, _)| *known == name)
            .ok_or_else(|| SeedError::UnknownPicture(name.to_owned()))?;
        let bytes = Bytes::from_static(bytes);
        self.keep_bytes((by, group), name, bytes, FilePurpose::Photograph)
            .await
    }

    /// Adds a paper to its group's files.
    pub(super) async fn keep_paper(&self, paper: &DemoPaper) -> Result<FileDigest, SeedError> {
        let bytes = Bytes::from(paper.to_pdf());
        let by_and_group = (paper.kept_by, paper.group);
        self.keep_bytes(by_and_group, &paper.name(), bytes, paper.kind.purpose())
            .await
    }

    async fn keep_bytes(
        &self,
        (by, group): (Actor, GroupId),
        name: &str,
        bytes: Bytes,
        purpose: FilePurpose,
    ) -> Result<FileDigest, SeedError> {
        let log = self.commands.log();
        let intake = UploadContext {
            log,
            sandbox: self.sandbox,
            now: self.commands.now(),
            group: group.0,
            sender: None,
        };
        let body = futures::stream::iter([Ok::<_, FileError>(bytes)]);
        let StoredFile {
            file, media, bytes, ..
        } = self.files.store(&intake, body).await?;
        let keep = GroupCommand::KeepFile(KeepFile {
            file: file.clone(),
            media,
            bytes,
            purpose,
            application: None,
        });
        let caller = Caller {
            actor: by,
            role_scope: None,
        };
        let repeat = IdempotencyKey::per_caller(format!("seed-{}-{name}", group.0), "seed");
        let request = CommandRequest {
            idempotency_key: Some(repeat),
            ..CommandRequest::new(caller, Command::Group(group, keep))
        };
        let receipt = self
            .commands
            .execute(request)
            .await
            .map_err(|cause| SeedError::NotKept {
                name: name.to_owned(),
                cause,
            })?;
        let first = log.read_events(receipt.first_position, 1).await?.pop();
        let Some(Event::Group(GroupEvent::FileKept { file: kept, .. })) =
            first.map(|recorded| recorded.event)
        else {
            return Err(SeedError::UnknownPicture(name.to_owned()));
        };
        if kept != file {
            self.files.remove(&file).await?;
        }
        Ok(kept)
    }
}
