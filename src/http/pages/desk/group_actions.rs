//! The actions on a group, by parts of its page.

use std::collections::BTreeSet;

use super::DeskRequest;
use super::action::{Action, ActionSpec, sample};
use super::erasures::erasure_actions;
use super::grant_actions::verify_payee;
use crate::clock::day_of;
use crate::domain::command::{ProposalRef, WithReason};
use crate::domain::group::{CorrectGroup, MemberRef, MergeGroup, RecordIdentifier, SetContact};
use crate::domain::payee::PayeeInput;
use crate::domain::personal_data::PersonalInput;
use crate::domain::{Command, GroupCommand as C, GroupId, PersonId};
use crate::http::pages::phone::typed_phone;
use crate::http::pages::words::place_name;
use crate::http::pages::{PageError, PageForms, ownership};
use crate::views::GroupView;

/// The values from which all actions on a group are made.
pub(super) struct GroupActions<'a> {
    pub request: &'a DeskRequest<'a>,
    pub forms: &'a PageForms,
    pub group: &'a GroupView,
}

impl GroupActions<'_> {
    fn spec(&self, title: impl Into<String>, command: C) -> ActionSpec {
        ActionSpec::new(title, Command::Group(GroupId(self.group.id), command))
    }

    /// An action on one person. A page has one form of it for each person.
    fn on_person(
        &self,
        form: &str,
        title: impl Into<String>,
        command: fn(MemberRef) -> C,
        person: PersonId,
    ) -> ActionSpec {
        self.spec(title, command(MemberRef { person }))
            .form(form)
            .hidden("person", person)
    }

    async fn offered(&self, table: Vec<ActionSpec>) -> Result<Vec<Action>, PageError> {
        self.request.actions(self.forms, table).await
    }

    /// All actions, in the order of the page. None if the personal data was erased or the group
    /// was merged into another.
    pub(super) async fn all(&self, members: &[(String, String)]) -> Result<Vec<Action>, PageError> {
        if self.group.erasure.is_done() || self.group.merged_into.is_some() {
            return Ok(Vec::new());
        }
        let mut actions = self.corrections().await?;
        actions.extend(self.payee().await?);
        actions.extend(self.others(members).await?);
        Ok(actions)
    }

    /// Accepting or refusing the name and area that a member proposed.
    async fn corrections(&self) -> Result<Vec<Action>, PageError> {
        let Some(proposal) = self.group.proposal else {
            return Ok(Vec::new());
        };
        let refuse = C::RefuseCorrection(WithReason {
            reason: sample("why"),
        });
        self.offered(vec![
            self.spec(
                "Use the new name and area",
                C::TakeCorrection(ProposalRef { proposal }),
            )
            .hidden_number("proposal", proposal),
            self.spec("Keep the name and area as they are", refuse)
                .text_area("reason", "Why")
                .hint("Leave out names of people."),
        ])
        .await
    }

    /// Entering the group's payee, and verifying it as a second person.
    async fn payee(&self) -> Result<Vec<Action>, PageError> {
        let verify = self
            .group
            .payee
            .as_ref()
            .map(|payee| verify_payee(GroupId(self.group.id), payee.payee));
        let provide = |form: &str, title: &str, route: &str| {
            self.spec(title, C::ProvidePayee(PayeeInput::PurchaseForGroup {}))
                .form(form)
                .hidden("route", route)
        };
        let account = |spec: ActionSpec| {
            spec.text("account.holder", "Name on the account")
                .text("account.numbers", "Sort code and account number")
                .hint("Such as 12-34-56 12345678. Put noughts in front of a shorter number.")
                .text("account.roll_number", "Roll number")
                .hint("Only for a building society account that has one.")
        };
        let own = provide(
            "own-account",
            "Enter the group’s bank account",
            "own_account",
        );
        let body = provide(
            "holding-body",
            "Pay into another organisation’s account",
            "holding_body",
        )
        .text("body", "Name of the organisation")
        .day("consented_on", "When it agreed to hold the money")
        .prefill(day_of(self.request.app.commands.now()));
        let purchase = provide(
            "purchase",
            "Choose to buy things for the group",
            "purchase_for_group",
        );
        let provided = [account(own), account(body), purchase];
        self.offered(verify.into_iter().chain(provided).collect())
            .await
    }

    /// All other actions, in the order of the page.
    async fn others(&self, members: &[(String, String)]) -> Result<Vec<Action>, PageError> {
        let mut table = self.joining();
        table.extend(self.invited().await?);
        table.extend(self.details(self.areas().await?));
        for (id, name) in members {
            let member = PersonId(ownership::parse_uuid(id)?);
            table.push(
                self.on_person(
                    &format!("remove-{id}"),
                    format!("Remove {name}"),
                    C::RemoveMember,
                    member,
                )
                .destructive(),
            );
        }
        let page = super::erase::path_of("groups", self.group.id);
        table.extend(erasure_actions(page, &|command| {
            Command::Group(GroupId(self.group.id), command.into_group_command())
        }));
        self.offered(table).await
    }

    /// Inviting someone, and answering the reader's own invitation.
    fn joining(&self) -> Vec<ActionSpec> {
        let own = self.request.signed.reader.person;
        let invite = C::AddMember(MemberRef {
            person: PersonId(uuid::Uuid::nil()),
        });
        vec![
            self.spec("Add a member", invite).button("Find").picks(
                "person",
                format!("/desk/groups/{}/member", self.group.id),
                "Name, phone or email",
                "If we do not know them yet, you can add them on the next page.",
            ),
            self.on_person("join", "Join this group", C::Join, own),
            self.on_person(
                "refuse-invitation",
                "Do not join this group",
                C::RefuseInvitation,
                own,
            ),
        ]
    }

    /// The actions on each invited person. Someone without an e-mail address accepts by way of an
    /// officer.
    async fn invited(&self) -> Result<Vec<ActionSpec>, PageError> {
        let invited = self.group.invited.iter().copied();
        let names = self.request.names_of_people(invited.clone()).await?;
        let actions = |person: PersonId| {
            let name = names.of(&person);
            [
                self.on_person(
                    &format!("take-back-{person}"),
                    format!("Cancel the invitation of {name}"),
                    C::RemoveMember,
                    person,
                ),
                self.on_person(
                    &format!("join-{person}"),
                    format!("Record that {name} has said yes"),
                    C::Join,
                    person,
                ),
            ]
        };
        Ok(invited.flat_map(actions).collect())
    }

    /// The areas of all funds and the group's own, to be chosen from.
    async fn areas(&self) -> Result<Vec<(String, String)>, PageError> {
        let funds = self.request.funds().await?;
        let areas: BTreeSet<String> = funds
            .iter()
            .flat_map(|fund| &fund.areas)
            .map(ToString::to_string)
            .chain([self.group.area.clone()])
            .collect();
        Ok(areas
            .into_iter()
            .map(|area| {
                let name = place_name(&area);
                (area, name)
            })
            .collect())
    }

    /// Contact, name and area, identifiers, and merging.
    fn details(&self, areas: Vec<(String, String)>) -> [ActionSpec; 4] {
        let group = self.group;
        let contact = C::SetContact(SetContact {
            postcode: Some(personal_sample()),
            telephone: None,
        });
        let correct = C::Correct(CorrectGroup {
            name: format!("{} ", group.name)
                .parse()
                .unwrap_or_else(|_| sample("name")),
            area: sample("elsewhere"),
            reason: personal_sample(),
        });
        let record = C::RecordIdentifier(RecordIdentifier {
            identifier: sample("GB-CHC-0000000"),
        });
        let merge = C::Merge(MergeGroup {
            into: GroupId(uuid::Uuid::nil()),
            reason: sample("why"),
        });
        [
            self.spec("Change postcode and phone", contact)
                .text("postcode", "Postcode")
                .prefill(group.postcode.clone().unwrap_or_default())
                .text("telephone", "Phone")
                .prefill(
                    group
                        .telephone
                        .as_deref()
                        .map(typed_phone)
                        .unwrap_or_default(),
                ),
            self.spec("Correct the name or area", correct)
                .text("name", "Name")
                .prefill(&group.name)
                .select("area", "Area", areas)
                .prefill(&group.area)
                .text_area("reason", "What was wrong?"),
            self.spec("Record a charity or company number", record)
                .text("identifier", "Number")
                .hint(
                    "Enter the register, then the number. Charities: GB-CHC-1234567 (England and \
                        Wales), GB-SC-SC012345 (Scotland), GB-NIC-100012 (Northern Ireland). \
                        Companies: GB-COH-01234567. Societies: GB-MPR-12345R.",
                ),
            self.spec("Merge with a duplicate", merge)
                .button("Find the other group")
                .picks(
                    "group",
                    format!("/desk/groups/{}/merge", group.id),
                    "Name of the group to keep",
                    "The next page shows both groups. Nothing is merged until you say so.",
                ),
        ]
    }
}

fn personal_sample() -> PersonalInput {
    PersonalInput::Open("words".to_owned())
}
