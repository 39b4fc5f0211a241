//! The execution of one command: encrypt personal values, decide, append, and retry after a
//! conflict.
//!
//! # Encryption is part of the decision
//!
//! The loaded streams determine the subject under whose key the values are encrypted. After a
//! conflict the subject may be another one, so each try encrypts again.
//!
//! # Refusals
//!
//! A decision uses cached aggregates, which may be behind the log. Before a refusal is returned,
//! the streams that the decision read are loaded again from the database; if one has changed, the
//! command is decided again.

use jiff::Timestamp;
use uuid::Uuid;

use super::decision::{Decision, any_changed, recorded_reads};
use super::loaded_streams::LoadedStreams;
use super::{CommandError, CommandReply, CommandRequest, Commands};
use crate::crypto::personal_rows::PersonalRows;
use crate::crypto::vault::VaultError;
use crate::domain::person::PersonDetails;
use crate::domain::personal_data::{BlindIndexKind, Encrypted, PersonalInput};
use crate::domain::unproven::Unproven;
use crate::domain::{
    Actor, Application, ApplicationCommand, Command, FundCommand, Group, GroupCommand,
    Organisation, OrganisationCommand, Person, PersonCommand, PersonId, Refusal, RefusalKind,
};
use crate::eventlog::append::{Append, AppendOutcome, AppendReceipt};
use crate::eventlog::recorded_event::{Metadata, StreamKey};

/// The execution of one command: one or more tries to decide and append it.
pub(super) struct CommandExecution<'a> {
    commands: &'a Commands,
    command_id: Uuid,
    request: CommandRequest,
}

/// A decision with the values that were encrypted for it, and the time at which it was made.
struct PreparedDecision<'a> {
    decision: Decision<'a>,
    personal: PersonalRows,
    now: Timestamp,
}

impl<'a> CommandExecution<'a> {
    pub(super) fn new(commands: &'a Commands, command_id: Uuid, request: CommandRequest) -> Self {
        Self {
            commands,
            command_id,
            request,
        }
    }

    /// The recorded reply, if the client repeats a command that is already in the log.
    /// [`CommandError::KeyReused`] if another request was recorded under the key.
    pub(super) async fn previous_reply(&self) -> Result<Option<AppendReceipt>, CommandError> {
        if self.request.idempotency_key.is_none() {
            return Ok(None);
        }
        self.commands
            .log
            .find_receipt(self.command_id)
            .await?
            .map(|answer| self.require_same_request(answer))
            .transpose()
    }

    fn require_same_request(&self, answer: AppendReceipt) -> Result<AppendReceipt, CommandError> {
        let same = match &self.request.idempotency_key {
            Some(repeat) => repeat.matches_recorded(answer.request_hash.as_deref()),
            None => answer.request_hash.is_none(),
        };
        if same {
            Ok(answer)
        } else {
            Err(CommandError::KeyReused)
        }
    }

    fn request_hash(&self) -> Option<String> {
        self.request
            .idempotency_key
            .as_ref()
            .map(|repeat| repeat.request_hash.clone())
    }

    /// Encrypts the personal values of a command under the key of its subject, and collects the
    /// changes to the blind index and the keys to destroy.
    ///
    /// Returns `None` if the command has personal values but no subject is known, or the subject's
    /// key was destroyed. The values are then blanked, and the rules decide: a refusal takes
    /// precedence over the missing key.
    async fn encrypt(
        &self,
        met: &mut LoadedStreams<'_>,
        command: &mut Command,
    ) -> Result<Option<PersonalRows>, CommandError> {
        let commands = self.commands;
        if let Some(modulus) = &commands.modulus
            && entered_account(command).is_some_and(|numbers| !modulus.accepts(numbers))
        {
            return Err(Refusal::AccountFails.into());
        }
        let mut personal = PersonalRows::default();
        let Some(subject) = met.subject(command).await? else {
            return Ok(if blank_personal_values(command) {
                None
            } else {
                Some(personal)
            });
        };
        let born = matches!(
            command,
            Command::Person(_, PersonCommand::Register(_) | PersonCommand::Introduce(_))
                | Command::Group(_, GroupCommand::Register(_))
        );
        match command {
            Command::Person(person, PersonCommand::Expire(_)) => {
                let known = met.load::<Person>(person.0).await?;
                let groups = known
                    .unproven()
                    .into_iter()
                    .flat_map(Unproven::groups)
                    .map(|group| group.0);
                personal.erased.extend(groups.chain([person.0]));
            }
            Command::Person(_, PersonCommand::Erase(_) | PersonCommand::EraseAgain(_))
            | Command::Group(_, GroupCommand::Erase(_) | GroupCommand::EraseAgain(_)) => {
                personal.erased.push(subject);
            }
            Command::Person(person, PersonCommand::ChangeContact(details)) => {
                self.keep_own_address(met, *person, details).await?;
                if details.email.is_none() {
                    let index = BlindIndexKind::Email.name();
                    personal.released.push((index, person.0));
                }
            }
            Command::Person(person, PersonCommand::ConfirmContact(_)) => {
                self.index_confirmed_email(met, *person, &mut personal)
                    .await?;
            }
            Command::Person(person, PersonCommand::EndAccess(_)) => {
                personal.signed_out.push(person.0);
            }
            Command::Group(group, command) => {
                let dropped = command.dropped_indexes().into_iter();
                personal
                    .released
                    .extend(dropped.map(|index| (index.name(), group.0)));
            }
            _ => {}
        }
        match commands
            .log
            .vault()
            .encrypt(subject, born, command.personal_fields(), &mut personal)
            .await
        {
            Err(VaultError::NoKey(_)) => {
                blank_personal_values(command);
                Ok(None)
            }
            sealed => Ok(sealed.map(|()| Some(personal))?),
        }
    }

    /// Reads the plaintext answers of a command. Returns the refusal of one that does not fit its
    /// question.
    async fn check_answers(
        &self,
        met: &mut LoadedStreams<'_>,
        command: &Command,
    ) -> Result<Option<Refusal>, CommandError> {
        let Command::Application(id, command @ ApplicationCommand::SaveAnswers(_)) = command else {
            return Ok(None);
        };
        let application = met.load::<Application>(id.0).await?;
        let Some(group) = application.target().map(|target| target.group) else {
            return Ok(None);
        };
        let group = met.load::<Group>(group.0).await?;
        let organisation = self.commands.organisation.0;
        let organisation = met.load::<Organisation>(organisation).await?;
        Ok(command
            .check_answers(&application, &organisation, &group)
            .err())
    }

    /// Keeps a person's address in their own change: as it is stored if it is the same; and if it
    /// is proven, with another one as that which they ask to use. See [`crate::auth::new_address`].
    /// That of a person with a role is left to the rules, which refuse the change.
    async fn keep_own_address(
        &self,
        met: &mut LoadedStreams<'_>,
        person: PersonId,
        details: &mut PersonDetails,
    ) -> Result<(), CommandError> {
        let known = met.load::<Person>(person.0).await?;
        let is_own = self.request.caller.actor == Actor::Person(person);
        let Some(email) = known.email().filter(|_| is_own) else {
            return Ok(());
        };
        let kept = PersonalInput::Sealed(email.clone());
        let vault = self.commands.log.vault();
        let holder = match &details.email {
            Some(PersonalInput::Sealed(_)) => return Ok(()),
            Some(PersonalInput::Open(text)) => {
                vault.subject_of(BlindIndexKind::Email, text).await?
            }
            None => None,
        };
        if holder == Some(person.0) {
            details.email = Some(kept);
            return Ok(());
        }
        let organisation = self.commands.organisation.0;
        let organisation = met.load::<Organisation>(organisation).await?;
        if known.has_proven_address() && !organisation.has_or_awaits_role(person) {
            details.typed_email = details.email.replace(kept);
        }
        Ok(())
    }

    /// Updates the blind index of a person's e-mail address. Only the current address is indexed: a
    /// proposed one is not, and a confirmed one replaces the previous one.
    async fn index_confirmed_email(
        &self,
        met: &mut LoadedStreams<'_>,
        person: PersonId,
        personal: &mut PersonalRows,
    ) -> Result<(), CommandError> {
        let given_up = (BlindIndexKind::Email.name(), person.0);
        let confirmed = met
            .load::<Person>(person.0)
            .await?
            .proposed_contact()
            .cloned();
        match confirmed.map(|contact| contact.email) {
            Some(Some(email)) => {
                self.commands
                    .log
                    .vault()
                    .add_index_entry(BlindIndexKind::Email, &email, personal)
                    .await?;
            }
            Some(None) => personal.released.push(given_up),
            None => {}
        }
        Ok(())
    }

    /// Decides and appends once. Returns `None` if the command must be decided again, because
    /// another command changed one of its streams first or the append waited too long.
    pub(super) async fn try_once(&self) -> Result<Option<CommandReply>, CommandError> {
        let commands = self.commands;
        let Some(mut decided) = self.encrypt_and_decide().await? else {
            return Ok(None);
        };
        let turns = commands
            .stream_locks
            .lock_all(decided.decision.batches().iter().map(|batch| batch.stream))
            .await;
        if turns.waited {
            let Some(again) = self.encrypt_and_decide().await? else {
                return Ok(None);
            };
            decided = again;
        }
        let reads = decided.decision.reads();
        let outcome = commands
            .log
            .append(self.build_append(&decided, reads.clone()))
            .await?;
        match outcome {
            AppendOutcome::Appended(answer) => {
                decided.decision.cache_states(&commands.log);
                decided
                    .personal
                    .erased
                    .iter()
                    .for_each(|subject| commands.log.vault().evict(*subject));
                Ok(Some(CommandReply {
                    receipt: answer,
                    repeated: false,
                }))
            }
            AppendOutcome::Duplicate(answer) => self.require_same_request(answer).map(|answer| {
                Some(CommandReply {
                    receipt: answer,
                    repeated: true,
                })
            }),
            AppendOutcome::Conflict => {
                any_changed(&commands.log, &reads).await?;
                Ok(None)
            }
            AppendOutcome::NotUnique(kind) => Err(Refusal::Taken(kind).into()),
            AppendOutcome::KeyDestroyed => Err(Refusal::Erased.into()),
            // The append waited too long for the writer. The command is decided again at the
            // current time.
            AppendOutcome::OutsideTimeWindow { .. } => Ok(None),
        }
    }

    /// Encrypts and decides at the current time. Returns `None` if a stream that the decision read
    /// has changed since.
    async fn encrypt_and_decide(&self) -> Result<Option<PreparedDecision<'a>>, CommandError> {
        let commands = self.commands;
        let now = commands.now();
        let own = StreamKey {
            kind: self.request.command.aggregate_type(),
            id: self.request.command.id(),
        };
        let expected = self.request.if_match.map(|seen| (own, seen));
        let stale = match expected {
            Some(expected) => any_changed(&commands.log, &[expected]).await?,
            None => false,
        };
        let mut met = LoadedStreams::new(&commands.log, commands.organisation.0);
        let mut command = self.request.command.clone();
        let unfit = self.check_answers(&mut met, &command).await?;
        self.key_digests(&mut met, &mut command).await?;
        let personal = self.encrypt(&mut met, &mut command).await?;
        let reached = Decision::decide(met, &self.request.caller, now, &command).await;
        // A refusal by the rules takes precedence over an answer that does not fit.
        let reached = match (reached, unfit) {
            (Ok(decision), Some(refusal)) => Err((refusal.into(), decision.into_streams())),
            (reached, _) => reached,
        };
        // A caller who may not know that a record exists must not learn that its version changed.
        let may_know = match &reached {
            Ok(_) | Err((CommandError::RefusedFor(_), _)) => true,
            Err((CommandError::Refused(refusal), _)) => !matches!(
                refusal.kind(),
                RefusalKind::Forbidden | RefusalKind::Unknown
            ),
            Err(_) => false,
        };
        if stale && may_know {
            return Err(CommandError::Stale);
        }
        match (reached, personal) {
            // Another command changed the stream between the check of the expected version and the
            // decision.
            (Ok(decision), _)
                if expected.is_some_and(|expected| !decision.reads().contains(&expected)) =>
            {
                Ok(None)
            }
            (Ok(decision), Some(mut personal)) => {
                if decision.only_proposes() {
                    personal.index.clear();
                    personal.released.clear();
                }
                Ok(Some(PreparedDecision {
                    decision,
                    personal,
                    now,
                }))
            }
            // No rule refuses the command, but no key is left to encrypt its values.
            (Ok(decision), None) => {
                if any_changed(&commands.log, &decision.reads()).await? {
                    Ok(None)
                } else {
                    Err(Refusal::Erased.into())
                }
            }
            (Err((refused @ (CommandError::Refused(_) | CommandError::RefusedFor(_)), met)), _) => {
                if any_changed(&commands.log, &recorded_reads(&met)).await? {
                    Ok(None)
                } else {
                    Err(refused)
                }
            }
            (Err((error, _)), _) => Err(error),
        }
    }

    /// Replaces the plain digest of a file with personal values by a keyed one, before it is
    /// decided.
    async fn key_digests(
        &self,
        met: &mut LoadedStreams<'_>,
        command: &mut Command,
    ) -> Result<(), CommandError> {
        if let Command::Fund(fund, FundCommand::MakeBankFile(made)) = command {
            let groups = met.groups_of_bank_file(*fund, made).await?;
            let vault = self.commands.log.vault();
            made.digest = vault.bank_file_digest(&made.digest, &groups).await?;
        }
        Ok(())
    }

    fn build_append(&self, decided: &PreparedDecision<'_>, reads: Vec<(StreamKey, i64)>) -> Append {
        let request = &self.request;
        let PreparedDecision {
            decision,
            personal,
            now,
        } = decided;
        debug_assert_eq!(
            decision.undeclared_events(&request.command),
            Vec::<&str>::new(),
            "events that the table of permissions does not name for the command",
        );
        Append {
            command: self.command_id,
            reads,
            batches: decision.batches().to_vec(),
            metadata: serde_json_canonicalizer::to_string(&self.metadata(decision, *now))
                .unwrap_or_default(),
            decided_at: now.as_microsecond(),
            personal: personal.clone(),
            receipt: AppendReceipt {
                id: request.command.id(),
                made: decision.created_number(),
                request_hash: self.request_hash(),
                ..AppendReceipt::default()
            },
        }
    }

    fn metadata(&self, decision: &Decision<'_>, now: Timestamp) -> Metadata {
        let request = &self.request;
        let mut metadata = Metadata::default();
        metadata.set("actor", request.caller.actor_name());
        metadata.set("causation_id", self.command_id.to_string());
        metadata.set(
            "channel",
            <&str>::from(request.command.channel().unwrap_or(request.channel)),
        );
        metadata.set("command", request.command.full_name());
        metadata.set("command_id", self.command_id.to_string());
        metadata.set(
            "correlation_id",
            request.correlation.unwrap_or(self.command_id).to_string(),
        );
        metadata.set("decided_at", now.to_string());
        if !decision.roles().is_empty() {
            let roles: Vec<&str> = decision.roles().iter().map(|role| (*role).into()).collect();
            metadata.set("roles", roles.join(" "));
        }
        if let Some(group) = decision.on_behalf_of() {
            metadata.set("on_behalf_of", group.to_string());
        }
        metadata
    }
}

/// The sort code and account number that a command enters, if it enters an account.
fn entered_account(command: &Command) -> Option<&str> {
    match command {
        Command::Group(_, GroupCommand::ProvidePayee(payee)) => payee.plaintext_numbers(),
        Command::Organisation(_, OrganisationCommand::ProposeSettings(settings)) => settings
            .return_account
            .as_ref()
            .map(|account| account.numbers.as_str()),
        _ => None,
    }
}

/// Replaces the personal values of a command by blanks, for a decision that is not recorded.
/// Returns whether there were any.
pub(super) fn blank_personal_values(command: &mut Command) -> bool {
    let subject = command.id();
    let mut slots = command.personal_fields();
    for slot in &mut slots {
        *slot.value = PersonalInput::Sealed(Encrypted {
            subject,
            digest: String::new(),
        });
    }
    !slots.is_empty()
}
