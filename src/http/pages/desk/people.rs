//! The pages of people and their roles. A role is proposed by one administrator and confirmed by
//! another.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use askama::Template;
use strum::VariantArray as _;

use super::accesses::{self, Access};
use super::act::{Act, Offered, shown};
use super::erasures::erasing;
use super::{Asked, Happened, history, sheets};
use crate::domain::command::{Because, ProposalOf};
use crate::domain::organisation::{ConfirmRole, RoleOf};
use crate::domain::person::RegisterPerson;
use crate::domain::sealed::{Personal, resembling};
use crate::domain::{
    Command, Organisation, OrganisationCommand as C, Person, PersonCommand, PersonId, Role,
};
use crate::export::sheets::Sheet as Spreadsheet;
use crate::http;
use crate::http::pages::{Failed, Forms, Shell, own};
use crate::http::signin::{Basis, Ended, LATELY};
use crate::projections::PersonRow;
use crate::store::accesses::Looked;
use crate::store::{sessions, tokens};
use crate::views::{Page as Wanted, PersonSeen};

#[derive(Template)]
#[template(path = "desk/people.html")]
struct List {
    page: Shell,
    wrong: Vec<(String, String)>,
    /// Each person, and whether somebody else on the page has a similar address.
    people: Vec<(PersonSeen, bool)>,
    all: bool,
    act: Option<Act>,
    next: Option<String>,
    /// Who read the list with everybody's addresses; only for auditors and administrators.
    accesses: Option<Vec<Access>>,
    sheets: [(&'static str, String); 2],
}

pub(super) async fn list(asked: &Asked<'_>) -> Result<HttpResponse, Failed> {
    let all = asked.text("all") == "yes";
    let after = Some(asked.text("after").to_owned()).filter(|after| !after.is_empty());
    let listed = asked
        .desk
        .views
        .list::<PersonRow>(
            None,
            Vec::new(),
            &Wanted {
                after,
                most: if all { 50 } else { 500 },
            },
        )
        .await?;
    let rows: Vec<_> = listed
        .items
        .into_iter()
        .filter(|row| all || has_roles(row))
        .collect();
    let people = asked
        .desk
        .views
        .open_people(&asked.signed.reader, rows)
        .await?;
    let forms = asked.forms();
    let holds = |role| asked.signed.reader.roles.contains(&role);
    let register = Act::new(
        &forms,
        "register",
        "Register a person",
        "/desk/do/people/register",
        Offered::Yes,
    )
    .line("name", "Name")
    .line("email", "E-mail")
    .line("telephone", "Telephone");
    if all && asked.signed.reader.works_with_groups() {
        http::accesses::note(asked.desk, &asked.signed.reader, Looked::Addresses).await?;
    }
    let page = List {
        page: asked.shell("People").await?,
        accesses: accesses::of(asked, "").await?,
        wrong: forms.wrong(),
        people: with_twins(people),
        all,
        act: (holds(Role::Administrator) || holds(Role::Officer)).then_some(register),
        sheets: asked.sheets(),
        next: listed
            .next
            .filter(|_| all)
            .map(|next| super::applications::with(asked, "after", &next)),
    };
    asked.page(&page)
}

fn has_roles(row: &PersonRow) -> bool {
    !row.roles.is_empty() || !row.proposed.is_empty()
}

/// Marks people whose addresses may belong to one mailbox. A person with two addresses must not
/// count as two people.
fn with_twins(people: Vec<PersonSeen>) -> Vec<(PersonSeen, bool)> {
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for email in people.iter().filter_map(|seen| seen.email.as_deref()) {
        *times.entry(resembling(email)).or_default() += 1;
    }
    let is_twin = |seen: &PersonSeen| {
        seen.email.as_deref().is_some_and(|email| {
            times
                .get(&resembling(email))
                .is_some_and(|times| *times > 1)
        })
    };
    let mark = |seen: PersonSeen| {
        let twin = is_twin(&seen);
        (seen, twin)
    };
    people.into_iter().map(mark).collect()
}

/// The names of others with a role or a proposed role whose address may belong to the same mailbox.
async fn twins(asked: &Asked<'_>, seen: &PersonSeen) -> Result<Vec<String>, Failed> {
    let Some(own) = seen.email.as_deref().map(resembling) else {
        return Ok(Vec::new());
    };
    let listed = asked
        .desk
        .views
        .list::<PersonRow>(
            None,
            Vec::new(),
            &Wanted {
                after: None,
                most: 500,
            },
        )
        .await?
        .items;
    let others = listed
        .into_iter()
        .filter(|row| row.id != seen.id && has_roles(row))
        .collect();
    let others = asked
        .desk
        .views
        .open_people(&asked.signed.reader, others)
        .await?;
    let like = |other: &PersonSeen| {
        other
            .email
            .as_deref()
            .is_some_and(|email| resembling(email) == own)
    };
    Ok(others
        .into_iter()
        .filter(like)
        .filter_map(|other| other.name)
        .collect())
}

/// The list as a spreadsheet, with the personal values that the reader may see.
pub(super) async fn sheet(asked: &Asked<'_>) -> Result<Spreadsheet, Failed> {
    let all = asked.text("all") == "yes";
    let rows = asked.every::<PersonRow>(Vec::new()).await?;
    let rows = rows
        .into_iter()
        .filter(|row| all || has_roles(row))
        .collect();
    let people = asked
        .desk
        .views
        .open_people(&asked.signed.reader, rows)
        .await?;
    if asked.signed.reader.works_with_groups() {
        http::accesses::note(asked.desk, &asked.signed.reader, Looked::Addresses).await?;
    }
    Ok(sheets::sheet(
        "People",
        ["Name", "E-mail", "Roles", "Id"],
        people,
        |person| {
            let roles: Vec<&str> = person.roles.iter().map(|role| (*role).into()).collect();
            [
                person.name.into(),
                person.email.into(),
                roles.join(", ").into(),
                person.id.to_string().into(),
            ]
        },
    ))
}

#[derive(Template)]
#[template(path = "desk/person.html")]
struct Sheet {
    page: Shell,
    wrong: Vec<(String, String)>,
    seen: PersonSeen,
    twins: Vec<String>,
    /// Who proposed the contact details that wait for confirmation.
    proposed_by: String,
    takes_held: bool,
    /// Who read the person's subject access report; only for auditors and administrators.
    accesses: Option<Vec<Access>>,
    contact_acts: Vec<Act>,
    acts: Vec<Act>,
    /// The number of sessions and the names of tokens, for administrators.
    access: Option<String>,
    history: Vec<Happened>,
}

/// The person's subject access report. The access is recorded, unless it is the reader's own.
pub(super) async fn held(asked: &Asked<'_>, id: &str) -> Result<HttpResponse, Failed> {
    let row: PersonRow = asked
        .desk
        .views
        .find(&own::uuid(id)?.to_string(), None)
        .await?
        .ok_or_else(Failed::nothing)?;
    let reader = &asked.signed.reader;
    if !reader.takes_what_is_held_on(&row) {
        return Err(Failed::not_yours());
    }
    let held = asked.desk.views.held_on_person(PersonId(row.id)).await?;
    if reader.person.0 != row.id {
        http::accesses::note(asked.desk, reader, Looked::Held(&row.id.to_string())).await?;
    }
    crate::http::pages::held::answer(asked.desk, "this person", &[held]).await
}

pub(super) async fn show(asked: &Asked<'_>, id: &str) -> Result<HttpResponse, Failed> {
    let row: PersonRow = asked
        .desk
        .views
        .find(&own::uuid(id)?.to_string(), None)
        .await?
        .ok_or_else(Failed::nothing)?;
    let takes_held = asked.signed.reader.takes_what_is_held_on(&row);
    let seen = asked
        .desk
        .views
        .open_people(&asked.signed.reader, vec![row])
        .await?
        .pop()
        .ok_or_else(Failed::nothing)?;
    let forms = asked.forms();
    let proposed_by = seen
        .proposed_contact
        .as_ref()
        .and_then(|proposed| proposed.by);
    let names = asked.colleagues(proposed_by).await?;
    let title = seen.name.clone().unwrap_or_else(|| "A person".to_owned());
    let page = Sheet {
        page: asked.shell(&title).await?,
        wrong: forms.wrong(),
        proposed_by: proposed_by.map(|by| names.of(&by)).unwrap_or_default(),
        contact_acts: contact_acts(asked, &forms, &seen).await?,
        acts: acts(asked, &forms, &seen).await?,
        takes_held,
        accesses: accesses::of(asked, &seen.id.to_string()).await?,
        access: access(asked, seen.id).await?,
        history: history(asked, seen.id).await?,
        twins: twins(asked, &seen).await?,
        seen,
    };
    asked.page(&page)
}

/// The number of a person's sessions and the names of their tokens that are still valid; only for
/// administrators.
async fn access(asked: &Asked<'_>, person: uuid::Uuid) -> Result<Option<String>, Failed> {
    if !asked.signed.reader.roles.contains(&Role::Administrator) {
        return Ok(None);
    }
    let log = asked.desk.commands.log();
    let now = asked.desk.commands.now().as_microsecond();
    let known = log.lately::<Person>(person, LATELY).await?.state;
    let organisation = log
        .lately::<Organisation>(asked.desk.commands.organisation().0, LATELY)
        .await?
        .state;
    let ended = Ended::of(PersonId(person), &known, &organisation);
    let sessions = sessions::of(log.store(), log.organisation(), &person.to_string(), now).await?;
    let tokens = tokens::of(log.store(), log.organisation(), &person.to_string(), now).await?;
    let signed_in = sessions
        .iter()
        .filter(|session| {
            ended.spares(Basis {
                roles: &session.roles,
                access: session.access,
            })
        })
        .count();
    let spared = tokens.into_iter().filter(|token| {
        ended.spares(Basis {
            roles: &token.roles,
            access: token.access,
        })
    });
    let names: Vec<_> = spared.map(|token| token.name).collect();
    let names = if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    };
    Ok(Some(format!("sessions: {signed_in}; tokens: {names}")))
}

async fn acts(asked: &Asked<'_>, forms: &Forms, seen: &PersonSeen) -> Result<Vec<Act>, Failed> {
    let person = PersonId(seen.id);
    let act = async |name: &str,
                     form: &str,
                     title: &str,
                     role: Role,
                     command: C|
           -> Result<Act, Failed> {
        let organisation = asked.desk.commands.organisation();
        let offered = Offered::of(
            asked.desk,
            asked.visitor,
            Command::Organisation(organisation, command),
        )
        .await?;
        let act = Act::new(
            forms,
            form,
            title,
            &format!("/desk/do/organisation/{name}"),
            offered,
        );
        Ok(act
            .hidden("person", person)
            .hidden("role", <&str>::from(role)))
    };
    let mut acts = Vec::new();
    for role in Role::VARIANTS.iter().copied() {
        let of = RoleOf { person, role };
        let key: &str = role.into();
        if seen.proposed.contains(&role) {
            let proposal = seen.proposals.get(&role).copied();
            let confirm = C::ConfirmRole(ConfirmRole {
                person,
                role,
                proposal,
            });
            let confirm = act(
                "confirm-role",
                &format!("confirm-{key}"),
                &format!("Confirm the role {key}"),
                role,
                confirm,
            )
            .await?;
            acts.push(match proposal {
                Some(proposal) => confirm.hidden("proposal:n", proposal),
                None => confirm,
            });
            let title = format!("Take back the proposal of the role {key}");
            acts.push(
                act(
                    "end-role",
                    &format!("take-back-{key}"),
                    &title,
                    role,
                    C::EndRole(of),
                )
                .await?,
            );
        }
        if seen.roles.contains(&role) {
            acts.push(
                act(
                    "end-role",
                    &format!("end-{key}"),
                    &format!("End the role {key}"),
                    role,
                    C::EndRole(of),
                )
                .await?
                .grave(),
            );
        }
        if !seen.proposed.contains(&role) {
            acts.push(
                act(
                    "propose-role",
                    &format!("propose-{key}"),
                    &format!("Propose the role {key}"),
                    role,
                    C::ProposeRole(of),
                )
                .await?,
            );
        }
    }
    let why = Because {
        reason: "why".parse().expect("a short text"),
    };
    let offered = Offered::of(
        asked.desk,
        asked.visitor,
        Command::Person(person, PersonCommand::EndAccess(why)),
    )
    .await?;
    let end = Act::new(
        forms,
        "end-access",
        "End every session and token",
        &format!("/desk/do/people/{person}/end-access"),
        offered,
    );
    acts.push(
        end.words_with("reason", "Why", "Names of people do not belong here.")
            .grave(),
    );
    acts.extend(
        erasing(asked, forms, "people", seen.id, &|command| {
            Command::Person(person, command.of_person())
        })
        .await?,
    );
    Ok(shown(acts))
}

/// Changing a person's contact details, and confirming or refusing a change that an officer
/// proposed.
async fn contact_acts(
    asked: &Asked<'_>,
    forms: &Forms,
    seen: &PersonSeen,
) -> Result<Vec<Act>, Failed> {
    let person = PersonId(seen.id);
    let act = async |title: &str, command: PersonCommand| -> Result<Act, Failed> {
        let (name, path) = (
            command.name(),
            format!("/desk/do/people/{person}/{}", command.name()),
        );
        let offered =
            Offered::of(asked.desk, asked.visitor, Command::Person(person, command)).await?;
        Ok(Act::new(forms, name, title, &path, offered))
    };
    let mut acts = Vec::new();
    if let Some(proposal) = seen
        .proposed_contact
        .as_ref()
        .map(|proposed| proposed.proposal)
    {
        let confirm = act(
            "Confirm these contact details",
            PersonCommand::ConfirmContact(ProposalOf { proposal }),
        )
        .await?;
        acts.push(confirm.hidden("proposal:n", proposal));
        let refuse = PersonCommand::RefuseContact(Because {
            reason: "why".parse().expect("a short text"),
        });
        let refuse = act("Leave the contact details as they are", refuse).await?;
        acts.push(refuse.words_with("reason", "Why", "Names of people do not belong here."));
    }
    let trial = RegisterPerson {
        name: Personal::Open("name".to_owned()),
        email: None,
        telephone: None,
    };
    let hint = if asked.signed.reader.person == person {
        "If the e-mail address is another one, you then sign in again with it."
    } else {
        "Before it counts, a colleague or the person must confirm it. Only somebody whom you registered yourself today is changed at once."
    };
    acts.push(
        act(
            "Change name and contact",
            PersonCommand::ChangeContact(trial),
        )
        .await?
        .line_with("name", "Name", hint)
        .line("email", "E-mail")
        .line("telephone", "Telephone")
        .known("name", seen.name.clone().unwrap_or_default())
        .known("email", seen.email.clone().unwrap_or_default())
        .known("telephone", seen.telephone.clone().unwrap_or_default()),
    );
    Ok(shown(acts))
}
