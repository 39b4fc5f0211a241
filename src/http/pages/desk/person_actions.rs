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
use crate::http::pages::phone::typed_phone;
use crate::http::pages::words::role_name;
use crate::http::pages::{PageError, PageForms};
use crate::views::PersonView;

const NO_NAMES: &str = "Leave out names of people.";

/// Registering a person. Its page shows it to those who may.
pub(super) fn register_action() -> ActionSpec {
    let register = Command::Person(
        PersonId(new_id()),
        PersonCommand::Register(sample_details()),
    );
    ActionSpec::new("Add a person", register)
        .text("name", "Name")
        .text("email", "Email")
        .text("telephone", "Phone")
        .text_area("postal_address", "Postal address")
        .unchecked()
}

fn sample_details() -> PersonDetails {
    PersonDetails {
        name: PersonalInput::Open("name".to_owned()),
        email: None,
        telephone: None,
        postal_address: None,
        typed_email: None,
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

    /// All actions, in the order of the page. None if the personal data was erased.
    pub(super) async fn all(&self) -> Result<Vec<Action>, PageError> {
        if self.seen.erasure.is_done() {
            return Ok(Vec::new());
        }
        let mut actions = self.contact().await?;
        actions.extend(self.others().await?);
        Ok(actions)
    }

    /// Changing a person's contact details, and confirming or refusing a change that an officer
    /// proposed.
    async fn contact(&self) -> Result<Vec<Action>, PageError> {
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
                self.spec("Confirm the new contact details", confirm)
                    .hidden_number("proposal", proposal),
                self.spec("Keep the contact details as they are", refuse)
                    .text_area("reason", "Why")
                    .hint(NO_NAMES),
            ]);
        }
        table.push(self.change_contact());
        self.request.actions(self.forms, table).await
    }

    fn change_contact(&self) -> ActionSpec {
        let hint = if self.request.signed.reader.person == self.person() {
            "If you change your email, you need to sign in again with the new one."
        } else {
            "A colleague or the person must confirm this first. \
             If you added them today, we use it straight away."
        };
        let seen = self.seen;
        self.spec(
            "Change name and contact",
            PersonCommand::ChangeContact(sample_details()),
        )
        .text("name", "Name")
        .hint(hint)
        .prefill(seen.name.clone().unwrap_or_default())
        .text("email", "Email")
        .prefill(seen.email.clone().unwrap_or_default())
        .text("telephone", "Phone")
        .prefill(
            seen.telephone
                .as_deref()
                .map(typed_phone)
                .unwrap_or_default(),
        )
        .text_area("postal_address", "Postal address")
        .prefill(seen.postal_address.clone().unwrap_or_default())
    }

    /// All other actions, in the order of the page.
    async fn others(&self) -> Result<Vec<Action>, PageError> {
        let end_access = PersonCommand::EndAccess(WithReason {
            reason: sample("why"),
        });
        let mut table = Vec::new();
        if self.shows_roles() {
            table.extend(Role::VARIANTS.iter().flat_map(|role| self.role(*role)));
        }
        table.push(
            self.spec("End every session and token", end_access)
                .text_area("reason", "Why")
                .hint(NO_NAMES)
                .destructive(),
        );
        let page = super::erase::path_of("people", self.seen.id);
        table.extend(erasure_actions(page, &|command| {
            Command::Person(self.person(), command.into_person_command())
        }));
        self.request.actions(self.forms, table).await
    }

    /// Whether roles can be given here: the person has one or waits for one, or the reader chose to
    /// give one. On the page of someone who applies they would be in the way.
    pub(super) fn shows_roles(&self) -> bool {
        let has_role = !self.seen.roles.is_empty() || !self.seen.proposed.is_empty();
        has_role || self.request.text("give") == "role"
    }

    fn role(&self, role: Role) -> Vec<ActionSpec> {
        let person = self.person();
        let key: &str = role.into();
        let name = role_name(role);
        let organisation = self.request.app.commands.organisation();
        let spec = |form: &str, title: &str, command: C| {
            ActionSpec::new(
                format!("{title}: {name}"),
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
            let confirm = spec("confirm", "Confirm role", confirm);
            table.push(match proposal {
                Some(proposal) => confirm.hidden_number("proposal", proposal),
                None => confirm,
            });
            let title = "Cancel proposed role";
            table.push(spec("take-back", title, C::EndRole(of)));
        }
        if self.seen.roles.contains(&role) {
            table.push(spec("end", "End role", C::EndRole(of)).destructive());
        }
        if !is_proposed {
            table.push(spec("propose", "Propose role", C::ProposeRole(of)));
        }
        table
    }
}
