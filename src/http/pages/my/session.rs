//! A session for those who lead it: the list of names, what people need there, and the form with
//! which they record how many came.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::gathering::{refusal_text, visible};
use super::gatherings::session_line;
use crate::clock::day_of;
use crate::domain::gathering::{
    GatheringState, GroupTurnout, RecordTurnout, SessionState, SignUpWay, Turnout, needs_kept_until,
};
use crate::domain::{Command, GatheringCommand, GatheringId, GroupId, PersonId};
use crate::http::AppState;
use crate::http::pages::form_reader::{FieldErrors, FormReader};
use crate::http::pages::i18n::translate;
use crate::http::pages::{
    FormData, FormErrors, PageContext, PageError, PageForms, PostedForm, Visitor, ownership,
    render_form_page, see_other,
};
use crate::projections::{GatheringRow, GatheringSessionRow, SignUpState};
use crate::views::{Filter, SignUpView};

#[derive(Template)]
#[template(path = "my/session.html")]
struct LedSessionPage {
    page: PageContext,
    forms: PageForms,
    wrong: Vec<(String, String)>,
    led: LedSession,
    line: String,
    /// Those with a place, as choices of the form: id and name.
    people: Vec<(String, String)>,
    counts_only: bool,
    /// Whether it can be recorded now who came.
    records: bool,
    /// Whether it is forgotten who signed up.
    is_forgotten: bool,
}

/// A session that the visitor leads, with those who have a place and those who wait, in their
/// order, for as long as the list is kept.
struct LedSession {
    gathering: GatheringRow,
    session: GatheringSessionRow,
    coming: Vec<SignUpView>,
    waiting: Vec<SignUpView>,
}

impl LedSession {
    /// Loads the session of a request. For others than leads the page does not exist.
    async fn load(
        request: &HttpRequest,
        visitor: &Visitor,
        app: &AppState,
    ) -> Result<Self, PageError> {
        let gathering = visible(request, visitor, app).await?;
        let reader = &visitor.require_signed_in()?.reader;
        // What people need may tell of their health: the panel and auditors do not see it.
        let sees_needs = reader.works_with_groups() || !reader.sees_all();
        if !gathering.is_led_by(reader.person) || !sees_needs {
            return Err(PageError::not_found());
        }
        let number: u16 = request
            .match_info()
            .query("number")
            .parse()
            .map_err(|_| PageError::not_found())?;
        let id = GatheringSessionRow::id_of(gathering.id, number);
        let session: Option<GatheringSessionRow> = app.views.find(&id, None).await?;
        let session = session.ok_or_else(PageError::not_found)?;
        // The list is forgotten 30 days after the session, for those who led it too.
        let rows = if session.kept_until.is_some() {
            let of_session = vec![Filter::equals("session_id", id)];
            app.views.all_rows(None, of_session).await?
        } else {
            Vec::new()
        };
        let mut people = app.views.decrypt_sign_ups(|_| true, rows).await?;
        people.retain(|row| row.state != SignUpState::GivenUp);
        people.sort_by_key(|row| row.joined);
        let (coming, waiting): (Vec<_>, Vec<_>) = people
            .into_iter()
            .partition(|row| row.state == SignUpState::Place);
        Ok(Self {
            gathering,
            session,
            coming,
            waiting,
        })
    }

    fn path(&self) -> String {
        let (gathering, session) = (self.gathering.id, self.session.session);
        format!("/my/gatherings/{gathering}/sessions/{session}")
    }
}

pub(super) async fn show(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let led = LedSession::load(&request, &visitor, &app).await?;
    render(&visitor, &app, led, None).await
}

/// Records who came.
pub(super) async fn submit(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    let led = LedSession::load(&request, &visitor, &app).await?;
    let wrong = match read_turnout(&posted, &visitor, &led) {
        Ok(came) => {
            let recorded = RecordTurnout {
                session: led.session.session,
                came,
            };
            let command = Command::Gathering(
                GatheringId(led.gathering.id),
                GatheringCommand::RecordAttendance(recorded),
            );
            match ownership::try_execute(&visitor, &app, &posted, command).await? {
                None => {
                    let path = format!("/my/gatherings/{}?done=attendance", led.gathering.id);
                    return Ok(see_other(&path));
                }
                Some(refusal) => vec![(String::new(), refusal_text(&refusal, visitor.language))],
            }
        }
        Err(wrong) => wrong,
    };
    let rejected = FormErrors::new("attendance", &posted, wrong);
    render(&visitor, &app, led, Some(rejected)).await
}

/// Who came. Those who are named and signed up as of a group count as people of that group.
fn read_turnout(
    posted: &FormData,
    visitor: &Visitor,
    led: &LedSession,
) -> Result<Turnout, FieldErrors> {
    let mut form = FormReader::new(posted, visitor.language);
    let people = form.required(
        "people",
        |text| text.parse::<u32>().ok(),
        "Enter how many people came, such as 12",
    );
    let ticked: BTreeSet<&str> = posted.all("named").collect();
    let came = led
        .coming
        .iter()
        .filter(|row| ticked.contains(row.person.to_string().as_str()));
    let mut named: BTreeSet<PersonId> = BTreeSet::new();
    let mut groups: BTreeMap<GroupId, u32> = BTreeMap::new();
    for row in came {
        named.insert(row.person);
        if let Some(group) = row.group {
            *groups.entry(group).or_default() += 1;
        }
    }
    let groups = groups
        .into_iter()
        .map(|(group, people)| GroupTurnout { group, people })
        .collect();
    form.finish(people.map(|people| Turnout {
        people,
        named,
        groups,
    }))
}

async fn render(
    visitor: &Visitor,
    app: &AppState,
    led: LedSession,
    rejected: Option<FormErrors>,
) -> Result<HttpResponse, PageError> {
    let forms = PageForms::new(visitor, rejected);
    let wrong = forms.error_summary();
    let mut shell = PageContext::load(visitor, app, &led.gathering.title).await?;
    shell.back = Some(format!("/my/gatherings/{}", led.gathering.id));
    shell.has_errors = !wrong.is_empty();
    let today = day_of(app.commands.now());
    let nameless = translate("Someone whose name we erased", visitor.language);
    let choice = |row: &SignUpView| {
        let name = row.name.clone().unwrap_or_else(|| nameless.to_owned());
        (row.person.to_string(), name)
    };
    let page = LedSessionPage {
        page: shell,
        forms,
        wrong,
        line: session_line(&led.session, true, visitor.language),
        people: led.coming.iter().map(choice).collect(),
        counts_only: led.gathering.sign_up == SignUpWay::Counted,
        records: led.gathering.state == GatheringState::Open
            && led.session.state == SessionState::Planned
            && led.session.day <= today,
        is_forgotten: needs_kept_until(led.session.day) < today,
        led,
    };
    render_form_page(visitor, app, page.page.has_errors, &page)
}
