//! Tasks for backup and restore.

use std::path::Path;

use super::audit::{ProgressBar, not_checked, read_file};
use super::operator::{self, OperatorRequest};
use super::{OpenedOrganisation, TaskError, file_store, open_organisation};
use crate::backup::{self, BackupError, NewOrigin, RestoreOptions, RestoreOrigin};
use crate::clock::{self, Clock};
use crate::commands::{Caller, CommandError, CommandRequest};
use crate::config::Config;
use crate::domain::command::WithReason;
use crate::domain::organisation::PersonRef;
use crate::domain::text::{Prose, TextError};
use crate::domain::{
    Command, GroupCommand, GroupId, OrganisationCommand, PersonCommand, PersonId, Refusal,
};
use crate::erasure::ErasureList;
use crate::eventlog::TimestampSource;
use crate::projections::Projector;
use crate::store::{Store, StoreError, personal_data};
use crate::transparency::checkpoint::checkpoint_size;
use crate::transparency::checkpoint_signer::CheckpointSigner;

/// Makes a backup that ends at a signed checkpoint. If a service holds the SQLite database, the
/// service signs it.
pub(super) async fn create(config: &Config, folder: &Path) -> Result<(), TaskError> {
    let (store, signer) =
        match open_organisation(config, TimestampSource::Database, Clock::System).await {
            Ok(opened) => {
                let store = opened.commands.log().store().clone();
                (store, Some(opened.checkpoint_signer()))
            }
            Err(TaskError::Store(StoreError::Locked(_))) => {
                (Store::open_read_only(&config.database_url).await?, None)
            }
            Err(error) => return Err(error),
        };
    let mut bar = ProgressBar::new();
    let shown = |done, of| bar.show(&format!("{done} of {of} events"));
    let taken = backup::create(
        &store,
        config.organisation.as_str(),
        &file_store(config)?,
        &config.keys,
        folder,
        async || seal(config, signer.as_ref()).await,
        shown,
    )
    .await?;
    bar.end();
    store.close().await;
    print_line!(
        "{} events and {} files are in {}",
        taken.events,
        taken.files,
        folder.display()
    );
    print_line!("It ends at a signed head. It was read back, and everything held.");
    if taken.missing > 0 {
        print_line!(
            "{} files that the log names are not in the store of files: after an erasure that is \
                as it should be",
            taken.missing
        );
    }
    print_line!(
        "The keys are not in it. Keep those in {} somewhere else: without them nothing that is \
            sealed can be read.",
        config.keys.display()
    );
    Ok(())
}

/// Signs a checkpoint over everything that is in the log. Without a signer, the service that holds
/// the database does.
async fn seal(config: &Config, signer: Option<&CheckpointSigner>) -> Result<(), BackupError> {
    if let Some(signer) = signer {
        return Ok(signer.catch_up().await?);
    }
    let asked = operator::ask_service(config, OperatorRequest::Seal {}).await;
    asked
        .map(drop)
        .map_err(|error| BackupError::SealByService(error.to_string()))
}

/// Restores a backup into an empty database. Afterwards subjects on the list of erasures are erased
/// again, a checkpoint is signed, and the read models are built.
pub(super) async fn restore(
    config: &Config,
    folder: &Path,
    head: Option<&Path>,
    new_origin: Option<String>,
    accept_unsealed: Option<i64>,
) -> Result<(), TaskError> {
    let head = read_file(head)?;
    let known = head
        .as_deref()
        .map(|head| checkpoint_size(head).map_err(not_checked))
        .transpose()?;
    let field = |error: TextError| TaskError::InvalidArgument("--new-origin", error.to_string());
    let origin = match (head, new_origin) {
        (Some(head), None) => RestoreOrigin::Same { head },
        (_, reason) => {
            let reason = reason.unwrap_or_default().parse().map_err(field)?;
            RestoreOrigin::New(NewOrigin {
                command: clock::new_id(),
                known_size: known,
                reason,
            })
        }
    };
    let list = ErasureList::at(&config.erasures);
    list.records_of(config.organisation.as_str())
        .map_err(|error| TaskError::Erasures(error.to_string()))?;
    let store = Store::open(&config.database_url).await?;
    let restored = backup::restore(
        &store,
        config.organisation.as_str(),
        &file_store(config)?,
        &config.keys,
        folder,
        &RestoreOptions {
            origin,
            accept_unsealed,
        },
    )
    .await;
    store.close().await;
    let restored = restored?;
    let opened = open_organisation(config, TimestampSource::Database, Clock::System).await?;
    let again = repeat_erasures(&opened, &list).await?;
    opened.checkpoint_signer().check().await?;
    opened.checkpoint_signer().catch_up().await?;
    let projector = Projector::open(opened.commands.log().clone()).await?;
    while projector.advance().await? {}
    print_line!(
        "{} events and {} files were restored, and everything held",
        restored.events,
        restored.files
    );
    if again > 0 {
        print_line!(
            "{again} people or groups who were erased after the backup was taken were erased again"
        );
    }
    opened.commands.log().store().close().await;
    Ok(())
}

/// Erases again every subject that is on the list of erasures but has a key, because a backup
/// restored it, and ends the roles that were restored with them. Roles are also ended for people
/// who are already erased, in case an earlier restore stopped between the two steps. Returns the
/// number of erasures.
pub(super) async fn repeat_erasures(
    opened: &OpenedOrganisation,
    list: &ErasureList,
) -> Result<usize, TaskError> {
    let log = opened.commands.log();
    let listed = list
        .records_of(log.organisation())
        .map_err(|error| TaskError::Erasures(error.to_string()))?;
    let reason: Prose = "It had been erased before, and a backup brought it back."
        .parse()
        .map_err(not_checked)?;
    let mut again = 0;
    for erased in listed {
        let because = WithReason {
            reason: reason.clone(),
        };
        let lives = personal_data::wrapped_key(
            log.store(),
            log.organisation(),
            &erased.subject.to_string(),
        )
        .await?
        .is_some_and(|(_, key)| key.is_some());
        let person = (erased.kind == "person").then_some(PersonId(erased.subject));
        if lives {
            let command = match person {
                Some(person) => Command::Person(person, PersonCommand::EraseAgain(because)),
                None => Command::Group(GroupId(erased.subject), GroupCommand::EraseAgain(because)),
            };
            opened
                .commands
                .execute(CommandRequest::new(Caller::operator(), command))
                .await?;
            again += 1;
        }
        if let Some(person) = person {
            end_roles(opened, person).await?;
        }
    }
    Ok(again)
}

/// Ends the roles of an erased person. A person without roles, or unknown in this log, is not an
/// error.
async fn end_roles(opened: &OpenedOrganisation, person: PersonId) -> Result<(), TaskError> {
    let end = OrganisationCommand::EndRolesOfErased(PersonRef { person });
    let command = Command::Organisation(opened.commands.organisation(), end);
    match opened
        .commands
        .execute(CommandRequest::new(Caller::operator(), command))
        .await
    {
        Ok(_)
        | Err(CommandError::Refused(
            Refusal::NoChange | Refusal::StillInRole | Refusal::Unknown(_),
        )) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
