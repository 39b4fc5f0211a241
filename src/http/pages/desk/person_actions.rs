//! The actions on a person: contact details, roles, access and erasure.

use strum::VariantArray as _;

use super::DeskRequest;
use super::action::{Action, ActionSpec, sample};
use super::erasures::erasure_actions;
use crate::clock::new_id;
use crate::domain::command::{ProposalRef, WithReason};
use crate::domain::organisation::{ConfirmRole, RoleRef};
use crate::domain::person::PersonDetails;
use crate::domain::personal_data::PersonalInput;
use crate::domain::{Command, OrganisationCommand as C, PersonCommand, PersonId, Role};
use crate::http::pages::{PageError, PageForms};
use crate::views::PersonView;

const NO_NAMES: &str = "Names of people do not belong here.";

/// Registering a person. Its page shows it to those who may.
pub(super) fn register_action() -> ActionSpec {
    let register = Command::Person(
        PersonId(new_id()),
        PersonCommand::Register(sample_details()),
    );
    ActionSpec::new("Register a person", register)
        .text("name", "Name")
        .text("email", "E-mail")
        .text("telephone", "Telephone")
        .unchecked()
}

fn sample_details() -> PersonDetails {
    PersonDetails {
        name: PersonalInput::Open("name".to_owned()),
        email: None,
        telephone: None,
    }
}

/// The values from which all actions on a person are made.
pub(super) struct PersonActions<'a> {
    pub request: &'a DeskRequest<'a>,
    pub forms: &'a PageForms,
    pub seen: &'a PersonView,
}

impl PersonActions<'_> {
    fn person(&self) -> PersonId {
        PersonId(self.seen.id)
    }

    fn spec(&self, title: &str, command: PersonCommand) -> ActionSpec {
        ActionSpec::new(title, Command::Person(self.person(), command))
    }

    /// Changing a person's contact details, and confirming or refusing a change that an officer
    /// proposed.
    pub(super) async fn contact(&self) -> Result<Vec<Action>, PageError> {
        let proposal = self
            .seen
            .proposed_contact
            .as_ref()
            .map(|proposed| proposed.proposal);
        let mut table = Vec::new();
        if let Some(proposal) = proposal {
            let confirm = PersonCommand::ConfirmContact(ProposalRef { proposal });
            let refuse = PersonCommand::RefuseContact(WithReason {
                reason: sample("why"),
            });
            table.extend([
                self.spec("Confirm these contact details", confirm)
                    .hidden_number("proposal", proposal),
                self.spec("Leave the contact details as they are", refuse)
                    .text_area("reason", "Why")
                    .hint(NO_NAMES),
            ]);
        }
        table.push(self.change_contact());
        self.request.actions(self.forms, table).await
    }

    fn change_contact(&self) -> ActionSpec {
        let hint = if self.request.signed.reader.person == self.person() {
            "If the e-mail address is another one, you then sign in again with it."
        } else {
            "Before it counts, a colleague or the person must confirm it. \
             Only somebody whom you registered yourself today is changed at once."
        };
        let seen = self.seen;
        self.spec(
            "Change name and contact",
            PersonCommand::ChangeContact(sample_details()),
        )
        .text("name", "Name")
        .hint(hint)
        .prefill(seen.name.clone().unwrap_or_default())
        .text("email", "E-mail")
        .prefill(seen.email.clone().unwrap_or_default())
        .text("telephone", "Telephone")
        .prefill(seen.telephone.clone().unwrap_or_default())
    }

    /// All other actions, in the order of the page.
    pub(super) async fn others(&self) -> Result<Vec<Action>, PageError> {
        let end_access = PersonCommand::EndAccess(WithReason {
            reason: sample("why"),
        });
        let mut table: Vec<_> = Role::VARIANTS
            .iter()
            .flat_map(|role| self.role(*role))
            .collect();
        table.push(
            self.spec("End every session and token", end_access)
                .text_area("reason", "Why")
                .hint(NO_NAMES)
                .destructive(),
        );
        table.extend(erasure_actions(&|command| {
            Command::Person(self.person(), command.into_person_command())
        }));
        self.request.actions(self.forms, table).await
    }

    fn role(&self, role: Role) -> Vec<ActionSpec> {
        let person = self.person();
        let key: &str = role.into();
        let organisation = self.request.app.commands.organisation();
        let spec = |form: &str, title: &str, command: C| {
            ActionSpec::new(
                format!("{title} {key}"),
                Command::Organisation(organisation, command),
            )
            .form(format!("{form}-{key}"))
            .hidden("person", person)
            .hidden("role", key)
        };
        let of = RoleRef { person, role };
        let mut table = Vec::new();
        let is_proposed = self.seen.proposed.contains(&role);
        if is_proposed {
            let proposal = self.seen.proposals.get(&role).copied();
            let confirm = C::ConfirmRole(ConfirmRole {
                person,
                role,
                proposal,
            });
            let confirm = spec("confirm", "Confirm the role", confirm);
            table.push(match proposal {
                Some(proposal) => confirm.hidden_number("proposal", proposal),
                None => confirm,
            });
            let title = "Take back the proposal of the role";
            table.push(spec("take-back", title, C::EndRole(of)));
        }
        if self.seen.roles.contains(&role) {
            table.push(spec("end", "End the role", C::EndRole(of)).destructive());
        }
        if !is_proposed {
            table.push(spec("propose", "Propose the role", C::ProposeRole(of)));
        }
        table
    }
}
