//! The page on which staff say who came to a session: those who had a place are ticked, others are
//! counted, and groups have a number each. It also corrects what was said before.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::sessions::{name_of, names_of_groups, sign_ups_of, when_text};
use super::{path_of, session_to_run};
use crate::domain::gathering::{
    CorrectTurnout, GroupTurnout, RecordTurnout, SessionState, SignUpWay, Turnout,
};
use crate::domain::language::Language;
use crate::domain::text::Prose;
use crate::domain::{Command, GatheringCommand, GatheringId, GroupId, PersonId};
use crate::http::AppState;
use crate::http::pages::desk::submit_command::{execute, page_of_form};
use crate::http::pages::desk::{DeskRequest, render_page_at};
use crate::http::pages::form_reader::{FieldErrors, FormReader};
use crate::http::pages::{
    Form, FormData, FormErrors, PageContext, PageError, PostedForm, ownership,
};
use crate::projections::{GatheringRow, GatheringSessionRow, SignUpState};

/// The most people that a session can have.
const PEOPLE_MAX: u32 = 10_000;
/// How many groups can be added by name.
const MORE_GROUPS: usize = 3;
/// The most groups that a name is compared with.
const GROUPS_FOUND_MAX: i64 = 20;
const FORM: &str = "attendance";
const TOO_MANY: &str = "Enter a number of people, at most 10,000";

#[derive(Template)]
#[template(path = "desk/gatherings/attendance.html")]
struct AttendancePage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    gathering: GatheringRow,
    session: GatheringSessionRow,
    when: String,
    form: Form,
    /// Those who had a place, by id and name.
    people: Vec<(String, String)>,
    /// Groups from which people may have come: the name of the field, and that of the group.
    groups: Vec<(String, String)>,
    /// The names of the fields for other groups and their numbers.
    more: Vec<(String, String)>,
    is_named: bool,
    is_correction: bool,
}

pub(super) async fn show(
    request: &DeskRequest<'_>,
    id: &str,
    number: &str,
) -> Result<HttpResponse, PageError> {
    let (gathering, session) = session_to_run(request, id, number).await?;
    if session.state == SessionState::Cancelled {
        return Err(PageError::not_found());
    }
    let sign_ups = sign_ups_of(request, &gathering, Some(&session)).await?;
    let sessions = std::slice::from_ref(&session);
    let mut groups = names_of_groups(request, &sign_ups, sessions).await?;
    if let Some(group) = gathering.group {
        let own = request.group_names(std::iter::once(group.to_string()));
        groups.extend(own.await?);
    }
    let had_place = sign_ups
        .iter()
        .filter(|one| one.state == SignUpState::Place && session.kept_until.is_some());
    let mut people: Vec<_> = had_place
        .map(|one| (one.person.to_string(), name_of(one)))
        .collect();
    people.sort_by(|one, other| one.1.cmp(&other.1));
    let forms = request.forms();
    let title = if session.state == SessionState::Held {
        "Correct who came"
    } else {
        "Say who came"
    };
    let page = AttendancePage {
        page: request.page_context(title).await?,
        wrong: forms.error_summary(),
        when: when_text(&session),
        form: with_recorded(forms.form(FORM), &session, !people.is_empty()),
        people,
        groups: groups
            .into_iter()
            .map(|(id, name)| (group_field(&id), name))
            .collect(),
        more: (1..=MORE_GROUPS).map(more_fields).collect(),
        is_named: gathering.sign_up == SignUpWay::Named,
        is_correction: session.state == SessionState::Held,
        gathering,
        session,
    };
    request.render(&page)
}

fn group_field(id: &str) -> String {
    format!("group-{id}")
}

/// The names of the fields for another group: its name, and its number of people.
fn more_fields(at: usize) -> (String, String) {
    (format!("other-{at}"), format!("other-people-{at}"))
}

/// The form, filled in with what was recorded before. Without the list of those who had a place,
/// people are only counted.
fn with_recorded(form: Form, session: &GatheringSessionRow, has_list: bool) -> Form {
    let Some(came) = &session.came else {
        return form;
    };
    let named = if has_list { came.named.len() } else { 0 };
    let named = u32::try_from(named).unwrap_or(u32::MAX);
    let others = came.people.saturating_sub(named);
    let form = form.prefill("others", &others.to_string());
    let form = came.named.iter().fold(form, |form, person| {
        form.prefill("came", &person.to_string())
    });
    came.groups.iter().fold(form, |form, from| {
        let field = group_field(&from.group.to_string());
        form.prefill(&field, &from.people.to_string())
    })
}

/// What the form says, before the names of other groups are looked up.
struct EnteredTurnout {
    people: u32,
    named: BTreeSet<PersonId>,
    groups: BTreeMap<GroupId, u32>,
    /// Other groups: the name of the field, the name of the group, and its number of people.
    others: Vec<(String, String, u32)>,
    reason: Option<Prose>,
}

/// Records who came to a session, or corrects it.
pub(in crate::http::pages::desk) async fn record_attendance(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    visitor.require_staff()?;
    let gathering = ownership::parse_uuid(request.match_info().query("gathering"))?;
    let session = super::parse_number(request.match_info().query("session"))?;
    let back = page_of_form(&posted);
    let row: GatheringSessionRow = app
        .views
        .find(GatheringSessionRow::id_of(gathering, session), None)
        .await?
        .ok_or_else(PageError::not_found)?;
    let is_correction = row.state == SessionState::Held;
    let entered = match parse(&posted, is_correction) {
        Ok(entered) => with_other_groups(&app, entered).await?,
        Err(wrong) => Err(wrong),
    };
    let (came, reason) = match entered {
        Ok(entered) => entered,
        Err(wrong) => {
            let rejected = FormErrors::new(FORM, &posted, wrong);
            return render_page_at(&app, &visitor, &back, Some(rejected)).await;
        }
    };
    let command = match reason {
        Some(reason) => GatheringCommand::CorrectAttendance(CorrectTurnout {
            session,
            came,
            reason,
        }),
        None => GatheringCommand::RecordAttendance(RecordTurnout { session, came }),
    };
    let done = command.name();
    let command = Command::Gathering(GatheringId(gathering), command);
    let next = |_| path_of(gathering);
    execute(&app, &visitor, &posted, command, done, &back, next).await
}

fn parse(posted: &FormData, is_correction: bool) -> Result<EnteredTurnout, FieldErrors> {
    let mut form = FormReader::new(posted, Language::En);
    let named: BTreeSet<PersonId> = posted
        .all("came")
        .filter_map(|person| person.parse().ok())
        .collect();
    let others = form.optional("others", parse_people, TOO_MANY);
    let mut groups = BTreeMap::new();
    for (field, group) in fields_of_groups(posted) {
        if let Some(people) = form.optional(&field, parse_people, TOO_MANY) {
            groups.insert(group, people);
        }
    }
    let mut more = Vec::new();
    for (name, people) in (1..=MORE_GROUPS).map(more_fields) {
        let group = posted.text(&name).to_owned();
        if group.is_empty() {
            continue;
        }
        let count = form.required(&people, parse_people, "Enter how many came from this group");
        more.extend(count.map(|count| (name, group, count)));
    }
    if others.is_none() && named.is_empty() && posted.text("others").is_empty() {
        form.error(
            "others",
            "Tick who came, or enter how many. Enter 0 if no one came",
        );
    }
    let reason = if is_correction {
        form.required("reason", |text| text.parse().ok(), "Write what was wrong")
    } else {
        None
    };
    let ticked = u32::try_from(named.len()).unwrap_or(u32::MAX);
    let people = others.unwrap_or_default().saturating_add(ticked);
    form.finish(Some(EnteredTurnout {
        people,
        named,
        groups,
        others: more,
        reason,
    }))
}

fn parse_people(text: &str) -> Option<u32> {
    let number: u32 = text.replace(',', "").parse().ok()?;
    (number <= PEOPLE_MAX).then_some(number)
}

/// The fields of the form that are about a group that the page named.
fn fields_of_groups(posted: &FormData) -> Vec<(String, GroupId)> {
    let field = |(name, _): &(String, String)| {
        let group = name.strip_prefix("group-")?.parse().ok()?;
        Some((name.clone(), group))
    };
    posted.pairs().iter().filter_map(field).collect()
}

type CheckedTurnout = Result<(Turnout, Option<Prose>), FieldErrors>;

/// The turnout, with the other groups that were found by their names.
async fn with_other_groups(
    app: &AppState,
    entered: EnteredTurnout,
) -> Result<CheckedTurnout, PageError> {
    let mut groups = entered.groups;
    let mut wrong = Vec::new();
    for (field, name, people) in entered.others {
        let mut found = app
            .views
            .find_groups_by_name(&name, GROUPS_FOUND_MAX)
            .await?;
        found.retain(|row| row.merged_into.is_none());
        let is_named = |name_of: &str| name_of.to_lowercase() == name.to_lowercase();
        if found.iter().any(|row| is_named(&row.name)) {
            found.retain(|row| is_named(&row.name));
        }
        match found.as_slice() {
            [] => wrong.push((field, "We know no group of this name".to_owned())),
            [one] => {
                groups.insert(GroupId(one.id), people);
            }
            _ => wrong.push((
                field,
                "More than one group has a name like this. Write the whole name".to_owned(),
            )),
        }
    }
    let from_groups: u64 = groups.values().map(|people| u64::from(*people)).sum();
    if wrong.is_empty() && from_groups > u64::from(entered.people) {
        let says = "More people came from groups than in all. Check the numbers";
        wrong.push(("others".to_owned(), says.to_owned()));
    }
    if !wrong.is_empty() {
        return Ok(Err(wrong));
    }
    let came = Turnout {
        people: entered.people,
        named: entered.named,
        groups: groups
            .into_iter()
            .filter(|(_, people)| *people > 0)
            .map(|(group, people)| GroupTurnout { group, people })
            .collect(),
    };
    Ok(Ok((came, entered.reason)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn posted(pairs: &[(&str, &str)]) -> FormData {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        FormData::new(pairs.iter().map(owned).collect())
    }

    #[test]
    fn ticks_and_others_are_added_up() {
        let (one, two) = (uuid::Uuid::from_u128(1), uuid::Uuid::from_u128(2));
        let group = format!("group-{two}");
        let entered = parse(
            &posted(&[
                ("came", &one.to_string()),
                ("others", "1,057"),
                (&group, "4"),
            ]),
            false,
        )
        .expect("a turnout");
        assert_eq!(entered.people, 1058);
        assert_eq!(entered.named, BTreeSet::from([PersonId(one)]));
        assert_eq!(entered.groups, BTreeMap::from([(GroupId(two), 4)]));
    }

    #[test]
    fn nothing_is_not_taken_for_no_one() {
        let fields = |pairs: &[(&str, &str)], is_correction| {
            let wrong = parse(&posted(pairs), is_correction)
                .err()
                .unwrap_or_default();
            wrong
                .into_iter()
                .map(|(field, _)| field)
                .collect::<Vec<_>>()
        };
        assert_eq!(fields(&[], false), ["others"]);
        assert_eq!(fields(&[("others", "0")], false), Vec::<String>::new());
        assert_eq!(fields(&[("others", "many")], false), ["others"]);
        assert_eq!(fields(&[("others", "10001")], false), ["others"]);
        assert_eq!(fields(&[("others", "5")], true), ["reason"]);
        let other = [("others", "5"), ("other-1", "Soup")];
        assert_eq!(fields(&other, false), ["other-people-1"]);
    }
}
