//! One command on its way into the log: seal what is personal once, then decide and append until it is settled.

use jiff::Timestamp;
use uuid::Uuid;

use super::decision::{Decision, looked_at, moved};
use super::facts::Met;
use super::{CommandError, Commands, Request};
use crate::domain::sealed::Index;
use crate::domain::{Command, GroupCommand, Kind, PersonCommand, Refusal};
use crate::log::append::{Answer, Append, Outcome, PersonalRows};
use crate::log::record::{Metadata, StreamKey, day_of};
use crate::log::vault::VaultError;

/// One command on its way into the log.
pub(super) struct Attempt<'a> {
    commands: &'a Commands,
    command_id: Uuid,
    request: Request,
    personal: PersonalRows,
}

impl<'a> Attempt<'a> {
    pub(super) fn new(commands: &'a Commands, command_id: Uuid, request: Request) -> Self {
        Self { commands, command_id, request, personal: PersonalRows::default() }
    }

    /// What the command was answered, when its client repeats it.
    pub(super) async fn answered_before(&self) -> Result<Option<Answer>, CommandError> {
        if self.request.repeat.is_none() {
            return Ok(None);
        }
        self.commands.log.answer(self.command_id).await?.map(|answer| self.same_request(answer)).transpose()
    }

    fn same_request(&self, answer: Answer) -> Result<Answer, CommandError> {
        if answer.request_hash == self.request_hash() { Ok(answer) } else { Err(CommandError::KeyReused) }
    }

    fn request_hash(&self) -> Option<String> {
        self.request.repeat.as_ref().map(|repeat| repeat.request_hash.clone())
    }

    /// Seals what is personal, once: a retry need not seal again.
    pub(super) async fn seal(&mut self) -> Result<(), CommandError> {
        let commands = self.commands;
        let mut met = Met::new(&commands.log, commands.organisation.0);
        let subject = met.subject(&self.request.command).await?;
        let born =
            matches!(self.request.command, Command::Person(_, PersonCommand::Register(_)) | Command::Group(_, GroupCommand::Register(_)));
        let Some(subject) = subject else { return Ok(()) };
        if matches!(
            self.request.command,
            Command::Person(_, PersonCommand::Erase(_) | PersonCommand::EraseAgain(_))
                | Command::Group(_, GroupCommand::Erase(_) | GroupCommand::EraseAgain(_))
        ) {
            self.personal.erased.push(subject);
        }
        if let Command::Person(person, PersonCommand::ChangeContact(details)) = &self.request.command
            && details.email.is_none()
        {
            self.personal.given_up.push((Index::Email.name(), person.0));
        }
        if let Command::Group(group, command) = &self.request.command {
            self.personal.given_up.extend(command.gives_up().into_iter().map(|index| (index.name(), group.0)));
        }
        if let (Some(modulus), Command::Group(_, GroupCommand::ProvidePayee(payee))) = (&commands.modulus, &self.request.command)
            && payee.open_numbers().is_some_and(|numbers| !modulus.fits(numbers))
        {
            return Err(Refusal::AccountFails.into());
        }
        let slots = self.request.command.slots();
        match commands.log.vault().seal(subject, born, slots, &mut self.personal).await {
            // Whether it is there at all, and for whom, is for the rules to say first.
            Err(error @ VaultError::NoKey(_)) => {
                commands.consider(&self.request.caller, self.request.command.clone()).await?;
                Err(error.into())
            }
            sealed => Ok(sealed?),
        }
    }

    /// Decides and appends once; `None` when another command was quicker and it must be decided anew.
    pub(super) async fn run(&self) -> Result<Option<Answer>, CommandError> {
        let commands = self.commands;
        let Some((mut decision, mut now)) = self.decide().await? else { return Ok(None) };
        let turns = commands.turns.take(decision.batches().iter().map(|batch| batch.stream)).await;
        if turns.waited {
            let Some(again) = self.decide().await? else { return Ok(None) };
            (decision, now) = again;
        }
        let reads = decision.reads();
        let outcome = commands.log.append(self.append(&decision, reads.clone(), now)).await?;
        match outcome {
            Outcome::Appended(answer) => {
                decision.remember(&commands.log);
                self.personal.erased.iter().for_each(|subject| commands.log.vault().forget(*subject));
                Ok(Some(answer))
            }
            Outcome::Repeated(answer) => self.same_request(answer).map(Some),
            Outcome::Conflict => {
                moved(&commands.log, &reads).await?;
                Ok(None)
            }
            Outcome::Taken(kind) => Err(Refusal::Taken(kind).into()),
            Outcome::KeyGone => Err(Refusal::Erased.into()),
            Outcome::Late { age } => {
                tracing::warn!(age, "a decision and its record lay too far apart");
                Ok(None)
            }
        }
    }

    /// What follows from it just now; `None` when it rested on what has moved on.
    async fn decide(&self) -> Result<Option<(Decision<'_>, Timestamp)>, CommandError> {
        let commands = self.commands;
        let now = commands.now();
        let own = StreamKey { kind: self.request.command.noun(), id: self.request.command.id() };
        let expected = self.request.if_match.map(|seen| (own, seen));
        let stale = match expected {
            Some(expected) => moved(&commands.log, &[expected]).await?,
            None => false,
        };
        let met = Met::new(&commands.log, commands.organisation.0);
        let reached = Decision::reach(met, &self.request.caller, day_of(now), &self.request.command).await;
        // Whoever may not know of a record is not told that it has moved on.
        let told = match &reached {
            Ok(_) | Err((CommandError::RefusedFor { .. }, _)) => true,
            Err((CommandError::Refused(refusal), _)) => !matches!(refusal.kind(), Kind::Forbidden | Kind::Unknown),
            Err(_) => false,
        };
        if stale && told {
            return Err(CommandError::Stale);
        }
        match reached {
            // Somebody was quicker between the check and the decision.
            Ok(decision) if expected.is_some_and(|expected| !decision.reads().contains(&expected)) => Ok(None),
            Ok(decision) => Ok(Some((decision, now))),
            Err((refused @ (CommandError::Refused(_) | CommandError::RefusedFor { .. }), met)) => {
                if moved(&commands.log, &looked_at(&met)).await? {
                    return Ok(None);
                }
                Err(refused)
            }
            Err((error, _)) => Err(error),
        }
    }

    fn append(&self, decision: &Decision<'_>, reads: Vec<(StreamKey, i64)>, now: Timestamp) -> Append {
        let request = &self.request;
        Append {
            command: self.command_id,
            reads,
            batches: decision.batches().to_vec(),
            metadata: serde_json_canonicalizer::to_string(&self.metadata(decision, now)).unwrap_or_default(),
            decided_at: now.as_microsecond(),
            personal: self.personal.clone(),
            answer: Answer { id: request.command.id(), made: decision.made(), request_hash: self.request_hash(), ..Answer::default() },
        }
    }

    fn metadata(&self, decision: &Decision<'_>, now: Timestamp) -> Metadata {
        let request = &self.request;
        let mut metadata = Metadata::default();
        metadata.set("actor", request.caller.name());
        metadata.set("causation_id", self.command_id.to_string());
        metadata.set("channel", <&str>::from(request.command.channel().unwrap_or(request.channel)));
        metadata.set("command", format!("{}/{}", request.command.noun(), request.command.name()));
        metadata.set("command_id", self.command_id.to_string());
        metadata.set("correlation_id", request.correlation.unwrap_or(self.command_id).to_string());
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
